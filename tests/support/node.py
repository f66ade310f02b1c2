# SPDX-License-Identifier: Apache-2.0
"""A sampand under test: its settings, its state directory, its life and what it says of itself."""
import http.client
import json
import shutil
import socket

from harness import BIN, STOP_S, free_port, tool, wait_until


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Node:
    """Keeps one port and one state directory over all its starts."""

    def __init__(self, ctx, name, destinations, state=None, **settings):
        self.ctx, self.name = ctx, name
        self.dir = ctx.folder(name)
        self.state = state or self.dir / "state"
        self.socket = self.dir / "control.sock"
        self.port = free_port()
        self.settings = {
            "site": name, "ae_title": name.upper(), "state_directory": str(self.state),
            "intake": {"listen": "127.0.0.1", "port": self.port}, "control": {"socket": str(self.socket)},
            "destinations": destinations, **settings}
        self.process, self.starts = None, 0

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def write(self, settings=None):
        """The settings file: these, or those of the node."""
        config = self.dir / "sampan.yaml"
        config.write_text(json.dumps(settings or self.settings, indent=1))  # JSON is YAML
        return config

    def reload(self, settings=None):
        """Writes the settings and has them read again -> code and text."""
        self.write(settings)
        return self.sampan("reload")

    def spawn(self, env=None):
        """Starts without waiting for readiness."""
        self.process = self.ctx.run([tool("sampand"), "--config", self.write()], "sampand", env, self.dir)
        self.starts += 1
        return self

    def start(self, env=None, deadline_s=60):
        self.spawn(env).process.wait_for_line("sampand ready ", deadline_s)
        return self

    def stop(self):
        code = self.process.stop(STOP_S)
        assert code == 0, f"{self.name} ended with {code}: {self.process.complained()[-3000:]}"

    def kill(self):
        self.process.kill()

    def alive(self):
        return self.process.alive()

    def delete_ledger(self):
        for path in self.state.glob("ledger.db*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def notes_bytes(self):
        """Of the segments of notes in the spool."""
        return sum(path.stat().st_size for path in (self.state / "spool").glob("n*.seg"))

    def get(self, path):
        connection = UnixConnection(self.socket)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        assert answer.status == 200, f"{path} -> {answer.status} {body[:500]}"
        return json.loads(body)

    def status(self):
        return self.get("/v1/status")

    def destination(self, name="lead"):
        return next(d for d in self.status()["destinations"] if d["name"] == name)

    def drained(self):
        status = self.status()
        return not status["spool"]["rebuilding"] and status["spool"]["uncounted"] == 0 and all(d["waiting"] == 0 and d["sending"] == 0 for d in status["destinations"])

    def wait_drained(self, deadline_s=60):
        wait_until(self.drained, lambda: f"{self.name} drained: {json.dumps(self.status()['destinations'])}", deadline_s, 0.05)

    def log(self):
        return self.process.complained()

    def sampan(self, *arguments):
        """The command, as a person runs it -> code and text."""
        done = self.ctx.command(BIN / "sampan", "--socket", self.socket, *arguments, check=False)
        return done.returncode, done.stdout + done.stderr
