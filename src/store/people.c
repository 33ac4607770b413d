/*-------------------------------------------------------------------------
 *
 * people.c
 *	  Customers, and what database roles may do.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "errors.h"
#include "rules/contact.h"
#include "rules/ids.h"
#include "store/people.h"
#include "store/plan.h"

static const char *const level_names[] = {
	[ACCESS_NONE] = "none",
	[ACCESS_AUDITOR] = "auditor",
	[ACCESS_CLIENT] = "client",
	[ACCESS_STAFF] = "staff",
	[ACCESS_ADMIN] = "admin",
	[ACCESS_OWNER] = "owner"
};

const char *
people_level_name(AccessLevel level)
{
	return level_names[level];
}

/*
 * What grant_access() gave a role, by itself or through a role it is a member
 * of (the role itself first, then the strongest).  tenant, if not NULL, tells
 * which of several tenants is meant.
 */
Principal
people_principal(Oid role, const pg_uuid_t *tenant)
{
	static StorePlan plan = {
		"SELECT p.tenant_id, p.level, p.actor, p.roles FROM booking.principals AS p "
		"JOIN pg_catalog.pg_roles AS r ON r.rolname" EQ "p.role_name "
		"WHERE pg_catalog.pg_has_role($1, r.oid, 'USAGE') "
		"ORDER BY CASE WHEN p.tenant_id" EQ "$2 THEN 0 ELSE 1 END, "
		"CASE WHEN r.oid" EQ "$1 THEN 0 ELSE 1 END, "
		"pg_catalog.array_position(ARRAY['admin', 'staff', 'client', 'auditor'], p.level), "
		"p.role_name, p.tenant_id LIMIT 1",
		2, {OIDOID, UUIDOID}
	};
	Datum		values[] = {ObjectIdGetDatum(role), tenant ? UUIDPGetDatum(tenant) : (Datum) 0};
	Principal	principal = {0};
	char	   *level;

	if (store_execute(&plan, values, tenant ? NULL : " n", STORE_OWNER) == 0)
		return principal;

	principal.mapped = true;
	principal.tenant = store_uuid_column(0, 1, NULL);
	level = store_text_column(CurrentMemoryContext, 0, 2);
	for (AccessLevel i = ACCESS_AUDITOR; i <= ACCESS_ADMIN; i++)
		if (strcmp(level, level_names[i]) == 0)
			principal.level = i;
	principal.actor = store_text_column(CurrentMemoryContext, 0, 3);
	principal.roles = store_copy_column(CurrentMemoryContext, 0, 4, NULL);
	return principal;
}

/* ---- customers ---- */

static bool
read_customer(Customer *customer)
{
	if (SPI_processed == 0)
		return false;
	customer->id = store_uuid_column(0, 1, NULL);
	customer->actor = store_text_column(CurrentMemoryContext, 0, 2);
	customer->notify = DatumGetBool(store_column(0, 3, NULL));
	return true;
}

