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
 *					microseconds for an interval, microseconds since 2000 for an
 *					instant, 0 and 1 for a boolean, the position in options for
 *					an enum; SETTING_NONE as default means that there is no value
 *	  nullable		whether "none" can be chosen; the description says what it
 *					means where that isn't "no limit"
 *	  levels		where it may be set
 *	  options		an enum's values, in the order of its type in settings.h;
 *					else NULL
 *
 * A new setting is one new row.
 *
 *-------------------------------------------------------------------------
 */

/* ---- holds ---- */

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
				SETTING_NONE, 1, 1000000,
				true, LEVEL_BIT(LEVEL_TENANT) | LEVEL_BIT(LEVEL_SERVER), NULL,
				"how many live holds one customer may have at a time")

/* ---- what happens to a booking ---- */

BOOKING_SETTING(APPROVAL, "approval", SETTING_TYPE_BOOLEAN, NULL,
				0, 0, 1,
				false, LEVELS_STORED, NULL,
				"whether a checked-out booking waits for staff to confirm it")
BOOKING_SETTING(PENDING_TTL, "pending_ttl", SETTING_TYPE_INTERVAL, "seconds",
				SETTING_NONE, USECS_PER_MINUTE, 366 * USECS_PER_DAY,
				true, LEVELS_STORED, NULL,
				"how long a pending booking waits for a decision before it is cancelled")
BOOKING_SETTING(DEPOSIT_TTL, "deposit_ttl", SETTING_TYPE_INTERVAL, "seconds",
				USECS_PER_DAY, USECS_PER_MINUTE, 90 * USECS_PER_DAY,
				false, LEVELS_STORED, NULL,
				"how long a booking that was checked out keeps its slot until its deposit is paid")
BOOKING_SETTING(ONLINE_CANCEL, "online_cancel", SETTING_TYPE_BOOLEAN, NULL,
				1, 0, 1,
				false, LEVELS_STORED, NULL,
				"whether customers may cancel by themselves")
BOOKING_SETTING(CANCEL_NOTICE, "cancel_notice", SETTING_TYPE_INTERVAL, "seconds",
				0, 0, 366 * USECS_PER_DAY,
				false, LEVELS_STORED, NULL,
				"how long before the start customers must cancel at the latest")
BOOKING_SETTING(ONLINE_RESCHEDULE, "online_reschedule", SETTING_TYPE_BOOLEAN, NULL,
				1, 0, 1,
				false, LEVELS_STORED, NULL,
				"whether customers may move a booking by themselves")
BOOKING_SETTING(RESCHEDULE_NOTICE, "reschedule_notice", SETTING_TYPE_INTERVAL, "seconds",
				0, 0, 366 * USECS_PER_DAY,
				false, LEVELS_STORED, NULL,
				"how long before the start customers must move a booking at the latest")
BOOKING_SETTING(NOTICE_FROM, "notice_from", SETTING_TYPE_ENUM, NULL,
				0, 0, 1,
				false, LEVELS_STORED, SETTING_OPTIONS("current", "earliest"),
				"the start that notice counts from: the one the booking has, or the earliest it ever had")
BOOKING_SETTING(MAX_RESCHEDULES, "max_reschedules", SETTING_TYPE_INTEGER, "moves",
				SETTING_NONE, 0, 1000,
				true, LEVELS_STORED, NULL,
				"how often customers may move one booking")
BOOKING_SETTING(NO_SHOW_MODE, "no_show_mode", SETTING_TYPE_ENUM, NULL,
				0, 0, 1,
				false, LEVELS_STORED, SETTING_OPTIONS("manual", "auto"),
				"whether staff says who did not come, or the clock does once no_show_grace is over")
BOOKING_SETTING(NO_SHOW_GRACE, "no_show_grace", SETTING_TYPE_INTERVAL, "seconds",
				15 * USECS_PER_MINUTE, 0, 30 * USECS_PER_DAY,
				false, LEVELS_STORED, NULL,
				"how long after its start a booking is waited for before it is a no-show")
BOOKING_SETTING(CHECK_IN_WINDOW, "check_in_window", SETTING_TYPE_INTERVAL, "seconds",
				SETTING_NONE, 0, 30 * USECS_PER_DAY,
				true, LEVELS_STORED, NULL,
				"how long before the start customers may check in by themselves, until no_show_grace is over; none: they can't")
BOOKING_SETTING(UNDO_WINDOW, "undo_window", SETTING_TYPE_INTERVAL, "seconds",
				15 * USECS_PER_MINUTE, 0, 30 * USECS_PER_DAY,
				false, LEVELS_STORED, NULL,
				"how long a change can be undone with the token it returned")

BOOKING_SETTING(IDEMPOTENCY_TTL, "idempotency_ttl", SETTING_TYPE_INTERVAL, "seconds",
				USECS_PER_DAY, USECS_PER_MINUTE, 366 * USECS_PER_DAY,
				false, LEVEL_BIT(LEVEL_TENANT) | LEVEL_BIT(LEVEL_SERVER), NULL,
				"how long a command that is repeated under its idempotency key gives the same answer")

