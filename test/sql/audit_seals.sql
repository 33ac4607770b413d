-- Seals (U3): what seal_audit() sealed can't be changed unseen, by anybody.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (code, name) SELECT 'room-' || n, 'Room ' || n FROM generate_series(1, 5) AS n;
INSERT INTO booking.services (code, name, duration, price) VALUES ('visit', 'Visit', '1 hour', 60.50);
SELECT booking.set_context(actor => 'sue', actor_kind => 'staff', session => true) \gset _
-- booking n takes room 1 + n % 5
CREATE FUNCTION make(first int, last int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO booking.bookings (id, service_id, status, starts_at, resource_ids, title, contact, metadata)
	SELECT ('00000000-0000-0000-0004-' || lpad(n::text, 12, '0'))::uuid, booking.service_id('visit'), 'confirmed',
		timestamptz '2027-03-10 00:00Z' + n * interval '1 hour', ARRAY[booking.resource_id('room-' || 1 + n % 5)],
		'Title ' || n, '{"name": "Ann"}', jsonb_build_object('n', n, 'text', E'tab\t"quote" \u00e9', 'float', 1.50)
	  FROM generate_series(first, last) AS n
$$;
CREATE FUNCTION id(n int) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
	SELECT ('00000000-0000-0000-0004-' || lpad(n::text, 12, '0'))::uuid
$$;
CREATE VIEW verdict AS SELECT * FROM booking.verify_audit();

-- nothing there
SELECT * FROM verdict;
SELECT booking.audit_digest() - 'tenant' AS digest;
SELECT booking.seal_audit();

---- sealing ----

SELECT make(1, 20);
SELECT * FROM verdict;
SELECT booking.seal_audit(max => 7);
SELECT booking.seal_audit(max => 100);
SELECT booking.seal_audit();
SELECT * FROM verdict;
UPDATE booking.bookings SET status = 'cancelled', reason_code = 'weather' WHERE id IN (id(3), id(4));
UPDATE booking.bookings SET title = NULL, starts_at = starts_at + interval '1 week', ends_at = ends_at + interval '1 week' WHERE id = id(5);
SELECT version FROM booking.add_note(id(6), 'likes it quiet');
SELECT * FROM verdict;
SELECT booking.seal_audit();
SELECT booking.audit_digest() AS early \gset
SELECT make(21, 30);
SELECT booking.seal_audit();
SELECT * FROM verdict;
SELECT seal_no, row_count, cardinality(booking_ids) AS bookings, octet_length(leaves) AS leaves,
	from_tx <= to_tx AND to_tx <= horizon AS in_order, era = (SELECT system_identifier FROM pg_control_system()) AS this_era
  FROM booking.audit_seals ORDER BY seal_no;
-- each row is in one seal
SELECT count(*), count(DISTINCT (l.booking_id, l.version)) FROM booking.audit_seals AS s,
	ROWS FROM (unnest(s.booking_ids), unnest(s.versions)) AS r (booking_id, version)
	JOIN booking.audit_log AS l USING (booking_id, version);
-- of one's own transaction, or of one that runs, nothing is sealed
BEGIN;
SELECT make(31, 31);
SELECT booking.seal_audit();
SELECT ok, unsealed FROM verdict;
ROLLBACK;
-- from a seal on
SELECT seals, rows, ok FROM booking.verify_audit(from_seal => 3);
SELECT seals, rows, ok FROM booking.verify_audit(from_seal => 5);
SELECT seals, rows, ok, seal_no, problem FROM booking.verify_audit(from_seal => 500);
-- the state of once, and of now
SELECT ok, seals, problem FROM booking.verify_audit(digest => :'early');
SELECT ok, seals, problem FROM booking.verify_audit(from_seal => 4, digest => :'early');
SELECT ok, seals, problem FROM booking.verify_audit(digest => booking.audit_digest());

-- does not depend on the session
SET DateStyle = 'SQL, DMY';
SET TimeZone = 'Asia/Kathmandu';
SET IntervalStyle = 'sql_standard';
SET extra_float_digits = -3;
SET bytea_output = 'escape';
SELECT ok FROM verdict;
SET client_encoding = 'LATIN1';
SELECT ok FROM verdict;
RESET ALL;
SET booking.now = '2027-03-01 09:00Z';
SELECT booking.set_context(actor => 'sue', actor_kind => 'staff', session => true) \gset _

---- forgery: by somebody who may do everything, with triggers off ----

CREATE PROCEDURE forge(sql text) LANGUAGE plpgsql AS $$
DECLARE
	found record;
BEGIN
	ALTER TABLE booking.audit_log DISABLE TRIGGER ALL;
	ALTER TABLE booking.audit_seals DISABLE TRIGGER ALL;
	ALTER TABLE booking.audit_private DISABLE TRIGGER ALL;
	ALTER TABLE booking.audit_salts DISABLE TRIGGER ALL;
	EXECUTE sql;
	SELECT ok, seal_no, right(booking_id::text, 3) AS booking, version, problem INTO found FROM booking.verify_audit();
	RAISE INFO '%: %', sql, found;
	ROLLBACK;
END $$;

-- every column of a row
SELECT format('CALL forge(%L)', format('UPDATE booking.audit_log SET %I = %s WHERE booking_id = id(5) AND version = 2', attname,
	CASE atttypid::regtype::text WHEN 'uuid' THEN 'booking.new_id()' WHEN 'integer' THEN '7' WHEN 'bigint' THEN attname || ' - 1'
		WHEN 'text' THEN '''x''' WHEN 'jsonb' THEN '''{"x": 1}''' WHEN 'bytea' THEN '''\x00''' WHEN 'boolean' THEN 'NOT ' || attname
		WHEN 'text[]' THEN '''{x}''' ELSE attname || ' + interval ''1 us''' END))
  FROM pg_attribute WHERE attrelid = 'booking.audit_log'::regclass AND attnum > 0 ORDER BY attnum
\gexec
-- what looks alike
CALL forge('UPDATE booking.audit_log SET channel = '''' WHERE booking_id = id(1)');
CALL forge('UPDATE booking.audit_log SET new_values = new_values - ''units'' WHERE booking_id = id(1)');
CALL forge('UPDATE booking.audit_log SET new_values = jsonb_set(new_values, ''{booked_by}'', ''"bob"'') WHERE booking_id = id(1)');
CALL forge('UPDATE booking.audit_log SET actor_digest = sha256(s.salt || ''sue''), actor = ''bob'' FROM booking.audit_salts AS s WHERE booking_id = id(1)');
-- deleted, the first, the last and all
CALL forge('DELETE FROM booking.audit_log WHERE booking_id = id(9)');
CALL forge('DELETE FROM booking.audit_log WHERE booking_id = id(1)');
CALL forge('DELETE FROM booking.audit_log WHERE booking_id = id(30)');
CALL forge('TRUNCATE booking.audit_log');
-- inserted into what is sealed, or with a number that no transaction has yet
CALL forge('INSERT INTO booking.audit_log SELECT tenant_id, id(99), 1, branch_id, session_id, request_id, actor, actor_kind, role, channel, action, status, old_values, new_values, private_digest, reason_code, reversible, overrides, metadata, at, tx FROM booking.audit_log WHERE booking_id = id(7)');
CALL forge('INSERT INTO booking.audit_log SELECT tenant_id, id(99), 1, branch_id, session_id, request_id, actor, actor_kind, role, channel, action, status, old_values, new_values, private_digest, reason_code, reversible, overrides, metadata, at, 9000000000000 FROM booking.audit_log WHERE booking_id = id(7)');
-- one for another
CALL forge('UPDATE booking.audit_log SET version = version + 10 WHERE booking_id = id(5); UPDATE booking.audit_log SET version = 13 - version WHERE booking_id = id(5)');
-- the seals: changed, in another order, removed from the front, the middle, the end
SELECT format('CALL forge(%L)', format('UPDATE booking.audit_seals SET %I = %s WHERE seal_no = 2', attname,
	CASE WHEN attname = 'seal_no' THEN '77' WHEN atttypid = 'uuid'::regtype THEN 'booking.new_id()' WHEN atttypid IN ('bigint'::regtype, 'integer'::regtype) THEN attname || ' + 1'
		WHEN attname = 'booking_ids' THEN 'booking_ids[2:] || booking_ids[1]' WHEN attname = 'versions' THEN 'versions || 1'
		WHEN atttypid = 'bytea'::regtype THEN 'set_byte(' || attname || ', 0, (get_byte(' || attname || ', 0) + 1) % 256)' ELSE attname || ' + interval ''1 us''' END))
  FROM pg_attribute WHERE attrelid = 'booking.audit_seals'::regclass AND attnum > 0 ORDER BY attnum
