-- Opening hours are wall time (A2, A10): days of 23, 24.5 and 25 hours, midnights that
-- don't exist, a date that never was, dated changes of zone; and a model of it all in SQL.
\set SHOW_CONTEXT never
SET booking.now = '2011-01-01 09:00Z';
SET timezone = 'UTC';
SET intervalstyle = 'postgres';

CREATE TABLE places (code text, zone text);
INSERT INTO places VALUES ('berlin', 'Europe/Berlin'), ('detroit', 'America/Detroit'), ('lord-howe', 'Australia/Lord_Howe'),
	('kathmandu', 'Asia/Kathmandu'), ('apia', 'Pacific/Apia'), ('sao-paulo', 'America/Sao_Paulo'), ('beirut', 'Asia/Beirut'),
	('cairo', 'Africa/Cairo'), ('casablanca', 'Africa/Casablanca'), ('troll', 'Antarctica/Troll');
INSERT INTO booking.branches (code, name, time_zone) SELECT code, initcap(code), zone FROM places;
INSERT INTO booking.resources (code, name, branch_id) SELECT code || '-room', 'Room', booking.branch_id(code) FROM places;

-- What is open in the days around a date, in UTC, with lengths.
CREATE FUNCTION open(place text, hours text, first date, days int)
RETURNS TABLE (opens timestamptz, closes timestamptz, length interval) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM booking.set_hours(place, hours);
	RETURN QUERY SELECT lower(r), upper(r), upper(r) - lower(r)
	  FROM unnest(booking.effective_hours(booking.resource_id(place || '-room'),
		tstzrange(booking.at_local(first, booking.branch_id(place)),
				  booking.at_local(first + days, booking.branch_id(place))))) AS r ORDER BY r;
END $$;

---- the length of days ----

SELECT place, day, length FROM (VALUES
	('berlin', '2027-03-28'::date), ('berlin', '2027-10-31'), ('detroit', '2027-03-14'), ('detroit', '2027-11-07'),
	('lord-howe', '2027-10-03'), ('lord-howe', '2027-04-04'), ('kathmandu', '2027-03-28'), ('sao-paulo', '2018-11-04'),
	('beirut', '2027-03-28'), ('apia', '2011-12-29'), ('troll', '2027-03-28')) AS d (place, day),
	open(place, 'daily 00:00-24:00', day, 1);
-- the whole of some years, without a break
SELECT place, opens, closes FROM places, open(code, 'daily 00:00-24:00', '2011-01-01', 3650) AS o, LATERAL (SELECT code) AS p (place) ORDER BY 1;

---- gaps: the first instant after it ----

SELECT * FROM open('berlin', 'sun 02:30-04:00', '2027-03-28', 1);
SELECT * FROM open('berlin', 'sun 01:00-02:30', '2027-03-28', 1);
-- all of it in the gap: none
SELECT * FROM open('berlin', 'sun 02:10-02:50', '2027-03-28', 1);
SELECT * FROM open('lord-howe', 'sun 02:10-03:00', '2027-10-03', 1);
-- midnight does not exist: the day begins at 01:00
SELECT * FROM open('sao-paulo', 'daily 00:00-09:00', '2018-11-03', 2);
SELECT * FROM open('sao-paulo', 'daily 20:00-24:00', '2018-11-03', 2);
SELECT * FROM open('beirut', 'daily 22:00-00:30', '2027-03-27', 2);

---- repeated times: the first occurrence ----

SELECT * FROM open('berlin', 'sun 01:00-02:30', '2027-10-31', 1);
SELECT * FROM open('berlin', 'sun 02:30-04:00', '2027-10-31', 1);
SELECT * FROM open('berlin', 'sun 02:00-02:30', '2027-10-31', 1);
SELECT * FROM open('detroit', 'sun 01:00-02:00', '2027-11-07', 1);
SELECT * FROM open('lord-howe', 'sun 01:30-02:00', '2027-04-04', 1);

---- nights over a change ----

SELECT * FROM open('berlin', 'sat 22:00-06:00', '2027-03-27', 2);
SELECT * FROM open('berlin', 'sat 22:00-06:00', '2027-10-30', 2);
SELECT * FROM open('berlin', 'sat 22:00-02:30', '2027-10-30', 2);
SELECT * FROM open('lord-howe', 'sat 22:00-06:00', '2027-10-02', 2);
-- a window inside the repeated hour, in the second of them, when a clock shows less than at the opening
SELECT booking.set_hours('berlin', 'sun 02:45-05:00');
SELECT booking.effective_hours(booking.resource_id('berlin-room'), '[2027-10-31 01:10Z, 2027-10-31 01:20Z)');

