/*-------------------------------------------------------------------------
 *
 * idempotency_store.h
 *	  The rows of booking.idempotency_keys: what a command answered that was
 *	  called under a key of the caller's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_IDEMPOTENCY_STORE_H
#define BOOKING_IDEMPOTENCY_STORE_H

#include "booking.h"

/* A command with its arguments, called under a key. */
typedef struct Request
{
	const pg_uuid_t *tenant;
	const char *actor;			/* "" for nobody in particular */
	const char *key;
	const char *command;
	bytea	   *arguments;		/* a digest of them */
} Request;

/* What is kept under a key. */
typedef struct KeptAnswer
{
	char	   *command;
	bytea	   *arguments;
	Jsonb	   *result;
} KeptAnswer;

extern bool idempotency_find(const Request *request, TimestampTz now, KeptAnswer *answer);
extern void idempotency_keep(const Request *request, Jsonb *result, TimestampTz now,
							 TimestampTz expires_at);
extern int	idempotency_drop_over(TimestampTz now, int max);

#endif							/* BOOKING_IDEMPOTENCY_STORE_H */
