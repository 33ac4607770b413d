# Whatever is done to a store, in whatever order, its tables fit together: random
# sequences of commands, by function and plain SQL, are held against what a
# program that was written apart (test/model) makes of the rows.
#
# MODEL_SEED, MODEL_SEQUENCES (20) and MODEL_STEPS (50 each) choose them;
# MODEL_ONLY is the number of a single one.  The seed is the same each time, so
# that a run says something about a change; to search further, make test ...
# MODEL_SEED=$RANDOM.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use BookingTest;

my $seed      = $ENV{MODEL_SEED}      // 835658;
my $sequences = $ENV{MODEL_SEQUENCES} // 20;
my $steps     = $ENV{MODEL_STEPS}     // 50;
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

my $node = booking_node('main', conf => "fsync = off\nautovacuum = off\nbooking.worker = off\n");
$ENV{PGHOST}     = $node->host;
$ENV{PGPORT}     = $node->port;
$ENV{PGDATABASE} = 'postgres';
$ENV{PSQL}       = $node->installed_command('psql');
passes("$sequences sequences of $steps steps with MODEL_SEED=$seed",
	'sequences.py', '--mutate', '--seed', $seed, '--sequences', $sequences, '--steps', $steps,
	defined $ENV{MODEL_ONLY} ? ('--only', $ENV{MODEL_ONLY}) : ());
$node->stop;
done_testing();
