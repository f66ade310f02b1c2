# SPDX-License-Identifier: Apache-2.0
"""What goes where: rules on facts, what matches none of them, and destinations that do not hold up each other."""
import contextlib
import http.server
import json
import shutil
import socket
import threading

import cargo
from harness import Skip, free_port, wait_until

TITLES = ["CLINIC", "JIZHEN"]


def node_with(ctx, destinations, routes=None):
    node = ctx.node(destinations=destinations, **({"routes": routes} if routes else {}))
    node.settings["intake"]["ae_titles"] = TITLES
    return node


def send(ctx, node, files, called="CLINIC", **options):
    scu = ctx.raw_scu(node.address, files, called=called, **options)
    assert scu.wait() == 0
    return scu.acknowledged()


def stranded(node):
    return {one["destination"]: one["waiting"] for one in node.status()["stranded"]}


def told_lines(folder, ending):
    """What came for telemetry, in order."""
    return [json.loads(path.read_text()) for path in sorted(folder.rglob(f"*.{ending}.jsonl"), key=lambda path: path.name)]


def nowhere(folder):
    return [(event["state"], event["cause"]) for event in told_lines(folder, "event") if event["event"] == "route.none"]


def measured_nowhere(folder):
    return [reading["value"] for sample in told_lines(folder, "sample") for reading in sample["readings"]
            if reading["metric"] == "sampan_queue_instances" and reading["labels"] == {"dest": "", "state": "waiting"}]


def test_rules_send_each_image_where_they_say(ctx):
    lead, night = ctx.raw_scp("lead").start(), ctx.raw_scp("night").start()
    node = node_with(ctx, [lead.destination, night.destination, {"name": "copy", "folder": str(ctx.folder("copy"))}], [
        {"when": {"called_ae": "JIZHEN"}, "priority": "emergency"},
        {"when": {"priority": "emergency"}, "to": "night"},
        {"when": {"modality": "MR", "calling_ae": "MR*"}, "to": "copy", "last": True},
        {"to": "lead"}]).start()
    ct = send(ctx, node, ctx.images("ct", 3), calling="CT1")
    urgent = send(ctx, node, ctx.images("ct", 2), called="JIZHEN", calling="CT1")
    mr = send(ctx, node, ctx.images("mr", 4), calling="MR1")
    node.wait_drained()
    assert lead.shas() == ct | urgent
    assert night.shas() == urgent
    assert {name: node.destination(name)["delivered"] for name in ("lead", "night", "copy")} == {"lead": 5, "night": 2, "copy": 4}
    assert len(list(ctx.folder("copy").rglob("*.dcm"))) == len(mr) == 4
    assert stranded(node) == {}


def test_what_no_rule_sends_anywhere_waits_with_an_alarm_and_goes_when_a_rule_says_where(ctx):
    lead, told = ctx.raw_scp("lead").start(), ctx.dir / "told"
    node = node_with(ctx, [lead.destination, {"name": "tele", "folder": str(told), "takes": "telemetry"}], [{"when": {"modality": "CT"}, "to": "lead"}])
    node.settings["telemetry"] = {"every_seconds": 1}
    node.start()
    ct = send(ctx, node, ctx.images("ct", 2))
    mr = send(ctx, node, ctx.images("mr", 3))
    wait_until(lambda: lead.shas() == ct, "the CTs are there")
    wait_until(lambda: stranded(node) == {"": 3}, lambda: str(node.status()))
    code, text = node.sampan("status")
    assert code == 1 and "3 images here that no route sends anywhere" in text or "3 幅图像不符合任何路由规则" in text, text
    wait_until(lambda: nowhere(told) == [("opened", "route.none/")], lambda: f"the lead hears of it: {nowhere(told)}")
    wait_until(lambda: 3 in measured_nowhere(told), lambda: str(measured_nowhere(told)))
    # Also without its ledger, and nothing of it is given up.
    node.stop()
    node.delete_ledger()
    node.start()
    wait_until(lambda: stranded(node) == {"": 3}, lambda: str(node.status()))
    assert node.destination()["delivered"] == 2
    node.stop()
    node.settings["routes"].append({"when": {"modality": "MR"}, "to": "lead"})
    node.start()
    wait_until(lambda: lead.shas() == ct | mr, "what waited is there")
    wait_until(lambda: stranded(node) == {}, lambda: str(node.status()))
    assert len(lead.received()) == 5, "nothing was sent twice"
    wait_until(lambda: nowhere(told)[-1] == ("closed", "route.none/"), lambda: str(nowhere(told)))
    wait_until(lambda: measured_nowhere(told)[-1] == 0, lambda: str(measured_nowhere(told)))


