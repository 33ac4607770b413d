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
#include "utils/rel.h"

#include "engine/clock.h"
#include "engine/context.h"
#include "engine/deadlines.h"
#include "engine/locks.h"
#include "errors.h"
#include "rules/calendar.h"
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

static void
check_config(const ConfigRow *row)
{
	const char *table = RelationGetRelationName(row->relation);
	static const char *const lengths[] = {"duration", "buffer_before", "buffer_after"};
	static const char *const counts[] = {"capacity", "quantity", "units", "min_party", "max_party"};
	char	   *text;
	int			column;

	column = config_column(row, "settings", JSONBOID);
	if (column >= 0 && !row->nulls[column])
		settings_validate(DatumGetJsonbP(row->values[column]), level_of_table(table));
	text = config_text(row, "time_zone");
	if (text != NULL)
		calendar_zone(text);
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
		column = config_column(row, lengths[i], INTERVALOID);
		if (column >= 0 && !row->nulls[column] &&
			config_interval(DatumGetIntervalP(row->values[column])) < (i == 0 ? 1 : 0))
			ereport(ERROR,
					(booking_errcode(ERR_BAD_VALUE),
					 i == 0 ? errmsg("%s must be longer than no time", lengths[i]) :
					 errmsg("%s must not be negative", lengths[i])));
	}
	for (int i = 0; i < lengthof(counts); i++)
		check_count(row, counts[i]);
	column = config_column(row, "price", NUMERICOID);
	if (column >= 0 && !row->nulls[column])
	{
		/* a tenant that isn't there is the foreign key's to refuse */
		text = config_text(row, "currency");
		if (text == NULL)
			text = config_currency(config_uuid(row, "tenant_id"));
		money_check(DatumGetNumeric(row->values[column]), text ? text : "XXX");
	}
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

/* Capacity came to be 1, or more than 1: another guard takes over. */
static void
change_capacity(const ConfigRow *row)
{
	KeySet		keys = {0};
	bool		exclusive;
	MemoryContext memory = CurrentMemoryContext;

	exclusive = DatumGetInt32(row->values[config_column(row, "capacity", INT4OID)]) == 1;
	locks_add_whole_resource(&keys, config_uuid(row, "tenant_id"), config_uuid(row, "id"));
	locks_acquire(&keys, NULL);

	PG_TRY();
	{
		allocations_set_exclusive(config_uuid(row, "tenant_id"), config_uuid(row, "id"),
								  exclusive);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(memory);
		error = CopyErrorData();
		if (error->sqlerrcode != ERRCODE_EXCLUSION_VIOLATION)
			PG_RE_THROW();
		FlushErrorState();
		ereport(ERROR,
				(booking_errcode(ERR_CAPACITY_FULL),
				 errmsg("resource \"%s\" has overlapping bookings, so its capacity can't be 1",
						config_text(row, "code")),
				 errhint("Move or cancel them first.")));
	}
	PG_END_TRY();
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

	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
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
	else if (deleted && id != NULL && parents_in_use(table, tenant, id))
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
 * engine writes.  Its argument says what the engine itself may do there:
 * 'write', or 'append' for history.
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
	if (store_writing_derived() &&
		(!append_only || TRIGGER_FIRED_BY_INSERT(trigger->tg_event)))
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
