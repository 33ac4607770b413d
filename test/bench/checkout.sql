-- a slot is held, and checked out
\set customer random(0, 9999)
BEGIN;
SELECT booking_id AS id
  FROM nextval('slot') AS n,
	booking.hold('00000000-0000-7000-9000-000000000000',
		'2030-01-01'::timestamptz + n / 1000 * interval '1 hour',
		resources => ARRAY[('01a1fa2d-da14-7' || to_hex(1245 + 2 * (n % 1000)) || '-8000-000000000000')::uuid]) \gset
SELECT booking.checkout(ARRAY[:id::uuid], jsonb_build_object('id',
	'00000000-0000-7000-a000-' || lpad(to_hex(:customer::integer), 12, '0')));
COMMIT;
