/*-------------------------------------------------------------------------
 *
 * worker.c
 *	  The background worker of one database.
 *
 * It is started by the launcher when something falls due, works off what is
 * due, waits a little for more, and goes.  Nothing is connected to a database
 * in which nothing happens.
 *
 * DROP DATABASE, ALTER DATABASE and CREATE DATABASE .. TEMPLATE lock the
 * database and then give its sessions five seconds to leave, without telling
 * background workers.  So the worker tests that lock a few times a second and
 * leaves when somebody has it.
 *
 * It runs at most once per database, which deadlines.c sees to.  SIGTERM ends
 * it wherever it is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "compat.h"
#include "engine/deadlines.h"
#include "worker/launcher.h"
#include "worker/sweeps.h"
#include "worker/worker.h"

#define IDLE_MS 2000			/* stays that long without work */
#define SLICE_MS 200			/* looks that often whether it is in the way */
#define CROWDED_STAY_MS 1000	/* stays that long while others wait */
#define LIFE_MS (5 * 60 * 1000) /* then a fresh process takes over */

/*
 * Takes, for this transaction, a lock on a database that those who want to be
 * alone with it exclude; false if there is one of them.
 */
bool
worker_lock_database(Oid dboid)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, InvalidOid, DatabaseRelationId, dboid, 0);
	return LockAcquire(&tag, RowExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
}

static bool
database_is_wanted(void)
{
	bool		locked;

	StartTransactionCommand();
	locked = worker_lock_database(MyDatabaseId);
	CommitTransactionCommand();
	return !locked;
}

/* Settings that a database or role may have, and that would hurt here. */
static void
override_settings(void)
{
	static const struct
	{
		const char *name;
		const char *value;
	}			settings[] = {
		{"search_path", "pg_catalog, pg_temp"},
		{"session_replication_role", "origin"},
		{"default_transaction_isolation", "read committed"},
		{"default_transaction_read_only", "off"},
		{"statement_timeout", "0"},
		{"idle_in_transaction_session_timeout", "0"},
		{"transaction_timeout", "0"},
		{"lock_timeout", "1s"}
	};

	for (int i = 0; i < (int) lengthof(settings); i++)
	{
		/* not every server has all of them */
		if (GetConfigOption(settings[i].name, true, false) != NULL)
			SetConfigOption(settings[i].name, settings[i].value,
							PGC_SUSET, PGC_S_OVERRIDE);
	}
}

/* Sleeps until something falls due, at most for a slice. */
static void
wait_for_work(void)
{
	static uint32 wait_event = 0;
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz due = deadlines_next();
	long		timeout = SLICE_MS;

	if (due <= now)
		return;
	if (due != DT_NOEND)
		timeout = Min(timeout, TimestampDifferenceMilliseconds(now, due) + 1);

	if (wait_event == 0)
		wait_event = compat_wait_event("BookingWorkerMain");
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 timeout, wait_event);
	ResetLatch(MyLatch);
}

/* Works until there is nothing to do, or the database is wanted. */
static RunOutcome
work(void)
{
	TimestampTz began = GetCurrentTimestamp();
	TimestampTz idle_until = began;
	bool		looked = false;

	for (;;)
	{
		TimestampTz now;
		TimestampTz due;

		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		if (!launcher_enabled || database_is_wanted())
			break;

		now = GetCurrentTimestamp();
		if (!looked || deadlines_next() <= now)
		{
			SweepRound	round;

			deadlines_take();
			sweeps_run(&round);
			if (round.store == STORE_ABSENT)
				return RUN_NO_STORE;
			if (round.store == STORE_LOCKED)
			{
				deadlines_lower(TimestampTzPlusMilliseconds(now, 1000));
				break;
			}
			deadlines_lower(round.due);
			looked = true;
			if (round.worked)
				idle_until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), IDLE_MS);
		}

		now = GetCurrentTimestamp();
		due = deadlines_next();
		if (TimestampDifferenceExceeds(began, now, LIFE_MS))
			break;
		if (deadlines_crowded() &&
			(due > now || TimestampDifferenceExceeds(began, now, CROWDED_STAY_MS)))
			break;
		if (now >= idle_until && due > TimestampTzPlusMilliseconds(now, IDLE_MS))
			break;
		wait_for_work();
	}
	return looked ? RUN_DONE : RUN_GAVE_WAY;
}

/* Entry point of the process. */
void
booking_worker_main(Datum main_arg)
{
	WorkerOrder order;
	StoreFound	store = STORE_FOUND;
	RunOutcome	outcome = RUN_GAVE_WAY;

	memcpy(&order, MyBgworkerEntry->bgw_extra, sizeof(order));
	if (!deadlines_join_run(order.run, order.generation))
		proc_exit(0);

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(order.dboid, InvalidOid, 0);
	override_settings();

	/*
	 * Where the database has an entry, work() takes it before it looks, so that
	 * it doesn't stay due.  Without a store it is not to get one.
	 */
	if (!deadlines_has_entry())
		store = sweeps_find_store();
	if (store == STORE_ABSENT)
		outcome = RUN_NO_STORE;
	else if (store == STORE_FOUND && deadlines_begin_work())
		outcome = work();

	deadlines_end_work(outcome);
	proc_exit(0);
}
