-- audit_search() (U4): every filter gives what a plain query gives, page by page,
-- sealed or not, and never reads the whole trail.
\set SHOW_CONTEXT never

INSERT INTO booking.branches (code, name, time_zone) VALUES ('west', 'West', 'America/Detroit');
INSERT INTO booking.resources (code, name, branch_id)
	SELECT 'room-' || n, 'Room ' || n, booking.branch_id(CASE WHEN n < 4 THEN 'main' ELSE 'west' END) FROM generate_series(1, 6) AS n;
INSERT INTO booking.services (code, name, duration) VALUES ('visit', 'Visit', '1 hour');

-- Changes over a year, several at one moment, by many actors.
CREATE FUNCTION id(n int) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
	SELECT ('00000000-0000-0000-0004-' || lpad(n::text, 12, '0'))::uuid
$$;
CREATE PROCEDURE live(day int) LANGUAGE plpgsql AS $$
DECLARE
	first int := day * 10;
BEGIN
	PERFORM set_config('booking.now', (timestamptz '2026-01-01 09:00Z' + day * interval '1 day')::text, false);
	PERFORM booking.set_context(actor => 'actor-' || day % 7, actor_kind => 'staff', session => true);
	INSERT INTO booking.bookings (id, service_id, status, starts_at, resource_ids, title, contact)
	SELECT id(first + n), booking.service_id('visit'), 'confirmed', timestamptz '2027-03-10 00:00Z' + (first + n) * interval '1 hour',
		ARRAY[booking.resource_id('room-' || n), booking.resource_id('room-' || n + 1)], 'Title ' || n, '{"name": "Ann"}'
	  FROM generate_series(1, 5) AS n;
	UPDATE booking.bookings SET resource_ids = ARRAY[booking.resource_id('room-' || 1 + day % 6)] WHERE id = id(first - 10 + 2);
	UPDATE booking.bookings SET title = 'Other' WHERE id IN (id(first - 20 + 2), id(first - 20 + 3));
	UPDATE booking.bookings SET status = 'cancelled', reason_code = 'weather' WHERE id IN (id(first - 30 + 2), id(first - 30 + 4));
END $$;
DO $$ BEGIN FOR day IN 4..123 LOOP CALL live(day); END LOOP; END $$;
SET booking.now = '2026-06-01 00:00Z';
SELECT count(*) FROM booking.audit_log;

-- What a resource has to do with: rows that name it, and those after it was named.
CREATE VIEW plain AS
SELECT l.*, ARRAY(SELECT jsonb_array_elements_text(l.old_values -> 'resource_ids')) ||
	ARRAY(SELECT jsonb_array_elements_text((SELECT r.new_values -> 'resource_ids' FROM booking.audit_log AS r
			WHERE r.booking_id = l.booking_id AND r.version <= l.version AND r.new_values ? 'resource_ids'
			ORDER BY r.version DESC LIMIT 1))) AS resources
  FROM booking.audit_log AS l;

-- Compares all pages of a search with the plain query, row by row and in order.
CREATE FUNCTION same(action text DEFAULT NULL, actor text DEFAULT NULL, booking uuid DEFAULT NULL, resource uuid DEFAULT NULL,
	branch uuid DEFAULT NULL, "from" timestamptz DEFAULT NULL, "to" timestamptz DEFAULT NULL, page int DEFAULT 60)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	expected text[];
	found text[] := '{}';
	part text[];
	cursor text;
BEGIN
	SELECT coalesce(array_agg((p.at, p.booking_id, p.version, p.action, p.actor, p.new_values)::text ORDER BY p.at DESC, p.booking_id DESC, p.version DESC), '{}')
	  INTO expected FROM plain AS p
	 WHERE (same.action IS NULL OR p.action = same.action) AND (same.actor IS NULL OR p.actor = same.actor)
	   AND (same.booking IS NULL OR p.booking_id = same.booking) AND (same.branch IS NULL OR p.branch_id = same.branch)
	   AND (same.resource IS NULL OR same.resource::text = ANY (p.resources))
	   AND (same."from" IS NULL OR p.at >= same."from") AND (same."to" IS NULL OR p.at < same."to");
	LOOP
		SELECT array_agg((s.at, s.booking_id, s.version, s.action, s.actor, s.new_values)::text ORDER BY s.n), (array_agg(s.cursor ORDER BY s.n DESC))[1]
		  INTO part, cursor
		  FROM booking.audit_search(action, actor, booking, resource, branch, "from", "to", cursor, page) WITH ORDINALITY
			AS s (tenant_id, booking_id, version, branch_id, session_id, request_id, actor, actor_kind, role, channel, action, status,
				old_values, new_values, private_values, reason_code, reversible, overrides, metadata, at, cursor, n);
		EXIT WHEN part IS NULL;
		found := found || part;
		EXIT WHEN cardinality(part) < page;
	END LOOP;
	RETURN CASE WHEN found = expected THEN 'same ' ELSE 'DIFFERENT ' || cardinality(found) || ' ' END || cardinality(expected);
END $$;

