/*-------------------------------------------------------------------------
 *
 * seals.c
 *	  Sealing the audit trail, and finding out whether it still is as sealed
 *	  (U3).
 *
 * A seal lists rows of one tenant's trail in the order of their transactions,
 * keeps a digest of each (its leaf), and has a hash over all that and the hash
 * of the seal before.  Who changes a row must change the leaf, the seal and
 * all seals after it; audit_digest(), kept elsewhere, shows even that.
 *
 * Sealing is off the path of bookings.  The worker reads the trail by
 * transaction number, as the broadcast does (see broadcast.c): rows of
 * transactions older than every one that still runs are final, and rows and
 * horizon come from one statement, so that the order of commits does not
 * matter.  As each seal lists its rows, checking does not depend on any order
 * either; the horizon in a seal says that all rows of earlier transactions are
 * in it or in one before, so that a row put in later is found.
 *
 * Transaction numbers mean something in one cluster only.  In a store that was
 * restored elsewhere (another era) rows have numbers that may still be to
 * come.  There the cursor begins at 0 again and passes over what seals list;
 * rows with numbers that this cluster has not reached are sealed at once, by a
 * cursor of their own (RESTORED).
 *
 * What is personal can be erased while seals hold: private values are sealed
 * through their salted digest, which is a column of the row, and actors
 * through a digest under a secret of the tenant.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/uuid.h"

#include "compat.h"
#include "engine/clock.h"
#include "engine/json.h"
#include "engine/seals.h"
#include "rules/ids.h"
#include "store/plan.h"

#define CURSOR "seals"
#define RESTORED "seals_restored"

/*
 * How many transactions are looked at for each row that is wanted, to begin
 * with, and how much farther when there were none.
 */
#define WINDOW_PER_ROW 4
#define WINDOW_GROWTH 8

/* The cursor passes over so many transactions, and not fewer, for nothing. */
#define SKIPPED_MIN 4096

/* How many seals are read at a time when they are checked. */
#define SEALS_AT_A_TIME 16

StaticAssertDecl(SEAL_HASH_LENGTH == PG_SHA256_DIGEST_LENGTH, "seals use SHA-256");

/* How often the worker seals, in milliseconds; 0: never. */
int			seals_interval = 60000;

/* The number that the next transaction of this cluster gets. */
static int64
next_transaction(void)
{
	return (int64) U64FromFullTransactionId(ReadNextFullTransactionId());
}

/* ---- digests ---- */

/* What it takes to make leaves of a tenant's rows, kept from row to row. */
typedef struct Sealer
{
	pg_cryptohash_ctx *sha256;
	bytea	   *salt;
	StringInfoData form;		/* canonical form of what is hashed */
	MemoryContext memory;		/* of one row */
} Sealer;

