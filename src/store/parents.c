/*-------------------------------------------------------------------------
 *
 * parents.c
 *	  Rows that bookings refer to without a foreign key.
 *
 * A foreign key would cost every hold a query and a share lock on a row that
 * all holds share.  Instead a parent can't be deleted while bookings refer to
 * it: LOCK TABLE ... IN SHARE MODE waits for all changes of bookings under way
 * and keeps new ones out, so that what is then seen is complete.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "store/parents.h"
#include "store/plan.h"

#define IN_USE(condition) \
	"SELECT FROM booking.bookings WHERE tenant_id" EQ "$1 AND " condition " LIMIT 1"

static StorePlan lock_bookings = {"LOCK TABLE booking.bookings IN SHARE MODE", 0};

static struct
{
	const char *table;
	StorePlan	plan;
}			references[] = {
	{"branches", {IN_USE("branch_id" EQ "$2"), 2, {UUIDOID, UUIDOID}}},
	{"services", {IN_USE("service_id" EQ "$2"), 2, {UUIDOID, UUIDOID}}},
	{"resources", {IN_USE("$2" EQ "ANY (resource_ids)"), 2, {UUIDOID, UUIDOID}}},
	{"customers", {IN_USE("customer_id" EQ "$2"), 2, {UUIDOID, UUIDOID}}},
	{"tenants", {IN_USE("tenant_id" EQ "$2"), 2, {UUIDOID, UUIDOID}}}
};

/*
 * Whether bookings refer to a row of a configuration table; holds the answer
 * true until the transaction ends.
 */
bool
parents_in_use(const char *table, const pg_uuid_t *tenant, const pg_uuid_t *id)
{
	Datum		values[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(id)};

	for (int i = 0; i < lengthof(references); i++)
	{
		if (strcmp(references[i].table, table) != 0)
			continue;
		store_execute(&lock_bookings, NULL, NULL, STORE_OWNER);
		return store_execute(&references[i].plan, values, NULL, STORE_OWNER) > 0;
	}
	return false;
}

/* Whether there are bookings at all; holds the answer true like the above. */
bool
parents_any_booking(void)
{
	static StorePlan plan = {"SELECT FROM booking.bookings LIMIT 1", 0};

	store_execute(&lock_bookings, NULL, NULL, STORE_OWNER);
	return store_execute(&plan, NULL, NULL, STORE_OWNER) > 0;
}

/* Gives a new tenant the reasons that most need. */
void
parents_seed_tenant(const pg_uuid_t *tenant)
{
	static StorePlan plan = {
		"INSERT INTO booking.reason_codes (tenant_id, code, label) "
		"SELECT $1, c.code, c.label FROM (VALUES "
		"('customer_request', 'The customer asked for it'), "
		"('staff_unavailable', 'Staff is not available'), "
		"('resource_unavailable', 'A room or a piece of equipment is not available'), "
		"('weather', 'Weather'), "
		"('duplicate', 'Booked twice by mistake'), "
		"('rejected', 'The request was not approved'), "
		"('payment_failed', 'The payment failed'), "
		"('did_not_arrive', 'The customer did not come'), "
		"('arrived_too_late', 'The customer came too late'), "
		"('auto_no_show', 'Nobody checked in'), "
		"('hold_released', 'The hold was released'), "
		"('hold_expired', 'The hold expired'), "
		"('pending_expired', 'Nobody decided in time'), "
		"('request_lapsed', 'A request for cancellation was not decided before the start'), "
		"('waitlist_lapsed', 'The time that was waited for is over'), "
		"('other', 'Another reason')) AS c (code, label) ON CONFLICT DO NOTHING",
		1, {UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant)};

	store_execute(&plan, values, NULL, STORE_OWNER);
}
