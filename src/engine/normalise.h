/*-------------------------------------------------------------------------
 *
 * normalise.h
 *	  Bringing a booking into its final form, before it is written.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_NORMALISE_H
#define BOOKING_NORMALISE_H

#include "booking.h"

#include "engine/context.h"
#include "engine/pending.h"
#include "store/bookings.h"

extern const pg_uuid_t *normalise_state_overrides(const pg_uuid_t *booking);
extern void normalise_require(const BookingRow *row, BookingColumn column);
extern void normalise_set_length(const pg_uuid_t *tenant, BookingRow *row,
								 const Interval *duration, const int32 *nights);
extern bool normalise_finds_change(const BookingRow *old, const BookingRow *new);
extern bool normalise_left_nothing(const Change *change, const BookingRow *old,
								   const BookingRow *new);
extern bool normalise_insert(Change *change, BookingRow *row, const Context *context);
extern bool normalise_update(Change *change, BookingRow *row, const BookingRow *old,
							 const Context *context);

#endif							/* BOOKING_NORMALISE_H */
