/*-------------------------------------------------------------------------
 *
 * people.h
 *	  Customers, and what database roles may do.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_STORE_PEOPLE_H
#define BOOKING_STORE_PEOPLE_H

#include "booking.h"

#include "rules/contact.h"

/* What grant_access() gave a database role, weakest first. */
typedef enum AccessLevel
{
	ACCESS_NONE,				/* unknown to grant_access(): as a client, but
								 * nobody */
	ACCESS_AUDITOR,				/* reads, changes nothing */
	ACCESS_CLIENT,
	ACCESS_STAFF,
	ACCESS_ADMIN,
	ACCESS_OWNER				/* the store's owner and superusers */
} AccessLevel;

typedef struct Principal
{
	bool		mapped;
	pg_uuid_t	tenant;
	AccessLevel level;
	char	   *actor;			/* NULL: whoever the context says */
	Datum		roles;			/* text[] */
} Principal;

typedef struct Customer
{
	pg_uuid_t	id;
	char	   *actor;
	bool		notify;
} Customer;

extern Principal people_principal(Oid role, const pg_uuid_t *tenant);
extern const char *people_level_name(AccessLevel level);

extern bool people_share_customer(const pg_uuid_t *tenant, const pg_uuid_t *id, bool wait);
extern bool people_find_customer(const pg_uuid_t *tenant, const pg_uuid_t *id, Customer *customer);
extern bool people_lock_customer(const pg_uuid_t *tenant, const pg_uuid_t *id,
								 const char *email, Customer *customer);
extern bool people_add_customer(const pg_uuid_t *tenant, const Contact *contact,
								const char *actor, pg_uuid_t *id);
extern bool people_email_taken(const pg_uuid_t *tenant, const char *email,
							   const pg_uuid_t *except);
extern void people_update_customer(const pg_uuid_t *tenant, const pg_uuid_t *id,
								   const Contact *contact);
extern pg_uuid_t *people_customers_of_actor(const pg_uuid_t *tenant, const char *actor,
											int *count);
extern pg_uuid_t *people_resources_of_owner(const pg_uuid_t *tenant, const char *owner,
											int *count);

#endif							/* BOOKING_STORE_PEOPLE_H */
