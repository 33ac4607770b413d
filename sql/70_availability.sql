/* ---- what can be booked ---- */

CREATE FUNCTION booking.slots(
	service uuid,
	"window" tstzrange,
	resources uuid[] DEFAULT NULL,
	units integer DEFAULT 1,
	preferred uuid DEFAULT NULL,
	party_size integer DEFAULT NULL,
	duration interval DEFAULT NULL,
	nights integer DEFAULT NULL,
	branch uuid DEFAULT NULL,
	customer uuid DEFAULT NULL,
	max integer DEFAULT NULL,
	tenant uuid DEFAULT NULL)
	RETURNS TABLE (starts_at timestamptz, ends_at timestamptz, resource_ids uuid[],
				   remaining integer, local_start timestamp)
	LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 100
	AS 'MODULE_PATHNAME', 'booking_slots';
COMMENT ON FUNCTION booking.slots(uuid, tstzrange, uuid[], integer, uuid, integer, interval, integer, uuid, uuid, integer, uuid) IS
'Every slot of a service that starts in the window and that the caller could book now, in the order of time. The other arguments are those of hold(): what it names is taken, the rest is chosen; of slots that differ only in what would be chosen there is one, with the first by position and code that will do (the strategies least_loaded and round_robin may choose others). remaining: how many bookings of one unit still fit. local_start: on the clocks of the branch. max: no more rows than that, which is cheap. customer: his quotas count too. The window may have no end if max_advance limits it. Errors: ZB001, ZB002, 22023, 42501 for another customer.';

CREATE FUNCTION booking.suggest_slots(
	service uuid,
	starts_at timestamptz,
	resources uuid[] DEFAULT NULL,
	units integer DEFAULT 1,
	preferred uuid DEFAULT NULL,
	party_size integer DEFAULT NULL,
	duration interval DEFAULT NULL,
	nights integer DEFAULT NULL,
	branch uuid DEFAULT NULL,
	customer uuid DEFAULT NULL,
	max integer DEFAULT NULL,
	tenant uuid DEFAULT NULL)
	RETURNS TABLE (starts_at timestamptz, ends_at timestamptz, resource_ids uuid[],
				   remaining integer, local_start timestamp, distance interval)
	LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 3
	AS 'MODULE_PATHNAME', 'booking_suggest_slots';
COMMENT ON FUNCTION booking.suggest_slots(uuid, timestamptz, uuid[], integer, uuid, integer, interval, integer, uuid, uuid, integer, uuid) IS
'The slots that start nearest to a time, within the setting suggest_window of it: the nearest first, max of them (default: setting suggest_count). distance: how much later, negative: earlier. Arguments and errors as of slots().';

CREATE FUNCTION booking.explain_slot(
	service uuid,
	starts_at timestamptz,
	resources uuid[] DEFAULT NULL,
	units integer DEFAULT 1,
	preferred uuid DEFAULT NULL,
	party_size integer DEFAULT NULL,
	duration interval DEFAULT NULL,
	nights integer DEFAULT NULL,
	branch uuid DEFAULT NULL,
	customer uuid DEFAULT NULL,
	tenant uuid DEFAULT NULL)
	RETURNS TABLE (rule text, verdict boolean, level text, value text, code text, message text)
	LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 9
	AS 'MODULE_PATHNAME', 'booking_explain_slot';
COMMENT ON FUNCTION booking.explain_slot(uuid, timestamptz, uuid[], integer, uuid, integer, interval, integer, uuid, uuid, uuid) IS
'What each rule says of a slot, one row a rule: verdict true, false, or null where the rule can''t be applied (nothing is open that a grid could be counted from); the level whose setting or hours decide; their value; the error that booking it would raise, and its message. All verdicts are true for a slot that slots() lists. Arguments and errors as of slots().';

CREATE FUNCTION booking.availability(resource uuid, "window" tstzrange, tenant uuid DEFAULT NULL)
	RETURNS tstzmultirange
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'booking_availability';
COMMENT ON FUNCTION booking.availability(uuid, tstzrange, uuid) IS
'When a resource is open and has a unit free, within the window. What bookings occupy includes their buffers. Errors: ZB001, ZB002.';

