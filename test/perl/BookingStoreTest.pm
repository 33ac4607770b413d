# BookingStoreTest: what the TAP tests about the store as a whole share.
#
#   make_shop($node, 'db');             # something to book, in one tenant
#   make_full_store($node, 'db');       # a store with a bit of everything
#   is(inconsistencies($node, 'db'), '', 'all fits together');
#   is_deeply(contents($node, 'db'), $before, 'no row has changed');
#   is(definitions($node, 'db'), $definitions, 'nor has a definition');

package BookingStoreTest;

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Utils;
use Test::More ();

use BookingTest;

our @EXPORT = qw(make_shop make_full_store contents definitions inconsistencies
  sqlstate_of rss_anon);

# The setting up of the extension, a hundred resources r1 .. r100 of capacity 1,
# a shared one, and services of an hour and of a minute.
sub make_shop
{
	my ($node, $database) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $database")
	  if $node->safe_psql('postgres',
		"SELECT count(*) FROM pg_database WHERE datname = '$database'") eq '0';
	create_booking($node, $database);
	$node->safe_psql($database, <<'END');
INSERT INTO booking.resources (code, name, position)
	SELECT 'r' || n, 'Resource ' || n, n FROM generate_series(1, 100) AS n;
INSERT INTO booking.resources (code, name, kind, capacity) VALUES ('hall', 'Hall', 'hall', 20);
INSERT INTO booking.services (code, name, duration, price)
	VALUES ('hour', 'An hour', '1 hour', 20), ('minute', 'A minute', '1 minute', 0);
END
	return;
}

