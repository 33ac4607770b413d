/*-------------------------------------------------------------------------
 *
 * payments_api.c
 *	  SQL functions about money that came and went: record_payment and
 *	  record_refund.
 *
 * They are for staff and the system, such as the endpoint that a payment
 * provider calls: what a customer says he has paid is not paid.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/resowner.h"

#include "api/arguments.h"
#include "api/commands.h"
#include "api/idempotency.h"
#include "engine/checks.h"
#include "engine/clock.h"
#include "engine/context.h"
#include "engine/deposits.h"
#include "engine/effects.h"
#include "errors.h"
#include "rules/ids.h"
#include "rules/lifecycle.h"
#include "rules/money.h"
#include "rules/text.h"
#include "store/payments_store.h"
#include "store/plan.h"

PG_FUNCTION_INFO_V1(booking_record_payment);
PG_FUNCTION_INFO_V1(booking_record_refund);

#define MAX_PROVIDER 100
#define MAX_REFERENCE 200

/* A text that must say something. */
static char *
required_line(FunctionCallInfo fcinfo, int number, const char *name, int max_chars)
{
	char	   *text;

	argument_require(fcinfo, number, name);
	text = argument_text(fcinfo, number);
	text_check_line(name, text, max_chars);
	if (*text == '\0')
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("%s must not be empty", name)));
	return text;
}

static void
require_staff(const Context *context, const char *what)
{
	if (!context_is_staff(context))
		ereport(ERROR,
				(booking_errcode(ERR_PERMISSION_DENIED),
				 errmsg("permission denied to record a %s", what),
				 errhint("Staff does, or the system that hears from the payment provider.")));
}

static bool
hold_expired(const BookingState *state)
{
	if (state->status == STATUS_HELD)
		return state->expires_at <= clock_now();
	return state->status == STATUS_CANCELLED && state->reason_code != NULL &&
		strcmp(state->reason_code, "hold_expired") == 0;
}

/* Makes a booking whose deposit is covered what checkout would have made it. */
static BookingResult *
commit_paid(const Command *command)
{
	const pg_uuid_t *previous = checks_ask_for_approval(command->booking);
	BookingResult *volatile result = NULL;

	PG_TRY();
	{
		result = bookings_set_status(command->tenant, command->booking, STATUS_CONFIRMED, NULL);
	}
	PG_FINALLY();
	{
		checks_ask_for_approval(previous);
	}
	PG_END_TRY();
	return result;
}

static bool
is_covered(const Command *command)
{
	return money_compare(payments_received(command->tenant, command->booking),
						 deposits_due(command->tenant, command->booking, &command->state)) >= 0;
}

/* Whether an error says no more than that the booking can't be had again. */
static bool
is_refusal(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_EXCLUSION_VIOLATION ||
		ERRCODE_TO_CATEGORY(error->sqlerrcode) == MAKE_SQLSTATE('Z', 'B', '0', '0', '0');
}

/*
 * Takes an expired booking's slot again, as refresh_hold() does, and confirms
 * it; NULL, and nothing done, if that can't be or is not paid for.
 */
