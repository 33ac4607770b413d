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

#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/resowner.h"

#include "engine/clock.h"
#include "engine/expiry.h"
#include "engine/locks.h"
#include "engine/promotion.h"
#include "rules/ids.h"
#include "store/bookings.h"
#include "store/plan.h"

/* Ends what can be ended; returns how many bookings were. */
static int
end_unlocked(const pg_uuid_t *tenant, ArrayType *ids, TimestampTz now, EndBookings end)
{
	pg_uuid_t	request_id = ids_new();
	LockWait	previous = locks_set_wait(LOCK_OR_SKIP);
	volatile int ended = 0;

	PG_TRY();
	{
		ended = (int) end(tenant, ids, now, &request_id);
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
 * transaction has.  False when there was nothing; what there was may have gone
 * to somebody who waits.
 */
bool
expiry_clear(const pg_uuid_t *tenant, const Allocation *wanted,
			 const Occupant *occupants, int count, TimestampTz now)
{
	pg_uuid_t  *ids = palloc(sizeof(pg_uuid_t) * Max(count, 1));
	int			over = 0;

	for (int i = 0; i < count; i++)
		if (occupants[i].expires_at <= now)
			ids[over++] = occupants[i].booking_id;
	if (over == 0)
		return false;
	end_unlocked(tenant, store_uuid_array(ids, over), now, bookings_end_expired);
	if (allocations_delete_over(tenant, &wanted->resource_id, wanted->span, now) > 0)
		promotion_of_leftover(tenant, &wanted->resource_id, wanted->span, now);
	return true;
}

static void
note_failure(ExpiryRest *rest, const pg_uuid_t *id, const ErrorData *error)
{
	if (rest->failed++ == 0)
		snprintf(rest->first_failure, sizeof(rest->first_failure), "booking %s: %s",
				 ids_text(id),
				 error->message);
}

/*
 * Ends bookings in a subtransaction.  If that raises an error, tries each half
 * by itself, so that one booking that can't be ended (because of somebody's
 * trigger, say) doesn't keep the others from it.  Returns how many were ended;
 * rest counts the others.
 */
int
expiry_end_separately(const pg_uuid_t *tenant, const pg_uuid_t *ids, int count,
					  TimestampTz now, EndBookings end, ExpiryRest *rest)
{
	MemoryContext memory = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;
	volatile int ended = 0;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(memory);
	PG_TRY();
	{
		ended = end_unlocked(tenant, store_uuid_array(ids, count), now, end);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(memory);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(memory);
	CurrentResourceOwner = owner;

	if (error == NULL)
	{
		rest->busy += count - ended;
		return ended;
	}
	if (error->sqlerrcode == ERRCODE_QUERY_CANCELED)
		ReThrowError(error);
	if (count == 1)
	{
		/* above READ COMMITTED: changed by somebody who was quicker */
		if (error->sqlerrcode == ERRCODE_T_R_SERIALIZATION_FAILURE)
			rest->busy++;
		else
			note_failure(rest, ids, error);
		return 0;
	}
	return expiry_end_separately(tenant, ids, count / 2, now, end, rest) +
		expiry_end_separately(tenant, ids + count / 2, count - count / 2, now, end, rest);
}

/*
 * Ends up to max bookings whose status has lapsed, of one tenant or (NULL) of
 * all, and returns how many were ended.  Needs SPI.
 */
int
expiry_sweep(const pg_uuid_t *tenant, int max, ExpiryRest *rest)
{
	TimestampTz now = clock_now();
	int			tenant_count = 1;
	const pg_uuid_t *tenants = tenant;
	int			looked_at = 0;
	int			ended = 0;

	memset(rest, 0, sizeof(ExpiryRest));
	if (tenant == NULL)
		tenants = bookings_tenants_with_expired(now, &tenant_count);
	for (int i = 0; i < tenant_count && looked_at < max; i++)
	{
		int			count;
		pg_uuid_t  *ids = bookings_find_expired(&tenants[i], now, max - looked_at, &count);

		looked_at += count;
		if (count > 0)
			ended += expiry_end_separately(&tenants[i], ids, count, now, bookings_end_expired,
										   rest);
	}
	return ended;
}

/*
 * Ends those of the bookings whose status has lapsed, as far as that can be
 * done now.  Needs SPI.
 */
void
expiry_end(const pg_uuid_t *tenant, const pg_uuid_t *ids, int count)
{
	ExpiryRest	rest = {0};

	(void) expiry_end_separately(tenant, ids, count, clock_now(), bookings_end_expired, &rest);
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

/*
 * When the next status lapses that has not lapsed yet; DT_NOEND when none
 * does.  Needs SPI.
 */
TimestampTz
expiry_next_due(void)
{
	return bookings_next_expiry(clock_now());
}
