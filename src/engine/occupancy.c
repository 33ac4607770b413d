/*-------------------------------------------------------------------------
 *
 * occupancy.c
 *	  Taking and giving back time on resources.
 *
 * Who takes time has the keys of the resources and days (locks.c), so nobody
 * else writes there.  A resource of capacity 1 is guarded by the exclusion
 * constraint of booking.allocations whatever happens here; the units of a
 * larger one are counted under the key, because a count cannot be guarded by
 * a constraint, and SERIALIZABLE does not see writers through a GiST index.
 *
 * Overbooking.  A shared resource takes as many units more than its capacity
 * as the setting "overbook" says, and any number when staff overrides the
 * limit.  Staff may overbook a resource of capacity 1 too: the allocation is
 * then one that the exclusion constraint does not see (exclusive is false).
 * From then on whoever takes that resource has to look at those as well.
 * Nothing has to remember that but the allocations themselves: a session that
 * reads the resource reads how far they reach (Resource.overbooked_until), and
 * writing one makes all sessions read their resources anew, which they do
 * after they have the keys.
 *
 * What is over (expires_at reached) counts as absent.  It is cleared out of
 * the way by whoever needs the place: the booking is ended if its row and all
 * of its keys can be had without waiting, else just its allocation on our
 * keys is deleted and the rest is left to its owner or the sweep.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/int.h"
#include "miscadmin.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "engine/conflict.h"
#include "engine/expiry.h"
#include "engine/occupancy.h"
#include "errors.h"
#include "rules/capacity.h"
#include "store/store_state.h"

/*
 * A refused INSERT is undone by a subtransaction, which is cheap until the
 * transaction has had many.
 */
#define CHEAP_SUBTRANSACTIONS 32

/* How often what is over is cleared away anew for one allocation. */
#define MAX_CLEARINGS 20

static int	subtransactions_used = 0;

/* The transaction has overbooked: what it read of resources before is too old. */
static bool overbooked_here = false;

static void
forget_count(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
		event == XACT_EVENT_PREPARE)
	{
		subtransactions_used = 0;
		overbooked_here = false;
	}
}

void
occupancy_init(void)
{
	RegisterXactCallback(forget_count, NULL);
}

/* The need of a service that a resource meets; NULL when it names none. */
static const ServiceNeed *
need_of_kind(const Service *service, const char *kind)
{
	for (int i = 0; i < service->need_count; i++)
		if (strcmp(service->needs[i].kind, kind) == 0)
			return &service->needs[i];
	return NULL;
}

/* A slot widened by buffers; it must stay a time. */
static TimeSpan
widened(TimeSpan slot, int64 before, int64 after)
{
	if (pg_sub_s64_overflow(slot.from, before, &slot.from) ||
		pg_add_s64_overflow(slot.until, after, &slot.until) ||
		!IS_VALID_TIMESTAMP(slot.from) || !IS_VALID_TIMESTAMP(slot.until))
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_RANGE),
				 errmsg("time out of range")));
	return slot;
}

/* The same by the buffers that a resource has on top of the service's. */
static TimeSpan
widened_for_resource(TimeSpan slot, const Resource *resource)
{
	SettingSources sources = {
		.resource = resource->settings,
		.branch = resource->branch.settings,
		.tenant = resource->branch.tenant_settings
	};

	return widened(slot, settings_get(SETTING_BUFFER_BEFORE, &sources).interval_us,
				   settings_get(SETTING_BUFFER_AFTER, &sources).interval_us);
}

/* A slot widened by the widest buffers a service has. */
TimeSpan
occupancy_reach(const Service *service, TimeSpan slot)
{
	int64		before = service->buffer_before;
	int64		after = service->buffer_after;

	for (int i = 0; i < service->need_count; i++)
	{
		before = Max(before, service->needs[i].buffer_before);
		after = Max(after, service->needs[i].buffer_after);
	}
	return widened(slot, before, after);
}

/*
 * When somebody else's slot must lie to have been in the way of one that a
 * booking had on a resource: within the booking's buffers and its own.
 */
TimeSpan
occupancy_freed(const Service *service, const pg_uuid_t *resource_id, const pg_uuid_t *tenant,
				TimeSpan slot)
{
	const Resource *resource = config_resource(tenant, resource_id);
	TimeSpan	own;

	slot = occupancy_reach(service, slot);
	if (resource == NULL)
		return slot;
	own = widened_for_resource((TimeSpan) {0, 0}, resource);
	return widened(slot, own.until - own.from, own.until - own.from);
}

/*
 * Adds the keys for a slot on resources as they were read before: wide enough
 * for the widest buffers the service has.
 */
