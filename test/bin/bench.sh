#!/bin/bash
#
# bench.sh: measure, on a private server, what a booking costs.
#
# test/bench/setup.sql is run once in a fresh database with the extension and
# its store.  The other scripts are compared in pairs, NAME.sql with
# bare_NAME.sql, which does what somebody would do who needs no more than an
# exclusion constraint.  The two take turns, so that whatever else the machine
# is doing hits both, and the medians of the rounds are divided.  hot_*.sql are
# not compared: all clients want the same slot, and what counts is that the
# server's log has no deadlock.
#
#   BENCH_SECONDS   of one run, default 3
#   BENCH_ROUNDS    default 5
#   BENCH_CLIENTS   numbers of clients, default "1 8"
#   BENCH_FSYNC     default "off on"
#   BENCH           shell patterns of script names, default all
#   BENCH_CONF      further lines of postgresql.conf
#
# All of pgbench's output is kept in tmp/bench.
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
run_sql -c "CREATE EXTENSION booking CASCADE" -c "SELECT booking.setup()"
cd "$ROOT/test/bench"
[[ ! -f setup.sql ]] || run_sql -f setup.sql


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

# Runs a script once; prints transactions per second.
run_once()
{
	local name=$1 clients=$2 log=$dir/$1-$2-$3.log
	if ! "$BINDIR/pgbench" -n -M prepared -f "$name.sql" -c "$clients" -j "$(nproc)" \
		-T "${BENCH_SECONDS:-3}" >"$log" 2>&1; then
		tail -n 5 "$log" >&2
		die "$name failed with $clients clients"
	fi
	sed -n 's/^tps = \([0-9.]*\).*/\1/p' "$log" | tail -n 1
}

median()
{
	tr ' ' '\n' | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

"$BINDIR/postgres" --version
printf '%-16s %6s %8s %12s %12s %10s\n' script fsync clients 'per second' 'bare' relative
for fsync in ${BENCH_FSYNC:-off on}; do
	run_sql -c "ALTER SYSTEM SET fsync = $fsync" -c "SELECT pg_reload_conf()" -c CHECKPOINT
	for bare in bare_*.sql; do
		name=${bare#bare_}
		name=${name%.sql}
		wanted "$name" || continue
		for clients in ${BENCH_CLIENTS:-1 8}; do
			ours=() theirs=()
			for ((round = 0; round <= ${BENCH_ROUNDS:-5}; round++)); do
				one=$(run_once "bare_$name" "$clients" "$fsync")
				two=$(run_once "$name" "$clients" "$fsync")
				# the first round warms up
				((round == 0)) || { theirs+=("$one") ours+=("$two"); }
			done
			our=$(median <<<"${ours[*]}")
			their=$(median <<<"${theirs[*]}")
			awk -v n="$name" -v f="$fsync" -v c="$clients" -v o="$our" -v t="$their" \
				'BEGIN { printf "%-16s %6s %8d %12.0f %12.0f %10.2f\n", n, f, c, o, t, o / t }'
		done
	done
	for hot in hot_*.sql; do
		name=${hot%.sql}
		wanted "$name" || continue
		tps=$(run_once "$name" 32 "$fsync")
		printf '%-16s %6s %8d %12.0f\n' "$name" "$fsync" 32 "$tps"
	done
done
echo "deadlocks in the server's log: $(grep -c 'deadlock detected' "$dir/server.log" || true)"
