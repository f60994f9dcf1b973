"""The faults: how each is dealt, how it is over, and what others may notice meanwhile."""

import dataclasses
import json
import os
import resource
import signal
import socket
import time
from typing import Callable

from database import await_that, reset
from load import Body, make_event

CALLERS = 30
FEW_FILES = 8
BIG, BIG_CALLERS = 4000000, 48  # bytes of a request, so that it takes memory; such requests
DAYS = 400


def service_kill(scene):
    scene.service.kill()


def service_stop(scene):
    scene.service.stop()


def service_start(scene):
    scene.service.start()


def service_freeze(scene):
    scene.service.signal(signal.SIGSTOP)


def service_thaw(scene):
    scene.service.signal(signal.SIGCONT)


def database_kill(scene):
    scene.cluster.end(signal.SIGKILL)


def database_stop(scene):
    """Fast, or at once."""
    scene.cluster.end(scene.random.choice((signal.SIGINT, signal.SIGQUIT)))


def database_start(scene):
    scene.cluster.start()


def database_restart(scene):
    database_stop(scene)
    database_start(scene)


def database_freeze(scene):
    scene.cluster.signal_all(signal.SIGSTOP)


def database_thaw(scene):
    scene.cluster.signal_all(signal.SIGCONT)


def backend_kill(scene):
    """The postmaster then ends all others, and recovers."""
    victim = scene.random.choice(scene.cluster.backends())
    os.kill(victim, signal.SIGKILL)


def primary_lose(scene):
    scene.cluster.end(scene.random.choice((signal.SIGKILL, signal.SIGINT)))


def standby_promote(scene):
    scene.standby.promote()
    scene.cluster, scene.standby = scene.standby, scene.cluster


def standby_renew(scene):
    scene.standby.follow(scene.cluster)


def clients_reset(scene):
    """In the midst of their requests, or when these are sent whole."""
    for caller in range(CALLERS):
        scene.strikes += 1
        events = [make_event(f"reset{scene.strikes}", i) for i in range(5)]
        body = json.dumps(events)
        text = (f"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
                f"Authorization: Bearer {scene.service.key}\r\n"
                f"Content-Type: application/json\r\n\r\n{body}").encode()
        cut = len(text) if caller % 3 == 0 else scene.random.randrange(1, len(text))
        scene.load.record.give_up(events)
        end = socket.create_connection(("127.0.0.1", scene.service.port), 5)
        end.sendall(text[:cut])
        time.sleep(scene.random.uniform(0, 0.01))
        reset(end)


def way_reset(scene):
    scene.way.reset()


def disk_fill(scene):
    """Until an event was refused for it, or the database has ended."""
    refused = scene.load.record.refused
    with open(scene.mounted / "filler", "ab", buffering=0) as filler:
        def is_full():
            try:
                while filler.write(bytes(65536)) == 65536:
                    pass
            except OSError:
                pass
            return scene.load.record.refused > refused
        await_that(is_full, "an event is refused for the full disk")


def disk_free(scene):
    (scene.mounted / "filler").unlink()
    scene.cluster.start()


def files_use_up(scene):
    """And the service needs new ones, for callers and for the database. What it has it keeps."""
    scene.service.limit(resource.RLIMIT_NOFILE, FEW_FILES)
    scene.held = [socket.create_connection(("127.0.0.1", scene.service.port), 5)
                  for _ in range(CALLERS)]
    scene.cluster.query("select count(pg_terminate_backend(pid)) from pg_stat_activity "
                        "where usename = 'clmd_server'")


def files_free(scene):
    scene.service.limit(resource.RLIMIT_NOFILE)
    for end in scene.held:
        end.close()


def memory_take(scene):
    """No more than it has when it is idle; and there come bodies that need more than that, all
    but for their last byte. Only then are they ended."""
    record = scene.load.record
    scene.service.limit(resource.RLIMIT_AS, scene.service.count_memory())
    bodies = []
    for _ in range(BIG_CALLERS):
        scene.strikes += 1
        bodies.append(Body(scene.service, BIG,
                           [make_event(f"big{scene.strikes}", i) for i in range(5)]))
    begun = [body for body in bodies if record.note(body.begin)]
    for body in bodies:
        is_stored = body in begun and record.note(body.end)
        (record.acknowledge if is_stored else record.give_up)(body.events)


def memory_give(scene):
    scene.service.limit(resource.RLIMIT_AS)


def clock_jump(scene):
    scene.set_clock(scene.random.randint(-DAYS * 86400, DAYS * 86400))


def clock_return(scene):
    scene.set_clock(0)


def nothing(_):
    """It is over by itself."""


# What whoever calls may notice of it: nothing, a 503, or that there is no answer.
UNTROUBLED, REFUSED, UNANSWERED = range(3)


@dataclasses.dataclass(frozen=True)
class Fault:
    title: str
    strike: Callable
    mend: Callable = nothing
    notices: int = REFUSED
    needs: str = ""
    renew: Callable = nothing  # before the next round
    lasts: float = 0.5         # seconds, at most


FAULTS = {
    "service-kill": Fault("the service is killed (SIGKILL)", service_kill, service_start,
                          UNANSWERED),
    "service-freeze": Fault("the service is frozen (SIGSTOP, SIGCONT)", service_freeze,
                            service_thaw, UNTROUBLED),
    "service-stop": Fault("the service is stopped (SIGTERM)", service_stop, service_start,
                          UNANSWERED),
    "postgres-kill": Fault("PostgreSQL is killed (SIGKILL)", database_kill, database_start),
    "backend-kill": Fault("one process of PostgreSQL is killed", backend_kill, database_start,
                          lasts=0.1),
    "postgres-stop": Fault("PostgreSQL is stopped, for a while", database_stop, database_start,
                           lasts=1.5),
    "postgres-restart": Fault("PostgreSQL is restarted", database_restart, lasts=0),
    "postgres-freeze": Fault("PostgreSQL is frozen", database_freeze, database_thaw),
    "promote": Fault("the primary is lost, its standby promoted", primary_lose, standby_promote,
                     needs="standby", renew=standby_renew),
    "client-reset": Fault("30 clients reset their connections", clients_reset, lasts=0,
                          notices=UNTROUBLED),
    "database-reset": Fault("all connections to PostgreSQL are reset", way_reset, lasts=0,
                            needs="way"),
    "disk": Fault("the disk of PostgreSQL is full", disk_fill, disk_free, needs="disk"),
    "files": Fault("the file descriptors are used up", files_use_up, files_free, UNANSWERED),
    "memory": Fault("no more memory is given", memory_take, memory_give, UNANSWERED),
    "clock": Fault("the clock jumps by up to 400 days, and back", clock_jump, clock_return,
                   UNTROUBLED, "clock"),
}
