"""Changes through the API; and the feed, in which what they recorded is found."""

import time

from hypothesis import strategies as some
from hypothesis.stateful import precondition, rule

import stories
from events import MERGED
from people import Refusal

JSON = "application/json"
SETTLE_SECONDS = 20
turn = some.integers(0, 1)  # which of the two servers is asked


class Changes:
    def change(self, server, method, path, body, kind, expected):
        """Asks twice with one Idempotency-Key, of both servers: it is done once. expected gives
        the status and what is recorded, or refuses."""
        key = f"key-{next(self.keys)}"
        answer = self.ask(server, method, path, body, content_type=kind, idempotency_key=key)
        try:
            status, recorded = expected()
        except Refusal as refusal:
            assert answer.status == refusal.status, (answer, refusal.status)
            return None
        assert answer.status == status, answer
        again = self.ask(1 - server, method, path, body, content_type=kind, idempotency_key=key)
        assert again.fields["Idempotent-Replayed"] == "true", again
        assert (again.status, again.text) == (status, answer.text), (answer, again)
        other = self.ask(server, method, path, {**body, "attributes": {"other": 1}}
                         if "attributes" in body else {"customer": "zoe", "into": "yan"},
                         content_type=kind, idempotency_key=key)
        assert other.status == 422, other
        if recorded is not None:
            self.follow(recorded)
        return answer

    @rule(server=turn, name=stories.names, is_patch=some.booleans(), names=stories.identifiers,
          attributes=some.one_of(some.none(), stories.solid_attributes), away=some.booleans())
    def put(self, server, name, is_patch, names, attributes, away):
        body = {"identifiers": names} | ({} if attributes is None else {"attributes": attributes})
        if is_patch and away and attributes:
            attributes[min(attributes)] = None
        kind = "application/merge-patch+json" if is_patch else JSON
        answer = self.change(server, "PATCH" if is_patch else "PUT", f"/v1/customers/{name}", body,
                             kind, lambda: self.ledger.change(name, is_patch, names, attributes))
        if answer is not None:
            self.check_customer(answer.json, name)

    @rule(server=turn, customer=stories.names, into=stories.names)
    def merge(self, server, customer, into):
        self.change(server, "POST", "/v1/merges", {"customer": customer, "into": into}, JSON,
                    lambda: self.ledger.merge(customer, into))

    @precondition(lambda self: any(e.type == MERGED for e in self.ledger.events.values()))
    @rule(server=turn, which=some.integers(0, 50))
    def revert(self, server, which):
        merges = [e for e in self.ledger.events.values() if e.type == MERGED]
        merge = merges[which % len(merges)]
        if not self.is_fixed(merge):
            self.change(server, "POST", f"/v1/merges/{merge.event_id}/revert", {"reason": "0"},
                        JSON, lambda: self.ledger.revert(merge))

    @rule(server=turn, name=stories.names)
    def erase(self, server, name):
        self.follow()
        self.change(server, "POST", "/v1/erasures", {"customer": name}, JSON,
                    lambda: (201, self.ledger.erase(name) and None))

    # Following ------------------------------------------------------------------------------

    def follow(self, recorded=None):
        """Reads the feed on until it has everything: the events of one request after those of
        another, each once; and last what the service has recorded of its own, if it has."""
        deadline = time.monotonic() + SETTLE_SECONDS
        due = [event_id for stored in self.ledger.feed[self.taken:] for event_id in stored]
        rows = []
        while len(rows) < len(due) + (recorded is not None):
            assert time.monotonic() < deadline, (len(rows), len(due), recorded)
            rows += self.read_feed()
        for stored in self.ledger.feed[self.taken:]:
            assert {row["event_id"] for row in rows[:len(stored)]} == stored, (rows, stored)
            rows = rows[len(stored):]
        self.taken = len(self.ledger.feed)
        if recorded is not None:
            told = rows.pop()["event"]
            found = {name: told[name] for name in recorded}
            found["data"] = {n: v for n, v in found["data"].items() if n != "reason"}
            assert found == recorded and told["source"] == "clmd", (told, recorded)
            self.ledger.adopt(told)
        assert not rows, rows
        assert not self.read_feed(), "the feed has more than was recorded"

    def read_feed(self):
        self.reads = getattr(self, "reads", 0) + 1
        after = f"&cursor={self.cursor}" if self.cursor else ""
        page = self.ask(self.reads % 2, "GET", f"/v1/changes?limit={1 + self.reads % 7}{after}")
        assert page.status == 200, page
        self.cursor = page.json["next_cursor"] or self.cursor
        ids = [row["event_id"] for row in page.json["data"]]
        self.followed = [event_id for event_id in self.followed if event_id not in ids] + ids
        return page.json["data"]
