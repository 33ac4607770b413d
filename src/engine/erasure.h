/*-------------------------------------------------------------------------
 *
 * erasure.h
 *	  Making one of two records of a customer, and forgetting him.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_ERASURE_H
#define BOOKING_ERASURE_H

#include "booking.h"

#include "store/bookings.h"
#include "store/erasure_store.h"

extern int	erasure_merge(const pg_uuid_t *tenant, const pg_uuid_t *keep,
						  const pg_uuid_t *drop);
extern ErasedRows erasure_erase(const pg_uuid_t *tenant, const pg_uuid_t *customer,
								const char *by);

extern bool erasure_merges(const BookingRow *old, const BookingRow *new);
extern bool erasure_blanks(const BookingRow *old, const BookingRow *new);

#endif							/* BOOKING_ERASURE_H */
