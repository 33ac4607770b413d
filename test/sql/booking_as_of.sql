-- booking_as_of() and bookings_as_of() (U7): equal to what the table held then.
\set SHOW_CONTEXT never

INSERT INTO booking.resources (code, name) SELECT 'room-' || n, 'Room ' || n FROM generate_series(1, 4) AS n;
INSERT INTO booking.resources (code, name, kind, capacity) VALUES ('hall', 'Hall', 'hall', 5);
INSERT INTO booking.services (code, name, duration, price, settings) VALUES ('visit', 'Visit', '1 hour', 60.50, '{}'), ('long', 'Long', '2 hours', 0, '{"overbook": 1}');
INSERT INTO booking.service_requirements (service_id, kind) VALUES (booking.service_id('visit'), 'resource');
INSERT INTO booking.customers (id, name) VALUES ('00000000-0000-0000-0002-000000000001', 'Ann');
INSERT INTO booking.questions (code, prompt) VALUES ('allergies', 'Any allergies?');
UPDATE booking.tenants SET settings = '{"hold_ttl": "40 minutes"}';
CREATE FUNCTION id(n int) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
	SELECT ('00000000-0000-0000-0004-' || lpad(n::text, 12, '0'))::uuid
$$;

-- After each step the table is copied, with the time.
CREATE TABLE copies AS SELECT 0 AS step, timestamptz 'epoch' AS at, b.* FROM booking.bookings AS b;
CREATE PROCEDURE step(n int, change text) LANGUAGE plpgsql AS $$
DECLARE
	moment timestamptz := timestamptz '2027-03-01 09:00Z' + n * interval '10.000001 minutes';
BEGIN
	PERFORM set_config('booking.now', moment::text, false);
	EXECUTE change;
	INSERT INTO copies SELECT n, moment, b.* FROM booking.bookings AS b;
END $$;
SELECT booking.set_context(actor => 'sue', actor_kind => 'staff', channel => 'staff_console', session => true) \gset _
CALL step(1, $$INSERT INTO booking.bookings (id, service_id, starts_at, title, metadata, contact)
	SELECT id(n), booking.service_id('visit'), timestamptz '2027-03-10 00:00Z' + n * interval '1 hour', 'Title ' || n,
		'{"crm": 17, "price": 1.50}', '{"name": "Zoe"}' FROM generate_series(1, 8) AS n$$);
CALL step(2, $$SELECT booking.checkout(ARRAY[id(1), id(2)], '{"name": "Bea", "email": "bea@example.com"}', '{"allergies": "nuts"}')$$);
CALL step(3, $$UPDATE booking.bookings SET starts_at = '2027-04-01 10:00Z', ends_at = '2027-04-01 11:30Z' WHERE id = id(1)$$);
CALL step(4, $$UPDATE booking.bookings SET ends_at = ends_at + interval '30 minutes' WHERE id = id(1)$$);
CALL step(5, $$SELECT booking.refresh_hold(id(3))$$);
CALL step(6, $$SELECT booking.release_hold(id(3))$$);
CALL step(7, $$UPDATE booking.bookings SET title = NULL, description = 'long story', attendees = '["Al"]' WHERE id IN (id(1), id(2))$$);
CALL step(8, $$UPDATE booking.bookings SET resource_ids = ARRAY[booking.resource_id('room-4')] WHERE id = id(2)$$);
CALL step(9, $$SELECT booking.expire_holds()$$);
CALL step(10, $$SELECT booking.add_note(id(1), 'likes it quiet')$$);
CALL step(11, $$INSERT INTO booking.bookings (id, service_id, status, starts_at, resource_ids, units, contact, overrides)
	SELECT id(n), booking.service_id('long'), 'confirmed', '2027-03-15 10:00Z', ARRAY[booking.resource_id('hall')], 3, '{"name": "Al"}', o
	  FROM (VALUES (21, NULL::text[]), (22, '{min_notice}'), (23, '{overbook,closed}')) AS v (n, o)$$);
