/*-------------------------------------------------------------------------
 *
 * commands_api.c
 *	  SQL functions that change one booking: cancel, confirm, check_in,
 *	  start_serving, complete, no_show, reschedule, reassign, add_note.
 *
 * A command locks the booking's row, as an UPDATE would, checks the version
 * the caller expects, and makes the UPDATE.  All rules are the guard's.
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
#include "engine/clock.h"
#include "engine/effects.h"
#include "engine/no_shows.h"
#include "engine/locks.h"
#include "engine/normalise.h"
#include "engine/undo.h"
#include "errors.h"
#include "rules/calendar.h"
#include "rules/duration.h"
#include "rules/ids.h"
#include "rules/lifecycle.h"
#include "rules/text.h"
#include "store/config.h"
#include "store/plan.h"
#include "store/records.h"

PG_FUNCTION_INFO_V1(booking_cancel);
PG_FUNCTION_INFO_V1(booking_confirm);
PG_FUNCTION_INFO_V1(booking_check_in);
PG_FUNCTION_INFO_V1(booking_start_serving);
PG_FUNCTION_INFO_V1(booking_complete);
PG_FUNCTION_INFO_V1(booking_no_show);
PG_FUNCTION_INFO_V1(booking_reschedule);
PG_FUNCTION_INFO_V1(booking_reassign);
PG_FUNCTION_INFO_V1(booking_add_note);

void
command_not_found(const pg_uuid_t *booking)
{
	ereport(ERROR,
			(booking_errcode(ERR_NOT_FOUND),
			 errmsg("booking %s does not exist", ids_text(booking))));
}

/*
 * How a command waits for locks, as its argument lock_wait says (X10); its
 * number is negative if the function has none.
 */
LockWait
command_wait(FunctionCallInfo fcinfo, int lock_wait_argument)
{
	return lock_wait_argument < 0 || argument_bool(fcinfo, lock_wait_argument, true) ?
		LOCK_WAIT : LOCK_OR_ERROR;
}

/* Calls the body of a function, with locks waited for or not. */
Datum
command_run(FunctionCallInfo fcinfo, int lock_wait_argument, PGFunction body)
{
	LockWait	previous = locks_set_wait(command_wait(fcinfo, lock_wait_argument));
	volatile Datum result = (Datum) 0;

	PG_TRY();
	{
		result = body(fcinfo);
	}
	PG_FINALLY();
	{
		locks_set_wait(previous);
	}
	PG_END_TRY();
	return result;
}

/* Locks a booking's row and reads its state. */
void
command_lock(const pg_uuid_t *tenant, const pg_uuid_t *booking, BookingState *state)
{
	bool		wait = locks_wait() == LOCK_WAIT;

	if (bookings_lock(tenant, booking, wait, state))
		return;
	if (!wait && bookings_read_result(tenant, booking) != NULL)
		ereport(ERROR,
				(booking_errcode(ERR_BUSY),
				 errmsg("somebody else is changing this booking right now"),
				 errhint("Try again, or wait with lock_wait => true.")));
	command_not_found(booking);
}

/*
 * Begins a command whose first argument is the booking; version_argument is
 * the number of expected_version, or negative.
 */
Command
command_begin(FunctionCallInfo fcinfo, int tenant_argument, int version_argument)
{
	Command		command = {0};

	argument_require(fcinfo, 0, "booking");
	command.result_memory = CurrentMemoryContext;
	command.booking = PG_GETARG_UUID_P(0);

	effects_forget();
	store_connect();
	command.tenant = argument_tenant(fcinfo, tenant_argument);
	command_lock(command.tenant, command.booking, &command.state);

	if (version_argument >= 0 && !PG_ARGISNULL(version_argument) &&
		PG_GETARG_INT32(version_argument) != command.state.version)
		ereport(ERROR,
				(booking_errcode(ERR_STALE_VERSION),
				 errmsg("the booking has changed: it is at version %d, not %d",
						command.state.version, PG_GETARG_INT32(version_argument)),
				 errhint("Read the booking again and decide anew.")));
	return command;
}

/*
 * The row a command returns (C2): booking_id, status, version, undo_token,
 * effects, updated_at.
 */
Datum
command_end(FunctionCallInfo fcinfo, Command *command, const BookingResult *result)
{
	static TupleDesc row_type = NULL;	/* all commands return the same */
	TupleDesc	type;
	Datum		values[6];
	bool		nulls[6] = {false, false, false, true, false, false};
	const QueuedEffects *effects;
	Datum		topics[EFFECTS_MAX];
	int			topic_count = 0;
	char	   *token = NULL;
	HeapTuple	tuple;

	if (result == NULL)
		command_not_found(command->booking);

	effects = effects_of(&result->id, result->version);
	if (effects != NULL)
		for (int i = 0; i < effects->count; i++)
			topics[topic_count++] = CStringGetTextDatum(effects->topics[i]);

	values[0] = UUIDPGetDatum(&result->id);
	values[1] = CStringGetTextDatum(lifecycle_status_name(result->status));
	values[2] = Int32GetDatum(result->version);
	if (result->version != command->state.version)
		token = undo_issue(command->tenant, &result->id, result->version, NULL);
	nulls[3] = token == NULL;
	values[3] = token ? CStringGetTextDatum(token) : (Datum) 0;
	values[4] = PointerGetDatum(construct_array(topics, topic_count, TEXTOID, -1, false,
												TYPALIGN_INT));
	values[5] = TimestampTzGetDatum(result->updated_at);

	MemoryContextSwitchTo(command->result_memory);
	type = result_row_type(fcinfo, &row_type);
	tuple = heap_form_tuple(type, values, nulls);
	store_finish();
	return HeapTupleGetDatum(tuple);
}

