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

/*
 * Whose rules: a row is of exactly one branch or resource.  The owner is the
 * last column, and what the rows are sorted by.
 */
#define OF_BRANCH	"tenant_id" EQ "$1 AND branch_id" EQ "ANY ($2)"
#define OF_RESOURCE "tenant_id" EQ "$1 AND resource_id" EQ "ANY ($2)"

#define RULES_OF(columns, table, where, owner) \
	{"SELECT " columns ", " owner " AS owner FROM booking." table " WHERE " where \
	" ORDER BY owner", 2, {UUIDOID, UUIDARRAYOID}}
#define WEEKLY_OF(where, owner) \
	RULES_OF("weekday, opens, closes, valid_from, valid_until", "hours", where, owner)
#define OVERRIDES_OF(where, owner) \
	RULES_OF("day, opens, closes", "date_overrides", where, owner)
#define CLOSURES_OF(where, owner) \
	RULES_OF("starts_at, ends_at, local_start, local_end, repeats, repeat_until, kind, reason", \
			 "closures", where, owner)

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

/* Takes count rows of a result, from one on, as rules of their owner. */
typedef void (*RulesReader) (OpeningRules *rules, uint64 first, int count);

static void
read_zones(OpeningRules *rules, uint64 first, int count)
{
	rules->zone_count = count;
	rules->zones = palloc(sizeof(ZonePeriod) * count);
	for (int i = 0; i < count; i++)
	{
		rules->zones[i].from = date_column(first + i, 1, DATEVAL_NOBEGIN);
		rules->zones[i].zone = calendar_zone(store_text_column(CurrentMemoryContext, first + i, 2));
	}
}

static void
read_weekly(OpeningRules *rules, uint64 first, int count)
{
	rules->weekly_count = count;
	rules->weekly = palloc(sizeof(WeeklyRule) * count);
	for (int i = 0; i < count; i++)
	{
		WeeklyRule *rule = &rules->weekly[i];
		uint64		row = first + i;

		rule->weekday = DatumGetInt16(store_column(row, 1, NULL));
		rule->opens = time_column(row, 2);
		rule->closes = closing_time(rule->opens, time_column(row, 3));
		rule->valid_from = date_column(row, 4, DATEVAL_NOBEGIN);
		rule->valid_until = date_column(row, 5, DATEVAL_NOEND);
	}
}

