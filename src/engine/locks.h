/*-------------------------------------------------------------------------
 *
 * locks.h
 *	  Keys: the locks under which resources are looked at and taken.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_LOCKS_H
#define BOOKING_LOCKS_H

#include "booking.h"

#include "storage/lock.h"

/* A set of keys being put together. */
typedef struct KeySet
{
	int			count;
	int			size;
	struct Key *keys;
	bool		too_many;		/* more than a transaction may take */
} KeySet;

/* Keys that this acquisition added to those the transaction had. */
typedef struct KeysTaken
{
	int			count;
	struct Key *keys;
} KeysTaken;

/* What to do about a key that somebody else has. */
typedef enum LockWait
{
	LOCK_WAIT,					/* wait for it */
	LOCK_OR_ERROR,				/* raise BUSY */
	LOCK_OR_SKIP				/* do without: work done for others */
} LockWait;

extern void locks_init(void);
extern void locks_define_gucs(void);
extern void locks_add_resource(KeySet *set, const pg_uuid_t *tenant,
							   const pg_uuid_t *resource, TimeSpan span);
extern void locks_add_whole_resource(KeySet *set, const pg_uuid_t *tenant,
									 const pg_uuid_t *resource);
extern void locks_add_customer(KeySet *set, const pg_uuid_t *tenant,
							   const pg_uuid_t *customer, TimeSpan span);
extern void locks_add_quota(KeySet *set, const pg_uuid_t *tenant, const void *name,
							int length);
extern void locks_add_turns(KeySet *set, const pg_uuid_t *tenant, const pg_uuid_t *service);
extern void locks_add_queue(KeySet *set, const pg_uuid_t *tenant, const pg_uuid_t *branch,
							bool joins);
extern void locks_add_waiting(KeySet *set, const pg_uuid_t *tenant, const pg_uuid_t *booking);
extern void locks_add_actor(KeySet *set, const pg_uuid_t *tenant, const char *actor);
extern bool locks_has_part(const pg_uuid_t *tenant, const pg_uuid_t *resource);
extern void locks_add_all(KeySet *set, const KeySet *other);
extern bool locks_are_many(KeySet *set);
extern void locks_add_request(KeySet *set, const pg_uuid_t *tenant, const void *name,
							  int length);
extern LockWait locks_set_wait(LockWait wait);
extern LockWait locks_wait(void);
extern bool locks_acquire(KeySet *set, KeysTaken *taken);
extern void locks_release(KeysTaken *taken);

#endif							/* BOOKING_LOCKS_H */
