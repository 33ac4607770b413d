-- Any client: everything by plain SQL, without one function of the API.  The guards
-- are the engine, so a psql, an ORM or a COPY gets just the same.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (code, name) VALUES ('room-1', 'Room 1'), ('room-2', 'Room 2'), ('room-3', 'Room 3');
INSERT INTO booking.services (id, name, duration, price)
	VALUES ('00000000-0000-0000-0001-000000000001', 'Lesson', '1 hour', 10);
INSERT INTO booking.customers (id, email, name)
	VALUES ('00000000-0000-0000-0002-000000000001', 'ann@example.com', 'Ann');
\set lesson '00000000-0000-0000-0001-000000000001'
\set ann '00000000-0000-0000-0002-000000000001'
CREATE VIEW seen AS
	SELECT b.title, b.status, b.starts_at, b.version,
		   (SELECT string_agg(r.code, ' ' ORDER BY r.code) FROM booking.resources AS r
			 WHERE r.id = ANY (b.resource_ids)) AS rooms,
		   (SELECT count(*) FROM booking.allocations AS a WHERE a.booking_id = b.id) AS occupies,
		   (SELECT count(*) FROM booking.audit_log AS a WHERE a.booking_id = b.id) AS audit,
		   s.status AS session, o.total AS bill
	  FROM booking.bookings AS b
	  LEFT JOIN booking.service_sessions AS s ON s.booking_id = b.id
	  LEFT JOIN booking.orders AS o ON o.id = b.order_id;

---- INSERT: held, pending, confirmed; what is left out is filled in ----

INSERT INTO booking.bookings (service_id, starts_at, title) VALUES (:'lesson', '2027-03-01 10:00Z', 'a')
	RETURNING status, ends_at, units, party_size, expires_at, version, local_start, price, currency, actor_kind;
INSERT INTO booking.bookings (service_id, starts_at, title, status, customer_id)
	VALUES (:'lesson', '2027-03-01 10:00Z', 'b', 'pending', :'ann'),
		   (:'lesson', '2027-03-01 10:00Z', 'c', 'confirmed', :'ann');
SELECT * FROM seen ORDER BY title;
INSERT INTO booking.bookings (service_id, starts_at) VALUES (:'lesson', '2027-03-01 10:00Z');
\echo :SQLSTATE
INSERT INTO booking.bookings (starts_at) VALUES ('2027-03-01 10:00Z');
\echo :SQLSTATE
INSERT INTO booking.bookings (service_id) VALUES (:'lesson');
\echo :SQLSTATE
INSERT INTO booking.bookings (service_id, starts_at, ends_at)
	VALUES (:'lesson', '2027-03-01 10:00Z', '2027-03-01 09:00Z');
\echo :SQLSTATE
INSERT INTO booking.bookings (service_id, starts_at, customer_id) VALUES (:'lesson', '2027-03-02 10:00Z', :'lesson');
\echo :SQLSTATE

---- several rows: later ones see what earlier ones chose ----

INSERT INTO booking.bookings (service_id, starts_at, title) VALUES
	(:'lesson', '2027-03-01 12:00Z', 'd'), (:'lesson', '2027-03-01 12:30Z', 'e'),
	(:'lesson', '2027-03-01 12:59Z', 'f'), (:'lesson', '2027-03-01 13:00Z', 'g');
SELECT title, rooms FROM seen WHERE title BETWEEN 'd' AND 'g' ORDER BY title;
-- one too many, and none is written
INSERT INTO booking.bookings (service_id, starts_at, title) VALUES
	(:'lesson', '2027-03-01 16:00Z', 'h'), (:'lesson', '2027-03-01 16:00Z', 'h'),
	(:'lesson', '2027-03-01 16:00Z', 'h'), (:'lesson', '2027-03-01 16:00Z', 'h');
\echo :SQLSTATE
SELECT count(*) FROM seen WHERE title = 'h';
INSERT INTO booking.bookings (service_id, starts_at, title)
	SELECT :'lesson', t, 'i' FROM generate_series(timestamptz '2027-03-02 08:00Z', '2027-03-02 11:00Z',
	'20 minutes') AS t;
SELECT to_char(starts_at, 'HH24:MI') AS at, rooms FROM seen WHERE title = 'i' ORDER BY 1;

---- ON CONFLICT: a row that is never inserted leaves nothing ----

