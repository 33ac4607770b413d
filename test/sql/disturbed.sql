-- View disturbed (X12, X16): what is changed under a booking's feet is accepted, the booking
-- is kept, and listed.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET client_min_messages = warning;
SET booking.now = '2027-03-01 08:00Z';
SET timezone = 'UTC';

SELECT booking.set_context(tenant => booking.tenant_id('default'), branch => booking.branch_id('main'), session => true);
UPDATE booking.branches SET time_zone = 'Europe/Berlin';
INSERT INTO booking.resources (code, name, capacity) VALUES ('lane', 'Lane', 1), ('court', 'Court', 1), ('pool', 'Pool', 3);
INSERT INTO booking.services (code, name, duration, buffer_after) VALUES ('visit', 'Visit', '1 hour', '0'), ('wash', 'Wash', '1 hour', '30 min');
SELECT booking.resource_id('lane') AS lane, booking.resource_id('court') AS court, booking.resource_id('pool') AS pool,
	   booking.service_id('visit') AS visit, booking.service_id('wash') AS wash \gset

CREATE FUNCTION book(who text, service uuid, at timestamptz, resource uuid, units int DEFAULT 1) RETURNS void
LANGUAGE sql AS $$
	WITH customer AS (INSERT INTO booking.customers (name) VALUES (who) RETURNING id)
	INSERT INTO booking.bookings (service_id, starts_at, resource_ids, units, customer_id, status, title)
	SELECT service, at, ARRAY[resource], units, id, 'confirmed', who FROM customer $$;
CREATE VIEW listed AS
	SELECT b.title, r.code, d.reason, d.detail, d.starts_at, d.ends_at
	  FROM booking.disturbed AS d
	  JOIN booking.bookings AS b ON b.tenant_id = d.tenant_id AND b.id = d.booking_id
	  JOIN booking.resources AS r ON r.tenant_id = d.tenant_id AND r.id = d.resource_id
	 ORDER BY d.starts_at, 1, 2, 3;

SELECT book('anna', :'visit', '2027-03-08 09:00Z', :'lane'),
	   book('ben', :'wash', '2027-03-08 10:00Z', :'lane'),
	   book('carl', :'visit', '2027-03-08 09:00Z', :'pool', 2),
	   book('dora', :'visit', '2027-03-08 09:30Z', :'pool', 1),
	   book('emil', :'visit', '2027-03-09 17:00Z', :'court');
SELECT * FROM listed;

---- hours ----

-- 09:00 to 12:00 is 08:00Z to 11:00Z: ben's slot just fits, his buffer doesn't count
SELECT booking.set_hours('lane', 'daily 09:00-12:00');
SELECT * FROM listed;
SELECT booking.set_setting('service', 'wash', 'buffers_within_hours', 'true');
SELECT * FROM listed;
SELECT booking.set_hours('lane', 'daily 10:30-12:00');
SELECT * FROM listed;
-- the hours of the branch count for all
SELECT booking.set_hours('lane', 'always');
SELECT booking.set_hours('main', 'mon-sat 08:00-18:00');
SELECT * FROM listed;
SELECT booking.set_hours('main', 'always');
SELECT * FROM listed;

---- closures ----

INSERT INTO booking.closures (resource_id, starts_at, ends_at, reason)
	VALUES (:'lane', '2027-03-08 09:59Z', '2027-03-08 10:00Z', 'Lamp'), (:'lane', '2027-03-08 11:15Z', '2027-03-08 12:00Z', 'Oil');
-- anna's last minute, and ben's buffer
SELECT * FROM listed;
SELECT booking.set_setting('service', 'wash', 'buffers_within_hours', NULL);
INSERT INTO booking.closures (local_start, local_end, repeats) VALUES ('2027-02-02 18:30', '2027-02-02 19:30', 'weekly');
SELECT * FROM listed;
DELETE FROM booking.closures;
SELECT * FROM listed;
-- no new booking there, but the old ones can still be worked with
INSERT INTO booking.closures (starts_at, ends_at, reason) VALUES ('2027-03-08 00:00Z', '2027-03-09 00:00Z', 'Flood');
UPDATE booking.bookings SET title = 'anna k.' WHERE title = 'anna';
UPDATE booking.bookings SET status = 'cancelled', reason_code = 'weather' WHERE title = 'ben';
SELECT * FROM listed;
DELETE FROM booking.closures;

---- out of use ----

