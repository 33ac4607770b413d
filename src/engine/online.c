/*-------------------------------------------------------------------------
 *
 * online.c
 *	  What customers may do by themselves to a booking that stands: cancel it,
 *	  move it, check in.
 *
 * Part of checks.c: called in AFTER, with the keys of the change held.  None
 * of this binds staff or a calendar.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "engine/checks.h"
#include "engine/online.h"
#include "errors.h"
#include "rules/lifecycle.h"
#include "store/records.h"

/* How often a customer has moved a booking so far (C3). */
static void
check_moves_left(const SettingValue *limit, const PastMoves *moves)
{
	if (!limit->isnull && moves->by_customer >= limit->integer)
		ereport(ERROR,
				(booking_errcode(ERR_QUOTA_FULL),
				 limit->integer == 0 ? errmsg("customers can't move this booking") :
				 errmsg("the booking has been moved as often as customers may (" INT64_FORMAT ")",
						limit->integer),
				 errhint("Ask staff. The setting is max_reschedules.")));
}

/* A customer may check in by himself for a while around the start (C1). */
static void
check_arrival(const Change *change, const BookingRow *row)
{
	SettingValue window = checks_setting_of_booking(SETTING_CHECK_IN_WINDOW, change, row);
	SettingValue grace = checks_setting_of_booking(SETTING_NO_SHOW_GRACE, change, row);
	TimestampTz start = row_time(row, BK_STARTS_AT);

	if (window.isnull)
		ereport(ERROR,
				(booking_errcode(ERR_ONLINE_DISABLED),
				 errmsg("customers can't check in by themselves"),
				 errhint("Ask staff. The setting is check_in_window.")));
	if (change->now < start - window.interval_us || change->now > start + grace.interval_us)
		ereport(ERROR,
				(booking_errcode(ERR_ONLINE_DISABLED),
				 change->now < start ? errmsg("it is too early to check in") :
				 errmsg("it is too late to check in"),
				 errdetail("It starts at %s; customers can check in by themselves from %s before until %s after.",
						   timestamptz_to_str(start),
						   settings_value_text(SETTING_CHECK_IN_WINDOW, &window),
						   settings_value_text(SETTING_NO_SHOW_GRACE, &grace)),
				 errhint("Ask staff. The settings are check_in_window and no_show_grace.")));
}

/*
 * A customer may cancel or move a booking by himself where that is allowed,
 * and until so long before it starts: before its start so far, not the new
 * one, or before the earliest it ever had (C3, C5).  Holds, and what waits,
 * are his to drop.
 */
void
online_check(const Change *change, const BookingRow *old, const BookingRow *new,
			 const Context *who)
{
	BookingStatus from = row_status(old);
	BookingStatus to = row_status(new);
	bool		cancels = to == STATUS_CANCELLED;
	bool		moves = !row_same(old, new, BK_STARTS_AT) || !row_same(old, new, BK_ENDS_AT);
	SettingKey	notice_key = cancels ? SETTING_CANCEL_NOTICE : SETTING_RESCHEDULE_NOTICE;
	TimestampTz start = row_time(old, BK_STARTS_AT);
	SettingValue notice;
	SettingValue limit = {.isnull = true};
	bool		from_earliest;

	if (context_is_staff(who) || who->kind == ACTOR_CALENDAR ||
		(from != STATUS_PENDING && from != STATUS_CONFIRMED))
		return;
	if (to == STATUS_CHECKED_IN)
		check_arrival(change, old);
	if (!cancels && !moves)
		return;

	if (!checks_setting_of_booking(cancels ? SETTING_ONLINE_CANCEL : SETTING_ONLINE_RESCHEDULE,
								   change, old).boolean)
		ereport(ERROR,
				(booking_errcode(ERR_ONLINE_DISABLED),
				 cancels ? errmsg("customers can't cancel this booking by themselves") :
				 errmsg("customers can't move this booking by themselves"),
				 errhint("Ask staff. The setting is %s.",
						 cancels ? "online_cancel" : "online_reschedule")));

	/* the past is asked only if it matters */
	notice = checks_setting_of_booking(notice_key, change, old);
	from_earliest = notice.interval_us > 0 &&
		checks_setting_of_booking(SETTING_NOTICE_FROM, change, old).option == NOTICE_FROM_EARLIEST;
	if (!cancels)
		limit = checks_setting_of_booking(SETTING_MAX_RESCHEDULES, change, old);
	if (from_earliest || !limit.isnull)
	{
		PastMoves	moves_made = records_moves(&change->tenant, &change->booking);

		check_moves_left(&limit, &moves_made);
		if (from_earliest)
			start = Min(start, moves_made.earliest);
	}

	if (change->now > start - notice.interval_us)
		ereport(ERROR,
				(booking_errcode(ERR_NOTICE_WINDOW),
				 cancels ? errmsg("it is too late to cancel the booking") :
				 errmsg("it is too late to move the booking"),
				 start < row_time(old, BK_STARTS_AT) ?
				 errdetail("It was to start at %s at first, and the notice is %s.",
						   timestamptz_to_str(start), settings_value_text(notice_key, &notice)) :
				 errdetail("It starts at %s, and the notice is %s.",
						   timestamptz_to_str(start), settings_value_text(notice_key, &notice)),
				 errhint("Ask staff. The setting is %s.",
						 cancels ? "cancel_notice" : "reschedule_notice")));
}