CREATE FUNCTION booking.free_busy(resources uuid[], "window" tstzrange, tenant uuid DEFAULT NULL)
	RETURNS TABLE (resource_id uuid, during tstzrange, kind text, units_free integer)
	LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 1000
	AS 'MODULE_PATHNAME', 'booking_free_busy';
COMMENT ON FUNCTION booking.free_busy(uuid[], tstzrange, uuid) IS
'The window of each resource cut into times that are free (open, with so many units free), busy (no unit is free) or closed, in the order of the list and of time. Errors: ZB001, ZB002.';

CREATE FUNCTION booking.availability_inputs(
	service uuid,
	"window" tstzrange,
	branch uuid DEFAULT NULL,
	tenant uuid DEFAULT NULL)
	RETURNS jsonb
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'booking_availability_inputs';
COMMENT ON FUNCTION booking.availability_inputs(uuid, tstzrange, uuid, uuid) IS
'All that a slot finder outside of the database needs, from one snapshot: now, service (with its needs), branch, and resources by kind, each with capacity, units and buffers of a booking, grid, earliest and latest start, hours (with the anchor of their grid; none where it is midnight), closures, and what is occupied, buffers included. Lengths are in seconds, instants in UTC. Errors: ZB001, ZB002.';

CREATE FUNCTION booking.check_availability(
	service uuid,
	date date,
	"limit" integer DEFAULT 10,
	branch uuid DEFAULT NULL,
	tenant uuid DEFAULT NULL)
	RETURNS jsonb
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, pg_temp
AS $check_availability$
DECLARE
	home CONSTANT uuid := coalesce(check_availability.tenant, booking.current_tenant());
	answer jsonb := jsonb_build_object('success', false, 'date', check_availability.date,
		'service_type', NULL, 'available_slots', '[]'::jsonb, 'all_slots', '[]'::jsonb,
		'availability_windows', '[]'::jsonb, 'availability_summary', NULL,
		'suggested_slots', '[]'::jsonb, 'error', NULL);
	utc CONSTANT text := 'YYYY-MM-DD"T"HH24:MI:SS"Z"';
	about record;
	place uuid;
	zone text;
	settings jsonb;
	begins timestamptz;
	ends timestamptz;
	day record;
