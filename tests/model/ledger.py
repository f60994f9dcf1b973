"""The ledger as it is promised, in memory: a dictionary of events, and plain loops over it.

It shares nothing with the service but the words of the vocabulary. Everything that is not an event
or a name is computed anew from all events whenever it is asked for.
"""

import copy

from events import IDENTIFIED, MERGES, STAGES, VOIDED, Event, content, event_id_of
from people import People, Refusal


class Ledger(People):
    def __init__(self):
        self.events = {}  # by event_id
        self.names = {}  # identifier → number of the customer
        self.refs = []  # of each customer, the name by which it was met
        self.erased = set()  # numbers
        self.erased_names = set()
        self.feed = []  # of each request, the events that it stored or changed

    def copy(self):
        return copy.deepcopy(self)

    @property
    def voided(self):
        return {event.target for event in self.events.values() if event.type == VOIDED}

    def effective(self, *types):
        """Events that are not taken back, of some types or of all, in their order."""
        voided = self.voided
        return sorted((event for event_id, event in self.events.items()
                       if event_id not in voided and (not types or event.type in types)),
                      key=lambda event: event.order)

    # Recording ------------------------------------------------------------------------------

    def judge(self, told):
        """What becomes of an event that is valid, but for what happens at its subject."""
        known = self.events.get(event_id_of(told["source"], told["id"]))
        if known is None:
            return "created"
        if known.own in self.erased:
            raise Refusal(410)
        is_same = not known.is_stripped and content(known.told) == content(told)
        return "duplicate" if is_same else "conflict"

    def attach(self, told):
        """What a new customer.identified says of names."""
        names = told["data"].get("identifiers", [])
        subject = self.names.get(told["subject"])
        roots = self.roots()
        for name in names:
            if name in self.names and (subject is None
                                       or roots[self.names[name]] != roots[subject]):
                raise Refusal(409)
        self.refuse_erased(told["subject"], *names)
        number = self.meet(told["subject"])
        for name in names:
            self.names.setdefault(name, number)

    def record(self, told):
        """Stores an event, once; the outcome, or a Refusal."""
        if told["type"] in MERGES and told["data"]["into"] == told["subject"]:
            raise Refusal(422)
        outcome = self.judge(told)
        if outcome != "created":
            return outcome
        self.refuse_erased(*([told["subject"]] if "subject" in told else []))
        if told["type"] == IDENTIFIED:
            self.attach(told)
        if told["type"] in MERGES:
            self.refuse_erased(told["data"]["into"])
        self.store(told)
        return outcome

    def store(self, told):
        event = Event(told)
        if told["type"] in MERGES:
            event.into = self.meet(told["data"]["into"])
        if "subject" in told:
            event.own = self.meet(told["subject"])
        self.events[event.event_id] = event

    def record_all(self, items):
        """A request's events, None where one is not valid: for each the outcome, or the status
        that refuses it. Names that are told come first, whatever their place."""
        fates, firsts = {}, {}
        for place, told in enumerate(items):
            if told:
                firsts.setdefault(event_id_of(told["source"], told["id"]), place)
        naming = {place for place in firsts.values() if items[place]["type"] == IDENTIFIED}
        places = sorted(range(len(items)), key=lambda place: place not in naming)
        for place in places:
            try:
                fates[place] = self.record(items[place]) if items[place] else 422
            except Refusal as refusal:
                fates[place] = refusal.status
        self.feed.append({event_id_of(items[n]["source"], items[n]["id"])
                          for n in places if fates[n] == "created"})
        return [fates[place] for place in range(len(items))]

    def erase(self, name):
        """Gives who was erased with it."""
        self.refuse_erased(name)
        if name not in self.names:
            raise Refusal(404)
        person = self.group(self.names[name])
        theirs = {event_id for event_id, event in self.events.items() if event.own in person}
        mentions = {event_id for event_id, event in self.events.items()
                    if event.type in MERGES and event.into in person
                    or event.type == VOIDED and event.target in theirs}
        for event_id in theirs | mentions:
            self.events[event_id].is_stripped = True
        self.feed.append(theirs | mentions)
        self.erased |= person
        self.erased_names |= {name for name, number in self.names.items() if number in person}
        self.names = {name: number for name, number in self.names.items() if number not in person}
        return person

    # What follows ---------------------------------------------------------------------------

    def visits(self, number):
        """Each as stage, cycle, kind, entered_at, left_at or None; and the moves that made
        them: event_id → (from, to, kind)."""
        group, visits, moves = self.group(number), [], {}
        moving = sorted((event for event in self.effective() if event.own in group and event.move),
                        key=lambda e: (*e.order[:2], e.move[1], *e.order[2:]))
        stage, cycle = None, 1
        for event in moving:
            way, to = event.move
            time = event.order[0]
            if way == "exit":
                to = None
            if to == stage or way == "advance" and stage is not None and to < stage:
                continue
            kind = self.kind(stage, to, not visits)
            if stage is not None:
                visits[-1][4] = time
            if to is not None:
                cycle += kind in ("loop", "return")
                visits.append([to, cycle, kind, time, None])
            moves[event.event_id] = (stage, to, kind)
            stage = to
        return visits, moves

    @staticmethod
    def kind(stage, to, is_first):
        if to is None:
            return "exit"
        if stage is None:
            return "enter" if is_first else "return"
        if stage >= 2 and to <= 1:
            return "loop"
        return "advance" if to == stage + 1 else "skip" if to > stage else "regress"

    def stage(self, number):
        visits, _ = self.visits(number)
        return STAGES[visits[-1][0]] if visits and visits[-1][4] is None else None

    def transition(self, event):
        """What an answer says that it caused."""
        move = self.visits(event.own)[1].get(event.event_id)
        if move is None:
            return None
        named = [None if stage is None else STAGES[stage] for stage in move[:2]]
        return {"from": named[0], "to": named[1], "kind": move[2],
                "at": event.order[0].strftime("%Y-%m-%dT%H:%M:%SZ")}

    def purchases(self):
        """Orders placed and not cancelled: by currency, their number and amount."""
        roots, events = self.roots(), self.effective()
        cancelled = {(roots[event.own], event.data["order_id"]) for event in events
                     if event.type == "sell.order.cancelled"}
        sums = {}
        for event in events:
            if (event.type == "sell.order.placed"
                    and (roots[event.own], event.data["order_id"]) not in cancelled):
                count, amount = sums.get(event.data["currency"], (0, 0))
                sums[event.data["currency"]] = count + 1, amount + event.data["amount"]
        return sums

    def revenue(self):
        """Payments less refunds, by currency."""
        signs = {"bill.payment.succeeded": 1, "bill.refund.issued": -1}
        sums = {}
        for event in self.effective(*signs):
            currency = event.data["currency"]
            sums[currency] = sums.get(currency, 0) + signs[event.type] * event.data["amount"]
        return sums

    def population(self):
        """Customers by the stage in which they are now."""
        stages = [self.stage(root) for root in sorted(set(self.roots()))]
        return {stage: stages.count(stage) for stage in STAGES if stage in stages}

    def totals(self, before):
        """By source, type and currency, of what happened before a year: events, amount, and how
        much of both was voided."""
        voided, totals = self.voided, {}
        for event_id, event in self.events.items():
            if event.told["time"] >= before:
                continue
            key = event.told["source"], event.type, event.data.get("currency")
            amount, is_void = event.data.get("amount", 0), event_id in voided
            total = totals.setdefault(key, [0, 0, 0, 0])
            for place, value in enumerate((1, amount, is_void, is_void * amount)):
                total[place] += value
        return totals
