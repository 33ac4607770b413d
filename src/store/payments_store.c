/*-------------------------------------------------------------------------
 *
 * payments_store.c
 *	  The rows of booking.payments.
 *
 * Payments of a booking are written while its row is locked; only that one was
 * sent back is said without.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "store/payments_store.h"
#include "store/plan.h"

/* The payment of a provider's reference; false if there is none. */
bool
payments_find(const pg_uuid_t *tenant, const char *provider, const char *reference,
			  Payment *payment)
{
	static StorePlan plan = {
		"SELECT id, booking_id, amount, currency, status, outcome FROM booking.payments "
		"WHERE tenant_id" EQ "$1 AND provider" EQ "$2 AND reference" EQ "$3",
		3, {UUIDOID, TEXTOID, TEXTOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), CStringGetTextDatum(provider), CStringGetTextDatum(reference)
	};
	MemoryContext context = CurrentMemoryContext;

	if (store_execute(&plan, values, NULL, STORE_OWNER) == 0)
		return false;
	payment->id = store_uuid_column(0, 1, NULL);
	payment->booking = store_uuid_column(0, 2, NULL);
	payment->amount = DatumGetNumeric(store_copy_column(context, 0, 3, NULL));
	payment->currency = store_text_column(context, 0, 4);
	payment->status = store_text_column(context, 0, 5);
	payment->outcome = store_text_column(context, 0, 6);
	return true;
}

/* Adds a payment; false when another session has just added its reference. */
bool
payments_add(const pg_uuid_t *tenant, const Payment *payment, TimestampTz now)
{
	static StorePlan plan = {
		"INSERT INTO booking.payments (tenant_id, id, booking_id, order_id, provider, reference, "
		"amount, currency, status, outcome, recorded_by, recorded_at, updated_at) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'received', 'recorded', $9, $10, $10) "
		"ON CONFLICT (tenant_id, provider, reference) DO NOTHING",
		10, {
			UUIDOID, UUIDOID, UUIDOID, UUIDOID, TEXTOID, TEXTOID, NUMERICOID, TEXTOID, TEXTOID,
			TIMESTAMPTZOID
		}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(&payment->id), UUIDPGetDatum(&payment->booking),
		UUIDPGetDatum(&payment->order), CStringGetTextDatum(payment->provider),
		CStringGetTextDatum(payment->reference), NumericGetDatum(payment->amount),
		CStringGetTextDatum(payment->currency),
		payment->recorded_by ? CStringGetTextDatum(payment->recorded_by) : (Datum) 0,
		TimestampTzGetDatum(now)
	};
	char		nulls[] = "          ";

	if (!payment->has_order)
		nulls[3] = 'n';
	if (payment->recorded_by == NULL)
		nulls[8] = 'n';
	return store_execute(&plan, values, nulls, STORE_DERIVED) == 1;
}

/*
 * Says what came of a payment.  It is due back if there is an effect that asks
 * to send it (else NULL).
 */
