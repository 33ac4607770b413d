-- Settings on tenants, branches, resources and services: what is refused when they
-- are written, and which level wins when a booking is.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (code, name) VALUES ('chair-1', 'Chair 1'), ('chair-2', 'Chair 2');
INSERT INTO booking.services (name, duration) VALUES ('Haircut', '30 minutes');
SELECT booking.service_id('haircut') AS haircut, ARRAY[booking.resource_id('chair-1')] AS chair_1,
	   ARRAY[booking.resource_id('chair-2')] AS chair_2 \gset

---- refused: names that are none, levels that don't have them, values that make no sense ----

CREATE FUNCTION pg_temp.set(relation text, settings jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('UPDATE booking.%I SET settings = $1', relation) USING settings;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT r AS relation, s AS settings, pg_temp.set(r, s) FROM (VALUES
	(1, 'services', '{"hold_tlt": 300}'::jsonb), (2, 'services', '{"": 1}'), (3, 'services', '[]'),
	(4, 'services', '300'),
	(5, 'services', NULL), (6, 'services', '{"max_live_holds": 3}'), (7, 'branches', '{"max_live_holds": 3}'),
	(8, 'tenants', '{"max_live_holds": 0}'), (9, 'tenants', '{"max_live_holds": 2.5}'),
	(10, 'tenants', '{"max_live_holds": "many"}'),
	(11, 'tenants', '{"hold_ttl": 0}'), (12, 'tenants', '{"hold_ttl": "31 days"}'),
	(13, 'tenants', '{"hold_ttl": "1 month"}'),
	(14, 'tenants', '{"hold_ttl": "-5 minutes"}'), (15, 'tenants', '{"hold_ttl": "soon"}'),
	(16, 'tenants', '{"hold_ttl": null}'),
	(17, 'tenants', '{"hold_ttl": {"minutes": 5}}'), (18, 'resources', '{"approval": "perhaps"}'),
	(19, 'resources', '{"approval": 1}'),
	(20, 'tenants', '{"pending_ttl": null, "max_live_holds": null, "approval": false}'),
	(21, 'services', '{"hold_ttl": "PT10M", "max_hold_life": 3600, "no_show_grace": 0}')) AS v (n, r, s) ORDER BY n;
INSERT INTO booking.services (name, duration, settings) VALUES ('Shave', '15 minutes', '{"hold_ttl": "soon"}');
\echo :SQLSTATE
INSERT INTO booking.services (name, duration, settings) VALUES ('Shave', '15 minutes', '{"hold_time": 300}');
\echo :SQLSTATE
SELECT (SELECT settings FROM booking.tenants), (SELECT settings FROM booking.services);
UPDATE booking.services SET settings = '{}';

---- which level wins: call, service, resource, branch, tenant, server, default ----

CREATE FUNCTION pg_temp.ttl(VARIADIC chairs uuid[]) RETURNS interval LANGUAGE plpgsql AS $$
DECLARE
	h record;
BEGIN
	SELECT * INTO h FROM booking.hold(booking.service_id('haircut'), '2027-03-01 10:00Z', resources => chairs);
	PERFORM booking.release_hold(h.booking_id);
	RETURN h.expires_at - booking.now();
END $$;
SELECT pg_temp.ttl(VARIADIC :'chair_1') AS built_in;
SET booking.hold_ttl = '6 minutes';
SELECT pg_temp.ttl(VARIADIC :'chair_1') AS server;
UPDATE booking.tenants SET settings = '{"hold_ttl": "7 minutes"}';
SELECT pg_temp.ttl(VARIADIC :'chair_1') AS tenant;
UPDATE booking.branches SET settings = '{"hold_ttl": "8 minutes"}';
SELECT pg_temp.ttl(VARIADIC :'chair_1') AS branch;
UPDATE booking.resources SET settings = '{"hold_ttl": "9 minutes"}' WHERE code = 'chair-1';
SELECT pg_temp.ttl(VARIADIC :'chair_1') AS resource, pg_temp.ttl(VARIADIC :'chair_2') AS of_another;
UPDATE booking.services SET settings = '{"hold_ttl": "10 minutes"}';
SELECT pg_temp.ttl(VARIADIC :'chair_1') AS service;
SELECT expires_at - booking.now() AS call FROM booking.hold(:'haircut', '2027-03-01 10:00Z',
	ttl => '11 minutes', resources => :'chair_1');
-- a level without the key is passed over, one with null ("no limit") is not
UPDATE booking.services SET settings = '{"approval": true}';
SELECT pg_temp.ttl(VARIADIC :'chair_2') AS branch_again;
UPDATE booking.tenants SET settings = '{"pending_ttl": "1 hour"}';
SELECT booking_id AS p, status FROM booking.book(:'haircut', '2027-03-02 10:00Z', '{"name": "Ann"}') \gset
SELECT :'status' AS status, expires_at FROM booking.bookings WHERE id = :'p';
UPDATE booking.services SET settings = '{"approval": true, "pending_ttl": null}';
SELECT booking_id AS p FROM booking.book(:'haircut', '2027-03-02 11:00Z', '{"name": "Ann"}') \gset
SELECT expires_at FROM booking.bookings WHERE id = :'p';
RESET booking.hold_ttl;

---- approval of a resource or a branch ----

UPDATE booking.services SET settings = '{}';
UPDATE booking.branches SET settings = '{}';
UPDATE booking.tenants SET settings = '{}';
UPDATE booking.resources SET settings = '{"approval": true}' WHERE code = 'chair-1';
SELECT status FROM booking.book(:'haircut', '2027-03-03 10:00Z', '{"name": "Ann"}', resources => :'chair_1');
SELECT status FROM booking.book(:'haircut', '2027-03-03 10:00Z', '{"name": "Ann"}', resources => :'chair_2');
SELECT booking_id AS h FROM booking.hold(:'haircut', '2027-03-03 11:00Z', resources => :'chair_1') \gset
SELECT status FROM booking.checkout(ARRAY[:'h']::uuid[], '{"name": "Ann"}');
-- chosen by the engine, not named: the same resource, the same rule
SELECT status FROM booking.book(:'haircut', '2027-03-03 12:00Z', '{"name": "Ann"}');
UPDATE booking.resources SET settings = '{}';
UPDATE booking.branches SET settings = '{"approval": true}';
SELECT status FROM booking.book(:'haircut', '2027-03-03 13:00Z', '{"name": "Ann"}');
SELECT booking_id AS h FROM booking.hold(:'haircut', '2027-03-03 14:00Z') \gset
SELECT status FROM booking.checkout(ARRAY[:'h']::uuid[], '{"name": "Ann"}');
UPDATE booking.branches SET settings = '{}';

---- grace of a no-show ----

UPDATE booking.services SET settings = '{"no_show_grace": "1 hour"}';
SELECT booking_id AS n FROM booking.book(:'haircut', '2027-03-04 10:00Z', '{"name": "Ann"}') \gset
SET booking.now = '2027-03-04 10:59:59Z';
SELECT booking.no_show(:'n');
\echo :SQLSTATE
UPDATE booking.services SET settings = '{"no_show_grace": 0}';
SET booking.now = '2027-03-04 10:00Z';
SELECT status FROM booking.no_show(:'n');

---- other things configuration can't be ----

\set VERBOSITY terse
INSERT INTO booking.services (name, duration) VALUES ('Nothing', '0');
\echo :SQLSTATE
INSERT INTO booking.services (name, duration) VALUES ('A year', '1 year');
\echo :SQLSTATE
INSERT INTO booking.resources (name, capacity) VALUES ('None', 0);
\echo :SQLSTATE
INSERT INTO booking.service_requirements (service_id, kind, quantity) VALUES (:'haircut', 'chair', 0);
\echo :SQLSTATE
INSERT INTO booking.resources (name) VALUES (E'two\nlines');
\echo :SQLSTATE
INSERT INTO booking.customers (email) VALUES ('nobody');
\echo :SQLSTATE
-- ids and tenants stay, and what bookings use is not deleted but taken out of use
UPDATE booking.resources SET id = booking.new_id() WHERE code = 'chair-1';
\echo :SQLSTATE
DELETE FROM booking.resources WHERE code = 'chair-1';
\echo :SQLSTATE
DELETE FROM booking.branches;
\echo :SQLSTATE
INSERT INTO booking.resources (code, name) VALUES ('spare', 'Spare');
DELETE FROM booking.resources WHERE code = 'spare' RETURNING code;
-- codes come from names
INSERT INTO booking.services (name, duration) VALUES ('60-minute Swedish (deep!)', '1 hour') RETURNING code;
INSERT INTO booking.services (name, duration) VALUES ('60-minute Swedish, deep', '1 hour') RETURNING code;
\echo :SQLSTATE
