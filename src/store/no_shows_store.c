/*-------------------------------------------------------------------------
 *
 * no_shows_store.c
 *	  The statements of automatic no-shows.
 *
 * No index tells bookings that nobody came to from the many that are long
 * done.  What has begun and is not done still has allocations, which are few,
 * and in an index that knows the time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "store/no_shows_store.h"
#include "store/plan.h"

/*
 * How many bookings of a tenant that have begun are looked at.  The latest come
 * first: what is older than so many was looked at in its own time.
 */
#define MAX_BEGUN "10000"

/* Tenants of which anything says that the clock tells no-shows; or all. */
pg_uuid_t *
no_shows_store_tenants(bool all, int *count)
{
#define IS_AUTO "settings OPERATOR(pg_catalog.->>) 'no_show_mode'" EQ "'auto'"
#define ANY_AUTO(table) \
		"EXISTS (SELECT FROM booking." table " AS x WHERE x.tenant_id" EQ "t.id AND x." IS_AUTO ")"
	static StorePlan plan = {
		"SELECT t.id FROM booking.tenants AS t WHERE $1 OR t." IS_AUTO
		" OR " ANY_AUTO("branches") " OR " ANY_AUTO("services") " OR " ANY_AUTO("resources"),
		1, {BOOLOID}
	};
	Datum		values[] = {BoolGetDatum(all)};

	store_execute(&plan, values, NULL, STORE_OWNER);
	return store_uuid_list(count);
}

static Expected *
read_expected(int *count)
{
	MemoryContext context = CurrentMemoryContext;
	Expected   *bookings;

	*count = (int) SPI_processed;
	bookings = palloc(sizeof(Expected) * Max(*count, 1));
	for (int i = 0; i < *count; i++)
	{
		bookings[i].id = store_uuid_column(i, 1, NULL);
		bookings[i].branch_id = store_uuid_column(i, 2, NULL);
		bookings[i].service_id = store_uuid_column(i, 3, NULL);
		bookings[i].starts_at = DatumGetTimestampTz(store_column(i, 4, NULL));
		bookings[i].resource_ids = store_copy_column(context, i, 5, NULL);
	}
	return bookings;
}

#define EXPECTED_COLUMNS "b.id, b.branch_id, b.service_id, b.starts_at, b.resource_ids "

/* Confirmed bookings that have begun, the latest first. */
Expected *
no_shows_store_begun(const pg_uuid_t *tenant, TimestampTz now, int *count)
{
#define BEGUN(kind) \
		"SELECT a.booking_id FROM booking.allocations AS a " \
		"WHERE a.tenant_id" EQ "$1 AND a.during" OVERLAPS "$2 AND " kind
	static StorePlan plan = {
		"SELECT " EXPECTED_COLUMNS
		"FROM (" BEGUN("a.exclusive") " UNION " BEGUN("NOT a.exclusive") ") AS begun "
		"JOIN booking.bookings AS b ON b.tenant_id" EQ "$1 AND b.id" EQ "begun.booking_id "
		"WHERE b.status" EQ "'confirmed' AND b.starts_at" LE "$3 AND b.previous_status IS NULL "
		"ORDER BY b.starts_at DESC, b.id LIMIT " MAX_BEGUN,
		3, {UUIDOID, TSTZRANGEOID, TIMESTAMPTZOID}
	};
	TimeSpan	past = {DT_NOBEGIN, now + 1};
	Datum		values[] = {
		UUIDPGetDatum(tenant), store_span_range(past), TimestampTzGetDatum(now)
	};

	store_execute(&plan, values, NULL, STORE_OWNER);
	return read_expected(count);
}

/* The next confirmed bookings of each branch, in order of branch and start. */
Expected *
no_shows_store_coming(const pg_uuid_t *tenant, TimestampTz after, int per_branch, int *count)
{
	static StorePlan plan = {
		"SELECT " EXPECTED_COLUMNS "FROM booking.branches AS h CROSS JOIN LATERAL ("
		"SELECT x.* FROM booking.bookings AS x WHERE x.tenant_id" EQ "$1 AND x.branch_id" EQ "h.id "
		"AND x.expires_at IS NULL AND x.starts_at" GT "$2 AND x.status" EQ "'confirmed' "
		"ORDER BY x.starts_at LIMIT $3) AS b WHERE h.tenant_id" EQ "$1 "
		"ORDER BY b.branch_id, b.starts_at",
		3, {UUIDOID, TIMESTAMPTZOID, INT4OID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), TimestampTzGetDatum(after), Int32GetDatum(per_branch)
	};

	store_execute(&plan, values, NULL, STORE_OWNER);
	return read_expected(count);
}

/*
 * Marks those of the bookings that are still expected and that nobody else is
 * changing right now; the guard passes over those whose keys it can't have.
 */
uint64
no_shows_store_mark(const pg_uuid_t *tenant, ArrayType *ids, TimestampTz now,
					const pg_uuid_t *request_id)
{
	static StorePlan plan = {
		"UPDATE booking.bookings AS b SET status = 'no_show', reason_code = 'auto_no_show', "
		"actor = 'booking no-show', actor_kind = 'system', request_id = $4 "
		"FROM (SELECT id FROM booking.bookings WHERE tenant_id" EQ "$1 "
		"AND id" EQ "ANY ($2) AND status" EQ "'confirmed' AND starts_at" LE "$3 "
		"AND previous_status IS NULL ORDER BY id FOR NO KEY UPDATE SKIP LOCKED) AS e "
		"WHERE b.tenant_id" EQ "$1 AND b.id" EQ "e.id",
		4, {UUIDOID, UUIDARRAYOID, TIMESTAMPTZOID, UUIDOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), PointerGetDatum(ids), TimestampTzGetDatum(now),
		UUIDPGetDatum(request_id)
	};

	return store_execute(&plan, values, NULL, STORE_OWNER);
}
