-- Listing what can be booked (A3, A4, A5, A10, A12): grid, hours, buffers, closures,
-- several resources, shared ones, changes of clocks; what is listed is what can be booked.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 06:00Z';

UPDATE booking.branches SET code = 'berlin', time_zone = 'Europe/Berlin';
INSERT INTO booking.resources (id, code, name, kind, position, capacity) VALUES
	('00000000-0000-0000-0000-00000000000a', 'ann', 'Ann', 'staff', 1, 1),
	('00000000-0000-0000-0000-00000000000b', 'bob', 'Bob', 'staff', 2, 1),
	('00000000-0000-0000-0000-00000000000c', 'cabin', 'Cabin', 'room', 1, 1),
	('00000000-0000-0000-0000-00000000000d', 'pool', 'Pool', 'pool', 1, 5);
INSERT INTO booking.services (id, code, name, duration, buffer_before, buffer_after, settings) VALUES
	('00000000-0000-0000-0000-000000000001', 'cut', 'Cut', '30 min', '0', '10 min', '{"slot_step": "15 min"}'),
	('00000000-0000-0000-0000-000000000002', 'massage', 'Massage', '60 min', '5 min', '0', '{}'),
	('00000000-0000-0000-0000-000000000003', 'swim', 'Swim', '60 min', '0', '0', '{"slot_step": "30 min"}');
INSERT INTO booking.service_requirements (service_id, kind, buffer_after) VALUES
	(booking.service_id('cut'), 'staff', NULL),
	(booking.service_id('massage'), 'staff', NULL), (booking.service_id('massage'), 'room', '20 min');
INSERT INTO booking.service_requirements (service_id, kind, units) VALUES (booking.service_id('swim'), 'pool', 1);
SELECT booking.set_hours('berlin', 'mon-fri 09:00-12:00');

-- The slots of a service, as the clocks of the branch show them.
CREATE FUNCTION pg_temp.slots(code text, "window" tstzrange, resources text[] DEFAULT NULL, units int DEFAULT 1,
	duration interval DEFAULT NULL, max int DEFAULT NULL, preferred text DEFAULT NULL)
RETURNS TABLE (day date, starts text[], resources_remaining text[]) LANGUAGE sql STABLE AS $$
	SELECT s.local_start::date, array_agg(to_char(s.local_start, 'HH24:MI') ORDER BY s.starts_at),
		   array_agg(DISTINCT array_to_string(ARRAY(SELECT r.code FROM unnest(s.resource_ids) WITH ORDINALITY AS i (id, n)
			JOIN booking.resources AS r ON r.id = i.id ORDER BY n), '+') || ' ' || s.remaining)
	  FROM booking.slots(booking.service_id(code), "window",
			(SELECT array_agg(booking.resource_id(x) ORDER BY n) FROM unnest(resources) WITH ORDINALITY AS u (x, n)),
			units, duration => duration, max => max,
			preferred => (SELECT r.id FROM booking.resources AS r WHERE r.code = preferred)) AS s
	 GROUP BY 1 ORDER BY 1 $$;

---- the grid ----

SELECT * FROM pg_temp.slots('cut', '[2027-03-01, 2027-03-03)');
-- the window bounds the starts, half-open
SELECT * FROM pg_temp.slots('cut', '[2027-03-01 08:15Z, 2027-03-01 08:45Z)');
SELECT * FROM pg_temp.slots('cut', '(2027-03-01 08:15Z, 2027-03-01 08:45Z]');
SELECT * FROM pg_temp.slots('cut', 'empty');
SELECT * FROM pg_temp.slots('cut', '[2027-03-01, 2027-03-02)', max => 3);
SELECT * FROM pg_temp.slots('cut', '[2027-03-01, 2027-03-02)', max => 0);
SELECT * FROM pg_temp.slots('cut', '[2027-03-01, 2027-03-02)', preferred => 'bob', max => 1);
-- another length on the same grid, for staff
SELECT * FROM pg_temp.slots('cut', '[2027-03-01, 2027-03-02)', duration => '150 min');
-- offset; midnight as anchor; a step that does not divide the day
UPDATE booking.services SET settings = '{"slot_step": "45 min", "slot_offset": "10 min"}' WHERE code = 'cut';
SELECT * FROM pg_temp.slots('cut', '[2027-03-01, 2027-03-02)');
UPDATE booking.services SET settings = '{"slot_step": "35 min", "grid_anchor": "midnight"}' WHERE code = 'cut';
SELECT * FROM pg_temp.slots('cut', '[2027-03-01, 2027-03-02)');
UPDATE booking.services SET settings = '{"slot_step": "15 min"}' WHERE code = 'cut';

