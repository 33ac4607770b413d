/*-------------------------------------------------------------------------
 *
 * choosing.c
 *	  Which resources a slot could be booked on.
 *
 * The most preferred ones that will do are chosen (choice.c).  Nearly always
 * these are among the first, so what the others are occupied with is not even
 * read.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "engine/question.h"
#include "rules/choice.h"

/* Places whose occupied time is read at once, if some may not be needed. */
#define READ_AHEAD 64

/* ---- looking at a slot ---- */

/*
 * Whether a slot starts on the grid of a set of places.  Together they are
 * open from the latest of their anchors on, so that is where it is counted
 * from, in the steps of each of them.  Not known when one of them is not open
 * then, or has no free time.
 */
bool
places_on_grid(Question *question, const PlaceSet *set, TimestampTz start,
			   bool *known, TimestampTz *anchor)
{
	TimestampTz latest = GRID_MIDNIGHT;

	if (known != NULL)
		*known = true;
	if (question->service->length.by_nights)
		return question_slot(question, start).from == start;
	for (int i = 0; i < set->count; i++)
	{
		Place	   *place = &question->places[set->places[i]];
		const GridPiece *piece;

		if (place->terms->anchor == ANCHOR_MIDNIGHT)
			continue;
		piece = place_piece(place, start);
		if (piece == NULL)
		{
			if (known != NULL)
				*known = false;
			return false;
		}
		latest = Max(latest, piece->anchor);
	}
	if (anchor != NULL)
		*anchor = latest;
	for (int i = 0; i < set->count; i++)
	{
		const Place *place = &question->places[set->places[i]];

		if (!grid_has(&place->terms->grid, place->terms->anchor == ANCHOR_MIDNIGHT ?
					  GRID_MIDNIGHT : latest, start))
			return false;
	}
	return true;
}

/*
 * Whether a place could be taken for a slot; whether the slot starts on its
 * grid is left out if that depends on other places too.
 */
static bool
is_free(Question *question, int index, TimeSpan slot, TimeSpan slots)
{
	Place	   *place = &question->places[index];
	const PolicyBounds *bounds = &place->terms->bounds;
	Quota		full;
	QuotaCount	count;

	if (!place->eligible || slot.from < bounds->not_past || slot.from < bounds->notice ||
		slot.from > bounds->latest)
		return false;
	if (!place->busy_read)
	{
		places_read_hours(question, place, slots);
		if (!spans_contain(place->open, slot))
			return false;
		places_read_busy(question, index,
							 Min(Max(Min(index, READ_AHEAD), 1), question->place_count - index),
							 slots);
	}
	return place_has_room(place, slot) &&
		(place->terms->anchor != ANCHOR_MIDNIGHT || question->service->length.by_nights ||
		 grid_has(&place->terms->grid, GRID_MIDNIGHT, slot.from)) &&
		!question_quota_full(question, place, slot, &full, &count);
}

/*
 * Whether a set fits the booking as a whole: units are of shared resources, and
 * a client books in the branch of a resource.
 */
static bool
set_fits(const Question *question, const PlaceSet *set)
{
	bool		shared = question->units == 1;
	bool		in_branch = question->staff;

	for (int i = 0; i < set->count; i++)
	{
		const Place *place = &question->places[set->places[i]];

		shared |= place->shared;
		in_branch = in_branch ||
			uuid_equal(&place->resource->branch.id, &question->branch->id);
	}
	return shared && in_branch;
}

/* ---- choosing ---- */

/*
 * Has choice.c choose among all places there are, as describe says what each of
 * them is like; false when none will do.  A candidate comes with its name and
 * position filled in, on the grid.
 */
