"""Half of what the service can do, for as long as you like: memory, descriptors, connections and
latency must stay as they are.

Starts a PostgreSQL and a clmd of its own, imports some history, measures what posts and reads reach
together at most, and then has half of both for the minutes wanted, by connections that pause between
their requests. Every ten seconds it looks. At the end it holds the last third of the samples against
the middle one, and what is stored against what was acknowledged; it prints both, and fails where
something grew more than BOUNDS allow.
"""

import argparse
import itertools
import json
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "bench"))

from harness import processes
from harness.cluster import Cluster
from harness.load import Load
from harness.processes import Failure
from harness.services import Clmd

POSTERS, READERS = 64, 8  # connections
HISTORY, CUSTOMERS = 100_000, 10_000
SAMPLE_SECONDS, MOST_SECONDS, WARM_SECONDS = 10, 20, 10
PAUSE_LIMIT = 10_000  # milliseconds

# Of the medians of the last third over those of the middle one: at most this many times, or this
# much more.
BOUNDS = {"rss": (1.05, 1.0), "pss": (1.05, 1.0), "descriptors": (1.0, 1), "backends": (1.0, 1),
          "post_p50": (1.25, 0.5), "post_p99": (1.5, 2.0), "read_p50": (1.25, 0.5),
          "read_p99": (1.5, 2.0)}
TITLES = {"seconds": "s", "posts": "posts/s", "reads": "reads/s", "rss": "RSS MB", "pss": "PSS MB",
          "descriptors": "descriptors", "backends": "backends", "post_p50": "post p50 ms",
          "post_p99": "p99", "read_p50": "read p50 ms", "read_p99": "p99"}


@dataclass
class Tools:
    clmd: Path
    write: Path


@dataclass
class Told:
    """What a run of wrk has measured."""

    rate: float
    p50: float  # milliseconds
    p99: float
    requests: int


class Soak:
    def __init__(self, build, directory):
        self.tools = Tools(build / "clmd", build / "tests/bench/bench_write")
        self.directory = directory
        self.cluster = Cluster(directory)
        self.load = Load(self.tools, self.cluster, directory)
        self.clmd = None
        self.next_file = None
        self.seeds = itertools.count(1)

    def start(self):
        self.cluster.start()
        self.cluster.create("clmd")
        self.clmd = Clmd(self.tools, self.cluster, "clmd")
        self.clmd.command("migrate")
        past = self.load.write("past.ndjson", HISTORY, days=700, customers=CUSTOMERS, run="past")
        self.clmd.command("import", past)
        past.unlink()
        self.cluster.query("clmd", "vacuum analyze")
        self.clmd.start()

    def stop(self):
        if self.clmd is not None:
            self.clmd.stop()
        if self.cluster.process is not None:
            self.cluster.stop()

    # The load -----------------------------------------------------------------------------

    def write_events(self, count):
        return self.load.write(f"events-{next(self.seeds)}.ndjson", count, customers=CUSTOMERS)

    def wrk(self, script, connections, seconds, pause, *arguments):
        return processes.start(
            ["wrk", "--threads", 1, "--connections", connections, "--duration", f"{seconds}s",
             "--timeout", "30s", "--script", script, self.clmd.address, "--", self.clmd.key,
             f"{pause:.0f}", *arguments], stdout=-1, text=True, cwd=HERE)

    def told(self, process, seconds):
        output, _ = process.communicate(timeout=seconds + 60)
        if process.returncode != 0:
            raise Failure(f"wrk ended with status {process.returncode}: {output}")
        told = json.loads(output.splitlines()[-1])
        if told["faults"]:
            raise Failure(f"{told['faults']} requests were not answered as they should be")
        return Told(told["requests"] / (told["microseconds"] / 1e6), told["p50"] / 1e3,
                    told["p99"] / 1e3, told["requests"])

    def both(self, seconds, file, pauses=(0, 0)):
        """Posts and reads at once; what is next is done meanwhile."""
        posts = self.wrk("post.lua", POSTERS, seconds, pauses[0], file)
        reads = self.wrk("read.lua", READERS, seconds, pauses[1], CUSTOMERS, next(self.seeds))
        try:
            yield
            found = self.told(posts, seconds), self.told(reads, seconds)
        finally:
            processes.stop(posts)
            processes.stop(reads)
            file.unlink()
        self.clmd.acknowledged += found[0].requests
        self.clmd.unanswered += POSTERS
        yield found

    def run(self, seconds, file, pauses=(0, 0), meanwhile=lambda: None):
        steps = self.both(seconds, file, pauses)
        next(steps)
        meanwhile()
        return next(steps)

    def most(self):
        """What posts and reads reach together at most, in requests a second."""
        many = 30_000
        self.run(WARM_SECONDS, self.write_events(many * WARM_SECONDS))
        return [told.rate for told in self.run(MOST_SECONDS,
                                               self.write_events(many * MOST_SECONDS))]

    # What is looked at --------------------------------------------------------------------

    def look(self):
        process = Path(f"/proc/{self.clmd.process.pid}")
        pss = next(line for line in (process / "smaps_rollup").read_text().splitlines()
                   if line.startswith("Pss:"))
        backends = self.cluster.query(
            "postgres", "select count(*) from pg_stat_activity where datname = 'clmd'")
        return {"rss": self.clmd.memory_megabytes("VmRSS"), "pss": int(pss.split()[1]) / 1024,
                "descriptors": len(os.listdir(process / "fd")), "backends": int(backends)}

    def sample(self, file, pauses, count):
        """One stretch of half load, and in the midst of it a look."""
        seen = {}

        def meanwhile():
            self.next_file = self.write_events(count)
            time.sleep(SAMPLE_SECONDS / 2)
            seen.update(self.look())

        posts, reads = self.run(SAMPLE_SECONDS, file, pauses, meanwhile)
        return seen | {"posts": posts.rate, "reads": reads.rate, "post_p50": posts.p50,
                       "post_p99": posts.p99, "read_p50": reads.p50, "read_p99": reads.p99}