/* ---- when a booking can start ---- */

BOOKING_SETTING(SLOT_STEP, "slot_step", SETTING_TYPE_INTERVAL, "seconds",
				SETTING_NONE, USECS_PER_MINUTE, USECS_PER_DAY,
				true, LEVELS_STORED, NULL,
				"distance between the starts of the grid; none: the length of the service")
BOOKING_SETTING(SLOT_OFFSET, "slot_offset", SETTING_TYPE_INTERVAL, "seconds",
				0, 0, USECS_PER_DAY,
				false, LEVELS_STORED, NULL,
				"distance from the anchor to the first start of the grid")
BOOKING_SETTING(GRID_ANCHOR, "grid_anchor", SETTING_TYPE_ENUM, NULL,
				0, 0, 2,
				false, LEVELS_STORED, SETTING_OPTIONS("opening", "midnight", "free"),
				"where the grid begins: when it opens, at midnight, or where free time begins")
BOOKING_SETTING(MIN_NOTICE, "min_notice", SETTING_TYPE_INTERVAL, "seconds",
				0, 0, 366 * USECS_PER_DAY,
				false, LEVELS_STORED, NULL,
				"how long before the start customers must book at the latest")
BOOKING_SETTING(MAX_ADVANCE, "max_advance", SETTING_TYPE_INTERVAL, "seconds",
				SETTING_NONE, 0, 3660 * USECS_PER_DAY,
				true, LEVELS_STORED, NULL,
				"how far ahead of now a customer may book")
BOOKING_SETTING(MAX_ADVANCE_BUSINESS_DAYS, "max_advance_business_days", SETTING_TYPE_INTEGER, "days",
				SETTING_NONE, 0, 3660,
				true, LEVELS_STORED, NULL,
				"how many days, Monday to Friday, after today a customer may book ahead, to the end of the last")
BOOKING_SETTING(BOOKABLE_UNTIL, "bookable_until", SETTING_TYPE_INSTANT, NULL,
				SETTING_NONE, 0, SETTING_LAST_INSTANT,
				true, LEVELS_STORED, NULL,
				"the last instant at which a booking by a customer may start")
BOOKING_SETTING(PAST_GRACE, "past_grace", SETTING_TYPE_INTERVAL, "seconds",
				4 * USECS_PER_HOUR, 0, 366 * USECS_PER_DAY,
				false, LEVELS_STORED, NULL,
				"how far in the past a booking by staff may start")
BOOKING_SETTING(COMMIT_CHECK, "commit_check", SETTING_TYPE_ENUM, NULL,
				1, 0, 3,
				false, LEVELS_STORED, SETTING_OPTIONS("overlap", "rules", "grid", "offer"),
				"what is checked when a slot is taken: overlaps alone, rules too, the grid too, or that it was offered")
BOOKING_SETTING(COMMIT_CHECK_CUSTOMER, "commit_check_customer", SETTING_TYPE_ENUM, NULL,
				SETTING_NONE, 0, 3,
				true, LEVELS_STORED, SETTING_OPTIONS("overlap", "rules", "grid", "offer"),
				"commit_check for customers, before it at every level; none: as commit_check")
BOOKING_SETTING(COMMIT_CHECK_STAFF, "commit_check_staff", SETTING_TYPE_ENUM, NULL,
				SETTING_NONE, 0, 3,
				true, LEVELS_STORED, SETTING_OPTIONS("overlap", "rules", "grid", "offer"),
				"commit_check for staff and the system, before it at every level; none: as commit_check")
BOOKING_SETTING(COMMIT_CHECK_CALENDAR, "commit_check_calendar", SETTING_TYPE_ENUM, NULL,
				SETTING_NONE, 0, 3,
				true, LEVELS_STORED, SETTING_OPTIONS("overlap", "rules", "grid", "offer"),
				"commit_check for calendars, before it at every level; none: as commit_check")

/* ---- hours ---- */

BOOKING_SETTING(REQUIRE_HOURS, "require_hours", SETTING_TYPE_BOOLEAN, NULL,
				0, 0, 1,
				false, LEVELS_PLACE, NULL,
				"whether a resource is closed, not always open, if neither it nor its branch has hours")
BOOKING_SETTING(BUFFERS_WITHIN_HOURS, "buffers_within_hours", SETTING_TYPE_BOOLEAN, NULL,
				0, 0, 1,
				false, LEVELS_STORED, NULL,
				"whether the buffers around a booking must lie within the hours too")
BOOKING_SETTING(BUFFER_BEFORE, "buffer_before", SETTING_TYPE_INTERVAL, "seconds",
				0, 0, USECS_PER_DAY,
				false, LEVELS_PLACE, NULL,
				"time to keep free before bookings of a resource, on top of the service's")
BOOKING_SETTING(BUFFER_AFTER, "buffer_after", SETTING_TYPE_INTERVAL, "seconds",
				0, 0, USECS_PER_DAY,
				false, LEVELS_PLACE, NULL,
				"time to keep free after bookings of a resource, on top of the service's")
