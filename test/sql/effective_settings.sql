-- Which value of a setting holds, where it comes from, and setting one.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (code, name) VALUES ('chair-1', 'Chair 1'), ('chair-2', 'Chair 2');
INSERT INTO booking.services (name, duration) VALUES ('Haircut', '30 minutes'), ('Shave', '15 minutes');
SELECT booking.service_id('haircut') AS haircut, booking.service_id('shave') AS shave, booking.branch_id('main') AS main,
	   booking.resource_id('chair-1') AS chair_1, booking.resource_id('chair-2') AS chair_2, booking.tenant_id('default') AS tenant \gset

---- unset, every setting has its default, and the catalogue's order ----

SELECT count(*) = (SELECT count(*) FROM booking.settings) AS all_of_them, array_agg(DISTINCT origin) AS origins FROM booking.effective_settings();
SELECT e.name AS differs FROM booking.effective_settings(:'haircut', :'chair_1') WITH ORDINALITY AS e
  FULL JOIN booking.setting_catalogue() WITH ORDINALITY AS s USING (ordinality)
 WHERE (e.name, e.value, e.unit, e.description) IS DISTINCT FROM (s.name, s.default_value, s.unit, s.description);
SELECT * FROM booking.effective_settings() LIMIT 4;

---- each level goes before those above it ----

CREATE FUNCTION pg_temp.is(key text, service uuid DEFAULT NULL, resource uuid DEFAULT NULL, branch uuid DEFAULT NULL)
RETURNS text LANGUAGE sql RETURN (SELECT format('%s (%s)', coalesce(e.value, 'none'), e.origin)
	FROM booking.effective_settings(service, resource, branch) AS e WHERE e.name = key);
SET booking.min_notice = '1 hour';
SELECT pg_temp.is('min_notice', :'haircut', :'chair_1') AS server;
SELECT booking.set_setting('tenant', NULL, 'min_notice', '"2 hours"');
SELECT pg_temp.is('min_notice', :'haircut', :'chair_1') AS tenant;
SELECT booking.set_setting('branch', 'main', 'min_notice', '"3 hours"');
SELECT pg_temp.is('min_notice', :'haircut', :'chair_1') AS branch, pg_temp.is('min_notice') AS nothing_said;
SELECT booking.set_setting('resource', 'chair-1', 'min_notice', '14400');
SELECT pg_temp.is('min_notice', :'haircut', :'chair_1') AS resource, pg_temp.is('min_notice', :'haircut', :'chair_2') AS another,
	   pg_temp.is('min_notice', :'haircut') AS no_resource, pg_temp.is('min_notice', NULL, :'chair_1') AS no_service;
SELECT booking.set_setting('service', 'haircut', 'min_notice', '"PT5H"');
SELECT pg_temp.is('min_notice', :'haircut', :'chair_1') AS service, pg_temp.is('min_notice', :'shave', :'chair_1') AS another;

-- null says "none", which is a value; SQL's NULL takes the setting out
SELECT booking.set_setting('tenant', 'default', 'max_advance', '"90 days"');
SELECT booking.set_setting('service', 'haircut', 'max_advance', 'null');
SELECT pg_temp.is('max_advance', :'haircut') AS haircut, pg_temp.is('max_advance', :'shave') AS shave;
SELECT booking.set_setting('service', 'haircut', 'max_advance', NULL);
SELECT pg_temp.is('max_advance', :'haircut') AS haircut;
SELECT booking.set_setting('service', 'haircut', 'max_advance', NULL);
SELECT code, settings FROM booking.services ORDER BY code;
SELECT settings FROM booking.tenants;

-- of every type
SELECT booking.set_setting('branch', 'main', 'day_starts_at', '"02:00"');
SELECT booking.set_setting('branch', 'main', 'require_hours', 'true');
SELECT booking.set_setting('branch', 'main', 'grid_anchor', '"midnight"');
SELECT booking.set_setting('branch', 'main', 'bookable_until', '"2027-06-30 23:59:59+02"');
SELECT booking.set_setting('branch', 'main', 'overbook', '2');
SELECT booking.set_setting('branch', 'main', 'quota_customer_week_minutes', '90');
SELECT booking.set_setting('branch', 'main', 'bookable_until', to_jsonb(timestamptz '2027-06-30 23:59:59+02'));
SELECT name, value, origin, unit FROM booking.effective_settings(:'shave') WHERE origin = 'branch';
-- written over, not beside, and what else is there stays
SELECT booking.set_setting('branch', 'main', 'overbook', '3');
SELECT settings FROM booking.branches WHERE code = 'main';

