/*-------------------------------------------------------------------------
 *
 * settings_store.c
 *	  The "settings" columns.
 *
 * Those of services, resources and branches are read with the rest of their
 * rows and kept (config.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "store/plan.h"
#include "store/settings_store.h"

/* A tenant's settings; false when there is no such tenant. */
bool
settings_of_tenant(const pg_uuid_t *tenant, const Settings **settings)
{
	static StorePlan plan = {
		"SELECT settings FROM booking.tenants WHERE id" EQ "$1", 1, {UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant)};

	if (store_execute(&plan, values, NULL, STORE_OWNER) == 0)
		return false;
	*settings = settings_parse(DatumGetJsonbP(store_column(0, 1, NULL)), LEVEL_TENANT);
	return true;
}

/*
 * Writes one setting of a row, or takes it out if the value is NULL, with the
 * caller's rights; false when the caller may not write any such row.
 */
bool
settings_store(CodedTable table, const pg_uuid_t *tenant, const pg_uuid_t *id,
			   const char *key, Jsonb *value)
{
#define SETTING_UPDATE(table, owned) \
	{"UPDATE booking." table " SET settings = CASE " \
	"WHEN $4 IS NULL THEN settings OPERATOR(pg_catalog.-) $3 " \
	"ELSE pg_catalog.jsonb_set(settings, ARRAY[$3], $4) END " \
	"WHERE " owned "id" EQ "$2", \
	4, {UUIDOID, UUIDOID, TEXTOID, JSONBOID}}
#define OWNED "tenant_id" EQ "$1 AND "
	static StorePlan plans[] = {
		[CODED_TENANT] = SETTING_UPDATE("tenants", "$1 IS NOT NULL AND "),
		[CODED_BRANCH] = SETTING_UPDATE("branches", OWNED),
		[CODED_SERVICE] = SETTING_UPDATE("services", OWNED),
		[CODED_RESOURCE] = SETTING_UPDATE("resources", OWNED),
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(id), CStringGetTextDatum(key),
		value ? JsonbPGetDatum(value) : (Datum) 0
	};

	return store_execute(&plans[table], values, value ? NULL : "   n", STORE_CALLER) > 0;
}
