-- A schema full of look-alikes, before pg_catalog and in pg_temp, catches
-- nothing: the engine calls what it means.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET booking.now = '2027-03-01 09:00Z';
CREATE ROLE regress_client;
CREATE ROLE regress_staff;
SELECT booking.grant_access('regress_client', 'client', 'cleo'), booking.grant_access('regress_staff', 'staff');
INSERT INTO booking.resources (kind, code, name, capacity, owner) VALUES
	('room', 'room-1', 'Room 1', 1, NULL), ('room', 'room-2', 'Room 2', 1, 'cleo'), ('hall', 'hall', 'Hall', 10, NULL);
INSERT INTO booking.services (code, name, duration, price) VALUES ('massage', 'Massage', '1 hour', 95), ('concert', 'Concert', '2 hours', 10);
INSERT INTO booking.service_requirements (service_id, kind, buffer_after) VALUES
	(booking.service_id('massage'), 'room', '15 minutes'), (booking.service_id('concert'), 'hall', NULL);
INSERT INTO booking.questions (code, prompt, required) VALUES ('allergies', 'Allergies?', true);

/* ---- the trap ---- */

CREATE SCHEMA trap;
GRANT USAGE ON SCHEMA trap TO PUBLIC;

-- A function and an operator for each of pg_catalog's that takes one or two
-- arguments of the types the engine handles; each is as good as the real one
-- for the parser, and raises.
CREATE FUNCTION trap.snap(text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'the trap has caught %', $1;
END
$$;
DO $$
DECLARE
	it record;
	made int := 0;
BEGIN
	FOR it IN
		SELECT p.oid::regprocedure, p.proname, pg_get_function_identity_arguments(p.oid) AS arguments, pg_get_function_result(p.oid) AS result
		  FROM pg_proc AS p
		 WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND NOT p.proretset AND p.provariadic = 0
		   AND p.proname IN ('now', 'lower', 'upper', 'btrim', 'length', 'count', 'clock_timestamp', 'isempty', 'tstzrange',
				'lower_inc', 'upper_inc', 'range_overlaps', 'array_position', 'pg_has_role', 'coalesce', 'format', 'left', 'timezone',
				'isfinite', 'hashtextextended', 'to_regclass', 'current_setting', 'set_config', 'pg_get_userbyid', 'replace', 'concat_ws',
				'quote_ident', 'quote_literal', 'initcap', 'cardinality', 'sha256', 'texteq', 'uuid_eq', 'array_length')
		   AND 'internal'::regtype <> ALL (p.proargtypes::oid[]) AND 'cstring'::regtype <> ALL (p.proargtypes::oid[])
	LOOP
		BEGIN
			EXECUTE format('CREATE FUNCTION trap.%I(%s) RETURNS %s LANGUAGE plpgsql AS $f$ BEGIN PERFORM trap.snap(%L); END $f$',
				it.proname, it.arguments, it.result, it.oid);
			made := made + 1;
		EXCEPTION WHEN invalid_function_definition OR syntax_error THEN
			NULL;
		END;
	END LOOP;
	FOR it IN
		SELECT o.oid::regoperator, o.oprname, o.oprleft::regtype AS l, o.oprright::regtype AS r, o.oprresult::regtype AS result
		  FROM pg_operator AS o
		 WHERE o.oprnamespace = 'pg_catalog'::regnamespace AND o.oprkind = 'b'
		   AND o.oprname IN ('=', '<>', '<', '<=', '>', '>=', '&&', '+', '-', '*', '||', '~', '~~', '->', '->>', '@>')
		   AND o.oprleft = ANY ('{uuid,text,integer,bigint,timestamptz,timestamp,date,interval,numeric,boolean,jsonb,oid,name,anyarray,anyrange,anynonarray,anycompatiblearray,anycompatible,time}'::regtype[])
		   AND o.oprright = ANY ('{uuid,text,integer,bigint,timestamptz,timestamp,date,interval,numeric,boolean,jsonb,oid,name,anyarray,anyrange,anynonarray,anycompatiblearray,anycompatible,time}'::regtype[])
	LOOP
		BEGIN
			EXECUTE format('CREATE FUNCTION trap.snap_%s(%s, %s) RETURNS %s LANGUAGE plpgsql AS $f$ BEGIN PERFORM trap.snap(%L); END $f$',
				made, it.l, it.r, it.result, it.oid);
			EXECUTE format('CREATE OPERATOR trap.%s (FUNCTION = trap.snap_%s, LEFTARG = %s, RIGHTARG = %s)', it.oprname, made, it.l, it.r);
			made := made + 1;
		EXCEPTION WHEN invalid_function_definition OR datatype_mismatch THEN
			NULL;
		END;
	END LOOP;
	RAISE INFO 'more than 150 traps: %', made > 150;
END
$$;
CREATE AGGREGATE trap.array_agg(uuid) (SFUNC = array_append, STYPE = uuid[], INITCOND = '{00000000-0000-0000-0000-000000000000}');
CREATE AGGREGATE trap.min(timestamptz) (SFUNC = timestamptz_larger, STYPE = timestamptz);
CREATE AGGREGATE trap.count(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '1000');
CREATE DOMAIN trap.text AS pg_catalog.text CHECK (false);
CREATE DOMAIN trap.uuid AS pg_catalog.uuid CHECK (false);
CREATE DOMAIN trap.jsonb AS pg_catalog.jsonb CHECK (false);
CREATE DOMAIN trap.timestamptz AS pg_catalog.timestamptz CHECK (false);
CREATE DOMAIN trap.integer AS pg_catalog.int4 CHECK (false);


-- Tables and catalogs of the same names, in the schema and among the temporary ones.
CREATE VIEW trap.snapped AS SELECT trap.snap('a table');
CREATE FUNCTION set_tables(place text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
	relation name;
BEGIN
	FOR relation IN SELECT relname FROM pg_class WHERE relnamespace = 'booking'::regnamespace AND relkind IN ('r', 'v') UNION
		SELECT unnest('{pg_roles,pg_class,pg_proc,pg_policy,pg_policies,pg_settings,pg_database,pg_authid,pg_depend,pg_trigger}'::name[])
	LOOP
		EXECUTE format('CREATE VIEW %I.%I AS SELECT * FROM trap.snapped', place, relation);
		EXECUTE format('GRANT SELECT ON %I.%I TO PUBLIC', place, relation);
	END LOOP;
END
$$;
SELECT set_tables('trap');

/* ---- what is done ---- */

CREATE TABLE steps (n integer GENERATED ALWAYS AS IDENTITY, role text, name text, statement text);
CREATE TABLE got (name text, id uuid);
CREATE TABLE results (n integer, hostile boolean, result text);
INSERT INTO steps (role, name, statement) VALUES
('regress_client', 'h', $$ SELECT booking_id, starts_at, expires_at FROM booking.hold(booking.service_id('massage'), '2027-03-02 10:00Z') $$),
('regress_client', NULL, $$ SELECT * FROM booking.refresh_hold('{h}', '10 minutes') $$),
('regress_client', NULL, $$ SELECT * FROM booking.hold(booking.service_id('massage'), '2027-03-02 10:30Z', resources => (SELECT resource_ids FROM booking.bookings)) $$),
('regress_client', NULL, $$ SELECT * FROM booking.checkout('{{h}}', '{"name": "Cleo", "email": "Cleo@example.org"}') $$),
('regress_client', NULL, $$ SELECT * FROM booking.checkout('{{h}}', '{"name": "Cleo", "email": "Cleo@example.org"}', '{"allergies": "none"}', 95) $$),
('regress_client', 'b', $$ SELECT booking_id, status, price FROM booking.book(booking.service_id('concert'), '2027-03-02 20:00Z', '{"email": "cleo@example.org"}', units => 3, answers => '{"allergies": "nuts"}') $$),
('regress_client', NULL, $$ SELECT * FROM booking.hold(booking.service_id('concert'), '2027-03-02 21:00Z', units => 8) $$),
('regress_client', NULL, $$ SELECT * FROM booking.reschedule('{b}', local_start => '2027-03-03 20:00') $$),
('regress_client', NULL, $$ UPDATE booking.bookings SET title = 'x' WHERE id OPERATOR(pg_catalog.=) '{b}' RETURNING title, version $$),
('regress_client', NULL, $$ UPDATE booking.bookings SET resource_ids = '{}' WHERE id OPERATOR(pg_catalog.=) '{b}' RETURNING version $$),
('regress_client', NULL, $$ SELECT * FROM booking.add_note('{b}', 'hello') $$),
('regress_client', NULL, $$ SELECT * FROM booking.cancel('{b}', 'weather') $$),
('regress_client', NULL, $$ SELECT * FROM booking.cancel('{b}', 'weather') $$),
('regress_client', NULL, $$ SELECT pg_catalog.count(*) FROM booking.bookings $$),
('regress_client', NULL, $$ SELECT state, units FROM booking.holds $$),
('regress_client', NULL, $$ SELECT status, service, resources FROM booking.current_bookings $$),
('regress_client', NULL, $$ SELECT * FROM booking.agenda('2027-03-02') $$),
('regress_client', NULL, $$ SELECT prompt FROM booking.questions_for('{}') $$),
('regress_client', NULL, $$ SELECT * FROM booking.whoami() $$),
('regress_client', NULL, $$ SELECT booking.current_customers() $$),
('regress_client', NULL, $$ SELECT pg_catalog.cardinality(booking.owned_resources()) $$),
('regress_client', 'l', $$ INSERT INTO booking.bookings (service_id, starts_at, hold_ttl) VALUES (booking.service_id('massage'), '2027-03-04 10:00Z', '5 seconds') RETURNING id, status $$),
(NULL, NULL, $$ SET LOCAL booking.now = '2027-03-01 09:00:05Z' $$),
('regress_client', NULL, $$ SELECT status FROM booking.book(booking.service_id('massage'), '2027-03-04 10:00Z', '{"name": "Cleo"}', answers => '{"allergies": "none"}') $$),
('regress_client', NULL, $$ SELECT booking.release_hold('{l}') $$),
('regress_staff', NULL, $$ SELECT booking.set_context(actor => 'sam', roles => '{boss}', channel => 'api') $$),
('regress_staff', NULL, $$ SELECT * FROM booking.whoami() $$),
('regress_staff', NULL, $$ SELECT booking.expire_holds() $$),
('regress_staff', NULL, $$ SELECT * FROM booking.check_in('{h}') $$),
('regress_staff', NULL, $$ SELECT * FROM booking.start_serving('{h}') $$),
('regress_staff', NULL, $$ SELECT * FROM booking.complete('{h}') $$),
('regress_staff', NULL, $$ SELECT * FROM booking.reverse(booking.issue_undo('{h}')) $$),
('regress_staff', NULL, $$ SELECT ok, code, status FROM booking.bulk_reassign('{{h}}', booking.resource_id('room-2')) $$),
('regress_staff', NULL, $$ SELECT ok, code FROM booking.bulk_reassign('{{h}}', strategy => 'round_robin') $$),
('regress_staff', NULL, $$ SELECT status, version FROM booking.reverse((SELECT batch_token FROM booking.bulk_cancel('{{h}}', 'weather'))) $$),
('regress_staff', NULL, $$ SELECT pg_catalog.count(*) FROM booking.audit_log $$),
('regress_staff', NULL, $$ SELECT * FROM booking.no_show('{l}') $$),
(NULL, NULL, $$ INSERT INTO booking.resources (name, capacity) VALUES ('New One', 2) RETURNING code, kind $$),
(NULL, NULL, $$ UPDATE booking.resources SET capacity = 1 WHERE code OPERATOR(pg_catalog.=) 'hall' RETURNING capacity $$),
(NULL, NULL, $$ UPDATE booking.services SET settings = '{"hold_ttl": "1 minute"}' RETURNING settings $$),
(NULL, NULL, $$ UPDATE booking.services SET settings = '{"hold_tll": 1}' RETURNING settings $$),
(NULL, NULL, $$ DELETE FROM booking.services WHERE code OPERATOR(pg_catalog.=) 'massage' RETURNING code $$),
(NULL, NULL, $$ INSERT INTO booking.tenants (name) VALUES ('Tenant Two') RETURNING code $$),
(NULL, NULL, $$ SELECT booking.revoke_access('regress_staff') $$),
(NULL, NULL, $$ SELECT booking.grant_access('regress_staff', 'auditor', tenant => booking.tenant_id('default')) $$),
(NULL, NULL, $$ SELECT booking.setup() $$),
(NULL, NULL, $$ SELECT booking.attach_store() $$),
(NULL, NULL, $$ SELECT booking.comment_store() $$),
(NULL, NULL, $$ SELECT pg_catalog.count(*) FROM booking.worker_status() $$),
(NULL, NULL, $$ SELECT booking.broadcast() $$),
(NULL, NULL, $$ SELECT pg_catalog.count(*) FROM booking.error_codes $$);

-- Does it all, with the trap set or not, and undoes it.
CREATE PROCEDURE do_it(hostile boolean) LANGUAGE plpgsql AS $$
DECLARE
	step record;
	row record;
	said text;
	all_said text[] := '{}';
BEGIN
	FOR step IN SELECT * FROM public.steps ORDER BY n LOOP
		step.statement := pg_catalog.replace(step.statement, '{' || 'h}', coalesce((SELECT id::text FROM public.got WHERE name = 'h'), ''));
		step.statement := pg_catalog.replace(step.statement, '{' || 'b}', coalesce((SELECT id::text FROM public.got WHERE name = 'b'), ''));
		step.statement := pg_catalog.replace(step.statement, '{' || 'l}', coalesce((SELECT id::text FROM public.got WHERE name = 'l'), ''));
		BEGIN
			IF step.role IS NOT NULL THEN
				PERFORM pg_catalog.set_config('role', step.role, true);
			END IF;
			IF hostile THEN
				PERFORM pg_catalog.set_config('search_path', 'trap, pg_temp, pg_catalog, public', true);
			END IF;
			IF pg_catalog.starts_with(step.statement, ' SET') THEN
				EXECUTE step.statement;
			ELSE
				EXECUTE step.statement INTO row;
			END IF;
			PERFORM pg_catalog.set_config('search_path', 'public', true);
			PERFORM pg_catalog.set_config('role', 'none', true);
			said := row::text;
			IF step.name IS NOT NULL THEN
				INSERT INTO public.got VALUES (step.name, pg_catalog.split_part(pg_catalog.btrim(said, '()'), ',', 1)::uuid);
			END IF;
		EXCEPTION WHEN OTHERS THEN
			said := concat_ws(' ', SQLSTATE, SQLERRM);
		END;
		said := pg_catalog.regexp_replace(said, '[-_A-Za-z0-9]{64,70}', '<token>', 'g');
		all_said := all_said || pg_catalog.regexp_replace(said, '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', '<id>', 'g');
	END LOOP;
	ROLLBACK;
	INSERT INTO public.results SELECT n, hostile, t FROM unnest(all_said) WITH ORDINALITY AS u (t, n);
	COMMIT;
END
$$;

\connect -
SET client_min_messages = warning;
SET booking.now = '2027-03-01 09:00Z';
CALL do_it(false);

-- The trap works: whoever does not look where he steps is caught.
\connect -
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET booking.now = '2027-03-01 09:00Z';
CREATE TEMP TABLE makes_the_schema ();
SELECT set_tables((SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()));
BEGIN;
SET LOCAL search_path = trap, pg_catalog;
SAVEPOINT s;
SELECT 1 = 1;
ROLLBACK TO s;
SELECT lower('A');
ROLLBACK TO s;
SELECT 'a'::text;
ROLLBACK TO s;
SELECT * FROM bookings;
ROLLBACK;
SELECT * FROM bookings;

-- The engine is not, be it the first it hears in a session or not.
CALL do_it(true);
CALL do_it(true);

SELECT n, role, coalesce(result, '-') AS result FROM results JOIN steps USING (n) WHERE NOT hostile ORDER BY n;
SELECT n, h.result FROM results AS h JOIN results AS r USING (n)
 WHERE h.hostile AND NOT r.hostile AND h.result IS DISTINCT FROM r.result;
SELECT count(*) = 3 * (SELECT count(*) FROM steps) AS all_there FROM results;
