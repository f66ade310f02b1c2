# SPDX-License-Identifier: Apache-2.0
"""raw SCU -> node -> Orthanc's DICOMweb by STOW-RS: equal content, a line that breaks, the ways to be let in, and liars."""
import http.server
import json
import socket
import threading

import cargo
from harness import Skip, wait_until
from test_orthanc import compare, taken_directly, without_series

contract = (3, 5)


def send(ctx, node, files, **options):
    sender = ctx.raw_scu(node.address, files, called="CLINIC", **options)
    assert sender.wait() == 0, [answer for answer in sender.sent() if not answer.ok]
    return sender.sent()


def lead(url, **more):
    return {"name": "lead", "stow": url, **more}


def test_attributes_and_pixels_are_equal_in_orthanc(ctx):
    orthanc = ctx.orthanc(dicomweb=True)
    node = ctx.node(destinations=[lead(orthanc.stow)]).start()
    files, words = cargo.good_files(ctx)
    chosen = taken_directly(ctx, orthanc, files)
    sent = send(ctx, node, [one.path for one in chosen], new_uids=True)
    node.wait_drained(120)
    by_path = {str(one.path): one for one in chosen}
    for answer in sent:
        identifier = orthanc.find(answer.sop_instance)
        assert identifier, f"{answer.path} is not in Orthanc"
        compare(by_path[answer.path], answer.sop_instance, orthanc.file(identifier))
    here = node.destination()
    assert here["courier"] == "stow" and here["address"] == orthanc.stow
    assert here["delivered"] == len(sent) and here["rejected"] == 0, here
    return f"{len(sent)} of {words}"


def test_nothing_is_lost_on_a_line_that_breaks_in_the_middle(ctx):
    """Where a STOW job of Orthanc that is taken up again says Success with images missing, every image arrives."""
    orthanc = ctx.orthanc(dicomweb=True)
    line = ctx.line(orthanc.http_port, cut_after=1_700_000)
    node = ctx.node(destinations=[lead(f"http://127.0.0.1:{line.port}/dicom-web/studies")]).start()
    sent = send(ctx, node, ctx.images("mr", 20))
    wait_until(lambda: node.destination()["state"] == "backing_off", lambda: f"down: {node.destination()}")
    here = node.destination()
    there = sum(orthanc.find(answer.sop_instance) is not None for answer in sent)
    assert here["waiting"] > 0 and here["delivered"] <= there < 20, (here, there)
    line.give_back()
    node.wait_drained(120)
    assert node.destination()["delivered"] == 20
    assert all(orthanc.find(answer.sop_instance) for answer in sent)


def test_one_image_that_the_service_cannot_store_does_not_stop_the_others(ctx):
    orthanc = ctx.orthanc(dicomweb=True)
    node = ctx.node(destinations=[lead(orthanc.stow)]).start()
    first, *good = ctx.images("mr", 12, "--rows", 64, "--columns", 64)
    spoilt = ctx.dir / "spoilt.dcm"
    spoilt.write_bytes(without_series(first.read_bytes()))
    send(ctx, node, [*good[:6], spoilt, *good[6:]])
    wait_until(lambda: node.destination()["delivered"] == len(good), lambda: f"the good ones: {node.destination()}", 90, 0.1)
    assert all(orthanc.find(cargo.load(path).sop_instance) for path in good)
    here = node.destination()
    assert here["waiting"] + here["rejected"] == 1, here


def make_certificate(ctx, name):
    """A self-signed certificate -> its path, and that of certificate and key in one file."""
    folder = ctx.folder("tls")
    certificate, key, both = (folder / f"{name}{suffix}" for suffix in (".pem", ".key", ".both"))
    ctx.command("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2",
                "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}")
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    return certificate, both


