/*-------------------------------------------------------------------------
 *
 * bookings.c
 *	  The rows of booking.bookings as C sees them, and their statements.
 *
 * Columns are found by name, not by number: a user may have added some, and a
 * table that was migrated has its columns in another order.  The numbers are
 * kept until the table's catalog entry changes.
 *
 * Changes of bookings made by functions of the API run with the caller's
 * rights: row security and the guard decide about them exactly as they do
 * about the caller's own INSERT or UPDATE.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/rel.h"

#include "errors.h"
#include "rules/lifecycle.h"
#include "store/bookings.h"
#include "store/plan.h"

const BookingColumnInfo booking_columns[BK_COLUMN_COUNT] = {
	{"tenant_id", UUIDOID, COLUMN_KEY},
	{"id", UUIDOID, COLUMN_KEY},
	{"branch_id", UUIDOID, COLUMN_SUBJECT},
	{"service_id", UUIDOID, COLUMN_SUBJECT},
	{"status", TEXTOID, COLUMN_SUBJECT},
	{"starts_at", TIMESTAMPTZOID, COLUMN_SUBJECT},
	{"ends_at", TIMESTAMPTZOID, COLUMN_SUBJECT},
	{"during", TSTZRANGEOID, COLUMN_DERIVED},
	{"resource_ids", UUIDARRAYOID, COLUMN_SUBJECT},
	{"units", INT4OID, COLUMN_SUBJECT},
	{"customer_id", UUIDOID, COLUMN_SUBJECT},
	{"expires_at", TIMESTAMPTZOID, COLUMN_SUBJECT},
	{"version", INT4OID, COLUMN_CHANGE},
	{"reason_code", TEXTOID, COLUMN_SUBJECT},
	{"previous_status", TEXTOID, COLUMN_ENGINE},
	{"hold_ttl", INTERVALOID, COLUMN_SUBJECT},
	{"held_at", TIMESTAMPTZOID, COLUMN_ENGINE},
	{"wanted", TSTZRANGEOID, COLUMN_SUBJECT},
	{"joined_at", TIMESTAMPTZOID, COLUMN_ENGINE},
	{"local_start", TIMESTAMPOID, COLUMN_SUBJECT},
	{"time_zone", TEXTOID, COLUMN_ENGINE},
	{"price", NUMERICOID, COLUMN_SUBJECT},
	{"tax", NUMERICOID, COLUMN_ENGINE},
	{"currency", TEXTOID, COLUMN_SUBJECT},
	{"order_id", UUIDOID, COLUMN_SUBJECT},
	{"booked_by", TEXTOID, COLUMN_CHANGE},
	{"contact", JSONBOID, COLUMN_PRIVATE},
	{"title", TEXTOID, COLUMN_PRIVATE},
	{"description", TEXTOID, COLUMN_PRIVATE},
	{"attendees", JSONBOID, COLUMN_PRIVATE},
	{"party_size", INT4OID, COLUMN_SUBJECT},
	{"note_count", INT4OID, COLUMN_ENGINE},
	{"metadata", JSONBOID, COLUMN_PRIVATE},
	{"channel", TEXTOID, COLUMN_CHANGE},
	{"conversation", TEXTOID, COLUMN_PRIVATE},
	{"actor", TEXTOID, COLUMN_CHANGE},
	{"actor_kind", TEXTOID, COLUMN_CHANGE},
	{"request_id", UUIDOID, COLUMN_CHANGE},
	{"overrides", TEXTARRAYOID, COLUMN_CHANGE},
	{"change_metadata", JSONBOID, COLUMN_CHANGE},
	{"created_at", TIMESTAMPTZOID, COLUMN_ENGINE},
	{"updated_at", TIMESTAMPTZOID, COLUMN_CHANGE},
};

/* Attribute numbers of one relation (a shard has its own). */
static Oid	numbers_relid = InvalidOid;
static AttrNumber numbers[BK_COLUMN_COUNT];

static void
forget_numbers(Datum arg, Oid relid)
{
	if (!OidIsValid(relid) || relid == numbers_relid)
		numbers_relid = InvalidOid;
}

void
bookings_init(void)
{
	CacheRegisterRelcacheCallback(forget_numbers, (Datum) 0);
}

static void
find_numbers(Relation relation)
{
	TupleDesc	tupdesc = RelationGetDescr(relation);

	if (numbers_relid == RelationGetRelid(relation))
		return;

	numbers_relid = InvalidOid;
	for (int column = 0; column < BK_COLUMN_COUNT; column++)
	{
		int			number = SPI_fnumber(tupdesc, booking_columns[column].name);

		if (number <= 0 ||
			TupleDescAttr(tupdesc, number - 1)->atttypid != booking_columns[column].type)
			ereport(ERROR,
					(booking_errcode(ERR_STORE_OUTDATED),
					 errmsg("column \"%s\" of table \"%s\" is not what the engine expects",
							booking_columns[column].name,
							RelationGetRelationName(relation)),
					 errhint("Run SELECT booking.setup().")));
		numbers[column] = number;
	}
	numbers_relid = RelationGetRelid(relation);
}

