-- Holds (H1 to H7, H9, H10): taking a slot for a while, refreshing, releasing,
-- expiring it.  A hold is a booking; expired means by the clock, swept or not.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (id, code, name)
	VALUES ('00000000-0000-0000-0000-00000000000a', 'chair', 'Chair');
INSERT INTO booking.services (name, duration) VALUES ('Haircut', '30 minutes');
SELECT booking.service_id('haircut') AS haircut \gset
CREATE VIEW state AS
	SELECT b.status, b.reason_code, b.version, b.expires_at, h.state,
		   (SELECT count(*) FROM booking.allocations AS a WHERE a.booking_id = b.id) AS occupies, b.id
	  FROM booking.bookings AS b LEFT JOIN booking.holds AS h ON h.booking_id = b.id;

---- H1: hold() takes a slot for five minutes unless told otherwise ----

SELECT * FROM booking.hold(:'haircut', '2027-03-01 10:00Z') \gset h_
SELECT :'h_starts_at' AS starts_at, :'h_ends_at' AS ends_at, :'h_expires_at' AS expires_at,
	   :h_version AS version, :'h_resource_ids' = ARRAY[booking.resource_id('chair')]::text AS the_chair;
SELECT status, expires_at, state, occupies FROM state WHERE id = :'h_booking_id';
SELECT expires_at FROM booking.hold(:'haircut', '2027-03-01 11:00Z', ttl => '90 seconds');
-- hold_ttl is a setting of every level; the service's wins
UPDATE booking.tenants SET settings = '{"hold_ttl": "10 minutes"}';
SELECT expires_at FROM booking.hold(:'haircut', '2027-03-01 12:00Z');
UPDATE booking.services SET settings = '{"hold_ttl": 120}';
SELECT expires_at FROM booking.hold(:'haircut', '2027-03-01 13:00Z');
UPDATE booking.services SET settings = '{}';
UPDATE booking.tenants SET settings = '{}';

-- what makes no sense
SELECT booking.hold(NULL, '2027-03-01 14:00Z');
\echo :SQLSTATE
SELECT booking.hold(:'haircut');
\echo :SQLSTATE
SELECT booking.hold('00000000-0000-0000-0000-000000000000', '2027-03-01 14:00Z');
\echo :SQLSTATE
SELECT booking.hold(:'haircut', '2027-03-01 14:00Z', ttl => '0');
\echo :SQLSTATE
SELECT booking.hold(:'haircut', '2027-03-01 14:00Z', ttl => '-5 minutes');
SELECT booking.hold(:'haircut', '2027-03-01 14:00Z', ttl => '1 month');
\echo :SQLSTATE

---- H2: a slot that is held is taken ----

SELECT booking.hold(:'haircut', '2027-03-01 10:29:59.999999Z');
\echo :SQLSTATE
SELECT expires_at FROM booking.hold(:'haircut', '2027-03-01 10:30Z');

---- H3: expired at exactly expires_at, whether or not anything swept it ----

SET booking.now = '2027-03-01 09:04:59.999999Z';
SELECT state FROM state WHERE id = :'h_booking_id';
SET booking.now = '2027-03-01 09:05Z';
SELECT status, state, occupies FROM state WHERE id = :'h_booking_id';
SELECT * FROM booking.checkout(ARRAY[:'h_booking_id']::uuid[], '{"name": "Ann"}');
\echo :SQLSTATE
SELECT booking.release_hold(:'h_booking_id');
UPDATE booking.bookings SET status = 'confirmed', contact = '{"name": "Ann"}' WHERE id = :'h_booking_id';
\echo :SQLSTATE
UPDATE booking.bookings SET title = 'late' WHERE id = :'h_booking_id';
\echo :SQLSTATE
-- it is in nobody's way, and is ended by whoever takes the slot
SELECT expires_at FROM booking.hold(:'haircut', '2027-03-01 10:00Z') \gset
SELECT :'expires_at' AS expires_at;
SELECT status, reason_code, state, occupies FROM state WHERE id = :'h_booking_id';
SELECT action, actor, actor_kind, reason_code FROM booking.audit_log
 WHERE booking_id = :'h_booking_id' ORDER BY version;

