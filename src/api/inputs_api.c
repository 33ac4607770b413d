/*-------------------------------------------------------------------------
 *
 * inputs_api.c
 *	  SQL function availability_inputs: all that a slot finder outside of the
 *	  database has to know (A12).
 *
 * It is for clients too, and tells when resources are occupied, never by whom.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "api/arguments.h"
#include "engine/json.h"
#include "engine/question.h"
#include "errors.h"
#include "store/occupied.h"
#include "store/plan.h"
#include "store/store_state.h"

PG_FUNCTION_INFO_V1(booking_availability_inputs);

static const char *const anchor_names[] = {
	[ANCHOR_OPENING] = "opening",
	[ANCHOR_MIDNIGHT] = "midnight",
	[ANCHOR_FREE] = "free",
};

static void
begin_array(JsonbParseState **state, const char *key)
{
	json_key(state, key);
	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
}

/* A length of time in seconds. */
static void
add_seconds(JsonbParseState **state, const char *key, int64 usecs)
{
	json_add_int(state, key, (int) Min(usecs / USECS_PER_SEC, PG_INT32_MAX));
}

static void
add_span(JsonbParseState **state, TimeSpan span)
{
	json_begin_object(state);
	json_add_instant(state, "from", span.from);
	json_add_instant(state, "until", span.until);
}

static void
end_object(JsonbParseState **state)
{
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

static void
add_service(JsonbParseState **state, const Service *service)
{
	json_key(state, "service");
	json_begin_object(state);
	json_add_uuid(state, "id", &service->id);
	json_add_text(state, "name", service->name);
	add_seconds(state, "duration", service->length.usual);
	add_seconds(state, "min_duration", service->length.min);
	add_seconds(state, "max_duration", service->length.max);
	json_add_bool(state, "nights", service->length.by_nights);
	begin_array(state, "needs");
	for (int i = 0; i < service->need_count; i++)
	{
		json_begin_object(state);
		json_add_text(state, "kind", service->needs[i].kind);
		json_add_int(state, "quantity", service->needs[i].quantity);
		json_add_int(state, "units", service->needs[i].units);
		json_add_bool(state, "adjacent", service->needs[i].adjacent);
		end_object(state);
	}
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
	end_object(state);
}

/* What bounds the starts on a place, and where its grid is. */
static void
add_terms(JsonbParseState **state, const Place *place)
{
	const StartTerms *terms = place->terms;
	TimestampTz earliest = Max(terms->bounds.not_past, terms->bounds.notice);

	json_add_int(state, "units", place->units);
	add_seconds(state, "buffer_before", place->before);
	add_seconds(state, "buffer_after", place->after);
	json_add_bool(state, "buffers_within_hours", terms->buffers_within);
	add_seconds(state, "slot_step", terms->grid.step);
	add_seconds(state, "slot_offset", terms->grid.offset);
	json_add_text(state, "grid_anchor", anchor_names[terms->anchor]);
	json_add_instant(state, "earliest_start", earliest);
	if (!TIMESTAMP_NOT_FINITE(terms->bounds.latest))
		json_add_instant(state, "latest_start", terms->bounds.latest);
}

static void
add_place(JsonbParseState **state, const Place *place, const OccupiedTimes *times,
		  TimeSpan window)
{
	OpeningHours hours = opening_hours(&place->opening, window);
	SpanSet		closures = opening_closures(&place->opening, window);

	json_begin_object(state);
	json_add_uuid(state, "id", &place->resource->id);
	json_add_text(state, "code", place->resource->code);
	json_add_int(state, "capacity", place->capacity);
	json_add_int(state, "position", place->resource->position);
	add_terms(state, place);
	begin_array(state, "hours");
	for (int i = 0; i < hours.piece_count; i++)
	{
		TimeSpan	span = hours.pieces[i].span;

		add_span(state, (TimeSpan) {Max(span.from, window.from), Min(span.until, window.until)});
		if (hours.pieces[i].anchor != DT_NOBEGIN)
			json_add_instant(state, "anchor", hours.pieces[i].anchor);
		end_object(state);
	}
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
	begin_array(state, "closures");
	for (int i = 0; i < closures.count; i++)
	{
		add_span(state, closures.spans[i]);
		end_object(state);
	}
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
	begin_array(state, "occupied");
	for (int i = 0; i < times->count; i++)
	{
		add_span(state, times->uses[i].span);
		json_add_int(state, "units", times->uses[i].units);
		end_object(state);
	}
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
	end_object(state);
}

static int
compare_uses(const void *a, const void *b)
{
	TimestampTz x = ((const CapacityUse *) a)->span.from;
	TimestampTz y = ((const CapacityUse *) b)->span.from;

	return x < y ? -1 : x > y;
}

/* booking.availability_inputs(service, window, branch, tenant) */
Datum
booking_availability_inputs(PG_FUNCTION_ARGS)
{
	MemoryContext memory = CurrentMemoryContext;
	TimeSpan	window;
	const Context *context;
	Question	question = {0};
	OccupiedQuery query = {0};
	OccupiedTimes *times;
	pg_uuid_t  *ids;
	JsonbParseState *state = NULL;
	Jsonb	   *result;

	argument_require(fcinfo, 0, "service");
	window = argument_window(fcinfo, 1, "window");
	store_connect();
	store_require();
	context = context_get();
	question_of_context(&question, context);
	question.tenant = *argument_tenant(fcinfo, 3);
	question.service = config_require_service(&question.tenant, PG_GETARG_UUID_P(0));
	question.units = 1;
	question_find_branch(&question, argument_uuid(fcinfo, 2), context, NULL, 0);
	question_candidates(&question);

	ids = palloc(sizeof(pg_uuid_t) * Max(question.place_count, 1));
	for (int i = 0; i < question.place_count; i++)
		ids[i] = question.places[i].resource->id;
	query.tenant = &question.tenant;
	query.window = window;
	query.now = question.now;
	times = span_is_empty(window) ? palloc0(sizeof(OccupiedTimes) * Max(question.place_count, 1)) :
		occupied_read(&query, ids, question.place_count);

	json_begin_object(&state);
	json_add_instant(&state, "now", question.now);
	add_service(&state, question.service);
	json_key(&state, "branch");
	json_begin_object(&state);
	json_add_uuid(&state, "id", &question.branch->id);
	json_add_text(&state, "code", question.branch->code);
	json_add_text(&state, "time_zone", question.branch->time_zone);
	end_object(&state);

	/* by kind; the places of a kind are together if the service has needs */
	json_key(&state, "resources");
	json_begin_object(&state);
	for (int i = 0; i < question.place_count; i++)
	{
		const char *kind = question.places[i].resource->kind;
		bool		seen = false;

		for (int j = 0; j < i && !seen; j++)
			seen = strcmp(question.places[j].resource->kind, kind) == 0;
		if (seen)
			continue;
		begin_array(&state, kind);
		for (int j = i; j < question.place_count; j++)
		{
			if (strcmp(question.places[j].resource->kind, kind) != 0)
				continue;
			CHECK_FOR_INTERRUPTS();
			qsort(times[j].uses, times[j].count, sizeof(CapacityUse), compare_uses);
			add_place(&state, &question.places[j], &times[j], window);
		}
		pushJsonbValue(&state, WJB_END_ARRAY, NULL);
	}
	end_object(&state);

	MemoryContextSwitchTo(memory);
	result = json_end_object(&state);
	store_finish();
	PG_RETURN_JSONB_P(result);
}
