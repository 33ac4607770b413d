# The worker forgets undo tokens that expired long ago, and no others.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use BookingTest;
use BookingWorkerTest;

my $node = booking_node('main', setup => 0);
make_store($node, 'shop');

$node->safe_psql('shop', q{
	INSERT INTO booking.undo_tokens (tenant_id, booking_id, version, secret_hash, issued_at, expires_at)
	SELECT t.id, booking.new_id(), i, '\x00', now() - interval '1 day',
		now() + CASE WHEN i <= 3000 THEN interval '-61 minutes' ELSE interval '-59 minutes' END
	FROM generate_series(1, 3010) AS i, (SELECT id FROM booking.tenants LIMIT 1) AS t;
	INSERT INTO booking.undo_batches (tenant_id, id, secret_hash, issued_at, expires_at)
	SELECT t.id, booking.new_id(), '\x00', now() - interval '1 day',
		now() + CASE WHEN i <= 5 THEN interval '-61 minutes' ELSE interval '-59 minutes' END
	FROM generate_series(1, 7) AS i, (SELECT id FROM booking.tenants LIMIT 1) AS t});

# Something for the worker to come for; the sweep ran last when it came first.
$node->restart;
my $started = -s $node->logfile;
$node->safe_psql('shop', holds(1, '1 s'));
ok(poll_query($node, q{SELECT count(*) FROM booking.undo_tokens}, '10', 30, 'shop'),
	'tokens that expired more than an hour ago go, by batches');
ok(poll_query($node, q{SELECT count(*) FROM booking.undo_batches}, '2', 30, 'shop'),
	'and so do those of batches');
is($node->safe_psql('shop', q{SELECT min(version) FROM booking.undo_tokens}), '3001', 'the others stay');
is(complaints($node, $started), '', 'nothing went wrong');

$node->stop;
done_testing();
