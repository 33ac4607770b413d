-- Assignment (X7, X8): a service says what it needs, the engine chooses what the
-- client does not name; "first" means by position, then by code.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (kind, code, name, position, capacity) VALUES
	('therapist', 'alice', 'Alice', 2, 1), ('therapist', 'bob', 'Bob', 1, 1), ('therapist', 'carol', 'Carol', 2, 1),
	('room', 'room-1', 'Room 1', 0, 1), ('room', 'room-2', 'Room 2', 0, 1),
	('towel', 'towels', 'Towels', 0, 10);
INSERT INTO booking.services (name, duration) VALUES
	('Massage', '1 hour'), ('Couples massage', '1 hour'), ('Anything', '1 hour');
INSERT INTO booking.service_requirements (service_id, kind, quantity, units) VALUES
	(booking.service_id('massage'), 'therapist', 1, 1),
	(booking.service_id('massage'), 'room', 1, 1),
	(booking.service_id('massage'), 'towel', 1, 3),
	(booking.service_id('couples-massage'), 'therapist', 2, 1),
	(booking.service_id('couples-massage'), 'room', 1, 1);
SELECT booking.service_id('massage') AS massage, booking.service_id('couples-massage') AS couples,
	   booking.service_id('anything') AS anything \gset

CREATE FUNCTION codes(uuid[]) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(r.code, ' ' ORDER BY r.kind, r.code) FROM booking.resources AS r WHERE r.id = ANY ($1) $$;
CREATE FUNCTION ids(VARIADIC text[]) RETURNS uuid[] LANGUAGE sql AS $$
	SELECT array_agg(booking.resource_id(c)) FROM unnest($1) AS c $$;

---- one of each kind, the first free by position and code ----

SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-01 10:00Z');
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-01 10:00Z');
-- two rooms, so no third: the answer names what is in the way
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-01 10:00Z');
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-01 10:30Z');
-- units of the shared kind are counted: 3 towels each
SELECT r.code, a.units, a.exclusive FROM booking.allocations AS a JOIN booking.resources AS r ON r.id = a.resource_id
 ORDER BY 1, 2;

---- n of a kind ----

SELECT codes(resource_ids) FROM booking.hold(:'couples', '2027-03-01 12:00Z');
SELECT booking.hold(:'couples', '2027-03-01 12:00Z');
\echo :SQLSTATE
UPDATE booking.service_requirements SET quantity = 4 WHERE service_id = :'couples' AND kind = 'therapist';
SELECT booking.hold(:'couples', '2027-03-02 12:00Z');
\echo :SQLSTATE
UPDATE booking.service_requirements SET quantity = 2 WHERE service_id = :'couples' AND kind = 'therapist';

---- named resources are kept and completed by chosen ones ----

SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-03 10:00Z', resources => ids('carol'));
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-03 10:00Z', resources => ids('room-1'));
\echo :SQLSTATE
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-03 10:00Z', resources => ids('room-2', 'alice'));
SELECT codes(resource_ids) FROM booking.hold(:'couples', '2027-03-03 12:00Z', resources => ids('alice'));
-- more than is needed may be named
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-03 14:00Z', resources => ids('room-1', 'room-2'));
-- but not what the service has no use for, or what is out of use
INSERT INTO booking.resources (kind, code, name) VALUES ('sauna', 'sauna', 'Sauna');
SELECT booking.hold(:'massage', '2027-03-03 16:00Z', resources => ids('sauna'));
\echo :SQLSTATE
UPDATE booking.resources SET active = false WHERE code = 'carol';
SELECT booking.hold(:'massage', '2027-03-03 16:00Z', resources => ids('carol'));
\echo :SQLSTATE
-- ... which is not chosen either
SELECT codes(resource_ids) FROM booking.hold(:'couples', '2027-03-03 16:00Z');
UPDATE booking.resources SET active = true WHERE code = 'carol';
-- a plain INSERT chooses just so, and an empty list is no list
INSERT INTO booking.bookings (service_id, starts_at, resource_ids) VALUES (:'massage', '2027-03-03 18:00Z', '{}')
	RETURNING codes(resource_ids);

