-- Questions and answers (K2, K10), notes, and the fields of a booking (V5).
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (code, name, capacity) VALUES ('hall', 'Hall', 1000);
INSERT INTO booking.services (name, duration, min_party, max_party)
	VALUES ('Dinner', '2 hours', 2, 8), ('Lunch', '1 hour', 1, NULL);
SELECT booking.service_id('dinner') AS dinner, booking.service_id('lunch') AS lunch \gset

---- questions: of a type, for all services or for one, in order ----

INSERT INTO booking.questions (code, service_id, prompt, type, options, required, position) VALUES
	('allergies', NULL, 'Any allergies?', 'text', NULL, false, 3),
	('menu', :'dinner', 'Which menu?', 'choice', '{meat,fish,vegan}', true, 1),
	('guests', :'dinner', 'How many children?', 'number', NULL, false, 2),
	('birthday', :'dinner', 'Whose birthday is it, and when?', 'date', NULL, false, 4),
	('terrace', :'lunch', 'Outside?', 'boolean', NULL, true, 1),
	('old', NULL, 'No longer asked', 'text', NULL, true, 0);
UPDATE booking.questions SET active = false WHERE code = 'old';
SELECT s.code AS service, q.code, q.prompt, q.type, q.options, q.required
  FROM booking.questions_for(ARRAY[:'lunch', :'dinner']::uuid[]) AS q
	JOIN booking.services AS s ON s.id = q.service_id;
SELECT count(*) FROM booking.questions_for('{}');
-- one that nobody could answer
\set VERBOSITY sqlstate
INSERT INTO booking.questions (prompt, type) VALUES ('Which?', 'choice');
INSERT INTO booking.questions (prompt, type) VALUES ('Which?', 'colour');
INSERT INTO booking.questions (prompt, type) VALUES ('', 'text');
\set VERBOSITY default

---- answers of the wrong form ----

CREATE FUNCTION pg_temp.answer(answers jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT status FROM booking.book(booking.service_id('dinner'), '2027-03-01 18:00Z', '{"name": "Ann"}',
	answers => answer.answers));
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT a AS answers, pg_temp.answer(a) FROM (VALUES
	(1, '{"menu": "beef"}'::jsonb), (2, '{"menu": 1}'), (3, '{"menu": ["fish"]}'),
	(4, '{"menu": "fish", "guests": "2"}'),
	(5, '{"menu": "fish", "birthday": "2027-02-30"}'), (6, '{"menu": "fish", "birthday": "yesterday"}'),
	(7, '{"menu": "fish", "nothing": 1}'), (8, '{"menu": "fish", "old": "x"}'),
	(9, '{"menu": "fish", "allergies": {"a": 1}}'),
	(10, '[]'), (11, '"menu"'),
	(12, '{"menu": "fish", "guests": 2, "birthday": "2027-03-01", "allergies": "none\nat all"}')) AS v (n, a) ORDER BY n;
SELECT q.code, a.value FROM booking.answers AS a JOIN booking.questions AS q ON q.id = a.question_id
	ORDER BY q.position;
-- by id as well as by code; null is no answer
SELECT id AS menu FROM booking.questions WHERE code = 'menu' \gset
SELECT pg_temp.answer(jsonb_build_object(:'menu', 'meat', 'guests', NULL));
SELECT count(*) FROM booking.answers;

---- required, unless staff says otherwise ----

SELECT booking.set_context(actor => 'ann', actor_kind => 'customer', session => true) \gset _
SELECT pg_temp.answer('{}');
SELECT pg_temp.answer('{"menu": null}');
SELECT pg_temp.answer('{"menu": "vegan"}');
-- one of several in a checkout, and answers given for all or for one
SELECT booking_id AS a FROM booking.hold(:'dinner', '2027-03-02 18:00Z') \gset
SELECT booking_id AS b FROM booking.hold(:'lunch', '2027-03-02 12:00Z') \gset
SELECT status FROM booking.checkout(ARRAY[:'a', :'b']::uuid[], '{"name": "Ann"}', '{"menu": "fish"}');
\echo :SQLSTATE
SELECT status FROM booking.checkout(ARRAY[:'a', :'b']::uuid[], '{"name": "Ann"}',
	jsonb_build_object('allergies', 'nuts', :'a', '{"menu": "fish"}'::jsonb, :'b', '{"terrace": true}'::jsonb));
SELECT s.code AS service, q.code, a.value FROM booking.answers AS a
	JOIN booking.questions AS q ON q.id = a.question_id
  JOIN booking.bookings AS b ON b.id = a.booking_id JOIN booking.services AS s ON s.id = b.service_id
 WHERE a.booking_id IN (:'a', :'b') ORDER BY 1, 2;
