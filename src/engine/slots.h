/*-------------------------------------------------------------------------
 *
 * slots.h
 *	  Listing what can be booked.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_SLOTS_H
#define BOOKING_SLOTS_H

#include "booking.h"

#include "engine/question.h"

/* A slot that can be booked, with the places it would get. */
typedef struct FoundSlot
{
	TimeSpan	span;
	const PlaceSet *set;
	int			remaining;		/* bookings of one unit that it still takes */
} FoundSlot;

/* Is handed the slots in the order of time; false: no more are wanted. */
typedef bool (*SlotReceiver) (void *arg, const Question *question, const FoundSlot *slot);

extern void slots_list(Question *question, TimeSpan window, bool few,
					   SlotReceiver receive, void *arg);

/* Some of the slots near an instant, kept beyond the listing. */
typedef struct Suggestion
{
	TimeSpan	span;
	int64		distance;		/* of the starts */
	int			remaining;
	int			resource_count;
	pg_uuid_t  *resources;
} Suggestion;

extern Suggestion *slots_suggest(Question *question, TimestampTz start, int64 reach, int max,
								 int *count);

#endif							/* BOOKING_SLOTS_H */
