/*-------------------------------------------------------------------------
 *
 * hours_store.h
 *	  Opening hours, overrides, closures and zones of branches and resources.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_HOURS_STORE_H
#define BOOKING_HOURS_STORE_H

#include "booking.h"

#include "rules/hours.h"
#include "store/config.h"

/*
 * Kept for the session like the other configuration (config.c).  A branch has
 * its own hours, and its own closures and the tenant's; a resource has only
 * what is its own.  NULL if there is no such branch or resource.
 */
extern const OpeningRules *hours_of_branch(const pg_uuid_t *tenant, const pg_uuid_t *branch);
extern const OpeningRules *hours_of_resource(const pg_uuid_t *tenant,
											 const pg_uuid_t *resource);

/*
 * Replaces all weekly rules of a branch or a resource, with the caller's
 * rights; false if the caller may not.
 */
extern bool hours_replace(CodedTable owner, const pg_uuid_t *tenant, const pg_uuid_t *id,
						  const WeeklyRule *rules, int count);

#endif							/* BOOKING_HOURS_STORE_H */
