-- The catalogue of errors.

SELECT name, sqlstate, http_status AS http, retry, message FROM booking.error_catalogue();

-- Names are unique; only the two kinds of conflict share an SQLSTATE.
SELECT count(*) AS errors, count(DISTINCT name) AS names, count(DISTINCT sqlstate) AS sqlstates,
       count(*) FILTER (WHERE sqlstate !~ '^[0-9A-Z]{5}$') AS malformed
  FROM booking.error_catalogue();
SELECT sqlstate, array_agg(name ORDER BY name)
  FROM booking.error_catalogue() GROUP BY sqlstate HAVING count(*) > 1;

-- What a client should simply try again.
SELECT array_agg(sqlstate ORDER BY sqlstate) FROM booking.error_catalogue() WHERE retry;

-- An error raised has the SQLSTATE the catalogue lists.
SELECT booking.at_local('infinity', 'UTC');
SELECT name, message FROM booking.error_catalogue() WHERE sqlstate = :'LAST_ERROR_SQLSTATE';
DO $$
BEGIN
	PERFORM booking.at_local('-infinity', 'UTC');
EXCEPTION WHEN SQLSTATE 'ZB001' THEN
	RAISE NOTICE 'caught %', SQLSTATE;
END $$;
