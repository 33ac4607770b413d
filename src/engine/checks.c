/*-------------------------------------------------------------------------
 *
 * checks.c
 *	  What a change of a booking must satisfy.
 *
 * Called by the guard in AFTER, with the keys of the change held and its row
 * in its final form.  Nothing here writes.  The order is: who, from what to
 * what, is it well formed, does it fit the service; whether the slot is free
 * is decided last, by taking it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/numeric.h"

#include "engine/checks.h"
#include "engine/deposits.h"
#include "engine/managed.h"
#include "engine/no_shows.h"
#include "engine/online.h"
#include "engine/place.h"
#include "engine/policy_check.h"
#include "engine/quotas.h"
#include "engine/reasons.h"
#include "engine/waitlist.h"
#include "errors.h"
#include "rules/calendar.h"
#include "rules/contact.h"
#include "rules/duration.h"
#include "rules/ids.h"
#include "rules/lifecycle.h"
#include "rules/money.h"
#include "rules/text.h"
#include "store/config.h"
#include "store/records.h"

#define MAX_JSON_BYTES (64 * 1024)
#define MAX_OVERRIDES_BYTES 4096

/*
 * The customer that checkout has just looked up by e-mail for somebody who is
 * not that customer.
 */
static const pg_uuid_t *vouched_customer = NULL;

/* The booking whose checkout asks whether it needs approval. */
static const pg_uuid_t *checked_out = NULL;

/*
 * Lets the change that follows name a customer who is not its actor.  Returns
 * what was set before; the caller puts that back, after an error too.
 */
const pg_uuid_t *
checks_vouch_for_customer(const pg_uuid_t *customer)
{
	const pg_uuid_t *previous = vouched_customer;

	vouched_customer = customer;
	return previous;
}

bool
checks_vouches_for(const pg_uuid_t *customer)
{
	return vouched_customer != NULL && uuid_equal(vouched_customer, customer);
}

/*
 * Has the checkout of a booking, which says it is confirmed, end in pending
 * where approval is required: only the guard knows the resources.  Returns
 * what was set before; the caller puts that back, after an error too.
 */
const pg_uuid_t *
checks_ask_for_approval(const pg_uuid_t *booking)
{
	const pg_uuid_t *previous = checked_out;

	checked_out = booking;
	return previous;
}

bool
checks_asks_for_approval(const pg_uuid_t *booking)
{
	return checked_out != NULL && uuid_equal(checked_out, booking);
}

static SettingValue
setting_of(SettingKey key, const Change *change, const Resource *resource,
		   const pg_uuid_t *branch_id)
{
	SettingSources sources = {0};

	sources.service = change->service->settings;
	sources.tenant = change->service->tenant_settings;
	if (resource != NULL)
	{
		sources.resource = resource->settings;
		if (branch_id == NULL || uuid_equal(branch_id, &resource->branch.id))
			sources.branch = resource->branch.settings;
	}
	if (sources.branch == NULL && branch_id != NULL)
	{
		const Branch *branch = config_branch(&change->tenant, branch_id);

		if (branch != NULL)
			sources.branch = branch->settings;
	}
	return settings_get(key, &sources);
}

/* A setting as it holds for a change, whose service must be known. */
SettingValue
checks_setting(SettingKey key, const Change *change, const pg_uuid_t *branch_id)
{
	return setting_of(key, change, change->resource_count > 0 ? &change->resources[0] : NULL,
					  branch_id);
}

/*
 * Whether one value of a setting about a booking that stands binds more than
 * another.
 */
static bool
is_stricter(SettingKey key, const SettingValue *a, const SettingValue *b)
{
	switch (key)
	{
		case SETTING_ONLINE_CANCEL:
		case SETTING_ONLINE_RESCHEDULE:
			return b->boolean && !a->boolean;
		case SETTING_MAX_RESCHEDULES:
			return !a->isnull && (b->isnull || a->integer < b->integer);
		case SETTING_CHECK_IN_WINDOW:
			return !b->isnull && (a->isnull || a->interval_us < b->interval_us);
		case SETTING_NOTICE_FROM:
			return a->option > b->option;
		case SETTING_NO_SHOW_MODE:
			return a->option < b->option;
		default:
			return a->interval_us > b->interval_us;
	}
}

/*
 * A setting about a booking that stands, in which each of its resources has a
 * say: the strictest one's holds.
 */
