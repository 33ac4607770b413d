/*-------------------------------------------------------------------------
 *
 * commands.h
 *	  What all functions that change a booking share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_COMMANDS_H
#define BOOKING_COMMANDS_H

#include "booking.h"

#include "compat.h"
#include "engine/locks.h"
#include "fmgr.h"
#include "store/bookings.h"
#include "store/config.h"

/* A command under way: SPI is connected, the booking's row is locked. */
typedef struct Command
{
	MemoryContext result_memory;
	const pg_uuid_t *tenant;
	const pg_uuid_t *booking;
	BookingState state;
} Command;

extern LockWait command_wait(FunctionCallInfo fcinfo, int lock_wait_argument);
extern Datum command_run(FunctionCallInfo fcinfo, int lock_wait_argument, PGFunction body);
extern Command command_begin(FunctionCallInfo fcinfo, int tenant_argument,
							 int version_argument);
extern void command_lock(const pg_uuid_t *tenant, const pg_uuid_t *booking,
						 BookingState *state);
extern Datum command_end(FunctionCallInfo fcinfo, Command *command, const BookingResult *result);
extern bool command_finds_automatic_no_show(const BookingState *state);
pg_noreturn extern void command_not_found(const pg_uuid_t *booking);

#endif							/* BOOKING_COMMANDS_H */
