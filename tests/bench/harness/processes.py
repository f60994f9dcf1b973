"""Child processes that end with us, and what the kernel has counted of processes."""

import ctypes
import os
import signal
import socket
import subprocess
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


class Failure(Exception):
    """What ends the bench: a program failed, or a check of correctness did."""


def _end_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def start(arguments, **options):
    return subprocess.Popen([str(a) for a in arguments], preexec_fn=_end_with_parent, **options)


def run(arguments, seconds=600, **options):
    """Runs a program to its end, and gives what it wrote to standard output."""
    with start(arguments, stdout=subprocess.PIPE, text=True, **options) as process:
        try:
            output, _ = process.communicate(timeout=seconds)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise Failure(f"{arguments[0]} ended with status {process.returncode}:\n{output}")
    return output


def stop(process, number=signal.SIGTERM, seconds=30):
    if process is None or process.poll() is not None:
        return
    process.send_signal(number)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _statistics():
    """Parent and CPU seconds of each process; of its own and of the children that it awaited."""
    processes = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        processes[int(path.parent.name)] = int(fields[1]), sum(map(int, fields[11:15])) / TICKS
    return processes


def _family(root):
    """CPU seconds of a process and all its descendants, by process."""
    processes = _statistics()
    family, waiting = {}, [root]
    while waiting:
        member = waiting.pop()
        if member in processes:
            family[member] = processes[member][1]
        waiting += [process for process, (parent, _) in processes.items() if parent == member]
    return family


def cpu_seconds(root):
    """The CPU that a process and all that it ever started have used."""
    family, again = _family(root), _family(root)
    # One that ended in the midst of it would be counted twice, or not at all.
    while family.keys() != again.keys():
        family, again = again, _family(root)
    return sum(again.values())


def precise_cpu_seconds(root, named=""):
    """The same to the nanosecond, of those whose command begins so, and that have not ended."""
    nanoseconds = 0
    for process in _family(root):
        try:
            if Path(f"/proc/{process}/cmdline").read_text().startswith(named):
                for path in Path(f"/proc/{process}/task").glob("*/schedstat"):
                    nanoseconds += int(path.read_text().split()[0])
        except OSError:
            continue
    return nanoseconds / 1e9


def memory_megabytes(process, what="VmRSS"):
    """VmRSS is what a process holds now, VmHWM the most that it ever held; 0 when it has ended."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        name, value = line.split(":", 1)
        if name == what:
            return int(value.split()[0]) / 1024
    return 0


def awaited_cpu_seconds():
    """The CPU of all our children that have ended."""
    times = os.times()
    return times.children_user + times.children_system