static Sealer
make_sealer(void)
{
	Sealer		sealer = {0};

	sealer.sha256 = pg_cryptohash_create(PG_SHA256);
	if (sealer.sha256 == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	initStringInfo(&sealer.form);
	sealer.memory = AllocSetContextCreate(CurrentMemoryContext, "booking seal row",
										  ALLOCSET_DEFAULT_SIZES);
	return sealer;
}

static void
free_sealer(Sealer *sealer)
{
	pg_cryptohash_free(sealer->sha256);
	pfree(sealer->form.data);
	MemoryContextDelete(sealer->memory);
}

static void
hash_bytes(Sealer *sealer, const void *first, size_t first_length,
		   const void *second, size_t second_length, uint8 *hash)
{
	if (pg_cryptohash_init(sealer->sha256) < 0 ||
		pg_cryptohash_update(sealer->sha256, first, first_length) < 0 ||
		pg_cryptohash_update(sealer->sha256, second, second_length) < 0 ||
		pg_cryptohash_final(sealer->sha256, hash, SEAL_HASH_LENGTH) < 0)
		elog(ERROR, "could not compute a hash: %s", pg_cryptohash_error(sealer->sha256));
}

/* Adds a string: its length in bytes, then it, in UTF-8. */
static void
put_string(StringInfo form, const char *text, int length)
{
	char	   *utf8 = pg_server_to_any(text, length, PG_UTF8);

	if (utf8 != text)
		length = strlen(utf8);
	pq_sendint32(form, length);
	appendBinaryStringInfo(form, utf8, length);
}

/* Adds the digest of an actor, under the tenant's secret. */
static void
put_actor(Sealer *sealer, const char *actor, int length)
{
	uint8		hash[SEAL_HASH_LENGTH];
	char	   *utf8 = pg_server_to_any(actor, length, PG_UTF8);

	if (utf8 != actor)
		length = strlen(utf8);
	hash_bytes(sealer, VARDATA(sealer->salt), VARSIZE(sealer->salt) - VARHDRSZ,
			   utf8, length, hash);
	appendBinaryStringInfo(&sealer->form, (char *) hash, SEAL_HASH_LENGTH);
}

/*
 * Adds who made a booking, which stands among its values: a digest, computed
 * or, where he was erased, as it stands there.
 */
static void
put_booked_by(Sealer *sealer, const char *name, int length)
{
	uint8		hash[SEAL_HASH_LENGTH];
	int			prefix = strlen(ERASED_PREFIX);

	if (length == prefix + 2 * SEAL_HASH_LENGTH && memcmp(name, ERASED_PREFIX, prefix) == 0 &&
		strspn(name + prefix, "0123456789abcdef") >= 2 * SEAL_HASH_LENGTH)
	{
		hex_decode(name + prefix, 2 * SEAL_HASH_LENGTH, (char *) hash);
		appendBinaryStringInfo(&sealer->form, (char *) hash, SEAL_HASH_LENGTH);
	}
	else
		put_actor(sealer, name, length);
}

/* Adds a jsonb in its text form, with an actor in it apart. */
static void
put_jsonb(Sealer *sealer, Jsonb *value)
{
	StringInfo	form = &sealer->form;
	JsonbValue	booked_by;
	char	   *text;
	bool		has = JB_ROOT_IS_OBJECT(value) &&
		getKeyJsonValueFromContainer(&value->root, "booked_by", strlen("booked_by"),
									 &booked_by) != NULL &&
		booked_by.type == jbvString;

	pq_sendbyte(form, has);
	if (has)
	{
		char	   *name = pnstrdup(booked_by.val.string.val, booked_by.val.string.len);

		put_booked_by(sealer, name, booked_by.val.string.len);
		value = DatumGetJsonbP(DirectFunctionCall2(jsonb_delete, JsonbPGetDatum(value),
												   CStringGetTextDatum("booked_by")));
	}
	text = json_text(value);
	put_string(form, text, strlen(text));
}

static void
put_value(Sealer *sealer, Oid type, Datum value)
{
	StringInfo	form = &sealer->form;

	switch (type)
	{
		case UUIDOID:
			appendBinaryStringInfo(form, (char *) DatumGetUUIDP(value)->data, UUID_LEN);
			break;
		case INT4OID:
			pq_sendint32(form, DatumGetInt32(value));
			break;
		case INT8OID:
		case TIMESTAMPTZOID:
			pq_sendint64(form, DatumGetInt64(value));
			break;
		case BOOLOID:
			pq_sendbyte(form, DatumGetBool(value));
			break;
		case TEXTOID:
			{
				text	   *string = DatumGetTextPP(value);

				put_string(form, VARDATA_ANY(string), VARSIZE_ANY_EXHDR(string));
				break;
			}
		case BYTEAOID:
			{
				bytea	   *bytes = DatumGetByteaPP(value);

				pq_sendint32(form, VARSIZE_ANY_EXHDR(bytes));
				appendBinaryStringInfo(form, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
				break;
			}
		case JSONBOID:
			put_jsonb(sealer, DatumGetJsonbP(value));
			break;
		case TEXTARRAYOID:
			{
				Datum	   *elements;
				bool	   *nulls;
				int			count;

				deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT,
								  &elements, &nulls, &count);
				pq_sendint32(form, count);
				for (int i = 0; i < count; i++)
				{
					pq_sendbyte(form, !nulls[i]);
					if (!nulls[i])
						put_value(sealer, TEXTOID, elements[i]);
				}
				break;
			}
		default:
			elog(ERROR, "no canonical form for type %u", type);
	}
}

/* Who made the change: his digest, computed or, where he was erased, kept. */
static void
put_row_actor(Sealer *sealer, const AuditRow *row)
{
	text	   *actor = DatumGetTextPP(row->value[AU_ACTOR]);
	bytea	   *digest;

	if (row->isnull[AU_ACTOR_DIGEST])
	{
		put_actor(sealer, VARDATA_ANY(actor), VARSIZE_ANY_EXHDR(actor));
		return;
	}
	digest = DatumGetByteaPP(row->value[AU_ACTOR_DIGEST]);
	/* a digest stands for nobody else than one who was erased */
	if (VARSIZE_ANY_EXHDR(actor) != strlen(ERASED_ACTOR) ||
		memcmp(VARDATA_ANY(actor), ERASED_ACTOR, strlen(ERASED_ACTOR)) != 0)
		put_string(&sealer->form, VARDATA_ANY(actor), VARSIZE_ANY_EXHDR(actor));
	appendBinaryStringInfo(&sealer->form, VARDATA_ANY(digest), VARSIZE_ANY_EXHDR(digest));
}

/*
 * The digest of a row: of each column whether it is there, and its value in a
 * form that depends on no setting, locale, encoding or machine.
 */
static void
make_leaf(Sealer *sealer, const AuditRow *row, uint8 *leaf)
{
	MemoryContext previous = MemoryContextSwitchTo(sealer->memory);

	resetStringInfo(&sealer->form);
	appendStringInfoString(&sealer->form, "booking audit row 1");
	for (int i = 0; i < AU_COLUMN_COUNT; i++)
	{
		if (i == AU_ACTOR_DIGEST)
			continue;
		pq_sendbyte(&sealer->form, !row->isnull[i]);
		if (row->isnull[i])
			continue;
		if (i == AU_ACTOR)
			put_row_actor(sealer, row);
		else
			put_value(sealer, seals_store_column_types[i], row->value[i]);
	}
	hash_bytes(sealer, sealer->form.data, sealer->form.len, "", 0, leaf);
	MemoryContextSwitchTo(previous);
	MemoryContextReset(sealer->memory);
}

/* The hash of a seal, over all that it says. */
static void
hash_seal(Sealer *sealer, const Seal *seal, uint8 *hash)
{
	StringInfo	form = &sealer->form;
	Datum	   *versions;
	bool	   *nulls;
	int			count;

	resetStringInfo(form);
	appendStringInfoString(form, "booking audit seal 1");
	appendBinaryStringInfo(form, (const char *) seal->tenant.data, UUID_LEN);
	pq_sendint64(form, seal->seal_no);
	pq_sendint64(form, seal->era);
	pq_sendint64(form, seal->from_tx);
	pq_sendint64(form, seal->to_tx);
	pq_sendint64(form, seal->horizon);
	pq_sendint64(form, seal->sealed_at);
	pq_sendint32(form, seal->row_count);
	pq_sendint32(form, VARSIZE(seal->prev_hash) - VARHDRSZ);
	appendBinaryStringInfo(form, VARDATA(seal->prev_hash), VARSIZE(seal->prev_hash) - VARHDRSZ);
	deconstruct_array(seal->versions, INT4OID, sizeof(int32), true, TYPALIGN_INT,
					  &versions, &nulls, &count);
	pq_sendint32(form, count);
	for (int i = 0; i < count; i++)
		pq_sendint32(form, nulls[i] ? 0 : DatumGetInt32(versions[i]));
	pq_sendint32(form, ArrayGetNItems(ARR_NDIM(seal->booking_ids), ARR_DIMS(seal->booking_ids)));
	appendBinaryStringInfo(form, ARR_DATA_PTR(seal->booking_ids),
						   ARR_SIZE(seal->booking_ids) - ARR_DATA_OFFSET(seal->booking_ids));
	hash_bytes(sealer, form->data, form->len, VARDATA(seal->leaves),
			   VARSIZE(seal->leaves) - VARHDRSZ, hash);
}

static bytea *
hash_value(const uint8 *hash)
{
	bytea	   *value = palloc(VARHDRSZ + SEAL_HASH_LENGTH);

	SET_VARSIZE(value, VARHDRSZ + SEAL_HASH_LENGTH);
	memcpy(VARDATA(value), hash, SEAL_HASH_LENGTH);
	return value;
}

static bool
same_hash(const bytea *value, const uint8 *hash)
{
	return VARSIZE(value) == VARHDRSZ + SEAL_HASH_LENGTH &&
		memcmp(VARDATA(value), hash, SEAL_HASH_LENGTH) == 0;
}

/* What seals know of an actor; for erasing him. */
bytea *
seals_actor_digest(const pg_uuid_t *tenant, const char *actor)
{
	Sealer		sealer = make_sealer();
	bytea	   *digest;

	sealer.salt = seals_store_salt(tenant, true);
	put_actor(&sealer, actor, strlen(actor));
	digest = hash_value((uint8 *) sealer.form.data);
	free_sealer(&sealer);
	return digest;
}

/* ---- sealing ---- */

/* Which bookings have to do with which resources. */
typedef struct Pair
{
	pg_uuid_t	resource;
	pg_uuid_t	booking;
} Pair;

typedef struct Pairs
{
	int			count;
	int			room;
	Pair	   *pairs;
} Pairs;

/* Adds the ids of a JSON array; what is no id is nothing to look for. */
static void
add_pairs(Pairs *pairs, const pg_uuid_t *booking, JsonbContainer *ids)
{
	int			count = JsonContainerIsArray(ids) ? JsonContainerSize(ids) : 0;

	for (int i = 0; i < count; i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(ids, i);
		pg_uuid_t	id;

		if (element->type != jbvString ||
			!ids_parse(pnstrdup(element->val.string.val, element->val.string.len), &id))
			continue;
		if (pairs->count == pairs->room)
		{
			pairs->room = Max(64, pairs->room * 2);
			pairs->pairs = pairs->pairs ?
				repalloc(pairs->pairs, sizeof(Pair) * pairs->room) :
				palloc(sizeof(Pair) * pairs->room);
		}
		pairs->pairs[pairs->count].resource = id;
		pairs->pairs[pairs->count++].booking = *booking;
	}
}

/* Adds the resources that a row's values name; false if they name none. */
static bool
add_pairs_of(Pairs *pairs, const AuditRow *row, AuditColumn column)
{
	Jsonb	   *values;
	JsonbValue	ids;

	if (row->isnull[column])
		return false;
	values = DatumGetJsonbP(row->value[column]);
	if (!JB_ROOT_IS_OBJECT(values) ||
		getKeyJsonValueFromContainer(&values->root, "resource_ids", strlen("resource_ids"),
									 &ids) == NULL ||
		ids.type != jbvBinary)
		return false;
	add_pairs(pairs, DatumGetUUIDP(row->value[AU_BOOKING_ID]), ids.val.binary.data);
	return true;
}

static ArrayType *
int_array(const int32 *numbers, int count)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(count, 1));

	for (int i = 0; i < count; i++)
		elements[i] = Int32GetDatum(numbers[i]);
	return construct_array(elements, count, INT4OID, sizeof(int32), true, TYPALIGN_INT);
}

