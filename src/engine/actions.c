/*-------------------------------------------------------------------------
 *
 * actions.c
 *	  What could be done to a booking now (C11).
 *
 * The checks of the guard are asked about changes that are never made: the
 * row as it is, and the row as a command would leave it.  So there is no rule
 * here, and a rule that is added to the checks holds here too.  To make each
 * change and roll it back would say the same with certainty, but every look at
 * a booking would leave dead rows behind and be in the way of others.
 *
 * A check says no by raising an error; each is asked in a subtransaction, which
 * writes nothing and so costs no transaction number.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/resowner.h"

#include "engine/actions.h"
#include "engine/assignment.h"
#include "engine/checks.h"
#include "engine/clock.h"
#include "engine/consequences.h"
#include "engine/deposits.h"
#include "engine/occupancy.h"
#include "engine/promotion.h"
#include "engine/reasons.h"
#include "rules/actors.h"
#include "rules/lifecycle.h"
#include "store/config.h"
#include "store/plan.h"
#include "store/waiting.h"

/* What the questions are about. */
typedef struct Inquiry
{
	Change		change;
	const BookingRow *old;
	const Context *who;
	const char *reason;			/* stands for any that the tenant has */
} Inquiry;

/* Makes a row what a command would leave; false if it leaves it as it is. */
typedef bool (*Alteration) (const Inquiry *inquiry, BookingRow *row);

typedef void (*Check) (Change *change, const BookingRow *old, const BookingRow *new,
					   const Context *who);

/* Whether a change takes a slot that was nobody's, or is not the booking's any more. */
static bool
takes_slot(const Change *change, const BookingRow *old, const BookingRow *new)
{
	return lifecycle_is_occupying(row_status(new)) &&
		(!lifecycle_is_occupying(row_status(old)) || checks_lapsed(old, change->now));
}

/*
 * What the guard checks of a change, and whether the slot is free, as far as
 * can be seen without its keys.
 */
static void
check_whole(Change *change, const BookingRow *old, const BookingRow *new, const Context *who)
{
	bool		takes = takes_slot(change, old, new);

	if (takes)
	{
		pg_uuid_t  *ids = row_resources(new, &change->resource_count);

		change->slot = row_slot(new);
		change->units = row_int(new, BK_UNITS);
		change->named_count = change->resource_count;
		change->resources = config_resources(&change->tenant, ids, change->resource_count);
		change->allocations = occupancy_allocations(change->service, change->resources,
													change->resource_count, change->slot,
													change->units);
	}

	change->locked = takes;		/* the rules of place are for what holds keys */
	checks_update(change, old, new, who);
	for (int i = 0; takes && i < change->resource_count; i++)
		if (!occupancy_is_free(&change->tenant, &change->allocations[i],
							   occupancy_capacity(change->service, &change->resources[i]),
							   &change->booking, change->now))
			ereport(ERROR,
					(booking_errcode(ERR_SLOT_TAKEN),
					 errmsg("the slot is taken")));
}

/* Completes the resources that a booking names to what its service needs. */
static void
choose_resources(Change *change, BookingRow *row, const BookingRow *old, const Context *who)
{
	int			count;
	pg_uuid_t  *ids = row_resources(row, &count);
	const Branch *branch = config_branch(&change->tenant, row_uuid(row, BK_BRANCH_ID));
	Assignment	assignment;

	change->slot = row_slot(row);
	change->units = row_int(row, BK_UNITS);
	if (!assignment_lacks(change, ids, count))
		return;
	assignment = assignment_complete(change, row, old, who, branch, ids, count);
	row_set(row, BK_RESOURCE_IDS,
			PointerGetDatum(store_uuid_array(assignment.ids, assignment.count)));
}

/*
 * Somebody who waits gets the slot that promote() would give him.  How long it
 * is held is the guard's to say.
 */
