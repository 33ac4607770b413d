#!/bin/bash
#
# suite.sh: run regression tests, isolation specs and TAP tests; count them.
#
# Called by test.sh with WORK (a directory of its own, with a copy of the
# sources in src/) and MODE, private or installcheck.
#
# Why not plain pg_regress over all files: the tests need the extension and its
# store in the database, and must not see what another test left behind.  So a
# template database gets CREATE EXTENSION booking and booking.setup() once, and
# pg_regress is called for every regression test and every isolation spec on a
# fresh copy of it, one after the other.  What a test leaves outside its database
# (roles, databases, prepared transactions) is removed before the next one.  A
# file of which the first line contains "empty database" gets a bare database.
#
# Regression tests and isolation specs run on a server without
# shared_preload_libraries = 'booking': all but the background worker has to
# work there.  TAP tests make their own servers, see test/perl/BookingTest.pm.
# Sessions have the time zone UTC, ISO dates, and the usual interval style,
# which differs from what pg_regress alone would set.
#
# installcheck does the same on a running server, through the usual PG*
# variables, as a superuser, with booking installed.  Isolation specs there want
# max_prepared_transactions to be at least 10.
#
# Chosen by the environment:
#   ONLY         regress, isolation or tap: only this kind
#   REGRESS, ISOLATION, PROVE_TESTS
#                shell patterns of names; a kind of which nothing is named is
#                left out if another is named
#   TEST_TIMEOUT seconds for one test, default 300
#
# Writes WORK/counts ("passed failed"), WORK/changed (output files that differ)
# and WORK/out (results, differences, logs).
set -euo pipefail

cd "$WORK/src"
# shellcheck source=test/bin/lib.sh
. test/bin/lib.sh
find_server
RUNAS=()

export LANG=C.UTF-8 TZ=UTC
unset LC_ALL LANGUAGE LC_MESSAGES LC_COLLATE LC_CTYPE LC_TIME LC_NUMERIC LC_MONETARY
database=booking_regression
template=booking_template
passed=0
failed=0
failures=()
started=
child=
short=$(mktemp -d /tmp/booking-XXXXXX)   # for sockets, whose paths must be short

mkdir -p "$WORK/out" "$WORK/in"
ln -s ../src/test/sql ../src/test/specs ../src/expected "$WORK/in/"
rm -f "$WORK/counts" "$WORK/changed"

sql()
{
	"$BINDIR/psql" -XqAt -v ON_ERROR_STOP=1 "$@"
}

seconds_since()
{
	local now=$EPOCHREALTIME
	printf '%d.%02d' $(((${now/./} - ${1/./}) / 1000000)) $(((${now/./} - ${1/./}) / 10000 % 100))
}

# report KIND NAME ok|FAILED|skipped START [FILE-TO-SHOW]
report()
{
	case $3 in
		ok) passed=$((passed + 1)) ;;
		FAILED)
			failed=$((failed + 1))
			failures+=("$1 $2"$'\t'"${5:-}")
			;;
	esac
	printf '%-10s %-40s %-8s %7s s\n' "$1" "$2" "$3" "$(seconds_since "$4")"
	echo "$passed $failed" >"$WORK/counts"
}

# --- which tests ------------------------------------------------------------

wanted()
{
	[[ -z ${ONLY:-} || $ONLY == "$1" ]] || return 1
	[[ -n $2 || -z ${REGRESS:-}${ISOLATION:-}${PROVE_TESTS:-} ]]
}

# names DIR SUFFIX PATTERNS: the names of the files that match, sorted
names()
{
	local file name pattern
	local -a patterns
	read -ra patterns <<<"${3:-*}"
	for file in "$1"/*"$2"; do
		[[ -f $file ]] || continue
		name=${file##*/}
		name=${name%"$2"}
		for pattern in "${patterns[@]}"; do
			pattern=${pattern##*/}
			# shellcheck disable=SC2053
			if [[ $name == ${pattern%"$2"} ]]; then
				echo "$name"
				break
			fi
		done
	done
}

# --- the server -------------------------------------------------------------

stop_server()
{
	if [[ -n $started ]]; then
		stop_cluster "$WORK" immediate || true
		rm -rf "$WORK/pgdata"
		started=
	fi
}
trap 'stop_server; rm -rf "$short"' EXIT
trap '[[ -z $child ]] || kill "$child" 2>/dev/null; exit 130' INT TERM

