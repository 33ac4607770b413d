/*-------------------------------------------------------------------------
 *
 * locks.c
 *	  Keys: the locks under which resources are looked at and taken.
 *
 * Keys are locks of PostgreSQL's lock manager, of an advisory class of our
 * own, held to the end of the transaction.  What is taken for a span of time
 * on a resource:
 *
 *	  few days		RowExclusive on the resource, Exclusive on each UTC day
 *	  many days		Exclusive on the resource
 *
 * so that bookings of different days do not wait for each other, and a long
 * one waits for all.  A customer who must not be in two places at once is
 * locked likewise.  A quota's key is one Exclusive lock, and so are that of the
 * turns of a service's resources, of somebody who waits, and of a request that
 * is made under an idempotency key.
 *
 * Order.  All keys a change needs are put together first, made unique, sorted
 * by class (turns, quotas and customers, resources) and by their final lock
 * tag, and then taken; turns decide which resources are meant, so their key is
 * taken before the others are known, and a request's is taken before anything
 * else at all.  The mode of a resource is chosen before
 * its first lock and never upgraded, as two upgraders deadlock: a transaction
 * that has RowExclusive on a resource takes a long span there day by day.
 *
 * Bulk work that would take very many days takes resources as a whole instead.
 *
 * A key must not be waited for while the transaction holds locks of a later
 * class (allocations); work done for others asks with LOCK_OR_SKIP.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "lib/qunique.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/memutils.h"

#include "compat.h"
#include "engine/locks.h"
#include "errors.h"
#include "rules/calendar.h"

/*
 * Far from the small numbers of user-level and Citus' advisory locks; they are
 * taken in this order.
 */
#define REQUEST_CLASS 0xB009
#define TURN_CLASS 0xB00A
#define QUOTA_CLASS 0xB00B
#define RESOURCE_CLASS 0xB00C

/* Spans of more days than this take the resource as a whole. */
#define MANY_DAYS 8

typedef struct Key
{
	LOCKTAG		tag;
	LOCKMODE	mode;
} Key;

typedef enum KeyKind
{
	KEY_RESOURCE,
	KEY_DAY,
	KEY_ACTOR,
	KEY_TURNS,
	KEY_QUOTA,
	KEY_QUEUE,
	KEY_WAITING,
	KEY_CUSTOMER,
	KEY_CUSTOMER_DAY,
	KEY_REQUEST
} KeyKind;

static const uint16 key_classes[] = {
	[KEY_RESOURCE] = RESOURCE_CLASS,
	[KEY_DAY] = RESOURCE_CLASS,
	[KEY_ACTOR] = QUOTA_CLASS,
	[KEY_TURNS] = TURN_CLASS,
	[KEY_QUOTA] = QUOTA_CLASS,
	[KEY_QUEUE] = QUOTA_CLASS,
	[KEY_WAITING] = QUOTA_CLASS,
	[KEY_CUSTOMER] = QUOTA_CLASS,
	[KEY_CUSTOMER_DAY] = QUOTA_CLASS,
	[KEY_REQUEST] = REQUEST_CLASS
};

static int	max_keys = 1000;

/* How the command now running waits. */
static LockWait lock_wait = LOCK_WAIT;

/*
 * How many keys the transaction holds: in all, and those that each level of
 * subtransactions took, because rolling one back releases its locks.
 */
static int	keys_held = 0;
static int *held_at_level = NULL;
static int	levels = 0;

static void
count_keys(int change)
{
	int			level = GetCurrentTransactionNestLevel();

	if (level >= levels)
	{
		int			grown = Max(level + 1, 16);

		held_at_level = held_at_level == NULL ?
			MemoryContextAllocZero(TopMemoryContext, sizeof(int) * grown) :
			repalloc(held_at_level, sizeof(int) * grown);
		memset(held_at_level + levels, 0, sizeof(int) * (grown - levels));
		levels = grown;
	}
	held_at_level[level] += change;
	keys_held += change;
}

static void
forget_keys(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
		event == XACT_EVENT_PREPARE)
	{
		if (keys_held > 0)
			memset(held_at_level, 0, sizeof(int) * levels);
		keys_held = 0;
	}
}

static void
forget_subtransaction_keys(SubXactEvent event, SubTransactionId mySubid,
						   SubTransactionId parentSubid, void *arg)
{
	int			level = GetCurrentTransactionNestLevel();

	if (level >= levels || held_at_level[level] == 0)
		return;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		keys_held -= held_at_level[level];
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
		held_at_level[level - 1] += held_at_level[level];
	else
		return;
	held_at_level[level] = 0;
}

void
locks_init(void)
{
	RegisterXactCallback(forget_keys, NULL);
	RegisterSubXactCallback(forget_subtransaction_keys, NULL);
}

void
locks_define_gucs(void)
{
	DefineCustomIntVariable("booking.max_locks_per_transaction",
							"How many resource and day locks one transaction may take.",
							"The server's lock table is shared by all sessions and finite.",
							&max_keys,
							1000, 10, 1000000,
							PGC_SUSET,
							0,
							NULL, NULL, NULL);
}

