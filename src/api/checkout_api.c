/*-------------------------------------------------------------------------
 *
 * checkout_api.c
 *	  SQL functions that turn a slot into a booking: checkout and book.
 *
 * Order of locks: the customer's row, the bookings' rows by id, and then the
 * keys of all of them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/tuplestore.h"
#include "utils/uuid.h"

#include "api/arguments.h"
#include "api/commands.h"
#include "api/idempotency.h"
#include "compat.h"
#include "engine/assignment.h"
#include "engine/checks.h"
#include "engine/clock.h"
#include "engine/context.h"
#include "engine/locks.h"
#include "engine/occupancy.h"
#include "engine/quotas.h"
#include "errors.h"
#include "rules/contact.h"
#include "rules/ids.h"
#include "rules/lifecycle.h"
#include "rules/money.h"
#include "rules/text.h"
#include "store/config.h"
#include "store/people.h"
#include "store/plan.h"
#include "store/records.h"

PG_FUNCTION_INFO_V1(booking_checkout);
PG_FUNCTION_INFO_V1(booking_book);

/* Most bookings of one checkout. */
#define MAX_CHECKOUT 100

/* ---- the customer (K1, K3) ---- */

/*
 * Finds or adds the customer.  What was given replaces what is stored if
 * staff or the customer himself says so; a stranger who knows the e-mail
 * changes and learns nothing.
 *
 * NULL when the e-mail is that of somebody else who logs in: nobody has shown
 * whose it is, so neither of the two may come to see the other's bookings.
 */
static const pg_uuid_t *
resolve_customer(const pg_uuid_t *tenant, const Contact *given, const Context *context)
{
	Customer	customer;
	pg_uuid_t  *id = palloc(sizeof(pg_uuid_t));
	bool		found = false;
	const char *own_actor = context_is_staff(context) ? NULL : context->actor;

	if (given->has_id)
	{
		found = people_lock_customer(tenant, &given->id, NULL, &customer);
		if (!found || (!context_is_staff(context) && !context_is_actor(context, customer.actor)))
			ereport(ERROR,
					(booking_errcode(ERR_NOT_FOUND),
					 errmsg("customer %s does not exist", ids_text(&given->id))));
	}

	/* somebody else may add the same e-mail between our look and our INSERT */
	while (!found)
	{
		if (given->email != NULL)
			found = people_lock_customer(tenant, NULL, given->email, &customer);
		if (!found && people_add_customer(tenant, given, own_actor, id))
			return id;
	}
	if (context_is_staff(context) || context_is_actor(context, customer.actor))
	{
		Contact		contact = *given;

		/* found by id: the e-mail may be that of another customer */
		if (given->has_id && given->email != NULL &&
			people_email_taken(tenant, given->email, &customer.id))
		{
			if (context_is_staff(context))
				ereport(ERROR,
						(booking_errcode(ERR_BAD_VALUE),
						 errmsg("another customer has this e-mail address")));
			contact.email = NULL;
		}
		people_update_customer(tenant, &customer.id, &contact);
	}
	else if (customer.actor != NULL)
		return NULL;
	*id = customer.id;
	return id;
}

/* ---- answers (K1, K2, K10) ---- */

static void
store_answer(const pg_uuid_t *tenant, const pg_uuid_t *booking, const char *key,
			 JsonbValue *value, TimestampTz now)
{
	pg_uuid_t	question;
	QuestionForm form;

	if (!ids_parse(key, &question) &&
		!config_id_of_code(CODED_QUESTION, tenant, key, &question))
		ereport(ERROR,
				(booking_errcode(ERR_NOT_FOUND),
				 errmsg("there is no question \"%s\"", text_excerpt(key))));
	if (!config_question(tenant, &question, &form))
		ereport(ERROR,
				(booking_errcode(ERR_NOT_FOUND),
				 errmsg("there is no question \"%s\"", text_excerpt(key))));
	answers_check(&form, value);
	if (value->type != jbvNull)
		records_answer(tenant, booking, &question, JsonbValueToJsonb(value), now);
}

/*
 * Stores answers: {question: value, ...} for every booking, or, if by_booking
 * allows it, {booking: {question: value, ...}, ...}.  A question goes by its
 * id or its code.
 */
