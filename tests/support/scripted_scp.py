# SPDX-License-Identifier: Apache-2.0
"""A lead whose every byte is the test's: it misbehaves as told, until it is told to be good."""
import contextlib
import hashlib
import socket
import struct
import threading

import wire
from wire import COMMAND, LAST, Peer, p_data, pdu


class ScriptedScp:
    """A lead that behaves as told, until it is told to be good."""

    def __init__(self, behave):
        self.behave, self.good, self.calls, self.received = behave, False, 0, {}
        self.over, self.open = threading.Event(), set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        self.calls += 1
        self.open.add(connection)
        with contextlib.suppress(OSError, struct.error, AssertionError), Peer(connection=connection, timeout=120) as peer:
            (be_good if self.good else self.behave)(self, peer)
        self.open.discard(connection)

    def restart(self):
        """Good from now on, to whoever calls anew."""
        self.good = True
        self.over.set()
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.over.set()
        self.listener.close()


def answer_to(asked, message_id=None, sop_instance=None, status=0):
    context, said, _ = asked
    number = struct.unpack("<H", said[0x110])[0] if message_id is None else message_id
    name = said[0x1000].rstrip(b"\0").decode() if sop_instance is None else sop_instance
    return p_data(context, COMMAND | LAST, wire.response(wire.C_STORE_RSP, number, said[2].rstrip(b"\0").decode(), name, status))


def be_good(scp, peer):
    kind, body = peer.read()
    peer.send(wire.associate_ac(body))
    while (asked := peer.message()) is not None:
        if asked[1].get(0x100) != wire.us(wire.C_STORE_RQ):  # it stores and does nothing else
            return peer.reset()
        scp.received.setdefault(asked[1][0x1000].rstrip(b"\0").decode(), []).append(hashlib.sha256(asked[2]).hexdigest())
        peer.send(answer_to(asked))
    if peer.ended_by and peer.ended_by[0] == wire.RELEASE_RQ:
        peer.send(pdu(wire.RELEASE_RP, bytes(4)))


def accepting(then):
    """Takes the association and one message, and does something else than answer it."""
    def behave(scp, peer):
        peer.send(wire.associate_ac(peer.read()[1]))
        then(peer, peer.message())
        peer.exactly(1 << 30)  # until the node has enough
    return behave
