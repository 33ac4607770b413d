/*-------------------------------------------------------------------------
 *
 * question.c
 *	  What somebody wants to book, and the resources that could serve it.
 *
 * A booking takes all the resources it names, and of those that it does not
 * name as many as the service needs.  Each of its resources has a say: what
 * the settings of a resource, or of its branch, demand of a start must be met
 * for every one of them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "engine/clock.h"
#include "engine/occupancy.h"
#include "engine/question.h"
#include "rules/calendar.h"

/* Fills in who asks. */
void
question_of_context(Question *question, const Context *context)
{
	question->kind = context->kind;
	question->staff = context_is_staff(context);
	question->now = clock_now();
	question->memory = CurrentMemoryContext;
}

/* Fills in the branch, as for a booking that names these resources. */
void
question_find_branch(Question *question, const pg_uuid_t *branch, const Context *context,
					 const pg_uuid_t *named, int count)
{
	question->branch = context_find_branch(context, &question->tenant, question->service, branch,
										   count > 0 ? named : NULL);
	question->zone = calendar_zone(question->branch->time_zone);
}

/* ---- what the settings say ---- */

static int64
interval_or(SettingKey key, const SettingSources *sources, int64 otherwise)
{
	SettingValue value = settings_get(key, sources);

	return value.isnull ? otherwise : value.interval_us;
}

/* Where settings come from that do not depend on the resources. */
SettingSources
question_sources(const Question *question)
{
	return (SettingSources)
	{
		.service = question->service->settings,
			.branch = question->branch->settings,
			.tenant = question->service->tenant_settings
	};
}

/* What holds for starts on a resource; shared with the one before if it can be. */
static const StartTerms *
terms_for(Question *question, const Resource *resource)
{
	const Service *service = question->service;
	SettingSources sources = {service->settings, resource->settings,
	resource->branch.settings, service->tenant_settings};
	StartTerms *terms = question->terms;
	SettingValue value;

	if (terms != NULL && memcmp(&terms->sources, &sources, sizeof(sources)) == 0 &&
		terms->grid.zone == calendar_zone(resource->branch.time_zone))
		return terms;

	terms = palloc0(sizeof(StartTerms));
	terms->sources = sources;
	terms->anchor = settings_get(SETTING_GRID_ANCHOR, &sources).option;
	/* the setting's minimum also where there is none */
	terms->grid.step = Max(interval_or(SETTING_SLOT_STEP, &sources, service->length.usual),
						   settings_row(SETTING_SLOT_STEP)->min_value);
	terms->grid.offset = interval_or(SETTING_SLOT_OFFSET, &sources, 0);
	terms->grid.zone = calendar_zone(resource->branch.time_zone);
	terms->buffers_within = settings_get(SETTING_BUFFERS_WITHIN_HOURS, &sources).boolean;

	terms->quotas = settings_any_quota(&sources);

	terms->policy.staff = question->staff;
	terms->policy.past_grace = interval_or(SETTING_PAST_GRACE, &sources, 0);
	terms->policy.min_notice = interval_or(SETTING_MIN_NOTICE, &sources, 0);
	terms->policy.max_advance = interval_or(SETTING_MAX_ADVANCE, &sources, -1);
	value = settings_get(SETTING_MAX_ADVANCE_BUSINESS_DAYS, &sources);
	terms->policy.business_days = value.isnull ? -1 : (int) value.integer;
	terms->policy.day_starts_at = interval_or(SETTING_DAY_STARTS_AT, &sources, 0);
	terms->policy.zone = terms->grid.zone;
	value = settings_get(SETTING_BOOKABLE_UNTIL, &sources);
	terms->policy.bookable_until = value.isnull ? DT_NOEND : value.instant;
	terms->bounds = policy_bounds(&terms->policy, question->now);
	return question->terms = terms;
}

/* ---- the places ---- */

