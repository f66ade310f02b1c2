# SPDX-License-Identifier: Apache-2.0
"""What a person asks and orders of an exam, by the command they have: trace, today, hold, resume, resend, push."""
import json
import re

from harness import wait_until


def tag(ctx, path, number):
    shown = ctx.command("dcmdump", "+P", number, path).stdout
    return shown.split("[", 1)[1].split("]", 1)[0].strip()


def study_of(ctx, files):
    return tag(ctx, files[0], "0020,000d")


def send(ctx, node, files, **options):
    scu = ctx.raw_scu(node.address, files, called="CLINIC", **options)
    assert scu.wait() == 0
    return scu.acknowledged()


def ask(node, *words):
    """A question that must be answered -> its JSON."""
    code, text = node.sampan(*words, "--json")
    assert code in (0, 1), f"sampan {' '.join(words)} -> {code}: {text}"
    return json.loads(text)


def order(node, *words):
    code, text = node.sampan(*words, "--lang", "en")
    assert code == 0, f"sampan {' '.join(words)} -> {code}: {text}"
    return text


def said(node, *words):
    return node.sampan(*words, "--lang", "en")


def without_ledger(node):
    node.stop()
    node.delete_ledger()
    node.start()
    wait_until(lambda: not node.status()["spool"]["rebuilding"], "the ledger is rebuilt")


def restarted(node):
    node.stop()
    node.start()


def test_an_exam_that_is_held_does_not_leave_until_it_is_resumed(ctx):
    lead = ctx.raw_scp().start()
    line = ctx.line(lead.port)
    line.cut()
    node = ctx.node(destinations=[{"name": "lead", "dimse": f"LEAD@127.0.0.1:{line.port}"}]).start()
    held, free = ctx.images("ct", 4), ctx.images("mr", 3)
    study = study_of(ctx, held)
    shas = send(ctx, node, held[:3])
    assert "put on hold: 3" in order(node, "hold", study)
    other = send(ctx, node, free)
    shas |= send(ctx, node, held[3:])
    line.give_back()
    order(node, "resume", study_of(ctx, free))  # nothing is held there; the line is tried at once
    wait_until(lambda: lead.shas() == other, lambda: f"the other exam is there: {node.destination()}")
    for again in (restarted, without_ledger):
        again(node)
        wait_until(lambda: node.destination()["on_hold"] == 4, lambda: f"still on hold: {node.destination()}")
        assert lead.shas() == other
    code, text = said(node, "trace", study)
    assert code == 1 and "the whole exam is held by a person" in text and "4 images on hold" in text, text
    assert [one["reason"] for one in node.destination()["on_hold_reasons"]] == ["the exam is held by a person"]
    assert "waiting again: 4" in order(node, "resume", study)
    wait_until(lambda: lead.shas() == shas | other, lambda: f"all are there: {node.destination()}")
    node.wait_drained()
    assert ask(node, "trace", study)["exams"][0]["destinations"][0]["delivered"] == 4


test_an_exam_that_is_held_does_not_leave_until_it_is_resumed.contract = (7,)


def test_what_was_rejected_goes_when_a_person_resumes_it(ctx):
    lead = ctx.raw_scp(status="A900").start()
    node = ctx.node(destinations=[lead.destination]).start()
    files = ctx.images("mr", 2)
    shas = send(ctx, node, files)
    wait_until(lambda: node.destination()["rejected"] == 2, lambda: str(node.destination()))
    assert node.sampan("key", "recovery")[0] == 0  # a status without it is not all well
    code, text = said(node, "status")
    assert code == 1 and "rejected 2: 0xA900" in text, text
    without_ledger(node)
    code, text = said(node, "trace", study_of(ctx, files))
    assert code == 1 and "2 images rejected" in text and "0xA900" in text, text
    lead.kill()
    well = ctx.raw_scp("well")
    well.port = lead.port
    well.start()
    assert "waiting again: 2" in order(node, "resume", study_of(ctx, files))
    wait_until(lambda: well.shas() == shas, lambda: f"they are there: {node.destination()}")
    node.wait_drained()
    assert node.destination()["rejected"] == 0 and said(node, "status")[0] == 0


test_what_was_rejected_goes_when_a_person_resumes_it.contract = (7,)


def test_trace_says_why_an_exam_waits_while_nothing_gets_through(ctx):
    lead = ctx.raw_scp()
    node = ctx.node(destinations=[lead.destination]).start()
    files = ctx.images("mr", 2)
    send(ctx, node, files)
    wait_until(lambda: node.destination()["state"] == "backing_off", lambda: str(node.destination()))
    why = node.destination()["last_error"]
    reasons = ask(node, "trace", study_of(ctx, files))["exams"][0]["destinations"][0]["reasons"]
    assert [(one["state"], one["images"], one["reason"]) for one in reasons] == [("waiting", 2, why)] and why, reasons
    assert why in said(node, "trace", study_of(ctx, files))[1]
    lead.start()
    node.wait_drained()