---- H5: refreshing ----

SELECT * FROM booking.hold(:'haircut', '2027-03-01 15:00Z', ttl => '2 minutes') \gset h_
SET booking.now = '2027-03-01 09:06Z';
-- a live one: as long again as it was taken for, or as long as is said now
SELECT expires_at, version, booking_id = :'h_booking_id' AS same_id FROM booking.refresh_hold(:'h_booking_id');
SELECT expires_at, version FROM booking.refresh_hold(:'h_booking_id', '10 minutes');
-- one that expired unswept is taken again under its id ...
SET booking.now = '2027-03-01 09:20Z';
SELECT expires_at, version FROM booking.refresh_hold(:'h_booking_id', '1 minute');
-- ... and so is a swept one
SET booking.now = '2027-03-01 09:30Z';
SELECT booking.expire_holds() > 0 AS swept;
SELECT status, reason_code, occupies FROM state WHERE id = :'h_booking_id';
SELECT expires_at, version FROM booking.refresh_hold(:'h_booking_id');
SELECT status, reason_code, state, occupies FROM state WHERE id = :'h_booking_id';
-- unless somebody else has the slot; swept or not is the same to the holder
SET booking.now = '2027-03-01 09:40Z';
SELECT version FROM booking.hold(:'haircut', '2027-03-01 15:10Z');
SELECT booking.refresh_hold(:'h_booking_id');
\echo :SQLSTATE
SELECT action FROM booking.audit_log WHERE booking_id = :'h_booking_id' ORDER BY version;
-- what is no hold any more is not refreshed
SELECT * FROM booking.hold(:'haircut', '2027-03-01 16:00Z') \gset h_
SELECT booking.release_hold(:'h_booking_id');
SELECT booking.refresh_hold(:'h_booking_id');
\echo :SQLSTATE
SELECT * FROM booking.hold(:'haircut', '2027-03-01 16:00Z') \gset h_
SELECT status FROM booking.checkout(ARRAY[:'h_booking_id']::uuid[], '{"name": "Ann"}');
SELECT booking.refresh_hold(:'h_booking_id');
SELECT booking.refresh_hold('00000000-0000-0000-0000-000000000000');
\echo :SQLSTATE

---- H4: releasing; only a live hold is changed, the row stays ----

SELECT booking.release_hold(:'h_booking_id') AS a_confirmed_booking;
SELECT status FROM state WHERE id = :'h_booking_id';
SELECT * FROM booking.hold(:'haircut', '2027-03-01 17:00Z') \gset h_
SELECT booking.release_hold(:'h_booking_id') AS first, booking.release_hold(:'h_booking_id') AS again;
SELECT status, reason_code, version, state, occupies FROM state WHERE id = :'h_booking_id';
SELECT booking.release_hold('00000000-0000-0000-0000-000000000000');
\echo :SQLSTATE

---- H6: what the view calls them; book() makes no hold ----

SELECT status FROM booking.book(:'haircut', '2027-03-01 18:00Z', '{"name": "Ann"}');
SELECT state, count(*) FROM booking.holds GROUP BY state ORDER BY state;
SELECT count(*) AS bookings_without_hold FROM booking.bookings AS b
 WHERE NOT EXISTS (SELECT FROM booking.holds AS h WHERE h.booking_id = b.id);

---- H7: expire_holds() ends what is due, at most so many ----

SET booking.now = '2027-03-01 20:00Z';
SELECT booking.expire_holds() > 0 AS rest;
INSERT INTO booking.bookings (service_id, starts_at)
	SELECT :'haircut', '2027-03-02 08:00Z'::timestamptz + n * interval '1 hour' FROM generate_series(1, 5) AS n;
