/*-------------------------------------------------------------------------
 *
 * external_refs.h
 *	  The rows of booking.external_refs: bookings that stand in calendars.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_STORE_EXTERNAL_REFS_H
#define BOOKING_STORE_EXTERNAL_REFS_H

#include "booking.h"

extern char *external_refs_manager(const pg_uuid_t *tenant, const pg_uuid_t *booking);

#endif							/* BOOKING_STORE_EXTERNAL_REFS_H */
