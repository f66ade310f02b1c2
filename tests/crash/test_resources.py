# SPDX-License-Identifier: Apache-2.0
"""A small old machine: 64 MiB of memory, 256 file descriptors, part of one core. Everything still works."""
import os
import resource
import time
from pathlib import Path

from faulty_disk import Sink
from harness import BIN, Skip, wait_until

contract = (10,)
MEMORY = 64 << 20
CGROUPS = Path("/sys/fs/cgroup")


class Group:
    """A leaf of its own in each hierarchy of version 1, or one of version 2; what runs in it ends before it goes."""

    def __init__(self, ctx, **limits):
        self.folders = {}
        for name, value in limits.items():
            controller, limit = name.split("__")
            folder = CGROUPS / controller / f"sampan-test-{os.getpid()}"
            try:
                folder.mkdir(exist_ok=True)
                (folder / f"{controller}.{limit}").write_text(str(value))
            except OSError as why:
                raise Skip(f"no cgroup of one's own here: {why}") from None
            self.folders[controller] = folder
            ctx.closers.append(lambda folder=folder: wait_until(lambda: gone(folder), f"{folder} is empty", 10))

    def enter(self, pid):
        for folder in self.folders.values():
            (folder / "cgroup.procs").write_text(str(pid))


def head_of(path):
    with path.open("rb") as file:
        return file.read(65536)


def gone(folder):
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def test_everything_works_in_64_mib_with_256_descriptors_on_part_of_one_core(ctx):
    group = Group(ctx, memory__limit_in_bytes=MEMORY, cpu__cfs_quota_us=30_000)
    lead, sink = ctx.raw_scp().start(), Sink(ctx)
    trusted = {**lead.destination, "reclaim_after": "accepted", "retention_days": 0}
    # Each image is changed there, by a worker that lives in the same 64 MiB.
    archive = {"name": "archive", "folder": str(ctx.dir / "archive"), "transform": {"institution_name": "Clinic", "character_set": "utf-8"}}
    node = ctx.node(destinations=[trusted, sink.destination, archive], telemetry={"every_seconds": 1})
    script = ctx.dir / "small.sh"
    script.write_text("#!/bin/sh\nulimit -n 256\n"
                      + "".join(f"echo $$ > {folder}/cgroup.procs\n" for folder in group.folders.values())
                      + f"exec taskset -c 0 {BIN}/sampand --config {node.write()}\n")
    script.chmod(0o755)

    def start():
        node.process = ctx.run([script], "sampand", None, node.dir)
        node.process.wait_for_line("sampand ready ", 120)

    start()
    assert resource.prlimit(node.process.pid, resource.RLIMIT_NOFILE)[0] == 256
    small = ctx.images("mr", 8, "--rows", 128, "--columns", 128)
    large = ctx.images("dx", 1, "--rows", 4000, "--columns", 4000)  # 32 MB
    senders = [ctx.raw_scu(node.address, small, called="CLINIC", calling=f"MOD{n}", new_uids=True, repeat=10, persist=200) for n in range(12)]
    senders += [ctx.raw_scu(node.address, large, called="CLINIC", calling=f"DX{n}", new_uids=True, repeat=2, persist=200) for n in range(3)]
    slowest = 0.0
    while any(sender.process.alive() for sender in senders):
        began = time.monotonic()
        node.status()
        slowest = max(slowest, time.monotonic() - began)
        assert node.alive(), f"it ended: {node.log()[-2000:]}"
    assert all(sender.wait() == 0 for sender in senders)
    acknowledged = set().union(*(sender.acknowledged() for sender in senders))
    assert len(acknowledged) == 12 * 80 + 3 * 2
    node.kill()
    node.delete_ledger()
    start()
    node.wait_drained(200)
    assert lead.shas() == acknowledged
    changed = [path for path in (ctx.dir / "archive").rglob("*") if path.is_file() and b"COERCE" in head_of(path)]
    assert len(changed) == len(acknowledged), f"{len(changed)} of {len(acknowledged)} were changed for the archive"
    wait_until(lambda: sink.samples(), "telemetry flows")
    assert node.sampan()[0] in (0, 1)
    peak = int((group.folders["memory"] / "memory.max_usage_in_bytes").read_text())
    killed = (group.folders["memory"] / "memory.oom_control").read_text()
    assert "oom_kill 0" in killed, killed
    rss = int(next(row.split()[1] for row in Path(f"/proc/{node.process.pid}/status").read_text().splitlines() if row.startswith("VmHWM")))
    node.stop()
    return f"{len(acknowledged)} images, RSS at most {rss // 1024} MiB, the group {peak >> 20} MiB with its page cache, status within {slowest:.2f} s"


test_everything_works_in_64_mib_with_256_descriptors_on_part_of_one_core.deadline_s = 400
