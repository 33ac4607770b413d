/*-------------------------------------------------------------------------
 *
 * pricing.h
 *	  What a booking costs, and whether there is an order for it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_PRICING_H
#define BOOKING_PRICING_H

#include "booking.h"

#include "engine/pending.h"
#include "store/bookings.h"

extern void pricing_fill(Change *change, BookingRow *row, const BookingRow *old, bool staff);
extern void pricing_fill_order(const Change *change, BookingRow *row, const BookingRow *old);
extern bool pricing_changes(const BookingRow *old, const BookingRow *new);

#endif							/* BOOKING_PRICING_H */
