/*-------------------------------------------------------------------------
 *
 * settings_api.c
 *	  SQL functions about settings: which there are, which value holds, and
 *	  setting one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "api/arguments.h"
#include "compat.h"
#include "engine/context.h"
#include "errors.h"
#include "rules/ids.h"
#include "rules/settings.h"
#include "rules/settingvalues.h"
#include "rules/text.h"
#include "store/config.h"
#include "store/plan.h"
#include "store/settings_store.h"
#include "store/store_state.h"

PG_FUNCTION_INFO_V1(booking_setting_catalogue);
PG_FUNCTION_INFO_V1(booking_effective_settings);
PG_FUNCTION_INFO_V1(booking_set_setting);

/* Text that may be NULL as a column's value. */
static void
put_text(const char *text, Datum *value, bool *isnull)
{
	*isnull = text == NULL;
	*value = text != NULL ? CStringGetTextDatum(text) : (Datum) 0;
}

/* A list of words as a text[]. */
static Datum
word_array(const char *const *words, int count)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(count, 1));

	for (int i = 0; i < count; i++)
		elements[i] = CStringGetTextDatum(words[i]);
	return PointerGetDatum(construct_array(elements, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * booking.setting_catalogue() -> (name, type, unit, default_value, min_value,
 * max_value, options, levels, description)
 */
Datum
booking_setting_catalogue(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < SETTING_COUNT; i++)
	{
		const SettingRow *row = settings_row((SettingKey) i);
		bool		bounded = row->type != SETTING_TYPE_BOOLEAN &&
			row->type != SETTING_TYPE_ENUM;
		const char *levels[SETTING_LEVEL_COUNT];
		int			level_count = 0;
		int			option_count = 0;
		Datum		values[9];
		bool		nulls[9] = {0};

		for (int level = 0; level < SETTING_LEVEL_COUNT; level++)
			if (row->levels & LEVEL_BIT(level))
				levels[level_count++] = settings_level_name((SettingLevel) level);
		while (row->options != NULL && row->options[option_count] != NULL)
			option_count++;

		values[0] = CStringGetTextDatum(row->name);
		values[1] = CStringGetTextDatum(settings_type_name(row->type));
		put_text(row->unit, &values[2], &nulls[2]);
		put_text(setting_to_text(row, row->default_value), &values[3], &nulls[3]);
		put_text(bounded ? setting_to_text(row, row->min_value) : NULL, &values[4], &nulls[4]);
		put_text(bounded ? setting_to_text(row, row->max_value) : NULL, &values[5], &nulls[5]);
		values[6] = word_array(row->options, option_count);
		nulls[6] = row->options == NULL;
		values[7] = word_array(levels, level_count);
		values[8] = CStringGetTextDatum(row->description);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

static void
not_found(const char *what, const pg_uuid_t *id)
{
	ereport(ERROR,
			(booking_errcode(ERR_NOT_FOUND),
			 errmsg("%s %s does not exist", what, ids_text(id))));
}

/*
 * The branch whose settings hold: the one that is named, else the one that a
 * booking of this service and resource would be in; NULL if that is open.
 */
static const Branch *
branch_of(const pg_uuid_t *tenant, const pg_uuid_t *named,
		  const Service *service, const Resource *resource)
{
	const Context *context = context_get();
	const Branch *branch;
	pg_uuid_t	id;

	if (named != NULL)
		id = *named;
	else if (resource != NULL)
		return &resource->branch;
	else if (service != NULL && service->has_branch)
		id = service->branch_id;
	else if (context->has_branch)
		id = context->branch;
	else if (!config_sole_branch(tenant, &id))
		return NULL;

	branch = config_branch(tenant, &id);
	if (branch == NULL)
		not_found("branch", &id);
	return branch;
}

/*
 * booking.effective_settings(service, resource, branch, tenant) -> (name,
 * value, origin, unit, description)
 */
Datum
booking_effective_settings(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const pg_uuid_t *service_id = argument_uuid(fcinfo, 0);
	const pg_uuid_t *resource_id = argument_uuid(fcinfo, 1);
	const pg_uuid_t *tenant;
	const Service *service = NULL;
	const Resource *resource = NULL;
	const Branch *branch;
	SettingSources sources = {0};

	InitMaterializedSRF(fcinfo, 0);
	store_connect();
	store_require();
	tenant = argument_tenant(fcinfo, 3);
	if (service_id != NULL)
	{
		service = config_service(tenant, service_id);
		if (service == NULL)
			not_found("service", service_id);
		sources.service = service->settings;
	}
	if (resource_id != NULL)
	{
		resource = config_resources(tenant, resource_id, 1);
		sources.resource = resource->settings;
	}
	branch = branch_of(tenant, argument_uuid(fcinfo, 2), service, resource);
	if (branch != NULL)
		sources.branch = branch->settings;
	if (!settings_of_tenant(tenant, &sources.tenant))
		not_found("tenant", tenant);

	for (int i = 0; i < SETTING_COUNT; i++)
	{
		const SettingRow *row = settings_row((SettingKey) i);
		SettingValue value = settings_get((SettingKey) i, &sources);
		Datum		values[5];
		bool		nulls[5] = {0};

		values[0] = CStringGetTextDatum(row->name);
		put_text(settings_value_text((SettingKey) i, &value), &values[1], &nulls[1]);
		values[2] = CStringGetTextDatum(settings_level_name(value.origin));
		put_text(row->unit, &values[3], &nulls[3]);
		values[4] = CStringGetTextDatum(row->description);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	store_finish();
	return (Datum) 0;
}

/* Levels that a row of a table stands for. */
static const struct
{
	SettingLevel level;
	CodedTable	table;
}			stored_levels[] =
{
	{LEVEL_TENANT, CODED_TENANT},
	{LEVEL_BRANCH, CODED_BRANCH},
	{LEVEL_SERVICE, CODED_SERVICE},
	{LEVEL_RESOURCE, CODED_RESOURCE},
};

static int
stored_level(const char *name)
{
	for (int i = 0; i < lengthof(stored_levels); i++)
		if (strcmp(name, settings_level_name(stored_levels[i].level)) == 0)
			return i;
	ereport(ERROR,
			(booking_errcode(ERR_BAD_VALUE),
			 errmsg("settings can't be stored at level \"%s\"", text_excerpt(name)),
			 errhint("The levels are tenant, branch, service and resource. What holds for the whole server is set in postgresql.conf or by ALTER SYSTEM and ALTER DATABASE, as booking.<name>.")));
}

/*
 * booking.set_setting(level, code, key, value)
 */
Datum
booking_set_setting(PG_FUNCTION_ARGS)
{
	char	   *level_name;
	char	   *code = argument_text(fcinfo, 1);
	char	   *key;
	Jsonb	   *value = PG_ARGISNULL(3) ? NULL : PG_GETARG_JSONB_P(3);
	const pg_uuid_t *tenant;
	pg_uuid_t	id;
	int			at;

	argument_require(fcinfo, 0, "level");
	argument_require(fcinfo, 2, "key");
	level_name = argument_text(fcinfo, 0);
	key = argument_text(fcinfo, 2);
	at = stored_level(level_name);
	settings_check(key, stored_levels[at].level, value);

	store_connect();
	store_require();
	tenant = context_tenant(NULL);
	if (code == NULL && stored_levels[at].level != LEVEL_TENANT)
		ereport(ERROR,
				(booking_errcode(ERR_NULL_VALUE),
				 errmsg("argument \"code\" must not be null at level \"%s\"", level_name)));
	if (code == NULL)
		id = *tenant;
	else if (!config_id_of_code(stored_levels[at].table,
								stored_levels[at].level == LEVEL_TENANT ? NULL : tenant,
								code, &id))
		ereport(ERROR,
				(booking_errcode(ERR_NOT_FOUND),
				 errmsg("there is no %s with code \"%s\"", level_name, text_excerpt(code))));
	if (!settings_store(stored_levels[at].table, tenant, &id, key, value))
		ereport(ERROR,
				(booking_errcode(ERR_PERMISSION_DENIED),
				 errmsg("permission denied to change settings of %s \"%s\"",
						level_name, code ? text_excerpt(code) : ids_text(&id)),
				 errhint("It takes access level admin in that tenant.")));
	store_finish();
	PG_RETURN_VOID();
}
