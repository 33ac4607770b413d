-- Capacity (X3, X13, X1): of a resource with N units never more than N are taken
-- at any instant, whatever the intervals; changing the capacity is safe too.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (id, code, name, capacity) VALUES
	('00000000-0000-0000-0000-00000000000a', 'pool', 'Pool', 4);
INSERT INTO booking.services (name, duration) VALUES ('Swim', '1 hour');
SELECT booking.service_id('swim') AS swim \gset

---- units ----

SELECT booking_id AS a FROM booking.hold(:'swim', '2027-03-01 10:00Z', '2027-03-01 12:00Z', units => 2) \gset
SELECT booking_id AS b FROM booking.hold(:'swim', '2027-03-01 11:00Z', '2027-03-01 13:00Z', units => 2) \gset
-- full from 11 to 12 only; what is before and after is not added up
SELECT booking.hold(:'swim', '2027-03-01 11:59Z', '2027-03-01 12:01Z');
\echo :SQLSTATE
SELECT version FROM booking.hold(:'swim', '2027-03-01 10:00Z', '2027-03-01 11:00Z', units => 2);
SELECT version FROM booking.hold(:'swim', '2027-03-01 12:00Z', '2027-03-01 14:00Z', units => 2);
SELECT booking.hold(:'swim', '2027-03-01 09:00Z', '2027-03-01 15:00Z');
SELECT version FROM booking.hold(:'swim', '2027-03-01 13:00Z', '2027-03-01 15:00Z', units => 2);
SELECT booking.hold(:'swim', '2027-03-01 16:00Z', units => 5);
\echo :SQLSTATE
SELECT booking.hold(:'swim', '2027-03-01 16:00Z', units => 0);
\echo :SQLSTATE
SELECT booking.hold(:'swim', '2027-03-01 16:00Z', units => -1);
INSERT INTO booking.bookings (service_id, starts_at, units) VALUES (:'swim', '2027-03-01 16:00Z', 2147483647);
\echo :SQLSTATE

---- giving units back, and taking more ----

UPDATE booking.bookings SET units = 1 WHERE id = :'a';
SELECT version FROM booking.hold(:'swim', '2027-03-01 11:00Z', '2027-03-01 12:00Z');
UPDATE booking.bookings SET units = 2 WHERE id = :'a';
\echo :SQLSTATE
SELECT b.units, a.units AS allocated FROM booking.bookings AS b JOIN booking.allocations AS a ON a.booking_id = b.id
 WHERE b.id = :'a';
-- a booking does not stand in its own way
UPDATE booking.bookings SET starts_at = '2027-03-01 10:30Z' WHERE id = :'a' RETURNING ends_at - starts_at AS length;

---- one UPDATE moves many along, though the pool is full at every step ----

INSERT INTO booking.bookings (service_id, starts_at, units, title)
	SELECT :'swim', '2027-03-02 08:00Z'::timestamptz + n * interval '1 hour', 4, 'lane' FROM generate_series(0, 3) AS n;
UPDATE booking.bookings SET starts_at = starts_at + interval '30 minutes',
	ends_at = ends_at + interval '30 minutes' WHERE title = 'lane';
UPDATE booking.bookings SET starts_at = starts_at - interval '1 hour', ends_at = ends_at - interval '1 hour'
	WHERE title = 'lane';
SELECT b.starts_at, lower(a.during) = b.starts_at AS agrees FROM booking.bookings AS b
	JOIN booking.allocations AS a ON a.booking_id = b.id WHERE title = 'lane' ORDER BY 1;

---- any pattern of intervals: compared with counting at every start ----

SELECT setseed(0.5) \gset _
INSERT INTO booking.resources (code, name, capacity) VALUES ('lawn', 'Lawn', 7);
DO $$
DECLARE
	took int := 0;
	refused int := 0;
	wrong int := 0;
	begins timestamptz;
	ends timestamptz;
	wanted int;
	peak int;
	fits boolean;
BEGIN
	FOR i IN 1 .. 400 LOOP
		begins := timestamptz '2027-04-01 00:00Z' + floor(random() * 96) * interval '15 minutes';
		ends := begins + (1 + floor(random() * 16)) * interval '15 minutes';
		wanted := 1 + floor(random() * 3);
		SELECT coalesce(max((SELECT sum(o.units) FROM booking.bookings AS o
							  WHERE o.starts_at <= p.t AND p.t < o.ends_at AND o.starts_at >= '2027-04-01')), 0)
		  INTO peak
		  FROM (SELECT begins AS t UNION SELECT starts_at FROM booking.bookings
				 WHERE starts_at >= begins AND starts_at < ends) AS p;
		BEGIN
			PERFORM booking.hold(booking.service_id('swim'), begins, ends, ARRAY[booking.resource_id('lawn')], wanted,
			ttl => '1 day');
			fits := true;
			took := took + 1;
		EXCEPTION WHEN exclusion_violation THEN
			fits := false;
			refused := refused + 1;
		END;
		wrong := wrong + (fits <> (peak + wanted <= 7))::int;
	END LOOP;
	RAISE NOTICE 'both happened: %, wrong: %', took > 50 AND refused > 50, wrong;
END $$;

