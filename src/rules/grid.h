/*-------------------------------------------------------------------------
 *
 * grid.h
 *	  The instants at which slots of a service may start.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_GRID_H
#define BOOKING_GRID_H

#include "booking.h"

#include "pgtime.h"

/* Starts follow each other at a distance, counted from an anchor. */
typedef struct Grid
{
	int64		step;			/* microseconds, more than 0 */
	int64		offset;			/* from the anchor to one of the starts */
	pg_tz	   *zone;			/* whose midnight it is where there is no anchor */
} Grid;

/* The anchor of a grid that begins anew at every midnight. */
#define GRID_MIDNIGHT DT_NOBEGIN

extern bool grid_has(const Grid *grid, TimestampTz anchor, TimestampTz start);
extern TimestampTz grid_next(const Grid *grid, TimestampTz anchor, TimestampTz from);

#endif							/* BOOKING_GRID_H */
