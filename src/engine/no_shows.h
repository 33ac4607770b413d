/*-------------------------------------------------------------------------
 *
 * no_shows.h
 *	  Bookings that nobody came to, where the clock says so.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_NO_SHOWS_H
#define BOOKING_NO_SHOWS_H

#include "booking.h"

#include "engine/expiry.h"
#include "engine/pending.h"
#include "store/bookings.h"

/* The reason that the engine gives. */
#define AUTO_NO_SHOW "auto_no_show"

extern TimestampTz no_shows_due(const Change *change, const BookingRow *row);
extern int	no_shows_sweep(const pg_uuid_t *tenant, int max, ExpiryRest *rest);
extern TimestampTz no_shows_next_due(void);

#endif							/* BOOKING_NO_SHOWS_H */
