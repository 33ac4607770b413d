/*-------------------------------------------------------------------------
 *
 * place.h
 *	  Whether a booking fits the service and the resources it is for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_PLACE_H
#define BOOKING_PLACE_H

#include "booking.h"

#include "engine/context.h"
#include "engine/pending.h"
#include "store/bookings.h"

extern void place_check_needs(const Change *change, const BookingRow *row);
extern void place_check(const Change *change, const BookingRow *row, const Context *who);

#endif							/* BOOKING_PLACE_H */