static void
store_answers(const pg_uuid_t *tenant, const pg_uuid_t *bookings, int count, bool by_booking,
			  Jsonb *answers, TimestampTz now)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	value;

	if (!JB_ROOT_IS_OBJECT(answers))
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("the answers must be a JSON object")));
	if (JB_ROOT_COUNT(answers) == 0)
		return;

	iterator = JsonbIteratorInit(&answers->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		char	   *key;
		pg_uuid_t	id;
		int			which = -1;

		if (token != WJB_KEY)
			continue;
		key = pnstrdup(value.val.string.val, value.val.string.len);
		(void) JsonbIteratorNext(&iterator, &value, true);

		if (by_booking && ids_parse(key, &id))
			for (int i = 0; i < count; i++)
				if (uuid_equal(&bookings[i], &id))
					which = i;
		if (which >= 0)
		{
			if (value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
				ereport(ERROR,
						(booking_errcode(ERR_BAD_VALUE),
						 errmsg("the answers of a booking must be a JSON object")));
			store_answers(tenant, &bookings[which], 1, false, JsonbValueToJsonb(&value), now);
			continue;
		}
		for (int i = 0; i < count; i++)
			store_answer(tenant, &bookings[i], key, &value, now);
	}
}

/* ---- what is to be paid ---- */

static void
check_total(Datum total, Datum expected)
{
	if (DatumGetInt32(DirectFunctionCall2(numeric_cmp, total, expected)) != 0)
		ereport(ERROR,
				(booking_errcode(ERR_PRICE_CHANGED),
				 errmsg("the price is %s, not %s",
						DatumGetCString(DirectFunctionCall1(numeric_out, total)),
						text_excerpt(DatumGetCString(DirectFunctionCall1(numeric_out, expected)))),
				 errhint("Show the new price and ask again.")));
}

/* booking_id, status, version, order_id, price, currency, tax */
static void
put_result(FunctionCallInfo fcinfo, const BookingResult *result)
{
	ReturnSetInfo *set = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum		values[7];
	bool		nulls[7] = {0};

	values[0] = UUIDPGetDatum(&result->id);
	values[1] = CStringGetTextDatum(lifecycle_status_name(result->status));
	values[2] = Int32GetDatum(result->version);
	values[3] = UUIDPGetDatum(&result->order_id);
	nulls[3] = !result->has_order;
	values[4] = result->price;
	values[5] = CStringGetTextDatum(result->currency);
	values[6] = result->tax;
	tuplestore_putvalues(set->setResult, set->setDesc, values, nulls);
}

/*
 * Inserts or checks out a booking in the name of a customer that was just
 * looked up, or of nobody known (NULL); confirmed, or pending until staff
 * approves (K4).  What a checkout needs is locked already, and it waits for
 * nothing more.
 */
static BookingResult *
commit_booking(const BookingRow *row, const pg_uuid_t *customer, bool insert,
			   const pg_uuid_t *preferred)
{
	const pg_uuid_t *previous_customer = checks_vouch_for_customer(customer);
	const pg_uuid_t *previous_booking = checks_ask_for_approval(row_uuid(row, BK_ID));
	LockWait	previous_wait = locks_set_wait(insert ? locks_wait() : LOCK_OR_ERROR);
	BookingResult *volatile result = NULL;

	PG_TRY();
	{
		if (insert)
			result = assignment_insert(row, preferred);
		else
			result = bookings_checkout(row);
	}
	PG_FINALLY();
	{
		locks_set_wait(previous_wait);
		checks_vouch_for_customer(previous_customer);
		checks_ask_for_approval(previous_booking);
	}
	PG_END_TRY();
	return result;
}

/* ---- checkout ---- */

static int
compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, UUID_LEN);
}

/* A hold that is checked out, with its row locked. */
typedef struct CheckedOut
{
	pg_uuid_t	id;
	BookingState state;
	const Service *service;
} CheckedOut;

static void
check_expiry(const BookingState *state)
{
	if (state->expires_at <= clock_now())
		ereport(ERROR,
				(booking_errcode(ERR_HOLD_EXPIRED),
				 errmsg("the hold has expired"),
				 errdetail("It expired at %s.", timestamptz_to_str(state->expires_at)),
				 errhint("booking.refresh_hold() takes the slot again if it is still free.")));
}

