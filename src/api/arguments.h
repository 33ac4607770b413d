/*-------------------------------------------------------------------------
 *
 * arguments.h
 *	  Reading the arguments of SQL-callable functions and giving back rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_ARGUMENTS_H
#define BOOKING_ARGUMENTS_H

#include "booking.h"

#include "fmgr.h"
#include "funcapi.h"
#include "store/bookings.h"
#include "rules/spans.h"
#include "utils/array.h"

/* An argument that must not be null; name is the SQL name. */
extern void argument_require(FunctionCallInfo fcinfo, int number, const char *name);
extern const pg_uuid_t *argument_uuid(FunctionCallInfo fcinfo, int number);
extern char *argument_text(FunctionCallInfo fcinfo, int number);
extern const pg_uuid_t *argument_tenant(FunctionCallInfo fcinfo, int number);
extern pg_uuid_t *argument_uuids(FunctionCallInfo fcinfo, int number, const char *name,
								 int *count);
extern bool argument_bool(FunctionCallInfo fcinfo, int number, bool otherwise);
extern void argument_one_length(FunctionCallInfo fcinfo, int ends_at, int duration, int nights);
extern void argument_length(FunctionCallInfo fcinfo, int ends_at, int duration, int nights,
							const pg_uuid_t *tenant, BookingRow *row);
extern TimeSpan argument_open_window(FunctionCallInfo fcinfo, int number, const char *name);
extern TimeSpan argument_window(FunctionCallInfo fcinfo, int number, const char *name);
extern Datum result_multirange(SpanSet set);
extern TupleDesc result_row_type(FunctionCallInfo fcinfo, TupleDesc *kept);

#endif							/* BOOKING_ARGUMENTS_H */
