# SPDX-License-Identifier: Apache-2.0
"""A dead machine's disk on another one: told, exported and sent on with the recovery key, and not changed by a byte."""
import json
import os
import shutil
import subprocess

import part10
from harness import BIN, wait_until
from test_conflict import other_content
from test_keys import on_paper, picture

contract = (1, 5, 9)


def rescue(ctx, state, *arguments, key=None):
    """sampan rescue -> code, what it said, what it complained; the key comes on standard input."""
    done = subprocess.run([str(BIN / "sampan"), "rescue", str(state), *map(str, arguments), *(["--recovery-key", "-"] if key else [])],
                          input=key or "", capture_output=True, text=True, timeout=120, cwd=ctx.dir,
                          env={**os.environ, "LANG": "C.UTF-8", "LC_ALL": ""})
    return done.returncode, done.stdout, done.stderr


def told(ctx, state, *arguments, key=None):
    code, out, err = rescue(ctx, state, *arguments, "--json", key=key)
    assert out, err
    answer = json.loads(out)
    return code, answer, answer["summary"][0]


def orphan(ctx, with_ledger=True):
    """A node killed with work undone, its keys' local half gone with the mainboard -> state directory, recovery key, books."""
    lead = ctx.raw_scp().start()
    node = ctx.node(destinations=[lead.destination, {"name": "dead", "dimse": "NOBODY@127.0.0.1:9"}],
                    routes=[{"when": {"modality": "CT"}, "to": ["dead"]}, {"to": ["lead"]}]).start()
    books = {}

    def send(what, files):
        sender = ctx.raw_scu(node.address, files, called="CLINIC")
        assert sender.wait() == 0
        books.setdefault(what, set()).update(sender.acknowledged())

    send("delivered", ctx.images("mr", 4, "--rows", 64, "--columns", 64))
    wait_until(lambda: node.destination("lead")["delivered"] == 4, lambda: str(node.destination("lead")))
    paper = on_paper(node.sampan("key", "recovery")[1])
    assert node.sampan("key", "rotate")[0] == 0
    lead.kill()
    send("undelivered", ctx.images("mr", 5, "--rows", 64, "--columns", 64))
    send("undelivered", ctx.images("ct", 3, "--rows", 64, "--columns", 64))
    send("undelivered", ctx.images("dx", 1, "--rows", 1024, "--columns", 700))  # in a segment of its own
    wait_until(lambda: node.destination("dead")["waiting"] == 3, "indexed")
    node.kill()
    for name in ("local.key", "local.key.copy"):
        (node.state / "keys" / name).unlink()
    if not with_ledger:
        node.delete_ledger()
    return node.state, paper, books


def exported(folder):
    return {part10.data_set_sha256(path): path for path in folder.rglob("*.dcm")}


def test_what_was_undelivered_is_exported_exactly_and_the_disk_is_not_changed(ctx):
    for with_ledger in (True, False):
        with_it = ctx.folder(f"ledger-{with_ledger}")
        inner = type(ctx)(ctx.name, with_it)
        with inner:
            state, paper, books = orphan(inner, with_ledger)
            before = picture(state)
            code, answer, summary = told(inner, state, key=paper)
            assert code == 0 and summary["images"] == "13" and summary["undelivered"] == "9", answer
            assert summary["ledger"] == ("true" if with_ledger else "false")
            assert sum(int(exam["undelivered"]) for exam in answer["exams"]) == 9
            assert {one["destination"]: one["images"] for one in answer["owed"]} == {"lead": "9", "dead": "3"}, answer["owed"]
            out = inner.dir / "out"
            code, answer, summary = told(inner, state, "--export", out, key=paper)
            assert code == 0 and summary["carried"] == "9" and summary["not_carried"] == "0", answer
            files = exported(out)
            assert set(files) == books["undelivered"]
            assert all(len(path.relative_to(out).parts) == 3 for path in files.values())
            everything = inner.dir / "all"
            assert told(inner, state, "--export", everything, "--all", key=paper)[2]["carried"] == "13"
            assert set(exported(everything)) == books["undelivered"] | books["delivered"]
            assert picture(state) == before