static BookingResult *
take_again(const Command *command)
{
	MemoryContext memory = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;
	BookingResult *volatile result = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(memory);
	PG_TRY();
	{
		/* what was due back counts again, if nobody has sent it yet */
		if (bookings_renew(command->tenant, command->booking, NULL) != NULL &&
			is_covered(command))
			result = commit_paid(command);
		if (result != NULL)
			ReleaseCurrentSubTransaction();
		else
			RollbackAndReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(memory);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		result = NULL;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(memory);
	CurrentResourceOwner = owner;

	if (error != NULL && !is_refusal(error))
		ReThrowError(error);
	return result;
}

/* What is to be done about a payment that was just added. */
static const char *
settle(const Command *command, const Payment *payment, BookingResult **result)
{
	const BookingState *state = &command->state;
	const char *outcome = "recorded";
	bool		refund = false;
	pg_uuid_t	effect = ids_new();
	TimestampTz now;

	if (hold_expired(state))
	{
		if (state->has_order)
			*result = take_again(command);
		refund = *result == NULL;
		if (!refund)
			outcome = "covered";
	}
	else if (state->status == STATUS_CANCELLED)
		refund = true;
	else if (state->status == STATUS_HELD)
	{
		if (!is_covered(command))
			outcome = "partial";
		else if (state->has_order)
		{
			*result = commit_paid(command);
			outcome = "covered";
		}
	}
	if (refund)
		outcome = "refund_due";

	now = clock_now();
	payments_set_outcome(command->tenant, &payment->id, outcome, refund ? &effect : NULL, now);
	if (refund)
		effects_queue_refund(command->tenant, command->booking, &effect, "record_payment",
							 state->version, now);
	return outcome;
}

/* booking_id, status, version, undo_token, effects, updated_at, paid, due, outcome, repeated */
static Datum
payment_row(FunctionCallInfo fcinfo, const Command *command, const BookingResult *result,
			const char *outcome, bool repeated)
{
	static TupleDesc row_type = NULL;
	const QueuedEffects *effects = effects_of(command->booking, result->version);
	Numeric		paid = payments_received(command->tenant, command->booking);
	Numeric		due = result->status == STATUS_HELD ?
		money_missing(deposits_due(command->tenant, command->booking, &command->state), paid) :
		int64_to_numeric(0);
	Datum		topics[EFFECTS_MAX];
	int			topic_count = 0;
	Datum		values[10];
	bool		nulls[10] = {false, false, false, true};
	TupleDesc	type;
	HeapTuple	tuple;

	if (effects != NULL)
		for (int i = 0; i < effects->count; i++)
			topics[topic_count++] = CStringGetTextDatum(effects->topics[i]);
	values[0] = UUIDPGetDatum(&result->id);
	values[1] = CStringGetTextDatum(lifecycle_status_name(result->status));
	values[2] = Int32GetDatum(result->version);
	values[3] = (Datum) 0;
	values[4] = PointerGetDatum(construct_array(topics, topic_count, TEXTOID, -1, false,
												TYPALIGN_INT));
	values[5] = TimestampTzGetDatum(result->updated_at);
	values[6] = NumericGetDatum(paid);
	values[7] = NumericGetDatum(due);
	values[8] = CStringGetTextDatum(outcome);
	values[9] = BoolGetDatum(repeated);

	MemoryContextSwitchTo(command->result_memory);
	type = result_row_type(fcinfo, &row_type);
	tuple = heap_form_tuple(type, values, nulls);
	store_finish();
	return HeapTupleGetDatum(tuple);
}

static Datum
record_payment(PG_FUNCTION_ARGS)
{
	Payment		payment = {0};
	Payment		known;
	Command		command;
	const Context *context;
	BookingResult *result = NULL;
	const char *outcome;
	bool		repeated = false;

	argument_require(fcinfo, 1, "amount");
	payment.amount = PG_GETARG_NUMERIC(1);
	payment.provider = required_line(fcinfo, 2, "provider", MAX_PROVIDER);
	payment.reference = required_line(fcinfo, 3, "reference", MAX_REFERENCE);

	command = command_begin(fcinfo, 7, -1);
	context = context_get();
	require_staff(context, "payment");

	payment.id = ids_new();
	payment.booking = *command.booking;
	payment.has_order = command.state.has_order;
	payment.order = command.state.order_id;
	payment.recorded_by = context->actor;
	payment.currency = PG_ARGISNULL(4) ? command.state.currency : argument_text(fcinfo, 4);
	money_check(payment.amount, payment.currency);
	if (money_is_zero(payment.amount))
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("a payment must be more than nothing")));
	if (strcmp(payment.currency, command.state.currency) != 0)
		ereport(ERROR,
				(booking_errcode(ERR_MIXED_CURRENCY),
				 errmsg("the booking is to be paid in %s, not %s", command.state.currency,
						payment.currency)));

	/* somebody else may record the same reference between our look and our INSERT */
	do
		repeated = payments_find(command.tenant, payment.provider, payment.reference, &known);
	while (!repeated && !payments_add(command.tenant, &payment, clock_now()));

	if (repeated)
	{
		if (!uuid_equal(&known.booking, command.booking) ||
			money_compare(known.amount, payment.amount) != 0 ||
			strcmp(known.currency, payment.currency) != 0)
			ereport(ERROR,
					(booking_errcode(ERR_KEY_REUSED),
					 errmsg("payment \"%s\" of \"%s\" was recorded already, with another amount or for another booking",
							text_excerpt(payment.reference), text_excerpt(payment.provider))));
		outcome = known.outcome;
	}
	else if (!payment.has_order &&
			 money_is_zero(deposits_due(command.tenant, command.booking, &command.state)))
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("nothing is to be paid for this booking"),
				 errdetail("It has no order, and its service asks for no deposit.")));
	else
		outcome = settle(&command, &payment, &result);

	if (result == NULL)
		result = bookings_read_result(command.tenant, command.booking);
	if (result == NULL)
		command_not_found(command.booking);
	return payment_row(fcinfo, &command, result, outcome, repeated);
}

/*
 * booking.record_payment(booking, amount, provider, reference, currency,
 * lock_wait, idempotency_key, tenant)
 */
Datum
booking_record_payment(PG_FUNCTION_ARGS)
{
	return idempotent_call(fcinfo, 5, record_payment);
}

static Datum
record_refund(PG_FUNCTION_ARGS)
{
	char	   *provider = required_line(fcinfo, 0, "provider", MAX_PROVIDER);
	char	   *reference = required_line(fcinfo, 1, "reference", MAX_REFERENCE);
	const pg_uuid_t *tenant;
	Payment		payment;
	bool		refunded;

	store_connect();
	tenant = argument_tenant(fcinfo, 3);
	require_staff(context_get(), "refund");
	if (!payments_find(tenant, provider, reference, &payment))
		ereport(ERROR,
				(booking_errcode(ERR_NOT_FOUND),
				 errmsg("there is no payment \"%s\" of \"%s\"", text_excerpt(reference),
						text_excerpt(provider))));
	refunded = payments_set_refunded(tenant, &payment.id, clock_now());
	if (!refunded && strcmp(payment.status, "received") == 0)
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_TRANSITION),
				 errmsg("the payment is not due back"),
				 errhint("Cancel the booking first.")));
	store_finish();
	PG_RETURN_BOOL(refunded);
}

/*
 * booking.record_refund(provider, reference, idempotency_key, tenant): whether
 * a payment that was due back is sent back now.
 */
Datum
booking_record_refund(PG_FUNCTION_ARGS)
{
	return idempotent_call(fcinfo, -1, record_refund);
}
