"""clmd, as a supervisor runs it."""

import os
import resource
import signal
import subprocess

from harness import processes
from harness.processes import Failure

STOP_SECONDS = 30


class Service:
    """On a port that stays the same, so that whoever calls it finds it again."""

    def __init__(self, program, directory, url, environment=None):
        self.program, self.port = program, processes.free_port()
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith("CLMD_")}
        self.environment = kept | {"DATABASE_URL": url, "CLMD_LISTEN": f"127.0.0.1:{self.port}",
                                   "CLMD_DATA_DIR": str(directory / "unused")}
        self.added = environment or {}  # of the service alone
        self.log = open(directory / "service.log", "ab")
        self.process = self.key = None
        self.memory = 0

    def prepare(self, cluster):
        """The schema and the roles, made by whoever owns the database."""
        owner = self.environment | {"DATABASE_URL": cluster.url("clmd")}
        self._command(owner, "migrate")
        cluster.query(self._command(owner, "roles"))
        self.key = self._command(owner, "key", "create", "--name", "faults", "--scope", "admin")

    def _command(self, environment, *arguments):
        return processes.run([self.program, *arguments], env=environment,
                             stderr=self.log).strip()

    def start(self):
        self.process = processes.start([self.program, "serve"], stdout=subprocess.DEVNULL,
                                       stderr=self.log, env=self.environment | self.added)

    def is_alive(self):
        return self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """As a supervisor does; it must end by itself, and well."""
        self.process.terminate()
        if self.process.wait(STOP_SECONDS) != 0:
            raise Failure(f"the service ended with status {self.process.returncode}")

    def verify(self):
        """What `clmd verify` says, where it finds a difference; empty if it does not."""
        done = subprocess.run([self.program, "verify"], capture_output=True, text=True,
                              check=False, env=self.environment)
        return "" if done.returncode == 0 else f"clmd verify: {done.stdout}{done.stderr}"

    def count_memory(self):
        """Bytes of its address space, when this was asked first."""
        if not self.memory:
            self.memory = int(processes.memory_megabytes(self.process.pid, "VmSize") * (1 << 20))
        return self.memory

    def limit(self, what, value=resource.RLIM_INFINITY):
        """Sets a limit of the process that runs, as far as it may have it."""
        _, hard = resource.prlimit(self.process.pid, what)
        soft = hard if value == resource.RLIM_INFINITY else value
        resource.prlimit(self.process.pid, what, (soft, hard))

    def remove(self):
        if self.process is not None and self.is_alive():
            self.signal(signal.SIGCONT)
            self.kill()
        self.log.close()
