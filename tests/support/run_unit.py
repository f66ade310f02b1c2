#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs doctest binaries and counts their test cases one by one.

    run_unit.py [--jobs N] [--deadline SECONDS] BINARY...

A case tagged `* doctest::description("contract 1, 6")` counts for these lines of the contract. A case that passes with
a message beginning `skipped: ` is counted as skipped, with that reason.
"""
import argparse
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import results  # noqa: E402

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"  # where it is looked for, if nobody says another place


def skip_reason(case):
    texts = (" ".join((node.text or "").split()) for node in case.iterfind(".//Message/Text"))
    return next((text.removeprefix("skipped: ") for text in texts if text.startswith("skipped: ")), None)


def failures(case):
    """What went wrong, one line per failed expression."""
    lines = []
    for node in case.iter():
        if node.tag == "Expression" and node.get("success") == "false":
            shown = " -> ".join(" ".join((node.findtext(tag) or "").split()) for tag in ("Original", "Expanded"))
            lines.append(f"{node.get('filename')}:{node.get('line')}: {shown}")
            lines += [" ".join(info.text.split()) for info in node.iterfind("Info") if info.text]
        elif node.tag in ("Exception", "Message") and node.get("type") != "WARNING":
            lines.append(f"{case.get('filename')}: " + " ".join("".join(node.itertext()).split()))
    return "\n".join(lines)


def enter_case(book, module, case):
    name, contract = f"{module}.{case.get('name')}", results.contract_lines(case.get("description"))
    overall = case.find("OverallResultsAsserts")
    if case.get("skipped") == "true":
        book.enter(name, "skip", "marked as skipped in the source", contract)
    elif overall is None or overall.get("test_case_success") != "true":
        book.enter(name, "fail", failures(case), contract, float(overall.get("duration", 0)) if overall is not None else 0)
    elif (reason := skip_reason(case)) is not None:
        book.enter(name, "skip", reason, contract)
    else:
        book.enter(name, "pass", "", contract)


def cases_of(xml):
    """Test cases of a report; the last one is missing its end when the binary died in it."""
    try:
        return ElementTree.fromstring(xml).iter("TestCase"), None
    except ElementTree.ParseError:
        begun = [part.split('"', 1)[0] for part in xml.split('<TestCase name="')[1:]]
        return (), begun[-1] if begun else "before its first test"


def run_binary(book, binary, deadline_s):
    module = Path(binary).name.removeprefix("unit_")
    with tempfile.TemporaryDirectory(prefix="sampan-unit-") as folder:
        xml = Path(folder, "report.xml")
        try:
            done = subprocess.run([binary, "-r=xml", f"-o={xml}", "-d"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=deadline_s, cwd=folder, env={"SAMPAN_CORPUS": str(CORPUS), **os.environ})
        except subprocess.TimeoutExpired:
            book.enter(module, "fail", f"{binary} was not done after {deadline_s} s")
            return
        cases, died_in = cases_of(xml.read_text(errors="replace") if xml.exists() else "")
        if died_in:
            said = done.stdout.decode("utf-8", "replace")[-4000:]
            book.enter(f"{module}.{died_in}", "fail", f"the binary ended here with {done.returncode}\n{said}")
        count = 0
        for case in cases:
            enter_case(book, module, case)
            count += 1
        if not count and not died_in:
            book.enter(module, "fail", "holds no test")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--jobs", type=int, default=2)
    arguments.add_argument("--deadline", type=float, default=480)
    arguments.add_argument("binaries", nargs="+")
    chosen = arguments.parse_args()
    book = results.Book("unit", show_passes=False)
    with ThreadPoolExecutor(max(1, chosen.jobs)) as pool:
        list(pool.map(lambda binary: run_binary(book, binary, chosen.deadline), chosen.binaries))
    return book.close()


if __name__ == "__main__":
    sys.exit(main())
