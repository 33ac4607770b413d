/*-------------------------------------------------------------------------
 *
 * config_guard.c
 *	  The triggers of the tables that say what can be booked, and of those
 *	  that only the engine writes.
 *
 * Configuration is plain INSERTs and UPDATEs.  BEFORE fills in what has an
 * obvious value (id, tenant, branch, code) and checks what a CHECK can't
 * without depending on the extension (settings, zones, amounts).  AFTER keeps
 * allocations in step with capacities and refuses to delete what bookings
 * refer to.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/rel.h"

#include "engine/clock.h"
#include "engine/context.h"
#include "engine/deadlines.h"
#include "engine/intent.h"
#include "engine/locks.h"
#include "engine/promotion.h"
#include "errors.h"
#include "rules/calendar.h"
#include "rules/duration.h"
#include "rules/ids.h"
#include "rules/money.h"
#include "rules/settings.h"
#include "rules/text.h"
#include "store/allocations.h"
#include "store/bookings.h"
#include "store/config.h"
#include "store/parents.h"
#include "store/plan.h"
#include "store/store_state.h"

#define MAX_EXTERNAL_ID 1024
#define MAX_EXTERNAL_DATA (64 * 1024)

PG_FUNCTION_INFO_V1(booking_config_guard);
PG_FUNCTION_INFO_V1(booking_config_changed);
PG_FUNCTION_INFO_V1(booking_derived_guard);
PG_FUNCTION_INFO_V1(booking_note_guard);

/* A row being normalised, by column name. */
typedef struct ConfigRow
{
	Relation	relation;
	TupleDesc	tupdesc;
	Datum	   *values;
	bool	   *nulls;
} ConfigRow;

static ConfigRow
config_row(Relation relation, HeapTuple tuple)
{
	ConfigRow	row;

	row.relation = relation;
	row.tupdesc = RelationGetDescr(relation);
	row.values = palloc(sizeof(Datum) * row.tupdesc->natts);
	row.nulls = palloc(sizeof(bool) * row.tupdesc->natts);
	heap_deform_tuple(tuple, row.tupdesc, row.values, row.nulls);
	return row;
}

/* The index of a column, or -1 if the table has none of that name and type. */
static int
config_column(const ConfigRow *row, const char *name, Oid type)
{
	int			number = SPI_fnumber(row->tupdesc, name);

	if (number <= 0 || TupleDescAttr(row->tupdesc, number - 1)->atttypid != type)
		return -1;
	return number - 1;
}

static char *
config_text(const ConfigRow *row, const char *name)
{
	int			column = config_column(row, name, TEXTOID);

	if (column < 0 || row->nulls[column])
		return NULL;
	return TextDatumGetCString(row->values[column]);
}

static pg_uuid_t *
config_uuid(const ConfigRow *row, const char *name)
{
	int			column = config_column(row, name, UUIDOID);

	if (column < 0 || row->nulls[column])
		return NULL;
	return DatumGetUUIDP(row->values[column]);
}

static void
fill_uuid(ConfigRow *row, const char *name, const pg_uuid_t *value)
{
	int			column = config_column(row, name, UUIDOID);
	pg_uuid_t  *copy = palloc(sizeof(pg_uuid_t));

	*copy = *value;
	row->values[column] = UUIDPGetDatum(copy);
	row->nulls[column] = false;
}

static bool
lacks(const ConfigRow *row, const char *name, Oid type)
{
	int			column = config_column(row, name, type);

	return column >= 0 && row->nulls[column];
}

/* "60-minute Swedish" -> "60-minute-swedish", cut to a number of bytes */
static char *
code_from_name(const char *name, int max_bytes)
{
	char	   *code = palloc(max_bytes + 1);
	int			length = 0;

	for (; *name != '\0' && length < max_bytes; name++)
	{
		char		c = pg_ascii_tolower((unsigned char) *name);

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			code[length++] = c;
		else if (length > 0 && code[length - 1] != '-')
			code[length++] = '-';
	}
	while (length > 0 && code[length - 1] == '-')
		length--;
	code[length] = '\0';
	return code;
}

