/*-------------------------------------------------------------------------
 *
 * pending.c
 *	  Changes of bookings between their BEFORE and their AFTER trigger.
 *
 * Within one statement all BEFOREs come before all AFTERs.  What BEFORE has
 * found out about a row waits here for AFTER, and what the statement's earlier
 * rows are going to occupy is seen by the choice of resources for its later
 * ones.
 *
 * An entry of a row that was never written (ON CONFLICT, a trigger of
 * somebody else's) goes away at the end of the statement; entries of a
 * subtransaction that is rolled back go with it.  AFTER refuses a row without
 * an entry: its BEFORE did not run.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "nodes/pg_list.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#include "engine/pending.h"

static List *changes = NIL;

static void
forget_all(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
		event == XACT_EVENT_PREPARE)
		changes = NIL;			/* the memory is the transaction's */
}

static void
forget_subtransaction(SubXactEvent event, SubTransactionId mySubid,
					  SubTransactionId parentSubid, void *arg)
{
	int			level = GetCurrentTransactionNestLevel();
	ListCell   *cell;

	if (changes == NIL)
		return;
	foreach(cell, changes)
	{
		Change	   *change = lfirst(cell);

		if (change->nest_level < level)
			continue;
		if (event == SUBXACT_EVENT_ABORT_SUB)
		{
			changes = foreach_delete_current(changes, cell);
			MemoryContextDelete(change->memory);
		}
		else if (event == SUBXACT_EVENT_COMMIT_SUB)
			change->nest_level = level - 1;
	}
}

void
pending_init(void)
{
	RegisterXactCallback(forget_all, NULL);
	RegisterSubXactCallback(forget_subtransaction, NULL);
}

/* How deep in triggers we are. */
int
pending_trigger_depth(void)
{
	return DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, (Datum) 0));
}

/* A new change, with memory of its own. */
Change *
pending_begin(const pg_uuid_t *tenant, const pg_uuid_t *booking)
{
	MemoryContext memory = AllocSetContextCreate(TopTransactionContext, "booking change",
												 ALLOCSET_SMALL_SIZES);
	Change	   *change = MemoryContextAllocZero(memory, sizeof(Change));
	MemoryContext previous;

	change->tenant = *tenant;
	change->booking = *booking;
	change->memory = memory;
	change->nest_level = GetCurrentTransactionNestLevel();
	change->trigger_depth = pending_trigger_depth();

	previous = MemoryContextSwitchTo(TopTransactionContext);
	changes = lappend(changes, change);
	MemoryContextSwitchTo(previous);
	return change;
}

/*
 * Takes the change of a booking off the list; NULL when there is none.  Of two,
 * the later one is meant: INSERT ... ON CONFLICT DO UPDATE prepares both.
 */
Change *
pending_take(const pg_uuid_t *tenant, const pg_uuid_t *booking)
{
	for (int i = list_length(changes) - 1; i >= 0; i--)
	{
		Change	   *change = list_nth(changes, i);

		if (uuid_equal(&change->booking, booking) && uuid_equal(&change->tenant, tenant))
		{
			changes = list_delete_nth_cell(changes, i);
			return change;
		}
	}
	return NULL;
}

/*
 * Whether a booking is about to move away in a later row of the statement, so
 * that what it occupies may be given back already: one UPDATE moves many
 * bookings along, or swaps two.
 */
bool
pending_move_out(const pg_uuid_t *tenant, const pg_uuid_t *booking)
{
	ListCell   *cell;

	foreach(cell, changes)
	{
		Change	   *change = lfirst(cell);

		if (change->moves_away && uuid_equal(&change->booking, booking) &&
			uuid_equal(&change->tenant, tenant))
			return change->moved_out = true;
	}
	return false;
}

/* Gives the memory of a change back that is no longer on the list. */
void
pending_done(Change *change)
{
	MemoryContextDelete(change->memory);
}

/* The statement is over: what is left of it was never written. */
void
pending_end_statement(void)
{
	int			depth;
	ListCell   *cell;

	if (changes == NIL)
		return;
	depth = pending_trigger_depth();
	foreach(cell, changes)
	{
		Change	   *change = lfirst(cell);

		if (change->trigger_depth < depth)
			continue;
		if (change->moved_out)
			ereport(ERROR,
					(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
					 errmsg("another trigger kept a booking from moving after its guard"),
					 errhint("Give the trigger a name that sorts before \"booking_guard\".")));
		changes = foreach_delete_current(changes, cell);
		MemoryContextDelete(change->memory);
	}
}

/*
 * What changes on the list are going to occupy of a resource in a span,
 * leaving out one booking.  Returns how many there are and stores up to size.
 */
int
pending_uses(const pg_uuid_t *tenant, const pg_uuid_t *resource, TimeSpan span,
			 const pg_uuid_t *except, Allocation *uses, int size)
{
	int			count = 0;
	ListCell   *cell;

	foreach(cell, changes)
	{
		Change	   *change = lfirst(cell);

		if (!change->locked || uuid_equal(&change->booking, except) ||
			!uuid_equal(&change->tenant, tenant))
			continue;
		for (int i = 0; i < change->resource_count; i++)
		{
			Allocation *allocation = &change->allocations[i];

			if (!uuid_equal(&allocation->resource_id, resource) ||
				!spans_overlap(allocation->span, span))
				continue;
			if (count < size)
				uses[count] = *allocation;
			count++;
		}
	}
	return count;
}

/*
 * When a resource is going to have its turn for a service by changes on the
 * list: a later one is a larger number, none is 0.
 */
int
pending_turn(const pg_uuid_t *tenant, const pg_uuid_t *service, const pg_uuid_t *resource)
{
	for (int i = list_length(changes); i > 0; i--)
	{
		Change	   *change = list_nth(changes, i - 1);

		if (change->turn_count == 0 || !uuid_equal(&change->tenant, tenant) ||
			!uuid_equal(&change->service->id, service))
			continue;
		for (int j = 0; j < change->turn_count; j++)
			if (uuid_equal(&change->turns[j], resource))
				return i;
	}
	return 0;
}