BOOKING_SETTING(DAY_STARTS_AT, "day_starts_at", SETTING_TYPE_INTERVAL, "seconds",
				0, 0, USECS_PER_DAY - USECS_PER_HOUR,
				false, LEVELS_BRANCH, NULL,
				"the time of day, counted from midnight, at which a new day begins for quotas and reports")

/* ---- who, and how many ---- */

BOOKING_SETTING(ASSIGNMENT, "assignment", SETTING_TYPE_ENUM, NULL,
				1, 0, 3,
				false, LEVELS_SHARED, SETTING_OPTIONS("explicit", "first", "least_loaded", "round_robin"),
				"which of the free resources is chosen where the booking names none; explicit: none")
BOOKING_SETTING(ASSIGNMENT_WINDOW, "assignment_window", SETTING_TYPE_INTERVAL, "seconds",
				7 * USECS_PER_DAY, USECS_PER_HOUR, 366 * USECS_PER_DAY,
				false, LEVELS_SHARED, NULL,
				"the time around a booking in which least_loaded compares loads")
BOOKING_SETTING(OVERBOOK, "overbook", SETTING_TYPE_INTEGER, "units",
				0, 0, 1000000,
				false, LEVELS_STORED, NULL,
				"how many units more than the capacity of a shared resource may be booked")
BOOKING_SETTING(SAME_CUSTOMER, "same_customer", SETTING_TYPE_ENUM, NULL,
				0, 0, 2,
				false, LEVELS_SHARED, SETTING_OPTIONS("allow", "warn", "refuse"),
				"what happens if a customer books two things at the same time")
BOOKING_SETTING(WAITLIST_CAPACITY, "waitlist_capacity", SETTING_TYPE_INTEGER, "bookings",
				20, 0, 100000,
				false, LEVELS_STORED, NULL,
				"how many may wait for one slot")
BOOKING_SETTING(WAITLIST_MODE, "waitlist_mode", SETTING_TYPE_ENUM, NULL,
				0, 0, 2,
				false, LEVELS_STORED, SETTING_OPTIONS("hold", "confirm", "notify"),
				"what the next one waiting gets when a slot becomes free: a hold, the booking, or a message")
BOOKING_SETTING(WAITLIST_TTL, "waitlist_ttl", SETTING_TYPE_INTERVAL, "seconds",
				15 * USECS_PER_MINUTE, USECS_PER_MINUTE, 30 * USECS_PER_DAY,
				false, LEVELS_STORED, NULL,
				"how long a hold given from the waiting list lasts")

/* ---- offers and suggestions ---- */

BOOKING_SETTING(OFFER_TTL, "offer_ttl", SETTING_TYPE_INTERVAL, "seconds",
				30 * USECS_PER_MINUTE, USECS_PER_SEC, 30 * USECS_PER_DAY,
				false, LEVELS_STORED, NULL,
				"how long offered slots can be taken up")
BOOKING_SETTING(SUGGEST_WINDOW, "suggest_window", SETTING_TYPE_INTERVAL, "seconds",
				2 * USECS_PER_HOUR, 0, 30 * USECS_PER_DAY,
				false, LEVELS_STORED, NULL,
				"how far from the slot asked for alternatives may start")
BOOKING_SETTING(SUGGEST_COUNT, "suggest_count", SETTING_TYPE_INTEGER, "slots",
				3, 0, 100,
				false, LEVELS_ANY, NULL,
				"how many alternatives are suggested")

/*
 * ---- quotas ----
 *
 * What one customer, resource or service may have in a day, week, month or
 * year: bookings, and minutes of them.  Code finds the 24 keys by
 * settings_quota().  They are no server settings: each of those costs every
 * session that loads the library without preload.
 */
#define BOOKING_QUOTA(OF, of, PERIOD, period) \
BOOKING_SETTING(QUOTA_##OF##_##PERIOD, "quota_" of "_" period, \
				SETTING_TYPE_INTEGER, "bookings", SETTING_NONE, 0, 1000000, \
				true, LEVELS_STORED & ~LEVEL_BIT(LEVEL_SERVER), NULL, \
				"how many bookings one " of " may have in a " period) \
BOOKING_SETTING(QUOTA_##OF##_##PERIOD##_MINUTES, "quota_" of "_" period "_minutes", \
				SETTING_TYPE_INTEGER, "minutes", SETTING_NONE, 0, 1000000, \
				true, LEVELS_STORED & ~LEVEL_BIT(LEVEL_SERVER), NULL, \
				"how many minutes one " of " may be booked for in a " period)
#define BOOKING_QUOTAS(OF, of) \
BOOKING_QUOTA(OF, of, DAY, "day") \
BOOKING_QUOTA(OF, of, WEEK, "week") \
BOOKING_QUOTA(OF, of, MONTH, "month") \
BOOKING_QUOTA(OF, of, YEAR, "year")

BOOKING_QUOTAS(CUSTOMER, "customer")
BOOKING_QUOTAS(RESOURCE, "resource")
BOOKING_QUOTAS(SERVICE, "service")

#undef BOOKING_QUOTAS
#undef BOOKING_QUOTA
