/*-------------------------------------------------------------------------
 *
 * undo.c
 *	  Tokens that undo a change, and undoing it (U5, U6).
 *
 * A change is undone by putting back the old values of what it changed, which
 * the audit trail has; so a token needs no more than to say which change, and
 * to be known to whoever redeems it.  That the booking has not changed since
 * is a matter of its version.
 *
 * A token is 32 random bytes after the booking's id and version (or after the
 * id of a batch).  The store has its hash, so that nobody can redeem what they
 * read there or in a dump.
 *
 * Undoing is an UPDATE like any other: the guard, told by an intent, takes the
 * row as it was, takes the slot again if it had been given up, and writes what
 * follows.  It is a change too, which can be undone.
 *
 * Order of locks: the bookings' rows by id, then all keys in one sorted set,
 * then orders by id.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#include "compat.h"
#include "engine/bulk_keys.h"
#include "engine/clock.h"
#include "engine/context.h"
#include "engine/intent.h"
#include "engine/json.h"
#include "engine/locks.h"
#include "engine/undo.h"
#include "errors.h"
#include "rules/ids.h"
#include "rules/lifecycle.h"
#include "rules/tokens.h"
#include "store/plan.h"
#include "store/records.h"
#include "store/undo_store.h"

#define SECRET_BYTES 32
#define VERSION_BYTES 4
#define TOKEN_BYTES (UUID_LEN + VERSION_BYTES + SECRET_BYTES)
#define BATCH_BYTES (UUID_LEN + SECRET_BYTES)

#define LOCK_AT_ONCE 500

/* How long after it has expired a token is still known as such. */
#define KEEP_EXPIRED (1 * USECS_PER_HOUR)

/* ---- tokens ---- */

typedef struct Token
{
	bool		is_batch;
	UndoMember	member;			/* of a batch: its id as booking */
	unsigned char hash[UNDO_HASH_BYTES];
} Token;

static bytea *
hash_of(const unsigned char *bytes, int length)
{
	bytea	   *value = palloc(VARHDRSZ + length);

	SET_VARSIZE(value, VARHDRSZ + length);
	memcpy(VARDATA(value), bytes, length);
	return DatumGetByteaP(DirectFunctionCall1(sha256_bytea, PointerGetDatum(value)));
}

/* A new token as text, and its hash; version is 0 for a batch. */
static char *
make_token(const pg_uuid_t *id, int version, bytea **hash)
{
	unsigned char bytes[TOKEN_BYTES];
	int			length = UUID_LEN;
	char	   *text;

	memcpy(bytes, id->data, UUID_LEN);
	if (version > 0)
	{
		uint32		number = pg_hton32((uint32) version);

		memcpy(bytes + length, &number, VERSION_BYTES);
		length += VERSION_BYTES;
	}
	if (!pg_strong_random(bytes + length, SECRET_BYTES))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
	length += SECRET_BYTES;
	*hash = hash_of(bytes, length);
	text = tokens_encode(bytes, length);
	explicit_bzero(bytes, sizeof(bytes));
	return text;
}

/* False when the text can't be a token. */
static bool
read_token(const char *text, int text_length, Token *token)
{
	unsigned char bytes[TOKEN_BYTES];
	int			length = tokens_decode(text, text_length, bytes, TOKEN_BYTES);
	uint32		number = 0;

	if (length != TOKEN_BYTES && length != BATCH_BYTES)
		return false;
	token->is_batch = length == BATCH_BYTES;
	memcpy(token->member.booking.data, bytes, UUID_LEN);
	if (!token->is_batch)
		memcpy(&number, bytes + UUID_LEN, VERSION_BYTES);
	token->member.version = (int) pg_ntoh32(number);
	memcpy(token->hash, VARDATA(hash_of(bytes, length)), UNDO_HASH_BYTES);
	return true;
}

/* ---- issuing ---- */

