/*-------------------------------------------------------------------------
 *
 * normalise.c
 *	  Bringing a booking into its final form, before it is written.
 *
 * The BEFORE half of booking_guard.c: what a statement left open is filled in,
 * the keys of the resources are taken, the clock is read.  Nothing is written
 * and nothing decided that depends on other rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "engine/assignment.h"
#include "engine/checks.h"
#include "engine/clock.h"
#include "engine/deposits.h"
#include "engine/erasure.h"
#include "engine/intent.h"
#include "engine/locks.h"
#include "engine/normalise.h"
#include "engine/occupancy.h"
#include "engine/pricing.h"
#include "engine/promotion.h"
#include "engine/quotas.h"
#include "engine/waitlist.h"
#include "errors.h"
#include "rules/actors.h"
#include "rules/calendar.h"
#include "rules/duration.h"
#include "rules/ids.h"
#include "rules/lifecycle.h"
#include "rules/money.h"
#include "rules/text.h"
#include "store/plan.h"
#include "store/records.h"

/* How often a choice of resources is made again when others were faster. */
#define MAX_CHOICES 20

void
normalise_require(const BookingRow *row, BookingColumn column)
{
	if (row->isnull[column])
		ereport(ERROR,
				(booking_errcode(ERR_NULL_VALUE),
				 errmsg("%s of a booking must not be null", booking_columns[column].name)));
}

static Datum
empty_object(void)
{
	return DirectFunctionCall1(jsonb_in, CStringGetDatum("{}"));
}

static Interval *
interval_of(int64 microseconds)
{
	Interval   *interval = palloc0(sizeof(Interval));

	interval->time = microseconds;
	return interval;
}

/* ---- who makes the change ---- */

/* The booking of which a change states the overrides. */
static const pg_uuid_t *overriding = NULL;

/*
 * Has the overrides of the change that follows count as stated, even if they
 * are the same as those of the last one.  Returns what was set before; the
 * caller puts that back, after an error too.
 */
const pg_uuid_t *
normalise_state_overrides(const pg_uuid_t *booking)
{
	const pg_uuid_t *previous = overriding;

	overriding = booking;
	return previous;
}

/*
 * Fills in actor, kind, channel and request: from the statement if it states
 * a new request_id, else from the context.  An ORM that writes the whole row
 * back so does not inherit the last actor.
 */
static void
fill_change_columns(BookingRow *row, const BookingRow *old, const Context *context)
{
	bool		stated = row_has(row, BK_REQUEST_ID) &&
		(old == NULL || !row_same(old, row, BK_REQUEST_ID));
	ActorKind	kind = context->kind;

	if (stated)
	{
		if (context->actor_fixed || !row_has(row, BK_ACTOR))
			row_set_text(row, BK_ACTOR, context->actor);
		if (row_has(row, BK_ACTOR_KIND))
		{
			char	   *name = row_text(row, BK_ACTOR_KIND);

			if (!actor_kind_parse(name, &kind))
				ereport(ERROR,
						(booking_errcode(ERR_BAD_VALUE),
						 errmsg("actor kind \"%s\" is not known", text_excerpt(name)),
						 errhint("The kinds are customer, calendar, staff and system.")));
			kind = context_cap_kind(context, kind);
		}
		if (!row_has(row, BK_CHANNEL))
			row_set_text(row, BK_CHANNEL, context->channel);
	}
	else
	{
		pg_uuid_t  *request_id = palloc(sizeof(pg_uuid_t));

		*request_id = context->has_request_id ? context->request_id : ids_new();
		row_set(row, BK_REQUEST_ID, UUIDPGetDatum(request_id));
		row_set_text(row, BK_ACTOR, context->actor);
		row_set_text(row, BK_CHANNEL, context->channel);
	}
	if (old != NULL && row_same(old, row, BK_CHANGE_METADATA))
		row_clear(row, BK_CHANGE_METADATA);
	if (old != NULL && row_same(old, row, BK_OVERRIDES) &&
		!(overriding != NULL && uuid_equal(overriding, row_uuid(row, BK_ID))))
		row_clear(row, BK_OVERRIDES);
	row_set_text(row, BK_ACTOR_KIND, actor_kind_name(kind));
}

/* ---- for whom ---- */

/*
 * Makes sure that the customer a booking comes to refer to stays.  A new
 * booking has locked nothing yet and waits for somebody who removes or changes
 * him; a row that is locked already does not, because customers come first.
 */
