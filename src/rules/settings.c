/*-------------------------------------------------------------------------
 *
 * settings.c
 *	  The registry of settings, and which value holds where.
 *
 * A booking asks for dozens of settings, nearly none of which are set
 * anywhere.  So "settings" columns are parsed once, when configuration is
 * read, and server settings when they are assigned.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "errors.h"
#include "lib/stringinfo.h"
#include "rules/settings.h"
#include "rules/settingvalues.h"
#include "rules/text.h"
#include "utils/varlena.h"

/* What a server setting is given to say "none"; JSON has null for it. */
#define NONE_WORD "none"

static const SettingRow setting_rows[] = {
#define BOOKING_SETTING(key, ...) [SETTING_##key] = {__VA_ARGS__},
#include "rules/settinglist.h"
#undef BOOKING_SETTING
};

static const char *const level_names[] = {
	[LEVEL_CALL] = "call",
	[LEVEL_SERVICE] = "service",
	[LEVEL_RESOURCE] = "resource",
	[LEVEL_BRANCH] = "branch",
	[LEVEL_TENANT] = "tenant",
	[LEVEL_SERVER] = "server",
	[LEVEL_DEFAULT] = "default",
};

static const char *const type_names[] = {
	[SETTING_TYPE_INTERVAL] = "interval",
	[SETTING_TYPE_INTEGER] = "integer",
	[SETTING_TYPE_BOOLEAN] = "boolean",
	[SETTING_TYPE_ENUM] = "enum",
	[SETTING_TYPE_INSTANT] = "instant",
};

/* What is set in one place: which settings, and to what. */
typedef struct SettingEntry
{
	SettingKey	key;
	int64		number;
} SettingEntry;

#define PRESENT_WORDS ((SETTING_COUNT + 63) / 64)

struct Settings
{
	uint64		present[PRESENT_WORDS]; /* set of keys */
	int			count;
	SettingEntry entries[FLEXIBLE_ARRAY_MEMBER];
};

/* A server setting's value, parsed when it is assigned. */
typedef struct ServerValue
{
	bool		isset;
	int64		number;
} ServerValue;

static ServerValue server_values[SETTING_COUNT];
static char *server_texts[SETTING_COUNT];

/* The registry's row of a setting. */
const SettingRow *
settings_row(SettingKey key)
{
	return &setting_rows[key];
}

/* The setting of that name; false, and nothing set, if there is none. */
static bool
parse_key(const char *name, SettingKey *key)
{
	for (int i = 0; i < SETTING_COUNT; i++)
	{
		if (strcmp(setting_rows[i].name, name) == 0)
		{
			*key = (SettingKey) i;
			return true;
		}
	}
	return false;
}

/* The name of a type, as the catalogue shows it. */
const char *
settings_type_name(SettingType type)
{
	return type_names[type];
}

/* The name of a level. */
const char *
settings_level_name(SettingLevel level)
{
	return level_names[level];
}

/* The setting of a level that somebody may have meant, or NULL. */
static const char *
closest_name(const char *name, SettingLevel level)
{
	int			length = strlen(name);
	int			limit = Min(length / 3, 3);
	const char *closest = NULL;

	if (length >= NAMEDATALEN)
		return NULL;
	for (int i = 0; i < SETTING_COUNT; i++)
	{
		const char *other = setting_rows[i].name;
		int			distance;

		if ((setting_rows[i].levels & LEVEL_BIT(level)) == 0)
			continue;
		distance = varstr_levenshtein_less_equal(name, length, other, strlen(other),
												 1, 1, 1, limit, true);
		if (distance <= limit)
		{
			closest = other;
			limit = distance - 1;
		}
	}
	return closest;
}

/* The names of the levels a setting has, for a hint. */
static char *
levels_of(SettingKey key)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 0; i < SETTING_LEVEL_COUNT; i++)
	{
		if (setting_rows[key].levels & LEVEL_BIT(i))
			appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "", level_names[i]);
	}
	return buf.data;
}

