-- Audit (U1, U2): one row for every change of every booking, by whatever client;
-- what may hold personal data stands apart, under a digest; history stays as it is.
\set SHOW_CONTEXT never
SET booking.now = '2027-03-01 09:00Z';

INSERT INTO booking.resources (id, code, name) VALUES
	('00000000-0000-0000-0000-00000000000a', 'room-1', 'Room 1'), ('00000000-0000-0000-0000-00000000000b',
	'room-2', 'Room 2');
INSERT INTO booking.services (id, name, duration, price)
	VALUES ('00000000-0000-0000-0001-000000000001', 'Massage', '1 hour', 60.50);
INSERT INTO booking.customers (id, name) VALUES ('00000000-0000-0000-0002-000000000001', 'Ann');
UPDATE booking.branches SET time_zone = 'America/Detroit';
SELECT booking.service_id('massage') AS massage, '00000000-0000-0000-0004-000000000001' AS b \gset

-- The session that writes speaks another language of dates than the one that reads.
SET DateStyle = 'SQL, DMY';
SET TimeZone = 'Asia/Kathmandu';
SET IntervalStyle = 'sql_standard';
SET extra_float_digits = -3;
INSERT INTO booking.bookings (id, service_id, starts_at, title, metadata, request_id, actor, actor_kind,
	channel, change_metadata)
	VALUES (:'b', :'massage', '2027-03-11 10:00Z', 'Back', '{"crm": 17}', '00000000-0000-0000-0003-000000000001',
	'web-42', 'customer', 'web', '{"ip": "10.0.0.1"}');
SELECT booking.set_context(actor => 'sue', actor_kind => 'staff', channel => 'staff_console',
	request_id => '00000000-0000-0000-0003-000000000002', session => true) \gset _
UPDATE booking.bookings SET status = 'confirmed', customer_id = '00000000-0000-0000-0002-000000000001'
	WHERE id = :'b';
SET booking.now = '2027-03-01 09:00:00.123456Z';
UPDATE booking.bookings SET starts_at = '2027-03-12 11:30Z', ends_at = '2027-03-12 12:30Z' WHERE id = :'b';
UPDATE booking.bookings SET resource_ids = '{00000000-0000-0000-0000-00000000000b}', title = NULL WHERE id = :'b';
UPDATE booking.bookings SET title = 'Neck', attendees = '["Ann", "Al"]', description = 'old injury' WHERE id = :'b';
SELECT version FROM booking.add_note(:'b', 'likes it quiet');
UPDATE booking.bookings SET status = 'cancelled', reason_code = 'weather' WHERE id = :'b';
RESET DateStyle;
RESET TimeZone;
RESET IntervalStyle;
RESET extra_float_digits;

---- U1: who, what, when, why ----

SELECT version, action, status, actor, actor_kind, channel, request_id, reason_code, reversible, metadata,
	   session_id IS NOT NULL AS session, role = current_user AS this_role, at
  FROM booking.audit_log WHERE booking_id = :'b' ORDER BY version;
-- the first row carries every column, but for who and the private ones ...
SELECT v.key, v.value FROM booking.audit_log AS a, jsonb_each(a.new_values) AS v
 WHERE a.booking_id = :'b' AND a.version = 1 AND v.key <> 'branch_id' ORDER BY v.key COLLATE "C";
SELECT old_values FROM booking.audit_log WHERE booking_id = :'b' AND version = 1;
-- ... later ones what changed, old and new, in ISO form and UTC
SELECT version, old_values, new_values - 'order_id' AS new_values FROM booking.audit_log
	WHERE booking_id = :'b' AND version > 1 ORDER BY version;
-- nothing else changed unseen
SELECT a.version, (SELECT array_agg(k) FROM jsonb_object_keys(a.old_values) AS k) =
	(SELECT array_agg(k) FROM jsonb_object_keys(a.new_values) AS k) AS same_keys
  FROM booking.audit_log AS a WHERE a.booking_id = :'b' AND a.version > 1 ORDER BY 1;
-- the trail alone rebuilds the row
SELECT (SELECT new_values FROM booking.audit_log WHERE booking_id = :'b' AND version = 1)
	|| (SELECT new_values FROM booking.audit_log WHERE booking_id = :'b' AND version = 2)
	|| (SELECT new_values FROM booking.audit_log WHERE booking_id = :'b' AND version = 3)
	|| (SELECT new_values FROM booking.audit_log WHERE booking_id = :'b' AND version = 4)
	@> (SELECT jsonb_build_object('status', 'confirmed', 'starts_at', '2027-03-12T11:30:00Z', 'ends_at',
	'2027-03-12T12:30:00Z',
		'local_start', '2027-03-12T06:30:00', 'resource_ids', to_jsonb(resource_ids), 'customer_id', customer_id,
		'price', price, 'party_size', party_size) FROM booking.bookings WHERE id = :'b') AS rebuilt;
