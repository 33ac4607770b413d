-- Who may record payments, merge and erase customers and remove what is old,
-- with real roles, and no further than their own tenant.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';
SET client_min_messages = warning;

INSERT INTO booking.resources (code, name) VALUES ('room', 'Room');
INSERT INTO booking.services (name, duration, price, deposit) VALUES ('Massage', '1 hour', 60, 20);
INSERT INTO booking.tenants (code, name) VALUES ('other', 'Other');
SELECT booking.set_context(tenant => booking.tenant_id('default'), session => true) \gset _
CREATE ROLE regress_people_ann;
CREATE ROLE regress_people_staff;
CREATE ROLE regress_people_admin;
CREATE ROLE regress_people_auditor;
CREATE ROLE regress_people_theirs;
SELECT booking.grant_access('regress_people_ann', 'client', 'ann'), booking.grant_access('regress_people_staff', 'staff', 'sue'),
	   booking.grant_access('regress_people_admin', 'admin', 'amy'), booking.grant_access('regress_people_auditor', 'auditor'),
	   booking.grant_access('regress_people_theirs', 'admin', tenant => booking.tenant_id('other')) \gset _
SELECT booking.service_id('massage') AS massage, booking.tenant_id('default') AS default \gset
RESET booking.tenant;

SET ROLE regress_people_ann;
SELECT booking_id AS a, status FROM booking.book(:'massage', '2027-03-01 10:00Z', '{"name": "Ann", "email": "ann@example.com"}') \gset a_
SELECT booking.record_payment(:'a_a', 20, 'stripe', 'p1');
UPDATE booking.bookings SET status = 'confirmed' WHERE id = :'a_a';
INSERT INTO booking.payments SELECT * FROM booking.payments;
SELECT status, order_id IS NOT NULL AS ordered FROM booking.bookings;
SELECT count(*) FROM booking.payments;

\set VERBOSITY sqlstate
SET ROLE regress_people_theirs;
SELECT booking.record_payment(:'a_a', 20, 'stripe', 'p1');
SELECT booking.record_payment(:'a_a', 20, 'stripe', 'p1', tenant => :'default');
SELECT booking.purge('1 day', tenant => :'default');
SELECT count(*) FROM booking.payments;

-- staff that speaks for a customer has his rights
SET ROLE regress_people_staff;
SELECT booking.set_context(actor_kind => 'customer', session => true) \gset _
SELECT booking.record_payment(:'a_a', 20, 'stripe', 'p1');
\set VERBOSITY default
SELECT booking.set_context(session => true) \gset _
SELECT outcome, status FROM booking.record_payment(:'a_a', 20, 'stripe', 'p1');
SELECT reference, recorded_by FROM booking.payments;
INSERT INTO booking.customers (name, phone) VALUES ('Annie', '555') RETURNING id AS annie \gset
SELECT id AS ann FROM booking.customers WHERE name = 'Ann' \gset
SELECT booking.merge_customers(:'annie', :'ann');
SELECT booking.purge('1 day');
SELECT booking.erase_customer(:'annie');
SELECT * FROM booking.erasures;

-- she sees what is hers now that it is her other record's
SET ROLE regress_people_ann;
SELECT name, email, actor FROM booking.customers;
SELECT status FROM booking.bookings;
SELECT reference, status FROM booking.payments;

\set VERBOSITY sqlstate
SET ROLE regress_people_theirs;
SELECT booking.erase_customer(:'annie');
SELECT booking.erase_customer(:'annie', :'default');
SELECT booking.merge_customers(:'annie', :'ann', tenant => :'default');

\set VERBOSITY default
SET ROLE regress_people_admin;
SELECT status FROM booking.cancel(:'a_a', 'weather');
SELECT booking.record_refund('stripe', 'p1');
SELECT * FROM booking.erase_customer(:'annie');
SELECT erased_by FROM booking.erasures;
RESET ROLE;
SET booking.now = '2027-03-03 09:00Z';
SET ROLE regress_people_admin;
SELECT booking.purge('1 day', true);
SELECT count(*) FROM booking.bookings;
SET ROLE regress_people_auditor;
SELECT count(*) FROM booking.erasures;
SELECT version, action, actor, role FROM booking.audit_log ORDER BY version;
-- whoever she was can do nothing any more
SET ROLE regress_people_ann;
SELECT access_level, actor FROM booking.whoami();
SELECT count(*) FROM booking.bookings;
RESET ROLE;
