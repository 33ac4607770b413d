-- Forgetting a customer (U9): nothing of him is left anywhere, and history stays sound.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';
SET client_min_messages = warning;

INSERT INTO booking.resources (code, name, owner) VALUES ('room', 'Room', 'zoe-login'), ('room-2', 'Room 2', NULL);
INSERT INTO booking.services (name, duration, price) VALUES ('Massage', '1 hour', 60);
INSERT INTO booking.questions (code, prompt) VALUES ('allergies', 'Allergies?');
SELECT booking.service_id('massage') AS massage \gset

-- All there is about a person, in every place that takes it.
CREATE ROLE regress_erase_zoe;
SELECT booking.grant_access('regress_erase_zoe', 'client', 'zoe-login');
SELECT booking.set_context(actor => 'zoe-login', actor_kind => 'customer', conversation => 'sms:zoe-phone', session => true) \gset _
SELECT booking_id AS done FROM booking.book(:'massage', '2027-03-01 10:00Z',
	'{"name": "Zoe Quill", "email": "Zoe@Quill.example", "phone": "zoe-phone", "locale": "zoe-locale"}', answers => '{"allergies": "zoe-answer"}',
	title => 'zoe-title', description => 'zoe-description', attendees => '["zoe-guest"]', metadata => '{"crm": "zoe-metadata"}') \gset
SELECT version FROM booking.add_note(:'done', 'zoe-note of herself', 'customer');
UPDATE booking.bookings SET title = 'zoe-title again', request_id = gen_random_uuid(), change_metadata = '{"why": "typo"}' WHERE id = :'done';
SELECT booking_id AS gone FROM booking.hold(:'massage', '2027-03-01 12:00Z') \gset
SELECT booking.set_context(actor => 'sue', actor_kind => 'staff', session => true) \gset _
SELECT id AS zoe FROM booking.customers \gset
INSERT INTO booking.customers (name) VALUES ('Bob');
-- hers for a time
SELECT booking_id AS once FROM booking.book(:'massage', '2027-03-01 14:00Z', jsonb_build_object('id', :'zoe'), title => 'zoe-once') \gset
UPDATE booking.bookings SET customer_id = (SELECT id FROM booking.customers WHERE name = 'Bob'), title = 'for Bob' WHERE id = :'once';
UPDATE booking.bookings SET title = 'for Bob alone' WHERE id = :'once';
-- nobody's, but made with her address
SELECT booking_id AS stray FROM booking.hold(:'massage', '2027-03-01 15:00Z') \gset
UPDATE booking.bookings SET contact = '{"email": " zoe@quill.EXAMPLE", "name": "Zoe Q."}' WHERE id = :'stray';
SELECT booking.release_hold(:'stray');
SELECT version FROM booking.add_note(:'done', 'zoe-note of staff');
-- by her for somebody else
SELECT booking.set_context(actor => 'zoe-login', actor_kind => 'customer', session => true) \gset _
SELECT booking_id AS forbob FROM booking.book(:'massage', '2027-03-01 16:00Z', '{"email": "bob@example.com", "name": "Bob too"}') \gset
UPDATE booking.customers SET actor = NULL WHERE email_key = 'bob@example.com';
SELECT booking.set_context(session => true) \gset _
-- removed meanwhile, in the audit trail still
SELECT booking_id AS purged FROM booking.book(:'massage', '2027-02-28 10:00Z', jsonb_build_object('id', :'zoe'), title => 'zoe-purged', override => '{in_past}') \gset
SELECT status FROM booking.cancel(:'purged', 'weather');
SET booking.now = '2027-03-02 09:01Z';
SELECT booking.purge('1 day', true);
SET booking.now = '2027-03-01 09:00Z';

-- in what follows from commands: undo tokens, answers under keys, the waiting list, external calendars, imports
SELECT booking.set_context(actor => 'zoe-login', actor_kind => 'customer', session => true) \gset _
SELECT booking_id AS keyed FROM booking.book(:'massage', '2027-03-01 10:00Z', '{"email": "zoe@quill.example"}', resources => ARRAY[booking.resource_id('room-2')],
	idempotency_key => 'zoe-key') \gset
