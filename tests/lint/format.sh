#!/bin/sh
# The code is as clang-format would have it; ./dev format sees to that.
set -eu
cd "$(dirname "$0")/../.."
echo 1..1
if ! command -v clang-format >/dev/null; then
    echo 'ok 1 - # SKIP there is no clang-format here'
    exit
fi
if found=$(find src include tests -name '*.[ch]' -exec clang-format --dry-run -Werror {} + 2>&1); then
    echo 'ok 1 - the code is formatted'
else
    echo 'not ok 1 - the code is formatted'
    printf '%s\n' "$found" | sed 's/^/# /'
fi
