#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the fuzz targets and prints what came of it: target, executions, edges, and when the last new edge was found.

    tests/fuzz/fuzz.py [--seconds N] [--flat N] [--jobs N] [--keep] [TARGET...]

Each target runs for at most --seconds (20), or, with --flat, until no new edge was found for so many seconds. It begins
with the kept inputs of tests/fuzz/corpus and a few that are made on the spot. --keep minimises what was found and keeps it
there. A crash leaves its input as crash-TARGET-… in tests/fuzz/corpus/TARGET, where fuzz_replay meets it from then on.
"""
import argparse
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import results  # noqa: E402

CORPUS = HERE / "corpus"
PROGRAM = HERE.parents[1] / "build" / "fuzz" / "bin" / "fuzz"
INPUT_BYTES_MAX, KEPT_MAX = 4096, 150
PULSE = re.compile(r"#(\d+)\s+(\w+)\s+cov: (\d+)")


def environment(target):
    options = "allocator_may_return_null=1:detect_leaks=1:handle_abort=1"
    return dict(os.environ, SAMPAN_FUZZ=target, ASAN_OPTIONS=options, UBSAN_OPTIONS="print_stacktrace=1")


def run(target, options, seeds, folder):
    """One target: its line of the table, and what to say when it crashed."""
    found = folder / "found" / target
    found.mkdir(parents=True)
    kept = CORPUS / target
    kept.mkdir(parents=True, exist_ok=True)
    began, last_new, executions, edges, first_edges = time.monotonic(), 0.0, 0, 0, None
    command = [str(PROGRAM), str(found), str(kept), str(seeds / target), f"-max_total_time={options.seconds}", f"-max_len={INPUT_BYTES_MAX}",
               "-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1", f"-artifact_prefix={folder}/{target}-"]
    dictionary = HERE / "dictionaries" / target
    if dictionary.exists():
        command.append(f"-dict={dictionary}")
    process = subprocess.Popen(command, env=environment(target), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, errors="replace")
    told = []
    for line in process.stderr:
        told = (told + [line])[-60:]
        pulse = PULSE.match(line)
        if not pulse:
            continue
        executions = int(pulse[1])
        if int(pulse[3]) > edges:
            edges, last_new = int(pulse[3]), time.monotonic() - began
        if pulse[2] == "INITED":
            first_edges, last_new = edges, 0.0
        if options.flat and first_edges is not None and time.monotonic() - began - last_new > options.flat:
            process.terminate()
    code = process.wait()
    crashes = sorted(folder.glob(f"{target}-*"))
    for crash in crashes:
        shutil.copy(crash, kept / f"crash-{crash.name}")
    if options.keep and not crashes:
        keep(target, found, seeds / target)
    row = f"{target:16} {executions:>10} {edges:>7} {last_new:>8.1f} s of {time.monotonic() - began:.0f} s, {first_edges or 0} edges with what was kept"
    good = not crashes and (code == 0 or bool(options.flat))
    return row, None if good else "".join(told)


def keep(target, *sources):
    """Minimised by libFuzzer, the shortest first; crashes of the past stay whatever they cover."""
    kept, merged = CORPUS / target, Path(tempfile.mkdtemp())
    subprocess.run([str(PROGRAM), "-merge=1", f"-max_len={INPUT_BYTES_MAX}", str(merged), str(kept), *map(str, sources)],
                   env=environment(target), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    files = sorted(merged.iterdir(), key=lambda path: path.stat().st_size)[:KEPT_MAX]
    for old in kept.iterdir():
        if not old.name.startswith("crash-"):
            old.unlink()
    for path in files:
        shutil.copy(path, kept / path.name[:16])
    shutil.rmtree(merged)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--flat", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("targets", nargs="*")
    options = parser.parse_args()
    book = results.Book("fuzz")
    with tempfile.TemporaryDirectory(prefix="sampan-fuzz-") as name:
        folder = Path(name)
        subprocess.run([sys.executable, str(HERE / "make_seeds.py"), str(folder / "seeds")], check=True)
        targets = options.targets or sorted(path.name for path in (folder / "seeds").iterdir())
        print(f"{'target':16} {'executions':>10} {'edges':>7} {'last new edge at':>10}", flush=True)
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for target, (row, why) in zip(targets, pool.map(lambda t: run(t, options, folder / "seeds", folder), targets)):
                print(row, flush=True)
                book.enter(target, "fail" if why else "pass", why or "")
    return book.close()


if __name__ == "__main__":
    sys.exit(main())
