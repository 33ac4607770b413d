/*-------------------------------------------------------------------------
 *
 * plan.c
 *	  Running the engine's SQL: prepared once per session, as the right role,
 *	  with the right snapshot.
 *
 * A statement is planned at its first use and kept for the session.  The plan
 * cache revalidates it by itself when a table changes.  A plan is never freed:
 * a user's trigger may bring the same statement about again while it runs.
 *
 * Snapshots.  In READ COMMITTED every statement sees what is committed when
 * it begins.  Above it, a statement under the transaction's snapshot would
 * not see the booking that a lock wait was about; therefore all of the
 * engine's statements run with the latest snapshot there.  Only the caller's
 * own booking row is checked against the transaction's snapshot too
 * (STORE_OWN_ROW), so that nobody overwrites what they have not seen.
 * Functions that only show what there is keep to the snapshot of the query
 * that calls them (STORE_READ), so that its parts agree with each other.
 *
 * Roles.  Statements of the guards run as the owner of the store, as those of
 * foreign-key triggers do, so that clients need no rights on internal tables.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rangetypes.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

#include "compat.h"
#include "errors.h"
#include "store/plan.h"
#include "store/store_state.h"

/* Depth of statements that may write allocations and the audit trail. */
static int	derived_depth = 0;

/*
 * Connects to SPI; every store function needs that.  Memory palloc'd while
 * connected goes away with store_finish().
 */
void
store_connect(void)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
}

void
store_finish(void)
{
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "could not disconnect from SPI");
}

static SPIPlanPtr
prepared(StorePlan *statement)
{
	SPIPlanPtr	plan;

	if (statement->plan != NULL)
		return statement->plan;

	/*
	 * Always the generic plan: none of these statements has anything to gain
	 * from a look at its arguments, and one with an array would be planned
	 * anew each time.
	 */
	plan = SPI_prepare_cursor(statement->sql, statement->nargs, statement->argtypes,
							  CURSOR_OPT_GENERIC_PLAN);
	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\": %s",
			 statement->sql, SPI_result_code_string(SPI_result));
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "could not keep the plan of \"%s\"", statement->sql);
	statement->plan = plan;
	return plan;
}

/* Has a statement prepared anew, because the types of its arguments changed. */
void
store_forget_plan(StorePlan *statement)
{
	if (statement->plan != NULL)
		SPI_freeplan(statement->plan);
	statement->plan = NULL;
}

/* A type of the store's own, by name. */
Oid
store_type(const char *name)
{
	Oid			schema = get_namespace_oid("booking", false);
	Oid			type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(name),
									   ObjectIdGetDatum(schema));

	if (!OidIsValid(type))
		ereport(ERROR,
				(booking_errcode(ERR_STORE_OUTDATED),
				 errmsg("type \"%s\" of the booking store does not exist", name),
				 errhint("Run SELECT booking.setup().")));
	return type;
}

/* Executes a plan that may write what only the engine writes. */
static int
execute_derived(SPIPlanPtr plan, Datum *values, const char *nulls,
				Snapshot snapshot, Snapshot crosscheck)
{
	int			result;

	derived_depth++;
	PG_TRY();
	{
		result = SPI_execute_snapshot(plan, values, nulls, snapshot, crosscheck,
									  false, true, 0);
	}
	PG_FINALLY();
	{
		derived_depth--;
	}
	PG_END_TRY();
	return result;
}

/*
 * Runs a statement and returns the number of rows it touched; rows it
 * returned are in SPI_tuptable.
 */
uint64
store_execute(StorePlan *statement, Datum *values, const char *nulls, int how)
{
	Oid			caller;
	Oid			owner = InvalidOid;
	int			caller_context;
	Snapshot	snapshot = InvalidSnapshot;
	Snapshot	crosscheck = InvalidSnapshot;
	MemoryContext memory = CurrentMemoryContext;
	SPIPlanPtr	plan;
	int			result;

	/* a leader of parallel workers can't have another snapshot, and only reads */
	if (IsInParallelMode())
		how |= STORE_READ;

	/* prepare as the role that runs it: row security is decided there */
	GetUserIdAndSecContext(&caller, &caller_context);
	if ((how & STORE_CALLER) == 0)
	{
		owner = store_owner();
		if (owner != caller)
			SetUserIdAndSecContext(owner, caller_context |
								   SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	}

	plan = prepared(statement);

	if (IsolationUsesXactSnapshot() && (how & STORE_READ) == 0)
	{
		CommandCounterIncrement();
		snapshot = GetLatestSnapshot();
		if (how & STORE_OWN_ROW)
			crosscheck = GetTransactionSnapshot();
	}

	if (how & STORE_DERIVED)
		result = execute_derived(plan, values, nulls, snapshot, crosscheck);
	else
		result = SPI_execute_snapshot(plan, values, nulls, snapshot, crosscheck,
									  (how & STORE_READ) != 0, true, 0);

	if (OidIsValid(owner) && owner != caller)
		SetUserIdAndSecContext(caller, caller_context);
	/* SPI leaves its own memory context behind */
	MemoryContextSwitchTo(memory);

	if (result < 0)
		elog(ERROR, "could not execute \"%s\": %s",
			 statement->sql, SPI_result_code_string(result));
	return SPI_processed;
}

/* What a StoreInsert's statement calls the row. */
#define NEW_ROW "new_row"

/* Makes the statement of a StoreInsert from its columns. */
static void
define_insert(StoreInsert *insert)
{
	MemoryContext previous = MemoryContextSwitchTo(TopMemoryContext);
	TupleDesc	tupdesc = CreateTemplateTupleDesc(insert->count);
	StringInfoData columns;

	initStringInfo(&columns);
	for (int i = 0; i < insert->count; i++)
	{
		TupleDescInitEntry(tupdesc, i + 1, insert->columns[i].name, insert->columns[i].type,
						   -1, 0);
		appendStringInfo(&columns, "%s%s", i > 0 ? ", " : "",
						 quote_identifier(insert->columns[i].name));
	}
	insert->plan.sql = psprintf("INSERT INTO %s (%s) SELECT %s FROM " NEW_ROW,
								insert->table, columns.data, columns.data);
	insert->row.md.name = NEW_ROW;
	insert->row.md.tupdesc = tupdesc;
	insert->row.md.enrtype = ENR_NAMED_TUPLESTORE;
	insert->row.md.enrtuples = 1;
	pfree(columns.data);
	MemoryContextSwitchTo(previous);
}

/*
 * Inserts a row; returns 0 if a trigger kept it out.  A trigger may bring the
 * same statement about again while it runs: by then it has its row.
 */
uint64
store_insert(StoreInsert *insert, const Datum *values, const bool *nulls, int how)
{
	Tuplestorestate *rows = tuplestore_begin_heap(false, false, work_mem);
	uint64		count;

	if (insert->plan.sql == NULL)
		define_insert(insert);
	tuplestore_putvalues(rows, insert->row.md.tupdesc, unconstify(Datum *, values),
						 unconstify(bool *, nulls));

	/* there still is one where an error was caught */
	(void) SPI_unregister_relation(NEW_ROW);
	insert->row.reldata = rows;
	if (SPI_register_relation(&insert->row) != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not register the row for \"%s\"", insert->table);
	count = store_execute(&insert->plan, NULL, NULL, how);
	(void) SPI_unregister_relation(NEW_ROW);
	tuplestore_end(rows);
	return count;
}

/* Whether the statement now running is the engine's own write of derived rows. */
bool
store_writing_derived(void)
{
	return derived_depth > 0;
}

/* A value of the last result; column counts from 1.  Valid while the result is. */
Datum
store_column(uint64 row, int column, bool *isnull)
{
	bool		local_isnull;
	Datum		value;

	value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column,
						  isnull ? isnull : &local_isnull);
	if (isnull == NULL && local_isnull)
		elog(ERROR, "unexpected null in column %d", column);
	return value;
}

