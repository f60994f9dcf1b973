#!/bin/sh
# No function over 40 lines, no C file over 320. Functions open and close in the first column,
# which is what clang-format sees to.
set -eu
cd "$(dirname "$0")/../.."
echo 1..2

report() { # NUMBER NAME FINDINGS
    if [ -z "$3" ]; then echo "ok $1 - $2"; else
        echo "not ok $1 - $2"
        printf '%s\n' "$3" | sed 's/^/# /'
    fi
}

files=$(find src include tests -name '*.[ch]')
# shellcheck disable=SC2086 # no file of ours has a space in its name
report 1 'no function over 40 lines' "$(awk '
    /^\{/ { start = FNR }
    /^\}/ && start {
        if (FNR - start - 1 > 40) print FILENAME ":" start ": " FNR - start - 1 " lines"
        start = 0
    }' $files)"
# shellcheck disable=SC2086
report 2 'no file over 320 lines' "$(awk '
    function tell() { if (lines > 320) print name ": " lines " lines" }
    FNR == 1 { tell(); name = FILENAME }
    { lines = FNR }
    END { tell() }' $files)"