---- what is in the way: bookings with buffers of both, expired holds not ----

SELECT booking_id AS held FROM booking.hold(booking.service_id('cut'), '2027-03-01 09:00Z', resources => ARRAY[booking.resource_id('ann')]) \gset
SELECT * FROM pg_temp.slots('cut', '[2027-03-01, 2027-03-02)', '{ann}');
SELECT * FROM pg_temp.slots('cut', '[2027-03-01, 2027-03-02)');
-- the grid of free time begins where the booking with its clean-up ends
UPDATE booking.services SET settings = '{"slot_step": "15 min", "grid_anchor": "free"}' WHERE code = 'cut';
SELECT * FROM pg_temp.slots('cut', '[2027-03-01, 2027-03-02)', '{ann}');
UPDATE booking.services SET settings = '{"slot_step": "15 min"}' WHERE code = 'cut';
SET booking.now = '2027-03-01 06:04:59.999999Z';
SELECT * FROM pg_temp.slots('cut', '[2027-03-01, 2027-03-02)', '{ann}');
SET booking.now = '2027-03-01 06:05Z';
SELECT * FROM pg_temp.slots('cut', '[2027-03-01, 2027-03-02)', '{ann}');
-- a buffer of the resource is added to the service's
UPDATE booking.resources SET settings = '{"buffer_before": "20 min"}' WHERE code = 'ann';
SELECT status FROM booking.book(booking.service_id('cut'), '2027-03-01 09:00Z', '{"name": "X"}', resources => ARRAY[booking.resource_id('ann')]);
SELECT * FROM pg_temp.slots('cut', '[2027-03-01, 2027-03-02)', '{ann}');
UPDATE booking.resources SET settings = '{}' WHERE code = 'ann';

---- hours and closures ----

SELECT booking.set_hours('ann', 'mon 10:20-12:00');
SELECT * FROM pg_temp.slots('cut', '[2027-03-01, 2027-03-02)', '{ann}');
SELECT booking.set_hours('ann', 'mon-sun 00:00-24:00');
INSERT INTO booking.closures (resource_id, starts_at, ends_at, kind) VALUES
	(booking.resource_id('ann'), '2027-03-02 08:20Z', '2027-03-02 09:05Z', 'out_of_office');
SELECT * FROM pg_temp.slots('cut', '[2027-03-02, 2027-03-03)', '{ann}');
-- clean-up may reach beyond closing time, unless buffers must be within hours
SELECT starts[cardinality(starts)] AS last FROM pg_temp.slots('cut', '[2027-03-03, 2027-03-04)', '{ann}');
UPDATE booking.services SET settings = settings || '{"buffers_within_hours": true}' WHERE code = 'cut';
SELECT starts[cardinality(starts)] AS last FROM pg_temp.slots('cut', '[2027-03-03, 2027-03-04)', '{ann}');
SELECT * FROM pg_temp.slots('cut', '[2027-03-02, 2027-03-03)', '{ann}');
UPDATE booking.services SET settings = '{"slot_step": "15 min"}' WHERE code = 'cut';

---- several resources: room and therapist with buffers of their own ----

