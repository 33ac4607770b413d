/*-------------------------------------------------------------------------
 *
 * verdicts.c
 *	  What each rule says of a slot (A6, A7, A9).
 *
 * A rule speaks of all resources that a booking takes; if several of them
 * break it, the verdict is about the first.  What is said never tells whose
 * booking is in the way, nor why somebody is away.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/datetime.h"

#include "engine/verdicts.h"
#include "rules/calendar.h"
#include "rules/choice.h"
#include "rules/duration.h"

static const char *const rule_names[] = {
	[RULE_NOT_ELIGIBLE] = "not_eligible",
	[RULE_IN_PAST] = "in_past",
	[RULE_MIN_NOTICE] = "min_notice",
	[RULE_MAX_ADVANCE] = "max_advance",
	[RULE_OUTSIDE_HOURS] = "outside_hours",
	[RULE_CLOSED] = "closed",
	[RULE_OFF_GRID] = "off_grid",
	[RULE_QUOTA_FULL] = "quota_full",
	[RULE_TAKEN] = "taken",
	[RULE_SAME_CUSTOMER] = "same_customer",
};

StaticAssertDecl(lengthof(rule_names) == RULE_COUNT, "every rule has a name");

const char *
verdict_rule_name(Rule rule)
{
	return rule_names[rule];
}

/* ---- texts ---- */

/* An instant as clocks in a zone show it. */
static char *
local_text(TimestampTz instant, pg_tz *zone)
{
	struct pg_tm tm;
	fsec_t		fsec;

	if (TIMESTAMP_NOT_FINITE(instant))
		return pstrdup(instant < 0 ? "-infinity" : "infinity");
	if (timestamp2tm(calendar_to_local(instant, zone), NULL, &tm, &fsec, NULL, NULL) != 0)
		return pstrdup("");
	if (fsec != 0)
		return psprintf("%04d-%02d-%02d %02d:%02d:%02d.%06d", tm.tm_year, tm.tm_mon, tm.tm_mday,
						tm.tm_hour, tm.tm_min, tm.tm_sec, (int) fsec);
	if (tm.tm_sec != 0)
		return psprintf("%04d-%02d-%02d %02d:%02d:%02d", tm.tm_year, tm.tm_mon, tm.tm_mday,
						tm.tm_hour, tm.tm_min, tm.tm_sec);
	return psprintf("%04d-%02d-%02d %02d:%02d", tm.tm_year, tm.tm_mon, tm.tm_mday,
					tm.tm_hour, tm.tm_min);
}

static char *
span_text(TimeSpan span, pg_tz *zone)
{
	return psprintf("%s to %s", local_text(span.from, zone), local_text(span.until, zone));
}

/* What is open on the local day of an instant. */
static char *
hours_text(const Place *place, TimestampTz instant)
{
	pg_tz	   *zone = place->terms->grid.zone;
	Timestamp	local = calendar_to_local(instant, zone);
	int64		day = calendar_day(local);
	TimeSpan	window = {calendar_at_local(day * USECS_PER_DAY, zone),
	calendar_at_local((day + 1) * USECS_PER_DAY, zone)};
	SpanSet		spans = spans_clip(opening_hours(&place->opening, window).spans, window);
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < spans.count; i++)
		appendStringInfo(&text, "%s%s", i > 0 ? ", " : "", span_text(spans.spans[i], zone));
	return text.len > 0 ? text.data : pstrdup("closed");
}

/* A setting that a rule goes by. */
static void
set_setting(Verdict *verdict, SettingKey key, const Place *place)
{
	SettingValue value;
	const char *text;

	if (!verdict->explains)
		return;
	value = settings_get(key, &place->terms->sources);
	text = settings_value_text(key, &value);
	verdict->level = settings_level_name(value.origin);
	verdict->value = psprintf("%s = %s", settings_row(key)->name, text ? text : "none");
}

static void
set_setting_hint(Verdict *verdict, SettingKey key)
{
	verdict->hint = psprintf("The setting is %s.", settings_row(key)->name);
}

static void
refuse(Verdict *verdict, BookingError error, char *message)
{
	verdict->ok = false;
	verdict->error = error;
	verdict->message = message;
}

/* ---- the rules ---- */

