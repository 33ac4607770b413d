/*-------------------------------------------------------------------------
 *
 * promotion.c
 *	  Giving time that became free to who waits for it (W2, W3).
 *
 * Whatever frees time notes it, and when its statement is over (so that what
 * the statement's other rows need is settled) those who wait for such a time
 * are tried in line, by joined_at and id: each gets the slot he wants, if that
 * is free and the rules let a customer have it, by an UPDATE of his booking
 * under INTENT_PROMOTE.  The guard decides as always.  So nobody else can have
 * the time in between, and who doesn't fit is passed over but stays in line.
 *
 * A hold that lapsed and that nobody has swept is freed by whoever needs its
 * slot (expiry.c).  That is a statement of its own within his, so those in
 * line come first, and he is refused.
 *
 * It is work done for others: it waits for nobody and makes nothing fail.  Each
 * try is a subtransaction, in which keys and rows are taken only if they can be
 * had at once.  So that as much as possible can be had, what frees something
 * takes, with its own keys and in order, those of the candidates
 * (promotion_add_keys): one key each, by which two changes that free what one
 * candidate needs come one after the other, the later one seeing what the
 * earlier one freed; and the keys of the resources they name.  Where a
 * candidate was busy all the same, the time is noted in booking.vacancies, for
 * the worker or promote_waiting() to look at again.
 *
 * Nobody joins unseen: who does shuts out who frees something (locks_add_queue).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "engine/assignment.h"
#include "engine/checks.h"
#include "engine/clock.h"
#include "engine/deadlines.h"
#include "engine/effects.h"
#include "engine/intent.h"
#include "engine/occupancy.h"
#include "engine/promotion.h"
#include "engine/slots.h"
#include "errors.h"
#include "rules/calendar.h"
#include "rules/ids.h"
#include "store/plan.h"
#include "store/records.h"

/* With more keys than that a change doesn't take those of candidates too. */
#define MANY_KEYS 100

/* How many slots of what somebody wants are tried. */
#define MAX_SLOTS 8

/* ---- what became free ---- */

typedef struct Freed
{
	Vacancy		vacancy;
	int			nest_level;		/* of subtransactions */
	int			trigger_depth;
} Freed;

static List *freed = NIL;

static void
forget_all(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
		event == XACT_EVENT_PREPARE)
		freed = NIL;			/* the memory is the transaction's */
}

static void
forget_subtransaction(SubXactEvent event, SubTransactionId mySubid,
					  SubTransactionId parentSubid, void *arg)
{
	int			level = GetCurrentTransactionNestLevel();
	ListCell   *cell;

	foreach(cell, freed)
	{
		Freed	   *entry = lfirst(cell);

		if (entry->nest_level < level)
			continue;
		if (event == SUBXACT_EVENT_ABORT_SUB)
			freed = foreach_delete_current(freed, cell);
		else if (event == SUBXACT_EVENT_COMMIT_SUB)
			entry->nest_level = level - 1;
	}
}

void
promotion_init(void)
{
	RegisterXactCallback(forget_all, NULL);
	RegisterSubXactCallback(forget_subtransaction, NULL);
}

static int
trigger_depth(void)
{
	return DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, (Datum) 0));
}

static void
note(const Vacancy *vacancy)
{
	MemoryContext previous = MemoryContextSwitchTo(TopTransactionContext);
	Freed	   *entry = palloc(sizeof(Freed));

	entry->vacancy = *vacancy;
	entry->nest_level = GetCurrentTransactionNestLevel();
	entry->trigger_depth = trigger_depth();
	freed = lappend(freed, entry);
	MemoryContextSwitchTo(previous);
}

/*
 * What a booking had of its resources, no less; NULL when nobody waits for
 * anything as late.
 */
static Vacancy *
freed_by(const pg_uuid_t *tenant, const BookingRow *old, TimestampTz now, int *count)
{
	TimestampTz until = waiting_until(tenant);
	const Service *service;
	pg_uuid_t  *ids;
	Vacancy    *list;
	TimeSpan	slot = row_slot(old);

	*count = 0;
	if (until == DT_NOBEGIN || until <= now)
		return NULL;
	service = config_service(tenant, row_uuid(old, BK_SERVICE_ID));
	if (service == NULL)
		return NULL;
	ids = row_resources(old, count);
	list = palloc(sizeof(Vacancy) * Max(*count, 1));
	for (int i = 0; i < *count; i++)
		list[i] = (Vacancy) {
			*tenant, false, ids[i], occupancy_freed(service, &ids[i], tenant, slot),
			*row_uuid(old, BK_ID)
		};
	return list;
}

