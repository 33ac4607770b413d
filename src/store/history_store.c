/*-------------------------------------------------------------------------
 *
 * history_store.c
 *	  What is read from the audit trail, and what is erased in it.
 *
 * What users read, they read with their own rights: row security decides.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "store/history_store.h"
#include "store/plan.h"
#include "store/trail.h"

/* Whether the caller may read booking.audit_private; row security comes on top. */
bool
history_store_may_read_private(void)
{
	Oid			relation = get_relname_relid("audit_private",
											 LookupExplicitNamespace("booking", false));

	return pg_class_aclcheck(relation, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

/* Adds the rows of the last result to what a function returns. */
static void
return_rows(ReturnSetInfo *result, uint64 rows)
{
	for (uint64 i = 0; i < rows; i++)
		tuplestore_puttuple(result->setResult, SPI_tuptable->vals[i]);
	SPI_freetuptable(SPI_tuptable);
}

/* ---- audit_search ---- */

/*
 * A condition whose argument is null goes when the plan is made (custom), and
 * what is left can use the index.
 */
#define MATCHES(column, argument) \
	" AND (" argument " IS NULL OR " column EQ argument ")"

/* Arguments 1 to 12; what comes after the row 8, 9, 10 in the order of the result. */
#define CONDITIONS \
	"a.tenant_id" EQ "$1 AND a.at" GE "$2 AND a.at" LT "$3" \
	MATCHES("a.action", "$4") MATCHES("a.actor", "$5") MATCHES("a.booking_id", "$6") \
	MATCHES("a.branch_id", "$7") \
	" AND ($8 IS NULL OR a.at" LT "$8 OR (a.at" EQ "$8 AND (a.booking_id" LT "$9 " \
	"OR (a.booking_id" EQ "$9 AND a.version" LT "$10))))"

#define NEWEST_FIRST \
	" ORDER BY a.at USING OPERATOR(pg_catalog.>), a.booking_id USING OPERATOR(pg_catalog.>), " \
	"a.version USING OPERATOR(pg_catalog.>)"

/* Every row that fits. */
#define ANY_ROW \
	"SELECT a.* FROM booking.audit_log AS a WHERE " CONDITIONS NEWEST_FIRST " LIMIT $11"

/*
 * Those that have to do with resource $12: rows of the bookings that seals know
 * to have to do with it, or that have rows in no seal ($13 <= tx < $14), which
 * name it or come after one that did.
 */
#define RESOURCE_ROW \
	"SELECT a.* FROM (" \
	"SELECT i.id FROM booking.audit_resources AS x " \
	"CROSS JOIN LATERAL pg_catalog.unnest(x.booking_ids) AS i (id) " \
	"WHERE x.tenant_id" EQ "$1 AND x.resource_id" EQ "$12 AND x.last_at" GE "$2 " \
	"AND x.first_at" LT "$3 UNION " \
	"SELECT a.booking_id FROM booking.audit_log AS a " \
	"WHERE " CONDITIONS " AND a.tx" GE "$13 AND a.tx" LT "$14) AS b " \
	"JOIN booking.audit_log AS a ON a.booking_id" EQ "b.id AND " CONDITIONS \
	" WHERE a.old_values OPERATOR(pg_catalog.->) 'resource_ids' " \
	"OPERATOR(pg_catalog.?) $12::pg_catalog.text OR (SELECT l.new_values " \
	"OPERATOR(pg_catalog.->) 'resource_ids' FROM booking.audit_log AS l " \
	"WHERE l.tenant_id" EQ "$1 AND l.booking_id" EQ "a.booking_id AND l.version" LE "a.version " \
	"AND l.new_values OPERATOR(pg_catalog.?) 'resource_ids' " \
	"ORDER BY l.version USING OPERATOR(pg_catalog.>) LIMIT 1) " \
	"OPERATOR(pg_catalog.?) $12::pg_catalog.text" NEWEST_FIRST " LIMIT $11"

#define RESULT_ROWS(rows, values, join) \
	"SELECT a.tenant_id, a.booking_id, a.version, a.branch_id, a.session_id, a.request_id, " \
	"a.actor, a.actor_kind, a.role, a.channel, a.action, a.status, a.old_values, a.new_values, " \
	values ", a.reason_code, a.reversible, a.overrides, a.metadata, a.at, " \
	"pg_catalog.concat((EXTRACT(epoch FROM a.at) OPERATOR(pg_catalog.*) 1000000)" \
	"::pg_catalog.int8, '/', a.booking_id, '/', a.version) FROM (" rows ") AS a " join \
	NEWEST_FIRST

#define WITHOUT_PRIVATE(rows) \
	RESULT_ROWS(rows, "NULL::pg_catalog.jsonb", "")
#define WITH_PRIVATE(rows) \
	RESULT_ROWS(rows, "p.private_values", \
				"LEFT JOIN booking.audit_private AS p ON p.tenant_id" EQ "a.tenant_id " \
				"AND p.booking_id" EQ "a.booking_id AND p.version" EQ "a.version ")

#define SEARCH_ARGUMENTS \
	UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, TEXTOID, UUIDOID, UUIDOID, \
	TIMESTAMPTZOID, UUIDOID, INT4OID, INT8OID

/* Adds the first rows of a window to the result; returns how many. */
uint64
history_store_search(const AuditQuery *query, ReturnSetInfo *result)
{
	static StorePlan any = {
		WITHOUT_PRIVATE(ANY_ROW), 11, {SEARCH_ARGUMENTS}, true
	};
	static StorePlan any_with_private = {
		WITH_PRIVATE(ANY_ROW), 11, {SEARCH_ARGUMENTS}, true
	};
	static StorePlan of_resource = {
		WITHOUT_PRIVATE(RESOURCE_ROW), 14, {SEARCH_ARGUMENTS, UUIDOID, INT8OID, INT8OID}, true
	};
	static StorePlan of_resource_with_private = {
		WITH_PRIVATE(RESOURCE_ROW), 14, {SEARCH_ARGUMENTS, UUIDOID, INT8OID, INT8OID}, true
	};
	StorePlan  *plan;
	Datum		values[14] = {
		UUIDPGetDatum(query->tenant), TimestampTzGetDatum(query->from),
		TimestampTzGetDatum(query->until), PointerGetDatum(query->action),
		PointerGetDatum(query->actor), UUIDPGetDatum(query->booking),
		UUIDPGetDatum(query->branch), TimestampTzGetDatum(query->after_at),
		UUIDPGetDatum(&query->after_booking), Int32GetDatum(query->after_version),
		Int64GetDatum(query->limit), UUIDPGetDatum(query->resource),
		Int64GetDatum(query->unsealed_from), Int64GetDatum(query->unsealed_until)
	};
	char		nulls[] = "              ";
	uint64		rows;

	nulls[3] = query->action ? ' ' : 'n';
	nulls[4] = query->actor ? ' ' : 'n';
	nulls[5] = query->booking ? ' ' : 'n';
	nulls[6] = query->branch ? ' ' : 'n';
	nulls[7] = nulls[8] = nulls[9] = query->has_after ? ' ' : 'n';
	if (query->resource != NULL)
		plan = query->private_values ? &of_resource_with_private : &of_resource;
	else
		plan = query->private_values ? &any_with_private : &any;
	rows = trail_execute(plan, values, nulls, STORE_CALLER | STORE_READ);
	return_rows(result, rows);
	return rows;
}

/* ---- booking_as_of ---- */

/* An instant as the trail writes it, whatever the session's settings are. */
#define INSTANT(value) \
	"pg_catalog.concat(pg_catalog.rtrim(pg_catalog.rtrim(pg_catalog.to_char(" \
	"pg_catalog.timezone('UTC', " value "), 'YYYY-MM-DD\"T\"HH24:MI:SS.US'), '0'), '.'), 'Z')"

#define PRIVATE_COLUMNS \
	"pg_catalog.jsonb_build_object('metadata', pg_catalog.jsonb_build_object()) " \
	"OPERATOR(pg_catalog.||) COALESCE((SELECT pg_catalog.jsonb_object_agg(e.key, e.value " \
	"ORDER BY p.version USING OPERATOR(pg_catalog.<)) FROM booking.audit_private AS p " \
	"CROSS JOIN LATERAL pg_catalog.jsonb_each(p.private_values OPERATOR(pg_catalog.->) 'new') AS e " \
	"WHERE p.tenant_id" EQ "$1 AND p.booking_id" EQ "l.booking_id AND p.version" LE "l.version " \
	"AND e.key" NE "ALL ('{note,answers}')), '{}') OPERATOR(pg_catalog.||) "

/*
 * The bookings $2 of tenant $1 as they were at $3: what the rows of the trail
 * set up to then, the last value of each column; what is about the change
 * itself stands in columns of the last row.  Who made it booked it, unless it
 * says somebody else.  With $4, those whose slot
 * overlapped it.
 */
#define AS_OF(private_values) \
	"SELECT v.booking_id, v.version, v.status, v.branch_id, v.service_id, v.starts_at, " \
	"v.ends_at, v.resource_ids, v.units, v.customer_id, v.price, v.currency, v.updated_at, " \
	"v.booking FROM (" \
	"SELECT l.booking_id, l.version, l.status, l.branch_id, " \
	"(o.booking OPERATOR(pg_catalog.->>) 'service_id')::pg_catalog.uuid AS service_id, " \
	"(o.booking OPERATOR(pg_catalog.->>) 'starts_at')::pg_catalog.timestamptz AS starts_at, " \
	"(o.booking OPERATOR(pg_catalog.->>) 'ends_at')::pg_catalog.timestamptz AS ends_at, " \
	"ARRAY(SELECT i.id::pg_catalog.uuid FROM pg_catalog.jsonb_array_elements_text(" \
	"o.booking OPERATOR(pg_catalog.->) 'resource_ids') WITH ORDINALITY AS i (id, n) " \
	"ORDER BY i.n USING OPERATOR(pg_catalog.<)) AS resource_ids, " \
	"(o.booking OPERATOR(pg_catalog.->>) 'units')::pg_catalog.int4 AS units, " \
	"(o.booking OPERATOR(pg_catalog.->>) 'customer_id')::pg_catalog.uuid AS customer_id, " \
	"(o.booking OPERATOR(pg_catalog.->>) 'price')::pg_catalog.numeric AS price, " \
	"o.booking OPERATOR(pg_catalog.->>) 'currency' AS currency, l.at AS updated_at, " \
	"pg_catalog.jsonb_build_object('booked_by', o.actor) OPERATOR(pg_catalog.||) " \
	"o.booking OPERATOR(pg_catalog.||) " private_values \
	"pg_catalog.jsonb_build_object('tenant_id', l.tenant_id, 'id', l.booking_id, " \
	"'version', l.version, 'actor', l.actor, 'actor_kind', l.actor_kind, " \
	"'request_id', l.request_id, 'channel', l.channel, " \
	"'overrides', CASE WHEN l.new_values OPERATOR(pg_catalog.?) 'overrides' " \
	"THEN l.new_values OPERATOR(pg_catalog.->) 'overrides' ELSE pg_catalog.to_jsonb(l.overrides) END, " \
	"'change_metadata', l.metadata, " \
	"'updated_at', " INSTANT("l.at") ", 'during', pg_catalog.concat('[', " \
	"o.booking OPERATOR(pg_catalog.->>) 'starts_at', ',', " \
	"o.booking OPERATOR(pg_catalog.->>) 'ends_at', ')')) AS booking " \
	"FROM (SELECT DISTINCT b.id FROM pg_catalog.unnest($2) AS b (id)) AS b " \
	"CROSS JOIN LATERAL (SELECT a.* FROM booking.audit_log AS a WHERE a.tenant_id" EQ "$1 " \
	"AND a.booking_id" EQ "b.id AND a.at" LE "$3 " \
	"ORDER BY a.version USING OPERATOR(pg_catalog.>) LIMIT 1) AS l " \
	"CROSS JOIN LATERAL (SELECT pg_catalog.jsonb_object_agg(e.key, e.value " \
	"ORDER BY a.version USING OPERATOR(pg_catalog.<)) AS booking, " \
	"pg_catalog.max(a.actor) FILTER (WHERE a.version" EQ "1) AS actor " \
	"FROM booking.audit_log AS a CROSS JOIN LATERAL pg_catalog.jsonb_each(a.new_values) AS e " \
	"WHERE a.tenant_id" EQ "$1 AND a.booking_id" EQ "l.booking_id " \
	"AND a.version" LE "l.version) AS o) AS v " \
	"WHERE $4 IS NULL OR pg_catalog.tstzrange(v.starts_at, v.ends_at)" OVERLAPS "$4 " \
	"ORDER BY v.starts_at USING OPERATOR(pg_catalog.<), v.booking_id USING OPERATOR(pg_catalog.<)"

/*
 * Adds bookings as they were at a time to the result; during (a tstzrange, 0:
 * any) says of which slots.
 */
void
history_store_as_of(const pg_uuid_t *tenant, ArrayType *bookings, Datum during, TimestampTz at,
			  bool private_values, ReturnSetInfo *result)
{
	static StorePlan plan = {
		AS_OF(""), 4, {UUIDOID, UUIDARRAYOID, TIMESTAMPTZOID, TSTZRANGEOID}
	};
	static StorePlan plan_with_private = {
		AS_OF(PRIVATE_COLUMNS), 4, {UUIDOID, UUIDARRAYOID, TIMESTAMPTZOID, TSTZRANGEOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), PointerGetDatum(bookings), TimestampTzGetDatum(at), during
	};
	char		nulls[] = "    ";

	nulls[3] = during == (Datum) 0 ? 'n' : ' ';
	return_rows(result, trail_execute(private_values ? &plan_with_private : &plan, values, nulls,
									  STORE_CALLER | STORE_READ));
}

/*
 * The bookings whose slot overlaps a window now, or did before a change since
 * a moment: whatever overlapped it then is among them.
 */
ArrayType *
history_store_candidates(const pg_uuid_t *tenant, TimeSpan during, TimestampTz at)
{
	static StorePlan plan = {
		"SELECT b.id FROM booking.bookings AS b WHERE b.tenant_id" EQ "$1 "
		"AND b.starts_at" LT "$3 AND b.ends_at" GT "$2 UNION "
		"SELECT a.booking_id FROM booking.audit_log AS a WHERE a.tenant_id" EQ "$1 "
		"AND a.at" GT "$4 AND a.old_values OPERATOR(pg_catalog.?|) '{starts_at,ends_at}' "
		"AND (a.old_values OPERATOR(pg_catalog.->>) 'starts_at' IS NULL OR "
		"(a.old_values OPERATOR(pg_catalog.->>) 'starts_at')::pg_catalog.timestamptz" LT "$3) "
		"AND (a.old_values OPERATOR(pg_catalog.->>) 'ends_at' IS NULL OR "
		"(a.old_values OPERATOR(pg_catalog.->>) 'ends_at')::pg_catalog.timestamptz" GT "$2)",
		4, {UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), TimestampTzGetDatum(during.from),
		TimestampTzGetDatum(during.until), TimestampTzGetDatum(at)
	};
	pg_uuid_t  *ids;
	int			count;

	(void) trail_execute(&plan, values, NULL, STORE_CALLER | STORE_READ);
	ids = store_uuid_list(&count);
	SPI_freetuptable(SPI_tuptable);
	return store_uuid_array(ids, count);
}

/* ---- erasing ---- */

/* A row's values with this actor replaced where they say who booked. */
#define ERASED_VALUES(column) \
	column " = CASE WHEN a." column " OPERATOR(pg_catalog.->>) 'booked_by'" EQ "$2 " \
	"THEN pg_catalog.jsonb_set(a." column ", '{booked_by}', pg_catalog.to_jsonb(" \
	"pg_catalog.concat('" ERASED_PREFIX "', pg_catalog.encode($3, 'hex')))) ELSE a." column " END"

/*
 * Takes an actor out of a tenant's trail; digest is what stays of him, as
 * seals know it.  Returns in how many rows he was.  Goes through the whole
 * trail: who booked is in no index.
 */
int64
history_store_erase_actor(const pg_uuid_t *tenant, const char *actor, bytea *digest)
{
	static StorePlan plan = {
		"UPDATE booking.audit_log AS a SET "
		"actor_digest = CASE WHEN a.actor" EQ "$2 AND a.actor_digest IS NULL THEN $3 "
		"ELSE a.actor_digest END, "
		"actor = CASE WHEN a.actor" EQ "$2 THEN '" ERASED_ACTOR "' ELSE a.actor END, "
		ERASED_VALUES("old_values") ", " ERASED_VALUES("new_values") " "
		"WHERE a.tenant_id" EQ "$1 AND (a.actor" EQ "$2 "
		"OR a.old_values OPERATOR(pg_catalog.->>) 'booked_by'" EQ "$2 "
		"OR a.new_values OPERATOR(pg_catalog.->>) 'booked_by'" EQ "$2)",
		3, {UUIDOID, TEXTOID, BYTEAOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), CStringGetTextDatum(actor), PointerGetDatum(digest)
	};

	return (int64) store_execute(&plan, values, NULL, STORE_DERIVED);
}
