-- Who may do what: first as privileges, then as what really happens.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET booking.now = '2027-03-01 09:00Z';

CREATE ROLE regress_alice;
CREATE ROLE regress_bob;
CREATE ROLE regress_olga;
CREATE ROLE regress_app;
CREATE ROLE regress_staff;
CREATE ROLE regress_admin;
CREATE ROLE regress_auditor;
CREATE ROLE regress_stranger;
CREATE ROLE regress_their_alice;
CREATE ROLE regress_their_staff;
CREATE ROLE regress_their_admin;

INSERT INTO booking.tenants (code, name) VALUES ('other', 'Other');
SELECT booking.set_context(tenant => booking.tenant_id('default'), session => true);
SELECT booking.grant_access('regress_alice', 'client', 'alice');
SELECT booking.grant_access('regress_bob', 'client', 'bob');
SELECT booking.grant_access('regress_olga', 'client', 'olga');
SELECT booking.grant_access('regress_app', 'client');
SELECT booking.grant_access('regress_staff', 'staff');
SELECT booking.grant_access('regress_admin', 'admin', roles => '{manager}');
SELECT booking.grant_access('regress_auditor', 'auditor');
SELECT booking.grant_access('regress_their_alice', 'client', 'alice', tenant => booking.tenant_id('other'));
SELECT booking.grant_access('regress_their_staff', 'staff', tenant => booking.tenant_id('other'));
SELECT booking.grant_access('regress_their_admin', 'admin', tenant => booking.tenant_id('other'));

/* ---- privileges ---- */

CREATE VIEW kinds AS
SELECT * FROM (VALUES (1, 'client', 'regress_alice'), (2, 'staff', 'regress_staff'), (3, 'admin', 'regress_admin'),
	(4, 'auditor', 'regress_auditor'), (5, 'stranger', 'regress_stranger'), (6, 'everybody', 'public')) AS k (n, kind, role);

-- EXECUTE, by who has it.
SELECT coalesce(may, 'nobody') AS may_execute,
	   string_agg(DISTINCT proname, ', ' ORDER BY proname) AS functions
  FROM (SELECT p.proname::text COLLATE "C", (SELECT string_agg(kind, ', ' ORDER BY n) FROM kinds
										WHERE has_function_privilege(role, p.oid, 'EXECUTE')) AS may
		  FROM pg_proc AS p WHERE p.pronamespace = 'booking'::regnamespace) AS f
 GROUP BY may ORDER BY length(may) DESC NULLS LAST, may;

-- What is given in the schema, in letters: Select, Insert, Update, Delete, Truncate, References, triGger.
CREATE FUNCTION letters(role text, relation oid) RETURNS text LANGUAGE sql STABLE RETURN
	(SELECT coalesce(string_agg(letter, '' ORDER BY n), '')
	   FROM (VALUES (1, 'S', 'SELECT'), (2, 'I', 'INSERT'), (3, 'U', 'UPDATE'), (4, 'D', 'DELETE'),
			(5, 'T', 'TRUNCATE'), (6, 'R', 'REFERENCES'), (7, 'G', 'TRIGGER')) AS p (n, letter, privilege)
	  WHERE has_table_privilege(role, relation, privilege));
SELECT c.relname, c.relkind, letters('regress_alice', c.oid) AS client, letters('regress_staff', c.oid) AS staff,
	   letters('regress_admin', c.oid) AS admin, letters('regress_auditor', c.oid) AS auditor,
	   letters('regress_stranger', c.oid) AS stranger, letters('public', c.oid) AS everybody
  FROM pg_class AS c
 WHERE c.relnamespace = 'booking'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p', 'f', 'S')
 ORDER BY c.relname COLLATE "C";
SELECT kind, has_schema_privilege(role, 'booking', 'USAGE') AS usage, has_schema_privilege(role, 'booking', 'CREATE') AS create
  FROM kinds ORDER BY n;
SELECT count(*) AS grants_on_columns FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
 WHERE c.relnamespace = 'booking'::regnamespace AND a.attacl IS NOT NULL;

/* ---- two businesses ---- */

CREATE TABLE ids (name text PRIMARY KEY, id uuid NOT NULL);
CREATE FUNCTION id(name text) RETURNS uuid LANGUAGE sql STABLE STRICT
	RETURN (SELECT i.id FROM ids AS i WHERE i.name = id.name);
GRANT SELECT, INSERT ON ids TO PUBLIC;
GRANT USAGE ON SCHEMA public TO PUBLIC;

INSERT INTO booking.resources (kind, code, name, owner) VALUES
	('room', 'room-1', 'Room 1', NULL), ('room', 'room-2', 'Room 2', 'olga'), ('room', 'room-3', 'Room 3', NULL);
INSERT INTO booking.services (code, name, duration, price) VALUES ('massage', 'Massage', '1 hour', 95), ('nap', 'Nap', '1 hour', 5);
INSERT INTO booking.service_requirements (service_id, kind) SELECT id, 'room' FROM booking.services;
INSERT INTO booking.questions (code, prompt) VALUES ('allergies', 'Allergies?');
INSERT INTO booking.customers (name, email, phone) VALUES ('Carol', 'carol@example.org', '555-1234');
INSERT INTO booking.hours (branch_id, weekday, opens, closes)
	SELECT booking.branch_id('main'), d, '00:00', '24:00' FROM generate_series(1, 7) AS d;
INSERT INTO booking.date_overrides (branch_id, day) VALUES (booking.branch_id('main'), '2026-12-25');
INSERT INTO booking.closures (starts_at, ends_at, reason) VALUES ('2026-12-31', '2027-01-01', 'Secret');
INSERT INTO booking.resource_zones (resource_id, valid_from, time_zone) VALUES (booking.resource_id('room-1'), '2026-01-01', 'UTC');
INSERT INTO ids SELECT code, booking.service_id(code) FROM unnest('{massage,nap}'::text[]) AS code UNION ALL
SELECT code, booking.resource_id(code) FROM unnest('{room-1,room-2,room-3}'::text[]) AS code UNION ALL
SELECT 'default', booking.tenant_id('default') UNION ALL SELECT 'other', booking.tenant_id('other') UNION ALL
SELECT 'carol', id FROM booking.customers;