---- a date that never was: Samoa went from the 29th to the 31st ----

SELECT * FROM open('apia', 'daily 09:00-17:00', '2011-12-28', 5);
SELECT * FROM open('apia', 'thu 18:00-02:00', '2011-12-28', 5);
-- its bounds are the first instant of the 31st
SELECT * FROM open('apia', 'fri 20:00-02:00', '2011-12-28', 5);

---- closures in local time ----

SELECT booking.set_hours('berlin', 'always');
INSERT INTO booking.closures (branch_id, local_start, local_end, repeats, repeat_until)
	VALUES (booking.branch_id('berlin'), '2027-03-26 02:30', '2027-03-26 03:30', 'daily', '2027-03-29');
SELECT unnest(booking.effective_hours(booking.resource_id('berlin-room'), '[2027-03-26 00:00Z, 2027-03-31 00:00Z)'));
DELETE FROM booking.closures;

---- dated changes of zone ----

-- in Berlin until Tuesday, in New York from Wednesday on, in Tokyo from Friday on
INSERT INTO booking.resources (code, name, branch_id) VALUES ('consultant', 'Consultant', booking.branch_id('berlin'));
SELECT booking.resource_id('consultant') AS consultant \gset
SELECT booking.set_hours('consultant', 'daily 09:00-17:00');
INSERT INTO booking.resource_zones (resource_id, valid_from, time_zone) VALUES
	(:'consultant', '2027-06-11', 'Asia/Tokyo'), (:'consultant', '2027-06-09', 'America/New_York');
SELECT unnest(booking.effective_hours(:'consultant', '[2027-06-07, 2027-06-13)'));
-- one day alone says the same
SELECT unnest(booking.effective_hours(:'consultant', '[2027-06-09 12:00Z, 2027-06-09 22:00Z)'));
-- its patterns too, by the day they begin on
INSERT INTO booking.closures (resource_id, local_start, local_end, repeats)
	VALUES (:'consultant', '2027-06-01 12:00', '2027-06-01 13:00', 'daily');
SELECT unnest(booking.effective_hours(:'consultant', '[2027-06-08, 2027-06-12)'));
DELETE FROM booking.closures;
-- around the clock stays around the clock, whatever the zones; a date with hours of its own is cut out
SELECT booking.set_hours('consultant', 'always');
SELECT booking.effective_hours(:'consultant', '[2027-06-07, 2027-06-13)');
INSERT INTO booking.date_overrides (resource_id, day) VALUES (:'consultant', '2027-06-08');
SELECT unnest(booking.effective_hours(:'consultant', '[2027-06-07, 2027-06-13)'));
-- the resource's own zone comes before the branch's
UPDATE booking.resources SET time_zone = 'Asia/Kathmandu' WHERE id = :'consultant';
SELECT booking.set_hours('consultant', 'daily 09:00-17:00');
SELECT unnest(booking.effective_hours(:'consultant', '[2027-06-05, 2027-06-08)'));

---- a model ----

-- The same in SQL, from the tables and at_local(): every date within reach, expanded and put together.
CREATE FUNCTION zone_on(resource booking.resources, day date) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT coalesce((SELECT z.time_zone FROM booking.resource_zones AS z WHERE z.resource_id = resource.id AND z.valid_from <= day
					  ORDER BY z.valid_from DESC LIMIT 1), resource.time_zone,
					(SELECT b.time_zone FROM booking.branches AS b WHERE b.id = resource.branch_id)) $$;
CREATE FUNCTION expand(day date, opens time, closes time, zone text) RETURNS tstzrange LANGUAGE sql STABLE AS $$
	SELECT tstzrange(booking.at_local(day + opens, zone),
					 booking.at_local(CASE WHEN closes <= opens THEN day + 1 ELSE day END + closes, zone)) $$;
CREATE FUNCTION model(resource booking.resources, win tstzrange) RETURNS tstzmultirange LANGUAGE plpgsql STABLE AS $$
DECLARE
	branch booking.branches;
	total tstzmultirange := tstzmultirange(win);
	owned tstzmultirange;
	every boolean;
	level int;
