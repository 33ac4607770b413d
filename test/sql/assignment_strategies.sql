-- Strategies of assignment (X8), resources next to each other and units of
-- shared ones (X7).
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (kind, code, name, position) VALUES
	('therapist', 'alice', 'Alice', 1), ('therapist', 'bob', 'Bob', 2), ('therapist', 'carol', 'Carol', 3),
	('room', 'room-1', 'Room 1', 1), ('room', 'room-2', 'Room 2', 2);
INSERT INTO booking.services (name, duration) VALUES ('Massage', '1 hour'), ('Bowling', '1 hour'), ('Class', '1 hour');
INSERT INTO booking.service_requirements (service_id, kind) VALUES (booking.service_id('massage'), 'therapist');
SELECT booking.service_id('massage') AS massage, booking.service_id('bowling') AS bowling,
	   booking.service_id('class') AS class \gset

CREATE FUNCTION codes(uuid[]) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(r.code, ' ' ORDER BY r.kind, r.position, r.code) FROM booking.resources AS r WHERE r.id = ANY ($1) $$;
CREATE FUNCTION ids(VARIADIC text[]) RETURNS uuid[] LANGUAGE sql AS $$
	SELECT array_agg(booking.resource_id(c)) FROM unnest($1) AS c $$;
CREATE FUNCTION assign(setting text) RETURNS void LANGUAGE sql AS $$
	UPDATE booking.services SET settings = jsonb_build_object('assignment', setting) $$;
CREATE FUNCTION clear() RETURNS bigint LANGUAGE sql AS $$
	WITH gone AS (UPDATE booking.bookings SET status = 'cancelled', reason_code =
			CASE WHEN status = 'held' AND expires_at <= booking.now() THEN 'hold_expired' ELSE 'customer_request' END
		WHERE status NOT IN ('cancelled') RETURNING 1) SELECT count(*) FROM gone $$;

---- explicit: nothing is chosen ----

SELECT assign('explicit') \gset _
\set VERBOSITY default
SELECT booking.hold(:'massage', '2027-03-01 10:00Z');
\echo :SQLSTATE
UPDATE booking.service_requirements SET quantity = 2;
SELECT booking.hold(:'massage', '2027-03-01 10:00Z', resources => ids('bob'));
SELECT booking.hold(:'class', '2027-03-01 10:00Z');
\set VERBOSITY terse
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-01 10:00Z', resources => ids('bob', 'carol'));
SELECT booking.hold(:'massage', '2027-03-01 12:00Z', preferred => booking.resource_id('alice'));
UPDATE booking.service_requirements SET quantity = 1;
SELECT clear() \gset _

---- preferred: tried first ----

SELECT assign('first') \gset _
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-02 10:00Z', preferred => booking.resource_id('carol'));
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-02 10:00Z', preferred => booking.resource_id('carol'));
SELECT booking_id AS b FROM booking.book(:'massage', '2027-03-02 11:00Z', '{"name": "Ann"}',
	preferred => booking.resource_id('bob')) \gset
SELECT codes(resource_ids) FROM booking.bookings WHERE id = :'b';
-- next to others that are named, or chosen
INSERT INTO booking.service_requirements (service_id, kind) VALUES (:'massage', 'room');
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-02 12:00Z', preferred => booking.resource_id('room-2'));
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-02 13:00Z', resources => ids('carol'),
	preferred => booking.resource_id('room-2'));
-- what the service has no use for is refused, what does not exist too
DELETE FROM booking.service_requirements WHERE kind = 'room';
\set VERBOSITY sqlstate
SELECT booking.hold(:'massage', '2027-03-02 14:00Z', preferred => booking.resource_id('room-1'));
\set VERBOSITY terse
\echo :SQLSTATE
SELECT booking.hold(:'massage', '2027-03-02 14:00Z', preferred => '00000000-0000-0000-0000-000000000001');
\echo :SQLSTATE
INSERT INTO booking.service_resources (service_id, resource_id) VALUES (:'massage', booking.resource_id('alice'));
\set VERBOSITY sqlstate
SELECT booking.hold(:'massage', '2027-03-02 14:00Z', preferred => booking.resource_id('bob'));
\set VERBOSITY terse
DELETE FROM booking.service_resources;
-- it says which branch is meant
INSERT INTO booking.branches (code, name, time_zone) VALUES ('annex', 'Annex', 'UTC');
INSERT INTO booking.resources (kind, code, name, branch_id) VALUES ('therapist', 'dan', 'Dan', booking.branch_id('annex'));
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-02 14:00Z', preferred => booking.resource_id('dan'));
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-02 14:00Z', branch => booking.branch_id('main'));
SELECT booking.set_context(branch => booking.branch_id('main'), session => true) \gset _
SELECT clear() \gset _

