#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Mutation: do the tests find bugs? A mechanical mutator changes queue, scheduler and policy in every place it knows
(mutator.py), of each module a sample of the mutants is drawn by seed, of every file its part, and each runs against the unit tests of
the three and against the simulation until something fails.

    tests/mutation/mutation.py [--sample N] [--seed S] [--histories N] [--modules policy,scheduler,queue] [--no-build] [--only NUMBER,...]
                               [--seconds S] [--book]

All mutants are compiled once, in build/mutation, and switched on by SAMPAN_MUTANT. What each test case and each history comes by is
found out first; a mutant runs against those that come by it alone, the shortest first, for so many seconds. Needs python3-clang-14. The last lines are the
share that was caught; every survivor above them is for a person to explain, in survivors.txt, where a line beginning with its file and
its text says why. --book enters the share into the results of tests/run.sh; it fails below what shares.json records.
"""
import argparse
import json
import os
import pickle
import random
import re
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import mutator

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import results  # noqa: E402

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]
BUILD = TOP / "build" / "mutation"
SOURCES = BUILD / "mutants"
TOGETHER_S = 1.5
JUDGED_FROM = 50  # mutants of a module
MODULES = ("policy", "scheduler", "queue")
SWITCH = """#pragma once
#include <cstdio>
#include <cstdlib>
inline const int sampan_mutant = [] { const char* number = std::getenv("SAMPAN_MUTANT"); return number != nullptr ? std::atoi(number) : 0; }();
inline unsigned char sampan_reached_numbers[16384];
inline const bool sampan_tells_reached = [] {
  if (std::getenv("SAMPAN_REACHED") != nullptr)
    std::atexit([] {
      if (std::FILE* file = std::fopen(std::getenv("SAMPAN_REACHED"), "w"))
        std::fwrite(sampan_reached_numbers, 1, sizeof sampan_reached_numbers, file), std::fclose(file);
    });
  return true;
}();
inline bool sampan_reached(int number) { return sampan_reached_numbers[number] = 1, true; }
#define SAMPAN_MUTANT(number) (sampan_reached(number) && sampan_mutant == (number))
"""


def module_of(mutant):
    return mutant["file"].split("/")[0]


def compiling(file, target, include):
    """Writes the file with those of its mutants that compile; one whose line does not is left out."""
    without = set()
    for _ in range(15):
        text = file.mutated(without)
        if not target.exists() or target.read_text() != text:
            target.write_text(text)
        checked = subprocess.run(["g++", "-fsyntax-only", "-w", *include, str(target)], capture_output=True, text=True, check=False)
        if checked.returncode == 0:
            break
        lines = {int(n) for n in re.findall(re.escape(str(file.path)) + r":(\d+):\d+: error", checked.stderr)}
        more = {m.number for m in file.mutants if m.line in lines} - without
        more = more or {m.number for m in file.mutants if m.line - 1 in lines or m.line + 1 in lines} - without
        without |= more or {m.number for m in file.mutants}
    return [m for m in file.mutants if m.number not in without]


def write_mutants(modules):
    mutator.HEAD = f'#include "{SOURCES}/switch.h"\n'
    SOURCES.mkdir(parents=True, exist_ok=True)
    (SOURCES / "switch.h").write_text(SWITCH)
    include = ["-std=c++20", "-I", str(TOP / "agent")]
    mutants, number = [], 1
    for module in modules:
        (SOURCES / module).mkdir(exist_ok=True)
        for path in sorted((TOP / "agent" / module).glob("*.cc")):
            file = mutator.File(path, f"{module}/{path.name}", ["-x", "c++", *include], number)
            number = file.next
            mutants += compiling(file, SOURCES / module / path.name, include)
    (SOURCES / "mutants.json").write_text(json.dumps([vars(m) for m in mutants]))


def build(modules):
    write_mutants(modules)
    targets = [f"unit_{module}" for module in modules] + ["sim"]
    subprocess.run(["cmake", "-S", str(TOP), "-B", str(BUILD), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", f"-DSAMPAN_MUTANTS={SOURCES}"],
                   check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", str(BUILD), "-j2", "--target", *targets], check=True)


def run(command, seconds, **variables):
    began = time.monotonic()
    process = subprocess.Popen(command, env=dict(os.environ, **variables), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        code = process.wait()
    return code, time.monotonic() - began


class Case:
    """A test case or a history: its command, how long it takes, and which mutants it comes by."""

    def __init__(self, module, arguments):
        self.module, self.arguments = module, arguments
        told = SOURCES / "reached"
        told.unlink(missing_ok=True)
        self.code, self.seconds = run([program(module), *arguments], 900, SAMPAN_REACHED=str(told))
        self.reached = told.read_bytes() if told.exists() else b""

    @property
    def name(self):
        return self.arguments[0].removeprefix("-tc=")

    def comes_by(self, number):
        return len(self.reached) > number and self.reached[number] != 0


def program(module):
    return str(BUILD / "bin" / (module if module == "sim" else f"unit_{module}"))


def cases_of(module):
    listed = subprocess.run([program(module), "--list-test-cases", "--no-version"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if re.fullmatch(r"\w+", line)]


class Tests:
    """The test cases of the modules that have mutants, and some histories of the simulation."""

    def __init__(self, modules, histories, seconds_max):
        self.seconds_max, known = seconds_max, SOURCES / "cases"
        newest = max(os.path.getmtime(program(module)) for module in (*modules, "sim"))
        if known.exists() and known.stat().st_mtime > newest:
            self.cases = pickle.loads(known.read_bytes())
        else:
            self.cases = [Case(module, [f"-tc={name}"]) for module in modules for name in cases_of(module)]
            self.cases += [Case("sim", ["--seed", str(seed)]) for seed in range(1, histories + 1)]
            known.write_bytes(pickle.dumps(self.cases))
        for case in self.cases:
            if case.code != 0:
                sys.exit(f"{case.module} {case.arguments} fails without any mutant")

    def come_by(self, mutant, is_unit=None):
        return [case for case in self.cases if case.comes_by(mutant["number"]) and is_unit in (None, case.module != "sim")]

    def batches(self, mutant):
        """Those that come by it, the shortest first and those of its own module before; short test cases together, as one process."""
        own, batches = module_of(mutant), []
        for case in sorted(self.come_by(mutant), key=lambda c: c.seconds * (1 if c.module == own else 2)):
            last = batches[-1] if batches else None
            if last and case.module == last[0].module != "sim" and sum(c.seconds for c in last) + case.seconds < TOGETHER_S:
                last.append(case)
            else:
                batches.append([case])
        return batches

    def catch(self, mutant):
        left = self.seconds_max
        for batch in self.batches(mutant):
            module, wanted = batch[0].module, sum(case.seconds for case in batch)
            if left < wanted:
                return None
            arguments = batch[0].arguments if module == "sim" else ["-aa=1", "-tc=" + ",".join(case.name for case in batch)]
            code, seconds = run([program(module), *arguments], 10 + 10 * wanted, SAMPAN_MUTANT=str(mutant["number"]))
            if code != 0:
                return "sim" if module == "sim" else "unit"
            left -= seconds
        return None


def draw(mutants, count, seed):
    """So many of each module; of each of its files in proportion, and one at least."""
    dice, drawn = random.Random(seed), []
    for module in sorted({module_of(m) for m in mutants}):
        files = defaultdict(list)
        for mutant in mutants:
            if module_of(mutant) == module:
                files[mutant["file"]].append(mutant)
        total = sum(map(len, files.values()))
        for name in sorted(files):
            part = min(len(files[name]), max(1, round(count * len(files[name]) / total)))
            drawn += dice.sample(files[name], part)
    dice.shuffle(drawn)  # so that what was run when somebody stops it is a sample too
    return drawn


def explained(mutant, known):
    return any(" ".join(line.split()).startswith(f"{mutant['file']}: {mutant['what']}") for line in known)


def report(sample, tests):
    known = (HERE / "survivors.txt").read_text().splitlines()
    tally = {}
    for count, mutant in enumerate(sample, 1):
        caught = tests.catch(mutant)
        row = tally.setdefault(module_of(mutant), {"unit": 0, "sim": 0, "explained": 0, "survived": 0})
        word = caught or ("explained" if explained(mutant, known) else "survived")
        row[word] += 1
        covered = "" if tests.come_by(mutant, True) else ", not come by in unit tests"
        where = f"{mutant['file']}:{mutant['line']}"
        print(f"{count:4} {word if caught else word.upper():9} {where:32} {mutant['number']:5} {mutant['kind']:10} {mutant['what'][:110]}{covered}", flush=True)
    for module, row in tally.items():
        print(f"{module:10} caught by unit tests {row['unit']}, by the simulation alone {row['sim']}, "
              f"survived {row['survived']}, and {row['explained']} that change nothing anybody can see; {share(row)} % of the others")
    return tally


def share(row):
    """Percent caught of those that change anything."""
    caught = row["unit"] + row["sim"]
    return 100 * caught // max(caught + row["survived"], 1)


def enter(tally):
    """As a test of each module: not less than what was reached before."""
    book, least = results.Book("mutation"), json.loads((HERE / "shares.json").read_text())
    for module, row in tally.items():
        few = sum(row.values()) < JUDGED_FROM  # chance decides
        outcome = "pass" if few or share(row) >= least[module] else "fail"
        book.enter(f"mutants_of_{module}_are_caught [{share(row)} % of {sum(row.values())}, {least[module]} % before]", outcome,
                   f"only {share(row)} % of the mutants of {module} are caught: {row}")
    return book.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sample", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--histories", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--modules", default=",".join(MODULES))
    parser.add_argument("--no-build", action="store_true")
    parser.add_argument("--book", action="store_true")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    modules = options.modules.split(",")
    if not options.no_build:
        build(MODULES)
    mutants = [m for m in json.loads((SOURCES / "mutants.json").read_text()) if module_of(m) in modules]
    tests = Tests(MODULES, options.histories, options.seconds)
    if options.only:
        sample = [m for m in mutants if str(m["number"]) in options.only.split(",")]
    else:
        sample = draw(mutants, options.sample, options.seed)
    print(f"{len(mutants)} mutants, {len(sample)} drawn with seed {options.seed}", flush=True)
    tally = report(sample, tests)
    return enter(tally) if options.book else 0


if __name__ == "__main__":
    sys.exit(main())
