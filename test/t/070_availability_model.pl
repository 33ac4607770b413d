# Listed is bookable: slots(), book() and explain_slot() agree with a model that
# was written apart (test/model), in random scenarios around changes of clocks
# in many zones.
#
# MODEL_SEED and MODEL_CASES (300) choose the scenarios; MODEL_ONLY is the number
# of a single one.  The seed is the same each time, so that a run says something
# about a change; to search further, make test ... MODEL_SEED=$RANDOM.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use BookingTest;

my $seed  = $ENV{MODEL_SEED}  // 835658;
my $cases = $ENV{MODEL_CASES} // 300;

# Zones as the server knows them: its own ones, if it doesn't use the system's.
my $zones = ($ENV{SHAREDIR} // '') . '/timezone';
$ENV{PYTHONTZPATH} = $zones if -d $zones;
$ENV{PYTHONDONTWRITEBYTECODE} = 1;

# What a program prints is a note, or explains why the test failed.
sub passes
{
	my ($what, $script, @arguments) = @_;
	my $said;
	my $passed = IPC::Run::run([ 'python3', "test/model/$script", @arguments ], '>&', \$said);
	ok($passed, $what);
	$passed ? note($said) : diag($said);
	return;
}

passes('the model answers what was worked out by hand', 'selftest.py');

my $node = booking_node('main', conf => "fsync = off\nautovacuum = off\n");
$ENV{PGHOST}     = $node->host;
$ENV{PGPORT}     = $node->port;
$ENV{PGDATABASE} = 'postgres';
$ENV{PSQL}       = $node->installed_command('psql');
passes("$cases scenarios with MODEL_SEED=$seed", 'availability.py', '--seed', $seed, '--cases', $cases,
	defined $ENV{MODEL_ONLY} ? ('--only', $ENV{MODEL_ONLY}) : ());
$node->stop;
done_testing();
