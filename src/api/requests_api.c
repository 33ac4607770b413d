/*-------------------------------------------------------------------------
 *
 * requests_api.c
 *	  SQL functions about bookings that may come to nothing, or come back:
 *	  request_cancellation, restore, mark_no_shows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "api/arguments.h"
#include "api/commands.h"
#include "api/idempotency.h"
#include "engine/context.h"
#include "engine/no_shows.h"
#include "errors.h"
#include "rules/lifecycle.h"
#include "store/plan.h"

PG_FUNCTION_INFO_V1(booking_request_cancellation);
PG_FUNCTION_INFO_V1(booking_restore);
PG_FUNCTION_INFO_V1(booking_mark_no_shows);

static Datum
request_cancellation(PG_FUNCTION_ARGS)
{
	Command		command = command_begin(fcinfo, 5, 2);

	if (command.state.status == STATUS_PENDING_CANCELLATION)
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_TRANSITION),
				 errmsg("the cancellation of the booking is requested already")));
	return command_end(fcinfo, &command,
					   bookings_set_status(command.tenant, command.booking,
										   STATUS_PENDING_CANCELLATION,
										   argument_text(fcinfo, 1)));
}

/*
 * booking.request_cancellation(booking, reason, expected_version, lock_wait,
 * idempotency_key, tenant)
 */
Datum
booking_request_cancellation(PG_FUNCTION_ARGS)
{
	return idempotent_call(fcinfo, 3, request_cancellation);
}

/* The status that restore() brings a booking back to. */
static BookingStatus
restored_status(const BookingState *state)
{
	if (state->status == STATUS_PENDING_CANCELLATION && state->previous_status != NULL)
		return lifecycle_status(state->previous_status);
	if (command_finds_automatic_no_show(state))
		return STATUS_CONFIRMED;
	ereport(ERROR,
			(booking_errcode(ERR_INVALID_TRANSITION),
			 errmsg("a booking that is %s can't be restored",
					lifecycle_status_name(state->status)),
			 errhint("Requests for cancellation and automatic no-shows can be.")));
}

static Datum
restore(PG_FUNCTION_ARGS)
{
	Command		command = command_begin(fcinfo, 4, 1);

	return command_end(fcinfo, &command,
					   bookings_set_status(command.tenant, command.booking,
										   restored_status(&command.state), NULL));
}

/*
 * booking.restore(booking, expected_version, lock_wait, idempotency_key,
 * tenant)
 */
Datum
booking_restore(PG_FUNCTION_ARGS)
{
	return idempotent_call(fcinfo, 2, restore);
}

/*
 * booking.mark_no_shows(max): for the caller's tenant or, by the store's owner,
 * for all.
 */
Datum
booking_mark_no_shows(PG_FUNCTION_ARGS)
{
	const Context *context;
	int			max = PG_ARGISNULL(0) ? 1000 : PG_GETARG_INT32(0);
	ExpiryRest	rest;
	int			marked;

	store_connect();
	context = context_get();
	if (!context_is_staff(context))
		ereport(ERROR,
				(booking_errcode(ERR_PERMISSION_DENIED),
				 errmsg("permission denied to mark no-shows")));
	if (max < 0)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("max must not be negative")));
	marked = no_shows_sweep(context->level == ACCESS_OWNER ? NULL : context_tenant(NULL),
							max, &rest);
	if (rest.failed > 0)
		ereport(WARNING,
				(errmsg_plural("%d booking could not be marked",
							   "%d bookings could not be marked", rest.failed, rest.failed),
				 errdetail_internal("%s", rest.first_failure)));
	store_finish();
	PG_RETURN_INT32(marked);
}