static void
keep_customer(const Change *change, const BookingRow *row, bool wait)
{
	const pg_uuid_t *id;
	Customer	customer;

	if (!row_has(row, BK_CUSTOMER_ID) || checks_vouches_for(row_uuid(row, BK_CUSTOMER_ID)))
		return;
	id = row_uuid(row, BK_CUSTOMER_ID);
	wait = wait && locks_wait() == LOCK_WAIT;
	if (!people_share_customer(&change->tenant, id, wait) && !wait &&
		people_find_customer(&change->tenant, id, &customer))
		ereport(ERROR,
				(booking_errcode(ERR_BUSY),
				 errmsg("somebody else is changing the customer right now"),
				 errhint("Try again.")));
}

/* ---- where and when ---- */

static void
load_service(Change *change, const BookingRow *row)
{
	if (change->service != NULL)
		return;
	change->service = config_require_service(&change->tenant, row_uuid(row, BK_SERVICE_ID));
}

/*
 * The branch of a booking: the one it says, that of its first resource, the
 * service's, the context's, or the only one there is.
 */
static const Branch *
find_branch(const Change *change, const BookingRow *row, const Context *context)
{
	int			count;
	const pg_uuid_t *resources = row_resources(row, &count);

	/* a preference is weaker than the service's own branch */
	if (count == 0)
		resources = change->service->has_branch ? NULL : assignment_preferred(&change->booking);
	return context_find_branch(context, &change->tenant, change->service,
							   row_has(row, BK_BRANCH_ID) ? row_uuid(row, BK_BRANCH_ID) : NULL,
							   resources);
}

/*
 * Fills in when a booking that is being inserted starts.  Returns the zone of
 * its branch if the service is sold by nights, which need it, else NULL.
 */
static pg_tz *
fill_start(const Change *change, BookingRow *row, const Context *context)
{
	bool		local = !row_has(row, BK_STARTS_AT) && row_has(row, BK_LOCAL_START);
	pg_tz	   *zone = NULL;
	TimeSpan	wanted;

	/* who wants any slot within a time has the first one until he gets one */
	if (!row_has(row, BK_STARTS_AT) && !local && row_has(row, BK_WANTED) &&
		store_range_span(row->value[BK_WANTED], &wanted))
		row_set(row, BK_STARTS_AT, TimestampTzGetDatum(wanted.from));

	if (local || change->service->length.by_nights)
		zone = calendar_zone(find_branch(change, row, context)->time_zone);
	if (local)
		row_set(row, BK_STARTS_AT,
				TimestampTzGetDatum(calendar_at_local(DatumGetTimestamp(row->value[BK_LOCAL_START]),
													  zone)));
	normalise_require(row, BK_STARTS_AT);
	return zone;
}

static void
set_slot(BookingRow *row, TimeSpan slot)
{
	row_set(row, BK_STARTS_AT, TimestampTzGetDatum(slot.from));
	row_set(row, BK_ENDS_AT, TimestampTzGetDatum(slot.until));
}

/*
 * A statement may say the slot as a range: during, where it leaves starts_at
 * and ends_at open or as they were.
 */
static void
read_during(BookingRow *row, const BookingRow *old)
{
	TimeSpan	slot;

	if (!row_has(row, BK_DURING))
		return;
	if (old == NULL ? row_has(row, BK_STARTS_AT) || row_has(row, BK_LOCAL_START) :
		row_same(old, row, BK_DURING) || !row_same(old, row, BK_STARTS_AT) ||
		!row_same(old, row, BK_ENDS_AT))
		return;
	if (!store_range_span(row->value[BK_DURING], &slot))
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_RANGE),
				 errmsg("during of a booking must be a finite range that includes its start and excludes its end")));
	set_slot(row, slot);
}

/*
 * Gives a booking that is going to be inserted the slot that a duration or a
 * number of nights makes (K11); one of the two is NULL.
 */
void
normalise_set_length(const pg_uuid_t *tenant, BookingRow *row, const Interval *duration,
					 const int32 *nights)
{
	Change		change = {0};
	pg_tz	   *zone;

	change.tenant = *tenant;
	load_service(&change, row);
	zone = fill_start(&change, row, context_get());
	set_slot(row, nights ?
			 duration_of_nights(&change.service->length, row_time(row, BK_STARTS_AT),
								*nights, zone) :
			 duration_of(&change.service->length, row_time(row, BK_STARTS_AT),
						 config_interval(duration)));
}

