/*-------------------------------------------------------------------------
 *
 * undo_api.c
 *	  SQL functions that undo changes: reverse, issue_undo.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

#include "api/arguments.h"
#include "api/commands.h"
#include "api/idempotency.h"
#include "engine/context.h"
#include "engine/undo.h"
#include "errors.h"
#include "rules/lifecycle.h"
#include "store/plan.h"

PG_FUNCTION_INFO_V1(booking_reverse);
PG_FUNCTION_INFO_V1(booking_issue_undo);

static void
put_undone(FunctionCallInfo fcinfo, const Undone *undone, const char *batch_token)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum		topics[EFFECTS_MAX];
	Datum		values[7];
	bool		nulls[7] = {0};

	for (int i = 0; i < undone->effects.count; i++)
		topics[i] = CStringGetTextDatum(undone->effects.topics[i]);
	values[0] = UUIDPGetDatum(&undone->booking);
	values[1] = CStringGetTextDatum(lifecycle_status_name(undone->status));
	values[2] = Int32GetDatum(undone->version);
	nulls[3] = undone->token == NULL;
	values[3] = undone->token ? CStringGetTextDatum(undone->token) : (Datum) 0;
	values[4] = PointerGetDatum(construct_array(topics, undone->effects.count, TEXTOID, -1,
												false, TYPALIGN_INT));
	values[5] = TimestampTzGetDatum(undone->updated_at);
	nulls[6] = batch_token == NULL;
	values[6] = batch_token ? CStringGetTextDatum(batch_token) : (Datum) 0;
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

static Datum
reverse(PG_FUNCTION_ARGS)
{
	text	   *token = PG_GETARG_TEXT_PP(0);
	char	   *batch_token;
	int			count;
	Undone	   *undone;

	store_connect();
	effects_forget();
	undone = undo_reverse(argument_tenant(fcinfo, 3), VARDATA_ANY(token),
						  VARSIZE_ANY_EXHDR(token), &count, &batch_token);
	for (int i = 0; i < count; i++)
		put_undone(fcinfo, &undone[i], batch_token);
	store_finish();
	return (Datum) 0;
}

/* booking.reverse(token, lock_wait, idempotency_key, tenant) */
Datum
booking_reverse(PG_FUNCTION_ARGS)
{
	argument_require(fcinfo, 0, "token");
	InitMaterializedSRF(fcinfo, 0);
	return idempotent_call(fcinfo, 1, reverse);
}

/* booking.issue_undo(booking, version, tenant) */
Datum
booking_issue_undo(PG_FUNCTION_ARGS)
{
	MemoryContext memory = CurrentMemoryContext;
	Command		command;
	char	   *token;
	text	   *result;

	argument_require(fcinfo, 0, "booking");
	command = command_begin(fcinfo, 2, -1);
	if (!context_is_staff(context_get()))
		ereport(ERROR,
				(booking_errcode(ERR_PERMISSION_DENIED),
				 errmsg("permission denied to issue an undo token")));
	if (!PG_ARGISNULL(1) && PG_GETARG_INT32(1) != command.state.version)
		ereport(ERROR,
				(booking_errcode(ERR_UNDO_STALE),
				 errmsg("only the last change of a booking can be undone"),
				 errdetail("The booking is at version %d, not %d.",
						   command.state.version, PG_GETARG_INT32(1)),
				 errhint("Look at the booking and change it as it should be.")));
	token = undo_issue_again(command.tenant, command.booking, command.state.version);
	MemoryContextSwitchTo(memory);
	result = cstring_to_text(token);
	store_finish();
	PG_RETURN_TEXT_P(result);
}
