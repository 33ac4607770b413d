/*-------------------------------------------------------------------------
 *
 * quotas.c
 *	  How many bookings are allowed: quotas (X14), and one place at a time for
 *	  a customer (X15).
 *
 * A quota limits the bookings, or their minutes, of one customer, resource or
 * service in a day, week, month or year.  What is counted is what the level
 * that sets it covers: bookings of that service, on that resource, in that
 * branch, or all of the tenant's.  A booking counts, with the whole of its
 * slot, in the period its start falls in on the clocks of its branch, and in
 * every status but waitlisted and cancelled, unless that has lapsed.
 *
 * Where a quota is set, BEFORE takes its key along with those of the
 * resources; AFTER counts under it.  By then all rows of the statement are
 * written, so they count too.  A change that leaves a booking in the quota it
 * was in already is not held against it.
 *
 * A quota's key covers all bookings that are counted for it, because whoever
 * is counted resolves the same quota from the same level, or does not count
 * us: of two that do not share a key, one could have come after the other.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/hsearch.h"

#include "engine/checks.h"
#include "engine/policy_check.h"
#include "engine/quotas.h"
#include "errors.h"
#include "rules/calendar.h"
#include "rules/lifecycle.h"
#include "rules/periods.h"
#include "store/config.h"
#include "store/plan.h"

/* All that tells one quota from another; hashed, so without padding. */
typedef struct QuotaName
{
	pg_uuid_t	subject;
	pg_uuid_t	scope;
	int32		setting;
	int32		first;
} QuotaName;

typedef struct CountedQuota
{
	QuotaName	name;
	QuotaCount	count;
} CountedQuota;

static const char *const subject_names[] = {
	[QUOTA_OF_CUSTOMER] = "customer",
	[QUOTA_OF_RESOURCE] = "resource",
	[QUOTA_OF_SERVICE] = "service"
};

static QuotaName
name_of(const Quota *quota)
{
	QuotaName	name;

	memset(&name, 0, sizeof(name));
	name.subject = quota->subject_id;
	name.scope = quota->scope_id;
	name.setting = quota->setting;
	name.first = quota->first;
	return name;
}

static bool
counts(BookingStatus status)
{
	return status != STATUS_WAITLISTED && status != STATUS_CANCELLED;
}

