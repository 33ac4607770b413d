-- 1,000 resources with ids that a script can compute, and a service with a name
-- and a duration.  The ids differ in their first digits, as new_id()'s do: those
-- that differ in the last ones are alike to btree_gist's penalty function, and the
-- index would not be sorted by resource.
INSERT INTO booking.resources (id, kind, code, name)
SELECT ('01a1fa2d-da14-7' || to_hex(1245 + 2 * n) || '-8000-000000000000')::uuid, 'court',
	'court-' || n, 'Court ' || n
  FROM generate_series(0, 999) AS n;
INSERT INTO booking.services (id, name, duration)
VALUES ('00000000-0000-7000-9000-000000000000', 'An hour', '1 hour');
INSERT INTO booking.customers (id, email, name)
SELECT ('00000000-0000-7000-a000-' || lpad(to_hex(n), 12, '0'))::uuid,
	'customer-' || n || '@example.com', 'Customer ' || n
  FROM generate_series(0, 9999) AS n;

CREATE SEQUENCE slot;
-- What hold() takes a slot with, alone: the same columns, the same primary key
-- and the same exclusion constraint.
CREATE TABLE bare (LIKE booking.allocations INCLUDING DEFAULTS,
	PRIMARY KEY (tenant_id, booking_id, resource_id),
	EXCLUDE USING gist (tenant_id WITH =, resource_id WITH =, during WITH &&) WHERE (exclusive));

-- Holds the one slot that everybody wants for a second, if it is free.
CREATE FUNCTION try_slot() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM booking.hold('00000000-0000-7000-9000-000000000000', '2029-01-01 10:00Z',
		resources => ARRAY['01a1fa2d-da14-74dd-8000-000000000000'::uuid],
		ttl => '1 second');
	RETURN true;
EXCEPTION
	WHEN exclusion_violation THEN
		RETURN false;
END
$$;