/* Whether a booking became a no-show because nobody checked in in time (C10). */
bool
command_finds_automatic_no_show(const BookingState *state)
{
	return state->status == STATUS_NO_SHOW && state->reason_code != NULL &&
		strcmp(state->reason_code, AUTO_NO_SHOW) == 0;
}

/*
 * A command that is one transition, with arguments (booking, [reason,]
 * expected_version, lock_wait, idempotency_key, tenant).
 */
static Datum
change_status(FunctionCallInfo fcinfo, LifecycleAction action, BookingStatus to,
			  bool with_reason)
{
	const LifecycleTransition *edge;
	LifecycleAction way;
	int			version_argument = with_reason ? 2 : 1;
	Command		command = command_begin(fcinfo, version_argument + 3, version_argument);

	/* to the status it has, an UPDATE would change nothing: say so (C9) */
	if (command.state.status == to)
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_TRANSITION),
				 errmsg("the booking is %s already", lifecycle_status_name(to))));

	/*
	 * What ends in the same status may be another command's to do.  (That the
	 * status has lapsed goes first; the guard says so.)  A hold that was checked
	 * out is confirmed, once its deposit is paid.
	 */
	edge = lifecycle_find(command.state.status, to);
	way = edge != NULL ? edge->action :
		to == STATUS_CONFIRMED && command_finds_automatic_no_show(&command.state) ?
		ACTION_RESTORE : action;
	if (way == ACTION_CHECKOUT && command.state.has_order)
		way = ACTION_CONFIRM;
	if (way != action && command.state.expires_at > clock_now())
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_TRANSITION),
				 errmsg("a booking that is %s becomes %s by %s, not %s",
						lifecycle_status_name(command.state.status),
						lifecycle_status_name(to), lifecycle_action_name(way),
						lifecycle_action_name(action))));
	return command_end(fcinfo, &command,
					   bookings_set_status(command.tenant, command.booking, to,
										   with_reason ? argument_text(fcinfo, 1) : NULL));
}

static Datum
cancel(PG_FUNCTION_ARGS)
{
	return change_status(fcinfo, ACTION_CANCEL, STATUS_CANCELLED, true);
}

/* booking.cancel(booking, reason, expected_version, lock_wait, idempotency_key, tenant) */
Datum
booking_cancel(PG_FUNCTION_ARGS)
{
	return idempotent_call(fcinfo, 3, cancel);
}

static Datum
no_show(PG_FUNCTION_ARGS)
{
	return change_status(fcinfo, ACTION_NO_SHOW, STATUS_NO_SHOW, true);
}

/* booking.no_show(booking, reason, expected_version, lock_wait, idempotency_key, tenant) */
Datum
booking_no_show(PG_FUNCTION_ARGS)
{
	return idempotent_call(fcinfo, 3, no_show);
}

static Datum
confirm(PG_FUNCTION_ARGS)
{
	return change_status(fcinfo, ACTION_CONFIRM, STATUS_CONFIRMED, false);
}

/* booking.confirm(booking, expected_version, lock_wait, idempotency_key, tenant) */
Datum
booking_confirm(PG_FUNCTION_ARGS)
{
	return idempotent_call(fcinfo, 2, confirm);
}

static Datum
check_in(PG_FUNCTION_ARGS)
{
	return change_status(fcinfo, ACTION_CHECK_IN, STATUS_CHECKED_IN, false);
}

/* booking.check_in(booking, expected_version, lock_wait, idempotency_key, tenant) */
Datum
booking_check_in(PG_FUNCTION_ARGS)
{
	return idempotent_call(fcinfo, 2, check_in);
}

static Datum
start_serving(PG_FUNCTION_ARGS)
{
	return change_status(fcinfo, ACTION_START_SERVING, STATUS_BEING_SERVED, false);
}

/* booking.start_serving(booking, expected_version, lock_wait, idempotency_key, tenant) */
Datum
booking_start_serving(PG_FUNCTION_ARGS)
{
	return idempotent_call(fcinfo, 2, start_serving);
}

static Datum
complete(PG_FUNCTION_ARGS)
{
	return change_status(fcinfo, ACTION_COMPLETE, STATUS_COMPLETED, false);
}

