-- Why a slot can't be booked (A7): one row a rule, with the level that decides;
-- the same slots, the same rules and the same errors as those of booking it.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 08:30Z';

UPDATE booking.branches SET code = 'berlin', time_zone = 'Europe/Berlin';
INSERT INTO booking.resources (code, name, kind, position, capacity) VALUES
	('ann', 'Ann', 'staff', 1, 1), ('pool', 'Pool', 'pool', 1, 3);
INSERT INTO booking.services (code, name, duration, settings) VALUES
	('cut', 'Cut', '30 min', '{"slot_step": "15 min"}'), ('swim', 'Swim', '1 hour', '{}');
INSERT INTO booking.service_requirements (service_id, kind) VALUES
	(booking.service_id('cut'), 'staff'), (booking.service_id('swim'), 'pool');
SELECT booking.set_hours('berlin', 'mon-fri 09:00-12:00');
SELECT booking.set_hours('ann', 'mon-fri 09:30-17:00');
INSERT INTO booking.closures (branch_id, starts_at, ends_at, reason) VALUES
	(booking.branch_id('berlin'), '2027-03-02 09:00Z', '2027-03-02 10:00Z', 'the roof leaks');
INSERT INTO booking.customers (id, name, actor) VALUES ('00000000-0000-0000-0000-0000000000c1', 'Carla', 'carla');
SELECT status FROM booking.book(booking.service_id('cut'), '2027-03-03 09:00Z', '{"name": "X"}');
SELECT status FROM booking.book(booking.service_id('swim'), '2027-03-03 09:00Z', '{"name": "X"}', units => 2);

CREATE FUNCTION pg_temp.why(code text, start timestamptz, units int DEFAULT 1)
RETURNS TABLE (rule text, level text, value text, code_ text, message text) LANGUAGE sql STABLE AS $$
	SELECT e.rule, e.level, e.value, e.code, e.message FROM booking.explain_slot(booking.service_id(code), start, units => units) AS e
	 WHERE e.verdict IS NOT TRUE $$;

-- all rules, for a slot that can be booked
SELECT * FROM booking.explain_slot(booking.service_id('cut'), '2027-03-01 08:30Z');
SET booking.actor_kind = 'customer';
SET booking.actor = 'carla';
SELECT * FROM booking.explain_slot(booking.service_id('cut'), '2027-03-01 08:30Z');

-- one that is against several rules; the clocks of the branch tell
SELECT * FROM pg_temp.why('cut', '2027-02-28 08:31Z');
-- a microsecond
SELECT rule, message FROM pg_temp.why('cut', '2027-03-01 08:29:59.999999Z');
SELECT rule, message FROM pg_temp.why('cut', '2027-03-01 10:30:00.000001Z');
SELECT rule, level FROM pg_temp.why('cut', '2027-03-01 10:30Z');
-- the branch closes at 12, Ann opens at 9:30
SELECT * FROM pg_temp.why('cut', '2027-03-01 10:45Z');
SELECT * FROM pg_temp.why('cut', '2027-03-02 08:15Z');
-- why it is closed is not told
SELECT * FROM pg_temp.why('cut', '2027-03-02 08:45Z');
SELECT * FROM pg_temp.why('cut', '2027-03-03 09:15Z');
SELECT * FROM pg_temp.why('swim', '2027-03-03 09:00Z', units => 2);
SELECT * FROM pg_temp.why('swim', '2027-03-03 08:00Z', units => 4);
SELECT * FROM pg_temp.why('cut', '2027-03-04 09:00Z', units => 2);
-- off the grid: the next start
SELECT * FROM pg_temp.why('cut', '2027-03-04 08:35Z');

-- notice and limits, and the level that sets them
UPDATE booking.tenants SET settings = '{"min_notice": "2 hours"}';
UPDATE booking.branches SET settings = '{"max_advance": "2 days"}' WHERE code = 'berlin';
SELECT * FROM pg_temp.why('cut', '2027-03-01 10:15Z');
SELECT rule FROM pg_temp.why('cut', '2027-03-01 10:30Z');
SELECT * FROM pg_temp.why('cut', '2027-03-04 08:30Z');
UPDATE booking.resources SET settings = '{"max_advance_business_days": 1}' WHERE code = 'ann';
SELECT level, value, message FROM pg_temp.why('cut', '2027-03-03 08:30Z');
UPDATE booking.services SET settings = settings || '{"bookable_until": "2027-03-01 10:30Z"}' WHERE code = 'cut';
SELECT level, value, message FROM pg_temp.why('cut', '2027-03-01 10:45Z');
UPDATE booking.tenants SET settings = '{}';
UPDATE booking.branches SET settings = '{}';
UPDATE booking.resources SET settings = '{}';

