# SPDX-License-Identifier: Apache-2.0
"""A disk that fails, slows down or goes read-only under a node: what was promised is kept, what cannot be kept is not promised."""
import json
import os
import signal
import subprocess
import threading
import time

from faulty_disk import Failing, FailingDisk, stop_traced, traced
from harness import tool, wait_until
from node import UnixConnection
from volatile_disk import run_well

contract = (1, 8, 9)


def send(ctx, node, files, **options):
    sender = ctx.raw_scu(node.address, files, called="CLINIC", new_uids=True, **options)
    sender.wait()
    return sender


def echo(node, deadline_s=5):
    done = subprocess.run([tool("echoscu"), "-to", str(deadline_s), "-ta", str(deadline_s), "-td", str(deadline_s), "-aec", "CLINIC", "127.0.0.1", str(node.port)],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode == 0


class Asked(threading.Thread):
    """A request that is sent, and its answer once the thread has ended."""

    def __init__(self, node, method, path, **body):
        super().__init__(daemon=True)
        self.connection, self.began, self.took = UnixConnection(node.socket), time.monotonic(), None
        self.connection.request(method, path, json.dumps(body) if body else None)
        self.start()

    def run(self):
        answer = self.connection.getresponse()
        self.code, self.answer = answer.status, json.loads(answer.read())
        self.took = time.monotonic() - self.began


def test_a_disk_that_fails_every_write_takes_nothing_and_loses_nothing(ctx):
    disk, lead = FailingDisk(ctx), ctx.raw_scp()
    disk.on("pwrite=EIO", "pwrite-rate=100%")
    node = ctx.node(destinations=[lead.destination], state=disk.mount_point / "state").start()
    before = send(ctx, node, ctx.images("mr", 10))
    assert len(before.acknowledged()) == 10
    disk.trigger.touch()
    during = send(ctx, node, ctx.images("mr", 5))
    assert not during.acknowledged(), f"promised on a dead disk: {during.sent()}"
    assert node.alive() and not node.status()["intake"]["accepting"], f"custody ended, the node did not: {node.log()[-1000:]}"
    assert "disk" in node.status()["intake"]["refusing_reason"]
    code, text = node.sampan("--lang", "en")
    assert code == 2 and "Do this now: Check the disk (dmesg" in text and "Free disk space" not in text, text
    node.kill()
    disk.trigger.unlink()
    disk.repaired()
    node.start()
    lead.start()
    node.wait_drained()
    assert lead.shas() == before.acknowledged()
    node.stop()


def test_a_sync_that_fails_fails_all_who_waited_for_it_and_retires_the_segment(ctx):
    lead = ctx.raw_scp()
    node = ctx.node(destinations=[lead.destination])
    modalities, each = 4, 60
    # In the first segment some thread's eighth sync takes a second and fails: by then the other modalities wait for theirs.
    traced(node, "fdatasync:error=EIO:delay_enter=1000000:when=8", path=node.state / "spool/i0000000000000001.seg")
    batches = [ctx.images("mr", each, "--rows", 64, "--columns", 64) for _ in range(modalities)]
    senders = [ctx.raw_scu(node.address, batch, called="CLINIC", calling=f"MOD{n}", **{"continue": True}) for n, batch in enumerate(batches)]
    for sender in senders:
        sender.wait()
    refused = [[answer for answer in sender.sent() if not answer.ok] for sender in senders]
    acknowledged = set().union(*(sender.acknowledged() for sender in senders))
    said = node.log()
    assert said.count("a sync failed, the segment is retired") == 1, said[-2000:]
    assert said.count("an image was not taken") == modalities, f"one image of each waited for that sync: {said[-2000:]}"
    assert all(refused) and {answer.status for answers in refused for answer in answers} == {"a700"}, "each modality is told to send again"
    assert len(acknowledged) == modalities * each - sum(map(len, refused)) > 0
    # What is safe is in the index a moment later.
    wait_until(lambda: node.status()["spool"]["items"] >= len(acknowledged), "all that was acknowledged is held", 20)
    assert node.status()["spool"]["items"] == len(acknowledged), "what was refused is not held as if it were safe"
    assert len(list((node.state / "spool").glob("i*.seg"))) == 2, "a new segment was begun"
    again = ctx.raw_scu(node.address, [answer.path for answers in refused for answer in answers], called="CLINIC", persist=60)
    assert again.wait() == 0, "the disk takes it now"
    acknowledged |= again.acknowledged()
    os.kill(node.traced_pid, signal.SIGKILL)
    wait_until(lambda: not node.process.alive(), "killed")
    node.delete_ledger()
    lead.start()
    node.start()
    node.wait_drained()
    assert len(acknowledged) == modalities * each and lead.shas() == acknowledged, f"{len(acknowledged - lead.shas())} are lost"
    assert node.status()["spool"]["items"] == len(acknowledged), "an image that came again is one image"
    node.stop()
    return f"one failed sync, {sum(map(len, refused))} answers were 0xA700"


def test_what_the_disk_does_not_read_waits_and_holds_nobody_up(ctx):
    lead = ctx.raw_scp()
    node = ctx.node(destinations=[lead.destination]).start()
    large = send(ctx, node, ctx.images("dx", 1, "--rows", 1200, "--columns", 1000))
    small = send(ctx, node, ctx.images("mr", 10))
    assert len(large.acknowledged()) == 1 and len(small.acknowledged()) == 10
    node.stop()
    bad = max((node.state / "spool").glob("i*.seg"), key=lambda path: path.stat().st_size)
    assert bad.stat().st_size > 2 << 20
    lead.start()
    traced(node, "pread64:error=EIO", path=bad)
    wait_until(lambda: lead.shas() == small.acknowledged(), lambda: f"the others arrive: {node.destination()}", 60)
    wait_until(lambda: node.status()["spool"]["unreadable"] == 1, lambda: f"the one that does not read is counted: {node.status()['spool']}", 30)
    wait_until(lambda: node.destination()["waiting"] == 1, lambda: f"it alone waits, once the others are in the ledger: {node.destination()}", 30)
    assert node.status()["spool"]["quarantined"] == 0, node.status()["spool"]
    code, text = node.sampan("--lang", "en")
    assert code == 2 and "1 image cannot be read from the disk and do" in text and "Input/output error" in text, text
    assert "Do this now: Check the disk (dmesg)" in text and "network" not in text.split("Do this now")[1], text
    assert "无法从磁盘读出" in node.sampan("--lang", "zh")[1]
    stop_traced(node)
    node.start()  # it reads again, with the ledger it had, in which the next try stands minutes ahead
    assert node.status()["spool"]["unreadable"] == 0 and node.destination()["waiting"] == 1, node.status()
    for order in ("hold", "resume"):
        code, text = node.sampan(order, large.sent()[0].sop_instance)
        assert code == 0, text
    node.wait_drained()
    assert lead.shas() == small.acknowledged() | large.acknowledged()
    node.stop()


def test_an_index_that_does_not_read_is_told_and_nothing_is_called_delivered_or_missing(ctx):
    lead = ctx.raw_scp()
    node = ctx.node(destinations=[lead.destination]).start()
    first = send(ctx, node, ctx.images("mr", 10))
    wait_until(lambda: node.destination()["waiting"] == 10, lambda: f"they wait: {node.destination()}", 30)
    assert not node.status()["spool"]["unanswered"]
    with Failing(node, "pread64:error=EIO", node.state / "ledger.db", node.state / "ledger.db-wal"):
        more = send(ctx, node, ctx.images("mr", 3))
        assert len(more.acknowledged()) == 3
        wait_until(lambda: node.status()["spool"]["unanswered"], lambda: f"it is told: {node.status()['spool']}", 30)
        code, text = node.sampan("--lang", "en")
        assert code == 2 and "The index does not read" in text.splitlines()[0] and "delivered" not in text.splitlines()[0], text
        assert "索引无法读取" in node.sampan("--lang", "zh")[1].splitlines()[0]
        code, text = node.sampan("--lang", "en", "trace", first.sent()[0].sop_instance)
        assert code != 0 and "not found yet" in text and "nothing of that name" not in text, text
        assert "may be missing here" in node.sampan("--lang", "en", "today")[1]
    lead.start()
    node.wait_drained()
    assert not node.status()["spool"]["unanswered"]
    assert lead.shas() == first.acknowledged() | more.acknowledged()
    node.stop()


def test_a_disk_that_goes_read_only_refuses_images_and_the_uplink_goes_on(ctx):
    disk, lead = FailingDisk(ctx), ctx.raw_scp()
    disk.on()
    node = ctx.node(destinations=[lead.destination], state=disk.mount_point / "state").start()
    before = send(ctx, node, ctx.images("mr", 10))
    assert len(before.acknowledged()) == 10
    wait_until(lambda: node.destination()["waiting"] == 10, "in the ledger, from which the uplink takes them")
    run_well("mount", "-o", "remount,abort", disk.mount_point)  # as the file system itself does it after an error
    during = send(ctx, node, ctx.images("mr", 3))
    assert not during.acknowledged() and node.alive()
    wait_until(lambda: not node.status()["intake"]["accepting"], lambda: f"status says so: {node.status()['intake']}")
    assert "disk" in node.status()["intake"]["refusing_reason"]
    for lang, now in (("en", "Do this now: The disk went read-only: check it (dmesg), and mount it"), ("zh", "现在请做：磁盘已变为只读")):
        code, text = node.sampan("--lang", lang)
        assert code == 2 and now in text and "Free disk space" not in text, text
    lead.start()
    wait_until(lambda: lead.shas() == before.acknowledged(), "the uplink goes on", 60)
    node.kill()
    disk.repaired()
    node.start()
    after = send(ctx, node, ctx.images("mr", 3))
    assert len(after.acknowledged()) == 3
    node.wait_drained()
    assert lead.shas() == before.acknowledged() | after.acknowledged()
    node.stop()


def test_a_disk_whose_sync_takes_two_seconds_slows_intake_evenly_and_nothing_else(ctx):
    """Its flushes go one after the other, as on a real disk."""
    lead = ctx.raw_scp().start()
    node = ctx.node(destinations=[lead.destination]).start()
    node.stop()
    node.start({"LD_PRELOAD": tool("slow_sync.so"), "SLOW_SYNC_MS": "2000"}, deadline_s=120)
    each, began = 6, time.monotonic()
    images = ctx.images("mr", each)
    senders = [ctx.raw_scu(node.address, images, called="CLINIC", calling=f"MOD{n}", new_uids=True) for n in range(8)]
    ended, half, slowest_echo, slowest_status = {}, None, 0.0, 0.0
    while len(ended) < len(senders):
        asked = time.monotonic()
        assert echo(node), "echo is answered"
        slowest_echo = max(slowest_echo, time.monotonic() - asked)
        asked = time.monotonic()
        node.status()
        slowest_status = max(slowest_status, time.monotonic() - asked)
        counts = [len(sender.acknowledged()) for sender in senders]
        if half is None and sum(counts) >= each * len(senders) // 2:
            half = counts
        ended.update({n: time.monotonic() - began for n, count in enumerate(counts) if count == each and n not in ended})
        assert time.monotonic() - began < 150, counts
    meanwhile = len(lead.shas())
    assert all(sender.wait() == 0 for sender in senders)
    assert meanwhile >= each * len(senders) // 3, f"the uplink waited for the intake: {meanwhile}"
    assert min(ended.values()) > each * 2 - 2, f"no sync was slow: {ended}"
    assert max(half) - min(half) <= 2, f"at half time: {half}"
    assert max(ended.values()) <= 1.5 * min(ended.values()), ended
    assert slowest_echo < 1.5 and slowest_status < 1.5, (slowest_echo, slowest_status)
    wait_until(lambda: len(lead.shas()) == each * len(senders), lambda: f"the uplink goes on: {len(lead.shas())}", 60)
    node.kill()
    return (f"{min(ended.values()):.1f} to {max(ended.values()):.1f} s, at half time {min(half)} to {max(half)} of {each}, "
            f"{meanwhile} of {each * len(senders)} at the lead by then; echo within {slowest_echo:.2f} s, status within {slowest_status:.2f} s")


test_a_disk_whose_sync_takes_two_seconds_slows_intake_evenly_and_nothing_else.deadline_s = 240


def test_status_answers_while_an_order_waits_for_the_disk_and_others_for_the_order(ctx):
    node = ctx.node(destinations=[{"name": "lead", "dimse": "NOBODY@127.0.0.1:9"}]).start()
    assert len(send(ctx, node, ctx.images("mr", 3)).acknowledged()) == 3
    wait_until(lambda: node.get("/v1/today")["exams"], "in the ledger")
    study = node.get("/v1/today")["exams"][0]["study_uid"]
    node.stop()
    node.start({"LD_PRELOAD": tool("slow_sync.so"), "SLOW_SYNC_MS": "1500"}, deadline_s=150)
    order = Asked(node, "POST", "/v1/hold", key=study)
    node.status()  # by then the order has been read
    questions = [Asked(node, "GET", f"/v1/trace?key={study}") for _ in range(12)]
    slowest, statuses = 0.0, 0
    while order.is_alive():
        began = time.monotonic()
        node.status()
        slowest, statuses = max(slowest, time.monotonic() - began), statuses + 1
    assert order.code == 200 and order.took > 1.4, (order.answer, order.took)
    assert slowest < 1.2 and statuses > 2, f"{statuses} answers, the slowest in {slowest:.2f} s, while the order took {order.took:.1f} s"
    for question in questions:
        question.join()
    refused = [question for question in questions if question.code != 200]
    assert len(refused) == 4 and all(one.code == 503 and one.answer["code"] == "busy" and one.took < order.took for one in refused), [(one.code, one.took) for one in questions]
    assert all(one.answer["exams"][0]["destinations"][0]["held"] for one in questions if one.code == 200), "in turn, after the order"
    node.kill()
    return f"{statuses} answers while the order took {order.took:.1f} s, the slowest in {slowest:.2f} s"


test_status_answers_while_an_order_waits_for_the_disk_and_others_for_the_order.deadline_s = 240
