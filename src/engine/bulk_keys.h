/*-------------------------------------------------------------------------
 *
 * bulk_keys.h
 *	  The keys that many changes need, taken at once.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_BULK_KEYS_H
#define BOOKING_BULK_KEYS_H

#include "booking.h"

#include "engine/locks.h"
#include "store/bookings.h"
#include "store/config.h"

typedef struct BulkKeys
{
	const pg_uuid_t *tenant;	/* to be set; the rest begins as zeroes */
	KeySet		places;			/* resources by days */
	KeySet		others;
	int			count;			/* resources, of which some are the same */
	int			size;
	pg_uuid_t  *resources;
} BulkKeys;

extern void bulk_keys_add_place(BulkKeys *keys, const pg_uuid_t *service,
								const pg_uuid_t *resources, int count, TimeSpan slot);
extern void bulk_keys_add_limits(BulkKeys *keys, const pg_uuid_t *service,
								 const pg_uuid_t *branch, const pg_uuid_t *customer,
								 const pg_uuid_t *resources, int count, TimeSpan slot);
extern void bulk_keys_add_holder(BulkKeys *keys, const char *actor);
extern void bulk_keys_add_row(BulkKeys *keys, const BookingRow *row);
extern void bulk_keys_add_freed(BulkKeys *keys, const BookingRow *row);
extern void bulk_keys_add_whole(BulkKeys *keys, const pg_uuid_t *resources, int count);
extern void bulk_keys_acquire(BulkKeys *keys);

#endif							/* BOOKING_BULK_KEYS_H */
