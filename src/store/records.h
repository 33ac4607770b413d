/*-------------------------------------------------------------------------
 *
 * records.h
 *	  What the guard writes beside a booking: audit, session, order, outbox.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_STORE_RECORDS_H
#define BOOKING_STORE_RECORDS_H

#include "booking.h"

#include "utils/array.h"

/* One row of booking.audit_log; texts and jsonbs may be NULL. */
typedef struct AuditEntry
{
	const pg_uuid_t *tenant;
	const pg_uuid_t *booking;
	int			version;
	const pg_uuid_t *branch;
	const pg_uuid_t *session;	/* the service session, or NULL */
	const pg_uuid_t *request_id;
	Datum		actor;			/* texts, 0 when null */
	Datum		actor_kind;
	Oid			role;
	Datum		channel;
	const char *action;
	BookingStatus status;
	Jsonb	   *old_values;
	Jsonb	   *new_values;
	bytea	   *private_digest;
	Datum		reason_code;
	bool		reversible;
	Datum		metadata;		/* jsonb */
	Datum		overrides;		/* text[], 0 when null */
	TimestampTz at;
} AuditEntry;

/* How a booking was moved since it is more than a hold. */
typedef struct PastMoves
{
	int			by_customer;
	TimestampTz earliest;		/* start that it had before; DT_NOEND: none */
} PastMoves;

/* A booking on an order. */
typedef struct OrderItem
{
	const pg_uuid_t *tenant;
	const pg_uuid_t *order;
	const pg_uuid_t *booking;
	const char *description;
	Datum		amount;			/* numerics; with tax */
	Datum		tax;
	Datum		deposit;		/* of a new item */
} OrderItem;

extern void records_audit(const AuditEntry *entry);
extern void records_audit_private(const AuditEntry *entry, bytea *salt, Jsonb *values);
extern PastMoves records_moves(const pg_uuid_t *tenant, const pg_uuid_t *booking);

extern pg_uuid_t records_session(const pg_uuid_t *tenant, const pg_uuid_t *booking,
								 BookingStatus status, TimeSpan slot, Datum resource_ids,
								 TimestampTz now);
extern bool records_session_id(const pg_uuid_t *tenant, const pg_uuid_t *booking,
							   pg_uuid_t *id);

extern pg_uuid_t records_restore_session(const pg_uuid_t *tenant, const pg_uuid_t *booking,
										 BookingStatus from, BookingStatus to, TimeSpan slot,
										 Datum resource_ids, TimestampTz now);
extern void records_drop_session(const pg_uuid_t *tenant, const pg_uuid_t *booking);

extern bool records_order(const OrderItem *item, Datum customer, const char *currency,
						  TimestampTz now);
extern bool records_lock_order(const pg_uuid_t *tenant, const pg_uuid_t *order, bool wait);
extern void records_change_item(const OrderItem *item, TimestampTz now);
extern void records_void_item(const OrderItem *item, TimestampTz now);
extern void records_restore_item(const OrderItem *item, TimestampTz now);
extern void records_lock_orders(const pg_uuid_t *tenant, ArrayType *orders);

extern void records_queue_effects(const pg_uuid_t *tenant, const pg_uuid_t *booking,
								  const char *const *topics, int count, const char *event,
								  int version, TimestampTz due, TimestampTz now);

extern void records_withdraw_effects(const pg_uuid_t *tenant, const pg_uuid_t *booking,
									 int version);
extern int	records_sent_effects(const pg_uuid_t *tenant, const pg_uuid_t *booking,
								 int version, const char ***topics);
extern int	records_withdrawn_effects(const pg_uuid_t *tenant, const pg_uuid_t *booking,
									  int version, const char ***topics, char **event);

extern void records_queue_effect(const pg_uuid_t *tenant, const pg_uuid_t *id,
								 const pg_uuid_t *booking, const char *topic,
								 const char *event, int version, TimestampTz now);

extern void records_answer(const pg_uuid_t *tenant, const pg_uuid_t *booking,
						   const pg_uuid_t *question, Jsonb *value, TimestampTz now);
extern char *records_missing_answer(const pg_uuid_t *tenant, const pg_uuid_t *booking,
									const pg_uuid_t *service);
extern void records_note(const pg_uuid_t *tenant, const pg_uuid_t *booking, const char *body,
						 const char *visibility);
extern Jsonb *records_answers(const pg_uuid_t *tenant, const pg_uuid_t *booking);
extern Jsonb *records_last_note(const pg_uuid_t *tenant, const pg_uuid_t *booking);

#endif							/* BOOKING_STORE_RECORDS_H */
