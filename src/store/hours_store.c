/*-------------------------------------------------------------------------
 *
 * hours_store.c
 *	  Opening hours, overrides, closures and zones of branches and resources.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "rules/calendar.h"
#include "store/hours_store.h"
#include "store/kept.h"
#include "store/plan.h"

/* Whose rules: a row is of exactly one branch or resource. */
#define OF_BRANCH	"tenant_id" EQ "$1 AND branch_id" EQ "$2"
#define OF_RESOURCE "tenant_id" EQ "$1 AND resource_id" EQ "$2"

#define WEEKLY_OF(owner) \
	{"SELECT weekday, opens, closes, valid_from, valid_until FROM booking.hours WHERE " owner, \
	2, {UUIDOID, UUIDOID}}
#define OVERRIDES_OF(owner) \
	{"SELECT day, opens, closes FROM booking.date_overrides WHERE " owner, \
	2, {UUIDOID, UUIDOID}}
#define CLOSURES_OF(owner) \
	{"SELECT starts_at, ends_at, local_start, local_end, repeats, repeat_until, kind, reason " \
	"FROM booking.closures WHERE " owner, \
	2, {UUIDOID, UUIDOID}}

static int64
time_column(uint64 row, int column)
{
	return DatumGetTimeADT(store_column(row, column, NULL));
}

static DateADT
date_column(uint64 row, int column, DateADT otherwise)
{
	bool		isnull;
	Datum		value = store_column(row, column, &isnull);

	return isnull ? otherwise : DatumGetDateADT(value);
}

/* What closes at or before its opening does so the day after. */
static int64
closing_time(int64 opens, int64 closes)
{
	return closes <= opens ? closes + USECS_PER_DAY : closes;
}

static void
read_weekly(OpeningRules *rules, StorePlan *plan, Datum *owner)
{
	uint64		rows = store_execute(plan, owner, NULL, STORE_OWNER);

	rules->weekly_count = (int) rows;
	rules->weekly = palloc(sizeof(WeeklyRule) * rows);
	for (uint64 row = 0; row < rows; row++)
	{
		WeeklyRule *rule = &rules->weekly[row];

		rule->weekday = DatumGetInt16(store_column(row, 1, NULL));
		rule->opens = time_column(row, 2);
		rule->closes = closing_time(rule->opens, time_column(row, 3));
		rule->valid_from = date_column(row, 4, DATEVAL_NOBEGIN);
		rule->valid_until = date_column(row, 5, DATEVAL_NOEND);
	}
}

static void
read_overrides(OpeningRules *rules, StorePlan *plan, Datum *owner)
{
	uint64		rows = store_execute(plan, owner, NULL, STORE_OWNER);

	rules->override_count = (int) rows;
	rules->overrides = palloc0(sizeof(DateOverride) * rows);
	for (uint64 row = 0; row < rows; row++)
	{
		DateOverride *override = &rules->overrides[row];

		override->day = date_column(row, 1, 0);
		store_column(row, 2, &override->closed);
		if (!override->closed)
		{
			override->opens = time_column(row, 2);
			override->closes = closing_time(override->opens, time_column(row, 3));
		}
	}
}

/* Needs the zones: closures in wall time that happen once become instants. */
static void
read_closures(OpeningRules *rules, StorePlan *plan, Datum *owner)
{
	uint64		rows = store_execute(plan, owner, NULL, STORE_OWNER);

	rules->closures = palloc(sizeof(Closure) * rows);
	rules->patterns = palloc(sizeof(ClosurePattern) * rows);
	for (uint64 row = 0; row < rows; row++)
	{
		char	   *kind = store_text_column(CurrentMemoryContext, row, 7);
		char	   *reason = store_text_column(CurrentMemoryContext, row, 8);
		char	   *repeats = store_text_column(CurrentMemoryContext, row, 5);
		bool		is_local;
		TimeSpan	span;

		store_column(row, 1, &is_local);
		if (repeats != NULL)
		{
			ClosurePattern *pattern = &rules->patterns[rules->pattern_count++];

			pattern->local_start = DatumGetTimestamp(store_column(row, 3, NULL));
			pattern->local_end = DatumGetTimestamp(store_column(row, 4, NULL));
			pattern->every = strcmp(repeats, "weekly") == 0 ? 7 : 1;
			pattern->until = date_column(row, 6, DATEVAL_NOEND);
			pattern->kind = kind;
			pattern->reason = reason;
			continue;
		}
		if (is_local)
			span = closures_once(rules,
								 DatumGetTimestamp(store_column(row, 3, NULL)),
								 DatumGetTimestamp(store_column(row, 4, NULL)));
		else
		{
			span.from = DatumGetTimestampTz(store_column(row, 1, NULL));
			span.until = DatumGetTimestampTz(store_column(row, 2, NULL));
		}
		if (!span_is_empty(span))
		{
			Closure    *closure = &rules->closures[rules->closure_count++];

			closure->span = span;
			closure->kind = kind;
			closure->reason = reason;
		}
	}
}

/* What an owner's rules are read with, in this order. */
typedef struct OwnerPlans
{
	StorePlan	zones;			/* since when, and which: null to begin with */
	StorePlan	weekly;
	StorePlan	overrides;
	StorePlan	closures;
} OwnerPlans;