def test_certificates_and_a_password_let_the_node_in(ctx):
    """A reverse proxy that asks for a certificate before an Orthanc that asks for a password."""
    certificate, both = make_certificate(ctx, "localhost")
    mine, mine_both = make_certificate(ctx, "clinic")
    orthanc = ctx.orthanc(dicomweb=True, AuthenticationEnabled=True, RegisteredUsers={"clinic": "open"})
    line = ctx.line(orthanc.http_port, certificate=both, ca=mine)
    good, bad = ctx.dir / "good", ctx.dir / "bad"
    good.write_text("open\n")
    bad.write_text("sesame\n")

    def way(name, password, **tls):
        return {"name": name, "stow": f"https://localhost:{line.port}/dicom-web/studies", "tls": tls,
                "auth": {"basic": {"user": "clinic", "password_file": str(password)}}}

    known = {"ca_file": str(certificate), "certificate": str(mine_both)}
    node = ctx.node(destinations=[way("lead", good, **known), way("untrusted", good, certificate=str(mine_both)),
                                  way("wrong", bad, **known), way("unset", ctx.dir / "none", **known)]).start()
    sent = send(ctx, node, ctx.images("mr", 3, "--rows", 64, "--columns", 64))
    wait_until(lambda: node.destination()["delivered"] == 3, lambda: f"{node.destination()}", 60, 0.1)
    assert all(orthanc.find(answer.sop_instance) for answer in sent)
    for name, word in (("untrusted", "certificate"), ("wrong", "401"), ("unset", "secret")):
        wait_until(lambda: node.destination(name)["state"] == "stopped", lambda: f"{node.destination(name)}", 30, 0.1)
        assert word in node.destination(name)["last_error"], node.destination(name)
        assert node.destination(name)["waiting"] == 3
    log = node.log()
    assert "sesame" not in log and "open\n" not in log


def test_a_proxy_with_a_password_leads_to_a_service_that_speaks_tls(ctx):
    """CONNECT, then TLS whose certificate is the service's own; a wrong password stops the destination and says so."""
    certificate, both = make_certificate(ctx, "localhost")
    orthanc = ctx.orthanc(dicomweb=True)
    service = ctx.line(orthanc.http_port, certificate=both)
    proxy = ctx.line(service.port, host="localhost", tunnel="clinic:open")
    good, bad = ctx.dir / "good", ctx.dir / "bad"
    good.write_text("open\n")
    bad.write_text("sesame\n")

    def way(name, password):
        return lead(f"https://localhost:{service.port}/dicom-web/studies", tls={"ca_file": str(certificate)},
                    proxy={"url": f"http://127.0.0.1:{proxy.port}", "user": "clinic", "password_file": str(password)}) | {"name": name}

    node = ctx.node(destinations=[way("lead", good), way("wrong", bad)]).start()
    sent = send(ctx, node, ctx.images("mr", 3, "--rows", 64, "--columns", 64))
    wait_until(lambda: node.destination()["delivered"] == 3, lambda: f"{node.destination()}", 60, 0.1)
    assert all(orthanc.find(answer.sop_instance) for answer in sent)
    assert "tunnel" in proxy.process.said()
    wait_until(lambda: node.destination("wrong")["state"] == "stopped", lambda: f"{node.destination('wrong')}", 30, 0.1)
    assert "proxy: HTTP 407" in node.destination("wrong")["last_error"], node.destination("wrong")
    assert node.destination("wrong")["waiting"] == 3


def test_images_arrive_over_ipv6(ctx):
    if not has_ipv6():
        raise Skip("no IPv6 on the loopback device")
    orthanc = ctx.orthanc(dicomweb=True)
    line = ctx.line(orthanc.http_port, at="::1")
    node = ctx.node(destinations=[lead(f"http://[::1]:{line.port}/dicom-web/studies")]).start()
    sent = send(ctx, node, ctx.images("mr", 3, "--rows", 64, "--columns", 64))
    node.wait_drained(60)
    assert all(orthanc.find(answer.sop_instance) for answer in sent)


def has_ipv6():
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


