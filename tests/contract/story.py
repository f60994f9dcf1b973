"""What each operation answers well, and the refusals that are its own: a history of steps, in
which each finds what those before it have left."""
from collections import namedtuple

from tester import NOTHING

Step = namedtuple("Step", "operation status request matches keep")


def step(operation, status, *keep, matches=None, **request):
    """`matches`: the operation that tells the state for If-Match; `keep`: (name, member …)."""
    return Step(operation, status, request, matches, keep)


LEAD = {"source": "story", "type": "find.lead.created", "time": "2026-03-02T10:00:00Z",
        "data": {"channel": "ad"}}
CSV = "text/csv"
LINES = "application/x-ndjson"
FIRST_STEP = '{"number":1,"step":"%s","measure":"count"}'
MARCH = {"from": "2026-03-01", "to": "2026-04-01"}
OTHER_STATE = {"If-Match": '"another"'}
NO_MATCH = {}


def lead(name, subject):
    return dict(LEAD, id=name, subject=subject)


def again(subject):
    """What there is to be of a customer twice, so that lists have a second row."""
    order = {"order_id": subject + "-2", "amount": 500, "currency": "EUR", "units": 1}
    plan = {"subscription_id": subject + "-2", "plan": "b", "amount": 900, "currency": "EUR",
            "interval": "month"}
    risk = {"kind": "silence", "score": 0.5, "reason": "No word since March"}
    told = [(20, "sell.order.placed", order), (20, "bill.subscription.started", plan),
            (20, "support.risk.flagged", risk),
            (21, "sell.order.placed", dict(order, order_id=subject + "-3"))]
    return [dict(lead(f"{subject}-{kind}-{day}", subject), type=kind, data=data,
                 time=f"2026-03-{day}T10:00:00Z") for day, kind, data in told]


EVENTS = [
    step("recordEvents", 201),
    step("recordEvents", 200),
    step("recordEvents", 409, body=dict(lead("inv-8812-paid", "acme-42"), source="billing")),
    step("recordEvents", 422, body=dict(lead("wrong", "acme-42"), data={})),
    step("recordEvents", 200, body=[lead("wrong", ""), lead("right", "acme-42")]),
    step("recordEvents", 413, body=[{}] * 1001),
    step("recordEvents", 201, media="application/json", body={"case_id": "9"}, fields={
        "ce-specversion": "1.0", "ce-id": "binary", "ce-source": "story",
        "ce-type": "support.case.opened", "ce-subject": "acme-42",
        "ce-time": "2026-03-09T16:20:00Z"}),
    step("recordEvents", 201, ("event", "event", "event_id"), body=lead("one", "acme-42")),
    step("voidEvent", 201, ("void", "event", "event_id")),
    step("voidEvent", 200),
    step("voidEvent", 409, body={"reason": "another one"}),
    step("voidEvent", 409, path={"event_id": "{void}"}),
    step("recordEvents", 201, ("bare", "event", "event_id"), body=lead("bare", "acme-42")),
    step("voidEvent", 201, path={"event_id": "{bare}"}, body=NOTHING),
]

TYPES = [
    step("putEventType", 201, fields=NO_MATCH),
    step("putEventType", 200, matches="showEventType", fields=NO_MATCH),
    step("putEventType", 428, fields=NO_MATCH),
    step("putEventType", 412, fields=OTHER_STATE),
    step("putEventType", 412, fields={"If-None-Match": "*"}),
    step("putEventType", 409, path={"type": "sell.order.placed"}),
    step("recordEvents", 201, body=dict(lead("demo", "acme-42"), type="sell.demo.held",
                                        data={"demo_id": "1"})),
]

IMPORTS = [
    step("importEvents", 202, media=CSV),
    step("importEvents", 202, ("import", "import_id"), media=LINES,
         body='{"id":"1"}\nnothing\n'),
    step("showImport", 200),
    step("exportRejects", 200),
    step("importEvents", 202, media=CSV, query={"source": "shop", "type": "find.lead.created"},
         body="id,subject,time,data.channel\n1,acme-42,2026-03-08T10:00:00Z,ad\n"),
]

CUSTOMERS = [
    step("putCustomer", 200),
    step("putCustomer", 409, path={"ref": "fresh"}),  # the identifier is acme-42's by now
    step("putCustomer", 201, path={"ref": "fresh"}, body={"attributes": {"country": "DE"}}),
    step("putCustomer", 200, path={"ref": "fresh"}, body={}, matches="showCustomer"),
    step("putCustomer", 412, fields=OTHER_STATE),
    step("patchCustomer", 200, matches="showCustomer"),
    step("patchCustomer", 409, path={"ref": "fresh"}, body={"identifiers": ["acme-42"]}),
    step("patchCustomer", 412, fields=OTHER_STATE),
    step("recordEvents", 200, body=[lead("old", "acme-old"), lead("twin", "acme-twin")]),
    step("makeMerge", 201, ("reverted", "id")),
    step("makeMerge", 409),
    step("revertMerge", 200, path={"id": "{reverted}"}),
    step("revertMerge", 409, path={"id": "{reverted}"}),
    step("revertMerge", 409, path={"id": "{reverted}"}, body=NOTHING),
    step("makeMerge", 201, ("merge", "id"), body={"customer": "acme-twin", "into": "acme-42"}),
    step("erasePerson", 404, body={"customer": "nobody"}),
    step("recordEvents", 200, body=[lead("gone", "gone"), lead("lost", "lost")]),
    step("erasePerson", 201, body={"customer": "lost"}),
    step("erasePerson", 201, ("erasure", "id"), body={"customer": "gone"}),
]

