/*-------------------------------------------------------------------------
 *
 * amend_api.c
 *	  The SQL function amend: changing what was booked (C12).
 *
 * It reads the changes key by key and makes one UPDATE of them; what may be
 * changed, and by whom, the guard decides.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "api/arguments.h"
#include "api/commands.h"
#include "api/idempotency.h"
#include "engine/normalise.h"
#include "errors.h"
#include "rules/ids.h"
#include "rules/text.h"
#include "store/config.h"
#include "store/plan.h"

#define MAX_RESOURCES 1000

PG_FUNCTION_INFO_V1(booking_amend);

/* ---- reading one value ---- */

static void
refuse(const char *key, const char *wanted)
{
	ereport(ERROR,
			(booking_errcode(ERR_BAD_VALUE),
			 errmsg("\"%s\" must be %s", key, wanted)));
}

static char *
string_of(const char *key, const JsonbValue *value, const char *wanted)
{
	if (value->type != jbvString)
		refuse(key, wanted);
	return pnstrdup(value->val.string.val, value->val.string.len);
}

static Datum
read_int(const char *key, const JsonbValue *value)
{
	const char *wanted = "a whole number";
	char	   *text;
	char	   *end;
	long		number;

	if (value->type != jbvNumeric)
		refuse(key, wanted);
	text = numeric_normalize(value->val.numeric);
	errno = 0;
	number = strtol(text, &end, 10);
	if (*end != '\0')
		refuse(key, wanted);
	if (errno != 0 || number > PG_INT32_MAX || number < PG_INT32_MIN)
		refuse(key, "smaller");
	return Int32GetDatum((int32) number);
}

static Datum
read_text(const char *key, const JsonbValue *value)
{
	return CStringGetTextDatum(string_of(key, value, "a string"));
}

/* What array or object it has to be, the guard says. */
static Datum
read_json(const char *key, const JsonbValue *value)
{
	return JsonbPGetDatum(JsonbValueToJsonb(unconstify(JsonbValue *, value)));
}

static Datum
read_customer(const char *key, const JsonbValue *value)
{
	char	   *text = string_of(key, value, "the id of a customer");
	pg_uuid_t  *id = palloc(sizeof(pg_uuid_t));

	if (!ids_parse(text, id))
		refuse(key, "the id of a customer");
	return UUIDPGetDatum(id);
}

/* An id or code of the command's tenant. */
static pg_uuid_t
id_of(const pg_uuid_t *tenant, CodedTable table, const char *what, const char *text)
{
	pg_uuid_t	id;

	if (!ids_parse(text, &id) && !config_id_of_code(table, tenant, text, &id))
		ereport(ERROR,
				(booking_errcode(ERR_NOT_FOUND),
				 errmsg("%s \"%s\" does not exist", what, text_excerpt(text))));
	return id;
}

static Datum
read_service(const pg_uuid_t *tenant, const char *key, const JsonbValue *value)
{
	pg_uuid_t  *id = palloc(sizeof(pg_uuid_t));

	*id = id_of(tenant, CODED_SERVICE, "service",
				string_of(key, value, "the id or code of a service"));
	return UUIDPGetDatum(id);
}

static Datum
read_resources(const pg_uuid_t *tenant, const char *key, const JsonbValue *value)
{
	const char *wanted = "a list of ids or codes of resources";
	pg_uuid_t  *ids;
	int			count = 0;
	int			size;
	JsonbContainer *array;

	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data) ||
		JsonContainerIsScalar(value->val.binary.data))
		refuse(key, wanted);
	array = value->val.binary.data;
	size = JsonContainerSize(array);
	if (size == 0 || size > MAX_RESOURCES)
		refuse(key, size == 0 ? "a list that is not empty" : "shorter");
	ids = palloc(sizeof(pg_uuid_t) * size);
	for (int i = 0; i < size; i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(array, i);

		ids[count++] = id_of(tenant, CODED_RESOURCE, "resource",
							 string_of(key, element, wanted));
	}
	return PointerGetDatum(store_uuid_array(ids, count));
}

/* ---- the changes ---- */

typedef struct ChangeKey
{
	const char *name;
	BookingColumn column;
	bool		nullable;
	Datum		(*read) (const char *key, const JsonbValue *value);
	Datum		(*find) (const pg_uuid_t *tenant, const char *key, const JsonbValue *value);
} ChangeKey;

