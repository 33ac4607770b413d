-- two rows of the bare table: what hold() and checkout() are compared with
BEGIN;
INSERT INTO bare (tenant_id, booking_id, resource_id, during, units, exclusive, expires_at)
SELECT '00000000-0000-7000-b000-000000000000', gen_random_uuid(),
	('01a1fa2d-da14-7' || to_hex(1245 + 2 * (n % 1000)) || '-8000-000000000000')::uuid,
	tstzrange('2030-01-01'::timestamptz + n / 1000 * interval '1 hour',
			  '2030-01-01'::timestamptz + (n / 1000 + 1) * interval '1 hour'),
	1, true, now() + interval '5 minutes'
  FROM nextval('slot') AS n
RETURNING booking_id;
INSERT INTO bare (tenant_id, booking_id, resource_id, during, units, exclusive, expires_at)
SELECT '00000000-0000-7000-b000-000000000000', gen_random_uuid(),
	('01a1fa2d-da14-7' || to_hex(1245 + 2 * (n % 1000)) || '-8000-000000000000')::uuid,
	tstzrange('2030-01-01'::timestamptz + n / 1000 * interval '1 hour',
			  '2030-01-01'::timestamptz + (n / 1000 + 1) * interval '1 hour'),
	1, true, now() + interval '5 minutes'
  FROM nextval('slot') AS n
RETURNING booking_id;
COMMIT;