static void
check_promotion(Change *change, const BookingRow *old, const BookingRow *new,
				const Context *who)
{
	BookingRow	promoted = *new;
	Interval	ttl = {.day = 1};
	Waiting		waiting;
	TimeSpan	slot;

	if (!waiting_read(&change->tenant, &change->booking, &waiting))
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_TRANSITION),
				 errmsg("the booking does not wait")));
	slot = checks_lapsed(old, change->now) ? waiting.slot :
		promotion_slot(&change->tenant, &waiting, change->staff);
	row_set(&promoted, BK_STARTS_AT, TimestampTzGetDatum(slot.from));
	row_set(&promoted, BK_ENDS_AT, TimestampTzGetDatum(slot.until));
	row_set_status(&promoted, promotion_status(&change->tenant, &waiting));
	if (row_status(&promoted) == STATUS_HELD)
	{
		row_set(&promoted, BK_HOLD_TTL, IntervalPGetDatum(&ttl));
		row_set(&promoted, BK_HELD_AT, TimestampTzGetDatum(change->now));
		row_set(&promoted, BK_EXPIRES_AT, TimestampTzGetDatum(change->now + USECS_PER_DAY));
	}
	choose_resources(change, &promoted, old, who);
	check_whole(change, old, &promoted, who);
}

/* The row as a command of the caller's finds it: the last change is not his. */
static BookingRow
row_to_change(const Inquiry *inquiry)
{
	BookingRow	row = *inquiry->old;

	row_clear(&row, BK_OVERRIDES);
	row_clear(&row, BK_CHANGE_METADATA);
	row_clear(&row, BK_ACTOR);
	if (inquiry->who->actor != NULL)
		row_set_text(&row, BK_ACTOR, inquiry->who->actor);
	row_set_text(&row, BK_ACTOR_KIND, actor_kind_name(inquiry->who->kind));
	return row;
}

