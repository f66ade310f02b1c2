# SPDX-License-Identifier: Apache-2.0
"""Telemetry: what a node says of itself and of its devices, at a lead that takes it, over outages, liars and kills."""
import http.server
import json
import re
import threading
import time

from harness import TOP, wait_until
from test_outage import patient_values
from test_stow import make_certificate

contract = (3, 6, 7, 9)
QUICK = {"every_seconds": 1, "outage_seconds": 0}
LABELS = ("event.listed", "event.queued", "sample.kept", "sample.queued")


class Receiver:
    """A service that keeps what was posted, item by item, and names what it accepted; or lies, or asks for a token."""

    def __init__(self, ctx):
        self.posts, self.batches, self.lying, self.token = [], [], False, None
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if receiver.token and self.headers["Authorization"] != f"Bearer {receiver.token}":
                    return self.reply(401, "text/plain", b"who are you?")
                if receiver.lying:
                    return self.reply(200, "text/html", b"<html>Welcome to the hotel</html>")
                lines = items_of(body)
                receiver.batches.append((self.headers["Idempotency-Key"], len(lines)))
                receiver.posts += [(time.time(), line) for line in lines]
                self.reply(200, "application/json", json.dumps({"accepted": [json.loads(line)["id"] for line in lines]}).encode())

            def reply(self, status, kind, body):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        ctx.closers.append(self.server.shutdown)

    def lines(self):
        """What arrived, once by id; that a repeat has the same bytes is part of it."""
        by_id = {}
        for _, line in list(self.posts):
            assert by_id.setdefault(json.loads(line)["id"], line) == line, "one id, two contents"
        return [json.loads(line) for line in by_id.values()]


def items_of(body):
    """The lines of a batch, as they are in it."""
    text = body.decode()
    begin, end = '{"schema":"sampan.batch/1","items":[\n', "]}\n"
    assert text.startswith(begin) and text.endswith(end), text
    lines = text[len(begin):-len(end)].split(",\n")
    assert json.loads(text)["items"] == [json.loads(line) for line in lines]
    return lines


def of_kind(lines, kind):
    return sorted((line for line in lines if line["schema"] == f"sampan.{kind}/1"), key=lambda line: line["seq"])


def without_gap_or_duplicate(lines):
    """1, 2, 3… in one series."""
    assert len({line["series"] for line in lines}) == 1, {line["series"] for line in lines}
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1)), [line["seq"] for line in lines]


def local_events(node):
    return [event for event in node.get("/v1/events?limit=1000")["events"] if "seq" in event]


def all_there(node, lines):
    """Every event of the local list, and a sample no older than the last of them."""
    ids = {line["id"] for line in lines}
    here = local_events(node)
    return here and all(event["id"] in ids for event in here) and node.destination("tele")["telemetry_waiting"] == 0


def test_telemetry_crosses_an_outage_a_liar_and_a_kill_without_a_gap_or_a_duplicate(ctx):
    receiver, lead = Receiver(ctx), ctx.raw_scp().start()
    line = ctx.line(receiver.port)
    node = ctx.node(destinations=[lead.destination, {"name": "tele", "http": f"http://127.0.0.1:{line.port}/telemetry"}], telemetry=QUICK)
    node.settings["intake"]["callers"] = [{"ae_title": "CT1"}]
    node.start()
    files = ctx.images("ct", 3)
    assert ctx.raw_scu(node.address, files, called="CLINIC", calling="CT1").wait() == 0
    wait_until(lambda: {"device.new", "agent.started"} <= {line["event"] for line in of_kind(receiver.lines(), "event")}, receiver.lines)
    line.cut()
    assert ctx.raw_scu(node.address, files, called="CLINIC", calling="STRANGER").wait() != 0
    wait_until(lambda: {"security.unknown_ae", "dest.down"} <= {event["event"] for event in local_events(node)}, lambda: str(local_events(node)))
    before = {event["id"] for event in local_events(node)}
    node.kill()
    node.start()
    wait_until(lambda: len(local_events(node)) > len(before), "the start is told")
    assert before <= {event["id"] for event in local_events(node)}
    wait_until(lambda: node.destination("tele")["telemetry_waiting"] >= 5, lambda: str(node.destination("tele")))
    ended, there = time.time(), {line["id"] for line in receiver.lines()}
    receiver.lying = True
    line.give_back()
    wait_until(lambda: "captive" in node.destination("tele")["last_error"], lambda: str(node.destination("tele")), 60)
    assert {line["id"] for line in receiver.lines()} == there
    receiver.lying = False
    wait_until(lambda: all_there(node, receiver.lines()), lambda: f"{node.destination('tele')} {len(receiver.lines())}", 90)
    lines = receiver.lines()
    without_gap_or_duplicate(of_kind(lines, "event"))
    without_gap_or_duplicate(of_kind(lines, "samples"))
    late = [item for arrived, line in receiver.posts if arrived > ended and (item := json.loads(line))["id"] not in there]
    told = {line["event"]: line for line in late if "event" in line}
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ended))
    assert told["security.unknown_ae"]["time"] < stamp, "the time is that of the attempt, not of the arrival"
    assert sum(line.get("event") == "device.new" for line in lines) == 1, "a device is new once, whatever is killed"
    starts = [line["attributes"]["before"] for line in of_kind(lines, "event") if line["event"] == "agent.started"]
    assert starts == ["first", "unclean"], starts
    return f"{len(of_kind(lines, 'event'))} events, {len(of_kind(lines, 'samples'))} samples, {len(receiver.batches)} posts, up to {max(count for _, count in receiver.batches)} together"


