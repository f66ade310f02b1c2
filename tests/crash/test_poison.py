# SPDX-License-Identifier: Apache-2.0
"""Content that kills whoever reads it is isolated, and everything else flows: the daemon itself, by its beacon, and its worker."""
import hashlib
import json

import wire
from fleet import wait_dead
from harness import wait_until
from wire import Peer, image, reencoded

contract = (1, 6, 8)
POISON, CRASHES = "2.25.666", 3


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


def test_an_image_whose_change_kills_the_daemon_is_rejected_there_and_the_others_arrive(ctx):
    lead = ctx.raw_scp().start()
    node = ctx.node(destinations=[{**lead.destination, "transform": {"institution_name": "Clinic"}}])
    poison = {"SAMPAN_CRASH_AT": f"uplink.transform@{POISON}"}
    node.start()
    node.stop()
    node.spawn(env=poison).process.wait_for_line("sampand ready ")
    assert try_to_store(node, POISON, image(POISON)) == 0
    for life in range(CRASHES):
        assert wait_dead(node, 20), f"life {life}: it lives on: {json.dumps(node.destination())}"
        node.process.child.wait()
        if life + 1 < CRASHES:
            node.spawn(env=poison)
    node.start(env=poison)
    assert try_to_store(node, "2.25.1", image("2.25.1")) == 0
    wait_until(lambda: node.destination()["rejected"] == 1 and len(lead.received()) == 1, lambda: json.dumps(node.destination()), 60)
    assert lead.received()[0].sop_instance == "2.25.1"
    node.stop()


def store_implicit(node, name, data_set):
    contexts = ((1, wire.MR, (wire.IMPLICIT_LE,)),)
    with Peer(node.port).associate(contexts=contexts) as peer:
        return peer.store(name, data_set)


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
    node.stop()
    # A worker that dies whenever it compares: the image is held with that reason, and nothing else suffers.
    node.start(env={"SAMPAN_CRASH_AT": "worker.digest"})
    assert store_implicit(node, "2.25.1", reencoded("2.25.1", 8192)) == 0
    assert try_to_store(node, "2.25.3", image("2.25.3")) == 0
    wait_until(lambda: any("comparing them fails" in reason for reason in held(node)), lambda: json.dumps(node.destination()), 60)
    wait_until(lambda: len(lead.received()) == 3, "the other image arrives", 30)
    assert node.alive()
    node.stop()
