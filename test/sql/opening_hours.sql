-- Opening hours (A1, A3, X12): weekly rules of branches and resources, overrides of
-- a date, closures, and what comes of them together.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';
SET timezone = 'Europe/Berlin';
SET intervalstyle = 'postgres';

INSERT INTO booking.branches (code, name, time_zone) VALUES ('berlin', 'Berlin', 'Europe/Berlin');
SELECT booking.set_context(tenant => booking.tenant_id('default'), branch => booking.branch_id('berlin'), session => true);
INSERT INTO booking.resources (code, name) VALUES ('lane', 'Lane'), ('court', 'Court'), ('pool', 'Pool');
SELECT booking.branch_id('berlin') AS berlin, booking.resource_id('lane') AS lane,
	   booking.resource_id('court') AS court, booking.resource_id('pool') AS pool \gset

-- Spans of effective hours, on the wall of the branch.
CREATE FUNCTION open(code text, first date, days int DEFAULT 1)
RETURNS TABLE (opens text, closes text) LANGUAGE sql STABLE AS $$
	SELECT to_char(lower(r), 'Dy DD HH24:MI'), to_char(upper(r), 'Dy DD HH24:MI')
	  FROM unnest(booking.effective_hours(booking.resource_id(code),
					tstzrange(first::timestamptz, (first + days)::timestamptz))) AS r ORDER BY r
$$;

---- no rule anywhere: open around the clock ----

SELECT * FROM open('lane', '2027-06-07', 7);
-- unless hours are required
SELECT booking.set_setting('branch', 'berlin', 'require_hours', 'true');
SELECT * FROM open('lane', '2027-06-07', 7);
INSERT INTO booking.date_overrides (resource_id, day, opens, closes) VALUES (:'lane', '2027-06-08', '10:00', '12:00');
SELECT * FROM open('lane', '2027-06-07', 7);
SELECT booking.set_setting('branch', 'berlin', 'require_hours', NULL);
-- a resource with nothing but an override is open around the clock on other dates
SELECT * FROM open('lane', '2027-06-07', 7);
INSERT INTO booking.date_overrides (resource_id, day, opens, closes) VALUES (:'lane', '2027-06-09', '22:00', '02:00');
SELECT * FROM open('lane', '2027-06-07', 7);
DELETE FROM booking.date_overrides;

---- weekly rules of the branch, of the resource, and both ----

SELECT booking.set_hours('berlin', 'mon-fri 09:00-12:00 13:00-17:00, sat 10:00-14:00');
SELECT weekday, opens, closes FROM booking.hours WHERE branch_id = :'berlin' ORDER BY 1, 2;
SELECT * FROM open('lane', '2027-06-07', 7);
SELECT booking.set_hours('court', 'mon 08:00-10:00 11:00-20:00, sun 10:00-18:00');
SELECT * FROM open('court', '2027-06-07', 7);

-- what touches is one span, what is cut by the window is cut
SELECT booking.set_hours('pool', 'mon 09:00-10:30 10:30-12:00 11:00-15:00');
SELECT * FROM open('pool', '2027-06-07', 7);
SELECT booking.effective_hours(:'pool', '[2027-06-07 10:00, 2027-06-07 13:30)');
SELECT booking.effective_hours(:'pool', '(2027-06-07 10:00, 2027-06-07 13:30]');
SELECT booking.effective_hours(:'pool', '[2027-06-07 12:15, 2027-06-07 12:45)');
SELECT booking.effective_hours(:'pool', 'empty');

---- past midnight ----

SELECT booking.set_hours('berlin', 'fri-sat 18:00-02:00, sun 12:00-00:00');
SELECT * FROM open('lane', '2027-06-07', 8);
-- a window that begins and ends in the night
SELECT booking.effective_hours(:'lane', '[2027-06-12 01:00, 2027-06-12 01:30)');
SELECT booking.set_hours('berlin', 'daily 00:00-24:00');
SELECT * FROM open('lane', '2027-06-07', 8);

---- valid from and until, both inclusive ----

SELECT booking.set_hours('berlin', 'always');
INSERT INTO booking.hours (branch_id, weekday, opens, closes, valid_until)
	SELECT :'berlin', d, '09:00', '17:00', '2027-06-09' FROM generate_series(1, 7) AS d;
INSERT INTO booking.hours (branch_id, weekday, opens, closes, valid_from)
	SELECT :'berlin', d, '10:00', '24:00', '2027-06-11' FROM generate_series(1, 7) AS d;
SELECT * FROM open('lane', '2027-06-08', 5);
-- rules that are all over are rules still
DELETE FROM booking.hours WHERE valid_from IS NOT NULL;
SELECT count(*) FROM open('lane', '2028-06-08', 5);

---- overrides ----

