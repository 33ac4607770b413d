/*-------------------------------------------------------------------------
 *
 * pending.h
 *	  Changes of bookings between their BEFORE and their AFTER trigger.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_PENDING_H
#define BOOKING_PENDING_H

#include "booking.h"

#include "store/allocations.h"
#include "store/config.h"

/* What becomes of a booking's deposit when it is committed. */
typedef enum DepositVerdict
{
	DEPOSIT_NONE,				/* there is none */
	DEPOSIT_AWAITED,			/* the booking stays held and waits for it */
	DEPOSIT_MISSING,			/* it waits already */
	DEPOSIT_PAID,
	DEPOSIT_WAIVED				/* staff does without */
} DepositVerdict;

/* What BEFORE found out about a row and AFTER need not find out again. */
typedef struct Change
{
	pg_uuid_t	tenant;
	pg_uuid_t	booking;
	int			nest_level;		/* of subtransactions */
	int			trigger_depth;
	MemoryContext memory;		/* holds the change and what it points to */

	TimestampTz now;			/* read after the locks were taken */
	int			stated_version; /* what the statement said the version is */
	BookingStatus status;		/* in which BEFORE left the row */
	const Service *service;		/* NULL: not needed so far */
	bool		imported;		/* it is history, or from elsewhere */
	bool		reverses;		/* an earlier state is put back (undo) */
	bool		merges;			/* gives it to the record of its customer that is
								 * kept, and does nothing else */
	bool		charged;		/* BEFORE calculated the price */
	bool		moves_away;		/* AFTER will give back what it occupied */
	bool		moved_out;		/* an earlier row of the statement had it do so */
	bool		locked;			/* keys for the slot are held, and the rest of
								 * this is filled in */
	TimeSpan	slot;
	int			units;
	int			resource_count;
	int			named_count;	/* the first ones are named, the rest was chosen */
	Resource   *resources;		/* as read under the keys */
	Allocation *allocations;	/* one per resource */

	/* what limits it (quotas.c), as far as its keys are held */
	bool		has_customer;
	pg_uuid_t	customer;
	pg_uuid_t	quota_branch;
	int			quota_count;
	struct Quota *quotas;
	SameCustomer same_customer;

	/* resources that were chosen because it was their turn (assignment.c) */
	int			turn_count;
	pg_uuid_t  *turns;

	/* of a change that commits a booking (deposits.c) */
	DepositVerdict deposit_verdict;
	Numeric		deposit;		/* how much it is, unless there is none */

	bool		may_overbook;	/* staff says so */
	bool		overbooked;		/* and so it was */

	/* set by AFTER, for telling of conflicts */
	const struct BookingRow *row;
	const struct BookingRow *old;	/* or NULL */
	bool		staff;
} Change;

extern void pending_init(void);
extern int	pending_trigger_depth(void);
extern Change *pending_begin(const pg_uuid_t *tenant, const pg_uuid_t *booking);
extern Change *pending_take(const pg_uuid_t *tenant, const pg_uuid_t *booking);
extern bool pending_move_out(const pg_uuid_t *tenant, const pg_uuid_t *booking);
extern void pending_done(Change *change);
extern void pending_end_statement(void);
extern int	pending_uses(const pg_uuid_t *tenant, const pg_uuid_t *resource, TimeSpan span,
						 const pg_uuid_t *except, Allocation *uses, int size);
extern int	pending_turn(const pg_uuid_t *tenant, const pg_uuid_t *service,
						 const pg_uuid_t *resource);

#endif							/* BOOKING_PENDING_H */
