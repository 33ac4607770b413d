/*-------------------------------------------------------------------------
 *
 * settings.c
 *	  The registry of settings, and which value holds where.
 *
 * Every value is kept as one int64 while it is looked up: microseconds, a
 * count, 0 or 1, or the position among an enum's options.  Values come as
 * JSON from a "settings" column or as text from a server setting; both go
 * through parse_text(), so that the same words mean the same everywhere.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "common/int.h"
#include "errors.h"
#include "lib/stringinfo.h"
#include "rules/settings.h"
#include "rules/text.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

/* What a server setting is given to say "no limit"; JSON has null for it. */
#define NO_LIMIT_WORD "none"

static const SettingRow setting_rows[] = {
#define BOOKING_SETTING(key, ...) [SETTING_##key] = {__VA_ARGS__},
#include "rules/settinglist.h"
#undef BOOKING_SETTING
};

static const char *const level_names[] = {
	[LEVEL_CALL] = "call",
	[LEVEL_SERVICE] = "service",
	[LEVEL_RESOURCE] = "resource",
	[LEVEL_BRANCH] = "branch",
	[LEVEL_TENANT] = "tenant",
	[LEVEL_SERVER] = "server",
	[LEVEL_DEFAULT] = "default",
};

static const char *const type_names[] = {
	[SETTING_TYPE_INTERVAL] = "interval",
	[SETTING_TYPE_INTEGER] = "integer",
	[SETTING_TYPE_BOOLEAN] = "boolean",
	[SETTING_TYPE_ENUM] = "enum",
};

/* A server setting's value, parsed when it is assigned. */
typedef struct ServerValue
{
	bool		isset;
	int64		number;			/* SETTING_NO_LIMIT: no limit */
} ServerValue;

static ServerValue server_values[SETTING_COUNT];
static char *server_texts[SETTING_COUNT];

/* The registry's row of a setting. */
const SettingRow *
settings_row(SettingKey key)
{
	return &setting_rows[key];
}

/* The setting of that name; false, and nothing set, if there is none. */
static bool
parse_key(const char *name, SettingKey *key)
{
	for (int i = 0; i < SETTING_COUNT; i++)
	{
		if (strcmp(setting_rows[i].name, name) == 0)
		{
			*key = (SettingKey) i;
			return true;
		}
	}
	return false;
}

/* The name of a type, as the catalogue shows it. */
const char *
settings_type_name(SettingType type)
{
	return type_names[type];
}

/* The name of a level. */
const char *
settings_level_name(SettingLevel level)
{
	return level_names[level];
}

/*
 * Microseconds as text in the largest unit that fits evenly, such as
 * "90 minutes".  Unlike interval_out() it doesn't depend on the session.
 */
static char *
interval_text(int64 usecs)
{
	static const struct
	{
		int64		usecs;
		const char *name;
	}			units[] =
	{
		{USECS_PER_DAY, "day"},
		{USECS_PER_HOUR, "hour"},
		{USECS_PER_MINUTE, "minute"},
		{USECS_PER_SEC, "second"},
	};
	int64		fraction = usecs % USECS_PER_SEC;

	if (fraction != 0)
	{
		char	   *digits = psprintf("%06d", (int) fraction);

		for (int end = 6; digits[end - 1] == '0'; end--)
			digits[end - 1] = '\0';
		return psprintf(INT64_FORMAT ".%s seconds",
						usecs / USECS_PER_SEC, digits);
	}
	for (int i = 0; usecs != 0 && i < (int) lengthof(units); i++)
	{
		if (usecs % units[i].usecs == 0)
		{
			int64		count = usecs / units[i].usecs;

			return psprintf(INT64_FORMAT " %s%s", count, units[i].name,
							count == 1 ? "" : "s");
		}
	}
	return pstrdup("0 seconds");
}

