/*-------------------------------------------------------------------------
 *
 * policy_check.c
 *	  The rules about when and where, as they are checked when a slot is taken
 *	  (A6, A9).
 *
 * How much is checked, the setting commit_check says; overlaps always are, by
 * taking the slot.  Staff may override rules by name: that stands in the
 * booking and in its audit row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "engine/checks.h"
#include "engine/clock.h"
#include "engine/intent.h"
#include "engine/policy_check.h"
#include "engine/verdicts.h"
#include "errors.h"
#include "rules/actors.h"
#include "rules/calendar.h"
#include "rules/choice.h"
#include "rules/lifecycle.h"
#include "rules/text.h"

/* The rules that are checked here; the others have places of their own. */
#define RULES_OF_TIME \
	(RULE_BIT(RULE_IN_PAST) | RULE_BIT(RULE_MIN_NOTICE) | RULE_BIT(RULE_MAX_ADVANCE))
#define RULES_OF_PLACE (RULE_BIT(RULE_OUTSIDE_HOURS) | RULE_BIT(RULE_CLOSED))

/* Names that overrides may hold, and the rule if it is one of the above. */
static const struct
{
	const char *name;
	int			rules;
}			override_names[] = {
	{"in_past", RULE_BIT(RULE_IN_PAST)},
	{"min_notice", RULE_BIT(RULE_MIN_NOTICE)},
	{"max_advance", RULE_BIT(RULE_MAX_ADVANCE)},
	{"outside_hours", RULE_BIT(RULE_OUTSIDE_HOURS)},
	{"closed", RULE_BIT(RULE_CLOSED)},
	{"off_grid", RULE_BIT(RULE_OFF_GRID)},
	{"quota_full", 0},
	{"not_eligible", 0},
	{"overbook", 0},
	{"deposit", 0}
};

/* ---- overrides ---- */

static int
overrides_of(const BookingRow *row, Datum **names)
{
	int			count;
	bool	   *nulls;

	if (!row_has(row, BK_OVERRIDES))
		return 0;
	deconstruct_array(DatumGetArrayTypeP(row->value[BK_OVERRIDES]), TEXTOID, -1, false,
					  TYPALIGN_INT, names, &nulls, &count);
	for (int i = 0; i < count; i++)
		if (nulls[i])
			return 0;
	return count;
}

/* Whether a change overrides a rule, by its name. */
bool
policy_overrides(const BookingRow *row, const char *rule)
{
	Datum	   *names;
	int			count = overrides_of(row, &names);

	for (int i = 0; i < count; i++)
		if (strcmp(TextDatumGetCString(names[i]), rule) == 0)
			return true;
	return false;
}

/* That overrides are names of rules, and staff's. */
void
policy_check_overrides(const BookingRow *row, const Context *who)
{
	Datum	   *names;
	int			count = overrides_of(row, &names);

	if (count > 0 && !context_is_staff(who))
		ereport(ERROR,
				(booking_errcode(ERR_PERMISSION_DENIED),
				 errmsg("permission denied to override rules")));
	for (int i = 0; i < count; i++)
	{
		char	   *name = TextDatumGetCString(names[i]);
		bool		known = false;

		for (int j = 0; j < lengthof(override_names) && !known; j++)
			known = strcmp(override_names[j].name, name) == 0;
		if (!known)
			ereport(ERROR,
					(booking_errcode(ERR_BAD_VALUE),
					 errmsg("rule \"%s\" is not known", text_excerpt(name)),
					 errhint("Rules that can be overridden are in_past, min_notice, max_advance, outside_hours, closed, off_grid, quota_full, not_eligible, overbook and deposit.")));
	}
}

/* ---- what is checked ---- */

/*
 * The rules that a change can break.  What does not change is not checked
 * again: a booking that is given other resources may have begun.
 */
