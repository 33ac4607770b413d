-- When resources are free (A3, A11): availability() and free_busy() tell when, never whose,
-- and a client may ask.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 06:00Z';

INSERT INTO booking.resources (id, code, name, kind, capacity) VALUES
	('00000000-0000-0000-0000-00000000000a', 'ann', 'Ann', 'staff', 1),
	('00000000-0000-0000-0000-00000000000b', 'pool', 'Pool', 'pool', 3),
	('00000000-0000-0000-0000-00000000000c', 'attic', 'Attic', 'room', 1);
INSERT INTO booking.services (code, name, duration, buffer_before, buffer_after) VALUES
	('cut', 'Cut', '30 min', '5 min', '10 min'), ('swim', 'Swim', '1 hour', '0', '0');
SELECT booking.set_hours('main', 'mon-fri 09:00-12:00');
INSERT INTO booking.closures (resource_id, starts_at, ends_at) VALUES (booking.resource_id('ann'), '2027-03-01 11:00Z', '2027-03-01 11:30Z');
SELECT status FROM booking.book(booking.service_id('cut'), '2027-03-01 10:00Z', '{"name": "Secret"}', resources => ARRAY[booking.resource_id('ann')]);
SELECT count(*) FROM (VALUES ('09:00', '10:30', 1), ('10:00', '11:00', 2), ('11:00', '12:00', 2)) AS v (f, u, n),
	booking.book(booking.service_id('swim'), ('2027-03-01 ' || f || 'Z')::timestamptz, '{"name": "Secret"}', ('2027-03-01 ' || u || 'Z')::timestamptz,
				 ARRAY[booking.resource_id('pool')], n);

SELECT booking.availability(booking.resource_id('ann'), '[2027-03-01, 2027-03-03)');
SELECT booking.availability(booking.resource_id('pool'), '[2027-03-01, 2027-03-02)');
SELECT booking.availability(booking.resource_id('ann'), '[2027-03-01 09:30Z, 2027-03-01 10:45Z)');
SELECT booking.availability(booking.resource_id('ann'), '(2027-03-01 09:30Z, 2027-03-01 09:40Z]');
SELECT booking.availability(booking.resource_id('ann'), 'empty');

SELECT r.code, f.during, f.kind, f.units_free
  FROM booking.free_busy(ARRAY[booking.resource_id('pool'), booking.resource_id('ann'), booking.resource_id('attic')], '[2027-03-01 08:00Z, 2027-03-01 13:00Z)')
	   WITH ORDINALITY AS f (resource_id, during, kind, units_free, n)
  JOIN booking.resources AS r ON r.id = f.resource_id ORDER BY f.n;
-- a hold is busy until it expires
SELECT count(*) FROM booking.hold(booking.service_id('swim'), '2027-03-02 09:00Z', resources => ARRAY[booking.resource_id('attic')]);
SELECT during, kind FROM booking.free_busy(ARRAY[booking.resource_id('attic')], '[2027-03-02 09:00Z, 2027-03-02 12:00Z)');
SET booking.now = '2027-03-01 06:05Z';
SELECT during, kind FROM booking.free_busy(ARRAY[booking.resource_id('attic')], '[2027-03-02 09:00Z, 2027-03-02 12:00Z)');
-- out of use: closed, and nothing is available
UPDATE booking.resources SET active = false WHERE code = 'attic';
SELECT during, kind, units_free FROM booking.free_busy(ARRAY[booking.resource_id('attic')], '[2027-03-02 09:00Z, 2027-03-02 12:00Z)');
SELECT booking.availability(booking.resource_id('attic'), '[2027-03-02, 2027-03-03)');
UPDATE booking.resources SET active = true WHERE code = 'attic';

-- the parts of every resource make up the window, and free parts are what availability() says
INSERT INTO booking.resources (code, name, kind, capacity) SELECT 'x' || n, 'X', 'x', 1 + n % 3 FROM generate_series(1, 300) AS n;
SELECT count(*) FROM booking.resources AS r, generate_series(0, 2) AS n,
	booking.book(booking.service_id('swim'), timestamptz '2027-03-03 09:00Z' + n * interval '50 min', '{"name": "Secret"}', timestamptz '2027-03-03 09:30Z' + n * interval '50 min', ARRAY[r.id])
 WHERE r.kind = 'x' AND r.code ~ '[2468]$';
