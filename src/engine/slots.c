/*-------------------------------------------------------------------------
 *
 * slots.c
 *	  Listing what can be booked (A4).
 *
 * The window is gone through in chunks: first the starts that are on the grid
 * of some place while it is open, then, for each of them, whether places can be
 * had.  What is read for a chunk is forgotten after it, so that memory does not
 * grow with the window; and when few slots are wanted the first chunks are
 * short, so that little more is read than what is needed for those.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "engine/slots.h"
#include "errors.h"
#include "rules/calendar.h"

/* The longest chunks, in days: for a few places, and for many. */
#define LONG_CHUNK 32
#define SHORT_CHUNK 8
#define FEW_PLACES 8

/* ---- the starts of a chunk ---- */

typedef struct Starts
{
	int			count;
	int			size;
	bool		sorted;
	TimestampTz *at;
} Starts;

static void
add_start(Starts *starts, TimestampTz at)
{
	CHECK_FOR_INTERRUPTS();
	if (starts->count == starts->size)
	{
		starts->size = Max(starts->size * 2, 256);
		starts->at = starts->at == NULL ?
			palloc(sizeof(TimestampTz) * starts->size) :
			repalloc_huge(starts->at, sizeof(TimestampTz) * starts->size);
	}
	if (starts->count > 0 && starts->at[starts->count - 1] >= at)
		starts->sorted = false;
	starts->at[starts->count++] = at;
}

static int
compare_instants(const void *a, const void *b)
{
	TimestampTz x = *(const TimestampTz *) a;
	TimestampTz y = *(const TimestampTz *) b;

	return x < y ? -1 : x > y;
}

/* Sorts the starts and leaves each of them once. */
static void
sort_starts(Starts *starts)
{
	int			kept = 0;

	if (starts->sorted)
		return;
	qsort(starts->at, starts->count, sizeof(TimestampTz), compare_instants);
	for (int i = 0; i < starts->count; i++)
		if (kept == 0 || starts->at[kept - 1] != starts->at[i])
			starts->at[kept++] = starts->at[i];
	starts->count = kept;
}

/* Adds the starts of a place's own grid. */
static void
add_grid(Starts *starts, const Place *place, TimeSpan chunk)
{
	const Grid *grid = &place->terms->grid;

	for (int i = 0; i < place->piece_count; i++)
	{
		const GridPiece *piece = &place->pieces[i];
		TimestampTz from = Max(piece->span.from, chunk.from);
		TimestampTz until = Min(piece->span.until, chunk.until);

		if (from >= until)
			continue;
		for (TimestampTz at = grid_next(grid, piece->anchor, from); at < until;
			 at = piece->anchor == GRID_MIDNIGHT ?
			 grid_next(grid, GRID_MIDNIGHT, at + 1) : at + grid->step)
			add_start(starts, at);
	}
}

/* Adds the starts of a service that is sold by nights, one a day. */
static void
add_nights(Starts *starts, const Question *question, TimeSpan chunk)
{
	Timestamp	local = calendar_to_local(chunk.from, question->zone);
	int64		day = calendar_day(local);

	for (;; day++)
	{
		TimestampTz noon = calendar_at_local(day * USECS_PER_DAY + USECS_PER_DAY / 2,
											 question->zone);
		TimestampTz start = question_slot(question, noon).from;

		if (start >= chunk.until)
			break;
		if (start >= chunk.from)
			add_start(starts, start);
	}
}

/* Whether the pieces of a place were seen with another one. */
static bool
seen_before(const Place **seen, int count, const Place *place)
{
	for (int i = count - 1; i >= 0; i--)
		if (seen[i]->piece_count == place->piece_count &&
			memcmp(&seen[i]->terms->grid, &place->terms->grid, sizeof(Grid)) == 0 &&
			(seen[i]->pieces == place->pieces ||
			 memcmp(seen[i]->pieces, place->pieces,
					sizeof(GridPiece) * place->piece_count) == 0))
			return true;
	return false;
}

/* All instants of a chunk that are on the grid of some place. */
static Starts
find_starts(Question *question, TimeSpan chunk, TimeSpan slots)
{
#define MAX_SEEN 64
	Starts		starts = {.sorted = true};
	const Place *seen[MAX_SEEN];
	int			seen_count = 0;

	if (question->service->length.by_nights)
		add_nights(&starts, question, chunk);
	else
		for (int i = 0; i < question->place_count; i++)
		{
			Place	   *place = &question->places[i];

			/* where free time begins depends on what is occupied, of all then */
			if (place->terms->anchor == ANCHOR_FREE)
				places_read_busy(question, i, question->place_count - i, slots);
			else
				places_read_hours(question, place, slots);
			if (seen_before(seen, seen_count, place))
				continue;
			if (seen_count < MAX_SEEN)
				seen[seen_count++] = place;
			add_grid(&starts, place, chunk);
		}
	sort_starts(&starts);
	return starts;
}

/* ---- the listing ---- */

