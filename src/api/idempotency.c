/*-------------------------------------------------------------------------
 *
 * idempotency.c
 *	  Commands that can be repeated safely, under a key of the caller's (I1).
 *
 * A client that got no answer doesn't know whether its command was carried
 * out.  Under a key it may just ask again: the first call does the work and
 * keeps the answer, in one transaction; any other gives that answer and does
 * nothing.  A key is the actor's within a tenant.
 *
 * The key is locked before anything else, to the end of the transaction.  So
 * of two calls at once one waits for the other, and then finds the answer, or,
 * if the other was rolled back, does the work itself.  A call that fails takes
 * lock and answer back with its transaction or subtransaction.
 *
 * What was asked for is compared by a digest of the arguments in a form that
 * does not depend on the session: an instant is the same with any offset.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/syscache.h"

#include "api/arguments.h"
#include "api/commands.h"
#include "api/idempotency.h"
#include "api/jsonvalues.h"
#include "compat.h"
#include "engine/clock.h"
#include "engine/context.h"
#include "engine/json.h"
#include "engine/locks.h"
#include "errors.h"
#include "rules/settings.h"
#include "rules/text.h"
#include "store/idempotency_store.h"
#include "store/plan.h"
#include "store/settings_store.h"
#include "store/store_state.h"

PG_FUNCTION_INFO_V1(booking_purge_idempotency_keys);

#define MAX_KEY_CHARS 200

/* A range of time that is an argument: what it holds, also where it has no end. */
static void
digest_window(JsonbParseState **state, FunctionCallInfo fcinfo, int number, const char *name)
{
	TimeSpan	window = argument_open_window(fcinfo, number, name);

	json_add_datum(state, psprintf("%s from", name), TIMESTAMPTZOID,
				   TimestampTzGetDatum(window.from), false);
	json_add_datum(state, psprintf("%s until", name), TIMESTAMPTZOID,
				   TimestampTzGetDatum(window.until), false);
}

/*
 * A digest of the arguments before the key, of those that are not null: an
 * argument that is added to a function later changes nothing for who does not
 * give it.  role, if not NULL, takes part.
 */
static bytea *
digest_arguments(FunctionCallInfo fcinfo, int lock_wait_argument, const char *role)
{
	HeapTuple	function = SearchSysCache1(PROCOID, ObjectIdGetDatum(fcinfo->flinfo->fn_oid));
	JsonbParseState *state = NULL;
	Oid		   *types;
	char	  **names;
	char	   *modes;
	char	   *text;

	if (!HeapTupleIsValid(function))
		elog(ERROR, "cache lookup failed for function %u", fcinfo->flinfo->fn_oid);
	(void) get_func_arg_info(function, &types, &names, &modes);
	ReleaseSysCache(function);

	json_begin_object(&state);
	/* the arguments that a command takes stand before the columns it returns */
	for (int i = 0; i < PG_NARGS() - 2; i++)
	{
		Datum		value = PG_GETARG_DATUM(i);

		if (i == lock_wait_argument || PG_ARGISNULL(i))
			continue;
		/* 95 and 95.00 are one amount */
		if (types[i] == NUMERICOID)
			value = DirectFunctionCall1(numeric_trim_scale, value);
		if (types[i] == TSTZRANGEOID)
			digest_window(&state, fcinfo, i, names[i]);
		else
			json_add_datum(&state, names[i], types[i], value, false);
	}
	if (role != NULL)
		json_add_text(&state, "", role);
	text = json_text(json_end_object(&state));
	return DatumGetByteaP(DirectFunctionCall1(sha256_bytea,
											  PointerGetDatum(cstring_to_text(text))));
}

