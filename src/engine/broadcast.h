/*-------------------------------------------------------------------------
 *
 * broadcast.h
 *	  Telling listeners (NOTIFY) which bookings changed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_BROADCAST_H
#define BOOKING_BROADCAST_H

#include "booking.h"

#include "store/broadcast_store.h"

/* The setting booking.notify: who tells listeners. */
typedef enum BroadcastMode
{
	BROADCAST_WORKER,			/* the worker, in batches */
	BROADCAST_INLINE,			/* the transaction that made the change */
	BROADCAST_OFF				/* nobody, unless booking.broadcast() is called */
} BroadcastMode;

extern int	broadcast_mode;

/* What a sweep left. */
typedef enum BroadcastRest
{
	BROADCAST_NONE,
	BROADCAST_MORE,				/* the batch was full */
	BROADCAST_HELD_BACK			/* perhaps: while something is sent, nobody looks */
} BroadcastRest;

extern bool broadcast_is_inline(void);
extern void broadcast_send(const BroadcastEvent *event);
extern int	broadcast_sweep(int max, BroadcastRest *rest);

#endif							/* BOOKING_BROADCAST_H */