def test_kills_between_the_list_and_the_queue_make_no_gap_and_no_duplicate(ctx):
    """Dies at each labelled point in turn; what arrives in the folder of the lead is counted 1, 2, 3…"""
    out = ctx.dir / "lead"
    node = ctx.node(destinations=[{"name": "tele", "folder": str(out), "takes": "telemetry"}], telemetry=QUICK)
    for label in 2 * LABELS:
        node.spawn({"SAMPAN_CRASH_AT": f"{label}:1"})
        wait_until(lambda: not node.alive(), f"{label} is reached", 60)
        if label == LABELS[2]:
            node.delete_ledger()
    node.start()

    def lines():
        return [json.loads(path.read_text()) for path in out.rglob("*.jsonl")]
    # A life that dies while it offers the event of the one before tells nothing of its own; the last one does.
    wait_until(lambda: len(local_events(node)) > len(LABELS), lambda: str(local_events(node)))
    wait_until(lambda: all_there(node, lines()) and of_kind(lines(), "samples"), lambda: str(node.destination("tele")), 60)
    node.stop()
    found = lines()
    without_gap_or_duplicate(of_kind(found, "event"))
    without_gap_or_duplicate(of_kind(found, "samples"))
    assert len(of_kind(found, "event")) > len(LABELS), [event["time"] for event in of_kind(found, "event")]
    return f"{len(found)} items after {2 * len(LABELS)} kills"


def catalogue():
    """What TELEMETRY.md says of samples: metric -> (type, unit, labels)."""
    text = (TOP / "agent/telemetry/TELEMETRY.md").read_text()
    table = text[text.index("| Metric | Type, unit | Labels |"):].split("\n\n")[0]
    rows = {}
    for names, kind, labels in (re.fullmatch(r"\| (.*?) \| (.*?) \| (.*?) ?\|", line).groups() for line in table.splitlines()[2:]):
        words = re.sub(r"\(.*?\)|`\"\"`.*$|[;:].*$", "", labels)
        for name in re.findall(r"`(\w+)`", names):
            rows[name] = (kind.split(",")[0], {label for label in re.findall(r"[a-z_]+", words) if label not in ("as", "well")})
    return rows


