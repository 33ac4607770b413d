/*-------------------------------------------------------------------------
 *
 * places.c
 *	  When a slot could lie on a resource.
 *
 * Everything is turned into sets of spans that the visible slot must lie in or
 * must not touch.  A booking occupies its slot widened by its buffers; so what
 * others occupy is widened by the same buffers, the other way round, and where
 * the buffers must be within hours, hours are narrowed and closures widened by
 * them.  A slot overlaps the widened span exactly if what it would occupy
 * overlaps the span.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "engine/question.h"
#include "rules/calendar.h"
#include "store/occupied.h"

/*
 * How far before a slot the free time that it lies in may have begun: an
 * opening is no longer than a day, by the clocks, and a grid of free time
 * begins anew at the midnights of those who are always open.
 */
#define FREE_LOOKBACK (3 * USECS_PER_DAY)

/* ---- sets of spans ---- */

static TimestampTz
moved(TimestampTz instant, int64 by)
{
	return TIMESTAMP_NOT_FINITE(instant) ? instant : instant + by;
}

/* Spans that begin so much later and end so much earlier. */
static SpanSet
narrowed(SpanSet set, int64 before, int64 after)
{
	SpanSet		result = {0, palloc(sizeof(TimeSpan) * Max(set.count, 1))};

	for (int i = 0; i < set.count; i++)
	{
		TimeSpan	span = {moved(set.spans[i].from, before), moved(set.spans[i].until, -after)};

		if (!span_is_empty(span))
			result.spans[result.count++] = span;
	}
	return result;
}

/* Spans that begin so much earlier and end so much later. */
static SpanSet
widened(const TimeSpan *spans, int count, int64 before, int64 after)
{
	TimeSpan   *result = palloc(sizeof(TimeSpan) * Max(count, 1));

	for (int i = 0; i < count; i++)
		result[i] = (TimeSpan) {moved(spans[i].from, -before), moved(spans[i].until, after)};
	return spans_normalise(result, count);
}

/* What a booking with this slot would occupy. */
TimeSpan
place_occupied(const Place *place, TimeSpan slot)
{
	return (TimeSpan) {slot.from - place->before, slot.until + place->after};
}

/* ---- reading ---- */

/* What was read for another window is not known any more. */
void
places_forget(Question *question)
{
	for (int i = 0; i < question->place_count; i++)
		question->places[i].hours_read = question->places[i].busy_read = false;
}

static bool
same_hours(const Place *a, const Place *b)
{
	return a->opening.branch == b->opening.branch &&
		a->opening.required == b->opening.required &&
		(a->opening.own == b->opening.own ||
		 (hours_unlimited(a->opening.own) && hours_unlimited(b->opening.own)));
}

/*
 * Where the grid of a place has which anchor, unless that depends on what is
 * occupied.
 */
static void
make_pieces(Place *place)
{
	place->piece_count = place->hours.piece_count;
	place->pieces = palloc(sizeof(GridPiece) * Max(place->piece_count, 1));
	for (int i = 0; i < place->piece_count; i++)
	{
		place->pieces[i].span = place->hours.pieces[i].span;
		place->pieces[i].anchor = place->terms->anchor == ANCHOR_MIDNIGHT ?
			GRID_MIDNIGHT : place->hours.pieces[i].anchor;
	}
}

/* Reads when a place is open, for slots within a span. */
void
places_read_hours(Question *question, Place *place, TimeSpan slots)
{
	const Place *before = place > question->places ? place - 1 : NULL;
	bool		within = place->terms->buffers_within;
	TimeSpan	window = slots;
	SpanSet		closures;

	if (place->hours_read)
		return;
	if (place->terms->anchor == ANCHOR_FREE)
		window.from -= FREE_LOOKBACK;
	window = place_occupied(place, window);

	if (before != NULL && before->hours_read && same_hours(before, place) &&
		before->terms == place->terms && before->before == place->before &&
		before->after == place->after)
	{
		place->hours = before->hours;
		place->open = before->open;
		place->pieces = before->pieces;
		place->piece_count = before->piece_count;
	}
	else
	{
		place->hours = opening_hours(&place->opening, window);
		place->open = within ? narrowed(place->hours.spans, place->before, place->after) :
			place->hours.spans;
		if (place->terms->anchor != ANCHOR_FREE)
			make_pieces(place);
	}
	closures = opening_closures(&place->opening, window);
	place->closed = within && closures.count > 0 ?
		widened(closures.spans, closures.count, place->after, place->before) : closures;
	place->hours_read = true;
}

/* From what is occupied to when there is no room for another booking. */
static SpanSet
busy_spans(Place *place, const OccupiedTimes *times)
{
	TimeSpan   *spans;
	int			count;

	if (place->shared)
	{
		place->profile = capacity_profile(times->uses, times->count);
		if (place->units > place->capacity)
			return spans_of((TimeSpan) {DT_NOBEGIN, DT_NOEND});
		spans = capacity_above(&place->profile, place->capacity - place->units, &count);
	}
	else
	{
		count = times->count;
		spans = palloc(sizeof(TimeSpan) * Max(count, 1));
		for (int i = 0; i < count; i++)
			spans[i] = times->uses[i].span;
	}
	return widened(spans, count, place->after, place->before);
}

/* The later of what a grid begins with and the end of what is before it. */
static TimestampTz
later_end(SpanSet set, TimestampTz instant, TimestampTz anchor)
{
	int			low = 0;
	int			high = set.count;

	while (low < high)			/* the first span that ends later */
	{
		int			middle = (low + high) / 2;

		if (set.spans[middle].until > instant)
			high = middle;
		else
			low = middle + 1;
	}
	return low > 0 ? Max(anchor, set.spans[low - 1].until) : anchor;
}

