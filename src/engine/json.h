/*-------------------------------------------------------------------------
 *
 * json.h
 *	  Building jsonb values piece by piece, independent of session settings.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_JSON_H
#define BOOKING_JSON_H

#include "booking.h"

#include "utils/jsonb.h"

extern void json_begin_object(JsonbParseState **state);
extern Jsonb *json_end_object(JsonbParseState **state);
extern void json_key(JsonbParseState **state, const char *key);
extern void json_add_text(JsonbParseState **state, const char *key, const char *value);
extern void json_add_uuid(JsonbParseState **state, const char *key, const pg_uuid_t *value);
extern void json_add_instant(JsonbParseState **state, const char *key, TimestampTz value);
extern void json_add_bool(JsonbParseState **state, const char *key, bool value);
extern void json_add_int(JsonbParseState **state, const char *key, int value);
extern void json_add_datum(JsonbParseState **state, const char *key, Oid type, Datum value,
						   bool isnull);
extern bool json_get_datum(Jsonb *object, const char *key, Oid type, Datum *value,
						   bool *isnull);
extern char *json_text(Jsonb *value);

#endif							/* BOOKING_JSON_H */
