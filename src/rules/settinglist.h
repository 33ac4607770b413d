/*-------------------------------------------------------------------------
 *
 * settinglist.h
 *	  The registry of settings, one row each.
 *
 * The order has no meaning but that of setting_catalogue().  There is no
 * include guard: the file is included with different definitions of
 *
 * BOOKING_SETTING(key, name, type, unit, default, min, max, nullable, levels,
 *				   options, description)
 *
 *	  key			gives SettingKey SETTING_<key>
 *	  name			the key in "settings" objects; booking.<name> is the
 *					server setting
 *	  unit			what a number counts, or NULL; a number given for an
 *					interval is always one of seconds
 *	  default, min, max
 *					microseconds for an interval, 0 and 1 for a boolean, the
 *					position in options for an enum; SETTING_NO_LIMIT as default
 *					means "no limit"
 *	  nullable		whether "no limit" can be chosen
 *	  levels		where it may be set
 *	  options		an enum's values, a NULL-terminated array; else NULL
 *
 * A new setting is one new row.
 *
 *-------------------------------------------------------------------------
 */

BOOKING_SETTING(HOLD_TTL, "hold_ttl", SETTING_TYPE_INTERVAL, "seconds",
				5 * USECS_PER_MINUTE, USECS_PER_SEC, 30 * USECS_PER_DAY,
				false, LEVELS_ANY, NULL,
				"how long a hold keeps its slot")
BOOKING_SETTING(MAX_HOLD_TTL, "max_hold_ttl", SETTING_TYPE_INTERVAL, "seconds",
				USECS_PER_DAY, USECS_PER_SEC, 30 * USECS_PER_DAY,
				false, LEVELS_STORED, NULL,
				"longest time to live that a customer may ask for in one hold or refresh")
BOOKING_SETTING(MAX_HOLD_LIFE, "max_hold_life", SETTING_TYPE_INTERVAL, "seconds",
				USECS_PER_DAY, USECS_PER_SEC, 90 * USECS_PER_DAY,
				false, LEVELS_STORED, NULL,
				"longest life of a customer's hold over all its refreshes")
BOOKING_SETTING(MAX_LIVE_HOLDS, "max_live_holds", SETTING_TYPE_INTEGER, "holds",
				SETTING_NO_LIMIT, 1, 1000000,
				true, LEVEL_BIT(LEVEL_TENANT) | LEVEL_BIT(LEVEL_SERVER), NULL,
				"how many live holds one customer may have at a time")
BOOKING_SETTING(APPROVAL, "approval", SETTING_TYPE_BOOLEAN, NULL,
				0, 0, 1,
				false, LEVELS_STORED, NULL,
				"whether a checked-out booking waits for staff to confirm it")
BOOKING_SETTING(NO_SHOW_GRACE, "no_show_grace", SETTING_TYPE_INTERVAL, "seconds",
				15 * USECS_PER_MINUTE, 0, 30 * USECS_PER_DAY,
				false, LEVELS_STORED, NULL,
				"how long after its start a booking is waited for before it is a no-show")
BOOKING_SETTING(PENDING_TTL, "pending_ttl", SETTING_TYPE_INTERVAL, "seconds",
				SETTING_NO_LIMIT, USECS_PER_MINUTE, 366 * USECS_PER_DAY,
				true, LEVELS_STORED, NULL,
				"how long a pending booking waits for a decision before it is cancelled")
