/*-------------------------------------------------------------------------
 *
 * plan.h
 *	  Running the engine's SQL: prepared once per session, as the right role,
 *	  with the right snapshot.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_PLAN_H
#define BOOKING_PLAN_H

#include "booking.h"

#include "executor/spi.h"
#include "utils/queryenvironment.h"

#define STORE_MAX_ARGS 48

/*
 * One statement.  Define it static, with sql, nargs and argtypes filled in;
 * every name and operator in sql is qualified, because it is parsed under the
 * caller's search_path.
 */
typedef struct StorePlan
{
	const char *sql;
	int			nargs;
	Oid			argtypes[STORE_MAX_ARGS];
	SPIPlanPtr	plan;
} StorePlan;

typedef struct StoreColumn
{
	const char *name;
	Oid			type;
} StoreColumn;

/*
 * A statement that inserts one row.  Define it static, with the table's columns
 * in the table's order: then the executor takes the row as it is, where a list
 * of parameters would cost it half a microsecond per column.
 */
typedef struct StoreInsert
{
	const char *table;
	int			count;
	StoreColumn columns[STORE_MAX_ARGS];
	StorePlan	plan;
	EphemeralNamedRelationData row;
} StoreInsert;

/* How a statement runs; the flags add up. */
#define STORE_OWNER		0x00	/* with the store owner's rights */
#define STORE_CALLER	0x01	/* with the caller's, row security included */
#define STORE_DERIVED	0x02	/* may write what only the engine writes */
#define STORE_READ		0x08	/* sees what the calling query sees, and writes
								 * nothing */
#define STORE_OWN_ROW	0x04	/* refuse (40001) what the transaction's
								 * snapshot does not see */

/* operators, spelled so that no search_path can replace them */
#define EQ	" OPERATOR(pg_catalog.=) "
#define NE	" OPERATOR(pg_catalog.<>) "
#define LT	" OPERATOR(pg_catalog.<) "
#define LE	" OPERATOR(pg_catalog.<=) "
#define GT	" OPERATOR(pg_catalog.>) "
#define GE	" OPERATOR(pg_catalog.>=) "
#define OVERLAPS " OPERATOR(pg_catalog.&&) "

extern void store_connect(void);
extern void store_finish(void);
extern uint64 store_execute(StorePlan *plan, Datum *values, const char *nulls, int how);
extern uint64 store_insert(StoreInsert *insert, const Datum *values, const bool *nulls,
						   int how);
extern bool store_writing_derived(void);
extern void store_forget_plan(StorePlan *statement);
extern Oid	store_type(const char *name);

extern Datum store_column(uint64 row, int column, bool *isnull);
extern Datum store_copy_column(MemoryContext context, uint64 row, int column, bool *isnull);
extern pg_uuid_t store_uuid_column(uint64 row, int column, bool *isnull);
extern char *store_text_column(MemoryContext context, uint64 row, int column);
extern pg_uuid_t *store_uuid_list(int *count);
extern Datum store_span_range(TimeSpan span);
extern ArrayType *store_uuid_array(const pg_uuid_t *ids, int count);
extern bool store_range_span(Datum range, TimeSpan *span);

#endif							/* BOOKING_PLAN_H */