def test_what_was_undelivered_is_sent_on_and_what_was_carried_is_not_carried_twice(ctx):
    state, paper, books = orphan(ctx)
    before = picture(state)
    other = ctx.raw_scp("other", refuse_class="1.2.840.10008.5.1.4.1.1.2").start()
    done = ctx.dir / "done"
    to = f"LEAD@127.0.0.1:{other.port}"
    code, answer, summary = told(ctx, state, "--to", to, "--from", "RESCUER", "--done", done, key=paper)
    assert code == 1 and summary["carried"] == "6" and summary["not_carried"] == "3", answer
    assert answer["reasons"] and other.shas() <= books["undelivered"]
    assert {one.calling for one in other.received()} == {"RESCUER"}
    other.kill()
    other.options = {}
    other.start()
    letter = ctx.dir / "letter"
    letter.write_text("Dear colleague,\n")
    code, out, err = rescue(ctx, state, "--to", to, "--done", letter, key=paper)
    assert code == 2 and "is no list of what was rescued" in out + err and letter.read_text() == "Dear colleague,\n", (code, out, err)
    done.write_text(done.read_text() + "0198")  # the power went while a line was written
    code, answer, summary = told(ctx, state, "--to", to, "--done", done, key=paper)
    assert code == 0 and summary["carried"] == "3" and summary["passed_over"] == "6", answer
    assert other.shas() == books["undelivered"] and len(other.received()) == 9
    assert len(done.read_text().split()) == 9 and all(len(line) == 36 for line in done.read_text().split())
    assert picture(state) == before


def test_an_image_that_reached_one_of_its_destinations_is_owed_to_the_others_without_the_ledger_and_without_headers(ctx):
    lead = ctx.raw_scp().start()
    node = ctx.node(destinations=[lead.destination, {"name": "cloud", "dimse": "NOBODY@127.0.0.1:9"}], routes=[{"to": ["lead", "cloud"]}]).start()
    sender = ctx.raw_scu(node.address, ctx.images("mr", 4, "--rows", 64, "--columns", 64), called="CLINIC")
    assert sender.wait() == 0
    wait_until(lambda: node.destination("lead")["delivered"] == 4, lambda: str(node.destination("lead")))
    node.kill()
    node.delete_ledger()
    segments = sorted((node.state / "spool").glob("*.seg"))
    assert {path.name[0] for path in segments} == {"i", "n"}
    for path in segments:
        with path.open("r+b") as file:
            file.seek(0)
            file.write(b"\xee" * 4096)
    code, answer, summary = told(ctx, node.state)
    assert code == 1 and summary["undelivered"] == "4" and summary["foreign"] == "0", answer
    assert answer["owed"] == [{"destination": "cloud", "images": "4"}], answer["owed"]
    assert int(summary["damaged"]) == len(segments), answer
    other = ctx.raw_scp("other").start()
    assert told(ctx, node.state, "--to", f"LEAD@127.0.0.1:{other.port}")[2]["carried"] == "4"
    assert other.shas() == sender.acknowledged()


def test_the_key_file_on_the_disk_is_enough_and_a_wrong_recovery_key_opens_nothing(ctx):
    state, paper, _ = orphan(ctx)
    code, out, err = rescue(ctx, state)
    assert code == 2 and "Wrong key" in err and not out
    code, out, err = rescue(ctx, state, key=paper[:-1] + ("0" if paper[-1] != "0" else "1"))
    assert code == 2 and "group 8" in err
    code, out, err = rescue(ctx, state, "--lang", "zh", key=paper[:20])
    assert code == 2 and "恢复密钥" in err
    other = ctx.node("other", destinations=[{"name": "lead", "dimse": "NOBODY@127.0.0.1:9"}]).start()
    foreign = on_paper(other.sampan("key", "recovery")[1])
    other.kill()
    code, out, err = rescue(ctx, state, "--export", ctx.dir / "none", key=foreign)
    assert code == 2 and "Wrong key" in err and not (ctx.dir / "none").exists()
    code, out, err = rescue(ctx, other.state)  # its key file is beside its keyring
    assert code == 0 and "images 0" in out
    assert rescue(ctx, ctx.dir)[0] == 64
    assert rescue(ctx, state, "--export", state / "inside", key=paper)[0] == 64
    assert rescue(ctx, state, "--export", ctx.dir / "x", "--to", "A@b:1", key=paper)[0] == 64


