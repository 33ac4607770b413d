/*-------------------------------------------------------------------------
 *
 * sweeps.h
 *	  What a worker does in a database: the sweeps, one after the other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_SWEEPS_H
#define BOOKING_SWEEPS_H

#include "booking.h"

/* Whether there is something to sweep. */
typedef enum StoreFound
{
	STORE_FOUND,
	STORE_ABSENT,				/* no extension, no store, or of another version */
	STORE_LOCKED				/* the extension is being dropped or changed */
} StoreFound;

/* What came of a round of all sweeps. */
typedef struct SweepRound
{
	StoreFound	store;
	bool		worked;			/* something was done */
	TimestampTz due;			/* when to come back, DT_NOEND: when called */
} SweepRound;

extern StoreFound sweeps_find_store(void);
extern void sweeps_run(SweepRound *round);

#endif							/* BOOKING_SWEEPS_H */
