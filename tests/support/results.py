# SPDX-License-Identifier: Apache-2.0
"""Results: how every kind of test says how it went, so that one report can be made of all.

A runner keeps a Book: one line per test on the screen, and one JSON line per test appended to the file
named by SAMPAN_RESULTS when it is set. `results.py FILE` prints the report of such a file.
"""
import json
import os
import re
import sys
import threading
import time

OUTCOMES = ("pass", "fail", "skip")
SHOWN = {"pass": "ok  ", "fail": "FAIL", "skip": "skip"}

# DESIGN section 1, one line each.
CONTRACT = {
    1: "Acknowledged means durable",
    2: "Never dropped",
    3: "Sent means receipted",
    4: "Reclaimed by receipt",
    5: "Byte-exact",
    6: "Idempotent",
    7: "It does not give up",
    8: "One failure stays one failure",
    9: "Start is never refused by damage",
    10: "Everything is bounded",
    11: "Patient data stays put",
    12: "The modality never waits for the WAN",
}


def contract_lines(text):
    """The numbers behind the word contract: `contract 1, 6` -> (1, 6)."""
    match = re.search(r"\bcontract\s+(\d+(?:\s*,\s*\d+)*)", text or "")
    return tuple(int(n) for n in match[1].split(",")) if match else ()


class Book:
    def __init__(self, step, show_passes=True):
        self.step, self.show_passes = step, show_passes
        self.counts = dict.fromkeys(OUTCOMES, 0)
        self.file = open(os.environ["SAMPAN_RESULTS"], "a") if os.environ.get("SAMPAN_RESULTS") else None
        self.lock, self.begun = threading.Lock(), time.monotonic()

    def enter(self, name, outcome, detail="", contract=(), seconds=None):
        with self.lock:
            self.counts[outcome] += 1
            if outcome != "pass" or self.show_passes:
                took = f"  ({seconds:.1f} s)" if seconds is not None and seconds >= 1 else ""
                why = f": {detail}" if outcome == "skip" else ""
                print(f"{SHOWN[outcome]} {self.step} {name}{why}{took}", flush=True)
            if outcome == "fail" and detail:
                print("     " + detail.rstrip().replace("\n", "\n     "), flush=True)
            if self.file:
                row = {"step": self.step, "name": name, "outcome": outcome, "detail": detail, "contract": list(contract)}
                self.file.write(json.dumps(row) + "\n")
                self.file.flush()

    def close(self):
        """The exit code of the runner."""
        took = time.monotonic() - self.begun
        print(f"---- {self.step}: {tally(self.counts)} ({took:.0f} s)", flush=True)
        return 1 if self.counts["fail"] else 0


def tally(counts):
    skipped = f", {counts['skip']} skipped" if counts["skip"] else ""
    return f"{counts['pass']} passed, {counts['fail']} failed{skipped}"


def report(rows, show_contract):
    counts = dict.fromkeys(OUTCOMES, 0)
    per_line = {number: dict.fromkeys(OUTCOMES, 0) for number in CONTRACT}
    for row in rows:
        counts[row["outcome"]] += 1
        for number in row["contract"]:
            per_line[number][row["outcome"]] += 1
    if show_contract:
        print("The contract:")
        for number, words in CONTRACT.items():
            print(f"  {number:2}. {words + ' ':.<40} {tally(per_line[number])}")
    for outcome, title in (("skip", "Skipped, and why:"), ("fail", "Failed:")):
        chosen = [row for row in rows if row["outcome"] == outcome]
        if chosen:
            print(title)
        for row in chosen:
            why = f": {row['detail']}" if outcome == "skip" else ""
            print(f"  {row['step']} {row['name']}{why}")
    print(tally(counts))
    return 1 if counts["fail"] or not counts["pass"] else 0


def main():
    show_contract = "--contract" in sys.argv
    with open([a for a in sys.argv[1:] if not a.startswith("--")][0]) as file:
        rows = [json.loads(line) for line in file]
    return report(rows, show_contract)


if __name__ == "__main__":
    sys.exit(main())
