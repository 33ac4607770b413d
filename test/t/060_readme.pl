# README.md is right: its examples run and print what it says, and it names every
# function, error and setting there is.
#
# The ```sql blocks are run in order in one session, with the server's defaults.
# A ```text block after one is all that it prints, without row counts; uuids
# stand for any.  A comment before a block:
#
#   <!-- fails: SQLSTATE -->   it is expected to
#   <!-- skip: reason -->      it can't be run here

use strict;
use warnings;
use utf8;

use Encode;
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use BookingTest;

my $root = "$FindBin::Bin/../..";
my $readme = Encode::decode('UTF-8', slurp_file("$root/README.md"));
my $node = booking_node('main', setup => 0);

# --- the examples -----------------------------------------------------------

$ENV{PGCLIENTENCODING} = 'UTF8';
$node->safe_psql('postgres', q{CREATE DATABASE readme ENCODING 'UTF8' TEMPLATE template0});
my $s = session($node, 'readme', '-P', 'format=aligned', '-P', 'tuples_only=off', '-P', 'footer=off');
$s->query('\set SHOW_CONTEXT never');

# What a block prints, in the form in which README.md shows it.
sub as_shown
{
	my ($text) = @_;

	$text =~ s/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/<uuid>/g;
	$text =~ s/^psql:<stdin>:\d+: //mg;
	$text =~ s/^NOTICE:  installing required extension.*\n//mg;
	$text =~ s/[ \t]+$//mg;
	$text =~ s/^\n+//;
	$text =~ s/\n+\z//;
	return $text;
}

