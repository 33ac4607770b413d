/*-------------------------------------------------------------------------
 *
 * json.c
 *	  Building jsonb values piece by piece, independent of session settings.
 *
 * Instants are written in UTC (2026-03-01T10:00:00Z), wall-clock times without
 * a zone, lengths of time as ISO 8601 durations: what is in the audit trail
 * must read the same under every DateStyle and TimeZone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "compat.h"
#include "engine/json.h"
#include "store/plan.h"

static void
push(JsonbParseState **state, JsonbIteratorToken token, JsonbValue *value)
{
	(void) pushJsonbValue(state, token, value);
}

void
json_begin_object(JsonbParseState **state)
{
	push(state, WJB_BEGIN_OBJECT, NULL);
}

Jsonb *
json_end_object(JsonbParseState **state)
{
	return JsonbValueToJsonb(pushJsonbValue(state, WJB_END_OBJECT, NULL));
}

void
json_key(JsonbParseState **state, const char *key)
{
	JsonbValue	value = {.type = jbvString};

	value.val.string.val = unconstify(char *, key);
	value.val.string.len = strlen(key);
	push(state, WJB_KEY, &value);
}

static void
push_string(JsonbParseState **state, JsonbIteratorToken token, const char *text, int length)
{
	JsonbValue	value = {.type = jbvString};

	value.val.string.val = pnstrdup(text, length);
	value.val.string.len = length;
	push(state, token, &value);
}

void
json_add_text(JsonbParseState **state, const char *key, const char *value)
{
	JsonbValue	null = {.type = jbvNull};

	json_key(state, key);
	if (value == NULL)
		push(state, WJB_VALUE, &null);
	else
		push_string(state, WJB_VALUE, value, strlen(value));
}

static void
format_uuid(const pg_uuid_t *id, char *buffer)
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < UUID_LEN; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*buffer++ = '-';
		*buffer++ = digits[id->data[i] >> 4];
		*buffer++ = digits[id->data[i] & 0x0f];
	}
	*buffer = '\0';
}

void
json_add_uuid(JsonbParseState **state, const char *key, const pg_uuid_t *value)
{
	char		buffer[40];

	format_uuid(value, buffer);
	json_add_text(state, key, buffer);
}

/* An instant in UTC, or a wall-clock time if zone is empty. */
static void
format_time(Timestamp value, const char *zone, char *buffer)
{
	struct pg_tm tm;
	fsec_t		fsec;

	if (TIMESTAMP_NOT_FINITE(value))
		EncodeSpecialTimestamp(value, buffer);
	else if (timestamp2tm(value, NULL, &tm, &fsec, NULL, NULL) == 0)
	{
		EncodeDateTime(&tm, fsec, false, 0, NULL, USE_XSD_DATES, buffer);
		strcat(buffer, zone);
	}
	else
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
}

static void
format_date(DateADT value, char *buffer)
{
	struct pg_tm tm;

	j2date(value + POSTGRES_EPOCH_JDATE, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
	EncodeDateOnly(&tm, USE_XSD_DATES, buffer);
}

void
json_add_instant(JsonbParseState **state, const char *key, TimestampTz value)
{
	char		buffer[MAXDATELEN + 2];

	format_time(value, "Z", buffer);
	json_add_text(state, key, buffer);
}

void
json_add_int(JsonbParseState **state, const char *key, int value)
{
	json_add_datum(state, key, INT4OID, Int32GetDatum(value), false);
}

void
json_add_bool(JsonbParseState **state, const char *key, bool value)
{
	JsonbValue	element = {.type = jbvBool,.val.boolean = value};

	json_key(state, key);
	push(state, WJB_VALUE, &element);
}

static void
push_jsonb(JsonbParseState **state, Jsonb *jsonb)
{
	JsonbValue	value;

	if (JB_ROOT_IS_SCALAR(jsonb))
	{
		JsonbIterator *iterator = JsonbIteratorInit(&jsonb->root);

		JsonbIteratorNext(&iterator, &value, false);	/* the raw array */
		JsonbIteratorNext(&iterator, &value, false);
	}
	else
	{
		value.type = jbvBinary;
		value.val.binary.data = &jsonb->root;
		value.val.binary.len = VARSIZE(jsonb) - VARHDRSZ;
	}
	push(state, WJB_VALUE, &value);
}

static void
push_array(JsonbParseState **state, Oid element_type, Datum array)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	if (element_type == UUIDOID)
		deconstruct_array(DatumGetArrayTypeP(array), UUIDOID, UUID_LEN, false, TYPALIGN_CHAR,
						  &elements, &nulls, &count);
	else
		deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT,
						  &elements, &nulls, &count);

	push(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < count; i++)
	{
		JsonbValue	null = {.type = jbvNull};
		char		buffer[40];

		if (nulls[i])
			push(state, WJB_ELEM, &null);
		else if (element_type == UUIDOID)
		{
			format_uuid(DatumGetUUIDP(elements[i]), buffer);
			push_string(state, WJB_ELEM, buffer, strlen(buffer));
		}
		else
		{
			text	   *element = DatumGetTextPP(elements[i]);

			push_string(state, WJB_ELEM, VARDATA_ANY(element), VARSIZE_ANY_EXHDR(element));
		}
	}
	push(state, WJB_END_ARRAY, NULL);
}

