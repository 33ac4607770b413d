/*-------------------------------------------------------------------------
 *
 * idempotency.h
 *	  Commands that can be repeated safely, under a key of the caller's.
 *
 * How a command gets that:
 *
 *	  - its last two arguments are idempotency_key text DEFAULT NULL and
 *		tenant uuid DEFAULT NULL;
 *	  - its C function ends in
 *			return idempotent_call(fcinfo, 3, cancel);
 *		instead of
 *			return command_run(fcinfo, 3, cancel);
 *		where 3 is the number of lock_wait, or -1 without one.
 *
 * It may return a row, one value, or a set for which it has called
 * InitMaterializedSRF() before.  A type of an argument or a result that
 * json_add_datum() does not know is to be added there.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_IDEMPOTENCY_H
#define BOOKING_IDEMPOTENCY_H

#include "booking.h"

#include "fmgr.h"

extern Datum idempotent_call(FunctionCallInfo fcinfo, int lock_wait_argument,
							 PGFunction body);

#endif							/* BOOKING_IDEMPOTENCY_H */
