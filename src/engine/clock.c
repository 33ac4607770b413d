/*-------------------------------------------------------------------------
 *
 * clock.c
 *	  The one clock that deadlines are compared with.
 *
 * It is the wall clock, not the transaction's: a transaction that waited for
 * a lock must not compute a deadline that is already over.  Tests stop it
 * with the setting booking.now.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "engine/clock.h"

static char *now_setting = NULL;
static TimestampTz stopped_at = 0;	/* 0: the clock runs */

static bool
check_now(char **newval, void **extra, GucSource source)
{
	TimestampTz instant = 0;
	TimestampTz *result;

	if (*newval != NULL && **newval != '\0')
		instant = DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in,
														  CStringGetDatum(*newval),
														  ObjectIdGetDatum(InvalidOid),
														  Int32GetDatum(-1)));

	result = guc_malloc(LOG, sizeof(TimestampTz));
	if (result == NULL)
		return false;
	*result = instant;
	*extra = result;
	return true;
}

static void
assign_now(const char *newval, void *extra)
{
	stopped_at = *(TimestampTz *) extra;
}

void
clock_define_gucs(void)
{
	DefineCustomStringVariable("booking.now",
							   "Stops the clock of the booking engine at an instant, for tests.",
							   "Empty: the wall clock.",
							   &now_setting,
							   "",
							   PGC_SUSET,
							   GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE,
							   check_now, assign_now, NULL);
}

TimestampTz
clock_now(void)
{
	return stopped_at != 0 ? stopped_at : GetCurrentTimestamp();
}
