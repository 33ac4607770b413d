/*-------------------------------------------------------------------------
 *
 * attempt_api.c
 *	  The SQL function that calls any command by name and returns what came of
 *	  it, errors included (I2).
 *
 * The command runs in a subtransaction, with the rights of the caller.  An
 * error that is the answer to what was asked for (taken, too late, not
 * allowed, not understood) is rolled back to there and becomes a row.  What
 * the whole transaction is to be repeated for, and what is nobody's answer, is
 * raised as ever.
 *
 * Values of arguments never become part of a statement: the function is called
 * directly, with each value read by its type.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_proc.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "nodes/execnodes.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/resowner.h"

#include "api/arguments.h"
#include "api/command_table.h"
#include "api/jsonvalues.h"
#include "compat.h"
#include "engine/context.h"
#include "engine/expiry.h"
#include "errors.h"
#include "rules/ids.h"
#include "rules/text.h"
#include "store/plan.h"

PG_FUNCTION_INFO_V1(booking_attempt);

/* What is asked for. */
typedef struct Attempt
{
	const char *command;		/* or NULL */
	Jsonb	   *args;			/* or NULL */
	const char *key;			/* or NULL */
	const pg_uuid_t *tenant;	/* or NULL */
	const char *reading;		/* the argument whose value is being read */
} Attempt;

/* ---- calling a command ---- */

/* Refuses what is no argument of the command. */
static void
check_names(const CommandFunction *function, Jsonb *args)
{
	JsonbIterator *iterator = JsonbIteratorInit(&args->root);
	JsonbIteratorToken token;
	JsonbValue	value;
	StringInfoData names;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		char	   *name;

		if (token != WJB_KEY)
			continue;
		name = pnstrdup(value.val.string.val, value.val.string.len);
		(void) JsonbIteratorNext(&iterator, &value, true);
		if (command_argument(function, name) >= 0)
			continue;

		initStringInfo(&names);
		for (int i = 0; i < function->nargs; i++)
			appendStringInfo(&names, "%s%s", i > 0 ? ", " : "", function->names[i]);
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("command \"%s\" has no argument \"%s\"", function->name,
						text_excerpt(name)),
				 errhint("Its arguments are %s.", names.data)));
	}
}

/* An argument that attempt() has of its own may not stand in args as well. */
static void
set_own(const CommandFunction *function, const char *name, bool given_too, Datum value,
		NullableDatum *args)
{
	int			argument = command_argument(function, name);

	if (argument < 0)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("command \"%s\" has no argument \"%s\"", function->name, name)));
	if (given_too)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("argument \"%s\" is given twice", name)));
	args[argument].value = value;
	args[argument].isnull = false;
}

static JsonbValue *
member(Jsonb *object, const char *name)
{
	if (object == NULL || !JB_ROOT_IS_OBJECT(object))
		return NULL;
	return getKeyJsonValueFromContainer(&object->root, name, strlen(name), NULL);
}

/* The values of all arguments: those that are given, and defaults. */
static void
read_arguments(Attempt *attempt, const CommandFunction *function, NullableDatum *args)
{
	int			required = function->nargs - list_length(function->defaults);

	if (attempt->args != NULL)
	{
		if (!JB_ROOT_IS_OBJECT(attempt->args))
			ereport(ERROR,
					(booking_errcode(ERR_BAD_VALUE),
					 errmsg("args must be a JSON object")));
		check_names(function, attempt->args);
	}
	for (int i = 0; i < function->nargs; i++)
	{
		JsonbValue *given = member(attempt->args, function->names[i]);

		if (given != NULL)
		{
			attempt->reading = function->names[i];
			args[i].value = value_from_json(function->names[i], given, function->types[i],
											&args[i].isnull);
			attempt->reading = NULL;
		}
		else if (i >= required)
			command_default(function, i, &args[i]);
		else
			ereport(ERROR,
					(booking_errcode(ERR_NULL_VALUE),
					 errmsg("command \"%s\" needs argument \"%s\"", function->name,
							function->names[i])));
	}
	if (attempt->key != NULL)
		set_own(function, "idempotency_key", member(attempt->args, "idempotency_key") != NULL,
				CStringGetTextDatum(attempt->key), args);
	if (attempt->tenant != NULL)
		set_own(function, "tenant", member(attempt->args, "tenant") != NULL,
				UUIDPGetDatum(attempt->tenant), args);
}

