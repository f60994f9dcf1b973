"""Loads, and what was measured of them."""

import itertools
import json
import re
import statistics
from dataclasses import dataclass

from . import processes
from .processes import Failure

CUSTOMERS = 100_000
STORED = 100_000  # events that are there before, with each contestant
# More than two cores can take, so that no load ends early: requests and events a second.
MOST_REQUESTS, MOST_EVENTS = 50_000, 100_000


@dataclass
class Sample:
    events: int
    seconds: float
    service: float = 0.0  # CPU seconds
    database: float = 0.0
    p50: float = 0.0  # milliseconds
    p99: float = 0.0
    longest: float = 0.0

    @property
    def rate(self):
        return self.events / self.seconds

    # CPU, in microseconds for each event.

    @property
    def service_cpu(self):
        return 1e6 * self.service / self.events

    @property
    def database_cpu(self):
        return 1e6 * self.database / self.events

    @property
    def cpu(self):
        return self.service_cpu + self.database_cpu


def median(samples, figure):
    return statistics.median(getattr(sample, figure) for sample in samples)


def ratio(ours, theirs, figure):
    """The median over the rounds of what stands in one round against the other."""
    return statistics.median(getattr(our, figure) / getattr(their, figure)
                             for our, their in zip(ours, theirs, strict=True))


class Load:
    def __init__(self, tools, cluster, directory):
        self.tools, self.cluster, self.directory = tools, cluster, directory
        self.numbers = itertools.count(1)
        self.last_run = None  # the first part of the ids of the events written last

    def write(self, name, count, batch=1, late=0, days=0, customers=CUSTOMERS, run=None):
        """A file of new events; the caller removes it."""
        path = self.directory / name
        self.last_run = run or f"run{next(self.numbers)}"
        with open(path, "wb") as file:
            process = processes.start([self.tools.write, self.last_run, count, batch, customers,
                                       late, days], stdout=file)
            if process.wait(600) != 0:
                raise Failure("the events could not be written")
        return path

    def post(self, service, count, seconds, batch=1, late=0, acknowledged=None):
        """Posts events from `count` connections at once, each with one request under way."""
        requests = int((seconds + 1) * min(MOST_REQUESTS, MOST_EVENTS // batch))
        path = self.write("load.ndjson", requests * batch, batch, late)
        before = service.cpu_seconds(), self.cluster.cpu_seconds()
        output = processes.run(
            ["wrk", "--threads", 1, "--connections", count, "--duration", f"{seconds}s",
             "--timeout", "30s", "--script", self.tools.post, service.address, "--", path,
             service.key, *([acknowledged] if acknowledged else [])], seconds + 60)
        after = service.cpu_seconds(), self.cluster.cpu_seconds()
        path.unlink()
        told = json.loads(output.splitlines()[-1])
        if told["refused"] or told["failed"] or told["timeouts"]:
            raise Failure(f"{service.database} at {count} connections: {told}")
        service.acknowledged += told["requests"] * batch
        service.unanswered += count * batch
        return Sample(told["requests"] * batch, told["microseconds"] / 1e6,
                      after[0] - before[0], after[1] - before[1],
                      told["p50"] / 1e3, told["p99"] / 1e3, told["max"] / 1e3)

    def get(self, service, path, count, seconds, headers=()):
        """Asks the same from `count` connections at once."""
        before = service.cpu_seconds(), service.cluster.cpu_seconds()
        output = processes.run(
            ["wrk", "--threads", 1, "--connections", count, "--duration", f"{seconds}s",
             "--latency", *(part for header in headers for part in ("--header", header)),
             service.address + path], seconds + 60)
        after = service.cpu_seconds(), service.cluster.cpu_seconds()
        if "Non-2xx" in output or "Socket errors" in output:
            raise Failure(f"GET {path}: {output}")
        requests, taken = re.search(r"(\d+) requests in ([\d.]+)s", output).groups()
        return Sample(int(requests), float(taken), after[0] - before[0], after[1] - before[1])

    def record(self, database, seconds, batch=100):
        """Calls the ingest function directly, with batch after batch on one connection."""
        before = self.cluster.cpu_seconds()
        output = processes.run(
            [self.tools.record, self.cluster.url(database), f"raw{next(self.numbers)}", seconds,
             batch, CUSTOMERS], seconds + 120)
        events, microseconds = map(int, output.split())
        return Sample(events, microseconds / 1e6, 0, self.cluster.cpu_seconds() - before)


def contest(contestants, rounds, seconds, tell):
    """Runs each contestant (name → a function of the seconds that gives a sample) once a round,
    in turn, each round from another one on; gives the samples by name."""
    samples = {name: [] for name in contestants}
    names = list(contestants)
    for number in range(rounds):
        tell(f"round {number + 1} of {rounds}: " + "; ".join(names))
        for name in names[number % len(names):] + names[:number % len(names)]:
            samples[name].append(contestants[name](seconds))
    return samples
