/*-------------------------------------------------------------------------
 *
 * booking_guard.c
 *	  The triggers of booking.bookings: every change of a booking, by whatever
 *	  client, goes through here.
 *
 * BEFORE normalises (normalise.c): it fills in what the statement left open,
 * takes the keys of the resources and reads the clock.  It writes nothing and
 * decides nothing that depends on other rows, because it also runs for rows
 * that are never written (ON CONFLICT).  What it can't make sense of by itself
 * (no start, an end before the start) is refused here, because the table's
 * own constraints would do it otherwise, in worse words.
 *
 * AFTER decides (checks.c), takes or gives back time on resources
 * (occupancy.c) and writes what follows (consequences.c).
 *
 * Order of locks: the row (an UPDATE has it before any trigger runs), then
 * the keys in one sorted set, then allocations.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "engine/assignment.h"
#include "engine/checks.h"
#include "engine/consequences.h"
#include "engine/context.h"
#include "engine/erasure.h"
#include "engine/intent.h"
#include "engine/normalise.h"
#include "engine/occupancy.h"
#include "engine/pending.h"
#include "engine/policy_check.h"
#include "engine/promotion.h"
#include "engine/waitlist.h"
#include "errors.h"
#include "rules/actors.h"
#include "rules/ids.h"
#include "rules/lifecycle.h"
#include "store/bookings.h"
#include "store/plan.h"
#include "store/store_state.h"
#include "store/waiting.h"

PG_FUNCTION_INFO_V1(booking_booking_guard);

/* ---- BEFORE ---- */

/* The row to write instead of the statement's; NULL to leave it alone. */
static HeapTuple
before_row(TriggerData *trigger)
{
	bool		update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
	Relation	relation = trigger->tg_relation;
	HeapTuple	tuple = update ? trigger->tg_newtuple : trigger->tg_trigtuple;
	MemoryContext caller_memory = CurrentMemoryContext;
	MemoryContext spi_memory;
	BookingRow	row;
	BookingRow	old;
	const Context *context;
	Change	   *change;
	pg_uuid_t	id;
	bool		written;
	bool		nothing;

	store_connect();
	spi_memory = CurrentMemoryContext;
	bookings_read(relation, tuple, &row);
	if (update)
	{
		bookings_read(relation, trigger->tg_trigtuple, &old);
		if (erasure_blanks(&old, &row))
		{
			store_finish();
			return tuple;
		}
		if (!normalise_finds_change(&old, &row))
		{
			/* who says nothing is not the last to have changed it */
			MemoryContextSwitchTo(caller_memory);
			tuple = bookings_write(relation, tuple, &old);
			store_finish();
			return tuple;
		}
		normalise_require(&row, BK_TENANT_ID);
		normalise_require(&row, BK_ID);
	}

	context = context_get();
	if (!row_has(&row, BK_TENANT_ID))
		row_set(&row, BK_TENANT_ID, UUIDPGetDatum(context_tenant(NULL)));
	else
		context_tenant(row_uuid(&row, BK_TENANT_ID));
	id = row_has(&row, BK_ID) ? *row_uuid(&row, BK_ID) : ids_new();
	row_set(&row, BK_ID, UUIDPGetDatum(&id));

	change = pending_begin(row_uuid(&row, BK_TENANT_ID), &id);
	MemoryContextSwitchTo(change->memory);
	written = update ? normalise_update(change, &row, &old, context) :
		normalise_insert(change, &row, context);
	nothing = update && written && normalise_left_nothing(change, &old, &row);
	if (written)
		change->status = row_status(&row);

	MemoryContextSwitchTo(caller_memory);
	tuple = written ? bookings_write(relation, tuple, nothing ? &old : &row) : NULL;
	MemoryContextSwitchTo(spi_memory);
	if (!written || nothing)
		pending_done(pending_take(&change->tenant, &id));
	store_finish();
	return tuple;
}

