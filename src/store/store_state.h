/*-------------------------------------------------------------------------
 *
 * store_state.h
 *	  Whether the tables are there, whose they are, and of which version.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_STORE_STATE_H
#define BOOKING_STORE_STATE_H

#include "booking.h"

/* The version of the store this library works with. */
#define STORE_VERSION 1

extern void store_state_init(void);
extern bool store_is_current(void);
extern void store_require(void);
extern Oid	store_owner(void);
extern uint64 store_generation(void);
extern void store_invalidate(void);

#endif							/* BOOKING_STORE_STATE_H */