# Roles, two tenants, bookings in every status, a live hold and one that is over
# and was not swept, and things users add to a store.
sub make_full_store
{
	my ($node, $database) = @_;

	$node->safe_psql('postgres', <<'END');
CREATE ROLE shop_owner;
CREATE ROLE shop_admin;
CREATE ROLE shop_staff;
CREATE ROLE shop_client;
CREATE ROLE shop_auditor;
END
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	create_booking($node, $database);
	$node->safe_psql($database, <<'END');
SET client_min_messages = warning;

-- what users add
ALTER TABLE booking.bookings ADD COLUMN crm_ref text DEFAULT 'none', ADD COLUMN "Odd name" int;
CREATE INDEX bookings_crm_ref ON booking.bookings (tenant_id, crm_ref) WHERE crm_ref <> 'none';
CREATE TABLE public.seen (n bigint GENERATED ALWAYS AS IDENTITY, booking uuid, status text);
CREATE FUNCTION public.see() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO public.seen (booking, status) VALUES (new.id, new.status);
	RETURN new;
END $$;
CREATE TRIGGER user_sees AFTER INSERT OR UPDATE ON booking.bookings
	FOR EACH ROW EXECUTE FUNCTION public.see();
CREATE FUNCTION public.mark() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	new.crm_ref := 'crm-' || left(new.id::text, 4);
	RETURN new;
END $$;
CREATE TRIGGER a_user_marks BEFORE INSERT ON booking.bookings
	FOR EACH ROW EXECUTE FUNCTION public.mark();
CREATE TABLE public.follows (tenant_id uuid, booking_id uuid,
	FOREIGN KEY (tenant_id, booking_id) REFERENCES booking.bookings);
CREATE VIEW public.busy AS SELECT during FROM booking.bookings WHERE booking.is_occupying(status);
COMMENT ON COLUMN booking.bookings.crm_ref IS 'the user''s own';

-- two tenants
INSERT INTO booking.tenants (code, name, currency, settings)
	VALUES ('second', 'Zweiter Mandant', 'EUR', '{"hold_ttl": "10 minutes", "max_live_holds": 5}');
INSERT INTO booking.branches (tenant_id, code, name, time_zone, settings)
	VALUES (booking.tenant_id('second'), 'west', 'West', 'America/Detroit', '{"no_show_grace": 60}');
SELECT booking.set_context(tenant => booking.tenant_id('default'), actor => 'tester', session => true);
INSERT INTO booking.resources (kind, code, name, position, owner, settings) VALUES
	('room', 'room-1', 'Room 1', 1, NULL, '{}'), ('room', 'room-2', 'Room 2', 2, 'olga', '{"hold_ttl": 3600}'),
	('therapist', 'alice', 'Alice', 1, NULL, '{}');
INSERT INTO booking.resources (kind, code, name, capacity) VALUES ('hall', 'hall', 'Hall', 10);
INSERT INTO booking.services (code, name, duration, price, buffer_after, settings)
	VALUES ('massage', 'Massage', '1 hour', 95, '15 minutes', '{}'),
		   ('approved', 'Approved', '1 hour', 10, '0', '{"approval": true, "pending_ttl": "1 day"}'),
		   ('meeting', 'Meeting', '1 hour', 0, '0', '{}');
INSERT INTO booking.service_requirements (service_id, kind, buffer_after)
	VALUES (booking.service_id('massage'), 'therapist', NULL), (booking.service_id('massage'), 'room', '30 minutes');
INSERT INTO booking.service_resources (service_id, resource_id)
	VALUES (booking.service_id('meeting'), booking.resource_id('hall'));
INSERT INTO booking.questions (code, prompt, required) VALUES ('pressure', 'Soft or hard?', true);
INSERT INTO booking.questions (code, prompt, type, options) VALUES ('tea', 'Tea?', 'choice', '{green,black}');
INSERT INTO booking.customers (email, name, actor) VALUES ('carla@example.com', 'Carla', 'carla');
INSERT INTO booking.reason_codes (code, label) VALUES ('power_cut', 'Power cut');

-- bookings in every status; each massage takes Alice, so each has its day
CREATE FUNCTION pg_temp.made(day int, service text) RETURNS uuid LANGUAGE sql AS $$
	SELECT booking_id FROM booking.book(booking.service_id(service), local_start => date '2030-01-01' + day + time '10:00',
		customer => '{"email": "carla@example.com", "name": "Carla", "phone": "+49 30 1"}',
		answers => '{"pressure": "soft", "tea": "green"}', title => 'Secret', description => 'private',
		attendees => '[{"name": "Dora"}]', metadata => '{"from": "test"}', party_size => 1)
$$;
CREATE TEMP TABLE made AS SELECT n, pg_temp.made(n, 'massage') AS id FROM generate_series(1, 7) AS n;
SELECT booking.check_in(id) FROM made WHERE n IN (1, 2, 3);
SELECT booking.start_serving(id) FROM made WHERE n IN (2, 3);
SELECT booking.complete(id) FROM made WHERE n = 3;
SELECT booking.cancel(id, 'power_cut') FROM made WHERE n = 4;
UPDATE booking.bookings SET status = 'pending_cancellation' WHERE id = (SELECT id FROM made WHERE n = 5);
SELECT booking.reschedule(id, local_start => '2030-02-01 11:00') FROM made WHERE n = 6;
SELECT booking.add_note(id, 'likes it quiet', 'customer') FROM made WHERE n = 6;
SELECT booking.add_note(id, 'pays late') FROM made WHERE n = 6;
UPDATE booking.bookings SET description = 'changed', request_id = booking.new_id(), actor = 'erp',
	channel = 'api', change_metadata = '{"why": "import"}' WHERE id = (SELECT id FROM made WHERE n = 6);
SELECT pg_temp.made(20, 'approved');
SELECT booking.hold(booking.service_id('meeting'), local_start => '2030-03-01 09:00', units => n) FROM generate_series(1, 3) AS n;
INSERT INTO booking.bookings (service_id, status, starts_at, resource_ids)
	VALUES (booking.service_id('massage'), 'waitlisted', '2030-01-02 10:00+00', NULL);

-- a live hold, one that was released, one that is over and swept, one that is
-- over and was not; a no-show
SELECT booking.hold(booking.service_id('massage'), local_start => '2030-04-01 10:00', ttl => '20 days');
SELECT booking.release_hold(booking_id)
	FROM booking.hold(booking.service_id('massage'), local_start => '2030-04-02 10:00');
SET booking.now = '2025-01-01 00:00+00';
SELECT booking.hold(booking.service_id('massage'), local_start => '2030-04-03 10:00');
SELECT pg_temp.made(-1820, 'massage');
SET booking.now = '2025-02-01 00:00+00';
SELECT booking.no_show(id) FROM booking.bookings WHERE starts_at < '2025-01-31';
SELECT booking.expire_holds();
SELECT booking.hold(booking.service_id('massage'), local_start => '2030-04-04 10:00');
RESET booking.now;

-- the second tenant
SELECT booking.set_context(tenant => booking.tenant_id('second'), session => true);
INSERT INTO booking.resources (code, name, capacity) VALUES ('lane', 'Lane', 4);
INSERT INTO booking.services (code, name, duration, price) VALUES ('swim', 'Schwimmen', '45 minutes', 7.50);
SELECT booking.book(booking.service_id('swim'), local_start => '2030-11-03 01:30', units => 2,
	customer => '{"name": "Jürgen \"Ö\"", "phone": "0"}');

INSERT INTO public.follows SELECT tenant_id, id FROM booking.bookings WHERE status = 'confirmed';

-- who may what; the tables belong to somebody who is no superuser
SELECT booking.grant_access('shop_admin', 'admin', tenant => booking.tenant_id('default'));
SELECT booking.grant_access('shop_staff', 'staff', tenant => booking.tenant_id('default'), roles => '{desk}');
SELECT booking.grant_access('shop_client', 'client', 'carla', tenant => booking.tenant_id('default'));
SELECT booking.grant_access('shop_auditor', 'auditor', tenant => booking.tenant_id('second'));
GRANT SELECT (id, crm_ref) ON booking.bookings TO shop_owner;
GRANT EXECUTE ON FUNCTION booking.agenda TO shop_owner;
CREATE POLICY user_policy ON booking.bookings AS RESTRICTIVE FOR SELECT TO shop_client USING (status <> 'waitlisted');
GRANT ALL ON SCHEMA booking TO shop_owner;
GRANT INSERT ON public.seen TO shop_owner, shop_admin, shop_staff, shop_client;
DO $$
DECLARE
	t regclass;
BEGIN
	FOR t IN SELECT oid FROM pg_class WHERE relnamespace = 'booking'::regnamespace AND relkind = 'r' LOOP
		EXECUTE format('ALTER TABLE %s OWNER TO shop_owner', t);
	END LOOP;
END $$;
END
	return;
}