def test_an_exam_is_sent_again_when_the_hospital_lost_it(ctx):
    lead = ctx.raw_scp().start()
    node = ctx.node(destinations=[lead.destination]).start()
    files = ctx.images("mr", 3)
    shas = send(ctx, node, files)
    node.wait_drained()
    assert len(lead.received()) == 3
    assert "to be sent again: 3" in order(node, "resend", study_of(ctx, files))
    wait_until(lambda: len(lead.received()) == 6, lambda: f"sent twice: {node.destination()}")
    node.wait_drained()
    one = tag(ctx, files[0], "0008,0018")
    assert "to be sent again: 1" in order(node, "resend", one)
    wait_until(lambda: len(lead.received()) == 7, "and one of them a third time")
    without_ledger(node)
    node.wait_drained()
    assert lead.shas() == shas and len(lead.received()) == 7


def test_an_exam_is_pushed_to_another_destination_with_all_that_comes(ctx):
    lead, expert = ctx.raw_scp("lead").start(), ctx.raw_scp("expert").start()
    node = ctx.node(destinations=[lead.destination, expert.destination], routes=[{"to": "lead"}]).start()
    files, other = ctx.images("ct", 4), ctx.images("mr", 2)
    first, rest = send(ctx, node, files[:2]), send(ctx, node, other)
    node.wait_drained()
    assert expert.shas() == set()
    assert "pushed: 2" in order(node, "push", study_of(ctx, files), "--to", "expert")
    wait_until(lambda: expert.shas() == first, lambda: f"pushed: {node.status()['destinations']}")
    without_ledger(node)
    late = send(ctx, node, files[2:])
    node.wait_drained()
    assert expert.shas() == first | late and lead.shas() == first | late | rest
    assert len(expert.received()) == 4, "nothing was sent twice"
    assert "added by a person" in said(node, "trace", study_of(ctx, files))[1]
    code, text = said(node, "push", study_of(ctx, files), "--to", "expert")
    assert code == 2 and "owed it already" in text, text
    code, text = said(node, "push", study_of(ctx, files), "--to", "nowhere")
    assert code == 1 and "there are: lead, expert" in text, text


def test_an_order_on_an_exam_that_is_on_hold_says_that_it_does_not_leave(ctx):
    lead, expert = ctx.raw_scp("lead").start(), ctx.raw_scp("expert").start()
    node = ctx.node(destinations=[lead.destination, expert.destination], routes=[{"to": "lead"}]).start()
    files = ctx.images("ct", 3)
    study = study_of(ctx, files)
    first = send(ctx, node, files[:1])
    node.wait_drained()
    code, text = said(node, "hold", study)
    assert code == 1 and "put on hold: 0" in text and "too late to hold them: 1" in text and "still to come are held" in text, text
    shas = first | send(ctx, node, files[1:])
    wait_until(lambda: node.destination()["on_hold"] == 2, lambda: str(node.destination()))
    for words in (("--to", "expert"), ("--to", "expert"), ("--emergency",)):
        code, text = said(node, "push", study, *words)
        assert code == 1 and "pushed: 0" in text and f"sampan resume {study}" in text, text
    code, text = node.sampan("push", study, "--to", "expert", "--lang", "zh")
    assert code == 1 and f"已暂停，不会上传：3；请先用 sampan trace 查看原因；恢复上传：sampan resume {study} --to expert" in text, text
    answer = ask(node, "push", study, "--to", "expert")
    assert (answer["deliveries"], answer["on_hold"], answer["later"]) == (0, 3, True), answer
    code, text = said(node, "resend", study)
    assert code == 2 and "on hold; resume it first" in text, text
    assert expert.shas() == set() and lead.shas() == first
    assert "waiting again: 5" in order(node, "resume", study)
    wait_until(lambda: (lead.shas(), expert.shas()) == (shas, shas), lambda: f"all went: {node.status()['destinations']}")
    node.wait_drained()
    text = order(node, "resume", study)
    assert "waiting again: 0" in text and "delivered already: 6" in text, text
    code, text = said(node, "hold", study, "--to", "nowhere")
    assert code == 1 and "there are: lead, expert" in text, text


test_an_order_on_an_exam_that_is_on_hold_says_that_it_does_not_leave.contract = (7,)


def test_an_exam_that_becomes_an_emergency_overtakes(ctx):
    lead = ctx.raw_scp()
    node = ctx.node(destinations=[{**lead.destination, "lanes": 1}]).start()
    backlog, urgent = ctx.images("mr", 100), ctx.images("ct", 3)
    send(ctx, node, backlog)
    shas = send(ctx, node, urgent)
    order(node, "push", study_of(ctx, urgent), "--emergency")
    assert ask(node, "trace", study_of(ctx, urgent))["exams"][0]["priority"] == "emergency"
    without_ledger(node)
    lead.start()
    order(node, "push", study_of(ctx, urgent), "--emergency")  # and the destination is tried at once
    node.wait_drained()
    assert {one.sha256 for one in lead.received()[:3]} == shas, "the emergency came first"