/* The setting of that name at a level, or an error. */
static SettingKey
key_at_level(const char *name, SettingLevel level)
{
	SettingKey	key;

	if (!parse_key(name, &key))
	{
		const char *closest = closest_name(name, level);

		ereport(ERROR,
				(booking_errcode(ERR_UNKNOWN_SETTING),
				 errmsg("setting \"%s\" is not known", text_excerpt(name)),
				 closest ? errhint("Perhaps you mean \"%s\".", closest) :
				 errhint("booking.settings lists those there are.")));
	}
	if ((setting_rows[key].levels & LEVEL_BIT(level)) == 0)
		ereport(ERROR,
				(booking_errcode(ERR_UNKNOWN_SETTING),
				 errmsg("setting \"%s\" does not exist at level \"%s\"",
						name, level_names[level]),
				 errhint("It exists at %s.", levels_of(key))));
	return key;
}

/* A value of a setting from JSON, or an error. */
static int64
read_json(SettingKey key, SettingLevel level, JsonbValue *value)
{
	const SettingRow *row = &setting_rows[key];
	int64		number;
	Jsonb	   *json;
	char	   *text;

	if (setting_from_json(row, value, &number))
		return number;

	json = JsonbValueToJsonb(value);
	text = JsonbToCString(NULL, &json->root, VARSIZE(json));
	ereport(ERROR,
			(booking_errcode(ERR_BAD_VALUE),
			 errmsg("value %s is not valid for setting \"%s\" at level \"%s\"",
					text_excerpt(text), row->name, level_names[level]),
			 errdetail("It must be %s%s.", setting_expectation(row),
					   row->nullable ? ", or null for none" : "")));
}

/*
 * Refuse "settings" of the given level unless they are an object of settings
 * known there with values that are valid.
 */
void
settings_validate(Jsonb *settings, SettingLevel level)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	item;

	if (!JB_ROOT_IS_OBJECT(settings))
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("settings must be a JSON object")));

	it = JsonbIteratorInit(&settings->root);
	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		SettingKey	key;

		if (token != WJB_KEY)
			continue;
		key = key_at_level(pnstrdup(item.val.string.val, item.val.string.len), level);
		JsonbIteratorNext(&it, &item, true);
		read_json(key, level, &item);
	}
}

/*
 * Refuse one setting of the given level, by name, unless it is known there and
 * the value is valid; NULL is none to look at.
 */
void
settings_check(const char *name, SettingLevel level, Jsonb *value)
{
	SettingKey	key = key_at_level(name, level);
	JsonbValue	item;

	if (value == NULL)
		return;
	if (!JB_ROOT_IS_SCALAR(value) || !JsonbExtractScalar(&value->root, &item))
	{
		item.type = jbvBinary;
		item.val.binary.data = &value->root;
		item.val.binary.len = VARSIZE(value) - VARHDRSZ;
	}
	read_json(key, level, &item);
}

/*
 * The "settings" of a level, which the guard has validated, as settings_get()
 * takes them; NULL for none.  Keys that are not known, because a newer
 * library wrote them, are left out.
 */
Settings *
settings_parse(Jsonb *settings, SettingLevel level)
{
	Settings   *parsed;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	item;

	if (!JB_ROOT_IS_OBJECT(settings) || JB_ROOT_COUNT(settings) == 0)
		return NULL;

	parsed = palloc0(offsetof(Settings, entries) +
					 sizeof(SettingEntry) * JB_ROOT_COUNT(settings));
	it = JsonbIteratorInit(&settings->root);
	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		SettingEntry *entry = &parsed->entries[parsed->count];
		char	   *name;

		if (token != WJB_KEY)
			continue;
		name = pnstrdup(item.val.string.val, item.val.string.len);
		JsonbIteratorNext(&it, &item, true);
		if (parse_key(name, &entry->key) &&
			(setting_rows[entry->key].levels & LEVEL_BIT(level)) != 0)
		{
			entry->number = read_json(entry->key, level, &item);
			parsed->present[entry->key / 64] |= UINT64CONST(1) << (entry->key % 64);
			parsed->count++;
		}
		pfree(name);
	}
	return parsed;
}