-- no change, no row
UPDATE booking.bookings SET title = title WHERE id = :'b';
SELECT count(*) = max(version) AS one_row_per_version FROM booking.audit_log WHERE booking_id = :'b';
-- what fails leaves none
UPDATE booking.bookings SET status = 'confirmed' WHERE id = :'b';
SELECT count(*) FROM booking.audit_log;

---- U2: private values apart, with a digest that verifies ----

SELECT a.version, a.private_digest IS NOT NULL AS digest, p.private_values #- '{new,note,id}' AS private_values, length(p.salt) AS salt,
	   a.private_digest = sha256(p.salt || convert_to(p.private_values::text, 'UTF8')) AS verifies
  FROM booking.audit_log AS a LEFT JOIN booking.audit_private AS p USING (tenant_id, booking_id, version)
 WHERE a.booking_id = :'b' ORDER BY a.version;
SELECT count(*) AS personal_in_the_open FROM booking.audit_log AS a
	WHERE a::text ~ 'Neck|Back|old injury|Al"|likes it';
-- the same value twice has another digest: salted
INSERT INTO booking.bookings (service_id, starts_at, title)
	VALUES (:'massage', '2027-03-21 10:00Z', 'Back'), (:'massage', '2027-03-22 10:00Z', 'Back');
SELECT count(DISTINCT private_digest) AS digests FROM booking.audit_log
	JOIN booking.audit_private AS p USING (tenant_id, booking_id, version)
 WHERE p.private_values @> '{"new": {"title": "Back"}}';
-- tampering with either side shows
SELECT bool_and(a.private_digest = sha256(p.salt || convert_to(replace(p.private_values::text, 'Back', 'Neck'),
	'UTF8'))) AS verifies
  FROM booking.audit_log AS a JOIN booking.audit_private AS p USING (tenant_id, booking_id, version);

---- U2: nobody writes history ----

INSERT INTO booking.audit_log SELECT * FROM booking.audit_log LIMIT 1;
\echo :SQLSTATE
UPDATE booking.audit_log SET actor = 'somebody else';
\echo :SQLSTATE
DELETE FROM booking.audit_log WHERE false;
\echo :SQLSTATE
TRUNCATE booking.audit_log;
\echo :SQLSTATE
UPDATE booking.audit_private SET private_values = '{}';
\echo :SQLSTATE
DELETE FROM booking.audit_private;
TRUNCATE booking.audit_private;
MERGE INTO booking.audit_log AS a USING (SELECT 1) AS s ON true WHEN MATCHED THEN DELETE;
\echo :SQLSTATE
WITH gone AS (DELETE FROM booking.audit_log RETURNING 1) SELECT count(*) FROM gone;
\echo :SQLSTATE
COPY booking.audit_log FROM stdin;
\.
\echo :SQLSTATE
-- not even where replication switches ordinary triggers off
SET session_replication_role = replica;
DELETE FROM booking.audit_log;
\echo :SQLSTATE
TRUNCATE booking.audit_private;
\echo :SQLSTATE
RESET session_replication_role;
SELECT count(*) FROM booking.audit_log;

-- U2: what a note says and what was answered is private too, and has its digest.
INSERT INTO booking.questions (code, prompt) VALUES ('allergies', 'Any allergies?');
SELECT booking_id AS private FROM booking.book(
	(SELECT id FROM booking.services ORDER BY code LIMIT 1), '2027-09-01 10:00Z',
	'{"name": "Zoe"}', answers => '{"allergies": "nuts"}',
	resources => ARRAY[(SELECT id FROM booking.resources ORDER BY code LIMIT 1)]) \gset
SELECT version FROM booking.add_note(:'private', 'rather shy', 'customer');
SELECT l.version, l.action, p.private_values #>> '{new,answers}' LIKE '%: "nuts"}' AS answered,
	p.private_values #>> '{new,note,body}' AS note,
	l.private_digest = sha256(p.salt || convert_to(p.private_values::text, 'UTF8')) AS verified,
	position('nuts' IN l::text) + position('shy' IN l::text) = 0 AS kept_apart
  FROM booking.audit_log AS l JOIN booking.audit_private AS p USING (tenant_id, booking_id, version)
 WHERE l.booking_id = :'private' ORDER BY l.version;

-- U1: no change and no history, where a statement sets just what the status doesn't let it set.
UPDATE booking.bookings SET expires_at = '2027-12-01' WHERE id = :'private' RETURNING expires_at, version;
UPDATE booking.bookings SET expires_at = '2027-12-01', held_at = now(), note_count = 7 WHERE id = :'private'
	RETURNING expires_at, version;
SELECT version FROM booking.cancel(:'private', 'other');
UPDATE booking.bookings SET expires_at = '2027-12-01' WHERE id = :'private' RETURNING expires_at, version;
-- a version that is stated counts even so
UPDATE booking.bookings SET expires_at = '2027-12-01', version = 1 WHERE id = :'private';
SELECT max(version), count(*) FROM booking.audit_log WHERE booking_id = :'private';
