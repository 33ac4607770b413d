/* ---- history ---- */

CREATE FUNCTION booking.audit_search(
	action text DEFAULT NULL,
	actor text DEFAULT NULL,
	booking uuid DEFAULT NULL,
	resource uuid DEFAULT NULL,
	branch uuid DEFAULT NULL,
	"from" timestamptz DEFAULT NULL,
	"to" timestamptz DEFAULT NULL,
	after text DEFAULT NULL,
	"limit" integer DEFAULT 100,
	tenant uuid DEFAULT NULL)
	RETURNS TABLE (tenant_id uuid, booking_id uuid, version integer, branch_id uuid,
				   session_id uuid, request_id uuid, actor text, actor_kind text, role text,
				   channel text, action text, status text, old_values jsonb, new_values jsonb,
				   private_values jsonb, reason_code text, reversible boolean,
				   overrides text[], metadata jsonb, at timestamptz, cursor text)
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'booking_audit_search';
COMMENT ON FUNCTION booking.audit_search(text, text, uuid, uuid, uuid, timestamptz, timestamptz, text, integer, uuid) IS
'The newest changes of bookings first, up to limit (1 to 1000): those with this action, by this actor, of this booking, of bookings that had to do with this resource or are in this branch, and made in [from, to). after: the cursor of the last row of a page, for the next one. private_values only for who may read audit_private. Errors: 22004, 22023, 42501.';

CREATE FUNCTION booking.booking_as_of(booking uuid, at timestamptz, tenant uuid DEFAULT NULL)
	RETURNS TABLE (booking_id uuid, version integer, status text, branch_id uuid,
				   service_id uuid, starts_at timestamptz, ends_at timestamptz,
				   resource_ids uuid[], units integer, customer_id uuid, price numeric,
				   currency text, updated_at timestamptz, booking jsonb)
	LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 1
	AS 'MODULE_PATHNAME', 'booking_booking_as_of';
COMMENT ON FUNCTION booking.booking_as_of(uuid, timestamptz, uuid) IS
'A booking as it was at a moment, from the audit trail; no row if it was not there yet. booking has every column; what may hold personal data only for who may read audit_private. Errors: 22004, 42501.';

CREATE FUNCTION booking.bookings_as_of(during tstzrange, at timestamptz, tenant uuid DEFAULT NULL)
	RETURNS TABLE (booking_id uuid, version integer, status text, branch_id uuid,
				   service_id uuid, starts_at timestamptz, ends_at timestamptz,
				   resource_ids uuid[], units integer, customer_id uuid, price numeric,
				   currency text, updated_at timestamptz, booking jsonb)
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'booking_bookings_as_of';
COMMENT ON FUNCTION booking.bookings_as_of(tstzrange, timestamptz, uuid) IS
'The bookings whose slot, as it was at a moment, overlaps a time range: as they were then. Errors: 22004, 42501.';

CREATE FUNCTION booking.seal_audit(max integer DEFAULT 10000) RETURNS integer
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_seal_audit';
COMMENT ON FUNCTION booking.seal_audit(integer) IS
'Seals up to max rows of the audit trail and returns how many; rows of transactions that are still running, or begun before one that is, come later. The background worker does the same by itself (booking.seal_interval). Errors: 22004, 22023.';

CREATE FUNCTION booking.verify_audit(
	tenant uuid DEFAULT NULL,
	from_seal bigint DEFAULT NULL,
	digest jsonb DEFAULT NULL,
	OUT ok boolean,
	OUT seal_no bigint,
	OUT booking_id uuid,
	OUT version integer,
	OUT problem text,
	OUT seals bigint,
	OUT rows bigint,
	OUT unsealed bigint)
	RETURNS record
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'booking_verify_audit';
COMMENT ON FUNCTION booking.verify_audit(uuid, bigint, jsonb) IS
'Whether the audit trail is as it was sealed. If not, the first seal or row that is not, and what is wrong with it: changed, deleted, inserted, removed. seals and rows: how many were looked at; unsealed: how many rows wait for a seal. from_seal: only that seal and later ones. digest: what audit_digest() gave; finds also that the seals were made anew since. Errors: 22023, 42501.';

CREATE FUNCTION booking.audit_digest(tenant uuid DEFAULT NULL) RETURNS jsonb
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'booking_audit_digest';
COMMENT ON FUNCTION booking.audit_digest(uuid) IS
'The last seal of the audit trail: {tenant, seal_no, hash}. To be kept where nobody who can write to this database can. Error: 42501.';

CREATE FUNCTION booking.erase_actor(actor text, tenant uuid DEFAULT NULL) RETURNS bigint
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_erase_actor';
COMMENT ON FUNCTION booking.erase_actor(text, uuid) IS
'Takes an actor out of the audit trail, whose seals still verify: the rows stay, and a digest in them. Returns how many rows. Errors: 22004, 42501.';
