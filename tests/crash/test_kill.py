# SPDX-License-Identifier: Apache-2.0
"""SIGKILL at every labelled point of the crash table and at random: what was acknowledged arrives, exactly once by content."""
import http.client
import json
import os
import shutil
import time
from collections import Counter

from fleet import Fleet, wait_dead
from harness import tool, wait_until
from node import UnixConnection

contract = (1, 3, 5, 6, 7, 9)
KILLS = int(os.environ.get("SAMPAN_KILLS", "200"))
SEED = int(os.environ.get("SAMPAN_SEED", "1"))

# The moments of DESIGN section 3's crash table, as the node names them, and the highest pass at which it dies: high enough
# to meet them in different company, low enough to be reached within seconds.
LABELS = {"item.part": 12, "item.written": 40, "item.synced": 40, "item.acknowledged": 40, "outcome.received": 40,
          "receipt.written": 8, "receipt.synced": 8, "tombstone.synced": 2, "reclaim.punched": 2}
LIFE_S = 5


def die_at(fleet, label):
    """One life of the node that ends at the label; whether it was the label that ended it."""
    if not label.startswith("item."):
        fleet.lead_comes_or_goes(chance_up=1)  # without a lead there is no outcome, no receipt and nothing to reclaim
    fleet.clinic.spawn({"SAMPAN_CRASH_AT": f"{label}:{fleet.random.randint(1, LABELS[label])}"})
    reached = wait_dead(fleet.clinic, LIFE_S)
    fleet.clinic.kill()
    return reached


def die_at_random(fleet):
    """One life of a random length; the shortest end while the node still reads its spool."""
    fleet.clinic.spawn()
    time.sleep(fleet.random.uniform(0.005, 0.4))
    assert fleet.clinic.alive(), f"it died by itself: {fleet.clinic.log()[-2000:]}"
    fleet.clinic.kill()


def kill_often(ctx, kills, seed, labelled, without_ledger):
    fleet, reached = Fleet(ctx, seed), Counter()
    for turn in range(kills):
        fleet.keep_sending()
        fleet.lead_comes_or_goes(chance_up=0.75)
        if labelled:
            label = list(LABELS)[turn % len(LABELS)]
            reached[label] += die_at(fleet, label)
        else:
            die_at_random(fleet)
        if without_ledger:
            fleet.clinic.delete_ledger()
    fleet.finish()
    # Nothing on hold, nothing rejected (fleet.compare), nothing quarantined: a kill is no fault of what was in work.
    assert fleet.quarantined == 0, f"{fleet.quarantined} quarantined"
    missed = [label for label in LABELS if labelled and kills >= 4 * len(LABELS) and not reached[label]]
    assert not missed, f"never reached: {missed}; reached: {dict(reached)}"
    points = f" ({sum(reached.values())} at labelled points: {', '.join(f'{k} {v}' for k, v in reached.items())})" if labelled else ""
    return f"{kills} kills{points}, {fleet.summary()}"


