/*-------------------------------------------------------------------------
 *
 * history_api.c
 *	  SQL functions of the audit trail: audit_search, booking_as_of,
 *	  bookings_as_of, seal_audit, verify_audit, audit_digest, erase_actor.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/uuid.h"

#include "api/arguments.h"
#include "compat.h"
#include "engine/context.h"
#include "engine/history.h"
#include "engine/json.h"
#include "engine/seals.h"
#include "errors.h"
#include "rules/ids.h"
#include "rules/text.h"
#include "store/plan.h"
#include "store/store_state.h"

PG_FUNCTION_INFO_V1(booking_audit_search);
PG_FUNCTION_INFO_V1(booking_booking_as_of);
PG_FUNCTION_INFO_V1(booking_bookings_as_of);
PG_FUNCTION_INFO_V1(booking_seal_audit);
PG_FUNCTION_INFO_V1(booking_verify_audit);
PG_FUNCTION_INFO_V1(booking_audit_digest);
PG_FUNCTION_INFO_V1(booking_erase_actor);

#define SEARCH_MAX 1000

/* Rows in one seal, at most. */
#define SEAL_MAX 10000

/* ---- audit_search ---- */

pg_noreturn static void
refuse_cursor(void)
{
	ereport(ERROR,
			(booking_errcode(ERR_BAD_VALUE),
			 errmsg("after is not a cursor that audit_search() gave back")));
}

/* Reads what the column cursor says: microseconds since 1970, booking, version. */
static void
parse_cursor(const char *text, AuditQuery *query)
{
	const int64 epoch = (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
	char		id[37];
	char	   *end;
	long		version;
	int64		at;

	errno = 0;
	at = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '/' || strlen(end) < 38 || end[37] != '/' ||
		at < MIN_TIMESTAMP + epoch || at >= END_TIMESTAMP)
		refuse_cursor();
	strlcpy(id, end + 1, sizeof(id));
	text = end + 38;
	version = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || version < 0 || version > PG_INT32_MAX ||
		!ids_parse(id, &query->after_booking))
		refuse_cursor();
	query->has_after = true;
	query->after_at = at - epoch;
	query->after_version = (int) version;
}

static text *
text_argument(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL : PG_GETARG_TEXT_P(number);
}

/* booking.audit_search(action, actor, booking, resource, branch, from, to, after, limit, tenant) */
Datum
booking_audit_search(PG_FUNCTION_ARGS)
{
	AuditQuery	query = {0};

	query.action = text_argument(fcinfo, 0);
	query.actor = text_argument(fcinfo, 1);
	query.booking = argument_uuid(fcinfo, 2);
	query.resource = argument_uuid(fcinfo, 3);
	query.branch = argument_uuid(fcinfo, 4);
	query.from = PG_ARGISNULL(5) ? DT_NOBEGIN : PG_GETARG_TIMESTAMPTZ(5);
	query.until = PG_ARGISNULL(6) ? DT_NOEND : PG_GETARG_TIMESTAMPTZ(6);
	if (!PG_ARGISNULL(7))
	{
		parse_cursor(argument_text(fcinfo, 7), &query);
		query.until = Min(query.until, query.after_at + 1);
	}
	argument_require(fcinfo, 8, "limit");
	query.limit = PG_GETARG_INT32(8);
	if (query.limit < 1 || query.limit > SEARCH_MAX)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("limit must be between 1 and %d", SEARCH_MAX)));

	InitMaterializedSRF(fcinfo, 0);
	store_connect();
	query.tenant = argument_tenant(fcinfo, 9);
	store_require();
	history_search(&query, (ReturnSetInfo *) fcinfo->resultinfo);
	store_finish();
	return (Datum) 0;
}

/* ---- bookings as they were ---- */

