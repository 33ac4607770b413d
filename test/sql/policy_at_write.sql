-- When and where a slot may be taken, checked when it is taken (A6, A9, X12): at the boundary
-- instants, by level and kind of actor, for whoever moves a booking; overrides by staff, audited.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 10:00Z';

INSERT INTO booking.resources (id, code, name) VALUES
	('00000000-0000-0000-0000-00000000000a', 'chair', 'Chair'), ('00000000-0000-0000-0000-00000000000b', 'stool', 'Stool');
INSERT INTO booking.services (code, name, duration, buffer_after, settings) VALUES
	('cut', 'Cut', '30 min', '10 min', '{"min_notice": "1 hour", "max_advance": "7 days"}');
INSERT INTO booking.customers (id, name, actor) VALUES ('00000000-0000-0000-0000-0000000000c1', 'Carla', 'carla');

-- Holds the chair, or says why not; a hold goes away again.
CREATE FUNCTION pg_temp.try(start timestamptz, override text[] DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM booking.hold(booking.service_id('cut'), start, resources => ARRAY[booking.resource_id('chair')], override => override);
	RAISE EXCEPTION USING ERRCODE = 'ZZZZZ';
EXCEPTION WHEN SQLSTATE 'ZZZZZ' THEN RETURN 'ok'; WHEN OTHERS THEN RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE FUNCTION pg_temp.as_customer(is_customer boolean) RETURNS void LANGUAGE sql AS $$
	SELECT set_config('booking.actor_kind', CASE WHEN is_customer THEN 'customer' ELSE 'staff' END, false),
		   set_config('booking.actor', CASE WHEN is_customer THEN 'carla' ELSE 'sam' END, false) $$;

---- both sides of every boundary ----

CREATE TABLE pg_temp.instants (n serial, what text, at timestamptz);
INSERT INTO pg_temp.instants (what, at) VALUES
	('before now', '2027-03-01 09:59:59.999999Z'), ('now', '2027-03-01 10:00Z'),
	('before notice', '2027-03-01 10:59:59.999999Z'), ('at notice', '2027-03-01 11:00Z'),
	('at the limit', '2027-03-08 10:00Z'), ('behind the limit', '2027-03-08 10:00:00.000001Z'),
	('beyond grace', '2027-03-01 05:59:59.999999Z'), ('at grace', '2027-03-01 06:00Z');
SELECT pg_temp.as_customer(true);
SELECT what, pg_temp.try(at) FROM pg_temp.instants ORDER BY n;
SELECT pg_temp.as_customer(false);
SELECT what, pg_temp.try(at) FROM pg_temp.instants ORDER BY n;
-- the detail and the hint
SELECT pg_temp.as_customer(true);
SELECT booking.hold(booking.service_id('cut'), '2027-03-01 10:30Z');
SELECT booking.hold(booking.service_id('cut'), '2027-04-01 10:30Z');

-- without notice, now is early enough
UPDATE booking.services SET settings = '{}';
SELECT pg_temp.try('2027-03-01 09:59:59.999999Z'), pg_temp.try('2027-03-01 10:00Z');
-- business days: three after Monday the 1st end with Thursday the 4th
UPDATE booking.services SET settings = '{"max_advance_business_days": 3}';
SELECT pg_temp.try('2027-03-04 23:59:59.999999Z'), pg_temp.try('2027-03-05 00:00Z');
-- from a Saturday on: Monday, Tuesday, Wednesday; seven: the Tuesday after
SET booking.now = '2027-03-06 10:00Z';
SELECT pg_temp.try('2027-03-10 23:59Z'), pg_temp.try('2027-03-11 00:00Z');
UPDATE booking.services SET settings = '{"max_advance_business_days": 7}';
SELECT pg_temp.try('2027-03-16 23:59Z'), pg_temp.try('2027-03-17 00:00Z');
UPDATE booking.services SET settings = '{"max_advance_business_days": 5}';
SELECT pg_temp.try('2027-03-12 23:59Z'), pg_temp.try('2027-03-13 00:00Z');
UPDATE booking.services SET settings = '{"max_advance_business_days": 0}';
SELECT pg_temp.try('2027-03-06 23:59Z'), pg_temp.try('2027-03-07 00:00Z');
-- a day that begins at 2
UPDATE booking.branches SET settings = '{"day_starts_at": "2 hours"}';
SELECT pg_temp.try('2027-03-07 01:59Z'), pg_temp.try('2027-03-07 02:00Z');
UPDATE booking.branches SET settings = '{}';
UPDATE booking.services SET settings = '{"bookable_until": "2027-03-09 12:00Z"}';
SELECT pg_temp.try('2027-03-09 12:00Z'), pg_temp.try('2027-03-09 12:00:00.000001Z');
UPDATE booking.services SET settings = '{}';
SET booking.now = '2027-03-01 10:00Z';

---- hours and closures ----

SELECT booking.set_hours('main', 'mon 09:00-17:00');
INSERT INTO booking.closures (resource_id, starts_at, ends_at) VALUES (booking.resource_id('chair'), '2027-03-01 13:00Z', '2027-03-01 14:00Z');
TRUNCATE pg_temp.instants RESTART IDENTITY;
INSERT INTO pg_temp.instants (what, at) VALUES
	('before opening', '2027-03-08 08:59:59.999999Z'), ('at opening', '2027-03-08 09:00Z'),
	('to closing', '2027-03-08 16:30Z'), ('beyond closing', '2027-03-08 16:30:00.000001Z'), ('another day', '2027-03-09 10:00Z'),
	('to the closure', '2027-03-01 12:30Z'), ('into the closure', '2027-03-01 12:30:00.000001Z'),
	('out of the closure', '2027-03-01 13:59:59.999999Z'), ('after the closure', '2027-03-01 14:00Z');
SELECT what, pg_temp.try(at) FROM pg_temp.instants ORDER BY n;
UPDATE booking.services SET settings = '{"buffers_within_hours": true}';
SELECT what, pg_temp.try(at) FROM pg_temp.instants ORDER BY n;
SELECT pg_temp.try('2027-03-08 16:20Z'), pg_temp.try('2027-03-01 12:20Z');
UPDATE booking.services SET settings = '{}';
SELECT pg_temp.as_customer(false);
SELECT booking.hold(booking.service_id('cut'), '2027-03-09 10:00Z');
SELECT booking.hold(booking.service_id('cut'), '2027-03-01 13:30Z', resources => ARRAY[booking.resource_id('chair')]);
-- the engine chooses who is open then
SELECT r.code FROM booking.hold(booking.service_id('cut'), '2027-03-01 13:30Z') AS h JOIN booking.resources AS r ON r.id = h.resource_ids[1];
-- plain SQL is checked the same way
INSERT INTO booking.bookings (service_id, starts_at) VALUES (booking.service_id('cut'), '2027-03-09 10:00Z');

---- how much is checked: by level and kind of actor ----

DO $$
DECLARE v record; c text; s text;
BEGIN
	FOR v IN SELECT * FROM (VALUES (1, '{}', '{}', '{}'), (2, '{}', '{}', '{"commit_check": "grid"}'),
		(3, '{}', '{"commit_check": "overlap"}', '{"commit_check": "grid"}'),
		(4, '{"commit_check": "rules"}', '{"commit_check": "overlap"}', '{}'),
		(5, '{"commit_check": "grid"}', '{"commit_check_customer": "overlap"}', '{}'),
		(6, '{"commit_check_staff": "grid"}', '{}', '{"commit_check": "overlap"}'),
		(7, '{"commit_check": "offer"}', '{}', '{}')) AS v (n, at_service, at_resource, at_tenant)
	LOOP
		PERFORM pg_temp.as_customer(false);
		UPDATE booking.services SET settings = v.at_service::jsonb;
		UPDATE booking.resources SET settings = v.at_resource::jsonb WHERE code = 'chair';
		UPDATE booking.tenants SET settings = v.at_tenant::jsonb;
		s := format('hours %s, grid %s', left(pg_temp.try('2027-03-09 10:00Z'), 5), left(pg_temp.try('2027-03-08 10:10Z'), 5));
		PERFORM pg_temp.as_customer(true);
		c := format('past %s, hours %s, grid %s', left(pg_temp.try('2027-03-01 09:30Z'), 5), left(pg_temp.try('2027-03-09 10:00Z'), 5),
			left(pg_temp.try('2027-03-08 10:10Z'), 5));
		RAISE NOTICE 'service %, resource %, tenant %: customer %; staff %', v.at_service, v.at_resource, v.at_tenant, c, s;
	END LOOP;
END $$;
SELECT pg_temp.as_customer(false);
UPDATE booking.services SET settings = '{}';
UPDATE booking.resources SET settings = '{}';
UPDATE booking.tenants SET settings = '{}';
-- overlaps always are
SELECT status FROM booking.book(booking.service_id('cut'), '2027-03-08 10:00Z', '{"name": "X"}', resources => ARRAY[booking.resource_id('chair')]);
UPDATE booking.tenants SET settings = '{"commit_check": "overlap"}';
SELECT pg_temp.try('2027-03-08 10:10Z');
UPDATE booking.tenants SET settings = '{}';

---- when it is checked: taken, moved, given other resources, taken anew; not at checkout ----

SELECT booking_id AS held FROM booking.hold(booking.service_id('cut'), '2027-03-08 09:00Z', resources => ARRAY[booking.resource_id('chair')]) \gset
UPDATE booking.services SET settings = '{"min_notice": "300 days"}';
INSERT INTO booking.closures (resource_id, starts_at, ends_at) VALUES (booking.resource_id('chair'), '2027-03-08 08:00Z', '2027-03-08 09:30Z'),
	(booking.resource_id('stool'), '2027-03-08 09:10Z', '2027-03-08 09:30Z');
SELECT status FROM booking.checkout(ARRAY[:'held']::uuid[], '{"id": "00000000-0000-0000-0000-0000000000c1"}');
-- what stands, stays
UPDATE booking.bookings SET title = 'Short' WHERE id = :'held';
SELECT booking.reassign(:'held', ARRAY[booking.resource_id('stool')]);
SELECT booking.reschedule(:'held', '2027-03-08 07:00Z');
SELECT pg_temp.as_customer(true);
SELECT booking.reschedule(:'held', '2027-03-08 11:00Z');
UPDATE booking.bookings SET starts_at = '2027-03-08 11:00Z', ends_at = '2027-03-08 11:30Z' WHERE id = :'held';
SELECT pg_temp.as_customer(false);
SELECT status, version FROM booking.reschedule(:'held', '2027-03-08 11:00Z');
-- longer, beyond closing time: not before it has begun
SELECT booking.reschedule(:'held', '2027-03-08 16:30Z', '2027-03-08 17:30Z');
SELECT version FROM booking.reschedule(:'held', '2027-03-08 16:30Z', '2027-03-08 17:00Z');
SET booking.now = '2027-03-08 16:35Z';
SELECT status FROM booking.check_in(:'held');
UPDATE booking.bookings SET ends_at = '2027-03-08 17:30Z' WHERE id = :'held' RETURNING status, ends_at;
SET booking.now = '2027-03-01 10:00Z';
-- a hold taken anew
UPDATE booking.services SET settings = '{}';
SELECT booking_id AS held FROM booking.hold(booking.service_id('cut'), '2027-03-01 16:00Z', resources => ARRAY[booking.resource_id('chair')]) \gset
INSERT INTO booking.closures (starts_at, ends_at) VALUES ('2027-03-01 15:00Z', '2027-03-01 17:00Z');
SELECT version FROM booking.refresh_hold(:'held');
SET booking.now = '2027-03-01 10:30Z';
SELECT booking.refresh_hold(:'held');
-- who only waits is not checked for when and where
INSERT INTO booking.bookings (service_id, starts_at, status, contact) VALUES (booking.service_id('cut'), '2027-03-09 10:00Z', 'waitlisted', '{"name": "W"}') RETURNING status;
UPDATE booking.bookings SET status = 'held' WHERE status = 'waitlisted';

---- overrides: staff, by name, in the audit trail ----

SELECT booking_id AS late FROM booking.hold(booking.service_id('cut'), '2027-03-09 10:00Z', resources => ARRAY[booking.resource_id('chair')], override => '{outside_hours}') \gset
SELECT overrides FROM booking.audit_log WHERE booking_id = :'late';
SELECT booking.reschedule(:'late', '2027-03-09 11:00Z');
SELECT version FROM booking.reschedule(:'late', '2027-03-09 11:00Z', override => '{outside_hours}');
SELECT version FROM booking.reschedule(:'late', '2027-03-09 12:00Z', override => '{outside_hours}');
SELECT version FROM booking.reassign(:'late', ARRAY[booking.resource_id('stool')], override => '{outside_hours,closed}');
SELECT action, overrides FROM booking.audit_log WHERE booking_id = :'late' ORDER BY version;
SELECT what, pg_temp.try(at, names) FROM (VALUES
	(1, 'not this one', '2027-03-09 10:00Z'::timestamptz, '{closed}'::text[]), (2, 'closed', '2027-03-01 13:30Z', '{closed}'),
	(3, 'in_past', '2027-02-22 09:30Z', '{in_past}'), (4, 'unknown', '2027-03-09 10:00Z', '{outside_hours,taken}'),
	(5, 'empty', '2027-03-08 13:00Z', '{}'), (6, 'null in it', '2027-03-08 13:00Z', '{NULL}')) AS v (n, what, at, names) ORDER BY n;
UPDATE booking.tenants SET settings = '{"commit_check": "grid"}';
SELECT pg_temp.try('2027-03-08 13:10Z'), pg_temp.try('2027-03-08 13:10Z', '{off_grid}');
UPDATE booking.tenants SET settings = '{}';
UPDATE booking.resources SET active = false WHERE code = 'chair';
SELECT pg_temp.try('2027-03-08 13:00Z'), pg_temp.try('2027-03-08 13:00Z', '{not_eligible}');
UPDATE booking.resources SET active = true WHERE code = 'chair';
-- in plain SQL
INSERT INTO booking.bookings (service_id, starts_at, overrides) VALUES (booking.service_id('cut'), '2027-03-09 14:00Z', '{outside_hours}') RETURNING status;
-- a later change of the same booking states its own
UPDATE booking.bookings SET request_id = booking.new_id(), title = 'later' WHERE id = :'late' RETURNING overrides;
-- not for customers, whatever they override
SELECT pg_temp.as_customer(true);
SELECT pg_temp.try('2027-03-09 16:00Z', '{outside_hours}'), pg_temp.try('2027-03-08 13:00Z', '{closed}');
SELECT booking.book(booking.service_id('cut'), '2027-03-09 16:00Z', '{"id": "00000000-0000-0000-0000-0000000000c1"}', override => '{outside_hours}');
