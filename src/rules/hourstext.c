/*-------------------------------------------------------------------------
 *
 * hourstext.c
 *	  Weekly opening hours written as people write them.
 *
 *		hours    = "always" | group { group }
 *		group    = days { days } ( "closed" | interval { interval } )
 *		days     = "daily" | day [ "-" day ]
 *		day      = "mon", "monday" and so on; three letters or more
 *		interval = time "-" time
 *		time     = hour [ ":" minute ], up to 24:00
 *
 * Commas may stand between days, intervals and groups, and mean nothing.
 * Days go on from Sunday to Monday: "sat-mon" is three of them.  "closed"
 * takes back what was said of its days before: "daily 9-17, sun closed".  An interval
 * that doesn't end after it begins goes past midnight.  "always" is no rule
 * at all; text that would come to that by leaving everything closed is
 * refused, because it would mean the opposite.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "compat.h"
#include "errors.h"
#include "rules/hourstext.h"
#include "rules/text.h"

static const char *const weekdays[] = {
	"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
};

typedef struct Reader
{
	const char *text;
	const char *at;
} Reader;

pg_noreturn static void
refuse(const Reader *reader, const char *expected)
{
	ereport(ERROR,
			(booking_errcode(ERR_BAD_VALUE),
			 errmsg("opening hours can't be read at character %d: %s",
					pg_mbstrlen_with_len(reader->text, (int) (reader->at - reader->text)) + 1,
					expected),
			 *reader->at == '\0' ? errdetail("The text ends there.") :
			 errdetail("There it says \"%s\".", text_excerpt(reader->at)),
			 errhint("Write them like \"mon-fri 09:00-12:00 13:00-17:00, sat 10:00-14:00\", \"fri 18:00-02:00\", \"daily 00:00-24:00\" or \"always\".")));
}

static void
skip_space(Reader *reader)
{
	while (*reader->at == ' ' || (*reader->at >= '\t' && *reader->at <= '\r'))
		reader->at++;
}

static void
skip_separators(Reader *reader)
{
	skip_space(reader);
	while (*reader->at == ',')
	{
		reader->at++;
		skip_space(reader);
	}
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The length of the word that stands here. */
static int
word_length(const Reader *reader)
{
	int			length = 0;

	while (is_letter(reader->at[length]))
		length++;
	return length;
}

/* Takes a word if it stands here. */
static bool
take_word(Reader *reader, const char *word)
{
	int			length = word_length(reader);

	if (length != strlen(word) || pg_strncasecmp(reader->at, word, length) != 0)
		return false;
	reader->at += length;
	return true;
}

/* Takes a character that may have space around it. */
static bool
take_character(Reader *reader, char c)
{
	Reader		ahead = *reader;

	skip_space(&ahead);
	if (*ahead.at != c)
		return false;
	ahead.at++;
	skip_space(&ahead);
	*reader = ahead;
	return true;
}

/* 0 to 6 */
static int
take_day(Reader *reader)
{
	int			length = word_length(reader);

	for (int day = 0; day < lengthof(weekdays); day++)
	{
		if (length >= 3 && length <= strlen(weekdays[day]) &&
			pg_strncasecmp(reader->at, weekdays[day], length) == 0)
		{
			reader->at += length;
			return day;
		}
	}
	refuse(reader, "a day of the week is expected");
}

/* Adds days to a set of bits. */
static void
take_days(Reader *reader, int *days)
{
	int			first;
	int			last;

	if (take_word(reader, "daily"))
	{
		*days = 0x7f;
		return;
	}
	first = take_day(reader);
	last = take_character(reader, '-') ? take_day(reader) : first;
	for (int day = first;; day = (day + 1) % 7)
	{
		*days |= 1 << day;
		if (day == last)
			break;
	}
}

static int
take_number(Reader *reader, int max, const char *expected)
{
	Reader		start = *reader;
	int			number = 0;
	int			digits = 0;

	for (; is_digit(*reader->at) && digits < 3; digits++)
		number = number * 10 + (*reader->at++ - '0');
	if (digits == 0 || digits > 2 || number > max)
		refuse(&start, expected);
	return number;
}

/* A time of day in microseconds. */
static int64
take_time(Reader *reader)
{
	Reader		start = *reader;
	int			hour = take_number(reader, 24, "a time such as 09:00 is expected");
	int			minute = 0;

	if (*reader->at == ':')
	{
		reader->at++;
		minute = take_number(reader, 59, "minutes from 00 to 59 are expected");
	}
	if (hour == 24 && minute > 0)
		refuse(&start, "the latest time is 24:00");
	return hour * USECS_PER_HOUR + minute * USECS_PER_MINUTE;
}

static void
take_interval(Reader *reader, int days, WeeklyRule *rules, int *count)
{
	Reader		start = *reader;
	WeeklyRule	rule = {0};

	rule.opens = take_time(reader);
	if (!take_character(reader, '-'))
		refuse(reader, "a hyphen and the closing time are expected");
	rule.closes = take_time(reader);
	if (rule.opens == rule.closes)
		refuse(&start, "it closes when it opens; a whole day is 00:00-24:00");
	if (rule.opens == USECS_PER_DAY)
		refuse(&start, "24:00 is no time to open; say 00:00 of the next day");
	if (rule.closes < rule.opens)
		rule.closes += USECS_PER_DAY;
	rule.valid_from = DATEVAL_NOBEGIN;
	rule.valid_until = DATEVAL_NOEND;

	for (int day = 0; day < lengthof(weekdays); day++)
	{
		if ((days & (1 << day)) == 0)
			continue;
		if (*count == MAX_TEXT_RULES)
			refuse(&start, "there are too many intervals");
		rules[*count] = rule;
		rules[*count].weekday = day + 1;
		(*count)++;
	}
}

/* Takes back what was said of some days before. */
static void
drop_days(int days, WeeklyRule *rules, int *count)
{
	int			kept = 0;

	for (int i = 0; i < *count; i++)
		if ((days & (1 << (rules[i].weekday - 1))) == 0)
			rules[kept++] = rules[i];
	*count = kept;
}

/* Days and the intervals of each. */
static void
take_group(Reader *reader, WeeklyRule *rules, int *count)
{
	int			days = 0;

	do
	{
		take_days(reader, &days);
		skip_separators(reader);
	} while (is_letter(*reader->at) && pg_strncasecmp(reader->at, "closed", 6) != 0);

	if (take_word(reader, "closed"))
	{
		drop_days(days, rules, count);
		skip_separators(reader);
	}
	else if (!is_digit(*reader->at))
		refuse(reader, "a time such as 09:00 is expected");
	while (is_digit(*reader->at))
	{
		take_interval(reader, days, rules, count);
		skip_separators(reader);
	}
}

/* The weekly rules that a text describes. */
WeeklyRule *
hourstext_parse(const char *text, int *count)
{
	Reader		reader = {text, text};
	WeeklyRule *rules = palloc(sizeof(WeeklyRule) * MAX_TEXT_RULES);

	*count = 0;
	skip_space(&reader);
	if (take_word(&reader, "always"))
	{
		skip_space(&reader);
		if (*reader.at != '\0')
			refuse(&reader, "nothing may follow \"always\"");
		return rules;
	}

	if (take_word(&reader, "closed"))
		skip_space(&reader);
	else
		take_group(&reader, rules, count);
	while (*reader.at != '\0')
		take_group(&reader, rules, count);

	if (*count == 0)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("opening hours must have an interval"),
				 errdetail("What has no weekly hours is open around the clock."),
				 errhint("To close it, add a row to booking.closures; \"always\" takes its weekly hours away.")));
	return rules;
}