/* What a change would be refused for; NULL if it would not. */
static const ErrorRow *
obstacle_to(Inquiry *inquiry, const BookingRow *new, Check check)
{
	MemoryContext memory = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;
	Change		change = inquiry->change;	/* what one finds is not the next one's */

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(memory);
	PG_TRY();
	{
		check(&change, inquiry->old, new, inquiry->who);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(memory);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(memory);
	CurrentResourceOwner = owner;

	if (error == NULL)
		return NULL;
	if (!errors_is_answer(error->sqlerrcode))
		ReThrowError(error);
	return errors_row_of(error->sqlerrcode);
}

/* A hold that has expired and was swept. */
static bool
is_expired_hold(const BookingRow *row)
{
	return row_status(row) == STATUS_CANCELLED && row_has(row, BK_REASON_CODE) &&
		strcmp(row_text(row, BK_REASON_CODE), "hold_expired") == 0;
}

/* ---- commands that are a transition ---- */

/* Asks about one edge of the lifecycle. */
static void
ask_transition(Inquiry *inquiry, const LifecycleTransition *edge, Check check,
			   Action *action)
{
	BookingRow	new = row_to_change(inquiry);

	row_set_status(&new, edge->to);
	row_clear(&new, BK_EXPIRES_AT);
	if (edge->needs_reason && inquiry->reason != NULL)
		row_set_text(&new, BK_REASON_CODE, inquiry->reason);
	/* checkout brings a customer along */
	if (edge->action == ACTION_CHECKOUT && !row_has(&new, BK_CUSTOMER_ID) &&
		!row_has(&new, BK_CONTACT))
		row_set(&new, BK_CONTACT,
				DirectFunctionCall1(jsonb_in, CStringGetDatum("{\"name\": \"x\"}")));

	action->needs_reason = edge->needs_reason;
	action->obstacle = obstacle_to(inquiry, &new, check);
	if (action->obstacle == errors_row(ERR_ANSWER_REQUIRED))
		action->obstacle = NULL;	/* and answers */
	(void) consequences_action(&inquiry->change, inquiry->old, &new, &action->reversible);
}

/* A guest who came late: the guard knows this way (C10), the lifecycle doesn't. */
static const LifecycleTransition late_guest = {
	.from = STATUS_NO_SHOW,.to = STATUS_CONFIRMED,.action = ACTION_RESTORE,.reversible = true
};

static bool
guest_came_late(const BookingRow *old)
{
	BookingRow	restored = *old;

	row_set_status(&restored, late_guest.to);
	return checks_restores_no_show(old, &restored);
}

/* Whether a command would go along an edge, as the booking is. */
static bool
leads_along(const BookingRow *old, const LifecycleTransition *edge, LifecycleAction kind)
{
	if (edge->action != kind || edge->from != row_status(old))
		return false;
	/* what waits for its deposit is checked out already */
	if (kind == ACTION_CHECKOUT && deposits_awaited(old))
		return false;
	return !edge->restores ||
		(row_has(old, BK_PREVIOUS_STATUS) &&
		 strcmp(row_text(old, BK_PREVIOUS_STATUS), lifecycle_status_name(edge->to)) == 0);
}

/* What a command is refused for that leads nowhere from the booking's status. */
static const ErrorRow *
obstacle_nowhere(const Inquiry *inquiry, LifecycleAction kind, const ErrorRow *otherwise)
{
	bool		lapsed = checks_lapsed(inquiry->old, inquiry->change.now);

	switch (kind)
	{
		case ACTION_CHECKOUT:
			if (otherwise == errors_row(ERR_PERMISSION_DENIED))
				return otherwise;
			return errors_row(is_expired_hold(inquiry->old) ||
							  (row_status(inquiry->old) == STATUS_HELD && lapsed) ?
							  ERR_HOLD_EXPIRED : ERR_HOLD_NOT_ACTIVE);
		case ACTION_RESTORE:
		case ACTION_PROMOTE:
			/* they look at the status before anything else */
			return errors_row(ERR_INVALID_TRANSITION);
		case ACTION_REQUEST_CANCELLATION:
			/* and so does this one, at whether it was requested already */
			if (row_status(inquiry->old) == STATUS_PENDING_CANCELLATION)
				return errors_row(ERR_INVALID_TRANSITION);
			break;
		default:
			break;
	}
	/* it is there already, or another command leads there */
	return otherwise != NULL ? otherwise : errors_row(ERR_INVALID_TRANSITION);
}

/*
 * Asks about a command of the lifecycle: about the edges from the booking's
 * status, till one can be gone, or about the first there is from any.
 */
static Action
ask_lifecycle(Inquiry *inquiry, LifecycleAction kind)
{
	Action		action = {.command = lifecycle_action_name(kind)};
	Check		check = kind == ACTION_PROMOTE ? check_promotion : check_whole;
	const LifecycleTransition *any = NULL;
	int			count;
	const LifecycleTransition *edges = lifecycle_transitions(&count);
	bool		asked = false;

	for (int i = 0; i < count; i++)
	{
		if (any == NULL && edges[i].action == kind)
			any = &edges[i];
		if (!leads_along(inquiry->old, &edges[i], kind) || (asked && action.obstacle == NULL))
			continue;
		ask_transition(inquiry, &edges[i], check, &action);
		asked = true;
		/* the one edge of many that it leads along is for the check to find */
		if (kind == ACTION_PROMOTE)
			break;
	}
	if (kind == ACTION_RESTORE && guest_came_late(inquiry->old))
	{
		ask_transition(inquiry, &late_guest, check, &action);
		asked = true;
	}
	if (asked)
		return action;

	ask_transition(inquiry, any, checks_leave, &action);
	action.reversible = any->reversible;
	action.obstacle = obstacle_nowhere(inquiry, kind, action.obstacle);
	return action;
}

/* ---- the others ---- */

static bool
refresh(const Inquiry *inquiry, BookingRow *row)
{
	Datum		expires_at;

	if ((row_status(row) != STATUS_HELD && !is_expired_hold(row)) || !row_has(row, BK_HOLD_TTL))
		return false;
	expires_at = DirectFunctionCall2(timestamptz_pl_interval,
									 TimestampTzGetDatum(inquiry->change.now),
									 row->value[BK_HOLD_TTL]);
	row_set_status(row, STATUS_HELD);
	row_clear(row, BK_REASON_CODE);
	row_set(row, BK_EXPIRES_AT, expires_at);
	if (is_expired_hold(inquiry->old))
		row_set(row, BK_HELD_AT, TimestampTzGetDatum(inquiry->change.now));
	return true;
}

static bool
release(const Inquiry *inquiry, BookingRow *row)
{
	if (row_status(row) != STATUS_HELD)
		return false;
	row_set_status(row, STATUS_CANCELLED);
	row_set_text(row, BK_REASON_CODE, "hold_released");
	row_clear(row, BK_EXPIRES_AT);
	return true;
}

/* To the next day; of what has begun, only the end can be moved. */
static bool
reschedule(const Inquiry *inquiry, BookingRow *row)
{
	if (!lifecycle_may_resize(row_status(row)))
		row_set(row, BK_STARTS_AT,
				TimestampTzGetDatum(row_time(row, BK_STARTS_AT) + USECS_PER_DAY));
	row_set(row, BK_ENDS_AT, TimestampTzGetDatum(row_time(row, BK_ENDS_AT) + USECS_PER_DAY));
	return true;
}

/* To a resource that is none: nothing that is asked looks at it. */
static bool
reassign(const Inquiry *inquiry, BookingRow *row)
{
	row_set(row, BK_RESOURCE_IDS,
			PointerGetDatum(store_uuid_array(row_uuid(row, BK_ID), 1)));
	return true;
}

static bool
amend(const Inquiry *inquiry, BookingRow *row)
{
	row_set(row, BK_PARTY_SIZE, Int32GetDatum(row_int(row, BK_PARTY_SIZE) + 1));
	return true;
}

static bool
add_note(const Inquiry *inquiry, BookingRow *row)
{
	row_set(row, BK_NOTE_COUNT, Int32GetDatum(row_int(row, BK_NOTE_COUNT) + 1));
	return true;
}

/* One line a command that is no transition of its own. */
static const struct
{
	const char *command;
	Alteration	alter;
	Check		check;
	BookingError otherwise;		/* if it would change nothing */
}			alterations[] = {
	{"refresh_hold", refresh, check_whole, ERR_HOLD_NOT_ACTIVE},
	{"release_hold", release, check_whole, ERR_HOLD_NOT_ACTIVE},
	{"reschedule", reschedule, checks_leave, ERR_INVALID_TRANSITION},
	{"reassign", reassign, checks_leave, ERR_INVALID_TRANSITION},
	{"amend", amend, checks_leave, ERR_INVALID_TRANSITION},
	{"add_note", add_note, checks_leave, ERR_INVALID_TRANSITION},
};

/*
 * All commands on a booking, whether or not somebody may give them now.  What
 * depends on their arguments, and on other bookings, is left open.  Needs SPI.
 */
Action *
actions_of(const pg_uuid_t *tenant, const BookingRow *booking, const Context *who, int *count)
{
	Action	   *actions = palloc0(sizeof(Action) * (LIFECYCLE_ACTION_COUNT +
													lengthof(alterations)));
	Inquiry		inquiry = {.old = booking,.who = who};
	int			n = 0;

	inquiry.change.tenant = *tenant;
	inquiry.change.booking = *row_uuid(booking, BK_ID);
	inquiry.change.now = clock_now();
	inquiry.change.stated_version = row_int(booking, BK_VERSION);
	inquiry.change.service = config_require_service(tenant, row_uuid(booking, BK_SERVICE_ID));
	inquiry.change.row = inquiry.change.old = booking;
	inquiry.reason = reasons_any(tenant);
	inquiry.change.staff = context_is_staff(who);

	for (int i = 0; i < LIFECYCLE_ACTION_COUNT; i++)
		actions[n++] = ask_lifecycle(&inquiry, (LifecycleAction) i);
	for (int i = 0; i < lengthof(alterations); i++)
	{
		BookingRow	new = row_to_change(&inquiry);
		Action	   *action = &actions[n++];

		action->command = alterations[i].command;
		if (alterations[i].alter(&inquiry, &new))
		{
			action->obstacle = obstacle_to(&inquiry, &new, alterations[i].check);
			(void) consequences_action(&inquiry.change, booking, &new, &action->reversible);
		}
		else
			action->obstacle = errors_row(alterations[i].otherwise);
	}
	*count = n;
	return actions;
}
