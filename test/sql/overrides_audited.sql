-- What staff overrides is in the history with the rule's name (X13, A9), on
-- every path: functions and plain SQL, new bookings and changes.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET TimeZone = 'UTC';
SET booking.now = '2027-03-01 09:00Z';
INSERT INTO booking.resources (id, kind, code, name) VALUES
	('00000000-0000-0000-0000-00000000000a', 'doctor', 'a', 'Dr A'), ('00000000-0000-0000-0000-00000000000b', 'doctor', 'b', 'Dr B'),
	('00000000-0000-0000-0000-00000000000c', 'nurse', 'c', 'Nurse C');
INSERT INTO booking.services (name, duration) VALUES ('Visit', '1 hour');
INSERT INTO booking.service_requirements (service_id, kind) VALUES (booking.service_id('visit'), 'doctor');
SELECT booking.service_id('visit') AS visit, booking.resource_id('a') AS a, booking.resource_id('b') AS b, booking.resource_id('c') AS c \gset
SELECT booking.set_context(actor => 'sue', actor_kind => 'staff', session => true) \gset _
-- 10:00 is taken at both
INSERT INTO booking.bookings (service_id, starts_at, status, contact, resource_ids) VALUES
	(:'visit', '2027-03-08 10:00Z', 'confirmed', '{"name": "Ann"}', ARRAY[:'a']::uuid[]), (:'visit', '2027-03-08 10:00Z', 'confirmed', '{"name": "Ann"}', ARRAY[:'b']::uuid[]);
CREATE VIEW history AS
	SELECT b.metadata ->> 'way' AS way, a.version, a.action, a.overrides, a.actor FROM booking.audit_log AS a JOIN booking.bookings AS b ON b.id = a.booking_id
	 WHERE b.metadata ? 'way';
CREATE FUNCTION later(way text) RETURNS uuid LANGUAGE sql AS $$
	INSERT INTO booking.bookings (service_id, starts_at, status, contact, resource_ids, metadata)
	VALUES (booking.service_id('visit'), timestamptz '2027-03-08 12:00Z' + (SELECT count(*) FROM booking.bookings) * interval '1 hour', 'confirmed',
		'{"name": "Bo"}', ARRAY[booking.resource_id('a')], jsonb_build_object('way', way)) RETURNING id $$;

---- new ones ----

SELECT booking_id IS NOT NULL AS held FROM booking.hold(:'visit', '2027-03-08 10:00Z', resources => ARRAY[:'a']::uuid[], metadata => '{"way": "1 hold()"}', override => '{overbook}');
SELECT status FROM booking.book(:'visit', '2027-03-08 10:00Z', '{"name": "Bo"}', resources => ARRAY[:'a']::uuid[], metadata => '{"way": "2 book()"}', override => '{overbook}');
INSERT INTO booking.bookings (service_id, starts_at, status, contact, resource_ids, metadata, overrides) VALUES
	(:'visit', '2027-03-08 10:00Z', 'confirmed', '{"name": "Bo"}', ARRAY[:'a']::uuid[], '{"way": "3 INSERT"}', '{overbook}') RETURNING status;
SELECT status FROM booking.book(:'visit', '2027-03-08 11:00Z', '{"name": "Bo"}', resources => ARRAY[:'a', :'c']::uuid[], metadata => '{"way": "4 not eligible"}', override => '{not_eligible}');
SELECT status FROM booking.book(:'visit', '2027-02-01 10:00Z', '{"name": "Bo"}', metadata => '{"way": "5 in the past"}', override => '{in_past}');

---- changes ----

