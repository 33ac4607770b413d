/*-------------------------------------------------------------------------
 *
 * duration.h
 *	  How long bookings of a service may be.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_DURATION_H
#define BOOKING_DURATION_H

#include "booking.h"

#include "pgtime.h"

/*
 * What a service says about the length of its bookings, in microseconds: of
 * elapsed time, from min to max in steps, all of one length if the two are the
 * same; or of nights, from one time of day to another some days later.
 */
typedef struct LengthRule
{
	int64		usual;			/* where nobody says how long */
	int64		min;
	int64		max;
	int64		step;			/* counted from min; 0: any length in between */
	bool		by_nights;		/* the rest is about nights */
	int64		night_starts;	/* times of day */
	int64		night_ends;
	int			min_nights;
	int			max_nights;		/* 0: no limit */
} LengthRule;

extern TimeSpan duration_default(const LengthRule *rule, TimestampTz start, pg_tz *zone);
extern TimeSpan duration_of(const LengthRule *rule, TimestampTz start, int64 length);
extern TimeSpan duration_of_nights(const LengthRule *rule, TimestampTz start, int nights,
								   pg_tz *zone);
extern TimeSpan duration_moved(const LengthRule *rule, TimeSpan slot, TimestampTz start,
							   pg_tz *zone);

extern int64 duration_length(TimeSpan slot);
extern int	duration_count_nights(TimeSpan slot, pg_tz *zone);
extern bool duration_fits(const LengthRule *rule, TimeSpan slot, pg_tz *zone);
extern void duration_check_rule(const LengthRule *rule);
extern char *duration_hint(const LengthRule *rule);
extern char *duration_text(int64 usecs);

#endif							/* BOOKING_DURATION_H */
