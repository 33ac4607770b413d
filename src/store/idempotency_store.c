/*-------------------------------------------------------------------------
 *
 * idempotency_store.c
 *	  The rows of booking.idempotency_keys: what a command answered that was
 *	  called under a key of the caller's.
 *
 * A row is written and read under the lock of its key (engine/locks.c), by
 * the latest snapshot: what another session answered under the key and has
 * committed is seen in every isolation level.  A row that is over counts as
 * absent, whether or not it has been dropped.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "compat.h"
#include "store/idempotency_store.h"
#include "store/plan.h"

/* What is kept under a request's key, if that is not over. */
bool
idempotency_find(const Request *request, TimestampTz now, KeptAnswer *answer)
{
	static StorePlan plan = {
		"SELECT command, arguments, result FROM booking.idempotency_keys "
		"WHERE tenant_id" EQ "$1 AND actor" EQ "$2 AND key" EQ "$3 AND expires_at" GT "$4",
		4, {UUIDOID, TEXTOID, TEXTOID, TIMESTAMPTZOID}
	};
	MemoryContext memory = CurrentMemoryContext;
	Datum		values[] = {
		UUIDPGetDatum(request->tenant), CStringGetTextDatum(request->actor),
		CStringGetTextDatum(request->key), TimestampTzGetDatum(now)
	};

	if (store_execute(&plan, values, NULL, STORE_OWNER) == 0)
		return false;
	answer->command = store_text_column(memory, 0, 1);
	answer->arguments = DatumGetByteaP(store_copy_column(memory, 0, 2, NULL));
	answer->result = DatumGetJsonbP(store_copy_column(memory, 0, 3, NULL));
	return true;
}

/* Keeps the answer to a request, in place of one that is over. */
void
idempotency_keep(const Request *request, Jsonb *result, TimestampTz now,
				 TimestampTz expires_at)
{
	static StorePlan plan = {
		"INSERT INTO booking.idempotency_keys AS k "
		"(tenant_id, actor, key, command, arguments, result, created_at, expires_at) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
		"ON CONFLICT (tenant_id, actor, key) DO UPDATE SET command = EXCLUDED.command, "
		"arguments = EXCLUDED.arguments, result = EXCLUDED.result, "
		"created_at = EXCLUDED.created_at, expires_at = EXCLUDED.expires_at",
		8, {UUIDOID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID, JSONBOID, TIMESTAMPTZOID,
		TIMESTAMPTZOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(request->tenant), CStringGetTextDatum(request->actor),
		CStringGetTextDatum(request->key), CStringGetTextDatum(request->command),
		PointerGetDatum(request->arguments), JsonbPGetDatum(result),
		TimestampTzGetDatum(now), TimestampTzGetDatum(expires_at)
	};

	store_execute(&plan, values, NULL, STORE_OWNER);
}

/*
 * Drops up to max answers that are over, of all tenants, and returns how many.
 * What a command is replacing right now is passed over.
 */
int
idempotency_drop_over(TimestampTz now, int max)
{
	static StorePlan plan = {
		"DELETE FROM booking.idempotency_keys AS k USING ("
		"SELECT d.tenant_id, d.actor, d.key FROM booking.tenants AS t CROSS JOIN LATERAL ("
		"SELECT i.tenant_id, i.actor, i.key FROM booking.idempotency_keys AS i "
		"WHERE i.tenant_id" EQ "t.id AND i.expires_at" LE "$1 "
		"ORDER BY i.expires_at LIMIT $2 FOR UPDATE SKIP LOCKED) AS d LIMIT $2) AS o "
		"WHERE k.tenant_id" EQ "o.tenant_id AND k.actor" EQ "o.actor AND k.key" EQ "o.key",
		2, {TIMESTAMPTZOID, INT4OID}
	};
	Datum		values[] = {TimestampTzGetDatum(now), Int32GetDatum(max)};

	return (int) store_execute(&plan, values, NULL, STORE_OWNER);
}