static SettingLevel
level_of_table(const char *table)
{
	if (strcmp(table, "services") == 0)
		return LEVEL_SERVICE;
	if (strcmp(table, "resources") == 0)
		return LEVEL_RESOURCE;
	if (strcmp(table, "branches") == 0)
		return LEVEL_BRANCH;
	return LEVEL_TENANT;
}

/* Codes of tenants and branches are part of channel names. */
static int
code_max_bytes(const char *table)
{
	return strcmp(table, "tenants") == 0 || strcmp(table, "branches") == 0 ? CODE_MAX_BYTES : 63;
}

static bool
sold_by_nights(const ConfigRow *row)
{
	int			column = config_column(row, "nights", BOOLOID);

	return column >= 0 && !row->nulls[column] && DatumGetBool(row->values[column]);
}

static void
fill_config(ConfigRow *row)
{
	const char *table = RelationGetRelationName(row->relation);
	pg_uuid_t	id;

	if (lacks(row, "id", UUIDOID))
	{
		id = ids_new();
		fill_uuid(row, "id", &id);
	}
	if (lacks(row, "tenant_id", UUIDOID))
		fill_uuid(row, "tenant_id", context_tenant(NULL));
	if (strcmp(table, "resources") == 0 && lacks(row, "branch_id", UUIDOID))
	{
		const Context *context = context_get();

		if (context->has_branch)
			fill_uuid(row, "branch_id", &context->branch);
		else if (config_sole_branch(config_uuid(row, "tenant_id"), &id))
			fill_uuid(row, "branch_id", &id);
		else
			ereport(ERROR,
					(booking_errcode(ERR_BAD_VALUE),
					 errmsg("it is not clear which branch the resource belongs to"),
					 errhint("Set branch_id, or call booking.set_context(branch => ...).")));
	}
	if (sold_by_nights(row) && lacks(row, "duration", INTERVALOID))
	{
		int			column = config_column(row, "duration", INTERVALOID);
		Interval   *day = palloc0(sizeof(Interval));

		day->day = 1;
		row->values[column] = IntervalPGetDatum(day);
		row->nulls[column] = false;
	}
	if (lacks(row, "code", TEXTOID) && config_text(row, "name") != NULL)
	{
		int			column = config_column(row, "code", TEXTOID);
		char	   *code = code_from_name(config_text(row, "name"), code_max_bytes(table));

		if (*code == '\0')
			ereport(ERROR,
					(booking_errcode(ERR_NULL_VALUE),
					 errmsg("no code can be made of the name \"%s\"",
							text_excerpt(config_text(row, "name"))),
					 errhint("Set code: lower-case letters, digits and hyphens.")));
		row->values[column] = CStringGetTextDatum(code);
		row->nulls[column] = false;
	}
}

/* Refuses a count below 1, which the table's CHECK would in worse words. */
static void
check_count(const ConfigRow *row, const char *name)
{
	int			column = config_column(row, name, INT4OID);

	if (column >= 0 && !row->nulls[column] && DatumGetInt32(row->values[column]) < 1)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("%s must be 1 or more", name)));
}

/* ---- services ---- */

/* A length of time of a service; another one where it is null. */
static int64
service_length(const ConfigRow *row, const char *name, int64 otherwise)
{
	int			column = config_column(row, name, INTERVALOID);

	if (column < 0 || row->nulls[column])
		return otherwise;
	return config_interval(DatumGetIntervalP(row->values[column]));
}

static int64
service_time(const ConfigRow *row, const char *name)
{
	int			column = config_column(row, name, TIMEOID);

	return column < 0 || row->nulls[column] ? 0 : DatumGetTimeADT(row->values[column]);
}

static int
service_count(const ConfigRow *row, const char *name, int otherwise)
{
	int			column = config_column(row, name, INT4OID);

	return column < 0 || row->nulls[column] ? otherwise : DatumGetInt32(row->values[column]);
}

/* A deposit is an amount of money, and not above the price (K9). */
static void
check_deposit(const ConfigRow *row, const char *currency)
{
	int			deposit = config_column(row, "deposit", NUMERICOID);
	int			price = config_column(row, "price", NUMERICOID);

	if (deposit < 0 || price < 0 || row->nulls[deposit] || row->nulls[price])
		return;
	money_check(DatumGetNumeric(row->values[deposit]), currency);
	if (money_compare(DatumGetNumeric(row->values[deposit]),
					  DatumGetNumeric(row->values[price])) > 0)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("the deposit of a service must not be more than its price")));
}

