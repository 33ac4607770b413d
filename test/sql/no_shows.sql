-- Automatic no-shows (C10): the clock says who did not come, and staff brings
-- back who came late.
\set SHOW_CONTEXT never
SET TimeZone = 'UTC';
SET booking.now = '2027-03-01 09:00Z';
INSERT INTO booking.resources (code, name, capacity) VALUES ('room', 'Room', 1), ('hall', 'Hall', 20);
INSERT INTO booking.services (name, duration) VALUES ('Massage', '1 hour'), ('Yoga', '1 hour');
INSERT INTO booking.service_resources (service_id, resource_id) VALUES
	(booking.service_id('massage'), booking.resource_id('room')), (booking.service_id('yoga'), booking.resource_id('hall'));
CREATE FUNCTION booked(starts timestamptz, service text DEFAULT 'massage') RETURNS uuid LANGUAGE sql AS $$
	SELECT booking_id FROM booking.book(booking.service_id(service), starts, '{"name": "Ann"}') $$;
CREATE VIEW standing AS
	SELECT b.id, b.starts_at, b.status, b.reason_code AS reason, b.previous_status AS previous, s.status AS session, s.no_show_at,
		(SELECT count(*) FROM booking.allocations AS a WHERE a.booking_id = b.id) AS occupies
	  FROM booking.bookings AS b LEFT JOIN booking.service_sessions AS s ON s.booking_id = b.id;
SELECT booking.set_context(actor => 'sue', actor_kind => 'staff', session => true) \gset _

SELECT booked('2027-03-01 10:00Z') AS a, booked('2027-03-01 11:00Z') AS b, booked('2027-03-01 12:00Z') AS c,
	booked('2027-03-01 10:00Z', 'yoga') AS y \gset

---- not unless it is asked for ----

SET booking.now = '2027-03-01 11:20Z';
SELECT booking.mark_no_shows();
-- nor is the reason staff's to give then
SELECT booking.no_show(:'a', 'auto_no_show');
\echo :SQLSTATE
UPDATE booking.bookings SET status = 'no_show', reason_code = 'auto_no_show' WHERE id = :'a';
\echo :SQLSTATE

---- of a service: at the very instant, not before ----

SELECT booking.set_setting('service', 'massage', 'no_show_mode', '"auto"') \gset _
SELECT booking.check_in(:'b') \gset _
SET booking.now = '2027-03-01 10:14:59.999999Z';
SELECT booking.mark_no_shows();
SET booking.now = '2027-03-01 10:15Z';
SELECT booking.mark_no_shows();
SELECT starts_at, status, reason, session, no_show_at, occupies FROM standing ORDER BY starts_at, id;
SELECT version, action, status, actor, actor_kind, reason_code, reversible FROM booking.audit_log WHERE booking_id = :'a' ORDER BY version;
SELECT topic, event FROM booking.outbox WHERE booking_id = :'a' AND booking_version > 1;
SELECT booking.mark_no_shows();
-- who has checked in is there
SET booking.now = '2027-03-01 11:40Z';
SELECT booking.mark_no_shows();

---- each resource has a say: all must say so, and the longest grace counts ----

SELECT booking.set_setting('service', 'massage', 'no_show_mode', NULL) \gset _
SELECT booking.set_setting('resource', 'room', 'no_show_mode', '"auto"') \gset _
INSERT INTO booking.services (name, duration, settings) VALUES ('Both', '1 hour', '{}');
INSERT INTO booking.bookings (service_id, starts_at, status, contact, resource_ids) VALUES (booking.service_id('both'), '2027-03-01 14:00Z', 'confirmed',
	'{"name": "Bo"}', ARRAY[booking.resource_id('room'), booking.resource_id('hall')]) RETURNING id AS both \gset
SET booking.now = '2027-03-01 14:20Z';
SELECT booking.mark_no_shows();
SELECT starts_at, status, reason FROM standing WHERE id IN (:'c', :'both') ORDER BY 1;
SELECT booking.set_setting('resource', 'hall', 'no_show_mode', '"auto"') \gset _
SELECT booking.set_setting('resource', 'hall', 'no_show_grace', '"1 hour"') \gset _
SET booking.now = '2027-03-01 14:59:59Z';
SELECT booking.mark_no_shows();
SET booking.now = '2027-03-01 15:00Z';
-- no more than max at a time
SELECT booking.mark_no_shows(0), booking.mark_no_shows(NULL);
SELECT booking.mark_no_shows(-1);
\echo :SQLSTATE
SELECT starts_at, status, reason FROM standing WHERE id = :'both';
SELECT booked('2027-03-01 16:00Z') AS m1, booked('2027-03-01 17:00Z') AS m2, booked('2027-03-01 18:00Z') AS m3 \gset
SET booking.now = '2027-03-01 19:00Z';
SELECT booking.mark_no_shows(2) AS two, booking.mark_no_shows() AS one, booking.mark_no_shows() AS none;
-- the whole server
SELECT booking.set_setting('resource', 'room', 'no_show_mode', NULL) \gset _
SELECT booked('2027-03-01 20:00Z') AS m4 \gset
SET booking.now = '2027-03-01 20:15Z';
SELECT booking.mark_no_shows();
SET booking.no_show_mode = 'auto';
SELECT booking.mark_no_shows();
RESET booking.no_show_mode;
-- a client has no such right
BEGIN;
SELECT booking.set_context(actor => 'ann', actor_kind => 'customer') \gset _
SELECT booking.mark_no_shows();
\echo :SQLSTATE
ROLLBACK;

