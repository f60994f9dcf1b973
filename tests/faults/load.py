"""Those who post and read all the time, and what they remember of the answers.

A writer repeats a request until it is acknowledged, as senders should; now and then one is given
up instead, so that what was refused is not mended by its repetition. So what each event's fate must
be is known from the senders alone: stored, not stored, or stored with all others of its request.
"""

import http.client
import json
import random
import threading
import time

from harness.processes import Failure

WRITERS, READERS = 4, 2
PACE = 0.015  # seconds from one request to the next
TIMEOUT = 5
STUCK = 30
ARRAY = 20
CUSTOMERS = 60
TYPES = (
    ("sell.order.placed", "order_id", {"amount": 100, "currency": "EUR", "units": 1}),
    ("bill.payment.succeeded", "payment_id", {"amount": 100, "currency": "EUR"}),
    ("support.case.opened", "case_id", {}),
)
PATHS = ("/v1/customers/c7", "/v1/customers?limit=20", "/v1/stages",
         "/v1/metrics/purchases?from=2001-01-01&to=2001-02-01")


class Refused(Exception):
    """A 503 as it should be."""


class Fault(Exception):
    """An answer that must not be."""


class Client:
    """One connection, made again when it is lost."""

    def __init__(self, service, timeout=TIMEOUT):
        self.fields = {"Authorization": f"Bearer {service.key}"}
        self.connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=timeout)

    def ask(self, method, path, body=None):
        """Status and body; OSError or HTTPException where there was none."""
        kind = {"Content-Type": "application/json"} if body else {}
        try:
            self.connection.request(method, path, body, self.fields | kind)
            answer = self.connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise
        if answer.status == 503:
            if not answer.getheader("Retry-After") or answer.getheader("Content-Type") != \
                    "application/problem+json":
                raise Fault(f"{method} {path}: {answer.status} {answer.headers} {text}")
            raise Refused(text)
        if answer.status == 429 or answer.status >= 500:
            raise Fault(f"{method} {path}: {answer.status} {text}")
        return answer.status, text

    def post(self, events):
        """Returns when these are acknowledged; the events that are not valid are to be rejected."""
        status, text = self.ask("POST", "/v1/events", json.dumps(events))
        answer = json.loads(text)
        valid = sum(is_valid(event) for event in events)
        if status >= 400 or answer["created"] + answer["duplicate"] != valid:
            raise Fault(f"POST /v1/events: {status} {text}")

    def close(self):
        self.connection.close()


class Body:
    """A request whose body is blown up to a size, and sent in two parts: its last byte later."""

    def __init__(self, service, size, events):
        self.connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=TIMEOUT)
        self.fields = {"Authorization": f"Bearer {service.key}", "Content-Length": size,
                       "Content-Type": "application/json"}
        self.size, self.events = size, events

    def begin(self):
        self.connection.putrequest("POST", "/v1/events")
        for name, value in self.fields.items():
            self.connection.putheader(name, value)
        self.connection.endheaders(json.dumps(self.events).ljust(self.size)[:-1].encode())

    def end(self):
        self.connection.send(b" ")
        answer = self.connection.getresponse()
        text = answer.read().decode()
        self.connection.close()
        if answer.status >= 500:
            raise Refused(text)
        if answer.status >= 400:
            raise Fault(f"a large body: {answer.status} {text}")


def make_event(source, number, is_bad=False):
    kind, name, data = TYPES[number % len(TYPES)]
    day = 1 + number * 11 % 28
    return {"source": source, "id": str(number), "type": kind,
            "subject": f"c{number % CUSTOMERS}", "time": f"2001-01-{day:02}T08:00:00Z",
            "data": {} if is_bad else data | {name: f"{source}-{number}"}}


def is_valid(event):
    return event["data"] != {}


def name_of(event):
    return event["source"], event["id"]


