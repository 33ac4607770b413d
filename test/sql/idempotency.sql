-- Idempotency keys (I1): a command that is repeated under its key gives the same
-- answer and does nothing, and a key is good for one request.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.tenants (code, name) VALUES ('other', 'Other');
SELECT booking.set_context(tenant => booking.tenant_id('default'), actor => 'sue', actor_kind => 'staff', session => true) \gset _
INSERT INTO booking.resources (code, name) VALUES ('room-1', 'Room 1'), ('room-2', 'Room 2');
INSERT INTO booking.services (name, duration, price) VALUES ('Massage', '1 hour', 95);
SELECT booking.service_id('massage') AS massage, booking.resource_id('room-2') AS room2 \gset

-- What a command said, first and again, and what there was to see of it.
CREATE TABLE tokens (token text NOT NULL);
CREATE FUNCTION counted() RETURNS bigint LANGUAGE sql
	RETURN (SELECT count(*) FROM booking.audit_log) + (SELECT count(*) FROM booking.outbox)
		+ (SELECT count(*) FROM booking.notes) + (SELECT count(*) FROM booking.orders)
		+ (SELECT count(*) FROM booking.payments WHERE status <> 'refund_due')
		- (SELECT count(*) FROM booking.customers) + (SELECT count(*) FROM booking.undo_tokens);
