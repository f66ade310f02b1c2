# SPDX-License-Identifier: Apache-2.0
"""Every damaged or odd file has a clear outcome, the next good image passes, and the node lives on.

Clear is: refused with a status; carried unchanged to the lead; or acknowledged and set aside, counted and kept.
"""
import json

import cargo
import part10
from harness import Skip, corpus, wait_until

contract = (5, 6, 8)
DEFAULTS = {"sop_class": "1.2.840.10008.5.1.4.1.1.4", "transfer_syntax": "1.2.840.10008.1.2.1"}


def bad_files(*below):
    folder = corpus()
    if folder is None:
        raise Skip("no corpus here (SAMPAN_CORPUS)")
    return cargo.files_below(folder.joinpath("bad", *below))


def as_sent(path, number, used):
    """The command's identifiers and the data set's bytes. What the file does not say is made up; an identifier that
    another file used already is made up as well, so that its content is judged and not its name."""
    content = path.read_bytes()
    try:
        meta, data_set = part10.split(content)
    except part10.NotPart10:
        meta, data_set = {}, content
    meta = {**DEFAULTS, "sop_instance": f"2.25.{7_000_000 + number}", **{k: v for k, v in meta.items() if not unusable(v)}}
    if meta["sop_instance"] in used:
        meta["sop_instance"] = f"2.25.{8_000_000 + number}"
    used.add(meta["sop_instance"])
    return meta, data_set


def unusable(text):
    """What a command line cannot carry."""
    return "\0" in text or not text.isascii()


def send(ctx, node, path, number, used):
    meta, data_set = as_sent(path, number, used)
    copy = ctx.folder("bare") / f"{number}.ds"
    copy.write_bytes(data_set)
    sender = ctx.raw_scu(node.address, [copy], called="CLINIC", ts=meta["transfer_syntax"] or " ",
                         **{"class": meta["sop_class"] or " "}, uid=meta["sop_instance"])
    sender.wait(60)
    answers = sender.sent()
    assert len(answers) == 1, f"{path}: no answer: {sender.process.said()} {sender.process.complained()}"
    return answers[0]


def set_aside(node):
    status = node.status()
    return status["spool"]["quarantined"] + sum(d["on_hold"] + d["rejected"] for d in status["destinations"])


def test_every_bad_file_has_a_clear_outcome_and_the_next_good_one_passes(ctx):
    files = [path for path in bad_files() if "duplicate" not in path.parts]
    lead = ctx.raw_scp().start()
    node = ctx.node(destinations=[lead.destination]).start()
    good = ctx.images("mr", 1, "--rows", 32, "--columns", 32)
    pid, used, carried, refused, names = node.process.pid, set(), set(), [], {}
    for number, path in enumerate(files):
        answer = send(ctx, node, path, number, used)
        names[answer.sha256] = path.name
        if answer.ok:
            carried.add(answer.sha256)
        else:
            assert answer.status.lower() not in ("-", "0000", "ffff"), f"{path}: broken off instead of answered: {answer}"
            refused.append(f"{path.name} {answer.status}")
        next_one = ctx.raw_scu(node.address, good, called="CLINIC", new_uids=True)
        assert next_one.wait(60) == 0, f"after {path} a good image did not pass"
        carried |= next_one.acknowledged()
        assert node.alive() and node.process.pid == pid, f"{path}: {node.log()[-2000:]}"
    wait_until(lambda: len(carried - lead.shas()) == set_aside(node),
               lambda: f"missing {[names.get(one, one) for one in carried - lead.shas()]}, {set_aside(node)} set aside: "
                       f"{json.dumps(node.destination())}", 60, 0.1)
    assert not lead.shas() - carried
    return f"{len(files)} files: {len(refused)} refused, {set_aside(node)} set aside, the rest carried unchanged"


def test_the_same_instance_again_is_stored_once_and_different_content_is_kept_beside_it(ctx):
    files = bad_files("made", "duplicate")
    lead = ctx.raw_scp().start()
    node = ctx.node(destinations=[lead.destination]).start()
    first = next(path for path in files if path.name == "a.dcm")
    for path in [first, *(path for path in files if path != first)]:
        sender = ctx.raw_scu(node.address, [path], called="CLINIC")
        assert sender.wait(60) == 0, f"{path.name}: {sender.sent()}"
    held = {path.name for path in files if path.name in ("a_other_patient.dcm", "a_other_pixel.dcm", "a_other_study.dcm")}
    wait_until(lambda: node.destination()["waiting"] == 0 and node.destination()["on_hold"] >= len(held),
               lambda: json.dumps(node.destination()), 60, 0.1)
    here = lead.shas()
    assert part10.data_set_sha256(first) in here
    for path in files:
        if path.name in held:
            assert part10.data_set_sha256(path) not in here, f"{path.name} went out without a person"
    assert len(here) == len(lead.received()), "an instance went out twice"
    status = node.status()
    assert status["destinations"][0]["on_hold"] + len(here) == status["spool"]["items"], status
    return f"{len(here)} carried, {status['destinations'][0]['on_hold']} on hold"
