#!/bin/bash
#
# demo.sh start: show what booking does, on a private server that keeps running.
# demo.sh stop [--quiet]: stop that server.
#
# The server lives in tmp/demo (below /tmp if its user can't work there), listens
# on a socket in its own directory only, and preloads booking.  start may be run
# again at any time: the server is restarted with the code as it is now, the
# database booking_demo is made anew, other databases stay.
#
# The story is told by test/demo/*.sql, run in order with ON_ERROR_STOP; a file
# turns that off around errors it wants to show.  The files echo themselves, and
# lines that begin with a backslash are taken out of that.
set -euo pipefail

# shellcheck source=test/bin/lib.sh
. "$(dirname "$0")/lib.sh"

database=booking_demo
note=$ROOT/tmp/.demo   # where the server is: its directory, then its socket's
dir='' socket=''

recall()
{
	if [[ -f $note ]]; then
		{ read -r dir && read -r socket; } <"$note" || true
	fi
	[[ -n $dir && -d $dir ]]
}

stop()
{
	if recall && cluster_runs "$dir"; then
		stop_cluster "$dir" fast
		return 0
	fi
	return 1
}

find_server_or_leave()
{
	if command -v "$PG_CONFIG" >/dev/null; then
		find_server
		choose_user
	elif [[ -f $note ]]; then
		die "pg_config not found; PG_CONFIG names the server to use"
	else
		exit 0
	fi
}

case ${1:-} in
	stop)
		find_server_or_leave
		if stop; then
			echo "The demo's server is stopped. Its data is in $dir until the next \"make clean-test\"."
		elif [[ ${2:-} != --quiet ]]; then
			echo "The demo's server is not running."
		fi
		if [[ -n $socket && $socket != "$dir"/* ]]; then
			rm -rf "$socket"
		fi
		if [[ ${2:-} == --quiet && -n $dir && $dir != "$ROOT"/* ]]; then
			rm -rf "$dir"
		fi
		exit 0
		;;
	start) ;;
	*) die "usage: demo.sh start | stop" ;;
esac

forget_pg_environment
find_server
choose_user
mkdir -p "$ROOT/tmp"
exec 9>"$ROOT/tmp/.demo.lock"
flock -n 9 || die "another \"make demo\" is running in this checkout"

stop || true
if ! recall || ! usable_dir "$dir"; then
	dir=$ROOT/tmp/demo
	{ rm -rf "$dir" && mkdir -p "$dir" && usable_dir "$dir"; } 2>/dev/null ||
		dir=$(mktemp -d /tmp/booking-demo-XXXXXX)
fi
# The path of a socket is limited to 107 bytes.
if [[ ${#dir} -le 70 ]]; then
	socket=$dir/socket
	mkdir -p "$socket"
elif [[ -z $socket || ! -d $socket ]]; then
	socket=$(mktemp -d /tmp/booking-demo-XXXXXX)
fi
chmod 700 "$dir" "$socket"
printf '%s\n' "$dir" "$socket" >"$note"

echo "Building booking and starting a private server ..."
rm -rf "$dir/dest"
build_and_stage "$dir"
echo "shared_preload_libraries = 'booking'" >"$dir/demo.conf"
own_by_user "$dir" "$socket"
init_cluster "$dir" "$socket" "$dir/extra.conf" "$dir/demo.conf"
start_cluster "$dir"

export PGHOST=$socket PGPORT=5432 PGUSER=postgres PGCLIENTENCODING=UTF8
PGOPTIONS='-c client_min_messages=warning' "$BINDIR/psql" -Xq -v ON_ERROR_STOP=1 -d postgres \
	-c "DROP DATABASE IF EXISTS $database WITH (FORCE)" -c "CREATE DATABASE $database" \
	-c "\connect $database" \
	-c "CREATE EXTENSION booking CASCADE" -c "SELECT booking.setup()" >/dev/null ||
	die "The extension could not be set up; the server's log is $dir/server.log"

psql=psql
command -v psql >/dev/null || psql=$(printf '%q' "$BINDIR/psql")
connect="$psql -h $(printf '%q' "$socket") -p 5432 -U postgres $database"

style=ascii
[[ ${LC_ALL:-${LC_CTYPE:-${LANG:-}}} != *[Uu][Tt][Ff]* ]] || style=unicode
cd "$ROOT"
for file in test/demo/*.sql; do
	[[ -f $file ]] || continue
	# Lines of the file are of interest only when it fails.
	status=0
	"$BINDIR/psql" -Xq -v ON_ERROR_STOP=1 -P pager=off -P linestyle=$style -P footer=off \
		-d "$database" -f "$file" 2>&1 </dev/null | tee "$dir/demo.log" |
		sed -u -e 's/^psql:[^ ]*:[0-9]*: //' -e '/^\\/d' | cat -s ||
		status=$?
	if [[ $status != 0 ]]; then
		{
			echo
			echo "The demo stopped, this was not expected:"
			grep '^psql:' "$dir/demo.log" | tail -n 1 || true
			echo "To look around: $connect"
			echo "The server's log: $dir/server.log"
		} >&2
		exit 1
	fi
done

cat <<END

The server keeps running. Go on yourself:

  $connect

Stop it with "make demo-stop". "make demo" again starts afresh.
END
