# SPDX-License-Identifier: Apache-2.0
"""A disk that somebody else fills: new images are refused politely, everything else goes on, and room resumes the rest."""
from faulty_disk import Sink, SmallDisk, SmallFileSystem
from harness import wait_until

contract = (2, 9, 10)
MIB = 1 << 20


def clinic(ctx, disk, lead, **settings):
    trusted = {**lead.destination, "reclaim_after": "accepted", "retention_days": 0}
    return ctx.node(destinations=[trusted, *settings.pop("more", [])], state=disk.mount_point / "state", **settings)


def refused(node):
    return not node.status()["intake"]["accepting"]


def send(ctx, node, files, **options):
    sender = ctx.raw_scu(node.address, files, called="CLINIC", new_uids=True, **options)
    sender.wait()
    return sender


def books_agree(node, lead, senders):
    acknowledged = set().union(*(sender.acknowledged() for sender in senders))
    assert acknowledged and acknowledged == lead.shas(), f"{len(acknowledged)} acknowledged, {len(lead.shas())} there"
    spool = node.status()["spool"]
    assert spool["quarantined"] == 0, spool


def test_images_are_refused_at_command_time_while_telemetry_and_receipts_flow_and_room_resumes_intake(ctx):
    disk, lead, sink = SmallDisk(ctx, 128 * MIB), ctx.raw_scp(), Sink(ctx)
    node = clinic(ctx, disk, lead, more=[sink.destination], telemetry={"every_seconds": 1}).start()
    pid = node.process.pid
    before = send(ctx, node, ctx.images("mr", 20))
    assert len(before.acknowledged()) == 20
    on_its_way = ctx.raw_scu(node.address, ctx.images("mr", 4), called="CLINIC", new_uids=True, repeat=30, rate=20)
    wait_until(lambda: len(on_its_way.acknowledged()) >= 5, "some are taken")
    disk.fill(but=4 * MIB)
    wait_until(lambda: any(not answer.ok for answer in on_its_way.sent()), lambda: f"refused: {on_its_way.sent()[-1:]}")
    answers = {answer.status for answer in on_its_way.sent() if not answer.ok}
    assert answers == {"a700"}, answers
    wait_until(lambda: refused(node), "status says so")
    assert "full" in node.status()["intake"]["refusing_reason"]
    assert node.sampan()[0] != 0 and "disk" in node.sampan()[1], node.sampan()
    wait_until(lambda: sink.events("disk.")[-1:] == ["disk.critical"], lambda: f"and the lead hears of it: {sink.events('disk.')}")
    assert node.status()["spool"]["disk_state"] == "critical"
    on_its_way.wait()
    new = send(ctx, node, ctx.images("mr", 1))
    assert not new.acknowledged(), "a new association is turned away while it lasts"
    samples = len(sink.samples())
    lead.start()
    wait_until(lambda: len(sink.samples()) > samples + 2, "telemetry flows")
    node.wait_drained()
    assert lead.shas() == before.acknowledged() | on_its_way.acknowledged()
    disk.give_back()
    wait_until(lambda: not refused(node), "room resumes intake")
    wait_until(lambda: sink.events("disk.")[-1:] == ["disk.ok"], lambda: str(sink.events("disk.")))
    assert node.status()["spool"]["disk_state"] == "well"
    after = send(ctx, node, ctx.images("mr", 3))
    assert len(after.acknowledged()) == 3 and node.process.pid == pid and node.alive()
    node.wait_drained()
    node.stop()
    node.delete_ledger()
    node.start()
    node.wait_drained()
    books_agree(node, lead, [before, on_its_way, after])
    node.stop()


def test_an_object_that_does_not_fit_leaves_nothing_behind(ctx):
    disk, lead = SmallDisk(ctx, 64 * MIB), ctx.raw_scp()
    node = clinic(ctx, disk, lead).start()
    small = send(ctx, node, ctx.images("mr", 3))
    large = ctx.images("dx", 1, "--rows", 4000, "--columns", 4000)  # 32 MB
    disk.fill(but=20 * MIB)
    free = disk.free()
    answer = send(ctx, node, large)
    assert not answer.acknowledged() and [one.status for one in answer.sent()] == ["a700"], answer.sent()
    wait_until(lambda: disk.free() >= free - MIB, lambda: f"the part that arrived is gone: {free} -> {disk.free()}")
    node.kill()
    node.delete_ledger()
    lead.start()
    node.start()
    node.wait_drained()
    books_agree(node, lead, [small])
    node.stop()


