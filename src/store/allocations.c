/*-------------------------------------------------------------------------
 *
 * allocations.c
 *	  The rows of booking.allocations: what is occupied now.
 *
 * Locking.  Rows of a resource are inserted and deleted under the resource's
 * keys (engine/locks.c), except for what is over: it may be deleted by whoever
 * needs the slot, with the keys of that slot alone, and by the sweep without
 * any.  Deleting such leftovers skips rows that somebody else has locked, so
 * it never waits.
 *
 * The two indexes are partial (exclusive or not), so a search over both kinds
 * is two searches.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "rules/ids.h"
#include "store/allocations.h"
#include "store/plan.h"

#define INSERT_ALLOCATIONS \
	"INSERT INTO booking.allocations " \
	"(tenant_id, booking_id, resource_id, during, units, exclusive, expires_at) "

#define DURING_ARGUMENT 3

/* Most holds take one resource: the plain VALUES form is the cheapest. */
static StorePlan insert_one = {
	INSERT_ALLOCATIONS "VALUES ($1, $2, $3, $4, $5, $6, $7)",
	7, {UUIDOID, UUIDOID, UUIDOID, TSTZRANGEOID, INT4OID, BOOLOID, TIMESTAMPTZOID}
};

static StorePlan insert_one_tolerant = {
	INSERT_ALLOCATIONS "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
	7, {UUIDOID, UUIDOID, UUIDOID, TSTZRANGEOID, INT4OID, BOOLOID, TIMESTAMPTZOID}
};

/*
 * Has a statement take during as what the column is: the store's domain.  The
 * executor then need not check it, which would be a tenth of the work of a
 * statement; what comes from here is finite and not empty.
 */
static StorePlan *
with_slot_type(StorePlan *statement)
{
	Oid			type = store_type("slot");

	if (statement->argtypes[DURING_ARGUMENT] != type)
	{
		store_forget_plan(statement);
		statement->argtypes[DURING_ARGUMENT] = type;
	}
	return statement;
}

/*
 * Inserts a booking's allocations and returns how many were.  An overlap of
 * exclusive ones is an exclusion violation, or with tolerant, a row that is
 * not inserted: that costs a second search of the index but needs no
 * subtransaction.
 */
int
allocations_insert(const pg_uuid_t *tenant, const pg_uuid_t *booking,
				   const Allocation *allocations, int count,
				   TimestampTz expires_at, bool tolerant)
{
	StorePlan  *statement = with_slot_type(tolerant ? &insert_one_tolerant : &insert_one);
	int			inserted = 0;

	for (int i = 0; i < count; i++)
	{
		Datum		values[] = {
			UUIDPGetDatum(tenant), UUIDPGetDatum(booking),
			UUIDPGetDatum(&allocations[i].resource_id), store_span_range(allocations[i].span),
			Int32GetDatum(allocations[i].units), BoolGetDatum(allocations[i].exclusive),
			TimestampTzGetDatum(expires_at)
		};

		if (span_is_empty(allocations[i].span))
			elog(ERROR, "allocation of booking %s is empty", ids_text(booking));
		inserted += (int) store_execute(statement, values,
										expires_at == DT_NOEND ? "      n" : NULL,
										STORE_DERIVED);
	}
	return inserted;
}

