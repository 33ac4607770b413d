/*-------------------------------------------------------------------------
 *
 * seals_store.c
 *	  The statements of seals.c: rows of the audit trail, and their seals.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "store/plan.h"
#include "store/seals_store.h"
#include "store/trail.h"

#define SALT_LENGTH 32

/* The columns of AuditRow, of table a. */
#define AUDIT_COLUMNS \
	"a.tenant_id, a.booking_id, a.version, a.branch_id, a.session_id, a.request_id, a.actor, " \
	"a.actor_kind, a.role, a.channel, a.action, a.status, a.old_values, a.new_values, " \
	"a.private_digest, a.reason_code, a.reversible, a.overrides, a.metadata, a.at, a.tx, " \
	"a.actor_digest"

#define ORDER_OF_ROWS(table) \
	table ".tx USING OPERATOR(pg_catalog.<), " table ".booking_id USING OPERATOR(pg_catalog.<), " \
	table ".version USING OPERATOR(pg_catalog.<)"

/* The transactions of a seal, as the index on audit_seals has them. */
#define TRANSACTIONS "pg_catalog.int8range(s.from_tx, s.to_tx, '[]')"

const Oid	seals_store_column_types[AU_COLUMN_COUNT] = {
	UUIDOID, UUIDOID, INT4OID, UUIDOID, UUIDOID, UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID,
	TEXTOID, TEXTOID, JSONBOID, JSONBOID, BYTEAOID, TEXTOID, BOOLOID, TEXTARRAYOID, JSONBOID,
	TIMESTAMPTZOID, INT8OID, BYTEAOID
};

/*
 * A row of a result: the columns of the trail and two more, which are the salt
 * and the values of audit_private if it was seals_store_read_sealed() that was
 * asked.
 */
void
seals_store_read_row(SPITupleTable *rows, uint64 number, bool with_private, AuditRow *row)
{
	TupleDesc	tupdesc = rows->tupdesc;
	Datum		values[AU_COLUMN_COUNT + 2];
	bool		nulls[AU_COLUMN_COUNT + 2];

	Assert(tupdesc->natts == AU_COLUMN_COUNT + 2);
	heap_deform_tuple(rows->vals[number], tupdesc, values, nulls);
	memcpy(row->value, values, sizeof(row->value));
	memcpy(row->isnull, nulls, sizeof(row->isnull));
	row->absent = nulls[AU_TENANT_ID];
	row->has_private = with_private && !nulls[AU_COLUMN_COUNT];
	if (row->has_private)
	{
		row->salt = values[AU_COLUMN_COUNT];
		row->private_values = values[AU_COLUMN_COUNT + 1];
	}
}

/* ---- the sealer's cursors ---- */

/* Reads a cursor and locks it; false if there is none or it is in use. */
bool
seals_store_lock_cursor(SealCursor *cursor)
{
	static StorePlan plan = {
		"SELECT s.era, s.era_began, s.tx FROM booking.sweeps AS s WHERE s.name" EQ "$1 "
		"FOR UPDATE SKIP LOCKED",
		1, {TEXTOID}
	};
	Datum		values[] = {CStringGetTextDatum(cursor->name)};

	if (store_execute(&plan, values, NULL, STORE_OWNER) == 0)
		return false;
	cursor->era = DatumGetInt64(store_column(0, 1, NULL));
	cursor->era_began = DatumGetTimestampTz(store_column(0, 2, NULL));
	cursor->tx = DatumGetInt64(store_column(0, 3, NULL));
	return true;
}

static uint64
write_cursor(StorePlan *plan, const SealCursor *cursor)
{
	Datum		values[] = {
		CStringGetTextDatum(cursor->name), Int64GetDatum(cursor->era),
		TimestampTzGetDatum(cursor->era_began), Int64GetDatum(cursor->tx)
	};

	return store_execute(plan, values, NULL, STORE_OWNER);
}

/* Makes a cursor, or does nothing and says false if it is there. */
bool
seals_store_add_cursor(const SealCursor *cursor)
{
	static StorePlan plan = {
		"INSERT INTO booking.sweeps (name, era, era_began, tx) VALUES ($1, $2, $3, $4) "
		"ON CONFLICT DO NOTHING",
		4, {TEXTOID, INT8OID, TIMESTAMPTZOID, INT8OID}
	};

	return write_cursor(&plan, cursor) == 1;
}

