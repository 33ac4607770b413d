/*-------------------------------------------------------------------------
 *
 * periods.h
 *	  Days, weeks, months and years as a branch counts them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_PERIODS_H
#define BOOKING_PERIODS_H

#include "booking.h"

#include "rules/settings.h"
#include "utils/date.h"

extern DateADT period_of(QuotaPeriod period, Timestamp local, int64 day_starts_at);
extern TimeSpan period_bounds(QuotaPeriod period, DateADT first, int64 day_starts_at);
extern const char *period_name(QuotaPeriod period);

#endif							/* BOOKING_PERIODS_H */