/* Gives back all that a booking occupies. */
int
allocations_delete(const pg_uuid_t *tenant, const pg_uuid_t *booking)
{
	static StorePlan plan = {
		"DELETE FROM booking.allocations WHERE tenant_id" EQ "$1 AND booking_id" EQ "$2",
		2, {UUIDOID, UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(booking)};

	return (int) store_execute(&plan, values, NULL, STORE_DERIVED);
}

/* Moves or (DT_NOEND) lifts the deadline of a booking's allocations. */
int
allocations_set_expiry(const pg_uuid_t *tenant, const pg_uuid_t *booking,
					   TimestampTz expires_at)
{
	static StorePlan plan = {
		"UPDATE booking.allocations SET expires_at = $3 "
		"WHERE tenant_id" EQ "$1 AND booking_id" EQ "$2",
		3, {UUIDOID, UUIDOID, TIMESTAMPTZOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(booking), TimestampTzGetDatum(expires_at)
	};

	return (int) store_execute(&plan, values, expires_at == DT_NOEND ? "  n" : NULL,
							   STORE_DERIVED);
}

/*
 * All that overlaps a span of a resource, leaving out one booking; whether it
 * is over is for the caller to see.
 */
Occupant *
allocations_overlapping(const pg_uuid_t *tenant, const pg_uuid_t *resource,
						TimeSpan span, const pg_uuid_t *except, int *count)
{
#define OCCUPANTS(kind) \
		"SELECT a.booking_id, a.resource_id, r.code, pg_catalog.lower(a.during), " \
		"pg_catalog.upper(a.during), a.units, a.expires_at " \
		"FROM booking.allocations AS a JOIN booking.resources AS r " \
		"ON r.tenant_id" EQ "$1 AND r.id" EQ "$2 " \
		"WHERE a.tenant_id" EQ "$1 AND a.resource_id" EQ "$2 AND a.during" OVERLAPS "$3 " \
		"AND a.booking_id" NE "$4 AND " kind
	static StorePlan plan = {
		OCCUPANTS("a.exclusive") " UNION ALL " OCCUPANTS("NOT a.exclusive"),
		4, {UUIDOID, UUIDOID, TSTZRANGEOID, UUIDOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(resource), store_span_range(span),
		UUIDPGetDatum(except)
	};
	MemoryContext context = CurrentMemoryContext;
	Occupant   *occupants;

	*count = (int) store_execute(&plan, values, NULL, STORE_OWNER);
	occupants = palloc(sizeof(Occupant) * Max(*count, 1));
	for (int i = 0; i < *count; i++)
	{
		Occupant   *occupant = &occupants[i];
		bool		isnull;

		occupant->booking_id = store_uuid_column(i, 1, NULL);
		occupant->resource_id = store_uuid_column(i, 2, NULL);
		occupant->resource_code = store_text_column(context, i, 3);
		occupant->span.from = DatumGetTimestampTz(store_column(i, 4, NULL));
		occupant->span.until = DatumGetTimestampTz(store_column(i, 5, NULL));
		occupant->units = DatumGetInt32(store_column(i, 6, NULL));
		occupant->expires_at = DatumGetTimestampTz(store_column(i, 7, &isnull));
		if (isnull)
			occupant->expires_at = DT_NOEND;
	}
	return occupants;
}

/*
 * Deletes what is over and overlaps a span of a resource whose keys the
 * transaction has; passes over rows that somebody else has locked.
 */
int
allocations_delete_over(const pg_uuid_t *tenant, const pg_uuid_t *resource,
						TimeSpan span, TimestampTz now)
{
#define OVER(kind) \
		"DELETE FROM booking.allocations WHERE tenant_id" EQ "$1 AND resource_id" EQ "$2 " \
		"AND booking_id" EQ "ANY (ARRAY(SELECT booking_id FROM booking.allocations " \
		"WHERE tenant_id" EQ "$1 AND resource_id" EQ "$2 AND during" OVERLAPS "$3 " \
		"AND expires_at" LE "$4 AND " kind " FOR UPDATE SKIP LOCKED))"
	static StorePlan exclusive_plan = {
		OVER("exclusive"), 4, {UUIDOID, UUIDOID, TSTZRANGEOID, TIMESTAMPTZOID}
	};
	static StorePlan shared_plan = {
		OVER("NOT exclusive"), 4, {UUIDOID, UUIDOID, TSTZRANGEOID, TIMESTAMPTZOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(resource), store_span_range(span),
		TimestampTzGetDatum(now)
	};

	return (int) (store_execute(&exclusive_plan, values, NULL, STORE_DERIVED) +
				  store_execute(&shared_plan, values, NULL, STORE_DERIVED));
}

/*
 * Deletes up to max allocations that are over and whose booking no longer
 * needs them: the clean-up times of completed bookings, and what a lazy expiry
 * had to leave.  Reads the whole table: expires_at has no index, so that a
 * checkout stays cheap.
 */
int
allocations_sweep_over(TimestampTz now, int max)
{
	static StorePlan plan = {
		"DELETE FROM booking.allocations AS a USING ("
		"SELECT o.tenant_id, o.booking_id, o.resource_id FROM booking.allocations AS o "
		"JOIN booking.bookings AS b ON b.tenant_id" EQ "o.tenant_id AND b.id" EQ "o.booking_id "
		"WHERE o.expires_at" LE "$1 AND b.expires_at IS NULL LIMIT $2 "
		"FOR UPDATE OF o SKIP LOCKED) AS d "
		"WHERE a.tenant_id" EQ "d.tenant_id AND a.booking_id" EQ "d.booking_id "
		"AND a.resource_id" EQ "d.resource_id",
		2, {TIMESTAMPTZOID, INT4OID}
	};
	Datum		values[] = {TimestampTzGetDatum(now), Int32GetDatum(max)};

	return (int) store_execute(&plan, values, NULL, STORE_DERIVED);
}

/*
 * The capacity of a resource came to be 1, or more than 1.  Of allocations that
 * overlap none becomes exclusive: they are overbooked from now on.
 */
void
allocations_set_exclusive(const pg_uuid_t *tenant, const pg_uuid_t *resource, bool exclusive)
{
	static StorePlan set_plan = {
		"UPDATE booking.allocations AS a SET exclusive = true "
		"WHERE a.tenant_id" EQ "$1 AND a.resource_id" EQ "$2 AND NOT a.exclusive "
		"AND NOT EXISTS (SELECT FROM booking.allocations AS o WHERE o.tenant_id" EQ "$1 "
		"AND o.resource_id" EQ "$2 AND o.during" OVERLAPS "a.during "
		"AND o.booking_id" NE "a.booking_id AND NOT o.exclusive)",
		2, {UUIDOID, UUIDOID}
	};
	static StorePlan clear_plan = {
		"UPDATE booking.allocations SET exclusive = false "
		"WHERE tenant_id" EQ "$1 AND resource_id" EQ "$2 AND exclusive",
		2, {UUIDOID, UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(resource)};

	store_execute(exclusive ? &set_plan : &clear_plan, values, NULL, STORE_DERIVED);
}

/* Gives back all that a booking occupies, and returns what that was. */
Allocation *
allocations_take_back(const pg_uuid_t *tenant, const pg_uuid_t *booking, int *count)
{
	static StorePlan plan = {
		"DELETE FROM booking.allocations WHERE tenant_id" EQ "$1 AND booking_id" EQ "$2 "
		"RETURNING resource_id, pg_catalog.lower(during), pg_catalog.upper(during), units, "
		"exclusive",
		2, {UUIDOID, UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(booking)};
	Allocation *allocations;

	*count = (int) store_execute(&plan, values, NULL, STORE_DERIVED);
	allocations = palloc0(sizeof(Allocation) * Max(*count, 1));
	for (int i = 0; i < *count; i++)
	{
		allocations[i].resource_id = store_uuid_column(i, 1, NULL);
		allocations[i].span.from = DatumGetTimestampTz(store_column(i, 2, NULL));
		allocations[i].span.until = DatumGetTimestampTz(store_column(i, 3, NULL));
		allocations[i].units = DatumGetInt32(store_column(i, 4, NULL));
		allocations[i].exclusive = DatumGetBool(store_column(i, 5, NULL));
	}
	return allocations;
}
