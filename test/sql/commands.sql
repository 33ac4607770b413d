-- Commands (C1 to C3, C6, C7, C9, L8, X10): what each does to the booking, its
-- service session, its history and its side effects, and what it refuses.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (id, code, name) VALUES
	('00000000-0000-0000-0000-00000000000a', 'room-1', 'Room 1'),
	('00000000-0000-0000-0000-00000000000b', 'room-2', 'Room 2');
INSERT INTO booking.services (name, duration) VALUES ('Massage', '1 hour');
SELECT booking.service_id('massage') AS massage \gset
SELECT booking.set_context(actor => 'sue', actor_kind => 'staff', session => true) \gset _

CREATE VIEW sessions AS
	SELECT s.status, s.scheduled_from, s.checked_in_at, s.started_at, s.completed_at, s.no_show_at,
		   s.cancelled_at, (SELECT array_agg(r.code) FROM booking.resources AS r
		WHERE r.id = ANY (s.resource_ids)) AS rooms,
		   s.booking_id
	  FROM booking.service_sessions AS s;

---- C1, C2: a day at the front desk; every command returns the same row ----

SELECT booking_id AS b FROM booking.book(:'massage', '2027-03-01 10:00Z', '{"name": "Ann"}') \gset
SET booking.now = '2027-03-01 09:55Z';
SELECT booking_id = :'b' AS this, status, version, undo_token IS NOT NULL AS token, effects, updated_at FROM booking.check_in(:'b');
SET booking.now = '2027-03-01 10:02Z';
SELECT booking_id = :'b' AS this, status, version, undo_token IS NOT NULL AS token, effects, updated_at FROM booking.start_serving(:'b');
SELECT booking_id = :'b' AS this, status, version, undo_token IS NOT NULL AS token, effects, updated_at
  FROM booking.add_note(:'b', 'Likes it quiet.');
SET booking.now = '2027-03-01 10:50Z';
SELECT booking_id = :'b' AS this, status, version, undo_token IS NOT NULL AS token, effects, updated_at FROM booking.complete(:'b');

-- C7: the session went along and knows when
SELECT status, scheduled_from, checked_in_at, started_at, completed_at FROM sessions WHERE booking_id = :'b';
-- history tells the same story
SELECT version, action, status, actor, reversible, session_id IS NOT NULL AS session, at
  FROM booking.audit_log WHERE booking_id = :'b' ORDER BY version;
SELECT topic, event, booking_version, status FROM booking.outbox WHERE booking_id = :'b'
	ORDER BY booking_version, topic;

---- moving and reassigning (C3, C7) ----

SELECT booking_id AS b FROM booking.book(:'massage', '2027-03-01 12:00Z', '{"name": "Bob"}') \gset
SELECT status, version, effects FROM booking.reschedule(:'b', '2027-03-01 13:00Z');
SELECT starts_at, ends_at, local_start FROM booking.bookings WHERE id = :'b';
-- onto part of its own slot, longer, and back
SELECT version FROM booking.reschedule(:'b', '2027-03-01 13:30Z', '2027-03-01 15:00Z');
SELECT version FROM booking.reschedule(:'b', local_start => '2027-03-01 12:00');
SELECT starts_at, ends_at FROM booking.bookings WHERE id = :'b';
SELECT status, effects FROM booking.reassign(:'b', ARRAY[booking.resource_id('room-2')]);
SELECT status, scheduled_from, rooms FROM sessions WHERE booking_id = :'b';
SELECT r.code, a.during FROM booking.allocations AS a JOIN booking.resources AS r ON r.id = a.resource_id
 WHERE a.booking_id = :'b';
-- the old slot stays when the new one is taken
SELECT booking_id AS other FROM booking.book(:'massage', '2027-03-01 16:00Z', '{"name": "Eve"}',
	resources => ARRAY[booking.resource_id('room-2')]) \gset
SELECT * FROM booking.reschedule(:'b', '2027-03-01 16:00Z');
\echo :SQLSTATE
SELECT * FROM booking.reassign(:'other', ARRAY[booking.resource_id('room-1'), booking.resource_id('room-1')]);
\echo :SQLSTATE
SELECT b.starts_at, b.version, a.during FROM booking.bookings AS b
	JOIN booking.allocations AS a ON a.booking_id = b.id
 WHERE b.id = :'b';
