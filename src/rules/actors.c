/*-------------------------------------------------------------------------
 *
 * actors.c
 *	  Names of the capacities in which somebody acts.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rules/actors.h"

static const char *const kind_names[] = {
	[ACTOR_CUSTOMER] = "customer",
	[ACTOR_CALENDAR] = "calendar",
	[ACTOR_STAFF] = "staff",
	[ACTOR_SYSTEM] = "system",
};

/* The name under which a kind is stored. */
const char *
actor_kind_name(ActorKind kind)
{
	return kind_names[kind];
}

/* The kind of that name; false, and nothing set, if there is none. */
bool
actor_kind_parse(const char *name, ActorKind *kind)
{
	for (int i = 0; i < (int) lengthof(kind_names); i++)
	{
		if (strcmp(kind_names[i], name) == 0)
		{
			*kind = (ActorKind) i;
			return true;
		}
	}
	return false;
}
