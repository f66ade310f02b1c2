# SPDX-License-Identifier: Apache-2.0
"""Content that kills whoever reads it is isolated, and everything else flows: the daemon itself, by its beacon, and its worker."""
import hashlib
import json
import os
from pathlib import Path

import wire
from fleet import wait_dead
from harness import wait_until
from wire import Peer, image, reencoded

contract = (1, 6, 8)
POISON, CRASHES = "2.25.666", 3
PROCESSOR_S, MEMORY = 600, 64 << 20  # worker_processor_seconds_max, worker_memory_bytes_max


def try_to_store(node, name, data_set):
    """The status; None when the node went away instead of answering."""
    try:
        with Peer(node.port).associate() as peer:
            return peer.store(name, data_set)
    except OSError:
        return None


def held(node, name="lead"):
    return {row["reason"]: row["items"] for row in node.destination(name)["on_hold_reasons"]}


def test_an_image_that_kills_the_daemon_three_times_is_kept_unread_and_the_others_arrive(ctx):
    lead = ctx.raw_scp().start()
    node = ctx.node(destinations=[lead.destination])
    poison = {"SAMPAN_CRASH_AT": f"intake.scan@{POISON}"}
    for life in range(CRASHES):
        node.start(env=poison)
        assert try_to_store(node, f"2.25.1{life}", image(f"2.25.1{life}")) == 0
        assert try_to_store(node, POISON, image(POISON)) is None, "the content did not do what this test is about"
        assert wait_dead(node, 10), "it lives on"
        node.process.child.wait()
    node.start(env=poison)
    assert try_to_store(node, POISON, image(POISON)) == 0, "it is still read"
    assert try_to_store(node, "2.25.19", image("2.25.19")) == 0
    arrived = lambda: {row.sop_instance for row in lead.received()}
    wait_until(lambda: node.destination()["waiting"] == 0 and arrived() == {"2.25.10", "2.25.11", "2.25.12", "2.25.19"},
               lambda: f"the others arrive: {arrived()} {json.dumps(node.destination())}", 60)
    assert sum(held(node).values()) == 1 and "again and again" in next(iter(held(node))), held(node)
    code, text = node.sampan("status", "--lang", "zh")
    assert "崩溃" in text, text
    # A person lets it go: it leaves bit for bit, without being read.
    done, said = node.sampan("resume", POISON)
    assert done in (0, 1), said
    wait_until(lambda: POISON in arrived(), lambda: json.dumps(node.destination()), 60)
    assert hashlib.sha256(image(POISON)).hexdigest() in lead.shas()
    assert node.status()["spool"]["quarantined"] == 0
    node.stop()


def test_an_image_whose_change_kills_the_worker_is_rejected_there_and_the_others_arrive(ctx):
    lead = ctx.raw_scp().start()
    node = ctx.node(destinations=[{**lead.destination, "transform": {"institution_name": "Clinic", "character_set": "utf-8"}}])
    node.start(env={"SAMPAN_CRASH_AT": "worker.transform@POISON"})  # what comes from that modality
    pid = node.process.child.pid
    with Peer(node.port).associate(calling="POISON") as peer:
        assert peer.store(POISON, image(POISON)) == 0
    for number in range(3):
        assert try_to_store(node, f"2.25.1{number}", image(f"2.25.1{number}")) == 0
    wait_until(lambda: len(lead.received()) == 3, lambda: f"the others arrive: {json.dumps(node.destination())}", 60)
    wait_until(lambda: node.destination()["rejected"] == 1, lambda: f"it is given up: {json.dumps(node.destination())}", 90)
    assert {row.sop_instance for row in lead.received()} == {"2.25.10", "2.25.11", "2.25.12"}
    code, text = node.sampan("status", "--lang", "zh")
    assert "为该目的地修改此图像多次失败" in text, text
    assert node.alive() and node.process.child.pid == pid, "it took the daemon along"
    node.stop()
    # Where nothing kills the worker, a person lets it go, and it arrives, changed.
    node.start()
    done, said = node.sampan("resend", POISON)
    assert done in (0, 1), said
    wait_until(lambda: POISON in {row.sop_instance for row in lead.received()}, lambda: json.dumps(node.destination()), 60)
    assert hashlib.sha256(image(POISON)).hexdigest() not in lead.shas(), "it left as it came"
    node.stop()


