# SPDX-License-Identifier: Apache-2.0
"""Whole conversations as one side says them, for the targets that hold one: a modality's, and a lead's answers to it."""
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
import wire  # noqa: E402
from wire import COMMAND, EXPLICIT_LE, IMPLICIT_LE, LAST, MR, VERIFICATION, image, item, p_data, pdu, pdv, store_rq, uid, us  # noqa: E402

CT = "1.2.840.10008.5.1.4.1.1.2"
COMMITMENT, COMMITMENT_INSTANCE, FIND = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1", "1.2.840.10008.5.1.4.1.2.2.1"
OFFERED = ((1, MR, (EXPLICIT_LE, IMPLICIT_LE)), (3, VERIFICATION, (IMPLICIT_LE,)), (5, COMMITMENT, (IMPLICIT_LE,)))
END = pdu(wire.RELEASE_RQ, bytes(4))
ABORT = pdu(wire.ABORT, bytes((0, 0, 2, 0)))
NO_DATA = (0x800, us(0x0101))


def implicit(tag, value):
    value += b"\0" * (len(value) % 2)
    return struct.pack("<HHI", tag >> 16, tag & 0xffff, len(value)) + value


def sequence(tag, *bodies):
    return implicit(tag, b"".join(struct.pack("<HHI", 0xfffe, 0xe000, len(body)) + body for body in bodies))


def reference(sop_class, instance):
    return implicit(0x00081150, sop_class.encode()) + implicit(0x00081155, instance.encode())


def said(context, command, data_set=None, size=16000):
    whole = p_data(context, COMMAND | LAST, command)
    return whole if data_set is None else whole + b"".join(wire.fragments(context, data_set, size))


def store(instance, message_id=1, context=1, sop_class=MR, size=16000):
    return said(context, store_rq(instance, message_id, sop_class), image(instance, 64), size)


def commitment_request(message_id=3):
    asked = implicit(0x00081195, b"2.25.99") + sequence(0x00081199, reference(MR, "2.25.4711"), reference(CT, "2.25.4712"))
    return said(5, wire.command([(3, uid(COMMITMENT)), (0x100, us(0x130)), (0x110, us(message_id)), (0x800, us(0)), (0x1001, uid(COMMITMENT_INSTANCE)),
                                 (0x1008, us(1))]), asked)


def event_report(context=5, kept=("2.25.4711",), failed=("2.25.4712",)):
    body = implicit(0x00081195, b"2.25.99") + sequence(0x00081199, *(reference(MR, one) for one in kept))
    if failed:
        body += sequence(0x00081198, *(reference(CT, one) + implicit(0x00081197, us(0x112)) for one in failed))
    return said(context, wire.command([(2, uid(COMMITMENT)), (0x100, us(0x100)), (0x110, us(4)), (0x800, us(0)), (0x1000, uid(COMMITMENT_INSTANCE)),
                                       (0x1002, us(2 if failed else 1))]), body)


def full_request():
    """With everything a request may say of its user (PS3.7 D.3.3)."""
    request = wire.associate_rq(contexts=OFFERED)[6:]
    at = request.index(bytes((0x50, 0))) if request.count(bytes((0x50, 0))) == 1 else request.rindex(b"\x50\0\0")
    role = struct.pack(">H", len(COMMITMENT)) + COMMITMENT.encode() + bytes((0, 1))
    extended = struct.pack(">H", len(MR)) + MR.encode() + bytes((2, 0, 3, 0, 1, 0))
    common = struct.pack(">H", len(MR)) + MR.encode() + struct.pack(">H", 17) + b"1.2.840.10008.4.2" + struct.pack(">H", 0)
    user = struct.pack(">BBH", 2, 1, 4) + b"user" + struct.pack(">H", 2) + b"pw"
    inner = (item(0x51, struct.pack(">I", 16384)) + item(0x52, b"1.2.826.0.1") + item(0x53, struct.pack(">HH", 1, 1)) + item(0x54, role) +
             item(0x55, b"CT1_1") + item(0x56, extended) + item(0x57, common) + item(0x58, user))
    return pdu(wire.RQ, request[:at] + item(0x50, inner))


