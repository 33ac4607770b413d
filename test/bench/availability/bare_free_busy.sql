SELECT count(*) FILTER (WHERE free)
  FROM (SELECT r.id, starts_at, NOT EXISTS (
			SELECT FROM booking.allocations AS a
			 WHERE a.tenant_id = r.tenant_id AND a.resource_id = r.id AND a.exclusive
			   AND a.during && tstzrange(starts_at, starts_at + interval '15 minutes')) AS free
		  FROM (SELECT (timestamp '2030-03-04 09:00' + d * interval '1 day' + q * interval '15 minutes')
					AT TIME ZONE 'Europe/Berlin' AS starts_at
				  FROM generate_series(0, 6) AS d, generate_series(0, 39) AS q) AS s
		 CROSS JOIN booking.resources AS r
		 WHERE r.tenant_id = (SELECT id FROM booking.tenants) AND r.kind = 'desk') AS x;
