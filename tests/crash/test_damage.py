# SPDX-License-Identifier: Apache-2.0
"""Damage to what a node keeps: every start succeeds, what is behind the damage arrives, and what is damaged is shown."""
import re
import shutil
import sqlite3
import struct

from harness import BIN, wait_until

contract = (9,)
BLOCK = 4096
IMAGES = 12
STRANGE = ("i00000000000000bb.seg", "i00000000000000cc.seg", "i0000000000000ddd.seg", "i00000000000000ee.seg", "holiday.jpg")


class Damaged:
    """A node that has acknowledged images and is stopped, with a lead that was away all the time."""

    def __init__(self, ctx, name="clinic"):
        self.ctx = ctx
        self.lead = ctx.raw_scp()
        self.node = ctx.node(name=name, destinations=[self.lead.destination]).start()
        self.senders = [self.send(ctx.images("mr", IMAGES, "--rows", 64, "--columns", 64))]
        self.node.stop()

    def send(self, files):
        sender = self.ctx.raw_scu(self.node.address, files, called=self.node.name.upper(), new_uids=True)
        assert sender.wait() == 0
        return sender

    def owes_again(self):
        """It has acknowledged more images, and is stopped, with the lead away."""
        self.lead.kill()
        self.node.start()
        self.senders.append(self.send(self.ctx.images("mr", IMAGES, "--rows", 64, "--columns", 64)))
        self.node.stop()

    def settle_ledger(self):
        """All of it is in its one file: what its log still holds would mend any damage to that."""
        database = sqlite3.connect(self.node.state / "ledger.db")
        assert database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
        database.close()
        assert not (self.node.state / "ledger.db-wal").exists()

    def starts_and_rebuilds(self, why):
        """What is found only once it is open stops it, before or after it is ready, and the service manager starts it again."""
        rebuilt = lambda: re.search(r" rebuilt \d+ items$", self.node.log(), re.M)
        for _ in range(2):
            self.node.spawn()
            wait_until(lambda: rebuilt() or not self.node.alive(), lambda: f"{why}: nothing was rebuilt: {self.node.log()}")
            if self.node.alive():
                return self.node.process.wait_for_line("sampand ready ", 60)
            assert "is damaged and set aside" in self.node.log(), self.node.log()
        raise AssertionError(f"{why}: it stopped once more: {self.node.log()}")

    def acknowledged(self):
        return set().union(*(sender.acknowledged() for sender in self.senders))

    def segments(self, stream="i"):
        return sorted((self.node.state / "spool").glob(f"{stream}*.seg"))

    def starts_and_delivers(self, lost=0):
        """-> status once everything that is not damaged has arrived."""
        if not self.node.alive():
            self.node.start()
        self.senders.append(self.send(self.ctx.images("mr", 2)))  # intake works
        if not self.lead.process or not self.lead.process.alive():
            self.lead.start()
        expected = len(self.acknowledged()) - lost
        wait_until(lambda: len(self.lead.shas()) >= expected, lambda: f"{len(self.lead.shas())} of {expected} arrived", 40)
        self.node.wait_drained()
        assert self.lead.shas() <= self.acknowledged() and len(self.lead.shas()) == expected
        return self.node.status()

    def undelivered(self):
        """What the question before everything goes is answered with."""
        text = self.ctx.command(BIN / "sampand", "--config", self.node.write(), "--undelivered").stdout
        return int("".join(filter(str.isdigit, text)))

    def says(self, code):
        found = [one for one in self.node.status()["attention"] if one["code"] == code]
        assert found, self.node.status()["attention"]
        _, text = self.node.sampan()
        assert found[0]["en"] in text or found[0]["zh"] in text, (found, text)
        return found[0]

    def says_nothing(self):
        codes = {one["code"] for one in self.node.status()["attention"]}
        assert not codes & {"quarantined", "doubtful", "foreign"}, codes