/* Brings during in step with starts_at and ends_at; refuses what contradicts them. */
static void
fill_during(BookingRow *row, const BookingRow *old)
{
	TimeSpan	slot;

	if (row_has(row, BK_DURING) && (old == NULL || !row_same(old, row, BK_DURING)) &&
		(!store_range_span(row->value[BK_DURING], &slot) ||
		 slot.from != row_time(row, BK_STARTS_AT) || slot.until != row_time(row, BK_ENDS_AT)))
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_RANGE),
				 errmsg("during of a booking contradicts its start and end time"),
				 errhint("Set either during, or starts_at and ends_at.")));
	if (old == NULL || !row_same(old, row, BK_STARTS_AT) || !row_same(old, row, BK_ENDS_AT) ||
		!row_same(old, row, BK_DURING))
		row_set(row, BK_DURING, store_span_range(row_slot(row)));
}

/* Refuses what is no slot (X4). */
static void
check_slot(const BookingRow *row)
{
	if (TIMESTAMP_NOT_FINITE(row_time(row, BK_STARTS_AT)) ||
		TIMESTAMP_NOT_FINITE(row_time(row, BK_ENDS_AT)))
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_RANGE),
				 errmsg("start and end time must be finite")));
	if (row_time(row, BK_STARTS_AT) >= row_time(row, BK_ENDS_AT))
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_RANGE),
				 errmsg("end time must be after start time")));
}

/* An instant later than another, which must stay a time. */
static TimestampTz
shift(TimestampTz instant, int64 by)
{
	TimestampTz result;

	if (pg_add_s64_overflow(instant, by, &result) || !IS_VALID_TIMESTAMP(result))
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_RANGE),
				 errmsg("time out of range")));
	return result;
}

/*
 * The branch a booking comes to be in, by its resources or its own word; NULL
 * when it stays where it was.
 */
static const Branch *
new_branch(const Change *change, const BookingRow *row, const BookingRow *old,
		   const Context *context)
{
	if (change->resource_count > 0 &&
		(!row_has(row, BK_BRANCH_ID) ||
		 (old != NULL && row_same(old, row, BK_BRANCH_ID) &&
		  !row_same(old, row, BK_RESOURCE_IDS)) ||
		 uuid_equal(row_uuid(row, BK_BRANCH_ID), &change->resources[0].branch.id)))
		return &change->resources[0].branch;
	if (old == NULL || !row_same(old, row, BK_BRANCH_ID))
		return find_branch(change, row, context);
	return NULL;
}

/* The branch a booking is going to be in. */
static const Branch *
branch_to_be(const Change *change, const BookingRow *row, const BookingRow *old,
			 const Context *context)
{
	const Branch *branch = new_branch(change, row, old, context);

	return branch ? branch : find_branch(change, row, context);
}

/* Whether a change gives back time, or takes anew what has lapsed. */
static bool
frees_time(const BookingRow *row, const BookingRow *old)
{
	return old != NULL && lifecycle_is_occupying(row_status(old)) &&
		(!lifecycle_is_occupying(row_status(row)) || checks_moves(old, row) ||
		 checks_lapsed(old, clock_now()));
}

/*
 * Takes the keys a change needs, choosing the resources that are not named,
 * and reads the clock.  False when keys were to be had without waiting and
 * could not.
 *
 * A choice is made before its keys are taken.  If others were faster the keys
 * are given back and it is made again, so that keys are always taken in order.
 */
