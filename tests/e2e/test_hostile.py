# SPDX-License-Identifier: Apache-2.0
"""Peers that are slow, broken or ill-meaning, over the wire against a whole node: nothing is lost, nothing half stays, memory
is bounded, and the next good image passes.

SAMPAN_CONVERSATIONS and SAMPAN_SEED say how many mutated conversations there are, and which.
"""
import contextlib
import hashlib
import json
import os
import random
import select
import socket
import struct
import threading
import time
from pathlib import Path
from urllib.parse import quote

import wire
from harness import Skip, free_port, wait_until
from node import UnixConnection
from scripted_scp import ScriptedScp, accepting, answer_to
from wire import ABORT, COMMAND, LAST, Peer, image, p_data, pdu, store_rq

contract = (1, 3, 8, 10)
CONVERSATIONS = int(os.environ.get("SAMPAN_CONVERSATIONS", "2000"))
SEED = int(os.environ.get("SAMPAN_SEED", "1"))
RSS_MAX_KB = 64 * 1024
SANITIZED_FACTOR = 8  # what a sanitizer costs in memory


def rss_kb(node):
    for line in Path(f"/proc/{node.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")


def sanitized():
    return "sanitize" in os.environ.get("SAMPAN_PRESET", "") or "asan" in os.environ.get("SAMPAN_BIN", "")


class Watched:
    """A node with a lead, and what hostile peers must leave as it was."""

    def __init__(self, ctx, **settings):
        self.lead = ctx.raw_scp().start()
        self.node = ctx.node(destinations=[self.lead.destination], **settings).start()
        self.pid, self.good, self.good_shas, self.highest_kb = self.node.process.pid, 0, set(), 0

    def check(self):
        """It lives, answers, takes a good image, and has not grown."""
        assert self.node.alive() and self.node.process.pid == self.pid, f"it died: {self.node.log()[-3000:]}"
        self.good += 1
        name = f"2.25.900{self.good}"
        self.good_shas.add(hashlib.sha256(image(name)).hexdigest())
        with Peer(self.node.port).associate() as peer:
            assert peer.echo(), "no echo"
            assert peer.store(name, image(name)) == 0, "a good image was not taken"
            assert peer.release(), "no release"
        self.highest_kb = max(self.highest_kb, rss_kb(self.node))
        most = RSS_MAX_KB * (SANITIZED_FACTOR if sanitized() else 1)
        assert self.highest_kb <= most, f"{self.highest_kb} kB resident, more than {most}"

    def settled(self, acknowledged):
        """Every acknowledged image is at the lead."""
        lost = lambda: sorted(acknowledged - {row.sop_instance for row in self.lead.received()})
        wait_until(lambda: self.node.drained() and not lost(), lambda: f"not there: {lost()}, {json.dumps(self.node.destination())}", 60, 0.1)

    def held(self, name):
        """Images of this name that are here with a reason."""
        connection = UnixConnection(self.node.socket)
        connection.request("GET", f"/v1/trace?key={quote(name)}")
        answer = connection.getresponse()
        said = json.loads(answer.read())
        connection.close()
        assert answer.status in (200, 400, 404), (name, said)
        return sum(one["on_hold"] + one["rejected"] for exam in said.get("exams", ()) for one in exam["destinations"])

    def items(self):
        return self.node.status()["spool"]["items"]


# The modality's side


def conversation(name, pixels=3000, pdu_size=1000):
    """A whole C-STORE as a list of PDUs, each a list [kind, body]."""
    whole = [[1, wire.associate_rq()[6:]], [4, wire.pdv(1, COMMAND | LAST, store_rq(name))]]
    whole += [[4, one[6:]] for one in wire.fragments(1, image(name, pixels), pdu_size)]
    return whole + [[5, bytes(4)]]


INTERESTING = (0, 1, 2, 3, 5, 6, 7, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff)