SELECT status FROM booking.reschedule(later('6 reschedule()'), '2027-03-08 10:00Z', override => '{overbook}');
SELECT later('7 UPDATE of the slot') AS x \gset
UPDATE booking.bookings SET starts_at = '2027-03-08 10:00Z', ends_at = '2027-03-08 11:00Z', overrides = '{overbook}' WHERE id = :'x' RETURNING status;
SELECT later('8 UPDATE of local_start') AS x \gset
UPDATE booking.bookings SET local_start = '2027-03-08 10:00', overrides = '{overbook}' WHERE id = :'x' RETURNING status;
INSERT INTO booking.bookings (service_id, starts_at, status, contact, resource_ids, metadata) VALUES
	(:'visit', '2027-03-09 10:00Z', 'confirmed', '{"name": "Bo"}', ARRAY[:'b']::uuid[], NULL), (:'visit', '2027-03-10 10:00Z', 'confirmed', '{"name": "Bo"}', ARRAY[:'b']::uuid[], NULL);
INSERT INTO booking.bookings (service_id, starts_at, status, contact, resource_ids, metadata) VALUES
	(:'visit', '2027-03-09 10:00Z', 'confirmed', '{"name": "Bo"}', ARRAY[:'a']::uuid[], '{"way": "9 reassign()"}') RETURNING id AS x \gset
SELECT status FROM booking.reassign(:'x', ARRAY[:'b']::uuid[], override => '{overbook}');
INSERT INTO booking.bookings (service_id, starts_at, status, contact, resource_ids, metadata) VALUES
	(:'visit', '2027-03-10 10:00Z', 'confirmed', '{"name": "Bo"}', ARRAY[:'a']::uuid[], '{"way": "A UPDATE of resources"}') RETURNING id AS x \gset
UPDATE booking.bookings SET resource_ids = ARRAY[:'b']::uuid[], overrides = '{overbook}' WHERE id = :'x' RETURNING status;
SELECT later('B a closed day') AS x \gset
INSERT INTO booking.closures (starts_at, ends_at) VALUES ('2027-03-11', '2027-03-12');
SELECT status FROM booking.reschedule(:'x', '2027-03-11 10:00Z');
\echo :SQLSTATE
SELECT status FROM booking.reschedule(:'x', '2027-03-11 10:00Z', override => '{closed}');
-- the next change does not inherit it, and neither does a stated one that is not staff's
UPDATE booking.bookings SET title = 'x' WHERE id = :'x';
SELECT status FROM booking.reschedule(:'x', '2027-03-11 12:00Z');
\echo :SQLSTATE
SELECT * FROM history ORDER BY way COLLATE "C", version;
SELECT booking.set_context(actor => 'sue', actor_kind => 'customer', session => true) \gset _
SELECT status FROM booking.reschedule(:'x', '2027-03-08 10:00Z', override => '{overbook}');
\echo :SQLSTATE
UPDATE booking.bookings SET local_start = '2027-03-08 10:00', overrides = '{overbook}' WHERE id = :'x';
\echo :SQLSTATE
SELECT booking.set_context(actor => 'sue', actor_kind => 'staff', session => true) \gset _

---- a capacity between 1 and more: what is overbooked counts on both sides ----

SELECT sum(units) AS units, bool_or(exclusive) AS exclusive FROM booking.allocations WHERE resource_id = :'a' AND during && '[2027-03-08 10:00Z, 2027-03-08 11:00Z)';
UPDATE booking.resources SET capacity = 20 WHERE code = 'a';
SELECT exclusive, count(*) FROM booking.allocations WHERE resource_id = :'a' GROUP BY 1;
SELECT status FROM booking.book(:'visit', '2027-03-08 10:00Z', '{"name": "Bo"}', resources => ARRAY[:'a']::uuid[], units => 13);
SELECT status FROM booking.book(:'visit', '2027-03-08 10:00Z', '{"name": "Bo"}', resources => ARRAY[:'a']::uuid[], units => 12);
UPDATE booking.resources SET capacity = 1 WHERE code = 'a';
SELECT exclusive, count(*) FROM booking.allocations WHERE resource_id = :'a' GROUP BY 1 ORDER BY 1;
SELECT status FROM booking.book(:'visit', '2027-03-08 10:30Z', '{"name": "Bo"}', resources => ARRAY[:'a']::uuid[]);
\echo :SQLSTATE
