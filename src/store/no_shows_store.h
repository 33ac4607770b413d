/*-------------------------------------------------------------------------
 *
 * no_shows_store.h
 *	  The statements of automatic no-shows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_STORE_NO_SHOWS_STORE_H
#define BOOKING_STORE_NO_SHOWS_STORE_H

#include "booking.h"

#include "utils/array.h"

/* A confirmed booking whose guest is expected. */
typedef struct Expected
{
	pg_uuid_t	id;
	pg_uuid_t	branch_id;
	pg_uuid_t	service_id;
	TimestampTz starts_at;
	Datum		resource_ids;	/* uuid[] */
} Expected;

extern pg_uuid_t *no_shows_store_tenants(bool all, int *count);
extern Expected *no_shows_store_begun(const pg_uuid_t *tenant, TimestampTz now, int *count);
extern Expected *no_shows_store_coming(const pg_uuid_t *tenant, TimestampTz after,
									   int per_branch, int *count);
extern uint64 no_shows_store_mark(const pg_uuid_t *tenant, ArrayType *ids, TimestampTz now,
								  const pg_uuid_t *request_id);

#endif							/* BOOKING_STORE_NO_SHOWS_STORE_H */
