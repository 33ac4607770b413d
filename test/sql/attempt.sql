-- attempt() (I2): any command by name, its outcome as a row, errors included.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (code, name, capacity) VALUES ('room-1', 'Room 1', 1), ('hall', 'Hall', 10);
INSERT INTO booking.services (name, duration, price) VALUES ('Massage', '1 hour', 95);
SELECT booking.service_id('massage') AS massage, booking.resource_id('room-1') AS room, booking.resource_id('hall') AS hall \gset
SELECT booking.set_context(actor => 'sue', actor_kind => 'staff', session => true) \gset _
CREATE VIEW ids AS SELECT b.id::text, b.metadata ->> 'name' AS name FROM booking.bookings AS b;

-- What comes back, with names for ids.
CREATE FUNCTION named(value text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN regexp_replace(regexp_replace(value, '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', '<id>', 'g'),
		'_token": "[A-Za-z0-9_-]{60,}"', '_token": "<token>"', 'g');
END $$;
CREATE FUNCTION try(command text, args jsonb DEFAULT '{}', key text DEFAULT NULL, tenant uuid DEFAULT NULL)
RETURNS TABLE (ok boolean, code text, sqlstate text, http int, message text, hint text, result text) LANGUAGE sql AS $$
	SELECT a.ok, a.code, a.sqlstate, a.http_status, named(a.message), named(a.hint), left(named(a.result::text), 110)
	  FROM booking.attempt(command, args, key, tenant) AS a $$;

/* ---- what works ---- */

SELECT ok, code, sqlstate, message, detail, hint, http_status, result - '{booking_id,resource_ids}'::text[] AS result,
	   conflicts, suggestions, can_join_waitlist
  FROM booking.attempt('hold', jsonb_build_object('service', :'massage', 'starts_at', '2027-03-01T10:00:00Z',
	'resources', jsonb_build_array(:'room'), 'metadata', '{"name": "h"}'::jsonb));
SELECT id AS h FROM ids WHERE name = 'h' \gset
-- a set is an array of rows, one value is itself
SELECT a.ok, jsonb_typeof(a.result) AS form, jsonb_array_length(a.result) AS rows, a.result #> '{0,status}' AS status, a.result #> '{0,price}' AS price
  FROM booking.attempt('checkout', jsonb_build_object('holds', jsonb_build_array(:'h'), 'customer', '{"name": "Ann"}'::jsonb)) AS a;
SELECT ok, result FROM try('release_hold', jsonb_build_object('booking', :'h'));
SELECT ok, result - '{booking_id,undo_token}'::text[] AS result, result ->> 'undo_token' IS NOT NULL AS token
  FROM booking.attempt('cancel', jsonb_build_object('booking', :'h', 'reason', 'weather', 'expected_version', 2));
-- JSON's null is NULL, and a number may be text
SELECT ok, code FROM try('book', jsonb_build_object('service', :'massage', 'starts_at', '2027-03-01T10:00:00Z', 'customer', '{"name": "Bob"}'::jsonb,
	'resources', jsonb_build_array(:'room'), 'ends_at', NULL, 'units', '1', 'expected_total', 95, 'duration', '1 hour', 'lock_wait', false,
	'metadata', '{"name": "bob"}'::jsonb, 'title', 'A "title"; with ''quotes'''));
SELECT title FROM booking.bookings WHERE metadata ->> 'name' = 'bob';
SELECT id AS bob FROM ids WHERE name = 'bob' \gset

/* ---- what doesn't: each class ---- */

-- a conflict, with what is in the way and what could be had
SELECT ok, code, sqlstate, http_status, named(message) AS message, named(conflicts::text) AS conflicts, named((suggestions -> 0)::text) AS suggestion,
	   jsonb_array_length(suggestions) AS suggestions, can_join_waitlist, detail::jsonb ? 'conflicts' AS detail
  FROM booking.attempt('book', jsonb_build_object('service', :'massage', 'starts_at', '2027-03-01T10:00:00Z',
	'resources', jsonb_build_array(:'room'), 'customer', '{"name": "Eve"}'::jsonb));
SELECT ok, code, sqlstate, http_status, message, conflicts FROM booking.attempt('hold',
	jsonb_build_object('service', :'massage', 'starts_at', '2027-03-01T10:00:00Z', 'resources', jsonb_build_array(:'hall'), 'units', 7));
SELECT ok, code, sqlstate, named(conflicts::text) AS conflicts FROM booking.attempt('hold',
	jsonb_build_object('service', :'massage', 'starts_at', '2027-03-01T10:00:00Z', 'resources', jsonb_build_array(:'hall'), 'units', 7));
-- class ZB
SELECT * FROM try('cancel', jsonb_build_object('booking', :'h', 'reason', 'weather'));
SELECT * FROM try('cancel', jsonb_build_object('booking', :'bob'));
SELECT * FROM try('cancel', jsonb_build_object('booking', :'bob', 'reason', 'weather', 'expected_version', 7));
SELECT * FROM try('cancel', '{"booking": "00000000-0000-0000-0000-000000000000", "reason": "weather"}');
-- class 22
SELECT * FROM try('cancel', jsonb_build_object('booking', :'bob', 'reason', 'no such'));
SELECT * FROM try('cancel', '{"booking": null}');
-- 42501: what the actor may not do, and what the role may not call
CREATE ROLE regress_client;
SELECT booking.grant_access('regress_client', 'client', 'carl') \gset _
GRANT SELECT ON ids TO PUBLIC;
SET ROLE regress_client;
SELECT * FROM try('confirm', jsonb_build_object('booking', :'bob'));
SELECT * FROM try('cancel', jsonb_build_object('booking', :'bob', 'reason', 'weather'));
SELECT ok, code FROM try('hold', jsonb_build_object('service', :'massage', 'starts_at', '2027-03-01T20:00:00Z', 'resources', jsonb_build_array(:'room')));
SELECT * FROM try('hold', jsonb_build_object('service', :'massage', 'starts_at', '2027-03-01T21:00:00Z'), tenant => '00000000-0000-0000-0000-000000000000');
RESET ROLE;

-- What is no answer to the request goes on to the caller.
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION USING ERRCODE = current_setting('test.fail'), MESSAGE = 'failed so', DETAIL = '{"conflicts": not JSON', HINT = 'a hint';
END $$;
CREATE TRIGGER zz_fail AFTER UPDATE ON booking.bookings FOR EACH ROW EXECUTE FUNCTION fail();
CREATE FUNCTION passes_on(state text, failing jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	a record;
BEGIN
	PERFORM set_config('test.fail', state, true);
	SELECT * INTO a FROM booking.attempt('cancel', failing);
	RETURN format('ok %s, code %s, sqlstate %s, http %s, conflicts %s', a.ok, a.code, a.sqlstate, a.http_status, a.conflicts);
EXCEPTION WHEN query_canceled OR OTHERS THEN
	RETURN format('raised %s %s', SQLSTATE, SQLERRM);
END $$;
SELECT state, passes_on(state, jsonb_build_object('booking', :'bob', 'reason', 'weather')) FROM unnest(
	'{22023,22004,22012,23P01,ZB001,ZB999,42501,55P03,40001,40P01,53200,57014,57P01,XX000,P0001,23505,42P01,0A000}'::text[]) AS state;
DROP TRIGGER zz_fail ON booking.bookings;

/* ---- commands and arguments that are none ---- */

SELECT ok, code, sqlstate, message, left(hint, 40) AS hint FROM booking.attempt('nonsense');
SELECT ok, code, message FROM booking.attempt('');
SELECT ok, code, message FROM booking.attempt(NULL);
SELECT ok, code, message FROM booking.attempt('setup');
SELECT ok, code, message FROM booking.attempt('booking.cancel(NULL); --');
SELECT ok, code, message FROM booking.attempt(repeat('x', 1048576));
-- a function of a user's in the schema is no command
CREATE FUNCTION booking.bulk_cancel(x text) RETURNS text LANGUAGE sql RETURN 'a stranger''s';
CREATE FUNCTION booking.cancel(booking text) RETURNS text LANGUAGE sql RETURN 'a stranger''s';
SELECT ok, left(message, 60) AS message, result FROM booking.attempt('cancel', '{"booking": "x"}');
DROP FUNCTION booking.bulk_cancel(text);
DROP FUNCTION booking.cancel(text);

SELECT ok, code, message, hint FROM booking.attempt('cancel', '{"resaon": "weather"}');
SELECT ok, code, message FROM booking.attempt('cancel', jsonb_build_object('booking', :'bob', ''', NULL); DROP TABLE booking.bookings; --', 1));
SELECT ok, code, message FROM booking.attempt('cancel', jsonb_build_object('booking', :'bob', 'status', 'x'));
SELECT ok, code, sqlstate, message FROM booking.attempt('cancel');
SELECT ok, code, sqlstate, message FROM booking.attempt('cancel', NULL);
SELECT ok, code, message FROM unnest('{[],1,"null","\"x\"","[{\"booking\": 1}]"}'::jsonb[]) AS args, booking.attempt('cancel', args);
-- wrong types
SELECT args, a.ok, a.code, a.sqlstate, a.message FROM unnest(ARRAY[
	'{"booking": "x"}', '{"booking": 1}', '{"booking": {}}', '{"booking": []}', '{"booking": true}',
	jsonb_build_object('booking', :'bob', 'expected_version', 'two'), jsonb_build_object('booking', :'bob', 'expected_version', 1.5),
	jsonb_build_object('booking', :'bob', 'expected_version', 99999999999), jsonb_build_object('booking', :'bob', 'lock_wait', 'perhaps'),
	jsonb_build_object('booking', :'bob', 'reason', '{"a": 1}'::jsonb)]::jsonb[]) WITH ORDINALITY AS t (given, n),
	LATERAL (SELECT named(given::text)) AS s (args), booking.attempt('cancel', given) AS a ORDER BY n;
SELECT args, a.ok, a.code, a.message FROM unnest('{"\"x\"","{}","[1]","[null]","[[]]","\"{}\"","[\"x\"]"}'::jsonb[]) WITH ORDINALITY AS t (args, n),
	booking.attempt('reassign', jsonb_build_object('booking', :'bob', 'resources', args)) AS a ORDER BY n;
SELECT args, a.ok, a.code, a.message FROM unnest('{"\"yesterday, or so\"","12345678901234567890","\"infinity\"","\"2027-02-30\""}'::jsonb[]) WITH ORDINALITY AS t (args, n),
	booking.attempt('reschedule', jsonb_build_object('booking', :'bob', 'starts_at', args)) AS a ORDER BY n;
SELECT a.ok, a.code, length(a.message) < 2000000 AS message FROM booking.attempt('add_note', jsonb_build_object('booking', :'bob', 'body', repeat('x', 1048576))) AS a;
SELECT status, title IS NOT NULL AS title FROM booking.bookings WHERE id = :'bob';

/* ---- the transaction goes on ---- */

BEGIN;
SELECT ok FROM try('book', jsonb_build_object('service', :'massage', 'starts_at', '2027-03-02T10:00:00Z', 'resources', jsonb_build_array(:'room'),
	'customer', '{"name": "Fay"}'::jsonb, 'metadata', '{"name": "fay"}'::jsonb));
SELECT ok, code FROM try('book', jsonb_build_object('service', :'massage', 'starts_at', '2027-03-02T10:30:00Z', 'resources', jsonb_build_array(:'room'),
	'customer', '{"name": "Gus"}'::jsonb, 'metadata', '{"name": "gus"}'::jsonb));
SELECT ok FROM try('book', jsonb_build_object('service', :'massage', 'starts_at', '2027-03-02T11:00:00Z', 'resources', jsonb_build_array(:'room'),
	'customer', '{"name": "Hal"}'::jsonb, 'metadata', '{"name": "hal"}'::jsonb));
COMMIT;
SELECT name FROM ids WHERE name IN ('fay', 'gus', 'hal') ORDER BY name;
-- nothing of a failed command stays, nor of its customer
SELECT name FROM booking.customers WHERE name IN ('Eve', 'Gus');

/* ---- with a key ---- */

SELECT id AS hal FROM ids WHERE name = 'hal' \gset
SELECT ok, code, result FROM try('cancel', jsonb_build_object('booking', :'hal', 'reason', 'no such'), 'k');
SELECT ok, code, result FROM try('cancel', jsonb_build_object('booking', :'hal', 'reason', 'weather'), 'k');
SELECT ok, code, result FROM try('cancel', jsonb_build_object('booking', :'hal', 'reason', 'weather'), 'k');
-- by the function as well
SELECT status, version FROM booking.cancel(:'hal', 'weather', idempotency_key => 'k');
SELECT ok, code, http FROM try('cancel', jsonb_build_object('booking', :'hal', 'reason', 'duplicate'), 'k');
SELECT ok, code, result FROM try('cancel', jsonb_build_object('booking', :'hal', 'reason', 'weather', 'idempotency_key', 'k'));
SELECT ok, code, message FROM try('cancel', jsonb_build_object('booking', :'hal', 'idempotency_key', 'k'), 'k');
SELECT ok, code, message FROM try('cancel', jsonb_build_object('booking', :'hal'), '');
SELECT a.ok, jsonb_array_length(a.result) FROM generate_series(1, 2), booking.attempt('book', jsonb_build_object('service', :'massage',
	'starts_at', '2027-03-03T10:00:00Z', 'resources', jsonb_build_array(:'room'), 'customer', '{"name": "Ida"}'::jsonb), 'set') AS a;

/* ---- a hold that has expired is ended (K1) ---- */

SELECT booking_id AS l FROM booking.hold(:'massage', '2027-03-04 10:00Z', resources => ARRAY[:'room']::uuid[]) \gset
SET booking.now = '2027-03-01 09:30Z';
SELECT ok, code, http, message FROM try('checkout', jsonb_build_object('holds', jsonb_build_array(:'l'), 'customer', '{"name": "Ann"}'::jsonb));
SELECT status, reason_code, actor FROM booking.bookings WHERE id = :'l';
SELECT booking_id AS l FROM booking.hold(:'massage', '2027-03-04 12:00Z', resources => ARRAY[:'room']::uuid[]) \gset
SET booking.now = '2027-03-01 10:30Z';
SELECT ok, code FROM try('reschedule', jsonb_build_object('booking', :'l', 'starts_at', '2027-03-04 14:00Z'), tenant => booking.tenant_id('default'));
SELECT status, reason_code FROM booking.bookings WHERE id = :'l';

/* ---- each of the other commands: what it returns, and a refusal ---- */

SELECT booking.set_setting('service', 'massage', 'no_show_mode', '"auto"') \gset _
INSERT INTO booking.resources (code, name) VALUES ('room-2', 'Room 2');
INSERT INTO booking.services (name, duration, price, deposit) VALUES ('Spa', '1 hour', 100, 30);
INSERT INTO booking.customers (name, email) VALUES ('Kay', 'kay@example.org'), ('Kai', 'kai@example.org');
CREATE FUNCTION a_booking(at timestamptz, status text DEFAULT 'confirmed', service text DEFAULT 'massage') RETURNS uuid LANGUAGE sql AS $$
	INSERT INTO booking.bookings (service_id, starts_at, status, resource_ids, contact, overrides) VALUES (booking.service_id(service), at, status,
		ARRAY[booking.resource_id('room-2')], '{"name": "Zoe"}', '{in_past}') RETURNING id $$;
CREATE FUNCTION b(booking uuid, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql RETURN jsonb_build_object('booking', booking) || more;
-- What came of it on one line, less what other tests show.
CREATE FUNCTION say(command text, args jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN a.ok THEN named(regexp_replace(a.result::text, '"(effects|updated_at|booking_id|starts_at|ends_at)": ("[^"]*"|\[[^]]*\]),? ?', '', 'g'))
		ELSE a.code || ': ' || named(a.message) END FROM booking.attempt(command, args) AS a $$;
SELECT a_booking('2027-03-10 10:00Z') AS x, a_booking('2027-03-10 12:00Z') AS y, a_booking('2027-03-10 14:00Z') AS z, a_booking('2027-03-10 16:00Z', service => 'spa') AS d,
	a_booking('2027-03-10 10:00Z', 'waitlisted') AS w, a_booking('2027-03-10 18:00Z', 'waitlisted') AS v, a_booking('2027-03-01 10:15Z') AS l \gset
SET booking.now = '2027-03-01 10:45Z';
SELECT booking.mark_no_shows();

SELECT say('hold', jsonb_build_object('service', :'massage', 'starts_at', '2027-03-10T22:00Z', 'resources', '[]'::jsonb, 'units', 0)) AS hold;
SELECT a_booking('2027-03-10 20:00Z', 'held') AS hold \gset
SELECT say('refresh_hold', b(:'hold', '{"ttl": "1 hour"}')) ~ '"expires_at": "2027-03-01T11:45:00Z"' AS refresh_hold, say('refresh_hold', b(:'x')) AS refused;
SELECT say('release_hold', b(:'hold')) AS release_hold, say('release_hold', b(NULL)) AS refused;
SELECT say('amend', b(:'x', '{"changes": {"party_size": 2}}')) AS amend, say('amend', b(:'x', '{"changes": {"status": "held"}}')) AS refused;
SELECT say('request_cancellation', b(:'x', '{"reason": "weather"}')) AS request_cancellation, say('request_cancellation', b(:'x')) AS refused;
SELECT say('restore', b(:'x')) AS restore, say('restore', b(:'x')) AS refused;
SELECT say('restore', b(:'l')) AS restore_late, say('confirm', b(:'l')) AS refused;
SELECT say('check_in', b(:'l')) AS check_in, say('check_in', b(:'l')) AS refused;
SELECT say('start_serving', b(:'l')) AS start_serving, say('start_serving', b(:'x')) AS refused;
SELECT say('complete', b(:'l')) AS complete, say('complete', b(:'l')) AS refused;
SELECT say('no_show', b(:'x')) AS no_show;
SELECT say('reschedule', b(:'y', '{"starts_at": "2027-03-11T12:00Z"}')) AS reschedule, say('reschedule', b(:'y', '{"starts_at": "2027-02-01T12:00Z"}')) AS refused;
SELECT say('reassign', b(:'y', jsonb_build_object('resources', jsonb_build_array(:'hall')))) AS reassign, say('reassign', b(:'y', '{"resources": ["00000000-0000-0000-0000-000000000000"]}')) AS refused;
SELECT say('add_note', b(:'y', '{"body": "Quiet"}')) AS add_note, say('add_note', b(:'y', '{"body": null}')) AS refused;
-- the waiting list: with a range of time, in any form that PostgreSQL reads
SELECT say('join_waitlist', jsonb_build_object('service', :'massage', 'wanted', '[2027-03-12 10:00Z,2027-03-12 14:00Z)')) AS join_waitlist,
	say('join_waitlist', jsonb_build_object('service', :'massage', 'wanted', '[2027-03-12 10:00Z,)')) AS refused;
SELECT say('join_waitlist', jsonb_build_object('service', :'massage', 'wanted', 'tomorrow')) AS refused, say('join_waitlist', jsonb_build_object('service', :'massage')) AS nothing;
SELECT say('promote', b(:'v')) AS promote, say('promote', b(:'w')) AS refused;
SELECT say('promote', b(:'v')) AS refused;
-- undo: the token that attempt() returned
SELECT result ->> 'undo_token' AS token FROM booking.attempt('cancel', b(:'z', '{"reason": "weather"}')) \gset
SELECT say('reverse', jsonb_build_object('token', :'token')) AS reverse, say('reverse', jsonb_build_object('token', :'token')) AS refused;
SELECT say('reverse', '{"token": "none"}') AS refused, say('reverse', '{"token": null}') AS nothing;
-- many at once
SELECT say('bulk_reassign', jsonb_build_object('bookings', jsonb_build_array(:'y', :'l'), 'resource', :'room')) AS bulk_reassign;
SELECT say('bulk_reassign', jsonb_build_object('bookings', jsonb_build_array(:'y'), 'strategy', 'at random')) AS refused;
SELECT say('bulk_cancel', jsonb_build_object('bookings', jsonb_build_array(:'y', :'l'), 'reason', 'weather')) AS bulk_cancel;
SELECT say('bulk_cancel', jsonb_build_object('bookings', jsonb_build_array(:'x', :'l'), 'reason', 'weather', 'all_or_nothing', true)) AS refused;
SELECT status FROM booking.bookings WHERE id = :'x';
-- payments and customers
SELECT say('record_payment', b(:'d', '{"amount": 10, "provider": "bank", "reference": "1"}')) AS record_payment;
SELECT say('record_payment', b(:'d', '{"amount": "10.00", "provider": "bank", "reference": "1"}')) AS again;
SELECT say('record_payment', b(:'d', '{"amount": 20, "provider": "bank", "reference": "1"}')) AS refused, say('record_payment', b(:'d', '{"amount": 10, "provider": "bank"}')) AS less;
SELECT say('checkout', jsonb_build_object('holds', jsonb_build_array(:'d'), 'customer', '{"name": "Zoe"}'::jsonb)) AS checkout_refused;
SELECT say('record_refund', '{"provider": "bank", "reference": "1"}') AS refused;
SELECT say('cancel', b(:'d', '{"reason": "weather"}')) AS cancel, say('record_refund', '{"provider": "bank", "reference": "1"}') AS record_refund;
SELECT say('merge_customers', jsonb_build_object('keep', c.id, 'drop', d.id)) AS merge_customers, say('merge_customers', jsonb_build_object('keep', c.id, 'drop', c.id)) AS refused
  FROM booking.customers AS c, booking.customers AS d WHERE c.name = 'Kay' AND d.name = 'Kai';
-- what is for staff is for nobody else, and nobody sees somebody else's
SET ROLE regress_client;
SELECT command, a.ok, a.code, a.message FROM unnest('{restore,promote,bulk_cancel,bulk_reassign,record_payment,record_refund,merge_customers}'::text[]) AS command,
	booking.attempt(command) AS a;
SELECT say('amend', b(:'x', '{"changes": {"party_size": 3}}')) AS refused;
RESET ROLE;

SELECT booking.revoke_access('regress_client') \gset _
REVOKE ALL ON ids FROM PUBLIC;
DROP ROLE regress_client;
