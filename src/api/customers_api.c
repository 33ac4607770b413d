/*-------------------------------------------------------------------------
 *
 * customers_api.c
 *	  SQL functions about whom bookings were for, and about what is old:
 *	  merge_customers, erase_customer, purge.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "api/arguments.h"
#include "api/idempotency.h"
#include "engine/clock.h"
#include "engine/context.h"
#include "engine/erasure.h"
#include "engine/purge.h"
#include "errors.h"
#include "store/plan.h"

PG_FUNCTION_INFO_V1(booking_merge_customers);
PG_FUNCTION_INFO_V1(booking_erase_customer);
PG_FUNCTION_INFO_V1(booking_purge);

/* What is younger may still be undone or taken again. */
#define MIN_PURGE_AGE ((double) USECS_PER_DAY)
#define MAX_PURGE_AGE (1000 * 366.0 * USECS_PER_DAY)

#define DEFAULT_PURGE_MAX 10000

static void
require_level(const Context *context, AccessLevel level, const char *what)
{
	if (context->acting < level)
		ereport(ERROR,
				(booking_errcode(ERR_PERMISSION_DENIED),
				 errmsg("permission denied to %s", what)));
}

static Datum
merge_customers(PG_FUNCTION_ARGS)
{
	const pg_uuid_t *tenant;
	int			count;

	argument_require(fcinfo, 0, "keep");
	argument_require(fcinfo, 1, "drop");
	if (uuid_equal(PG_GETARG_UUID_P(0), PG_GETARG_UUID_P(1)))
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("a customer can't be merged with himself")));

	store_connect();
	tenant = argument_tenant(fcinfo, 3);
	require_level(context_get(), ACCESS_STAFF, "merge customers");
	count = erasure_merge(tenant, PG_GETARG_UUID_P(0), PG_GETARG_UUID_P(1));
	store_finish();
	PG_RETURN_INT32(count);
}

/*
 * booking.merge_customers(keep, drop, idempotency_key, tenant): the number of
 * bookings that went over.
 */
Datum
booking_merge_customers(PG_FUNCTION_ARGS)
{
	return idempotent_call(fcinfo, -1, merge_customers);
}

/*
 * booking.erase_customer(customer, tenant): bookings, notes, answers,
 * audit_values
 */
Datum
booking_erase_customer(PG_FUNCTION_ARGS)
{
	static TupleDesc row_type = NULL;
	const pg_uuid_t *tenant;
	const Context *context;
	ErasedRows	rows;
	Datum		values[4];
	bool		nulls[4] = {0};

	argument_require(fcinfo, 0, "customer");
	store_connect();
	tenant = argument_tenant(fcinfo, 1);
	context = context_get();
	require_level(context, ACCESS_ADMIN, "erase a customer");
	rows = erasure_erase(tenant, PG_GETARG_UUID_P(0), context->actor);
	store_finish();

	values[0] = Int32GetDatum(rows.bookings);
	values[1] = Int32GetDatum(rows.notes);
	values[2] = Int32GetDatum(rows.answers);
	values[3] = Int32GetDatum(rows.audit_values);
	return HeapTupleGetDatum(heap_form_tuple(result_row_type(fcinfo, &row_type), values, nulls));
}

/* The instant that is so long ago; months are those of the calendar. */
static TimestampTz
instant_ago(const Interval *age)
{
	double		span = (age->month * 30.0 + age->day) * USECS_PER_DAY + age->time;

	if (span < MIN_PURGE_AGE || span > MAX_PURGE_AGE)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("older_than must be at least 1 day"),
				 errdetail("What is younger may still be undone or taken again."),
				 errhint("It is the age from which on things are removed, such as '90 days'.")));
	return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_mi_interval,
												   TimestampTzGetDatum(clock_now()),
												   IntervalPGetDatum(age)));
}

/* booking.purge(older_than, bookings, max, tenant): how many were removed */
Datum
booking_purge(PG_FUNCTION_ARGS)
{
	const pg_uuid_t *tenant;
	int			max = PG_ARGISNULL(2) ? DEFAULT_PURGE_MAX : PG_GETARG_INT32(2);
	TimestampTz before;
	int			count = 0;

	argument_require(fcinfo, 0, "older_than");
	before = instant_ago(PG_GETARG_INTERVAL_P(0));
	if (max < 0)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("max must not be negative")));

	store_connect();
	tenant = argument_tenant(fcinfo, 3);
	require_level(context_get(), ACCESS_ADMIN, "remove bookings");
	if (max > 0)
		count = purge_run(tenant, before, argument_bool(fcinfo, 1, false), max);
	store_finish();
	PG_RETURN_INT32(count);
}
