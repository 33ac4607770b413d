/*-------------------------------------------------------------------------
 *
 * ids.c
 *	  Identifiers: UUIDs of version 7 (RFC 9562).
 *
 * The first 48 bits are the wall clock in milliseconds, so that ids made one
 * after the other land in the same corner of an index, then come the version
 * and a fraction of the millisecond; the rest is random.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>
#include <sys/time.h>

#include "fmgr.h"
#include "utils/fmgrprotos.h"

#include "errors.h"
#include "rules/ids.h"

/* The least difference in time that the 12 bits below a millisecond show. */
#define STEP_NS (1000000 / 4096 + 1)

/*
 * A new uuid: milliseconds, 12 bits of the fraction below, random bits.  Later
 * ids of a process sort after earlier ones, even where the clock stands still
 * or is set back.
 */
pg_uuid_t
ids_new(void)
{
	static unsigned char random_bytes[32 * UUID_LEN];	/* fetched in advance */
	static int	unused = 0;
	static int64 previous_ns = 0;
	pg_uuid_t	id;
	struct timeval now;
	int64		now_ns;
	uint64		milliseconds;
	uint32		fraction;

	if (unused < UUID_LEN)
	{
		if (!pg_strong_random(random_bytes, sizeof(random_bytes)))
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("could not generate random values")));
		unused = sizeof(random_bytes);
	}
	unused -= UUID_LEN;
	memcpy(id.data, random_bytes + unused, UUID_LEN);

	gettimeofday(&now, NULL);
	now_ns = (int64) now.tv_sec * 1000000000 + (int64) now.tv_usec * 1000;
	previous_ns = now_ns = Max(now_ns, previous_ns + STEP_NS);
	milliseconds = (uint64) now_ns / 1000000;
	fraction = (uint32) (((uint64) now_ns % 1000000) * 4096 / 1000000);

	for (int i = 0; i < 6; i++)
		id.data[i] = (unsigned char) (milliseconds >> (40 - 8 * i));
	id.data[6] = (unsigned char) (0x70 | fraction >> 8);	/* version 7 */
	id.data[7] = (unsigned char) fraction;
	id.data[8] = (id.data[8] & 0x3f) | 0x80;	/* the RFC's variant */
	return id;
}

/* A uuid in its usual form. */
char *
ids_text(const pg_uuid_t *id)
{
	return DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(id)));
}

/* Reads a uuid in its usual form; false when the text is none. */
bool
ids_parse(const char *text, pg_uuid_t *id)
{
	int			length = strlen(text);

	if (length != 36)
		return false;
	for (int i = 0; i < length; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23 ? text[i] != '-' :
			!isxdigit((unsigned char) text[i]))
			return false;
	*id = *DatumGetUUIDP(DirectFunctionCall1(uuid_in, CStringGetDatum(text)));
	return true;
}
