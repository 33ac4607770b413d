-- How long bookings may be (K11): one length, a range in steps, or nights.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';

UPDATE booking.branches SET time_zone = 'Europe/Berlin';
INSERT INTO booking.resources (code, name, capacity) VALUES ('hall', 'Hall', 100000);
INSERT INTO booking.services (code, name, duration, min_duration, max_duration, duration_step, price, price_unit) VALUES
	('one', 'One length', '1 hour', NULL, NULL, NULL, 10, 'fixed'),
	('range', 'Range', '1 hour', '30 minutes', '2 hours', NULL, 10, 'per_hour'),
	('steps', 'Steps', '1 hour', '30 minutes', '2 hours', '15 minutes', 10, 'per_hour'),
	('odd', 'Odd', '50 minutes', NULL, '3 hours', '40 minutes', 10, 'fixed');
INSERT INTO booking.services (code, name, nights, price, price_unit) VALUES ('room', 'Room', true, 80, 'per_night');
INSERT INTO booking.services (code, name, nights, min_nights, max_nights, night_starts, night_ends)
	VALUES ('noon', 'Noon to noon', true, 2, 4, '12:00', '12:00');
SELECT code, duration FROM booking.services WHERE nights ORDER BY code;
SELECT booking.service_id('one') AS one, booking.service_id('steps') AS steps, booking.service_id('room') AS room,
	   booking.service_id('noon') AS noon \gset

---- what a client may book, by every way to say it ----

SELECT booking.set_context(actor => 'ann', actor_kind => 'customer', session => true) \gset _
CREATE FUNCTION try(service text, duration interval) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	at timestamptz := '2027-03-02 10:00Z';
	answers text[];
BEGIN
	BEGIN
		PERFORM booking.hold(booking.service_id(service), at, duration => try.duration);
		answers := answers || 'yes'::text;
	EXCEPTION WHEN invalid_parameter_value THEN answers := answers || 'no'::text;
	END;
	BEGIN
		PERFORM booking.hold(booking.service_id(service), at, ends_at => at + try.duration);
		answers := answers || 'yes'::text;
	EXCEPTION WHEN invalid_parameter_value THEN answers := answers || 'no'::text;
	END;
	BEGIN
		PERFORM booking.book(booking.service_id(service), at, '{"name": "Ann"}', duration => try.duration);
		answers := answers || 'yes'::text;
	EXCEPTION WHEN invalid_parameter_value THEN answers := answers || 'no'::text;
	END;
	BEGIN
		INSERT INTO booking.bookings (service_id, starts_at, ends_at)
			VALUES (booking.service_id(service), at, at + try.duration);
		answers := answers || 'yes'::text;
	EXCEPTION WHEN invalid_parameter_value THEN answers := answers || 'no'::text;
	END;
	RETURN array_to_string(ARRAY(SELECT DISTINCT a FROM unnest(answers) AS a), ' and ');
END $$;
SELECT duration, try('one', duration) AS one, try('range', duration) AS range, try('steps', duration) AS steps,
	   try('odd', duration) AS odd
  FROM unnest('{00:29:59.999999, 00:30, 00:37, 00:45, 00:50, 01:00, 01:00:00.000001, 01:30, 01:45, 02:00,
	02:00:00.000001, 02:10, 02:50, 03:00, 24:00}'::interval[]) AS duration;
SELECT booking.hold(:'one', '2027-03-02 10:00Z', duration => '45 minutes');
\echo :SQLSTATE
SELECT booking.hold(:'steps', '2027-03-02 10:00Z', duration => '35 minutes');
SELECT booking.hold(booking.service_id('range'), '2027-03-02 10:00Z', duration => '3 hours');
-- left out: the service's duration
SELECT code, h.ends_at - h.starts_at AS length FROM booking.services, booking.hold(id, '2027-03-02 10:00Z') AS h
 WHERE NOT nights ORDER BY code;

---- staff may book any length ----

SELECT booking.set_context(session => true) \gset _
SELECT duration, try('one', duration) AS one, try('steps', duration) AS steps
  FROM unnest('{00:00:00.000001, 00:35, 72:00}'::interval[]) AS duration;

---- elapsed time, also while clocks are changed ----

SELECT starts_at, ends_at FROM booking.hold(:'steps', local_start => '2027-03-28 01:30', duration => '90 minutes');
SELECT starts_at, ends_at FROM booking.hold(:'steps', local_start => '2027-10-31 02:30', duration => '2 hours');

---- a change of length: of what is changed only ----

