/*-------------------------------------------------------------------------
 *
 * lifecycle.c
 *	  The statuses of a booking and the ways between them.
 *
 * The guard on booking.bookings, the SQL functions about statuses and the
 * CHECK that setup() writes all answer from the two tables below.  They hold
 * forward transitions only: undo puts an earlier state back, an expired hold
 * can be taken again under its id (cancelled to held), and so can an automatic
 * no-show whose guest came late (no_show to confirmed); the guard knows them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "errors.h"
#include "lib/stringinfo.h"
#include "rules/lifecycle.h"
#include "rules/text.h"

typedef struct StatusRow
{
	const char *name;
	bool		terminal;		/* no forward transition leaves it */
	bool		occupying;		/* the slot is taken (held: until expires_at) */
	bool		may_start_in;	/* INSERT may set it */
	bool		may_move;		/* slot, resources, units may change */
	bool		may_resize;		/* staff may change the end */
} StatusRow;

/* (L1, L2, L3, L7, L9); columns: terminal, occupying, start, move, resize */
static const StatusRow status_rows[] = {
	[STATUS_WAITLISTED] = {"waitlisted", false, false, true, true, false},
	[STATUS_HELD] = {"held", false, true, true, true, false},
	[STATUS_PENDING] = {"pending", false, true, true, true, false},
	[STATUS_CONFIRMED] = {"confirmed", false, true, true, true, false},
	[STATUS_PENDING_CANCELLATION] = {"pending_cancellation", false, true, false, false, false},
	[STATUS_CHECKED_IN] = {"checked_in", false, true, false, false, true},
	[STATUS_BEING_SERVED] = {"being_served", false, true, false, false, true},
	[STATUS_COMPLETED] = {"completed", true, false, false, false, false},
	[STATUS_NO_SHOW] = {"no_show", true, false, false, false, false},
	[STATUS_CANCELLED] = {"cancelled", true, false, false, false, false},
};

StaticAssertDecl(lengthof(status_rows) == BOOKING_STATUS_COUNT,
				 "every status has a row");

static const char *const action_names[] = {
	[ACTION_CHECKOUT] = "checkout",
	[ACTION_CONFIRM] = "confirm",
	[ACTION_CHECK_IN] = "check_in",
	[ACTION_START_SERVING] = "start_serving",
	[ACTION_COMPLETE] = "complete",
	[ACTION_NO_SHOW] = "no_show",
	[ACTION_CANCEL] = "cancel",
	[ACTION_REQUEST_CANCELLATION] = "request_cancellation",
	[ACTION_RESTORE] = "restore",
	[ACTION_PROMOTE] = "promote",
};

StaticAssertDecl(lengthof(action_names) == LIFECYCLE_ACTION_COUNT,
				 "every action has a name");

/*
 * (L4), sorted by from and to.  Columns after the action: customer_may,
 * needs_reason, reversible, restores.
 */