def modality():
    """Each behind the byte that says how the node is set up, and what its disk does."""
    begin = wire.associate_rq(contexts=OFFERED)
    find = said(1, wire.command([(2, uid(FIND)), (0x100, us(0x20)), (0x110, us(9)), (0x700, us(0)), (0x800, us(0))]), implicit(0x00080052, b"IMAGE"))
    cancel = said(1, wire.command([(0x100, us(0xfff)), (0x120, us(9)), NO_DATA]))
    response = said(5, wire.response(0x8100, 1, COMMITMENT, COMMITMENT_INSTANCE))
    echo = said(3, wire.echo_rq(2))
    in_one_pdu = pdu(wire.DATA, pdv(1, COMMAND | LAST, store_rq("2.25.6")) + pdv(1, 0, image("2.25.6", 64)[:99]) + pdv(1, LAST, image("2.25.6", 64)[99:]))
    in_pieces = p_data(1, COMMAND, store_rq("2.25.7")[:31]) + p_data(1, COMMAND | LAST, store_rq("2.25.7")[31:]) + b"".join(wire.fragments(1, image("2.25.7", 64), 37))
    whole = {
        "store": store("2.25.4711") + END, "stores": store("2.25.1") + store("2.25.2", 2) + echo + store("2.25.3", 3, size=50) + END,
        "pieces": in_pieces + in_one_pdu + END, "commitment": store("2.25.4711") + commitment_request() + response + END,
        "report": event_report() + echo + END, "others": find + cancel + echo + END, "cut": store("2.25.4711")[:-40], "abort": store("2.25.4711")[:-90] + ABORT,
        "nothing": END, "no_uid": said(1, store_rq("")) + said(1, store_rq("2.25.1", data_set=0x0101)) + END,
        "other_class": store("2.25.5", sop_class=CT) + store("2.25.5", context=7) + END}
    inputs = {f"{name}_{choice}": bytes((choice,)) + begin + body for name, body in whole.items() for choice in ((0, 1, 2, 3) if "store" in name else (0, 4))}
    for choice in (8, 16, 32, 64, 60):
        inputs[f"set_{choice}"] = bytes((choice,)) + begin + whole["stores"]
    only_reports = wire.associate_rq(contexts=((5, COMMITMENT, (IMPLICIT_LE,)),), called="ER")
    inputs |= {"full": b"\0" + full_request() + whole["commitment"], "reports": b"\x10" + only_reports + whole["report"],
               "known": b"\x18" + wire.associate_rq(calling="CT1", contexts=OFFERED) + whole["store"],
               "foreign": b"\0GET / HTTP/1.1\r\n\r\n", "tls": b"\0\x16\x03\x01\x02\0\1\0", "none": b"\0", "refused": b"\0" + wire.associate_rq(
                   contexts=((1, FIND, (IMPLICIT_LE,)), (3, MR, ("1.2.840.10008.1.2.4.100",)))) + END}
    return inputs


def lead_request(contexts):
    return wire.associate_rq("LEAD", "SAMPAN", contexts)[6:]


def answer(number, status=0, message_id=None, instance=None, context=None):
    sop_class, name = ((MR, "2.25.4711"), (CT, "2.25.4712"))[number]
    return said(context or 1 + 2 * number, wire.response(wire.C_STORE_RSP, message_id or 1 + number, sop_class, instance or name, status))


def lead():
    both = wire.associate_ac(lead_request(((1, MR, (EXPLICIT_LE,)), (3, CT, (EXPLICIT_LE,)))))
    one = wire.associate_ac(lead_request(((1, MR, (EXPLICIT_LE,)),)))
    released = pdu(wire.RELEASE_RP, bytes(4))
    inputs = {"good": both + answer(0) + answer(1) + released, "one": one + answer(0), "other": both + answer(0, instance="1.2.3") + both + answer(1),
              "number": both + answer(0, message_id=9) + both + answer(1, message_id=1), "released": both + END + both + answer(1) + END,
              "rejected": pdu(wire.RJ, bytes((0, 2, 3, 2))) + both + answer(1), "aborted": both + ABORT + both + answer(0) + ABORT, "nothing": b"",
              "refused": both.replace(bytes((0x21, 0, 0, 0x1b, 3, 0, 0, 0)), bytes((0x21, 0, 0, 0x1b, 3, 0, 4, 0))) + answer(0),
              "unnamed": both + said(1, wire.command([(0x100, us(0x8001)), (0x120, us(1)), NO_DATA, (0x900, us(0))])),
              "html": b"HTTP/1.1 400 Bad Request\r\n\r\n", "data": both + said(1, wire.command([(0x100, us(0x8001)), (0x120, us(1)), (0x800, us(0)), (0x900, us(0))]), b"x")}
    for status in (0xa700, 0xa900, 0xb000, 0xc000, 0x0110, 0x0111, 0x0117, 0x0124, 0xfe00, 0xff00):
        inputs[f"status_{status:04x}"] = both + answer(0, status) + answer(1, status) + released
    return inputs


def lead_proof():
    """Each behind the byte that says what may be asked: both, not for commitment, no query."""
    both = wire.associate_ac(lead_request(((1, COMMITMENT, (IMPLICIT_LE,)), (3, FIND, (IMPLICIT_LE,)))))
    find = wire.associate_ac(lead_request(((1, FIND, (IMPLICIT_LE,)),)))
    action = said(1, wire.response(0x8130, 1, COMMITMENT, COMMITMENT_INSTANCE))

    def found(instance=None, status=0xff00):
        command = wire.command([(2, uid(FIND)), (0x100, us(0x8020)), (0x120, us(1)), (0x800, us(0x0101 if instance is None else 0)), (0x900, us(status))])
        return said(1, command, None if instance is None else implicit(0x00080018, instance.encode()) + implicit(0x00080052, b"IMAGE"))
    released = pdu(wire.RELEASE_RP, bytes(4))
    return {"report": b"\0" + both + action + event_report(1) + released, "all": b"\0" + both + action + event_report(1, ("2.25.4711", "2.25.4712"), ()) + released,
            "quick": b"\0" + both + event_report(1) + action, "late": b"\2" + both + action, "refused": b"\0" + both + said(1, wire.response(0x8130, 1, COMMITMENT,
                COMMITMENT_INSTANCE, 0x0110)), "found": b"\1" + find + found("2.25.4711") + found("2.25.4712") + found(status=0) + released,
            "one": b"\1" + find + found("2.25.4711") + found(status=0), "none": b"\1" + find + found(status=0), "broken": b"\1" + find + found("2.25.4711"),
            "failed": b"\1" + find + found(status=0xa700), "aborted": b"\0" + both + ABORT, "rejected": b"\0" + pdu(wire.RJ, bytes((0, 1, 1, 7)))}
