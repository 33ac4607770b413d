/*-------------------------------------------------------------------------
 *
 * holds_api.c
 *	  SQL functions about holds: hold, refresh_hold, release_hold,
 *	  expire_holds.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

#include "api/arguments.h"
#include "api/commands.h"
#include "api/idempotency.h"
#include "engine/assignment.h"
#include "engine/clock.h"
#include "engine/context.h"
#include "engine/expiry.h"
#include "errors.h"
#include "rules/ids.h"
#include "rules/lifecycle.h"
#include "store/plan.h"

PG_FUNCTION_INFO_V1(booking_hold);
PG_FUNCTION_INFO_V1(booking_refresh_hold);
PG_FUNCTION_INFO_V1(booking_release_hold);
PG_FUNCTION_INFO_V1(booking_expire_holds);

/* booking_id, starts_at, ends_at, resource_ids, expires_at, version */
static Datum
hold_row(FunctionCallInfo fcinfo, MemoryContext memory, const BookingResult *result)
{
	static TupleDesc row_type = NULL;	/* hold and refresh return the same */
	Datum		values[6];
	bool		nulls[6] = {0};
	HeapTuple	tuple;

	values[0] = UUIDPGetDatum(&result->id);
	values[1] = TimestampTzGetDatum(result->starts_at);
	values[2] = TimestampTzGetDatum(result->ends_at);
	values[3] = result->resource_ids;
	values[4] = TimestampTzGetDatum(result->expires_at);
	nulls[4] = result->expires_at == DT_NOEND;
	values[5] = Int32GetDatum(result->version);

	MemoryContextSwitchTo(memory);
	tuple = heap_form_tuple(result_row_type(fcinfo, &row_type), values, nulls);
	store_finish();
	return HeapTupleGetDatum(tuple);
}

static Datum
hold(PG_FUNCTION_ARGS)
{
	static const struct
	{
		int			argument;
		BookingColumn column;
	}			given[] = {
		{0, BK_SERVICE_ID}, {1, BK_STARTS_AT}, {2, BK_ENDS_AT}, {3, BK_RESOURCE_IDS},
		{4, BK_UNITS}, {5, BK_CUSTOMER_ID}, {6, BK_HOLD_TTL}, {7, BK_LOCAL_START},
		{8, BK_BRANCH_ID}, {9, BK_PARTY_SIZE}, {10, BK_METADATA}, {15, BK_OVERRIDES}
	};
	MemoryContext memory = CurrentMemoryContext;
	const pg_uuid_t *tenant;
	pg_uuid_t	id = ids_new();
	BookingRow	row;

	argument_require(fcinfo, 0, "service");
	if (PG_ARGISNULL(1) && PG_ARGISNULL(7))
		ereport(ERROR,
				(booking_errcode(ERR_NULL_VALUE),
				 errmsg("starts_at or local_start must be given")));

	store_connect();
	memset(row.isnull, true, sizeof(row.isnull));
	for (int i = 0; i < lengthof(given); i++)
		if (!PG_ARGISNULL(given[i].argument))
			row_set(&row, given[i].column, PG_GETARG_DATUM(given[i].argument));
	row_set(&row, BK_ID, UUIDPGetDatum(&id));
	tenant = argument_tenant(fcinfo, 17);
	row_set(&row, BK_TENANT_ID, UUIDPGetDatum(tenant));
	row_set_status(&row, STATUS_HELD);
	argument_length(fcinfo, 2, 12, 13, tenant, &row);
	return hold_row(fcinfo, memory,
					assignment_insert(&row, PG_ARGISNULL(14) ? NULL : PG_GETARG_UUID_P(14)));
}

/*
 * booking.hold(service, starts_at, ends_at, resources, units, customer, ttl,
 * local_start, branch, party_size, metadata, lock_wait, duration, nights,
 * preferred, override, idempotency_key, tenant)
 */
Datum
booking_hold(PG_FUNCTION_ARGS)
{
	return idempotent_call(fcinfo, 11, hold);
}

static Datum
refresh_hold(PG_FUNCTION_ARGS)
{
	Command		command = command_begin(fcinfo, 4, -1);
	BookingResult *result;

	if (command.state.status != STATUS_HELD &&
		!(command.state.status == STATUS_CANCELLED && command.state.reason_code != NULL &&
		  strcmp(command.state.reason_code, "hold_expired") == 0))
		ereport(ERROR,
				(booking_errcode(ERR_HOLD_NOT_ACTIVE),
				 errmsg("the booking is no hold any more"),
				 errdetail("Its status is %s.", lifecycle_status_name(command.state.status))));
	result = bookings_renew(command.tenant, command.booking,
							PG_ARGISNULL(1) ? NULL : PG_GETARG_INTERVAL_P(1));
	if (result == NULL)
		command_not_found(command.booking);
	return hold_row(fcinfo, command.result_memory, result);
}

/*
 * booking.refresh_hold(booking, ttl, lock_wait, idempotency_key, tenant): a
 * live hold gets a new deadline; an expired one, swept or not, is taken again
 * if it can (H5).
 */
Datum
booking_refresh_hold(PG_FUNCTION_ARGS)
{
	return idempotent_call(fcinfo, 2, refresh_hold);
}

static Datum
release_hold(PG_FUNCTION_ARGS)
{
	Command		command = command_begin(fcinfo, 2, -1);
	bool		live = command.state.status == STATUS_HELD &&
		command.state.expires_at > clock_now();

	if (live)
		bookings_set_status(command.tenant, command.booking, STATUS_CANCELLED, "hold_released");
	store_finish();
	PG_RETURN_BOOL(live);
}

/*
 * booking.release_hold(booking, idempotency_key, tenant): whether a live hold
 * was released (H4).  Whose it is not is refused even when there is nothing to
 * release.
 */
Datum
booking_release_hold(PG_FUNCTION_ARGS)
{
	return idempotent_call(fcinfo, -1, release_hold);
}

/*
 * booking.expire_holds(max): ends what has lapsed, for the caller's tenant or,
 * by the store's owner without a tenant in the context, for all.
 */
Datum
booking_expire_holds(PG_FUNCTION_ARGS)
{
	const Context *context;
	int			max = PG_ARGISNULL(0) ? 1000 : PG_GETARG_INT32(0);
	ExpiryRest	rest;
	int			ended;

	store_connect();
	context = context_get();
	if (!context_is_staff(context))
		ereport(ERROR,
				(booking_errcode(ERR_PERMISSION_DENIED),
				 errmsg("permission denied to expire holds")));
	if (max < 0)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("max must not be negative")));
	ended = expiry_sweep(context->level == ACCESS_OWNER ? NULL : context_tenant(NULL),
						 max, &rest);
	if (rest.failed > 0)
		ereport(WARNING,
				(errmsg_plural("%d booking could not be ended",
							   "%d bookings could not be ended", rest.failed, rest.failed),
				 errdetail_internal("%s", rest.first_failure)));
	store_finish();
	PG_RETURN_INT32(ended);
}
