#!/bin/sh
# Runs one test for prove, and lets it see TAP alone: prove.sh TEST
#
#   a program, a script   as it is; what it says on standard error is shown if it fails
#   build-valgrind/…      the same under valgrind
#   *.sql                 on a migrated, empty database of its own; CLMD names the clmd to use
#   …/fuzz_*              a target of libFuzzer, for FUZZ_SECONDS and behind all else; one test
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

# What a target finds is kept, for whoever mends it makes a seed of it; so are the seeds that it
# has grown from its own, until the run ends.
fuzz() {
    name=${test##*/fuzz_}
    finds=$(mktemp -d "${TMPDIR:-/tmp}/clmd-fuzz-$name.XXXXXX")
    mkdir "$scratch/grown"
    UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 CLMD_FUZZ_SOCKET=$scratch/data/socket
    export UBSAN_OPTIONS CLMD_FUZZ_SOCKET
    echo 1..1
    if "$test" -max_total_time="$FUZZ_SECONDS" -max_len=4096 -timeout=60 -rss_limit_mb=2048 \
        -artifact_prefix="$finds/" -dict="tests/fuzz/$name.dict" \
        "$scratch/grown" "tests/fuzz/corpus/$name" >"$scratch/output" 2>&1; then
        rmdir "$finds"
        echo "ok 1 - $name: $(grep -a DONE "$scratch/output")"
    else
        tail -n 60 "$scratch/output" >&2
        for find in "$finds"/*; do
            [ ! -f "$find" ] || echo "$find: $(base64 -w 0 "$find")" >&2
        done
        echo "not ok 1 - $name: an input breaks a promise"
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
    */fuzz_*)
        renice -n 19 $$ >/dev/null
        case $test in *_cursor | *_request | *_segment) start_server ;; esac
        fuzz 2>"$scratch/errors" || status=$?
        ;;
    build-valgrind/*)
        CK_TIMEOUT_MULTIPLIER=20 sh tests/valgrind/memcheck.sh "$test" 2>"$scratch/errors" || status=$?
        ;;
    *) "$test" 2>"$scratch/errors" || status=$? ;;
esac
[ "$status" -eq 0 ] || sed 's/^/# /' "$scratch/errors" >&2
exit "$status"
