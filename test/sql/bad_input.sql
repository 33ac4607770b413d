-- What a client must not send.  Every case is answered by an error of the
-- catalogue (booking.error_codes), or harmlessly, and nothing has changed.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET booking.now = '2027-03-01 09:00Z';

/* ---- something to aim at ---- */

CREATE TABLE ids (name text PRIMARY KEY, id uuid NOT NULL);
CREATE FUNCTION id(name text) RETURNS uuid LANGUAGE sql STABLE STRICT
	RETURN (SELECT i.id FROM ids AS i WHERE i.name = id.name);

INSERT INTO booking.resources (kind, code, name, capacity, owner) VALUES
	('room', 'room-1', 'Room 1', 1, NULL), ('room', 'room-2', 'Room 2', 1, 'olga'),
	('hall', 'hall', 'Hall', 10, NULL);
INSERT INTO booking.services (code, name, duration, price, currency, max_party) VALUES
	('massage', 'Massage', '1 hour', 95, NULL, 4), ('tea', 'Tea', '15 minutes', 500, 'JPY', NULL),
	('concert', 'Concert', '2 hours', 0, NULL, NULL), ('gone', 'Gone', '1 hour', 0, NULL, NULL);
INSERT INTO booking.service_requirements (service_id, kind) VALUES
	(booking.service_id('massage'), 'room'), (booking.service_id('tea'), 'room'),
	(booking.service_id('concert'), 'hall');
UPDATE booking.services SET active = false WHERE code = 'gone';
INSERT INTO booking.questions (code, prompt, type, options) VALUES
	('allergies', 'Allergies?', 'text', NULL), ('age', 'Age?', 'number', NULL),
	('oil', 'Which oil?', 'choice', '{lemon,mint}'), ('first', 'First time?', 'boolean', NULL),
	('birthday', 'Birthday?', 'date', NULL);

INSERT INTO ids
SELECT code, booking.service_id(code) FROM unnest('{massage,tea,concert,gone}'::text[]) AS code UNION ALL
SELECT code, booking.resource_id(code) FROM unnest('{room-1,room-2,hall}'::text[]) AS code UNION ALL
SELECT 'default', booking.tenant_id('default') UNION ALL
SELECT 'main', booking.branch_id('main') UNION ALL
SELECT 'unknown', '00000000-0000-7000-8000-000000000000' UNION ALL
SELECT 'held', booking_id FROM booking.hold(booking.service_id('massage'), '2027-03-02 10:00Z', ttl => '1 day') UNION ALL
SELECT 'held tea', booking_id FROM booking.hold(booking.service_id('tea'), '2027-03-02 15:00Z', ttl => '1 day') UNION ALL
SELECT 'lapsed', booking_id FROM booking.hold(booking.service_id('massage'), '2027-03-02 17:00Z', ttl => '1 second');
INSERT INTO ids
SELECT 'confirmed', booking_id FROM booking.book(booking.service_id('massage'), '2027-03-02 12:00Z',
	'{"name": "Ann", "email": "ann@example.org"}');
INSERT INTO ids
SELECT 'cancelled', booking_id FROM booking.book(booking.service_id('massage'), '2027-03-03 12:00Z', '{"name": "Bob"}');
DO $$ BEGIN PERFORM booking.cancel(id('cancelled'), 'weather'); END $$;
INSERT INTO ids SELECT 'ann', id FROM booking.customers WHERE name = 'Ann';
SET booking.now = '2027-03-01 09:00:02Z';