void
seals_store_move_cursor(const SealCursor *cursor)
{
	static StorePlan plan = {
		"UPDATE booking.sweeps AS s SET era = $2, era_began = $3, tx = $4 WHERE s.name" EQ "$1",
		4, {TEXTOID, INT8OID, TIMESTAMPTZOID, INT8OID}
	};

	(void) write_cursor(&plan, cursor);
}

/* How far the trail is sealed, as the calling query sees it. */
SealedUntil
seals_store_sealed_until(int64 era)
{
	static StorePlan plan = {
		"SELECT s.name" EQ "'seals', s.tx FROM booking.sweeps AS s "
		"WHERE s.name IN ('seals', 'seals_restored') AND s.era" EQ "$1",
		1, {INT8OID}
	};
	Datum		values[] = {Int64GetDatum(era)};
	uint64		rows = store_execute(&plan, values, NULL, STORE_OWNER | STORE_READ);
	SealedUntil sealed = {0};

	for (uint64 i = 0; i < rows; i++)
	{
		int64		tx = DatumGetInt64(store_column(i, 2, NULL));

		if (DatumGetBool(store_column(i, 1, NULL)))
			sealed.tx = tx;
		else
			sealed.all_restored = tx == PG_INT64_MAX;
	}
	return sealed;
}

/* ---- sealing ---- */

/* Whether a seal may list rows of these transactions. */
bool
seals_store_has_seals_of(int64 from_tx, int64 until_tx)
{
	static StorePlan plan = {
		"SELECT FROM booking.audit_seals AS s WHERE " TRANSACTIONS OVERLAPS
		"pg_catalog.int8range($1, $2) LIMIT 1",
		2, {INT8OID, INT8OID}
	};
	Datum		values[] = {Int64GetDatum(from_tx), Int64GetDatum(until_tx)};

	return store_execute(&plan, values, NULL, STORE_OWNER) > 0;
}

/*
 * Horizon and rows under one snapshot, the rows by tenant.  One row at least
 * comes back; where there is none to seal its columns are null.
 */
#define READ_SPAN(listed, not_listed) \
	"WITH edge AS MATERIALIZED (SELECT pg_catalog.pg_snapshot_xmin(" \
	"pg_catalog.pg_current_snapshot())::pg_catalog.text::pg_catalog.int8 AS horizon), " \
	"span AS MATERIALIZED (SELECT edge.horizon, CASE WHEN $4 THEN $1 OPERATOR(pg_catalog.+) $2 " \
	"ELSE GREATEST($1, LEAST(edge.horizon, $1 OPERATOR(pg_catalog.+) $2)) END AS until " \
	"FROM edge)" listed \
	"SELECT " AUDIT_COLUMNS ", span.horizon, span.until " \
	"FROM span LEFT JOIN LATERAL (SELECT l.* FROM booking.audit_log AS l " \
	"WHERE l.tx" GE "$1 AND l.tx" LT "span.until" not_listed \
	" ORDER BY " ORDER_OF_ROWS("l") " LIMIT $3) AS a ON true " \
	"ORDER BY a.tenant_id USING OPERATOR(pg_catalog.<), " ORDER_OF_ROWS("a")

static StorePlan read_span = {
	READ_SPAN(" ", ""),
	4, {INT8OID, INT8OID, INT8OID, BOOLOID}
};

static StorePlan read_span_not_listed = {
	READ_SPAN(", listed AS MATERIALIZED (SELECT s.tenant_id, r.booking_id, r.version "
			  "FROM span, booking.audit_seals AS s, ROWS FROM (pg_catalog.unnest(s.booking_ids), "
			  "pg_catalog.unnest(s.versions)) AS r (booking_id, version) WHERE " TRANSACTIONS
			  OVERLAPS "pg_catalog.int8range($1, span.until)) ",
			  " AND NOT EXISTS (SELECT FROM listed WHERE listed.tenant_id" EQ "l.tenant_id "
			  "AND listed.booking_id" EQ "l.booking_id AND listed.version" EQ "l.version)"),
	4, {INT8OID, INT8OID, INT8OID, BOOLOID}
};