---- least_loaded: who is occupied least around that time ----

SELECT assign('least_loaded') \gset _
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-08 10:00Z', '2027-03-08 12:00Z', ids('alice'));
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-09 10:00Z', resources => ids('bob'));
-- carol has none, then all are at 1 hour but alice
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-08 15:00Z');
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-08 16:00Z');
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-08 17:00Z');
-- all at 2 hours: the first; busy ones are passed over whatever their load
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-08 18:00Z');
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-08 18:00Z');
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-08 18:30Z');
-- another week is another load; so is a narrower window
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-20 10:00Z');
UPDATE booking.services SET settings = settings || '{"assignment_window": "2 hours"}';
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-09 11:00Z');
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-09 11:00Z');
-- rows of one statement count for the next ones
INSERT INTO booking.bookings (service_id, starts_at) VALUES
	(:'massage', '2027-03-22 10:00Z'), (:'massage', '2027-03-22 11:00Z'), (:'massage', '2027-03-22 12:00Z')
	RETURNING codes(resource_ids);
-- what has expired is no load
SELECT clear() \gset _
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-08 10:00Z', ttl => '1 minute');
SET booking.now = '2027-03-01 09:05Z';
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-08 11:00Z');
SET booking.now = '2027-03-01 09:00Z';
SELECT clear() \gset _

---- round_robin: who had a turn longest ago ----

SELECT assign('round_robin') \gset _
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-15 10:00Z');
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-16 10:00Z');
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-17 10:00Z');
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-18 10:00Z');
SELECT r.code, t.turn FROM booking.turns AS t JOIN booking.resources AS r ON r.id = t.resource_id ORDER BY 2;
-- a turn that is given back comes again
BEGIN;
SAVEPOINT before;
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-19 10:00Z');
ROLLBACK TO before;
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-19 10:00Z');
COMMIT;
-- bob had his turn; he is preferred, so carol is still next
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-20 10:00Z', preferred => booking.resource_id('bob'));
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-21 10:00Z');
-- being named is no turn
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-22 10:00Z', resources => ids('alice'));
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-23 10:00Z');
-- who is busy waits for the next time, and has not lost the turn
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-24 10:00Z', resources => ids('bob'));
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-24 10:00Z');
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-25 10:00Z');
-- rows of one statement take turns, at different times as well
INSERT INTO booking.bookings (service_id, starts_at)
	SELECT :'massage', '2027-04-01 10:00Z'::timestamptz + n * interval '1 day' FROM generate_series(1, 6) AS n
	RETURNING codes(resource_ids);
-- only the engine writes turns
INSERT INTO booking.turns SELECT * FROM booking.turns;
\echo :SQLSTATE
SELECT clear() \gset _
SELECT assign('first') \gset _

---- who is not open is not chosen ----

INSERT INTO booking.hours (resource_id, weekday, opens, closes)
	SELECT booking.resource_id('alice'), d, '08:00', '12:00' FROM generate_series(1, 7) AS d;
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-29 11:00Z');
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-29 12:00Z');
INSERT INTO booking.closures (resource_id, starts_at, ends_at) VALUES
	(booking.resource_id('bob'), '2027-03-29 13:00Z', '2027-03-29 14:00Z');
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-29 13:00Z');
-- staff may do without the rule, and then anybody who is not occupied will do
INSERT INTO booking.bookings (service_id, starts_at, overrides) VALUES (:'massage', '2027-03-29 13:00Z', '{outside_hours}')
	RETURNING codes(resource_ids);

---- n next to each other ----

INSERT INTO booking.resources (kind, code, name, position) VALUES
	('lane', 'lane-1', 'Lane 1', 1), ('lane', 'lane-2', 'Lane 2', 2), ('lane', 'lane-3', 'Lane 3', 3),
	('lane', 'lane-5', 'Lane 5', 5), ('lane', 'lane-6', 'Lane 6', 6);
