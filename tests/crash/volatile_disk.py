# SPDX-License-Identifier: Apache-2.0
"""A disk that loses power under a mounted file system: image <- nbdkit (volatile_disk.c) <- nbdfuse <- loop <- ext4 or xfs.

Mounts live in a mount namespace of the test's own process and loop devices detach with their last user, so that nothing
is left behind, however the test ends.
"""
import contextlib
import ctypes
import os
import signal
import socket
import subprocess
from pathlib import Path

from harness import Process, Skip, tool, wait_until

CLONE_NEWNS = 0x00020000
NEEDED = ("nbdkit", "nbdfuse", "losetup", "mount", "umount", "unshare", "nsenter", "cc")
# How each file system is made, and looked over without changing anything.
MAKE = {"ext4": ("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0"), "xfs": ("mkfs.xfs", "-q")}
# The one before, on the disk without power, may not be quite gone when it is mounted again.
OPTIONS = {"ext4": "noatime", "xfs": "noatime,nouuid"}
CHECK = {"ext4": ("e2fsck", "-fn"), "xfs": ("xfs_repair", "-n")}


def own_mounts():
    """Leaves the machine's mount namespace; Skip when this cannot be."""
    if os.geteuid() != 0:
        raise Skip("mounting needs root")
    for path in ("/dev/fuse", "/dev/loop-control"):
        if not os.access(path, os.R_OK | os.W_OK):
            raise Skip(f"no {path} here")
    for name in NEEDED:
        tool(name)
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        raise Skip(f"no mount namespace: {os.strerror(ctypes.get_errno())}")
    if run("mount", "--make-rprivate", "/").returncode != 0:
        raise Skip("no private mounts here")


def available_bytes():
    """Of memory."""
    rows = (row.split() for row in Path("/proc/meminfo").read_text().splitlines())
    return next(int(row[1]) << 10 for row in rows if row[0] == "MemAvailable:")


def answers(path):
    """Whether somebody listens there: the name is there a moment earlier."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def run(*command):
    return subprocess.run([tool(command[0]), *map(str, command[1:])], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)


def run_well(*command):
    done = run(*command)
    assert done.returncode == 0, f"{command}: {done.stdout}"
    return done.stdout.strip()


class VolatileDisk:
    def __init__(self, ctx, bytes_=384 << 20, kind="ext4"):
        own_mounts()
        self.kind = kind
        self.ctx, self.dir = ctx, ctx.folder("disk")
        self.image, self.mount_point = ctx.folder("disk/backing") / "image", ctx.folder("disk/mounted")
        if available_bytes() > 4 * bytes_:  # what the disk flushes need not wear out a real one
            run_well("mount", "-t", "tmpfs", "-o", "mode=0700", "tmpfs", self.image.parent)
        self.device, self.plugin = self.dir / "device", self.dir / "volatile.so"
        run_well("cc", "-O2", "-fPIC", "-shared", "-o", self.plugin, Path(__file__).with_name("volatile_disk.c"))
        self.bytes_ = bytes_
        self.make()
        self.server = self.bridge = None
        self.mounted = False
        ctx.closers.append(self.power_off)

    def make(self):
        """Anew, with an empty file system."""
        with self.image.open("wb") as image:
            image.truncate(self.bytes_)
        run_well(*MAKE[self.kind], self.image)

    def spawn(self, name, *command):
        process = Process([tool(command[0]), *command[1:]], self.dir, name)
        self.ctx.children.append(process)
        return process

    def serve(self, **parameters):
        """Parameters of the plugin: seed, keep, torn, cutwrite, cutflush. The path of the socket where the disk is."""
        path = self.dir / "nbd.sock"
        path.unlink(missing_ok=True)
        settings = [f"{key}={value}" for key, value in parameters.items()]
        self.server = self.spawn("nbdkit", "nbdkit", "-f", "-U", path, self.plugin, f"file={self.image}", *settings)
        wait_until(lambda: answers(path), lambda: f"nbdkit up: {self.server.complained()}", 10)
        return path

    def power_on(self, **parameters):
        """Same parameters. False when the power went during the mount."""
        path = self.serve(**parameters)
        self.device.touch()
        # In a mount namespace of its own. In ours it could be the last to go, and taking our mounts apart it would wait for itself.
        self.bridge = self.spawn("nbdfuse", "unshare", "--mount", "--propagation", "private", tool("nbdfuse"), self.device, "--unix", path)
        there = Path(f"/proc/{self.bridge.pid}/root{self.device}")
        wait_until(lambda: there.stat().st_size > 0, lambda: f"nbdfuse up: {self.bridge.complained()}", 10)
        return self.mount(self.device, "nsenter", f"--mount=/proc/{self.bridge.pid}/ns/mnt")

    def mount(self, what, *seen_by):
        """Whether it is mounted: not when the power goes meanwhile. A busy machine may need more than one try."""
        for _ in range(3):
            loop = run_well(*seen_by, tool("losetup"), "--find", "--show", what)
            done = run("mount", "-o", OPTIONS[self.kind], loop, self.mount_point)
            run("losetup", "--detach", loop)  # in fact when the mount goes
            self.mounted = done.returncode == 0
            if self.mounted or self.is_dark(5):
                return self.mounted
        raise AssertionError(f"{done.stdout}; the power is there: {self.server and self.server.complained()[-500:]}")

    def is_dark(self, patience_s):
        """Whether the power is gone, or goes within that time."""
        with contextlib.suppress(AssertionError):
            wait_until(lambda: self.server is not None and not self.has_power(), "", patience_s)
            return True
        return False

    def mount_plain(self):
        """The image as any sound disk, to see what is on it."""
        self.mount(self.image)

    def has_power(self):
        return self.server is not None and self.server.alive()

    def cut(self):
        """Takes the power at the next request, and sees to it that there is one."""
        self.server.child.send_signal(signal.SIGUSR1)
        run("sync", "-f", self.mount_point)
        wait_until(lambda: not self.has_power(), "the power is gone", 15)

    def power_off(self):
        """After the cut, or at the end: everything that hangs on the disk goes."""
        if self.mounted and run("umount", self.mount_point).returncode != 0:
            run_well("umount", "--lazy", self.mount_point)
        self.mounted = False
        for process in filter(None, (self.bridge, self.server)):
            process.kill()
        self.bridge = self.server = None

    def check(self):
        return run(*CHECK[self.kind], self.image)
