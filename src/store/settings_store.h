/*-------------------------------------------------------------------------
 *
 * settings_store.h
 *	  The "settings" columns.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_STORE_SETTINGS_STORE_H
#define BOOKING_STORE_SETTINGS_STORE_H

#include "booking.h"

#include "rules/settings.h"
#include "store/config.h"

extern bool settings_of_tenant(const pg_uuid_t *tenant, const Settings **settings);
extern bool settings_store(CodedTable table, const pg_uuid_t *tenant, const pg_uuid_t *id,
						   const char *key, Jsonb *value);

#endif							/* BOOKING_STORE_SETTINGS_STORE_H */
