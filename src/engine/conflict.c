/*-------------------------------------------------------------------------
 *
 * conflict.c
 *	  Telling a client what is in the way: which resource and when, not whose
 *	  (X9).
 *
 * The DETAIL of the error is a JSON object:
 *	  {"conflicts": [{"resource_id": ..., "resource": ..., "from": ...,
 *	  "until": ...}], "units_free": n (shared resources only)}
 * with instants in UTC.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/uuid.h"

#include "engine/conflict.h"
#include "engine/json.h"
#include "errors.h"

static int
compare_starts(const void *a, const void *b)
{
	TimestampTz left = ((const Occupant *) a)->span.from;
	TimestampTz right = ((const Occupant *) b)->span.from;

	return left < right ? -1 : left > right;
}

/* Adds those of the occupants that are not over, in the order of time. */
void
conflict_add(Conflict *conflict, const Occupant *occupants, int count, TimestampTz now)
{
	int			before = conflict->count;

	for (int i = 0; i < count; i++)
	{
		if (occupants[i].expires_at <= now)
			continue;
		if (conflict->count == conflict->size)
		{
			conflict->size = Max(conflict->size * 2, 8);
			conflict->occupants = conflict->occupants == NULL ?
				palloc(sizeof(Occupant) * conflict->size) :
				repalloc(conflict->occupants, sizeof(Occupant) * conflict->size);
		}
		conflict->occupants[conflict->count++] = occupants[i];
	}
	if (conflict->count > before)
		qsort(conflict->occupants + before, conflict->count - before, sizeof(Occupant),
			  compare_starts);
}

static char *
detail(const Conflict *conflict, int units_free)
{
	JsonbParseState *state = NULL;

	json_begin_object(&state);
	json_key(&state, "conflicts");
	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < conflict->count; i++)
	{
		const Occupant *occupant = &conflict->occupants[i];

		json_begin_object(&state);
		json_add_uuid(&state, "resource_id", &occupant->resource_id);
		json_add_text(&state, "resource", occupant->resource_code);
		json_add_instant(&state, "from", occupant->span.from);
		json_add_instant(&state, "until", occupant->span.until);
		pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	}
	pushJsonbValue(&state, WJB_END_ARRAY, NULL);
	if (units_free >= 0)
		json_add_int(&state, "units_free", units_free);
	return json_text(json_end_object(&state));
}

void
conflict_raise_taken(const Conflict *conflict)
{
	ereport(ERROR,
			(booking_errcode(ERR_SLOT_TAKEN),
			 conflict->count > 0 ?
			 errmsg("the slot is taken: resource \"%s\" is occupied then",
					conflict->occupants[0].resource_code) :
			 errmsg("the slot is taken"),
			 errdetail_internal("%s", detail(conflict, -1)),
			 errhint("Choose another time or another resource.")));
}

void
conflict_raise_capacity(const Resource *resource, const Allocation *wanted,
						const Occupant *occupants, int count, int left, TimestampTz now)
{
	Conflict	conflict = {0};

	conflict_add(&conflict, occupants, count, now);
	ereport(ERROR,
			(booking_errcode(ERR_CAPACITY_FULL),
			 errmsg("resource \"%s\" has %d of %d units left then, and %d are needed",
					resource->code, Max(left, 0), resource->capacity, wanted->units),
			 errdetail_internal("%s", detail(&conflict, Max(left, 0))),
			 errhint("Choose another time, another resource or fewer units.")));
}