SettingValue
checks_setting_of_booking(SettingKey key, const Change *change, const BookingRow *row)
{
	const pg_uuid_t *branch = row_uuid(row, BK_BRANCH_ID);
	int			count;
	pg_uuid_t  *ids = row_resources(row, &count);
	SettingValue strictest = setting_of(key, change, count == 0 ? NULL :
										config_resource(&change->tenant, &ids[0]), branch);

	for (int i = 1; i < count; i++)
	{
		SettingValue value = setting_of(key, change,
										config_resource(&change->tenant, &ids[i]), branch);

		if (is_stricter(key, &value, &strictest))
			strictest = value;
	}
	return strictest;
}

/* Whether staff must confirm what is checked out (K4): one resource is enough. */
bool
checks_needs_approval(const Change *change, const pg_uuid_t *branch_id)
{
	for (int i = 1; i < change->resource_count; i++)
		if (setting_of(SETTING_APPROVAL, change, &change->resources[i], branch_id).boolean)
			return true;
	return checks_setting(SETTING_APPROVAL, change, branch_id).boolean;
}

/* Whether the status of a booking is over by the clock. */
bool
checks_lapsed(const BookingRow *row, TimestampTz now)
{
	return row_has(row, BK_EXPIRES_AT) && row_time(row, BK_EXPIRES_AT) <= now;
}

/* Whether a change touches what a booking occupies. */
bool
checks_moves(const BookingRow *old, const BookingRow *new)
{
	return !row_same(old, new, BK_STARTS_AT) || !row_same(old, new, BK_ENDS_AT) ||
		!row_same(old, new, BK_RESOURCE_IDS) || !row_same(old, new, BK_UNITS) ||
		!row_same(old, new, BK_SERVICE_ID);
}

/* Whether a booking keeps only resources that it had, and at least one. */
static bool
keeps_resources(const BookingRow *old, const BookingRow *new)
{
	int			had_count;
	int			count;
	const pg_uuid_t *had;
	const pg_uuid_t *ids;

	if (row_same(old, new, BK_RESOURCE_IDS))
		return true;
	had = row_resources(old, &had_count);
	ids = row_resources(new, &count);
	for (int i = 0; i < count; i++)
	{
		bool		found = false;

		for (int j = 0; j < had_count && !found; j++)
			found = uuid_equal(&ids[i], &had[j]);
		if (!found)
			return false;
	}
	return count > 0;
}

/* Whether a change takes away resources from a booking, and gives it none. */
bool
checks_drops_resources(const BookingRow *old, const BookingRow *new)
{
	return !row_same(old, new, BK_RESOURCE_IDS) && keeps_resources(old, new);
}

/*
 * Whether a change does no more than to give back time at the end, units or
 * resources: that takes no rule's leave, whatever has become of the resources
 * (C12, X12).
 */
bool
checks_gives_back(const BookingRow *old, const BookingRow *new, TimestampTz now)
{
	return lifecycle_is_occupying(row_status(old)) && lifecycle_is_occupying(row_status(new)) &&
		!checks_lapsed(old, now) && checks_moves(old, new) &&
		row_same(old, new, BK_STARTS_AT) && row_same(old, new, BK_SERVICE_ID) &&
		keeps_resources(old, new) &&
		row_time(new, BK_ENDS_AT) <= row_time(old, BK_ENDS_AT) &&
		row_int(new, BK_UNITS) <= row_int(old, BK_UNITS);
}

/*
 * Whether an automatic no-show becomes a booking again, because the guest came
 * late (C10).
 */
bool
checks_restores_no_show(const BookingRow *old, const BookingRow *new)
{
	return row_status(old) == STATUS_NO_SHOW && row_status(new) == STATUS_CONFIRMED &&
		row_has(old, BK_REASON_CODE) && strcmp(row_text(old, BK_REASON_CODE), AUTO_NO_SHOW) == 0;
}

static void
deny(const char *what)
{
	ereport(ERROR,
			(booking_errcode(ERR_PERMISSION_DENIED),
			 errmsg("permission denied to %s", what)));
}

/* ---- who ---- */

static bool
is_own_customer(const Context *who, const pg_uuid_t *tenant, const BookingRow *row)
{
	Customer	customer;

	return row_has(row, BK_CUSTOMER_ID) && who->actor != NULL &&
		people_find_customer(tenant, row_uuid(row, BK_CUSTOMER_ID), &customer) &&
		context_is_actor(who, customer.actor);
}

