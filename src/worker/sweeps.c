/*-------------------------------------------------------------------------
 *
 * sweeps.c
 *	  What a worker does in a database: the sweeps, one after the other.
 *
 * Each sweep gets a transaction of its own per round and does one batch in
 * it; where that left something, the round says to come back at once, so that
 * a long backlog of one sweep doesn't keep the others waiting.
 *
 * A sweep that fails is rolled back, logged the first time, and left alone
 * for a while that doubles (1 s .. 60 s); the others go on.
 *
 * Nobody's code runs with the worker's own rights, which are the superuser's:
 * sweeps run as the owner of the store in a security-restricted operation, as
 * ANALYZE does.  That forbids deferred triggers, which would run at commit;
 * all constraints are therefore immediate.
 *
 * The lock on the extension comes first in every transaction, so that DROP
 * EXTENSION meets the worker before or after one, never within.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/twophase.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_extension.h"
#include "commands/extension.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "engine/broadcast.h"
#include "engine/clock.h"
#include "engine/deadlines.h"
#include "engine/expiry.h"
#include "engine/no_shows.h"
#include "engine/undo.h"
#include "store/idempotency_store.h"
#include "engine/seals.h"
#include "engine/promotion.h"
#include "store/plan.h"
#include "store/prepared.h"
#include "store/store_state.h"
#include "worker/sweeps.h"

/* No transaction touches more rows, nor takes much longer. */
#define BATCH_MAX 1000
#define BATCH_MIN 20
#define BATCH_MS 100

#define RETRY_MS 1000			/* for what somebody else has locked */
#define FAILURE_MAX_S 60
#define DROP_OVER_MS 60000
#define NO_SHOWS_REST_MS 1000
#define PURGE_UNDO_MS 300000
#define SUMMARIZE_ROWS 1000
#define SUMMARIZE_MS 300
#define HELD_BACK_MIN_MS 250
#define HELD_BACK_MAX_MS 1000
#define PREPARED_MIN_MS 1000
#define PREPARED_MAX_MS 60000

/* One execution of a sweep. */
typedef struct SweepStep
{
	TimestampTz now;			/* in: when it began */
	int			max;			/* in: rows it may touch */
	SweepState *state;			/* in, out: not_before and due are to be set */
	int			done;			/* out: how many it touched */
	char		trouble[256];	/* out: what went wrong with some of them */
} SweepStep;

typedef struct Sweep
{
	const char *name;
	const char *activity;		/* as pg_stat_activity shows it */
	void		(*run) (SweepStep *step);
	bool		makes_up;		/* what it was called for while it rests, it
								 * does right after */
} Sweep;

static void sweep_expiry(SweepStep *step);
static void sweep_no_shows(SweepStep *step);
static void sweep_allocations(SweepStep *step);
static void sweep_undo(SweepStep *step);
static void sweep_promotions(SweepStep *step);
static void sweep_broadcast(SweepStep *step);
static void sweep_idempotency(SweepStep *step);
static void sweep_seals(SweepStep *step);
static void sweep_prepared(SweepStep *step);

/* In the order they run: what the first change, the broadcast tells. */
static const Sweep sweeps[] = {
	{"expiry", "booking sweep: expiry", sweep_expiry},
	{"no-shows", "booking sweep: no-shows", sweep_no_shows, true},
	{"allocations", "booking sweep: allocations", sweep_allocations},
	{"promotions", "booking sweep: promotions", sweep_promotions},
	{"undo", "booking sweep: undo", sweep_undo},
	{"broadcast", "booking sweep: broadcast", sweep_broadcast},
	{"seals", "booking sweep: seals", sweep_seals},
	{"idempotency", "booking sweep: idempotency", sweep_idempotency},
	{"prepared", "booking sweep: prepared", sweep_prepared}
};

StaticAssertDecl(lengthof(sweeps) <= DEADLINES_MAX_SWEEPS, "too many sweeps");

/* How many rows each sweep takes at a time; adapts to BATCH_MS. */
static int	batch_size[lengthof(sweeps)];

