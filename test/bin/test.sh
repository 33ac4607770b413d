#!/bin/bash
#
# test.sh: build, install into a private directory, run the tests there.
#
#   test.sh                 on a server of its own (make test)
#   test.sh installcheck    on the running server that PGHOST, PGPORT, ... name
#
# Everything happens in tmp/test, or in a directory below /tmp when the server's
# user can't work in the checkout; what failed can be read in tmp/test/out in
# both cases.  No system directory is touched.  suite.sh, which this runs as a
# user that PostgreSQL accepts, chooses and runs the tests; see there for ONLY,
# REGRESS, ISOLATION, PROVE_TESTS and TEST_TIMEOUT.
#
# ACCEPT=1 copies the actual output of failed regression and isolation tests
# over the expected one.  They still count as failed this time.
#
# The last line is "N passed, N failed"; the exit status is 0 only if something
# passed and nothing failed.
set -euo pipefail

# shellcheck source=test/bin/lib.sh
. "$(dirname "$0")/lib.sh"

mode=${1:-private}
finish()
{
	echo
	echo "$1 passed, $2 failed"
	[[ $1 -gt 0 && $2 -eq 0 ]] || exit 1
	exit 0
}

# The first run in a checkout uses tmp/test, one beside it tmp/test-PID.
result=$ROOT/tmp/test
if mkdir -p "$ROOT/tmp" 2>/dev/null && exec 9>"$ROOT/tmp/.test.lock"; then
	flock -n 9 || result=$ROOT/tmp/test-$$
else
	result=
fi 2>/dev/null

find_server
choose_user
work=$result
if [[ -z $result ]] || ! { rm -rf "$result" && mkdir -p "$result" && usable_dir "$result"; } 2>/dev/null; then
	work=$(mktemp -d "${TMPDIR:-/tmp}/booking-test.XXXXXX")
fi
if [[ $mode == private ]]; then
	forget_pg_environment
	build_and_stage "$work" || finish 0 1
else
	: >"$work/extra.conf"
fi

# A copy of the sources as they are now: editing them meanwhile changes nothing,
# and the server's user needs no access to the checkout.
mkdir "$work/src"
tar -C "$ROOT" -cf - --exclude=./.git --exclude=./tmp --exclude='*.o' --exclude='*.so' . |
	tar -C "$work/src" -xf - --no-same-owner
own_by_user "$work"

status=0
"${RUNAS[@]}" env WORK="$work" MODE="$mode" "$work/src/test/bin/suite.sh" 9>&- </dev/null || status=$?

passed=0 failed=0
if [[ -f $work/counts ]]; then
	read -r passed failed <"$work/counts"
fi
if [[ $status != 0 ]]; then
	echo "The tests ended early, with status $status."
	failed=$((failed + 1))
fi
if [[ -n ${ACCEPT:-} && -f $work/changed ]]; then
	while read -r out; do
		cp "$work/$out" "$ROOT/expected/"
		echo "accepted: expected/${out##*/}"
	done <"$work/changed"
fi
rm -rf "$work/src" "$work/in"
if [[ $work != "$result" ]]; then
	if [[ -n $result ]] && mkdir -p "$result" && cp -R "$work/." "$result/"; then
		rm -rf "$work"
	else
		echo "results are in $work"
	fi 2>/dev/null
elif [[ $result == *-$$ && $failed == 0 ]]; then
	rm -rf "$result"
fi
finish "$passed" "$failed"
