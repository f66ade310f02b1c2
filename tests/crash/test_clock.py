# SPDX-License-Identifier: Apache-2.0
"""The wall clock is set, by years, back and forth, while the node works and before it starts: nothing waits for years, nothing goes early."""
import http.server
import json
import random
import socket
import ssl
import threading
import time

from clock_shim import Shim, clock_shim
from harness import free_port, wait_until

contract = (4, 7)
YEAR_S = 365 * 24 * 3600


def send(ctx, node, files, **options):
    sender = ctx.raw_scu(node.address, files, called="CLINIC", new_uids=True, **options)
    assert sender.wait() == 0
    return sender


def steps(node):
    """Of its clock, in seconds, as it tells them."""
    return [float(event["attributes"]["seconds"]) for event in node.get("/v1/events?limit=1000")["events"] if event["event"] == "clock.step"]


def test_images_flow_and_back_off_ends_whatever_the_clock_does(ctx):
    env, set_off = clock_shim(ctx)
    lead = ctx.raw_scp()
    node = ctx.node(destinations=[lead.destination]).start(env)
    rng, senders, off_s = random.Random(7), [], 0
    for turn in range(7):
        senders.append(send(ctx, node, ctx.images("mr", 2)))
        wait_until(lambda: node.destination()["state"] == "backing_off", lambda: f"away: {node.destination()}")
        off_before, off_s = off_s, rng.choice((-10, 10, -1, 1, 0)) * YEAR_S + rng.randint(-9999, 9999)
        set_off(off_s)
        jump_s = off_s - off_before
        senders.append(send(ctx, node, ctx.images("mr", 1)))  # it looks at the clock when something comes
        wait_until(lambda: steps(node)[-1:] and abs(steps(node)[-1] - jump_s) < 60, lambda: f"turn {turn}: {jump_s} {steps(node)}", 60)
        wait = node.destination()["next_attempt_in_s"]
        assert wait is None or 0 <= wait <= 15 * 60, f"turn {turn}: the next attempt is {wait} s away"
        lead.start()
        wait_until(lambda: node.destination()["waiting"] == 0, lambda: f"turn {turn}: {node.destination()}", 40)
        lead.kill()
    acknowledged = set().union(*(sender.acknowledged() for sender in senders))
    assert lead.shas() == acknowledged and len(lead.received()) == len(acknowledged)
    node.kill()
    set_off(-time.time())  # 1970
    node.delete_ledger()
    node.start(env)
    late = send(ctx, node, ctx.images("mr", 2))
    lead.start()
    node.wait_drained()
    assert lead.shas() == acknowledged | late.acknowledged()
    ages = node.destination()
    assert ages["oldest_waiting_s"] is None or ages["oldest_waiting_s"] >= 0
    assert node.sampan("today")[0] in (0, 1, 2)
    node.stop()


def test_images_leave_in_the_order_they_came_although_the_clock_went_back(ctx):
    env, set_off = clock_shim(ctx)
    lead = ctx.raw_scp()
    node = ctx.node(destinations=[{**lead.destination, "lanes": 1}]).start(env)
    sent = []
    for off in (0, 10, -10, 5, -50):
        set_off(off * YEAR_S)
        sent += [answer.sha256 for answer in send(ctx, node, ctx.images("mr", 1)).sent()]
    node.kill()
    set_off(-3 * YEAR_S)
    lead.start()
    node.start(env)
    node.wait_drained(90)
    came = [sent.index(row.sha256) for row in lead.received()]
    assert came == sorted(came) and len(came) == len(sent), f"in the order {came} of {len(sent)}"
    node.stop()


def test_retention_counts_running_time_and_not_what_the_clock_says(ctx):
    """Accepted, and kept for a day after that: a clock that leaps by ten years takes nothing away, and keeps nothing when the day is over."""
    shim = Shim(ctx)
    env, set_off = shim.env, shim.set_off
    lead = ctx.raw_scp().start()
    node = ctx.node(destinations=[{**lead.destination, "reclaim_after": "accepted", "retention_days": 1}]).start(env)
    send(ctx, node, ctx.images("mr", 3))
    node.wait_drained()
    for off in (10, -10, 20):
        set_off(off * YEAR_S)
        node.stop()
        node.start(env)
        send(ctx, node, ctx.images("mr", 1))
        node.wait_drained()
        assert node.status()["spool"]["items"] >= 4, node.status()["spool"]
    assert node.status()["spool"]["items"] == 6
    set_off(-30 * YEAR_S)
    shim.leap(25 * 3600)
    wait_until(lambda: node.status()["spool"]["items"] == 0, lambda: f"the day is over: {node.status()['spool']}", 90, 0.2)
    node.stop()