/* A seal being made, of rows of one tenant. */
typedef struct SealDraft
{
	Seal		seal;
	TimestampTz first_at;
	TimestampTz last_at;
	pg_uuid_t  *bookings;
	int32	   *versions;
	Pairs		pairs;
	int			unnamed;		/* rows that name no resources */
	pg_uuid_t  *unnamed_bookings;
	int32	   *unnamed_versions;
} SealDraft;

/* Begins a seal of rows from first on, up to the next tenant's; returns where. */
static uint64
draft_seal(Sealer *sealer, const SealBatch *batch, uint64 first, SealDraft *draft)
{
	Seal	   *seal = &draft->seal;
	uint64		i;
	uint64		room = batch->count - first;

	memset(draft, 0, sizeof(*draft));
	draft->bookings = palloc(sizeof(pg_uuid_t) * room);
	draft->versions = palloc(sizeof(int32) * room);
	draft->unnamed_bookings = palloc(sizeof(pg_uuid_t) * room);
	draft->unnamed_versions = palloc(sizeof(int32) * room);
	seal->leaves = palloc(VARHDRSZ + SEAL_HASH_LENGTH * room);
	seal->from_tx = PG_INT64_MAX;
	draft->first_at = DT_NOEND;
	draft->last_at = DT_NOBEGIN;

	for (i = first; i < batch->count; i++)
	{
		AuditRow	row;
		pg_uuid_t  *tenant;
		int			n = seal->row_count;
		int64		tx;
		TimestampTz at;
		bool		named;

		seals_store_read_row(batch->rows, i, false, &row);
		tenant = DatumGetUUIDP(row.value[AU_TENANT_ID]);
		if (i == first)
		{
			seal->tenant = *tenant;
			sealer->salt = seals_store_salt(tenant, true);
		}
		else if (memcmp(tenant, &seal->tenant, UUID_LEN) != 0)
			break;

		draft->bookings[n] = *DatumGetUUIDP(row.value[AU_BOOKING_ID]);
		draft->versions[n] = DatumGetInt32(row.value[AU_VERSION]);
		make_leaf(sealer, &row, (uint8 *) VARDATA(seal->leaves) + SEAL_HASH_LENGTH * n);
		seal->row_count++;

		tx = DatumGetInt64(row.value[AU_TX]);
		at = DatumGetTimestampTz(row.value[AU_AT]);
		seal->from_tx = Min(seal->from_tx, tx);
		seal->to_tx = Max(seal->to_tx, tx);
		draft->first_at = Min(draft->first_at, at);
		draft->last_at = Max(draft->last_at, at);

		named = add_pairs_of(&draft->pairs, &row, AU_NEW_VALUES);
		(void) add_pairs_of(&draft->pairs, &row, AU_OLD_VALUES);
		if (!named)
		{
			draft->unnamed_bookings[draft->unnamed] = draft->bookings[n];
			draft->unnamed_versions[draft->unnamed++] = draft->versions[n];
		}
	}
	SET_VARSIZE(seal->leaves, VARHDRSZ + SEAL_HASH_LENGTH * seal->row_count);
	return i;
}

