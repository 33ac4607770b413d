/*-------------------------------------------------------------------------
 *
 * managed.h
 *	  Bookings that an external calendar manages.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_MANAGED_H
#define BOOKING_MANAGED_H

#include "booking.h"

#include "engine/context.h"
#include "engine/pending.h"
#include "store/bookings.h"

extern void managed_check(const Change *change, const BookingRow *old, const BookingRow *new,
						  const Context *who);

#endif							/* BOOKING_MANAGED_H */
