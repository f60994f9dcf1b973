#!/bin/sh
# Lints openapi.yaml with Redocly, and prints TAP. What npm installs is the locked set of
# tests/lint/openapi, without scripts; it is kept in build-lint/ for the next time.
set -eu

tests=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$tests/../.." && pwd)
cache=${CLMD_LINT_CACHE:-$root/build-lint/openapi}
name='openapi.yaml lints clean'

REDOCLY_TELEMETRY=off
REDOCLY_SUPPRESS_UPDATE_NOTICE=true
export REDOCLY_TELEMETRY REDOCLY_SUPPRESS_UPDATE_NOTICE

echo 1..1

finish() { # "ok" or "not ok", and a file to show as a diagnostic
    [ "$1" = ok ] || sed 's/^/# /' "$2"
    echo "$1 1 - $name"
    [ "$1" = ok ]
    exit
}

if ! command -v npm >/dev/null 2>&1; then
    echo "ok 1 - $name # SKIP npm is not installed"
    exit 0
fi

mkdir -p "$cache"
log=$cache/lint.log
if ! cmp -s "$tests/openapi/package-lock.json" "$cache/installed.json"; then
    cp "$tests/openapi/package.json" "$tests/openapi/package-lock.json" \
        "$tests/openapi/.npmrc" "$cache"
    (cd "$cache" && npm ci --ignore-scripts) >"$log" 2>&1 || finish 'not ok' "$log"
    cp "$tests/openapi/package-lock.json" "$cache/installed.json"
fi

if "$cache/node_modules/.bin/redocly" lint --config "$tests/openapi/redocly.yaml" \
    "$root/openapi.yaml" >"$log" 2>&1; then
    finish ok "$log"
else
    finish 'not ok' "$log"
fi