/* Undoes, at the end of a transaction, settings that were made in it. */
static int	guc_nest_level;

/* ---- the sweeps ---- */

static TimestampTz
after_ms(TimestampTz now, int ms)
{
	return TimestampTzPlusMilliseconds(now, ms);
}

/* The next wait of one that doubles from min to max. */
static TimestampTz
backed_off(SweepStep *step, int min, int max)
{
	step->state->delay = Min(Max(step->state->delay * 2, min), max);
	return after_ms(step->now, step->state->delay);
}

/*
 * Decides when a sweep that ends bookings is to come again.  What others were
 * busy with is looked at again soon, what raised an error after a while that
 * doubles.
 */
static void
come_again(SweepStep *step, const ExpiryRest *rest, TimestampTz (*next_due) (void))
{
	TimestampTz next;

	if (rest->failed == 0)
		step->state->delay = 0;
	if (step->done > 0 && step->done + rest->busy + rest->failed >= step->max)
	{
		step->state->due = step->now;
		return;
	}

	next = next_due();
	if (rest->busy > 0)
		next = Min(next, after_ms(step->now, RETRY_MS));
	if (rest->failed > 0)
	{
		next = Min(next, backed_off(step, RETRY_MS, FAILURE_MAX_S * 1000));
		strlcpy(step->trouble, rest->first_failure, sizeof(step->trouble));
	}
	step->state->due = next;
}

/* Ends what has lapsed. */
static void
sweep_expiry(SweepStep *step)
{
	ExpiryRest	rest;

	step->done = expiry_sweep(NULL, step->max, &rest);
	come_again(step, &rest, expiry_next_due);
}

/*
 * Marks as no-shows whom the clock says so of.  This looks at all that has
 * begun, so while there is much else to do it rests in between.
 */
static void
sweep_no_shows(SweepStep *step)
{
	ExpiryRest	rest;

	step->done = no_shows_sweep(NULL, step->max, &rest);
	come_again(step, &rest, no_shows_next_due);
	step->state->not_before = after_ms(step->now, NO_SHOWS_REST_MS);
}

/*
 * Drops allocations that are over.  They are in nobody's way (the guard looks
 * at the time), so this happens when the worker is here anyway.
 */
static void
sweep_allocations(SweepStep *step)
{
	step->done = expiry_drop_over(step->max);
	if (step->done >= step->max)
		step->state->due = step->now;
	else
		step->state->not_before = after_ms(step->now, DROP_OVER_MS);
}

/* Deletes undo tokens that expired long ago, likewise. */
static void
sweep_undo(SweepStep *step)
{
	step->done = undo_purge(step->max);
	if (step->done >= step->max)
		step->state->due = step->now;
	else
		step->state->not_before = after_ms(step->now, PURGE_UNDO_MS);
}

/* Gives what is vacant to who waits for it. */
static void
sweep_promotions(SweepStep *step)
{
	PromotionRest rest;

	(void) promotion_sweep(NULL, step->max, &rest);
	step->done = rest.looked_at - Min(rest.busy, rest.looked_at);
	if (rest.busy > 0)
		step->state->due = after_ms(step->now, RETRY_MS);
	else if (rest.looked_at >= step->max)
		step->state->due = step->now;
}

/*
 * Tells listeners what changed, and keeps the index it reads by up to date
 * where autovacuum alone would come too late.
 */
static void
sweep_broadcast(SweepStep *step)
{
	static TimestampTz summarized_at = 0;
	static int	sent_since = 0;
	BroadcastRest rest;

	if (broadcast_mode != BROADCAST_WORKER)
		return;

	step->done = broadcast_sweep(step->max, &rest);
	sent_since += step->done;
	if (sent_since >= SUMMARIZE_ROWS && step->now >= after_ms(summarized_at, SUMMARIZE_MS))
	{
		broadcast_store_summarize();
		summarized_at = step->now;
		sent_since = 0;
	}
	switch (rest)
	{
		case BROADCAST_NONE:
			step->state->delay = 0;
			break;
		case BROADCAST_MORE:
			step->state->delay = 0;
			step->state->due = step->now;
			break;
		case BROADCAST_HELD_BACK:
			if (step->done > 0)
				step->state->delay = 0;
			step->state->due = backed_off(step, HELD_BACK_MIN_MS, HELD_BACK_MAX_MS);
			break;
	}
}