SELECT booking.set_context(tenant => id('other'), session => true);
INSERT INTO booking.branches (code, name, time_zone) VALUES ('elsewhere', 'Elsewhere', 'UTC');
INSERT INTO booking.resources (kind, code, name) VALUES ('room', 'room-9', 'Room 9');
INSERT INTO booking.services (code, name, duration) VALUES ('facial', 'Facial', '1 hour');
INSERT INTO booking.service_requirements (service_id, kind) SELECT id, 'room' FROM booking.services WHERE code = 'facial';
INSERT INTO ids SELECT 'their branch', booking.branch_id('elsewhere') UNION ALL
SELECT 'their room', booking.resource_id('room-9') UNION ALL SELECT 'facial', booking.service_id('facial');
RESET booking.tenant;

SET ROLE regress_their_alice;
INSERT INTO ids SELECT 'their booking', booking_id FROM booking.book(booking.service_id('facial'), '2027-03-02 10:00Z',
	'{"name": "Alice", "email": "alice@example.org"}', answers => '{}');
SET ROLE regress_alice;
INSERT INTO ids SELECT 'alice''s hold', booking_id FROM booking.hold(id('massage'), '2027-03-02 10:00Z', resources => ARRAY[id('room-1')], ttl => '1 day');
INSERT INTO ids SELECT 'alice''s booking', booking_id FROM booking.book(id('massage'), '2027-03-02 12:00Z',
	'{"name": "Alice", "email": "alice@example.org", "phone": "555-0001"}', resources => ARRAY[id('room-1')], answers => '{"allergies": "nuts"}');
SET ROLE regress_bob;
INSERT INTO ids SELECT 'bob''s hold', booking_id FROM booking.hold(id('massage'), '2027-03-02 10:00Z', resources => ARRAY[id('room-2')], ttl => '1 day');
INSERT INTO ids SELECT 'bob''s booking', booking_id FROM booking.book(id('massage'), '2027-03-02 12:00Z', '{"name": "Bob"}', resources => ARRAY[id('room-2')]);
SET ROLE regress_staff;
INSERT INTO ids SELECT 'staff''s booking', booking_id FROM booking.book(id('massage'), '2027-03-02 15:00Z',
	jsonb_build_object('id', id('carol')), resources => ARRAY[id('room-1')]);
SELECT version FROM booking.add_note(id('alice''s booking'), 'for staff');
SELECT version FROM booking.add_note(id('alice''s booking'), 'for her', 'customer');
SELECT version FROM booking.add_note(id('alice''s booking'), 'for nobody else', 'author');
RESET ROLE;
INSERT INTO ids SELECT name || ' the customer', id FROM booking.customers
 WHERE name <> 'Carol' AND tenant_id = id('default');
SELECT actor, count(*) FROM booking.customers GROUP BY actor ORDER BY actor;

/* ---- trying ---- */