static int
compare_pairs(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(Pair));
}

/* Notes which resources a draft's rows have to do with, for audit_search(). */
static void
add_resources(SealDraft *draft)
{
	const pg_uuid_t *tenant = &draft->seal.tenant;
	Pairs	   *pairs = &draft->pairs;
	pg_uuid_t  *resources;
	pg_uuid_t  *bookings;
	int			count = 0;

	if (draft->unnamed > 0)
	{
		uint64		rows =
			seals_store_read_resources(tenant,
									   store_uuid_array(draft->unnamed_bookings, draft->unnamed),
									   int_array(draft->unnamed_versions, draft->unnamed));

		for (uint64 i = 0; i < rows; i++)
		{
			pg_uuid_t	booking = store_uuid_column(i, 1, NULL);
			bool		isnull;
			Datum		ids = store_column(i, 2, &isnull);

			if (!isnull)
				add_pairs(pairs, &booking, &DatumGetJsonbP(ids)->root);
		}
	}
	qsort(pairs->pairs, pairs->count, sizeof(Pair), compare_pairs);
	resources = palloc(sizeof(pg_uuid_t) * pairs->count);
	bookings = palloc(sizeof(pg_uuid_t) * pairs->count);
	for (int i = 0; i < pairs->count; i++)
	{
		if (i > 0 && compare_pairs(&pairs->pairs[i - 1], &pairs->pairs[i]) == 0)
			continue;
		resources[count] = pairs->pairs[i].resource;
		bookings[count++] = pairs->pairs[i].booking;
	}
	if (count > 0)
		seals_store_add_resources(&draft->seal, draft->first_at, draft->last_at,
								  store_uuid_array(resources, count),
								  store_uuid_array(bookings, count));
}

