/*-------------------------------------------------------------------------
 *
 * duration.c
 *	  How long bookings of a service may be (K11).
 *
 * Vocabulary
 *	  length		elapsed time, in microseconds: an hour is an hour also while
 *					clocks are changed
 *	  nights		calendar days on the clocks of a place: from the time of day
 *					night_starts to night_ends some days later, whatever time
 *					elapses in between
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/int.h"

#include "errors.h"
#include "rules/calendar.h"
#include "rules/duration.h"

static void
out_of_range(void)
{
	ereport(ERROR,
			(booking_errcode(ERR_INVALID_RANGE),
			 errmsg("time out of range")));
}

/* The number of the local day an instant falls on, counted from 2000-01-01. */
static int64
local_day(TimestampTz instant, pg_tz *zone)
{
	return calendar_day(calendar_to_local(instant, zone));
}

/* The instant at which clocks show a time of day on a local day. */
static TimestampTz
at_time_of_day(int64 day, int64 time_of_day, pg_tz *zone)
{
	Timestamp	local;

	if (pg_mul_s64_overflow(day, USECS_PER_DAY, &local) ||
		pg_add_s64_overflow(local, time_of_day, &local))
		out_of_range();
	return calendar_at_local(local, zone);
}

/*
 * How many nights a slot has: midnights it goes over, or reaches; at least 1,
 * because who comes after midnight has the night all the same.  A day that a
 * place leaves out when it crosses the date line is none.
 */
int
duration_count_nights(TimeSpan slot, pg_tz *zone)
{
	int64		nights = local_day(slot.until, zone) - local_day(slot.from, zone);
	int64		shift = (calendar_to_local(slot.until, zone) - slot.until) -
		(calendar_to_local(slot.from, zone) - slot.from);

	if (shift > USECS_PER_DAY / 2)
		nights--;
	else if (shift < -USECS_PER_DAY / 2)
		nights++;
	return (int) Max(nights, 1);
}

/* The slot from start of a length in elapsed time, which must be positive. */
TimeSpan
duration_of(const LengthRule *rule, TimestampTz start, int64 length)
{
	TimeSpan	slot = {start, start};

	if (rule->by_nights)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("the service is sold by nights, not by a duration"),
				 errhint("Say how many nights.")));
	if (length <= 0)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("duration must be longer than no time")));
	if (TIMESTAMP_NOT_FINITE(start))
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_RANGE),
				 errmsg("start and end time must be finite")));
	if (pg_add_s64_overflow(start, length, &slot.until) || !IS_VALID_TIMESTAMP(slot.until))
		out_of_range();
	return slot;
}

/* The slot of so many nights from the local day that start falls on. */
TimeSpan
duration_of_nights(const LengthRule *rule, TimestampTz start, int nights, pg_tz *zone)
{
	TimeSpan	slot;
	int64		day;

	if (!rule->by_nights)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("the service is not sold by nights"),
				 errhint("Say its duration or its end.")));
	if (nights < 1)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("nights must be 1 or more")));
	day = local_day(start, zone);
	slot.from = at_time_of_day(day, rule->night_starts, zone);
	slot.until = at_time_of_day(day + nights, rule->night_ends, zone);
	if (duration_count_nights(slot, zone) < nights)
		slot.until = at_time_of_day(day + nights + 1, rule->night_ends, zone);
	return slot;
}

/* The slot from start where nobody says how long it is. */
TimeSpan
duration_default(const LengthRule *rule, TimestampTz start, pg_tz *zone)
{
	if (rule->by_nights)
		return duration_of_nights(rule, start, rule->min_nights, zone);
	return duration_of(rule, start, rule->usual);
}

/* A slot moved to another start: as long as before, in nights where it is. */
TimeSpan
duration_moved(const LengthRule *rule, TimeSpan slot, TimestampTz start, pg_tz *zone)
{
	if (rule->by_nights)
		return duration_of_nights(rule, start, duration_count_nights(slot, zone), zone);
	return duration_of(rule, start, duration_length(slot));
}

/* The elapsed time of a slot; of one too long to be counted, the most there is. */
int64
duration_length(TimeSpan slot)
{
	int64		length;

	return pg_sub_s64_overflow(slot.until, slot.from, &length) ? PG_INT64_MAX : length;
}

