/*-------------------------------------------------------------------------
 *
 * waitlist_api.c
 *	  SQL functions about the waiting list: join_waitlist, waitlist_position,
 *	  promote, promote_waiting.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

#include "api/arguments.h"
#include "api/commands.h"
#include "api/idempotency.h"
#include "engine/clock.h"
#include "engine/context.h"
#include "engine/promotion.h"
#include "errors.h"
#include "rules/duration.h"
#include "rules/calendar.h"
#include "rules/ids.h"
#include "rules/lifecycle.h"
#include "store/plan.h"
#include "store/waiting.h"

PG_FUNCTION_INFO_V1(booking_join_waitlist);
PG_FUNCTION_INFO_V1(booking_waitlist_position);
PG_FUNCTION_INFO_V1(booking_promote);
PG_FUNCTION_INFO_V1(booking_promote_waiting);

static Datum
join_waitlist(PG_FUNCTION_ARGS)
{
	static const struct
	{
		int			argument;
		BookingColumn column;
	}			given[] = {
		{0, BK_SERVICE_ID}, {1, BK_STARTS_AT}, {3, BK_CUSTOMER_ID}, {4, BK_RESOURCE_IDS},
		{5, BK_UNITS}, {6, BK_ENDS_AT}, {9, BK_LOCAL_START}, {10, BK_BRANCH_ID},
		{11, BK_PARTY_SIZE}, {12, BK_METADATA}
	};
	static TupleDesc row_type = NULL;
	MemoryContext memory = CurrentMemoryContext;
	const pg_uuid_t *tenant;
	pg_uuid_t	id = ids_new();
	BookingRow	row;
	BookingResult *result;
	TimeSpan	wanted;
	Datum		values[6];
	bool		nulls[6] = {0};
	HeapTuple	tuple;

	argument_require(fcinfo, 0, "service");
	if (PG_ARGISNULL(1) && PG_ARGISNULL(2) && PG_ARGISNULL(9))
		ereport(ERROR,
				(booking_errcode(ERR_NULL_VALUE),
				 errmsg("starts_at, local_start or wanted must be given")));

	store_connect();
	memset(row.isnull, true, sizeof(row.isnull));
	for (int i = 0; i < lengthof(given); i++)
		if (!PG_ARGISNULL(given[i].argument))
			row_set(&row, given[i].column, PG_GETARG_DATUM(given[i].argument));
	if (!PG_ARGISNULL(2))
	{
		wanted = argument_window(fcinfo, 2, "wanted");
		if (span_is_empty(wanted))
			ereport(ERROR,
					(booking_errcode(ERR_INVALID_RANGE),
					 errmsg("wanted must not be empty")));
		row_set(&row, BK_WANTED, store_span_range(wanted));
	}
	row_set(&row, BK_ID, UUIDPGetDatum(&id));
	tenant = argument_tenant(fcinfo, 15);
	row_set(&row, BK_TENANT_ID, UUIDPGetDatum(tenant));
	row_set_status(&row, STATUS_WAITLISTED);
	argument_length(fcinfo, 6, 7, 8, tenant, &row);
	result = bookings_insert(&row);

	values[0] = UUIDPGetDatum(&result->id);
	values[1] = Int32GetDatum(waiting_position(tenant, &result->id, clock_now()));
	values[2] = TimestampTzGetDatum(result->starts_at);
	values[3] = TimestampTzGetDatum(result->ends_at);
	values[4] = TimestampTzGetDatum(result->expires_at);
	nulls[4] = result->expires_at == DT_NOEND;
	values[5] = Int32GetDatum(result->version);

	MemoryContextSwitchTo(memory);
	tuple = heap_form_tuple(result_row_type(fcinfo, &row_type), values, nulls);
	store_finish();
	return HeapTupleGetDatum(tuple);
}

/*
 * booking.join_waitlist(service, starts_at, wanted, customer, resources, units,
 * ends_at, duration, nights, local_start, branch, party_size, metadata,
 * lock_wait, idempotency_key, tenant)
 */
Datum
booking_join_waitlist(PG_FUNCTION_ARGS)
{
	return idempotent_call(fcinfo, 13, join_waitlist);
}

/*
 * booking.waitlist_position(booking, tenant): from 1; null for one that does
 * not wait.
 */
Datum
booking_waitlist_position(PG_FUNCTION_ARGS)
{
	const pg_uuid_t *tenant;
	int			position;

	argument_require(fcinfo, 0, "booking");
	store_connect();
	tenant = argument_tenant(fcinfo, 1);
	if (bookings_read_result(tenant, PG_GETARG_UUID_P(0)) == NULL)
		command_not_found(PG_GETARG_UUID_P(0));
	position = waiting_position(tenant, PG_GETARG_UUID_P(0), clock_now());
	store_finish();
	if (position == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(position);
}

static Datum
promote(PG_FUNCTION_ARGS)
{
	Command		command = command_begin(fcinfo, 5, 2);
	bool		staff = context_is_staff(context_get());
	Waiting		waiting;
	TimeSpan	slot;

	if (command.state.status != STATUS_WAITLISTED ||
		!waiting_read(command.tenant, command.booking, &waiting))
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_TRANSITION),
				 errmsg("the booking does not wait"),
				 errdetail("Its status is %s.", lifecycle_status_name(command.state.status))));
	if (!PG_ARGISNULL(1))
	{
		const Service *service = config_require_service(command.tenant, &waiting.service);

		slot = duration_moved(&service->length, waiting.slot, PG_GETARG_TIMESTAMPTZ(1),
							  calendar_zone(command.state.time_zone));
	}
	else if (command.state.expires_at <= clock_now())
		slot = waiting.slot;	/* too late for any, as the guard is going to say */
	else
		slot = promotion_slot(command.tenant, &waiting, staff);
	return command_end(fcinfo, &command,
					   bookings_promote(command.tenant, command.booking,
										promotion_status(command.tenant, &waiting), slot));
}

/*
 * booking.promote(booking, starts_at, expected_version, lock_wait,
 * idempotency_key, tenant): staff gives somebody who waits a slot, in turn or
 * not.
 */
Datum
booking_promote(PG_FUNCTION_ARGS)
{
	return idempotent_call(fcinfo, 3, promote);
}

/*
 * booking.promote_waiting(max): gives what became vacant to who waits for it,
 * for the caller's tenant or, by the store's owner, for all.
 */
Datum
booking_promote_waiting(PG_FUNCTION_ARGS)
{
	const Context *context;
	int			max = PG_ARGISNULL(0) ? 1000 : PG_GETARG_INT32(0);
	PromotionRest rest;
	int			given;

	store_connect();
	context = context_get();
	if (!context_is_staff(context))
		ereport(ERROR,
				(booking_errcode(ERR_PERMISSION_DENIED),
				 errmsg("permission denied to promote who waits")));
	if (max < 0)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("max must not be negative")));
	given = promotion_sweep(context->level == ACCESS_OWNER ? NULL : context_tenant(NULL),
							max, &rest);
	store_finish();
	PG_RETURN_INT32(given);
}