def cells(row):
    return "| " + " | ".join(row) + " |"


def figure(name, value):
    whole = ("seconds", "posts", "reads", "descriptors", "backends")
    return f"{value:.0f}" if name in whole else f"{value:.1f}"


def soak(service, minutes):
    """Prints the samples, and gives them."""
    most = service.most()
    wanted = [rate / 2 for rate in most]
    print(f"At most: {most[0]:.0f} posts/s and {most[1]:.0f} reads/s together. "
          f"Half of both for {minutes:g} minutes:\n")
    print(cells(TITLES.values()) + "\n|" + "--:|" * len(TITLES), flush=True)
    samples = []
    pauses = [1000 * POSTERS / wanted[0], 1000 * READERS / wanted[1]]
    count = int(2 * SAMPLE_SECONDS * most[0]) + 1000
    service.next_file = service.write_events(count)
    began = time.monotonic()
    while time.monotonic() - began < 60 * minutes or len(samples) < 6:
        sample = service.sample(service.next_file, pauses, count)
        sample["seconds"] = time.monotonic() - began
        samples.append(sample)
        print(cells(figure(name, sample[name]) for name in TITLES), flush=True)
        # A pause is as long as the answers leave it to be.
        for place, name in enumerate(("posts", "reads")):
            pauses[place] = min(PAUSE_LIMIT, pauses[place] * sample[name] / wanted[place])
    return samples


def judge(samples):
    """Prints the last third against the middle one; whether all of it is flat."""
    third = len(samples) // 3
    middle, last = samples[third:2 * third], samples[-third:]
    print("\n" + cells(("median of", "middle third", "last third", "at most", "flat"))
          + "\n|---|--:|--:|--:|---|")
    is_flat = True
    for name, (factor, more) in BOUNDS.items():
        before, after = (statistics.median(sample[name] for sample in part)
                         for part in (middle, last))
        most = max(before * factor, before + more)
        is_flat = is_flat and after <= most
        title = name.replace("_", " ")
        print(cells((title, f"{before:.2f}", f"{after:.2f}", f"{most:.2f}",
                     "yes" if after <= most else "**no**")))
    print(flush=True)
    return is_flat


def main():
    parser = argparse.ArgumentParser(prog="./dev soak", description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("minutes", type=float)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    directory = Path(tempfile.mkdtemp(prefix="clmd-soak-"))
    service = Soak(arguments.build, directory)
    try:
        service.start()
        is_flat = judge(soak(service, arguments.minutes))
        service.clmd.stop()
        acknowledged = service.clmd.check()
        print(f"{acknowledged} events were acknowledged, and are stored, each once; "
              "clmd verify finds no difference.")
        return 0 if is_flat else 1
    except Failure as failure:
        print(f"soak: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        service.stop()
        shutil.rmtree(directory, ignore_errors=True)


sys.exit(main())