static void
read_overrides(OpeningRules *rules, uint64 first, int count)
{
	rules->override_count = count;
	rules->overrides = palloc0(sizeof(DateOverride) * count);
	for (int i = 0; i < count; i++)
	{
		DateOverride *override = &rules->overrides[i];
		uint64		row = first + i;

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
read_closures(OpeningRules *rules, uint64 first, int count)
{
	rules->closures = palloc(sizeof(Closure) * count);
	rules->patterns = palloc(sizeof(ClosurePattern) * count);
	for (uint64 row = first; row < first + count; row++)
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

/* What the rules of owners are read with, in this order. */
typedef struct OwnerPlans
{
	StorePlan	zones;			/* of $3 owners, from $2 on: since when, and
								 * which; null to begin with */
	StorePlan	weekly;			/* of the owners in $2, as the others */
	StorePlan	overrides;
	StorePlan	closures;
} OwnerPlans;

/* Owners, sorted by id, and what is known of them. */
typedef struct Owners
{
	int			count;
	pg_uuid_t  *ids;
	OpeningRules **rules;
} Owners;

static pg_uuid_t *
owner_column(uint64 row, int column)
{
	return DatumGetUUIDP(store_column(row, column, NULL));
}

/* Gives each owner its rows of a result, which is sorted by owner. */
static void
deal_out(const Owners *owners, uint64 rows, int column, RulesReader read)
{
	uint64		row = 0;

	for (int i = 0; i < owners->count; i++)
	{
		uint64		first = row;

		while (row < rows && uuid_equal(owner_column(row, column), &owners->ids[i]))
			row++;
		if (row > first)
			read(owners->rules[i], first, (int) (row - first));
	}
}

/* Reads all rules of an owner, and of those with the next ids. */
static void
read_rules(KeptReading *reading, OwnerPlans *plans)
{
	Datum		values[] = {
		UUIDPGetDatum(reading->tenant), UUIDPGetDatum(reading->id), Int32GetDatum(reading->ahead)
	};
	uint64		rows = store_execute(&plans->zones, values, NULL, STORE_OWNER);
	Owners		owners = {0};

	if (rows == 0)
		return;
	owners.ids = palloc(sizeof(pg_uuid_t) * rows);
	owners.rules = palloc(sizeof(OpeningRules *) * rows);
	for (uint64 row = 0; row < rows; row++)
	{
		const pg_uuid_t *id = owner_column(row, 3);

		if (owners.count > 0 && uuid_equal(id, &owners.ids[owners.count - 1]))
			continue;
		owners.ids[owners.count] = *id;
		owners.rules[owners.count++] = palloc0(sizeof(OpeningRules));
	}
	deal_out(&owners, rows, 3, read_zones);

	values[1] = PointerGetDatum(store_uuid_array(owners.ids, owners.count));
	rows = store_execute(&plans->weekly, values, NULL, STORE_OWNER);
	deal_out(&owners, rows, 6, read_weekly);
	rows = store_execute(&plans->overrides, values, NULL, STORE_OWNER);
	deal_out(&owners, rows, 4, read_overrides);
	rows = store_execute(&plans->closures, values, NULL, STORE_OWNER);
	deal_out(&owners, rows, 9, read_closures);

	for (int i = 0; i < owners.count; i++)
	{
		hours_prepare(owners.rules[i]);
		kept_add(reading, &owners.ids[i], owners.rules[i]);
	}
	pfree(DatumGetPointer(values[1]));
	pfree(owners.rules);
	pfree(owners.ids);
}

/* One branch at a time: the tenant's closures are those of each. */
static void
read_branch_hours(KeptReading *reading)
{
	static OwnerPlans plans = {
		{"SELECT CAST(NULL AS pg_catalog.date), time_zone, id FROM booking.branches "
		"WHERE tenant_id" EQ "$1 AND id" EQ "$2 AND $3 IS NOT NULL",
		3, {UUIDOID, UUIDOID, INT4OID}},
		WEEKLY_OF(OF_BRANCH, "branch_id"),
		OVERRIDES_OF(OF_BRANCH, "branch_id"),
		CLOSURES_OF("tenant_id" EQ "$1 AND resource_id IS NULL "
					"AND (branch_id IS NULL OR branch_id" EQ "ANY ($2))", "$2[1]")
	};

	read_rules(reading, &plans);
}

static void
read_resource_hours(KeptReading *reading)
{
	/* the zone to begin with, and the changes of it */
	static OwnerPlans plans = {
		{"WITH r AS (SELECT id, branch_id, time_zone FROM booking.resources "
		"WHERE tenant_id" EQ "$1 AND id" GE "$2 ORDER BY id LIMIT $3) "
		"SELECT CAST(NULL AS pg_catalog.date), COALESCE(r.time_zone, b.time_zone), r.id AS owner "
		"FROM r JOIN booking.branches AS b ON b.tenant_id" EQ "$1 AND b.id" EQ "r.branch_id "
		"UNION ALL "
		"SELECT z.valid_from, z.time_zone, z.resource_id FROM r "
		"JOIN booking.resource_zones AS z ON z.tenant_id" EQ "$1 AND z.resource_id" EQ "r.id "
		"ORDER BY owner",
		3, {UUIDOID, UUIDOID, INT4OID}},
		WEEKLY_OF(OF_RESOURCE, "resource_id"),
		OVERRIDES_OF(OF_RESOURCE, "resource_id"),
		CLOSURES_OF(OF_RESOURCE, "resource_id")
	};

	read_rules(reading, &plans);
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
