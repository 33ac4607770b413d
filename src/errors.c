/*-------------------------------------------------------------------------
 *
 * errors.c
 *	  The catalogue of errors a client can meet.
 *
 * Raising and the view booking.error_codes answer from the one table below.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "errors.h"

/* In order of BookingError. */
static const ErrorRow error_rows[] = {
	[ERR_SLOT_TAKEN] = {"SLOT_TAKEN", "23P01", 409, false,
	"the slot is taken"},
	[ERR_CAPACITY_FULL] = {"CAPACITY_FULL", "23P01", 409, false,
	"not enough units are left in the slot"},
	[ERR_BUSY] = {"BUSY", "55P03", 409, true,
	"somebody else is booking this right now"},
	[ERR_PERMISSION_DENIED] = {"PERMISSION_DENIED", "42501", 403, false,
	"the actor may not do this"},
	[ERR_BAD_VALUE] = {"BAD_VALUE", "22023", 400, false,
	"a value is not valid"},
	[ERR_NULL_VALUE] = {"NULL_VALUE", "22004", 400, false,
	"a required value is null"},

	[ERR_INVALID_RANGE] = {"INVALID_RANGE", "ZB001", 400, false,
	"the time range is not valid"},
	[ERR_NOT_FOUND] = {"NOT_FOUND", "ZB002", 404, false,
	"no such row exists, or the actor may not see it"},
	[ERR_ANSWER_REQUIRED] = {"ANSWER_REQUIRED", "ZB003", 422, false,
	"a required question is not answered"},
	[ERR_MIXED_CURRENCY] = {"MIXED_CURRENCY", "ZB004", 422, false,
	"one checkout can't mix currencies"},
	[ERR_REASON_REQUIRED] = {"REASON_REQUIRED", "ZB005", 422, false,
	"the change needs a known reason code"},
	[ERR_UNKNOWN_SETTING] = {"UNKNOWN_SETTING", "ZB006", 400, false,
	"no such setting exists at this level"},
	[ERR_TENANT_REQUIRED] = {"TENANT_REQUIRED", "ZB007", 400, false,
	"the tenant is not known"},
	[ERR_ACTOR_REQUIRED] = {"ACTOR_REQUIRED", "ZB008", 401, false,
	"the actor is not known"},
	[ERR_INVALID_EMAIL] = {"INVALID_EMAIL", "ZB009", 422, false,
	"the e-mail address is not valid"},
	[ERR_STORE_OUTDATED] = {"STORE_OUTDATED", "ZB010", 503, false,
	"the tables do not match the installed version"},
	[ERR_PRICE_CHANGED] = {"PRICE_CHANGED", "ZB011", 409, false,
	"the total differs from the expected one"},
	[ERR_TOO_MANY_LOCKS] = {"TOO_MANY_LOCKS", "ZB012", 413, false,
	"one transaction touches too many resources and days"},

	[ERR_INVALID_TRANSITION] = {"INVALID_TRANSITION", "ZB101", 409, false,
	"the booking's status does not allow this"},
	[ERR_STALE_VERSION] = {"STALE_VERSION", "ZB102", 409, false,
	"the booking has changed since it was read"},
	[ERR_EXTERNALLY_MANAGED] = {"EXTERNALLY_MANAGED", "ZB103", 409, false,
	"the booking is managed by an external calendar"},
	[ERR_NO_SHOW_TOO_EARLY] = {"NO_SHOW_TOO_EARLY", "ZB104", 409, false,
	"the booking's grace period is not over"},
	[ERR_ASSIGNMENT_UNAVAILABLE] = {"ASSIGNMENT_UNAVAILABLE", "ZB105", 409, false,
	"no resource can take the booking"},
	[ERR_DELETE_REFUSED] = {"DELETE_REFUSED", "ZB106", 409, false,
	"the row can't be deleted"},

	[ERR_IN_PAST] = {"IN_PAST", "ZB201", 422, false,
	"the slot is in the past"},
	[ERR_MIN_NOTICE] = {"MIN_NOTICE", "ZB202", 422, false,
	"the slot begins too soon to be booked"},
	[ERR_MAX_ADVANCE] = {"MAX_ADVANCE", "ZB203", 422, false,
	"the slot is too far ahead to be booked"},
	[ERR_NOTICE_WINDOW] = {"NOTICE_WINDOW", "ZB204", 422, false,
	"the booking begins too soon to be changed"},
	[ERR_ONLINE_DISABLED] = {"ONLINE_DISABLED", "ZB205", 422, false,
	"customers can't make this change themselves"},
	[ERR_OUTSIDE_HOURS] = {"OUTSIDE_HOURS", "ZB206", 422, false,
	"the slot is outside opening hours"},
	[ERR_CLOSED] = {"CLOSED", "ZB207", 422, false,
	"the slot falls into a closure"},
	[ERR_OFF_GRID] = {"OFF_GRID", "ZB208", 422, false,
	"the slot is not one the service offers"},
	[ERR_QUOTA_FULL] = {"QUOTA_FULL", "ZB209", 422, false,
	"a quota or limit is used up"},
	[ERR_NOT_ELIGIBLE] = {"NOT_ELIGIBLE", "ZB210", 422, false,
	"the resource can't provide the service"},

	[ERR_HOLD_EXPIRED] = {"HOLD_EXPIRED", "ZB301", 410, false,
	"the hold has expired"},
	[ERR_HOLD_NOT_ACTIVE] = {"HOLD_NOT_ACTIVE", "ZB302", 409, false,
	"the booking is not a live hold"},
	[ERR_OFFER_NONE] = {"OFFER_NONE", "ZB303", 409, false,
	"no offer is pending"},
	[ERR_OFFER_MISMATCH] = {"OFFER_MISMATCH", "ZB304", 409, false,
	"the slot is not among those offered"},
	[ERR_OFFER_EXPIRED] = {"OFFER_EXPIRED", "ZB305", 410, false,
	"the offer has expired"},
	[ERR_KEY_REUSED] = {"KEY_REUSED", "ZB306", 422, false,
	"the idempotency key was used with other arguments"},
	[ERR_UNDO_UNKNOWN] = {"UNDO_UNKNOWN", "ZB307", 404, false,
	"the undo token is not known"},
	[ERR_UNDO_USED] = {"UNDO_USED", "ZB308", 410, false,
	"the undo token has been used"},
	[ERR_UNDO_EXPIRED] = {"UNDO_EXPIRED", "ZB309", 410, false,
	"the undo token has expired"},
	[ERR_UNDO_STALE] = {"UNDO_STALE", "ZB310", 409, false,
	"the booking has changed since the command to undo"},

	[ERR_WAITLIST_FULL] = {"WAITLIST_FULL", "ZB401", 409, false,
	"the waiting list is full"},
	[ERR_ALREADY_WAITING] = {"ALREADY_WAITING", "ZB402", 409, false,
	"the customer is already waiting for this slot"},
	[ERR_SELF_APPROVAL] = {"SELF_APPROVAL", "ZB403", 403, false,
	"nobody may decide their own request, or decide it twice"},
	[ERR_ROLE_NOT_ALLOWED] = {"ROLE_NOT_ALLOWED", "ZB404", 403, false,
	"the step needs another role"},
	[ERR_REQUEST_EXPIRED] = {"REQUEST_EXPIRED", "ZB405", 410, false,
	"the request came or stayed undecided until too late"},

	[ERR_SERIALIZATION_FAILURE] = {"SERIALIZATION_FAILURE", "40001", 503, true,
	"the transaction met a concurrent one"},
	[ERR_DEADLOCK_DETECTED] = {"DEADLOCK_DETECTED", "40P01", 503, true,
	"the transaction and another one waited for each other"},
	[ERR_QUERY_CANCELED] = {"QUERY_CANCELED", "57014", 503, true,
	"the statement was canceled or took too long"},
};