/*
 * Seals the rows of a batch, a seal for each tenant.  They say that of their
 * era no row before horizon is left out.
 */
static void
seal_batch(const SealBatch *batch, int64 era, int64 horizon)
{
	static const uint8 nothing[SEAL_HASH_LENGTH] = {0};
	Sealer		sealer = make_sealer();
	uint64		next = 0;

	while (next < batch->count)
	{
		SealDraft	draft;
		Seal	   *seal = &draft.seal;
		uint8		hash[SEAL_HASH_LENGTH];

		next = draft_seal(&sealer, batch, next, &draft);
		if (!seals_store_last(&seal->tenant, &seal->seal_no, &seal->prev_hash))
		{
			seal->seal_no = 0;
			seal->prev_hash = hash_value(nothing);
		}
		seal->seal_no++;
		seal->era = era;
		seal->horizon = horizon;
		seal->booking_ids = store_uuid_array(draft.bookings, seal->row_count);
		seal->versions = int_array(draft.versions, seal->row_count);
		seal->sealed_at = clock_now();
		hash_seal(&sealer, seal, hash);
		seal->hash = hash_value(hash);
		seals_store_add(seal);
		add_resources(&draft);
	}
	free_sealer(&sealer);
}

/* The last transaction of a batch that is not empty. */
static int64
last_tx(const SealBatch *batch)
{
	int64		last = 0;

	for (uint64 i = 0; i < batch->count; i++)
	{
		AuditRow	row;

		seals_store_read_row(batch->rows, i, false, &row);
		last = Max(last, DatumGetInt64(row.value[AU_TX]));
	}
	return last;
}

