# SPDX-License-Identifier: Apache-2.0
"""A modality asks whether its images are kept (storage commitment), and is told: Orthanc asks as one that is called back."""
import json

from harness import free_port, wait_until

contract = (1, 4)
CLASS_MR = "1.2.840.10008.5.1.4.1.1.4"


def modality(ctx, node, name="orthanc", **more):
    """An Orthanc that stores at the node and asks it, and where it is called back."""
    orthanc = ctx.orthanc(name=name, DicomAet="MOD1", DicomModalities={"clinic": ["CLINIC", "127.0.0.1", node.port]}, **more)
    return orthanc, f"MOD1@127.0.0.1:{orthanc.port}"


def a_node(ctx, lead=None, **intake):
    lead = lead or ctx.raw_scp("lead").start()
    node = ctx.node(destinations=[lead.destination])
    node.settings["intake"].update(intake)
    return node


def store(ctx, node, count=3):
    files = ctx.images("mr", count)
    scu = ctx.raw_scu(node.address, files, called="CLINIC", calling="MOD1")
    assert scu.wait() == 0
    return [answer.sop_instance for answer in scu.sent()]


def ask(orthanc, uids, sop_class=CLASS_MR):
    instances = [{"SOPClassUID": sop_class, "SOPInstanceUID": uid} for uid in uids]
    return json.loads(orthanc.request("/modalities/clinic/storage-commitment", json.dumps({"DicomInstances": instances}).encode()))["Path"]


def told(orthanc, path, deadline_s=30):
    def answer():
        found = orthanc.get(path)
        return found if found["Status"] != "Pending" else None
    return wait_until(answer, lambda: f"a report: {orthanc.get(path)}", deadline_s, 0.1)


def test_a_modality_is_called_back_with_what_is_kept_and_what_never_came(ctx):
    node = a_node(ctx)
    orthanc, address = modality(ctx, node)
    node.settings["intake"]["report_to"] = [address]
    node.start()
    uids = store(ctx, node)
    report = told(orthanc, ask(orthanc, uids))
    assert report["Status"] == "Success", report
    assert {row["SOPInstanceUID"] for row in report["Success"]} == set(uids)
    report = told(orthanc, ask(orthanc, [*uids, "1.2.3.4.5"]))
    assert report["Status"] == "Failure", report
    assert [(row["SOPInstanceUID"], row.get("StatusCode", row.get("FailureReason"))) for row in report["Failures"]] == [("1.2.3.4.5", 0x0112)], report
    assert {row["SOPInstanceUID"] for row in report["Success"]} == set(uids)
    wait_until(lambda: node.status()["intake"]["commitments_open"] == 0, "told", 10)


def test_a_request_that_was_answered_outlives_a_kill_and_the_ledger(ctx):
    node = a_node(ctx)
    orthanc, address = modality(ctx, node)
    node.settings["intake"]["report_to"] = [address]
    node.start(env={"SAMPAN_CRASH_AT": "promise.acknowledged"})
    uids = store(ctx, node)
    path = ask(orthanc, uids)
    wait_until(lambda: not node.alive(), "the node is killed right after its answer")
    assert orthanc.get(path)["Status"] == "Pending"
    node.delete_ledger()
    node.start()
    report = told(orthanc, path)
    assert report["Status"] == "Success" and len(report["Success"]) == len(uids), report


def test_a_modality_that_does_not_listen_is_told_once_it_does_and_status_says_so_meanwhile(ctx):
    node = a_node(ctx)
    orthanc, address = modality(ctx, node)
    node.settings["intake"]["report_to"] = [f"MOD1@127.0.0.1:{free_port()}"]
    node.start()
    uids = store(ctx, node)
    path = ask(orthanc, uids)
    wait_until(lambda: node.status()["intake"]["commitments_untold"] == 1, lambda: json.dumps(node.status()["intake"]), 20, 0.1)
    finding = next(f for f in node.status()["attention"] if f["code"] == "commitment_untold")
    assert "MOD1" in finding["en"] and "MOD1" in finding["zh"]
    node.settings["intake"]["report_to"] = [address]
    code, said = node.reload()
    assert code == 0, said
    assert told(orthanc, path)["Status"] == "Success"
    wait_until(lambda: node.status()["intake"]["commitments_open"] == 0, "told", 10)


def test_a_modality_that_begins_to_listen_is_told_without_anybody_asking_the_node_to(ctx):
    node = a_node(ctx)
    orthanc, _ = modality(ctx, node)
    line = ctx.line(orthanc.port)
    line.cut()
    node.settings["intake"]["report_to"] = [f"MOD1@127.0.0.1:{line.port}"]
    node.start()
    uids = store(ctx, node)
    path = ask(orthanc, uids)
    wait_until(lambda: node.status()["intake"]["commitments_untold"] == 1, lambda: json.dumps(node.status()["intake"]), 20, 0.1)
    line.give_back()
    report = told(orthanc, path, 60)
    assert report["Status"] == "Success" and len(report["Success"]) == len(uids), report
    wait_until(lambda: node.status()["intake"]["commitments_open"] == 0, "told", 10)


def test_with_archived_a_modality_is_told_only_when_the_lead_proved_it(ctx):
    node = a_node(ctx, commit_on="archived")
    lead = ctx.orthanc(name="lead", DicomModalities={"clinic": ["CLINIC", "127.0.0.1", node.port]})
    line = ctx.line(lead.port)
    line.cut()
    node.settings["destinations"] = [{"name": "lead", "dimse": f"LEAD@127.0.0.1:{line.port}"}]
    orthanc, address = modality(ctx, node, "modality")
    node.settings["intake"]["report_to"] = [address]
    node.start()
    uids = store(ctx, node)
    path = ask(orthanc, uids)
    wait_until(lambda: node.status()["intake"]["commitments_open"] == 1, "asked", 10)
    assert orthanc.get(path)["Status"] == "Pending"
    line.give_back()
    report = told(orthanc, path, 100)
    assert report["Status"] == "Success", report
    assert node.destination()["archived"] == len(uids)


def nothing_is_promised_after(ctx, harm):
    """The lead is away, so that nobody else has them: by our word the modality deletes what may be the last copy."""
    node = ctx.node(destinations=[{"name": "lead", "dimse": f"LEAD@127.0.0.1:{free_port()}"}])
    orthanc, address = modality(ctx, node)
    node.settings["intake"]["report_to"] = [address]
    node.start()
    uids = store(ctx, node)
    wait_until(lambda: node.destination()["waiting"] == len(uids), "indexed", 10)
    harm(node, list((node.state / "spool").glob("i*.seg")))
    report = told(orthanc, ask(orthanc, uids))
    assert not report.get("Success"), report
    refused = {(row["SOPInstanceUID"], row.get("StatusCode", row.get("FailureReason"))) for row in report["Failures"]}
    assert refused == {(uid, 0x0110) for uid in uids}, report
    wait_until(lambda: node.status()["spool"]["quarantined"] == len(uids), lambda: f"quarantined: {node.status()['spool']}", 20)


def test_what_was_damaged_on_the_disk_is_not_promised(ctx):
    def harm(_, segments):
        for segment in segments:
            content = bytearray(segment.read_bytes())
            content[8192::65536] = bytes(byte ^ 0xff for byte in content[8192::65536])
            with segment.open("r+b") as file:
                file.write(content)
    nothing_is_promised_after(ctx, harm)


def test_what_is_gone_from_the_disk_is_not_promised(ctx):
    def harm(node, segments):
        node.stop()
        for segment in segments:
            segment.unlink()
        node.start()
    nothing_is_promised_after(ctx, harm)
