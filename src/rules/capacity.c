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
static int
compare_edges(const void *a, const void *b)
{
	const UseEdge *x = a;
	const UseEdge *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->change != y->change)
		return x->change < y->change ? -1 : 1;
	return 0;
}

/*
 * The largest number of units in use at one instant within the window (X3).
 *
 * Spans are half-open, so what ends at an instant and what begins there are
 * not in use together.  Units are positive; empty spans count for nothing.
 * A sum beyond the range of int is answered as INT_MAX, which is more than
 * any capacity.
 */
int
capacity_peak(const CapacityUse *uses, int n, TimeSpan window)
{
	UseEdge    *edges;
	int			nedges = 0;
	int64		in_use = 0;
	int64		peak = 0;

	if (n <= 0 || span_is_empty(window))
		return 0;

	edges = palloc(sizeof(UseEdge) * 2 * (Size) n);
	for (int i = 0; i < n; i++)
	{
		TimeSpan	span = uses[i].span;

		if (span_is_empty(span) || !spans_overlap(span, window))
			continue;
		edges[nedges].at = Max(span.from, window.from);
		edges[nedges++].change = uses[i].units;
		edges[nedges].at = Min(span.until, window.until);
		edges[nedges++].change = -uses[i].units;
	}
	qsort(edges, nedges, sizeof(UseEdge), compare_edges);

	for (int i = 0; i < nedges; i++)
	{
		in_use += edges[i].change;
		peak = Max(peak, in_use);
	}
	pfree(edges);

	return (int) Min(peak, PG_INT32_MAX);
}