# Every table of schemas booking and public: number of rows and a checksum over
# them, whatever their order.
sub contents
{
	my ($node, $database) = @_;
	my %contents;

	my $tables = $node->safe_psql($database, <<'END');
SELECT oid::regclass FROM pg_class
 WHERE relnamespace IN ('booking'::regnamespace, 'public'::regnamespace) AND relkind = 'r' ORDER BY 1;
END
	for my $table (split /\n/, $tables)
	{
		$contents{$table} = $node->safe_psql($database, <<"END");
SET datestyle = ISO; SET timezone = 'UTC'; SET extra_float_digits = 1;
SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))) FROM $table AS t;
END
	}
	return \%contents;
}

# Everything that is defined in or on the store, as text.
sub definitions
{
	my ($node, $database) = @_;

	return $node->safe_psql($database, <<'END');
SET search_path = pg_catalog;
WITH relation AS (
	SELECT c.*, c.oid::regclass::text AS name FROM pg_class AS c
	 WHERE c.relnamespace IN ('booking'::regnamespace, 'public'::regnamespace)
	   AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass
						 AND d.objid = c.oid AND d.deptype = 'e'))
SELECT format('%s %s of %s, rls %s %s, options %s', r.relkind, r.name, pg_get_userbyid(r.relowner),
			  r.relrowsecurity, r.relforcerowsecurity, r.reloptions) FROM relation AS r