/* Reads a tuple of a trigger.  The values point into it. */
void
bookings_read(Relation relation, HeapTuple tuple, BookingRow *row)
{
	TupleDesc	tupdesc = RelationGetDescr(relation);
	Datum	   *values = palloc(sizeof(Datum) * tupdesc->natts);
	bool	   *nulls = palloc(sizeof(bool) * tupdesc->natts);

	find_numbers(relation);
	heap_deform_tuple(tuple, tupdesc, values, nulls);
	for (int column = 0; column < BK_COLUMN_COUNT; column++)
	{
		row->value[column] = values[numbers[column] - 1];
		row->isnull[column] = nulls[numbers[column] - 1];
	}
	pfree(values);
	pfree(nulls);
}

/* The tuple with our columns as in row; columns that are not ours stay. */
HeapTuple
bookings_write(Relation relation, HeapTuple tuple, BookingRow *row)
{
	int			replaced[BK_COLUMN_COUNT];

	find_numbers(relation);
	for (int column = 0; column < BK_COLUMN_COUNT; column++)
		replaced[column] = numbers[column];
	return heap_modify_tuple_by_cols(tuple, RelationGetDescr(relation), BK_COLUMN_COUNT,
									 replaced, row->value, row->isnull);
}

/* A text column as a C string, NULL when null. */
char *
row_text(const BookingRow *row, BookingColumn column)
{
	return row->isnull[column] ? NULL : TextDatumGetCString(row->value[column]);
}

void
row_set_text(BookingRow *row, BookingColumn column, const char *text)
{
	if (text == NULL)
		row_clear(row, column);
	else
		row_set(row, column, CStringGetTextDatum(text));
}

BookingStatus
row_status(const BookingRow *row)
{
	return lifecycle_status(row_text(row, BK_STATUS));
}

void
row_set_status(BookingRow *row, BookingStatus status)
{
	row_set_text(row, BK_STATUS, lifecycle_status_name(status));
}

/* A list of resources; null elements and anything but a plain list are refused. */
static pg_uuid_t *
read_resources(ArrayType *array, int *count)
{
	pg_uuid_t  *ids;

	*count = 0;
	if (ARR_NDIM(array) == 0)
		return NULL;
	if (ARR_NDIM(array) != 1 || array_contains_nulls(array))
		ereport(ERROR,
				(booking_errcode(ERR_NULL_VALUE),
				 errmsg("resource ids must be a list without nulls")));
	*count = ARR_DIMS(array)[0];
	ids = palloc(sizeof(pg_uuid_t) * *count);
	memcpy(ids, ARR_DATA_PTR(array), sizeof(pg_uuid_t) * *count);
	return ids;
}

/* The resources of a booking, in the order given. */
pg_uuid_t *
row_resources(const BookingRow *row, int *count)
{
	*count = 0;
	if (row->isnull[BK_RESOURCE_IDS])
		return NULL;
	return read_resources(DatumGetArrayTypeP(row->value[BK_RESOURCE_IDS]), count);
}

/* Whether a column holds the same value in both rows. */
bool
row_same(const BookingRow *a, const BookingRow *b, BookingColumn column)
{
	int16		length;
	bool		byvalue;

	if (a->isnull[column] || b->isnull[column])
		return a->isnull[column] && b->isnull[column];
	if (a->value[column] == b->value[column])
		return true;
	get_typlenbyval(booking_columns[column].type, &length, &byvalue);
	if (length == -1)
		return datum_image_eq(a->value[column], b->value[column], false, -1);
	return datumIsEqual(a->value[column], b->value[column], byvalue, length);
}

/* ---- statements of the API ---- */

#define THIS_BOOKING " WHERE tenant_id" EQ "$1 AND id" EQ "$2 "

/*
 * What the guard made of the last change.  The functions of the API take their
 * results from here: to ask for them with RETURNING would make the executor
 * prepare a list of columns for every hold.
 */
static BookingResult last_result;
static bool last_result_valid = false;
static MemoryContext last_result_memory = NULL;

/* Notes the outcome of a change; called by the guard. */
void
bookings_note_result(const BookingRow *row)
{
	MemoryContext previous;

	last_result_valid = false;
	if (last_result_memory == NULL)
		last_result_memory = AllocSetContextCreate(TopMemoryContext, "booking result",
												   ALLOCSET_SMALL_SIZES);
	MemoryContextReset(last_result_memory);
	previous = MemoryContextSwitchTo(last_result_memory);
	last_result.id = *row_uuid(row, BK_ID);
	last_result.status = row_status(row);
	last_result.version = row_int(row, BK_VERSION);
	last_result.starts_at = row_time(row, BK_STARTS_AT);
	last_result.ends_at = row_time(row, BK_ENDS_AT);
	last_result.resource_ids = PointerGetDatum(DatumGetArrayTypePCopy(row->value[BK_RESOURCE_IDS]));
	last_result.expires_at = row_has(row, BK_EXPIRES_AT) ? row_time(row, BK_EXPIRES_AT) : DT_NOEND;
	last_result.has_order = row_has(row, BK_ORDER_ID);
	if (last_result.has_order)
		last_result.order_id = *row_uuid(row, BK_ORDER_ID);
	last_result.price = NumericGetDatum(DatumGetNumericCopy(row->value[BK_PRICE]));
	last_result.tax = NumericGetDatum(DatumGetNumericCopy(row->value[BK_TAX]));
	last_result.currency = row_text(row, BK_CURRENCY);
	last_result.updated_at = row_time(row, BK_UPDATED_AT);
	MemoryContextSwitchTo(previous);
	last_result_valid = true;
}

