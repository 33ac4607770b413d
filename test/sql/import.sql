-- Bringing bookings of the past, or from another system (L7): booking.import.
\set SHOW_CONTEXT never
SET TimeZone = 'UTC';
SET booking.now = '2027-03-01 09:00Z';
INSERT INTO booking.resources (id, kind, code, name) VALUES
	('00000000-0000-0000-0000-00000000000a', 'room', 'room', 'Room'), ('00000000-0000-0000-0000-00000000000b', 'room', 'room-2', 'Room 2');
INSERT INTO booking.services (id, code, name, duration, price, tax_rate, max_party, settings) VALUES
	('00000000-0000-0000-0000-0000000000ee', 'massage', 'Massage', '1 hour', 95, 6, 2, '{"quota_customer_day": 1, "max_advance": "1 day"}');
INSERT INTO booking.service_requirements (service_id, kind) VALUES (booking.service_id('massage'), 'room');
INSERT INTO booking.questions (prompt, required) VALUES ('Allergies?', true);
INSERT INTO booking.customers (id, name, actor) VALUES ('00000000-0000-0000-0000-0000000000c1', 'Ann', 'ann');
SELECT booking.set_hours('main', 'mon-fri 09:00-17:00') \gset _
CREATE VIEW standing AS
	SELECT b.id, b.starts_at, b.status, b.reason_code AS reason, b.previous_status AS previous, b.version, s.status AS session,
		(SELECT count(*) FROM booking.allocations AS a WHERE a.booking_id = b.id) AS occupies
	  FROM booking.bookings AS b LEFT JOIN booking.service_sessions AS s ON s.booking_id = b.id;

---- without it, nothing of the kind ----

INSERT INTO booking.bookings (service_id, status, starts_at) VALUES (booking.service_id('massage'), 'completed', '2020-03-01 10:00Z');
\echo :SQLSTATE

---- any status, any time; by COPY as well ----

SET booking.import = on;
INSERT INTO booking.bookings (service_id, status, starts_at, customer_id, reason_code, created_at, booked_by, price, tax, title) VALUES
	(booking.service_id('massage'), 'completed', '2020-03-01 03:00Z', '00000000-0000-0000-0000-0000000000c1', NULL, '2020-02-01', 'old desk', 80, 5, 'Ours'),
	(booking.service_id('massage'), 'cancelled', '2020-03-01 03:00Z', NULL, 'weather', '2020-02-02', NULL, NULL, NULL, NULL),
	(booking.service_id('massage'), 'cancelled', '2020-03-01 03:00Z', NULL, NULL, NULL, NULL, 0, NULL, NULL),
	(booking.service_id('massage'), 'no_show', '2020-03-02 03:00Z', NULL, 'auto_no_show', NULL, NULL, NULL, NULL, NULL)
	RETURNING status, local_start, ends_at, created_at, updated_at, version, booked_by, price, tax, currency, order_id, resource_ids;
COPY booking.bookings (service_id, status, starts_at, ends_at, resource_ids, created_at) FROM stdin;
00000000-0000-0000-0000-0000000000ee	confirmed	2027-02-26 03:00Z	2027-02-26 04:00Z	{00000000-0000-0000-0000-00000000000a}	2027-01-01
00000000-0000-0000-0000-0000000000ee	confirmed	2027-02-26 03:00Z	2027-02-26 04:00Z	{00000000-0000-0000-0000-00000000000a}	2027-01-01
00000000-0000-0000-0000-0000000000ee	confirmed	2027-03-20 03:00Z	2027-03-20 04:10Z	{00000000-0000-0000-0000-00000000000a}	2027-01-01
00000000-0000-0000-0000-0000000000ee	checked_in	2027-03-01 08:30Z	2027-03-01 09:30Z	{00000000-0000-0000-0000-00000000000a}	2027-01-01
00000000-0000-0000-0000-0000000000ee	pending_cancellation	2027-03-21 03:00Z	2027-03-21 04:00Z	\N	2027-01-01
00000000-0000-0000-0000-0000000000ee	held	2027-03-22 03:00Z	2027-03-22 04:00Z	\N	2027-01-01
00000000-0000-0000-0000-0000000000ee	waitlisted	2027-03-22 03:00Z	2027-03-22 04:00Z	\N	2027-01-01
\.
RESET booking.import;
SELECT starts_at, status, reason, previous, version, session, occupies FROM standing ORDER BY starts_at, status, reason;
-- nobody is told, and nothing is to be paid
SELECT action, count(*), bool_or(reversible) AS reversible, min(at) = max(at) AS now FROM booking.audit_log GROUP BY action;
SELECT new_values - 'resource_ids' - 'service_id' - 'branch_id' AS new_values FROM booking.audit_log
 WHERE status = 'completed';