/* The same, copied (and detoasted) into a context of the caller's. */
Datum
store_copy_column(MemoryContext context, uint64 row, int column, bool *isnull)
{
	Form_pg_attribute attribute = TupleDescAttr(SPI_tuptable->tupdesc, column - 1);
	Datum		value = store_column(row, column, isnull);
	MemoryContext previous;

	if (isnull && *isnull)
		return (Datum) 0;

	previous = MemoryContextSwitchTo(context);
	if (attribute->attlen == -1)
		value = PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
	else
		value = datumCopy(value, attribute->attbyval, attribute->attlen);
	MemoryContextSwitchTo(previous);
	return value;
}

/* A uuid of the last result; all zeroes when null. */
pg_uuid_t
store_uuid_column(uint64 row, int column, bool *isnull)
{
	bool		local_isnull;
	Datum		value = store_column(row, column, isnull ? isnull : &local_isnull);
	pg_uuid_t	id;

	if (isnull ? *isnull : local_isnull)
		memset(&id, 0, sizeof(id));
	else
		id = *DatumGetUUIDP(value);
	return id;
}

/* A text of the last result as a C string, NULL when null. */
char *
store_text_column(MemoryContext context, uint64 row, int column)
{
	bool		isnull;
	Datum		value = store_column(row, column, &isnull);
	MemoryContext previous;
	char	   *result;

	if (isnull)
		return NULL;
	previous = MemoryContextSwitchTo(context);
	result = TextDatumGetCString(value);
	MemoryContextSwitchTo(previous);
	return result;
}

/* The first column of the last result, a uuid, of all its rows. */
pg_uuid_t *
store_uuid_list(int *count)
{
	pg_uuid_t  *ids;

	*count = (int) SPI_processed;
	ids = palloc(sizeof(pg_uuid_t) * Max(*count, 1));
	for (int i = 0; i < *count; i++)
		ids[i] = store_uuid_column(i, 1, NULL);
	return ids;
}

/* What the backend knows of tstzrange; entries of the type cache stay. */
static TypeCacheEntry *
slot_type(void)
{
	static TypeCacheEntry *type = NULL;

	if (type == NULL)
		type = lookup_type_cache(TSTZRANGEOID, TYPECACHE_RANGE_INFO);
	return type;
}

/* A span as a tstzrange. */
Datum
store_span_range(TimeSpan span)
{
	RangeBound	lower = {.val = TimestampTzGetDatum(span.from),.inclusive = true,.lower = true};
	RangeBound	upper = {.val = TimestampTzGetDatum(span.until)};

	lower.infinite = span.from == DT_NOBEGIN;
	upper.infinite = span.until == DT_NOEND;
	return RangeTypePGetDatum(compat_make_range(slot_type(), &lower, &upper));
}

ArrayType *
store_uuid_array(const pg_uuid_t *ids, int count)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(count, 1));

	for (int i = 0; i < count; i++)
		elements[i] = UUIDPGetDatum(&ids[i]);
	return construct_array(elements, count, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR);
}

/* The span that a tstzrange is; false if it is empty, unbounded or not "[)". */
bool
store_range_span(Datum range, TimeSpan *span)
{
	RangeBound	lower;
	RangeBound	upper;
	bool		empty;

	range_deserialize(slot_type(), DatumGetRangeTypeP(range), &lower, &upper, &empty);
	if (empty || lower.infinite || upper.infinite || !lower.inclusive || upper.inclusive)
		return false;
	span->from = DatumGetTimestampTz(lower.val);
	span->until = DatumGetTimestampTz(upper.val);
	return true;
}
