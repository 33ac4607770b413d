# Eight clients at a few resources, and what must hold whatever they did.
#
# BOOKING_STRESS_SECONDS (20) says how long they go on; BOOKING_STRESS_CLIENTS
# (8) how many there are.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

use BookingTest;

my $seconds = $ENV{BOOKING_STRESS_SECONDS} // 20;
my $clients = $ENV{BOOKING_STRESS_CLIENTS} // 8;

my $node = booking_node('main', conf => <<'END');
log_line_prefix = '%m [%p] %e '
deadlock_timeout = 100ms
max_connections = 50
END

# ---- what there is to book, and the clients ----

$node->safe_psql('postgres', <<'SETUP');
UPDATE booking.tenants SET settings = '{"max_live_holds": 15, "undo_window": "10 minutes"}';
INSERT INTO booking.resources (code, name, kind, capacity) VALUES
	('room-1', 'Room 1', 'room', 1), ('room-2', 'Room 2', 'room', 1), ('room-3', 'Room 3', 'room', 1),
	('hall-1', 'Hall 1', 'hall', 3), ('hall-2', 'Hall 2', 'hall', 3);
INSERT INTO booking.services (code, name, duration, buffer_before, buffer_after, price) VALUES
	('visit', 'Visit', '1 hour', '0', '0', 0),
	('workshop', 'Workshop', '90 minutes', '10 minutes', '20 minutes', 10),
	('event', 'Event', '1 hour', '0', '15 minutes', 25.5);
INSERT INTO booking.service_requirements (service_id, kind, quantity, units, buffer_after) VALUES
	(booking.service_id('event'), 'room', 1, 1, '30 minutes'),
	(booking.service_id('event'), 'hall', 1, 2, NULL);
-- one that is paid for, and whose guests are not waited for
INSERT INTO booking.services (code, name, duration, price, deposit, settings) VALUES
	('course', 'Course', '1 hour', 20, 5, '{"deposit_ttl": "1 minute"}'),
	('clinic', 'Clinic', '1 hour', 0, 0, '{"no_show_mode": "auto", "no_show_grace": "0 seconds"}');

CREATE SCHEMA stress;
CREATE TABLE stress.log (client integer, level text, op text, outcome text);
CREATE TABLE stress.tokens (token text, redeemed boolean DEFAULT false);
CREATE TABLE stress.keyed (key text, booking_id uuid);
CREATE TABLE stress.places AS SELECT id, code FROM booking.resources;

-- Somebody's booking: mostly one that occupies something, else a recent one.
CREATE FUNCTION stress.pick() RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
	picked uuid;
BEGIN
	IF random() < 0.85 THEN
		SELECT booking_id INTO picked FROM booking.allocations ORDER BY random() LIMIT 1;
	END IF;
	IF picked IS NULL THEN
		SELECT id INTO picked FROM (
			SELECT id FROM booking.bookings ORDER BY tenant_id DESC, id DESC LIMIT 60) AS b
		ORDER BY random() LIMIT 1;
	END IF;
	RETURN coalesce(picked, booking.new_id());
END
$$;

CREATE FUNCTION stress.somewhere(n integer) RETURNS uuid[] LANGUAGE sql AS $$
	SELECT array_agg(id) FROM (SELECT id FROM stress.places ORDER BY random() LIMIT n) AS p
$$;

-- Half hours of three days, the first of which have begun.
CREATE FUNCTION stress.sometime() RETURNS timestamptz LANGUAGE sql AS $$
	SELECT date_trunc('hour', now()) - interval '30 minutes'
		+ floor(random() * 3) * interval '1 day' + floor(random() * 12) * interval '30 minutes'
$$;

CREATE FUNCTION stress.a_while() RETURNS interval LANGUAGE sql AS $$
	SELECT CASE WHEN random() < 0.8 THEN interval '1 second' ELSE interval '10 minutes' END
$$;

CREATE FUNCTION stress.someone() RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('email', format('guest-%s@example.com', (random() * 5)::integer))
$$;

-- A customer; most share a few addresses.
CREATE FUNCTION stress.customer() RETURNS uuid LANGUAGE sql AS $$
	SELECT coalesce((SELECT id FROM booking.customers ORDER BY random() LIMIT 1), booking.new_id())
$$;

CREATE FUNCTION stress.bookings(n integer) RETURNS uuid[] LANGUAGE sql AS $$
	SELECT array_agg(DISTINCT id) FROM (SELECT stress.pick() AS id FROM generate_series(1, n)) AS b
$$;

