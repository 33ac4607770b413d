/*-------------------------------------------------------------------------
 *
 * external_refs.c
 *	  The rows of booking.external_refs: bookings that stand in calendars.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "store/external_refs.h"
#include "store/plan.h"

/* The provider that manages a booking; NULL when none does. */
char *
external_refs_manager(const pg_uuid_t *tenant, const pg_uuid_t *booking)
{
	static StorePlan plan = {
		"SELECT provider FROM booking.external_refs WHERE tenant_id" EQ "$1 "
		"AND booking_id" EQ "$2 AND managed ORDER BY provider LIMIT 1",
		2, {UUIDOID, UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(booking)};

	if (store_execute(&plan, values, NULL, STORE_OWNER) == 0)
		return NULL;
	return store_text_column(CurrentMemoryContext, 0, 1);
}