CREATE FUNCTION twice(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	first text; second text; before bigint := counted(); done bigint; again bigint; shown int;
BEGIN
	EXECUTE 'SELECT jsonb_agg(to_jsonb(r))::text FROM ' || call || ' AS r' INTO first;
	done := counted() - before;
	EXECUTE 'SELECT jsonb_agg(to_jsonb(r))::text FROM ' || call || ' AS r' INTO second;
	again := counted() - before - done;
	/* tokens are shown only the first time */
	INSERT INTO tokens SELECT DISTINCT m[1] FROM regexp_matches(first, '_token": "([\w-]+)"', 'g') AS m;
	GET DIAGNOSTICS shown = ROW_COUNT;
	IF regexp_replace(first, '_token": "[\w-]+"', '_token": null', 'g') IS DISTINCT FROM second THEN
		RETURN format('first %s, then %s', first, second);
	END IF;
	RETURN format('same answer (%s%s), tokens: %s; first it %s, then %s', jsonb_typeof(first::jsonb -> 0),
		CASE WHEN jsonb_array_length(first::jsonb) > 1 THEN 's' END, shown, CASE WHEN done <> 0 THEN 'did it' ELSE 'did nothing' END,
		CASE WHEN again <> 0 THEN 'did it' ELSE 'did nothing' END);
END $$;

/* ---- each command ---- */

SELECT twice(format('booking.hold(%L, ''2027-03-01 10:00Z'', idempotency_key => ''h1'')', :'massage'));
SELECT booking_id AS h1, expires_at FROM booking.hold(:'massage', '2027-03-01 10:00Z', idempotency_key => 'h1') \gset
SET booking.now = '2027-03-01 09:01Z';
SELECT twice(format('booking.refresh_hold(%L, ''10 minutes'', idempotency_key => ''h2'')', :'h1'));
SELECT twice(format('booking.checkout(ARRAY[%L]::uuid[], ''{"email": "ann@example.org", "name": "Ann"}'', idempotency_key => ''h3'')', :'h1'));
SELECT twice(format('booking.reschedule(%L, ''2027-03-01 11:00Z'', idempotency_key => ''h4'')', :'h1'));
SELECT twice(format('booking.reassign(%L, ARRAY[%L]::uuid[], idempotency_key => ''h5'')', :'h1', :'room2'));
SELECT twice(format('booking.add_note(%L, ''Quiet, please'', idempotency_key => ''h6'')', :'h1'));
SELECT twice(format('booking.check_in(%L, idempotency_key => ''h7'')', :'h1'));
SELECT twice(format('booking.start_serving(%L, idempotency_key => ''h8'')', :'h1'));
SELECT twice(format('booking.complete(%L, idempotency_key => ''h9'')', :'h1'));
SELECT twice(format('booking.book(%L, ''2027-03-01 12:00Z'', ''{"name": "Bob"}'', idempotency_key => ''b1'')', :'massage'));
SELECT booking_id AS b1 FROM booking.book(:'massage', '2027-03-01 12:00Z', '{"name": "Bob"}', idempotency_key => 'b1') \gset
SELECT twice(format('booking.cancel(%L, ''weather'', idempotency_key => ''b2'')', :'b1'));
SELECT booking_id AS b3 FROM booking.book(:'massage', '2027-03-01 08:30Z', '{"name": "Cem"}') \gset
SELECT twice(format('booking.no_show(%L, idempotency_key => ''b3'')', :'b3'));
SELECT booking_id AS h10 FROM booking.hold(:'massage', '2027-03-01 15:00Z', idempotency_key => 'h10') \gset
SELECT twice(format('booking.release_hold(%L, idempotency_key => ''h11'')', :'h10'));
-- a false is an answer too
SELECT twice(format('booking.release_hold(%L, idempotency_key => ''h12'')', :'h10'));
SELECT booking.set_setting('service', 'massage', 'approval', 'true') \gset _
SELECT set_config('booking.actor_kind', 'customer', false) \gset _
SELECT booking_id AS b4, status FROM booking.book(:'massage', '2027-03-01 16:00Z', '{"name": "Dan"}', idempotency_key => 'b4') \gset
SELECT set_config('booking.actor_kind', 'staff', false) \gset _
SELECT :'status' AS waits, twice(format('booking.confirm(%L, idempotency_key => ''b5'')', :'b4'));
SELECT booking.set_setting('service', 'massage', 'approval', 'false') \gset _

-- what changes a booking's terms, asks for a cancellation, and undoes
SELECT booking_id AS a1 FROM booking.book(:'massage', '2027-03-08 10:00Z', '{"name": "Abe"}', resources => ARRAY[:'room2']::uuid[]) \gset
SELECT twice(format('booking.amend(%L, ''{"party_size": 3, "title": "Three"}'', idempotency_key => ''a1'')', :'a1'));
SELECT twice(format('booking.request_cancellation(%L, ''weather'', idempotency_key => ''a2'')', :'a1'));
SELECT twice(format('booking.restore(%L, idempotency_key => ''a3'')', :'a1'));
SELECT booking.issue_undo(:'a1') AS token \gset
SELECT twice(format('booking.reverse(%L, idempotency_key => ''a4'')', :'token'));
SELECT status, version FROM booking.bookings WHERE id = :'a1';
-- the token of another change is another argument; without the key it is used
SELECT booking.issue_undo(:'a1') AS other \gset
SELECT * FROM booking.reverse(:'other', idempotency_key => 'a4');
\echo :SQLSTATE
SELECT * FROM booking.reverse(:'token');
\echo :SQLSTATE
-- many at once: a row for each, one of them refused, and a batch token
SELECT booking_id AS a2 FROM booking.book(:'massage', '2027-03-08 12:00Z', '{"name": "Amy"}', resources => ARRAY[:'room2']::uuid[]) \gset
SELECT twice(format('booking.bulk_reassign(ARRAY[%L, %L, NULL]::uuid[], booking.resource_id(''room-1''), idempotency_key => ''a5'')', :'a2', :'b1'));
SELECT twice(format('booking.bulk_cancel(ARRAY[%L, %L, NULL]::uuid[], ''weather'', idempotency_key => ''a6'')', :'a2', :'b1'));
SELECT booking_id = :'a2' AS this, ok, code, message, status, version, undo_token, batch_token
  FROM booking.bulk_cancel(ARRAY[:'a2', :'b1', NULL]::uuid[], 'weather', idempotency_key => 'a6');
SELECT * FROM booking.bulk_cancel(ARRAY[:'b1', :'a2', NULL]::uuid[], 'weather', idempotency_key => 'a6');
\echo :SQLSTATE
SELECT twice('booking.bulk_cancel(''{}'', idempotency_key => ''a7'')');
-- the waiting list
SELECT twice(format('booking.join_waitlist(%L, ''2027-03-08 10:00Z'', customer => (SELECT id FROM booking.customers WHERE name = ''Amy''), idempotency_key => ''w1'')', :'massage'));
SELECT booking_id AS w1 FROM booking.join_waitlist(:'massage', '2027-03-08 10:00Z', customer => (SELECT id FROM booking.customers WHERE name = 'Amy'), idempotency_key => 'w1') \gset
SELECT twice(format('booking.promote(%L, idempotency_key => ''w2'')', :'w1'));
SELECT twice(format('booking.join_waitlist(%L, wanted => ''[2027-03-09 08:00Z,2027-03-09 20:00Z)'', idempotency_key => ''w3'')', :'massage'));
-- a time is what it holds, however its bounds are written
SET TimeZone = 'Asia/Kathmandu';
SELECT position FROM booking.join_waitlist(:'massage', wanted => '(2027-03-09 13:44:59.999999, 2027-03-10 01:44:59.999999]', idempotency_key => 'w3');
RESET TimeZone;
SELECT * FROM booking.join_waitlist(:'massage', wanted => '[2027-03-09 08:00Z,2027-03-09 20:00:00.000001Z)', idempotency_key => 'w3');
\echo :SQLSTATE
SELECT * FROM booking.join_waitlist(:'massage', wanted => '[2027-03-09 08:00Z,)', idempotency_key => 'w4');
\echo :SQLSTATE
SELECT * FROM booking.join_waitlist(:'massage', wanted => 'empty', idempotency_key => 'w4');
\echo :SQLSTATE

-- payments: a reference is recorded once, with a key or without; the key gives
-- the same answer, the reference says that it is known
INSERT INTO booking.services (name, duration, price, deposit) VALUES ('Spa', '1 hour', 100, 30);
SELECT booking_id AS s1, status FROM booking.book(booking.service_id('spa'), '2027-03-08 15:00Z', '{"name": "Sal"}') \gset
SELECT :'status' AS waits, twice(format('booking.record_payment(%L, 10, ''bank'', ''r1'', idempotency_key => ''s1'')', :'s1'));
SELECT status, paid, due, outcome, repeated FROM booking.record_payment(:'s1', 10.00, 'bank', 'r1', idempotency_key => 's1');
SELECT status, paid, due, outcome, repeated FROM booking.record_payment(:'s1', 10, 'bank', 'r1');
SELECT status, paid, due, outcome, repeated FROM booking.record_payment(:'s1', 10, 'bank', 'r1', idempotency_key => 's2');
SELECT * FROM booking.record_payment(:'s1', 20, 'bank', 'r2', idempotency_key => 's1');
\echo :SQLSTATE
SELECT * FROM booking.record_payment(:'s1', 20, 'bank', 'r1');
\echo :SQLSTATE
SELECT twice(format('booking.record_payment(%L, 20, ''bank'', ''r2'', idempotency_key => ''s3'')', :'s1'));
-- what the booking became since is not in an answer that was kept
SELECT status, version FROM booking.cancel(:'s1', 'weather');
SELECT status, version, paid, due, outcome, repeated FROM booking.record_payment(:'s1', 20, 'bank', 'r2', idempotency_key => 's3');
SELECT status, version, paid, due, outcome, repeated FROM booking.record_payment(:'s1', 20, 'bank', 'r2');
SELECT twice('booking.record_refund(''bank'', ''r1'', idempotency_key => ''s4'')');
SELECT booking.record_refund('bank', 'r1', idempotency_key => 's4') AS by_the_key, booking.record_refund('bank', 'r1') AS without;
SELECT reference, amount, status, outcome FROM booking.payments ORDER BY reference;
-- customers
INSERT INTO booking.customers (name, email) VALUES ('Mia', 'mia@example.org'), ('Mia', 'm@example.com');
SELECT id AS m1 FROM booking.customers WHERE email = 'mia@example.org' \gset
SELECT id AS m2 FROM booking.customers WHERE email = 'm@example.com' \gset
SELECT twice(format('booking.merge_customers(%L, %L, idempotency_key => ''m1'')', :'m1', :'m2'));

-- Types and values are those of the first answer.
SELECT pg_typeof(r.effects) AS effects, r.booking_id = :'b1' AS this, r.status, r.version, r.effects, r.updated_at
  FROM booking.cancel(:'b1', 'weather', idempotency_key => 'b2') AS r;
SELECT booking_id = :'h1' AS this, starts_at, ends_at, resource_ids = ARRAY[booking.resource_id('room-1')] AS room, expires_at, version
  FROM booking.hold(:'massage', '2027-03-01 10:00Z', idempotency_key => 'h1');
SELECT status, version, order_id IS NOT NULL AS has_order, price, currency, tax
  FROM booking.checkout(ARRAY[:'h1']::uuid[], '{"email": "ann@example.org", "name": "Ann"}', idempotency_key => 'h3');

/* ---- other arguments, another command ---- */

SELECT * FROM booking.cancel(:'b1', 'duplicate', idempotency_key => 'b2');
\echo :SQLSTATE
SELECT * FROM booking.no_show(:'b1', 'weather', idempotency_key => 'b2');
\echo :SQLSTATE
SELECT * FROM booking.hold(:'massage', '2027-03-01 10:00:01Z', idempotency_key => 'h1');
\echo :SQLSTATE
-- The same said in another way is the same; how long to wait for locks is no part of it.
SET TimeZone = 'Asia/Kathmandu';
SET DateStyle = 'SQL, DMY';
SET IntervalStyle = 'sql_standard';
SELECT booking_id = :'h1' AS this FROM booking.hold(:'massage', '2027-03-01 05:00-05', units => 1, lock_wait => false,
	tenant => booking.tenant_id('default'), idempotency_key => 'h1');
SELECT booking_id = :'h1' AS this FROM booking.refresh_hold(:'h1', '600 seconds', idempotency_key => 'h2');
SELECT booking_id = :'h1' AS this FROM booking.checkout(ARRAY[:'h1']::uuid[], '{"name":"Ann",  "email":"ann@example.org"}', idempotency_key => 'h3');
RESET TimeZone;
RESET DateStyle;
RESET IntervalStyle;
SELECT booking_id AS p1 FROM booking.book(:'massage', '2027-03-01 18:00Z', '{"name": "Pia"}', expected_total => 95, idempotency_key => 'p1') \gset
SELECT booking_id = :'p1' AS this FROM booking.book(:'massage', '2027-03-01 18:00Z', '{"name": "Pia"}', expected_total => 95.00, idempotency_key => 'p1');
-- A default that is said is the same as one that is not.
SELECT booking_id = :'b3' AS this FROM booking.no_show(:'b3', 'did_not_arrive', expected_version => NULL, idempotency_key => 'b3');
-- NULL for a key is none.
SELECT * FROM booking.cancel(:'b1', 'weather', idempotency_key => NULL);
\echo :SQLSTATE

/* ---- a failed command leaves its key free ---- */

SELECT * FROM booking.cancel(:'p1', 'no such reason', idempotency_key => 'f1');
\echo :SQLSTATE
SELECT status FROM booking.cancel(:'p1', 'weather', idempotency_key => 'f1');
-- in a transaction: what is rolled back is not kept
SELECT booking_id AS f FROM booking.book(:'massage', '2027-03-01 20:00Z', '{"name": "Fay"}') \gset
BEGIN;
SELECT status FROM booking.cancel(:'f', 'weather', idempotency_key => 'f2');
ROLLBACK;
BEGIN;
SAVEPOINT s;
SELECT status FROM booking.cancel(:'f', 'weather', idempotency_key => 'f2');
ROLLBACK TO s;
SELECT count(*) FROM booking.idempotency_keys WHERE key = 'f2';
SELECT status FROM booking.cancel(:'f', 'duplicate', idempotency_key => 'f2');
SELECT status FROM booking.cancel(:'f', 'duplicate', idempotency_key => 'f2');
COMMIT;

/* ---- a key is the actor's, within a tenant ---- */

SELECT booking_id AS g FROM booking.book(:'massage', '2027-03-01 22:00Z', '{"name": "Gus"}') \gset
SELECT status FROM booking.cancel(:'g', 'weather', idempotency_key => 'mine');
SELECT set_config('booking.actor', 'tom', false) \gset _
SELECT * FROM booking.cancel(:'g', 'weather', idempotency_key => 'mine');
\echo :SQLSTATE
-- nobody in particular is somebody else in each role
SELECT set_config('booking.actor', '', false) \gset _
SELECT * FROM booking.cancel(:'g', 'weather', idempotency_key => 'mine');
\echo :SQLSTATE
SELECT booking_id AS n FROM booking.book(:'massage', '2027-03-02 08:00Z', '{"name": "Nia"}') \gset
SELECT status FROM booking.cancel(:'n', 'weather', idempotency_key => 'nobody''s');
CREATE ROLE regress_app;
SELECT booking.grant_access('regress_app', 'staff') \gset _
SET ROLE regress_app;
SELECT * FROM booking.cancel(:'n', 'weather', idempotency_key => 'nobody''s');
\echo :SQLSTATE
SELECT * FROM booking.idempotency_keys;
\echo :SQLSTATE
RESET ROLE;
SELECT set_config('booking.actor', 'sue', false) \gset _
SELECT set_config('booking.tenant', booking.tenant_id('other')::text, false) \gset _
INSERT INTO booking.branches (code, name, time_zone) VALUES ('elsewhere', 'Elsewhere', 'UTC');
INSERT INTO booking.resources (code, name) VALUES ('room-9', 'Room 9');
INSERT INTO booking.services (name, duration) VALUES ('Facial', '1 hour');
SELECT starts_at FROM booking.hold(booking.service_id('facial'), '2027-03-01 10:00Z', idempotency_key => 'h1');
SELECT t.code, k.actor, k.command FROM booking.idempotency_keys AS k JOIN booking.tenants AS t ON t.id = k.tenant_id
 WHERE k.key = 'h1' ORDER BY t.code;
SELECT set_config('booking.tenant', booking.tenant_id('default')::text, false) \gset _

/* ---- how long ---- */

SELECT command, expires_at - created_at AS kept FROM booking.idempotency_keys WHERE key = 'b2';
SELECT booking.set_setting('tenant', 'default', 'idempotency_ttl', '"2 hours"') \gset _
SELECT booking_id AS k FROM booking.book(:'massage', '2027-03-04 10:00Z', '{"name": "Kim"}', idempotency_key => 'k1') \gset
SELECT expires_at - created_at AS kept FROM booking.idempotency_keys WHERE key = 'k1';
SELECT booking.set_setting('service', 'massage', 'idempotency_ttl', '"2 hours"');
\echo :SQLSTATE
SET booking.now = '2027-03-01 11:00:59.999999Z';
SELECT booking_id = :'k' AS this FROM booking.book(:'massage', '2027-03-04 10:00Z', '{"name": "Kim"}', idempotency_key => 'k1');
SET booking.now = '2027-03-01 11:01Z';
\set VERBOSITY sqlstate
SELECT * FROM booking.book(:'massage', '2027-03-04 10:00Z', '{"name": "Kim"}', resources => ARRAY[booking.resource_id('room-1')], idempotency_key => 'k1');
\set VERBOSITY default
-- over, it is free for anything
SELECT status FROM booking.cancel(:'k', 'weather', idempotency_key => 'k1');
SELECT command FROM booking.idempotency_keys WHERE key = 'k1';
SET booking.now = '2027-03-02 09:01Z';
SELECT count(*) > 5 AS over FROM booking.idempotency_keys WHERE expires_at <= booking.now();
SELECT booking.purge_idempotency_keys(2), booking.purge_idempotency_keys(1);
SELECT booking.purge_idempotency_keys() > 0 AS more, booking.purge_idempotency_keys() AS then;
SELECT count(*) AS over FROM booking.idempotency_keys WHERE expires_at <= booking.now();
SELECT booking.purge_idempotency_keys(0);
\echo :SQLSTATE

/* ---- odd keys ---- */

SELECT booking_id AS o FROM booking.book(:'massage', '2027-03-05 10:00Z', '{"name": "Odo"}') \gset
SELECT * FROM booking.cancel(:'o', 'weather', idempotency_key => '');
\echo :SQLSTATE
SELECT * FROM booking.cancel(:'o', 'weather', idempotency_key => E'a\nb');
\echo :SQLSTATE
SELECT * FROM booking.cancel(:'o', 'weather', idempotency_key => repeat('x', 201));
\echo :SQLSTATE
SELECT status FROM booking.cancel(:'o', 'weather', idempotency_key => repeat('€', 200));
SELECT status FROM booking.cancel(:'o', 'weather', idempotency_key => repeat('€', 200));
SELECT * FROM booking.cancel(:'o', 'weather', idempotency_key => ''' OR true; --');
\echo :SQLSTATE

-- Nothing personal is kept, nor any token: not with the answer, and nowhere else.
SELECT count(*) AS with_a_name FROM booking.idempotency_keys WHERE result::text ~ 'Ann|Kim|Odo|@';
SELECT count(*) AS with_a_token FROM booking.idempotency_keys WHERE result::text ~ '_token": "';
CREATE FUNCTION tables_with_a_token() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	this regclass; found boolean;
BEGIN
	FOR this IN SELECT c.oid FROM pg_class AS c WHERE c.relnamespace = 'booking'::regnamespace AND c.relkind = 'r' LOOP
		EXECUTE format('SELECT EXISTS (SELECT FROM %s AS r, tokens AS t WHERE strpos(r::text, t.token) > 0)', this) INTO found;
		IF found THEN
			RETURN NEXT this;
		END IF;
	END LOOP;
END $$;
SELECT count(*) > 15 AS tokens FROM tokens;
SELECT tables_with_a_token();

RESET ROLE;
SELECT booking.revoke_access('regress_app') \gset _
DROP ROLE regress_app;
