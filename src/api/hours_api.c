/*-------------------------------------------------------------------------
 *
 * hours_api.c
 *	  SQL functions for opening hours.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "api/arguments.h"
#include "compat.h"
#include "engine/context.h"
#include "engine/opening.h"
#include "errors.h"
#include "rules/hourstext.h"
#include "rules/settings.h"
#include "rules/text.h"
#include "store/hours_store.h"
#include "store/plan.h"
#include "store/store_state.h"

PG_FUNCTION_INFO_V1(booking_set_hours);
PG_FUNCTION_INFO_V1(booking_effective_hours);
PG_FUNCTION_INFO_V1(booking_hours_breach);

/* Whose hours a code and a level mean; a code may be of both levels. */
static CodedTable
owner_of_code(const pg_uuid_t *tenant, const char *code, const char *level, pg_uuid_t *id)
{
	bool		any = level == NULL;
	pg_uuid_t	branch;
	pg_uuid_t	resource;
	bool		is_branch;
	bool		is_resource;

	if (!any && strcmp(level, "branch") != 0 && strcmp(level, "resource") != 0)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("there are no hours at level \"%s\"", text_excerpt(level)),
				 errhint("The levels are branch and resource.")));
	is_branch = (any || strcmp(level, "branch") == 0) &&
		config_id_of_code(CODED_BRANCH, tenant, code, &branch);
	is_resource = (any || strcmp(level, "resource") == 0) &&
		config_id_of_code(CODED_RESOURCE, tenant, code, &resource);
	if (is_branch && is_resource)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("both a branch and a resource have the code \"%s\"",
						text_excerpt(code)),
				 errhint("Pass level => 'branch' or level => 'resource'.")));
	if (!is_branch && !is_resource)
		ereport(ERROR,
				(booking_errcode(ERR_NOT_FOUND),
				 errmsg("there is no %s with code \"%s\"",
						any ? "branch or resource" : level, text_excerpt(code))));
	*id = is_branch ? branch : resource;
	return is_branch ? CODED_BRANCH : CODED_RESOURCE;
}

/*
 * booking.set_hours(code, hours, level, tenant)
 */
Datum
booking_set_hours(PG_FUNCTION_ARGS)
{
	char	   *code;
	char	   *level = argument_text(fcinfo, 2);
	const pg_uuid_t *tenant;
	pg_uuid_t	id;
	CodedTable	owner;
	WeeklyRule *rules;
	int			count;

	argument_require(fcinfo, 0, "code");
	argument_require(fcinfo, 1, "hours");
	code = argument_text(fcinfo, 0);
	rules = hourstext_parse(argument_text(fcinfo, 1), &count);

	store_connect();
	store_require();
	tenant = argument_tenant(fcinfo, 3);
	owner = owner_of_code(tenant, code, level, &id);
	if (!hours_replace(owner, tenant, &id, rules, count))
		ereport(ERROR,
				(booking_errcode(ERR_PERMISSION_DENIED),
				 errmsg("permission denied to change the hours of \"%s\"", text_excerpt(code)),
				 errhint("It takes access level admin in that tenant.")));
	store_finish();
	PG_RETURN_VOID();
}

/*
 * booking.effective_hours(resource, window, tenant) -> tstzmultirange
 */
Datum
booking_effective_hours(PG_FUNCTION_ARGS)
{
	MemoryContext caller_memory = CurrentMemoryContext;
	TimeSpan	window;
	const pg_uuid_t *tenant;
	Opening		opening;
	SpanSet		set;
	Datum		result;

	argument_require(fcinfo, 0, "resource");
	window = argument_window(fcinfo, 1, "window");

	store_connect();
	store_require();
	tenant = argument_tenant(fcinfo, 2);
	opening = opening_of(tenant, config_require_resource(tenant, argument_uuid(fcinfo, 0)));
	set = opening_effective(&opening, window);

	MemoryContextSwitchTo(caller_memory);
	result = result_multirange(set);
	store_finish();
	return result;
}

/*
 * booking.hours_breach(tenant, service, resource, starts_at, ends_at,
 * occupied_from, occupied_until) -> (reason, detail), one row for each rule
 * that is against it
 */
Datum
booking_hours_breach(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const pg_uuid_t *tenant;
	const Service *service;
	const Resource *resource;
	TimeSpan	slot;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < 7; i++)
		if (PG_ARGISNULL(i))
			return (Datum) 0;

	store_connect();
	store_require();
	tenant = argument_tenant(fcinfo, 0);
	if (!context_is_staff(context_get()))
		ereport(ERROR,
				(booking_errcode(ERR_PERMISSION_DENIED),
				 errmsg("permission denied to ask for breaches of opening hours")));
	service = config_service(tenant, argument_uuid(fcinfo, 1));
	resource = config_resource(tenant, argument_uuid(fcinfo, 2));
	if (service != NULL && resource != NULL)
	{
		const SettingSources sources = {
			.service = service->settings,
			.resource = resource->settings,
			.branch = resource->branch.settings,
			.tenant = resource->branch.tenant_settings
		};
		bool		buffers = settings_get(SETTING_BUFFERS_WITHIN_HOURS, &sources).boolean;
		Opening		opening = opening_of(tenant, resource);
		Closure		closure;
		Datum		values[2] = {0};
		bool		nulls[2] = {false, true};

		slot.from = PG_GETARG_TIMESTAMPTZ(buffers ? 5 : 3);
		slot.until = PG_GETARG_TIMESTAMPTZ(buffers ? 6 : 4);
		if (TIMESTAMP_NOT_FINITE(slot.from) || TIMESTAMP_NOT_FINITE(slot.until))
			ereport(ERROR,
					(booking_errcode(ERR_INVALID_RANGE),
					 errmsg("time is infinite or out of range")));
		if (!opening_is_open(&opening, slot))
		{
			values[0] = CStringGetTextDatum("outside_hours");
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
		if (opening_find_closure(&opening, slot, &closure))
		{
			values[0] = CStringGetTextDatum("closure");
			nulls[1] = closure.reason == NULL;
			if (closure.reason != NULL)
				values[1] = CStringGetTextDatum(closure.reason);
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
	store_finish();
	return (Datum) 0;
}
