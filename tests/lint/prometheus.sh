#!/bin/sh
# The alert rules: sound, and rising where they should; the dashboard's expressions: sound.
set -eu
cd "$(dirname "$0")/../.."
promtool=${PROMTOOL:-$(sh tests/promtool.sh)}
if [ -z "$promtool" ]; then
    echo "1..0 # SKIP there is no promtool, and Debian's package prometheus is not to be had"
    exit 0
fi
echo 1..4
number=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# check NAME COMMAND...
check() {
    number=$((number + 1))
    name=$1
    shift
    if "$@" >"$work/output" 2>&1; then echo "ok $number - $name"; else
        echo "not ok $number - $name"
        sed 's/^/# /' "$work/output"
    fi
}

# As rules that record, since promtool reads expressions nowhere else.
python3 - >"$work/dashboard.yaml" <<'PYTHON'
import json
panels = json.load(open("ops/grafana/clmd.json"))["panels"]
asked = [target["expr"] for panel in panels for target in panel.get("targets", [])]
assert len(asked) > 40
asked = [each.replace("$__rate_interval", "1m").replace("$instance", ".*") for each in asked]
rules = [{"record": f"panel:{number}", "expr": each} for number, each in enumerate(asked)]
print(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
PYTHON

check 'the configuration is sound' "$promtool" check config ops/prometheus/prometheus.yaml
check 'the rules are sound' "$promtool" check rules --lint=all --lint-fatal ops/prometheus/rules.yaml
check 'the alerts rise where they should' "$promtool" test rules ops/prometheus/rules_test.yaml
check "the dashboard's expressions are sound" "$promtool" check rules "$work/dashboard.yaml"
