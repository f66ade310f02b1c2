#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Plays simulated histories (tests/sim) and enters what came of it, as one test; a second plays one of them twice.

    tests/sim/run_sim.py [--seeds N] [--first S] [--jobs N]
"""
import argparse
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import results  # noqa: E402

CONTRACT = (1, 2, 3, 4, 5, 6, 7, 9)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", default="500")
    parser.add_argument("--first", default="1")
    parser.add_argument("--jobs", default="2")
    options = parser.parse_args()
    program = Path(os.environ.get("SAMPAN_BIN", "build/release/bin")) / "sim"
    book = results.Book("sim")
    played = subprocess.run([program, "--seeds", options.seeds, "--first", options.first, "--jobs", options.jobs],
                            capture_output=True, text=True, errors="replace", check=False)
    print(played.stdout.splitlines()[-1] if played.stdout else "", flush=True)
    book.enter("every_promise_is_kept_in_every_history", "pass" if played.returncode == 0 else "fail", played.stdout + played.stderr, CONTRACT)
    twice = [subprocess.run([program, "--seed", options.first], capture_output=True, check=False).stdout for _ in range(2)]
    book.enter("a_seed_is_one_history", "pass" if twice[0] and twice[0] == twice[1] else "fail", "two runs of one seed differ")
    return book.close()


if __name__ == "__main__":
    sys.exit(main())
