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

#include "engine/pending.h"

/* The named resources, completed. */
typedef struct Assignment
{
	int			count;
	pg_uuid_t  *ids;			/* the named ones first */
	int			named;
	bool		free;			/* all that were chosen looked free */
} Assignment;

extern Assignment assignment_complete(const Change *change, const pg_uuid_t *branch,
									  const pg_uuid_t *named, int named_count);

#endif							/* BOOKING_ASSIGNMENT_H */
