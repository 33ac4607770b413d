/*-------------------------------------------------------------------------
 *
 * periods.c
 *	  Days, weeks, months and years as a branch counts them (A13, X14).
 *
 * Periods are of wall-clock time.  A day begins so long after midnight and is
 * called by the date it begins on; a week is one of ISO 8601, from Monday on.
 * Weeks, months and years begin with their first day.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/int.h"
#include "utils/datetime.h"

#include "rules/calendar.h"
#include "rules/periods.h"

/* A date as a moment of wall-clock time, or infinity beyond the last one. */
static Timestamp
date_begins(DateADT date, int64 day_starts_at)
{
	Timestamp	result;

	if (pg_mul_s64_overflow(date, USECS_PER_DAY, &result) ||
		pg_add_s64_overflow(result, day_starts_at, &result))
		return DT_NOEND;
	return result;
}

/* The first date of the period that a moment of wall-clock time is in. */
DateADT
period_of(QuotaPeriod period, Timestamp local, int64 day_starts_at)
{
	DateADT		date = (DateADT) calendar_day(local - day_starts_at);
	int			julian = date + POSTGRES_EPOCH_JDATE;
	int			year;
	int			month;
	int			day;

	j2date(julian, &year, &month, &day);
	switch (period)
	{
		case QUOTA_PER_DAY:
			return date;
		case QUOTA_PER_WEEK:
			return date - (j2day(julian) + 6) % 7;
		case QUOTA_PER_MONTH:
			return date - (day - 1);
		case QUOTA_PER_YEAR:
			return date2j(year, 1, 1) - POSTGRES_EPOCH_JDATE;
	}
	elog(ERROR, "unrecognized period: %d", (int) period);
}

/* From when to when a period with this first date is, in wall-clock time. */
TimeSpan
period_bounds(QuotaPeriod period, DateADT first, int64 day_starts_at)
{
	DateADT		next = first;
	int			year;
	int			month;
	int			day;

	j2date(first + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	switch (period)
	{
		case QUOTA_PER_DAY:
			next = first + 1;
			break;
		case QUOTA_PER_WEEK:
			next = first + 7;
			break;
		case QUOTA_PER_MONTH:
			next = date2j(month == 12 ? year + 1 : year, month % 12 + 1, 1) -
				POSTGRES_EPOCH_JDATE;
			break;
		case QUOTA_PER_YEAR:
			next = date2j(year + 1, 1, 1) - POSTGRES_EPOCH_JDATE;
			break;
	}
	return (TimeSpan) {date_begins(first, day_starts_at), date_begins(next, day_starts_at)};
}

const char *
period_name(QuotaPeriod period)
{
	static const char *const names[] = {
		[QUOTA_PER_DAY] = "day",
		[QUOTA_PER_WEEK] = "week",
		[QUOTA_PER_MONTH] = "month",
		[QUOTA_PER_YEAR] = "year"
	};

	return names[period];
}