def mutate(dice, pdus):
    """One to four changes of a conversation -> bytes."""
    pdus = [list(one) for one in pdus]
    lengths = {}
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(pdus))
        kind, body = pdus[at]
        how = dice.randrange(10)
        if how == 0 and body:
            spot = dice.randrange(len(body))
            pdus[at][1] = body[:spot] + bytes((body[spot] ^ 1 << dice.randrange(8),)) + body[spot + 1:]
        elif how == 1 and len(body) > 4:  # a length, an identifier or a number where one may be
            spot, width = dice.randrange(len(body) - 4), dice.choice((1, 2, 4))
            value = (dice.choice(INTERESTING) & (1 << 8 * width) - 1).to_bytes(width, dice.choice(("little", "big")))
            pdus[at][1] = body[:spot] + value + body[spot + width:]
        elif how == 2:
            pdus[at][1] = body[:dice.randrange(len(body) + 1)]
        elif how == 3:
            spot = dice.randrange(len(body) + 1)
            pdus[at][1] = body[:spot] + dice.randbytes(dice.choice((1, 2, 7, 64, 5000))) + body[spot:]
        elif how == 4:
            lengths[at] = dice.choice(INTERESTING)
        elif how == 5:
            pdus[at][0] = dice.choice((0, 1, 2, 3, 4, 5, 6, 7, 8, 0x16, 0xff))
        elif how == 6:
            pdus.insert(dice.randrange(len(pdus) + 1), list(pdus[at]))
        elif how == 7 and len(pdus) > 2:
            del pdus[at]
            lengths = {}
        elif how == 8:
            other = dice.randrange(len(pdus))
            pdus[at], pdus[other] = pdus[other], pdus[at]
        elif how == 9 and kind == 4 and len(body) > 6:  # the PDV's own header
            pdus[at][1] = struct.pack(">IBB", dice.choice((*INTERESTING, len(body) - 4)), dice.randrange(256), dice.randrange(256)) + body[6:]
    return b"".join(struct.pack(">BBI", kind, 0, lengths.get(at, len(body)) & 0xffffffff) + body for at, (kind, body) in enumerate(pdus))


def converse(port, data):
    """Sends everything, hangs up, reads to the end -> SOP Instance UIDs that were answered with success, one for each answer."""
    stored = []
    with Peer(port) as peer:
        with contextlib.suppress(OSError):
            peer.send(data)
        with contextlib.suppress(OSError):
            peer.socket.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            while (got := peer.read()) is not None:
                if got[0] != wire.DATA or len(got[1]) < 6:
                    continue
                said = wire.elements(got[1][6:])
                if said.get(0x100) == wire.us(wire.C_STORE_RSP) and said.get(0x900) == b"\0\0":
                    stored.append(said.get(0x1000, b"").rstrip(b"\0 ").decode("latin-1"))
    return stored


def said_whole(data):
    """The data sets that a conversation brings to their end, by sha256, in their order: whatever is stored of it is one of them."""
    whole, begun, at = [], b"", 0
    while at + 6 <= len(data):
        kind, _, length = struct.unpack_from(">BBI", data, at)
        body, at = data[at + 6:at + 6 + length], at + 6 + length
        while kind == wire.DATA and len(body) >= 6:
            size, _, control = struct.unpack_from(">IBB", body)
            begun, body = begun + body[6:4 + size] if control & COMMAND == 0 else b"", body[4 + size:] if size >= 2 else b""
            if control & (COMMAND | LAST) == LAST:
                whole.append(hashlib.sha256(begun).hexdigest())
                begun = b""
    return whole


class Said:
    """What one mutated conversation said whole, and what it was told."""

    def __init__(self, node, name, data):
        self.name, self.whole = name, said_whole(data)
        self.stored = converse(node.port, data)

    def kept_at_least(self):
        """So many different images were acknowledged, whichever of those that were said."""
        return max(len(set(self.whole)) - (len(self.whole) - len(self.stored)), 0)

    def lost(self, watched, there):
        """What was acknowledged and is neither at the lead, byte for byte, nor here with a reason."""
        lost = self.kept_at_least() - len(set(self.whole) & there)
        return lost - sum(watched.held(one) for one in {self.name, *self.stored}) if lost > 0 else 0