def test_a_sample_says_of_the_node_what_status_says(ctx):
    """Every number by its name, and every name as the page of telemetry has it."""
    out, lead, closed = ctx.dir / "told", ctx.raw_scp().start(), ctx.raw_scp("closed")
    drop = ctx.folder("drop")
    node = ctx.node(destinations=[lead.destination, closed.destination, {"name": "tele", "folder": str(out), "takes": "telemetry"}],
                    telemetry=QUICK)
    node.settings["intake"] |= {"callers": [{"ae_title": "CT1"}], "folders": [{"path": str(drop), "stable_seconds": 1}]}
    node.settings["routes"] = [{"to": "lead"}, {"to": "closed"}]
    node.start()
    files = ctx.images("ct", 3)
    assert ctx.raw_scu(node.address, files, called="CLINIC", calling="CT1").wait() == 0
    wait_until(lambda: node.destination()["delivered"] == 3, "known")  # a repeat is known as one once the first is in the ledger
    assert ctx.raw_scu(node.address, files, called="CLINIC", calling="CT1").wait() == 0  # once more the same
    assert ctx.raw_scu(node.address, files[:1], called="CLINIC", calling="STRANGER").wait() != 0
    (drop / "letter.txt").write_text("no image")

    def readings():
        paths = sorted(out.rglob("*.sample.jsonl"), key=lambda path: path.name)
        return json.loads(paths[-1].read_text())["readings"] if paths else []

    def value(metric, **labels):
        found = [one["value"] for one in readings() if one["metric"] == metric and labels.items() <= one["labels"].items()]
        return found[0] if len(found) == 1 else found

    wait_until(lambda: value("sampan_quarantined_instances_total", reason="it is not a DICOM file") == 1
               and value("sampan_duplicate_instances_total", kind="identical") == 3
               and value("sampan_queue_instances", dest="lead", state="delivered") == 3
               and value("sampan_dest_up", dest="closed") == 0, lambda: json.dumps(readings()), 60)
    status = node.status()
    for dest in ("lead", "closed"):
        here = node.destination(dest)
        for state in ("waiting", "on_hold", "rejected", "delivered"):
            assert value("sampan_queue_instances", dest=dest, state=state) == here[state], (dest, state, readings())
        assert value("sampan_queue_bytes", dest=dest) == here["waiting_bytes"]
        assert value("sampan_dest_up", dest=dest) == (here["state"] == "up")
    assert node.destination("closed")["waiting"] == 3 and value("sampan_queue_oldest_age_seconds", dest="closed") <= status["uptime_s"] + 5
    assert abs(value("sampan_disk_free_bytes") - status["spool"]["disk_free_bytes"]) < status["spool"]["disk_total_bytes"] / 10
    assert value("sampan_queue_instances", dest="", state="waiting") == 0
    assert value("sampan_rejected_associations_total", reason="0x0103") == 1
    assert value("sampan_received_instances_total", modality="CT") == 3
    [build] = [one["labels"] for one in readings() if one["metric"] == "sampan_build_info"]
    assert build["version"] == status["version"] and re.match(r"3\.\d", build["dcmtk"]) and re.match(r"3\.\d", build["openssl"]), build
    known = catalogue()
    for one in readings():
        assert one["metric"] in known, f"{one['metric']} is not in the page of telemetry"
        kind, labels = known[one["metric"]]
        assert one["type"] == kind and set(one["labels"]) == labels and one["unit"], (one, kind, labels)
    missing = set(known) - {one["metric"] for one in readings()} - {"sampan_disk_full_forecast_seconds"}
    assert not missing, missing
    node.stop()


def test_an_event_overtakes_a_backlog_of_images(ctx):
    """The lead's share is away while 200 images wait; the event that comes last is there before most of them."""
    (ctx.dir / "share").write_text("not mounted")
    out = ctx.dir / "share" / "lead"
    node = ctx.node(destinations=[{"name": "lead", "folder": str(out), "takes": ["images", "telemetry"]}])
    node.settings["intake"]["callers"] = [{"ae_title": "MR1"}]
    node.start()
    files = ctx.images("mr", 10, "--rows", 64, "--columns", 64)
    assert ctx.raw_scu(node.address, files, called="CLINIC", calling="MR1", new_uids=True, repeat=20).wait() == 0
    assert ctx.raw_scu(node.address, files[:1], called="CLINIC", calling="STRANGER").wait() != 0
    wait_until(lambda: any(event["event"] == "security.unknown_ae" for event in local_events(node)), "the refusal is told")
    wait_until(lambda: node.destination()["waiting"] == 200 and node.destination()["telemetry_waiting"] >= 3, lambda: str(node.destination()))
    (ctx.dir / "share").unlink()
    wait_until(lambda: node.destination()["waiting"] == 0 and node.destination()["telemetry_waiting"] == 0, lambda: str(node.destination()), 90)
    [event] = [path for path in out.rglob("*.event.jsonl") if "security.unknown_ae" in path.read_text()]
    images = sorted(path.stat().st_ctime_ns for path in out.rglob("*.dcm"))
    assert len(images) == 200 and node.destination()["delivered"] == 200
    before = sum(moment < event.stat().st_ctime_ns for moment in images)
    assert before <= 70, f"{before} images went before the event"
    return f"{before} of 200 images before it"