def test_acknowledged_images_arrive_after_kills_at_labelled_points(ctx):
    return kill_often(ctx, KILLS // 4, SEED, labelled=True, without_ledger=False)


def test_acknowledged_images_arrive_after_kills_at_labelled_points_without_the_ledger(ctx):
    return kill_often(ctx, KILLS // 4, SEED + 1, labelled=True, without_ledger=True)


def test_acknowledged_images_arrive_after_kills_at_random(ctx):
    return kill_often(ctx, KILLS // 4, SEED + 2, labelled=False, without_ledger=False)


def test_acknowledged_images_arrive_after_kills_at_random_without_the_ledger(ctx):
    return kill_often(ctx, KILLS - 3 * (KILLS // 4), SEED + 3, labelled=False, without_ledger=True)


NOTES_SLACK = 4 << 20  # core::limits::notes_slack_bytes: so many notes begin a round of compaction
# Where the node dies, at which segment of the round, and whether it must do without its ledger then.
COMPACTION = [("compaction.written", 1, False), ("compaction.written", 2, True),
              ("compaction.unlinked", 1, True), ("compaction.unlinked", 2, False)]


def order(node, what, study):
    """Written to the spool when it is answered, in a note of its own; nothing where the node died of it."""
    connection = UnixConnection(node.socket)
    try:
        connection.request("POST", f"/v1/{what}", json.dumps({"key": study}), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (answer.status, body)
    except (OSError, http.client.HTTPException):
        wait_until(lambda: not node.alive(), "dead", 10)
    finally:
        connection.close()


def a_node_about_to_compact(ctx):
    """Four images delivered, three of an exam on hold since long, three of one that was held and let go all the time."""
    lead = ctx.raw_scp().start()
    node = ctx.node(destinations=[lead.destination]).start()
    senders, studies = [], []
    for kind, count in (("mr", 4), ("ct", 3), ("mr", 3)):
        files = ctx.images(kind, count, "--rows", 64, "--columns", 64)
        sender = ctx.raw_scu(node.address, files, called="CLINIC")
        assert sender.wait() == 0
        senders.append(sender)
        studies.append(ctx.command("dcmdump", "+P", "0020,000d", files[0]).stdout.split("[", 1)[1].split("]", 1)[0].strip("\0 "))
        if kind == "mr" and count == 4:
            wait_until(lambda: node.destination()["delivered"] == 4, "delivered", 30)
            lead.kill()
    _, held, free = studies
    order(node, "hold", held)
    node.stop()
    orders = (NOTES_SLACK - (64 << 10) - node.notes_bytes()) // 4096 // 2 * 2  # of one block each
    ctx.command(tool("make_backlog"), "--state", node.state, "--study", free, "--orders", orders)
    assert NOTES_SLACK - (256 << 10) < node.notes_bytes() < NOTES_SLACK, f"{node.notes_bytes()} bytes of notes"
    return lead, node, held, free, set().union(*(sender.acknowledged() for sender in senders))


def test_a_kill_at_each_step_of_a_compaction_changes_nothing_of_what_is_owed_held_or_delivered(ctx):
    lead, node, held, free, acknowledged = a_node_about_to_compact(ctx)
    shelf, fewest = ctx.dir / "shelf", NOTES_SLACK
    shutil.copytree(node.state, shelf)

    def start():
        node.start()
        wait_until(lambda: not node.status()["spool"]["rebuilding"], "rebuilt", 30)
        order(node, "resume", free)  # it may have died between the two

    def stands():
        found, spool = node.destination(), node.status()["spool"]
        counts = [found[name] for name in ("delivered", "on_hold", "waiting", "rejected")] + [spool["quarantined"], spool["foreign"]]
        assert counts == [4, 3, 3, 0, 0, 0], (label, nth, without_ledger, counts)

    for label, nth, without_ledger in COMPACTION:
        shutil.rmtree(node.state)
        shutil.copytree(shelf, node.state)
        node.start(env={"SAMPAN_CRASH_AT": f"{label}:{nth}"})
        deadline = time.monotonic() + 60
        while node.alive():
            assert time.monotonic() < deadline, f"{label}:{nth} was not reached: {node.notes_bytes()} bytes of notes"
            order(node, "hold", free)
            if node.alive():
                order(node, "resume", free)
        if without_ledger:
            node.delete_ledger()
        start()
        stands()
        # The round is made to its end now, and what it left says the same.
        def compacted():
            order(node, "hold", free)
            order(node, "resume", free)
            return node.notes_bytes() < NOTES_SLACK // 2
        wait_until(compacted, lambda: f"compacted: {node.notes_bytes()} bytes", 60)
        fewest = min(fewest, node.notes_bytes())
        node.stop()
        node.delete_ledger()
        start()
        stands()
        if (label, nth, without_ledger) != COMPACTION[-1]:
            node.stop()
    lead.start()
    order(node, "resume", held)
    wait_until(lambda: lead.shas() == acknowledged, lambda: f"{len(lead.shas())} of {len(acknowledged)}", 60)
    node.wait_drained()
    assert len(lead.received()) == len(acknowledged), "something came twice"
    node.stop()
    return f"{len(COMPACTION)} kills; {fewest} bytes of notes left of {NOTES_SLACK}"