StaticAssertDecl(lengthof(error_rows) == BOOKING_ERROR_COUNT,
				 "every error has a row");

/*
 * The code for errcode(): its SQLSTATE in PostgreSQL's packed form.  To be
 * used where ereport() expects errcode(), which it calls.
 */
int
booking_errcode(BookingError error)
{
	const char *s = error_rows[error].sqlstate;

	return errcode(MAKE_SQLSTATE(s[0], s[1], s[2], s[3], s[4]));
}

/*
 * The catalogue's row of an error that was caught: the first with its
 * SQLSTATE, and BAD_VALUE for any other value that its type does not take.
 * NULL if it is not listed.
 */
const ErrorRow *
errors_row_of(int sqlerrcode)
{
	const char *sqlstate = unpack_sql_state(sqlerrcode);

	for (int i = 0; i < BOOKING_ERROR_COUNT; i++)
		if (strcmp(error_rows[i].sqlstate, sqlstate) == 0)
			return &error_rows[i];
	return ERRCODE_TO_CATEGORY(sqlerrcode) == ERRCODE_DATA_EXCEPTION ?
		&error_rows[ERR_BAD_VALUE] : NULL;
}

/*
 * Whether an error that was caught is the answer to what was asked for, rather
 * than something that keeps the server from giving one.
 */
bool
errors_is_answer(int sqlerrcode)
{
	const ErrorRow *row = errors_row_of(sqlerrcode);

	return row != NULL && row < &error_rows[ERR_SERIALIZATION_FAILURE];
}

/* The catalogue's row of an error. */
const ErrorRow *
errors_row(BookingError error)
{
	return &error_rows[error];
}
