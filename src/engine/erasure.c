/*-------------------------------------------------------------------------
 *
 * erasure.c
 *	  Making one of two records of a customer (K3), and forgetting him (U9).
 *
 * Both lock the customers' rows first, so that no booking comes to refer to
 * them meanwhile, then the bookings by id.
 *
 * Merging gives each booking to the record that is kept: an UPDATE like any
 * other, audited, but one that a booking which is over can't refuse, and that
 * takes no locks of resources because it changes nothing there.
 *
 * Erasing is no change of a booking: it keeps its version and gets no audit
 * row, which would repeat what is to be forgotten.  Of the audit trail only
 * audit_private and the actor are touched; what its seals are made of stays.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "engine/clock.h"
#include "engine/erasure.h"
#include "engine/history.h"
#include "engine/intent.h"
#include "errors.h"
#include "rules/ids.h"
#include "store/plan.h"

/* What of a booking may tell about a person. */
static const BookingColumn personal_columns[] = {
	BK_CONTACT, BK_TITLE, BK_DESCRIPTION, BK_ATTENDEES, BK_METADATA, BK_CONVERSATION,
	BK_BOOKED_BY, BK_ACTOR, BK_CHANGE_METADATA
};

/* ---- what the guard asks ---- */

/* Whether a change gives a booking to the record of its customer that is kept. */
bool
erasure_merges(const BookingRow *old, const BookingRow *new)
{
	if (!intent_is(INTENT_MERGE, row_uuid(old, BK_TENANT_ID), row_uuid(old, BK_ID)) ||
		!row_has(old, BK_CUSTOMER_ID) || !row_has(new, BK_CUSTOMER_ID))
		return false;
	for (int column = 0; column < BK_COLUMN_COUNT; column++)
		if (booking_columns[column].role != COLUMN_CHANGE && column != BK_CUSTOMER_ID &&
			!row_same(old, new, column))
			return false;
	return true;
}

static bool
is_personal(BookingColumn column)
{
	for (int i = 0; i < lengthof(personal_columns); i++)
		if (personal_columns[i] == column)
			return true;
	return false;
}

/* Whether a change is the engine's erasing of personal data, and no more. */
bool
erasure_blanks(const BookingRow *old, const BookingRow *new)
{
	if (!store_writing_derived() || !intent_is_any(INTENT_ERASE))
		return false;
	for (int column = 0; column < BK_COLUMN_COUNT; column++)
		if (!is_personal(column) && !row_same(old, new, column))
			return false;
	return true;
}

/* ---- merging ---- */

static void
customer_not_found(const pg_uuid_t *id)
{
	ereport(ERROR,
			(booking_errcode(ERR_NOT_FOUND),
			 errmsg("customer %s does not exist", ids_text(id))));
}

/*
 * Gives all that one customer has to another, and removes his row.  Returns how
 * many bookings there were.
 */
int
erasure_merge(const pg_uuid_t *tenant, const pg_uuid_t *keep, const pg_uuid_t *drop)
{
	Intent		intent = {INTENT_MERGE, tenant, NULL};
	const Intent *previous;
	pg_uuid_t  *ids;
	int			count;

	if (!erasure_lock_customers(tenant, keep, drop))
		customer_not_found(erasure_customer_exists(tenant, keep) ? drop : keep);
	ids = erasure_lock_bookings_of(tenant, drop, &count);

	previous = intent_set(NULL);
	PG_TRY();
	{
		for (int i = 0; i < count; i++)
		{
			intent.booking = &ids[i];
			intent_set(&intent);
			if (bookings_set_customer(tenant, &ids[i], keep) == NULL)
				ereport(ERROR,
						(booking_errcode(ERR_PERMISSION_DENIED),
						 errmsg("permission denied to change booking %s", ids_text(&ids[i]))));
		}
		intent.booking = NULL;
		intent_set(&intent);
		erasure_join_customers(tenant, keep, drop);
	}
	PG_FINALLY();
	{
		intent_set(previous);
	}
	PG_END_TRY();
	return count;
}

/* ---- erasing ---- */

/*
 * Erases all that is known about a customer as a person.  What he booked, when
 * and for how much, stays, as somebody's.
 */
ErasedRows
erasure_erase(const pg_uuid_t *tenant, const pg_uuid_t *customer, const char *by)
{
	Intent		intent = {INTENT_ERASE, tenant, NULL};
	const Intent *previous;
	ErasedPerson person;
	ErasedRows *rows = palloc0(sizeof(ErasedRows));
	int			live;

	if (!erasure_lock_person(tenant, customer, &person))
		customer_not_found(customer);
	erasure_find_bookings(tenant, &person);
	live = erasure_count_live(tenant, customer, clock_now());
	if (live > 0)
		ereport(ERROR,
				(booking_errcode(ERR_DELETE_REFUSED),
				 errmsg_plural("the customer has %d booking that is still to come",
							   "the customer has %d bookings that are still to come", live, live),
				 errhint("Cancel first: whoever serves him has to know who comes.")));

	previous = intent_set(&intent);
	PG_TRY();
	{
		*rows = erasure_blank(tenant, &person);
		if (person.actor != NULL)
			history_erase_actor(tenant, person.actor);
		erasure_note(tenant, customer, rows, by, clock_now());
	}
	PG_FINALLY();
	{
		intent_set(previous);
	}
	PG_END_TRY();
	return *rows;
}
