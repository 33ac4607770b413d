-- Checkout and book (K1 to K4, K6 to K8): from hold to booking, all or nothing.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (id, code, name) VALUES
	('00000000-0000-0000-0000-00000000000a', 'court-1', 'Court 1'),
	('00000000-0000-0000-0000-00000000000b', 'court-2', 'Court 2');
INSERT INTO booking.services (name, duration) VALUES ('Tennis', '1 hour'), ('Final', '2 hours'), ('Party', '2 hours');
UPDATE booking.services SET settings = '{"approval": true}' WHERE code IN ('final', 'party');
INSERT INTO booking.questions (code, service_id, prompt, required)
	VALUES ('club', booking.service_id('final'), 'Which club?', true);
SELECT booking.service_id('tennis') AS tennis, booking.service_id('final') AS final \gset
CREATE VIEW state AS
	SELECT b.status, b.version, c.name AS customer, b.contact, b.booked_by, ss.status AS session,
		   b.expires_at, b.starts_at, b.id
	  FROM booking.bookings AS b LEFT JOIN booking.customers AS c ON c.id = b.customer_id
	  LEFT JOIN booking.service_sessions AS ss ON ss.booking_id = b.id;

---- K1: two holds, one customer; results come in the order asked for ----

SELECT booking_id AS a FROM booking.hold(:'tennis', '2027-03-01 10:00Z') \gset
SELECT booking_id AS b FROM booking.hold(:'tennis', '2027-03-01 11:00Z') \gset
SELECT booking_id = :'b' AS is_b, status, version, order_id, price, currency
  FROM booking.checkout(ARRAY[:'b', :'a']::uuid[],
	'{"email": " Ann@Example.com ", "name": "Ann", "phone": "+1 555", "locale": "en-US", "notify": false}');
SELECT status, version, customer, contact, session, expires_at FROM state ORDER BY starts_at;
SELECT email, email_key, name, phone, locale, notify FROM booking.customers;

---- K1: one bad id and nothing happens ----

SELECT booking_id AS c FROM booking.hold(:'tennis', '2027-03-01 12:00Z') \gset
SELECT booking_id AS d FROM booking.hold(:'tennis', '2027-03-01 13:00Z', ttl => '1 minute') \gset
SELECT * FROM booking.checkout(ARRAY[:'c', '00000000-0000-0000-0000-000000000000']::uuid[], '{"name": "Bob"}');
\echo :SQLSTATE
\set VERBOSITY sqlstate
SELECT * FROM booking.checkout(ARRAY[:'c', :'c']::uuid[], '{"name": "Bob"}');
SELECT * FROM booking.checkout(ARRAY[:'c', :'a']::uuid[], '{"name": "Bob"}');
SET booking.now = '2027-03-01 09:01Z';
SELECT * FROM booking.checkout(ARRAY[:'c', :'d']::uuid[], '{"name": "Bob"}');
SELECT booking.expire_holds();
SELECT * FROM booking.checkout(ARRAY[:'c', :'d']::uuid[], '{"name": "Bob"}');
\set VERBOSITY default
SELECT status, session FROM state WHERE id = :'c';
SELECT count(*) AS bobs FROM booking.customers WHERE name = 'Bob';
-- empty, null, a list of nulls, too many
SELECT * FROM booking.checkout('{}', '{"name": "Bob"}');
\echo :SQLSTATE
SELECT * FROM booking.checkout(NULL, '{"name": "Bob"}');
\echo :SQLSTATE
SELECT * FROM booking.checkout('{NULL}', '{"name": "Bob"}');
SELECT * FROM booking.checkout(ARRAY[:'c']::uuid[], NULL);

---- K1, K3: who the customer may be ----

SELECT status FROM booking.checkout(ARRAY[:'c']::uuid[], '{}');
\echo :SQLSTATE
SELECT status FROM booking.checkout(ARRAY[:'c']::uuid[], '"Ann"');
\echo :SQLSTATE
SELECT status FROM booking.checkout(ARRAY[:'c']::uuid[], '{"name": "Bob", "vip": true}');
\echo :SQLSTATE
SELECT status FROM booking.checkout(ARRAY[:'c']::uuid[], '{"name": 7}');
SELECT status FROM booking.checkout(ARRAY[:'c']::uuid[], '{"name": "Bob", "notify": "no"}');
SELECT status FROM booking.checkout(ARRAY[:'c']::uuid[], '{"name": "Bob\nBcc: x"}');
SELECT status FROM booking.checkout(ARRAY[:'c']::uuid[], '{"id": "nobody"}');
\echo :SQLSTATE
SELECT status FROM booking.checkout(ARRAY[:'c']::uuid[], '{"id": "00000000-0000-0000-0000-000000000000"}');
\echo :SQLSTATE
DO $$
DECLARE
	address text;
BEGIN
	FOREACH address IN ARRAY ARRAY['', 'bob', 'bob@', '@example.com', 'bob@example', 'a@b@example.com',
		'bob@example..com', 'bob @example.com', 'bob@example.com, ann@example.com', 'bob@-example.com',
		E'bob@example.com\nBcc: x@example.com', repeat('x', 250) || '@example.com'] LOOP
		BEGIN
			PERFORM booking.checkout(ARRAY[id], jsonb_build_object('email', address))
			   FROM booking.bookings WHERE status = 'held';
			RAISE NOTICE 'accepted: %', address;
		EXCEPTION WHEN SQLSTATE 'ZB009' THEN NULL;
		END;
	END LOOP;
