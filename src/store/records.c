/*-------------------------------------------------------------------------
 *
 * records.c
 *	  What the guard writes beside a booking: audit, session, order, outbox.
 *
 * All of it is written while the booking's row is locked, so no two
 * transactions write the records of one booking at a time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "rules/ids.h"
#include "rules/lifecycle.h"
#include "store/plan.h"
#include "store/records.h"

/* ---- audit ---- */

void
records_audit(const AuditEntry *entry)
{
	static StoreInsert insert = {
		"booking.audit_log", 22, {
			{"tenant_id", UUIDOID}, {"booking_id", UUIDOID}, {"version", INT4OID},
			{"branch_id", UUIDOID}, {"session_id", UUIDOID}, {"request_id", UUIDOID},
			{"actor", TEXTOID}, {"actor_kind", TEXTOID}, {"role", TEXTOID},
			{"channel", TEXTOID}, {"action", TEXTOID}, {"status", TEXTOID},
			{"old_values", JSONBOID}, {"new_values", JSONBOID}, {"private_digest", BYTEAOID},
			{"reason_code", TEXTOID}, {"reversible", BOOLOID}, {"overrides", TEXTARRAYOID},
			{"metadata", JSONBOID}, {"at", TIMESTAMPTZOID}, {"tx", INT8OID},
			{"actor_digest", BYTEAOID}
		}
	};
	char	   *role = GetUserNameFromId(entry->role, true);
	FullTransactionId tx = GetTopFullTransactionId();
	Datum		values[] = {
		UUIDPGetDatum(entry->tenant), UUIDPGetDatum(entry->booking),
		Int32GetDatum(entry->version), UUIDPGetDatum(entry->branch),
		UUIDPGetDatum(entry->session), UUIDPGetDatum(entry->request_id), entry->actor,
		entry->actor_kind, CStringGetTextDatum(role ? role : ""), entry->channel,
		CStringGetTextDatum(entry->action),
		CStringGetTextDatum(lifecycle_status_name(entry->status)),
		PointerGetDatum(entry->old_values), PointerGetDatum(entry->new_values),
		PointerGetDatum(entry->private_digest), entry->reason_code,
		BoolGetDatum(entry->reversible), entry->overrides, entry->metadata,
		TimestampTzGetDatum(entry->at), Int64GetDatum((int64) U64FromFullTransactionId(tx)), (Datum) 0
	};
	bool		nulls[lengthof(values)];

	for (int i = 0; i < lengthof(values); i++)
		nulls[i] = values[i] == (Datum) 0 && i != 2 && i != 16;
	store_insert(&insert, values, nulls, STORE_DERIVED);
}

