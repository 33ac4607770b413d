/*-------------------------------------------------------------------------
 *
 * consequences.c
 *	  What follows from a change of a booking: its service session, its order,
 *	  its history, its side effects, and the worker's next deadline.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "engine/audit.h"
#include "engine/broadcast.h"
#include "engine/checks.h"
#include "engine/consequences.h"
#include "engine/deadlines.h"
#include "engine/deposits.h"
#include "engine/effects.h"
#include "engine/no_shows.h"
#include "engine/pricing.h"
#include "engine/undo.h"
#include "errors.h"
#include "rules/lifecycle.h"
#include "store/config.h"
#include "store/records.h"

/* Whether a booking in this status has (had) a service session. */
static bool
has_session(BookingStatus status)
{
	return status != STATUS_WAITLISTED && status != STATUS_HELD;
}

static bool
reason_is(const BookingRow *row, const char *reason)
{
	return row_has(row, BK_REASON_CODE) && strcmp(row_text(row, BK_REASON_CODE), reason) == 0;
}

/* What the audit trail calls a change. */
const char *
consequences_action(const Change *change, const BookingRow *old, const BookingRow *new,
					bool *reversible)
{
	BookingStatus to = row_status(new);
	BookingStatus from;
	const LifecycleTransition *transition;

	*reversible = false;
	if (old == NULL)
		return to == STATUS_HELD && !deposits_awaited(new) ? "hold" : to == STATUS_WAITLISTED ? "join_waitlist" : "book";

	if (change->reverses)
	{
		*reversible = true;
		return "reverse";
	}
	from = row_status(old);
	if (from != to)
	{
		if (to == STATUS_CANCELLED)
		{
			if (reason_is(new, "hold_expired") || reason_is(new, "pending_expired") ||
				reason_is(new, "request_lapsed") || reason_is(new, "waitlist_lapsed"))
				return "expire";
			if (from == STATUS_HELD && reason_is(new, "hold_released"))
				return "release_hold";
		}
		if (checks_restores_no_show(old, new))
		{
			*reversible = true;
			return lifecycle_action_name(ACTION_RESTORE);
		}
		if (deposits_awaited(old) && to != STATUS_CANCELLED)
			return change->deposit_verdict == DEPOSIT_PAID ? "record_payment" : "confirm";
		transition = lifecycle_find(from, to);
		if (transition == NULL)
			return "refresh_hold";
		*reversible = transition->reversible;
		return lifecycle_action_name(transition->action);
	}

	if (deposits_awaited(new) && !deposits_awaited(old))
		return "checkout";
	if (!row_same(old, new, BK_STARTS_AT) || !row_same(old, new, BK_ENDS_AT) ||
		!row_same(old, new, BK_WANTED))
	{
		*reversible = true;
		return "reschedule";
	}
	if (!row_same(old, new, BK_RESOURCE_IDS))
	{
		*reversible = true;
		return checks_drops_resources(old, new) || !row_same(old, new, BK_SERVICE_ID) ?
			"amend" : "reassign";
	}
	if (to == STATUS_HELD && !row_same(old, new, BK_EXPIRES_AT))
		return "refresh_hold";
	if (!row_same(old, new, BK_NOTE_COUNT))
		return "add_note";
	*reversible = !change->merges;
	return "amend";
}

/* C7.  Returns the session's id in *id, or false when there is none. */
static bool
write_session(const Change *change, const BookingRow *old, const BookingRow *new,
			  pg_uuid_t *id)
{
	const pg_uuid_t *tenant = row_uuid(new, BK_TENANT_ID);
	const pg_uuid_t *booking = row_uuid(new, BK_ID);
	bool		had = old != NULL && has_session(row_status(old));

	if (!has_session(row_status(new)) ||
		(!had && lifecycle_is_terminal(row_status(new)) && !change->imported))
		return had && records_session_id(tenant, booking, id);
	if (had && row_same(old, new, BK_STATUS) && row_same(old, new, BK_STARTS_AT) &&
		row_same(old, new, BK_ENDS_AT) && row_same(old, new, BK_RESOURCE_IDS))
		return records_session_id(tenant, booking, id);

	*id = records_session(tenant, booking, row_status(new), row_slot(new),
						  new->value[BK_RESOURCE_IDS], row_time(new, BK_UPDATED_AT));
	return true;
}

/*
 * The session of a booking that gets back an earlier state: as it was then,
 * moments included.
 */
static bool
restore_session(const BookingRow *old, const BookingRow *new, pg_uuid_t *id)
{
	const pg_uuid_t *tenant = row_uuid(new, BK_TENANT_ID);
	const pg_uuid_t *booking = row_uuid(new, BK_ID);
	BookingStatus to = row_status(new);
	bool		has = records_session_id(tenant, booking, id);

	if (!has_session(to))
	{
		if (has)
			records_drop_session(tenant, booking);
		return false;
	}
	if (!has && lifecycle_is_terminal(to))
		return false;
	if (!has || !row_same(old, new, BK_STATUS) || !row_same(old, new, BK_STARTS_AT) ||
		!row_same(old, new, BK_ENDS_AT) || !row_same(old, new, BK_RESOURCE_IDS))
		*id = records_restore_session(tenant, booking, row_status(old), to, row_slot(new),
									  new->value[BK_RESOURCE_IDS],
									  row_time(new, BK_UPDATED_AT));
	return true;
}