/* Reads what is to be sealed. */
SealBatch
seals_store_read_span(const SealSpan *span)
{
	Datum		values[] = {
		Int64GetDatum(span->from_tx), Int64GetDatum(span->window), Int64GetDatum(span->max),
		BoolGetDatum(span->beyond)
	};
	SealBatch	batch;
	bool		none;

	batch.count = trail_execute(span->overlaps ? &read_span_not_listed : &read_span,
								values, NULL, STORE_OWNER);
	batch.rows = SPI_tuptable;
	batch.horizon = DatumGetInt64(store_column(0, AU_COLUMN_COUNT + 1, NULL));
	batch.until = DatumGetInt64(store_column(0, AU_COLUMN_COUNT + 2, NULL));
	(void) store_column(0, AU_TENANT_ID + 1, &none);
	if (none)
		batch.count = 0;
	return batch;
}

/* Whether there is a row of one of these transactions. */
bool
seals_store_has_further(int64 from_tx, int64 until_tx)
{
	static StorePlan plan = {
		"SELECT FROM booking.audit_log AS a WHERE a.tx" GE "$1 AND a.tx" LT "$2 LIMIT 1",
		2, {INT8OID, INT8OID}
	};
	Datum		values[] = {Int64GetDatum(from_tx), Int64GetDatum(until_tx)};

	return trail_execute(&plan, values, NULL, STORE_OWNER) > 0;
}

/* A tenant's secret; NULL if it has none and none is to be made. */
bytea *
seals_store_salt(const pg_uuid_t *tenant, bool make)
{
	static StorePlan find = {
		"SELECT s.salt FROM booking.audit_salts AS s WHERE s.tenant_id" EQ "$1",
		1, {UUIDOID}
	};
	static StorePlan add = {
		"INSERT INTO booking.audit_salts (tenant_id, salt) VALUES ($1, $2) ON CONFLICT DO NOTHING",
		2, {UUIDOID, BYTEAOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant), (Datum) 0};
	int			how = make ? STORE_OWNER : STORE_OWNER | STORE_READ;

	if (store_execute(&find, values, NULL, how) == 0)
	{
		bytea	   *salt;

		if (!make)
			return NULL;
		salt = palloc(VARHDRSZ + SALT_LENGTH);
		SET_VARSIZE(salt, VARHDRSZ + SALT_LENGTH);
		if (!pg_strong_random(VARDATA(salt), SALT_LENGTH))
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("could not generate random values")));
		values[1] = PointerGetDatum(salt);
		(void) store_execute(&add, values, NULL, STORE_DERIVED);
		/* somebody else may have been quicker */
		if (store_execute(&find, values, NULL, how) == 0)
			elog(ERROR, "could not make a salt");
	}
	return DatumGetByteaP(store_copy_column(CurrentMemoryContext, 0, 1, NULL));
}

/* The end of a tenant's chain; false if it has none. */
bool
seals_store_last(const pg_uuid_t *tenant, int64 *seal_no, bytea **hash)
{
	static StorePlan plan = {
		"SELECT s.seal_no, s.hash FROM booking.audit_seals AS s WHERE s.tenant_id" EQ "$1 "
		"ORDER BY s.seal_no USING OPERATOR(pg_catalog.>) LIMIT 1",
		1, {UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant)};

	if (store_execute(&plan, values, NULL, STORE_OWNER) == 0)
		return false;
	*seal_no = DatumGetInt64(store_column(0, 1, NULL));
	*hash = DatumGetByteaP(store_copy_column(CurrentMemoryContext, 0, 2, NULL));
	return true;
}

