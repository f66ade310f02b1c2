# SPDX-License-Identifier: Apache-2.0
"""The senders that are compared, the receivers they send to, and a clock that is the same for all of them.

A trip is timed where it arrives: from the first connection the receiver sees to the last change of a file it keeps. So no sender's
start counts (reading a folder, opening a ledger), and no answer after the last image. Receivers are as shipped; a name that
ends in -nd is a sender with TCP_NODELAY=1 in its environment.
"""
import json
import threading
import time
from pathlib import Path

from harness import free_port, tool, wait_until
from measure import status_field
from peers import Orthanc as OrthancServer
from receivers import AE_TITLE, Files

DEADLINE_S = 900


def connected(port):
    """Whether anyone is connected to the port, by the kernel's table."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        path = Path(table)
        rows = path.read_text().splitlines()[1:] if path.exists() else ()
        if any(row.split()[1].endswith(f":{port:04X}") and row.split()[3] == "01" for row in rows):
            return True
    return False


class FirstConnection:
    """.at: when somebody was first connected to the port. Stops looking then, so that it costs the trip nothing."""

    PAUSE_S = 0.001

    def __init__(self, port):
        self.port, self.at, self.over = port, None, threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)

    def watch(self):
        while self.at is None and not self.over.wait(self.PAUSE_S):
            if connected(self.port):
                self.at = time.time()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.over.set()
        self.thread.join()


class Storescp(Files):
    """DCMTK's storescp, one process per association where asked."""

    def __init__(self, ctx, fork):
        super().__init__(ctx, False, "storescp", *(["--fork"] if fork else []))

    def kept_until(self):
        return max(path.stat().st_mtime for path in self.store.iterdir())

    def destination(self, lanes):
        return {"name": "lead", "dimse": f"{AE_TITLE}@127.0.0.1:{self.port}", "lanes": lanes}


class OrthancWeb:
    """Orthanc with its DICOMweb, as Debian ships both."""

    def __init__(self, ctx, name):
        self.ctx = ctx
        self.server = OrthancServer(ctx, dicomweb=True, name=name)
        self.port, self.process = self.server.http_port, self.server.process

    def count(self):
        return self.server.get("/statistics")["CountInstances"]

    def kept_until(self):
        # The index is written at the same time; what it does later, on its own, is not the trip's.
        store = self.server.dir / "store"
        return max(path.stat().st_mtime for path in store.rglob("*") if path.is_file() and not path.name.startswith("index"))

    def destination(self, lanes):
        return {"name": "lead", "stow": self.server.stow, "lanes": lanes}

    def start(self):
        return self  # since it was made

    def stop(self):
        self.process.stop()
        self.ctx.over(self.server.dir)


class Sampan:
    """A node that holds the images already: it is started when the receiver is there."""

    def __init__(self, ctx, lanes):
        self.ctx, self.lanes, self.peak_kib = ctx, lanes, 0

    def prepare(self, files, receiver):
        address = {"dimse": f"{AE_TITLE}@127.0.0.1:{free_port()}", "stow": f"http://127.0.0.1:{free_port()}/studies"}
        there = receiver.destination(self.lanes)
        down = {name: address.get(name, value) for name, value in there.items()}
        self.node = self.ctx.node("sender", ae_title=AE_TITLE, destinations=[down]).start()
        assert self.ctx.raw_scu(self.node.address, files, called=AE_TITLE, quickack=True).wait(DEADLINE_S) == 0
        self.node.stop()
        self.node.settings["destinations"] = [there]

    def send(self, receiver, count):
        self.node.start()
        # Seldom asked, for the answers are the node's work as well and the trip is timed at the receiver.
        wait_until(lambda: self.node.destination()["delivered"] == count, lambda: f"{self.node.destination()}", DEADLINE_S, 1)
        self.peak_kib = status_field(self.node.process.pid, "VmHWM")

    def stop(self):
        self.node.stop()
        self.ctx.over(self.node.dir)


class Dcmtk:
    """dcmsend or storescu over all files of a folder."""

    def __init__(self, ctx, program, tuned, *options):
        self.ctx, self.program, self.options = ctx, program, options
        self.more = {"TCP_NODELAY": "1"} if tuned else {}

    def prepare(self, files, receiver):
        self.folder = files[0].parent

    def send(self, receiver, count):
        command = [tool(self.program), *self.options, "-aec", AE_TITLE, "127.0.0.1", receiver.port, "+sd", self.folder]
        process = self.ctx.run(command, self.program, env=self.more)
        assert process.child.wait(DEADLINE_S) == 0, process.complained()[-500:]

    def stop(self):
        pass


class Blast:
    """raw_scu with TCP_NODELAY and TCP_QUICKACK. from_disk: it reads its files, as a sender has to, the next one while the last
    is sent; otherwise everything is in memory before it connects, and it does nothing but send."""

    def __init__(self, ctx, associations, from_disk=False):
        self.ctx, self.associations, self.more = ctx, associations, {"from_disk": True} if from_disk else {}

    def prepare(self, files, receiver):
        self.files = files

    def send(self, receiver, count):
        sender = self.ctx.raw_scu(f"127.0.0.1:{receiver.port}", self.files, called=AE_TITLE, quickack=True,
                                  associations=self.associations, **self.more)
        assert sender.wait(DEADLINE_S) == 0

    def stop(self):
        pass


class StowJob:
    """Orthanc's own: its instances into another Orthanc, as one job."""

    def __init__(self, ctx):
        self.ctx = ctx

    def prepare(self, files, receiver):
        servers = {"Servers": {"lead": {"Url": f"http://127.0.0.1:{receiver.port}/dicom-web/"}}}
        self.orthanc = OrthancServer(self.ctx, dicomweb=True, name="sender", DicomWeb=servers)
        to = f"127.0.0.1:{self.orthanc.port}"
        assert self.ctx.raw_scu(to, files, called="LEAD", quickack=True).wait(DEADLINE_S) == 0

    def send(self, receiver, count):
        instances = self.orthanc.get("/instances")
        body = json.dumps({"Resources": instances, "Synchronous": False}).encode()
        job = json.loads(self.orthanc.request("/dicom-web/servers/lead/stow", body))["ID"]
        state = wait_until(lambda: self.finished(job), f"job {job}", DEADLINE_S, 0.1)
        assert state == "Success", self.orthanc.get(f"/jobs/{job}")

    def finished(self, job):
        state = self.orthanc.get(f"/jobs/{job}")["State"]
        return state if state in ("Success", "Failure") else None

    def stop(self):
        self.orthanc.process.stop()
        self.ctx.over(self.orthanc.dir)


MAKERS = {
    "sampand": Sampan,
    "raw_scu": Blast,
    "raw_scu-disk": lambda ctx, lanes: Blast(ctx, lanes, from_disk=True),
    "dcmsend": lambda ctx, lanes: Dcmtk(ctx, "dcmsend", False),
    "dcmsend-nd": lambda ctx, lanes: Dcmtk(ctx, "dcmsend", True),
    "storescu-nd": lambda ctx, lanes: Dcmtk(ctx, "storescu", True, "-R"),
    "orthanc": lambda ctx, lanes: StowJob(ctx),
}
RECEIVERS = {
    "storescp": lambda ctx: Storescp(ctx, fork=False),
    "storescp-fork": lambda ctx: Storescp(ctx, fork=True),
    "orthanc": lambda ctx: OrthancWeb(ctx, "lead"),
}
