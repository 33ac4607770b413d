/*-------------------------------------------------------------------------
 *
 * purge_store.h
 *	  Statements that remove what is old.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_PURGE_STORE_H
#define BOOKING_PURGE_STORE_H

#include "booking.h"

extern int	purge_batch(const pg_uuid_t *tenant, TimestampTz before, bool finished, int max);

#endif							/* BOOKING_PURGE_STORE_H */