/*
 * Reads the next rows to seal, up to max.  Of the transactions at hand many may
 * have had nothing to do with bookings; so the window grows until there are
 * rows, or until it ends at limit (0: at the horizon).
 */
static SealBatch
next_batch(int64 from_tx, int64 limit, int max)
{
	SealSpan	span = {0};
	SealBatch	batch;

	span.from_tx = from_tx;
	span.window = WINDOW_PER_ROW * max;
	span.beyond = limit > 0;
	span.max = max;
	for (;;)
	{
		span.window = Min(span.window, PG_INT64_MAX - span.from_tx);
		span.overlaps = seals_store_has_seals_of(span.from_tx, span.from_tx + span.window);
		batch = seals_store_read_span(&span);
		if (limit > 0)
			batch.horizon = limit;
		if (batch.count > 0 || batch.until >= batch.horizon)
			break;
		span.from_tx = batch.until;
		span.window = Min(span.window, PG_INT64_MAX / WINDOW_GROWTH) * WINDOW_GROWTH;
	}

	/* of the last transaction there may be more */
	if (batch.count == max)
		batch.until = last_tx(&batch);
	return batch;
}

/*
 * Seals rows that came from another cluster, of transactions that this one has
 * not reached.  Those that it has, it passes by on its way.
 */
static int
seal_restored(SealCursor *cursor, int max)
{
	int64		from_tx = Max(cursor->tx, next_transaction());
	SealBatch	batch = {.until = PG_INT64_MAX};

	if (seals_store_has_further(from_tx, PG_INT64_MAX))
		batch = next_batch(from_tx, PG_INT64_MAX, max);
	seal_batch(&batch, cursor->era, 0);
	cursor->tx = batch.until;
	seals_store_move_cursor(cursor);
	return (int) batch.count;
}

/* Seals rows of transactions that are over, from the cursor on. */
static int
seal_finished(SealCursor *cursor, int max, SealsRest *rest)
{
	SealBatch	batch = next_batch(cursor->tx, 0, max);

	seal_batch(&batch, cursor->era, batch.until);

	/* without rows the cursor may stay: a row's version saved */
	if (batch.count > 0 || batch.until - cursor->tx > SKIPPED_MIN)
	{
		cursor->tx = batch.until;
		seals_store_move_cursor(cursor);
	}
	if (batch.until < batch.horizon)
		*rest = SEALS_MORE;
	else if (seals_store_has_further(batch.until, next_transaction()))
		*rest = SEALS_HELD_BACK;
	return (int) batch.count;
}

/* Reads a cursor, in the state it has in this era; false if it is in use. */
static bool
take_cursor(SealCursor *cursor)
{
	int64		era = (int64) GetSystemIdentifier();

	if (!seals_store_lock_cursor(cursor))
	{
		cursor->era = era;
		cursor->era_began = clock_now();
		cursor->tx = 0;
		return seals_store_add_cursor(cursor);
	}
	if (cursor->era != era)
	{
		cursor->era = era;
		cursor->era_began = clock_now();
		cursor->tx = 0;
		seals_store_move_cursor(cursor);
	}
	return true;
}

/*
 * Seals up to max rows; returns how many.  Does nothing while another sweep is
 * at it.  Needs SPI.
 */
int
seals_sweep(int max, SealsRest *rest)
{
	SealCursor	cursor = {CURSOR};
	SealCursor	restored = {RESTORED};
	int			done = 0;

	*rest = SEALS_NONE;
	if (!take_cursor(&cursor) || !take_cursor(&restored))
		return 0;
	if (restored.tx != PG_INT64_MAX)
	{
		done = seal_restored(&restored, max);
		if (restored.tx != PG_INT64_MAX || done == max)
		{
			*rest = SEALS_MORE;
			return done;
		}
	}
	return done + seal_finished(&cursor, max - done, rest);
}

