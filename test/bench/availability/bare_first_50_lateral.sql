-- of each start the first free desk, then the next start
SELECT starts_at, r.id
  FROM (SELECT (timestamp '2030-03-04 09:00' + d * interval '1 day' + q * interval '15 minutes')
			AT TIME ZONE 'Europe/Berlin' AS starts_at
		  FROM generate_series(0, 6) AS d, generate_series(0, 38) AS q) AS s
 CROSS JOIN LATERAL (
	SELECT r.id FROM booking.resources AS r
	 WHERE r.tenant_id = (SELECT id FROM booking.tenants) AND r.kind = 'desk'
	   AND NOT EXISTS (
		SELECT FROM booking.allocations AS a
		 WHERE a.tenant_id = r.tenant_id AND a.resource_id = r.id AND a.exclusive
		   AND a.during && tstzrange(starts_at, starts_at + interval '30 minutes'))
	 ORDER BY r.position LIMIT 1) AS r
 LIMIT 50;
