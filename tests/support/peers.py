# SPDX-License-Identifier: Apache-2.0
"""What a node talks to in tests: the raw SCU and SCP of tests/support/tools, Orthanc, and a line that can be cut."""
import base64
import json
import re
import shutil
import signal
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple

from harness import Process, Skip, free_port, tool, wait_until


def flags(options):
    """{"max_pdu": 4096, "odd_pdvs": True} -> --max-pdu 4096 --odd-pdvs"""
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        if value is True:
            yield flag
        elif value not in (None, False):
            yield from (flag, str(value))


class Sent(NamedTuple):
    ok: bool
    status: str
    sop_instance: str
    sha256: str
    size: int
    path: str


class Received(NamedTuple):
    sop_class: str
    sop_instance: str
    transfer_syntax: str
    sha256: str
    size: int
    calling: str
    called: str


class RawScp:
    """Records the exact data sets it receives; the same port and folder over all its starts."""

    def __init__(self, ctx, name, out=True, port=None, **options):
        self.ctx, self.name, self.options = ctx, name, options
        self.dir = ctx.folder(name)
        self.out = self.dir / "received" if out else None
        self.port = port or free_port()
        self.process = None

    @property
    def destination(self):
        return {"name": self.name, "dimse": f"LEAD@127.0.0.1:{self.port}"}

    def start(self):
        where = ["--out", self.out] if self.out else ["--discard"]
        self.process = self.ctx.run([tool("raw_scp"), "--port", self.port, *where, *flags(self.options)], "raw_scp", folder=self.dir)
        self.process.wait_for_line("listening ")
        return self

    def kill(self):
        self.process.kill()

    # UIDs are what the peer sent: they may hold blanks, hashes and numbers may not.
    RECEIVED = re.compile(r"^(\S*) (.*) (\S*) ([0-9a-f]{64}) (\d+) (\S*) (\S*)$")

    def received(self):
        log = self.out / "received.log"
        lines = log.read_text(errors="replace").splitlines(True) if log.exists() else []
        matches = (self.RECEIVED.match(line.rstrip("\n")) for line in lines if line.endswith("\n"))
        return [Received(*m.group(1, 2, 3, 4), int(m[5]), m[6], m[7]) for m in filter(None, matches)]

    def shas(self):
        return {row.sha256 for row in self.received()}

    def content(self, sha256):
        return (self.out / f"{sha256}.ds").read_bytes()


class RawScu:
    """Sends exact bytes. .wait() for the end; .sent() at any time, one answer per instance."""

    ANSWER = re.compile(r"^(OK|FAIL) (\S+) (\S*) ([0-9a-f]{64}) (\d+) (.*)$")

    def __init__(self, ctx, to, files, name="scu", **options):
        self.dir = ctx.folder(f"{name}-{len(ctx.children)}")
        self.log = self.dir / "answers.log"
        listing = self.dir / "files.list"
        listing.write_text("".join(f"{path}\n" for path in files))
        self.process = ctx.run([tool("raw_scu"), "--to", to, *flags(options), "--log", self.log, "--list", listing], "raw_scu", folder=self.dir)

    def sent(self):
        if not self.log.exists():
            return []
        lines = (line.rstrip("\n") for line in self.log.read_text(errors="replace").splitlines(True) if line.endswith("\n"))
        matches = filter(None, map(self.ANSWER.match, lines))
        return [Sent(m[1] == "OK", m[2], m[3], m[4], int(m[5]), m[6]) for m in matches]

    def acknowledged(self):
        return {answer.sha256 for answer in self.sent() if answer.ok}

    def wait(self, deadline_s=120):
        wait_until(lambda: not self.process.alive(), lambda: f"raw_scu done; so far {len(self.sent())}", deadline_s)
        return self.process.child.returncode


class Line:
    """support/line.py in front of a port."""

    def __init__(self, ctx, to_port, host="127.0.0.1", **options):
        script = Path(__file__).with_name("line.py")
        self.process = ctx.run([sys.executable, script, "--to", f"{host}:{to_port}", *flags(options)], f"line-{to_port}")
        self.port = int(self.process.wait_for_line("line ").split()[1])

    def cut(self):
        self.signal(signal.SIGUSR1, "cut")

    def give_back(self):
        self.signal(signal.SIGUSR2, "line ")

    def signal(self, number, answer):
        said = self.process.said().count(answer)
        self.process.child.send_signal(number)
        wait_until(lambda: self.process.said().count(answer) > said, f"the line answers `{answer}`")


class Orthanc:
    """A real PACS with its own store, on free loopback ports; more: settings of its own."""

    DICOMWEB = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")

    def __init__(self, ctx, dicomweb=False, name="orthanc", **more):
        if dicomweb and not self.DICOMWEB.exists():
            raise Skip("orthanc-dicomweb is not installed")
        self.dir = ctx.folder(name)
        self.port, self.http_port = free_port(), free_port()
        settings = {
            "Name": "Lead", "StorageDirectory": str(self.dir / "store"), "IndexDirectory": str(self.dir / "store"),
            "DicomAet": "LEAD", "DicomPort": self.port, "HttpPort": self.http_port, "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False, "DicomAlwaysAllowStore": True, "DicomCheckCalledAet": False,
            "UnknownSopClassAccepted": True, "OverwriteInstances": False, "StorageCompression": False,
            "Plugins": [str(self.DICOMWEB)] if dicomweb else [], **more}
        self.headers = {}  # of every request
        for user, password in more.get("RegisteredUsers", {}).items():
            self.headers["Authorization"] = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self.ctx, self.name, self.store = ctx, name, self.dir / "store"
        self.config = self.dir / "orthanc.json"
        self.config.write_text(json.dumps(settings))
        self.start()

    def start(self):
        self.process = self.ctx.run([tool("Orthanc"), self.config], self.name, folder=self.dir)
        wait_until(self.answers, lambda: f"Orthanc answers: {self.process.complained()[-2000:]}", 30)
        return self

    def stop(self):
        self.process.stop()

    def back_up(self, name="backup"):
        """A copy of all it has; it must not run."""
        shutil.copytree(self.store, self.dir / name)

    def restore(self, name="backup"):
        shutil.rmtree(self.store)
        shutil.copytree(self.dir / name, self.store)

    @property
    def destination(self):
        return {"name": "lead", "dimse": f"LEAD@127.0.0.1:{self.port}"}

    @property
    def stow(self):
        """Its studies, as a STOW destination names them."""
        return f"http://127.0.0.1:{self.http_port}/dicom-web/studies"

    def answers(self):
        try:
            return self.get("/system")
        except (OSError, urllib.error.URLError):
            return None

    def request(self, path, body=None, method=None):
        url = f"http://127.0.0.1:{self.http_port}{path}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(urllib.request.Request(url, data=body, headers=self.headers, method=method), timeout=30) as answer:
            return answer.read()

    def get(self, path):
        return json.loads(self.request(path))

    def delete(self, path):
        self.request(path, method="DELETE")

    def find(self, sop_instance):
        """The instance's identifier at Orthanc, or None."""
        found = json.loads(self.request("/tools/lookup", sop_instance.encode()))
        return next((row["ID"] for row in found if row["Type"] == "Instance"), None)

    def file(self, identifier):
        return self.request(f"/instances/{identifier}/file")