def looked_at(story, code):
    """A person lists the one place, looks, and is not told again: at once, after a restart, and without the ledger; nothing is deleted."""
    node, before = story.node, {path.name: path.stat().st_size for path in story.segments()}
    [place] = node.get("/v1/damage")["places"]
    for lang, words in (("en", "Compare the exams"), ("zh", "逐一核对")):
        told, text = node.sampan("damage", "--lang", lang)
        assert told == 1 and place["place"] in text and words in text, text
    assert node.sampan("damage", "seen")[0] == 64 and node.sampan("damage", "seen", "9-9")[0] == 1
    story.says(code)
    told, text = node.sampan("damage", "seen", place["place"])
    assert told == 0 and "1" in text and "damage looked at by user" in node.log(), text
    wait_until(lambda: "spool.seen" in node.sampan("events", "--json")[1], lambda: node.sampan("events", "--json")[1])
    for life in ("this one", "the next", "without its ledger", "the one after"):
        if life != "this one":
            node.stop()
            if life == "without its ledger":
                node.delete_ledger()
            node.start()
            wait_until(lambda: not node.status()["spool"]["rebuilding"], "rebuilt")
        story.says_nothing()
        spool = node.status()["spool"]
        assert (spool["quarantined"], spool["doubtful"], node.destination()["on_hold"]) == (0, 0, 0), (life, spool)
        assert not node.get("/v1/damage")["places"], life
    assert node.sampan("damage")[0] == 0
    assert before.items() <= {path.name: path.stat().st_size for path in story.segments()}.items(), "bytes that are in doubt were touched"
    node.stop()
    assert story.undelivered() == len(story.acknowledged()) - 1, story.undelivered()  # accepted and not proven; that one is in no count


def records(path):
    """Offset and length of the records of a segment."""
    data, at = path.read_bytes(), BLOCK
    while at + 128 <= len(data):
        assert data[at:at + 4] == b"SREC", at
        length = struct.unpack_from("<Q", data, at + 16)[0] or len(data) - at
        yield at, length
        at += length


def flip(path, at):
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 0x10]))


def test_a_ledger_that_is_deleted_truncated_garbage_or_from_the_future_is_rebuilt(ctx):
    story = Damaged(ctx)
    ledger = story.node.state / "ledger.db"

    def deleted():
        story.node.delete_ledger()

    def truncated():
        with ledger.open("r+b") as file:
            file.truncate(ledger.stat().st_size // 2 + 100)

    def garbage():
        ledger.write_bytes(bytes(range(256)) * 200)

    def a_page_of_garbage():
        with ledger.open("r+b") as file:
            file.seek(BLOCK * 2)
            file.write(b"\xee" * BLOCK * 3)

    def from_the_future():
        with sqlite3.connect(ledger) as database:
            database.execute("PRAGMA user_version=4711")

    for damage in (deleted, truncated, garbage, a_page_of_garbage, from_the_future):
        if story.lead.process:  # of the first, everything is still owed
            story.owes_again()
        story.settle_ledger()
        damage()
        story.starts_and_rebuilds(damage.__name__)
        story.starts_and_delivers()
        story.says_nothing()
        story.node.stop()
        assert len(story.lead.received()) == len(story.acknowledged()), f"{damage.__name__}: what had arrived was sent again"
    assert len(list(story.node.state.glob("ledger.db.damaged-*[0-9]"))) <= 2


def test_a_ledger_that_another_process_has_locked_keeps_nobody_from_starting(ctx):
    story = Damaged(ctx)
    thief = sqlite3.connect(story.node.state / "ledger.db", isolation_level=None)
    thief.execute("PRAGMA locking_mode=EXCLUSIVE")
    thief.execute("BEGIN EXCLUSIVE")
    story.starts_and_delivers()
    story.says_nothing()
    thief.close()
    story.node.stop()


def test_a_ledger_that_another_process_locks_while_the_node_runs_keeps_no_image_from_being_taken(ctx):
    """For longer than the node waits for it at a time: nothing of it is damage, and what came meanwhile goes on afterwards."""
    story = Damaged(ctx)
    story.node.start()
    story.lead.start()
    wait_until(story.node.drained, "delivered")
    thief = sqlite3.connect(story.node.state / "ledger.db", isolation_level=None, timeout=30)
    thief.execute("BEGIN IMMEDIATE")
    story.senders.append(story.send(ctx.images("mr", 3)))
    wait_until(lambda: story.node.log().count("locked") >= 2, lambda: f"it is told: {story.node.log()}")
    story.senders.append(story.send(ctx.images("mr", 3)))
    assert story.node.alive() and story.node.status()["intake"]["accepting"]
    thief.execute("ROLLBACK")
    thief.close()
    wait_until(lambda: story.lead.shas() == story.acknowledged(), lambda: f"{len(story.lead.shas())} of {len(story.acknowledged())}")
    story.node.wait_drained()
    story.says_nothing()
    assert len(story.lead.received()) == len(story.acknowledged()) and not list(story.node.state.glob("ledger.db.damaged*"))
    story.node.stop()


def test_a_ledger_that_breaks_while_the_node_runs_is_rebuilt(ctx):
    story = Damaged(ctx)
    story.node.start()
    story.senders.append(story.send(ctx.images("mr", 3)))
    wait_until(lambda: story.node.status()["spool"]["items"] == IMAGES + 3, "indexed")
    with (story.node.state / "ledger.db-wal").open("r+b") as log:
        log.truncate(0)
    with (story.node.state / "ledger.db").open("r+b") as file:
        file.write(b"\xee" * file.seek(0, 2))
        file.seek(0)
        file.write(b"\xee" * BLOCK * 8)
    sender = ctx.raw_scu(story.node.address, ctx.images("mr", 5), called="CLINIC", persist=60)
    story.senders.append(sender)
    story.lead.start()

    def all_there_with_a_service_manager():
        if not story.node.alive():
            story.node.start()
        return not sender.process.alive() and story.lead.shas() == story.acknowledged()

    wait_until(all_there_with_a_service_manager, lambda: f"{len(story.lead.shas())} of {len(story.acknowledged())}", 100)
    assert sender.wait() == 0
    story.node.wait_drained()
    story.says_nothing()
    story.node.stop()


def cut(path, bytes_):
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - bytes_)


