/*-------------------------------------------------------------------------
 *
 * audit.h
 *	  One row of history for every change of a booking.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_AUDIT_H
#define BOOKING_AUDIT_H

#include "booking.h"

#include "store/bookings.h"

extern void audit_write(const BookingRow *old, const BookingRow *new, const char *action,
						bool reversible, Oid role, const pg_uuid_t *session, bool overbooked);

#endif							/* BOOKING_AUDIT_H */