/* The last change in this session: a command asks right after it was made. */
static struct
{
	pg_uuid_t	tenant;
	UndoChange	change;
}			noted;

/* Notes what a change would need to know of it; called by the guard. */
void
undo_note_change(const BookingRow *row, bool reversible)
{
	noted.change.booking = *row_uuid(row, BK_ID);
	noted.change.version = row_int(row, BK_VERSION);
	noted.change.reversible = reversible;
	if (reversible)
	{
		int			count;
		pg_uuid_t  *resources = row_resources(row, &count);

		noted.tenant = *row_uuid(row, BK_TENANT_ID);
		noted.change.at = row_time(row, BK_UPDATED_AT);
		noted.change.service_id = *row_uuid(row, BK_SERVICE_ID);
		noted.change.branch_id = *row_uuid(row, BK_BRANCH_ID);
		noted.change.has_resource = count > 0;
		if (count > 0)
			noted.change.resource_id = resources[0];
	}
}

/* Until when a change can be undone. */
static TimestampTz
deadline(const pg_uuid_t *tenant, const UndoChange *change)
{
	const Service *service = config_require_service(tenant, &change->service_id);
	const Branch *branch = config_branch(tenant, &change->branch_id);
	const Resource *resource = change->has_resource ?
		config_resource(tenant, &change->resource_id) : NULL;
	SettingSources sources = {
		.service = service->settings,
		.resource = resource ? resource->settings : NULL,
		.branch = branch ? branch->settings : NULL,
		.tenant = service->tenant_settings
	};

	return change->at + settings_get(SETTING_UNDO_WINDOW, &sources).interval_us;
}

/*
 * A token that undoes the change which has left behind a version of a booking;
 * NULL when that can't be undone.  One that it had is void.
 */
char *
undo_issue(const pg_uuid_t *tenant, const pg_uuid_t *booking, int version,
		   const pg_uuid_t *batch)
{
	UndoChange	change;
	UndoIssue	issue;
	char	   *token;

	if (noted.change.version == version && uuid_equal(&noted.change.booking, booking))
		change = noted.change;
	else if (!undo_store_change(tenant, booking, version, &change))
		return NULL;
	if (!change.reversible)
		return NULL;
	issue.booking = *booking;
	issue.version = version;
	issue.expires_at = deadline(tenant, &change);
	if (issue.expires_at <= change.at)
		return NULL;
	token = make_token(booking, version, &issue.hash);
	undo_store_issue(tenant, &issue, batch, context_get()->actor, change.at);
	return token;
}

/* The same later on, for whoever has lost the token or never had one. */
char *
undo_issue_again(const pg_uuid_t *tenant, const pg_uuid_t *booking, int version)
{
	TimestampTz now = clock_now();
	UndoChange	change;
	UndoIssue	issue;
	char	   *token;

	if (!undo_store_change(tenant, booking, version, &change) || !change.reversible)
		ereport(ERROR,
				(booking_errcode(ERR_INVALID_TRANSITION),
				 errmsg("the last change of the booking can't be undone"),
				 errhint("What can be undone is audited with reversible = true.")));
	issue.booking = *booking;
	issue.version = version;
	issue.expires_at = deadline(tenant, &change);
	if (issue.expires_at <= now)
		ereport(ERROR,
				(booking_errcode(ERR_UNDO_EXPIRED),
				 errmsg("it is too late to undo the change"),
				 errdetail("It was made at %s.", timestamptz_to_str(change.at)),
				 errhint("The setting is undo_window.")));
	token = make_token(booking, version, &issue.hash);
	undo_store_issue(tenant, &issue, NULL, context_get()->actor, now);
	return token;
}