/* A value of one of the types that columns of bookings and arguments have. */
void
json_add_datum(JsonbParseState **state, const char *key, Oid type, Datum value, bool isnull)
{
	JsonbValue	element = {.type = jbvNull};
	char		buffer[MAXDATELEN + 2];

	json_key(state, key);
	if (isnull)
	{
		push(state, WJB_VALUE, &element);
		return;
	}

	switch (type)
	{
		case UUIDOID:
			format_uuid(DatumGetUUIDP(value), buffer);
			push_string(state, WJB_VALUE, buffer, strlen(buffer));
			break;
		case TEXTOID:
			{
				text	   *string = DatumGetTextPP(value);

				push_string(state, WJB_VALUE, VARDATA_ANY(string), VARSIZE_ANY_EXHDR(string));
				break;
			}
		case TIMESTAMPTZOID:
			format_time(DatumGetTimestampTz(value), "Z", buffer);
			push_string(state, WJB_VALUE, buffer, strlen(buffer));
			break;
		case TIMESTAMPOID:
			format_time(DatumGetTimestamp(value), "", buffer);
			push_string(state, WJB_VALUE, buffer, strlen(buffer));
			break;
		case INTERVALOID:
			{
				struct pg_itm parts;

				interval2itm(*DatumGetIntervalP(value), &parts);
				EncodeInterval(&parts, INTSTYLE_ISO_8601, buffer);
				push_string(state, WJB_VALUE, buffer, strlen(buffer));
				break;
			}
		case BOOLOID:
			element.type = jbvBool;
			element.val.boolean = DatumGetBool(value);
			push(state, WJB_VALUE, &element);
			break;
		case DATEOID:
			if (DATE_NOT_FINITE(DatumGetDateADT(value)))
				EncodeSpecialDate(DatumGetDateADT(value), buffer);
			else
				format_date(DatumGetDateADT(value), buffer);
			push_string(state, WJB_VALUE, buffer, strlen(buffer));
			break;
		case INT8OID:
			element.type = jbvNumeric;
			element.val.numeric = int64_to_numeric(DatumGetInt64(value));
			push(state, WJB_VALUE, &element);
			break;
		case INT4OID:
			element.type = jbvNumeric;
			element.val.numeric = int64_to_numeric(DatumGetInt32(value));
			push(state, WJB_VALUE, &element);
			break;
		case NUMERICOID:
			element.type = jbvNumeric;
			element.val.numeric = DatumGetNumeric(value);
			push(state, WJB_VALUE, &element);
			break;
		case JSONBOID:
			push_jsonb(state, DatumGetJsonbP(value));
			break;
		case TSTZRANGEOID:
			{
				char		until[MAXDATELEN + 2];
				char	   *range;
				TimeSpan	span;

				if (!store_range_span(value, &span))
					elog(ERROR, "range is not half-open and finite");
				format_time(span.from, "Z", buffer);
				format_time(span.until, "Z", until);
				range = psprintf("[%s,%s)", buffer, until);
				push_string(state, WJB_VALUE, range, strlen(range));
				break;
			}
		case UUIDARRAYOID:
			push_array(state, UUIDOID, value);
			break;
		case TEXTARRAYOID:
			push_array(state, TEXTOID, value);
			break;
		default:
			elog(ERROR, "no JSON form for type %u", type);
	}
}

/* A list of uuids as an array. */
static Datum
read_uuid_array(const JsonbValue *list)
{
	Datum	   *elements;
	int			count = 0;
	JsonbIterator *iterator;
	JsonbValue	element;
	JsonbIteratorToken token;

	iterator = JsonbIteratorInit(list->val.binary.data);
	elements = palloc(sizeof(Datum) * Max(JsonContainerSize(list->val.binary.data), 1));
	while ((token = JsonbIteratorNext(&iterator, &element, true)) != WJB_DONE)
		if (token == WJB_ELEM)
			elements[count++] =
				DirectFunctionCall1(uuid_in,
									CStringGetDatum(pnstrdup(element.val.string.val,
															 element.val.string.len)));
	return PointerGetDatum(construct_array(elements, count, UUIDOID, UUID_LEN, false,
										   TYPALIGN_CHAR));
}

/*
 * The opposite of json_add_datum(), for what that has written; false when the
 * object has no such key.
 */
bool
json_get_datum(Jsonb *object, const char *key, Oid type, Datum *value, bool *isnull)
{
	JsonbValue *found = getKeyJsonValueFromContainer(&object->root, key, strlen(key), NULL);
	Oid			input;
	Oid			parameter;

	if (found == NULL)
		return false;
	*value = (Datum) 0;
	/* no column of ours holds the JSON null */
	*isnull = found->type == jbvNull;
	if (*isnull)
		return true;

	switch (type)
	{
		case TEXTOID:
			*value = PointerGetDatum(cstring_to_text_with_len(found->val.string.val,
															  found->val.string.len));
			break;
		case INT4OID:
			*value = DirectFunctionCall1(numeric_int4, NumericGetDatum(found->val.numeric));
			break;
		case NUMERICOID:
			*value = NumericGetDatum(DatumGetNumericCopy(NumericGetDatum(found->val.numeric)));
			break;
		case JSONBOID:
			*value = JsonbPGetDatum(JsonbValueToJsonb(found));
			break;
		case UUIDARRAYOID:
			*value = read_uuid_array(found);
			break;
		default:
			getTypeInputInfo(type, &input, &parameter);
			*value = OidInputFunctionCall(input, pnstrdup(found->val.string.val,
														  found->val.string.len),
										  parameter, -1);
	}
	return true;
}

char *
json_text(Jsonb *value)
{
	return JsonbToCString(NULL, &value->root, VARSIZE(value));
}