# A command with a time limit; a signal to this script ends it at once.
limited()
{
	local status=0
	timeout -k 30 "${TEST_TIMEOUT:-300}" "$@" &
	child=$!
	wait "$child" || status=$?
	child=
	return $status
}

start_server()
{
	export PGHOST=$short PGPORT=5432 PGUSER=postgres
	init_cluster "$WORK" "$PGHOST" "$WORK/extra.conf" || return 1
	# Cluster.pm of 16 and later copies this instead of calling initdb.
	if [[ $(id -un) == postgres ]]; then
		cp -a "$WORK/pgdata" "$WORK/initdb_template"
		mv "$WORK/initdb_template/postgresql.conf.orig" "$WORK/initdb_template/postgresql.conf"
		export INITDB_TEMPLATE=$WORK/initdb_template
	fi
	started=yes
	start_cluster "$WORK"
}

# Without the store, tests that need none still tell something.
make_template()
{
	local start=$EPOCHREALTIME log=$WORK/out/template.log
	{
		remove_leftovers "datname = '$template'" &&
			sql -d postgres -c "CREATE DATABASE $template" &&
			sql -d "$template" -c "CREATE EXTENSION booking CASCADE"
	} >"$log" 2>&1 || {
		report template "CREATE EXTENSION" FAILED "$start" "$log"
		return 1
	}
	sql -d "$template" -c "SELECT booking.setup()" >"$log" 2>&1 ||
		report template "booking.setup()" FAILED "$start" "$log"
}

# remove_leftovers DATABASES [ROLES]: roll back what is prepared in these
# databases and drop them; then drop these roles.  Both are SQL conditions.
remove_leftovers()
{
	sql -d postgres >"$WORK/leftovers" <<-END
		SELECT format(E'\\\\connect %I\nROLLBACK PREPARED %L;', database, gid) FROM pg_prepared_xacts
		JOIN pg_database ON datname = database WHERE $1;
		SELECT E'\\\\connect postgres';
		SELECT format('DROP DATABASE %I WITH (FORCE);', datname) FROM pg_database WHERE $1;
		SELECT format('DROP ROLE %I;', rolname) FROM pg_roles WHERE ${2:-false};
	END
	"$BINDIR/psql" -XqAt -d postgres -f "$WORK/leftovers" >/dev/null
}

# fresh_database TEMPLATE: without a trace of the last test, as far as the server
# is ours.
fresh_database()
{
	if [[ $MODE == private ]]; then
		remove_leftovers "datname NOT IN ('postgres', 'template0', 'template1', '$template')" \
			"rolname !~ '^pg_' AND rolname NOT IN (SELECT rolname FROM template_roles)"
		sql -d postgres -c "ALTER SYSTEM RESET ALL" -c "SELECT pg_reload_conf()" >/dev/null
	else
		remove_leftovers "datname = '$database'"
	fi
	sql -d postgres -c "CREATE DATABASE $database TEMPLATE $1"
}

# --- the three kinds --------------------------------------------------------

# pg_regress sets a time zone and styles of its own; this goes between.
launcher="env PGTZ=UTC PGDATESTYLE=ISO PGOPTIONS="

# run_regress KIND PROGRAM NAME FILE
run_regress()
{
	local start=$EPOCHREALTIME out=out/$1/$3 from=$template status=0
	mkdir -p "$WORK/$out"
	if head -n 1 "$4" | grep -q 'empty database'; then
		from=template0
	fi
	if ! fresh_database "$from" >"$WORK/$out/log" 2>&1; then
		report "$1" "$3" FAILED "$start" "$WORK/$out/log"
		return
	fi
	limited "$TESTLIB/$2" --bindir="$BINDIR" \
		--inputdir=../in --outputdir="../$out" --launcher="$launcher" \
		--use-existing --dbname="$database" \
		${PGHOST:+--host="$PGHOST"} ${PGPORT:+--port="$PGPORT"} ${PGUSER:+--user="$PGUSER"} \
		"$3" >"$WORK/$out/log" 2>&1 || status=$?
	if [[ $status == 0 ]]; then
		report "$1" "$3" ok "$start"
		return
	fi
	if [[ $status == 124 ]]; then
		echo "timeout: longer than ${TEST_TIMEOUT:-300} s" >>"$WORK/$out/log"
	fi
	if [[ -s $WORK/$out/results/$3.out ]]; then
		echo "$out/results/$3.out" >>"$WORK/changed"
	fi
	if [[ -s $WORK/$out/regression.diffs ]]; then
		report "$1" "$3" FAILED "$start" "$WORK/$out/regression.diffs"
	elif [[ ! -f expected/$3.out && -f $WORK/$out/results/$3.out ]]; then
		{
			echo "There is no expected/$3.out; this came out:"
			head -n 40 "$WORK/$out/results/$3.out"
		} >"$WORK/$out/log"
		report "$1" "$3" FAILED "$start" "$WORK/$out/log"
	else
		report "$1" "$3" FAILED "$start" "$WORK/$out/log"
	fi
}