/* The values of an audit row that may hold personal data, erasable here. */
void
records_audit_private(const AuditEntry *entry, bytea *salt, Jsonb *private_values)
{
	static StorePlan plan = {
		"INSERT INTO booking.audit_private (tenant_id, booking_id, version, salt, private_values) "
		"VALUES ($1, $2, $3, $4, $5)",
		5, {UUIDOID, UUIDOID, INT4OID, BYTEAOID, JSONBOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(entry->tenant), UUIDPGetDatum(entry->booking),
		Int32GetDatum(entry->version), PointerGetDatum(salt), JsonbPGetDatum(private_values)
	};

	store_execute(&plan, values, NULL, STORE_DERIVED);
}

/* What the audit trail tells of how a booking was moved. */
PastMoves
records_moves(const pg_uuid_t *tenant, const pg_uuid_t *booking)
{
#define OLD_VALUE(key) "(old_values OPERATOR(pg_catalog.->>) '" key "')"
	static StorePlan plan = {
		"SELECT pg_catalog.count(*) FILTER "
		"(WHERE action" EQ "'reschedule' AND actor_kind" EQ "'customer'), "
		"pg_catalog.min(" OLD_VALUE("starts_at") "::pg_catalog.timestamptz) "
		"FROM booking.audit_log WHERE tenant_id" EQ "$1 AND booking_id" EQ "$2 "
		"AND COALESCE(" OLD_VALUE("status") ", status)" NE "ALL (ARRAY['held', 'waitlisted'])",
		2, {UUIDOID, UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(booking)};
	PastMoves	moves;
	bool		isnull;

	store_execute(&plan, values, NULL, STORE_OWNER);
	moves.by_customer = (int) DatumGetInt64(store_column(0, 1, NULL));
	moves.earliest = DatumGetTimestampTz(store_column(0, 2, &isnull));
	if (isnull)
		moves.earliest = DT_NOEND;
	return moves;
}

/* ---- service sessions ---- */

/*
 * Brings a booking's service session to a status and slot: makes it when the
 * booking has none, and stamps the moments it passes through.  Returns its id.
 */
pg_uuid_t
records_session(const pg_uuid_t *tenant, const pg_uuid_t *booking, BookingStatus status,
				TimeSpan slot, Datum resource_ids, TimestampTz now)
{
	static StorePlan plan = {
		"INSERT INTO booking.service_sessions AS s (tenant_id, id, booking_id, status, "
		"scheduled_from, scheduled_until, resource_ids, created_at, updated_at) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) "
		"ON CONFLICT (tenant_id, booking_id) DO UPDATE SET "
		"status = excluded.status, scheduled_from = excluded.scheduled_from, "
		"scheduled_until = excluded.scheduled_until, resource_ids = excluded.resource_ids, "
		"updated_at = excluded.updated_at, "
		"checked_in_at = CASE WHEN excluded.status" EQ "'checked_in' "
		"THEN COALESCE(s.checked_in_at, $8) ELSE s.checked_in_at END, "
		"started_at = CASE WHEN excluded.status" EQ "'being_served' "
		"THEN COALESCE(s.started_at, $8) ELSE s.started_at END, "
		"completed_at = CASE WHEN excluded.status" EQ "'completed' "
		"THEN COALESCE(s.completed_at, $8) END, "
		"no_show_at = CASE WHEN excluded.status" EQ "'no_show' "
		"THEN COALESCE(s.no_show_at, $8) END, "
		"cancelled_at = CASE WHEN excluded.status" EQ "'cancelled' "
		"THEN COALESCE(s.cancelled_at, $8) END RETURNING id",
		8, {
			UUIDOID, UUIDOID, UUIDOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, UUIDARRAYOID,
			TIMESTAMPTZOID
		}
	};
	pg_uuid_t	id = ids_new();
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(&id), UUIDPGetDatum(booking),
		CStringGetTextDatum(lifecycle_status_name(status)), TimestampTzGetDatum(slot.from),
		TimestampTzGetDatum(slot.until), resource_ids, TimestampTzGetDatum(now)
	};

	store_execute(&plan, values, NULL, STORE_OWNER);
	return store_uuid_column(0, 1, NULL);
}

bool
records_session_id(const pg_uuid_t *tenant, const pg_uuid_t *booking, pg_uuid_t *id)
{
	static StorePlan plan = {
		"SELECT id FROM booking.service_sessions WHERE tenant_id" EQ "$1 AND booking_id" EQ "$2",
		2, {UUIDOID, UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(booking)};

	if (store_execute(&plan, values, NULL, STORE_OWNER) == 0)
		return false;
	*id = store_uuid_column(0, 1, NULL);
	return true;
}

/*
 * When a booking last came to be in a status by something else than undo;
 * otherwise if it never did.
 */
static TimestampTz
entered_at(const pg_uuid_t *tenant, const pg_uuid_t *booking, BookingStatus status,
		   TimestampTz otherwise)
{
	static StorePlan plan = {
		"SELECT at FROM booking.audit_log WHERE tenant_id" EQ "$1 AND booking_id" EQ "$2 "
		"AND status" EQ "$3 AND action" NE "'reverse' "
		"AND old_values OPERATOR(pg_catalog.?) 'status' ORDER BY version DESC LIMIT 1",
		3, {UUIDOID, UUIDOID, TEXTOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(booking),
		CStringGetTextDatum(lifecycle_status_name(status))
	};

	if (store_execute(&plan, values, NULL, STORE_OWNER) == 0)
		return otherwise;
	return DatumGetTimestampTz(store_column(0, 1, NULL));
}

/*
 * Brings the session of a booking back to an earlier status and slot.  What was
 * not so then has not been; what was, was when it first was.
 */
pg_uuid_t
records_restore_session(const pg_uuid_t *tenant, const pg_uuid_t *booking,
						BookingStatus from, BookingStatus to, TimeSpan slot,
						Datum resource_ids, TimestampTz now)
{
	static StorePlan plan = {
		"UPDATE booking.service_sessions SET updated_at = $4, "
		"checked_in_at = CASE WHEN $3" NE "'checked_in' THEN checked_in_at END, "
		"started_at = CASE WHEN $3" NE "'being_served' THEN started_at END "
		"WHERE tenant_id" EQ "$1 AND booking_id" EQ "$2",
		4, {UUIDOID, UUIDOID, TEXTOID, TIMESTAMPTZOID}
	};
	pg_uuid_t	id = records_session(tenant, booking, to, slot, resource_ids,
									 entered_at(tenant, booking, to, now));
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(booking),
		CStringGetTextDatum(to < from ? lifecycle_status_name(from) : ""),
		TimestampTzGetDatum(now)
	};

	store_execute(&plan, values, NULL, STORE_OWNER);
	return id;
}

/* A booking is waiting again and has no session. */
void
records_drop_session(const pg_uuid_t *tenant, const pg_uuid_t *booking)
{
	static StorePlan plan = {
		"DELETE FROM booking.service_sessions WHERE tenant_id" EQ "$1 AND booking_id" EQ "$2",
		2, {UUIDOID, UUIDOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(booking)};

	store_execute(&plan, values, NULL, STORE_OWNER);
}

/* ---- orders ---- */

/*
 * Puts a booking on an order, which comes to be with its first item; the
 * totals are the sums of the items (K5).  False when there is such an order,
 * but of another customer or in another currency.
 */
bool
records_order(const OrderItem *item, Datum customer, const char *currency, TimestampTz now)
{
	static StorePlan add_order = {
		"INSERT INTO booking.orders AS o "
		"(tenant_id, id, customer_id, status, currency, total, tax_total, created_at, updated_at) "
		"VALUES ($1, $2, $3, 'open', $4, $5, $6, $7, $7) "
		"ON CONFLICT (tenant_id, id) DO UPDATE SET status = 'open', updated_at = $7, "
		"total = o.total OPERATOR(pg_catalog.+) excluded.total, "
		"tax_total = o.tax_total OPERATOR(pg_catalog.+) excluded.tax_total "
		"WHERE o.currency" EQ "excluded.currency AND (o.customer_id" EQ "excluded.customer_id "
		"OR (o.customer_id IS NULL AND excluded.customer_id IS NULL))",
		7, {UUIDOID, UUIDOID, UUIDOID, TEXTOID, NUMERICOID, NUMERICOID, TIMESTAMPTZOID}
	};
	static StorePlan add_item = {
		"INSERT INTO booking.order_items "
		"(tenant_id, order_id, booking_id, description, amount, tax, deposit) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7)",
		7, {UUIDOID, UUIDOID, UUIDOID, TEXTOID, NUMERICOID, NUMERICOID, NUMERICOID}
	};
	Datum		order_values[] = {
		UUIDPGetDatum(item->tenant), UUIDPGetDatum(item->order), customer,
		CStringGetTextDatum(currency), item->amount, item->tax, TimestampTzGetDatum(now)
	};
	Datum		item_values[] = {
		UUIDPGetDatum(item->tenant), UUIDPGetDatum(item->order), UUIDPGetDatum(item->booking),
		CStringGetTextDatum(item->description), item->amount, item->tax, item->deposit
	};

	if (store_execute(&add_order, order_values, customer ? NULL : "  n    ", STORE_OWNER) == 0)
		return false;
	store_execute(&add_item, item_values, NULL, STORE_OWNER);
	return true;
}

/*
 * Locks an order; unless wait, false when somebody else has it.  Locks of
 * orders come after all others.
 */
bool
records_lock_order(const pg_uuid_t *tenant, const pg_uuid_t *order, bool wait)
{
#define LOCK_ORDER \
		"SELECT FROM booking.orders WHERE tenant_id" EQ "$1 AND id" EQ "$2 FOR NO KEY UPDATE"
	static StorePlan waiting = {LOCK_ORDER, 2, {UUIDOID, UUIDOID}};
	static StorePlan skipping = {LOCK_ORDER " SKIP LOCKED", 2, {UUIDOID, UUIDOID}};
	Datum		values[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(order)};

	return store_execute(wait ? &waiting : &skipping, values, NULL, STORE_OWNER) > 0;
}

/*
 * The next two lock the order before they look at its items.
 */

/* What a booking costs has changed; without a description the old one stays. */
void
records_change_item(const OrderItem *item, TimestampTz now)
{
	static StorePlan plan = {
		"WITH was AS (SELECT amount, tax FROM booking.order_items "
		"WHERE tenant_id" EQ "$1 AND order_id" EQ "$2 AND booking_id" EQ "$3 "
		"AND voided_at IS NULL), "
		"item AS (UPDATE booking.order_items AS i SET amount = $4, tax = $5, "
		"description = COALESCE($6, i.description) FROM was "
		"WHERE i.tenant_id" EQ "$1 AND i.order_id" EQ "$2 AND i.booking_id" EQ "$3) "
		"UPDATE booking.orders AS o SET updated_at = $7, "
		"total = o.total OPERATOR(pg_catalog.-) was.amount OPERATOR(pg_catalog.+) $4, "
		"tax_total = o.tax_total OPERATOR(pg_catalog.-) was.tax OPERATOR(pg_catalog.+) $5 "
		"FROM was WHERE o.tenant_id" EQ "$1 AND o.id" EQ "$2",
		7, {UUIDOID, UUIDOID, UUIDOID, NUMERICOID, NUMERICOID, TEXTOID, TIMESTAMPTZOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(item->tenant), UUIDPGetDatum(item->order), UUIDPGetDatum(item->booking),
		item->amount, item->tax,
		item->description ? CStringGetTextDatum(item->description) : (Datum) 0,
		TimestampTzGetDatum(now)
	};

	records_lock_order(item->tenant, item->order, true);
	store_execute(&plan, values, item->description ? NULL : "     n ", STORE_OWNER);
}

/* A booking was cancelled: its item is void, and the order with its last one. */
void
records_void_item(const OrderItem *item, TimestampTz now)
{
	static StorePlan plan = {
		"WITH item AS (UPDATE booking.order_items SET voided_at = $4 "
		"WHERE tenant_id" EQ "$1 AND order_id" EQ "$2 AND booking_id" EQ "$3 "
		"AND voided_at IS NULL RETURNING amount, tax) "
		"UPDATE booking.orders AS o SET updated_at = $4, "
		"total = o.total OPERATOR(pg_catalog.-) item.amount, "
		"tax_total = o.tax_total OPERATOR(pg_catalog.-) item.tax, "
		"status = CASE WHEN EXISTS (SELECT FROM booking.order_items AS i "
		"WHERE i.tenant_id" EQ "$1 AND i.order_id" EQ "$2 AND i.booking_id" NE "$3 "
		"AND i.voided_at IS NULL) THEN 'open' ELSE 'voided' END "
		"FROM item WHERE o.tenant_id" EQ "$1 AND o.id" EQ "$2",
		4, {UUIDOID, UUIDOID, UUIDOID, TIMESTAMPTZOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(item->tenant), UUIDPGetDatum(item->order), UUIDPGetDatum(item->booking),
		TimestampTzGetDatum(now)
	};

	records_lock_order(item->tenant, item->order, true);
	store_execute(&plan, values, NULL, STORE_OWNER);
}

/* The opposite: a booking is on its order again, for what it costs. */
void
records_restore_item(const OrderItem *item, TimestampTz now)
{
	static StorePlan plan = {
		"WITH item AS (UPDATE booking.order_items SET voided_at = NULL, amount = $4, tax = $5 "
		"WHERE tenant_id" EQ "$1 AND order_id" EQ "$2 AND booking_id" EQ "$3 "
		"AND voided_at IS NOT NULL RETURNING amount, tax) "
		"UPDATE booking.orders AS o SET status = 'open', updated_at = $6, "
		"total = o.total OPERATOR(pg_catalog.+) item.amount, "
		"tax_total = o.tax_total OPERATOR(pg_catalog.+) item.tax "
		"FROM item WHERE o.tenant_id" EQ "$1 AND o.id" EQ "$2",
		6, {UUIDOID, UUIDOID, UUIDOID, NUMERICOID, NUMERICOID, TIMESTAMPTZOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(item->tenant), UUIDPGetDatum(item->order), UUIDPGetDatum(item->booking),
		item->amount, item->tax, TimestampTzGetDatum(now)
	};

	records_lock_order(item->tenant, item->order, true);
	store_execute(&plan, values, NULL, STORE_OWNER);
}

/* Locks orders that bulk work is going to change, in the order of their ids. */
void
records_lock_orders(const pg_uuid_t *tenant, ArrayType *orders)
{
	static StorePlan plan = {
		"SELECT FROM booking.orders WHERE tenant_id" EQ "$1 AND id" EQ "ANY ($2) "
		"ORDER BY id FOR NO KEY UPDATE",
		2, {UUIDOID, UUIDARRAYOID}
	};
	Datum		values[] = {UUIDPGetDatum(tenant), PointerGetDatum(orders)};

	store_execute(&plan, values, NULL, STORE_OWNER);
	SPI_freetuptable(SPI_tuptable);
}

/* ---- side effects ---- */

/*
 * What was queued by a change that is undone and nobody has taken yet, is not
 * sent.  Refunds are of payments, which deposits.c looks after.
 */
void
records_withdraw_effects(const pg_uuid_t *tenant, const pg_uuid_t *booking, int version)
{
	static StorePlan plan = {
		"UPDATE booking.outbox SET status = 'cancelled' WHERE tenant_id" EQ "$1 "
		"AND booking_id" EQ "$2 AND booking_version" EQ "$3 "
		"AND (status" EQ "'queued' OR status" EQ "'failed') AND topic" NE "'refund_due'",
		3, {UUIDOID, UUIDOID, INT4OID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(booking), Int32GetDatum(version)
	};

	store_execute(&plan, values, NULL, STORE_OWNER);
}

/* Topics, and the event, of a change's effects; those of the last result. */
static int
read_effects(const char ***topics, char **event)
{
	int			count = (int) SPI_processed;

	*topics = palloc(sizeof(char *) * Max(count, 1));
	*event = count > 0 ? store_text_column(CurrentMemoryContext, 0, 2) : NULL;
	for (int i = 0; i < count; i++)
		(*topics)[i] = store_text_column(CurrentMemoryContext, i, 1);
	return count;
}

/* What a change had sent, or is just being sent. */
int
records_sent_effects(const pg_uuid_t *tenant, const pg_uuid_t *booking, int version,
					 const char ***topics)
{
	static StorePlan plan = {
		"SELECT DISTINCT topic, event FROM booking.outbox WHERE tenant_id" EQ "$1 "
		"AND booking_id" EQ "$2 AND booking_version" EQ "$3 "
		"AND (status" EQ "'leased' OR status" EQ "'sent') AND topic" NE "'refund_due' "
		"ORDER BY topic",
		3, {UUIDOID, UUIDOID, INT4OID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(booking), Int32GetDatum(version)
	};
	char	   *event;

	store_execute(&plan, values, NULL, STORE_OWNER);
	return read_effects(topics, &event);
}

/* What a change withdrew, if it was an undo: effects of the change before it. */
int
records_withdrawn_effects(const pg_uuid_t *tenant, const pg_uuid_t *booking, int version,
						  const char ***topics, char **event)
{
	static StorePlan plan = {
		"SELECT DISTINCT o.topic, o.event FROM booking.audit_log AS a JOIN booking.outbox AS o "
		"ON o.tenant_id" EQ "$1 AND o.booking_id" EQ "$2 "
		"AND o.booking_version" EQ "(a.version OPERATOR(pg_catalog.-) 1) "
		"AND o.status" EQ "'cancelled' AND o.topic" NE "'refund_due' "
		"WHERE a.tenant_id" EQ "$1 AND a.booking_id" EQ "$2 AND a.version" EQ "$3 "
		"AND a.action" EQ "'reverse' ORDER BY o.topic",
		3, {UUIDOID, UUIDOID, INT4OID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(booking), Int32GetDatum(version)
	};

	store_execute(&plan, values, NULL, STORE_OWNER);
	return read_effects(topics, event);
}

/* Queues effects of one change, one row a topic. */
void
records_queue_effects(const pg_uuid_t *tenant, const pg_uuid_t *booking,
					  const char *const *topics, int count, const char *event, int version,
					  TimestampTz due, TimestampTz now)
{
	static StorePlan plan = {
		"INSERT INTO booking.outbox (tenant_id, id, booking_id, topic, event, booking_version, "
		"due_at, created_at) SELECT $1, e.id, $3, e.topic, $5, $6, $7, $8 "
		"FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($4)) AS e (id, topic)",
		8, {
			UUIDOID, UUIDARRAYOID, UUIDOID, TEXTARRAYOID, TEXTOID, INT4OID, TIMESTAMPTZOID,
			TIMESTAMPTZOID
		}
	};
	pg_uuid_t  *ids = palloc(sizeof(pg_uuid_t) * count);
	Datum	   *names = palloc(sizeof(Datum) * count);
	Datum		values[8];

	for (int i = 0; i < count; i++)
	{
		ids[i] = ids_new();
		names[i] = CStringGetTextDatum(topics[i]);
	}
	values[0] = UUIDPGetDatum(tenant);
	values[1] = PointerGetDatum(store_uuid_array(ids, count));
	values[2] = UUIDPGetDatum(booking);
	values[3] = PointerGetDatum(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
	values[4] = CStringGetTextDatum(event);
	values[5] = Int32GetDatum(version);
	values[6] = TimestampTzGetDatum(due);
	values[7] = TimestampTzGetDatum(now);
	store_execute(&plan, values, NULL, STORE_OWNER);
}

/* Queues one effect, due now, under an id that something refers to. */
void
records_queue_effect(const pg_uuid_t *tenant, const pg_uuid_t *id, const pg_uuid_t *booking,
					 const char *topic, const char *event, int version, TimestampTz now)
{
	static StorePlan plan = {
		"INSERT INTO booking.outbox (tenant_id, id, booking_id, topic, event, booking_version, "
		"due_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
		7, {UUIDOID, UUIDOID, UUIDOID, TEXTOID, TEXTOID, INT4OID, TIMESTAMPTZOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(id), UUIDPGetDatum(booking),
		CStringGetTextDatum(topic), CStringGetTextDatum(event), Int32GetDatum(version),
		TimestampTzGetDatum(now)
	};

	store_execute(&plan, values, NULL, STORE_OWNER);
}

/* ---- answers and notes ---- */

void
records_answer(const pg_uuid_t *tenant, const pg_uuid_t *booking, const pg_uuid_t *question,
			   Jsonb *value, TimestampTz now)
{
	static StorePlan plan = {
		"INSERT INTO booking.answers (tenant_id, booking_id, question_id, value, created_at) "
		"VALUES ($1, $2, $3, $4, $5) "
		"ON CONFLICT (tenant_id, booking_id, question_id) DO UPDATE SET value = excluded.value",
		5, {UUIDOID, UUIDOID, UUIDOID, JSONBOID, TIMESTAMPTZOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(booking), UUIDPGetDatum(question),
		JsonbPGetDatum(value), TimestampTzGetDatum(now)
	};

	store_execute(&plan, values, NULL, STORE_OWNER);
}

/* The prompt of a required question of the service without answer, or NULL. */
char *
records_missing_answer(const pg_uuid_t *tenant, const pg_uuid_t *booking,
					   const pg_uuid_t *service)
{
	static StorePlan plan = {
		"SELECT q.prompt FROM booking.questions AS q "
		"WHERE q.tenant_id" EQ "$1 AND q.active AND q.required "
		"AND (q.service_id IS NULL OR q.service_id" EQ "$3) "
		"AND NOT EXISTS (SELECT FROM booking.answers AS a WHERE a.tenant_id" EQ "$1 "
		"AND a.booking_id" EQ "$2 AND a.question_id" EQ "q.id) "
		"ORDER BY q.position, q.id LIMIT 1",
		3, {UUIDOID, UUIDOID, UUIDOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(booking), UUIDPGetDatum(service)
	};

	if (store_execute(&plan, values, NULL, STORE_OWNER) == 0)
		return NULL;
	return store_text_column(CurrentMemoryContext, 0, 1);
}

/* The note's own guard fills in the rest, with the caller's rights. */
void
records_note(const pg_uuid_t *tenant, const pg_uuid_t *booking, const char *body,
			 const char *visibility)
{
	static StorePlan plan = {
		"INSERT INTO booking.notes (tenant_id, booking_id, body, visibility) "
		"VALUES ($1, $2, $3, $4)",
		4, {UUIDOID, UUIDOID, TEXTOID, TEXTOID}
	};
	Datum		values[] = {
		UUIDPGetDatum(tenant), UUIDPGetDatum(booking), CStringGetTextDatum(body),
		CStringGetTextDatum(visibility)
	};

	store_execute(&plan, values, NULL, STORE_CALLER);
}

/* A jsonb that a statement about one booking returns; NULL when null. */
static Jsonb *
jsonb_of_booking(StorePlan *plan, const pg_uuid_t *tenant, const pg_uuid_t *booking)
{
	Datum		values[] = {UUIDPGetDatum(tenant), UUIDPGetDatum(booking)};
	bool		isnull;
	Datum		value;

	if (store_execute(plan, values, NULL, STORE_OWNER) == 0)
		return NULL;
	value = store_copy_column(CurrentMemoryContext, 0, 1, &isnull);
	return isnull ? NULL : DatumGetJsonbP(value);
}

/* The answers of a booking by question: {id: value, ...}; NULL without any. */
Jsonb *
records_answers(const pg_uuid_t *tenant, const pg_uuid_t *booking)
{
	static StorePlan plan = {
		"SELECT pg_catalog.jsonb_object_agg(question_id, value) FROM booking.answers "
		"WHERE tenant_id" EQ "$1 AND booking_id" EQ "$2",
		2, {UUIDOID, UUIDOID}
	};

	return jsonb_of_booking(&plan, tenant, booking);
}

/* The note added last: {id, body, visibility, author}. */
Jsonb *
records_last_note(const pg_uuid_t *tenant, const pg_uuid_t *booking)
{
	static StorePlan plan = {
		"SELECT pg_catalog.jsonb_build_object('id', id, 'body', body, "
		"'visibility', visibility, 'author', author) FROM booking.notes "
		"WHERE tenant_id" EQ "$1 AND booking_id" EQ "$2 "
		"ORDER BY created_at DESC, id DESC LIMIT 1",
		2, {UUIDOID, UUIDOID}
	};

	return jsonb_of_booking(&plan, tenant, booking);
}
