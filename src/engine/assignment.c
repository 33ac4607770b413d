/*-------------------------------------------------------------------------
 *
 * assignment.c
 *	  Choosing resources for a booking that does not name all it needs (X7,
 *	  X8).
 *
 * A strategy puts the candidates of each kind in order:
 *
 *	  explicit		nothing is chosen: the booking has to name all it needs
 *	  first			by position and code
 *	  least_loaded	who is occupied least around the time of the booking
 *	  round_robin	whose turn was longest ago
 *
 * and where two are alike, the first one by position and code.  A resource
 * that the caller prefers goes before all others.  In this order the first
 * ones are taken that the slot could be listed with (question_choose()); if
 * there are none, ones that it can be booked with, by those rules that are
 * going to be checked; else ones that are just not occupied, and if there are
 * none of those, some that are, to learn what is in the way.
 *
 * The choice is made before the keys are taken, and the caller looks again
 * under them.  Only turns are exact: their key is taken before, and a turn is
 * written with the booking, so that it is given back if the booking is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "engine/assignment.h"
#include "engine/locks.h"
#include "engine/occupancy.h"
#include "engine/policy_check.h"
#include "engine/question.h"
#include "engine/quotas.h"
#include "errors.h"
#include "rules/choice.h"
#include "rules/ids.h"
#include "store/quotas_store.h"

/* ---- a preference ---- */

/* The booking that is being inserted, and the resource preferred for it. */
static const pg_uuid_t *insertion = NULL;
static const pg_uuid_t *preference = NULL;

/* Inserts a booking that would rather have one of the resources (NULL: any). */
BookingResult *
assignment_insert(const BookingRow *row, const pg_uuid_t *preferred)
{
	const pg_uuid_t *previous_insertion = insertion;
	const pg_uuid_t *previous_preference = preference;
	BookingResult *volatile result = NULL;

	if (preferred == NULL)
		return bookings_insert(row);
	insertion = row_uuid(row, BK_ID);
	preference = preferred;
	PG_TRY();
	{
		result = bookings_insert(row);
	}
	PG_FINALLY();
	{
		insertion = previous_insertion;
		preference = previous_preference;
	}
	PG_END_TRY();
	return result;
}

/* The resource that is preferred for a booking, or NULL. */
const pg_uuid_t *
assignment_preferred(const pg_uuid_t *booking)
{
	return insertion != NULL && uuid_equal(insertion, booking) ? preference : NULL;
}

/* ---- the strategy ---- */

static SettingValue
shared_setting(SettingKey key, const Change *change, const Branch *branch)
{
	SettingSources sources = {
		.service = change->service->settings,
		.branch = branch->settings,
		.tenant = change->service->tenant_settings
	};

	return settings_get(key, &sources);
}

/*
 * The strategy that bulk work states, and the depth of triggers at which its
 * own changes are made: others that follow from them go by the settings.
 */
static int	stated_strategy = -1;
static int	stated_depth = 0;

/*
 * Has the changes that the next statement makes choose by a strategy; negative:
 * by the settings.  Returns what was set before; the caller puts that back,
 * after an error too.
 */
int
assignment_set_strategy(int strategy)
{
	int			previous = stated_strategy;

	stated_strategy = strategy;
	stated_depth = pending_trigger_depth() + 1;
	return previous;
}

static AssignmentStrategy
strategy_of(const Change *change, const Branch *branch)
{
	if (stated_strategy >= 0 && change->trigger_depth == stated_depth)
		return (AssignmentStrategy) stated_strategy;
	return (AssignmentStrategy) shared_setting(SETTING_ASSIGNMENT, change, branch).option;
}

/* Whether a booking has to name all it needs. */
bool
assignment_is_explicit(const Change *change, const Branch *branch)
{
	return strategy_of(change, branch) == ASSIGN_EXPLICIT;
}

/* Whether a booking needs more than it names. */
bool
assignment_lacks(const Change *change, const pg_uuid_t *named, int named_count)
{
	const Service *service = change->service;
	Resource   *resources;

	if (service->need_count == 0 || named_count == 0)
		return named_count == 0;
	resources = config_resources(&change->tenant, named, named_count);
	for (int i = 0; i < service->need_count; i++)
	{
		int			missing = service->needs[i].quantity;

		for (int j = 0; j < named_count; j++)
			if (strcmp(resources[j].kind, service->needs[i].kind) == 0)
				missing--;
		if (missing > 0)
			return true;
	}
	return false;
}

/*
 * Takes the key of turns where there are turns, before all other keys.  False
 * when it was to be had without waiting and could not.
 */
bool
assignment_lock(const Change *change, const Branch *branch)
{
	KeySet		keys = {0};

	if (strategy_of(change, branch) != ASSIGN_ROUND_ROBIN)
		return true;
	locks_add_turns(&keys, &change->tenant, &change->service->id);
	return locks_acquire(&keys, NULL);
}

/* ---- the order of candidates ---- */

