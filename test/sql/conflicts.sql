-- Conflicts (H2, X2, X4, X5, X9, X10): slots are half-open, a list of resources is
-- taken as a whole, and the answer says what is in the way, not whose it is.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (id, code, name) VALUES
	('00000000-0000-0000-0000-00000000000a', 'room-1', 'Room 1'),
	('00000000-0000-0000-0000-00000000000b', 'room-2', 'Room 2'),
	('00000000-0000-0000-0000-00000000000c', 'room-3', 'Room 3');
INSERT INTO booking.services (name, duration) VALUES ('Meeting', '1 hour');
SELECT booking.service_id('meeting') AS meeting, booking.resource_id('room-1') AS room_1,
	   booking.resource_id('room-2') AS room_2, booking.resource_id('room-3') AS room_3 \gset

-- Books room 1; says what came of it.
CREATE FUNCTION pg_temp.try(begins timestamptz, ends timestamptz, rooms uuid[] DEFAULT NULL) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT status FROM booking.book(booking.service_id('meeting'), begins, '{"name": "Ann"}', ends,
		coalesce(rooms, ARRAY[booking.resource_id('room-1')])));
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;

---- X4: half-open, finite, not empty ----

SELECT pg_temp.try('2027-03-01 10:00Z', '2027-03-01 11:00Z') AS ten_to_eleven;
SELECT pg_temp.try('2027-03-01 11:00Z', '2027-03-01 12:00Z') AS eleven_to_twelve;
SELECT pg_temp.try('2027-03-01 09:00Z', '2027-03-01 10:00Z') AS nine_to_ten;
SELECT what, pg_temp.try(begins, ends) FROM (VALUES
	(1, 'the same', '2027-03-01 10:00Z'::timestamptz, '2027-03-01 11:00Z'::timestamptz),
	(2, 'a microsecond at the end', '2027-03-01 11:59:59.999999Z', '2027-03-01 13:00Z'),
	(3, 'a microsecond inside', '2027-03-01 10:30Z', '2027-03-01 10:30:00.000001Z'),
	(4, 'around all of it', '2027-03-01 05:00Z', '2027-04-01 13:00Z'),
	(5, 'empty', '2027-03-02 10:00Z', '2027-03-02 10:00Z'),
	(6, 'inverted', '2027-03-02 11:00Z', '2027-03-02 10:00Z'),
	(7, 'without end', '2027-03-02 10:00Z', 'infinity'),
	(8, 'without beginning', '-infinity', '2027-03-02 10:00Z'),
	(9, 'beyond time', '294276-12-31 23:30Z', NULL)) AS v (n, what, begins, ends) ORDER BY n;
SELECT min(starts_at), max(ends_at), count(*) FROM booking.bookings;

---- X5: one of several taken, none booked ----

SELECT pg_temp.try('2027-03-01 10:00Z', '2027-03-01 11:00Z', ARRAY[:'room_2', :'room_1', :'room_3']::uuid[]);
SELECT count(*) AS bookings, count(DISTINCT a.resource_id) AS rooms
  FROM booking.bookings AS b JOIN booking.allocations AS a ON a.booking_id = b.id;
SELECT pg_temp.try('2027-03-01 12:00Z', '2027-03-01 13:00Z', ARRAY[:'room_3', :'room_1', :'room_2']::uuid[]);
SELECT r.code FROM booking.allocations AS a JOIN booking.resources AS r ON r.id = a.resource_id
 WHERE lower(a.during) = '2027-03-01 12:00Z' ORDER BY 1;
SELECT pg_temp.try('2027-03-01 14:00Z', '2027-03-01 15:00Z', ARRAY[:'room_1', :'room_1']::uuid[]) AS twice;
SELECT pg_temp.try('2027-03-01 14:00Z', '2027-03-01 15:00Z',
	ARRAY['00000000-0000-0000-0000-0000000000ff']::uuid[]) AS unknown;
SELECT pg_temp.try('2027-03-01 14:00Z', '2027-03-01 15:00Z', ARRAY[:'room_1', NULL]::uuid[]) AS with_null;

---- X9: DETAIL is JSON: every taken resource with its times, in UTC ----

