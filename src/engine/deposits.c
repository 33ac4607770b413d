/*-------------------------------------------------------------------------
 *
 * deposits.c
 *	  Bookings that stay held until their deposit is paid (K9).
 *
 * Committing a booking (checkout, book, a plain INSERT or UPDATE) whose service
 * asks for a deposit leaves it held, with its customer, its answers and its
 * order, until deposit_ttl is over.  A held booking that has an order is one
 * that waits for its deposit; no other has one.  What the deposit is stands on
 * the order's item from then on, whatever becomes of the service.
 *
 * Who confirms it is not asked: a booking that waits becomes pending or
 * confirmed when what was received covers the deposit.  record_payment() writes
 * the payment and then makes the same UPDATE as anybody else would.  Payments
 * are written while the booking's row is locked, so what BEFORE reads of them
 * stays true.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "engine/deposits.h"
#include "engine/effects.h"
#include "engine/policy_check.h"
#include "errors.h"
#include "fmgr.h"
#include "rules/ids.h"
#include "rules/lifecycle.h"
#include "rules/money.h"
#include "store/payments_store.h"
#include "utils/fmgrprotos.h"

/* Whether a booking is checked out and waits for its deposit. */
bool
deposits_awaited(const BookingRow *row)
{
	return row_has(row, BK_ORDER_ID) && row_status(row) == STATUS_HELD;
}

static Numeric
smaller(Numeric a, Numeric b)
{
	return money_compare(a, b) <= 0 ? a : b;
}

/*
 * Decides about the deposit of a booking that is being committed, and puts the
 * status back to held if it has to wait.  old is NULL for an INSERT; staff may
 * override.  Price and service must be known.
 */
void
deposits_fill(Change *change, BookingRow *row, const BookingRow *old, bool staff)
{
	BookingStatus to = row_status(row);
	bool		waits = old != NULL && deposits_awaited(old);

	if ((to != STATUS_PENDING && to != STATUS_CONFIRMED) ||
		(old != NULL && row_status(old) != STATUS_HELD && row_status(old) != STATUS_WAITLISTED))
		return;

	change->deposit = waits ?
		payments_deposit(&change->tenant, row_uuid(old, BK_ORDER_ID), &change->booking) :
		smaller(change->service->deposit, DatumGetNumeric(row->value[BK_PRICE]));
	if (money_is_zero(change->deposit))
		return;
	/* AFTER asks for it again, when the row that it came from may be gone */
	change->deposit = DatumGetNumericCopy(NumericGetDatum(change->deposit));

	if (staff && policy_overrides(row, "deposit"))
		change->deposit_verdict = DEPOSIT_WAIVED;
	else if (old != NULL &&
			 money_compare(payments_received(&change->tenant, &change->booking),
						   change->deposit) >= 0)
		change->deposit_verdict = DEPOSIT_PAID;
	else if (waits)
		change->deposit_verdict = DEPOSIT_MISSING;
	else
	{
		change->deposit_verdict = DEPOSIT_AWAITED;
		row_set_status(row, STATUS_HELD);
	}
}

/* Refuses to confirm what waits for its deposit. */
void
deposits_check(const Change *change)
{
	Numeric		paid;

	if (change->deposit_verdict != DEPOSIT_MISSING)
		return;
	paid = payments_received(&change->tenant, &change->booking);
	ereport(ERROR,
			(booking_errcode(ERR_INVALID_TRANSITION),
			 errmsg("the booking waits for its deposit"),
			 errdetail("Of %s, %s is paid.",
					   DatumGetCString(DirectFunctionCall1(numeric_out,
														   NumericGetDatum(change->deposit))),
					   DatumGetCString(DirectFunctionCall1(numeric_out,
														   NumericGetDatum(paid)))),
			 errhint("booking.record_payment() records what was paid. Staff can override deposit.")));
}

/*
 * What was paid for a booking is due back when it is cancelled, and no more
 * when it comes to stand again before anybody has sent it back.
 */
void
deposits_follow(const Change *change, const BookingRow *old, const BookingRow *new,
				const char *action)
{
	bool		was_cancelled;
	bool		is_cancelled = row_status(new) == STATUS_CANCELLED;
	TimestampTz now = row_time(new, BK_UPDATED_AT);

	/*
	 * Without an order or a deposit nobody has paid for it, but for who waits
	 * again because his promotion was undone.
	 */
	if (old == NULL || change->service == NULL ||
		(!row_has(new, BK_ORDER_ID) && money_is_zero(change->service->deposit) &&
		 row_status(old) != STATUS_WAITLISTED && row_status(new) != STATUS_WAITLISTED))
		return;
	was_cancelled = row_status(old) == STATUS_CANCELLED;
	if (is_cancelled && !was_cancelled)
	{
		pg_uuid_t	effect = ids_new();

		if (payments_fall_due(&change->tenant, &change->booking, &effect, now) > 0)
			effects_queue_refund(&change->tenant, &change->booking, &effect, action,
								 row_int(new, BK_VERSION), now);
	}
	else if (was_cancelled && !is_cancelled)
		payments_keep(&change->tenant, &change->booking, now);
}

/* What has to be paid for a booking, whose row is locked, before it stands. */
Numeric
deposits_due(const pg_uuid_t *tenant, const pg_uuid_t *booking, const BookingState *state)
{
	if (state->has_order)
		return payments_deposit(tenant, &state->order_id, booking);
	return smaller(config_require_service(tenant, &state->service_id)->deposit,
				   DatumGetNumeric(state->price));
}
