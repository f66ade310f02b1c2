# SPDX-License-Identifier: Apache-2.0
"""The receivers that are compared: each started fresh, with a folder of its own on the same disk, and made to say what it holds.

.start() returns when it listens; .count() is what it keeps by its own account; .pid is the process whose memory counts.
A name that ends in -nd is the same receiver with TCP_NODELAY=1 in its environment. "sink" is no receiver of its own worth: it appends and
syncs what comes, and so is the least that can be called durable. "void" keeps nothing at all: what its senders reach is theirs.
"""
import os
import signal

from harness import STOP_S, Context, free_port, tool, wait_until
from measure import children, listening

AE_TITLE = "BENCH"
TUNED = "-nd"
SYNC_CALLS = ("fsync", "fdatasync", "sync_file_range", "syncfs", "sync", "msync")


class BenchContext(Context):
    """Starts programs under a prefix (strace) and with more environment while .prefix and .more say so."""

    prefix, more = (), {}
    turns = 0  # that are over

    def over(self, folder):
        """Gives the space of what is in folder back, and keeps the files themselves until all is over: for some time after
        files were removed, ext4 looks for theirs before each new one, and whoever comes next would pay for it."""
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                os.truncate(path, 0)
        self.turns += 1
        folder.rename(self.dir / f"over.{self.turns}")

    def run(self, command, name, env=None, folder=None):
        return super().run([*self.prefix, *command], name, {**self.more, **(env or {})}, folder)


class Receiver:
    keeps = True  # what it answers for, and says how many those are

    def __init__(self, ctx, tuned):
        self.ctx, self.more = ctx, {"TCP_NODELAY": "1"} if tuned else {}
        self.dir, self.port, self.trace = ctx.folder("receiver"), free_port(), None

    def start(self, trace=None, sync_ms=0):
        """trace: a file for its sync calls. sync_ms: each of them takes so much longer, one after the other, as on a slow disk."""
        self.trace = trace
        if self.trace:
            self.ctx.prefix = ("strace", "-f", "--seccomp-bpf", "-qq", "-o", self.trace, "-e", "trace=" + ",".join(SYNC_CALLS))
        slower = {"LD_PRELOAD": tool("slow_sync.so"), "SLOW_SYNC_MS": str(sync_ms)} if sync_ms else {}
        self.ctx.more = {**self.more, **slower}
        try:
            self.process = self.begin()
        finally:
            self.ctx.prefix, self.ctx.more = (), {}
        wait_until(lambda: listening(self.port), lambda: f"listening: {self.process.complained()[-1000:]}", 30, 0.01)
        return self

    @property
    def pid(self):
        return children(self.process.pid)[0] if self.trace else self.process.pid

    def stop(self):
        if self.trace:
            os.kill(self.pid, signal.SIGTERM)
            self.process.child.wait(STOP_S)
        else:
            self.process.stop()
        self.ctx.children.clear()
        self.ctx.over(self.dir)


class Sampan(Receiver):
    """With one destination that is down, so that what is measured is taking custody and nothing else."""

    def begin(self):
        self.node = self.ctx.node("receiver", ae_title=AE_TITLE, destinations=[
            {"name": "lead", "dimse": f"LEAD@127.0.0.1:{free_port()}"}])
        self.port = self.node.port
        return self.node.start().process

    def count(self):
        return self.node.status()["spool"]["items"]


class Files(Receiver):
    """DCMTK's receivers: one file per instance, named by default after its SOP Instance UID."""

    def __init__(self, ctx, tuned, *command):
        super().__init__(ctx, tuned)
        self.command, self.store = command, ctx.folder("receiver/store")

    def begin(self):
        program, *options = self.command
        return self.ctx.run([tool(program), *options, "-od", self.store, self.port], program, folder=self.dir)

    def count(self):
        return sum(1 for path in self.store.iterdir())


class Sink(Receiver):
    def __init__(self, ctx, tuned):
        super().__init__(ctx, tuned)
        self.store = ctx.folder("receiver/store")

    def begin(self):
        return self.ctx.run([tool("raw_scp"), "--append", "--out", self.store, "--port", self.port], "raw_scp", folder=self.dir)

    def count(self):
        return len((self.store / "received.log").read_text().splitlines())


class Void(Receiver):
    keeps = False

    def begin(self):
        return self.ctx.run([tool("raw_scp"), "--port", self.port], "raw_scp", folder=self.dir)


# As in its manual page: without a profile dcmrecv accepts C-ECHO only.
STORESCP_CFG = "/etc/dcmtk/storescp.cfg"


class Orthanc(Receiver):
    """Debian's defaults: object files synced, the index not."""

    def begin(self):
        from peers import Orthanc as Server
        self.server = Server(self.ctx)
        self.port = self.server.port
        return self.server.process

    def count(self):
        return self.server.get("/statistics")["CountInstances"]

    def stop(self):
        super().stop()
        self.ctx.over(self.server.dir)


MAKERS = {
    "sampand": Sampan,
    "storescp": lambda ctx, tuned: Files(ctx, tuned, "storescp"),
    "storescp-fork": lambda ctx, tuned: Files(ctx, tuned, "storescp", "--fork"),
    "dcmrecv": lambda ctx, tuned: Files(ctx, tuned, "dcmrecv", "-xf", STORESCP_CFG, "Default"),
    "orthanc": Orthanc,
    "sink": Sink,
    "void": Void,
}
OURS = ["sampand", "sink", "void"]
PEERS = [name for name in MAKERS if name not in OURS]
NAMES = [*OURS, *PEERS, *(name + TUNED for name in PEERS)]


def make(name, ctx):
    tuned = name.endswith(TUNED)
    return MAKERS[name.removesuffix(TUNED)](ctx, tuned)
