"""The benches: each measures for one or more of the targets P1 to P12."""

import statistics
import time

from . import processes
from .load import CUSTOMERS, STORED, Sample, contest, median, ratio
from .processes import Failure
from .reading import reading
from .report import Target
from .services import Clmd, Peer

IDLE_MEGABYTES, LOADED_MEGABYTES, IMPORT_MEGABYTES = 12, 32, 64
STALL_MILLISECONDS = 1000
EVENT_BYTES = 222  # of a line of a file, on average


class Bench:
    """What all benches share: the cluster, the services, how long to measure, what was found."""

    def __init__(self, tools, cluster, load, plan, tell, kept):
        self.tools, self.cluster, self.load = tools, cluster, load
        self.plan, self.tell, self.kept = plan, tell, kept
        self.targets, self.samples, self.readings = [], {}, []
        self.services = {}
        self.acknowledged = self.found = 0
        self.has_origin = False

    # Services and databases ---------------------------------------------------------------

    def clmd(self, database="clmd", template="origin"):
        """The clmd on a database, which is made from a template the first time."""
        return self._service(Clmd, database, template)

    def peer(self, store, template):
        return self._service(Peer, store, template)

    def _service(self, kind, database, template):
        if database not in self.services:
            if template == "origin":
                self._make_origin()
            self.cluster.create(database, template)
            self.services[database] = kind(self.tools, self.cluster, database)
            self.services[database].start()
        return self.services[database]

    def _make_origin(self):
        """What all databases of clmd are made from, the first time that one is asked for."""
        if not self.has_origin:
            self.fill("origin", STORED)
            self.has_origin = True

    def finish(self, *databases):
        """Stops the services on them, and checks what they stored."""
        for database in databases or list(self.services):
            self.services[database].stop()
            self.tell(f"checking {database}")
            self.acknowledged += self.services.pop(database).check()
            self.cluster.drop(database)

    def abandon(self):
        for service in self.services.values():
            service.stop()

    def fill(self, database, events, customers=CUSTOMERS):
        """A database of clmd with its customers, and so many events of the last two years."""
        self.tell(f"filling a database with {events} events")
        self.cluster.create(database)
        clmd = Clmd(self.tools, self.cluster, database)
        clmd.command("migrate")
        path = self.load.write("fill.ndjson", events, days=730, customers=customers, run="old")
        with open(path, "rb") as lines:
            self.cluster.psql(database, "--command", "create unlogged table staged (body text)",
                              "--command", "copy staged from stdin", stdin=lines)
        path.unlink()
        self.cluster.psql(database, f"--set=customers={customers}", "--file", self.tools.fill)
        if events:
            clmd.command("rebuild")
            self.cluster.query(database, "vacuum analyze")

    # What was found -----------------------------------------------------------------------

    def contest(self, contestants, seconds=None):
        """contestants: name → a function of the seconds that gives a sample."""
        samples = contest(contestants, self.plan.rounds, seconds or self.plan.seconds, self.tell)
        self.samples.update(samples)
        return samples

    def aim(self, name, what, ours, theirs, figure, wanted, at_least=True):
        """A target for the ratio of a figure of two contestants."""
        digits, unit = (0, "/s") if figure == "rate" else (1, " µs" if figure == "cpu" else " ms")
        self.targets.append(Target(
            name, what, ratio(self.samples[ours], self.samples[theirs], figure), wanted, at_least,
            *(f"{median(self.samples[who], figure):.{digits}f}{unit}" for who in (ours, theirs))))

    def limit(self, name, what, measured, most, unit):
        """A target for a figure by itself."""
        self.targets.append(Target(name, what, measured, most, at_least=False,
                                   ours=f"{measured:.1f} {unit}"))


def memory(bench):
    """P10, of the service; first of all, while it is young."""
    clmd = bench.clmd()
    bench.tell("memory")
    time.sleep(1)
    bench.limit("P10", "memory of clmd serve, idle", clmd.memory_megabytes("VmRSS"),
                IDLE_MEGABYTES, "MB")
    bench.load.post(clmd, 256, bench.plan.seconds)
    bench.limit("P10", "memory of clmd serve, 256 connections", clmd.memory_megabytes("VmHWM"),
                LOADED_MEGABYTES, "MB")