static const ChangeKey change_keys[] = {
	{"units", BK_UNITS, false, read_int, NULL},
	{"party_size", BK_PARTY_SIZE, false, read_int, NULL},
	{"service", BK_SERVICE_ID, false, NULL, read_service},
	{"resources", BK_RESOURCE_IDS, false, NULL, read_resources},
	{"customer", BK_CUSTOMER_ID, true, read_customer, NULL},
	{"title", BK_TITLE, true, read_text, NULL},
	{"description", BK_DESCRIPTION, true, read_text, NULL},
	{"attendees", BK_ATTENDEES, true, read_json, NULL},
	{"metadata", BK_METADATA, false, read_json, NULL}
};

static void
read_change(const pg_uuid_t *tenant, Amendment *amendment, const char *key,
			const JsonbValue *value)
{
	for (int i = 0; i < lengthof(change_keys); i++)
	{
		const ChangeKey *known = &change_keys[i];

		if (strcmp(known->name, key) != 0)
			continue;
		if (value->type == jbvNull && !known->nullable)
			ereport(ERROR,
					(booking_errcode(ERR_NULL_VALUE),
					 errmsg("\"%s\" must not be null", key)));
		amendment->given[known->column] = true;
		if (value->type == jbvNull)
			row_clear(&amendment->row, known->column);
		else
			row_set(&amendment->row, known->column,
					known->find ? known->find(tenant, key, value) : known->read(key, value));
		return;
	}
	ereport(ERROR,
			(booking_errcode(ERR_BAD_VALUE),
			 errmsg("unknown key \"%s\" in the changes", text_excerpt(key)),
			 errhint("The keys are units, party_size, service, resources, customer, title, description, attendees and metadata.")));
}

/*
 * Other resources are reassign()'s to give; with another service, though, they
 * may have to be others.
 */
static void
check_resources(const BookingState *state, const Amendment *amendment)
{
	int			count;
	const pg_uuid_t *ids = row_resources(&amendment->row, &count);

	if (!amendment->given[BK_RESOURCE_IDS] || amendment->given[BK_SERVICE_ID])
		return;
	for (int i = 0; i < count; i++)
	{
		bool		had = false;

		for (int j = 0; j < state->resource_count && !had; j++)
			had = uuid_equal(&ids[i], &state->resource_ids[j]);
		if (!had)
			ereport(ERROR,
					(booking_errcode(ERR_BAD_VALUE),
					 errmsg("\"resources\" must be some of those that the booking has"),
					 errhint("booking.reassign() gives it others.")));
	}
}

static void
read_changes(const Command *command, Jsonb *changes, Amendment *amendment)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	value;

	memset(amendment, 0, sizeof(Amendment));
	memset(amendment->row.isnull, true, sizeof(amendment->row.isnull));
	if (!JB_ROOT_IS_OBJECT(changes))
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("the changes must be a JSON object")));

	iterator = JsonbIteratorInit(&changes->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		char	   *key;

		if (token != WJB_KEY)
			continue;
		key = pnstrdup(value.val.string.val, value.val.string.len);
		(void) JsonbIteratorNext(&iterator, &value, true);
		read_change(command->tenant, amendment, key, &value);
	}
	check_resources(&command->state, amendment);
}

/* ---- the function ---- */

static Datum
amend(PG_FUNCTION_ARGS)
{
	Command		command;
	Amendment	amendment;
	const pg_uuid_t *previous;
	BookingResult *volatile result = NULL;

	argument_require(fcinfo, 1, "changes");
	command = command_begin(fcinfo, 6, 2);
	read_changes(&command, PG_GETARG_JSONB_P(1), &amendment);
	if (!PG_ARGISNULL(4))
		row_set(&amendment.row, BK_OVERRIDES, PG_GETARG_DATUM(4));

	previous = normalise_state_overrides(command.booking);
	PG_TRY();
	{
		result = bookings_amend(command.tenant, command.booking, &amendment);
	}
	PG_FINALLY();
	{
		normalise_state_overrides(previous);
	}
	PG_END_TRY();
	return command_end(fcinfo, &command, result);
}

/*
 * booking.amend(booking, changes, expected_version, lock_wait, override,
 * idempotency_key, tenant)
 */
Datum
booking_amend(PG_FUNCTION_ARGS)
{
	return idempotent_call(fcinfo, 3, amend);
}
