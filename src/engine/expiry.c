/*-------------------------------------------------------------------------
 *
 * expiry.c
 *	  Ending bookings whose status has lapsed, and dropping allocations that
 *	  are over.
 *
 * A status lapses at expires_at by the clock, whether or not anything here
 * ran; what runs here makes that visible.  It is work done for others, so it
 * never waits: rows and keys that somebody has are passed over.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "engine/clock.h"
#include "engine/expiry.h"
#include "engine/locks.h"
#include "rules/ids.h"
#include "store/bookings.h"
#include "store/plan.h"

/* Ends what can be ended; returns how many bookings were. */
static int
end_lapsed(const pg_uuid_t *tenant, ArrayType *ids, TimestampTz now)
{
	pg_uuid_t	request_id = ids_new();
	LockWait	previous = locks_set_wait(LOCK_OR_SKIP);
	volatile int ended = 0;

	PG_TRY();
	{
		ended = (int) bookings_end_expired(tenant, ids, now, &request_id);
	}
	PG_FINALLY();
	{
		locks_set_wait(previous);
	}
	PG_END_TRY();
	return ended;
}

/*
 * Clears what is over out of the way of an allocation whose keys the
 * transaction has.
 */
void
expiry_clear(const pg_uuid_t *tenant, const Allocation *wanted,
			 const Occupant *occupants, int count, TimestampTz now)
{
	pg_uuid_t  *ids = palloc(sizeof(pg_uuid_t) * Max(count, 1));
	int			over = 0;

	for (int i = 0; i < count; i++)
		if (occupants[i].expires_at <= now)
			ids[over++] = occupants[i].booking_id;
	if (over == 0)
		return;
	end_lapsed(tenant, store_uuid_array(ids, over), now);
	allocations_delete_over(tenant, &wanted->resource_id, wanted->span, now);
}

/*
 * Ends up to max bookings whose status has lapsed, of one tenant or (NULL) of
 * all, and returns how many were ended.  passed_over receives how many
 * somebody else was busy with, or did not fit into this transaction's locks.
 * Needs SPI.
 */
int
expiry_sweep(const pg_uuid_t *tenant, int max, int *passed_over)
{
	TimestampTz now = clock_now();
	int			tenant_count = 1;
	const pg_uuid_t *tenants = tenant;
	int			ended = 0;

	*passed_over = 0;
	if (tenant == NULL)
		tenants = bookings_tenants_with_expired(now, &tenant_count);
	for (int i = 0; i < tenant_count && ended < max; i++)
	{
		int			found;
		ArrayType  *ids = bookings_find_expired(&tenants[i], now, max - ended, &found);
		int			done;

		if (found == 0)
			continue;
		done = end_lapsed(&tenants[i], ids, now);
		ended += done;
		*passed_over += found - done;
	}
	return ended;
}

/*
 * Drops up to max allocations that are over and that nothing else will touch:
 * finished clean-up times.  Needs SPI.
 */
int
expiry_drop_over(int max)
{
	return allocations_sweep_over(clock_now(), max);
}

/* When the next status lapses; DT_NOEND when none does.  Needs SPI. */
TimestampTz
expiry_next_due(void)
{
	return bookings_next_expiry();
}
