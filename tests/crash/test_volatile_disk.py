# SPDX-License-Identifier: Apache-2.0
"""The disk that loses power does lose what was not flushed, and keeps what was: else the power cuts prove nothing."""
import os

from volatile_disk import VolatileDisk


def write(path, content, sync):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(fd, content)
    if sync:
        os.fsync(fd)
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
    os.close(fd)


def keeps_what_was_synced(disk):
    disk.power_on(seed=1, keep=0)
    write(disk.mount_point / "kept", b"k" * 100_000, sync=True)
    write(disk.mount_point / "lost", b"l" * 100_000, sync=False)
    disk.cut()
    disk.power_off()
    disk.mount_plain()
    assert (disk.mount_point / "kept").read_bytes() == b"k" * 100_000
    lost = disk.mount_point / "lost"
    assert not lost.exists() or lost.read_bytes() != b"l" * 100_000


def goes_at_the_write(disk):
    disk.power_on(seed=2, keep=50, torn=1, cutwrite=40)
    number = 0
    while disk.has_power():
        try:
            write(disk.mount_point / f"f{number}", b"x" * 5000, sync=True)
        except OSError:
            break
        number += 1
    assert 0 < number < 40, number
    disk.power_off()
    disk.mount_plain()
    for before in range(number):
        assert (disk.mount_point / f"f{before}").read_bytes() == b"x" * 5000, before


def test_an_ext4_keeps_what_was_synced_and_loses_the_rest(ctx):
    keeps_what_was_synced(VolatileDisk(ctx))


def test_an_xfs_keeps_what_was_synced_and_loses_the_rest(ctx):
    keeps_what_was_synced(VolatileDisk(ctx, kind="xfs"))


def test_power_goes_at_the_write_asked_for_below_ext4(ctx):
    goes_at_the_write(VolatileDisk(ctx))


def test_power_goes_at_the_write_asked_for_below_xfs(ctx):
    goes_at_the_write(VolatileDisk(ctx, kind="xfs"))