SELECT booking.expire_holds() AS none_due;
SET booking.now = '2027-03-01 20:05Z';
SELECT booking.expire_holds(2) AS two, booking.expire_holds() AS rest, booking.expire_holds() AS none;
SELECT status, reason_code, count(*) FROM booking.bookings WHERE starts_at > '2027-03-02'
 GROUP BY 1, 2;
SELECT booking.expire_holds(-1);
\echo :SQLSTATE

---- H9: somebody who is neither the holder nor staff ----

SELECT booking.set_context(actor => 'ann', actor_kind => 'customer', session => true) \gset _
SELECT * FROM booking.hold(:'haircut', '2027-03-03 10:00Z') \gset h_
SELECT booking.set_context(actor => 'bob', actor_kind => 'customer', session => true) \gset _
SELECT booking.refresh_hold(:'h_booking_id');
\echo :SQLSTATE
SELECT booking.release_hold(:'h_booking_id');
\echo :SQLSTATE
SELECT booking.checkout(ARRAY[:'h_booking_id']::uuid[], '{"name": "Bob"}');
\echo :SQLSTATE
SELECT booking.expire_holds();
\echo :SQLSTATE
-- nobody in particular is not the holder either, also not of holds of nobody
SELECT booking.set_context(actor_kind => 'customer', session => true) \gset _
SELECT booking.release_hold(:'h_booking_id');
SELECT * FROM booking.hold(:'haircut', '2027-03-03 11:00Z') \gset n_
SELECT booking.release_hold(:'n_booking_id');
\echo :SQLSTATE
-- the holder and staff may
SELECT booking.set_context(actor => 'ann', actor_kind => 'customer', session => true) \gset _
SELECT version FROM booking.refresh_hold(:'h_booking_id');
SELECT booking.set_context(actor => 'sue', actor_kind => 'staff', session => true) \gset _
SELECT booking.release_hold(:'h_booking_id');

---- H10: limits, for customers ----

UPDATE booking.tenants SET settings =
	'{"max_hold_ttl": "20 minutes", "max_hold_life": "30 minutes", "max_live_holds": 2}';
SELECT booking.set_context(actor => 'ann', actor_kind => 'customer', session => true) \gset _
SELECT booking.hold(:'haircut', '2027-03-04 10:00Z', ttl => '20 minutes 1 second');
\echo :SQLSTATE
SELECT * FROM booking.hold(:'haircut', '2027-03-04 10:00Z', ttl => '20 minutes') \gset h_
SET booking.now = '2027-03-01 20:15Z';
SELECT expires_at FROM booking.refresh_hold(:'h_booking_id');
SET booking.now = '2027-03-01 20:15:01Z';
SELECT booking.refresh_hold(:'h_booking_id');
\echo :SQLSTATE
SELECT version FROM booking.hold(:'haircut', '2027-03-04 11:00Z');
SELECT booking.hold(:'haircut', '2027-03-04 12:00Z');
\echo :SQLSTATE
-- by plain SQL the same
INSERT INTO booking.bookings (service_id, starts_at) VALUES (:'haircut', '2027-03-04 12:00Z');
\echo :SQLSTATE
UPDATE booking.bookings SET expires_at = expires_at + '1 hour' WHERE id = :'h_booking_id';
\echo :SQLSTATE
-- rescheduling a hold doesn't renew it
SELECT status FROM booking.reschedule(:'h_booking_id', '2027-03-04 13:00Z');
SELECT expires_at FROM state WHERE id = :'h_booking_id';
-- staff may exceed all of them
SELECT booking.set_context(actor => 'sue', actor_kind => 'staff', session => true) \gset _
SELECT expires_at FROM booking.hold(:'haircut', '2027-03-04 14:00Z', ttl => '3 hours');
SELECT expires_at FROM booking.refresh_hold(:'h_booking_id', '2 hours');
SELECT count(*) FROM booking.hold(:'haircut', '2027-03-04 15:00Z') AS one,
	   booking.hold(:'haircut', '2027-03-04 16:00Z') AS another;
