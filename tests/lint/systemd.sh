#!/bin/sh
# Checks the unit of ops/systemd with systemd's own words, and prints TAP.
set -eu
cd "$(dirname "$0")/../.."
if ! command -v systemd-analyze >/dev/null 2>&1; then
    echo '1..0 # SKIP there is no systemd-analyze'
    exit 0
fi
echo 1..2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# claim NUMBER NAME FINDINGS: what is found is what is wrong.
claim() {
    if [ -z "$3" ]; then echo "ok $1 - $2"; else
        echo "not ok $1 - $2"
        printf '%s\n' "$3" | sed 's/^/# /'
    fi
}

# A misspelt setting is only warned of, and forgotten. The program need not be installed here.
sed 's|^ExecStart=.*|ExecStart=/bin/true|' ops/systemd/clmd.service >"$work/clmd.service"
claim 1 'systemd understands every line of the unit' \
    "$(systemd-analyze verify "$work/clmd.service" 2>&1)"

exposure=$(systemd-analyze security --offline=true --no-pager ops/systemd/clmd.service |
    sed -n 's/.*Overall exposure level[^:]*: \([0-9.]*\).*/\1/p')
grep -qF "(\`systemd-analyze security\`: $exposure)" README.md && finding= ||
    finding="the README does not tell of $exposure"
claim 2 'the README tells how exposed it is' "$finding"
