/*-------------------------------------------------------------------------
 *
 * online.h
 *	  What customers may do by themselves to a booking that stands.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_ONLINE_H
#define BOOKING_ONLINE_H

#include "booking.h"

#include "engine/context.h"
#include "engine/pending.h"
#include "store/bookings.h"

extern void online_check(const Change *change, const BookingRow *old, const BookingRow *new,
						 const Context *who);

#endif							/* BOOKING_ONLINE_H */
