/* ---- settings: which value holds, and changing one ---- */

CREATE FUNCTION booking.effective_settings(
	service uuid DEFAULT NULL,
	resource uuid DEFAULT NULL,
	branch uuid DEFAULT NULL,
	tenant uuid DEFAULT NULL,
	OUT name text,
	OUT value text,
	OUT origin text,
	OUT unit text,
	OUT description text)
	RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 75
	AS 'MODULE_PATHNAME', 'booking_effective_settings';
COMMENT ON FUNCTION booking.effective_settings(uuid, uuid, uuid, uuid) IS
'Every setting as it holds for bookings of a service on a resource: its value (null: none), the level it comes from (service, resource, branch, tenant, server or default), and what a bare number counts. Without branch it is the resource''s, else the service''s, else the context''s, else the only one there is, else no branch is looked at. Error: ZB002.';

CREATE FUNCTION booking.set_setting(level text, code text, key text, value jsonb)
	RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_set_setting';
COMMENT ON FUNCTION booking.set_setting(text, text, text, jsonb) IS
'Sets a setting of the tenant, branch, service or resource with this code; null as code is the context''s tenant. The JSON value null means none; SQL''s NULL takes the setting out, so that the level above counts again. Errors: 22023 for a level or value that can''t be, ZB006 for a setting that the level does not have, ZB002 for an unknown code, 42501.';
