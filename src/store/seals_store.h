/*-------------------------------------------------------------------------
 *
 * seals_store.h
 *	  The statements of seals.c: rows of the audit trail, and their seals.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_STORE_SEALS_H
#define BOOKING_STORE_SEALS_H

#include "booking.h"

#include "executor/spi.h"
#include "utils/array.h"

/* ---- rows of the trail ---- */

/* The columns of booking.audit_log, in the order in which a leaf has them. */
typedef enum AuditColumn
{
	AU_TENANT_ID,
	AU_BOOKING_ID,
	AU_VERSION,
	AU_BRANCH_ID,
	AU_SESSION_ID,
	AU_REQUEST_ID,
	AU_ACTOR,
	AU_ACTOR_KIND,
	AU_ROLE,
	AU_CHANNEL,
	AU_ACTION,
	AU_STATUS,
	AU_OLD_VALUES,
	AU_NEW_VALUES,
	AU_PRIVATE_DIGEST,
	AU_REASON_CODE,
	AU_REVERSIBLE,
	AU_OVERRIDES,
	AU_METADATA,
	AU_AT,
	AU_TX,
	AU_ACTOR_DIGEST,
	AU_COLUMN_COUNT
} AuditColumn;

extern const Oid seals_store_column_types[AU_COLUMN_COUNT];

/* One row; the values lie in the result it was read from. */
typedef struct AuditRow
{
	Datum		value[AU_COLUMN_COUNT];
	bool		isnull[AU_COLUMN_COUNT];
	bool		absent;			/* what a seal lists, and is not there */
	bool		has_private;	/* its private values are there too */
	Datum		salt;
	Datum		private_values;
} AuditRow;

extern void seals_store_read_row(SPITupleTable *rows, uint64 number, bool with_private,
								 AuditRow *row);

/* What stands where an actor was erased: alone, or before his digest. */
#define ERASED_ACTOR "erased"
#define ERASED_PREFIX "erased:"

/* ---- sealing ---- */

/* A cursor of the sealer in booking.sweeps: all before tx was sealed. */
typedef struct SealCursor
{
	const char *name;
	int64		era;
	TimestampTz era_began;
	int64		tx;
} SealCursor;

/* Which rows to read. */
typedef struct SealSpan
{
	int64		from_tx;
	int64		window;			/* so many transactions */
	bool		beyond;			/* finished or not; else none beyond the horizon */
	bool		overlaps;		/* leave out what seals list */
	int			max;
} SealSpan;

typedef struct SealBatch
{
	SPITupleTable *rows;		/* seals_store_read_row() reads them */
	uint64		count;
	int64		horizon;		/* older transactions are all over */
	int64		until;			/* all before this one were read, if not max */
} SealBatch;

#define SEAL_HASH_LENGTH 32

typedef struct Seal
{
	pg_uuid_t	tenant;
	int64		seal_no;
	int64		era;
	int64		from_tx;
	int64		to_tx;
	int64		horizon;		/* of its era, all rows before are in seals */
	int			row_count;
	ArrayType  *booking_ids;
	ArrayType  *versions;
	bytea	   *leaves;
	bytea	   *prev_hash;
	bytea	   *hash;
	TimestampTz sealed_at;
} Seal;

extern bool seals_store_lock_cursor(SealCursor *cursor);
extern bool seals_store_add_cursor(const SealCursor *cursor);
extern void seals_store_move_cursor(const SealCursor *cursor);
extern bool seals_store_has_seals_of(int64 from_tx, int64 until_tx);
extern SealBatch seals_store_read_span(const SealSpan *span);
extern bool seals_store_has_further(int64 from_tx, int64 until_tx);
extern bytea *seals_store_salt(const pg_uuid_t *tenant, bool make);
extern bool seals_store_last(const pg_uuid_t *tenant, int64 *seal_no, bytea **hash);
extern void seals_store_add(const Seal *seal);
extern void seals_store_add_resources(const Seal *seal, TimestampTz first_at, TimestampTz last_at,
								  ArrayType *resource_ids, ArrayType *booking_ids);
extern uint64 seals_store_read_resources(const pg_uuid_t *tenant, ArrayType *booking_ids,
									 ArrayType *versions);

/* ---- checking ---- */

/* How far the trail is sealed, as the calling query sees it. */
typedef struct SealedUntil
{
	int64		tx;				/* all before, of this era, is in seals */
	bool		all_restored;	/* what came from another cluster is, too */
} SealedUntil;

extern SealedUntil seals_store_sealed_until(int64 era);
extern uint64 seals_store_read_seals(const pg_uuid_t *tenant, int64 from_no, int max);
extern void seals_store_seal(uint64 number, MemoryContext memory, Seal *seal);
extern SPITupleTable *seals_store_read_sealed(const Seal *seal);
extern int64 seals_store_find_unsealed(const pg_uuid_t *tenant, int64 from_tx, int64 horizon,
								   int64 next_tx, bool *broken, pg_uuid_t *booking,
								   int *version);

#endif							/* BOOKING_STORE_SEALS_H */