INSERT INTO booking.bookings (id, service_id, starts_at, title)
	VALUES ('00000000-0000-0000-0004-000000000001', :'lesson', '2027-03-03 10:00Z', 'j');
INSERT INTO booking.bookings (id, service_id, starts_at, title)
	VALUES ('00000000-0000-0000-0004-000000000001', :'lesson', '2027-03-03 12:00Z', 'never'),
	('00000000-0000-0000-0004-000000000002', :'lesson', '2027-03-03 12:00Z', 'k') ON CONFLICT DO NOTHING RETURNING title;
SELECT title, starts_at, version, occupies, audit FROM seen WHERE title IN ('j', 'k', 'never') ORDER BY 1;
INSERT INTO booking.bookings (id, service_id, starts_at, title)
	SELECT '00000000-0000-0000-0004-000000000002', :'lesson', '2027-03-03 14:00Z', 'l' FROM generate_series(1, 3)
	ON CONFLICT (tenant_id, id) DO UPDATE SET title = excluded.title;
\echo :SQLSTATE
INSERT INTO booking.bookings (id, service_id, starts_at, title)
	VALUES ('00000000-0000-0000-0004-000000000002', :'lesson', '2027-03-03 14:00Z', 'l')
	ON CONFLICT (tenant_id, id) DO UPDATE SET title = excluded.title, starts_at = excluded.starts_at,
	ends_at = excluded.ends_at RETURNING title, starts_at, version;
SELECT title, starts_at, version, occupies, audit FROM seen WHERE title IN ('j', 'k', 'l') ORDER BY 1;
SELECT count(*) AS allocations_of_nobody FROM booking.allocations AS a
 WHERE NOT EXISTS (SELECT FROM booking.bookings AS b WHERE b.id = a.booking_id);

---- COPY ----

COPY booking.bookings (service_id, starts_at, title, status, contact) FROM stdin;
00000000-0000-0000-0001-000000000001	2027-03-04 10:00Z	m	confirmed	{"name": "Bob"}
00000000-0000-0000-0001-000000000001	2027-03-04 10:00Z	n	held	\N
\.
SELECT * FROM seen WHERE title IN ('m', 'n') ORDER BY title;
COPY booking.bookings (service_id, starts_at, title) FROM stdin;
00000000-0000-0000-0001-000000000001	2027-03-04 10:30Z	o
00000000-0000-0000-0001-000000000001	2027-03-04 10:30Z	p
\.
SELECT count(*) AS copied FROM seen WHERE title IN ('o', 'p');

---- UPDATE: status, slot, resources, wall-clock time, units, deadline ----

UPDATE booking.bookings SET status = 'checked_in' WHERE title = 'm' RETURNING status, version;
UPDATE booking.bookings SET starts_at = '2027-03-04 12:00Z', ends_at = '2027-03-04 13:30Z' WHERE title = 'n'
	RETURNING starts_at, ends_at, during;
UPDATE booking.bookings SET starts_at = '2027-03-04 14:00Z' WHERE title = 'n';
\echo :SQLSTATE
UPDATE booking.bookings SET during = '[2027-03-04 14:00Z, 2027-03-04 15:00Z)' WHERE title = 'n'
	RETURNING starts_at, ends_at, during;
UPDATE booking.bookings SET during = NULL, title = 'n' WHERE title = 'n' RETURNING during;
UPDATE booking.bookings SET during = '(2027-03-04 14:00Z, 2027-03-04 15:00Z]' WHERE title = 'n';
\echo :SQLSTATE
UPDATE booking.bookings SET during = '[2027-03-04 14:00Z,)' WHERE title = 'n';
\echo :SQLSTATE
UPDATE booking.bookings SET during = 'empty' WHERE title = 'n';
\echo :SQLSTATE
UPDATE booking.bookings SET during = '[2027-03-04 15:00Z, 2027-03-04 16:00Z)', starts_at = '2027-03-04 14:30Z' WHERE title = 'n';
\echo :SQLSTATE
INSERT INTO booking.bookings (service_id, during, title)
	VALUES ('00000000-0000-0000-0001-000000000001', '[2027-03-04 20:00Z, 2027-03-04 20:30Z)', 'ranged')
	RETURNING starts_at, ends_at, during;
