/*-------------------------------------------------------------------------
 *
 * spans.c
 *	  Sets of instants, as sorted spans of time.
 *
 * Every operation on two sets is one pass over both.  Results are allocated
 * in the current memory context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rules/spans.h"

static int
compare_spans(const void *left, const void *right)
{
	const TimeSpan *a = left;
	const TimeSpan *b = right;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return (a->until > b->until) - (a->until < b->until);
}

/* Puts a span behind those of a set, which must not begin later. */
static void
append(SpanSet *set, TimeSpan span)
{
	if (span_is_empty(span))
		return;
	if (set->count > 0 && span.from <= set->spans[set->count - 1].until)
		set->spans[set->count - 1].until = Max(set->spans[set->count - 1].until, span.until);
	else
		set->spans[set->count++] = span;
}

SpanSet
spans_normalise(TimeSpan *spans, int count)
{
	SpanSet		set = {0, spans};
	bool		sorted = true;

	for (int i = 1; i < count && sorted; i++)
		sorted = spans[i - 1].from <= spans[i].from;
	if (!sorted)
		qsort(spans, count, sizeof(TimeSpan), compare_spans);
	for (int i = 0; i < count; i++)
		append(&set, spans[i]);
	return set;
}

SpanSet
spans_of(TimeSpan span)
{
	SpanSet		set;

	set.spans = palloc(sizeof(TimeSpan));
	set.spans[0] = span;
	set.count = span_is_empty(span) ? 0 : 1;
	return set;
}

SpanSet
spans_union(SpanSet a, SpanSet b)
{
	SpanSet		result = {0};
	int			i = 0;
	int			j = 0;

	if (a.count == 0)
		return b;
	if (b.count == 0)
		return a;
	result.spans = palloc(sizeof(TimeSpan) * ((Size) a.count + b.count));
	while (i < a.count || j < b.count)
	{
		if (j == b.count || (i < a.count && a.spans[i].from <= b.spans[j].from))
			append(&result, a.spans[i++]);
		else
			append(&result, b.spans[j++]);
	}
	return result;
}

SpanSet
spans_intersect(SpanSet a, SpanSet b)
{
	SpanSet		result = {0};
	int			i = 0;
	int			j = 0;

	result.spans = palloc(sizeof(TimeSpan) * Max((Size) a.count + b.count, 1));
	while (i < a.count && j < b.count)
	{
		TimeSpan	both;

		both.from = Max(a.spans[i].from, b.spans[j].from);
		both.until = Min(a.spans[i].until, b.spans[j].until);
		append(&result, both);
		if (a.spans[i].until < b.spans[j].until)
			i++;
		else
			j++;
	}
	return result;
}

/* What is in a and not in b. */
SpanSet
spans_subtract(SpanSet a, SpanSet b)
{
	SpanSet		result = {0};
	int			j = 0;

	if (a.count == 0 || b.count == 0)
		return a;
	result.spans = palloc(sizeof(TimeSpan) * ((Size) a.count + b.count));
	for (int i = 0; i < a.count; i++)
	{
		TimeSpan	left = a.spans[i];

		while (j < b.count && b.spans[j].until <= left.from)
			j++;
		/* a span of b may reach into the next one of a: j stays at it */
		for (int k = j; k < b.count && b.spans[k].from < left.until; k++)
		{
			TimeSpan	before = {left.from, b.spans[k].from};

			append(&result, before);
			left.from = b.spans[k].until;
			j = k;
		}
		append(&result, left);
	}
	return result;
}

SpanSet
spans_clip(SpanSet set, TimeSpan window)
{
	return spans_intersect(set, spans_of(window));
}

/* The index of the first span that ends after an instant; count if none does. */
static int
first_ending_after(SpanSet set, TimestampTz instant)
{
	int			low = 0;
	int			high = set.count;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (set.spans[middle].until > instant)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

int
spans_find(SpanSet set, TimestampTz instant)
{
	int			index = first_ending_after(set, instant);

	return index < set.count && set.spans[index].from <= instant ? index : -1;
}

bool
spans_contain(SpanSet set, TimeSpan span)
{
	int			index = spans_find(set, span.from);

	return !span_is_empty(span) && index >= 0 && set.spans[index].until >= span.until;
}

int
spans_first_overlap(SpanSet set, TimeSpan span)
{
	int			index = first_ending_after(set, span.from);

	if (span_is_empty(span) || index >= set.count)
		return -1;
	return set.spans[index].from < span.until ? index : -1;
}
