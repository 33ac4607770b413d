/*-------------------------------------------------------------------------
 *
 * expiry.h
 *	  Ending bookings whose status has lapsed, and dropping allocations that
 *	  are over.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_EXPIRY_H
#define BOOKING_EXPIRY_H

#include "booking.h"

#include "store/allocations.h"

/* What a sweep could not end. */
typedef struct ExpiryRest
{
	int			busy;			/* somebody else had them, or the transaction
								 * had locks enough */
	int			failed;			/* ending them raised an error, */
	char		first_failure[256]; /* the first of them this */
} ExpiryRest;

extern bool expiry_clear(const pg_uuid_t *tenant, const Allocation *wanted,
						 const Occupant *occupants, int count, TimestampTz now);
extern int	expiry_sweep(const pg_uuid_t *tenant, int max, ExpiryRest *rest);
extern int	expiry_drop_over(int max);
extern TimestampTz expiry_next_due(void);

#endif							/* BOOKING_EXPIRY_H */
