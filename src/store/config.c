/*-------------------------------------------------------------------------
 *
 * config.c
 *	  What can be booked and what can be occupied: services with their needs,
 *	  branches, resources.
 *
 * Services, branches and resources are kept for the session (kept.c), so they
 * are read-only.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "errors.h"
#include "rules/ids.h"
#include "store/config.h"
#include "store/kept.h"
#include "store/plan.h"

/*
 * A length of elapsed time in microseconds: a day is 24 hours; months, which
 * have no length, are refused.
 */
int64
config_interval(const Interval *interval)
{
	int64		days;
	int64		total;

	if (interval->month != 0)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("a length of time can't have months or years"),
				 errhint("Say it in days, hours and minutes.")));
	if (pg_mul_s64_overflow(interval->day, USECS_PER_DAY, &days) ||
		pg_add_s64_overflow(days, interval->time, &total))
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("length of time out of range")));
	return total;
}

static int64
interval_column(uint64 row, int column)
{
	return config_interval(DatumGetIntervalP(store_column(row, column, NULL)));
}

static Settings *
settings_column(uint64 row, int column, SettingLevel level)
{
	Datum		value = store_column(row, column, NULL);
	Jsonb	   *json = DatumGetJsonbP(value);
	Settings   *settings = settings_parse(json, level);

	if (PointerGetDatum(json) != value)
		pfree(json);
	return settings;
}

/* What a service says about lengths: its duration, and columns from one on. */
static void
read_length(Service *service, int duration, int column)
{
	LengthRule *length = &service->length;
	bool		isnull;

	length->usual = interval_column(0, duration);
	length->min = interval_column(0, column);
	length->max = interval_column(0, column + 1);
	store_column(0, column + 2, &isnull);
	length->step = isnull ? 0 : interval_column(0, column + 2);
	length->by_nights = DatumGetBool(store_column(0, column + 3, NULL));
	length->night_starts = DatumGetTimeADT(store_column(0, column + 4, NULL));
	length->night_ends = DatumGetTimeADT(store_column(0, column + 5, NULL));
	length->min_nights = DatumGetInt32(store_column(0, column + 6, NULL));
	length->max_nights = DatumGetInt32(store_column(0, column + 7, &isnull));
}

