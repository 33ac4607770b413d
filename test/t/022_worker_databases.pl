# The worker is in nobody's way who creates, copies, drops or restores a database.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

use BookingTest;
use BookingWorkerTest;

my $rounds = $ENV{BOOKING_ROUNDS} || 10;

my $node = booking_node('main', setup => 0);
make_store($node, 'shop');

# One database has work all the time; it is copied, renamed, and its copies,
# which have the same work, are dropped.
my $longest = 0;
my $failed  = '';
my $offset  = -s $node->logfile;

sub timed
{
	my ($sql) = @_;
	my $start = time;
	my ($rc, $out, $err) = $node->psql('postgres', $sql);
	$failed .= "$sql: $err\n" if $rc != 0;
	$longest = time - $start if time - $start > $longest;
	return;
}

# a worker that stayed for its deadlines would be there for 8 s
my $busy = join '', map { holds(1, $_ * 200 . ' ms') } 1 .. 40;

for my $round (1 .. $rounds)
{
	$node->safe_psql('shop', $busy);
	wait_worker($node, 'shop');
	timed('CREATE DATABASE copy TEMPLATE shop');
	$node->safe_psql('copy', $busy);
	wait_worker($node, 'copy') if $round % 2;
	timed('ALTER DATABASE copy RENAME TO other');
	timed($round % 3 ? 'DROP DATABASE other' : 'DROP DATABASE other WITH (FORCE)');
}
is($failed, '', "$rounds rounds of CREATE, RENAME and DROP DATABASE with busy workers");
cmp_ok($longest, '<', 4, 'none took 4 s; the server gives up after 5');
note("longest: $longest s");
ok(defined wait_expired($node, 'shop', 20), 'and the work was done');
is(complaints($node, $offset, qr/FATAL:  database "?\w+"? does not exist/,
		qr/FATAL:  terminating background worker "booking worker"/),
	'', 'nothing went wrong');

# Dropped databases disappear.  (A reload makes the launcher look at the list of
# databases at once, not within a minute.)
$node->reload;
ok( defined poll_query($node,
		q{SELECT string_agg(database, ' ') FROM booking.worker_status()}, 'shop', 90, 'shop'),
	'a dropped database is forgotten');

# Databases without a store, templates, and such as accept no connections.
$node->safe_psql('postgres', 'CREATE DATABASE bare');
$node->safe_psql('postgres', 'CREATE DATABASE closed TEMPLATE shop');
$node->safe_psql('closed', holds(1, '2 s'));
$node->safe_psql('postgres', 'ALTER DATABASE closed ALLOW_CONNECTIONS false');
$node->safe_psql('postgres', 'CREATE DATABASE pattern TEMPLATE shop');
$node->safe_psql('postgres', 'ALTER DATABASE pattern IS_TEMPLATE true');
$node->safe_psql('pattern', holds(1, '1 s'));
$offset = -s $node->logfile;
$node->restart;
$node->safe_psql('shop', holds(1, '2 s'));
ok(defined wait_expired($node, 'shop', 15), 'the others are served');
is($node->safe_psql('pattern', q{SELECT count(*) FROM booking.bookings WHERE status = 'held'}),
	'1', 'a template is not');
is(complaints($node, $offset, qr/terminating/), '', 'nothing is said about those');
$node->safe_psql('postgres', 'ALTER DATABASE pattern IS_TEMPLATE false');
$node->safe_psql('postgres', 'ALTER DATABASE closed ALLOW_CONNECTIONS true');
$node->reload;
ok(defined wait_expired($node, 'pattern', 90), 'until it is no template any more');
ok(defined wait_expired($node, 'closed', 90), 'opened again, a database is served');
$node->safe_psql('postgres', "DROP DATABASE $_") for qw(bare closed pattern);

# A dump that is restored into a new database is served, with nothing noted.
$node->safe_psql('shop', holds(5, '3 s'));
my $dump = $node->basedir . '/dump';
$node->command_ok(['pg_dump', '-Fc', '-f', $dump, '-d', $node->connstr('shop')], 'pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok(['pg_restore', '-d', $node->connstr('restored'), $dump], 'pg_restore');
$node->reload;
ok(defined wait_expired($node, 'restored', 150), 'a restored store is found');

# booking.databases narrows it.
$node->append_conf('postgresql.conf', q{booking.databases = 'restored, "no such"'});
$node->restart;
$node->safe_psql($_, holds(1, '1 s')) for 'shop', 'restored';
ok(defined wait_expired($node, 'restored', 15), 'booking.databases: one that is named');
is($node->safe_psql('shop', q{SELECT count(*) FROM booking.bookings WHERE status = 'held'}),
	'1', 'booking.databases: one that is not');
$node->adjust_conf('postgresql.conf', 'booking.databases', q{''});
$node->reload;
ok(defined wait_expired($node, 'shop', 15), 'booking.databases: empty means all');

# More databases with work than workers: each gets its turn.
my @many = map { "many$_" } 1 .. 8;
$node->safe_psql('postgres', "CREATE DATABASE $_ TEMPLATE shop") for @many;
$node->safe_psql($_, holds(3, '2 s')) for @many;
ok(defined wait_expired($node, $_, 30), "$_ had its turn") for @many;

$node->stop;
done_testing();
