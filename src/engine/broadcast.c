/*-------------------------------------------------------------------------
 *
 * broadcast.c
 *	  Telling listeners (NOTIFY) which bookings changed.
 *
 * NOTIFY in the transactions of clients would make their commits queue on one
 * lock of the server.  So by default the worker reads the audit trail and
 * sends what it finds, many changes in one transaction.
 *
 * The cursor is a transaction number.  A row is final once its transaction is
 * older than every one still running (the snapshot's xmin, the horizon), so
 * each batch takes whole transactions from the cursor up to the horizon, and
 * rows and horizon come from one statement: nothing is passed over, whatever
 * the order of commits.  One old transaction that writes, in any database of
 * the server, holds the horizon back and so delays broadcasts.
 *
 * Transaction numbers mean something in one cluster only.  The era is the
 * cluster's system identifier; a store restored elsewhere begins a new one,
 * with what was written from then on: history isn't sent again.  Nor is what
 * lies more than BROADCAST_MAX_AGE back, when nobody sent for that long:
 * listeners hear of changes, and read the tables when they connect.
 *
 * Delivery is at least once for those who listen while the server runs.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xlog.h"
#include "commands/async.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/uuid.h"

#include "engine/broadcast.h"
#include "engine/clock.h"
#include "rules/ids.h"

#define BROADCAST_MAX_AGE (INT64CONST(3600) * USECS_PER_SEC)

/*
 * A store that never broadcast begins so far back, so that the change that
 * woke the worker for the first time is told too.
 */
#define FIRST_REACH (INT64CONST(60) * USECS_PER_SEC)

/* How many transactions are looked at to begin with. */
#define FIRST_WINDOW 4096

int			broadcast_mode = BROADCAST_WORKER;

/* Whether the transaction that changes a booking tells listeners itself. */
bool
broadcast_is_inline(void)
{
	return broadcast_mode == BROADCAST_INLINE;
}

/* The channel of a branch; codes are short enough for an identifier. */
static char *
channel_of(const char *tenant_code, const char *branch_code)
{
	return psprintf("booking.%s.%s", tenant_code, branch_code);
}

/* Tells listeners of one change when the running transaction commits. */
void
broadcast_send(const BroadcastEvent *event)
{
	char	   *channel = channel_of(event->tenant_code, event->branch_code);
	StringInfoData payload;

	/* never fail a booking because of who might listen */
	if (strlen(channel) >= NAMEDATALEN)
		return;

	initStringInfo(&payload);
	appendStringInfoString(&payload, "{\"action\": ");
	escape_json(&payload, event->action);
	appendStringInfoString(&payload, ", \"status\": ");
	escape_json(&payload, event->status);
	appendStringInfo(&payload, ", \"booking\": \"%s\", \"version\": %d}",
					 ids_text(&event->booking_id),
					 event->version);
	Async_Notify(channel, payload.data);
	pfree(payload.data);
	pfree(channel);
}

/*
 * Sends what is new, at most about max changes (a transaction isn't split);
 * returns how many.  Does nothing while another sweep is at it.  Needs SPI.
 */
int
broadcast_sweep(int max, BroadcastRest *rest)
{
	TimestampTz now = clock_now();
	int64		era = (int64) GetSystemIdentifier();
	int64		window = FIRST_WINDOW;
	BroadcastCursor cursor;
	BroadcastBatch *batch;
	TimestampTz not_before;

	*rest = BROADCAST_NONE;
	if (!broadcast_store_lock_cursor(&cursor))
	{
		cursor.era = era;
		cursor.era_began = now - FIRST_REACH;
		cursor.tx = 0;
		if (!broadcast_store_add_cursor(&cursor))
			return 0;
	}
	if (cursor.era != era)
	{
		/* an empty batch tells where this era stands */
		cursor.era = era;
		cursor.era_began = now;
		cursor.tx = broadcast_store_read(0, 0, now, 1)->horizon;
		broadcast_store_move_cursor(&cursor);
	}
	not_before = Max(cursor.era_began, now - BROADCAST_MAX_AGE);

	/* much may have happened that had nothing to do with bookings */
	batch = broadcast_store_read(cursor.tx, window, not_before, max);
	while (batch->count == 0 && batch->until < batch->horizon)
	{
		window *= 8;
		batch = broadcast_store_read(batch->until, window, not_before, max);
	}

	for (int i = 0; i < batch->count; i++)
	{
		if (batch->events[i].tenant_code && batch->events[i].branch_code)
			broadcast_send(&batch->events[i]);
	}

	/* without events the cursor may stay: a row's version saved */
	if (batch->count > 0 || batch->until - cursor.tx > FIRST_WINDOW)
	{
		cursor.tx = batch->until;
		broadcast_store_move_cursor(&cursor);
	}
	if (batch->until < batch->horizon)
		*rest = BROADCAST_MORE;
	else if (batch->count > 0 || broadcast_store_has_further(batch->until, not_before))
		*rest = BROADCAST_HELD_BACK;
	return batch->count;
}
