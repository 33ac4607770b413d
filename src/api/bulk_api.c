/*-------------------------------------------------------------------------
 *
 * bulk_api.c
 *	  SQL functions that change many bookings: bulk_cancel, bulk_reassign.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/qunique.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

#include "api/arguments.h"
#include "api/idempotency.h"
#include "engine/bulk.h"
#include "errors.h"
#include "rules/lifecycle.h"
#include "rules/settings.h"
#include "rules/text.h"
#include "store/config.h"
#include "store/plan.h"

PG_FUNCTION_INFO_V1(booking_bulk_cancel);
PG_FUNCTION_INFO_V1(booking_bulk_reassign);

/* An element of the list. */
typedef struct Listed
{
	bool		isnull;
	bool		again;			/* it was in the list before */
	pg_uuid_t	id;
} Listed;

static Listed *
read_list(FunctionCallInfo fcinfo, int *count)
{
	ArrayType  *array;
	Listed	   *listed;
	ArrayIterator iterator;
	Datum		value;
	bool		isnull;

	argument_require(fcinfo, 0, "bookings");
	array = PG_GETARG_ARRAYTYPE_P(0);
	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("argument \"bookings\" must be a plain list")));
	*count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	listed = MemoryContextAllocExtended(CurrentMemoryContext, sizeof(Listed) * Max(*count, 1),
										MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	iterator = array_create_iterator(array, 0, NULL);
	for (int i = 0; array_iterate(iterator, &value, &isnull); i++)
	{
		listed[i].isnull = isnull;
		if (!isnull)
			listed[i].id = *DatumGetUUIDP(value);
	}
	array_free_iterator(iterator);
	return listed;
}

static int
compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, UUID_LEN);
}

/* The items of a list, in the order of ids and each once. */
static BulkItem *
make_items(const Listed *listed, int count, int *item_count)
{
	pg_uuid_t  *ids = MemoryContextAllocExtended(CurrentMemoryContext,
												 sizeof(pg_uuid_t) * Max(count, 1),
												 MCXT_ALLOC_HUGE);
	BulkItem   *items;

	*item_count = 0;
	for (int i = 0; i < count; i++)
		if (!listed[i].isnull)
			ids[(*item_count)++] = listed[i].id;
	qsort(ids, *item_count, sizeof(pg_uuid_t), compare_ids);
	*item_count = (int) qunique(ids, *item_count, sizeof(pg_uuid_t), compare_ids);
	items = MemoryContextAllocExtended(CurrentMemoryContext,
									   sizeof(BulkItem) * Max(*item_count, 1),
									   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < *item_count; i++)
		items[i].id = ids[i];
	pfree(ids);
	return items;
}

static void
put_row(FunctionCallInfo fcinfo, const pg_uuid_t *id, BookingError error,
		const char *message, const BulkItem *item, const char *batch_token)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const char *texts[8] = {0};
	Datum		values[8] = {0};
	bool		nulls[8];

	texts[2] = item ? item->code : errors_row(error)->name;
	texts[3] = item ? item->message : message;
	texts[4] = item && item->found ? lifecycle_status_name(item->status) : NULL;
	texts[6] = item ? item->token : NULL;
	texts[7] = batch_token;
	for (int i = 0; i < lengthof(values); i++)
	{
		nulls[i] = texts[i] == NULL;
		if (texts[i] != NULL)
			values[i] = CStringGetTextDatum(texts[i]);
	}
	nulls[0] = id == NULL;
	values[0] = UUIDPGetDatum(id);
	nulls[1] = false;
	values[1] = BoolGetDatum(item != NULL && item->code == NULL);
	nulls[5] = item == NULL || !item->found;
	values[5] = Int32GetDatum(item ? item->version : 0);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	for (int i = 0; i < lengthof(values); i++)
		if (texts[i] != NULL)
			pfree(DatumGetPointer(values[i]));
}

/* Carries out an order, with a row for each element of the list. */
static void
carry_out(FunctionCallInfo fcinfo, const BulkOrder *order, int tenant_argument)
{
	const pg_uuid_t *tenant = argument_tenant(fcinfo, tenant_argument);
	int			count;
	Listed	   *listed = read_list(fcinfo, &count);
	int			item_count;
	BulkItem   *items = make_items(listed, count, &item_count);
	bool	   *seen = palloc0(Max(item_count, 1));
	char	   *batch_token;

	for (int i = 0; i < count; i++)
	{
		BulkItem   *item;

		if (listed[i].isnull)
			continue;
		item = bulk_item(items, item_count, &listed[i].id);
		listed[i].again = seen[item - items];
		seen[item - items] = true;
	}
	if (order->all_or_nothing)
		for (int i = 0; i < count; i++)
			if (listed[i].isnull || listed[i].again)
				ereport(ERROR,
						(booking_errcode(listed[i].isnull ? ERR_NULL_VALUE : ERR_BAD_VALUE),
						 errmsg(listed[i].isnull ? "a booking of the list is null" :
								"a booking is in the list twice")));

	batch_token = bulk_change(tenant, order, items, item_count);
	for (int i = 0; i < count; i++)
	{
		if (listed[i].isnull)
			put_row(fcinfo, NULL, ERR_NULL_VALUE, "the booking is null", NULL, batch_token);
		else if (listed[i].again)
			put_row(fcinfo, &listed[i].id, ERR_BAD_VALUE, "the booking is in the list twice",
					NULL, batch_token);
		else
			put_row(fcinfo, &listed[i].id, ERR_BAD_VALUE, NULL,
					bulk_item(items, item_count, &listed[i].id), batch_token);
	}
}

static Datum
bulk_cancel(PG_FUNCTION_ARGS)
{
	BulkOrder	order = {0};

	store_connect();
	order.cancel = true;
	order.reason = argument_text(fcinfo, 1);
	order.all_or_nothing = argument_bool(fcinfo, 2, false);
	carry_out(fcinfo, &order, 4);
	store_finish();
	return (Datum) 0;
}

/* booking.bulk_cancel(bookings, reason, all_or_nothing, idempotency_key, tenant) */
Datum
booking_bulk_cancel(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	return idempotent_call(fcinfo, -1, bulk_cancel);
}

/* The strategy of that name. */
static AssignmentStrategy
read_strategy(FunctionCallInfo fcinfo, int number)
{
	const char *const *options = settings_row(SETTING_ASSIGNMENT)->options;
	char	   *name = argument_text(fcinfo, number);

	if (name == NULL)
		return ASSIGN_EXPLICIT;
	for (int i = 0; options[i] != NULL; i++)
		if (strcmp(options[i], name) == 0)
			return (AssignmentStrategy) i;
	ereport(ERROR,
			(booking_errcode(ERR_BAD_VALUE),
			 errmsg("strategy \"%s\" is not known", text_excerpt(name)),
			 errhint("The strategies are explicit, first, least_loaded and round_robin.")));
}

static Datum
bulk_reassign(PG_FUNCTION_ARGS)
{
	BulkOrder	order = {0};

	store_connect();
	order.resource = argument_uuid(fcinfo, 1);
	order.strategy = read_strategy(fcinfo, 2);
	order.all_or_nothing = argument_bool(fcinfo, 3, false);
	if (order.resource != NULL)
		(void) config_require_resource(argument_tenant(fcinfo, 5), order.resource);
	carry_out(fcinfo, &order, 5);
	store_finish();
	return (Datum) 0;
}

/*
 * booking.bulk_reassign(bookings, resource, strategy, all_or_nothing,
 * idempotency_key, tenant)
 */
Datum
booking_bulk_reassign(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	return idempotent_call(fcinfo, -1, bulk_reassign);
}
