/* ---- the background worker ---- */

CREATE FUNCTION booking.worker_status(
	OUT database name,
	OUT next_due timestamptz,
	OUT worker_pid integer,
	OUT last_run timestamptz,
	OUT failures integer)
	RETURNS SETOF record
	LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED ROWS 10
	AS 'MODULE_PATHNAME', 'booking_worker_status';
COMMENT ON FUNCTION booking.worker_status() IS
'What the background worker knows of each database with a store: when something falls due there, the worker that is at it (null: none is needed now), when one last looked, and how many failed in a row. No rows without shared_preload_libraries.';

CREATE FUNCTION booking.broadcast(max integer DEFAULT 1000) RETURNS integer
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_broadcast';
COMMENT ON FUNCTION booking.broadcast(integer) IS
'Tells listeners (NOTIFY) of the bookings that changed since the last time, as the background worker does; returns how many changes. For servers without the worker, with booking.notify off and a scheduler that calls this.';

CREATE FUNCTION booking.register_store() RETURNS void
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_register_store';
COMMENT ON FUNCTION booking.register_store() IS
'Part of setup(): has the background worker look at this database as soon as the transaction commits.';
