# SPDX-License-Identifier: Apache-2.0
"""The power of the disk goes, at any write and any flush: no acknowledged image is lost, with or without the ledger."""
import os

from fleet import Fleet
from harness import wait_until
from volatile_disk import VolatileDisk

contract = (1, 9)
CUTS = int(os.environ.get("SAMPAN_CUTS", "50"))


def when(rng):
    """At a write, at a flush, or at no particular moment; what survives of the rest is chance."""
    kind = rng.choice(("cutwrite", "cutflush", "none"))
    moment = {"cutwrite": {"cutwrite": rng.randint(5, 1500)}, "cutflush": {"cutflush": rng.randint(2, 400)}, "none": {}}[kind]
    return {"seed": rng.randint(1, 1 << 30), "keep": rng.choice((0, 30, 50, 90)), "torn": rng.randint(0, 1), **moment}


def one_cut(fleet, disk):
    """The power comes, the node lives on the disk, the power goes and takes the node with it."""
    if disk.power_on(**when(fleet.random)):
        fleet.clinic.spawn()
        try:
            wait_until(lambda: not disk.has_power(), "the power goes by itself", fleet.random.uniform(0.3, 2.5))
        except AssertionError:
            disk.cut()
        fleet.clinic.kill()
    disk.power_off()


def test_no_acknowledged_image_is_lost_when_the_power_goes(ctx):
    disk = VolatileDisk(ctx, 768 << 20)
    fleet = Fleet(ctx, 5, state=disk.mount_point / "state")
    for turn in range(CUTS):
        fleet.keep_sending()
        fleet.lead_comes_or_goes(chance_up=0.3)  # away most of the time: the disk is all there is
        one_cut(fleet, disk)
        if turn % 2:
            disk.mount_plain()
            fleet.clinic.delete_ledger()
            disk.power_off()
    disk.mount_plain()
    fleet.finish()
    disk.power_off()
    checked = disk.check()
    assert checked.returncode == 0, checked.stdout
    return f"{CUTS} cuts, {fleet.summary()}"