static bool
take_place(Change *change, BookingRow *row, const BookingRow *old, const Context *context,
		   bool occupies)
{
	int			named_count;
	pg_uuid_t  *named = row_resources(row, &named_count);
	const Branch *branch = NULL;
	Assignment	assignment = {named_count, named, named_count, true};
	bool		frees = frees_time(row, old);
	int			waiting = 0;
	bool		complete;

	change->slot = row_slot(row);
	change->units = row_int(row, BK_UNITS);
	(void) occupancy_reach(change->service, change->slot);

	/* with every need named there is nothing to choose; who waits has named a part at most */
	complete = !occupies || change->reverses ||
		(old != NULL && row_status(old) != STATUS_WAITLISTED &&
		 row_same(old, row, BK_RESOURCE_IDS) &&
		 row_same(old, row, BK_SERVICE_ID) && named_count > 0) ||
		!assignment_lacks(change, named, named_count);
	if (!complete)
	{
		branch = find_branch(change, row, context);
		if (!assignment_lock(change, branch))
			return false;
	}

	for (int attempt = 0;; attempt++)
	{
		KeySet		keys = {0};
		KeysTaken	taken;
		const Resource *planned;

		CHECK_FOR_INTERRUPTS();
		if (!complete)
			assignment = assignment_complete(change, row, old, context, branch, named,
										 named_count);
		if (occupies)
		{
			change->resource_count = assignment.count;
			change->resources = config_resources(&change->tenant, assignment.ids,
												 assignment.count);
			quotas_prepare(change, row, old, branch_to_be(change, row, old, context), &keys);
		}
		occupancy_add_keys(&keys, &change->tenant, change->service, assignment.ids,
						   assignment.count, change->slot);
		if (old != NULL && row_has(old, BK_RESOURCE_IDS))
		{
			int			count;
			pg_uuid_t  *ids = row_resources(old, &count);

			occupancy_add_keys(&keys, &change->tenant, change->service, ids, count,
							   row_slot(old));
		}
		if (frees)
			waiting = promotion_add_all_keys(&keys, &change->tenant, old, clock_now());
		if (occupies && row_has(row, BK_BOOKED_BY) &&
			(row_status(row) == STATUS_HELD || !money_is_zero(change->service->deposit)) &&
			!checks_setting(SETTING_MAX_LIVE_HOLDS, change, NULL).isnull)
			locks_add_actor(&keys, &change->tenant, row_text(row, BK_BOOKED_BY));
		if (!locks_acquire(&keys, &taken))
			return false;

		change->now = clock_now();
		change->locked = true;

		/* somebody may have joined meanwhile; from now on nobody does */
		if (frees && attempt < MAX_CHOICES &&
			promotion_add_keys(NULL, &change->tenant, old, change->now) > waiting)
		{
			locks_release(&taken);
			change->locked = false;
			continue;
		}
		if (!occupies)
			return true;

		/* as they are now that nobody else can change them */
		planned = change->resources;
		change->resources = config_resources(&change->tenant, assignment.ids, assignment.count);
		if (occupancy_outgrew_keys(change->slot, planned, change->resources, assignment.count))
		{
			locks_release(&taken);
			change->locked = false;
			continue;
		}
		change->allocations = occupancy_allocations(change->service, change->resources,
													assignment.count, change->slot,
													change->units);
		if (complete || attempt >= MAX_CHOICES || assignment_holds(change, &assignment))
			break;
		locks_release(&taken);
		change->locked = false;
	}

	change->named_count = assignment.named;
	if (!complete)
		assignment_accept(change, branch, &assignment);
	row_set(row, BK_RESOURCE_IDS,
			PointerGetDatum(store_uuid_array(assignment.ids, assignment.count)));
	return true;
}

/* Fills in the branch, its zone and the wall-clock time the slot begins at. */
static void
fill_locality(Change *change, BookingRow *row, const BookingRow *old, const Context *context)
{
	const Branch *branch = new_branch(change, row, old, context);

	if (branch != NULL)
	{
		row_set(row, BK_BRANCH_ID, UUIDPGetDatum(&branch->id));
		row_set_text(row, BK_TIME_ZONE, branch->time_zone);
	}
	row_set(row, BK_LOCAL_START,
			TimestampGetDatum(calendar_to_local(row_time(row, BK_STARTS_AT),
												calendar_zone(row_text(row, BK_TIME_ZONE)))));
}

/* A checkout ends in pending where staff has to confirm it (K4). */
static void
fill_approval(const Change *change, BookingRow *row)
{
	if (checks_asks_for_approval(&change->booking) && row_status(row) == STATUS_CONFIRMED &&
		checks_needs_approval(change, row_uuid(row, BK_BRANCH_ID)))
		row_set_status(row, STATUS_PENDING);
}

