"""PostgreSQL, as the suite strikes it: a cluster of its own, its standby, the way to it."""

import os
import pwd
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time

from harness import processes
from harness.processes import Failure

PORT = 5432
PATIENCE = 60  # seconds for whatever must come to an end
POLL = 0.005
# Small files of the log of changes, for the disk of one kind of fault is small.
SETTINGS = {"listen_addresses": "", "port": PORT, "wal_recycle": "off", "min_wal_size": "2MB",
            "max_wal_size": "32MB", "shared_buffers": "32MB", "jit": "off", "fsync": "on",
            "restart_after_crash": "on", "log_min_messages": "log"}


def await_that(is_so, what, seconds=PATIENCE):
    ends = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > ends:
            raise Failure(f"it did not happen that {what}")
        time.sleep(POLL)


class Cluster:
    """A cluster that other programs than ours may end, and that is started again by us."""

    def __init__(self, tools, directory, environment=None):
        self.tools, self.directory, self.data = tools, directory, directory / "cluster"
        self.environment = environment or {}
        self.process = None
        directory.mkdir(exist_ok=True)
        # PostgreSQL refuses to be root.
        self.user = None if os.geteuid() else "postgres"
        if self.user:
            os.chown(directory, pwd.getpwnam(self.user).pw_uid, -1)
        self.log = open(directory.parent / f"{directory.name}.log", "ab")

    def _options(self):
        options = {"stdout": self.log, "stderr": self.log, "cwd": self.directory,
                   "env": os.environ | self.environment}
        if self.user:
            options |= {"user": self.user, "group": self.user, "extra_groups": []}
        return options

    def _run(self, *arguments):
        if processes.start(arguments, **self._options()).wait(PATIENCE) != 0:
            raise Failure(f"{arguments[0]} failed, see {self.log.name}")

    def create(self):
        self._run(self.tools / "initdb", "--pgdata", self.data, "--username=clmd",
                  "--encoding=UTF8", "--locale=C", "--auth=trust", "--data-checksums",
                  "--wal-segsize=1", "--no-instructions")
        self.start()

    def follow(self, primary):
        """Becomes the standby without which the primary acknowledges nothing."""
        shutil.rmtree(self.data, ignore_errors=True)
        self._run(self.tools / "pg_basebackup", "-D", self.data, "-R", "-X", "stream", "-d",
                  f"host={primary.directory} port={PORT} user=clmd application_name=standby",
                  "--checkpoint=fast", "--no-sync")
        self.start()
        primary.query("alter system set synchronous_standby_names = standby")
        primary.query("select pg_reload_conf()")
        await_that(lambda: primary.query("select count(*) from pg_stat_replication "
                                         "where sync_state = 'sync'") == "1",
                   "the standby follows")

    def promote(self):
        self.query("alter system reset synchronous_standby_names")
        self.query("select pg_reload_conf()")
        if self.query(f"select pg_promote(true, {PATIENCE})") != "t":
            raise Failure("the standby is not promoted")

    def _launch(self):
        arguments = [self.tools / "postgres", "-D", self.data, "-k", self.directory]
        for name, value in SETTINGS.items():
            arguments += ["-c", f"{name}={value}"]
        self.process = processes.start(arguments, **self._options())

    def is_up(self):
        return subprocess.run([self.tools / "pg_isready", "-q", "-h", self.directory],
                              check=False).returncode == 0

    def start(self):
        """Where it has ended; returns when it takes connections. One that comes too early, while
        processes of the one before are left, is repeated, as a supervisor does."""
        def goes():
            if self.process is None or self.process.poll() is not None:
                self._launch()
                time.sleep(POLL)
            return self.is_up()
        await_that(goes, f"PostgreSQL comes up, see {self.log.name}")

    def end(self, number):
        self.process.send_signal(number)
        self.process.wait(PATIENCE)

    def signal_all(self, number):
        """The postmaster and all that it started."""
        text = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)],
                              capture_output=True, text=True, check=False).stdout
        for process in [self.process.pid, *map(int, text.split())]:
            try:
                os.kill(process, number)
            except ProcessLookupError:
                pass

    def query(self, sql):
        return processes.run(
            ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align",
             "--set=ON_ERROR_STOP=1", "--command", sql, self.url("clmd")], PATIENCE,
            stderr=self.log).strip()

    def backends(self):
        """Those that serve the service."""
        return [int(line) for line in self.query(
            "select pid from pg_stat_activity where usename = 'clmd_server'").splitlines()]

    def url(self, role):
        return f"host={self.directory} port={PORT} user={role} dbname=postgres"

    def remove(self):
        if self.process is not None and self.process.poll() is None:
            self.signal_all(signal.SIGCONT)
            self.end(signal.SIGQUIT)
        self.log.close()


class Way(threading.Thread):
    """TCP connections to a cluster, which can all be reset, in the midst of what they carry."""

    def __init__(self, cluster):
        super().__init__(daemon=True)
        self.target = str(cluster.directory / f".s.PGSQL.{PORT}")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.is_to_reset, self.is_reset = threading.Event(), threading.Event()
        self.selector, self.peers = selectors.DefaultSelector(), {}
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.start()

    def reset(self):
        self.is_reset.clear()
        self.is_to_reset.set()
        if not self.is_reset.wait(PATIENCE):
            raise Failure("the connections were not reset")

    def _open(self):
        near, _ = self.listener.accept()
        far = socket.socket(socket.AF_UNIX)
        try:
            far.connect(self.target)
        except OSError:
            reset(near)
            return
        self.peers[near], self.peers[far] = far, near
        self.selector.register(near, selectors.EVENT_READ)
        self.selector.register(far, selectors.EVENT_READ)

    def _close(self, one):
        for end in (one, self.peers[one]):
            self.selector.unregister(end)
            del self.peers[end]
            reset(end)

    def _carry(self, one):
        try:
            data = one.recv(65536)
            if data:
                self.peers[one].sendall(data)
                return
        except OSError:
            pass
        self._close(one)

    def run(self):
        while True:
            for key, _ in self.selector.select(POLL):
                if key.fileobj is self.listener:
                    self._open()
                elif key.fileobj in self.peers:
                    self._carry(key.fileobj)
            if self.is_to_reset.is_set():
                while self.peers:
                    self._close(next(iter(self.peers)))
                self.is_to_reset.clear()
                self.is_reset.set()


def reset(end):
    """Closes a socket so that the other end is told RST."""
    try:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass
    end.close()