/* Tokens for changes of a batch, where they can be undone. */
void
undo_issue_many(const pg_uuid_t *tenant, UndoRequest *requests, int count,
				const pg_uuid_t *batch)
{
	UndoIssue  *issues = palloc0(sizeof(UndoIssue) * Max(count, 1));

	for (int i = 0; i < count; i++)
	{
		UndoRequest *request = &requests[i];
		UndoChange	change = {
			.at = request->at,
			.service_id = request->service_id,
			.branch_id = request->branch_id,
			.has_resource = request->has_resource,
			.resource_id = request->resource_id
		};

		request->token = NULL;
		issues[i].booking = request->booking;
		issues[i].version = request->version;
		issues[i].expires_at = deadline(tenant, &change);
		if (issues[i].expires_at > request->at)
			request->token = make_token(&request->booking, request->version, &issues[i].hash);
	}
	undo_store_issue_many(tenant, issues, count, batch, context_get()->actor, clock_now());
	for (int i = 0; i < count; i++)
		if (!issues[i].issued)
			requests[i].token = NULL;
}

/* The token of a batch whose changes have been issued theirs; NULL if none was. */
char *
undo_issue_batch(const pg_uuid_t *tenant, const pg_uuid_t *batch)
{
	bytea	   *hash;
	char	   *token = make_token(batch, 0, &hash);

	if (!undo_store_issue_batch(tenant, batch, hash, context_get()->actor, clock_now()))
		return NULL;
	return token;
}

/* ---- redeeming ---- */

static void
unknown(void)
{
	ereport(ERROR,
			(booking_errcode(ERR_UNDO_UNKNOWN),
			 errmsg("the undo token is not known"),
			 errdetail("It was not issued, or a later one has taken its place, or it expired long ago."),
			 errhint("Staff can get a new one: booking.issue_undo(booking).")));
}

static void
busy(void)
{
	ereport(ERROR,
			(booking_errcode(ERR_BUSY),
			 errmsg("somebody else is changing this booking right now"),
			 errhint("Try again, or wait with lock_wait => true.")));
}

/* The row of a token; whether it may be redeemed still is for check_token(). */
static void
find_token(const pg_uuid_t *tenant, const Token *token, UndoToken *found)
{
	bool		exists = token->is_batch ?
		undo_store_read_batch(tenant, &token->member.booking, found) :
		undo_store_read(tenant, &token->member, found);

	if (!exists || !tokens_equal(found->hash, token->hash, UNDO_HASH_BYTES))
		unknown();
}

static void
check_token(const UndoToken *found)
{
	const Context *context = context_get();

	if (!context_is_staff(context) && !context_is_actor(context, found->issued_to))
		ereport(ERROR,
				(booking_errcode(ERR_PERMISSION_DENIED),
				 errmsg("permission denied to undo a change of somebody else"),
				 errhint("A token is redeemed by staff, or by whom it was issued to.")));
	if (found->used)
		ereport(ERROR,
				(booking_errcode(ERR_UNDO_USED),
				 errmsg("the undo token has been used"),
				 errdetail("The change was undone already."),
				 errhint("Undoing returned a token of its own, which brings the change back.")));
	if (found->expires_at <= clock_now())
		ereport(ERROR,
				(booking_errcode(ERR_UNDO_EXPIRED),
				 errmsg("the undo token has expired"),
				 errdetail("It expired at %s.", timestamptz_to_str(found->expires_at)),
				 errhint("The setting is undo_window.")));
}

static void
put_back(BookingRow *row, Jsonb *values)
{
	if (values == NULL)
		return;
	for (int column = 0; column < BK_COLUMN_COUNT; column++)
		(void) json_get_datum(values, booking_columns[column].name,
							  booking_columns[column].type, &row->value[column],
							  &row->isnull[column]);
}

/*
 * Locks the row of a booking and reads it, as it is and as it was before the
 * change to undo.
 */
