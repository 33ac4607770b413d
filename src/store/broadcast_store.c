/*-------------------------------------------------------------------------
 *
 * broadcast_store.c
 *	  The statements of broadcast.c: its cursor, and what lies ahead of it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"

#include "store/broadcast_store.h"
#include "store/config.h"
#include "store/plan.h"
#include "store/trail.h"

/* pages_per_range of the index audit_log_ranges */
#define AUDIT_RANGE_PAGES 32

/* What is older than these ranges, autovacuum has taken in. */
#define SUMMARIZED_RANGES 64

static StorePlan lock_cursor = {
	.sql = "SELECT s.era, s.era_began, s.tx FROM booking.sweeps AS s "
	"WHERE s.name" EQ "'broadcast' FOR UPDATE SKIP LOCKED"
};

static StorePlan add_cursor = {
	.sql = "INSERT INTO booking.sweeps (name, era, era_began, tx) "
	"VALUES ('broadcast', $1, $2, $3) ON CONFLICT DO NOTHING",
	.nargs = 3,
	.argtypes = {INT8OID, TIMESTAMPTZOID, INT8OID}
};

static StorePlan move_cursor = {
	.sql = "UPDATE booking.sweeps AS s SET era = $1, era_began = $2, tx = $3 "
	"WHERE s.name" EQ "'broadcast'",
	.nargs = 3,
	.argtypes = {INT8OID, TIMESTAMPTZOID, INT8OID}
};

/*
 * Horizon and rows under one snapshot.  One row at least comes back; without
 * an event its tx is null.
 */
static StorePlan read_events = {
	.sql = "WITH edge AS MATERIALIZED (SELECT pg_catalog.pg_snapshot_xmin("
	"pg_catalog.pg_current_snapshot())::pg_catalog.text::pg_catalog.int8 AS horizon), "
	"span AS MATERIALIZED (SELECT edge.horizon, "
	"LEAST(edge.horizon, $1 OPERATOR(pg_catalog.+) $2) AS until FROM edge) "
	"SELECT span.horizon, span.until, a.tx, a.tenant_id, a.branch_id, a.booking_id, "
	"a.status, a.version, a.action "
	"FROM span LEFT JOIN LATERAL (SELECT l.* FROM booking.audit_log AS l "
	"WHERE l.tx" GE "$1 AND l.tx" LT "span.until AND l.at" GE "$3 AND l.action" NE "'import' "
	"ORDER BY l.tx USING OPERATOR(pg_catalog.<) FETCH FIRST $4 ROWS WITH TIES) AS a ON true "
	"ORDER BY a.tx USING OPERATOR(pg_catalog.<), a.booking_id USING OPERATOR(pg_catalog.<), "
	"a.version USING OPERATOR(pg_catalog.<)",
	.nargs = 4,
	.argtypes = {INT8OID, INT8OID, TIMESTAMPTZOID, INT8OID}
};

static StorePlan find_further = {
	.sql = "SELECT FROM booking.audit_log AS a WHERE a.tx" GE "$1 AND a.at" GE "$2 "
	"AND a.action" NE "'import' LIMIT 1",
	.nargs = 2,
	.argtypes = {INT8OID, TIMESTAMPTZOID}
};

/* Reads the cursor and locks it; false if there is none or it is in use. */
bool
broadcast_store_lock_cursor(BroadcastCursor *cursor)
{
	if (store_execute(&lock_cursor, NULL, NULL, STORE_OWNER) == 0)
		return false;
	cursor->era = DatumGetInt64(store_column(0, 1, NULL));
	cursor->era_began = DatumGetTimestampTz(store_column(0, 2, NULL));
	cursor->tx = DatumGetInt64(store_column(0, 3, NULL));
	return true;
}

static uint64
write_cursor(StorePlan *plan, const BroadcastCursor *cursor)
{
	Datum		values[3] = {
		Int64GetDatum(cursor->era),
		TimestampTzGetDatum(cursor->era_began),
		Int64GetDatum(cursor->tx)
	};

	return store_execute(plan, values, NULL, STORE_OWNER);
}

/* Makes the cursor of a new store; false if there is one. */
bool
broadcast_store_add_cursor(const BroadcastCursor *cursor)
{
	return write_cursor(&add_cursor, cursor) == 1;
}

void
broadcast_store_move_cursor(const BroadcastCursor *cursor)
{
	(void) write_cursor(&move_cursor, cursor);
}