/* Whether a slot is one that the service is sold in. */
bool
duration_fits(const LengthRule *rule, TimeSpan slot, pg_tz *zone)
{
	int64		length = duration_length(slot);

	if (rule->by_nights)
	{
		int			nights = duration_count_nights(slot, zone);
		TimeSpan	proper = duration_of_nights(rule, slot.from, nights, zone);

		return slot.from == proper.from && slot.until == proper.until &&
			nights >= rule->min_nights &&
			(rule->max_nights == 0 || nights <= rule->max_nights);
	}
	return length >= rule->min && length <= rule->max &&
		(rule->step == 0 || (length - rule->min) % rule->step == 0);
}

/* That what a service says about lengths makes sense. */
void
duration_check_rule(const LengthRule *rule)
{
	if (rule->usual <= 0)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("duration must be longer than no time")));
	if (rule->min <= 0 || rule->min > rule->usual)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("min_duration must be longer than no time and no longer than duration")));
	if (rule->max < rule->usual)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("max_duration must not be shorter than duration")));
	if (rule->step < 0 || (rule->step > 0 && (rule->usual - rule->min) % rule->step != 0))
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("duration_step must lead from min_duration to duration")));
	if (!rule->by_nights)
		return;

	if (rule->min != rule->usual || rule->max != rule->usual || rule->step != 0)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("a service that is sold by nights has no range of durations"),
				 errhint("Set min_nights and max_nights instead.")));
	if (rule->night_starts >= USECS_PER_DAY || rule->night_ends >= USECS_PER_DAY)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("night_starts and night_ends must be before 24:00")));
	if (rule->min_nights < 1 || (rule->max_nights != 0 && rule->max_nights < rule->min_nights))
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("min_nights must be 1 or more, and max_nights not less")));
}

static char *
time_of_day_text(int64 usecs)
{
	int			minutes = (int) (usecs / USECS_PER_MINUTE);

	if (usecs % USECS_PER_MINUTE == 0)
		return psprintf("%02d:%02d", minutes / 60, minutes % 60);
	return psprintf("%02d:%02d:%02d", minutes / 60, minutes % 60,
					(int) (usecs % USECS_PER_MINUTE / USECS_PER_SEC));
}

/* What lengths the service is sold in, as a sentence. */
char *
duration_hint(const LengthRule *rule)
{
	char	   *min = duration_text(rule->min);

	if (rule->by_nights)
	{
		char	   *how_many;

		if (rule->max_nights == 0)
			how_many = psprintf("%d or more nights", rule->min_nights);
		else if (rule->max_nights == rule->min_nights)
			how_many = psprintf("%d %s", rule->min_nights,
								rule->min_nights == 1 ? "night" : "nights");
		else
			how_many = psprintf("%d to %d nights", rule->min_nights, rule->max_nights);
		return psprintf("It is sold for %s, from %s to %s local time.", how_many,
						time_of_day_text(rule->night_starts),
						time_of_day_text(rule->night_ends));
	}
	if (rule->min == rule->max)
		return psprintf("It lasts %s.", min);
	if (rule->step == 0)
		return psprintf("It lasts from %s to %s.", min, duration_text(rule->max));
	return psprintf("It lasts from %s to %s, in steps of %s.", min,
					duration_text(rule->max), duration_text(rule->step));
}

/*
 * Microseconds as text in the largest unit that fits evenly, such as
 * "90 minutes".  Unlike interval_out() it doesn't depend on the session.
 */
char *
duration_text(int64 usecs)
{
	static const struct
	{
		int64		usecs;
		const char *name;
	}			units[] =
	{
		{USECS_PER_DAY, "day"},
		{USECS_PER_HOUR, "hour"},
		{USECS_PER_MINUTE, "minute"},
		{USECS_PER_SEC, "second"},
	};
	int64		fraction = usecs % USECS_PER_SEC;

	if (fraction != 0)
	{
		char	   *digits = psprintf("%06d", (int) fraction);

		for (int end = 6; digits[end - 1] == '0'; end--)
			digits[end - 1] = '\0';
		return psprintf(INT64_FORMAT ".%s seconds",
						usecs / USECS_PER_SEC, digits);
	}
	for (int i = 0; usecs != 0 && i < (int) lengthof(units); i++)
	{
		if (usecs % units[i].usecs == 0)
		{
			int64		count = usecs / units[i].usecs;

			return psprintf(INT64_FORMAT " %s%s", count, units[i].name,
							count == 1 ? "" : "s");
		}
	}
	return pstrdup("0 seconds");
}