-- Another business in the same database.
INSERT INTO booking.tenants (code, name) VALUES ('other', 'Other');
INSERT INTO ids SELECT 'other', booking.tenant_id('other');
SELECT booking.set_context(tenant => id('other'), session => true);
INSERT INTO booking.branches (code, name, time_zone) VALUES ('elsewhere', 'Elsewhere', 'UTC');
INSERT INTO booking.resources (kind, code, name) VALUES ('room', 'room-9', 'Room 9');
INSERT INTO booking.services (code, name, duration) VALUES ('facial', 'Facial', '1 hour');
INSERT INTO ids
SELECT 'their branch', booking.branch_id('elsewhere') UNION ALL
SELECT 'their room', booking.resource_id('room-9') UNION ALL
SELECT 'their service', booking.service_id('facial') UNION ALL
SELECT 'their booking', booking_id FROM booking.book(booking.service_id('facial'), '2027-03-02 12:00Z', '{"name": "Zoe"}');
INSERT INTO ids SELECT 'zoe', id FROM booking.customers WHERE name = 'Zoe';
SELECT booking.set_context(tenant => id('default'), session => true);

/* ---- trying ---- */

-- Runs a statement, undoes it, and says how it went.  Ids are not the same in
-- every run; a message a client can blow up at will is none.
CREATE FUNCTION try(statement text, OUT state text, OUT message text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RAISE SQLSTATE 'OK000';
EXCEPTION
	WHEN SQLSTATE 'OK000' THEN
		state := 'ok';
	WHEN OTHERS THEN
		state := SQLSTATE;
		message := CASE WHEN length(SQLERRM) > 300 THEN format('A MESSAGE OF %s CHARACTERS', length(SQLERRM))
			ELSE regexp_replace(regexp_replace(replace(SQLERRM, '"' || session_user || '"', '<me>'),
				'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', '<id>', 'g'), 'x{50,}', 'xx') END;
END
$$;

-- All there is, in short.
CREATE FUNCTION fingerprint() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	relation regclass;
	part text;
	result text := '';
BEGIN
	FOR relation IN SELECT oid FROM pg_class
		WHERE relnamespace = 'booking'::regnamespace AND relkind = 'r' ORDER BY relname
	LOOP
		EXECUTE format('SELECT md5(string_agg(t::text, E''\n'' ORDER BY t::text)) FROM %s AS t', relation) INTO part;
		result := result || coalesce(part, '-');
	END LOOP;
	RETURN md5(result);
END
$$;
CREATE ROLE regress_bad;
SELECT fingerprint() AS before \gset

CREATE TABLE cases (n integer GENERATED ALWAYS AS IDENTITY, statement text, state text, message text);
\set MB 'repeat(\'x\', 1048576)'

/* ---- each function by hand ---- */

INSERT INTO cases (statement) VALUES
-- hold: the service
($$ hold(NULL) $$),
($$ hold(NULL, '2027-03-05 10:00Z') $$),
($$ hold(id('massage')) $$),
($$ hold(id('unknown'), '2027-03-05 10:00Z') $$),
($$ hold(id('their service'), '2027-03-05 10:00Z') $$),
($$ hold(id('gone'), '2027-03-05 10:00Z') $$),
($$ hold('not-a-uuid', '2027-03-05 10:00Z') $$),
-- the slot
($$ hold(id('massage'), '2027-03-05 10:00Z', '2027-03-05 09:00Z') $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', '2027-03-05 10:00Z') $$),
($$ hold(id('massage'), 'infinity') $$),
($$ hold(id('massage'), '-infinity') $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', 'infinity') $$),
($$ hold(id('massage'), '-infinity', '2027-03-05 10:00Z') $$),
($$ hold(id('massage'), '-infinity', 'infinity') $$),
($$ hold(id('massage'), local_start => 'infinity') $$),
($$ hold(id('massage'), local_start => '-infinity') $$),
($$ hold(id('massage'), '294276-12-31 23:30Z') $$),
($$ hold(id('massage'), '294276-12-31 22:59:59.999999Z') $$),
($$ hold(id('massage'), local_start => '294276-12-31 23:30') $$),
($$ hold(id('massage'), '4714-11-24 00:00Z BC') $$),
($$ hold(id('massage'), local_start => '4714-11-24 00:00 BC') $$),
($$ hold(id('massage'), '4714-11-24 00:00Z BC', '294276-12-31 23:59Z') $$),
($$ hold(id('massage'), '2027-03-02 10:30Z', resources => ARRAY[id('room-1')]) $$),
-- the resources
($$ hold(id('massage'), '2027-03-05 10:00Z', resources => '{}') $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', resources => '{NULL}') $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', resources => ARRAY[id('room-1'), NULL]) $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', resources => ARRAY[id('room-1'), id('room-1')]) $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', resources => ARRAY[ARRAY[id('room-1'), id('room-2')]]) $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', resources => ARRAY[id('unknown')]) $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', resources => ARRAY[id('their room')]) $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', resources => ARRAY[id('hall')]) $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', resources => array_fill(id('room-1'), ARRAY[10000])) $$),
($$ hold(id('concert'), '2027-03-05 10:00Z', resources => ('[5:5]={' || id('hall') || '}')::uuid[]) $$),
-- numbers
($$ hold(id('concert'), '2027-03-05 10:00Z', units => 0) $$),
($$ hold(id('concert'), '2027-03-05 10:00Z', units => -1) $$),
($$ hold(id('concert'), '2027-03-05 10:00Z', units => 11) $$),
($$ hold(id('concert'), '2027-03-05 10:00Z', units => 2147483647) $$),
($$ hold(id('concert'), '2027-03-05 10:00Z', units => -2147483648) $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', units => 2) $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', party_size => 0) $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', party_size => 5) $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', party_size => -2147483648) $$),
-- how long
($$ hold(id('massage'), '2027-03-05 10:00Z', ttl => '0') $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', ttl => '-1 minute') $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', ttl => '1 month') $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', ttl => '1 month -30 days') $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', ttl => '178000000 years') $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', ttl => '106751991 days') $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', ttl => '2147483647 days') $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', ttl => '-2147483648 days') $$),
-- for whom and where
($$ hold(id('massage'), '2027-03-05 10:00Z', customer => id('unknown')) $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', customer => id('zoe')) $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', branch => id('unknown')) $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', branch => id('their branch')) $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', tenant => id('unknown')) $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', tenant => id('other')) $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', metadata => '[]') $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', metadata => 'null') $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', metadata => '"x"') $$),
($$ hold(id('massage'), '2027-03-05 10:00Z', metadata => jsonb_build_object('x', :MB)) $$),

