/*-------------------------------------------------------------------------
 *
 * purge_store.c
 *	  Statements that remove what is old.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "store/plan.h"
#include "store/purge_store.h"

/*
 * What belongs to a booking and goes with it; audit_log and audit_private stay.
 * A table with a booking_id that comes to be is listed here.  An order stays
 * whole until the last of its bookings goes.
 */
#define REMOVE_FROM(table) \
	{"DELETE FROM booking." table " WHERE tenant_id" EQ "$1 AND booking_id" EQ "ANY ($2)", \
		2, {UUIDOID, UUIDARRAYOID}}
static StorePlan parts[] = {
	REMOVE_FROM("allocations"),
	REMOVE_FROM("service_sessions"),
	REMOVE_FROM("answers"),
	REMOVE_FROM("notes"),
	REMOVE_FROM("payments"),
	REMOVE_FROM("outbox"),
	REMOVE_FROM("external_refs"),
	REMOVE_FROM("undo_tokens")
};

/*
 * Removes up to max bookings that were over before an instant, with all that is
 * theirs; returns how many.  What was paid for goes only with the finished ones,
 * and not while money is due back.
 */
int
purge_batch(const pg_uuid_t *tenant, TimestampTz before, bool finished, int max)
{
	static StorePlan find = {
		"SELECT b.id, b.order_id FROM booking.bookings AS b WHERE b.tenant_id" EQ "$1 "
		"AND b.updated_at" LT "$2 AND ((b.status" EQ "'cancelled' "
		"AND b.reason_code" EQ "ANY (ARRAY['hold_expired', 'hold_released'])) "
		"OR ($3 AND b.ends_at" LT "$2 "
		"AND b.status" EQ "ANY (ARRAY['completed', 'no_show', 'cancelled']))) "
		"AND NOT EXISTS (SELECT FROM booking.payments AS p WHERE p.tenant_id" EQ "$1 "
		"AND p.booking_id" EQ "b.id AND (NOT $3 OR p.status" EQ "'refund_due')) "
		"LIMIT $4 FOR UPDATE OF b SKIP LOCKED",
		4, {UUIDOID, TIMESTAMPTZOID, BOOLOID, INT4OID}
	};
	static StorePlan remove_bookings = {
		"DELETE FROM booking.bookings WHERE tenant_id" EQ "$1 AND id" EQ "ANY ($2)",
		2, {UUIDOID, UUIDARRAYOID}
	};
	static StorePlan remove_orders = {
		"WITH gone AS (SELECT o.id FROM booking.orders AS o WHERE o.tenant_id" EQ "$1 "
		"AND o.id" EQ "ANY ($2) AND NOT EXISTS (SELECT FROM booking.order_items AS i "
		"JOIN booking.bookings AS b ON b.tenant_id" EQ "$1 AND b.id" EQ "i.booking_id "
		"WHERE i.tenant_id" EQ "$1 AND i.order_id" EQ "o.id)), "
		"item AS (DELETE FROM booking.order_items AS i USING gone WHERE i.tenant_id" EQ "$1 "
		"AND i.order_id" EQ "gone.id) "
		"DELETE FROM booking.orders AS o USING gone "
		"WHERE o.tenant_id" EQ "$1 AND o.id" EQ "gone.id",
		2, {UUIDOID, UUIDARRAYOID}
	};
	Datum		conditions[] = {
		UUIDPGetDatum(tenant), TimestampTzGetDatum(before), BoolGetDatum(finished),
		Int32GetDatum(max)
	};
	Datum		values[2];
	uint64		count;
	pg_uuid_t  *ids;
	pg_uuid_t  *orders;
	int			order_count = 0;

	count = store_execute(&find, conditions, NULL, STORE_OWNER);
	if (count == 0)
		return 0;
	ids = palloc(sizeof(pg_uuid_t) * count);
	orders = palloc(sizeof(pg_uuid_t) * count);
	for (uint64 row = 0; row < count; row++)
	{
		bool		isnull;

		ids[row] = store_uuid_column(row, 1, NULL);
		orders[order_count] = store_uuid_column(row, 2, &isnull);
		if (!isnull)
			order_count++;
	}

	values[0] = UUIDPGetDatum(tenant);
	values[1] = PointerGetDatum(store_uuid_array(ids, (int) count));
	for (int i = 0; i < lengthof(parts); i++)
		store_execute(&parts[i], values, NULL, STORE_DERIVED);
	store_execute(&remove_bookings, values, NULL, STORE_DERIVED);
	values[1] = PointerGetDatum(store_uuid_array(orders, order_count));
	store_execute(&remove_orders, values, NULL, STORE_DERIVED);
	return (int) count;
}