void
seals_store_add(const Seal *seal)
{
	static StorePlan plan = {
		"INSERT INTO booking.audit_seals (tenant_id, seal_no, era, from_tx, to_tx, horizon, "
		"row_count, booking_ids, versions, leaves, prev_hash, hash, sealed_at) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
		13, {
			UUIDOID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT4OID, UUIDARRAYOID,
			INT4ARRAYOID, BYTEAOID, BYTEAOID, BYTEAOID, TIMESTAMPTZOID
		}
	};
	Datum		values[] = {
		UUIDPGetDatum(&seal->tenant), Int64GetDatum(seal->seal_no), Int64GetDatum(seal->era),
		Int64GetDatum(seal->from_tx), Int64GetDatum(seal->to_tx), Int64GetDatum(seal->horizon),
		Int32GetDatum(seal->row_count), PointerGetDatum(seal->booking_ids),
		PointerGetDatum(seal->versions), PointerGetDatum(seal->leaves),
		PointerGetDatum(seal->prev_hash), PointerGetDatum(seal->hash),
		TimestampTzGetDatum(seal->sealed_at)
	};

	(void) store_execute(&plan, values, NULL, STORE_DERIVED);
}

/*
 * What rows that don't name their resources had of them: of each, the lists of
 * the last row of its booking that does.
 */
uint64
seals_store_read_resources(const pg_uuid_t *tenant, ArrayType *booking_ids, ArrayType *versions)
{
	static StorePlan plan = {
		"SELECT r.booking_id, x.ids FROM ROWS FROM (pg_catalog.unnest($2), "
		"pg_catalog.unnest($3)) AS r (booking_id, version) CROSS JOIN LATERAL ("
		"SELECT l.new_values OPERATOR(pg_catalog.->) 'resource_ids' AS ids "
		"FROM booking.audit_log AS l WHERE l.tenant_id" EQ "$1 AND l.booking_id" EQ "r.booking_id "
		"AND l.version" LT "r.version AND l.new_values OPERATOR(pg_catalog.?) 'resource_ids' "
		"ORDER BY l.version USING OPERATOR(pg_catalog.>) LIMIT 1) AS x",
		3, {UUIDOID, UUIDARRAYOID, INT4ARRAYOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), PointerGetDatum(booking_ids), PointerGetDatum(versions)
	};

	return store_execute(&plan, values, NULL, STORE_OWNER);
}