run_tap()
{
	local start=$EPOCHREALTIME out=$WORK/out/tap/$1 status=0
	mkdir -p "$out"
	limited env -u PGHOST -u PGUSER -u PGDATABASE PGPORT=65432 TMPDIR="$short" PATH="$BINDIR:$PATH" \
		PG_REGRESS="$TESTLIB/regress/pg_regress" TEST_EXTRA_CONF="$(<"$WORK/extra.conf")" \
		TESTDIR="$out" TESTDATADIR="$out/data" TESTLOGDIR="$out/log" \
		prove -v -I "$TESTLIB/perl" -I test/perl "test/t/$1.pl" >"$out/prove.log" 2>&1 || status=$?
	if [[ $status != 0 ]]; then
		[[ $status != 124 ]] || echo "timeout: longer than ${TEST_TIMEOUT:-300} s" >>"$out/prove.log"
		report tap "$1" FAILED "$start" "$out/prove.log"
	elif grep -q '^Result: NOTESTS' "$out/prove.log"; then
		report tap "$1" skipped "$start"
	else
		rm -rf "$out/data" "$out/tmp_check" "$out/log"
		report tap "$1" ok "$start"
	fi
}

# --- go ---------------------------------------------------------------------

regress=() isolation=() tap=()
if wanted regress "${REGRESS:-}"; then
	mapfile -t regress < <(names test/sql .sql "${REGRESS:-}")
fi
if wanted isolation "${ISOLATION:-}"; then
	mapfile -t isolation < <(names test/specs .spec "${ISOLATION:-}")
fi
if wanted tap "${PROVE_TESTS:-}"; then
	mapfile -t tap < <(names test/t .pl "${PROVE_TESTS:-}")
fi
echo "0 0" >"$WORK/counts"

echo "$("$BINDIR/postgres" --version), ${#regress[@]} regression tests," \
	"${#isolation[@]} isolation specs, ${#tap[@]} TAP tests"
echo

if [[ $((${#regress[@]} + ${#isolation[@]})) -gt 0 ]]; then
	ready=yes
	if [[ $MODE == private ]]; then
		start_server || ready=
	fi
	[[ -z $ready ]] || make_template || ready=
	if [[ -n $ready && $MODE == private ]]; then
		sql -d postgres -c "CREATE TABLE template_roles AS SELECT rolname FROM pg_roles"
	fi
	for name in "${regress[@]}"; do
		if [[ -n $ready ]]; then
			run_regress regress regress/pg_regress "$name" "test/sql/$name.sql"
		else
			report regress "$name" FAILED "$EPOCHREALTIME"
		fi
	done
	for name in "${isolation[@]}"; do
		if [[ -n $ready ]]; then
			run_regress isolation isolation/pg_isolation_regress "$name" "test/specs/$name.spec"
		else
			report isolation "$name" FAILED "$EPOCHREALTIME"
		fi
	done
	if [[ -n $ready && $MODE == installcheck ]]; then
		remove_leftovers "datname IN ('$database', '$template')"
	fi
	stop_server
fi
for name in "${tap[@]}"; do
	run_tap "$name"
done

# A crash does not always show in what a test prints.
if grep -E -m 3 'TRAP: |was terminated by signal (4|6|7|8|11)' "$WORK/server.log" 2>/dev/null; then
	report server crashed FAILED "$EPOCHREALTIME" "$WORK/server.log"
fi

for failure in "${failures[@]}"; do
	file=${failure#*$'\t'}
	echo
	echo "==== ${failure%%$'\t'*}"
	case $file in
		'') ;;
		*.diffs) head -n 150 "$file" ;;
		*/prove.log)
			grep -v '^ok ' "$file" | tail -n 60
			# why a test died, and why a server did, stands in logs of their own
			find "${file%/*}" -name 'regress_log_*' -exec tail -n 20 {} +
			find "${file%/*}" -name '*.log' ! -name prove.log -exec \
				grep -hE 'FATAL:|PANIC:|TRAP:|terminated by signal' {} + | tail -n 10 || true
			;;
		*) tail -n 40 "$file" ;;
	esac
done
