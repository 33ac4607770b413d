# The worker marks no-shows when they are due, and costs nothing where nobody
# asked for it.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use BookingTest;
use BookingWorkerTest;

my $node = booking_node('main', setup => 0);
make_store($node, 'shop');
my $s = session($node, 'shop');

# A booking whose guest is waited for no longer than so many seconds from now.
sub book
{
	my ($seconds) = @_;
	return $s->query(qq{
		INSERT INTO booking.bookings (tenant_id, service_id, status, starts_at, contact)
		VALUES ('$tenant', '00000000-0000-0000-0000-0000000000d1', 'confirmed',
			clock_timestamp() - interval '15 min' + interval '$seconds s', '{"name": "Ann"}')
		RETURNING id});
}

sub set_mode
{
	my ($mode) = @_;
	return $s->query(qq{
		UPDATE booking.services SET settings = jsonb_build_object('no_show_mode', '$mode')});
}

my $marked = q{SELECT count(*) FROM booking.bookings
	WHERE status = 'no_show' AND reason_code = 'auto_no_show'};

# Nobody asked for it.
book(-60);
wait_no_worker($node);
is($s->query($marked), '0', 'none is marked');

# What is overdue by now is marked when the worker comes next.
set_mode('auto');
book(3);
ok(defined poll_query($node, $marked, '2', 10, 'shop'), 'both are marked');
is( $s->query(
		q{SELECT max(a.at - b.starts_at) < interval '15 min 1 s' FROM booking.audit_log AS a
			JOIN booking.bookings AS b ON b.tenant_id = a.tenant_id AND b.id = a.booking_id
			WHERE a.action = 'no_show' AND b.starts_at > (SELECT min(starts_at) FROM booking.bookings)}),
	't',
	'in time');
is($s->query(q{SELECT DISTINCT actor FROM booking.audit_log WHERE action = 'no_show'}),
	'booking no-show', 'by the engine');

# In a server where nothing else happens a worker is started for it.
for my $round (1 .. 2)
{
	wait_no_worker($node);
	book(5);
	wait_no_worker($node);
	ok(defined poll_query($node, $marked, 2 + $round, 15, 'shop'), "round $round: marked");
}

# Who has checked in is there; and the worker goes when it has nothing to do.
my $id = book(3);
$s->query("UPDATE booking.bookings SET status = 'checked_in' WHERE id = '$id'");
my $other = book(4);
ok(defined poll_query($node, $marked, '5', 15, 'shop'), 'the one who did not come');
is($s->query("SELECT status FROM booking.bookings WHERE id = '$id'"),
	'checked_in', 'not the one who did');
ok(defined wait_no_worker($node), 'the worker goes');
is(complaints($node, 0), '', 'nothing went wrong');

$s->quit;
done_testing();
