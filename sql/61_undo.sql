/* ---- undo ---- */

CREATE FUNCTION booking.reverse(
	token text,
	lock_wait boolean DEFAULT true,
	idempotency_key text DEFAULT NULL,
	tenant uuid DEFAULT NULL)
	RETURNS TABLE (booking_id uuid, status text, version integer, undo_token text,
				   effects text[], updated_at timestamptz, batch_token text)
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_reverse';
COMMENT ON FUNCTION booking.reverse(text, boolean, text, uuid) IS
'Undoes the change that returned the token: the booking is again as it was before, if nothing else has changed it and its slot is still free. The token of a bulk command undoes all of its changes that were not undone before, or none; then there is a row for each booking, in the order of their ids. Undoing is a change too, with tokens of its own. Redeemed by staff, or by whom the token was issued to. Errors: ZB307 unknown, ZB308 used, ZB309 expired, ZB310 the booking has changed since, 23P01 somebody has the slot.';

CREATE FUNCTION booking.issue_undo(
	booking uuid,
	version integer DEFAULT NULL,
	tenant uuid DEFAULT NULL)
	RETURNS text
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_issue_undo';
COMMENT ON FUNCTION booking.issue_undo(uuid, integer, uuid) IS
'A new token that undoes the last change of a booking, whoever made it and however (a plain UPDATE, say), for as long as the setting undo_window allows since. Voids the token that the change had. version: the one that the change has left behind, if it must be that one. Errors: ZB002, ZB101 not a change that can be undone, ZB309 too late, ZB310 the version is not the last.';

/* ---- many bookings at once ---- */

CREATE FUNCTION booking.bulk_cancel(
	bookings uuid[],
	reason text DEFAULT NULL,
	all_or_nothing boolean DEFAULT false,
	idempotency_key text DEFAULT NULL,
	tenant uuid DEFAULT NULL)
	RETURNS TABLE (booking_id uuid, ok boolean, code text, message text, status text,
				   version integer, undo_token text, batch_token text)
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_bulk_cancel';
COMMENT ON FUNCTION booking.bulk_cancel(uuid[], text, boolean, text, uuid) IS
'Cancels many bookings, as cancel() does each. Returns a row for each element of the list: ok, or the code (a name of booking.error_codes) and message of what was against it. One that fails leaves the others cancelled; with all_or_nothing it raises its error instead, and nothing is changed. undo_token undoes one cancellation, batch_token (the same in every row) all of them.';

CREATE FUNCTION booking.bulk_reassign(
	bookings uuid[],
	resource uuid DEFAULT NULL,
	strategy text DEFAULT 'explicit',
	all_or_nothing boolean DEFAULT false,
	idempotency_key text DEFAULT NULL,
	tenant uuid DEFAULT NULL)
	RETURNS TABLE (booking_id uuid, ok boolean, code text, message text, status text,
				   version integer, undo_token text, batch_token text)
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_bulk_reassign';
COMMENT ON FUNCTION booking.bulk_reassign(uuid[], uuid, text, boolean, text, uuid) IS
'Gives many bookings another resource, as reassign() does each; what their services need beyond it is chosen. Without a resource all is chosen anew, by the strategy first, least_loaded or round_robin; explicit chooses nothing, so that is ASSIGNMENT_UNAVAILABLE. Returns what bulk_cancel() does.';
