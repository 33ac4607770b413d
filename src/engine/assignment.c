/*-------------------------------------------------------------------------
 *
 * assignment.c
 *	  Choosing resources for a booking that does not name all it needs (X7,
 *	  X8).
 *
 * Strategy "first": of each kind that is needed, the first ones by position
 * and code that are free.  The choice is made before the keys are taken; the
 * caller looks again under them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "engine/assignment.h"
#include "engine/clock.h"
#include "engine/occupancy.h"

static bool
contains(const pg_uuid_t *ids, int count, const pg_uuid_t *id)
{
	for (int i = 0; i < count; i++)
		if (uuid_equal(&ids[i], id))
			return true;
	return false;
}

/* Adds up to quantity resources of a kind (NULL: any), free ones first. */
static void
choose(Assignment *assignment, const Change *change, const pg_uuid_t *branch,
	   const char *kind, int quantity)
{
	TimestampTz now = clock_now();
	int			count;
	pg_uuid_t  *ids = config_candidates(&change->tenant, branch, &change->service->id, kind,
										&count);
	Resource   *resources = config_resources(&change->tenant, ids, count);
	Allocation *wanted = occupancy_allocations(change->service, resources, count, change->slot,
											   change->units);

	for (int pass = 0; pass < 2 && quantity > 0; pass++)
	{
		for (int i = 0; i < count && quantity > 0; i++)
		{
			if (contains(assignment->ids, assignment->count, &ids[i]))
				continue;
			if (pass == 0 &&
				!occupancy_is_free(&change->tenant, &wanted[i], resources[i].capacity,
								   &change->booking, now))
				continue;

			/* nothing free is left: name one, to learn what is in its way */
			if (pass == 1)
				assignment->free = false;
			assignment->ids[assignment->count++] = ids[i];
			quantity--;
		}
	}
}

/*
 * Completes the named resources of a change to what its service needs, with
 * resources of a branch.  Comes back short if there are not enough.
 */
Assignment
assignment_complete(const Change *change, const pg_uuid_t *branch,
					const pg_uuid_t *named, int named_count)
{
	const Service *service = change->service;
	Resource   *resources = config_resources(&change->tenant, named, named_count);
	Assignment	assignment = {0};
	int			size = named_count + 1;

	for (int i = 0; i < service->need_count; i++)
		size += service->needs[i].quantity;
	assignment.ids = palloc(sizeof(pg_uuid_t) * size);
	for (int i = 0; i < named_count; i++)
		assignment.ids[i] = named[i];
	assignment.named = assignment.count = named_count;
	assignment.free = true;

	for (int i = 0; i < service->need_count; i++)
	{
		const ServiceNeed *need = &service->needs[i];
		int			missing = need->quantity;

		for (int j = 0; j < named_count; j++)
			if (strcmp(resources[j].kind, need->kind) == 0)
				missing--;
		if (missing > 0)
			choose(&assignment, change, branch, need->kind, missing);
	}
	if (service->need_count == 0 && named_count == 0)
		choose(&assignment, change, branch, NULL, 1);
	return assignment;
}
