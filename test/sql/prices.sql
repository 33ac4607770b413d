-- Prices by unit, with tax (K5): what a booking costs, rounded once, half up; when it
-- is charged anew; and the order follows.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';

UPDATE booking.branches SET time_zone = 'Europe/Berlin';
INSERT INTO booking.resources (code, name, capacity) VALUES ('hall', 'Hall', 1000000);
-- a service of so and so much, booked once; by staff, who may choose any length
CREATE FUNCTION bill(unit_price numeric, currency text, unit text, tax_rate numeric DEFAULT 0,
	inclusive boolean DEFAULT true, length interval DEFAULT '1 hour', party int DEFAULT 1)
	RETURNS TABLE (price numeric, tax numeric) LANGUAGE plpgsql AS $$
DECLARE
	service uuid;
BEGIN
	INSERT INTO booking.services (code, name, duration, price, currency, price_unit, tax_rate, tax_inclusive)
		VALUES ('s-' || replace(booking.new_id()::text, '-', ''), 'Service', '1 hour', unit_price,
				bill.currency, unit, bill.tax_rate, inclusive) RETURNING id INTO service;
	RETURN QUERY SELECT b.price, b.tax FROM booking.book(service, '2027-03-02 10:00Z', '{"name": "Ann"}',
		duration => length, party_size => party) AS b;
END $$;

---- by the hour: fractions count, rounded half up to the minor unit ----

SELECT length, bill.* FROM unnest('{1 hour, 90 minutes, 20 minutes, 1 second, 1 microsecond, 30 hours}'::interval[])
	AS length, bill(20, 'EUR', 'per_hour', length => length);
SELECT length, bill.* FROM unnest('{00:30, 00:29:59.999999, 00:30:00.000001}'::interval[]) AS length,
	bill(1001, 'JPY', 'per_hour', length => length);
SELECT length, bill.* FROM unnest('{00:30, 00:29:59.999999, 01:30, 01:29:59.999999}'::interval[]) AS length,
	bill(0.001, 'KWD', 'per_hour', length => length);
SELECT length, bill.* FROM unnest('{00:30, 00:29:59.999999}'::interval[]) AS length,
	bill(0.0001, 'CLF', 'per_hour', length => length);
-- 18000000.00499999999972 is below one half of a cent, though not in 16 digits
SELECT * FROM bill(18000000.01, 'USD', 'per_hour', length => '00:59:59.999999');
-- all amounts of a whole hour in steps of a minute, counted in whole numbers
SELECT count(*) AS wrong FROM generate_series(1, 60) AS m, bill(7.77, 'USD', 'per_hour',
	length => m * interval '1 minute') WHERE bill.price <> (777 * m * 2 + 60) / 120 / 100.0;

---- per person ----

SELECT party, bill.* FROM unnest('{1, 7, 1000}'::int[]) AS party, bill(12.35, 'EUR', 'per_person', party => party);

---- per night: local calendar days, at least one ----

INSERT INTO booking.services (code, name, duration, price, price_unit) VALUES ('room', 'Room', '1 day', 80, 'per_night');
SELECT starts, ends, b.price FROM (VALUES
	(timestamp '2027-03-05 15:00', timestamp '2027-03-06 11:00'), ('2027-03-05 15:00', '2027-03-08 11:00'),
	-- clocks forward and back, in the night
	('2027-03-27 12:00', '2027-03-28 12:00'), ('2027-10-30 12:00', '2027-10-31 12:00'),
	('2027-03-26 15:00', '2027-03-29 11:00'),
	-- to midnight, over it, after it, not at all
	('2027-04-01 22:00', '2027-04-02 00:00'), ('2027-04-01 23:59', '2027-04-02 00:01'),
	('2027-04-01 00:30', '2027-04-01 11:00'), ('2027-04-01 10:00', '2027-04-01 12:00'),
	('2027-12-31 15:00', '2028-12-31 11:00')) AS x (starts, ends),
	LATERAL booking.book(booking.service_id('room'), local_start => starts,
		ends_at => booking.at_local(ends, 'Europe/Berlin'), customer => '{"name": "Ann"}') AS b;

