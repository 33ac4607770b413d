/*-------------------------------------------------------------------------
 *
 * hours.h
 *	  Opening hours and closures: from rules in wall time to instants.
 *
 * Vocabulary
 *	  owner			a branch or a resource; what it is open is its own affair,
 *					and a resource is open when its branch and itself are
 *	  interval		an opening on one local date, from opens to closes; it
 *					belongs to the date it opens on, even past midnight; rules
 *					of one date that overlap or touch make one interval
 *	  piece			a span with one anchor
 *	  anchor		of an instant: the latest opening of an interval that the
 *					instant is in, or DT_NOBEGIN where there is none because
 *					the owner is open around the clock.  Depends on nothing but
 *					the rules, so that a grid anchored there is the same from
 *					every window; "00:00-24:00" every day is anchored at the
 *					midnight of each day
 *
 * An owner without a weekly rule is open around the clock, except on dates
 * that have overrides.  The overrides of a date replace its weekly intervals.
 * An interval of the day before that goes past midnight isn't touched by them.
 *
 * Each bound of an interval is a wall time, turned into an instant in the zone
 * of the interval's date (calendar_at_local: a time in a gap is the first
 * instant after it, a repeated one its first occurrence).  An interval that
 * becomes empty by that is none.
 *
 * What is expanded for a window is exact inside the window.  It may reach
 * beyond, since intervals aren't cut at its edges, but isn't complete there.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_HOURS_H
#define BOOKING_HOURS_H

#include "booking.h"

#include "pgtime.h"
#include "rules/spans.h"
#include "utils/date.h"

/* Windows longer than this are refused. */
#define MAX_WINDOW_DAYS 3660

/*
 * An interval of every week.  Times are microseconds from midnight on; a
 * close past midnight is above a day.
 */
typedef struct WeeklyRule
{
	int			weekday;		/* 1 to 7, Monday is 1 */
	int64		opens;
	int64		closes;
	DateADT		valid_from;		/* DATEVAL_NOBEGIN: always was */
	DateADT		valid_until;	/* inclusive; DATEVAL_NOEND: always will be */
} WeeklyRule;

/* An interval of one date. */
typedef struct DateOverride
{
	DateADT		day;
	bool		closed;			/* all day, whatever else is said of it */
	int64		opens;
	int64		closes;
} DateOverride;

/* The zone that holds from a local date on, to the next period. */
typedef struct ZonePeriod
{
	DateADT		from;
	pg_tz	   *zone;
} ZonePeriod;

/* A closure that happens once. */
typedef struct Closure
{
	TimeSpan	span;
	TimestampTz latest_end;		/* of this one and all before it */
	const char *kind;
	const char *reason;			/* or NULL */
} Closure;

/* One that repeats every so many days, in wall time. */
typedef struct ClosurePattern
{
	Timestamp	local_start;
	Timestamp	local_end;
	int			every;			/* days */
	DateADT		until;			/* last date on which it starts, inclusive */
	const char *kind;
	const char *reason;
} ClosurePattern;

/*
 * All the rules of one owner.  Filled in by the store in any order, then
 * sorted by hours_prepare().
 */
typedef struct OpeningRules
{
	int			weekly_count;
	WeeklyRule *weekly;			/* by weekday */
	int			weekday_first[9];	/* index of the first rule of a weekday;
									 * [8] is the count */
	int			override_count;
	DateOverride *overrides;	/* by day */
	int			zone_count;		/* at least 1 */
	ZonePeriod *zones;			/* by from; the first is from DATEVAL_NOBEGIN */
	int			closure_count;
	Closure    *closures;		/* by start */
	int			pattern_count;
	ClosurePattern *patterns;
} OpeningRules;

/* A stretch of opening hours with one anchor. */
typedef struct OpeningPiece
{
	TimeSpan	span;
	TimestampTz anchor;
} OpeningPiece;

/*
 * When something is open.  Pieces are sorted and disjoint, and touch where
 * only the anchor changes; spans is the same set without anchors.
 */
typedef struct OpeningHours
{
	SpanSet		spans;
	int			piece_count;
	OpeningPiece *pieces;
} OpeningHours;

extern void hours_prepare(OpeningRules *rules);
extern void hours_check_window(TimeSpan window);

/* Open around the clock, always. */
extern bool hours_unlimited(const OpeningRules *rules);

extern OpeningHours hours_expand(const OpeningRules *rules, TimeSpan window);
extern OpeningHours hours_intersect(const OpeningHours *a, const OpeningHours *b);

/* Without the pieces that have no anchor: nothing is open unless a rule says so. */
extern OpeningHours hours_anchored(const OpeningHours *hours);

/* The closures of the owner that overlap a window, not cut at its edges. */
extern SpanSet closures_expand(const OpeningRules *rules, TimeSpan window);

/*
 * The earliest occurrence of a closure that overlaps a span (of any length):
 * true, and the occurrence with its kind and reason.
 */
extern bool closures_find(const OpeningRules *rules, TimeSpan span, Closure *found);

/* What a closure in wall time is, in the zone of the date it starts on. */
extern TimeSpan closures_once(const OpeningRules *rules, Timestamp local_start,
							  Timestamp local_end);

#endif							/* BOOKING_HOURS_H */
