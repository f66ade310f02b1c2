# SPDX-License-Identifier: Apache-2.0
"""Folder -> node -> raw SCP and folder: identical data sets, originals gone only once they are safe."""
import hashlib
import os
import shutil

import cargo
from harness import free_port, wait_until

contract = (1, 2, 5, 6)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def files_in(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def node_over(ctx, drop, destinations, **folder):
    node = ctx.node(destinations=destinations)
    node.settings["intake"]["folders"] = [{"path": str(drop), "ae_title": "DROP1", "stable_seconds": 1, **folder}]
    return node


def put_all(drop, part):
    """Below sub-folders, under names that may occur twice in the corpus."""
    for number, one in enumerate(part):
        to = drop / f"study{number % 5}" / f"{number}-{one.path.name}"
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(one.path, to)


def wait_empty(drop, deadline_s=60):
    wait_until(lambda: not files_in(drop), lambda: f"empty: {[str(path) for path in files_in(drop)][:5]}", deadline_s)


def test_every_data_set_in_a_folder_arrives_bit_for_bit(ctx):
    files, words = cargo.good_files(ctx)
    for watch, part in zip(("inotify", "poll"), cargo.rounds(files)):
        drop, lead = ctx.folder(f"drop-{watch}"), ctx.raw_scp(name=f"lead-{watch}").start()
        node = ctx.node(f"clinic-{watch}"[:16], destinations=[lead.destination])
        node.settings["intake"]["folders"] = [{"path": str(drop), "stable_seconds": 1, "watch": watch}]
        put_all(drop, part[:len(part) // 2])
        node.start()
        put_all(drop, part)
        wait_empty(drop)
        node.wait_drained()
        sent = {sha256(one.data_set): one for one in part}
        assert lead.shas() == set(sent), f"{watch}: missing {[str(sent[one].path) for one in set(sent) - lead.shas()]}"
        for row in lead.received():
            one = sent[row.sha256]
            assert lead.content(row.sha256) == one.data_set, one.path
            assert (row.sop_class, row.transfer_syntax) == (one.sop_class, one.transfer_syntax), one.path
        node.stop()
        lead.kill()
    return words


def test_a_kill_between_commit_and_removal_delivers_once(ctx):
    drop, lead = ctx.folder("drop"), ctx.raw_scp().start()
    archive = ctx.dir / "archive"
    node = node_over(ctx, drop, [lead.destination, {"name": "archive", "folder": str(archive)}], carry="any")
    image = ctx.images("ct", 1)[0]
    shutil.copyfile(image, drop / "IM1")
    (drop / "ecg.pdf").write_bytes(b"%PDF-1.4 a heart")
    for passes, left in ((1, ["IM1", "ecg.pdf"]), (2, ["ecg.pdf"])):  # the image, then the file behind it
        node.spawn({"SAMPAN_CRASH_AT": f"folder.committed:{passes}"})
        wait_until(lambda: not node.alive(), "killed at its crash point", 60)
        assert sorted(path.name for path in files_in(drop)) == left
    node.start()
    wait_empty(drop)
    node.wait_drained()
    assert [row.sha256 for row in lead.received()] == [sha256(cargo.load(image).data_set)]
    plain = files_in(archive / "files")
    assert len(plain) == 1 and plain[0].read_bytes() == b"%PDF-1.4 a heart", plain
    assert plain[0].name.endswith("-ecg.pdf")


def test_a_plain_file_put_in_again_as_it_was_after_it_was_let_go_is_delivered_and_rescued_again(ctx):
    """By a copier that keeps the times, where an image keeps the segment and the ledger remembers the first one."""
    drop, archive, source = ctx.folder("drop"), ctx.dir / "archive", ctx.dir / "ecg.pdf"
    source.write_bytes(b"%PDF-1.4 a heart")
    os.utime(source, (1.7e9, 1.7e9))
    node = node_over(ctx, drop, [{"name": "archive", "folder": str(archive), "retention_days": 0, "takes": ["files"]},
                                 {"name": "lead", "dimse": f"LEAD@127.0.0.1:{free_port()}"}], carry="any").start()
    assert ctx.raw_scu(node.address, ctx.images("mr", 1), called="CLINIC").wait() == 0
    shutil.copy2(source, drop / "ecg.pdf")
    wait_until(lambda: node.status()["spool"]["items"] == 1 and files_in(archive), "delivered and let go", 60)
    archive.rename(ctx.dir / "had")
    archive.write_bytes(b"no folder")
    shutil.copy2(source, drop / "ecg.pdf")
    wait_empty(drop)
    wait_until(lambda: node.destination("archive")["waiting"] == 1, lambda: f"waits again: {node.status()['destinations']}", 30)
    node.kill()
    node.delete_ledger()
    export = ctx.dir / "export"
    code, said = node.sampan("rescue", str(node.state), "--export", str(export))
    assert [path.read_bytes() for path in files_in(export) if path.name.endswith("ecg.pdf")] == [source.read_bytes()], (code, said)
    archive.unlink()
    (ctx.dir / "had").rename(archive)
    node.start()
    wait_until(lambda: len(files_in(archive / "files")) == 2, lambda: f"delivered again: {node.status()['destinations']}", 60)


def test_what_is_no_dicom_is_set_aside_with_a_reason_and_a_silent_lead_stops_nothing(ctx):
    drop = ctx.folder("drop")
    node = node_over(ctx, drop, [{"name": "lead", "dimse": f"LEAD@127.0.0.1:{ctx.raw_scp().port}"}]).start()
    (drop / "sub").mkdir()
    (drop / "sub" / "报告.pdf").write_bytes(b"%PDF-1.4")
    shutil.copyfile(ctx.images("mr", 1)[0], drop / "sub" / "IM1")
    rejected = drop / ".sampan-rejected" / "sub"
    wait_until(lambda: not (drop / "sub" / "IM1").exists() and (rejected / "报告.pdf").exists(), "sorted", 60)
    note = (rejected / "报告.pdf.reason.txt").read_text("utf-8-sig")
    assert "不是 DICOM 文件" in note and "not a DICOM file" in note, note
    assert "报告" not in node.log(), "a file name in the log"
    wait_until(lambda: node.destination()["waiting"] == 1, "the image waits for the lead")
