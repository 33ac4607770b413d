/*-------------------------------------------------------------------------
 *
 * prepared.c
 *	  Prepared transactions of this database.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"

#include "store/plan.h"
#include "store/prepared.h"

static StorePlan find_prepared = {
	.sql = "SELECT FROM pg_catalog.pg_prepared_xact() AS p WHERE p.dbid" EQ "$1 LIMIT 1",
	.nargs = 1,
	.argtypes = {OIDOID}
};

/* Whether there are any. */
bool
prepared_exists(void)
{
	Datum		database = ObjectIdGetDatum(MyDatabaseId);

	return store_execute(&find_prepared, &database, NULL, STORE_OWNER) > 0;
}
