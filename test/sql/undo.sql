-- Undo (U5, U6): every command that can be undone, undone and compared row for
-- row; undone again; the errors of a token; and what a token must not tell.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (id, code, name) VALUES
	('00000000-0000-0000-0000-00000000000a', 'room-1', 'Room 1'),
	('00000000-0000-0000-0000-00000000000b', 'room-2', 'Room 2');
INSERT INTO booking.services (code, name, duration, price, tax_rate, buffer_after) VALUES
	('massage', 'Massage', '1 hour', 90, 20, '10 minutes'), ('sauna', 'Sauna', '2 hours', 0, 0, '0');
INSERT INTO booking.services (code, name, duration, price, price_unit) VALUES
	('court', 'Court', '1 hour', 30, 'per_hour');
SELECT booking.service_id('massage') AS massage, booking.service_id('sauna') AS sauna,
	booking.service_id('court') AS court, booking.branch_id('main') AS main,
	booking.tenant_id('default') AS tenant \gset
SELECT booking.set_context(actor => 'sue', actor_kind => 'staff', session => true) \gset _

-- All there is of a booking, but for who changed it last, and when.
CREATE FUNCTION state(b uuid) RETURNS jsonb LANGUAGE sql STABLE RETURN (
	SELECT jsonb_build_object(
		'booking', to_jsonb(b) - '{version,updated_at,actor,actor_kind,channel,request_id,overrides,change_metadata}'::text[],
		'session', (SELECT to_jsonb(s) - 'updated_at' FROM booking.service_sessions AS s WHERE s.booking_id = b.id),
		'occupies', (SELECT jsonb_agg(to_jsonb(a) ORDER BY a.resource_id) FROM booking.allocations AS a WHERE a.booking_id = b.id),
		'order', (SELECT to_jsonb(o) - 'updated_at' FROM booking.orders AS o WHERE o.id = b.order_id),
		'item', (SELECT to_jsonb(i) - 'voided_at' || jsonb_build_object('void', voided_at IS NOT NULL)
				   FROM booking.order_items AS i WHERE i.booking_id = b.id AND i.order_id = b.order_id))
	FROM booking.bookings AS b WHERE b.id = state.b);
-- What differs between two states.
CREATE FUNCTION differs(a jsonb, b jsonb) RETURNS text LANGUAGE sql IMMUTABLE RETURN (
	SELECT string_agg(format('%s.%s: %s, %s', p.key, k.key, k.value, b -> p.key -> k.key), '; ')
	  FROM jsonb_each(a) AS p CROSS JOIN LATERAL jsonb_each(
		CASE WHEN jsonb_typeof(p.value) = 'object' AND jsonb_typeof(b -> p.key) = 'object' THEN p.value
			 ELSE jsonb_build_object('all', p.value) END) AS k
	 WHERE (CASE k.key WHEN 'all' THEN b -> p.key ELSE b -> p.key -> k.key END) IS DISTINCT FROM k.value);