/* The noted outcome, if it is of this booking, in memory of the caller's. */
static BookingResult *
noted_result(const pg_uuid_t *id)
{
	BookingResult *result;

	if (!last_result_valid || !uuid_equal(&last_result.id, id))
		return NULL;
	result = palloc(sizeof(BookingResult));
	*result = last_result;
	result->resource_ids = PointerGetDatum(DatumGetArrayTypePCopy(last_result.resource_ids));
	result->price = NumericGetDatum(DatumGetNumericCopy(last_result.price));
	result->tax = NumericGetDatum(DatumGetNumericCopy(last_result.tax));
	result->currency = pstrdup(last_result.currency);
	return result;
}

/* The booking as it is; NULL when there is none that the caller may see. */
BookingResult *
bookings_read_result(const pg_uuid_t *tenant, const pg_uuid_t *id)
{
	static StorePlan plan = {
		"SELECT status, version, starts_at, ends_at, resource_ids, expires_at, "
		"order_id, price, currency, updated_at, tax FROM booking.bookings" THIS_BOOKING,
		2, {UUIDOID, UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(id)};
	MemoryContext context = CurrentMemoryContext;
	BookingResult *result;
	bool		isnull;

	if (store_execute(&plan, values, NULL, STORE_CALLER) == 0)
		return NULL;
	result = palloc(sizeof(BookingResult));
	result->id = *id;
	result->status = lifecycle_status(store_text_column(context, 0, 1));
	result->version = DatumGetInt32(store_column(0, 2, NULL));
	result->starts_at = DatumGetTimestampTz(store_column(0, 3, NULL));
	result->ends_at = DatumGetTimestampTz(store_column(0, 4, NULL));
	result->resource_ids = store_copy_column(context, 0, 5, NULL);
	result->expires_at = DatumGetTimestampTz(store_column(0, 6, &isnull));
	if (isnull)
		result->expires_at = DT_NOEND;
	result->order_id = store_uuid_column(0, 7, &isnull);
	result->has_order = !isnull;
	result->price = store_copy_column(context, 0, 8, NULL);
	result->currency = store_text_column(context, 0, 9);
	result->updated_at = DatumGetTimestampTz(store_column(0, 10, NULL));
	result->tax = store_copy_column(context, 0, 11, NULL);
	return result;
}

/* Runs one of the UPDATEs below; NULL when there was no such booking. */
static BookingResult *
update_own(StorePlan *plan, Datum *values, const char *nulls)
{
	const pg_uuid_t *tenant = DatumGetUUIDP(values[0]);
	const pg_uuid_t *id = DatumGetUUIDP(values[1]);
	BookingResult *result;

	last_result_valid = false;
	if (store_execute(plan, values, nulls, STORE_CALLER | STORE_OWN_ROW) == 0)
		return NULL;
	result = noted_result(id);

	/* an UPDATE that changed nothing leaves no note, or a user's trigger another */
	return result ? result : bookings_read_result(tenant, id);
}

/*
 * Locks a booking's row as an UPDATE would and tells its state.  False when
 * there is none, or none that the caller may see, or unless wait, when
 * somebody else has it.
 */
bool
bookings_lock(const pg_uuid_t *tenant, const pg_uuid_t *id, bool wait, BookingState *state)
{
#define LOCK_BOOKING \
		"SELECT status, version, starts_at, ends_at, expires_at, service_id, " \
		"branch_id, time_zone, currency, price, reason_code, resource_ids, previous_status, " \
		"order_id, booked_by " \
		"FROM booking.bookings" THIS_BOOKING "FOR NO KEY UPDATE"
	static StorePlan waiting = {LOCK_BOOKING, 2, {UUIDOID, UUIDOID}};
	static StorePlan skipping = {LOCK_BOOKING " SKIP LOCKED", 2, {UUIDOID, UUIDOID}};
	Datum		values[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(id)};
	MemoryContext context = CurrentMemoryContext;
	bool		isnull;

	if (store_execute(wait ? &waiting : &skipping, values, NULL, STORE_CALLER) == 0)
		return false;
	state->status = lifecycle_status(store_text_column(context, 0, 1));
	state->version = DatumGetInt32(store_column(0, 2, NULL));
	state->starts_at = DatumGetTimestampTz(store_column(0, 3, NULL));
	state->ends_at = DatumGetTimestampTz(store_column(0, 4, NULL));
	state->expires_at = DatumGetTimestampTz(store_column(0, 5, &isnull));
	if (isnull)
		state->expires_at = DT_NOEND;
	state->service_id = store_uuid_column(0, 6, NULL);
	state->branch_id = store_uuid_column(0, 7, NULL);
	state->time_zone = store_text_column(context, 0, 8);
	state->currency = store_text_column(context, 0, 9);
	state->price = store_copy_column(context, 0, 10, NULL);
	state->reason_code = store_text_column(context, 0, 11);
	state->order_id = store_uuid_column(0, 14, &isnull);
	state->has_order = !isnull;
	state->resource_ids =
		read_resources(DatumGetArrayTypeP(store_copy_column(context, 0, 12, NULL)),
					   &state->resource_count);
	state->previous_status = store_text_column(context, 0, 13);
	state->booked_by = store_text_column(context, 0, 15);
	return true;
}

/* Names of columns for a statement that is put together once, in order. */
static void
append_columns(StringInfo sql, const char *form, bool (*wanted) (BookingColumn), int parameter)
{
	bool		first = true;

	for (int column = 0; column < BK_COLUMN_COUNT; column++)
	{
		if (!wanted(column))
			continue;
		appendStringInfoString(sql, first ? "" : ", ");
		appendStringInfo(sql, form, booking_columns[column].name, parameter++);
		first = false;
	}
}

static bool
any_column(BookingColumn column)
{
	return true;
}

/* Columns that are part of a booking's state, not of the change that led to it. */
static bool
state_column(BookingColumn column)
{
	ColumnRole	role = booking_columns[column].role;

	return role == COLUMN_SUBJECT || role == COLUMN_PRIVATE || role == COLUMN_ENGINE;
}

/* As bookings_lock(), for all of the row. */
bool
bookings_lock_row(const pg_uuid_t *tenant, const pg_uuid_t *id, bool wait, BookingRow *row)
{
	static StorePlan waiting = {NULL, 2, {UUIDOID, UUIDOID}};
	static StorePlan skipping = {NULL, 2, {UUIDOID, UUIDOID}};
	StorePlan  *plan = wait ? &waiting : &skipping;
	Datum		values[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(id)};
	MemoryContext context = CurrentMemoryContext;

	if (plan->sql == NULL)
	{
		StringInfoData sql;
		MemoryContext previous = MemoryContextSwitchTo(TopMemoryContext);

		initStringInfo(&sql);
		appendStringInfoString(&sql, "SELECT ");
		append_columns(&sql, "%s", any_column, 0);
		appendStringInfo(&sql, " FROM booking.bookings" THIS_BOOKING "FOR NO KEY UPDATE%s",
						 wait ? "" : " SKIP LOCKED");
		plan->sql = sql.data;
		MemoryContextSwitchTo(previous);
	}
	if (store_execute(plan, values, NULL, STORE_CALLER) == 0)
		return false;
	for (int column = 0; column < BK_COLUMN_COUNT; column++)
		row->value[column] = store_copy_column(context, 0, column + 1, &row->isnull[column]);
	SPI_freetuptable(SPI_tuptable);
	return true;
}

/* Puts back all of a booking's state; the guard has been told what is meant. */
BookingResult *
bookings_restore(const BookingRow *row)
{
	static StorePlan plan = {NULL};
	Datum		values[STORE_MAX_ARGS];
	char		nulls[STORE_MAX_ARGS];

	if (plan.sql == NULL)
	{
		StringInfoData sql;
		MemoryContext previous = MemoryContextSwitchTo(TopMemoryContext);

		initStringInfo(&sql);
		appendStringInfoString(&sql, "UPDATE booking.bookings SET ");
		append_columns(&sql, "%s = $%d", state_column, 3);
		appendStringInfoString(&sql, THIS_BOOKING);
		plan.argtypes[0] = UUIDOID;
		plan.argtypes[1] = UUIDOID;
		plan.nargs = 2;
		for (int column = 0; column < BK_COLUMN_COUNT; column++)
			if (state_column(column))
				plan.argtypes[plan.nargs++] = booking_columns[column].type;
		plan.sql = sql.data;
		MemoryContextSwitchTo(previous);
	}
	values[0] = row->value[BK_TENANT_ID];
	values[1] = row->value[BK_ID];
	nulls[0] = nulls[1] = ' ';
	for (int column = 0, i = 2; column < BK_COLUMN_COUNT; column++)
		if (state_column(column))
		{
			values[i] = row->value[column];
			nulls[i++] = row->isnull[column] ? 'n' : ' ';
		}
	return update_own(&plan, values, nulls);
}

/* ---- the same for many bookings ---- */

/*
 * Locks the rows of bookings in the order of their ids, as bulk work does, and
 * leaves in the last result what bookings_found() reads.  Returns how many
 * there are that the caller may see.
 */
int
bookings_lock_all(const pg_uuid_t *tenant, ArrayType *ids)
{
	static StorePlan plan = {
		"SELECT id, status, version, starts_at, ends_at, service_id, branch_id, resource_ids, "
		"customer_id, order_id, booked_by FROM booking.bookings "
		"WHERE tenant_id" EQ "$1 AND id" EQ "ANY ($2) ORDER BY id FOR NO KEY UPDATE",
		2, {UUIDOID, UUIDARRAYOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant), PointerGetDatum(ids)};

	return (int) store_execute(&plan, values, NULL, STORE_CALLER);
}

/* A row of the last result of bookings_lock_all(). */
void
bookings_found(int row, BookingFound *found)
{
	MemoryContext context = CurrentMemoryContext;
	char	   *status = store_text_column(context, row, 2);
	bool		isnull;

	found->id = store_uuid_column(row, 1, NULL);
	found->status = lifecycle_status(status);
	pfree(status);
	found->version = DatumGetInt32(store_column(row, 3, NULL));
	found->slot.from = DatumGetTimestampTz(store_column(row, 4, NULL));
	found->slot.until = DatumGetTimestampTz(store_column(row, 5, NULL));
	found->service_id = store_uuid_column(row, 6, NULL);
	found->branch_id = store_uuid_column(row, 7, NULL);
	found->resource_ids =
		read_resources(DatumGetArrayTypeP(store_copy_column(context, row, 8, NULL)),
					   &found->resource_count);
	found->customer_id = store_uuid_column(row, 9, &isnull);
	found->has_customer = !isnull;
	found->order_id = store_uuid_column(row, 10, &isnull);
	found->has_order = !isnull;
	found->booked_by = store_text_column(context, row, 11);
}

#define CHANGED " RETURNING b.id, b.status, b.version, b.updated_at"

/*
 * The next two change many bookings by one statement, and leave in the last
 * result what bookings_changed() reads.
 */

int
bookings_cancel_all(const pg_uuid_t *tenant, ArrayType *ids, const char *reason)
{
	static StorePlan plan = {
		"UPDATE booking.bookings AS b SET status = 'cancelled', "
		"reason_code = COALESCE($3, b.reason_code) "
		"WHERE b.tenant_id" EQ "$1 AND b.id" EQ "ANY ($2)" CHANGED,
		3, {UUIDOID, UUIDARRAYOID, TEXTOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), PointerGetDatum(ids),
		reason ? CStringGetTextDatum(reason) : (Datum) 0
	};

	return (int) store_execute(&plan, values, reason ? NULL : "  n",
							   STORE_CALLER | STORE_OWN_ROW);
}

/*
 * Puts a resource in the place of the first one of its kind; with NULL all resources
 * are left for the guard to choose.  Bookings that have it stay as they are.
 */
int
bookings_reassign_all(const pg_uuid_t *tenant, ArrayType *ids, const pg_uuid_t *resource)
{
	static StorePlan one = {
		"UPDATE booking.bookings AS b SET resource_ids = pg_catalog.array_prepend($3, "
		"ARRAY(SELECT o.id FROM (SELECT u.id, u.n, had.kind" EQ "gets.kind AS alike, "
		"pg_catalog.row_number() OVER (PARTITION BY had.kind ORDER BY u.n) AS place "
		"FROM pg_catalog.unnest(b.resource_ids) WITH ORDINALITY AS u (id, n) "
		"JOIN booking.resources AS had ON had.tenant_id" EQ "$1 AND had.id" EQ "u.id "
		"JOIN booking.resources AS gets ON gets.tenant_id" EQ "$1 AND gets.id" EQ "$3) AS o "
		"WHERE NOT (o.alike AND o.place" EQ "1) ORDER BY o.n)) "
		"WHERE b.tenant_id" EQ "$1 AND b.id" EQ "ANY ($2) "
		"AND NOT $3" EQ "ANY (b.resource_ids)" CHANGED,
		3, {UUIDOID, UUIDARRAYOID, UUIDOID}
	};
	static StorePlan any = {
		"UPDATE booking.bookings AS b SET resource_ids = '{}' "
		"WHERE b.tenant_id" EQ "$1 AND b.id" EQ "ANY ($2)" CHANGED,
		2, {UUIDOID, UUIDARRAYOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), PointerGetDatum(ids), UUIDPGetDatum(resource)
	};

	return (int) store_execute(resource ? &one : &any, values, NULL,
							   STORE_CALLER | STORE_OWN_ROW);
}

void
bookings_changed(int row, BookingChanged *changed)
{
	char	   *status = store_text_column(CurrentMemoryContext, row, 2);

	changed->id = store_uuid_column(row, 1, NULL);
	changed->status = lifecycle_status(status);
	pfree(status);
	changed->version = DatumGetInt32(store_column(row, 3, NULL));
	changed->at = DatumGetTimestampTz(store_column(row, 4, NULL));
}

/*
 * Reads a booking as the calling query sees it, with the caller's rights; false
 * if there is none.
 */
bool
bookings_find(const pg_uuid_t *tenant, const pg_uuid_t *id, BookingRow *row)
{
	static StorePlan plan = {NULL, 2, {UUIDOID, UUIDOID}};
	MemoryContext memory = CurrentMemoryContext;
	Datum		values[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(id)};

	if (plan.sql == NULL)
	{
		MemoryContext previous = MemoryContextSwitchTo(TopMemoryContext);
		StringInfoData sql;

		initStringInfo(&sql);
		appendStringInfoString(&sql, "SELECT ");
		append_columns(&sql, "%s", any_column, 0);
		appendStringInfoString(&sql, " FROM booking.bookings" THIS_BOOKING);
		plan.sql = sql.data;
		MemoryContextSwitchTo(previous);
	}
	if (store_execute(&plan, values, NULL, STORE_CALLER | STORE_READ) == 0)
		return false;
	for (int column = 0; column < BK_COLUMN_COUNT; column++)
		row->value[column] = store_copy_column(memory, 0, column + 1, &row->isnull[column]);
	return true;
}

/* Inserts what hold() and book() say of a booking; the guard fills in the rest. */
BookingResult *
bookings_insert(const BookingRow *row)
{
	static StoreInsert insert = {"booking.bookings"};
	BookingResult *result;

	if (insert.count == 0)
	{
		for (int column = 0; column < BK_COLUMN_COUNT; column++)
		{
			insert.columns[column].name = booking_columns[column].name;
			insert.columns[column].type = booking_columns[column].type;
		}
		insert.count = BK_COLUMN_COUNT;
	}
	last_result_valid = false;
	store_insert(&insert, row->value, row->isnull, STORE_CALLER);
	result = noted_result(row_uuid(row, BK_ID));

	/* the last change may be one that a user's trigger made of another */
	if (result == NULL)
		result = bookings_read_result(row_uuid(row, BK_TENANT_ID), row_uuid(row, BK_ID));
	if (result == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
				 errmsg("a trigger kept the booking from being inserted")));
	return result;
}

