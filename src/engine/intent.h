/*-------------------------------------------------------------------------
 *
 * intent.h
 *	  What a function of the API means by the change it is about to make,
 *	  where the row it writes can't say so.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_INTENT_H
#define BOOKING_INTENT_H

#include "booking.h"

typedef enum IntentKind
{
	INTENT_REVERSE,				/* an undo token is being redeemed: an earlier
								 * state is put back */
	INTENT_PROMOTE,				/* the engine gives somebody who waits his turn */
	INTENT_MERGE,				/* two records are of one customer: his bookings
								 * go to the one that is kept */
	INTENT_ERASE,				/* personal data is erased */
	INTENT_PURGE				/* what is old is removed */
} IntentKind;

typedef struct Intent
{
	IntentKind	kind;
	const pg_uuid_t *tenant;
	const pg_uuid_t *booking;	/* NULL: all of the tenant */
} Intent;

extern const Intent *intent_set(const Intent *intent);
extern bool intent_is_any(IntentKind kind);
extern bool intent_is(IntentKind kind, const pg_uuid_t *tenant, const pg_uuid_t *booking);

#endif							/* BOOKING_INTENT_H */
