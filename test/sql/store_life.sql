-- From an empty database: a store that is not there, is made, is made again, is of
-- another version, and outlives its extension; in sessions that saw it all.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION booking CASCADE;
SET booking.now = '2027-03-01 09:00Z';

-- Calls every function that needs the store, and plain SQL; counts the answers.
CREATE FUNCTION public.answers(OUT answer text, OUT calls bigint, OUT who text) RETURNS SETOF record
	LANGUAGE plpgsql AS $$
DECLARE
	call text;
	answers text[] := '{}';
	calls text[] := '{}';
BEGIN
	FOREACH call IN ARRAY ARRAY['hold(@, now())', 'refresh_hold(@)', 'release_hold(@)', 'expire_holds()',
	'checkout(ARRAY[@]::uuid[], ''{"name": "A"}'')',
		'book(@, now(), ''{"name": "A"}'')', 'cancel(@, ''weather'')', 'confirm(@)', 'check_in(@)',
		'start_serving(@)', 'complete(@)', 'no_show(@)',
		'reschedule(@, now())', 'reassign(@, ARRAY[@]::uuid[])', 'add_note(@, ''x'')', 'whoami()', 'current_tenant()',
		'current_actor()', 'has_access(''staff'')',
		'current_customers()', 'owned_resources()', 'tenant_id(''a'')', 'branch_id(''a'')', 'service_id(''a'')',
		'resource_id(''a'')', 'question_id(''a'')',
		'at_local(now()::timestamp, @::uuid)', 'broadcast()', 'questions_for(ARRAY[@]::uuid[])', 'agenda()',
		'grant_access(current_user::text, ''staff'')'] LOOP
		BEGIN
			EXECUTE 'SELECT booking.' || replace(call, '@', '''00000000-0000-0000-0000-000000000000''');
			answers := answers || 'ok'::text;
		EXCEPTION WHEN OTHERS THEN
			answers := answers || (SQLSTATE || ' ' || SQLERRM);
		END;
		calls := calls || call;
	END LOOP;
	RETURN QUERY SELECT a, count(*), CASE WHEN a !~ '^ZB010' THEN string_agg(split_part(c, '(', 1), ' ' ORDER BY n) END
		FROM unnest(answers, calls) WITH ORDINALITY AS u (a, c, n) GROUP BY a ORDER BY a;
END $$;

---- no store ----

SELECT * FROM answers();
SELECT booking.can_transition('held', 'confirmed') AS needs_none, booking.at_local('2027-03-01 10:00', 'UTC');

---- setup(), once and again ----

SELECT booking.setup('spa', 'ypsilanti', 'America/Detroit');
SELECT t.code, t.name, t.currency, b.code, b.name, b.time_zone FROM booking.tenants AS t
	JOIN booking.branches AS b ON b.tenant_id = t.id;
SELECT count(*) AS members FROM pg_depend WHERE deptype = 'e' AND classid = 'pg_class'::regclass
	AND objid IN (SELECT oid FROM pg_class WHERE relnamespace = 'booking'::regnamespace);
INSERT INTO booking.resources (code, name) VALUES ('room', 'Room');
INSERT INTO booking.services (id, name, duration, price)
	VALUES ('00000000-0000-0000-0001-000000000001', 'Massage', '1 hour', 60);
SELECT booking_id AS b, status FROM booking.book(booking.service_id('massage'), '2027-03-01 10:00Z',
	'{"name": "Ann"}', title => 'Neck') \gset
CREATE VIEW everything AS SELECT (SELECT count(*) FROM booking.tenants) AS tenants,
	(SELECT count(*) FROM booking.bookings) AS bookings,
	(SELECT count(*) FROM booking.allocations) AS allocations,
	(SELECT count(*) FROM booking.audit_log) AS audit, (SELECT count(*) FROM booking.audit_private) AS private,
	(SELECT count(*) FROM booking.service_sessions) AS sessions,
	(SELECT count(*) FROM booking.orders) AS orders, (SELECT count(*) FROM booking.outbox) AS outbox,
	(SELECT count(*) FROM booking.reason_codes) AS reasons;
SELECT * FROM everything;
CREATE TABLE guards AS SELECT tgrelid, tgname, tgenabled, pg_get_triggerdef(oid) AS definition FROM pg_trigger
	WHERE tgrelid::regclass::text ~ '^booking\.' AND NOT tgisinternal;
CREATE TABLE policies AS SELECT tablename, policyname, cmd, qual, with_check FROM pg_policies
	WHERE schemaname = 'booking';
SELECT booking.setup('ignored', 'ignored', 'UTC');
SELECT booking.setup();
SELECT * FROM everything;

---- a store of another version: every way in says so ----