def test_an_emergency_goes_right_behind_the_image_that_a_slow_pacs_is_taking(ctx):
    lead = ctx.raw_scp(delay_ms=300).start()
    node = ctx.node(destinations=[{**lead.destination, "lanes": 1}],
                    routes=[{"when": {"called_ae": "JIZHEN"}, "priority": "emergency"}, {"to": "lead"}])
    node.settings["intake"]["ae_titles"] = ["CLINIC", "JIZHEN"]
    node.start()
    send(ctx, node, ctx.images("mr", 60))
    wait_until(lambda: len(lead.received()) >= 2, "the batch is on its way")
    urgent = ctx.raw_scu(node.address, ctx.images("ct", 1), called="JIZHEN")
    assert urgent.wait() == 0
    before = len(lead.received())
    wait_until(lambda: urgent.acknowledged() <= lead.shas(), "the emergency arrives", 30)
    place = [one.sha256 for one in lead.received()].index(*urgent.acknowledged())
    assert place <= before + 4, f"{place} after {before} of 60"


def test_the_story_of_an_exam_names_nobody(ctx):
    lead = ctx.raw_scp().start()
    node = ctx.node(destinations=[lead.destination]).start()
    files = ctx.images("ct", 3, "--name-gb18030")
    accession = tag(ctx, files[0], "0008,0050")
    send(ctx, node, files, calling="CT1")
    node.wait_drained()
    by_study = ask(node, "trace", study_of(ctx, files))
    assert ask(node, "trace", accession)["matched"] == "accession"
    assert ask(node, "trace", "SAMPAN-0001")["matched"] == "patient"
    assert ask(node, "trace", tag(ctx, files[0], "0020,000e"))["matched"] == "series"
    assert ask(node, "trace", tag(ctx, files[1], "0008,0018"))["matched"] == "image"
    exam = by_study["exams"][0]
    assert exam["patient_name"] == "陈*" and exam["patient_id"] == "*0001" and exam["modality"] == "CT"
    assert (exam["images"], exam["calling_ae"], exam["peer_address"]) == (3, "CT1", "127.0.0.1")
    assert exam["destinations"][0]["delivered"] == 3 and exam["destinations"][0]["last_accepted"]
    assert ask(node, "today")["exams"][0]["study_uid"] == exam["study_uid"]
    written = json.dumps(by_study, ensure_ascii=False) + node.sampan("today")[1] + node.sampan("trace", accession)[1] + node.log()
    for secret in ("SAMPAN-0001", "Xiaoyu", "晓雨", accession):
        assert secret not in written, "patient data are in what the command says"


test_the_story_of_an_exam_names_nobody.contract = (11,)


def test_of_two_images_with_one_uid_a_person_lets_one_go_on_by_its_id(ctx):
    lead = ctx.raw_scp("lead").start()
    node = ctx.node(destinations=[lead.destination]).start()
    first = ctx.images("mr", 1)
    other = ctx.folder("other") / "changed.dcm"
    other.write_bytes(first[0].read_bytes()[:-1] + b"\x55")
    send(ctx, node, first)
    node.wait_drained()
    changed = send(ctx, node, [other])
    wait_until(lambda: node.destination()["on_hold"] == 1, lambda: str(node.destination()))
    uid = tag(ctx, first[0], "0008,0018")
    code, text = said(node, "resume", uid)
    assert code == 2 and "several images have that UID" in text and "several exams" not in text, text
    ids = re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", text)
    assert len(ids) == 2 and ids == sorted(ids), text
    code, text = node.sampan("resume", uid, "--lang", "zh")
    assert code == 2 and "按到达先后" in text, text
    assert "waiting again: 1" in order(node, "resume", ids[1])
    wait_until(lambda: changed <= lead.shas(), lambda: str(node.destination()))


test_of_two_images_with_one_uid_a_person_lets_one_go_on_by_its_id.contract = (6,)


def test_a_name_that_does_not_tell_one_exam_is_not_acted_upon(ctx):
    node = ctx.node(destinations=[{"name": "lead", "dimse": "NOBODY@127.0.0.1:9"}]).start()
    first, second = ctx.images("mr", 2), ctx.images("ct", 1)
    send(ctx, node, first)
    send(ctx, node, second)
    assert len(ask(node, "trace", "SAMPAN-0001")["exams"]) == 2
    for words, code, text in (
            (("hold", "SAMPAN-0001"), 2, "several exams"), (("hold", "nobody"), 1, "nothing of that name"),
            (("trace", "nobody"), 1, "nothing of that name"), (("push", study_of(ctx, first)), 64, "emergency"),
            (("hold", tag(ctx, first[0], "0020,000e")), 2, "that is a series"),
            (("push", tag(ctx, first[0], "0008,0018"), "--emergency"), 2, "not one image"),
            (("hold",), 64, "EXAM is missing"), (("trace", "a", "b"), 64, "help")):
        got, said_text = said(node, *words)
        assert got == code and text in said_text, f"{words} -> {got}: {said_text}"
    assert node.destination()["on_hold"] == 0
    assert "put on hold: 1" in order(node, "hold", tag(ctx, first[0], "0008,0018"))
    assert node.destination()["on_hold"] == 1
