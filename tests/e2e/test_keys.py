# SPDX-License-Identifier: Apache-2.0
"""Keys at rest, as people meet them: a first start without a question, a recovery key on paper, a credential, a wrong key."""
import hashlib
import json
import os
import re

from harness import Skip, wait_until

contract = (9, 11)
NOWHERE = [{"name": "lead", "dimse": "NOBODY@127.0.0.1:9"}]
PAPER = re.compile(r"^    ((?:[0-9A-HJKMNP-TV-Z]{5}-){3}[0-9A-HJKMNP-TV-Z]{5})\n    ((?:[0-9A-HJKMNP-TV-Z]{5}-){3}[0-9A-HJKMNP-TV-Z]{5})$", re.M)


def on_paper(text):
    found = PAPER.search(text)
    assert found, text
    return found[1] + "-" + found[2]


def picture(folder):
    """Everything below a folder: bytes, time of change, kind."""
    return {str(path): (path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest(), path.lstat().st_mtime_ns, path.lstat().st_ctime_ns,
                        path.lstat().st_mode)
            for path in [folder, *sorted(folder.rglob("*"))]}


def credentials(ctx, name="credentials", **files):
    folder = ctx.folder(name)
    for path in folder.iterdir():
        path.unlink()
    for file, content in files.items():
        (folder / file.replace("_", ".")).write_bytes(content)
    return {"CREDENTIALS_DIRECTORY": str(folder)}


def load(ctx, node, count=3):
    assert ctx.raw_scu(node.address, ctx.images("mr", count, "--rows", 64, "--columns", 64), called="CLINIC").wait() == 0


def fails_to_start(node, env=None):
    """With the code that the unit does not try again; `sampan` says why, in the language of who asks, and no more than it -> stderr."""
    node.spawn(env)
    assert node.process.child.wait(30) == 3
    said = node.process.complained()
    for lang, not_at_all, then in (("en", "sudo systemctl start", "When that is mended: sudo systemctl restart sampand"), ("zh", "服务未运行", "处理之后请执行：sudo systemctl restart sampand")):
        code, text = node.sampan("--lang", lang)
        reason = next(line for line in said.splitlines() if line.isascii() == (lang == "en")).removeprefix("sampand: ")
        assert code == 3 and reason in text and then in text and not_at_all not in text, text
    return said


def test_status_asks_for_a_recovery_key_until_a_person_was_shown_one(ctx):
    node = ctx.node(destinations=NOWHERE).start()
    code, text = node.sampan("status", "--lang", "en")
    assert code == 1 and "Nobody has a recovery key yet" in text and "sudo sampan key recovery" in text
    assert "protected by a key file on this disk" in text
    assert node.sampan("key")[0] == 1
    code, text = node.sampan("key", "recovery", "--lang", "zh")
    assert code == 0 and "只显示这一次" in text
    paper = on_paper(text)
    status = node.status()
    assert status["key"]["recovery"] == "handed_out" and status["key"]["protected_by"] == "file"
    assert "recovery_key_missing" not in {one["code"] for one in status["attention"]}
    assert node.sampan("status")[0] == 0 and node.sampan("key")[0] == 0
    node.stop()
    node.start()
    assert node.status()["key"]["recovery"] == "handed_out"
    node.stop()
    everything = b"".join(path.read_bytes() for path in node.state.rglob("*") if path.is_file()) + node.log().encode()
    for group in (paper, paper.replace("-", ""), paper[:11]):
        assert group.encode() not in everything


def test_a_wrong_a_missing_and_an_older_key_are_said_and_no_file_changes(ctx):
    right = credentials(ctx, sampan_key=os.urandom(32))
    wrong = credentials(ctx, "wrong", sampan_key=os.urandom(32))
    node = ctx.node(destinations=NOWHERE).start(right)
    load(ctx, node)
    assert node.status()["key"]["protected_by"] == "credential"
    node.stop()
    before = picture(node.state)
    for env in (wrong, {"CREDENTIALS_DIRECTORY": ""}):
        said = fails_to_start(node, env)
        assert "Wrong key" in said and "密钥不符" in said and "Nothing was touched" in said, said
        assert picture(node.state) == before
    keys = node.state / "keys"
    keys.rename(node.dir / "keys.away")
    before = picture(node.state)
    said = fails_to_start(node, right)
    assert "The keyring is missing" in said and "密钥环丢失" in said
    assert picture(node.state) == before
    other = ctx.node("other", destinations=NOWHERE).start()
    other.stop()
    (other.state / "keys").rename(keys)
    before = picture(node.state)
    said = fails_to_start(node)
    assert "Wrong key" in said and "密钥不符" in said
    assert picture(node.state) == before
    keys.rename(other.state / "keys")
    (node.dir / "keys.away").rename(keys)
    node.start(right)
    assert node.destination()["waiting"] == 3
    node.stop()