SELECT booking.set_context(actor => 'ann', actor_kind => 'customer', session => true) \gset _
SELECT booking_id AS a, ends_at FROM booking.hold(:'steps', '2027-03-03 10:00Z') \gset
SELECT booking_id AS b FROM booking.hold(:'one', '2027-03-03 10:00Z') \gset
SELECT version FROM booking.reschedule(:'a', duration => '90 minutes');
SELECT starts_at, ends_at, price FROM booking.bookings WHERE id = :'a';
SELECT version FROM booking.reschedule(:'a', '2027-03-03 12:00Z', duration => '2 hours');
SELECT version FROM booking.reschedule(:'a', '2027-03-03 13:00Z');
SELECT starts_at, ends_at, price FROM booking.bookings WHERE id = :'a';
SELECT version FROM booking.reschedule(:'a', duration => '100 minutes');
UPDATE booking.bookings SET ends_at = ends_at + interval '1 minute' WHERE id = :'a';
SELECT version FROM booking.reschedule(:'b', ends_at => '2027-03-03 12:00Z', starts_at => '2027-03-03 10:00Z');
-- the service came to be shorter: what was booked can still be moved, as it is
SELECT booking.set_context(session => true) \gset _
UPDATE booking.services SET duration = '30 minutes' WHERE id = :'one';
SELECT booking.set_context(actor => 'ann', actor_kind => 'customer', session => true) \gset _
SELECT version FROM booking.reschedule(:'b', '2027-03-03 11:00Z');
SELECT version FROM booking.reschedule(:'b', duration => '59 minutes');
SELECT version FROM booking.reschedule(:'b', duration => '30 minutes');
-- another service asks for a length of its own
UPDATE booking.bookings SET service_id = booking.service_id('odd') WHERE id = :'b';
UPDATE booking.bookings SET service_id = :'steps' WHERE id = :'b' RETURNING ends_at - starts_at AS length, price;

---- nights: from time of day to time of day, whatever elapses in between ----

CREATE FUNCTION price_of(booking uuid) RETURNS numeric LANGUAGE sql VOLATILE AS
	'SELECT price FROM booking.bookings WHERE id = booking';
SELECT nights, at, h.starts_at AT TIME ZONE 'Europe/Berlin' AS starts, h.ends_at AT TIME ZONE 'Europe/Berlin' AS ends,
	   h.ends_at - h.starts_at AS elapsed, price_of(h.booking_id) AS price
  FROM (VALUES (NULL::int, timestamp '2027-03-05 00:00'), (1, '2027-03-05 09:00'), (3, '2027-03-05 23:59'),
		(1, '2027-03-27 15:00'), (1, '2027-10-30 15:00'), (7, '2027-03-25 12:00'), (365, '2027-12-31 20:00')) AS x (nights, at),
	   LATERAL booking.hold(:'room', local_start => at, nights => x.nights) AS h;
SELECT h.ends_at - h.starts_at AS elapsed FROM unnest('{2027-03-10, 2027-03-27, 2027-10-30}'::timestamp[]) AS day,
	   LATERAL booking.hold(:'noon', local_start => day, nights => 2) AS h;
-- left out: as few as there may be; by plain SQL the same, and local_start says the truth
SELECT ends_at - starts_at AS elapsed FROM booking.hold(:'noon', local_start => '2027-03-10 00:00');
INSERT INTO booking.bookings (service_id, local_start) VALUES (:'room', '2027-03-10 08:00'), (:'room', '2027-03-10 22:00')
	RETURNING local_start, ends_at - starts_at AS elapsed;
-- an instant means the day it is there: 23:30Z is the next one in Berlin
INSERT INTO booking.bookings (service_id, starts_at) VALUES (:'room', '2027-03-10 23:30Z') RETURNING local_start;
SELECT nights, (SELECT count(*) FROM booking.hold(:'room', '2027-03-10 10:00Z', nights => nights)) AS holds
  FROM unnest('{1, 2}'::int[]) AS nights;
-- ends_at may say it too, if it is a way the service is sold
SELECT booking_id IS NOT NULL AS held FROM booking.hold(:'room', local_start => '2027-03-27 15:00',
	ends_at => booking.at_local('2027-03-29 11:00', 'Europe/Berlin'));
SELECT booking.hold(:'room', local_start => '2027-03-27 15:00', ends_at => booking.at_local('2027-03-29 12:00', 'Europe/Berlin'));
\echo :SQLSTATE
SELECT booking.hold(:'room', local_start => '2027-03-27 14:00', ends_at => booking.at_local('2027-03-29 11:00', 'Europe/Berlin'));
SELECT booking.hold(:'noon', local_start => '2027-03-10 00:00', nights => 1);
SELECT booking.hold(:'noon', local_start => '2027-03-10 00:00', nights => 5);
SELECT booking.hold(:'noon', local_start => '2027-03-10 00:00', nights => 0);
SELECT booking.hold(:'noon', local_start => '2027-03-10 00:00', nights => -1);
SELECT booking.hold(:'room', local_start => '2027-03-10 00:00', nights => 2147483647);
SELECT booking.hold(:'noon', local_start => '2027-03-10 00:00', duration => '2 days');
SELECT booking.hold(:'steps', '2027-03-10 10:00Z', nights => 1);
-- moved: as many nights; more of them; over the change of clocks
SELECT booking_id AS n FROM booking.hold(:'room', local_start => '2027-03-20 00:00', nights => 2) \gset
SELECT version FROM booking.reschedule(:'n', local_start => '2027-03-27 00:00');
SELECT local_start, ends_at - starts_at AS elapsed, price FROM booking.bookings WHERE id = :'n';
SELECT version FROM booking.reschedule(:'n', nights => 3);
SELECT local_start, ends_at - starts_at AS elapsed, price FROM booking.bookings WHERE id = :'n';
UPDATE booking.bookings SET local_start = '2027-10-30 20:00' WHERE id = :'n'
	RETURNING local_start, ends_at - starts_at AS elapsed, price;
