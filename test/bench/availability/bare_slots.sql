SELECT count(*)
  FROM (SELECT (timestamp '2030-03-04 09:00' + d * interval '1 day' + q * interval '15 minutes')
			AT TIME ZONE 'Europe/Berlin' AS starts_at
		  FROM generate_series(0, 29) AS d, generate_series(0, 38) AS q) AS s
 WHERE NOT EXISTS (
	SELECT FROM booking.allocations AS a
	 WHERE a.tenant_id = (SELECT id FROM booking.tenants)
	   AND a.resource_id = desk(0) AND a.exclusive
	   AND a.during && tstzrange(starts_at, starts_at + interval '30 minutes'));