\gexec
CALL forge('UPDATE booking.audit_seals SET booking_ids[1] = NULL, versions[1] = NULL WHERE seal_no = 2');
CALL forge('UPDATE booking.audit_seals SET booking_ids = ''{}'', versions = ''{}'', leaves = '''', row_count = 0, hash = '''' WHERE seal_no = 2');
CALL forge('UPDATE booking.audit_seals SET seal_no = 100 WHERE seal_no = 2; UPDATE booking.audit_seals SET seal_no = 2 WHERE seal_no = 3; UPDATE booking.audit_seals SET seal_no = 3 WHERE seal_no = 100');
CALL forge('DELETE FROM booking.audit_seals WHERE seal_no = 1');
CALL forge('DELETE FROM booking.audit_seals WHERE seal_no = 2');
CALL forge('DELETE FROM booking.audit_seals WHERE seal_no = 4');
CALL forge('TRUNCATE booking.audit_seals');
CALL forge('UPDATE booking.audit_salts SET salt = ''x''');
-- private values that are there are those of the digest
CALL forge('UPDATE booking.audit_private SET private_values = jsonb_set(private_values, ''{new,title}'', ''"x"'') WHERE booking_id = id(2)');
-- a row that waits for its seal is not history yet
SELECT make(41, 42);
CALL forge('DELETE FROM booking.audit_log WHERE booking_id = id(41)');
SELECT * FROM verdict;

