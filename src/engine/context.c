/*-------------------------------------------------------------------------
 *
 * context.c
 *	  On whose behalf a change is made.
 *
 * set_context() keeps its arguments in settings booking.tenant, .actor, ...,
 * because settings already have what is needed: a life of one transaction or
 * one session, savepoints, and RESET.  A client may also SET them; that is
 * no way around anything, since a value counts only as far as the database
 * role may claim it:
 *
 *	  store's owner, superuser	anything; without a context, kind system
 *	  role known to grant_access()	its tenant; its actor if it is mapped to
 *							one; a kind up to its level
 *	  any other role		client rights, and no actor: it owns nothing
 *
 * The principal of a role is looked up once and kept until roles, their
 * memberships or the store change.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "compat.h"
#include "engine/context.h"
#include "errors.h"
#include "rules/actors.h"
#include "rules/ids.h"
#include "rules/text.h"
#include "store/config.h"
#include "store/store_state.h"

static char *tenant_setting = NULL;
static char *actor_setting = NULL;
static char *actor_kind_setting = NULL;
static char *roles_setting = NULL;
static char *branch_setting = NULL;
static char *channel_setting = NULL;
static char *request_id_setting = NULL;
static char *conversation_setting = NULL;
static bool require_actor = false;
static bool import_setting = false;

/* The settings of the context and what they mean. */
static const struct
{
	const char *name;
	char	  **value;
	const char *description;
}			context_settings[] = {
	{"booking.tenant", &tenant_setting, "The tenant whose bookings are meant (a uuid)."},
	{"booking.actor", &actor_setting, "Who acts, in the application's own terms."},
	{"booking.actor_kind", &actor_kind_setting, "In which capacity: customer, staff, calendar or system."},
	{"booking.roles", &roles_setting, "The actor's roles in the application (a text array)."},
	{"booking.branch", &branch_setting, "The branch whose bookings are meant (a uuid)."},
	{"booking.channel", &channel_setting, "How the request came: web, voice, sms, email, staff_console, api."},
	{"booking.request_id", &request_id_setting, "The request a change belongs to (a uuid)."},
	{"booking.conversation", &conversation_setting, "The conversation a change belongs to."}
};

/* Bumped when a setting of the context is assigned, or roles change. */
static uint64 input_generation = 1;

/* The context last worked out, and what it was worked out from. */
static MemoryContext cache_memory = NULL;
static Context cached;
static bool cache_valid = false;
static uint64 cached_input = 0;
static uint64 cached_store = 0;

static void
assign_setting(const char *newval, void *extra)
{
	input_generation++;
}

static void
forget_principal(Datum arg, int cacheid, uint32 hashvalue)
{
	input_generation++;
}

void
context_init(void)
{
	CacheRegisterSyscacheCallback(AUTHOID, forget_principal, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, forget_principal, (Datum) 0);
}

void
context_define_gucs(void)
{
	for (int i = 0; i < lengthof(context_settings); i++)
		DefineCustomStringVariable(context_settings[i].name,
								   context_settings[i].description,
								   "Set with booking.set_context().",
								   context_settings[i].value,
								   "",
								   PGC_USERSET,
								   GUC_NOT_IN_SAMPLE,
								   NULL, assign_setting, NULL);

	DefineCustomBoolVariable("booking.import",
							 "Takes bookings that are inserted as they are given, as history.",
							 "For admins: no rule is asked and nobody is told.",
							 &import_setting,
							 false,
							 PGC_USERSET,
							 GUC_NOT_IN_SAMPLE,
							 NULL, NULL, NULL);

	DefineCustomBoolVariable("booking.require_actor",
							 "Refuses changes of bookings by nobody in particular.",
							 NULL,
							 &require_actor,
							 false,
							 PGC_SUSET,
							 0,
							 NULL, NULL, NULL);
}

/* Sets one of the settings of the context; NULL clears it. */
void
context_set(const char *name, const char *value, bool session)
{
	(void) set_config_option(name, value ? value : "", PGC_USERSET, PGC_S_SESSION,
							 session ? GUC_ACTION_SET : GUC_ACTION_LOCAL, true, 0, false);
}

