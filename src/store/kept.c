/*-------------------------------------------------------------------------
 *
 * kept.c
 *	  Rows of configuration that a session keeps.
 *
 * Every hold needs its service, its resources and their hours, and reading
 * them would be half of its cost.  They are kept for the session, until the
 * store's generation changes: a trigger on each of their tables
 * (config_changed) makes all sessions forget, as of the change's commit.
 * Invalidations are sent before the changing transaction releases its locks,
 * and a booking takes them in after it has its keys; so what is decided under
 * a resource's key (its capacity) is never decided on an older row.
 *
 * What is kept is read-only, and stays valid to the end of the transaction
 * even if it is forgotten meanwhile.
 *
 * A session that books on many resources would send the same few queries for
 * each of them.  So each time a row is not there, twice as many are read as
 * the time before: one that needs a single resource reads a single one, and
 * one that needs a thousand asks a dozen times.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "store/kept.h"
#include "store/plan.h"
#include "store/store_state.h"

typedef struct KeptKey
{
	pg_uuid_t	tenant;
	pg_uuid_t	id;
	int32		kind;
} KeptKey;

typedef struct KeptEntry
{
	KeptKey		key;
	void	   *row;
} KeptEntry;

/* Forget everything rather than keep more than this. */
#define MAX_KEPT 20000

/* Rows read at a time, at most. */
#define MAX_AHEAD 256

static MemoryContext kept_memory = NULL;
static HTAB *kept = NULL;
static uint64 kept_generation = 0;
static int	rows_ahead[KEPT_KIND_COUNT];

/* Forgets what is kept; whoever uses it may do so to the transaction's end. */
static void
forget_kept(void)
{
	if (kept_memory != NULL)
	{
		if (IsTransactionState())
			MemoryContextSetParent(kept_memory, TopTransactionContext);
		else
			MemoryContextDelete(kept_memory);
	}
	kept_memory = NULL;
	kept = NULL;
}

static KeptKey
make_key(KeptKind kind, const pg_uuid_t *tenant, const pg_uuid_t *id)
{
	KeptKey		key;

	memset(&key, 0, sizeof(key));
	key.tenant = *tenant;
	key.id = *id;
	key.kind = kind;
	return key;
}

/* What is kept under a key, or NULL. */
static void *
find_kept(const KeptKey *key)
{
	KeptEntry  *entry;

	if (kept != NULL &&
		(kept_generation != store_generation() || hash_get_num_entries(kept) >= MAX_KEPT))
		forget_kept();

	if (kept == NULL)
		return NULL;
	entry = hash_search(kept, key, HASH_FIND, NULL);
	return entry ? entry->row : NULL;
}

/* Where a row that is going to be kept is built. */
static MemoryContext
memory_of_kept(void)
{
	if (kept == NULL)
	{
		HASHCTL		control = {0};

		kept_memory = AllocSetContextCreate(TopMemoryContext, "booking configuration",
											ALLOCSET_DEFAULT_SIZES);
		control.keysize = sizeof(KeptKey);
		control.entrysize = sizeof(KeptEntry);
		control.hcxt = kept_memory;
		kept = hash_create("booking configuration", 64, &control,
						   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
		kept_generation = store_generation();
		for (int kind = 0; kind < KEPT_KIND_COUNT; kind++)
			rows_ahead[kind] = 1;
	}
	return kept_memory;
}

/*
 * A reader has read a row, which must be in the memory context it was called
 * in.  It is kept, unless the configuration changed while it was read.
 */
void
kept_add(KeptReading *reading, const pg_uuid_t *id, void *row)
{
	KeptKey		key = make_key(reading->kind, reading->tenant, id);
	KeptEntry  *entry;
	bool		found;

	if (uuid_equal(id, reading->id))
		reading->row = row;
	if (kept == NULL || kept_generation != store_generation())
		return;
	entry = hash_search(kept, &key, HASH_ENTER, &found);
	if (!found)
		entry->row = row;
}

/*
 * The row of a kind with an id: the one that is kept, or read and kept from
 * now on.  NULL when there is none.
 */
const void *
kept_row(KeptKind kind, const pg_uuid_t *tenant, const pg_uuid_t *id, KeptReader read)
{
	KeptKey		key = make_key(kind, tenant, id);
	void	   *row = find_kept(&key);
	KeptReading reading = {kind, tenant, id};
	MemoryContext previous;

	if (row != NULL)
		return row;

	/* a connection of its own, so that what SPI returned goes away */
	previous = CurrentMemoryContext;
	store_connect();
	MemoryContextSwitchTo(memory_of_kept());
	reading.ahead = rows_ahead[kind];
	read(&reading);
	rows_ahead[kind] = Min(reading.ahead * 2, MAX_AHEAD);
	store_finish();
	MemoryContextSwitchTo(previous);
	return reading.row;
}