CALL step(12, $$UPDATE booking.bookings SET metadata = '{"a": {"b": [1, null]}}', party_size = 2 WHERE id IN (id(2), id(22))$$);
CALL step(13, $$UPDATE booking.bookings SET status = 'pending_cancellation' WHERE id = id(2)$$);
CALL step(14, $$UPDATE booking.bookings SET status = 'cancelled', reason_code = 'weather', request_id = booking.new_id(), actor = 'erp',
	channel = 'api', change_metadata = '{"ip": "10.0.0.1"}' WHERE id = id(2)$$);
CALL step(15, $$UPDATE booking.bookings SET service_id = booking.service_id('long'), customer_id = '00000000-0000-0000-0002-000000000001' WHERE id = id(1)$$);
CALL step(16, $$UPDATE booking.bookings SET starts_at = '2027-05-01 10:00Z', ends_at = '2027-05-01 12:00Z' WHERE id = id(21)$$);
CALL step(17, $$SELECT booking.check_in(id(1))$$);
CALL step(18, $$SELECT booking.start_serving(id(1))$$);
CALL step(19, $$SELECT booking.complete(id(1))$$);
SELECT count(*), count(DISTINCT version), count(DISTINCT status) FROM copies;
SELECT string_agg(DISTINCT action, ' ') AS actions FROM booking.audit_log;

-- Each of them, at that moment and just before the next.
CREATE FUNCTION row_of(booking jsonb) RETURNS booking.bookings LANGUAGE sql AS $$
	SELECT jsonb_populate_record(NULL::booking.bookings, booking)
$$;
CREATE FUNCTION differences() RETURNS TABLE (step int, booking uuid, field text, held text, rebuilt text) LANGUAGE sql AS $$
	SELECT c.step, coalesce(c.id, r.id), k.key, k.value, to_jsonb(r) ->> k.key
	  FROM (SELECT m.step, b.id, m.at + wait AS at FROM (SELECT DISTINCT step, at FROM copies) AS m, booking.bookings AS b,
			unnest('{0 seconds,599 seconds}'::interval[]) AS wait) AS asked
	  LEFT JOIN copies AS c ON c.step = asked.step AND c.id = asked.id
	  LEFT JOIN LATERAL booking.booking_as_of(asked.id, asked.at) AS a ON true
	  LEFT JOIN LATERAL row_of(a.booking) AS r ON a.booking_id IS NOT NULL
	 CROSS JOIN LATERAL jsonb_each_text(coalesce(to_jsonb(c) - '{step,at}'::text[], to_jsonb(r))) AS k
	 WHERE (to_jsonb(r) ->> k.key) IS DISTINCT FROM (to_jsonb(c) ->> k.key)
$$;
SELECT * FROM differences() ORDER BY 1, 2, 3 LIMIT 20;
-- does not depend on the session
SET DateStyle = 'SQL, DMY';
SET IntervalStyle = 'sql_standard';
SET TimeZone = 'Asia/Kathmandu';
SELECT count(*) FROM differences();
RESET DateStyle;
RESET IntervalStyle;
RESET TimeZone;
-- the columns say the same
SELECT count(*) AS different FROM (SELECT DISTINCT id, at FROM copies) AS c, booking.booking_as_of(c.id, c.at) AS a, row_of(a.booking) AS r
 WHERE (a.booking_id, a.version, a.status, a.branch_id, a.service_id, a.starts_at, a.ends_at, a.resource_ids, a.units, a.customer_id, a.price, a.currency, a.updated_at)
	IS DISTINCT FROM (r.id, r.version, r.status, r.branch_id, r.service_id, r.starts_at, r.ends_at, r.resource_ids, r.units, r.customer_id, r.price, r.currency, r.updated_at);

