# SPDX-License-Identifier: Apache-2.0
"""Is the lead there, while nothing is carried that would tell? The limits are the program's own; its clock leaps."""
import http.server
import threading

from clock_shim import Shim
from harness import wait_until

contract = (7, 12)
EVERY_S = 180  # limits::contact_every: asked no later than that


def state(node, name="lead"):
    return node.destination(name)["state"]


def leap(node, shim, seconds):
    """So much time passes, and the node is told that it might look."""
    shim.leap(seconds)
    shim.set_off(shim.leaped_s)
    node.reload()


class Web:
    """A service that is asked with GET and answers with what it is told to."""

    def __init__(self, ctx):
        self.answer, self.asked = (200, "application/dicom+json", b"[]"), []
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(204)
                self.end_headers()

            def do_GET(self):
                web.asked.append(self.path)
                status, kind, body = web.answer
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        ctx.closers.append(self.server.shutdown)


def test_an_idle_lead_that_goes_is_told_within_minutes_and_so_is_its_return(ctx):
    shim, lead = Shim(ctx), ctx.raw_scp().start()
    node = ctx.node(destinations=[lead.destination]).start(shim.env)
    wait_until(lambda: state(node) == "up", lambda: f"known within seconds of the start: {node.destination()}", 10)
    assert "last contact" in node.sampan("status", "--lang", "en")[1], node.sampan()
    lead.kill()
    leap(node, shim, EVERY_S)
    wait_until(lambda: state(node) == "backing_off", lambda: str(node.destination()))
    here = node.destination()
    assert here["last_contact_s"] >= EVERY_S and 0 <= here["next_attempt_in_s"] <= EVERY_S and "refused" in here["last_error"], here
    leap(node, shim, 300)
    wait_until(lambda: "destination_unreachable" in {one["code"] for one in node.status()["attention"]}, lambda: str(node.status()))
    code, text = node.sampan("status", "--lang", "en")
    assert code == 1 and "no images waiting" in text, text
    lead.start()
    leap(node, shim, EVERY_S)
    wait_until(lambda: state(node) == "up", lambda: str(node.destination()))
    assert "destination_unreachable" not in {one["code"] for one in node.status()["attention"]}
    assert node.destination()["last_contact_s"] < EVERY_S and lead.received() == []
    node.stop()


def test_services_and_folders_that_nothing_is_carried_to_are_asked_each_in_its_own_way(ctx):
    shim, web, hook = Shim(ctx), Web(ctx), Web(ctx)
    hook.answer = (404, "application/json", b"{}")  # it takes POST alone
    share = ctx.dir / "share"
    share.write_text("not mounted")
    node = ctx.node(destinations=[{"name": "cloud", "stow": f"{web.url}/dicom-web/studies"}, {"name": "tele", "http": f"{hook.url}/hook"},
                                  {"name": "copy", "folder": str(share / "lead")}])
    node.settings["routes"] = [{"to": "cloud"}]
    node.start(shim.env)
    wait_until(lambda: state(node, "cloud") == state(node, "tele") == "up", lambda: str(node.status()["destinations"]))
    wait_until(lambda: state(node, "copy") == "backing_off", lambda: str(node.destination("copy")))
    assert web.asked[0].startswith("/dicom-web/studies?StudyInstanceUID="), web.asked
    # Somebody else answers in its place.
    web.answer = (200, "text/html", b"<html>Welcome to the hotel</html>")
    share.unlink()
    leap(node, shim, EVERY_S)
    wait_until(lambda: state(node, "cloud") == "backing_off" and hook.asked == ["/hook"], lambda: f"{node.destination('cloud')} {hook.asked}")
    assert state(node, "tele") == "up" and "captive" in node.destination("cloud")["last_error"], node.destination("cloud")
    wait_until(lambda: state(node, "copy") == "up", lambda: str(node.destination("copy")))
    assert [path for path in share.rglob("*") if path.is_file()] == []
    web.answer = (204, "application/dicom+json", b"")
    leap(node, shim, EVERY_S)
    wait_until(lambda: state(node, "cloud") == "up", lambda: str(node.destination("cloud")))
    node.stop()
