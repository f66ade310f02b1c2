# SPDX-License-Identifier: Apache-2.0
"""Every file: raw SCU -> node -> raw SCP and folder, with identical data sets."""
import hashlib
from collections import Counter

import cargo
import part10

contract = (3, 5)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def carry(ctx, number, part):
    """One node, one set of distinct instances, two destinations."""
    lead, archive = ctx.raw_scp(name=f"lead{number}").start(), ctx.dir / f"archive{number}"
    destinations = [lead.destination, {"name": "archive", "folder": str(archive)}]
    node = ctx.node(f"clinic{number}", destinations=destinations).start()
    sender = ctx.raw_scu(node.address, [one.path for one in part], called=f"CLINIC{number}")
    assert sender.wait() == 0, [answer for answer in sender.sent() if not answer.ok]
    node.wait_drained()
    compare_lead(lead, part, sender)
    compare_folder(archive, part, sender)
    node.stop()
    lead.kill()


def sent_as(sender):
    """path -> SOP Instance UID of the command; in some files the data set and the file meta information disagree."""
    return {answer.path: answer.sop_instance for answer in sender.sent()}


def compare_lead(lead, part, sender):
    rows, instances = lead.received(), sent_as(sender)
    there, sent = Counter(row.sha256 for row in rows), Counter(sha256(one.data_set) for one in part)
    assert there == sent, f"missing: {[one.path for one in part if not there[sha256(one.data_set)]]}, more: {there - sent}"
    by_sha = {row.sha256: row for row in rows}
    for one in part:
        row = by_sha[sha256(one.data_set)]
        assert lead.content(row.sha256) == one.data_set, one.path
        assert (row.sop_instance, row.transfer_syntax) == (instances[str(one.path)], one.transfer_syntax), one.path


def compare_folder(archive, part, sender):
    found, instances = {}, sent_as(sender)
    for path in archive.rglob("*.dcm"):
        meta, data_set = part10.read(path)
        found[meta["sop_instance"]] = (meta["transfer_syntax"], data_set)
    assert len(found) == len(part), f"{len(found)} files for {len(part)} instances"
    for one in part:
        assert found[instances[str(one.path)]] == (one.transfer_syntax, one.data_set), one.path


def test_every_data_set_arrives_bit_for_bit(ctx):
    files, words = cargo.good_files(ctx)
    parts = cargo.rounds(files)
    for number, part in enumerate(parts):
        carry(ctx, number, part)
    return words


def test_odd_fragments_and_small_pdus_change_nothing(ctx):
    files, words = cargo.good_files(ctx)
    part = cargo.rounds(files)[0]
    lead = ctx.raw_scp(max_pdu=4096).start()
    node = ctx.node(destinations=[lead.destination]).start()
    sender = ctx.raw_scu(node.address, [one.path for one in part], called="CLINIC", max_pdu=4098, odd_pdvs=True)
    assert sender.wait() == 0, [answer for answer in sender.sent() if not answer.ok]
    node.wait_drained()
    compare_lead(lead, part, sender)
    return f"{len(part)} of {words}"