def cut_short(ctx, without_ledger):
    story = Damaged(ctx)
    cut(story.segments()[0], 3000)
    if without_ledger:
        story.node.delete_ledger()
    assert story.starts_and_delivers(lost=1)["spool"]["quarantined"] == 1
    story.says("quarantined")
    story.node.stop()


def test_a_segment_cut_short_gives_what_is_before_the_cut_and_the_rest_is_shown(ctx):
    cut_short(ctx, without_ledger=False)


def test_a_segment_cut_short_is_shown_as_well_where_the_ledger_is_lost(ctx):
    cut_short(ctx, without_ledger=True)


def test_the_last_record_of_a_segment_that_is_damaged_or_cut_off_is_shown_and_counted_as_undelivered(ctx):
    story = Damaged(ctx)
    story.node.start()
    story.senders.append(story.send(ctx.images("dx", 2, "--rows", 1200, "--columns", 1000)))  # each in a segment of its own
    story.node.stop()
    small, *large = story.segments()
    assert len(large) == 2 and all(path.stat().st_size > 2 << 20 for path in large)
    last = list(records(small))[-1][0]
    flip(small, last + 3000)
    flip(large[0], 1 << 20)
    cut(large[1], 1 << 20)
    story.node.delete_ledger()
    assert story.undelivered() == len(story.acknowledged()), story.undelivered()
    assert story.starts_and_delivers(lost=3)["spool"]["quarantined"] == 3
    story.says("quarantined")
    story.node.stop()


def test_what_may_have_been_torn_when_the_power_went_is_shown_as_such_where_the_ledger_went_as_well(ctx):
    story = Damaged(ctx)
    segment = story.segments()[0]
    with segment.open("r+b") as file:
        file.seek(512)
        file.write(bytes(512))  # the power went before it was marked
    cut(segment, 3000)
    story.node.delete_ledger()
    spool = story.starts_and_delivers(lost=1)["spool"]
    assert (spool["quarantined"], spool["doubtful"]) == (0, 1), spool
    story.says("doubtful")
    assert "may have been arriving when the power went" in story.node.log()
    looked_at(story, "doubtful")


def test_a_bit_flipped_in_the_middle_costs_that_image_only_and_is_shown(ctx):
    story = Damaged(ctx)
    segment = story.segments()[0]
    places = list(records(segment))
    assert len(places) == IMAGES
    flip(segment, places[5][0] + 3000)
    story.node.delete_ledger()
    assert story.starts_and_delivers(lost=1)["spool"]["quarantined"] == 1
    story.says("quarantined")
    looked_at(story, "quarantined")


def test_a_bit_flipped_under_a_sound_ledger_is_found_when_the_image_is_sent(ctx):
    story = Damaged(ctx)
    segment = story.segments()[0]
    flip(segment, list(records(segment))[5][0] + 3000)
    assert story.starts_and_delivers(lost=1)["spool"]["quarantined"] == 1
    story.says("quarantined")
    (exam,) = story.node.status()["spool"]["quarantined_exams"]
    code, text = story.node.sampan("--lang", "en")
    assert f"exams {exam}" in text and "decide whether they go on" not in text, text
    assert any(one["study_uid"] == exam for one in story.node.get(f"/v1/trace?key={exam}")["exams"])
    assert story.node.destination()["on_hold"] == 1
    looked_at(story, "quarantined")


