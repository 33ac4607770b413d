/*-------------------------------------------------------------------------
 *
 * undo.h
 *	  Tokens that undo a change, and undoing it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_UNDO_H
#define BOOKING_UNDO_H

#include "booking.h"

#include "engine/effects.h"
#include "store/bookings.h"

/* A change that bulk work has made and that can be undone. */
typedef struct UndoRequest
{
	pg_uuid_t	booking;
	int			version;
	TimestampTz at;
	pg_uuid_t	service_id;
	pg_uuid_t	branch_id;
	bool		has_resource;
	pg_uuid_t	resource_id;	/* the first one */
	char	   *token;			/* out: NULL when it can't be */
} UndoRequest;

/* What became of a booking. */
typedef struct Undone
{
	pg_uuid_t	booking;
	BookingStatus status;
	int			version;
	TimestampTz updated_at;
	char	   *token;			/* or NULL */
	QueuedEffects effects;
} Undone;

extern void undo_note_change(const BookingRow *row, bool reversible);
extern char *undo_issue(const pg_uuid_t *tenant, const pg_uuid_t *booking, int version,
						const pg_uuid_t *batch);
extern char *undo_issue_again(const pg_uuid_t *tenant, const pg_uuid_t *booking, int version);
extern void undo_issue_many(const pg_uuid_t *tenant, UndoRequest *requests, int count,
							const pg_uuid_t *batch);
extern char *undo_issue_batch(const pg_uuid_t *tenant, const pg_uuid_t *batch);
extern Undone *undo_reverse(const pg_uuid_t *tenant, const char *token, int token_length,
							int *count, char **batch_token);
extern int	undo_purge(int max);

#endif							/* BOOKING_UNDO_H */