/* Calls a function as the executor would, and returns its result as JSON. */
static Jsonb *
call(const CommandFunction *function, const NullableDatum *args)
{
	LOCAL_FCINFO(fcinfo, FUNC_MAX_ARGS);
	FmgrInfo	flinfo;
	ReturnSetInfo set = {T_ReturnSetInfo};
	EState	   *estate = NULL;
	Datum		result;
	Jsonb	   *json;

	InvokeFunctionExecuteHook(function->oid);
	fmgr_info(function->oid, &flinfo);
	InitFunctionCallInfoData(*fcinfo, &flinfo, function->nargs, DEFAULT_COLLATION_OID,
							 NULL, NULL);
	memcpy(fcinfo->args, args, sizeof(NullableDatum) * function->nargs);

	if (function->returns_set)
	{
		estate = CreateExecutorState();
		set.econtext = CreateExprContext(estate);
		set.allowedModes = SFRM_Materialize;
		fcinfo->resultinfo = (Node *) &set;
	}
	result = FunctionCallInvoke(fcinfo);
	json = result_to_json(fcinfo, result, true);

	if (estate != NULL)
		FreeExecutorState(estate);
	return json;
}

/* Does what is asked for, or raises an error. */
static Jsonb *
run(Attempt *attempt)
{
	CommandFunction function;
	NullableDatum args[FUNC_MAX_ARGS];

	if (attempt->command == NULL)
		ereport(ERROR,
				(booking_errcode(ERR_NULL_VALUE),
				 errmsg("command must not be null")));
	if (!command_table_find(attempt->command, &function))
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("command \"%s\" is not known", text_excerpt(attempt->command)),
				 errhint("The commands are %s.", command_table_names())));
	if (!command_may_be_called(&function))
		ereport(ERROR,
				(booking_errcode(ERR_PERMISSION_DENIED),
				 errmsg("permission denied for command \"%s\"", function.name)));
	read_arguments(attempt, &function, args);
	return call(&function, args);
}

/* Runs it in a subtransaction; on an error that is an answer, returns that. */
static ErrorData *
run_or_roll_back(Attempt *attempt, Jsonb **result)
{
	MemoryContext memory = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(memory);
	PG_TRY();
	{
		*result = run(attempt);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(memory);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(memory);
	CurrentResourceOwner = owner;

	if (error != NULL && !errors_is_answer(error->sqlerrcode))
		ReThrowError(error);
	return error;
}

/* ---- what came of it ---- */

/*
 * The facts in the DETAIL of a conflict (conflict.c), NULL if there are none.
 * The error may be somebody else's, whose DETAIL is any text.
 */
static Jsonb *
facts_of(const ErrorData *error)
{
	MemoryContext memory = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	Jsonb	   *volatile facts = NULL;

	if (error->sqlerrcode != ERRCODE_EXCLUSION_VIOLATION || error->detail == NULL ||
		error->detail[0] != '{')
		return NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(memory);
	PG_TRY();
	{
		facts = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(error->detail)));
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(memory);
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(memory);
	CurrentResourceOwner = owner;
	return facts;
}

/*
 * The command met a booking that has lapsed, and to be rolled back could not
 * end it (K1).  Ends those that were named: it never waits, and takes nothing
 * from anybody.
 */
