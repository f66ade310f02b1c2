# SPDX-License-Identifier: Apache-2.0
"""What earlier versions of this program left on the disk is carried on by this one: real state directories of theirs, in spools/.

make_spool.py has made those from ledger_6 on; ledger_1 was made by hand, by the first version.
"""
import json
import tarfile
from pathlib import Path

from harness import wait_until

contract = (1, 2, 9)
SPOOLS = Path(__file__).resolve().parent / "spools"


def opened(ctx, archive):
    """The state directory of a clinic of that version, and what its maker wrote down: sha256 of what was delivered, waiting, on hold, gone."""
    folder = ctx.folder(archive.name.split(".")[0])
    with tarfile.open(archive) as packed:
        packed.extractall(folder)  # made by ourselves
    return folder / "state", json.loads((folder / "known.json").read_text())


def carries_on(ctx, archive, spoil=None):
    state, known = opened(ctx, archive)
    lead = ctx.raw_scp(name=f"lead-{len(ctx.children)}").start()
    node = ctx.node(f"clinic{len(ctx.children)}", destinations=[{**lead.destination, "name": "lead"}], state=state)
    if spoil:
        spoil(state)
    node.start()
    assert spoil or not list(state.glob("ledger.db.damaged-*")), "its ledger was not carried over, but made again from the spool"
    waiting, delivered, held, gone = (set(known.get(state_then, ())) for state_then in ("waiting", "delivered", "on_hold", "gone"))
    wait_until(lambda: lead.shas() >= waiting, lambda: f"{len(lead.shas() & waiting)} of {len(waiting)}: {json.dumps(node.status())}", 60)
    node.wait_drained()
    assert lead.shas() == waiting, "what was delivered or held before is sent"
    status = node.status()
    done = waiting | delivered
    counted = done if spoil else done | gone  # what is gone is known by a tombstone, and counted by the ledger alone
    assert (status["destinations"][0]["delivered"], status["destinations"][0]["on_hold"]) == (len(counted), len(held)), status["destinations"]
    assert (status["spool"]["items"], status["spool"]["quarantined"], status["spool"]["foreign"]) == (len(done | held), 0, 0), status["spool"]
    if held:
        assert node.sampan("resume", known["held_study"])[0] == 0
        wait_until(lambda: lead.shas() == waiting | held, lambda: f"resumed: {node.destination()}", 60)
    exams = node.get("/v1/today")["exams"] + node.get(f"/v1/trace?key={known['study']}")["exams"]
    assert any(exam["study_uid"] == known["study"] for exam in exams), "an exam of that version is not found by its UID"
    node.stop()
    lead.kill()
    return len(waiting | held)


def archives():
    found = sorted(SPOOLS.glob("*.tar.gz"))
    assert found
    return found


def test_a_state_directory_of_an_earlier_version_is_carried_on(ctx):
    return f"{sum(carries_on(ctx, archive) for archive in archives())} images of {[archive.name.split('.')[0] for archive in archives()]}"


def test_the_spool_of_an_earlier_version_is_enough(ctx):
    """Its ledger is gone, with it all that today's could have been made from."""
    def without_ledger(state):
        for path in state.glob("ledger.db*"):
            path.unlink()
    return f"{sum(carries_on(ctx, archive, without_ledger) for archive in archives())} images"