/* The lengths, the price and the tax of a service (K5, K11). */
static void
check_service(const ConfigRow *row)
{
	LengthRule	rule = {0};
	char	   *currency = config_text(row, "currency");
	char	   *unit = config_text(row, "price_unit");
	int			column;

	rule.usual = service_length(row, "duration", 0);
	rule.min = service_length(row, "min_duration", rule.usual);
	rule.max = service_length(row, "max_duration", rule.usual);
	rule.step = service_length(row, "duration_step", 0);
	rule.by_nights = sold_by_nights(row);
	rule.night_starts = service_time(row, "night_starts");
	rule.night_ends = service_time(row, "night_ends");
	rule.min_nights = service_count(row, "min_nights", 1);
	rule.max_nights = service_count(row, "max_nights", 0);
	/* without a duration the table refuses it */
	if (rule.usual != 0)
		duration_check_rule(&rule);

	if (unit != NULL)
		(void) money_unit(unit);
	column = config_column(row, "tax_rate", NUMERICOID);
	if (column >= 0 && !row->nulls[column])
		money_check_rate(DatumGetNumeric(row->values[column]));

	/* a tenant that isn't there is the foreign key's to refuse */
	if (currency == NULL)
		currency = config_currency(config_uuid(row, "tenant_id"));
	column = config_column(row, "price", NUMERICOID);
	if (column >= 0 && !row->nulls[column])
		money_check(DatumGetNumeric(row->values[column]), currency ? currency : "XXX");
	check_deposit(row, currency ? currency : "XXX");
}

/* ---- opening hours ---- */

static bool
has_value(const ConfigRow *row, const char *name, Oid type)
{
	int			column = config_column(row, name, type);

	return column >= 0 && !row->nulls[column];
}

static void
refuse_row(const char *message, const char *hint)
{
	ereport(ERROR,
			(booking_errcode(ERR_BAD_VALUE), errmsg("%s", message), errhint("%s", hint)));
}

static Datum
config_value(const ConfigRow *row, const char *name, Oid type)
{
	return row->values[config_column(row, name, type)];
}

static bool
date_is_infinite(const ConfigRow *row, const char *name)
{
	return has_value(row, name, DATEOID) &&
		DATE_NOT_FINITE(DatumGetDateADT(config_value(row, name, DATEOID)));
}

/* Weekly hours and overrides; the CHECKs of the tables say the same in worse words. */
static void
check_hours(const ConfigRow *row, bool weekly)
{
	bool		opens = has_value(row, "opens", TIMEOID);
	bool		closes = has_value(row, "closes", TIMEOID);

	if (has_value(row, "branch_id", UUIDOID) == has_value(row, "resource_id", UUIDOID))
		refuse_row("opening hours are of one branch or one resource",
				   "Set either branch_id or resource_id.");
	if (weekly && has_value(row, "weekday", INT2OID))
	{
		int			weekday = DatumGetInt16(config_value(row, "weekday", INT2OID));

		if (weekday < 1 || weekday > 7)
			refuse_row("weekday must be between 1 and 7", "Monday is 1, Sunday is 7.");
	}
	if (!weekly && opens != closes)
		refuse_row("opens and closes must be given together",
				   "Leave out both if it is closed all day.");
	if (opens && closes)
	{
		int64		from = DatumGetTimeADT(config_value(row, "opens", TIMEOID));

		if (from == DatumGetTimeADT(config_value(row, "closes", TIMEOID)))
			refuse_row("opens and closes must not be the same",
					   "A whole day is 00:00 to 24:00.");
		if (from == USECS_PER_DAY)
			refuse_row("opens must be before 24:00", "Say 00:00 of the next day.");
	}
	if (date_is_infinite(row, "day"))
		refuse_row("day must not be infinite", "An override is of one date.");
	if (has_value(row, "valid_from", DATEOID) && has_value(row, "valid_until", DATEOID) &&
		DatumGetDateADT(config_value(row, "valid_until", DATEOID)) <
		DatumGetDateADT(config_value(row, "valid_from", DATEOID)))
		refuse_row("valid_until must not be before valid_from", "Both dates are inclusive.");
}