def ingest(bench):
    """P1 to P5: events one by one and in batches, against others and the database's own limit."""
    post = bench.load.post
    services = {"clmd": bench.clmd(), "inserts": bench.peer("insert", "template1"),
                "derives": bench.peer("derive", "origin")}
    bench.cluster.create("raw", "origin")
    contestants = {
        "raw calls of 100": lambda seconds: bench.load.record("raw", seconds),
        "clmd, 100 a request": lambda seconds: post(services["clmd"], 8, seconds, batch=100),
    }
    for name, service in services.items():
        for count in (32, 128) if name == "derives" else (1, 32, 128):
            contestants[f"{name} at {count}"] = (
                lambda seconds, service=service, count=count: post(service, count, seconds))
    bench.contest(contestants)
    for at in (32, 128):
        aim_at_connections(bench, at)
    bench.aim("P4", "1 connection, p50 against Fastify that inserts", "clmd at 1", "inserts at 1",
              "p50", 1, at_least=False)
    bench.aim("P4", "1 connection, p99", "clmd at 1", "inserts at 1", "p99", 0.25, at_least=False)
    bench.aim("P5", "batches of 100, events/s against the ingest function called directly",
              "clmd, 100 a request", "raw calls of 100", "rate", 0.8)
    bench.cluster.drop("raw")
    bench.finish("insert", "derive")


def aim_at_connections(bench, at):
    ours, inserts, derives = f"clmd at {at}", f"inserts at {at}", f"derives at {at}"
    bench.aim("P1", f"{at} connections, events/s against Fastify that inserts", ours, inserts,
              "rate", 2)
    bench.aim("P1", f"{at} connections, p99", ours, inserts, "p99", 1 / 3, at_least=False)
    bench.aim("P1", f"{at} connections, CPU an event", ours, inserts, "cpu", 0.5, at_least=False)
    bench.aim("P2", f"{at} connections, events/s against Fastify that derives", ours, derives,
              "rate", 6)
    bench.aim("P3", f"{at} connections, events/s against the ingest function called directly",
              ours, "raw calls of 100", "rate", 0.7)


def imports(bench):
    """P6, and P10's import: a file by clmd import, against COPY of the very rows."""
    clmd = bench.clmd()
    bench.cluster.query(clmd.database, "create table bare (like lifecycle.event)")
    ours, theirs, most = [], [], 0
    for number in range(bench.plan.import_rounds):
        bench.tell(f"round {number + 1} of {bench.plan.import_rounds}: import and COPY")
        sample, run, megabytes = import_file(bench, clmd, bench.plan.import_megabytes)
        ours.append(sample)
        theirs.append(copy_rows(bench, clmd.database, run))
        most = max(most, megabytes)
    what = f"{bench.plan.import_megabytes} MB"
    bench.samples |= {"clmd import": ours, "COPY without indexes": theirs}
    bench.aim("P6", f"import of {what}, events/s against COPY", "clmd import",
              "COPY without indexes", "rate", 0.25)
    if bench.plan.large_megabytes > bench.plan.import_megabytes:
        what = f"{bench.plan.large_megabytes} MB"
        bench.tell(f"importing {what}")
        _, _, most = import_file(bench, clmd, bench.plan.large_megabytes)
    bench.limit("P10", f"memory of clmd import, {what}", most, IMPORT_MEGABYTES, "MB")
    bench.cluster.query(clmd.database, "drop table bare")


def import_file(bench, clmd, megabytes):
    """What was measured, the first part of the events' ids, the most memory that was held."""
    count = megabytes * 1_000_000 // EVENT_BYTES
    path, run = bench.load.write("import.ndjson", count), bench.load.last_run
    before, service = bench.cluster.cpu_seconds(), processes.awaited_cpu_seconds()
    began, most = time.monotonic(), 0
    process = clmd.begin("import", path)
    try:
        while process.poll() is None:
            most = max(most, processes.memory_megabytes(process.pid, "VmHWM"))
            time.sleep(0.02)
    finally:
        processes.stop(process)
    seconds = time.monotonic() - began
    service = processes.awaited_cpu_seconds() - service
    path.unlink()
    if process.returncode != 0:
        raise Failure(f"clmd import ended with status {process.returncode}")
    clmd.acknowledged += count
    sample = Sample(count, seconds, service, bench.cluster.cpu_seconds() - before)
    return sample, run, most