static void
lock_holds(const pg_uuid_t *tenant, CheckedOut *holds, int count)
{
	for (int i = 0; i < count; i++)
	{
		BookingState *state = &holds[i].state;

		if (i > 0 && uuid_equal(&holds[i].id, &holds[i - 1].id))
			ereport(ERROR,
					(booking_errcode(ERR_BAD_VALUE),
					 errmsg("hold %s is named twice", ids_text(&holds[i].id))));
		command_lock(tenant, &holds[i].id, state);
		if (state->status != STATUS_HELD)
			ereport(ERROR,
					(booking_errcode(state->reason_code != NULL &&
									 strcmp(state->reason_code, "hold_expired") == 0 ?
									 ERR_HOLD_EXPIRED : ERR_HOLD_NOT_ACTIVE),
					 errmsg("booking %s is no hold any more", ids_text(&holds[i].id)),
					 errdetail("Its status is %s.", lifecycle_status_name(state->status))));
		check_expiry(state);
		if (state->has_order)
			ereport(ERROR,
					(booking_errcode(ERR_HOLD_NOT_ACTIVE),
					 errmsg("booking %s is checked out already and waits for its deposit",
							ids_text(&holds[i].id)),
					 errhint("booking.record_payment() records what was paid.")));
		if (strcmp(state->currency, holds[0].state.currency) != 0)
			ereport(ERROR,
					(booking_errcode(ERR_MIXED_CURRENCY),
					 errmsg("holds in %s and %s can't be checked out together",
							holds[0].state.currency, state->currency)));
	}
}

/*
 * Takes the keys of all holds in one go: one after the other, as each UPDATE
 * by itself would, they could be taken in anybody's order.  What expired while
 * they were waited for would need more.
 */
static void
lock_places(const pg_uuid_t *tenant, const CheckedOut *holds, int count,
			const pg_uuid_t *customer)
{
	KeySet		keys = {0};

	for (int i = 0; i < count; i++)
	{
		const BookingState *state = &holds[i].state;
		QuotaCase	quota_case = {0};

		quota_case.tenant = tenant;
		quota_case.service = holds[i].service;
		quota_case.branch = config_branch(tenant, &state->branch_id);
		quota_case.customer = customer;
		quota_case.resources = config_resources(tenant, state->resource_ids,
												state->resource_count);
		quota_case.resource_count = state->resource_count;
		quota_case.slot = (TimeSpan) {state->starts_at, state->ends_at};
		quotas_add_checkout_keys(&keys, &quota_case);
		occupancy_add_keys(&keys, tenant, holds[i].service, state->resource_ids,
						   state->resource_count,
						   (TimeSpan) {state->starts_at, state->ends_at});
		if (state->booked_by != NULL && !money_is_zero(holds[i].service->deposit))
			locks_add_actor(&keys, tenant, state->booked_by);
	}
	locks_acquire(&keys, NULL);
	for (int i = 0; i < count; i++)
		check_expiry(&holds[i].state);
}

static void
check_out(FunctionCallInfo fcinfo)
{
	const pg_uuid_t *tenant = argument_tenant(fcinfo, 6);
	const Context *context = context_get();
	Contact		given = contact_read(PG_GETARG_JSONB_P(1));
	int			count;
	pg_uuid_t  *ids = argument_uuids(fcinfo, 0, "holds", &count);
	pg_uuid_t  *sorted = palloc(sizeof(pg_uuid_t) * count);
	CheckedOut *holds = palloc0(sizeof(CheckedOut) * count);
	BookingResult **results = palloc0(sizeof(BookingResult *) * count);
	const pg_uuid_t *customer = resolve_customer(tenant, &given, context);
	pg_uuid_t	order = ids_new();
	Datum		total = NumericGetDatum(int64_to_numeric(0));

	memcpy(sorted, ids, sizeof(pg_uuid_t) * count);
	qsort(sorted, count, UUID_LEN, compare_ids);
	for (int i = 0; i < count; i++)
		holds[i].id = sorted[i];
	lock_holds(tenant, holds, count);

	for (int i = 0; i < count; i++)
	{
		holds[i].service = config_require_service(tenant, &holds[i].state.service_id);
		total = DirectFunctionCall2(numeric_add, total, holds[i].state.price);
	}
	lock_places(tenant, holds, count, customer);
	if (!PG_ARGISNULL(3))
		check_total(total, PG_GETARG_DATUM(3));
	if (!PG_ARGISNULL(2))
		store_answers(tenant, sorted, count, true, PG_GETARG_JSONB_P(2), clock_now());

	for (int i = 0; i < count; i++)
	{
		BookingRow	row;
		BookingResult *result;

		memset(row.isnull, true, sizeof(row.isnull));
		row_set(&row, BK_TENANT_ID, UUIDPGetDatum(tenant));
		row_set(&row, BK_ID, UUIDPGetDatum(&holds[i].id));
		row_set_status(&row, STATUS_CONFIRMED);
		if (customer != NULL)
			row_set(&row, BK_CUSTOMER_ID, UUIDPGetDatum(customer));
		if (contact_is_given(&given))
			row_set(&row, BK_CONTACT, PG_GETARG_DATUM(1));
		if (!money_is_zero(DatumGetNumeric(holds[i].state.price)))
			row_set(&row, BK_ORDER_ID, UUIDPGetDatum(&order));

		result = commit_booking(&row, customer, false, NULL);
		if (result == NULL)
			command_not_found(&holds[i].id);
		for (int j = 0; j < count; j++)
			if (uuid_equal(&ids[j], &result->id))
				results[j] = result;
	}

	for (int i = 0; i < count; i++)
		put_result(fcinfo, results[i]);
}