/* reason may be NULL: the one on the booking stays. */
BookingResult *
bookings_set_status(const pg_uuid_t *tenant, const pg_uuid_t *id,
					BookingStatus status, const char *reason)
{
	static StorePlan plan = {
		"UPDATE booking.bookings SET status = $3, reason_code = COALESCE($4, reason_code)"
		THIS_BOOKING,
		4, {UUIDOID, UUIDOID, TEXTOID, TEXTOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(id),
		CStringGetTextDatum(lifecycle_status_name(status)),
		reason ? CStringGetTextDatum(reason) : (Datum) 0
	};

	return update_own(&plan, values, reason ? NULL : "   n");
}

/* Gives somebody who waits a slot. */
BookingResult *
bookings_promote(const pg_uuid_t *tenant, const pg_uuid_t *id, BookingStatus status,
				 TimeSpan slot)
{
	static StorePlan plan = {
		"UPDATE booking.bookings SET status = $3, starts_at = $4, ends_at = $5" THIS_BOOKING,
		5, {UUIDOID, UUIDOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(id),
		CStringGetTextDatum(lifecycle_status_name(status)),
		TimestampTzGetDatum(slot.from), TimestampTzGetDatum(slot.until)
	};

	return update_own(&plan, values, NULL);
}

/*
 * Takes status, customer, contact and order from the row; without a customer
 * there, the one on the hold, if any, stays.
 */
BookingResult *
bookings_checkout(const BookingRow *row)
{
	static const BookingColumn columns[] = {
		BK_TENANT_ID, BK_ID, BK_STATUS, BK_CUSTOMER_ID, BK_CONTACT, BK_ORDER_ID
	};
	static StorePlan plan = {
		"UPDATE booking.bookings SET status = $3, "
		"customer_id = COALESCE($4, customer_id), contact = $5, order_id = $6"
		THIS_BOOKING,
		6, {UUIDOID, UUIDOID, TEXTOID, UUIDOID, JSONBOID, UUIDOID}
	};
	Datum		values[lengthof(columns)];
	char		nulls[lengthof(columns)];

	for (int i = 0; i < lengthof(columns); i++)
	{
		values[i] = row->value[columns[i]];
		nulls[i] = row->isnull[columns[i]] ? 'n' : ' ';
	}
	return update_own(&plan, values, nulls);
}

/*
 * Takes a hold anew: a null expires_at asks the guard for "now + hold_ttl".
 * ttl may be NULL: as long as it was held before.
 */
BookingResult *
bookings_renew(const pg_uuid_t *tenant, const pg_uuid_t *id, const Interval *ttl)
{
	static StorePlan plan = {
		"UPDATE booking.bookings SET status = 'held', reason_code = NULL, expires_at = NULL, "
		"hold_ttl = COALESCE($3, hold_ttl)"
		THIS_BOOKING,
		3, {UUIDOID, UUIDOID, INTERVALOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(id),
		ttl ? IntervalPGetDatum(ttl) : (Datum) 0
	};

	return update_own(&plan, values, ttl ? NULL : "  n");
}

/* Moves a booking; overrides are names of rules, or NULL. */
BookingResult *
bookings_move(const pg_uuid_t *tenant, const pg_uuid_t *id, TimeSpan slot, ArrayType *overrides)
{
	static StorePlan plan = {
		"UPDATE booking.bookings SET starts_at = $3, ends_at = $4, overrides = $5"
		THIS_BOOKING,
		5, {UUIDOID, UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTARRAYOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(id),
		TimestampTzGetDatum(slot.from), TimestampTzGetDatum(slot.until),
		PointerGetDatum(overrides)
	};

	return update_own(&plan, values, overrides ? NULL : "    n");
}

BookingResult *
bookings_reassign(const pg_uuid_t *tenant, const pg_uuid_t *id, ArrayType *resource_ids,
				  ArrayType *overrides)
{
	static StorePlan plan = {
		"UPDATE booking.bookings SET resource_ids = $3, overrides = $4"
		THIS_BOOKING,
		4, {UUIDOID, UUIDOID, UUIDARRAYOID, TEXTARRAYOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(id), PointerGetDatum(resource_ids),
		PointerGetDatum(overrides)
	};

	return update_own(&plan, values, overrides ? NULL : "   n");
}

/* Changes what of a booking is given: all at once, so that it is one change. */
BookingResult *
bookings_amend(const pg_uuid_t *tenant, const pg_uuid_t *id, const Amendment *amendment)
{
	static const BookingColumn columns[] = {
		BK_UNITS, BK_PARTY_SIZE, BK_SERVICE_ID, BK_RESOURCE_IDS, BK_METADATA,
		BK_CUSTOMER_ID, BK_TITLE, BK_DESCRIPTION, BK_ATTENDEES, BK_OVERRIDES
	};
	/* of those that may become null, whether they are given */
	static const BookingColumn nullable[] = {
		BK_CUSTOMER_ID, BK_TITLE, BK_DESCRIPTION, BK_ATTENDEES
	};
	static StorePlan plan = {
		"UPDATE booking.bookings SET units = COALESCE($3, units), "
		"party_size = COALESCE($4, party_size), service_id = COALESCE($5, service_id), "
		"resource_ids = COALESCE($6, resource_ids), metadata = COALESCE($7, metadata), "
		"customer_id = CASE WHEN $13 THEN $8 ELSE customer_id END, "
		"title = CASE WHEN $14 THEN $9 ELSE title END, "
		"description = CASE WHEN $15 THEN $10 ELSE description END, "
		"attendees = CASE WHEN $16 THEN $11 ELSE attendees END, overrides = $12"
		THIS_BOOKING,
		16, {
			UUIDOID, UUIDOID, INT4OID, INT4OID, UUIDOID, UUIDARRAYOID, JSONBOID, UUIDOID,
			TEXTOID, TEXTOID, JSONBOID, TEXTARRAYOID, BOOLOID, BOOLOID, BOOLOID, BOOLOID
		}
	};
	Datum		values[2 + lengthof(columns) + lengthof(nullable)] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(id)
	};
	char		nulls[2 + lengthof(columns) + lengthof(nullable)];

	memset(nulls, ' ', sizeof(nulls));
	for (int i = 0; i < lengthof(columns); i++)
	{
		values[2 + i] = amendment->row.value[columns[i]];
		nulls[2 + i] = amendment->row.isnull[columns[i]] ? 'n' : ' ';
	}
	for (int i = 0; i < lengthof(nullable); i++)
		values[2 + lengthof(columns) + i] = BoolGetDatum(amendment->given[nullable[i]]);
	return update_own(&plan, values, nulls);
}

/* Gives a booking to another customer. */
BookingResult *
bookings_set_customer(const pg_uuid_t *tenant, const pg_uuid_t *id, const pg_uuid_t *customer)
{
	static StorePlan plan = {
		"UPDATE booking.bookings SET customer_id = $3" THIS_BOOKING,
		3, {UUIDOID, UUIDOID, UUIDOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(id), UUIDPGetDatum(customer)
	};

	return update_own(&plan, values, NULL);
}

/* A note was added: counting it changes the booking, and so audits the note. */
void
bookings_count_note(const pg_uuid_t *tenant, const pg_uuid_t *id)
{
	static StorePlan plan = {
		"UPDATE booking.bookings SET note_count = note_count OPERATOR(pg_catalog.+) 1"
		THIS_BOOKING,
		2, {UUIDOID, UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(id)};

	if (store_execute(&plan, values, NULL, STORE_CALLER | STORE_DERIVED) == 0)
		ereport(ERROR,
				(booking_errcode(ERR_NOT_FOUND),
				 errmsg("the booking of the note does not exist")));
}

/*
 * ---- statements of the expiry ----
 *
 * A status lapses at expires_at: a hold, a request for approval (setting
 * pending_ttl), an undecided request for cancellation and a place on the waiting
 * list do (K4, L4, H7, W1).
 */

/*
 * Ends those of the bookings whose status has lapsed and that nobody else is
 * changing right now; the guard passes over those whose keys it can't have.
 */
uint64
bookings_end_expired(const pg_uuid_t *tenant, ArrayType *ids, TimestampTz now,
					 const pg_uuid_t *request_id)
{
	static StorePlan plan = {
		"UPDATE booking.bookings AS b SET status = 'cancelled', reason_code = CASE "
		"WHEN b.status" EQ "'held' THEN 'hold_expired' "
		"WHEN b.status" EQ "'pending' THEN 'pending_expired' "
		"WHEN b.status" EQ "'waitlisted' THEN 'waitlist_lapsed' ELSE 'request_lapsed' END, "
		"actor = 'booking expiry', actor_kind = 'system', request_id = $4 "
		"FROM (SELECT id FROM booking.bookings WHERE tenant_id" EQ "$1 "
		"AND id" EQ "ANY ($2) AND expires_at" LE "$3 "
		"ORDER BY id FOR NO KEY UPDATE SKIP LOCKED) AS e "
		"WHERE b.tenant_id" EQ "$1 AND b.id" EQ "e.id",
		4, {UUIDOID, UUIDARRAYOID, TIMESTAMPTZOID, UUIDOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), PointerGetDatum(ids), TimestampTzGetDatum(now),
		UUIDPGetDatum(request_id)
	};

	return store_execute(&plan, values, NULL, STORE_OWNER);
}

/* Ids of at most max bookings whose status has lapsed, the oldest first. */
pg_uuid_t *
bookings_find_expired(const pg_uuid_t *tenant, TimestampTz now, int max, int *count)
{
	static StorePlan plan = {
		"SELECT id FROM booking.bookings WHERE tenant_id" EQ "$1 "
		"AND expires_at IS NOT NULL AND expires_at" LE "$2 ORDER BY expires_at LIMIT $3",
		3, {UUIDOID, TIMESTAMPTZOID, INT4OID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), TimestampTzGetDatum(now), Int32GetDatum(max)
	};

	store_execute(&plan, values, NULL, STORE_OWNER);
	return store_uuid_list(count);
}

/*
 * The next two ask the index once for each tenant; over all of them it would
 * have to be read from end to end.
 */

/* Tenants with bookings whose status has lapsed. */
pg_uuid_t *
bookings_tenants_with_expired(TimestampTz now, int *count)
{
	static StorePlan plan = {
		"SELECT t.id FROM booking.tenants AS t CROSS JOIN LATERAL ("
		"SELECT b.expires_at FROM booking.bookings AS b WHERE b.tenant_id" EQ "t.id "
		"AND b.expires_at IS NOT NULL AND b.expires_at" LE "$1 "
		"ORDER BY b.expires_at LIMIT 1) AS due",
		1, {TIMESTAMPTZOID}
	};
	Datum		values[] = {TimestampTzGetDatum(now)};

	store_execute(&plan, values, NULL, STORE_OWNER);
	return store_uuid_list(count);
}

/* When the next status lapses after an instant; DT_NOEND when none does. */
TimestampTz
bookings_next_expiry(TimestampTz after)
{
	static StorePlan plan = {
		"SELECT pg_catalog.min(next.expires_at) FROM booking.tenants AS t CROSS JOIN LATERAL ("
		"SELECT b.expires_at FROM booking.bookings AS b WHERE b.tenant_id" EQ "t.id "
		"AND b.expires_at IS NOT NULL AND b.expires_at" GT "$1 "
		"ORDER BY b.expires_at LIMIT 1) AS next",
		1, {TIMESTAMPTZOID}
	};
	Datum		values[] = {TimestampTzGetDatum(after)};
	bool		isnull;
	Datum		value;

	store_execute(&plan, values, NULL, STORE_OWNER);
	value = store_column(0, 1, &isnull);
	return isnull ? DT_NOEND : DatumGetTimestampTz(value);
}

/* How many live holds an actor has, not counting one booking. */
int
bookings_count_live_holds(const pg_uuid_t *tenant, const char *actor,
						  TimestampTz now, const pg_uuid_t *except)
{
	static StorePlan plan = {
		"SELECT pg_catalog.count(*) FROM booking.bookings "
		"WHERE tenant_id" EQ "$1 AND expires_at IS NOT NULL AND expires_at" GT "$3 "
		"AND status" EQ "'held' AND booked_by" EQ "$2 AND id" NE "$4",
		4, {UUIDOID, TEXTOID, TIMESTAMPTZOID, UUIDOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), CStringGetTextDatum(actor), TimestampTzGetDatum(now),
		UUIDPGetDatum(except)
	};

	store_execute(&plan, values, NULL, STORE_OWNER);
	return (int) DatumGetInt64(store_column(0, 1, NULL));
}