/* ---- checking ---- */

/* The state of a tenant's chain. */
SealDigest
seals_digest(const pg_uuid_t *tenant)
{
	SealDigest	digest = {0};
	bytea	   *hash;

	if (seals_store_last(tenant, &digest.seal_no, &hash) &&
		VARSIZE(hash) == VARHDRSZ + SEAL_HASH_LENGTH)
		memcpy(digest.hash, VARDATA(hash), SEAL_HASH_LENGTH);
	return digest;
}

static void
report_row(SealsVerdict *verdict, const char *problem, pg_uuid_t booking, int version)
{
	verdict->problem = problem;
	verdict->has_row = true;
	verdict->booking = booking;
	verdict->version = version;
}

/* Whether the private values of a row are those it has a digest of. */
static bool
private_values_match(Sealer *sealer, const AuditRow *row)
{
	char	   *text = json_text(DatumGetJsonbP(row->private_values));
	bytea	   *salt = DatumGetByteaPP(row->salt);
	bytea	   *digest;
	uint8		hash[SEAL_HASH_LENGTH];

	if (row->isnull[AU_PRIVATE_DIGEST])
		return false;
	digest = DatumGetByteaP(row->value[AU_PRIVATE_DIGEST]);
	hash_bytes(sealer, VARDATA_ANY(salt), VARSIZE_ANY_EXHDR(salt), text, strlen(text), hash);
	return same_hash(digest, hash);
}

/* Compares the rows that a seal lists with its leaves. */
static void
verify_rows(Sealer *sealer, const Seal *seal, SealsVerdict *verdict)
{
	SPITupleTable *rows = seals_store_read_sealed(seal);

	for (int i = 0; i < seal->row_count; i++)
	{
		const uint8 *sealed = (uint8 *) VARDATA(seal->leaves) + SEAL_HASH_LENGTH * i;
		pg_uuid_t	booking = ((pg_uuid_t *) ARR_DATA_PTR(seal->booking_ids))[i];
		int			version = ((int32 *) ARR_DATA_PTR(seal->versions))[i];
		uint8		leaf[SEAL_HASH_LENGTH];
		AuditRow	row;

		seals_store_read_row(rows, i, true, &row);
		if (row.absent)
		{
			report_row(verdict, "the row was deleted", booking, version);
			break;
		}
		make_leaf(sealer, &row, leaf);
		if (memcmp(leaf, sealed, SEAL_HASH_LENGTH) != 0)
		{
			report_row(verdict, "the row was changed", booking, version);
			break;
		}
		if (row.has_private)
		{
			MemoryContext previous = MemoryContextSwitchTo(sealer->memory);
			bool		match = private_values_match(sealer, &row);

			MemoryContextSwitchTo(previous);
			MemoryContextReset(sealer->memory);
			if (!match)
			{
				report_row(verdict, "the private values of the row were changed",
						   booking, version);
				break;
			}
		}
		verdict->rows++;
	}
	SPI_freetuptable(rows);
}

/* Whether a seal is well formed: it may be that somebody wrote it. */
static bool
is_whole(const Seal *seal)
{
	int			n = seal->row_count;

	return n >= 0 && n <= MaxAllocSize / SEAL_HASH_LENGTH &&
		VARSIZE(seal->leaves) - VARHDRSZ == (Size) n * SEAL_HASH_LENGTH &&
		!ARR_HASNULL(seal->booking_ids) && !ARR_HASNULL(seal->versions) &&
		ArrayGetNItems(ARR_NDIM(seal->booking_ids), ARR_DIMS(seal->booking_ids)) == n &&
		ArrayGetNItems(ARR_NDIM(seal->versions), ARR_DIMS(seal->versions)) == n;
}