SELECT booking.set_hours('berlin', 'daily 09:00-17:00');
SELECT booking.set_hours('court', 'daily 08:00-12:00');
INSERT INTO booking.date_overrides (branch_id, resource_id, day, opens, closes, reason) VALUES
	(:'berlin', NULL, '2027-06-08', NULL, NULL, 'Staff outing'),
	(NULL, :'court', '2027-06-08', '10:00', '12:00', NULL),	-- the branch is closed all the same
	(NULL, :'court', '2027-06-09', '07:00', '10:00', NULL),
	(NULL, :'court', '2027-06-09', '14:00', '20:00', NULL),
	(:'berlin', NULL, '2027-06-10', '20:00', '03:00', 'Long night'),
	(NULL, :'court', '2027-06-11', NULL, NULL, NULL),
	(NULL, :'court', '2027-06-11', '08:00', '10:00', NULL);	-- closed all day wins
SELECT * FROM open('lane', '2027-06-07', 5);
SELECT * FROM open('court', '2027-06-07', 6);
-- the night before goes on into a date that is closed
INSERT INTO booking.date_overrides (branch_id, day) VALUES (:'berlin', '2027-06-11');
SELECT * FROM open('lane', '2027-06-10', 3);

---- closures ----

DELETE FROM booking.date_overrides;
SELECT booking.set_hours('court', 'always');
INSERT INTO booking.closures (branch_id, resource_id, starts_at, ends_at, local_start, local_end, repeats, repeat_until, reason) VALUES
	(NULL, NULL, '2027-06-07 16:00', '2027-06-08 10:00', NULL, NULL, NULL, NULL, 'Stocktaking'),
	(:'berlin', NULL, NULL, NULL, '2027-06-09 12:00', '2027-06-09 13:00', NULL, NULL, 'Fire drill'),
	(NULL, :'court', NULL, NULL, '2027-06-07 12:30', '2027-06-07 13:00', 'daily', '2027-06-10', 'Cleaning'),
	(NULL, :'court', NULL, NULL, '2027-06-03 15:00', '2027-06-04 10:00', 'weekly', NULL, 'Club night'),
	(NULL, :'pool', '2027-06-08 00:00', 'infinity', NULL, NULL, NULL, NULL, 'Broken');
SELECT * FROM open('lane', '2027-06-07', 7);
SELECT * FROM open('court', '2027-06-07', 8);
SELECT booking.set_hours('pool', 'always');
SELECT * FROM open('pool', '2027-06-07', 8);
-- a pattern does not begin before its first day, nor after its last
SELECT * FROM open('court', '2027-06-02', 3);
SELECT * FROM open('court', '2027-06-11', 1);
-- of another tenant or branch: nothing to do with this one
INSERT INTO booking.tenants (code, name) VALUES ('other', 'Other');
INSERT INTO booking.branches (tenant_id, code, name) VALUES (booking.tenant_id('other'), 'main', 'Main');
INSERT INTO booking.closures (tenant_id, starts_at, ends_at)
	VALUES (booking.tenant_id('other'), '2027-01-01', '2028-01-01');
INSERT INTO booking.closures (branch_id, starts_at, ends_at)
	SELECT id, '2027-01-01', '2028-01-01' FROM booking.branches
	 WHERE code = 'main' AND tenant_id = booking.current_tenant();
SELECT * FROM open('lane', '2027-06-09', 1);
-- a tenant's closure in local time is in the zone of each branch
DELETE FROM booking.closures;
INSERT INTO booking.closures (local_start, local_end) VALUES ('2027-12-24 14:00', '2027-12-25 00:00');
INSERT INTO booking.branches (code, name, time_zone) VALUES ('tokyo', 'Tokyo', 'Asia/Tokyo');
INSERT INTO booking.resources (code, name, branch_id) VALUES ('mat', 'Mat', booking.branch_id('tokyo'));
SELECT booking.effective_hours(booking.resource_id(code), '[2027-12-24 00:00Z, 2027-12-26 00:00Z)')
  FROM unnest(ARRAY['lane', 'mat']) AS code;
DELETE FROM booking.closures;

---- set_hours: what it reads ----

