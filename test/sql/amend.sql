-- Changing what was booked (C12): by amend() and by plain UPDATE.
\set SHOW_CONTEXT never
SET TimeZone = 'UTC';
SET booking.now = '2027-03-01 09:00Z';
INSERT INTO booking.resources (kind, code, name, position, capacity) VALUES
	('lane', 'lane-1', 'Lane 1', 1, 1), ('lane', 'lane-2', 'Lane 2', 2, 1), ('lane', 'lane-3', 'Lane 3', 3, 1),
	('boat', 'boat', 'Boat', 1, 10), ('boat', 'dinghy', 'Dinghy', 2, 2), ('room', 'room', 'Room', 1, 1);
INSERT INTO booking.services (code, name, duration, price, price_unit, max_party) VALUES
	('lanes', 'Lanes', '1 hour', 30, 'per_person', 12), ('tour', 'Tour', '1 hour', 20, 'fixed', NULL),
	('double', 'Double lane', '1 hour', 50, 'fixed', NULL), ('party', 'Party', '1 hour', 90, 'fixed', NULL);
INSERT INTO booking.service_requirements (service_id, kind, quantity) VALUES
	(booking.service_id('tour'), 'boat', 1), (booking.service_id('double'), 'lane', 2),
	(booking.service_id('party'), 'lane', 1), (booking.service_id('party'), 'room', 1);
INSERT INTO booking.customers (id, name, actor) VALUES
	('00000000-0000-0000-0000-0000000000c1', 'Ann', 'ann'), ('00000000-0000-0000-0000-0000000000c2', 'Bob', 'bob');

CREATE FUNCTION try(command text, who text DEFAULT 'ann', kind text DEFAULT 'customer') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	PERFORM booking.set_context(actor => who, actor_kind => kind);
	EXECUTE command;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE || ' ' || SQLERRM, nullif(hint, ''));
END $$;
CREATE FUNCTION amend(booking uuid, changes text, who text DEFAULT 'ann', kind text DEFAULT 'customer') RETURNS text LANGUAGE sql
	RETURN try(format('SELECT booking.amend(%L, %L)', booking, changes), who, kind);
CREATE FUNCTION set(booking uuid, what text, who text DEFAULT 'ann', kind text DEFAULT 'customer') RETURNS text LANGUAGE sql
	RETURN try(format('UPDATE booking.bookings SET %s WHERE id = %L', what, booking), who, kind);
CREATE FUNCTION codes(VARIADIC codes text[]) RETURNS uuid[] LANGUAGE sql
	RETURN ARRAY(SELECT booking.resource_id(c.code) FROM unnest(codes) WITH ORDINALITY AS c (code, n) ORDER BY c.n);
CREATE FUNCTION booked(service text, starts timestamptz, resources text[] DEFAULT NULL, units integer DEFAULT 1, party integer DEFAULT 1) RETURNS uuid LANGUAGE sql AS $$
	SELECT booking_id FROM booking.book(booking.service_id(service), starts, '{"id": "00000000-0000-0000-0000-0000000000c1"}',
		resources => codes(VARIADIC resources), units => units, party_size => party) $$;
CREATE VIEW standing AS
	SELECT b.id, b.status, s.code AS service, b.units, b.party_size AS party, b.price, b.version,
		(SELECT string_agg(r.code, ' ' ORDER BY r.code) FROM booking.resources AS r WHERE r.id = ANY (b.resource_ids)) AS resources,
		(SELECT string_agg(r.code || ' ' || a.units, ', ' ORDER BY r.code) FROM booking.allocations AS a
			JOIN booking.resources AS r ON r.id = a.resource_id WHERE a.booking_id = b.id) AS takes,
		(SELECT cardinality(x.resource_ids) FROM booking.service_sessions AS x WHERE x.booking_id = b.id) AS session_has
	  FROM booking.bookings AS b JOIN booking.services AS s ON s.id = b.service_id;

---- units: fewer are free at once, more are asked for ----

SELECT booked('tour', '2027-03-05 10:00Z', '{boat}', 8) AS t \gset
SELECT amend(:'t', '{"units": 3}');
SELECT units, takes, version FROM standing WHERE id = :'t';
SELECT booked('tour', '2027-03-05 10:00Z', '{boat}', 7) AS other \gset
SELECT amend(:'t', '{"units": 4}');
SELECT set(:'t', 'units = 4');
SELECT booking.cancel(:'other', 'weather') \gset _
SELECT set(:'t', 'units = 4');
SELECT amend(:'t', '{"units": 11}'), set(:'t', 'units = 0');
SELECT units, takes, version FROM standing WHERE id = :'t';
SELECT version, action, actor, old_values, new_values, reversible FROM booking.audit_log WHERE booking_id = :'t' ORDER BY version OFFSET 1;
SELECT DISTINCT event FROM booking.outbox WHERE booking_id = :'t';

---- resources: one of several given back frees just that ----

