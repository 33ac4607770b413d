/*-------------------------------------------------------------------------
 *
 * quotas_store.c
 *	  Counting bookings, and whose turn it is.
 *
 * A status that has lapsed counts for nothing, whether or not anything swept
 * it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "utils/array.h"

#include "store/plan.h"
#include "store/quotas_store.h"

/* Wall-clock time and UTC are never further apart. */
#define ZONE_REACH (2 * USECS_PER_DAY)

/* The branches of a tenant. */
pg_uuid_t *
quotas_branches(const pg_uuid_t *tenant, int *count)
{
	static StorePlan plan = {
		"SELECT id FROM booking.branches WHERE tenant_id" EQ "$1", 1, {UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant)};

	store_execute(&plan, values, NULL, STORE_OWNER);
	return store_uuid_list(count);
}

static Datum
optional_uuid(const pg_uuid_t *id, char *null)
{
	*null = id == NULL ? 'n' : ' ';
	return id == NULL ? (Datum) 0 : UUIDPGetDatum(id);
}

static ArrayType *
timestamp_array(const Datum *elements, int count)
{
	return construct_array(unconstify(Datum *, elements), count, TIMESTAMPOID,
						   sizeof(Timestamp), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

/* An instant that is certainly before or after a wall-clock time. */
static TimestampTz
reach(Timestamp local, int64 by)
{
	TimestampTz result;

	if (pg_add_s64_overflow(local, by, &result))
		return by < 0 ? DT_NOBEGIN : DT_NOEND;
	return result;
}

/* Counts the bookings that start in one of the periods, each in its branch. */
QuotaCount
quotas_count(const QuotaFilter *filter, const BranchPeriod *periods, int period_count,
			 TimestampTz now)
{
#define COUNTED(customer, alive) \
		"SELECT b.starts_at, b.ends_at " \
		"FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4)) " \
		"AS p (branch_id, since, until) " \
		"JOIN booking.bookings AS b ON b.tenant_id" EQ "$1 AND b.branch_id" EQ "p.branch_id " \
		"AND b.local_start" GE "p.since AND b.local_start" LT "p.until " \
		"WHERE b.starts_at" GE "$5 AND b.starts_at" LT "$6 AND b.id" NE "$7 " \
		"AND b.status" EQ "ANY ($8) AND " alive " " customer \
		"AND ($11 IS NULL OR b.service_id" EQ "$11) " \
		"AND ($12 IS NULL OR b.resource_ids OPERATOR(pg_catalog.@>) ARRAY[$12]) " \
		"AND ($13 IS NULL OR b.resource_ids OPERATOR(pg_catalog.@>) ARRAY[$13]) "
#define TOTAL(counted) \
		"SELECT pg_catalog.count(*), CAST(COALESCE(pg_catalog.sum(" \
		"pg_catalog.\"extract\"('epoch', c.ends_at) OPERATOR(pg_catalog.-) " \
		"pg_catalog.\"extract\"('epoch', c.starts_at)), 0) OPERATOR(pg_catalog.*) 1000000 " \
		"AS pg_catalog.int8) FROM (" counted ") AS c"
#define TYPES 13, {UUIDOID, UUIDARRAYOID, TIMESTAMPARRAYOID, TIMESTAMPARRAYOID, \
		TIMESTAMPTZOID, TIMESTAMPTZOID, UUIDOID, TEXTARRAYOID, TIMESTAMPTZOID, UUIDOID, UUIDOID, \
		UUIDOID, UUIDOID}
	/* each by the index that suits it */
	static StorePlan of_customer = {
		TOTAL(COUNTED("AND b.customer_id" EQ "$10 ",
					  "(b.expires_at IS NULL OR b.expires_at" GT "$9)")),
		TYPES
	};
	static StorePlan of_others = {
		TOTAL(COUNTED("AND $10 IS NULL ", "b.expires_at IS NULL") " UNION ALL "
			  COUNTED("AND $10 IS NULL ", "b.expires_at" GT "$9")),
		TYPES
	};
	Datum	   *branches = palloc(sizeof(Datum) * Max(period_count, 1));
	Datum	   *since = palloc(sizeof(Datum) * Max(period_count, 1));
	Datum	   *until = palloc(sizeof(Datum) * Max(period_count, 1));
	TimeSpan	all = {DT_NOEND, DT_NOBEGIN};
	QuotaCount	result = {0};
	char		nulls[] = "             ";
	Datum		values[13];

	for (int i = 0; i < period_count; i++)
	{
		branches[i] = UUIDPGetDatum(&periods[i].branch);
		since[i] = TimestampGetDatum(periods[i].local.from);
		until[i] = TimestampGetDatum(periods[i].local.until);
		all.from = Min(all.from, reach(periods[i].local.from, -ZONE_REACH));
		all.until = Max(all.until, reach(periods[i].local.until, ZONE_REACH));
	}
	values[0] = UUIDPGetDatum(filter->tenant);
	values[1] = PointerGetDatum(construct_array(branches, period_count, UUIDOID, UUID_LEN,
												false, TYPALIGN_CHAR));
	values[2] = PointerGetDatum(timestamp_array(since, period_count));
	values[3] = PointerGetDatum(timestamp_array(until, period_count));
	values[4] = TimestampTzGetDatum(all.from);
	values[5] = TimestampTzGetDatum(all.until);
	values[6] = UUIDPGetDatum(filter->except);
	values[7] = filter->statuses;
	values[8] = TimestampTzGetDatum(now);
	values[9] = optional_uuid(filter->customer, &nulls[9]);
	values[10] = optional_uuid(filter->service, &nulls[10]);
	values[11] = optional_uuid(filter->resource, &nulls[11]);
	values[12] = optional_uuid(filter->scope_resource, &nulls[12]);

	store_execute(filter->customer != NULL ? &of_customer : &of_others, values, nulls,
				  filter->fresh ? STORE_OWNER : STORE_READ);
	result.bookings = DatumGetInt64(store_column(0, 1, NULL));
	result.length = DatumGetInt64(store_column(0, 2, NULL));
	SPI_freetuptable(SPI_tuptable);
	return result;
}

/* Whether a customer has a booking that overlaps a slot. */
bool
quotas_customer_is_busy(const QuotaFilter *filter, TimeSpan slot, TimestampTz now)
{
	static StorePlan plan = {
		"SELECT FROM booking.bookings WHERE tenant_id" EQ "$1 AND customer_id" EQ "$2 "
		"AND starts_at" LT "$4 AND ends_at" GT "$3 AND id" NE "$5 AND status" EQ "ANY ($6) "
		"AND (expires_at IS NULL OR expires_at" GT "$7) LIMIT 1",
		7, {UUIDOID, UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID, UUIDOID, TEXTARRAYOID,
		TIMESTAMPTZOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(filter->tenant), UUIDPGetDatum(filter->customer),
		TimestampTzGetDatum(slot.from), TimestampTzGetDatum(slot.until),
		UUIDPGetDatum(filter->except), filter->statuses, TimestampTzGetDatum(now)
	};
	bool		busy = store_execute(&plan, values, NULL,
									 filter->fresh ? STORE_OWNER : STORE_READ) > 0;

	/* a listing asks for each start */
	SPI_freetuptable(SPI_tuptable);
	return busy;
}

/* ---- turns ---- */

/* A number for each resource, in the order in which they are given. */
static int64 *
numbers_of(const pg_uuid_t *resources, int count)
{
	uint64		rows = SPI_processed;
	int64	   *numbers = palloc0(sizeof(int64) * Max(count, 1));

	for (uint64 row = 0; row < rows; row++)
		numbers[DatumGetInt64(store_column(row, 1, NULL)) - 1] =
			DatumGetInt64(store_column(row, 2, NULL));
	return numbers;
}

/* The last turn of each resource for a service; 0 for one that had none. */
int64 *
turns_read(const pg_uuid_t *tenant, const pg_uuid_t *service, const pg_uuid_t *resources,
		   int count)
{
	static StorePlan plan = {
		"SELECT r.number, t.turn FROM pg_catalog.unnest($3) WITH ORDINALITY AS r (id, number) "
		"JOIN booking.turns AS t ON t.tenant_id" EQ "$1 AND t.service_id" EQ "$2 "
		"AND t.resource_id" EQ "r.id",
		3, {UUIDOID, UUIDOID, UUIDARRAYOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(service),
		PointerGetDatum(store_uuid_array(resources, count))
	};

	store_execute(&plan, values, NULL, STORE_OWNER);
	return numbers_of(resources, count);
}

/* These resources have had their turn; needs the key of the service's turns. */
void
turns_take(const pg_uuid_t *tenant, const pg_uuid_t *service, const pg_uuid_t *resources,
		   int count)
{
	static StorePlan plan = {
		"INSERT INTO booking.turns AS t (tenant_id, service_id, resource_id, turn) "
		"SELECT $1, $2, r.id, (SELECT COALESCE(pg_catalog.max(o.turn), 0) "
		"OPERATOR(pg_catalog.+) 1 FROM booking.turns AS o "
		"WHERE o.tenant_id" EQ "$1 AND o.service_id" EQ "$2) "
		"FROM pg_catalog.unnest($3) AS r (id) "
		"ON CONFLICT (tenant_id, service_id, resource_id) DO UPDATE SET turn = EXCLUDED.turn",
		3, {UUIDOID, UUIDOID, UUIDARRAYOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(service),
		PointerGetDatum(store_uuid_array(resources, count))
	};

	store_execute(&plan, values, NULL, STORE_DERIVED);
}

/* ---- loads ---- */

/*
 * For how long each resource is occupied within a window, leaving out one
 * booking: microseconds, of each of its units.
 */
int64 *
loads_read(const pg_uuid_t *tenant, const pg_uuid_t *resources, int count, TimeSpan window,
		   const pg_uuid_t *except, TimestampTz now)
{
#define OCCUPIED(kind) \
		"SELECT r.number, a.units, a.during FROM pg_catalog.unnest($2) WITH ORDINALITY " \
		"AS r (id, number) JOIN booking.allocations AS a ON a.tenant_id" EQ "$1 " \
		"AND a.resource_id" EQ "r.id AND a.during" OVERLAPS "$3 " \
		"WHERE a.booking_id" NE "$4 AND (a.expires_at IS NULL OR a.expires_at" GT "$5) AND " kind
	static StorePlan plan = {
		"SELECT o.number, CAST(pg_catalog.sum((pg_catalog.\"extract\"('epoch', "
		"LEAST(pg_catalog.upper(o.during), pg_catalog.upper($3))) OPERATOR(pg_catalog.-) "
		"pg_catalog.\"extract\"('epoch', GREATEST(pg_catalog.lower(o.during), "
		"pg_catalog.lower($3)))) OPERATOR(pg_catalog.*) 1000000 OPERATOR(pg_catalog.*) o.units) "
		"AS pg_catalog.int8) "
		"FROM (" OCCUPIED("a.exclusive") " UNION ALL " OCCUPIED("NOT a.exclusive") ") AS o "
		"GROUP BY o.number",
		5, {UUIDOID, UUIDARRAYOID, TSTZRANGEOID, UUIDOID, TIMESTAMPTZOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), PointerGetDatum(store_uuid_array(resources, count)),
		store_span_range(window), UUIDPGetDatum(except),
		TimestampTzGetDatum(now)
	};

	store_execute(&plan, values, NULL, STORE_OWNER);
	return numbers_of(resources, count);
}
