/*-------------------------------------------------------------------------
 *
 * tokens.c
 *	  Secrets as text that goes into a URL, and their comparison.
 *
 * The text is base64 with "-" and "_" and without padding (RFC 4648, section
 * 5).  There is one text for some bytes: a text with bits beyond the last byte
 * is none.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rules/tokens.h"

static const char digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char *
tokens_encode(const unsigned char *bytes, int length)
{
	char	   *text = palloc(length / 3 * 4 + 5);
	char	   *next = text;
	uint32		bits = 0;
	int			count = 0;

	for (int i = 0; i < length; i++)
	{
		bits = (bits << 8) | bytes[i];
		for (count += 8; count >= 6; count -= 6)
			*next++ = digits[(bits >> (count - 6)) & 0x3f];
	}
	if (count > 0)
		*next++ = digits[(bits << (6 - count)) & 0x3f];
	*next = '\0';
	return text;
}

static int
digit_value(char digit)
{
	if (digit >= 'A' && digit <= 'Z')
		return digit - 'A';
	if (digit >= 'a' && digit <= 'z')
		return digit - 'a' + 26;
	if (digit >= '0' && digit <= '9')
		return digit - '0' + 52;
	return digit == '-' ? 62 : digit == '_' ? 63 : -1;
}

/*
 * The bytes that a text stands for, and how many they are; negative when it
 * stands for none, or for more than size.
 */
int
tokens_decode(const char *text, int text_length, unsigned char *bytes, int size)
{
	uint32		bits = 0;
	int			count = 0;
	int			length = 0;

	for (int i = 0; i < text_length; i++)
	{
		int			value = digit_value(text[i]);

		if (value < 0)
			return -1;
		bits = (bits << 6) | value;
		count += 6;
		if (count < 8)
			continue;
		if (length == size)
			return -1;
		count -= 8;
		bytes[length++] = (bits >> count) & 0xff;
	}
	if (count >= 6 || (bits & ((1 << count) - 1)) != 0)
		return -1;
	return length;
}

/* Compares in a time that does not tell how far two secrets are alike. */
bool
tokens_equal(const unsigned char *a, const unsigned char *b, int length)
{
	volatile unsigned char difference = 0;

	for (int i = 0; i < length; i++)
		difference |= a[i] ^ b[i];
	return difference == 0;
}
