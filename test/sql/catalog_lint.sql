-- Rules that everything in schema booking keeps, what comes later included.
-- Queries that list offenders must return nothing.
\set SHOW_CONTEXT never
SET client_min_messages = warning;

/* ---- functions ---- */

CREATE VIEW members AS
SELECT p.* FROM pg_proc AS p JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
  JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'booking';

-- In the schema, and not the extension's, is only what belongs to the tables.
SELECT p.oid::regprocedure AS stray FROM pg_proc AS p
 WHERE p.pronamespace = 'booking'::regnamespace AND p.oid NOT IN (SELECT oid FROM members);
SELECT oid::regprocedure AS outside FROM members WHERE pronamespace <> 'booking'::regnamespace;

-- What is parsed when it runs has a fixed search_path, pg_temp last.
SELECT p.oid::regprocedure AS search_path_open FROM members AS p JOIN pg_language AS l ON l.oid = p.prolang
 WHERE l.lanname NOT IN ('c', 'internal')
   AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false);
SELECT oid::regprocedure AS security_definer FROM members WHERE prosecdef;
SELECT oid::regprocedure AS for_everybody FROM members WHERE has_function_privilege('public', oid, 'EXECUTE');
SELECT oid::regprocedure AS undescribed FROM members WHERE obj_description(oid, 'pg_proc') IS NULL;
SELECT oid::regprocedure AS unnamed_argument FROM members
 WHERE pronargs > 0 AND (proargnames IS NULL OR '' = ANY (proargnames[1:pronargs]));
-- The C symbol is called after the function; at_local() has two.
SELECT p.oid::regprocedure AS otherwise_called, p.prosrc FROM members AS p JOIN pg_language AS l ON l.oid = p.prolang
 WHERE l.lanname = 'c' AND p.prosrc <> 'booking_' || p.proname AND p.proname <> 'at_local';
-- What looks at tables is no constant, and what changes something is volatile.
SELECT oid::regprocedure AS constant_it_is_not FROM members AS p
 WHERE provolatile = 'i' AND prosrc !~ '^booking_(can_transition|valid_targets|is_terminal|is_occupying|statuses|transition_catalogue|error_catalogue|setting_catalogue|store_version)$';
SELECT oid::regprocedure AS parallel_it_is_not FROM members AS p
 WHERE proparallel = 's' AND provolatile <> 'i' AND proname NOT IN ('new_id', 'at_local');

/* ---- tables and views ---- */

CREATE VIEW relations AS
SELECT c.* FROM pg_class AS c WHERE c.relnamespace = 'booking'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p', 'f', 'S');
SELECT relname AS undescribed FROM relations WHERE obj_description(oid, 'pg_class') IS NULL;
SELECT relname AS not_owned_as_bookings FROM relations
 WHERE relowner <> (SELECT relowner FROM pg_class WHERE oid = 'booking.bookings'::regclass);
SELECT relname AS for_everybody, privilege FROM relations,
	   unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS privilege
 WHERE has_table_privilege('public', oid, privilege);
SELECT relname AS no_row_security FROM relations WHERE relkind = 'r' AND NOT relrowsecurity;
SELECT relname AS no_policy FROM relations AS c
 WHERE relkind = 'r' AND NOT EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = c.oid);
SELECT relname AS view_with_its_owners_rights FROM relations
 WHERE relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY (reloptions), false)
   AND relname NOT IN ('error_codes', 'transitions', 'settings');
SELECT relname AS not_a_plain_table FROM relations WHERE relkind NOT IN ('r', 'v');

-- The tenant leads every key.  (A tenant is its own; two tables are the engine's.)
SELECT c.relname AS table, k.conname AS key, pg_get_constraintdef(k.oid) AS definition
  FROM relations AS c LEFT JOIN pg_constraint AS k ON k.conrelid = c.oid AND k.contype IN ('p', 'u', 'x', 'f')
 WHERE c.relkind = 'r' AND c.relname NOT IN ('store_state', 'sweeps', 'tenants')
   AND (SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum = k.conkey[1]) IS DISTINCT FROM 'tenant_id';
SELECT c.relname AS no_primary_key FROM relations AS c
 WHERE c.relkind = 'r' AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype = 'p');
SELECT c.relname AS table, i.indexrelid::regclass AS index FROM relations AS c JOIN pg_index AS i ON i.indrelid = c.oid
 WHERE c.relname NOT IN ('store_state', 'sweeps', 'tenants')
   AND (SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum = i.indkey[0]) IS DISTINCT FROM 'tenant_id'
   AND i.indexrelid::regclass::text <> 'booking.audit_seals_transactions';
