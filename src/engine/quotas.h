/*-------------------------------------------------------------------------
 *
 * quotas.h
 *	  How many bookings are allowed: quotas, and one place at a time for a
 *	  customer.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_QUOTAS_H
#define BOOKING_QUOTAS_H

#include "booking.h"

#include "engine/context.h"
#include "engine/locks.h"
#include "engine/pending.h"
#include "rules/settings.h"
#include "store/bookings.h"
#include "store/quotas_store.h"
#include "utils/date.h"

/* What a booking would be, as far as quotas go. */
typedef struct QuotaCase
{
	const pg_uuid_t *tenant;
	const Service *service;
	const Branch *branch;
	const pg_uuid_t *customer;	/* NULL: not known */
	const Resource *resources;
	int			resource_count;
	TimeSpan	slot;
} QuotaCase;

/* A quota that the case counts towards. */
typedef struct Quota
{
	SettingKey	setting;
	QuotaSubject subject;
	QuotaPeriod period;
	bool		minutes;
	SettingLevel level;			/* that sets it, which limits what is counted */
	pg_uuid_t	subject_id;
	pg_uuid_t	scope_id;		/* the service, resource or branch; or zeroes */
	DateADT		first;			/* date on which the period begins */
	int64		limit;
} Quota;

/* What was counted once, for as long as the memory it was made in. */
typedef struct QuotaCounts
{
	pg_uuid_t	tenant;
	TimestampTz now;
	bool		fresh;			/* as in QuotaFilter */
	const pg_uuid_t *except;	/* a booking to leave out, or NULL */
	struct HTAB *counted;
} QuotaCounts;

extern bool quotas_find_full(QuotaCounts *counts, const QuotaCase *quota_case,
							 Quota *full, QuotaCount *count);
extern bool quotas_customer_is_elsewhere(const QuotaCounts *counts,
										 const QuotaCase *quota_case);
extern char *quota_text(const Quota *quota);

extern void quotas_prepare(Change *change, const BookingRow *row, const BookingRow *old,
						   const Branch *branch, KeySet *keys);
extern bool quotas_are_full(const Change *change);
extern void quotas_add_checkout_keys(KeySet *keys, const QuotaCase *quota_case);
extern void quotas_check(const Change *change, const BookingRow *row, const BookingRow *old,
						 const Context *who);

#endif							/* BOOKING_QUOTAS_H */
