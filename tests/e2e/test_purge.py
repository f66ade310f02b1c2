# SPDX-License-Identifier: Apache-2.0
"""What the package does when it is removed and purged, by its own two scripts, whose folders lie below the test's: only what the node itself
made goes, and only where the removal counted in it that nothing is undelivered."""
import shutil

from harness import BIN, TOP, free_port, tool

contract = (2,)

# What the scripts call beside the programs of the package.
STUBS = {"setpriv": 'while [ "${1#--}" != "$1" ]; do shift; done; exec "$@"\n', "deb-systemd-invoke": "", "deb-systemd-helper": "", "systemctl": ""}


class Package:
    """Its scripts, with other folders than those of the machine; .usual is where the state directory is."""

    def __init__(self, ctx):
        self.ctx, self.root = ctx, ctx.folder("root")
        self.usual, self.bin = self.root / "var/lib/sampan", ctx.folder("stubs")
        for path in (self.usual, self.root / "etc/sampan", self.root / "srv"):
            path.mkdir(parents=True)
        for name, lines in STUBS.items():
            (self.bin / name).write_text("#!/bin/sh\n" + lines)
            (self.bin / name).chmod(0o755)
        self.node = ctx.node(destinations=[{"name": "lead", "dimse": f"LEAD@127.0.0.1:{free_port()}"}], state=self.usual)

    def holds(self, images, state):
        """A node ran in that state directory, which is that of the settings from now on."""
        self.node.state, self.node.settings["state_directory"] = state, str(state)
        self.node.start()
        if images:
            sender = self.ctx.raw_scu(self.node.address, self.ctx.images("mr", images, "--rows", 64, "--columns", 64), called="CLINIC")
            assert sender.wait() == 0
        self.node.stop()
        shutil.copyfile(self.node.write(), self.root / "etc/sampan/sampan.yaml")

    def script(self, name, action):
        text = (TOP / "packaging/debian" / name).read_text()
        for path in ("/var/lib/sampan", "/etc/sampan", "/srv/sampan"):
            text = text.replace(path, f"{self.root}{path}")
        for path, other in (("/usr/bin/sampand", BIN / "sampand"), ("/usr/bin/sampan ", f"{BIN / 'sampan'} "), ("/run/systemd/system", "/nowhere"),
                            ("/usr/bin/deb-systemd-helper", self.bin / "deb-systemd-helper")):
            text = text.replace(path, str(other))
        (self.ctx.dir / name).write_text(text)
        return self.ctx.command("env", f"PATH={self.bin}:/usr/sbin:/usr/bin:/sbin:/bin", tool("sh"), self.ctx.dir / name, action).stdout

    def remove(self):
        return self.script("prerm", "remove")

    def purge(self):
        return self.script("postrm", "purge")


def segments(state):
    return len(list((state / "spool").glob("i*.seg")))


def test_a_purge_removes_the_state_directory_in_which_nothing_is_undelivered(ctx):
    package = Package(ctx)
    package.holds(0, package.usual)
    package.remove()
    said = package.purge()
    assert not package.usual.exists(), (said, sorted(package.usual.rglob("*")))


def test_what_lies_in_an_emptied_state_directory_and_is_none_of_the_nodes_own_files_is_kept_by_a_purge(ctx):
    """A newer state directory with images that wait; a folder that images were delivered into; one that they are taken from."""
    package = Package(ctx)
    package.holds(0, package.usual)
    newer, archive, drop = (package.usual / name for name in ("newer", "archive", "drop"))
    for path in (archive, drop):
        path.mkdir()
        shutil.copyfile(ctx.images("mr", 1)[0], path / "IM1")
    package.holds(3, newer)
    said = package.remove()
    assert f"images not delivered, or not known to be archived: 3; they stay in {newer}" in said, said
    said = package.purge()
    assert segments(newer) > 0 and (newer / "keys/keyring").exists(), said
    assert (archive / "IM1").exists() and (drop / "IM1").exists(), said
    assert not (package.usual / "spool").exists() and f"{package.usual} holds more than the node made" in said, said


def test_a_state_directory_whose_disk_was_not_mounted_when_it_was_counted_is_kept_by_a_purge(ctx):
    package = Package(ctx)
    package.holds(3, package.usual)
    disk = package.root / "disk"
    package.usual.rename(disk)
    package.usual.mkdir()
    package.remove()
    shutil.rmtree(package.usual)
    disk.rename(package.usual)
    said = package.purge()
    assert segments(package.usual) > 0, said
    assert f"images not delivered, or not known to be archived: unknown; they are kept in {package.usual}" in said, said
