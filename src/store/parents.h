/*-------------------------------------------------------------------------
 *
 * parents.h
 *	  Rows that bookings refer to without a foreign key.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_STORE_PARENTS_H
#define BOOKING_STORE_PARENTS_H

#include "booking.h"

extern bool parents_in_use(const char *table, const pg_uuid_t *tenant, const pg_uuid_t *id);
extern bool parents_any_booking(void);
extern void parents_seed_tenant(const pg_uuid_t *tenant);

#endif							/* BOOKING_STORE_PARENTS_H */