my ($run, $skipped) = (0, 0);
while ($readme =~ /(?:^<!--\ (fails|skip):\ (.*?)\ -->\n)?
		^```sql\n (.*?) ^```\n
		(?:\n? ^```text\n (.*?) ^```\n)?/xmsg)
{
	my ($kind, $about, $sql, $shown) = ($1 // '', $2 // '', $3, $4);
	my $line = 1 + ($` =~ tr/\n//) + ($kind ne '');

	if ($kind eq 'skip')
	{
		$skipped++;
		next;
	}
	$run++;
	my $out   = Encode::decode('UTF-8', $s->query(Encode::encode('UTF-8', $sql)));
	my $err   = Encode::decode('UTF-8', $s->err);
	my $state = $err =~ /ERROR:  / ? $s->query('\echo :LAST_ERROR_SQLSTATE') : '';
	$s->query('ROLLBACK') if $kind eq 'fails';

	is($state, $kind eq 'fails' ? $about : '',
		"line $line: " . ($kind eq 'fails' ? "fails with $about" : 'runs'))
	  or diag($err);
	is(as_shown("$out\n$err"), as_shown($shown), "line $line: prints what it shows")
	  if defined $shown;
}
cmp_ok($run, '>', 30, 'there are examples');
cmp_ok($skipped, '<', 6, 'few examples are skipped');
$s->quit;

# Nothing in it refers to what is not in it or beside it.
my %anchors = map {
	my $heading = lc;
	$heading =~ s/[^\w\- ]//g;
	$heading =~ s/ /-/g;
	$heading => 1
} $readme =~ /^#+ (.*)$/mg;
my @dead = grep { !$anchors{$_} } $readme =~ /\]\(#([^)]*)\)/g;
is("@dead", '', 'links lead somewhere');
my @missing = grep { !-e "$root/$_" } $readme =~ m{`((?:src|test|sql|expected)/[\w./-]+)`}g;
is("@missing", '', 'files it names are there');

# Merges may double lines.  A row of functions or errors is known by its first word.
my %seen;
(my $prose = $readme) =~ s/^```.*?^```$//msg;
my @twice = grep { $seen{ s/^(\| (?:`\w+\(|ZB\d+)).*/$1/r }++ }
  $prose =~ /^(#+ .*|\| (?:`\w+\(|ZB\d).*|[\w`*-].{40,})$/mg;
is(join("\n", @twice), '', 'nothing is in it twice');

# --- the reference ----------------------------------------------------------

sub rows
{
	my ($sql) = @_;
	return split /\n/, $node->safe_psql('readme', $sql);
}

# The lines of a section, up to the next heading of its level or above.
sub section
{
	my ($heading) = @_;
	my ($level)   = $heading =~ /^(#+)/;
	my $deeper    = length $level;

	return $1 if $readme =~ /^\Q$heading\E\n(.*?)(?=^#{1,$deeper} |\z)/ms;
	fail("there is a section \"$heading\"");
	return '';
}

# Functions: name and arguments.
my $functions = section('### Functions');
my %documented;
while ($functions =~ /`(\w+)\(([^`]*)\)`/g)
{
	my ($name, $arguments) = ($1, $2);
	$documented{ "$name(" . join(' ', grep { $_ ne '' } split /[\s,\[\]]+/, $arguments) . ')' } = 1;
}
my %there = map { $_ => 1 } rows(q{
	SELECT p.proname || '(' || coalesce(array_to_string(p.proargnames[1:p.pronargs], ' '), '') || ')'
	FROM pg_proc AS p JOIN pg_depend AS d
		ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'booking'});
is(join("\n", sort grep { !$documented{$_} } keys %there), '', 'every function is in the reference');
my %names = map { s/\(.*//r => 1 } keys %there;
is(join("\n", sort grep { !$there{$_} && !$names{ s/\(.*//r } } keys %documented),
	'', 'and no other');

# What the text calls booking.something().
my %called = map { $_ => 1 } $readme =~ /\bbooking\.(\w+)\(/g;
is(join("\n", sort grep { !$names{$_} } keys %called), '', 'no other function is called');

# Tables and views.
my $tables = section('### Tables and views');
is( join("\n", grep { $tables !~ /`$_`/ } rows(q{
		SELECT relname FROM pg_class WHERE relnamespace = 'booking'::regnamespace
			AND relkind IN ('r', 'p', 'v', 'm') ORDER BY 1})),
	'', 'every table and view is in the reference');

# Errors: those that the sources raise, with SQLSTATE and HTTP status.
my %raised;
foreach my $file (split /\n/, `find "$root/src" "$root/sql" -name '*.c' -o -name '*.sql'`)
{
	next if $file =~ m{/errors\.c$} || $file =~ m{--};
	my $source = slurp_file($file);
	$raised{$_} = 1 for $source =~ /\bERR_([A-Z_]+)\b/g;
	$raised{$_} = 1 for $source =~ /\b(ZB\d\d\d)\b/g;
}
my @errors = rows(q{SELECT format('| %s | %s | %s |', sqlstate, name, http_status), name, sqlstate, retry
	FROM booking.error_codes});
my $table = section('## Errors and retries');
my (@undocumented, @not_raised, @not_retried);
foreach (@errors)
{
	my ($row, $name, $sqlstate, $retry) = /^(\|.*\|)\|(\w+)\|(\w+)\|([tf])$/;
	my $is_there = $table =~ /^\Q$row\E/m;

	next if $sqlstate =~ /^(4|57)/ && $sqlstate ne '42501';    # PostgreSQL's own
	push @undocumented, $row if !$is_there && $raised{$name};
	push @not_raised, $row if $is_there && !$raised{$name};
}
is(join("\n", @undocumented), '', 'every error that is raised is in the table');
is(join("\n", @not_raised), '', 'and no other');
my ($retry) = $table =~ /^Retry, .*$/mg;
is( join("\n", grep { $retry !~ /\b$_\b/ } rows(q{
		SELECT sqlstate FROM booking.error_codes WHERE retry ORDER BY 1})),
	'', 'it says what to retry');

# Settings, with defaults and levels.
my $settings = section('### Settings');
is( join("\n", grep { $settings !~ /^\Q$_\E/m } rows(q{
		SELECT format('| `%s` | %s | %s |', name, coalesce(default_value, 'none'),
			array_to_string(levels, ', ')) FROM booking.setting_catalogue()})),
	'', 'every setting is in the reference');
my $gucs = section('### Server settings');
is( join("\n", grep { $gucs !~ /`\Q$_\E`/ } rows(q{
		SELECT name FROM pg_settings WHERE name LIKE 'booking.%'
			AND substr(name, 9) NOT IN (SELECT s.name FROM booking.setting_catalogue() AS s)
		ORDER BY 1})),
	'', 'every server setting is in the reference');
is( join("\n", grep { !/^(?:0|)$/ } rows(q{
		SELECT count(*) FROM booking.setting_catalogue() AS s WHERE 'server' = ANY (s.levels) AND NOT EXISTS (
			SELECT FROM pg_settings AS p WHERE p.name = 'booking.' || s.name)})),
	'', 'every setting of the server is a server setting');

# Statuses.
my $statuses = section('### Statuses');
is( join("\n", grep { $statuses !~ /^\| `$_` \|/m } rows('SELECT status FROM booking.statuses()')),
	'', 'every status is in the reference');
foreach (rows(q{SELECT status, array_to_string(booking.valid_targets(status), ' ') FROM booking.statuses()
	WHERE NOT terminal}))
{
	my ($status, $targets) = split /\|/;
	my ($line) = $statuses =~ /^\| `$status` \| [^|]* \| (.*) \|$/m;

	$line //= '';
	$line =~ s/\([^)]*\)//g;
	is(join(' ', split /[\s,]+/, $line), $targets, "what $status can become");
}

$node->stop;
done_testing();