static void
make_place(Question *question, Place *place, const Resource *resource)
{
	const Service *service = question->service;
	Allocation *wanted = occupancy_allocations(service, resource, 1, (TimeSpan) {0, 0},
											   question->units);

	memset(place, 0, sizeof(Place));
	place->resource = resource;
	place->need = -1;
	place->terms = terms_for(question, resource);
	place->opening = opening_of(&question->tenant, resource);
	place->before = -wanted->span.from;
	place->after = wanted->span.until;
	place->units = wanted->units;
	place->shared = resource->capacity > 1;
	place->unit = place->shared ? place->units / question->units : 1;
	place->capacity = occupancy_capacity(service, resource);
	pfree(wanted);

	for (int i = 0; i < service->need_count && place->need < 0; i++)
		if (strcmp(service->needs[i].kind, resource->kind) == 0)
			place->need = i;
	if (service->need_count == 0)
		place->need = 0;
}

/* The places that a booking takes for sure. */
static void
name_places(Question *question, const pg_uuid_t *named, int count)
{
	Resource   *resources = config_resources(&question->tenant, named, count);

	question->named_count = question->place_count = count;
	question->places = palloc(sizeof(Place) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		Place	   *place = &question->places[i];

		make_place(question, place, &resources[i]);
		place->named = true;
		place->eligible = resources[i].active && place->need >= 0;
	}
	if (question->service->restricted && count > 0 &&
		config_count_providers(&question->tenant, &question->service->id, named, count) < count)
		for (int i = 0; i < count; i++)
			if (config_count_providers(&question->tenant, &question->service->id,
									   &named[i], 1) == 0)
				question->places[i].eligible = false;
}

static bool
is_named(const Question *question, const pg_uuid_t *id)
{
	for (int i = 0; i < question->named_count; i++)
		if (uuid_equal(&question->places[i].resource->id, id))
			return true;
	return false;
}

/* Adds the places that could be chosen for a need. */
static void
add_candidates(Question *question, PlaceNeed *need, int index, const pg_uuid_t *preferred)
{
	int			count;
	pg_uuid_t  *ids = config_candidates(&question->tenant, &question->branch->id,
										&question->service->id,
										need->need ? need->need->kind : NULL, &count);
	int			first = question->place_count;

	question->places = repalloc(question->places,
								sizeof(Place) * Max(question->place_count + count, 1));
	for (int i = 0; i < count; i++)
	{
		const Resource *resource;
		Place	   *place;

		if (is_named(question, &ids[i]))
			continue;
		resource = config_resource(&question->tenant, &ids[i]);
		if (resource == NULL)
			continue;
		place = &question->places[question->place_count++];
		make_place(question, place, resource);
		place->need = index;
		place->eligible = resource->active;
		if (preferred != NULL && uuid_equal(preferred, &ids[i]))
		{
			Place		moved = *place;

			memmove(&question->places[first + 1], &question->places[first],
					sizeof(Place) * (question->place_count - 1 - first));
			question->places[first] = moved;
		}
	}
}

/* Lists the places of each need, the named ones first. */
static void
fill_needs(Question *question)
{
	for (int i = 0; i < question->need_count; i++)
	{
		PlaceNeed  *need = &question->needs[i];

		need->count = 0;
		need->places = palloc(sizeof(int) * Max(question->place_count, 1));
		for (int j = 0; j < question->place_count; j++)
			if (question->places[j].need == i)
				need->places[need->count++] = j;
	}
}

static void
make_needs(Question *question)
{
	const Service *service = question->service;

	if (service->need_count == 0)
	{
		question->need_count = 1;
		question->needs = palloc0(sizeof(PlaceNeed));
		question->needs[0].quantity = 1;
		return;
	}
	question->need_count = service->need_count;
	question->needs = palloc0(sizeof(PlaceNeed) * service->need_count);
	for (int i = 0; i < service->need_count; i++)
	{
		question->needs[i].need = &service->needs[i];
		question->needs[i].quantity = service->needs[i].quantity;
		question->needs[i].adjacent = service->needs[i].adjacent;
	}
}

static bool
is_complete(const Question *question)
{
	for (int i = 0; i < question->need_count; i++)
		if (question->needs[i].count < question->needs[i].quantity)
			return false;
	return true;
}

/*
 * Fills in the resources that are named and those that could be chosen beside
 * them, of each kind in the order in which they are preferred.
 */
