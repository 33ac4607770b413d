/*-------------------------------------------------------------------------
 *
 * calendar.c
 *	  Between wall-clock time in a zone and instants.
 *
 * Vocabulary
 *	  wall time		what a clock on the wall of a branch shows: a timestamp
 *					without a zone
 *	  offset		wall time minus UTC, in seconds (east is positive)
 *	  boundary		an instant at which a zone's offset changes
 *	  gap, overlap	wall times that a boundary skips, or that come twice
 *
 * PostgreSQL reads a wall time in a gap as if the clock hadn't been changed,
 * and one in an overlap as standard time.  Opening hours need another rule:
 * a time that doesn't exist is the first instant after the gap, and one that
 * comes twice is its first occurrence (A2).  Hence conversions of our own, on
 * top of PostgreSQL's zone tables.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "errors.h"
#include "rules/calendar.h"
#include "rules/text.h"

/* Seconds between the epochs of Unix and PostgreSQL. */
#define EPOCH_SHIFT \
	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)

/*
 * How far from a wall time, read as UTC, its instant may be.  The largest
 * offset on record is below 16 hours and the largest change is a whole day.
 */
#define MAX_OFFSET_SECS (2 * SECS_PER_DAY)

/* Zones of the IANA database with a digit in their name, Etc/GMT+n aside. */
static const char *const digit_zones[] = {
	"CST6CDT", "EST5EDT", "MST7MDT", "PST8PDT",
	"GMT0", "GMT+0", "GMT-0",
};

/*
 * Whether a name can be one of the IANA database.
 *
 * pg_tzset() also takes rules in POSIX syntax, which is how a mistyped name
 * becomes a zone without daylight saving: 'FOO5BAR', 'Europe/Berlin1'.  They
 * always have a digit; few names of the database have, and no more will come,
 * because they are kept for compatibility only.  Files beside the database
 * proper are no zones of it: what they say differs between machines.  The
 * colon that POSIX allows before a name would give a zone a second name.
 */
static bool
name_is_possible(const char *name)
{
	if (strpbrk(name, "0123456789") == NULL)
		return name[0] != ':' &&
			pg_strcasecmp(name, "localtime") != 0 &&
			pg_strcasecmp(name, "posixrules") != 0 &&
			pg_strcasecmp(name, "Factory") != 0 &&
			pg_strncasecmp(name, "posix/", 6) != 0 &&
			pg_strncasecmp(name, "right/", 6) != 0;

	if (pg_strncasecmp(name, "Etc/GMT", 7) == 0)
	{
		const char *offset = name + 7;

		if (strcmp(offset, "0") == 0)
			return true;
		if (*offset != '+' && *offset != '-')
			return false;
		/* Etc/GMT-14 to Etc/GMT+12 */
		return strspn(offset + 1, "0123456789") == strlen(offset + 1) &&
			strlen(offset + 1) <= 2 && (offset[1] != '0' || offset[2] == '\0') &&
			atoi(offset + 1) <= (*offset == '+' ? 12 : 14);
	}

	for (int i = 0; i < (int) lengthof(digit_zones); i++)
	{
		if (pg_strcasecmp(name, digit_zones[i]) == 0)
			return true;
	}
	return false;
}

/*
 * The zone of that name in the IANA database; upper and lower case don't
 * matter.  Abbreviations, offsets and POSIX rules are refused, as is anything
 * unknown.  The zone lives as long as the session, and asking again is cheap.
 */
pg_tz *
calendar_zone(const char *name)
{
	pg_tz	   *zone = name_is_possible(name) ? pg_tzset(name) : NULL;

	if (zone == NULL || !pg_tz_acceptable(zone))
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("time zone \"%s\" is not known", text_excerpt(name)),
				 errhint("Use a name of the IANA database, such as Europe/Berlin; abbreviations and offsets are not accepted.")));
	return zone;
}

/* Refuse a time beyond those PostgreSQL can store, or infinite. */
static void
check_finite(int64 usecs)
{
	if (TIMESTAMP_NOT_FINITE(usecs) || !IS_VALID_TIMESTAMP(usecs))
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_RANGE),
				 errmsg("time is infinite or out of range")));
}

/* Microseconds since 2000 in whole seconds since 1970, rounded down. */
static pg_time_t
unix_seconds(int64 usecs)
{
	int64		secs = usecs / USECS_PER_SEC;

	if (usecs % USECS_PER_SEC < 0)
		secs--;
	return (pg_time_t) (secs + EPOCH_SHIFT);
}