test_what_no_rule_sends_anywhere_waits_with_an_alarm_and_goes_when_a_rule_says_where.contract = (2, 4)


def test_what_waits_for_a_destination_that_was_taken_away_is_told(ctx):
    lead = ctx.raw_scp("lead")  # not there
    node = node_with(ctx, [lead.destination]).start()
    send(ctx, node, ctx.images("ct", 2))
    node.stop()
    node.settings["destinations"] = [{"name": "other", "folder": str(ctx.folder("other"))}]
    node.start()
    wait_until(lambda: stranded(node) == {"lead": 2}, lambda: str(node.status()))
    assert "destination_unknown" in {finding["code"] for finding in node.status()["attention"]}
    node.stop()
    node.settings["destinations"] = [lead.destination]
    lead.start()
    node.start()
    node.wait_drained()
    assert len(lead.received()) == 2


class Portal(http.server.BaseHTTPRequestHandler):
    """A captive portal: 200 and a page, whatever is asked."""
    page = b"<html><body>Please log in</body></html>"

    def do_POST(self):
        left = int(self.headers.get("Content-Length", 0))
        while left > 0:
            left -= len(self.rfile.read(min(left, 1 << 16)) or b"x" * left)
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(self.page)))
        self.end_headers()
        self.wfile.write(self.page)

    def log_message(self, *words):
        pass


def portal(ctx):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Portal)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ctx.closers.append(server.shutdown)
    return f"http://127.0.0.1:{server.server_port}/studies"


def test_beside_destinations_that_are_down_slow_or_lying_the_good_one_gets_everything(ctx):
    lead, away, slow = ctx.raw_scp("lead").start(), ctx.raw_scp("away"), ctx.raw_scp("slow", delay_ms=20_000).start()
    liar = ctx.raw_scp("liar", wrong_instance=True).start()
    bad = [away.destination, slow.destination, liar.destination, {"name": "portal", "stow": portal(ctx)}]
    node = node_with(ctx, [*bad[:2], lead.destination, *bad[2:]]).start()
    sent = set()
    for _ in range(3):
        sent |= send(ctx, node, ctx.images("mr", 20, "--rows", 64, "--columns", 64))
    wait_until(lambda: lead.shas() == sent, lambda: f"{len(lead.shas())} of {len(sent)} at the lead: {node.destination()}", 20)
    wait_until(lambda: node.destination()["waiting"] == 0 and node.destination()["delivered"] == 60, lambda: str(node.destination()))
    for name in ("away", "liar", "portal"):
        wait_until(lambda: node.destination(name)["state"] == "backing_off", lambda: f"{name}: {node.destination(name)}")
        assert node.destination(name)["delivered"] == 0, "nobody said so for these images"
        assert node.destination(name)["waiting"] == 60
    assert node.destination("slow")["delivered"] <= 4
    away.start()
    wait_until(lambda: away.shas() == sent, "the one that was down has everything, too", 60)


test_beside_destinations_that_are_down_slow_or_lying_the_good_one_gets_everything.contract = (3, 7, 8)

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
PROFILE = f"""
[[TransferSyntaxes]]
[Plain]
TransferSyntax1 = 1.2.840.10008.1.2.1
[[PresentationContexts]]
[CT]
PresentationContext1 = {CT}\\Plain
[[Profiles]]
[OnlyCT]
PresentationContexts = CT
"""


