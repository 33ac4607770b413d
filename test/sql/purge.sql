-- Removing what is old (U10).
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';
SET client_min_messages = warning;

INSERT INTO booking.resources (code, name, capacity) VALUES ('hall', 'Hall', 1000);
INSERT INTO booking.services (name, duration, price, deposit) VALUES ('Talk', '1 hour', 20, 0), ('Show', '1 hour', 20, 5);
INSERT INTO booking.questions (code, prompt) VALUES ('age', 'How old?');
SELECT booking.service_id('talk') AS talk, booking.service_id('show') AS show \gset
CREATE VIEW rest AS
	SELECT (SELECT count(*) FROM booking.bookings) AS bookings, (SELECT count(*) FROM booking.allocations) AS allocations,
		   (SELECT count(*) FROM booking.service_sessions) AS sessions, (SELECT count(*) FROM booking.answers) AS answers,
		   (SELECT count(*) FROM booking.notes) AS notes, (SELECT count(*) FROM booking.order_items) AS items,
		   (SELECT count(*) FROM booking.orders) AS orders, (SELECT count(*) FROM booking.payments) AS payments,
		   (SELECT count(*) FROM booking.outbox) AS outbox, (SELECT count(*) FROM booking.audit_log) AS audit,
		   (SELECT count(*) FROM booking.audit_private) AS private;

-- abandoned: released, expired, and expired with a part of the deposit paid
SELECT booking_id AS id FROM booking.hold(:'talk', '2027-03-10 10:00Z') \gset
SELECT booking.release_hold(:'id');
SELECT count(*) FROM generate_series(1, 30) AS n, LATERAL booking.hold(:'talk', '2027-03-10 10:00Z', units => n * 0 + 1);
SELECT booking_id AS paid FROM booking.book(:'show', '2027-03-10 11:00Z', '{"name": "Ann"}') \gset
SELECT outcome FROM booking.record_payment(:'paid', 1, 'cash', '1');
-- over: one of two on an order, one with payment and all
SELECT booking_id AS a FROM booking.hold(:'talk', '2027-03-01 10:00Z') \gset
SELECT booking_id AS b FROM booking.hold(:'talk', '2027-03-10 11:00Z') \gset
SELECT count(*) FROM booking.checkout(ARRAY[:'a', :'b']::uuid[], '{"name": "Bob"}', '{"age": "9"}');
SELECT booking_id AS c FROM booking.book(:'show', '2027-03-01 11:00Z', '{"name": "Cid"}', answers => '{"age": "8"}') \gset
SELECT outcome FROM booking.record_payment(:'c', 5, 'cash', '2');
SELECT version FROM booking.add_note(:'c', 'late');
SELECT booking_id AS d FROM booking.book(:'show', '2027-03-01 12:00Z', '{"name": "Dan"}') \gset
SELECT outcome FROM booking.record_payment(:'d', 5, 'cash', '3');
SELECT status FROM booking.cancel(:'d', 'weather');
SET booking.now = '2027-03-01 11:00Z';
SELECT status FROM booking.check_in(:'a');
SELECT status FROM booking.complete(:'a');
SELECT status FROM booking.check_in(:'c');
SELECT status FROM booking.complete(:'c');
SET booking.now = '2027-03-03 09:00Z';
SELECT booking.expire_holds();
TABLE rest;

-- nobody else removes them
DELETE FROM booking.bookings;
\echo :SQLSTATE
-- not yet, not so, not by everybody
SELECT booking.purge(NULL);
SELECT booking.purge('23 hours');
SELECT booking.purge('-1 day');
SELECT booking.purge('1 month -30 days');
SELECT booking.purge('178000000 years');
SELECT booking.purge('1 day', max => -1);
SELECT booking.purge('1 day', max => 0);
SELECT booking.set_context(actor_kind => 'customer', session => true) \gset _
SELECT booking.purge('1 day');
\echo :SQLSTATE
SELECT booking.set_context(session => true) \gset _
SELECT booking.purge('1 month');

-- abandoned holds: what was released two days ago, and what the sweep ended now is young
SELECT booking.purge('1 day');
SET booking.now = '2027-03-04 10:00Z';
SELECT booking.purge('1 day', max => 20);
SELECT booking.purge('1 day');
SELECT booking.purge('1 day');
SELECT status, reason_code, count(*) FROM booking.bookings GROUP BY 1, 2 ORDER BY 1, 2;
TABLE rest;
-- finished ones, too: but not what is to come, nor while money is due back
SELECT booking.purge('1 day', true);
SELECT status, reason_code, count(*) FROM booking.bookings GROUP BY 1, 2 ORDER BY 1, 2;
TABLE rest;
SELECT booking.record_refund('cash', '3'), booking.record_refund('cash', '1');
SELECT booking.purge('1 day', true);
TABLE rest;
-- one of the order's bookings is left, and so is the order, whole
SELECT o.total, i.amount, i.booking_id = :'b' AS is_b FROM booking.orders AS o JOIN booking.order_items AS i ON i.order_id = o.id ORDER BY 3;
-- the audit trail knows them all
SELECT count(DISTINCT booking_id) FROM booking.audit_log;