def test_devices_and_events_are_seen_on_the_spot_in_both_languages(ctx):
    lead = ctx.raw_scp().start()
    node = ctx.node(destinations=[lead.destination], telemetry=QUICK)
    node.settings["intake"]["callers"] = [{"ae_title": "CT1"}]
    node.start()
    code, text = node.sampan("devices")
    assert code == 1 and "No device" in text, text
    files = ctx.images("ct", 3)
    assert ctx.raw_scu(node.address, files, called="CLINIC", calling="CT1").wait() == 0
    for _ in range(3):
        assert ctx.raw_scu(node.address, files[:1], called="CLINIC", calling="STRANGER").wait() != 0
    wait_until(lambda: len(node.get("/v1/devices")["callers"]) == 1 and node.get("/v1/devices")["callers"][0]["refused"] == 3,
               lambda: str(node.get("/v1/devices")))
    [device] = node.get("/v1/devices")["devices"]
    assert (device["images_today"], device["ae_title"], device["refused"]) == (3, "CT1", 0), device
    assert device["manufacturer"] and device["model"] and device["serial"] and device["software"] and device["last_image"]
    code, text = node.sampan("devices", "--lang", "zh")
    assert code == 1 and device["serial"] in text and "被拒绝 3 次" in text, text
    code, text = node.sampan("events", "--since", "1h")
    assert code == 1 and text.count('"STRANGER"') == 2, "one event, and one open cause that is counted: " + text
    code, text = node.sampan("events", "--json", "--limit", "1")
    assert len(json.loads(text)["events"]) == 1 and json.loads(text)["open"][0]["count"] == 3
    assert node.sampan("events", "--since", "soon")[0] == 64
    # Nobody takes telemetry: nothing is queued, and the list survives the restart.
    assert all("seq" not in event for event in node.get("/v1/events")["events"])
    assert node.status()["spool"]["items"] == 3
    node.stop()
    node.start()
    assert "STRANGER" in node.sampan("events", "--lang", "zh")[1]
    lead.kill()
    assert ctx.raw_scu(node.address, files, called="CLINIC", calling="CT1", new_uids=True).wait() == 0
    wait_until(lambda: "dest.down" in node.sampan("events", "--json")[1], lambda: node.sampan("events")[1])
    lead.start()
    wait_until(lambda: "dest.up" in node.sampan("events", "--json")[1], lambda: node.sampan("events")[1], 60)
    assert "已恢复" in node.sampan("events", "--lang", "zh")[1]


test_devices_and_events_are_seen_on_the_spot_in_both_languages.contract = (12,)