bool
question_choose_by(Question *question, PlaceDescriber describe, void *arg, PlaceSet *set)
{
	ChoiceNeed *needs = palloc0(sizeof(ChoiceNeed) * question->need_count);
	MemoryContext scratch;
	MemoryContext previous;
	bool		found;

	for (int i = 0; i < question->need_count; i++)
	{
		const PlaceNeed *need = &question->needs[i];
		Candidate  *candidates = palloc0(sizeof(Candidate) * Max(need->count, 1));

		for (int j = 0; j < need->count; j++)
		{
			const Place *place = &question->places[need->places[j]];

			candidates[j].named = place->named;
			candidates[j].position = place->resource->position;
			candidates[j].anchor = CHOICE_NO_ANCHOR;
			candidates[j].on_grid = true;
			describe(arg, question, need->places[j], &candidates[j]);
		}
		needs[i].quantity = need->quantity;
		needs[i].adjacent = need->adjacent;
		needs[i].count = need->count;
		needs[i].candidates = candidates;
		needs[i].chosen = palloc(sizeof(int) * (need->quantity + need->count));
	}

	/* a listing asks for each start */
	scratch = AllocSetContextCreate(CurrentMemoryContext, "booking choice",
									ALLOCSET_SMALL_SIZES);
	previous = MemoryContextSwitchTo(scratch);
	found = choice_make(needs, question->need_count);
	MemoryContextSwitchTo(previous);
	MemoryContextDelete(scratch);
	if (found)
	{
		set->count = 0;
		for (int i = 0; i < question->named_count; i++)
			set->places[set->count++] = i;
		for (int i = 0; i < question->need_count; i++)
			for (int j = 0; j < needs[i].chosen_count; j++)
			{
				int			place = question->needs[i].places[needs[i].chosen[j]];

				if (!question->places[place].named)
					set->places[set->count++] = place;
			}
	}
	for (int i = 0; i < question->need_count; i++)
	{
		pfree(unconstify(Candidate *, needs[i].candidates));
		pfree(needs[i].chosen);
	}
	pfree(needs);
	return found;
}

/* A slot that is looked at, within those that may be read. */
typedef struct SlotInView
{
	TimeSpan	slot;
	TimeSpan	slots;
} SlotInView;

/* What a place is like to a listing. */
static void
describe_listed(void *arg, Question *question, int index, Candidate *candidate)
{
	const SlotInView *view = arg;
	Place	   *place = &question->places[index];
	const GridPiece *piece;

	candidate->free = is_free(question, index, view->slot, view->slots);
	if (!candidate->free || place->terms->anchor == ANCHOR_MIDNIGHT ||
		question->service->length.by_nights)
		return;
	piece = place_piece(place, view->slot.from);
	candidate->anchor = piece->anchor;
	candidate->on_grid = grid_has(&place->terms->grid, piece->anchor, view->slot.from);
}

/*
 * Chooses places for a slot, which must be within slots; false when it can't
 * be booked.  The set has room for all places.
 */
bool
question_choose(Question *question, TimeSpan slot, TimeSpan slots, PlaceSet *set)
{
	bool		alone = question->named_count == 0 && question->need_count == 1 &&
		question->needs[0].quantity == 1;
	bool		adjacent = false;

	if (!question->complete)
		return false;
	set->count = 0;
	for (int i = 0; i < question->named_count; i++)
	{
		if (!is_free(question, i, slot, slots))
			return false;
		set->places[set->count++] = i;
	}
	for (int i = 0; i < question->need_count; i++)
	{
		const PlaceNeed *need = &question->needs[i];
		int			have = 0;

		adjacent |= need->adjacent;
		for (int j = 0; j < need->count; j++)
		{
			int			index = need->places[j];

			if (!question->places[index].named)
			{
				if (have >= need->quantity)
					break;
				if (!is_free(question, index, slot, slots))
					continue;
				set->places[set->count] = index;
				if (alone && (!places_on_grid(question, &(PlaceSet) {1, &index}, slot.from,
											  NULL, NULL) ||
							  !set_fits(question, &(PlaceSet) {1, &index})))
					continue;
				set->count++;
			}
			have++;
		}
		if (have < need->quantity)
			return false;
	}
	if (adjacent || !places_on_grid(question, set, slot.from, NULL, NULL))
	{
		SlotInView	view = {slot, slots};

		if (!adjacent && (alone || !question->chooses))
			return false;
		if (!question_choose_by(question, describe_listed, &view, set) ||
			!places_on_grid(question, set, slot.from, NULL, NULL))
			return false;
	}
	return set_fits(question, set) && !question_customer_is_elsewhere(question, slot);
}

/*
 * The places that a slot is explained with when it can't be booked: of each
 * need the most preferred ones, free ones first, then open ones.
 */
void
question_best_effort(Question *question, TimeSpan slot, PlaceSet *set)
{
	places_read_all(question, slot);
	set->count = 0;
	for (int i = 0; i < question->named_count; i++)
		set->places[set->count++] = i;
	for (int i = 0; i < question->need_count; i++)
	{
		const PlaceNeed *need = &question->needs[i];
		int			missing = need->quantity;

		for (int j = 0; j < need->count && question->places[need->places[j]].named; j++)
			missing--;
		for (int pass = 0; pass < 3; pass++)
			for (int j = 0; j < need->count && missing > 0; j++)
			{
				int			index = need->places[j];
				const Place *place = &question->places[index];
				int			rank = spans_contain(place->room, slot) ? 0 :
					spans_contain(place->open, slot) ? 1 : 2;

				if (place->named || rank != pass)
					continue;
				set->places[set->count++] = index;
				missing--;
			}
	}
}