/* Reads all rules of an owner; NULL when there is none. */
static OpeningRules *
read_rules(OwnerPlans *plans, const pg_uuid_t *tenant, const pg_uuid_t *id)
{
	Datum		owner[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(id)};
	uint64		rows = store_execute(&plans->zones, owner, NULL, STORE_OWNER);
	OpeningRules *rules;

	if (rows == 0)
		return NULL;
	rules = palloc0(sizeof(OpeningRules));
	rules->zone_count = (int) rows;
	rules->zones = palloc(sizeof(ZonePeriod) * rows);
	for (uint64 row = 0; row < rows; row++)
	{
		rules->zones[row].from = date_column(row, 1, DATEVAL_NOBEGIN);
		rules->zones[row].zone = calendar_zone(store_text_column(CurrentMemoryContext, row, 2));
	}

	read_weekly(rules, &plans->weekly, owner);
	read_overrides(rules, &plans->overrides, owner);
	read_closures(rules, &plans->closures, owner);
	hours_prepare(rules);
	return rules;
}

static void *
read_branch_hours(const pg_uuid_t *tenant, const pg_uuid_t *branch)
{
	static OwnerPlans plans = {
		{"SELECT CAST(NULL AS pg_catalog.date), time_zone FROM booking.branches "
		"WHERE tenant_id" EQ "$1 AND id" EQ "$2", 2, {UUIDOID, UUIDOID}},
		WEEKLY_OF(OF_BRANCH),
		OVERRIDES_OF(OF_BRANCH),
		CLOSURES_OF("tenant_id" EQ "$1 AND resource_id IS NULL "
					"AND (branch_id IS NULL OR branch_id" EQ "$2)")
	};

	return read_rules(&plans, tenant, branch);
}

static void *
read_resource_hours(const pg_uuid_t *tenant, const pg_uuid_t *resource)
{
	/* the zone to begin with, and the changes of it */
	static OwnerPlans plans = {
		{"SELECT CAST(NULL AS pg_catalog.date), COALESCE(r.time_zone, b.time_zone) "
		"FROM booking.resources AS r "
		"JOIN booking.branches AS b ON b.tenant_id" EQ "$1 AND b.id" EQ "r.branch_id "
		"WHERE r.tenant_id" EQ "$1 AND r.id" EQ "$2 "
		"UNION ALL "
		"SELECT valid_from, time_zone FROM booking.resource_zones WHERE " OF_RESOURCE,
		2, {UUIDOID, UUIDOID}},
		WEEKLY_OF(OF_RESOURCE),
		OVERRIDES_OF(OF_RESOURCE),
		CLOSURES_OF(OF_RESOURCE)
	};

	return read_rules(&plans, tenant, resource);
}

const OpeningRules *
hours_of_branch(const pg_uuid_t *tenant, const pg_uuid_t *branch)
{
	return kept_row(KEPT_BRANCH_HOURS, tenant, branch, read_branch_hours);
}

const OpeningRules *
hours_of_resource(const pg_uuid_t *tenant, const pg_uuid_t *resource)
{
	return kept_row(KEPT_RESOURCE_HOURS, tenant, resource, read_resource_hours);
}

/*
 * The owner's row is locked first: of two who replace the same hours at the
 * same time, the second must see what the first one wrote.
 */
bool
hours_replace(CodedTable owner, const pg_uuid_t *tenant, const pg_uuid_t *id,
			  const WeeklyRule *rules, int count)
{
#define BY_OWNER(table, column) { \
		{"SELECT FROM booking." table " WHERE tenant_id" EQ "$1 AND id" EQ "$2 " \
		"FOR NO KEY UPDATE", 2, {UUIDOID, UUIDOID}}, \
		{"DELETE FROM booking.hours WHERE tenant_id" EQ "$1 AND " column EQ "$2", \
		2, {UUIDOID, UUIDOID}}, \
		{"INSERT INTO booking.hours (tenant_id, " column ", weekday, opens, closes) " \
		"VALUES ($1, $2, $3, $4, $5)", 5, {UUIDOID, UUIDOID, INT2OID, TIMEOID, TIMEOID}}}
	static StorePlan plans[][3] = {
		BY_OWNER("branches", "branch_id"), BY_OWNER("resources", "resource_id")
	};
	StorePlan  *plan = plans[owner == CODED_BRANCH ? 0 : 1];
	Datum		values[5] = {UUIDPGetDatum(tenant), UUIDPGetDatum(id)};

	if (store_execute(&plan[0], values, NULL, STORE_CALLER) == 0)
		return false;
	store_execute(&plan[1], values, NULL, STORE_CALLER);
	for (int i = 0; i < count; i++)
	{
		/* the last instant of a day is 24:00, later ones are the next day's */
		int64		closes = rules[i].closes > USECS_PER_DAY ?
			rules[i].closes - USECS_PER_DAY : rules[i].closes;

		values[2] = Int16GetDatum(rules[i].weekday);
		values[3] = TimeADTGetDatum(rules[i].opens);
		values[4] = TimeADTGetDatum(closes);
		store_execute(&plan[2], values, NULL, STORE_CALLER);
	}
	return true;
}
