# A session's memory stays as it is, however much it books.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use BookingTest;
use BookingStoreTest;

plan skip_all => 'no /proc to read memory from' unless defined rss_anon($$);

my $node = booking_node('main', preload => 0, setup => 0,
	conf => "autovacuum = off\nsynchronous_commit = off\nshared_buffers = 256MB\n");
make_shop($node, 'shop');

# 1000 holds in one statement: on a resource, one a minute, two days a batch.
my $batch = 0;

sub batch_sql
{
	$batch++;
	return qq{SELECT count(*) FROM (SELECT booking.hold(s, timestamptz '2030-01-01 00:00+00' + $batch * interval '1 day'
		+ n * interval '1 minute', resources => ARRAY[r]) FROM booking.service_id('minute') AS s,
		booking.resource_id('r1') AS r, generate_series(1, 1000) AS n OFFSET 0) AS x};
}

my ($s, $pid);

sub new_session
{
	$s->quit if $s;
	$s   = session($node, 'shop');
	$pid = $s->query('SELECT pg_backend_pid()');
	return;
}

# Bytes in memory contexts of ours, those by which PostgreSQL keeps our plans
# left out: as many as there are statements.
my $ours = q{SELECT coalesce(sum(total_bytes), 0) FROM pg_backend_memory_contexts WHERE name LIKE 'booking %'};
my $plans = q{SELECT count(*), sum(total_bytes) FROM pg_backend_memory_contexts WHERE ident LIKE '%booking.%'};

# Runs something again and again, a tenth of it to warm up; says how much the
# process has grown since then, in kB.
sub growth
{
	my ($what, $times, $statement) = @_;
	my ($before, $ours_before, $plans_before);

	for my $round (1 .. $times)
	{
		my $answer = $s->query($statement->());
		die "$what: $answer " . $s->err if $answer !~ /^\d*$/;
		next if $round != int($times / 10);
		$ours_before  = $s->query($ours);
		$plans_before = $s->query($plans);
		$before       = rss_anon($pid);
	}
	my $growth = rss_anon($pid) - $before;
	is($s->query($ours), $ours_before, "$what: no memory of ours grew");
	is($s->query($plans), $plans_before, "$what: nor did that of plans");
	note("$what: $growth kB more");
	return $growth;
}

# Each batch a transaction; then all in one.
new_session();
cmp_ok(growth('100,000 holds in 100 transactions', 100, \&batch_sql), '<', 2048, 'the process is no larger');

new_session();
$s->query('BEGIN');
cmp_ok(growth('20,000 holds in one transaction', 20, \&batch_sql), '<', 2048, 'the process is no larger');
is($s->query('COMMIT'), '', 'committed');

# Single statements; with savepoints, which are rolled back or not.
new_session();
my $single = 0;
cmp_ok(growth('3,000 holds by themselves', 30, sub {
		$batch++ if $single % 10 == 0;
		$single++;
		return join '', map { "SELECT FROM booking.hold(booking.service_id('minute'), timestamptz '2040-01-01 00:00+00'"
			. " + $batch * interval '1 day' + $single * interval '100 minutes' + $_ * interval '1 minute', resources => ARRAY[booking.resource_id('r2')]);\n" }
			1 .. 100;
	}), '<', 2048, 'the process is no larger');

new_session();
$s->query('BEGIN');
cmp_ok(growth('20,000 holds in savepoints', 20, sub {
		return 'SAVEPOINT a; ' . batch_sql() . '; ' . ($batch % 2 ? 'ROLLBACK TO a' : 'RELEASE a');
	}), '<', 4096, 'the process is little larger');
$s->query('ROLLBACK');

# Conflicts, caught in a function and not.
$node->safe_psql('shop', <<'END');
CREATE FUNCTION public.refused(times int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	n int := 0;
BEGIN
	FOR i IN 1 .. times LOOP
		BEGIN
			PERFORM booking.hold(booking.service_id('minute'), timestamptz '2030-01-02 00:00+00' + (i % 1000 + 1) * interval '1 minute',
				resources => ARRAY[booking.resource_id('r1')]);
		EXCEPTION WHEN exclusion_violation THEN
			n := n + 1;
		END;
	END LOOP;
	RETURN n;
END $$;
END
new_session();
is($s->query('SELECT public.refused(1000)'), '1000', 'refused');
cmp_ok(growth('20,000 conflicts, caught', 20, sub { return 'SELECT public.refused(1000)' }), '<', 2048, 'the process is no larger');
new_session();
$s->query('\set VERBOSITY sqlstate');
my $refused = 0;
cmp_ok(growth('5,000 conflicts', 50, sub {
		$refused += () = $s->err =~ /23P01/g;
		return "SELECT public.refused(0);\n" . "SELECT booking.hold(booking.service_id('minute'), '2030-01-02 00:01+00', resources => ARRAY[booking.resource_id('r1')]);\n" x 100;
	}), '<', 2048, 'the process is no larger');
cmp_ok($refused, '>=', 4800, 'they were conflicts');

# How many locks a transaction may take; a savepoint that is rolled back gives
# its locks back, one that is released does not.
my $days = q{SELECT count(*) FROM (SELECT booking.hold(booking.service_id('minute'),
	timestamptz '2050-01-01 00:00+00' + (%d + n) * interval '1 day', resources => ARRAY[booking.resource_id('r3')])
	FROM generate_series(1, %d) AS n OFFSET 0) AS x};
my $locks = q{SELECT count(*) BETWEEN 900 AND 902 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()};
new_session();
$s->query('\set VERBOSITY default');
$s->query('BEGIN');
for my $round (1 .. 3)
{
	$s->query('SAVEPOINT a');
	is($s->query(sprintf $days, 0, 900), '900', "900 days, round $round");
	is($s->query($locks), 't', 'are 900 locks');
	$s->query($round == 3 ? 'RELEASE a' : 'ROLLBACK TO a');
}
$s->query('SAVEPOINT b');
is($s->query(sprintf $days, 2000, 90), '90', 'and 90 more');
$s->query(sprintf $days, 3000, 20);
like($s->err, qr/more than 1000 resource and day locks/, 'more are refused');
like($s->err, qr/HINT:  Split the work over several transactions, or raise booking.max_locks_per_transaction/, 'with a hint');
is($s->query('\echo :LAST_ERROR_SQLSTATE'), 'ZB012', 'as ZB012');
$s->query('ROLLBACK TO b');
is($s->query(sprintf $days, 4000, 90), '90', 'after ROLLBACK TO there is room again');
$s->query('ROLLBACK');
$s->query('BEGIN');
is($s->query(sprintf $days, 5000, 999), '999', 'and after ROLLBACK');
$s->query(sprintf $days, 6000, 2);
like($s->err, qr/more than 1000/, 'as much as before');
$s->query('COMMIT');
is($s->query($locks =~ s/BETWEEN 900 AND 902/= 0/r), 't', 'none is left behind');
is($s->query('SET booking.max_locks_per_transaction = 2000; ' . sprintf $days, 7000, 1500), '1500', 'the limit can be raised');
$s->quit;

is($node->safe_psql('shop', q{SELECT count(*) FROM booking.allocations}),
	$node->safe_psql('shop', q{SELECT count(*) FROM booking.bookings WHERE status = 'held'}), 'each hold has its place');
$node->stop;
done_testing();
