/* ---- opening hours ---- */

CREATE FUNCTION booking.set_hours(
	code text,
	hours text,
	level text DEFAULT NULL,
	tenant uuid DEFAULT NULL)
	RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_set_hours';
COMMENT ON FUNCTION booking.set_hours(text, text, text, uuid) IS
'Replaces the weekly opening hours of the branch or resource with this code; level, branch or resource, says which if both have it. hours reads like ''mon-fri 09:00-12:00 13:00-17:00, sat 10:00-14:00'': days, then intervals in local time; an interval like 18:00-02:00 ends the day after; ''daily 00:00-24:00'' is around the clock, and ''always'' takes the weekly hours away. Overrides and closures stay. Errors: 22023, with the place in the text, ZB002, 42501.';

CREATE FUNCTION booking.effective_hours(
	resource uuid,
	"window" tstzrange,
	tenant uuid DEFAULT NULL)
	RETURNS tstzmultirange
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'booking_effective_hours';
COMMENT ON FUNCTION booking.effective_hours(uuid, tstzrange, uuid) IS
'When a resource is open within the window: its hours where its branch is open too, without closures of itself, its branch or the tenant. Bookings are not regarded. The window is at most 3660 days. Errors: ZB001 for a window that is longer or has no end, ZB002.';

CREATE FUNCTION booking.hours_breach(
	tenant uuid,
	service uuid,
	resource uuid,
	starts_at timestamptz,
	ends_at timestamptz,
	occupied_from timestamptz,
	occupied_until timestamptz,
	OUT reason text,
	OUT detail text)
	RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 1
	AS 'MODULE_PATHNAME', 'booking_hours_breach';
COMMENT ON FUNCTION booking.hours_breach(uuid, uuid, uuid, timestamptz, timestamptz, timestamptz, timestamptz) IS
'Part of the view disturbed: whether a slot of a service (the occupied time, if buffers must lie within the hours) is outside a resource''s hours (outside_hours) or in a closure (closure, with its reason as detail). Error: 42501 for clients.';
