# SPDX-License-Identifier: Apache-2.0
"""A patient who must be found nowhere: names, numbers and file names go through everything a node does, and are searched for in
everything it leaves behind. Exact search by patient ID and accession number goes on to work."""
import contextlib
import json
import os
import re
import resource
import signal

from harness import wait_until
from test_stow import Liar
from test_telemetry import Receiver

contract = (11,)

NAME, CHINESE = "ZQCANARY^ALPHA", "金丝雀^测试"
PATIENT, ACCESSION, BORN = "ZQPID7731", "ZQACC5511", "18870219"
FILE = "ZQFILENAME"
# Whole words and the parts that would tell who it is, as any of the character sets of the images would write them.
NEEDLES = sorted({text.encode(charset) for text in (NAME, "ZQCANARY", PATIENT, ACCESSION, BORN, FILE, CHINESE, "金丝雀", "丝雀")
                  for charset in ("utf-8", "gb18030", "utf-16-le")})
CHARSETS = {"ascii": ("", NAME.encode()), "gb18030": ("GB18030", CHINESE.encode("gb18030")), "utf8": ("ISO_IR 192", CHINESE.encode("utf-8")),
            "undeclared": ("", CHINESE.encode("gb18030"))}


def canaries(ctx, charset, kind="mr", count=2):
    """Images of the patient, the name in one of the character sets."""
    declared, name = CHARSETS[charset]
    files = ctx.images(kind, count, "--rows", 64, "--columns", 64)
    ctx.command("dcmodify", "-nb", "-ie", "-i", f"(0008,0005)={declared}", "-i", "(0010,0010)=" + os.fsdecode(name), "-i", f"(0010,0020)={PATIENT}",
                "-i", f"(0010,0030)={BORN}", "-i", f"(0008,0050)={ACCESSION}", *files)
    assert name in files[0].read_bytes()
    return files


def leaves_cores(ctx):
    """Whether a program that dies leaves a core file here, once it may."""
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    folder = ctx.folder("dies")
    dies = ctx.run(["sleep", "100"], "sleep", folder=folder)
    dies.child.send_signal(signal.SIGSEGV)
    dies.child.wait(30)
    return bool(cores(folder))


def cores(folder):
    return [path for path in folder.rglob("*") if re.fullmatch(r"core(\.\d+)?", path.name)]


def found_in(what, data):
    return [f"{needle!r} in {what}" for needle in NEEDLES if needle in data]


def search(node):
    """Names and contents of every file of the node, and what it said."""
    hits = []
    for path in sorted(node.state.rglob("*")):
        hits += found_in("a name below the state directory", str(path.relative_to(node.state)).encode())
        if path.is_file():
            hits += found_in(path.name, path.read_bytes())
    for stream in (node.process.out, node.process.err):
        hits += found_in(stream.name, stream.read_bytes())
    return hits


def asked(node):
    """What people and scripts are answered, of everything, in both languages."""
    hits = []
    for verb in ("status", "queue", "today", "devices", "events", f"trace {PATIENT}", f"trace {ACCESSION}", f"hold {ACCESSION}",
                 f"resume {PATIENT}", "trace ZQPID", f"trace {NAME}"):
        for more in (["--lang", "zh"], ["--lang", "en"], ["--json"]):
            code, text = node.sampan(*verb.split(), *more)
            hits += found_in(f"sampan {verb}", text.encode())
    return hits


