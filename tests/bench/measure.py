# SPDX-License-Identifier: Apache-2.0
"""What the kernel knows of a process and of this machine. Linux, /proc; reads only."""
import os
import statistics
import threading
import time
from pathlib import Path


def status_field(pid, name):
    """A number of /proc/PID/status (kB for sizes), or 0 when the process is gone."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def children(pid):
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def family(pid):
    found = [pid]
    for at in found:
        found += children(at)
    return found


class PeakMemory:
    """The highest sum of the peaks (VmHWM) of a process and the children alive beside it, while the block runs.

    Exact for one process; for one that forks it can miss a child shorter than the pause between two looks."""

    PAUSE_S = 0.05

    def __init__(self, pid):
        self.pid, self.kib, self.over = pid, 0, threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)

    def look(self):
        self.kib = max(self.kib, sum(status_field(member, "VmHWM") for member in family(self.pid)))

    def watch(self):
        while not self.over.wait(self.PAUSE_S):
            self.look()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.over.set()
        self.thread.join()
        self.look()


def cpu_s(pid):
    """CPU time of all threads, also of those that ended, to the nanosecond: the clock of clock_getcpuclockid(3). 0 when it is gone."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def machine_busy_s():
    """CPU time the whole machine used since it started, stolen time included."""
    fields = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def our_busy_s():
    """CPU time of this process and of its children that ended."""
    return sum(os.times()[:4])


def wake_ups(pid):
    """Thread -> how often it slept and was woken (voluntary context switches)."""
    counts = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches:"):
                counts[f"{task.name} {(task / 'comm').read_text().strip()}"] = int(line.split()[1])
    return counts


def listening(port):
    """Whether someone listens; asks the kernel instead of knocking, for a knock is an association to some."""
    def rows():
        for table in ("/proc/net/tcp", "/proc/net/tcp6"):
            if os.path.exists(table):
                yield from Path(table).read_text().splitlines()[1:]
    return any(row.split()[1].endswith(f":{port:04X}") and row.split()[3] == "0A" for row in rows())


def mount_of(path):
    """(device, file system) below a path."""
    path, best = str(Path(path).resolve()), ("", "?", "?")
    for line in Path("/proc/self/mounts").read_text().splitlines():
        device, point, kind = line.split()[:3]
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best[0]):
            best = (point, device, kind)
    return best[1], best[2]


def machine(path):
    """One line for the head of a report: figures of different machines and hours are not to be compared."""
    cpu = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), "unknown CPU")
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{os.cpu_count()} x {cpu}, Linux {os.uname().release}, {' '.join(mount_of(path))}, load average {load}"


def median(values):
    return statistics.median(values) if values else None


class Goals:
    """Lines `goal NAME: measured X, asked Y, reached|short`; .code for the exit."""

    def __init__(self):
        self.code = 0

    def at_least(self, name, measured, asked, unit=""):
        self.say(name, measured, f">= {asked}{unit}", unit, measured is not None and measured >= asked)

    def at_most(self, name, measured, asked, unit=""):
        self.say(name, measured, f"<= {asked}{unit}", unit, measured is not None and measured <= asked)

    def say(self, name, measured, asked, unit, reached):
        shown = "nothing" if measured is None else f"{measured:.3g}{unit}" if abs(measured) < 1000 else f"{measured:.0f}{unit}"
        print(f"goal {name}: measured {shown}, asked {asked}, {'reached' if reached else 'short'}")
        self.code = self.code if reached else 1
