/*-------------------------------------------------------------------------
 *
 * command_table.h
 *	  The commands that can be called by name.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_COMMAND_TABLE_H
#define BOOKING_COMMAND_TABLE_H

#include "booking.h"

#include "fmgr.h"
#include "nodes/pg_list.h"

/* The SQL function that a command is. */
typedef struct CommandFunction
{
	const char *name;
	Oid			oid;
	bool		returns_set;
	int			nargs;
	char	  **names;
	Oid		   *types;
	List	   *defaults;		/* expressions of the last arguments */
} CommandFunction;

extern bool command_table_find(const char *name, CommandFunction *function);
extern char *command_table_names(void);
extern bool command_may_be_called(const CommandFunction *function);
extern int	command_argument(const CommandFunction *function, const char *name);
extern void command_default(const CommandFunction *function, int argument,
							NullableDatum *value);

#endif							/* BOOKING_COMMAND_TABLE_H */
