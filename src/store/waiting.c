/*-------------------------------------------------------------------------
 *
 * waiting.c
 *	  The rows of booking.waiting (who waits for which time) and of
 *	  booking.vacancies (time that became free and could not be given away).
 *
 * Mostly nobody waits, and then whoever frees something must not pay for it.
 * A session therefore keeps, by tenant, until when anybody waits at all.  A
 * row that reaches further makes all sessions forget that, as if the catalog
 * entry of the table had changed: they are told before the row's transaction
 * gives its keys back, and whoever frees something looks after he has his
 * (locks_add_queue).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/array.h"

#include "rules/ids.h"
#include "rules/lifecycle.h"
#include "store/plan.h"
#include "store/waiting.h"

/* More than can wait for what one change frees is not looked at. */
#define MAX_CANDIDATES "1000"

/* ---- whether anybody waits ---- */

#define MAX_KNOWN 8

static struct
{
	pg_uuid_t	tenant;
	TimestampTz until;			/* DT_NOBEGIN: nobody waits */
}			known[MAX_KNOWN];
static int	known_count = 0;
static int	known_next = 0;
static Oid	waiting_relid = InvalidOid;
static uint64 generation = 0;

static void
forget_known(Datum arg, Oid relid)
{
	if (!OidIsValid(relid) || relid == waiting_relid)
	{
		known_count = known_next = 0;
		waiting_relid = InvalidOid;
		generation++;
	}
}

void
waiting_init(void)
{
	CacheRegisterRelcacheCallback(forget_known, (Datum) 0);
}

static Oid
find_waiting(void)
{
	if (!OidIsValid(waiting_relid))
		waiting_relid = get_relname_relid("waiting", LookupExplicitNamespace("booking", false));
	return waiting_relid;
}

/*
 * Until when anybody of a tenant waits for something; DT_NOBEGIN when nobody
 * does.  May be later than it is.
 */
TimestampTz
waiting_until(const pg_uuid_t *tenant)
{
	static StorePlan plan = {
		"SELECT pg_catalog.max(pg_catalog.upper(reach)) FROM booking.waiting "
		"WHERE tenant_id" EQ "$1",
		1, {UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant)};
	uint64		began;
	TimestampTz until;
	Datum		value;
	bool		isnull;
	int			at;

	for (int i = 0; i < known_count; i++)
		if (uuid_equal(&known[i].tenant, tenant))
			return known[i].until;

	(void) find_waiting();
	began = generation;
	store_execute(&plan, values, NULL, STORE_OWNER);
	value = store_column(0, 1, &isnull);
	until = isnull ? DT_NOBEGIN : DatumGetTimestampTz(value);
	if (generation != began)
		return until;
	at = known_count < MAX_KNOWN ? known_count++ : known_next++ % MAX_KNOWN;
	known[at].tenant = *tenant;
	known[at].until = until;
	return until;
}

/* ---- the rows ---- */

void
waiting_put(const Queue *queue, const pg_uuid_t *booking, TimeSpan reach, TimestampTz joined_at)
{
	static StorePlan plan = {
		"INSERT INTO booking.waiting (tenant_id, booking_id, branch_id, service_id, resource_ids, "
		"wanted, reach, joined_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
		"ON CONFLICT (tenant_id, booking_id) DO UPDATE SET branch_id = EXCLUDED.branch_id, "
		"service_id = EXCLUDED.service_id, resource_ids = EXCLUDED.resource_ids, "
		"wanted = EXCLUDED.wanted, reach = EXCLUDED.reach, joined_at = EXCLUDED.joined_at",
		8, {
			UUIDOID, UUIDOID, UUIDOID, UUIDOID, UUIDARRAYOID, TSTZRANGEOID, TSTZRANGEOID,
			TIMESTAMPTZOID
		}
	};
	Datum		values[] = {
		UUIDPGetDatum(queue->tenant), UUIDPGetDatum(booking), UUIDPGetDatum(queue->branch),
		UUIDPGetDatum(queue->service), queue->resources, store_span_range(queue->wanted),
		store_span_range(reach), TimestampTzGetDatum(joined_at)
	};

	if (reach.until > waiting_until(queue->tenant))
		CacheInvalidateRelcacheByRelid(find_waiting());
	store_execute(&plan, values, NULL, STORE_DERIVED);
}

