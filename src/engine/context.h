/*-------------------------------------------------------------------------
 *
 * context.h
 *	  On whose behalf a change is made.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_CONTEXT_H
#define BOOKING_CONTEXT_H

#include "booking.h"

#include "utils/array.h"

#include "store/config.h"
#include "store/people.h"

/*
 * What the caller may claim, worked out from the role, its grants and
 * set_context().
 */
typedef struct Context
{
	Oid			role;
	AccessLevel level;			/* what the role was given */
	AccessLevel acting;			/* what it now acts with: a staff role that
								 * speaks for a customer acts as a client */
	bool		has_tenant;
	pg_uuid_t	tenant;
	char	   *actor;			/* NULL: nobody in particular */
	bool		actor_fixed;	/* the role can't claim another actor */
	ActorKind	kind;
	bool		has_branch;
	pg_uuid_t	branch;
	char	   *channel;
	bool		has_request_id;
	pg_uuid_t	request_id;
	char	   *conversation;
} Context;

extern void context_init(void);
extern void context_define_gucs(void);
extern const Context *context_get(void);
extern const pg_uuid_t *context_tenant(const pg_uuid_t *given);
extern const Branch *context_find_branch(const Context *context, const pg_uuid_t *tenant,
										 const Service *service, const pg_uuid_t *given,
										 const pg_uuid_t *resource);
extern ActorKind context_cap_kind(const Context *context, ActorKind kind);
extern bool context_is_staff(const Context *context);
extern bool context_imports(const Context *context);
extern void context_require_actor(const Context *context, const char *actor);
extern bool context_is_actor(const Context *context, const char *actor);
extern void context_set(const char *name, const char *value, bool session);
extern ArrayType *context_roles(const Context *context);

#endif							/* BOOKING_CONTEXT_H */