INSERT INTO booking.service_requirements (service_id, kind, quantity, adjacent) VALUES (:'bowling', 'lane', 2, true);
SELECT codes(resource_ids) FROM booking.hold(:'bowling', '2027-03-08 10:00Z');
-- 3 and 5 are free but apart
SELECT codes(resource_ids) FROM booking.hold(:'bowling', '2027-03-08 10:00Z');
SELECT codes(resource_ids) FROM booking.hold(:'bowling', '2027-03-08 10:00Z');
\echo :SQLSTATE
-- one that is named gets a neighbour
SELECT codes(resource_ids) FROM booking.hold(:'bowling', '2027-03-08 12:00Z', resources => ids('lane-3'));
SELECT codes(resource_ids) FROM booking.hold(:'bowling', '2027-03-08 14:00Z', preferred => booking.resource_id('lane-6'));
SELECT codes(resource_ids) FROM booking.hold(:'bowling', '2027-03-08 14:00Z', preferred => booking.resource_id('lane-6'));
-- named ones must be neighbours too; more than are needed may be named
\set VERBOSITY default
SELECT booking.hold(:'bowling', '2027-03-08 16:00Z', resources => ids('lane-1', 'lane-3'));
\set VERBOSITY terse
\echo :SQLSTATE
SELECT codes(resource_ids) FROM booking.hold(:'bowling', '2027-03-08 16:00Z', resources => ids('lane-1', 'lane-2', 'lane-5'));
-- three in a row are only 1 to 3
UPDATE booking.service_requirements SET quantity = 3 WHERE kind = 'lane';
SELECT codes(resource_ids) FROM booking.hold(:'bowling', '2027-03-08 18:00Z', preferred => booking.resource_id('lane-6'));
SELECT booking.hold(:'bowling', '2027-03-08 18:00Z');
\echo :SQLSTATE
UPDATE booking.resources SET active = false WHERE code = 'lane-2';
SELECT booking.hold(:'bowling', '2027-03-08 20:00Z');
\echo :SQLSTATE

---- units of a shared resource ----

INSERT INTO booking.resources (kind, code, name, capacity) VALUES ('mat', 'mats', 'Mats', 10), ('mat', 'more-mats', 'Mats', 10);
INSERT INTO booking.service_requirements (service_id, kind, units) VALUES (:'class', 'mat', 2);
-- as many for each unit of the booking
SELECT codes(resource_ids) FROM booking.hold(:'class', '2027-03-08 10:00Z', units => 3);
SELECT codes(resource_ids) FROM booking.hold(:'class', '2027-03-08 10:00Z', units => 2);
SELECT codes(resource_ids) FROM booking.hold(:'class', '2027-03-08 10:00Z', units => 1);
SELECT r.code, a.units FROM booking.allocations AS a JOIN booking.resources AS r ON r.id = a.resource_id
 WHERE r.kind = 'mat' ORDER BY 1, 2;
SELECT codes(resource_ids) FROM booking.hold(:'class', '2027-03-08 10:00Z', units => 6);
\echo :SQLSTATE

---- the grid depends on who is chosen: of sets that the slot suits, the first ----

SET TIME ZONE 'UTC';
UPDATE booking.branches SET time_zone = 'UTC';
INSERT INTO booking.resources (kind, code, name, position) VALUES
	('coach', 'early', 'Early', 1), ('coach', 'late', 'Late', 2), ('court', 'court-1', 'Court 1', 1), ('court', 'court-2', 'Court 2', 2);
INSERT INTO booking.hours (resource_id, weekday, opens, closes)
	SELECT r.id, d, CASE WHEN r.code IN ('early', 'court-1') THEN '08:00'::time WHEN r.code = 'late' THEN '08:30' ELSE '08:45' END, '20:00'
	  FROM booking.resources AS r, generate_series(1, 7) AS d WHERE r.kind IN ('coach', 'court');
INSERT INTO booking.services (name, duration, settings) VALUES ('Training', '1 hour', '{"commit_check": "grid"}');
SELECT booking.service_id('training') AS training \gset
INSERT INTO booking.service_requirements (service_id, kind) VALUES (:'training', 'coach');
SELECT codes(resource_ids) FROM booking.hold(:'training', '2027-03-08 09:00Z');
SELECT codes(resource_ids) FROM booking.hold(:'training', '2027-03-08 11:30Z');
SELECT codes(resource_ids) FROM booking.hold(:'training', '2027-03-08 13:00Z', preferred => booking.resource_id('late'));
SELECT booking.hold(:'training', '2027-03-08 15:15Z');
\echo :SQLSTATE
-- two kinds: the set begins with the last of them to open
INSERT INTO booking.service_requirements (service_id, kind) VALUES (:'training', 'court');
SELECT codes(resource_ids) FROM booking.hold(:'training', '2027-03-09 09:00Z');
SELECT codes(resource_ids) FROM booking.hold(:'training', '2027-03-09 10:30Z');
SELECT codes(resource_ids) FROM booking.hold(:'training', '2027-03-09 11:45Z');
SELECT codes(resource_ids) FROM booking.hold(:'training', '2027-03-09 11:45Z', resources => ids('late'));
SELECT codes(resource_ids) FROM booking.hold(:'training', '2027-03-09 13:00Z', preferred => booking.resource_id('court-2'));
SELECT booking.hold(:'training', '2027-03-09 15:00Z', resources => ids('court-2'));
\echo :SQLSTATE
