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
	INTENT_PROMOTE				/* the engine gives somebody who waits his turn */
} IntentKind;

typedef struct Intent
{
	IntentKind	kind;
	const pg_uuid_t *tenant;
	const pg_uuid_t *booking;
} Intent;

extern const Intent *intent_set(const Intent *intent);
extern bool intent_is(IntentKind kind, const pg_uuid_t *tenant, const pg_uuid_t *booking);

#endif							/* BOOKING_INTENT_H */