# The activation is held up, by taking away what goes on with it.
MODELS = [
    step("putStageModel", 201, path={"name": "own"}, fields=NO_MATCH),
    step("putStageModel", 428, fields=NO_MATCH),
    step("putStageModel", 412, fields=OTHER_STATE),
    step("putStageModel", 200, matches="showStageModel", fields=NO_MATCH),
    step("activateStageModel", 200, path={"name": "lifecycle"}),
    step("activateStageModel", 202),
    step("showStageModel", 200),
    step("listStageModels", 200),
    step("activateStageModel", 409),
    step("cancelActivation", 200),
    step("cancelActivation", 404),
]

SETTINGS = [
    step("changeSettings", 428, fields=NO_MATCH),
    step("changeSettings", 412, fields=OTHER_STATE),
    step("changeSettings", 200, matches="showSettings", fields=NO_MATCH),
    step("changeSettings", 200, body={"signal_days": 3650}),
    step("recordEvents", 200, body=again("acme-42") + again("acme-43")),
    step("changeRates", 428, fields=NO_MATCH),
    step("changeRates", 412, fields=OTHER_STATE),
    step("changeRates", 200, matches="listRates", fields=NO_MATCH),
    step("putSegment", 201, fields=NO_MATCH),
    step("putSegment", 428, fields=NO_MATCH),
    step("putSegment", 412, fields=OTHER_STATE),
    step("putSegment", 200, matches="showSegment", fields=NO_MATCH,
         body={"title": "Seen", "where": {"field": "stage", "exists": True}}),
    step("putSegment", 201, path={"name": "other"}, fields=NO_MATCH),
    step("putSegment", 201, path={"name": "passing"}, fields=NO_MATCH),
    step("deleteSegment", 428, path={"name": "passing"}, fields=NO_MATCH),
    step("deleteSegment", 412, path={"name": "passing"}, fields=OTHER_STATE),
    step("deleteSegment", 200, path={"name": "passing"}, matches="showSegment"),
]

ACCESS = [
    step("createKey", 201, ("revoked", "key_id")),
    step("revokeKey", 200, path={"key_id": "{revoked}"}),
    step("rotateKey", 409, path={"key_id": "{revoked}"}),
    step("createKey", 201, ("key", "key_id")),
    step("rotateKey", 200),
    step("rotateKey", 200, body=NOTHING),
    step("createToken", 201),
    step("showProblem", 200, path={"slug": "conflict"}),
]

# Last, for what is asked of the person from then on is refused.
ERASED = {"ref": "acme-43"}
ERASURE = [
    step("makeMerge", 201, ("merge", "id"), body={"customer": "acme-44", "into": "acme-43"}),
    step("erasePerson", 201, body={"customer": "acme-43"}),
    step("erasePerson", 410, body={"customer": "acme-43"}),
    step("recordEvents", 410, body=lead("late", "acme-43")),
    step("makeMerge", 410, body={"customer": "acme-43", "into": "fresh"}),
    step("revertMerge", 410),
    step("showCustomer", 410, path=ERASED),
    step("exportPerson", 410, path=ERASED),
    step("putCustomer", 410, path=ERASED),
    step("patchCustomer", 410, path=ERASED),
]

STORY = EVENTS + TYPES + IMPORTS + CUSTOMERS + SETTINGS + ACCESS


def of_metric(name, **query):
    return {"path": {"name": name}, "query": dict(MARCH, **query)}


def of_metrics(names, **query):
    return {"query": dict(MARCH, names=names, **query)}


# What a parameter is asked with, where its example alone is not enough; None: not at all, for
# no metric that counts customers takes it.
ASKED = {
    ("showMetric", "currency"): of_metric("revenue"),
    ("showMetric", "lag_days"): of_metric("cac"),
    ("showMetric", "steps"): of_metric("funnel"),
    ("showMetric", "window_days"): of_metric("funnel"),
    ("showMetric", "refund_basis"): of_metric("revenue"),
    ("listMetrics", "currency"): of_metrics("revenue"),
    ("listMetrics", "lag_days"): of_metrics("cac"),
    ("listMetrics", "steps"): of_metrics("funnel"),
    ("listMetrics", "window_days"): of_metrics("funnel"),
    ("listMetrics", "refund_basis"): of_metrics("revenue"),
    ("listMembers", "interval"): of_metric("repeat_rate", period="2026-03"),
    ("listMembers", "period"): of_metric("repeat_rate", interval="month"),
    ("listMembers", "currency"): None,
    ("listMembers", "lag_days"): None,
    ("listMembers", "refund_basis"): None,
    ("listMembers", "steps"): of_metric("funnel", group=FIRST_STEP % "find.lead.created"),
    ("listMembers", "window_days"): of_metric("funnel", group=FIRST_STEP % "find"),
    ("listMembers", "group_by"): of_metric("repeat_rate", group='{"channel":"web_form"}'),
    ("listMembers", "group"): of_metric("repeat_rate", group_by="channel",
                                        group='{"channel":"web_form"}'),
}
ASKED.update({("listMetrics", name): of_metrics("repeat_rate") for name in (
    "from", "to", "interval", "timezone", "segment", "group_by", "compare_to")})
