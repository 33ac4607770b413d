/*-------------------------------------------------------------------------
 *
 * occupancy.h
 *	  Taking and giving back time on resources.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_OCCUPANCY_H
#define BOOKING_OCCUPANCY_H

#include "booking.h"

#include "engine/locks.h"
#include "engine/pending.h"
#include "store/allocations.h"
#include "store/config.h"

extern void occupancy_init(void);
extern TimeSpan occupancy_reach(const Service *service, TimeSpan slot);
extern TimeSpan occupancy_freed(const Service *service, const pg_uuid_t *resource,
								const pg_uuid_t *tenant, TimeSpan slot);
extern void occupancy_add_keys(KeySet *set, const pg_uuid_t *tenant, const Service *service,
							   const pg_uuid_t *resources, int count, TimeSpan slot);
extern bool occupancy_outgrew_keys(TimeSpan slot, const Resource *planned,
								   const Resource *resources, int count);
extern Allocation *occupancy_allocations(const Service *service, const Resource *resources,
										 int count, TimeSpan slot, int units);
extern bool occupancy_is_free(const pg_uuid_t *tenant, const Allocation *wanted, int capacity,
							  const pg_uuid_t *except, TimestampTz now);
extern int	occupancy_capacity(const Service *service, const Resource *resource);
extern void occupancy_take(Change *change, TimestampTz expires_at);
extern void occupancy_retake(Change *change, TimestampTz expires_at);
extern void occupancy_give_back(const Change *change, TimestampTz expires_at);
extern void occupancy_keep_cleanup(const Change *change);

#endif							/* BOOKING_OCCUPANCY_H */
