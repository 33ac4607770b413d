/*-------------------------------------------------------------------------
 *
 * payments_store.h
 *	  The rows of booking.payments.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_PAYMENTS_STORE_H
#define BOOKING_PAYMENTS_STORE_H

#include "booking.h"

#include "utils/numeric.h"

typedef struct Payment
{
	pg_uuid_t	id;
	pg_uuid_t	booking;
	bool		has_order;
	pg_uuid_t	order;
	char	   *provider;
	char	   *reference;
	Numeric		amount;
	char	   *currency;
	char	   *status;
	char	   *outcome;
	char	   *recorded_by;	/* or NULL */
} Payment;

extern bool payments_find(const pg_uuid_t *tenant, const char *provider,
						  const char *reference, Payment *payment);
extern bool payments_add(const pg_uuid_t *tenant, const Payment *payment, TimestampTz now);
extern void payments_set_outcome(const pg_uuid_t *tenant, const pg_uuid_t *id,
								 const char *outcome, const pg_uuid_t *refund_effect,
								 TimestampTz now);
extern bool payments_set_refunded(const pg_uuid_t *tenant, const pg_uuid_t *id,
								  TimestampTz now);
extern Numeric payments_received(const pg_uuid_t *tenant, const pg_uuid_t *booking);
extern Numeric payments_deposit(const pg_uuid_t *tenant, const pg_uuid_t *order,
								const pg_uuid_t *booking);
extern uint64 payments_fall_due(const pg_uuid_t *tenant, const pg_uuid_t *booking,
								const pg_uuid_t *refund_effect, TimestampTz now);
extern void payments_keep(const pg_uuid_t *tenant, const pg_uuid_t *booking, TimestampTz now);

#endif							/* BOOKING_PAYMENTS_STORE_H */
