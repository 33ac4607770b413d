/*-------------------------------------------------------------------------
 *
 * choice.c
 *	  Which resources a booking gets, of those that could serve it (X7, X8).
 *
 * Of each kind the most preferred ones that are free are taken.  Two things
 * can make that wrong: resources that have to be next to each other, and the
 * grid.  A set of resources is open together from the latest of their anchors
 * on, so it has the grid of that one; it depends on the choice whether a slot
 * starts on it.
 *
 * The choice is exact: where any set will do, one is found.  Each anchor whose
 * grid the slot starts on is tried as the latest of the set; of the sets found
 * the most preferred is taken.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rules/choice.h"

/* What a choice for one need is bound to. */
typedef struct Bounds
{
	TimestampTz latest;			/* no anchor after this one */
	bool		reach;			/* one of the chosen must have it */
} Bounds;

static bool
usable(const Candidate *candidate, const Bounds *bounds)
{
	return candidate->free && candidate->anchor <= bounds->latest;
}

static int
compare_ints(const void *a, const void *b)
{
	int			x = *(const int *) a;
	int			y = *(const int *) b;

	return x < y ? -1 : x > y;
}

/*
 * Takes all that are named; false if one of them can't be.  Whether they alone
 * reach the bound is answered too.
 */
static bool
take_named(ChoiceNeed *need, const Bounds *bounds, bool *reached)
{
	need->chosen_count = 0;
	*reached = false;
	for (int i = 0; i < need->count; i++)
	{
		const Candidate *candidate = &need->candidates[i];

		if (!candidate->named)
			continue;
		if (!usable(candidate, bounds))
			return false;
		need->chosen[need->chosen_count++] = i;
		*reached |= candidate->anchor == bounds->latest;
	}
	return true;
}

/* The choice for a need whose resources may be anywhere. */
static bool
choose_any(ChoiceNeed *need, const Bounds *bounds)
{
	bool		reached;
	int			named;

	if (!take_named(need, bounds, &reached))
		return false;
	named = need->chosen_count;
	for (int i = 0; i < need->count && need->chosen_count < need->quantity; i++)
	{
		const Candidate *candidate = &need->candidates[i];

		if (candidate->named || !usable(candidate, bounds))
			continue;
		need->chosen[need->chosen_count++] = i;
		reached |= candidate->anchor == bounds->latest;
	}
	if (need->chosen_count < need->quantity)
		return false;
	if (!bounds->reach || reached)
		return true;

	/* the least preferred makes room for one that reaches the bound */
	if (need->chosen_count == named)
		return false;
	for (int i = 0; i < need->count; i++)
		if (usable(&need->candidates[i], bounds) &&
			need->candidates[i].anchor == bounds->latest)
		{
			need->chosen[need->chosen_count - 1] = i;
			return true;
		}
	return false;
}

typedef struct Spot
{
	int			position;
	int			index;
} Spot;

