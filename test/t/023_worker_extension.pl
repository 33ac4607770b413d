# DROP, CREATE and ALTER EXTENSION while the worker is at it.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use BookingTest;
use BookingWorkerTest;

my $rounds = $ENV{BOOKING_ROUNDS} || 10;

my $node = booking_node('main', setup => 0);
make_store($node, 'shop');
my $offset = -s $node->logfile;

my $s = session($node, 'shop');
$s->query('SET client_min_messages = error');
my $failed = '';

sub run
{
	$s->query($_[0]);
	$failed .= $s->err;
	return;
}

for my $round (1 .. $rounds)
{
	run(holds(20, '1 s'));
	wait_worker($node, 'shop');

	# what a rolled back DROP leaves must go on working
	if ($round % 2)
	{
		run('BEGIN');
		run('DROP EXTENSION booking CASCADE');
		run('ROLLBACK');
	}
	run('DROP EXTENSION booking CASCADE');
	if ($round % 3 == 0)
	{
		run('BEGIN');
		run('CREATE EXTENSION booking');
		run('ROLLBACK');
	}
	run('CREATE EXTENSION booking');
	run('SELECT booking.setup()');
}
ok(defined wait_expired($node, 'shop', 20), "$rounds rounds of DROP and CREATE EXTENSION, then swept");
is($failed, '', 'the statements worked');
is(complaints($node, $offset), '', 'nothing went wrong');

# A worker leaves when the extension is being dropped, and doesn't wait.
$s->query(holds(1, '1 s'));
$s->query('BEGIN');
$s->query('DROP EXTENSION booking CASCADE');
ok(defined wait_no_worker($node), 'no worker waits for DROP EXTENSION');
$s->query('ROLLBACK');
ok(defined wait_expired($node, 'shop', 20), 'rolled back: swept');

# A deadline of a store that is not there any more doesn't keep starting workers.
$node->safe_psql('postgres', 'CREATE EXTENSION booking CASCADE');
wait_no_worker($node);
$s->query('BEGIN');
$s->query(holds(1, '1 s'));
$s->query('DROP EXTENSION booking CASCADE');
$s->query('COMMIT');
ok( defined poll_query($node,
		q{SELECT next_due IS NULL AND worker_pid IS NULL FROM booking.worker_status() WHERE database = 'shop'},
		't', 20),
	'without the extension nothing is due');

# setup() has it looked for at once, however often there was none.
for (1 .. 5)
{
	$node->safe_psql('shop', 'CREATE EXTENSION booking; SELECT booking.setup(); DROP EXTENSION booking CASCADE');
	wait_no_worker($node);
}
$s->query('CREATE EXTENSION booking; SELECT booking.setup()');
ok(defined wait_expired($node, 'shop', 10), 'setup() brings the worker back');

# Without the extension, and without a store.
$s->query('DROP EXTENSION booking CASCADE');
$node->safe_psql('postgres', 'CREATE DATABASE codeonly');
$node->safe_psql('codeonly', 'CREATE EXTENSION booking CASCADE');
$node->restart;
ok(wait_launcher($node, 10), 'started');
ok(defined wait_no_worker($node), 'nobody stays without extension or store');
is(complaints($node, $offset, qr/terminating/), '', 'and nobody complains');

$node->stop;
done_testing();
