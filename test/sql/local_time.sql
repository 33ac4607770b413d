-- Local time (A2, A10): local_start is what clocks in the branch show.  A time that
-- they skip is the first instant after the gap, one that comes twice the first.
\set SHOW_CONTEXT never
SET booking.now = '2011-01-01 09:00Z';

INSERT INTO booking.branches (code, name, time_zone) VALUES
	('detroit', 'Detroit', 'America/Detroit'), ('lord-howe', 'Lord Howe', 'Australia/Lord_Howe'),
	('apia', 'Apia', 'Pacific/Apia'), ('kathmandu', 'Kathmandu', 'Asia/Kathmandu');
INSERT INTO booking.resources (code, name, branch_id)
	SELECT 'room-' || code, 'Room', id FROM booking.branches;
INSERT INTO booking.services (name, duration) VALUES ('Visit', '1 hour');
SELECT booking.service_id('visit') AS visit \gset

---- gaps, repeated hours, a day that never was ----

CREATE TABLE wanted (n serial, branch text, wall timestamp, booking uuid);
INSERT INTO wanted (branch, wall) VALUES
	('detroit',		'2027-03-14 00:59'),
	('detroit',		'2027-03-14 02:30'),	-- skipped
	('detroit',		'2027-11-07 01:30'),	-- twice: the first, EDT
	('detroit',		'2027-11-07 02:30'),
	('lord-howe',	'2027-10-03 02:10'),	-- half an hour skipped
	('lord-howe',	'2027-04-04 01:40'),	-- half an hour repeated
	('apia',		'2011-12-30 12:00'),	-- the day was left out
	('kathmandu',	'2027-06-01 12:00');
UPDATE wanted SET booking = (SELECT booking_id
	FROM booking.hold(:'visit', local_start => wall, branch => booking.branch_id(branch)));
SELECT w.branch, w.wall, b.starts_at, b.local_start, b.ends_at - b.starts_at AS length
  FROM wanted AS w JOIN booking.bookings AS b ON b.id = w.booking ORDER BY n;
-- the same instants, the functions say
SELECT booking.at_local('2027-03-14 02:30', booking.branch_id('detroit')) AS gap,
	   booking.at_local('2027-11-07 01:30', booking.branch_id('detroit')) AS twice,
	   booking.at_local('2011-12-30 12:00', booking.branch_id('apia')) AS no_such_day;
SELECT booking.at_local('2027-01-01', '00000000-0000-0000-0000-000000000000'::uuid);
\echo :SQLSTATE

---- the repeated hour is two hours: both can be booked ----

-- the first is held above, until 02:30 EDT = 01:30 EST; the second starts then
SELECT starts_at AT TIME ZONE 'America/Detroit' AS shown, starts_at FROM booking.hold(:'visit', '2027-11-07 06:30Z',
	resources => ARRAY[booking.resource_id('room-detroit')]);
-- across the change: midnight to 03:00 on the clock are four hours
SELECT ends_at - starts_at AS length FROM booking.hold(:'visit', local_start => '2028-11-05 00:00',
	ends_at => booking.at_local('2028-11-05 03:00', booking.branch_id('detroit')),
	branch => booking.branch_id('detroit'));
-- across midnight and the spring gap, 23:30 to 03:30 on the clock
SELECT starts_at, ends_at, ends_at - starts_at AS length
	FROM booking.hold(:'visit', local_start => '2028-03-11 23:30',
	ends_at => booking.at_local('2028-03-12 03:30', booking.branch_id('detroit')),
	branch => booking.branch_id('detroit'));

---- a booking keeps its zone and what its clock showed ----

SELECT booking_id AS b FROM booking.book(:'visit', NULL, '{"name": "Ann"}', local_start => '2027-05-01 10:00',
	branch => booking.branch_id('detroit')) \gset
