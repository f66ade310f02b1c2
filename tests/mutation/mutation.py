#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Mutation: do the tests find bugs? A mechanical mutator changes queue, scheduler and policy in every place it knows
(mutator.py), of each module a sample of the mutants is drawn by seed, of every file its part, and each runs against the unit tests of
the three and against the simulation until something fails.

    tests/mutation/mutation.py [--sample N] [--seed S] [--histories N] [--modules policy,scheduler,queue] [--no-build] [--only NUMBER,...|explained]
                               [--seconds S] [--book]

All mutants are compiled once, in build/mutation, and switched on by SAMPAN_MUTANT. What each test case and each history comes by, and how
many seconds it computes, is found out first; a mutant runs against those that come by it alone, the shortest first, as many as fit into
so many of those seconds, however loaded the machine is. One that passed all of them survived; where some did not fit it was not all tried.
Needs python3-clang-14. The last lines are the share that was caught, of all that are not explained; every survivor above them is for a
person to explain, in survivors.txt, where a line beginning with its file and its text says why; a line that no mutant has any more is told,
and --only explained tries those that are explained: one that is caught needs no explanation. A draw is stable: a larger sample holds the
smaller one, and a change of the code changes only what it touches. --book enters the share, or why there is none, into the results of
tests/run.sh; it fails below what shares.json records.
"""
import argparse
import hashlib
import json
import math
import os
import pickle
import re
import resource
import subprocess
import sys
import threading
import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict
from pathlib import Path

try:
    import mutator
except ImportError:  # no python3-clang-14
    mutator = None

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import results  # noqa: E402

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]
BUILD = TOP / "build" / "mutation"
SOURCES = BUILD / "mutants"
CHECKING = ["-fsyntax-only", "-w", "-ftrack-macro-expansion=0", "-x", "c++"]  # an error stands at its line, and not in the switch
TOGETHER_S = 1.5
NUMBERS_OF_A_FILE = 512
JUDGED_FROM = 50  # mutants of a module
UNTRIED, SURVIVED = "not all tried", "survived"
MODULES = ("policy", "scheduler", "queue")
HOLDERS = {"policy": ("policy", "scheduler"), "scheduler": ("scheduler",), "queue": ("queue",)}  # whose unit tests link it
SWITCH = """#pragma once
#include <cstdio>
#include <cstdlib>
inline const int sampan_mutant = [] { const char* number = std::getenv("SAMPAN_MUTANT"); return number != nullptr ? std::atoi(number) : 0; }();
inline unsigned char sampan_reached_numbers[65536];
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


class CannotRun(Exception):
    """Why there is no share: (outcome, reason)."""


def module_of(mutant):
    return mutant["file"].split("/")[0]


def compiling(file, target, include):
    """Writes the file with those of its mutants that compile; one whose line does not is left out."""
    numbers = {m.number for m in file.mutants}
    without, trial = set(), target.with_suffix(".trial")
    for _ in range(15):
        trial.write_text(file.mutated(without))
        checked = subprocess.run(["g++", *CHECKING, *include, str(trial)], capture_output=True, text=True, check=False)
        if checked.returncode == 0:
            break
        lines = {int(n) for n in re.findall(re.escape(str(file.path)) + r":(\d+):\d+: error", checked.stderr)}
        more = {m.number for m in file.mutants if m.line in lines} - without
        more = more or {m.number for m in file.mutants if m.line - 1 in lines or m.line + 1 in lines} - without
        without |= more or numbers
    trial.replace(target)
    return [m for m in file.mutants if m.number not in without]


def all_of(file, target):
    if not target.exists() or target.read_text() != file.mutated():
        target.write_text(file.mutated())
    return file.mutants


def mutants_of(path, place, include, doubtful):
    """Those of one file, written; found out once for a text. Most files compile with all of theirs: only of one that did not is it asked which do."""
    name = f"{path.parent.name}/{path.name}"
    target, known = SOURCES / name, (SOURCES / name).with_suffix(".json")
    text = hashlib.sha256(path.read_bytes() + Path(mutator.__file__).read_bytes() + str(place).encode()).hexdigest()
    told = json.loads(known.read_text()) if known.exists() and target.exists() else {}
    if told.get("text") != text or name in doubtful:
        file = mutator.File(path, name, ["-x", "c++", *include], place * NUMBERS_OF_A_FILE)  # numbers of its own: a change of one file compiles no other
        if len(file.mutants) > NUMBERS_OF_A_FILE:
            raise CannotRun("fail", f"{name} has more than {NUMBERS_OF_A_FILE} mutants")
        kept = compiling(file, target, include) if name in doubtful else all_of(file, target)
        if file.mutants and not kept:
            raise CannotRun("fail", f"no mutant of {name} compiles")
        told = {"text": text, "mutants": [vars(m) for m in kept]}
        known.write_text(json.dumps(told))
    return told["mutants"]


