# SPDX-License-Identifier: Apache-2.0
"""A small old machine: 64 MiB of memory, 256 file descriptors, part of one core. Everything still works."""
import os
import re
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
from faulty_disk import Sink
from harness import BIN, Skip, wait_until
from test_commitment import ask, modality, told
from test_conflict import other_content

contract = (10,)
MEMORY = 64 << 20
CGROUPS = Path("/sys/fs/cgroup")
CLASS_CT = "1.2.840.10008.5.1.4.1.1.2"
DIFFERS = "same SOP Instance UID as an earlier image, other content"


class Group:
    """Processes with little memory and part of a core: a leaf in each hierarchy of version 1, or one leaf of version 2.

    Whoever runs the test must be let make one: root, or a user to whom the cgroup with the controllers memory and cpu is delegated.
    What runs in it ends before it goes.
    """

    def __init__(self, ctx, memory, cpu_share, period_us=100_000):
        name, quota = f"sampan-test-{os.getpid()}", int(cpu_share * period_us)
        if (CGROUPS / "memory").is_dir():
            self.usage = CGROUPS / "memory" / name / "memory.max_usage_in_bytes"
            self.kills = CGROUPS / "memory" / name / "memory.oom_control"
            limits = {CGROUPS / "memory" / name / "memory.limit_in_bytes": memory, CGROUPS / "cpu" / name / "cpu.cfs_period_us": period_us,
                      CGROUPS / "cpu" / name / "cpu.cfs_quota_us": quota}
        else:
            leaf = self.parent_of_version_2() / name
            self.usage, self.kills = leaf / "memory.peak", leaf / "memory.events"
            limits = {leaf / "memory.max": memory, leaf / "cpu.max": f"{quota} {period_us}"}
        self.folders = list(dict.fromkeys(file.parent for file in limits))
        for file, value in limits.items():
            try:
                if not file.parent.is_dir():
                    file.parent.mkdir()
                    ctx.closers.append(lambda folder=file.parent: wait_until(lambda: gone(folder), f"{folder} is empty", 10))
                file.write_text(str(value))
            except OSError as why:
                raise Skip(f"no cgroup of one's own here: {why}") from None

    @staticmethod
    def parent_of_version_2():
        """The root for root; for everybody else the nearest above this process that hands both controllers on."""
        own = next((row[3:] for row in Path("/proc/self/cgroup").read_text().splitlines() if row.startswith("0::")), "/")
        here = CGROUPS / own.lstrip("/")
        for folder in [CGROUPS] if os.geteuid() == 0 else [here, *here.parents]:
            handed_on = folder / "cgroup.subtree_control"
            if os.access(folder, os.W_OK) and handed_on.exists() and {"memory", "cpu"} <= set(handed_on.read_text().split()):
                return folder
        raise Skip("no cgroup here hands the controllers memory and cpu on to one of our own: neither version 1 nor version 2 is delegated")

    def peak(self):
        return int(self.usage.read_text()) if self.usage.exists() else 0

    def killed(self):
        return int(re.search(r"^oom_kill (\d+)$", self.kills.read_text(), re.MULTILINE)[1])


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
    group = Group(ctx, memory=MEMORY, cpu_share=0.3)
    lead, sink = ctx.raw_scp().start(), Sink(ctx)
    trusted = {**lead.destination, "reclaim_after": "accepted", "retention_days": 0}
    # Each image is changed there, by a worker that lives in the same 64 MiB.
    archive = {"name": "archive", "folder": str(ctx.dir / "archive"), "transform": {"institution_name": "Clinic", "character_set": "utf-8"}}
    node = ctx.node(destinations=[trusted, sink.destination, archive], telemetry={"every_seconds": 1},
                    routes=[{"when": {"modality": "MR"}, "to": ["lead", "archive"]}, {"to": ["lead", "archive", "pacs"]}])
    # A PACS that takes by STOW-RS what is not MR, and that asks, as a modality, whether we keep it.
    orthanc, address = modality(ctx, node, dicomweb=True)
    node.settings["destinations"].append({"name": "pacs", "stow": orthanc.stow})
    node.settings["intake"]["report_to"] = [address]
    script = ctx.dir / "small.sh"
    script.write_text("#!/bin/sh\nulimit -n 256\n"
                      + "".join(f"echo $$ > {folder}/cgroup.procs\n" for folder in group.folders)
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
    tomography = ctx.raw_scu(node.address, ctx.images("ct", 4), called="CLINIC", calling="MOD1", new_uids=True, repeat=5, persist=200)
    senders.append(tomography)
    while any(sender.process.alive() for sender in senders):
        began = time.monotonic()
        node.status()
        slowest = max(slowest, time.monotonic() - began)
        assert node.alive(), f"it ended: {node.log()[-2000:]}"
    assert all(sender.wait() == 0 for sender in senders)
    acknowledged = set().union(*(sender.acknowledged() for sender in senders))
    assert len(acknowledged) == 12 * 80 + 3 * 2 + 20
    asked = {answer.sop_instance for answer in tomography.sent()}
    report = told(orthanc, ask(orthanc, asked, CLASS_CT), 120)
    assert report["Status"] == "Success" and {row["SOPInstanceUID"] for row in report["Success"]} == asked, report
    # Twice what the node has in memory is compared: the same image in another encoding, and another one under its name.
    encoded = ctx.dir / "encoded.dcm"
    ctx.command("dcmconv", "+ti", large[0], encoded)
    for file in (large[0], encoded, other_content(ctx, large[0])):
        sender = ctx.raw_scu(node.address, [file], called="CLINIC", persist=200)
        assert sender.wait() == 0
        acknowledged |= sender.acknowledged() if file is large[0] else set()
    compared = lambda: [(row["reason"], row["items"]) for row in node.destination("lead")["on_hold_reasons"]] == [(DIFFERS, 1)] and node.drained()
    wait_until(compared, lambda: f"compared: {node.destination('lead')}", 200)
    node.kill()
    node.delete_ledger()
    start()
    wait_until(compared, lambda: f"and once more: {node.destination('lead')}", 200)
    assert lead.shas() == acknowledged
    changed = [path for path in (ctx.dir / "archive").rglob("*") if path.is_file() and b"COERCE" in head_of(path)]
    assert len(changed) == len(acknowledged), f"{len(changed)} of {len(acknowledged)} were changed for the archive"
    by_stow = {answer.sop_instance for sender in senders[12:] for answer in sender.sent() if answer.ok}
    assert len(by_stow) == 3 * 2 + 20 and all(orthanc.find(uid) for uid in by_stow), "the PACS has what is not MR"
    wait_until(lambda: sink.samples(), "telemetry flows")
    assert node.sampan()[0] in (0, 1)
    peak = group.peak()
    assert group.killed() == 0
    rss = int(next(row.split()[1] for row in Path(f"/proc/{node.process.pid}/status").read_text().splitlines() if row.startswith("VmHWM")))
    node.stop()
    return f"{len(acknowledged)} images, RSS at most {rss // 1024} MiB, the group {peak >> 20} MiB with its page cache, status within {slowest:.2f} s"


test_everything_works_in_64_mib_with_256_descriptors_on_part_of_one_core.deadline_s = 400
