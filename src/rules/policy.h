/*-------------------------------------------------------------------------
 *
 * policy.h
 *	  How soon and how far ahead a booking may start.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_POLICY_H
#define BOOKING_POLICY_H

#include "booking.h"

#include "pgtime.h"

/* What the settings say; lengths of time in microseconds, negative: no limit. */
typedef struct PolicyTerms
{
	bool		staff;			/* exempt but for past_grace */
	int64		past_grace;
	int64		min_notice;
	int64		max_advance;
	int			business_days;
	int64		day_starts_at;	/* of the day that today is */
	pg_tz	   *zone;			/* in which it is */
	TimestampTz bookable_until; /* DT_NOEND: no limit */
} PolicyTerms;

/* The rules that bound a start. */
typedef enum PolicyLimit
{
	LIMIT_NONE,
	LIMIT_MAX_ADVANCE,
	LIMIT_BUSINESS_DAYS,
	LIMIT_BOOKABLE_UNTIL
} PolicyLimit;

/* What comes of them at an instant.  Each bound may itself be booked. */
typedef struct PolicyBounds
{
	TimestampTz not_past;		/* what starts earlier is past */
	TimestampTz notice;			/* what starts earlier starts too soon */
	TimestampTz latest;			/* what starts later is too far ahead */
	PolicyLimit limit;			/* which of the limits that is */
} PolicyBounds;

extern PolicyBounds policy_bounds(const PolicyTerms *terms, TimestampTz now);

#endif							/* BOOKING_POLICY_H */