def busy_server(ctx):
    """HTTPS that answers 503 -> its port and certificate."""
    certificate, key, both = (ctx.dir / name for name in ("cert", "key", "both"))
    ctx.command("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    both.write_bytes(certificate.read_bytes() + key.read_bytes())

    class Busy(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_error(503)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Busy)
    guard = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    guard.load_cert_chain(both)
    server.socket = guard.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ctx.closers.append(server.shutdown)
    return server.server_address[1], certificate


def test_a_clock_that_is_wrong_is_told_plainly_where_tls_fails_by_it(ctx):
    env, set_off = clock_shim(ctx)
    port, certificate = busy_server(ctx)
    node = ctx.node(destinations=[{"name": "lead", "stow": f"https://localhost:{port}/studies", "tls": {"ca_file": str(certificate)}}])
    for years, words in ((-20, "not yet valid"), (20, "expired")):
        set_off(years * YEAR_S)
        node.start(env)
        if years < 0:
            send(ctx, node, ctx.images("mr", 1))
        wait_until(lambda: node.destination()["last_error"], "an answer")
        told = node.destination()["last_error"]
        year = time.gmtime(time.time() + years * YEAR_S).tm_year
        assert words in told and "clock" in told and str(year) in told, told
        assert "clock" in node.sampan()[1], node.sampan()[1]
        node.stop()
    set_off(0)
    node.start(env)
    wait_until(lambda: "503" in node.destination()["last_error"], lambda: f"TLS is well with the right time: {node.destination()}")
    assert node.destination()["waiting"] == 1
    node.stop()


def hangs_up(ctx):
    """Listens, and ends every connection -> its port, and the list of those that came."""
    listener, came = socket.create_server(("127.0.0.1", 0)), []

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            came.append(time.monotonic())
            connection.close()

    threading.Thread(target=serve, daemon=True).start()
    ctx.closers.append(lambda: listener.shutdown(socket.SHUT_RDWR))
    return listener.getsockname()[1], came


def asks(modality, uids):
    """For storage commitment -> where its answer will be."""
    instances = [{"SOPClassUID": "1.2.840.10008.5.1.4.1.1.4", "SOPInstanceUID": uid} for uid in uids]
    return json.loads(modality.request("/modalities/clinic/storage-commitment", json.dumps({"DicomInstances": instances}).encode()))["Path"]


def test_a_modality_that_asked_while_the_clock_was_wrong_is_told_all_the_same(ctx):
    env, set_off = clock_shim(ctx)
    port, came = hangs_up(ctx)
    lead = ctx.raw_scp().start()
    node = ctx.node(destinations=[lead.destination])
    modality = ctx.orthanc(name="modality", DicomAet="MOD1", DicomModalities={"clinic": ["CLINIC", "127.0.0.1", node.port]})
    node.settings["intake"]["report_to"] = [f"MOD1@127.0.0.1:{port}"]
    for then_s in (-time.time(), 10 * YEAR_S):
        set_off(then_s)
        node.start(env)
        sent = [answer.sop_instance for answer in send(ctx, node, ctx.images("mr", 2)).sent()]
        path = asks(modality, sent)
        wait_until(lambda: node.status()["intake"]["commitments_untold"] == 1, lambda: str(node.status()["intake"]), 60)
        set_off(0 if then_s < 0 else 20 * YEAR_S)
        before = len(came)
        wait_until(lambda: len(came) > before, "called after the jump", 60)
        right = {**node.settings, "intake": {**node.settings["intake"], "report_to": [f"MOD1@127.0.0.1:{modality.port}"]}}
        assert node.reload(right)[0] == 0
        wait_until(lambda: modality.get(path)["Status"] != "Pending", lambda: f"{modality.get(path)} {node.status()['intake']}", 100)
        assert modality.get(path)["Status"] == "Success", modality.get(path)
        assert "is given up" not in node.log()
        node.stop()


def test_a_modality_that_waits_for_the_archive_is_not_refused_by_a_clock_that_is_set(ctx):
    env, set_off = clock_shim(ctx)
    lead = ctx.raw_scp().start()
    node = ctx.node(destinations=[lead.destination])
    modality = ctx.orthanc(name="modality", DicomAet="MOD1", DicomModalities={"clinic": ["CLINIC", "127.0.0.1", node.port]})
    node.settings["intake"].update(commit_on="archived", report_to=[f"MOD1@127.0.0.1:{modality.port}"])
    set_off(-time.time())
    node.start(env)
    path = asks(modality, [answer.sop_instance for answer in send(ctx, node, ctx.images("mr", 2)).sent()])
    wait_until(lambda: node.status()["intake"]["commitments_open"] == 1, lambda: str(node.status()["intake"]), 60)
    set_off(0)
    for _ in range(2):  # by the time that one is answered the first was looked at, which is due before it
        other = asks(modality, ["1.2.3.4.5"])
        wait_until(lambda: modality.get(other)["Status"] == "Failure", lambda: str(modality.get(other)), 60)
    assert modality.get(path)["Status"] == "Pending" and node.status()["intake"]["commitments_open"] == 1, modality.get(path)
    node.stop()


def test_a_lead_that_is_away_is_not_away_for_years_because_the_clock_was_set(ctx):
    env, set_off = clock_shim(ctx)
    node = ctx.node(destinations=[{"name": "lead", "dimse": f"LEAD@127.0.0.1:{free_port()}"}])
    set_off(-time.time())
    node.start(env)
    send(ctx, node, ctx.images("mr", 3))
    wait_until(lambda: node.destination()["state"] == "backing_off", lambda: f"away: {node.destination()}")
    assert node.status()["clock_set_by_s"] is None
    set_off(0)
    send(ctx, node, ctx.images("mr", 1))
    wait_until(lambda: node.destination()["waiting"] == 4, lambda: str(node.destination()))
    away = node.destination()
    assert away["state_age_s"] < 300 and away["oldest_waiting_s"] < 300, away
    assert node.status()["clock_set_by_s"] > 40 * YEAR_S
    found = {finding["code"] for finding in node.status()["attention"]}
    assert "clock_set" in found and "destination_unreachable" not in found, found
    code, told, *_ = node.sampan()
    assert code == 1 and "out of reach for 20" not in told, told
    node.stop()
    node.start(env)  # it waited since before the jump, and the ledger knows for how long it ran
    assert node.destination()["oldest_waiting_s"] < 600, node.destination()
    node.stop()


def test_what_came_before_the_clock_was_set_is_of_today_and_waits_no_longer_than_it_did(ctx):
    env, set_off = clock_shim(ctx)
    node = ctx.node(destinations=[{"name": "lead", "dimse": f"LEAD@127.0.0.1:{free_port()}"}])
    today = lambda: {exam["study_uid"]: exam for exam in json.loads(node.sampan("--json", "today")[1])["exams"]}
    taken, began = set(), time.time()
    for then_s in (-began, 10 * YEAR_S, -10 * YEAR_S):
        set_off(then_s)
        node.start(env)
        send(ctx, node, ctx.images("mr", 1))
        set_off(0)
        wait_until(lambda: len(today()) == len(taken) + 1, lambda: f"{then_s}: {today()}")
        taken |= set(today())
        for _ in range(2):
            listed = today()
            assert set(listed) == taken, f"{then_s}: {listed}"
            assert all(exam["last_received"][:4] == time.strftime("%Y", time.gmtime()) for exam in listed.values()), listed
            told = node.destination()
            assert told["oldest_waiting_s"] <= time.time() - began + 60, told
            assert sum(told["ages"][name] for name in ("1min", "5min")) == len(taken), told
            node.stop()
            node.start(env)
        assert node.status()["spool"]["intake_bytes_per_day"] > 0
        node.stop()