-- A tail that is made anew, rows and all, only a digest from before can tell.
SELECT booking.audit_digest() AS late \gset
BEGIN;
ALTER TABLE booking.audit_log DISABLE TRIGGER ALL;
ALTER TABLE booking.audit_seals DISABLE TRIGGER ALL;
UPDATE booking.audit_log SET actor = 'mallory' WHERE booking_id = id(25);
DELETE FROM booking.audit_seals WHERE seal_no >= 4;
ALTER TABLE booking.audit_resources DISABLE TRIGGER ALL;
DELETE FROM booking.audit_resources WHERE seal_no >= 4;
ALTER TABLE booking.audit_resources ENABLE ALWAYS TRIGGER derived_guard;
UPDATE booking.sweeps SET tx = (SELECT min(tx) FROM booking.audit_log WHERE booking_id = id(21)) WHERE name = 'seals';
ALTER TABLE booking.audit_log ENABLE ALWAYS TRIGGER derived_guard;
ALTER TABLE booking.audit_seals ENABLE ALWAYS TRIGGER derived_guard;
COMMIT;
SELECT ok, seal_no, problem FROM booking.verify_audit(digest => :'late');
SELECT booking.seal_audit() >= 10 AS made_anew;
SELECT ok FROM verdict;
SELECT ok, seal_no, problem FROM booking.verify_audit(digest => :'late');
SELECT ok FROM booking.verify_audit(digest => :'early');

---- arguments ----

SELECT booking.seal_audit(0);
SELECT booking.seal_audit(NULL);
SELECT booking.verify_audit(from_seal => 0);
SELECT booking.verify_audit(digest => '{}');
SELECT booking.verify_audit(digest => '[]');
SELECT booking.verify_audit(digest => jsonb '{"seal_no": "x"}' || jsonb_build_object('hash', repeat('0', 64)));
SELECT booking.verify_audit(digest => '{"seal_no": 1, "hash": "zz"}');
SELECT booking.verify_audit(digest => jsonb '{"seal_no": 99999999999999999999999}' || jsonb_build_object('hash', repeat('0', 64)));
SELECT booking.verify_audit(digest => '{"nonsense": 1}');
SELECT booking.verify_audit(tenant => booking.new_id(), digest => :'late');
-- history is not to be written
INSERT INTO booking.audit_seals SELECT * FROM booking.audit_seals;
\echo :SQLSTATE
DELETE FROM booking.audit_salts;
\echo :SQLSTATE
TRUNCATE booking.audit_resources;
\echo :SQLSTATE