SELECT starts_at, local_start, time_zone FROM booking.bookings WHERE id = :'b';
-- moved by wall-clock time it keeps its length, by function and by UPDATE
SELECT version FROM booking.reschedule(:'b', local_start => '2027-12-01 10:00');
SELECT starts_at, ends_at, local_start FROM booking.bookings WHERE id = :'b';
UPDATE booking.bookings SET local_start = '2026-03-08 02:15' WHERE id = :'b'
	RETURNING starts_at, ends_at - starts_at AS length, local_start;
-- instants win over a wall-clock time that says otherwise
UPDATE booking.bookings SET starts_at = '2027-05-03 14:00Z', ends_at = '2027-05-03 15:00Z', local_start = '2020-01-01'
 WHERE id = :'b' RETURNING starts_at, local_start;
INSERT INTO booking.bookings (service_id, starts_at, local_start, resource_ids)
	VALUES (:'visit', '2027-05-03 16:00Z', '2020-01-01', ARRAY[booking.resource_id('room-detroit')])
	RETURNING local_start;
-- one that another resource takes over is shown in that branch's zone
UPDATE booking.bookings SET resource_ids = ARRAY[booking.resource_id('room-apia')] WHERE id = :'b'
	RETURNING starts_at, local_start, time_zone;
UPDATE booking.bookings SET time_zone = 'Europe/Berlin', title = 'x' WHERE id = :'b' RETURNING time_zone;
-- a branch that moves its clocks does not move its bookings
UPDATE booking.branches SET time_zone = 'Europe/Berlin' WHERE code = 'apia';
SELECT starts_at, local_start, time_zone FROM booking.bookings WHERE id = :'b';
-- but where a booking is moved to, its new clocks say
SELECT version FROM booking.reschedule(:'b', local_start => '2027-05-04 10:00');
SELECT starts_at, local_start, time_zone FROM booking.bookings WHERE id = :'b';
UPDATE booking.branches SET time_zone = 'Asia/Tokyo' WHERE code = 'apia';
UPDATE booking.bookings SET local_start = '2027-05-04 10:30' WHERE id = :'b'
	RETURNING starts_at, local_start, time_zone;

---- the session's zone has no part in any of it ----

SET TimeZone = 'Asia/Tokyo';
SELECT booking_id AS c FROM booking.hold(:'visit', local_start => '2027-06-01 10:00',
	branch => booking.branch_id('detroit')) \gset
SET TimeZone = 'UTC';
SELECT starts_at, local_start FROM booking.bookings WHERE id = :'c';
SELECT starts, ends, time_zone, status FROM booking.agenda('2027-06-01', booking.branch_id('detroit'));

---- A13: a day that begins at four ----

SELECT booking.set_setting('branch', 'detroit', 'day_starts_at', '"04:00"');
SELECT booking_id AS d FROM booking.hold(:'visit', local_start => '2027-06-02 03:00',
	branch => booking.branch_id('detroit')) \gset
SELECT booking_id AS e FROM booking.hold(:'visit', local_start => '2027-06-02 04:00',
	branch => booking.branch_id('detroit')) \gset
SELECT starts FROM booking.agenda('2027-06-01', booking.branch_id('detroit'));
SELECT starts FROM booking.agenda('2027-06-02', booking.branch_id('detroit'));
SELECT booking.set_setting('branch', 'detroit', 'day_starts_at', NULL);

---- zones ----

INSERT INTO booking.branches (code, name, time_zone) VALUES ('mars', 'Mars', 'Mars/Olympus');
\echo :SQLSTATE
UPDATE booking.branches SET time_zone = 'EST5EDT4,M3.2.0,M11.1.0' WHERE code = 'detroit';
\echo :SQLSTATE
UPDATE booking.resources SET time_zone = 'FOO5BAR';
\echo :SQLSTATE
SELECT booking.hold(:'visit', local_start => 'infinity', branch => booking.branch_id('detroit'));
\echo :SQLSTATE
SELECT booking.hold(:'visit', local_start => '294276-12-31 23:30', branch => booking.branch_id('detroit'));
\echo :SQLSTATE