/* When the status a booking is entering lapses. */
static void
fill_expiry(Change *change, BookingRow *row, const BookingRow *old)
{
	BookingStatus status = row_status(row);
	bool		entering = old == NULL || row_status(old) != status;

	if (change->deposit_verdict == DEPOSIT_AWAITED)
	{
		int64		ttl = checks_setting(SETTING_DEPOSIT_TTL, change, NULL).interval_us;

		row_set(row, BK_HOLD_TTL, IntervalPGetDatum(interval_of(ttl)));
		row_set(row, BK_EXPIRES_AT, TimestampTzGetDatum(shift(change->now, ttl)));
		return;
	}

	switch (status)
	{
		case STATUS_HELD:
			{
				bool		stated = row_has(row, BK_EXPIRES_AT) &&
					(old == NULL || !row_same(old, row, BK_EXPIRES_AT));
				bool		renewed = !stated &&
					(entering || !row_has(row, BK_EXPIRES_AT) ||
					 !row_same(old, row, BK_HOLD_TTL));

				if (stated && TIMESTAMP_NOT_FINITE(row_time(row, BK_EXPIRES_AT)))
					ereport(ERROR,
							(booking_errcode(ERR_BAD_VALUE),
							 errmsg("expires_at of a hold must be finite")));
				if (stated)
				{
					if (old == NULL || row_same(old, row, BK_HOLD_TTL))
						row_set(row, BK_HOLD_TTL,
								IntervalPGetDatum(interval_of(row_time(row, BK_EXPIRES_AT) -
																change->now)));
				}
				else if (renewed)
				{
					int64		ttl;

					/* not as long as who joined the waiting list would like */
					if (old != NULL && row_status(old) == STATUS_WAITLISTED &&
						row_same(old, row, BK_HOLD_TTL))
						row_set(row, BK_HOLD_TTL,
								IntervalPGetDatum(interval_of(checks_setting(SETTING_WAITLIST_TTL,
																			   change, NULL).interval_us)));
					if (!row_has(row, BK_HOLD_TTL))
						row_set(row, BK_HOLD_TTL,
								IntervalPGetDatum(interval_of(checks_setting(SETTING_HOLD_TTL,
																			   change, NULL).interval_us)));
					ttl = config_interval(DatumGetIntervalP(row->value[BK_HOLD_TTL]));
					row_set(row, BK_EXPIRES_AT, TimestampTzGetDatum(shift(change->now, ttl)));
				}
				/* what was booked at once and waits for its deposit was no hold */
				if (!row_has(row, BK_HELD_AT) &&
					(old == NULL || !deposits_awaited(old) || checks_lapsed(old, change->now)))
					row_set(row, BK_HELD_AT, TimestampTzGetDatum(change->now));
				break;
			}

		case STATUS_PENDING:
			if (entering)
			{
				SettingValue ttl = checks_setting(SETTING_PENDING_TTL, change, NULL);

				if (ttl.isnull)
					row_clear(row, BK_EXPIRES_AT);
				else
					row_set(row, BK_EXPIRES_AT,
							TimestampTzGetDatum(shift(change->now, ttl.interval_us)));
			}
			else
			{
				row->value[BK_EXPIRES_AT] = old->value[BK_EXPIRES_AT];
				row->isnull[BK_EXPIRES_AT] = old->isnull[BK_EXPIRES_AT];
			}
			break;

		case STATUS_PENDING_CANCELLATION:
			row_set(row, BK_EXPIRES_AT, row->value[BK_STARTS_AT]);
			break;

		case STATUS_WAITLISTED:
			row_set(row, BK_EXPIRES_AT, TimestampTzGetDatum(waitlist_expiry(row)));
			break;

		default:
			row_clear(row, BK_EXPIRES_AT);
	}
}

/*
 * What the booking remembers of the status it leaves: the one a request for
 * cancellation can go back to, and of a restored no-show, until it is moved,
 * that it was one.  The reason goes with the status it was given for.
 */
static void
fill_past(BookingRow *row, const BookingRow *old)
{
	BookingStatus from = row_status(old);
	BookingStatus to = row_status(row);

	if (from != to &&
		(to == STATUS_PENDING_CANCELLATION || checks_restores_no_show(old, row)))
		row_set_text(row, BK_PREVIOUS_STATUS, lifecycle_status_name(from));
	else if (from != to || !row_same(old, row, BK_STARTS_AT))
		row_clear(row, BK_PREVIOUS_STATUS);

	if ((from == STATUS_PENDING_CANCELLATION || from == STATUS_NO_SHOW) &&
		(to == STATUS_PENDING || to == STATUS_CONFIRMED) && row_same(old, row, BK_REASON_CODE))
		row_clear(row, BK_REASON_CODE);
}

/* ---- bookings that are imported (L7) ---- */

/* The resources of one that takes none of their time. */
static void
find_resources(Change *change, const BookingRow *row)
{
	const pg_uuid_t *ids = row_resources(row, &change->resource_count);

	change->resources = config_resources(&change->tenant, ids, change->resource_count);
}

