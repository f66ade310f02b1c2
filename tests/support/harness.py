# SPDX-License-Identifier: Apache-2.0
"""Harness: nodes, peers and files for Python tests, in a private folder that goes when the test ends.

A test gets a Context. All it starts are children of the test's own process, listen on loopback only, and are ended by
their process id, also when the test fails. Nothing here sleeps to be in step: wait_until() polls with a deadline.
"""
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("SAMPAN_BIN") or TOP / "build" / os.environ.get("SAMPAN_PRESET", "release") / "bin")
OURS = ("sampand", "sampan", "raw_scu", "raw_scp", "make_images", "make_backlog", "conformance")
START_S, STOP_S = 20, 30
SLOW = float(os.environ.get("SAMPAN_SLOW", "1"))  # how much longer everything may take: under a sanitizer, or beside other work


class Skip(Exception):
    """The test cannot be run here; says why."""


def wait_until(condition, what, deadline_s=30, every_s=0.02, slow=SLOW):
    """Polls condition() until it is true; returns what it gave."""
    end = time.monotonic() + deadline_s * slow
    while not (got := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline_s * slow:g} s: {what() if callable(what) else what}")
        time.sleep(every_s)
    return got


def free_port(seen=set()):
    """Below the range from which the kernel takes ports for outgoing connections, so that it stays free."""
    while True:
        port = random.SystemRandom().randrange(15000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            if port not in seen:
                seen.add(port)
                return port


def tool(name):
    """A program of the build, or one of the system."""
    built = BIN / name
    if built.exists():
        return str(built)
    assert name not in OURS, f"{name} is not built in {BIN}"
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not found:
        raise Skip(f"{name} is not installed")
    return found


def corpus():
    """The folder of real images, or None."""
    folder = Path(os.environ.get("SAMPAN_CORPUS") or TOP.parent / "shared" / "corpus")
    return folder if (folder / "inventory.csv").exists() else None


class Process:
    """A child with its output in files of its own."""

    apart = False  # in a session of its own, so that it can outlive this process

    def __init__(self, command, folder, name, env=None, cwd=None):
        self.out, self.err = folder / f"{name}.out", folder / f"{name}.err"
        self.skip_out, self.skip_err = size_of(self.out), size_of(self.err)
        with self.out.open("ab") as out, self.err.open("ab") as err:
            self.child = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                          env={**os.environ, **(env or {})}, cwd=cwd or folder,
                                          start_new_session=self.apart)
        self.name = name

    @property
    def pid(self):
        return self.child.pid

    def alive(self):
        return self.child.poll() is None

    def said(self):
        """Standard output since this start."""
        return self.out.read_bytes()[self.skip_out:].decode("utf-8", "replace")

    def complained(self):
        return self.err.read_bytes()[self.skip_err:].decode("utf-8", "replace")

    def wait_for_line(self, start, deadline_s=START_S):
        """The first whole line of output that begins with start."""
        def line():
            dead = not self.alive()
            for text in self.said().splitlines(keepends=True):
                if text.startswith(start) and text.endswith("\n"):
                    return text.strip()
            if dead:
                raise AssertionError(f"{self.name} ended with {self.child.returncode}: {self.complained()[-3000:]}")
            return None
        return wait_until(line, lambda: f"{self.name} saying `{start}`: {self.complained()[-3000:]}", deadline_s, 0.005)

    def kill(self):
        self.child.kill()
        self.child.wait()

    def stop(self, deadline_s=STOP_S):
        """SIGTERM; its exit code."""
        if self.alive():
            self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(deadline_s * SLOW)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not end within {deadline_s} s of SIGTERM") from None


def size_of(path):
    return path.stat().st_size if path.exists() else 0


class Context:
    """One test's private world."""

    def __init__(self, name, base=None):
        self.name, self.base = name, base
        self.children, self.closers, self.kept = [], [], bool(os.environ.get("SAMPAN_KEEP"))

    def leave(self):
        """The processes and the folder stay when the context ends."""
        self.children, self.closers, self.kept = [], [], True

    def __enter__(self):
        # Short: a unix socket's path has room for 107 bytes.
        base = self.base or (None if self.kept else os.environ.get("SAMPAN_TEST_DIR"))
        self.dir = Path(tempfile.mkdtemp(prefix="sampan-", dir=base))
        return self

    def __exit__(self, kind, error, trace):
        for child in reversed(self.children):
            with contextlib.suppress(Exception):
                child.kill()
        for close in reversed(self.closers):
            with contextlib.suppress(Exception):
                close()
        if kind and not issubclass(kind, Skip):
            self.show_logs()
        if not self.kept:
            shutil.rmtree(self.dir, ignore_errors=True)

    def show_logs(self):
        for log in sorted(self.dir.rglob("*.err")):
            if log.stat().st_size:
                print(f"--- {log.relative_to(self.dir)}\n{log.read_text(errors='replace')[-2500:]}", file=sys.stderr)

    def folder(self, name):
        path = self.dir / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def run(self, command, name, env=None, folder=None):
        process = Process(command, folder or self.dir, name, env)
        self.children.append(process)
        return process

    def command(self, *parts, deadline_s=120, check=True):
        """Runs a command to its end."""
        done = subprocess.run([str(part) for part in parts], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=deadline_s * SLOW, cwd=self.dir, text=True, errors="replace")
        assert not check or done.returncode == 0, f"{parts} -> {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def images(self, kind, count=1, *more):
        """Generated images, as paths."""
        folder = self.folder(f"images/{kind}-{random.getrandbits(32):08x}")
        self.command(tool("make_images"), "--out", folder, "--kind", kind, "--count", count, *more)
        return sorted(path for path in folder.rglob("*") if path.is_file())

    def line(self, to_port, **options):
        """A relay in front of a port: .port, .cut(), .give_back()."""
        from peers import Line
        return Line(self, to_port, **options)

    def node(self, name="clinic", **settings):
        from node import Node
        return Node(self, name, **settings)

    def raw_scp(self, name="lead", **options):
        from peers import RawScp
        return RawScp(self, name, **options)

    def raw_scu(self, to, files, **options):
        from peers import RawScu
        return RawScu(self, to, files, **options)

    def orthanc(self, **options):
        from peers import Orthanc
        return Orthanc(self, **options)
