# A prepared hold keeps its slot, over a restart and a crash, until it is
# committed or rolled back.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use BookingTest;
use BookingStoreTest;

my $node = booking_node('main', preload => 0, setup => 0, conf => "fsync = on\n");
make_shop($node, 'shop');

my $day = 0;

sub hold_sql
{
	my ($more) = @_;
	return qq{SELECT expires_at IS NOT NULL FROM booking.hold(booking.service_id('hour'), timestamptz '2030-01-01 10:00+00' + $day * interval '1 day',
		resources => ARRAY[booking.resource_id('r1'), booking.resource_id('hall')]$more)};
}

my $row = q{SELECT count(*) FROM booking.bookings WHERE starts_at = timestamptz '2030-01-01 10:00+00' + %d * interval '1 day'};

for my $restart ('', 'fast', 'immediate')
{
	for my $end ('COMMIT', 'ROLLBACK')
	{
		my $name = ($restart ? "$restart restart, " : '') . $end;
		$day++;
		my $s = session($node, 'shop');
		$s->query('BEGIN');
		is($s->query(hold_sql('')), 't', "$name: held");
		is($s->query("PREPARE TRANSACTION 'hold'"), '', "$name: prepared");
		is($s->err, '', "$name: without an error");

		# the session has nothing left of it, and can do the same again
		is($s->query("BEGIN; SELECT count(*) FROM (SELECT booking.hold(booking.service_id('minute'), timestamptz '2030-06-01' + n * interval '1 day',
			resources => ARRAY[booking.resource_id('r2')]) FROM generate_series(1, 999) AS n OFFSET 0) AS x; ROLLBACK"), '999',
			"$name: none of its locks count for the next transaction");
		$s->quit;

		if ($restart)
		{
			$node->stop($restart);
			$node->start;
		}
		is($node->safe_psql('shop', sprintf $row, $day), '0', "$name: nobody sees it");
		is(sqlstate_of($node, 'shop', hold_sql(', lock_wait => false')), '55P03', "$name: who does not want to wait is told so");

		my $other = session($node, 'shop');
		my $pid   = $other->query('SELECT pg_backend_pid()');
		$other->query('\set VERBOSITY sqlstate');
		$other->send(hold_sql(''));
		ok(defined poll_query($node, "SELECT wait_event_type FROM pg_stat_activity WHERE pid = $pid", 'Lock', 20),
			"$name: the next one waits");
		$node->safe_psql('shop', "$end PREPARED 'hold'");
		my $answer = $other->finish;
		if ($end eq 'COMMIT')
		{
			like($other->err, qr/23P01/, "$name: and the slot is taken");
			is($node->safe_psql('shop', sprintf $row, $day), '1', "$name: by the prepared hold");
			is(sqlstate_of($node, 'shop', hold_sql('')), '23P01', "$name: for good");
		}
		else
		{
			is($answer, 't', "$name: and gets the slot");
			is($node->safe_psql('shop', sprintf $row, $day), '1', "$name: it alone");
		}
		$other->quit;
		is(inconsistencies($node, 'shop'), '', "$name: all in order");
		is($node->safe_psql('shop', q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'}), '0', "$name: no lock is left");
	}
}

# Other commands can be prepared as well.
my $id = $node->safe_psql('shop', q{SELECT booking_id FROM booking.book(booking.service_id('hour'), '2031-01-01 10:00+00', '{"name": "Bea", "phone": "1"}')});
for my $step ([ "check_in('$id')", 'checked_in' ], [ "start_serving('$id')", 'being_served' ], [ "cancel('$id', 'weather')", 'cancelled' ])
{
	my ($command, $status) = @$step;
	$node->safe_psql('shop', "BEGIN; SELECT booking.$command; PREPARE TRANSACTION 'step'");
	$node->stop('immediate');
	$node->start;
	$node->safe_psql('shop', "COMMIT PREPARED 'step'");
	is($node->safe_psql('shop', "SELECT status FROM booking.bookings WHERE id = '$id'"), $status, "$command, prepared");
}
is(inconsistencies($node, 'shop'), '', 'all in order');
$node->stop;
done_testing();
