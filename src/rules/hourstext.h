/*-------------------------------------------------------------------------
 *
 * hourstext.h
 *	  Weekly opening hours written as people write them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_HOURSTEXT_H
#define BOOKING_HOURSTEXT_H

#include "booking.h"

#include "rules/hours.h"

/* Most intervals that a text may have, counted per weekday. */
#define MAX_TEXT_RULES 200

extern WeeklyRule *hourstext_parse(const char *text, int *count);

#endif							/* BOOKING_HOURSTEXT_H */
