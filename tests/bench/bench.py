#!/usr/bin/env python3
"""Measures clmd against what else could do its work, all side by side on this machine.

README.md tells what is compared with what. The exit status is 0 when everything that was
acknowledged is stored, once, and derived rightly, whatever the speed.
"""

import argparse
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from harness.benches import BENCHES, Bench
from harness.cluster import Cluster
from harness.load import Load
from harness.processes import Failure
from harness.report import print_readings, print_samples, print_targets

HERE = Path(__file__).resolve().parent


@dataclass
class Plan:
    """How much is measured."""

    rounds: int
    seconds: int  # of each load in a round: of P1 to P5, of the others
    short_seconds: int
    history: int  # events of a database with a long history (0: that of all), its customers
    history_customers: int
    import_rounds: int
    import_megabytes: int
    large_megabytes: int  # of the file that memory is looked at with
    readings: int  # of each metric
    read_events: tuple  # of the two histories that metrics are read from


QUICK = Plan(rounds=3, seconds=2, short_seconds=1, history=0, history_customers=0,
             import_rounds=3, import_megabytes=5, large_megabytes=5,
             readings=7, read_events=(100_000, 1_000_000))
FULL = Plan(rounds=3, seconds=8, short_seconds=4, history=10_000_000, history_customers=1_000_000,
            import_rounds=3, import_megabytes=50, large_megabytes=1000,
            readings=15, read_events=(100_000, 10_000_000))


class Tools:
    """The programs and files that the bench is made of."""

    def __init__(self, build, peers):
        self.clmd = build / "clmd"
        self.write = build / "tests/bench/bench_write"
        self.record = build / "tests/bench/bench_record"
        self.peers = peers
        self.history = build / "tests/bench/bench_history"
        self.migrations = HERE.parent.parent / "migrations"
        self.post = HERE / "load/post.lua"
        self.fill = HERE / "fill.sql"


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="coarsely, in ten minutes")
    parser.add_argument("--only", metavar="NAME", choices=BENCHES, action="append",
                        help="one of " + ", ".join(BENCHES) + "; may be repeated")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=int, help="of each load of P1 to P5 in a round")
    parser.add_argument("--keep", metavar="DIRECTORY", type=Path,
                        help="where the histories that are read stay, for the next time")
    parser.add_argument("--build", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--peers", type=Path, required=True, help=argparse.SUPPRESS)
    return parser.parse_args()


def measure(names, tools, plan, directory, kept):
    began = time.monotonic()

    def tell(text):
        print(f"{time.monotonic() - began:6.0f} s  {text}", file=sys.stderr, flush=True)

    cluster = Cluster(directory)
    bench = Bench(tools, cluster, Load(tools, cluster, directory), plan, tell, kept)
    try:
        cluster.start()
        for name in names:
            BENCHES[name](bench)
        bench.finish()
    finally:
        bench.abandon()
        cluster.stop()
        if bench.targets:
            if bench.samples:
                print_samples(bench.samples)
            if bench.readings:
                print_readings(bench.readings)
            print_targets(bench.targets)
    if bench.acknowledged:
        print(f"{bench.acknowledged} events were acknowledged, and are stored, each once; "
              f"{bench.found} of them were looked for by name. clmd verify finds no difference.")


def main():
    arguments = parse_arguments()
    plan = QUICK if arguments.quick else FULL
    plan.rounds = arguments.rounds or plan.rounds
    plan.seconds = arguments.seconds or plan.seconds
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    directory = Path(tempfile.mkdtemp(prefix="clmd-bench-"))
    try:
        measure(arguments.only or BENCHES, Tools(arguments.build, arguments.peers), plan, directory,
                arguments.keep)
    except Failure as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
