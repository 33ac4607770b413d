-- Deposits (K9): a booking stays held until its deposit is paid.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (code, name) VALUES ('court', 'Court');
INSERT INTO booking.services (name, duration, price, deposit)
	VALUES ('Tennis', '1 hour', 100, 30), ('Final', '1 hour', 100, 30), ('Talk', '1 hour', 20, 0);
UPDATE booking.services SET settings = '{"approval": true}' WHERE code = 'final';
INSERT INTO booking.questions (code, service_id, prompt, required)
	VALUES ('club', booking.service_id('final'), 'Which club?', true);
SELECT booking.service_id('tennis') AS tennis, booking.service_id('final') AS final,
	   booking.service_id('talk') AS talk \gset
CREATE VIEW state AS
	SELECT b.starts_at, b.status, b.version, b.expires_at, b.hold_ttl, b.reason_code, c.name AS customer,
		   o.status AS "order", o.total, i.deposit, ss.status AS session
	  FROM booking.bookings AS b LEFT JOIN booking.customers AS c ON c.id = b.customer_id
	  LEFT JOIN booking.orders AS o ON o.id = b.order_id
	  LEFT JOIN booking.order_items AS i ON i.order_id = b.order_id AND i.booking_id = b.id
	  LEFT JOIN booking.service_sessions AS ss ON ss.booking_id = b.id;
CREATE FUNCTION history(booking uuid) RETURNS text LANGUAGE sql
	RETURN (SELECT string_agg(action, ', ' ORDER BY version) FROM booking.audit_log WHERE booking_id = booking);
CREATE FUNCTION effects(booking uuid) RETURNS text LANGUAGE sql
	RETURN (SELECT string_agg(event || ' ' || topic || ' ' || status, ', ' ORDER BY booking_version, topic, status::text)
			  FROM booking.outbox WHERE booking_id = booking);

---- what a deposit may be ----

INSERT INTO booking.services (name, duration, price, deposit) VALUES ('Dear', '1 hour', 10, 11);
INSERT INTO booking.services (name, duration, price, deposit) VALUES ('Dear', '1 hour', 10, -1);
INSERT INTO booking.services (name, duration, price, deposit) VALUES ('Dear', '1 hour', 10, 'NaN');
INSERT INTO booking.services (name, duration, price, deposit, currency) VALUES ('Dear', '1 hour', 10, 0.5, 'JPY');
UPDATE booking.services SET price = 20 WHERE code = 'tennis';

---- checkout: customer, answers and order are there, the booking waits ----

SELECT booking_id AS a FROM booking.hold(:'final', '2027-03-02 10:00Z') \gset
SELECT booking.set_context(actor => 'ann', actor_kind => 'customer', session => true) \gset _
SELECT booking_id AS a FROM booking.hold(:'final', '2027-03-02 11:00Z') \gset
-- what checkout demands it demands now
SELECT status FROM booking.checkout(ARRAY[:'a']::uuid[], '{"name": "Ann"}');
SELECT status, version, order_id IS NOT NULL AS ordered, price
  FROM booking.checkout(ARRAY[:'a']::uuid[], '{"name": "Ann", "email": "ann@example.com"}', '{"club": "TC"}');
