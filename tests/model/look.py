"""What is read of the service at any moment, and what it must be."""

import json
import sys

from hypothesis import strategies as some
from hypothesis.stateful import rule

import stories
from events import STAGES, VOIDED, content, instant

YEAR = "from=2024-12-01&to=2026-01-01"
size = some.integers(1, 9)


class Looks:
    def pages(self, path, limit):
        """All rows of a list, page by page, of both servers in turn."""
        rows, cursor, turn = [], None, limit
        joined = "&" if "?" in path else "?"
        while True:
            after = f"&cursor={cursor}" if cursor else ""
            answer = self.ask(turn % 2, "GET", f"{path}{joined}limit={limit}{after}")
            assert answer.status == 200, (path, answer)
            page = answer.json
            assert len(page["data"]) <= limit, page
            assert page["has_more"] == (page["next_cursor"] is not None), page
            rows, cursor, turn = rows + page["data"], page["next_cursor"], turn + 1
            if not page["has_more"]:
                return rows

    def check_row(self, row):
        """An event as it is listed, exported or fed."""
        event = self.ledger.events[row["event_id"]]
        where = (row, event)
        assert row["voided"] == (event.event_id in self.ledger.voided), where
        if event.own is None:
            assert row["customer"] is None, where
        elif event.own in self.ledger.erased:
            assert row["customer"].startswith("erased-"), where
        else:
            assert row["customer"] == self.ledger.refs[self.ledger.roots()[event.own]], where
        told = content(row["event"])
        if event.is_stripped:
            assert (told["type"], told["time"]) == (event.type, event.order[0]), where
        else:
            assert told == content(event.told), where

    # Lists of events ------------------------------------------------------------------------

    @rule(limit=size, source=some.one_of(some.none(), stories.sources),
          kind=some.one_of(some.none(), some.sampled_from((VOIDED, "sell.order.placed"))),
          since=some.one_of(some.none(), stories.times))
    def list_events(self, limit, source, kind, since):
        self.follow()
        asked = {"source": source, "type": kind, "occurred_from": since}
        query = "&".join(f"{name}={value}" for name, value in asked.items() if value)
        rows = self.pages(f"/v1/events?{query}" if query else "/v1/events", limit)
        events = [self.ledger.events[event_id] for event_id in reversed(self.followed)]
        expected = [event.event_id for event in events
                    if source in (None, event.told["source"]) and kind in (None, event.type)
                    and (since is None or event.order[0] >= instant(since))]
        assert [row["event_id"] for row in rows] == expected, (rows, expected)
        for row in rows:
            self.check_row(row)

    @rule(limit=size, name=stories.names)
    def list_timeline(self, limit, name):
        if name not in self.ledger.names:
            answer = self.ask(limit % 2, "GET", f"/v1/customers/{name}/timeline")
            assert answer.status in (404, 410), answer
            return
        events = self.ledger.history(self.ledger.names[name])
        expected = [event_id for _, event_id in
                    sorted(((e.order[0], e.event_id) for e in events), reverse=True)]
        timeline = self.pages(f"/v1/customers/{name}/timeline", limit)
        assert [row["event_id"] for row in timeline] == expected, (timeline, expected)
        for row in timeline:
            event = self.ledger.events[row["event_id"]]
            assert row["voided"] == (event.event_id in self.ledger.voided), row
            assert event.is_stripped or (row["type"], row["data"]) == (event.type, event.data), row
        listed = self.pages(f"/v1/events?customer={name}", limit)
        assert [row["event_id"] for row in listed] == expected, (listed, expected)

    # Customers ------------------------------------------------------------------------------

    @rule(server=some.integers(0, 1), name=stories.names)
    def show_customer(self, server, name):
        answer = self.ask(server, "GET", f"/v1/customers/{name}")
        if name not in self.ledger.names:
            assert answer.status == (410 if name in self.ledger.erased_names else 404), answer
            return
        assert answer.status == 200, answer
        self.check_customer(answer.json, name)
        self.check_visits(name)

    def check_customer(self, told, name):
        ledger = self.ledger
        root = ledger.root(name)
        group, (visits, _) = ledger.group(root), ledger.visits(root)
        where = (told, name)
        assert told["customer"] == ledger.refs[root], where
        assert told["identifiers"] == sorted(n for n, own in ledger.names.items() if own in group)
        assert told["merged"] == sorted(ledger.refs[own] for own in group - {root}), where
        assert told["attributes"] == ledger.attributes(root), (where, ledger.attributes(root))
        assert told["stage"] == ledger.stage(root), where
        if told["stage"] is not None:
            assert told["cycle"] == visits[-1][1], where
            assert instant(told["entered_at"]) == visits[-1][3], where
        times = [event.order[0] for event in ledger.history(root)]
        if times:
            assert instant(told["first_seen"]) == min(times), where
            assert instant(told["last_seen"]) == max(times), where

    def check_visits(self, name):
        visits, _ = self.ledger.visits(self.ledger.root(name))
        told = [[STAGES.index(row["stage"]), row["cycle"], row["kind"], instant(row["entered_at"]),
                 row["left_at"] and instant(row["left_at"])]
                for row in self.pages(f"/v1/customers/{name}/visits", 3)]
        assert told == visits, (name, told, visits)

    @rule(limit=size, stage=some.one_of(some.none(), stories.stages))
    def list_customers(self, limit, stage):
        rows = self.pages(f"/v1/customers?stage={stage}" if stage else "/v1/customers", limit)
        shown = {root for root in self.ledger.roots() if root not in self.ledger.erased
                 and stage in (None, self.ledger.stage(root))}
        told = [row["customer"] for row in rows]
        assert sorted(told) == sorted(self.ledger.refs[root] for root in shown), (told, shown)
        for row in rows:
            assert row["stage"] == self.ledger.stage(self.ledger.root(row["customer"])), row

    # Sums -----------------------------------------------------------------------------------

    def measures(self, server, metric):
        """The values of a metric over the year, by their group."""
        answer = self.ask(server, "GET", f"/v1/metrics/{metric}?{YEAR}")
        assert answer.status == 200, answer
        return {tuple(sorted(row["group"].items())): row["value"] for row in answer.json["data"]
                if row["value"]}

    @rule(server=some.integers(0, 1))
    def ask_metrics(self, server):
        sums = self.ledger.purchases()
        told = self.measures(server, "purchases")
        assert told.get((("measure", "purchases"),), 0) == sum(n for n, _ in sums.values()), told
        amounts = {dict(group)["currency"]: value for group, value in told.items()
                   if ("measure", "amount") in group}
        assert amounts == {currency: amount for currency, (_, amount) in sums.items()}, told
        told = self.measures(server, "revenue")
        revenue = {dict(group)["currency"]: value for group, value in told.items()
                   if ("measure", "revenue") in group}
        expected = {currency: value for currency, value in self.ledger.revenue().items() if value}
        assert revenue == expected, (told, expected)
        told = self.measures(server, "stage_population")
        population = {dict(group)["stage"]: value for group, value in told.items()
                      if ("measure", "population") in group}
        assert population == self.ledger.population(), (told, self.ledger.population())

    @rule(server=some.integers(0, 1))
    def reconcile(self, server):
        answer = self.ask(server, "GET", "/v1/reconciliation?from=2025-01-01&to=2026-01-01")
        assert answer.status == 200, answer
        told = {(row["source"], row["type"], row["currency"]):
                [row[name] or 0 for name in ("events", "amount", "voided_events", "voided_amount")]
                for row in answer.json["data"]}
        assert told == self.ledger.totals("2026"), (told, self.ledger.totals("2026"))

    # The end --------------------------------------------------------------------------------

    def teardown(self):
        try:
            if sys.exc_info()[0] is None:  # no step has failed
                self.check_all()
        finally:
            statuses = self.world.finish()
        assert statuses == [0, 0], statuses

    def check_all(self):
        self.follow()
        self.list_events(7, None, None, None)
        for name in stories.NAMES:
            self.show_customer(0, name)
            self.list_timeline(3, name)
        self.list_customers(3, None)
        self.ask_metrics(1)
        self.reconcile(0)
        self.check_export()
        assert self.world.command(self.world.database, "verify").strip() == "no difference"

    def check_export(self):
        lines = self.ask(1, "GET", "/v1/exports/events").text.splitlines()
        rows = [json.loads(line) for line in lines]
        assert sorted(row["event_id"] for row in rows) == sorted(self.ledger.events), rows
        for row in rows:
            self.check_row(row)
