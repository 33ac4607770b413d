/*-------------------------------------------------------------------------
 *
 * deadlines.c
 *	  What a transaction tells the background worker: something falls due.
 *
 * Vocabulary
 *	  entry			a database with a store: when something falls due there
 *	  note			what a transaction says about that; published when it ends
 *	  run			one life of a worker process, in one of a few numbered places
 *
 * Protocol.  A transaction that commits only ever lowers its database's
 * next_due, after its rows have become visible, and wakes the worker, or the
 * launcher where no worker is, if it did.  A worker sets next_due to infinity
 * (take), then takes its snapshots, then lowers it to what it found.  So what
 * a worker's snapshot did not see lowers the entry afterwards, and nothing is
 * missed.  Whoever finds next_due low enough already need not do anything:
 * the usual case costs a backend one atomic read.
 *
 * A worker that ends by any other way than deadlines_end_work() leaves its
 * entry due at once.
 *
 * Without shared_preload_libraries there is no shared memory, and notes go
 * nowhere.
 *
 * Locking rules.  "lock" is the LWLock "booking".
 *	  entries[], used		   added by any backend, removed by the launcher,
 *							   under the exclusive lock; read under the shared
 *							   one.  An entry stays where it is while its
 *							   database exists: a connected backend may keep
 *							   a pointer to its own.
 *	  entry.next_due		   written under the exclusive lock; read without
 *	  entry.worker_*, last_run written by the entry's worker under the
 *							   exclusive lock; read under the shared one
 *	  entry.failures		   the same, written by the launcher
 *	  entry.sweeps			   touched only by the worker that has the entry
 *	  launcher_latch		   written by the launcher under the exclusive lock
 *	  runs[]				   under the exclusive lock
 *	  crowded				   written by the launcher, read by all, no lock
 * Latches are set after the lock is released; they are in shared memory and
 * outlive their process.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/shmem.h"

#include "engine/broadcast.h"
#include "engine/deadlines.h"

/* Databases with a store; the launcher polls those beyond. */
#define MAX_ENTRIES 1024

/* How long changes are collected before listeners are told. */
#define COALESCE_MS 200

typedef struct DeadlineEntry
{
	Oid			dboid;			/* InvalidOid: free */
	pg_atomic_uint64 next_due;	/* a TimestampTz */
	Latch	   *worker_latch;
	pid_t		worker_pid;
	TimestampTz last_run;
	int			failures;
	SweepState	sweeps[DEADLINES_MAX_SWEEPS];
} DeadlineEntry;

typedef struct DeadlineRun
{
	Oid			dboid;
	uint32		generation;		/* tells a worker from one started before */
	pid_t		pid;			/* 0: not started, or ended */
	bool		orphan;			/* no launcher waits for it: frees itself */
	RunOutcome	outcome;
} DeadlineRun;

typedef struct DeadlineShared
{
	LWLock	   *lock;
	Latch	   *launcher_latch;
	pg_atomic_uint32 crowded;
	DeadlineRun runs[DEADLINES_MAX_RUNS];
	int			used;			/* entries behind this one are free */
	DeadlineEntry entries[MAX_ENTRIES];
} DeadlineShared;

static DeadlineShared *shared = NULL;

/* This backend's database; points to private memory if the table was full. */
static DeadlineEntry *own_entry = NULL;

/* The notes of the transaction that runs. */
static TimestampTz noted_due = DT_NOEND;
static bool noted_change = false;

/* A worker's place, and whether it holds own_entry. */
static int	own_run = -1;
static bool working = false;

static shmem_request_hook_type previous_shmem_request_hook = NULL;
static shmem_startup_hook_type previous_shmem_startup_hook = NULL;

static void publish_notes(XactEvent event, void *arg);

/* ---- shared memory ---- */

static void
request_shmem(void)
{
	if (previous_shmem_request_hook)
		previous_shmem_request_hook();
	RequestAddinShmemSpace(MAXALIGN(sizeof(DeadlineShared)));
	RequestNamedLWLockTranche("booking", 1);
}

