/*-------------------------------------------------------------------------
 *
 * consequences.h
 *	  What follows from a change of a booking.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_CONSEQUENCES_H
#define BOOKING_CONSEQUENCES_H

#include "booking.h"

#include "engine/context.h"
#include "engine/pending.h"
#include "store/bookings.h"

extern const char *consequences_action(const Change *change, const BookingRow *old,
									   const BookingRow *new, bool *reversible);
extern void consequences_write(const Change *change, const BookingRow *old,
							   const BookingRow *new, const Context *who);

#endif							/* BOOKING_CONSEQUENCES_H */
