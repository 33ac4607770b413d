# BookingWorkerTest: what the TAP tests of the background worker share.
#
#   make_store($node, 'db');             # extension, store, a tenant with rooms
#   $node->safe_psql('db', holds(100, '2 s'));
#   wait_expired($node, 'db', 30);       # no hold is left

package BookingWorkerTest;

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Utils;
use Test::More ();

use BookingTest;

our @EXPORT = qw(make_store make_fixture holds wait_expired wait_worker wait_no_worker
  wait_launcher launcher_pid complaints $tenant $channel);

our $tenant  = '00000000-0000-0000-0000-000000000001';
our $channel = 'booking.acme.main';

# A database with the extension, its store and something to book; made if need be.
sub make_store
{
	my ($node, $database) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $database")
	  if $node->safe_psql('postgres',
		"SELECT count(*) FROM pg_database WHERE datname = '$database'") eq '0';
	create_booking($node, $database);
	make_fixture($node, $database);
	return;
}

# A tenant, a branch, and a service that a thousand can use at the same time.
sub make_fixture
{
	my ($node, $database) = @_;

	$node->safe_psql($database, <<"END");
INSERT INTO booking.tenants (id, code, name)
	VALUES ('$tenant', 'acme', 'Acme') ON CONFLICT DO NOTHING;
INSERT INTO booking.branches (tenant_id, id, code, name)
	VALUES ('$tenant', '00000000-0000-0000-0000-00000000000b', 'main', 'Main');
INSERT INTO booking.resources (tenant_id, id, branch_id, code, name, capacity)
	VALUES ('$tenant', '00000000-0000-0000-0000-0000000000c1',
			'00000000-0000-0000-0000-00000000000b', 'hall', 'Hall', 1000000);
INSERT INTO booking.services (tenant_id, id, branch_id, code, name, duration)
	VALUES ('$tenant', '00000000-0000-0000-0000-0000000000d1',
			'00000000-0000-0000-0000-00000000000b', 'visit', 'Visit', '1 hour');
INSERT INTO booking.service_resources (tenant_id, service_id, resource_id)
	VALUES ('$tenant', '00000000-0000-0000-0000-0000000000d1',
			'00000000-0000-0000-0000-0000000000c1');
END
	return;
}

# SQL that makes so many holds, in one transaction.
sub holds
{
	my ($count, $ttl) = @_;

	return <<"END";
INSERT INTO booking.bookings (tenant_id, id, service_id, status, starts_at, resource_ids, hold_ttl)
	SELECT '$tenant', booking.new_id(), '00000000-0000-0000-0000-0000000000d1', 'held',
		date_trunc('day', now()) + interval '10 days 10 hours',
		ARRAY['00000000-0000-0000-0000-0000000000c1']::uuid[], interval '$ttl'
	FROM generate_series(1, $count);
END
}

# Waits until no hold is left; the seconds that took, undef after the limit.
sub wait_expired
{
	my ($node, $database, $limit) = @_;
	return poll_query($node,
		q{SELECT count(*) = 0 FROM booking.bookings WHERE status = 'held'},
		't', $limit, $database);
}

# Waits for a worker in a database.
sub wait_worker
{
	my ($node, $database) = @_;
	return poll_query($node,
		qq{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'booking worker' AND datname = '$database'},
		'1');
}

# Waits until no worker is connected to any database.
sub wait_no_worker
{
	my ($node) = @_;
	return poll_query($node,
		q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'booking worker'}, '0');
}

sub wait_launcher
{
	my ($node, $limit) = @_;
	return poll_query($node,
		q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'booking launcher'},
		'1', $limit);
}

sub launcher_pid
{
	my ($node) = @_;
	return $node->safe_psql('postgres',
		q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'booking launcher'});
}

# Lines of the server's log that say something went wrong, from an offset on,
# without those that match one of the patterns.
sub complaints
{
	my ($node, $offset, @expected) = @_;

	my $log = substr(slurp_file($node->logfile), $offset);
	my @lines = grep { /\b(WARNING|ERROR|FATAL|PANIC|TRAP):|was terminated by signal/ }
	  split /\n/, $log;
	foreach my $pattern (@expected, qr/FATAL:  connection to client lost/)
	{
		@lines = grep { $_ !~ $pattern } @lines;
	}
	return join "\n", @lines;
}

1;
