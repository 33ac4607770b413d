-- The registry of settings, and settings as server settings.  Levels below the
-- server are tested where the tables are.
\set VERBOSITY terse

SELECT name, type, unit, default_value, min_value, max_value, options FROM booking.setting_catalogue() WHERE name !~ '^quota_';
SELECT name, levels, description FROM booking.setting_catalogue() WHERE name !~ '^quota_';

-- The quotas are a row for each subject, period and what is counted.
SELECT count(*), count(DISTINCT name), min(default_value), bool_and(levels = '{service,resource,branch,tenant}') AS same_levels
  FROM booking.setting_catalogue() WHERE name ~ '^quota_';
SELECT format('quota_%s_%s%s', subject, period, minutes) AS missing
  FROM unnest('{customer,resource,service}'::text[]) AS subject, unnest('{day,week,month,year}'::text[]) AS period,
	   unnest('{"",_minutes}'::text[]) AS minutes
EXCEPT SELECT name FROM booking.setting_catalogue();
SELECT name, type, unit, min_value, max_value, description FROM booking.setting_catalogue() WHERE name ~ '^quota_resource_month';

-- What is said of a setting agrees with itself.
SELECT name AS odd FROM booking.setting_catalogue()
 WHERE (type = 'enum') <> (options IS NOT NULL) OR (type IN ('enum', 'boolean')) <> (min_value IS NULL)
	OR (type = 'interval') <> (unit IS NOT DISTINCT FROM 'seconds') OR (type = 'integer' AND unit IS NULL)
	OR NOT coalesce(default_value = ANY (options), true) OR levels <@ '{server}' OR 'server' = ANY (levels) <> (name !~ '^quota_')
	OR name !~ '^[a-z_]+$' OR description ~ '^[A-Z]|[.]$' OR 'none' = ANY (options);
SELECT name AS twice FROM booking.setting_catalogue() GROUP BY name HAVING count(*) > 1;

-- Each that can be is a server setting too, changed only by superusers, and unset at first.
SELECT c.name, s.context, s.setting FROM booking.setting_catalogue() c
  LEFT JOIN pg_settings s ON s.name = 'booking.' || c.name
 WHERE (s.context, s.setting) IS DISTINCT FROM ('superuser', '') AND 'server' = ANY (c.levels);

-- Intervals: PostgreSQL's syntax, ISO 8601, or a number of seconds.
CREATE FUNCTION server(name text) RETURNS text LANGUAGE sql RETURN
	(SELECT format('%s (%s)', coalesce(value, 'none'), origin) FROM booking.effective_settings() AS s WHERE s.name = server.name);
CREATE FUNCTION try(name text, value text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	PERFORM set_config('booking.' || name, value, false);
	RETURN server(name);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat(SQLSTATE, ' ', SQLERRM, ' ', detail);
END $$;
SELECT v AS value, try('hold_ttl', v) FROM unnest('{10 min,1 hour 30 minutes,00:10,PT10M,2 days,1.5,600}'::text[]) AS v;
SHOW booking.hold_ttl;

-- The bounds themselves are allowed, a microsecond more is not.
SELECT v AS value, try('hold_ttl', v) FROM unnest('{1 second,30 days,720:00:00.000001,0.999999}'::text[]) AS v;

-- Months have no fixed length; the reach of a sign depends on IntervalStyle.
SELECT v AS value, try('hold_ttl', v) FROM unnest('{1 month,-5 minutes,1 day -1 hour,5 minutes ago,infinity,soon," ",
	9223372036854775807 days,106751991 days 2400000000 hours,none}'::text[]) AS v;

-- What was refused changed nothing; empty text unsets.
SHOW booking.hold_ttl;
SELECT try('hold_ttl', '');

-- Where there may be none, that can be said.
SELECT k AS name, v AS value, try(k, v) FROM (VALUES
	(1, 'pending_ttl', 'none'), (2, 'pending_ttl', '7 days'), (3, 'pending_ttl', '59 seconds'),
	(4, 'max_live_holds', '3'), (5, 'max_live_holds', 'none'), (6, 'max_live_holds', '0'), (7, 'max_live_holds', '1000001'),
	(8, 'max_live_holds', '3.0'), (9, 'max_live_holds', '99999999999999999999'), (10, 'no_show_grace', '0'),
	(11, 'approval', 'on'), (12, 'approval', 'no'), (13, 'approval', '2'),
	(14, 'commit_check', 'grid'), (15, 'commit_check', 'none'), (16, 'commit_check', 'GRID'), (17, 'commit_check', '1'),
	(18, 'commit_check_staff', 'overlap'), (19, 'commit_check_staff', 'none'),
	(20, 'day_starts_at', '23:00'), (21, 'day_starts_at', '23:00:00.000001'), (22, 'suggest_count', '0')) AS t (n, k, v) ORDER BY n;

-- An instant means the same whatever the session's zone and style.
SET timezone = 'America/Detroit';
SET datestyle = 'SQL, DMY';
SELECT v AS value, try('bookable_until', v) FROM unnest(ARRAY['2027-06-30T18:00:00+02:00', '2027-06-30 18:00+02', '2027-06-30T16:00Z',
	'2027-06-30 18:00:00.25 -0330', '2027-06-30T18:00:00.123456Z', '2028-02-29T00:00Z', '2000-01-01T00:00Z', '9999-12-31T23:59:59.999999Z',
	'none', '']) WITH ORDINALITY AS t (v, n) ORDER BY n;
SELECT v AS value, left(try('bookable_until', v), 60) AS try FROM unnest(ARRAY['2027-06-30', '2027-06-30T18:00', '2027-06-30 18:00 Europe/Berlin',
	'30/06/2027 18:00+02', '2027-02-29T00:00Z', '2027-13-01T00:00Z', '2027-00-01T00:00Z', '2027-06-31T00:00Z', '2027-06-30T24:00Z', '2027-06-30T18:60Z',
	'2027-06-30T18:00:60Z', '2027-06-30T18:00:00.Z', '2027-06-30T18:00:00.1234567Z', '2027-06-30T18:00+16', '2027-06-30T18:00+02:60', '2027-06-30T18:00+2',
	'2027-06-30T18:00Zulu', '1999-12-31T23:59:59.999999Z', '9999-12-31T23:59-01', '10000-01-01T00:00Z', 'infinity', 'now', 'tomorrow', ' ', '600'])
	WITH ORDINALITY AS t (v, n) ORDER BY n;
SELECT try('bookable_until', 'soon');
RESET timezone;
RESET datestyle;

-- A customer's session can't set what binds customers.
CREATE ROLE regress_rules_customer;
SET ROLE regress_rules_customer;
SET booking.max_hold_ttl = '30 days';
\echo :LAST_ERROR_SQLSTATE
SET booking.min_notice = 0;
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
DROP ROLE regress_rules_customer;
