/*-------------------------------------------------------------------------
 *
 * free_busy_api.c
 *	  SQL functions that tell when resources are free: availability, free_busy.
 *
 * They are for clients too, and tell when, never whose.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/uuid.h"

#include "api/arguments.h"
#include "compat.h"
#include "engine/clock.h"
#include "engine/opening.h"
#include "rules/capacity.h"
#include "store/config.h"
#include "store/occupied.h"
#include "store/plan.h"
#include "store/store_state.h"

PG_FUNCTION_INFO_V1(booking_availability);
PG_FUNCTION_INFO_V1(booking_free_busy);

/* Resources whose occupied time is read at once. */
#define BATCH 128

/* The times within a window at which units of a resource are free, if it is open. */
static SpanSet
free_spans(const Resource *resource, const OccupiedTimes *times, TimeSpan window)
{
	CapacityProfile profile = capacity_profile(times->uses, times->count);
	SpanSet		full;

	full.spans = capacity_above(&profile, resource->capacity - 1, &full.count);
	return spans_subtract(spans_of(window), full);
}

/* booking.availability(resource, window, tenant) */
Datum
booking_availability(PG_FUNCTION_ARGS)
{
	MemoryContext memory = CurrentMemoryContext;
	TimeSpan	window;
	const pg_uuid_t *tenant;
	const Resource *resource;
	Opening		opening;
	OccupiedQuery query = {0};
	SpanSet		spans;
	Datum		result;

	argument_require(fcinfo, 0, "resource");
	window = argument_window(fcinfo, 1, "window");
	store_connect();
	tenant = argument_tenant(fcinfo, 2);
	store_require();
	resource = config_require_resource(tenant, PG_GETARG_UUID_P(0));
	opening = opening_of(tenant, resource);
	query.tenant = tenant;
	query.window = window;
	query.now = clock_now();
	spans = spans_intersect(opening_effective(&opening, window),
							free_spans(resource, occupied_read(&query, &resource->id, 1),
									   window));
	if (!resource->active)
		spans.count = 0;
	MemoryContextSwitchTo(memory);
	result = result_multirange(spans);
	store_finish();
	return result;
}

typedef enum TimeKind
{
	TIME_FREE,
	TIME_BUSY,
	TIME_CLOSED,
	TIME_UNKNOWN				/* no piece has begun */
} TimeKind;

/* The rows to return; a window of many resources has a hundred thousand. */
typedef struct FreeBusyRows
{
	ReturnSetInfo *result;
	Datum		kinds[TIME_UNKNOWN];	/* their names */
} FreeBusyRows;

static void
add_row(FreeBusyRows *rows, const Resource *resource, TimeSpan span, TimeKind kind, int units)
{
	bool		nulls[4] = {0};
	Datum		values[4];

	values[0] = UUIDPGetDatum(&resource->id);
	values[1] = store_span_range(span);
	values[2] = rows->kinds[kind];
	values[3] = Int32GetDatum(units);
	tuplestore_putvalues(rows->result->setResult, rows->result->setDesc, values, nulls);
}

/* Adds the pieces of one resource's window: free, busy and closed. */
static void
add_free_busy(FreeBusyRows *rows, const Resource *resource, const Opening *opening,
			  const OccupiedTimes *times, TimeSpan window)
{
	CapacityProfile profile = capacity_profile(times->uses, times->count);
	SpanSet		open = resource->active ? opening_effective(opening, window) :
		(SpanSet) {0, NULL};
	TimestampTz at = window.from;
	int			next_open = 0;
	int			next_change = 0;
	TimeSpan	row = {window.from, window.from};
	TimeKind	row_kind = TIME_UNKNOWN;
	int			row_units = 0;

	while (next_change < profile.count && profile.at[next_change] <= at)
		next_change++;
	while (at < window.until)
	{
		TimestampTz until = window.until;
		int64		used = next_change > 0 ? profile.used[next_change - 1] : 0;
		int			units = (int) Max(resource->capacity - used, 0);
		TimeKind	kind;

		while (next_open < open.count && open.spans[next_open].until <= at)
			next_open++;
		if (next_open < open.count)
			until = Min(until, open.spans[next_open].from <= at ?
						open.spans[next_open].until : open.spans[next_open].from);
		if (next_change < profile.count)
			until = Min(until, profile.at[next_change]);

		if (units == 0)
			kind = TIME_BUSY;
		else if (next_open < open.count && open.spans[next_open].from <= at)
			kind = TIME_FREE;
		else
		{
			kind = TIME_CLOSED;
			units = 0;
		}
		if (row_kind != TIME_UNKNOWN && (kind != row_kind || units != row_units))
		{
			add_row(rows, resource, row, row_kind, row_units);
			row_kind = TIME_UNKNOWN;
		}
		if (row_kind == TIME_UNKNOWN)
		{
			row.from = at;
			row_kind = kind;
			row_units = units;
		}
		row.until = at = until;
		while (next_change < profile.count && profile.at[next_change] <= at)
			next_change++;
	}
	if (row_kind != TIME_UNKNOWN)
		add_row(rows, resource, row, row_kind, row_units);
}

/* booking.free_busy(resources, window, tenant) */
Datum
booking_free_busy(PG_FUNCTION_ARGS)
{
	FreeBusyRows rows;
	pg_uuid_t  *ids;
	int			count;
	OccupiedQuery query = {0};
	MemoryContext memory;

	ids = argument_uuids(fcinfo, 0, "resources", &count);
	query.window = argument_window(fcinfo, 1, "window");
	InitMaterializedSRF(fcinfo, 0);

	store_connect();
	store_require();
	rows.result = (ReturnSetInfo *) fcinfo->resultinfo;
	rows.kinds[TIME_FREE] = CStringGetTextDatum("free");
	rows.kinds[TIME_BUSY] = CStringGetTextDatum("busy");
	rows.kinds[TIME_CLOSED] = CStringGetTextDatum("closed");
	query.tenant = argument_tenant(fcinfo, 2);
	query.now = clock_now();
	memory = AllocSetContextCreate(CurrentMemoryContext, "booking free_busy",
								   ALLOCSET_DEFAULT_SIZES);
	for (int first = 0; first < count && !span_is_empty(query.window); first += BATCH)
	{
		int			size = Min(BATCH, count - first);
		MemoryContext previous = MemoryContextSwitchTo(memory);
		OccupiedTimes *times = occupied_read(&query, ids + first, size);

		for (int i = 0; i < size; i++)
		{
			const Resource *resource = config_require_resource(query.tenant, &ids[first + i]);
			Opening		opening = opening_of(query.tenant, resource);

			CHECK_FOR_INTERRUPTS();
			add_free_busy(&rows, resource, &opening, &times[i], query.window);
		}
		MemoryContextSwitchTo(previous);
		MemoryContextReset(memory);
	}
	store_finish();
	return (Datum) 0;
}
