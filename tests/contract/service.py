"""A clmd on a free port of the loopback, and a client that says just what it is told to."""
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

PATIENCE = 30  # seconds


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.body = response.read()
        self.fields = {name.lower(): value for name, value in response.getheaders()}
        self.media_type = self.fields.get("content-type", "").split(";")[0]

    def json(self):
        return json.loads(self.body)


class Service:
    """With a PostgreSQL of its own in a directory of its own, or with another one's."""

    def __init__(self, program, database=None, **settings):
        self.directory = tempfile.mkdtemp(prefix="clmd-contract-")
        os.chmod(self.directory, 0o755)
        self.data = os.path.join(self.directory, "data")
        self.log = os.path.join(self.directory, "log")
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("CLMD_") and name != "DATABASE_URL"}
        environment.update(settings, CLMD_DATA_DIR=self.data, CLMD_LISTEN="127.0.0.1:0")
        if database:
            environment["DATABASE_URL"] = database
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen([program, "serve"], env=environment, stderr=log,
                                            stdout=subprocess.DEVNULL)
        self.url = database or f"postgresql://clmd@/postgres?host={self.data}/socket"
        self.port = self.await_port()

    def read_log(self):
        with open(self.log, encoding="utf-8") as log:
            return log.read()

    def await_port(self):
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends and self.process.poll() is None:
            found = re.search(r"msg=listening address=127\.0\.0\.1:(\d+)", self.read_log())
            if found:
                return int(found[1])
            time.sleep(0.05)
        raise RuntimeError("clmd does not start:\n" + self.read_log())

    def admin_key(self):
        with open(os.path.join(self.data, "admin.key"), encoding="utf-8") as file:
            return file.read().strip()

    def send(self, method, target, fields, body=b""):
        """No field is added, and none is put right."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.putrequest(method, target, skip_accept_encoding=True)
            for name, value in fields.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def sql(self, text):
        return subprocess.run(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", text, self.url],
                              check=True, capture_output=True, text=True).stdout.strip()

    def end(self):
        """As it should: a sanitizer's report is an end of another kind."""
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(PATIENCE)
        if status != 0:
            raise RuntimeError(f"clmd ended with {status}:\n" + self.read_log())

    def remove(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.directory)
