/*-------------------------------------------------------------------------
 *
 * launcher.c
 *	  The process that starts a worker where something falls due.
 *
 * Vocabulary
 *	  known database	every database of the server, and what the launcher
 *						remembers about it; private to this process
 *	  visit				a worker started to see whether there is a store, and
 *						what is due in it; after a restart of the server each
 *						database gets one, later ones make up for deadlines
 *						nobody noted (data that was restored, for example)
 *	  entry, run		see deadlines.c
 *
 * The launcher is connected to no database, so it is in nobody's way; it reads
 * pg_database once a minute.  It starts when recovery has finished: on a
 * standby there is none.  Everything that may go wrong for a while (no free
 * background worker, a database that is being copied, a worker that fails)
 * means trying again later, and at most one line in the log.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/relcache.h"
#include "utils/snapmgr.h"
#include "utils/varlena.h"

#include "compat.h"
#include "engine/broadcast.h"
#include "engine/deadlines.h"
#include "engine/seals.h"
#include "worker/launcher.h"
#include "worker/worker.h"

#define RESTART_S 5
#define POLL_MS 60000
#define POLL_MIN_MS 200
#define NO_STORE_MIN_MS 60000	/* visits where there was no store ... */
#define STORE_VISIT_MS 3600000	/* ... back off to those where there is one */
#define FULL_VISIT_MS 60000		/* a store without room in shared memory */
#define GAVE_WAY_MS 500
#define NO_SLOT_MS 1000			/* the server has no free background worker */
#define FAILURE_MAX_S 60
#define WELL_MS 10000

typedef struct KnownDatabase
{
	Oid			dboid;			/* hash key */
	NameData	name;
	bool		seen;			/* by the poll that runs */
	bool		wanted;			/* may be connected to */
	bool		has_entry;
	TimestampTz visit_at;
	int			visits;			/* in a row that found no store */
	TimestampTz not_before;		/* after a failure, or having given way */
	int			failures;		/* in a row */
	TimestampTz due;			/* of its entry and its visit */
} KnownDatabase;

typedef struct Run
{
	BackgroundWorkerHandle *handle; /* NULL: free */
	Oid			dboid;
	TimestampTz started;
	bool		visit;
} Run;

bool		launcher_enabled = true;
static char *launcher_databases = NULL;

static const struct config_enum_entry broadcast_modes[] = {
	{"worker", BROADCAST_WORKER, false},
	{"inline", BROADCAST_INLINE, false},
	{"off", BROADCAST_OFF, false},
	{NULL, 0, false}
};

static HTAB *known_databases;
static Run	runs[DEADLINES_MAX_RUNS];
static TimestampTz next_poll;
static TimestampTz last_poll;
static TimestampTz no_slot_until = DT_NOBEGIN;

/* ---- settings and registration ---- */

static bool
check_databases(char **newval, void **extra, GucSource source)
{
	char	   *copy = pstrdup(*newval);
	List	   *names;
	bool		ok = SplitIdentifierString(copy, ',', &names);

	if (!ok)
		GUC_check_errdetail("List syntax is invalid.");
	list_free(names);
	pfree(copy);
	return ok;
}

void
launcher_define_gucs(void)
{
	DefineCustomStringVariable("booking.databases",
							   "Databases the background worker looks after; empty means all.",
							   NULL,
							   &launcher_databases,
							   "",
							   PGC_SIGHUP,
							   GUC_LIST_INPUT,
							   check_databases,
							   NULL,
							   NULL);

	DefineCustomEnumVariable("booking.notify",
							 "Who tells listeners of changed bookings.",
							 "The worker needs shared_preload_libraries; without it, \"worker\" tells nobody.",
							 &broadcast_mode,
							 BROADCAST_WORKER,
							 broadcast_modes,
							 PGC_SUSET,
							 0,
							 NULL,
							 NULL,
							 NULL);

	DefineCustomIntVariable("booking.seal_interval",
							"How often the background worker seals the audit trail.",
							"Zero means never, unless booking.seal_audit() is called.",
							&seals_interval,
							60000,
							0,
							24 * 60 * 60 * 1000,
							PGC_SIGHUP,
							GUC_UNIT_MS,
							NULL,
							NULL,
							NULL);

	DefineCustomBoolVariable("booking.worker",
							 "Lets the background worker run.",
							 "Off, nothing is wrong, but expired holds are ended only when somebody meets them.",
							 &launcher_enabled,
							 true,
							 PGC_SIGHUP,
							 0,
							 NULL,
							 NULL,
							 NULL);
}

