/*-------------------------------------------------------------------------
 *
 * broadcast_store.h
 *	  The statements of broadcast.c: its cursor, and what lies ahead of it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_BROADCAST_STORE_H
#define BOOKING_BROADCAST_STORE_H

#include "booking.h"

/* One change, as listeners hear of it. */
typedef struct BroadcastEvent
{
	const char *tenant_code;
	const char *branch_code;
	pg_uuid_t	booking_id;
	const char *status;
	int			version;
	const char *action;
} BroadcastEvent;

/* Where the broadcast is: all before transaction tx of this era was sent. */
typedef struct BroadcastCursor
{
	int64		era;
	TimestampTz era_began;
	int64		tx;
} BroadcastCursor;

typedef struct BroadcastBatch
{
	BroadcastEvent *events;
	int			count;
	int64		horizon;		/* older transactions are all over */
	int64		until;			/* all before this one was read */
} BroadcastBatch;

extern bool broadcast_store_lock_cursor(BroadcastCursor *cursor);
extern bool broadcast_store_add_cursor(const BroadcastCursor *cursor);
extern void broadcast_store_move_cursor(const BroadcastCursor *cursor);
extern BroadcastBatch *broadcast_store_read(int64 from_tx, int64 window,
											TimestampTz not_before, int max);
extern bool broadcast_store_has_further(int64 from_tx, TimestampTz not_before);
extern void broadcast_store_summarize(void);

#endif							/* BOOKING_BROADCAST_STORE_H */
