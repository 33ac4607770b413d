/*-------------------------------------------------------------------------
 *
 * seals.h
 *	  Sealing the audit trail, and finding out whether it still is as sealed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_SEALS_H
#define BOOKING_SEALS_H

#include "booking.h"

#include "store/seals_store.h"

/* ---- sealing ---- */

extern int	seals_interval;

/* What a sweep left. */
typedef enum SealsRest
{
	SEALS_NONE,
	SEALS_MORE,					/* the batch was full */
	SEALS_HELD_BACK				/* rows whose time has not come */
} SealsRest;

extern int	seals_sweep(int max, SealsRest *rest);

/* ---- checking ---- */

/* The state of a tenant's chain, to be kept where nobody reaches it. */
typedef struct SealDigest
{
	int64		seal_no;		/* 0: nothing was sealed */
	uint8		hash[SEAL_HASH_LENGTH];
} SealDigest;

typedef struct SealsVerdict
{
	const char *problem;		/* NULL: all is as it was sealed */
	int64		seal_no;		/* 0: of no seal */
	bool		has_row;
	pg_uuid_t	booking;
	int			version;
	int64		seals;			/* how many were looked at */
	int64		rows;			/* how many of their rows */
	int64		unsealed;		/* rows that wait for a seal */
} SealsVerdict;

extern SealDigest seals_digest(const pg_uuid_t *tenant);
extern SealsVerdict seals_verify(const pg_uuid_t *tenant, int64 from_no,
								 const SealDigest *digest);

/* What seals know of an actor; for erasing him. */
extern bytea *seals_actor_digest(const pg_uuid_t *tenant, const char *actor);

#endif							/* BOOKING_SEALS_H */
