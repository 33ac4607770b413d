/* ---- the waiting list ---- */

CREATE FUNCTION booking.join_waitlist(
	service uuid,
	starts_at timestamptz DEFAULT NULL,
	wanted tstzrange DEFAULT NULL,
	customer uuid DEFAULT NULL,
	resources uuid[] DEFAULT NULL,
	units integer DEFAULT 1,
	ends_at timestamptz DEFAULT NULL,
	duration interval DEFAULT NULL,
	nights integer DEFAULT NULL,
	local_start timestamp DEFAULT NULL,
	branch uuid DEFAULT NULL,
	party_size integer DEFAULT NULL,
	metadata jsonb DEFAULT NULL,
	lock_wait boolean DEFAULT true,
	idempotency_key text DEFAULT NULL,
	tenant uuid DEFAULT NULL,
	OUT booking_id uuid,
	OUT "position" integer,
	OUT starts_at timestamptz,
	OUT ends_at timestamptz,
	OUT expires_at timestamptz,
	OUT version integer)
	RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_join_waitlist';
COMMENT ON FUNCTION booking.join_waitlist(uuid, timestamptz, tstzrange, uuid, uuid[], integer, timestamptz, interval, integer, timestamp, uuid, integer, jsonb, boolean, text, uuid) IS
'Waits for a slot: the one that begins at starts_at (or local_start), or with wanted any of that length within the time, on the grid of the service. Who is first in line gets it as soon as it is free (setting waitlist_mode); expires_at is when it is too late. To leave, cancel(). Errors: ZB401 the list is full, ZB402 waits already, ZB201 it is too late, ZB001, ZB002.';

CREATE FUNCTION booking.waitlist_position(booking uuid, tenant uuid DEFAULT NULL)
	RETURNS integer
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'booking_waitlist_position';
COMMENT ON FUNCTION booking.waitlist_position(uuid, uuid) IS
'The position in the queue, from 1: of those who wait for the same service and branch at an overlapping time, other than for different resources. Null for a booking that does not wait. Error: ZB002.';

CREATE FUNCTION booking.promote(
	booking uuid,
	starts_at timestamptz DEFAULT NULL,
	expected_version integer DEFAULT NULL,
	lock_wait boolean DEFAULT true,
	idempotency_key text DEFAULT NULL,
	tenant uuid DEFAULT NULL,
	OUT booking_id uuid, OUT status text, OUT version integer,
	OUT undo_token text, OUT effects text[], OUT updated_at timestamptz)
	RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_promote';
COMMENT ON FUNCTION booking.promote(uuid, timestamptz, integer, boolean, text, uuid) IS
'Gives somebody who waits a slot, in turn or not (the audit trail says if not): the one he waits for, the first that is free in the time he wants, or the one at starts_at. Held for waitlist_ttl, or confirmed where waitlist_mode says so. Errors: 23P01 taken, ZB101 does not wait, ZB102 stale version.';

CREATE FUNCTION booking.promote_waiting(max integer DEFAULT 1000)
	RETURNS integer
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_promote_waiting';
COMMENT ON FUNCTION booking.promote_waiting(integer) IS
'Goes over up to max rows of booking.vacancies, time that became free while who waits for it was busy or that opening hours added, and returns how many got something. The background worker does the same by itself.';
