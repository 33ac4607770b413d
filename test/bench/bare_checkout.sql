-- two rows of the bare table: what hold() and checkout() are compared with
BEGIN;
INSERT INTO bare (resource_id, during)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n % 1000), 12, '0'))::uuid,
	tstzrange('2030-01-01'::timestamptz + n / 1000 * interval '1 hour',
			  '2030-01-01'::timestamptz + (n / 1000 + 1) * interval '1 hour')
  FROM nextval('slot') AS n;
INSERT INTO bare (resource_id, during)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n % 1000), 12, '0'))::uuid,
	tstzrange('2030-01-01'::timestamptz + n / 1000 * interval '1 hour',
			  '2030-01-01'::timestamptz + (n / 1000 + 1) * interval '1 hour')
  FROM nextval('slot') AS n;
COMMIT;
