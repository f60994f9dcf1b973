"""Who is who, by the events of a ledger; and what changes of customers are to record."""

from events import CHANGED, IDENTIFIED, MERGED, MERGES, UNMERGED, merge_patch, patch_between


class Refusal(Exception):
    def __init__(self, status):
        super().__init__(status)
        self.status = status


class People:
    """What a Ledger knows of customers, who are numbers: in names, refs, erased and
    erased_names."""

    def meet(self, name):
        if name not in self.names:
            self.names[name] = len(self.refs)
            self.refs.append(name)
        return self.names[name]

    def refuse_erased(self, *names):
        for name in names:
            if name not in self.names and name in self.erased_names:
                raise Refusal(410)

    def parents(self):
        """customer → the event that merges it into another, and that one."""
        latest = {event.own: event for event in self.effective(*MERGES)}
        return {own: (event, event.into) for own, event in latest.items()
                if event.type == MERGED and event.into != own}

    def roots(self):
        parents, roots = self.parents(), []
        for number in range(len(self.refs)):
            path, root = [], number
            while root in parents:
                path.append(root)
                root = parents[root][1]
                if root in path:  # a circle: the latest of its merges has no effect
                    root = max(path[path.index(root):], key=lambda n: parents[n][0].order)
                    break
            roots.append(root)
        return roots

    def group(self, number):
        """All who are the same customer as this one."""
        roots = self.roots()
        return {other for other, root in enumerate(roots) if root == roots[number]}

    def root(self, name):
        return self.roots()[self.names[name]]

    def history(self, number):
        group = self.group(number)
        return [event for event in self.events.values() if event.own in group]

    def attributes(self, number):
        group, attributes = self.group(number), {}
        for event in self.effective(IDENTIFIED, CHANGED):
            if event.own in group:
                attributes = merge_patch(attributes, event.data.get("attributes", {}))
        return attributes

    # Changes through the API: the status, and the event that is recorded, as far as it is known.

    def change(self, named, is_patch, names, attributes):
        """PUT or PATCH of a customer; attributes: None where none are given."""
        self.refuse_erased(named)
        is_new = named not in self.names
        if is_new and is_patch:
            raise Refusal(404)
        roots = self.roots()
        own = None if is_new else self.root(named)
        known = {name for name in names if name in self.names}
        if any(roots[self.names[name]] != own for name in known):
            raise Refusal(409)
        fresh = [name for name in dict.fromkeys(names) if name not in known | {named}]
        self.refuse_erased(*fresh)
        base = {} if is_new else self.attributes(own)
        patch = attributes if is_patch or attributes is None else patch_between(base, attributes)
        if patch is not None and merge_patch(base, patch) == base:
            patch = None
        if not is_new and not fresh and patch is None:
            return 200, None
        data = {"identifiers": fresh} if fresh else {}
        data |= {} if patch is None else {"attributes": patch}
        return 201 if is_new else 200, {"subject": named, "data": data,
                                        "type": IDENTIFIED if is_new or fresh else CHANGED}

    def merge(self, customer, into):
        for name in (customer, into):
            self.refuse_erased(name)
            if name not in self.names:
                raise Refusal(422)
        merging, target, roots = self.names[customer], self.names[into], self.roots()
        if merging == target:
            raise Refusal(422)
        if roots[merging] != merging or roots[target] != target:
            raise Refusal(409)
        return 201, {"subject": customer, "data": {"into": into}, "type": MERGED}

    def revert(self, merge):
        if merge.own in self.erased:
            raise Refusal(410)
        later = [event for event in self.effective(*MERGES)
                 if event.own == merge.own and event.order > merge.order]
        if merge.event_id in self.voided or later:
            raise Refusal(409)
        return 200, {"subject": merge.told["subject"], "data": {"into": merge.data["into"]},
                     "type": UNMERGED}

    def adopt(self, told):
        """Stores what the service recorded of its own."""
        number = self.meet(told["subject"])
        for name in told["data"].get("identifiers", []):
            self.names[name] = number
        self.store(told)
