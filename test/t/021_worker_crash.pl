# The worker and its launcher survive everything short of being switched off.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use BookingTest;
use BookingWorkerTest;

my $node = booking_node('main', setup => 0, conf => "restart_after_crash = on\n");
make_store($node, 'shop');

my $worker_pid = q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'booking worker'};

# A worker that can't finish: a row of the sweep is locked, it comes back.
sub occupy_worker
{
	$node->safe_psql('shop', holds(1, '1 s'));
	wait_worker($node, 'shop');
	return $node->safe_psql('postgres', $worker_pid);
}

# SIGTERM to the worker.
my $pid = occupy_worker();
is($node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)"), 't', 'worker terminated');
ok(defined wait_expired($node, 'shop', 10), 'another one takes over');

# SIGTERM to the launcher, with a worker and without.
for my $with ('with', 'without')
{
	occupy_worker() if $with eq 'with';
	wait_no_worker($node) if $with eq 'without';
	my $old = launcher_pid($node);
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($old)");
	$node->safe_psql('shop', holds(1, '1 s'));
	ok( defined poll_query($node,
			qq{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'booking launcher' AND pid <> $old},
			'1', 15),
		"$with a worker: the launcher is back");
	ok(defined wait_expired($node, 'shop', 10), "$with a worker: and works");
}

# A crash of either takes the server down for a moment; nothing is forgotten.
for my $what ('booking worker', 'booking launcher')
{
	$node->safe_psql('shop', holds(1, '4 s'));
	occupy_worker();
	my $victim = $node->safe_psql('postgres',
		"SELECT pid FROM pg_stat_activity WHERE backend_type = '$what'");
	my $old = launcher_pid($node);
	is(kill('KILL', $victim), 1, "$what killed");
	ok( $node->poll_query_until('postgres',
			qq{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'booking launcher' AND pid <> $old}),
		"$what: server and launcher are back");
	ok(defined wait_expired($node, 'shop', 30), "$what: what was due is done");
}

# An immediate stop, too.
$node->safe_psql('shop', holds(50, '2 s'));
$node->stop('immediate');
$node->start;
ok(defined wait_expired($node, 'shop', 20), 'after an immediate stop the store is found again');
is($node->safe_psql('shop', q{SELECT count(*) FROM booking.audit_log AS a
	WHERE a.status = 'cancelled' GROUP BY booking_id HAVING count(*) > 1 LIMIT 1}),
	'', 'each hold ended once');

# Poison: a sweep that fails is logged once, backs off, and stops no other.
wait_no_worker($node);
my $offset = -s $node->logfile;
$node->safe_psql('shop', <<'END');
CREATE FUNCTION public.poison() RETURNS trigger LANGUAGE plpgsql AS
	$$BEGIN RAISE EXCEPTION 'poison for %', current_user; END$$;
CREATE TRIGGER poison BEFORE UPDATE ON booking.bookings
	FOR EACH ROW EXECUTE FUNCTION public.poison();
END
my $listener = session($node, 'shop');
$listener->query(qq{LISTEN "$channel"});
$node->safe_psql('shop', holds(1, '1 s'));
ok(find_log($node, qr/sweep "expiry" failed: .*poison/, $offset, 20), 'the failure is logged');
like($listener->query('SELECT'), qr/"status": "held"/, 'the broadcast goes on');
my $runs = 0;
my $seen = '';
my $until = time + 6;
while (time < $until)
{
	my $last = $node->safe_psql('shop', 'SELECT max(last_run) FROM booking.worker_status()');
	$runs++ if $last ne $seen;
	$seen = $last;
}
cmp_ok($runs, '<', 8, 'it backs off');
is(scalar(() = complaints($node, $offset) =~ /"expiry" failed/g), 1, 'and is logged once');
$node->safe_psql('shop', 'DROP TRIGGER poison ON booking.bookings');
ok(defined wait_expired($node, 'shop', 30), 'it works again once the cause is gone');
ok(find_log($node, qr/sweep "expiry" works again/, $offset, 5), 'and says so');
$listener->quit;

# A deferred trigger of the owner's runs within the sweep, as the owner.
$node->safe_psql('shop', <<'END');
CREATE TABLE public.witness (who name, at_commit boolean);
CREATE FUNCTION public.witness() RETURNS trigger LANGUAGE plpgsql SECURITY INVOKER AS
	$$BEGIN INSERT INTO public.witness VALUES (current_user, false); RETURN NULL; END$$;
CREATE CONSTRAINT TRIGGER witness AFTER UPDATE ON booking.bookings
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.witness();
CREATE ROLE shopkeeper NOLOGIN;
GRANT CREATE, USAGE ON SCHEMA public TO shopkeeper;
ALTER TABLE public.witness OWNER TO shopkeeper;
DO $$
DECLARE t regclass;
BEGIN
	FOR t IN SELECT c.oid FROM pg_class AS c WHERE c.relnamespace = 'booking'::regnamespace AND c.relkind = 'r' LOOP
		EXECUTE format('ALTER TABLE %s OWNER TO shopkeeper', t);
	END LOOP;
END $$;
GRANT USAGE ON SCHEMA booking TO shopkeeper;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA booking TO shopkeeper;
END
$offset = -s $node->logfile;
$node->safe_psql('shop', holds(1, '1 s'));
ok(defined wait_expired($node, 'shop', 20), 'swept in a store of an owner who may not log in');
is($node->safe_psql('shop', 'SELECT DISTINCT who FROM public.witness'),
	'shopkeeper', 'no trigger runs as the superuser, not even a deferred one');
is(complaints($node, $offset), '', 'without a complaint');
$node->safe_psql('shop', 'DROP TRIGGER witness ON booking.bookings');

# No free background worker: later, without a word.
$node->append_conf('postgresql.conf', "max_worker_processes = 1\nmax_logical_replication_workers = 0\n");
$node->restart;
ok(wait_launcher($node, 10), 'the launcher has the only place');
$offset = -s $node->logfile;
$node->safe_psql('shop', holds(1, '1 s'));
my $due = q{SELECT count(*) = 1 FROM booking.worker_status() WHERE next_due < now() - interval '1 s'};
ok(defined poll_query($node, $due, 't', 15, 'shop'), 'no place for a worker');
is(complaints($node, $offset), '', 'which is no error');
$node->adjust_conf('postgresql.conf', 'max_worker_processes', '8');
$node->restart;
ok(defined wait_expired($node, 'shop', 15), 'done when there is one');

$node->stop;
done_testing();

# Waits for something in the server's log.
sub find_log
{
	my ($node, $pattern, $offset, $limit) = @_;

	my $until = time + $limit;
	while (time < $until)
	{
		return 1 if substr(slurp_file($node->logfile), $offset) =~ $pattern;
		$node->safe_psql('postgres', 'SELECT');
	}
	return 0;
}
