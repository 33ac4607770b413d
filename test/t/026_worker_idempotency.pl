# The worker drops answers to idempotency keys that are over, and no others.

use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use BookingTest;

my $node = booking_node('main');
$node->safe_psql('postgres', q{
	INSERT INTO booking.resources (code, name) VALUES ('room', 'Room');
	INSERT INTO booking.services (code, name, duration) VALUES ('visit', 'Visit', '1 hour');
	SELECT booking.hold(booking.service_id('visit'), '2030-01-07 10:00', idempotency_key => 'kept');
	INSERT INTO booking.idempotency_keys (tenant_id, actor, key, command, arguments, result, created_at, expires_at)
		SELECT t.id, 'ann', 'over ' || n, 'hold', '', '{}', now() - interval '2 days', now() - interval '1 day'
		FROM booking.tenants AS t, generate_series(1, 2500) AS n});

# It has just been here, and comes for these once a minute at most; but after a
# restart at once, in as many rounds as it takes.
$node->restart;
ok(poll_query($node, q{SELECT count(*) FROM booking.idempotency_keys}, '1', 30), 'what is over is dropped');
is($node->safe_psql('postgres', q{SELECT key FROM booking.idempotency_keys}), 'kept', 'what is not stays');

$node->stop;
done_testing();