/* A value of the row's setting as text, or NULL for "no limit". */
char *
settings_number_text(const SettingRow *row, int64 number)
{
	if (number == SETTING_NO_LIMIT)
		return NULL;

	switch (row->type)
	{
		case SETTING_TYPE_INTERVAL:
			return interval_text(number);
		case SETTING_TYPE_INTEGER:
			return psprintf(INT64_FORMAT, number);
		case SETTING_TYPE_BOOLEAN:
			return pstrdup(number != 0 ? "true" : "false");
		case SETTING_TYPE_ENUM:
			return pstrdup(row->options[number]);
	}
	elog(ERROR, "unrecognized setting type: %d", (int) row->type);
}

/* What settings_get() answered, as text; NULL for "no limit". */
char *
settings_value_text(SettingKey key, const SettingValue *value)
{
	const SettingRow *row = &setting_rows[key];

	if (value->isnull)
		return NULL;

	switch (row->type)
	{
		case SETTING_TYPE_INTERVAL:
			return settings_number_text(row, value->interval_us);
		case SETTING_TYPE_INTEGER:
			return settings_number_text(row, value->integer);
		case SETTING_TYPE_BOOLEAN:
			return settings_number_text(row, value->boolean);
		case SETTING_TYPE_ENUM:
			return pstrdup(value->text);
	}
	elog(ERROR, "unrecognized setting type: %d", (int) row->type);
}

/* "an interval from 1 second to 30 days": what a value has to be. */
static char *
expectation(const SettingRow *row)
{
	StringInfoData buf;

	initStringInfo(&buf);
	switch (row->type)
	{
		case SETTING_TYPE_INTERVAL:
			appendStringInfo(&buf, "an interval without months or negative parts, or a number of seconds, from %s to %s",
							 interval_text(row->min_value),
							 interval_text(row->max_value));
			break;
		case SETTING_TYPE_INTEGER:
			appendStringInfo(&buf, "a whole number from " INT64_FORMAT " to " INT64_FORMAT,
							 row->min_value, row->max_value);
			break;
		case SETTING_TYPE_BOOLEAN:
			appendStringInfoString(&buf, "true or false");
			break;
		case SETTING_TYPE_ENUM:
			appendStringInfoString(&buf, "one of ");
			for (int i = 0; row->options[i] != NULL; i++)
				appendStringInfo(&buf, "%s%s", i > 0 ? ", " : "",
								 row->options[i]);
			break;
	}
	return buf.data;
}

/*
 * An interval in PostgreSQL's syntax, in microseconds.
 *
 * This is interval_in() without its errors, which a check hook must not
 * raise.  A day has 24 hours here; a month has no fixed length and is
 * refused.  So is any minus sign, whose reach depends on IntervalStyle.
 */
static bool
parse_interval(const char *text, int64 *usecs)
{
	struct pg_itm_in itm = {0};
	char		workbuf[MAXDATELEN + MAXDATEFIELDS];
	char	   *field[MAXDATEFIELDS];
	int			ftype[MAXDATEFIELDS];
	int			nf;
	int			dtype;
	int			dterr;
	int64		day_usecs;

	if (strchr(text, '-') != NULL)
		return false;

	dterr = ParseDateTime(text, workbuf, sizeof(workbuf),
						  field, ftype, MAXDATEFIELDS, &nf);
	if (dterr == 0)
		dterr = DecodeInterval(field, ftype, nf, INTERVAL_FULL_RANGE,
							   &dtype, &itm);
	if (dterr == DTERR_BAD_FORMAT)
		dterr = DecodeISO8601Interval(unconstify(char *, text), &dtype, &itm);

	return dterr == 0 && dtype == DTK_DELTA &&
		itm.tm_year == 0 && itm.tm_mon == 0 &&
		!pg_mul_s64_overflow(itm.tm_mday, USECS_PER_DAY, &day_usecs) &&
		!pg_add_s64_overflow(day_usecs, itm.tm_usec, usecs);
}

