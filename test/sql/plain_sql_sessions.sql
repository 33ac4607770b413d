-- Plain SQL in a long session: prepared statements and the engine's own cached plans
-- survive changes of the tables and of search_path, and nothing in a schema, or in
-- pg_temp, gets between the engine and what it means.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (code, name, capacity) VALUES ('room', 'Room', 1), ('hall', 'Hall', 3);
INSERT INTO booking.services (id, name, duration, price)
	VALUES ('00000000-0000-0000-0001-000000000001', 'Lesson', '1 hour', 10);
\set lesson '00000000-0000-0000-0001-000000000001'

-- Everything the engine does, on one day: hold, clash, checkout, move, cancel, sweep.
CREATE FUNCTION public.whole_day(day timestamptz) RETURNS text LANGUAGE plpgsql
	SET booking.now = '2027-03-01 09:00Z' AS $$
DECLARE
	h uuid;
	done text := '';
BEGIN
	h := (booking.hold('00000000-0000-0000-0001-000000000001', day,
	resources => ARRAY[booking.resource_id('room')])).booking_id;
	BEGIN
		PERFORM booking.hold('00000000-0000-0000-0001-000000000001', day, resources => ARRAY[booking.resource_id('room')]);
	EXCEPTION WHEN exclusion_violation THEN done := done || 'clash ';
	END;
	done := done || (SELECT status FROM booking.checkout(ARRAY[h], '{"name": "Ann"}')) || ' ';
	PERFORM booking.reschedule(h, day + interval '2 hours');
	PERFORM booking.reassign(h, ARRAY[booking.resource_id('hall')]);
	PERFORM booking.add_note(h, 'x');
	UPDATE booking.bookings SET status = 'cancelled', reason_code = 'weather' WHERE id = h;
	INSERT INTO booking.bookings (service_id, starts_at, hold_ttl)
	VALUES ('00000000-0000-0000-0001-000000000001', day, '1 second');
	PERFORM set_config('booking.now', '2027-03-01 09:01Z', true);
	done := done || booking.expire_holds() || ' ';
	RETURN done || (SELECT string_agg(action, ' ' ORDER BY a.version) FROM booking.audit_log AS a
	WHERE a.booking_id = h);
END $$;
SELECT public.whole_day('2027-03-02 10:00Z');

---- prepared statements and cached plans, across changes of the tables ----

PREPARE book_one (timestamptz) AS INSERT INTO booking.bookings (service_id, starts_at)
	VALUES ('00000000-0000-0000-0001-000000000001', $1) RETURNING version;
PREPARE read_all AS SELECT count(*) FROM booking.bookings;
PREPARE move_one (timestamptz, timestamptz) AS UPDATE booking.bookings
	SET starts_at = $2, ends_at = $2 + interval '1 hour' WHERE starts_at = $1 AND status = 'held' RETURNING version;
EXECUTE book_one('2027-04-01 10:00Z');
EXECUTE read_all;
EXECUTE move_one('2027-04-01 10:00Z', '2027-04-01 11:00Z');
ALTER TABLE booking.bookings ADD COLUMN colour text DEFAULT 'red';
EXECUTE book_one('2027-04-02 10:00Z');
EXECUTE move_one('2027-04-01 11:00Z', '2027-04-01 12:00Z');
SELECT public.whole_day('2027-03-03 10:00Z');
ALTER TABLE booking.bookings DROP COLUMN colour;
ALTER TABLE booking.resources ADD COLUMN floor integer;
ALTER TABLE booking.allocations ADD COLUMN remark text;
CREATE INDEX ON booking.bookings (title);
EXECUTE book_one('2027-04-03 10:00Z');
EXECUTE move_one('2027-04-01 12:00Z', '2027-04-01 13:00Z');
SELECT public.whole_day('2027-03-04 10:00Z');
EXECUTE read_all;
-- a column of the engine's renamed is said in words
ALTER TABLE booking.bookings RENAME COLUMN title TO caption;
EXECUTE book_one('2027-04-04 10:00Z');
\echo :SQLSTATE
ALTER TABLE booking.bookings RENAME COLUMN caption TO title;
EXECUTE book_one('2027-04-04 10:00Z');
DISCARD PLANS;
EXECUTE book_one('2027-04-05 10:00Z');

---- a hostile schema first in search_path ----

CREATE SCHEMA evil;
CREATE FUNCTION evil.never(uuid, uuid) RETURNS boolean LANGUAGE plpgsql AS $$
	BEGIN RAISE EXCEPTION 'evil = was called'; END $$;
CREATE FUNCTION evil.never(text, text) RETURNS boolean LANGUAGE plpgsql AS $$
	BEGIN RAISE EXCEPTION 'evil = was called'; END $$;