class Liar(http.server.ThreadingHTTPServer):
    """Answers every upload with the next of its lines, and the last one for ever; reads all that is sent."""

    daemon_threads = True

    def __init__(self, *answers):
        super().__init__(("127.0.0.1", 0), LiarHandler)
        self.answers, self.asked, self.lock = list(answers), 0, threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/studies"

    def next(self):
        with self.lock:
            self.asked += 1
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class LiarHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        left = int(self.headers["Content-Length"])
        while left > 0:
            left -= len(self.rfile.read(min(left, 1 << 20)))
        status, kind, body, *headers = self.server.next()
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_memory_stays_small_when_a_large_object_is_uploaded(ctx):
    big = ctx.images("big", 1, "--rows", 1024, "--columns", 1024, "--frames", 150)
    assert big[0].stat().st_size > 300_000_000
    stored = {"00081199": {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": [cargo.load(big[0]).sop_instance]}}]}}
    honest = Liar((200, "application/dicom+json", json.dumps(stored).encode()))
    node = ctx.node(destinations=[lead(honest.url)]).start()
    send(ctx, node, big)
    node.wait_drained(120)
    assert node.destination()["delivered"] == 1 and honest.asked == 1, node.destination()
    peak_kb = int(next(row.split()[1] for row in open(f"/proc/{node.process.pid}/status") if row.startswith("VmHWM")))
    assert peak_kb < 64 * 1024, f"{peak_kb} KB"
    return f"peak {peak_kb // 1024} MB"


test_memory_stays_small_when_a_large_object_is_uploaded.contract = (10,)


PORTAL = (200, "text/html", b"<html><body>Please log in</body></html>")


def test_no_lie_of_the_failure_table_delivers_an_image(ctx):
    """Each answer through a real socket: nothing is delivered, and the state is the one the table names."""
    stranger = json.dumps({"00081199": {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": ["1.2.3"]}}]}}).encode()
    cases = {
        "portal": (PORTAL, "backing_off", "captive portal"),
        "empty": ((200, "application/dicom+json", b""), "backing_off", "HTTP 200"),
        "other": ((200, "application/dicom+json", stranger), "backing_off", "without a word"),
        "partial": ((202, "application/dicom+json", b'{"00081190":{"vr":"UR","Value":["x"]}}'), "backing_off", "without a word"),
        "moved": ((302, "text/html", b"", ("Location", "http://127.0.0.1:9/")), "backing_off", "HTTP 302"),
        "gone": ((301, "text/html", b"", ("Location", "http://127.0.0.1:9/")), "stopped", "HTTP 301"),
        "unknown": ((401, "text/html", b""), "stopped", "HTTP 401"),
        "forbidden": ((403, "text/html", b""), "stopped", "HTTP 403"),
        "nowhere": ((404, "text/html", b""), "stopped", "HTTP 404"),
        "busy": ((429, "text/html", b"", ("Retry-After", "600")), "backing_off", "HTTP 429"),
        "broken": ((500, "text/html", b""), "backing_off", "HTTP 500"),
        "full": ((507, "text/html", b""), "backing_off", "HTTP 507"),
    }
    liars = {name: Liar(case[0]) for name, case in cases.items()}
    node = ctx.node(destinations=[{"name": name, "stow": liar.url} for name, liar in liars.items()]).start()
    send(ctx, node, ctx.images("mr", 2, "--rows", 64, "--columns", 64))
    for name, (_, state, word) in cases.items():
        wait_until(lambda: node.destination(name)["state"] == state, lambda: f"{name}: {node.destination(name)}", 30, 0.1)
        here = node.destination(name)
        assert word in here["last_error"], here
        assert here["delivered"] == 0 and here["waiting"] == 2 and here["rejected"] == 0, here
    assert node.destination("busy")["next_attempt_in_s"] > 500
    assert liars["busy"].asked <= 2  # one for each lane
    for liar in liars.values():
        liar.shutdown()


def test_what_is_refused_for_good_waits_for_a_person_and_a_class_is_blocked(ctx):
    liars = {"large": Liar((413, "text/plain", b"")), "bad": Liar((400, "text/plain", b"")), "class": Liar((415, "text/plain", b""))}
    node = ctx.node(destinations=[{"name": name, "stow": liar.url} for name, liar in liars.items()]).start()
    send(ctx, node, ctx.images("mr", 2, "--rows", 64, "--columns", 64))
    for name in ("large", "bad"):
        wait_until(lambda: node.destination(name)["rejected"] == 2, lambda: f"{node.destination(name)}", 30, 0.1)
    wait_until(lambda: node.destination("class")["blocked_classes"], lambda: f"{node.destination('class')}", 30, 0.1)
    assert node.destination("class")["waiting"] == 2
    for liar in liars.values():
        liar.shutdown()


test_no_lie_of_the_failure_table_delivers_an_image.contract = (3, 7)
test_what_is_refused_for_good_waits_for_a_person_and_a_class_is_blocked.contract = (3, 7)
test_one_image_that_the_service_cannot_store_does_not_stop_the_others.contract = (7, 8)