/* The part of a window in which any place might be booked. */
static TimeSpan
bounded(const Question *question, TimeSpan window)
{
	TimestampTz earliest = DT_NOEND;
	TimestampTz latest = DT_NOBEGIN;

	for (int i = 0; i < question->place_count; i++)
	{
		const PolicyBounds *bounds = &question->places[i].terms->bounds;

		earliest = Min(earliest, Max(bounds->not_past, bounds->notice));
		latest = Max(latest, bounds->latest);
	}
	window.from = Max(window.from, earliest);
	if (!TIMESTAMP_NOT_FINITE(latest))
		window.until = Min(window.until, latest + 1);
	return window;
}

/*
 * Lists the slots that can be booked and start in a window, until the receiver
 * has enough; few tells that this is likely to be soon.
 */
void
slots_list(Question *question, TimeSpan window, bool few, SlotReceiver receive, void *arg)
{
	int64		reach = question_reach(question);
	int			longest = question->place_count <= FEW_PLACES ? LONG_CHUNK : SHORT_CHUNK;
	int			days = few ? 1 : longest;
	MemoryContext memory;
	MemoryContext previous;
	PlaceSet	set;
	bool		more = true;

	if (!question->complete || !question_is_possible(question) || span_is_empty(window))
		return;
	window = bounded(question, window);
	if (window.from >= window.until)
		return;
	hours_check_window(window);

	set.places = palloc(sizeof(int) * Max(question->place_count, 1));
	memory = AllocSetContextCreate(CurrentMemoryContext, "booking slots",
								   ALLOCSET_DEFAULT_SIZES);
	previous = MemoryContextSwitchTo(memory);
	for (TimeSpan chunk = window; more && chunk.from < window.until; chunk.from = chunk.until)
	{
		TimeSpan	slots;
		Starts		starts;

		chunk.until = Min(chunk.from + days * USECS_PER_DAY, window.until);
		days = Min(days * 2, longest);
		slots = (TimeSpan) {chunk.from, chunk.until + reach};
		if (!IS_VALID_TIMESTAMP(slots.until))
			slots.until = END_TIMESTAMP - 1;

		places_forget(question);
		starts = find_starts(question, chunk, slots);
		for (int i = 0; more && i < starts.count; i++)
		{
			FoundSlot	found = {.set = &set,.remaining = PG_INT32_MAX};

			CHECK_FOR_INTERRUPTS();
			found.span = question_slot(question, starts.at[i]);
			if (!question_choose(question, found.span, slots, &set))
				continue;
			for (int j = 0; j < set.count; j++)
				found.remaining = Min(found.remaining,
									  place_remaining(&question->places[set.places[j]],
													  found.span));
			MemoryContextSwitchTo(previous);
			more = receive(arg, question, &found);
			MemoryContextSwitchTo(memory);
		}
		MemoryContextReset(memory);
	}
	places_forget(question);
	MemoryContextSwitchTo(previous);
	MemoryContextDelete(memory);
}

/* ---- suggestions ---- */

/* More than any slot lasts. */
#define EDGE_OF_TIME (2 * MAX_WINDOW_DAYS * USECS_PER_DAY)

typedef struct Suggestions
{
	TimestampTz start;
	int			count;
	int			max;
	Suggestion *list;
} Suggestions;

/*
 * Keeps the nearest slots.  They come in the order of time: first from far to
 * near, then from near to far.
 */
static bool
keep_suggestion(void *arg, const Question *question, const FoundSlot *slot)
{
	Suggestions *suggestions = arg;
	int64		distance = slot->span.from - suggestions->start;
	Suggestion *kept;
	int			at;

	distance = distance < 0 ? -distance : distance;
	for (at = suggestions->count; at > 0 && suggestions->list[at - 1].distance > distance; at--)
		;
	if (at >= suggestions->max)
		return slot->span.from < suggestions->start;
	if (suggestions->count == suggestions->max)
		pfree(suggestions->list[--suggestions->count].resources);
	memmove(&suggestions->list[at + 1], &suggestions->list[at],
			sizeof(Suggestion) * (suggestions->count - at));
	suggestions->count++;

	kept = &suggestions->list[at];
	kept->span = slot->span;
	kept->distance = distance;
	kept->remaining = slot->remaining;
	kept->resource_count = slot->set->count;
	kept->resources = palloc(sizeof(pg_uuid_t) * Max(slot->set->count, 1));
	for (int i = 0; i < slot->set->count; i++)
		kept->resources[i] = question->places[slot->set->places[i]].resource->id;
	return true;
}

/*
 * Up to max slots that start no further than reach from an instant, the
 * nearest first, and of two that are as near the earlier one.
 */
Suggestion *
slots_suggest(Question *question, TimestampTz start, int64 reach, int max, int *count)
{
	Suggestions suggestions = {.start = start,.max = max};
	TimeSpan	window = {start - reach, start + reach + 1};

	*count = 0;
	if (max <= 0)
		return NULL;

	/* at the ends of time not all instants have a time of day */
	if (window.from < MIN_TIMESTAMP + EDGE_OF_TIME || window.until > END_TIMESTAMP - EDGE_OF_TIME)
		return NULL;
	suggestions.list = palloc(sizeof(Suggestion) * (max + 1));
	slots_list(question, window, false, keep_suggestion, &suggestions);
	*count = suggestions.count;
	return suggestions.list;
}
