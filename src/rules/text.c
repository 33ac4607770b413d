/*-------------------------------------------------------------------------
 *
 * text.c
 *	  What text a booking, a customer or a code may carry.
 *
 * Names, titles and addresses end up in mail headers, calendars and terminal
 * output, so line breaks and control characters are refused at the door
 * rather than escaped at every exit (V5).  Lengths count characters.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "errors.h"
#include "mb/pg_wchar.h"
#include "rules/text.h"

/* Limits of RFC 5321 and RFC 1035. */
#define EMAIL_MAX_BYTES 254
#define EMAIL_LOCAL_MAX_BYTES 64
#define DOMAIN_LABEL_MAX_BYTES 63

/* A client's text, shortened for a message. */
const char *
text_excerpt(const char *text)
{
	int			len = strlen(text);
	int			shown = pg_mbcliplen(text, len, EXCERPT_MAX_BYTES);

	return shown == len ? text : psprintf("%.*s...", shown, text);
}

/*
 * The value in an encoding whose characters next_char() knows: UTF-8, or in
 * an SQL_ASCII database bytes without a meaning.
 */
static const char *
decodable(const char *value)
{
	int			encoding = GetDatabaseEncoding();

	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		return value;
	return pg_server_to_any(value, strlen(value), PG_UTF8);
}

/*
 * The code point *at points to, a step made to the next; 0 at the end.  In an
 * SQL_ASCII database a byte beyond ASCII is answered as the code point
 * U+FFFD, for nobody knows what it stands for.
 */
static pg_wchar
next_char(const char **at)
{
	const unsigned char *s = (const unsigned char *) *at;
	pg_wchar	c;

	if (*s < 0x80)
	{
		*at += (*s != 0);
		return *s;
	}
	if (GetDatabaseEncoding() == PG_SQL_ASCII)
	{
		*at += 1;
		return 0xFFFD;
	}

	/* Don't run past the end of a string that was never verified. */
	for (int i = 1; i < pg_utf_mblen(s); i++)
	{
		if (s[i] == '\0')
		{
			*at += i;
			return 0xFFFD;
		}
	}
	c = utf8_to_unicode(s);
	*at += pg_utf_mblen(s);
	return c;
}

/* A control character of C0 or C1. */
static bool
is_control(pg_wchar c)
{
	return c < 0x20 || (c >= 0x7F && c <= 0x9F);
}

/* A character that ends a line, whichever standard says so. */
static bool
is_line_break(pg_wchar c)
{
	return (c >= '\n' && c <= '\r') || c == 0x85 ||
		c == 0x2028 || c == 0x2029;
}

/* White space other than the control characters. */
static bool
is_space(pg_wchar c)
{
	return c == ' ' || c == 0xA0 || c == 0x1680 ||
		(c >= 0x2000 && c <= 0x200B) || c == 0x2028 || c == 0x2029 ||
		c == 0x202F || c == 0x205F || c == 0x3000 || c == 0xFEFF;
}

/*
 * Refuse a value that is too long or has a character it mustn't have: any
 * line break or control character in one line; in a body of several lines
 * tab, line feed and carriage return are welcome.
 */
static void
check_text(const char *field, const char *value, int max_chars, bool one_line)
{
	int			chars = pg_mbstrlen(value);
	const char *at;
	pg_wchar	c;

	if (chars > max_chars)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("%s is too long", field),
				 errdetail("It has %d characters; at most %d are allowed.",
						   chars, max_chars)));

	at = decodable(value);
	for (int position = 1; (c = next_char(&at)) != 0; position++)
	{
		if (one_line ? !is_control(c) && !is_line_break(c)
			: !is_control(c) || c == '\t' || c == '\n' || c == '\r')
			continue;
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 one_line ?
				 errmsg("%s must be one line without control characters", field) :
				 errmsg("%s must not contain control characters", field),
				 errdetail("Character %d is U+%04X.", position, c)));
	}
}

/*
 * Refuse a value of a field that is one line, such as name, title or phone.
 * It may be empty.
 */
void
text_check_line(const char *field, const char *value, int max_chars)
{
	check_text(field, value, max_chars, true);
}

/* The same for a field that may have several lines, such as a note. */
void
text_check_body(const char *field, const char *value, int max_chars)
{
	check_text(field, value, max_chars, false);
}

/*
 * Refuse a code of a tenant, branch, service or resource that isn't made of
 * lower-case letters, digits and inner or trailing hyphens: codes are part
 * of channel names and addresses.
 */
void
text_check_code(const char *value, int max_bytes)
{
	size_t		len = strlen(value);

	if (len > 0 && len <= max_bytes && value[0] != '-' &&
		strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-") == len)
		return;

	ereport(ERROR,
			(booking_errcode(ERR_BAD_VALUE),
			 errmsg("code \"%s\" is not valid", text_excerpt(value)),
			 errhint("A code has 1 to %d lower-case letters, digits and hyphens, and begins with a letter or digit.",
					 max_bytes)));
}

/*
 * Whether the bytes up to "until" can stand before the @.  The quoted form
 * of RFC 5321 and the characters it exists for are not accepted: no mailbox
 * needs them, and a comma or angle bracket turns one recipient into two.
 */
static bool
local_part_is_valid(const char *s, const char *until)
{
	if (s == until || until - s > EMAIL_LOCAL_MAX_BYTES ||
		*s == '.' || until[-1] == '.')
		return false;

	for (; s < until; s++)
	{
		if (strchr("()<>[]:;,\\\"", *s) != NULL)
			return false;
		if (*s == '.' && s[1] == '.')
			return false;
	}
	return true;
}

/* Whether a string is a domain of at least two labels. */
static bool
domain_is_valid(const char *s)
{
	int			labels = 0;

	for (;;)
	{
		size_t		len = strcspn(s, ".");

		if (len == 0 || len > DOMAIN_LABEL_MAX_BYTES ||
			s[0] == '-' || s[len - 1] == '-')
			return false;
		for (size_t i = 0; i < len; i++)
		{
			if (!IS_HIGHBIT_SET(s[i]) && !isalnum((unsigned char) s[i]) &&
				s[i] != '-')
				return false;
		}
		labels++;
		if (s[len] == '\0')
			return labels >= 2;
		s += len + 1;
	}
}

/*
 * The address without the white space around it, or INVALID_EMAIL (K3).
 *
 * The check is one of form.  Letters beyond ASCII are accepted on both sides
 * of the @; case is kept, for only the owner of a mailbox knows whether it
 * matters.  Customers are compared by lower().
 */
char *
text_clean_email(const char *email)
{
	char	   *cleaned;
	const char *separator;
	const char *at;
	pg_wchar	c;
	size_t		len;

	email += strspn(email, " \t\n\r\f\v");
	len = strlen(email);
	while (len > 0 && strchr(" \t\n\r\f\v", email[len - 1]) != NULL)
		len--;
	cleaned = pnstrdup(email, len);

	separator = strchr(cleaned, '@');
	if (len > EMAIL_MAX_BYTES || separator == NULL ||
		strchr(separator + 1, '@') != NULL)
		goto invalid;

	at = decodable(cleaned);
	while ((c = next_char(&at)) != 0)
	{
		if (is_control(c) || is_space(c))
			goto invalid;
	}

	if (local_part_is_valid(cleaned, separator) &&
		domain_is_valid(separator + 1))
		return cleaned;

invalid:
	ereport(ERROR,
			(booking_errcode(ERR_INVALID_EMAIL),
			 errmsg("e-mail address is not valid"),
			 errhint("It must be one address of the form name@example.org, at most %d bytes long.",
					 EMAIL_MAX_BYTES)));
}
