-- Money (K5): the service's price, fixed when the slot is taken; minor units per
-- currency; an order only when there is something to pay; cancelling voids it.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (code, name, capacity) VALUES ('hall', 'Hall', 1000);
INSERT INTO booking.services (name, duration, price, currency) VALUES
	('Tour', '1 hour', 12.50, NULL), ('Long tour', '2 hours', 20, NULL), ('Free tour', '1 hour', 0, NULL),
	('Tokyo tour', '1 hour', 1500, 'JPY'), ('Kuwait tour', '1 hour', 4.125, 'KWD');
SELECT booking.service_id('tour') AS tour, booking.service_id('long-tour') AS long,
	booking.service_id('free-tour') AS free,
	   booking.service_id('tokyo-tour') AS tokyo, booking.service_id('kuwait-tour') AS kuwait \gset
CREATE VIEW bills AS
	SELECT o.status, o.currency, o.total, (SELECT string_agg(i.description || ' ' || i.amount ||
		CASE WHEN i.voided_at IS NULL THEN '' ELSE ' void' END, ', ' ORDER BY i.description)
		FROM booking.order_items AS i WHERE i.order_id = o.id) AS items,
		c.name AS customer, o.id
	  FROM booking.orders AS o LEFT JOIN booking.customers AS c ON c.id = o.customer_id;

---- amounts a currency can't have ----

UPDATE booking.services SET price = 12.505 WHERE id = :'tour';
\echo :SQLSTATE
UPDATE booking.services SET price = 1500.5 WHERE id = :'tokyo';
\echo :SQLSTATE
UPDATE booking.services SET price = 4.1255 WHERE id = :'kuwait';
\echo :SQLSTATE
UPDATE booking.services SET price = -1 WHERE id = :'tour';
\echo :SQLSTATE
UPDATE booking.services SET price = 'NaN' WHERE id = :'tour';
\echo :SQLSTATE
UPDATE booking.services SET currency = 'usd' WHERE id = :'tour';
\echo :SQLSTATE
-- in the tenant's currency where the service has none: USD here
UPDATE booking.tenants SET currency = 'JPY';
SELECT booking.hold(:'tour', '2027-03-01 10:00Z');
\echo :SQLSTATE
UPDATE booking.tenants SET currency = 'USD';

---- one checkout, one order, one item each; the total is their sum ----

SELECT booking_id AS a, version FROM booking.hold(:'tour', '2027-03-01 10:00Z') \gset
SELECT booking_id AS b FROM booking.hold(:'long', '2027-03-01 12:00Z') \gset
SELECT booking_id AS c FROM booking.hold(:'free', '2027-03-01 15:00Z') \gset
SELECT price, currency, order_id FROM booking.bookings ORDER BY starts_at;
SELECT status, price, currency, order_id IS NOT NULL AS ordered
  FROM booking.checkout(ARRAY[:'a', :'b', :'c']::uuid[], '{"name": "Ann"}', expected_total => 32.5);
SELECT status, currency, total, items, customer FROM bills;
SELECT count(DISTINCT order_id) AS orders, count(order_id) AS ordered FROM booking.bookings;

---- nothing to pay, no order ----

SELECT status, price, order_id FROM booking.book(:'free', '2027-03-01 16:00Z', '{"name": "Bob"}',
	expected_total => 0);
SELECT count(*) FROM booking.orders;

---- the price is fixed when the slot is taken ----

SELECT booking_id AS d FROM booking.hold(:'tour', '2027-03-02 10:00Z') \gset
UPDATE booking.services SET price = 15 WHERE id = :'tour';
SELECT price FROM booking.checkout(ARRAY[:'d']::uuid[], '{"name": "Ann"}', expected_total => 15);
\echo :SQLSTATE
SELECT price FROM booking.checkout(ARRAY[:'d']::uuid[], '{"name": "Ann"}', expected_total => 12.5);
SELECT price FROM booking.book(:'tour', '2027-03-02 11:00Z', '{"name": "Ann"}', expected_total => 12.5);
\echo :SQLSTATE
SELECT booking_id AS e, price FROM booking.book(:'tour', '2027-03-02 11:00Z', '{"name": "Ann"}',
	expected_total => 15.000) \gset