SELECT version FROM booking.reschedule(:'n', nights => 3, duration => '3 days');
UPDATE booking.bookings SET ends_at = ends_at + interval '3 hours' WHERE id = :'n';
-- staff: an early arrival and a late departure, and moved it is what it is sold as again
SELECT booking.set_context(session => true) \gset _
UPDATE booking.bookings SET starts_at = starts_at - interval '5 hours', ends_at = ends_at + interval '3 hours' WHERE id = :'n'
	RETURNING local_start, ends_at - starts_at AS elapsed, price;
SELECT version FROM booking.reschedule(:'n', local_start => '2027-11-10 00:00');
SELECT local_start, ends_at - starts_at AS elapsed, price FROM booking.bookings WHERE id = :'n';
-- no such time of day: the first instant after the gap; a day that is left out is no night
UPDATE booking.branches SET time_zone = 'Pacific/Apia';
UPDATE booking.services SET night_starts = '02:30', night_ends = '02:30' WHERE id = :'room';
SET booking.now = '2011-12-20 09:00Z';
SELECT booking.set_context(actor => 'ann', actor_kind => 'customer', session => true) \gset _
SELECT nights, h.starts_at AT TIME ZONE 'Pacific/Apia' AS starts, h.ends_at AT TIME ZONE 'Pacific/Apia' AS ends,
	   h.ends_at - h.starts_at AS elapsed, price_of(h.booking_id) AS price
  FROM generate_series(1, 4) AS nights, booking.hold(:'room', local_start => '2011-12-28 12:00', nights => nights) AS h;
SELECT booking.set_context(session => true) \gset _
SET booking.now = '2027-03-01 09:00Z';
UPDATE booking.branches SET time_zone = 'Europe/Berlin';
SELECT starts_at, ends_at FROM booking.hold(:'room', local_start => '2027-03-27 12:00', nights => 1);

---- hostile ends ----

\set VERBOSITY terse
SELECT booking.hold(:'steps', '2027-03-10 10:00Z', duration => '0');
SELECT booking.hold(:'steps', '2027-03-10 10:00Z', duration => '-1 hour');
SELECT booking.hold(:'steps', '2027-03-10 10:00Z', duration => '1 month');
SELECT booking.hold(:'steps', '2027-03-10 10:00Z', duration => '200000000 days');
SELECT booking.hold(:'steps', 'infinity', duration => '1 hour');
SELECT booking.hold(:'steps', 'infinity');
SELECT booking.hold(:'room', '-infinity', nights => 1);
SELECT booking.hold(:'room', '294276-12-31', nights => 1);
SELECT booking.hold(:'steps', '2027-03-10 10:00Z', '2027-03-10 11:00Z', duration => '1 hour');
SELECT booking.hold(:'room', '2027-03-10 10:00Z', '2027-03-11 11:00Z', nights => 1);
SELECT booking.hold(NULL, '2027-03-10 10:00Z', duration => '1 hour');
SELECT booking.hold('00000000-0000-0000-0000-000000000000', '2027-03-10 10:00Z', duration => '1 hour');
SELECT booking.reschedule(:'n');
SELECT booking.reschedule(:'n', 'infinity');
SELECT booking.reschedule(:'a', 'infinity', duration => '1 hour');
SELECT booking.reschedule(:'a', '294276-12-31 23:30Z');

---- what a service can't say ----

UPDATE booking.services SET min_duration = '61 minutes' WHERE id = :'steps';
UPDATE booking.services SET max_duration = '59 minutes' WHERE id = :'steps';
UPDATE booking.services SET duration_step = '20 minutes' WHERE id = :'steps';
UPDATE booking.services SET duration_step = '0' WHERE id = :'steps';
UPDATE booking.services SET min_duration = '-1 minute' WHERE id = :'steps';
UPDATE booking.services SET max_duration = '1 month' WHERE id = :'steps';
UPDATE booking.services SET nights = true WHERE id = :'steps';
UPDATE booking.services SET nights = NULL WHERE id = :'steps';
UPDATE booking.services SET night_starts = '24:00' WHERE id = :'room';
UPDATE booking.services SET min_nights = 0 WHERE id = :'room';
UPDATE booking.services SET max_nights = 1 WHERE id = :'noon';
UPDATE booking.services SET max_nights = NULL WHERE id = :'noon';
INSERT INTO booking.services (name) VALUES ('No length');