UNION ALL
SELECT format('grant %s %s to %s by %s %s', a.privilege_type, r.name, a.grantee::regrole, a.grantor::regrole, a.is_grantable)
  FROM relation AS r, aclexplode(coalesce(r.relacl, acldefault('r', r.relowner))) AS a WHERE r.relkind IN ('r', 'v')
UNION ALL
SELECT format('grant %s (%s) %s to %s', a.privilege_type, t.attname, r.name, a.grantee::regrole)
  FROM relation AS r JOIN pg_attribute AS t ON t.attrelid = r.oid, aclexplode(t.attacl) AS a
UNION ALL
SELECT format('grant %s %s to %s', a.privilege_type, p.oid::regprocedure, CASE a.grantee WHEN 0 THEN 'public' ELSE a.grantee::regrole::text END)
  FROM pg_proc AS p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
 WHERE p.pronamespace = 'booking'::regnamespace
UNION ALL
SELECT format('grant %s on schema %s to %s', a.privilege_type, n.nspname, a.grantee::regrole)
  FROM pg_namespace AS n, aclexplode(n.nspacl) AS a WHERE n.nspname = 'booking'
UNION ALL
SELECT format('policy %s', p) FROM pg_policies AS p WHERE p.schemaname = 'booking'
UNION ALL
SELECT format('trigger %s %s', t.tgenabled, pg_get_triggerdef(t.oid))
  FROM pg_trigger AS t JOIN relation AS r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal
UNION ALL
SELECT format('view %s %s', r.name, pg_get_viewdef(r.oid)) FROM relation AS r WHERE r.relkind = 'v'
UNION ALL
SELECT format('constraint %s %s %s', r.name, c.conname, pg_get_constraintdef(c.oid))
  FROM pg_constraint AS c JOIN relation AS r ON r.oid = c.conrelid
UNION ALL
SELECT format('index %s', pg_get_indexdef(i.indexrelid)) FROM pg_index AS i JOIN relation AS r ON r.oid = i.indrelid
UNION ALL
SELECT format('column %s %s %s %s %s %s %s', r.name, t.attname, format_type(t.atttypid, t.atttypmod), t.attnotnull,
			  t.attidentity, t.attgenerated, pg_get_expr(d.adbin, d.adrelid))
  FROM relation AS r JOIN pg_attribute AS t ON t.attrelid = r.oid AND t.attnum > 0 AND NOT t.attisdropped
  LEFT JOIN pg_attrdef AS d ON d.adrelid = t.attrelid AND d.adnum = t.attnum WHERE r.relkind IN ('r', 'v')
UNION ALL
SELECT format('comment %s %s %s', r.name, coalesce(t.attname, ''), d.description)
  FROM relation AS r JOIN pg_description AS d ON d.classoid = 'pg_class'::regclass AND d.objoid = r.oid
  LEFT JOIN pg_attribute AS t ON t.attrelid = r.oid AND t.attnum = d.objsubid AND d.objsubid > 0
ORDER BY 1;
END
}

