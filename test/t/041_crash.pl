# Whatever is killed, nothing is left half booked and nothing that a client was
# told is lost.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

use BookingTest;
use BookingStoreTest;

my $rounds = $ENV{BOOKING_ROUNDS} || 10;

my $node = booking_node('main', setup => 0,
	conf => "fsync = on\nrestart_after_crash = on\nmax_connections = 40\n");
make_shop($node, 'shop');

# One step of a client: hold, check out, or move a booking on.  What a rule
# refuses is no failure.
$node->safe_psql('shop', <<'END');
CREATE FUNCTION public.step(resource int, hour int, what int) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
	held uuid;
	b booking.bookings;
BEGIN
	IF what < 60 THEN
		SELECT booking_id INTO held FROM booking.hold(booking.service_id('hour'),
			'2030-01-01 00:00+00'::timestamptz + hour * interval '30 min',
			resources => ARRAY[booking.resource_id('r' || resource), booking.resource_id('hall')],
			ttl => CASE what % 4 WHEN 0 THEN interval '1 s' ELSE '1 day' END);
		IF what < 40 THEN
			PERFORM booking.checkout(ARRAY[held], '{"name": "Bea", "phone": "1"}');
		END IF;
		RETURN held;
	END IF;
	SELECT * INTO b FROM booking.bookings
	 WHERE starts_at >= '2030-01-01 00:00+00'::timestamptz + hour * interval '30 min' ORDER BY starts_at LIMIT 1;
	IF b.status = 'held' THEN
		PERFORM booking.checkout(ARRAY[b.id], '{"name": "Bea", "phone": "1"}');
	ELSIF b.status = 'confirmed' AND what < 75 THEN
		PERFORM booking.check_in(b.id);
	ELSIF b.status = 'confirmed' AND what < 90 THEN
		PERFORM booking.reschedule(b.id, starts_at => b.starts_at + interval '7 hours');
	ELSIF b.status = 'checked_in' THEN
		PERFORM booking.complete(b.id);
	ELSIF b.status IN ('confirmed', 'held') THEN
		PERFORM booking.cancel(b.id, 'weather');
	END IF;
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	IF SQLSTATE NOT IN ('23P01', '40P01') AND SQLSTATE NOT LIKE 'ZB%' THEN
		RAISE;
	END IF;
	RETURN NULL;
END $$;
END
my $script = PostgreSQL::Test::Utils::tempdir() . '/step.sql';
append_to_file($script, <<'END');
\set resource random(1, 5)
\set hour random(1, 2000)
\set what random(0, 99)
SELECT public.step(:resource, :hour, :what);
END

# Kills a process and waits until the server has noticed and is back.
sub kill_backend
{
	my ($pid) = @_;

	my $observer = session($node, 'shop');
	kill 'KILL', $pid;
	usleep(10_000) while eval { $observer->query('SELECT 1') };
	$node->poll_query_until('shop', undef, '') or die 'the server did not come back';
	return;
}

# The server is in order, and a client can go on.
my $day = 0;
sub goes_on_ok
{
	my ($what) = @_;

	is(inconsistencies($node, 'shop'), '', "$what: nothing half booked");
	$day++;
	is( $node->safe_psql('shop', qq{SELECT count(*) FROM booking.book(booking.service_id('hour'),
			'2040-01-01 10:00+00'::timestamptz + $day * interval '1 day', '{"name": "Eve", "phone": "2"}')}),
		'1', "$what: the next booking");
	return;
}

my $slot = q{SELECT 'held' FROM booking.hold(booking.service_id('hour'), '2035-05-05 10:00+00',
	resources => ARRAY[booking.resource_id('r50')])};
my $seen = q{SELECT count(*) FROM booking.bookings AS b, booking.service_id('hour') AS s
	WHERE b.starts_at = '2035-05-05 10:00+00'};