/* Whether those who have to be next to each other are. */
static bool
is_row(const Question *question, const PlaceSet *set, const PlaceNeed *need)
{
	int		   *positions;
	int			count = 0;

	if (!need->adjacent)
		return true;
	positions = palloc(sizeof(int) * Max(set->count, 1));
	for (int i = 0; i < set->count; i++)
		if (&question->needs[question->places[set->places[i]].need] == need)
			positions[count++] = question->places[set->places[i]].resource->position;
	return choice_adjacent(positions, count, need->quantity);
}

/* Whether the service may be booked like this at all, on these resources. */
static void
check_eligible(const Question *question, const PlaceSet *set, TimeSpan slot, Verdict *verdict)
{
	const Service *service = question->service;
	bool		shared = question->units == 1;
	bool		in_branch = question->staff;

	if (!service->active)
	{
		verdict->level = settings_level_name(LEVEL_SERVICE);
		refuse(verdict, ERR_NOT_ELIGIBLE,
			   psprintf("service \"%s\" is not offered any more", service->name));
		return;
	}
	if (question->party_size > 0 &&
		(question->party_size < service->min_party ||
		 (service->max_party > 0 && question->party_size > service->max_party)))
	{
		verdict->level = settings_level_name(LEVEL_SERVICE);
		refuse(verdict, ERR_BAD_VALUE,
			   psprintf("a party of %d does not fit service \"%s\"", question->party_size,
						service->name));
		return;
	}
	if (!question->staff && !duration_fits(&service->length, slot, question->zone))
	{
		verdict->level = settings_level_name(LEVEL_SERVICE);
		refuse(verdict, ERR_BAD_VALUE,
			   psprintf("service \"%s\" is not sold in this length", service->name));
		return;
	}
	for (int i = 0; i < set->count; i++)
	{
		const Place *place = &question->places[set->places[i]];

		shared |= place->shared;
		in_branch = in_branch ||
			uuid_equal(&place->resource->branch.id, &question->branch->id);
		if (place->eligible)
			continue;
		verdict->level = settings_level_name(LEVEL_RESOURCE);
		refuse(verdict, ERR_NOT_ELIGIBLE,
			   psprintf("resource \"%s\" can't provide service \"%s\"",
						place->resource->code, service->name));
		return;
	}
	for (int i = 0; i < question->need_count; i++)
	{
		const PlaceNeed *need = &question->needs[i];

		if (need->count >= need->quantity && is_row(question, set, need))
			continue;
		if (need->count >= need->quantity)
		{
			verdict->level = settings_level_name(LEVEL_SERVICE);
			refuse(verdict, ERR_ASSIGNMENT_UNAVAILABLE,
				   psprintf("service \"%s\" needs %d of kind \"%s\" next to each other",
							service->name, need->quantity, need->need->kind));
			return;
		}
		verdict->level = settings_level_name(LEVEL_SERVICE);
		refuse(verdict, ERR_ASSIGNMENT_UNAVAILABLE,
			   need->need == NULL ?
			   psprintf("there is no resource for service \"%s\"", service->name) :
			   psprintf("service \"%s\" needs %d of kind \"%s\", and only %d can be had",
						service->name, need->quantity, need->need->kind, need->count));
		return;
	}
	if (set->count > 0 && !shared)
		refuse(verdict, ERR_CAPACITY_FULL,
			   psprintf("resource \"%s\" has 1 unit, and %d are needed",
						question->places[set->places[0]].resource->code, question->units));
	else if (set->count > 0 && !in_branch)
		refuse(verdict, ERR_BAD_VALUE,
			   psprintf("resource \"%s\" is not in the branch of the booking",
						question->places[set->places[0]].resource->code));
}

static void
check_past(const Place *place, TimeSpan slot, Verdict *verdict)
{
	const StartTerms *terms = place->terms;

	if (terms->policy.staff)
		set_setting(verdict, SETTING_PAST_GRACE, place);
	if (slot.from >= terms->bounds.not_past)
		return;
	refuse(verdict, ERR_IN_PAST, terms->policy.staff ?
		   psprintf("the slot begins more than %s in the past",
					duration_text(terms->policy.past_grace)) :
		   pstrdup("the slot begins in the past"));
	if (terms->policy.staff)
		set_setting_hint(verdict, SETTING_PAST_GRACE);
}