/* What a booking costs is on its order, and follows it (K5). */
static void
write_order(const Change *change, const BookingRow *old, const BookingRow *new)
{
	bool		ordered = old != NULL && row_has(old, BK_ORDER_ID);
	TimestampTz now = row_time(new, BK_UPDATED_AT);
	OrderItem	item;

	if (!row_has(new, BK_ORDER_ID))
		return;
	item.tenant = row_uuid(new, BK_TENANT_ID);
	item.order = row_uuid(new, BK_ORDER_ID);
	item.booking = row_uuid(new, BK_ID);
	item.amount = new->value[BK_PRICE];
	item.tax = new->value[BK_TAX];
	item.deposit = NumericGetDatum(change->deposit_verdict == DEPOSIT_AWAITED ||
								   change->deposit_verdict == DEPOSIT_PAID ?
								   change->deposit : int64_to_numeric(0));
	item.description = ordered && row_same(old, new, BK_SERVICE_ID) ?
		NULL : change->service->name;

	if (!ordered)
	{
		if (!records_order(&item, new->value[BK_CUSTOMER_ID], row_text(new, BK_CURRENCY), now))
			ereport(ERROR,
					(booking_errcode(ERR_MIXED_CURRENCY),
					 errmsg("the order is in another currency or of another customer")));
	}
	else if (row_status(new) == STATUS_CANCELLED)
	{
		if (row_status(old) != STATUS_CANCELLED)
			records_void_item(&item, now);
	}
	else if (row_status(old) == STATUS_CANCELLED)
		records_restore_item(&item, now);
	else if (pricing_changes(old, new) || !row_same(old, new, BK_SERVICE_ID))
	{
		if (!row_same(old, new, BK_CURRENCY))
			ereport(ERROR,
					(booking_errcode(ERR_MIXED_CURRENCY),
					 errmsg("a booking with an order can't change to another currency"),
					 errhint("Cancel it and book anew.")));
		records_change_item(&item, now);
	}
}

/* The order of a booking that gets back an earlier state. */
static void
restore_order(const Change *change, const BookingRow *old, const BookingRow *new)
{
	bool		ordered = row_has(old, BK_ORDER_ID);
	bool		cancelled = row_status(new) == STATUS_CANCELLED;
	TimestampTz now = row_time(new, BK_UPDATED_AT);
	OrderItem	item;

	if (!ordered && !row_has(new, BK_ORDER_ID))
		return;
	item.tenant = row_uuid(new, BK_TENANT_ID);
	item.order = row_has(new, BK_ORDER_ID) ? row_uuid(new, BK_ORDER_ID) :
		row_uuid(old, BK_ORDER_ID);
	item.booking = row_uuid(new, BK_ID);
	item.amount = new->value[BK_PRICE];
	item.tax = new->value[BK_TAX];
	item.description = row_same(old, new, BK_SERVICE_ID) ? NULL : change->service->name;

	if (!row_has(new, BK_ORDER_ID) || cancelled)
		records_void_item(&item, now);
	else if (!ordered || row_status(old) == STATUS_CANCELLED)
		records_restore_item(&item, now);
	else if (pricing_changes(old, new) || !row_same(old, new, BK_SERVICE_ID))
		records_change_item(&item, now);
}

/* booking.notify = inline: NOTIFY with the transaction itself. */
static void
tell_listeners(const BookingRow *new, const char *action)
{
	const Branch *branch = config_branch(row_uuid(new, BK_TENANT_ID),
										 row_uuid(new, BK_BRANCH_ID));
	BroadcastEvent event = {0};

	event.tenant_code = branch->tenant_code;
	event.branch_code = branch->code;
	event.booking_id = *row_uuid(new, BK_ID);
	event.status = row_text(new, BK_STATUS);
	event.version = row_int(new, BK_VERSION);
	event.action = action;
	broadcast_send(&event);
}

/* Writes all that follows from a change; old is NULL for an INSERT. */
void
consequences_write(const Change *change, const BookingRow *old, const BookingRow *new,
				   const Context *who)
{
	bool		reversible;
	const char *action;
	pg_uuid_t	session;
	bool		has = change->reverses ? restore_session(old, new, &session) :
		write_session(change, old, new, &session);

	if (row_has(new, BK_EXPIRES_AT))
		deadlines_note(row_time(new, BK_EXPIRES_AT));
	if (row_status(new) == STATUS_CONFIRMED && change->service != NULL &&
		(old == NULL || row_status(old) != STATUS_CONFIRMED || checks_moves(old, new)))
		deadlines_note(no_shows_due(change, new));
	if (change->imported)
	{
		/* history: nobody is told */
		audit_write(NULL, new, "import", false, who->role, has ? &session : NULL,
					change->overbooked);
		return;
	}

	action = consequences_action(change, old, new, &reversible);

	if (change->reverses)
		restore_order(change, old, new);
	else
		write_order(change, old, new);
	audit_write(old, new, action, reversible, who->role, has ? &session : NULL,
				change->overbooked);
	if (change->reverses)
		effects_reverse(old, new);
	else
		effects_queue(old, new, action);
	deposits_follow(change, old, new, action);
	undo_note_change(new, reversible);

	deadlines_note_change();
	if (broadcast_is_inline())
		tell_listeners(new, action);
}
