"""A history step by step, told to the service and to the model; each answer is held against it."""

import itertools
import signal
import threading
import time
from http.client import HTTPException

from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

import stories
from changes import Changes
from events import MERGES, VOIDED, event_id_of
from ledger import Ledger
from look import Looks

JSON, LINES = "application/json", "application/x-ndjson"
BATCH = "application/cloudevents-batch+json"
STATUSES = {"created": 201, "duplicate": 200}
turn = some.integers(0, 1)  # which of the two servers is asked


class Machine(Changes, Looks, RuleBasedStateMachine):
    """world is what all histories share (live.World); a subclass has it."""

    def __init__(self):
        super().__init__()
        self.world.begin()
        self.ledger = Ledger()
        self.cursor, self.followed = None, []  # how far the feed was read; its events
        self.taken = 0  # how many requests of the ledger's feed were found in it
        self.keys = itertools.count(1)  # for the field Idempotency-Key

    def ask(self, server, method, path, body=None, **fields):
        answer = self.world.servers[server].ask(method, path, body, **fields)
        assert answer.status < 500, (method, path, answer)
        return answer

    # Posting ------------------------------------------------------------------------------

    @rule(server=turn, told=stories.events, way=some.sampled_from(("json", "cloud", "binary")),
          dry=some.integers(0, 4))
    def post(self, server, told, way, dry):
        ledger = self.ledger.copy() if dry == 0 else self.ledger
        answer = self.post_one(server, told, way, dry == 0)
        expected, = ledger.record_all([told])
        self.check_one(ledger, answer, told, expected, dry == 0)

    def post_one(self, server, told, way="json", is_dry=False):
        path = "/v1/events" + ("?dry_run=true" if is_dry else "")
        if way != "binary":
            kind = JSON if way == "json" else "application/cloudevents+json"
            told = told if way == "json" else told | {"specversion": "1.0"}
            return self.ask(server, "POST", path, told, content_type=kind)
        fields = {f"ce_{name}": value for name, value in told.items() if name != "data"}
        return self.ask(server, "POST", path, told["data"], content_type=JSON,
                        ce_specversion="1.0", **fields)

    def check_one(self, ledger, answer, told, expected, is_dry=False):
        if isinstance(expected, int) or expected == "conflict":
            assert answer.status == (409 if expected == "conflict" else expected), answer
            return
        assert answer.status == (200 if is_dry else STATUSES[expected]), answer
        assert answer.json["outcome"] == expected, answer
        self.check_record(ledger, answer.json["event"], told)

    @staticmethod
    def check_record(ledger, record, told):
        event = ledger.events[event_id_of(told["source"], told["id"])]
        where = (record, told)
        assert record["event_id"] == event.event_id, where
        if event.own is None:
            assert record["customer"] is None and record["stage"] is None, where
            return
        root = ledger.roots()[event.own]
        assert record["customer"] == ledger.refs[root], where
        assert record["stage"] == ledger.stage(root), where
        assert record["transition"] == ledger.transition(event), where

    @rule(server=turn, items=some.lists(stories.events, min_size=1, max_size=8), flaw=some.one_of(
              some.none(), some.tuples(some.integers(0, 8), stories.flaws)),
          way=some.sampled_from((JSON, BATCH, LINES)),
          how=some.sampled_from(("", "", "", "atomic", "dry_run", "atomic=true&dry_run")))
    def post_many(self, server, items, flaw, way, how):
        """Several at once, of which one may be at fault."""
        meant = list(items)
        if flaw is not None:
            place, wrong = flaw
            items = items[:place] + [items[0] | wrong] + items[place:]
            meant = meant[:place] + [None] + meant[place:]
        if self.is_unclear(meant):
            for told in items[:1] if flaw is None else []:
                self.post(server, told, "json", 1)
            return
        ledger = self.ledger.copy()
        fates = ledger.record_all(meant)
        is_whole = all(fate in ("created", "duplicate") for fate in fates)
        is_lost = "atomic" in how and not is_whole
        path = f"/v1/events?{how}=true" if how else "/v1/events"
        body = stories.to_lines(items) if way == LINES else items
        answer = self.ask(server, "POST", path, body, content_type=way)
        if is_lost:
            worst = 409 if {*fates} <= {"created", "duplicate", "conflict", 409} else 422
            assert answer.status == worst, (answer, fates)
            return
        assert answer.status == 200, answer
        self.check_many(ledger, answer.json, meant, fates)
        if "dry_run" not in how:
            self.ledger = ledger

    def is_unclear(self, items):
        """Whether what becomes of them depends on an order in which they are tried that is not
        promised: names that are another's, or erased."""
        fates = self.ledger.copy().record_all(items)
        return any(fate == 409 or fate == 410 and told["type"] in stories.NAMING
                   or fate == "conflict" and told.get("subject") in self.ledger.erased_names
                   for fate, told in zip(fates, items) if told)

    def check_many(self, ledger, answer, items, fates):
        told_fates = []
        for told, fate, item in zip(items, fates, answer["data"], strict=True):
            if isinstance(fate, int):
                assert item["problem"]["status"] == fate, (item, told, fate)
                continue
            told_fates.append(fate)
            assert item["outcome"] == fate, (item, told, fate)
            if fate != "conflict":
                self.check_record(ledger, item["event"], told)
        for outcome in ("created", "duplicate"):
            assert answer[outcome] == told_fates.count(outcome), (answer, fates)

    @rule(server=turn, items=some.lists(stories.flat, min_size=1, max_size=12),
          as_csv=some.booleans(), bad=some.booleans())
    def bring_in(self, server, items, as_csv, bad):
        """An import, with a row that is none."""
        if self.is_unclear(items) or len({event_id_of(told["source"], told["id"])
                                          for told in items}) < len(items):
            return  # who comes first is not promised either: two threads store them
        fates = self.ledger.record_all(items)
        body = stories.to_csv(items) if as_csv else stories.to_lines(items)
        body += "none\n" if bad else ""
        answer = self.ask(server, "POST", "/v1/imports", body,
                          content_type="text/csv" if as_csv else LINES)
        assert answer.status == 202 and answer.json["state"] == "done", answer
        counts = {fate: fates.count(fate) for fate in ("created", "duplicate", "conflict")}
        refused = len(fates) - sum(counts.values()) + bad
        for fate, count in (counts | {"rejected": refused}).items():
            assert answer.json[fate] == count, (fate, count, answer)
        rejects = self.ask(server, "GET", f"/v1/imports/{answer.json['import_id']}/rejects")
        assert len(rejects.text.splitlines()) == refused + counts["conflict"], rejects

    @rule(server=turn, told=stories.events, wrong=stories.flaws)
    def post_flawed(self, server, told, wrong):
        answer = self.post_one(server, told | wrong)
        assert answer.status == 422 and answer.json["errors"], answer

    @precondition(lambda self: self.ledger.events)
    @rule(server=turn, which=some.integers(0, 500), way=some.sampled_from(("json", "binary")),
          change=some.one_of(some.none(), stories.times))
    def repeat(self, server, which, way, change):
        """The same again, or something else under its name."""
        told = self.some_event(which).told
        if told["source"] == "clmd":
            return
        told = told | ({} if change is None else {"time": change})
        self.check_one(self.ledger, self.post_one(server, told, way), told,
                       self.ledger.record_all([told])[0])

    def some_event(self, which):
        events = list(self.ledger.events.values())
        return events[which % len(events)]

    @precondition(lambda self: self.ledger.events)
    @rule(server=turn, which=some.integers(0, 500), reason=some.one_of(some.none(), stories.small))
    def void(self, server, which, reason):
        target = self.some_event(which)
        if self.is_fixed(target):
            return
        answer = self.ask(server, "POST", f"/v1/events/{target.event_id}/void",
                          None if reason is None else {"reason": reason})
        if target.own in self.ledger.erased:
            assert answer.status == 404, answer
        elif target.type == VOIDED:
            assert answer.status in (409, 422), answer
        else:
            told = {name: target.told[name] for name in ("subject", "time") if name in target.told}
            told |= {"source": "clmd", "id": f"void:{target.event_id}", "type": VOIDED,
                     "data": {name: target.told[name] for name in ("source", "id")}}
            told["data"] |= {} if reason is None else {"reason": reason}
            self.check_one(self.ledger, answer, told, self.ledger.record_all([told])[0])

    def is_fixed(self, event):
        """Who was erased is not to be parted or joined any more: the model does not know how
        equal times are ordered then."""
        return event.type in MERGES and {event.own, event.into} & self.ledger.erased

    # Two at once, and faults ----------------------------------------------------------------

    @rule(told=some.lists(stories.events, min_size=1, max_size=4))
    def post_at_both(self, told):
        """The same to both servers: each event is new to one of them."""
        if self.is_unclear(told):
            return
        fates, answers = self.ledger.record_all(told), {}

        def post(server):
            answers[server] = self.world.servers[server].ask("POST", "/v1/events", told)

        threads = [threading.Thread(target=post, args=(server,)) for server in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [answers[server].status for server in (0, 1)] == [200, 200], answers
        told_fates = [[item["outcome"] for item in answers[server].json["data"]]
                      for server in (0, 1)]
        for place, fate in enumerate(fates):
            told_of = sorted(of[place] for of in told_fates)
            if isinstance(fate, int):  # or another event of that name came before, at the other
                assert set(told_of) <= {"rejected", "conflict"}, (told_of, fate)
            else:
                assert told_of == [fate, "duplicate" if fate == "created" else fate], told_of

    @rule(server=turn, told=some.lists(stories.events, min_size=1, max_size=6),
          after=some.integers(0, 30))
    def post_and_kill(self, server, told, after):
        """Killed some milliseconds after the request began, whose sender then repeats it."""
        if self.is_unclear(told):
            return
        victim = self.world.servers[server]

        def post():
            try:
                victim.ask("POST", "/v1/events", told)
            except (OSError, HTTPException):
                pass

        thread = threading.Thread(target=post)
        thread.start()
        time.sleep(after / 1000)
        victim.process.kill()
        thread.join()
        victim.again(signal.SIGKILL)
        fates = self.ledger.record_all(told)
        answer = self.ask(server, "POST", "/v1/events", told)
        for fate, item in zip(fates, answer.json["data"], strict=True):
            if fate == "created":
                assert item["outcome"] in ("created", "duplicate"), item
            else:
                assert isinstance(fate, int) or item["outcome"] == fate, (item, fate)

    @rule(server=turn, how=some.sampled_from((signal.SIGTERM, signal.SIGKILL)))
    def restart(self, server, how):
        self.world.servers[server].again(how)