SELECT booked('lanes', '2027-03-05 10:00Z', '{lane-1,lane-2,lane-3}', 1, 6) AS l \gset
SELECT amend(:'l', '{"resources": ["lane-1", "lane-3"]}');
SELECT resources, takes, session_has, version FROM standing WHERE id = :'l';
SELECT booked('lanes', '2027-03-05 10:00Z', '{lane-2}') AS other \gset
-- nobody gets it back by asking for it, nor anything else this way
SELECT amend(:'l', '{"resources": ["lane-1", "lane-2"]}'), amend(:'l', '{"resources": ["lane-2"]}', 'sue', 'staff');
SELECT set(:'l', format('resource_ids = %L', codes('lane-1', 'lane-2'))), set(:'l', format('resource_ids = %L', codes('boat')));
-- by plain SQL, together with part of its time
SELECT set(:'l', format('resource_ids = %L, ends_at = %L', codes('lane-3'), '2027-03-05 10:30Z'), 'sue', 'staff');
SELECT resources, takes, session_has, version FROM standing WHERE id = :'l';
SELECT version, action, actor_kind FROM booking.audit_log WHERE booking_id = :'l' ORDER BY version;
-- what a service needs can't be given back; where the engine may choose, it asks for the slot
SELECT booked('double', '2027-03-05 12:00Z', '{lane-1,lane-2}') AS d \gset
SELECT amend(:'d', '{"resources": ["lane-1"]}');
SELECT booking.set_setting('tenant', NULL, 'assignment', '"explicit"') \gset _
SELECT amend(:'d', '{"resources": ["lane-1"]}', 'sue', 'staff');
SELECT booking.set_setting('tenant', NULL, 'assignment', NULL) \gset _
SELECT resources, takes FROM standing WHERE id = :'d';
-- no rule is asked: its lanes are out of use, and closed by now
SELECT booked('lanes', '2027-03-06 10:00Z', '{lane-1,lane-2}') AS m \gset
UPDATE booking.resources SET active = false WHERE kind = 'lane';
INSERT INTO booking.closures (starts_at, ends_at) VALUES ('2027-03-06', '2027-03-07');
SELECT amend(:'m', '{"resources": ["lane-2"]}');
SELECT resources, takes FROM standing WHERE id = :'m';
DELETE FROM booking.closures;
UPDATE booking.resources SET active = true WHERE kind = 'lane';
-- in one statement one gives a lane and the other takes it
SELECT booked('lanes', '2027-03-07 10:00Z', '{lane-1,lane-2}') AS g, booked('lanes', '2027-03-07 10:00Z', '{lane-3}') AS h \gset
UPDATE booking.bookings SET resource_ids = CASE id WHEN :'g' THEN codes('lane-1') ELSE codes('lane-3', 'lane-2') END WHERE id IN (:'g', :'h');
SELECT resources, takes FROM standing WHERE id IN (:'g', :'h') ORDER BY 1;
UPDATE booking.bookings SET resource_ids = CASE id WHEN :'h' THEN codes('lane-3') ELSE codes('lane-1', 'lane-2') END WHERE id IN (:'g', :'h');
SELECT resources, takes FROM standing WHERE id IN (:'g', :'h') ORDER BY 1;

---- party, service, customer, texts ----

SELECT booked('lanes', '2027-03-08 10:00Z', '{lane-1}', 1, 4) AS p \gset
SELECT amend(:'p', '{"party_size": 6}'), amend(:'p', '{"party_size": 13}'), set(:'p', 'party_size = 5');
SELECT party, price, version FROM standing WHERE id = :'p';
SELECT total FROM booking.orders AS o JOIN booking.bookings AS b ON b.order_id = o.id WHERE b.id = :'p';
-- another service needs more: it is chosen, and charged for
SELECT amend(:'p', '{"service": "party"}');
SELECT service, resources, takes, price, version FROM standing WHERE id = :'p';
SELECT amend(:'p', '{"service": "lanes", "resources": ["lane-2"]}'), amend(:'p', '{"service": "lanes", "resources": ["lane-1"]}');
SELECT amend(:'p', '{"service": "tour", "resources": ["dinghy"]}', 'sue', 'staff');
SELECT service, resources, takes, price, version FROM standing WHERE id = :'p';
SELECT amend(:'p', '{"service": "nothing"}', 'sue', 'staff'), amend(:'p', '{"service": "00000000-0000-0000-0000-000000000000"}', 'sue', 'staff');
-- somebody else's name
SELECT amend(:'p', '{"customer": "00000000-0000-0000-0000-0000000000c2"}');
SELECT amend(:'p', '{"customer": null}', 'sue', 'staff');
SELECT amend(:'p', '{"customer": "00000000-0000-0000-0000-0000000000c2"}', 'sue', 'staff');
SELECT amend(:'p', '{"title": "mine"}'), amend(:'p', '{"title": "mine"}', 'bob');
-- many at once are one change; null clears
SELECT version, effects, undo_token IS NOT NULL AS token FROM booking.amend(:'p',
	'{"title": "Trip", "description": "All of us", "attendees": ["Bob", "Eve"], "metadata": {"a": 1}, "units": 2}');
