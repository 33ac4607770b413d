/*-------------------------------------------------------------------------
 *
 * verdicts.h
 *	  What each rule says of a slot.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_VERDICTS_H
#define BOOKING_VERDICTS_H

#include "booking.h"

#include "compat.h"
#include "engine/question.h"
#include "errors.h"

/* In the order in which they are checked. */
typedef enum Rule
{
	RULE_NOT_ELIGIBLE,
	RULE_IN_PAST,
	RULE_MIN_NOTICE,
	RULE_MAX_ADVANCE,
	RULE_OUTSIDE_HOURS,
	RULE_CLOSED,
	RULE_OFF_GRID,
	RULE_QUOTA_FULL,
	RULE_TAKEN,
	RULE_SAME_CUSTOMER
} Rule;

#define RULE_COUNT (RULE_SAME_CUSTOMER + 1)
#define RULE_BIT(rule) (1 << (rule))

typedef struct Verdict
{
	bool		known;			/* false: the rule can't be applied */
	bool		ok;
	bool		explains;		/* level and value are told by settings too */
	const char *level;			/* that has it so, or NULL */
	char	   *value;			/* what is demanded, or NULL */
	BookingError error;			/* if it is not ok: */
	char	   *message;
	char	   *detail;			/* or NULL */
	char	   *hint;			/* or NULL */
} Verdict;

extern const char *verdict_rule_name(Rule rule);
extern void verdict_of(Question *question, const PlaceSet *set, TimeSpan slot, Rule rule,
					   Verdict *verdict);
pg_noreturn extern void verdict_raise(const Verdict *verdict);

#endif							/* BOOKING_VERDICTS_H */