static bool
is_organizer(const Context *who, const pg_uuid_t *tenant, const BookingRow *row)
{
	int			count;
	pg_uuid_t  *ids;
	int			owned_count;
	pg_uuid_t  *owned;

	if (who->actor == NULL)
		return false;
	ids = row_resources(row, &count);
	owned = people_resources_of_owner(tenant, who->actor, &owned_count);
	for (int i = 0; i < count; i++)
		for (int j = 0; j < owned_count; j++)
			if (uuid_equal(&ids[i], &owned[j]))
				return true;
	return false;
}

/* Clients change what they hold, are the customer of or organize (T3, H9). */
static void
check_own(const Change *change, const BookingRow *old, const Context *who)
{
	if (context_is_staff(who) ||
		context_is_actor(who, row_text(old, BK_BOOKED_BY)) ||
		is_own_customer(who, &change->tenant, old) ||
		is_organizer(who, &change->tenant, old))
		return;
	deny("change a booking of somebody else");
}

/* A hold is the holder's: being its organizer is not enough (H9). */
static void
check_holder(const Change *change, const BookingRow *old, const Context *who)
{
	if (context_is_staff(who) ||
		context_is_actor(who, row_text(old, BK_BOOKED_BY)) ||
		is_own_customer(who, &change->tenant, old))
		return;
	deny("change a hold of somebody else");
}

/* A client names as customer nobody but himself. */
static void
check_customer(const Change *change, const BookingRow *row, const Context *who)
{
	const pg_uuid_t *id;
	Customer	customer;

	if (!row_has(row, BK_CUSTOMER_ID))
		return;
	id = row_uuid(row, BK_CUSTOMER_ID);
	if (checks_vouches_for(id))
		return;
	if (!people_find_customer(&change->tenant, id, &customer))
		ereport(ERROR,
				(booking_errcode(ERR_NOT_FOUND),
				 errmsg("customer %s does not exist",
						ids_text(id))));
	if (!context_is_staff(who) && !context_is_actor(who, customer.actor))
		deny("book for another customer");
}

/* ---- the row by itself ---- */

static void
check_json(const BookingRow *row, BookingColumn column, bool object)
{
	Jsonb	   *value;

	if (!row_has(row, column))
		return;
	value = DatumGetJsonbP(row->value[column]);
	if (object ? !JB_ROOT_IS_OBJECT(value) :
		(!JB_ROOT_IS_ARRAY(value) || JB_ROOT_IS_SCALAR(value)))
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("%s must be a JSON %s", booking_columns[column].name,
						object ? "object" : "array")));
	if (VARSIZE(value) > MAX_JSON_BYTES)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("%s must not be larger than %d kB", booking_columns[column].name,
						MAX_JSON_BYTES / 1024)));
}

static void
check_line(const BookingRow *row, BookingColumn column, int max_chars)
{
	if (row_has(row, column))
		text_check_line(booking_columns[column].name, row_text(row, column), max_chars);
}

static void
check_overrides(const BookingRow *row)
{
	ArrayType  *names;

	if (!row_has(row, BK_OVERRIDES))
		return;
	names = DatumGetArrayTypeP(row->value[BK_OVERRIDES]);
	if (ARR_NDIM(names) > 1 || array_contains_nulls(names) || VARSIZE(names) > MAX_OVERRIDES_BYTES)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("overrides must be a short list of names")));
}

/* V5 */
static void
check_form(const BookingRow *old, const BookingRow *row)
{
	if (row_has(row, BK_CONTACT) && (old == NULL || !row_same(old, row, BK_CONTACT)))
		(void) contact_read(DatumGetJsonbP(row->value[BK_CONTACT]));
	check_line(row, BK_TITLE, 200);
	check_line(row, BK_ACTOR, 200);
	check_line(row, BK_CHANNEL, 40);
	check_line(row, BK_CONVERSATION, 200);
	check_line(row, BK_REASON_CODE, 63);
	if (row_has(row, BK_DESCRIPTION))
		text_check_body("description", row_text(row, BK_DESCRIPTION), 10000);
	check_json(row, BK_METADATA, true);
	check_json(row, BK_ATTENDEES, false);
	check_json(row, BK_CHANGE_METADATA, true);
	check_overrides(row);
	money_check(DatumGetNumeric(row->value[BK_PRICE]), row_text(row, BK_CURRENCY));
}

/* ---- holds (H10) ---- */

static void
check_live_holds(const Change *change, const BookingRow *row)
{
	SettingValue limit = checks_setting(SETTING_MAX_LIVE_HOLDS, change,
										row_uuid(row, BK_BRANCH_ID));

	if (!limit.isnull && row_has(row, BK_BOOKED_BY) &&
		bookings_count_live_holds(&change->tenant, row_text(row, BK_BOOKED_BY), change->now,
								  row_uuid(row, BK_ID)) >= limit.integer)
		ereport(ERROR,
				(booking_errcode(ERR_QUOTA_FULL),
				 errmsg("no more than " INT64_FORMAT " holds at a time", limit.integer),
				 errhint("Check out or release one first. The setting is max_live_holds.")));
}

