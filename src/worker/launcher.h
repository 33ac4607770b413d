/*-------------------------------------------------------------------------
 *
 * launcher.h
 *	  The process that starts a worker where something falls due.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_LAUNCHER_H
#define BOOKING_LAUNCHER_H

#include "booking.h"

/* The setting booking.worker. */
extern bool launcher_enabled;

extern void launcher_define_gucs(void);
extern void launcher_init(void);
extern PGDLLEXPORT void booking_launcher_main(Datum main_arg);

#endif							/* BOOKING_LAUNCHER_H */