def test_a_credential_takes_over_from_the_key_file_and_the_recovery_key_from_a_dead_machine(ctx):
    lead = ctx.raw_scp().start()
    node = ctx.node(destinations=NOWHERE).start()
    load(ctx, node)
    paper = on_paper(node.sampan("key", "recovery")[1])
    node.stop()
    right = credentials(ctx, sampan_key=os.urandom(32))
    node.start(right)
    assert not (node.state / "keys/local.key").exists()
    assert node.status()["key"]["node_keys"] == 2
    load(ctx, node)
    code, text = node.sampan("key", "rotate", "--json")
    assert code == 0 and json.loads(text)["node_keys"] == 3
    load(ctx, node)
    node.stop()
    fails_to_start(node)
    saved = credentials(ctx, "saved", sampan_recovery=f" {paper.lower()} \n".encode())
    node.start(saved)
    assert node.status()["key"]["protected_by"] == "file"
    node.stop()
    node.settings["destinations"] = [lead.destination]
    node.start()
    node.wait_drained()
    node.stop()
    assert len(list(lead.out.glob("*.ds"))) == 9


def test_a_rotation_on_a_node_that_has_nothing_else_to_do_writes_to_nothing_in_the_spool(ctx):
    node = ctx.node(destinations=NOWHERE).start()
    load(ctx, node)
    wait_until(lambda: node.status()["spool"]["items"] == 3, "all of them are in the ledger")
    before, spool = node.status()["key"]["node_keys"], picture(node.state / "spool")
    assert any(path.endswith(".seg") for path in spool)
    for turn in range(3):
        code, text = node.sampan("key", "rotate", "--json")
        assert code == 0 and json.loads(text)["node_keys"] == before + turn + 1
    assert picture(node.state / "spool") == spool
    node.stop()


def test_a_recovered_node_starts_by_its_new_credential_alone_and_delivers_all_once_the_recovery_key_is_taken_out_again(ctx):
    """The steps of the manual page, KEYS, for another computer; boot_sealed_key.py takes them with a TPM."""
    lead = ctx.raw_scp().start()
    node = ctx.node(destinations=NOWHERE).start(credentials(ctx, "first", sampan_key=os.urandom(32)))
    paper = on_paper(node.sampan("key", "recovery")[1])
    load(ctx, node)
    node.stop()
    new = os.urandom(32)
    fails_to_start(node, credentials(ctx, "other", sampan_key=new))
    node.start(credentials(ctx, "recovering", sampan_key=new, sampan_recovery=f"{paper}\n".encode()))
    assert node.status()["key"]["protected_by"] == "credential" and node.destination()["waiting"] == 3
    load(ctx, node)
    node.stop()
    alone = credentials(ctx, "other", sampan_key=new)
    for _ in range(2):  # the first is to change nothing that the second needs
        node.start(alone)
        key = node.status()["key"]
        assert (key["protected_by"], key["recovery"], node.destination()["waiting"]) == ("credential", "handed_out", 6), key
        assert not (node.state / "keys/local.key").exists()
        node.stop()
    node.settings["destinations"] = [lead.destination]
    node.start(alone)
    node.wait_drained()
    node.stop()
    assert len(list(lead.out.glob("*.ds"))) == 6
    fails_to_start(node, credentials(ctx, "neither"))


def test_key_memory_of_a_running_node_is_locked_and_not_dumped(ctx):
    node = ctx.node(destinations=NOWHERE).start()
    if not node.status()["key"]["memory_locked"]:
        raise Skip("this system locks no memory")
    try:
        smaps = open(f"/proc/{node.process.pid}/smaps").read()
    except PermissionError:
        raise Skip("only root may look into a process that is not to be dumped") from None
    flags = [line.split()[1:] for line in smaps.splitlines() if line.startswith("VmFlags:")]
    assert any("lo" in one and "dd" in one for one in flags), "no page is locked and left out of dumps"
