# SPDX-License-Identifier: Apache-2.0
"""Keeps the disk whose power goes, for the quickstart's last scene: the only part of it that runs as root.

    power_disk.py USER GROUP       numbers; commands on standard input, a line of answer to each

    make            a new, empty disk                    on NAME=VALUE...   the power comes (volatile_disk.c), and it is mounted
    cut             the power goes                       off                everything that hangs on the disk goes
    plain           mounted as it was left               where              its folder

The mounts are in a namespace of this process, entered by who is to see them; all goes when standard input ends.
"""
import os
import sys

from harness import Context, Skip
from volatile_disk import VolatileDisk


class Keeper:
    def __init__(self, ctx, user, group):
        self.owner = (user, group)
        self.disk = VolatileDisk(ctx)

    def give(self):
        os.chown(self.disk.mount_point, *self.owner)

    def do_make(self):
        self.disk.make()

    def do_on(self, *settings):
        assert self.disk.power_on(**dict(setting.split("=") for setting in settings)), "the power went at once"
        self.give()

    def do_plain(self):
        self.disk.mount_plain()
        self.give()

    def do_cut(self):
        self.disk.cut()

    def do_off(self):
        self.disk.power_off()

    def do_where(self):
        return self.disk.mount_point


def serve(ctx):
    keeper = Keeper(ctx, int(sys.argv[1]), int(sys.argv[2]))
    keeper.do_on()  # whatever cannot be done here shows now
    keeper.do_off()
    print("ready", flush=True)
    for line in sys.stdin:
        words = line.split()
        print("ok", getattr(keeper, "do_" + words[0])(*words[1:]) or "", flush=True)


def main():
    with Context("power") as ctx:
        os.chmod(ctx.dir, 0o755)
        try:
            serve(ctx)
        except (Skip, AssertionError, OSError) as why:
            print("no", " ".join(str(why).split()), flush=True)
            sys.stdin.read()


if __name__ == "__main__":
    main()