BEGIN
	SELECT * INTO branch FROM booking.branches AS b WHERE b.id = resource.branch_id;
	FOR level IN 1..2 LOOP
		every := NOT EXISTS (SELECT FROM booking.hours AS h WHERE h.branch_id = branch.id AND level = 1 OR h.resource_id = resource.id AND level = 2);
		SELECT coalesce(range_agg(span), '{}') INTO owned
		  FROM generate_series(lower(win) - interval '4 days', upper(win) + interval '4 days', '1 day') AS g,
			LATERAL (SELECT (g AT TIME ZONE 'UTC')::date) AS d (day),
			LATERAL (SELECT CASE level WHEN 1 THEN branch.time_zone ELSE zone_on(resource, day) END,
							CASE level WHEN 1 THEN branch.time_zone ELSE zone_on(resource, day + 1) END) AS z (zone, next_zone),
			LATERAL (SELECT count(*) > 0, coalesce(bool_or(o.opens IS NULL), false) FROM booking.date_overrides AS o
					  WHERE o.day = d.day AND (o.branch_id = branch.id AND level = 1 OR o.resource_id = resource.id AND level = 2)) AS s (special, closed),
			LATERAL (
				SELECT expand(d.day, h.opens, h.closes, zone) FROM booking.hours AS h
				 WHERE NOT special AND h.weekday = extract(isodow FROM d.day)
				   AND (h.valid_from <= d.day) IS NOT FALSE AND (h.valid_until >= d.day) IS NOT FALSE
				   AND (h.branch_id = branch.id AND level = 1 OR h.resource_id = resource.id AND level = 2)
				UNION ALL
				SELECT expand(d.day, o.opens, o.closes, zone) FROM booking.date_overrides AS o
				 WHERE o.day = d.day AND NOT closed AND (o.branch_id = branch.id AND level = 1 OR o.resource_id = resource.id AND level = 2)
				UNION ALL
				SELECT tstzrange(booking.at_local(d.day, zone), booking.at_local(d.day + 1, next_zone)) WHERE every AND NOT special
			) AS x (span);
		total := total * owned;
	END LOOP;
	RETURN total - coalesce((
		SELECT range_agg(tstzrange(c.starts_at, c.ends_at)) FROM booking.closures AS c
		 WHERE c.starts_at IS NOT NULL AND (c.resource_id = resource.id OR c.branch_id = branch.id OR c.resource_id IS NULL AND c.branch_id IS NULL)), '{}')
	  - coalesce((
		SELECT range_agg(tstzrange(booking.at_local(c.local_start + n * step, zone), booking.at_local(c.local_end + n * step, zone)))
		  FROM booking.closures AS c,
			LATERAL (SELECT CASE c.repeats WHEN 'daily' THEN interval '1 day' WHEN 'weekly' THEN interval '7 days' ELSE interval '0' END) AS p (step),
			generate_series(0, CASE WHEN c.repeats IS NULL THEN 0 ELSE 60 END) AS n,
			LATERAL (SELECT CASE WHEN c.resource_id IS NULL THEN branch.time_zone ELSE zone_on(resource, (c.local_start + n * step)::date) END) AS z (zone)
		 WHERE c.local_start IS NOT NULL AND (c.resource_id = resource.id OR c.branch_id = branch.id OR c.resource_id IS NULL AND c.branch_id IS NULL)
		   AND ((c.local_start + n * step)::date <= c.repeat_until) IS NOT FALSE), '{}');
END $$;

SELECT setseed(0.2027);
DELETE FROM booking.date_overrides;
DELETE FROM booking.resource_zones;
CREATE FUNCTION pick(list anyarray) RETURNS anyelement LANGUAGE sql VOLATILE AS $$
	SELECT list[1 + floor(random() * cardinality(list))::int] $$;
CREATE FUNCTION any_time() RETURNS time LANGUAGE sql VOLATILE AS $$ SELECT time '00:00' + floor(random() * 96) * interval '15 minutes' $$;
CREATE TABLE wrong (place text, win tstzrange, got tstzmultirange, expected tstzmultirange);
CREATE FUNCTION compare(rounds int) RETURNS TABLE (compared bigint, not_empty bigint, not_full bigint) LANGUAGE plpgsql AS $$
DECLARE
	place record;
	room booking.resources;
	change date;
	win tstzrange;
	got tstzmultirange;
	expected tstzmultirange;
	a time;
	b time;
