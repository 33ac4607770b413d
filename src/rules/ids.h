/*-------------------------------------------------------------------------
 *
 * ids.h
 *	  Identifiers: UUIDs of version 7.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_IDS_H
#define BOOKING_IDS_H

#include "booking.h"

extern pg_uuid_t ids_new(void);
extern char *ids_text(const pg_uuid_t *id);
extern bool ids_parse(const char *text, pg_uuid_t *id);

#endif							/* BOOKING_IDS_H */