SELECT undo_token IS NOT NULL AS token FROM booking.reschedule(:'keyed', '2027-03-01 09:30Z');
SELECT position FROM booking.join_waitlist(:'massage', '2027-03-01 10:30Z', customer => :'zoe', metadata => '{"why": "zoe-waits"}');
SELECT booking.set_context(actor => 'zoe-login', actor_kind => 'staff', session => true) \gset _
SELECT batch_token IS NOT NULL AS token FROM booking.bulk_cancel(ARRAY[:'keyed']::uuid[], 'weather');
SELECT booking.set_context(session => true) \gset _
INSERT INTO booking.external_refs (booking_id, provider, external_id, data) VALUES (:'done', 'google', 'evt-1', '{"attendees": ["zoe@quill.example"]}');
SET booking.import = on;
INSERT INTO booking.bookings (service_id, status, starts_at, resource_ids, customer_id, booked_by, title)
	VALUES (:'massage', 'completed', '2026-03-01 10:00Z', ARRAY[booking.resource_id('room')], :'zoe', 'zoe-login', 'zoe-imported');
RESET booking.import;

CREATE FUNCTION traces() RETURNS TABLE (relation text, line text) LANGUAGE plpgsql AS $$
BEGIN
	FOR relation IN SELECT c.relname FROM pg_class AS c
		WHERE c.relnamespace = 'booking'::regnamespace AND c.relkind = 'r' ORDER BY c.relname COLLATE "C"
	LOOP
		RETURN QUERY EXECUTE format('SELECT %L::text, t::text FROM booking.%I AS t WHERE t::text ~* ''zoe|quill''', relation, relation);
	END LOOP;
END
$$;
SELECT relation, count(*) FROM traces() GROUP BY relation ORDER BY relation COLLATE "C";
-- a plain hold costs no second audit row
SELECT booking_id AS h FROM booking.hold(:'massage', '2027-03-03 15:00Z') \gset
SELECT count(*) FROM booking.audit_private WHERE booking_id = :'h';

-- who may, and when
SELECT booking.erase_customer(NULL);
SELECT booking.erase_customer('00000000-0000-0000-0000-000000000000');
\echo :SQLSTATE
SELECT booking.set_context(actor_kind => 'customer', session => true) \gset _
SELECT booking.erase_customer(:'zoe');
\echo :SQLSTATE
SELECT booking.set_context(session => true) \gset _
SELECT booking.erase_customer(:'zoe');
\echo :SQLSTATE
SET booking.now = '2027-03-01 11:30Z';
CREATE TABLE before AS SELECT tenant_id, booking_id, version, old_values, new_values - 'booked_by' AS new_values, private_digest, metadata, at, tx FROM booking.audit_log;
CREATE TABLE others AS SELECT * FROM booking.audit_private WHERE booking_id = :'once' AND version > 2;
SELECT * FROM booking.erase_customer(:'zoe');
SELECT relation, regexp_replace(line, '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', '<id>', 'g') FROM traces();
-- the sealed values are what they were
SELECT count(*) AS changed FROM (TABLE before EXCEPT SELECT tenant_id, booking_id, version, old_values, new_values - 'booked_by', private_digest, metadata, at, tx
	FROM booking.audit_log) AS t;
SELECT actor, count(*) FROM booking.audit_log GROUP BY actor ORDER BY actor;
-- what is somebody else's stays
SELECT count(*) AS of_others FROM (TABLE others INTERSECT TABLE booking.audit_private) AS t;
SELECT title, contact FROM booking.bookings WHERE id IN (:'once', :'forbob') ORDER BY starts_at;
-- the booking itself too: when, what for, how much
SELECT b.status, b.starts_at, b.version, b.price, b.customer_id = :'zoe' AS hers, b.contact, b.title, b.metadata, b.booked_by, o.total
  FROM booking.bookings AS b JOIN booking.orders AS o ON o.id = b.order_id WHERE b.id = :'done';
SELECT email, name, phone, locale, notify, actor FROM booking.customers WHERE id = :'zoe';
SELECT count(*) FROM booking.principals;
SELECT customer_id = :'zoe' AS hers, bookings, notes, answers, audit_values, erased_by, erased_at FROM booking.erasures;
-- again finds what has come since; a booking of hers goes on
SELECT status FROM booking.check_in(:'done');
SELECT * FROM booking.erase_customer(:'zoe');
-- nobody else may do any of that
DELETE FROM booking.audit_private;
UPDATE booking.audit_log SET actor = 'nobody';
DELETE FROM booking.erasures;
SELECT booking.revoke_access('regress_erase_zoe');
DROP ROLE regress_erase_zoe;