---- tax: contained in the price, or on top of it ----

SELECT rate, inclusive, bill.* FROM unnest('{0, 7.7, 19, 100, 8.875, 0.000001}'::numeric[]) AS rate,
	unnest('{t, f}'::boolean[]) AS inclusive, bill(100, 'EUR', 'fixed', rate, inclusive);
-- half up: 0.5 yen on 5; a hair less is nothing
SELECT net, rate, bill.* FROM (VALUES (5, 10), (4, 10), (5, 9.999999), (15, 10)) AS x (net, rate),
	bill(net, 'JPY', 'fixed', rate, false);
SELECT gross, bill.* FROM (VALUES (5), (6), (16), (17)) AS x (gross), bill(gross, 'JPY', 'fixed', 10);
-- 10.5 of 21, and a hair less
SELECT gross, rate, bill.* FROM (VALUES (21, 100), (21, 99.999999)) AS x (gross, rate),
	bill(gross, 'JPY', 'fixed', rate);
SELECT * FROM bill(0.10, 'USD', 'fixed', 5, false);
SELECT * FROM bill(0.09, 'USD', 'fixed', 5, false);
SELECT * FROM bill(1.005, 'KWD', 'fixed', 10, false);
-- the amount is rounded first, then the tax on it: 0.075 -> 0.08 -> 0.04
SELECT * FROM bill(0.05, 'USD', 'per_hour', 50, false, '90 minutes');
-- for free there is no tax
SELECT * FROM bill(0, 'USD', 'per_hour', 50, false);

---- the order: each item rounded by itself, totals are sums ----

INSERT INTO booking.services (code, name, duration, max_duration, price, price_unit, tax_rate, tax_inclusive, min_party)
	VALUES ('lane', 'Lane', '1 hour', '4 hours', 10.01, 'per_hour', 7.7, false, 1),
		   ('tour', 'Tour', '1 hour', NULL, 9.99, 'per_person', 19, true, 2),
		   ('talk', 'Talk', '1 hour', NULL, 0, 'fixed', 0, true, 1);
SELECT booking.service_id('lane') AS lane, booking.service_id('tour') AS tour,
	   booking.service_id('talk') AS talk \gset
CREATE VIEW bills AS
	SELECT o.status, o.total, o.tax_total, (SELECT string_agg(concat(i.description, ' ', i.amount, ' incl. ', i.tax,
		CASE WHEN i.voided_at IS NOT NULL THEN ' void' END), ', ' ORDER BY i.description, i.booking_id)
		FROM booking.order_items AS i WHERE i.order_id = o.id) AS items, o.id
	  FROM booking.orders AS o;
SELECT booking_id AS a FROM booking.hold(:'lane', '2027-03-03 10:00Z', duration => '30 minutes') \gset
SELECT booking_id AS b FROM booking.hold(:'lane', '2027-03-03 10:00Z', duration => '30 minutes') \gset
SELECT booking_id AS c FROM booking.hold(:'tour', '2027-03-03 10:00Z') \gset
SELECT price, tax, currency FROM booking.bookings WHERE id IN (:'a', :'b', :'c') ORDER BY price;
SELECT * FROM booking.checkout(ARRAY[:'a', :'b', :'c']::uuid[], '{"name": "Ann"}', expected_total => 30.76);
\echo :SQLSTATE
SELECT order_id AS o, sum(price) OVER () AS price, sum(tax) OVER () AS tax
  FROM booking.checkout(ARRAY[:'a', :'b', :'c']::uuid[], '{"name": "Ann"}', expected_total => 30.78) LIMIT 1 \gset
SELECT :'price' AS price, :'tax' AS tax;
SELECT status, total, tax_total, items FROM bills WHERE id = :'o';

---- the price is fixed when the slot is taken ----