SELECT * FROM pg_temp.slots('massage', '[2027-03-01, 2027-03-03)');
SELECT resource_ids = ARRAY[booking.resource_id('bob'), booking.resource_id('cabin')] AS as_named
  FROM booking.slots(booking.service_id('massage'), '[2027-03-03, 2027-03-04)', ARRAY[booking.resource_id('bob')], max => 1);
SELECT status FROM booking.book(booking.service_id('massage'), '2027-03-04 08:00Z', '{"name": "X"}', resources => ARRAY[booking.resource_id('bob')]);
-- the room is cleaned until 10:20, and before the next massage 5 minutes are needed
SELECT * FROM pg_temp.slots('massage', '[2027-03-04, 2027-03-05)');
UPDATE booking.services SET settings = '{"grid_anchor": "free"}' WHERE code = 'massage';
SELECT * FROM pg_temp.slots('massage', '[2027-03-04, 2027-03-05)');
UPDATE booking.services SET settings = '{}' WHERE code = 'massage';
-- nothing is chosen where all has to be named
UPDATE booking.services SET settings = '{"assignment": "explicit"}' WHERE code = 'massage';
SELECT * FROM pg_temp.slots('massage', '[2027-03-03, 2027-03-04)', '{bob}');
SELECT * FROM pg_temp.slots('massage', '[2027-03-03, 2027-03-04)', '{cabin,bob}');
UPDATE booking.services SET settings = '{}' WHERE code = 'massage';

---- units: what is left at the fullest moment of a slot ----

SELECT count(*) FROM (VALUES ('2027-03-05 08:00Z'::timestamptz, '2027-03-05 10:00Z'::timestamptz, 3), ('2027-03-05 09:00Z', '2027-03-05 10:30Z', 2)) AS v (f, u, n),
	booking.book(booking.service_id('swim'), f, '{"name": "X"}', ends_at => u, units => n);
SELECT to_char(local_start, 'HH24:MI') AS start, remaining FROM booking.slots(booking.service_id('swim'), '[2027-03-05, 2027-03-06)');
SELECT * FROM pg_temp.slots('swim', '[2027-03-05, 2027-03-06)', units => 3);
SELECT * FROM pg_temp.slots('swim', '[2027-03-05, 2027-03-06)', units => 4);
UPDATE booking.services SET settings = settings || '{"overbook": 1}' WHERE code = 'swim';
SELECT * FROM pg_temp.slots('swim', '[2027-03-05, 2027-03-06)', units => 4);
SELECT * FROM pg_temp.slots('swim', '[2027-03-04, 2027-03-06)', units => 7);

---- change of clocks: local_start tells, elapsed time counts ----

SELECT booking.set_hours('berlin', 'sun 01:00-04:00');
SELECT booking.set_hours('ann', 'sun 00:00-24:00');
SELECT local_start, starts_at FROM booking.slots(booking.service_id('swim'), '[2027-03-28, 2027-03-29)');
SELECT local_start, starts_at FROM booking.slots(booking.service_id('swim'), '[2027-10-31, 2027-11-01)');
-- anchored at midnight, a time that comes twice has two starts, a skipped one none
UPDATE booking.services SET settings = '{"slot_step": "60 min", "grid_anchor": "midnight"}' WHERE code = 'swim';
SELECT local_start, starts_at FROM booking.slots(booking.service_id('swim'), '[2027-03-28, 2027-03-29)');
SELECT local_start, starts_at FROM booking.slots(booking.service_id('swim'), '[2027-10-31, 2027-11-01)');

---- across midnight, and always open ----

