/*-------------------------------------------------------------------------
 *
 * opening.h
 *	  When a resource is open: its own hours, its branch's, and closures.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_OPENING_H
#define BOOKING_OPENING_H

#include "booking.h"

#include "rules/hours.h"
#include "store/config.h"

/*
 * The rules that a resource is open by.  Get them once per resource, then ask
 * as often as you like; they stay valid to the end of the transaction.
 */
typedef struct Opening
{
	const OpeningRules *branch;
	const OpeningRules *own;
	bool		required;		/* setting require_hours */
} Opening;

extern Opening opening_of(const pg_uuid_t *tenant, const Resource *resource);

/*
 * Whether a span lies within the hours, closures aside.  One that is longer
 * than a window may be does so only where there are no rules.
 */
extern bool opening_is_open(const Opening *opening, TimeSpan span);

/* Hours without regard to closures; exact inside the window (hours.h). */
extern OpeningHours opening_hours(const Opening *opening, TimeSpan window);

/* Closures of the tenant, the branch and the resource; exact inside the window. */
extern SpanSet opening_closures(const Opening *opening, TimeSpan window);

/* The earliest closure that overlaps a span, with its kind and reason. */
extern bool opening_find_closure(const Opening *opening, TimeSpan span, Closure *found);

/* Hours minus closures, cut at the window's edges. */
extern SpanSet opening_effective(const Opening *opening, TimeSpan window);

#endif							/* BOOKING_OPENING_H */
