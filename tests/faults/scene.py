"""Where a kind of fault is tried: a service, its database, those who call it, and the checks."""

import collections
import os
import random
import shutil
import subprocess
import tempfile
from pathlib import Path

from database import Cluster, Way
from load import TYPES, Load, make_event, probe
from service import Service

DISK_MEGABYTES = 160
FAKETIME = Path("/usr/lib") / f"{os.uname().machine}-linux-gnu/faketime/libfaketimeMT.so.1"
BACK_LIMIT = 30  # seconds after which nobody waits any longer

LEDGER = "copy (select source, id from lifecycle.event) to stdout"
DERIVED = """
    select (select coalesce(sum(events), 0) from lifecycle.event_total),
           (select count(*) from lifecycle.purchase)"""


class Scene:
    def __init__(self, seed):
        self.seed, self.random = seed, random.Random(seed)
        self.directory = Path(tempfile.mkdtemp(prefix="clmd-faults-"))
        self.directory.chmod(0o755)
        self.cluster = self.standby = self.way = self.service = self.load = None
        self.mounted = self.clock = None
        self.probes = self.strikes = 0
        self.held = []

    def start(self, tools, program, needs):
        """needs: a small disk, a clock that can be set, a standby, a way over TCP; or nothing."""
        added = self._fake_time() if needs == "clock" else {}
        if needs == "disk":
            self._mount("primary")
        self.cluster = Cluster(tools, self.directory / "primary", added)
        self.cluster.create()
        if needs == "standby":
            self.standby = Cluster(tools, self.directory / "standby")
        if needs == "way":
            self.way = Way(self.cluster)
        self.service = Service(program, self.directory, self._url(), added)
        self.service.prepare(self.cluster)
        if self.standby:
            self.standby.follow(self.cluster)
        self.service.start()
        self.load = Load(self.service, self.seed)
        self.probe()

    def _fake_time(self):
        """Of the clock that tells the date alone: those that only go on do so. Without the last
        of these, libfaketime lets no thread wait until a moment of such a clock."""
        self.clock = self.directory / "clock"
        self.set_clock(0)
        return {"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(self.clock),
                "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "FAKETIME_FORCE_MONOTONIC_FIX": "0"}

    def set_clock(self, seconds):
        """The clock of the service and of the database goes so far before the machine's."""
        fresh = self.directory / "clock.new"
        fresh.write_text(f"{seconds:+}\n", encoding="ascii")
        fresh.chmod(0o644)
        fresh.rename(self.clock)

    def _mount(self, name):
        self.mounted = self.directory / name
        self.mounted.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m", "tmpfs",
                        self.mounted], check=True)

    def _url(self):
        if self.way:
            return f"host=127.0.0.1 port={self.way.port} user=clmd_server dbname=postgres"
        if self.standby:
            return (f"host={self.cluster.directory},{self.standby.directory} user=clmd_server "
                    "dbname=postgres target_session_attrs=read-write")
        return self.cluster.url("clmd_server")

    def probe(self):
        """Seconds until the service is there for a new caller."""
        self.probes += 1
        return probe(self.service, self.load.record, self.probes, BACK_LIMIT)

    def check(self):
        """What is wrong with what is stored, now that nobody posts: lost, doubled, and words."""
        record, complaints = self.load.record, []
        rows = collections.Counter(tuple(line.split("\t"))
                                   for line in self.cluster.query(LEDGER).splitlines())
        stored = set(rows)
        lost = len(record.acknowledged - stored)
        doubled = sum(count - 1 for count in rows.values())
        for request in record.given_up:
            if request & stored and not request <= stored:
                complaints.append(f"half of a request is stored: {sorted(request & stored)}")
        allowed = record.acknowledged.union(*record.given_up) - record.rejected
        if stored - allowed:
            complaints.append(f"stored, and nobody sent it so: {sorted(stored - allowed)[:5]}")
        events, orders = map(int, self.cluster.query(DERIVED).split("|"))
        if events != len(stored) or orders != sum(is_order(name) for name in stored):
            complaints.append(f"of {len(stored)} events {events} are counted, {orders} orders")
        complaints += filter(None, [self.service.verify()])
        return lost, doubled, complaints

    def remove(self):
        if self.load:
            self.load.end()
        for part in (self.service, self.standby, self.cluster):
            if part:
                part.remove()
        if self.mounted:
            subprocess.run(["umount", self.mounted], check=True)
        shutil.rmtree(self.directory)


def is_order(name):
    return make_event(name[0], int(name[1]))["type"] == TYPES[0][0]