/* What an imported booking says of itself, where others have it calculated. */
static void
fill_history(Change *change, BookingRow *row)
{
	bool		taxed = row_has(row, BK_TAX);
	Datum		tax = row->value[BK_TAX];

	if (row_status(row) != STATUS_PENDING_CANCELLATION)
		row_clear(row, BK_PREVIOUS_STATUS);
	else if (!row_has(row, BK_PREVIOUS_STATUS))
		row_set_text(row, BK_PREVIOUS_STATUS, lifecycle_status_name(STATUS_CONFIRMED));
	else if (lifecycle_find(lifecycle_status(row_text(row, BK_PREVIOUS_STATUS)),
							STATUS_PENDING_CANCELLATION) == NULL)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("previous_status of a request for cancellation must be pending or confirmed")));

	if (!row_has(row, BK_CREATED_AT))
		row_set(row, BK_CREATED_AT, TimestampTzGetDatum(change->now));
	if (TIMESTAMP_NOT_FINITE(row_time(row, BK_CREATED_AT)) ||
		row_time(row, BK_CREATED_AT) > change->now)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("created_at of a booking must be in the past")));

	pricing_fill(change, row, NULL, true);
	if (taxed)
	{
		money_check(DatumGetNumeric(tax), row_text(row, BK_CURRENCY));
		row_set(row, BK_TAX, tax);
	}
	row_clear(row, BK_ORDER_ID);
}

/* ---- the whole row ---- */

/*
 * Fills in a booking that is being inserted.  False: leave it out, because the
 * keys were to be had without waiting and could not.
 */
bool
normalise_insert(Change *change, BookingRow *row, const Context *context)
{
	BookingStatus status;
	bool		occupies;
	pg_tz	   *zone;

	/* a client's booking is somebody's, or nobody could see it */
	if (context->actor == NULL && !context_is_staff(context) && context->level != ACCESS_OWNER)
		ereport(ERROR,
				(booking_errcode(ERR_ACTOR_REQUIRED),
				 errmsg("a client's booking needs an actor"),
				 errhint("Call booking.set_context(actor => ...) first.")));
	change->imported = context_imports(context);
	fill_change_columns(row, NULL, context);
	if (!change->imported)
		row_set_text(row, BK_BOOKED_BY, row_text(row, BK_ACTOR));
	if (!row_has(row, BK_CONVERSATION))
		row_set_text(row, BK_CONVERSATION, context->conversation);

	if (change->imported)
		normalise_require(row, BK_STATUS);
	else if (!row_has(row, BK_STATUS))
		row_set_status(row, STATUS_HELD);
	status = row_status(row);
	occupies = lifecycle_is_occupying(status);
	normalise_require(row, BK_SERVICE_ID);
	load_service(change, row);
	keep_customer(change, row, true);

	if (!row_has(row, BK_UNITS))
		row_set(row, BK_UNITS, Int32GetDatum(1));
	if (row_int(row, BK_UNITS) < 1)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("units of a booking must be 1 or more")));
	if (!row_has(row, BK_PARTY_SIZE))
		row_set(row, BK_PARTY_SIZE, Int32GetDatum(change->service->min_party));
	if (!row_has(row, BK_METADATA))
		row_set(row, BK_METADATA, empty_object());
	if (!row_has(row, BK_RESOURCE_IDS))
		row_set(row, BK_RESOURCE_IDS, PointerGetDatum(construct_empty_array(UUIDOID)));

	read_during(row, NULL);
	zone = fill_start(change, row, context);
	if (!row_has(row, BK_ENDS_AT))
		set_slot(row, duration_default(&change->service->length, row_time(row, BK_STARTS_AT),
									   zone));
	check_slot(row);
	fill_during(row, NULL);

	/* what is over takes nothing any more */
	if (change->imported && row_time(row, BK_ENDS_AT) <= clock_now())
		occupies = false;
	waitlist_check_wanted(row, NULL);

	if (occupies && !take_place(change, row, NULL, context, true))
		return false;
	if (waitlist_joins(row, NULL) &&
		!waitlist_lock(change, row, branch_to_be(change, row, NULL, context)))
		return false;
	if (!occupies)
		change->now = clock_now();
	if (change->imported && !occupies)
		find_resources(change, row);
	fill_locality(change, row, NULL, context);
	fill_approval(change, row);

	row_clear(row, BK_HELD_AT);
	if (!change->imported)
		row_clear(row, BK_PREVIOUS_STATUS);
	waitlist_fill(change, row, NULL);
	if (change->imported)
	{
		fill_expiry(change, row, NULL);
		fill_history(change, row);
	}
	else
	{
		pricing_fill(change, row, NULL, context_is_staff(context));
		deposits_fill(change, row, NULL, context_is_staff(context));
		fill_expiry(change, row, NULL);
		pricing_fill_order(change, row, NULL);
		row_set(row, BK_CREATED_AT, TimestampTzGetDatum(change->now));
	}
	row_set(row, BK_VERSION, Int32GetDatum(1));
	row_set(row, BK_NOTE_COUNT, Int32GetDatum(0));
	row_set(row, BK_UPDATED_AT, TimestampTzGetDatum(change->now));
	return true;
}