SELECT booking_id AS h FROM booking.hold(:'tour', '2027-03-03 12:00Z', party_size => 3) \gset
UPDATE booking.services SET price = 11, tax_rate = 7 WHERE id = :'tour';
UPDATE booking.services SET price = 20 WHERE id = :'lane';
SELECT price, tax FROM booking.bookings WHERE id IN (:'a', :'h') ORDER BY price;
-- moved, refreshed, given other resources, titled: the same price
SELECT version FROM booking.reschedule(:'h', '2027-03-03 13:00Z');
SELECT version FROM booking.refresh_hold(:'h');
UPDATE booking.bookings SET title = 'x' WHERE id IN (:'a', :'h');
SELECT version FROM booking.reschedule(:'a', '2027-03-04 10:00Z');
SELECT price, tax FROM booking.bookings WHERE id IN (:'a', :'h') ORDER BY price;
SELECT price, tax FROM booking.checkout(ARRAY[:'h']::uuid[], '{"name": "Ann"}', expected_total => 29.97);

---- another length, party or service is another price, at what it costs by then; the order follows ----

SELECT version FROM booking.reschedule(:'a', '2027-03-04 10:00Z', duration => '90 minutes');
SELECT status, total, tax_total, items FROM bills WHERE id = :'o';
UPDATE booking.bookings SET party_size = 4 WHERE id = :'c';
SELECT status, total, tax_total, items FROM bills WHERE id = :'o';
-- the party is nothing to a price by the hour, the length nothing to one per person
UPDATE booking.bookings SET party_size = 4 WHERE id = :'b';
UPDATE booking.bookings SET ends_at = ends_at + interval '1 hour' WHERE id = :'c';
SELECT status, total, tax_total FROM bills WHERE id = :'o';
UPDATE booking.bookings SET service_id = :'tour' WHERE id = :'b' RETURNING price, tax;
SELECT status, total, tax_total, items FROM bills WHERE id = :'o';
SELECT old_values -> 'price' AS was, new_values -> 'price' AS price, new_values -> 'tax' AS tax
  FROM booking.audit_log WHERE booking_id = :'b' ORDER BY version DESC LIMIT 1;
SELECT status FROM booking.cancel(:'a', 'weather');
SELECT status, total, tax_total, items FROM bills WHERE id = :'o';
-- a cancelled item stays as it was; the sums agree
SELECT bool_and(o.total = i.total AND o.tax_total = i.tax) AS agree FROM booking.orders AS o, LATERAL (
	SELECT coalesce(sum(amount), 0) AS total, coalesce(sum(tax), 0) AS tax FROM booking.order_items AS i
	 WHERE i.order_id = o.id AND i.voided_at IS NULL) AS i;

---- staff may say another price, which contains the tax; clients may not ----

UPDATE booking.bookings SET price = 30 WHERE id = :'c' RETURNING price, tax;
SELECT status, total, tax_total, items FROM bills WHERE id = :'o';
-- together with a change of the party too
UPDATE booking.bookings SET price = 40, party_size = 5 WHERE id = :'c' RETURNING price, tax;
-- what was for free gets an order with its price, and may be for free again
SELECT booking_id AS f, order_id FROM booking.book(:'talk', '2027-03-03 16:00Z', '{"name": "Bob"}') \gset
UPDATE booking.bookings SET price = 5 WHERE id = :'f';
SELECT x.status, x.total, x.items FROM booking.bookings AS b JOIN bills AS x ON x.id = b.order_id WHERE b.id = :'f';
UPDATE booking.bookings SET price = 0 WHERE id = :'f';
SELECT x.status, x.total, x.items FROM booking.bookings AS b JOIN bills AS x ON x.id = b.order_id WHERE b.id = :'f';
-- tax is the engine's to say
UPDATE booking.bookings SET tax = 99 WHERE id = :'c' RETURNING tax;
UPDATE booking.bookings SET tax = 99, title = 'y' WHERE id = :'c' RETURNING tax;
INSERT INTO booking.bookings (service_id, starts_at, price, tax) VALUES (:'lane', '2027-03-05 10:00Z', 107.7, 99)
	RETURNING price, tax;