BEGIN
	IF check_availability.service IS NULL OR check_availability.date IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = '22004',
			MESSAGE = 'service and date must not be null';
	END IF;
	IF check_availability.date NOT BETWEEN date '0001-01-01' AND date '9999-12-30' THEN
		RAISE EXCEPTION USING ERRCODE = 'ZB001', MESSAGE = 'date is infinite or out of range';
	END IF;
	SELECT s.code, s.branch_id INTO about FROM booking.services AS s
	 WHERE s.tenant_id = home AND s.id = check_availability.service;
	IF NOT FOUND THEN
		RAISE EXCEPTION USING ERRCODE = 'ZB002',
			MESSAGE = format('service %s does not exist', check_availability.service);
	END IF;
	answer := answer || jsonb_build_object('service_type', about.code);

	place := coalesce(check_availability.branch, about.branch_id,
		(SELECT w.branch FROM booking.whoami() AS w),
		(SELECT CASE count(*) WHEN 1 THEN min(b.id::text)::uuid END
		   FROM booking.branches AS b WHERE b.tenant_id = home));
	IF place IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'it is not clear which branch is meant';
	END IF;
	SELECT b.time_zone INTO zone FROM booking.branches AS b
	 WHERE b.tenant_id = home AND b.id = place;
	IF NOT FOUND THEN
		RAISE EXCEPTION USING ERRCODE = 'ZB002',
			MESSAGE = format('branch %s does not exist', place);
	END IF;
	SELECT jsonb_object_agg(e.name, e.value) INTO settings
	  FROM booking.effective_settings(check_availability.service, NULL, place, home) AS e
	 WHERE e.name IN ('day_starts_at', 'suggest_count');
	begins := booking.at_local(check_availability.date
		+ (settings ->> 'day_starts_at')::interval, zone);
	ends := booking.at_local((check_availability.date + 1)
		+ (settings ->> 'day_starts_at')::interval, zone);

	/* the day, and if there is nothing, what comes after it */
	FOR pass IN 1..2 LOOP
		SELECT coalesce(jsonb_agg(jsonb_build_object(
					'date', to_char(s.local_start, 'YYYY-MM-DD'),
					'start', to_char(s.local_start, 'HH24:MI'),
					'end', to_char(s.ends_at AT TIME ZONE zone, 'HH24:MI'),
					'starts_at', to_char(s.starts_at AT TIME ZONE 'UTC', utc),
					'ends_at', to_char(s.ends_at AT TIME ZONE 'UTC', utc),
					'resource_ids', to_jsonb(s.resource_ids),
					'remaining', s.remaining) ORDER BY s.starts_at), '[]') AS slots,
			   coalesce((SELECT jsonb_agg(jsonb_build_object(
					'start', to_char(lower(w) AT TIME ZONE zone, 'HH24:MI'),
					'end', to_char(upper(w) AT TIME ZONE zone, 'HH24:MI'),
					'starts_at', to_char(lower(w) AT TIME ZONE 'UTC', utc),
					'ends_at', to_char(upper(w) AT TIME ZONE 'UTC', utc)) ORDER BY w)
				  FROM unnest(range_agg(tstzrange(s.starts_at, s.ends_at))) AS w), '[]') AS windows,
			   format('%s from %s to %s.',
					CASE count(*) WHEN 1 THEN '1 slot' ELSE count(*) || ' slots' END
					|| to_char(check_availability.date, '" on "YYYY-MM-DD'),
					to_char(min(s.local_start), 'HH24:MI'),
					to_char(max(s.ends_at) AT TIME ZONE zone, 'HH24:MI')) AS summary
		  INTO day
		  FROM booking.slots(check_availability.service,
				CASE pass WHEN 1 THEN tstzrange(begins, ends)
					ELSE tstzrange(greatest(ends, booking.now()),
								   greatest(ends, booking.now()) + interval '60 days') END,
				branch => place,
				max => CASE pass WHEN 2 THEN (settings ->> 'suggest_count')::integer END,
				tenant => home) AS s;
		IF pass = 2 THEN
			answer := answer || jsonb_build_object('suggested_slots', day.slots,
				'availability_summary', 'No slots'
				|| to_char(check_availability.date, '" on "YYYY-MM-DD".') || coalesce(
					' The next one is on ' || (day.slots #>> '{0,date}') || ' at '
					|| (day.slots #>> '{0,start}') || '.', ''));
		ELSIF day.slots <> '[]' THEN
			answer := answer || jsonb_build_object('all_slots', day.slots,
				'available_slots', (SELECT coalesce(jsonb_agg(e.slot ORDER BY e.n), '[]')
					FROM jsonb_array_elements(day.slots) WITH ORDINALITY AS e (slot, n)
				   WHERE e.n <= coalesce(check_availability."limit", 10)),
				'availability_windows', day.windows, 'availability_summary', day.summary);
			EXIT;
		END IF;
	END LOOP;
	RETURN answer || '{"success": true}';
EXCEPTION WHEN OTHERS THEN
	IF SQLSTATE !~ '^(22|ZB)' THEN
		RAISE;
	END IF;
	RETURN answer || jsonb_build_object('error', SQLERRM);
END
$check_availability$;
COMMENT ON FUNCTION booking.check_availability(uuid, date, integer, uuid, uuid) IS
'What is free on a day, in one JSON object for clients that talk: success, date, service_type (the code of the service), available_slots (the first ones, at most limit), all_slots, availability_windows (slots put together where they touch), availability_summary (a sentence), suggested_slots (the next ones, if there are none on that day) and error. Times of day are those of the branch. What somebody may get wrong (an unknown service, a date out of range) is not raised but told in error, with success false.';