/*
 * Whether a statement changes anything but who says so and what only the
 * engine may say.
 */
bool
normalise_finds_change(const BookingRow *old, const BookingRow *new)
{
	for (int column = 0; column < BK_COLUMN_COUNT; column++)
	{
		ColumnRole	role = booking_columns[column].role;

		if ((role == COLUMN_CHANGE && column != BK_VERSION) ||
			(role == COLUMN_ENGINE && !store_writing_derived()) ||
			(role == COLUMN_DERIVED && new->isnull[column]))
			continue;
		if (!row_same(old, new, column))
			return true;
	}
	return false;
}

/*
 * The same for one that gets back an earlier state: all of it stands in the row
 * and is taken as it was, but for who makes the change and when.
 */
static bool
normalise_reverse(Change *change, BookingRow *row, const BookingRow *old,
				  const Context *context)
{
	BookingStatus to = row_status(row);
	bool		occupied = lifecycle_is_occupying(row_status(old));
	bool		occupies = lifecycle_is_occupying(to);

	change->stated_version = row_int(row, BK_VERSION);
	row_set(row, BK_VERSION, Int32GetDatum(row_int(old, BK_VERSION) + 1));
	fill_change_columns(row, old, context);
	row_clear(row, BK_DURING);
	fill_during(row, old);
	load_service(change, row);
	if (!row_same(old, row, BK_CUSTOMER_ID))
		keep_customer(change, row, false);
	/* as if it had been restored, or it would be a no-show again at once */
	if (checks_restores_no_show(old, row))
		row_set_text(row, BK_PREVIOUS_STATUS, lifecycle_status_name(STATUS_NO_SHOW));

	if (!occupied && !occupies)
		change->now = clock_now();
	else if (!take_place(change, row, old, context, occupies || to == STATUS_COMPLETED))
		return false;
	change->moves_away = occupied &&
		(occupies ? checks_moves(old, row) : to != STATUS_COMPLETED);
	row_set(row, BK_UPDATED_AT, TimestampTzGetDatum(change->now));
	return true;
}

