-- More bookings, in the hours before: until there are :size.
SET session_replication_role = replica;
INSERT INTO booking.allocations (tenant_id, booking_id, resource_id, during, units, exclusive)
SELECT t.id, gen_random_uuid(), desk(n % 1000),
	tstzrange(first - interval '1 hour', first), 1, true
  FROM booking.tenants AS t,
	(SELECT count(*) AS there, least('2030-03-03 00:00+00', min(lower(during))) AS earliest FROM booking.allocations) AS a,
	generate_series(0, :size - there - 1) AS n,
	LATERAL (SELECT earliest - n / 1000 * interval '1 hour' AS first) AS f;
VACUUM ANALYZE booking.allocations;