/* A value of the row's setting from text; false if it isn't one. */
static bool
parse_text(const SettingRow *row, const char *text, int64 *number)
{
	char	   *rest;
	bool		flag;

	switch (row->type)
	{
		case SETTING_TYPE_INTERVAL:
			if (!parse_interval(text, number))
				return false;
			break;
		case SETTING_TYPE_INTEGER:
			errno = 0;
			*number = strtoi64(text, &rest, 10);
			if (errno != 0 || rest == text || *rest != '\0')
				return false;
			break;
		case SETTING_TYPE_BOOLEAN:
			if (!parse_bool(text, &flag))
				return false;
			*number = flag;
			break;
		case SETTING_TYPE_ENUM:
			for (int i = 0; row->options[i] != NULL; i++)
			{
				if (strcmp(row->options[i], text) == 0)
				{
					*number = i;
					return true;
				}
			}
			return false;
	}
	return *number >= row->min_value && *number <= row->max_value;
}

/* A value of the row's setting from JSON; false if it isn't one. */
static bool
parse_json(const SettingRow *row, const JsonbValue *value, int64 *number)
{
	char	   *text;

	switch (value->type)
	{
		case jbvNull:
			*number = SETTING_NO_LIMIT;
			return row->nullable;
		case jbvBool:
			*number = value->val.boolean;
			return row->type == SETTING_TYPE_BOOLEAN;
		case jbvNumeric:
			if (row->type != SETTING_TYPE_INTERVAL &&
				row->type != SETTING_TYPE_INTEGER)
				return false;
			text = DatumGetCString(DirectFunctionCall1(numeric_out,
													   NumericGetDatum(value->val.numeric)));
			return parse_text(row, text, number);
		case jbvString:
			if (row->type != SETTING_TYPE_INTERVAL &&
				row->type != SETTING_TYPE_ENUM)
				return false;
			text = pnstrdup(value->val.string.val, value->val.string.len);
			return parse_text(row, text, number);
		default:
			return false;
	}
}

/* A value of the row's setting from JSON, or an error. */
static int64
read_json(const SettingRow *row, JsonbValue *value)
{
	int64		number;
	Jsonb	   *json;
	char	   *text;

	if (parse_json(row, value, &number))
		return number;

	json = JsonbValueToJsonb(value);
	text = JsonbToCString(NULL, &json->root, VARSIZE(json));
	ereport(ERROR,
			(booking_errcode(ERR_BAD_VALUE),
			 errmsg("value %s is not valid for setting \"%s\"",
					text_excerpt(text), row->name),
			 errdetail("It must be %s%s.", expectation(row),
					   row->nullable ? ", or null for no limit" : "")));
}

/*
 * Find the setting in one "settings" column.  Nearly all of them are empty,
 * so that is looked at first.
 */
static bool
find_in(Jsonb *settings, SettingKey key, int64 *number)
{
	const SettingRow *row = &setting_rows[key];
	JsonbValue	buf;
	JsonbValue *found;

	if (settings == NULL || JB_ROOT_COUNT(settings) == 0 ||
		!JB_ROOT_IS_OBJECT(settings))
		return false;
	found = getKeyJsonValueFromContainer(&settings->root, row->name,
										 strlen(row->name), &buf);
	if (found == NULL)
		return false;
	*number = read_json(row, found);
	return true;
}

/*
 * The value that holds where the sources apply, and the level it comes from.
 *
 * LEVEL_CALL is not looked at: what a call may say for itself, and that it can
 * only be stricter, is the command's to know.
 */
SettingValue
settings_get(SettingKey key, const SettingSources *sources)
{
	const SettingRow *row = &setting_rows[key];
	SettingValue value = {0};
	int64		number;

	if (find_in(sources->service, key, &number))
		value.origin = LEVEL_SERVICE;
	else if (find_in(sources->resource, key, &number))
		value.origin = LEVEL_RESOURCE;
	else if (find_in(sources->branch, key, &number))
		value.origin = LEVEL_BRANCH;
	else if (find_in(sources->tenant, key, &number))
		value.origin = LEVEL_TENANT;
	else if (server_values[key].isset)
	{
		number = server_values[key].number;
		value.origin = LEVEL_SERVER;
	}
	else
	{
		number = row->default_value;
		value.origin = LEVEL_DEFAULT;
	}

	if (number == SETTING_NO_LIMIT)
	{
		value.isnull = true;
		return value;
	}
	switch (row->type)
	{
		case SETTING_TYPE_INTERVAL:
			value.interval_us = number;
			break;
		case SETTING_TYPE_INTEGER:
			value.integer = number;
			break;
		case SETTING_TYPE_BOOLEAN:
			value.boolean = number != 0;
			break;
		case SETTING_TYPE_ENUM:
			value.text = row->options[number];
			break;
	}
	return value;
}

