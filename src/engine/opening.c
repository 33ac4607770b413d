/*-------------------------------------------------------------------------
 *
 * opening.c
 *	  When a resource is open: its own hours, its branch's, and closures.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "engine/opening.h"
#include "rules/settings.h"
#include "store/hours_store.h"

Opening
opening_of(const pg_uuid_t *tenant, const Resource *resource)
{
	const SettingSources sources = {
		.resource = resource->settings,
		.branch = resource->branch.settings,
		.tenant = resource->branch.tenant_settings
	};
	Opening		opening;

	opening.branch = hours_of_branch(tenant, &resource->branch.id);
	opening.own = hours_of_resource(tenant, &resource->id);
	if (opening.branch == NULL || opening.own == NULL)
		elog(ERROR, "resource \"%s\" is gone", resource->code);
	opening.required = settings_get(SETTING_REQUIRE_HOURS, &sources).boolean;
	return opening;
}

/* Open around the clock, closures aside. */
static bool
is_unlimited(const Opening *opening)
{
	return !opening->required && hours_unlimited(opening->branch) &&
		hours_unlimited(opening->own);
}

bool
opening_is_open(const Opening *opening, TimeSpan span)
{
	if (is_unlimited(opening))
		return true;
	if (span.until - span.from > MAX_WINDOW_DAYS * USECS_PER_DAY)
		return false;
	return spans_contain(opening_hours(opening, span).spans, span);
}

OpeningHours
opening_hours(const Opening *opening, TimeSpan window)
{
	OpeningHours hours = hours_expand(hours_unlimited(opening->branch) ?
									  opening->own : opening->branch, window);

	if (!hours_unlimited(opening->branch) && !hours_unlimited(opening->own))
	{
		OpeningHours own = hours_expand(opening->own, window);

		hours = hours_intersect(&hours, &own);
	}
	return opening->required ? hours_anchored(&hours) : hours;
}

SpanSet
opening_closures(const Opening *opening, TimeSpan window)
{
	return spans_union(closures_expand(opening->branch, window),
					   closures_expand(opening->own, window));
}

bool
opening_find_closure(const Opening *opening, TimeSpan span, Closure *found)
{
	Closure		own;

	if (!closures_find(opening->branch, span, found))
		return closures_find(opening->own, span, found);
	if (closures_find(opening->own, span, &own) && own.span.from < found->span.from)
		*found = own;
	return true;
}

SpanSet
opening_effective(const Opening *opening, TimeSpan window)
{
	return spans_clip(spans_subtract(opening_hours(opening, window).spans,
									 opening_closures(opening, window)), window);
}