SELECT (SELECT count(*) FROM booking.outbox) AS outbox, (SELECT count(*) FROM booking.orders) AS orders;
SELECT booking.broadcast() >= 0 AS swept;

---- who waited goes on to wait since then ----

BEGIN;
SET LOCAL booking.import = on;
INSERT INTO booking.bookings (service_id, status, starts_at, created_at, joined_at, title) VALUES
	(booking.service_id('massage'), 'waitlisted', '2027-03-22 06:00Z', '2027-01-01', '2027-01-02', 'second'),
	(booking.service_id('massage'), 'waitlisted', '2027-03-22 06:00Z', '2027-01-01', NULL, 'first'),
	(booking.service_id('massage'), 'waitlisted', '2027-03-22 06:00Z', NULL, NULL, 'third');
SELECT b.title, w.joined_at, b.joined_at = w.joined_at AS same FROM booking.waiting AS w JOIN booking.bookings AS b ON b.id = w.booking_id
 WHERE b.title IS NOT NULL ORDER BY w.joined_at;
INSERT INTO booking.bookings (service_id, status, starts_at, joined_at) VALUES (booking.service_id('massage'), 'waitlisted', '2027-03-22 06:00Z', '2027-03-01 09:00:01Z');
\echo :SQLSTATE
ROLLBACK;

---- what is still to come has its slot ----

SELECT booking.book(booking.service_id('massage'), '2027-03-20 03:00Z', '{"name": "Eve"}', resources => ARRAY[booking.resource_id('room')],
	override => '{outside_hours,max_advance}');
\echo :SQLSTATE
\set VERBOSITY terse
SET booking.import = on;
INSERT INTO booking.bookings (service_id, status, starts_at, resource_ids) VALUES (booking.service_id('massage'), 'confirmed', '2027-03-20 03:30Z', ARRAY[booking.resource_id('room')]);
\echo :SQLSTATE
-- two rows of one statement
INSERT INTO booking.bookings (service_id, status, starts_at, resource_ids) SELECT booking.service_id('massage'), 'confirmed', '2027-03-25 03:30Z', ARRAY[booking.resource_id('room')]
	FROM generate_series(1, 2);
\echo :SQLSTATE
-- what was cancelled has none
INSERT INTO booking.bookings (service_id, status, starts_at, resource_ids) VALUES (booking.service_id('massage'), 'cancelled', '2027-03-20 03:30Z', ARRAY[booking.resource_id('room')]) RETURNING status;
-- resources that are missing are chosen
INSERT INTO booking.bookings (service_id, status, starts_at) VALUES (booking.service_id('massage'), 'confirmed', '2027-03-20 03:30Z') RETURNING resource_ids;
INSERT INTO booking.bookings (service_id, status, starts_at) VALUES (booking.service_id('massage'), 'confirmed', '2027-03-20 03:30Z') RETURNING resource_ids;
\echo :SQLSTATE
\set VERBOSITY default
RESET booking.import;

---- from then on it is a booking like any other ----

SELECT id AS c FROM standing WHERE starts_at = '2027-03-20 03:00Z' \gset
SELECT id AS p FROM standing WHERE status = 'pending_cancellation' \gset
SELECT id AS d FROM standing WHERE status = 'completed' \gset
SELECT id AS i FROM standing WHERE status = 'checked_in' \gset
SELECT status, version FROM booking.restore(:'p');
SELECT status, version FROM booking.complete(:'i');
SELECT status, version, effects FROM booking.cancel(:'c', 'weather');
UPDATE booking.bookings SET title = 'x' WHERE id = :'d';
\echo :SQLSTATE
SELECT id AS o FROM standing WHERE starts_at = '2027-02-26 03:00Z' LIMIT 1 \gset
SELECT status FROM booking.no_show(:'o');
SELECT id AS l FROM standing WHERE status = 'waitlisted' \gset
UPDATE booking.bookings SET status = 'confirmed' WHERE id = :'l';
\echo :SQLSTATE
-- an UPDATE is never an import
SET booking.import = on;
UPDATE booking.bookings SET status = 'confirmed' WHERE id = :'d';
\echo :SQLSTATE
UPDATE booking.bookings SET title = 'x' WHERE id = :'p' RETURNING version;
INSERT INTO booking.bookings (service_id, status, starts_at, price, currency) VALUES (booking.service_id('massage'), 'completed', '2020-03-01 10:00Z', 10, 'x');
\echo :SQLSTATE
SELECT action FROM booking.audit_log WHERE booking_id = :'p' ORDER BY version;

---- the functions obey it as well ----