void
occupancy_add_keys(KeySet *set, const pg_uuid_t *tenant, const Service *service,
				   const pg_uuid_t *resources, int count, TimeSpan slot)
{
	slot = occupancy_reach(service, slot);
	for (int i = 0; i < count; i++)
	{
		const Resource *resource = config_resource(tenant, &resources[i]);

		locks_add_resource(set, tenant, &resources[i],
						   resource ? widened_for_resource(slot, resource) : slot);
	}
}

/*
 * Whether resources, as they are by now, are occupied outside of the time that
 * keys were taken for: somebody raised their buffers meanwhile.
 */
bool
occupancy_outgrew_keys(TimeSpan slot, const Resource *planned, const Resource *resources,
					   int count)
{
	for (int i = 0; i < count; i++)
	{
		TimeSpan	before = widened_for_resource(slot, &planned[i]);
		TimeSpan	now = widened_for_resource(slot, &resources[i]);

		if (now.from < before.from || now.until > before.until)
			return true;
	}
	return false;
}

/* What a booking takes of each of its resources. */
Allocation *
occupancy_allocations(const Service *service, const Resource *resources, int count,
					  TimeSpan slot, int units)
{
	Allocation *allocations = palloc(sizeof(Allocation) * Max(count, 1));

	for (int i = 0; i < count; i++)
	{
		const ServiceNeed *need = need_of_kind(service, resources[i].kind);
		Allocation *allocation = &allocations[i];

		allocation->resource_id = resources[i].id;
		allocation->span =
			widened_for_resource(widened(slot,
										 need ? need->buffer_before : service->buffer_before,
										 need ? need->buffer_after : service->buffer_after),
								 &resources[i]);
		allocation->exclusive = resources[i].capacity == 1;
		allocation->units = 1;
		if (!allocation->exclusive &&
			pg_mul_s32_overflow(units, need ? need->units : 1, &allocation->units))
			ereport(ERROR,
					(booking_errcode(ERR_BAD_VALUE),
					 errmsg("number of units out of range")));
	}
	return allocations;
}

/* How many units may be taken of a resource, with those that are overbooked. */
int
occupancy_capacity(const Service *service, const Resource *resource)
{
	SettingSources sources = {
		.service = service->settings,
		.resource = resource->settings,
		.branch = resource->branch.settings,
		.tenant = service->tenant_settings
	};
	int			capacity = resource->capacity;

	if (capacity == 1 ||
		pg_add_s32_overflow(capacity, (int) settings_get(SETTING_OVERBOOK, &sources).integer,
							&capacity))
		return resource->capacity;
	return capacity;
}

/* Units still free of a resource, at the fullest instant of a span. */
static int
units_free(const Occupant *occupants, int count, TimeSpan span, int capacity, TimestampTz now)
{
	CapacityUse *uses = palloc(sizeof(CapacityUse) * Max(count, 1));
	int			live = 0;

	for (int i = 0; i < count; i++)
		if (occupants[i].expires_at > now)
			uses[live++] = (CapacityUse) {occupants[i].span, occupants[i].units};
	return capacity - capacity_peak(uses, live, span);
}

/*
 * Whether an allocation would fit, counting also what the running statement
 * is about to take.
 */
bool
occupancy_is_free(const pg_uuid_t *tenant, const Allocation *wanted, int capacity,
				  const pg_uuid_t *except, TimestampTz now)
{
	int			count;
	Occupant   *occupants;
	int			pending;
	Allocation *uses;
	CapacityUse *all;
	int			live = 0;

	occupants = allocations_overlapping(tenant, &wanted->resource_id, wanted->span, except,
										&count);
	pending = pending_uses(tenant, &wanted->resource_id, wanted->span, except, NULL, 0);
	uses = palloc(sizeof(Allocation) * Max(pending, 1));
	pending_uses(tenant, &wanted->resource_id, wanted->span, except, uses, pending);

	all = palloc(sizeof(CapacityUse) * Max(count + pending, 1));
	for (int i = 0; i < count; i++)
		if (occupants[i].expires_at > now)
			all[live++] = (CapacityUse) {occupants[i].span, occupants[i].units};
	for (int i = 0; i < pending; i++)
		all[live++] = (CapacityUse) {uses[i].span, uses[i].units};
	return capacity_peak(all, live, wanted->span) + wanted->units <= capacity;
}

/*
 * Has those of the occupants move out that a later row of the statement moves
 * away.  Whether there was one.
 */
static bool
move_out(const pg_uuid_t *tenant, const Occupant *occupants, int count)
{
	bool		any = false;

	for (int i = 0; i < count; i++)
		if (pending_move_out(tenant, &occupants[i].booking_id))
		{
			allocations_delete(tenant, &occupants[i].booking_id);
			any = true;
		}
	return any;
}

/* Whether the exclusion constraint may not see all that is in the way. */
static bool
may_be_overbooked(const Resource *resource, TimeSpan span)
{
	return resource->overbooked_until > span.from || overbooked_here;
}