static void
check_closure(const ConfigRow *row)
{
	/* so near the ends of time not every zone can show an instant */
#define EDGE_OF_TIME (2 * USECS_PER_DAY)
	bool		instants = has_value(row, "starts_at", TIMESTAMPTZOID);
	bool		local = has_value(row, "local_start", TIMESTAMPOID);
	char	   *repeats = config_text(row, "repeats");
	char	   *kind = config_text(row, "kind");
	int64		from;
	int64		until;

	if (has_value(row, "branch_id", UUIDOID) && has_value(row, "resource_id", UUIDOID))
		refuse_row("a closure is of one branch or one resource, or of the whole tenant",
				   "Set branch_id, resource_id, or neither.");
	if (kind != NULL && strcmp(kind, "closure") != 0 && strcmp(kind, "out_of_office") != 0)
		refuse_row("the kind of a closure is not known",
				   "The kinds are closure and out_of_office.");
	if (instants == local || instants != has_value(row, "ends_at", TIMESTAMPTZOID) ||
		local != has_value(row, "local_end", TIMESTAMPOID))
		refuse_row("a closure has either instants or local times",
				   "Set starts_at and ends_at, or local_start and local_end.");

	from = instants ? DatumGetTimestampTz(config_value(row, "starts_at", TIMESTAMPTZOID)) :
		DatumGetTimestamp(config_value(row, "local_start", TIMESTAMPOID));
	until = instants ? DatumGetTimestampTz(config_value(row, "ends_at", TIMESTAMPTZOID)) :
		DatumGetTimestamp(config_value(row, "local_end", TIMESTAMPOID));
	if (until <= from)
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_RANGE),
				 errmsg("a closure must end after it begins")));
	if (local && (TIMESTAMP_NOT_FINITE(from) || TIMESTAMP_NOT_FINITE(until)))
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_RANGE),
				 errmsg("local times of a closure must not be infinite"),
				 errhint("Set starts_at and ends_at to close for good.")));

	if ((!TIMESTAMP_NOT_FINITE(from) && from < MIN_TIMESTAMP + EDGE_OF_TIME) ||
		(!TIMESTAMP_NOT_FINITE(until) && until >= END_TIMESTAMP - EDGE_OF_TIME))
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_RANGE),
				 errmsg("time of a closure out of range"),
				 errhint("Leave starts_at at -infinity or ends_at at infinity to close for good.")));

	if (repeats == NULL)
	{
		if (has_value(row, "repeat_until", DATEOID))
			refuse_row("repeat_until is for closures that repeat", "Set repeats too.");
		return;
	}
	if (strcmp(repeats, "daily") != 0 && strcmp(repeats, "weekly") != 0)
		refuse_row("a closure repeats daily or weekly", "Leave out repeats if it is once.");
	if (!local)
		refuse_row("a closure repeats in local time",
				   "Set local_start and local_end instead of starts_at and ends_at.");
	if (until - from > (strcmp(repeats, "weekly") == 0 ? 7 : 1) * USECS_PER_DAY)
		refuse_row("a closure must not be longer than the time in which it repeats",
				   "To close without a break, say it once.");
	if (has_value(row, "repeat_until", DATEOID) &&
		(from >= 0 ? from / USECS_PER_DAY : (from + 1) / USECS_PER_DAY - 1) >
		DatumGetDateADT(config_value(row, "repeat_until", DATEOID)))
		refuse_row("repeat_until must not be before the first day",
				   "It is the last day on which the closure begins.");
}

static void
check_opening(const ConfigRow *row)
{
	const char *table = RelationGetRelationName(row->relation);

	if (strcmp(table, "hours") == 0 || strcmp(table, "date_overrides") == 0)
		check_hours(row, strcmp(table, "hours") == 0);
	else if (strcmp(table, "closures") == 0)
		check_closure(row);
	else if (strcmp(table, "resource_zones") == 0 && date_is_infinite(row, "valid_from"))
		refuse_row("valid_from must not be infinite",
				   "The zone to begin with is the resource's time_zone.");
}

