/*-------------------------------------------------------------------------
 *
 * managed.c
 *	  Bookings that an external calendar manages (C4).
 *
 * Where the calendar is the master, a booking is changed there, and the
 * calendar's synchronisation (actor kind calendar) brings it over.  Everybody
 * else may ask for its cancellation, decide such a request, and say what
 * happens on the day; what lapses still lapses.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "engine/checks.h"
#include "engine/managed.h"
#include "errors.h"
#include "rules/lifecycle.h"
#include "store/external_refs.h"

/*
 * Whether a change moves, reassigns or amends a booking.  What goes along with
 * a change of status, and what the guard fills in, is not of that kind.
 */
static bool
changes_subject(const BookingRow *old, const BookingRow *new)
{
	for (int column = 0; column < BK_COLUMN_COUNT; column++)
	{
		if (booking_columns[column].role != COLUMN_SUBJECT &&
			booking_columns[column].role != COLUMN_PRIVATE)
			continue;
		switch ((BookingColumn) column)
		{
			case BK_STATUS:
			case BK_REASON_CODE:
			case BK_EXPIRES_AT:
			case BK_HOLD_TTL:
			case BK_LOCAL_START:
			case BK_ORDER_ID:
				break;
			default:
				if (!row_same(old, new, column))
					return true;
		}
	}
	return false;
}

/*
 * Refuses what only the calendar may change.  A hold is nobody else's yet, so
 * holds pay nothing for this.
 */
void
managed_check(const Change *change, const BookingRow *old, const BookingRow *new,
			  const Context *who)
{
	BookingStatus from = row_status(old);
	BookingStatus to = row_status(new);
	bool		cancels = to == STATUS_CANCELLED && from != STATUS_PENDING_CANCELLATION &&
		!checks_lapsed(old, change->now);
	/* only an undo leads back; that of a decision about a request is staff's too */
	bool		revives = from == STATUS_CANCELLED && to != STATUS_CANCELLED &&
		to != STATUS_PENDING_CANCELLATION;
	char	   *provider;

	if (from == STATUS_HELD || who->kind == ACTOR_CALENDAR ||
		(lifecycle_is_terminal(from) && !change->reverses) ||
		(!cancels && !revives && !changes_subject(old, new)))
		return;
	provider = external_refs_manager(&change->tenant, &change->booking);
	if (provider == NULL)
		return;
	ereport(ERROR,
			(booking_errcode(ERR_EXTERNALLY_MANAGED),
			 errmsg("the booking is managed by an external calendar, \"%s\"", provider),
			 errhint("Change it there, or ask for its cancellation: booking.request_cancellation(booking).")));
}
