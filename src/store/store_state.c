/*-------------------------------------------------------------------------
 *
 * store_state.c
 *	  Whether the tables are there, whose they are, and of which version.
 *
 * The answer is looked up once and kept until the catalog entry of
 * booking.bookings or booking.store_state changes in any way: setup() always
 * touches both, in this session or another.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "errors.h"
#include "store/plan.h"
#include "store/store_state.h"

static Oid	bookings_relid = InvalidOid;	/* InvalidOid: not looked up */
static Oid	state_relid = InvalidOid;
static Oid	owner = InvalidOid;
static int	version = -1;		/* -1: not read */
static uint64 generation = 1;

static StorePlan read_version = {
	"SELECT version FROM booking.store_state",
	0
};

static void
forget_on_change(Datum arg, Oid relid)
{
	if (!OidIsValid(relid) || relid == bookings_relid || relid == state_relid)
	{
		bookings_relid = state_relid = owner = InvalidOid;
		version = -1;
		generation++;
	}
}

void
store_state_init(void)
{
	CacheRegisterRelcacheCallback(forget_on_change, (Datum) 0);
}

/* Looks the tables up; false when there is no store. */
static bool
find_store(void)
{
	Oid			schema;
	HeapTuple	tuple;
	Oid			relid;

	if (OidIsValid(bookings_relid))
		return true;

	schema = LookupExplicitNamespace("booking", true);
	if (!OidIsValid(schema))
		return false;
	relid = get_relname_relid("bookings", schema);
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	if (!HeapTupleIsValid(tuple))
		return false;
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	state_relid = get_relname_relid("store_state", schema);
	bookings_relid = relid;
	return OidIsValid(state_relid);
}

/*
 * Whether there is a store of this library's version.  Raises nothing of its
 * own; needs SPI.
 */
bool
store_is_current(void)
{
	int			seen;

	if (version == STORE_VERSION)
		return true;
	if (!find_store() || !OidIsValid(state_relid))
		return false;

	if (store_execute(&read_version, NULL, NULL, STORE_OWNER) != 1)
		return false;
	seen = DatumGetInt32(store_column(0, 1, NULL));
	if (OidIsValid(bookings_relid))
		version = seen;
	return seen == STORE_VERSION;
}

/* Refuses to go on without a store of this version (T: STORE_OUTDATED). */
void
store_require(void)
{
	if (store_is_current())
		return;

	if (!find_store())
		ereport(ERROR,
				(booking_errcode(ERR_STORE_OUTDATED),
				 errmsg("the booking store has not been set up in this database"),
				 errhint("Run SELECT booking.setup().")));
	ereport(ERROR,
			(booking_errcode(ERR_STORE_OUTDATED),
			 errmsg("the booking store is of another version than the library"),
			 errdetail("The store is of version %d, the library works with version %d.",
					   version, STORE_VERSION),
			 errhint("Run SELECT booking.setup() to bring the store up to date.")));
}

/* The role that owns the store. */
Oid
store_owner(void)
{
	if (!find_store())
		ereport(ERROR,
				(booking_errcode(ERR_STORE_OUTDATED),
				 errmsg("the booking store has not been set up in this database"),
				 errhint("Run SELECT booking.setup().")));
	return owner;
}

/*
 * Makes every session forget what hangs on store_generation(): called when a
 * rarely changed table (tenants, principals) did change.
 */
void
store_invalidate(void)
{
	if (find_store())
		CacheInvalidateRelcacheByRelid(bookings_relid);
}

/*
 * A number that changes whenever the store's catalog entries did, for caches
 * that hang on them.
 */
uint64
store_generation(void)
{
	return generation;
}