def test_mutated_conversations_leave_nothing_half_and_the_next_good_image_passes(ctx):
    watched, said, batch = Watched(ctx), [], 100
    for turn in range(CONVERSATIONS):
        dice = random.Random(SEED * 1_000_003 + turn)
        name = f"2.25.7{SEED}{turn:06}"
        said.append(Said(watched.node, name, mutate(dice, conversation(name))))
        if turn % batch == batch - 1:
            watched.check()
    watched.check()
    wait_until(watched.node.drained, lambda: json.dumps(watched.node.destination()), 60, 0.1)
    for one in said:
        assert len(one.stored) <= len(one.whole), f"{one.name}: more was acknowledged than was said, {one.stored}"
    taken = [one for one in said if one.stored]
    whole, received = set().union(*(one.whole for one in said)), watched.lead.received()
    there, lead = {row.sha256 for row in received}, watched.node.destination()
    half = [row for row in received if row.sha256 not in whole | watched.good_shas]
    assert not half, f"nobody said these whole: {half[:5]}"
    lost = [(one.name, one.stored) for one in taken if one.lost(watched, there) > 0]
    assert not lost, f"acknowledged, and neither there nor held: {lost[:5]}, {json.dumps(lead)}"
    least = sum(one.kept_at_least() for one in taken)
    most = sum(row.sha256 in whole for row in received) + lead["on_hold"] + lead["rejected"]
    kept = watched.items() - watched.good
    assert least <= kept <= most, f"{kept} are kept, of {least} that were acknowledged and {most} that were said whole"
    assert watched.node.status()["spool"]["quarantined"] == 0
    return f"{CONVERSATIONS} conversations, {least} images among them taken, {watched.highest_kb} kB resident"


def test_a_store_cut_at_any_pdu_leaves_nothing_half(ctx):
    watched, cuts, acknowledged, sent = Watched(ctx), 0, set(), {}
    for pixels, pdu_size, ways in ((3000, 400, ("abort", "reset", "close")), (1_500_000, 150_000, ("abort", "reset"))):
        count = len(conversation("2.25.1", pixels, pdu_size))
        for way in ways:
            for boundary in range(1, count):
                name = f"2.25.5{cuts:05}"
                whole = conversation(name, pixels, pdu_size)
                sent[name] = hashlib.sha256(image(name, pixels)).hexdigest()
                with Peer(watched.node.port) as peer:
                    peer.send(pdu(*whole[0]))
                    assert peer.read()[0] == wire.AC
                    for kind, body in whole[1:boundary]:
                        peer.send(pdu(kind, body))
                    if way == "abort":
                        peer.send(pdu(ABORT, bytes(4)))
                    if way == "reset":
                        peer.reset()
                cuts += 1
            watched.check()
    # Whole ones whose answer nobody read may be here; a part of one never is.
    wait_until(watched.node.drained, "drained", 60, 0.05)
    for row in watched.lead.received():
        assert row.sop_instance not in sent or sent[row.sop_instance] == row.sha256, f"{row} is not what was sent"
    complete = len({row.sop_instance for row in watched.lead.received()} & set(sent))
    assert watched.items() == complete + watched.good, f"{watched.items()} items for {complete} whole ones and {watched.good} good ones"
    assert watched.node.status()["spool"]["quarantined"] == 0
    spool = sum(path.stat().st_blocks * 512 for path in (watched.node.state / "spool").glob("i*.seg"))
    assert spool < 3 * (complete * 1_600_000 + 4_000_000), f"{spool} bytes are left on the disk"
    return f"{cuts} cuts, {complete} of them after the last byte"


def from_host(node, number, timeout=20):
    """A connection from another address of this machine."""
    return Peer(connection=socket.create_connection(("127.0.0.1", node.port), timeout, source_address=(f"127.0.0.{number}", 0)))


