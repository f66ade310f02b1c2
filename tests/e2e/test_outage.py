# SPDX-License-Identifier: Apache-2.0
"""What is switched off on the way: the line, the lead, the node, its ledger; and what the modality sees of it: nothing."""
import threading
import time

import wire
from harness import wait_until
from scripted_scp import ScriptedScp, answer_to

contract = (7, 9)
RESTARTS = 5


def down(node):
    wait_until(lambda: node.destination()["state"] == "backing_off", lambda: f"down: {node.destination()}")


def test_a_node_without_its_ledger_goes_on_delivering(ctx):
    lead = ctx.raw_scp().start()
    line = ctx.line(lead.port, cut_after=3_000_000)
    node = ctx.node(destinations=[{"name": "lead", "dimse": f"LEAD@127.0.0.1:{line.port}"}]).start()
    sender = ctx.raw_scu(node.address, ctx.images("ct", 13), called="CLINIC")
    assert sender.wait() == 0
    down(node)
    before = node.destination()["delivered"]
    assert 0 < before < 13
    node.kill()
    node.delete_ledger()
    node.start()
    wait_until(lambda: "rebuilt 13 items" in node.log(), node.log)
    wait_until(lambda: node.destination()["delivered"] == before, lambda: f"receipts are in the spool: {node.destination()}")
    line.give_back()
    node.wait_drained()
    assert lead.shas() == sender.acknowledged()
    assert node.destination()["delivered"] == 13
    twice = len(lead.received()) - 13
    assert twice <= 2, f"{twice} were sent again; only what was under way on the two lanes may be"


def test_a_transfer_that_a_stop_of_the_node_breaks_off_is_no_try_of_its_images(ctx):
    """With one more, five tries of each would be over; and nothing waits for a back-off after a start."""
    hung, answers = threading.Event(), []

    def hang_then_doubt(scp, peer):
        peer.send(wire.associate_ac(peer.read()[1]))
        while (asked := peer.message()) is not None and asked[1].get(0x100) == wire.us(wire.C_STORE_RQ):
            if restarts < RESTARTS:
                hung.set()
                peer.exactly(1 << 30)
            answers.append(asked[1][0x1000])
            peer.send(answer_to(asked, status=0x0110))

    restarts = 0
    lead = ScriptedScp(hang_then_doubt)
    node = ctx.node(destinations=[{"name": "lead", "dimse": f"LEAD@127.0.0.1:{lead.port}", "lanes": 1, "proof": "none"}]).start()
    assert ctx.raw_scu(node.address, ctx.images("mr", 3), called="CLINIC").wait() == 0
    while restarts < RESTARTS:
        wait_until(hung.is_set, lambda: f"one is on its way: {node.destination()}", 10)
        node.stop()
        restarts += 1
        hung.clear()
        node.start()
    wait_until(lambda: len(set(answers)) == 3, lambda: f"each is answered: {node.destination()}")
    wait_until(lambda: node.destination()["sending"] == 0, "what was said is noted")
    assert node.destination()["rejected"] == 0 and node.destination()["waiting"] == 3, node.destination()


def test_the_modality_is_answered_as_fast_when_the_line_is_away(ctx):
    """Intake knows nothing of destinations: with a dead next hop the same load is not slower than twice the time, plus a second."""
    lead = ctx.raw_scp().start()
    line = ctx.line(lead.port)
    node = ctx.node(destinations=[{"name": "lead", "dimse": f"LEAD@127.0.0.1:{line.port}"}]).start()
    files = ctx.images("mr", 10)

    def seconds():
        began = time.monotonic()
        assert ctx.raw_scu(node.address, files, called="CLINIC", new_uids=True, repeat=20).wait() == 0
        return time.monotonic() - began

    with_line = seconds()
    line.cut()
    without = seconds()
    assert without <= 2 * with_line + 1, f"{with_line:.2f} s with the line, {without:.2f} s without"
    line.give_back()
    node.wait_drained(120)
    assert len(lead.shas()) == 400


test_the_modality_is_answered_as_fast_when_the_line_is_away.contract = (12,)


def test_a_dead_destination_does_not_hold_up_another(ctx):
    lead = ctx.raw_scp().start()
    dead = {"name": "dead", "dimse": "NOBODY@127.0.0.1:9"}
    archive = ctx.dir / "archive"
    node = ctx.node(destinations=[dead, lead.destination, {"name": "archive", "folder": str(archive)}]).start()
    sender = ctx.raw_scu(node.address, ctx.images("mr", 20), called="CLINIC")
    assert sender.wait() == 0
    wait_until(lambda: node.destination("lead")["waiting"] == 0 and node.destination("archive")["waiting"] == 0,
               lambda: f"the others drain: {node.status()['destinations']}")
    assert lead.shas() == sender.acknowledged() and len(list(archive.rglob("*.dcm"))) == 20
    assert node.destination("dead")["waiting"] == 20


test_a_dead_destination_does_not_hold_up_another.contract = (8,)


def test_no_patient_data_is_in_what_the_node_writes_for_people(ctx):
    """The invented patient of the generated images is in none of the log, the status, or the names below the state directory."""
    lead = ctx.raw_scp(status="A900").start()
    node = ctx.node(destinations=[lead.destination], log={"level": "debug"}).start()
    files = ctx.images("ct", 2)
    assert ctx.raw_scu(node.address, files, called="CLINIC").wait() == 0
    wait_until(lambda: node.destination()["rejected"] == 2, lambda: str(node.destination()))
    secrets = patient_values(ctx, files[0])
    names = "\n".join(str(path) for path in node.dir.rglob("*"))
    written = node.log() + node.process.said() + str(node.status()) + node.sampan("status")[1] + node.sampan("queue")[1] + names
    found = [secret for secret in secrets if secret in written]
    assert secrets and not found, f"{len(found)} patient values are in what it writes"
    node.stop()
    raw = b"".join(path.read_bytes() for path in node.state.rglob("*") if path.is_file())
    assert not [secret for secret in secrets if secret.encode() in raw], "patient values are on the disk in clear"


test_no_patient_data_is_in_what_the_node_writes_for_people.contract = (11,)


def patient_values(ctx, path):
    """Name, identifier, birth date and accession number of a file, by dcmdump."""
    shown = ctx.command("dcmdump", "+P", "0010,0010", "+P", "0010,0020", "+P", "0010,0030", "+P", "0008,0050", path).stdout
    values = [row.split("[", 1)[1].split("]", 1)[0].strip() for row in shown.splitlines() if "[" in row]
    return [value for value in values if len(value) > 3]


def test_memory_stays_small_when_an_object_is_large(ctx):
    """An object of 300 MB passes; the node's own memory stays far below it."""
    lead = ctx.raw_scp(out=False).start()
    node = ctx.node(destinations=[lead.destination]).start()
    big = ctx.images("big", 1, "--rows", 1024, "--columns", 1024, "--frames", 150)
    assert big[0].stat().st_size > 300_000_000
    assert ctx.raw_scu(node.address, big, called="CLINIC").wait() == 0
    node.wait_drained(120)
    peak_kb = int(next(row.split()[1] for row in open(f"/proc/{node.process.pid}/status") if row.startswith("VmHWM")))
    assert peak_kb < 64 * 1024, f"{peak_kb} KB"
    return f"peak {peak_kb // 1024} MB"


test_memory_stays_small_when_an_object_is_large.contract = (10,)
