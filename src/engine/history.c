/*-------------------------------------------------------------------------
 *
 * history.c
 *	  Searching the audit trail (U4), and bookings as they were (U7).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xlog.h"

#include "engine/clock.h"
#include "engine/history.h"
#include "engine/seals.h"
#include "store/plan.h"

/* How far back a search looks at first, and how much farther each time after. */
#define FIRST_REACH (INT64CONST(60) * USECS_PER_SEC)
#define REACH_GROWTH 16

/* Beyond this it looks at all that is left. */
#define LAST_REACH (INT64CONST(400) * USECS_PER_DAY)

/*
 * Adds the newest rows that fit to the result, up to query->limit.
 *
 * The trail's index knows roughly when rows were written and what is in them,
 * but has no order.  So windows of time are searched, the newest first and
 * each longer than the one before: what is frequent is found in the first,
 * what is rare in one of the last, where the index rules out most of it.
 */
void
history_search(AuditQuery *query, ReturnSetInfo *result)
{
	TimestampTz from = query->from;
	TimestampTz newest = Min(query->until, clock_now());
	int64		reach = FIRST_REACH;
	SealedUntil sealed;

	query->private_values = history_store_may_read_private();
	if (query->resource != NULL)
	{
		sealed = seals_store_sealed_until((int64) GetSystemIdentifier());
		query->unsealed_from = sealed.all_restored ? sealed.tx : 0;
		query->unsealed_until = sealed.all_restored ?
			(int64) U64FromFullTransactionId(ReadNextFullTransactionId()) : PG_INT64_MAX;
	}

	while (query->limit > 0 && query->until > from)
	{
		/* the rows of one booking its key finds */
		if (query->booking != NULL || reach > LAST_REACH || from >= newest - reach)
			query->from = from;
		else
			query->from = newest - reach;
		query->limit -= (int) history_store_search(query, result);
		query->until = query->from;
		reach *= REACH_GROWTH;
	}
}

/* Adds a booking as it was at a time, if it was there. */
void
history_booking_as_of(const pg_uuid_t *tenant, const pg_uuid_t *booking, TimestampTz at,
					  ReturnSetInfo *result)
{
	history_store_as_of(tenant, store_uuid_array(booking, 1), (Datum) 0, at,
						history_store_may_read_private(), result);
}

/* Adds the bookings whose slot, as it was at a time, overlaps a window. */
void
history_bookings_as_of(const pg_uuid_t *tenant, TimeSpan during, TimestampTz at,
					   ReturnSetInfo *result)
{
	history_store_as_of(tenant, history_store_candidates(tenant, during, at),
						store_span_range(during), at, history_store_may_read_private(),
						result);
}

int64
history_erase_actor(const pg_uuid_t *tenant, const char *actor)
{
	return history_store_erase_actor(tenant, actor, seals_actor_digest(tenant, actor));
}