bool
people_find_customer(const pg_uuid_t *tenant, const pg_uuid_t *id, Customer *customer)
{
	static StorePlan plan = {
		"SELECT id, actor, notify FROM booking.customers WHERE tenant_id" EQ "$1 AND id" EQ "$2",
		2, {UUIDOID, UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(id)};

	store_execute(&plan, values, NULL, STORE_OWNER);
	return read_customer(customer);
}

/*
 * Keeps a customer from being removed until the transaction ends.  False if
 * there is none or, unless wait, if somebody has him.
 */
bool
people_share_customer(const pg_uuid_t *tenant, const pg_uuid_t *id, bool wait)
{
#define SHARE_CUSTOMER \
		"SELECT FROM booking.customers WHERE tenant_id" EQ "$1 AND id" EQ "$2 FOR KEY SHARE"
	static StorePlan waiting = {SHARE_CUSTOMER, 2, {UUIDOID, UUIDOID}};
	static StorePlan skipping = {SHARE_CUSTOMER " SKIP LOCKED", 2, {UUIDOID, UUIDOID}};
	Datum		values[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(id)};

	return store_execute(wait ? &waiting : &skipping, values, NULL, STORE_OWNER) > 0;
}

/*
 * Finds a customer by id or, with id NULL, by e-mail, and locks the row:
 * customers come before bookings in the order of locks.
 */
bool
people_lock_customer(const pg_uuid_t *tenant, const pg_uuid_t *id, const char *email,
					 Customer *customer)
{
	static StorePlan by_id = {
		"SELECT id, actor, notify FROM booking.customers "
		"WHERE tenant_id" EQ "$1 AND id" EQ "$2 FOR NO KEY UPDATE",
		2, {UUIDOID, UUIDOID}
	};
	static StorePlan by_email = {
		"SELECT id, actor, notify FROM booking.customers WHERE tenant_id" EQ "$1 "
		"AND email_key" EQ "pg_catalog.lower(pg_catalog.btrim($2)) FOR NO KEY UPDATE",
		2, {UUIDOID, TEXTOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), id ? UUIDPGetDatum(id) : CStringGetTextDatum(email)
	};

	store_execute(id ? &by_id : &by_email, values, NULL, STORE_OWNER);
	return read_customer(customer);
}

static Datum
text_or_null(const char *text, char *null)
{
	*null = text ? ' ' : 'n';
	return text ? CStringGetTextDatum(text) : (Datum) 0;
}

/*
 * Adds a customer; false when another session has just added the same e-mail.
 */
bool
people_add_customer(const pg_uuid_t *tenant, const Contact *contact, const char *actor,
					pg_uuid_t *id)
{
	static StorePlan plan = {
		"INSERT INTO booking.customers (tenant_id, id, email, name, phone, locale, notify, actor) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
		"ON CONFLICT (tenant_id, email_key) DO NOTHING",
		8, {UUIDOID, UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, BOOLOID, TEXTOID}
	};
	static StorePlan tenant_exists = {
		"SELECT FROM booking.tenants WHERE id" EQ "$1", 1, {UUIDOID}
	};
	char		nulls[] = "        ";
	Datum		values[8];

	*id = ids_new();
	values[0] = UUIDPGetDatum(tenant);
	values[1] = UUIDPGetDatum(id);
	values[2] = text_or_null(contact->email, &nulls[2]);
	values[3] = text_or_null(contact->name, &nulls[3]);
	values[4] = text_or_null(contact->phone, &nulls[4]);
	values[5] = text_or_null(contact->locale, &nulls[5]);
	values[6] = BoolGetDatum(contact->has_notify ? contact->notify : true);
	values[7] = text_or_null(actor, &nulls[7]);

	if (store_execute(&tenant_exists, values, NULL, STORE_OWNER) == 0)
		ereport(ERROR,
				(booking_errcode(ERR_NOT_FOUND),
				 errmsg("tenant %s does not exist",
						ids_text(tenant))));
	return store_execute(&plan, values, nulls, STORE_OWNER) == 1;
}

/* Whether somebody else than one customer has an e-mail address. */
bool
people_email_taken(const pg_uuid_t *tenant, const char *email, const pg_uuid_t *except)
{
	static StorePlan plan = {
		"SELECT FROM booking.customers WHERE tenant_id" EQ "$1 "
		"AND email_key" EQ "pg_catalog.lower(pg_catalog.btrim($2)) AND id" NE "$3",
		3, {UUIDOID, TEXTOID, UUIDOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), CStringGetTextDatum(email), UUIDPGetDatum(except)
	};

	return store_execute(&plan, values, NULL, STORE_OWNER) > 0;
}

/* Takes over what was given; what was not stays. */
void
people_update_customer(const pg_uuid_t *tenant, const pg_uuid_t *id, const Contact *contact)
{
	static StorePlan plan = {
		"UPDATE booking.customers SET email = COALESCE($3, email), name = COALESCE($4, name), "
		"phone = COALESCE($5, phone), locale = COALESCE($6, locale), "
		"notify = COALESCE($7, notify), updated_at = pg_catalog.now() "
		"WHERE tenant_id" EQ "$1 AND id" EQ "$2",
		7, {UUIDOID, UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, BOOLOID}
	};
	char		nulls[] = "       ";
	Datum		values[7];

	if (!contact_is_given(contact))
		return;

	values[0] = UUIDPGetDatum(tenant);
	values[1] = UUIDPGetDatum(id);
	values[2] = text_or_null(contact->email, &nulls[2]);
	values[3] = text_or_null(contact->name, &nulls[3]);
	values[4] = text_or_null(contact->phone, &nulls[4]);
	values[5] = text_or_null(contact->locale, &nulls[5]);
	values[6] = BoolGetDatum(contact->notify);
	if (!contact->has_notify)
		nulls[6] = 'n';

	store_execute(&plan, values, nulls, STORE_OWNER);
}

/* The customers that an actor is. */
pg_uuid_t *
people_customers_of_actor(const pg_uuid_t *tenant, const char *actor, int *count)
{
	static StorePlan plan = {
		"SELECT id FROM booking.customers WHERE tenant_id" EQ "$1 AND actor" EQ "$2",
		2, {UUIDOID, TEXTOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant), CStringGetTextDatum(actor)};

	store_execute(&plan, values, NULL, STORE_OWNER);
	return store_uuid_list(count);
}

/* The resources whose organizer somebody is. */
pg_uuid_t *
people_resources_of_owner(const pg_uuid_t *tenant, const char *owner, int *count)
{
	static StorePlan plan = {
		"SELECT id FROM booking.resources WHERE tenant_id" EQ "$1 AND owner" EQ "$2",
		2, {UUIDOID, TEXTOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant), CStringGetTextDatum(owner)};

	store_execute(&plan, values, NULL, STORE_OWNER);
	return store_uuid_list(count);
}
