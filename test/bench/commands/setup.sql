-- 1,000 resources and 60,000 confirmed bookings, that somebody else has too: in
-- plain tables with the same columns and indexes.
INSERT INTO booking.resources (id, kind, code, name)
SELECT ('01a1fa2d-da14-7' || to_hex(1245 + 2 * n) || '-8000-000000000000')::uuid, 'court',
	'court-' || n, 'Court ' || n
  FROM generate_series(0, 999) AS n;
INSERT INTO booking.services (id, name, duration)
VALUES ('00000000-0000-7000-9000-000000000000', 'An hour', '1 hour');
INSERT INTO booking.customers (id, email, name)
VALUES ('00000000-0000-7000-a000-000000000000', 'customer@example.com', 'Customer');

CREATE SEQUENCE number MINVALUE 0;
CREATE FUNCTION id_of(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT ('01a1fa2d-da15-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$;
DO $$
BEGIN
	FOR hour IN 0..59 LOOP
		FOR part IN 0..9 LOOP
			INSERT INTO booking.bookings (id, service_id, status, starts_at, customer_id, resource_ids)
			SELECT id_of(hour * 1000 + n), '00000000-0000-7000-9000-000000000000', 'confirmed',
				'2030-01-01'::timestamptz + hour * interval '1 hour', '00000000-0000-7000-a000-000000000000',
				ARRAY[('01a1fa2d-da14-7' || to_hex(1245 + 2 * n) || '-8000-000000000000')::uuid]
			  FROM generate_series(part * 100, part * 100 + 99) AS n;
			COMMIT;
		END LOOP;
	END LOOP;
END
$$;

CREATE SCHEMA bare;
DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['bookings', 'allocations', 'service_sessions', 'audit_log', 'outbox',
		'undo_tokens'] LOOP
		EXECUTE format('CREATE TABLE bare.%I (LIKE booking.%I INCLUDING ALL)', name, name);
		EXECUTE format('INSERT INTO bare.%I SELECT * FROM booking.%I', name, name);
	END LOOP;
END
$$;
ALTER TABLE bare.bookings SET (fillfactor = 85);
ALTER TABLE bare.service_sessions SET (fillfactor = 85);

-- What cancel() writes, written by hand: no rule is checked, nothing locked.
CREATE FUNCTION bare.cancel(booking uuid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	b bare.bookings;
	token bytea := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
BEGIN
	UPDATE bare.bookings
	   SET status = 'cancelled', reason_code = 'customer_request', version = version + 1,
		   request_id = gen_random_uuid(), updated_at = clock_timestamp()
	 WHERE tenant_id = booking.current_tenant() AND id = booking RETURNING * INTO b;
	DELETE FROM bare.allocations WHERE tenant_id = b.tenant_id AND booking_id = b.id;
	UPDATE bare.service_sessions
	   SET status = 'cancelled', cancelled_at = b.updated_at, updated_at = b.updated_at
	 WHERE tenant_id = b.tenant_id AND booking_id = b.id;
	INSERT INTO bare.audit_log (tenant_id, booking_id, version, branch_id, request_id, actor, actor_kind, role,
		action, status, old_values, new_values, reason_code, reversible, at, tx)
	VALUES (b.tenant_id, b.id, b.version, b.branch_id, b.request_id, b.actor, 'staff', current_user, 'cancel',
		'cancelled', jsonb_build_object('status', 'confirmed', 'reason_code', NULL),
		jsonb_build_object('status', b.status, 'reason_code', b.reason_code), b.reason_code, true,
		b.updated_at, pg_current_xact_id()::text::bigint);
	INSERT INTO bare.outbox (tenant_id, id, booking_id, topic, event, booking_version, status, due_at, created_at)
	SELECT b.tenant_id, gen_random_uuid(), b.id, t, 'cancel', b.version, 'queued', b.updated_at, b.updated_at
	  FROM unnest(ARRAY['notification', 'calendar_sync']) AS t;
	INSERT INTO bare.undo_tokens (tenant_id, booking_id, version, secret_hash, issued_at, expires_at)
	VALUES (b.tenant_id, b.id, b.version, token, b.updated_at, b.updated_at + interval '15 minutes');
	RETURN encode(token, 'hex');
END
$$;
