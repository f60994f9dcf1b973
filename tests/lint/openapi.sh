#!/bin/sh
# Lints openapi.yaml with Redocly, and prints TAP.
set -eu
# shellcheck source=tests/lint/npm
. "$(dirname "$0")/npm"

REDOCLY_TELEMETRY=off
REDOCLY_SUPPRESS_UPDATE_NOTICE=true
export REDOCLY_TELEMETRY REDOCLY_SUPPRESS_UPDATE_NOTICE

begin openapi 1
check 'openapi.yaml lints clean' "$cache/node_modules/.bin/redocly" lint \
    --config "$tests/openapi/redocly.yaml" "$root/openapi.yaml"