static inline bool
is_set(const Settings *settings, SettingKey key)
{
	return settings != NULL &&
		(settings->present[key / 64] & (UINT64CONST(1) << (key % 64))) != 0;
}

static int64
number_in(const Settings *settings, SettingKey key)
{
	const SettingEntry *entry = settings->entries;

	while (entry->key != key)
		entry++;
	return entry->number;
}

/*
 * The value that holds where the sources apply, and the level it comes from.
 *
 * LEVEL_CALL is not looked at: what a call may say for itself, and that it can
 * only be stricter, is the command's to know.
 */
SettingValue
settings_get(SettingKey key, const SettingSources *sources)
{
	const SettingRow *row = &setting_rows[key];
	SettingValue value = {0};
	int64		number;

	if (is_set(sources->service, key))
	{
		number = number_in(sources->service, key);
		value.origin = LEVEL_SERVICE;
	}
	else if (is_set(sources->resource, key))
	{
		number = number_in(sources->resource, key);
		value.origin = LEVEL_RESOURCE;
	}
	else if (is_set(sources->branch, key))
	{
		number = number_in(sources->branch, key);
		value.origin = LEVEL_BRANCH;
	}
	else if (is_set(sources->tenant, key))
	{
		number = number_in(sources->tenant, key);
		value.origin = LEVEL_TENANT;
	}
	else if (server_values[key].isset)
	{
		number = server_values[key].number;
		value.origin = LEVEL_SERVER;
	}
	else
	{
		number = row->default_value;
		value.origin = LEVEL_DEFAULT;
	}

	if (number == SETTING_NONE)
	{
		value.isnull = true;
		return value;
	}
	switch (row->type)
	{
		case SETTING_TYPE_INTERVAL:
			value.interval_us = number;
			break;
		case SETTING_TYPE_INTEGER:
			value.integer = number;
			break;
		case SETTING_TYPE_BOOLEAN:
			value.boolean = number != 0;
			break;
		case SETTING_TYPE_ENUM:
			value.option = (int) number;
			value.text = row->options[number];
			break;
		case SETTING_TYPE_INSTANT:
			value.instant = number;
			break;
	}
	return value;
}

/*
 * How much is checked when an actor of this kind takes a slot.  What is said
 * for the kind goes before what is said for all, whatever the levels.
 */
CommitCheck
settings_commit_check(const SettingSources *sources, ActorKind actor, SettingLevel *origin)
{
	static const SettingKey keys[] = {
		[ACTOR_CUSTOMER] = SETTING_COMMIT_CHECK_CUSTOMER,
		[ACTOR_CALENDAR] = SETTING_COMMIT_CHECK_CALENDAR,
		[ACTOR_STAFF] = SETTING_COMMIT_CHECK_STAFF,
		[ACTOR_SYSTEM] = SETTING_COMMIT_CHECK_STAFF,
	};
	SettingValue value = settings_get(keys[actor], sources);

	if (value.isnull)
		value = settings_get(SETTING_COMMIT_CHECK, sources);
	if (origin != NULL)
		*origin = value.origin;
	return (CommitCheck) value.option;
}

#define FIRST_QUOTA SETTING_QUOTA_CUSTOMER_DAY
#define LAST_QUOTA SETTING_QUOTA_SERVICE_YEAR_MINUTES

StaticAssertDecl(LAST_QUOTA - FIRST_QUOTA + 1 == QUOTA_SUBJECT_COUNT * QUOTA_PERIOD_COUNT * 2,
				 "settings_quota() counts on the order of the quotas");