/* Looks at one seal of a chain, of which the one before has this hash. */
static void
verify_seal(Sealer *sealer, const Seal *seal, int64 expected_no, const bytea *before,
			const SealDigest *digest, SealsVerdict *verdict)
{
	uint8		hash[SEAL_HASH_LENGTH];

	verdict->seal_no = expected_no;
	if (seal->seal_no != expected_no)
	{
		verdict->problem = "the seal was removed";
		return;
	}
	hash_seal(sealer, seal, hash);
	if (!is_whole(seal) || !same_hash(seal->hash, hash))
		verdict->problem = "the seal was changed";
	else if (VARSIZE(before) != VARHDRSZ + SEAL_HASH_LENGTH ||
			 !same_hash(seal->prev_hash, (const uint8 *) VARDATA(before)))
		verdict->problem = "the seal does not continue the one before";
	else if (digest != NULL && digest->seal_no == seal->seal_no &&
			 memcmp(digest->hash, hash, SEAL_HASH_LENGTH) != 0)
		verdict->problem = "the seal is not the one of the digest";
	else
	{
		verdict->seals++;
		verify_rows(sealer, seal, verdict);
	}
	if (verdict->problem == NULL)
		verdict->seal_no = 0;
}

/*
 * Looks at a tenant's seals from from_no on, at the rows they list, and for
 * rows that they should list; tells the first thing that is not as it was.  A
 * digest says what the chain was like when it was taken.  All is read under
 * the snapshot of the calling query.  Needs SPI.
 */
SealsVerdict
seals_verify(const pg_uuid_t *tenant, int64 from_no, const SealDigest *digest)
{
	static const uint8 nothing[SEAL_HASH_LENGTH] = {0};
	int64		era = (int64) GetSystemIdentifier();
	SealedUntil sealed = seals_store_sealed_until(era);
	int64		next_tx = sealed.all_restored ? next_transaction() : PG_INT64_MAX;
	int64		from_tx = from_no <= 1 ? 0 : PG_INT64_MAX;
	int64		next_no = Max(from_no, 1);
	SealsVerdict verdict = {0};
	Sealer		sealer = make_sealer();
	bytea	   *before = from_no <= 1 ? hash_value(nothing) : NULL;
	MemoryContext memory = AllocSetContextCreate(CurrentMemoryContext, "booking seals",
												 ALLOCSET_DEFAULT_SIZES);
	uint64		count;
	bool		broken;

	sealer.salt = seals_store_salt(tenant, false);
	if (sealer.salt == NULL)
		sealer.salt = hash_value(nothing);

	/* the one before is only what the first one continues */
	if (from_no > 1)
	{
		Seal		seal;

		if (seals_store_read_seals(tenant, from_no - 1, 1) > 0)
			seals_store_seal(0, CurrentMemoryContext, &seal);
		if (SPI_processed > 0 && seal.seal_no == from_no - 1)
			before = seal.hash;
		else
		{
			verdict.seal_no = from_no - 1;
			verdict.problem = "the seal was removed";
		}
	}
	while (verdict.problem == NULL)
	{
		count = seals_store_read_seals(tenant, next_no, SEALS_AT_A_TIME);
		for (uint64 i = 0; i < count && verdict.problem == NULL; i++)
		{
			MemoryContext previous = MemoryContextSwitchTo(memory);
			SPITupleTable *rows = SPI_tuptable;
			Seal		seal;

			CHECK_FOR_INTERRUPTS();
			seal.tenant = *tenant;
			seals_store_seal(i, memory, &seal);
			verify_seal(&sealer, &seal, next_no++, before, digest, &verdict);
			from_tx = Min(from_tx, seal.from_tx);
			if (seal.era == era)
				sealed.tx = Max(sealed.tx, seal.horizon);
			MemoryContextSwitchTo(previous);
			SPI_tuptable = rows;
			if (verdict.problem == NULL)
			{
				pfree(before);
				before = hash_value((uint8 *) VARDATA(seal.hash));
			}
			MemoryContextReset(memory);
		}
		if (count < SEALS_AT_A_TIME)
			break;
	}

	if (verdict.problem == NULL && digest != NULL && digest->seal_no >= next_no)
	{
		verdict.seal_no = next_no;
		verdict.problem = "the seal was removed";
	}
	if (verdict.problem == NULL)
	{
		pg_uuid_t	booking;
		int			version;

		verdict.unsealed = seals_store_find_unsealed(tenant, Min(from_tx, sealed.tx), sealed.tx,
													 next_tx, &broken, &booking, &version);
		if (broken)
			report_row(&verdict, "the row is in no seal", booking, version);
	}
	MemoryContextDelete(memory);
	free_sealer(&sealer);
	return verdict;
}
