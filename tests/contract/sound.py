"""A request of each operation that is answered well, where the document's own examples of its
parameters and its body do not say it all; and a history to ask about."""

# Whose ids only the service knows; `known` fills in the braces.
IDS = {
    "showEvent": {"event_id": "{event}"},
    "voidEvent": {"event_id": "{event}"},
    "showImport": {"import_id": "{import}"},
    "exportRejects": {"import_id": "{import}"},
    "showMerge": {"id": "{merge}"},
    "revertMerge": {"id": "{merge}"},
    "showErasure": {"id": "{erasure}"},
    "showKey": {"key_id": "{key}"},
    "revokeKey": {"key_id": "{key}"},
    "rotateKey": {"key_id": "{key}"},
}

ANY_STATE = {"fields": {"If-Match": "*"}}

SOUND = {
    "putEventType": ANY_STATE,
    "putSegment": ANY_STATE,
    "putStageModel": ANY_STATE,
    "deleteSegment": ANY_STATE,
    "changeSettings": ANY_STATE,
    "changeRates": ANY_STATE,
    "showMetric": {"query": {"from": "2026-03-01", "to": "2026-04-01"}},
    "listMembers": {"query": {"from": "2026-03-01", "to": "2026-04-01"}},
}

# What there is nothing of: the same, of the right form.
NOBODY = {"ref": "nobody", "event_id": "00000000-0000-0000-0000-000000000000",
          "import_id": "00000000-0000-0000-0000-000000000000",
          "id": "00000000-0000-0000-0000-000000000000", "key_id": "0000000000000000",
          "type": "sell.nothing.known", "name": "nothing", "slug": "nothing"}

VALUES = {"text": "{name}-1", "choice": None, "money": 1000, "currency": "EUR", "count": 2,
          "number": 1, "bool": True, "date": "2026-06-01", "time": "2026-06-01T00:00:00Z"}

# What says something about other events or customers comes in the story.
APART = {"customer.identified", "customer.attributes_changed", "customer.merged",
         "customer.unmerged", "stage.overridden", "event.voided", "loyalty.relationship.ended"}


def value_of(field):
    kind = field["kind"]
    if kind == "choice":
        return field["choices"][0]
    if kind == "object":
        return {member["name"]: value_of(member) for member in field.get("fields", [])}
    if kind == "list":
        return [value_of(dict(field, kind="object")) if "fields" in field else "a"]
    return VALUES[kind].format(name=field["name"]) if kind == "text" else VALUES[kind]


def history(types):
    """An event of every type with every field, an hour after the other, for some customers."""
    events = []
    for customer in ("acme-42", "acme-43", "acme-44"):
        for hour, found in enumerate(each for each in types if each["type"] not in APART):
            data = {field["name"]: value_of(field) for field in found["fields"]}
            # Orders, cases and the like are those of one customer.
            data.update({name: f"{customer}-{value}" for name, value in data.items()
                         if name.endswith("_id")})
            events.append({"id": f"{customer}-{found['type']}", "source": "history",
                           "type": found["type"], "subject": customer, "data": data,
                           "time": f"2026-03-{1 + hour // 24:02}T{hour % 24:02}:00:00Z"})
    return events
