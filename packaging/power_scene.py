# SPDX-License-Identifier: Apache-2.0
"""The quickstart's scene with the power cut: who keeps what he acknowledged, measured on a disk that loses its cache."""
import hashlib
import os

import part10
from harness import free_port, tool, wait_until

IMAGES = 300         # acknowledged before the power goes, or as many as come
PATIENCE_S = 4
DISK = "seed=1 keep=50"  # of what was written and not flushed, a half survives by chance


class Disk:
    """The other end of power_disk.py."""

    def __init__(self, numbers):
        read, write = map(int, numbers.split(","))
        self.answers, self.commands = os.fdopen(read), os.fdopen(write, "w")

    def ask(self, command):
        self.commands.write(command + "\n")
        self.commands.flush()
        word, _, rest = self.answers.readline().strip().partition(" ")
        assert word == "ok", f"the disk: {command}: {rest or word}"
        return rest


def sha256(data_set):
    return hashlib.sha256(data_set).hexdigest()


def whole(folder):
    """sha256 of the data sets that can be read there."""
    found = set()
    for path in filter(lambda one: one.is_file(), folder.rglob("*")):
        try:
            found.add(sha256(part10.read(path)[1]))
        except (OSError, ValueError, IndexError, KeyError, AssertionError):
            continue  # it is not an image any more
    return found


class Storescp:
    name, title = "storescp", "STORESCP"

    def __init__(self, ctx, disk):
        self.ctx, self.port, self.out = ctx, free_port(), disk / "storescp"

    def start(self):
        self.out.mkdir()
        self.process = self.ctx.run([tool("storescp"), "+B", "-od", self.out, self.port], "storescp")

    def kill(self):
        self.process.kill()

    def kept(self):
        return whole(self.out)


class Sampan:
    name, title = "sampand", "CLINIC"

    def __init__(self, ctx, disk):
        self.out = ctx.folder("kept")
        self.node = ctx.node("outage", destinations=[{"name": "lead", "dimse": f"LEAD@127.0.0.1:{free_port()}"}], state=disk / "state")
        self.node.settings["ae_title"] = self.title
        self.port = self.node.port

    def start(self):
        self.node.start()

    def kill(self):
        self.node.kill()

    def kept(self):
        """It starts again without its database, and lets everything go into a folder."""
        self.node.delete_ledger()
        self.node.settings["destinations"] = [{"name": "lead", "folder": str(self.out)}]
        self.node.start()
        self.node.wait_drained()
        self.node.kill()
        return whole(self.out)


def cut_under(receiver, ctx, disk, images):
    """-> how many images it acknowledged, and how many of them are still there after the cut."""
    disk.ask("make")
    disk.ask("on " + DISK)
    receiver.start()
    sender = ctx.raw_scu(f"127.0.0.1:{receiver.port}", images, called=receiver.title, new_uids=True, repeat=1000, persist=60)
    wait_until(sender.acknowledged, f"{receiver.name} acknowledges an image", 60)
    try:
        wait_until(lambda: len(sender.acknowledged()) >= IMAGES, "", PATIENCE_S)
    except AssertionError:
        pass  # a slow machine: what came so far
    disk.ask("cut")
    sender.process.kill()
    receiver.kill()
    disk.ask("off")
    disk.ask("plain")
    acknowledged, kept = sender.acknowledged(), receiver.kept()
    disk.ask("off")
    return len(acknowledged), len(acknowledged & kept)
