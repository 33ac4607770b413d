/*-------------------------------------------------------------------------
 *
 * actions.h
 *	  What could be done to a booking now.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_ACTIONS_H
#define BOOKING_ACTIONS_H

#include "booking.h"

#include "engine/context.h"
#include "errors.h"
#include "store/bookings.h"

/* A command on a booking, as it stands. */
typedef struct Action
{
	const char *command;
	const ErrorRow *obstacle;	/* what it would be refused for, or NULL */
	bool		needs_reason;
	bool		reversible;
} Action;

extern Action *actions_of(const pg_uuid_t *tenant, const BookingRow *booking,
						  const Context *who, int *count);

#endif							/* BOOKING_ACTIONS_H */