static void
raise_full(const Change *change, const Resource *resource, const Allocation *wanted,
		   const Occupant *occupants, int count, int left)
{
	Conflict	conflict = {0};

	if (!wanted->exclusive)
		conflict_raise_capacity(change, resource, wanted, occupants, count, left);
	conflict_add(&conflict, occupants, count, change->now);
	conflict_raise_taken(change, &conflict);
}

/* Whether the exclusion constraint decides by itself about an allocation. */
static bool
is_for_constraint(const Change *change, int i)
{
	return change->allocations[i].exclusive && !change->may_overbook &&
		!may_be_overbooked(&change->resources[i], change->allocations[i].span);
}

/* Clears what is over out of the way of what check_units_left() counts. */
static void
clear_counted(const Change *change)
{
	for (int i = 0; i < change->resource_count; i++)
	{
		const Allocation *wanted = &change->allocations[i];
		Occupant   *occupants;
		int			count;

		if (is_for_constraint(change, i))
			continue;
		occupants = allocations_overlapping(&change->tenant, &wanted->resource_id, wanted->span,
											&change->booking, &count);
		(void) expiry_clear(&change->tenant, wanted, occupants, count, change->now);
	}
}

/*
 * Makes sure that the shared resources of a change, and those that may be
 * overbooked, have enough units left.  What is over is out of the way of all of
 * them by then, as who waits may have been given what became free of any.
 */
static void
check_units_left(Change *change)
{
	if (change->resource_count > 1)
		clear_counted(change);
	for (int i = 0; i < change->resource_count; i++)
	{
		Allocation *wanted = &change->allocations[i];
		const Resource *resource = &change->resources[i];
		Occupant   *occupants;
		int			capacity;
		int			count;
		int			left;

		if (is_for_constraint(change, i))
			continue;
		capacity = occupancy_capacity(change->service, resource);
		occupants = allocations_overlapping(&change->tenant, &wanted->resource_id, wanted->span,
											&change->booking, &count);
		if (expiry_clear(&change->tenant, wanted, occupants, count, change->now))
			occupants = allocations_overlapping(&change->tenant, &wanted->resource_id,
												wanted->span, &change->booking, &count);
		left = units_free(occupants, count, wanted->span, capacity, change->now);
		if (left < wanted->units && move_out(&change->tenant, occupants, count))
		{
			occupants = allocations_overlapping(&change->tenant, &wanted->resource_id,
												wanted->span, &change->booking, &count);
			left = units_free(occupants, count, wanted->span, capacity, change->now);
		}
		if (left < wanted->units && !change->may_overbook)
			raise_full(change, resource, wanted, occupants, count, left);
		if (left - (capacity - resource->capacity) < wanted->units)
		{
			change->overbooked = true;
			if (wanted->exclusive)
			{
				wanted->exclusive = false;
				overbooked_here = true;
				store_invalidate();
			}
		}
	}
}

static int
compare_resources(const void *a, const void *b)
{
	return memcmp(&((const Allocation *) a)->resource_id, &((const Allocation *) b)->resource_id,
				  UUID_LEN);
}

/* The allocations of a change in the order they are inserted in. */
static const Allocation *
in_order(const Change *change)
{
	Allocation *sorted;

	if (change->resource_count < 2)
		return change->allocations;
	sorted = palloc(sizeof(Allocation) * change->resource_count);
	memcpy(sorted, change->allocations, sizeof(Allocation) * change->resource_count);
	qsort(sorted, change->resource_count, sizeof(Allocation), compare_resources);
	return sorted;
}

/*
 * Tries to insert allocations of a change; false, with none inserted, when an
 * exclusive one overlaps another.  If there are several they are the first.
 */
static bool
insert_allocations(const Change *change, const Allocation *allocations, int count,
				   TimestampTz expires_at)
{
	MemoryContext memory = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool inserted = false;

	if (subtransactions_used >= CHEAP_SUBTRANSACTIONS)
	{
		if (allocations_insert(&change->tenant, &change->booking, allocations, count,
							   expires_at, true) == count)
			return true;
		if (count > 1)
			allocations_delete(&change->tenant, &change->booking);
		return false;
	}

	subtransactions_used++;
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(memory);
	PG_TRY();
	{
		allocations_insert(&change->tenant, &change->booking, allocations, count,
						   expires_at, false);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(memory);
		CurrentResourceOwner = owner;
		inserted = true;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(memory);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(memory);
		CurrentResourceOwner = owner;
		if (error->sqlerrcode != ERRCODE_EXCLUSION_VIOLATION)
			ReThrowError(error);
		FreeErrorData(error);
	}
	PG_END_TRY();
	return inserted;
}

/*
 * Raises SLOT_TAKEN if anybody is in the way of the exclusive allocations of a
 * change, other than what is over or about to move.
 */
