/*-------------------------------------------------------------------------
 *
 * purge.c
 *	  Removing bookings that are old (U10).
 *
 * The only way on which rows of booking.bookings go.  The audit trail keeps
 * what they were.  It is nobody's business to wait for: rows that somebody is
 * busy with are passed over.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "engine/intent.h"
#include "engine/purge.h"
#include "store/plan.h"
#include "store/purge_store.h"

/* Most bookings removed at a time, which bounds the memory it takes. */
#define BATCH_SIZE 10000

/*
 * Removes up to max bookings of a tenant that were over before an instant:
 * abandoned holds and, if asked, what is finished.  Returns how many.
 */
int
purge_run(const pg_uuid_t *tenant, TimestampTz before, bool finished, int max)
{
	Intent		intent = {INTENT_PURGE, tenant, NULL};
	const Intent *previous = intent_set(&intent);
	volatile int removed = 0;

	PG_TRY();
	{
		int			size;
		int			count;

		do
		{
			CHECK_FOR_INTERRUPTS();
			size = Min(max - removed, BATCH_SIZE);
			store_connect();
			count = purge_batch(tenant, before, finished, size);
			store_finish();
			removed += count;
		} while (count == size && removed < max);
	}
	PG_FINALLY();
	{
		intent_set(previous);
	}
	PG_END_TRY();
	return removed;
}
