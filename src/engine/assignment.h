/*-------------------------------------------------------------------------
 *
 * assignment.h
 *	  Choosing resources for a booking that does not name all it needs.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_ASSIGNMENT_H
#define BOOKING_ASSIGNMENT_H

#include "booking.h"

#include "engine/context.h"
#include "engine/pending.h"
#include "store/bookings.h"

/* The named resources, completed. */
typedef struct Assignment
{
	int			count;
	pg_uuid_t  *ids;			/* the named ones first */
	int			named;
	bool		free;			/* all that were chosen looked free */
	bool		by_rules;		/* and as if they might be booked, too */
} Assignment;

extern BookingResult *assignment_insert(const BookingRow *row, const pg_uuid_t *preferred);
extern const pg_uuid_t *assignment_preferred(const pg_uuid_t *booking);

extern int	assignment_set_strategy(int strategy);
extern bool assignment_is_explicit(const Change *change, const Branch *branch);
extern bool assignment_lacks(const Change *change, const pg_uuid_t *named, int named_count);
extern bool assignment_lock(const Change *change, const Branch *branch);
extern Assignment assignment_complete(const Change *change, const BookingRow *row,
									  const BookingRow *old, const Context *context,
									  const Branch *branch, const pg_uuid_t *named,
									  int named_count);
extern bool assignment_holds(const Change *change, const Assignment *assignment);
extern void assignment_accept(Change *change, const Branch *branch,
							  const Assignment *assignment);
extern void assignment_write_turns(const Change *change);

#endif							/* BOOKING_ASSIGNMENT_H */
