# BookingTest: what the TAP tests share.
#
#   use BookingTest;
#   my $node = booking_node('main');                     # running, set up
#   my $node = booking_node('main', preload => 0, setup => 0, conf => "...");
#   my $took = poll_query($node, $sql, 't', 10);         # undef: never came true
#   my $s = session($node);                              # a psql that stays open
#   $s->query('BEGIN'); $s->send('SELECT ...'); $s->finish;
#
# The server finds the extension through TEST_EXTRA_CONF, which the test driver
# sets; without it, an installed extension is used.

package BookingTest;

use strict;
use warnings;

use Exporter 'import';
use Time::HiRes qw(time usleep);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More ();

our @EXPORT = qw(booking_node booking_conf create_booking poll_query session);

# booking_node(NAME, OPTIONS...): a node that is started, with the extension and
# its store in database postgres.
#
#   preload => 1         shared_preload_libraries = 'booking'
#   setup   => 1         CREATE EXTENSION and booking.setup()
#   start   => 1         start it; setup needs that
#   conf    => ''        further lines of postgresql.conf
#   init    => {}        arguments of init(), e.g. { allows_streaming => 1 }
sub booking_node
{
	my ($name, %opt) = (@_);
	%opt = (preload => 1, setup => 1, start => 1, conf => '', init => {}, %opt);

	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(%{ $opt{init} });
	booking_conf($node, $opt{preload});
	$node->append_conf('postgresql.conf', $opt{conf}) if $opt{conf} ne '';
	if ($opt{start})
	{
		$node->start;
		create_booking($node) if $opt{setup};
	}
	return $node;
}

# Settings that every node needs before its first start.
sub booking_conf
{
	my ($node, $preload) = @_;

	$node->append_conf('postgresql.conf', $ENV{TEST_EXTRA_CONF} // '');
	$node->append_conf('postgresql.conf', <<"END");
timezone = 'UTC'
max_prepared_transactions = 10
END
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'booking'")
	  if $preload;
	return;
}

# The extension and its store in a database.
sub create_booking
{
	my ($node, $database) = @_;

	$node->safe_psql($database // 'postgres',
		'SET client_min_messages = warning; CREATE EXTENSION booking CASCADE; SELECT booking.setup();');
	return;
}

# Asks every 10 ms until the answer is the expected one.  Returns the seconds
# that took, undef after the time limit.
sub poll_query
{
	my ($node, $sql, $expected, $limit, $database) = @_;
	$expected //= 't';
	$limit    //= $PostgreSQL::Test::Utils::timeout_default // 180;

	my $start = time;
	my $s     = session($node, $database);
	my $answer;
	do
	{
		$answer = $s->query($sql);
		if ($answer eq $expected)
		{
			my $took = time - $start;
			$s->quit;
			return $took;
		}
		usleep(10_000);
	} while (time - $start < $limit);
	$s->quit;
	Test::More::diag("poll_query: \"$sql\" is still \"$answer\", not \"$expected\"");
	return;
}

# session(NODE, DATABASE, OPTIONS...): a psql that stays open; options go to psql.
sub session
{
	my ($node, $database, @options) = @_;
	return BookingTest::Session->new($node, $database // 'postgres', @options);
}

package BookingTest::Session;

use strict;
use warnings;

use IPC::Run ();

my $mark = '== end of answer ==';

sub new
{
	my ($class, $node, $database, @options) = @_;
	my $self = { in => '', out => '', err => '' };

	$self->{timer} = IPC::Run::timer($PostgreSQL::Test::Utils::timeout_default // 180);
	$self->{run}   = IPC::Run::start(
		[
			$node->installed_command('psql'), '-XqAt', '-P', 'null=', '-v', 'ON_ERROR_STOP=0',
			'-d', $node->connstr($database), @options, '-f', '-'
		],
		'<', \$self->{in}, '>', \$self->{out}, '2>', \$self->{err},
		$self->{timer});
	bless $self, $class;
	$self->query('SELECT 1');
	return $self;
}

# Send and wait.  Returns what psql printed, without the last newline; errors
# are in $self->err afterwards.
sub query
{
	my ($self, $sql) = @_;
	$self->send($sql);
	return $self->finish;
}

# Send without waiting: for statements that will block.
sub send
{
	my ($self, $sql) = @_;

	$self->{timer}->start;
	$self->{out} = $self->{err} = '';
	$self->{in} .= "$sql\n;\n\\echo $mark\n\\warn $mark\n";
	$self->{run}->pump_nb;
	return;
}

# Wait for the answer to what was sent.
sub finish
{
	my ($self) = @_;

	while ($self->{out} !~ /^\Q$mark\E\n/m || $self->{err} !~ /^\Q$mark\E\n/m)
	{
		die "psql ended: $self->{err}\n" unless $self->{run}->pumpable;
		$self->{run}->pump;
	}
	$self->{$_} =~ s/^\Q$mark\E\n.*//ms for qw(out err);
	my $answer = $self->{out};
	chomp $answer;
	return $answer;
}

# What the last answer said on stderr: notices, warnings, errors.
sub err
{
	my ($self) = @_;
	return $self->{err};
}

# Has the answer come?  Looks without waiting.
sub ready
{
	my ($self) = @_;
	$self->{run}->pump_nb;
	return $self->{out} =~ /^\Q$mark\E$/m;
}

sub quit
{
	my ($self) = @_;
	$self->{in} .= "\\q\n";
	eval { $self->{run}->finish; 1 } or $self->{run}->kill_kill;
	return;
}

1;