static int
relevant_rules(const BookingRow *row, const BookingRow *old, TimestampTz now)
{
	int			rules = 0;

	if (old != NULL && checks_restores_no_show(old, row))
		return 0;
	if (old == NULL || !lifecycle_is_occupying(row_status(old)) ||
		checks_lapsed(old, now))
		return RULES_OF_TIME | RULES_OF_PLACE | RULE_BIT(RULE_OFF_GRID);
	if (checks_gives_back(old, row, now))
		return 0;
	if (!row_same(old, row, BK_STARTS_AT))
		rules |= RULES_OF_TIME;
	if (!row_same(old, row, BK_STARTS_AT) || !row_same(old, row, BK_RESOURCE_IDS) ||
		!row_same(old, row, BK_SERVICE_ID))
		rules |= RULES_OF_PLACE | RULE_BIT(RULE_OFF_GRID);
	/* what is under way may take longer than the day */
	if (!row_same(old, row, BK_ENDS_AT) && lifecycle_may_move(row_status(old)))
		rules |= RULES_OF_PLACE;
	return rules;
}

/* The rules that the settings of a place have checked, less the overridden. */
static int
rules_of(const Question *question, const Place *place, const BookingRow *row)
{
	int			rules;

	switch (settings_commit_check(&place->terms->sources, question->kind, NULL))
	{
		case CHECK_OVERLAP:
			return 0;
		case CHECK_RULES:
			rules = RULES_OF_TIME | RULES_OF_PLACE;
			break;
		default:
			rules = RULES_OF_TIME | RULES_OF_PLACE | RULE_BIT(RULE_OFF_GRID);
	}
	if (row_has(row, BK_OVERRIDES) && question->staff)
		for (int i = 0; i < lengthof(override_names); i++)
			if ((rules & override_names[i].rules) != 0 &&
				policy_overrides(row, override_names[i].name))
				rules &= ~override_names[i].rules;
	return rules;
}

/* The question that a change of a booking is, without the places. */
void
policy_question(Question *question, const Change *change, const BookingRow *row,
				const Branch *branch, bool staff)
{
	memset(question, 0, sizeof(Question));
	question->tenant = change->tenant;
	question->service = change->service;
	question->branch = branch;
	question->zone = calendar_zone(branch->time_zone);
	question->units = row_int(row, BK_UNITS);
	question->party_size = row_int(row, BK_PARTY_SIZE);
	if (change->service->length.by_nights)
		question->nights = duration_count_nights(row_slot(row), question->zone);
	else
		question->duration = row_time(row, BK_ENDS_AT) - row_time(row, BK_STARTS_AT);
	question->kind = ACTOR_CUSTOMER;
	actor_kind_parse(row_text(row, BK_ACTOR_KIND), &question->kind);
	question->staff = staff;
	/* who waits gets what he could book himself */
	if (intent_is(INTENT_PROMOTE, &change->tenant, &change->booking))
	{
		question->kind = ACTOR_CUSTOMER;
		question->staff = false;
	}
	question->customer = row_has(row, BK_CUSTOMER_ID) ? row_uuid(row, BK_CUSTOMER_ID) : NULL;
	question->booking = &change->booking;
	question->now = change->now != 0 ? change->now : clock_now();
	question->fresh = true;
	question->memory = CurrentMemoryContext;
}

/* Reads of the places what the rules need to know. */
static void
read_places(Question *question, TimeSpan slot, int rules)
{
	for (int i = 0; i < question->place_count; i++)
	{
		Place	   *place = &question->places[i];

		if ((rules & RULE_BIT(RULE_OFF_GRID)) != 0 && place->terms->anchor == ANCHOR_FREE)
			places_read_busy(question, i, 1, slot);
		else if ((rules & (RULES_OF_PLACE | RULE_BIT(RULE_OFF_GRID))) != 0)
			places_read_hours(question, place, slot);
	}
}

