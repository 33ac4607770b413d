/*-------------------------------------------------------------------------
 *
 * arguments.c
 *	  Reading the arguments of SQL-callable functions and giving back rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/memutils.h"
#include "utils/multirangetypes.h"
#include "utils/rangetypes.h"
#include "utils/typcache.h"
#include "utils/uuid.h"

#include "api/arguments.h"
#include "engine/context.h"
#include "engine/normalise.h"
#include "errors.h"
#include "rules/hours.h"
#include "store/plan.h"

void
argument_require(FunctionCallInfo fcinfo, int number, const char *name)
{
	if (PG_ARGISNULL(number))
		ereport(ERROR,
				(booking_errcode(ERR_NULL_VALUE),
				 errmsg("argument \"%s\" must not be null", name)));
}

/* A uuid, or NULL. */
const pg_uuid_t *
argument_uuid(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL : PG_GETARG_UUID_P(number);
}

/* A text as a C string, or NULL. */
char *
argument_text(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(number));
}

/* The tenant a function works for: its argument, else the context's. */
const pg_uuid_t *
argument_tenant(FunctionCallInfo fcinfo, int number)
{
	return context_tenant(argument_uuid(fcinfo, number));
}

/* A uuid[] without nulls. */
pg_uuid_t *
argument_uuids(FunctionCallInfo fcinfo, int number, const char *name, int *count)
{
	ArrayType  *array;
	pg_uuid_t  *ids;

	argument_require(fcinfo, number, name);
	array = PG_GETARG_ARRAYTYPE_P(number);
	*count = ARR_NDIM(array) == 0 ? 0 : ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	if (ARR_NDIM(array) > 1 || array_contains_nulls(array))
		ereport(ERROR,
				(booking_errcode(ERR_NULL_VALUE),
				 errmsg("argument \"%s\" must be a list without nulls", name)));
	ids = palloc(sizeof(pg_uuid_t) * Max(*count, 1));
	memcpy(ids, ARR_DATA_PTR(array), sizeof(pg_uuid_t) * *count);
	return ids;
}

bool
argument_bool(FunctionCallInfo fcinfo, int number, bool otherwise)
{
	return PG_ARGISNULL(number) ? otherwise : PG_GETARG_BOOL(number);
}

/* How long a booking is to be is said in one way. */
void
argument_one_length(FunctionCallInfo fcinfo, int ends_at, int duration, int nights)
{
	if (!PG_ARGISNULL(ends_at) + !PG_ARGISNULL(duration) + !PG_ARGISNULL(nights) > 1)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("ends_at, duration and nights can't be given together")));
}

/*
 * Gives a booking that is going to be inserted the length that is asked for,
 * if any.
 */
void
argument_length(FunctionCallInfo fcinfo, int ends_at, int duration, int nights,
				const pg_uuid_t *tenant, BookingRow *row)
{
	int32		count = PG_ARGISNULL(nights) ? 0 : PG_GETARG_INT32(nights);

	argument_one_length(fcinfo, ends_at, duration, nights);
	if (!PG_ARGISNULL(duration))
		normalise_set_length(tenant, row, PG_GETARG_INTERVAL_P(duration), NULL);
	else if (!PG_ARGISNULL(nights))
		normalise_set_length(tenant, row, NULL, &count);
}

/* A tstzrange as a half-open span; an empty one is empty, and it may have no end. */
TimeSpan
argument_open_window(FunctionCallInfo fcinfo, int number, const char *name)
{
	TypeCacheEntry *type = lookup_type_cache(TSTZRANGEOID, TYPECACHE_RANGE_INFO);
	TimeSpan	window = {0, 0};
	RangeBound	lower;
	RangeBound	upper;
	bool		empty;

	argument_require(fcinfo, number, name);
	range_deserialize(type, PG_GETARG_RANGE_P(number), &lower, &upper, &empty);
	if (empty)
		return window;
	window.from = lower.infinite ? DT_NOBEGIN : DatumGetTimestampTz(lower.val);
	window.until = upper.infinite ? DT_NOEND : DatumGetTimestampTz(upper.val);
	if (!lower.inclusive && !TIMESTAMP_NOT_FINITE(window.from))
		window.from++;
	if (upper.inclusive && !TIMESTAMP_NOT_FINITE(window.until))
		window.until++;
	return window;
}

/* One that rules can be expanded for: not too long, and with an end. */
TimeSpan
argument_window(FunctionCallInfo fcinfo, int number, const char *name)
{
	TimeSpan	window = argument_open_window(fcinfo, number, name);

	hours_check_window(window);
	return window;
}

/* A set of instants as a tstzmultirange. */
Datum
result_multirange(SpanSet set)
{
	TypeCacheEntry *type = lookup_type_cache(TSTZMULTIRANGEOID, TYPECACHE_MULTIRANGE_INFO);
	RangeType **ranges = palloc(sizeof(RangeType *) * Max(set.count, 1));

	for (int i = 0; i < set.count; i++)
		ranges[i] = DatumGetRangeTypeP(store_span_range(set.spans[i]));
	return MultirangeTypePGetDatum(make_multirange(TSTZMULTIRANGEOID, type->rngtype,
												   set.count, ranges));
}

/*
 * The row type that the function was declared to return.  It is the same at
 * every call, so it is built once per session: kept is the caller's static
 * variable for it.
 */
TupleDesc
result_row_type(FunctionCallInfo fcinfo, TupleDesc *kept)
{
	if (*kept == NULL)
	{
		MemoryContext previous = MemoryContextSwitchTo(TopMemoryContext);
		TupleDesc	type;

		if (get_call_result_type(fcinfo, NULL, &type) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "function returning a record called in a context that can't accept one");
		*kept = BlessTupleDesc(type);
		MemoryContextSwitchTo(previous);
	}
	return *kept;
}