/* ---- candidates ---- */

/* Whether a candidate could do with a resource in a time. */
static bool
could_use(const pg_uuid_t *tenant, const Waiting *waiting, const Vacancy *vacancy)
{
	Change		change = {.tenant = *tenant};
	const Resource *resource;

	if (!spans_overlap(waiting->reach, vacancy->span) ||
		uuid_equal(&waiting->booking, &vacancy->giver))
		return false;
	if (vacancy->any)
		return true;
	for (int i = 0; i < waiting->resource_count; i++)
		if (uuid_equal(&waiting->resources[i], &vacancy->resource))
			return true;
	change.service = config_service(tenant, &waiting->service);
	resource = config_resource(tenant, &vacancy->resource);
	if (change.service == NULL || resource == NULL ||
		!uuid_equal(&resource->branch.id, &waiting->branch) ||
		!assignment_lacks(&change, waiting->resources, waiting->resource_count))
		return false;
	if (change.service->need_count == 0)
		return true;
	for (int i = 0; i < change.service->need_count; i++)
		if (strcmp(change.service->needs[i].kind, resource->kind) == 0)
			return true;
	return false;
}

static bool
could_use_any(const pg_uuid_t *tenant, const Waiting *waiting, const Vacancy *list, int count)
{
	for (int i = 0; i < count; i++)
		if (could_use(tenant, waiting, &list[i]))
			return true;
	return false;
}

/* The time that covers all of a list. */
static TimeSpan
covering(const Vacancy *list, int count)
{
	TimeSpan	span = list[0].span;

	for (int i = 1; i < count; i++)
	{
		span.from = Min(span.from, list[i].span.from);
		span.until = Max(span.until, list[i].span.until);
	}
	return span;
}

/* The time, of that somebody wants, in which slots lie that need what was freed. */
static TimeSpan
neighbourhood(TimeSpan span, const Waiting *waiting)
{
	int64		length = waiting->slot.until - waiting->slot.from;
	int64		buffers = (waiting->reach.until - waiting->reach.from) -
		(waiting->wanted.until - waiting->wanted.from);

	span.from = Max(span.from - length - buffers + 1, waiting->wanted.from);
	span.until = Min(span.until + length + buffers - 1, waiting->wanted.until);
	return span;
}

/*
 * Adds to the keys of a change that is going to free what a booking has those
 * of who waits for it.  Returns how many wait: under the keys it must be no
 * more.
 */
int
promotion_add_keys(KeySet *set, const pg_uuid_t *tenant, const BookingRow *old, TimestampTz now)
{
	int			freed_count;
	Vacancy    *list = freed_by(tenant, old, now, &freed_count);
	int			count;
	Waiting    *waiting;
	int			candidates = 0;

	if (list == NULL || freed_count == 0)
		return 0;
	waiting = waiting_overlapping(tenant, covering(list, freed_count), now, &count);
	for (int i = 0; i < count; i++)
	{
		const Service *service = config_service(tenant, &waiting[i].service);

		if (service == NULL || !could_use_any(tenant, &waiting[i], list, freed_count))
			continue;
		candidates++;
		if (set == NULL || locks_wait() != LOCK_WAIT || set->count >= MANY_KEYS)
			continue;
		locks_add_waiting(set, tenant, &waiting[i].booking);
		if (waiting[i].resource_count > 0)
			occupancy_add_keys(set, tenant, service, waiting[i].resources,
							   waiting[i].resource_count, waiting[i].has_window ?
							   neighbourhood(covering(list, freed_count), &waiting[i]) :
							   waiting[i].slot);
	}
	return candidates;
}

/*
 * The same with the keys of the queues that a booking, which is going to give
 * back what it has, is in the way of: nobody joins them meanwhile.
 */