/* booking.booking_as_of(booking, at, tenant) */
Datum
booking_booking_as_of(PG_FUNCTION_ARGS)
{
	argument_require(fcinfo, 0, "booking");
	argument_require(fcinfo, 1, "at");
	InitMaterializedSRF(fcinfo, 0);
	store_connect();
	store_require();
	history_booking_as_of(argument_tenant(fcinfo, 2), PG_GETARG_UUID_P(0),
						  PG_GETARG_TIMESTAMPTZ(1), (ReturnSetInfo *) fcinfo->resultinfo);
	store_finish();
	return (Datum) 0;
}

/* booking.bookings_as_of(during, at, tenant) */
Datum
booking_bookings_as_of(PG_FUNCTION_ARGS)
{
	TimeSpan	during = argument_open_window(fcinfo, 0, "during");

	argument_require(fcinfo, 1, "at");
	InitMaterializedSRF(fcinfo, 0);
	store_connect();
	store_require();
	if (!span_is_empty(during))
		history_bookings_as_of(argument_tenant(fcinfo, 2), during, PG_GETARG_TIMESTAMPTZ(1),
							   (ReturnSetInfo *) fcinfo->resultinfo);
	store_finish();
	return (Datum) 0;
}

/* ---- seals ---- */

/* booking.seal_audit(max) */
Datum
booking_seal_audit(PG_FUNCTION_ARGS)
{
	int32		max;
	int32		sealed = 0;
	SealsRest	rest = SEALS_MORE;

	argument_require(fcinfo, 0, "max");
	max = PG_GETARG_INT32(0);
	if (max < 1)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("max must be at least 1")));

	while (rest == SEALS_MORE && sealed < max)
	{
		CHECK_FOR_INTERRUPTS();
		store_connect();
		store_require();
		sealed += seals_sweep(Min(max - sealed, SEAL_MAX), &rest);
		store_finish();
	}
	PG_RETURN_INT32(sealed);
}

/* Reads a digest that audit_digest() gave; returns of which tenant, or NULL. */
static pg_uuid_t *
parse_digest(Jsonb *json, SealDigest *digest)
{
	JsonbIterator *iterator = JsonbIteratorInit(&json->root);
	pg_uuid_t  *tenant = NULL;
	bool		has_no = false;
	bool		has_hash = false;
	JsonbValue	key;
	JsonbValue	value;

	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("digest must be an object")));
	(void) JsonbIteratorNext(&iterator, &key, false);
	while (JsonbIteratorNext(&iterator, &key, true) == WJB_KEY)
	{
		char	   *name = pnstrdup(key.val.string.val, key.val.string.len);
		char	   *string = NULL;
		bool		good;

		(void) JsonbIteratorNext(&iterator, &value, true);
		if (value.type == jbvString)
			string = pnstrdup(value.val.string.val, value.val.string.len);
		if (strcmp(name, "tenant") == 0)
		{
			tenant = palloc(sizeof(pg_uuid_t));
			good = string != NULL && ids_parse(string, tenant);
		}
		else if (strcmp(name, "seal_no") == 0)
		{
			char	   *end = NULL;

			if (value.type == jbvNumeric)
			{
				string = DatumGetCString(DirectFunctionCall1(numeric_out,
															 NumericGetDatum(value.val.numeric)));
				errno = 0;
				digest->seal_no = strtoll(string, &end, 10);
			}
			good = has_no = end != NULL && *end == '\0' && errno == 0 && digest->seal_no >= 0;
		}
		else if (strcmp(name, "hash") == 0)
		{
			good = has_hash = string != NULL && strlen(string) == 2 * SEAL_HASH_LENGTH &&
				strspn(string, "0123456789abcdef") == 2 * SEAL_HASH_LENGTH;
			if (good)
				hex_decode(string, 2 * SEAL_HASH_LENGTH, (char *) digest->hash);
		}
		else
			ereport(ERROR,
					(booking_errcode(ERR_BAD_VALUE),
					 errmsg("digest has no key \"%s\"", text_excerpt(name)),
					 errhint("The keys are tenant, seal_no and hash.")));
		if (!good)
			ereport(ERROR,
					(booking_errcode(ERR_BAD_VALUE),
					 errmsg("\"%s\" of the digest is not valid", name)));
	}
	if (!has_no || !has_hash)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("digest must have seal_no and hash")));
	return tenant;
}

