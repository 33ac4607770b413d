-- a slot is held, and its booking known
SELECT (booking.hold('00000000-0000-7000-9000-000000000000',
	'2030-01-01'::timestamptz + n / 1000 * interval '1 hour',
	resources => ARRAY[('0190' || lpad(to_hex(n % 1000), 4, '0') || '-0000-7000-8000-000000000000')::uuid])).booking_id
  FROM nextval('slot') AS n;
