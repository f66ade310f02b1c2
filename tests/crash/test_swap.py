# SPDX-License-Identifier: Apache-2.0
"""What of a patient a node has in its memory goes to no swap space where its group is kept out of it, as the unit keeps it."""
import contextlib
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
from harness import TOP, Skip, tool, wait_until
from test_canary import ACCESSION, NAME, PATIENT
from test_resources import CGROUPS, Group
from wire import Peer, element, image, p_data, store_rq

contract = (11,)
MEMORY, SWAP = 64 << 20, 256 << 20
SENDERS = 6  # each stops in the middle of its image, so that this waits in a buffer as it came
NEEDLES = [text.encode() for text in (NAME, PATIENT, ACCESSION)]
# Takes more than the group has, page by page, and goes on to use all of it, so that what others have is what is used least.
HOG = "open('/proc/self/oom_score_adj', 'w').write('1000')\nheld = []\nfor _ in range(%d): held.append(bytearray(b'hog!' * (1 << 18)))\nprint('held', flush=True)\nwhile sum(one[at] for one in held for at in range(0, 1 << 20, 4096)): pass"


@contextlib.contextmanager
def swap_space(ctx, name):
    """A file that the kernel swaps to, where root may say so."""
    if os.geteuid() != 0:
        raise Skip("needs root: swapon")
    file = ctx.dir / name
    with file.open("wb") as made:
        os.posix_fallocate(made.fileno(), 0, SWAP)
    file.chmod(0o600)
    ctx.command(tool("mkswap"), file)
    loop = subprocess.run([tool("losetup"), "-f", "--show", file], capture_output=True, text=True)
    if loop.returncode != 0:
        raise Skip(f"no loop device: {loop.stderr}")
    device = loop.stdout.strip()
    try:
        on = subprocess.run([tool("swapon"), "--priority", "32000", device], capture_output=True, text=True)
        if on.returncode != 0:
            raise Skip(f"no swap space can be had here: {on.stderr}")
        try:
            yield file
        finally:
            wait_until(lambda: subprocess.run([tool("swapoff"), device], timeout=120).returncode == 0, "the swap space is given back", 60)
    finally:
        subprocess.run([tool("losetup"), "-d", device], check=True)


class Squeezed(Group):
    """A group with little memory, that may be swapped or may not."""

    def __init__(self, ctx, swapped):
        super().__init__(ctx, MEMORY, 1.0)
        self.folder = self.usage.parent
        first = CGROUPS / "memory" in self.folder.parents
        # Of version 1: memory and swap together are no more than memory alone. Version 2 has the file that MemorySwapMax=0 sets.
        self.swap_limit = limit = self.folder / ("memory.memsw.limit_in_bytes" if first else "memory.swap.max")
        if not limit.exists():
            raise Skip(f"this kernel has no {limit.name}")
        limit.write_text(("-1" if first else "max") if swapped else str(MEMORY if first else 0))
        self.limit, self.version = self.folder / ("memory.limit_in_bytes" if first else "memory.max"), 1 if first else 2

    def wants_more(self):
        """Has the kernel take from the group all that it can do without; which pages that are, it decides."""
        with contextlib.suppress(OSError):  # not all of it: some is in use
            (self.folder / ("memory.force_empty" if self.version == 1 else "memory.reclaim")).write_text("0" if self.version == 1 else str(MEMORY))
        return True

    def loosen(self):
        for limit in (self.swap_limit, self.limit):
            limit.write_text("-1" if self.version == 1 else "max")

    def run(self, ctx, command, name):
        group = " && ".join(f"echo $$ >{folder}/cgroup.procs" for folder in self.folders)
        return ctx.run(["sh", "-c", f'{group} && exec "$@"', "sh", *command], name)


def stalled(node):
    """A sender that stops in the middle of the patient's image."""
    peer = Peer(node.port)
    peer.associate()
    whole = element(0x0008, 0x0050, b"SH", ACCESSION.encode()) + element(0x0010, 0x0010, b"PN", NAME.encode()) + element(0x0010, 0x0020, b"LO", PATIENT.encode())
    data_set = image("1.2.826.0.99", 40_000)
    peer.send(p_data(1, 3, store_rq("1.2.826.0.99")) + p_data(1, 0, (whole + data_set)[:12_000]))
    return peer


def in_memory(pid):
    """What of the patient stands in what a process has of its own, which root may read."""
    found = set()
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            where, rights, *_, = line.split()
            begin, end = (int(part, 16) for part in where.split("-"))
            if "rw" in rights and end - begin < 64 << 20 and "[v" not in line:
                with contextlib.suppress(OSError):
                    found |= holds(os.pread(memory.fileno(), end - begin, begin))
    return found


def in_swap(pid):
    return next(int(line.split()[1]) << 10 for line in open(f"/proc/{pid}/status") if line.startswith("VmSwap"))


def holds(data):
    return {needle for needle in NEEDLES if needle in data}


def under_pressure(ctx, swapped):
    """-> what of the patient stands in the swap space, and how much of the node went there."""
    with swap_space(ctx, f"swap-{swapped}") as space:
        group = Squeezed(ctx, swapped)
        node = ctx.node(name=f"node{swapped}".lower(), destinations=[{"name": "lead", "dimse": "NOBODY@127.0.0.1:9"}])
        node.settings["ae_title"] = "CLINIC"
        spawn(ctx, node, group)
        peers, hogs = [stalled(node) for _ in range(SENDERS)], []
        try:
            wait_until(lambda: in_memory(node.process.pid) == set(NEEDLES), "the patient is in the node's memory", 20)
            hogs = [hog := group.run(ctx, ["/usr/bin/python3", "-c", HOG % (MEMORY * 3 // 2 >> 20)], "hog")]
            wait_until(lambda: not hog.alive() or "held" in hog.said(), "the group is full", 60)
            assert hog.alive() == swapped, "without swap space it cannot have so much, and with it it can"
            if swapped:  # so much else is wanted that the node's idle pages go
                wait_until(lambda: group.wants_more() and holds(space.read_bytes()), lambda: f"the test does not see it: {in_swap(node.process.pid)} swapped", 30)
            os.sync()
            assert node.status()["intake"]["associations_now"] == SENDERS, "the node lives, and its senders wait"
            assert node.status()["key"]["images_may_be_swapped"] or (group.version == 2 and not swapped)
            return holds(space.read_bytes()), in_swap(node.process.pid)
        finally:
            for child in hogs:
                child.kill()
            group.loosen()  # what was swapped comes back when the space goes
            for peer in peers:
                peer.reset()
            node.stop()


def spawn(ctx, node, group):
    node.process = group.run(ctx, [tool("sampand"), "--config", node.write()], "sampand")
    node.process.wait_for_line("sampand ready ")


def test_what_a_node_has_of_a_patient_is_found_in_swap_space_only_where_the_unit_does_not_keep_it_out(ctx):
    unit = (TOP / "systemd/sampand.service").read_text().splitlines()
    assert "MemorySwapMax=0" in unit
    found, swapped = under_pressure(ctx, swapped=False)
    assert not found and swapped == 0, (found, swapped)
    found, swapped = under_pressure(ctx, swapped=True)
    assert found, f"the test does not see it: {swapped} bytes of the node were swapped"
    return f"in the group of the unit nothing; in one that may be swapped {len(found)} of {len(NEEDLES)} needles, {swapped >> 10} KiB of the node"