---- an actor is erased, and the seals hold ----

SELECT booking.set_context(actor => 'ann@example.com', actor_kind => 'staff', session => true) \gset _
SELECT make(43, 45);
UPDATE booking.bookings SET status = 'cancelled', reason_code = 'weather' WHERE id = id(43);
SELECT booking.seal_audit() > 0 AS sealed;
SELECT make(46, 46);
SELECT booking.erase_actor('ann@example.com');
SELECT ok, unsealed FROM verdict;
SELECT count(*) AS left FROM booking.audit_log AS l WHERE l::text LIKE '%ann@example%';
SELECT version, actor, length(actor_digest) AS digest, left(new_values ->> 'booked_by', 7) AS booked_by
  FROM booking.audit_log WHERE booking_id IN (id(43), id(46)) ORDER BY booking_id, version;
SELECT booking.seal_audit() > 0 AS sealed;
SELECT ok, unsealed FROM verdict;
-- once is enough, and others are not touched
SELECT booking.erase_actor('ann@example.com'), booking.erase_actor('nobody');
SELECT actor, count(*) FROM booking.audit_log GROUP BY 1 ORDER BY 1;
SELECT ok FROM verdict;
-- nobody can be put into his place
CALL forge('UPDATE booking.audit_log SET actor = ''bob'', actor_digest = NULL WHERE booking_id = id(43)');
CALL forge('UPDATE booking.audit_log SET actor = ''bob'' WHERE booking_id = id(43)');
SELECT booking.erase_actor(NULL);
SELECT booking.set_context(actor => 'sue', actor_kind => 'staff', session => true) \gset _

---- tenants have chains of their own ----

INSERT INTO booking.tenants (code, name) VALUES ('other', 'Other');
SELECT id AS other FROM booking.tenants WHERE code = 'other' \gset
SELECT booking.set_context(tenant => :'other', actor => 'olga', actor_kind => 'staff', session => true) \gset _
INSERT INTO booking.branches (code, name) VALUES ('main', 'Main');
INSERT INTO booking.resources (code, name) SELECT 'room-' || n, 'Room ' || n FROM generate_series(1, 5) AS n;
INSERT INTO booking.services (code, name, duration) VALUES ('visit', 'Visit', '1 hour');
SELECT make(51, 53);
SELECT booking.set_context(tenant => booking.tenant_id('default'), actor => 'sue', actor_kind => 'staff', session => true) \gset _
SELECT make(54, 55);
SELECT booking.seal_audit();
SELECT t.code, v.ok, v.rows, v.seals, booking.audit_digest(t.id) ->> 'tenant' = t.id::text AS digest
  FROM booking.tenants AS t, booking.verify_audit(t.id) AS v ORDER BY 1;

---- restored into another cluster: transactions have other numbers there ----

BEGIN;
UPDATE booking.sweeps SET era = 1 WHERE name LIKE 'seals%';
SELECT make(61, 62);
ALTER TABLE booking.audit_log DISABLE TRIGGER ALL;
-- not sealed yet when it was dumped: before, and far beyond what is sealed and what this cluster has
UPDATE booking.audit_log SET tx = 1 WHERE booking_id = id(61);
UPDATE booking.audit_log SET tx = 9000000000000 WHERE booking_id = id(62);
ALTER TABLE booking.audit_log ENABLE ALWAYS TRIGGER derived_guard;
COMMIT;
SELECT booking.seal_audit();
SELECT ok, unsealed FROM verdict;
SELECT make(63, 64);
SELECT booking.seal_audit();
SELECT booking.seal_audit();
SELECT ok, unsealed FROM verdict;
SELECT count(*), count(DISTINCT (l.booking_id, l.version)) FROM booking.audit_seals AS s,
	ROWS FROM (unnest(s.booking_ids), unnest(s.versions)) AS r (booking_id, version)
	JOIN booking.audit_log AS l USING (booking_id, version);
SELECT name, tx = 9223372036854775807 AS done FROM booking.sweeps WHERE name LIKE 'seals%' ORDER BY 1;
CALL forge('UPDATE booking.audit_log SET actor = ''x'' WHERE booking_id = id(62)');