def test_peers_that_say_little_or_nothing_take_nobody_elses_place(ctx):
    watched = Watched(ctx, intake={"listen": "127.0.0.1", "port": free_port(), "idle_seconds_max": 5})
    watched.node.port = watched.node.settings["intake"]["port"]
    request, half = wire.associate_rq(), image("2.25.4", 60000)
    with contextlib.ExitStack() as stack:
        slow = []
        for number in range(60):
            with contextlib.suppress(OSError):
                slow.append(stack.enter_context(from_host(watched.node, 2, 2)))
        watched.check()
        # A byte now and then: of the request, of a command, of a data set, each up to another point.
        for number, peer in enumerate(slow):
            with contextlib.suppress(OSError):
                if number % 3 == 0:
                    peer.send(request[:10 + number])
                elif number % 3 == 1:
                    peer.send(request + p_data(1, COMMAND | LAST, store_rq("2.25.4"))[:20 + number])
                else:
                    peer.send(request + p_data(1, COMMAND | LAST, store_rq("2.25.4")) + next(wire.fragments(1, half))[:500])
        seats = lambda: watched.node.status()["intake"]["associations_now"]
        wait_until(lambda: seats() > 5, lambda: f"only {seats()} of them have an association", 20)
        watched.check()
        # Half open: nothing more is ever heard of them, and nothing says that they are gone.
        wait_until(lambda: seats() == 0, lambda: f"{seats()} associations are held for nobody", 40, 0.2)
        watched.check()
    wait_until(watched.node.drained, "drained", 30, 0.05)
    assert watched.items() == watched.good, "something half is kept"
    return f"{len(slow)} slow peers, {watched.highest_kb} kB resident"


def test_a_data_set_that_drips_is_cut_off(ctx):
    watched = Watched(ctx, intake={"listen": "127.0.0.1", "port": free_port(), "idle_seconds_max": 5})
    watched.node.port = watched.node.settings["intake"]["port"]
    drops = {"command": p_data(1, COMMAND, store_rq("2.25.3"))[:60], "data set": p_data(1, COMMAND | LAST, store_rq("2.25.3"))
             + pdu(4, wire.pdv(1, 0, bytes(60000)))[:50], "empty PDUs": b""}
    for what, begun in drops.items():
        with Peer(watched.node.port).associate() as peer:
            peer.send(begun)
            end = time.monotonic() + 25
            with contextlib.suppress(OSError):
                while time.monotonic() < end:
                    peer.send(pdu(4, b"") if what == "empty PDUs" else b"\0")
                    if select.select([peer.socket], [], [], 0.5)[0]:
                        break
            assert time.monotonic() < end, f"{what}: it may drip for ever"
        watched.check()


def test_two_hundred_associations_at_once_are_answered_or_refused_politely(ctx):
    watched, count = Watched(ctx), 200
    results, lock = {"taken": set(), "refused": 0, "wrong": []}, threading.Lock()
    begin = threading.Barrier(count)

    def caller(number):
        name = f"2.25.6{number:04}"
        begin.wait()
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                with from_host(watched.node, 10 + number % 50) as peer:
                    answer = peer.send(wire.associate_rq()).read()
                    if answer and answer[0] == wire.AC:
                        status = peer.store(name, image(name, 20000))
                        with lock:
                            results["taken"].add(name) if status == 0 else results["wrong"].append(status)
                        peer.release()
                        return
                    with lock:
                        results["refused"] += 1
                        if answer and (answer[0] != wire.RJ or answer[1][1] != 2):  # PS3.8 table 9-21: transient
                            results["wrong"].append(answer)
            except OSError:
                pass
            time.sleep(0.05)  # as a modality that tries again

    threads = [threading.Thread(target=caller, args=(number,)) for number in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not results["wrong"], results["wrong"][:5]
    assert len(results["taken"]) == count, f"{len(results['taken'])} of {count} got through"
    watched.check()
    watched.settled(results["taken"])
    return f"{results['refused']} refused meanwhile, {watched.highest_kb} kB resident"


def test_two_hundred_associations_that_are_allowed_store_at_once(ctx):
    count = 200
    watched = Watched(ctx, intake={"listen": "127.0.0.1", "port": free_port(), "associations_max": count + 5, "associations_per_host_max": count + 5})
    watched.node.port = watched.node.settings["intake"]["port"]
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(from_host(watched.node, 10 + number % 50)).associate() for number in range(count)]
        names = [f"2.25.8{number:04}" for number in range(count)]
        for peer, name in zip(peers, names):
            peer.send(p_data(1, COMMAND | LAST, store_rq(name)) + b"".join(wire.fragments(1, image(name, 40000))))
        statuses = [peer.message()[1][0x900] for peer in peers]
        assert statuses == [b"\0\0"] * count
        watched.check()
    watched.settled(set(names))
    return f"{watched.highest_kb} kB resident"