static void
clear_entry(DeadlineEntry *entry)
{
	entry->dboid = InvalidOid;
	pg_atomic_init_u64(&entry->next_due, (uint64) DT_NOEND);
	entry->worker_latch = NULL;
	entry->worker_pid = 0;
	entry->last_run = DT_NOBEGIN;
	entry->failures = 0;
	for (int i = 0; i < DEADLINES_MAX_SWEEPS; i++)
	{
		entry->sweeps[i].not_before = DT_NOBEGIN;
		entry->sweeps[i].due = DT_NOEND;
		entry->sweeps[i].failures = 0;
		entry->sweeps[i].delay = 0;
	}
}

static void
start_shmem(void)
{
	bool		found;

	if (previous_shmem_startup_hook)
		previous_shmem_startup_hook();

	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	shared = ShmemInitStruct("booking deadlines", sizeof(DeadlineShared), &found);
	if (!found)
	{
		memset(shared, 0, sizeof(DeadlineShared));
		shared->lock = &GetNamedLWLockTranche("booking")->lock;
		pg_atomic_init_u32(&shared->crowded, 0);
		for (int i = 0; i < MAX_ENTRIES; i++)
			clear_entry(&shared->entries[i]);
	}
	LWLockRelease(AddinShmemInitLock);
}

/* Called once, from _PG_init(). */
void
deadlines_init(void)
{
	RegisterXactCallback(publish_notes, NULL);

	if (!process_shared_preload_libraries_in_progress || IsBinaryUpgrade)
		return;
	previous_shmem_request_hook = shmem_request_hook;
	shmem_request_hook = request_shmem;
	previous_shmem_startup_hook = shmem_startup_hook;
	shmem_startup_hook = start_shmem;
}

/* ---- entries ---- */

static inline TimestampTz
entry_due(DeadlineEntry *entry)
{
	return (TimestampTz) pg_atomic_read_u64(&entry->next_due);
}

static inline void
set_entry_due(DeadlineEntry *entry, TimestampTz due)
{
	pg_atomic_write_u64(&entry->next_due, (uint64) due);
}

/* The lock must be held. */
static DeadlineEntry *
find_entry(Oid dboid)
{
	for (int i = 0; i < shared->used; i++)
	{
		if (shared->entries[i].dboid == dboid)
			return &shared->entries[i];
	}
	return NULL;
}

/* The exclusive lock must be held.  NULL when the table is full. */
static DeadlineEntry *
add_entry(Oid dboid)
{
	for (int i = 0; i < MAX_ENTRIES; i++)
	{
		DeadlineEntry *entry = &shared->entries[i];

		if (!OidIsValid(entry->dboid))
		{
			clear_entry(entry);
			entry->dboid = dboid;
			shared->used = Max(shared->used, i + 1);
			return entry;
		}
	}
	return NULL;
}

/* The entry of this backend's database, made if need be; NULL if there is no room. */
static DeadlineEntry *
my_entry(void)
{
	DeadlineEntry *entry;

	if (own_entry)
		return own_entry;
	if (!OidIsValid(MyDatabaseId))
		return NULL;

	LWLockAcquire(shared->lock, LW_SHARED);
	entry = find_entry(MyDatabaseId);
	LWLockRelease(shared->lock);

	if (entry == NULL)
	{
		LWLockAcquire(shared->lock, LW_EXCLUSIVE);
		entry = find_entry(MyDatabaseId);
		if (entry == NULL)
			entry = add_entry(MyDatabaseId);
		LWLockRelease(shared->lock);
	}
	own_entry = entry;
	return entry;
}

/* Lowers an entry, and wakes who is to act on it. */
static void
lower_entry(DeadlineEntry *entry, TimestampTz due)
{
	Latch	   *latch = NULL;

	/* what we made visible must be so before we see that nothing is to do */
	pg_memory_barrier();
	if (due >= entry_due(entry))
		return;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	if (due < entry_due(entry))
	{
		set_entry_due(entry, due);
		latch = entry->worker_latch ? entry->worker_latch : shared->launcher_latch;
	}
	LWLockRelease(shared->lock);

	if (latch)
		SetLatch(latch);
}

/* ---- notes ---- */

/*
 * The running transaction made something that falls due then.  A savepoint
 * rolled back leaves its notes behind: the worker looks once for nothing.
 */
