#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a state directory as this version leaves it, for the versions to come: spools/ledger_N.tar.gz, N as its ledger says.

    SAMPAN_BIN=build/release/bin python3 tests/e2e/make_spool.py

To be run once for each version of the ledger, before the next one is begun, and kept: test_earlier.py carries on all that lie there.
The node is killed with images delivered, delivered and gone, waiting, and on hold, under two node keys; its ledger still has its WAL. The
images are generated, and small, so that an archive stays within 60 KB. known.json: sha256 of the data sets by their state, a study, and
the version that made it.
"""
import io
import json
import re
import sqlite3
import subprocess
import sys
import tarfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import part10
from harness import TOP, Context, wait_until

SPOOLS = Path(__file__).resolve().parent / "spools"
BYTES_MAX = 60_000
STUDY = re.compile(rb"\x20\x00\x0d\x00UI..([0-9.]+)", re.S)
LEFT_OUT = {"lock"}  # what only a running node has


def make(ctx):
    """-> the state directory of a killed node, and what it holds."""
    lead = ctx.raw_scp().start()
    quick = {**lead.destination, "reclaim_after": "accepted", "retention_days": 0}
    node = ctx.node(destinations=[quick]).start()
    known = {"study": ""}

    def send(what, count):
        files = ctx.images("mr", count, "--rows", 16, "--columns", 16)
        sender = ctx.raw_scu(node.address, files, called="CLINIC")
        assert sender.wait() == 0, sender.sent()
        known[what] = sorted(sender.acknowledged())
        known["study"] = STUDY.search(part10.read(files[0])[1])[1].decode().rstrip("\0")

    send("gone", 1)
    wait_until(lambda: node.status()["spool"]["items"] == 0, lambda: f"reclaimed: {node.status()['spool']}", 60)
    node.stop()
    node.settings["destinations"] = [lead.destination]
    node.start()
    send("delivered", 2)
    node.wait_drained()
    assert node.sampan("key", "rotate")[0] == 0
    lead.kill()
    send("on_hold", 1)
    wait_until(lambda: node.destination()["waiting"] == 1, "in the ledger")
    known["held_study"] = known["study"]
    code, said = node.sampan("hold", known["held_study"])
    assert code == 0, said
    send("waiting", 4)
    wait_until(lambda: (node.destination()["waiting"], node.destination()["on_hold"]) == (4, 1), lambda: str(node.destination()), 30)
    node.kill()
    return node.state, known


def pack(state, known, archive):
    with tarfile.open(archive, "w:gz", compresslevel=9) as packed:
        text = json.dumps(known, indent=1).encode()
        entry = tarfile.TarInfo("known.json")
        entry.size = len(text)
        packed.addfile(entry, io.BytesIO(text))
        for path in [state, *sorted(state.rglob("*"))]:
            if path.name in LEFT_OUT or not (path.is_dir() or path.is_file()):
                continue
            entry = packed.gettarinfo(path, arcname=str(Path("state") / path.relative_to(state)))
            entry.mtime = entry.uid = entry.gid = 0
            entry.uname = entry.gname = "root"
            packed.addfile(entry, path.open("rb") if path.is_file() else None)


def main():
    with Context("make-spool") as ctx:
        state, known = make(ctx)
        known["made_by"] = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=TOP, capture_output=True, text=True, check=True).stdout.strip()
        version = int(re.search(r"ledger_version = (\d+)", (TOP / "agent/queue/ledger_schema.h").read_text())[1])
        archive = SPOOLS / f"ledger_{version}.tar.gz"
        pack(state, known, archive)
        with sqlite3.connect(f"file:{state}/ledger.db?mode=ro", uri=True) as ledger:
            assert ledger.execute("PRAGMA user_version").fetchone()[0] == version, "the program and the source are of two versions"
        print(f"{archive.relative_to(TOP)}: {archive.stat().st_size} bytes")
        assert archive.stat().st_size <= BYTES_MAX, "too large to keep"


if __name__ == "__main__":
    main()
