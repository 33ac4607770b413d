/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  What differs between the PostgreSQL majors this extension is built for.
 *
 * This is the only place that tests PG_VERSION_NUM.  A shim takes the name
 * and the meaning the newest major gives to a thing, or a compat_ name where
 * that isn't possible; each says in which major the thing changed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_COMPAT_H
#define BOOKING_COMPAT_H

#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "storage/lock.h"
#include "utils/guc.h"
#include "utils/wait_event.h"

#if PG_VERSION_NUM < 150000 || PG_VERSION_NUM >= 200000
#error "booking supports PostgreSQL 15 to 18"
#endif

/* 16 took the varlena macros out of postgres.h. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 18 lets a module say its name and version (BOOKING_VERSION: -D). */
#if PG_VERSION_NUM >= 180000
#define BOOKING_MODULE_MAGIC \
	PG_MODULE_MAGIC_EXT(.name = "booking", .version = BOOKING_VERSION)
#else
#define BOOKING_MODULE_MAGIC PG_MODULE_MAGIC
#endif

/* 15.1 renamed SetSingleFuncCall. */
#ifndef MAT_SRF_USE_EXPECTED_DESC
#define MAT_SRF_USE_EXPECTED_DESC SRF_SINGLE_USE_EXPECTED
#define MAT_SRF_BLESS SRF_SINGLE_BLESS
#define InitMaterializedSRF(fcinfo, flags) SetSingleFuncCall(fcinfo, flags)
#endif

/* 16 gave GUC check hooks an allocator of their own for "extra". */
#if PG_VERSION_NUM < 160000
#define guc_malloc(elevel, size) malloc(size)
#define guc_free(ptr) free(ptr)
#endif

/* 17 added an argument to ask for a stronger mode too. */
#if PG_VERSION_NUM >= 170000
#define compat_lock_held_by_me(tag, mode) LockHeldByMe(tag, mode, false)
#else
#define compat_lock_held_by_me(tag, mode) LockHeldByMe(tag, mode)
#endif

/* 17 lets an extension name its wait events; ask once and keep the answer. */
#if PG_VERSION_NUM >= 170000
#define compat_wait_event(name) WaitEventExtensionNew(name)
#else
#define compat_wait_event(name) PG_WAIT_EXTENSION
#endif

/* 16 let range input fail softly, and gave make_range an argument for it. */
#if PG_VERSION_NUM >= 160000
#define compat_make_range(type, lower, upper) make_range(type, lower, upper, false, NULL)
#else
#define compat_make_range(type, lower, upper) make_range(type, lower, upper, false)
#endif

/* 16 has one function for all kinds of objects. */
#if PG_VERSION_NUM >= 160000
#define compat_function_aclcheck(function, role, mode) \
	object_aclcheck(ProcedureRelationId, function, role, mode)
#else
#define compat_function_aclcheck(function, role, mode) pg_proc_aclcheck(function, role, mode)
#endif

/* 18 spells it so, before the declaration. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn __attribute__((noreturn))
#endif

#endif							/* BOOKING_COMPAT_H */
