# SPDX-License-Identifier: Apache-2.0
"""The power of a whole computer goes, kernel, page cache and all: no acknowledged image is lost and no start refused."""
import os
import random

from guest import Guest
from harness import wait_until

contract = (1, 9)
CUTS = int(os.environ.get("SAMPAN_GUEST_CUTS", "6"))


def acknowledged(senders):
    return set().union(*(sender.acknowledged() for sender in senders))


def test_no_acknowledged_image_is_lost_when_the_power_of_a_whole_computer_goes(ctx):
    chance = random.Random(9)
    lead = ctx.raw_scp()  # not started: the guest's disk is all there is
    guest = Guest(ctx, lead.port)
    images = ctx.images("mr", 20, "--rows", 64, "--columns", 64)
    senders = [ctx.raw_scu(guest.address, images, called="GUEST", calling=f"MOD{at}", new_uids=True, repeat=10_000, rate=30, persist=36_000)
               for at in range(3)]
    for turn in range(CUTS):
        before = len(acknowledged(senders))
        guest.start(seed=turn + 1, keep=chance.choice((0, 30, 50, 90)), torn=turn % 2)
        wait_until(lambda: len(acknowledged(senders)) >= before + 50, lambda: f"images are taken: {guest.said()[-2000:]}", 120)
        guest.cut()
        if turn % 2:
            guest.delete_ledger()
    for sender in senders:
        sender.process.kill()
    lead.start()
    guest.start()
    promised = acknowledged(senders)
    wait_until(lambda: promised <= {path.stem for path in lead.out.glob("*.ds")},
               lambda: f"{len(promised)} acknowledged, {len(promised & {path.stem for path in lead.out.glob('*.ds')})} arrived", 300, 0.5)
    guest.cut()
    return f"{CUTS} cuts, {len(promised)} acknowledged, all arrived"
