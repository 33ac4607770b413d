/*-------------------------------------------------------------------------
 *
 * rules_api.c
 *	  SQL functions over the pure rules: lifecycle, errors, time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat.h"
#include "errors.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "rules/calendar.h"
#include "rules/lifecycle.h"
#include "utils/array.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(booking_can_transition);
PG_FUNCTION_INFO_V1(booking_valid_targets);
PG_FUNCTION_INFO_V1(booking_is_terminal);
PG_FUNCTION_INFO_V1(booking_is_occupying);
PG_FUNCTION_INFO_V1(booking_statuses);
PG_FUNCTION_INFO_V1(booking_transition_catalogue);
PG_FUNCTION_INFO_V1(booking_error_catalogue);
PG_FUNCTION_INFO_V1(booking_at_local);

/* The status an argument names, or an error that lists the statuses. */
static BookingStatus
status_argument(FunctionCallInfo fcinfo, int argno)
{
	return lifecycle_status(text_to_cstring(PG_GETARG_TEXT_PP(argno)));
}

/* Append a row to the result of a set-returning function. */
static void
put_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* An array of texts as a Datum. */
static Datum
text_array(Datum *elements, int count)
{
	return PointerGetDatum(construct_array(elements, count, TEXTOID,
										   -1, false, TYPALIGN_INT));
}

/*
 * can_transition(from_status, to_status) -> boolean
 */
Datum
booking_can_transition(PG_FUNCTION_ARGS)
{
	BookingStatus from = status_argument(fcinfo, 0);
	BookingStatus to = status_argument(fcinfo, 1);

	PG_RETURN_BOOL(lifecycle_find(from, to) != NULL);
}

/*
 * valid_targets(status) -> text[], in lifecycle order
 */
Datum
booking_valid_targets(PG_FUNCTION_ARGS)
{
	BookingStatus from = status_argument(fcinfo, 0);
	Datum		targets[BOOKING_STATUS_COUNT];
	int			count = 0;

	for (int to = 0; to < BOOKING_STATUS_COUNT; to++)
	{
		if (lifecycle_find(from, (BookingStatus) to) != NULL)
			targets[count++] =
				CStringGetTextDatum(lifecycle_status_name((BookingStatus) to));
	}
	PG_RETURN_DATUM(text_array(targets, count));
}

/*
 * is_terminal(status) -> boolean
 */
Datum
booking_is_terminal(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(lifecycle_is_terminal(status_argument(fcinfo, 0)));
}

/*
 * is_occupying(status) -> boolean
 */
Datum
booking_is_occupying(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(lifecycle_is_occupying(status_argument(fcinfo, 0)));
}

/*
 * statuses() -> (status, position, terminal, occupying)
 */
Datum
booking_statuses(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);

	for (int i = 0; i < BOOKING_STATUS_COUNT; i++)
	{
		BookingStatus status = (BookingStatus) i;
		Datum		values[4];
		bool		nulls[4] = {0};

		values[0] = CStringGetTextDatum(lifecycle_status_name(status));
		values[1] = Int32GetDatum(i + 1);
		values[2] = BoolGetDatum(lifecycle_is_terminal(status));
		values[3] = BoolGetDatum(lifecycle_is_occupying(status));
		put_row(fcinfo, values, nulls);
	}
	PG_RETURN_VOID();
}

/*
 * transition_catalogue() -> (from_status, to_status, action, needs_reason,
 * reversible, customer_may)
 */
Datum
booking_transition_catalogue(PG_FUNCTION_ARGS)
{
	int			count;
	const LifecycleTransition *edge = lifecycle_transitions(&count);

	InitMaterializedSRF(fcinfo, 0);

	for (int i = 0; i < count; i++, edge++)
	{
		Datum		values[6];
		bool		nulls[6] = {0};

		values[0] = CStringGetTextDatum(lifecycle_status_name(edge->from));
		values[1] = CStringGetTextDatum(lifecycle_status_name(edge->to));
		values[2] = CStringGetTextDatum(lifecycle_action_name(edge->action));
		values[3] = BoolGetDatum(edge->needs_reason);
		values[4] = BoolGetDatum(edge->reversible);
		values[5] = BoolGetDatum(edge->customer_may);
		put_row(fcinfo, values, nulls);
	}
	PG_RETURN_VOID();
}

/*
 * error_catalogue() -> (name, sqlstate, http_status, retry, message)
 */
Datum
booking_error_catalogue(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);

	for (int i = 0; i < BOOKING_ERROR_COUNT; i++)
	{
		const ErrorRow *row = errors_row((BookingError) i);
		Datum		values[5];
		bool		nulls[5] = {0};

		values[0] = CStringGetTextDatum(row->name);
		values[1] = CStringGetTextDatum(row->sqlstate);
		values[2] = Int32GetDatum(row->http_status);
		values[3] = BoolGetDatum(row->retry);
		values[4] = CStringGetTextDatum(row->message);
		put_row(fcinfo, values, nulls);
	}
	PG_RETURN_VOID();
}

/*
 * at_local(local, time_zone) -> timestamptz
 */
Datum
booking_at_local(PG_FUNCTION_ARGS)
{
	Timestamp	local = PG_GETARG_TIMESTAMP(0);
	char	   *zone = text_to_cstring(PG_GETARG_TEXT_PP(1));

	PG_RETURN_TIMESTAMPTZ(calendar_at_local(local, calendar_zone(zone)));
}