/* A candidate of one need with what the strategy goes by; less comes first. */
typedef struct Ranked
{
	bool		preferred;
	int64		pending;
	int64		rank;
	int			place;			/* index of the question's places */
} Ranked;

static int
compare_ranked(const void *a, const void *b)
{
	const Ranked *x = a;
	const Ranked *y = b;

	if (x->preferred != y->preferred)
		return x->preferred ? -1 : 1;
	if (x->pending != y->pending)
		return x->pending < y->pending ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

/* For how long the running statement is going to occupy a resource. */
static int64
pending_load(const Change *change, const pg_uuid_t *resource, TimeSpan window)
{
	int			count = pending_uses(&change->tenant, resource, window, &change->booking, NULL, 0);
	Allocation *uses;
	int64		load = 0;

	if (count == 0)
		return 0;
	uses = palloc(sizeof(Allocation) * count);
	pending_uses(&change->tenant, resource, window, &change->booking, uses, count);
	for (int i = 0; i < count; i++)
		load += (Min(uses[i].span.until, window.until) - Max(uses[i].span.from, window.from)) *
			uses[i].units;
	pfree(uses);
	return load;
}

/* Puts the candidates of a need into the order of a strategy. */
static void
order_candidates(Question *question, PlaceNeed *need, const Change *change,
				 AssignmentStrategy strategy, int64 reach, const pg_uuid_t *preferred)
{
	Ranked	   *ranked = palloc0(sizeof(Ranked) * Max(need->count, 1));
	pg_uuid_t  *ids = palloc(sizeof(pg_uuid_t) * Max(need->count, 1));
	TimeSpan	window = {change->slot.from - reach, change->slot.from + reach};
	int64	   *ranks;
	int			count = 0;
	int			first = need->count;

	for (int i = 0; i < need->count; i++)
	{
		const Place *place = &question->places[need->places[i]];

		if (place->named)
			continue;
		first = Min(first, i);
		ids[count] = place->resource->id;
		ranked[count].preferred = preferred != NULL && uuid_equal(preferred, &ids[count]);
		ranked[count++].place = need->places[i];
	}
	ranks = strategy == ASSIGN_ROUND_ROBIN ?
		turns_read(&change->tenant, &change->service->id, ids, count) :
		loads_read(&change->tenant, ids, count, window, &change->booking, question->now);
	for (int i = 0; i < count; i++)
	{
		ranked[i].rank = ranks[i];
		if (strategy == ASSIGN_ROUND_ROBIN)
			ranked[i].pending = pending_turn(&change->tenant, &change->service->id, &ids[i]);
		else
			ranked[i].rank += pending_load(change, &ids[i], window);
	}
	qsort(ranked, count, sizeof(Ranked), compare_ranked);
	for (int i = 0; i < count; i++)
		need->places[first + i] = ranked[i].place;
}

/* ---- the choice ---- */

/*
 * Passes over what the running statement is about to take: it is not among
 * what others occupy yet.
 */
static void
leave_out_pending(Question *question, const Change *change)
{
	for (int i = question->named_count; i < question->place_count; i++)
	{
		Place	   *place = &question->places[i];
		Allocation	wanted = {0};

		wanted.resource_id = place->resource->id;
		wanted.span = place_occupied(place, change->slot);
		wanted.units = place->units;
		if (pending_uses(&change->tenant, &wanted.resource_id, wanted.span, &change->booking,
						 NULL, 0) > 0 &&
			!occupancy_is_free(&change->tenant, &wanted, place->capacity, &change->booking,
							   question->now))
			place->eligible = false;
	}
}

/* What a resource must be like to be chosen. */
typedef enum Demand
{
	DEMAND_NOTHING,
	DEMAND_FREE,				/* not occupied */
	DEMAND_ALLOWED				/* and by the rules that will be checked */
} Demand;

static bool
will_do(Question *question, const Place *place, TimeSpan slot, const PolicySays *says)
{
	Quota		full;
	QuotaCount	count;

	return place->eligible && spans_first_overlap(place->busy, slot) < 0 &&
		(says == NULL ||
		 (says->allowed && !question_quota_full(question, place, slot, &full, &count)));
}

/* A demand on the resources for a slot; says is for DEMAND_ALLOWED. */
typedef struct Demanded
{
	TimeSpan	slot;
	Demand		demand;
	const PolicySays *says;
} Demanded;

/* What a place is like to a booking that may do without some of the rules. */
static void
describe_demanded(void *arg, Question *question, int index, Candidate *candidate)
{
	const Demanded *demanded = arg;
	const PolicySays *here = demanded->demand == DEMAND_ALLOWED ? &demanded->says[index] : NULL;

	/* whether the named ones will do is not for the choice to say */
	candidate->free = candidate->named || demanded->demand == DEMAND_NOTHING ||
		will_do(question, &question->places[index], demanded->slot, here);
	if (here != NULL)
	{
		candidate->anchor = here->anchor;
		candidate->on_grid = here->on_grid;
	}
}

/* The first ones that meet a demand. */
static bool
choose(Question *question, TimeSpan slot, Demand demand, const PolicySays *says,
	   PlaceSet *set)
{
	Demanded	demanded = {slot, demand, says};

	places_read_all(question, slot);
	return question_choose_by(question, describe_demanded, &demanded, set);
}

/* What the rules that will be checked say of each of the places. */
static const PolicySays *
ask_rules(const Question *question, const Change *change, const BookingRow *row,
		  const BookingRow *old, const Context *context)
{
	Resource   *resources = palloc(sizeof(Resource) * Max(question->place_count, 1));

	for (int i = 0; i < question->place_count; i++)
		resources[i] = *question->places[i].resource;
	return policy_of_candidates(change, row, old, context, question->branch, resources,
								question->place_count);
}

static bool
any_adjacent(const Question *question)
{
	for (int i = 0; i < question->need_count; i++)
		if (question->needs[i].adjacent)
			return true;
	return false;
}

static void
check_preferred(const Question *question, const pg_uuid_t *preferred)
{
	(void) config_resources(&question->tenant, preferred, 1);
	for (int i = 0; i < question->place_count; i++)
		if (uuid_equal(&question->places[i].resource->id, preferred))
			return;
	ereport(ERROR,
			(booking_errcode(ERR_NOT_ELIGIBLE),
			 errmsg("resource %s, which is preferred, can't provide service \"%s\" in \"%s\"",
					ids_text(preferred), question->service->name, question->branch->code)));
}

/*
 * Completes the named resources of a change to what its service needs, with
 * resources of a branch.  Comes back short if there are not enough, or none
 * may be chosen.
 */
Assignment
assignment_complete(const Change *change, const BookingRow *row, const BookingRow *old,
					const Context *context, const Branch *branch, const pg_uuid_t *named,
					int named_count)
{
	AssignmentStrategy strategy = strategy_of(change, branch);
	const pg_uuid_t *preferred = assignment_preferred(&change->booking);
	MemoryContext memory = CurrentMemoryContext;
	MemoryContext workspace = AllocSetContextCreate(memory, "booking assignment",
													ALLOCSET_DEFAULT_SIZES);
	Assignment	assignment = {0};
	Question	question;
	PlaceSet	set = {0};

	MemoryContextSwitchTo(workspace);
	policy_question(&question, change, row, branch, context_is_staff(context));
	question.asked_to_choose = strategy != ASSIGN_EXPLICIT;
	question_places(&question, named, named_count, preferred);
	if (preferred != NULL && question.chooses)
		check_preferred(&question, preferred);

	set.places = palloc(sizeof(int) * Max(question.place_count, 1));
	if (!question.chooses)
		for (int i = 0; i < named_count; i++)
			set.places[set.count++] = i;
	else
	{
		if (strategy != ASSIGN_FIRST)
			for (int i = 0; i < question.need_count; i++)
				order_candidates(&question, &question.needs[i], change, strategy,
								 shared_setting(SETTING_ASSIGNMENT_WINDOW, change,
												branch).interval_us, preferred);
		leave_out_pending(&question, change);
		assignment.by_rules = question_choose(&question, change->slot, change->slot, &set) ||
			choose(&question, change->slot, DEMAND_ALLOWED,
				   ask_rules(&question, change, row, old, context), &set);
		assignment.free = assignment.by_rules ||
			choose(&question, change->slot, DEMAND_FREE, NULL, &set);
		if (!assignment.free && !(any_adjacent(&question) &&
								  choose(&question, change->slot, DEMAND_NOTHING, NULL, &set)))
			question_best_effort(&question, change->slot, &set);
	}

	assignment.named = named_count;
	assignment.count = set.count;
	assignment.ids = MemoryContextAlloc(memory, sizeof(pg_uuid_t) * Max(set.count, 1));
	for (int i = 0; i < set.count; i++)
		assignment.ids[i] = question.places[set.places[i]].resource->id;
	MemoryContextSwitchTo(memory);
	MemoryContextDelete(workspace);
	return assignment;
}

/*
 * Whether a choice still stands now that its keys are held, and with them what
 * the change is going to take.
 */
bool
assignment_holds(const Change *change, const Assignment *assignment)
{
	if (!assignment->free)
		return true;
	for (int i = assignment->named; i < assignment->count; i++)
		if (!occupancy_is_free(&change->tenant, &change->allocations[i],
							   occupancy_capacity(change->service, &change->resources[i]),
							   &change->booking, change->now))
			return false;
	return !assignment->by_rules || !quotas_are_full(change);
}

/* ---- turns ---- */

/* Those who were chosen because it was their turn will have had it. */
void
assignment_accept(Change *change, const Branch *branch, const Assignment *assignment)
{
	if (strategy_of(change, branch) != ASSIGN_ROUND_ROBIN)
		return;
	change->turn_count = assignment->count - assignment->named;
	change->turns = assignment->ids + assignment->named;
}

void
assignment_write_turns(const Change *change)
{
	if (change->turn_count > 0)
		turns_take(&change->tenant, &change->service->id, change->turns, change->turn_count);
}