/* Notes which bookings of a seal have to do with which resources: pairs, each once. */
void
seals_store_add_resources(const Seal *seal, TimestampTz first_at, TimestampTz last_at,
						  ArrayType *resource_ids, ArrayType *booking_ids)
{
	static StorePlan plan = {
		"INSERT INTO booking.audit_resources "
		"(tenant_id, resource_id, last_at, seal_no, first_at, booking_ids) "
		"SELECT $1, r.resource_id, $3, $2, $4, pg_catalog.array_agg(r.booking_id) "
		"FROM ROWS FROM (pg_catalog.unnest($5), pg_catalog.unnest($6)) "
		"AS r (resource_id, booking_id) GROUP BY r.resource_id",
		6, {UUIDOID, INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, UUIDARRAYOID, UUIDARRAYOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(&seal->tenant), Int64GetDatum(seal->seal_no),
		TimestampTzGetDatum(last_at), TimestampTzGetDatum(first_at),
		PointerGetDatum(resource_ids), PointerGetDatum(booking_ids)
	};

	(void) store_execute(&plan, values, NULL, STORE_DERIVED);
}

/* ---- checking ---- */

/* The next max seals of a tenant; seals_store_seal() reads them. */
uint64
seals_store_read_seals(const pg_uuid_t *tenant, int64 from_no, int max)
{
	static StorePlan plan = {
		"SELECT s.seal_no, s.era, s.from_tx, s.to_tx, s.horizon, s.row_count, s.booking_ids, "
		"s.versions, s.leaves, s.prev_hash, s.hash, s.sealed_at FROM booking.audit_seals AS s "
		"WHERE s.tenant_id" EQ "$1 AND s.seal_no" GE "$2 "
		"ORDER BY s.seal_no USING OPERATOR(pg_catalog.<) LIMIT $3",
		3, {UUIDOID, INT8OID, INT8OID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), Int64GetDatum(from_no), Int64GetDatum(max)
	};

	return store_execute(&plan, values, NULL, STORE_OWNER | STORE_READ);
}

/* One of them, in memory of the caller's; its tenant is not set. */
void
seals_store_seal(uint64 number, MemoryContext memory, Seal *seal)
{
	seal->seal_no = DatumGetInt64(store_column(number, 1, NULL));
	seal->era = DatumGetInt64(store_column(number, 2, NULL));
	seal->from_tx = DatumGetInt64(store_column(number, 3, NULL));
	seal->to_tx = DatumGetInt64(store_column(number, 4, NULL));
	seal->horizon = DatumGetInt64(store_column(number, 5, NULL));
	seal->row_count = DatumGetInt32(store_column(number, 6, NULL));
	seal->booking_ids = DatumGetArrayTypeP(store_copy_column(memory, number, 7, NULL));
	seal->versions = DatumGetArrayTypeP(store_copy_column(memory, number, 8, NULL));
	seal->leaves = DatumGetByteaP(store_copy_column(memory, number, 9, NULL));
	seal->prev_hash = DatumGetByteaP(store_copy_column(memory, number, 10, NULL));
	seal->hash = DatumGetByteaP(store_copy_column(memory, number, 11, NULL));
	seal->sealed_at = DatumGetTimestampTz(store_column(number, 12, NULL));
}

/* The rows that a seal lists, in its order, with their private values. */
SPITupleTable *
seals_store_read_sealed(const Seal *seal)
{
	static StorePlan plan = {
		"SELECT " AUDIT_COLUMNS ", p.salt, p.private_values "
		"FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) "
		"WITH ORDINALITY AS r (booking_id, version, n) "
		"LEFT JOIN booking.audit_log AS a ON a.tenant_id" EQ "$1 "
		"AND a.booking_id" EQ "r.booking_id AND a.version" EQ "r.version "
		"LEFT JOIN booking.audit_private AS p ON p.tenant_id" EQ "$1 "
		"AND p.booking_id" EQ "r.booking_id AND p.version" EQ "r.version "
		"ORDER BY r.n USING OPERATOR(pg_catalog.<)",
		3, {UUIDOID, UUIDARRAYOID, INT4ARRAYOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(&seal->tenant), PointerGetDatum(seal->booking_ids),
		PointerGetDatum(seal->versions)
	};

	(void) store_execute(&plan, values, NULL, STORE_OWNER | STORE_READ);
	return SPI_tuptable;
}

/*
 * How many rows of a tenant no seal lists, of transactions from from_tx on.
 * One that should be in a seal is broken: it is of a transaction before the
 * horizon, or of one that has not begun (next_tx).  The first such is named.
 */
int64
seals_store_find_unsealed(const pg_uuid_t *tenant, int64 from_tx, int64 horizon, int64 next_tx,
						  bool *broken, pg_uuid_t *booking, int *version)
{
	static StorePlan plan = {
		"SELECT u.broken, u.booking_id, u.version, pg_catalog.count(*) OVER () FROM ("
		"SELECT a.tx" LT "$3 OR a.tx" GE "$4 AS broken, a.booking_id, a.version, a.tx "
		"FROM booking.audit_log AS a WHERE a.tenant_id" EQ "$1 AND a.tx" GE "$2 "
		"AND NOT EXISTS (SELECT FROM booking.audit_seals AS s, "
		"ROWS FROM (pg_catalog.unnest(s.booking_ids), pg_catalog.unnest(s.versions)) "
		"AS r (booking_id, version) WHERE s.tenant_id" EQ "$1 AND s.to_tx" GE "$2 "
		"AND r.booking_id" EQ "a.booking_id AND r.version" EQ "a.version)) AS u "
		"ORDER BY u.broken USING OPERATOR(pg_catalog.>), " ORDER_OF_ROWS("u") " LIMIT 1",
		4, {UUIDOID, INT8OID, INT8OID, INT8OID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), Int64GetDatum(from_tx), Int64GetDatum(horizon),
		Int64GetDatum(next_tx)
	};

	*broken = false;
	if (store_execute(&plan, values, NULL, STORE_OWNER | STORE_READ) == 0)
		return 0;
	*broken = DatumGetBool(store_column(0, 1, NULL));
	*booking = store_uuid_column(0, 2, NULL);
	*version = DatumGetInt32(store_column(0, 3, NULL));
	return DatumGetInt64(store_column(0, 4, NULL));
}
