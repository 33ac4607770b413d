-- Many bookings at once (C8): a row for each, none in the way of the others;
-- and all of it undone by one token.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (code, name, kind, position) VALUES
	('ann', 'Ann', 'therapist', 1), ('bob', 'Bob', 'therapist', 2), ('eve', 'Eve', 'therapist', 3),
	('room-1', 'Room 1', 'room', 1), ('room-2', 'Room 2', 'room', 2), ('room-3', 'Room 3', 'room', 3);
INSERT INTO booking.services (code, name, duration, price) VALUES ('massage', 'Massage', '1 hour', 90);
INSERT INTO booking.service_requirements (service_id, kind) VALUES
	(booking.service_id('massage'), 'therapist'), (booking.service_id('massage'), 'room');
SELECT booking.service_id('massage') AS massage \gset
SELECT booking.set_context(actor => 'sue', actor_kind => 'staff', session => true) \gset _

CREATE FUNCTION r(codes text) RETURNS uuid[] LANGUAGE sql STABLE RETURN
	ARRAY(SELECT booking.resource_id(code) FROM string_to_table(codes, ' ') AS code);
CREATE FUNCTION b(names text) RETURNS uuid[] LANGUAGE sql STABLE RETURN
	ARRAY(SELECT b.id FROM string_to_table(names, ' ') WITH ORDINALITY AS n (name, i)
		  LEFT JOIN booking.bookings AS b ON b.title = n.name ORDER BY i);
CREATE FUNCTION book(name text, at timestamptz, resources text) RETURNS void LANGUAGE sql
	BEGIN ATOMIC SELECT booking.book(booking.service_id('massage'), at, '{"name": "Zoe"}', title => name, resources => r(resources)); END;
CREATE FUNCTION title(id uuid) RETURNS text LANGUAGE sql STABLE RETURN (SELECT b.title FROM booking.bookings AS b WHERE b.id = title.id);
CREATE VIEW places AS
	SELECT b.title, b.status, b.version, ARRAY(SELECT code FROM booking.resources AS r WHERE r.id = ANY (b.resource_ids) ORDER BY kind DESC) AS has,
		ARRAY(SELECT code FROM booking.allocations AS a JOIN booking.resources AS r ON r.id = a.resource_id
			   WHERE a.booking_id = b.id ORDER BY kind DESC) AS occupies
	  FROM booking.bookings AS b ORDER BY b.title;
SELECT book('a', '2027-03-02 10:00Z', 'ann room-1'), book('b', '2027-03-02 11:00Z', 'ann room-1'),
	book('c', '2027-03-02 12:00Z', 'ann room-1'), book('d', '2027-03-02 10:00Z', 'bob room-2'),
	book('e', '2027-03-02 12:00Z', 'bob room-2');
SELECT status FROM booking.check_in((b('e'))[1]) \gset _

---- bulk_cancel ----

-- what can't be cancelled has a code, in the order of the list
SELECT booking.cancel((b('c'))[1], 'weather') \gset _
SELECT title(booking_id), booking_id IS NULL AS no_id, ok, code, message, status, version, undo_token IS NOT NULL AS token
  FROM booking.bulk_cancel(b('b c') || '{NULL}'::uuid[] || b('a b') || '00000000-0000-0000-0000-000000000000'::uuid, 'weather');
SELECT * FROM places;
SELECT undo_token IS NOT NULL AS token, batch_token IS NOT NULL AS batch FROM booking.bulk_cancel('{}', 'weather');
SELECT * FROM booking.bulk_cancel(NULL, 'weather');
\echo :SQLSTATE
SELECT * FROM booking.bulk_cancel(ARRAY[b('a'), b('b')], 'weather');
\echo :SQLSTATE
-- without a reason, or with one that is not known
SELECT title(booking_id), ok, code, message, batch_token FROM booking.bulk_cancel(b('d e'));
SELECT title(booking_id), ok, code, message FROM booking.bulk_cancel(b('d e'), 'nonsense');
-- all or nothing
\set VERBOSITY terse
SELECT * FROM booking.bulk_cancel(b('d c e'), 'weather', all_or_nothing => true);
\echo :SQLSTATE
SELECT * FROM booking.bulk_cancel(b('d') || NULL::uuid, 'weather', all_or_nothing => true);
\echo :SQLSTATE
SELECT * FROM booking.bulk_cancel(b('d e'), 'nonsense', all_or_nothing => true);
\echo :SQLSTATE
\set VERBOSITY default
SELECT title, status FROM places WHERE title IN ('d', 'e');
SELECT title(booking_id), ok, status, version FROM booking.bulk_cancel(b('d e'), 'weather', all_or_nothing => true);

