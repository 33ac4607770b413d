#!/bin/bash
#
# deps.sh: make sure that what building and testing need is on this machine.
#
# Needed: a C compiler, the server and its development files as PG_CONFIG
# (default pg_config) names them, pg_regress, btree_gist, prove and IPC::Run, and
# Python 3.9 with the time zones of the system for test/model.
# If all is there, this looks at a few files and is done: no network, no root.
# Otherwise it installs Debian packages (as root or by sudo without a password),
# without starting a server; or it says which command would, and fails.
#
# DEPS_EXTRA names further packages to install along with what is missing.
set -euo pipefail

PG_CONFIG=${PG_CONFIG:-pg_config}

# Says what is missing, one line each; silent when nothing is.
missing()
{
	local pgxs tests gist
	"${CC:-gcc}" --version >/dev/null 2>&1 || echo "a C compiler (${CC:-gcc})"
	echo '#include <stdio.h>' | "${CC:-gcc}" -E - >/dev/null 2>&1 || echo "the C library's headers"
	command -v make >/dev/null || echo "make"
	command -v prove >/dev/null || echo "prove"
	perl -MIPC::Run -MTest::More -MTime::HiRes -e1 >/dev/null 2>&1 || echo "Perl's IPC::Run"
	python3 -c 'import zoneinfo; zoneinfo.ZoneInfo("Europe/Berlin")' >/dev/null 2>&1 ||
		echo "Python 3.9 with time zones"
	pgxs=$("$PG_CONFIG" --pgxs 2>/dev/null) || pgxs=
	if [[ ! -f $pgxs || ! -f $("$PG_CONFIG" --includedir-server)/postgres.h ]]; then
		echo "PostgreSQL's server development files (pg_config: $PG_CONFIG)"
		return
	fi
	tests=${pgxs%/makefiles/pgxs.mk}/test
	gist=$("$PG_CONFIG" --sharedir)/extension/btree_gist.control
	[[ -x $("$PG_CONFIG" --bindir)/initdb ]] || echo "PostgreSQL's server programs"
	[[ -x $tests/regress/pg_regress && -x $tests/isolation/pg_isolation_regress ]] ||
		echo "pg_regress and pg_isolation_regress"
	[[ -f $tests/perl/PostgreSQL/Test/Cluster.pm ]] || echo "PostgreSQL's Perl test modules"
	[[ -f $gist ]] || echo "the extension btree_gist"
}

# The major to install: the one that is here already, else the distribution's own.
pg_major()
{
	local dir newest=
	for dir in /usr/lib/postgresql/*/bin/postgres; do
		[[ -x $dir ]] || continue
		dir=${dir#/usr/lib/postgresql/}
		if [[ -z $newest || ${dir%%/*} -gt $newest ]]; then
			newest=${dir%%/*}
		fi
	done
	if [[ -z $newest ]]; then
		newest=$(apt-cache depends postgresql 2>/dev/null |
			sed -n 's/^ *Depends: postgresql-\([0-9]*\)$/\1/p' | head -n 1)
	fi
	echo "${newest:-15}"
}

lacking=$(missing)
[[ -n $lacking ]] || exit 0
echo "Missing on this machine:"
while read -r line; do echo "  - $line"; done <<< "$lacking"

if ! command -v apt-get >/dev/null; then
	echo "Please install these; only Debian and its relatives are known here." >&2
	exit 1
fi
# A server named by hand is not replaced by a packaged one.
if [[ $PG_CONFIG != pg_config && $lacking == *PostgreSQL* ]]; then
	echo "PG_CONFIG=$PG_CONFIG does not name a complete server installation." >&2
	exit 1
fi

if [[ $(id -u) == 0 ]]; then
	asroot=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
	asroot=(sudo -n)
else
	major=$(pg_major)
	{
		echo "To install them, run this once as root, then try again:"
		echo
		echo "  apt-get update && apt-get install --no-install-recommends gcc libc6-dev make perl" \
			"libipc-run-perl python3 tzdata postgresql-$major postgresql-server-dev-$major"
	} >&2
	exit 1
fi

log=$(mktemp "${TMPDIR:-/tmp}/booking-deps.XXXXXX")
step()
{
	# bash's own "if ! cmd" would hide the reason; keep the log and show its end
	"${asroot[@]}" env DEBIAN_FRONTEND=noninteractive "$@" >>"$log" 2>&1 </dev/null || {
		tail -n 20 "$log" >&2
		echo "failed: $* (all of it: $log)" >&2
		exit 1
	}
}

# postgresql-common would create and start a cluster of its own: not wanted.
# Afterwards the package's own default stands there.
conf=/etc/postgresql-common/createcluster.conf
made_conf=
if [[ ! -e $conf ]]; then
	"${asroot[@]}" mkdir -p "${conf%/*}"
	echo 'create_main_cluster = false' | "${asroot[@]}" tee "$conf" >/dev/null
	made_conf=yes
fi

echo "Installing (this takes a minute) ..."
step apt-get -q update
major=$(pg_major)
# shellcheck disable=SC2086
step apt-get -q -y --no-install-recommends -o Dpkg::Options::=--force-confold \
	-o Dpkg::Options::=--force-unsafe-io install \
	gcc libc6-dev make perl libipc-run-perl python3 tzdata "postgresql-$major" "postgresql-server-dev-$major" ${DEPS_EXTRA:-}
default=/usr/share/postgresql-common/createcluster.conf
if [[ -n $made_conf && -f $default ]]; then
	"${asroot[@]}" cp "$default" "$conf"
fi

lacking=$(missing)
if [[ -n $lacking ]]; then
	echo "Still missing after the installation:" >&2
	while read -r line; do echo "  - $line"; done <<< "$lacking" >&2
	exit 1
fi
rm -f "$log"
echo "Installed PostgreSQL $major and what belongs to it."
