/*-------------------------------------------------------------------------
 *
 * hours.c
 *	  Opening hours and closures: from rules in wall time to instants.
 *
 * Rules are expanded date by date.  Which dates a window touches depends on
 * the zone, so a change of zones is a matter of one pass per zone, each over
 * the dates on which it holds.
 *
 * A bound of an interval becomes the first instant at which the zone's clocks
 * show its wall time or one past it.  So whatever closes at a wall time that
 * clocks had reached by an instant is over by then; but since clocks may be
 * put back, by up to a day, what opens may be later on the clock than what
 * ends the window.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "errors.h"
#include "rules/calendar.h"
#include "rules/hours.h"

/* How far clocks were ever put back at once (Juneau 1867, Apia 1892). */
#define MAX_SET_BACK USECS_PER_DAY

/* ---- dates ---- */

static DateADT
date_of(Timestamp local)
{
	return (DateADT) calendar_day(local);
}

/* 1 to 7, Monday is 1; 2000-01-01 was a Saturday. */
static int
weekday_of(DateADT day)
{
	int			days = (day + 5) % 7;

	return (days < 0 ? days + 7 : days) + 1;
}

/* Refuses a window without an end, or so long that its dates are too many. */
void
hours_check_window(TimeSpan window)
{
	if (TIMESTAMP_NOT_FINITE(window.from) || TIMESTAMP_NOT_FINITE(window.until))
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_RANGE),
				 errmsg("the window must have a beginning and an end"),
				 errhint("Ask for up to %d days.", MAX_WINDOW_DAYS)));
	/* the difference of two valid timestamps fits */
	if (window.until - window.from > (int64) MAX_WINDOW_DAYS * USECS_PER_DAY)
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_RANGE),
				 errmsg("the window is too long"),
				 errhint("Ask for up to %d days.", MAX_WINDOW_DAYS)));
}

/*
 * Refuses to expand rules over a time without end.  A window that was asked
 * for may have grown by a slot and its buffers.
 */
static void
check_expandable(TimeSpan window)
{
	if (window.until - window.from > INT64CONST(4) * MAX_WINDOW_DAYS * USECS_PER_DAY)
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_RANGE),
				 errmsg("the time is too long for opening hours")));
}

/* ---- order ---- */

static int
compare_weekly(const void *left, const void *right)
{
	const WeeklyRule *a = left;
	const WeeklyRule *b = right;

	if (a->weekday != b->weekday)
		return a->weekday - b->weekday;
	return (a->opens > b->opens) - (a->opens < b->opens);
}

static int
compare_overrides(const void *left, const void *right)
{
	const DateOverride *a = left;
	const DateOverride *b = right;

	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	if (a->closed != b->closed)
		return a->closed ? -1 : 1;
	return (a->opens > b->opens) - (a->opens < b->opens);
}

static int
compare_zones(const void *left, const void *right)
{
	const ZonePeriod *a = left;
	const ZonePeriod *b = right;

	return (a->from > b->from) - (a->from < b->from);
}

static int
compare_closures(const void *left, const void *right)
{
	const Closure *a = left;
	const Closure *b = right;

	return (a->span.from > b->span.from) - (a->span.from < b->span.from);
}

/* Puts rules into the order that the rest of this file relies on. */
void
hours_prepare(OpeningRules *rules)
{
	TimestampTz latest = DT_NOBEGIN;

	qsort(rules->weekly, rules->weekly_count, sizeof(WeeklyRule), compare_weekly);
	for (int weekday = 0, i = 0; weekday < lengthof(rules->weekday_first); weekday++)
	{
		while (i < rules->weekly_count && rules->weekly[i].weekday < weekday)
			i++;
		rules->weekday_first[weekday] = i;
	}
	qsort(rules->overrides, rules->override_count, sizeof(DateOverride), compare_overrides);
	qsort(rules->zones, rules->zone_count, sizeof(ZonePeriod), compare_zones);
	qsort(rules->closures, rules->closure_count, sizeof(Closure), compare_closures);
	for (int i = 0; i < rules->closure_count; i++)
	{
		latest = Max(latest, rules->closures[i].span.until);
		rules->closures[i].latest_end = latest;
	}
}

