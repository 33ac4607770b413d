/*-------------------------------------------------------------------------
 *
 * visibility.h
 *		Marks of visibility that PostgreSQL 15 lacks.
 *
 * The library is built with hidden visibility.  From PostgreSQL 16 on, the
 * server's own macros export what it looks up by name.  On 15 the Makefile
 * defines PGDLLEXPORT and includes this file ahead of every source file, so
 * that the same sources do there.  No source file includes it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_VISIBILITY_H
#define BOOKING_VISIBILITY_H

#include "postgres.h"
#include "fmgr.h"

#undef PG_FUNCTION_INFO_V1
#define PG_FUNCTION_INFO_V1(funcname) \
extern PGDLLEXPORT Datum funcname(PG_FUNCTION_ARGS); \
extern PGDLLEXPORT const Pg_finfo_record * CppConcat(pg_finfo_,funcname)(void); \
const Pg_finfo_record * \
CppConcat(pg_finfo_,funcname) (void) \
{ \
	static const Pg_finfo_record my_finfo = { 1 }; \
	return &my_finfo; \
} \
extern int no_such_variable

extern PGDLLEXPORT void _PG_init(void);

#endif							/* BOOKING_VISIBILITY_H */