/* ---- AFTER ---- */

/*
 * The context as the row's change columns claim it: somebody of staff who
 * acts for a customer has that customer's rights.
 */
static Context *
who_changes(const BookingRow *row)
{
	Context    *who = palloc(sizeof(Context));
	ActorKind	kind = ACTOR_CUSTOMER;

	*who = *context_get();
	actor_kind_parse(row_text(row, BK_ACTOR_KIND), &kind);
	who->kind = kind;
	who->actor = row_text(row, BK_ACTOR);
	who->acting = kind == ACTOR_CUSTOMER && who->level > ACCESS_CLIENT ?
		ACCESS_CLIENT : who->level;
	return who;
}

/*
 * Whether what BEFORE prepared is about the row that was written: somebody
 * else's trigger may have changed it in between.
 */
static bool
still_fits(const Change *change, const BookingRow *old, const BookingRow *row)
{
	BookingStatus status = row_status(row);
	int			count;
	pg_uuid_t  *resources;
	TimeSpan	during;

	if (!store_range_span(row->value[BK_DURING], &during) ||
		during.from != row_time(row, BK_STARTS_AT) || during.until != row_time(row, BK_ENDS_AT))
		return false;

	/* a status that nothing starts in is checks.c's to refuse */
	if (change->status != status && (old != NULL || lifecycle_may_start_in(status)))
		return false;
	if (change->service == NULL)
		return row_same(old, row, BK_PARTY_SIZE) && !checks_moves(old, row);
	if (!uuid_equal(&change->service->id, row_uuid(row, BK_SERVICE_ID)))
		return false;
	if (!change->locked)
		return old == NULL || !lifecycle_is_occupying(status) || !checks_moves(old, row);
	if (change->slot.from != row_time(row, BK_STARTS_AT) ||
		change->slot.until != row_time(row, BK_ENDS_AT) ||
		change->units != row_int(row, BK_UNITS))
		return false;
	if (change->resource_count == 0)
		return true;
	if (change->has_customer != row_has(row, BK_CUSTOMER_ID) ||
		(change->has_customer &&
		 !uuid_equal(&change->customer, row_uuid(row, BK_CUSTOMER_ID))) ||
		(change->quota_count > 0 &&
		 !uuid_equal(&change->quota_branch, row_uuid(row, BK_BRANCH_ID))))
		return false;

	resources = row_resources(row, &count);
	if (count != change->resource_count)
		return false;
	for (int i = 0; i < count; i++)
		if (!uuid_equal(&resources[i], &change->resources[i].id))
			return false;
	return true;
}

/* The change that BEFORE prepared; without one that fits, an error. */
static Change *
change_of(const BookingRow *row, const BookingRow *old)
{
	const pg_uuid_t *tenant = row_uuid(row, BK_TENANT_ID);
	const pg_uuid_t *id = row_uuid(row, BK_ID);
	Change	   *change = pending_take(tenant, id);

	if (change == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("the booking was changed without its guard"),
				 errhint("Triggers on booking.bookings must not be disabled.")));
	if (!still_fits(change, old, row))
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("another trigger changed the booking after its guard"),
				 errhint("Give the trigger a name that sorts before \"booking_guard\".")));
	return change;
}

static void
after_insert(const BookingRow *row)
{
	Change	   *change = change_of(row, NULL);
	Context    *who = who_changes(row);

	change->row = row;
	change->staff = context_is_staff(who);
	change->may_overbook = change->staff && policy_overrides(row, "overbook");
	checks_insert(change, row, who);
	if (lifecycle_is_occupying(row_status(row)) && change->locked)
		occupancy_take(change, row_has(row, BK_EXPIRES_AT) ?
					   row_time(row, BK_EXPIRES_AT) : DT_NOEND);
	waitlist_write(change, row, NULL);
	assignment_write_turns(change);
	consequences_write(change, NULL, row, who);
	bookings_note_result(row);
	pending_done(change);
}

