/*-------------------------------------------------------------------------
 *
 * waitlist.c
 *	  Waiting for a slot: what a booking that waits must satisfy, and its
 *	  place in the queue (W1, W4).
 *
 * A booking that waits occupies nothing.  It wants exactly its slot, or with
 * "wanted" any slot of its length within that time, and lapses when it is too
 * late for that.  It is in line by joined_at, which stays on the booking
 * whatever becomes of it; whoever wants something else goes to the end.
 *
 * booking.waiting has a row for each of them, kept by the guard, as
 * allocations are.  Who joins takes the key of the branch's queues
 * (locks_add_queue), so that the count is exact and nothing is freed unseen;
 * whom something that was freed is given to, promotion.c says.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/int.h"
#include "utils/builtins.h"

#include "engine/checks.h"
#include "engine/intent.h"
#include "engine/json.h"
#include "engine/occupancy.h"
#include "engine/waitlist.h"
#include "errors.h"
#include "rules/capacity.h"
#include "rules/hours.h"
#include "rules/lifecycle.h"
#include "store/plan.h"
#include "store/waiting.h"

static bool
waits(const BookingRow *row)
{
	return row != NULL && row_status(row) == STATUS_WAITLISTED;
}

/* When the slot of a booking that waits may lie. */
static TimeSpan
wanted_of(const BookingRow *row)
{
	TimeSpan	wanted = row_slot(row);

	if (row_has(row, BK_WANTED))
		(void) store_range_span(row->value[BK_WANTED], &wanted);
	return wanted;
}

/* ---- BEFORE ---- */

/* That a time to choose from is one; only who waits has it. */
void
waitlist_check_wanted(const BookingRow *row, const BookingRow *old)
{
	TimeSpan	wanted;

	if (!row_has(row, BK_WANTED) || (old != NULL && row_same(old, row, BK_WANTED) &&
									 !(waits(row) && waits(old))))
		return;
	if (!waits(row))
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("wanted is for bookings that wait"),
				 errhint("Set it together with the status waitlisted.")));
	if (!store_range_span(row->value[BK_WANTED], &wanted) ||
		TIMESTAMP_NOT_FINITE(wanted.from) || TIMESTAMP_NOT_FINITE(wanted.until))
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_RANGE),
				 errmsg("wanted of a booking must be a finite range that includes its start and excludes its end")));
	hours_check_window(wanted);
	if (wanted.until - wanted.from < row_time(row, BK_ENDS_AT) - row_time(row, BK_STARTS_AT))
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_RANGE),
				 errmsg("the booking does not fit into the time that is wanted")));
}

/* Whether a change puts a booking at the end of a queue. */
bool
waitlist_joins(const BookingRow *row, const BookingRow *old)
{
	if (!waits(row))
		return false;
	return !waits(old) || !row_same(old, row, BK_WANTED) ||
		!row_same(old, row, BK_STARTS_AT) || !row_same(old, row, BK_ENDS_AT) ||
		!row_same(old, row, BK_SERVICE_ID) || !row_same(old, row, BK_BRANCH_ID) ||
		!row_same(old, row, BK_RESOURCE_IDS);
}

/*
 * Takes the keys of the queues it joins: of its branch, and of those that its
 * resources are in.  False when they were to be had without waiting and could
 * not.
 */
bool
waitlist_lock(const Change *change, const BookingRow *row, const Branch *branch)
{
	KeySet		keys = {0};
	int			count;
	pg_uuid_t  *ids = row_resources(row, &count);
	Resource   *resources = config_resources(&change->tenant, ids, count);

	locks_add_queue(&keys, &change->tenant, &branch->id, true);
	for (int i = 0; i < count; i++)
		locks_add_queue(&keys, &change->tenant, &resources[i].branch.id, true);
	return locks_acquire(&keys, NULL);
}

/* An imported booking says itself since when it waits, or since when it is there. */
static void
fill_imported(const Change *change, BookingRow *row)
{
	if (!row_has(row, BK_JOINED_AT))
	{
		if (waits(row))
			row_set(row, BK_JOINED_AT, row_has(row, BK_CREATED_AT) ?
					row->value[BK_CREATED_AT] : TimestampTzGetDatum(change->now));
		return;
	}
	if (TIMESTAMP_NOT_FINITE(row_time(row, BK_JOINED_AT)) ||
		row_time(row, BK_JOINED_AT) > change->now)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("joined_at of a booking must be in the past")));
}

/*
 * Fills in since when a booking waits.  One that is moved to a slot waits for
 * just that.  Staff that promotes out of turn is noted with the change.
 */
