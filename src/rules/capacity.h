/*-------------------------------------------------------------------------
 *
 * capacity.h
 *	  How many units of a resource are in use at once.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_CAPACITY_H
#define BOOKING_CAPACITY_H

#include "booking.h"

/* Some units in use for a while. */
typedef struct CapacityUse
{
	TimeSpan	span;
	int			units;
} CapacityUse;

extern int	capacity_peak(const CapacityUse *uses, int n, TimeSpan window);

#endif							/* BOOKING_CAPACITY_H */