-- a quota, a customer elsewhere
UPDATE booking.services SET settings = '{"slot_step": "15 min", "quota_resource_day": 1, "same_customer": "refuse"}' WHERE code = 'cut';
SELECT * FROM pg_temp.why('cut', '2027-03-03 08:30Z');
SELECT status FROM booking.book(booking.service_id('swim'), '2027-03-04 09:00Z', '{"id": "00000000-0000-0000-0000-0000000000c1"}');
SELECT rule, level, value, code, message FROM booking.explain_slot(booking.service_id('cut'), '2027-03-04 09:00Z', customer => '00000000-0000-0000-0000-0000000000c1')
 WHERE NOT verdict;
UPDATE booking.services SET settings = '{"slot_step": "15 min"}' WHERE code = 'cut';

-- what is not for this service at all
SELECT * FROM booking.explain_slot(booking.service_id('cut'), '2027-03-04 09:00Z', ARRAY[booking.resource_id('pool'), booking.resource_id('ann')]) WHERE NOT verdict;
SELECT rule, code, message FROM booking.explain_slot(booking.service_id('cut'), '2027-03-04 09:00Z', party_size => 2) WHERE NOT verdict;
UPDATE booking.services SET max_party = 1 WHERE code = 'cut';
SELECT rule, code, message FROM booking.explain_slot(booking.service_id('cut'), '2027-03-04 09:00Z', party_size => 2) WHERE NOT verdict;
RESET booking.actor_kind;
RESET booking.actor;
UPDATE booking.resources SET active = false WHERE code = 'ann';
SELECT * FROM pg_temp.why('cut', '2027-03-04 09:00Z');
UPDATE booking.resources SET active = true WHERE code = 'ann';

---- the same as booking it: every five minutes of four days ----

UPDATE booking.tenants SET settings = '{"commit_check": "grid"}';
UPDATE booking.services SET settings = '{"slot_step": "15 min", "min_notice": "26 hours", "max_advance": "49 hours"}' WHERE code = 'cut';
CREATE FUNCTION pg_temp.book(start timestamptz) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	code text;
BEGIN
	PERFORM booking.hold(booking.service_id('cut'), start);
	RAISE EXCEPTION USING ERRCODE = 'ZZZZZ';
EXCEPTION
	WHEN SQLSTATE 'ZZZZZ' THEN RETURN 'ok';
	WHEN OTHERS THEN
		code := SQLSTATE;
		RETURN (SELECT e.name FROM booking.error_codes AS e WHERE e.sqlstate = code ORDER BY e.name DESC LIMIT 1);
END $$;
SET booking.actor_kind = 'customer';
SET booking.actor = 'carla';
SELECT c.booked, count(*), count(*) FILTER (WHERE c.listed) AS listed,
	   count(*) FILTER (WHERE CASE WHEN c.booked = 'ok' THEN c.refused IS NULL ELSE c.booked = ANY (c.refused) END) AS explained
  FROM (SELECT pg_temp.book(t) AS booked,
			   t IN (SELECT starts_at FROM booking.slots(booking.service_id('cut'), '[2027-03-01 08:00Z, 2027-03-05)')) AS listed,
			   (SELECT array_agg(e.code) FROM booking.explain_slot(booking.service_id('cut'), t) AS e WHERE NOT e.verdict) AS refused
		  FROM generate_series(timestamptz '2027-03-01 08:00Z', '2027-03-05', '5 min') AS t) AS c
 GROUP BY 1 ORDER BY 1;

---- bad input ----

SELECT booking.explain_slot(NULL, '2027-03-04 09:00Z');
SELECT booking.explain_slot(booking.service_id('cut'), NULL);
SELECT booking.explain_slot(booking.service_id('cut'), 'infinity');
SELECT booking.explain_slot('00000000-0000-0000-0000-0000000000ff', '2027-03-04 09:00Z');