SET TimeZone = 'Asia/Kathmandu';
SET DateStyle = 'SQL, DMY';
SELECT * FROM booking.hold(:'meeting', '2027-03-01 10:30Z', '2027-03-01 12:30Z', ARRAY[:'room_1', :'room_2',
	:'room_3']::uuid[]);
\echo :SQLSTATE
RESET TimeZone;
RESET DateStyle;
-- a program reads it like this; nothing in it says who or what is there
DO $$
DECLARE
	facts text;
BEGIN
	PERFORM booking.hold(booking.service_id('meeting'), '2027-03-01 10:00Z',
	resources => ARRAY[booking.resource_id('room-1')]);
EXCEPTION WHEN exclusion_violation THEN
	GET STACKED DIAGNOSTICS facts = PG_EXCEPTION_DETAIL;
	RAISE NOTICE 'keys %, of a conflict %', (SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(facts::jsonb) AS k),
		(SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(facts::jsonb -> 'conflicts' -> 0) AS k);
END $$;
-- an expired hold in the way is not in the way, and not in the answer
SELECT booking_id AS h FROM booking.hold(:'meeting', '2027-03-01 16:00Z', resources => ARRAY[:'room_1']::uuid[]) \gset
SELECT pg_temp.try('2027-03-01 17:00Z', '2027-03-01 18:00Z');
SET booking.now = '2027-03-01 09:05Z';
SELECT * FROM booking.hold(:'meeting', '2027-03-01 16:00Z', '2027-03-01 18:00Z', ARRAY[:'room_1']::uuid[]);
SELECT pg_temp.try('2027-03-01 16:00Z', '2027-03-01 17:00Z');

---- X10: the same answer in every isolation level and after many refusals ----

BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT pg_temp.try('2027-03-01 10:00Z', '2027-03-01 11:00Z');
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT pg_temp.try('2027-03-01 10:00Z', '2027-03-01 11:00Z');
SELECT pg_temp.try('2027-03-01 18:00Z', '2027-03-01 19:00Z');
COMMIT;
SELECT result, count(*) FROM (SELECT pg_temp.try('2027-03-01 10:00Z', '2027-03-01 11:00Z')
	FROM generate_series(1, 100)) AS t (result)
 GROUP BY 1;
-- past the number of cheap subtransactions refusals and bookings go on as before
DO $$
BEGIN
	FOR i IN 1 .. 40 LOOP
		PERFORM booking.hold(booking.service_id('meeting'), '2027-03-02 00:00Z'::timestamptz + i * interval '1 hour',
			resources => ARRAY[booking.resource_id('room-1'), booking.resource_id('room-2')]);
	END LOOP;
	BEGIN
		PERFORM booking.hold(booking.service_id('meeting'), '2027-03-02 01:30Z',
		resources => ARRAY[booking.resource_id('room-3'),
			booking.resource_id('room-2')]);
	EXCEPTION WHEN OTHERS THEN
		RAISE NOTICE '% %', SQLSTATE, SQLERRM;
	END;
	PERFORM booking.hold(booking.service_id('meeting'), '2027-03-02 01:30Z',
	resources => ARRAY[booking.resource_id('room-3')]);
END $$;
SELECT count(*) AS bookings, sum((SELECT count(*) FROM booking.allocations AS a
	WHERE a.booking_id = b.id)) AS allocations
  FROM booking.bookings AS b WHERE starts_at > '2027-03-02';
-- the codes a client should try again, and the one for impatience
SELECT sqlstate, name FROM booking.error_codes WHERE retry ORDER BY 1;
SELECT status FROM booking.book(:'meeting', '2027-03-09 10:00Z', '{"name": "Ann"}', lock_wait => false);

---- X2: even without the engine two do not get the same ----

SET session_replication_role = replica;
\set VERBOSITY sqlstate
INSERT INTO booking.allocations (tenant_id, booking_id, resource_id, during, units, exclusive)
	SELECT tenant_id, booking.new_id(), resource_id, during, 1, true FROM booking.allocations LIMIT 1;
\set VERBOSITY default
RESET session_replication_role;
