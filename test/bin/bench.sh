#!/bin/bash
#
# bench.sh: measure, on a private server, what a booking and a listing cost.
#
# test/bench and each directory in it get a fresh database with the extension
# and its store, in which setup.sql is run once.  The other scripts are compared
# in pairs, NAME.sql with bare_NAME.sql, which does what somebody would do who
# has no more than the tables and an exclusion constraint.  The two take turns,
# so that whatever else the machine is doing hits both, and the medians of the
# rounds are divided.  hot_*.sql are not compared: all clients want the same
# slot, and what counts is that the server's log has no deadlock.
#
# availability/ moreover has memory.sql, which says what one session needed, and
# grow.sql, which adds bookings to a copy until there are :size; there slots.sql
# is compared with itself where there are 50,000.
#
# commands/ measures changes of bookings that are there: cancel() against the
# same writes by hand, and bulk_cancel() of 10,000 against as many single calls.
#
#   BENCH_SECONDS   of one run, default 3
#   BENCH_ROUNDS    default 5
#   BENCH_CLIENTS   numbers of clients, default "1 8"
#   BENCH_FSYNC     default "off on"; availability/ is measured with the first
#   BENCH_SIZES     default "100000 1000000"
#   BENCH           shell patterns of script names, default all
#   BENCH_CONF      further lines of postgresql.conf
#
# All of pgbench's output is kept in tmp/bench.
#
# bulk_cancel() takes 1,000 resources as a whole, and a key more for the queue:
# hence the limits of locks.
set -euo pipefail

# shellcheck source=test/bin/lib.sh
. "$(dirname "$0")/lib.sh"

forget_pg_environment
find_server
choose_user
[[ -x $BINDIR/pgbench ]] || die "pgbench is not in $BINDIR"

dir=$ROOT/tmp/bench
{ rm -rf "$dir" && mkdir -p "$dir" && usable_dir "$dir"; } 2>/dev/null ||
	dir=$(mktemp -d /tmp/booking-bench-XXXXXX)
socket=$(mktemp -d /tmp/booking-XXXXXX)
leave()
{
	stop_cluster "$dir" immediate 2>/dev/null || true
	rm -rf "$socket" "$dir/pgdata"
}
trap leave EXIT
trap 'exit 130' INT TERM

build_and_stage "$dir"
cat >"$dir/bench.conf" <<END
shared_preload_libraries = 'booking'
shared_buffers = 512MB
max_wal_size = 8GB
checkpoint_timeout = 30min
max_locks_per_transaction = 128
booking.max_locks_per_transaction = 2000
${BENCH_CONF:-}
END
own_by_user "$dir" "$socket"
init_cluster "$dir" "$socket" "$dir/extra.conf" "$dir/bench.conf"
start_cluster "$dir"
export PGHOST=$socket PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
run_sql()
{
	PGOPTIONS='-c client_min_messages=warning' "$BINDIR/psql" -Xq -v ON_ERROR_STOP=1 "$@" >/dev/null
}

# Enters a directory of scripts, with a database of its own: DIR NAME.
enter()
{
	cd "$ROOT/test/bench/$1"
	PGDATABASE=postgres run_sql -c "CREATE DATABASE bench_$2"
	export PGDATABASE=bench_$2
	run_sql -c "CREATE EXTENSION booking CASCADE" -c "SELECT booking.setup()"
	run_sql -f setup.sql
}

wanted()
{
	local pattern patterns
	read -ra patterns <<<"${BENCH:-*}"
	for pattern in "${patterns[@]}"; do
		# shellcheck disable=SC2053
		[[ $1 == $pattern ]] && return 0
	done
	return 1
}

# Runs a script once; prints transactions per second: NAME CLIENTS FSYNC.
run_once()
{
	local name=$1 clients=$2 log=$dir/$1-$2-$3.log
	# shellcheck disable=SC2086
	if ! "$BINDIR/pgbench" -n -M prepared -f "$name.sql" -c "$clients" -j "$(nproc)" \
		${run_length:--T ${BENCH_SECONDS:-3}} >"$log" 2>&1; then
		tail -n 5 "$log" >&2
		die "$name failed with $clients clients"
	fi
	awk '/^tps = / { tps = $3 } END { printf "%.*f\n", tps < 100 ? 2 : 0, tps }' "$log"
}

median()
{
	tr ' ' '\n' | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

print_row()
{
	printf '%-18s %6s %8s %12s %12s %10s\n' "$@"
}

# Compares a script with another one, or with itself in another database:
# NAME CLIENTS FSYNC, then what to call it, the other's name and database.
compare()
{
	local name=$1 clients=$2 fsync=$3 label=${4:-$1} other=${5:-bare_$1} database=${6:-$PGDATABASE}
	local round one two ours=() theirs=() our their
	for ((round = 0; round <= ${BENCH_ROUNDS:-5}; round++)); do
		one=$(PGDATABASE=$database run_once "$other" "$clients" "$fsync")
		two=$(run_once "$name" "$clients" "$fsync")
		# the first round warms up
		((round == 0)) || { theirs+=("$one") ours+=("$two"); }
	done
	our=$(median <<<"${ours[*]}")
	their=$(median <<<"${theirs[*]}")
	print_row "$label" "$fsync" "$clients" "$our" "$their" "$(ratio "$our" "$their")"
}

ratio()
{
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'
}

# Compares all pairs of the directory: CLIENTS FSYNC.
compare_all()
{
	local bare name
	for bare in bare_*.sql; do
		name=${bare#bare_}
		name=${name%.sql}
		! wanted "$name" || compare "$name" "$1" "$2"
	done
}

"$BINDIR/postgres" --version
print_row script fsync clients 'per second' 'bare' relative

enter . booking
for fsync in ${BENCH_FSYNC:-off on}; do
	run_sql -c "ALTER SYSTEM SET fsync = $fsync" -c "SELECT pg_reload_conf()" -c CHECKPOINT
	for clients in ${BENCH_CLIENTS:-1 8}; do
		compare_all "$clients" "$fsync"
	done
	for hot in hot_*.sql; do
		name=${hot%.sql}
		wanted "$name" || continue
		print_row "$name" "$fsync" 32 "$(run_once "$name" 32 "$fsync")" '' ''
	done
done

enter availability availability
read -r fsync _ <<<"${BENCH_FSYNC:-off on}"
run_sql -c "ALTER SYSTEM SET fsync = $fsync" -c "SELECT pg_reload_conf()" -c CHECKPOINT
if wanted memory; then
	"$BINDIR/psql" -Xq -v ON_ERROR_STOP=1 -f memory.sql
fi
if wanted grow; then
	enter availability growth
	for size in ${BENCH_SIZES:-100000 1000000}; do
		run_sql -v size="$size" -f grow.sql -c CHECKPOINT
		compare slots 1 "$fsync" "slots of $size" slots bench_availability
	done
	PGDATABASE=bench_availability
fi
compare_all 1 "$fsync"

# a booking is cancelled once: so many in a round, not for so long
enter commands commands
if wanted cancel; then
	run_length='-t 2000' compare cancel 1 "$fsync"
	run_length='-t 250' compare cancel 8 "$fsync"
fi
if wanted bulk; then
	one=$(run_length='-t 2000' run_once cancel 1 "$fsync")
	many=$(run_length='-t 1' run_once bulk 1 "$fsync" | awk '{ printf "%.0f", 10000 * $1 }')
	print_row 'bulk of 10,000' "$fsync" 1 "$many" "$one" "$(ratio "$many" "$one")"
fi
echo "deadlocks in the server's log: $(grep -c 'deadlock detected' "$dir/server.log" || true)"