---- which branch is looked at ----

INSERT INTO booking.branches (code, name, time_zone, settings) VALUES ('other', 'Other', 'Asia/Kathmandu', '{"suggest_count": 7}');
INSERT INTO booking.resources (code, name, branch_id) VALUES ('far', 'Far', booking.branch_id('other'));
UPDATE booking.branches SET settings = '{"suggest_count": 5}' WHERE code = 'main';
SELECT pg_temp.is('suggest_count', :'haircut') AS open, pg_temp.is('suggest_count', :'haircut', booking.resource_id('far')) AS of_the_resource,
	   pg_temp.is('suggest_count', :'haircut', NULL, :'main') AS named, pg_temp.is('suggest_count', :'haircut', booking.resource_id('far'), :'main') AS named_first;
UPDATE booking.services SET branch_id = :'main' WHERE code = 'shave';
SELECT pg_temp.is('suggest_count', :'shave') AS of_the_service, pg_temp.is('suggest_count', :'shave', booking.resource_id('far')) AS of_the_resource;
SELECT booking.set_context(branch => booking.branch_id('other'), session => true);
SELECT pg_temp.is('suggest_count') AS of_the_context, pg_temp.is('suggest_count', :'shave') AS of_the_service;
SELECT booking.set_context(session => true);

---- a change is seen at once, and one that is undone is not ----

BEGIN;
SELECT booking.set_setting('service', 'haircut', 'waitlist_mode', '"notify"');
SELECT pg_temp.is('waitlist_mode', :'haircut');
ROLLBACK;
SELECT pg_temp.is('waitlist_mode', :'haircut');
-- above READ COMMITTED too
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT booking.set_setting('service', 'haircut', 'waitlist_mode', '"confirm"');
SELECT pg_temp.is('waitlist_mode', :'haircut');
COMMIT;

-- the settings may be written as a whole too, and by UPDATE
UPDATE booking.services SET settings = settings || '{"same_customer": "warn"}' WHERE code = 'haircut';
SELECT pg_temp.is('same_customer', :'haircut');

---- what holds is what a hold goes by ----

SELECT booking.set_setting('resource', 'chair-2', 'hold_ttl', '"42 minutes"');
SELECT h.expires_at - booking.now() AS ttl, pg_temp.is('hold_ttl', :'haircut', :'chair_2')
  FROM booking.hold(:'haircut', '2027-03-02 10:00Z', resources => ARRAY[:'chair_2']::uuid[]) AS h;

---- refused ----

CREATE FUNCTION pg_temp.set(level text, code text, key text, value jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	PERFORM booking.set_setting(level, code, key, value);
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, SQLERRM, nullif(detail, ''), nullif(hint, ''));
END $$;
SELECT l AS level, c AS code, k AS key, v AS value, pg_temp.set(l, c, k, v) AS outcome FROM (VALUES
	(1, 'server', NULL, 'hold_ttl', '1'::jsonb), (2, 'call', 'main', 'hold_ttl', '1'), (3, '', NULL, 'hold_ttl', '1'), (4, 'SERVICE', 'haircut', 'hold_ttl', '1'),
	(5, NULL, 'haircut', 'hold_ttl', '1'), (6, 'service', NULL, 'hold_ttl', '1'), (7, 'service', 'haircut', NULL, '1'),
	(8, 'service', 'hairdo', 'hold_ttl', '1'), (9, 'branch', 'haircut', 'hold_ttl', '1'), (10, 'resource', '', 'hold_ttl', '1'), (11, 'tenant', 'nobody', 'hold_ttl', '1'),
	(12, 'service', 'haircut', 'hold_tlt', '1'), (13, 'service', 'haircut', 'min-notice', NULL), (14, 'service', 'haircut', 'nonsense', '1'), (15, 'service', 'haircut', '', '1'),
	(16, 'service', 'haircut', 'Hold_ttl', NULL), (17, 'service', 'haircut', 'day_starts_at', '"02:00"'), (18, 'service', 'haircut', 'buffer_after', '"10 minutes"'),
	(19, 'resource', 'chair-1', 'assignment', '"first"'), (20, 'resource', 'chair-1', 'day_starts_at', NULL), (21, 'branch', 'main', 'max_live_holds', '2'),
	(22, 'service', 'haircut', 'min_notice', '"1 month"'), (23, 'service', 'haircut', 'min_notice', 'null'), (24, 'service', 'haircut', 'min_notice', '-1'),
	(25, 'service', 'haircut', 'min_notice', 'true'), (26, 'service', 'haircut', 'min_notice', '["2 hours"]'), (27, 'service', 'haircut', 'min_notice', '{}'),
	(28, 'service', 'haircut', 'commit_check', '"nothing"'), (29, 'service', 'haircut', 'commit_check_customer', '""'), (30, 'service', 'haircut', 'commit_check', '1'),
	(31, 'service', 'haircut', 'bookable_until', '"2027-06-30"'), (32, 'service', 'haircut', 'bookable_until', '1798754400'), (33, 'service', 'haircut', 'online_cancel', '"yes"'),
	(34, 'service', 'haircut', 'quota_customer_day', '-1'), (35, 'service', 'haircut', 'quota_customer_day', '1.5'), (36, 'service', 'haircut', 'quota_customer_day', '"3"')
	) AS t (n, l, c, k, v) ORDER BY n;