END $$;
-- found by e-mail in any case; what staff enters is taken over, what is left out stays
SELECT status FROM booking.checkout(ARRAY[:'c']::uuid[],
	'{"email": "ANN@example.com", "name": "Ann Smith", "notify": true}');
SELECT email, name, phone, locale, notify FROM booking.customers;

---- K3: a stranger who knows the e-mail ----

SELECT booking.set_context(actor => 'mallory', actor_kind => 'customer', session => true) \gset _
SELECT booking_id AS e FROM booking.hold(:'tennis', '2027-03-01 14:00Z') \gset
SELECT status FROM booking.checkout(ARRAY[:'e']::uuid[],
	'{"email": "ann@example.com", "name": "Mallory", "phone": "666"}');
SELECT customer, contact, booked_by FROM state WHERE id = :'e';
SELECT name, phone, actor FROM booking.customers;
-- knowing the id is no way either
SELECT booking_id AS f FROM booking.hold(:'tennis', '2027-03-01 15:00Z') \gset
SELECT id AS ann FROM booking.customers \gset
\set VERBOSITY sqlstate
SELECT status FROM booking.checkout(ARRAY[:'f']::uuid[], jsonb_build_object('id', :'ann'));
\set VERBOSITY default
-- a customer of one's own: made by the first checkout, updated by the next
SELECT status FROM booking.checkout(ARRAY[:'f']::uuid[], '{"email": "mallory@example.com", "name": "Mal"}');
SELECT status FROM booking.book(:'tennis', '2027-03-01 16:00Z',
	'{"email": "mallory@example.com", "name": "Mallory"}');
SELECT name, actor FROM booking.customers WHERE email_key = 'mallory@example.com';
SELECT booking.set_context(session => true) \gset _

---- K3: one e-mail for several attendees ----

SELECT status FROM booking.book(:'tennis', '2027-03-01 17:00Z', '{"email": "ann@example.com"}',
	attendees => '["Ann", "Al"]');
SELECT attendees FROM booking.bookings WHERE customer_id = :'ann' AND attendees IS NOT NULL;

---- K2: required questions first, for every booking of the checkout ----

SELECT booking_id AS t FROM booking.hold(:'tennis', '2027-03-02 10:00Z') \gset
SELECT booking_id AS f FROM booking.hold(:'final', '2027-03-02 11:00Z') \gset
SELECT booking.set_context(actor => 'ann', actor_kind => 'customer', session => true) \gset _
UPDATE booking.customers SET actor = 'ann' WHERE id = :'ann';
SELECT booking_id AS t FROM booking.hold(:'tennis', '2027-03-03 10:00Z') \gset
SELECT booking_id AS f FROM booking.hold(:'final', '2027-03-03 11:00Z') \gset
SELECT status FROM booking.checkout(ARRAY[:'t', :'f']::uuid[], '{"email": "ann@example.com"}');
\echo :SQLSTATE
SELECT status, session FROM state WHERE id IN (:'t', :'f') ORDER BY starts_at;

---- K4: approval ----

SELECT status FROM booking.checkout(ARRAY[:'t', :'f']::uuid[], '{"email": "ann@example.com"}',
	jsonb_build_object(:'f', jsonb_build_object('club', 'TC Ypsilanti')));
SELECT status, session, expires_at FROM state WHERE id IN (:'t', :'f') ORDER BY starts_at;
-- a customer approves nothing, by no way
SELECT * FROM booking.confirm(:'f');
\echo :SQLSTATE
UPDATE booking.bookings SET status = 'confirmed' WHERE id = :'f';
\echo :SQLSTATE
INSERT INTO booking.bookings (service_id, status, starts_at, customer_id)
	VALUES (booking.service_id('party'), 'confirmed', '2027-03-03 15:00Z', :'ann');
\echo :SQLSTATE
SELECT booking.set_context(actor => 'sue', actor_kind => 'staff', session => true) \gset _
SELECT status, effects FROM booking.confirm(:'f');
-- staff may leave a question open, and refuse
SELECT booking_id AS f, status FROM booking.book(:'final', '2027-03-03 15:00Z', '{"name": "Walk-in"}') \gset
SELECT :'status' AS status;
SELECT status, effects FROM booking.cancel(:'f', 'rejected');
-- what nobody decides ends by itself
UPDATE booking.tenants SET settings = '{"pending_ttl": "2 hours"}';
SELECT booking_id AS f FROM booking.book(:'final', '2027-03-03 18:00Z', '{"name": "Walk-in"}') \gset
SELECT status, expires_at FROM state WHERE id = :'f';
SET booking.now = '2027-03-01 11:01Z';
SELECT booking.expire_holds() > 0 AS swept;
SELECT status, reason_code FROM booking.bookings WHERE id = :'f';

---- K7: book() refuses what hold() refuses ----

SELECT * FROM booking.book(:'tennis', '2027-03-03 10:30Z', '{"name": "Bob"}',
	resources => ARRAY[booking.resource_id('court-1')]);
\echo :SQLSTATE
SELECT count(*) AS bobs FROM booking.customers WHERE name = 'Bob';
SELECT * FROM booking.book(:'tennis', '2027-03-03 10:30Z', NULL);
\echo :SQLSTATE
SELECT * FROM booking.book(:'tennis', NULL, '{"name": "Bob"}');

---- K8: on behalf of a customer ----

SELECT booking_id AS k FROM booking.book(:'tennis', '2027-03-04 10:00Z', '{"email": "ann@example.com"}') \gset
SELECT customer, booked_by FROM state WHERE id = :'k';
SELECT actor, actor_kind, action FROM booking.audit_log WHERE booking_id = :'k';
