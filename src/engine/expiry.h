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
#include "utils/array.h"

/* What a sweep could not end. */
typedef struct ExpiryRest
{
	int			busy;			/* somebody else had them, or the transaction
								 * had locks enough */
	int			failed;			/* ending them raised an error, */
	char		first_failure[256]; /* the first of them this */
} ExpiryRest;

/* A statement that ends those of the bookings that nobody else has locked. */
typedef uint64 (*EndBookings) (const pg_uuid_t *tenant, ArrayType *ids, TimestampTz now,
							   const pg_uuid_t *request_id);

extern bool expiry_clear(const pg_uuid_t *tenant, const Allocation *wanted,
						 const Occupant *occupants, int count, TimestampTz now);
extern int	expiry_end_separately(const pg_uuid_t *tenant, const pg_uuid_t *ids, int count,
								  TimestampTz now, EndBookings end, ExpiryRest *rest);
extern int	expiry_sweep(const pg_uuid_t *tenant, int max, ExpiryRest *rest);
extern void expiry_end(const pg_uuid_t *tenant, const pg_uuid_t *ids, int count);
extern int	expiry_drop_over(int max);
extern TimestampTz expiry_next_due(void);

#endif							/* BOOKING_EXPIRY_H */