CREATE FUNCTION stress.act(op integer, this uuid, other uuid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	visit CONSTANT uuid := booking.service_id('visit');
	workshop CONSTANT uuid := booking.service_id('workshop');
	event CONSTANT uuid := booking.service_id('event');
	course CONSTANT uuid := booking.service_id('course');
	clinic CONSTANT uuid := booking.service_id('clinic');
	secret text;
	name text;
	place uuid[] := stress.somewhere(1);
	places uuid[] := stress.somewhere(2 + (random() * 2)::integer);
	t timestamptz := stress.sometime();
	n integer;
BEGIN
	CASE
		WHEN op <= 14 THEN
			PERFORM booking.hold(visit, t, resources => place, ttl => stress.a_while());
			RETURN 'hold';
		WHEN op <= 22 THEN
			PERFORM booking.hold(workshop, t, resources => places, ttl => stress.a_while());
			RETURN 'hold of several';
		WHEN op <= 26 THEN
			PERFORM booking.hold(event, t, ttl => stress.a_while());
			RETURN 'hold of anything';
		WHEN op <= 28 THEN
			PERFORM booking.hold(visit, t, resources => place, lock_wait => false,
								 ttl => stress.a_while());
			RETURN 'hold without waiting';
		WHEN op <= 30 THEN
			PERFORM booking.hold(visit, t, t + CASE WHEN random() < 0.5 THEN interval '40 hours'
													ELSE interval '12 days' END,
								 resources => stress.somewhere(1 + (random() * 1)::integer),
								 ttl => interval '300 milliseconds');
			RETURN 'long hold';
		WHEN op <= 34 THEN
			INSERT INTO booking.bookings (service_id, starts_at, resource_ids, hold_ttl, units)
				VALUES (visit, t, place, stress.a_while(), 1 + (random() * 0.7)::integer);
			RETURN 'INSERT of a hold';
		WHEN op <= 36 THEN
			INSERT INTO booking.bookings (service_id, status, starts_at, resource_ids, contact)
				VALUES (workshop, 'confirmed', t, places, '{"name": "Guest"}');
			RETURN 'INSERT of a booking';
		WHEN op <= 41 THEN
			PERFORM booking.book(event, t, stress.someone());
			RETURN 'book';
		WHEN op <= 50 THEN
			PERFORM booking.checkout(ARRAY[this], stress.someone());
			RETURN 'checkout';
		WHEN op <= 53 THEN
			PERFORM booking.checkout(ARRAY[this, other], stress.someone());
			RETURN 'checkout of two';
		WHEN op <= 57 THEN
			IF NOT booking.release_hold(this) THEN
				RETURN 'release of nothing';
			END IF;
			RETURN 'release';
		WHEN op <= 64 THEN
			PERFORM booking.refresh_hold(this, stress.a_while());
			RETURN 'refresh';
		WHEN op <= 70 THEN
			SELECT undo_token INTO secret FROM booking.cancel(this, 'customer_request');
			INSERT INTO stress.tokens VALUES (secret);
			RETURN 'cancel';
		WHEN op <= 75 THEN
			UPDATE booking.bookings SET status = 'cancelled', reason_code = 'customer_request'
				WHERE id = this AND status <> 'cancelled';
			GET DIAGNOSTICS n = ROW_COUNT;
			RETURN CASE n WHEN 0 THEN 'UPDATE of nothing' ELSE 'UPDATE to cancelled' END;
		WHEN op <= 79 THEN
			PERFORM booking.reschedule(this, t);
			RETURN 'reschedule';
		WHEN op <= 82 THEN
			UPDATE booking.bookings SET starts_at = t, ends_at = t + interval '45 minutes'
				WHERE id = this;
			RETURN 'UPDATE of the slot';
		WHEN op <= 85 THEN
			PERFORM booking.reassign(this, CASE WHEN random() < 0.5 THEN place ELSE places END);
			RETURN 'reassign';
		WHEN op <= 88 THEN
			UPDATE booking.bookings SET resource_ids = places WHERE id = this;
			RETURN 'UPDATE of resources';
		WHEN op <= 90 THEN
			UPDATE booking.bookings SET units = 3 - units, title = 'changed'
				WHERE id = this AND units < 3;
			RETURN 'UPDATE of units';
		WHEN op <= 92 THEN
			PERFORM booking.add_note(this, 'a note');
			RETURN 'note';
		WHEN op <= 94 THEN
			PERFORM booking.complete(this);
			RETURN 'complete';
		WHEN op <= 96 THEN
			-- a hold that is rolled back, and another in its place
			BEGIN
				PERFORM booking.hold(visit, t, resources => place);
				RAISE SQLSTATE 'UNDO1';
			EXCEPTION WHEN SQLSTATE 'UNDO1' THEN
				PERFORM booking.hold(workshop, t, resources => place,
									 ttl => interval '200 milliseconds');
			END;
			RETURN 'hold after rollback';
		WHEN op <= 98 THEN
			PERFORM booking.expire_holds(5);
			RETURN 'expire_holds';
		WHEN op <= 101 THEN
			PERFORM booking.join_waitlist(visit, t, resources => place,
				metadata => jsonb_build_object('n', random()));
			RETURN 'join for one';
		WHEN op <= 103 THEN
			PERFORM booking.join_waitlist(workshop, t, resources => places);
			RETURN 'join for several';
		WHEN op <= 105 THEN
			PERFORM booking.join_waitlist(event, wanted => tstzrange(t, t + interval '5 hours'));
			RETURN 'join for anything';
		WHEN op <= 106 THEN
			SELECT booking_id INTO this FROM booking.waiting ORDER BY random() LIMIT 1;
			PERFORM booking.promote(coalesce(this, booking.new_id()));
			RETURN 'promote';
		WHEN op <= 107 THEN
			SELECT booking_id INTO this FROM booking.waiting ORDER BY random() LIMIT 1;
			PERFORM booking.cancel(coalesce(this, booking.new_id()), 'customer_request');
			RETURN 'leave';
		WHEN op <= 108 THEN
			PERFORM booking.promote_waiting(5);
			RETURN 'promote_waiting';
		WHEN op <= 114 THEN
			SELECT token INTO secret FROM (SELECT token FROM stress.tokens WHERE NOT redeemed
				ORDER BY ctid DESC LIMIT 8) AS t ORDER BY random() LIMIT 1;
			PERFORM booking.reverse(coalesce(secret, 'none'));
			INSERT INTO stress.tokens VALUES (secret, true);
			RETURN 'reverse';
		WHEN op <= 116 THEN
			PERFORM booking.reverse(booking.issue_undo(this));
			RETURN 'issue and reverse';
		WHEN op <= 119 THEN
			SELECT max(batch_token), count(*) FILTER (WHERE ok) INTO secret, n
				FROM booking.bulk_cancel(stress.bookings(6), 'weather');
			INSERT INTO stress.tokens SELECT secret WHERE secret IS NOT NULL;
			RETURN CASE n WHEN 0 THEN 'bulk_cancel of nothing' ELSE 'bulk_cancel' END;
		WHEN op <= 122 THEN
			SELECT max(batch_token), count(*) FILTER (WHERE ok) INTO secret, n
				FROM booking.bulk_reassign(stress.bookings(4),
					strategy => (ARRAY['first', 'least_loaded', 'round_robin'])[1 + floor(random() * 3)::integer]);
			INSERT INTO stress.tokens SELECT secret WHERE secret IS NOT NULL;
			RETURN CASE n WHEN 0 THEN 'bulk_reassign of nothing' ELSE 'bulk_reassign' END;
		WHEN op <= 127 THEN
			PERFORM booking.book(course, t, stress.someone(), resources => place);
			RETURN 'book with a deposit';
		WHEN op <= 132 THEN
			SELECT id INTO this FROM (SELECT id FROM booking.bookings WHERE service_id = course
				ORDER BY id DESC LIMIT 6) AS b ORDER BY random() LIMIT 1;
			PERFORM booking.record_payment(coalesce(this, other), 1 + floor(random() * 5)::integer, 'bank',
										   format('%s-%s', this, floor(random() * 3)));
			RETURN 'record_payment';
		WHEN op <= 136 THEN
			PERFORM booking.amend(this, CASE floor(random() * 4)
				WHEN 0 THEN jsonb_build_object('units', 1 + floor(random() * 2)::integer)
				WHEN 1 THEN jsonb_build_object('service', 'clinic')
				WHEN 2 THEN jsonb_build_object('title', 'amended')
				ELSE jsonb_build_object('customer', stress.customer()) END);
			RETURN 'amend';
		WHEN op <= 139 THEN
			PERFORM booking.book(clinic, t, stress.someone(), resources => place);
			RETURN 'book of one who may not come';
		WHEN op <= 141 THEN
			IF booking.mark_no_shows(5) = 0 THEN
				RETURN 'mark_no_shows of nothing';
			END IF;
			RETURN 'mark_no_shows';
		WHEN op <= 143 THEN
			PERFORM booking.restore(this);
			RETURN 'restore';
		WHEN op <= 145 THEN
			PERFORM booking.request_cancellation(this, 'customer_request');
			RETURN 'request_cancellation';
		WHEN op <= 147 THEN
			PERFORM booking.check_in(this);
			RETURN 'check_in';
		WHEN op <= 149 THEN
			PERFORM booking.seal_audit(200);
			RETURN 'seal_audit';
		WHEN op <= 154 THEN
			name := format('key-%s', floor(random() * 400));
			SELECT booking_id INTO this FROM booking.hold(visit, t, resources => place, ttl => interval '1 second',
				idempotency_key => name);
			INSERT INTO stress.keyed VALUES (name, this);
			RETURN 'hold with a key';
		WHEN op <= 156 THEN
			-- one of a few keys, always with the same arguments
			name := format('cancel %s', left(this::text, 13));
			PERFORM booking.cancel(this, 'weather', idempotency_key => name);
			RETURN 'cancel with a key';
		WHEN op <= 158 THEN
			PERFORM booking.merge_customers(stress.customer(), stress.customer());
			RETURN 'merge_customers';
		WHEN op <= 159 THEN
			PERFORM booking.erase_customer(stress.customer());
			RETURN 'erase_customer';
		ELSE
			PERFORM booking.promote(this);
			RETURN 'promote whoever';
	END CASE;
END
$$;

-- One command, as nobody, as one of three customers or of staff.  What a
-- client must expect is noted; anything else goes on.
CREATE FUNCTION stress.step(client integer, op integer, this uuid, other uuid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	level CONSTANT text := current_setting('transaction_isolation');
	done text;
BEGIN
	CASE floor(random() * 4)
		WHEN 0 THEN
			PERFORM booking.set_context(actor => format('customer-%s', floor(random() * 3)),
										actor_kind => 'customer');
		WHEN 1 THEN
			PERFORM booking.set_context(actor => 'clerk', actor_kind => 'staff');
		ELSE
			PERFORM booking.set_context();
	END CASE;
	done := stress.act(op, this, other);
	INSERT INTO stress.log VALUES (client, level, done, 'ok');
EXCEPTION WHEN OTHERS THEN
	IF SQLSTATE !~ '^(ZB...|23P01|22023|42501|55P03)$' THEN
		RAISE;
	END IF;
	INSERT INTO stress.log VALUES (client, level, format('op %s', op), SQLSTATE);
END
$$;
SETUP

my $pick   = "SELECT stress.pick() AS this, stress.pick() AS other \\gset\n\\set op random(1, 160)\n";
my $step   = "SELECT stress.step(:client_id, :op, ':this', ':other');\n";
my %script = (
	'read committed' => [ 10, $pick . $step ],
	# the snapshot is older than the command
	'repeatable read' => [ 3, "${pick}BEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT 1;\n${step}COMMIT;\n" ],
	'serializable'    => [ 2, "${pick}BEGIN ISOLATION LEVEL SERIALIZABLE;\nSELECT 1;\n${step}COMMIT;\n" ],
	# keys outlive their session
	'prepared' => [ 1,
		"${pick}BEGIN;\n${step}PREPARE TRANSACTION 'client-:client_id';\nCOMMIT PREPARED 'client-:client_id';\n" ]);
my @files;
foreach my $name (sort keys %script)
{
	my $file = "$PostgreSQL::Test::Utils::tmp_check/$name.pgbench";
	$file =~ tr/ /-/;
	append_to_file($file, $script{$name}[1]);
	push @files, '-f', "$file\@$script{$name}[0]";
}

# ---- go ----

my ($out, $err) = ('', '');
my $pgbench = IPC::Run::start(
	[
		$node->installed_command('pgbench'), '-n', '-c', $clients, '-j', '2', '-T', $seconds,
		'--max-tries', '1', @files, '-d', $node->connstr('postgres')
	],
	'>', \$out, '2>', \$err,
	IPC::Run::timeout(5 * $PostgreSQL::Test::Utils::timeout_default));

# Meanwhile two more say the same without a function around it: plpgsql's
# EXCEPTION makes a subtransaction of each command.
my @plain = (
	q{SELECT booking.hold(booking.service_id('visit'), stress.sometime(), resources => stress.somewhere(1),
		ttl => stress.a_while())},
	q{SELECT booking.hold(booking.service_id('workshop'), stress.sometime(), resources => stress.somewhere(3),
		ttl => stress.a_while())},
	q{INSERT INTO booking.bookings (service_id, starts_at, resource_ids, hold_ttl)
		SELECT booking.service_id('visit'), stress.sometime(), stress.somewhere(1), stress.a_while()},
	q{SELECT booking.book(booking.service_id('event'), stress.sometime(), stress.someone())},
	q{SELECT booking.checkout(ARRAY[stress.pick()], stress.someone())},
	q{SELECT booking.refresh_hold(stress.pick())},
	q{SELECT booking.cancel(stress.pick(), 'customer_request')},
	q{UPDATE booking.bookings SET status = 'cancelled', reason_code = 'customer_request'
		WHERE id = (SELECT stress.pick())},
	q{UPDATE booking.bookings SET starts_at = starts_at + interval '1 hour', ends_at = ends_at + interval '1 hour'
		WHERE id = (SELECT stress.pick())},
	q{UPDATE booking.bookings SET resource_ids = stress.somewhere(2) WHERE id = (SELECT stress.pick())},
	q{SELECT booking.reassign(stress.pick(), stress.somewhere(2))},
	q{SELECT booking.join_waitlist(booking.service_id('visit'), stress.sometime(), resources => stress.somewhere(1))},
	q{SELECT booking.join_waitlist(booking.service_id('event'), stress.sometime())},
	q{SELECT booking.promote_waiting(3)},
	q{SELECT booking.reverse(booking.issue_undo(stress.pick()))},
	q{SELECT booking.reverse(token) FROM (SELECT token FROM stress.tokens ORDER BY ctid DESC LIMIT 1) AS t},
	q{SELECT booking.bulk_cancel(stress.bookings(5), 'weather')},
	q{SELECT booking.bulk_reassign(stress.bookings(5), strategy => 'first')},
	q{SELECT booking.amend(stress.pick(), '{"units": 2}')},
	q{SELECT booking.record_payment(id, 2, 'bank', random()::text) FROM booking.bookings
		WHERE service_id = booking.service_id('course') ORDER BY id DESC LIMIT 1},
	q{SELECT booking.mark_no_shows(3)},
	q{SELECT booking.seal_audit()},
	q{SELECT booking.merge_customers(stress.customer(), stress.customer())},
	q{SELECT booking.expire_holds(3)});
my @levels = ('read committed', 'read committed', 'repeatable read', 'serializable');
my @busy = map { session($node) } 1 .. 2;
my $plain_done = 0;
sub send_plain
{
	$_[0]->send("SET default_transaction_isolation = '$levels[rand @levels]';\n$plain[rand @plain]");
	return;
}
send_plain($_) for @busy;
while ($pgbench->pumpable)
{
	$pgbench->pump_nb;
	foreach my $s (grep { $_->ready } @busy)
	{
		$plain_done++ if $s->finish ne '';
		send_plain($s);
	}
	usleep(1000);
}
my $ok = $pgbench->finish;
$_->finish, $_->quit for @busy;

ok($ok, 'no client met an error that it need not expect') or diag($err);
note($out);

my $s = session($node);
note("$plain_done plain commands");
note($s->query(q{SELECT string_agg(line, E'\n' ORDER BY line) FROM (
	SELECT format('%s | %s | %s | %s', op, level, outcome, count(*)) AS line
	FROM stress.log GROUP BY op, level, outcome) AS l}));
note($s->query(q{SELECT format('%s bookings, %s versions', count(DISTINCT booking_id), count(*))
	FROM booking.audit_log}));

# ---- what must hold ----

# The rows, which is what was asked for when there are none.
sub none
{
	my ($sql, $name) = @_;
	my $rows = $s->query("$sql LIMIT 5");
	is($s->err . $rows, '', $name);
}

cmp_ok($s->query(q{SELECT count(*) FROM stress.log WHERE outcome = 'ok'}),
	'>', 25 * $seconds, 'enough was done');
is($s->query(q{SELECT string_agg(DISTINCT outcome, ', ') FROM stress.log
	WHERE outcome IN ('23P01', '55P03', 'ZB301', 'ZB302')}),
	'23P01, 55P03, ZB301, ZB302', 'some was refused for each reason')
  if $seconds >= 10;
is($s->query(q{SELECT string_agg(DISTINCT level, ', ') FROM stress.log WHERE outcome = 'ok'}),
	'read committed, repeatable read, serializable', 'at every isolation level');

$s->query(q{SELECT booking.record_payment(id, 5, 'bank', id::text) FROM booking.bookings
	WHERE service_id = booking.service_id('course') AND status = 'held' AND expires_at > now()});

# The short holds run out; then nothing moves any more.
ok( defined poll_query($node, q{SELECT booking.expire_holds() = 0 AND NOT EXISTS (
		SELECT FROM booking.bookings WHERE expires_at < now() + interval '1 minute')}),
	'nothing is left to expire');

is( $s->query(q{SELECT count(*) FROM booking.waiting AS w FULL JOIN
		(SELECT * FROM booking.bookings WHERE status = 'waitlisted') AS b ON b.id = w.booking_id
		WHERE w.booking_id IS NULL OR b.id IS NULL OR w.joined_at <> b.joined_at}),
	'0', 'who waits is on the list, and nobody else');
cmp_ok($s->query(q{SELECT count(*) FROM booking.audit_log WHERE actor = 'booking waitlist'}),
	'>', 5, 'some who waited were promoted') if $seconds >= 10;

# Undo, keys, payments and seals.
none(q{SELECT token, count(*) FROM stress.tokens WHERE redeemed GROUP BY token HAVING count(*) > 1},
	'no token was redeemed twice');
none(q{SELECT booking_id, version, used_at FROM booking.undo_tokens AS t WHERE used_at IS NOT NULL AND NOT EXISTS (
		SELECT FROM booking.audit_log AS a WHERE a.booking_id = t.booking_id AND a.version > t.version
		AND a.action = 'reverse') AND EXISTS (SELECT FROM booking.audit_log AS a WHERE a.booking_id = t.booking_id
		AND a.version = t.version AND a.old_values - 'held_at' <> '{}')},
	'and each that was, undid something');
none(q{SELECT key, b.booked_by FROM stress.keyed AS k JOIN booking.bookings AS b ON b.id = k.booking_id
		WHERE b.booked_by IS NOT NULL GROUP BY key, b.booked_by HAVING count(DISTINCT k.booking_id) > 1},
	'a key means one booking');
none(q{SELECT provider, reference FROM booking.payments GROUP BY tenant_id, provider, reference HAVING count(*) > 1},
	'a payment was recorded once');
none(q{SELECT b.id FROM booking.bookings AS b JOIN booking.payments AS p ON p.booking_id = b.id
		WHERE b.status = 'cancelled' AND p.status = 'received'},
	'what was paid for a cancelled booking is due back');
none(q{SELECT b.id, b.customer_id FROM booking.bookings AS b LEFT JOIN booking.customers AS c ON c.id = b.customer_id
		WHERE b.customer_id IS NOT NULL AND c.id IS NULL},
	'every customer is there');
ok(defined poll_query($node, q{SELECT booking.seal_audit() = 0}), 'all is sealed');
# the worker may have gone on meanwhile
is($s->query(q{SELECT ok, problem FROM booking.verify_audit()}), 't|', 'and the seals are right');

# What each booking should occupy, from the bookings alone.
$s->query(<<'END');
CREATE TABLE stress.claims AS
	SELECT b.tenant_id, b.id AS booking_id, r.id AS resource_id,
		tstzrange(b.starts_at - coalesce(n.buffer_before, s.buffer_before),
				  b.ends_at + coalesce(n.buffer_after, s.buffer_after)) AS during,
		CASE WHEN r.capacity = 1 THEN 1 ELSE b.units * coalesce(n.units, 1) END AS units,
		r.capacity = 1 AS exclusive, b.expires_at, r.capacity
	FROM booking.bookings AS b
	JOIN booking.services AS s ON s.id = b.service_id
	JOIN booking.resources AS r ON r.id = ANY (b.resource_ids)
	LEFT JOIN booking.service_requirements AS n ON n.service_id = b.service_id AND n.kind = r.kind
	WHERE b.status IN ('held', 'pending', 'confirmed', 'pending_cancellation', 'checked_in', 'being_served');
END
cmp_ok($s->query('SELECT count(*) FROM stress.claims'), '>', 0, 'something is booked at the end');
none(q{SELECT a.booking_id, b.booking_id, a.resource_id FROM stress.claims AS a JOIN stress.claims AS b
	ON b.resource_id = a.resource_id AND b.during && a.during AND b.booking_id > a.booking_id
	WHERE a.exclusive},
	'no two bookings overlap where there is room for one');
none(q{SELECT a.resource_id, lower(a.during), sum(b.units) FROM stress.claims AS a JOIN stress.claims AS b
	ON b.resource_id = a.resource_id AND b.during @> lower(a.during)
	GROUP BY a.booking_id, a.resource_id, a.during, a.capacity HAVING sum(b.units) > a.capacity},
	'nor more than fit where there is room for several');
none(q{SELECT booking_id, resource_id, during, units, exclusive, expires_at FROM stress.claims
	EXCEPT SELECT booking_id, resource_id, during, units, exclusive, expires_at FROM booking.allocations},
	'every booking has its allocations');
none(q{SELECT a.booking_id, a.resource_id, a.during, a.units, a.exclusive, a.expires_at
	FROM booking.allocations AS a JOIN booking.bookings AS b ON b.id = a.booking_id
	WHERE b.status <> 'completed'
	EXCEPT SELECT booking_id, resource_id, during, units, exclusive, expires_at FROM stress.claims},
	'every allocation has its booking');
none(q{SELECT a.booking_id FROM booking.allocations AS a LEFT JOIN booking.bookings AS b ON b.id = a.booking_id
	WHERE b.id IS NULL OR b.status = 'completed' AND a.expires_at IS DISTINCT FROM upper(a.during)},
	'what is completed keeps at most its clean-up');

# History.
none(q{SELECT b.id, b.version, count(a.version) FROM booking.bookings AS b
	LEFT JOIN booking.audit_log AS a ON a.booking_id = b.id
	GROUP BY b.id, b.version
	HAVING count(a.version) <> b.version OR min(a.version) <> 1 OR max(a.version) <> b.version},
	'versions in the history count from 1 to the booking\'s');
none(q{SELECT b.id FROM booking.bookings AS b
	JOIN booking.audit_log AS a ON a.booking_id = b.id AND a.version = b.version
	WHERE (a.status, a.at, a.tenant_id) IS DISTINCT FROM (b.status, b.updated_at, b.tenant_id)},
	'the last row of the history is the booking');
none(q{SELECT booking_id, version FROM (
		SELECT booking_id, version, at, lag(at) OVER (PARTITION BY booking_id ORDER BY version) AS before
		FROM booking.audit_log) AS a WHERE at < before},
	'and time goes forward in it');

# The history played back is what there is.
$s->query(<<'END');
CREATE TABLE stress.states AS
	SELECT booking_id, version, at, status,
		lead(at) OVER later AS until,
		(array_agg(new_values ->> 'starts_at') FILTER (WHERE new_values ? 'starts_at') OVER earlier) AS starts,
		(array_agg(new_values ->> 'ends_at') FILTER (WHERE new_values ? 'ends_at') OVER earlier) AS ends,
		(array_agg(new_values ->> 'expires_at') FILTER (WHERE new_values ? 'expires_at') OVER earlier) AS expires,
		(array_agg(new_values ->> 'units') FILTER (WHERE new_values ? 'units') OVER earlier) AS units,
		(array_agg((new_values -> 'resource_ids')::text) FILTER (WHERE new_values ? 'resource_ids') OVER earlier) AS resources,
		(array_agg(new_values ->> 'service_id') FILTER (WHERE new_values ? 'service_id') OVER earlier) AS services
	FROM booking.audit_log
	WINDOW earlier AS (PARTITION BY booking_id ORDER BY version),
		later AS (PARTITION BY booking_id ORDER BY version);
CREATE TABLE stress.played AS
	SELECT booking_id, version, status, at, until,
		starts[cardinality(starts)]::timestamptz AS starts_at, ends[cardinality(ends)]::timestamptz AS ends_at,
		expires[cardinality(expires)]::timestamptz AS expires_at, units[cardinality(units)]::integer AS units,
		ARRAY(SELECT jsonb_array_elements_text(resources[cardinality(resources)]::jsonb))::uuid[] AS resource_ids,
		services[cardinality(services)]::uuid AS service_id
	FROM stress.states;
END
is($s->err, '', 'the history can be played back');
none(q{SELECT id, status, starts_at, ends_at, expires_at, units, resource_ids, service_id FROM booking.bookings
	EXCEPT SELECT booking_id, status, starts_at, ends_at, expires_at, units, resource_ids, service_id
	FROM stress.played WHERE until IS NULL},
	'and ends at what there is');

# At no instant of the past was anything occupied twice: each state of a booking
# is a claim on a resource, for its slot, from when it was made to when it was
# changed or lapsed.
$s->query(<<'END');
CREATE TABLE stress.tenures AS
	SELECT p.booking_id, p.version, r.id AS resource_id, r.capacity,
		tstzrange(p.starts_at - coalesce(n.buffer_before, s.buffer_before),
				  p.ends_at + coalesce(n.buffer_after, s.buffer_after)) AS during,
		tstzrange(p.at, least(p.until, p.expires_at)) AS held,
		CASE WHEN r.capacity = 1 THEN 1 ELSE p.units * coalesce(n.units, 1) END AS units
	FROM stress.played AS p
	JOIN booking.services AS s ON s.id = p.service_id
	JOIN booking.resources AS r ON r.id = ANY (p.resource_ids)
	LEFT JOIN booking.service_requirements AS n ON n.service_id = p.service_id AND n.kind = r.kind
	WHERE p.status IN ('held', 'pending', 'confirmed', 'pending_cancellation', 'checked_in', 'being_served')
		AND (p.expires_at IS NULL OR p.at < p.expires_at)
		AND p.at IS DISTINCT FROM p.until;
CREATE INDEX ON stress.tenures USING gist (resource_id, during, held);
ANALYZE stress.tenures;
END
is($s->err, '', 'the claims of the past');
none(q{SELECT a.booking_id, a.version, b.booking_id, b.version, a.held, b.held
	FROM stress.tenures AS a JOIN stress.tenures AS b
	ON b.resource_id = a.resource_id AND b.during && a.during AND b.held && a.held AND b.booking_id > a.booking_id
	WHERE a.capacity = 1},
	'never did two overlap where there is room for one');
none(q{SELECT a.booking_id, a.version, lower(p.during), sum(b.units),
		string_agg(format('%s %s: %s', b.booking_id, b.version, b.held), ', ')
	FROM stress.tenures AS a
	JOIN stress.tenures AS p ON p.resource_id = a.resource_id AND p.during && a.during AND p.held @> lower(a.held)
	JOIN stress.tenures AS b ON b.resource_id = a.resource_id AND b.held @> lower(a.held)
		AND b.during @> greatest(lower(p.during), lower(a.during))
	WHERE a.capacity > 1
	GROUP BY a.booking_id, a.version, a.resource_id, a.capacity, p.booking_id, p.version, p.during
	HAVING sum(b.units) > a.capacity},
	'nor more than fit where there is room for several');

# What follows from a booking.
none(q{SELECT b.id, b.status, x.status FROM booking.bookings AS b
	LEFT JOIN booking.service_sessions AS x ON x.booking_id = b.id
	WHERE (x.booking_id IS NULL AND b.status NOT IN ('waitlisted', 'held', 'cancelled'))
	OR (x.status, x.scheduled_from, x.scheduled_until, x.resource_ids)
		<> (b.status, b.starts_at, b.ends_at, b.resource_ids)},
	'service sessions are as their bookings');
none(q{SELECT b.id FROM booking.bookings AS b LEFT JOIN booking.order_items AS i ON i.booking_id = b.id
	WHERE (b.order_id IS NULL) <> (i.booking_id IS NULL) OR i.order_id <> b.order_id
	OR i.booking_id IS NOT NULL AND (b.status = 'cancelled') <> (i.voided_at IS NOT NULL)},
	'a booking with an order is an item of it, void when it was cancelled');
none(q{SELECT o.id, o.status, o.total FROM booking.orders AS o JOIN booking.order_items AS i ON i.order_id = o.id
	GROUP BY o.id, o.status, o.total
	HAVING o.total <> coalesce(sum(i.amount) FILTER (WHERE i.voided_at IS NULL), 0)
	OR (o.status = 'voided') <> bool_and(i.voided_at IS NOT NULL)},
	'orders are the sum of their items');
none(q{SELECT email_key, count(*) FROM booking.customers WHERE email_key LIKE 'guest-%' GROUP BY email_key HAVING count(*) > 1},
	'no customer was added twice');
is($s->query('SELECT count(*) FROM pg_locks WHERE locktype = \'advisory\''), '0', 'no key is left');

# ---- the log ----

$s->quit;
$node->stop;
my @log = split /\n/, slurp_file($node->logfile);
is(join("\n", grep { / 40P01 |deadlock detected/ } @log), '', 'no deadlock');
is(join("\n", grep { / (XX|53)[0-9A-Z]{3} |PANIC:|TRAP:|terminated by signal|WARNING:/ } @log), '', 'nothing broke');
is( join("\n", grep { /(ERROR|FATAL):/ && !/ (ZB...|23P01|22023|42501|55P03|40001|57P01) / } @log),
	'', 'no other error got out');
note(scalar(grep { / 40001 .*ERROR:/ } @log) . ' serialization failures');

done_testing();