---- changing the capacity (X13) ----

-- to 1 while bookings overlap: they stay, overbooked, and nothing is added to them
SELECT booking.resource_id('pool') AS pool \gset
UPDATE booking.resources SET capacity = 1 WHERE code = 'pool';
SELECT a.exclusive, count(*), bool_or(EXISTS (
	SELECT FROM booking.allocations AS o WHERE o.resource_id = a.resource_id
	   AND o.booking_id <> a.booking_id AND o.during && a.during)) AS overlap
  FROM booking.allocations AS a WHERE a.resource_id = :'pool' GROUP BY 1 ORDER BY 1;
SELECT min(lower(during)) AS overbooked FROM booking.allocations WHERE resource_id = :'pool' AND NOT exclusive \gset
\set VERBOSITY sqlstate
SELECT booking.hold(:'swim', :'overbooked', resources => ARRAY[:'pool'::uuid]);
\set VERBOSITY default
UPDATE booking.resources SET capacity = 4 WHERE code = 'pool';
SELECT exclusive, count(*) FROM booking.allocations WHERE resource_id = :'pool' GROUP BY 1;
-- without: the constraint takes over
INSERT INTO booking.resources (id, code, name, capacity) VALUES
	('00000000-0000-0000-0000-00000000000b', 'sauna', 'Sauna', 3);
SELECT booking_id AS s FROM booking.hold(:'swim', '2027-03-05 10:00Z',
	resources => ARRAY[booking.resource_id('sauna')]) \gset
SELECT version FROM booking.hold(:'swim', '2027-03-05 11:00Z', resources => ARRAY[booking.resource_id('sauna')]);
UPDATE booking.resources SET capacity = 1 WHERE code = 'sauna';
SELECT DISTINCT exclusive FROM booking.allocations WHERE resource_id = booking.resource_id('sauna');
\set VERBOSITY sqlstate
SELECT booking.hold(:'swim', '2027-03-05 10:30Z', resources => ARRAY[booking.resource_id('sauna')]);
\set VERBOSITY default
SELECT booking.hold(:'swim', '2027-03-05 13:00Z', resources => ARRAY[booking.resource_id('sauna')], units => 2);
\echo :SQLSTATE
-- and back to more
UPDATE booking.resources SET capacity = 2 WHERE code = 'sauna';
SELECT version FROM booking.hold(:'swim', '2027-03-05 10:30Z', resources => ARRAY[booking.resource_id('sauna')]);
SELECT booking.hold(:'swim', '2027-03-05 10:45Z', resources => ARRAY[booking.resource_id('sauna')]);
SELECT exclusive, count(*) FROM booking.allocations WHERE resource_id = booking.resource_id('sauna') GROUP BY 1;
-- lowered below use: kept (X12), but nothing is added
UPDATE booking.resources SET capacity = 2 WHERE code = 'pool';
\set VERBOSITY sqlstate
SELECT booking.hold(:'swim', '2027-03-01 11:00Z', resources => ARRAY[booking.resource_id('pool')]);
\set VERBOSITY default
UPDATE booking.resources SET capacity = 0 WHERE code = 'pool';
\echo :SQLSTATE

---- expired holds count as absent, here as well ----

SET booking.now = '2027-03-01 09:05Z';
SELECT version FROM booking.hold(:'swim', '2027-03-01 10:00Z', '2027-03-01 14:00Z',
	ARRAY[booking.resource_id('pool')], 2);
SELECT status, reason_code FROM booking.bookings WHERE id IN (:'a', :'b');

---- C12, X12: what only gives back is not asked whether it would be let in ----

RESET booking.now;
SET booking.now = '2027-06-01 09:00Z';
INSERT INTO booking.resources (id, code, name, capacity) VALUES ('00000000-0000-0000-0000-0000000000fa', 'bus', 'Bus', 10);
INSERT INTO booking.services (code, name, duration) VALUES ('ride', 'Ride', '1 hour');
SELECT booking_id AS six FROM booking.hold(booking.service_id('ride'), '2027-06-02 10:00Z', units => 6,
	resources => ARRAY[booking.resource_id('bus')]) \gset
SELECT booking_id AS four FROM booking.hold(booking.service_id('ride'), '2027-06-02 10:00Z', units => 4,
	resources => ARRAY[booking.resource_id('bus')]) \gset
UPDATE booking.resources SET capacity = 5 WHERE code = 'bus';
UPDATE booking.services SET active = false WHERE code = 'ride';
INSERT INTO booking.closures (resource_id, starts_at, ends_at) VALUES (booking.resource_id('bus'), '2027-06-02', '2027-06-03');
UPDATE booking.bookings SET units = 5 WHERE id = :'six' RETURNING units;
UPDATE booking.bookings SET ends_at = ends_at - interval '10 minutes' WHERE id = :'six' RETURNING ends_at;
SELECT units, during FROM booking.allocations WHERE booking_id = :'six';
-- more, or at another time, is
UPDATE booking.bookings SET units = 6 WHERE id = :'six';
\echo :SQLSTATE
UPDATE booking.bookings SET starts_at = starts_at - interval '10 minutes' WHERE id = :'six';
\echo :SQLSTATE
