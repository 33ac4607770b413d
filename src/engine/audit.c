/*-------------------------------------------------------------------------
 *
 * audit.c
 *	  One row of history for every change of a booking (U1, U2).
 *
 * The row of an INSERT carries every column, later rows what changed.  Values
 * that may hold personal data go to booking.audit_private, where they can be
 * erased; the audit row keeps a salted digest of them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "engine/audit.h"
#include "engine/deposits.h"
#include "engine/json.h"
#include "engine/policy_check.h"
#include "store/records.h"

#define SALT_LENGTH 16

/* By length, then by bytes: the order in which jsonb keeps its keys. */
static int
compare_names(const void *a, const void *b)
{
	const char *left = booking_columns[*(const int *) a].name;
	const char *right = booking_columns[*(const int *) b].name;
	size_t		left_length = strlen(left);
	size_t		right_length = strlen(right);

	if (left_length != right_length)
		return left_length < right_length ? -1 : 1;
	return strcmp(left, right);
}

/* The columns in that order, so that jsonb need not sort them each time. */
static const int *
columns_in_key_order(void)
{
	static int	columns[BK_COLUMN_COUNT];
	static bool sorted = false;

	if (!sorted)
	{
		for (int i = 0; i < BK_COLUMN_COUNT; i++)
			columns[i] = i;
		qsort(columns, BK_COLUMN_COUNT, sizeof(int), compare_names);
		sorted = true;
	}
	return columns;
}

/* Something that comes with a change but is in no column that changed. */
typedef struct Attachment
{
	const char *key;
	Jsonb	   *value;			/* NULL: nothing */
} Attachment;

static const Attachment no_attachment = {0};

/*
 * A note that was added, or the answers that a booking was made with: they
 * stand in tables of their own and are written before the change.
 */
static Attachment
attachment_of(const BookingRow *old, const BookingRow *new)
{
	const pg_uuid_t *tenant = row_uuid(new, BK_TENANT_ID);
	const pg_uuid_t *booking = row_uuid(new, BK_ID);
	BookingStatus to = row_status(new);
	bool		commits = to == STATUS_PENDING || to == STATUS_CONFIRMED || deposits_awaited(new);
	Attachment	attachment = {0};

	if (old != NULL && !row_same(old, new, BK_NOTE_COUNT))
	{
		attachment.key = "note";
		attachment.value = records_last_note(tenant, booking);
	}
	else if (commits &&
			 (old == NULL || row_status(old) == STATUS_WAITLISTED ||
			  (row_status(old) == STATUS_HELD && !deposits_awaited(old))))
	{
		attachment.key = "answers";
		attachment.value = records_answers(tenant, booking);
	}
	return attachment;
}

/* Whether a private column of a new booking is as it is without being set. */
static bool
says_nothing(const BookingRow *row, BookingColumn column)
{
	return row->isnull[column] ||
		(column == BK_METADATA && JB_ROOT_COUNT(DatumGetJsonbP(row->value[column])) == 0);
}

/* Whether somebody else booked than the actor of the row that says so: an import. */
static bool
booked_by_another(const BookingRow *row)
{
	return row_has(row, BK_BOOKED_BY) &&
		(!row_has(row, BK_ACTOR) ||
		 strcmp(row_text(row, BK_BOOKED_BY), row_text(row, BK_ACTOR)) != 0);
}

/* Whether the audit row says "overbook" where the booking's row does not. */
static bool
overbooked_by_setting(const BookingRow *row, bool overbooked)
{
	return overbooked && !policy_overrides(row, "overbook");
}

/*
 * The values of row (old or new) in the columns that changed, private ones or
 * the others; old is NULL for an INSERT.  NULL when there are none.
 */
static Jsonb *
changed_values(const BookingRow *row, const BookingRow *old, const BookingRow *new,
			   bool private_columns, Attachment attachment)
{
	const int  *columns = columns_in_key_order();
	JsonbParseState *state = NULL;
	int			count = 0;

	json_begin_object(&state);
	for (int i = 0; i < BK_COLUMN_COUNT; i++)
	{
		int			column = columns[i];
		const BookingColumnInfo *info = &booking_columns[column];

		if (column == BK_BOOKED_BY)
		{
			if (private_columns || old != NULL || !booked_by_another(new))
				continue;
		}
		else if (info->role == COLUMN_KEY || info->role == COLUMN_CHANGE ||
				 info->role == COLUMN_DERIVED ||
				 (info->role == COLUMN_PRIVATE) != private_columns)
			continue;
		if (old != NULL && row_same(old, new, column))
			continue;
		if (private_columns && old == NULL && says_nothing(new, column))
			continue;
		json_add_datum(&state, info->name, info->type, row->value[column], row->isnull[column]);
		count++;
	}
	if (attachment.value != NULL)
	{
		json_add_datum(&state, attachment.key, JSONBOID, JsonbPGetDatum(attachment.value), false);
		count++;
	}
	if (count == 0)
		return NULL;
	return json_end_object(&state);
}