int
promotion_add_all_keys(KeySet *set, const pg_uuid_t *tenant, const BookingRow *old,
					   TimestampTz now)
{
	int			count;
	pg_uuid_t  *ids = row_resources(old, &count);

	for (int i = 0; i < count; i++)
	{
		const Resource *resource = config_resource(tenant, &ids[i]);

		if (resource != NULL)
			locks_add_queue(set, tenant, &resource->branch.id, false);
	}
	return promotion_add_keys(set, tenant, old, now);
}

/* ---- which slot, in which status ---- */

static SettingSources
sources_of(const pg_uuid_t *tenant, const Waiting *waiting, const Service *service)
{
	const Branch *branch = config_branch(tenant, &waiting->branch);
	const Resource *resource = waiting->resource_count == 0 ? NULL :
		config_resource(tenant, &waiting->resources[0]);

	return (SettingSources)
	{
		.service = service->settings,.resource = resource ? resource->settings : NULL,
			.branch = branch ? branch->settings : NULL,.tenant = service->tenant_settings
	};
}

static WaitlistMode
mode_of(const pg_uuid_t *tenant, const Waiting *waiting, const Service *service)
{
	SettingSources sources = sources_of(tenant, waiting, service);
	WaitlistMode mode = settings_get(SETTING_WAITLIST_MODE, &sources).option;

	/* what is confirmed is somebody's */
	if (mode == WAITLIST_CONFIRM && !waiting->has_customer && !waiting->has_contact)
		return WAITLIST_HOLD;
	return mode;
}

/* What becomes of somebody who is promoted by hand: there is no mere message. */
BookingStatus
promotion_status(const pg_uuid_t *tenant, const Waiting *waiting)
{
	return mode_of(tenant, waiting, config_require_service(tenant, &waiting->service)) ==
		WAITLIST_CONFIRM ? STATUS_CONFIRMED : STATUS_HELD;
}

/* The first slots that could be booked. */
typedef struct SlotList
{
	int			count;
	TimeSpan	wanted;
	TimeSpan	slots[MAX_SLOTS];
} SlotList;

static bool
keep_slot(void *arg, const Question *question, const FoundSlot *slot)
{
	SlotList   *list = arg;

	if (slot->span.from >= list->wanted.from && slot->span.until <= list->wanted.until)
		list->slots[list->count++] = slot->span;
	return list->count < MAX_SLOTS;
}

/*
 * Lists the slots that somebody could be given, near what was freed (NULL:
 * anywhere): his own, or those within the time he wants that slots() lists.
 */
static void
find_slots(const pg_uuid_t *tenant, const Waiting *waiting, const TimeSpan *near, bool staff,
		   SlotList *list)
{
	Question	question = {0};
	int64		length = waiting->slot.until - waiting->slot.from;
	TimeSpan	window;

	list->count = 0;
	list->wanted = waiting->wanted;
	if (!waiting->has_window)
	{
		list->slots[list->count++] = waiting->slot;
		return;
	}

	question.tenant = *tenant;
	question.service = config_service(tenant, &waiting->service);
	question.branch = config_branch(tenant, &waiting->branch);
	if (question.service == NULL || question.branch == NULL)
		return;
	question.zone = calendar_zone(question.branch->time_zone);
	question.units = waiting->units;
	question.party_size = waiting->party_size;
	if (question.service->length.by_nights)
		question.nights = duration_count_nights(waiting->slot, question.zone);
	else
		question.duration = length;
	question.kind = staff ? ACTOR_STAFF : ACTOR_CUSTOMER;
	question.staff = staff;
	question.customer = waiting->has_customer ? &waiting->customer : NULL;
	question.booking = &waiting->booking;
	question.now = clock_now();
	question.fresh = true;
	question.memory = CurrentMemoryContext;
	question_places(&question, waiting->resources, waiting->resource_count, NULL);

	window = near ? neighbourhood(*near, waiting) : waiting->wanted;
	window.from = Max(window.from, question.now);
	window.until -= length - 1;	/* from here on of starts */
	if (window.from < window.until)
		slots_list(&question, window, true, keep_slot, list);
}

/* The slot for somebody who is promoted by hand. */
TimeSpan
promotion_slot(const pg_uuid_t *tenant, const Waiting *waiting, bool staff)
{
	SlotList	list;

	find_slots(tenant, waiting, NULL, staff, &list);
	if (list.count == 0)
		ereport(ERROR,
				(booking_errcode(ERR_SLOT_TAKEN),
				 errmsg("nothing is free in the time that is wanted"),
				 errhint("Say when the booking is to start.")));
	return list.slots[0];
}