/*
 * Drops answers to idempotency keys that are over.  They count as absent, so
 * this happens when the worker is here anyway.
 */
static void
sweep_idempotency(SweepStep *step)
{
	step->done = idempotency_drop_over(clock_now(), step->max);
	if (step->done >= step->max)
		step->state->due = step->now;
	else
		step->state->not_before = after_ms(step->now, DROP_OVER_MS);
}

/*
 * Seals what is new in the audit trail, a batch of it from time to time: it is
 * in nobody's way, and one seal of many rows is better than many of few.
 */
static void
sweep_seals(SweepStep *step)
{
	SealsRest	rest;

	if (seals_interval == 0)
		return;

	step->done = seals_sweep(step->max, &rest);
	if (rest == SEALS_MORE)
		step->state->due = step->now;
	else if (rest == SEALS_HELD_BACK || step->done > 0)
		step->state->due = step->state->not_before = after_ms(step->now, seals_interval);
}

/*
 * COMMIT PREPARED tells nobody.  While the database has prepared transactions
 * look from time to time whether what they made can be seen by now.
 */
static void
sweep_prepared(SweepStep *step)
{
	if (max_prepared_xacts > 0 && prepared_exists())
		step->state->due = backed_off(step, PREPARED_MIN_MS, PREPARED_MAX_MS);
	else
		step->state->delay = 0;
}

/* ---- running them ---- */

/*
 * Whether this database has a store that this library can work on.  Keeps a
 * lock on the extension until the end of the transaction.  Needs SPI.
 */
static StoreFound
find_store(void)
{
	Oid			extension = get_extension_oid("booking", true);

	if (!OidIsValid(extension))
		return STORE_ABSENT;
	if (!ConditionalLockDatabaseObject(ExtensionRelationId, extension, 0, AccessShareLock))
		return STORE_LOCKED;
	if (get_extension_oid("booking", true) != extension)
		return STORE_ABSENT;
	return store_is_current() ? STORE_FOUND : STORE_ABSENT;
}

/*
 * Begins a transaction in which no deferred trigger, nor anything else that
 * outlives its statement, can be left behind: not even a query that merely
 * reads the store is ours alone, its owner may have made it a view.
 */
static void
begin_transaction(void)
{
	ConstraintsSetStmt *immediate;
	Oid			user;
	int			context;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(user, context | SECURITY_RESTRICTED_OPERATION);
	guc_nest_level = NewGUCNestLevel();
	immediate = makeNode(ConstraintsSetStmt);
	AfterTriggerSetState(immediate);
	store_connect();
}

static void
end_transaction(void)
{
	Oid			user;
	int			context;

	store_finish();
	AtEOXact_GUC(false, guc_nest_level);
	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(user, context & ~SECURITY_RESTRICTED_OPERATION);
	PopActiveSnapshot();
	CommitTransactionCommand();
}

/* The same question in a transaction of its own. */
StoreFound
sweeps_find_store(void)
{
	StoreFound	found;

	if (RecoveryInProgress())
		return STORE_ABSENT;

	begin_transaction();
	found = find_store();
	end_transaction();
	return found;
}

/* Runs a sweep as the owner of the store. */
static void
run_as_owner(const Sweep *sweep, SweepStep *step)
{
	Oid			user;
	int			context;

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(store_owner(), context | SECURITY_NOFORCE_RLS);
	sweep->run(step);
	SetUserIdAndSecContext(user, context);
}

/*
 * Whether an error says no more than that somebody else was quicker or that
 * we were asked to stop; such ones aren't worth a line in the log.
 */
static bool
is_passing(int sqlerrcode)
{
	return sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE ||
		sqlerrcode == ERRCODE_QUERY_CANCELED ||
		sqlerrcode == ERRCODE_T_R_SERIALIZATION_FAILURE ||
		sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED;
}

