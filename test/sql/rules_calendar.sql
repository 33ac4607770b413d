-- From wall-clock time to instants.

SET TimeZone = 'UTC';

-- At the edges of gaps and repeated hours, and inside.
CREATE TEMP VIEW probes(case_no, place, wall, zone) AS VALUES
	( 1, 'Detroit, before the gap',		timestamp '2024-03-10 01:59:59.999999', 'America/Detroit'),
	( 2, 'gap begins',					'2024-03-10 02:00:00',	'America/Detroit'),
	( 3, 'in the gap',					'2024-03-10 02:30:00.25', 'America/Detroit'),
	( 4, 'gap ends',					'2024-03-10 02:59:59.999999', 'America/Detroit'),
	( 5, 'after the gap',				'2024-03-10 03:00:00',	'America/Detroit'),
	( 6, 'before the repeated hour',	'2024-11-03 00:59:59',	'America/Detroit'),
	( 7, 'repeated hour begins',		'2024-11-03 01:00:00',	'America/Detroit'),
	( 8, 'in the repeated hour',		'2024-11-03 01:30:00',	'America/Detroit'),
	( 9, 'after the repeated hour',		'2024-11-03 02:00:00',	'America/Detroit'),
	(10, 'Berlin, in the gap',			'2024-03-31 02:30:00',	'Europe/Berlin'),
	(11, 'in the repeated hour',		'2024-10-27 02:30:00',	'Europe/Berlin'),
	(12, 'double summer time begins',	'1947-05-11 03:30:00',	'Europe/Berlin'),
	(13, 'Lord Howe, in the half-hour gap', '2024-10-06 02:10:00', 'Australia/Lord_Howe'),
	(14, 'after the gap',				'2024-10-06 02:30:00',	'Australia/Lord_Howe'),
	(15, 'in the repeated half hour',	'2024-04-07 01:45:00',	'Australia/Lord_Howe'),
	(16, 'after it',					'2024-04-07 02:00:00',	'Australia/Lord_Howe'),
	(17, 'Kathmandu, 5:45 east',		'2024-06-01 12:00:00',	'Asia/Kathmandu'),
	(18, 'in the gap of 1986',			'1986-01-01 00:10:00',	'Asia/Kathmandu'),
	(19, 'Apia, last second of the 29th', '2011-12-29 23:59:59', 'Pacific/Apia'),
	(20, 'the skipped day',				'2011-12-30 12:00:00',	'Pacific/Apia'),
	(21, 'first second of the 31st',	'2011-12-31 00:00:00',	'Pacific/Apia'),
	(22, 'Dublin, in the gap',			'2024-03-31 01:30:00',	'Europe/Dublin'),
	(23, 'in the repeated hour',		'2024-10-27 01:30:00',	'Europe/Dublin'),
	(24, 'year 2050, in the gap',		'2050-03-27 02:30:00',	'Europe/Berlin'),
	(25, 'year 2050, in the repeated hour', '2050-11-06 01:30:00', 'America/Detroit'),
	(26, 'year 2050, summer',			'2050-07-01 12:00:00',	'America/Detroit'),
	(27, 'before the epochs',			'1969-12-31 23:59:59.5', 'America/Detroit'),
	(28, 'names in any case',			'2024-06-01 12:00:00',	'europe/BERLIN'),
	(29, 'UTC',							'2024-06-01 12:00:00',	'UTC');

SELECT case_no, place, zone, wall, booking.at_local(wall, zone) AS instant
  FROM probes ORDER BY case_no;

-- There and back again, unless the wall time doesn't exist.
SELECT case_no, wall, booking.at_local(wall, zone) AT TIME ZONE zone AS shown
  FROM probes
 WHERE booking.at_local(wall, zone) AT TIME ZONE zone <> wall ORDER BY case_no;

-- Later on the wall is never earlier in time, not even where an hour repeats.
SELECT count(*) AS steps, count(*) FILTER (WHERE instant < previous) AS backwards
  FROM (SELECT booking.at_local(wall, zone) AS instant,
			   lag(booking.at_local(wall, zone)) OVER (PARTITION BY zone ORDER BY wall) AS previous
		  FROM generate_series(timestamp '2024-01-01', '2025-01-01', '15 minutes') AS wall,
			   unnest('{America/Detroit,Europe/Berlin,Australia/Lord_Howe,Asia/Kathmandu,Pacific/Apia,Europe/Dublin}'::text[]) AS zone) AS steps;

-- The session's zone has no part in it.
SET TimeZone = 'Asia/Tokyo';
SELECT booking.at_local('2024-03-10 02:30', 'America/Detroit') = '2024-03-10 07:00Z' AS same;
SET TimeZone = 'UTC';

-- Names that have a digit, and zones that only look like abbreviations.
SELECT zone, booking.at_local('2024-06-01 12:00', zone)
  FROM unnest('{Etc/GMT+5,Etc/GMT-14,Etc/GMT0,GMT0,EST5EDT}'::text[]) AS zone;

-- Everything else is refused, above all what PostgreSQL reads as a POSIX rule.
DO $$
DECLARE
	zone text;
BEGIN
	FOREACH zone IN ARRAY ARRAY[
		'', ' ', 'UTC ', ':UTC', 'Europe', 'Europe/', '/UTC', 'Europe//Berlin', 'Europe/Berlin1',
		'../../../../etc/passwd', 'zone.tab', 'localtime', 'posixrules', 'posix/UTC', 'right/UTC', 'Factory',
		'default', 'CEST', 'BST', '+02', '-5', '05:00', '<+02>-2', 'UTC+2', 'FOO5BAR', 'EST5EDT4',
		'Etc/GMT+13', 'Etc/GMT-15', 'Etc/GMT+05', 'Etc/GMT5', 'Etc/GMT+', repeat('x', 300)]
	LOOP
		BEGIN
			PERFORM booking.at_local('2024-06-01 12:00', zone);
			RAISE NOTICE 'accepted: %', zone;
		EXCEPTION WHEN invalid_parameter_value THEN
			NULL;
		END;
	END LOOP;
END $$;
SELECT booking.at_local('2024-06-01 12:00', 'FOO5BAR');
\echo :LAST_ERROR_SQLSTATE

-- Beyond what an instant can be.
SELECT booking.at_local('infinity', 'UTC');
\echo :LAST_ERROR_SQLSTATE
SELECT booking.at_local('-infinity', 'UTC');
SELECT booking.at_local('294276-12-31 23:59:59.999999', 'America/Detroit');
SELECT booking.at_local('294276-12-31 23:59:59.999999', 'Asia/Kathmandu');
SELECT booking.at_local('4714-11-24 00:00:00 BC', 'Asia/Kathmandu');

SELECT booking.at_local(NULL, 'UTC') IS NULL AND booking.at_local('2024-06-01', NULL::text) IS NULL AS all_null;
