-- Quotas (X14) and one place at a time for a customer (X15).
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET booking.now = '2027-03-01 09:00Z';

UPDATE booking.branches SET time_zone = 'America/New_York';
INSERT INTO booking.resources (code, name, position) VALUES ('a', 'A', 1), ('b', 'B', 2), ('c', 'C', 3), ('d', 'D', 4);
INSERT INTO booking.services (name, duration) VALUES ('Visit', '1 hour'), ('Talk', '30 minutes');
INSERT INTO booking.customers (id, name) VALUES
	('00000000-0000-0000-0000-0000000000c1', 'Ann'), ('00000000-0000-0000-0000-0000000000c2', 'Bob');
SELECT booking.service_id('visit') AS visit, booking.service_id('talk') AS talk,
	'00000000-0000-0000-0000-0000000000c1' AS ann, '00000000-0000-0000-0000-0000000000c2' AS bob \gset
\set customer '{"id": "00000000-0000-0000-0000-0000000000c1"}'

CREATE FUNCTION try(command text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE command;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;
-- a hold for Ann, Bob or nobody, with any resource that is free
CREATE FUNCTION take(service text, local text, customer text DEFAULT 'ann', resource text DEFAULT NULL) RETURNS text
LANGUAGE sql AS $$
	SELECT try(format('SELECT booking.hold(booking.service_id(%L), local_start => %L, customer => %L, resources => %s)',
		service, local, CASE customer WHEN 'ann' THEN '00000000-0000-0000-0000-0000000000c1'
			WHEN 'bob' THEN '00000000-0000-0000-0000-0000000000c2' END,
		CASE WHEN resource IS NULL THEN 'NULL' ELSE format('ARRAY[booking.resource_id(%L)]', resource) END)) $$;
CREATE FUNCTION clear() RETURNS bigint LANGUAGE sql AS $$
	WITH gone AS (UPDATE booking.bookings SET status = 'cancelled', reason_code =
			CASE WHEN status = 'held' AND expires_at <= booking.now() THEN 'hold_expired' ELSE 'customer_request' END
		WHERE status NOT IN ('cancelled', 'completed', 'no_show') RETURNING 1) SELECT count(*) FROM gone $$;
CREATE FUNCTION set_all(settings jsonb) RETURNS void LANGUAGE sql AS $$
	UPDATE booking.tenants SET settings = set_all.settings;
	UPDATE booking.branches SET settings = '{}';
	UPDATE booking.services SET settings = '{}';
	UPDATE booking.resources SET settings = '{}' $$;

---- so many in a day, and what the error says ----

SELECT set_all('{"quota_customer_day": 2}') \gset _
SELECT take('visit', '2027-03-08 09:00'), take('talk', '2027-03-08 11:00'), take('visit', '2027-03-08 13:00');
\set VERBOSITY default
SELECT booking.hold(:'visit', '2027-03-08 18:00Z', customer => :'ann');
\set VERBOSITY terse
\echo :SQLSTATE
-- others, nobody in particular, and other days
SELECT take('visit', '2027-03-08 13:00', 'bob'), take('visit', '2027-03-08 13:00', NULL),
	take('visit', '2027-03-09 13:00'), take('visit', '2027-03-07 13:00');
-- what is cancelled or has expired counts no more; what is over does
UPDATE booking.bookings SET status = 'cancelled', reason_code = 'customer_request'
 WHERE customer_id = :'ann' AND local_start = '2027-03-08 09:00';
SELECT take('visit', '2027-03-08 14:00'), take('visit', '2027-03-08 15:00');
SET booking.now = '2027-03-01 09:05Z';
SELECT take('visit', '2027-03-08 15:00'), take('visit', '2027-03-08 16:00'), take('visit', '2027-03-08 17:00');
SET booking.now = '2027-03-01 09:06Z';
SELECT clear() \gset _
SELECT booking_id AS done FROM booking.book(:'visit', '2029-03-08 14:00Z', :'customer') \gset
SET booking.now = '2029-03-08 14:00Z';
SELECT status FROM booking.check_in(:'done'); SELECT status FROM booking.start_serving(:'done'); SELECT status FROM booking.complete(:'done');
SELECT take('visit', '2029-03-08 17:00'), take('visit', '2029-03-08 18:00');
SELECT clear() \gset _
SET booking.now = '2027-03-01 09:00Z';

---- the day of the branch: from midnight there, or as day_starts_at says ----

SELECT set_all('{"quota_customer_day": 1}') \gset _
SELECT take('visit', '2027-03-10 23:30'), take('visit', '2027-03-11 00:30'), take('visit', '2027-03-11 23:00');
SELECT clear() \gset _
UPDATE booking.branches SET settings = '{"day_starts_at": "4 hours"}';
SELECT take('visit', '2027-03-10 23:30'), take('visit', '2027-03-11 03:59'), take('visit', '2027-03-11 04:00');
SELECT clear() \gset _
-- the night in which clocks change has an hour twice: still one day
SELECT set_all('{"quota_customer_day": 2}') \gset _
SELECT try(format('SELECT booking.hold(%L, %L, customer => %L)', :'visit', t, :'ann'))
  FROM (VALUES ('2027-11-07 05:00Z'), ('2027-11-07 06:00Z'), ('2027-11-08 04:00Z'), ('2027-11-08 05:00Z')) AS v (t);
SELECT clear() \gset _

---- week, month, year ----

SELECT set_all('{"quota_customer_week": 1}') \gset _
-- from Monday to Sunday
SELECT take('visit', '2027-03-08 09:00'), take('visit', '2027-03-14 23:00'), take('visit', '2027-03-15 00:00'), take('visit', '2027-03-07 23:00');
SELECT clear() \gset _
SELECT set_all('{"quota_customer_month": 1}') \gset _
SELECT take('visit', '2027-03-31 23:00'), take('visit', '2027-03-02 09:00'), take('visit', '2027-04-01 00:00'), take('visit', '2027-04-30 23:00');
SELECT clear() \gset _
SELECT set_all('{"quota_customer_year": 2}') \gset _
SELECT take('visit', '2027-12-31 23:00'), take('visit', '2028-01-01 00:00'), take('visit', '2027-06-01 09:00'), take('visit', '2027-07-01 09:00');
SELECT clear() \gset _

---- minutes: the whole of the slot, in the period it starts in ----

SELECT set_all('{"quota_customer_day_minutes": 90}') \gset _
SELECT take('visit', '2027-03-08 09:00'), take('visit', '2027-03-08 11:00'), take('talk', '2027-03-08 11:00'), take('talk', '2027-03-08 13:00');
SELECT clear() \gset _
SELECT take('visit', '2027-03-08 23:30'), take('talk', '2027-03-08 12:00'), take('visit', '2027-03-09 10:00'), take('talk', '2027-03-09 12:00');
-- made longer, made shorter
SELECT try(format('UPDATE booking.bookings SET ends_at = ends_at + interval %L WHERE id = %L', d, id))
  FROM booking.bookings, (VALUES ('1 minute'), ('-10 minutes'), ('10 minutes'), ('1 second')) AS v (d)
 WHERE status = 'held' AND local_start = '2027-03-09 10:00';
\set VERBOSITY default
UPDATE booking.bookings SET ends_at = ends_at + interval '1 second' WHERE status = 'held' AND local_start = '2027-03-09 10:00';
\set VERBOSITY terse
SELECT clear() \gset _

---- quotas of resources and services ----

SELECT set_all('{"quota_resource_day": 1}') \gset _
SELECT take('visit', '2027-03-08 09:00', NULL, 'a'), take('talk', '2027-03-08 12:00', NULL, 'a'), take('talk', '2027-03-08 12:00', NULL, 'b');
-- who is full is not chosen
SELECT take('visit', '2027-03-08 14:00', NULL), take('visit', '2027-03-08 14:00', NULL), take('visit', '2027-03-08 16:00', NULL);
SELECT r.code, count(*) FROM booking.bookings AS b JOIN booking.resources AS r ON r.id = b.resource_ids[1]
 WHERE b.status = 'held' GROUP BY 1 ORDER BY 1;
SELECT clear() \gset _
-- a booking of two resources counts for both
SELECT try(format('SELECT booking.hold(%L, %L, resources => ARRAY[booking.resource_id(''a''), booking.resource_id(''b'')])',
	:'visit', '2027-03-08 15:00Z'));
SELECT take('visit', '2027-03-08 14:00', NULL, 'b'), take('visit', '2027-03-08 14:00', NULL, 'c');
SELECT clear() \gset _
SELECT set_all('{"quota_service_day": 2}') \gset _
SELECT take('visit', '2027-03-08 09:00'), take('visit', '2027-03-08 09:00', 'bob'), take('visit', '2027-03-08 12:00', NULL), take('talk', '2027-03-08 12:00', NULL);
SELECT clear() \gset _

---- what the level that sets it covers ----

-- of a service: its own bookings
SELECT set_all('{}') \gset _
UPDATE booking.services SET settings = '{"quota_customer_day": 1}' WHERE code = 'visit';
SELECT take('talk', '2027-03-08 09:00'), take('visit', '2027-03-08 10:00'), take('talk', '2027-03-08 12:00'), take('visit', '2027-03-08 13:00');
SELECT clear() \gset _
-- of a resource: those on it
SELECT set_all('{}') \gset _
UPDATE booking.resources SET settings = '{"quota_customer_day": 1}' WHERE code = 'a';
SELECT take('visit', '2027-03-08 09:00', 'ann', 'a'), take('visit', '2027-03-08 12:00', 'ann', 'a'), take('visit', '2027-03-08 12:00', 'ann', 'b'),
	take('visit', '2027-03-08 12:00', 'bob', 'a');
SELECT clear() \gset _
-- of a branch: those in it; of the tenant: all, each in its own branch's day
SELECT set_all('{}') \gset _
INSERT INTO booking.branches (code, name, time_zone) VALUES ('tokyo', 'Tokyo', 'Asia/Tokyo');
INSERT INTO booking.resources (code, name, branch_id) VALUES ('t', 'T', booking.branch_id('tokyo'));
SELECT booking.set_context(branch => booking.branch_id('main'), session => true) \gset _
UPDATE booking.branches SET settings = '{"quota_customer_day": 1}' WHERE code = 'tokyo';
SELECT take('visit', '2027-03-08 09:00', 'ann', 'a'), take('visit', '2027-03-08 12:00', 'ann', 't'), take('visit', '2027-03-08 14:00', 'ann', 't'),
	take('visit', '2027-03-08 14:00', 'ann', 'a');
SELECT clear() \gset _
SELECT set_all('{"quota_customer_day": 1}') \gset _
SELECT take('visit', '2027-03-08 09:00', 'ann', 'a'), take('visit', '2027-03-08 23:00', 'ann', 't'), take('visit', '2027-03-09 08:00', 'ann', 't');
SELECT clear() \gset _
-- the nearest level is the one that counts
SELECT set_all('{"quota_customer_day": 1}') \gset _
UPDATE booking.services SET settings = '{"quota_customer_day": null}' WHERE code = 'talk';
SELECT take('visit', '2027-03-08 09:00'), take('talk', '2027-03-08 12:00'), take('talk', '2027-03-08 14:00'), take('visit', '2027-03-08 16:00');
SELECT clear() \gset _

---- moved, renamed, checked out: what was not in the quota before ----

SELECT set_all('{"quota_customer_day": 1}') \gset _
SELECT take('visit', '2027-03-08 09:00'), take('visit', '2027-03-09 09:00');
UPDATE booking.bookings SET local_start = '2027-03-09 15:00' WHERE local_start = '2027-03-08 09:00' AND status = 'held';
\echo :SQLSTATE
-- within its day it may move, and so when the quota has become smaller
UPDATE booking.bookings SET local_start = '2027-03-08 15:00' WHERE local_start = '2027-03-08 09:00' AND status = 'held'
	RETURNING local_start;
SELECT set_all('{"quota_customer_day": 0}') \gset _
UPDATE booking.bookings SET local_start = '2027-03-08 16:00' WHERE local_start = '2027-03-08 15:00' AND status = 'held'
	RETURNING local_start;
SELECT set_all('{"quota_customer_day": 1}') \gset _
UPDATE booking.bookings SET local_start = local_start + interval '1 day' WHERE status = 'held' RETURNING local_start;
-- a hold gets its customer at checkout, where the quota is asked then
SELECT booking_id AS h FROM booking.hold(:'visit', local_start => '2027-03-09 12:00') \gset
SELECT status FROM booking.checkout(ARRAY[:'h'::uuid], :'customer');
\echo :SQLSTATE
SELECT status FROM booking.checkout(ARRAY[:'h'::uuid], '{"id": "00000000-0000-0000-0000-0000000000c2"}');
UPDATE booking.bookings SET customer_id = :'ann' WHERE id = :'h';
\echo :SQLSTATE
SELECT clear() \gset _
-- two holds in one checkout
SELECT booking_id AS h1 FROM booking.hold(:'visit', local_start => '2027-03-09 12:00') \gset
SELECT booking_id AS h2 FROM booking.hold(:'visit', local_start => '2027-03-09 14:00') \gset
SELECT status FROM booking.checkout(ARRAY[:'h1', :'h2']::uuid[], :'customer');
\echo :SQLSTATE
SELECT count(*) FROM booking.bookings WHERE id IN (:'h1', :'h2') AND status = 'held' AND customer_id IS NULL;
SELECT status FROM booking.checkout(ARRAY[:'h1']::uuid[], :'customer');
SELECT clear() \gset _
-- rows of one statement count
INSERT INTO booking.bookings (service_id, starts_at, customer_id) VALUES
	(:'visit', '2027-03-08 15:00Z', :'ann'), (:'visit', '2027-03-08 17:00Z', :'ann');
\echo :SQLSTATE
-- an expired hold is taken anew
SELECT booking_id AS h FROM booking.hold(:'visit', local_start => '2027-03-09 12:00', customer => :'ann', ttl => '1 minute') \gset
SET booking.now = '2027-03-01 09:02Z';
SELECT take('visit', '2027-03-09 14:00');
SELECT booking.refresh_hold(:'h');
\echo :SQLSTATE
SET booking.now = '2027-03-01 09:00Z';
SELECT clear() \gset _

---- who may do without: staff, by name ----

SELECT set_all('{"quota_customer_day": 0}') \gset _
INSERT INTO booking.bookings (service_id, starts_at, customer_id, overrides) VALUES
	(:'visit', '2027-03-08 15:00Z', :'ann', '{quota_full}') RETURNING status;
SELECT a.overrides FROM booking.audit_log AS a WHERE a.overrides IS NOT NULL;
INSERT INTO booking.bookings (service_id, starts_at, customer_id, overrides) VALUES
	(:'visit', '2027-03-08 15:00Z', :'ann', '{overbook}');
-- where only overlaps are checked there are no quotas
UPDATE booking.services SET settings = '{"commit_check": "overlap"}';
SELECT take('visit', '2027-03-08 09:00');
SELECT clear() \gset _

---- one place at a time ----

SELECT set_all('{}') \gset _
SELECT take('visit', '2027-03-08 09:00'), take('visit', '2027-03-08 09:30');
SELECT clear() \gset _
SELECT set_all('{"same_customer": "warn"}') \gset _
SELECT take('visit', '2027-03-08 09:00'), take('visit', '2027-03-08 10:00'), take('visit', '2027-03-08 08:00', 'bob');
SELECT take('visit', '2027-03-08 09:59');
SELECT clear() \gset _
SELECT set_all('{"same_customer": "refuse"}') \gset _
SELECT take('visit', '2027-03-08 09:00'), take('visit', '2027-03-08 10:00'), take('visit', '2027-03-08 09:59'), take('visit', '2027-03-08 08:01'),
	take('visit', '2027-03-08 09:30', 'bob'), take('visit', '2027-03-08 09:30', NULL);
\set VERBOSITY default
SELECT booking.hold(:'visit', local_start => '2027-03-08 09:30', customer => :'ann');
\set VERBOSITY terse
-- moving, checking out; a booking is not in its own way
UPDATE booking.bookings SET local_start = '2027-03-08 09:15' WHERE local_start = '2027-03-08 10:00' AND status = 'held';
\echo :SQLSTATE
UPDATE booking.bookings SET local_start = '2027-03-08 10:15' WHERE local_start = '2027-03-08 10:00' AND status = 'held';
SELECT booking_id AS h FROM booking.hold(:'visit', local_start => '2027-03-08 08:30') \gset
SELECT status FROM booking.checkout(ARRAY[:'h'::uuid], :'customer');
\echo :SQLSTATE
-- what is cancelled or has expired is in nobody's way
SET booking.now = '2027-03-01 09:05Z';
SELECT take('visit', '2027-03-08 09:30');
