"""What senders say: events, good and bad, drawn from so few names that they meet."""

import csv
import io
import json

from hypothesis import strategies as some

SOURCES, IDS = ("shop", "desk"), 24
NAMES = ("ann", "bob", "cyd", "crm:1", "crm:2", "mail:ann")
NAMING = ("customer.identified", "customer.merged", "customer.unmerged")

names = some.sampled_from(NAMES)
small = some.integers(0, 3).map(str)
amounts = some.integers(1, 500)
currencies = some.sampled_from(("EUR", "JPY"))
values = some.one_of(some.none(), some.integers(0, 2))
attributes = some.dictionaries(some.sampled_from("xyz"), values, max_size=2)
solid_attributes = some.dictionaries(some.sampled_from("xyz"), some.integers(0, 2), max_size=2)
identifiers = some.lists(names, max_size=2, unique=True)
stages = some.sampled_from(("find", "sell", "deliver", "bill", "support", "loyalty"))
sources = some.sampled_from(SOURCES)
ids = some.integers(0, IDS - 1).map(str)

# Few moments, so that many events are of the same.
times = some.builds("2025-{:02}-{:02}T{:02}:00:00Z".format, some.integers(1, 3),
                    some.integers(1, 4), some.sampled_from((0, 12, 23)))


def told(kind, *, has_subject=True, **fields):
    """An event of a type with these members of data."""
    data = some.fixed_dictionaries(fields)
    members = {"source": sources, "id": ids, "type": some.just(kind), "time": times, "data": data}
    if has_subject:
        members["subject"] = names
    return some.fixed_dictionaries(members, optional={"sequence": small})


# Those whose data is flat can come as CSV.
FLAT = (
    told("find.lead.created", channel=some.sampled_from(("ad", "email"))),
    told("sell.order.placed", order_id=small, amount=amounts, currency=currencies,
         units=some.integers(1, 3)),
    told("sell.order.cancelled", order_id=small, reason=small),
    told("deliver.fulfilment.started", order_id=small),
    told("bill.payment.succeeded", payment_id=small, amount=amounts, currency=currencies),
    told("bill.refund.issued", refund_id=small, amount=amounts, currency=currencies),
    told("support.case.opened", case_id=small),
    told("loyalty.program.joined", program=small),
    told("loyalty.relationship.ended", reason=small),
    told("stage.overridden", stage=stages, reason=small),
    told("event.voided", source=sources, id=ids, reason=small),
    told("event.voided", source=sources, id=ids, reason=small, has_subject=False),
    told("customer.merged", into=names),
    told("customer.unmerged", into=names),
)
DEEP = (
    told("customer.identified", identifiers=identifiers, attributes=attributes),
    told("customer.attributes_changed", attributes=attributes),
)
flat = some.one_of(FLAT)
events = some.one_of(FLAT + DEEP)

# What is wrong with an event: members to be other than they should.
FLAWS = ({"time": "2025-02-30T00:00:00Z"}, {"time": "2025-01-01T00:00:00"}, {"time": 7},
         {"time": "2999-01-01T00:00:00Z"}, {"type": "sell.nothing.known"}, {"type": None},
         {"id": ""}, {"source": "two\nlines"}, {"subject": ""}, {"data": []})
flaws = some.sampled_from(FLAWS)


def to_csv(items):
    """Rows as CSV, with a column for each member that any of them has."""
    rows = [{name: value for name, value in item.items() if name != "data"}
            | {f"data.{name}": value for name, value in item["data"].items()} for item in items]
    text = io.StringIO()
    writer = csv.DictWriter(text, sorted({name for row in rows for name in row}),
                            lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def to_lines(items):
    return "".join(json.dumps(item) + "\n" for item in items)
