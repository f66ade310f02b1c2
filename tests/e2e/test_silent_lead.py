# SPDX-License-Identifier: Apache-2.0
"""Leads that fall silent: in the association, in the middle of an image, after it. What they were sent is kept and sent again,
`sampan status` says what is the matter, and every other destination goes on.

A node waits minutes for an answer. Here its sockets wait seconds, and where it looks at a clock that leaps; the limits are the
program's own.
"""
import hashlib
import http.server
import json
import threading

import wire
from clock_shim import Shim
from harness import wait_until
from scripted_scp import ScriptedScp, accepting
from wire import Peer, image

contract = (3, 7, 8)
ANSWER_S, BACK_OFF_S = 301, 901  # just more than the node waits for an answer, and between two attempts
PATIENCE_S = 3                   # instead, for what a socket waits for
LARGE = 16 << 20                 # bytes; more than the sockets of two ends take in


def digest(data_set):
    return hashlib.sha256(data_set).hexdigest()


def no_association(scp, peer):
    peer.read()
    peer.exactly(1 << 30)  # until the node has enough


def no_reading(scp, peer):
    """Takes the association and a little of what follows."""
    peer.send(wire.associate_ac(peer.read()[1]))
    peer.exactly(100_000)
    scp.over.wait(120)


SILENT = {  # and the words of each
    "no-association": (no_association, "no answer to the association request"),
    "no-reading": (no_reading, "nothing in time"),  # took, or said where what it was sent had room on the way
    "no-answer": (accepting(lambda peer, asked: None), "the peer sent nothing in time"),
}


class SilentStow(http.server.ThreadingHTTPServer):
    """Takes every upload whole and says nothing, until it is good."""

    daemon_threads = True

    def __init__(self, names):
        super().__init__(("127.0.0.1", 0), StowHandler)
        self.names, self.good, self.calls, self.over = names, False, 0, threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def destination(self):
        return {"name": "no-stow-answer", "stow": f"http://127.0.0.1:{self.server_port}/studies"}

    def restart(self):
        self.good = True
        self.over.set()

    def close(self):
        self.over.set()
        self.shutdown()


class StowHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls += 1
        if not self.server.good:
            self.server.over.wait(120)
            self.close_connection = True
            return
        stored = [{"00081150": {"vr": "UI", "Value": [wire.MR]}, "00081155": {"vr": "UI", "Value": [name]}}
                  for name in self.server.names if wire.uid(name) in body]
        answer = json.dumps({"00081199": {"vr": "SQ", "Value": stored}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/dicom+json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def test_a_lead_that_falls_silent_holds_up_nobody_else_and_gets_everything_when_it_speaks(ctx):
    shim = Shim(ctx)
    shim.set_patience(PATIENCE_S)
    scps = {name: ScriptedScp(behave) for name, (behave, _) in SILENT.items()}
    sent = {f"2.25.4{n}": image(f"2.25.4{n}", LARGE if n == 0 else 4000) for n in range(3)}
    stow, lead = SilentStow(sent), ctx.raw_scp().start()
    ctx.closers += [stow.close, *[scp.close for scp in scps.values()]]
    silent = [{"name": name, "dimse": f"LEAD@127.0.0.1:{scp.port}"} for name, scp in scps.items()]
    node = ctx.node(destinations=[*silent, stow.destination, lead.destination]).start(shim.env)
    with Peer(node.port).associate() as peer:
        for name, data_set in sent.items():
            assert peer.store(name, data_set) == 0
        assert peer.release()

    wait_until(lambda: node.destination()["delivered"] == 3, lambda: f"the others go on: {node.status()['destinations']}")
    assert lead.shas() == {digest(data_set) for data_set in sent.values()}
    wait_until(lambda: stow.calls > 0, "it has a whole upload")
    shim.leap(ANSWER_S)
    words = {**{name: said for name, (_, said) in SILENT.items()}, "no-stow-answer": "no answer in time"}
    for name, said in words.items():
        wait_until(lambda: said in node.destination(name)["last_error"], lambda: f"{name}: {node.destination(name)}", 40)
        here = node.destination(name)
        assert (here["delivered"], here["rejected"], here["on_hold"], here["waiting"]) == (0, 0, 0, 3), here
    shown = node.sampan("status")[1]
    for name, said in words.items():
        row = next(line for line in shown.splitlines() if f" {name} " in line)
        assert said in row, shown

    wait_until(lambda: all(far.calls >= 2 for far in (*scps.values(), stow)), "each is tried again", 90)
    for far in (*scps.values(), stow):
        far.good = True

    shim.leap(ANSWER_S)  # for the upload that is under way

    def all_delivered():
        late = [one for one in node.status()["destinations"] if one["delivered"] < 3]
        if late and all(one["sending"] == 0 for one in late):
            shim.leap(BACK_OFF_S)
        return not late

    wait_until(all_delivered, lambda: json.dumps(node.status()["destinations"]), 120, 0.5)
    for name, scp in scps.items():
        assert {one: set(got) for one, got in scp.received.items()} == {one: {digest(data_set)} for one, data_set in sent.items()}, name
    node.stop()