/*
 * A booking that waits for its deposit has the time that deposit_ttl gives it:
 * its customer gets no more by asking, unless it has lapsed and he takes it
 * again.
 */
static void
check_deposit_time(const Change *change, const BookingRow *old, const BookingRow *row)
{
	TimestampTz expires_at = row_time(row, BK_EXPIRES_AT);
	SettingValue limit = checks_setting(SETTING_DEPOSIT_TTL, change,
										row_uuid(row, BK_BRANCH_ID));

	if (expires_at - change->now > limit.interval_us ||
		(deposits_awaited(old) && !checks_lapsed(old, change->now) &&
		 expires_at > row_time(old, BK_EXPIRES_AT)))
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("a booking that waits for its deposit can't be given more time"),
				 errhint("Ask staff. The setting is deposit_ttl.")));
}

static void
check_hold(const Change *change, const BookingRow *old, const BookingRow *row,
		   const Context *who)
{
	TimestampTz expires_at = row_time(row, BK_EXPIRES_AT);
	int64		ttl = config_interval(DatumGetIntervalP(row->value[BK_HOLD_TTL]));
	const pg_uuid_t *branch = row_uuid(row, BK_BRANCH_ID);
	SettingValue limit;

	if (ttl <= 0 || expires_at <= change->now)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("a hold must last longer than no time")));
	if (context_is_staff(who))
		return;
	if (deposits_awaited(row))
	{
		check_deposit_time(change, old, row);
		return;
	}

	limit = checks_setting(SETTING_MAX_HOLD_TTL, change, branch);
	if (!limit.isnull && expires_at - change->now > limit.interval_us)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("a hold may last no longer than %s",
						settings_value_text(SETTING_MAX_HOLD_TTL, &limit)),
				 errhint("The setting is max_hold_ttl.")));
	limit = checks_setting(SETTING_MAX_HOLD_LIFE, change, branch);
	if (!limit.isnull && expires_at - row_time(row, BK_HELD_AT) > limit.interval_us)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("a hold may be refreshed for no longer than %s in all",
						settings_value_text(SETTING_MAX_HOLD_LIFE, &limit)),
				 errhint("The setting is max_hold_life.")));
	check_live_holds(change, row);
}

/* ---- what checkout would demand (K2, L7) ---- */

static void
require_customer(const BookingRow *row)
{
	if (!row_has(row, BK_CUSTOMER_ID) && !row_has(row, BK_CONTACT))
		ereport(ERROR,
				(booking_errcode(ERR_NULL_VALUE),
				 errmsg("a booking that is %s needs a customer", row_text(row, BK_STATUS)),
				 errhint("Set customer_id, or contact for somebody who is no customer yet.")));
}

/* Only an imported booking can. */
static bool
stands_without_customer(const BookingRow *row)
{
	BookingStatus status = row_status(row);

	return status != STATUS_HELD && status != STATUS_WAITLISTED &&
		!row_has(row, BK_CUSTOMER_ID) && !row_has(row, BK_CONTACT);
}

static void
check_committed(const Change *change, const BookingRow *row, const Context *who)
{
	char	   *prompt;

	require_customer(row);
	if (context_is_staff(who))
		return;

	prompt = records_missing_answer(&change->tenant, row_uuid(row, BK_ID),
									row_uuid(row, BK_SERVICE_ID));
	if (prompt != NULL)
		ereport(ERROR,
				(booking_errcode(ERR_ANSWER_REQUIRED),
				 errmsg("a required question has no answer"),
				 errdetail("The question is: %s", prompt)));
	if (row_status(row) == STATUS_CONFIRMED &&
		checks_needs_approval(change, row_uuid(row, BK_BRANCH_ID)))
		ereport(ERROR,
				(booking_errcode(ERR_PERMISSION_DENIED),
				 errmsg("permission denied to confirm a booking that needs approval"),
				 errhint("Leave it pending; staff confirms it.")));
}

/* ---- how long (K11) ---- */

/*
 * Clients book what the service is sold in; staff may book any length.  What
 * was booked once keeps its length also if the service is changed later.
 */