/* ---- zones ---- */

/* The dates of one zone that a window touches, and the window on its clocks. */
typedef struct ZoneWindow
{
	pg_tz	   *zone;
	Timestamp	from;			/* what clocks show when the window begins */
	Timestamp	until;			/* no clock shows more in the window */
	DateADT		first_day;		/* first date of the period */
	DateADT		last_day;		/* last one, inclusive */
} ZoneWindow;

static ZoneWindow
zone_window(const OpeningRules *rules, int period, TimeSpan window)
{
	ZoneWindow	result;
	bool		last = period + 1 == rules->zone_count;

	result.zone = rules->zones[period].zone;
	result.from = calendar_to_local(window.from, result.zone);
	result.until = calendar_to_local(window.until, result.zone) + MAX_SET_BACK;
	result.first_day = rules->zones[period].from;
	result.last_day = last ? DATEVAL_NOEND : rules->zones[period + 1].from - 1;
	return result;
}

/* The zone of an owner on a local date. */
static pg_tz *
zone_on(const OpeningRules *rules, DateADT day)
{
	int			period = rules->zone_count - 1;

	while (period > 0 && rules->zones[period].from > day)
		period--;
	return rules->zones[period].zone;
}

/* ---- hours ---- */

bool
hours_unlimited(const OpeningRules *rules)
{
	return rules->weekly_count == 0 && rules->override_count == 0;
}

/* A growing list of spans. */
typedef struct SpanList
{
	int			count;
	int			size;
	TimeSpan   *spans;
} SpanList;

static void
add_span(SpanList *list, TimestampTz from, TimestampTz until)
{
	if (list->count == list->size)
	{
		list->size = Max(8, list->size * 2);
		list->spans = list->spans == NULL ?
			palloc(sizeof(TimeSpan) * list->size) :
			repalloc_huge(list->spans, sizeof(TimeSpan) * list->size);
	}
	list->spans[list->count].from = from;
	list->spans[list->count].until = until;
	list->count++;
}

/* One opening of a date, if there is one and it has to do with the window. */
static void
add_interval(SpanList *list, const ZoneWindow *local, TimeSpan window,
			 DateADT day, int64 opens, int64 closes)
{
	Timestamp	midnight = day * USECS_PER_DAY;
	TimestampTz from;
	TimestampTz until;

	if (opens >= closes ||
		midnight + closes <= local->from || midnight + opens >= local->until)
		return;
	from = calendar_at_local(midnight + opens, local->zone);
	if (from >= window.until)
		return;
	until = calendar_at_local(midnight + closes, local->zone);
	if (until > window.from && until > from)
		add_span(list, from, until);
}

/* What rules of one date that touch each other open; opens < closes, or nothing. */
typedef struct Opening
{
	int64		opens;			/* since midnight */
	int64		closes;
} Opening;

/*
 * Adds a rule of a date to its opening; a rule apart from it ends that and
 * begins another.  Rules come in the order of their opening.
 */
static void
add_rule(SpanList *list, const ZoneWindow *local, TimeSpan window, DateADT day,
		 Opening *opening, int64 opens, int64 closes)
{
	if (opening->opens < opening->closes && opens <= opening->closes)
	{
		opening->closes = Max(opening->closes, closes);
		return;
	}
	add_interval(list, local, window, day, opening->opens, opening->closes);
	opening->opens = opens;
	opening->closes = closes;
}

