/*-------------------------------------------------------------------------
 *
 * intent.c
 *	  What a function of the API means by the change it is about to make,
 *	  where the row it writes can't say so.
 *
 * An intent is about one booking: changes of others that follow from the
 * change, or that a user's trigger makes, are not meant.  One that is about all
 * bookings of a tenant therefore goes with a look at what is changed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "engine/intent.h"

static const Intent *current = NULL;

/*
 * Has the next changes of a booking be meant so; NULL: in no particular way.
 * Returns what was set before; the caller puts that back, after an error too.
 */
const Intent *
intent_set(const Intent *intent)
{
	const Intent *previous = current;

	current = intent;
	return previous;
}

/* Whether what is under way, of whichever booking, is meant so. */
bool
intent_is_any(IntentKind kind)
{
	return current != NULL && current->kind == kind;
}

/* Whether the change of a booking that is under way is meant so. */
bool
intent_is(IntentKind kind, const pg_uuid_t *tenant, const pg_uuid_t *booking)
{
	return current != NULL && current->kind == kind &&
		(current->booking == NULL || uuid_equal(current->booking, booking)) && uuid_equal(current->tenant, tenant);
}