static void
raise_if_taken(const Change *change)
{
	Conflict	conflict = {0};

	for (int i = 0; i < change->resource_count; i++)
	{
		const Allocation *wanted = &change->allocations[i];
		Occupant   *occupants;
		int			count;

		if (!wanted->exclusive)
			continue;
		occupants = allocations_overlapping(&change->tenant, &wanted->resource_id, wanted->span,
											&change->booking, &count);
		if (move_out(&change->tenant, occupants, count))
			occupants = allocations_overlapping(&change->tenant, &wanted->resource_id,
												wanted->span, &change->booking, &count);
		conflict_add(&conflict, occupants, count, change->now);
	}
	if (conflict.count > 0)
		conflict_raise_taken(change, &conflict);
}

/*
 * Inserts an exclusive allocation, having cleared out of its way what is over.
 */
static void
clear_and_insert(const Change *change, const Allocation *wanted, TimestampTz expires_at)
{
	for (int attempt = 1;; attempt++)
	{
		Conflict	conflict = {0};
		int			count;
		Occupant   *occupants = allocations_overlapping(&change->tenant,
														&wanted->resource_id, wanted->span,
														&change->booking, &count);

		conflict_add(&conflict, occupants, count, change->now);
		if (conflict.count > 0)
			conflict_raise_taken(change, &conflict);
		expiry_clear(&change->tenant, wanted, occupants, count, change->now);
		if (insert_allocations(change, wanted, 1, expires_at))
			return;

		/* who was clearing it away as well has given up */
		if (attempt >= MAX_CLEARINGS)
			conflict_raise_taken(change, &conflict);
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * Takes what a change needs, or raises SLOT_TAKEN or CAPACITY_FULL.  The
 * booking must have no allocations.
 *
 * An INSERT waits for whoever is deleting what it overlaps.  With the keys
 * held, that can only be somebody who clears a lapsed booking of several days
 * out of his way on another of those days.  So that two of them don't wait for
 * each other, both insert in the order of resources, and clear a resource only
 * when they are through with the ones before.  Shared ones nobody waits for;
 * they are taken before anything is cleared, so that who is given what becomes
 * free doesn't take the units that were counted.
 */
void
occupancy_take(Change *change, TimestampTz expires_at)
{
	const Allocation *allocations;

	check_units_left(change);
	allocations = in_order(change);
	if (insert_allocations(change, allocations, change->resource_count, expires_at))
		return;
	raise_if_taken(change);
	for (int i = 0; i < change->resource_count; i++)
		if (!allocations[i].exclusive)
			allocations_insert(&change->tenant, &change->booking, &allocations[i], 1, expires_at,
							   false);
	for (int i = 0; i < change->resource_count; i++)
		if (allocations[i].exclusive)
			clear_and_insert(change, &allocations[i], expires_at);
}

/* The same for a booking that may have allocations: they are given back. */
void
occupancy_retake(Change *change, TimestampTz expires_at)
{
	allocations_delete(&change->tenant, &change->booking);
	occupancy_take(change, expires_at);
}

/*
 * A booking became shorter, takes fewer units or has lost resources: keeps what
 * it still needs of what it has, be that overbooked or not.
 */
void
occupancy_give_back(const Change *change, TimestampTz expires_at)
{
	int			count;
	int			kept = 0;
	Allocation *had = allocations_take_back(&change->tenant, &change->booking, &count);

	for (int i = 0; i < count; i++)
	{
		for (int j = 0; j < change->resource_count; j++)
			if (uuid_equal(&change->resources[j].id, &had[i].resource_id))
			{
				const Allocation *needed = &change->allocations[j];

				had[kept] = had[i];
				had[kept].span.until = Min(had[kept].span.until, needed->span.until);
				had[kept].units = Min(had[kept].units, needed->units);
				kept++;
				break;
			}
	}
	allocations_insert(&change->tenant, &change->booking, had, kept, expires_at, false);
}

/*
 * A booking was completed: gives back the rest of its time, but keeps the
 * resources occupied for the clean-up that begins now, if they were to be (L3).
 */
void
occupancy_keep_cleanup(const Change *change)
{
	int			count;
	Allocation *had = allocations_take_back(&change->tenant, &change->booking, &count);

	for (int i = 0; i < count; i++)
	{
		Allocation	cleanup = had[i];

		for (int j = 0; j < change->resource_count; j++)
			if (uuid_equal(&change->resources[j].id, &cleanup.resource_id))
				cleanup.span.until = Min(cleanup.span.until, change->now +
										 change->allocations[j].span.until - change->slot.until);
		if (cleanup.span.until > change->now && !span_is_empty(cleanup.span))
			allocations_insert(&change->tenant, &change->booking, &cleanup, 1,
							   cleanup.span.until, false);
	}
}
