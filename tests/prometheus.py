#!/usr/bin/env python3
"""A real Prometheus asks a real clmd, on the loopback; then every expression of the dashboard and of
the rules is asked of it. Takes half a minute, and is not part of ./dev test:

    python3 tests/prometheus.py PROMETHEUS [CLMD]

PROMETHEUS is the program of Debian's package; CLMD is build-test/clmd by default."""
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# What has no sample here: no error yet, no import, no replica, no certificate.
MAY_BE_EMPTY = re.compile(r"5\.\.|read_replica|replica_lag|replay_lag|tls_certificate|sweep|certificate")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(url, headers=None, body=None):
    request = urllib.request.Request(url, data=body, headers=headers or {})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read().decode()


def await_word(url, word):
    for _ in range(300):
        try:
            if word in get(url):
                return
        except OSError:
            pass
        time.sleep(0.2)
    sys.exit(f"{url} does not say {word}")


def expressions():
    panels = json.load(open(f"{ROOT}/ops/grafana/clmd.json"))["panels"]
    for panel in panels:
        for target in panel.get("targets", []):
            asked = target["expr"].replace("$__rate_interval", "30s").replace("$instance", ".*")
            yield panel["title"], asked


def post_events(service, key):
    fields = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    for number in range(40):
        event = {"id": str(number), "source": "s", "type": "find.lead.created",
                 "subject": f"c{number}", "time": "2026-03-01T09:30:00Z",
                 "data": {"channel": "ad"}}
        get(f"http://127.0.0.1:{service}/v1/events", fields, json.dumps(event).encode())
        time.sleep(0.25)


def ask_all(prometheus):
    failed = 0
    for title, asked in expressions():
        query = urllib.parse.urlencode({"query": asked})
        answer = json.loads(get(f"http://127.0.0.1:{prometheus}/api/v1/query?{query}"))
        is_good = answer["status"] == "success" and (
            answer["data"]["result"] or MAY_BE_EMPTY.search(asked))
        failed += not is_good
        print("ok" if is_good else "not ok", "-", title, "" if is_good else asked)
    rules = json.loads(get(f"http://127.0.0.1:{prometheus}/api/v1/rules"))
    for rule in rules["data"]["groups"][0]["rules"]:
        is_good = rule["health"] == "ok" and rule["state"] == "inactive"
        failed += not is_good
        print("ok" if is_good else "not ok", "-", rule["name"], rule["state"], rule["health"])
    return failed


def configure(place, watch):
    text = open(f"{ROOT}/ops/prometheus/prometheus.yaml").read()
    text = text.replace("localhost:9464", f"127.0.0.1:{watch}").replace("15s", "1s")
    text = text.replace("rules.yaml", f"{ROOT}/ops/prometheus/rules.yaml")
    with open(f"{place}/prometheus.yaml", "w") as file:
        file.write(text)


def main():
    program, clmd = sys.argv[1], (sys.argv + [f"{ROOT}/build-test/clmd"])[2]
    service, watch, prometheus = free_port(), free_port(), free_port()
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        settings = {"CLMD_DATA_DIR": f"{place}/data", "CLMD_LISTEN": f"127.0.0.1:{service}",
                    "CLMD_METRICS_LISTEN": f"127.0.0.1:{watch}"}
        environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"} | settings
        configure(place, watch)
        started = []
        try:
            started.append(subprocess.Popen([clmd, "serve"], env=environment))
            await_word(f"http://127.0.0.1:{watch}/readyz", "ready")
            started.append(subprocess.Popen(
                [program, f"--config.file={place}/prometheus.yaml",
                 f"--storage.tsdb.path={place}/tsdb", "--log.level=warn",
                 f"--web.listen-address=127.0.0.1:{prometheus}"]))
            await_word(f"http://127.0.0.1:{prometheus}/-/ready", "Ready")
            post_events(service, open(f"{place}/data/admin.key").read().strip())
            failed = ask_all(prometheus)
        finally:
            for process in reversed(started):
                process.send_signal(signal.SIGTERM)
                process.wait(60)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