---- undone by one token ----

SELECT count(*) FROM (SELECT book('f' || i, '2027-03-03 10:00Z'::timestamptz + i * interval '1 hour', 'ann room-1') FROM generate_series(0, 2) AS i) AS made;
CREATE TABLE before AS SELECT * FROM booking.bookings WHERE title LIKE 'f_';
CREATE TABLE orders_before AS SELECT o.* FROM booking.orders AS o JOIN before AS b ON b.order_id = o.id;
SELECT batch_token AS batch FROM booking.bulk_cancel(b('f0 f1 f2'), 'weather') LIMIT 1 \gset
SELECT title(booking_id), status, version, undo_token IS NOT NULL AS token, batch_token IS NOT NULL AS batch
  FROM booking.reverse(:'batch') ORDER BY 1;
SELECT count(*) AS as_before FROM before AS w JOIN booking.bookings AS b
	ON to_jsonb(w) - '{version,updated_at,request_id}'::text[] = to_jsonb(b) - '{version,updated_at,request_id}'::text[];
SELECT count(*) AS as_before FROM orders_before AS w JOIN booking.orders AS o ON to_jsonb(w) - 'updated_at' = to_jsonb(o) - 'updated_at';
SELECT * FROM places WHERE title LIKE 'f_';
SELECT * FROM booking.reverse(:'batch');
\echo :SQLSTATE
-- one of them undone by itself before: the token is for the others
SELECT undo_token AS one, batch_token AS batch FROM booking.bulk_cancel(b('f0 f1 f2'), 'weather') LIMIT 1 \gset
SELECT title(booking_id), status FROM booking.reverse(:'one');
SELECT title(booking_id), status, version FROM booking.reverse(:'batch') ORDER BY 1;
-- all or nothing: one of them has changed, or its slot is taken
SELECT batch_token AS batch FROM booking.bulk_cancel(b('f0 f1 f2'), 'weather') LIMIT 1 \gset
SELECT book('g', '2027-03-03 11:00Z', 'ann room-1');
\set VERBOSITY terse
SELECT * FROM booking.reverse(:'batch');
\echo :SQLSTATE
\set VERBOSITY default
SELECT title, status FROM places WHERE title LIKE 'f_';
SELECT status FROM booking.cancel((b('g'))[1], 'weather');
-- undone, done again, undone again
SELECT batch_token AS batch FROM booking.reverse(:'batch') LIMIT 1 \gset
SELECT title, status FROM places WHERE title LIKE 'f_';
SELECT batch_token AS batch FROM booking.reverse(:'batch') LIMIT 1 \gset
SELECT title, status FROM places WHERE title LIKE 'f_';
SELECT title(booking_id), status FROM booking.reverse(:'batch') ORDER BY 1;
SELECT action, count(*) FROM booking.audit_log AS a JOIN before AS b ON b.id = a.booking_id GROUP BY 1 ORDER BY 1;

---- bulk_reassign ----

