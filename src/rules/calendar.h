/*-------------------------------------------------------------------------
 *
 * calendar.h
 *	  Between wall-clock time in a zone and instants.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_CALENDAR_H
#define BOOKING_CALENDAR_H

#include "booking.h"

#include "pgtime.h"

/* A time during which clocks are not changed. */
typedef struct CalendarStretch
{
	int64		offset;			/* wall time minus UTC, in microseconds */
	TimestampTz until;			/* clocks are not changed before this */
} CalendarStretch;

extern pg_tz *calendar_zone(const char *name);
extern TimestampTz calendar_at_local(Timestamp local, pg_tz *zone);
extern Timestamp calendar_to_local(TimestampTz instant, pg_tz *zone);
extern CalendarStretch calendar_stretch(TimestampTz instant, pg_tz *zone);
extern int64 calendar_day(Timestamp time);

#endif							/* BOOKING_CALENDAR_H */
