"""The real thing: two servers on one database, which begins empty for each history."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from harness import processes
from harness.cluster import Cluster

START_SECONDS, ANSWER_SECONDS = 60, 60
# A history is over in seconds: nothing of it need survive the machine.
HASTE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
SETTINGS = {"CLMD_LISTEN": "127.0.0.1:0", "CLMD_LOG_LEVEL": "info", "CLMD_IO_THREADS": "1",
            "CLMD_READ_WORKERS": "1", "CLMD_WRITERS": "2", "CLMD_BULK_WORKERS": "2"}
LISTENING = re.compile(r"msg=listening address=127\.0\.0\.1:(\d+)")


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.text = response.read()
        self.fields = response.headers

    @property
    def json(self):
        return json.loads(self.text)

    def __repr__(self):
        return f"{self.status} {self.text[:2000].decode(errors='replace')}"


class Server:
    """One clmd serve, which may be stopped or killed and started again."""

    def __init__(self, program, environment, log):
        self.program, self.environment, self.log = program, environment, log
        self.process = self.connection = None
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            begin = log.tell()
            self.process = processes.start([self.program, "serve"], env=self.environment,
                                           stdout=subprocess.DEVNULL, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not (found := LISTENING.search(self.log.read_text()[begin:])):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"clmd does not start:\n{self.log.read_text()[begin:]}")
            time.sleep(0.005)
        self.connection = http.client.HTTPConnection("127.0.0.1", int(found[1]),
                                                     timeout=ANSWER_SECONDS)

    def end(self, number):
        """Gives the exit status, which a sanitizer makes other than 0 as well."""
        self.connection.close()
        self.process.send_signal(number)
        return self.process.wait(START_SECONDS)

    def again(self, number):
        status = self.end(number)
        assert status == (0 if number == signal.SIGTERM else -number), self.log.read_text()
        self.start()

    def ask(self, method, path, body=None, **fields):
        """Fields as content_type='…'. A connection that ended while idle is made anew."""
        named = {name.replace("_", "-"): value for name, value in fields.items()}
        named["Authorization"] = f"Bearer {self.environment['KEY']}"
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            named.setdefault("content-type", "application/json")
        if isinstance(body, str):
            body = body.encode()
        self.connection.request(method, path, body, named)
        return Answer(self.connection.getresponse())


class World:
    """A cluster with a migrated database, of which each history gets a copy."""

    def __init__(self, program):
        self.program = os.path.abspath(program)
        self.directory = Path(tempfile.mkdtemp(prefix="clmd-model-"))
        self.directory.chmod(0o755)
        self.cluster = Cluster(self.directory, settings=HASTE)
        self.histories = 0
        self.servers = []

    def open(self):
        self.cluster.start()
        self.cluster.create("model")
        self.command("model", "migrate")
        self.key = self.command("model", "key", "create", "--name", "model", "--scope",
                                "admin").split()[-1]

    def environment(self, database):
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith("CLMD_")}
        return kept | SETTINGS | {"DATABASE_URL": self.cluster.url(database)}

    def command(self, database, *arguments):
        return processes.run([self.program, *arguments], env=self.environment(database),
                             stderr=subprocess.DEVNULL)

    def begin(self):
        self.histories += 1
        self.database = f"history_{self.histories}"
        self.cluster.create(self.database, "model")
        environment = self.environment(self.database) | {"KEY": self.key}
        self.servers = [Server(self.program, environment, self.directory / f"server-{n}.log")
                        for n in range(2)]

    def finish(self):
        """Whatever became of the history; gives the exit statuses of the servers."""
        statuses = [server.end(signal.SIGTERM) for server in self.servers]
        self.servers = []
        for log in self.directory.glob("server-*.log"):
            log.unlink()
        self.cluster.drop(self.database)
        return statuses

    def close(self):
        for server in self.servers:
            processes.stop(server.process, signal.SIGKILL)
        self.cluster.stop()
        shutil.rmtree(self.directory)
