/*-------------------------------------------------------------------------
 *
 * deadlines.h
 *	  What a transaction tells the background worker: something falls due.
 *
 * deadlines.c explains the protocol and who may touch what.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_DEADLINES_H
#define BOOKING_DEADLINES_H

#include "booking.h"

/* ---- for every backend ---- */

extern void deadlines_init(void);
extern void deadlines_note(TimestampTz due);
extern void deadlines_note_change(void);

/* ---- for the worker and the launcher ---- */

#define DEADLINES_MAX_SWEEPS 16
#define DEADLINES_MAX_RUNS 4

/* What a database's workers remember about one sweep, from one to the next. */
typedef struct SweepState
{
	TimestampTz not_before;		/* don't run it earlier */
	TimestampTz due;			/* when it has work, DT_NOEND if it knows none */
	int			failures;		/* in a row */
	int			delay;			/* ms, of a wait that backs off */
} SweepState;

/* How a worker's run ended. */
typedef enum RunOutcome
{
	RUN_FAILED,					/* it died, or is still at it */
	RUN_DONE,					/* looked, and did what was due */
	RUN_NO_STORE,				/* nothing to do in this database */
	RUN_GAVE_WAY				/* left before it looked */
} RunOutcome;

/* A copy of what is known about a database with a store. */
typedef struct DeadlineInfo
{
	Oid			dboid;
	TimestampTz next_due;		/* DT_NOEND: nothing */
	pid_t		worker_pid;		/* 0: none */
	TimestampTz last_run;		/* DT_NOBEGIN: never */
	int			failures;		/* of workers, in a row */
} DeadlineInfo;

extern int	deadlines_list(DeadlineInfo **list);

extern void deadlines_attach_launcher(void);
extern void deadlines_forget(Oid dboid);
extern void deadlines_set_failures(Oid dboid, int failures);
extern void deadlines_set_crowded(bool crowded);
extern int	deadlines_open_run(Oid dboid, uint32 *generation);
extern RunOutcome deadlines_close_run(int run);
extern bool deadlines_is_running(Oid dboid);

extern bool deadlines_join_run(int run, uint32 generation);
extern bool deadlines_has_entry(void);
extern bool deadlines_begin_work(void);
extern void deadlines_end_work(RunOutcome outcome);
extern void deadlines_take(void);
extern void deadlines_lower(TimestampTz due);
extern TimestampTz deadlines_next(void);
extern bool deadlines_crowded(void);
extern SweepState *deadlines_sweep_state(int sweep);

#endif							/* BOOKING_DEADLINES_H */
