# SPDX-License-Identifier: Apache-2.0
"""The keyring is replaced under load and the node is killed at every step of it: every start opens, everything acknowledged arrives."""
import os
import random

from fleet import Fleet, wait_dead

contract = (1, 5, 9)
ROUNDS = max(1, int(os.environ.get("SAMPAN_KILLS", "200")) // 200)

# Every step of a replacement, and what a person asks for.
LABELS = ("keys.wrapped", "keys.copied", "keys.replaced")
ORDERS = (("rotate",), ("recovery",))


def asked(node, order):
    code, text = node.sampan("key", *order)
    return code, text


def test_a_kill_at_any_step_of_replacing_the_keyring_under_load_loses_nothing(ctx):
    fleet, dice, died = Fleet(ctx, 5), random.Random(5), 0
    fleet.clinic.start().kill()  # its keyring is there
    for without_ledger in [False, True] * ROUNDS:
        for label in LABELS:
            for order in ORDERS:
                fleet.keep_sending()
                fleet.clinic.start({"SAMPAN_CRASH_AT": label})
                asked(fleet.clinic, order)
                assert wait_dead(fleet.clinic, 10), f"{label} was not reached by {order}"
                died += 1
                if without_ledger:
                    fleet.clinic.delete_ledger()
                fleet.keep_sending()
                fleet.clinic.start()
                assert asked(fleet.clinic, dice.choice(ORDERS))[0] == 0
                fleet.clinic.kill()
    fleet.finish()
    return f"{died} kills, {fleet.summary()}"


def test_a_kill_at_any_step_of_the_first_start_leaves_a_node_that_starts(ctx):
    for label in ("keys.begun", *LABELS):
        node = ctx.node(label.replace(".", "-"), destinations=[{"name": "lead", "dimse": "NOBODY@127.0.0.1:9"}])
        node.spawn({"SAMPAN_CRASH_AT": label})
        assert wait_dead(node, 20), f"{label} was not reached"
        node.start()
        assert node.status()["key"]["node_keys"] == 1
        node.stop()