static bool
uuid_setting(const char *value, const char *name, pg_uuid_t *id)
{
	if (value == NULL || *value == '\0')
		return false;
	if (!ids_parse(value, id))
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("setting booking.%s is not a uuid", name)));
	return true;
}

static char *
text_setting(const char *value, const char *name, int max_chars)
{
	if (value == NULL || *value == '\0')
		return NULL;
	text_check_line(name, value, max_chars);
	return MemoryContextStrdup(cache_memory, value);
}

/* The strongest kind that an access level may act in. */
static ActorKind
strongest_kind(AccessLevel level)
{
	switch (level)
	{
		case ACCESS_OWNER:
		case ACCESS_ADMIN:
			return ACTOR_SYSTEM;
		case ACCESS_STAFF:
			return ACTOR_STAFF;
		default:
			return ACTOR_CUSTOMER;
	}
}

/*
 * A kind that somebody claims, capped by what the role may be.
 */
ActorKind
context_cap_kind(const Context *context, ActorKind kind)
{
	return Min(kind, strongest_kind(context->level));
}

static void
work_out(Oid role)
{
	Principal	principal = {0};
	pg_uuid_t	asked;
	bool		has_asked;
	ActorKind	kind;

	cache_valid = false;
	if (cache_memory == NULL)
		cache_memory = AllocSetContextCreate(TopMemoryContext, "booking context",
											 ALLOCSET_SMALL_SIZES);
	MemoryContextReset(cache_memory);
	memset(&cached, 0, sizeof(cached));
	cached.role = role;

	/* what changes from here on makes the answer stale */
	cached_input = input_generation;
	cached_store = store_generation();

	has_asked = uuid_setting(tenant_setting, "tenant", &asked);

	if (superuser_arg(role) || has_privs_of_role(role, store_owner()))
		cached.level = ACCESS_OWNER;
	else
	{
		principal = people_principal(role, has_asked ? &asked : NULL);
		cached.level = principal.mapped ? principal.level : ACCESS_NONE;
	}

	if (principal.mapped)
	{
		cached.has_tenant = true;
		cached.tenant = principal.tenant;
	}
	else if (has_asked)
	{
		cached.has_tenant = true;
		cached.tenant = asked;
	}
	else
		cached.has_tenant = config_sole_tenant(&cached.tenant);

	if (cached.level == ACCESS_NONE)
		cached.actor_fixed = true;
	else if (principal.actor != NULL)
	{
		cached.actor = MemoryContextStrdup(cache_memory, principal.actor);
		cached.actor_fixed = true;
	}
	else
		cached.actor = text_setting(actor_setting, "actor", 200);

	kind = cached.level == ACCESS_OWNER ? ACTOR_SYSTEM :
		Min(strongest_kind(cached.level), ACTOR_STAFF);
	if (actor_kind_setting != NULL && *actor_kind_setting != '\0')
	{
		if (!actor_kind_parse(actor_kind_setting, &kind))
			ereport(ERROR,
					(booking_errcode(ERR_BAD_VALUE),
					 errmsg("actor kind \"%s\" is not known",
							text_excerpt(actor_kind_setting)),
					 errhint("The kinds are customer, calendar, staff and system.")));
		kind = context_cap_kind(&cached, kind);
	}
	cached.kind = kind;
	cached.acting = kind == ACTOR_CUSTOMER && cached.level > ACCESS_CLIENT ?
		ACCESS_CLIENT : cached.level;

	cached.has_branch = uuid_setting(branch_setting, "branch", &cached.branch);
	cached.has_request_id = uuid_setting(request_id_setting, "request_id", &cached.request_id);
	cached.channel = text_setting(channel_setting, "channel", 40);
	cached.conversation = text_setting(conversation_setting, "conversation", 200);

	cache_valid = true;
}

/*
 * The caller's context, in memory of its own: a nested statement runs as
 * another role and works out another context.  Needs SPI.
 */
