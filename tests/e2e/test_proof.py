# SPDX-License-Identifier: Apache-2.0
"""What the lead keeps is proven by the lead: storage commitment and query, against Orthanc; then the copy here may go."""
import datetime
import json
import re
import shutil

from clock_shim import Shim
from harness import Skip, free_port, wait_until

contract = (3, 4)


def clinic_and_lead(ctx, **destination):
    """A node, and an Orthanc that may report to it, as every archive has to know whom it reports to."""
    node = ctx.node(destinations=[])
    orthanc = ctx.orthanc(DicomModalities={"clinic": ["CLINIC", "127.0.0.1", node.port]})
    node.settings["destinations"] = [{**orthanc.destination, **destination}]
    return node.start(), orthanc


def store(ctx, node, count=4):
    files = ctx.images("mr", count)
    scu = ctx.raw_scu(node.address, files, called=node.settings["ae_title"])
    assert scu.wait() == 0 and len(scu.acknowledged()) == count
    return count


def wait_archived(node, count, deadline_s=90):
    wait_until(lambda: node.destination()["archived"] == count, lambda: f"archived: {json.dumps(node.destination())}", deadline_s, 0.2)


def test_orthanc_reports_storage_commitment_on_an_association_of_its_own(ctx):
    node, _ = clinic_and_lead(ctx)
    count = store(ctx, node)
    wait_archived(node, count)
    assert node.destination()["proof"] == "commitment"
    assert node.destination()["delivered"] == count


def test_without_commitment_a_query_finds_what_is_there(ctx):
    node, _ = clinic_and_lead(ctx, proof="query")
    count = store(ctx, node)
    wait_archived(node, count)
    assert node.destination()["proof"] == "query"


def test_an_archive_whose_reports_never_arrive_is_queried_instead(ctx):
    """A clinic behind NAT: Orthanc takes the request for commitment, and its reports go nowhere."""
    orthanc = ctx.orthanc(DicomModalities={"clinic": ["CLINIC", "127.0.0.1", free_port()]})
    node = ctx.node(destinations=[orthanc.destination]).start()
    count = store(ctx, node)
    wait_archived(node, count)
    assert node.destination()["proof"] == "query"