void
waiting_remove(const pg_uuid_t *tenant, const pg_uuid_t *booking)
{
	static StorePlan plan = {
		"DELETE FROM booking.waiting WHERE tenant_id" EQ "$1 AND booking_id" EQ "$2",
		2, {UUIDOID, UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(booking)};

	store_execute(&plan, values, NULL, STORE_DERIVED);
}

#define WAITING_COLUMNS \
	"w.booking_id, w.service_id, w.branch_id, w.resource_ids, b.wanted IS NOT NULL, " \
	"pg_catalog.lower(w.wanted), pg_catalog.upper(w.wanted), " \
	"pg_catalog.lower(w.reach), pg_catalog.upper(w.reach), b.starts_at, b.ends_at, " \
	"b.units, b.party_size, b.version, b.customer_id, b.contact IS NOT NULL " \
	"FROM booking.waiting AS w JOIN booking.bookings AS b " \
	"ON b.tenant_id" EQ "w.tenant_id AND b.id" EQ "w.booking_id "

static Waiting
waiting_of_row(uint64 row, MemoryContext context)
{
	Waiting		waiting = {0};
	ArrayType  *resources;
	bool		isnull;

	waiting.booking = store_uuid_column(row, 1, NULL);
	waiting.service = store_uuid_column(row, 2, NULL);
	waiting.branch = store_uuid_column(row, 3, NULL);
	resources = DatumGetArrayTypeP(store_copy_column(context, row, 4, NULL));
	waiting.resource_count = ARR_NDIM(resources) == 0 ? 0 :
		ArrayGetNItems(ARR_NDIM(resources), ARR_DIMS(resources));
	waiting.resources = (pg_uuid_t *) ARR_DATA_PTR(resources);
	waiting.has_window = DatumGetBool(store_column(row, 5, NULL));
	waiting.wanted.from = DatumGetTimestampTz(store_column(row, 6, NULL));
	waiting.wanted.until = DatumGetTimestampTz(store_column(row, 7, NULL));
	waiting.reach.from = DatumGetTimestampTz(store_column(row, 8, NULL));
	waiting.reach.until = DatumGetTimestampTz(store_column(row, 9, NULL));
	waiting.slot.from = DatumGetTimestampTz(store_column(row, 10, NULL));
	waiting.slot.until = DatumGetTimestampTz(store_column(row, 11, NULL));
	waiting.units = DatumGetInt32(store_column(row, 12, NULL));
	waiting.party_size = DatumGetInt32(store_column(row, 13, NULL));
	waiting.version = DatumGetInt32(store_column(row, 14, NULL));
	waiting.customer = store_uuid_column(row, 15, &isnull);
	waiting.has_customer = !isnull;
	waiting.has_contact = DatumGetBool(store_column(row, 16, NULL));
	return waiting;
}

/* Who waits for a time that overlaps a span, the first in line first. */
Waiting *
waiting_overlapping(const pg_uuid_t *tenant, TimeSpan span, TimestampTz now, int *count)
{
	static StorePlan plan = {
		"SELECT " WAITING_COLUMNS
		"WHERE w.tenant_id" EQ "$1 AND w.reach" OVERLAPS "$2 AND b.expires_at" GT "$3 "
		"ORDER BY w.joined_at, w.booking_id LIMIT " MAX_CANDIDATES,
		3, {UUIDOID, TSTZRANGEOID, TIMESTAMPTZOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), store_span_range(span), TimestampTzGetDatum(now)
	};
	MemoryContext context = CurrentMemoryContext;
	Waiting    *list;

	*count = (int) store_execute(&plan, values, NULL, STORE_OWNER);
	list = palloc(sizeof(Waiting) * Max(*count, 1));
	for (int i = 0; i < *count; i++)
		list[i] = waiting_of_row(i, context);
	return list;
}

/* One of them; false when the booking does not wait. */
bool
waiting_read(const pg_uuid_t *tenant, const pg_uuid_t *booking, Waiting *waiting)
{
	static StorePlan plan = {
		"SELECT " WAITING_COLUMNS "WHERE w.tenant_id" EQ "$1 AND w.booking_id" EQ "$2",
		2, {UUIDOID, UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(booking)};
	MemoryContext context = CurrentMemoryContext;

	if (store_execute(&plan, values, NULL, STORE_OWNER) == 0)
		return false;
	*waiting = waiting_of_row(0, context);
	return true;
}

/*
 * Locks the row of a booking that waits, if nobody else has it; *gone tells
 * whether it does not wait any more.
 */
bool
waiting_lock(const pg_uuid_t *tenant, const pg_uuid_t *booking, TimestampTz now, bool *gone)
{
#define STILL_WAITING \
		"SELECT id FROM booking.bookings WHERE tenant_id" EQ "$1 AND id" EQ "$2 " \
		"AND status" EQ "'waitlisted' AND expires_at" GT "$3 "
	static StorePlan lock_plan = {
		STILL_WAITING "FOR NO KEY UPDATE SKIP LOCKED", 3, {UUIDOID, UUIDOID, TIMESTAMPTZOID}
	};
	static StorePlan plan = {STILL_WAITING, 3, {UUIDOID, UUIDOID, TIMESTAMPTZOID}};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(booking), TimestampTzGetDatum(now)
	};

	*gone = false;
	if (store_execute(&lock_plan, values, NULL, STORE_OWNER) > 0)
		return true;
	*gone = store_execute(&plan, values, NULL, STORE_OWNER) == 0;
	return false;
}

/*
 * Gives a booking that waits, and whose row is locked, a slot.  0 when the
 * guard could not have its keys without waiting.
 */
uint64
waiting_promote(const pg_uuid_t *tenant, const pg_uuid_t *booking, BookingStatus status,
				TimeSpan slot, const pg_uuid_t *request_id)
{
	static StorePlan plan = {
		"UPDATE booking.bookings SET status = $3, starts_at = $4, ends_at = $5, "
		"actor = 'booking waitlist', actor_kind = 'system', request_id = $6 "
		"WHERE tenant_id" EQ "$1 AND id" EQ "$2",
		6, {UUIDOID, UUIDOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, UUIDOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(booking),
		CStringGetTextDatum(lifecycle_status_name(status)), TimestampTzGetDatum(slot.from),
		TimestampTzGetDatum(slot.until), UUIDPGetDatum(request_id)
	};

	return store_execute(&plan, values, NULL, STORE_OWNER);
}

/* ---- queues ---- */

/*
 * Who is in one queue: they want the same service of the same branch at
 * overlapping times, unless they name different resources.
 */
#define COMPETES(w, service, branch, resources, wanted) \
	w ".service_id" EQ service " AND " w ".branch_id" EQ branch " AND " w ".wanted" OVERLAPS wanted \
	" AND (pg_catalog.cardinality(" w ".resource_ids)" EQ "0 " \
	"OR pg_catalog.cardinality(" resources ")" EQ "0 " \
	"OR " w ".resource_ids" OVERLAPS resources ") "

/* When those want their slots who are in a queue, leaving out one of them. */
TimeSpan *
waiting_in_queue(const Queue *queue, const pg_uuid_t *except, TimestampTz now, int *count)
{
	static StorePlan plan = {
		"SELECT pg_catalog.lower(w.wanted), pg_catalog.upper(w.wanted) "
		"FROM booking.waiting AS w JOIN booking.bookings AS b "
		"ON b.tenant_id" EQ "w.tenant_id AND b.id" EQ "w.booking_id "
		"WHERE w.tenant_id" EQ "$1 AND w.booking_id" NE "$6 AND b.expires_at" GT "$7 AND "
		COMPETES("w", "$2", "$3", "$4", "$5"),
		7, {UUIDOID, UUIDOID, UUIDOID, UUIDARRAYOID, TSTZRANGEOID, UUIDOID, TIMESTAMPTZOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(queue->tenant), UUIDPGetDatum(queue->service),
		UUIDPGetDatum(queue->branch), queue->resources, store_span_range(queue->wanted),
		UUIDPGetDatum(except), TimestampTzGetDatum(now)
	};
	TimeSpan   *spans;

	*count = (int) store_execute(&plan, values, NULL, STORE_OWNER);
	spans = palloc(sizeof(TimeSpan) * Max(*count, 1));
	for (int i = 0; i < *count; i++)
	{
		spans[i].from = DatumGetTimestampTz(store_column(i, 1, NULL));
		spans[i].until = DatumGetTimestampTz(store_column(i, 2, NULL));
	}
	return spans;
}

/*
 * Whether a customer, or without one (NULL) an actor without a customer, waits
 * for the service at such a time already.
 */
bool
waiting_already(const Queue *queue, const pg_uuid_t *customer, const char *actor,
				const pg_uuid_t *except, TimestampTz now)
{
	static StorePlan plan = {
		"SELECT w.booking_id FROM booking.waiting AS w JOIN booking.bookings AS b "
		"ON b.tenant_id" EQ "w.tenant_id AND b.id" EQ "w.booking_id "
		"WHERE w.tenant_id" EQ "$1 AND w.service_id" EQ "$2 AND w.wanted" OVERLAPS "$3 "
		"AND w.booking_id" NE "$6 AND b.expires_at" GT "$7 "
		"AND CASE WHEN $4 IS NULL THEN b.customer_id IS NULL AND b.booked_by" EQ "$5 "
		"ELSE b.customer_id" EQ "$4 END LIMIT 1",
		7, {UUIDOID, UUIDOID, TSTZRANGEOID, UUIDOID, TEXTOID, UUIDOID, TIMESTAMPTZOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(queue->tenant), UUIDPGetDatum(queue->service),
		store_span_range(queue->wanted), UUIDPGetDatum(customer),
		actor ? CStringGetTextDatum(actor) : (Datum) 0, UUIDPGetDatum(except),
		TimestampTzGetDatum(now)
	};

	if (customer == NULL && actor == NULL)
		return false;
	return store_execute(&plan, values, customer == NULL ? "   n   " :
						 actor == NULL ? "    n  " : NULL, STORE_OWNER) > 0;
}

/* The position of a booking in its queue, from 1; 0 when it does not wait. */
int
waiting_position(const pg_uuid_t *tenant, const pg_uuid_t *booking, TimestampTz now)
{
	static StorePlan plan = {
		"SELECT (SELECT pg_catalog.count(*) FROM booking.waiting AS w "
		"JOIN booking.bookings AS b ON b.tenant_id" EQ "w.tenant_id AND b.id" EQ "w.booking_id "
		"WHERE w.tenant_id" EQ "$1 AND b.expires_at" GT "$3 "
		"AND ROW(w.joined_at, w.booking_id)" LE "ROW(m.joined_at, m.booking_id) AND "
		COMPETES("w", "m.service_id", "m.branch_id", "m.resource_ids", "m.wanted") ") "
		"FROM booking.waiting AS m JOIN booking.bookings AS mb "
		"ON mb.tenant_id" EQ "m.tenant_id AND mb.id" EQ "m.booking_id "
		"WHERE m.tenant_id" EQ "$1 AND m.booking_id" EQ "$2 AND mb.expires_at" GT "$3",
		3, {UUIDOID, UUIDOID, TIMESTAMPTZOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(booking), TimestampTzGetDatum(now)
	};

	if (store_execute(&plan, values, NULL, STORE_OWNER) == 0)
		return 0;
	return (int) DatumGetInt64(store_column(0, 1, NULL));
}

/* ---- vacancies ---- */

void
vacancies_note(const Vacancy *vacancy, TimestampTz now)
{
	static StorePlan plan = {
		"INSERT INTO booking.vacancies (tenant_id, id, resource_id, during, noted_at) "
		"VALUES ($1, $2, $3, $4, $5)",
		5, {UUIDOID, UUIDOID, UUIDOID, TSTZRANGEOID, TIMESTAMPTZOID}
	};
	pg_uuid_t	id = ids_new();
	Datum		values[] = {
		UUIDPGetDatum(&vacancy->tenant), UUIDPGetDatum(&id), UUIDPGetDatum(&vacancy->resource),
		store_span_range(vacancy->span), TimestampTzGetDatum(now)
	};

	store_execute(&plan, values, vacancy->any ? "  n  " : NULL, STORE_DERIVED);
}

/* Takes up to max vacancies off the list, of one tenant or (NULL) of all. */
Vacancy *
vacancies_take(const pg_uuid_t *tenant, int max, int *count)
{
	static StorePlan plan = {
		"DELETE FROM booking.vacancies AS v USING (SELECT o.tenant_id, o.id "
		"FROM booking.vacancies AS o WHERE $1 IS NULL OR o.tenant_id" EQ "$1 "
		"ORDER BY o.noted_at, o.id LIMIT $2 FOR UPDATE SKIP LOCKED) AS d "
		"WHERE v.tenant_id" EQ "d.tenant_id AND v.id" EQ "d.id "
		"RETURNING v.tenant_id, v.resource_id, pg_catalog.lower(v.during), "
		"pg_catalog.upper(v.during)",
		2, {UUIDOID, INT4OID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant), Int32GetDatum(max)};
	Vacancy    *list;

	*count = (int) store_execute(&plan, values, tenant == NULL ? "n " : NULL, STORE_DERIVED);
	list = palloc0(sizeof(Vacancy) * Max(*count, 1));
	for (int i = 0; i < *count; i++)
	{
		bool		isnull;

		list[i].tenant = store_uuid_column(i, 1, NULL);
		list[i].resource = store_uuid_column(i, 2, &isnull);
		list[i].any = isnull;
		list[i].span.from = DatumGetTimestampTz(store_column(i, 3, NULL));
		list[i].span.until = DatumGetTimestampTz(store_column(i, 4, NULL));
	}
	return list;
}