static void
read_request(FunctionCallInfo fcinfo, int lock_wait_argument, Request *request)
{
	int			key_argument = PG_NARGS() - 2;
	char	   *key = argument_text(fcinfo, key_argument);
	const Context *context;

	if (*key == '\0')
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("idempotency_key must not be empty")));
	text_check_line("idempotency_key", key, MAX_KEY_CHARS);

	context = context_get();
	request->tenant = argument_tenant(fcinfo, key_argument + 1);
	request->actor = context->actor != NULL ? context->actor : "";
	request->key = key;
	request->command = get_func_name(fcinfo->flinfo->fn_oid);
	/* nobody in particular of one role is somebody else than of another */
	request->arguments = digest_arguments(fcinfo, lock_wait_argument,
										  context->actor != NULL ? NULL :
										  GetUserNameFromId(context->role, false));
}

/* Lets no other session make a request under this key until we are done. */
static void
lock_key(const Request *request)
{
	int			actor_length = strlen(request->actor) + 1;
	int			length = actor_length + strlen(request->key);
	char	   *name = palloc(length);
	KeySet		keys = {0};

	memcpy(name, request->actor, actor_length);
	memcpy(name + actor_length, request->key, length - actor_length);
	locks_add_request(&keys, request->tenant, name, length);
	locks_acquire(&keys, NULL);
}

static void
check_same(const Request *request, const KeptAnswer *answer)
{
	if (strcmp(answer->command, request->command) == 0 &&
		VARSIZE(answer->arguments) == VARSIZE(request->arguments) &&
		memcmp(answer->arguments, request->arguments, VARSIZE(request->arguments)) == 0)
		return;
	ereport(ERROR,
			(booking_errcode(ERR_KEY_REUSED),
			 strcmp(answer->command, request->command) == 0 ?
			 errmsg("the idempotency key was used for %s() with other arguments",
					answer->command) :
			 errmsg("the idempotency key was used for %s()", answer->command),
			 errhint("Take a new key for each request; repeat a request with all of its arguments.")));
}

static TimestampTz
end_of_answer(const Request *request, TimestampTz now)
{
	SettingSources sources = {0};

	(void) settings_of_tenant(request->tenant, &sources.tenant);
	return now + settings_get(SETTING_IDEMPOTENCY_TTL, &sources).interval_us;
}

/* The body of idempotent_call(), with lock_wait in force. */
static Datum
call_under_key(FunctionCallInfo fcinfo, int lock_wait_argument, PGFunction body)
{
	MemoryContext memory = CurrentMemoryContext;
	Request		request;
	KeptAnswer	answer;
	bool		found;
	Datum		result;
	TimestampTz now;

	/* what is read here outlives the connection */
	store_connect();
	MemoryContextSwitchTo(memory);
	read_request(fcinfo, lock_wait_argument, &request);
	lock_key(&request);
	found = idempotency_find(&request, clock_now(), &answer);
	store_finish();
	if (found)
	{
		check_same(&request, &answer);
		return result_from_json(fcinfo, answer.result);
	}

	result = body(fcinfo);

	store_connect();
	MemoryContextSwitchTo(memory);
	now = clock_now();
	idempotency_keep(&request, result_to_json(fcinfo, result, false), now,
					 end_of_answer(&request, now));
	store_finish();
	return result;
}

/*
 * Calls the body of a command as command_run() does; under a key, at most
 * once.  idempotency.h says what the function must be like.
 */
Datum
idempotent_call(FunctionCallInfo fcinfo, int lock_wait_argument, PGFunction body)
{
	LockWait	previous;
	volatile Datum result = (Datum) 0;

	if (PG_ARGISNULL(PG_NARGS() - 2))
		return command_run(fcinfo, lock_wait_argument, body);

	previous = locks_set_wait(command_wait(fcinfo, lock_wait_argument));
	PG_TRY();
	{
		result = call_under_key(fcinfo, lock_wait_argument, body);
	}
	PG_FINALLY();
	{
		locks_set_wait(previous);
	}
	PG_END_TRY();
	return result;
}

/* booking.purge_idempotency_keys(max) */
Datum
booking_purge_idempotency_keys(PG_FUNCTION_ARGS)
{
	int32		max = PG_GETARG_INT32(0);
	int			dropped;

	if (max < 1)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("max must be at least 1")));

	store_connect();
	store_require();
	dropped = idempotency_drop_over(clock_now(), max);
	store_finish();
	PG_RETURN_INT32(dropped);
}
