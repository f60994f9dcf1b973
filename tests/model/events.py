"""Events as the model sees them."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timezone

NAMESPACE = uuid.UUID("3b8c85b5-f952-4183-8639-ae90d46e307f")
STAGES = ("find", "sell", "deliver", "bill", "support", "loyalty")
# Of those used here: how they move a customer, and to which stage.
MOVES = {"find.lead.created": ("enter", 0), "sell.order.placed": ("enter", 1),
         "deliver.fulfilment.started": ("advance", 2), "bill.payment.succeeded": ("advance", 3),
         "support.case.opened": ("advance", 4), "loyalty.program.joined": ("enter", 5),
         "loyalty.relationship.ended": ("exit", 5)}
MERGES = MERGED, UNMERGED = "customer.merged", "customer.unmerged"
IDENTIFIED, CHANGED = "customer.identified", "customer.attributes_changed"
VOIDED = "event.voided"


def event_id_of(source, name):
    return str(uuid.uuid5(NAMESPACE, f"{source}\n{name}"))


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def content(told):
    """What an event says, in whatever form it came."""
    said = {name: value for name, value in told.items()
            if name not in ("specversion", "datacontenttype")}
    return said | {"time": instant(told["time"])}


def merge_patch(document, patch):
    if not isinstance(patch, dict):
        return patch
    merged = dict(document) if isinstance(document, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def patch_between(base, wanted):
    """What makes a flat object of another one."""
    return {name: wanted.get(name) for name in base | wanted}


@dataclass
class Event:
    told: dict
    own: int | None = None  # the customer whom its subject named
    into: int | None = None  # of a merge or its end: the other one
    is_stripped: bool = False  # by an erasure, its own or that of one whom it mentions

    @property
    def type(self):
        return self.told["type"]

    @property
    def data(self):
        return self.told.get("data", {})

    @property
    def event_id(self):
        return event_id_of(self.told["source"], self.told["id"])

    @property
    def target(self):
        """Of an event.voided: the id of what never happened."""
        return event_id_of(self.data["source"], self.data["id"])

    @property
    def order(self):
        """But for the stage: as events about the record are ordered."""
        return (instant(self.told["time"]), self.told.get("sequence", ""), self.told["source"],
                self.told["id"])

    @property
    def move(self):
        if self.type == "stage.overridden":
            return "enter", STAGES.index(self.data["stage"])
        return MOVES.get(self.type)
