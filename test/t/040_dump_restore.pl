# A dump of the store loads like any other: nothing is lost, doubled or done
# again, and the restored store works.
#
# Data only, into a store that setup() has just made, works with
# --disable-triggers once the rows that setup() puts there are deleted.  Three
# things to know: it needs a superuser, as --disable-triggers always does; it
# leaves the triggers of audit_log and audit_private as ordinary ones (ENABLE
# TRIGGER ALL forgets ENABLE ALWAYS), which the setup() afterwards puts right;
# and grants don't come with the data, setup() repeats those of the principals.
# Without --disable-triggers the guards refuse the data.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

use BookingTest;
use BookingStoreTest;

my $source = booking_node('source', preload => 0, setup => 0);
make_full_store($source, 'shop');
is(inconsistencies($source, 'shop'), '', 'the store is in order');
is( $source->safe_psql('shop',
		q{SELECT string_agg(DISTINCT s.status, ' ') FROM booking.statuses() AS s
		  WHERE NOT EXISTS (SELECT FROM booking.bookings AS b WHERE b.status = s.status)}),
	'', 'with bookings in every status');

my $contents    = contents($source, 'shop');
my $definitions = definitions($source, 'shop');
is($source->safe_psql('shop', 'SELECT booking.setup()'),
	'store is up to date, version ' . $source->safe_psql('shop', 'SELECT booking.store_version()'),
	'setup() again');
is_deeply(contents($source, 'shop'), $contents, 'changes no row');
is(definitions($source, 'shop'), $definitions, 'and no definition');

# Dumps, and clusters to load them into.
my $dir = PostgreSQL::Test::Utils::tempdir();
my @from = ('-d', $source->connstr('shop'));
command_ok([ 'pg_dump', '-Fp', '-f', "$dir/plain.sql", @from ], 'plain dump');
command_ok([ 'pg_dump', '-Fc', '-f', "$dir/custom", @from ], 'custom dump');
command_ok([ 'pg_dump', '-Fd', '-j2', '-f', "$dir/directory", @from ], 'directory dump');
command_ok([ 'pg_dump', '-Fc', '--data-only', '--schema=booking', '-f', "$dir/data", @from ], 'dump of the data');
command_ok([ 'pg_dumpall', '--roles-only', '-f', "$dir/roles.sql", '-d', $source->connstr('postgres') ],
	'dump of the roles');

my $without = booking_node('without', preload => 0, setup => 0);
my $with = booking_node('with', setup => 0, conf => "log_min_messages = debug1\n");
for my $node ($without, $with)
{
	# the superuser is there already
	$node->psql("postgres", slurp_file("$dir/roles.sql"), on_error_stop => 0);
}

sub restore
{
	my ($node, $database, @options) = @_;

	command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr($database), @options ],
		"$database: pg_restore @options[0..$#options-1]");
	return;
}

sub restored_ok
{
	my ($node, $database) = @_;

	is_deeply(contents($node, $database), $contents, "$database: the same rows");
	is(definitions($node, $database), $definitions, "$database: the same definitions");
	is(inconsistencies($node, $database), '', "$database: in order");
	return;
}

my $massage = q{SELECT booking.set_context(tenant => booking.tenant_id('default'), session => true);
	SELECT 1 FROM booking.hold(booking.service_id('massage'), local_start => '%s');};

# The restored store works.
sub works_ok
{
	my ($node, $database) = @_;

	is(sqlstate_of($node, $database, sprintf $massage, '2030-06-01 10:00'), '', "$database: the next hold");
	is(sqlstate_of($node, $database, sprintf $massage, '2030-06-01 10:30'), '23P01', "$database: what conflicts with it");
	is(sqlstate_of($node, $database, sprintf $massage, '2030-04-01 10:30'), '23P01', "$database: with the restored hold");
	is(sqlstate_of($node, $database, sprintf $massage, '2030-01-02 10:30'), '23P01', "$database: with a restored booking");
	is(sqlstate_of($node, $database, sprintf $massage, '2030-04-04 10:00'), '', "$database: in place of the hold that is over");
	is( sqlstate_of($node, $database, q{SET session_replication_role = replica;
			INSERT INTO booking.allocations SELECT tenant_id, booking.new_id(), resource_id, during, units, exclusive
			  FROM booking.allocations WHERE exclusive LIMIT 1}),
		'23P01', "$database: the exclusion constraint by itself");
	is(sqlstate_of($node, $database, q{UPDATE booking.audit_log SET action = 'x'}), '42501', "$database: history is closed");
	is( $node->safe_psql($database, q{SET ROLE shop_client;
			SELECT string_agg(DISTINCT status, ' ') FROM booking.bookings WHERE title IS NULL AND status = 'waitlisted';
			SELECT actor FROM booking.whoami()}),
		"\ncarla", "$database: a client is who it was");
	is(inconsistencies($node, $database), '', "$database: still in order");
	return;
}

