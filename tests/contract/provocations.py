"""What holds for every operation alike: how each status is provoked, in tables."""
from collections import namedtuple

from document import examples_of
from sound import NOBODY

# What is answered from memory.
INLINE = {"createToken", "showHealth", "showReadiness", "showServiceMetrics", "showProblem",
          "showOpenapiYaml", "showOpenapiJson"}

HUGE = str(1 << 40)

Provocation = namedtuple("Provocation", "status what holds alter")


def set_fields(**fields):
    def alter(request):
        request.fields.update({name.replace("_", "-"): value for name, value in fields.items()})
    return alter


def drop_field(name):
    def alter(request):
        request.fields.pop(name, None)
    return alter


def add_rest(text):
    def alter(request):
        request.rest = ("&" if request.query else "?") + text
    return alter


def set_method(request):
    request.method = "BREW"


def hide_length(request):
    request.fields.pop("Content-Length")
    request.body = b""


def always(_):
    return True


def needs_key(operation):
    return operation.scope != "none"


def takes_body(operation):
    return bool(operation.body)


# An import may be of any length, and so has no limit to exceed.
def is_limited(operation):
    return operation.name != "importEvents"


def keeps_answer(operation):
    return any(given["name"] == "Idempotency-Key" for given in operation.parameters)


def asks_database(operation):
    return operation.name not in INLINE


def needs_keys_read(operation):
    return needs_key(operation) or operation.name == "showReadiness"


# A request that is sound but for one thing. (The other key is known only when it was made.)
REFUSALS = [
    Provocation(400, "a broken escape", always, add_rest("%zz")),
    Provocation(401, "no key", needs_key, drop_field("Authorization")),
    Provocation(403, "a key of another scope", needs_key, None),
    Provocation(405, "another method", always, set_method),
    Provocation(406, "what it does not answer in", always, set_fields(Accept="image/png")),
    Provocation(411, "no length", takes_body, hide_length),
    Provocation(413, "a body of a tebibyte", is_limited, set_fields(Content_Length=HUGE)),
    Provocation(414, "a long target", always, add_rest("a=" + 5000 * "a")),
    Provocation(415, "another type", takes_body, set_fields(Content_Type="image/png")),
    Provocation(422, "an unknown parameter", always, add_rest("unheard_of=1")),
    Provocation(431, "a long field", always, set_fields(X_Long=9000 * "a")),
]


def refuse(tester, keys):
    """What is refused by what the header says."""
    for operation in tester.document.operations:
        for row in REFUSALS:
            if not row.holds(operation):
                continue
            request = tester.request(operation)
            if row.alter:
                row.alter(request)
            else:
                other = keys["config:write" if operation.scope != "config:write" else "privacy"]
                request.fields["Authorization"] = "Bearer " + other
            tester.provoke(operation, row.status, request, row.what)


def miss(tester):
    """What is not there. (PUT would make it.)"""
    for operation in tester.document.operations:
        names = {given["name"] for given in operation.parameters if given["in"] == "path"}
        if names and operation.method != "PUT":
            request = tester.request(operation, path={name: NOBODY[name] for name in names})
            tester.provoke(operation, 404, request, "nothing of this name")


def ask_again(tester):
    """What has not changed; whatever tells its state can be asked so."""
    for operation in tester.document.operations:
        if operation.method != "GET":
            continue
        request = tester.request(operation)
        state = tester.provoke(operation, 200, request, "asked for").fields.get("etag")
        if state:
            request.fields["If-None-Match"] = state
            tester.provoke(operation, 304, request, "asked for again")


def overtake(tester, key_id, hold):
    """A request that comes while the first of its name is being answered."""
    with hold(f"select pg_advisory_lock(3, hashtext('{key_id} busy'))"):
        for operation in filter(keeps_answer, tester.document.operations):
            request = tester.request(operation)
            request.fields["Idempotency-Key"] = "busy"
            tester.provoke(operation, 409, request, "while the first is being answered")


def example_of(tester, operation, given, request):
    """A value for a parameter; of a cursor, the one that leads to the second row."""
    if given["name"] != "cursor":
        schema = tester.document.follow(given.get("schema", {}))
        return given.get("example", schema.get("default", schema.get("enum", [""])[0]))
    request.query["limit"] = 1
    page = tester.provoke(operation, 200, request, "its first row").json()
    return page["next_cursor"]


def ask_as(tester, operation, status, media):
    request = tester.request(operation)
    request.fields["Accept"] = media
    answer = tester.provoke(operation, status, request, f"as {media}")
    if answer.media_type != media:
        tester.blame(operation, f"as {media}", [f"it is {answer.media_type}"])
    elif media == "application/json" and answer.json().get("data") == []:
        tester.blame(operation, f"as {media}", ["its list is empty, and shows nothing"])


def ask_with(tester, operation, given, wanted):
    request = tester.request(operation, **wanted)
    if given["name"] not in wanted.get("query", {}):
        value = example_of(tester, operation, given, request)
        if value is None:
            tester.blame(operation, "with cursor", ["its list has no second row"])
            return
        request.query[given["name"]] = value
    tester.provoke(operation, 200, request, f"with {given['name']}")


def ask_by_all(tester, asked):
    """Every form of the answer, and every parameter with its example."""
    for operation in tester.document.operations:
        if operation.method != "GET":
            continue
        for status, media in sorted(operation.answer_types()):
            if operation.is_success(status):
                ask_as(tester, operation, status, media)
        for given in operation.query():
            wanted = asked.get((operation.name, given["name"]), {})
            if wanted is not None:
                ask_with(tester, operation, given, wanted)


def post_examples(tester):
    """The document's requests are good ones."""
    for operation in tester.document.operations:
        for media, part in operation.body.items():
            if "*" in media:
                continue
            for example in examples_of(part):
                request = tester.request(operation, body=example, media=media)
                answer = tester.send(operation, request, f"its example of {media}")
                if answer.status >= 300:
                    tester.blame(operation, f"its example of {media}",
                                 [f"is refused: {answer.status}, {answer.body[:300]!r}"])


def ask_all(tester, service, status, what, holds=always):
    """Every operation of a service in a state in which it can only refuse."""
    for operation in filter(holds, tester.document.operations):
        tester.provoke(operation, status, tester.request(operation), what, service)