/* ---- a try ---- */

typedef enum Outcome
{
	OUTCOME_GIVEN,
	OUTCOME_NOTIFIED,
	OUTCOME_TAKEN,				/* the slot is not free */
	OUTCOME_REFUSED,			/* the rules don't let him have it */
	OUTCOME_BUSY,				/* somebody else was in the way */
	OUTCOME_GONE				/* waits no more */
} Outcome;

/* Makes the UPDATE, with his row locked, taking only what can be had at once. */
static uint64
update_waiting(const pg_uuid_t *tenant, const Waiting *waiting, BookingStatus status,
			   TimeSpan slot)
{
	pg_uuid_t	request_id = ids_new();
	Intent		intent = {INTENT_PROMOTE, tenant, &waiting->booking};
	const Intent *previous_intent = intent_set(&intent);
	const pg_uuid_t *previous_checkout = checks_ask_for_approval(&waiting->booking);
	LockWait	previous_wait = locks_set_wait(LOCK_OR_SKIP);
	volatile uint64 updated = 0;

	PG_TRY();
	{
		updated = waiting_promote(tenant, &waiting->booking, status, slot, &request_id);
	}
	PG_FINALLY();
	{
		locks_set_wait(previous_wait);
		checks_ask_for_approval(previous_checkout);
		intent_set(previous_intent);
	}
	PG_END_TRY();
	return updated;
}

/*
 * What an error says about a try.  What is not about the try at all is raised
 * again: that the query was cancelled, or that the transaction can't go on.
 */
static Outcome
outcome_of(ErrorData *error, const Waiting *waiting)
{
	switch (error->sqlerrcode)
	{
		case ERRCODE_QUERY_CANCELED:
		case ERRCODE_T_R_DEADLOCK_DETECTED:
			ReThrowError(error);
		case ERRCODE_T_R_SERIALIZATION_FAILURE:
			if (IsolationIsSerializable())
				ReThrowError(error);
			return OUTCOME_BUSY;
		case ERRCODE_LOCK_NOT_AVAILABLE:
			return OUTCOME_BUSY;
		case ERRCODE_EXCLUSION_VIOLATION:
			return OUTCOME_TAKEN;
	}
	if (ERRCODE_TO_CATEGORY(error->sqlerrcode) != MAKE_SQLSTATE('Z', 'B', '0', '0', '0'))
		ereport(LOG,
				(errcode(error->sqlerrcode),
				 errmsg("could not promote booking %s from the waiting list: %s",
						ids_text(&waiting->booking), error->message)));
	return OUTCOME_REFUSED;
}