static void
check_notice(const Place *place, TimeSpan slot, Verdict *verdict)
{
	const StartTerms *terms = place->terms;

	if (terms->policy.staff)
		return;
	set_setting(verdict, SETTING_MIN_NOTICE, place);
	if (slot.from >= terms->bounds.notice)
		return;
	refuse(verdict, ERR_MIN_NOTICE,
		   psprintf("the slot must be booked %s before it begins",
					duration_text(terms->policy.min_notice)));
	verdict->detail = psprintf("The earliest start is now %s.",
							   local_text(terms->bounds.notice, terms->grid.zone));
	set_setting_hint(verdict, SETTING_MIN_NOTICE);
}

static void
check_advance(const Place *place, TimeSpan slot, Verdict *verdict)
{
	static const SettingKey keys[] = {
		[LIMIT_NONE] = SETTING_MAX_ADVANCE,
		[LIMIT_MAX_ADVANCE] = SETTING_MAX_ADVANCE,
		[LIMIT_BUSINESS_DAYS] = SETTING_MAX_ADVANCE_BUSINESS_DAYS,
		[LIMIT_BOOKABLE_UNTIL] = SETTING_BOOKABLE_UNTIL
	};
	const StartTerms *terms = place->terms;

	if (terms->policy.staff)
		return;
	set_setting(verdict, keys[terms->bounds.limit], place);
	if (slot.from <= terms->bounds.latest)
		return;
	refuse(verdict, ERR_MAX_ADVANCE, pstrdup("the slot is too far ahead to be booked now"));
	verdict->detail = psprintf("The latest start is now %s.",
							   local_text(terms->bounds.latest, terms->grid.zone));
	set_setting_hint(verdict, keys[terms->bounds.limit]);
}

/* The level whose hours a slot is outside of, or that say when it is open. */
static const char *
level_of_hours(const Place *place, TimeSpan slot)
{
	TimeSpan	span = place->terms->buffers_within ? place_occupied(place, slot) : slot;

	if (!hours_unlimited(place->opening.own) &&
		!spans_contain(hours_expand(place->opening.own, span).spans, span))
		return settings_level_name(LEVEL_RESOURCE);
	if (!hours_unlimited(place->opening.branch))
		return settings_level_name(LEVEL_BRANCH);
	return hours_unlimited(place->opening.own) ? NULL : settings_level_name(LEVEL_RESOURCE);
}

static void
check_hours(const Place *place, TimeSpan slot, Verdict *verdict)
{
	if (spans_contain(place->open, slot))
		return;
	verdict->level = level_of_hours(place, slot);
	verdict->value = hours_text(place, slot.from);
	refuse(verdict, ERR_OUTSIDE_HOURS,
		   psprintf("resource \"%s\" is not open then", place->resource->code));
	verdict->detail = psprintf("Its hours on that day: %s.", verdict->value);
	if (place->terms->buffers_within && (place->before > 0 || place->after > 0))
		verdict->hint = pstrdup("The time before and after it must be within the hours too (setting buffers_within_hours).");
}

static void
check_closed(const Place *place, TimeSpan slot, Verdict *verdict)
{
	TimeSpan	span = place->terms->buffers_within ? place_occupied(place, slot) : slot;
	Closure		closure;
	Closure		own;

	if (spans_first_overlap(place->closed, slot) < 0)
		return;
	if (opening_find_closure(&place->opening, span, &closure))
		verdict->value = span_text(closure.span, place->terms->grid.zone);
	verdict->level = settings_level_name(closures_find(place->opening.own, span, &own) ?
										 LEVEL_RESOURCE : LEVEL_BRANCH);
	refuse(verdict, ERR_CLOSED,
		   psprintf("resource \"%s\" is closed then", place->resource->code));
	if (verdict->value != NULL)
		verdict->detail = psprintf("It is closed from %s.", verdict->value);
}

static void
check_grid(Question *question, const PlaceSet *set, TimeSpan slot, Verdict *verdict)
{
	const Place *place = &question->places[set->places[0]];
	TimestampTz anchor = GRID_MIDNIGHT;
	TimestampTz next;

	if (verdict->explains && !question->service->length.by_nights)
	{
		SettingValue step = settings_get(SETTING_SLOT_STEP, &place->terms->sources);

		verdict->level = settings_level_name(step.isnull ? LEVEL_SERVICE : step.origin);
		verdict->value = psprintf("slot_step = %s", duration_text(place->terms->grid.step));
	}
	if (places_on_grid(question, set, slot.from, &verdict->known, &anchor) || !verdict->known)
		return;
	refuse(verdict, ERR_OFF_GRID,
		   psprintf("the slot is not one that service \"%s\" offers", question->service->name));
	if (question->service->length.by_nights)
		return;
	if (verdict->value != NULL && anchor != GRID_MIDNIGHT)
		verdict->value = psprintf("%s from %s", verdict->value,
								  local_text(anchor, place->terms->grid.zone));
	next = grid_next(&place->terms->grid, anchor, slot.from);
	verdict->detail = psprintf("The next one starts at %s.",
							   local_text(next, place->terms->grid.zone));
	set_setting_hint(verdict, SETTING_SLOT_STEP);
}