# What does not fit together in a store, one line each; '' if all does.
sub inconsistencies
{
	my ($node, $database) = @_;

	return $node->safe_psql($database, <<'END');
SET timezone = 'UTC';
WITH last AS (
	SELECT DISTINCT ON (tenant_id, booking_id) * FROM booking.audit_log ORDER BY tenant_id, booking_id, version DESC),
replayed AS (
	SELECT a.tenant_id, a.booking_id, jsonb_object_agg(v.key, v.value ORDER BY a.version) AS value
	  FROM booking.audit_log AS a, jsonb_each(a.new_values) AS v GROUP BY 1, 2),
occupied AS (
	SELECT tenant_id, booking_id, count(*) AS n, count(DISTINCT resource_id) AS resources
	  FROM booking.allocations GROUP BY 1, 2)

-- what is occupied: by occupying bookings all of their resources, by others
-- nothing, but the clean-up after a completed one
SELECT format('booking %s is %s and occupies %s of %s resources', b.id, b.status, coalesce(o.n, 0), cardinality(b.resource_ids))
  FROM booking.bookings AS b LEFT JOIN occupied AS o ON o.tenant_id = b.tenant_id AND o.booking_id = b.id
 WHERE CASE WHEN booking.is_occupying(b.status) AND (b.expires_at IS NULL OR b.expires_at > clock_timestamp())
			THEN o.n IS DISTINCT FROM cardinality(b.resource_ids)
			WHEN booking.is_occupying(b.status) THEN o.n > cardinality(b.resource_ids)
			ELSE o.n > 0 AND b.status <> 'completed' END
UNION ALL
SELECT format('allocation of booking %s does not fit it', b.id)
  FROM booking.allocations AS a LEFT JOIN booking.bookings AS b ON b.tenant_id = a.tenant_id AND b.id = a.booking_id
 WHERE b.id IS NULL OR a.resource_id <> ALL (b.resource_ids)
	OR (b.status <> 'completed' AND (NOT a.during @> b.during OR a.expires_at IS DISTINCT FROM b.expires_at))
UNION ALL
SELECT format('allocations of booking %s and %s overlap', a.booking_id, o.booking_id)
  FROM booking.allocations AS a JOIN booking.allocations AS o ON o.tenant_id = a.tenant_id
   AND o.resource_id = a.resource_id AND o.during && a.during AND o.booking_id > a.booking_id
 WHERE a.exclusive AND o.exclusive
UNION ALL
SELECT format('resource %s has %s of %s units occupied', r.code, sum(o.units), r.capacity)
  FROM booking.allocations AS a
  JOIN booking.resources AS r ON r.tenant_id = a.tenant_id AND r.id = a.resource_id AND r.capacity > 1
  JOIN booking.allocations AS o ON o.tenant_id = a.tenant_id AND o.resource_id = a.resource_id AND o.during @> lower(a.during)
 GROUP BY a.tenant_id, a.booking_id, r.code, r.capacity HAVING sum(o.units) > r.capacity

-- history: every version, the last one is the row
UNION ALL
SELECT format('booking %s is at version %s and has history %s', b.id, b.version, h.versions)
  FROM booking.bookings AS b LEFT JOIN (
	SELECT tenant_id, booking_id, array_agg(version ORDER BY version) AS versions FROM booking.audit_log GROUP BY 1, 2) AS h
	ON h.tenant_id = b.tenant_id AND h.booking_id = b.id
 WHERE h.versions IS DISTINCT FROM ARRAY(SELECT generate_series(1, b.version))
UNION ALL
SELECT format('the last history of booking %s is not its row', l.booking_id)
  FROM last AS l LEFT JOIN booking.bookings AS b ON b.tenant_id = l.tenant_id AND b.id = l.booking_id
 WHERE (b.status, b.version, b.updated_at, b.request_id, b.actor, b.branch_id)
	IS DISTINCT FROM (l.status, l.version, l.at, l.request_id, l.actor, l.branch_id)
UNION ALL
SELECT format('replayed, the history of booking %s gives %s', b.id, r.value)
  FROM booking.bookings AS b JOIN replayed AS r ON r.tenant_id = b.tenant_id AND r.booking_id = b.id
 WHERE (b.status, b.starts_at, b.ends_at, b.expires_at, b.units, b.price, b.customer_id, b.order_id, b.reason_code, b.note_count)
	IS DISTINCT FROM (r.value ->> 'status', (r.value ->> 'starts_at')::timestamptz, (r.value ->> 'ends_at')::timestamptz,
		(r.value ->> 'expires_at')::timestamptz, (r.value ->> 'units')::int, (r.value ->> 'price')::numeric,
		(r.value ->> 'customer_id')::uuid, (r.value ->> 'order_id')::uuid, r.value ->> 'reason_code', (r.value ->> 'note_count')::int)
	OR to_jsonb(b.resource_ids) IS DISTINCT FROM r.value -> 'resource_ids'
UNION ALL
SELECT format('the private history of booking %s, version %s, does not fit its digest', a.booking_id, a.version)
  FROM booking.audit_log AS a FULL JOIN booking.audit_private AS p USING (tenant_id, booking_id, version)
 WHERE sha256(p.salt || convert_to(p.private_values::text, 'UTF8')) IS DISTINCT FROM a.private_digest

-- what follows from a booking
UNION ALL
SELECT format('booking %s is %s and its session is %s', b.id, b.status, s.status)
  FROM booking.bookings AS b FULL JOIN booking.service_sessions AS s ON s.tenant_id = b.tenant_id AND s.booking_id = b.id
 WHERE b.id IS NULL OR s.status <> b.status
	OR (s.id IS NULL) <> (b.status IN ('waitlisted', 'held')
		OR (b.status = 'cancelled' AND NOT EXISTS (SELECT FROM booking.audit_log AS a WHERE a.tenant_id = b.tenant_id
			AND a.booking_id = b.id AND a.status NOT IN ('waitlisted', 'held', 'cancelled'))))
UNION ALL
SELECT format('order %s is %s over %s, its items are %s', o.id, o.status, o.total, i.total)
  FROM booking.orders AS o LEFT JOIN (
	SELECT tenant_id, order_id, coalesce(sum(amount) FILTER (WHERE voided_at IS NULL), 0) AS total,
		bool_and(voided_at IS NOT NULL) AS void FROM booking.order_items GROUP BY 1, 2) AS i
	ON i.tenant_id = o.tenant_id AND i.order_id = o.id
 WHERE i.total IS DISTINCT FROM o.total OR (o.status = 'voided') IS DISTINCT FROM i.void
UNION ALL
SELECT format('booking %s and its order do not know each other', b.id)
  FROM booking.bookings AS b FULL JOIN booking.order_items AS i ON i.tenant_id = b.tenant_id AND i.booking_id = b.id
 WHERE b.order_id IS DISTINCT FROM i.order_id
UNION ALL
SELECT format('outbox row %s is about no change there was', x.id)
  FROM booking.outbox AS x LEFT JOIN booking.audit_log AS a ON a.tenant_id = x.tenant_id
   AND a.booking_id = x.booking_id AND a.version = x.booking_version
 WHERE a.action IS DISTINCT FROM x.event
UNION ALL
SELECT format('a note or answer is of booking %s, which does not exist', n.booking_id)
  FROM (SELECT tenant_id, booking_id FROM booking.notes UNION SELECT tenant_id, booking_id FROM booking.answers) AS n
 WHERE NOT EXISTS (SELECT FROM booking.bookings AS b WHERE b.tenant_id = n.tenant_id AND b.id = n.booking_id);
END
}

# The SQLSTATE a statement fails with; '' if it does not.
sub sqlstate_of
{
	my ($node, $database, $sql) = @_;

	my ($rc, $out, $err) = $node->psql($database, "\\set VERBOSITY sqlstate\n$sql");
	return $err =~ /ERROR:\s+(\w{5})/ ? $1 : $err;
}

# Memory of a process that is its own, in kB; undef where /proc doesn't tell.
sub rss_anon
{
	my ($pid) = @_;

	open my $file, '<', "/proc/$pid/status" or return;
	my ($line) = grep { /^RssAnon:/ } <$file>;
	close $file;
	return defined $line && $line =~ /(\d+)/ ? $1 : undef;
}

1;
