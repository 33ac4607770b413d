-- a hold without
SELECT (booking.hold('00000000-0000-7000-9000-000000000002',
	(timestamp '2031-01-01 13:00' + n / 6000 * interval '1 day' + n / 1000 % 6 * interval '1 hour')
		AT TIME ZONE 'Europe/Berlin',
	resources => ARRAY[desk(n % 1000)])).booking_id
  FROM nextval('slot') AS n;
