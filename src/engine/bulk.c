/*-------------------------------------------------------------------------
 *
 * bulk.c
 *	  One change of many bookings (C8).
 *
 * The rows of all bookings are locked in the order of their ids, then all keys
 * are taken in one sorted set, then all orders, and from then on nothing more
 * is waited for: who needs a key that was not foreseen is refused.  After that the bookings are
 * changed by some hundred with one UPDATE, in a subtransaction; if that raises
 * an error each half is tried by itself, so that a booking that can't be
 * changed costs a few subtransactions, and the others none of their own.
 *
 * What a booking can't become from its status is known without trying.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "engine/assignment.h"
#include "engine/bulk.h"
#include "engine/bulk_keys.h"
#include "engine/effects.h"
#include "engine/locks.h"
#include "engine/undo.h"
#include "errors.h"
#include "rules/ids.h"
#include "rules/lifecycle.h"
#include "store/plan.h"
#include "store/records.h"

#define READ_AT_ONCE 1000
#define CHANGE_AT_ONCE 250

typedef struct Bulk
{
	const pg_uuid_t *tenant;
	const BulkOrder *order;
	pg_uuid_t	batch;
	MemoryContext memory;		/* for what is given back */
	MemoryContext scratch;		/* for one UPDATE */
} Bulk;

static int
compare_items(const void *a, const void *b)
{
	return memcmp(&((const BulkItem *) a)->id, &((const BulkItem *) b)->id, UUID_LEN);
}

/* The item of a booking; they are in the order of ids. */
BulkItem *
bulk_item(BulkItem *items, int count, const pg_uuid_t *id)
{
	BulkItem	key;

	key.id = *id;
	return bsearch(&key, items, count, sizeof(BulkItem), compare_items);
}

/* ---- what goes wrong ---- */

/*
 * Says of a booking that it can't be changed.  If that is to keep all of them
 * from it, it is an error.
 */
static void
refuse(const Bulk *bulk, BulkItem *item, BookingError error, char *message)
{
	if (bulk->order->all_or_nothing)
		ereport(ERROR,
				(booking_errcode(error),
				 errmsg("%s", message),
				 errdetail("This is about booking %s.", ids_text(&item->id)),
				 errhint("Without all_or_nothing the other bookings are changed.")));
	item->code = errors_row(error)->name;
	item->message = MemoryContextStrdup(bulk->memory, message);
}

/* Whether an error is not about the booking that was tried. */
static bool
is_general(int sqlerrcode)
{
	int			category = ERRCODE_TO_CATEGORY(sqlerrcode);

	return category == ERRCODE_TO_CATEGORY(ERRCODE_QUERY_CANCELED) ||
		category == ERRCODE_TO_CATEGORY(ERRCODE_T_R_SERIALIZATION_FAILURE) ||
		category == ERRCODE_TO_CATEGORY(ERRCODE_INSUFFICIENT_RESOURCES) ||
		category == ERRCODE_TO_CATEGORY(ERRCODE_IO_ERROR) ||
		category == ERRCODE_TO_CATEGORY(ERRCODE_INTERNAL_ERROR);
}

static void
note_failure(const Bulk *bulk, BulkItem *item, ErrorData *error)
{
	const ErrorRow *row = errors_row_of(error->sqlerrcode);

	if (bulk->order->all_or_nothing)
	{
		error->context = psprintf("%s%sbulk change of booking %s",
								  error->context ? error->context : "",
								  error->context ? "\n" : "", ids_text(&item->id));
		ReThrowError(error);
	}
	item->code = row ? row->name :
		MemoryContextStrdup(bulk->memory, unpack_sql_state(error->sqlerrcode));
	item->message = MemoryContextStrdup(bulk->memory, error->message);
}

/* ---- what has to be held ---- */

/* Of which services the candidates have been locked. */
typedef struct Choices
{
	int			count;
	int			size;
	struct
	{
		pg_uuid_t	service;
		pg_uuid_t	branch;
	}		   *done;
} Choices;

/* Adds the keys of all that may be chosen for a service in a branch. */
static void
add_candidates(const Bulk *bulk, BulkKeys *keys, Choices *choices, const BookingFound *found)
{
	const Service *service;

	for (int i = 0; i < choices->count; i++)
		if (uuid_equal(&choices->done[i].service, &found->service_id) &&
			uuid_equal(&choices->done[i].branch, &found->branch_id))
			return;
	if (choices->count == choices->size)
	{
		choices->size = Max(choices->size * 2, 16);
		choices->done = choices->done == NULL ?
			palloc(sizeof(*choices->done) * choices->size) :
			repalloc(choices->done, sizeof(*choices->done) * choices->size);
	}
	choices->done[choices->count].service = found->service_id;
	choices->done[choices->count++].branch = found->branch_id;

	service = config_require_service(bulk->tenant, &found->service_id);
	for (int i = 0; i < Max(service->need_count, 1); i++)
	{
		int			count;
		pg_uuid_t  *ids = config_candidates(bulk->tenant, &found->branch_id,
											&found->service_id, service->need_count > 0 ?
											service->needs[i].kind : NULL, &count);

		SPI_freetuptable(SPI_tuptable);
		bulk_keys_add_whole(keys, ids, count);
		bulk_keys_add_limits(keys, &found->service_id, &found->branch_id,
							 found->has_customer ? &found->customer_id : NULL, ids, count,
							 found->slot);
	}
	if (bulk->order->strategy == ASSIGN_ROUND_ROBIN)
		locks_add_turns(&keys->others, bulk->tenant, &found->service_id);
}

