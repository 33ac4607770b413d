/*-------------------------------------------------------------------------
 *
 * policy.c
 *	  How soon and how far ahead a booking may start (A6).
 *
 * Customers start in the future, at min_notice from now or later, and no later
 * than the earliest of three limits.  Staff are exempt from notice and limits
 * and may start up to past_grace in the past.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/int.h"

#include "rules/calendar.h"
#include "rules/policy.h"

/* An instant moved by a length of time, or the end of time. */
static TimestampTz
moved(TimestampTz instant, int64 by)
{
	TimestampTz result;

	if (pg_add_s64_overflow(instant, by, &result) || !IS_VALID_TIMESTAMP(result))
		return by < 0 ? DT_NOBEGIN : DT_NOEND;
	return result;
}

/*
 * The last instant of the n-th business day (Monday to Friday) after today.
 * A day begins and ends at day_starts_at.
 */
static TimestampTz
end_of_business_days(const PolicyTerms *terms, TimestampTz now)
{
	Timestamp	local = calendar_to_local(now, terms->zone) - terms->day_starts_at;
	int64		day = calendar_day(local);
	int			left = terms->business_days;

	/* 2000-01-01 was a Saturday: so many days after a Monday */
	int			weekday = (int) ((day % 7 + 7 + 5) % 7);

	day += (int64) (left / 5) * 7;
	for (left %= 5; left > 0;)
	{
		day++;
		weekday = (weekday + 1) % 7;
		if (weekday < 5)
			left--;
	}
	/* whole weeks from a weekend lead to a weekend: back to its Friday */
	if (terms->business_days >= 5 && weekday >= 5)
		day -= weekday - 4;
	return calendar_at_local((day + 1) * USECS_PER_DAY + terms->day_starts_at,
							 terms->zone) - 1;
}

static void
limit_to(PolicyBounds *bounds, TimestampTz latest, PolicyLimit limit)
{
	if (latest < bounds->latest)
	{
		bounds->latest = latest;
		bounds->limit = limit;
	}
}

PolicyBounds
policy_bounds(const PolicyTerms *terms, TimestampTz now)
{
	PolicyBounds bounds = {now, DT_NOBEGIN, DT_NOEND, LIMIT_NONE};

	if (terms->staff)
	{
		bounds.not_past = moved(now, -terms->past_grace);
		return bounds;
	}
	if (terms->min_notice > 0)
		bounds.notice = moved(now, terms->min_notice);
	if (terms->max_advance >= 0)
		limit_to(&bounds, moved(now, terms->max_advance), LIMIT_MAX_ADVANCE);
	if (terms->business_days >= 0)
		limit_to(&bounds, end_of_business_days(terms, now), LIMIT_BUSINESS_DAYS);
	limit_to(&bounds, terms->bookable_until, LIMIT_BOOKABLE_UNTIL);
	return bounds;
}
