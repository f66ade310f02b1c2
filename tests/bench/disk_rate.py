# SPDX-License-Identifier: Apache-2.0
"""A disk as clinics have them: this one, read no faster than so many bytes a second by us and by what we start.

Linux, as root, where the kernel offers the first kind of control groups for block devices."""
import contextlib
import os
from pathlib import Path

from harness import wait_until

GROUPS = Path("/sys/fs/cgroup/blkio")
LIMIT = "blkio.throttle.read_bps_device"


def device_below(folder):
    """major:minor of the whole disk, which is what can be slowed."""
    of = os.stat(folder).st_dev
    name = f"{os.major(of)}:{os.minor(of)}"
    entry = Path("/sys/dev/block") / name
    return (entry.resolve().parent / "dev").read_text().strip() if (entry / "partition").exists() else name


def why_not(folder):
    """Why reads cannot be slowed here; empty where they can."""
    if not (GROUPS / LIMIT).exists():
        return f"there is no {GROUPS}"
    if not os.access(GROUPS, os.W_OK):
        return f"{GROUPS} is not ours to write"
    return "" if Path(f"/sys/dev/block/{device_below(folder)}").exists() else f"{folder} is on no disk"


@contextlib.contextmanager
def read_at(folder, bytes_per_s):
    """This process and those it starts meanwhile read from the disk below folder at that rate at most; those that live on afterwards too."""
    group = GROUPS / f"sampan-bench-{os.getpid()}-{bytes_per_s}"
    group.mkdir(exist_ok=True)
    (group / LIMIT).write_text(f"{device_below(folder)} {bytes_per_s}\n")
    (group / "cgroup.procs").write_text(str(os.getpid()))
    try:
        yield
    finally:
        (GROUPS / "cgroup.procs").write_text(str(os.getpid()))
        wait_until(lambda: not (group / "cgroup.procs").read_text(), lambda: f"{group} is left")  # who ended leaves it a moment later
        group.rmdir()