void
payments_set_outcome(const pg_uuid_t *tenant, const pg_uuid_t *id, const char *outcome,
					 const pg_uuid_t *refund_effect, TimestampTz now)
{
	static StorePlan plan = {
		"UPDATE booking.payments SET outcome = $3, updated_at = $5, "
		"status = CASE WHEN $4 IS NULL THEN status ELSE 'refund_due' END, refund_effect = $4 "
		"WHERE tenant_id" EQ "$1 AND id" EQ "$2",
		5, {UUIDOID, UUIDOID, TEXTOID, UUIDOID, TIMESTAMPTZOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(id), CStringGetTextDatum(outcome),
		UUIDPGetDatum(refund_effect), TimestampTzGetDatum(now)
	};

	store_execute(&plan, values, refund_effect ? NULL : "   n ", STORE_DERIVED);
}

/* A payment that was due back was sent back; false if it was not due. */
bool
payments_set_refunded(const pg_uuid_t *tenant, const pg_uuid_t *id, TimestampTz now)
{
	static StorePlan plan = {
		"UPDATE booking.payments SET status = 'refunded', updated_at = $3 "
		"WHERE tenant_id" EQ "$1 AND id" EQ "$2 AND status" EQ "'refund_due'",
		3, {UUIDOID, UUIDOID, TIMESTAMPTZOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(id), TimestampTzGetDatum(now)
	};

	return store_execute(&plan, values, NULL, STORE_DERIVED) > 0;
}

/* The amount that a statement about a booking returns. */
static Numeric
amount_of(StorePlan *plan, Datum *values)
{
	if (store_execute(plan, values, NULL, STORE_OWNER) == 0)
		return int64_to_numeric(0);
	return DatumGetNumeric(store_copy_column(CurrentMemoryContext, 0, 1, NULL));
}

/* What was received for a booking and is not due back. */
Numeric
payments_received(const pg_uuid_t *tenant, const pg_uuid_t *booking)
{
	static StorePlan plan = {
		"SELECT COALESCE(pg_catalog.sum(amount), 0) FROM booking.payments "
		"WHERE tenant_id" EQ "$1 AND booking_id" EQ "$2 AND status" EQ "'received'",
		2, {UUIDOID, UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(booking)};

	return amount_of(&plan, values);
}

/* The deposit of a booking as its order fixes it; never more than the price. */
Numeric
payments_deposit(const pg_uuid_t *tenant, const pg_uuid_t *order, const pg_uuid_t *booking)
{
	static StorePlan plan = {
		"SELECT LEAST(deposit, amount)::pg_catalog.numeric FROM booking.order_items "
		"WHERE tenant_id" EQ "$1 AND order_id" EQ "$2 AND booking_id" EQ "$3",
		3, {UUIDOID, UUIDOID, UUIDOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(order), UUIDPGetDatum(booking)
	};

	return amount_of(&plan, values);
}

/* What was received for a booking is due back; returns how many payments are. */
uint64
payments_fall_due(const pg_uuid_t *tenant, const pg_uuid_t *booking,
				  const pg_uuid_t *refund_effect, TimestampTz now)
{
	static StorePlan plan = {
		"UPDATE booking.payments SET status = 'refund_due', refund_effect = $3, "
		"updated_at = $4 "
		"WHERE tenant_id" EQ "$1 AND booking_id" EQ "$2 AND status" EQ "'received'",
		4, {UUIDOID, UUIDOID, UUIDOID, TIMESTAMPTZOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(booking), UUIDPGetDatum(refund_effect),
		TimestampTzGetDatum(now)
	};

	return store_execute(&plan, values, NULL, STORE_DERIVED);
}

/*
 * What is due back is kept after all: as far as nobody has begun to send it
 * back, which the outbox tells.
 */
void
payments_keep(const pg_uuid_t *tenant, const pg_uuid_t *booking, TimestampTz now)
{
	static StorePlan plan = {
		"WITH withdrawn AS (UPDATE booking.outbox AS o SET status = 'cancelled' "
		"FROM booking.payments AS p WHERE p.tenant_id" EQ "$1 AND p.booking_id" EQ "$2 "
		"AND p.status" EQ "'refund_due' AND o.tenant_id" EQ "$1 AND o.id" EQ "p.refund_effect "
		"AND o.status" EQ "'queued' RETURNING o.id) "
		"UPDATE booking.payments SET status = 'received', refund_effect = NULL, "
		"updated_at = $3 WHERE tenant_id" EQ "$1 AND booking_id" EQ "$2 "
		"AND status" EQ "'refund_due' "
		"AND refund_effect" EQ "ANY (SELECT id FROM withdrawn)",
		3, {UUIDOID, UUIDOID, TIMESTAMPTZOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(booking), TimestampTzGetDatum(now)
	};

	store_execute(&plan, values, NULL, STORE_DERIVED);
}