BEGIN
	compared := 0; not_empty := 0; not_full := 0;
	FOR round IN 1..rounds LOOP
		DELETE FROM booking.hours; DELETE FROM booking.date_overrides; DELETE FROM booking.closures; DELETE FROM booking.resource_zones;
		SELECT * INTO place FROM places ORDER BY random() LIMIT 1;
		SELECT * INTO room FROM booking.resources AS r WHERE r.code = place.code || '-room';
		change := pick(ARRAY['2027-03-28', '2027-10-31', '2027-03-14', '2027-11-07', '2027-10-03', '2027-04-04', '2018-11-04', '2018-02-18', '2011-12-30', '2027-04-30', '2027-02-07']::date[]);
		FOR n IN 1..pick(ARRAY[0, 3, 12, 20]) LOOP
			a := any_time(); b := pick(ARRAY[any_time(), time '24:00', time '00:00', a + interval '1 hour']);
			CONTINUE WHEN a = b;
			INSERT INTO booking.hours (branch_id, resource_id, weekday, opens, closes, valid_from, valid_until)
				SELECT CASE WHEN n % 2 = 0 THEN room.branch_id END, CASE WHEN n % 2 = 1 THEN room.id END, 1 + floor(random() * 7), a, b,
					CASE WHEN random() < 0.2 THEN change - 1 END, CASE WHEN random() < 0.2 THEN change + 1 END;
		END LOOP;
		FOR n IN 1..pick(ARRAY[0, 1, 4]) LOOP
			a := any_time(); b := any_time();
			CONTINUE WHEN a = b;
			INSERT INTO booking.date_overrides (branch_id, resource_id, day, opens, closes)
				SELECT CASE WHEN n % 2 = 0 THEN room.branch_id END, CASE WHEN n % 2 = 1 THEN room.id END, change + pick(ARRAY[-2, -1, 0, 0, 1]),
					CASE WHEN n < 4 THEN a END, CASE WHEN n < 4 THEN b END;
		END LOOP;
		FOR n IN 1..pick(ARRAY[0, 0, 1]) LOOP
			INSERT INTO booking.resource_zones (resource_id, valid_from, time_zone)
				SELECT room.id, change + pick(ARRAY[-1, 0, 1]), pick(ARRAY['UTC', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Australia/Lord_Howe']);
		END LOOP;
		FOR n IN 1..pick(ARRAY[0, 1, 3]) LOOP
			INSERT INTO booking.closures (branch_id, resource_id, local_start, local_end, repeats, repeat_until)
				SELECT CASE WHEN n = 2 THEN room.branch_id END, CASE WHEN n = 3 THEN room.id END, l, l + pick(ARRAY[interval '15 minutes', '3 hours', '1 day']), r,
					CASE WHEN r IS NOT NULL AND random() < 0.5 THEN l::date + 20 END
				FROM (SELECT change - pick(ARRAY[0, 1, 5, 30]) + any_time(), pick(ARRAY[NULL, 'daily', 'weekly'])) AS x (l, r);
			INSERT INTO booking.closures (starts_at, ends_at) SELECT s, s + interval '95 minutes' FROM (SELECT change + any_time()) AS x (s);
		END LOOP;
		FOR n IN 1..6 LOOP
			SELECT tstzrange(s, s + pick(ARRAY[interval '5 minutes', '1 hour', '25 hours', '4 days', '9 days'])) INTO win
			  FROM (SELECT change::timestamp AT TIME ZONE 'UTC' + (random() * 4 - 2) * interval '1 day') AS x (s);
			got := booking.effective_hours(room.id, win);
			expected := model(room, win);
			compared := compared + 1;
			not_empty := not_empty + (got <> '{}')::int;
			not_full := not_full + (got <> tstzmultirange(win))::int;
			IF got IS DISTINCT FROM expected THEN
				INSERT INTO wrong VALUES (place.code, win, got, expected);
			END IF;
		END LOOP;
	END LOOP;
	RETURN NEXT;
END $$;
SET client_min_messages = warning;
SELECT compared, not_empty > 100 AS some_open, not_full > 100 AS some_closed FROM compare(150);
SELECT * FROM wrong LIMIT 5;