SELECT title, description, attendees, metadata, units, version FROM booking.bookings WHERE id = :'p';
SELECT version FROM booking.amend(:'p', '{"title": null, "description": null, "attendees": null, "metadata": {}}');
SELECT title, description, attendees, metadata, units, version FROM booking.bookings WHERE id = :'p';
SELECT action, old_values, new_values FROM booking.audit_log WHERE booking_id = :'p' AND version IN (9, 10) ORDER BY version;
-- nothing to change
SELECT version FROM booking.amend(:'p', '{}');

---- what is no change ----

SELECT amend(:'p', NULL, 'sue', 'staff'), amend(:'p', 'null', 'sue', 'staff'), amend(:'p', '[]', 'sue', 'staff'), amend(:'p', '"units"', 'sue', 'staff');
SELECT amend(:'p', '{"status": "cancelled"}', 'sue', 'staff');
SELECT amend(:'p', '{"Units": 1}', 'sue', 'staff'), amend(:'p', '{"": 1}', 'sue', 'staff');
SELECT changes, split_part(amend(:'p', changes, 'sue', 'staff'), ' | ', 1) AS outcome FROM (VALUES
	('{"units": null}'), ('{"units": "2"}'), ('{"units": 1.5}'), ('{"units": 1e100}'), ('{"units": -1}'), ('{"units": [1]}'),
	('{"party_size": null}'), ('{"party_size": 0}'), ('{"service": null}'), ('{"service": 7}'), ('{"service": {}}'),
	('{"resources": null}'), ('{"resources": []}'), ('{"resources": "boat"}'), ('{"resources": [null]}'), ('{"resources": [["boat"]]}'),
	('{"resources": ["none"]}'), ('{"resources": ["dinghy", "dinghy"]}'), ('{"resources": {"a": 1}}'),
	('{"customer": 1}'), ('{"customer": "Ann"}'), ('{"customer": "00000000-0000-0000-0000-000000000000"}'),
	('{"title": 1}'), ('{"title": "a\nb"}'), ('{"description": {}}'), ('{"attendees": {}}'), ('{"attendees": "Bob"}'),
	('{"metadata": null}'), ('{"metadata": []}'), ('{"metadata": 1}')) AS v (changes);
SELECT split_part(amend(:'p', jsonb_build_object('title', repeat('x', 1000000))::text, 'sue', 'staff'), ' | ', 1);
SELECT try('SELECT booking.amend(NULL, ''{}'')'), try('SELECT booking.amend(''00000000-0000-0000-0000-000000000000'', ''{}'')');
SELECT try(format('SELECT booking.amend(%L, ''{"units": 1}'', expected_version => 1)', :'p'), 'sue', 'staff');
SELECT units, version FROM standing WHERE id = :'p';

---- where (L9): not once it has begun, nor when it is over ----

SELECT booked('lanes', '2027-03-01 10:00Z', '{lane-1}', 1, 4) AS w \gset
SELECT set(:'w', 'status = ''pending_cancellation''');
SELECT amend(:'w', '{"title": "x"}', 'sue', 'staff'), set(:'w', 'party_size = 3', 'sue', 'staff');
SELECT set(:'w', 'status = ''confirmed''', 'sue', 'staff'), set(:'w', 'status = ''checked_in''', 'sue', 'staff');
SELECT amend(:'w', '{"party_size": 3}', 'sue', 'staff'), set(:'w', 'metadata = ''{"a": 1}''', 'sue', 'staff');
SELECT set(:'w', 'status = ''completed'', metadata = ''{"a": 1}''', 'sue', 'staff');
SELECT amend(:'w', '{"title": "x"}', 'sue', 'staff'), set(:'w', 'title = ''x''', 'sue', 'staff');
-- in a hold and on a waiting list it is
SELECT try($$ INSERT INTO booking.bookings (id, service_id, status, starts_at, resource_ids) VALUES
	('00000000-0000-0000-0001-000000000001', booking.service_id('lanes'), 'held', '2027-03-09 10:00Z', codes('lane-1', 'lane-2')) $$);
SELECT amend('00000000-0000-0000-0001-000000000001', '{"resources": ["lane-1"], "party_size": 2}');
SELECT takes, price FROM standing WHERE id = '00000000-0000-0000-0001-000000000001';

---- overriding a rule is staff's, and in the history (X13) ----

SELECT try(format('SELECT booking.amend(%L, ''{"units": 3}'', override => ''{overbook}'')', :'p'), 'bob');
SELECT try(format('SELECT booking.amend(%L, ''{"units": 3}'', override => ''{overbook}'')', :'p'), 'sue', 'staff');
SELECT takes FROM standing WHERE id = :'p';
SELECT action, overrides FROM booking.audit_log WHERE booking_id = :'p' AND overrides IS NOT NULL;