SELECT booking.set_hours('berlin', 'fri 22:00-02:00');
UPDATE booking.services SET settings = '{}' WHERE code = 'swim';
SELECT * FROM pg_temp.slots('swim', '[2027-03-12, 2027-03-14)');
DELETE FROM booking.hours;
SELECT day, cardinality(starts), starts[1:2] FROM pg_temp.slots('swim', '[2027-03-12 00:00+01, 2027-03-14 00:00+01)');
UPDATE booking.tenants SET settings = '{"require_hours": true}';
SELECT * FROM pg_temp.slots('swim', '[2027-03-12, 2027-03-14)');
UPDATE booking.tenants SET settings = '{}';

---- who asks: no past for customers, notice and limits; staff are exempt ----

SELECT booking.set_hours('berlin', 'mon-fri 09:00-12:00');
SET booking.now = '2027-03-10 08:30Z';
UPDATE booking.services SET settings = '{"slot_step": "30 min"}' WHERE code = 'swim';
SELECT * FROM pg_temp.slots('swim', '[2027-03-09, 2027-03-11)');
SET booking.actor_kind = 'customer';
SET booking.actor = 'carla';
SELECT * FROM pg_temp.slots('swim', '[2027-03-09, 2027-03-11)');
UPDATE booking.services SET settings = '{"slot_step": "30 min", "min_notice": "1 hour"}' WHERE code = 'swim';
SELECT * FROM pg_temp.slots('swim', '[2027-03-09, 2027-03-11)');
-- the limits may be the end of the window
UPDATE booking.services SET settings = '{"slot_step": "30 min", "max_advance": "1 day"}' WHERE code = 'swim';
SELECT * FROM pg_temp.slots('swim', '[2027-03-11,)');
UPDATE booking.services SET settings = '{"slot_step": "30 min", "max_advance_business_days": 3}' WHERE code = 'swim';
SELECT * FROM pg_temp.slots('swim', '[2027-03-12,)');
UPDATE booking.services SET settings = '{"slot_step": "30 min", "bookable_until": "2027-03-11T10:00+01:00"}' WHERE code = 'swim';
SELECT * FROM pg_temp.slots('swim', '(,)');
UPDATE booking.services SET settings = '{"slot_step": "30 min"}' WHERE code = 'swim';
SELECT * FROM pg_temp.slots('swim', '[2027-03-11,)');
RESET booking.actor_kind;
RESET booking.actor;

---- a quota that is used up, a customer who is elsewhere ----

INSERT INTO booking.customers (id, name) VALUES ('00000000-0000-0000-0000-0000000000c1', 'Carla');
UPDATE booking.services SET settings = '{"slot_step": "60 min", "quota_customer_day": 1, "same_customer": "refuse"}' WHERE code IN ('swim', 'cut');
SELECT status FROM booking.book(booking.service_id('cut'), '2027-03-11 08:00Z', '{"id": "00000000-0000-0000-0000-0000000000c1"}', resources => ARRAY[booking.resource_id('bob')]);
SELECT local_start FROM booking.slots(booking.service_id('swim'), '[2027-03-11, 2027-03-12)', customer => '00000000-0000-0000-0000-0000000000c1');
SELECT local_start FROM booking.slots(booking.service_id('cut'), '[2027-03-11, 2027-03-13)', customer => '00000000-0000-0000-0000-0000000000c1');

---- one JSON for clients that talk ----

SELECT jsonb_pretty(booking.check_availability(booking.service_id('swim'), '2027-03-11', 1));
SELECT key, value FROM jsonb_each(booking.check_availability(booking.service_id('swim'), '2027-03-13')) AS e (key, value)
 WHERE jsonb_typeof(value) = 'string'
UNION ALL SELECT 'suggested', s - 'resource_ids' FROM jsonb_array_elements(booking.check_availability(booking.service_id('swim'), '2027-03-13') -> 'suggested_slots') AS s
UNION ALL SELECT 'null: ' || key, value FROM jsonb_each(booking.check_availability(booking.service_id('swim'), '2027-03-13')) WHERE jsonb_typeof(value) = 'null';
SELECT c ->> 'success' AS success, c ->> 'error' AS error FROM (VALUES (booking.check_availability(NULL, '2027-03-11')),
	(booking.check_availability('00000000-0000-0000-0000-0000000000ff', '2027-03-11')),
	(booking.check_availability(booking.service_id('swim'), 'infinity')), (booking.check_availability(booking.service_id('swim'), NULL))) AS v (c);

