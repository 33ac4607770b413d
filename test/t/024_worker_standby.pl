# Nothing runs on a standby; the work begins with the promotion.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use BookingTest;
use BookingWorkerTest;

my $primary = booking_node('primary', setup => 0, init => { allows_streaming => 1 });
make_store($primary, 'shop');
$primary->backup('copy');

my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->start;

$primary->append_conf('postgresql.conf', 'booking.worker = off');
$primary->reload;
$primary->safe_psql('shop', holds(10, '1 s'));
$primary->wait_for_catchup($standby);
poll_query($standby, q{SELECT max(expires_at) < clock_timestamp() - interval '1 s' FROM booking.bookings},
	't', 20, 'shop');
is($standby->safe_psql('shop', q{SELECT count(*) FROM booking.bookings WHERE status = 'held'}),
	'10', 'a standby sweeps nothing');
is( $standby->safe_psql('postgres',
		q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'booking%'}),
	'0', 'no process of ours runs there');
is($standby->safe_psql('shop', 'SELECT count(*) FROM booking.worker_status()'),
	'0', 'worker_status() works there');
is(complaints($standby, 0, qr/terminating walreceiver/), '', 'nothing is said');

$primary->stop;
$standby->promote;
my $took = wait_expired($standby, 'shop', 30);
cmp_ok($took // 99, '<', 10, 'swept within 10 s of the promotion');

$standby->stop;
done_testing();
