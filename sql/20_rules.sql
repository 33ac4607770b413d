/* ---- lifecycle: what the guard on booking.bookings enforces ---- */

CREATE FUNCTION booking.can_transition(from_status text, to_status text)
	RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'booking_can_transition';
COMMENT ON FUNCTION booking.can_transition(text, text) IS
'Whether a booking in from_status may become to_status. From pending_cancellation it may only go back to the status it had before. 22023 for an unknown status.';

CREATE FUNCTION booking.valid_targets(status text) RETURNS text[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'booking_valid_targets';
COMMENT ON FUNCTION booking.valid_targets(text) IS
'The statuses a booking in this status may take next, in lifecycle order; empty for a terminal one. 22023 for an unknown status.';

CREATE FUNCTION booking.is_terminal(status text) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'booking_is_terminal';
COMMENT ON FUNCTION booking.is_terminal(text) IS
'Whether no command leaves the status: completed, no_show, cancelled. 22023 for an unknown status.';

CREATE FUNCTION booking.is_occupying(status text) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'booking_is_occupying';
COMMENT ON FUNCTION booking.is_occupying(text) IS
'Whether a booking in the status takes its slot; one that is held does so until its expires_at. 22023 for an unknown status.';

CREATE FUNCTION booking.statuses(
	OUT status text,
	OUT "position" integer,
	OUT terminal boolean,
	OUT occupying boolean)
	RETURNS SETOF record
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10
	AS 'MODULE_PATHNAME', 'booking_statuses';
COMMENT ON FUNCTION booking.statuses() IS
'Every status a booking can have, in lifecycle order, with what is_terminal() and is_occupying() say of it.';

CREATE FUNCTION booking.transition_catalogue(
	OUT from_status text,
	OUT to_status text,
	OUT action text,
	OUT needs_reason boolean,
	OUT reversible boolean,
	OUT customer_may boolean)
	RETURNS SETOF record
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 26
	AS 'MODULE_PATHNAME', 'booking_transition_catalogue';
COMMENT ON FUNCTION booking.transition_catalogue() IS
'Every change of status a command may make: whether a reason code is needed, whether the change yields an undo token, and whether a customer may make it without staff.';

/* ---- errors and settings: the registries ---- */

CREATE FUNCTION booking.error_catalogue(
	OUT name text,
	OUT sqlstate text,
	OUT http_status integer,
	OUT retry boolean,
	OUT message text)
	RETURNS SETOF record
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 52
	AS 'MODULE_PATHNAME', 'booking_error_catalogue';
COMMENT ON FUNCTION booking.error_catalogue() IS
'Every error a client should know: the SQLSTATE to test for, the HTTP status that fits it, and whether repeating the same request makes sense.';

CREATE FUNCTION booking.setting_catalogue(
	OUT name text,
	OUT type text,
	OUT unit text,
	OUT default_value text,
	OUT min_value text,
	OUT max_value text,
	OUT options text[],
	OUT levels text[],
	OUT description text)
	RETURNS SETOF record
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 75
	AS 'MODULE_PATHNAME', 'booking_setting_catalogue';
COMMENT ON FUNCTION booking.setting_catalogue() IS
'Every setting: its type, what a bare number counts, default (null: none), bounds or the words to choose from, and the levels it can be set at, most specific first. At level server it is the setting booking.<name>.';

/* ---- time ---- */

CREATE FUNCTION booking.at_local(local timestamp, time_zone text)
	RETURNS timestamptz
	LANGUAGE C STABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'booking_at_local';
COMMENT ON FUNCTION booking.at_local(timestamp, text) IS
'The instant at which clocks in the zone, an IANA name, show this time. A time that the clocks skip is the first instant after the gap; one that they show twice is its first occurrence. 22023 for an unknown zone, ZB001 for an infinite time.';