void
deadlines_note(TimestampTz due)
{
	if (due < noted_due)
		noted_due = due;
}

/* The running transaction changed bookings: listeners are to be told. */
void
deadlines_note_change(void)
{
	if (broadcast_mode == BROADCAST_WORKER)
		noted_change = true;
}

/*
 * At commit, rows are visible by now.  Those of a prepared transaction aren't
 * yet: the worker keeps an eye on databases that have some (sweeps.c).
 */
static void
publish_notes(XactEvent event, void *arg)
{
	TimestampTz due = noted_due;
	DeadlineEntry *entry;

	switch (event)
	{
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PREPARE:
			if (shared == NULL)
				break;
			if (noted_change)
				due = Min(due, TimestampTzPlusMilliseconds(GetCurrentTransactionStopTimestamp(),
														   COALESCE_MS));
			if (due == DT_NOEND)
				break;
			entry = my_entry();
			if (entry)
				lower_entry(entry, due);
			break;
		case XACT_EVENT_ABORT:
			break;
		default:
			return;
	}
	noted_due = DT_NOEND;
	noted_change = false;
}

/* ---- the launcher's side ---- */

/* A copy of all entries, palloc'd; returns how many.  For worker_status() too. */
int
deadlines_list(DeadlineInfo **list)
{
	int			count = 0;

	if (shared == NULL)
	{
		*list = NULL;
		return 0;
	}

	*list = palloc(sizeof(DeadlineInfo) * MAX_ENTRIES);
	LWLockAcquire(shared->lock, LW_SHARED);
	for (int i = 0; i < shared->used; i++)
	{
		DeadlineEntry *entry = &shared->entries[i];
		DeadlineInfo *info = &(*list)[count];

		if (!OidIsValid(entry->dboid))
			continue;
		info->dboid = entry->dboid;
		info->next_due = entry_due(entry);
		info->worker_pid = entry->worker_pid;
		info->last_run = entry->last_run;
		info->failures = entry->failures;
		count++;
	}
	LWLockRelease(shared->lock);
	return count;
}

/* The next launcher knows no handle of the workers this one leaves behind. */
static void
detach_launcher(int code, Datum arg)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	shared->launcher_latch = NULL;
	for (int i = 0; i < DEADLINES_MAX_RUNS; i++)
	{
		if (shared->runs[i].pid == 0)
			shared->runs[i].dboid = InvalidOid;
		else
			shared->runs[i].orphan = true;
	}
	LWLockRelease(shared->lock);
}

/* From now on this process's latch is set when an entry without worker gets closer. */
void
deadlines_attach_launcher(void)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	shared->launcher_latch = &MyProc->procLatch;
	LWLockRelease(shared->lock);
	on_shmem_exit(detach_launcher, (Datum) 0);
}

/* Removes a database that is gone. */
void
deadlines_forget(Oid dboid)
{
	DeadlineEntry *entry;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	entry = find_entry(dboid);
	if (entry)
	{
		clear_entry(entry);
		while (shared->used > 0 &&
			   !OidIsValid(shared->entries[shared->used - 1].dboid))
			shared->used--;
	}
	LWLockRelease(shared->lock);
}

/* Writes down, for worker_status(), how often in a row workers failed. */
void
deadlines_set_failures(Oid dboid, int failures)
{
	DeadlineEntry *entry;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	entry = find_entry(dboid);
	if (entry)
		entry->failures = failures;
	LWLockRelease(shared->lock);
}

/* Whether databases wait for a place: workers then leave sooner. */
void
deadlines_set_crowded(bool crowded)
{
	pg_atomic_write_u32(&shared->crowded, crowded ? 1 : 0);
}

/* Takes a place for a worker that is about to be started; -1 if there is none. */
int
deadlines_open_run(Oid dboid, uint32 *generation)
{
	int			result = -1;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < DEADLINES_MAX_RUNS && result < 0; i++)
	{
		DeadlineRun *run = &shared->runs[i];

		if (OidIsValid(run->dboid))
			continue;
		run->dboid = dboid;
		run->pid = 0;
		run->orphan = false;
		run->outcome = RUN_FAILED;
		*generation = ++run->generation;
		result = i;
	}
	LWLockRelease(shared->lock);
	return result;
}

