/*-------------------------------------------------------------------------
 *
 * clock.h
 *	  The one clock that deadlines are compared with.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_CLOCK_H
#define BOOKING_CLOCK_H

#include "booking.h"

extern void clock_define_gucs(void);
extern TimestampTz clock_now(void);

#endif							/* BOOKING_CLOCK_H */