def test_without_names_images_are_refused_at_command_time_and_telemetry_and_receipts_flow(ctx):
    disk, lead, sink = SmallDisk(ctx, 64 * MIB, inodes=600), ctx.raw_scp(), Sink(ctx)
    node = clinic(ctx, disk, lead, more=[sink.destination], telemetry={"every_seconds": 1}).start()
    before = send(ctx, node, ctx.images("mr", 10))
    assert len(before.acknowledged()) == 10
    on_its_way = ctx.raw_scu(node.address, ctx.images("mr", 4), called="CLINIC", new_uids=True, repeat=30, rate=20)
    wait_until(lambda: len(on_its_way.acknowledged()) >= 5, "some are taken")
    disk.fill_names()
    wait_until(lambda: any(not answer.ok for answer in on_its_way.sent()), lambda: f"refused: {on_its_way.sent()[-1:]}")
    assert {answer.status for answer in on_its_way.sent() if not answer.ok} == {"a700"}, on_its_way.sent()[-3:]
    wait_until(lambda: refused(node), "status says so")
    on_its_way.wait()
    assert not send(ctx, node, ctx.images("mr", 1)).acknowledged(), "a new association is turned away while it lasts"
    samples = len(sink.samples())
    lead.start()
    wait_until(lambda: len(sink.samples()) > samples + 2, "telemetry flows")
    node.wait_drained()
    assert lead.shas() == before.acknowledged() | on_its_way.acknowledged()
    wait_until(lambda: node.destination()["delivered"] == len(lead.shas()), lambda: f"the receipts are kept: {node.destination()}")
    disk.give_back()
    wait_until(lambda: not refused(node), "room resumes intake")
    assert len(send(ctx, node, ctx.images("mr", 2)).acknowledged()) == 2
    node.wait_drained()
    node.stop()


def full_to_the_last(ctx, disk, fill, without_ledger):
    """Nothing at all is free when the node is there, and when it starts again."""
    lead = ctx.raw_scp()
    node = clinic(ctx, disk, lead).start()
    sender = send(ctx, node, ctx.images("mr", 30))
    assert len(sender.acknowledged()) == 30
    wait_until(lambda: (node.state / "ballast").is_dir() and len(list((node.state / "ballast").iterdir())) == 8, "the ballast is there")
    fill()
    wait_until(lambda: refused(node), "images are refused")
    fill()  # also what the node gave back
    node.kill()
    if without_ledger:
        node.delete_ledger()
        fill()
    node.start()
    lead.start()
    node.wait_drained()
    assert lead.shas() == sender.acknowledged()
    wait_until(lambda: node.destination()["delivered"] == 30, lambda: f"the receipts are kept: {node.destination()}")
    node.kill()
    node.start()
    node.wait_drained()
    assert len(lead.received()) == 30, f"{len(lead.received())} arrived: receipts outlive a start on a full disk"
    disk.give_back()
    wait_until(lambda: not refused(node), "room resumes intake")
    assert len(send(ctx, node, ctx.images("mr", 2)).acknowledged()) == 2
    node.wait_drained()
    node.stop()


def test_a_node_starts_on_a_completely_full_disk_and_empties_it(ctx):
    disk = SmallDisk(ctx, 64 * MIB)
    full_to_the_last(ctx, disk, disk.fill, without_ledger=False)


def test_a_node_without_its_ledger_starts_on_a_completely_full_disk(ctx):
    disk = SmallDisk(ctx, 64 * MIB)
    full_to_the_last(ctx, disk, disk.fill, without_ledger=True)


def test_a_node_lives_and_starts_on_a_disk_without_names(ctx):
    disk = SmallDisk(ctx, 64 * MIB, inodes=600)
    full_to_the_last(ctx, disk, disk.fill_names, without_ledger=False)


def test_a_node_without_its_ledger_starts_on_a_disk_without_names(ctx):
    disk = SmallDisk(ctx, 64 * MIB, inodes=600)
    full_to_the_last(ctx, disk, disk.fill_names, without_ledger=True)


def test_a_node_without_its_ledger_starts_on_a_completely_full_ext4(ctx):
    disk = SmallFileSystem(ctx, "ext4", 96 * MIB)
    full_to_the_last(ctx, disk, disk.fill, without_ledger=True)


def test_a_node_starts_on_a_completely_full_xfs_and_empties_it(ctx):
    disk = SmallFileSystem(ctx, "xfs", 400 * MIB)
    full_to_the_last(ctx, disk, disk.fill, without_ledger=False)


def test_a_node_without_its_ledger_starts_on_an_ext4_without_names(ctx):
    disk = SmallFileSystem(ctx, "ext4", 96 * MIB, "-N", "600")
    full_to_the_last(ctx, disk, disk.fill_names, without_ledger=True)
