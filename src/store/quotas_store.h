/*-------------------------------------------------------------------------
 *
 * quotas_store.h
 *	  Counting bookings, and whose turn it is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_STORE_QUOTAS_STORE_H
#define BOOKING_STORE_QUOTAS_STORE_H

#include "booking.h"

/* What is counted in one branch: starts between these wall-clock times. */
typedef struct BranchPeriod
{
	pg_uuid_t	branch;
	TimeSpan	local;
} BranchPeriod;

/* Which bookings are counted; what is NULL does not matter. */
typedef struct QuotaFilter
{
	const pg_uuid_t *tenant;
	const pg_uuid_t *customer;
	const pg_uuid_t *service;
	const pg_uuid_t *resource;
	const pg_uuid_t *scope_resource;	/* on this one too */
	const pg_uuid_t *except;	/* but this booking */
	Datum		statuses;		/* text[] */
	bool		fresh;			/* what is committed now, rather than what the
								 * calling query sees */
} QuotaFilter;

typedef struct QuotaCount
{
	int64		bookings;
	int64		length;			/* of their slots, in microseconds */
} QuotaCount;

extern pg_uuid_t *quotas_branches(const pg_uuid_t *tenant, int *count);
extern QuotaCount quotas_count(const QuotaFilter *filter, const BranchPeriod *periods,
							   int period_count, TimestampTz now);
extern bool quotas_customer_is_busy(const QuotaFilter *filter, TimeSpan slot, TimestampTz now);

extern int64 *turns_read(const pg_uuid_t *tenant, const pg_uuid_t *service,
						 const pg_uuid_t *resources, int count);
extern void turns_take(const pg_uuid_t *tenant, const pg_uuid_t *service,
					   const pg_uuid_t *resources, int count);

extern int64 *loads_read(const pg_uuid_t *tenant, const pg_uuid_t *resources, int count,
						 TimeSpan window, const pg_uuid_t *except, TimestampTz now);

#endif							/* BOOKING_STORE_QUOTAS_STORE_H */