static void
fill_worker(BackgroundWorker *worker, const char *function, const char *type)
{
	memset(worker, 0, sizeof(*worker));
	worker->bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker->bgw_start_time = BgWorkerStart_RecoveryFinished;
	snprintf(worker->bgw_library_name, sizeof(worker->bgw_library_name), "booking");
	snprintf(worker->bgw_function_name, sizeof(worker->bgw_function_name),
			 "%s", function);
	snprintf(worker->bgw_type, sizeof(worker->bgw_type), "%s", type);
	snprintf(worker->bgw_name, sizeof(worker->bgw_name), "%s", type);
}

/* Called once, from _PG_init(). */
void
launcher_init(void)
{
	BackgroundWorker worker;

	if (!process_shared_preload_libraries_in_progress || IsBinaryUpgrade)
		return;
	fill_worker(&worker, "booking_launcher_main", "booking launcher");
	worker.bgw_restart_time = RESTART_S;
	RegisterBackgroundWorker(&worker);
}

/* ---- known databases ---- */

static KnownDatabase *
find_known(Oid dboid)
{
	return hash_search(known_databases, &dboid, HASH_FIND, NULL);
}

static void
forget_database(Oid dboid)
{
	deadlines_forget(dboid);
	(void) hash_search(known_databases, &dboid, HASH_REMOVE, NULL);
}

/* Whether the setting booking.databases names it. */
static bool
is_listed(const char *name)
{
	char	   *copy = pstrdup(launcher_databases);
	List	   *names;
	ListCell   *cell;
	bool		found;

	if (!SplitIdentifierString(copy, ',', &names))
		return false;
	found = names == NIL;
	foreach(cell, names)
		found = found || strcmp(lfirst(cell), name) == 0;
	list_free(names);
	pfree(copy);
	return found;
}

static bool
is_wanted(Form_pg_database database)
{
	/* a connection limit below -1 marks what DROP DATABASE left half done */
	return database->datallowconn && !database->datistemplate &&
		database->datconnlimit >= -1 &&
		is_listed(NameStr(database->datname));
}

static void
learn_database(Form_pg_database database, TimestampTz now)
{
	bool		found;
	KnownDatabase *known = hash_search(known_databases, &database->oid, HASH_ENTER, &found);
	bool		wanted = is_wanted(database);

	if (!found || (wanted && !known->wanted))
	{
		known->visit_at = now;
		known->visits = 0;
		known->not_before = DT_NOBEGIN;
		known->failures = 0;
	}
	known->name = database->datname;
	known->wanted = wanted;
	known->seen = true;
}

/*
 * Reads pg_database: learns what is new, forgets what is gone.  Entries are
 * listed first, so that those made meanwhile aren't mistaken for left over.
 */
