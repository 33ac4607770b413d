# The worker seals what is new in the audit trail, also what was held back.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use BookingTest;
use BookingWorkerTest;

my $node = booking_node('main', setup => 0, conf => "booking.seal_interval = 100ms\n");
make_store($node, 'shop');

my $sealed = q{SELECT bool_and(v.ok) AND sum(v.rows) = (SELECT count(*) FROM booking.audit_log) AND sum(v.rows) > %d
	FROM booking.tenants AS t, booking.verify_audit(t.id) AS v};
my $s = session($node, 'shop');
$s->query(holds(3, '1 hour'));
ok(defined poll_query($node, sprintf($sealed, 2), 't', 20, 'shop'), 'new rows are sealed');

# An older transaction that is still running holds them back.
my $old = session($node, 'shop');
$old->query('BEGIN');
$old->query('SELECT pg_current_xact_id()');
$s->query(holds(2, '1 hour'));
is($s->query('SELECT sum(v.unsealed) FROM booking.tenants AS t, booking.verify_audit(t.id) AS v'), '2', 'not before their time has come');
$old->query('COMMIT');
ok(defined poll_query($node, sprintf($sealed, 4), 't', 20, 'shop'), 'then these are too');
$_->quit for $s, $old;
$node->stop;
done_testing();