-- refresh_hold, release_hold, expire_holds
($$ refresh_hold(NULL) $$),
($$ refresh_hold(id('unknown')) $$),
($$ refresh_hold(id('their booking')) $$),
($$ refresh_hold(id('confirmed')) $$),
($$ refresh_hold(id('cancelled')) $$),
($$ refresh_hold(id('held'), '-1 second') $$),
($$ refresh_hold(id('held'), '1 month') $$),
($$ refresh_hold(id('held'), '106751991 days') $$),
($$ refresh_hold(id('held'), tenant => id('other')) $$),
($$ release_hold(NULL) $$),
($$ release_hold(id('unknown')) $$),
($$ release_hold(id('their booking')) $$),
($$ release_hold(id('held'), tenant => id('unknown')) $$),
($$ expire_holds(-1) $$),
($$ expire_holds(-2147483648) $$),
($$ expire_holds(2147483647) $$),

-- checkout: the holds
($$ checkout(NULL, NULL) $$),
($$ checkout(NULL, '{"name": "A"}') $$),
($$ checkout(ARRAY[id('held')], NULL) $$),
($$ checkout('{}', '{"name": "A"}') $$),
($$ checkout('{NULL}', '{"name": "A"}') $$),
($$ checkout(ARRAY[id('held'), id('held')], '{"name": "A"}') $$),
($$ checkout(ARRAY[ARRAY[id('held')]], '{"name": "A"}') $$),
($$ checkout(array_fill(id('held'), ARRAY[101]), '{"name": "A"}') $$),
($$ checkout(ARRAY[id('unknown')], '{"name": "A"}') $$),
($$ checkout(ARRAY[id('held'), id('unknown')], '{"name": "A"}') $$),
($$ checkout(ARRAY[id('their booking')], '{"name": "A"}') $$),
($$ checkout(ARRAY[id('lapsed')], '{"name": "A"}') $$),
($$ checkout(ARRAY[id('confirmed')], '{"name": "A"}') $$),
($$ checkout(ARRAY[id('cancelled')], '{"name": "A"}') $$),
($$ checkout(ARRAY[id('held'), id('held tea')], '{"name": "A"}') $$),
-- the customer
($$ checkout(ARRAY[id('held')], 'null') $$),
($$ checkout(ARRAY[id('held')], '[]') $$),
($$ checkout(ARRAY[id('held')], '"Ann"') $$),
($$ checkout(ARRAY[id('held')], '1') $$),
($$ checkout(ARRAY[id('held')], '{}') $$),
($$ checkout(ARRAY[id('held')], '{"email": null, "name": null}') $$),
($$ checkout(ARRAY[id('held')], '{"locale": "de"}') $$),
($$ checkout(ARRAY[id('held')], '{"nmae": "Ann"}') $$),
($$ checkout(ARRAY[id('held')], '{"name": "Ann", "actor": "boss"}') $$),
($$ checkout(ARRAY[id('held')], '{"name": 5}') $$),
($$ checkout(ARRAY[id('held')], '{"name": ["Ann"]}') $$),
($$ checkout(ARRAY[id('held')], '{"name": {"first": "Ann"}}') $$),
($$ checkout(ARRAY[id('held')], '{"email": true}') $$),
($$ checkout(ARRAY[id('held')], '{"email": []}') $$),
($$ checkout(ARRAY[id('held')], '{"name": "Ann", "notify": "yes"}') $$),
($$ checkout(ARRAY[id('held')], '{"name": "Ann", "notify": 1}') $$),
($$ checkout(ARRAY[id('held')], '{"id": "x"}') $$),
($$ checkout(ARRAY[id('held')], '{"id": ""}') $$),
($$ checkout(ARRAY[id('held')], '{"id": 7}') $$),
($$ checkout(ARRAY[id('held')], jsonb_build_object('id', id('unknown'))) $$),
($$ checkout(ARRAY[id('held')], jsonb_build_object('id', id('zoe'))) $$),
($$ checkout(ARRAY[id('held')], jsonb_build_object('id', :MB)) $$),
($$ checkout(ARRAY[id('held')], jsonb_build_object('name', :MB)) $$),
($$ checkout(ARRAY[id('held')], jsonb_build_object('email', :MB || '@example.org')) $$),
($$ checkout(ARRAY[id('held')], jsonb_build_object('name', 'Ann', 'phone', :MB)) $$),
($$ checkout(ARRAY[id('held')], jsonb_build_object('name', 'Ann', 'locale', :MB)) $$),
($$ checkout(ARRAY[id('held')], jsonb_build_object(:MB, 'Ann')) $$),
-- the answers
($$ checkout(ARRAY[id('held')], '{"name": "A"}', '[]') $$),
($$ checkout(ARRAY[id('held')], '{"name": "A"}', 'null') $$),
($$ checkout(ARRAY[id('held')], '{"name": "A"}', '"x"') $$),
($$ checkout(ARRAY[id('held')], '{"name": "A"}', '{"shoe size": 5}') $$),
($$ checkout(ARRAY[id('held')], '{"name": "A"}', '{"": ""}') $$),
($$ checkout(ARRAY[id('held')], '{"name": "A"}', jsonb_build_object(id('unknown'), 1)) $$),
($$ checkout(ARRAY[id('held')], '{"name": "A"}', jsonb_build_object(id('held tea'), '{}'::jsonb)) $$),
($$ checkout(ARRAY[id('held')], '{"name": "A"}', jsonb_build_object(id('held'), 1)) $$),
($$ checkout(ARRAY[id('held')], '{"name": "A"}', jsonb_build_object(id('held'), '[1]'::jsonb)) $$),
($$ checkout(ARRAY[id('held')], '{"name": "A"}', jsonb_build_object(id('held'), jsonb_build_object(id('held'), '{}'::jsonb))) $$),
($$ checkout(ARRAY[id('held')], '{"name": "A"}', '{"allergies": 1}') $$),
($$ checkout(ARRAY[id('held')], '{"name": "A"}', '{"allergies": ["nuts"]}') $$),
($$ checkout(ARRAY[id('held')], '{"name": "A"}', '{"allergies": {"a": {"b": "c"}}}') $$),
($$ checkout(ARRAY[id('held')], '{"name": "A"}', '{"age": "7"}') $$),
($$ checkout(ARRAY[id('held')], '{"name": "A"}', '{"oil": "motor"}') $$),
($$ checkout(ARRAY[id('held')], '{"name": "A"}', '{"oil": true}') $$),
($$ checkout(ARRAY[id('held')], '{"name": "A"}', '{"first": "true"}') $$),
($$ checkout(ARRAY[id('held')], '{"name": "A"}', '{"birthday": "2001-02-29"}') $$),
($$ checkout(ARRAY[id('held')], '{"name": "A"}', '{"birthday": "yesterday"}') $$),
($$ checkout(ARRAY[id('held')], '{"name": "A"}', '{"birthday": "+1-+2-0003"}') $$),
($$ checkout(ARRAY[id('held')], '{"name": "A"}', jsonb_build_object('allergies', :MB)) $$),
($$ checkout(ARRAY[id('held')], '{"name": "A"}', jsonb_build_object(:MB, 1)) $$),
-- the total
($$ checkout(ARRAY[id('held')], '{"name": "A"}', expected_total => 94.99) $$),
($$ checkout(ARRAY[id('held')], '{"name": "A"}', expected_total => 'NaN') $$),
($$ checkout(ARRAY[id('held')], '{"name": "A"}', expected_total => '-Infinity') $$),
($$ checkout(ARRAY[id('held')], '{"name": "A"}', expected_total => 1e100000) $$),
($$ checkout(ARRAY[id('held')], '{"name": "A"}', tenant => id('other')) $$),