UPDATE booking.resources SET active = false WHERE id IN (:'lane', :'court');
SELECT * FROM listed;
UPDATE booking.resources SET active = true;

---- capacity lowered below use ----

UPDATE booking.resources SET capacity = 2 WHERE id = :'pool';
SELECT * FROM listed;
-- one who is there at another time isn't concerned
SELECT book('fred', :'visit', '2027-03-08 12:00Z', :'pool', 2);
SELECT * FROM listed;
UPDATE booking.resources SET capacity = 3 WHERE id = :'pool';
SELECT * FROM listed;

---- holds that are over, bookings that are over ----

INSERT INTO booking.bookings (service_id, starts_at, resource_ids, status, title, hold_ttl)
	VALUES (:'visit', '2027-03-10 09:00Z', ARRAY[:'lane'::uuid], 'held', 'gina', '5 min');
UPDATE booking.resources SET active = false;
SELECT title, reason FROM listed;
SET booking.now = '2027-03-01 08:05Z';
SELECT title, reason FROM listed;
SET booking.now = '2027-03-08 09:59:59Z';
SELECT title, reason FROM listed;
SET booking.now = '2027-03-08 10:00Z';
SELECT title, reason FROM listed;
UPDATE booking.resources SET active = true;

---- overrun: who is still being served ----

SET booking.now = '2027-03-08 08:00Z';
SELECT book('hugo', :'visit', '2027-03-08 10:00Z', :'lane'), book('ida', :'visit', '2027-03-08 11:00Z', :'lane');
SET booking.now = '2027-03-08 09:00Z';
UPDATE booking.bookings SET status = 'checked_in' WHERE title = 'anna k.';
UPDATE booking.bookings SET status = 'being_served' WHERE title = 'anna k.';
SET booking.now = '2027-03-08 10:00Z';
SELECT * FROM listed;
SET booking.now = '2027-03-08 10:10Z';
SELECT * FROM listed;
SET booking.now = '2027-03-08 11:10Z';
SELECT * FROM listed;
-- to make it longer is refused as long as they are there
UPDATE booking.bookings SET ends_at = '2027-03-08 12:00Z' WHERE title = 'anna k.';
\echo :SQLSTATE
UPDATE booking.bookings SET status = 'completed' WHERE title = 'anna k.';
SELECT * FROM listed;

---- who sees it ----

SET booking.now = '2027-03-08 08:00Z';
INSERT INTO booking.closures (starts_at, ends_at, reason) VALUES ('2027-03-08 00:00Z', '2027-03-12 00:00Z', 'Flood');
SELECT * FROM booking.hours_breach(booking.tenant_id('default'), :'visit', :'lane', '-infinity', 'infinity', now(), now());
CREATE ROLE regress_staff;
CREATE ROLE regress_client;
CREATE ROLE regress_their_staff;
INSERT INTO booking.tenants (code, name) VALUES ('other', 'Other');
SELECT booking.grant_access('regress_staff', 'staff');
SELECT booking.grant_access('regress_client', 'client', 'anna');
SELECT booking.grant_access('regress_their_staff', 'staff', tenant => booking.tenant_id('other'));
SELECT count(*) FROM booking.disturbed;
SET ROLE regress_staff;
SELECT count(*) FROM booking.disturbed;
SET ROLE regress_their_staff;
SELECT count(*) FROM booking.disturbed;
SELECT * FROM booking.hours_breach('00000000-0000-0000-0000-000000000000', :'visit', :'lane', now(), now(), now(), now());
SELECT * FROM booking.hours_breach(booking.current_tenant(), :'visit', :'lane', '2027-03-09', '2027-03-10', now(), now());
SET ROLE regress_client;
SELECT count(*) FROM booking.disturbed;
SELECT count(*) FROM booking.closures;
SELECT * FROM booking.hours_breach(booking.current_tenant(), :'visit', :'lane', now(), now(), now(), now());
RESET ROLE;
-- staff that speaks for a customer
SET ROLE regress_staff;
SELECT booking.set_context(actor_kind => 'customer', session => true);
SELECT count(*) FROM booking.disturbed;
SELECT count(*) FROM booking.closures;
RESET ROLE;
SELECT booking.revoke_access(r) FROM unnest(ARRAY['regress_staff', 'regress_client', 'regress_their_staff']) AS r;
DROP ROLE regress_staff, regress_client, regress_their_staff;
