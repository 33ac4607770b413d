/*-------------------------------------------------------------------------
 *
 * context_api.c
 *	  SQL functions about the context, identifiers and codes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/uuid.h"

#include "api/arguments.h"
#include "compat.h"
#include "engine/clock.h"
#include "engine/context.h"
#include "errors.h"
#include "rules/actors.h"
#include "rules/calendar.h"
#include "rules/ids.h"
#include "rules/text.h"
#include "store/config.h"
#include "store/plan.h"
#include "store/store_state.h"

PG_FUNCTION_INFO_V1(booking_new_id);
PG_FUNCTION_INFO_V1(booking_now);
PG_FUNCTION_INFO_V1(booking_set_context);
PG_FUNCTION_INFO_V1(booking_whoami);
PG_FUNCTION_INFO_V1(booking_current_tenant);
PG_FUNCTION_INFO_V1(booking_current_actor);
PG_FUNCTION_INFO_V1(booking_has_access);
PG_FUNCTION_INFO_V1(booking_current_customers);
PG_FUNCTION_INFO_V1(booking_owned_resources);
PG_FUNCTION_INFO_V1(booking_store_version);
PG_FUNCTION_INFO_V1(booking_tenant_id);
PG_FUNCTION_INFO_V1(booking_branch_id);
PG_FUNCTION_INFO_V1(booking_service_id);
PG_FUNCTION_INFO_V1(booking_resource_id);
PG_FUNCTION_INFO_V1(booking_question_id);
PG_FUNCTION_INFO_V1(booking_at_local_of_branch);

/* Most roles of an actor in the application. */
#define MAX_ROLES 100

/* booking.new_id() */
Datum
booking_new_id(PG_FUNCTION_ARGS)
{
	pg_uuid_t  *id = palloc(sizeof(pg_uuid_t));

	*id = ids_new();
	PG_RETURN_UUID_P(id);
}

/* booking.now() */
Datum
booking_now(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(clock_now());
}

/* booking.store_version() */
Datum
booking_store_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(STORE_VERSION);
}

/* A short list of one-line names. */
static void
check_roles(ArrayType *roles)
{
	Datum	   *elements;
	int			count;

	if (ARR_NDIM(roles) > 1 || array_contains_nulls(roles))
		ereport(ERROR,
				(booking_errcode(ERR_NULL_VALUE),
				 errmsg("roles must be a list without nulls")));
	deconstruct_array(roles, TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, &count);
	if (count > MAX_ROLES)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("an actor has at most %d roles", MAX_ROLES)));
	for (int i = 0; i < count; i++)
		text_check_line("role", TextDatumGetCString(elements[i]), 100);
}

/*
 * booking.set_context(tenant, actor, actor_kind, roles, branch, channel,
 * request_id, conversation, session): what is left out is forgotten.
 */
Datum
booking_set_context(PG_FUNCTION_ARGS)
{
	bool		session = argument_bool(fcinfo, 8, false);
	char	   *actor = argument_text(fcinfo, 1);
	char	   *kind = argument_text(fcinfo, 2);
	char	   *channel = argument_text(fcinfo, 5);
	char	   *conversation = argument_text(fcinfo, 7);
	ActorKind	ignored;

	if (actor != NULL)
		text_check_line("actor", actor, 200);
	if (channel != NULL)
		text_check_line("channel", channel, 40);
	if (conversation != NULL)
		text_check_line("conversation", conversation, 200);
	if (!PG_ARGISNULL(3))
		check_roles(PG_GETARG_ARRAYTYPE_P(3));
	if (kind != NULL && !actor_kind_parse(kind, &ignored))
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("actor kind \"%s\" is not known", text_excerpt(kind)),
				 errhint("The kinds are customer, calendar, staff and system.")));

	context_set("booking.tenant",
				PG_ARGISNULL(0) ? NULL : ids_text(PG_GETARG_UUID_P(0)), session);
	context_set("booking.actor", actor, session);
	context_set("booking.actor_kind", kind, session);
	context_set("booking.roles",
				PG_ARGISNULL(3) ? NULL : OidOutputFunctionCall(F_ARRAY_OUT, PG_GETARG_DATUM(3)),
				session);
	context_set("booking.branch",
				PG_ARGISNULL(4) ? NULL : ids_text(PG_GETARG_UUID_P(4)), session);
	context_set("booking.channel", channel, session);
	context_set("booking.request_id",
				PG_ARGISNULL(6) ? NULL : ids_text(PG_GETARG_UUID_P(6)), session);
	context_set("booking.conversation", conversation, session);
	PG_RETURN_VOID();
}

/* booking.whoami() */
Datum
booking_whoami(PG_FUNCTION_ARGS)
{
	static TupleDesc row_type = NULL;
	TupleDesc	type = result_row_type(fcinfo, &row_type);
	Datum		values[10];
	bool		nulls[10] = {0};
	const Context *context;
	NameData	role;
	MemoryContext memory = CurrentMemoryContext;
	HeapTuple	tuple;

	store_connect();
	context = context_get();
	namestrcpy(&role, GetUserNameFromId(context->role, true));
	values[0] = NameGetDatum(&role);
	values[1] = CStringGetTextDatum(people_level_name(context->level));
	values[2] = UUIDPGetDatum(&context->tenant);
	nulls[2] = !context->has_tenant;
	values[3] = context->actor ? CStringGetTextDatum(context->actor) : (Datum) 0;
	nulls[3] = context->actor == NULL;
	values[4] = CStringGetTextDatum(actor_kind_name(context->kind));
	values[5] = PointerGetDatum(context_roles(context));
	values[6] = UUIDPGetDatum(&context->branch);
	nulls[6] = !context->has_branch;
	values[7] = context->channel ? CStringGetTextDatum(context->channel) : (Datum) 0;
	nulls[7] = context->channel == NULL;
	values[8] = UUIDPGetDatum(&context->request_id);
	nulls[8] = !context->has_request_id;
	values[9] = context->conversation ? CStringGetTextDatum(context->conversation) : (Datum) 0;
	nulls[9] = context->conversation == NULL;

	MemoryContextSwitchTo(memory);
	tuple = heap_form_tuple(type, values, nulls);
	store_finish();
	PG_RETURN_DATUM(HeapTupleGetDatum(tuple));
}