def test_a_damaged_image_that_was_sent_again_is_asked_for_no_more(ctx):
    """Found when it is sent; then without the ledger, which finds it in the spool."""
    story = Damaged(ctx)
    story.node.start()
    files = ctx.images("mr", 1, "--rows", 64, "--columns", 64)

    def send():
        story.senders.append(ctx.raw_scu(story.node.address, files, called=story.node.name.upper()))
        assert story.senders[-1].wait() == 0

    send()
    story.node.stop()
    segment = story.segments()[-1]
    flip(segment, list(records(segment))[-1][0] + 3000)
    assert story.starts_and_delivers(lost=1)["spool"]["quarantined"] == 1
    (exam,) = story.node.status()["spool"]["quarantined_exams"]
    send()
    wait_until(lambda: story.lead.shas() == story.acknowledged(), lambda: f"{len(story.lead.shas())} arrived")
    story.node.wait_drained()
    for without_ledger in (False, True):
        if without_ledger:
            story.node.stop()
            story.node.delete_ledger()
            story.starts_and_delivers()
        story.says_nothing()
        assert story.node.status()["spool"]["quarantined_exams"] == []
        assert exam not in story.node.sampan("--lang", "en")[1]
    story.node.stop()


def test_a_segment_whose_header_is_damaged_still_gives_its_images(ctx):
    story = Damaged(ctx)
    flip(story.segments()[0], 20)
    story.node.delete_ledger()
    assert story.starts_and_delivers()["spool"]["quarantined"] == 1
    story.says("quarantined")
    story.node.stop()


def strange_segments(ctx, without_ledger):
    story, other = Damaged(ctx), Damaged(ctx, "other")
    spool = story.node.state / "spool"
    shutil.copy(story.segments()[0], spool / "i00000000000000bb.seg")  # doubled
    shutil.copy(other.segments()[0], spool / "i00000000000000cc.seg")  # of another place
    shutil.copy(other.segments()[0], spool / "i0000000000000ddd.seg")
    (spool / "holiday.jpg").write_bytes(b"not ours")
    (spool / "i00000000000000ee.seg").write_bytes(b"neither" * 3000)
    strange = {path: path.read_bytes() for path in (spool / name for name in STRANGE)}
    if without_ledger:
        story.node.delete_ledger()
    status = story.starts_and_delivers()
    assert status["spool"]["foreign"] == 5, status["spool"]
    assert status["spool"]["quarantined"] == 0, status["spool"]
    story.says("foreign")
    story.node.stop()
    assert all(path.read_bytes() == before for path, before in strange.items()), "what is not ours was touched"
    assert len(story.lead.received()) == len(story.acknowledged()), "what is doubled was sent twice"


def test_foreign_doubled_and_stolen_segments_are_left_alone_and_shown(ctx):
    strange_segments(ctx, without_ledger=False)


def test_foreign_doubled_and_stolen_segments_are_left_alone_and_shown_where_the_ledger_is_lost(ctx):
    strange_segments(ctx, without_ledger=True)


def test_the_only_segment_replaced_by_that_of_another_node_is_shown_and_keeps_nobody_from_starting(ctx):
    story, other = Damaged(ctx), Damaged(ctx, "other")
    assert len(story.segments()) == 1 and not story.segments("n")
    stolen = other.segments()[0].read_bytes()
    story.segments()[0].write_bytes(stolen)
    story.node.delete_ledger()
    status = story.starts_and_delivers(lost=IMAGES)
    assert status["spool"]["foreign"] == 1 and status["spool"]["quarantined"] == 0, status["spool"]
    story.says("foreign")
    assert story.segments()[0].read_bytes() == stolen
    story.node.stop()


def test_damaged_receipts_send_again_and_lose_nothing(ctx):
    story = Damaged(ctx)
    story.starts_and_delivers()
    story.node.stop()
    notes = story.segments("n")
    places = list(records(notes[0]))
    flip(notes[0], places[0][0] + 200)
    story.node.delete_ledger()
    before = len(story.lead.received())
    story.starts_and_delivers()
    again = len(story.lead.received()) - before - 2  # two are new
    assert again > 0, "the receipts in the damaged note are unknown, so that what they spoke of is sent again"
    if len(places) > 1:
        assert again < IMAGES + 2, f"the receipts behind the damage hold: {again} of {IMAGES + 2} were sent again"
    assert story.says("quarantined")
    story.node.stop()
