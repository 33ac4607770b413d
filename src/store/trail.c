/*-------------------------------------------------------------------------
 *
 * trail.c
 *	  Queries of the audit trail, by way of its one index.
 *
 * The trail grows with every change of every booking, so it has one index
 * only besides its key, and that one costs a booking nothing: BRIN, which
 * knows of each 32 pages what is in them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/guc.h"

#include "store/trail.h"

/*
 * Runs a query by way of the BRIN index.  The planner takes the rows it is
 * after to be spread over the table, and would look for the first one from
 * the beginning; they are at the end, if there are any.
 */
uint64
trail_execute(StorePlan *plan, Datum *values, const char *nulls, int how)
{
	int			nest_level = NewGUCNestLevel();
	uint64		rows;

	(void) set_config_option("enable_seqscan", "off", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("enable_indexscan", "off", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	rows = store_execute(plan, values, nulls, how);
	AtEOXact_GUC(true, nest_level);
	return rows;
}