/* {"old": ..., "new": ...} of what may hold personal data. */
static Jsonb *
private_values(const BookingRow *old, const BookingRow *new)
{
	JsonbParseState *state = NULL;
	Jsonb	   *before = NULL;
	Jsonb	   *after = changed_values(new, old, new, true, attachment_of(old, new));

	if (after == NULL)
		return NULL;
	json_begin_object(&state);
	if (old != NULL)
		before = changed_values(old, old, new, true, no_attachment);
	if (before != NULL)
		json_add_datum(&state, "old", JSONBOID, JsonbPGetDatum(before), false);
	json_add_datum(&state, "new", JSONBOID, JsonbPGetDatum(after), false);
	return json_end_object(&state);
}

static bytea *
random_salt(void)
{
	bytea	   *salt = palloc(VARHDRSZ + SALT_LENGTH);

	SET_VARSIZE(salt, VARHDRSZ + SALT_LENGTH);
	if (!pg_strong_random(VARDATA(salt), SALT_LENGTH))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
	return salt;
}

/* SHA-256 over the salt and the text of the values. */
static bytea *
salted_digest(bytea *salt, Jsonb *values)
{
	char	   *text = json_text(values);
	size_t		length = strlen(text);
	bytea	   *salted = palloc(VARHDRSZ + SALT_LENGTH + length);

	SET_VARSIZE(salted, VARHDRSZ + SALT_LENGTH + length);
	memcpy(VARDATA(salted), VARDATA(salt), SALT_LENGTH);
	memcpy(VARDATA(salted) + SALT_LENGTH, text, length);
	return DatumGetByteaP(DirectFunctionCall1(sha256_bytea, PointerGetDatum(salted)));
}

/*
 * The rules that did not hold for a change: those that staff overrode, and the
 * capacity where a setting allows more.
 */
static Datum
overridden_rules(const BookingRow *row, bool overbooked)
{
	Datum	   *names = NULL;
	bool	   *nulls;
	int			count = 0;

	if (!overbooked_by_setting(row, overbooked))
		return row->value[BK_OVERRIDES];
	if (row_has(row, BK_OVERRIDES))
		deconstruct_array(DatumGetArrayTypeP(row->value[BK_OVERRIDES]), TEXTOID, -1, false,
						  TYPALIGN_INT, &names, &nulls, &count);
	names = names ? repalloc(names, sizeof(Datum) * (count + 1)) : palloc(sizeof(Datum));
	names[count++] = CStringGetTextDatum("overbook");
	return PointerGetDatum(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/* What a booking's row says in overrides, as JSON. */
static Jsonb *
list_of_overrides(const BookingRow *row)
{
	JsonbParseState *state = NULL;
	JsonbValue *list;

	json_begin_object(&state);
	json_add_datum(&state, "overrides", TEXTARRAYOID, row->value[BK_OVERRIDES],
				   row->isnull[BK_OVERRIDES]);
	list = getKeyJsonValueFromContainer(&json_end_object(&state)->root, "overrides",
										strlen("overrides"), NULL);
	return JsonbValueToJsonb(list);
}

/*
 * Writes the history of one change; old is NULL for an INSERT, session for a
 * booking without service session.
 */
void
audit_write(const BookingRow *old, const BookingRow *new, const char *action,
			bool reversible, Oid role, const pg_uuid_t *session, bool overbooked)
{
	Jsonb	   *personal = private_values(old, new);
	bytea	   *salt = NULL;
	Attachment	overrides = {0};
	AuditEntry	entry = {0};

	entry.tenant = row_uuid(new, BK_TENANT_ID);
	entry.booking = row_uuid(new, BK_ID);
	entry.version = row_int(new, BK_VERSION);
	entry.branch = row_uuid(new, BK_BRANCH_ID);
	entry.session = session;
	entry.request_id = row_uuid(new, BK_REQUEST_ID);
	entry.actor = new->value[BK_ACTOR];
	entry.actor_kind = new->value[BK_ACTOR_KIND];
	entry.role = role;
	entry.channel = new->value[BK_CHANNEL];
	entry.action = action;
	entry.status = row_status(new);
	entry.old_values = old ? changed_values(old, old, new, false, no_attachment) : NULL;
	/* the audit row's own column has it, but for what the column adds */
	if (overbooked_by_setting(new, overbooked))
	{
		overrides.key = "overrides";
		overrides.value = list_of_overrides(new);
	}
	entry.new_values = changed_values(new, old, new, false, overrides);
	entry.reason_code = new->value[BK_REASON_CODE];
	entry.reversible = reversible;
	entry.metadata = new->value[BK_CHANGE_METADATA];
	entry.overrides = overridden_rules(new, overbooked);
	entry.at = row_time(new, BK_UPDATED_AT);

	if (entry.new_values == NULL)
	{
		/* only personal values changed */
		JsonbParseState *state = NULL;

		json_begin_object(&state);
		entry.new_values = json_end_object(&state);
		if (old != NULL)
			entry.old_values = entry.new_values;
	}
	if (personal != NULL)
	{
		salt = random_salt();
		entry.private_digest = salted_digest(salt, personal);
	}

	records_audit(&entry);
	if (personal != NULL)
		records_audit_private(&entry, salt, personal);
}
