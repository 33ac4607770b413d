-- Buffers (X6, L3): resources are occupied longer than the visible slot; buffers
-- per service and kind, of both bookings, enforced when writing.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (kind, code, name) VALUES ('therapist', 'alice', 'Alice'), ('room', 'room', 'Room');
INSERT INTO booking.services (name, duration, buffer_before, buffer_after) VALUES
	('Massage', '1 hour', '5 minutes', '10 minutes'), ('Talk', '30 minutes', '0', '0');
INSERT INTO booking.service_requirements (service_id, kind, buffer_before, buffer_after) VALUES
	(booking.service_id('massage'), 'therapist', NULL, '0'),	-- before: the service's
	(booking.service_id('massage'), 'room', '0', '30 minutes'),
	(booking.service_id('talk'), 'therapist', NULL, NULL);
SELECT booking.service_id('massage') AS massage, booking.service_id('talk') AS talk,
	   ARRAY[booking.resource_id('alice')] AS alice, ARRAY[booking.resource_id('room')] AS room \gset
CREATE VIEW occupied AS
	SELECT r.code, a.during, a.expires_at, a.booking_id FROM booking.allocations AS a
	  JOIN booking.resources AS r ON r.id = a.resource_id;

---- the slot is what the customer sees, occupied is more ----

SELECT booking_id AS m, starts_at, ends_at FROM booking.hold(:'massage', '2027-03-01 10:00Z', ttl => '1 day') \gset
SELECT :'starts_at' AS starts_at, :'ends_at' AS ends_at;
SELECT code, during FROM occupied ORDER BY code;
-- the therapist is free at once, her preparation counts
SELECT version FROM booking.hold(:'talk', '2027-03-01 11:00Z');
\set VERBOSITY terse
SELECT booking.hold(:'talk', '2027-03-01 09:30Z');
SELECT version FROM booking.hold(:'talk', '2027-03-01 09:25Z');
\echo :SQLSTATE
-- a room named for it is not free before 11:30
INSERT INTO booking.service_requirements (service_id, kind) VALUES (:'talk', 'room');
INSERT INTO booking.resources (kind, code, name) VALUES ('therapist', 'bob', 'Bob');
SELECT booking.hold(:'talk', '2027-03-01 11:29Z');
SELECT version FROM booking.hold(:'talk', '2027-03-01 11:30Z');

---- both bookings' buffers stack: 30 after, and 15 before the next ----

UPDATE booking.service_requirements SET buffer_before = '15 minutes' WHERE service_id = :'talk' AND kind = 'room';
SELECT version FROM booking.hold(:'massage', '2027-03-02 10:00Z');
SELECT booking.hold(:'talk', '2027-03-02 11:30Z');
SELECT booking.hold(:'talk', '2027-03-02 11:44Z');
SELECT version FROM booking.hold(:'talk', '2027-03-02 11:45Z');
SELECT code, during FROM occupied WHERE lower(during) > '2027-03-02' ORDER BY code, during;

---- the same for every client ----

INSERT INTO booking.bookings (service_id, starts_at) VALUES (:'talk', '2027-03-02 11:15Z');
\echo :SQLSTATE
UPDATE booking.bookings SET starts_at = starts_at + '1 day 1 minute', ends_at = ends_at + '1 day 1 minute'
 WHERE id = :'m' RETURNING starts_at;
-- a buffer into the next day is in the way there
SELECT version FROM booking.hold(:'massage', '2027-03-03 22:50Z');
SELECT booking.hold(:'talk', '2027-03-04 00:30Z');
SELECT booking.hold(:'massage', '2027-03-04 00:19Z');

---- a buffer changed later is for later bookings ----

UPDATE booking.service_requirements SET buffer_after = '2 hours' WHERE service_id = :'massage' AND kind = 'room';
SELECT DISTINCT upper(during) - lower(during) AS room_stays FROM occupied WHERE code = 'room' AND booking_id = :'m';
SELECT version FROM booking.hold(:'massage', '2027-03-05 10:00Z');
SELECT during FROM occupied WHERE code = 'room' AND lower(during) > '2027-03-05';
-- what is moved takes the new ones along
SELECT version FROM booking.reschedule(:'m', '2027-03-06 10:00Z');
SELECT code, during FROM occupied WHERE booking_id = :'m' ORDER BY code;

---- completed early: the rest is given back, the clean-up begins now (L3) ----

SELECT booking_id AS c FROM booking.book(:'massage', '2027-03-07 10:00Z', '{"name": "Ann"}') \gset
SET booking.now = '2027-03-07 10:20Z';
SELECT status FROM booking.check_in(:'c');
SELECT status FROM booking.complete(:'c');
SELECT code, during, expires_at FROM occupied WHERE booking_id = :'c' ORDER BY code;
SELECT booking.hold(:'massage', '2027-03-07 12:19Z');
SELECT version FROM booking.hold(:'massage', '2027-03-07 12:20Z');
-- late: the clean-up still ends where it would have
UPDATE booking.service_requirements SET buffer_after = '30 minutes' WHERE service_id = :'massage' AND kind = 'room';
SELECT booking_id AS c FROM booking.book(:'massage', '2027-03-08 10:00Z', '{"name": "Ann"}') \gset
SET booking.now = '2027-03-08 11:10Z';
SELECT status FROM booking.check_in(:'c');
SELECT status FROM booking.complete(:'c');
SELECT code, during FROM occupied WHERE booking_id = :'c' ORDER BY code;
SELECT booking.hold(:'massage', '2027-03-08 11:29Z');
-- over: nothing needs to sweep it
SET booking.now = '2027-03-08 11:30Z';
SELECT version FROM booking.hold(:'massage', '2027-03-08 11:29Z');
SELECT count(*) AS left_over FROM occupied WHERE booking_id = :'c';
-- lengthened while serving: the clean-up moves along, and conflicts are checked
SELECT booking_id AS c FROM booking.book(:'massage', '2027-03-09 10:00Z', '{"name": "Ann"}') \gset
SELECT booking_id AS next FROM booking.book(:'massage', '2027-03-09 11:30Z', '{"name": "Bob"}') \gset
SET booking.now = '2027-03-09 10:05Z';
SELECT status FROM booking.check_in(:'c');
UPDATE booking.bookings SET ends_at = '2027-03-09 11:10Z' WHERE id = :'c';
\echo :SQLSTATE
UPDATE booking.bookings SET ends_at = '2027-03-09 10:40Z' WHERE id = :'c' RETURNING ends_at;
SELECT code, during FROM occupied WHERE booking_id = :'c' ORDER BY code;

-- the buffers grew since: completing keeps no more than the booking had
UPDATE booking.services SET buffer_after = '2 hours';
UPDATE booking.service_requirements SET buffer_after = '2 hours';
SET booking.now = '2027-03-09 10:30Z';
SELECT status FROM booking.complete(:'c');
SELECT code, during FROM occupied WHERE booking_id = :'c' ORDER BY code;

---- what is no buffer ----

UPDATE booking.services SET buffer_after = '-1 minute';
\echo :SQLSTATE
UPDATE booking.services SET buffer_after = '1 month';
\echo :SQLSTATE