CREATE FUNCTION rules(hours text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	PERFORM booking.set_hours('lane', hours);
	RETURN coalesce((SELECT string_agg(format('%s %s-%s', weekday, to_char(opens, 'HH24:MI'),
						CASE closes WHEN '24:00' THEN '24:00' ELSE to_char(closes, 'HH24:MI') END), ', ' ORDER BY weekday, opens)
			  FROM booking.hours WHERE resource_id = booking.resource_id('lane')), 'no rules');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN format('%s %s / %s', SQLSTATE, SQLERRM, detail);
END $$;
SELECT left(hours, 40) AS hours, rules(hours) FROM (VALUES
	('mon 09:00-17:00'), ('Monday 9-17'), ('MON,wed , Fri 09:00-12:00,13:00-17:00'), ('sat-mon 10:00 - 14:00'),
	('mon - tues 8:30-9:15 thursday 20:00-24:00'), ('fri 18:00-02:00'), ('daily 00:00-24:00'),
	('daily 22:00-00:00, sat-sun closed'), ('sun closed, sun-mon 10-11'), ('mon-sun 10-11'), ('mon 9-10 mon 9-10'), (' always '),
	-- refused
	(''), ('   '), ('closed'), ('mon-sun closed'), ('mon'), ('mon-fri'), ('mon 9'), ('mon 9-'), ('mon 09:00-17:00 foo'),
	('mo 9-10'), ('mondays 9-10'), ('mon 9-25'), ('mon 9:60-10'), ('mon 09:00-24:01'), ('mon 9-9'), ('mon 24:00-02:00'),
	('mon 009-10'), ('mon 9-10;tue 9-10'), ('9-10'), ('mon-'), ('always mon 9-10'), (E'd\u00ef 9-10'), ('mon 9-10 d'),
	(repeat('mon 9-10 ', 201)), ('daily 9am-5pm'), (repeat('x', 1000))) AS t (hours);
\set VERBOSITY default
SELECT booking.set_hours('lane', 'mon 9-5pm');
SELECT booking.set_hours('lane', 'closed');
\set VERBOSITY terse
SELECT booking.set_hours(NULL, 'always');
SELECT booking.set_hours('lane', NULL);
SELECT booking.set_hours('nowhere', 'always');
SELECT booking.set_hours('lane', 'always', 'branch');
SELECT booking.set_hours('lane', 'always', 'tenant');
SELECT booking.set_hours('lane', 'always', tenant => '00000000-0000-0000-0000-000000000000');
-- a code that both have
INSERT INTO booking.resources (code, name) VALUES ('berlin', 'Berlin room');
SELECT booking.set_hours('berlin', 'always');
SELECT booking.set_hours('berlin', 'mon 10-11', 'resource');
SELECT booking.set_hours('berlin', 'mon 09:30-11', 'branch');
SELECT * FROM open('berlin', '2027-06-07', 7);

---- windows ----

SELECT booking.effective_hours(:'lane', w) FROM (VALUES (tstzrange(NULL, now())), ('[2027-01-01, infinity)')) AS t (w);
SELECT booking.effective_hours(:'lane', '[-infinity, 2027-01-01)');
SELECT booking.effective_hours(:'lane', '(,)');
SELECT booking.effective_hours(:'lane', tstzrange('2027-01-01Z', '2027-01-01Z'::timestamptz + interval '3661 days'));
SELECT booking.set_hours('lane', 'daily 09:00-17:00');
SELECT count(*) FROM booking.effective_hours(:'lane', tstzrange('2027-01-01Z', '2037-01-01Z')) AS h, unnest(h);
SELECT booking.effective_hours(NULL, '[2027-01-01, 2027-01-02)');
SELECT booking.effective_hours(:'lane', NULL);
SELECT booking.effective_hours('00000000-0000-0000-0000-000000000000', '[2027-01-01, 2027-01-02)');
SELECT booking.effective_hours(:'lane', '[294276-12-30, 294276-12-31)');
SELECT booking.effective_hours(:'lane', '[4713-01-01 BC, 4713-01-02 BC)');

---- what the tables refuse ----

INSERT INTO booking.hours (weekday, opens, closes) VALUES (1, '09:00', '17:00');
INSERT INTO booking.hours (branch_id, resource_id, weekday, opens, closes) VALUES (:'berlin', :'lane', 1, '09:00', '17:00');
INSERT INTO booking.hours (branch_id, weekday, opens, closes) VALUES (:'berlin', 0, '09:00', '17:00');
INSERT INTO booking.hours (branch_id, weekday, opens, closes) VALUES (:'berlin', 1, '09:00', '09:00');
INSERT INTO booking.hours (branch_id, weekday, opens, closes) VALUES (:'berlin', 1, '24:00', '09:00');
INSERT INTO booking.hours (branch_id, weekday, opens, closes, valid_from, valid_until)
	VALUES (:'berlin', 1, '08:00', '09:00', '2027-01-02', '2027-01-01');
INSERT INTO booking.date_overrides (branch_id, day, opens) VALUES (:'berlin', '2027-01-01', '09:00');
INSERT INTO booking.date_overrides (branch_id, day) VALUES (:'berlin', 'infinity');
INSERT INTO booking.date_overrides (branch_id, day, reason) VALUES (:'berlin', '2027-01-01', repeat('x', 201));
INSERT INTO booking.closures (reason) VALUES ('nothing');
INSERT INTO booking.closures (starts_at, ends_at, local_start, local_end)
	VALUES ('2027-01-01', '2027-01-02', '2027-01-01', '2027-01-02');
INSERT INTO booking.closures (starts_at, local_end) VALUES ('2027-01-01', '2027-01-02');
INSERT INTO booking.closures (starts_at, ends_at) VALUES ('2027-01-02', '2027-01-02');
INSERT INTO booking.closures (local_start, local_end) VALUES ('2027-01-02', 'infinity');
INSERT INTO booking.closures (starts_at, ends_at, repeats) VALUES ('2027-01-01', '2027-01-02', 'daily');
INSERT INTO booking.closures (local_start, local_end, repeats) VALUES ('2027-01-01', '2027-01-02', 'yearly');
INSERT INTO booking.closures (local_start, local_end, repeats) VALUES ('2027-01-01', '2027-01-02 00:01', 'daily');
INSERT INTO booking.closures (local_start, local_end, repeats, repeat_until)
	VALUES ('2027-01-05 09:00', '2027-01-05 10:00', 'daily', '2027-01-04');
INSERT INTO booking.closures (local_start, local_end, repeat_until) VALUES ('2027-01-05', '2027-01-06', '2027-01-07');
INSERT INTO booking.closures (branch_id, resource_id, starts_at, ends_at) VALUES (:'berlin', :'lane', '2027-01-01', '2027-01-02');
INSERT INTO booking.closures (starts_at, ends_at, kind) VALUES ('2027-01-01', '2027-01-02', 'party');
INSERT INTO booking.resource_zones (resource_id, valid_from, time_zone) VALUES (:'lane', '2027-01-01', 'Mars/Olympus');
INSERT INTO booking.resource_zones (resource_id, valid_from, time_zone) VALUES (:'lane', '-infinity', 'UTC');
UPDATE booking.hours SET id = booking.new_id();
-- and the CHECKs say so where the guards don't
SET session_replication_role = replica;
INSERT INTO booking.hours (tenant_id, id, weekday, opens, closes) VALUES (booking.current_tenant(), booking.new_id(), 1, '09:00', '17:00');
INSERT INTO booking.closures (tenant_id, id) VALUES (booking.current_tenant(), booking.new_id());
INSERT INTO booking.closures (tenant_id, id, local_start, local_end, repeats)
	VALUES (booking.current_tenant(), booking.new_id(), '2027-01-01', '2027-01-09', 'weekly');
RESET session_replication_role;

---- rules go with their owner ----

INSERT INTO booking.closures (resource_id, starts_at, ends_at) VALUES (:'pool', '2027-01-01', '2027-01-02');
INSERT INTO booking.date_overrides (resource_id, day) VALUES (:'pool', '2027-01-01');
INSERT INTO booking.resource_zones (resource_id, valid_from, time_zone) VALUES (:'pool', '2027-01-01', 'UTC');
SELECT booking.set_hours('pool', 'mon 9-10');
DELETE FROM booking.resources WHERE id = :'pool';
SELECT (SELECT count(*) FROM booking.hours WHERE resource_id = :'pool') AS hours,
	   (SELECT count(*) FROM booking.date_overrides WHERE resource_id = :'pool') AS overrides,
	   (SELECT count(*) FROM booking.closures WHERE resource_id = :'pool') AS closures,
	   (SELECT count(*) FROM booking.resource_zones WHERE resource_id = :'pool') AS zones;

---- what a session keeps is forgotten when rules change, in subtransactions too ----

SELECT booking.effective_hours(:'lane', '[2027-06-07 00:00, 2027-06-08 00:00)');
BEGIN;
SAVEPOINT s;
SELECT booking.set_hours('lane', 'daily 10-11');
SELECT booking.effective_hours(:'lane', '[2027-06-07 00:00, 2027-06-08 00:00)');
ROLLBACK TO s;
SELECT booking.effective_hours(:'lane', '[2027-06-07 00:00, 2027-06-08 00:00)');
UPDATE booking.hours SET closes = '10:30' WHERE resource_id = :'lane';
SELECT booking.effective_hours(:'lane', '[2027-06-07 00:00, 2027-06-08 00:00)');
ROLLBACK;
SELECT booking.effective_hours(:'lane', '[2027-06-07 00:00, 2027-06-08 00:00)');
UPDATE booking.branches SET time_zone = 'Asia/Tokyo' WHERE id = :'berlin';
SELECT booking.effective_hours(:'lane', '[2027-06-07 00:00, 2027-06-08 00:00)');
TRUNCATE booking.hours;
SELECT booking.effective_hours(:'lane', '[2027-06-07 00:00, 2027-06-08 00:00)');