static Datum
checkout(PG_FUNCTION_ARGS)
{
	store_connect();
	check_out(fcinfo);
	store_finish();
	return (Datum) 0;
}

/*
 * booking.checkout(holds, customer, answers, expected_total, lock_wait,
 * idempotency_key, tenant)
 */
Datum
booking_checkout(PG_FUNCTION_ARGS)
{
	int			count;

	argument_uuids(fcinfo, 0, "holds", &count);
	argument_require(fcinfo, 1, "customer");
	if (count == 0 || count > MAX_CHECKOUT)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("a checkout takes 1 to %d holds", MAX_CHECKOUT)));
	InitMaterializedSRF(fcinfo, 0);
	return idempotent_call(fcinfo, 4, checkout);
}

static void
book_at_once(FunctionCallInfo fcinfo)
{
	static const struct
	{
		int			argument;
		BookingColumn column;
	}			columns[] = {
		{0, BK_SERVICE_ID}, {1, BK_STARTS_AT}, {3, BK_ENDS_AT},
		{4, BK_RESOURCE_IDS}, {5, BK_UNITS}, {7, BK_LOCAL_START}, {8, BK_BRANCH_ID},
		{9, BK_PARTY_SIZE}, {10, BK_TITLE}, {11, BK_DESCRIPTION}, {12, BK_ATTENDEES},
		{13, BK_METADATA}, {19, BK_OVERRIDES}
	};
	const pg_uuid_t *tenant = argument_tenant(fcinfo, 21);
	const Context *context = context_get();
	Contact		given = contact_read(PG_GETARG_JSONB_P(2));
	const pg_uuid_t *customer = resolve_customer(tenant, &given, context);
	pg_uuid_t	id = ids_new();
	int			resource_count;
	BookingRow	row;
	BookingResult *result;

	if (!PG_ARGISNULL(4))
		(void) argument_uuids(fcinfo, 4, "resources", &resource_count);

	memset(row.isnull, true, sizeof(row.isnull));
	for (int i = 0; i < lengthof(columns); i++)
		if (!PG_ARGISNULL(columns[i].argument))
			row_set(&row, columns[i].column, PG_GETARG_DATUM(columns[i].argument));
	row_set(&row, BK_TENANT_ID, UUIDPGetDatum(tenant));
	row_set(&row, BK_ID, UUIDPGetDatum(&id));
	if (customer != NULL)
		row_set(&row, BK_CUSTOMER_ID, UUIDPGetDatum(customer));
	row_set_status(&row, STATUS_CONFIRMED);
	if (contact_is_given(&given))
		row_set(&row, BK_CONTACT, PG_GETARG_DATUM(2));
	argument_length(fcinfo, 3, 16, 17, tenant, &row);

	if (!PG_ARGISNULL(6))
		store_answers(tenant, &id, 1, false, PG_GETARG_JSONB_P(6), clock_now());

	result = commit_booking(&row, customer, true, PG_ARGISNULL(18) ? NULL : PG_GETARG_UUID_P(18));
	if (!PG_ARGISNULL(14))
		check_total(result->price, PG_GETARG_DATUM(14));
	put_result(fcinfo, result);
}

static Datum
book(PG_FUNCTION_ARGS)
{
	store_connect();
	book_at_once(fcinfo);
	store_finish();
	return (Datum) 0;
}

/*
 * booking.book(service, starts_at, customer, ends_at, resources, units,
 * answers, local_start, branch, party_size, title, description, attendees,
 * metadata, expected_total, lock_wait, duration, nights, preferred,
 * override, idempotency_key, tenant): hold and checkout in one statement,
 * without a hold (K7).
 */
Datum
booking_book(PG_FUNCTION_ARGS)
{
	argument_require(fcinfo, 0, "service");
	argument_require(fcinfo, 2, "customer");
	if (PG_ARGISNULL(1) && PG_ARGISNULL(7))
		ereport(ERROR,
				(booking_errcode(ERR_NULL_VALUE),
				 errmsg("starts_at or local_start must be given")));
	InitMaterializedSRF(fcinfo, 0);
	return idempotent_call(fcinfo, 15, book);
}
