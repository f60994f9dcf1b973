#!/bin/sh
# Checks the manifests of ops/kubernetes against the schemas of the Kubernetes API, and prints TAP.
# What npm installs is the locked set of tests/lint/kubernetes, without scripts; it is kept in
# build-lint/ for the next time.
set -eu

tests=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$tests/../.." && pwd)
cache=${CLMD_LINT_CACHE:-$root/build-lint}/kubernetes
name='the manifests of ops/kubernetes are as Kubernetes wants them'

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
if ! cmp -s "$tests/kubernetes/package-lock.json" "$cache/installed.json"; then
    cp "$tests/kubernetes/package.json" "$tests/kubernetes/package-lock.json" \
        "$tests/kubernetes/.npmrc" "$cache"
    (cd "$cache" && npm ci --ignore-scripts) >"$log" 2>&1 || finish 'not ok' "$log"
    cp "$tests/kubernetes/package-lock.json" "$cache/installed.json"
fi

cp "$tests/kubernetes/check.js" "$cache"
if (cd "$root" && node "$cache/check.js" ops/kubernetes/*.yaml) >"$log" 2>&1; then
    finish ok "$log"
else
    finish 'not ok' "$log"
fi
