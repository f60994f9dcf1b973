#!/bin/sh
# The layers: base, json, db, http, ingest, api, command, main. A file includes its own layer and
# those before it only; libpq and libmicrohttpd are known to few.
set -eu
cd "$(dirname "$0")/../.."
echo 1..3

report() { # NUMBER NAME FINDINGS
    if [ -z "$3" ]; then echo "ok $1 - $2"; else
        echo "not ok $1 - $2"
        printf '%s\n' "$3" | sed 's/^/# /'
    fi
}

# includes DIRECTORY: file:line:#include "layer/…" or <system>
includes() { grep -rnE '^#include' "$@" --include='*.c' --include='*.h' || true; }

report 1 'layers include only themselves and those before them' "$(includes src include | awk '
    BEGIN {
        count = split("base json db http ingest api command", names, " ")
        for (i = 1; i <= count; i++) rank[names[i]] = i
    }
    match($0, /"[a-z_]+\//) {
        to = substr($0, RSTART + 1, RLENGTH - 2)
        split($0, parts, ":")
        depth = split(parts[1], path, "/")
        from = path[1] == "src" && depth == 2 ? count + 1 : rank[path[2]]
        if (!(to in rank) || rank[to] > from) print
    }')"
report 2 'libpq-fe.h only in db, and where rows are read' "$(
    includes src/base src/json include/base include/json include/http include/api | grep 'libpq-fe.h' || true)"
report 3 'microhttpd.h only in http' "$(
    includes src include | grep 'microhttpd.h' | grep -vE '^(src|include)/http/' || true)"