/* ---- bookings in calendars ---- */

static void
check_external_ref(const ConfigRow *row)
{
	char	   *provider = config_text(row, "provider");
	char	   *external_id = config_text(row, "external_id");

	if (provider != NULL)
		text_check_code(provider, 63);
	if (external_id != NULL && *external_id == '\0')
		refuse_row("external_id must not be empty", "It is the provider's id of the event.");
	if (external_id != NULL)
		text_check_line("external_id", external_id, MAX_EXTERNAL_ID);
	if (has_value(row, "data", JSONBOID))
	{
		Jsonb	   *data = DatumGetJsonbP(config_value(row, "data", JSONBOID));

		if (!JB_ROOT_IS_OBJECT(data) || VARSIZE(data) > MAX_EXTERNAL_DATA)
			refuse_row("data must be a JSON object of at most 64 kB",
					   "It is for what a synchronisation wants to remember.");
	}
}

/*
 * A booking comes to be in a calendar: it must be there, and a change of it
 * that is under way is waited for, so that the next one sees who manages it.
 */
static void
lock_booking(const ConfigRow *row)
{
	BookingState state;

	if (!bookings_lock(config_uuid(row, "tenant_id"), config_uuid(row, "booking_id"), true,
					   &state))
		ereport(ERROR,
				(booking_errcode(ERR_NOT_FOUND),
				 errmsg("booking %s does not exist",
						ids_text(config_uuid(row, "booking_id")))));
}

static void
check_config(const ConfigRow *row)
{
	const char *table = RelationGetRelationName(row->relation);
	static const char *const lengths[] = {
		"duration", "min_duration", "max_duration", "duration_step",
		"buffer_before", "buffer_after"
	};
	static const char *const counts[] = {
		"capacity", "quantity", "units", "min_party", "max_party", "min_nights", "max_nights"
	};
	char	   *text;
	int			column;

	column = config_column(row, "settings", JSONBOID);
	if (column >= 0 && !row->nulls[column])
		settings_validate(DatumGetJsonbP(row->values[column]), level_of_table(table));
	text = config_text(row, "time_zone");
	if (text != NULL)
		calendar_zone(text);
	text = config_text(row, "reason");
	if (text != NULL)
		text_check_line("reason", text, 200);
	check_opening(row);
	text = config_text(row, "name");
	if (text != NULL)
		text_check_line("name", text, 200);
	text = config_column(row, "name", TEXTOID) >= 0 ? config_text(row, "code") : NULL;
	if (text != NULL)
		text_check_code(text, code_max_bytes(table));
	text = config_text(row, "email");
	if (text != NULL)
		text_clean_email(text);
	text = config_text(row, "actor");
	if (text != NULL)
		text_check_line("actor", text, 200);
	text = config_text(row, "owner");
	if (text != NULL)
		text_check_line("owner", text, 200);

	for (int i = 0; i < lengthof(lengths); i++)
	{
		bool		is_buffer = strncmp(lengths[i], "buffer", 6) == 0;

		column = config_column(row, lengths[i], INTERVALOID);
		if (column >= 0 && !row->nulls[column] &&
			config_interval(DatumGetIntervalP(row->values[column])) < (is_buffer ? 0 : 1))
			ereport(ERROR,
					(booking_errcode(ERR_BAD_VALUE),
					 is_buffer ? errmsg("%s must not be negative", lengths[i]) :
					 errmsg("%s must be longer than no time", lengths[i])));
	}
	for (int i = 0; i < lengthof(counts); i++)
		check_count(row, counts[i]);
	if (strcmp(table, "services") == 0)
		check_service(row);
	else if (strcmp(table, "external_refs") == 0)
		check_external_ref(row);
}

static HeapTuple
before_config(TriggerData *trigger)
{
	HeapTuple	tuple = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ?
		trigger->tg_newtuple : trigger->tg_trigtuple;
	MemoryContext caller_memory = CurrentMemoryContext;
	ConfigRow	row;

	store_connect();
	row = config_row(trigger->tg_relation, tuple);
	fill_config(&row);
	check_config(&row);

	MemoryContextSwitchTo(caller_memory);
	tuple = heap_form_tuple(row.tupdesc, row.values, row.nulls);
	store_finish();
	return tuple;
}