static void
lock_and_read(const pg_uuid_t *tenant, const UndoMember *member, BookingRow *now,
			  BookingRow *before)
{
	bool		wait = locks_wait() == LOCK_WAIT;
	Jsonb	   *values;
	Jsonb	   *private_values;

	if (!bookings_lock_row(tenant, &member->booking, wait, now))
	{
		if (!wait && bookings_read_result(tenant, &member->booking) != NULL)
			busy();
		unknown();
	}
	if (row_int(now, BK_VERSION) != member->version)
		ereport(ERROR,
				(booking_errcode(ERR_UNDO_STALE),
				 errmsg("the booking has changed since"),
				 errdetail("Booking %s is at version %d; the change to undo left it at %d.",
						   ids_text(&member->booking), row_int(now, BK_VERSION),
						   member->version),
				 errhint("Look at the booking and change it as it should be.")));
	if (!undo_store_old_values(tenant, &member->booking, member->version, &values,
							   &private_values))
		ereport(ERROR,
				(booking_errcode(ERR_UNDO_STALE),
				 errmsg("the change can't be undone any more"),
				 errdetail("Personal data that booking %s had before was erased.",
						   ids_text(&member->booking)),
				 errhint("Look at the booking and change it as it should be.")));
	*before = *now;
	put_back(before, values);
	put_back(before, private_values);
}

/* Undoes a change, the keys of which may be held already. */
static void
reverse_one(const pg_uuid_t *tenant, const UndoMember *member, const pg_uuid_t *batch,
			Undone *undone, MemoryContext memory)
{
	Intent		intent = {INTENT_REVERSE, tenant, &member->booking};
	BookingRow	now;
	BookingRow	before;
	const Intent *previous;
	BookingResult *volatile result = NULL;
	const QueuedEffects *effects;
	MemoryContext caller;

	lock_and_read(tenant, member, &now, &before);
	previous = intent_set(&intent);
	PG_TRY();
	{
		result = bookings_restore(&before);
	}
	PG_FINALLY();
	{
		intent_set(previous);
	}
	PG_END_TRY();
	if (result == NULL)
		unknown();
	undo_store_use(tenant, member, result->updated_at);

	undone->booking = member->booking;
	undone->status = result->status;
	undone->version = result->version;
	undone->updated_at = result->updated_at;
	effects = effects_of(&undone->booking, undone->version);
	if (effects != NULL)
		undone->effects = *effects;
	caller = MemoryContextSwitchTo(memory);
	undone->token = undone->version == member->version ? NULL :
		undo_issue(tenant, &undone->booking, undone->version, batch);
	MemoryContextSwitchTo(caller);
}

/* Waits for the rows of bookings, in the order of their ids. */
static void
lock_rows(const pg_uuid_t *tenant, const UndoMember *members, int count,
		  MemoryContext scratch)
{
	MemoryContext caller = MemoryContextSwitchTo(scratch);

	for (int first = 0; first < count; first += LOCK_AT_ONCE)
	{
		int			part = Min(count - first, LOCK_AT_ONCE);
		pg_uuid_t	ids[LOCK_AT_ONCE];

		for (int i = 0; i < part; i++)
			ids[i] = members[first + i].booking;
		bookings_lock_all(tenant, store_uuid_array(ids, part));
		SPI_freetuptable(SPI_tuptable);
		MemoryContextReset(scratch);
	}
	MemoryContextSwitchTo(caller);
}

/*
 * Takes what undoing many changes needs: rows by id, then keys, then orders.
 */
static void
lock_members(const pg_uuid_t *tenant, const UndoMember *members, int count,
			 MemoryContext scratch)
{
	BulkKeys	keys = {0};
	pg_uuid_t  *orders = palloc(sizeof(pg_uuid_t) * count);
	int			order_count = 0;

	keys.tenant = tenant;
	for (int i = 0; i < count; i++)
	{
		BookingRow	rows[2];
		MemoryContext caller = MemoryContextSwitchTo(scratch);

		CHECK_FOR_INTERRUPTS();
		lock_and_read(tenant, &members[i], &rows[0], &rows[1]);
		MemoryContextSwitchTo(caller);
		for (int j = 0; j < lengthof(rows); j++)
			bulk_keys_add_row(&keys, &rows[j]);
		if (lifecycle_is_occupying(row_status(&rows[0])))
			bulk_keys_add_freed(&keys, &rows[0]);
		if (row_has(&rows[0], BK_ORDER_ID))
			orders[order_count++] = *row_uuid(&rows[0], BK_ORDER_ID);
		MemoryContextReset(scratch);
	}
	bulk_keys_acquire(&keys);
	if (order_count > 0)
		records_lock_orders(tenant, store_uuid_array(orders, order_count));
	pfree(orders);
}