---- all that a slot finder elsewhere needs ----

UPDATE booking.services SET settings = '{}' WHERE code = 'massage';
SELECT jsonb_pretty(booking.availability_inputs(booking.service_id('massage'), '[2027-03-04, 2027-03-05)') - 'now' #- '{branch,id}');

---- nights ----

INSERT INTO booking.services (code, name, duration, nights, night_starts, night_ends, min_nights, max_nights) VALUES
	('stay', 'Stay', '1 day', true, '15:00', '11:00', 1, 5);
INSERT INTO booking.service_requirements (service_id, kind) VALUES (booking.service_id('stay'), 'room');
DELETE FROM booking.hours;
SELECT local_start, ends_at FROM booking.slots(booking.service_id('stay'), '[2027-03-26, 2027-03-29)', nights => 2);
SELECT count(*) FROM booking.book(booking.service_id('stay'), '2027-03-27 12:00Z', '{"name": "X"}');
SELECT local_start, ends_at FROM booking.slots(booking.service_id('stay'), '[2027-03-25, 2027-03-30)');

---- where free time begins: after the buffer that must lie within the hours ----

INSERT INTO booking.resources (kind, code, name, settings) VALUES ('studio', 'studio', 'Studio', '{"buffer_before": 600, "buffers_within_hours": true, "grid_anchor": "free"}');
INSERT INTO booking.services (code, name, duration) VALUES ('practice', 'Practice', '1 hour');
INSERT INTO booking.service_requirements (service_id, kind) VALUES (booking.service_id('practice'), 'studio');
INSERT INTO booking.date_overrides (resource_id, day) VALUES (booking.resource_id('studio'), '2027-03-20');
SELECT local_start FROM booking.slots(booking.service_id('practice'), '[2027-03-20, 2027-03-22)', max => 2);

---- bad input ----

SELECT booking.slots(NULL, '[2027-03-01, 2027-03-03)');
SELECT booking.slots(booking.service_id('cut'), NULL);
SELECT booking.slots('00000000-0000-0000-0000-0000000000ff', '[2027-03-01, 2027-03-03)');
SELECT booking.slots(booking.service_id('cut'), '[2027-03-01, 2027-03-03)', '{00000000-0000-0000-0000-0000000000ff}');
SELECT booking.slots(booking.service_id('cut'), '[2027-03-01, 2027-03-03)', units => 0);
SELECT booking.slots(booking.service_id('cut'), '[2027-03-01, 2027-03-03)', max => -1);
SELECT booking.slots(booking.service_id('cut'), '[2027-03-01, 2027-03-03)', duration => '0');
SELECT booking.slots(booking.service_id('cut'), '[2027-03-01, 2027-03-03)', nights => 1);
SELECT booking.slots(booking.service_id('cut'), '[2027-03-01, 2047-03-03)');
SELECT booking.slots(booking.service_id('cut'), '[2027-03-01, infinity)');
-- units are of shared resources
SELECT * FROM pg_temp.slots('cut', '[2027-03-01, 2027-03-02)', units => 2);
-- a resource that is not needed or out of use, a service that is not offered
SELECT * FROM pg_temp.slots('cut', '[2027-03-11, 2027-03-12)', '{cabin}');
UPDATE booking.resources SET active = false WHERE code = 'ann';
SELECT * FROM pg_temp.slots('cut', '[2027-03-11, 2027-03-12)', '{ann}');
UPDATE booking.services SET active = false WHERE code = 'cut';
SELECT * FROM pg_temp.slots('cut', '[2027-03-11, 2027-03-12)');
