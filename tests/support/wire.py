# SPDX-License-Identifier: Apache-2.0
"""DICOM's upper layer as bytes (PS3.8 section 9.3, PS3.7 annex E), for peers that keep to it and for peers that do not."""
import socket
import struct

VERIFICATION = "1.2.840.10008.1.1"
MR = "1.2.840.10008.5.1.4.1.1.4"
IMPLICIT_LE, EXPLICIT_LE = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
COMMAND, LAST = 1, 2
RQ, AC, RJ, DATA, RELEASE_RQ, RELEASE_RP, ABORT = range(1, 8)
C_STORE_RQ, C_STORE_RSP, C_ECHO_RQ, C_ECHO_RSP = 0x0001, 0x8001, 0x0030, 0x8030


def pdu(kind, body):
    return struct.pack(">BBI", kind, 0, len(body)) + body


def item(kind, body):
    return struct.pack(">BBH", kind, 0, len(body)) + body


def associate_rq(called="CLINIC", calling="HOSTILE", contexts=((1, MR, (EXPLICIT_LE,)), (3, VERIFICATION, (IMPLICIT_LE,))), pdu_max=16384):
    body = struct.pack(">HH16s16s32x", 1, 0, called.encode().ljust(16), calling.encode().ljust(16))
    body += item(0x10, b"1.2.840.10008.3.1.1.1")
    for number, abstract, transfers in contexts:
        inner = item(0x30, abstract.encode()) + b"".join(item(0x40, one.encode()) for one in transfers)
        body += item(0x20, struct.pack(">BBBB", number, 0, 0, 0) + inner)
    return pdu(RQ, body + item(0x50, item(0x51, struct.pack(">I", pdu_max)) + item(0x52, b"1.2.826.0.1")))


def associate_ac(request, pdu_max=16384):
    """Accepts the first transfer syntax of each context that the body of an A-ASSOCIATE-RQ asks for."""
    body, at = request[:68] + item(0x10, b"1.2.840.10008.3.1.1.1"), 68
    while at + 4 <= len(request):
        kind, length = request[at], struct.unpack_from(">H", request, at + 2)[0]
        if kind == 0x20:
            inner, transfer = request[at + 8:at + 4 + length], b""
            while inner:
                size = struct.unpack_from(">H", inner, 2)[0]
                if inner[0] == 0x40 and not transfer:
                    transfer = inner[4:4 + size]
                inner = inner[4 + size:]
            body += item(0x21, bytes((request[at + 4], 0, 0, 0)) + item(0x40, transfer))
        at += 4 + length
    return pdu(AC, body + item(0x50, item(0x51, struct.pack(">I", pdu_max)) + item(0x52, b"1.2.826.0.1")))


def command(elements):
    """[(element, bytes)] -> a command set; its group length comes with it."""
    body = b"".join(struct.pack("<HHI", 0, element, len(value)) + value for element, value in elements)
    return struct.pack("<HHII", 0, 0, 4, len(body)) + body


def uid(text):
    value = text.encode()
    return value + b"\0" * (len(value) % 2)


def us(value):
    return struct.pack("<H", value)


def store_rq(sop_instance, message_id=1, sop_class=MR, data_set=0x0000):
    return command([(2, uid(sop_class)), (0x100, us(C_STORE_RQ)), (0x110, us(message_id)), (0x700, us(0)), (0x800, us(data_set)),
                    (0x1000, uid(sop_instance))])


def echo_rq(message_id=1):
    return command([(2, uid(VERIFICATION)), (0x100, us(C_ECHO_RQ)), (0x110, us(message_id)), (0x800, us(0x0101))])


def response(field, message_id, sop_class, sop_instance, status=0):
    return command([(2, uid(sop_class)), (0x100, us(field)), (0x120, us(message_id)), (0x800, us(0x0101)), (0x900, us(status)),
                    (0x1000, uid(sop_instance))])


def elements(command_set):
    """A command set -> {element: bytes}."""
    found, at = {}, 0
    while at + 8 <= len(command_set):
        _, element, length = struct.unpack_from("<HHI", command_set, at)
        found[element] = command_set[at + 8:at + 8 + length]
        at += 8 + length
    return found


def pdv(context, control, data):
    return struct.pack(">IBB", len(data) + 2, context, control) + data


