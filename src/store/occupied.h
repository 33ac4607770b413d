/*-------------------------------------------------------------------------
 *
 * occupied.h
 *	  When resources are occupied, for many of them at once.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_STORE_OCCUPIED_H
#define BOOKING_STORE_OCCUPIED_H

#include "booking.h"

#include "rules/capacity.h"

/* Whose occupied time is asked for. */
typedef struct OccupiedQuery
{
	const pg_uuid_t *tenant;
	TimeSpan	window;
	TimestampTz now;			/* what is over by then counts as absent */
	const pg_uuid_t *except;	/* a booking to leave out, or NULL */
	bool		fresh;			/* what is committed now, rather than what the
								 * calling query sees */
} OccupiedQuery;

/* What is occupied of one resource, in no order, not cut at the window. */
typedef struct OccupiedTimes
{
	int			count;
	CapacityUse *uses;
} OccupiedTimes;

extern OccupiedTimes *occupied_read(const OccupiedQuery *query, const pg_uuid_t *resources,
									int count);

#endif							/* BOOKING_STORE_OCCUPIED_H */
