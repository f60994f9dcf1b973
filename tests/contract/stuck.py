"""A worker of a service that does not come back: its thread is held still, as a debugger does it,
while it asks the database for something that is locked."""
import contextlib
import ctypes
import glob
import os
import threading
import time

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000  # threads too
TRIES = 20
ANSWERED_WITHIN = 3  # seconds, where a statement may take one

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long] * 4
LIBC.ptrace.restype = ctypes.c_long


def trace(request, thread):
    if LIBC.ptrace(request, thread, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "ptrace: " + os.strerror(ctypes.get_errno()))


def find_thread(process, name):
    for file in glob.glob(f"/proc/{process}/task/*/comm"):
        with open(file, encoding="utf-8") as comm:
            if comm.read().strip() == name:
                return int(file.split("/")[-2])
    raise RuntimeError(f"no thread is called {name}")


def freeze(thread):
    trace(SEIZE, thread)
    trace(INTERRUPT, thread)
    os.waitpid(thread, WALL)


def await_lock(service):
    while service.sql("select count(*) from pg_stat_activity where wait_event_type = 'Lock'") == "0":
        time.sleep(0.02)


def ask_in_vain(ask):
    with contextlib.suppress(OSError):  # its patience ends before the worker comes back
        ask()


@contextlib.contextmanager
def stuck_worker(service, ask, lock):
    """Until its end, the service's one reader is at what `ask` asks for. It may have been done
    with it before it was held; then it is asked again."""
    thread = find_thread(service.process.pid, "read")
    for _ in range(TRIES):
        asking = threading.Thread(target=ask_in_vain, args=(ask,), daemon=True)
        with lock():
            asking.start()
            await_lock(service)
            freeze(thread)
        asking.join(ANSWERED_WITHIN)
        if asking.is_alive():
            break
        trace(DETACH, thread)
    else:
        raise RuntimeError("the worker cannot be held")
    try:
        yield
    finally:
        trace(DETACH, thread)
        asking.join()
