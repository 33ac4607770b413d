/*-------------------------------------------------------------------------
 *
 * conflict.h
 *	  Telling a client what is in the way: which resource and when, not whose.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_CONFLICT_H
#define BOOKING_CONFLICT_H

#include "booking.h"

#include "compat.h"
#include "engine/pending.h"
#include "store/allocations.h"
#include "store/config.h"

/* The occupants in the way. */
typedef struct Conflict
{
	int			count;
	int			size;
	Occupant   *occupants;
} Conflict;

extern void conflict_add(Conflict *conflict, const Occupant *occupants, int count,
						 TimestampTz now);
pg_noreturn extern void conflict_raise_taken(const Change *change, const Conflict *conflict);
pg_noreturn extern void conflict_raise_capacity(const Change *change,
												const Resource *resource,
												const Allocation *wanted,
												const Occupant *occupants, int count,
												int left);

#endif							/* BOOKING_CONFLICT_H */
