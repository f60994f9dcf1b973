#!/usr/bin/python3 -B
"""What breaks around clmd, and what it does then; prints TAP, and a table.

    ./dev test faults                      every kind of fault, twenty rounds each
    FAULT_KINDS='disk clock' FAULT_ROUNDS=100 FAULT_SEED=7 ./dev test faults

In each round four writers post and two readers read at a steady pace; a fault strikes at a random
moment, and is over at another. Then the service must be back for a new caller, and for those
who were there before; and when the writers rest, the ledger must hold what they know to be
acknowledged, each event once, nothing of what was rejected, and of a request that was given up
all or nothing; `clmd verify` must agree, and answers meanwhile be none but those that the fault
excuses. A kind that cannot be tried here is skipped, with the reason.
"""

import os
import random
import signal
import statistics
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bench"))

from harness.processes import Failure  # noqa: E402
from scene import FAKETIME, Scene  # noqa: E402
from strikes import FAULTS, REFUSED, UNTROUBLED  # noqa: E402

ROUNDS = 20
BACK = 2.0  # seconds within which service is back
POSTS, READS = 10, 3  # answered before a fault, and after it
MOMENT = 0.3


class Figures:
    def __init__(self):
        self.rounds = self.lost = self.doubled = self.acknowledged = 0
        self.refused = self.unanswered = 0
        self.back, self.complaints = [], []

    def row(self, title):
        back = [1000 * taken for taken in self.back] or [0]
        return (f"| {title} | {self.rounds} | {self.acknowledged} | {self.lost} | {self.doubled} "
                f"| {self.refused} | {self.unanswered} | {min(back):.0f} | "
                f"{statistics.median(back):.0f} | {max(back):.0f} |")


HEAD = ("| fault | rounds | acknowledged | lost | doubled | refused | no answer | back: min, ms "
        "| median | max |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")


def strike_once(scene, fault, figures):
    draw, load = scene.random, scene.load
    load.resume()
    load.await_progress(POSTS, READS)
    time.sleep(draw.uniform(0, MOMENT))
    fault.strike(scene)
    time.sleep(draw.uniform(0, fault.lasts))
    fault.mend(scene)
    figures.back.append(scene.probe())
    load.await_progress(POSTS, READS)
    load.pause()
    figures.rounds += 1


def judge(scene, fault, figures):
    record = scene.load.record
    figures.lost, figures.doubled, complaints = scene.check()
    figures.acknowledged = len(record.acknowledged)
    figures.refused, figures.unanswered = record.refused, record.unanswered
    complaints += record.faults
    if not scene.service.is_alive():
        complaints.append("the service has ended by itself")
    if figures.lost or figures.doubled:
        complaints.append(f"{figures.lost} events are lost, {figures.doubled} doubled")
    if figures.back[-1] > BACK:
        complaints.append(f"the service was back after {figures.back[-1]:.2f} s")
    if record.refused and fault.notices == UNTROUBLED:
        complaints.append(f"{record.refused} requests were refused, with no reason")
    if record.unanswered and fault.notices <= REFUSED:
        complaints.append(f"{record.unanswered} requests had no answer")
    figures.complaints += complaints
    return not complaints


def show_logs(scene):
    """The ends of what the service and PostgreSQL said."""
    for path in sorted(scene.directory.glob("*.log")):
        print(f"# {path.name}:")
        for line in path.read_text(errors="replace").splitlines()[-12:]:
            print(f"#   {line}")


def try_fault(fault, tools, program, seed, rounds):
    figures, scene = Figures(), Scene(seed)
    try:
        scene.start(tools, program, fault.needs)
        for _ in range(rounds):
            strike_once(scene, fault, figures)
            if not judge(scene, fault, figures):
                break
            fault.renew(scene)
    except Failure as failure:
        figures.complaints.append(str(failure))
    except Exception:  # pylint: disable=broad-except # the other faults are tried all the same
        figures.complaints.append(traceback.format_exc())
    finally:
        if figures.complaints:
            show_logs(scene)
        scene.remove()
    return figures


def reason_to_skip(fault):
    if fault.needs == "disk" and os.geteuid() != 0:
        return "only root can mount a small disk"
    if fault.needs == "clock" and not FAKETIME.exists():
        return "libfaketime is not installed"
    return None


def find_tools():
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parts[-2]))
    if not found:
        sys.exit("no PostgreSQL server was found")
    return found[-1]


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    program = Path(sys.argv[1]).resolve()
    seed = os.environ.get("FAULT_SEED") or str(random.randrange(1 << 31))
    rounds = int(os.environ.get("FAULT_ROUNDS") or ROUNDS)
    kinds = (os.environ.get("FAULT_KINDS") or " ".join(FAULTS)).split()
    unknown = [kind for kind in kinds if kind not in FAULTS]
    if unknown:
        sys.exit(f"there is no fault {unknown[0]}; there are: {' '.join(FAULTS)}")
    tools, table, failures = find_tools(), [], 0
    print(f"1..{len(kinds)}\n# FAULT_SEED={seed}", flush=True)
    for number, kind in enumerate(kinds, 1):
        fault, reason = FAULTS[kind], reason_to_skip(FAULTS[kind])
        if reason:
            print(f"ok {number} - {fault.title} # SKIP {reason}", flush=True)
            continue
        began = time.monotonic()
        figures = try_fault(fault, tools, program, f"{seed} {kind}", rounds)
        failures += bool(figures.complaints)
        for line in "\n".join(figures.complaints).splitlines():
            print(f"# {line}")
        print(f"{'not ok' if figures.complaints else 'ok'} {number} - {fault.title}: "
              f"{figures.rounds} rounds in {time.monotonic() - began:.0f} s", flush=True)
        table.append(figures.row(fault.title))
    print("\n".join(f"# {line}" for line in [*HEAD.splitlines(), *table]))
    sys.exit(1 if failures else 0)


main()