/*
 * The changes made since not_before by transactions from from_tx on, window of
 * them at most and none beyond the horizon: the first max, and what else the
 * last one's transaction did.  Lives in the memory of the SPI connection.
 */
BroadcastBatch *
broadcast_store_read(int64 from_tx, int64 window, TimestampTz not_before, int max)
{
	BroadcastBatch *batch = palloc0(sizeof(BroadcastBatch));
	Datum		values[4] = {
		Int64GetDatum(from_tx),
		Int64GetDatum(window),
		TimestampTzGetDatum(not_before),
		Int64GetDatum(max)
	};
	uint64		rows = trail_execute(&read_events, values, NULL, STORE_OWNER);
	int64		last_tx = 0;
	pg_uuid_t  *tenants;
	pg_uuid_t  *branches;

	batch->horizon = DatumGetInt64(store_column(0, 1, NULL));
	batch->until = DatumGetInt64(store_column(0, 2, NULL));
	batch->events = palloc0(sizeof(BroadcastEvent) * rows);
	tenants = palloc(sizeof(pg_uuid_t) * rows);
	branches = palloc(sizeof(pg_uuid_t) * rows);

	for (uint64 i = 0; i < rows; i++)
	{
		BroadcastEvent *event = &batch->events[batch->count];
		bool		isnull;
		int64		tx = DatumGetInt64(store_column(i, 3, &isnull));

		if (isnull)
			break;
		last_tx = tx;
		tenants[batch->count] = store_uuid_column(i, 4, NULL);
		branches[batch->count] = store_uuid_column(i, 5, NULL);
		event->booking_id = store_uuid_column(i, 6, NULL);
		event->status = store_text_column(CurrentMemoryContext, i, 7);
		event->version = DatumGetInt32(store_column(i, 8, NULL));
		event->action = store_text_column(CurrentMemoryContext, i, 9);
		batch->count++;
	}
	if (batch->count >= max)
		batch->until = last_tx + 1;

	/* this reads the store, so the rows above must have been copied */
	for (int i = 0; i < batch->count; i++)
	{
		const Branch *branch = config_branch(&tenants[i], &branches[i]);

		if (branch != NULL)
		{
			batch->events[i].tenant_code = branch->tenant_code;
			batch->events[i].branch_code = branch->code;
		}
	}
	return batch;
}

/*
 * Whether there is a change made since not_before by from_tx or a later
 * transaction.
 */
bool
broadcast_store_has_further(int64 from_tx, TimestampTz not_before)
{
	Datum		values[2] = {
		Int64GetDatum(from_tx),
		TimestampTzGetDatum(not_before)
	};

	return trail_execute(&find_further, values, NULL, STORE_OWNER) > 0;
}

/*
 * Has the BRIN index take in the last full ranges of the audit trail, if
 * nobody else is at work on the table: until then each read goes through all
 * of them.  The range that is being filled is left out: once it is in the
 * index, each insert has to change the index too.
 */
void
broadcast_store_summarize(void)
{
	static StorePlan plan = {
		"SELECT pg_catalog.brin_summarize_range(i, r OPERATOR(pg_catalog.*) $2) "
		"FROM pg_catalog.to_regclass('booking.audit_log_ranges') AS i, "
		"LATERAL (SELECT pg_catalog.pg_relation_size($1) OPERATOR(pg_catalog./) "
		"(pg_catalog.current_setting('block_size')::pg_catalog.int8 "
		"OPERATOR(pg_catalog.*) $2) AS count) AS full_ranges, "
		"pg_catalog.generate_series(GREATEST(full_ranges.count OPERATOR(pg_catalog.-) $3, 0), "
		"full_ranges.count OPERATOR(pg_catalog.-) 1) AS r WHERE i IS NOT NULL",
		3, {REGCLASSOID, INT8OID, INT8OID}
	};
	Oid			audit_log = get_relname_relid("audit_log",
											  LookupExplicitNamespace("booking", false));
	Datum		values[3] = {
		ObjectIdGetDatum(audit_log),
		Int64GetDatum(AUDIT_RANGE_PAGES),
		Int64GetDatum(SUMMARIZED_RANGES)
	};

	if (ConditionalLockRelationOid(audit_log, ShareUpdateExclusiveLock))
		(void) store_execute(&plan, values, NULL, STORE_OWNER);
}