def copy_rows(bench, database, run):
    path = bench.load.directory / "rows"
    rows = f"select * from lifecycle.event where id like '{run}-%'"
    bench.cluster.psql(database, "--command", f"\\copy ({rows}) to {path}")
    bench.cluster.query(database, "truncate bare")
    before, client = bench.cluster.cpu_seconds(), processes.awaited_cpu_seconds()
    began = time.monotonic()
    bench.cluster.psql(database, "--command", f"\\copy bare from {path}")
    seconds = time.monotonic() - began
    client = processes.awaited_cpu_seconds() - client
    used = bench.cluster.cpu_seconds() - before
    path.unlink()
    copied = int(bench.cluster.query(database, "select count(*) from bare"))
    return Sample(copied, seconds, client, used)


def history(bench):
    """P7: the same load on a database that has a long history, and on one that has none."""
    bench.fill("customers", 0)
    new, old = bench.clmd("new", "customers"), bench.clmd()
    if bench.plan.history:
        bench.fill("history", bench.plan.history, bench.plan.history_customers)
        old = bench.clmd("old", "history")
    stored = f"{old.count() / 1e6:.1f} million stored"
    bench.contest({f"{name}, {count} connections":
                   lambda seconds, service=service, count=count, batch=batch:
                   bench.load.post(service, count, seconds, batch)
                   for name, service in (("none stored", new), (stored, old))
                   for count, batch in ((128, 1), (8, 100))}, bench.plan.short_seconds)
    for load, what in (("128 connections", "128 connections"),
                       ("8 connections", "batches of 100")):
        bench.aim("P7", f"{what}, events/s with {stored} against none", f"{stored}, {load}",
                  f"none stored, {load}", "rate", 0.6)
    bench.finish("new", *({"old"} & bench.services.keys()))


def late(bench):
    """P11: batches of which a half is a year late, against batches in order."""
    clmd = bench.clmd()
    bench.contest({
        "in order, 100 a request": lambda seconds: bench.load.post(clmd, 8, seconds, 100),
        "half a year late": lambda seconds: bench.load.post(clmd, 8, seconds, 100, late=50),
    }, bench.plan.short_seconds)
    bench.aim("P11", "half of a batch a year old, events/s against events in order",
              "half a year late", "in order, 100 a request", "rate", 0.5)


def connections(bench):
    """P12: numbers of connections about the powers of two, at which event loops have failed."""
    clmd = bench.clmd()
    samples = bench.contest({
        f"{count} connections":
        lambda seconds, count=count: bench.load.post(clmd, count, seconds)
        for count in (127, 128, 129, 255, 256, 257, 1000)}, bench.plan.short_seconds)
    shares = shares_of_rounds(samples)
    worst, best = min(shares, key=shares.get), max(shares, key=shares.get)
    bench.targets.append(Target(
        "P12", "the worst of 127 to 1000 connections against the best, events/s",
        shares[worst] / shares[best], 0.7, ours=worst, theirs=best))
    longest = max(sample.longest for rounds in samples.values() for sample in rounds)
    bench.limit("P12", "the longest wait at any of them", longest, STALL_MILLISECONDS, "ms")


def shares_of_rounds(samples):
    """The median over the rounds of a contestant's part of what its round reached."""
    rounds = [sum(sample.rate for sample in found) for found in zip(*samples.values())]
    return {name: statistics.median(sample.rate / total for sample, total in zip(found, rounds))
            for name, found in samples.items()}


def acknowledged(bench):
    """Not a speed: each event that an answer called created is looked for by its name."""
    clmd = bench.clmd()
    for count, batch in ((128, 1), (8, 100)):
        path = bench.load.directory / "acknowledged"
        bench.tell(f"looking for every event that was acknowledged, {batch} a request")
        sample = bench.load.post(clmd, count, bench.plan.short_seconds, batch,
                                 acknowledged=path)
        found = clmd.find(path)
        if found != sample.events:
            raise Failure(f"{sample.events} events were acknowledged, {found} of them are stored")
        bench.found += found


BENCHES = {
    "memory": memory,
    "ingest": ingest,
    "import": imports,
    "history": history,
    "reading": reading,
    "late": late,
    "connections": connections,
    "acknowledged": acknowledged,
}
