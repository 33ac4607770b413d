# booking.notify = inline: the transaction that changes a booking tells the
# listeners itself, also in a server without the worker; by default it doesn't.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../perl";

use BookingTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = booking_node('inline', preload => 0);
$node->safe_psql('postgres', q{
	INSERT INTO booking.resources (kind, code, name) VALUES ('court', 'court-1', 'Court 1');
	INSERT INTO booking.services (name, duration) VALUES ('Hour', '1 hour')});

my $hold = q{SELECT (booking.hold(booking.service_id('hour'), now() + interval '1 day')).version};
my $listen = q{LISTEN "booking.default.main"};

unlike($node->safe_psql('postgres', "$listen; $hold; SELECT 1"),
	qr/Asynchronous notification/, 'nothing is sent by default');

my $heard = $node->safe_psql('postgres', "$listen; SET booking.notify = inline;
	SELECT (booking.hold(booking.service_id('hour'), now() + interval '2 days')).version;
	SELECT 1");
like($heard, qr/Asynchronous notification "booking.default.main" with payload "\{.*"action": "hold".*\}"/,
	'inline: the hold is told');
like($heard, qr/"status": "held"/, 'with its status');

my $undone = $node->safe_psql('postgres', "$listen; SET booking.notify = inline; BEGIN;
	SELECT (booking.hold(booking.service_id('hour'), now() + interval '3 days')).version;
	ROLLBACK; SELECT 1");
unlike($undone, qr/Asynchronous notification/, 'what was rolled back is not told');

done_testing();