void
waitlist_fill(const Change *change, BookingRow *row, const BookingRow *old)
{
	bool		reversed = intent_is(INTENT_REVERSE, &change->tenant, &change->booking);

	if (change->imported)
		fill_imported(change, row);
	else if (!reversed)
	{
		row_clear(row, BK_JOINED_AT);
		if (old != NULL && row_has(old, BK_JOINED_AT))
			row_set(row, BK_JOINED_AT, old->value[BK_JOINED_AT]);
		if (waitlist_joins(row, old))
			row_set(row, BK_JOINED_AT, TimestampTzGetDatum(change->now));
	}
	if (waits(old) && lifecycle_is_occupying(row_status(row)) && !reversed &&
		!intent_is(INTENT_PROMOTE, &change->tenant, &change->booking))
	{
		int			position = waiting_position(&change->tenant, &change->booking, change->now);
		JsonbParseState *state = NULL;
		Jsonb	   *note;

		if (position <= 1)
			return;
		json_begin_object(&state);
		json_add_bool(&state, "out_of_turn", true);
		json_add_int(&state, "waitlist_position", position);
		note = json_end_object(&state);
		row_set(row, BK_CHANGE_METADATA, !row_has(row, BK_CHANGE_METADATA) ?
				JsonbPGetDatum(note) :
				DirectFunctionCall2(jsonb_concat, row->value[BK_CHANGE_METADATA],
									JsonbPGetDatum(note)));
	}
}

/* When it is too late for a booking that waits: no slot starts after that. */
TimestampTz
waitlist_expiry(const BookingRow *row)
{
	TimeSpan	slot = row_slot(row);

	if (!row_has(row, BK_WANTED))
		return slot.from;
	return wanted_of(row).until - (slot.until - slot.from);
}

/* ---- AFTER ---- */

static Queue
queue_of(const Change *change, const BookingRow *row)
{
	return (Queue)
	{
		.tenant = &change->tenant,.service = row_uuid(row, BK_SERVICE_ID),
			.branch = row_uuid(row, BK_BRANCH_ID),.resources = row->value[BK_RESOURCE_IDS],
			.wanted = wanted_of(row)
	};
}

/* What a booking that joins a queue must satisfy. */
void
waitlist_check(const Change *change, const BookingRow *row, const BookingRow *old)
{
	Queue		queue;
	CapacityUse *uses;
	TimeSpan   *spans;
	int			count;
	SettingValue capacity;

	if (!waitlist_joins(row, old) ||
		intent_is(INTENT_REVERSE, &change->tenant, &change->booking))
		return;
	if (row_time(row, BK_EXPIRES_AT) <= change->now)
		ereport(ERROR,
				(booking_errcode(ERR_IN_PAST),
				 errmsg("it is too late to wait for this time"),
				 errdetail("It could begin at %s at the latest.",
						   timestamptz_to_str(row_time(row, BK_EXPIRES_AT)))));

	/* staff without a customer's name is somebody else each time */
	queue = queue_of(change, row);
	if (waiting_already(&queue, row_has(row, BK_CUSTOMER_ID) ? row_uuid(row, BK_CUSTOMER_ID) :
						NULL, change->staff ? NULL : row_text(row, BK_BOOKED_BY),
						&change->booking, change->now))
		ereport(ERROR,
				(booking_errcode(ERR_ALREADY_WAITING),
				 row_has(row, BK_CUSTOMER_ID) ?
				 errmsg("the customer is already waiting for this time") :
				 errmsg("\"%s\" is already waiting for this time", row_text(row, BK_BOOKED_BY)),
				 row_has(row, BK_CUSTOMER_ID) ? 0 :
				 errhint("Name the customer if it is for somebody else.")));

	spans = waiting_in_queue(&queue, &change->booking, change->now, &count);
	uses = palloc(sizeof(CapacityUse) * Max(count, 1));
	for (int i = 0; i < count; i++)
		uses[i] = (CapacityUse) {spans[i], 1};
	capacity = checks_setting(SETTING_WAITLIST_CAPACITY, change, row_uuid(row, BK_BRANCH_ID));
	if (capacity_peak(uses, count, queue.wanted) >= capacity.integer)
		ereport(ERROR,
				(booking_errcode(ERR_WAITLIST_FULL),
				 errmsg("the waiting list is full"),
				 errdetail("No more than " INT64_FORMAT " may wait for the same time.",
						   capacity.integer),
				 errhint("The setting is waitlist_capacity.")));
}

/*
 * What could be occupied if a booking got a slot of what it wants; buffers must
 * not lead out of time.
 */
static TimeSpan
reach_of(const Change *change, const BookingRow *row)
{
	return occupancy_reach(change->service, wanted_of(row));
}

/* Keeps the row of who waits in step. */
void
waitlist_write(const Change *change, const BookingRow *row, const BookingRow *old)
{
	if (waitlist_joins(row, old))
	{
		Queue		queue = queue_of(change, row);

		waiting_put(&queue, &change->booking, reach_of(change, row),
					row_time(row, BK_JOINED_AT));
	}
	else if (waits(old) && !waits(row))
		waiting_remove(&change->tenant, &change->booking);
}
