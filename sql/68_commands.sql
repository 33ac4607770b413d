/* ---- commands beyond the day at the desk ---- */

CREATE FUNCTION booking.request_cancellation(
	booking uuid,
	reason text DEFAULT NULL,
	expected_version integer DEFAULT NULL,
	lock_wait boolean DEFAULT true,
	idempotency_key text DEFAULT NULL,
	tenant uuid DEFAULT NULL,
	OUT booking_id uuid, OUT status text, OUT version integer,
	OUT undo_token text, OUT effects text[], OUT updated_at timestamptz)
	RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_request_cancellation';
COMMENT ON FUNCTION booking.request_cancellation(uuid, text, integer, boolean, text, uuid) IS
'Asks staff to cancel a booking, which keeps its slot until they decide: with cancel() or restore(). What nobody decides before the start is cancelled then. Errors: ZB101 not from its status, ZB405 it has begun.';

CREATE FUNCTION booking.restore(
	booking uuid,
	expected_version integer DEFAULT NULL,
	lock_wait boolean DEFAULT true,
	idempotency_key text DEFAULT NULL,
	tenant uuid DEFAULT NULL,
	OUT booking_id uuid, OUT status text, OUT version integer,
	OUT undo_token text, OUT effects text[], OUT updated_at timestamptz)
	RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_restore';
COMMENT ON FUNCTION booking.restore(uuid, integer, boolean, text, uuid) IS
'Turns down a request for cancellation: the booking is again what it was before. An automatic no-show, whose guest came late, is confirmed again while its slot is free. Errors: 23P01 somebody else has the slot, ZB101 there is nothing to restore.';

CREATE FUNCTION booking.amend(
	booking uuid,
	changes jsonb,
	expected_version integer DEFAULT NULL,
	lock_wait boolean DEFAULT true,
	override text[] DEFAULT NULL,
	idempotency_key text DEFAULT NULL,
	tenant uuid DEFAULT NULL,
	OUT booking_id uuid, OUT status text, OUT version integer,
	OUT undo_token text, OUT effects text[], OUT updated_at timestamptz)
	RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_amend';
COMMENT ON FUNCTION booking.amend(uuid, jsonb, integer, boolean, text[], text, uuid) IS
'Changes what was booked, all in one: changes is {units, party_size, service (id or code), resources (those it keeps, ids or codes), customer (id), title, description, attendees, metadata}; what is not named stays, null clears. Fewer units or resources are free at once; for more the rules and the slot are checked as for a new booking. override: as of hold().';

CREATE FUNCTION booking.mark_no_shows(max integer DEFAULT 1000)
	RETURNS integer
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_mark_no_shows';
COMMENT ON FUNCTION booking.mark_no_shows(integer) IS
'Marks up to max bookings as no-shows that nobody checked in to before no_show_grace was over, where the setting no_show_mode is auto, and returns how many. The background worker does the same by itself. What somebody is busy with is passed over.';
