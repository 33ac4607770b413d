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

/*
 * The units in use over time: used[i] of them from at[i] to at[i + 1], none
 * before the first instant and none from the last one on.
 */
typedef struct CapacityProfile
{
	int			count;
	TimestampTz *at;
	int64	   *used;
} CapacityProfile;

extern int	capacity_peak(const CapacityUse *uses, int n, TimeSpan window);
extern CapacityProfile capacity_profile(const CapacityUse *uses, int n);
extern int64 capacity_profile_peak(const CapacityProfile *profile, TimeSpan window);
extern TimeSpan *capacity_above(const CapacityProfile *profile, int64 limit, int *count);

#endif							/* BOOKING_CAPACITY_H */
