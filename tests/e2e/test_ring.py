# SPDX-License-Identifier: Apache-2.0
"""Nodes that lead to each other, or to themselves, never let go of the only copies: what a node says to a node rests on an archive."""
import json

from clock_shim import Shim
from harness import BIN, free_port, wait_until

contract = (2, 3, 4)
UNPROVEN = "it does not commit to keep it, reason 272"  # 0x0110


def to(node, name="lead", port=None, **more):
    return {"name": name, "dimse": f"{node.settings['ae_title']}@127.0.0.1:{port or node.port}", "retention_days": 0, **more}


def send(ctx, node, count=2):
    scu = ctx.raw_scu(node.address, ctx.images("mr", count), called=node.settings["ae_title"])
    assert scu.wait() == 0 and len(scu.acknowledged()) == count
    return [answer.sop_instance for answer in scu.sent()]


def told(node):
    return json.dumps([node.destination(one["name"]) for one in node.settings["destinations"]]) + node.log()[-2000:]


def kept(node, count, name="lead"):
    """All that it took is here, and none of it is told to be archived."""
    assert node.status()["spool"]["items"] == count and node.destination(name)["archived"] == 0, told(node)


def test_a_node_that_reaches_itself_refuses_it_in_plain_words_and_keeps_what_it_has(ctx):
    node = ctx.node(destinations=[])
    node.settings["destinations"] = [to(node)]
    code, text = node.sampan("config", "check", "--config", str(node.write()))
    assert code != 0 and "this is the address of this node itself" in text, text
    line = ctx.line(node.port)  # as an address of the router is, which leads back
    node.settings["destinations"] = [to(node, port=line.port)]
    node.start()
    send(ctx, node)
    wait_until(lambda: node.destination()["state"] == "stopped", lambda: told(node), 60, 0.2)
    kept(node, 2)
    assert node.destination()["delivered"] == 0, told(node)
    assert "its address leads back to this node itself" in node.sampan("status", "--lang", "en")[1], node.sampan("status")
    (refused,) = (one for one in node.status()["intake"]["refused"] if "this node called itself" in json.dumps(one))
    assert refused, node.status()["intake"]


def test_around_a_ring_of_two_whatever_a_person_trusts_nothing_is_archived_and_nothing_goes(ctx):
    one, other = ctx.node("one", destinations=[]), ctx.node("other", destinations=[])
    one.settings["destinations"], other.settings["destinations"] = [to(other)], [to(one, reclaim_after="accepted")]
    for node in (one, other):
        node.start()
    send(ctx, one)
    for node in (one, other):
        wait_until(lambda: node.destination()["delivered"] == 2 and UNPROVEN in node.log(), lambda: told(node), 90, 0.2)
    for node in (one, other):
        kept(node, 2)
        assert node.destination()["proof"] == "commitment", told(node)


def test_behind_a_hub_an_image_is_archived_when_the_archive_has_it_also_after_the_hub_let_it_go(ctx):
    hub, clinic = ctx.node("hub", destinations=[]), ctx.node("clinic", destinations=[])
    orthanc = ctx.orthanc(DicomModalities={"hub": ["HUB", "127.0.0.1", hub.port]})
    line = ctx.line(orthanc.port)
    line.cut()
    hub.settings["destinations"] = [{**orthanc.destination, "dimse": f"LEAD@127.0.0.1:{line.port}", "retention_days": 0}]
    clinic.settings["destinations"] = [to(hub)]
    hub.start()
    clinic.start()
    send(ctx, clinic)
    wait_until(lambda: UNPROVEN in clinic.log(), lambda: told(clinic), 60, 0.2)  # the hub has it, and the lead has not
    kept(clinic, 2)
    line.give_back()
    wait_until(lambda: hub.status()["spool"]["items"] == 0, lambda: told(hub), 120, 0.2)
    wait_until(lambda: clinic.destination()["archived"] == 2, lambda: told(clinic), 120, 0.2)
    wait_until(lambda: clinic.status()["spool"]["items"] == 0, lambda: told(clinic), 60, 0.2)


def test_two_hubs_whose_lead_is_dead_and_that_stand_in_for_each_other_keep_all_until_the_lead_has_it(ctx):
    east, west, shims = ctx.node("east", destinations=[]), ctx.node("west", destinations=[]), [Shim(ctx)]
    orthanc = ctx.orthanc(DicomModalities={name: [name.upper(), "127.0.0.1", node.port] for name, node in (("east", east), ("west", west))})
    line = ctx.line(orthanc.port)
    line.cut()
    for node, neighbour in ((east, west), (west, east)):
        node.settings["destinations"] = [
            {"name": "lead", "dimse": f"LEAD@127.0.0.1:{line.port}", "retention_days": 0, "fallback": {"to": "neighbour", "after_minutes": 1}},
            to(neighbour, "neighbour", required=False)]
        node.settings["routes"] = [{"to": ["lead"]}]
        node.start(shims[0].env)
    uids = send(ctx, east)

    def stuck():
        shims[0].leap(10)
        return all(node.destination()["delivered"] == 2 and UNPROVEN in node.log() for node in (east, west))

    wait_until(stuck, lambda: told(east) + told(west), 120, 0.5)
    for node in (east, west):
        kept(node, 2)
    line.give_back()

    def done():
        shims[0].leap(10)
        return all(orthanc.find(uid) for uid in uids) and all(node.status()["spool"]["items"] == 0 for node in (east, west))

    wait_until(done, lambda: told(east) + told(west), 180, 0.5)
    assert all(node.destination()["archived"] == 2 for node in (east, west)), told(east) + told(west)


def test_a_clinic_that_trusts_a_hub_whose_lead_is_dead_is_told_and_counts_what_only_the_hub_has(ctx):
    hub, clinic, shim = ctx.node("hub", destinations=[{"name": "lead", "dimse": f"LEAD@127.0.0.1:{free_port()}"}]).start(), ctx.node("clinic", destinations=[]), Shim(ctx)
    clinic.settings["destinations"] = [to(hub, reclaim_after="accepted")]
    clinic.start(shim.env)
    send(ctx, clinic)
    wait_until(lambda: clinic.destination()["delivered"] == 2, lambda: told(clinic), 60, 0.2)
    shim.leap(25 * 3600)
    wait_until(lambda: "unproven" in {one["code"] for one in clinic.status()["attention"]}, lambda: told(clinic), 60, 0.2)
    (finding,) = (one["en"] for one in clinic.status()["attention"] if one["code"] == "unproven")
    assert "2 images accepted by lead, a Sampan node, and not proven to be archived behind it" in finding, finding
    kept(clinic, 2)
    clinic.stop()
    assert ctx.command(BIN / "sampand", "--config", clinic.dir / "sampan.yaml", "--undelivered", check=False).stdout.strip() == "2"
