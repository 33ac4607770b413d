\set SHOW_CONTEXT never
SET TimeZone = 'Europe/Paris';
\echo
\echo '======================================================================'
\echo ' 2. Three lanes at once at a pétanque hall in Paris'
\echo '======================================================================'
\echo
\set ECHO all
-- Another business in the same database: it shares nothing with the first.
INSERT INTO booking.tenants (code, name, currency) VALUES ('carreau', 'Le Carreau', 'EUR');
SELECT booking.set_context(tenant => booking.tenant_id('carreau'),
	actor => 'margaux@carreau.example', actor_kind => 'staff', channel => 'staff_console',
	session => true) \gset

INSERT INTO booking.branches (code, name, time_zone)
	VALUES ('canal', 'Canal Saint-Martin', 'Europe/Paris');
INSERT INTO booking.resources (kind, code, name, position)
	SELECT 'lane', 'lane-' || n, 'Lane ' || n, n FROM generate_series(1, 4) AS n;
INSERT INTO booking.services (code, name, duration, price, max_party) VALUES
	('one-lane', 'One lane, 90 minutes', '90 minutes', 24, 4),
	('three-lanes', 'Three lanes, 90 minutes', '90 minutes', 60, 12);
INSERT INTO booking.service_requirements (service_id, kind, quantity) VALUES
	(booking.service_id('one-lane'), 'lane', 1),
	(booking.service_id('three-lanes'), 'lane', 3);
\echo
-- A party of six, Saturday of next week, half past seven in the evening.  They
-- get all three lanes or none.
SELECT (date_trunc('week', now()) + interval '12 days')::date AS saturday \gset
SELECT status, price, currency
FROM booking.book(booking.service_id('three-lanes'),
	local_start => :'saturday'::date + time '19:30', party_size => 6,
	customer => '{"name": "Camille Laurent", "email": "camille@example.org"}');

SELECT to_char(starts, 'Dy HH24:MI') AS starts, service, resources, customer
FROM booking.agenda(:'saturday');
\echo
-- Noé, on the web, would like lane 2 at eight.
SELECT booking.set_context(tenant => booking.tenant_id('carreau'),
	actor => 'noe@example.net', actor_kind => 'customer', channel => 'web',
	session => true) \gset
\set ON_ERROR_STOP off
SELECT * FROM booking.hold(booking.service_id('one-lane'),
	local_start => :'saturday'::date + time '20:00',
	resources => ARRAY[booking.resource_id('lane-2')]);
\set ON_ERROR_STOP on
\echo
-- The DETAIL is JSON: what is taken and when (in UTC), not by whom.  A program
-- reads it like this:
DO $$
DECLARE
	detail text;
BEGIN
	PERFORM booking.hold(booking.service_id('one-lane'),
		starts_at => date_trunc('week', now()) + interval '12 days 20 hours',
		resources => ARRAY[booking.resource_id('lane-2')]);
EXCEPTION WHEN exclusion_violation THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RAISE NOTICE '% is taken until %', detail::jsonb #>> '{conflicts,0,resource}',
		to_char((detail::jsonb #>> '{conflicts,0,until}')::timestamptz, 'HH24:MI');
END $$;
\echo
-- Any lane will do: without naming one, Noé gets the one that is free.
SELECT * FROM booking.hold(booking.service_id('one-lane'),
	local_start => :'saturday'::date + time '20:00') \gset noe_
SELECT service, resources, to_char(local_start, 'Dy HH24:MI') AS starts, status
FROM booking.current_bookings WHERE id = :'noe_booking_id';
