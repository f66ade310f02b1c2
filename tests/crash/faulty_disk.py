# SPDX-License-Identifier: Apache-2.0
"""Disks that fill up, fail, slow down or go read-only under a node: what is done to it from outside.

Mounts live in a mount namespace of the test's own process (volatile_disk.own_mounts), so that nothing is left behind.
"""
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from harness import TOP, Process, Skip, tool, wait_until
from volatile_disk import MAKE, OPTIONS, answers, own_mounts, run, run_well


class SmallDisk:
    """A tmpfs that somebody else can fill: with bytes, or with names."""

    def __init__(self, ctx, bytes_=64 << 20, inodes=4000):
        own_mounts()
        self.mount_point = ctx.folder("small")
        run_well("mount", "-t", "tmpfs", "-o", f"size={bytes_},nr_inodes={inodes},mode=0700", "tmpfs", self.mount_point)
        ctx.closers.append(lambda: run("umount", "--lazy", self.mount_point))
        self.filler = self.mount_point / "somebody-else"

    def free(self):
        return os.statvfs(self.mount_point).f_bavail * os.statvfs(self.mount_point).f_frsize

    def fill(self, but=0):
        """Somebody else takes what is free, but for so many bytes."""
        fd = os.open(self.filler, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            while (wanted := self.free() - but) > 0:
                with contextlib.suppress(OSError):  # the node was quicker
                    os.posix_fallocate(fd, os.fstat(fd).st_size, wanted)
        finally:
            os.close(fd)

    def fill_names(self, but=0):
        folder = self.mount_point / "names"
        folder.mkdir(exist_ok=True)
        made = len(list(folder.iterdir()))
        with contextlib.suppress(OSError):  # the node was quicker
            for number in range(made, made + os.statvfs(self.mount_point).f_favail - but):
                (folder / str(number)).touch()

    def give_back(self):
        self.filler.unlink(missing_ok=True)
        shutil.rmtree(self.mount_point / "names", ignore_errors=True)


class SmallFileSystem(SmallDisk):
    """The same, as a real disk has it: with a journal, with blocks that names need as well, with a reserve for root that is taken, too."""

    def __init__(self, ctx, kind, bytes_, *options):
        own_mounts()
        self.mount_point, image = ctx.folder("small"), ctx.dir / "image"
        with image.open("wb") as made:
            made.truncate(bytes_)
        run_well(*MAKE[kind], *options, image)
        loop = run_well("losetup", "--find", "--show", image)
        done = run("mount", "-o", OPTIONS[kind], loop, self.mount_point)
        run("losetup", "--detach", loop)  # in fact when the mount goes
        assert done.returncode == 0, done.stdout
        ctx.closers.append(lambda: run("umount", "--lazy", self.mount_point))
        self.filler = self.mount_point / "somebody-else"

    def fill(self):
        """To the last byte that it gives to anybody."""
        with self.filler.open("ab", 0) as filler:
            for bytes_ in (1 << 20, 4096, 1):
                with contextlib.suppress(OSError):
                    while filler.write(bytes(bytes_)) == bytes_:
                        pass
                os.fsync(filler.fileno())


class FailingDisk:
    """image <- nbdkit, which fails while a file is there <- nbdfuse <- loop <- ext4."""

    def __init__(self, ctx, bytes_=128 << 20):
        own_mounts()
        self.ctx, self.dir, self.mount_point = ctx, ctx.folder("disk"), ctx.folder("disk/mounted")
        self.image, self.trigger, self.socket, self.device = (self.dir / name for name in ("image", "trigger", "nbd.sock", "device"))
        with self.image.open("wb") as image:
            image.truncate(bytes_)
        run_well("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", self.image)
        self.processes = []
        ctx.closers.append(self.off)

    def on(self, *faults):
        """With faults as nbdkit's error filter names them."""
        parameters = [*[f"error-{fault}" for fault in faults], f"error-file={self.trigger}"] if faults else []
        self.run("nbdkit", "-f", "-U", self.socket, *(["--filter=error"] if faults else []), "file", self.image, *parameters)
        wait_until(lambda: answers(self.socket), "nbdkit up", 10)
        self.device.touch()
        self.run("nbdfuse", self.device, "--unix", self.socket)
        wait_until(lambda: self.device.stat().st_size > 0, "nbdfuse up", 10)
        self.mount(self.device)

    def run(self, name, *arguments):
        process = Process([tool(name), *arguments], self.dir, name)
        self.ctx.children.append(process)
        self.processes.append(process)

    def mount(self, what):
        loop = run_well("losetup", "--find", "--show", what)
        done = run("mount", "-o", "noatime", loop, self.mount_point)
        run("losetup", "--detach", loop)  # in fact when the mount goes
        assert done.returncode == 0, done.stdout

    def off(self):
        if run("umount", self.mount_point).returncode != 0:
            run("umount", "--lazy", self.mount_point)
        run("umount", "--lazy", self.device)
        for process in reversed(self.processes):
            process.kill()
        self.processes = []

    def repaired(self):
        """The same image on a sound disk."""
        self.off()
        run("e2fsck", "-fy", self.image)
        self.mount(self.image)


class Sink:
    """Takes telemetry: support/sink.py."""

    def __init__(self, ctx):
        self.file = ctx.dir / "telemetry"
        process = ctx.run([sys.executable, TOP / "tests/support/sink.py", self.file], "sink")
        self.port = int(process.wait_for_line("sink ").split()[1])

    @property
    def destination(self):
        return {"name": "tele", "http": f"http://127.0.0.1:{self.port}/telemetry"}

    def taken(self, schema):
        lines = self.file.read_text().splitlines(True) if self.file.exists() else []
        return [item for line in lines if line.endswith("\n") and (item := json.loads(line))["schema"] == schema]

    def samples(self):
        return self.taken("sampan.samples/1")

    def events(self, of):
        """The names of those that tell of it, in order."""
        told = {event["id"]: event for event in self.taken("sampan.event/1")}
        return [event["event"] for event in sorted(told.values(), key=lambda event: event["seq"]) if event["event"].startswith(of)]


def injecting(node, what, paths):
    """strace, told to do this to calls that concern one of these files, or any."""
    only = [part for path in paths for part in ("-P", str(path))]
    inject = [part for one in what for part in ("-e", f"inject={one}")]
    calls = ",".join(one.split(":")[0] for one in what)
    return [tool("strace"), "-f", "-qq", "-o", node.dir / "strace.log", "-e", f"trace={calls}", *only, *inject]


def traced(node, *what, path=None):
    """The node starts under strace, which does this to its calls."""
    if subprocess.run([tool("strace"), "-o", "/dev/null", "true"], stderr=subprocess.DEVNULL).returncode != 0:
        raise Skip("strace cannot trace here")
    command = [*injecting(node, what, [path] if path else []), tool("sampand"), "--config", node.write()]
    node.process = node.ctx.run(command, "sampand", None, node.dir)
    node.process.wait_for_line("sampand ready ", 60)
    children = Path(f"/proc/{node.process.pid}/task/{node.process.pid}/children").read_text().split()
    node.traced_pid = int(children[0])
    return node


class Failing:
    """While it lasts, calls of a node that runs are treated so, where they concern one of these files."""

    def __init__(self, node, what, *paths):
        command = [*injecting(node, [what], paths), "-p", str(node.process.pid)]
        self.node, self.strace = node, subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def threads(self):
        return [Path(f"/proc/{self.node.process.pid}/task/{task}/status").read_text() for task in os.listdir(f"/proc/{self.node.process.pid}/task")]

    def __enter__(self):
        def holds():
            if self.strace.poll() is not None:
                raise Skip(f"strace cannot trace here: {self.strace.stderr.read()}")
            return all("TracerPid:\t0\n" not in status for status in self.threads())
        wait_until(holds, "strace holds the node", 30)
        return self

    def __exit__(self, *_):
        if self.strace.poll() is None:
            self.strace.send_signal(signal.SIGINT)
        self.strace.wait()
        self.strace.stderr.close()


def stop_traced(node):
    os.kill(node.traced_pid, 15)
    wait_until(lambda: not node.process.alive(), lambda: f"the traced node ends: {node.log()[-2000:]}", 60)
