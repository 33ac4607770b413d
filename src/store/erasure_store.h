/*-------------------------------------------------------------------------
 *
 * erasure_store.h
 *	  Statements that merge customers and erase personal data.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_ERASURE_STORE_H
#define BOOKING_ERASURE_STORE_H

#include "booking.h"

#include "utils/array.h"

/* Who is erased, and what is his. */
typedef struct ErasedPerson
{
	pg_uuid_t	customer;
	char	   *email_key;		/* or NULL */
	char	   *actor;			/* NULL: none, or one that is somebody else's too */
	ArrayType  *bookings;		/* his own */
} ErasedPerson;

/* How many rows held personal data. */
typedef struct ErasedRows
{
	int			bookings;
	int			notes;
	int			answers;
	int			audit_values;
} ErasedRows;

extern bool erasure_lock_customers(const pg_uuid_t *tenant, const pg_uuid_t *one,
								   const pg_uuid_t *other);
extern bool erasure_customer_exists(const pg_uuid_t *tenant, const pg_uuid_t *id);
extern pg_uuid_t *erasure_lock_bookings_of(const pg_uuid_t *tenant, const pg_uuid_t *customer,
										   int *count);
extern void erasure_join_customers(const pg_uuid_t *tenant, const pg_uuid_t *keep,
								   const pg_uuid_t *drop);

extern bool erasure_lock_person(const pg_uuid_t *tenant, const pg_uuid_t *customer,
								ErasedPerson *person);
extern void erasure_find_bookings(const pg_uuid_t *tenant, ErasedPerson *person);
extern int	erasure_count_live(const pg_uuid_t *tenant, const pg_uuid_t *customer,
							   TimestampTz now);
extern ErasedRows erasure_blank(const pg_uuid_t *tenant, const ErasedPerson *person);
extern void erasure_note(const pg_uuid_t *tenant, const pg_uuid_t *customer,
						 const ErasedRows *rows, const char *by, TimestampTz now);

#endif							/* BOOKING_ERASURE_STORE_H */