def p_data(context, control, data):
    return pdu(DATA, pdv(context, control, data))


def fragments(context, data_set, size=16000):
    """The P-DATA of a data set, a PDU each."""
    for at in range(0, max(len(data_set), 1), size):
        yield p_data(context, LAST if at + size >= len(data_set) else 0, data_set[at:at + size])


def element(group, number, vr, value):
    value += (b"\0" if vr in (b"UI", b"OB") else b" ") * (len(value) % 2)
    if vr in (b"OB", b"OW", b"SQ", b"UN"):
        return struct.pack("<HH2sHI", group, number, vr, 0, len(value)) + value
    return struct.pack("<HH2sH", group, number, vr, len(value)) + value


def image(sop_instance, pixels=4096, study="1.2.826.0.9"):
    """A small MR image in Explicit VR Little Endian."""
    return b"".join((element(8, 0x16, b"UI", MR.encode()), element(8, 0x18, b"UI", sop_instance.encode()),
                     element(8, 0x60, b"CS", b"MR"), element(0x10, 0x10, b"PN", b"TEST^HOSTILE"),
                     element(0x20, 0xd, b"UI", study.encode()), element(0x20, 0xe, b"UI", (study + ".1").encode()),
                     element(0x7fe0, 0x10, b"OW", bytes(pixels))))


def reencoded(name, pixels=4096):
    """image(name), in Implicit VR Little Endian."""
    explicit, at, out = image(name, pixels), 0, b""
    while at < len(explicit):
        group, number, vr, length = struct.unpack_from("<HH2sH", explicit, at)
        head = 8
        if vr in (b"OB", b"OW", b"SQ", b"UN"):
            length, head = struct.unpack_from("<I", explicit, at + 8)[0], 12
        out += struct.pack("<HHI", group, number, length) + explicit[at + head:at + head + length]
        at += head + length
    return out


class Peer:
    """One TCP connection; read() gives None once the other side has closed."""

    def __init__(self, port=None, connection=None, timeout=20):
        self.socket = connection or socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.settimeout(timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)
        return self

    def reset(self):
        """Gone without a word, as a router that forgot the connection."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def exactly(self, size):
        data = b""
        while len(data) < size:
            try:
                got = self.socket.recv(size - len(data))
            except ConnectionError:
                return None
            if not got:
                return None
            data += got
        return data

    def read(self):
        """The next PDU -> (kind, body)."""
        head = self.exactly(6)
        if head is None:
            return None
        kind, _, length = struct.unpack(">BBI", head)
        body = self.exactly(length)
        return None if body is None else (kind, body)

    def associate(self, **options):
        answer = self.send(associate_rq(**options)).read()
        assert answer and answer[0] == AC, f"no association: {answer}"
        return self

    def message(self):
        """The next message -> (context, command as {element: bytes}, data set); None once it ended in any way."""
        whole = {COMMAND: b"", 0: b""}
        context, wanted = None, COMMAND
        while True:
            got = self.read()
            if got is None or got[0] != DATA:
                self.ended_by = got
                return None
            body = got[1]
            while body:
                length, context, control = struct.unpack_from(">IBB", body)
                whole[control & COMMAND] += body[6:4 + length]
                body = body[4 + length:]
                if control & LAST and control & COMMAND == wanted:
                    if wanted == COMMAND and elements(whole[COMMAND]).get(0x800, b"\1\1") != b"\1\1":
                        wanted = 0
                    else:
                        return context, elements(whole[COMMAND]), whole[0]

    def store(self, sop_instance, data_set, message_id=1):
        """The status it was answered with; None when the association ended instead."""
        self.send(p_data(1, COMMAND | LAST, store_rq(sop_instance, message_id)) + b"".join(fragments(1, data_set)))
        answer = self.message()
        return None if answer is None else struct.unpack("<H", answer[1][0x900])[0]

    def echo(self):
        self.send(p_data(3, COMMAND | LAST, echo_rq()))
        answer = self.message()
        return answer is not None and answer[1].get(0x900) == b"\0\0"

    def release(self):
        answer = self.send(pdu(RELEASE_RQ, bytes(4))).read()
        return answer is not None and answer[0] == RELEASE_RP
