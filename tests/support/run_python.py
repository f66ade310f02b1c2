#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs Python tests: every function test_* of the given files or folders, each in a process of its own.

    run_python.py [--jobs N] [--deadline SECONDS] [--only TEXT] STEP PATH...

A test takes `ctx` (harness.Context) or nothing; an exception fails it, harness.Skip(reason) skips it. Its module or
the function itself may set `contract = (1, 9)` and `deadline_s = 600`. What a test started dies with it: the runner
ends the process group that it made for the test, and nothing else.
"""
import argparse
import contextlib
import faulthandler
import importlib.util
import inspect
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import results  # noqa: E402


def files_of(paths):
    for path in map(Path, paths):
        yield from sorted(path.glob("test_*.py")) if path.is_dir() else [path]


def load(path):
    sys.path.insert(0, str(path.resolve().parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tests_of(path):
    module = load(path)
    for name, function in vars(module).items():
        if name.startswith("test_") and inspect.isfunction(function) and function.__module__ == path.stem:
            yield {"path": str(path), "name": name,
                   "contract": getattr(function, "contract", getattr(module, "contract", ())),
                   "deadline_s": getattr(function, "deadline_s", getattr(module, "deadline_s", None))}


def run_here(path, name, answer):
    """The child's side: one test, its answer as JSON in a file."""
    import harness
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    outcome, detail = "pass", ""
    try:
        function = getattr(load(Path(path)), name)
        with contextlib.ExitStack() as stack:
            detail = function(stack.enter_context(harness.Context(name))) if inspect.signature(function).parameters \
                else function()
    except harness.Skip as skip:
        outcome, detail = "skip", str(skip)
    except BaseException:
        outcome, detail = "fail", traceback.format_exc(limit=-6)
    Path(answer).write_text(json.dumps([outcome, detail if isinstance(detail, str) else ""]))


RUNNING = set()  # the groups of the tests that run, by their leader
ENDED_BY = []    # the signal that ended the runner


def end_all(number, _frame):
    """Whoever ends the runner ends its tests: they live in sessions of their own, and nobody else would."""
    ENDED_BY.append(number)
    for leader in list(RUNNING):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(leader, signal.SIGKILL)


def end_group(process):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def run_apart(test, deadline_s):
    """One test in a child with a process group of its own -> outcome, detail."""
    # The test's own folder lies in this one, so that it goes even when the test was ended in the middle.
    with tempfile.TemporaryDirectory(prefix="sampan-", ignore_cleanup_errors=True) as folder:
        answer, log = Path(folder, "answer"), Path(folder, "log")
        with log.open("wb") as output:
            process = subprocess.Popen([sys.executable, __file__, "--one", test["path"], test["name"], str(answer)],
                                       stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                                       env={**os.environ, "SAMPAN_TEST_DIR": folder})
            RUNNING.add(process.pid)
            late = False
            try:
                process.wait(0 if ENDED_BY else deadline_s)
            except subprocess.TimeoutExpired:
                late = True
                process.send_signal(signal.SIGUSR1)  # shows where it stands
                time.sleep(0.3)
            finally:
                end_group(process)
                RUNNING.discard(process.pid)
        said = log.read_bytes().decode("utf-8", "replace")[-6000:]
        if late:
            return "fail", f"not done after {deadline_s:g} s\n{said}"
        if not answer.exists():
            return "fail", f"died with {process.returncode}\n{said}"
        outcome, detail = json.loads(answer.read_text())
        return outcome, (f"{detail}\n{said}" if outcome == "fail" else detail)


def run_one(book, test, deadline_s):
    if ENDED_BY:
        return
    begun = time.monotonic()
    outcome, detail = run_apart(test, (test["deadline_s"] or deadline_s) * float(os.environ.get("SAMPAN_SLOW", "1")))
    name = f"{Path(test['path']).stem.removeprefix('test_')}.{test['name'].removeprefix('test_')}"
    took = time.monotonic() - begun
    if outcome == "pass" and detail:
        name, detail = f"{name} [{detail}]", ""
    book.enter(name, outcome, detail, test["contract"], took)


def main():
    if sys.argv[1:2] == ["--one"]:
        return run_here(*sys.argv[2:5])
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--jobs", type=int, default=2)
    arguments.add_argument("--deadline", type=float, default=180)
    arguments.add_argument("--only", default="")
    arguments.add_argument("step")
    arguments.add_argument("paths", nargs="+")
    chosen = arguments.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end_all)
    book, tests = results.Book(chosen.step), []
    for path in files_of(chosen.paths):
        try:
            tests += [test for test in tests_of(path) if chosen.only in test["name"]]
        except Exception:
            book.enter(path.stem, "fail", traceback.format_exc(limit=-3))
    with ThreadPoolExecutor(max(1, chosen.jobs)) as pool:
        list(pool.map(lambda test: run_one(book, test, chosen.deadline), tests))
    code = book.close()
    return 128 + ENDED_BY[0] if ENDED_BY else code


if __name__ == "__main__":
    sys.exit(main())