-- 12 hundred braces, a megabyte
SELECT left(pg_temp.set('service', 'haircut', 'min_notice', (repeat('[', 1200) || repeat(']', 1200))::jsonb), 60),
	   left(pg_temp.set('service', 'haircut', repeat('x', 1000000), '1'), 60), left(pg_temp.set('service', repeat('x', 1000000), 'hold_ttl', '1'), 60),
	   left(pg_temp.set(repeat('x', 1000000), 'haircut', 'hold_ttl', '1'), 60), left(pg_temp.set('service', 'haircut', 'min_notice', to_jsonb(repeat('x', 1000000))), 60);
SELECT code, settings FROM booking.services ORDER BY code;

SELECT count(*) FROM booking.effective_settings('00000000-0000-0000-0000-000000000000');
\echo :SQLSTATE
SELECT count(*) FROM booking.effective_settings(NULL, '00000000-0000-0000-0000-000000000000');
\echo :SQLSTATE
SELECT count(*) FROM booking.effective_settings(branch => '00000000-0000-0000-0000-000000000000');
\echo :SQLSTATE
SELECT count(*) FROM booking.effective_settings(tenant => '00000000-0000-0000-0000-000000000000');
\echo :SQLSTATE

---- who may: everybody reads, an admin who acts as one writes ----

INSERT INTO booking.tenants (code, name) VALUES ('theirs', 'Theirs');
INSERT INTO booking.branches (tenant_id, code, name, time_zone) VALUES (booking.tenant_id('theirs'), 'theirs', 'Theirs', 'UTC');
SELECT booking.set_context(tenant => :'tenant', session => true);
CREATE ROLE regress_set_client;
CREATE ROLE regress_set_staff;
CREATE ROLE regress_set_admin;
CREATE ROLE regress_set_auditor;
SELECT booking.grant_access('regress_set_client', 'client', 'ann'), booking.grant_access('regress_set_staff', 'staff'),
	   booking.grant_access('regress_set_admin', 'admin'), booking.grant_access('regress_set_auditor', 'auditor');
RESET booking.tenant;
CREATE FUNCTION try(role text, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('role', role, true);
	EXECUTE statement;
	PERFORM set_config('role', 'none', true);
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT r AS role, try('regress_set_' || r, $$ SELECT booking.set_setting('service', 'shave', 'min_notice', '0') $$) AS write,
	   try('regress_set_' || r, $$ SELECT FROM booking.effective_settings() $$) AS read
  FROM unnest('{client,staff,auditor,admin}'::text[]) AS r;
SELECT t AS statement, try('regress_set_admin', t) FROM unnest(ARRAY[
	$$ SELECT booking.set_setting('tenant', NULL, 'suggest_count', '4') $$,
	$$ SELECT booking.set_setting('tenant', 'theirs', 'suggest_count', '4') $$,
	$$ SELECT booking.set_setting('branch', 'theirs', 'suggest_count', '4') $$,
	$$ SELECT booking.set_setting('tenant', 'default', 'suggest_count', NULL) $$,
	$$ SELECT booking.set_context(actor_kind => 'customer'), booking.set_setting('service', 'shave', 'min_notice', '1') $$,
	$$ SELECT FROM booking.effective_settings(tenant => booking.tenant_id('theirs')) $$]) AS t;
SELECT code, settings FROM booking.tenants ORDER BY code;
