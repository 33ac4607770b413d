/*-------------------------------------------------------------------------
 *
 * availability_api.c
 *	  SQL functions that tell what can be booked: slots, suggest_slots,
 *	  explain_slot.
 *
 * They are for clients too: they read what is occupied with the rights of the
 * store's owner and tell when, never whose.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

#include "api/arguments.h"
#include "compat.h"
#include "engine/context.h"
#include "engine/slots.h"
#include "engine/verdicts.h"
#include "errors.h"
#include "rules/calendar.h"
#include "rules/ids.h"
#include "store/plan.h"
#include "store/store_state.h"

PG_FUNCTION_INFO_V1(booking_slots);
PG_FUNCTION_INFO_V1(booking_suggest_slots);
PG_FUNCTION_INFO_V1(booking_explain_slot);

/* ---- the question ---- */

/* Numbers of the arguments that say what is to be booked; negative: none. */
typedef struct QuestionArguments
{
	int			resources;
	int			units;
	int			preferred;
	int			party_size;
	int			duration;
	int			nights;
	int			branch;
	int			customer;
	int			tenant;
} QuestionArguments;

/* A customer that others are not asked about: quotas would tell of them. */
static void
check_customer(const Question *question, const Context *context)
{
	Customer	customer;

	if (!people_find_customer(&question->tenant, question->customer, &customer))
		ereport(ERROR,
				(booking_errcode(ERR_NOT_FOUND),
				 errmsg("customer %s does not exist", ids_text(question->customer))));
	if (!context_is_staff(context) && !context_is_actor(context, customer.actor))
		ereport(ERROR,
				(booking_errcode(ERR_PERMISSION_DENIED),
				 errmsg("permission denied to ask for another customer")));
}

static void
check_length(const Question *question)
{
	const Service *service = question->service;
	const LengthRule *rule = &service->length;

	if (question->duration > 0 && rule->by_nights)
		(void) duration_of(rule, question->now, question->duration);	/* raises */
	if (question->nights > 0 && !rule->by_nights)
		(void) duration_of_nights(rule, question->now, question->nights, question->zone);
	if (!question->staff &&
		!duration_fits(rule, question_slot(question, question->now), question->zone))
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("service \"%s\" can't be booked like this", service->name),
				 errhint("%s", duration_hint(rule))));
}

/* What the arguments of a function ask for; the first one is the service. */
static void
read_question(FunctionCallInfo fcinfo, const QuestionArguments *numbers, Question *question)
{
	const Context *context = context_get();
	const pg_uuid_t *service = PG_GETARG_UUID_P(0);
	pg_uuid_t  *named = NULL;
	int			count = 0;

	memset(question, 0, sizeof(Question));
	question_of_context(question, context);
	question->tenant = *argument_tenant(fcinfo, numbers->tenant);
	store_require();
	question->service = config_require_service(&question->tenant, service);

	question->units = PG_ARGISNULL(numbers->units) ? 1 : PG_GETARG_INT32(numbers->units);
	if (question->units < 1)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("units of a booking must be 1 or more")));
	if (!PG_ARGISNULL(numbers->party_size))
	{
		question->party_size = PG_GETARG_INT32(numbers->party_size);
		if (question->party_size < 1)
			ereport(ERROR,
					(booking_errcode(ERR_BAD_VALUE),
					 errmsg("party_size must be 1 or more")));
	}
	if (!PG_ARGISNULL(numbers->duration))
	{
		question->duration = config_interval(PG_GETARG_INTERVAL_P(numbers->duration));
		if (question->duration <= 0)
			ereport(ERROR,
					(booking_errcode(ERR_BAD_VALUE),
					 errmsg("duration must be longer than no time")));
	}
	if (!PG_ARGISNULL(numbers->nights))
	{
		question->nights = PG_GETARG_INT32(numbers->nights);
		if (question->nights < 1 || question->nights > MAX_WINDOW_DAYS)
			ereport(ERROR,
					(booking_errcode(ERR_BAD_VALUE),
					 errmsg("nights must be 1 to %d", MAX_WINDOW_DAYS)));
	}
	if (question->duration > MAX_WINDOW_DAYS * USECS_PER_DAY)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("duration must not be longer than %d days", MAX_WINDOW_DAYS)));

	if (!PG_ARGISNULL(numbers->resources))
		named = argument_uuids(fcinfo, numbers->resources, "resources", &count);
	question_find_branch(question, argument_uuid(fcinfo, numbers->branch), context, named, count);
	question->customer = argument_uuid(fcinfo, numbers->customer);
	if (question->customer != NULL)
		check_customer(question, context);
	check_length(question);
	question_places(question, named, count, argument_uuid(fcinfo, numbers->preferred));
}