static void
add_key(KeySet *set, KeyKind kind, const pg_uuid_t *tenant, const void *subject,
		int length, int64 day, LOCKMODE mode)
{
	uint64		hash;
	Key		   *key;

	hash = hash_bytes_extended(tenant->data, UUID_LEN, (uint64) kind);
	hash = hash_bytes_extended(subject, length, hash);
	if (kind == KEY_DAY || kind == KEY_CUSTOMER_DAY)
		hash = hash_bytes_extended((unsigned char *) &day, sizeof(day), hash);

	if (set->count == set->size)
	{
		set->size = Max(set->size * 2, 8);
		set->keys = set->keys == NULL ? palloc(sizeof(Key) * set->size) :
			repalloc(set->keys, sizeof(Key) * set->size);
	}
	key = &set->keys[set->count++];
	SET_LOCKTAG_ADVISORY(key->tag, MyDatabaseId, (uint32) (hash >> 32), (uint32) hash,
						 key_classes[kind]);
	key->mode = mode;
}

void
locks_add_whole_resource(KeySet *set, const pg_uuid_t *tenant, const pg_uuid_t *resource)
{
	add_key(set, KEY_RESOURCE, tenant, resource, UUID_LEN, 0, ExclusiveLock);
}

/*
 * Whether the transaction has a key of a resource that is less than the whole:
 * then it must not ask for the whole.
 */
bool
locks_has_part(const pg_uuid_t *tenant, const pg_uuid_t *resource)
{
	KeySet		set = {0};
	bool		has;

	if (keys_held == 0)
		return false;
	locks_add_whole_resource(&set, tenant, resource);
	has = compat_lock_held_by_me(&set.keys[0].tag, RowExclusiveLock);
	pfree(set.keys);
	return has;
}

static void
too_many_keys(void)
{
	ereport(ERROR,
			(booking_errcode(ERR_TOO_MANY_LOCKS),
			 errmsg("the transaction would take more than %d resource and day locks",
					max_keys),
			 errhint("Split the work over several transactions, or raise "
					 "booking.max_locks_per_transaction together with "
					 "max_locks_per_transaction.")));
}

/* Adds what covers a span of time on something, as a whole and by days. */
static void
add_span(KeySet *set, KeyKind whole_kind, KeyKind day_kind, const pg_uuid_t *tenant,
		 const pg_uuid_t *subject, TimeSpan span)
{
	int64		first = calendar_day(span.from);
	int64		last = calendar_day(span.until - 1);

	add_key(set, whole_kind, tenant, subject, UUID_LEN, 0, RowExclusiveLock);

	/* all of it is covered by bulk work that has the whole */
	if (keys_held > 0 &&
		compat_lock_held_by_me(&set->keys[set->count - 1].tag, ExclusiveLock))
	{
		set->count--;
		return;
	}
	if (last - first >= MANY_DAYS)
	{
		Key		   *whole = &set->keys[set->count - 1];

		if (!compat_lock_held_by_me(&whole->tag, RowExclusiveLock))
		{
			whole->mode = ExclusiveLock;
			return;
		}
		if (last - first >= max_keys)
		{
			if (lock_wait != LOCK_OR_SKIP)
				too_many_keys();
			set->too_many = true;
			return;
		}
	}
	for (int64 day = first; day <= last; day++)
		add_key(set, day_kind, tenant, subject, UUID_LEN, day, ExclusiveLock);
}

/* Adds what covers a span of time on a resource. */
void
locks_add_resource(KeySet *set, const pg_uuid_t *tenant, const pg_uuid_t *resource,
				   TimeSpan span)
{
	add_span(set, KEY_RESOURCE, KEY_DAY, tenant, resource, span);
}

/* Adds what covers a span of a customer's time. */
void
locks_add_customer(KeySet *set, const pg_uuid_t *tenant, const pg_uuid_t *customer,
				   TimeSpan span)
{
	add_span(set, KEY_CUSTOMER, KEY_CUSTOMER_DAY, tenant, customer, span);
}

/* Adds the key under which a quota is counted; name is all that tells it apart. */
void
locks_add_quota(KeySet *set, const pg_uuid_t *tenant, const void *name, int length)
{
	add_key(set, KEY_QUOTA, tenant, name, length, 0, ExclusiveLock);
}

/* Adds the key under which the resources of a service take turns. */
void
locks_add_turns(KeySet *set, const pg_uuid_t *tenant, const pg_uuid_t *service)
{
	add_key(set, KEY_TURNS, tenant, service, UUID_LEN, 0, ExclusiveLock);
}

/* Adds the key under which a request is made once; name is all that tells it apart. */
void
locks_add_request(KeySet *set, const pg_uuid_t *tenant, const void *name, int length)
{
	add_key(set, KEY_REQUEST, tenant, name, length, 0, ExclusiveLock);
}

/* Adds the key under which an actor's live holds are counted. */
void
locks_add_actor(KeySet *set, const pg_uuid_t *tenant, const char *actor)
{
	add_key(set, KEY_ACTOR, tenant, actor, strlen(actor), 0, ExclusiveLock);
}

