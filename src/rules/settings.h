/*-------------------------------------------------------------------------
 *
 * settings.h
 *	  The registry of settings, and which value holds where.
 *
 * A setting's value is looked for from the most specific level to the least:
 * the call itself, the service, the resource, the branch, the tenant, the
 * server (booking.<name>), and at last the default.  The rows stand in
 * settinglist.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_SETTINGS_H
#define BOOKING_SETTINGS_H

#include "booking.h"

/* Levels, most specific first. */
typedef enum SettingLevel
{
	LEVEL_CALL,
	LEVEL_SERVICE,
	LEVEL_RESOURCE,
	LEVEL_BRANCH,
	LEVEL_TENANT,
	LEVEL_SERVER,
	LEVEL_DEFAULT
} SettingLevel;

#define SETTING_LEVEL_COUNT (LEVEL_DEFAULT + 1)

#define LEVEL_BIT(level) (1 << (level))
#define LEVELS_STORED \
	(LEVEL_BIT(LEVEL_SERVICE) | LEVEL_BIT(LEVEL_RESOURCE) | \
	 LEVEL_BIT(LEVEL_BRANCH) | LEVEL_BIT(LEVEL_TENANT) | \
	 LEVEL_BIT(LEVEL_SERVER))
#define LEVELS_ANY (LEVEL_BIT(LEVEL_CALL) | LEVELS_STORED)
/* of a place: what holds there for every service */
#define LEVELS_PLACE (LEVELS_STORED & ~LEVEL_BIT(LEVEL_SERVICE))
/* of all resources alike */
#define LEVELS_SHARED (LEVELS_STORED & ~LEVEL_BIT(LEVEL_RESOURCE))
#define LEVELS_BRANCH (LEVELS_PLACE & LEVELS_SHARED)

typedef enum SettingType
{
	SETTING_TYPE_INTERVAL,		/* text in interval syntax, or seconds */
	SETTING_TYPE_INTEGER,
	SETTING_TYPE_BOOLEAN,
	SETTING_TYPE_ENUM,			/* one of a list of words */
	SETTING_TYPE_INSTANT		/* text, a date and time of day with a zone */
} SettingType;

/* The number that stands for "none", most often "no limit". */
#define SETTING_NONE PG_INT64_MIN

/* The year 9999 is an instant's last. */
#define SETTING_LAST_INSTANT (INT64CONST(2921940) * USECS_PER_DAY - 1)

#define SETTING_OPTIONS(...) ((const char *const[]) {__VA_ARGS__, NULL})

/* SETTING_HOLD_TTL, ... */
typedef enum SettingKey
{
#define BOOKING_SETTING(key, ...) SETTING_##key,
#include "rules/settinglist.h"
#undef BOOKING_SETTING
	SETTING_COUNT
} SettingKey;

/* Values of enums: SettingValue.option is one of the setting's own type. */
typedef enum NoShowMode
{
	NO_SHOW_MANUAL,
	NO_SHOW_AUTO
} NoShowMode;

typedef enum NoticeFrom
{
	NOTICE_FROM_CURRENT,
	NOTICE_FROM_EARLIEST
} NoticeFrom;

typedef enum GridAnchor
{
	ANCHOR_OPENING,
	ANCHOR_MIDNIGHT,
	ANCHOR_FREE
} GridAnchor;

/* Ordered: each checks what the one before it does, and more. */
typedef enum CommitCheck
{
	CHECK_OVERLAP,
	CHECK_RULES,
	CHECK_GRID,
	CHECK_OFFER
} CommitCheck;

typedef enum AssignmentStrategy
{
	ASSIGN_EXPLICIT,
	ASSIGN_FIRST,
	ASSIGN_LEAST_LOADED,
	ASSIGN_ROUND_ROBIN
} AssignmentStrategy;

typedef enum SameCustomer
{
	SAME_CUSTOMER_ALLOW,
	SAME_CUSTOMER_WARN,
	SAME_CUSTOMER_REFUSE
} SameCustomer;

typedef enum WaitlistMode
{
	WAITLIST_HOLD,
	WAITLIST_CONFIRM,
	WAITLIST_NOTIFY
} WaitlistMode;

/* What a quota is of, and for how long; in the order of the registry. */
typedef enum QuotaSubject
{
	QUOTA_OF_CUSTOMER,
	QUOTA_OF_RESOURCE,
	QUOTA_OF_SERVICE
} QuotaSubject;

typedef enum QuotaPeriod
{
	QUOTA_PER_DAY,
	QUOTA_PER_WEEK,
	QUOTA_PER_MONTH,
	QUOTA_PER_YEAR
} QuotaPeriod;

#define QUOTA_SUBJECT_COUNT (QUOTA_OF_SERVICE + 1)
#define QUOTA_PERIOD_COUNT (QUOTA_PER_YEAR + 1)

/* A registry row. */
typedef struct SettingRow
{
	const char *name;
	SettingType type;
	const char *unit;			/* what a number counts, or NULL */
	int64		default_value;	/* in the units of settinglist.h */
	int64		min_value;
	int64		max_value;
	bool		nullable;
	int			levels;			/* set of LEVEL_BIT() */
	const char *const *options;
	const char *description;
} SettingRow;

/* A "settings" column, parsed; NULL stands for an empty one. */
typedef struct Settings Settings;

/* The "settings" that bear on one booking; any may be NULL. */
typedef struct SettingSources
{
	const Settings *service;
	const Settings *resource;
	const Settings *branch;
	const Settings *tenant;
} SettingSources;

/* A value: the field of the setting's type is filled, the rest is zero. */
typedef struct SettingValue
{
	bool		isnull;			/* none */
	int64		interval_us;
	int64		integer;
	bool		boolean;
	int			option;			/* of an enum: its position, and the word */
	const char *text;
	TimestampTz instant;
	SettingLevel origin;
} SettingValue;

extern void settings_define_gucs(void);

extern const SettingRow *settings_row(SettingKey key);
extern const char *settings_type_name(SettingType type);
extern const char *settings_level_name(SettingLevel level);

extern Settings *settings_parse(Jsonb *settings, SettingLevel level);
extern void settings_validate(Jsonb *settings, SettingLevel level);
extern void settings_check(const char *name, SettingLevel level, Jsonb *value);

extern SettingValue settings_get(SettingKey key, const SettingSources *sources);
extern CommitCheck settings_commit_check(const SettingSources *sources, ActorKind actor,
										 SettingLevel *origin);
extern SettingKey settings_quota(QuotaSubject subject, QuotaPeriod period, bool minutes);
extern bool settings_any_quota(const SettingSources *sources);

extern char *settings_value_text(SettingKey key, const SettingValue *value);

#endif							/* BOOKING_SETTINGS_H */