BEGIN;
SELECT booking.set_context(actor => 'eve', actor_kind => 'customer') \gset _
INSERT INTO booking.bookings (service_id, status, starts_at, price, tax) VALUES (:'lane', 'held', '2027-03-05 10:00Z', 1, 0)
	RETURNING price, tax, id AS e \gset
SELECT :'price' AS price, :'tax' AS tax;
-- a longer hold costs more, whatever the statement says
UPDATE booking.bookings SET ends_at = '2027-03-05 12:00Z', price = 1 WHERE id = :'e' RETURNING price, tax;
UPDATE booking.bookings SET price = 1 WHERE id = :'e';
\echo :SQLSTATE
ROLLBACK;

---- one currency an order ----

INSERT INTO booking.services (code, name, duration, price, currency) VALUES ('yen', 'Yen', '1 hour', 900, 'JPY');
UPDATE booking.bookings SET service_id = booking.service_id('yen') WHERE id = :'c';
\echo :SQLSTATE
SELECT booking_id AS h FROM booking.hold(:'tour', '2027-03-03 12:00Z', party_size => 3) \gset
UPDATE booking.bookings SET service_id = booking.service_id('yen') WHERE id = :'h' RETURNING price, tax, currency;

---- who waits has no slot yet, and so no fixed price ----

INSERT INTO booking.bookings (service_id, status, starts_at, party_size) VALUES (:'tour', 'waitlisted', '2027-03-05 10:00Z', 2)
	RETURNING price, id AS w \gset
SELECT :'price' AS price;
UPDATE booking.services SET price = 12 WHERE id = :'tour';
UPDATE booking.bookings SET status = 'held' WHERE id = :'w' RETURNING price, tax;

---- an hourly booking that is lengthened while it lasts ----

SELECT booking_id AS k FROM booking.book(:'lane', '2027-03-01 08:30Z', '{"name": "Bob"}') \gset
SELECT status FROM booking.check_in(:'k');
SELECT status FROM booking.start_serving(:'k');
UPDATE booking.bookings SET ends_at = ends_at + interval '30 minutes' WHERE id = :'k' RETURNING price, tax;
SELECT x.total, x.tax_total FROM booking.bookings AS b JOIN bills AS x ON x.id = b.order_id WHERE b.id = :'k';
SELECT status FROM booking.complete(:'k');

---- what a service can't cost ----

\set VERBOSITY terse
UPDATE booking.services SET price = -1 WHERE id = :'lane';
UPDATE booking.services SET price = 'NaN' WHERE id = :'lane';
UPDATE booking.services SET price = 'Infinity' WHERE id = :'lane';
UPDATE booking.services SET price = 10.001 WHERE id = :'lane';
UPDATE booking.services SET price = 1e15 + 1 WHERE id = :'lane';
UPDATE booking.services SET tax_rate = -0.1 WHERE id = :'lane';
UPDATE booking.services SET tax_rate = 100.1 WHERE id = :'lane';
UPDATE booking.services SET tax_rate = 'NaN' WHERE id = :'lane';
UPDATE booking.services SET tax_rate = 'Infinity' WHERE id = :'lane';
UPDATE booking.services SET tax_rate = 7.1234567 WHERE id = :'lane';
UPDATE booking.services SET price_unit = 'per_day' WHERE id = :'lane';
UPDATE booking.services SET price_unit = NULL WHERE id = :'lane';
UPDATE booking.bookings SET price = 'NaN' WHERE id = :'c';
UPDATE booking.bookings SET price = -1 WHERE id = :'c';
UPDATE booking.bookings SET price = NULL WHERE id = :'c';
-- more than can be paid
SELECT * FROM bill(1000000000000000, 'USD', 'per_person', party => 2);
SELECT * FROM bill(1, 'USD', 'per_person', party => -2);
\set VERBOSITY default