UPDATE booking.store_state SET version = 0;
\c -
SET booking.now = '2027-03-01 09:00Z';
SET client_min_messages = warning;
SELECT * FROM answers();
INSERT INTO booking.bookings (service_id, starts_at)
	VALUES ('00000000-0000-0000-0001-000000000001', '2027-03-01 12:00Z');
\echo :SQLSTATE
UPDATE booking.bookings SET title = 'x';
\echo :SQLSTATE
INSERT INTO booking.notes (booking_id, body) VALUES (:'b', 'x');
\echo :SQLSTATE
INSERT INTO booking.resources (name) VALUES ('Another');
\echo :SQLSTATE
UPDATE booking.store_state SET version = 99;
\c -
SET booking.now = '2027-03-01 09:00Z';
SET client_min_messages = warning;
SELECT answer, calls FROM answers();
SELECT booking.setup();
\echo :SQLSTATE
UPDATE booking.store_state SET version = 0;
SELECT booking.setup();
SELECT version FROM booking.store_state;
SELECT status FROM booking.book('00000000-0000-0000-0001-000000000001', '2027-03-01 12:00Z', '{"name": "Bob"}');

---- DROP EXTENSION takes the code, not the store ----

\set VERBOSITY terse
DROP EXTENSION booking;
\set VERBOSITY default
\echo :SQLSTATE
DROP EXTENSION booking CASCADE;
SELECT * FROM everything;
-- the constraints stay as well
\set VERBOSITY terse
UPDATE booking.bookings SET status = 'reserved';
INSERT INTO booking.allocations SELECT a.tenant_id, a.tenant_id, resource_id, during, 1, true
	FROM booking.allocations AS a LIMIT 1;
\set VERBOSITY default
SELECT count(*) AS guards_left FROM pg_trigger WHERE tgrelid::regclass::text ~ '^booking\.' AND NOT tgisinternal;
CREATE EXTENSION booking;
-- before setup() nothing goes on unguarded
SELECT booking.cancel(:'b', 'weather');
\echo :SQLSTATE
SELECT booking.setup();
SELECT count(*) AS guards_differ FROM (SELECT tgrelid, tgname, tgenabled, pg_get_triggerdef(oid)
	FROM pg_trigger WHERE tgrelid::regclass::text ~ '^booking\.' AND NOT tgisinternal
	EXCEPT TABLE guards) AS d;
SELECT count(*) AS guards_missing FROM (TABLE guards EXCEPT
	SELECT tgrelid, tgname, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger) AS d;
SELECT count(*) AS policies_missing FROM (TABLE policies EXCEPT
	SELECT tablename, policyname, cmd, qual, with_check FROM pg_policies WHERE schemaname = 'booking') AS d;
SELECT * FROM everything;
SELECT state, count(*) FROM booking.holds GROUP BY 1;
DELETE FROM booking.bookings;
\echo :SQLSTATE
UPDATE booking.audit_log SET actor = 'x';
\echo :SQLSTATE
-- the same session goes on where it was
SELECT status FROM booking.cancel(:'b', 'weather');
SELECT version, action FROM booking.audit_log WHERE booking_id = :'b' ORDER BY version;

---- dropped and made anew in one transaction, kept or not ----

BEGIN;
DROP EXTENSION booking CASCADE;
CREATE EXTENSION booking;
SELECT booking.setup();
SELECT status FROM booking.book('00000000-0000-0000-0001-000000000001', '2027-03-02 10:00Z', '{"name": "Bob"}');
ROLLBACK;
SELECT status FROM booking.book('00000000-0000-0000-0001-000000000001', '2027-03-02 10:00Z', '{"name": "Bob"}');
BEGIN;
SAVEPOINT s;
DROP EXTENSION booking CASCADE;
ROLLBACK TO s;
SELECT status FROM booking.book('00000000-0000-0000-0001-000000000001', '2027-03-02 12:00Z', '{"name": "Bob"}');
DROP EXTENSION booking CASCADE;
CREATE EXTENSION booking;
SELECT booking.setup();
SELECT status FROM booking.book('00000000-0000-0000-0001-000000000001', '2027-03-02 14:00Z', '{"name": "Bob"}');
COMMIT;
SELECT * FROM everything;
\set VERBOSITY sqlstate
SELECT booking.hold('00000000-0000-0000-0001-000000000001', '2027-03-02 14:30Z');
\set VERBOSITY default

---- and the store itself can be dropped: with its schema, all of it ----

DROP VIEW everything;
DROP EXTENSION booking CASCADE;
DROP SCHEMA booking CASCADE;
CREATE EXTENSION booking;
SELECT answer, calls FROM answers() WHERE answer ~ 'ZB010';
SELECT booking.setup();
SELECT code FROM booking.tenants;
