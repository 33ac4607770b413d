/*-------------------------------------------------------------------------
 *
 * occupied.c
 *	  When resources are occupied, for many of them at once.
 *
 * Tells when and how much, never whose: clients may know it of all bookings.
 *
 * Both of the partial indexes of booking.allocations are asked, for each
 * resource by itself: one search of tenant and time alone would also visit
 * what other resources have in the window.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/rangetypes.h"
#include "utils/typcache.h"

#include "compat.h"
#include "store/occupied.h"
#include "store/plan.h"
#include "store/waiting.h"

/* Resources asked about in one statement. */
#define BATCH 256

#define OCCUPIED(id, kind, waited_for) \
	"SELECT a.units, a.during FROM booking.allocations AS a " \
	"WHERE a.tenant_id" EQ "$1 AND a.resource_id" EQ id " AND a.during" OVERLAPS "$3 " \
	"AND (a.expires_at IS NULL OR a.expires_at" GT "$4 " waited_for ") " \
	"AND a.booking_id" NE "$5 AND " kind

/*
 * What is over goes to who waits for it, if somebody does who could do with
 * the resource, and so is nobody else's to have.
 */
#define WAITED_FOR \
	"OR EXISTS (SELECT FROM booking.waiting AS w " \
	"JOIN booking.bookings AS b ON b.tenant_id" EQ "w.tenant_id AND b.id" EQ "w.booking_id " \
	"JOIN booking.resources AS r ON r.tenant_id" EQ "$1 AND r.id" EQ "a.resource_id " \
	"WHERE w.tenant_id" EQ "$1 AND w.reach" OVERLAPS "a.during AND b.expires_at" GT "$4 " \
	"AND w.booking_id" NE "$5 AND (r.id" EQ "ANY (w.resource_ids) " \
	"OR pg_catalog.cardinality(w.resource_ids)" EQ "0 AND r.branch_id" EQ "w.branch_id " \
	"AND (NOT EXISTS (SELECT FROM booking.service_requirements AS n " \
	"WHERE n.tenant_id" EQ "$1 AND n.service_id" EQ "w.service_id) " \
	"OR EXISTS (SELECT FROM booking.service_requirements AS n WHERE n.tenant_id" EQ "$1 " \
	"AND n.service_id" EQ "w.service_id AND n.kind" EQ "r.kind)))) "

#define OF_ONE(waited_for) \
	OCCUPIED("$2", "a.exclusive", waited_for) " UNION ALL " \
	OCCUPIED("$2", "NOT a.exclusive", waited_for)

/* OFFSET 0: one search after the other, whatever the planner thinks of joins */
#define OF_MANY(waited_for) \
	"SELECT o.units, r.n, o.during FROM ROWS FROM (pg_catalog.unnest($2)) " \
	"WITH ORDINALITY AS r (id, n) CROSS JOIN LATERAL (" \
	OCCUPIED("r.id", "a.exclusive", waited_for) " UNION ALL " \
	OCCUPIED("r.id", "NOT a.exclusive", waited_for) " OFFSET 0) AS o"

/* where nobody waits, and where somebody does */
static StorePlan plans_of_one[] = {
	{OF_ONE(""), 5, {UUIDOID, UUIDOID, TSTZRANGEOID, TIMESTAMPTZOID, UUIDOID}},
	{OF_ONE(WAITED_FOR), 5, {UUIDOID, UUIDOID, TSTZRANGEOID, TIMESTAMPTZOID, UUIDOID}}
};
static StorePlan plans_of_many[] = {
	{OF_MANY(""), 5, {UUIDOID, UUIDARRAYOID, TSTZRANGEOID, TIMESTAMPTZOID, UUIDOID}},
	{OF_MANY(WAITED_FOR), 5, {UUIDOID, UUIDARRAYOID, TSTZRANGEOID, TIMESTAMPTZOID, UUIDOID}}
};

/*
 * A row of the last result, with the range in this column.  What detoasting
 * that leaves behind goes away with the caller's memory.
 */
static CapacityUse
use_of_row(uint64 row, int column, TypeCacheEntry *type)
{
	Datum		value = store_column(row, column, NULL);
	RangeType  *range = DatumGetRangeTypeP(value);
	RangeBound	lower;
	RangeBound	upper;
	bool		empty;
	CapacityUse use;

	range_deserialize(type, range, &lower, &upper, &empty);
	use.span.from = DatumGetTimestampTz(lower.val);
	use.span.until = DatumGetTimestampTz(upper.val);
	use.units = DatumGetInt32(store_column(row, 1, NULL));
	return use;
}

/* What is occupied of each of these resources in a window, in their order. */
OccupiedTimes *
occupied_read(const OccupiedQuery *query, const pg_uuid_t *resources, int count)
{
	static const pg_uuid_t nobody = {{0}};
	OccupiedTimes *times = palloc0(sizeof(OccupiedTimes) * Max(count, 1));
	TypeCacheEntry *type = lookup_type_cache(TSTZRANGEOID, TYPECACHE_RANGE_INFO);
	int			how = query->fresh ? STORE_OWNER : STORE_READ;
	int			waits = waiting_until(query->tenant) > query->window.from;
	Datum		values[5];

	values[0] = UUIDPGetDatum(query->tenant);
	values[2] = store_span_range(query->window);
	values[3] = TimestampTzGetDatum(query->now);
	values[4] = UUIDPGetDatum(query->except ? query->except : &nobody);

	if (count == 1)
	{
		uint64		rows;

		values[1] = UUIDPGetDatum(&resources[0]);
		rows = store_execute(&plans_of_one[waits], values, NULL, how);
		times->uses = palloc(sizeof(CapacityUse) * Max(rows, 1));
		for (uint64 row = 0; row < rows; row++)
			times->uses[times->count++] = use_of_row(row, 2, type);
		SPI_freetuptable(SPI_tuptable);
		return times;
	}

	for (int first = 0; first < count; first += BATCH)
	{
		int			size = Min(BATCH, count - first);
		ArrayType  *ids = store_uuid_array(resources + first, size);
		uint64		rows;
		int		   *owners;

		values[1] = PointerGetDatum(ids);
		rows = store_execute(&plans_of_many[waits], values, NULL, how);
		owners = palloc(sizeof(int) * Max(rows, 1));
		for (uint64 row = 0; row < rows; row++)
		{
			owners[row] = first + (int) DatumGetInt64(store_column(row, 2, NULL)) - 1;
			times[owners[row]].count++;
		}
		for (int i = first; i < first + size; i++)
		{
			times[i].uses = palloc(sizeof(CapacityUse) * Max(times[i].count, 1));
			times[i].count = 0;
		}
		for (uint64 row = 0; row < rows; row++)
		{
			OccupiedTimes *owner = &times[owners[row]];

			owner->uses[owner->count++] = use_of_row(row, 3, type);
		}
		pfree(owners);
		pfree(ids);
		SPI_freetuptable(SPI_tuptable);
	}
	return times;
}