static void
check_length(const Change *change, const BookingRow *old, const BookingRow *new,
			 const Context *who)
{
	const LengthRule *rule = &change->service->length;
	TimeSpan	slot = row_slot(new);
	pg_tz	   *zone = rule->by_nights ? calendar_zone(row_text(new, BK_TIME_ZONE)) : NULL;

	if (context_is_staff(who) || duration_fits(rule, slot, zone))
		return;
	if (old != NULL && row_same(old, new, BK_SERVICE_ID) &&
		(rule->by_nights ?
		 row_same(old, new, BK_STARTS_AT) && row_same(old, new, BK_ENDS_AT) :
		 duration_length(row_slot(old)) == duration_length(slot)))
		return;
	ereport(ERROR,
			(booking_errcode(ERR_BAD_VALUE),
			 rule->by_nights ?
			 errmsg("service \"%s\" can't be booked like this", change->service->name) :
			 errmsg("service \"%s\" can't be booked for %s", change->service->name,
					duration_text(duration_length(slot))),
			 errhint("%s", duration_hint(rule))));
}

/* ---- INSERT ---- */

/*
 * A booking of the past, or from another system, must be well formed; no rule
 * is asked, except that what is still to come has what its service needs (L7).
 */
static void
check_import(const Change *change, const BookingRow *row, const Context *who)
{
	check_form(NULL, row);
	check_line(row, BK_BOOKED_BY, 200);
	policy_check_overrides(row, who);
	check_customer(change, row, who);
	if (row_has(row, BK_REASON_CODE))
		reasons_check_known(&change->tenant, row_text(row, BK_REASON_CODE));
	if (row_int(row, BK_PARTY_SIZE) < 1)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("party_size of a booking must be 1 or more")));
	place_check_needs(change, row);
}

void
checks_insert(Change *change, const BookingRow *row, const Context *who)
{
	BookingStatus status = row_status(row);

	if (who->level == ACCESS_AUDITOR)
		deny("book");
	context_require_actor(who, row_text(row, BK_ACTOR));
	if (change->imported)
	{
		check_import(change, row, who);
		return;
	}
	if (!lifecycle_may_start_in(status))
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_TRANSITION),
				 errmsg("a booking can't start in status \"%s\"", lifecycle_status_name(status)),
				 errhint("It starts as waitlisted, held, pending or confirmed.")));
	check_form(NULL, row);
	check_customer(change, row, who);
	if (row_has(row, BK_REASON_CODE))
		reasons_check(change, NULL, row);
	place_check(change, row, who);
	check_length(change, NULL, row, who);
	waitlist_check(change, row, NULL);
	policy_check(change, row, NULL, who);
	quotas_check(change, row, NULL, who);
	if (change->deposit_verdict == DEPOSIT_AWAITED)
	{
		check_committed(change, row, who);
		if (!context_is_staff(who))
			check_live_holds(change, row);
	}
	else if (status == STATUS_HELD)
		check_hold(change, NULL, row, who);
	else if (status != STATUS_WAITLISTED)
		check_committed(change, row, who);
}

/* ---- UPDATE ---- */

static void
check_untouched(const Change *change, const BookingRow *old, const BookingRow *new)
{
	if (change->stated_version != row_int(old, BK_VERSION) &&
		change->stated_version != row_int(old, BK_VERSION) + 1)
		ereport(ERROR,
				(booking_errcode(ERR_STALE_VERSION),
				 errmsg("the booking has changed: it is at version %d, not %d",
						row_int(old, BK_VERSION), change->stated_version),
				 errhint("Read the booking again and decide anew.")));

	for (int column = 0; column < BK_COLUMN_COUNT; column++)
		if (booking_columns[column].role == COLUMN_KEY && !row_same(old, new, column))
			ereport(ERROR,
					(booking_errcode(ERR_BAD_VALUE),
					 errmsg("column \"%s\" of a booking can't be changed",
							booking_columns[column].name)));
}

static void
invalid_transition(BookingStatus from, BookingStatus to)
{
	ereport(ERROR,
			(booking_errcode(ERR_INVALID_TRANSITION),
			 errmsg("a booking that is %s can't become %s",
					lifecycle_status_name(from), lifecycle_status_name(to)),
			 errhint("SELECT booking.valid_targets('%s') tells what it can become.",
					 lifecycle_status_name(from))));
}

