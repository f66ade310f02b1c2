# SPDX-License-Identifier: Apache-2.0
"""What goes where: rules on facts, what matches none of them, and destinations that do not hold up each other."""
from harness import wait_until

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
    lead = ctx.raw_scp("lead").start()
    node = node_with(ctx, [lead.destination], [{"when": {"modality": "CT"}, "to": "lead"}]).start()
    ct = send(ctx, node, ctx.images("ct", 2))
    mr = send(ctx, node, ctx.images("mr", 3))
    wait_until(lambda: lead.shas() == ct, "the CTs are there")
    wait_until(lambda: stranded(node) == {"": 3}, lambda: str(node.status()))
    code, text = node.sampan("status")
    assert code == 1 and "3 images here that no route sends anywhere" in text or "3 幅图像不符合任何路由规则" in text, text
    # Also without its ledger, and nothing of it is given up.
    node.stop()
    node.delete_ledger()
    node.start()
    wait_until(lambda: stranded(node) == {"": 3}, lambda: str(node.status()))
    assert node.status()["spool"]["items"] == 5
    node.stop()
    node.settings["routes"].append({"when": {"modality": "MR"}, "to": "lead"})
    node.start()
    wait_until(lambda: lead.shas() == ct | mr, "what waited is there")
    wait_until(lambda: stranded(node) == {}, lambda: str(node.status()))
    assert len(lead.received()) == 5, "nothing was sent twice"


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