/*
 * Adds the key of the waiting lists of a branch.  Whoever joins one shuts out
 * all others that do and all that free something there, which in turn don't
 * shut out each other.  So what is freed is seen by who waits for it or the
 * other way round, and how many wait can be counted.
 */
void
locks_add_queue(KeySet *set, const pg_uuid_t *tenant, const pg_uuid_t *branch, bool joins)
{
	add_key(set, KEY_QUEUE, tenant, branch, UUID_LEN, 0, joins ? ExclusiveLock : RowExclusiveLock);
}

/* Adds the key under which somebody who waits is given what was freed for him. */
void
locks_add_waiting(KeySet *set, const pg_uuid_t *tenant, const pg_uuid_t *booking)
{
	add_key(set, KEY_WAITING, tenant, booking, UUID_LEN, 0, ExclusiveLock);
}

/* By class, then by the rest of the tag. */
static int
compare_tags(const void *a, const void *b)
{
	const LOCKTAG *left = &((const Key *) a)->tag;
	const LOCKTAG *right = &((const Key *) b)->tag;

	if (left->locktag_field4 != right->locktag_field4)
		return (int) left->locktag_field4 - (int) right->locktag_field4;
	return memcmp(left, right, sizeof(LOCKTAG));
}

/* Of the same tag, the stronger mode first. */
static int
compare_keys(const void *a, const void *b)
{
	int			order = compare_tags(a, b);

	if (order != 0)
		return order;
	return ((const Key *) b)->mode - ((const Key *) a)->mode;
}

/* Adds the keys of another set. */
void
locks_add_all(KeySet *set, const KeySet *other)
{
	int			count = set->count + other->count;

	if (count > set->size)
	{
		set->size = Max(count, set->size * 2);
		set->keys = set->keys == NULL ? palloc(sizeof(Key) * set->size) :
			repalloc(set->keys, sizeof(Key) * set->size);
	}
	if (other->count > 0)
		memcpy(set->keys + set->count, other->keys, sizeof(Key) * other->count);
	set->count = count;
	set->too_many |= other->too_many;
}

static void
make_unique(KeySet *set)
{
	qsort(set->keys, set->count, sizeof(Key), compare_keys);
	set->count = (int) qunique(set->keys, set->count, sizeof(Key), compare_tags);
}

/* Whether a set is so large that it had better be made of whole resources. */
bool
locks_are_many(KeySet *set)
{
	make_unique(set);
	return set->count > (max_keys - keys_held) / 2;
}

/*
 * Says how keys are waited for from now on and returns how they were; the
 * caller puts that back, after an error too.
 */
LockWait
locks_set_wait(LockWait wait)
{
	LockWait	previous = lock_wait;

	lock_wait = wait;
	return previous;
}

/* How they are waited for now. */
LockWait
locks_wait(void)
{
	return lock_wait;
}

/*
 * Takes all keys of a set, in order.  With LOCK_OR_SKIP, false when one can't
 * be had at once; then none was taken.  taken, if not NULL, receives what this
 * call added, for locks_release().
 */
bool
locks_acquire(KeySet *set, KeysTaken *taken)
{
	KeysTaken	added;

	if (set->too_many)
		return false;
	make_unique(set);

	added.count = 0;
	added.keys = palloc(sizeof(Key) * Max(set->count, 1));

	for (int i = 0; i < set->count; i++)
	{
		Key		   *key = &set->keys[i];
		LockAcquireResult result;

		/* covered already, by this mode or a stronger one */
		if (compat_lock_held_by_me(&key->tag, key->mode) ||
			(key->mode == RowExclusiveLock &&
			 compat_lock_held_by_me(&key->tag, ExclusiveLock)))
			continue;

		if (keys_held >= max_keys)
		{
			if (lock_wait == LOCK_OR_SKIP)
			{
				locks_release(&added);
				return false;
			}
			too_many_keys();
		}

		result = LockAcquire(&key->tag, key->mode, false, lock_wait != LOCK_WAIT);
		if (result == LOCKACQUIRE_NOT_AVAIL)
		{
			if (lock_wait == LOCK_OR_ERROR)
				ereport(ERROR,
						(booking_errcode(ERR_BUSY),
						 key->tag.locktag_field4 == REQUEST_CLASS ?
						 errmsg("the same request is being made in another session right now") :
						 errmsg("somebody else is booking this resource right now"),
						 errhint("Try again, or wait with lock_wait => true.")));
			locks_release(&added);
			return false;
		}
		count_keys(1);
		added.keys[added.count++] = *key;
	}

	/* what others decided under these keys */
	AcceptInvalidationMessages();

	if (taken != NULL)
		*taken = added;
	else
		pfree(added.keys);
	return true;
}

/*
 * Gives keys back before the transaction ends: only those under which nothing
 * was written.
 */
void
locks_release(KeysTaken *taken)
{
	for (int i = taken->count - 1; i >= 0; i--)
	{
		LockRelease(&taken->keys[i].tag, taken->keys[i].mode, false);
		count_keys(-1);
	}
	pfree(taken->keys);
	taken->keys = NULL;
	taken->count = 0;
}