-- book, where it differs
($$ book(NULL) $$),
($$ book(id('massage'), '2027-03-05 10:00Z') $$),
($$ book(id('massage'), customer => '{"name": "A"}') $$),
($$ book(id('unknown'), '2027-03-05 10:00Z', '{"name": "A"}') $$),
($$ book(id('their service'), '2027-03-05 10:00Z', '{"name": "A"}') $$),
($$ book(id('massage'), '2027-03-05 10:00Z', '{"name": "A"}', '2027-03-05 09:00Z') $$),
($$ book(id('massage'), 'infinity', '{"name": "A"}') $$),
($$ book(id('massage'), '2027-03-05 10:00Z', '{"name": "A"}', resources => '{NULL}') $$),
($$ book(id('massage'), '2027-03-05 10:00Z', '{"name": "A"}', resources => ARRAY[id('their room')]) $$),
($$ book(id('massage'), '2027-03-05 10:00Z', '{"name": "A"}', units => 0) $$),
($$ book(id('massage'), '2027-03-05 10:00Z', '{"name": "A"}', answers => '{"nonsense": 1}') $$),
($$ book(id('massage'), '2027-03-05 10:00Z', '{"name": "A"}', title => E'a\nb') $$),
($$ book(id('massage'), '2027-03-05 10:00Z', '{"name": "A"}', title => :MB) $$),
($$ book(id('massage'), '2027-03-05 10:00Z', '{"name": "A"}', description => :MB) $$),
($$ book(id('massage'), '2027-03-05 10:00Z', '{"name": "A"}', description => E'a\x07') $$),
($$ book(id('massage'), '2027-03-05 10:00Z', '{"name": "A"}', attendees => '{}') $$),
($$ book(id('massage'), '2027-03-05 10:00Z', '{"name": "A"}', attendees => '"x"') $$),
($$ book(id('massage'), '2027-03-05 10:00Z', '{"name": "A"}', attendees => jsonb_build_array(:MB)) $$),
($$ book(id('massage'), '2027-03-05 10:00Z', '{"name": "A"}', metadata => '[[]]') $$),
($$ book(id('massage'), '2027-03-05 10:00Z', '{"name": "A"}', metadata => jsonb_build_object(:MB, 1)) $$),
($$ book(id('massage'), '2027-03-05 10:00Z', '{"name": "A"}', expected_total => 0) $$),