void
question_places(Question *question, const pg_uuid_t *named, int count,
				const pg_uuid_t *preferred)
{
	SettingSources sources = question_sources(question);
	bool		may_choose = question->asked_to_choose ||
		settings_get(SETTING_ASSIGNMENT, &sources).option != ASSIGN_EXPLICIT;

	name_places(question, named, count);
	make_needs(question);
	fill_needs(question);
	for (int i = 0; i < question->need_count && may_choose; i++)
		if (question->needs[i].count < question->needs[i].quantity)
		{
			add_candidates(question, &question->needs[i], i, preferred);
			question->chooses = true;
		}
	fill_needs(question);
	question->complete = is_complete(question);
}

/* All resources that could provide the service, whoever may choose them. */
void
question_candidates(Question *question)
{
	name_places(question, NULL, 0);
	make_needs(question);
	for (int i = 0; i < question->need_count; i++)
		add_candidates(question, &question->needs[i], i, NULL);
	fill_needs(question);
}

/* The same for a booking that has got its resources. */
void
question_places_of(Question *question, const Resource *resources, int count)
{
	question->named_count = question->place_count = count;
	question->places = palloc(sizeof(Place) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		make_place(question, &question->places[i], &resources[i]);
		question->places[i].named = question->places[i].eligible = true;
	}
	question->complete = true;
}

/* Whether the service can be booked like this at all. */
bool
question_is_possible(const Question *question)
{
	const Service *service = question->service;

	return service->active &&
		(question->party_size == 0 ||
		 (question->party_size >= service->min_party &&
		  (service->max_party == 0 || question->party_size <= service->max_party)));
}

/* ---- quotas ---- */

/* What a booking on a resource counts as; places may share it. */
static QuotaCase
quota_case_of(Question *question, const Resource *resource, TimeSpan slot)
{
	if (question->scratch == NULL)
	{
		question->scratch = AllocSetContextCreate(question->memory, "booking quotas",
												  ALLOCSET_SMALL_SIZES);
		question->counts.tenant = question->tenant;
		question->counts.now = question->now;
		question->counts.fresh = question->fresh;
		question->counts.except = question->booking;
	}
	return (QuotaCase)
	{
		.tenant = &question->tenant,.service = question->service,
			.branch = question->branch,.customer = question->customer,
			.resources = resource,.resource_count = resource ? 1 : 0,.slot = slot
	};
}

/* Whether a booking on a place would exceed a quota; if so, which. */
bool
question_quota_full(Question *question, const Place *place, TimeSpan slot,
					Quota *full, QuotaCount *count)
{
	QuotaCase	quota_case;
	MemoryContext previous = CurrentMemoryContext;
	bool		result;

	if (!place->terms->quotas)
		return false;
	quota_case = quota_case_of(question, place->resource, slot);

	/* what is counted once is kept */
	MemoryContextSwitchTo(question->counts.counted == NULL ? question->memory :
						  question->scratch);
	result = quotas_find_full(&question->counts, &quota_case, full, count);
	MemoryContextReset(question->scratch);
	MemoryContextSwitchTo(previous);
	return result;
}

/* Whether the customer is in another place then, where that is refused (X15). */
bool
question_customer_is_elsewhere(Question *question, TimeSpan slot)
{
	QuotaCase	quota_case;
	MemoryContext previous;
	bool		result;

	if (question->customer == NULL)
		return false;
	quota_case = quota_case_of(question, NULL, slot);
	previous = MemoryContextSwitchTo(question->scratch);
	result = quotas_customer_is_elsewhere(&question->counts, &quota_case);
	MemoryContextReset(question->scratch);
	MemoryContextSwitchTo(previous);
	return result;
}

/* ---- the slot ---- */

/* The slot that starts at an instant, or for nights on the day of one. */
TimeSpan
question_slot(const Question *question, TimestampTz start)
{
	const LengthRule *rule = &question->service->length;

	if (rule->by_nights)
		return duration_of_nights(rule, start, question->nights > 0 ? question->nights :
								  rule->min_nights, question->zone);
	return duration_of(rule, start, question->duration > 0 ? question->duration : rule->usual);
}

/* How long a slot may be at most, in elapsed time. */
int64
question_reach(const Question *question)
{
	const LengthRule *rule = &question->service->length;

	/* a place that moves in time adds a day at most */
	if (rule->by_nights)
		return (Max(question->nights, rule->min_nights) + INT64CONST(3)) * USECS_PER_DAY;
	return question->duration > 0 ? question->duration : rule->usual;
}