/* Whether a rule refuses a place by itself; it must have been read as needed. */
static bool
refuses(Question *question, int index, TimeSpan slot, int rules)
{
	PlaceSet	set = {1, &index};
	Verdict		verdict;

	for (int rule = 0; rule < RULE_COUNT; rule++)
	{
		if ((rules & RULE_BIT(rule)) == 0 || rule == RULE_OFF_GRID)
			continue;
		verdict_of(question, &set, slot, (Rule) rule, &verdict);
		if (!verdict.ok)
			return true;
	}
	return false;
}

/*
 * What the rules that are going to be checked say of resources that a change
 * could be given.  BEFORE may ask: the clock need not have been read.
 */
PolicySays *
policy_of_candidates(const Change *change, const BookingRow *row, const BookingRow *old,
					 const Context *context, const Branch *branch,
					 const Resource *resources, int count)
{
	PolicySays *says = palloc(sizeof(PolicySays) * Max(count, 1));
	TimeSpan	slot = row_slot(row);
	ActorKind	kind = ACTOR_CUSTOMER;
	int			relevant;
	int		   *rules = palloc(sizeof(int) * Max(count, 1));
	int			all = 0;
	Question	question;

	actor_kind_parse(row_text(row, BK_ACTOR_KIND), &kind);
	policy_question(&question, change, row, branch,
					kind != ACTOR_CUSTOMER && context->level >= ACCESS_STAFF);
	question_places_of(&question, resources, count);
	relevant = relevant_rules(row, old, question.now);
	for (int i = 0; i < count; i++)
	{
		rules[i] = rules_of(&question, &question.places[i], row) & relevant;
		all |= rules[i];
	}
	read_places(&question, slot, all);

	for (int i = 0; i < count; i++)
	{
		Place	   *place = &question.places[i];
		const GridPiece *piece;

		says[i] = (PolicySays) {true, CHOICE_NO_ANCHOR, true};
		if (rules[i] == 0)
			continue;
		says[i].allowed = !refuses(&question, i, slot, rules[i]);
		if ((rules[i] & RULE_BIT(RULE_OFF_GRID)) == 0 || change->service->length.by_nights)
			continue;
		if (place->terms->anchor == ANCHOR_MIDNIGHT)
		{
			says[i].allowed &= grid_has(&place->terms->grid, GRID_MIDNIGHT, slot.from);
			continue;
		}
		piece = place_piece(place, slot.from);
		if (piece == NULL)
			continue;
		says[i].anchor = piece->anchor;
		says[i].on_grid = grid_has(&place->terms->grid, piece->anchor, slot.from);
	}
	return says;
}

/* Checks the rules for a change that takes a slot, under its keys. */
void
policy_check(const Change *change, const BookingRow *row, const BookingRow *old,
			 const Context *who)
{
	TimeSpan	slot = row_slot(row);
	int			relevant = relevant_rules(row, old, change->now);
	int			rules = 0;
	PlaceSet	all;
	Question	question;

	if (row_has(row, BK_OVERRIDES))
		policy_check_overrides(row, who);
	if (!change->locked || change->resource_count == 0 || relevant == 0)
		return;

	policy_question(&question, change, row,
					config_branch(&change->tenant, row_uuid(row, BK_BRANCH_ID)),
					context_is_staff(who));
	question_places_of(&question, change->resources, change->resource_count);
	for (int i = 0; i < question.place_count; i++)
		rules |= rules_of(&question, &question.places[i], row);
	rules &= relevant;
	if (rules == 0)
		return;

	read_places(&question, slot, rules);
	all.count = question.place_count;
	all.places = palloc(sizeof(int) * all.count);
	for (int i = 0; i < all.count; i++)
		all.places[i] = i;
	for (int rule = 0; rule < RULE_COUNT; rule++)
	{
		Verdict		verdict;

		if ((rules & RULE_BIT(rule)) == 0)
			continue;
		verdict_of(&question, &all, slot, (Rule) rule, &verdict);
		if (!verdict.ok)
			verdict_raise(&verdict);
	}
}