class Storescp:
    """DCMTK's own, on one port over all its starts, taking every class or CT alone."""

    def __init__(self, ctx):
        self.ctx, self.port, self.dir = ctx, free_port(), ctx.folder("storescp")
        (self.dir / "profile.cfg").write_text(PROFILE)
        self.out = ctx.folder("storescp/out")

    def start(self, only_ct):
        profile = ["--config-file", self.dir / "profile.cfg", "OnlyCT"] if only_ct else ["+xa"]
        command = [shutil.which("storescp"), "--output-directory", self.out, "--aetitle", "LEAD", *profile, self.port]
        self.process = self.ctx.run(command, f"storescp-{only_ct}", folder=self.dir)
        wait_until(self.listens, "storescp listens")
        return self

    def listens(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True

    def received(self, sop_class):
        return sum(1 for path in self.out.iterdir() if cargo.load(path).sop_class == sop_class)


def test_a_class_that_the_pacs_does_not_take_is_told_once_and_flows_when_it_takes_it_again(ctx):
    if not shutil.which("storescp"):
        raise Skip("storescp is not installed")
    pacs = Storescp(ctx).start(only_ct=True)
    node = node_with(ctx, [{"name": "lead", "dimse": f"LEAD@127.0.0.1:{pacs.port}"}]).start()
    send(ctx, node, ctx.images("mr", 3) + ctx.images("ct", 3) + ctx.images("mr", 3) + ctx.images("ct", 3))
    wait_until(lambda: node.destination()["delivered"] == 6, lambda: f"the others flow: {node.destination()}")
    wait_until(lambda: node.destination()["blocked_classes"], lambda: str(node.destination()))
    here = node.destination()
    assert [one["sop_class"] for one in here["blocked_classes"]] == [MR] and here["waiting"] == 6 and here["rejected"] == 0, here
    assert here["state"] == "up", "one class says nothing about the others"
    alarms = [finding for finding in node.status()["attention"] if finding["code"] == "class_blocked"]
    assert len(alarms) == 1 and MR in alarms[0]["en"], alarms
    send(ctx, node, ctx.images("ct", 2))
    wait_until(lambda: node.destination()["delivered"] == 8, lambda: f"they go on flowing: {node.destination()}")
    pacs.process.stop()
    pacs.start(only_ct=False)
    node.wait_drained(120)
    assert (pacs.received(CT), pacs.received(MR)) == (8, 6)
    assert node.destination()["blocked_classes"] == [] and node.destination()["delivered"] == 14
    assert node.log().count(f"does not take {MR}") == 1, "it was said once"
    assert node.starts == 1


test_a_class_that_the_pacs_does_not_take_is_told_once_and_flows_when_it_takes_it_again.contract = (7, 8)


def detours(node):
    return [event["state"] for event in node.get("/v1/events?limit=1000")["events"] if event["event"] == "dest.detour"]


def test_what_waits_for_a_pacs_that_is_away_goes_by_its_fallback_and_back_when_it_answers(ctx):
    lead, other = ctx.raw_scp("lead"), ctx.raw_scp("other").start()
    destinations = [{**lead.destination, "fallback": {"to": "other", "after_minutes": 1}}, other.destination]
    node = node_with(ctx, destinations, [{"to": "lead"}]).start()
    first = send(ctx, node, ctx.images("mr", 5, "--rows", 64, "--columns", 64))
    wait_until(lambda: node.destination()["state"] == "backing_off", lambda: str(node.destination()))
    assert other.received() == []
    wait_until(lambda: other.shas() == first, lambda: f"by the fallback: {node.destination()}", 90, 0.2)
    wait_until(lambda: node.destination()["delivered"] == 5, lambda: str(node.destination()))
    here = node.destination()
    assert (here["detour_to"], here["detoured"], here["waiting"]) == ("other", 5, 0), here
    wait_until(lambda: detours(node) == ["opened"], lambda: str(node.get("/v1/events")))
    assert node.destination("other")["delivered"] == 0, "the duty was the lead's"
    # It answers again: what comes goes to it, without a word of anybody.
    lead.start()
    sent = set(first)

    def goes_to_the_lead():
        sent.update(send(ctx, node, ctx.images("mr", 1, "--rows", 64, "--columns", 64)))
        return lead.received()

    wait_until(goes_to_the_lead, lambda: str(node.destination()), 150, 3)
    wait_until(lambda: node.destination()["detour_to"] == "" and node.destination()["waiting"] == 0, lambda: str(node.destination()))
    by_the_other = other.shas()
    back = send(ctx, node, ctx.images("ct", 3, "--rows", 64, "--columns", 64))
    node.wait_drained()
    assert back <= lead.shas() and other.shas() == by_the_other
    sent |= back
    # Done is done, also for a node that reads it all from its spool again.
    before = lead.shas()
    node.kill()
    node.delete_ledger()
    node.start()
    wait_until(lambda: f"rebuilt {len(sent)} items" in node.log(), node.log)
    wait_until(lambda: node.destination()["delivered"] == len(sent), lambda: str(node.destination()))
    second = send(ctx, node, ctx.images("ct", 3, "--rows", 64, "--columns", 64))
    node.wait_drained()
    assert lead.shas() == before | second and other.shas() == by_the_other
    wait_until(lambda: detours(node)[:2] == ["opened", "closed"], lambda: str(node.get("/v1/events")))


test_what_waits_for_a_pacs_that_is_away_goes_by_its_fallback_and_back_when_it_answers.contract = (3, 7, 9)


def test_a_rule_that_comes_with_a_reload_sends_what_waited_and_its_story_says_where_it_stands(ctx):
    lead = ctx.raw_scp("lead").start()
    node = node_with(ctx, [lead.destination], [{"when": {"modality": "CT"}, "to": "lead"}]).start()
    image = ctx.images("mr", 1, "--rows", 64, "--columns", 64)[0]
    mr = send(ctx, node, [image])
    wait_until(lambda: stranded(node) == {"": 1}, lambda: str(node.status()))
    code, story = node.sampan("trace", "SAMPAN-0001")
    assert code in (0, 1) and story.strip(), story
    node.settings["routes"] = [{"to": "lead"}]
    node.reload(node.settings)
    wait_until(lambda: lead.shas() == mr, lambda: str(node.status()))
    assert stranded(node) == {} and node.starts == 1
    return story.replace("\n", " / ")[:300]


def sent_again_for_emergencies(ctx, and_then):
    """The address of every day has one destination and its line is down; the technician then picks the one for emergencies."""
    lead, night = ctx.raw_scp("lead").start(), ctx.raw_scp("night").start()
    line = ctx.line(lead.port)
    line.cut()
    node = node_with(ctx, [{"name": "lead", "dimse": f"LEAD@127.0.0.1:{line.port}", "lanes": 1}, night.destination], [
        {"when": {"called_ae": "JIZHEN"}, "priority": "emergency"},
        {"when": {"priority": "emergency"}, "to": "night"},
        {"to": "lead"}]).start()
    before = send(ctx, node, ctx.images("mr", 6))
    files = ctx.images("ct", 3)
    urgent = send(ctx, node, files)
    wait_until(lambda: node.destination()["waiting"] == 9, lambda: str(node.destination()))
    assert node.destination("night")["waiting"] == 0
    assert send(ctx, node, files, called="JIZHEN") == urgent
    and_then(node)
    wait_until(lambda: night.shas() == urgent, lambda: f"they go there as well: {node.destination('night')}")
    line.give_back()
    node.wait_drained()
    came = [row.sha256 for row in lead.received()]
    # A batch may be on its way when the line comes back, and then what is urgent goes.
    assert urgent <= set(came[:6]), f"what is urgent does not go last: {[sha in urgent for sha in came]}"
    assert set(came) == before | urgent and len(came) == 9
    assert send(ctx, node, files, called="JIZHEN") == urgent
    assert node.destination("night")["delivered"] == 3


def test_an_image_sent_again_to_another_address_goes_where_that_one_sends_it(ctx):
    sent_again_for_emergencies(ctx, lambda node: None)


def test_an_image_sent_again_to_another_address_goes_there_though_the_power_went_and_the_ledger_with_it(ctx):
    def ends(node):
        node.kill()
        node.delete_ledger()
        node.start()
    sent_again_for_emergencies(ctx, ends)


test_an_image_sent_again_to_another_address_goes_where_that_one_sends_it.contract = (2, 6)
test_an_image_sent_again_to_another_address_goes_there_though_the_power_went_and_the_ledger_with_it.contract = (1, 2, 6, 9)