-- by plain SQL the same
INSERT INTO booking.bookings (service_id, status, starts_at, contact)
	VALUES (:'dinner', 'confirmed', '2027-03-03 18:00Z', '{"name": "Ann"}');
\echo :SQLSTATE
SELECT booking.set_context(session => true) \gset _
INSERT INTO booking.bookings (service_id, status, starts_at, contact)
	VALUES (:'dinner', 'confirmed', '2027-03-03 18:00Z', '{"name": "Ann"}')
	RETURNING status;

---- notes ----

SELECT booking.set_context(actor => 'sue', actor_kind => 'staff', session => true) \gset _
SELECT status, version FROM booking.add_note(:'a', E'Window seat.\nCalled twice.');
SELECT version FROM booking.add_note(:'a', 'We look forward to it.', 'customer');
SELECT version FROM booking.add_note(:'a', 'Mine.', 'author');
INSERT INTO booking.notes (booking_id, body, author, created_at)
	VALUES (:'a', 'By plain SQL.', 'mallory', '2000-01-01');
SELECT body, visibility, author, created_at FROM booking.notes ORDER BY id;
SELECT version, note_count FROM booking.bookings WHERE id = :'a';
SELECT version, action, actor, old_values, new_values, private_digest IS NOT NULL AS digest FROM booking.audit_log
	WHERE booking_id = :'a' AND action = 'add_note' ORDER BY version;
SELECT booking.add_note(:'a', 'x', 'everybody');
\echo :SQLSTATE
SELECT booking.add_note(:'a', repeat('x', 10001));
\echo :SQLSTATE
SELECT booking.add_note(:'a', E'bell \x07');
SELECT booking.add_note('00000000-0000-0000-0000-000000000000', 'x');
\echo :SQLSTATE
INSERT INTO booking.notes (booking_id, body) VALUES ('00000000-0000-0000-0000-000000000000', 'x');
\echo :SQLSTATE
-- the engine counts them, nobody else
UPDATE booking.bookings SET note_count = 99 WHERE id = :'a' RETURNING note_count;
-- who sees which: the author his, staff those of staff, the customer those for him
CREATE ROLE regress_notes_staff;
CREATE ROLE regress_notes_client;
SELECT booking.grant_access('regress_notes_staff', 'staff', 'tom'),
	booking.grant_access('regress_notes_client', 'client', 'ann') \gset _
SET ROLE regress_notes_staff;
SELECT body FROM booking.notes ORDER BY id;
SET ROLE regress_notes_client;
SELECT body FROM booking.notes ORDER BY id;
RESET ROLE;
SELECT booking.revoke_access('regress_notes_staff'), booking.revoke_access('regress_notes_client') \gset _
DROP ROLE regress_notes_staff;
DROP ROLE regress_notes_client;

---- V5: fields ----

SELECT booking_id AS f FROM booking.book(:'lunch', '2027-03-05 12:00Z', '{"name": "Ann"}', title => 'Team lunch',
	description => E'Two\nlines', attendees => '["Ann", "Bob"]', party_size => 4, metadata => '{"crm": 17}') \gset
SELECT title, description, attendees, party_size, metadata, created_at, updated_at FROM booking.bookings
	WHERE id = :'f';
CREATE FUNCTION pg_temp.set(assignment text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'UPDATE booking.bookings SET ' || assignment || ' WHERE title = ''Team lunch''';
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT a AS assignment, pg_temp.set(a) FROM (VALUES
	(1, $$title = E'a\nb'$$), (2, $$title = repeat('x', 201)$$), (3, $$title = E'a\u2028b'$$),
	(4, $$description = E'a\x01b'$$),
	(5, $$description = repeat('x', 10001)$$), (6, $$metadata = '[]'$$), (7, $$metadata = NULL$$),
	(8, $$metadata = '1'$$),
	(9, $$attendees = '{}'$$), (10, $$attendees = '"Ann"'$$), (11, $$metadata = jsonb_build_object('a', repeat('x', 70000))$$),
	(12, $$party_size = 0$$), (13, $$party_size = NULL$$), (14, $$party_size = 2000000000$$), (15, $$contact = '7'$$),
	(16, $$created_at = NULL$$), (17, $$tenant_id = booking.new_id()$$), (18, $$id = booking.new_id()$$)) AS v (n, a)
	ORDER BY n;
SELECT booking.hold(:'dinner', '2027-03-06 18:00Z', party_size => 1);
\echo :SQLSTATE
SELECT booking.hold(:'dinner', '2027-03-06 18:00Z', party_size => 9);
\echo :SQLSTATE
-- left out: the least the service takes
SELECT booking_id AS d FROM booking.hold(:'dinner', '2027-03-06 18:00Z') \gset
SELECT party_size FROM booking.bookings WHERE id = :'d';