-- nothing to move to
SELECT * FROM booking.reschedule(:'b');
\echo :SQLSTATE
SELECT * FROM booking.reschedule(:'b', '2027-03-01 12:00Z', '2027-03-01 12:00Z');
\echo :SQLSTATE
SELECT * FROM booking.reschedule(:'b', 'infinity');
\echo :SQLSTATE
SELECT * FROM booking.reassign(:'b', NULL);
\echo :SQLSTATE
SELECT * FROM booking.reassign(:'b', ARRAY['00000000-0000-0000-0000-0000000000ff']::uuid[]);
\echo :SQLSTATE
-- to where it is: nothing changes, and no version is counted
SELECT version, effects FROM booking.reschedule(:'b', '2027-03-01 12:00Z');

---- cancelling (C9) ----

SELECT * FROM booking.cancel(:'b');
\echo :SQLSTATE
SELECT * FROM booking.cancel(:'b', 'whim');
\echo :SQLSTATE
SELECT status, effects FROM booking.cancel(:'b', 'customer_request');
SELECT status, cancelled_at FROM sessions WHERE booking_id = :'b';
SELECT count(*) AS occupies FROM booking.allocations WHERE booking_id = :'b';
SELECT * FROM booking.cancel(:'b', 'customer_request');
\echo :SQLSTATE
SELECT * FROM booking.cancel('00000000-0000-0000-0000-000000000000', 'customer_request');
\echo :SQLSTATE
SELECT * FROM booking.cancel(NULL, 'customer_request');
\echo :SQLSTATE
SELECT * FROM booking.reschedule(:'b', '2027-03-02 12:00Z');
\echo :SQLSTATE
SELECT * FROM booking.check_in(:'b');
\echo :SQLSTATE

---- C6: no_show, not before start + grace; at that instant it may ----

SET booking.now = '2027-03-01 16:14:59.999999Z';
SELECT * FROM booking.no_show(:'other');
\echo :SQLSTATE
UPDATE booking.bookings SET status = 'no_show', reason_code = 'did_not_arrive' WHERE id = :'other';
\echo :SQLSTATE
SET booking.now = '2027-03-01 16:15Z';
SELECT status, effects FROM booking.no_show(:'other');
SELECT b.reason_code, s.status, s.no_show_at FROM sessions AS s JOIN booking.bookings AS b ON b.id = s.booking_id
 WHERE b.id = :'other';
SELECT * FROM booking.no_show(:'other');
\echo :SQLSTATE

---- L8: expected_version ----

SELECT booking_id AS b FROM booking.book(:'massage', '2027-03-02 10:00Z', '{"name": "Ann"}') \gset
SELECT version FROM booking.reschedule(:'b', '2027-03-02 11:00Z', expected_version => 1);
\set VERBOSITY sqlstate
SELECT * FROM booking.reschedule(:'b', '2027-03-02 12:00Z', expected_version => 1);
SELECT * FROM booking.reassign(:'b', ARRAY[booking.resource_id('room-2')], 1);
SELECT * FROM booking.cancel(:'b', 'weather', 1);
SELECT * FROM booking.check_in(:'b', 1);
SELECT * FROM booking.confirm(:'b', 1);
SELECT * FROM booking.start_serving(:'b', 1);
SELECT * FROM booking.complete(:'b', 3);
SELECT * FROM booking.no_show(:'b', 'did_not_arrive', 3);
SELECT * FROM booking.add_note(:'b', 'x', 'staff', 1);
\set VERBOSITY default
SELECT status, version FROM booking.bookings WHERE id = :'b';

---- from a status that does not allow it: the same error by function and by UPDATE ----

SELECT * FROM booking.start_serving(:'b');
\echo :SQLSTATE
SELECT * FROM booking.confirm(:'b');
\echo :SQLSTATE
UPDATE booking.bookings SET status = 'being_served' WHERE id = :'b';
\echo :SQLSTATE
-- null for everything
\set VERBOSITY sqlstate
SELECT booking.confirm(NULL);
SELECT booking.check_in(NULL);
SELECT booking.start_serving(NULL);
SELECT booking.complete(NULL);
SELECT booking.no_show(NULL);
SELECT booking.reschedule(NULL, '2027-03-02 12:00Z');
SELECT booking.reassign(NULL, '{}');
SELECT booking.add_note(NULL, 'x');
SELECT booking.add_note(:'b', NULL);
SELECT booking.release_hold(NULL);
SELECT booking.refresh_hold(NULL);
\set VERBOSITY default