/* booking.verify_audit(tenant, from_seal, digest) */
Datum
booking_verify_audit(PG_FUNCTION_ARGS)
{
	const pg_uuid_t *given = argument_uuid(fcinfo, 0);
	int64		from_no = PG_ARGISNULL(1) ? 1 : PG_GETARG_INT64(1);
	bool		has_digest = !PG_ARGISNULL(2);
	SealDigest	digest = {0};
	SealsVerdict verdict;
	TupleDesc	type;
	Datum		values[8];
	bool		nulls[8] = {0};

	if (from_no < 1)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("from_seal must be at least 1")));
	if (has_digest)
	{
		pg_uuid_t  *meant = parse_digest(PG_GETARG_JSONB_P(2), &digest);

		if (given != NULL && meant != NULL && memcmp(given, meant, UUID_LEN) != 0)
			ereport(ERROR,
					(booking_errcode(ERR_BAD_VALUE),
					 errmsg("the digest is of another tenant")));
		if (given == NULL)
			given = meant;
		/* the seal that it is of is looked at too */
		if (digest.seal_no > 0)
			from_no = Min(from_no, digest.seal_no);
	}
	if (get_call_result_type(fcinfo, NULL, &type) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "function returning a record called in a context that can't accept one");
	type = BlessTupleDesc(type);

	store_connect();
	given = context_tenant(given);
	store_require();
	verdict = seals_verify(given, from_no, has_digest ? &digest : NULL);
	store_finish();

	values[0] = BoolGetDatum(verdict.problem == NULL);
	values[1] = Int64GetDatum(verdict.seal_no);
	nulls[1] = verdict.seal_no == 0;
	values[2] = UUIDPGetDatum(&verdict.booking);
	values[3] = Int32GetDatum(verdict.version);
	nulls[2] = nulls[3] = !verdict.has_row;
	nulls[4] = verdict.problem == NULL;
	values[4] = nulls[4] ? (Datum) 0 : CStringGetTextDatum(verdict.problem);
	values[5] = Int64GetDatum(verdict.seals);
	values[6] = Int64GetDatum(verdict.rows);
	values[7] = Int64GetDatum(verdict.unsealed);
	nulls[7] = verdict.problem != NULL;
	return HeapTupleGetDatum(heap_form_tuple(type, values, nulls));
}

/* booking.audit_digest(tenant) */
Datum
booking_audit_digest(PG_FUNCTION_ARGS)
{
	MemoryContext memory = CurrentMemoryContext;
	JsonbParseState *state = NULL;
	char		hash[2 * SEAL_HASH_LENGTH + 1];
	pg_uuid_t	tenant;
	SealDigest	digest;

	store_connect();
	tenant = *argument_tenant(fcinfo, 0);
	store_require();
	digest = seals_digest(&tenant);
	store_finish();

	MemoryContextSwitchTo(memory);
	hex_encode((char *) digest.hash, SEAL_HASH_LENGTH, hash);
	hash[2 * SEAL_HASH_LENGTH] = '\0';
	json_begin_object(&state);
	json_add_uuid(&state, "tenant", &tenant);
	json_add_datum(&state, "seal_no", NUMERICOID,
				   NumericGetDatum(int64_to_numeric(digest.seal_no)), false);
	json_add_text(&state, "hash", hash);
	PG_RETURN_JSONB_P(json_end_object(&state));
}

/* booking.erase_actor(actor, tenant) */
Datum
booking_erase_actor(PG_FUNCTION_ARGS)
{
	const pg_uuid_t *tenant;
	int64		rows;

	argument_require(fcinfo, 0, "actor");
	store_connect();
	tenant = argument_tenant(fcinfo, 1);
	store_require();
	rows = history_erase_actor(tenant, argument_text(fcinfo, 0));
	store_finish();
	PG_RETURN_INT64(rows);
}
