/*-------------------------------------------------------------------------
 *
 * conflict.c
 *	  Telling a client what is in the way: which resource and when, not whose,
 *	  and what could be booked instead (X9).
 *
 * The DETAIL of the error is a JSON object:
 *	  {"conflicts": [{"resource_id": ..., "resource": ..., "from": ...,
 *	  "until": ...}], "units_free": n (shared resources only),
 *	  "alternatives": [{"starts_at": ..., "ends_at": ..., "resource_ids": [...]}],
 *	  "can_join_waitlist": ...}
 * with instants in UTC.  Alternatives are slots near the one that is taken that
 * could have been booked instead, on the resources that were named.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

#include "engine/conflict.h"
#include "engine/json.h"
#include "engine/policy_check.h"
#include "engine/slots.h"
#include "errors.h"
#include "store/plan.h"

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

/* Whether a suggestion is what a booking has already. */
static bool
has_it(const Change *change, const Suggestion *suggestion)
{
	pg_uuid_t  *ids;
	int			count;

	if (change->old == NULL || row_time(change->old, BK_STARTS_AT) != suggestion->span.from ||
		row_time(change->old, BK_ENDS_AT) != suggestion->span.until)
		return false;
	ids = row_resources(change->old, &count);
	return count == suggestion->resource_count &&
		memcmp(ids, suggestion->resources, sizeof(pg_uuid_t) * count) == 0;
}

/* What could be booked instead. */
static void
add_alternatives(JsonbParseState **state, const Change *change)
{
	const Branch *branch = config_branch(&change->tenant, row_uuid(change->row, BK_BRANCH_ID));
	Suggestion *list = NULL;
	int			count = 0;
	int			wanted;
	SettingSources sources;
	Question	question;

	policy_question(&question, change, change->row, branch, change->staff);
	sources = question_sources(&question);
	wanted = (int) settings_get(SETTING_SUGGEST_COUNT, &sources).integer;
	if (wanted > 0)
	{
		pg_uuid_t  *named = palloc(sizeof(pg_uuid_t) * Max(change->named_count, 1));

		for (int i = 0; i < change->named_count; i++)
			named[i] = change->resources[i].id;
		question_places(&question, named, change->named_count, NULL);
		list = slots_suggest(&question, change->slot.from,
							 settings_get(SETTING_SUGGEST_WINDOW, &sources).interval_us,
							 wanted + 1, &count);
	}

	json_key(state, "alternatives");
	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < count && wanted > 0; i++)
	{
		ArrayType  *ids;

		if (has_it(change, &list[i]))
			continue;
		wanted--;
		ids = store_uuid_array(list[i].resources, list[i].resource_count);
		json_begin_object(state);
		json_add_instant(state, "starts_at", list[i].span.from);
		json_add_instant(state, "ends_at", list[i].span.until);
		json_add_datum(state, "resource_ids", UUIDARRAYOID, PointerGetDatum(ids), false);
		pushJsonbValue(state, WJB_END_OBJECT, NULL);
	}
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
	json_add_bool(state, "can_join_waitlist",
				  settings_get(SETTING_WAITLIST_CAPACITY, &sources).integer > 0);
}

static char *
detail(const Change *change, const Conflict *conflict, int units_free)
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
	add_alternatives(&state, change);
	return json_text(json_end_object(&state));
}

void
conflict_raise_taken(const Change *change, const Conflict *conflict)
{
	ereport(ERROR,
			(booking_errcode(ERR_SLOT_TAKEN),
			 conflict->count > 0 ?
			 errmsg("the slot is taken: resource \"%s\" is occupied then",
					conflict->occupants[0].resource_code) :
			 errmsg("the slot is taken"),
			 errdetail_internal("%s", detail(change, conflict, -1)),
			 errhint("Choose another time or another resource.")));
}

void
conflict_raise_capacity(const Change *change, const Resource *resource,
						const Allocation *wanted, const Occupant *occupants, int count,
						int left)
{
	Conflict	conflict = {0};

	conflict_add(&conflict, occupants, count, change->now);
	ereport(ERROR,
			(booking_errcode(ERR_CAPACITY_FULL),
			 errmsg("resource \"%s\" has %d of %d units left then, and %d are needed",
					resource->code, Max(left, 0), resource->capacity, wanted->units),
			 errdetail_internal("%s", detail(change, &conflict, Max(left, 0))),
			 errhint("Choose another time, another resource or fewer units.")));
}
