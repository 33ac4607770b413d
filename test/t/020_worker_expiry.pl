# The worker ends holds when they are due, tells listeners, and goes.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use BookingTest;
use BookingWorkerTest;

my $node = booking_node('main', setup => 0);
make_store($node, 'shop');
is(complaints($node, 0), '', 'nothing went wrong at the start');

# How late the holds of the table "due" were ended, in seconds.
my $lateness = q{
	SELECT coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM a.at - d.expires_at)), 99) < 0.25
		AND count(*) = (SELECT count(*) FROM due)
	FROM due AS d JOIN booking.audit_log AS a ON a.tenant_id = d.tenant_id AND a.booking_id = d.id
	WHERE a.status = 'cancelled'};
my $remember = q{
	DROP TABLE IF EXISTS due;
	CREATE TABLE due AS SELECT tenant_id, id, expires_at FROM booking.bookings
		WHERE status = 'held' AND expires_at < now() + interval '1 min'};

# A hundred deadlines, one after the other.
my $s = session($node, 'shop');
$s->query(holds(1, '2 s')) for 1 .. 100;
is($s->query($remember), '', 'remember the deadlines');
is($s->query('SELECT count(*) FROM due'), '100', 'a hundred holds');
ok(defined wait_expired($node, 'shop', 10), 'all are ended');
is($s->query($lateness), 't', 'a hundred holds ended in time (median)');

# One deadline in a server where nothing else happens: a worker must be started.
for my $round (1 .. 3)
{
	wait_no_worker($node);
	$s->query(holds(1, '4 s'));
	$s->query($remember);
	wait_no_worker($node);
	ok(defined wait_expired($node, 'shop', 10), "round $round: ended");
	is($s->query($lateness), 't', "round $round: in time, by a worker started for it");
}

# The same seen from outside: when the row is visible.
$s->query(holds(1, '2 s'));
$s->query($remember);
poll_query($node, 'SELECT clock_timestamp() >= max(expires_at) FROM due', 't', 10, 'shop');
my $took = wait_expired($node, 'shop', 10);
cmp_ok($took // 99, '<', 0.25, 'the row shows it within 250 ms');

# Listeners.
my $listener = session($node, 'shop');
$listener->query(qq{LISTEN "$channel"});
$s->query(holds(2, '2 s'));
my $heard = '';
my $limit = time + 20;
while (time < $limit && (() = $heard =~ /"cancelled"/g) < 2)
{
	$heard .= $listener->query('SELECT');
}
is(scalar(() = $heard =~ /"status": "held"/g), 2, 'listeners hear of holds');
is(scalar(() = $heard =~ /"status": "cancelled"/g), 2, 'and of their ends, once each');
like(
	$heard,
	qr/Asynchronous notification "\Q$channel\E" with payload "\{"action": "[a-z_]+", "status": "held", "booking": "[0-9a-f-]{36}", "version": 1\}"/,
	'payload is ids only');

# A transaction that is older than a change holds it back, and it isn't lost.
my $old = session($node, 'shop');
$old->query('BEGIN');
$old->query('SELECT pg_current_xact_id()');
$s->query(holds(1, '10 min'));
ok( defined poll_query(
		$node, q{SELECT count(*) = 1 FROM booking.worker_status() WHERE worker_pid IS NOT NULL},
		't', 10, 'shop'),
	'the worker waits for the old transaction');
is($listener->query('SELECT'), '', 'nothing is told while it runs');
$old->query('COMMIT');
$heard = '';
$limit = time + 10;
$heard .= $listener->query('SELECT') while time < $limit && $heard eq '';
like($heard, qr/"status": "held"/, 'told when it is over');

# A prepared transaction is noticed after COMMIT PREPARED.
$s->query('BEGIN');
$s->query(holds(1, '1 s'));
$s->query(q{PREPARE TRANSACTION 'held'});
poll_query($node,
	q{SELECT clock_timestamp() > prepared + interval '2 s' FROM pg_prepared_xacts},
	't', 10, 'shop');
$s->query(q{COMMIT PREPARED 'held'});
ok( defined poll_query($node,
		q{SELECT count(*) = 0 FROM booking.bookings WHERE status = 'held' AND expires_at < now()},
		't', 60, 'shop'),
	'a hold prepared and committed after its end is ended');

# Nobody stays where nothing happens.
ok(defined wait_no_worker($node), 'no worker is left');
is( $node->safe_psql('postgres',
		q{SELECT count(*) FROM pg_stat_activity WHERE datname = 'shop' AND pid <> ALL (
			SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend')}),
	'0', 'nothing of ours is connected');
is( $node->safe_psql('shop',
		q{SELECT database || ' ' || failures || ' ' || (last_run IS NOT NULL) || ' ' || (next_due > now())
		  FROM booking.worker_status()}),
	'shop 0 true true', 'worker_status()');

# A backlog goes in small transactions.
$node->append_conf('postgresql.conf', 'booking.worker = off');
$node->reload;
wait_no_worker($node);
$s->query(holds(5000, '1 s'));
$s->query($remember);
poll_query($node, 'SELECT clock_timestamp() >= max(expires_at) FROM due', 't', 20, 'shop');
is($s->query(q{SELECT count(*) FROM booking.bookings WHERE status = 'held' AND expires_at < now()}),
	'5000', 'booking.worker = off: nothing is swept');
$node->adjust_conf('postgresql.conf', 'booking.worker', 'on');
$node->reload;
ok( defined poll_query($node,
		q{SELECT count(*) = 0 FROM booking.bookings WHERE status = 'held' AND expires_at < now()},
		't', 60, 'shop'),
	'the backlog is cleared when it is on again');
is( $s->query(
		q{SELECT max(n) <= 1000 FROM (SELECT count(*) AS n FROM booking.audit_log AS a
		  JOIN due AS d ON a.booking_id = d.id WHERE a.status = 'cancelled' GROUP BY a.tx) AS batches}),
	't', 'at most 1,000 rows a transaction');

$_->quit for $s, $listener, $old;
is(complaints($node, 0), '', 'nothing went wrong');
$node->stop;

# Without preload everything but the worker is there.
my $bare = booking_node('bare', preload => 0, setup => 0);
make_store($bare, 'shop');
is($bare->safe_psql('shop', 'SELECT count(*) FROM booking.worker_status()'),
	'0', 'not preloaded: worker_status() is empty');
$bare->safe_psql('shop', holds(1, '1 min'));
is($bare->safe_psql('shop', 'SELECT booking.broadcast()'),
	'1', 'not preloaded: broadcast() tells what nobody told');
is($bare->safe_psql('shop', 'SET booking.notify = inline; ' . holds(2, '1 min') . 'SELECT booking.broadcast()'),
	'0', 'inline: the transactions told it themselves');
$bare->safe_psql('shop', 'SELECT booking.broadcast()');
is($bare->safe_psql('shop', 'SET booking.notify = off; SELECT booking.broadcast()'),
	'0', 'once');
$bare->stop;

done_testing();