/* The offset in force at an instant. */
static int64
offset_at(pg_time_t instant, pg_tz *zone)
{
	struct pg_tm *tm = pg_localtime(&instant, zone);

	if (tm == NULL)
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_RANGE),
				 errmsg("time is infinite or out of range")));
	return tm->tm_gmtoff;
}

/*
 * The first boundary after an instant at which the offset changes, in
 * *boundary, and the offset from there on in *offset; false if there is none
 * up to "until".
 */
static bool
next_boundary(pg_time_t after, pg_time_t until, pg_tz *zone,
			  pg_time_t *boundary, int64 *offset)
{
	long int	before_gmtoff;
	long int	after_gmtoff;
	int			before_isdst;
	int			after_isdst;

	if (pg_next_dst_boundary(&after, &before_gmtoff, &before_isdst,
							 boundary, &after_gmtoff, &after_isdst,
							 zone) != 1 || *boundary > until)
		return false;
	*offset = offset_at(*boundary, zone);
	return true;
}

/*
 * The instant at which clocks in the zone show the given wall time: the first
 * one if there are two, and the first instant after the gap if there is none.
 *
 * Between two boundaries wall time and UTC differ by one offset, so each such
 * stretch around the wall time has one candidate, which counts if it lies in
 * the stretch.  Stretches are visited in order of time: the first candidate
 * that counts is the first occurrence.  If none does, clocks jumped over the
 * wall time at one of the boundaries.
 */
TimestampTz
calendar_at_local(Timestamp local, pg_tz *zone)
{
	pg_time_t	wall;
	pg_time_t	begin;
	int64		offset;
	pg_time_t	after_gap = 0;
	bool		in_gap = false;
	int64		result;

	check_finite(local);
	wall = unix_seconds(local);

	begin = wall - MAX_OFFSET_SECS;
	offset = offset_at(begin, zone);
	for (;;)
	{
		pg_time_t	candidate = wall - offset;
		pg_time_t	end;
		int64		next_offset;
		bool		ends = next_boundary(begin, wall + MAX_OFFSET_SECS, zone,
										 &end, &next_offset);

		if (candidate >= begin && (!ends || candidate < end))
		{
			result = local - offset * USECS_PER_SEC;
			break;
		}
		if (!ends)
		{
			Assert(in_gap);
			result = (after_gap - EPOCH_SHIFT) * USECS_PER_SEC;
			break;
		}
		if (!in_gap && candidate >= end && wall - next_offset < end)
		{
			after_gap = end;
			in_gap = true;
		}
		begin = end;
		offset = next_offset;
	}

	check_finite(result);
	return result;
}

/* What clocks in the zone show at an instant. */
Timestamp
calendar_to_local(TimestampTz instant, pg_tz *zone)
{
	Timestamp	local;

	check_finite(instant);
	local = instant + offset_at(unix_seconds(instant), zone) * USECS_PER_SEC;
	check_finite(local);
	return local;
}

/*
 * The time from an instant to the next change of clocks, as far as that is
 * within a year.
 */
CalendarStretch
calendar_stretch(TimestampTz instant, pg_tz *zone)
{
	CalendarStretch stretch;
	pg_time_t	from;
	pg_time_t	until;
	pg_time_t	boundary;
	int64		offset;

	check_finite(instant);
	from = unix_seconds(instant);
	until = from + 366 * SECS_PER_DAY;
	stretch.offset = offset_at(from, zone) * USECS_PER_SEC;
	for (pg_time_t at = from;; at = boundary)
	{
		if (!next_boundary(at, until, zone, &boundary, &offset))
		{
			stretch.until = (until - EPOCH_SHIFT) * USECS_PER_SEC;
			break;
		}
		/* some boundaries only rename the time */
		if (offset * USECS_PER_SEC != stretch.offset)
		{
			stretch.until = (boundary - EPOCH_SHIFT) * USECS_PER_SEC;
			break;
		}
	}
	return stretch;
}

/*
 * The number of the day a time falls on, counted from 2000-01-01: of the local
 * day for a wall time, of the UTC day for an instant.  It must be finite.
 */
int64
calendar_day(Timestamp time)
{
	int64		day = time / USECS_PER_DAY;

	if (time % USECS_PER_DAY < 0)
		day--;
	return day;
}
