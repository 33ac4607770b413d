/*-------------------------------------------------------------------------
 *
 * purge.h
 *	  Removing bookings that are old.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_PURGE_H
#define BOOKING_PURGE_H

#include "booking.h"

extern int	purge_run(const pg_uuid_t *tenant, TimestampTz before, bool finished, int max);

#endif							/* BOOKING_PURGE_H */