CREATE VIEW searches AS
SELECT same() AS every, same(page => 1000) AS at_once, same(action => 'book') AS action, same(action => 'reassign', page => 7) AS small_pages,
	same(action => 'nothing') AS unknown_action, same(actor => 'actor-3') AS actor, same(actor => 'nobody') AS nobody,
	same(booking => id(502)) AS booking, same(booking => booking.new_id()) AS no_booking,
	same(branch => booking.branch_id('west')) AS branch, same(resource => booking.resource_id('room-1')) AS room_1,
	same(resource => booking.resource_id('room-4'), page => 90) AS room_4, same(resource => booking.new_id()) AS no_room,
	same("from" => '2026-03-01', "to" => '2026-03-05 09:00Z') AS span, same("to" => '2026-01-20') AS before, same("from" => '2026-04-20') AS since,
	same("from" => '2026-03-02', "to" => '2026-03-01') AS inverted, same("from" => '-infinity', "to" => 'infinity') AS infinite,
	same(action => 'cancel', actor => 'actor-2', branch => booking.branch_id('main'), "from" => '2026-02-01') AS several,
	same(action => 'cancel', resource => booking.resource_id('room-3'), "to" => '2026-04-01') AS cancelled_in_room_3;

-- nothing is sealed, a part is, all is
\x on
SELECT * FROM searches;
SELECT booking.seal_audit(max => 400);
SELECT * FROM searches;
SELECT booking.seal_audit();
SELECT * FROM searches;
CALL live(124);
SET booking.now = '2026-06-01 00:00Z';
SELECT * FROM searches;
\x off

---- it never reads the whole trail ----

ANALYZE booking.audit_log;
CREATE FUNCTION whole_reads(search text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	before bigint := (SELECT sum(seq_scan) FROM pg_stat_xact_user_tables WHERE relname LIKE 'audit\_%');
	rows bigint;
BEGIN
	EXECUTE 'SELECT count(*) FROM booking.audit_search(' || search || ')' INTO rows;
	RETURN (SELECT sum(seq_scan) FROM pg_stat_xact_user_tables WHERE relname LIKE 'audit\_%') - before || ' whole reads, ' || rows || ' rows';
END $$;
SELECT search, whole_reads(search) FROM unnest(ARRAY['', $$action => 'cancel'$$, $$action => 'nothing'$$, $$actor => 'actor-1'$$,
	$$actor => 'nobody'$$, $$booking => id(12)$$, $$branch => booking.branch_id('main')$$, $$branch => booking.new_id()$$,
	$$resource => booking.resource_id('room-2')$$, $$resource => booking.new_id()$$, $$"to" => '2026-01-05'$$, $$"from" => '2026-04-29'$$]) AS search;

---- arguments ----

SELECT count(*) FROM booking.audit_search("limit" => 0);
SELECT count(*) FROM booking.audit_search("limit" => 1001);
SELECT count(*) FROM booking.audit_search("limit" => NULL);
SELECT count(*) FROM booking.audit_search(after => '');
SELECT count(*) FROM booking.audit_search(after => '1/2/3');
SELECT count(*) FROM booking.audit_search(after => '99999999999999999999/00000000-0000-0000-0004-000000000001/1');
SELECT count(*) FROM booking.audit_search(after => '9223372036854775807/00000000-0000-0000-0004-000000000001/1');
SELECT count(*) FROM booking.audit_search(after => '1/00000000-0000-0000-0004-00000000000x/1');
SELECT count(*) FROM booking.audit_search(after => '1/00000000-0000-0000-0004-000000000001/1x');
SELECT count(*) FROM booking.audit_search(after => '1/00000000-0000-0000-0004-000000000001/1');
SELECT count(*) FROM booking.audit_search(action => repeat('x', 1048576));

---- who sees what ----

CREATE ROLE regress_search_staff;
CREATE ROLE regress_search_auditor;
CREATE ROLE regress_search_client;
CREATE ROLE regress_search_other;
SELECT booking.tenant_id('default') AS mine, booking.resource_id('room-2') AS room \gset
INSERT INTO booking.tenants (code, name) VALUES ('other', 'Other');
SELECT booking.grant_access('regress_search_staff', 'staff', tenant => booking.tenant_id('default')),
	booking.grant_access('regress_search_auditor', 'auditor', tenant => booking.tenant_id('default')),
	booking.grant_access('regress_search_client', 'client', tenant => booking.tenant_id('default')),
	booking.grant_access('regress_search_other', 'admin', tenant => booking.tenant_id('other'));
RESET booking.actor;
SET ROLE regress_search_auditor;
SELECT version, action, private_values FROM booking.audit_search(booking => id(502)) ORDER BY version;
SELECT count(*) FROM booking.audit_search(resource => :'room', "limit" => 1000);
SET ROLE regress_search_staff;
SELECT version, action, private_values FROM booking.audit_search(booking => id(502)) ORDER BY version;
SELECT count(*) FROM booking.audit_search(resource => :'room', "limit" => 1000);
SET ROLE regress_search_client;
SELECT count(*) FROM booking.audit_search();
\echo :SQLSTATE
SET ROLE regress_search_other;
SELECT count(*) FROM booking.audit_search();
SELECT count(*) FROM booking.audit_search(tenant => :'mine');
\echo :SQLSTATE
SELECT count(*) FROM booking.audit_search(resource => :'room');
RESET ROLE;
