/*-------------------------------------------------------------------------
 *
 * trail.h
 *	  Queries of the audit trail, by way of its one index.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_STORE_TRAIL_H
#define BOOKING_STORE_TRAIL_H

#include "booking.h"

#include "store/plan.h"

extern uint64 trail_execute(StorePlan *plan, Datum *values, const char *nulls, int how);

#endif							/* BOOKING_STORE_TRAIL_H */