/* Tries to give somebody a slot; with notify, tries whether he could have it. */
static Outcome
try_slot(const pg_uuid_t *tenant, const Waiting *waiting, TimeSpan slot, WaitlistMode mode,
		 TimestampTz now)
{
	MemoryContext memory = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile Outcome outcome = OUTCOME_BUSY;
	ErrorData  *volatile error = NULL;

	if (slot.from <= now)
		return OUTCOME_GONE;
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(memory);
	PG_TRY();
	{
		bool		gone;

		if (!waiting_lock(tenant, &waiting->booking, now, &gone))
			outcome = gone ? OUTCOME_GONE : OUTCOME_BUSY;
		else if (update_waiting(tenant, waiting, mode == WAITLIST_CONFIRM ? STATUS_CONFIRMED :
								STATUS_HELD, slot) > 0)
			outcome = mode == WAITLIST_NOTIFY ? OUTCOME_NOTIFIED : OUTCOME_GIVEN;
		if (outcome == OUTCOME_GIVEN)
			ReleaseCurrentSubTransaction();
		else
			RollbackAndReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(memory);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(memory);
	CurrentResourceOwner = owner;

	if (error != NULL)
		outcome = outcome_of(error, waiting);
	if (outcome == OUTCOME_NOTIFIED)
	{
		static const char *const topics[] = {"waitlist_promotion"};

		records_queue_effects(tenant, &waiting->booking, topics, 1, "notify", waiting->version,
							  now, now);
	}
	return outcome;
}

/* ---- giving it away ---- */

/* Whether one who wants just the same was told that it is not free. */
static bool
tried_in_vain(const Waiting *waiting, const Waiting *failed)
{
	return !waiting->has_window && !failed->has_window &&
		uuid_equal(&waiting->service, &failed->service) &&
		uuid_equal(&waiting->branch, &failed->branch) &&
		waiting->slot.from == failed->slot.from && waiting->slot.until == failed->slot.until &&
		waiting->units >= failed->units &&
		waiting->resource_count == failed->resource_count &&
		memcmp(waiting->resources, failed->resources,
			   sizeof(pg_uuid_t) * waiting->resource_count) == 0;
}

/* Tries the slots that somebody could be given of what was freed. */
static Outcome
try_waiting(const pg_uuid_t *tenant, const Waiting *waiting, const Vacancy *list, int count,
			TimestampTz now)
{
	const Service *service = config_service(tenant, &waiting->service);
	TimeSpan	near = {DT_NOEND, DT_NOBEGIN};
	Outcome		outcome = OUTCOME_TAKEN;
	SlotList	slots;

	if (service == NULL)
		return OUTCOME_GONE;
	for (int i = 0; i < count; i++)
		if (could_use(tenant, waiting, &list[i]))
		{
			near.from = Min(near.from, list[i].span.from);
			near.until = Max(near.until, list[i].span.until);
		}
	find_slots(tenant, waiting, &near, false, &slots);
	for (int i = 0; i < slots.count; i++)
	{
		outcome = try_slot(tenant, waiting, slots.slots[i], mode_of(tenant, waiting, service), now);
		if (outcome == OUTCOME_GIVEN || outcome == OUTCOME_NOTIFIED || outcome == OUTCOME_BUSY)
			break;
	}
	return outcome;
}

/*
 * Gives what became free of one tenant's resources to who waits for it, and
 * notes as vacant what somebody could not be given because he was busy.
 * Returns how many got something.  Needs SPI.
 */
static int
give(const pg_uuid_t *tenant, Vacancy *list, int count, int *busy)
{
	TimestampTz now = clock_now();
	QueuedEffects effects = effects_save();
	int			waiting_count;
	Waiting    *waiting = waiting_overlapping(tenant, covering(list, count), now, &waiting_count);
	const Waiting **failed = palloc(sizeof(Waiting *) * Max(waiting_count, 1));
	bool	   *vacant = palloc0(sizeof(bool) * count);
	int			failed_count = 0;
	int			given = 0;

	for (int i = 0; i < waiting_count && count > 0; i++)
	{
		bool		in_vain = false;
		Outcome		outcome;

		CHECK_FOR_INTERRUPTS();
		if (!could_use_any(tenant, &waiting[i], list, count))
			continue;
		for (int j = 0; j < failed_count && !in_vain; j++)
			in_vain = tried_in_vain(&waiting[i], failed[j]);
		if (in_vain)
			continue;

		outcome = try_waiting(tenant, &waiting[i], list, count, now);
		if (outcome == OUTCOME_GIVEN || outcome == OUTCOME_NOTIFIED)
			given++;
		if (outcome == OUTCOME_TAKEN)
			failed[failed_count++] = &waiting[i];
		for (int j = count - 1; j >= 0; j--)
		{
			if ((outcome != OUTCOME_BUSY && outcome != OUTCOME_NOTIFIED) ||
				!could_use(tenant, &waiting[i], &list[j]))
				continue;
			if (outcome == OUTCOME_BUSY && !vacant[j])
			{
				vacant[j] = true;
				vacancies_note(&list[j], now);
				deadlines_note(now);
				(*busy)++;
			}
			else if (outcome == OUTCOME_NOTIFIED)
			{
				/* left open for him, and not announced to the next */
				list[j] = list[--count];
				vacant[j] = vacant[count];
			}
		}
	}
	effects_restore(&effects);
	return given;
}

/*
 * A booking has freed what it had: those in line get it when the statement is
 * over.
 */
void
promotion_note_freed(const Change *change, const BookingRow *old)
{
	int			count;
	Vacancy    *list = freed_by(&change->tenant, old, change->now, &count);

	for (int i = 0; i < count; i++)
		if (list[i].span.until > change->now)
			note(&list[i]);
}

/* The same at once: somebody else is going to take it in this statement. */
void
promotion_now(const Change *change, const BookingRow *old)
{
	int			count;
	int			busy = 0;
	Vacancy    *list = freed_by(&change->tenant, old, change->now, &count);

	if (count > 0)
		give(&change->tenant, list, count, &busy);
}

/*
 * What is over and could not be ended was deleted from the way of somebody
 * else: those in line come first here too.
 */
void
promotion_of_leftover(const pg_uuid_t *tenant, const pg_uuid_t *resource, TimeSpan span,
					  TimestampTz now)
{
	Vacancy		vacancy = {*tenant, false, *resource, span};
	int			busy = 0;

	if (waiting_until(tenant) > now)
		give(tenant, &vacancy, 1, &busy);
}

/* A statement is over: gives away what it freed. */
void
promotion_end_statement(void)
{
	int			depth;
	Vacancy    *list;
	int			total;

	if (freed == NIL)
		return;
	depth = trigger_depth();
	store_connect();
	list = palloc(sizeof(Vacancy) * list_length(freed));
	do
	{
		ListCell   *cell;
		int			busy = 0;

		total = 0;
		foreach(cell, freed)
		{
			Freed	   *entry = lfirst(cell);

			if (entry->trigger_depth < depth ||
				(total > 0 && !uuid_equal(&entry->vacancy.tenant, &list[0].tenant)))
				continue;
			list[total++] = entry->vacancy;
			freed = foreach_delete_current(freed, cell);
		}
		if (total > 0)
		{
			pg_uuid_t	tenant = list[0].tenant;

			give(&tenant, list, total, &busy);
		}
	} while (total > 0);
	store_finish();
}

/* ---- configuration ---- */

/*
 * A resource, or with NULL any of them, may be booked at times it could not be
 * booked so far.  What is given away at once is only what can be had; the
 * worker looks again.  Not at once: what is going to be changed further in the
 * same transaction.
 */
void
promotion_after_config(const pg_uuid_t *tenant, const pg_uuid_t *resource, bool at_once)
{
	TimestampTz now = clock_now();
	TimestampTz until = waiting_until(tenant);
	Vacancy		vacancy = {.tenant = *tenant,.any = resource == NULL,.span = {now, until}};
	int			busy = 0;

	if (until == DT_NOBEGIN || until <= now)
		return;
	if (resource != NULL)
		vacancy.resource = *resource;
	vacancies_note(&vacancy, now);
	deadlines_note(now);
	if (at_once)
		give(tenant, &vacancy, 1, &busy);
}

/* ---- the sweep ---- */

/* The keys of the queues for which something is vacant. */
static bool
lock_queues(const Vacancy *vacancy)
{
	LockWait	previous = locks_set_wait(LOCK_OR_SKIP);
	const Resource *resource = vacancy->any ? NULL :
		config_resource(&vacancy->tenant, &vacancy->resource);
	volatile bool locked = true;

	PG_TRY();
	{
		KeySet		keys = {0};
		int			count;
		Waiting    *waiting;

		if (resource != NULL)
			locks_add_queue(&keys, &vacancy->tenant, &resource->branch.id, false);
		else
		{
			waiting = waiting_overlapping(&vacancy->tenant, vacancy->span, clock_now(), &count);
			for (int i = 0; i < count; i++)
				locks_add_queue(&keys, &vacancy->tenant, &waiting[i].branch, false);
		}
		locked = locks_acquire(&keys, NULL);
	}
	PG_FINALLY();
	{
		locks_set_wait(previous);
	}
	PG_END_TRY();
	return locked;
}

/*
 * Goes over up to max vacancies of one tenant or (NULL) of all, and returns how
 * many got something.  Needs SPI.
 */
int
promotion_sweep(const pg_uuid_t *tenant, int max, PromotionRest *rest)
{
	int			count;
	Vacancy    *list = vacancies_take(tenant, max, &count);
	int			given = 0;

	memset(rest, 0, sizeof(PromotionRest));
	rest->looked_at = count;
	for (int i = 0; i < count; i++)
	{
		Vacancy		vacancy = list[i];

		if (lock_queues(&vacancy))
			given += give(&vacancy.tenant, &vacancy, 1, &rest->busy);
		else
		{
			vacancies_note(&vacancy, clock_now());
			rest->busy++;
		}
	}
	return given;
}