def write_mutants(modules, doubtful=()):
    mutator.HEAD = f'#include "{SOURCES}/switch.h"\n'
    SOURCES.mkdir(parents=True, exist_ok=True)
    if not (SOURCES / "switch.h").exists() or (SOURCES / "switch.h").read_text() != SWITCH:
        (SOURCES / "switch.h").write_text(SWITCH)
    include = ["-std=c++20", "-I", str(TOP / "agent")]
    mutants, paths = [], sorted(path for module in MODULES for path in (TOP / "agent" / module).glob("*.cc"))
    for module in modules:
        (SOURCES / module).mkdir(exist_ok=True)
    wanted = [(place, path) for place, path in enumerate(paths, 1) if path.parent.name in modules]
    for place, path in wanted:
        mutants += mutants_of(path, place, include, doubtful)
    for target in SOURCES.glob("*/*.cc"):  # the others' are those of the tree
        if TOP / "agent" / target.relative_to(SOURCES) not in {path for _, path in wanted}:
            target.unlink()
    (SOURCES / "mutants.json").write_text(json.dumps(mutants))


def done_or_told(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise CannotRun("fail", f"{' '.join(command[:2])} ended with {done.returncode}\n{done.stdout[-3000:]}")


def build(modules):
    if mutator is None:
        raise CannotRun("skip", "needs python3-clang-14")
    targets = sorted({f"unit_{holder}" for module in modules for holder in HOLDERS[module]}) + ["sim"]
    building = ["cmake", "--build", str(BUILD), "-j2", "--target", *targets]
    write_mutants(modules)
    done_or_told(["cmake", "-S", str(TOP), "-B", str(BUILD), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", f"-DSAMPAN_MUTANTS={SOURCES}"])
    tried = subprocess.run([*building, "--", "-k", "0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    if tried.returncode != 0:
        write_mutants(modules, set(re.findall(r"FAILED: .*/mutants/(\w+/\w+\.cc)\.o", tried.stdout)))
        done_or_told(building)


def run(command, deadline_s, seconds_max=None, **variables):
    """Whether it ended well, and the seconds it computed; killed, with what it started, when the deadline is over, or when it computed for too long."""
    limits = None if seconds_max is None else lambda: resource.setrlimit(resource.RLIMIT_CPU, (seconds_max, seconds_max))
    process = subprocess.Popen(command, env=dict(os.environ, **variables), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
                               preexec_fn=limits)
    killer = threading.Timer(deadline_s, os.killpg, (process.pid, 9))
    killer.start()
    _, status, used = os.wait4(process.pid, 0)
    killer.cancel()
    process.returncode = status
    return status == 0, used.ru_utime + used.ru_stime


class Case:
    """A test case or a history: its command, how long it computes, and which mutants it comes by. One that computes for longer than a mutant is
    given is not run to its end: it may come by any, and is tried for none."""

    def __init__(self, module, arguments, seconds_max):
        self.module, self.arguments = module, arguments
        told = SOURCES / "reached"
        told.unlink(missing_ok=True)
        whole_seconds = max(math.ceil(seconds_max), 1)
        passed, self.seconds = run([program(module), *arguments], 900, whole_seconds, SAMPAN_REACHED=str(told))
        self.too_long = not passed and self.seconds > whole_seconds - 0.5
        if self.too_long:
            self.seconds = math.inf
        elif not passed:
            raise CannotRun("fail", f"{module} {' '.join(arguments)} fails without any mutant")
        self.reached = told.read_bytes() if told.exists() else b""

    @property
    def name(self):
        return self.arguments[0].removeprefix("-tc=")

    def comes_by(self, number):
        return self.too_long or (len(self.reached) > number and self.reached[number] != 0)


def program(module):
    return str(BUILD / "bin" / (module if module == "sim" else f"unit_{module}"))


def cases_of(module):
    """As doctest's pattern for each: a comma would separate two."""
    listed = subprocess.run([program(module), "--list-test-cases", "-r=xml"], capture_output=True, text=True, check=True).stdout
    return [re.sub(r"[,*\\]", "?", case.get("name")) for case in ElementTree.fromstring(listed).iter("TestCase")]


def measured(module, arguments, seconds_max, count=None):
    """Its cases, measured once for each state of its program."""
    known = SOURCES / f"cases_of_{module}_in_{seconds_max:g}_s"
    if known.exists() and known.stat().st_mtime > os.path.getmtime(program(module)):
        cases = pickle.loads(known.read_bytes())
        if count in (None, len(cases)):
            return cases
    cases = [Case(module, each, seconds_max) for each in arguments()]
    known.write_bytes(pickle.dumps(cases))
    return cases


class Tests:
    """The test cases of the programs that have the mutants of these modules in them, and some histories of the simulation."""

    def __init__(self, modules, histories, seconds_max):
        self.seconds_max, self.cases = seconds_max, []
        for module in sorted({holder for module in modules for holder in HOLDERS[module]}):
            self.cases += measured(module, lambda: [[f"-tc={name}"] for name in cases_of(module)], seconds_max)  # noqa: B023
        self.cases += measured("sim", lambda: [["--seed", str(seed)] for seed in range(1, histories + 1)], seconds_max, histories)

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

    @staticmethod
    def fails(command, deadline_s, number):
        """Twice: once may be the machine's doing, that held everybody up."""
        return not any(run(command, deadline_s, SAMPAN_MUTANT=number)[0] for _ in range(2))

    def catch(self, mutant):
        """Which kind of test caught it; or that none did, or that not all were tried."""
        left = self.seconds_max
        for batch in self.batches(mutant):
            module, wanted = batch[0].module, sum(case.seconds for case in batch)
            left -= wanted
            if left < 0:
                return UNTRIED
            arguments = batch[0].arguments if module == "sim" else ["-aa=1", "-tc=" + ",".join(case.name for case in batch)]
            if self.fails([program(module), *arguments], 30 + 20 * wanted, str(mutant["number"])):
                return "sim" if module == "sim" else "unit"
        return SURVIVED


def draw(mutants, count, seed):
    """So many of each module; of each of its files in proportion, and one at least. In an order by chance, so that what was run when
    somebody stops it is a sample too."""
    seen, totals, files = Counter(), Counter(), defaultdict(list)
    for mutant in mutants:
        text = f"{mutant['file']}: {mutant['what']}"
        seen[text] += 1
        totals[module_of(mutant)] += 1
        files[mutant["file"]].append((hashlib.sha256(f"{seed} {text} {seen[text]}".encode()).digest(), mutant["number"], mutant))
    drawn = []
    for name, all_of_file in files.items():
        part = max(1, round(count * len(all_of_file) / totals[name.split("/")[0]]))
        drawn += sorted(all_of_file)[:part]
    return [mutant for _, _, mutant in sorted(drawn)]


def explanations():
    return [" ".join(line.split()) for line in (HERE / "survivors.txt").read_text().splitlines() if not line.startswith("#")]


def explains(line, mutant):
    return line.startswith(f"{mutant['file']}: {mutant['what']}")


def explained(mutant, known):
    return any(explains(line, mutant) for line in known)


def of_no_mutant(known, mutants):
    """Explanations of code that has changed since."""
    modules = {module_of(mutant) for mutant in mutants}
    return [line for line in known if line.split("/")[0] in modules and not any(explains(line, mutant) for mutant in mutants)]


def report(sample, tests):
    known, tally = explanations(), {}
    for count, mutant in enumerate(sample, 1):
        word = tests.catch(mutant)
        caught = word not in (UNTRIED, SURVIVED)
        if not caught and explained(mutant, known):
            word = "explained"
        tally.setdefault(module_of(mutant), Counter())[word] += 1
        covered = "" if tests.come_by(mutant, True) else ", not come by in unit tests"
        where = f"{mutant['file']}:{mutant['line']}"
        print(f"{count:4} {word if caught else word.upper():13} {where:32} {mutant['number']:5} {mutant['kind']:10} {mutant['what'][:110]}{covered}", flush=True)
    for module, row in tally.items():
        print(f"{module:10} caught by unit tests {row['unit']}, by the simulation alone {row['sim']}, "
              f"survived {row[SURVIVED]}, not all tried {row[UNTRIED]}, and {row['explained']} that are explained; {share(row)} % of the others")
    return tally


def share(row):
    """Percent caught of those that are not explained."""
    caught = row["unit"] + row["sim"]
    return 100 * caught // max(caught + row[SURVIVED] + row[UNTRIED], 1)


def enter(tally):
    """As a test of each module: not less than what was reached before."""
    book, least = results.Book("mutation"), json.loads((HERE / "shares.json").read_text())
    for module, row in tally.items():
        few = sum(row.values()) < JUDGED_FROM  # chance decides
        outcome = "pass" if few or share(row) >= least[module] else "fail"
        book.enter(f"mutants_of_{module}_are_caught [{share(row)} % of {sum(row.values())}, {least[module]} % before]", outcome,
                   f"only {share(row)} % of the mutants of {module} are caught: {dict(row)}")
    return book.close()


def enter_why_not(outcome, reason):
    book = results.Book("mutation")
    book.enter("mutants_are_made_and_tried", outcome, reason)
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
    try:
        tally = measure(options)
    except Exception as why:  # whatever it was, the report says it
        outcome, reason = why.args if isinstance(why, CannotRun) else ("fail", repr(why))
        return enter_why_not(outcome, reason) if options.book else f"{outcome}: {reason}"
    return enter(tally) if options.book else 0


def measure(options):
    modules = options.modules.split(",")
    if not options.no_build:
        build(modules)
    mutants = [m for m in json.loads((SOURCES / "mutants.json").read_text()) if module_of(m) in modules]
    tests = Tests(modules, options.histories, options.seconds)
    known = explanations()
    if options.only == "explained":
        sample = [m for m in mutants if explained(m, known)]
    elif options.only:
        sample = [m for m in mutants if str(m["number"]) in options.only.split(",")]
    else:
        sample = draw(mutants, options.sample, options.seed)
    print(f"{len(mutants)} mutants, {len(sample)} drawn with seed {options.seed}", flush=True)
    for line in of_no_mutant(known, mutants):
        print(f"     no mutant any more: {line[:140]}", flush=True)
    return report(sample, tests)


if __name__ == "__main__":
    sys.exit(main())