/*
 * The pieces of free time.  It begins where the place opens or what was in the
 * way ends, and where that is long ago because the place is always open, at
 * every midnight.
 */
static void
make_free_pieces(Place *place)
{
	int			size = 0;

	place->piece_count = 0;
	place->pieces = palloc(sizeof(GridPiece) *
						   2 * (place->room.count + place->hours.piece_count + 1));
	for (int i = 0; i < place->room.count; i++)
	{
		TimeSpan	room = place->room.spans[i];

		while (size < place->hours.piece_count &&
			   place->hours.pieces[size].span.until <= room.from)
			size++;
		for (int j = size; j < place->hours.piece_count &&
			 place->hours.pieces[j].span.from < room.until; j++)
		{
			const OpeningPiece *opening = &place->hours.pieces[j];
			TimeSpan	span = {Max(opening->span.from, room.from),
			Min(opening->span.until, room.until)};
			TimestampTz anchor = opening->anchor;
			int			open = spans_find(place->open, span.from);

			if (span_is_empty(span))
				continue;
			if (open >= 0)
				anchor = Max(anchor, place->open.spans[open].from);
			anchor = later_end(place->closed, span.from, anchor);
			anchor = later_end(place->busy, span.from, anchor);
			if (opening->anchor == DT_NOBEGIN && anchor != DT_NOBEGIN)
			{
				Timestamp	local = calendar_to_local(anchor, place->terms->grid.zone);
				int64		day = calendar_day(local);
				TimestampTz midnight = calendar_at_local((day + 1) * USECS_PER_DAY,
														 place->terms->grid.zone);

				if (midnight > span.from)
				{
					place->pieces[place->piece_count++] = (GridPiece)
					{
						{span.from, Min(midnight, span.until)}, anchor
					};
					span.from = midnight;
				}
				anchor = GRID_MIDNIGHT;
			}
			if (!span_is_empty(span))
				place->pieces[place->piece_count++] = (GridPiece) {span, anchor};
		}
	}
}

/* Reads what is occupied of some places, for slots within a span. */
void
places_read_busy(Question *question, int first, int count, TimeSpan slots)
{
	int		   *indexes = palloc(sizeof(int) * Max(count, 1));
	pg_uuid_t  *ids = palloc(sizeof(pg_uuid_t) * Max(count, 1));
	int			wanted = 0;
	OccupiedTimes *times;
	OccupiedQuery query = {
		.tenant = &question->tenant, .window = slots, .now = question->now,
		.except = question->booking, .fresh = question->fresh
	};

	for (int i = first; i < first + count; i++)
	{
		Place	   *place = &question->places[i];
		TimeSpan	window = slots;

		if (place->busy_read)
			continue;
		places_read_hours(question, place, slots);
		if (place->terms->anchor == ANCHOR_FREE)
			window.from -= FREE_LOOKBACK;
		window = place_occupied(place, window);
		query.window.from = Min(query.window.from, window.from);
		query.window.until = Max(query.window.until, window.until);
		indexes[wanted] = i;
		ids[wanted++] = place->resource->id;
	}
	if (wanted > 0)
	{
		times = occupied_read(&query, ids, wanted);
		for (int i = 0; i < wanted; i++)
		{
			Place	   *place = &question->places[indexes[i]];

			place->busy = busy_spans(place, &times[i]);
			place->room = place->closed.count == 0 ? place->open :
				spans_subtract(place->open, place->closed);
			place->room = spans_subtract(place->room, place->busy);
			place->busy_read = true;
			if (place->terms->anchor == ANCHOR_FREE)
				make_free_pieces(place);
			if (!place->shared)
				pfree(times[i].uses);
		}
		pfree(times);
	}
	pfree(indexes);
	pfree(ids);
}

void
places_read_all(Question *question, TimeSpan slots)
{
	places_read_busy(question, 0, question->place_count, slots);
}

/* ---- looking at a slot ---- */

/*
 * Slots are mostly looked at in the order of time, so the search goes on from
 * where it was.
 */

/* The piece of the grid that an instant is in; NULL when it is in none. */
const GridPiece *
place_piece(Place *place, TimestampTz instant)
{
	int			at = place->piece_at;

	if (at >= place->piece_count || place->pieces[at].span.from > instant)
		at = 0;
	while (at + 1 < place->piece_count && place->pieces[at + 1].span.from <= instant)
		at++;
	place->piece_at = at;
	return at < place->piece_count && place->pieces[at].span.from <= instant &&
		instant < place->pieces[at].span.until ? &place->pieces[at] : NULL;
}

/* Whether a place has room for a slot. */
bool
place_has_room(Place *place, TimeSpan slot)
{
	const TimeSpan *spans = place->room.spans;
	int			count = place->room.count;
	int			at = place->room_at;

	if (at >= count || spans[at].from > slot.from)
		at = 0;
	while (at + 1 < count && spans[at + 1].from <= slot.from)
		at++;
	place->room_at = at;
	return at < count && spans[at].from <= slot.from && slot.until <= spans[at].until;
}

/* How many bookings of one unit a place would still take. */
int
place_remaining(const Place *place, TimeSpan slot)
{
	int64		left;

	if (!place->shared)
		return 1;
	left = place->capacity -
		capacity_profile_peak(&place->profile, place_occupied(place, slot));
	return (int) Max(left / place->unit, 0);
}
