#!/bin/bash
#
# bench.sh: measure, on a private server with its usual durability.
#
# test/bench/setup.sql is run once in a fresh database with the extension and
# its store.  Every other test/bench/*.sql is a pgbench script, run one after
# the other with each number of clients; what test/bench/baseline.sql reaches is
# 1.00.  Before each run the server writes a checkpoint.
#
#   BENCH_SECONDS   of one run, default 10
#   BENCH_CLIENTS   numbers of clients, default "1 8"
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
fsync = on
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

scripts=()
read -ra patterns <<<"${BENCH:-*}"
for file in baseline.sql *.sql; do
	[[ -f $file && $file != setup.sql && " ${scripts[*]} " != *" $file "* ]] || continue
	for pattern in "${patterns[@]}"; do
		# shellcheck disable=SC2053
		if [[ $file == baseline.sql || ${file%.sql} == $pattern ]]; then
			scripts+=("$file")
			break
		fi
	done
done
[[ ${#scripts[@]} -gt 0 ]] || die "no scripts in test/bench"

"$BINDIR/postgres" --version
printf '%-24s %8s %12s %12s %10s\n' script clients 'per second' 'latency ms' relative
for clients in ${BENCH_CLIENTS:-1 8}; do
	base=
	for file in "${scripts[@]}"; do
		log=$dir/${file%.sql}-$clients.log
		run_sql -c CHECKPOINT
		if ! "$BINDIR/pgbench" -n -M prepared -f "$file" -c "$clients" -j "$(nproc)" \
			-T "${BENCH_SECONDS:-10}" >"$log" 2>&1; then
			tail -n 5 "$log" >&2
			die "$file failed with $clients clients"
		fi
		tps=$(sed -n 's/^tps = \([0-9.]*\).*/\1/p' "$log" | tail -n 1)
		latency=$(sed -n 's/^latency average = \([0-9.]*\) ms/\1/p' "$log")
		[[ -n $base || $file != baseline.sql ]] || base=$tps
		awk -v f="${file%.sql}" -v c="$clients" -v t="$tps" -v l="$latency" -v b="$base" \
			'BEGIN { printf "%-24s %8d %12.0f %12.3f %10s\n", f, c, t, l, (b > 0 ? sprintf("%.2f", t / b) : "") }'
	done
done