/*
 * Capacity came to be 1, or more than 1: another guard takes over.  Bookings
 * that overlap stay, as overbooked ones (X12).
 */
static void
change_capacity(const ConfigRow *row)
{
	KeySet		keys = {0};
	bool		exclusive;

	exclusive = DatumGetInt32(row->values[config_column(row, "capacity", INT4OID)]) == 1;
	locks_add_whole_resource(&keys, config_uuid(row, "tenant_id"), config_uuid(row, "id"));
	locks_acquire(&keys, NULL);
	allocations_set_exclusive(config_uuid(row, "tenant_id"), config_uuid(row, "id"), exclusive);
}

/*
 * A resource came to be there, to be in use or to have other settings or
 * another capacity, or hours or closures changed: there may be room now for
 * somebody who waits (W2).  Opening hours are changed row by row, so nothing
 * is given away before they are as they are to be.
 */
static void
tell_waiting(TriggerData *trigger, const pg_uuid_t *tenant)
{
	const char *table = RelationGetRelationName(trigger->tg_relation);
	bool		is_new = TRIGGER_FIRED_BY_INSERT(trigger->tg_event);
	ConfigRow	row;

	if (strcmp(table, "resources") == 0 && !TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
	{
		row = config_row(trigger->tg_relation, is_new ? trigger->tg_trigtuple :
						 trigger->tg_newtuple);
		promotion_after_config(tenant, config_uuid(&row, "id"), true);
	}
	else if (strcmp(table, "closures") == 0 && !is_new)
		promotion_after_config(tenant, NULL, true);
	else if (strcmp(table, "hours") == 0 || strcmp(table, "date_overrides") == 0 ||
			 strcmp(table, "resource_zones") == 0)
		promotion_after_config(tenant, NULL, false);
}

static void
after_config(TriggerData *trigger)
{
	const char *table = RelationGetRelationName(trigger->tg_relation);
	bool		deleted = TRIGGER_FIRED_BY_DELETE(trigger->tg_event);
	ConfigRow	old;
	ConfigRow	new;
	const pg_uuid_t *tenant;
	const pg_uuid_t *id;

	store_connect();
	old = config_row(trigger->tg_relation, trigger->tg_trigtuple);
	id = config_uuid(&old, "id");
	tenant = strcmp(table, "tenants") == 0 ? id : config_uuid(&old, "tenant_id");

	if (strcmp(table, "external_refs") == 0 && !deleted)
	{
		new = config_row(trigger->tg_relation, TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ?
						 trigger->tg_newtuple : trigger->tg_trigtuple);
		lock_booking(&new);
	}
	else if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
	{
		int			capacity = config_column(&old, "capacity", INT4OID);

		new = config_row(trigger->tg_relation, trigger->tg_newtuple);
		if (id != NULL && (!uuid_equal(id, config_uuid(&new, "id")) ||
						   (strcmp(table, "tenants") != 0 &&
							!uuid_equal(tenant, config_uuid(&new, "tenant_id")))))
			ereport(ERROR,
					(booking_errcode(ERR_BAD_VALUE),
					 errmsg("id and tenant of a row of \"%s\" can't be changed", table)));
		if (capacity >= 0 &&
			(DatumGetInt32(old.values[capacity]) == 1) !=
			(DatumGetInt32(new.values[capacity]) == 1))
			change_capacity(&new);
	}
	else if (deleted && id != NULL &&
			 !(store_writing_derived() && intent_is_any(INTENT_MERGE)) &&
			 parents_in_use(table, tenant, id))
		ereport(ERROR,
				(booking_errcode(ERR_DELETE_REFUSED),
				 errmsg("the row of \"%s\" can't be deleted: bookings refer to it", table),
				 errhint("Set active to false to take it out of use.")));
	else if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event) && strcmp(table, "tenants") == 0)
	{
		parents_seed_tenant(id);
		/* the first tenant makes a store that the worker does not know yet */
		deadlines_note(clock_now());
	}

	tell_waiting(trigger, tenant);
	store_finish();
}

