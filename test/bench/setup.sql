-- 1,000 resources with ids that a script can compute, a service with a name
-- and a duration, and the table of somebody who needs no more than that
-- bookings do not overlap.
INSERT INTO booking.resources (id, kind, code, name)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'court',
	'court-' || n, 'Court ' || n
  FROM generate_series(0, 999) AS n;
INSERT INTO booking.services (id, name, duration)
VALUES ('00000000-0000-7000-9000-000000000000', 'An hour', '1 hour');
INSERT INTO booking.customers (id, email, name)
SELECT ('00000000-0000-7000-a000-' || lpad(to_hex(n), 12, '0'))::uuid,
	'customer-' || n || '@example.com', 'Customer ' || n
  FROM generate_series(0, 9999) AS n;

CREATE SEQUENCE slot;
CREATE TABLE bare (
	tenant_id uuid NOT NULL DEFAULT '00000000-0000-7000-b000-000000000000',
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	resource_id uuid NOT NULL,
	during tstzrange NOT NULL,
	PRIMARY KEY (tenant_id, id),
	EXCLUDE USING gist (tenant_id WITH =, resource_id WITH =, during WITH &&)
);

-- Holds the one slot that everybody wants for a second, if it is free.
CREATE FUNCTION try_slot() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM booking.hold('00000000-0000-7000-9000-000000000000', '2029-01-01 10:00Z',
		resources => ARRAY['00000000-0000-7000-8000-000000000000'::uuid],
		ttl => '1 second');
	RETURN true;
EXCEPTION
	WHEN exclusion_violation THEN
		RETURN false;
END
$$;