/* The names of the settings a level can have, for a hint. */
static char *
names_for(SettingLevel level)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 0; i < SETTING_COUNT; i++)
	{
		if (setting_rows[i].levels & LEVEL_BIT(level))
			appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "",
							 setting_rows[i].name);
	}
	return buf.data;
}

/*
 * Refuse "settings" of the given level unless they are an object of settings
 * known there with values that are valid.
 */
void
settings_validate(Jsonb *settings, SettingLevel level)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	item;

	if (!JB_ROOT_IS_OBJECT(settings))
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("settings must be a JSON object")));

	it = JsonbIteratorInit(&settings->root);
	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		char	   *name;
		SettingKey	key;

		if (token != WJB_KEY)
			continue;

		name = pnstrdup(item.val.string.val, item.val.string.len);
		if (!parse_key(name, &key))
			ereport(ERROR,
					(booking_errcode(ERR_UNKNOWN_SETTING),
					 errmsg("setting \"%s\" is not known", text_excerpt(name)),
					 errhint("Settings of level \"%s\" are %s.",
							 level_names[level], names_for(level))));
		if ((setting_rows[key].levels & LEVEL_BIT(level)) == 0)
			ereport(ERROR,
					(booking_errcode(ERR_UNKNOWN_SETTING),
					 errmsg("setting \"%s\" does not exist at level \"%s\"",
							name, level_names[level]),
					 errhint("Settings of level \"%s\" are %s.",
							 level_names[level], names_for(level))));

		JsonbIteratorNext(&it, &item, true);
		read_json(&setting_rows[key], &item);
	}
}

/*
 * Check a server setting's text.  Empty text leaves the setting unset; it
 * must not raise an error, which would stop the server at a configuration
 * file with a typing mistake.
 */
static bool
check_server_value(SettingKey key, char **newval, void **extra)
{
	const SettingRow *row = &setting_rows[key];
	ServerValue value = {0};

	if (**newval != '\0')
	{
		value.isset = true;
		if (row->nullable && strcmp(*newval, NO_LIMIT_WORD) == 0)
			value.number = SETTING_NO_LIMIT;
		else if (!parse_text(row, *newval, &value.number))
		{
			GUC_check_errdetail("It must be %s%s.", expectation(row),
								row->nullable ? ", or " NO_LIMIT_WORD : "");
			return false;
		}
	}

	*extra = guc_malloc(LOG, sizeof(ServerValue));
	if (*extra == NULL)
		return false;
	*(ServerValue *) *extra = value;
	return true;
}

/* Hooks don't learn which setting they are called for: a pair for each. */
#define BOOKING_SETTING(key, ...) \
static bool \
check_##key(char **newval, void **extra, GucSource source) \
{ \
	return check_server_value(SETTING_##key, newval, extra); \
} \
static void \
assign_##key(const char *newval, void *extra) \
{ \
	server_values[SETTING_##key] = *(ServerValue *) extra; \
}
#include "rules/settinglist.h"
#undef BOOKING_SETTING

/*
 * Make every setting a server setting booking.<name> too.  To be called once,
 * when the library is loaded.
 */
void
settings_define_gucs(void)
{
#define BOOKING_SETTING(key, name, type, unit, dflt, min, max, nullable, levels, options, description) \
	DefineCustomStringVariable("booking." name, description, \
							   "Empty leaves it to the default in booking.setting_catalogue().", \
							   &server_texts[SETTING_##key], "", \
							   PGC_SUSET, 0, \
							   check_##key, assign_##key, NULL);
#include "rules/settinglist.h"
#undef BOOKING_SETTING
}
