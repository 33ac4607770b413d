-- Overbooking (X13): units above the capacity of a shared resource by a
-- setting, any resource by staff's word; what is overbooked counts.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (id, kind, code, name, capacity) VALUES
	('00000000-0000-0000-0000-00000000000f', 'seat', 'flight', 'Flight', 3),
	('00000000-0000-0000-0000-00000000000d', 'doctor', 'jones', 'Dr Jones', 1);
INSERT INTO booking.services (name, duration) VALUES ('Seat', '1 hour'), ('Consultation', '1 hour');
INSERT INTO booking.service_requirements (service_id, kind) VALUES
	(booking.service_id('seat'), 'seat'), (booking.service_id('consultation'), 'doctor');
SELECT booking.service_id('seat') AS seat, booking.service_id('consultation') AS consultation \gset

CREATE FUNCTION try(command text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE command;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;
CREATE FUNCTION take(service text, at text, units integer DEFAULT 1, overrides text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT try(format('INSERT INTO booking.bookings (service_id, starts_at, units, overrides) VALUES (%L, %L, %s, %L)',
		booking.service_id(service), at, units, overrides)) $$;
CREATE FUNCTION cancel_at(at timestamptz, which integer DEFAULT 1) RETURNS bigint LANGUAGE sql AS $$
	WITH gone AS (UPDATE booking.bookings SET status = 'cancelled', reason_code = 'customer_request'
		WHERE id = (SELECT id FROM booking.bookings WHERE starts_at = at AND status <> 'cancelled'
			ORDER BY created_at, id OFFSET which - 1 LIMIT 1) RETURNING 1) SELECT count(*) FROM gone $$;

---- a setting: so many units more ----

SELECT take('seat', '2027-03-08 10:00Z', 3), take('seat', '2027-03-08 10:00Z');
UPDATE booking.services SET settings = '{"overbook": 2}' WHERE code = 'seat';
SELECT take('seat', '2027-03-08 10:00Z'), take('seat', '2027-03-08 10:30Z', 2), take('seat', '2027-03-08 10:30Z'), take('seat', '2027-03-08 10:59Z');
SELECT take('seat', '2027-03-08 12:00Z', 6), take('seat', '2027-03-08 12:00Z', 5);
-- what was overbooked is in the audit row
SELECT b.starts_at, b.units, a.overrides FROM booking.audit_log AS a JOIN booking.bookings AS b ON b.id = a.booking_id
 WHERE a.action <> 'cancel' ORDER BY 1, 2;
-- without the setting nothing is added to what is there
UPDATE booking.services SET settings = '{}' WHERE code = 'seat';
SELECT take('seat', '2027-03-08 12:00Z'), take('seat', '2027-03-08 11:00Z'), take('seat', '2027-03-08 11:30Z', 3);
-- a resource of capacity 1 isn't overbooked by a setting
UPDATE booking.services SET settings = '{"overbook": 2}';
SELECT take('consultation', '2027-03-08 10:00Z'), take('consultation', '2027-03-08 10:00Z');
UPDATE booking.services SET settings = '{}';

---- staff's word: any number ----

SELECT take('seat', '2027-03-09 10:00Z', 3), take('seat', '2027-03-09 10:00Z', 7), take('seat', '2027-03-09 10:00Z', 7, '{overbook}'),
	take('seat', '2027-03-09 10:00Z', 1), take('seat', '2027-03-09 10:00Z', 1, '{closed}');

---- two patients at a time ----

SELECT take('consultation', '2027-03-10 10:00Z'), take('consultation', '2027-03-10 10:30Z'),
	take('consultation', '2027-03-10 10:30Z', 1, '{overbook}'), take('consultation', '2027-03-10 10:30Z');
SELECT a.exclusive, a.during FROM booking.allocations AS a WHERE a.during && '[2027-03-10, 2027-03-11)' ORDER BY 2;
SELECT overrides FROM booking.audit_log WHERE overrides IS NOT NULL ORDER BY booking_id;
-- where nothing is in the way the word changes nothing
SELECT take('consultation', '2027-03-10 14:00Z', 1, '{overbook}');
SELECT a.exclusive FROM booking.allocations AS a WHERE a.during && '[2027-03-10 14:00Z, 2027-03-10 15:00Z)';
-- the overbooked one counts when the other has gone
SELECT cancel_at('2027-03-10 10:00Z');
SELECT take('consultation', '2027-03-10 10:00Z'), take('consultation', '2027-03-10 09:30Z'), take('consultation', '2027-03-10 09:00Z'),
	take('consultation', '2027-03-10 11:00Z'), take('consultation', '2027-03-10 11:30Z');
-- and names what is in the way
\set VERBOSITY default
INSERT INTO booking.bookings (service_id, starts_at) VALUES (:'consultation', '2027-03-10 10:00Z');
\set VERBOSITY terse
-- three at a time; then one after the other goes
SELECT take('consultation', '2027-03-11 10:00Z'), take('consultation', '2027-03-11 10:00Z', 1, '{overbook}'),
	take('consultation', '2027-03-11 10:00Z', 1, '{overbook}');
SELECT cancel_at('2027-03-11 10:00Z'), take('consultation', '2027-03-11 10:00Z');
SELECT cancel_at('2027-03-11 10:00Z'), take('consultation', '2027-03-11 10:00Z');
SELECT cancel_at('2027-03-11 10:00Z'), take('consultation', '2027-03-11 10:00Z'), take('consultation', '2027-03-11 10:00Z');
-- a client has no such word
BEGIN;
SELECT booking.set_context(actor => 'eve', actor_kind => 'customer') \gset _
SELECT take('consultation', '2027-03-12 10:00Z'), take('consultation', '2027-03-12 10:00Z', 1, '{overbook}');
ROLLBACK;

---- within one statement and one transaction ----

INSERT INTO booking.bookings (service_id, starts_at, overrides) VALUES
	(:'consultation', '2027-03-12 10:00Z', NULL), (:'consultation', '2027-03-12 10:30Z', '{overbook}') RETURNING status;
INSERT INTO booking.bookings (service_id, starts_at, overrides) VALUES
	(:'consultation', '2027-03-12 11:00Z', NULL);
\echo :SQLSTATE
-- the second row moves away from under the first, the third comes where it was
INSERT INTO booking.bookings (id, service_id, starts_at) VALUES
	('00000000-0000-0000-0000-0000000000a1', :'consultation', '2027-03-13 10:00Z'),
	('00000000-0000-0000-0000-0000000000a2', :'consultation', '2027-03-13 14:00Z');
BEGIN;
INSERT INTO booking.bookings (service_id, starts_at, overrides) VALUES
	(:'consultation', '2027-03-13 10:30Z', '{overbook}') RETURNING status;
UPDATE booking.bookings SET starts_at = '2027-03-13 18:00Z', ends_at = '2027-03-13 19:00Z' WHERE id = '00000000-0000-0000-0000-0000000000a1';
UPDATE booking.bookings SET starts_at = '2027-03-13 10:00Z', ends_at = '2027-03-13 11:00Z' WHERE id = '00000000-0000-0000-0000-0000000000a2';
ROLLBACK;

---- expiry, completion, moving, capacity ----

-- an expired overbooked hold is in nobody's way
SELECT take('consultation', '2027-03-14 10:00Z'), take('consultation', '2027-03-14 10:00Z', 1, '{overbook}');
SET booking.now = '2027-03-01 09:06Z';
SELECT take('consultation', '2027-03-14 10:00Z'), take('consultation', '2027-03-14 10:00Z');
-- both are completed; the clean-up of both goes on at the same time
UPDATE booking.services SET buffer_after = '30 minutes' WHERE code = 'consultation';
SELECT booking_id AS x FROM booking.book(:'consultation', '2027-03-15 10:00Z', '{"name": "Ann"}') \gset
INSERT INTO booking.bookings (service_id, starts_at, status, contact, overrides) VALUES
	(:'consultation', '2027-03-15 10:10Z', 'confirmed', '{"name": "Bob"}', '{overbook}') RETURNING id AS y \gset
SET booking.now = '2027-03-15 10:20Z';
SELECT status FROM booking.check_in(:'x'); SELECT status FROM booking.check_in(:'y');
SELECT status FROM booking.complete(:'y'); SELECT status FROM booking.complete(:'x');
SELECT exclusive, during FROM booking.allocations WHERE booking_id IN (:'x', :'y') ORDER BY 1;
SET booking.now = '2027-03-15 10:30Z';
SELECT take('consultation', '2027-03-15 10:40Z'), take('consultation', '2027-03-15 10:55Z');
SET booking.now = '2027-03-01 09:06Z';
UPDATE booking.services SET buffer_after = '0' WHERE code = 'consultation';
-- an overbooked one keeps its place, but moves only to where there is room
SELECT take('consultation', '2027-03-16 10:00Z'), take('consultation', '2027-03-16 12:00Z'), take('consultation', '2027-03-16 10:00Z', 1, '{overbook}');
SELECT id AS z FROM booking.bookings WHERE starts_at = '2027-03-16 10:00Z' AND overrides IS NOT NULL \gset
SELECT booking_id = :'z' AS refreshed FROM booking.refresh_hold(:'z');
UPDATE booking.bookings SET starts_at = '2027-03-16 10:30Z', ends_at = '2027-03-16 11:30Z' WHERE id = :'z';
\echo :SQLSTATE
UPDATE booking.bookings SET starts_at = '2027-03-16 11:00Z', ends_at = '2027-03-16 12:00Z' WHERE id = :'z' RETURNING status;
SELECT exclusive FROM booking.allocations WHERE booking_id = :'z';
-- to a capacity of 2, where they fit, and back to 1, where they are overbooked
SELECT take('consultation', '2027-03-17 10:00Z'), take('consultation', '2027-03-17 10:30Z', 1, '{overbook}'), take('consultation', '2027-03-17 15:00Z');
UPDATE booking.resources SET capacity = 2 WHERE code = 'jones';
SELECT exclusive, count(*) FROM booking.allocations WHERE during && '[2027-03-17, 2027-03-18)' GROUP BY 1;
UPDATE booking.resources SET capacity = 1 WHERE code = 'jones';
SELECT exclusive, during FROM booking.allocations WHERE during && '[2027-03-17, 2027-03-18)' ORDER BY 2;
SELECT cancel_at('2027-03-17 10:00Z'), take('consultation', '2027-03-17 10:45Z'), take('consultation', '2027-03-17 09:30Z');
