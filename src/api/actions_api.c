/*-------------------------------------------------------------------------
 *
 * actions_api.c
 *	  The SQL function that tells what could be done to a booking now.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "api/arguments.h"
#include "api/command_table.h"
#include "api/commands.h"
#include "compat.h"
#include "engine/actions.h"
#include "errors.h"
#include "store/plan.h"

PG_FUNCTION_INFO_V1(booking_available_actions);

/* booking.available_actions(booking, tenant) */
Datum
booking_available_actions(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *set = (ReturnSetInfo *) fcinfo->resultinfo;
	const pg_uuid_t *tenant;
	BookingRow	row;
	Action	   *actions;
	int			count;

	argument_require(fcinfo, 0, "booking");
	InitMaterializedSRF(fcinfo, 0);

	store_connect();
	tenant = argument_tenant(fcinfo, 1);
	if (!bookings_find(tenant, PG_GETARG_UUID_P(0), &row))
		command_not_found(PG_GETARG_UUID_P(0));
	actions = actions_of(tenant, &row, context_get(), &count);
	for (int i = 0; i < count; i++)
	{
		const ErrorRow *obstacle = actions[i].obstacle;
		CommandFunction function;
		Datum		values[5] = {0};
		bool		nulls[5] = {false};

		if (!command_table_find(actions[i].command, &function))
			continue;
		if (!command_may_be_called(&function))
			obstacle = errors_row(ERR_PERMISSION_DENIED);
		values[0] = CStringGetTextDatum(actions[i].command);
		values[1] = BoolGetDatum(obstacle == NULL);
		nulls[2] = obstacle == NULL;
		if (obstacle != NULL)
			values[2] = CStringGetTextDatum(obstacle->name);
		values[3] = BoolGetDatum(actions[i].needs_reason);
		values[4] = BoolGetDatum(actions[i].reversible);
		tuplestore_putvalues(set->setResult, set->setDesc, values, nulls);
	}
	store_finish();
	return (Datum) 0;
}
