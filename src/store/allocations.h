/*-------------------------------------------------------------------------
 *
 * allocations.h
 *	  The rows of booking.allocations: what is occupied now.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_STORE_ALLOCATIONS_H
#define BOOKING_STORE_ALLOCATIONS_H

#include "booking.h"

/* What a booking takes of one resource. */
typedef struct Allocation
{
	pg_uuid_t	resource_id;
	TimeSpan	span;			/* with buffers */
	int			units;
	bool		exclusive;		/* of a resource with capacity 1 */
} Allocation;

/* Something in the way. */
typedef struct Occupant
{
	pg_uuid_t	booking_id;
	pg_uuid_t	resource_id;
	char	   *resource_code;
	TimeSpan	span;
	int			units;
	TimestampTz expires_at;		/* DT_NOEND when it has none */
} Occupant;

extern int	allocations_insert(const pg_uuid_t *tenant, const pg_uuid_t *booking,
							   const Allocation *allocations, int count,
							   TimestampTz expires_at, bool tolerant);
extern int	allocations_delete(const pg_uuid_t *tenant, const pg_uuid_t *booking);
extern int	allocations_set_expiry(const pg_uuid_t *tenant, const pg_uuid_t *booking,
								   TimestampTz expires_at);
extern Occupant *allocations_overlapping(const pg_uuid_t *tenant, const pg_uuid_t *resource,
										 TimeSpan span, const pg_uuid_t *except, int *count);
extern int	allocations_delete_over(const pg_uuid_t *tenant, const pg_uuid_t *resource,
									TimeSpan span, TimestampTz now);
extern int	allocations_sweep_over(TimestampTz now, int max);
extern void allocations_set_exclusive(const pg_uuid_t *tenant, const pg_uuid_t *resource,
									  bool exclusive);
extern Allocation *allocations_take_back(const pg_uuid_t *tenant, const pg_uuid_t *booking,
										 int *count);

#endif							/* BOOKING_STORE_ALLOCATIONS_H */
