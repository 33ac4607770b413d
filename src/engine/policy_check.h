/*-------------------------------------------------------------------------
 *
 * policy_check.h
 *	  The rules about when and where, as they are checked when a slot is taken.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_POLICY_CHECK_H
#define BOOKING_POLICY_CHECK_H

#include "booking.h"

#include "engine/context.h"
#include "engine/pending.h"
#include "engine/question.h"
#include "store/bookings.h"

/* What the rules say of a resource for a slot, other bookings aside. */
typedef struct PolicySays
{
	bool		allowed;
	TimestampTz anchor;			/* of its grid, or CHOICE_NO_ANCHOR */
	bool		on_grid;		/* the slot starts on it, or need not */
} PolicySays;

extern void policy_check(const Change *change, const BookingRow *row, const BookingRow *old,
						 const Context *who);
extern void policy_check_overrides(const BookingRow *row, const Context *who);
extern bool policy_overrides(const BookingRow *row, const char *rule);
extern PolicySays *policy_of_candidates(const Change *change, const BookingRow *row,
										const BookingRow *old, const Context *context,
										const Branch *branch, const Resource *resources,
										int count);
extern void policy_question(Question *question, const Change *change, const BookingRow *row,
							const Branch *branch, bool staff);

#endif							/* BOOKING_POLICY_CHECK_H */
