\set SHOW_CONTEXT never
SET TimeZone = 'Europe/Berlin';
\echo
\echo '======================================================================'
\echo ' 5. An eye clinic in Berlin: when, why not then, and the night the clocks change'
\echo '======================================================================'
\echo
\set ECHO all
INSERT INTO booking.tenants (code, name, currency) VALUES ('lumen', 'Augenzentrum Lumen', 'EUR');
SELECT booking.set_context(tenant => booking.tenant_id('lumen'),
	actor => 'mia@lumen.example', actor_kind => 'staff', session => true) \gset
INSERT INTO booking.branches (code, name, time_zone)
	VALUES ('mitte', 'Berlin-Mitte', 'Europe/Berlin');
INSERT INTO booking.resources (kind, code, name)
	VALUES ('doctor', 'dr-adler', 'Dr. Adler'), ('doctor', 'dr-chen', 'Dr. Chen');
INSERT INTO booking.services (code, name, duration, buffer_after)
	VALUES ('eye-test', 'Eye test', '30 minutes', '10 minutes');
\echo
-- The clinic is open on weekdays and closed at noon; Dr. Chen comes in the
-- afternoon.  Starts are on the quarter hour, patients book two hours ahead.
SELECT booking.set_hours('mitte', 'mon-fri 09:00-12:00 13:00-17:00');
SELECT booking.set_hours('dr-chen', 'mon-fri 13:00-17:00');
SELECT booking.set_setting('service', 'eye-test', 'slot_step', '"15 minutes"');
SELECT booking.set_setting('service', 'eye-test', 'min_notice', '"2 hours"');
SELECT booking.set_setting('service', 'eye-test', 'commit_check_customer', '"grid"');
-- Wednesday of next week Dr. Adler is away until eleven.
SELECT (date_trunc('week', now()) + interval '9 days')::date AS wednesday \gset
INSERT INTO booking.closures (resource_id, local_start, local_end, kind, reason) VALUES
	(booking.resource_id('dr-adler'), :'wednesday'::date + time '08:00',
	 :'wednesday'::date + time '11:00', 'out_of_office', 'congress');
SELECT status FROM booking.book(booking.service_id('eye-test'),
	local_start => :'wednesday'::date + time '11:00', customer => '{"name": "Jonas Roth"}');
\echo
-- A patient looks at the page of that day.  In the afternoon either doctor could
-- do it; a slot is listed once, with the one who would take it.
SELECT booking.set_context(tenant => booking.tenant_id('lumen'),
	actor => 'lena@example.org', actor_kind => 'customer', channel => 'web',
	session => true) \gset
SELECT to_char(s.local_start, 'HH24:MI') AS starts, string_agg(r.name, ', ') AS "with", remaining
FROM booking.slots(booking.service_id('eye-test'),
	tstzrange(:'wednesday', :'wednesday'::date + 1), max => 8) AS s
JOIN booking.resources AS r ON r.id = ANY (s.resource_ids)
GROUP BY s.starts_at, s.local_start, s.remaining ORDER BY s.starts_at;
\echo
-- "Why not at half past nine?"
SELECT rule, level, value, code
FROM booking.explain_slot(booking.service_id('eye-test'),
	(:'wednesday'::date + time '09:30')::timestamptz,
	resources => ARRAY[booking.resource_id('dr-adler')])
WHERE NOT verdict;
\echo
-- "And at eleven?"  That is taken; the answer says what is free around it.
DO $$
DECLARE
	detail jsonb;
	slot jsonb;
	message text;
	facts text;
BEGIN
	PERFORM booking.hold(booking.service_id('eye-test'),
		starts_at => date_trunc('week', now()) + interval '9 days 11 hours',
		resources => ARRAY[booking.resource_id('dr-adler')]);
EXCEPTION WHEN exclusion_violation THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, facts = PG_EXCEPTION_DETAIL;
	detail = facts;
	RAISE NOTICE '%', message;
	FOR slot IN SELECT jsonb_array_elements(detail -> 'alternatives') LOOP
		RAISE NOTICE 'free instead: %', to_char((slot ->> 'starts_at')::timestamptz, 'Dy HH24:MI');
	END LOOP;
END $$;
\echo
-- The sleep laboratory has no hours at all, so it never closes.  The night in
-- which the clocks go back has one hour more, and the hour after two comes twice.
SELECT booking.set_context(tenant => booking.tenant_id('lumen'),
	actor => 'mia@lumen.example', actor_kind => 'staff', session => true) \gset
INSERT INTO booking.branches (code, name, time_zone)
	VALUES ('schlaflabor', 'Schlaflabor Lumen', 'Europe/Berlin');
INSERT INTO booking.resources (branch_id, kind, code, name)
	VALUES (booking.branch_id('schlaflabor'), 'bed', 'bed-1', 'Bed 1');
INSERT INTO booking.services (branch_id, code, name, duration)
	VALUES (booking.branch_id('schlaflabor'), 'sleep-hour', 'An hour observed', '1 hour');
INSERT INTO booking.service_requirements (service_id, kind)
	VALUES (booking.service_id('sleep-hour'), 'bed');
SELECT min(day)::date AS night
FROM generate_series(current_date + 1, current_date + 400, interval '1 day') AS day
WHERE (day + interval '1 day')::date::timestamptz - day::date::timestamptz = interval '25 hours' \gset
SELECT to_char(local_start, 'HH24:MI') AS "on the clock",
	to_char(starts_at AT TIME ZONE 'UTC', 'HH24:MI') AS "in UTC"
FROM booking.slots(booking.service_id('sleep-hour'),
	tstzrange(:'night'::date, :'night'::date + time '05:00'));

SELECT count(*) AS "hours of that day"
FROM booking.slots(booking.service_id('sleep-hour'), tstzrange(:'night'::date, :'night'::date + 1));