INSERT INTO booking.bookings (service_id, starts_at, during)
	VALUES ('00000000-0000-0000-0001-000000000001', '2027-03-04 21:00Z', '[2027-03-04 20:00Z, 2027-03-04 20:30Z)');
\echo :SQLSTATE
UPDATE booking.bookings SET local_start = '2027-03-04 16:00' WHERE title = 'n' RETURNING starts_at, ends_at;
UPDATE booking.bookings SET resource_ids = ARRAY[booking.resource_id('room-3'), booking.resource_id('room-2')]
	WHERE title = 'n' RETURNING version;
UPDATE booking.bookings SET expires_at = '2027-03-01 09:30Z' WHERE title = 'n' RETURNING expires_at, hold_ttl;
UPDATE booking.bookings SET expires_at = '2027-03-01 08:59Z' WHERE title = 'n';
\echo :SQLSTATE
UPDATE booking.bookings SET units = 2 WHERE title = 'n';
\echo :SQLSTATE
SELECT title, status, starts_at, rooms, occupies, audit FROM seen WHERE title IN ('m', 'n') ORDER BY title;
SELECT a.expires_at FROM booking.allocations AS a JOIN booking.bookings AS b ON b.id = a.booking_id
	WHERE b.title = 'n';
UPDATE booking.bookings SET service_id = :'ann' WHERE title = 'n';
\echo :SQLSTATE
-- optimistic locking: the version that was read
UPDATE booking.bookings SET title = 'N', version = 1 WHERE title = 'n';
\echo :SQLSTATE
UPDATE booking.bookings SET title = 'N' WHERE title = 'n' AND version = 1 RETURNING version;

---- one UPDATE of many rows: moving a day along, and swapping ----

INSERT INTO booking.bookings (service_id, starts_at, title, resource_ids)
	SELECT :'lesson', '2027-03-05 08:00Z'::timestamptz + n * interval '1 hour', 'q' || n,
	ARRAY[booking.resource_id('room-1')]
	FROM generate_series(0, 4) AS n;
UPDATE booking.bookings SET starts_at = starts_at + '1 hour', ends_at = ends_at + '1 hour' WHERE title ~ '^q';
UPDATE booking.bookings SET starts_at = starts_at - interval '90 minutes',
	ends_at = ends_at - interval '90 minutes' WHERE title ~ '^q';
SELECT title, starts_at, version, occupies FROM seen WHERE title ~ '^q' ORDER BY title;
UPDATE booking.bookings AS b SET starts_at = o.starts_at, ends_at = o.ends_at FROM booking.bookings AS o
	WHERE (b.title, o.title) IN (('q0', 'q4'), ('q4', 'q0'));
SELECT title, starts_at, version, occupies FROM seen WHERE title IN ('q0', 'q4') ORDER BY title;
SELECT bool_and(lower(a.during) = b.starts_at AND upper(a.during) = b.ends_at) AS allocations_agree
	FROM booking.allocations AS a JOIN booking.bookings AS b ON b.id = a.booking_id WHERE b.title ~ '^q';
-- onto each other: refused, and nothing moved
UPDATE booking.bookings SET starts_at = '2027-03-05 20:00Z', ends_at = '2027-03-05 21:00Z'
	WHERE title IN ('q1', 'q2');
\echo :SQLSTATE
SELECT title, starts_at, occupies FROM seen WHERE title IN ('q1', 'q2') ORDER BY title;

---- MERGE ----

MERGE INTO booking.bookings AS b USING (VALUES
		('q1', timestamptz '2027-03-05 20:00Z'), ('r', '2027-03-05 20:00Z'), ('q2', NULL)) AS s (title, at) ON b.title = s.title
	WHEN MATCHED AND s.at IS NULL THEN UPDATE SET status = 'cancelled', reason_code = 'weather'
	WHEN MATCHED THEN UPDATE SET starts_at = s.at, ends_at = s.at + '1 hour'
	WHEN NOT MATCHED THEN INSERT (service_id, starts_at, title) VALUES (:'lesson', s.at, s.title);
SELECT title, status, starts_at, rooms, occupies FROM seen WHERE title IN ('q1', 'q2', 'r') ORDER BY title;
MERGE INTO booking.bookings AS b USING (VALUES ('q1')) AS s (title) ON b.title = s.title WHEN MATCHED THEN DELETE;
\echo :SQLSTATE
