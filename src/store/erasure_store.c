/*-------------------------------------------------------------------------
 *
 * erasure_store.c
 *	  Statements that merge customers and erase personal data.
 *
 * A table that comes to hold something about a customer, or to name an actor,
 * gets its statement in blank_actor() or erasure_blank(): test/sql/erase.sql
 * looks through all tables for what is left.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "rules/ids.h"
#include "store/erasure_store.h"
#include "store/plan.h"

#define GET_TEXT	" OPERATOR(pg_catalog.->>) "

/* ---- merging ---- */

/* Locks two customers in order; false unless both are there. */
bool
erasure_lock_customers(const pg_uuid_t *tenant, const pg_uuid_t *one, const pg_uuid_t *other)
{
	static StorePlan plan = {
		"SELECT id FROM booking.customers WHERE tenant_id" EQ "$1 AND id" EQ "ANY ($2) "
		"ORDER BY id FOR UPDATE",
		2, {UUIDOID, UUIDARRAYOID}
	};
	pg_uuid_t	ids[] = {*one, *other};
	Datum		values[] = {UUIDPGetDatum(tenant), PointerGetDatum(store_uuid_array(ids, 2))};

	return store_execute(&plan, values, NULL, STORE_OWNER) == 2;
}

bool
erasure_customer_exists(const pg_uuid_t *tenant, const pg_uuid_t *id)
{
	static StorePlan plan = {
		"SELECT FROM booking.customers WHERE tenant_id" EQ "$1 AND id" EQ "$2",
		2, {UUIDOID, UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(id)};

	return store_execute(&plan, values, NULL, STORE_OWNER) > 0;
}

/* Locks the bookings of a customer, in order. */
pg_uuid_t *
erasure_lock_bookings_of(const pg_uuid_t *tenant, const pg_uuid_t *customer, int *count)
{
	static StorePlan plan = {
		"SELECT id FROM booking.bookings WHERE tenant_id" EQ "$1 AND customer_id" EQ "$2 "
		"ORDER BY id FOR NO KEY UPDATE",
		2, {UUIDOID, UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(customer)};

	store_execute(&plan, values, NULL, STORE_OWNER);
	return store_uuid_list(count);
}

/*
 * Gives the orders of a customer whose bookings another has got by now to that
 * one too, and makes one row of the two: what the one that is kept lacks comes
 * from the other.
 */
void
erasure_join_customers(const pg_uuid_t *tenant, const pg_uuid_t *keep, const pg_uuid_t *drop)
{
	static StorePlan give_orders = {
		"UPDATE booking.orders SET customer_id = $2 "
		"WHERE tenant_id" EQ "$1 AND customer_id" EQ "$3 AND id" EQ "ANY (SELECT order_id "
		"FROM booking.bookings WHERE tenant_id" EQ "$1 AND customer_id" EQ "$2)",
		3, {UUIDOID, UUIDOID, UUIDOID}
	};
	static StorePlan read_details = {
		"SELECT email, name, phone, locale, actor FROM booking.customers "
		"WHERE tenant_id" EQ "$1 AND id" EQ "$2",
		2, {UUIDOID, UUIDOID}
	};
	static StorePlan remove = {
		"DELETE FROM booking.customers WHERE tenant_id" EQ "$1 AND id" EQ "$2",
		2, {UUIDOID, UUIDOID}
	};
	static StorePlan fill_in = {
		"UPDATE booking.customers SET email = COALESCE(email, $3), name = COALESCE(name, $4), "
		"phone = COALESCE(phone, $5), locale = COALESCE(locale, $6), "
		"actor = COALESCE(actor, $7), updated_at = pg_catalog.now() "
		"WHERE tenant_id" EQ "$1 AND id" EQ "$2",
		7, {UUIDOID, UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID}
	};
	Datum		both[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(keep), UUIDPGetDatum(drop)};
	Datum		dropped[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(drop)};
	Datum		values[7] = {UUIDPGetDatum(tenant), UUIDPGetDatum(keep)};
	char		nulls[] = "       ";

	store_execute(&give_orders, both, NULL, STORE_OWNER);
	store_execute(&read_details, dropped, NULL, STORE_OWNER);
	for (int i = 2; i < lengthof(values); i++)
	{
		bool		isnull;

		values[i] = store_copy_column(CurrentMemoryContext, 0, i - 1, &isnull);
		nulls[i] = isnull ? 'n' : ' ';
	}
	/* no two have the same e-mail */
	store_execute(&remove, dropped, NULL, STORE_DERIVED);
	store_execute(&fill_in, values, nulls, STORE_OWNER);
}

/* ---- erasing ---- */

/* Locks a customer who is to be erased and tells who he is; false if there is none. */
bool
erasure_lock_person(const pg_uuid_t *tenant, const pg_uuid_t *customer, ErasedPerson *person)
{
	static StorePlan plan = {
		"SELECT c.email_key, CASE WHEN NOT EXISTS (SELECT FROM booking.customers AS o "
		"WHERE o.tenant_id" EQ "$1 AND o.actor" EQ "c.actor AND o.id" NE "$2) THEN c.actor END "
		"FROM booking.customers AS c WHERE c.tenant_id" EQ "$1 AND c.id" EQ "$2 FOR UPDATE OF c",
		2, {UUIDOID, UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(customer)};

	if (store_execute(&plan, values, NULL, STORE_OWNER) == 0)
		return false;
	person->customer = *customer;
	person->email_key = store_text_column(CurrentMemoryContext, 0, 1);
	person->actor = store_text_column(CurrentMemoryContext, 0, 2);
	person->bookings = NULL;
	return true;
}

/* tenant, customer, e-mail, actor; and the nulls among them */
static char *
person_values(const pg_uuid_t *tenant, const ErasedPerson *person, Datum *values)
{
	values[0] = UUIDPGetDatum(tenant);
	values[1] = UUIDPGetDatum(&person->customer);
	values[2] = person->email_key ? CStringGetTextDatum(person->email_key) : (Datum) 0;
	values[3] = person->actor ? CStringGetTextDatum(person->actor) : (Datum) 0;
	return psprintf("  %c%c", person->email_key ? ' ' : 'n', person->actor ? ' ' : 'n');
}

/*
 * Locks the bookings that tell about a person, in order: his own, those that
 * are nobody's but were made by him or with his e-mail address, and those on
 * which he acted for others.
 */
void
erasure_find_bookings(const pg_uuid_t *tenant, ErasedPerson *person)
{
	static StorePlan plan = {
		"SELECT id, COALESCE(customer_id" EQ "$2, booked_by" EQ "$4 OR pg_catalog.lower("
		"pg_catalog.btrim(contact" GET_TEXT "'email'))" EQ "$3, false) FROM booking.bookings "
		"WHERE tenant_id" EQ "$1 AND (customer_id" EQ "$2 "
		"OR (customer_id IS NULL AND pg_catalog.lower(pg_catalog.btrim("
		"contact" GET_TEXT "'email'))" EQ "$3) "
		"OR booked_by" EQ "$4 OR actor" EQ "$4) ORDER BY id FOR UPDATE",
		4, {UUIDOID, UUIDOID, TEXTOID, TEXTOID}
	};
	Datum		values[4];
	char	   *nulls = person_values(tenant, person, values);
	uint64		rows = store_execute(&plan, values, nulls, STORE_OWNER);
	pg_uuid_t  *own = palloc(sizeof(pg_uuid_t) * Max(rows, 1));
	int			count = 0;

	for (uint64 row = 0; row < rows; row++)
		if (DatumGetBool(store_column(row, 2, NULL)))
			own[count++] = store_uuid_column(row, 1, NULL);
	person->bookings = store_uuid_array(own, count);
}

/* How many of a customer's bookings are still to come. */
int
erasure_count_live(const pg_uuid_t *tenant, const pg_uuid_t *customer, TimestampTz now)
{
	static StorePlan plan = {
		"SELECT pg_catalog.count(*) FROM booking.bookings "
		"WHERE tenant_id" EQ "$1 AND customer_id" EQ "$2 AND ends_at" GT "$3 "
		"AND status" NE "ALL (ARRAY['completed', 'no_show', 'cancelled']) "
		"AND (expires_at IS NULL OR expires_at" GT "$3)",
		3, {UUIDOID, UUIDOID, TIMESTAMPTZOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(customer), TimestampTzGetDatum(now)
	};

	store_execute(&plan, values, NULL, STORE_OWNER);
	return (int) DatumGetInt64(store_column(0, 1, NULL));
}

/*
 * Erases who somebody was wherever he acted, but for the audit trail.  A role that was mapped to him
 * can do nothing from then on.
 */
static void
blank_actor(const pg_uuid_t *tenant, const char *actor)
{
#define OF_ACTOR(column) "WHERE tenant_id" EQ "$1 AND " column EQ "$2"
	static StorePlan plans[] = {
		{"UPDATE booking.bookings SET booked_by = CASE WHEN booked_by" NE "$2 THEN booked_by END, "
			"actor = CASE WHEN actor" NE "$2 THEN actor END WHERE tenant_id" EQ "$1 AND (booked_by" EQ "$2 OR actor" EQ "$2)", 2, {UUIDOID, TEXTOID}},
		{"UPDATE booking.notes SET author = NULL " OF_ACTOR("author"), 2, {UUIDOID, TEXTOID}},
		{"UPDATE booking.payments SET recorded_by = NULL " OF_ACTOR("recorded_by"), 2, {UUIDOID, TEXTOID}},
		{"UPDATE booking.resources SET owner = NULL " OF_ACTOR("owner"), 2, {UUIDOID, TEXTOID}},
		{"DELETE FROM booking.principals " OF_ACTOR("actor"), 2, {UUIDOID, TEXTOID}},
		{"UPDATE booking.erasures SET erased_by = NULL " OF_ACTOR("erased_by"), 2, {UUIDOID, TEXTOID}},
		/* whom it was issued to, nobody can redeem any more but staff */
		{"UPDATE booking.undo_tokens SET issued_to = NULL " OF_ACTOR("issued_to"), 2, {UUIDOID, TEXTOID}},
		{"UPDATE booking.undo_batches SET issued_to = NULL " OF_ACTOR("issued_to"), 2, {UUIDOID, TEXTOID}},
		{"DELETE FROM booking.idempotency_keys " OF_ACTOR("actor"), 2, {UUIDOID, TEXTOID}}
	};
	Datum		values[] = {UUIDPGetDatum(tenant), CStringGetTextDatum(actor)};

	for (int i = 0; i < lengthof(plans); i++)
		store_execute(&plans[i], values, NULL, STORE_DERIVED);
}

/*
 * Erases the audited values of what was the customer's: all of a booking that
 * is his, or was to its end; of one that he had for a time, those up to then.
 */
static int
blank_history(const pg_uuid_t *tenant, const ErasedPerson *person)
{
	static StorePlan of_customer = {
		"WITH mention AS (SELECT a.booking_id, pg_catalog.max(a.version) AS version "
		"FROM booking.audit_log AS a WHERE a.tenant_id" EQ "$1 "
		"AND (a.new_values" GET_TEXT "'customer_id'" EQ "$2 "
		"OR a.old_values" GET_TEXT "'customer_id'" EQ "$2) GROUP BY a.booking_id), "
		"his AS (SELECT m.booking_id, CASE WHEN a.new_values" GET_TEXT "'customer_id'" EQ "$2 "
		"THEN NULL ELSE m.version END AS until FROM mention AS m JOIN booking.audit_log AS a "
		"ON a.tenant_id" EQ "$1 AND a.booking_id" EQ "m.booking_id AND a.version" EQ "m.version) "
		"DELETE FROM booking.audit_private AS p USING his WHERE p.tenant_id" EQ "$1 "
		"AND p.booking_id" EQ "his.booking_id AND (his.until IS NULL OR p.version" LE "his.until)",
		2, {UUIDOID, TEXTOID}
	};
	static StorePlan of_bookings = {
		"DELETE FROM booking.audit_private WHERE tenant_id" EQ "$1 AND booking_id" EQ "ANY ($2)",
		2, {UUIDOID, UUIDARRAYOID}
	};
	/* bookings that were removed, but were never a customer's */
	static StorePlan of_address = {
		"DELETE FROM booking.audit_private WHERE tenant_id" EQ "$1 "
		"AND (pg_catalog.lower(pg_catalog.btrim(private_values OPERATOR(pg_catalog.#>>) "
		"'{new,contact,email}'))" EQ "$2 "
		"OR pg_catalog.lower(pg_catalog.btrim(private_values OPERATOR(pg_catalog.#>>) "
		"'{old,contact,email}'))" EQ "$2)",
		2, {UUIDOID, TEXTOID}
	};
	static StorePlan of_actor = {
		"DELETE FROM booking.audit_private AS p USING booking.audit_log AS a "
		"WHERE a.tenant_id" EQ "$1 AND a.actor" EQ "$2 AND p.tenant_id" EQ "$1 "
		"AND p.booking_id" EQ "a.booking_id AND p.version" EQ "a.version "
		"AND NOT EXISTS (SELECT FROM booking.bookings AS b WHERE b.tenant_id" EQ "$1 "
		"AND b.id" EQ "a.booking_id)",
		2, {UUIDOID, TEXTOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), CStringGetTextDatum(ids_text(&person->customer))
	};
	uint64		count = store_execute(&of_customer, values, NULL, STORE_DERIVED);

	values[1] = PointerGetDatum(person->bookings);
	count += store_execute(&of_bookings, values, NULL, STORE_DERIVED);
	if (person->email_key != NULL)
	{
		values[1] = CStringGetTextDatum(person->email_key);
		count += store_execute(&of_address, values, NULL, STORE_DERIVED);
	}
	if (person->actor != NULL)
	{
		values[1] = CStringGetTextDatum(person->actor);
		count += store_execute(&of_actor, values, NULL, STORE_DERIVED);
	}
	return (int) count;
}

/* Erases a person whose bookings were found; returns how many rows told of him. */
ErasedRows
erasure_blank(const pg_uuid_t *tenant, const ErasedPerson *person)
{
	static StorePlan blank_bookings = {
		"UPDATE booking.bookings SET contact = NULL, title = NULL, description = NULL, "
		"attendees = NULL, metadata = '{}', conversation = NULL, change_metadata = NULL "
		"WHERE tenant_id" EQ "$1 AND id" EQ "ANY ($2)",
		2, {UUIDOID, UUIDARRAYOID}
	};
	static StorePlan delete_notes = {
		"DELETE FROM booking.notes WHERE tenant_id" EQ "$1 AND booking_id" EQ "ANY ($2)",
		2, {UUIDOID, UUIDARRAYOID}
	};
	static StorePlan delete_answers = {
		"DELETE FROM booking.answers WHERE tenant_id" EQ "$1 AND booking_id" EQ "ANY ($2)",
		2, {UUIDOID, UUIDARRAYOID}
	};
	static StorePlan blank_refs = {
		"UPDATE booking.external_refs SET data = NULL "
		"WHERE tenant_id" EQ "$1 AND booking_id" EQ "ANY ($2)",
		2, {UUIDOID, UUIDARRAYOID}
	};
	static StorePlan blank_customer = {
		"UPDATE booking.customers SET email = NULL, name = NULL, phone = NULL, locale = NULL, "
		"notify = false, actor = NULL, updated_at = pg_catalog.now() "
		"WHERE tenant_id" EQ "$1 AND id" EQ "$2",
		2, {UUIDOID, UUIDOID}
	};
	Datum		bookings[] = {UUIDPGetDatum(tenant), PointerGetDatum(person->bookings)};
	Datum		customer[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(&person->customer)};
	ErasedRows	rows;

	rows.bookings = (int) store_execute(&blank_bookings, bookings, NULL, STORE_DERIVED);
	rows.notes = (int) store_execute(&delete_notes, bookings, NULL, STORE_DERIVED);
	rows.answers = (int) store_execute(&delete_answers, bookings, NULL, STORE_DERIVED);
	store_execute(&blank_refs, bookings, NULL, STORE_DERIVED);
	rows.audit_values = blank_history(tenant, person);
	if (person->actor != NULL)
		blank_actor(tenant, person->actor);
	store_execute(&blank_customer, customer, NULL, STORE_DERIVED);
	return rows;
}

/* Notes that somebody was erased; by may be NULL. */
void
erasure_note(const pg_uuid_t *tenant, const pg_uuid_t *customer, const ErasedRows *rows,
			 const char *by, TimestampTz now)
{
	static StorePlan plan = {
		"INSERT INTO booking.erasures (tenant_id, id, customer_id, bookings, notes, answers, "
		"audit_values, erased_by, erased_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		9, {
			UUIDOID, UUIDOID, UUIDOID, INT4OID, INT4OID, INT4OID, INT4OID, TEXTOID, TIMESTAMPTZOID
		}
	};
	pg_uuid_t	id = ids_new();
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(&id), UUIDPGetDatum(customer),
		Int32GetDatum(rows->bookings), Int32GetDatum(rows->notes), Int32GetDatum(rows->answers),
		Int32GetDatum(rows->audit_values), by ? CStringGetTextDatum(by) : (Datum) 0,
		TimestampTzGetDatum(now)
	};

	store_execute(&plan, values, by ? NULL : "       n ", STORE_DERIVED);
}