class Record:
    """What the senders know."""

    def __init__(self):
        self.lock = threading.Lock()
        self.acknowledged, self.rejected, self.given_up = set(), set(), []
        self.posts = self.reads = self.refused = self.unanswered = 0
        self.faults = []

    def count(self, what):
        with self.lock:
            setattr(self, what, getattr(self, what) + 1)

    def note(self, action, *arguments):
        """Whether it was answered, and not refused."""
        try:
            action(*arguments)
            return True
        except Refused:
            self.count("refused")
        except (OSError, http.client.HTTPException):
            self.count("unanswered")
        return False

    def acknowledge(self, events):
        with self.lock:
            self.posts += 1
            self.acknowledged |= {name_of(event) for event in events if is_valid(event)}
            self.rejected |= {name_of(event) for event in events if not is_valid(event)}

    def give_up(self, events):
        with self.lock:
            self.given_up.append({name_of(event) for event in events if is_valid(event)})
            self.rejected |= {name_of(event) for event in events if not is_valid(event)}

    def complain(self, text):
        with self.lock:
            self.faults.append(text)


class Caller(threading.Thread):
    """Calls at a steady pace, while its load is not paused."""

    def __init__(self, load, name, seed):
        super().__init__(daemon=True)
        self.load, self.source, self.random = load, name, random.Random(seed)
        self.client = Client(load.service)
        self.goes = threading.Event()
        self.is_idle = threading.Event()

    def run(self):
        while not self.load.is_over:
            if not self.goes.is_set():
                self.is_idle.set()
                self.goes.wait()
                continue
            self.is_idle.clear()
            try:
                self.call()
            except Exception as problem:  # pylint: disable=broad-except
                self.load.record.complain(repr(problem))
            time.sleep(PACE)

    def attempt(self, action, *arguments):
        """Whether it was answered, and not with 503."""
        try:
            action(*arguments)
            return True
        except Refused:
            self.load.record.count("refused")
        except (OSError, http.client.HTTPException):
            self.load.record.count("unanswered")
        time.sleep(PACE)
        return False


class Writer(Caller):
    number = 0

    def draw(self):
        count = ARRAY if self.random.random() < 0.25 else 1
        bad = self.random.randrange(ARRAY) if count > 1 else -1
        first, self.number = self.number, self.number + count
        return [make_event(self.source, first + i, i == bad) for i in range(count)]

    def call(self):
        events = self.draw()
        while not self.attempt(self.client.post, events):
            if self.random.random() < 0.2:
                self.load.record.give_up(events)
                return
        self.load.record.acknowledge(events)


class Reader(Caller):
    def call(self):
        path = self.random.choice(PATHS)
        if self.attempt(self.read, path):
            self.load.record.count("reads")

    def read(self, path):
        status, text = self.client.ask("GET", path)
        if status not in (200, 304) and (status, path) != (404, PATHS[0]):
            raise Fault(f"GET {path}: {status} {text}")


class Load:
    def __init__(self, service, seed):
        self.service, self.record, self.is_over = service, Record(), False
        self.callers = [Writer(self, f"w{i}", f"{seed} w{i}") for i in range(WRITERS)]
        self.callers += [Reader(self, f"r{i}", f"{seed} r{i}") for i in range(READERS)]
        for caller in self.callers:
            caller.start()

    def resume(self):
        for caller in self.callers:
            caller.goes.set()

    def pause(self):
        """Returns when every writer knows the fate of its last request."""
        for caller in self.callers:
            caller.is_idle.clear()
            caller.goes.clear()
        for caller in self.callers:
            if not caller.is_idle.wait(STUCK):
                raise Failure(f"{caller.source} is answered no more")

    def await_progress(self, posts, reads):
        """Waits until so many more requests were answered."""
        record, ends = self.record, time.monotonic() + STUCK
        posts, reads = record.posts + posts, record.reads + reads
        while record.posts < posts or record.reads < reads:
            if time.monotonic() > ends or record.faults:
                raise Failure(f"nobody is served: {record.faults[:1]}")
            time.sleep(0.001)

    def end(self):
        self.is_over = True
        self.resume()
        for caller in self.callers:
            caller.join(STUCK)
            caller.client.close()


def probe(service, record, number, limit):
    """Seconds until an event of a new caller is stored, and a reading answered."""
    began, events = time.monotonic(), [make_event("probe", number)]
    posted = False
    while time.monotonic() < began + limit:
        client = Client(service, limit)
        try:
            if not posted:
                client.post(events)
                record.acknowledge(events)
                posted = True
            if client.ask("GET", PATHS[1])[0] == 200:
                return time.monotonic() - began
        except (Refused, OSError, http.client.HTTPException):
            time.sleep(0.01)
        finally:
            client.close()
    raise Failure(f"the service is not back within {limit} s")