/* Frees the place of a worker that ended, and says how it did. */
RunOutcome
deadlines_close_run(int run)
{
	RunOutcome	outcome;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	outcome = shared->runs[run].outcome;
	shared->runs[run].dboid = InvalidOid;
	shared->runs[run].pid = 0;
	LWLockRelease(shared->lock);
	return outcome;
}

/* Whether a place is taken for this database. */
bool
deadlines_is_running(Oid dboid)
{
	bool		result = false;

	LWLockAcquire(shared->lock, LW_SHARED);
	for (int i = 0; i < DEADLINES_MAX_RUNS; i++)
		result = result || shared->runs[i].dboid == dboid;
	LWLockRelease(shared->lock);
	return result;
}

/* ---- the worker's side ---- */

static void
leave_run(int code, Datum arg)
{
	Latch	   *latch;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	if (working)
	{
		own_entry->worker_latch = NULL;
		own_entry->worker_pid = 0;
		set_entry_due(own_entry, Min(entry_due(own_entry), GetCurrentTimestamp()));
	}
	shared->runs[own_run].pid = 0;
	if (shared->runs[own_run].orphan)
		shared->runs[own_run].dboid = InvalidOid;
	latch = shared->launcher_latch;
	LWLockRelease(shared->lock);

	if (latch)
		SetLatch(latch);
}

/*
 * A new worker takes the place that was opened for it.  False if the launcher
 * that did so is gone.
 */
bool
deadlines_join_run(int run, uint32 generation)
{
	bool		joined = false;

	if (shared == NULL)
		return false;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	if (OidIsValid(shared->runs[run].dboid) &&
		shared->runs[run].generation == generation)
	{
		shared->runs[run].pid = MyProcPid;
		joined = true;
	}
	LWLockRelease(shared->lock);

	if (joined)
	{
		own_run = run;
		on_shmem_exit(leave_run, (Datum) 0);
	}
	return joined;
}

/* Whether anybody has noted something for this database since the server started. */
bool
deadlines_has_entry(void)
{
	bool		found;

	LWLockAcquire(shared->lock, LW_SHARED);
	found = find_entry(MyDatabaseId) != NULL;
	LWLockRelease(shared->lock);
	return found;
}

/*
 * Becomes the one worker of this database; false if there is one.  Where the
 * table is full, a worker has a private entry and the launcher comes back.
 */
bool
deadlines_begin_work(void)
{
	static DeadlineEntry unshared;

	if (my_entry() == NULL)
	{
		clear_entry(&unshared);
		unshared.dboid = MyDatabaseId;
		own_entry = &unshared;
	}

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	if (own_entry->worker_pid == 0)
	{
		own_entry->worker_pid = MyProcPid;
		own_entry->worker_latch = &MyProc->procLatch;
		own_entry->last_run = GetCurrentTimestamp();
		working = true;
	}
	LWLockRelease(shared->lock);
	return working;
}

/* Leaves in good order; what next_due says is for the next worker. */
void
deadlines_end_work(RunOutcome outcome)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	if (working)
	{
		own_entry->worker_latch = NULL;
		own_entry->worker_pid = 0;
	}
	shared->runs[own_run].outcome = outcome;
	working = false;
	LWLockRelease(shared->lock);
}

/* The worker is about to look at everything: the entry starts anew. */
void
deadlines_take(void)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	set_entry_due(own_entry, DT_NOEND);
	own_entry->last_run = GetCurrentTimestamp();
	LWLockRelease(shared->lock);
}

/* Something it left for later falls due then. */
void
deadlines_lower(TimestampTz due)
{
	lower_entry(own_entry, due);
}

TimestampTz
deadlines_next(void)
{
	return entry_due(own_entry);
}

bool
deadlines_crowded(void)
{
	return pg_atomic_read_u32(&shared->crowded) != 0;
}

SweepState *
deadlines_sweep_state(int sweep)
{
	Assert(working && sweep < DEADLINES_MAX_SWEEPS);
	return &own_entry->sweeps[sweep];
}
