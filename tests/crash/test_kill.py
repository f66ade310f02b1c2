# SPDX-License-Identifier: Apache-2.0
"""SIGKILL at every labelled point of the crash table and at random: what was acknowledged arrives, exactly once by content."""
import os
import time
from collections import Counter

from fleet import Fleet, wait_dead

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
