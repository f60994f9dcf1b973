#!/bin/sh
# Runs the tests of the SQL side on an empty database, or on one that was migrated and holds no
# events. Each test is one transaction that is rolled back, and prints TAP.
#
#   run.sh DATABASE_URL [TEST.sql ...]
#
# HISTORIES and FIRST say how many random histories are tried, and from which on.
set -eu
url=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
migrations=$here/../../migrations
newline='
'
sql() {
    # each result of a row on a line of its own
    psql --no-psqlrc --quiet --tuples-only --no-align --field-separator "$newline" \
        --set ON_ERROR_STOP=1 \
        ${HISTORIES:+--set histories="$HISTORIES"} ${FIRST:+--set first="$FIRST"} "$url" "$@"
}

if [ -z "$(sql --command "select to_regnamespace('lifecycle')")" ]; then
    cat "$migrations"/[0-9]*.sql "$migrations"/reset.sql "$migrations"/functions/*.sql \
        "$migrations"/views/*.sql "$migrations"/metrics/*.sql | sql --single-transaction
fi
if [ "$(sql --command 'select exists (select from lifecycle.event)')" = t ]; then
    echo "Bail out! The database holds events: these tests want one of their own"
    exit 1
fi

[ $# -gt 0 ] || set -- "$here"/test_*.sql
failed=0
for test in "$@"; do
    echo "# $(basename "$test")"
    output=$(sql --file "$test" 2>&1) || failed=1
    printf '%s\n' "$output"
    case $output in *"not ok "*) failed=1 ;; esac
done
exit $failed
