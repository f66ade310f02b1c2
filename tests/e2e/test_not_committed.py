# SPDX-License-Identifier: Apache-2.0
"""A lead whose reports of storage commitment fail for a reason that says nothing of the image: whether it is there is found out otherwise."""
import json
import re
import struct

import wire
from clock_shim import Shim
from harness import wait_until
from scripted_scp import ScriptedScp, answer_to
from wire import COMMAND, LAST, p_data, pdu

contract = (4, 7)
C_FIND_RQ, C_FIND_RSP, N_EVENT_RQ, N_ACTION_RQ, N_ACTION_RSP = 0x0020, 0x8020, 0x0100, 0x0130, 0x8130
COMMITMENT, FIND = "1.2.840.10008.1.20.1", "1.2.840.10008.5.1.4.1.2.2.1"
RESOURCE_LIMITATION, UNABLE = 0x0213, 0xC001


def implicit(group, number, value):
    return struct.pack("<HHI", group, number, len(value)) + value


def values(data_set, group, number):
    """Of an element of UIDs, wherever it stands in an Implicit VR data set."""
    head, found = re.escape(struct.pack("<HH", group, number)), []
    for match in re.finditer(head + b"(....)", data_set, re.DOTALL):
        text = data_set[match.end():match.end() + struct.unpack("<I", match[1])[0]]
        found += text.decode().strip("\0 ").split("\\")
    return found


def report_of_failures(transaction, names, reason):
    rows = b""
    for name in names:
        inner = implicit(8, 0x1150, wire.uid(wire.MR)) + implicit(8, 0x1155, wire.uid(name)) + implicit(8, 0x1197, wire.us(reason))
        rows += implicit(0xfffe, 0xe000, inner)
    return implicit(8, 0x1195, wire.uid(transaction)) + implicit(8, 0x1198, rows)


class Archive(ScriptedScp):
    """Stores, loses the first image once, commits to nothing, and answers queries or refuses them."""

    def __init__(self, finds):
        super().__init__(serve)
        self.finds, self.kept, self.lost = finds, set(), None

    @property
    def destination(self):
        return {"name": "lead", "dimse": f"LEAD@127.0.0.1:{self.port}"}


def serve(scp, peer):
    peer.send(wire.associate_ac(peer.read()[1]))
    answers = {wire.C_STORE_RQ: stored, N_ACTION_RQ: not_committed, C_FIND_RQ: queried, wire.C_ECHO_RQ: echoed}
    while (asked := peer.message()) is not None:
        answer = answers.get(struct.unpack("<H", asked[1][0x100])[0])
        if answer:
            peer.send(answer(scp, asked))
    if peer.ended_by and peer.ended_by[0] == wire.RELEASE_RQ:
        peer.send(pdu(wire.RELEASE_RP, bytes(4)))


def stored(scp, asked):
    name = asked[1][0x1000].rstrip(b"\0").decode()
    scp.received[name] = scp.received.get(name, 0) + 1
    scp.lost = scp.lost or name
    if name != scp.lost or scp.received[name] > 1:
        scp.kept.add(name)
    return answer_to(asked)


def echoed(_, asked):
    return p_data(asked[0], COMMAND | LAST, wire.command([(2, wire.uid(wire.VERIFICATION)), (0x100, wire.us(wire.C_ECHO_RSP)), (0x120, asked[1][0x110]),
                                                          (0x800, wire.us(0x0101)), (0x900, wire.us(0))]))


def not_committed(_, asked):
    context, said, data_set = asked
    number = struct.unpack("<H", said[0x110])[0]
    instance = wire.uid(COMMITMENT + ".1")
    event = wire.command([(2, wire.uid(COMMITMENT)), (0x100, wire.us(N_EVENT_RQ)), (0x110, wire.us(7)), (0x800, wire.us(0)), (0x1000, instance),
                          (0x1002, wire.us(2))])
    report = report_of_failures(values(data_set, 8, 0x1195)[0], values(data_set, 8, 0x1155), RESOURCE_LIMITATION)
    return (p_data(context, COMMAND | LAST, wire.response(N_ACTION_RSP, number, COMMITMENT, COMMITMENT + ".1"))
            + p_data(context, COMMAND | LAST, event) + b"".join(wire.fragments(context, report)))


def queried(scp, asked):
    context, said, data_set = asked

    def answer(status, match=b""):
        command = wire.command([(2, wire.uid(FIND)), (0x100, wire.us(C_FIND_RSP)), (0x120, said[0x110]), (0x800, wire.us(0 if match else 0x0101)),
                                (0x900, wire.us(status))])
        return p_data(context, COMMAND | LAST, command) + (p_data(context, LAST, match) if match else b"")

    if not scp.finds:
        return answer(UNABLE)
    found = [name for name in values(data_set, 8, 0x18) if name in scp.kept]
    return b"".join(answer(0xFF00, implicit(8, 0x18, wire.uid(name))) for name in found) + answer(0)


def a_clinic(ctx, lead, count):
    """-> a node from which so many images went to the lead, and what lets so much time pass for it."""
    shim = Shim(ctx)
    node = ctx.node(destinations=[lead.destination]).start(shim.env)

    def pass_time(seconds):
        shim.leap(seconds)
        shim.set_off(shim.leaped_s)

    scu = ctx.raw_scu(node.address, ctx.images("mr", count), called="CLINIC")
    assert scu.wait() == 0
    wait_until(lambda: node.destination()["delivered"] == count, lambda: json.dumps(node.destination()), 30, 0.1)
    return node, pass_time


def wait_told(node, pass_time, count):
    """Until a person is told of so many, an hour at a time."""
    def told():
        pass_time(3600)
        return node.destination()["not_committed"] == count

    wait_until(told, lambda: json.dumps(node.destination()), 150, 0.5)


def test_what_a_query_does_not_find_is_sent_again_and_what_it_finds_is_not_and_not_proven_either(ctx):
    lead = Archive(finds=True)
    node, pass_time = a_clinic(ctx, lead, 3)
    wait_told(node, pass_time, 3)
    assert sorted(lead.received.values()) == [1, 1, 2], lead.received
    assert lead.received[lead.lost] == 2 and lead.lost in lead.kept
    assert node.destination()["proof"] == "commitment" and node.destination()["archived"] == 0
    assert node.status()["spool"]["items"] == 3, "against the archive's own word nothing goes"
    assert "a query does not find it there" in node.log()
    lead.close()


def test_where_nobody_can_look_it_is_sent_again_three_times_and_a_person_is_told(ctx):
    lead = Archive(finds=False)
    node, pass_time = a_clinic(ctx, lead, 1)
    wait_told(node, pass_time, 1)
    finding = next(one for one in node.status()["attention"] if one["code"] == "not_committed")
    assert finding["en"].startswith("1 image that lead accepted and does not commit to keep"), finding
    assert "存储承诺" in finding["zh"], finding
    assert lead.received[lead.lost] == 4, lead.received
    assert node.destination()["archived"] == 0 and node.destination()["waiting"] == 0
    assert node.status()["spool"]["items"] == 1
    assert "it does not commit to keep it, reason 531" in node.log()
    lead.close()
