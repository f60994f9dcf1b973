"""The four attacks of slowhttptest, and what others notice of them.

Starts a clmd with a PostgreSQL of its own. From one address of the loopback, slowhttptest holds
more connections than an address may have, slowly; from another, clients of the ordinary kind ask
and post at a steady pace. The attacker runs at a lower priority, for its work would not be this
machine's. Their latencies are taken before each attack and during it. Prints a
table; fails where the 99th percentile during an attack is more than twice that before it, or a
client was not answered.
"""

import argparse
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

CLIENTS = 6
PACE = 0.02  # seconds from one request of a client to its next
FACTOR = 2.0
CONNECTIONS = 3000  # CLMD_ADDRESS_LIMIT is 2048
OTHERS = ("127.0.0.2", 0)

TOOL = ["nice", "slowhttptest", "-c", str(CONNECTIONS), "-r", "1000", "-p", "5"]
ATTACKS = {
    "slow headers": ["-H", "-i", "5", "-x", "24", "-u", "{url}/v1/events"],
    "slow body": ["-B", "-i", "5", "-x", "8", "-s", "8192", "-t", "POST", "-f", "application/json",
                  "-j", "a=1\r\nAuthorization: Bearer {key}", "-u", "{url}/v1/events"],
    "slow read": ["-X", "-k", "3", "-w", "256", "-y", "512", "-n", "5", "-z", "32",
                  "-u", "{url}/openapi.yaml"],
    "ranges": ["-R", "-a", "1", "-b", "3000", "-t", "GET", "-u", "{url}/openapi.yaml"],
}


class Service:
    """A clmd on a free port of the loopback."""

    def __init__(self, program):
        self.directory = tempfile.mkdtemp(prefix="clmd-attacks-")
        os.chmod(self.directory, 0o755)
        self.log = open(os.path.join(self.directory, "log"), "w+", encoding="utf-8")
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("CLMD_") and name != "DATABASE_URL"}
        environment["CLMD_DATA_DIR"] = os.path.join(self.directory, "data")
        self.process = subprocess.Popen([program, "serve", "--listen=127.0.0.1:0"],
                                        env=environment, stderr=self.log,
                                        stdout=subprocess.DEVNULL)
        self.port = self.await_port()
        with open(os.path.join(environment["CLMD_DATA_DIR"], "admin.key"), encoding="utf-8") as file:
            self.key = file.read().strip()

    def await_port(self):
        for _ in range(600):
            with open(self.log.name, encoding="utf-8") as log:
                text = log.read()
            found = re.search(r"msg=listening address=127\.0\.0\.1:(\d+)", text)
            if found:
                return int(found[1])
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        sys.exit("clmd does not start:\n" + text)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        shutil.rmtree(self.directory)


class Others(threading.Thread):
    """A client that keeps a connection, and at every third request makes another one."""

    def __init__(self, service, number, seconds):
        super().__init__()
        self.service, self.number = service, number
        self.ends = time.monotonic() + seconds
        self.latencies, self.failures = [], 0

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=10,
                                          source_address=OTHERS)

    def run(self):
        kept, count = self.connect(), 0
        while time.monotonic() < self.ends:
            begun = time.monotonic()
            try:
                self.ask(kept, count)
            except (OSError, http.client.HTTPException):
                self.failures += 1
                kept.close()
            taken = time.monotonic() - begun
            self.latencies.append(taken)
            time.sleep(max(0.0, PACE - taken))
            count += 1
        kept.close()

    def ask(self, kept, count):
        if count % 3 == 0:
            fresh = self.connect()
            self.expect(fresh, 200, "GET", "/readyz")
            fresh.close()
        elif count % 3 == 1:
            self.expect(kept, 200, "GET", "/v1/stages")
        else:
            event = {"source": f"attacks-{self.number}", "id": str(time.monotonic_ns()),
                     "type": "find.lead.created", "subject": f"customer-{count % 100}",
                     "time": "2026-03-01T09:30:00Z", "data": {"channel": "ad"}}
            self.expect(kept, 201, "POST", "/v1/events", json.dumps(event))

    def expect(self, connection, status, method, path, body=None):
        fields = {"Authorization": f"Bearer {self.service.key}"}
        if body:
            fields["Content-Type"] = "application/json"
        connection.request(method, path, body, fields)
        answer = connection.getresponse()
        answer.read()
        if answer.status != status:
            self.failures += 1


def measure(service, seconds):
    """Milliseconds, sorted; and how many were not answered as they should be."""
    clients = [Others(service, number, seconds) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    latencies = sorted(1000 * taken for client in clients for taken in client.latencies)
    return latencies, sum(client.failures for client in clients)


def percentile(latencies, percent):
    return latencies[min(len(latencies) - 1, len(latencies) * percent // 100)]


def held(service):
    """Connections that the service has."""
    text = subprocess.run(["ss", "-Htn", "state", "established", "sport", "=",
                           f":{service.port}"], capture_output=True, text=True, check=True).stdout
    return len(text.splitlines())


def attack(service, name, seconds):
    words = {"url": f"http://127.0.0.1:{service.port}", "key": service.key}
    before, failures_before = measure(service, seconds)
    command = TOOL + ["-l", str(seconds + 10)] + [word.format(**words) for word in ATTACKS[name]]
    attacker = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(5)  # until all that may connect have
    connections = held(service)
    during, failures = measure(service, seconds)
    attacker.kill()
    attacker.wait()
    if failures_before:
        sys.exit("the service does not answer even without an attack")
    p99 = percentile(before, 99), percentile(during, 99)
    is_good = failures == 0 and p99[1] <= FACTOR * p99[0]
    print(f"| {name} | {connections} | {percentile(before, 50):.1f} | {percentile(during, 50):.1f} "
          f"| {p99[0]:.1f} | {p99[1]:.1f} | {p99[1] / p99[0]:.2f} | {failures} of {len(during)} |",
          flush=True)
    return is_good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=20, help="of each measurement")
    parser.add_argument("program", help="the clmd to attack")
    arguments = parser.parse_args()
    service = Service(os.path.abspath(arguments.program))
    try:
        measure(service, 3)  # warm
        print("| attack | connections held | p50 before, ms | during | p99 before, ms | during "
              "| times | not answered |\n|---|--:|--:|--:|--:|--:|--:|--:|")
        good = [attack(service, name, arguments.seconds) for name in ATTACKS]
    finally:
        service.stop()
    sys.exit(0 if all(good) else 1)


main()
