/*-------------------------------------------------------------------------
 *
 * waitlist.h
 *	  Waiting for a slot: what a booking that waits must satisfy, and its
 *	  place in the queue.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_WAITLIST_H
#define BOOKING_WAITLIST_H

#include "booking.h"

#include "engine/locks.h"
#include "engine/pending.h"
#include "store/bookings.h"
#include "store/config.h"

extern void waitlist_check_wanted(const BookingRow *row, const BookingRow *old);
extern bool waitlist_joins(const BookingRow *row, const BookingRow *old);
extern bool waitlist_lock(const Change *change, const BookingRow *row, const Branch *branch);
extern void waitlist_fill(const Change *change, BookingRow *row, const BookingRow *old);
extern TimestampTz waitlist_expiry(const BookingRow *row);
extern void waitlist_check(const Change *change, const BookingRow *row, const BookingRow *old);
extern void waitlist_write(const Change *change, const BookingRow *row, const BookingRow *old);

#endif							/* BOOKING_WAITLIST_H */