def test_a_refused_class_and_a_spoilt_copy_are_told_to_the_lead(ctx):
    mr = "1.2.840.10008.5.1.4.1.1.4"
    out = ctx.dir / "told"
    lead = ctx.raw_scp(refuse_class=mr).start()
    node = ctx.node(destinations=[lead.destination, {"name": "tele", "folder": str(out), "takes": "telemetry"}], telemetry=QUICK).start()

    def told(name):
        return [event for path in out.rglob("*.event.jsonl") if (event := json.loads(path.read_text()))["event"] == name]

    assert ctx.raw_scu(node.address, ctx.images("mr", 2), called="CLINIC").wait() == 0
    wait_until(lambda: told("dest.class_blocked"), lambda: str(node.destination()))
    [blocked] = told("dest.class_blocked")
    assert blocked["attributes"]["sop_class"] == mr and blocked["severity"] == "warning" and blocked["state"] == "opened"
    lead.kill()
    lead.options = {}
    lead.start()
    wait_until(lambda: told("dest.class_unblocked"), lambda: str(node.destination()), 60)
    [unblocked] = told("dest.class_unblocked")
    assert unblocked["cause"] == blocked["cause"] and unblocked["seq"] > blocked["seq"]
    node.wait_drained()
    lead.kill()
    before = {path: path.stat().st_size for path in node.state.glob("spool/i*.seg")}
    assert ctx.raw_scu(node.address, ctx.images("mr", 1), called="CLINIC").wait() == 0
    node.stop()
    # The image is what made its segment grow most.
    growth, segment = max((path.stat().st_size - before.get(path, 0), path) for path in node.state.glob("spool/i*.seg"))
    with segment.open("r+b") as file:
        file.seek(before.get(segment, 0) + growth // 2)
        file.write(b"\xa5" * 64)
    node.start()
    lead.start()
    wait_until(lambda: told("instance.quarantined"), lambda: f"{node.status()['spool']} {node.destination()}", 60)
    assert told("instance.quarantined")[0]["count"] == 1
    node.stop()
    node.start()
    wait_until(lambda: len(told("agent.started")) == 3, lambda: str(told("agent.started")))
    newest = max(path.name for path in out.rglob("*.sample.jsonl"))
    wait_until(lambda: max(path.name for path in out.rglob("*.sample.jsonl")) > newest, "a sample of the new life")
    assert len(told("instance.quarantined")) == 1, "what is known is not told again"


def test_certificates_and_a_token_let_telemetry_in_and_one_service_that_refuses_stops_no_other(ctx):
    receiver = Receiver(ctx)
    receiver.token = "open-sesame"
    certificate, both = make_certificate(ctx, "localhost")
    mine, mine_both = make_certificate(ctx, "clinic")
    line = ctx.line(receiver.port, certificate=both, ca=mine)
    good, bad = ctx.dir / "good", ctx.dir / "bad"
    good.write_text("open-sesame\n")
    bad.write_text("closed\n")

    def way(name, token, **tls):
        return {"name": name, "http": f"https://localhost:{line.port}/t", "tls": tls, "auth": {"bearer_file": str(token)}}

    known = {"ca_file": str(certificate), "certificate": str(mine_both)}
    node = ctx.node(destinations=[way("tele", good, **known), way("wrong", bad, **known), way("untrusted", good, certificate=str(mine_both))],
                    telemetry=QUICK).start()
    wait_until(lambda: of_kind(receiver.lines(), "event") and of_kind(receiver.lines(), "samples"), receiver.lines, 60)
    for name, word in (("wrong", "401"), ("untrusted", "certificate")):
        wait_until(lambda: node.destination(name)["state"] == "stopped", lambda: str(node.destination(name)), 30)
        assert word in node.destination(name)["last_error"], node.destination(name)
    wait_until(lambda: sum(line["event"] == "dest.auth_failed" for line in of_kind(receiver.lines(), "event")) == 2, receiver.lines)
    assert node.sampan("events")[0] == 2
    assert f"wrong: {node.destination('wrong')['telemetry_waiting']} events and samples" in node.sampan("queue", "--lang", "en")[1]
    assert "open-sesame" not in node.log() + node.sampan("events", "--json")[1]


def test_no_patient_data_is_in_telemetry(ctx):
    out = ctx.dir / "lead"
    node = ctx.node(destinations=[{"name": "lead", "folder": str(out), "takes": ["images", "telemetry"]}, ctx.raw_scp(status="A900").start().destination],
                    telemetry=QUICK, log={"level": "debug"})
    node.settings["destinations"][1]["name"] = "refuses"
    node.start()
    files = ctx.images("ct", 2)
    assert ctx.raw_scu(node.address, files, called="CLINIC").wait() == 0
    wait_until(lambda: any("instance.rejected" in path.read_text() for path in out.rglob("*.event.jsonl")), "the rejection is told")
    wait_until(lambda: len(list(out.rglob("*.sample.jsonl"))) >= 2, "samples")
    node.stop()
    written = "".join(path.read_text(errors="replace") for path in out.rglob("*.jsonl"))
    written += "".join(path.read_text(errors="replace") for path in (node.state / "telemetry").iterdir()) + node.log()
    written += "\n".join(str(path.relative_to(out)) for path in out.rglob("telemetry*"))
    secrets = patient_values(ctx, files[0])
    found = [secret for secret in secrets if secret in written]
    assert secrets and not found, f"{len(found)} patient values are in what is told"
    raw = b"".join(path.read_bytes() for path in node.state.rglob("*") if path.is_file())
    assert not [secret for secret in secrets if secret.encode() in raw]


test_no_patient_data_is_in_telemetry.contract = (11,)
