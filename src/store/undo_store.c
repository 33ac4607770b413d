/*-------------------------------------------------------------------------
 *
 * undo_store.c
 *	  Undo tokens, and what the audit trail knows of the change to undo.
 *
 * A token's row is written and redeemed while the booking's row is locked, so
 * that no two transactions redeem one token.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "compat.h"
#include "store/plan.h"
#include "store/undo_store.h"

#define THIS_CHANGE "tenant_id" EQ "$1 AND booking_id" EQ "$2 AND version" EQ "$3"

/* ---- the change to undo ---- */

/* False when there is no such change. */
bool
undo_store_change(const pg_uuid_t *tenant, const pg_uuid_t *booking, int version,
				  UndoChange *change)
{
	static StorePlan plan = {
		"SELECT a.reversible, a.at, b.service_id, b.branch_id, b.resource_ids[1] "
		"FROM booking.audit_log AS a JOIN booking.bookings AS b "
		"ON b.tenant_id" EQ "a.tenant_id AND b.id" EQ "a.booking_id "
		"WHERE a.tenant_id" EQ "$1 AND a.booking_id" EQ "$2 AND a.version" EQ "$3",
		3, {UUIDOID, UUIDOID, INT4OID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(booking), Int32GetDatum(version)
	};
	bool		isnull;

	if (store_execute(&plan, values, NULL, STORE_OWNER) == 0)
		return false;
	change->booking = *booking;
	change->version = version;
	change->reversible = DatumGetBool(store_column(0, 1, NULL));
	change->at = DatumGetTimestampTz(store_column(0, 2, NULL));
	change->service_id = store_uuid_column(0, 3, NULL);
	change->branch_id = store_uuid_column(0, 4, NULL);
	change->resource_id = store_uuid_column(0, 5, &isnull);
	change->has_resource = !isnull;
	return true;
}

/*
 * What the columns that a change touched were before: those that may hold
 * personal data apart, NULL when there were none.  False when these have been
 * erased, or the change is not on record.
 */
bool
undo_store_old_values(const pg_uuid_t *tenant, const pg_uuid_t *booking, int version,
					  Jsonb **values, Jsonb **private_values)
{
	static StorePlan plan = {
		"SELECT a.old_values, p.private_values OPERATOR(pg_catalog.->) 'old', "
		"a.private_digest IS NULL OR p.private_values OPERATOR(pg_catalog.?) 'new' "
		"FROM booking.audit_log AS a LEFT JOIN booking.audit_private AS p "
		"ON p.tenant_id" EQ "$1 AND p.booking_id" EQ "$2 AND p.version" EQ "$3 "
		"WHERE a.tenant_id" EQ "$1 AND a.booking_id" EQ "$2 AND a.version" EQ "$3",
		3, {UUIDOID, UUIDOID, INT4OID}
	};
	Datum		arguments[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(booking), Int32GetDatum(version)
	};
	MemoryContext memory = CurrentMemoryContext;
	Datum		value;
	bool		isnull;

	if (store_execute(&plan, arguments, NULL, STORE_OWNER) == 0)
		return false;
	value = store_column(0, 3, &isnull);
	if (isnull || !DatumGetBool(value))
		return false;
	value = store_copy_column(memory, 0, 1, &isnull);
	*values = isnull ? NULL : DatumGetJsonbP(value);
	value = store_copy_column(memory, 0, 2, &isnull);
	*private_values = isnull ? NULL : DatumGetJsonbP(value);
	SPI_freetuptable(SPI_tuptable);
	return *values != NULL;
}

/* ---- issuing ---- */

/* Writes the token of a change; one that it had is void. */
void
undo_store_issue(const pg_uuid_t *tenant, const UndoIssue *issue, const pg_uuid_t *batch,
				 const char *issued_to, TimestampTz now)
{
	static StorePlan plan = {
		"INSERT INTO booking.undo_tokens AS t (tenant_id, booking_id, version, secret_hash, "
		"batch_id, issued_to, issued_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
		"ON CONFLICT (tenant_id, booking_id, version) DO UPDATE SET "
		"secret_hash = excluded.secret_hash, batch_id = COALESCE(excluded.batch_id, t.batch_id), "
		"issued_to = excluded.issued_to, issued_at = excluded.issued_at, "
		"expires_at = excluded.expires_at",
		8, {
			UUIDOID, UUIDOID, INT4OID, BYTEAOID, UUIDOID, TEXTOID, TIMESTAMPTZOID,
			TIMESTAMPTZOID
		}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(&issue->booking), Int32GetDatum(issue->version),
		PointerGetDatum(issue->hash), UUIDPGetDatum(batch),
		issued_to ? CStringGetTextDatum(issued_to) : (Datum) 0,
		TimestampTzGetDatum(now), TimestampTzGetDatum(issue->expires_at)
	};
	char		nulls[] = "        ";

	nulls[4] = batch ? ' ' : 'n';
	nulls[5] = issued_to ? ' ' : 'n';
	store_execute(&plan, values, nulls, STORE_OWNER);
}

/* The same for many, of those changes only that the audit trail calls reversible. */
void
undo_store_issue_many(const pg_uuid_t *tenant, UndoIssue *issues, int count,
					  const pg_uuid_t *batch, const char *issued_to, TimestampTz now)
{
	static StorePlan plan = {
		"INSERT INTO booking.undo_tokens (tenant_id, booking_id, version, secret_hash, "
		"batch_id, issued_to, issued_at, expires_at) "
		"SELECT $1, n.booking_id, n.version, n.secret_hash, $6, $7, $8, n.expires_at "
		"FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4), "
		"pg_catalog.unnest($5)) AS n (booking_id, version, secret_hash, expires_at) "
		"JOIN booking.audit_log AS a ON a.tenant_id" EQ "$1 AND a.booking_id" EQ "n.booking_id "
		"AND a.version" EQ "n.version AND a.reversible RETURNING booking_id",
		8, {
			UUIDOID, UUIDARRAYOID, INT4ARRAYOID, BYTEAARRAYOID, TIMESTAMPTZARRAYOID, UUIDOID,
			TEXTOID, TIMESTAMPTZOID
		}
	};
	Datum	   *bookings = palloc(sizeof(Datum) * Max(count, 1));
	Datum	   *versions = palloc(sizeof(Datum) * Max(count, 1));
	Datum	   *hashes = palloc(sizeof(Datum) * Max(count, 1));
	Datum	   *expiries = palloc(sizeof(Datum) * Max(count, 1));
	int			asked = 0;
	uint64		issued;
	Datum		values[8];
	char		nulls[] = "        ";

	for (int i = 0; i < count; i++)
	{
		issues[i].issued = false;
		if (issues[i].hash == NULL)
			continue;
		bookings[asked] = UUIDPGetDatum(&issues[i].booking);
		versions[asked] = Int32GetDatum(issues[i].version);
		hashes[asked] = PointerGetDatum(issues[i].hash);
		expiries[asked] = TimestampTzGetDatum(issues[i].expires_at);
		asked++;
	}
	if (asked == 0)
		return;
	values[0] = UUIDPGetDatum(tenant);
	values[1] = PointerGetDatum(construct_array(bookings, asked, UUIDOID, UUID_LEN, false,
												TYPALIGN_CHAR));
	values[2] = PointerGetDatum(construct_array(versions, asked, INT4OID, sizeof(int32), true,
												TYPALIGN_INT));
	values[3] = PointerGetDatum(construct_array(hashes, asked, BYTEAOID, -1, false,
												TYPALIGN_INT));
	values[4] = PointerGetDatum(construct_array(expiries, asked, TIMESTAMPTZOID, sizeof(int64),
												FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	values[5] = UUIDPGetDatum(batch);
	values[6] = issued_to ? CStringGetTextDatum(issued_to) : (Datum) 0;
	values[7] = TimestampTzGetDatum(now);
	nulls[6] = issued_to ? ' ' : 'n';
	issued = store_execute(&plan, values, nulls, STORE_OWNER);

	/* both are in the order of the bookings' ids, as nearly always; or search */
	for (uint64 row = 0, next = 0; row < issued; row++)
	{
		pg_uuid_t	booking = store_uuid_column(row, 1, NULL);

		for (int i = 0; i < count; i++, next = (next + 1) % count)
			if (issues[next].hash != NULL && uuid_equal(&issues[next].booking, &booking))
			{
				issues[next].issued = true;
				break;
			}
	}
	SPI_freetuptable(SPI_tuptable);
}

/*
 * Writes the token of a batch, which expires with the first of its members;
 * false when it has none.
 */
bool
undo_store_issue_batch(const pg_uuid_t *tenant, const pg_uuid_t *batch, bytea *hash,
					   const char *issued_to, TimestampTz now)
{
	static StorePlan plan = {
		"INSERT INTO booking.undo_batches (tenant_id, id, secret_hash, issued_to, issued_at, "
		"expires_at) SELECT $1, $2, $3, $4, $5, pg_catalog.min(t.expires_at) "
		"FROM booking.undo_tokens AS t WHERE t.tenant_id" EQ "$1 AND t.batch_id" EQ "$2 "
		"HAVING pg_catalog.count(*)" GT "0",
		5, {UUIDOID, UUIDOID, BYTEAOID, TEXTOID, TIMESTAMPTZOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(batch), PointerGetDatum(hash),
		issued_to ? CStringGetTextDatum(issued_to) : (Datum) 0,
		TimestampTzGetDatum(now)
	};

	return store_execute(&plan, values, issued_to ? NULL : "   n ", STORE_OWNER) > 0;
}

/* ---- redeeming ---- */

/* Columns of the last result: secret_hash, issued_to, expires_at, used_at. */
static void
read_token(UndoToken *token)
{
	bytea	   *hash = DatumGetByteaPP(store_column(0, 1, NULL));
	bool		isnull;

	memset(token, 0, sizeof(UndoToken));
	if (VARSIZE_ANY_EXHDR(hash) == UNDO_HASH_BYTES)
		memcpy(token->hash, VARDATA_ANY(hash), UNDO_HASH_BYTES);
	token->issued_to = store_text_column(CurrentMemoryContext, 0, 2);
	token->expires_at = DatumGetTimestampTz(store_column(0, 3, NULL));
	(void) store_column(0, 4, &isnull);
	token->used = !isnull;
}

bool
undo_store_read(const pg_uuid_t *tenant, const UndoMember *member, UndoToken *token)
{
	static StorePlan plan = {
		"SELECT secret_hash, issued_to, expires_at, used_at FROM booking.undo_tokens "
		"WHERE " THIS_CHANGE,
		3, {UUIDOID, UUIDOID, INT4OID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(&member->booking), Int32GetDatum(member->version)
	};

	if (store_execute(&plan, values, NULL, STORE_OWNER) == 0)
		return false;
	read_token(token);
	return true;
}

/* The same of a batch. */
bool
undo_store_read_batch(const pg_uuid_t *tenant, const pg_uuid_t *batch, UndoToken *token)
{
	static StorePlan plan = {
		"SELECT secret_hash, issued_to, expires_at, used_at FROM booking.undo_batches "
		"WHERE tenant_id" EQ "$1 AND id" EQ "$2",
		2, {UUIDOID, UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(batch)};

	if (store_execute(&plan, values, NULL, STORE_OWNER) == 0)
		return false;
	read_token(token);
	return true;
}

/*
 * Locks the row of a batch, so that two who redeem it come one after the other;
 * unless wait, false when somebody else has it.  It comes before the rows of
 * the bookings.
 */
bool
undo_store_lock_batch(const pg_uuid_t *tenant, const pg_uuid_t *batch, bool wait)
{
#define LOCK_BATCH \
		"SELECT FROM booking.undo_batches WHERE tenant_id" EQ "$1 AND id" EQ "$2 FOR UPDATE"
	static StorePlan waiting = {LOCK_BATCH, 2, {UUIDOID, UUIDOID}};
	static StorePlan skipping = {LOCK_BATCH " SKIP LOCKED", 2, {UUIDOID, UUIDOID}};
	Datum		values[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(batch)};

	return store_execute(wait ? &waiting : &skipping, values, NULL, STORE_OWNER) > 0;
}

/* The changes of a batch that were not undone yet, by the ids of bookings. */
UndoMember *
undo_store_members(const pg_uuid_t *tenant, const pg_uuid_t *batch, int *count)
{
	static StorePlan plan = {
		"SELECT booking_id, version FROM booking.undo_tokens "
		"WHERE tenant_id" EQ "$1 AND batch_id" EQ "$2 AND used_at IS NULL ORDER BY booking_id",
		2, {UUIDOID, UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(batch)};
	UndoMember *members;

	*count = (int) store_execute(&plan, values, NULL, STORE_OWNER);
	members = palloc(sizeof(UndoMember) * Max(*count, 1));
	for (int i = 0; i < *count; i++)
	{
		members[i].booking = store_uuid_column(i, 1, NULL);
		members[i].version = DatumGetInt32(store_column(i, 2, NULL));
	}
	SPI_freetuptable(SPI_tuptable);
	return members;
}

void
undo_store_use(const pg_uuid_t *tenant, const UndoMember *member, TimestampTz now)
{
	static StorePlan plan = {
		"UPDATE booking.undo_tokens SET used_at = $4 WHERE " THIS_CHANGE,
		4, {UUIDOID, UUIDOID, INT4OID, TIMESTAMPTZOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(&member->booking), Int32GetDatum(member->version),
		TimestampTzGetDatum(now)
	};

	store_execute(&plan, values, NULL, STORE_OWNER);
}

void
undo_store_use_batch(const pg_uuid_t *tenant, const pg_uuid_t *batch, TimestampTz now)
{
	static StorePlan plan = {
		"UPDATE booking.undo_batches SET used_at = $3 WHERE tenant_id" EQ "$1 AND id" EQ "$2",
		3, {UUIDOID, UUIDOID, TIMESTAMPTZOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(batch), TimestampTzGetDatum(now)
	};

	store_execute(&plan, values, NULL, STORE_OWNER);
}

/* ---- clearing away ---- */

/*
 * Deletes up to max tokens that expired before an instant; returns how many.
 * Reads the table, which holds no more than what was issued lately: an index
 * would cost every command.
 */
int
undo_store_purge(TimestampTz before, int max)
{
#define PURGE(table, key) \
		"DELETE FROM booking." table " AS t USING (SELECT tenant_id, " key " FROM booking." table \
		" WHERE expires_at" LT "$1 LIMIT $2 FOR UPDATE SKIP LOCKED) AS d " \
		"WHERE t.tenant_id" EQ "d.tenant_id AND "
	static StorePlan tokens = {
		PURGE("undo_tokens", "booking_id, version")
		"t.booking_id" EQ "d.booking_id AND t.version" EQ "d.version",
		2, {TIMESTAMPTZOID, INT4OID}
	};
	static StorePlan batches = {
		PURGE("undo_batches", "id") "t.id" EQ "d.id",
		2, {TIMESTAMPTZOID, INT4OID}
	};
	Datum		values[] = {TimestampTzGetDatum(before), Int32GetDatum(max)};
	int			purged = (int) store_execute(&tokens, values, NULL, STORE_OWNER);

	values[1] = Int32GetDatum(max - purged);
	return purged + (int) store_execute(&batches, values, NULL, STORE_OWNER);
}