---- the guest came late ----

SELECT booking.set_setting('tenant', NULL, 'no_show_mode', '"auto"') \gset _
SELECT booked('2027-03-02 12:00Z') AS l, booked('2027-03-02 14:00Z') AS n \gset
SET booking.now = '2027-03-02 12:20Z';
SELECT booking.mark_no_shows();
SELECT status FROM booking.restore(:'l');
SELECT status, reason, previous, session, no_show_at, occupies FROM standing WHERE id = :'l';
SELECT version, action, status, reversible FROM booking.audit_log WHERE booking_id = :'l' AND version > 1 ORDER BY version;
SELECT topic FROM booking.outbox WHERE booking_id = :'l' AND event = 'restore' ORDER BY 1;
-- the clock does not overrule staff
SELECT booking.mark_no_shows();
SELECT status FROM booking.check_in(:'l');
SELECT previous FROM standing WHERE id = :'l';
-- by plain SQL; moved to another day it is a booking like any other
SET booking.now = '2027-03-02 14:20Z';
SELECT booking.mark_no_shows();
UPDATE booking.bookings SET status = 'confirmed' WHERE id = :'n' RETURNING status, reason_code, previous_status;
SELECT booking.mark_no_shows();
SELECT status FROM booking.reschedule(:'n', '2027-03-03 14:00Z');
SET booking.now = '2027-03-03 14:20Z';
SELECT booking.mark_no_shows();
SELECT status, reason, previous FROM standing WHERE id = :'n';
-- not to a slot that somebody else has by now
\set VERBOSITY terse
SELECT booked('2027-03-03 14:20Z') AS other \gset
SELECT status FROM booking.restore(:'n');
\echo :SQLSTATE
UPDATE booking.bookings SET status = 'confirmed' WHERE id = :'n';
\echo :SQLSTATE
\set VERBOSITY default
-- neither moved at the same time, nor by the customer, nor what staff has called a no-show
UPDATE booking.bookings SET status = 'confirmed', starts_at = '2027-03-05 14:00Z', ends_at = '2027-03-05 15:00Z' WHERE id = :'n';
\echo :SQLSTATE
BEGIN;
SELECT booking.set_context(actor => 'sue', actor_kind => 'customer') \gset _
UPDATE booking.bookings SET status = 'confirmed' WHERE id = :'n';
\echo :SQLSTATE
ROLLBACK;
SELECT booked('2027-03-04 10:00Z') AS s \gset
SET booking.now = '2027-03-04 10:30Z';
SELECT status FROM booking.no_show(:'s');
SELECT status FROM booking.restore(:'s');
\echo :SQLSTATE
UPDATE booking.bookings SET status = 'confirmed' WHERE id = :'s';
\echo :SQLSTATE

---- one that can't be marked doesn't keep the others ----

SELECT booked('2027-03-05 10:00Z') AS p, booked('2027-03-05 11:00Z') AS q \gset
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not this one'; END $$;
CREATE TRIGGER refuse AFTER UPDATE ON booking.bookings FOR EACH ROW
	WHEN (new.status = 'no_show' AND new.starts_at = '2027-03-05 10:00Z') EXECUTE FUNCTION refuse();
SET booking.now = '2027-03-05 12:00Z';
\set VERBOSITY terse
SELECT booking.mark_no_shows();
DROP TRIGGER refuse ON booking.bookings;
SELECT booking.mark_no_shows();

---- to undo one is to restore it ----

SELECT booked('2027-03-06 10:00Z') AS u \gset
SET booking.now = '2027-03-06 10:20Z';
SELECT booking.mark_no_shows();
SELECT status FROM booking.reverse(booking.issue_undo(:'u'));
SELECT booking.mark_no_shows();
SELECT status, reason, previous, session, no_show_at, occupies FROM standing WHERE id = :'u';
SELECT status FROM booking.reverse(booking.issue_undo(:'u'));
SELECT status, reason, previous, session, occupies FROM standing WHERE id = :'u';