-- A foreign key can't lead into another tenant.
SELECT k.conrelid::regclass AS table, pg_get_constraintdef(k.oid) AS definition FROM pg_constraint AS k JOIN relations AS c ON c.oid = k.conrelid
 WHERE k.contype = 'f' AND k.confrelid <> 'booking.tenants'::regclass
   AND (SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = k.confrelid AND a.attnum = k.confkey[1]) IS DISTINCT FROM 'tenant_id';

-- A change of status must stay a HOT update, and what is held until when is in no index of the allocations.
SELECT indexrelid::regclass AS index FROM pg_index
 WHERE indrelid = 'booking.bookings'::regclass AND pg_get_indexdef(indexrelid) ~ '\mstatus\M';
SELECT indexrelid::regclass AS index FROM pg_index
 WHERE indrelid = 'booking.allocations'::regclass AND pg_get_indexdef(indexrelid) ~ '\mexpires_at\M';
SELECT reloptions FROM pg_class WHERE oid = 'booking.bookings'::regclass;

-- What the table's CHECK knows of statuses is what C does.
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'bookings_status_check';
SELECT enum_range(NULL::booking.booking_status)::text[] =
	(SELECT array_agg(status ORDER BY position) FROM booking.statuses()) AS same;

/* ---- DROP EXTENSION must not take anything of a table along ---- */

-- What depends on a member of the extension, other than triggers, policies and views (as rules).
CREATE VIEW hangs_on AS
SELECT DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid) AS what, d.classid::regclass AS class
  FROM pg_depend AS d JOIN pg_depend AS m ON m.classid = d.refclassid AND m.objid = d.refobjid AND m.deptype = 'e'
  JOIN pg_extension AS e ON e.oid = m.refobjid AND e.extname = 'booking'
 WHERE d.deptype <> 'e';
SELECT what FROM hangs_on WHERE class::text NOT IN ('pg_trigger', 'pg_policy', 'pg_rewrite') ORDER BY what COLLATE "C";
SELECT class, count(*) > 0 AS some FROM hangs_on GROUP BY class ORDER BY class::text COLLATE "C";
SELECT pg_describe_object(classid, objid, objsubid) AS members_other_than_functions FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid
 WHERE e.extname = 'booking' AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND d.classid <> 'pg_proc'::regclass;

/* ---- what the tables are guarded with ---- */

SELECT c.relname, string_agg(DISTINCT p.proname, ', ' ORDER BY p.proname) AS guarded_by
  FROM relations AS c LEFT JOIN (pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid) ON t.tgrelid = c.oid AND NOT t.tgisinternal
 WHERE c.relkind = 'r' GROUP BY c.relname ORDER BY c.relname COLLATE "C";
SELECT tgrelid::regclass AS table, tgname AS also_as_replica FROM pg_trigger WHERE tgenabled = 'A'
 ORDER BY tgrelid::regclass::text COLLATE "C", tgname;

/* ---- settings and errors ---- */

SELECT name AS undescribed FROM pg_settings WHERE name LIKE 'booking.%' AND coalesce(short_desc, '') = '';
SELECT name, context FROM pg_settings WHERE name LIKE 'booking.%' AND context = 'user' ORDER BY name;
SET booking.nonsense = 1;
SELECT name AS twice FROM booking.error_codes GROUP BY name HAVING count(*) > 1;
SELECT string_agg(name, ', ' ORDER BY name) AS share, sqlstate FROM booking.error_codes GROUP BY sqlstate HAVING count(*) > 1;
SELECT name AS odd FROM booking.error_codes
 WHERE sqlstate !~ '^(ZB[0-4]\d\d|23P01|55P03|42501|22023|22004|40001|40P01|57014)$' OR name !~ '^[A-Z][A-Z_]+$'
	OR message ~ '^[A-Z]|[.]$' OR http_status NOT BETWEEN 400 AND 503;
-- A code that SQL functions raise by themselves is one of them.
SELECT p.proname, m[1] AS sqlstate FROM members AS p, regexp_matches(p.prosrc, 'ERRCODE = ''(\w{5})''', 'g') AS m
 WHERE m[1] NOT IN (SELECT sqlstate FROM booking.error_codes);
SELECT p.proname AS raises_without_a_code FROM members AS p JOIN pg_language AS l ON l.oid = p.prolang
 WHERE l.lanname = 'plpgsql' AND (SELECT count(*) FROM regexp_matches(p.prosrc, 'RAISE EXCEPTION', 'g')) <>
	   (SELECT count(*) FROM regexp_matches(p.prosrc, 'ERRCODE = ''\w{5}''', 'g'));
