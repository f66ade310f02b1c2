#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""sink: what a lead hospital would run to take telemetry: keeps every JSON item once, a line each, in the order of arrival.

    sink.py FILE        says `sink PORT` on standard output; 127.0.0.1 only
"""
import http.server
import json
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen, lock = set(), threading.Lock()

    def do_POST(self):
        items = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["items"]
        with self.lock:
            for item in items:
                if item["id"] not in self.seen:
                    self.file.write(json.dumps(item, ensure_ascii=False).encode() + b"\n")
                self.seen.add(item["id"])
            self.file.flush()
        answer = json.dumps({"accepted": [item["id"] for item in items]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A line that breaks is what this is for."""


if __name__ == "__main__":
    Handler.file = open(sys.argv[1], "ab")
    server = Server(("127.0.0.1", 0), Handler)
    print(f"sink {server.server_port}", flush=True)
    server.serve_forever()