SELECT :'price' AS price;
-- moving keeps it
SELECT status FROM booking.reschedule(:'d', '2027-03-02 14:00Z');
SELECT price FROM booking.bookings WHERE id = :'d';

---- one currency per checkout ----

SELECT booking_id AS j FROM booking.hold(:'tokyo', '2027-03-03 10:00Z') \gset
SELECT booking_id AS k FROM booking.hold(:'kuwait', '2027-03-03 11:00Z') \gset
SELECT * FROM booking.checkout(ARRAY[:'j', :'k']::uuid[], '{"name": "Ann"}');
\echo :SQLSTATE
SELECT price, currency FROM booking.checkout(ARRAY[:'j']::uuid[], '{"name": "Ann"}');
SELECT price, currency FROM booking.checkout(ARRAY[:'k']::uuid[], '{"name": "Ann"}');

---- cancelling voids: the item, and with the last one the order ----

SELECT order_id AS o FROM booking.bookings WHERE id = :'a' \gset
SELECT status FROM booking.cancel(:'a', 'customer_request');
SELECT status, total, items FROM bills WHERE id = :'o';
UPDATE booking.bookings SET status = 'cancelled', reason_code = 'weather' WHERE id = :'b';
SELECT status, total, items FROM bills WHERE id = :'o';
-- a no-show and a completed booking are still to be paid
SET booking.now = '2027-03-02 14:15Z';
SELECT status FROM booking.no_show(:'d');
SELECT status FROM booking.complete(:'e');
SELECT b.status, o.status, o.total FROM booking.bookings AS b JOIN booking.orders AS o ON o.id = b.order_id
 WHERE b.id IN (:'d', :'e') ORDER BY 1;

---- by plain SQL the same ----

INSERT INTO booking.bookings (service_id, status, starts_at, contact) VALUES
	(:'long', 'confirmed', '2027-03-04 10:00Z', '{"name": "Eve"}'), (:'long', 'held', '2027-03-04 12:00Z', NULL),
	(:'free', 'confirmed', '2027-03-04 14:00Z', '{"name": "Eve"}');
SELECT b.status, b.price, x.status AS bill, x.total FROM booking.bookings AS b
	LEFT JOIN bills AS x ON x.id = b.order_id
 WHERE b.starts_at > '2027-03-04' ORDER BY b.starts_at;
UPDATE booking.bookings SET status = 'pending', contact = '{"name": "Eve"}' WHERE status = 'held';
SELECT b.status, b.price, x.status AS bill, x.total, x.items FROM booking.bookings AS b
	LEFT JOIN bills AS x ON x.id = b.order_id
 WHERE b.starts_at = '2027-03-04 12:00Z';
UPDATE booking.bookings SET status = 'confirmed' WHERE starts_at = '2027-03-04 12:00Z';
SELECT count(*) AS items FROM booking.order_items AS i JOIN booking.bookings AS b ON b.id = i.booking_id
	WHERE b.starts_at = '2027-03-04 12:00Z';
-- staff may give another price, a customer not
INSERT INTO booking.bookings (service_id, status, starts_at, contact, price)
	VALUES (:'long', 'confirmed', '2027-03-05 10:00Z', '{"name": "Eve"}', 5) RETURNING price;
INSERT INTO booking.bookings (service_id, status, starts_at, contact, price)
	VALUES (:'long', 'confirmed', '2027-03-05 10:00Z', '{"name": "Eve"}', 5.001);
\echo :SQLSTATE
BEGIN;
SELECT booking.set_context(actor => 'eve', actor_kind => 'customer') \gset _
INSERT INTO booking.bookings (service_id, status, starts_at, price)
	VALUES (:'long', 'held', '2027-03-05 10:00Z', 0.01) RETURNING price, id AS f \gset
SELECT :'price' AS price;
UPDATE booking.bookings SET price = 0.01 WHERE id = :'f';
\echo :SQLSTATE
ROLLBACK;
