# SPDX-License-Identifier: Apache-2.0
"""The last hop: two clinics that use the same numbers, each shown as it is, and an original that nobody touched."""
import json
import subprocess
import urllib.request

import cargo
import part10
from harness import wait_until

contract = (5,)


def pydicom():
    import pydicom  # noqa: PLC0415  (Debian's python3-pydicom)
    pydicom.config.convert_wrong_length_to_UN = True
    return pydicom


def clinic(ctx, name, destination, prefix, institution):
    destination = {**destination, "transform": {
        "issuer_of_patient_id": name.upper(), "patient_id_prefix": prefix, "institution_name": institution, "character_set": "utf-8"}}
    return ctx.node(name, destinations=[destination]).start()


def patients(orthanc):
    return sorted((orthanc.get(f"/patients/{identifier}") for identifier in orthanc.get("/patients")),
                  key=lambda patient: patient["MainDicomTags"]["PatientID"])


def first_file(orthanc, patient):
    study = orthanc.get(f"/studies/{patient['Studies'][0]}")
    instance = orthanc.get(f"/series/{study['Series'][0]}")["Instances"][0]
    path = orthanc.dir / f"{instance}.dcm"
    path.write_bytes(orthanc.file(instance))
    return pydicom().dcmread(path), orthanc.get(f"/instances/{instance}/metadata?expand")


def test_two_clinics_with_the_same_patient_id_are_two_patients_at_the_lead(ctx):
    orthanc = ctx.orthanc(dicomweb=True)
    south = clinic(ctx, "south", orthanc.destination, "S-", "城南社区卫生服务中心")
    north = clinic(ctx, "north", {"name": "lead", "stow": orthanc.stow}, "N-", "城北卫生院")
    for node in (south, north):
        images = ctx.images("ct", 2, "--rows", 64, "--columns", 64, "--name-gb18030")
        assert ctx.raw_scu(node.address, images, called=node.name.upper(), calling="CT1").wait() == 0
    for node in (south, north):
        node.wait_drained()
        assert node.destination()["delivered"] == 2, node.destination()
    both = patients(orthanc)
    assert [patient["MainDicomTags"]["PatientID"] for patient in both] == ["N-SAMPAN-0001", "S-SAMPAN-0001"]
    for patient, name, institution in zip(both, ("NORTH", "SOUTH"), ("城北卫生院", "城南社区卫生服务中心")):
        image, metadata = first_file(orthanc, patient)
        assert image.IssuerOfPatientID == name
        assert image.InstitutionName == institution
        assert image.SpecificCharacterSet == "ISO_IR 192"
        assert image.PatientName.ideographic == "陈^晓雨", image.PatientName
        (change,) = image.OriginalAttributesSequence
        assert change.ModifyingSystem == f"SAMPAN {name}" and change.ReasonForTheAttributeModification == "COERCE"
        assert change.SourceOfPreviousValues == "CT1"
        (before,) = change.ModifiedAttributesSequence
        assert before.PatientID == "SAMPAN-0001" and before.SpecificCharacterSet == "GB18030"
        assert before.PatientName.ideographic == "陈^晓雨"
        if name == "SOUTH":
            assert metadata["RemoteAET"] == "SOUTH"


def test_one_node_shows_each_origin_under_its_own_title_and_with_its_own_numbers(ctx):
    lead = ctx.raw_scp("lead").start()
    origins = [{"from": "DR_A", "calling_ae": "CLINIC_A", "transform": {"patient_id_prefix": "A-"}},
               {"from": "DR_B", "transform": {"patient_id_prefix": "B-"}}]
    node = ctx.node(destinations=[{**lead.destination, "as_sender": True, "origins": origins}]).start()
    for caller in ("DR_A", "DR_B", "DR_C"):
        assert ctx.raw_scu(node.address, ctx.images("mr", 2), called="CLINIC", calling=caller).wait() == 0
    node.wait_drained()
    seen = {(row.calling, pydicom().dcmread(lead.out / f"{row.sha256}.ds", force=True).PatientID) for row in lead.received()}
    assert seen == {("CLINIC_A", "A-SAMPAN-0001"), ("DR_B", "B-SAMPAN-0001"), ("DR_C", "SAMPAN-0001")}, seen


