-- a slot is held, and its booking known
SELECT (booking.hold('00000000-0000-7000-9000-000000000000',
	'2030-01-01'::timestamptz + n / 1000 * interval '1 hour',
	resources => ARRAY[('01a1fa2d-da14-7' || to_hex(1245 + 2 * (n % 1000)) || '-8000-000000000000')::uuid])).booking_id
  FROM nextval('slot') AS n;
