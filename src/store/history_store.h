/*-------------------------------------------------------------------------
 *
 * history_store.h
 *	  What is read from the audit trail, and what is erased in it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_STORE_HISTORY_H
#define BOOKING_STORE_HISTORY_H

#include "booking.h"

#include "funcapi.h"
#include "store/seals_store.h"

/* ---- reading ---- */

/* What audit_search() is asked for; what is NULL is not asked. */
typedef struct AuditQuery
{
	const pg_uuid_t *tenant;
	text	   *action;
	text	   *actor;
	const pg_uuid_t *booking;
	const pg_uuid_t *resource;
	const pg_uuid_t *branch;
	TimestampTz from;			/* the window, half open */
	TimestampTz until;
	bool		has_after;		/* only what comes after this row */
	TimestampTz after_at;
	pg_uuid_t	after_booking;
	int			after_version;
	int			limit;
	int64		unsealed_from;	/* transactions whose rows may be in no seal */
	int64		unsealed_until;
	bool		private_values; /* those that may hold personal data too */
} AuditQuery;

extern bool history_store_may_read_private(void);
extern uint64 history_store_search(const AuditQuery *query, ReturnSetInfo *result);
extern void history_store_as_of(const pg_uuid_t *tenant, ArrayType *bookings, Datum during,
						  TimestampTz at, bool private_values, ReturnSetInfo *result);
extern ArrayType *history_store_candidates(const pg_uuid_t *tenant, TimeSpan during, TimestampTz at);

/* ---- erasing ---- */

/*
 * Takes an actor out of the trail, so that seals still verify; digest is
 * seals_actor_digest() of him: engine/history.h has both in one call.
 */
extern int64 history_store_erase_actor(const pg_uuid_t *tenant, const char *actor, bytea *digest);

#endif							/* BOOKING_STORE_HISTORY_H */
