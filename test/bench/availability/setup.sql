-- A thousand desks in Berlin, open ten hours a day.  Their bookings are written
-- straight into what is occupied, as nothing else of them is read here.

-- Ids as they are made by and by.  Those that differ only in their last digits
-- are all the same to btree_gist, and the index of no use.
CREATE FUNCTION desk(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
	SELECT (lpad(to_hex(1800000000000 + n * 1000), 12, '0') || '70008000000000000000')::uuid
$$;
INSERT INTO booking.resources (id, kind, code, name, position)
SELECT desk(n), 'desk', 'desk-' || n, 'Desk ' || n, n FROM generate_series(0, 999) AS n;
UPDATE booking.branches SET time_zone = 'Europe/Berlin';
SELECT booking.set_hours('main', 'daily 09:00-19:00');
INSERT INTO booking.services (id, name, duration, settings)
VALUES ('00000000-0000-7000-9000-000000000000', 'Half an hour', '30 minutes', '{"slot_step": "15 minutes"}'),
	('00000000-0000-7000-9000-000000000001', 'An hour by the rules', '1 hour',
	 '{"commit_check": "grid", "min_notice": "1 hour", "max_advance": "3660 days"}'),
	('00000000-0000-7000-9000-000000000002', 'An hour', '1 hour', '{"commit_check": "overlap"}');
INSERT INTO booking.service_requirements (service_id, kind)
VALUES ('00000000-0000-7000-9000-000000000000', 'desk');
INSERT INTO booking.closures (local_start, local_end, repeats, reason)
VALUES ('2031-01-01 12:00', '2031-01-01 12:15', 'weekly', 'airing');

-- desk 0: 240 bookings in 30 days; the others 50 each in 7 days, shifted against
-- each other; all in the order in which they might have come
SELECT setseed(0.5);
SET session_replication_role = replica;
INSERT INTO booking.allocations (tenant_id, booking_id, resource_id, during, units, exclusive)
SELECT t.id, gen_random_uuid(), desk(r),
	tstzrange(starts, starts + (30 + (d + n + r) % 3 * 15) * interval '1 minute'), 1, true
  FROM booking.tenants AS t,
	(SELECT 0 AS r, d, n FROM generate_series(0, 29) AS d, generate_series(0, 7) AS n
	 UNION ALL
	 SELECT r, d, n FROM generate_series(1, 999) AS r, generate_series(0, 6) AS d,
		generate_series(0, 6 + ((d + r) % 7 = 0)::integer) AS n) AS b,
	LATERAL (SELECT (timestamp '2030-03-04 09:00' + d * interval '1 day'
		+ (n * 75 + r % 5 * 5) * interval '1 minute') AT TIME ZONE 'Europe/Berlin' AS starts) AS s
 ORDER BY random();
SET session_replication_role = origin;
VACUUM ANALYZE booking.allocations;
CREATE SEQUENCE slot;

-- Memory of this session, in MB: RssAnon its own, VmHWM at most and with what it
-- has touched of the shared buffers, RssShmem that.
CREATE FUNCTION memory(what text) RETURNS numeric LANGUAGE sql AS $$
	SELECT round((regexp_match(pg_read_file('/proc/self/status'), what || ':\s+(\d+)'))[1]::numeric / 1024, 1)
$$;