def parses(path):
    return subprocess.run(["dcmdump", "-q", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60).returncode == 0


def test_real_images_are_changed_for_one_destination_and_kept_and_sent_as_they_are_to_another(ctx):
    files, words = cargo.good_files(ctx)
    changed, plain = ctx.folder("changed"), ctx.folder("plain")
    transform = {"issuer_of_patient_id": "青山", "patient_id_prefix": "Q-", "institution_name": "青山镇卫生院", "character_set": "utf-8"}
    node = ctx.node(destinations=[{"name": "changed", "folder": str(changed), "transform": transform},
                                  {"name": "plain", "folder": str(plain)}]).start()
    sender = ctx.raw_scu(node.address, [one.path for one in files], called="CLINIC", new_uids=True)
    assert sender.wait() == 0
    wait_until(lambda: all(node.destination(name)["waiting"] == 0 for name in ("changed", "plain")), lambda: str(node.status()), 120)
    assert {part10.data_set_sha256(path) for path in plain.rglob("*.dcm")} == sender.acknowledged(), "the original is untouched"
    done = node.destination("changed")
    assert done["delivered"] + done["rejected"] == len(files) and done["delivered"] > 0.9 * len(files), done
    for path in changed.rglob("*.dcm"):
        image = pydicom().dcmread(path)
        assert image.IssuerOfPatientID == "青山" and image.InstitutionName == "青山镇卫生院", path
        before = image.OriginalAttributesSequence[-1].ModifiedAttributesSequence[0]
        assert not before.get("PatientID") or image.PatientID == "Q-" + before.PatientID, path
        twin = plain / path.relative_to(changed)
        assert parses(path) or not parses(twin), f"dcmdump reads the original and not {path}"
    return f"{done['delivered']} of {words}, {done['rejected']} rejected in words"


def test_memory_stays_small_when_a_large_image_is_changed(ctx):
    """300 MB, changed on the way, for a PACS and for a folder that compares what it wrote."""
    lead = ctx.raw_scp(out=False).start()
    transform = {"patient_id_prefix": "Q-", "institution_name": "青山镇卫生院", "character_set": "utf-8"}
    node = ctx.node(destinations=[{**lead.destination, "transform": transform},
                                  {"name": "copy", "folder": str(ctx.folder("copy")), "transform": transform}]).start()
    big = ctx.images("big", 1, "--rows", 1024, "--columns", 1024, "--frames", 150)
    assert big[0].stat().st_size > 300_000_000
    assert ctx.raw_scu(node.address, big, called="CLINIC").wait() == 0
    node.wait_drained(120)
    assert {node.destination(name)["delivered"] for name in ("lead", "copy")} == {1}, node.status()["destinations"]
    peak_kb = int(next(row.split()[1] for row in open(f"/proc/{node.process.pid}/status") if row.startswith("VmHWM")))
    assert peak_kb < 64 * 1024, f"{peak_kb} KB"
    return f"peak {peak_kb // 1024} MB"


test_memory_stays_small_when_a_large_image_is_changed.contract = (5, 10)


def test_a_pacs_that_authorises_by_title_takes_one_origin_and_the_other_when_it_knows_it(ctx):
    closed = {f"DicomAlwaysAllow{what}": False for what in ("Echo", "Store", "Find", "FindWorklist", "Get", "Move")}
    orthanc = ctx.orthanc(DicomModalities={"a": ["CLINIC_A", "127.0.0.1", 104]}, **closed)
    origins = [{"from": "DR_A", "calling_ae": "CLINIC_A"}, {"from": "DR_B", "calling_ae": "CLINIC_B"}]
    node = ctx.node(destinations=[{**orthanc.destination, "origins": origins}]).start()

    def send(caller, count):
        images = ctx.images("mr", count, "--rows", 64, "--columns", 64)
        assert ctx.raw_scu(node.address, images, called="CLINIC", calling=caller).wait() == 0

    send("DR_A", 2)
    wait_until(lambda: node.destination()["delivered"] == 2, lambda: str(node.destination()))
    send("DR_B", 2)
    wait_until(lambda: "refuses what is called in as CLINIC_B" in node.log(), node.log)
    send("DR_A", 3)
    wait_until(lambda: node.destination()["delivered"] == 5, lambda: f"the other origin goes on: {node.destination()}")
    here = node.destination()
    assert here["state"] == "up" and here["waiting"] == 2 and here["rejected"] == 0, here
    body = json.dumps({"AET": "CLINIC_B", "Host": "127.0.0.1", "Port": 104}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{orthanc.http_port}/modalities/b", data=body, method="PUT")
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30).close()
    wait_until(lambda: node.destination()["delivered"] == 7, lambda: f"it flows by itself: {node.destination()}", 120, 0.1)


test_a_pacs_that_authorises_by_title_takes_one_origin_and_the_other_when_it_knows_it.contract = (7, 8)
