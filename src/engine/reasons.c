/*-------------------------------------------------------------------------
 *
 * reasons.c
 *	  Why a booking was cancelled or is a no-show (L6).
 *
 * Part of checks.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "engine/checks.h"
#include "engine/no_shows.h"
#include "engine/reasons.h"
#include "errors.h"
#include "rules/lifecycle.h"
#include "rules/text.h"
#include "store/config.h"

/* When a reason that the engine gives is true. */
typedef enum ReasonTruth
{
	TRUE_WHENEVER,
	TRUE_ONCE_LAPSED,			/* the time of the status is over */
	TRUE_ONCE_MISSED			/* so is the time to come */
} ReasonTruth;

/*
 * Reasons the engine itself gives, and to what; no tenant can retire them.
 */
static const struct
{
	const char *code;
	BookingStatus from;
	BookingStatus to;
	ReasonTruth truth;
}			engine_reasons[] = {
	{"hold_expired", STATUS_HELD, STATUS_CANCELLED, TRUE_ONCE_LAPSED},
	{"hold_released", STATUS_HELD, STATUS_CANCELLED, TRUE_WHENEVER},
	{"pending_expired", STATUS_PENDING, STATUS_CANCELLED, TRUE_ONCE_LAPSED},
	{"request_lapsed", STATUS_PENDING_CANCELLATION, STATUS_CANCELLED, TRUE_ONCE_LAPSED},
	{"waitlist_lapsed", STATUS_WAITLISTED, STATUS_CANCELLED, TRUE_ONCE_LAPSED},
	{AUTO_NO_SHOW, STATUS_CONFIRMED, STATUS_NO_SHOW, TRUE_ONCE_MISSED}
};

/* Refuses a reason that the tenant doesn't know. */
void
reasons_check_known(const pg_uuid_t *tenant, const char *reason)
{
	if (!config_reason_known(tenant, reason))
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("reason \"%s\" is not known", text_excerpt(reason)),
				 errhint("The known ones are in table booking.reason_codes.")));
}

static bool
reason_is_true(ReasonTruth truth, const Change *change, const BookingRow *old)
{
	switch (truth)
	{
		case TRUE_ONCE_LAPSED:
			return checks_lapsed(old, change->now);
		case TRUE_ONCE_MISSED:
			return no_shows_due(change, old) <= change->now;
		default:
			return true;
	}
}

/*
 * That the new row has a reason which is known, and true where it is one that
 * the engine gives; old is NULL for an INSERT.
 */
void
reasons_check(const Change *change, const BookingRow *old, const BookingRow *new)
{
	char	   *reason = row_text(new, BK_REASON_CODE);

	if (reason == NULL)
		ereport(ERROR,
				(booking_errcode(ERR_REASON_REQUIRED),
				 errmsg("a booking becomes %s for a reason", row_text(new, BK_STATUS)),
				 errhint("Give a code of table booking.reason_codes.")));
	for (int i = 0; i < lengthof(engine_reasons); i++)
	{
		if (strcmp(reason, engine_reasons[i].code) != 0)
			continue;
		if (old != NULL && row_status(old) == engine_reasons[i].from &&
			row_status(new) == engine_reasons[i].to &&
			reason_is_true(engine_reasons[i].truth, change, old))
			return;
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("reason \"%s\" does not apply to this booking", reason),
				 errhint("It is what the engine says of a %s booking%s.",
						 lifecycle_status_name(engine_reasons[i].from),
						 engine_reasons[i].truth == TRUE_ONCE_LAPSED ? " whose time is over" :
						 engine_reasons[i].truth == TRUE_ONCE_MISSED ?
						 " that nobody came to in time, where the setting no_show_mode is auto" : "")));
	}
	reasons_check_known(&change->tenant, reason);
}

/* A code that somebody may give as a reason, standing for any; NULL if there is none. */
const char *
reasons_any(const pg_uuid_t *tenant)
{
	int			count;
	char	  **codes = config_reasons(tenant, &count);

	for (int i = 0; i < count; i++)
	{
		bool		engines = false;

		for (int j = 0; j < lengthof(engine_reasons); j++)
			engines = engines || strcmp(codes[i], engine_reasons[j].code) == 0;
		if (!engines)
			return codes[i];
	}
	return NULL;
}