-- Does something, undoes it, undoes that, and undoes that too.
CREATE FUNCTION there_and_back(b uuid, command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	before jsonb := state(b);
	after jsonb;
	wanted jsonb;
	token text;
	result record;
BEGIN
	EXECUTE command USING b;
	SELECT coalesce(booking.issue_undo(b), 'none') INTO token;
	after := state(b);
	FOR i IN 1..3 LOOP
		SET booking.now = '2027-03-01 09:05Z';
		SELECT * INTO STRICT result FROM booking.reverse(token);
		RESET booking.now;
		SET booking.now = '2027-03-01 09:00Z';
		wanted := CASE i % 2 WHEN 1 THEN before ELSE after END;
		IF state(b) IS DISTINCT FROM wanted THEN
			RETURN format('undo %s: ', i) || differs(wanted, state(b));
		END IF;
		token := result.undo_token;
	END LOOP;
	RETURN result.status || ', as before';
END $$;
CREATE FUNCTION made(service uuid, at timestamptz, status text DEFAULT 'confirmed') RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
	b uuid;
BEGIN
	SELECT booking_id INTO b FROM booking.book(service, at, jsonb_build_object('name', 'Ann', 'email', 'ann@example.org'),
		title => 'A title', attendees => '[{"email": "bob@example.org"}]', metadata => '{"a": {"b": [1, 2.50, null]}}');
	IF status IN ('checked_in', 'being_served', 'completed') THEN PERFORM booking.check_in(b); END IF;
	IF status IN ('being_served', 'completed') THEN PERFORM booking.start_serving(b); END IF;
	RETURN b;
END $$;

-- Errors without what differs from run to run.
CREATE FUNCTION refusal(command text) RETURNS TABLE (sqlstate text, message text, detail text, hint text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE command;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN QUERY SELECT SQLSTATE, message, regexp_replace(detail, '[0-9a-f]{8}-[-0-9a-f]{27}', '<id>', 'g'), hint;
END $$;

---- every command that can be undone ----

SELECT there_and_back(made(:'massage', '2027-03-02 10:00Z'), 'SELECT booking.cancel($1, ''weather'')') AS cancel;
SELECT there_and_back(made(:'sauna', '2027-03-02 12:00Z'), 'SELECT booking.cancel($1, ''weather'')') AS cancel_free;
SELECT there_and_back(made(:'massage', '2027-03-03 10:00Z'), 'SELECT booking.check_in($1)') AS check_in;
SELECT there_and_back(made(:'massage', '2027-03-03 12:00Z', 'checked_in'), 'SELECT booking.start_serving($1)') AS start_serving;
SELECT there_and_back(made(:'massage', '2027-03-03 14:00Z', 'being_served'), 'SELECT booking.cancel($1, ''weather'')') AS cancel_served;
SELECT there_and_back(made(:'massage', '2027-03-03 16:00Z', 'checked_in'), 'SELECT booking.cancel($1, ''weather'')') AS cancel_there;
SELECT there_and_back(made(:'massage', '2027-03-04 10:00Z'), 'SELECT booking.reschedule($1, ''2027-03-04 15:00Z'')') AS reschedule;
SELECT there_and_back(made(:'court', '2027-03-04 12:00Z'), 'SELECT booking.reschedule($1, duration => ''3 hours'')') AS longer_and_dearer;
SELECT there_and_back(made(:'massage', '2027-03-05 10:00Z'),
	'SELECT booking.reassign($1, ARRAY[booking.resource_id(''room-2'')])') AS reassign;
SELECT there_and_back(made(:'massage', '2027-03-05 13:00Z'), 'UPDATE booking.bookings SET title = NULL, description = ''x'',
	attendees = NULL, metadata = ''{}'', contact = ''{"name": "Eve"}'' WHERE id = $1') AS amend;
SELECT there_and_back(made(:'massage', '2027-03-05 15:00Z'), 'UPDATE booking.bookings SET price = 10 WHERE id = $1') AS reprice;
SELECT there_and_back(made(:'sauna', '2027-03-05 18:00Z'), 'UPDATE booking.bookings SET price = 10 WHERE id = $1') AS priced;
SELECT there_and_back(made(:'massage', '2027-03-06 10:00Z'), format('UPDATE booking.bookings SET service_id = %L,
	ends_at = ends_at + interval ''1 hour'' WHERE id = $1', :'sauna')) AS other_service;
SELECT there_and_back(made(:'massage', '2027-03-06 14:00Z'), 'UPDATE booking.bookings SET status = ''pending_cancellation'' WHERE id = $1') AS request_cancellation;
SELECT made(:'massage', '2027-03-06 16:00Z') AS b \gset
UPDATE booking.bookings SET status = 'pending_cancellation' WHERE id = :'b';
SELECT there_and_back(:'b', 'UPDATE booking.bookings SET status = ''confirmed'' WHERE id = $1') AS restore;
UPDATE booking.services SET settings = '{"approval": true, "pending_ttl": "2 hours"}' WHERE id = :'massage';
SELECT there_and_back(made(:'massage', '2027-03-07 10:00Z'), 'SELECT booking.confirm($1)') AS confirm;
UPDATE booking.services SET settings = '{}' WHERE id = :'massage';
SELECT booking_id AS hold FROM booking.hold(:'massage', '2027-03-07 14:00Z', ttl => '1 hour') \gset
SELECT there_and_back(:'hold', 'SELECT booking.cancel($1, ''weather'')') AS cancel_hold;
SELECT there_and_back(:'hold', 'SELECT booking.reschedule($1, ''2027-03-07 18:00Z'')') AS move_hold;
INSERT INTO booking.bookings (service_id, starts_at, status) VALUES (:'massage', '2027-03-07 20:00Z', 'waitlisted')
	RETURNING id AS waits \gset
SELECT there_and_back(:'waits', 'SELECT booking.cancel($1, ''weather'')') AS cancel_waiting;
SELECT there_and_back(:'waits', 'UPDATE booking.bookings SET status = ''held'', hold_ttl = ''1 hour'' WHERE id = $1') AS promoted;

-- on the day: what takes place at its time
SELECT made(:'massage', '2027-03-01 08:30Z', 'being_served') AS b FROM set_config('booking.now', '2027-03-01 08:00Z', false) \gset
SET booking.now = '2027-03-01 09:00Z';
SELECT token.* FROM state(:'b') AS before, booking.complete(:'b') AS done,
	LATERAL (SELECT r.status, r.version, r.effects FROM booking.reverse(done.undo_token) AS r) AS token;
SELECT made(:'sauna', '2027-03-01 06:30Z', 'being_served') AS b FROM set_config('booking.now', '2027-03-01 06:00Z', false) \gset
SET booking.now = '2027-03-01 09:00Z';
SELECT there_and_back(:'b', 'SELECT booking.complete($1)') AS complete;
SELECT made(:'massage', '2027-03-01 05:00Z') AS b FROM set_config('booking.now', '2027-03-01 04:00Z', false) \gset
SET booking.now = '2027-03-01 09:00Z';
SELECT there_and_back(:'b', 'SELECT booking.no_show($1)') AS no_show;

-- whatever the session's way to write times
SET DateStyle = 'SQL, DMY';
SET IntervalStyle = 'sql_standard';
SET TimeZone = 'Asia/Kathmandu';
SELECT there_and_back(:'hold', 'UPDATE booking.bookings SET status = ''cancelled'', reason_code = ''weather'', hold_ttl = ''-1 day 02:03:04.000005'' WHERE id = $1') AS styles;
RESET DateStyle;
RESET IntervalStyle;
RESET TimeZone;

---- tokens are returned by commands, and by nothing else ----

SELECT made(:'massage', '2027-03-08 10:00Z') AS b \gset
SELECT undo_token IS NOT NULL AS token, length(undo_token) FROM booking.check_in(:'b');
SELECT undo_token FROM booking.add_note(:'b', 'hello');
-- a change that changed nothing has nothing to undo
SELECT made(:'massage', '2027-03-08 12:00Z') AS b \gset
SELECT version, undo_token FROM booking.reschedule(:'b', '2027-03-08 12:00Z');
-- nor has what the setting says
UPDATE booking.services SET settings = '{"undo_window": 0}' WHERE id = :'massage';
SELECT status, undo_token FROM booking.check_in(:'b');
SELECT booking.issue_undo(:'b');
\echo :SQLSTATE
UPDATE booking.services SET settings = '{}' WHERE id = :'massage';

---- the errors of a token ----

SELECT made(:'massage', '2027-03-09 10:00Z') AS b \gset
SELECT undo_token AS t FROM booking.cancel(:'b', 'weather') \gset
-- unknown: hostile ones, and one of another change
SELECT * FROM booking.reverse(NULL);
\echo :SQLSTATE
SELECT * FROM booking.reverse('');
\echo :SQLSTATE
SELECT * FROM booking.reverse(repeat('x', 1048576));
\echo :SQLSTATE
SELECT * FROM booking.reverse('not base64 !! ' || :'t');
SELECT * FROM booking.reverse(:'t' || '=');
SELECT * FROM booking.reverse(:'t' || 'A');
SELECT * FROM booking.reverse(left(:'t', -1));
SELECT * FROM booking.reverse(lower(:'t'));
SELECT * FROM booking.reverse(translate(:'t', '-_', '+/') || E'\n');
-- one that differs in any one character
DO $$
DECLARE
	t text := booking.issue_undo((SELECT id FROM booking.bookings WHERE starts_at = '2027-03-09 10:00Z'));
	n int := 0;
BEGIN
	FOR i IN 1..length(t) LOOP
		BEGIN
			PERFORM booking.reverse(overlay(t placing CASE substr(t, i, 1) WHEN 'A' THEN 'B' ELSE 'A' END from i));
			RAISE NOTICE 'character % does not matter', i;
		EXCEPTION WHEN SQLSTATE 'ZB307' THEN
			n := n + 1;
		END;
	END LOOP;
	RAISE NOTICE '% of % refused', n, length(t);
END $$;
-- a later token takes the place of an earlier one
SELECT * FROM booking.reverse(:'t');
\echo :SQLSTATE
SELECT booking.issue_undo(:'b', 2) AS t \gset
-- expired
SET booking.now = '2027-03-01 09:15Z';
SELECT * FROM booking.reverse(:'t');
\echo :SQLSTATE
SELECT booking.issue_undo(:'b');
\echo :SQLSTATE
SET booking.now = '2027-03-01 09:14:59Z';
SELECT status, version, effects FROM booking.reverse(:'t');
-- used
SELECT * FROM booking.reverse(:'t');
\echo :SQLSTATE
-- stale: also by a note
SELECT undo_token AS t FROM booking.check_in(:'b') \gset
SELECT version FROM booking.add_note(:'b', 'He is late.');
SELECT * FROM refusal(format('SELECT booking.reverse(%L)', :'t')) \gx
SELECT * FROM refusal(format('SELECT booking.issue_undo(%L, 4)', :'b')) \gx
SELECT * FROM refusal(format('SELECT booking.issue_undo(%L)', :'b')) \gx
SELECT booking.issue_undo(NULL);
\echo :SQLSTATE
SELECT booking.issue_undo('00000000-0000-0000-0000-000000000000');
\echo :SQLSTATE
SELECT version, status FROM booking.bookings WHERE id = :'b';
SET booking.now = '2027-03-01 09:00Z';

-- the slot was taken meanwhile: nothing changes, and the token stays good
SELECT made(:'massage', '2027-03-10 10:00Z') AS b \gset
UPDATE booking.bookings SET resource_ids = ARRAY[booking.resource_id('room-1')] WHERE id = :'b';
SELECT undo_token AS t FROM booking.reschedule(:'b', '2027-03-10 15:00Z') \gset
SELECT booking_id AS other FROM booking.book(:'massage', '2027-03-10 10:30Z', '{"name": "Eve"}',
	resources => ARRAY[booking.resource_id('room-1')]) \gset
SELECT sqlstate, message FROM refusal(format('SELECT booking.reverse(%L)', :'t'));
SELECT status FROM booking.cancel(:'other', 'weather');
SELECT status FROM booking.reverse(:'t');
SELECT starts_at FROM booking.bookings WHERE id = :'b';

-- what was a hold or a request is over by now
SELECT booking_id AS hold FROM booking.hold(:'massage', '2027-03-11 10:00Z', ttl => '1 minute') \gset
SELECT undo_token AS t FROM booking.cancel(:'hold', 'weather') \gset
SET booking.now = '2027-03-01 09:01Z';
SELECT * FROM refusal(format('SELECT booking.reverse(%L)', :'t')) \gx
SELECT booking_id AS hold FROM booking.hold(:'massage', '2027-03-11 10:00Z', ttl => '1 minute') \gset
SELECT undo_token AS t FROM booking.reschedule(:'hold', '2027-03-11 16:00Z') \gset
SET booking.now = '2027-03-01 09:02Z';
SELECT * FROM refusal(format('SELECT booking.reverse(%L)', :'t')) \gx
SET booking.now = '2027-03-01 09:00Z';

-- personal data that the change removed was erased
SELECT made(:'massage', '2027-03-11 10:00Z') AS b \gset
UPDATE booking.bookings SET title = NULL WHERE id = :'b';
SELECT booking.issue_undo(:'b') AS t \gset
BEGIN;
SET LOCAL session_replication_role = replica;
ALTER TABLE booking.audit_private DISABLE TRIGGER derived_guard;
DELETE FROM booking.audit_private WHERE booking_id = :'b' AND version = 2;
SELECT * FROM refusal(format('SELECT booking.reverse(%L)', :'t')) \gx
ROLLBACK;
SELECT status FROM booking.reverse(:'t');

---- rules that others count on hold; others don't ----

UPDATE booking.services SET settings = '{"max_advance": "1 day", "cancel_notice": "100 days"}' WHERE id = :'massage';
SELECT booking_id AS b FROM booking.book(:'massage', '2027-03-11 13:00Z', '{"name": "Ann"}', override => '{max_advance}') \gset
SELECT r.status FROM booking.cancel(:'b', 'weather') AS c, booking.reverse(c.undo_token) AS r;
UPDATE booking.services SET settings = '{}' WHERE id = :'massage';

---- effects: withdrawn, asked for again, corrected ----

SELECT made(:'massage', '2027-03-12 10:00Z') AS b \gset
SELECT undo_token AS t, effects FROM booking.cancel(:'b', 'weather') \gset
SELECT undo_token AS t, effects FROM booking.reverse(:'t') \gset
\echo :effects
SELECT undo_token AS t, effects FROM booking.reverse(:'t') \gset
\echo :effects
SELECT booking_version, topic, event, status FROM booking.outbox WHERE booking_id = :'b' AND booking_version > 1
 ORDER BY 1, 2;
UPDATE booking.outbox SET status = CASE topic WHEN 'notification' THEN 'sent' ELSE 'leased' END
 WHERE booking_id = :'b' AND booking_version = 4;
SELECT undo_token AS t, effects FROM booking.reverse(:'t') \gset
\echo :effects
SELECT booking_version, topic, event, status FROM booking.outbox WHERE booking_id = :'b' AND booking_version > 3
 ORDER BY 1, 2;
SELECT version, action, reversible, old_values ->> 'status' AS was, status FROM booking.audit_log
 WHERE booking_id = :'b' ORDER BY version;

---- who may ----

CREATE ROLE regress_undo_ann;
CREATE ROLE regress_undo_eve;
CREATE ROLE regress_undo_staff;
SELECT booking.grant_access('regress_undo_ann', 'client', 'ann'), booking.grant_access('regress_undo_eve', 'client', 'eve'),
	booking.grant_access('regress_undo_staff', 'staff');
SET ROLE regress_undo_ann;
SELECT booking_id AS b FROM booking.book(:'massage', '2027-03-13 10:00Z', '{"name": "Ann"}') \gset
SELECT undo_token AS t FROM booking.cancel(:'b', 'customer_request') \gset
SELECT booking.issue_undo(:'b');
\echo :SQLSTATE
SELECT * FROM booking.undo_tokens;
\echo :SQLSTATE
SET ROLE regress_undo_eve;
SELECT * FROM booking.reverse(:'t');
\echo :SQLSTATE
SET ROLE regress_undo_ann;
SELECT status, version FROM booking.reverse(:'t');
-- what staff has done is not hers to undo, though the booking is
SET ROLE regress_undo_staff;
SELECT undo_token AS t FROM booking.cancel(:'b', 'weather') \gset
SET ROLE regress_undo_ann;
SELECT * FROM booking.reverse(:'t');
\echo :SQLSTATE
SET ROLE regress_undo_staff;
SELECT undo_token AS t FROM booking.reverse(:'t') \gset
-- staff that acts for a customer has that customer's rights
SELECT booking.set_context(actor => 'eve', actor_kind => 'customer', session => true) \gset _
SELECT * FROM booking.reverse(:'t');
\echo :SQLSTATE
SELECT booking.set_context(actor => 'sue', actor_kind => 'staff', session => true) \gset _
RESET ROLE;
-- a quota holds for a customer, who could come to have more by undo
UPDATE booking.services SET settings = '{"quota_customer_day": 1}' WHERE id = :'massage';
INSERT INTO booking.customers (name, actor) VALUES ('Ann', 'ann') RETURNING id AS ann \gset
SET ROLE regress_undo_ann;
SELECT booking_id AS b FROM booking.book(:'massage', '2027-03-14 10:00Z', jsonb_build_object('id', :'ann')) \gset
SELECT undo_token AS t FROM booking.cancel(:'b', 'customer_request') \gset
SELECT booking_id AS b FROM booking.book(:'massage', '2027-03-14 14:00Z', jsonb_build_object('id', :'ann')) \gset
SELECT * FROM booking.reverse(:'t');
\echo :SQLSTATE
RESET ROLE;
SELECT status FROM booking.reverse(:'t');
-- another tenant
INSERT INTO booking.tenants (code, name) VALUES ('other', 'Other');
SELECT booking.set_context(tenant => :'tenant', actor => 'sue', actor_kind => 'staff', session => true) \gset _
SELECT undo_token AS t FROM booking.cancel(:'b', 'weather') \gset
SELECT * FROM booking.reverse(:'t', tenant => booking.tenant_id('other'));
\echo :SQLSTATE
SET ROLE regress_undo_staff;
SELECT status FROM booking.reverse(:'t', tenant => :'tenant');
SELECT * FROM booking.reverse(:'t', tenant => gen_random_uuid());
\echo :SQLSTATE
RESET ROLE;

---- no secret is stored, and none can be guessed from what is ----

SELECT count(*) FILTER (WHERE octet_length(secret_hash) = 32) = count(*) AS hashes,
	count(DISTINCT secret_hash) = count(*) AS differ
  FROM booking.undo_tokens;
SELECT undo_token AS t FROM booking.reschedule(:'b', '2027-03-14 16:00Z') \gset
SELECT count(*) AS found FROM booking.undo_tokens AS t
 WHERE t::text LIKE '%' || :'t' || '%' OR position(substr(decode(rpad(translate(:'t', '-_', '+/'), 72, '='), 'base64'), 21) IN t.secret_hash) > 0;
SELECT count(*) = 1 AS is_hash FROM booking.undo_tokens AS t
 WHERE secret_hash = sha256(decode(rpad(translate(:'t', '-_', '+/'), 72, '='), 'base64'));

RESET booking.now;
DROP OWNED BY regress_undo_ann, regress_undo_eve, regress_undo_staff;
DROP ROLE regress_undo_ann, regress_undo_eve, regress_undo_staff;
