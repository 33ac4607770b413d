/*-------------------------------------------------------------------------
 *
 * capacity.c
 *	  How many units of a resource are in use at once.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rules/capacity.h"

/* At this instant the units in use change by that much. */
typedef struct UseEdge
{
	TimestampTz at;
	int			change;
} UseEdge;

/* By time; at one instant what ends goes before what begins. */
static inline int
compare_edges(const UseEdge *x, const UseEdge *y)
{
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->change != y->change)
		return x->change < y->change ? -1 : 1;
	return 0;
}

#define ST_SORT sort_edges
#define ST_ELEMENT_TYPE UseEdge
#define ST_COMPARE(a, b) compare_edges(a, b)
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/*
 * How the number of units in use changes over time.  Spans are half-open, so
 * what ends at an instant and what begins there are not in use together.
 * Units are positive; empty spans count for nothing.
 */
CapacityProfile
capacity_profile(const CapacityUse *uses, int n)
{
	CapacityProfile profile = {0};
	UseEdge    *edges = palloc(sizeof(UseEdge) * 2 * (Size) Max(n, 1));
	int			nedges = 0;
	int64		in_use = 0;

	for (int i = 0; i < n; i++)
	{
		if (span_is_empty(uses[i].span))
			continue;
		edges[nedges++] = (UseEdge) {uses[i].span.from, uses[i].units};
		edges[nedges++] = (UseEdge) {uses[i].span.until, -uses[i].units};
	}
	sort_edges(edges, nedges);

	profile.at = palloc(sizeof(TimestampTz) * Max(nedges, 1));
	profile.used = palloc(sizeof(int64) * Max(nedges, 1));
	for (int i = 0; i < nedges; i++)
	{
		in_use += edges[i].change;
		if (profile.count == 0 || profile.at[profile.count - 1] != edges[i].at)
			profile.at[profile.count++] = edges[i].at;
		profile.used[profile.count - 1] = in_use;
	}
	pfree(edges);
	return profile;
}

/* The largest number of units in use at one instant within the window. */
int64
capacity_profile_peak(const CapacityProfile *profile, TimeSpan window)
{
	int			low = 0;
	int			high = profile->count;
	int64		peak = 0;

	if (span_is_empty(window))
		return 0;
	while (low < high)			/* the first change after the window begins */
	{
		int			middle = (low + high) / 2;

		if (profile->at[middle] > window.from)
			high = middle;
		else
			low = middle + 1;
	}
	if (low > 0)
		peak = profile->used[low - 1];
	for (int i = low; i < profile->count && profile->at[i] < window.until; i++)
		peak = Max(peak, profile->used[i]);
	return peak;
}

/*
 * The largest number of units in use at one instant within the window (X3), of
 * uses that are looked at only once.  A sum beyond the range of int is answered
 * as INT_MAX, which is more than any capacity.
 */
int
capacity_peak(const CapacityUse *uses, int n, TimeSpan window)
{
	CapacityProfile profile = capacity_profile(uses, n);
	int64		peak = capacity_profile_peak(&profile, window);

	pfree(profile.at);
	pfree(profile.used);
	return (int) Min(peak, PG_INT32_MAX);
}

/* When more than so many units are in use, as sorted spans; limit is not negative. */
TimeSpan *
capacity_above(const CapacityProfile *profile, int64 limit, int *count)
{
	TimeSpan   *spans = palloc(sizeof(TimeSpan) * Max(profile->count, 1));

	*count = 0;
	for (int i = 0; i + 1 < profile->count; i++)
	{
		if (profile->used[i] <= limit)
			continue;
		if (*count > 0 && spans[*count - 1].until == profile->at[i])
			spans[*count - 1].until = profile->at[i + 1];
		else
			spans[(*count)++] = (TimeSpan) {profile->at[i], profile->at[i + 1]};
	}
	return spans;
}