# Into a new database of the same cluster, as a script.
$source->safe_psql('postgres', 'CREATE DATABASE plain');
command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $source->connstr('plain'), '-o', "$dir/psql.out", '-f', "$dir/plain.sql" ],
	'plain: psql');
restored_ok($source, 'plain');
works_ok($source, 'plain');

# Into a new cluster without the worker, in parallel.
$without->safe_psql('postgres', 'CREATE DATABASE directory');
restore($without, 'directory', '-j4', "$dir/directory");
restored_ok($without, 'directory');
works_ok($without, 'directory');

# Into a new cluster with the worker, which finds the store by itself and ends
# the hold that is over.  (A reload makes the launcher look at the list of
# databases at once, not within a minute.)
sub sweeps_ok
{
	my ($node, $database) = @_;

	my $took = poll_query($node, q{SELECT string_agg(action || ' ' || version, ', ' ORDER BY version)
		FROM booking.audit_log WHERE booking_id = (SELECT id FROM booking.bookings WHERE local_start = '2030-04-04 10:00')},
		'hold 1, expire 2', 90, $database);
	ok(defined $took, "$database: the worker ends the hold that is over");
	return;
}

$with->safe_psql('postgres', 'CREATE DATABASE custom');
restore($with, 'custom', '-j4', "$dir/custom");
restored_ok($with, 'custom');
$with->reload;
sweeps_ok($with, 'custom');
is($with->safe_psql('custom', q{SELECT count(*) FROM booking.bookings WHERE status = 'cancelled' AND reason_code = 'hold_expired'}),
	'2', 'custom: and no other');
works_ok($with, 'custom');

# A worker that looks in while a dump is being loaded keeps its hands off: the
# rows are there, their guards are not yet.
$with->safe_psql('postgres', 'DROP DATABASE custom');
$with->safe_psql('postgres', 'CREATE DATABASE stages');
restore($with, 'stages', '--section=pre-data', "$dir/custom");
restore($with, 'stages', '--section=data', "$dir/custom");
my $offset = -s $with->logfile;
$with->restart;
my $visits;
for (1 .. 1000)
{
	# it visits two databases: postgres and stages
	$visits = () = substr(slurp_file($with->logfile), $offset) =~ /unregistering background worker "booking worker"/g;
	last if $visits >= 2;
	usleep(20_000);
}
cmp_ok($visits, '>=', 2, 'stages: the worker was there');
is_deeply(contents($with, 'stages'), $contents, 'stages: and left the rows alone');
is(sqlstate_of($with, 'stages', q{SELECT booking.set_context(tenant => booking.tenant_id('default'), session => true);
	SELECT booking.cancel(id, 'weather') FROM booking.bookings WHERE status = 'confirmed'}), 'ZB010',
	'stages: as does everybody else');
restore($with, 'stages', '--section=post-data', "$dir/custom");
restored_ok($with, 'stages');
$with->restart;
sweeps_ok($with, 'stages');
works_ok($with, 'stages');

# The data alone, into a store that is there.
$without->safe_psql('postgres', 'CREATE DATABASE data');
create_booking($without, 'data');
my $extras = q{ALTER TABLE booking.bookings ADD COLUMN crm_ref text DEFAULT 'none', ADD COLUMN "Odd name" int};
$without->safe_psql('data', $extras);
command_fails([ 'pg_restore', '--exit-on-error', '-d', $without->connstr('data'), "$dir/data" ],
	'data: not over what setup() made, nor past the guards');
$without->safe_psql('postgres', 'DROP DATABASE data');
$without->safe_psql('postgres', 'CREATE DATABASE data');
create_booking($without, 'data');
$without->safe_psql('data', $extras);
$without->safe_psql('data', q{SET session_replication_role = replica;
	DELETE FROM booking.store_state; DELETE FROM booking.sweeps; DELETE FROM booking.reason_codes;
	DELETE FROM booking.branches; DELETE FROM booking.tenants;});
restore($without, 'data', '--disable-triggers', "$dir/data");
my %of_store = map { $_ => $contents->{$_} } grep { /^booking\./ } keys %$contents;
my $loaded   = contents($without, 'data');
is_deeply($loaded, \%of_store, 'data: the same rows');
like($without->safe_psql('data', 'SELECT booking.setup()'), qr/up to date/, 'data: setup()');
is_deeply(contents($without, 'data'), \%of_store, 'data: changes nothing');
is( $without->safe_psql('data', q{SELECT DISTINCT tgenabled FROM pg_trigger
		WHERE tgname = 'derived_guard' AND tgrelid::regclass::text LIKE 'booking.audit%'}),
	'A', 'data: history is closed at all times again');
works_ok($without, 'data');

for my $node ($source, $without, $with)
{
	unlike(slurp_file($node->logfile), qr/PANIC:|TRAP:|was terminated by signal|booking sweep .* failed/,
		$node->name . ': no failure in the log');
	$node->stop;
}
done_testing();
