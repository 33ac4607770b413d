/*-------------------------------------------------------------------------
 *
 * bulk.h
 *	  One change of many bookings.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_BULK_H
#define BOOKING_BULK_H

#include "booking.h"

/* What is to become of the bookings. */
typedef struct BulkOrder
{
	bool		cancel;			/* else they get another resource */
	const char *reason;			/* of a cancellation, or NULL */
	const pg_uuid_t *resource;	/* NULL: all they need is chosen */
	int			strategy;		/* by which, an AssignmentStrategy */
	bool		all_or_nothing;
} BulkOrder;

/* A booking, and what has become of it. */
typedef struct BulkItem
{
	pg_uuid_t	id;
	bool		found;			/* with status and version below */
	const char *code;			/* NULL: it went well */
	char	   *message;
	BookingStatus status;
	int			version;
	pg_uuid_t	service_id;
	pg_uuid_t	branch_id;
	bool		has_resource;
	pg_uuid_t	resource_id;	/* the first one */
	char	   *token;			/* that undoes the change, or NULL */
} BulkItem;

extern char *bulk_change(const pg_uuid_t *tenant, const BulkOrder *order, BulkItem *items,
						 int count);
extern BulkItem *bulk_item(BulkItem *items, int count, const pg_uuid_t *id);

#endif							/* BOOKING_BULK_H */