CREATE FUNCTION evil.never(timestamptz, timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
	BEGIN RAISE EXCEPTION 'evil < was called'; END $$;
CREATE FUNCTION evil.never(tstzrange, tstzrange) RETURNS boolean LANGUAGE plpgsql AS $$
	BEGIN RAISE EXCEPTION 'evil && was called'; END $$;
CREATE FUNCTION evil.never(anyarray, anyarray) RETURNS boolean LANGUAGE plpgsql AS $$
	BEGIN RAISE EXCEPTION 'evil array operator was called'; END $$;
CREATE OPERATOR evil.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = evil.never);
CREATE OPERATOR evil.<> (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = evil.never);
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.never);
CREATE OPERATOR evil.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.never);
CREATE OPERATOR evil.<= (LEFTARG = timestamptz, RIGHTARG = timestamptz, FUNCTION = evil.never);
CREATE OPERATOR evil.> (LEFTARG = timestamptz, RIGHTARG = timestamptz, FUNCTION = evil.never);
CREATE OPERATOR evil.>= (LEFTARG = timestamptz, RIGHTARG = timestamptz, FUNCTION = evil.never);
CREATE OPERATOR evil.< (LEFTARG = timestamptz, RIGHTARG = timestamptz, FUNCTION = evil.never);
CREATE OPERATOR evil.&& (LEFTARG = tstzrange, RIGHTARG = tstzrange, FUNCTION = evil.never);
CREATE OPERATOR evil.&& (LEFTARG = anyarray, RIGHTARG = anyarray, FUNCTION = evil.never);
CREATE FUNCTION evil.lower(tstzrange) RETURNS timestamptz LANGUAGE plpgsql AS $$
	BEGIN RAISE EXCEPTION 'evil.lower was called'; END $$;
CREATE FUNCTION evil.lower(text) RETURNS text LANGUAGE plpgsql AS $$
	BEGIN RAISE EXCEPTION 'evil.lower was called'; END $$;
CREATE FUNCTION evil.btrim(text) RETURNS text LANGUAGE plpgsql AS $$
	BEGIN RAISE EXCEPTION 'evil.btrim was called'; END $$;
CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE plpgsql AS $$
	BEGIN RAISE EXCEPTION 'evil.now was called'; END $$;
CREATE FUNCTION evil.count() RETURNS bigint LANGUAGE plpgsql AS $$
	BEGIN RAISE EXCEPTION 'evil.count was called'; END $$;
CREATE FUNCTION evil.tstzrange(timestamptz, timestamptz) RETURNS tstzrange LANGUAGE plpgsql AS $$
	BEGIN RAISE EXCEPTION 'evil.tstzrange was called'; END $$;
CREATE TABLE evil.bookings (id uuid);
CREATE TABLE evil.allocations (id uuid);
CREATE TABLE evil.resources (id uuid);
CREATE TABLE evil.audit_log (id uuid);
CREATE TABLE evil.pg_roles (rolname name);
CREATE DOMAIN evil.uuid AS text CHECK (false);
CREATE DOMAIN evil.text AS pg_catalog.text CHECK (false);
-- in the session that has its plans, and by the functions that are in SQL
SET search_path = evil, booking, public;
SELECT public.whole_day('2027-03-05 10:00Z'::pg_catalog.timestamptz);
SET search_path = evil, pg_catalog, booking, public;
EXECUTE book_one('2027-04-06 10:00Z');
SELECT 1 FROM booking.agenda('2027-04-06') LIMIT 1;
SELECT booking.setup();
-- in one that has not
\c -
\set SHOW_CONTEXT never
SET search_path = evil, pg_catalog, booking, public;
SET booking.now = '2027-03-01 09:00Z';
INSERT INTO booking.bookings (service_id, starts_at, status, contact)
	VALUES ('00000000-0000-0000-0001-000000000001', '2027-04-07 10:00Z', 'confirmed', '{"name": "Ann"}')
	RETURNING status;
INSERT INTO booking.bookings (service_id, starts_at, hold_ttl)
	VALUES ('00000000-0000-0000-0001-000000000001', '2027-04-08 10:00Z', '1 second') RETURNING status;
SET booking.now = '2027-03-01 09:10Z';
SELECT booking.expire_holds() OPERATOR(pg_catalog.>) 0 AS swept;
SELECT status FROM booking.book('00000000-0000-0000-0001-000000000001', '2027-04-08 10:00Z',
	'{"email": "ann@example.com"}');
SELECT booking.now(), booking.current_actor() IS NULL AS nobody;

---- pg_temp ----

RESET search_path;
CREATE TEMP TABLE bookings (id uuid);
CREATE TEMP TABLE allocations (id uuid);
CREATE TEMP TABLE tenants (id uuid);
CREATE TEMP TABLE pg_roles (rolname name);
CREATE FUNCTION pg_temp.lower(tstzrange) RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz';
SET search_path = pg_temp, booking, public;
SELECT public.whole_day('2027-03-06 10:00Z');
SELECT booking.setup();
RESET search_path;
SET client_min_messages = warning;
DROP SCHEMA evil CASCADE;
SELECT public.whole_day('2027-03-07 10:00Z');
