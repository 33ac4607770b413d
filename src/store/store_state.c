/*-------------------------------------------------------------------------
 *
 * store_state.c
 *	  Whether the tables are there, whose they are, and of which version.
 *
 * The answer is looked up once and kept until the catalog entry of
 * booking.bookings or booking.store_state changes in any way, in this session
 * or another: setup() touches both if it changes anything, and a change of the
 * configuration acts as if it had touched the second (store_invalidate).
 *
 * A store without its guards (after DROP EXTENSION ... CASCADE, or while a
 * dump is being loaded) counts as none: whoever wrote to it would leave
 * allocations and history behind.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "errors.h"
#include "store/plan.h"
#include "store/store_state.h"

static Oid	bookings_relid = InvalidOid;	/* InvalidOid: not looked up */
static Oid	watched_relid = InvalidOid; /* whose changes matter */
static Oid	state_relid = InvalidOid;
static Oid	owner = InvalidOid;
static bool guarded = false;
static int	version = -1;		/* -1: not read */
static uint64 generation = 1;

static StorePlan read_version = {
	"SELECT version FROM booking.store_state",
	0
};

static void
forget_on_change(Datum arg, Oid relid)
{
	if (!OidIsValid(relid) || relid == watched_relid || relid == state_relid)
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

/* Whether the triggers of booking.bookings are there, and not disabled. */
static bool
has_guards(Oid relid)
{
	int			missing = 3;	/* booking_guard, _after, _statement */
	Relation	triggers = table_open(TriggerRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(triggers, TriggerRelidNameIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_trigger trigger = (Form_pg_trigger) GETSTRUCT(tuple);
		const char *name = NameStr(trigger->tgname);

		if ((strcmp(name, "booking_guard") == 0 ||
			 strcmp(name, "booking_guard_after") == 0 ||
			 strcmp(name, "booking_guard_statement") == 0) &&
			(trigger->tgenabled == TRIGGER_FIRES_ON_ORIGIN ||
			 trigger->tgenabled == TRIGGER_FIRES_ALWAYS))
			missing--;
	}
	systable_endscan(scan);
	table_close(triggers, AccessShareLock);
	return missing == 0;
}

/*
 * Looks the tables up; false when there is no store.  An answer that may be
 * out of date already, because something changed meanwhile, is not kept.
 */
static bool
find_store(void)
{
	uint64		began = generation;
	Oid			schema;
	HeapTuple	tuple;
	Oid			relid;
	Oid			found_owner;
	Oid			found_state;
	bool		found_guards;

	if (OidIsValid(bookings_relid))
		return true;

	schema = LookupExplicitNamespace("booking", true);
	if (!OidIsValid(schema))
		return false;
	relid = get_relname_relid("bookings", schema);
	watched_relid = relid;
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	if (!HeapTupleIsValid(tuple))
		return false;
	found_owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	found_state = get_relname_relid("store_state", schema);
	found_guards = has_guards(relid);

	owner = found_owner;
	guarded = found_guards;
	state_relid = found_state;
	if (began == generation)
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
	if (!find_store() || !OidIsValid(state_relid) || !guarded)
		return false;

	if (store_execute(&read_version, NULL, NULL, STORE_OWNER) != 1)
		return false;
	seen = DatumGetInt32(store_column(0, 1, NULL));
	if (OidIsValid(bookings_relid))
		version = seen;
	return seen == STORE_VERSION;
}

/*
 * Refuses to go on without a store of this version (T: STORE_OUTDATED).  Takes
 * in what others have changed: in a transaction that has all its tables locked
 * nothing else does.
 */
void
store_require(void)
{
	AcceptInvalidationMessages();
	if (store_is_current())
		return;

	if (!find_store())
		ereport(ERROR,
				(booking_errcode(ERR_STORE_OUTDATED),
				 errmsg("the booking store has not been set up in this database"),
				 errhint("Run SELECT booking.setup().")));
	if (!guarded)
		ereport(ERROR,
				(booking_errcode(ERR_STORE_OUTDATED),
				 errmsg("the booking store lacks its triggers, or they are disabled"),
				 errhint("Run SELECT booking.setup(), unless a dump is being loaded.")));
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
 * Makes every session forget what hangs on store_generation(), as of this
 * transaction's commit: called when the configuration changes.
 */
void
store_invalidate(void)
{
	if (find_store())
		CacheInvalidateRelcacheByRelid(state_relid);
}

/*
 * A number that changes whenever the store's catalog entries or its
 * configuration did, for caches that hang on them.
 */
uint64
store_generation(void)
{
	return generation;
}
