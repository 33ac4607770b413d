/*-------------------------------------------------------------------------
 *
 * jsonvalues.c
 *	  SQL values from JSON, and what a function returned as JSON and back.
 *
 * A row is an object, a set is an array of its rows, and a single value is
 * itself.  Instants are written in UTC, so that what was kept in one session
 * reads the same in another.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

#include "api/jsonvalues.h"
#include "compat.h"
#include "engine/json.h"
#include "errors.h"

/* ---- SQL values from JSON ---- */

static void
wrong_form(const char *field, const char *expected)
{
	ereport(ERROR,
			(booking_errcode(ERR_BAD_VALUE),
			 errmsg("\"%s\" must be %s", field, expected)));
}

static Datum
array_from_json(const char *field, const JsonbValue *json, Oid element_type)
{
	int			count = 0;
	Datum	   *elements;
	bool	   *nulls;
	int			dims[1];
	int			lower_bounds[1] = {1};
	int16		length;
	bool		by_value;
	char		align;

	if (json->type != jbvBinary || !JsonContainerIsArray(json->val.binary.data) ||
		JsonContainerIsScalar(json->val.binary.data))
		wrong_form(field, "a JSON array");

	dims[0] = JsonContainerSize(json->val.binary.data);
	if (dims[0] == 0)
		return PointerGetDatum(construct_empty_array(element_type));
	elements = palloc(sizeof(Datum) * dims[0]);
	nulls = palloc(sizeof(bool) * dims[0]);
	for (; count < dims[0]; count++)
		elements[count] =
			value_from_json(field,
							getIthJsonbValueFromContainer(json->val.binary.data, count),
							element_type, &nulls[count]);
	get_typlenbyvalalign(element_type, &length, &by_value, &align);
	return PointerGetDatum(construct_md_array(elements, nulls, 1, dims, lower_bounds,
											  element_type, length, by_value, align));
}

/*
 * A JSON value as one of an SQL type: an array becomes an array, jsonb stays
 * what it is, and of anything else the text is read as the type reads it.
 * field is what error messages call it.
 */
Datum
value_from_json(const char *field, const JsonbValue *json, Oid type, bool *isnull)
{
	Oid			element_type = get_element_type(type);
	char	   *text = NULL;
	Oid			input;
	Oid			parameter;

	*isnull = json->type == jbvNull;
	if (*isnull)
		return (Datum) 0;
	if (type == JSONBOID)
		return JsonbPGetDatum(JsonbValueToJsonb(unconstify(JsonbValue *, json)));
	if (OidIsValid(element_type))
		return array_from_json(field, json, element_type);

	switch (json->type)
	{
		case jbvString:
			text = pnstrdup(json->val.string.val, json->val.string.len);
			break;
		case jbvNumeric:
			text = DatumGetCString(DirectFunctionCall1(numeric_out,
													   NumericGetDatum(json->val.numeric)));
			break;
		case jbvBool:
			text = json->val.boolean ? "true" : "false";
			break;
		default:
			wrong_form(field, "a single value");
	}
	getTypeInputInfo(type, &input, &parameter);
	return OidInputFunctionCall(input, text, parameter, -1);
}

/* ---- what a function returned ---- */

/* Tokens are shown once and kept nowhere. */
static bool
is_token(const char *column)
{
	size_t		length = strlen(column);

	return length >= 5 && strcmp(column + length - 5, "token") == 0;
}

static void
add_columns(JsonbParseState **state, TupleDesc desc, Datum *values, bool *nulls,
			bool with_tokens)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(desc, i);

		json_add_datum(state, NameStr(column->attname), column->atttypid, values[i],
					   nulls[i] || (!with_tokens && is_token(NameStr(column->attname))));
	}
}

static Jsonb *
tuple_to_json(TupleDesc desc, HeapTuple tuple, bool with_tokens)
{
	JsonbParseState *state = NULL;
	Datum	   *values = palloc(sizeof(Datum) * desc->natts);
	bool	   *nulls = palloc(sizeof(bool) * desc->natts);

	heap_deform_tuple(tuple, desc, values, nulls);
	json_begin_object(&state);
	add_columns(&state, desc, values, nulls, with_tokens);
	return json_end_object(&state);
}

/* One value: the only member of an object, taken out of it. */
static Jsonb *
scalar_to_json(Oid type, Datum value, bool isnull)
{
	JsonbParseState *state = NULL;
	Jsonb	   *object;

	json_begin_object(&state);
	json_add_datum(&state, "value", type, value, isnull);
	object = json_end_object(&state);
	return JsonbValueToJsonb(getKeyJsonValueFromContainer(&object->root, "value",
														  strlen("value"), NULL));
}

