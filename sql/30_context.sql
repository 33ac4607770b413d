/* ---- identifiers and the context of a change ---- */

CREATE FUNCTION booking.new_id() RETURNS uuid
	LANGUAGE C VOLATILE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'booking_new_id';
COMMENT ON FUNCTION booking.new_id() IS
'A new identifier: UUID version 7, so that ids made one after the other sort that way.';

CREATE FUNCTION booking.now() RETURNS timestamptz
	LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'booking_now';
COMMENT ON FUNCTION booking.now() IS
'The clock every deadline is compared with: the wall clock, or the setting booking.now where a test has set it.';

CREATE FUNCTION booking.set_context(
	tenant uuid DEFAULT NULL,
	actor text DEFAULT NULL,
	actor_kind text DEFAULT NULL,
	roles text[] DEFAULT NULL,
	branch uuid DEFAULT NULL,
	channel text DEFAULT NULL,
	request_id uuid DEFAULT NULL,
	conversation text DEFAULT NULL,
	session boolean DEFAULT false)
	RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_set_context';
COMMENT ON FUNCTION booking.set_context(uuid, text, text, text[], uuid, text, uuid, text, boolean) IS
'Says on whose behalf the changes that follow are made: for this transaction, or with session => true until it is set again. Arguments left out are forgotten. actor_kind is customer, staff, calendar or system and is capped by what grant_access() gave the database role; a role mapped to one actor keeps that actor.';

CREATE FUNCTION booking.whoami(
	OUT role name,
	OUT access_level text,
	OUT tenant uuid,
	OUT actor text,
	OUT actor_kind text,
	OUT roles text[],
	OUT branch uuid,
	OUT channel text,
	OUT request_id uuid,
	OUT conversation text)
	RETURNS record
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'booking_whoami';
COMMENT ON FUNCTION booking.whoami() IS
'The context as the guards see it: what the role may claim, not what was asked for.';

CREATE FUNCTION booking.current_tenant() RETURNS uuid
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'booking_current_tenant';
COMMENT ON FUNCTION booking.current_tenant() IS
'The tenant of the context: the role''s own, else the one set, else the only one there is, else null.';

CREATE FUNCTION booking.current_actor() RETURNS text
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'booking_current_actor';
COMMENT ON FUNCTION booking.current_actor() IS
'The actor of the context, or null. A database role that grant_access() does not know has none.';

CREATE FUNCTION booking.has_access(level text) RETURNS boolean
	LANGUAGE C STABLE STRICT PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'booking_has_access';
COMMENT ON FUNCTION booking.has_access(text) IS
'Whether the caller now acts with at least this level: client, staff or admin; auditor is a level of its own that the admin has too. A staff role that says it acts for a customer has client.';

CREATE FUNCTION booking.current_customers() RETURNS uuid[]
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'booking_current_customers';
COMMENT ON FUNCTION booking.current_customers() IS
'The ids of the customers that are the context''s actor.';

CREATE FUNCTION booking.owned_resources() RETURNS uuid[]
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'booking_owned_resources';
COMMENT ON FUNCTION booking.owned_resources() IS
'The resources whose organizer is the context''s actor.';