static void
add_freed(BulkKeys *keys, const BookingFound *found)
{
	BookingRow	row;

	memset(row.isnull, true, sizeof(row.isnull));
	row_set(&row, BK_ID, UUIDPGetDatum(&found->id));
	row_set(&row, BK_SERVICE_ID, UUIDPGetDatum(&found->service_id));
	row_set(&row, BK_STARTS_AT, TimestampTzGetDatum(found->slot.from));
	row_set(&row, BK_ENDS_AT, TimestampTzGetDatum(found->slot.until));
	row_set(&row, BK_RESOURCE_IDS,
			PointerGetDatum(store_uuid_array(found->resource_ids, found->resource_count)));
	bulk_keys_add_freed(keys, &row);
}

static void
add_keys(const Bulk *bulk, BulkKeys *keys, Choices *choices, const BookingFound *found)
{
	bulk_keys_add_place(keys, &found->service_id, found->resource_ids, found->resource_count,
						found->slot);
	if (lifecycle_is_occupying(found->status))
		add_freed(keys, found);
	if (bulk->order->cancel)
		return;
	if (found->booked_by != NULL)
		bulk_keys_add_holder(keys, found->booked_by);
	if (bulk->order->resource == NULL)
		add_candidates(bulk, keys, choices, found);
	else
	{
		bulk_keys_add_place(keys, &found->service_id, bulk->order->resource, 1, found->slot);
		bulk_keys_add_limits(keys, &found->service_id, &found->branch_id, NULL,
							 bulk->order->resource, 1, found->slot);
	}
}

/* What can be said of a booking as it is. */
static void
judge(const Bulk *bulk, BulkItem *item)
{
	const char *status = lifecycle_status_name(item->status);

	if (bulk->order->cancel)
	{
		if (item->status == STATUS_CANCELLED)
			refuse(bulk, item, ERR_INVALID_TRANSITION,
				   psprintf("the booking is %s already", status));
		else if (lifecycle_find(item->status, STATUS_CANCELLED) == NULL)
			refuse(bulk, item, ERR_INVALID_TRANSITION,
				   psprintf("a booking that is %s can't become cancelled", status));
	}
	else if (!lifecycle_may_move(item->status))
		refuse(bulk, item, ERR_INVALID_TRANSITION,
			   psprintf("a booking that is %s can't be moved or reassigned", status));
	else if (bulk->order->resource == NULL && bulk->order->strategy == ASSIGN_EXPLICIT)
		refuse(bulk, item, ERR_ASSIGNMENT_UNAVAILABLE,
			   pstrdup("no resource is named, and the strategy explicit chooses none"));
}

/* Locks the bookings and all that changing them takes, and judges them. */
static void
lock_all(const Bulk *bulk, BulkItem *items, int count)
{
	BulkKeys	keys = {0};
	Choices		choices = {0};
	pg_uuid_t  *ids = palloc(sizeof(pg_uuid_t) * Max(count, 1));
	int			order_count = 0;

	keys.tenant = bulk->tenant;
	for (int first = 0; first < count; first += READ_AT_ONCE)
	{
		int			part = Min(count - first, READ_AT_ONCE);
		MemoryContext caller = MemoryContextSwitchTo(bulk->scratch);
		SPITupleTable *table;
		int			rows;

		for (int i = 0; i < part; i++)
			ids[order_count + i] = items[first + i].id;
		rows = bookings_lock_all(bulk->tenant, store_uuid_array(ids + order_count, part));
		table = SPI_tuptable;
		for (int i = 0; i < rows; i++)
		{
			BookingFound found;
			BulkItem   *item;

			CHECK_FOR_INTERRUPTS();
			SPI_tuptable = table;
			bookings_found(i, &found);
			item = bulk_item(items, count, &found.id);
			item->found = true;
			item->status = found.status;
			item->version = found.version;
			item->service_id = found.service_id;
			item->branch_id = found.branch_id;
			item->has_resource = found.resource_count > 0;
			if (item->has_resource)
				item->resource_id = found.resource_ids[0];
			judge(bulk, item);
			if (item->code != NULL)
				continue;
			if (found.has_order && bulk->order->cancel)
				ids[order_count++] = found.order_id;
			MemoryContextSwitchTo(caller);
			add_keys(bulk, &keys, &choices, &found);
			MemoryContextSwitchTo(bulk->scratch);
		}
		SPI_freetuptable(table);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(bulk->scratch);
	}
	for (int i = 0; i < count; i++)
		if (!items[i].found)
			refuse(bulk, &items[i], ERR_NOT_FOUND,
				   psprintf("booking %s does not exist", ids_text(&items[i].id)));

	bulk_keys_acquire(&keys);
	if (order_count > 0)
		records_lock_orders(bulk->tenant, store_uuid_array(ids, order_count));
}