-- Of a window, then: with what has moved away since, without what has come.
CREATE FUNCTION window_differences() RETURNS TABLE (step int, during tstzrange, booking uuid) LANGUAGE sql AS $$
	SELECT m.step, w.during, coalesce(d.id, d.booking_id)
	  FROM (SELECT DISTINCT step, at FROM copies) AS m
	 CROSS JOIN (VALUES (tstzrange('2027-03-10 02:00Z', '2027-03-10 04:30Z')), ('[2027-03-10 04:00Z,2027-03-10 04:00Z]'), ('[2027-03-15,2027-03-16)'),
		('[2027-04-01 11:45Z,2027-04-01 12:15Z)'), ('[2027-05-01,2027-06-01)'), ('(,)'), ('[2027-03-12,)'), ('(,2027-03-10 03:00Z)'), ('empty'),
		('[2028-01-01,2029-01-01)')) AS w (during)
	 CROSS JOIN LATERAL (
		SELECT c.id, a.booking_id
		  FROM (SELECT id FROM copies AS c WHERE c.step = m.step AND tstzrange(c.starts_at, c.ends_at) && w.during) AS c
		  FULL JOIN booking.bookings_as_of(w.during, m.at) AS a ON a.booking_id = c.id) AS d
	 WHERE d.id IS NULL OR d.booking_id IS NULL
$$;
SELECT * FROM window_differences() ORDER BY 1, 2, 3;
SELECT c.step, count(a.booking_id) FROM (SELECT DISTINCT step, at FROM copies) AS c LEFT JOIN LATERAL booking.bookings_as_of('[2027-04-01,2027-04-02)', c.at) AS a ON true
 GROUP BY 1 HAVING count(a.booking_id) > 0 ORDER BY 1 LIMIT 2;
SELECT count(*) FROM (SELECT DISTINCT at, step FROM copies) AS m, booking.bookings_as_of('(,)', m.at) AS a
 WHERE to_jsonb(row_of(a.booking)) IS DISTINCT FROM (SELECT to_jsonb(c) - '{step,at}'::text[] FROM copies AS c WHERE c.step = m.step AND c.id = a.booking_id);

-- before it was, and what never was
SELECT count(*) FROM booking.booking_as_of(id(1), '2027-03-01 09:10Z');
SELECT count(*) FROM booking.booking_as_of(booking.new_id(), 'infinity');
SELECT version, status FROM booking.booking_as_of(id(1), 'infinity');
SELECT count(*) FROM booking.booking_as_of(id(1), '-infinity');
SELECT booking.booking_as_of(NULL, now());
SELECT booking.booking_as_of(id(1), NULL);
SELECT booking.bookings_as_of(NULL, now());
SELECT booking.bookings_as_of('(,)', NULL);

-- A window does not read the whole trail.
BEGIN;
SELECT seq_scan AS before FROM pg_stat_xact_user_tables WHERE relname = 'audit_log' \gset
SELECT count(*) FROM booking.bookings_as_of('[2027-03-10,2027-03-11)', '2027-03-01 12:00Z');
SELECT count(*) FROM booking.booking_as_of(id(1), '2027-03-01 12:00Z');
SELECT seq_scan - :before AS whole_reads FROM pg_stat_xact_user_tables WHERE relname = 'audit_log';
COMMIT;

---- who sees what ----

CREATE ROLE regress_as_of_staff;
CREATE ROLE regress_as_of_auditor;
CREATE ROLE regress_as_of_client;
SELECT booking.grant_access('regress_as_of_staff', 'staff'), booking.grant_access('regress_as_of_auditor', 'auditor'),
	booking.grant_access('regress_as_of_client', 'client');
SELECT at AS then FROM copies WHERE step = 2 LIMIT 1 \gset
RESET booking.actor;
SET ROLE regress_as_of_auditor;
SELECT booking ->> 'title' AS title, booking ->> 'contact' AS contact, booking ? 'note' AS note FROM booking.booking_as_of(id(1), :'then');
SET ROLE regress_as_of_staff;
SELECT booking ->> 'title' AS title, booking ->> 'contact' AS contact, booking ->> 'status' AS status FROM booking.booking_as_of(id(1), :'then');
SELECT count(*) FROM booking.bookings_as_of('(,)', :'then');
SET ROLE regress_as_of_client;
SELECT booking ->> 'title' AS title FROM booking.booking_as_of(id(1), :'then');
\echo :SQLSTATE
RESET ROLE;
