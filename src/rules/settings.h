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

typedef enum SettingType
{
	SETTING_TYPE_INTERVAL,		/* text in interval syntax, or seconds */
	SETTING_TYPE_INTEGER,
	SETTING_TYPE_BOOLEAN,
	SETTING_TYPE_ENUM			/* one of a list of words */
} SettingType;

/* The number that stands for "no limit". */
#define SETTING_NO_LIMIT PG_INT64_MIN

/* SETTING_HOLD_TTL, ... */
typedef enum SettingKey
{
#define BOOKING_SETTING(key, ...) SETTING_##key,
#include "rules/settinglist.h"
#undef BOOKING_SETTING
	SETTING_COUNT
} SettingKey;

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

/* The "settings" columns that bear on one booking; any may be NULL. */
typedef struct SettingSources
{
	Jsonb	   *service;
	Jsonb	   *resource;
	Jsonb	   *branch;
	Jsonb	   *tenant;
} SettingSources;

/* A value: the field of the setting's type is filled, the rest is zero. */
typedef struct SettingValue
{
	bool		isnull;			/* no limit */
	int64		interval_us;
	int64		integer;
	bool		boolean;
	const char *text;
	SettingLevel origin;
} SettingValue;

extern void settings_define_gucs(void);

extern const SettingRow *settings_row(SettingKey key);
extern const char *settings_type_name(SettingType type);
extern const char *settings_level_name(SettingLevel level);

extern SettingValue settings_get(SettingKey key, const SettingSources *sources);
extern void settings_validate(Jsonb *settings, SettingLevel level);
extern char *settings_value_text(SettingKey key, const SettingValue *value);
extern char *settings_number_text(const SettingRow *row, int64 number);

#endif							/* BOOKING_SETTINGS_H */