def test_a_data_set_without_end_is_refused_and_leaves_nothing_on_a_full_disk(ctx):
    disk = ctx.folder("small")
    done = ctx.command("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk, check=False)
    if done.returncode != 0:
        raise Skip("no file system can be mounted here")
    ctx.closers.append(lambda: ctx.command("umount", "-l", disk, check=False))
    lead = ctx.raw_scp().start()
    node = ctx.node(destinations=[lead.destination], state=disk / "state").start()
    with Peer(node.port, timeout=60).associate() as peer:
        peer.send(p_data(1, COMMAND | LAST, store_rq("2.25.1")) + p_data(1, 0, image("2.25.1", 0)))
        block = pdu(4, wire.pdv(1, 0, bytes(16000)))
        for _ in range(300 * 1024 * 1024 // len(block)):
            peer.send(block)
        assert rss_kb(node) < RSS_MAX_KB * (SANITIZED_FACTOR if sanitized() else 1)
        answer = peer.send(p_data(1, LAST, bytes(2))).message()
        assert answer and answer[1][0x900] == wire.us(0xa700), f"answered {answer}"
        # The association is as good as before, and what was begun makes room for the next.
        assert peer.store("2.25.2", image("2.25.2")) == 0
        assert peer.release()
    wait_until(lambda: len(lead.received()) == 1, "the good image arrives", 30)
    assert node.status()["spool"]["items"] == 1
    node.stop()


# The control socket


def test_slow_clients_of_the_control_socket_shut_nobody_out(ctx):
    node = ctx.node(destinations=[{"name": "lead", "dimse": f"LEAD@127.0.0.1:{free_port()}"}]).start()
    with contextlib.ExitStack() as stack:
        slow = []
        for _ in range(40):
            peer = stack.enter_context(socket.socket(socket.AF_UNIX))
            peer.settimeout(5)
            peer.connect(str(node.socket))
            with contextlib.suppress(OSError):  # it may have had to make place already
                peer.sendall(b"GET /v1/status HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            slow.append(peer)
        for _ in range(20):
            for peer in slow:
                with contextlib.suppress(OSError):
                    peer.sendall(b"a")
            connection = UnixConnection(node.socket)
            connection.timeout = 10
            connection.request("GET", "/v1/status")
            assert connection.getresponse().status == 200
            connection.close()
        still = sum(1 for peer in slow if select.select([peer], [], [], 0)[0] == [])
    assert 0 < still <= 16, f"{still} of them still sit there"
    assert node.status()
    assert rss_kb(node) < RSS_MAX_KB * (SANITIZED_FACTOR if sanitized() else 1)
    return f"{len(slow)} slow clients"


# The lead's side


def flood(peer, head, block=bytes(1 << 16), bytes_max=512 << 20):
    peer.send(head)
    for _ in range(bytes_max // len(block)):
        peer.send(block)


def many_answers(peer, asked):
    pending = answer_to(asked, status=0xff00)
    flood(peer, answer_to(asked, message_id=999), pending * 100)


def closing_after(count):
    """Reads so many PDUs, the request among them, and resets."""
    def behave(scp, peer):
        got = peer.read()
        if count > 1:
            peer.send(wire.associate_ac(got[1]))
        for _ in range(count - 1):
            peer.read()
        peer.reset()
    return behave


def drip(peer, data, every_s=1):
    for byte in data:
        peer.send(bytes((byte,)))
        time.sleep(every_s)


BEHAVIOURS = {
    "another-instance": accepting(lambda peer, asked: peer.send(answer_to(asked, sop_instance="1.2.3.4"))),
    "another-message": accepting(lambda peer, asked: peer.send(answer_to(asked, message_id=4711))),
    "a-request": accepting(lambda peer, asked: peer.send(p_data(asked[0], COMMAND | LAST, store_rq("1.2.3")))),
    "no-status": accepting(lambda peer, asked: peer.send(p_data(asked[0], COMMAND | LAST, wire.command(
        [(0x100, wire.us(wire.C_STORE_RSP)), (0x120, asked[1][0x110]), (0x800, wire.us(0x0101))])))),
    "endless-answers": accepting(many_answers),
    "endless-command": accepting(lambda peer, asked: flood(peer, b"", p_data(asked[0], COMMAND, bytes(16000)))),
    "endless-nothing": accepting(lambda peer, asked: flood(peer, b"", p_data(asked[0], COMMAND, b"") * 1000, 1 << 50)),
    "huge-pdu": accepting(lambda peer, asked: flood(peer, struct.pack(">BBI", 4, 0, 0xffffffff) + struct.pack(">IBB", 0xfffffff0, asked[0], COMMAND))),
    "huge-acceptance": lambda scp, peer: (peer.read(), flood(peer, struct.pack(">BBI", 2, 0, 0xffffffff))),
    "huge-rejection": lambda scp, peer: (peer.read(), flood(peer, struct.pack(">BBI", 3, 0, 0xfffffff0))),
    "no-dicom": lambda scp, peer: (peer.read(), peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
    "garbage-acceptance": lambda scp, peer: (peer.read(), peer.send(pdu(2, random.Random(5).randbytes(3000)))),
    "an-abort": accepting(lambda peer, asked: peer.send(pdu(ABORT, bytes(4)))),
    "a-release": accepting(lambda peer, asked: peer.send(pdu(wire.RELEASE_RQ, bytes(4)))),
    **{f"close-after-{count}": closing_after(count) for count in range(1, 7)},
}


def test_a_lead_that_lies_or_breaks_off_delivers_nothing_and_loses_nothing(ctx):
    scps = {name: ScriptedScp(behave) for name, behave in BEHAVIOURS.items()}
    ctx.closers += [scp.close for scp in scps.values()]
    node = ctx.node(destinations=[{"name": name, "dimse": f"LEAD@127.0.0.1:{scp.port}"} for name, scp in scps.items()]).start()
    name, pixels = "2.25.42", 60000
    with Peer(node.port).associate() as peer:
        assert peer.store(name, image(name, pixels)) == 0
    highest = 0

    def all_tried():
        nonlocal highest
        highest = max(highest, rss_kb(node))
        return all(scp.calls >= 2 for scp in scps.values())

    wait_until(all_tried, lambda: f"not tried twice: {[n for n, scp in scps.items() if scp.calls < 2]}", 120, 0.05)
    for one in node.status()["destinations"]:
        assert (one["delivered"], one["waiting"]) == (0, 1), f"{one['name']} believes what nobody said: {json.dumps(one)}"
    most = (RSS_MAX_KB + len(scps) * 1024) * (SANITIZED_FACTOR if sanitized() else 1)
    assert highest < most, f"{highest} kB resident"
    for scp in scps.values():
        scp.good = True
    wait_until(lambda: all(one["delivered"] == 1 for one in node.status()["destinations"]),
               lambda: f"not delivered: {[one['name'] for one in node.status()['destinations'] if one['delivered'] != 1]}", 120, 0.1)
    whole = hashlib.sha256(image(name, pixels)).hexdigest()
    for destination, scp in scps.items():
        assert scp.received == {name: [whole]}, f"{destination}: {scp.received}"
    assert node.alive()
    return f"{len(scps)} ways to be wrong, {sum(scp.calls for scp in scps.values())} calls, {highest} kB resident"


def test_a_lead_that_lets_its_acceptance_drip_holds_a_lane_for_half_a_minute_only(ctx):
    scp = ScriptedScp(lambda scp, peer: drip(peer, wire.associate_ac(peer.read()[1])))
    ctx.closers.append(scp.close)
    node = ctx.node(destinations=[{"name": "lead", "dimse": f"LEAD@127.0.0.1:{scp.port}"}]).start()
    with Peer(node.port).associate() as peer:
        assert peer.store("2.25.42", image("2.25.42")) == 0
    wait_until(lambda: scp.calls > 0, "it is called", 20)
    scp.good = True  # to whoever calls next
    wait_until(lambda: node.destination()["delivered"] == 1, lambda: json.dumps(node.destination()), 60, 0.1)