/* Fills in a booking that is being changed; false as above. */
bool
normalise_update(Change *change, BookingRow *row, const BookingRow *old,
				 const Context *context)
{
	static const BookingColumn kept[] = {
		BK_PREVIOUS_STATUS, BK_HELD_AT, BK_BOOKED_BY, BK_CREATED_AT, BK_TIME_ZONE
	};
	BookingStatus from = row_status(old);
	BookingStatus to;
	bool		occupied = lifecycle_is_occupying(from);
	bool		occupies;
	bool		needs_place;

	change->reverses = intent_is(INTENT_REVERSE, &change->tenant, &change->booking);
	if (change->reverses)
		return normalise_reverse(change, row, old, context);

	normalise_require(row, BK_STATUS);
	normalise_require(row, BK_SERVICE_ID);
	normalise_require(row, BK_VERSION);
	normalise_require(row, BK_UNITS);
	normalise_require(row, BK_PARTY_SIZE);
	normalise_require(row, BK_METADATA);
	normalise_require(row, BK_BRANCH_ID);
	normalise_require(row, BK_PRICE);
	normalise_require(row, BK_CURRENCY);
	normalise_require(row, BK_NOTE_COUNT);
	if (row_int(row, BK_UNITS) < 1)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("units of a booking must be 1 or more")));
	to = row_status(row);
	occupies = lifecycle_is_occupying(to);
	change->merges = erasure_merges(old, row);
	if (!change->merges && !row_same(old, row, BK_CUSTOMER_ID))
		keep_customer(change, row, false);

	change->stated_version = row_int(row, BK_VERSION);
	row_set(row, BK_VERSION, Int32GetDatum(row_int(old, BK_VERSION) + 1));
	fill_change_columns(row, old, context);
	for (int i = 0; i < lengthof(kept); i++)
	{
		row->value[kept[i]] = old->value[kept[i]];
		row->isnull[kept[i]] = old->isnull[kept[i]];
	}
	if (!store_writing_derived())
		row->value[BK_NOTE_COUNT] = old->value[BK_NOTE_COUNT];
	read_during(row, old);

	/* moved by wall-clock time: the slot keeps its length */
	if (row_same(old, row, BK_STARTS_AT) && row_has(row, BK_LOCAL_START) &&
		!row_same(old, row, BK_LOCAL_START))
	{
		const Branch *branch = config_branch(&change->tenant, row_uuid(old, BK_BRANCH_ID));
		pg_tz	   *zone = calendar_zone(branch ? branch->time_zone :
										 row_text(old, BK_TIME_ZONE));
		TimestampTz starts_at =
			calendar_at_local(DatumGetTimestamp(row->value[BK_LOCAL_START]), zone);

		load_service(change, row);
		if (row_same(old, row, BK_ENDS_AT))
			set_slot(row, duration_moved(&change->service->length, row_slot(old), starts_at, zone));
		else
			row_set(row, BK_STARTS_AT, TimestampTzGetDatum(starts_at));
	}
	normalise_require(row, BK_STARTS_AT);
	normalise_require(row, BK_ENDS_AT);
	check_slot(row);
	fill_during(row, old);
	if (!row_has(row, BK_RESOURCE_IDS))
		row_set(row, BK_RESOURCE_IDS, PointerGetDatum(construct_empty_array(UUIDOID)));

	/* who waits and says another slot wants just that */
	if (from == STATUS_WAITLISTED && to == STATUS_WAITLISTED &&
		row_same(old, row, BK_WANTED) &&
		(!row_same(old, row, BK_STARTS_AT) || !row_same(old, row, BK_ENDS_AT)))
		row_clear(row, BK_WANTED);
	waitlist_check_wanted(row, old);

	needs_place = occupied != occupies ||
		(occupies && (!row_same(old, row, BK_CUSTOMER_ID) ||
					  !row_same(old, row, BK_BRANCH_ID))) ||
		((occupied || occupies) &&
		 (checks_moves(old, row) || row_has(old, BK_EXPIRES_AT) ||
		  !row_same(old, row, BK_EXPIRES_AT) ||
		  (from != to && (to == STATUS_PENDING || to == STATUS_PENDING_CANCELLATION))));
	/* neither takes a record of a customer time, nor does it count against his quotas */
	if (change->merges)
		needs_place = false;
	if (needs_place || from != to || checks_moves(old, row) ||
		!row_same(old, row, BK_PARTY_SIZE) || !row_same(old, row, BK_PRICE) ||
		!row_same(old, row, BK_CURRENCY) || waitlist_joins(row, old))
		load_service(change, row);

	/* work for others doesn't wait for the order it is going to change either */
	if (locks_wait() == LOCK_OR_SKIP && to == STATUS_CANCELLED && row_has(old, BK_ORDER_ID) &&
		!records_lock_order(&change->tenant, row_uuid(old, BK_ORDER_ID), false))
		return false;
	if (needs_place)
	{
		if (!take_place(change, row, old, context, occupies || to == STATUS_COMPLETED))
			return false;
	}
	else
	{
		if (waitlist_joins(row, old) &&
			!waitlist_lock(change, row, branch_to_be(change, row, old, context)))
			return false;
		change->now = clock_now();
	}
	change->moves_away = occupied &&
		(occupies ? checks_moves(old, row) : to != STATUS_COMPLETED);
	if (!row_same(old, row, BK_BRANCH_ID) || checks_moves(old, row))
		fill_locality(change, row, old, context);
	else
	{
		row->value[BK_LOCAL_START] = old->value[BK_LOCAL_START];
		row->isnull[BK_LOCAL_START] = old->isnull[BK_LOCAL_START];
	}
	/* what goes on again is not over for a reason any more */
	if (lifecycle_is_terminal(from) && !lifecycle_is_terminal(to) &&
		row_same(old, row, BK_REASON_CODE))
		row_clear(row, BK_REASON_CODE);
	fill_approval(change, row);
	fill_past(row, old);
	waitlist_fill(change, row, old);
	pricing_fill(change, row, old, context_is_staff(context));
	deposits_fill(change, row, old, context_is_staff(context));
	fill_expiry(change, row, old);
	pricing_fill_order(change, row, old);
	row_set(row, BK_UPDATED_AT, TimestampTzGetDatum(change->now));
	return true;
}

/*
 * Whether, brought into its final form, the row says what it said before: the
 * statement has set no more than what the status doesn't let it set.  A hold
 * that is renewed by nobody who may is to be refused, be it for the same time.
 * Who is chosen again because it is his turn has had it.
 */
bool
normalise_left_nothing(const Change *change, const BookingRow *old, const BookingRow *new)
{
	if (change->stated_version != row_int(old, BK_VERSION) || row_status(new) == STATUS_HELD ||
		change->turn_count > 0)
		return false;
	for (int column = 0; column < BK_COLUMN_COUNT; column++)
		if (booking_columns[column].role != COLUMN_CHANGE && !row_same(old, new, column))
			return false;
	return true;
}
