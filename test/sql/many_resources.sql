-- A session that needs many resources reads several at a time; each must be
-- what it is in the table, at any time.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (code, name, time_zone, settings)
SELECT 'room-' || n, 'Room ' || n, CASE WHEN n % 3 = 0 THEN 'Asia/Kathmandu' END,
	jsonb_build_object('buffer_after', n * 60)
  FROM generate_series(1, 60) AS n;
INSERT INTO booking.hours (resource_id, weekday, opens, closes)
SELECT booking.resource_id('room-' || n), 2, time '08:00' + n * interval '1 minute', '18:00'
  FROM generate_series(1, 60) AS n WHERE n % 5 <> 0;
INSERT INTO booking.date_overrides (resource_id, day)
SELECT booking.resource_id('room-' || n), '2027-03-09' FROM generate_series(1, 60, 7) AS n;
INSERT INTO booking.closures (resource_id, starts_at, ends_at)
SELECT booking.resource_id('room-' || n), '2027-03-02 12:00Z', '2027-03-02 13:00Z'
  FROM generate_series(2, 60, 4) AS n;
INSERT INTO booking.resource_zones (resource_id, valid_from, time_zone)
SELECT booking.resource_id('room-' || n), '2027-03-05', 'America/Detroit' FROM generate_series(1, 60, 4) AS n;
INSERT INTO booking.services (name, duration) VALUES ('Meeting', '1 hour');

-- What the rows say of Tuesday, 2 March and Tuesday, 9 March.
CREATE VIEW expected AS
SELECT r.id, r.code, d.day, CASE
	WHEN EXISTS (SELECT FROM booking.date_overrides AS o WHERE o.resource_id = r.id AND o.day = d.day) THEN '{}'
	ELSE tstzmultirange(tstzrange(
		(d.day + h.opens) AT TIME ZONE z.time_zone, (d.day + h.closes) AT TIME ZONE z.time_zone))
		- coalesce((SELECT range_agg(tstzrange(c.starts_at, c.ends_at)) FROM booking.closures AS c
					 WHERE c.resource_id = r.id), '{}') END AS open
  FROM booking.resources AS r
  CROSS JOIN (VALUES (date '2027-03-02'), ('2027-03-09')) AS d (day)
  JOIN booking.hours AS h ON h.resource_id = r.id
  CROSS JOIN LATERAL (SELECT coalesce((SELECT rz.time_zone FROM booking.resource_zones AS rz
		WHERE rz.resource_id = r.id AND rz.valid_from <= d.day), r.time_zone, b.time_zone) AS time_zone
	 FROM booking.branches AS b WHERE b.id = r.branch_id) AS z;
-- Asks in an order that is neither that of the ids nor its reverse.
CREATE VIEW differing AS
SELECT e.code, e.day FROM (SELECT * FROM expected ORDER BY md5(code), day OFFSET 0) AS e
 WHERE booking.effective_hours(e.id, tstzrange(
	e.day - interval '12 hours', e.day + interval '36 hours')) IS DISTINCT FROM e.open;
CREATE FUNCTION hold_each(start timestamptz) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(h.booking_id)
	  FROM (SELECT * FROM booking.resources ORDER BY md5(code) OFFSET 0) AS r
	  CROSS JOIN LATERAL booking.hold(booking.service_id('meeting'), $1, resources => ARRAY[r.id],
		override => '{outside_hours,closed}') AS h
$$;

SELECT count(*) FROM expected;
SELECT * FROM differing;
SELECT hold_each('2027-03-16 12:00Z');
SELECT count(*) FILTER (WHERE upper(a.during) - b.ends_at <> substr(r.code, 6)::int * interval '1 minute') AS wrong_buffers
  FROM booking.allocations AS a JOIN booking.bookings AS b ON b.id = a.booking_id
  JOIN booking.resources AS r ON r.id = a.resource_id;

-- what was read ahead is forgotten like the rest
UPDATE booking.hours SET opens = opens + interval '5 minutes';
UPDATE booking.resources SET settings = jsonb_build_object('buffer_after', (settings ->> 'buffer_after')::int + 60);
SELECT * FROM differing;
SELECT hold_each('2027-03-23 12:00Z');
SELECT count(*) FILTER (WHERE upper(a.during) - b.ends_at <> (1 + substr(r.code, 6)::int) * interval '1 minute') AS wrong_buffers
  FROM booking.allocations AS a JOIN booking.bookings AS b ON b.id = a.booking_id AND b.starts_at > '2027-03-20'
  JOIN booking.resources AS r ON r.id = a.resource_id;

-- an id that there is none of, before and after those there are
SELECT booking.effective_hours('00000000-0000-0000-0000-000000000000', '[2027-03-02, 2027-03-03)');
SELECT booking.effective_hours('ffffffff-ffff-ffff-ffff-ffffffffffff', '[2027-03-02, 2027-03-03)');
SELECT booking.hold(booking.service_id('meeting'), '2027-03-24 12:00Z', resources => '{00000000-0000-0000-0000-000000000000}');