static Datum
statuses_that(bool (*fits) (BookingStatus))
{
	Datum		names[BOOKING_STATUS_COUNT];
	int			count = 0;

	for (int status = 0; status < BOOKING_STATUS_COUNT; status++)
		if (fits((BookingStatus) status))
			names[count++] = CStringGetTextDatum(lifecycle_status_name((BookingStatus) status));
	return PointerGetDatum(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
}

static int64
day_starts_at(const Branch *branch)
{
	SettingSources sources = {.branch = branch->settings,.tenant = branch->tenant_settings};

	return settings_get(SETTING_DAY_STARTS_AT, &sources).interval_us;
}

static SettingSources
sources_of(const QuotaCase *quota_case, const Resource *resource)
{
	return (SettingSources)
	{
		.service = quota_case->service->settings,
			.resource = resource ? resource->settings : NULL,
			.branch = quota_case->branch->settings,
			.tenant = quota_case->service->tenant_settings
	};
}

/* Whether a booking counts towards any quota: nearly none do. */
static bool
any_quota(const QuotaCase *quota_case)
{
	SettingSources sources = sources_of(quota_case, NULL);

	if (settings_any_quota(&sources))
		return true;
	for (int i = 0; i < quota_case->resource_count; i++)
	{
		sources = sources_of(quota_case, &quota_case->resources[i]);
		if (settings_any_quota(&sources))
			return true;
	}
	return false;
}

/* What a quota that a level sets is limited to. */
static pg_uuid_t
scope_of(SettingLevel level, const QuotaCase *quota_case, const Resource *resource)
{
	pg_uuid_t	none = {{0}};

	switch (level)
	{
		case LEVEL_SERVICE:
			return quota_case->service->id;
		case LEVEL_RESOURCE:
			return resource->id;
		case LEVEL_BRANCH:
			return quota_case->branch->id;
		default:
			return none;
	}
}

/*
 * Adds the quota that a setting makes, as it holds on a resource (NULL: on
 * none in particular), unless there is none or it is there already.
 */
static void
add_quota(Quota *quotas, int *count, const QuotaCase *quota_case, const Resource *resource,
		  QuotaSubject subject, QuotaPeriod period, bool minutes)
{
	SettingSources sources = sources_of(quota_case, resource);
	SettingKey	key = settings_quota(subject, period, minutes);
	SettingValue value = settings_get(key, &sources);
	Quota	   *quota = &quotas[*count];
	QuotaName	name;

	if (value.isnull)
		return;
	quota->setting = key;
	quota->subject = subject;
	quota->period = period;
	quota->minutes = minutes;
	quota->level = value.origin;
	quota->subject_id = subject == QUOTA_OF_CUSTOMER ? *quota_case->customer :
		subject == QUOTA_OF_RESOURCE ? resource->id : quota_case->service->id;
	quota->scope_id = scope_of(value.origin, quota_case, resource);
	quota->first = period_of(period,
							 calendar_to_local(quota_case->slot.from,
											   calendar_zone(quota_case->branch->time_zone)),
							 day_starts_at(quota_case->branch));
	quota->limit = value.integer;

	name = name_of(quota);
	for (int i = 0; i < *count; i++)
	{
		QuotaName	other = name_of(&quotas[i]);

		if (memcmp(&name, &other, sizeof(QuotaName)) == 0)
			return;
	}
	(*count)++;
}

/* The quotas that a booking counts towards; how many there are. */
static int
quotas_of(const QuotaCase *quota_case, Quota **quotas)
{
	int			rounds = Max(quota_case->resource_count, 1);
	int			count = 0;

	*quotas = NULL;
	for (int i = 0; i < rounds; i++)
	{
		const Resource *resource = quota_case->resource_count > 0 ?
			&quota_case->resources[i] : NULL;
		SettingSources sources = sources_of(quota_case, resource);

		if (!settings_any_quota(&sources))
			continue;
		if (*quotas == NULL)
			*quotas = palloc0(sizeof(Quota) * 2 * QUOTA_SUBJECT_COUNT * QUOTA_PERIOD_COUNT *
							  rounds);
		for (int subject = 0; subject < QUOTA_SUBJECT_COUNT; subject++)
		{
			if ((subject == QUOTA_OF_CUSTOMER && quota_case->customer == NULL) ||
				(subject == QUOTA_OF_RESOURCE && resource == NULL))
				continue;
			for (int period = 0; period < QUOTA_PERIOD_COUNT; period++)
				for (int minutes = 0; minutes < 2; minutes++)
					add_quota(*quotas, &count, quota_case, resource, (QuotaSubject) subject,
							  (QuotaPeriod) period, minutes != 0);
		}
	}
	return count;
}

/* What of a quota others have taken. */
static QuotaCount
count_others(const Quota *quota, const pg_uuid_t *tenant, const pg_uuid_t *except,
			 bool fresh, TimestampTz now)
{
	static const pg_uuid_t nobody = {{0}};
	QuotaFilter filter = {0};
	int			branch_count = 1;
	const pg_uuid_t *branches = &quota->scope_id;
	BranchPeriod *periods;
	int			period_count = 0;

	filter.tenant = tenant;
	filter.except = except ? except : &nobody;
	filter.statuses = statuses_that(counts);
	filter.fresh = fresh;
	if (quota->subject == QUOTA_OF_CUSTOMER)
		filter.customer = &quota->subject_id;
	else if (quota->subject == QUOTA_OF_RESOURCE)
		filter.resource = &quota->subject_id;
	else
		filter.service = &quota->subject_id;
	if (quota->level == LEVEL_SERVICE)
		filter.service = &quota->scope_id;
	else if (quota->level == LEVEL_RESOURCE)
		filter.scope_resource = &quota->scope_id;
	if (quota->level != LEVEL_BRANCH)
		branches = quotas_branches(tenant, &branch_count);

	periods = palloc(sizeof(BranchPeriod) * Max(branch_count, 1));
	for (int i = 0; i < branch_count; i++)
	{
		const Branch *branch = config_branch(tenant, &branches[i]);

		if (branch == NULL)
			continue;
		periods[period_count].branch = branches[i];
		periods[period_count++].local = period_bounds(quota->period, quota->first,
													  day_starts_at(branch));
	}
	return quotas_count(&filter, periods, period_count, now);
}

/* Whether a quota has no room for one more booking of a length. */
static bool
is_full(const Quota *quota, const QuotaCount *others, TimeSpan slot)
{
	if (quota->minutes)
		return others->length + (slot.until - slot.from) > quota->limit * USECS_PER_MINUTE;
	return others->bookings >= quota->limit;
}

/*
 * Whether a quota is too full for a booking, and if so, which one and what was
 * counted.  Each quota is counted once for the counts that are handed in.
 */
bool
quotas_find_full(QuotaCounts *counts, const QuotaCase *quota_case, Quota *full,
				 QuotaCount *count)
{
	Quota	   *quotas;
	int			quota_count;

	if (!any_quota(quota_case))
		return false;
	if (counts->counted == NULL)
	{
		HASHCTL		control = {0};

		control.keysize = sizeof(QuotaName);
		control.entrysize = sizeof(CountedQuota);
		control.hcxt = CurrentMemoryContext;
		counts->counted = hash_create("booking quotas", 64, &control,
									  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}

	quota_count = quotas_of(quota_case, &quotas);
	for (int i = 0; i < quota_count; i++)
	{
		QuotaName	name = name_of(&quotas[i]);
		bool		found;
		CountedQuota *counted = hash_search(counts->counted, &name, HASH_ENTER, &found);

		if (!found)
			counted->count = count_others(&quotas[i], &counts->tenant, counts->except,
										  counts->fresh, counts->now);
		if (is_full(&quotas[i], &counted->count, quota_case->slot))
		{
			*full = quotas[i];
			*count = counted->count;
			return true;
		}
	}
	return false;
}

/* "no more than 2 bookings of one customer in a day" */
char *
quota_text(const Quota *quota)
{
	return psprintf("no more than " INT64_FORMAT " %s of one %s in a %s", quota->limit,
					quota->minutes ? quota->limit == 1 ? "minute" : "minutes" :
					quota->limit == 1 ? "booking" : "bookings",
					subject_names[quota->subject], period_name(quota->period));
}

static void
raise_full(const Quota *quota, const QuotaCount *count)
{
	int			year;
	int			month;
	int			day;

	j2date(quota->first + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	ereport(ERROR,
			(booking_errcode(ERR_QUOTA_FULL),
			 errmsg("the quota is full: %s", quota_text(quota)),
			 errdetail("In the %s from %04d-%02d-%02d on, others have " INT64_FORMAT ".",
					   period_name(quota->period), year, month, day,
					   quota->minutes ?
					   (count->length + USECS_PER_MINUTE - 1) / USECS_PER_MINUTE :
					   count->bookings),
			 errhint("The setting is %s, of level %s.", settings_row(quota->setting)->name,
					 settings_level_name(quota->level))));
}

/* ---- a change of a booking ---- */

static bool
has_resource(const BookingRow *row, const pg_uuid_t *resource)
{
	int			count;
	pg_uuid_t  *ids = row_resources(row, &count);

	for (int i = 0; i < count; i++)
		if (uuid_equal(&ids[i], resource))
			return true;
	return false;
}

static bool
is_of_customer(const BookingRow *row, const pg_uuid_t *customer)
{
	return row_has(row, BK_CUSTOMER_ID) && uuid_equal(row_uuid(row, BK_CUSTOMER_ID), customer);
}

/* Whether a booking was in a quota already, with as much as it is to have. */
static bool
was_counted(const Quota *quota, const pg_uuid_t *tenant, const BookingRow *old, TimeSpan slot)
{
	TimeSpan	was = row_slot(old);
	const Branch *branch = config_branch(tenant, row_uuid(old, BK_BRANCH_ID));

	if (branch == NULL || !counts(row_status(old)) ||
		(quota->minutes && was.until - was.from < slot.until - slot.from))
		return false;
	switch (quota->subject)
	{
		case QUOTA_OF_CUSTOMER:
			if (!is_of_customer(old, &quota->subject_id))
				return false;
			break;
		case QUOTA_OF_RESOURCE:
			if (!has_resource(old, &quota->subject_id))
				return false;
			break;
		case QUOTA_OF_SERVICE:
			if (!uuid_equal(row_uuid(old, BK_SERVICE_ID), &quota->subject_id))
				return false;
			break;
	}
	if ((quota->level == LEVEL_SERVICE &&
		 !uuid_equal(row_uuid(old, BK_SERVICE_ID), &quota->scope_id)) ||
		(quota->level == LEVEL_RESOURCE && !has_resource(old, &quota->scope_id)) ||
		(quota->level == LEVEL_BRANCH && !uuid_equal(&branch->id, &quota->scope_id)))
		return false;
	return period_of(quota->period, DatumGetTimestamp(old->value[BK_LOCAL_START]),
					 day_starts_at(branch)) == quota->first;
}

/*
 * Whether others may have ceased to count a booking before a change of it: one
 * that lapses does so by the clock of whoever looks.
 */
static bool
may_have_lapsed(const BookingRow *old)
{
	return row_has(old, BK_EXPIRES_AT);
}

/*
 * Adds the key of a quota.  Its scope is left out: bookings that count each
 * other by quotas of different levels must share a key.
 */
static void
add_key(KeySet *keys, const pg_uuid_t *tenant, const Quota *quota)
{
	QuotaName	name = name_of(quota);

	memset(&name.scope, 0, sizeof(name.scope));
	locks_add_quota(keys, tenant, &name, sizeof(name));
}

/*
 * Whether a customer comes to be in a place, or stays there for longer than
 * was known.
 */
static bool
takes_customer(const BookingRow *row, const BookingRow *old, bool lapsed)
{
	if (!row_has(row, BK_CUSTOMER_ID))
		return false;
	return old == NULL || lapsed || !lifecycle_is_occupying(row_status(old)) ||
		!is_of_customer(old, row_uuid(row, BK_CUSTOMER_ID)) ||
		!row_same(old, row, BK_STARTS_AT) || !row_same(old, row, BK_ENDS_AT);
}

/*
 * Finds out what limits a change that is going to take a place in a branch,
 * and adds the keys it has to be checked under.
 */
void
quotas_prepare(Change *change, const BookingRow *row, const BookingRow *old,
			   const Branch *branch, KeySet *keys)
{
	bool		lapsed = old != NULL && may_have_lapsed(old);
	QuotaCase	quota_case = {0};
	SettingSources sources;

	quota_case.tenant = &change->tenant;
	quota_case.service = change->service;
	quota_case.branch = branch;
	quota_case.customer = row_has(row, BK_CUSTOMER_ID) ? row_uuid(row, BK_CUSTOMER_ID) : NULL;
	quota_case.resources = change->resources;
	quota_case.resource_count = change->resource_count;
	quota_case.slot = change->slot;

	change->has_customer = quota_case.customer != NULL;
	if (change->has_customer)
		change->customer = *quota_case.customer;
	change->quota_branch = branch->id;
	change->quota_count = any_quota(&quota_case) ? quotas_of(&quota_case, &change->quotas) : 0;
	for (int i = 0; i < change->quota_count; i++)
		if (old == NULL || lapsed ||
			!was_counted(&change->quotas[i], &change->tenant, old, quota_case.slot))
			add_key(keys, &change->tenant, &change->quotas[i]);

	change->same_customer = SAME_CUSTOMER_ALLOW;
	if (!takes_customer(row, old, lapsed))
		return;
	sources = sources_of(&quota_case, NULL);
	change->same_customer = (SameCustomer) settings_get(SETTING_SAME_CUSTOMER, &sources).option;
	if (change->same_customer != SAME_CUSTOMER_ALLOW)
		locks_add_customer(keys, &change->tenant, quota_case.customer, quota_case.slot);
}

/*
 * Adds the keys that a hold is going to need because it becomes a booking: with
 * several holds they have to be taken along with all others.
 */
void
quotas_add_checkout_keys(KeySet *keys, const QuotaCase *quota_case)
{
	SettingSources sources = sources_of(quota_case, NULL);
	Quota	   *quotas;
	int			count;

	if (quota_case->customer != NULL &&
		settings_get(SETTING_SAME_CUSTOMER, &sources).option != SAME_CUSTOMER_ALLOW)
		locks_add_customer(keys, quota_case->tenant, quota_case->customer, quota_case->slot);
	count = any_quota(quota_case) ? quotas_of(quota_case, &quotas) : 0;
	for (int i = 0; i < count; i++)
		add_key(keys, quota_case->tenant, &quotas[i]);
}

/*
 * Whether a quota of a booking that is going to be new has no room left; its
 * keys are held.
 */
bool
quotas_are_full(const Change *change)
{
	for (int i = 0; i < change->quota_count; i++)
	{
		QuotaCount	others = count_others(&change->quotas[i], &change->tenant,
										  &change->booking, true, change->now);

		if (is_full(&change->quotas[i], &others, change->slot))
			return true;
	}
	return false;
}

static void
check_quotas(const Change *change, const BookingRow *row, const BookingRow *old,
			 const Context *who)
{
	bool		lapsed = old != NULL && checks_lapsed(old, change->now);
	SettingSources sources = {0};
	const Branch *branch = config_branch(&change->tenant, row_uuid(row, BK_BRANCH_ID));

	sources.service = change->service->settings;
	sources.resource = change->resource_count > 0 ? change->resources[0].settings : NULL;
	sources.branch = branch ? branch->settings : NULL;
	sources.tenant = change->service->tenant_settings;
	if (settings_commit_check(&sources, who->kind, NULL) < CHECK_RULES ||
		(context_is_staff(who) &&
		 (change->reverses || policy_overrides(row, "quota_full"))))
		return;
	for (int i = 0; i < change->quota_count; i++)
	{
		const Quota *quota = &change->quotas[i];
		QuotaCount	others;

		if (old != NULL && !lapsed && was_counted(quota, &change->tenant, old, row_slot(row)))
			continue;
		others = count_others(quota, &change->tenant, &change->booking, true, change->now);
		if (is_full(quota, &others, row_slot(row)))
			raise_full(quota, &others);
	}
}

/* Whether a booking is refused because its customer is somewhere else then. */
bool
quotas_customer_is_elsewhere(const QuotaCounts *counts, const QuotaCase *quota_case)
{
	SettingSources sources = sources_of(quota_case, NULL);
	static const pg_uuid_t nobody = {{0}};
	QuotaFilter filter = {0};

	if (quota_case->customer == NULL ||
		settings_get(SETTING_SAME_CUSTOMER, &sources).option != SAME_CUSTOMER_REFUSE)
		return false;
	filter.tenant = &counts->tenant;
	filter.customer = quota_case->customer;
	filter.except = counts->except ? counts->except : &nobody;
	filter.statuses = statuses_that(lifecycle_is_occupying);
	filter.fresh = counts->fresh;
	return quotas_customer_is_busy(&filter, quota_case->slot, counts->now);
}

static void
check_customer_is_free(const Change *change, const BookingRow *row)
{
	QuotaFilter filter = {0};

	filter.tenant = &change->tenant;
	filter.customer = row_uuid(row, BK_CUSTOMER_ID);
	filter.except = &change->booking;
	filter.statuses = statuses_that(lifecycle_is_occupying);
	filter.fresh = true;
	if (!quotas_customer_is_busy(&filter, row_slot(row), change->now))
		return;
	if (change->same_customer == SAME_CUSTOMER_REFUSE)
		ereport(ERROR,
				(booking_errcode(ERR_SLOT_TAKEN),
				 errmsg("the customer has another booking at that time"),
				 errdetail_internal("{\"conflicts\": [], \"rule\": \"same_customer\"}"),
				 errhint("Choose another time. The setting is same_customer.")));
	ereport(WARNING,
			(errmsg("the customer has another booking at that time")));
}

/* Refuses a change that is one booking too many; its keys are held. */
void
quotas_check(const Change *change, const BookingRow *row, const BookingRow *old,
			 const Context *who)
{
	if (!change->locked || !lifecycle_is_occupying(row_status(row)))
		return;
	if (change->quota_count > 0)
		check_quotas(change, row, old, who);
	if (change->same_customer != SAME_CUSTOMER_ALLOW &&
		takes_customer(row, old, old != NULL && checks_lapsed(old, change->now)))
		check_customer_is_free(change, row);
}
