# SPDX-License-Identifier: Apache-2.0
"""A clinic under load: several modalities that resend until they are answered, and a lead that comes and goes.

The books are kept outside the node: what raw_scu was told `success` for, and what raw_scp holds, both by sha256.
"""
import random

from harness import wait_until

SENDERS = 3
RATE_PER_S = 60  # of each sender: enough to pass every labelled point, little enough to drain soon


class Fleet:
    def __init__(self, ctx, seed, state=None, patience_s=3600):
        self.ctx, self.random, self.patience_s = ctx, random.Random(seed), patience_s
        self.lead = ctx.raw_scp().start()
        destination = {**self.lead.destination, "reclaim_after": "accepted", "retention_days": 0}
        self.clinic = ctx.node(destinations=[destination], state=state)
        small = ctx.images("mr", 6, "--rows", 64, "--columns", 64)
        # One that is gathered with others, and one that streams into a segment of its own.
        self.loads = [small, small + ctx.images("ct", 1, "--rows", 256, "--columns", 256),
                      small + ctx.images("dx", 1, "--rows", 1024, "--columns", 700)]
        self.senders, self.sending = [], True

    def keep_sending(self):
        """Every sender that is done is followed by a new one, with new instances."""
        running = [sender for sender in self.senders if sender.process.alive()]
        while self.sending and len(running) < SENDERS:
            load = self.loads[len(self.senders) % len(self.loads)]
            running.append(self.ctx.raw_scu(self.clinic.address, load, called="CLINIC", calling=f"MOD{len(self.senders)}",
                                            new_uids=True, repeat=40, rate=RATE_PER_S, persist=self.patience_s))
            self.senders.append(running[-1])

    def lead_comes_or_goes(self, chance_up):
        up = self.lead.process.alive()
        if self.random.random() < chance_up and not up:
            self.lead.start()
        elif up and self.random.random() > chance_up:
            self.lead.kill()

    def acknowledged(self):
        return set().union(*(sender.acknowledged() for sender in self.senders))

    def finish(self, deadline_s=300):
        """The senders end their work, the lead is there, the clinic drains; then the books must agree."""
        self.sending = False
        if not self.lead.process.alive():
            self.lead.start()
        self.clinic.start()
        for sender in self.senders:
            code = sender.wait(deadline_s)
            assert code == 0, f"a sender was not answered for all: {sender.process.said()[-500:]}"
        self.clinic.wait_drained(deadline_s)
        self.compare()

    def compare(self):
        acknowledged, there = self.acknowledged(), {path.stem for path in self.lead.out.glob("*.ds")}
        assert acknowledged, "nothing was acknowledged"
        lost = acknowledged - there
        assert not lost, f"{len(lost)} of {len(acknowledged)} acknowledged images are lost: {sorted(lost)[:5]}; {self.clinic.status()}"
        assert not there - acknowledged, f"{len(there - acknowledged)} arrived that nobody sent"
        lead = self.clinic.destination("lead")
        assert (lead["on_hold"], lead["rejected"]) == (0, 0), lead
        self.quarantined = self.clinic.status()["spool"]["quarantined"]
        self.clinic.stop()

    def summary(self):
        return f"{len(self.acknowledged())} acknowledged, all arrived"


def wait_dead(node, deadline_s):
    """Whether the node dies by itself in that time."""
    try:
        wait_until(lambda: not node.alive(), "dead", deadline_s, 0.005, slow=1)
    except AssertionError:
        return False
    return True