/* From one status to another (L4 to L6). */
static void
check_transition(Change *change, const BookingRow *old, const BookingRow *new,
				 const Context *who)
{
	BookingStatus from = row_status(old);
	BookingStatus to = row_status(new);
	const LifecycleTransition *transition = lifecycle_find(from, to);

	if (transition == NULL)
		invalid_transition(from, to);
	if (transition->restores &&
		(!row_has(old, BK_PREVIOUS_STATUS) ||
		 strcmp(row_text(old, BK_PREVIOUS_STATUS), lifecycle_status_name(to)) != 0))
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_TRANSITION),
				 errmsg("a booking that is %s can't become %s",
						lifecycle_status_name(from), lifecycle_status_name(to)),
				 row_has(old, BK_PREVIOUS_STATUS) ?
				 errhint("It can go back to what it was before: %s.",
						 row_text(old, BK_PREVIOUS_STATUS)) : 0));
	if (!transition->customer_may && !context_is_staff(who))
		ereport(ERROR,
				(booking_errcode(ERR_PERMISSION_DENIED),
				 errmsg("permission denied to make a %s booking %s",
						lifecycle_status_name(from), lifecycle_status_name(to))));
	if (transition->needs_reason ||
		(row_has(new, BK_REASON_CODE) && !row_same(old, new, BK_REASON_CODE)))
		reasons_check(change, old, new);

	if (to == STATUS_PENDING_CANCELLATION && change->now >= row_time(new, BK_STARTS_AT))
		ereport(ERROR,
				(booking_errcode(ERR_REQUEST_EXPIRED),
				 errmsg("it is too late to request the cancellation of the booking"),
				 errdetail("It started at %s.",
						   timestamptz_to_str(row_time(new, BK_STARTS_AT)))));
	if (to == STATUS_NO_SHOW)
	{
		SettingValue grace = checks_setting_of_booking(SETTING_NO_SHOW_GRACE, change, old);

		if (change->now < row_time(new, BK_STARTS_AT) + grace.interval_us)
			ereport(ERROR,
					(booking_errcode(ERR_NO_SHOW_TOO_EARLY),
					 errmsg("it is too early to call the booking a no-show"),
					 errdetail("It starts at %s, and the grace period is %s.",
							   timestamptz_to_str(row_time(new, BK_STARTS_AT)),
							   settings_value_text(SETTING_NO_SHOW_GRACE, &grace)),
					 errhint("The setting is no_show_grace.")));
	}
	if ((to == STATUS_PENDING || to == STATUS_CONFIRMED) &&
		(from == STATUS_HELD || from == STATUS_WAITLISTED))
		check_committed(change, new, who);
}

/*
 * Whether a booking gets resources only because it comes to be of another
 * service: the engine chose them.
 */
static bool
is_given_resources(const Change *change, const BookingRow *old, const BookingRow *new)
{
	int			count;
	const pg_uuid_t *had = row_resources(old, &count);

	if (row_same(old, new, BK_SERVICE_ID) || change->named_count != count)
		return false;
	for (int i = 0; i < count; i++)
		if (!uuid_equal(&had[i], &change->resources[i].id))
			return false;
	return true;
}

/* Whether a change amends what does not touch the slot. */
static bool
changes_terms(const BookingRow *old, const BookingRow *new)
{
	static const BookingColumn terms[] = {
		BK_CUSTOMER_ID, BK_PARTY_SIZE, BK_TITLE, BK_DESCRIPTION, BK_ATTENDEES, BK_METADATA
	};

	for (int i = 0; i < lengthof(terms); i++)
		if (!row_same(old, new, terms[i]))
			return true;
	return false;
}

/* Where a change is allowed (L9). */
static void
check_where(const Change *change, const BookingRow *old, const BookingRow *new,
			const Context *who)
{
	BookingStatus status = row_status(old);
	bool		only_end = row_same(old, new, BK_STARTS_AT) &&
		row_same(old, new, BK_RESOURCE_IDS) && row_same(old, new, BK_UNITS) &&
		row_same(old, new, BK_SERVICE_ID);

	if (checks_moves(old, new))
	{
		if (!lifecycle_may_move(status) &&
			!(lifecycle_may_resize(status) && only_end && context_is_staff(who)))
			ereport(ERROR,
					(booking_errcode(ERR_INVALID_TRANSITION),
					 errmsg("a booking that is %s can't be moved or reassigned",
							lifecycle_status_name(status))));
		if (!row_same(old, new, BK_RESOURCE_IDS) && status != STATUS_HELD &&
			status != STATUS_WAITLISTED && !context_is_staff(who) &&
			!checks_drops_resources(old, new) && !is_given_resources(change, old, new))
			deny("reassign a booking");
	}
	if (status == row_status(new) && !lifecycle_may_move(status) &&
		!lifecycle_is_terminal(status) && changes_terms(old, new))
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_TRANSITION),
				 errmsg("a booking that is %s can't be amended",
						lifecycle_status_name(status))));
	if ((!row_same(old, new, BK_PRICE) || !row_same(old, new, BK_CURRENCY)) &&
		!change->charged && !context_is_staff(who))
		deny("change the price of a booking");
	if (!row_same(old, new, BK_BRANCH_ID) && !checks_moves(old, new) && !context_is_staff(who))
		deny("change the branch of a booking");
}

