/*-------------------------------------------------------------------------
 *
 * errors.h
 *	  The catalogue of errors a client can meet.
 *
 * Raise one with
 *		ereport(ERROR,
 *				(booking_errcode(ERR_NOT_FOUND),
 *				 errmsg("booking %s does not exist", id)));
 *
 * Clients test SQLSTATE, so a row's SQLSTATE never changes once released.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_ERRORS_H
#define BOOKING_ERRORS_H

#include "booking.h"

typedef enum BookingError
{
	/* PostgreSQL's own codes, in our meaning */
	ERR_SLOT_TAKEN,
	ERR_CAPACITY_FULL,
	ERR_BUSY,
	ERR_PERMISSION_DENIED,
	ERR_BAD_VALUE,
	ERR_NULL_VALUE,

	/* ZB0: what was asked can't be understood */
	ERR_INVALID_RANGE,
	ERR_NOT_FOUND,
	ERR_ANSWER_REQUIRED,
	ERR_MIXED_CURRENCY,
	ERR_REASON_REQUIRED,
	ERR_UNKNOWN_SETTING,
	ERR_TENANT_REQUIRED,
	ERR_ACTOR_REQUIRED,
	ERR_INVALID_EMAIL,
	ERR_STORE_OUTDATED,
	ERR_PRICE_CHANGED,
	ERR_TOO_MANY_LOCKS,

	/* ZB1: the booking isn't in the state for it */
	ERR_INVALID_TRANSITION,
	ERR_STALE_VERSION,
	ERR_EXTERNALLY_MANAGED,
	ERR_NO_SHOW_TOO_EARLY,
	ERR_ASSIGNMENT_UNAVAILABLE,
	ERR_DELETE_REFUSED,

	/* ZB2: a rule about time, place or person is against it */
	ERR_IN_PAST,
	ERR_MIN_NOTICE,
	ERR_MAX_ADVANCE,
	ERR_NOTICE_WINDOW,
	ERR_ONLINE_DISABLED,
	ERR_OUTSIDE_HOURS,
	ERR_CLOSED,
	ERR_OFF_GRID,
	ERR_QUOTA_FULL,
	ERR_NOT_ELIGIBLE,

	/* ZB3: what the request leans on is over or never was */
	ERR_HOLD_EXPIRED,
	ERR_HOLD_NOT_ACTIVE,
	ERR_OFFER_NONE,
	ERR_OFFER_MISMATCH,
	ERR_OFFER_EXPIRED,
	ERR_KEY_REUSED,
	ERR_UNDO_UNKNOWN,
	ERR_UNDO_USED,
	ERR_UNDO_EXPIRED,
	ERR_UNDO_STALE,

	/* ZB4: waiting lists and approvals */
	ERR_WAITLIST_FULL,
	ERR_ALREADY_WAITING,
	ERR_SELF_APPROVAL,
	ERR_ROLE_NOT_ALLOWED,
	ERR_REQUEST_EXPIRED,

	/* raised by PostgreSQL itself; listed because a client should retry */
	ERR_SERIALIZATION_FAILURE,
	ERR_DEADLOCK_DETECTED,
	ERR_QUERY_CANCELED
} BookingError;

#define BOOKING_ERROR_COUNT (ERR_QUERY_CANCELED + 1)

/* One row of the catalogue. */
typedef struct ErrorRow
{
	const char *name;
	char		sqlstate[6];
	int			http_status;
	bool		retry;			/* the same request may succeed if repeated */
	const char *message;
} ErrorRow;

extern int	booking_errcode(BookingError error);
extern const ErrorRow *errors_row(BookingError error);
extern const ErrorRow *errors_row_of(int sqlerrcode);
extern bool errors_is_answer(int sqlerrcode);

#endif							/* BOOKING_ERRORS_H */
