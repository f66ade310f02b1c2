#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The line between two nodes: a TCP relay on loopback that can be cut.

    line.py --to HOST:PORT [--at ADDRESS] [--listen PORT] [--cut-after BYTES] [--certificate FILE [--ca FILE]] [--tunnel USER:PASSWORD]

Prints `line PORT` when it listens. SIGUSR1 cuts it: open connections are reset and new ones refused. SIGUSR2 gives it
back. With --cut-after it cuts itself, once, after so many bytes have gone towards HOST, and prints `cut`. With
--certificate it speaks TLS to those who come, as a reverse proxy does, and with --ca only to who has a certificate. With
--tunnel it is an HTTP proxy: who says CONNECT HOST:PORT with that password is led there, and `tunnel` is printed.
"""
import argparse
import asyncio
import base64
import signal
import socket
import ssl
import struct

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close() sends RST, as a router that forgot the connection would


class Line:
    def __init__(self, chosen):
        host, _, port = chosen.to.rpartition(":")
        self.port, self.at, self.host, self.to_port = chosen.listen, chosen.at, host.strip("[]"), int(port)
        self.address = "127.0.0.1" if self.host == "localhost" else self.host  # a machine without /etc/hosts does not know it
        self.left, self.tls, self.tunnel = chosen.cut_after, tls_context(chosen.certificate, chosen.ca), chosen.tunnel
        self.server, self.writers = None, set()

    async def give_back(self):
        if self.server is None:
            self.server = await asyncio.start_server(self.join, self.at, self.port or 0, ssl=self.tls)
            self.port = self.server.sockets[0].getsockname()[1]
            print("line", self.port, flush=True)

    def cut(self):
        if self.server is None:
            return
        self.server.close()
        self.server = None
        for writer in self.writers:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()
        print("cut", flush=True)

    def counts(self, size):
        if self.left is None:
            return
        self.left -= size
        if self.left <= 0:
            self.left = None
            self.cut()

    async def carry(self, reader, writer, count):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
                count(len(data))
            if writer.can_write_eof():  # not over TLS
                writer.write_eof()
        except OSError:
            writer.transport.abort()

    async def refused(self, near_in, near_out):
        """As a proxy: whether it may not pass."""
        head = (await near_in.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
        pass_word = "proxy-authorization: basic " + base64.b64encode(self.tunnel.encode()).decode()
        known = head[0].startswith(f"connect {self.host}:{self.to_port} ") and pass_word.lower() in head
        near_out.write(b"HTTP/1.1 200 Go\r\n\r\n" if known else b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n")
        await near_out.drain()
        if known:
            print("tunnel", flush=True)
        else:
            near_out.close()
        return not known

    async def join(self, near_in, near_out):
        try:
            if self.tunnel and await self.refused(near_in, near_out):
                return
            far_in, far_out = await asyncio.open_connection(self.address, self.to_port)
        except (OSError, asyncio.IncompleteReadError):
            near_out.transport.abort()
            return
        if self.server is None:  # cut while it was being joined: it must not live on beside the cut
            near_out.transport.abort()
            far_out.transport.abort()
            return
        self.writers |= {near_out, far_out}
        await asyncio.gather(self.carry(near_in, far_out, self.counts), self.carry(far_in, near_out, lambda size: None))
        self.writers -= {near_out, far_out}
        near_out.close()
        far_out.close()


def tls_context(certificate, ca):
    if not certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(ca)
    return context


async def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--to", required=True)
    arguments.add_argument("--at", default="127.0.0.1")
    arguments.add_argument("--listen", type=int, default=0)
    arguments.add_argument("--cut-after", type=int)
    arguments.add_argument("--certificate")
    arguments.add_argument("--ca")
    arguments.add_argument("--tunnel")
    line = Line(arguments.parse_args())
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, line.cut)
    loop.add_signal_handler(signal.SIGUSR2, lambda: asyncio.ensure_future(line.give_back()))
    await line.give_back()  # which tells that signals are heard
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