/* Terminal bookings never change (L9); a note may still be added. */
static void
check_terminal(const BookingRow *old, const BookingRow *new)
{
	for (int column = 0; column < BK_COLUMN_COUNT; column++)
		if (booking_columns[column].role != COLUMN_CHANGE && column != BK_NOTE_COUNT &&
			!row_same(old, new, column))
			ereport(ERROR,
					(booking_errcode(ERR_INVALID_TRANSITION),
					 errmsg("a booking that is %s can't be changed any more",
							row_text(old, BK_STATUS))));
}

/*
 * Whether a change takes an expired hold anew (H5): one that was not swept, or
 * one that was.
 */
static bool
renews_expired(const Change *change, const BookingRow *old, const BookingRow *new)
{
	BookingStatus from = row_status(old);

	if (row_status(new) != STATUS_HELD || change->deposit_verdict == DEPOSIT_AWAITED)
		return false;
	if (from == STATUS_HELD)
		return !row_same(old, new, BK_EXPIRES_AT);
	return from == STATUS_CANCELLED && row_has(old, BK_REASON_CODE) &&
		strcmp(row_text(old, BK_REASON_CODE), "hold_expired") == 0;
}

/* Whether somebody may change bookings at all. */
static void
check_may_change(const BookingRow *new, const Context *who)
{
	if (who->level == ACCESS_AUDITOR)
		deny("change a booking");
	context_require_actor(who, row_text(new, BK_ACTOR));
}

/* ---- undo (U6), and customers that are merged (K3) ---- */

static void
refuse_reverse(char *why)
{
	ereport(ERROR,
			(booking_errcode(ERR_UNDO_STALE),
			 errmsg("the change can't be undone any more"),
			 errdetail_internal("%s", why),
			 errhint("Look at the booking and change it as it should be.")));
}

/*
 * An earlier state is put back.  No rule about times, places or the way from
 * status to status is asked: the booking was as it was.  But what is put back
 * must still make sense, and limits that others count on hold.
 */
static void
check_reverse(Change *change, const BookingRow *old, const BookingRow *new,
			  const Context *who)
{
	const char *booking = ids_text(&change->booking);
	Customer	customer;

	check_may_change(new, who);
	check_own(change, old, who);
	check_untouched(change, old, new);
	managed_check(change, old, new, who);
	if (checks_lapsed(old, change->now))
		refuse_reverse(psprintf("Booking %s is %s, and that expired at %s.", booking,
								row_text(old, BK_STATUS),
								timestamptz_to_str(row_time(old, BK_EXPIRES_AT))));
	if (checks_lapsed(new, change->now))
		refuse_reverse(psprintf("Booking %s was %s, and that expired at %s.", booking,
								row_text(new, BK_STATUS),
								timestamptz_to_str(row_time(new, BK_EXPIRES_AT))));
	if (!row_same(old, new, BK_CUSTOMER_ID) && row_has(new, BK_CUSTOMER_ID) &&
		!people_find_customer(&change->tenant, row_uuid(new, BK_CUSTOMER_ID), &customer))
		refuse_reverse(psprintf("The customer of booking %s does not exist any more.", booking));
	check_form(old, new);
	if (row_status(new) == STATUS_HELD && row_status(old) != STATUS_HELD)
		check_hold(change, old, new, who);
	quotas_check(change, new, old, who);
}

/* A booking that is over may go to the record that is kept, too. */
static void
check_merge(const Change *change, const BookingRow *old, const BookingRow *new,
			const Context *who)
{
	check_may_change(new, who);
	if (!context_is_staff(who))
		deny("merge customers");
	check_untouched(change, old, new);
}

/*
 * What does not depend on where the change leads: who, from what to what, and
 * when.
 */