static void
check_taken(const Place *place, TimeSpan slot, Verdict *verdict)
{
	if (place->shared)
	{
		int64		left = place->capacity -
			capacity_profile_peak(&place->profile, place_occupied(place, slot));

		verdict->value = psprintf("%d of %d units left", (int) Max(left, 0), place->capacity);
		if (left < place->units)
			refuse(verdict, ERR_CAPACITY_FULL,
				   psprintf("resource \"%s\" has %d of %d units left then, and %d are needed",
							place->resource->code, (int) Max(left, 0), place->capacity,
							place->units));
	}
	else if (spans_first_overlap(place->busy, slot) >= 0)
		refuse(verdict, ERR_SLOT_TAKEN,
			   psprintf("the slot is taken: resource \"%s\" is occupied then",
						place->resource->code));
}

static void
check_quota(Question *question, const Place *place, TimeSpan slot, Verdict *verdict)
{
	Quota		full;
	QuotaCount	count;

	if (!question_quota_full(question, place, slot, &full, &count))
		return;
	verdict->level = settings_level_name(full.level);
	verdict->value = psprintf("%s = " INT64_FORMAT, settings_row(full.setting)->name, full.limit);
	refuse(verdict, ERR_QUOTA_FULL, psprintf("the quota is full: %s", quota_text(&full)));
	set_setting_hint(verdict, full.setting);
}

/* What a rule says of a slot on these places, whose times must have been read. */
void
verdict_of(Question *question, const PlaceSet *set, TimeSpan slot, Rule rule, Verdict *verdict)
{
	memset(verdict, 0, sizeof(Verdict));
	verdict->known = verdict->ok = true;
	verdict->explains = question->explains;
	if (rule == RULE_NOT_ELIGIBLE)
	{
		check_eligible(question, set, slot, verdict);
		return;
	}
	if (rule == RULE_SAME_CUSTOMER)
	{
		SettingSources sources = question_sources(question);
		SettingValue value = settings_get(SETTING_SAME_CUSTOMER, &sources);

		verdict->level = settings_level_name(value.origin);
		verdict->value = psprintf("same_customer = %s", value.text);
		if (question_customer_is_elsewhere(question, slot))
			refuse(verdict, ERR_SLOT_TAKEN,
				   pstrdup("the customer has another booking at that time"));
		return;
	}
	if (set->count == 0)
	{
		verdict->known = false;
		return;
	}
	if (rule == RULE_OFF_GRID)
	{
		check_grid(question, set, slot, verdict);
		return;
	}

	for (int i = 0; i < set->count && verdict->ok; i++)
	{
		const Place *place = &question->places[set->places[i]];

		switch (rule)
		{
			case RULE_IN_PAST:
				check_past(place, slot, verdict);
				break;
			case RULE_MIN_NOTICE:
				check_notice(place, slot, verdict);
				break;
			case RULE_MAX_ADVANCE:
				check_advance(place, slot, verdict);
				break;
			case RULE_OUTSIDE_HOURS:
				check_hours(place, slot, verdict);
				break;
			case RULE_CLOSED:
				check_closed(place, slot, verdict);
				break;
			case RULE_QUOTA_FULL:
				check_quota(question, place, slot, verdict);
				break;
			case RULE_TAKEN:
				check_taken(place, slot, verdict);
				break;
			default:
				elog(ERROR, "unrecognized rule: %d", (int) rule);
		}
	}
}

void
verdict_raise(const Verdict *verdict)
{
	ereport(ERROR,
			(booking_errcode(verdict->error),
			 errmsg_internal("%s", verdict->message),
			 verdict->detail ? errdetail_internal("%s", verdict->detail) : 0,
			 verdict->hint ? errhint("%s", verdict->hint) : 0));
}
