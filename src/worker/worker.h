/*-------------------------------------------------------------------------
 *
 * worker.h
 *	  The background worker of one database.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_WORKER_H
#define BOOKING_WORKER_H

#include "booking.h"

#include "postmaster/bgworker.h"
#include "storage/lock.h"

/* What the launcher hands over in bgw_extra. */
typedef struct WorkerOrder
{
	Oid			dboid;
	int			run;			/* its place in shared memory */
	uint32		generation;
} WorkerOrder;

extern bool worker_lock_database(Oid dboid);
extern PGDLLEXPORT void booking_worker_main(Datum main_arg);

#endif							/* BOOKING_WORKER_H */
