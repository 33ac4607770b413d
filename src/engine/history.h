/*-------------------------------------------------------------------------
 *
 * history.h
 *	  Searching the audit trail, and bookings as they were.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_HISTORY_H
#define BOOKING_HISTORY_H

#include "booking.h"

#include "store/history_store.h"

extern void history_search(AuditQuery *query, ReturnSetInfo *result);
extern void history_booking_as_of(const pg_uuid_t *tenant, const pg_uuid_t *booking,
								  TimestampTz at, ReturnSetInfo *result);
extern void history_bookings_as_of(const pg_uuid_t *tenant, TimeSpan during, TimestampTz at,
								   ReturnSetInfo *result);

/*
 * Takes an actor out of a tenant's audit trail, so that its seals still
 * verify; returns in how many rows he was.  Values in audit_private are not
 * sealed and can simply be deleted.
 */
extern int64 history_erase_actor(const pg_uuid_t *tenant, const char *actor);

#endif							/* BOOKING_HISTORY_H */
