#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The step fuzz of tests/run.sh: every kept input once, and then, where clang is, a while of fuzzing for each target.

    tests/fuzz/run_fuzz.py [--seconds N] [--within N] [--seed N] [--jobs N] [--build]
"""
import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import results  # noqa: E402


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", default="5")
    parser.add_argument("--within", default="0")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--jobs", default="2")
    parser.add_argument("--build", action="store_true")
    options = parser.parse_args()
    top, book = HERE.parents[1], results.Book("fuzz")
    program = Path(os.environ.get("SAMPAN_BIN", top / "build" / "release" / "bin")) / "fuzz_replay"
    played = subprocess.run([program, HERE / "corpus"], capture_output=True, text=True, errors="replace", check=False)
    book.enter("every_kept_input_is_read_without_harm", "pass" if played.returncode == 0 else "fail", (played.stdout + played.stderr)[-3000:], (8, 9))
    fuzzer = top / "build" / "fuzz" / "bin" / "fuzz"
    if (options.build or fuzzer.exists()) and shutil.which("clang++"):  # one that is older than its targets finds nothing
        for command in (["cmake", "--preset", "fuzz"], ["cmake", "--build", "--preset", "fuzz", "--target", "fuzz"]):
            built = subprocess.run(command, cwd=top, capture_output=True, text=True, errors="replace", check=False)
            if built.returncode != 0:
                book.enter("the_fuzz_targets_build", "fail", built.stdout[-3000:] + built.stderr[-3000:])
                return book.close()
    if not fuzzer.exists():
        book.enter("new_inputs_are_read_without_harm", "skip", "build/fuzz was not built; it needs clang")
        return book.close()
    code = book.close()
    how = ["--seconds", options.seconds, "--within", options.within, "--seed", options.seed, "--jobs", options.jobs]
    return subprocess.run([sys.executable, HERE / "fuzz.py", *how], check=False).returncode or code


if __name__ == "__main__":
    sys.exit(main())
