/*-------------------------------------------------------------------------
 *
 * spans.h
 *	  Sets of instants, as sorted spans of time.
 *
 * The spans of a SpanSet are sorted, not empty, and neither overlap nor touch.
 * So two sets of the same instants are equal span by span.  Bounds may be
 * infinite.  Sets are values: what a function returns may share the array of
 * an argument, so the arrays are never changed in place.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_SPANS_H
#define BOOKING_SPANS_H

#include "booking.h"

typedef struct SpanSet
{
	int			count;
	TimeSpan   *spans;
} SpanSet;

/* From spans in any order; sorts the array in place and keeps it. */
extern SpanSet spans_normalise(TimeSpan *spans, int count);

extern SpanSet spans_of(TimeSpan span);
extern SpanSet spans_union(SpanSet a, SpanSet b);
extern SpanSet spans_intersect(SpanSet a, SpanSet b);
extern SpanSet spans_subtract(SpanSet a, SpanSet b);
extern SpanSet spans_clip(SpanSet set, TimeSpan window);

/* The index of the span that an instant is in, or -1. */
extern int	spans_find(SpanSet set, TimestampTz instant);

/* Whether one span of the set holds the whole of another; none holds an empty one. */
extern bool spans_contain(SpanSet set, TimeSpan span);

/* The index of the first span of the set that overlaps another, or -1. */
extern int	spans_first_overlap(SpanSet set, TimeSpan span);

#endif							/* BOOKING_SPANS_H */