/* booking.current_tenant() */
Datum
booking_current_tenant(PG_FUNCTION_ARGS)
{
	pg_uuid_t  *tenant = palloc(sizeof(pg_uuid_t));
	const Context *context;
	bool		known;

	store_connect();
	context = context_get();
	known = context->has_tenant;
	*tenant = context->tenant;
	store_finish();
	if (!known)
		PG_RETURN_NULL();
	PG_RETURN_UUID_P(tenant);
}

/* booking.current_actor() */
Datum
booking_current_actor(PG_FUNCTION_ARGS)
{
	MemoryContext memory = CurrentMemoryContext;
	const Context *context;
	char	   *actor = NULL;

	store_connect();
	context = context_get();
	if (context->actor != NULL)
		actor = MemoryContextStrdup(memory, context->actor);
	store_finish();
	if (actor == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(actor));
}

/* booking.has_access(level) */
Datum
booking_has_access(PG_FUNCTION_ARGS)
{
	char	   *level = text_to_cstring(PG_GETARG_TEXT_PP(0));
	AccessLevel acting;
	bool		result;

	store_connect();
	acting = context_get()->acting;
	store_finish();

	if (strcmp(level, "client") == 0)
		result = acting >= ACCESS_CLIENT || acting == ACCESS_NONE;
	else if (strcmp(level, "staff") == 0)
		result = acting >= ACCESS_STAFF;
	else if (strcmp(level, "admin") == 0)
		result = acting >= ACCESS_ADMIN;
	else if (strcmp(level, "auditor") == 0)
		result = acting == ACCESS_AUDITOR || acting >= ACCESS_ADMIN;
	else
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("access level \"%s\" is not known", text_excerpt(level)),
				 errhint("The levels are client, staff, admin and auditor.")));
	PG_RETURN_BOOL(result);
}

/* The ids that belong to the context's actor, by one of the finders. */
static ArrayType *
ids_of_actor(pg_uuid_t *(*find) (const pg_uuid_t *, const char *, int *))
{
	MemoryContext memory = CurrentMemoryContext;
	const Context *context;
	pg_uuid_t  *ids = NULL;
	int			count = 0;
	ArrayType  *array;

	store_connect();
	context = context_get();
	if (context->has_tenant && context->actor != NULL)
		ids = find(&context->tenant, context->actor, &count);
	MemoryContextSwitchTo(memory);
	array = store_uuid_array(ids, count);
	store_finish();
	return array;
}

/* booking.current_customers() */
Datum
booking_current_customers(PG_FUNCTION_ARGS)
{
	PG_RETURN_ARRAYTYPE_P(ids_of_actor(people_customers_of_actor));
}

/* booking.owned_resources() */
Datum
booking_owned_resources(PG_FUNCTION_ARGS)
{
	PG_RETURN_ARRAYTYPE_P(ids_of_actor(people_resources_of_owner));
}

/* ---- codes ---- */

static Datum
id_of_code(FunctionCallInfo fcinfo, CodedTable table, const char *what)
{
	char	   *code = text_to_cstring(PG_GETARG_TEXT_PP(0));
	pg_uuid_t  *id = palloc(sizeof(pg_uuid_t));
	bool		found;

	store_connect();
	store_require();
	found = config_id_of_code(table, table == CODED_TENANT ? NULL : context_tenant(NULL),
							  code, id);
	store_finish();
	if (!found)
		ereport(ERROR,
				(booking_errcode(ERR_NOT_FOUND),
				 errmsg("there is no %s with code \"%s\"", what, text_excerpt(code))));
	PG_RETURN_UUID_P(id);
}

/* booking.tenant_id(code) */
Datum
booking_tenant_id(PG_FUNCTION_ARGS)
{
	return id_of_code(fcinfo, CODED_TENANT, "tenant");
}

/* booking.branch_id(code) */
Datum
booking_branch_id(PG_FUNCTION_ARGS)
{
	return id_of_code(fcinfo, CODED_BRANCH, "branch");
}

/* booking.service_id(code) */
Datum
booking_service_id(PG_FUNCTION_ARGS)
{
	return id_of_code(fcinfo, CODED_SERVICE, "service");
}

/* booking.resource_id(code) */
Datum
booking_resource_id(PG_FUNCTION_ARGS)
{
	return id_of_code(fcinfo, CODED_RESOURCE, "resource");
}

/* booking.question_id(code) */
Datum
booking_question_id(PG_FUNCTION_ARGS)
{
	return id_of_code(fcinfo, CODED_QUESTION, "question");
}

/* booking.at_local(local timestamp, branch uuid): in the branch's zone. */
Datum
booking_at_local_of_branch(PG_FUNCTION_ARGS)
{
	const Branch *branch;
	TimestampTz result;

	store_connect();
	branch = config_require_branch(context_tenant(NULL), PG_GETARG_UUID_P(1));
	result = calendar_at_local(PG_GETARG_TIMESTAMP(0), calendar_zone(branch->time_zone));
	store_finish();
	PG_RETURN_TIMESTAMPTZ(result);
}