def test_damage_on_the_disk_is_counted_and_everything_behind_it_is_carried(ctx):
    state, paper, books = orphan(ctx, with_ledger=False)
    segment = max((state / "spool").glob("i*.seg"), key=lambda path: (path.stat().st_size < 2_000_000, path.stat().st_size))
    with segment.open("r+b") as file:
        file.seek(4096 + 3000)
        file.write(b"\0" * 64)
    shutil.copy(segment, state / "spool" / "i00000000000000ff.seg")  # foreign: it has the number of another
    out = ctx.dir / "out"
    code, answer, summary = told(ctx, state, "--export", out, "--all", key=paper)
    assert code == 1 and summary["damaged"] == "1" and summary["foreign"] == "1", answer
    files = set(exported(out))
    assert len(files) == 12 and files < books["undelivered"] | books["delivered"]
    # Of one that nothing can be read of, nobody says that all is well.
    (state / "spool" / "i00000000000000ff.seg").unlink()
    with segment.open("r+b") as file:
        file.write(b"\xee" * segment.stat().st_size)
    code, answer, summary = told(ctx, state, key=paper)
    assert code == 1 and summary["unread"] == "1" and summary["damaged"] == "0" and summary["foreign"] == "0", answer


def test_of_two_images_of_one_name_neither_is_sent_on_and_a_folder_takes_both(ctx):
    """The node had them on hold for a person; a PACS would let the second take the place of the first."""
    node = ctx.node(destinations=[{"name": "dead", "dimse": "NOBODY@127.0.0.1:9"}]).start()
    first, plain = ctx.images("mr", 2, "--rows", 64, "--columns", 64)
    sender = ctx.raw_scu(node.address, [first, plain, other_content(ctx, first)], called="CLINIC")
    assert sender.wait() == 0
    all_three = set(sender.acknowledged())
    (twice,) = {one.sop_instance for one in sender.sent() if [two.sop_instance for two in sender.sent()].count(one.sop_instance) == 2}
    wait_until(lambda: node.destination("dead")["on_hold"] == 1, lambda: str(node.destination("dead")))
    paper = on_paper(node.sampan("key", "recovery")[1])
    node.kill()
    other = ctx.raw_scp("other").start()
    for more in ((), ("--all",)):
        code, answer, summary = told(ctx, node.state, "--to", f"LEAD@127.0.0.1:{other.port}", *more, key=paper)
        assert code == 1 and summary["carried"] == "1" and summary["for_a_person"] == "2" and summary["not_carried"] == "0", answer
        assert [one["sop_instance_uid"] for one in answer["contested"]] == [twice]
        assert twice not in {one.sop_instance for one in other.received()} and len(other.shas()) == 1, other.received()
    for lang, words in (("en", "needs a person, not sent: 2"), ("zh", "需人工处理，未发送：2")):
        out = rescue(ctx, node.state, "--to", f"LEAD@127.0.0.1:{other.port}", "--lang", lang, key=paper)[1]
        assert words in out and twice in out, out
    code, answer, summary = told(ctx, node.state, "--export", ctx.dir / "out", key=paper)
    assert code == 0 and summary["carried"] == "3" and summary["for_a_person"] == "0", answer
    assert set(exported(ctx.dir / "out")) == all_three


def test_a_disk_with_nothing_but_a_file_says_so_and_only_a_folder_takes_it(ctx):
    drop, away = ctx.folder("drop"), ctx.dir / "archive"
    away.write_bytes(b"no folder")
    node = ctx.node(destinations=[{"name": "archive", "folder": str(away)}])
    node.settings["intake"]["folders"] = [{"path": str(drop), "stable_seconds": 1, "carry": "any"}]
    node.start()
    (drop / "ecg.pdf").write_bytes(b"%PDF-1.4 a heart")
    wait_until(lambda: node.destination("archive")["waiting"] == 1 and not (drop / "ecg.pdf").exists(), "taken", 30)
    node.stop()
    other = ctx.raw_scp("other").start()
    code, said, _ = rescue(ctx, node.state)
    assert code == 0 and "files 1, undelivered 1 (--export takes them)" in said, (code, said)
    code, said, _ = rescue(ctx, node.state, "--to", f"OTHER@127.0.0.1:{other.port}")
    assert code == 1 and "files 1, undelivered 1; not sent 1 (--export takes them)" in said, (code, said)
    code, answer, summary = told(ctx, node.state, "--export", ctx.dir / "export")
    assert code == 0 and (summary["files"], summary["undelivered_files"], summary["files_left"], summary["carried"]) == ("1", "1", "0", "1"), answer