def test_a_peer_that_can_prove_nothing_frees_no_disk_before_a_person_chose_so_and_an_alarm_names_the_day(ctx):
    """storescp: neither commitment nor query. The images of another destination tell when reclaim has come by."""
    if not shutil.which("storescp"):
        raise Skip("storescp is not installed")
    port, other = free_port(), ctx.raw_scp("other").start()
    ctx.run([shutil.which("storescp"), "-od", ctx.folder("lead"), "+xa", str(port)], "storescp")
    lead = {"name": "lead", "dimse": f"LEAD@127.0.0.1:{port}", "retention_days": 0}
    transform = {"patient_id_prefix": "A-"}
    believed = {**other.destination, "reclaim_after": "accepted", "retention_days": 0}
    node = ctx.node(destinations=[{**lead, "transform": transform}, believed],
                    routes=[{"when": {"modality": "CT"}, "to": "lead"}, {"to": "other"}]).start()
    assert ctx.raw_scu(node.address, ctx.images("ct", 3), called="CLINIC").wait() == 0
    wait_until(lambda: node.destination("lead")["proof"] == "none", lambda: json.dumps(node.destination("lead")), 60, 0.2)
    assert node.destination("lead")["delivered"] == 3
    (alarm,) = (one["en"] for one in node.status()["attention"] if one["code"] == "no_proof")
    spool = node.status()["spool"]
    lasts_s = (spool["disk_free_bytes"] - min(256 << 20, spool["disk_total_bytes"] // 20)) / spool["intake_bytes_per_day"] * 86400
    assert alarm.startswith("Destination lead cannot prove") and spool["disk_lasts_guess"], alarm
    if lasts_s > 11 * 365 * 86400:  # no day that is so far away is one
        assert alarm.endswith("; at this pace the disk lasts for more than ten years") and "20" not in alarm, alarm
    elif lasts_s < 9 * 365 * 86400:
        day = datetime.date.fromisoformat(re.search(r"a guess, the disk will be full about (\d{4}-\d\d-\d\d)$", alarm)[1])
        assert abs((day - datetime.date.today()).days - lasts_s / 86400) <= 2 + lasts_s / 86400 / 50, (alarm, lasts_s)
    store(ctx, node, 2)
    wait_until(lambda: node.status()["spool"]["items"] == 3, lambda: str(node.status()["spool"]), 60, 0.2)
    chosen = {**lead, "reclaim_after": "accepted"}
    for wrong in ({**chosen, "transform": transform}, {key: chosen[key] for key in chosen if key != "retention_days"}):
        code, text = node.reload({**node.settings, "destinations": [wrong, believed]})
        assert code != 0 and "reclaim_after: accepted" in text, text
    assert node.status()["spool"]["items"] == 3, "the originals"
    assert node.reload({**node.settings, "destinations": [chosen, believed]})[0] == 0
    wait_until(lambda: node.status()["spool"]["items"] == 0, lambda: str(node.status()["spool"]), 90, 0.2)
    assert "no_proof" not in {one["code"] for one in node.status()["attention"]}


def test_a_dicomweb_service_is_searched_where_it_has_no_commitment_requests(ctx):
    orthanc = ctx.orthanc(dicomweb=True)
    node = ctx.node(destinations=[{"name": "lead", "stow": orthanc.stow}]).start()
    count = store(ctx, node)
    wait_archived(node, count)
    assert node.destination()["proof"] == "query"


def test_an_image_that_came_under_another_name_than_its_own_is_proven_by_its_own(ctx):
    """Archives file what the data set says: by storage commitment and by a query."""
    node, orthanc = clinic_and_lead(ctx)
    node.settings["destinations"].append({**orthanc.destination, "name": "again", "proof": "query"})
    assert node.reload(node.settings)[0] == 0
    for file, other in zip(ctx.images("mr", 2), ("2.25.4711", "2.25.4712")):
        assert ctx.raw_scu(node.address, [file], called=node.settings["ae_title"], uid=other).wait() == 0
    for name, proof in (("lead", "commitment"), ("again", "query")):
        wait_until(lambda: node.destination(name)["archived"] == 2, lambda: json.dumps(node.destination(name)), 60, 0.2)
        assert node.destination(name)["proof"] == proof and node.destination(name)["waiting"] == 0
    assert not orthanc.find("2.25.4711")


def test_what_the_lead_lost_before_it_was_proven_is_sent_again(ctx):
    node, orthanc = clinic_and_lead(ctx)
    count = store(ctx, node)
    wait_until(lambda: node.destination()["delivered"] == count, "delivered", 30, 0.05)
    victim = orthanc.get("/instances")[0]
    orthanc.delete(f"/instances/{victim}")
    wait_until(lambda: node.destination()["archived"] == count - 1 and node.destination()["waiting"] == 1,
               lambda: json.dumps(node.destination()), 90, 0.2)
    assert "sent again" in node.log()


def has(orthanc, uids):
    return all(orthanc.find(uid) for uid in uids)


def send(ctx, node, count):
    return send_files(ctx, node, ctx.images("mr", count))


def send_files(ctx, node, files):
    scu = ctx.raw_scu(node.address, files, called=node.settings["ae_title"])
    assert scu.wait() == 0
    return [answer.sop_instance for answer in scu.sent()]


def archived_then_restored(ctx, node, orthanc):
    """Five images are archived; the lead, which is stopped then, goes back to a backup with the first two: -> (those, what it lost)."""
    old = send(ctx, node, 2)
    wait_archived(node, 2)
    orthanc.stop()
    orthanc.back_up()
    orthanc.start()
    lost = send(ctx, node, 3)
    wait_archived(node, 5)
    orthanc.stop()
    orthanc.restore()
    return old, lost


def test_a_lead_restored_from_an_old_backup_gets_again_what_it_lost_and_nobody_had_to_ask(ctx):
    node, orthanc = clinic_and_lead(ctx)
    old, lost = archived_then_restored(ctx, node, orthanc)
    new = send(ctx, node, 1)  # the node sees that it is away
    wait_until(lambda: node.destination()["state"] == "backing_off", "down", 30, 0.1)
    orthanc.start()
    assert not has(orthanc, lost)
    wait_until(lambda: has(orthanc, [*old, *lost, *new]), lambda: json.dumps(node.destination()), 120, 0.5)
    wait_archived(node, 6)
    assert node.log().count("sent again") >= 3
    events = node.get("/v1/events")
    assert "instance.lost" in json.dumps(events)


def test_a_lead_restored_while_nothing_was_sent_is_caught_although_it_was_never_seen_away(ctx):
    """Between two images: the connection is closed, the lead comes back with less, and nobody noticed."""
    shim = Shim(ctx)
    node = ctx.node(destinations=[])
    orthanc = ctx.orthanc(DicomModalities={"clinic": ["CLINIC", "127.0.0.1", node.port]})
    node.settings["destinations"] = [orthanc.destination]
    node.start(shim.env)
    old, lost = archived_then_restored(ctx, node, orthanc)
    orthanc.start()
    assert node.destination()["state"] == "up" and not has(orthanc, lost)

    def noticed_within_another_hour():
        shim.leap(3600)
        return node.destination()["archived"] < 5 or has(orthanc, lost)

    wait_until(noticed_within_another_hour, lambda: json.dumps(node.destination()), 60, 0.5)
    wait_until(lambda: has(orthanc, [*old, *lost]), lambda: json.dumps(node.destination()), 120, 0.5)
    wait_archived(node, 5)


def test_what_a_fallback_took_that_can_prove_nothing_is_taken_back_by_the_lead_itself(ctx):
    node = ctx.node(destinations=[])
    orthanc = ctx.orthanc(DicomModalities={"clinic": ["CLINIC", "127.0.0.1", node.port]})
    line = ctx.line(orthanc.port)
    line.cut()
    lead = {"name": "lead", "dimse": f"LEAD@127.0.0.1:{line.port}", "fallback": {"to": "shelf", "after_minutes": 1}}
    shelf = {"name": "shelf", "folder": str(ctx.folder("shelf")), "required": False}
    node.settings["destinations"] = [lead, shelf]
    node.settings["routes"] = [{"to": ["lead"]}]
    node.start()
    uids = send(ctx, node, 2)
    wait_until(lambda: node.destination()["delivered"] == 2, lambda: json.dumps(node.destination()), 100, 0.2)
    assert node.destination()["archived"] == 0 and not has(orthanc, uids)
    line.give_back()
    node.stop()
    node.start()
    uids += send(ctx, node, 1)
    wait_until(lambda: node.destination("lead")["archived"] == 3, lambda: json.dumps(node.destination()), 120, 0.5)
    assert has(orthanc, uids)


def reclaimed(node):
    wait_until(lambda: node.status()["spool"]["items"] == 0, lambda: str(node.status()["spool"]), 90, 0.2)


def test_what_left_a_folder_and_comes_again_is_written_there_again(ctx):
    """A folder is believed at once and never asked: what it had once says nothing."""
    share = ctx.folder("share")
    node = ctx.node(destinations=[{"name": "lead", "folder": str(share), "retention_days": 0}]).start()

    def files():
        return [path for path in share.rglob("*.dcm") if not path.name.startswith(".")]

    images = ctx.images("mr", 2)
    send_files(ctx, node, images)
    wait_archived(node, 2)
    reclaimed(node)
    assert len(files()) == 2
    for path in files():
        path.unlink()
    send_files(ctx, node, images)
    wait_until(lambda: len(files()) == 2, lambda: json.dumps(node.status()), 60, 0.2)
    reclaimed(node)


def test_what_came_again_and_waits_for_a_proof_is_sent_where_nobody_asks_for_one_any_more(ctx):
    node, orthanc = clinic_and_lead(ctx, proof="query", retention_days=0)
    images = ctx.images("mr", 2)
    send_files(ctx, node, images)
    wait_archived(node, 2)
    reclaimed(node)
    orthanc.stop()
    send_files(ctx, node, images)
    wait_until(lambda: node.status()["spool"]["items"] == 2, "they came again", 30, 0.1)
    assert node.destination()["waiting"] == 0, "the lead is asked first"
    assert node.reload({**node.settings, "destinations": [{**node.settings["destinations"][0], "proof": "none"}]})[0] == 0
    wait_until(lambda: node.destination()["waiting"] == 2, lambda: json.dumps(node.destination()), 30, 0.1)
    orthanc.start()
    wait_until(lambda: node.destination()["waiting"] == 0 and node.destination()["delivered"] == 2, lambda: json.dumps(node.destination()), 90, 0.2)