static Jsonb *
set_to_json(const ReturnSetInfo *set, bool rows, bool with_tokens)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(set->setDesc, &TTSOpsMinimalTuple);
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	while (tuplestore_gettupleslot(set->setResult, true, false, slot))
	{
		JsonbValue	element;

		slot_getallattrs(slot);
		if (rows)
		{
			JsonbParseState *row = NULL;

			json_begin_object(&row);
			add_columns(&row, set->setDesc, slot->tts_values, slot->tts_isnull, with_tokens);
			JsonbToJsonbValue(json_end_object(&row), &element);
			pushJsonbValue(&state, WJB_ELEM, &element);
		}
		else
		{
			Jsonb	   *value = scalar_to_json(TupleDescAttr(set->setDesc, 0)->atttypid,
											   slot->tts_values[0], slot->tts_isnull[0]);

			if (JB_ROOT_IS_SCALAR(value))
				element = *getIthJsonbValueFromContainer(&value->root, 0);
			else
				JsonbToJsonbValue(value, &element);
			pushJsonbValue(&state, WJB_ELEM, &element);
		}
		ExecClearTuple(slot);
	}
	ExecDropSingleTupleTableSlot(slot);
	/* whoever reads the set next begins at its first row */
	tuplestore_rescan(set->setResult);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL));
}

/*
 * What a function has just returned.  Without tokens, columns whose names end
 * in "token" are null.
 */
Jsonb *
result_to_json(FunctionCallInfo fcinfo, Datum result, bool with_tokens)
{
	Oid			type;
	TypeFuncClass class = get_call_result_type(fcinfo, &type, NULL);
	bool		rows = class == TYPEFUNC_COMPOSITE || class == TYPEFUNC_RECORD;
	Jsonb	   *json;

	if (fcinfo->flinfo->fn_retset)
		return set_to_json((ReturnSetInfo *) fcinfo->resultinfo, rows, with_tokens);
	if (type == VOIDOID || fcinfo->isnull)
		return scalar_to_json(TEXTOID, (Datum) 0, true);
	if (rows)
	{
		HeapTupleHeader row = DatumGetHeapTupleHeader(result);
		TupleDesc	desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(row),
												  HeapTupleHeaderGetTypMod(row));
		HeapTupleData tuple;

		tuple.t_len = HeapTupleHeaderGetDatumLength(row);
		ItemPointerSetInvalid(&tuple.t_self);
		tuple.t_tableOid = InvalidOid;
		tuple.t_data = row;
		json = tuple_to_json(desc, &tuple, with_tokens);
		ReleaseTupleDesc(desc);
		return json;
	}
	return scalar_to_json(type, result, false);
}

/* The values of a row from the object that result_to_json() made of it. */
static void
read_columns(TupleDesc desc, JsonbContainer *object, Datum *values, bool *nulls)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(desc, i);
		const char *name = NameStr(column->attname);
		JsonbValue *json = getKeyJsonValueFromContainer(object, name, strlen(name), NULL);

		values[i] = (Datum) 0;
		nulls[i] = true;
		/* one that was not kept is of a column that is new since */
		if (json != NULL)
			values[i] = value_from_json(name, json, column->atttypid, &nulls[i]);
	}
}

static JsonbValue
root_value(Jsonb *json)
{
	JsonbValue	value;

	if (JB_ROOT_IS_SCALAR(json))
		return *getIthJsonbValueFromContainer(&json->root, 0);
	JsonbToJsonbValue(json, &value);
	return value;
}

/*
 * Returns, from the function that is being called, what result_to_json() made
 * of an earlier result.  A function that returns a set has called
 * InitMaterializedSRF().
 */
Datum
result_from_json(FunctionCallInfo fcinfo, Jsonb *json)
{
	Oid			type;
	TupleDesc	desc;
	TypeFuncClass class = get_call_result_type(fcinfo, &type, &desc);
	bool		rows = class == TYPEFUNC_COMPOSITE;
	JsonbValue	root = root_value(json);

	fcinfo->isnull = false;
	if (fcinfo->flinfo->fn_retset)
	{
		ReturnSetInfo *set = (ReturnSetInfo *) fcinfo->resultinfo;
		int			natts = set->setDesc->natts;
		Datum	   *values = palloc(sizeof(Datum) * natts);
		bool	   *nulls = palloc(sizeof(bool) * natts);

		for (uint32 i = 0; i < JsonContainerSize(&json->root); i++)
		{
			JsonbValue *element = getIthJsonbValueFromContainer(&json->root, i);

			if (rows)
				read_columns(set->setDesc, element->val.binary.data, values, nulls);
			else
				values[0] = value_from_json("result", element, type, &nulls[0]);
			tuplestore_putvalues(set->setResult, set->setDesc, values, nulls);
		}
		return (Datum) 0;
	}
	if (type == VOIDOID)
		return (Datum) 0;
	if (rows && root.type == jbvBinary)
	{
		Datum	   *values = palloc(sizeof(Datum) * desc->natts);
		bool	   *nulls = palloc(sizeof(bool) * desc->natts);

		read_columns(desc, &json->root, values, nulls);
		return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
	}
	return value_from_json("result", &root, type, &fcinfo->isnull);
}
