#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the fuzz targets and prints what came of it: target, executions, edges, and when the last new edge was found.

    tests/fuzz/fuzz.py [--seconds N] [--flat N] [--within N] [--seed N] [--jobs N] [--keep] [--program FILE]
                       [TARGET...]

Each target runs for --seconds (20), or, with --flat, until no new edge was found for so many seconds; all of them together
for --within seconds, which each gets its part of. It begins with the kept inputs of tests/fuzz/corpus and a few that are made on
the spot, with another seed each time or with --seed. --keep minimises what was found and keeps it there. A crash, a leak, an input that takes a minute or too much memory
leaves the input as crash-… in tests/fuzz/corpus/TARGET, where fuzz_replay meets it from then on; it is printed as well.
With --keep tests/fuzz/reached.json says how far the target came: edges, executions, and for how many seconds and executions at the end
nothing new was found; runs that find nothing at all add to what the run before them found last.
"""
import argparse
import base64
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import results  # noqa: E402

CORPUS = HERE / "corpus"
REACHED = HERE / "reached.json"
PROGRAM = HERE.parents[1] / "build" / "fuzz" / "bin" / "fuzz"
INPUT_BYTES_MAX = 4096
WORDS_MAX = 2000
KEPT_MAX, KEPT_BYTES_MAX = 600, 200 << 10  # of one target
SECONDS_MIN = 3
SLOW_S, ALLOCATION_MB, RSS_MB = 60, 128, 1536  # what is a finding: no machine is that busy, no parser needs that much
PULSE = re.compile(r"#(\d+)\s+(\w+)\s+cov: (\d+)")
TOTAL = re.compile(r"stat::number_of_executed_units:\s+(\d+)")


def environment(target, scratch):
    options = "allocator_may_return_null=1:detect_leaks=1:handle_abort=1:quarantine_size_mb=64"
    return dict(os.environ, SAMPAN_FUZZ=target, TMPDIR=str(scratch), ASAN_OPTIONS=options, UBSAN_OPTIONS="print_stacktrace=1")


def dictionary(seeds):
    """The words of the first inputs, for libFuzzer to write into others."""
    words = {word for path in seeds.iterdir() for word in re.findall(rb"[A-Za-z_][\w./:-]{2,39}|\d[\d.]{6,39}", path.read_bytes())}
    path = seeds.with_suffix(".words")
    path.write_text("# An empty file is refused.\n" + "".join('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in sorted(words)[:WORDS_MAX]), encoding="ascii")
    return path


class Shares:
    """Every target's part of the time that all have together."""

    def __init__(self, options, count):
        self.each, self.jobs, self.left = options.seconds, options.jobs, count
        self.end = time.monotonic() + options.within if options.within else None
        self.lock = threading.Lock()

    def next(self):
        with self.lock:
            part = self.each if self.end is None else (self.end - time.monotonic()) * self.jobs / self.left
            self.left -= 1
            return max(SECONDS_MIN, min(self.each, int(part)))


ONE_AT_A_TIME = threading.Lock()


class Course:
    """Executions and edges of one run as libFuzzer tells them."""

    def __init__(self):
        self.began, self.executions, self.kept_edges, self.steps = time.monotonic(), 0, None, []

    def see(self, line):
        if total := TOTAL.match(line):
            self.executions = int(total[1])
        pulse = PULSE.match(line)
        if not pulse:
            return
        self.executions = int(pulse[1])
        if pulse[2] in ("INITED", "DONE") and self.kept_edges is None:
            self.kept_edges, self.steps = int(pulse[3]), []
            self.read_kept = (self.took(), self.executions)
        if int(pulse[3]) > self.edges():
            self.steps.append((self.took(), int(pulse[3]), self.executions))

    def took(self):
        return time.monotonic() - self.began

    def edges(self):
        return self.steps[-1][1] if self.steps else self.kept_edges or 0

    def quiet(self):
        """Seconds and executions since something new was found, or since it had read what was kept."""
        if self.kept_edges is None:
            return 0.0, 0
        when, executions = (self.steps[-1][0], self.steps[-1][2]) if self.steps else self.read_kept
        return self.took() - when, self.executions - executions

    def told(self):
        took, quiet_s = self.took(), self.quiet()[0]
        before = [step[1] for step in self.steps if step[0] < took - 60]
        grown = self.edges() - (before[-1] if before else self.kept_edges or 0)
        return (f"{self.executions:>10} {self.edges():>7} {took - quiet_s:>8.1f} s of {took:.0f} s; "
                f"{grown} new ones in the last minute, {self.edges() - (self.kept_edges or 0)} beyond what was kept")

    def enter(self, target):
        with ONE_AT_A_TIME:
            self.write(target)

    def write(self, target):
        reached = json.loads(REACHED.read_text()) if REACHED.exists() else {}
        seconds, executions = self.quiet()
        last = reached.get(target, {}) if not self.steps else {}
        reached[target] = {"edges": self.edges(), "executions": self.executions + last.get("executions", 0), "quiet_s": round(seconds) + last.get("quiet_s", 0),
                           "quiet_executions": executions + last.get("quiet_executions", 0)}
        REACHED.write_text("{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(row)}" for name, row in sorted(reached.items())) + "\n}\n", encoding="ascii")


