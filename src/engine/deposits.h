/*-------------------------------------------------------------------------
 *
 * deposits.h
 *	  Bookings that stay held until their deposit is paid.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_DEPOSITS_H
#define BOOKING_DEPOSITS_H

#include "booking.h"

#include "engine/pending.h"
#include "store/bookings.h"

extern bool deposits_awaited(const BookingRow *row);
extern void deposits_fill(Change *change, BookingRow *row, const BookingRow *old, bool staff);
extern void deposits_check(const Change *change);
extern void deposits_follow(const Change *change, const BookingRow *old, const BookingRow *new,
							const char *action);
extern Numeric deposits_due(const pg_uuid_t *tenant, const pg_uuid_t *booking,
							const BookingState *state);

#endif							/* BOOKING_DEPOSITS_H */
