/*-------------------------------------------------------------------------
 *
 * arguments.c
 *	  Reading the arguments of SQL-callable functions and giving back rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/uuid.h"

#include "api/arguments.h"
#include "engine/context.h"
#include "errors.h"

void
argument_require(FunctionCallInfo fcinfo, int number, const char *name)
{
	if (PG_ARGISNULL(number))
		ereport(ERROR,
				(booking_errcode(ERR_NULL_VALUE),
				 errmsg("argument \"%s\" must not be null", name)));
}

/* A uuid, or NULL. */
const pg_uuid_t *
argument_uuid(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL : PG_GETARG_UUID_P(number);
}

/* A text as a C string, or NULL. */
char *
argument_text(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(number));
}

/* The tenant a function works for: its argument, else the context's. */
const pg_uuid_t *
argument_tenant(FunctionCallInfo fcinfo, int number)
{
	return context_tenant(argument_uuid(fcinfo, number));
}

/* A uuid[] without nulls. */
pg_uuid_t *
argument_uuids(FunctionCallInfo fcinfo, int number, const char *name, int *count)
{
	ArrayType  *array;
	pg_uuid_t  *ids;

	argument_require(fcinfo, number, name);
	array = PG_GETARG_ARRAYTYPE_P(number);
	*count = ARR_NDIM(array) == 0 ? 0 : ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	if (ARR_NDIM(array) > 1 || array_contains_nulls(array))
		ereport(ERROR,
				(booking_errcode(ERR_NULL_VALUE),
				 errmsg("argument \"%s\" must be a list without nulls", name)));
	ids = palloc(sizeof(pg_uuid_t) * Max(*count, 1));
	memcpy(ids, ARR_DATA_PTR(array), sizeof(pg_uuid_t) * *count);
	return ids;
}

bool
argument_bool(FunctionCallInfo fcinfo, int number, bool otherwise)
{
	return PG_ARGISNULL(number) ? otherwise : PG_GETARG_BOOL(number);
}

/*
 * The row type that the function was declared to return.  It is the same at
 * every call, so it is built once per session: kept is the caller's static
 * variable for it.
 */
TupleDesc
result_row_type(FunctionCallInfo fcinfo, TupleDesc *kept)
{
	if (*kept == NULL)
	{
		MemoryContext previous = MemoryContextSwitchTo(TopMemoryContext);
		TupleDesc	type;

		if (get_call_result_type(fcinfo, NULL, &type) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "function returning a record called in a context that can't accept one");
		*kept = BlessTupleDesc(type);
		MemoryContextSwitchTo(previous);
	}
	return *kept;
}
