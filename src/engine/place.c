/*-------------------------------------------------------------------------
 *
 * place.c
 *	  Whether a booking fits the service and the resources it is for (X7).
 *
 * Called by checks.c, with the keys of the change held.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "engine/assignment.h"
#include "engine/occupancy.h"
#include "engine/place.h"
#include "engine/policy_check.h"
#include "errors.h"
#include "rules/choice.h"
#include "rules/lifecycle.h"
#include "store/config.h"

/* ---- the service and its needs (X7) ---- */

/*
 * Refuses a booking that has fewer resources than it needs: there are none, or
 * none may be chosen for it.
 */
static void
refuse_short(const Change *change, const BookingRow *row, const ServiceNeed *need, int have)
{
	const Service *service = change->service;
	const Branch *branch = config_branch(&change->tenant, row_uuid(row, BK_BRANCH_ID));
	bool		explicit = branch != NULL && assignment_is_explicit(change, branch);

	ereport(ERROR,
			(booking_errcode(ERR_ASSIGNMENT_UNAVAILABLE),
			 need == NULL ?
			 errmsg(explicit ? "service \"%s\" needs a resource, and none is named" :
					"there is no resource for service \"%s\"", service->name) :
			 errmsg(explicit ? "service \"%s\" needs %d of kind \"%s\", and %d are named" :
					"service \"%s\" needs %d of kind \"%s\", and only %d can be had",
					service->name, need->quantity, need->kind, have),
			 explicit ?
			 errhint("Name the resources: the setting \"assignment\" is explicit.") :
			 need == NULL ?
			 errhint("Name the resources, or add one that may provide the service.") : 0));
}

/* Neighbours, where the service needs them, are neighbours. */
static void
check_adjacent(const Change *change, const ServiceNeed *need)
{
	int		   *positions = palloc(sizeof(int) * Max(change->resource_count, 1));
	int			count = 0;

	for (int i = 0; i < change->resource_count; i++)
		if (strcmp(change->resources[i].kind, need->kind) == 0)
			positions[count++] = change->resources[i].position;
	if (!choice_adjacent(positions, count, need->quantity))
		ereport(ERROR,
				(booking_errcode(ERR_ASSIGNMENT_UNAVAILABLE),
				 errmsg("service \"%s\" needs %d of kind \"%s\" next to each other",
						change->service->name, need->quantity, need->kind),
				 errhint("Neighbours have consecutive numbers in resources.position.")));
}

/* lenient: staff says that any resource will do */
static void
check_needs(const Change *change, const BookingRow *row, bool lenient)
{
	const Service *service = change->service;

	for (int i = 0; i < change->resource_count && !lenient; i++)
	{
		const Resource *resource = &change->resources[i];
		bool		needed = service->need_count == 0;

		if (!resource->active)
			ereport(ERROR,
					(booking_errcode(ERR_NOT_ELIGIBLE),
					 errmsg("resource \"%s\" is out of use", resource->code)));
		for (int j = 0; j < service->need_count && !needed; j++)
			needed = strcmp(service->needs[j].kind, resource->kind) == 0;
		if (!needed)
			ereport(ERROR,
					(booking_errcode(ERR_NOT_ELIGIBLE),
					 errmsg("service \"%s\" does not need resource \"%s\" of kind \"%s\"",
							service->name, resource->code, resource->kind)));
	}

	for (int i = 0; i < service->need_count; i++)
	{
		const ServiceNeed *need = &service->needs[i];
		int			have = 0;

		for (int j = 0; j < change->resource_count; j++)
			if (strcmp(change->resources[j].kind, need->kind) == 0)
				have++;
		if (have < need->quantity)
			refuse_short(change, row, need, have);
		if (need->adjacent)
			check_adjacent(change, need);
	}
	if (change->resource_count == 0)
		refuse_short(change, row, NULL, 0);

	if (service->restricted && !lenient)
	{
		pg_uuid_t  *ids = palloc(sizeof(pg_uuid_t) * change->resource_count);

		for (int i = 0; i < change->resource_count; i++)
			ids[i] = change->resources[i].id;
		if (config_count_providers(&change->tenant, &service->id, ids,
								   change->resource_count) < change->resource_count)
			ereport(ERROR,
					(booking_errcode(ERR_NOT_ELIGIBLE),
					 errmsg("not all of the resources may provide service \"%s\"",
							service->name)));
	}
}

/* Units are of shared resources; of one with capacity 1 there is just one. */
static void
check_units(const Change *change, const BookingRow *row)
{
	bool		shared = false;

	for (int i = 0; i < change->resource_count; i++)
	{
		const Allocation *allocation = &change->allocations[i];

		shared |= !allocation->exclusive;
		if (!allocation->exclusive && !change->may_overbook &&
			allocation->units > occupancy_capacity(change->service, &change->resources[i]))
			ereport(ERROR,
					(booking_errcode(ERR_CAPACITY_FULL),
					 errmsg("resource \"%s\" has %d units, and %d are needed",
							change->resources[i].code, change->resources[i].capacity,
							allocation->units)));
	}
	if (!shared && change->resource_count > 0 && row_int(row, BK_UNITS) > 1)
		ereport(ERROR,
				(booking_errcode(ERR_CAPACITY_FULL),
				 errmsg("resource \"%s\" has 1 unit, and %d are needed",
						change->resources[0].code, row_int(row, BK_UNITS))));
}

/*
 * A branch has settings (approval), so a client can't choose one that none of
 * the resources is in.
 */
static void
check_branch(const Change *change, const BookingRow *row, const Context *who)
{
	if (context_is_staff(who))
		return;
	for (int i = 0; i < change->resource_count; i++)
		if (uuid_equal(&change->resources[i].branch.id, row_uuid(row, BK_BRANCH_ID)))
			return;
	ereport(ERROR,
			(booking_errcode(ERR_BAD_VALUE),
			 errmsg("resource \"%s\" is not in the branch of the booking",
					change->resources[0].code)));
}

/* That a booking which gives back resources still has what its service needs. */
void
place_check_needs(const Change *change, const BookingRow *row)
{
	if (change->locked && lifecycle_is_occupying(row_status(row)))
		check_needs(change, row, true);
}

/* That the slot may be booked as far as the rules go. */
void
place_check(const Change *change, const BookingRow *row, const Context *who)
{
	const Service *service = change->service;
	int			party = row_int(row, BK_PARTY_SIZE);
	bool		lenient = row_has(row, BK_OVERRIDES) && context_is_staff(who) &&
		policy_overrides(row, "not_eligible");

	if (!service->active && !lenient)
		ereport(ERROR,
				(booking_errcode(ERR_NOT_ELIGIBLE),
				 errmsg("service \"%s\" is not offered any more", service->name)));
	if (party < service->min_party ||
		(service->max_party > 0 && party > service->max_party))
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("a party of %d does not fit service \"%s\"", party, service->name),
				 service->max_party > 0 ?
				 errhint("It is for %d to %d.", service->min_party, service->max_party) :
				 errhint("It is for %d or more.", service->min_party)));
	if (change->locked && lifecycle_is_occupying(row_status(row)))
	{
		check_needs(change, row, lenient);
		check_units(change, row);
		check_branch(change, row, who);
	}
}