/* Brings what a booking occupies from the old to the new row. */
static void
update_occupancy(Change *change, const BookingRow *old, const BookingRow *new)
{
	bool		occupied = lifecycle_is_occupying(row_status(old));
	bool		occupies = lifecycle_is_occupying(row_status(new));
	TimestampTz expires_at = row_has(new, BK_EXPIRES_AT) ?
		row_time(new, BK_EXPIRES_AT) : DT_NOEND;

	/* who waits comes before a hold that lapsed and is to be taken again */
	if (occupied && occupies && checks_lapsed(old, change->now) &&
		waiting_until(&change->tenant) > change->now)
	{
		allocations_delete(&change->tenant, &change->booking);
		promotion_now(change, old);
	}

	if (occupies)
	{
		if (checks_gives_back(old, new, change->now) && !change->moved_out)
			occupancy_give_back(change, expires_at);
		else if (!occupied || checks_moves(old, new) || checks_lapsed(old, change->now))
			occupancy_retake(change, expires_at);
		else if (!row_same(old, new, BK_EXPIRES_AT) &&
				 allocations_set_expiry(&change->tenant, &change->booking,
										expires_at) != change->resource_count)
			occupancy_retake(change, expires_at);
	}
	else if (row_status(new) == STATUS_COMPLETED)
		occupancy_keep_cleanup(change);
	else
		allocations_delete(&change->tenant, &change->booking);

	if (occupied && (!occupies || checks_moves(old, new)))
		promotion_note_freed(change, old);
}

static void
after_update(const BookingRow *old, const BookingRow *row)
{
	Change	   *change;
	Context    *who;

	if (row_int(old, BK_VERSION) == row_int(row, BK_VERSION) &&
		(!normalise_finds_change(old, row) || erasure_blanks(old, row)))
		return;
	change = change_of(row, old);
	who = who_changes(row);

	change->row = row;
	change->old = old;
	change->staff = context_is_staff(who);
	change->may_overbook = change->staff && policy_overrides(row, "overbook");
	checks_update(change, old, row, who);
	if (change->locked)
		update_occupancy(change, old, row);
	waitlist_write(change, row, old);
	assignment_write_turns(change);
	consequences_write(change, old, row, who);
	bookings_note_result(row);
	pending_done(change);
}

static void
after_row(TriggerData *trigger)
{
	BookingRow	row;
	BookingRow	old;

	store_connect();
	store_require();
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
	{
		bookings_read(trigger->tg_relation, trigger->tg_newtuple, &row);
		bookings_read(trigger->tg_relation, trigger->tg_trigtuple, &old);
		after_update(&old, &row);
	}
	else
	{
		bookings_read(trigger->tg_relation, trigger->tg_trigtuple, &row);
		after_insert(&row);
	}
	store_finish();
}

/* Rows go only where what is old is removed. */
static void
check_delete(void)
{
	if (store_writing_derived() && intent_is_any(INTENT_PURGE))
		return;
	ereport(ERROR,
			(booking_errcode(ERR_DELETE_REFUSED),
			 errmsg("bookings can't be deleted"),
			 errhint("Cancel them: booking.cancel(booking, reason).")));
}

/*
 * booking.booking_guard(): BEFORE and AFTER each row, and AFTER each statement
 * on booking.bookings.
 */
Datum
booking_booking_guard(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("booking.booking_guard() is a trigger function")));

	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event) ||
		(TRIGGER_FIRED_BY_DELETE(trigger->tg_event) &&
		 TRIGGER_FIRED_FOR_ROW(trigger->tg_event)))
		check_delete();
	else if (TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event))
	{
		pending_end_statement();
		promotion_end_statement();
	}
	else if (TRIGGER_FIRED_BEFORE(trigger->tg_event))
		return PointerGetDatum(before_row(trigger));
	else
		after_row(trigger);
	return PointerGetDatum(NULL);
}
