#!/usr/bin/python3 -B
"""Every operation and status of openapi.yaml, provoked, and every answer held against it.

    contract.py [--quick] [CLMD]    the program, else the one that CLMD names; TAP

Starts a clmd with a PostgreSQL of its own, and further servers on the same database for what
takes other settings. A test is an operation: it fails where a status, or a form of an answer,
that the document has was not provoked, and where any answer was not as the document has it:
another status, a field or a member that is missing, wrong, or not declared. It takes more than a
minute, for only then a worker counts as stuck (503 of /healthz); --quick leaves that out.
"""
import argparse
import contextlib
import os
import pathlib
import subprocess
import sys
import time

import provocations
import story
from document import Document
from service import PATIENCE, Service
from sound import history
from stuck import stuck_worker
from tester import Tester

ROOT = pathlib.Path(__file__).resolve().parents[2]

STUCK_AFTER = 72  # seconds: ten times the limit of a statement, and a minute


@contextlib.contextmanager
def held(service, text):
    """What a session of its own has done, until it ends."""
    with subprocess.Popen(["psql", "-qAtX", service.url], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as session:
        session.stdin.write(text + ";\n\\echo held\n")
        session.stdin.flush()
        while session.stdout.readline() not in ("held\n", ""):
            pass
        yield
        session.stdin.close()


@contextlib.contextmanager
def changed(service, there, back):
    service.sql(there)
    try:
        yield
    finally:
        service.sql(back)


@contextlib.contextmanager
def served(program, database, **settings):
    service = Service(program, database, **settings)
    try:
        yield service
        service.end()
    finally:
        service.remove()


def renamed(what, name, new):
    return f"alter {what} {name} rename to {new}"


def await_sweep(tester):
    """What is measured of all customers from time to time."""
    ends = time.monotonic() + PATIENCE
    operation = tester.operations["listSignals"]
    while not tester.send(operation, tester.request(operation), "while waiting").json()["data"]:
        if time.monotonic() > ends:
            raise RuntimeError("nobody is swept")
        time.sleep(0.2)


def tell_story(tester):
    types = tester.service.send("GET", "/v1/event-types",
                                {"Authorization": "Bearer " + tester.key}).json()["data"]
    recorded = tester.tell(story.step("recordEvents", 200, body=history(types))).json()
    tester.blame(tester.operations["recordEvents"], "the history",
                 [item["problem"]["errors"] for item in recorded["data"]
                  if item["outcome"] != "created"])
    for step in story.STORY:
        tester.tell(step)
    with changed(tester.service,
                 renamed("function", "lifecycle.work_on_models(integer)", "rest"),
                 renamed("function", "lifecycle.rest(integer)", "work_on_models")):
        for step in story.MODELS:
            tester.tell(step)


def ask_every_metric(tester):
    """Each metric, whole, by each of its intervals, and by each of its groups."""
    operation = tester.operations["showMetric"]
    listed = tester.operations["listMetrics"]
    for metric in tester.send(listed, tester.request(listed), "the catalogue").json()["data"]:
        ways = [{"interval": interval} for interval in metric["intervals"][-2:]]
        ways += [{"group_by": grouping} for grouping in metric["groupings"]
                 if not grouping.startswith("attribute")]
        for way in ways or [{}]:
            request = tester.request(operation, path={"name": metric["name"]})
            request.query.update(way)
            tester.provoke(operation, 200, request, f"{metric['name']} {way}")


def make_keys(tester):
    operation = tester.operations["createKey"]
    keys = {}
    for scope in ("privacy", "config:write"):
        request = tester.request(operation, body={"name": "contract", "scopes": [scope]})
        keys[scope] = tester.provoke(operation, 201, request, "for the tests").json()["key"]
    return keys


def ask_on_end(tester, service, program):
    """What comes of a database that is spoilt, and then gone."""
    with served(program, service.url) as other:
        with changed(service, renamed("schema", "lifecycle", "gone"),
                     renamed("schema", "gone", "lifecycle")):
            provocations.ask_all(tester, other, 500, "without its functions",
                                 provocations.asks_database)
        service.end()
        provocations.ask_all(tester, other, 503, "without its database",
                             provocations.asks_database)


def ask_with_settings(tester, service, program):
    """What comes of a small rate, and of a start without the keys."""
    with served(program, service.url, CLMD_RATE_REQUESTS="1", CLMD_RATE_SECONDS="3600") as slow:
        for name in ("listStages", "showHealth"):  # which take what the key and the address may
            operation = tester.operations[name]
            tester.provoke(operation, 200, tester.request(operation), "the one allowed", slow)
        provocations.ask_all(tester, slow, 429, "once too often")
    load_keys = renamed("function", "lifecycle.keys_in_force()", "keep_keys")
    with changed(service, load_keys, renamed("function", "lifecycle.keep_keys()", "keys_in_force")):
        with served(program, service.url) as blind:
            provocations.ask_all(tester, blind, 503, "before the keys are known",
                                 provocations.needs_keys_read)


def ask_in_order(tester, service):
    keys = make_keys(tester)
    tell_story(tester)
    await_sweep(tester)
    provocations.ask_again(tester)
    provocations.ask_by_all(tester, story.ASKED)
    ask_every_metric(tester)
    provocations.refuse(tester, keys)
    provocations.miss(tester)
    provocations.overtake(tester, tester.key.split("_")[1], lambda text: held(service, text))
    provocations.post_examples(tester)
    for step in story.ERASURE:
        tester.tell(step)


@contextlib.contextmanager
def stuck_meanwhile(tester, service, program):
    """All the while, a server with short limits has a worker that does not come back."""
    listing, health = tester.operations["listSegments"], tester.operations["showHealth"]
    short = {"CLMD_STATEMENT_SECONDS": "1", "CLMD_READ_SECONDS": "1", "CLMD_WRITE_SECONDS": "1",
             "CLMD_READ_WORKERS": "1"}
    with served(program, service.url, **short) as patient:
        request = tester.request(listing)
        with stuck_worker(
                patient,
                lambda: patient.send(request.method, request.target(), request.fields),
                lambda: held(service, "begin; lock table lifecycle.segment")):
            begun = time.monotonic()
            yield
            time.sleep(max(0, STUCK_AFTER - (time.monotonic() - begun)))
            tester.provoke(health, 503, tester.request(health), "with a worker stuck", patient)


def provoke_all(tester, program, is_quick):
    service = tester.service
    if is_quick:
        del tester.operations["showHealth"].responses[503]  # nobody waits for it
        meanwhile = contextlib.nullcontext()
    else:
        meanwhile = stuck_meanwhile(tester, service, program)
    with meanwhile:
        ask_in_order(tester, service)
        ask_with_settings(tester, service, program)
    ask_on_end(tester, service, program)


def faults_of(tester, operation):
    faults = list(dict.fromkeys(tester.faults[operation.name]))
    faults += [f"{status} was not provoked" for status in operation.responses
               if status not in tester.provoked[operation.name]]
    faults += [f"{status} was not provoked as {media}"
               for status, media in sorted(operation.answer_types() -
                                           tester.media[operation.name])
               if status in tester.provoked[operation.name]]
    return faults


def report(rows):
    failures = 0
    print(f"1..{len(rows)}")
    for number, (name, faults) in enumerate(rows, 1):
        for fault in faults[:40]:
            print(f"# {fault}")
        failures += bool(faults)
        print(f"{'not ok' if faults else 'ok'} {number} - {name}")
    return failures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("program", nargs="?", default=os.environ.get("CLMD", "build-test/clmd"))
    arguments = parser.parse_args()
    program = os.path.abspath(arguments.program)
    document = Document(ROOT / "openapi.yaml")
    examples = [f"{where}: {fault}" for where, schema, value in document.examples()
                for fault in document.faults_of(schema, value)]
    with served(program, None, CLMD_SWEEP_SECONDS="1") as service:
        tester = Tester(document, service, service.admin_key())
        try:
            provoke_all(tester, program, arguments.quick)
        except Exception:
            for name, faults in tester.faults.items():
                for fault in faults:
                    print(f"# {name}: {fault}")
            print("Bail out! what cannot be gone on after")
            raise
    rows = [("the examples fit their schemas", examples)]
    for operation in document.operations:
        statuses = len(tester.provoked[operation.name] & set(operation.responses))
        rows.append((f"{operation.method} {operation.path}: {statuses} statuses",
                     faults_of(tester, operation)))
    sys.exit(report(rows) > 0)


if __name__ == "__main__":
    main()