static const LifecycleTransition transitions[] = {
	{STATUS_WAITLISTED, STATUS_HELD, ACTION_PROMOTE, false, false, true, false},
	{STATUS_WAITLISTED, STATUS_PENDING, ACTION_PROMOTE, false, false, true, false},
	{STATUS_WAITLISTED, STATUS_CONFIRMED, ACTION_PROMOTE, false, false, true, false},
	{STATUS_WAITLISTED, STATUS_CANCELLED, ACTION_CANCEL, true, true, true, false},

	{STATUS_HELD, STATUS_PENDING, ACTION_CHECKOUT, true, false, false, false},
	{STATUS_HELD, STATUS_CONFIRMED, ACTION_CHECKOUT, true, false, false, false},
	{STATUS_HELD, STATUS_CANCELLED, ACTION_CANCEL, true, true, true, false},

	{STATUS_PENDING, STATUS_CONFIRMED, ACTION_CONFIRM, false, false, true, false},
	{STATUS_PENDING, STATUS_PENDING_CANCELLATION, ACTION_REQUEST_CANCELLATION, true, false, true, false},
	{STATUS_PENDING, STATUS_CHECKED_IN, ACTION_CHECK_IN, false, false, true, false},
	{STATUS_PENDING, STATUS_NO_SHOW, ACTION_NO_SHOW, false, true, true, false},
	{STATUS_PENDING, STATUS_CANCELLED, ACTION_CANCEL, true, true, true, false},

	{STATUS_CONFIRMED, STATUS_PENDING_CANCELLATION, ACTION_REQUEST_CANCELLATION, true, false, true, false},
	{STATUS_CONFIRMED, STATUS_CHECKED_IN, ACTION_CHECK_IN, true, false, true, false},
	{STATUS_CONFIRMED, STATUS_COMPLETED, ACTION_COMPLETE, false, false, true, false},
	{STATUS_CONFIRMED, STATUS_NO_SHOW, ACTION_NO_SHOW, false, true, true, false},
	{STATUS_CONFIRMED, STATUS_CANCELLED, ACTION_CANCEL, true, true, true, false},

	{STATUS_PENDING_CANCELLATION, STATUS_PENDING, ACTION_RESTORE, false, false, true, true},
	{STATUS_PENDING_CANCELLATION, STATUS_CONFIRMED, ACTION_RESTORE, false, false, true, true},
	{STATUS_PENDING_CANCELLATION, STATUS_CANCELLED, ACTION_CANCEL, false, true, true, false},

	{STATUS_CHECKED_IN, STATUS_BEING_SERVED, ACTION_START_SERVING, false, false, true, false},
	{STATUS_CHECKED_IN, STATUS_COMPLETED, ACTION_COMPLETE, false, false, true, false},
	{STATUS_CHECKED_IN, STATUS_NO_SHOW, ACTION_NO_SHOW, false, true, true, false},
	{STATUS_CHECKED_IN, STATUS_CANCELLED, ACTION_CANCEL, false, true, true, false},

	{STATUS_BEING_SERVED, STATUS_COMPLETED, ACTION_COMPLETE, false, false, true, false},
	{STATUS_BEING_SERVED, STATUS_CANCELLED, ACTION_CANCEL, false, true, true, false},
};

/* The name under which a status is stored. */
const char *
lifecycle_status_name(BookingStatus status)
{
	return status_rows[status].name;
}

/* The status of that name; false, and nothing set, if there is none. */
static bool
parse_status(const char *name, BookingStatus *status)
{
	for (int i = 0; i < BOOKING_STATUS_COUNT; i++)
	{
		if (strcmp(status_rows[i].name, name) == 0)
		{
			*status = (BookingStatus) i;
			return true;
		}
	}
	return false;
}

/* The status of that name, or an error that lists those there are. */
BookingStatus
lifecycle_status(const char *name)
{
	BookingStatus status;
	StringInfoData known;

	if (parse_status(name, &status))
		return status;

	initStringInfo(&known);
	for (int i = 0; i < BOOKING_STATUS_COUNT; i++)
		appendStringInfo(&known, "%s%s", i > 0 ? ", " : "",
						 status_rows[i].name);
	ereport(ERROR,
			(booking_errcode(ERR_BAD_VALUE),
			 errmsg("status \"%s\" is not known", text_excerpt(name)),
			 errhint("Statuses are %s.", known.data)));
}

/* The name under which an action stands in the audit log. */
const char *
lifecycle_action_name(LifecycleAction action)
{
	return action_names[action];
}

/* Whether no forward transition leaves the status. */
bool
lifecycle_is_terminal(BookingStatus status)
{
	return status_rows[status].terminal;
}

/* Whether the slot is taken; a hold's only until its expires_at. */
bool
lifecycle_is_occupying(BookingStatus status)
{
	return status_rows[status].occupying;
}

/* Whether a new booking may begin in the status. */
bool
lifecycle_may_start_in(BookingStatus status)
{
	return status_rows[status].may_start_in;
}

/* Whether slot, resources and units may still change. */
bool
lifecycle_may_move(BookingStatus status)
{
	return status_rows[status].may_move;
}

/* Whether staff may change the end of a booking that has begun. */
bool
lifecycle_may_resize(BookingStatus status)
{
	return status_rows[status].may_resize;
}

/*
 * The edge between two statuses, or NULL if there is none.  Where the edge
 * says "restores", the caller still has to compare with previous_status.
 */
const LifecycleTransition *
lifecycle_find(BookingStatus from, BookingStatus to)
{
	for (int i = 0; i < (int) lengthof(transitions); i++)
	{
		if (transitions[i].from == from && transitions[i].to == to)
			return &transitions[i];
	}
	return NULL;
}

/* All edges, sorted by from and to. */
const LifecycleTransition *
lifecycle_transitions(int *count)
{
	*count = lengthof(transitions);
	return transitions;
}