/* ---- rows of slots ---- */

/* Where slots go. */
typedef struct SlotRows
{
	ReturnSetInfo *result;
	MemoryContext memory;		/* that lives as long as the rows are added */
	int			left;			/* how many more are wanted; negative: all */
	CalendarStretch stretch;	/* that the last start was in */
	TimestampTz stretch_from;
	int			count;			/* of the resources of the last row */
	int		   *places;
	int			size;
	Datum		ids;
} SlotRows;

static Timestamp
local_start(SlotRows *rows, TimestampTz start, pg_tz *zone)
{
	if (start < rows->stretch_from || start >= rows->stretch.until)
	{
		rows->stretch = calendar_stretch(start, zone);
		rows->stretch_from = start;
	}
	return start + rows->stretch.offset;
}

/* The ids of places; most often they are those of the row before. */
static Datum
ids_of(SlotRows *rows, const Question *question, const PlaceSet *set)
{
	MemoryContext previous;
	pg_uuid_t  *ids;

	if (rows->ids != (Datum) 0 && rows->count == set->count &&
		memcmp(rows->places, set->places, sizeof(int) * set->count) == 0)
		return rows->ids;

	previous = MemoryContextSwitchTo(rows->memory);
	if (rows->ids != (Datum) 0)
		pfree(DatumGetPointer(rows->ids));
	if (set->count > rows->size)
	{
		rows->size = set->count;
		rows->places = palloc(sizeof(int) * set->count);
	}
	rows->count = set->count;
	memcpy(rows->places, set->places, sizeof(int) * set->count);
	ids = palloc(sizeof(pg_uuid_t) * Max(set->count, 1));
	for (int i = 0; i < set->count; i++)
		ids[i] = question->places[set->places[i]].resource->id;
	rows->ids = PointerGetDatum(store_uuid_array(ids, set->count));
	pfree(ids);
	MemoryContextSwitchTo(previous);
	return rows->ids;
}

static bool
add_slot(void *arg, const Question *question, const FoundSlot *slot)
{
	bool		nulls[5] = {0};
	SlotRows   *rows = arg;
	Datum		values[5];

	values[0] = TimestampTzGetDatum(slot->span.from);
	values[1] = TimestampTzGetDatum(slot->span.until);
	values[2] = ids_of(rows, question, slot->set);
	values[3] = Int32GetDatum(slot->remaining);
	values[4] = TimestampGetDatum(local_start(rows, slot->span.from, question->zone));
	tuplestore_putvalues(rows->result->setResult, rows->result->setDesc, values, nulls);
	if (rows->left > 0)
		rows->left--;
	return rows->left != 0;
}

/* The start of the slot that is asked about. */
static TimestampTz
argument_start(FunctionCallInfo fcinfo, int number)
{
	TimestampTz start;

	argument_require(fcinfo, number, "starts_at");
	start = PG_GETARG_TIMESTAMPTZ(number);
	if (TIMESTAMP_NOT_FINITE(start))
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_RANGE),
				 errmsg("starts_at must be finite")));
	return start;
}

/* How many rows a function may return; negative: any number. */
static int
argument_max(FunctionCallInfo fcinfo, int number)
{
	int			max;

	if (PG_ARGISNULL(number))
		return -1;
	max = PG_GETARG_INT32(number);
	if (max < 0)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("max must not be negative")));
	return max;
}

/*
 * booking.slots(service, window, resources, units, preferred, party_size,
 * duration, nights, branch, customer, max, tenant)
 */
Datum
booking_slots(PG_FUNCTION_ARGS)
{
	static const QuestionArguments numbers = {
		.resources = 2, .units = 3, .preferred = 4, .party_size = 5, .duration = 6,
		.nights = 7, .branch = 8, .customer = 9, .tenant = 11
	};
	SlotRows	rows = {0};
	TimeSpan	window;
	Question	question;

	argument_require(fcinfo, 0, "service");
	window = argument_open_window(fcinfo, 1, "window");
	InitMaterializedSRF(fcinfo, 0);
	rows.result = (ReturnSetInfo *) fcinfo->resultinfo;
	rows.left = argument_max(fcinfo, 10);

	store_connect();
	rows.memory = CurrentMemoryContext;
	read_question(fcinfo, &numbers, &question);
	if (rows.left != 0)
		slots_list(&question, window, rows.left > 0, add_slot, &rows);
	store_finish();
	return (Datum) 0;
}

