"""P8 and P9: how long answers take, of a short and of a long history."""

import http.client
import json
import random
import statistics
import time

from . import processes
from .past import Past
from .processes import Failure
from .report import METRIC_GROWTH, METRIC_MILLISECONDS, Reading, Target

CUSTOMER_MILLISECONDS = 5
CUSTOMERS_READ = 100
EVENTS_A_CUSTOMER = 10
UNCHANGED = "stage_population"
OF_CUSTOMER = ("", "/timeline", "/metrics?peers=all")


class Reader:
    """One who asks a service, one question after the other, on one connection."""

    def __init__(self, service):
        self.service = service
        self.connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=600)
        self.headers = {"Authorization": f"Bearer {service.key}"}

    def ask(self, path, status=200, **headers):
        """The milliseconds, the answer's bytes, and its tag."""
        began = time.perf_counter()
        self.connection.request("GET", path, headers=self.headers | headers)
        answer = self.connection.getresponse()
        body = answer.read()
        taken = 1000 * (time.perf_counter() - began)
        if answer.status != status:
            raise Failure(f"GET {path}: {answer.status} {body[:1000]}")
        return taken, body, answer.getheader("ETag")


    def cpu_milliseconds(self):
        """What the service and its connections to PostgreSQL have used."""
        clmd = self.service
        return 1000 * (processes.precise_cpu_seconds(clmd.process.pid) +
                       processes.precise_cpu_seconds(clmd.cluster.process.pid,
                                                     f"postgres: clmd {clmd.database} "))


def reading(bench):
    with Past(bench) as past:
        services = [past.service(events) for events in bench.plan.read_events]
        try:
            readers = [Reader(clmd) for clmd, _ in services]
            until = services[-1][1]
            questions = list_questions(readers[-1], until)
            read_metrics(bench, readers, questions)
            read_customers(bench, readers)
            compare_memory(bench, services)
            read_unchanged(bench, readers[-1], questions)
        finally:
            for clmd, _ in services:
                clmd.stop()
                if not bench.kept:
                    past.cluster.drop(clmd.database)


def list_questions(reader, until):
    """Each metric of the catalogue, for the twelve months that end on a day: name → path."""
    window = f"from={until.replace(year=until.year - 1)}&to={until}"
    questions = {}
    for metric in json.loads(reader.ask("/v1/metrics")[1])["data"]:
        by = "&interval=month" if "month" in metric["intervals"] else ""
        questions[metric["name"]] = f"/v1/metrics/{metric['name']}?{window}{by}"
    return questions


def time_answers(readers, paths, times):
    """The readers take turns over the paths, of which each has a list. Gives how many rows the
    last answer had; then the medians of the milliseconds, and of the CPU, of each reader."""
    taken, used = [[] for _ in readers], [[] for _ in readers]
    for number in range(times):
        for which in range(len(readers)) if number % 2 else reversed(range(len(readers))):
            reader = readers[which]
            before = reader.cpu_milliseconds()
            milliseconds, body, _ = reader.ask(paths[which][number % len(paths[which])])
            used[which].append(reader.cpu_milliseconds() - before)
            taken[which].append(milliseconds)
    rows = json.loads(body).get("data")
    return (len(rows) if isinstance(rows, list) else 1, *map(statistics.median, taken),
            *map(statistics.median, used))


def read_metrics(bench, readers, questions):
    found = []
    bench.tell(f"asking {len(questions)} metrics {bench.plan.readings} times")
    for name, path in questions.items():
        for reader in readers:
            reader.ask(path)  # the first time it comes from the disk
        found.append(Reading(name, *time_answers(readers, [[path]] * 2, bench.plan.readings)))
    bench.readings += found
    worst, slowest = (max(found, key=lambda r: r.growth), max(found, key=lambda r: r.long))
    bench.tell(f"{sum(r.is_reached for r in found)} of {len(found)} metrics reach the target")
    short, long = bench.plan.read_events
    bench.targets.append(Target(
        "P8", f"{worst.question}, the metric that grows most: time at {long} events against "
        f"{short}", worst.growth, METRIC_GROWTH, at_least=False, ours=f"{worst.long:.1f} ms",
        theirs=f"{worst.short:.1f} ms"))
    bench.limit("P8", f"{slowest.question}, the slowest metric", slowest.long,
                METRIC_MILLISECONDS, "ms")


def read_customers(bench, readers):
    """Every time of another customer, so that little of it is at hand."""
    chance = random.Random(1)
    known = [events // EVENTS_A_CUSTOMER for events in bench.plan.read_events]
    refs = [[f"customer-{chance.randrange(1, most)}" for _ in range(CUSTOMERS_READ)]
            for most in known]
    for what in OF_CUSTOMER:
        paths = [[f"/v1/customers/{ref}{what}" for ref in of] for of in refs]
        answer = Reading(f"/v1/customers/{{ref}}{what}",
                         *time_answers(readers, paths, CUSTOMERS_READ))
        bench.readings.append(answer)
        bench.limit("P8", answer.question, answer.long, CUSTOMER_MILLISECONDS, "ms")


def compare_memory(bench, services):
    """What was answered is the same in form; so should be what it took."""
    short, long = (clmd.memory_megabytes("VmHWM") for clmd, _ in services)
    bench.targets.append(Target(
        "P8", "most memory of the service, long history against short", long / short, 1.25,
        at_least=False, ours=f"{long:.1f} MB", theirs=f"{short:.1f} MB"))


def read_unchanged(bench, reader, questions):
    """P9: what the caller has already, against an answer that is made of nothing."""
    path = questions[UNCHANGED]
    _, _, tag = reader.ask(path)
    if tag is None:
        raise Failure("a metric's answer bears no tag")
    known = {"If-None-Match": tag}
    headers = [f"{name}: {value}" for name, value in (reader.headers | known).items()]
    reader.ask(path, status=304, **known)
    get = bench.load.get
    bench.contest({
        "GET of a metric, unchanged": lambda seconds: get(reader.service, path, 32, seconds,
                                                          headers),
        "GET /healthz": lambda seconds: get(reader.service, "/healthz", 32, seconds),
    }, bench.plan.short_seconds)
    reader.ask(path, status=304, **known)
    bench.aim("P9", "an unchanged metric, requests/s against /healthz",
              "GET of a metric, unchanged", "GET /healthz", "rate", 0.3)