static int
compare_spots(const void *a, const void *b)
{
	const Spot *x = a;
	const Spot *y = b;

	if (x->position != y->position)
		return x->position < y->position ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/*
 * The candidate to take at a position, spots[0] .. spots[count - 1] being
 * all that are there; -1 if two of them are named.
 */
static int
choose_at_position(const ChoiceNeed *need, const Spot *spots, int count)
{
	int			chosen = -1;

	for (int i = 0; i < count; i++)
		if (need->candidates[spots[i].index].named)
		{
			if (chosen >= 0)
				return -1;
			chosen = spots[i].index;
		}
	return chosen >= 0 ? chosen : spots[0].index;
}

/*
 * The row of neighbours that starts at the position of spots[0], into run;
 * false when there is none with all that are named.
 */
static bool
choose_run(const ChoiceNeed *need, const Bounds *bounds, const Spot *spots, int count,
		   int named, int *run)
{
	bool		reached = false;
	int			swap_slot = -1;
	int			swap_index = -1;
	int			at = 0;

	for (int slot = 0; slot < need->quantity; slot++)
	{
		int			end = at;
		int			chosen;

		if (at >= count || (int64) spots[at].position != (int64) spots[0].position + slot)
			return false;
		while (end < count && spots[end].position == spots[at].position)
			end++;
		chosen = choose_at_position(need, spots + at, end - at);
		if (chosen < 0)
			return false;
		run[slot] = chosen;
		named -= need->candidates[chosen].named;
		reached |= need->candidates[chosen].anchor == bounds->latest;
		if (!need->candidates[chosen].named)
			for (int i = at; i < end; i++)
				if (need->candidates[spots[i].index].anchor == bounds->latest &&
					(swap_slot < 0 || spots[i].index < swap_index))
				{
					swap_slot = slot;
					swap_index = spots[i].index;
				}
		at = end;
	}

	if (named > 0)
		return false;
	if (bounds->reach && !reached)
	{
		if (swap_slot < 0)
			return false;
		run[swap_slot] = swap_index;
	}
	qsort(run, need->quantity, sizeof(int), compare_ints);
	return true;
}

/* Whether some of these positions, quantity of them, follow on each other. */
bool
choice_adjacent(const int *positions, int count, int quantity)
{
	int		   *sorted = palloc(sizeof(int) * Max(count, 1));
	int			length = 0;
	bool		found = quantity <= 0;

	memcpy(sorted, positions, sizeof(int) * count);
	qsort(sorted, count, sizeof(int), compare_ints);
	for (int i = 0; i < count && !found; i++)
	{
		if (i > 0 && sorted[i] == sorted[i - 1])
			continue;
		length = i > 0 && (int64) sorted[i] == (int64) sorted[i - 1] + 1 ? length + 1 : 1;
		found = length >= quantity;
	}
	pfree(sorted);
	return found;
}

/* The choice for a need whose resources have to be next to each other. */
static bool
choose_neighbours(ChoiceNeed *need, const Bounds *bounds)
{
	bool		reached;
	bool		found = false;
	int			count = 0;
	int			named;
	Spot	   *spots;
	int		   *run;

	if (!take_named(need, bounds, &reached))
		return false;
	if (need->chosen_count >= need->quantity)
	{
		int		   *positions = palloc(sizeof(int) * Max(need->chosen_count, 1));

		for (int i = 0; i < need->chosen_count; i++)
			positions[i] = need->candidates[need->chosen[i]].position;
		return (reached || !bounds->reach) &&
			choice_adjacent(positions, need->chosen_count, need->quantity);
	}

	named = need->chosen_count;
	spots = palloc(sizeof(Spot) * Max(need->count, 1));
	run = palloc(sizeof(int) * need->quantity);
	for (int i = 0; i < need->count; i++)
		if (usable(&need->candidates[i], bounds))
			spots[count++] = (Spot) {need->candidates[i].position, i};
	qsort(spots, count, sizeof(Spot), compare_spots);

	/* of all rows the one with the most preferred resources */
	for (int i = 0; i < count; i++)
	{
		bool		better = !found;

		if ((i > 0 && spots[i].position == spots[i - 1].position) ||
			!choose_run(need, bounds, spots + i, count - i, named, run))
			continue;
		for (int j = 0; j < need->quantity && !better; j++)
		{
			if (run[j] > need->chosen[j])
				break;
			better = run[j] < need->chosen[j];
		}
		if (better)
			memcpy(need->chosen, run, sizeof(int) * need->quantity);
		found = true;
	}
	need->chosen_count = need->quantity;
	pfree(spots);
	pfree(run);
	return found;
}

static bool
choose(ChoiceNeed *need, const Bounds *bounds)
{
	return need->adjacent ? choose_neighbours(need, bounds) : choose_any(need, bounds);
}

/* Whether the set that was chosen has a grid that the slot starts on. */
static bool
on_grid(const ChoiceNeed *needs, int need_count, TimestampTz *latest)
{
	bool		result = true;

	*latest = CHOICE_NO_ANCHOR;
	for (int i = 0; i < need_count; i++)
		for (int j = 0; j < needs[i].chosen_count; j++)
		{
			const Candidate *candidate = &needs[i].candidates[needs[i].chosen[j]];

			if (candidate->anchor < *latest)
				continue;
			*latest = candidate->anchor;
			result = candidate->on_grid;
		}
	return result;
}

/* The most preferred set whose latest anchor is exactly this one. */
static bool
choose_with_latest(ChoiceNeed *needs, int need_count, TimestampTz latest)
{
	TimestampTz reached;

	for (int i = 0; i < need_count; i++)
		if (!choose(&needs[i], &(Bounds) {latest, false}))
			return false;
	(void) on_grid(needs, need_count, &reached);
	if (reached == latest)
		return true;

	/* one of them has to take another for that; the last that can, does */
	for (int i = need_count - 1; i >= 0; i--)
	{
		if (choose(&needs[i], &(Bounds) {latest, true}))
			return true;
		(void) choose(&needs[i], &(Bounds) {latest, false});
	}
	return false;
}

/* Whether the first of two choices for the same needs is the more preferred. */
static bool
is_better(const ChoiceNeed *left, const ChoiceNeed *right, int need_count)
{
	for (int i = 0; i < need_count; i++)
		for (int j = 0; j < left[i].chosen_count; j++)
			if (left[i].chosen[j] != right[i].chosen[j])
				return left[i].chosen[j] < right[i].chosen[j];
	return false;
}

static ChoiceNeed *
copy_needs(const ChoiceNeed *needs, int need_count)
{
	ChoiceNeed *copy = palloc(sizeof(ChoiceNeed) * need_count);

	for (int i = 0; i < need_count; i++)
	{
		copy[i] = needs[i];
		copy[i].chosen = palloc(sizeof(int) * (needs[i].quantity + needs[i].count));
	}
	return copy;
}

static int
compare_anchors(const void *a, const void *b)
{
	TimestampTz x = *(const TimestampTz *) a;
	TimestampTz y = *(const TimestampTz *) b;

	return x < y ? -1 : x > y;
}

/*
 * Chooses for all needs of a slot; false when no set of free resources meets
 * them and starts the slot on its grid.  What a failed choice leaves behind
 * means nothing.
 */
bool
choice_make(ChoiceNeed *needs, int need_count)
{
	ChoiceNeed *attempt;
	TimestampTz *anchors;
	TimestampTz latest;
	int			anchor_count = 0;
	int			total = 0;
	bool		found = false;

	for (int i = 0; i < need_count; i++)
	{
		if (!choose(&needs[i], &(Bounds) {DT_NOEND, false}))
			return false;
		total += needs[i].count;
	}
	if (on_grid(needs, need_count, &latest))
		return true;

	anchors = palloc(sizeof(TimestampTz) * Max(total, 1));
	for (int i = 0; i < need_count; i++)
		for (int j = 0; j < needs[i].count; j++)
			if (needs[i].candidates[j].free && needs[i].candidates[j].on_grid)
				anchors[anchor_count++] = needs[i].candidates[j].anchor;
	qsort(anchors, anchor_count, sizeof(TimestampTz), compare_anchors);

	attempt = copy_needs(needs, need_count);
	for (int i = 0; i < anchor_count; i++)
	{
		if ((i > 0 && anchors[i] == anchors[i - 1]) ||
			!choose_with_latest(attempt, need_count, anchors[i]) ||
			(found && !is_better(attempt, needs, need_count)))
			continue;
		found = true;
		for (int j = 0; j < need_count; j++)
		{
			needs[j].chosen_count = attempt[j].chosen_count;
			memcpy(needs[j].chosen, attempt[j].chosen, sizeof(int) * attempt[j].chosen_count);
		}
	}
	return found;
}
