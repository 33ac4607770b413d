/*-------------------------------------------------------------------------
 *
 * jsonvalues.h
 *	  SQL values from JSON, and what a function returned as JSON and back.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_JSONVALUES_H
#define BOOKING_JSONVALUES_H

#include "booking.h"

#include "fmgr.h"

extern Datum value_from_json(const char *field, const JsonbValue *json, Oid type,
							 bool *isnull);
extern Jsonb *result_to_json(FunctionCallInfo fcinfo, Datum result, bool with_tokens);
extern Datum result_from_json(FunctionCallInfo fcinfo, Jsonb *json);

#endif							/* BOOKING_JSONVALUES_H */