SELECT count(*) AS resources, bool_and(f.whole = '{[2027-03-03 00:00Z,2027-03-05 00:00Z)}') AS whole,
	   bool_and(f.free = booking.availability(f.resource_id, '[2027-03-03, 2027-03-05)')) AS as_available, bool_and(f.n = f.ranges) AS apart
  FROM (SELECT resource_id, range_agg(during) AS whole, coalesce(range_agg(during) FILTER (WHERE kind = 'free'), '{}') AS free, count(*) AS n, count(DISTINCT during) AS ranges
		  FROM booking.free_busy(ARRAY(SELECT id FROM booking.resources WHERE kind = 'x'), '[2027-03-03, 2027-03-05)') GROUP BY 1) AS f;
SELECT kind, count(*) FROM booking.free_busy(ARRAY(SELECT id FROM booking.resources WHERE kind = 'x'), '[2027-03-03, 2027-03-04)') GROUP BY 1 ORDER BY 1;

-- a client asks, and does not see the bookings
CREATE ROLE regress_booking_client;
SELECT booking.grant_access('regress_booking_client', 'client', 'carla');
SET ROLE regress_booking_client;
SELECT count(*) AS seen FROM booking.bookings;
SELECT during, kind FROM booking.free_busy(ARRAY[booking.resource_id('ann')], '[2027-03-01 09:30Z, 2027-03-01 11:00Z)');
SELECT booking.availability(booking.resource_id('ann'), '[2027-03-01, 2027-03-02)');
SELECT count(*) FROM booking.slots(booking.service_id('cut'), '[2027-03-01, 2027-03-02)', ARRAY[booking.resource_id('ann')]);
SELECT rule FROM booking.explain_slot(booking.service_id('cut'), '2027-03-01 10:00Z', ARRAY[booking.resource_id('ann')]) WHERE NOT verdict;
SELECT jsonb_array_length(booking.check_availability(booking.service_id('cut'), '2027-03-01') -> 'all_slots') > 0 AS checks;
SELECT booking.availability_inputs(booking.service_id('cut'), '[2027-03-01, 2027-03-02)')::text ~ 'Secret' AS secret;
RESET ROLE;
-- nor another customer's quotas
INSERT INTO booking.customers (id, name, actor) VALUES ('00000000-0000-0000-0000-0000000000c1', 'Carla', 'carla'), ('00000000-0000-0000-0000-0000000000c2', 'Dan', 'dan');
SET ROLE regress_booking_client;
SELECT count(*) > 0 AS own FROM booking.slots(booking.service_id('cut'), '[2027-03-01, 2027-03-02)', customer => '00000000-0000-0000-0000-0000000000c1');
SELECT booking.slots(booking.service_id('cut'), '[2027-03-01, 2027-03-02)', customer => '00000000-0000-0000-0000-0000000000c2');
SELECT booking.slots(booking.service_id('cut'), '[2027-03-01, 2027-03-02)', customer => '00000000-0000-0000-0000-0000000000c3');
SELECT booking.slots(booking.service_id('cut'), '[2027-03-01, 2027-03-02)', duration => '31 min');
RESET ROLE;

-- another tenant's resources are not there
INSERT INTO booking.tenants (id, code, name) VALUES ('00000000-0000-0000-0000-0000000000f2', 'other', 'Other');
SELECT booking.availability('00000000-0000-0000-0000-00000000000a', '[2027-03-01, 2027-03-02)', '00000000-0000-0000-0000-0000000000f2');
SET booking.tenant = '00000000-0000-0000-0000-0000000000f2';
SELECT booking.free_busy('{00000000-0000-0000-0000-00000000000a}', '[2027-03-01, 2027-03-02)');

-- bad input
RESET booking.tenant;
DELETE FROM booking.tenants WHERE code = 'other';
SELECT booking.free_busy(NULL, '[2027-03-01, 2027-03-02)');
SELECT booking.free_busy('{NULL}', '[2027-03-01, 2027-03-02)');
SELECT booking.free_busy('{00000000-0000-0000-0000-00000000000a}', NULL);
SELECT booking.free_busy('{00000000-0000-0000-0000-00000000000a}', '[2027-03-01,)');
SELECT booking.free_busy('{}', '[2027-03-01, 2027-03-02)');
SELECT booking.availability('00000000-0000-0000-0000-0000000000ff', '[2027-03-01, 2027-03-02)');
SELECT booking.availability(NULL, '[2027-03-01, 2027-03-02)');
SELECT booking.availability('00000000-0000-0000-0000-00000000000a', '[2027-03-01, 2047-03-02)');
DROP OWNED BY regress_booking_client;