---- who may provide a service: only those listed, kind by kind ----

INSERT INTO booking.service_resources (service_id, resource_id)
	VALUES (:'massage', booking.resource_id('carol'));
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-04 10:00Z');
SELECT booking.hold(:'massage', '2027-03-04 10:00Z', resources => ids('alice'));
\echo :SQLSTATE
SELECT booking.hold(:'massage', '2027-03-04 10:00Z');
\echo :SQLSTATE
DELETE FROM booking.service_resources;

---- a service that needs nothing in particular takes any one ----

SELECT codes(resource_ids) FROM booking.hold(:'anything', '2027-03-05 10:00Z');
SELECT codes(resource_ids) FROM booking.hold(:'anything', '2027-03-05 10:00Z', resources => ids('alice', 'room-2'));
-- without any resource there is nothing to book
UPDATE booking.resources SET active = false;
SELECT booking.hold(:'anything', '2027-03-05 12:00Z');
\echo :SQLSTATE
SELECT booking.hold(:'massage', '2027-03-05 12:00Z');
\echo :SQLSTATE
UPDATE booking.resources SET active = true;

---- an expired hold is free to be chosen ----

SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-06 10:00Z');
SET booking.now = '2027-03-01 10:00Z';
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-06 10:00Z');
SELECT status, reason_code, count(*) FROM booking.bookings WHERE starts_at = '2027-03-06 10:00Z' GROUP BY 1, 2
	ORDER BY 1;

---- reassigning: what is not named is chosen anew ----

SELECT booking_id AS b FROM booking.book(:'massage', '2027-03-07 10:00Z', '{"name": "Ann"}') \gset
SELECT version FROM booking.reassign(:'b', ids('alice'));
SELECT codes(resource_ids) FROM booking.bookings WHERE id = :'b';
UPDATE booking.bookings SET resource_ids = NULL WHERE id = :'b' RETURNING codes(resource_ids);
UPDATE booking.bookings SET resource_ids = ids('sauna') WHERE id = :'b';
\echo :SQLSTATE
-- moving keeps the resources, it does not look for others
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-07 12:00Z');
SELECT booking.reschedule(:'b', '2027-03-07 12:00Z');
\echo :SQLSTATE

---- in which branch ----

INSERT INTO booking.branches (code, name, time_zone) VALUES ('annex', 'Annex', 'UTC');
INSERT INTO booking.resources (kind, code, name, branch_id) VALUES
	('therapist', 'dan', 'Dan', booking.branch_id('annex')), ('room', 'room-9', 'Room 9', booking.branch_id('annex')),
	('towel', 'annex-towels', 'Towels', booking.branch_id('annex'));
UPDATE booking.resources SET capacity = 10 WHERE code = 'annex-towels';
SELECT booking.hold(:'massage', '2027-03-08 10:00Z');
\echo :SQLSTATE
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-08 10:00Z', branch => booking.branch_id('annex'));
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-08 12:00Z', resources => ids('dan'));
BEGIN;
SELECT booking.set_context(branch => booking.branch_id('main')) \gset _
SELECT codes(resource_ids) FROM booking.hold(:'massage', '2027-03-08 10:00Z');
COMMIT;
-- the service's own branch is enough
UPDATE booking.services SET branch_id = booking.branch_id('annex') WHERE code = 'couples-massage';
UPDATE booking.service_requirements SET quantity = 1 WHERE service_id = :'couples' AND kind = 'therapist';
SELECT codes(resource_ids) FROM booking.hold(:'couples', '2027-03-08 14:00Z');
SELECT h.code, count(*) FROM booking.bookings AS b JOIN booking.branches AS h ON h.id = b.branch_id
 WHERE b.starts_at > '2027-03-08' GROUP BY 1 ORDER BY 1;