/* TRUNCATE, by CASCADE too, would empty the table under the bookings' feet. */
static void
before_truncate(TriggerData *trigger)
{
	store_connect();
	if (parents_any_booking())
		ereport(ERROR,
				(booking_errcode(ERR_DELETE_REFUSED),
				 errmsg("table \"%s\" can't be truncated: there are bookings",
						RelationGetRelationName(trigger->tg_relation))));
	store_finish();
}

/*
 * booking.config_guard(): BEFORE and AFTER each row of a configuration table,
 * and BEFORE TRUNCATE.
 */
Datum
booking_config_guard(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		(!TRIGGER_FIRED_FOR_ROW(trigger->tg_event) &&
		 !TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event)))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("booking.config_guard() is a trigger function for rows and TRUNCATE")));

	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
	{
		before_truncate(trigger);
		return PointerGetDatum(NULL);
	}
	if (TRIGGER_FIRED_BEFORE(trigger->tg_event))
		return PointerGetDatum(before_config(trigger));
	after_config(trigger);
	return PointerGetDatum(NULL);
}

/*
 * booking.config_changed(): AFTER each row (and TRUNCATE) of a table that
 * sessions keep rows of.  Always enabled: replicated rows count too.
 */
Datum
booking_config_changed(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("booking.config_changed() is a trigger function")));
	store_invalidate();
	return PointerGetDatum(NULL);
}

/*
 * booking.derived_guard(): BEFORE each statement on a table that only the
 * engine writes.  Its argument says what they are: 'write' for what follows
 * from bookings, 'append' for history, of which the engine only takes away
 * what is personal.
 */
Datum
booking_derived_guard(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	bool		append_only;

	if (!CALLED_AS_TRIGGER(fcinfo) || trigger->tg_trigger->tgnargs != 1)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("booking.derived_guard() is a trigger function with one argument")));

	append_only = strcmp(trigger->tg_trigger->tgargs[0], "append") == 0;
	if (store_writing_derived())
		return PointerGetDatum(NULL);

	ereport(ERROR,
			(booking_errcode(ERR_PERMISSION_DENIED),
			 append_only ?
			 errmsg("the rows of \"%s\" are history and can't be written",
					RelationGetRelationName(trigger->tg_relation)) :
			 errmsg("the rows of \"%s\" follow from bookings and can't be written",
					RelationGetRelationName(trigger->tg_relation)),
			 errhint("Change the booking instead.")));
}

/*
 * booking.note_guard(): BEFORE INSERT fills in author and time, AFTER INSERT
 * counts the note on its booking, which audits it.
 */
Datum
booking_note_guard(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	MemoryContext caller_memory = CurrentMemoryContext;
	HeapTuple	tuple = NULL;
	ConfigRow	row;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
		!TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("booking.note_guard() is a trigger function for inserted rows")));

	store_connect();
	row = config_row(trigger->tg_relation, trigger->tg_trigtuple);
	if (TRIGGER_FIRED_BEFORE(trigger->tg_event))
	{
		const Context *context = context_get();
		int			author = config_column(&row, "author", TEXTOID);
		int			created_at = config_column(&row, "created_at", TIMESTAMPTZOID);
		char	   *body = config_text(&row, "body");

		if (lacks(&row, "id", UUIDOID))
		{
			pg_uuid_t	id = ids_new();

			fill_uuid(&row, "id", &id);
		}
		if (lacks(&row, "tenant_id", UUIDOID))
			fill_uuid(&row, "tenant_id", context_tenant(NULL));
		if (body != NULL)
			text_check_body("body", body, 10000);
		row.nulls[author] = context->actor == NULL;
		if (context->actor != NULL)
			row.values[author] = CStringGetTextDatum(context->actor);
		row.values[created_at] = TimestampTzGetDatum(clock_now());
		row.nulls[created_at] = false;

		MemoryContextSwitchTo(caller_memory);
		tuple = heap_form_tuple(row.tupdesc, row.values, row.nulls);
	}
	else
		bookings_count_note(config_uuid(&row, "tenant_id"), config_uuid(&row, "booking_id"));
	store_finish();
	return PointerGetDatum(tuple);
}