/* booking.complete(booking, expected_version, lock_wait, idempotency_key, tenant) */
Datum
booking_complete(PG_FUNCTION_ARGS)
{
	return idempotent_call(fcinfo, 2, complete);
}

/* The slot that the arguments of reschedule() make of a booking's. */
static TimeSpan
new_slot(FunctionCallInfo fcinfo, const Command *command)
{
	const BookingState *state = &command->state;
	const Branch *branch = config_branch(command->tenant, &state->branch_id);
	const LengthRule *rule = &config_require_service(command->tenant, &state->service_id)->length;
	pg_tz	   *zone = calendar_zone(branch ? branch->time_zone : state->time_zone);
	TimestampTz start;

	if (!PG_ARGISNULL(1))
		start = PG_GETARG_TIMESTAMPTZ(1);
	else if (!PG_ARGISNULL(3))
		start = calendar_at_local(PG_GETARG_TIMESTAMP(3), zone);
	else if (!PG_ARGISNULL(6) || !PG_ARGISNULL(7))
		start = state->starts_at;
	else
		ereport(ERROR,
				(booking_errcode(ERR_NULL_VALUE),
				 errmsg("starts_at or local_start must be given")));

	argument_one_length(fcinfo, 2, 6, 7);
	if (!PG_ARGISNULL(2))
		return (TimeSpan) {start, PG_GETARG_TIMESTAMPTZ(2)};
	if (!PG_ARGISNULL(6))
		return duration_of(rule, start, config_interval(PG_GETARG_INTERVAL_P(6)));
	if (!PG_ARGISNULL(7))
		return duration_of_nights(rule, start, PG_GETARG_INT32(7), zone);
	return duration_moved(rule, (TimeSpan) {state->starts_at, state->ends_at}, start, zone);
}

/*
 * Gives a booking another slot, or (NULL) other resources; the overrides are
 * those of an argument.
 */
static BookingResult *
move(const Command *command, const TimeSpan *slot, ArrayType *resources,
	 FunctionCallInfo fcinfo, int override_argument)
{
	ArrayType  *overrides = PG_ARGISNULL(override_argument) ? NULL :
		PG_GETARG_ARRAYTYPE_P(override_argument);
	const pg_uuid_t *previous = normalise_state_overrides(command->booking);
	BookingResult *volatile result = NULL;

	PG_TRY();
	{
		result = slot != NULL ?
			bookings_move(command->tenant, command->booking, *slot, overrides) :
			bookings_reassign(command->tenant, command->booking, resources, overrides);
	}
	PG_FINALLY();
	{
		normalise_state_overrides(previous);
	}
	PG_END_TRY();
	return result;
}

static Datum
reschedule(PG_FUNCTION_ARGS)
{
	Command		command = command_begin(fcinfo, 10, 4);
	TimeSpan	slot = new_slot(fcinfo, &command);

	return command_end(fcinfo, &command, move(&command, &slot, NULL, fcinfo, 8));
}

/*
 * booking.reschedule(booking, starts_at, ends_at, local_start,
 * expected_version, lock_wait, duration, nights, override, idempotency_key,
 * tenant): unless one of ends_at, duration and nights is given the booking keeps
 * its length; local_start is wall-clock time in the booking's zone.
 */
Datum
booking_reschedule(PG_FUNCTION_ARGS)
{
	return idempotent_call(fcinfo, 5, reschedule);
}

static Datum
reassign(PG_FUNCTION_ARGS)
{
	Command		command;
	int			count;

	argument_uuids(fcinfo, 1, "resources", &count);
	command = command_begin(fcinfo, 6, 2);
	return command_end(fcinfo, &command,
					   move(&command, NULL, PG_GETARG_ARRAYTYPE_P(1), fcinfo, 4));
}

/*
 * booking.reassign(booking, resources, expected_version, lock_wait, override,
 * idempotency_key, tenant)
 */
Datum
booking_reassign(PG_FUNCTION_ARGS)
{
	return idempotent_call(fcinfo, 3, reassign);
}

static Datum
add_note(PG_FUNCTION_ARGS)
{
	Command		command;
	char	   *visibility = argument_text(fcinfo, 2);

	argument_require(fcinfo, 1, "body");
	if (visibility == NULL)
		visibility = pstrdup("staff");
	if (strcmp(visibility, "author") != 0 && strcmp(visibility, "staff") != 0 &&
		strcmp(visibility, "customer") != 0)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("visibility \"%s\" is not known", text_excerpt(visibility)),
				 errhint("A note is visible to its author, to staff, or to the customer too.")));
	command = command_begin(fcinfo, 5, 3);
	records_note(command.tenant, command.booking, argument_text(fcinfo, 1), visibility);
	return command_end(fcinfo, &command,
					   bookings_read_result(command.tenant, command.booking));
}

/*
 * booking.add_note(booking, body, visibility, expected_version,
 * idempotency_key, tenant)
 */
Datum
booking_add_note(PG_FUNCTION_ARGS)
{
	return idempotent_call(fcinfo, -1, add_note);
}
