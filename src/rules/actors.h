/*-------------------------------------------------------------------------
 *
 * actors.h
 *	  Names of the capacities in which somebody acts.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_ACTORS_H
#define BOOKING_ACTORS_H

#include "booking.h"

extern const char *actor_kind_name(ActorKind kind);
extern bool actor_kind_parse(const char *name, ActorKind *kind);

#endif							/* BOOKING_ACTORS_H */