def end_when_flat(process, course, flat_s):
    """libFuzzer says nothing while it finds nothing."""
    while process.poll() is None:
        if course.kept_edges is not None and course.quiet()[0] > flat_s:
            process.terminate()
            return
        time.sleep(0.5)


def run(target, options, seconds, seeds, folder):
    """One target: its line of the table, and what to say when it found something."""
    found, kept, scratch = folder / "found" / target, CORPUS / target, folder / "scratch" / target
    found.mkdir(parents=True)
    scratch.mkdir(parents=True)
    kept.mkdir(parents=True, exist_ok=True)
    command = [options.program, found, kept, seeds / target, f"-max_total_time={seconds}", f"-max_len={INPUT_BYTES_MAX}", f"-dict={dictionary(seeds / target)}", "-close_fd_mask=2", f"-seed={options.seed}",
               f"-timeout={SLOW_S}", f"-report_slow_units={SLOW_S}", f"-malloc_limit_mb={ALLOCATION_MB}", f"-rss_limit_mb={RSS_MB}",
               "-print_final_stats=1", f"-artifact_prefix={folder}/{target}-"]
    process = subprocess.Popen([str(word) for word in command], env=environment(target, scratch), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                               text=True, errors="replace")
    told, course = [], Course()
    if options.flat:
        threading.Thread(target=end_when_flat, args=(process, course, options.flat), daemon=True).start()
    for line in process.stderr:
        told = (told + [line])[-60:]
        course.see(line)
    code = process.wait()
    row = f"{target:16} {course.told()}"
    findings = sorted(path for path in folder.glob(f"{target}-*") if not path.name.startswith(f"{target}-slow-unit"))
    for finding in findings:
        shutil.copy(finding, kept / f"crash-{finding.name}")
        told.append(f"{finding.name} in base64: {base64.b64encode(finding.read_bytes()).decode()}\n")
    if options.keep and not findings:
        if course.quiet()[1] > 0:  # it came beyond what was kept
            course.enter(target)
        keep(target, options.program, scratch, found, seeds / target)
    good = not findings and course.kept_edges is not None and (code == 0 or bool(options.flat))
    if not findings:
        told.append(f"it left no input, and ended with {code}" + (f", by signal {-code}\n" if code < 0 else "\n"))
    return row, None if good else "".join(told)


def keep(target, program, scratch, *sources):
    """The fewest inputs that reach every edge, the shortest first; crashes of the past stay whatever they reach."""
    kept, merged = CORPUS / target, Path(tempfile.mkdtemp())
    subprocess.run([str(program), "-merge=1", "-use_counters=0", "-close_fd_mask=3", f"-max_len={INPUT_BYTES_MAX}", str(merged), str(kept),
                    *map(str, sources)], env=environment(target, scratch), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    for old in kept.iterdir():
        if not old.name.startswith("crash-"):
            old.unlink()
    left = KEPT_BYTES_MAX
    for path in sorted(merged.iterdir(), key=lambda path: path.stat().st_size)[:KEPT_MAX]:
        left -= path.stat().st_size
        if left >= 0:
            shutil.copy(path, kept / path.name[:16])
    shutil.rmtree(merged)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--flat", type=int, default=0)
    parser.add_argument("--within", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0, help="0: another one each time")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--program", default=PROGRAM)
    parser.add_argument("targets", nargs="*")
    options = parser.parse_args()
    book = results.Book("fuzz")
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="sampan-fuzz-", dir=memory) as name:
        folder = Path(name)
        subprocess.run([sys.executable, str(HERE / "make_seeds.py"), str(folder / "seeds")], check=True)
        targets = options.targets or sorted(path.name for path in (folder / "seeds").iterdir() if path.is_dir())
        shares = Shares(options, len(targets))
        print(f"{'target':16} {'executions':>10} {'edges':>7} {'last new edge at':>10}", flush=True)
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for target, (row, why) in zip(targets, pool.map(lambda t: run(t, options, shares.next(), folder / "seeds", folder), targets)):
                print(row, flush=True)
                book.enter(target, "fail" if why else "pass", why or "")
    return book.close()


if __name__ == "__main__":
    sys.exit(main())
