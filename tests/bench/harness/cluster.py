"""The one PostgreSQL that holds the databases of all contestants, set as clmd sets its own."""

import os
import pwd
import shutil
import signal
import time
from pathlib import Path

from . import processes
from .processes import Failure

PORT = 5432
SETTINGS = {
    "listen_addresses": "",
    "port": PORT,
    "max_connections": 100,
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "log_checkpoints": "off",
    "jit": "off",
}


def _between(value, least, most):
    return f"{max(least, min(most, value))}MB"


def _machine_settings(directory):
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20
    disk = shutil.disk_usage(directory).free >> 20
    return {
        "shared_buffers": _between(memory // 8, 64, 1024),
        "effective_cache_size": _between(memory // 2, 128, 1 << 20),
        "max_wal_size": _between(disk // 8, 256, 4096),
    }


def _find_programs():
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    on_path = shutil.which("initdb")
    if not found and not on_path:
        raise Failure("no PostgreSQL server was found")
    return found[-1].parent if found else Path(on_path).resolve().parent


class Cluster:
    def __init__(self, directory, kept=None, settings=None):
        """directory: for as long as it runs. kept: where it is to stay afterwards. settings:
        other ones than it would have."""
        self.directory = directory
        self.data = (kept or directory) / "cluster"
        self.is_kept = kept is not None
        self.settings = settings or {}
        self.programs = _find_programs()
        self.log = open(directory / "postgresql.log", "wb")
        self.process = None
        # PostgreSQL refuses to be root.
        self.user = None if os.geteuid() else "postgres"
        if self.user:
            account = pwd.getpwnam(self.user)
            for path in {directory, self.data.parent}:
                os.chown(path, account.pw_uid, account.pw_gid)

    def start(self):
        options = {"stdout": self.log, "stderr": self.log, "cwd": self.directory}
        if self.user:
            options |= {"user": self.user, "group": self.user, "extra_groups": []}
        if not (self.data / "PG_VERSION").exists():
            self._create(options)
        settings = SETTINGS | _machine_settings(self.directory) | self.settings
        settings["unix_socket_directories"] = self.directory
        arguments = [self.programs / "postgres", "-D", self.data]
        for name, value in settings.items():
            arguments += ["-c", f"{name}={value}"]
        self.process = processes.start(arguments, **options)
        self._await()

    def _create(self, options):
        initdb = processes.start(
            [self.programs / "initdb", "--pgdata", self.data, "--username", "clmd",
             "--encoding=UTF8", "--locale=C", "--auth=trust", "--data-checksums",
             "--no-instructions"], **options)
        if initdb.wait(120) != 0:
            raise Failure(f"initdb failed:\n{Path(self.log.name).read_text()}")

    def _await(self):
        for _ in range(300):
            if (self.directory / f".s.PGSQL.{PORT}").exists():
                try:
                    return self.query("postgres", "select 1")
                except Failure:
                    pass
            time.sleep(0.1)
        raise Failure(f"PostgreSQL did not start:\n{Path(self.log.name).read_text()}")

    def stop(self):
        # At once, where what it holds is removed anyway.
        processes.stop(self.process, signal.SIGINT if self.is_kept else signal.SIGQUIT, 120)
        self.log.close()

    def url(self, database):
        return f"postgresql://clmd@/{database}?host={self.directory}&port={PORT}"

    def environment(self, database):
        return {"PGHOST": str(self.directory), "PGPORT": str(PORT), "PGUSER": "clmd",
                "PGDATABASE": database}

    def psql(self, database, *arguments, **options):
        return processes.run(
            ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align",
             "--set=ON_ERROR_STOP=1", self.url(database), *arguments], seconds=3600, **options)

    def query(self, database, sql):
        return self.psql(database, "--command", sql).strip()

    def create(self, database, template="template1"):
        self.query("postgres", f"create database {database} template {template}")

    def drop(self, database):
        self.query("postgres", f"drop database {database} with (force)")

    def checkpoint(self):
        self.query("postgres", "checkpoint")

    def cpu_seconds(self):
        return processes.cpu_seconds(self.process.pid)
