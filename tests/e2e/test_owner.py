# SPDX-License-Identifier: Apache-2.0
"""Files of the state directory that belong to somebody else, as one start as root or a restore of the disk leaves them: the node starts,
what it may not open is told with its owner, and nothing is lost or sent twice."""
import os
import pwd

from harness import Skip, tool, wait_until

contract = (9,)
IMAGES = 5


class Strangers:
    """A node that ran as root, holds images, and is to run as nobody."""

    def __init__(self, ctx):
        if os.geteuid() != 0:
            raise Skip("only root gives a file to somebody else")
        self.ctx, self.nobody, self.lead = ctx, pwd.getpwnam("nobody"), ctx.raw_scp()
        self.node = ctx.node(destinations=[self.lead.destination]).start()
        self.acknowledged = set()
        self.load(IMAGES)
        self.node.stop()

    def load(self, count):
        sender = self.ctx.raw_scu(self.node.address, self.ctx.images("mr", count, "--rows", 64, "--columns", 64), called="CLINIC")
        assert sender.wait() == 0
        self.acknowledged |= sender.acknowledged()

    def segments(self, stream):
        return sorted((self.node.state / "spool").glob(f"{stream}*.seg"))

    def belong_to_nobody(self, but=()):
        for path in (self.ctx.dir, self.node.dir, *self.node.dir.rglob("*")):
            os.chown(path, self.nobody.pw_uid, self.nobody.pw_gid)
        if self.ctx.dir.parent.name.startswith("sampan-"):
            self.ctx.dir.parent.chmod(0o711)  # the runner's own folder, through which others may pass
        for path in but:
            os.chown(path, 0, 0)
            path.chmod(0o600)

    def starts_as_nobody(self):
        node = self.node
        command = [tool("setpriv"), f"--reuid={self.nobody.pw_uid}", f"--regid={self.nobody.pw_gid}", "--clear-groups", tool("sampand"), "--config", node.write()]
        if self.ctx.command(*command[:4], "test", "-x", tool("sampand"), check=False).returncode != 0:
            raise Skip("another user may not run what was built here")
        node.process = self.ctx.run(command, "sampand", None, node.dir)
        node.process.wait_for_line("sampand ready ", 60)
        wait_until(lambda: not node.status()["spool"]["rebuilding"], "what can be read was read")

    def all_arrived(self):
        self.node.wait_drained()
        assert self.lead.shas() == self.acknowledged, f"{len(self.lead.shas())} of {len(self.acknowledged)}"


def test_a_segment_of_another_user_is_told_with_its_owner_and_what_is_in_it_waits_once_it_is_given_back(ctx):
    story = Strangers(ctx)
    node = story.node
    node.delete_ledger()
    (segment,) = story.segments("i")
    story.belong_to_nobody(but=[segment])
    story.starts_as_nobody()
    status = node.status()
    assert status["spool"]["denied"] == 1 and status["spool"]["foreign"] == 0 and node.destination()["waiting"] == 0, status["spool"]
    code, text = node.sampan("--lang", "en")
    assert code == 2 and f"{segment} belongs to root, and this node runs as nobody" in text and "move what is foreign" not in text, text
    assert f"Do this now: Give them back: sudo chown -R nobody: {node.state} && sudo systemctl restart sampand" in text, text
    assert f"sudo chown -R nobody: {node.state}" in node.sampan("--lang", "zh")[1]
    node.stop()
    story.belong_to_nobody()
    story.starts_as_nobody()
    wait_until(lambda: node.destination()["waiting"] == IMAGES, lambda: str(node.status()["spool"]))
    assert node.status()["spool"]["denied"] == 0
    node.stop()


def test_a_ledger_of_another_user_refuses_no_start_and_everything_arrives_once(ctx):
    """Of the whole ledger, then of its log alone: both are set aside, and rebuilt from the spool."""
    story = Strangers(ctx)
    story.lead.start()
    for names in (("ledger.db",), ("ledger.db-wal", "ledger.db-shm")):
        for name in names:
            (story.node.state / name).touch()
        story.belong_to_nobody(but=[story.node.state / name for name in names])
        story.starts_as_nobody()
        story.load(1)
        story.all_arrived()
        assert story.node.status()["spool"]["quarantined"] == 0
        story.node.stop()
    assert len(story.lead.received()) == len(story.acknowledged), "what had arrived was sent again"


def test_notes_of_another_user_take_nothing_away_from_what_is_owed(ctx):
    """Receipts that may not be read, with the ledger that knows them and without: what they speak of stays, and is sent once more at most."""
    story = Strangers(ctx)
    story.lead.start()
    for without_ledger in (False, True):
        story.belong_to_nobody()
        story.starts_as_nobody()
        story.load(1)
        story.all_arrived()
        story.node.stop()
        if without_ledger:
            story.node.delete_ledger()
        notes = story.segments("n")
        story.belong_to_nobody(but=notes)
        before = len(story.lead.received())
        story.starts_as_nobody()
        assert story.node.status()["spool"]["denied"] == len(notes) > 0, story.node.status()["spool"]
        story.load(1)
        story.all_arrived()
        assert story.node.status()["spool"]["items"] == len(story.acknowledged), "what nobody may read a receipt of is kept"
        again = len(story.lead.received()) - before - 1
        assert again == (len(story.acknowledged) - 1 if without_ledger else 0), f"{again} were sent again"
        story.node.stop()
