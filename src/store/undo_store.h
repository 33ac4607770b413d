/*-------------------------------------------------------------------------
 *
 * undo_store.h
 *	  Undo tokens, and what the audit trail knows of the change to undo.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_UNDO_STORE_H
#define BOOKING_UNDO_STORE_H

#include "booking.h"

#include "store/bookings.h"

#define UNDO_HASH_BYTES 32		/* of SHA-256 */

/* A row of booking.undo_tokens or booking.undo_batches. */
typedef struct UndoToken
{
	unsigned char hash[UNDO_HASH_BYTES];
	char	   *issued_to;		/* an actor, or NULL */
	TimestampTz expires_at;
	bool		used;
} UndoToken;

/* A change as a token names it: by the version it has left behind. */
typedef struct UndoMember
{
	pg_uuid_t	booking;
	int			version;
} UndoMember;

/* What decides whether, and for how long, a change can be undone. */
typedef struct UndoChange
{
	pg_uuid_t	booking;
	int			version;
	bool		reversible;
	TimestampTz at;
	pg_uuid_t	service_id;
	pg_uuid_t	branch_id;
	bool		has_resource;
	pg_uuid_t	resource_id;	/* the first one */
} UndoChange;

/* A token to write; the hash is NULL for a change that gets none. */
typedef struct UndoIssue
{
	pg_uuid_t	booking;
	int			version;
	bytea	   *hash;
	TimestampTz expires_at;
	bool		issued;			/* out: written */
} UndoIssue;

extern bool undo_store_change(const pg_uuid_t *tenant, const pg_uuid_t *booking, int version,
							  UndoChange *change);
extern bool undo_store_old_values(const pg_uuid_t *tenant, const pg_uuid_t *booking,
								  int version, Jsonb **values, Jsonb **private_values);

extern void undo_store_issue(const pg_uuid_t *tenant, const UndoIssue *issue,
							 const pg_uuid_t *batch, const char *issued_to, TimestampTz now);
extern void undo_store_issue_many(const pg_uuid_t *tenant, UndoIssue *issues, int count,
								  const pg_uuid_t *batch, const char *issued_to,
								  TimestampTz now);
extern bool undo_store_issue_batch(const pg_uuid_t *tenant, const pg_uuid_t *batch,
								   bytea *hash, const char *issued_to, TimestampTz now);
extern bool undo_store_read(const pg_uuid_t *tenant, const UndoMember *member,
							UndoToken *token);
extern bool undo_store_read_batch(const pg_uuid_t *tenant, const pg_uuid_t *batch,
								  UndoToken *token);
extern bool undo_store_lock_batch(const pg_uuid_t *tenant, const pg_uuid_t *batch, bool wait);
extern UndoMember *undo_store_members(const pg_uuid_t *tenant, const pg_uuid_t *batch,
									  int *count);
extern void undo_store_use(const pg_uuid_t *tenant, const UndoMember *member, TimestampTz now);
extern void undo_store_use_batch(const pg_uuid_t *tenant, const pg_uuid_t *batch,
								 TimestampTz now);
extern int	undo_store_purge(TimestampTz before, int max);

#endif							/* BOOKING_UNDO_STORE_H */
