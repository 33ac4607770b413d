/*-------------------------------------------------------------------------
 *
 * effects.c
 *	  Which change asks for which side effect.
 *
 * Effects are rows of booking.outbox, written in the transaction of the
 * change; sending them is somebody else's work.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "engine/deposits.h"
#include "engine/effects.h"
#include "rules/lifecycle.h"
#include "store/people.h"
#include "store/records.h"

static const struct
{
	const char *action;
	const char *topic;
	bool		to_customer;	/* suppressed by the customer's preference */
	bool		of_holds;		/* asked for by a booking nobody else knows of,
								 * too */
}			effect_rules[] = {
	{"book", "notification", true, false},
	{"book", "calendar_sync", false, false},
	{"checkout", "notification", true, false},
	{"checkout", "calendar_sync", false, false},
	{"record_payment", "notification", true, false},
	{"record_payment", "calendar_sync", false, false},
	{"confirm", "notification", true, false},
	{"confirm", "calendar_sync", false, false},
	{"cancel", "notification", true, false},
	{"cancel", "calendar_sync", false, false},
	{"expire", "notification", true, false},
	{"expire", "follow_up", false, true},
	{"request_cancellation", "notification", true, false},
	{"restore", "notification", true, false},
	{"restore", "calendar_sync", false, false},
	{"reschedule", "notification", true, false},
	{"reschedule", "calendar_sync", false, false},
	{"reassign", "calendar_sync", false, false},
	{"no_show", "follow_up", false, false},
	{"complete", "follow_up", false, false},
	{"promote", "waitlist_promotion", false, true},
	{"promote", "calendar_sync", false, false}
};

/* What the last change queued, for the function that made it. */
static QueuedEffects last;

/* Whether a booking is still a matter between the holder and us. */
static bool
only_held(const BookingRow *row)
{
	BookingStatus status = row_status(row);

	return (status == STATUS_HELD && !deposits_awaited(row)) || status == STATUS_WAITLISTED;
}

/* Whether a booking waited for its deposit all the time: no calendar has it. */
static bool
never_stood(const BookingRow *old, const BookingRow *new)
{
	return deposits_awaited(new) ||
		(old != NULL && deposits_awaited(old) && row_status(new) == STATUS_CANCELLED);
}

/* Queues what a change asks for; old is NULL for an INSERT. */
void
effects_queue(const BookingRow *old, const BookingRow *new, const char *action)
{
	const pg_uuid_t *tenant = row_uuid(new, BK_TENANT_ID);
	const pg_uuid_t *booking = row_uuid(new, BK_ID);
	TimestampTz now = row_time(new, BK_UPDATED_AT);
	bool		held;
	bool		customer_read = false;
	bool		notify = true;

	last.booking = *booking;
	last.version = row_int(new, BK_VERSION);
	last.count = 0;

	/* who waited comes to be known by what he gets */
	held = strcmp(action, "checkout") != 0 &&
		only_held(old && strcmp(action, "promote") != 0 ? old : new);

	for (int i = 0; i < lengthof(effect_rules); i++)
	{
		if (strcmp(effect_rules[i].action, action) != 0 ||
			(held && !effect_rules[i].of_holds))
			continue;
		if (strcmp(effect_rules[i].topic, "calendar_sync") == 0 && never_stood(old, new))
			continue;
		if (effect_rules[i].to_customer && row_has(new, BK_CUSTOMER_ID) && !customer_read)
		{
			Customer	customer;

			if (people_find_customer(tenant, row_uuid(new, BK_CUSTOMER_ID), &customer))
				notify = customer.notify;
			customer_read = true;
		}
		if (effect_rules[i].to_customer && !notify)
			continue;

		Assert(last.count < EFFECTS_MAX);
		last.topics[last.count++] = effect_rules[i].topic;
	}
	if (last.count > 0)
		records_queue_effects(tenant, booking, last.topics, last.count, action,
							  row_int(new, BK_VERSION), now, now);
}

/* Queues effects of the last change, and notes those that are known by name. */
static void
queue_topics(const BookingRow *new, const char *const *topics, int count, const char *event)
{
	TimestampTz now = row_time(new, BK_UPDATED_AT);

	if (count == 0)
		return;
	records_queue_effects(row_uuid(new, BK_TENANT_ID), row_uuid(new, BK_ID), topics, count,
						  event, row_int(new, BK_VERSION), now, now);
	for (int i = 0; i < count; i++)
		for (int j = 0; j < lengthof(effect_rules); j++)
			if (strcmp(effect_rules[j].topic, topics[i]) == 0)
			{
				if (last.count < EFFECTS_MAX)
					last.topics[last.count++] = effect_rules[j].topic;
				break;
			}
}

/*
 * A change is undone: what it had queued is withdrawn, and what was sent
 * already is corrected.  If it was an undo itself, what that had withdrawn is
 * queued again.
 */
void
effects_reverse(const BookingRow *old, const BookingRow *new)
{
	const pg_uuid_t *tenant = row_uuid(new, BK_TENANT_ID);
	const pg_uuid_t *booking = row_uuid(new, BK_ID);
	int			undone = row_int(old, BK_VERSION);
	const char **topics;
	char	   *event;
	int			count;

	last.booking = *booking;
	last.version = row_int(new, BK_VERSION);
	last.count = 0;

	records_withdraw_effects(tenant, booking, undone);
	count = records_withdrawn_effects(tenant, booking, undone, &topics, &event);
	queue_topics(new, topics, count, event);
	count = records_sent_effects(tenant, booking, undone, &topics);
	queue_topics(new, topics, count, "reverse");
}

/*
 * Queues that what was paid for a booking is to be sent back: the payments that
 * refer to the effect.
 */
void
effects_queue_refund(const pg_uuid_t *tenant, const pg_uuid_t *booking,
					 const pg_uuid_t *effect, const char *event, int version, TimestampTz now)
{
	records_queue_effect(tenant, effect, booking, "refund_due", event, version, now);
	if (effects_of(booking, version) == NULL)
	{
		last.booking = *booking;
		last.version = version;
		last.count = 0;
	}
	Assert(last.count < EFFECTS_MAX);
	last.topics[last.count++] = "refund_due";
}

/* What was queued last, to be put back after changes that are not the caller's. */
QueuedEffects
effects_save(void)
{
	return last;
}

void
effects_restore(const QueuedEffects *effects)
{
	last = *effects;
}

/* A command begins: what was queued before it is not its doing. */
void
effects_forget(void)
{
	last.version = 0;
}

/* What was queued for a version of a booking, if it was the last change. */
const QueuedEffects *
effects_of(const pg_uuid_t *booking, int version)
{
	if (last.version == version && uuid_equal(&last.booking, booking))
		return &last;
	return NULL;
}
