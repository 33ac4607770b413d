/*-------------------------------------------------------------------------
 *
 * ids.c
 *	  Identifiers: UUIDs of version 7 (RFC 9562).
 *
 * The first 48 bits are the wall clock in milliseconds, so that ids made one
 * after the other land in the same corner of an index; the rest is random.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sys/time.h>

#include "errors.h"
#include "rules/ids.h"

pg_uuid_t
ids_new(void)
{
	pg_uuid_t	id;
	struct timeval now;
	uint64		milliseconds;

	if (!pg_strong_random(id.data, UUID_LEN))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));

	gettimeofday(&now, NULL);
	milliseconds = (uint64) now.tv_sec * 1000 + now.tv_usec / 1000;
	for (int i = 0; i < 6; i++)
		id.data[i] = (unsigned char) (milliseconds >> (40 - 8 * i));

	id.data[6] = (id.data[6] & 0x0f) | 0x70;	/* version 7 */
	id.data[8] = (id.data[8] & 0x3f) | 0x80;	/* the RFC's variant */
	return id;
}
