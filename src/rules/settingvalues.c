/*-------------------------------------------------------------------------
 *
 * settingvalues.c
 *	  Values of settings, as text, as JSON, and as the engine sees them.
 *
 * A value is one int64: microseconds (of an instant, since 2000), a count,
 * 0 or 1, or the position among an enum's options.  It comes as JSON from a
 * "settings" column or as text from a server setting; both go through
 * setting_from_text(), so that the same words mean the same everywhere.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/int.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "rules/duration.h"
#include "rules/settingvalues.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

/* An instant in UTC, in ISO 8601. */
static char *
instant_text(TimestampTz instant)
{
	struct pg_tm tm;
	fsec_t		fsec;
	char		buffer[MAXDATELEN + 1];

	if (timestamp2tm(instant, NULL, &tm, &fsec, NULL, NULL) != 0)
		elog(ERROR, "instant of a setting is out of range");
	EncodeDateTime(&tm, fsec, false, 0, NULL, USE_XSD_DATES, buffer);
	return psprintf("%sZ", buffer);
}

/* A value as text, or NULL for none. */
char *
setting_to_text(const SettingRow *row, int64 number)
{
	if (number == SETTING_NONE)
		return NULL;

	switch (row->type)
	{
		case SETTING_TYPE_INTERVAL:
			return duration_text(number);
		case SETTING_TYPE_INTEGER:
			return psprintf(INT64_FORMAT, number);
		case SETTING_TYPE_BOOLEAN:
			return pstrdup(number != 0 ? "true" : "false");
		case SETTING_TYPE_ENUM:
			return pstrdup(row->options[number]);
		case SETTING_TYPE_INSTANT:
			return instant_text(number);
	}
	elog(ERROR, "unrecognized setting type: %d", (int) row->type);
}

/* "an interval from 1 second to 30 days": what a value has to be. */
char *
setting_expectation(const SettingRow *row)
{
	StringInfoData buf;

	initStringInfo(&buf);
	switch (row->type)
	{
		case SETTING_TYPE_INTERVAL:
			appendStringInfo(&buf, "an interval without months or negative parts, or a number of seconds, from %s to %s",
							 duration_text(row->min_value),
							 duration_text(row->max_value));
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
		case SETTING_TYPE_INSTANT:
			appendStringInfo(&buf, "a date and time of day with an offset from UTC, such as 2027-06-30T18:00:00+02:00, from %s to %s",
							 instant_text(row->min_value),
							 instant_text(row->max_value));
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

/* Exactly so many digits; moves on behind them. */
static bool
parse_digits(const char **text, int digits, int *number)
{
	*number = 0;
	for (int i = 0; i < digits; i++, (*text)++)
	{
		if (**text < '0' || **text > '9')
			return false;
		*number = *number * 10 + (**text - '0');
	}
	return true;
}

/* One character if it is the next; moves on behind it. */
static bool
parse_char(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

/*
 * An instant in ISO 8601, "2027-06-30T18:00:00+02:00", with a blank for the T
 * and without seconds too.  The offset must be there: what a text means can't
 * depend on the session's TimeZone or DateStyle, so timestamptz_in() won't do.
 */
static bool
parse_instant(const char *text, int64 *usecs)
{
	int			year;
	int			month;
	int			day;
	int			hour;
	int			minute;
	int			second = 0;
	int			fraction = 0;
	int			offset_hours = 0;
	int			offset_minutes = 0;
	int			sign = 0;

	if (!parse_digits(&text, 4, &year) || !parse_char(&text, '-') ||
		!parse_digits(&text, 2, &month) || !parse_char(&text, '-') ||
		!parse_digits(&text, 2, &day) ||
		!(parse_char(&text, 'T') || parse_char(&text, ' ')) ||
		!parse_digits(&text, 2, &hour) || !parse_char(&text, ':') ||
		!parse_digits(&text, 2, &minute))
		return false;
	if (parse_char(&text, ':'))
	{
		if (!parse_digits(&text, 2, &second))
			return false;
		if (parse_char(&text, '.'))
		{
			int			scale = 100000;

			if (*text < '0' || *text > '9')
				return false;
			for (; *text >= '0' && *text <= '9' && scale > 0; text++, scale /= 10)
				fraction += (*text - '0') * scale;
		}
	}
	parse_char(&text, ' ');
	if (!parse_char(&text, 'Z'))
	{
		sign = *text == '+' ? 1 : -1;
		if (!parse_char(&text, '+') && !parse_char(&text, '-'))
			return false;
		if (!parse_digits(&text, 2, &offset_hours))
			return false;
		if (*text != '\0')
		{
			parse_char(&text, ':');
			if (!parse_digits(&text, 2, &offset_minutes))
				return false;
		}
	}
	if (*text != '\0' || month < 1 || month > 12 ||
		day < 1 || day > day_tab[isleap(year)][month - 1] ||
		hour > 23 || minute > 59 || second > 59 ||
		offset_hours > 15 || offset_minutes > 59)
		return false;

	*usecs = (date2j(year, month, day) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY +
		(hour - sign * offset_hours) * USECS_PER_HOUR +
		(minute - sign * offset_minutes) * USECS_PER_MINUTE +
		second * USECS_PER_SEC + fraction;
	return true;
}

/* A value from text; false if it isn't one.  Raises no error. */
bool
setting_from_text(const SettingRow *row, const char *text, int64 *number)
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
		case SETTING_TYPE_INSTANT:
			if (!parse_instant(text, number))
				return false;
			break;
	}
	return *number >= row->min_value && *number <= row->max_value;
}

/* A value from JSON, null for none; false if it isn't one. */
bool
setting_from_json(const SettingRow *row, const JsonbValue *value, int64 *number)
{
	char	   *text;
	bool		valid;

	switch (value->type)
	{
		case jbvNull:
			*number = SETTING_NONE;
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
			break;
		case jbvString:
			if (row->type == SETTING_TYPE_INTEGER ||
				row->type == SETTING_TYPE_BOOLEAN)
				return false;
			text = pnstrdup(value->val.string.val, value->val.string.len);
			break;
		default:
			return false;
	}
	valid = setting_from_text(row, text, number);
	pfree(text);
	return valid;
}