static void
end_lapsed(const Attempt *attempt)
{
	JsonbValue *one = member(attempt->args, "booking");
	JsonbValue *several = member(attempt->args, "holds");
	JsonbValue *in_args = member(attempt->args, "tenant");
	const pg_uuid_t *tenant = attempt->tenant;
	pg_uuid_t	named;
	int			max = 1;
	int			count = 0;
	pg_uuid_t  *ids;

	if (several != NULL && several->type == jbvBinary &&
		JsonContainerIsArray(several->val.binary.data))
		max += JsonContainerSize(several->val.binary.data);
	ids = palloc(sizeof(pg_uuid_t) * max);
	for (int i = 0; i < max; i++)
	{
		JsonbValue *value = i == 0 ? one :
			getIthJsonbValueFromContainer(several->val.binary.data, i - 1);

		if (value != NULL && value->type == jbvString &&
			ids_parse(pnstrdup(value->val.string.val, value->val.string.len), &ids[count]))
			count++;
	}
	if (count == 0)
		return;

	if (tenant == NULL && in_args != NULL && in_args->type == jbvString &&
		ids_parse(pnstrdup(in_args->val.string.val, in_args->val.string.len), &named))
		tenant = &named;

	store_connect();
	expiry_end(context_tenant(tenant), ids, count);
	store_finish();
}

static void
put_text(const char *text, Datum *value, bool *isnull)
{
	*isnull = text == NULL;
	*value = text != NULL ? CStringGetTextDatum(text) : (Datum) 0;
}

static void
put_member(Jsonb *object, const char *name, Datum *value, bool *isnull)
{
	JsonbValue *found = member(object, name);

	*isnull = found == NULL;
	*value = found != NULL ? JsonbPGetDatum(JsonbValueToJsonb(found)) : (Datum) 0;
}

/* booking.attempt(command, args, idempotency_key, tenant) */
Datum
booking_attempt(PG_FUNCTION_ARGS)
{
	static TupleDesc row_type = NULL;
	Attempt		attempt = {0};
	Jsonb	   *result = NULL;
	ErrorData  *error;
	Datum		values[11] = {0};
	bool		nulls[11];

	attempt.command = argument_text(fcinfo, 0);
	attempt.args = PG_ARGISNULL(1) ? NULL : PG_GETARG_JSONB_P(1);
	attempt.key = argument_text(fcinfo, 2);
	attempt.tenant = argument_uuid(fcinfo, 3);

	error = run_or_roll_back(&attempt, &result);

	memset(nulls, true, sizeof(nulls));
	values[0] = BoolGetDatum(error == NULL);
	nulls[0] = false;
	values[6] = Int32GetDatum(200);
	nulls[6] = false;
	if (error == NULL)
	{
		values[7] = JsonbPGetDatum(result);
		nulls[7] = false;
	}
	else
	{
		Jsonb	   *facts = facts_of(error);
		/* two conflicts share an SQLSTATE; only one of them counts units */
		const ErrorRow *row = member(facts, "units_free") != NULL ?
			errors_row(ERR_CAPACITY_FULL) : errors_row_of(error->sqlerrcode);
		const char *message = error->message;
		const char *sqlstate = unpack_sql_state(error->sqlerrcode);
		JsonbValue *can_join = member(facts, "can_join_waitlist");

		if (attempt.reading != NULL && row == errors_row(ERR_BAD_VALUE))
		{
			/* the type says what is wrong, but not where */
			message = psprintf("argument \"%s\" of command \"%s\": %s",
							   attempt.reading, attempt.command, error->message);
			sqlstate = row->sqlstate;
		}
		put_text(row->name, &values[1], &nulls[1]);
		put_text(pstrdup(sqlstate), &values[2], &nulls[2]);
		put_text(message, &values[3], &nulls[3]);
		put_text(error->detail, &values[4], &nulls[4]);
		put_text(error->hint, &values[5], &nulls[5]);
		values[6] = Int32GetDatum(row->http_status);
		put_member(facts, "conflicts", &values[8], &nulls[8]);
		put_member(facts, "alternatives", &values[9], &nulls[9]);
		nulls[10] = can_join == NULL || can_join->type != jbvBool;
		if (!nulls[10])
			values[10] = BoolGetDatum(can_join->val.boolean);

		if (row == errors_row(ERR_HOLD_EXPIRED) || row == errors_row(ERR_REQUEST_EXPIRED))
			end_lapsed(&attempt);
	}
	return HeapTupleGetDatum(heap_form_tuple(result_row_type(fcinfo, &row_type),
											 values, nulls));
}
