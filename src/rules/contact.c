/*-------------------------------------------------------------------------
 *
 * contact.c
 *	  Reading what is said about a customer (K1, K3).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "errors.h"
#include "rules/contact.h"
#include "rules/ids.h"
#include "rules/text.h"

static char *
string_value(const JsonbValue *value, const char *key)
{
	if (value->type == jbvNull)
		return NULL;
	if (value->type != jbvString)
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("\"%s\" of the customer must be a string", key)));
	return pnstrdup(value->val.string.val, value->val.string.len);
}

static char *
line_value(const JsonbValue *value, const char *key, int max_chars)
{
	char	   *text = string_value(value, key);

	if (text != NULL)
		text_check_line(key, text, max_chars);
	return text;
}

static void
read_key(Contact *contact, const char *key, const JsonbValue *value)
{
	if (strcmp(key, "id") == 0)
	{
		char	   *id = string_value(value, key);

		contact->has_id = id != NULL;
		if (id != NULL && !ids_parse(id, &contact->id))
			ereport(ERROR,
					(booking_errcode(ERR_BAD_VALUE),
					 errmsg("\"id\" of the customer must be a uuid")));
	}
	else if (strcmp(key, "email") == 0)
	{
		contact->email = string_value(value, key);
		if (contact->email != NULL)
			contact->email = text_clean_email(contact->email);
	}
	else if (strcmp(key, "name") == 0)
		contact->name = line_value(value, key, 200);
	else if (strcmp(key, "phone") == 0)
		contact->phone = line_value(value, key, 64);
	else if (strcmp(key, "locale") == 0)
		contact->locale = line_value(value, key, 35);
	else if (strcmp(key, "notify") == 0)
	{
		if (value->type != jbvBool && value->type != jbvNull)
			ereport(ERROR,
					(booking_errcode(ERR_BAD_VALUE),
					 errmsg("\"notify\" of the customer must be true or false")));
		contact->has_notify = value->type == jbvBool;
		contact->notify = contact->has_notify && value->val.boolean;
	}
	else
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("unknown key \"%s\" in the customer", text_excerpt(key)),
				 errhint("The keys are id, email, name, phone, locale and notify.")));
}

/* Reads {id, email, name, phone, locale, notify}; unknown keys are refused. */
Contact
contact_read(Jsonb *customer)
{
	Contact		contact = {0};
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	value;

	if (!JB_ROOT_IS_OBJECT(customer))
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("the customer must be a JSON object")));

	iterator = JsonbIteratorInit(&customer->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		char	   *key;

		if (token != WJB_KEY)
			continue;
		key = pnstrdup(value.val.string.val, value.val.string.len);
		(void) JsonbIteratorNext(&iterator, &value, true);
		read_key(&contact, key, &value);
	}

	if (!contact.has_id && contact.email == NULL && contact.name == NULL &&
		contact.phone == NULL)
		ereport(ERROR,
				(booking_errcode(ERR_NULL_VALUE),
				 errmsg("the customer needs an id, an e-mail, a name or a phone number")));
	return contact;
}

/* Whether anything was said that the booking has to keep, beside an id. */
bool
contact_is_given(const Contact *contact)
{
	return contact->email != NULL || contact->name != NULL || contact->phone != NULL ||
		contact->locale != NULL || contact->has_notify;
}
