#!/bin/sh
# Runs one test for prove, and lets it see TAP alone: prove.sh TEST
#
#   a program, a script   as it is; what it says on standard error is shown if it fails
#   *.sql                 on a migrated, empty database of its own; CLMD names the clmd to use
#   …/fuzz_*              FUZZ_RUNS random inputs; one test, which fails with the program
set -eu
test=$1
scratch=$(mktemp -d)
server=

# shellcheck disable=SC2317 # called by the trap
stop() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$scratch"
}
trap stop EXIT
trap 'exit 130' INT TERM

start_server() {
    : >"$scratch/server.log"
    CLMD_DATA_DIR=$scratch/data CLMD_LISTEN=127.0.0.1:0 CLMD_GREETING=0 \
        "$CLMD" serve 2>>"$scratch/server.log" &
    server=$!
    tries=600
    until grep -q 'msg=listening' "$scratch/server.log"; do
        tries=$((tries - 1))
        if [ "$tries" -eq 0 ] || ! kill -0 "$server" 2>/dev/null; then
            sed 's/^/# /' "$scratch/server.log"
            echo 'Bail out! clmd serve did not come up'
            exit 1
        fi
        sleep 0.1
    done
}

fuzz() {
    echo 1..1
    if "$test" "$FUZZ_RUNS" >"$scratch/output" 2>&1; then
        echo "ok 1 - $(head -n 1 "$scratch/output")"
    else
        sed 's/^/# /' "$scratch/output"
        echo 'not ok 1 - an input breaks a promise'
        return 1
    fi
}

status=0
chmod 755 "$scratch"
case $test in
    *.sql)
        start_server
        sh tests/sql/run.sh "postgresql://clmd@/postgres?host=$scratch/data/socket" "$test" \
            2>"$scratch/errors" || status=$?
        ;;
    */fuzz_*) fuzz 2>"$scratch/errors" || status=$? ;;
    *) "$test" 2>"$scratch/errors" || status=$? ;;
esac
[ "$status" -eq 0 ] || sed 's/^/# /' "$scratch/errors" >&2
exit "$status"
