"""Asks a service for operations, and keeps what was provoked and what was wrong with it."""
import json
import uuid
from urllib.parse import quote, urlencode

from sound import IDS, SOUND

NOTHING = object()  # no body, where there would be one


class Request:
    """What an operation is asked by, so that provocations can alter it."""

    def __init__(self, method, path, query, fields, body):
        self.method, self.path, self.query = method, path, query
        self.fields, self.body = fields, body
        self.rest = ""  # of the target, as it is

    def target(self):
        asked = urlencode(self.query)
        return self.path + ("?" + asked if asked else "") + self.rest


def encode(body):
    return (body if isinstance(body, str) else json.dumps(body)).encode()


class Tester:
    def __init__(self, document, service, key):
        self.document, self.service, self.key = document, service, key
        self.operations = {operation.name: operation for operation in document.operations}
        self.known = {}  # what answers told: ids
        self.provoked = {name: set() for name in self.operations}
        self.media = {name: set() for name in self.operations}
        self.faults = {name: [] for name in self.operations}

    def request(self, operation, path=None, query=None, fields=None, body=None, media=None):
        """One that is answered well, but for what is said otherwise."""
        sound = SOUND.get(operation.name, {})
        values = dict(IDS.get(operation.name, {}), **(path or {}))
        target = operation.path
        for given in operation.parameters:
            if given["in"] == "path":
                value = values.get(given["name"], given.get("example", ""))
                target = target.replace("{%s}" % given["name"],
                                        quote(value.format(**self.known), safe=""))
        asked = {given["name"]: given["example"]
                 for given in operation.query() if given.get("required")}
        asked.update(sound.get("query", {}) if query is None else query)
        sent = {"Authorization": "Bearer " + self.key}
        if operation.scope == "none":
            sent = {}
        sent.update(sound.get("fields", {}) if fields is None else fields)
        content = b""
        if operation.body and body is not NOTHING:
            media = media or next(iter(operation.body))
            body = sound.get("body") if body is None else body
            content = encode(self.example(operation, media) if body is None else body)
            sent.update({"Content-Type": media, "Content-Length": str(len(content))})
        return Request(operation.method, target, asked, sent, content)

    def example(self, operation, media):
        part = operation.body[media]
        return part["example"] if "example" in part else next(
            iter(part["examples"].values()))["value"]

    def blame(self, operation, what, faults):
        self.faults[operation.name] += [f"{what}: {fault}" for fault in faults]

    def send(self, operation, request, what, service=None):
        """The answer, after it was held against the document."""
        answer = (service or self.service).send(request.method, request.target(),
                                                request.fields, request.body)
        self.provoked[operation.name].add(answer.status)
        self.media[operation.name].add((answer.status, answer.media_type))
        self.blame(operation, f"{what}, {answer.status}",
                   self.document.faults(operation, answer)[:4])
        return answer

    def provoke(self, operation, status, request, what, service=None):
        answer = self.send(operation, request, what, service)
        if answer.status != status:
            self.blame(operation, what,
                       [f"{answer.status} instead of {status}: {answer.body[:300]!r}"])
        return answer

    def repeat(self, operation, first, request):
        """A request under an Idempotency-Key has the same answer once more, marked as such."""
        second = self.provoke(operation, first.status, request, "repeated")
        if second.body != first.body or second.fields.get("idempotent-replayed") != "true":
            self.blame(operation, "repeated", ["it is not the answer that was kept"])

    def tell(self, step):
        """A step of the story."""
        operation = self.operations[step.operation]
        request = self.request(operation, **step.request)
        if step.matches:
            seen = self.send(self.operations[step.matches],
                             self.request(self.operations[step.matches],
                                          path=step.request.get("path")), "for its state")
            request.fields["If-Match"] = seen.fields.get("etag", "")
        keeps = any(given["name"] == "Idempotency-Key" for given in operation.parameters)
        if keeps and step.status < 300:
            request.fields["Idempotency-Key"] = str(uuid.uuid4())
        answer = self.provoke(operation, step.status, request, "in the story")
        if keeps and answer.status < 300:
            self.repeat(operation, answer, request)
        for name, *members in step.keep:
            value = answer.json()
            for member in members:
                value = value[member]
            self.known[name] = value
        return answer
