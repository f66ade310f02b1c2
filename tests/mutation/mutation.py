#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Mutation: do the tests find bugs? A mechanical mutator changes queue, scheduler and policy in every place it knows
(mutator.py), a sample of the mutants is drawn by seed, and each runs against the unit tests of the three and against the
simulation until something fails.

    tests/mutation/mutation.py [--sample N] [--seed S] [--histories N] [--modules policy,scheduler,queue] [--no-build] [--only NUMBER]

All mutants are compiled once, in build/mutation, and switched on by SAMPAN_MUTANT. Needs python3-clang-14. For nights: it is in
no run of tests/run.sh. The last lines are the share that was caught; every survivor above them is for a person to explain.
"""
import argparse
import json
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path

import mutator

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / "build" / "mutation"
SOURCES = BUILD / "mutants"
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


class Tests:
    """The unit tests of the modules that have mutants, and the simulation; which mutants the unit tests come by is known."""

    def __init__(self, modules, histories):
        self.binaries = {module: str(BUILD / "bin" / f"unit_{module}") for module in modules}
        self.simulation = [str(BUILD / "bin" / "sim"), "--seeds", str(histories), "--jobs", "2"]
        self.reached, self.patience = {}, {}
        for module, binary in self.binaries.items():
            told = SOURCES / f"reached_{module}"
            code, seconds = run([binary], 900, SAMPAN_REACHED=str(told))
            if code != 0:
                sys.exit(f"{binary} fails without any mutant")
            self.reached[module], self.patience[module] = told.read_bytes(), 30 + 5 * seconds
        code, seconds = run(self.simulation, 900)
        if code != 0:
            sys.exit("the simulation fails without any mutant")
        self.patience["sim"] = 60 + 5 * seconds

    def comes_by(self, module, mutant):
        return self.reached[module][mutant["number"]] != 0

    def catch(self, mutant):
        own, number = module_of(mutant), str(mutant["number"])
        for module in sorted(self.binaries, key=lambda m: m != own):
            if self.comes_by(module, mutant) and run([self.binaries[module]], self.patience[module], SAMPAN_MUTANT=number)[0] != 0:
                return "unit"
        return "sim" if run(self.simulation, self.patience["sim"], SAMPAN_MUTANT=number)[0] != 0 else None


def report(sample, tests):
    tally, survived = {}, 0
    for count, mutant in enumerate(sorted(sample, key=lambda m: m["number"]), 1):
        caught = tests.catch(mutant)
        row = tally.setdefault(module_of(mutant), {"unit": 0, "sim": 0, "survived": 0})
        row[caught or "survived"] += 1
        survived += 0 if caught else 1
        covered = "" if any(tests.comes_by(module, mutant) for module in tests.binaries) else ", not come by in unit tests"
        where = f"{mutant['file']}:{mutant['line']}"
        print(f"{count:4} {caught or 'SURVIVED':9} {where:32} {mutant['number']:5} {mutant['kind']:10} {mutant['what'][:110]}{covered}", flush=True)
    for module, row in tally.items():
        print(f"{module:10} caught by unit tests {row['unit']}, by the simulation alone {row['sim']}, survived {row['survived']}")
    caught = len(sample) - survived
    print(f"{caught} of {len(sample)} caught ({100 * caught // max(len(sample), 1)} %), {survived} survived")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sample", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--histories", type=int, default=40)
    parser.add_argument("--modules", default=",".join(MODULES))
    parser.add_argument("--no-build", action="store_true")
    parser.add_argument("--only", type=int)
    options = parser.parse_args()
    modules = options.modules.split(",")
    if not options.no_build:
        build(modules)
    mutants = [m for m in json.loads((SOURCES / "mutants.json").read_text()) if module_of(m) in modules]
    tests = Tests(modules, options.histories)
    if options.only:
        sample = [m for m in mutants if m["number"] == options.only]
    else:
        sample = random.Random(options.seed).sample(mutants, min(options.sample, len(mutants)))
    print(f"{len(mutants)} mutants, {len(sample)} drawn with seed {options.seed}", flush=True)
    report(sample, tests)


if __name__ == "__main__":
    main()
