-- Two records of one customer (K3): all of one goes to the other.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';
SET client_min_messages = warning;

INSERT INTO booking.resources (code, name) VALUES ('room', 'Room');
INSERT INTO booking.services (name, duration, price) VALUES ('Massage', '1 hour', 60);
UPDATE booking.tenants SET settings = '{"quota_customer_day": 2}';
INSERT INTO booking.customers (id, name, email, phone) VALUES
	('00000000-0000-0000-0000-00000000000a', 'Ann', NULL, '555'),
	('00000000-0000-0000-0000-00000000000b', 'Anne Smith', 'ann@example.com', '666');
INSERT INTO booking.customers (id, name) VALUES ('00000000-0000-0000-0000-00000000000c', 'Cid');
UPDATE booking.customers SET actor = 'ann', locale = 'en', notify = false WHERE name = 'Anne Smith';
SELECT booking.service_id('massage') AS massage, '00000000-0000-0000-0000-00000000000a' AS keep,
	   '00000000-0000-0000-0000-00000000000b' AS drop, '{"id": "00000000-0000-0000-0000-00000000000b"}' AS theirs \gset
SELECT booking_id AS done FROM booking.book(:'massage', '2027-03-01 10:00Z', :'theirs') \gset
SELECT booking_id AS gone FROM booking.book(:'massage', '2027-03-01 12:00Z', :'theirs') \gset
SELECT booking_id AS kept FROM booking.book(:'massage', '2027-03-01 14:00Z', '{"id": "00000000-0000-0000-0000-00000000000a"}') \gset
SELECT booking_id AS live FROM booking.hold(:'massage', '2027-03-02 10:00Z', customer => :'drop') \gset
SELECT booking_id AS lapsed FROM booking.hold(:'massage', '2027-03-02 12:00Z', customer => :'drop', ttl => '1 minute') \gset
SELECT booking_id AS other FROM booking.book(:'massage', '2027-03-02 14:00Z', '{"id": "00000000-0000-0000-0000-00000000000c"}') \gset
SELECT status FROM booking.cancel(:'gone', 'weather');
SELECT version FROM booking.add_note(:'done', 'likes it quiet');
SET booking.now = '2027-03-01 09:02Z';

-- what is refused
SELECT booking.merge_customers(:'keep', :'keep');
SELECT booking.merge_customers(:'keep', NULL);
SELECT booking.merge_customers(:'keep', '00000000-0000-0000-0000-000000000000');
\echo :SQLSTATE
SELECT booking.merge_customers('00000000-0000-0000-0000-000000000000', :'drop');
SELECT booking.set_context(actor => 'ann', actor_kind => 'customer', session => true) \gset _
SELECT booking.merge_customers(:'keep', :'drop');
\echo :SQLSTATE
SELECT booking.set_context(actor => 'sue', actor_kind => 'staff', session => true) \gset _
-- no other way changes what is over, or lets somebody go who has bookings
UPDATE booking.bookings SET customer_id = :'keep' WHERE id = :'gone';
\echo :SQLSTATE
DELETE FROM booking.customers WHERE id = :'drop';
\echo :SQLSTATE

CREATE TABLE occupied AS SELECT * FROM booking.allocations;
SELECT booking.merge_customers(:'keep', :'drop');
SELECT name, email, phone, locale, notify, actor FROM booking.customers ORDER BY id;
SELECT b.starts_at, b.status, c.name, b.version, o.customer_id = b.customer_id AS order_too
  FROM booking.bookings AS b JOIN booking.customers AS c ON c.id = b.customer_id
  LEFT JOIN booking.orders AS o ON o.id = b.order_id ORDER BY b.starts_at;
-- one audit row each, by whom it was, that nobody can undo; and nothing else happened
SELECT action, actor, actor_kind, reversible, old_values, new_values, count(*) FROM booking.audit_log
 WHERE booking_id IN (:'done', :'gone', :'live', :'lapsed') AND actor = 'sue' GROUP BY 1, 2, 3, 4, 5, 6;
SELECT count(*) AS changed FROM (TABLE occupied EXCEPT TABLE booking.allocations) AS t;
SELECT count(*) FROM booking.outbox WHERE event = 'amend';
SELECT booking.merge_customers(:'keep', :'drop');
\echo :SQLSTATE
SELECT status FROM booking.checkout(ARRAY[:'live']::uuid[], '{"email": "ann@example.com"}');
