/*-------------------------------------------------------------------------
 *
 * kept.h
 *	  Rows of configuration that a session keeps.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_STORE_KEPT_H
#define BOOKING_STORE_KEPT_H

#include "booking.h"

typedef enum KeptKind
{
	KEPT_SERVICE,
	KEPT_BRANCH,
	KEPT_RESOURCE,
	KEPT_BRANCH_HOURS,
	KEPT_RESOURCE_HOURS
} KeptKind;

/*
 * Reads a row, with all it points to, into the current memory context; NULL
 * if there is none.
 */
typedef void *(*KeptReader) (const pg_uuid_t *tenant, const pg_uuid_t *id);

extern const void *kept_row(KeptKind kind, const pg_uuid_t *tenant, const pg_uuid_t *id,
							KeptReader read);

#endif							/* BOOKING_STORE_KEPT_H */
