# A booking's way after checkout is made of HOT updates: no index is touched.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use BookingTest;
use BookingStoreTest;

# nothing but the updates themselves cleans up
my $node = booking_node('main', preload => 0, setup => 0,
	conf => "autovacuum = off\nsynchronous_commit = off\n");
make_shop($node, 'shop');
$node->safe_psql('shop', q{UPDATE booking.services SET price = 0});

my $s = session($node, 'shop');

# Bookings as clients make them, each hold and each checkout by itself.
my $count = 2000;
$s->query('CREATE TABLE public.made (n int, id uuid)');
$s->query(join '', map { "WITH h AS (SELECT booking_id FROM booking.hold(booking.service_id('minute'), "
	  . "timestamptz '2030-01-01 00:00+00' + $_ * interval '1 minute', resources => ARRAY[booking.resource_id('r1')]))"
	  . " INSERT INTO public.made SELECT $_, booking_id FROM h;\n"
	  . "SELECT FROM booking.checkout((SELECT array_agg(id) FROM public.made WHERE n = $_), '{\"name\": \"Bea\", \"phone\": \"1\"}');\n" }
	1 .. $count);
is($s->query(q{SELECT count(*) FROM booking.bookings WHERE status = 'confirmed'}), $count, 'bookings');

sub updates
{
	$s->query('SELECT pg_stat_force_next_flush()');
	my ($n, $hot) = split /\|/, $node->safe_psql('shop',
		q{SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relid = 'booking.bookings'::regclass});
	return ($n, $hot);
}

my ($n, $hot) = updates();
my $sum     = 0;
my $sum_hot = 0;

# A command for some of them, one after the other.
sub all_of
{
	my ($command, $which) = @_;

	my @ids = split /\n/, $s->query("SELECT id FROM public.made WHERE $which ORDER BY n");
	$s->query(join '', map { sprintf("SELECT FROM booking.$command;\n", "'$_'") } @ids);
	is($s->err, '', "$command for " . @ids);

	my ($now, $hot_now) = updates();
	is($now - $n, scalar @ids, 'updates');
	note(sprintf '%.2f %% HOT', 100 * ($hot_now - $hot) / ($now - $n));
	cmp_ok($hot_now - $hot, '>=', 0.95 * ($now - $n), 'of which 95 % are HOT');
	$sum     += $now - $n;
	$sum_hot += $hot_now - $hot;
	($n, $hot) = ($now, $hot_now);
	return;
}

all_of('check_in(%s)',          'n % 4 <> 0');
all_of('start_serving(%s)',     'n % 4 <> 0');
all_of('complete(%s)',          'n % 4 <> 0');
all_of(q{cancel(%s, 'weather')}, 'n % 4 = 0');
note(sprintf '%d updates, %.2f %% HOT', $sum, 100 * $sum_hot / $sum);
is(inconsistencies($node, 'shop'), '', 'all in order');

# no index mentions the status
is($s->query(q{SELECT count(*) FROM pg_indexes WHERE schemaname = 'booking' AND tablename = 'bookings' AND indexdef ~ '\mstatus\M'}),
	'0', 'no index mentions the status');
$s->quit;
$node->stop;
done_testing();