/* Undoes the changes of a batch, for which all locks are held. */
static void
reverse_all(const pg_uuid_t *tenant, const UndoMember *members, int count,
			const pg_uuid_t *batch, Undone *undone, MemoryContext scratch)
{
	MemoryContext caller = CurrentMemoryContext;
	LockWait	previous = locks_set_wait(LOCK_OR_ERROR);

	PG_TRY();
	{
		for (int i = 0; i < count; i++)
		{
			CHECK_FOR_INTERRUPTS();
			MemoryContextSwitchTo(scratch);
			reverse_one(tenant, &members[i], batch, &undone[i], caller);
			MemoryContextSwitchTo(caller);
			MemoryContextReset(scratch);
		}
	}
	PG_FINALLY();
	{
		locks_set_wait(previous);
	}
	PG_END_TRY();
}

/*
 * Undoes what a token stands for: one change, or those of a batch that were
 * not undone yet, all or none.  Returns a row for each; *batch_token undoes
 * that again, NULL if there is none.
 *
 * The token is looked at twice: before anything is locked, so that nobody waits
 * for a lock with a token that is none, and under the lock.  With the locks of
 * a batch held, nothing more is waited for.
 */
Undone *
undo_reverse(const pg_uuid_t *tenant, const char *text, int text_length, int *count,
			 char **batch_token)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext scratch;
	Token		token;
	UndoToken	found;
	UndoMember *members = &token.member;
	Undone	   *undone;
	pg_uuid_t	batch = ids_new();

	if (!read_token(text, text_length, &token))
		unknown();
	find_token(tenant, &token, &found);
	check_token(&found);
	*batch_token = NULL;
	*count = 1;
	scratch = AllocSetContextCreate(caller, "booking undo", ALLOCSET_DEFAULT_SIZES);

	if (token.is_batch)
	{
		if (!undo_store_lock_batch(tenant, &token.member.booking, locks_wait() == LOCK_WAIT))
			busy();
		find_token(tenant, &token, &found);
		check_token(&found);
		members = undo_store_members(tenant, &token.member.booking, count);
		if (locks_wait() == LOCK_WAIT)
		{
			/* some may have been undone by themselves while we waited */
			lock_rows(tenant, members, *count, scratch);
			members = undo_store_members(tenant, &token.member.booking, count);
		}
		lock_members(tenant, members, *count, scratch);
	}
	else
	{
		BookingState state;

		(void) bookings_lock(tenant, &members->booking, locks_wait() == LOCK_WAIT, &state);
		find_token(tenant, &token, &found);
		check_token(&found);
	}

	undone = palloc0(sizeof(Undone) * Max(*count, 1));
	if (token.is_batch)
		reverse_all(tenant, members, *count, &batch, undone, scratch);
	else
		reverse_one(tenant, members, NULL, undone, caller);
	MemoryContextDelete(scratch);
	if (token.is_batch)
	{
		undo_store_use_batch(tenant, &token.member.booking, clock_now());
		*batch_token = undo_issue_batch(tenant, &batch);
	}
	return undone;
}

/* Forgets up to max tokens that expired long ago; returns how many. Needs SPI. */
int
undo_purge(int max)
{
	return undo_store_purge(clock_now() - KEEP_EXPIRED, max);
}
