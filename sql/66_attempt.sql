/* ---- commands whose outcome is a row: retries, and what can be done ---- */

CREATE FUNCTION booking.attempt(
	command text,
	args jsonb DEFAULT '{}',
	idempotency_key text DEFAULT NULL,
	tenant uuid DEFAULT NULL,
	OUT ok boolean,
	OUT code text,
	OUT sqlstate text,
	OUT message text,
	OUT detail text,
	OUT hint text,
	OUT http_status integer,
	OUT result jsonb,
	OUT conflicts jsonb,
	OUT suggestions jsonb,
	OUT can_join_waitlist boolean)
	RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_attempt';
COMMENT ON FUNCTION booking.attempt(text, jsonb, text, uuid) IS
'Calls a command (hold, book, cancel, ...) with arguments by name, and returns what came of it instead of raising an error: result is what the command returns, an array where it returns several rows; code, sqlstate, message, detail and hint are those of the error, conflicts what is in the way, suggestions what could be had instead. Arguments that are left out have their defaults, and those that the command has not are refused. What the transaction did before stays. Raised all the same: what is to be retried (40001, 40P01, 57014), and what is no fault of the request.';

CREATE FUNCTION booking.available_actions(
	booking uuid,
	tenant uuid DEFAULT NULL,
	OUT command text,
	OUT allowed boolean,
	OUT code text,
	OUT needs_reason boolean,
	OUT reversible boolean)
	RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL UNSAFE ROWS 12
	AS 'MODULE_PATHNAME', 'booking_available_actions';
COMMENT ON FUNCTION booking.available_actions(uuid, uuid) IS
'Every command on a booking: whether the caller may give it now, the code of the error if not, whether it needs a reason, and whether it can be undone. What depends on the arguments (a slot, a customer, a price) only the command itself can tell.';

CREATE FUNCTION booking.purge_idempotency_keys(max integer DEFAULT 1000)
	RETURNS integer
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_purge_idempotency_keys';
COMMENT ON FUNCTION booking.purge_idempotency_keys(integer) IS
'Drops up to max answers to idempotency keys whose time (setting idempotency_ttl) is over, and returns how many. The background worker does the same by itself; they count as absent before.';