/* Reads a service with its needs, one row per need. */
static void
read_service(KeptReading *reading)
{
	static StorePlan plan = {
		"SELECT s.name, s.active, s.branch_id, s.duration, s.buffer_before, s.buffer_after, "
		"s.price, COALESCE(s.currency, t.currency), s.min_party, s.max_party, s.settings, "
		"t.settings, EXISTS (SELECT FROM booking.service_resources AS sr "
		"WHERE sr.tenant_id" EQ "$1 AND sr.service_id" EQ "$2), "
		"n.kind, n.quantity, n.units, COALESCE(n.buffer_before, s.buffer_before), "
		"COALESCE(n.buffer_after, s.buffer_after), "
		"COALESCE(s.min_duration, s.duration), COALESCE(s.max_duration, s.duration), "
		"s.duration_step, s.nights, s.night_starts, s.night_ends, s.min_nights, s.max_nights, "
		"s.price_unit, s.tax_rate, s.tax_inclusive, n.adjacent "
		"FROM booking.services AS s JOIN booking.tenants AS t ON t.id" EQ "s.tenant_id "
		"LEFT JOIN booking.service_requirements AS n "
		"ON n.tenant_id" EQ "$1 AND n.service_id" EQ "$2 "
		"WHERE s.tenant_id" EQ "$1 AND s.id" EQ "$2 ORDER BY n.kind",
		2, {UUIDOID, UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(reading->tenant), UUIDPGetDatum(reading->id)};
	MemoryContext context = CurrentMemoryContext;
	uint64		rows = store_execute(&plan, values, NULL, STORE_OWNER);
	Service    *service;
	bool		isnull;

	if (rows == 0)
		return;

	service = palloc0(sizeof(Service));
	service->id = *reading->id;
	service->name = store_text_column(context, 0, 1);
	service->active = DatumGetBool(store_column(0, 2, NULL));
	service->branch_id = store_uuid_column(0, 3, &isnull);
	service->has_branch = !isnull;
	read_length(service, 4, 19);
	service->buffer_before = interval_column(0, 5);
	service->buffer_after = interval_column(0, 6);
	service->tariff.price = DatumGetNumeric(store_copy_column(context, 0, 7, NULL));
	service->tariff.currency = store_text_column(context, 0, 8);
	service->min_party = DatumGetInt32(store_column(0, 9, NULL));
	service->max_party = DatumGetInt32(store_column(0, 10, &isnull));
	service->settings = settings_column(0, 11, LEVEL_SERVICE);
	service->tenant_settings = settings_column(0, 12, LEVEL_TENANT);
	service->restricted = DatumGetBool(store_column(0, 13, NULL));
	service->tariff.unit = money_unit(store_text_column(context, 0, 27));
	service->tariff.tax_rate = DatumGetNumeric(store_copy_column(context, 0, 28, NULL));
	service->tariff.tax_inclusive = DatumGetBool(store_column(0, 29, NULL));

	store_column(0, 14, &isnull);
	if (!isnull)
	{
		service->need_count = (int) rows;
		service->needs = palloc0(sizeof(ServiceNeed) * rows);
		for (uint64 row = 0; row < rows; row++)
		{
			ServiceNeed *need = &service->needs[row];

			need->kind = store_text_column(context, row, 14);
			need->quantity = DatumGetInt32(store_column(row, 15, NULL));
			need->units = DatumGetInt32(store_column(row, 16, NULL));
			need->buffer_before = interval_column(row, 17);
			need->buffer_after = interval_column(row, 18);
			need->adjacent = DatumGetBool(store_column(row, 30, NULL));
		}
	}
	kept_add(reading, &service->id, service);
}

static void
read_branch(KeptReading *reading)
{
	static StorePlan plan = {
		"SELECT b.time_zone, b.settings, b.code, t.code, t.settings FROM booking.branches AS b "
		"JOIN booking.tenants AS t ON t.id" EQ "$1 "
		"WHERE b.tenant_id" EQ "$1 AND b.id" EQ "$2",
		2, {UUIDOID, UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(reading->tenant), UUIDPGetDatum(reading->id)};
	Branch	   *branch;

	if (store_execute(&plan, values, NULL, STORE_OWNER) == 0)
		return;
	branch = palloc(sizeof(Branch));
	branch->id = *reading->id;
	branch->time_zone = store_text_column(CurrentMemoryContext, 0, 1);
	branch->settings = settings_column(0, 2, LEVEL_BRANCH);
	branch->code = store_text_column(CurrentMemoryContext, 0, 3);
	branch->tenant_code = store_text_column(CurrentMemoryContext, 0, 4);
	branch->tenant_settings = settings_column(0, 5, LEVEL_TENANT);
	kept_add(reading, &branch->id, branch);
}

/* The branch of a resource; resources that are read together share it. */
static void
read_branch_of_resource(uint64 row, Resource *resource, const Resource *other)
{
	MemoryContext context = CurrentMemoryContext;
	Branch	   *branch = &resource->branch;

	branch->id = store_uuid_column(row, 7, NULL);
	if (other != NULL && uuid_equal(&branch->id, &other->branch.id))
	{
		*branch = other->branch;
		return;
	}
	branch->time_zone = store_text_column(context, row, 8);
	branch->settings = settings_column(row, 9, LEVEL_BRANCH);
	branch->code = store_text_column(context, row, 10);
	branch->tenant_code = store_text_column(context, row, 11);
	branch->tenant_settings = settings_column(row, 12, LEVEL_TENANT);
}

static void
read_resources(KeptReading *reading)
{
	static StorePlan plan = {
		"SELECT r.id, r.kind, r.code, r.capacity, r.active, r.settings, b.id, b.time_zone, "
		"b.settings, b.code, t.code, t.settings, r.position, "
		"CASE WHEN r.capacity" EQ "1 THEN (SELECT pg_catalog.max(pg_catalog.upper(a.during)) "
		"FROM booking.allocations AS a WHERE a.tenant_id" EQ "$1 AND a.resource_id" EQ "r.id "
		"AND NOT a.exclusive) END "
		"FROM (SELECT * FROM booking.resources WHERE tenant_id" EQ "$1 AND id" GE "$2 "
		"ORDER BY id LIMIT $3) AS r "
		"JOIN booking.branches AS b ON b.tenant_id" EQ "$1 AND b.id" EQ "r.branch_id "
		"JOIN booking.tenants AS t ON t.id" EQ "$1",
		3, {UUIDOID, UUIDOID, INT4OID}
	};
	Datum		values[] = {
		UUIDPGetDatum(reading->tenant), UUIDPGetDatum(reading->id), Int32GetDatum(reading->ahead)
	};
	MemoryContext context = CurrentMemoryContext;
	uint64		rows = store_execute(&plan, values, NULL, STORE_OWNER);
	const Resource *previous = NULL;

	for (uint64 row = 0; row < rows; row++)
	{
		Resource   *resource = palloc(sizeof(Resource));
		bool		isnull;

		resource->id = store_uuid_column(row, 1, NULL);
		resource->kind = store_text_column(context, row, 2);
		resource->code = store_text_column(context, row, 3);
		resource->capacity = DatumGetInt32(store_column(row, 4, NULL));
		resource->active = DatumGetBool(store_column(row, 5, NULL));
		resource->settings = settings_column(row, 6, LEVEL_RESOURCE);
		read_branch_of_resource(row, resource, previous);
		resource->position = DatumGetInt32(store_column(row, 13, NULL));
		resource->overbooked_until = DatumGetTimestampTz(store_column(row, 14, &isnull));
		if (isnull)
			resource->overbooked_until = DT_NOBEGIN;
		kept_add(reading, &resource->id, resource);
		previous = resource;
	}
}

/* A service with its needs; NULL when there is none. */
const Service *
config_service(const pg_uuid_t *tenant, const pg_uuid_t *id)
{
	return kept_row(KEPT_SERVICE, tenant, id, read_service);
}

const Branch *
config_branch(const pg_uuid_t *tenant, const pg_uuid_t *id)
{
	return kept_row(KEPT_BRANCH, tenant, id, read_branch);
}

const Resource *
config_resource(const pg_uuid_t *tenant, const pg_uuid_t *id)
{
	return kept_row(KEPT_RESOURCE, tenant, id, read_resources);
}

/* The same where an id that is unknown is an error. */
static const void *
require_row(const void *row, const char *kind, const pg_uuid_t *id)
{
	if (row == NULL)
		ereport(ERROR,
				(booking_errcode(ERR_NOT_FOUND),
				 errmsg("%s %s does not exist", kind, ids_text(id))));
	return row;
}

const Service *
config_require_service(const pg_uuid_t *tenant, const pg_uuid_t *id)
{
	return require_row(config_service(tenant, id), "service", id);
}

const Branch *
config_require_branch(const pg_uuid_t *tenant, const pg_uuid_t *id)
{
	return require_row(config_branch(tenant, id), "branch", id);
}

const Resource *
config_require_resource(const pg_uuid_t *tenant, const pg_uuid_t *id)
{
	return require_row(config_resource(tenant, id), "resource", id);
}

/*
 * The resources with these ids, in this order.  An unknown or repeated id is
 * an error.
 */
Resource *
config_resources(const pg_uuid_t *tenant, const pg_uuid_t *ids, int count)
{
	Resource   *resources = palloc(sizeof(Resource) * Max(count, 1));

	for (int i = 0; i < count; i++)
	{
		const Resource *resource = config_resource(tenant, &ids[i]);

		for (int j = 0; j < i; j++)
			if (uuid_equal(&ids[i], &ids[j]))
				ereport(ERROR,
						(booking_errcode(ERR_BAD_VALUE),
						 errmsg("resource \"%s\" is named twice", resources[j].code)));
		if (resource == NULL)
			ereport(ERROR,
					(booking_errcode(ERR_NOT_FOUND),
					 errmsg("resource %s does not exist",
							ids_text(&ids[i]))));
		resources[i] = *resource;
	}
	return resources;
}

/* The tenant's branch if there is just one. */
bool
config_sole_branch(const pg_uuid_t *tenant, pg_uuid_t *branch)
{
	static StorePlan plan = {
		"SELECT id FROM booking.branches WHERE tenant_id" EQ "$1 LIMIT 2",
		1, {UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant)};

	if (store_execute(&plan, values, NULL, STORE_OWNER) != 1)
		return false;
	*branch = store_uuid_column(0, 1, NULL);
	return true;
}

/* The tenant if there is just one in this database. */
bool
config_sole_tenant(pg_uuid_t *tenant)
{
	static StorePlan plan = {"SELECT id FROM booking.tenants LIMIT 2", 0};

	if (store_execute(&plan, NULL, NULL, STORE_OWNER) != 1)
		return false;
	*tenant = store_uuid_column(0, 1, NULL);
	return true;
}

/* A tenant's currency; NULL if there is no such tenant. */
char *
config_currency(const pg_uuid_t *tenant)
{
	static StorePlan plan = {
		"SELECT currency FROM booking.tenants WHERE id" EQ "$1", 1, {UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant)};

	if (store_execute(&plan, values, NULL, STORE_OWNER) == 0)
		return NULL;
	return store_text_column(CurrentMemoryContext, 0, 1);
}

/*
 * Resources of one kind (NULL: of any) that may provide a service in a
 * branch, in the order in which the strategy "first" takes them.  Where a
 * service lists resources of a kind, only those may provide it.
 */
pg_uuid_t *
config_candidates(const pg_uuid_t *tenant, const pg_uuid_t *branch,
				  const pg_uuid_t *service, const char *kind, int *count)
{
	static StorePlan plan = {
		"SELECT r.id FROM booking.resources AS r "
		"WHERE r.tenant_id" EQ "$1 AND r.branch_id" EQ "$2 AND r.active "
		"AND (CAST($4 AS pg_catalog.text) IS NULL OR r.kind" EQ "$4) "
		"AND (EXISTS (SELECT FROM booking.service_resources AS sr "
		"WHERE sr.tenant_id" EQ "$1 AND sr.service_id" EQ "$3 AND sr.resource_id" EQ "r.id) "
		"OR NOT EXISTS (SELECT FROM booking.service_resources AS sr "
		"JOIN booking.resources AS o ON o.tenant_id" EQ "$1 AND o.id" EQ "sr.resource_id "
		"WHERE sr.tenant_id" EQ "$1 AND sr.service_id" EQ "$3 AND o.kind" EQ "r.kind)) "
		"ORDER BY r.position, r.code",
		4, {UUIDOID, UUIDOID, UUIDOID, TEXTOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(branch), UUIDPGetDatum(service),
		kind ? CStringGetTextDatum(kind) : (Datum) 0
	};

	store_execute(&plan, values, kind ? NULL : "   n", STORE_OWNER);
	return store_uuid_list(count);
}

/* How many of these resources may provide a service that lists its resources. */
int
config_count_providers(const pg_uuid_t *tenant, const pg_uuid_t *service,
					   const pg_uuid_t *resources, int count)
{
	static StorePlan plan = {
		"SELECT pg_catalog.count(*) FROM booking.resources AS r "
		"WHERE r.tenant_id" EQ "$1 AND r.id" EQ "ANY ($3) "
		"AND (EXISTS (SELECT FROM booking.service_resources AS sr "
		"WHERE sr.tenant_id" EQ "$1 AND sr.service_id" EQ "$2 AND sr.resource_id" EQ "r.id) "
		"OR NOT EXISTS (SELECT FROM booking.service_resources AS sr "
		"JOIN booking.resources AS o ON o.tenant_id" EQ "$1 AND o.id" EQ "sr.resource_id "
		"WHERE sr.tenant_id" EQ "$1 AND sr.service_id" EQ "$2 AND o.kind" EQ "r.kind))",
		3, {UUIDOID, UUIDOID, UUIDARRAYOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(service),
		PointerGetDatum(store_uuid_array(resources, count))
	};

	store_execute(&plan, values, NULL, STORE_OWNER);
	return (int) DatumGetInt64(store_column(0, 1, NULL));
}

/* Whether the tenant has this reason code, and has not retired it. */
bool
config_reason_known(const pg_uuid_t *tenant, const char *code)
{
	static StorePlan plan = {
		"SELECT FROM booking.reason_codes WHERE tenant_id" EQ "$1 AND code" EQ "$2 AND active",
		2, {UUIDOID, TEXTOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant), CStringGetTextDatum(code)};

	return store_execute(&plan, values, NULL, STORE_OWNER) > 0;
}

/*
 * The id of the row with a code in one of the tables that have codes; false
 * when there is none.  For tenants, tenant is ignored.
 */
bool
config_id_of_code(CodedTable table, const pg_uuid_t *tenant, const char *code, pg_uuid_t *id)
{
#define BY_CODE(table) \
	{"SELECT id FROM booking." table " WHERE tenant_id" EQ "$1 AND code" EQ "$2", \
	2, {UUIDOID, TEXTOID}}
	static StorePlan plans[] = {
		[CODED_BRANCH] = BY_CODE("branches"),
		[CODED_SERVICE] = BY_CODE("services"),
		[CODED_RESOURCE] = BY_CODE("resources"),
		[CODED_QUESTION] = BY_CODE("questions"),
		[CODED_TENANT] = {
			"SELECT id FROM booking.tenants WHERE code" EQ "$2 AND $1 IS NULL",
			2, {UUIDOID, TEXTOID}
		}
	};
	Datum		values[] = {
		table == CODED_TENANT ? (Datum) 0 : UUIDPGetDatum(tenant), CStringGetTextDatum(code)
	};

	if (store_execute(&plans[table], values, table == CODED_TENANT ? "n " : NULL,
					  STORE_OWNER) == 0)
		return false;
	*id = store_uuid_column(0, 1, NULL);
	return true;
}

/* An active question; false when there is none. */
bool
config_question(const pg_uuid_t *tenant, const pg_uuid_t *id, QuestionForm *form)
{
	static StorePlan plan = {
		"SELECT prompt, type, options FROM booking.questions "
		"WHERE tenant_id" EQ "$1 AND id" EQ "$2 AND active",
		2, {UUIDOID, UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(id)};
	Datum	   *options;
	Datum		array;
	bool		isnull;

	if (store_execute(&plan, values, NULL, STORE_OWNER) == 0)
		return false;
	form->prompt = store_text_column(CurrentMemoryContext, 0, 1);
	form->type = store_text_column(CurrentMemoryContext, 0, 2);
	form->options = NULL;
	form->option_count = 0;
	array = store_copy_column(CurrentMemoryContext, 0, 3, &isnull);
	if (isnull)
		return true;
	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT,
					  &options, NULL, &form->option_count);
	form->options = palloc(sizeof(char *) * Max(form->option_count, 1));
	for (int i = 0; i < form->option_count; i++)
		form->options[i] = TextDatumGetCString(options[i]);
	return true;
}
