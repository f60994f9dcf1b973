"""Databases of clmd with the history of a business in them, loaded as events, and kept."""

import datetime
import hashlib
import json
import subprocess
import time

from . import processes
from .cluster import Cluster
from .processes import Failure
from .services import Clmd

SEED = 1
PATIENCE = 4 * 3600  # seconds

# What the facts depend on; views and metrics are made anew without them.
DERIVING = ("[0-9]*.sql", "functions/*.sql", "views/plain.sql")


def _digest(parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


class Past:
    """The histories, in a cluster of their own where they are to be kept."""

    def __init__(self, bench):
        self.bench, self.tools = bench, bench.tools
        self.cluster = bench.cluster
        if bench.kept:
            bench.kept.mkdir(parents=True, exist_ok=True)
            directory = bench.load.directory / "kept"
            directory.mkdir()
            self.cluster = Cluster(directory, bench.kept.resolve())
        self.rules = _digest(path.read_bytes() for pattern in DERIVING
                             for path in sorted(self.tools.migrations.glob(pattern)))
        # What it writes tells whether the program that drew a history is the one that we have.
        self.program = _digest([processes.run(self._history(1000, "2026-01-01")).encode()])

    def __enter__(self):
        if self.bench.kept:
            self.cluster.start()
        return self

    def __exit__(self, *_):
        if self.bench.kept:
            self.cluster.stop()

    def _history(self, events, until):
        return [self.tools.history, events, SEED, until]

    def service(self, events):
        """A clmd on a history of about so many events, and the day on which it ends."""
        name = f"history_{events}"
        clmd = Clmd(self.tools, self.cluster, name)
        note = self._note(name)
        if note is None or note["program"] != self.program or not self._migrate(clmd):
            note = {"events": events, "seed": SEED, "program": self.program, "rules": self.rules,
                    "until": datetime.date.today().replace(day=1).isoformat()}
            self._load(clmd, events, note["until"])
        elif note["rules"] != self.rules:
            self.bench.tell(f"deriving {events} events anew, by other rules")
            note["rules"] = self.rules
            clmd.command("rebuild", seconds=PATIENCE)
            self.cluster.query(name, "vacuum analyze")
        self._note_down(name, note)
        clmd.start()
        self._await_sweep(clmd)
        return clmd, datetime.date.fromisoformat(note["until"])

    def _await_sweep(self, clmd):
        """Until the service has gathered what the import left, and measured everyone: it does so
        in the background, once after a change."""
        self.bench.tell(f"waiting for the sweep of {clmd.database}")
        until = time.monotonic() + PATIENCE
        while self.cluster.query(
                clmd.database, "select step > 0 or lifecycle.is_sweep_due('0') from lifecycle.sweep"
        ) == "t":
            if time.monotonic() > until or clmd.process.poll() is not None:
                raise Failure(f"the sweep of {clmd.database} did not end")
            time.sleep(1)
        self.cluster.query(clmd.database, "vacuum analyze")

    @staticmethod
    def _migrate(clmd):
        """False where a migration is not the one that was applied: before a release that may be."""
        try:
            return bool(clmd.command("migrate"))
        except Failure:
            return False

    def _note(self, database):
        """What was noted of a database that is there, and whole."""
        text = self.cluster.query(
            "postgres", "select shobj_description(oid, 'pg_database') from pg_database "
                        f"where datname = '{database}'")
        return json.loads(text) if text else None

    def _note_down(self, database, note):
        self.cluster.query("postgres", f"comment on database {database} is '{json.dumps(note)}'")

    def _load(self, clmd, events, until):
        self.bench.tell(f"loading a history of {events} events")
        self.cluster.query("postgres", f"drop database if exists {clmd.database} with (force)")
        self.cluster.create(clmd.database)
        clmd.command("migrate")
        rejects = self.bench.load.directory / "rejects.ndjson"
        with processes.start(self._history(events, until), stdout=subprocess.PIPE) as history:
            told = processes.run(
                [self.tools.clmd, "import", "--rejects", rejects, "-"], PATIENCE,
                stdin=history.stdout, env=clmd.surroundings())
        if history.returncode != 0 or rejects.exists() or " 0 duplicate" not in told:
            raise Failure(f"a history could not be loaded: {told}")
        self.bench.tell(told.strip())
        self.cluster.query(clmd.database, "vacuum analyze")
        self.cluster.checkpoint()