SELECT count(*) FROM (SELECT book('h' || i, '2027-03-04 10:00Z'::timestamptz + i * interval '1 hour', 'ann room-1') FROM generate_series(0, 2) AS i) AS made;
SELECT book('i', '2027-03-04 11:00Z', 'bob room-2');
-- Ann is ill: Bob takes what he can, in the rooms they are in
SELECT title(booking_id), ok, code, message, status, version FROM booking.bulk_reassign(b('h0 h1 h2'), booking.resource_id('bob'));
SELECT title, has, occupies FROM places WHERE title LIKE 'h_';
-- who has it keeps it, and nothing has changed
SELECT title(booking_id), ok, version, undo_token FROM booking.bulk_reassign(b('h0'), booking.resource_id('bob'));
-- without a resource there is nothing to give, unless one is chosen
SELECT title(booking_id), ok, code, message FROM booking.bulk_reassign(b('h1 c'));
SELECT * FROM booking.bulk_reassign(b('h1'), strategy => 'nonsense');
\echo :SQLSTATE
SELECT * FROM booking.bulk_reassign(b('h1'), '00000000-0000-0000-0000-000000000000');
\echo :SQLSTATE
UPDATE booking.resources SET active = false WHERE code = 'ann';
SELECT title(booking_id), ok, code FROM booking.bulk_reassign(b('h0 h1 h2'), strategy => 'least_loaded');
SELECT title, has, occupies FROM places WHERE title LIKE 'h_';
SELECT batch_token AS batch FROM booking.bulk_reassign(b('h0 h1 h2'), strategy => 'round_robin') LIMIT 1 \gset
SELECT title, has = occupies AS there, 'ann' = ANY (has) AS ann FROM places WHERE title LIKE 'h_';
SELECT title(booking_id), ok, code FROM booking.bulk_reassign(b('h0 h1 h2'), strategy => 'first');
SELECT title, has FROM places WHERE title LIKE 'h_';
-- nobody is left
UPDATE booking.resources SET active = false WHERE kind = 'therapist';
SELECT title(booking_id), ok, code, message FROM booking.bulk_reassign(b('h0 h1'), strategy => 'first');

---- keys: many days are taken as whole resources ----

UPDATE booking.resources SET active = true;
SET booking.max_locks_per_transaction = 40;
SELECT count(*) FROM (SELECT book('k' || i, '2027-04-01 10:00Z'::timestamptz + i * interval '1 day', 'ann room-1') FROM generate_series(10, 15) AS i) AS made;
SELECT count(*) FROM (SELECT book('k' || i, '2027-04-01 10:00Z'::timestamptz + i * interval '1 day', 'ann room-1') FROM generate_series(16, 21) AS i) AS made;
SELECT count(*) FROM (SELECT book('k' || i, '2027-04-01 10:00Z'::timestamptz + i * interval '1 day', 'ann room-1') FROM generate_series(22, 27) AS i) AS made;
BEGIN;
SELECT count(*) FILTER (WHERE ok) AS ok FROM booking.bulk_cancel(ARRAY(SELECT id FROM booking.bookings WHERE title LIKE 'k__'), 'weather');
SELECT mode, count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() GROUP BY mode ORDER BY mode;
ROLLBACK;
SELECT count(*) FILTER (WHERE ok) AS ok, count(DISTINCT undo_token) AS tokens, count(DISTINCT batch_token) AS batches
  FROM booking.bulk_cancel(ARRAY(SELECT id FROM booking.bookings WHERE title LIKE 'k__'), 'weather');
RESET booking.max_locks_per_transaction;

---- a failure deep in the list leaves the others ----

CREATE FUNCTION object() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	RAISE EXCEPTION 'not %', NEW.title;
END $$;
CREATE TRIGGER a_object BEFORE UPDATE ON booking.bookings FOR EACH ROW
	WHEN (NEW.title IN ('m07', 'm31')) EXECUTE FUNCTION object();
SELECT count(*) FROM (SELECT book('m' || lpad(i::text, 2, '0'), '2027-06-01 00:00Z'::timestamptz + i * interval '1 hour', 'eve room-3') FROM generate_series(0, 39) AS i) AS made;
SELECT ok, code, message, count(*) FROM booking.bulk_cancel(ARRAY(SELECT id FROM booking.bookings WHERE title LIKE 'm__'), 'weather')
 GROUP BY 1, 2, 3 ORDER BY message;
SELECT status, count(*) FROM booking.bookings WHERE title LIKE 'm__' GROUP BY 1 ORDER BY 1;
SELECT count(*) AS tokens FROM booking.undo_tokens AS t JOIN booking.bookings AS b ON b.id = t.booking_id AND b.version = t.version WHERE b.title LIKE 'm__';
DROP TRIGGER a_object ON booking.bookings;

---- who may ----

CREATE ROLE regress_bulk_client;
SELECT booking.grant_access('regress_bulk_client', 'client', 'zoe');
SET ROLE regress_bulk_client;
SELECT * FROM booking.bulk_cancel('{}', 'weather');
\echo :SQLSTATE
SELECT * FROM booking.bulk_reassign('{}');
\echo :SQLSTATE
RESET ROLE;
RESET booking.now;
DROP OWNED BY regress_bulk_client;
DROP ROLE regress_bulk_client;
