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

#define KEPT_KIND_COUNT (KEPT_RESOURCE_HOURS + 1)

/* A row that is not kept yet, being read. */
typedef struct KeptReading
{
	KeptKind	kind;
	const pg_uuid_t *tenant;
	const pg_uuid_t *id;
	int			ahead;			/* how many rows to read, this one included */
	void	   *row;			/* set by kept_add(); NULL: there is none */
} KeptReading;

/*
 * Reads a row, with all it points to, into the current memory context, and
 * gives it to kept_add(); and as many of those with the next ids as the
 * reading asks for, if the kind of row is read ahead at all.
 */
typedef void (*KeptReader) (KeptReading *reading);

extern const void *kept_row(KeptKind kind, const pg_uuid_t *tenant, const pg_uuid_t *id,
							KeptReader read);
extern void kept_add(KeptReading *reading, const pg_uuid_t *id, void *row);

#endif							/* BOOKING_STORE_KEPT_H */