/* The setting that limits bookings of a subject in a period, or their minutes. */
SettingKey
settings_quota(QuotaSubject subject, QuotaPeriod period, bool minutes)
{
	return (SettingKey) (FIRST_QUOTA + (subject * QUOTA_PERIOD_COUNT + period) * 2 + minutes);
}

static bool
has_quota(const Settings *settings)
{
	for (int i = 0; settings != NULL && i < settings->count; i++)
		if (settings->entries[i].key >= FIRST_QUOTA && settings->entries[i].key <= LAST_QUOTA)
			return true;
	return false;
}

/* Whether any quota is set: mostly none is, and 24 need not be looked for. */
bool
settings_any_quota(const SettingSources *sources)
{
	for (int key = FIRST_QUOTA; key <= LAST_QUOTA; key++)
		if (server_values[key].isset)
			return true;
	return has_quota(sources->service) || has_quota(sources->resource) ||
		has_quota(sources->branch) || has_quota(sources->tenant);
}

/* What settings_get() answered, as text; NULL for none. */
char *
settings_value_text(SettingKey key, const SettingValue *value)
{
	const SettingRow *row = &setting_rows[key];

	if (value->isnull)
		return NULL;

	switch (row->type)
	{
		case SETTING_TYPE_INTERVAL:
			return setting_to_text(row, value->interval_us);
		case SETTING_TYPE_INTEGER:
			return setting_to_text(row, value->integer);
		case SETTING_TYPE_BOOLEAN:
			return setting_to_text(row, value->boolean);
		case SETTING_TYPE_ENUM:
			return setting_to_text(row, value->option);
		case SETTING_TYPE_INSTANT:
			return setting_to_text(row, value->instant);
	}
	elog(ERROR, "unrecognized setting type: %d", (int) row->type);
}

/*
 * Check a server setting's text.  Empty text leaves the setting unset; it
 * must not raise an error, which would stop the server at a configuration
 * file with a typing mistake.
 */
static bool
check_server_value(SettingKey key, char **newval, void **extra)
{
	const SettingRow *row = &setting_rows[key];
	ServerValue value = {0};

	if (**newval != '\0')
	{
		value.isset = true;
		if (row->nullable && strcmp(*newval, NONE_WORD) == 0)
			value.number = SETTING_NONE;
		else if (!setting_from_text(row, *newval, &value.number))
		{
			GUC_check_errdetail("It must be %s%s.", setting_expectation(row),
								row->nullable ? ", or " NONE_WORD : "");
			return false;
		}
	}

	*extra = guc_malloc(LOG, sizeof(ServerValue));
	if (*extra == NULL)
		return false;
	*(ServerValue *) *extra = value;
	return true;
}

/* Hooks don't learn which setting they are called for: a pair for each. */
#define BOOKING_SETTING(key, ...) \
static bool \
check_##key(char **newval, void **extra, GucSource source) \
{ \
	return check_server_value(SETTING_##key, newval, extra); \
} \
static void \
assign_##key(const char *newval, void *extra) \
{ \
	server_values[SETTING_##key] = *(ServerValue *) extra; \
}
#include "rules/settinglist.h"
#undef BOOKING_SETTING

/*
 * Make every setting a server setting booking.<name> too.  To be called once,
 * when the library is loaded.
 */
void
settings_define_gucs(void)
{
#define BOOKING_SETTING(key, name, type, unit, dflt, min, max, nullable, levels, options, description) \
	if ((levels) & LEVEL_BIT(LEVEL_SERVER)) \
		DefineCustomStringVariable("booking." name, description, \
								   "Empty leaves it to the default in booking.setting_catalogue().", \
								   &server_texts[SETTING_##key], "", \
								   PGC_SUSET, 0, \
								   check_##key, assign_##key, NULL);
#include "rules/settinglist.h"
#undef BOOKING_SETTING
}
