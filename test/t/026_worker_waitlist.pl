# The worker and the waiting list: a promoted hold that nobody uses goes to the
# next in line, what was vacant is given away, and who waited in vain is told.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use BookingTest;
use BookingWorkerTest;

my $node = booking_node('main');
my $s = session($node);
$s->query(<<'END');
INSERT INTO booking.resources (code, name) VALUES ('chair', 'Chair');
INSERT INTO booking.services (code, name, duration) VALUES ('cut', 'Cut', '1 hour');
UPDATE booking.tenants SET settings = '{"waitlist_ttl": "1 minute"}';
CREATE FUNCTION waits(who text, at timestamptz) RETURNS integer LANGUAGE sql AS $$
	SELECT booking.set_context(actor => who);
	SELECT position FROM booking.join_waitlist(booking.service_id('cut'), at, metadata => jsonb_build_object('who', who))
$$;
CREATE FUNCTION became(who text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', status, reason_code) FROM booking.bookings WHERE metadata ->> 'who' = who
$$;
END

# somebody has the slot for two seconds, two wait for it
my $slot = q{date_trunc('day', now()) + interval '2 days 10 hours'};
$s->query("SELECT booking.hold(booking.service_id('cut'), $slot, ttl => '2 s')");
is($s->query("SELECT waits('ann', $slot), waits('ben', $slot)"), '1|2', 'two wait');
ok(defined poll_query($node, q{SELECT became('ann')}, 'held', 20), 'the first in line gets what expired');
is($s->query(q{SELECT became('ben')}), 'waitlisted', 'the second waits on');

# her hold is over sooner than she thought
$s->query(q{UPDATE booking.bookings SET expires_at = clock_timestamp() + interval '1 s' WHERE metadata ->> 'who' = 'ann'});
is($s->err, '', 'the hold is shortened');
ok(defined poll_query($node, q{SELECT became('ben')}, 'held', 20), 'then the next gets it');
is($s->query(q{SELECT became('ann')}), 'cancelled hold_expired', 'who did not use it does not');

# opening hours are changed row by row: the worker looks when they are changed
$s->query(q{SELECT booking.set_hours('main', 'mon-sun 00:00-01:00')});
my $late = q{date_trunc('day', now()) + interval '3 days 15 hours'};
$s->query("SELECT waits('cleo', $late)");
$s->query(q{SELECT booking.set_hours('main', 'mon-sun 00:00-24:00')});
ok(defined poll_query($node, q{SELECT became('cleo')}, 'held', 20), 'hours that were added are given to who waits');
ok(defined poll_query($node, q{SELECT count(*) FROM booking.vacancies}, '0', 20), 'nothing is vacant any more');

# somebody else has the row of the first in line: the worker tries again
my $free = q{date_trunc('day', now()) + interval '4 days 10 hours'};
$s->query("SELECT booking.hold(booking.service_id('cut'), $free, metadata => '{\"who\": \"dan\"}')");
$s->query("SELECT waits('eve', $free)");
my $other = session($node);
$other->query('BEGIN');
$other->query(q{SELECT 1 FROM booking.bookings WHERE metadata ->> 'who' = 'eve' FOR UPDATE});
is($s->query(q{SELECT booking.release_hold(id) FROM booking.bookings WHERE metadata ->> 'who' = 'dan'}),
	't', 'what is freed does not wait for her');
is($s->query(q{SELECT became('eve')}), 'waitlisted', 'she is busy');
$other->query('COMMIT');
ok(defined poll_query($node, q{SELECT became('eve')}, 'held', 20), 'she gets it afterwards');

# too late
$s->query(q{SELECT waits('fay', clock_timestamp() + interval '2 s')});
ok(defined poll_query($node, q{SELECT became('fay')}, 'cancelled waitlist_lapsed', 20), 'a place on the list ends with the slot');
is(complaints($node, 0), '', 'nothing went wrong');

$_->quit for $s, $other;
done_testing();
