/*-------------------------------------------------------------------------
 *
 * contact.h
 *	  What is said about a customer: how to reach whom.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_CONTACT_H
#define BOOKING_CONTACT_H

#include "booking.h"

/* What was left out is NULL or false. */
typedef struct Contact
{
	bool		has_id;
	pg_uuid_t	id;
	char	   *email;
	char	   *name;
	char	   *phone;
	char	   *locale;
	bool		has_notify;
	bool		notify;
} Contact;

extern Contact contact_read(Jsonb *customer);
extern bool contact_is_given(const Contact *contact);

#endif							/* BOOKING_CONTACT_H */