---- C7: sessions follow plain SQL just so; held and waitlisted have none ----

INSERT INTO booking.bookings (id, service_id, status, starts_at) VALUES
	('00000000-0000-0000-0001-000000000001', :'massage', 'held', '2027-03-03 10:00Z'),
	('00000000-0000-0000-0001-000000000002', :'massage', 'waitlisted', '2027-03-03 10:00Z');
INSERT INTO booking.bookings (id, service_id, status, starts_at, contact) VALUES
	('00000000-0000-0000-0001-000000000003', :'massage', 'pending', '2027-03-03 10:00Z', '{"name": "Ann"}');
SELECT b.status, s.status AS session FROM booking.bookings AS b LEFT JOIN sessions AS s ON s.booking_id = b.id
 WHERE b.starts_at = '2027-03-03 10:00Z' ORDER BY b.id;
UPDATE booking.bookings SET status = 'confirmed', contact = '{"name": "Ann"}'
	WHERE id = '00000000-0000-0000-0001-000000000001';
UPDATE booking.bookings SET status = 'confirmed' WHERE id = '00000000-0000-0000-0001-000000000003';
UPDATE booking.bookings SET status = 'confirmed', contact = '{"name": "Ann"}', starts_at = '2027-03-03 14:00Z',
	ends_at = '2027-03-03 15:00Z'
 WHERE id = '00000000-0000-0000-0001-000000000002';
UPDATE booking.bookings SET local_start = '2027-03-03 15:00' WHERE id = '00000000-0000-0000-0001-000000000003';
SELECT b.status, s.status AS session, s.scheduled_from FROM booking.bookings AS b
	JOIN sessions AS s ON s.booking_id = b.id
 WHERE b.starts_at > '2027-03-03' ORDER BY b.id;
-- the status before a request for cancellation comes back to it as well
UPDATE booking.bookings SET status = 'pending_cancellation' WHERE id = '00000000-0000-0000-0001-000000000003';
UPDATE booking.bookings SET status = 'confirmed' WHERE id = '00000000-0000-0000-0001-000000000003';
SELECT status, cancelled_at FROM sessions WHERE booking_id = '00000000-0000-0000-0001-000000000003';
SELECT version, action FROM booking.audit_log WHERE booking_id = '00000000-0000-0000-0001-000000000003'
	ORDER BY version;

---- whose booking it is: the customer's, the organizer's of a resource (X1), staff's ----

INSERT INTO booking.customers (id, name, actor) VALUES ('00000000-0000-0000-0002-000000000001', 'Ann', 'ann');
UPDATE booking.resources SET owner = 'olga' WHERE code = 'room-2';
SELECT booking_id AS b FROM booking.book(:'massage', '2027-03-04 10:00Z',
	'{"id": "00000000-0000-0000-0002-000000000001"}') \gset
SELECT booking_id AS o FROM booking.book(:'massage', '2027-03-04 10:00Z',
	'{"id": "00000000-0000-0000-0002-000000000001"}') \gset
SELECT booking.set_context(actor => 'bob', actor_kind => 'customer', session => true) \gset _
SELECT booking.cancel(:'b', 'customer_request');
\echo :SQLSTATE
SELECT booking.set_context(actor => 'olga', actor_kind => 'customer', session => true) \gset _
SELECT booking.cancel(:'b', 'customer_request');
\echo :SQLSTATE
SELECT status FROM booking.cancel(:'o', 'resource_unavailable');
SELECT booking.set_context(actor => 'ann', actor_kind => 'customer', session => true) \gset _
SELECT status FROM booking.reschedule(:'b', '2027-03-04 12:00Z');
-- what customers don't do themselves
\set VERBOSITY terse
SELECT booking.reassign(:'b', ARRAY[booking.resource_id('room-2')]);
SELECT booking.check_in(:'b');
SELECT booking.complete(:'b');
SELECT booking.no_show(:'b');
\echo :SQLSTATE
SELECT status FROM booking.cancel(:'b', 'customer_request');
SELECT version, action, actor, actor_kind FROM booking.audit_log WHERE booking_id = :'b' ORDER BY version;
