/*-------------------------------------------------------------------------
 *
 * reasons.h
 *	  Why a booking was cancelled or is a no-show.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_REASONS_H
#define BOOKING_REASONS_H

#include "booking.h"

#include "engine/pending.h"
#include "store/bookings.h"

extern void reasons_check(const Change *change, const BookingRow *old, const BookingRow *new);
extern void reasons_check_known(const pg_uuid_t *tenant, const char *reason);
extern const char *reasons_any(const pg_uuid_t *tenant);

#endif							/* BOOKING_REASONS_H */
