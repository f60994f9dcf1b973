"""The contestants that speak HTTP: clmd, and what a team would write instead."""

import os
import subprocess
import time
import urllib.error
import urllib.request

from . import processes
from .load import CUSTOMERS, STORED
from .processes import Failure

STORED_BY_RUNS = """
    set work_mem = '256MB';
    select coalesce(sum(events), 0), count(*)
    from (select count(*) as events
          from {}
          where id like 'run%'
          group by source, id) e"""


class Service:
    """A contestant with a database of its own in the cluster of all."""

    ledger = "lifecycle.event"

    def __init__(self, tools, cluster, database):
        self.tools, self.cluster, self.database = tools, cluster, database
        self.process = None
        self.key = "bench-0123456789abcdef"
        # What the answers said that is stored, and what may be stored unanswered.
        self.acknowledged = self.unanswered = 0

    def start(self):
        self.port = processes.free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.launch()
        for _ in range(200):
            if self.answers():
                self.prepare()
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise Failure(f"the service on {self.database} did not start")

    def answers(self):
        try:
            urllib.request.urlopen(self.address + "/healthz", timeout=5).read()
        except urllib.error.HTTPError:
            pass
        except OSError:
            return False
        return True

    def prepare(self):
        """What the database needs besides, once the service runs."""

    def run(self, arguments, environment, directory=None):
        self.process = processes.start(
            arguments, cwd=directory,
            env=os.environ | self.cluster.environment(self.database) | environment)

    def stop(self):
        processes.stop(self.process)

    def count(self):
        return int(self.cluster.query(self.database, f"select count(*) from {self.ledger}"))

    def cpu_seconds(self):
        return processes.cpu_seconds(self.process.pid)

    def check(self):
        """What the loads stored is what was acknowledged, but for what had no answer when a load
        ended. Gives how many events were acknowledged."""
        stored, names = map(int, self.cluster.query(
            self.database, STORED_BY_RUNS.format(self.ledger)).split("|"))
        if names != stored:
            raise Failure(f"{self.database}: events are stored more than once")
        if not self.acknowledged <= stored <= self.acknowledged + self.unanswered:
            raise Failure(f"{self.database}: {self.acknowledged} events were acknowledged, "
                          f"{stored} are stored")
        return self.acknowledged


FOUND = """
    select count(*)
    from (select w.id
          from wanted w
          join lifecycle.event e on e.id = w.id
          group by w.id
          having count(*) = 1) found"""

FILL = f"""
    insert into event (source, id, type, customer, occurred_at, data)
    select 'shop', 'old-' || n, 'sell.order.placed', 'customer-' || n % {CUSTOMERS},
           now() - interval '1 minute' * n, '{{"order_id": "order", "amount": 100}}'
    from generate_series(1, {STORED}) n"""


class Clmd(Service):
    def __init__(self, tools, cluster, database):
        super().__init__(tools, cluster, database)
        self.environment = {"DATABASE_URL": cluster.url(database), "CLMD_LOG_LEVEL": "warn"}

    def surroundings(self):
        return os.environ | self.environment

    def command(self, *arguments, seconds=3600):
        return processes.run([self.tools.clmd, *arguments], seconds, env=self.surroundings())

    def begin(self, *arguments):
        return processes.start([self.tools.clmd, *arguments], env=self.surroundings(),
                               stdout=subprocess.DEVNULL)

    def launch(self):
        self.key = self.command("key", "create", "--name", "bench", "--scope", "admin").strip()
        self.run([self.tools.clmd, "serve"],
                 self.environment | {"CLMD_LISTEN": f"127.0.0.1:{self.port}"})

    def memory_megabytes(self, what):
        return processes.memory_megabytes(self.process.pid, what)

    def find(self, path):
        """How many of the ids in a file (of one run) name one event each."""
        with open(path, "rb") as ids:
            return int(self.cluster.psql(
                self.database, "--command", "create temporary table wanted (id text)",
                "--command", "copy wanted from stdin", "--command", FOUND, stdin=ids))

    def check(self):
        acknowledged = super().check()
        self.command("verify")
        return acknowledged


class Peer(Service):
    """Fastify and pg. The database has the name of how it stores: insert, or derive (by the
    function that clmd calls too)."""

    POOL = 16  # of 4 to 32 tried, the most events with a short tail

    def __init__(self, tools, cluster, database):
        super().__init__(tools, cluster, database)
        if database == "insert":
            self.ledger = "event"

    def launch(self):
        self.run(["node", "server.js", self.database],
                 {"PORT": str(self.port), "KEY": self.key, "POOL": str(self.POOL),
                  "NODE_ENV": "production"}, self.tools.peers)

    def prepare(self):
        """As many events as the others have."""
        if self.database == "insert":
            self.cluster.query(self.database, FILL)