/* Says that a sweep failed, and decides when to try again. */
static void
note_failure(const Sweep *sweep, SweepState *state, const ErrorData *error)
{
	int			wait = Min(1 << Min(state->failures, 10), FAILURE_MAX_S);

	state->due = state->not_before = after_ms(GetCurrentTimestamp(), wait * 1000);

	if (is_passing(error->sqlerrcode))
		ereport(DEBUG1,
				(errmsg_internal("booking sweep \"%s\" gave way: %s",
								 sweep->name, error->message)));
	else if (state->failures++ == 0)
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("booking sweep \"%s\" failed: %s", sweep->name, error->message),
				 error->detail ? errdetail_internal("%s", error->detail) : 0,
				 errhint("It is tried again, at most once a minute; further failures are not logged."),
				 error->context ? errcontext("%s", error->context) : 0));
}

/* Runs one batch of a sweep, if there still is something to sweep. */
static StoreFound
run_sweep(int index, SweepRound *round)
{
	const Sweep *sweep = &sweeps[index];
	SweepState *state = deadlines_sweep_state(index);
	SweepState	next = *state;
	SweepStep	step = {0};
	MemoryContext context = CurrentMemoryContext;
	StoreFound	found = STORE_FOUND;

	if (batch_size[index] == 0)
		batch_size[index] = BATCH_MAX / 4;
	step.max = batch_size[index];
	step.now = GetCurrentTimestamp();
	step.state = &next;
	next.due = DT_NOEND;
	next.not_before = DT_NOBEGIN;

	PG_TRY();
	{
		begin_transaction();
		pgstat_report_activity(STATE_RUNNING, sweep->activity);
		found = find_store();
		if (found == STORE_FOUND)
			run_as_owner(sweep, &step);
		end_transaction();

		if (found == STORE_FOUND)
		{
			if (step.trouble[0] != '\0')
			{
				if (next.failures++ == 0)
					ereport(WARNING,
							(errmsg("booking sweep \"%s\" failed: %s", sweep->name, step.trouble),
							 errhint("It is tried again, at most once a minute; further failures are not logged.")));
			}
			else if (next.failures > 0)
			{
				ereport(LOG,
						(errmsg("booking sweep \"%s\" works again", sweep->name)));
				next.failures = 0;
			}
			*state = next;
		}
	}
	PG_CATCH();
	{
		ErrorData  *error;

		HOLD_INTERRUPTS();
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		AbortOutOfAnyTransaction();
		MemoryContextSwitchTo(context);
		note_failure(sweep, state, error);
		FreeErrorData(error);
		found = STORE_FOUND;
		step.done = 0;
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();

	MemoryContextSwitchTo(context);
	if (step.done > 0)
	{
		long		took = TimestampDifferenceMilliseconds(step.now, GetCurrentTimestamp());

		round->worked = true;
		if (took > BATCH_MS)
			batch_size[index] = Max(batch_size[index] / 2, BATCH_MIN);
		else if (took < BATCH_MS / 2)
			batch_size[index] = Min(batch_size[index] * 2, BATCH_MAX);
	}
	pgstat_report_stat(false);
	pgstat_report_activity(STATE_IDLE, NULL);
	return found;
}

/*
 * Gives each sweep that may run one batch.  deadlines_begin_work() must have
 * been called, and deadlines_take() just now.
 */
void
sweeps_run(SweepRound *round)
{
	round->store = STORE_FOUND;
	round->worked = false;
	round->due = DT_NOEND;

	for (int i = 0; i < (int) lengthof(sweeps); i++)
	{
		SweepState *state = deadlines_sweep_state(i);

		CHECK_FOR_INTERRUPTS();
		if (state->not_before <= GetCurrentTimestamp())
		{
			round->store = run_sweep(i, round);
			if (round->store != STORE_FOUND)
				return;
		}
		else if (sweeps[i].makes_up)
			state->due = Min(state->due, state->not_before);
		if (state->due != DT_NOEND)
			round->due = Min(round->due, Max(state->due, state->not_before));
	}
}