/*
 * booking.suggest_slots(service, starts_at, resources, units, preferred,
 * party_size, duration, nights, branch, customer, max, tenant)
 */
Datum
booking_suggest_slots(PG_FUNCTION_ARGS)
{
	static const QuestionArguments numbers = {
		.resources = 2, .units = 3, .preferred = 4, .party_size = 5, .duration = 6,
		.nights = 7, .branch = 8, .customer = 9, .tenant = 11
	};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	TimestampTz start;
	int			max;
	SettingSources sources;
	Question	question;
	Suggestion *list;
	int			count;

	argument_require(fcinfo, 0, "service");
	start = argument_start(fcinfo, 1);
	max = argument_max(fcinfo, 10);
	InitMaterializedSRF(fcinfo, 0);

	store_connect();
	read_question(fcinfo, &numbers, &question);
	sources = question_sources(&question);
	if (max < 0)
		max = (int) settings_get(SETTING_SUGGEST_COUNT, &sources).integer;
	list = slots_suggest(&question, start,
						 settings_get(SETTING_SUGGEST_WINDOW, &sources).interval_us,
						 Min(max, 1000), &count);
	for (int i = 0; i < count; i++)
	{
		bool		nulls[6] = {0};
		int64		distance = list[i].span.from - start;
		Interval	interval = {.time = distance};
		Datum		values[6];

		values[0] = TimestampTzGetDatum(list[i].span.from);
		values[1] = TimestampTzGetDatum(list[i].span.until);
		values[2] = PointerGetDatum(store_uuid_array(list[i].resources, list[i].resource_count));
		values[3] = Int32GetDatum(list[i].remaining);
		values[4] = TimestampGetDatum(calendar_to_local(list[i].span.from, question.zone));
		values[5] = IntervalPGetDatum(&interval);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	store_finish();
	return (Datum) 0;
}

/* ---- explanations ---- */

/*
 * booking.explain_slot(service, starts_at, resources, units, preferred,
 * party_size, duration, nights, branch, customer, tenant)
 */
Datum
booking_explain_slot(PG_FUNCTION_ARGS)
{
	static const QuestionArguments numbers = {
		.resources = 2, .units = 3, .preferred = 4, .party_size = 5, .duration = 6,
		.nights = 7, .branch = 8, .customer = 9, .tenant = 10
	};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	TimestampTz start;
	Question	question;
	TimeSpan	slot;
	PlaceSet	set;

	argument_require(fcinfo, 0, "service");
	start = argument_start(fcinfo, 1);
	InitMaterializedSRF(fcinfo, 0);

	store_connect();
	read_question(fcinfo, &numbers, &question);
	question.explains = true;
	slot = question_slot(&question, start);
	slot.from = start;
	set.places = palloc(sizeof(int) * Max(question.place_count, 1));
	if (slot.from >= slot.until ||
		!question_choose(&question, slot, slot, &set))
		question_best_effort(&question, slot, &set);

	for (int rule = 0; rule < RULE_COUNT; rule++)
	{
		Verdict		verdict;
		Datum		values[6];
		bool		nulls[6] = {0};

		verdict_of(&question, &set, slot, (Rule) rule, &verdict);
		values[0] = CStringGetTextDatum(verdict_rule_name((Rule) rule));
		values[1] = BoolGetDatum(verdict.ok);
		nulls[1] = !verdict.known;
		nulls[2] = verdict.level == NULL;
		values[2] = nulls[2] ? (Datum) 0 : CStringGetTextDatum(verdict.level);
		nulls[3] = verdict.value == NULL;
		values[3] = nulls[3] ? (Datum) 0 : CStringGetTextDatum(verdict.value);
		nulls[4] = nulls[5] = verdict.ok;
		values[4] = verdict.ok ? (Datum) 0 :
			CStringGetTextDatum(errors_row(verdict.error)->name);
		values[5] = verdict.ok ? (Datum) 0 :
			CStringGetTextDatum(verdict.detail == NULL ? verdict.message :
								psprintf("%s. %s", verdict.message, verdict.detail));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	store_finish();
	return (Datum) 0;
}