-- Does something as a role, undoes it, and says how it went and how many rows
-- it was about.  The only ids in a message are those that were asked with.
CREATE FUNCTION try(role text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	rows bigint;
	about text;
BEGIN
	PERFORM set_config('role', role, true);
	EXECUTE statement;
	GET DIAGNOSTICS rows = ROW_COUNT;
	RAISE SQLSTATE 'OK000';
EXCEPTION
	WHEN SQLSTATE 'OK000' THEN
		RETURN CASE rows WHEN 1 THEN 'ok, 1 row' ELSE format('ok, %s rows', rows) END;
	WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS about = PG_EXCEPTION_DETAIL;
		RETURN regexp_replace(concat_ws(' ', SQLSTATE, SQLERRM, '|' || nullif(about, '')),
			'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', '<id>', 'g');
END
$$;
CREATE TABLE cases (n integer GENERATED ALWAYS AS IDENTITY, role text, statement text, result text);
CREATE FUNCTION show_cases() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	UPDATE cases AS c SET result = try('regress_' || c.role, c.statement);
	RETURN QUERY SELECT format(E'%s: %s\n\t%s', c.role, btrim(replace(c.statement, 'SELECT booking.', '')), c.result)
		FROM cases AS c ORDER BY n;
	DELETE FROM cases;
END
$$;

-- How many rows each can see.
CREATE TABLE seen (relation text, role text, result text);
INSERT INTO seen SELECT c.relname, r.role, regexp_replace(try('regress_' || r.role, format('SELECT FROM booking.%I', c.relname)),
		'^(42501).*|^ok, (\d+) rows?$', '\1\2')
  FROM pg_class AS c, unnest('{alice,bob,olga,app,staff,admin,auditor,stranger,their_alice,their_staff}'::text[]) AS r (role)
 WHERE c.relnamespace = 'booking'::regnamespace AND c.relkind = 'r';
SELECT relation, max(result) FILTER (WHERE role = 'alice') AS alice, max(result) FILTER (WHERE role = 'bob') AS bob,
	   max(result) FILTER (WHERE role = 'olga') AS olga, max(result) FILTER (WHERE role = 'app') AS app,
	   max(result) FILTER (WHERE role = 'staff') AS staff, max(result) FILTER (WHERE role = 'admin') AS admin,
	   max(result) FILTER (WHERE role = 'auditor') AS auditor, max(result) FILTER (WHERE role = 'stranger') AS stranger,
	   max(result) FILTER (WHERE role = 'their_alice') AS their_alice, max(result) FILTER (WHERE role = 'their_staff') AS their_staff
  FROM seen GROUP BY relation ORDER BY relation COLLATE "C";

/* ---- one client and another ---- */

\pset tuples_only
\pset format unaligned
INSERT INTO cases (role, statement) VALUES
('bob', $$ SELECT booking.refresh_hold(id('alice''s hold')) $$),
('bob', $$ SELECT booking.release_hold(id('alice''s hold')) $$),
('bob', $$ SELECT booking.checkout(ARRAY[id('alice''s hold')], '{"name": "Bob"}') $$),
('bob', $$ SELECT booking.checkout(ARRAY[id('bob''s hold'), id('alice''s hold')], '{"name": "Bob"}') $$),
('bob', $$ SELECT booking.cancel(id('alice''s booking'), 'other') $$),
('bob', $$ SELECT booking.reschedule(id('alice''s booking'), '2027-03-05 10:00Z') $$),
('bob', $$ SELECT booking.add_note(id('alice''s booking'), 'x') $$),
('bob', $$ SELECT booking.confirm(id('alice''s booking')) $$),
('bob', $$ SELECT booking.reassign(id('bob''s booking'), ARRAY[id('room-1')]) $$),
('bob', $$ SELECT booking.expire_holds() $$),
('bob', $$ SELECT booking.set_hours('main', 'always') $$),
('bob', $$ INSERT INTO booking.hours (branch_id, weekday, opens, closes) VALUES (booking.branch_id('main'), 1, '09:00', '10:00') $$),
('bob', $$ INSERT INTO booking.closures (starts_at, ends_at) VALUES ('2027-03-01', '2027-03-02') $$),
('staff', $$ SELECT booking.set_hours('main', 'always') $$),
('staff', $$ INSERT INTO booking.date_overrides (branch_id, day) VALUES (booking.branch_id('main'), '2027-12-25') $$),
('staff', $$ INSERT INTO booking.closures (starts_at, ends_at) VALUES ('2027-03-01', '2027-03-02') $$),
('admin', $$ SELECT booking.set_hours('main', 'daily 09:00-17:00') $$),
('their_staff', $$ DELETE FROM booking.closures $$),
('their_staff', $$ INSERT INTO booking.closures (tenant_id, starts_at, ends_at) VALUES (id('default'), '2027-03-01', '2027-03-02') $$),
('their_admin', $$ SELECT booking.set_hours('main', 'always', tenant => id('default')) $$),
('their_admin', $$ INSERT INTO booking.date_overrides (branch_id, day) VALUES (id('their branch'), '2027-12-25') $$),
('their_admin', $$ INSERT INTO booking.closures (resource_id, starts_at, ends_at) VALUES (id('room-1'), '2027-03-01', '2027-03-02') $$),
('their_staff', $$ SELECT booking.effective_hours(id('room-1'), '[2027-03-01, 2027-03-02)') $$),
('their_staff', $$ SELECT booking.effective_hours(id('room-1'), '[2027-03-01, 2027-03-02)', id('default')) $$),
('bob', $$ UPDATE booking.bookings SET status = 'cancelled', reason_code = 'other' WHERE id = id('alice''s booking') $$),
('bob', $$ UPDATE booking.bookings SET title = 'mine' $$),
('bob', $$ UPDATE booking.bookings SET customer_id = id('Alice the customer') WHERE id = id('bob''s booking') $$),
('bob', $$ UPDATE booking.bookings SET resource_ids = ARRAY[id('room-3')] WHERE id = id('bob''s booking') $$),
('bob', $$ UPDATE booking.bookings SET status = 'checked_in' WHERE id = id('bob''s booking') $$),
('bob', $$ UPDATE booking.bookings SET price = 1 WHERE id = id('bob''s booking') $$),
('bob', $$ UPDATE booking.bookings SET currency = 'JPY' WHERE id = id('bob''s booking') $$),
('bob', $$ UPDATE booking.bookings SET tenant_id = id('other') WHERE id = id('bob''s booking') $$),
('bob', $$ DELETE FROM booking.bookings $$),
('bob', $$ TRUNCATE booking.bookings $$),
('bob', $$ INSERT INTO booking.notes (booking_id, body) VALUES (id('alice''s booking'), 'x') $$),
('bob', $$ INSERT INTO booking.answers (booking_id, question_id, value) SELECT id('bob''s booking'), id, '1' FROM booking.questions $$),
('bob', $$ INSERT INTO booking.bookings (service_id, starts_at, status, customer_id) VALUES (id('nap'), '2027-03-05 10:00Z', 'confirmed', id('Alice the customer')) $$),
('bob', $$ INSERT INTO booking.bookings (service_id, starts_at, resource_ids) VALUES (id('nap'), '2027-03-02 12:30Z', ARRAY[id('room-1')]) $$),
('bob', $$ SELECT booking.hold(id('massage'), '2027-03-05 10:00Z', customer => id('Alice the customer')) $$),
('bob', $$ SELECT booking.hold(id('massage'), '2027-03-05 10:00Z', ttl => '2 days') $$),
('bob', $$ UPDATE booking.bookings SET expires_at = '2027-03-09' WHERE id = id('bob''s hold') $$),
('bob', $$ SELECT FROM booking.customers WHERE id = id('Alice the customer') $$),
('bob', $$ UPDATE booking.customers SET name = 'x' $$),
('bob', $$ SELECT FROM booking.agenda('2027-03-02') $$),
('bob', $$ SET row_security = off; SELECT FROM booking.bookings $$),
('bob', $$ SET row_security = off; SELECT booking.cancel(id('alice''s booking'), 'other') $$),
('bob', $$ SELECT booking.cancel(id('bob''s booking'), 'other') $$),
('bob', $$ SELECT booking.refresh_hold(id('bob''s hold')) $$),
('bob', $$ SELECT booking.release_hold(id('bob''s hold')) $$),
('bob', $$ SELECT booking.checkout(ARRAY[id('bob''s hold')], '{"name": "Bob"}') $$);
SELECT show_cases();

-- Whose room it is sees and changes what is in it; a hold stays its holder's.
INSERT INTO cases (role, statement) VALUES
('olga', $$ SELECT FROM booking.bookings WHERE id IN (id('bob''s booking'), id('bob''s hold')) $$),
('olga', $$ SELECT booking.cancel(id('bob''s booking'), 'resource_unavailable') $$),
('olga', $$ SELECT booking.reschedule(id('bob''s booking'), '2027-03-05 10:00Z') $$),
('olga', $$ UPDATE booking.bookings SET title = 'in my room' WHERE id = id('bob''s booking') $$),
('olga', $$ UPDATE booking.bookings SET price = 500 WHERE id = id('bob''s booking') $$),
('olga', $$ UPDATE booking.bookings SET resource_ids = ARRAY[id('room-3')] WHERE id = id('bob''s booking') $$),
('olga', $$ SELECT booking.refresh_hold(id('bob''s hold'), '2 hours') $$),
('olga', $$ SELECT booking.release_hold(id('bob''s hold')) $$),
('olga', $$ SELECT booking.checkout(ARRAY[id('bob''s hold')], '{"name": "Olga"}') $$),
('olga', $$ UPDATE booking.bookings SET status = 'confirmed', contact = '{"name": "Olga"}' WHERE id = id('bob''s hold') $$),
('olga', $$ SELECT booking.cancel(id('bob''s hold'), 'resource_unavailable') $$),
('olga', $$ SELECT booking.cancel(id('alice''s booking'), 'other') $$);
SELECT show_cases();

/* ---- staff, admin, auditor, stranger ---- */

INSERT INTO cases (role, statement) VALUES
('staff', $$ SELECT booking.cancel(id('alice''s booking'), 'other') $$),
('staff', $$ SELECT booking.checkout(ARRAY[id('alice''s hold'), id('bob''s hold')], '{"name": "Both"}') $$),
('staff', $$ SELECT booking.release_hold(id('alice''s hold')) $$),
('staff', $$ SELECT booking.refresh_hold(id('bob''s hold'), '3 days') $$),
('staff', $$ SELECT booking.reassign(id('alice''s booking'), ARRAY[id('room-3')]) $$),
('staff', $$ UPDATE booking.bookings SET price = 1 WHERE id = id('alice''s booking') $$),
('staff', $$ UPDATE booking.customers SET phone = '1' $$),
('staff', $$ INSERT INTO booking.services (code, name, duration) VALUES ('x', 'X', '1 hour') $$),
('staff', $$ UPDATE booking.tenants SET name = 'Mine' $$),
('staff', $$ SELECT FROM booking.outbox $$),
('staff', $$ DELETE FROM booking.bookings $$),
('staff', $$ DELETE FROM booking.allocations $$),
('staff', $$ INSERT INTO booking.audit_log SELECT * FROM booking.audit_log $$),
('staff', $$ SELECT booking.grant_access('regress_staff', 'admin') $$),
('staff', $$ SELECT booking.setup() $$),
('admin', $$ INSERT INTO booking.services (code, name, duration) VALUES ('x', 'X', '1 hour') $$),
('admin', $$ UPDATE booking.tenants SET name = 'Mine' $$),
('admin', $$ INSERT INTO booking.tenants (code, name) VALUES ('new', 'New') $$),
('admin', $$ INSERT INTO booking.principals (role_name, level) VALUES ('regress_bob', 'admin') $$),
('admin', $$ SELECT booking.grant_access('regress_bob', 'admin') $$),
('admin', $$ DELETE FROM booking.services WHERE code = 'massage' $$),
('admin', $$ UPDATE booking.audit_log SET actor = 'somebody else' $$),
('admin', $$ DELETE FROM booking.audit_log $$),
('admin', $$ UPDATE booking.allocations SET units = 2 $$),
('auditor', $$ SELECT FROM booking.bookings $$),
('auditor', $$ SELECT FROM booking.audit_log $$),
('auditor', $$ UPDATE booking.bookings SET title = 'x' $$),
('auditor', $$ SELECT booking.cancel(id('alice''s booking'), 'other') $$),
('auditor', $$ SELECT booking.hold(id('massage'), '2027-03-05 10:00Z') $$),
('stranger', $$ SELECT FROM booking.bookings $$),
('stranger', $$ SELECT booking.now() $$),
('app', $$ SELECT booking.hold(id('massage'), '2027-03-05 10:00Z') $$),
('app', $$ INSERT INTO booking.bookings (service_id, starts_at) VALUES (id('nap'), '2027-03-05 10:00Z') $$);
SELECT show_cases();

-- What is granted beyond grant_access() gives a reader nothing to write with,
-- and to a role nobody introduced nothing at all.
SELECT booking.grant_level('regress_stranger', 'admin');
GRANT ALL ON ALL TABLES IN SCHEMA booking TO regress_stranger, regress_auditor;
GRANT ALL ON ALL FUNCTIONS IN SCHEMA booking TO regress_auditor;
INSERT INTO cases (role, statement) VALUES
('stranger', $$ SELECT FROM booking.bookings $$),
('stranger', $$ SELECT FROM booking.customers $$),
('stranger', $$ SELECT FROM booking.audit_log $$),
('stranger', $$ SELECT FROM booking.services $$),
('stranger', $$ SELECT booking.set_context(tenant => id('default')); SELECT FROM booking.services $$),
('stranger', $$ SELECT booking.set_context(tenant => id('default'), actor => 'alice', actor_kind => 'staff'); SELECT FROM booking.bookings $$),
('stranger', $$ SELECT booking.set_context(tenant => id('default'), actor => 'alice'); SELECT booking.cancel(id('alice''s booking'), 'other') $$),
('stranger', $$ SELECT booking.set_context(tenant => id('default'), actor => 'alice'); SELECT booking.hold(id('massage'), '2027-03-05 10:00Z') $$),
('stranger', $$ SELECT booking.set_context(tenant => id('default')); UPDATE booking.services SET price = 0 $$),
('stranger', $$ SELECT booking.set_context(tenant => id('default')); SELECT booking.expire_holds() $$),
('auditor', $$ UPDATE booking.bookings SET title = 'x' $$),
('auditor', $$ SELECT booking.set_context(actor => 'alice'); UPDATE booking.bookings SET title = 'x' $$),
('auditor', $$ SELECT booking.set_context(actor => 'alice'); SELECT booking.hold(id('massage'), '2027-03-05 10:00Z') $$),
('auditor', $$ SELECT booking.set_context(actor => 'alice'); SELECT booking.cancel(id('alice''s booking'), 'other') $$),
('auditor', $$ UPDATE booking.audit_log SET actor = 'x' $$),
('auditor', $$ UPDATE booking.services SET price = 0 $$);
SELECT show_cases();
REVOKE ALL ON ALL TABLES IN SCHEMA booking FROM regress_stranger;
SELECT booking.grant_access('regress_auditor', 'auditor', tenant => id('default'));

/* ---- one business and another ---- */

INSERT INTO cases (role, statement) VALUES
('their_alice', $$ SELECT booking.cancel(id('alice''s booking'), 'other') $$),
('their_alice', $$ SELECT booking.refresh_hold(id('alice''s hold')) $$),
('their_alice', $$ SELECT booking.cancel(id('alice''s booking'), 'other', tenant => id('default')) $$),
('their_alice', $$ SELECT booking.set_context(tenant => id('default')); SELECT booking.cancel(id('alice''s booking'), 'other') $$),
('their_staff', $$ SELECT booking.cancel(id('alice''s booking'), 'other') $$),
('their_staff', $$ SELECT booking.cancel(id('alice''s booking'), 'other', tenant => id('default')) $$),
('their_staff', $$ SELECT booking.cancel(id('their booking'), 'other', tenant => id('default')) $$),
('their_staff', $$ SELECT booking.set_context(tenant => id('default')); SELECT FROM booking.bookings $$),
('their_staff', $$ SET booking.tenant TO DEFAULT; SELECT FROM booking.bookings $$),
('their_staff', $$ SELECT booking.hold(id('massage'), '2027-03-05 10:00Z') $$),
('their_staff', $$ SELECT booking.hold(id('facial'), '2027-03-05 10:00Z', resources => ARRAY[id('room-1')]) $$),
('their_staff', $$ SELECT booking.hold(id('facial'), '2027-03-05 10:00Z', customer => id('carol')) $$),
('their_staff', $$ SELECT booking.book(id('facial'), '2027-03-05 10:00Z', jsonb_build_object('id', id('carol'))) $$),
('their_staff', $$ SELECT booking.reassign(id('their booking'), ARRAY[id('room-3')]) $$),
('their_staff', $$ SELECT booking.checkout(ARRAY[id('alice''s hold')], '{"name": "A"}') $$),
('their_staff', $$ SELECT booking.service_id('massage') $$),
('their_staff', $$ SELECT booking.add_note(id('alice''s booking'), 'x') $$),
('their_staff', $$ SELECT booking.expire_holds() $$),
('their_staff', $$ UPDATE booking.bookings SET title = 'x' $$),
('their_staff', $$ UPDATE booking.bookings SET tenant_id = id('default') $$),
('their_staff', $$ UPDATE booking.bookings SET service_id = id('massage') $$),
('their_staff', $$ UPDATE booking.bookings SET customer_id = id('carol') $$),
('their_staff', $$ INSERT INTO booking.bookings (tenant_id, service_id, starts_at) VALUES (id('default'), id('massage'), '2027-03-05 10:00Z') $$),
('their_staff', $$ INSERT INTO booking.bookings (service_id, starts_at) VALUES (id('massage'), '2027-03-05 10:00Z') $$),
('their_staff', $$ INSERT INTO booking.bookings (id, service_id, starts_at) VALUES (id('alice''s booking'), id('facial'), '2027-03-05 10:00Z') $$),
('their_staff', $$ INSERT INTO booking.customers (tenant_id, name) VALUES (id('default'), 'x') $$),
('their_staff', $$ INSERT INTO booking.customers (id, name) VALUES (id('carol'), 'x') $$),
('their_staff', $$ INSERT INTO booking.notes (tenant_id, booking_id, body) VALUES (id('default'), id('alice''s booking'), 'x') $$),
('their_staff', $$ INSERT INTO booking.notes (booking_id, body) VALUES (id('alice''s booking'), 'x') $$),
('their_admin', $$ UPDATE booking.services SET price = 0 $$),
('their_admin', $$ INSERT INTO booking.services (tenant_id, code, name, duration) VALUES (id('default'), 'x', 'X', '1 hour') $$),
('their_admin', $$ INSERT INTO booking.service_resources (service_id, resource_id) VALUES (id('facial'), id('room-1')) $$),
('their_admin', $$ INSERT INTO booking.resources (branch_id, code, name) SELECT id, 'x', 'X' FROM booking.branches WHERE tenant_id = id('default') $$),
('their_admin', $$ UPDATE booking.resources SET tenant_id = id('default') $$),
('their_admin', $$ UPDATE booking.tenants SET settings = '{"hold_ttl": 1}' $$),
('their_admin', $$ UPDATE booking.tenants SET settings = '{"hold_ttl": 1}' WHERE id = id('default') $$),
('their_admin', $$ DELETE FROM booking.resources $$),
('their_admin', $$ SELECT FROM booking.principals WHERE tenant_id = id('default') $$);
SELECT show_cases();
\pset tuples_only off
\pset format aligned

/* ---- what a role can say of itself ---- */

CREATE VIEW me AS SELECT role, access_level, (SELECT name FROM ids WHERE id = tenant) AS tenant, actor, actor_kind, roles
  FROM booking.whoami();
ALTER VIEW me SET (security_invoker = true);
GRANT SELECT ON me TO PUBLIC;
BEGIN;
SELECT booking.set_context(id('other'), 'alice', 'system', '{owner}');
SELECT * FROM me;
SET LOCAL ROLE regress_bob;
SELECT * FROM me;
SELECT booking.set_context(id('other'), 'alice', 'staff', '{manager}');
SELECT * FROM me;
SET LOCAL booking.actor = 'alice';
SET LOCAL booking.actor_kind = 'calendar';
SELECT * FROM me;
SET LOCAL ROLE regress_app;
SELECT * FROM me;
SET LOCAL ROLE regress_staff;
SELECT * FROM me;
SELECT booking.set_context(id('other'), 'alice', 'system', '{manager}');
SELECT * FROM me;
SELECT booking.set_context(actor => 'alice', actor_kind => 'customer');
SELECT *, booking.has_access('staff') AS as_staff FROM me;
SELECT count(*) AS of_alice FROM booking.bookings;
SET LOCAL ROLE regress_admin;
SELECT booking.set_context(id('other'), 'boss', 'system');
SELECT * FROM me;
SET LOCAL ROLE regress_auditor;
SELECT * FROM me;
SET LOCAL ROLE regress_their_staff;
SELECT * FROM me;
SET LOCAL ROLE regress_stranger;
SELECT * FROM me;
COMMIT;

-- Nor in the columns of a row.  Who it was stands in the audit trail, with the role.
BEGIN;
SET LOCAL ROLE regress_bob;
WITH b AS (INSERT INTO booking.bookings (service_id, starts_at, request_id, actor, actor_kind, booked_by, channel, price, created_at, version, note_count)
	VALUES (id('nap'), '2027-03-05 10:00Z', booking.new_id(), 'alice', 'staff', 'alice', 'web', 0, '1999-01-01', 7, 3)
	RETURNING id, actor, actor_kind, booked_by, channel, price, created_at, version, note_count)
, i AS (INSERT INTO ids SELECT 'new', id FROM b)
SELECT actor, actor_kind, booked_by, channel, price, created_at, version, note_count FROM b;
UPDATE booking.bookings SET title = 'x', request_id = booking.new_id(), actor = 'alice', actor_kind = 'system', booked_by = 'alice'
 WHERE id = id('new') RETURNING actor, actor_kind, booked_by, version;
UPDATE booking.bookings SET title = 'y', actor = 'alice', actor_kind = 'system' WHERE id = id('new') RETURNING actor, actor_kind, version;
UPDATE booking.bookings SET actor = 'alice', actor_kind = 'staff', channel = 'voice', request_id = booking.new_id() WHERE id = id('new')
	RETURNING actor, actor_kind, channel, version;
UPDATE booking.bookings SET service_id = id('massage'), price = 1, currency = 'JPY', note_count = 9 WHERE id = id('new')
	RETURNING price, currency, note_count, version;
UPDATE booking.bookings SET order_id = (SELECT id FROM ids WHERE name = 'carol') WHERE id = id('new') RETURNING order_id IS NULL AS no_order;
SET LOCAL ROLE regress_app;
SELECT booking.set_context(actor => 'alice', actor_kind => 'staff');
SELECT count(*) AS of_alice FROM booking.bookings;
WITH b AS (INSERT INTO booking.bookings (service_id, starts_at, request_id, actor, actor_kind)
	VALUES (id('nap'), '2027-03-06 10:00Z', booking.new_id(), 'alice', 'staff') RETURNING id, actor, actor_kind, booked_by)
, i AS (INSERT INTO ids SELECT 'new too', id FROM b)
SELECT actor, actor_kind, booked_by FROM b;
SAVEPOINT bob;
INSERT INTO booking.bookings (service_id, starts_at, request_id, actor) VALUES (id('nap'), '2027-03-07 10:00Z', booking.new_id(), 'bob');
ROLLBACK TO bob;
RESET ROLE;
SELECT (SELECT name FROM ids WHERE id = booking_id) AS booking, version, role, actor, actor_kind, action FROM booking.audit_log
 WHERE booking_id IN (id('new'), id('new too')) ORDER BY booking_id, version;
ROLLBACK;

/* ---- what a conflict tells ---- */

CREATE FUNCTION tells(statement text) RETURNS TABLE (state text, keys text[], anything_else boolean) LANGUAGE plpgsql AS $$
DECLARE
	all_of_it text;
	about text;
	hint text;
BEGIN
	EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS about = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	all_of_it := concat(SQLERRM, about, hint);
	state := SQLSTATE;
	keys := ARRAY(SELECT k FROM jsonb_array_elements(about::jsonb -> 'conflicts') AS c, jsonb_object_keys(c) AS k ORDER BY k);
	anything_else := all_of_it ~* 'alice|nuts|555|hold' OR all_of_it ~ (SELECT string_agg(id::text, '|') FROM ids WHERE name NOT LIKE 'room%');
	RETURN NEXT;
END
$$;
SET ROLE regress_bob;
SELECT * FROM tells($$ SELECT booking.hold(id('massage'), '2027-03-02 12:30Z', resources => ARRAY[id('room-1')]) $$);
SELECT * FROM tells($$ UPDATE booking.bookings SET resource_ids = ARRAY[id('room-1')] WHERE id = id('bob''s hold') $$);
SELECT * FROM tells($$ INSERT INTO booking.bookings (service_id, starts_at, resource_ids) VALUES (id('nap'), '2027-03-02 10:30Z', ARRAY[id('room-1')]) $$);
RESET ROLE;

/* ---- a known e-mail address ---- */

SET ROLE regress_bob;
BEGIN;
SELECT status, price FROM booking.book(id('nap'), '2027-03-05 10:00Z', '{"email": " CAROL@example.org", "name": "Mallory", "phone": "666", "notify": false}');
SELECT status, contact FROM booking.bookings WHERE starts_at = '2027-03-05 10:00Z';
SELECT count(*) AS carol FROM booking.customers WHERE email ILIKE 'carol%';
SELECT status, price FROM booking.checkout(ARRAY[id('bob''s hold')], '{"email": "alice@example.org"}');
SELECT starts, customer FROM booking.agenda('2027-03-05') UNION ALL SELECT starts, customer FROM booking.agenda('2027-03-02') ORDER BY 1;
SELECT name, email, phone FROM booking.customers;
-- He can't take an address that somebody has, nor learn that somebody has it.
SELECT status FROM booking.book(id('nap'), '2027-03-05 12:00Z', jsonb_build_object('id', id('Bob the customer'), 'email', 'carol@example.org', 'phone', '1'));
\set VERBOSITY sqlstate
SELECT status FROM booking.book(id('nap'), '2027-03-05 14:00Z', jsonb_build_object('id', id('carol')));
\set VERBOSITY default
ROLLBACK;
BEGIN;
SELECT status FROM booking.book(id('nap'), '2027-03-05 12:00Z', jsonb_build_object('id', id('Bob the customer'), 'email', 'carol@example.org', 'phone', '1'));
SELECT status FROM booking.book(id('nap'), '2027-03-05 14:00Z', '{"email": "CAROL@example.org", "notify": false}');
SELECT name, email, phone FROM booking.customers;
RESET ROLE;
SELECT name, email, phone, notify, actor FROM booking.customers WHERE tenant_id = id('default') ORDER BY name;
ROLLBACK;
-- Staff learns it.
SET ROLE regress_staff;
SELECT status FROM booking.book(id('nap'), '2027-03-05 12:00Z', jsonb_build_object('id', id('Bob the customer'), 'email', 'carol@example.org'));
RESET ROLE;

-- Whoever was first to give an address does not come to see what others, whose
-- it may be, book with it; nor do they see his.
BEGIN;
SET LOCAL ROLE regress_bob;
SELECT status FROM booking.book(id('nap'), '2027-03-05 10:00Z', '{"email": "vera@example.org", "name": "Bob"}');
SET LOCAL ROLE regress_app;
SELECT booking.set_context(actor => 'vera');
SELECT status FROM booking.book(id('nap'), '2027-03-05 12:00Z', '{"email": "Vera@example.org", "name": "Vera", "phone": "555-7777"}');
SELECT booking_id AS hold FROM booking.hold(id('nap'), '2027-03-05 14:00Z') \gset
SELECT status FROM booking.checkout(ARRAY[:'hold']::uuid[], '{"email": "Vera@example.org", "phone": "555-7777"}');
SELECT starts_at, contact, customer_id IS NULL AS no_customer FROM booking.bookings ORDER BY 1;
SET LOCAL ROLE regress_bob;
SELECT starts_at, contact FROM booking.bookings WHERE starts_at > '2027-03-05' ORDER BY 1;
ROLLBACK;

/* ---- another branch, with other settings ---- */

BEGIN;
UPDATE booking.branches SET settings = '{"approval": true}' WHERE tenant_id = id('default');
INSERT INTO booking.branches (tenant_id, code, name) VALUES (id('default'), 'annex', 'Annex');
INSERT INTO ids SELECT 'annex', id FROM booking.branches WHERE code = 'annex';
INSERT INTO cases (role, statement) VALUES
('bob', $$ SELECT booking.book(id('nap'), '2027-03-05 10:00Z', '{"name": "Bob"}', resources => ARRAY[id('room-3')], branch => id('annex')) $$),
('bob', $$ INSERT INTO booking.bookings (service_id, starts_at, branch_id, resource_ids) VALUES (id('nap'), '2027-03-05 10:00Z', id('annex'), ARRAY[id('room-3')]) $$),
('bob', $$ UPDATE booking.bookings SET branch_id = id('annex') WHERE id = id('bob''s hold') $$),
('bob', $$ UPDATE booking.bookings SET branch_id = id('annex'), starts_at = '2027-03-05 10:00Z', ends_at = '2027-03-05 11:00Z' WHERE id = id('bob''s hold') $$),
('bob', $$ UPDATE booking.bookings SET status = 'confirmed', contact = '{"name": "Bob"}' WHERE id = id('bob''s hold') $$),
('bob', $$ SELECT FROM booking.book(id('nap'), '2027-03-05 10:00Z', '{"name": "Bob"}', resources => ARRAY[id('room-3')]) AS b WHERE b.status = 'pending' $$),
('staff', $$ SELECT FROM booking.book(id('nap'), '2027-03-05 10:00Z', '{"name": "Bob"}', resources => ARRAY[id('room-3')], branch => id('annex')) AS b WHERE b.status = 'confirmed' $$);
\pset tuples_only
\pset format unaligned
SELECT show_cases();
\pset tuples_only off
\pset format aligned
ROLLBACK;

/* ---- roles of roles ---- */

CREATE ROLE regress_like_alice IN ROLE regress_alice;
CREATE ROLE regress_could_be_alice NOINHERIT IN ROLE regress_alice;
CREATE ROLE regress_both IN ROLE regress_staff, regress_their_staff;
CREATE ROLE regress_alice_and_staff IN ROLE regress_alice, regress_staff;
CREATE ROLE regress_own_rights IN ROLE regress_staff;
SELECT booking.grant_access('regress_own_rights', 'client', 'bob', tenant => id('default'));
SET ROLE regress_like_alice;
SELECT * FROM me;
SELECT count(*) AS of_alice FROM booking.bookings;
SET ROLE regress_could_be_alice;
SELECT * FROM booking.whoami();
SELECT count(*) FROM booking.bookings;
SET ROLE regress_both;
SELECT access_level, tenant IS NOT NULL AS some_tenant FROM me;
BEGIN;
SELECT booking.set_context(id('other'));
SELECT * FROM me;
SELECT count(*) AS theirs FROM booking.bookings;
SELECT booking.set_context(id('default'));
SELECT * FROM me;
SELECT count(*) AS ours FROM booking.bookings;
COMMIT;
SET ROLE regress_alice_and_staff;
SELECT * FROM me;
SET ROLE regress_own_rights;
SELECT * FROM me;
RESET ROLE;
-- Membership ends at once, also for a session that has just used it.
SET ROLE regress_like_alice;
SELECT count(*) AS of_alice FROM booking.bookings;
RESET ROLE;
REVOKE regress_alice FROM regress_like_alice;
SET ROLE regress_like_alice;
SELECT count(*) AS of_alice FROM booking.bookings;
RESET ROLE;

/* ---- one session, several roles ---- */

-- A prepared plan sees what the role may see that executes it; so do the
-- engine's own plans.
\set VERBOSITY sqlstate
PREPARE mine AS SELECT count(*) FROM booking.bookings;
SET plan_cache_mode = force_generic_plan;
EXECUTE mine;
SET ROLE regress_alice;
EXECUTE mine;
SELECT booking.release_hold(id('bob''s hold'));
SET ROLE regress_staff;
EXECUTE mine;
BEGIN;
SELECT booking.release_hold(id('bob''s hold'));
ROLLBACK;
SET ROLE regress_bob;
EXECUTE mine;
SELECT booking.release_hold(id('alice''s hold'));
SET ROLE regress_their_staff;
EXECUTE mine;
SELECT booking.release_hold(id('alice''s hold'));
RESET ROLE;
RESET plan_cache_mode;
\set VERBOSITY default

-- A SECURITY DEFINER function lends its owner's rights, and no more.
GRANT CREATE ON SCHEMA public TO regress_staff;
SET ROLE regress_staff;
CREATE FUNCTION cancel_any(name text) RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
	AS $$ SELECT status FROM booking.cancel(public.id(name), 'weather') $$;
SET ROLE regress_bob;
BEGIN;
SELECT cancel_any('alice''s booking');
SELECT * FROM me;
SELECT count(*) AS of_bob FROM booking.bookings;
RESET ROLE;
SELECT role, actor, actor_kind, action FROM booking.audit_log WHERE booking_id = id('alice''s booking') AND action = 'cancel';
ROLLBACK;
SET ROLE regress_bob;
\set VERBOSITY sqlstate
SELECT cancel_any('their booking');
\set VERBOSITY default
RESET ROLE;

-- A view with its owner's rights would show too much; ours ask for the caller's.
SELECT relname FROM pg_class WHERE relnamespace = 'booking'::regnamespace AND relkind = 'v'
   AND NOT coalesce(reloptions::text ~ 'security_invoker=true', false) ORDER BY relname;

/* ---- granting and revoking ---- */

CREATE FUNCTION rights(role text) RETURNS TABLE (functions bigint, tables bigint, letters text) LANGUAGE sql STABLE AS $$
	SELECT (SELECT count(*) FROM pg_proc AS p WHERE p.pronamespace = 'booking'::regnamespace AND has_function_privilege(role, p.oid, 'EXECUTE')
			AND NOT has_function_privilege('public', p.oid, 'EXECUTE')),
		   count(*) FILTER (WHERE letters(role, c.oid) <> ''), letters(role, 'booking.bookings'::regclass)
	  FROM pg_class AS c WHERE c.relnamespace = 'booking'::regnamespace AND c.relkind IN ('r', 'v')
$$;
CREATE TABLE rights_of AS SELECT kind, r.* FROM kinds, rights(role) AS r;
CREATE ROLE "Regress ""quoted"" role";
SELECT booking.grant_access('Regress "quoted" role', 'admin', tenant => id('default'));
SELECT kind FROM rights_of AS o, rights('Regress "quoted" role') AS r WHERE (o.functions, o.tables, o.letters) = (r.functions, r.tables, r.letters);
SELECT booking.grant_access('Regress "quoted" role', 'client', 'quoted', tenant => id('default'));
SELECT kind FROM rights_of AS o, rights('Regress "quoted" role') AS r WHERE (o.functions, o.tables, o.letters) = (r.functions, r.tables, r.letters);
SET ROLE "Regress ""quoted"" role";
SELECT * FROM me;
SELECT status FROM booking.book(id('nap'), '2027-03-08 10:00Z', '{"name": "Quentin"}');
RESET ROLE;
SELECT booking.grant_access('Regress "quoted" role', 'auditor', tenant => id('other'));
SELECT level, actor, (SELECT name FROM ids WHERE id = tenant_id) AS tenant FROM booking.principals WHERE role_name = 'Regress "quoted" role';
SET ROLE "Regress ""quoted"" role";
SELECT * FROM me;
SELECT count(*) AS theirs FROM booking.bookings;
RESET ROLE;
SELECT booking.revoke_access('Regress "quoted" role');
SELECT * FROM rights('Regress "quoted" role');
SELECT count(*) FROM booking.principals WHERE role_name = 'Regress "quoted" role';
DROP ROLE "Regress ""quoted"" role";

-- A role that was dropped leaves its entry, which can be taken back still.
INSERT INTO booking.principals (tenant_id, role_name, level) VALUES (id('default'), 'regress_gone', 'staff');
SELECT booking.setup();
SELECT booking.revoke_access('regress_gone');
SELECT booking.revoke_access('regress_gone');
SELECT booking.grant_access('regress_gone', 'client', tenant => id('default'));
SELECT booking.grant_access('regress_bob', 'owner');
SELECT booking.grant_access('regress_bob', NULL);
SELECT booking.grant_access(NULL, 'client');
SELECT booking.revoke_access(NULL);

-- What was granted is put back by setup() for a store that lost it.
REVOKE ALL ON ALL TABLES IN SCHEMA booking FROM regress_staff;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA booking FROM regress_staff;
SELECT booking.setup();
SELECT kind FROM rights_of AS o, rights('regress_staff') AS r WHERE (o.functions, o.tables, o.letters) = (r.functions, r.tables, r.letters);

/* ---- a store whose owner is no superuser ---- */

CREATE ROLE regress_owner;
DO $$
DECLARE relation regclass;
BEGIN
	FOR relation IN SELECT oid FROM pg_class WHERE relnamespace = 'booking'::regnamespace AND relkind IN ('r', 'v') LOOP
		EXECUTE format('ALTER TABLE %s OWNER TO regress_owner', relation);
	END LOOP;
END
$$;
GRANT ALL ON SCHEMA booking TO regress_owner;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA booking TO regress_owner;
SET ROLE regress_owner;
SELECT access_level, actor_kind FROM me;
SELECT count(*) AS everybodys FROM booking.bookings;
SELECT booking.setup();
SET ROLE regress_bob;
SELECT count(*) AS of_bob FROM booking.bookings;
SELECT status FROM booking.book(id('nap'), '2027-03-09 10:00Z', '{"name": "Bob"}');
SELECT status FROM booking.cancel(id('bob''s booking'), 'other');
\set VERBOSITY sqlstate
SELECT booking.release_hold(id('alice''s hold'));
RESET ROLE;