def everything_happens(ctx):
    """-> node, telemetry receiver: stored, delivered, refused, rejected in words that name the patient, taken from folders, in conflict."""
    words = f"cannot store {NAME} {PATIENT} {BORN}"
    page = (f"<p>{NAME} {PATIENT} {ACCESSION} " + CHINESE + "</p>").encode()
    sink, lead = Receiver(ctx), ctx.raw_scp().start()
    liars = {"html": Liar((500, "text/html", page)), "refuses": Liar((400, "text/plain", page))}
    for liar in liars.values():
        ctx.closers.append(liar.shutdown)
    destinations = [lead.destination, ctx.raw_scp("rejects", status="A900", comment=words).start().destination,
                    ctx.raw_scp("full", status="A700", comment=words).start().destination,
                    ctx.raw_scp("odd", status="C123", comment=words).start().destination,
                    *({"name": name, "stow": liar.url} for name, liar in liars.items()),
                    {"name": "sink", "http": f"http://127.0.0.1:{sink.port}/"}, {"name": "dead", "dimse": "NOBODY@127.0.0.1:9"},
                    {"name": "archive", "folder": str(ctx.dir / "archive")}]
    drop = ctx.folder("drop")
    node = ctx.node(destinations=destinations, log={"level": "debug"}, telemetry={"every_seconds": 1, "outage_seconds": 0})
    node.settings["intake"]["folders"] = [{"path": str(drop), "stable_seconds": 1, "carry": "any"}]
    node.settings["intake"]["ae_titles"] = [{"title": "CLINIC"}]
    node.start()
    for charset in CHARSETS:
        files = canaries(ctx, charset)
        assert ctx.raw_scu(node.address, files, called="CLINIC").wait() == 0
        (drop / f"{FILE} {CHINESE} {charset}.dcm").write_bytes(canaries(ctx, charset, "ct", 1)[0].read_bytes())
    again = files[0]
    changed = ctx.dir / "changed.dcm"
    changed.write_bytes(again.read_bytes()[:-1] + b"\x55")
    assert ctx.raw_scu(node.address, [again, changed], called="CLINIC").wait() == 0
    assert ctx.raw_scu(node.address, files, called="WRONG").wait() != 0
    (drop / f"{FILE} {NAME}.pdf").write_bytes(b"%PDF " + NAME.encode())
    (drop / f"{FILE} cut.dcm").write_bytes(again.read_bytes()[:140])
    wait_until(lambda: not list(drop.glob("*.dcm")) and not list(drop.glob("*.pdf")), lambda: str(list(drop.iterdir())), 60)
    wait_until(lambda: node.destination("rejects")["rejected"] >= 9 and node.destination("refuses")["rejected"] >= 9
               and node.destination("html")["last_error"] and node.destination("full")["last_error"],
               lambda: json.dumps(node.status()["destinations"]), 90)
    wait_until(lambda: node.destination("lead")["waiting"] == 0 and len(sink.batches) > 2, "delivered, and told", 90)
    return node, sink


def test_a_patient_is_found_in_nothing_that_a_node_leaves_and_still_by_those_who_ask(ctx):
    able = leaves_cores(ctx)
    node, sink = everything_happens(ctx)
    assert found_in("what was delivered", b"".join(path.read_bytes() for path in (ctx.dir / "lead").rglob("*.ds")))
    hits = asked(node) + search(node)
    assert not hits, "\n".join(sorted(set(hits)))
    for key in (PATIENT, ACCESSION):
        told = json.loads(node.sampan("trace", key, "--json")[1])
        assert told["matched"] in ("patient", "accession") and told["exams"], told
        assert told["exams"][0]["patient_id"] == "*7731"
    assert node.sampan("trace", PATIENT[:-1])[0] != 0
    for death in (signal.SIGSEGV, signal.SIGABRT):
        with contextlib.suppress(OSError):  # who may lift the limit that the node has set itself
            resource.prlimit(node.process.pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        node.process.child.send_signal(death)
        assert node.process.child.wait(30) == -death
        assert not cores(node.dir), f"a core file was left by {death.name}"
        if death is signal.SIGSEGV:
            node.start()
            wait_until(lambda: json.loads(node.sampan("trace", PATIENT, "--json")[1])["exams"], "it holds the patient again")
    hits = search(node)
    node.delete_ledger()
    node.start()
    wait_until(lambda: not node.status()["spool"]["rebuilding"], "rebuilt")
    assert json.loads(node.sampan("trace", PATIENT, "--json")[1])["exams"]
    hits += asked(node)
    for name in ("recovery", "rotate"):
        hits += found_in("sampan key", node.sampan("key", name)[1].encode())
    node.stop()
    hits += search(node) + found_in("telemetry", json.dumps(sink.lines(), ensure_ascii=False).encode() + json.dumps(sink.lines()).encode())
    assert not hits, "\n".join(sorted(set(hits)))
    stored = sum(path.stat().st_size for path in node.state.rglob("*") if path.is_file())
    core = "no core file, where another program leaves one" if able else "no core file, but none can be had here"
    return f"{len(NEEDLES)} needles, none in {stored >> 10} KiB of state, {node.process.err.stat().st_size >> 10} KiB of log, {len(sink.lines())} items of telemetry; {core}"