void
checks_leave(Change *change, const BookingRow *old, const BookingRow *new,
			 const Context *who)
{
	BookingStatus from = row_status(old);
	BookingStatus to = row_status(new);
	bool		renews = renews_expired(change, old, new);
	bool		restores = checks_restores_no_show(old, new);
	bool		awaits = change->deposit_verdict == DEPOSIT_AWAITED;

	check_may_change(new, who);
	check_own(change, old, who);
	if (renews || (from == STATUS_HELD && (awaits || to == STATUS_PENDING || to == STATUS_CONFIRMED)) ||
		(from == STATUS_HELD && to == STATUS_CANCELLED && row_has(new, BK_REASON_CODE) &&
		 strcmp(row_text(new, BK_REASON_CODE), "hold_released") == 0))
		check_holder(change, old, who);
	check_untouched(change, old, new);

	if (from == STATUS_HELD && checks_lapsed(old, change->now) && !renews &&
		!(to == STATUS_CANCELLED && row_has(new, BK_REASON_CODE) &&
		  strcmp(row_text(new, BK_REASON_CODE), "hold_expired") == 0))
		ereport(ERROR,
				(booking_errcode(ERR_HOLD_EXPIRED),
				 errmsg("the hold has expired"),
				 errdetail("It expired at %s.",
						   timestamptz_to_str(row_time(old, BK_EXPIRES_AT))),
				 errhint("booking.refresh_hold() takes the slot again if it is still free.")));

	if ((from == STATUS_PENDING || from == STATUS_PENDING_CANCELLATION) &&
		checks_lapsed(old, change->now) &&
		!(to == STATUS_CANCELLED && row_has(new, BK_REASON_CODE) &&
		  strcmp(row_text(new, BK_REASON_CODE), from == STATUS_PENDING ?
				 "pending_expired" : "request_lapsed") == 0))
		ereport(ERROR,
				(booking_errcode(ERR_REQUEST_EXPIRED),
				 errmsg("the request was not decided in time"),
				 errdetail("It expired at %s.",
						   timestamptz_to_str(row_time(old, BK_EXPIRES_AT)))));

	if (from == STATUS_WAITLISTED && checks_lapsed(old, change->now) &&
		!(to == STATUS_CANCELLED && row_has(new, BK_REASON_CODE) &&
		  strcmp(row_text(new, BK_REASON_CODE), "waitlist_lapsed") == 0))
		ereport(ERROR,
				(booking_errcode(ERR_REQUEST_EXPIRED),
				 errmsg("the time that was waited for is over"),
				 errdetail("It could begin at %s at the latest.",
						   timestamptz_to_str(row_time(old, BK_EXPIRES_AT)))));

	managed_check(change, old, new, who);
	deposits_check(change);
	if (restores)
	{
		if (!context_is_staff(who))
			deny("restore a no-show");
	}
	else if (lifecycle_is_terminal(from) && !renews)
	{
		if (from != to)
			invalid_transition(from, to);
		check_terminal(old, new);
	}
	else if (from != to && !renews)
		check_transition(change, old, new, who);

	if (from == to && row_has(new, BK_REASON_CODE) && !row_same(old, new, BK_REASON_CODE))
		reasons_check(change, old, new);
	check_where(change, old, new, who);
	online_check(change, old, new, who);
}

void
checks_update(Change *change, const BookingRow *old, const BookingRow *new,
			  const Context *who)
{
	BookingStatus from = row_status(old);
	BookingStatus to = row_status(new);
	bool		renews = renews_expired(change, old, new);
	bool		awaits = change->deposit_verdict == DEPOSIT_AWAITED;

	if (change->reverses)
	{
		check_reverse(change, old, new, who);
		return;
	}
	if (change->merges)
	{
		check_merge(change, old, new, who);
		return;
	}
	checks_leave(change, old, new, who);
	check_form(old, new);
	if (!row_same(old, new, BK_CUSTOMER_ID))
		check_customer(change, new, who);
	if (awaits)
		check_committed(change, new, who);
	if ((to != STATUS_HELD || deposits_awaited(new)) && to != STATUS_WAITLISTED &&
		to != STATUS_CANCELLED && !stands_without_customer(old))
		require_customer(new);
	if (to == STATUS_HELD && !awaits && (renews || !row_same(old, new, BK_EXPIRES_AT)))
		check_hold(change, old, new, who);
	if ((checks_moves(old, new) && !checks_gives_back(old, new, change->now)) || renews ||
		!row_same(old, new, BK_PARTY_SIZE) ||
		(lifecycle_is_occupying(to) && !lifecycle_is_occupying(from)))
		place_check(change, new, who);
	else if (checks_drops_resources(old, new))
		place_check_needs(change, new);
	if (checks_moves(old, new))
		check_length(change, old, new, who);
	waitlist_check(change, new, old);
	policy_check(change, new, old, who);
	quotas_check(change, new, old, who);
}