-- commands
($$ cancel(NULL, 'weather') $$),
($$ cancel(id('unknown'), 'weather') $$),
($$ cancel(id('their booking'), 'weather') $$),
($$ cancel(id('confirmed'), 'weather', tenant => id('other')) $$),
($$ cancel(id('confirmed')) $$),
($$ cancel(id('confirmed'), '') $$),
($$ cancel(id('confirmed'), 'boredom') $$),
($$ cancel(id('confirmed'), 'WEATHER') $$),
($$ cancel(id('confirmed'), $q$'; DROP TABLE booking.bookings; --$q$) $$),
($$ cancel(id('confirmed'), :MB) $$),
($$ cancel(id('confirmed'), 'weather', 99) $$),
($$ cancel(id('confirmed'), 'weather', -2147483648) $$),
($$ cancel(id('cancelled'), 'weather') $$),
($$ cancel(id('lapsed'), 'weather') $$),
($$ confirm(NULL) $$),
($$ confirm(id('unknown')) $$),
($$ confirm(id('confirmed')) $$),
($$ check_in(NULL) $$),
($$ check_in(id('held')) $$),
($$ start_serving(NULL) $$),
($$ start_serving(id('confirmed')) $$),
($$ complete(NULL) $$),
($$ complete(id('held')) $$),
($$ no_show(NULL) $$),
($$ no_show(id('confirmed'), NULL) $$),
($$ no_show(id('confirmed'), 'boredom') $$),
($$ no_show(id('confirmed')) $$),
($$ reschedule(NULL) $$),
($$ reschedule(id('confirmed')) $$),
($$ reschedule(id('confirmed'), 'infinity') $$),
($$ reschedule(id('confirmed'), '-infinity', 'infinity') $$),
($$ reschedule(id('confirmed'), local_start => 'infinity') $$),
($$ reschedule(id('confirmed'), '2027-03-05 10:00Z', '2027-03-05 10:00Z') $$),
($$ reschedule(id('confirmed'), '2027-03-05 10:00Z', '2027-03-05 09:00Z') $$),
($$ reschedule(id('confirmed'), '294276-12-31 23:59Z') $$),
($$ reschedule(id('confirmed'), '4714-11-24 00:00Z BC') $$),
($$ reschedule(id('cancelled'), '2027-03-05 10:00Z') $$),
($$ reassign(NULL, NULL) $$),
($$ reassign(id('confirmed'), NULL) $$),
($$ reassign(id('confirmed'), '{}') $$),
($$ reassign(id('confirmed'), '{NULL}') $$),
($$ reassign(id('confirmed'), ARRAY[ARRAY[id('room-1')]]) $$),
($$ reassign(id('confirmed'), ARRAY[id('room-2'), id('room-2')]) $$),
($$ reassign(id('confirmed'), ARRAY[id('unknown')]) $$),
($$ reassign(id('confirmed'), ARRAY[id('their room')]) $$),
($$ reassign(id('confirmed'), ARRAY[id('hall')]) $$),
($$ add_note(NULL, NULL) $$),
($$ add_note(id('confirmed'), NULL) $$),
($$ add_note(id('unknown'), 'x') $$),
($$ add_note(id('confirmed'), :MB) $$),
($$ add_note(id('confirmed'), E'a\x01') $$),
($$ add_note(id('confirmed'), 'x', 'everybody') $$),
($$ add_note(id('confirmed'), 'x', :MB) $$),
($$ add_note(id('confirmed'), 'x', expected_version => 7) $$),

-- rules and codes
($$ can_transition('held', 'asleep') $$),
($$ valid_targets('') $$),
($$ is_terminal(:MB) $$),
($$ is_occupying($q$'; DROP TABLE booking.bookings; --$q$) $$),
($$ at_local('infinity', 'UTC') $$),
($$ at_local('294276-12-31 23:59', 'America/Detroit') $$),
($$ at_local('4714-11-24 00:00 BC', 'Asia/Kathmandu') $$),
($$ at_local('2027-03-05 10:00', '') $$),
($$ at_local('2027-03-05 10:00', 'Mars/Olympus_Mons') $$),
($$ at_local('2027-03-05 10:00', '../../../etc/passwd') $$),
($$ at_local('2027-03-05 10:00', :MB) $$),
($$ at_local('2027-03-05 10:00', id('unknown')) $$),
($$ at_local('2027-03-05 10:00', id('their branch')) $$),
($$ at_local('infinity', id('main')) $$),
($$ tenant_id('') $$),
($$ tenant_id($q$'; DROP TABLE booking.bookings; --$q$) $$),
($$ branch_id('elsewhere') $$),
($$ service_id(:MB) $$),
($$ resource_id('room-9') $$),
($$ question_id('ALLERGIES') $$),
($$ has_access('owner') $$),
($$ has_access(:MB) $$),
($$ questions_for(NULL) $$),
($$ questions_for('{}') $$),
($$ questions_for('{NULL}') $$),
($$ questions_for(ARRAY[ARRAY[id('massage')]]) $$),
($$ agenda('infinity') $$),
($$ agenda('-infinity') $$),
($$ agenda('5874897-12-31') $$),
($$ agenda('294276-12-31') $$),
($$ agenda('4714-11-24 BC') $$),
($$ agenda(branch => id('unknown')) $$),
($$ broadcast(0) $$),
($$ broadcast(-1) $$),

-- context
($$ set_context(actor => E'a\nb') $$),
($$ set_context(actor => :MB) $$),
($$ set_context(actor_kind => 'emperor') $$),
($$ set_context(actor_kind => '') $$),
($$ set_context(actor_kind => :MB) $$),
($$ set_context(channel => :MB) $$),
($$ set_context(conversation => :MB) $$),
($$ set_context(roles => '{{a,b},{c,d}}') $$),
($$ set_context(roles => '{NULL}') $$),
($$ set_context(roles => ARRAY[:MB]) $$),
($$ set_context(roles => array_fill('x'::text, ARRAY[101])) $$),
($$ set_context(tenant => id('unknown')); SELECT booking.hold(id('massage'), '2027-03-05 10:00Z') $$),
($$ set_context(tenant => id('default'), branch => id('their branch')); SELECT booking.hold(id('massage'), '2027-03-05 10:00Z') $$),

-- access
($$ grant_access(NULL, NULL) $$),
($$ grant_access('nobody', 'client') $$),
($$ grant_access('', 'client') $$),
($$ grant_access('public', 'client') $$),
($$ grant_access(:MB, 'client') $$),
($$ grant_access(CURRENT_USER, 'client') $$),
($$ grant_access('regress_bad', 'king') $$),
($$ grant_access('regress_bad', :MB) $$),
($$ grant_access('regress_bad', 'client', tenant => id('unknown')) $$),
($$ grant_access('regress_bad', 'client', actor => :MB) $$),
($$ grant_access('regress_bad', 'client', actor => E'a\nb') $$),
($$ grant_access('regress_bad', 'client', roles => '{NULL}') $$),
($$ revoke_access(NULL) $$),
($$ revoke_access(CURRENT_USER) $$),
($$ revoke_access('nobody') $$),
($$ revoke_access($q$x"; DROP TABLE booking.bookings; --$q$) $$);

UPDATE cases SET statement = 'SELECT booking.' || btrim(replace(statement, ':MB', :'MB'));
UPDATE cases AS c SET (state, message) = (SELECT t.state, t.message FROM try(c.statement) AS t);

\pset tuples_only
\pset format unaligned
\pset fieldsep '\n\t'
\pset null ''
SELECT regexp_replace(substr(statement, 16), 'repeat\(''x'', 1048576\)', '<1 MB>', 'g'),
	   concat_ws(' ', state, message)
  FROM cases ORDER BY n;
\pset tuples_only off
\pset format aligned
\pset fieldsep '|'
SELECT 'unchanged' WHERE fingerprint() = :'before';

DROP ROLE regress_bad;