/* ---- the change ---- */

/* Changes bookings by one UPDATE. */
static void
change_together(const Bulk *bulk, BulkItem **items, int count)
{
	const BulkOrder *order = bulk->order;
	pg_uuid_t  *ids = palloc(sizeof(pg_uuid_t) * count);
	UndoRequest *requests = palloc0(sizeof(UndoRequest) * count);
	BookingChanged *changed = palloc(sizeof(BookingChanged) * count);
	int			request_count = 0;
	int			rows;

	for (int i = 0; i < count; i++)
		ids[i] = items[i]->id;
	rows = order->cancel ?
		bookings_cancel_all(bulk->tenant, store_uuid_array(ids, count), order->reason) :
		bookings_reassign_all(bulk->tenant, store_uuid_array(ids, count), order->resource);
	for (int i = 0; i < rows; i++)
		bookings_changed(i, &changed[i]);
	SPI_freetuptable(SPI_tuptable);
	if (rows < count && (order->cancel || order->resource == NULL))
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
				 errmsg("a trigger kept the booking from being changed")));

	for (int i = 0; i < rows; i++)
		for (int j = 0; j < count; j++)
		{
			BulkItem   *item = items[(i + j) % count];

			if (!uuid_equal(&item->id, &changed[i].id))
				continue;
			if (changed[i].version != item->version)
			{
				UndoRequest *request = &requests[request_count++];

				request->booking = item->id;
				request->version = changed[i].version;
				request->at = changed[i].at;
				request->service_id = item->service_id;
				request->branch_id = item->branch_id;
				request->has_resource = item->has_resource;
				request->resource_id = item->resource_id;
			}
			break;
		}
	undo_issue_many(bulk->tenant, requests, request_count, &bulk->batch);

	/* from here on nothing fails */
	for (int i = 0, request = 0; i < rows; i++)
		for (int j = 0; j < count; j++)
		{
			BulkItem   *item = items[(i + j) % count];

			if (!uuid_equal(&item->id, &changed[i].id))
				continue;
			if (changed[i].version != item->version)
			{
				char	   *token = requests[request++].token;

				item->token = token ? MemoryContextStrdup(bulk->memory, token) : NULL;
			}
			item->status = changed[i].status;
			item->version = changed[i].version;
			break;
		}
}

/*
 * The same in a subtransaction.  If that raises an error, each half is tried by
 * itself.
 */
static void
change_separately(const Bulk *bulk, BulkItem **items, int count)
{
	MemoryContext memory = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	CHECK_FOR_INTERRUPTS();
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(bulk->scratch);
	PG_TRY();
	{
		change_together(bulk, items, count);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(memory);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(memory);
	CurrentResourceOwner = owner;
	MemoryContextReset(bulk->scratch);

	if (error == NULL)
		return;
	if (is_general(error->sqlerrcode))
		ReThrowError(error);
	if (count == 1)
		note_failure(bulk, items[0], error);
	FreeErrorData(error);
	if (count > 1)
	{
		change_separately(bulk, items, count / 2);
		change_separately(bulk, items + count / 2, count - count / 2);
	}
}

/*
 * Changes bookings, whose ids are in order and differ from each other, and
 * fills in what became of each.  Returns the token that undoes all of it, NULL
 * if there is none.  Needs SPI.
 */
char *
bulk_change(const pg_uuid_t *tenant, const BulkOrder *order, BulkItem *items, int count)
{
	Bulk		bulk = {tenant, order, ids_new(), CurrentMemoryContext, NULL};
	BulkItem  **todo = palloc(sizeof(BulkItem *) * Max(count, 1));
	int			todo_count = 0;
	int			previous;
	LockWait	previous_wait;

	bulk.scratch = AllocSetContextCreate(CurrentMemoryContext, "booking bulk",
										 ALLOCSET_DEFAULT_SIZES);
	effects_forget();
	lock_all(&bulk, items, count);
	for (int i = 0; i < count; i++)
		if (items[i].code == NULL)
			todo[todo_count++] = &items[i];

	previous = assignment_set_strategy(order->cancel || order->strategy == ASSIGN_EXPLICIT ?
									   -1 : order->strategy);
	previous_wait = locks_set_wait(LOCK_OR_ERROR);
	PG_TRY();
	{
		for (int first = 0; first < todo_count; first += CHANGE_AT_ONCE)
			change_separately(&bulk, todo + first, Min(todo_count - first, CHANGE_AT_ONCE));
	}
	PG_FINALLY();
	{
		locks_set_wait(previous_wait);
		assignment_set_strategy(previous);
	}
	PG_END_TRY();

	MemoryContextDelete(bulk.scratch);
	pfree(todo);
	return undo_issue_batch(tenant, &bulk.batch);
}