SELECT * FROM state WHERE starts_at = '2027-03-02 11:00Z';
SELECT state FROM booking.holds WHERE booking_id = :'a';
SELECT (SELECT private_values #> '{new,answers}' IS NOT NULL FROM booking.audit_private WHERE booking_id = :'a' AND version = 2) AS answers;
-- it is checked out already
\set VERBOSITY sqlstate
SELECT status FROM booking.checkout(ARRAY[:'a']::uuid[], '{"name": "Ann"}');
\set VERBOSITY default
-- nobody confirms it unpaid, and its customer gets no more time for it
UPDATE booking.bookings SET status = 'pending' WHERE id = :'a';
\echo :SQLSTATE
SELECT expires_at FROM booking.refresh_hold(:'a', '2 days');
SET booking.now = '2027-03-01 10:00Z';
SELECT expires_at FROM booking.refresh_hold(:'a');
\echo :SQLSTATE
UPDATE booking.bookings SET expires_at = expires_at + interval '1 minute' WHERE id = :'a';
SELECT expires_at FROM booking.refresh_hold(:'a', '22 hours');
-- moving it doesn't give it time either
SELECT status FROM booking.reschedule(:'a', '2027-03-02 12:00Z');
UPDATE booking.bookings SET customer_id = NULL, contact = NULL WHERE id = :'a';
-- a customer records no payment
SELECT outcome FROM booking.record_payment(:'a', 30, 'stripe', 'pi_1');
\echo :SQLSTATE
SELECT booking.record_refund('stripe', 'pi_1');
\echo :SQLSTATE
SELECT booking.set_context(session => true) \gset _

---- payments ----

SELECT outcome FROM booking.record_payment(:'a', 0, 'stripe', 'pi_1');
SELECT outcome FROM booking.record_payment(:'a', -1, 'stripe', 'pi_1');
SELECT outcome FROM booking.record_payment(:'a', 'NaN', 'stripe', 'pi_1');
SELECT outcome FROM booking.record_payment(:'a', 0.001, 'stripe', 'pi_1');
SELECT outcome FROM booking.record_payment(:'a', 30, 'stripe', 'pi_1', 'EUR');
\echo :SQLSTATE
SELECT outcome FROM booking.record_payment(:'a', 30, 'stripe', 'pi_1', 'euro');
SELECT outcome FROM booking.record_payment(:'a', 30, '', 'pi_1');
SELECT outcome FROM booking.record_payment(:'a', 30, 'stripe', repeat('x', 201));
SELECT outcome FROM booking.record_payment(:'a', 30, 'stripe', NULL);
SELECT outcome FROM booking.record_payment(:'a', NULL, 'stripe', 'pi_1');
SELECT outcome FROM booking.record_payment('00000000-0000-0000-0000-000000000000', 30, 'stripe', 'pi_1');
\echo :SQLSTATE
SELECT count(*) AS payments FROM booking.payments;
-- in parts; staff may give it time
SELECT status, version, paid, due, outcome, repeated, effects FROM booking.record_payment(:'a', 10, 'stripe', 'pi_1');
SELECT expires_at FROM booking.refresh_hold(:'a', '2 days');
UPDATE booking.bookings SET status = 'confirmed' WHERE id = :'a';
\echo :SQLSTATE
-- what covers it makes it what checkout would have made it
SELECT status, version, paid, due, outcome, repeated, effects FROM booking.record_payment(:'a', 20.00, 'stripe', 'pi_2', 'USD');
SELECT * FROM state WHERE starts_at = '2027-03-02 12:00Z';
-- the same again, and something else under its name
SELECT status, version, paid, due, outcome, repeated, effects FROM booking.record_payment(:'a', 20, 'stripe', 'pi_2');
SELECT status, version, paid, due, outcome, repeated, effects FROM booking.record_payment(:'a', 10, 'stripe', 'pi_1');
SELECT outcome FROM booking.record_payment(:'a', 21, 'stripe', 'pi_2');
\echo :SQLSTATE
SELECT booking_id AS b, status, price FROM booking.book(:'tennis', '2027-03-02 14:00Z', '{"name": "Bob"}') \gset b_
SELECT outcome FROM booking.record_payment(:'b_b', 20, 'stripe', 'pi_2');
\echo :SQLSTATE
SELECT outcome FROM booking.record_payment(:'b_b', 20, 'adyen', 'pi_2');
-- the rest, at the desk
SELECT status FROM booking.confirm(:'a');
SELECT status, version, paid, due, outcome, effects FROM booking.record_payment(:'a', 70, 'cash', '2027-17');
SELECT history(:'a'), effects(:'a');
-- only the engine writes them
UPDATE booking.payments SET amount = 1;
DELETE FROM booking.payments;

---- book, and plain SQL ----

SELECT status, price FROM booking.book(:'tennis', '2027-03-03 10:00Z', '{"name": "Bob"}');
SELECT * FROM state WHERE starts_at = '2027-03-03 10:00Z';
INSERT INTO booking.bookings (service_id, starts_at, status, contact)
	VALUES (:'tennis', '2027-03-03 11:00Z', 'confirmed', '{"name": "Bob"}') RETURNING status, expires_at, held_at;
SELECT status FROM booking.book(:'tennis', '2027-03-03 12:00Z', '{"name": "Bob"}', override => '{deposit}');
SELECT booking_id AS c FROM booking.hold(:'tennis', '2027-03-03 13:00Z') \gset
UPDATE booking.bookings SET status = 'confirmed', contact = '{"name": "Cid"}' WHERE id = :'c' RETURNING status, expires_at;
UPDATE booking.bookings SET status = 'confirmed', overrides = '{deposit}' WHERE id = :'c' RETURNING status, expires_at;
SELECT status, "order", deposit, session FROM state WHERE starts_at >= '2027-03-03 12:00Z' ORDER BY starts_at;
SELECT history(:'c'), effects(:'c');
-- a customer can't do without
SELECT booking.set_context(actor => 'ann', actor_kind => 'customer', session => true) \gset _
SELECT status FROM booking.book(:'tennis', '2027-03-03 15:00Z', '{"name": "Ann"}', override => '{deposit}');
\echo :SQLSTATE
-- an expired hold is not checked out by that
SELECT booking_id AS d FROM booking.hold(:'tennis', '2027-03-03 15:00Z') \gset
SET booking.now = '2027-03-01 10:06Z';
UPDATE booking.bookings SET status = 'confirmed', contact = '{"name": "Ann"}' WHERE id = :'d';
\echo :SQLSTATE
-- nor can more be kept waiting than held
UPDATE booking.tenants SET settings = '{"max_live_holds": 1}';
SELECT status FROM booking.book(:'tennis', '2027-03-03 16:00Z', '{"name": "Ann"}');
SELECT status FROM booking.book(:'tennis', '2027-03-03 17:00Z', '{"name": "Ann"}');
\echo :SQLSTATE
UPDATE booking.tenants SET settings = '{}';
SELECT booking.set_context(session => true) \gset _
-- paid before checkout
SELECT booking_id AS e FROM booking.hold(:'tennis', '2027-03-03 18:00Z') \gset
SELECT status, paid, due, outcome FROM booking.record_payment(:'e', 20, 'stripe', 'early');
SELECT status, paid, due, outcome FROM booking.record_payment(:'e', 10, 'stripe', 'early, too');
SELECT status FROM booking.checkout(ARRAY[:'e']::uuid[], '{"name": "Eve"}');
SELECT deposit FROM state WHERE starts_at = '2027-03-03 18:00Z';
-- nothing to pay, nothing to record
SELECT booking_id AS f FROM booking.hold(:'talk', '2027-03-03 19:00Z') \gset
SELECT outcome FROM booking.record_payment(:'f', 20, 'stripe', 'pi_9');
\echo :SQLSTATE
-- the deposit is fixed at checkout, and never above the price
SELECT booking_id AS g FROM booking.book(:'tennis', '2027-03-03 20:00Z', '{"name": "Gus"}') \gset
UPDATE booking.services SET deposit = 50 WHERE code = 'tennis';
SELECT due, outcome FROM booking.record_payment(:'g', 5, 'stripe', 'g1');
UPDATE booking.bookings SET price = 15 WHERE id = :'g';
SELECT due, outcome, status FROM booking.record_payment(:'g', 10, 'stripe', 'g2');
UPDATE booking.services SET deposit = 30 WHERE code = 'tennis';

---- in vain: what is due back ----

SELECT booking_id AS h FROM booking.book(:'tennis', '2027-03-04 10:00Z', '{"name": "Hal"}') \gset
SELECT status, outcome FROM booking.record_payment(:'h', 30, 'stripe', 'h1');
SELECT effects FROM booking.cancel(:'h', 'customer_request');
SELECT reference, p.status FROM booking.payments AS p WHERE booking_id = :'h';
SELECT effects(:'h');
-- what comes still later is due back too
SELECT status, paid, due, outcome, effects FROM booking.record_payment(:'h', 5, 'stripe', 'h2');
SELECT status, paid, due, outcome, repeated, effects FROM booking.record_payment(:'h', 5, 'stripe', 'h2');
SELECT count(*) FROM booking.outbox WHERE booking_id = :'h' AND topic = 'refund_due';
SELECT booking.record_refund('stripe', 'h1');
SELECT booking.record_refund('stripe', 'h1');
SELECT booking.record_refund('stripe', 'nothing');
SELECT booking.record_refund('stripe', 'pi_1');
\echo :SQLSTATE
SELECT reference, p.status FROM booking.payments AS p WHERE booking_id = :'h' ORDER BY reference;
-- released with a part of it paid
SELECT booking_id AS i FROM booking.book(:'tennis', '2027-03-04 11:00Z', '{"name": "Ivy"}') \gset
SELECT outcome FROM booking.record_payment(:'i', 5, 'stripe', 'i1');
SELECT booking.release_hold(:'i');
SELECT effects(:'i');
SELECT "order" FROM state WHERE starts_at = '2027-03-04 11:00Z';

---- too late ----

-- unswept, and the slot is free
SELECT booking_id AS j FROM booking.book(:'tennis', '2027-03-04 12:00Z', '{"name": "Joe"}') \gset
SELECT booking_id AS k FROM booking.book(:'tennis', '2027-03-04 13:00Z', '{"name": "Kay"}') \gset
SELECT booking_id AS l FROM booking.book(:'tennis', '2027-03-04 14:00Z', '{"name": "Lou"}') \gset
SELECT booking_id AS m FROM booking.book(:'tennis', '2027-03-04 15:00Z', '{"name": "Mia"}') \gset
SELECT outcome FROM booking.record_payment(:'k', 10, 'stripe', 'k1');
SELECT outcome FROM booking.record_payment(:'m', 10, 'stripe', 'm1');
SET booking.now = '2027-03-02 10:07Z';
SELECT status, outcome, version FROM booking.record_payment(:'j', 30, 'stripe', 'j1');
SELECT history(:'j'), effects(:'j');
-- the sweep was there: what is due back and not yet sent counts again
SELECT booking.expire_holds() > 3 AS swept;
SELECT effects(:'k');
SELECT status, outcome, paid FROM booking.record_payment(:'k', 20, 'stripe', 'k2');
SELECT status, "order", total, session FROM state WHERE starts_at = '2027-03-04 13:00Z';
SELECT history(:'k'), effects(:'k');
SELECT reference, p.status FROM booking.payments AS p WHERE booking_id = :'k' ORDER BY reference;
-- sent already: the rest alone is not enough
UPDATE booking.outbox SET status = 'sent' WHERE booking_id = :'m' AND topic = 'refund_due';
SELECT status, outcome, paid FROM booking.record_payment(:'m', 20, 'stripe', 'm2');
SELECT reference, p.status FROM booking.payments AS p WHERE booking_id = :'m' ORDER BY reference;
-- somebody else has it
SELECT status FROM booking.book(:'talk', '2027-03-04 14:00Z', '{"name": "Max"}');
SELECT status, outcome, paid, effects FROM booking.record_payment(:'l', 30, 'stripe', 'l1');
SELECT effects(:'l');
-- its customer takes it again by himself, where it is free
SELECT booking.set_context(actor => 'ann', actor_kind => 'customer', session => true) \gset _
SELECT booking_id AS n FROM booking.book(:'tennis', '2027-03-05 12:00Z', '{"name": "Ann"}') \gset
SET booking.now = '2027-03-03 10:08Z';
SELECT expires_at FROM booking.refresh_hold(:'n');
SELECT booking.set_context(session => true) \gset _
SELECT status, "order", total FROM state WHERE starts_at = '2027-03-05 12:00Z';
SELECT status FROM booking.record_payment(:'n', 30, 'stripe', 'n1');
-- who waited and gets the slot has to pay, too; what he gets then can be cancelled
INSERT INTO booking.bookings (service_id, starts_at, status, contact)
	VALUES (:'tennis', '2027-03-06 12:00Z', 'waitlisted', '{"name": "Wil"}') RETURNING id AS w \gset
UPDATE booking.bookings SET status = 'confirmed' WHERE id = :'w' RETURNING status, expires_at;
SELECT "order", total, deposit FROM state WHERE starts_at = '2027-03-06 12:00Z';
SELECT effects FROM booking.cancel(:'w', 'customer_request');
SELECT history(:'w');
SELECT "order", total FROM state WHERE starts_at = '2027-03-06 12:00Z';
-- a service per person: the order follows the party, the deposit stays
UPDATE booking.services SET price_unit = 'per_person', price = 40, max_party = 9 WHERE code = 'tennis';
SELECT booking_id AS p FROM booking.book(:'tennis', '2027-03-06 14:00Z', '{"name": "Pat"}', party_size => 2) \gset
UPDATE booking.bookings SET party_size = 3 WHERE id = :'p';
SELECT status, total, deposit FROM state WHERE starts_at = '2027-03-06 14:00Z';
SELECT status, paid, due FROM booking.record_payment(:'p', 40, 'stripe', 'more than enough');

---- what was paid for a promotion that is undone ----

SET booking.now = '2027-07-01 09:00Z';
UPDATE booking.services SET settings = '{"waitlist_mode": "confirm"}' WHERE code = 'talk';
SELECT booking_id AS first FROM booking.book(:'talk', '2027-07-02 10:00Z', '{"name": "Ann"}') \gset
INSERT INTO booking.bookings (service_id, status, starts_at, contact) VALUES (:'talk', 'waitlisted', '2027-07-02 10:00Z', '{"name": "Bob"}') RETURNING id AS waits \gset
SELECT status FROM booking.cancel(:'first', 'customer_request');
SELECT status, outcome FROM booking.record_payment(:'waits', 20, 'card', 'promoted');
SELECT status FROM booking.reverse(booking.issue_undo(:'waits'));
SELECT status, refund_effect FROM booking.payments WHERE reference = 'promoted';
-- he waits no more
SELECT status, effects FROM booking.cancel(:'waits', 'customer_request');
SELECT status FROM booking.payments WHERE reference = 'promoted';
SELECT status, effects FROM booking.reverse(booking.issue_undo(:'waits'));
SELECT status FROM booking.payments WHERE reference = 'promoted';
SELECT effects(:'waits');

---- paid after it was cancelled, and the cancel is undone: it stands as it was, paid ----

SELECT booking_id AS open FROM booking.book(:'tennis', '2027-07-03 10:00Z', '{"name": "Ann"}') \gset
SELECT booking.confirm(:'open');
SELECT status FROM booking.cancel(:'open', 'customer_request');
SELECT outcome FROM booking.record_payment(:'open', 40, 'card', 'afterwards');
SELECT status FROM booking.reverse(booking.issue_undo(:'open'));
SELECT status FROM booking.payments WHERE reference = 'afterwards';
SELECT status FROM booking.confirm(:'open');
SELECT history(:'open');

---- booked at once: it was no hold, and doesn't become one by a later change ----

SELECT booking_id AS once FROM booking.book(:'tennis', '2027-07-03 12:00Z', '{"name": "Ann"}') \gset
UPDATE booking.bookings SET title = 'Ladder' WHERE id = :'once' RETURNING status, held_at;
UPDATE booking.bookings SET title = 'Ladder' WHERE id = :'once' RETURNING version;
SELECT count(*) FROM booking.holds WHERE booking_id = :'once';
