#!/usr/bin/python3 -B
"""Random histories over HTTP, against a simple model of the ledger.

machine.py has the steps, ledger.py the model.

    MODEL_RUNS   histories (25 by default)
    MODEL_STEPS  of each at the most (40)
    MODEL_SEED   to have the same ones again
"""

import contextlib
import os
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "bench")]

try:
    import hypothesis
    from hypothesis import HealthCheck, settings
    from hypothesis.internal.conjecture import engine
    from hypothesis.stateful import run_state_machine_as_test
except ImportError:
    print("1..0 # SKIP there is no python3-hypothesis")
    sys.exit(0)

from live import World
from machine import Machine


SHRINK_SECONDS = 60


class Deadline:
    """Of shortening a history that fails; Hypothesis, without a setting for it, takes five
    minutes."""

    def __get__(self, runner, owner):
        return self.moment

    def __set__(self, runner, moment):
        self.moment = moment and time.perf_counter() + SHRINK_SECONDS


engine.ConjectureRunner.finish_shrinking_deadline = Deadline()


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    seed = int(os.environ.get("MODEL_SEED") or time.time())
    runs = int(os.environ.get("MODEL_RUNS") or 25)
    steps = int(os.environ.get("MODEL_STEPS") or 40)
    print("1..1")
    # What is wrong is told on standard error, which is shown where the test fails.
    print(f"MODEL_SEED={seed} MODEL_RUNS={runs} MODEL_STEPS={steps}", file=sys.stderr)
    world = World(os.environ.get("CLMD", "build-test/clmd"))
    with tempfile.TemporaryDirectory() as scratch, contextlib.redirect_stdout(sys.stderr):
        hypothesis.configuration.set_hypothesis_home_dir(scratch)
        try:
            world.open()
            history = hypothesis.seed(seed)(type("History", (Machine,), {"world": world}))
            run_state_machine_as_test(history, settings=settings(
                max_examples=runs, stateful_step_count=steps, deadline=None, database=None,
                print_blob=False, report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck)))
            fate = "ok"
        except Exception:
            traceback.print_exc()
            fate = "not ok"
        finally:
            world.close()
    print(f"{fate} 1 - {world.histories} histories over HTTP are what the model says")
    return fate != "ok"


sys.exit(main())
