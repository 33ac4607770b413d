# The extension is code, the store is yours: what DROP, CREATE and ALTER
# EXTENSION, setup() and DROP SCHEMA do to a store and to sessions that use it.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use BookingTest;
use BookingStoreTest;

my $node = booking_node('main', preload => 0, setup => 0);
make_full_store($node, 'shop');
my $definitions = definitions($node, 'shop');
my $contents    = contents($node, 'shop');
my $tenant      = $node->safe_psql('shop', q{SELECT booking.tenant_id('default')});

sub hold_sql
{
	my ($start) = @_;
	return qq{SELECT resource_ids IS NOT NULL FROM booking.hold(booking.service_id('massage'), '$start')};
}

# A session that works for the first tenant.
sub client
{
	my ($database, @options) = @_;
	my $s = session($node, $database // 'shop', @options);
	$s->query('SET client_min_messages = error');
	$s->query('\set VERBOSITY sqlstate');
	$s->query("SELECT booking.set_context(tenant => '$tenant', session => true)");
	return $s;
}

# What a statement said: its answer, or the SQLSTATE.
sub said
{
	my ($s, $sql) = @_;
	my $answer = $s->query($sql);
	return $s->err =~ /(?:ERROR|FATAL):\s+(.*)/ ? $1 : $answer;
}

my $s = client();

# ---- DROP EXTENSION ----

is(said($s, 'DROP EXTENSION booking'), '2BP01', 'refused while there is a store');
is(said($s, 'DROP EXTENSION booking CASCADE'), '', 'CASCADE');
my $left = contents($node, 'shop');
is_deeply($left, $contents, 'takes no row along');
is( $node->safe_psql('shop', q{SELECT count(*) FROM pg_class WHERE relnamespace = 'booking'::regnamespace AND relkind = 'r'
		AND relname <> 'store_state' AND relname <> 'sweeps' AND NOT relrowsecurity}),
	'0', 'row security stays on: nothing is open meanwhile');
is(said($s, 'CREATE EXTENSION booking'), '', 'CREATE EXTENSION');
my @changes = (hold_sql('2031-01-01 10:00+00'),
	q{SELECT booking.cancel(id, 'weather') FROM booking.bookings WHERE status = 'confirmed'},
	q{SELECT booking.expire_holds()},
	q{SELECT booking.whoami()},
	q{SELECT booking.add_note(id, 'x') FROM booking.bookings WHERE status = 'confirmed'});
is(said($s, $_), 'ZB010', "before setup(): $_") for @changes;
is_deeply(contents($node, 'shop'), $contents, 'nothing was changed past the guards');
like(said($s, 'SELECT booking.setup()'), qr/up to date/, 'setup()');

# what users made upon the extension is theirs to make again
is($node->safe_psql('shop', 'CREATE VIEW public.busy AS SELECT during FROM booking.bookings WHERE booking.is_occupying(status);
	GRANT EXECUTE ON FUNCTION booking.agenda TO shop_owner'), '', 'and the user\'s own view and grants');
is(definitions($node, 'shop'), $definitions, 'brings guards, policies, views, comments and grants back');
is_deeply(contents($node, 'shop'), $contents, 'and changes no row');
is(said($s, hold_sql('2031-01-01 10:00+00')), 't', 'the next hold');
is(said($s, hold_sql('2031-01-01 10:30+00')), '23P01', 'what conflicts with it');
is(said($s, q{UPDATE booking.audit_log SET action = 'x'}), '42501', 'the guards are back');
is(inconsistencies($node, 'shop'), '', 'in order');

# Other sessions, with plans of their own and of the engine's, with a client's
# role, in a transaction: clean errors, and work as soon as it is there again.
my %prepared = (
	hold => 'SELECT resource_ids IS NOT NULL FROM booking.hold($1, $2)',
	cancel => q{SELECT status FROM booking.cancel($1, 'weather')},
	look => 'SELECT count(*) > 0 FROM booking.current_bookings WHERE status = $1',
	insert => q{INSERT INTO booking.bookings (service_id, status, starts_at) VALUES ($1, 'held', $2)},
	codes => 'SELECT count(*) > 10 FROM booking.error_codes');
my $minute = 0;

my $service = $node->safe_psql('shop', qq{SELECT id FROM booking.services WHERE code = 'massage'});

sub use_all
{
	my ($c) = @_;
	my @said;

	# each a day of its own
	$minute += 2;
	my $day = $node->safe_psql('postgres', "SELECT timestamptz '2032-01-01 00:00+00' + $minute * interval '1 day'");
	push @said, said($c, "EXECUTE hold('$service', '$day')");
	my ($id) = $c->query("SELECT id FROM booking.bookings WHERE starts_at = '$day'") || $service;
	push @said, said($c, "EXECUTE cancel('$id')");
	push @said, said($c, q{EXECUTE look('held')});
	push @said, said($c, "EXECUTE insert('$service', '$day'::timestamptz + interval '1 day')");
	push @said, said($c, 'EXECUTE codes');
	return join ' ', @said;
}

sub experienced
{
	my ($role) = @_;
	my $c = client();
	$c->query("SET ROLE $role") if $role;
	for my $name (sort keys %prepared)
	{
		my $types = $name eq 'cancel' ? '(uuid)' : $name eq 'look' ? '(text)' : $name eq 'codes' ? '' : '(uuid, timestamptz)';
		$c->query("PREPARE $name $types AS $prepared{$name}");
	}
	# long enough for generic plans
	is(use_all($c), 't cancelled t  t', "a session of role '$role' at work") for 1 .. 6;
	return $c;
}

my %session = map { $_ => experienced($_) } '', 'shop_staff', 'shop_admin';
my $clean = qr/^(?:(?:42883|42P01|42501|3F000|23502|ZB010|)(?: |$))*$/;

sub others_ok
{
	my ($what, $pattern) = @_;
	like(use_all($session{$_}), $pattern, "$what: role '$_'") for sort keys %session;
	return;
}

my $works = qr/^t cancelled t  t$/;
for my $round (1, 2)
{
	$s->query('BEGIN');
	is(said($s, 'DROP EXTENSION booking CASCADE'), '', 'DROP EXTENSION');
	is(said($s, 'ROLLBACK'), '', 'rolled back');
	others_ok("round $round, rolled back", $works);

	is(said($s, 'DROP EXTENSION booking CASCADE'), '', 'DROP EXTENSION');
	others_ok("round $round, dropped", $clean);
	$s->query('BEGIN');
	$s->query('CREATE EXTENSION booking');
	like(said($s, 'SELECT booking.setup()'), qr/up to date/, 'CREATE EXTENSION and setup()');
	is(said($s, hold_sql("203$round-02-01 10:00+00")), 't', 'in the same transaction a hold');
	is(said($s, 'ROLLBACK'), '', 'rolled back');
	others_ok("round $round, created and rolled back", $clean);

	is(said($s, 'CREATE EXTENSION booking'), '', 'CREATE EXTENSION');
	others_ok("round $round, created", $clean);
	like(said($s, 'SELECT booking.setup()'), qr/up to date/, 'setup()');
	others_ok("round $round, set up", $works);
	is(said($s, hold_sql("203$round-02-01 10:00+00")), 't', 'this session too');
}
is(inconsistencies($node, 'shop'), '', 'in order');

# Within a transaction that has used it: the other waits.
$session{''}->query('BEGIN');
is(use_all($session{''}), 't cancelled t  t', 'an open transaction');
$s->send('DROP EXTENSION booking CASCADE');
ok(defined poll_query($node, q{SELECT count(*) FROM pg_stat_activity WHERE query ~ '^DROP EXT' AND wait_event_type = 'Lock'}, '1', 20),
	'DROP EXTENSION waits for it');
is(said($session{''}, 'COMMIT'), '', 'commit');
$s->finish;
is($s->err, '', 'DROP EXTENSION');
$s->query('CREATE EXTENSION booking; SELECT booking.setup()');
others_ok('after it', $works);

# A user's trigger that brings the same statements about again while they run,
# with their plans invalidated in between.
$node->safe_psql('shop', <<'END');
CREATE FUNCTION public.again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF new.metadata = '{"again": 3}' THEN
		ANALYZE booking.bookings;
		PERFORM booking.hold(new.service_id, new.starts_at + interval '3 hours', metadata => '{"again": 2}');
	ELSIF new.metadata = '{"again": 2}' THEN
		ANALYZE booking.audit_log;
		ANALYZE booking.bookings;
		PERFORM booking.cancel(booking_id, 'weather')
		   FROM booking.hold(new.service_id, new.starts_at + interval '3 hours', metadata => '{"again": 1}');
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER again AFTER INSERT ON booking.bookings FOR EACH ROW EXECUTE FUNCTION public.again();
END
for my $month (1 .. 6)
{
	is( said($s, qq{SELECT version FROM booking.hold(booking.service_id('massage'), '2033-0$month-01 10:00+00',
			metadata => '{"again": 3}')}),
		'1', 'a trigger that books');
}
is($node->safe_psql('shop', q{SELECT count(*), count(*) FILTER (WHERE status = 'cancelled')
		FROM booking.bookings WHERE metadata ? 'again'}), '18|6', 'booked what it was to');
$node->safe_psql('shop', 'DROP TRIGGER again ON booking.bookings');
is(inconsistencies($node, 'shop'), '', 'in order');

# ---- ALTER EXTENSION, setup() ----

my ($rc, $out, $err) = $node->psql('shop', 'ALTER EXTENSION booking UPDATE');
like($err, qr/NOTICE:  version "[\d.]+" of extension "booking" is already installed/, 'nothing to update');

# two at the same time, on a store and where there is none
for my $store ('new', 'existing')
{
	if ($store eq 'new')
	{
		$node->safe_psql('postgres', 'CREATE DATABASE twice');
		$node->safe_psql('twice', 'CREATE EXTENSION booking CASCADE');
	}
	my @both = map { session($node, 'twice') } 1, 2;
	$_->query('SET client_min_messages = error') for @both;
	$both[0]->query('BEGIN');
	$both[0]->query('SELECT booking.setup()');
	is($both[0]->err, '', "setup() of a store that is $store");
	my $pid = $both[1]->query('SELECT pg_backend_pid()');
	$both[1]->send('SELECT booking.setup()');
	ok(defined poll_query($node, "SELECT wait_event_type FROM pg_stat_activity WHERE pid = $pid", 'Lock', 20), 'another one waits');
	is($both[0]->query('COMMIT'), '', 'one goes first');
	like($both[1]->finish, qr/up to date/, 'the other finds it done');
	is($both[1]->err, '', 'without an error');
	is($node->safe_psql('twice', 'SELECT count(*) FROM booking.tenants'), '1', 'one tenant');
}
{
	my $d = definitions($node, 'twice');
	is($node->safe_psql('twice', 'SELECT booking.setup(); SELECT booking.setup()') =~ tr/\n//, 1, 'setup() twice');
	is(definitions($node, 'twice'), $d, 'changes nothing');
}

# while bookings are made
$node->safe_psql('twice', q{INSERT INTO booking.resources (code, name) VALUES ('a', 'A'), ('b', 'B');
	INSERT INTO booking.services (code, name, duration, price) VALUES ('s', 'S', '5 minutes', 1);
	CREATE SEQUENCE public.slots});
my $script = PostgreSQL::Test::Utils::tempdir() . '/book.sql';
append_to_file($script, <<'END');
SELECT nextval('public.slots') AS slot \gset
SELECT booking.checkout(ARRAY[(booking.hold(booking.service_id('s'), '2030-01-01 00:00+00'::timestamptz + :slot * interval '5 minutes',
	resources => ARRAY[booking.resource_id(CASE :slot % 2 WHEN 0 THEN 'a' ELSE 'b' END)])).booking_id], '{"name": "Bea", "phone": "1"}');
END
my ($load_out, $load_err) = ('', '');
my $load = IPC::Run::start([ 'pgbench', '-n', '-c', '4', '-j', '2', '-T', '4', '-f', $script, $node->connstr('twice') ],
	'>', \$load_out, '2>', \$load_err);
ok(defined poll_query($node, 'SELECT count(*) > 100 FROM booking.bookings', 't', 20, 'twice'), 'clients are at work');
for my $round (1 .. 20)
{
	($rc, $out, $err) = $node->psql('twice', 'SET client_min_messages = error; SELECT booking.setup()');
	is($err, '', "setup() among bookings, round $round");
}
$load->finish;
unlike($load_err, qr/ERROR/, 'no booking failed');
like($load_out, qr/number of failed transactions: 0 /, 'nor met a deadlock');
is(inconsistencies($node, 'twice'), '', 'in order');

# ---- a store of another version ----

my @refused = ($changes[0], $changes[2], $changes[3],
	q{UPDATE booking.bookings SET status = 'cancelled', reason_code = 'weather' WHERE status = 'confirmed'},
	q{INSERT INTO booking.resources (code, name) VALUES ('x', 'X')},
	q{SELECT * FROM booking.agenda()}, q{SELECT booking.current_tenant()});
for my $version (0, 99)
{
	$node->safe_psql('twice', "UPDATE booking.store_state SET version = $version");
	for my $sql (@refused)
	{
		is(sqlstate_of($node, 'twice', $sql =~ s/massage/s/r), 'ZB010', "version $version: $sql");
	}
}
is(sqlstate_of($node, 'twice', 'SELECT booking.setup()'), 'ZB010', 'nor does setup() touch a newer store');
$node->safe_psql('twice', 'UPDATE booking.store_state SET version = 0');
my $waiting = session($node, 'twice');
$waiting->query('\set VERBOSITY sqlstate');
is(said($waiting, hold_sql('2029-01-01') =~ s/massage/s/r), 'ZB010', 'a session that is there');
like($node->safe_psql('twice', 'SELECT booking.setup()'), qr/version \d/, 'setup() brings an older one up to date');
is(said($waiting, hold_sql('2029-01-01') =~ s/massage/s/r), 't', 'and the session goes on');

# ---- two databases, DROP SCHEMA, a schema of somebody else's ----

is(said($s, 'DROP SCHEMA booking'), '2BP01', 'the schema is not dropped just so');
is(said($s, 'DROP SCHEMA booking CASCADE'), '', 'DROP SCHEMA booking CASCADE');
is($node->safe_psql('shop', q{SELECT count(*) FROM pg_extension WHERE extname = 'booking'}), '0', 'takes the extension along');
like(use_all($session{$_}), $clean, "role '$_' without schema") for sort keys %session;
is($node->safe_psql('twice', q{SELECT count(*) > 200 FROM booking.bookings}), 't', 'the other database has its own');
is(said($s, 'CREATE EXTENSION booking'), '', 'CREATE EXTENSION');
like(said($s, q{SELECT booking.setup('fresh', 'north', 'Europe/Berlin')}), qr/created/, 'setup()');
$s->query(q{SELECT booking.set_context(tenant => booking.tenant_id('fresh'), session => true)});
is($s->query(q{SELECT b.code, b.time_zone FROM booking.branches AS b}), 'north|Europe/Berlin', 'afresh');
$s->query(q{INSERT INTO booking.resources (code, name) VALUES ('a', 'A'); INSERT INTO booking.services (code, name, duration) VALUES ('massage', 'M', '1 hour')});
is(said($s, hold_sql('2031-01-01 10:00+00')), 't', 'a hold');
is(said($s, hold_sql('2031-01-01 10:00+00')), '23P01', 'what conflicts with it') ;

$node->safe_psql('postgres', 'CREATE DATABASE taken; ');
$node->safe_psql('taken', 'CREATE SCHEMA booking AUTHORIZATION shop_client; CREATE EXTENSION btree_gist');
is(sqlstate_of($node, 'taken', 'CREATE EXTENSION booking'), '42501', 'not into a schema of somebody else');
is($node->safe_psql('taken', q{SELECT count(*) FROM pg_proc WHERE pronamespace = 'booking'::regnamespace}), '0', 'nothing was made');
$node->safe_psql('taken', 'ALTER SCHEMA booking OWNER TO CURRENT_USER');
is(sqlstate_of($node, 'taken', 'CREATE EXTENSION booking; SELECT booking.setup()'), '', 'into one of one\'s own');

my $log = slurp_file($node->logfile);
unlike($log, qr/PANIC:|TRAP:|was terminated by signal/, 'no crash');
unlike($log, qr/cache lookup failed|could not open relation|XX000|unexpected/, 'no internal error');
$node->stop;
done_testing();