def store_implicit(node, name, data_set):
    contexts = ((1, wire.MR, (wire.IMPLICIT_LE,)),)
    with Peer(node.port).associate(contexts=contexts) as peer:
        return peer.store(name, data_set)


def worker_of(node):
    """The process id of the one process that the node has started, and None where there is none."""
    children = {int(pid) for task in Path(f"/proc/{node.process.pid}/task").iterdir() for pid in (task / "children").read_text().split()}
    assert len(children) <= 1, children
    return next(iter(children), None)


def told(pid, file):
    """What /proc says of a process, by the words that stand before it."""
    text = Path(f"/proc/{pid}/{file}").read_text()
    if file == "limits":  # in columns: the name, the soft one, the hard one
        return {line[:26].strip(): tuple(line[26:].split()[:2]) for line in text.splitlines()[1:]}
    return {word: rest.strip() for word, _, rest in (line.partition(":") for line in text.splitlines())}


def locked_in(pid):
    """The worker has nothing left but what it was given."""
    limits, status = told(pid, "limits"), told(pid, "status")
    assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1"), status
    sanitized = "sanitize" in os.environ.get("SAMPAN_PRESET", "") or "asan" in os.environ.get("SAMPAN_BIN", "")
    none, descriptors = ("0", "0"), ("16", "16") if sanitized else ("0", "0")
    assert limits["Max cpu time"] == (str(PROCESSOR_S), str(PROCESSOR_S + 1)), limits
    assert (limits["Max file size"], limits["Max core file size"], limits["Max open files"]) == (none, none, descriptors), limits
    if not sanitized:  # which reserves more than any limit allows
        soft, hard = limits["Max address space"]
        assert soft == hard != "unlimited" and MEMORY < int(soft) <= int(status["VmPeak"].split()[0]) * 1024 + MEMORY, (limits, status)
    assert Path(f"/proc/{pid}/limits").stat().st_uid == 0, "it may be dumped"  # which shows where this does not run as root


def test_a_worker_compares_and_one_that_dies_of_it_takes_nobody_along(ctx):
    lead = ctx.raw_scp().start()
    node = ctx.node(destinations=[lead.destination]).start()
    for name in ("2.25.1", "2.25.2"):
        assert try_to_store(node, name, image(name)) == 0
    wait_until(lambda: len(lead.received()) == 2, "both arrive", 30)
    # The same image in another encoding, and another image under its name.
    assert store_implicit(node, "2.25.1", reencoded("2.25.1")) == 0
    assert try_to_store(node, "2.25.2", image("2.25.2", study="1.2.826.0.8")) == 0
    wait_until(lambda: sum(held(node).values()) == 1, lambda: json.dumps(node.destination()), 30)
    assert "other content" in next(iter(held(node))), held(node)
    locked_in(worker_of(node))
    node.stop()
    # A worker that dies whenever it compares: the image is held with that reason, and nothing else suffers.
    node.start(env={"SAMPAN_CRASH_AT": "worker.digest"})
    assert store_implicit(node, "2.25.1", reencoded("2.25.1", 8192)) == 0
    assert try_to_store(node, "2.25.3", image("2.25.3")) == 0
    wait_until(lambda: any("comparing them fails" in reason for reason in held(node)), lambda: json.dumps(node.destination()), 60)
    wait_until(lambda: len(lead.received()) == 3, "the other image arrives", 30)
    assert node.alive()
    node.stop()