# A backend that has made a hold and not committed it.
for my $how ('in a transaction', 'in a subtransaction', 'with a conflict before')
{
	my $holder = session($node, 'shop');
	my $pid    = $holder->query('SELECT pg_backend_pid()');
	$holder->query('BEGIN');
	$holder->query('SAVEPOINT a') if $how =~ /sub/;
	is($holder->query($slot), 'held', "$how: held");
	if ($how =~ /conflict/)
	{
		$holder->query("SAVEPOINT b; $slot");
		like($holder->err, qr/is occupied/, "$how: refused");
		$holder->query('ROLLBACK TO b');
	}
	kill_backend($pid);
	goes_on_ok("killed $how");
	is($node->safe_psql('shop', $seen), '0', "killed $how: nothing was held");
}

# One that waits for somebody else's lock; then the one that has it.
for my $victim ('waiting', 'holding')
{
	my %session = (holding => session($node, 'shop'), waiting => session($node, 'shop'));
	my %pid = map { $_ => $session{$_}->query('SELECT pg_backend_pid()') } keys %session;
	$session{holding}->query('BEGIN');
	$session{holding}->query($slot);
	$session{waiting}->send($slot);
	ok(defined poll_query($node, "SELECT wait_event_type FROM pg_stat_activity WHERE pid = $pid{waiting}",
			'Lock', 20, 'shop'), "the $victim one: there is one that waits");
	kill_backend($pid{$victim});
	goes_on_ok("killed the $victim one");
	is($node->safe_psql('shop', $seen), '0', "killed the $victim one: nothing was held");
	is($node->safe_psql('shop', "BEGIN; $slot; ROLLBACK"), 'held', "killed the $victim one: the slot is free");
}

# The whole server, while clients are at it, one of which writes down what it
# was told.
my $told = PostgreSQL::Test::Utils::tempdir() . '/told';
my $total = 0;
for my $round (1 .. $rounds)
{
	my $before = $node->safe_psql('shop', 'SELECT count(*) FROM booking.audit_log');
	my ($out, $err) = ('', '');
	my $load = IPC::Run::start([ 'pgbench', '-n', '-c', '8', '-j', '2', '-T', '60', '-f', $script, $node->connstr('shop') ],
		'>', \$out, '2>', \$err);
	my $witness_in = '';
	my $witness = IPC::Run::start([ 'psql', '-XqAt', '-d', $node->connstr('shop'), '-o', $told, '-f', '-' ],
		'<', \$witness_in, '2>', \$err);
	$witness_in = join '', map { "SELECT booking_id FROM booking.hold(booking.service_id('hour'),"
		  . " '2036-01-01 00:00+00'::timestamptz + $_ * interval '1 hour' + $round * interval '1 year', resources => ARRAY[booking.resource_id('r60')]);\n" }
	  1 .. 5000;
	$witness->pump_nb;
	my $wanted = $before + 100 + 137 * $round % 400;
	my $reached = '';
	for (1 .. 2000)
	{
		$witness->pump_nb if $witness_in ne '';
		$reached = $node->safe_psql('shop', "SELECT count(*) >= $wanted FROM booking.audit_log");
		last if $reached eq 't' && -s $told;
		usleep(10_000);
	}
	is($reached, 't', "round $round: clients are at work");
	$node->stop('immediate');
	$load->finish;
	eval { $witness->finish };
	$node->start;

	my @told = grep { /^[0-9a-f-]{36}$/ } split /\n/, slurp_file($told);
	$total += @told;
	my $list = join ',', map { "'$_'" } @told;
	is($node->safe_psql('shop', "SELECT count(*) FROM booking.bookings WHERE id = ANY (ARRAY[$list]::uuid[])"),
		scalar @told, "round $round: what the client was told of is there");
	goes_on_ok("round $round");
	unlink $told;
}
note("$total acknowledged holds, "
	  . $node->safe_psql('shop', 'SELECT count(*) FROM booking.audit_log') . ' changes');
is($node->safe_psql('shop', q{SELECT count(*) > 0 FROM booking.bookings WHERE reason_code = 'hold_expired'}),
	't', 'the worker was at work too');

my $log = slurp_file($node->logfile);
unlike($log, qr/PANIC:|TRAP:|was terminated by signal (?!9)/, 'no other crash');
unlike($log, qr/ERROR:  (?!canceling|terminating|the slot|the hold|the booking|a booking|resource)/, 'no strange error');
$node->stop;
done_testing();
