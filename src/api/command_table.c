/*-------------------------------------------------------------------------
 *
 * command_table.c
 *	  The commands that can be called by name.
 *
 * A command is a function of the extension, in its schema.  What arguments it
 * has, their types and defaults are read from the catalog, so that a new
 * command is one line below.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "commands/extension.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "api/command_table.h"
#include "compat.h"

/* One line a command; one without a function is not known. */
static const char *const command_names[] = {
	"hold",
	"refresh_hold",
	"release_hold",
	"checkout",
	"book",
	"confirm",
	"check_in",
	"start_serving",
	"complete",
	"no_show",
	"cancel",
	"request_cancellation",
	"restore",
	"reschedule",
	"reassign",
	"amend",
	"add_note",
	"join_waitlist",
	"promote",
	"reverse",
	"bulk_cancel",
	"bulk_reassign",
	"record_payment",
	"record_refund",
	"merge_customers",
};

static bool
is_command(const char *name)
{
	for (int i = 0; i < lengthof(command_names); i++)
		if (strcmp(command_names[i], name) == 0)
			return true;
	return false;
}

static void
read_function(HeapTuple tuple, CommandFunction *function)
{
	Form_pg_proc form = (Form_pg_proc) GETSTRUCT(tuple);
	char	   *modes;
	bool		isnull;
	Datum		defaults;

	function->oid = form->oid;
	function->returns_set = form->proretset;
	function->nargs = form->pronargs;
	/* the arguments that it takes stand before the columns that it returns */
	(void) get_func_arg_info(tuple, &function->types, &function->names, &modes);
	defaults = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proargdefaults, &isnull);
	function->defaults = isnull ? NIL :
		castNode(List, stringToNode(TextDatumGetCString(defaults)));
}

/*
 * Finds a command.  There may be other functions of its name in the schema,
 * which are none of ours.
 */
bool
command_table_find(const char *name, CommandFunction *function)
{
	Oid			schema = get_namespace_oid("booking", true);
	Oid			extension = get_extension_oid("booking", true);
	CatCList   *list;
	bool		found = false;

	if (!is_command(name))
		return false;

	list = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(name));
	for (int i = 0; i < list->n_members && !found; i++)
	{
		HeapTuple	tuple = &list->members[i]->tuple;
		Form_pg_proc form = (Form_pg_proc) GETSTRUCT(tuple);

		if (form->pronamespace != schema ||
			getExtensionOfObject(ProcedureRelationId, form->oid) != extension)
			continue;
		function->name = pstrdup(name);
		read_function(tuple, function);
		found = true;
	}
	ReleaseSysCacheList(list);
	return found;
}

/* The names of all there are, for hints. */
char *
command_table_names(void)
{
	StringInfoData names;
	CommandFunction function;

	initStringInfo(&names);
	for (int i = 0; i < lengthof(command_names); i++)
		if (command_table_find(command_names[i], &function))
			appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", command_names[i]);
	return names.data;
}

/* Whether the current role may execute a command's function. */
bool
command_may_be_called(const CommandFunction *function)
{
	return compat_function_aclcheck(function->oid, GetUserId(), ACL_EXECUTE) == ACLCHECK_OK;
}

/* The number of an argument, or -1. */
int
command_argument(const CommandFunction *function, const char *name)
{
	for (int i = 0; i < function->nargs; i++)
		if (strcmp(function->names[i], name) == 0)
			return i;
	return -1;
}

/* The default of an argument, which must have one. */
void
command_default(const CommandFunction *function, int argument, NullableDatum *value)
{
	int			first = function->nargs - list_length(function->defaults);
	Expr	   *expression = list_nth(function->defaults, argument - first);
	EState	   *estate = CreateExecutorState();
	ExprContext *context = GetPerTupleExprContext(estate);
	ExprState  *state = ExecPrepareExpr(expression, estate);
	Datum		result = ExecEvalExprSwitchContext(state, context, &value->isnull);
	int16		length;
	bool		by_value;

	get_typlenbyval(function->types[argument], &length, &by_value);
	value->value = value->isnull ? (Datum) 0 : datumCopy(result, by_value, length);
	FreeExecutorState(estate);
}
