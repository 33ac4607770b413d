/*-------------------------------------------------------------------------
 *
 * bulk_keys.c
 *	  The keys that many changes need, taken at once.
 *
 * One change after the other would take its keys while holding those of the
 * ones before, in anybody's order.  Put together they are taken in order, and
 * each guard finds that it has what it needs.  What it needs all the same, as
 * things have changed meanwhile, or to give away what it frees, it must not
 * wait for (LOCK_OR_ERROR).  Where they would be more than
 * half of what a transaction may have, resources are taken as a whole: nobody
 * else books them on other days then until the work is done.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/qunique.h"

#include "utils/memutils.h"

#include "engine/bulk_keys.h"
#include "engine/clock.h"
#include "engine/occupancy.h"
#include "engine/promotion.h"
#include "engine/quotas.h"
#include "rules/lifecycle.h"

/* What a booking of a service takes of resources. */
void
bulk_keys_add_place(BulkKeys *keys, const pg_uuid_t *service, const pg_uuid_t *resources,
					int count, TimeSpan slot)
{
	occupancy_add_keys(&keys->places, keys->tenant,
					   config_require_service(keys->tenant, service), resources, count, slot);
	if (keys->count + count > keys->size)
	{
		keys->size = Max(keys->size * 2, keys->count + count + 64);
		keys->resources = keys->resources == NULL ?
			palloc(sizeof(pg_uuid_t) * keys->size) :
			repalloc(keys->resources, sizeof(pg_uuid_t) * keys->size);
	}
	if (count > 0)
		memcpy(keys->resources + keys->count, resources, sizeof(pg_uuid_t) * count);
	keys->count += count;
}

/* The quotas it comes to count towards, and its customer's time. */
void
bulk_keys_add_limits(BulkKeys *keys, const pg_uuid_t *service, const pg_uuid_t *branch,
					 const pg_uuid_t *customer, const pg_uuid_t *resources, int count,
					 TimeSpan slot)
{
	QuotaCase	quota_case = {0};

	quota_case.tenant = keys->tenant;
	quota_case.service = config_require_service(keys->tenant, service);
	quota_case.branch = config_branch(keys->tenant, branch);
	quota_case.customer = customer;
	quota_case.resources = config_resources(keys->tenant, resources, count);
	quota_case.resource_count = count;
	quota_case.slot = slot;
	if (quota_case.branch != NULL)
		quotas_add_checkout_keys(&keys->others, &quota_case);
}

/* The live holds of who made a booking. */
void
bulk_keys_add_holder(BulkKeys *keys, const char *actor)
{
	locks_add_actor(&keys->others, keys->tenant, actor);
}

/* The queues in which a booking waits. */
static void
add_joined(BulkKeys *keys, const pg_uuid_t *branch, const pg_uuid_t *resources, int count)
{
	locks_add_queue(&keys->others, keys->tenant, branch, true);
	for (int i = 0; i < count; i++)
	{
		const Resource *resource = config_resource(keys->tenant, &resources[i]);

		if (resource != NULL)
			locks_add_queue(&keys->others, keys->tenant, &resource->branch.id, true);
	}
}

/* All of that for a booking as it is or will be. */
void
bulk_keys_add_row(BulkKeys *keys, const BookingRow *row)
{
	const pg_uuid_t *service = row_uuid(row, BK_SERVICE_ID);
	int			count;
	pg_uuid_t  *resources = row_resources(row, &count);

	bulk_keys_add_place(keys, service, resources, count, row_slot(row));
	if (row_status(row) == STATUS_WAITLISTED)
		add_joined(keys, row_uuid(row, BK_BRANCH_ID), resources, count);
	if (lifecycle_is_occupying(row_status(row)) && row_has(row, BK_BOOKED_BY))
		bulk_keys_add_holder(keys, row_text(row, BK_BOOKED_BY));
	if (lifecycle_is_occupying(row_status(row)))
		bulk_keys_add_limits(keys, service, row_uuid(row, BK_BRANCH_ID),
							 row_has(row, BK_CUSTOMER_ID) ? row_uuid(row, BK_CUSTOMER_ID) :
							 NULL, resources, count, row_slot(row));
}

/* Who waits for what a booking that occupies may give back. */
void
bulk_keys_add_freed(BulkKeys *keys, const BookingRow *row)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "booking bulk keys",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	KeySet		waiting = {0};

	promotion_add_all_keys(&waiting, keys->tenant, row, clock_now());
	MemoryContextSwitchTo(caller);
	locks_add_all(&keys->others, &waiting);
	MemoryContextDelete(scratch);
}

/* Resources that may be chosen, whenever. */
void
bulk_keys_add_whole(BulkKeys *keys, const pg_uuid_t *resources, int count)
{
	for (int i = 0; i < count; i++)
		if (!locks_has_part(keys->tenant, &resources[i]))
			locks_add_whole_resource(&keys->others, keys->tenant, &resources[i]);
}

static int
compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, UUID_LEN);
}

void
bulk_keys_acquire(BulkKeys *keys)
{
	bool		whole = locks_are_many(&keys->places);

	qsort(keys->resources, keys->count, sizeof(pg_uuid_t), compare_ids);
	keys->count = (int) qunique(keys->resources, keys->count, sizeof(pg_uuid_t), compare_ids);

	/* what is freed of them is offered to who waits in the queues of their branches */
	for (int i = 0; i < keys->count; i++)
	{
		const Resource *resource = config_resource(keys->tenant, &keys->resources[i]);

		if (resource != NULL)
			locks_add_queue(&keys->others, keys->tenant, &resource->branch.id, false);
	}
	for (int i = 0; whole && i < keys->count; i++)
		whole = !locks_has_part(keys->tenant, &keys->resources[i]);
	if (whole)
		bulk_keys_add_whole(keys, keys->resources, keys->count);
	else
		locks_add_all(&keys->others, &keys->places);
	locks_acquire(&keys->others, NULL);
}
