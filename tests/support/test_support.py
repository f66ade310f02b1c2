# SPDX-License-Identifier: Apache-2.0
"""The instruments are tested too: a runner that miscounts, or a line that does not cut, would make every green light a lie."""
import contextlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import part10
import results
import run_unit
from harness import Context, Process, wait_until

HERE = Path(__file__).resolve().parent
REPORT = """<doctest><TestSuite>
<TestCase name="good" description="contract 1, 12"><OverallResultsAsserts test_case_success="true"/></TestCase>
<TestCase name="bad"><Expression success="false" type="CHECK" filename="a.cc" line="3"><Original>a == b</Original>
<Expanded>1 == 2</Expanded></Expression><OverallResultsAsserts test_case_success="false"/></TestCase>
<TestCase name="absent"><Message type="WARNING"><Text>skipped: no corpus</Text></Message>
<OverallResultsAsserts test_case_success="true"/></TestCase>
<TestCase name="off" skipped="true"/></TestSuite></doctest>"""


class Page:
    """A Book that remembers."""

    def __init__(self):
        self.rows = []

    def enter(self, name, outcome, detail="", contract=(), seconds=None):
        self.rows.append((name, outcome, detail, contract))


def test_doctest_cases_are_counted_one_by_one(ctx):
    page = Page()
    for case in ElementTree.fromstring(REPORT).iter("TestCase"):
        run_unit.enter_case(page, "m", case)
    assert [row[:2] for row in page.rows] == [("m.good", "pass"), ("m.bad", "fail"), ("m.absent", "skip"), ("m.off", "skip")]
    assert page.rows[0][3] == (1, 12) and "a.cc:3: a == b -> 1 == 2" in page.rows[1][2] and page.rows[2][2] == "no corpus"


def program(ctx, text):
    path = ctx.dir / f"unit_{len(list(ctx.dir.iterdir()))}"
    path.write_text(f"#!{sys.executable}\nimport os, sys\nout = sys.argv[2].removeprefix('-o=')\n{text}\n")
    path.chmod(0o700)
    return str(path)


def test_a_binary_that_dies_hangs_or_holds_nothing_fails(ctx):
    page = Page()
    run_unit.run_binary(page, program(ctx, "open(out, 'w').write('<doctest><TestCase name=\"it dies\">'); os.abort()"), 10)
    run_unit.run_binary(page, program(ctx, "import time; time.sleep(60)"), 0.5)
    run_unit.run_binary(page, program(ctx, "open(out, 'w').write('<doctest/>')"), 10)
    assert [row[1] for row in page.rows] == ["fail"] * 3
    assert "it dies" in page.rows[0][0] and "not done" in page.rows[1][2] and "no test" in page.rows[2][2]


def test_python_tests_pass_fail_skip_and_hang_as_they_should(ctx):
    tests = ctx.dir / "test_sample.py"
    tests.write_text("from harness import Skip\ncontract = (2,)\ndef test_good():\n    return 'said'\n"
                     "def test_bad(ctx):\n    assert 1 == 2\ndef test_absent():\n    raise Skip('no reason')\n"
                     "def test_dies():\n    import os; os._exit(3)\ndef test_hangs():\n    import time; time.sleep(60)\n"
                     "test_hangs.deadline_s = 0.5\n")
    book = ctx.dir / "book"
    done = subprocess.run([sys.executable, HERE / "run_python.py", "sample", tests], env={**os.environ, "SAMPAN_RESULTS": str(book)},
                          stdout=subprocess.PIPE, text=True)
    rows = {row["name"]: row for row in map(json.loads, book.read_text().splitlines())}
    outcomes = {name.split(" ")[0]: row["outcome"] for name, row in rows.items()}
    assert outcomes == {"sample.good": "pass", "sample.bad": "fail", "sample.absent": "skip", "sample.dies": "fail",
                        "sample.hangs": "fail"}, done.stdout
    assert done.returncode == 1 and "1 passed, 3 failed, 1 skipped" in done.stdout
    assert rows["sample.absent"]["detail"] == "no reason" and rows["sample.bad"]["contract"] == [2]


def test_a_runner_that_is_ended_leaves_no_test_behind(ctx):
    tests, told = ctx.dir / "test_sample.py", ctx.dir / "told"
    tests.write_text(f"""import os, pathlib, subprocess, sys, time
def test_stays():
    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])
    pathlib.Path({str(told)!r}).write_text(f'{{os.environ["SAMPAN_TEST_DIR"]}} {{os.getpid()}} {{child.pid}} .')
    time.sleep(60)
""")
    runner = subprocess.Popen([sys.executable, HERE / "run_python.py", "sample", tests], stdout=subprocess.DEVNULL,
                              env={**os.environ, "SAMPAN_RESULTS": str(ctx.dir / "book")})
    wait_until(lambda: told.exists() and told.read_text().endswith("."), "the test runs")
    runner.terminate()
    assert runner.wait(30) == 128 + signal.SIGTERM
    folder, *pids, _ = told.read_text().split()
    wait_until(lambda: not any(alive(pid) for pid in pids), "whoever it started is gone")
    assert not Path(folder).exists()


def alive(pid):
    """A process that ended, and that nobody has asked about yet, is none."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def reported(rows, show_contract=False):
    with contextlib.redirect_stdout(io.StringIO()) as text:
        code = results.report(rows, show_contract)
    return code, text.getvalue()


def test_the_last_line_is_the_sum_and_nothing_run_is_no_success():
    row = {"step": "s", "name": "n", "detail": "why", "contract": [1, 12]}
    code, text = reported([{**row, "outcome": "pass"}, {**row, "outcome": "skip"}], True)
    assert code == 0 and text.splitlines()[-1] == "1 passed, 0 failed, 1 skipped" and "s n: why" in text
    assert len([line for line in text.splitlines() if line[2:4].strip().isdigit()]) == 12, text
    assert reported([{**row, "outcome": "fail"}])[0] == 1 and reported([])[0] == 1


def test_a_process_does_not_outlive_its_context():
    with Context("inner") as inner:
        child = Process([sys.executable, "-c", "import time; time.sleep(60)"], inner.dir, "sleeper")
        inner.children.append(child)
        folder = inner.dir
    assert not child.alive() and not folder.exists()


def echo_once(server):
    with contextlib.suppress(OSError):
        while True:
            peer, _ = server.accept()
            threading.Thread(target=lambda p=peer: p.sendall(p.recv(100)), daemon=True).start()


def ask(port):
    with socket.create_connection(("127.0.0.1", port), 5) as peer:
        peer.sendall(b"hello")
        return peer.recv(100)


def test_the_line_carries_is_cut_and_comes_back(ctx):
    server = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=echo_once, args=(server,), daemon=True).start()
    line = ctx.line(server.getsockname()[1], cut_after=10)
    assert ask(line.port) == b"hello"
    with contextlib.suppress(OSError):
        ask(line.port)
    wait_until(lambda: "cut" in line.process.said(), "it cuts itself after so many bytes")
    try:
        answer = ask(line.port)
    except OSError:
        answer = None
    assert answer is None
    line.give_back()
    assert ask(line.port) == b"hello"


def test_a_data_set_is_what_follows_the_meta_information():
    meta = b"\2\0\x10\0UI\x14\0" + b"1.2.840.10008.1.2.1\0"
    found, data_set = part10.split(bytes(128) + b"DICM" + meta + b"\x08\0\x05\0CS\0\0")
    assert found == {"transfer_syntax": "1.2.840.10008.1.2.1"} and data_set == b"\x08\0\x05\0CS\0\0"