SELECT status, order_id, price FROM booking.book(booking.service_id('massage'), '2027-04-03 10:00Z', '{"name": "Old"}');
SELECT booking_id AS h FROM booking.hold(booking.service_id('massage'), '2027-04-03 12:00Z') \gset
SELECT status, version FROM booking.checkout(ARRAY[:'h']::uuid[], '{"name": "Old"}');
SELECT a.action, b.status, b.order_id IS NOT NULL AS has_order FROM booking.audit_log AS a JOIN booking.bookings AS b ON b.id = a.booking_id
 WHERE b.starts_at BETWEEN '2027-04-03' AND '2027-04-04' ORDER BY b.starts_at, a.version;
INSERT INTO booking.bookings (service_id, status, starts_at) VALUES (booking.service_id('massage'), 'completed', '2020-03-01 10:00Z')
	ON CONFLICT DO NOTHING RETURNING status;

---- hostile rows ----

CREATE FUNCTION try(what text, value text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	sets jsonb := jsonb_build_object('service_id', booking.service_id('massage'), 'status', 'completed', 'starts_at', '2020-03-01 10:00Z') ||
		jsonb_build_object(what, value);
BEGIN
	EXECUTE (SELECT format('INSERT INTO booking.bookings (%s) VALUES (%s)', string_agg(quote_ident(key), ', '), string_agg(quote_nullable(v.value), ', '))
		FROM jsonb_each_text(sets) AS v);
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || left(SQLERRM, 100);
END $$;
SELECT what, left(value, 40) AS value, try(what, value) FROM (VALUES
	('status', NULL), ('status', 'done'), ('starts_at', NULL), ('starts_at', 'infinity'), ('ends_at', '2020-03-01 10:00Z'), ('ends_at', 'infinity'),
	('during', 'empty'), ('service_id', NULL), ('service_id', '00000000-0000-0000-0000-000000000000'),
	('resource_ids', '{00000000-0000-0000-0000-000000000000}'), ('resource_ids', '{NULL}'),
	('resource_ids', '{00000000-0000-0000-0000-00000000000a,00000000-0000-0000-0000-00000000000a}'),
	('branch_id', '00000000-0000-0000-0000-000000000000'), ('customer_id', '00000000-0000-0000-0000-000000000000'),
	('units', '0'), ('party_size', '-1'), ('reason_code', 'whim'), ('title', E'a\nb'), ('title', repeat('x', 1000)), ('description', repeat('x', 20000)),
	('booked_by', repeat('x', 1000)), ('metadata', '[]'), ('attendees', '{}'), ('contact', '{"x": 1}'), ('price', '-1'), ('price', 'NaN'), ('price', '0.001'),
	('tax', '-1'), ('currency', 'xx'), ('created_at', 'infinity'), ('created_at', '2028-01-01'), ('tenant_id', '00000000-0000-0000-0000-000000000000'),
	('overrides', '{nonsense}'), ('version', '77'), ('order_id', '00000000-0000-0000-0000-000000000000')) AS v (what, value);
SELECT try('status', 'pending_cancellation'), try('previous_status', 'confirmed');
INSERT INTO booking.bookings (service_id, status, starts_at, previous_status) VALUES (booking.service_id('massage'), 'pending_cancellation', '2027-04-01 10:00Z', 'completed');
\echo :SQLSTATE
RESET booking.import;

---- admins and the owner, nobody else ----

CREATE ROLE regress_import_client;
CREATE ROLE regress_import_staff;
CREATE ROLE regress_import_admin;
SELECT booking.grant_access('regress_import_client', 'client', 'ann'), booking.grant_access('regress_import_staff', 'staff'),
	booking.grant_access('regress_import_admin', 'admin');
SET booking.import = on;
SET ROLE regress_import_client;
INSERT INTO booking.bookings (service_id, status, starts_at) VALUES (booking.service_id('massage'), 'completed', '2020-03-01 10:00Z');
\echo :SQLSTATE
SET ROLE regress_import_staff;
INSERT INTO booking.bookings (service_id, status, starts_at) VALUES (booking.service_id('massage'), 'completed', '2020-03-01 10:00Z');
\echo :SQLSTATE
SELECT booking.hold(booking.service_id('massage'), '2027-03-02 10:00Z');
\echo :SQLSTATE
SET ROLE regress_import_admin;
INSERT INTO booking.bookings (service_id, status, starts_at) VALUES (booking.service_id('massage'), 'completed', '2020-03-01 10:00Z') RETURNING status;
-- who acts for a customer has that customer's rights
SELECT booking.set_context(actor => 'ann', actor_kind => 'customer', session => true) \gset _
INSERT INTO booking.bookings (service_id, status, starts_at) VALUES (booking.service_id('massage'), 'completed', '2020-03-01 10:00Z') RETURNING status;
\echo :SQLSTATE
RESET ROLE;
SELECT booking.revoke_access('regress_import_client'), booking.revoke_access('regress_import_staff'), booking.revoke_access('regress_import_admin');
DROP ROLE regress_import_client, regress_import_staff, regress_import_admin;
