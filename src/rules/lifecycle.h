/*-------------------------------------------------------------------------
 *
 * lifecycle.h
 *	  The statuses of a booking and the ways between them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_LIFECYCLE_H
#define BOOKING_LIFECYCLE_H

#include "booking.h"

/* The commands that change a status. */
typedef enum LifecycleAction
{
	ACTION_CHECKOUT,
	ACTION_CONFIRM,
	ACTION_CHECK_IN,
	ACTION_START_SERVING,
	ACTION_COMPLETE,
	ACTION_NO_SHOW,
	ACTION_CANCEL,
	ACTION_REQUEST_CANCELLATION,
	ACTION_RESTORE,
	ACTION_PROMOTE
} LifecycleAction;

#define LIFECYCLE_ACTION_COUNT (ACTION_PROMOTE + 1)

/* One edge: a booking in status "from" may become "to". */
typedef struct LifecycleTransition
{
	BookingStatus from;
	BookingStatus to;
	LifecycleAction action;
	bool		customer_may;	/* also without staff's help */
	bool		needs_reason;	/* reason_code must be given */
	bool		reversible;		/* an undo token is issued */
	bool		restores;		/* allowed only if "to" is previous_status */
} LifecycleTransition;

extern const char *lifecycle_status_name(BookingStatus status);
extern BookingStatus lifecycle_status(const char *name);
extern const char *lifecycle_action_name(LifecycleAction action);

extern bool lifecycle_is_terminal(BookingStatus status);
extern bool lifecycle_is_occupying(BookingStatus status);
extern bool lifecycle_may_start_in(BookingStatus status);
extern bool lifecycle_may_move(BookingStatus status);
extern bool lifecycle_may_resize(BookingStatus status);

extern const LifecycleTransition *lifecycle_find(BookingStatus from,
												 BookingStatus to);
extern const LifecycleTransition *lifecycle_transitions(int *count);

#endif							/* BOOKING_LIFECYCLE_H */
