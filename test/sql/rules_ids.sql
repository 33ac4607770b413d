-- Identifiers.

-- version and variant
SELECT id::text ~ '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$' AS version_7
FROM booking.new_id() AS id;

-- the time in it is the clock's
SELECT abs(('x' || translate(substr(id::text, 1, 13), '-', ''))::bit(48)::bigint
		   - extract(epoch FROM clock_timestamp()) * 1000) < 10000 AS is_now
FROM booking.new_id() AS id;

-- ids of a session sort in the order in which they were made, also within a
-- millisecond, and differ
SELECT count(*), count(DISTINCT id), bool_and(id > previous) AS ordered
FROM (SELECT id, lag(id) OVER (ORDER BY n) AS previous
	  FROM (SELECT n, booking.new_id() AS id FROM generate_series(1, 20000) AS n OFFSET 0) AS made)
	AS pairs;