static void
poll_databases(TimestampTz now)
{
	DeadlineInfo *entries;
	int			count = deadlines_list(&entries);
	HASH_SEQ_STATUS status;
	KnownDatabase *known;
	Relation	relation;
	TableScanDesc scan;
	HeapTuple	tuple;

	hash_seq_init(&status, known_databases);
	while ((known = hash_seq_search(&status)) != NULL)
		known->seen = false;

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	relation = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(relation, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
		learn_database((Form_pg_database) GETSTRUCT(tuple), now);
	table_endscan(scan);
	table_close(relation, AccessShareLock);
	CommitTransactionCommand();

	hash_seq_init(&status, known_databases);
	while ((known = hash_seq_search(&status)) != NULL)
	{
		if (!known->seen)
			forget_database(known->dboid);
	}
	for (int i = 0; i < count; i++)
	{
		if (find_known(entries[i].dboid) == NULL)
			deadlines_forget(entries[i].dboid);
	}

	last_poll = now;
	next_poll = TimestampTzPlusMilliseconds(now, POLL_MS);
}

/* Polls soon, but not again and again. */
static void
poll_soon(void)
{
	next_poll = Min(next_poll, TimestampTzPlusMilliseconds(last_poll, POLL_MIN_MS));
}

/*
 * Whether a worker could connect now.  A database that somebody wants for
 * themselves is left alone; one that is gone is forgotten.
 */
static bool
can_connect(KnownDatabase *known, TimestampTz now)
{
	Oid			dboid = known->dboid;
	Relation	relation;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		locked;
	bool		exists;

	StartTransactionCommand();
	locked = worker_lock_database(dboid);
	relation = table_open(DatabaseRelationId, AccessShareLock);
	ScanKeyInit(&key, Anum_pg_database_oid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(dboid));

	/* without a database, indexes may be out of reach */
	scan = systable_beginscan(relation, DatabaseOidIndexId,
							  criticalSharedRelcachesBuilt, NULL, 1, &key);
	tuple = systable_getnext(scan);
	exists = HeapTupleIsValid(tuple);
	if (exists)
		learn_database((Form_pg_database) GETSTRUCT(tuple), now);
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	CommitTransactionCommand();

	if (!exists)
	{
		if (locked)
			forget_database(dboid);
		return false;
	}
	if (!locked)
		known->not_before = TimestampTzPlusMilliseconds(now, GAVE_WAY_MS);
	return locked && known->wanted;
}

/* ---- workers ---- */

/* Draws conclusions from how a worker ended. */
static void
note_end(const Run *run, RunOutcome outcome, TimestampTz now)
{
	KnownDatabase *known = find_known(run->dboid);
	int			wait;

	if (known == NULL)
		return;

	switch (outcome)
	{
		case RUN_DONE:
			known->visits = 0;
			known->visit_at = TimestampTzPlusMilliseconds(now, known->has_entry ?
														  STORE_VISIT_MS : FULL_VISIT_MS);
			break;
		case RUN_NO_STORE:
			/* a store may just be going away and coming back */
			wait = Min(NO_STORE_MIN_MS << Min(Max(known->visits - 1, 0), 10), STORE_VISIT_MS);
			known->visits++;
			known->visit_at = TimestampTzPlusMilliseconds(now, wait);
			break;
		case RUN_GAVE_WAY:
			known->not_before = TimestampTzPlusMilliseconds(now, GAVE_WAY_MS);
			return;
		case RUN_FAILED:
			/* what did well for so long isn't failing in a row */
			if (TimestampDifferenceExceeds(run->started, now, WELL_MS))
				known->failures = 0;
			wait = Min(1 << Min(known->failures, 10), FAILURE_MAX_S);
			known->not_before = TimestampTzPlusMilliseconds(now, wait * 1000);
			if (known->failures++ == 0)
				ereport(LOG,
						(errmsg("booking worker of database \"%s\" ended early and is started again",
								NameStr(known->name)),
						 errdetail("While it goes on, this is tried at most once a minute and not logged.")));
			deadlines_set_failures(known->dboid, known->failures);
			/* perhaps the database is gone */
			poll_soon();
			return;
	}

	if (known->failures > 0)
	{
		known->failures = 0;
		deadlines_set_failures(known->dboid, 0);
	}
}

/* Finds the workers that ended. */
static void
collect_runs(TimestampTz now)
{
	for (int i = 0; i < DEADLINES_MAX_RUNS; i++)
	{
		Run		   *run = &runs[i];
		pid_t		pid;

		if (run->handle == NULL ||
			GetBackgroundWorkerPid(run->handle, &pid) != BGWH_STOPPED)
			continue;
		pfree(run->handle);
		run->handle = NULL;
		note_end(run, deadlines_close_run(i), now);
	}
}

static bool
is_visiting(void)
{
	for (int i = 0; i < DEADLINES_MAX_RUNS; i++)
	{
		if (runs[i].handle && runs[i].visit)
			return true;
	}
	return false;
}

/* What came of the attempt to start a worker. */
typedef enum StartResult
{
	START_DONE,
	START_ALL_BUSY,				/* we have as many as we may have */
	START_NO_SLOT				/* the server has no background worker left */
} StartResult;

static StartResult
start_worker(Oid dboid, bool visit)
{
	BackgroundWorker worker;
	WorkerOrder order;
	MemoryContext previous;
	bool		started;

	StaticAssertStmt(sizeof(order) <= BGW_EXTRALEN, "order too long");

	order.dboid = dboid;
	order.run = deadlines_open_run(dboid, &order.generation);
	if (order.run < 0)
		return START_ALL_BUSY;

	fill_worker(&worker, "booking_worker_main", "booking worker");
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_notify_pid = MyProcPid;
	memcpy(worker.bgw_extra, &order, sizeof(order));

	previous = MemoryContextSwitchTo(TopMemoryContext);
	started = RegisterDynamicBackgroundWorker(&worker, &runs[order.run].handle);
	MemoryContextSwitchTo(previous);
	if (!started)
	{
		runs[order.run].handle = NULL;
		(void) deadlines_close_run(order.run);
		return START_NO_SLOT;
	}
	runs[order.run].dboid = dboid;
	runs[order.run].started = GetCurrentTimestamp();
	runs[order.run].visit = visit;
	return START_DONE;
}

/* Works out when each known database is due. */
static void
compute_dues(void)
{
	DeadlineInfo *entries;
	int			count = deadlines_list(&entries);
	HASH_SEQ_STATUS status;
	KnownDatabase *known;

	hash_seq_init(&status, known_databases);
	while ((known = hash_seq_search(&status)) != NULL)
	{
		known->has_entry = false;
		known->due = DT_NOEND;
	}

	for (int i = 0; i < count; i++)
	{
		known = find_known(entries[i].dboid);
		if (known)
		{
			known->has_entry = true;
			known->due = entries[i].next_due;
		}
		else
			poll_soon();
	}
}

/* The database that is due first of those that wait. */
static KnownDatabase *
first_due(void)
{
	HASH_SEQ_STATUS status;
	KnownDatabase *known;
	KnownDatabase *first = NULL;
	TimestampTz first_due_at = DT_NOEND;
	bool		visiting = is_visiting();

	hash_seq_init(&status, known_databases);
	while ((known = hash_seq_search(&status)) != NULL)
	{
		TimestampTz due = visiting ? known->due : Min(known->due, known->visit_at);

		due = Max(due, known->not_before);
		if (known->wanted && due < first_due_at && !deadlines_is_running(known->dboid))
		{
			first = known;
			first_due_at = due;
		}
	}
	if (first)
		first->due = first_due_at;
	return first;
}

/*
 * Starts workers where it is time; returns when to look again.  A worker that
 * ends wakes us too.
 */
static TimestampTz
start_workers(TimestampTz now)
{
	KnownDatabase *known;
	TimestampTz again = DT_NOEND;
	StartResult result = START_DONE;

	if (!launcher_enabled)
		return DT_NOEND;

	compute_dues();
	while (result == START_DONE && (known = first_due()) != NULL)
	{
		if (known->due > now)
		{
			again = known->due;
			break;
		}
		if (no_slot_until > now)
			result = START_NO_SLOT;
		else if (can_connect(known, now))
			result = start_worker(known->dboid, known->visit_at <= now);

		if (result == START_NO_SLOT)
		{
			if (no_slot_until <= now)
				no_slot_until = TimestampTzPlusMilliseconds(now, NO_SLOT_MS);
			again = no_slot_until;
		}
	}
	deadlines_set_crowded(result != START_DONE);
	return again;
}

/* Entry point of the process. */
void
booking_launcher_main(Datum main_arg)
{
	MemoryContext loop_context;
	HASHCTL		control = {0};
	uint32		wait_event;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);

	control.keysize = sizeof(Oid);
	control.entrysize = sizeof(KnownDatabase);
	known_databases = hash_create("booking known databases", 64, &control,
								  HASH_ELEM | HASH_BLOBS);
	loop_context = AllocSetContextCreate(TopMemoryContext, "booking launcher",
										 ALLOCSET_DEFAULT_SIZES);
	wait_event = compat_wait_event("BookingLauncherMain");
	deadlines_attach_launcher();
	next_poll = GetCurrentTimestamp();

	for (;;)
	{
		TimestampTz now;
		TimestampTz again;

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(loop_context);
		MemoryContextSwitchTo(loop_context);

		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
			poll_soon();
		}

		now = GetCurrentTimestamp();
		if (now >= next_poll)
			poll_databases(now);
		MemoryContextSwitchTo(loop_context);
		collect_runs(now);
		again = Min(start_workers(now), next_poll);
		MemoryContextSwitchTo(loop_context);

		now = GetCurrentTimestamp();
		if (again > now)
			(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
							 TimestampDifferenceMilliseconds(now, again) + 1, wait_event);
		ResetLatch(MyLatch);
	}
}
