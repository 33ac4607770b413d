# shellcheck shell=bash
#
# lib.sh: what the scripts beside it share.  Sourced, not run.
#
# Sets ROOT (the checkout), PG_CONFIG and MAKE, and defines functions.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PG_CONFIG=${PG_CONFIG:-pg_config}
MAKE=${MAKE:-make}

die()
{
	echo "$*" >&2
	exit 1
}

# Where the server that PG_CONFIG names keeps its things.
find_server()
{
	BINDIR=$("$PG_CONFIG" --bindir)
	SHAREDIR=$("$PG_CONFIG" --sharedir)
	PKGLIBDIR=$("$PG_CONFIG" --pkglibdir)
	TESTLIB=$("$PG_CONFIG" --pgxs)
	TESTLIB=${TESTLIB%/makefiles/pgxs.mk}/test
	export BINDIR SHAREDIR PKGLIBDIR TESTLIB
}

# Forget connection settings of the caller: they mean some other server.
forget_pg_environment()
{
	local name
	for name in $(compgen -e | grep '^PG' || true); do
		[[ $name == PG_CONFIG ]] || unset "$name"
	done
}

# RUNAS: the words that make a command run as somebody PostgreSQL accepts.
#
# initdb and postgres refuse root.  A user namespace in which root's files
# belong to another user solves that without changing any owner, even below a
# directory closed to all others.  Where namespaces are forbidden (containers,
# chroots), another user takes over; RUNAS_OWNER is then who must own the files.
choose_user()
{
	local user uid gid
	RUNAS=()
	RUNAS_OWNER=
	[[ $(id -u) == 0 ]] || return 0
	for user in postgres nobody; do
		if id -u "$user" >/dev/null 2>&1; then
			break
		fi
	done
	uid=$(id -u "$user")
	gid=$(id -g "$user")
	if unshare --user --map-user="$uid" --map-group="$gid" true 2>/dev/null; then
		RUNAS=(unshare --user --map-user="$uid" --map-group="$gid")
	else
		RUNAS=(setpriv --reuid="$uid" --regid="$gid" --clear-groups)
		RUNAS_OWNER=$uid:$gid
	fi
}

# own_by_user DIR...: hand over to whom RUNAS runs as.
own_by_user()
{
	if [[ -n $RUNAS_OWNER ]]; then
		chown -R "$RUNAS_OWNER" "$@"
	fi
}

# usable_dir DIR: can the user of RUNAS work in DIR, and do the paths that go
# into server settings (where ':' and quotes mean something) come through?
usable_dir()
{
	[[ $1 != *[:,\'\"\`\$\\]* && $1 != *$'\n'* ]] || return 1
	own_by_user "$1"
	"${RUNAS[@]}" test -r "$1" -a -w "$1" -a -x "$1" 2>/dev/null
}

# build_and_stage DIR: build the extension and install it below DIR/dest, where
# only servers with the settings in DIR/extra.conf see it.  A server that can't
# be told to look elsewhere (self-built, before 18) gets it in its own prefix.
build_and_stage()
{
	local dest=$1/dest log=$1/build.log how='' guc
	for guc in extension_control_path extension_destdir; do
		if grep -qa "$guc" "$BINDIR/postgres"; then
			how=$guc
			break
		fi
	done
	[[ -n $how ]] || dest=
	mkdir -p "$1"
	(
		flock 8
		"$MAKE" -s -C "$ROOT" -j"$(nproc)" all &&
			"$MAKE" -s -C "$ROOT" install DESTDIR="$dest"
	) >"$log" 2>&1 8>"$1/.build.lock" || {
		cat "$log" >&2
		return 1
	}
	grep -E 'warning' "$log" >&2 || true
	{
		case $how in
			extension_control_path) echo "extension_control_path = '$dest$SHAREDIR:\$system'" ;;
			extension_destdir) echo "extension_destdir = '$dest'" ;;
		esac
		[[ -z $how ]] || echo "dynamic_library_path = '$dest$PKGLIBDIR:\$libdir'"
		echo "fsync = off"
	} >"$1/extra.conf"
}

# Settings of every server started here: reachable through its socket only.
private_conf()
{
	cat <<-END
		listen_addresses = ''
		unix_socket_permissions = 0700
		timezone = 'UTC'
		log_timezone = 'UTC'
		lc_messages = 'C'
		max_prepared_transactions = 10
		jit = off
		log_line_prefix = '%m [%p] %q%d %a '
	END
}

# init_cluster DIR SOCKETDIR [CONF-FILE...]: make DIR/pgdata unless there is one
# of this major, and write its settings anew.  Log: DIR/initdb.log.
init_cluster()
{
	local dir=$1 socket=$2
	shift 2
	if [[ ! -f $dir/pgdata/postgresql.conf.orig ]] ||
		[[ $("$BINDIR/postgres" --version) != *" $(<"$dir/pgdata/PG_VERSION")"[^0-9]* ]]; then
		rm -rf "$dir/pgdata"
		(cd "$dir" && "${RUNAS[@]}" "$BINDIR/initdb" -D "$dir/pgdata" -U postgres -A trust -N \
			--no-instructions --no-locale -E UTF8) >"$dir/initdb.log" 2>&1 </dev/null || {
			cat "$dir/initdb.log" >&2
			return 1
		}
		"${RUNAS[@]}" cp "$dir/pgdata/postgresql.conf" "$dir/pgdata/postgresql.conf.orig"
	fi
	{
		cat "$dir/pgdata/postgresql.conf.orig"
		private_conf
		echo "unix_socket_directories = '$socket'"
		[[ $# == 0 ]] || cat "$@"
	} | "${RUNAS[@]}" tee "$dir/pgdata/postgresql.conf" >/dev/null
}

# pg_ctl, from a directory that the server's user may enter.
control()
{
	local dir=$1
	shift
	(cd "$dir" && "${RUNAS[@]}" "$BINDIR/pg_ctl" -D "$dir/pgdata" -s "$@")
}

# start_cluster DIR, stop_cluster DIR MODE.  Log: DIR/server.log.
start_cluster()
{
	control "$1" -w -l "$1/server.log" start </dev/null 8>&- 9>&- || {
		tail -n 30 "$1/server.log" >&2
		return 1
	}
}

stop_cluster()
{
	control "$1" -m "$2" stop
}

cluster_runs()
{
	[[ -f $1/pgdata/postmaster.pid ]] && control "$1" status >/dev/null 2>&1
}