const Context *
context_get(void)
{
	Oid			role = GetUserId();
	Context    *context;

	store_require();
	if (!cache_valid || cached.role != role || cached_input != input_generation ||
		cached_store != store_generation())
		work_out(role);

	context = palloc(sizeof(Context));
	*context = cached;
	if (cached.actor != NULL)
		context->actor = pstrdup(cached.actor);
	if (cached.channel != NULL)
		context->channel = pstrdup(cached.channel);
	if (cached.conversation != NULL)
		context->conversation = pstrdup(cached.conversation);
	return context;
}

/*
 * The tenant to work for: the one given (NULL: the context's), which a role
 * mapped to a tenant can't choose.
 */
const pg_uuid_t *
context_tenant(const pg_uuid_t *given)
{
	const Context *context = context_get();

	if (given != NULL &&
		(context->level == ACCESS_OWNER ||
		 (context->has_tenant && uuid_equal(given, &context->tenant))))
		return given;
	if (given != NULL)
		ereport(ERROR,
				(booking_errcode(ERR_PERMISSION_DENIED),
				 errmsg("permission denied for another tenant")));
	if (!context->has_tenant)
		ereport(ERROR,
				(booking_errcode(ERR_TENANT_REQUIRED),
				 errmsg("it is not clear which tenant is meant"),
				 errhint("Call booking.set_context(tenant => ...) first, or pass tenant.")));
	return &context->tenant;
}

/*
 * The branch of a booking of a service: the one given, that of a resource it
 * takes, the service's, the context's, or the only one there is.  What is not
 * known is NULL; no branch is an error.
 */
const Branch *
context_find_branch(const Context *context, const pg_uuid_t *tenant, const Service *service,
					const pg_uuid_t *given, const pg_uuid_t *resource)
{
	pg_uuid_t	id;

	if (given != NULL)
		id = *given;
	else if (resource != NULL)
		return &config_require_resource(tenant, resource)->branch;
	else if (service->has_branch)
		id = service->branch_id;
	else if (context->has_branch)
		id = context->branch;
	else if (!config_sole_branch(tenant, &id))
		ereport(ERROR,
				(booking_errcode(ERR_BAD_VALUE),
				 errmsg("it is not clear which branch is meant"),
				 errhint("Name resources or a branch, or call booking.set_context(branch => ...).")));
	return config_require_branch(tenant, &id);
}

/* Whether the caller now acts with at least staff rights. */
bool
context_is_staff(const Context *context)
{
	return context->acting >= ACCESS_STAFF;
}

/* Whether bookings that are inserted are imported, which is for admins (L7). */
bool
context_imports(const Context *context)
{
	if (import_setting && context->acting < ACCESS_ADMIN)
		ereport(ERROR,
				(booking_errcode(ERR_PERMISSION_DENIED),
				 errmsg("permission denied to import bookings"),
				 errhint("RESET booking.import.")));
	return import_setting;
}

/* With booking.require_actor on, a change needs an actor (T2). */
void
context_require_actor(const Context *context, const char *actor)
{
	if (require_actor && actor == NULL)
		ereport(ERROR,
				(booking_errcode(ERR_ACTOR_REQUIRED),
				 errmsg("a change of a booking needs an actor"),
				 errhint("Call booking.set_context(actor => ...) first.")));
}

/* Whether somebody is the context's actor; nobody is nobody. */
bool
context_is_actor(const Context *context, const char *actor)
{
	return context->actor != NULL && actor != NULL && strcmp(context->actor, actor) == 0;
}

/* The actor's roles in the application: what was said, for whoami(). */
ArrayType *
context_roles(const Context *context)
{
	if (!context->actor_fixed && roles_setting != NULL && *roles_setting != '\0')
		return DatumGetArrayTypeP(OidInputFunctionCall(F_ARRAY_IN, roles_setting, TEXTOID, -1));
	if (context->actor_fixed && context->level != ACCESS_NONE)
	{
		Principal	principal = people_principal(context->role, &context->tenant);

		if (principal.mapped)
			return DatumGetArrayTypeP(principal.roles);
	}
	return construct_empty_array(TEXTOID);
}