/* The first override of a date or a later one. */
static int
first_override(const OpeningRules *rules, DateADT day)
{
	int			low = 0;
	int			high = rules->override_count;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (rules->overrides[middle].day >= day)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/*
 * The intervals of the dates of one zone in a window.  Where overrides are
 * the only rules, *special takes the dates that have some.
 */
static void
add_period(SpanList *list, SpanList *special, const OpeningRules *rules,
		   int period, TimeSpan window)
{
	ZoneWindow	local = zone_window(rules, period, window);
	/* an interval of the day before may still be on */
	DateADT		first_day = Max(local.first_day, date_of(local.from) - 1);
	DateADT		last_day = Min(local.last_day, date_of(local.until));
	int			override = first_override(rules, first_day);

	for (DateADT day = first_day; day <= last_day; day++)
	{
		Opening		opening = {0};

		if (override < rules->override_count && rules->overrides[override].day == day)
		{
			bool		closed = rules->overrides[override].closed;

			if (rules->weekly_count == 0)
				add_span(special, calendar_at_local(day * USECS_PER_DAY, local.zone),
						 calendar_at_local((day + 1) * USECS_PER_DAY,
										   zone_on(rules, day + 1)));
			for (; override < rules->override_count &&
				 rules->overrides[override].day == day; override++)
			{
				const DateOverride *rule = &rules->overrides[override];

				if (!closed)
					add_rule(list, &local, window, day, &opening, rule->opens, rule->closes);
			}
		}
		else
		{
			int			weekday = weekday_of(day);

			for (int i = rules->weekday_first[weekday];
				 i < rules->weekday_first[weekday + 1]; i++)
			{
				const WeeklyRule *rule = &rules->weekly[i];

				if (rule->valid_from <= day && day <= rule->valid_until)
					add_rule(list, &local, window, day, &opening, rule->opens, rule->closes);
			}
		}
		add_interval(list, &local, window, day, opening.opens, opening.closes);
	}
}

static void
add_piece(OpeningHours *hours, TimestampTz from, TimestampTz until, TimestampTz anchor)
{
	OpeningPiece *last = hours->piece_count > 0 ? &hours->pieces[hours->piece_count - 1] : NULL;

	if (from >= until)
		return;
	if (last != NULL && last->span.until == from && last->anchor == anchor)
	{
		last->span.until = until;
		return;
	}
	last = &hours->pieces[hours->piece_count++];
	last->span.from = from;
	last->span.until = until;
	last->anchor = anchor;
}

static int
compare_starts(const void *left, const void *right)
{
	const TimeSpan *a = left;
	const TimeSpan *b = right;

	return (a->from > b->from) - (a->from < b->from);
}

/*
 * Pieces from intervals that may overlap.  Of those an instant is in, the one
 * that opened last is its anchor: a stack of the open intervals, in order of
 * opening, has it on top.
 */
static void
add_pieces(OpeningHours *hours, SpanList *list)
{
	TimeSpan   *stack = palloc(sizeof(TimeSpan) * Max(list->count, 1));
	int			depth = 0;
	TimestampTz now = DT_NOBEGIN;
	bool		sorted = true;

	for (int i = 1; i < list->count && sorted; i++)
		sorted = list->spans[i - 1].from <= list->spans[i].from;
	if (!sorted)
		qsort(list->spans, list->count, sizeof(TimeSpan), compare_starts);

	for (int i = 0; i <= list->count; i++)
	{
		TimestampTz next = i < list->count ? list->spans[i].from : DT_NOEND;

		while (depth > 0 && now < next)
		{
			const TimeSpan *top = &stack[depth - 1];
			TimestampTz until = Min(top->until, next);

			add_piece(hours, now, until, top->from);
			now = Max(now, until);
			if (top->until <= now)
				depth--;
		}
		if (i < list->count)
		{
			stack[depth++] = list->spans[i];
			now = next;
		}
	}
	pfree(stack);
}

/* The set of the pieces. */
static void
set_spans(OpeningHours *hours)
{
	TimeSpan   *spans = palloc(sizeof(TimeSpan) * Max(hours->piece_count, 1));

	for (int i = 0; i < hours->piece_count; i++)
		spans[i] = hours->pieces[i].span;
	hours->spans = spans_normalise(spans, hours->piece_count);
}

/*
 * Adds what is open without an anchor: all of a window but the dates that
 * have overrides.  The intervals of those may reach into other dates.
 */
static void
add_unlimited(OpeningHours *hours, SpanList *special, TimeSpan window)
{
	SpanSet		rest;
	OpeningHours all = {{0}};
	int			i = 0;
	int			j = 0;

	rest = spans_subtract(spans_of(window), spans_normalise(special->spans, special->count));
	set_spans(hours);
	rest = spans_subtract(rest, hours->spans);
	all.pieces = palloc(sizeof(OpeningPiece) * Max(hours->piece_count + rest.count, 1));
	while (i < hours->piece_count || j < rest.count)
	{
		if (j == rest.count ||
			(i < hours->piece_count && hours->pieces[i].span.from < rest.spans[j].from))
			all.pieces[all.piece_count++] = hours->pieces[i++];
		else
		{
			add_piece(&all, rest.spans[j].from, rest.spans[j].until, DT_NOBEGIN);
			j++;
		}
	}
	*hours = all;
}

/* When an owner is open in a window; see the head of hours.h. */
OpeningHours
hours_expand(const OpeningRules *rules, TimeSpan window)
{
	OpeningHours hours = {{0}};
	SpanList	list = {0};
	SpanList	special = {0};

	check_expandable(window);
	if (span_is_empty(window))
		return hours;
	if (hours_unlimited(rules))
	{
		hours.pieces = palloc(sizeof(OpeningPiece));
		add_piece(&hours, window.from, window.until, DT_NOBEGIN);
		hours.spans = spans_of(window);
		return hours;
	}

	for (int period = 0; period < rules->zone_count; period++)
		add_period(&list, &special, rules, period, window);

	/* each interval begins one piece and ends one */
	hours.pieces = palloc(sizeof(OpeningPiece) * Max((Size) list.count * 2, 1));
	add_pieces(&hours, &list);
	if (rules->weekly_count == 0)
		add_unlimited(&hours, &special, window);
	set_spans(&hours);
	return hours;
}

/* When both are open; the anchor is the later of the two. */
OpeningHours
hours_intersect(const OpeningHours *a, const OpeningHours *b)
{
	OpeningHours both = {{0}};
	int			i = 0;
	int			j = 0;

	both.pieces = palloc(sizeof(OpeningPiece) * Max((Size) a->piece_count + b->piece_count, 1));
	while (i < a->piece_count && j < b->piece_count)
	{
		const OpeningPiece *left = &a->pieces[i];
		const OpeningPiece *right = &b->pieces[j];

		add_piece(&both, Max(left->span.from, right->span.from),
				  Min(left->span.until, right->span.until),
				  Max(left->anchor, right->anchor));
		if (left->span.until < right->span.until)
			i++;
		else
			j++;
	}
	set_spans(&both);
	return both;
}

OpeningHours
hours_anchored(const OpeningHours *hours)
{
	OpeningHours anchored = {{0}};

	anchored.pieces = palloc(sizeof(OpeningPiece) * Max(hours->piece_count, 1));
	for (int i = 0; i < hours->piece_count; i++)
		if (hours->pieces[i].anchor != DT_NOBEGIN)
			anchored.pieces[anchored.piece_count++] = hours->pieces[i];
	set_spans(&anchored);
	return anchored;
}

/* ---- closures ---- */

/* What a closure in wall time is in instants, in the zone of the date it starts on. */
TimeSpan
closures_once(const OpeningRules *rules, Timestamp local_start, Timestamp local_end)
{
	pg_tz	   *zone = zone_on(rules, date_of(local_start));
	TimeSpan	span;

	span.from = calendar_at_local(local_start, zone);
	span.until = calendar_at_local(local_end, zone);
	return span;
}

/* A growing list of closures. */
typedef struct ClosureList
{
	int			count;
	int			size;
	Closure    *closures;
} ClosureList;

static void
add_closure(ClosureList *list, TimeSpan span, const char *kind, const char *reason)
{
	Closure    *closure;

	if (list->count == list->size)
	{
		list->size = Max(8, list->size * 2);
		list->closures = list->closures == NULL ?
			palloc(sizeof(Closure) * list->size) :
			repalloc_huge(list->closures, sizeof(Closure) * list->size);
	}
	closure = &list->closures[list->count++];
	closure->span = span;
	closure->latest_end = span.until;
	closure->kind = kind;
	closure->reason = reason;
}

/*
 * The occurrences of a pattern in a window, on the dates of one zone; the
 * first of them is enough if just_one.
 */
static void
add_occurrences(ClosureList *list, const ClosurePattern *pattern, const ZoneWindow *local,
				TimeSpan window, bool just_one)
{
	int64		period = pattern->every * USECS_PER_DAY;
	DateADT		first_day = date_of(pattern->local_start);
	DateADT		last_day = Min(local->last_day, pattern->until);
	int64		passed = 0;

	/* go to the first that isn't over when the window begins, on this zone's dates */
	if (local->from >= pattern->local_end)
		passed = (local->from - pattern->local_end) / period + 1;
	if (local->first_day > first_day)
		passed = Max(passed, ((int64) local->first_day - first_day + pattern->every - 1) /
					 pattern->every);
	for (Timestamp start = pattern->local_start + passed * period;
		 start < local->until && date_of(start) <= last_day; start += period)
	{
		TimeSpan	span;

		span.from = calendar_at_local(start, local->zone);
		if (span.from >= window.until)
			continue;
		span.until = calendar_at_local(start + (pattern->local_end - pattern->local_start),
									   local->zone);
		if (span_is_empty(span) || span.until <= window.from)
			continue;
		add_closure(list, span, pattern->kind, pattern->reason);
		if (just_one)
			return;
	}
}

/*
 * The closures that overlap a window; if just_one, those of them that may be
 * the earliest.
 */
static ClosureList
overlapping_closures(const OpeningRules *rules, TimeSpan window, bool just_one)
{
	ClosureList list = {0};
	int			low = 0;
	int			high = rules->closure_count;

	if (span_is_empty(window))
		return list;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (rules->closures[middle].latest_end > window.from)
			high = middle;
		else
			low = middle + 1;
	}
	for (; low < rules->closure_count && rules->closures[low].span.from < window.until; low++)
	{
		const Closure *closure = &rules->closures[low];

		if (closure->span.until > window.from)
			add_closure(&list, closure->span, closure->kind, closure->reason);
		if (just_one && list.count > 0)
			break;
	}

	for (int period = 0; rules->pattern_count > 0 && period < rules->zone_count; period++)
	{
		ZoneWindow	local = zone_window(rules, period, window);

		for (int i = 0; i < rules->pattern_count; i++)
			add_occurrences(&list, &rules->patterns[i], &local, window, just_one);
	}
	return list;
}

SpanSet
closures_expand(const OpeningRules *rules, TimeSpan window)
{
	ClosureList list;
	TimeSpan   *spans;

	check_expandable(window);
	list = overlapping_closures(rules, window, false);
	if (list.count == 0)
		return (SpanSet) {0};
	spans = palloc(sizeof(TimeSpan) * list.count);
	for (int i = 0; i < list.count; i++)
		spans[i] = list.closures[i].span;
	return spans_normalise(spans, list.count);
}

bool
closures_find(const OpeningRules *rules, TimeSpan span, Closure *found)
{
	ClosureList list = overlapping_closures(rules, span, true);

	for (int i = 0; i < list.count; i++)
		if (i == 0 || list.closures[i].span.from < found->span.from)
			*found = list.closures[i];
	return list.count > 0;
}
