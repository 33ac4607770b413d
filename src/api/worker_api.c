/*-------------------------------------------------------------------------
 *
 * worker_api.c
 *	  The background worker as SQL sees it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/dbcommands.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "engine/broadcast.h"
#include "engine/deadlines.h"
#include "errors.h"
#include "store/plan.h"
#include "store/store_state.h"

PG_FUNCTION_INFO_V1(booking_worker_status);
PG_FUNCTION_INFO_V1(booking_broadcast);
PG_FUNCTION_INFO_V1(booking_register_store);

/* Sets one column of worker_status(), null where the moment is none. */
static void
set_moment(Datum *value, bool *isnull, TimestampTz moment)
{
	*isnull = TIMESTAMP_NOT_FINITE(moment);
	*value = TimestampTzGetDatum(moment);
}

/* booking.worker_status() */
Datum
booking_worker_status(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	DeadlineInfo *entries;
	int			count;

	InitMaterializedSRF(fcinfo, 0);
	count = deadlines_list(&entries);
	for (int i = 0; i < count; i++)
	{
		char	   *name = get_database_name(entries[i].dboid);
		Datum		values[5];
		bool		nulls[5] = {false};

		if (name == NULL)
			continue;
		values[0] = DirectFunctionCall1(namein, CStringGetDatum(name));
		set_moment(&values[1], &nulls[1], entries[i].next_due);
		values[2] = Int32GetDatum((int32) entries[i].worker_pid);
		nulls[2] = entries[i].worker_pid == 0;
		set_moment(&values[3], &nulls[3], entries[i].last_run);
		values[4] = Int32GetDatum(entries[i].failures);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* booking.broadcast(max) */
Datum
booking_broadcast(PG_FUNCTION_ARGS)
{
	int32		max = PG_GETARG_INT32(0);
	BroadcastRest rest;
	int			sent;

	if (max < 1)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("max must be at least 1")));

	store_connect();
	store_require();
	/* inline: then the transactions told what they did */
	sent = broadcast_is_inline() ? 0 : broadcast_sweep(max, &rest);
	store_finish();
	PG_RETURN_INT32(sent);
}

/*
 * booking.register_store(), which setup() ends with: what falls due in a store
 * that was there before, nobody has noted in this server's memory.
 */
Datum
booking_register_store(PG_FUNCTION_ARGS)
{
	deadlines_note(GetCurrentTimestamp());
	PG_RETURN_VOID();
}
