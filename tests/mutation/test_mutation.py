# SPDX-License-Identifier: Apache-2.0
"""The instrument that judges the tests: what it draws, how it counts, and what it says when it cannot run."""
import json
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import mutation  # noqa: E402
from harness import Skip  # noqa: E402


def mutants(file, count, more=()):
    return [{"number": n, "file": file, "line": n, "kind": "literal", "what": what} for n, what in enumerate([*more, *(f"x{i}" for i in range(count))])]


def drawn(all_of_them, count):
    return {mutant["what"] for mutant in mutation.draw(all_of_them, count, 1)}


def test_a_larger_sample_holds_the_smaller_one_and_a_change_of_the_code_draws_no_others():
    few, many = drawn(mutants("queue/a.cc", 200), 20), drawn(mutants("queue/a.cc", 200), 60)
    assert len(few) == 20 and few < many
    assert len(few - drawn(mutants("queue/a.cc", 200, ["new line"]), 20)) <= 1
    both = mutation.draw(mutants("queue/a.cc", 200) + mutants("policy/b.cc", 50), 20, 1)
    assert few == {mutant["what"] for mutant in both if mutant["file"] == "queue/a.cc"}


class Case:
    def __init__(self, module, seconds, passes=True):
        self.module, self.seconds, self.passes, self.name, self.arguments = module, seconds, passes, f"{module}{seconds}", ["-tc=x"]

    def comes_by(self, _):
        return True


def verdict(cases, seconds_max):
    tests = mutation.Tests.__new__(mutation.Tests)
    tests.cases, tests.seconds_max = cases, seconds_max
    ran, real = [], mutation.run
    try:
        def run(command, _, **_variables):
            ran.append(command)
            return (all(case.passes for case in cases if any(case.name in word for word in command)), 1e9)  # however long it took
        mutation.run = run
        return tests.catch(mutants("queue/a.cc", 1)[0]), len(ran)
    finally:
        mutation.run = real


def test_what_a_case_is_known_to_cost_counts_and_not_how_loaded_the_machine_is():
    assert verdict([Case("queue", 1), Case("queue", 2), Case("queue", 3)], 6) == (mutation.SURVIVED, 3)
    assert verdict([Case("queue", 1), Case("queue", 2), Case("queue", 3)], 5.9) == (mutation.UNTRIED, 2)
    assert verdict([Case("queue", 1), Case("queue", 2, passes=False), Case("queue", 3)], 5.9) == ("unit", 3)
    assert verdict([], 1) == (mutation.SURVIVED, 0)


def test_what_fails_once_was_held_up_and_what_fails_twice_is_caught():
    real, answers = mutation.run, []
    try:
        mutation.run = lambda command, _, **_variables: (answers.pop(0), 0.1)
        for told, fails in (([True], False), ([False, True], False), ([False, False], True)):
            answers[:] = told
            assert mutation.Tests.fails(["x"], 1, "7") == fails and not answers
    finally:
        mutation.run = real


def test_a_case_that_computes_for_longer_than_a_mutant_is_given_is_not_measured_to_its_end():
    real = mutation.run
    passed, seconds = real([sys.executable, "-c", "while True: pass"], 300, 1)
    assert not passed and 0.5 < seconds < 30
    try:
        mutation.run = lambda *_, **_variables: (False, 4.1)
        case = mutation.Case("queue", ["-tc=x"], 4)
        assert case.comes_by(7) and verdict([Case("queue", 1), case], 4) == (mutation.UNTRIED, 1)
        mutation.run = lambda *_, **_variables: (False, 0.1)
        try:
            mutation.Case("queue", ["-tc=x"], 4)
            raise AssertionError("it failed by itself, and nothing is measured with it")
        except mutation.CannotRun:
            pass
    finally:
        mutation.run = real


def test_what_was_not_all_tried_is_not_caught():
    assert mutation.share({"unit": 6, "sim": 2, "survived": 1, "not all tried": 1, "explained": 30}) == 80


def test_an_explanation_of_code_that_has_changed_is_told():
    known = ["queue/a.cc: x1 -- a line of the log", "queue/a.cc: gone -- the same", "policy/b.cc: x1 -- of a module that is not tried"]
    assert mutation.of_no_mutant(known, mutants("queue/a.cc", 3)) == known[1:2]
    assert [m["what"] for m in mutants("queue/a.cc", 3) if mutation.explained(m, known)] == ["x1"]


CONSTANT = """
int taken(int what) {
  char room[8];
  room[0] = 1;
  switch (what) {
    case 2 + 1:
    case 4 + 1:
      what += 6;
  }
  return what;
}
"""


def test_what_must_be_constant_has_no_mutants():
    if mutation.mutator is None:
        raise Skip("needs python3-clang-14")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "constant.cc")
        path.write_text(CONSTANT)
        made = [m.what for m in mutation.mutator.File(path, "x/constant.cc", ["-x", "c++", "-std=c++20"], 1).mutants]
    assert any("what += 6" in what for what in made) and any("[0 -> one more]" in what for what in made)
    assert not [what for what in made if "case" in what or "[8 -> " in what or "[+ -> -]" in what]


def test_why_nothing_could_be_tried_stands_in_the_report():
    real, arguments = mutation.mutator, sys.argv
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SAMPAN_RESULTS"] = str(Path(folder, "results"))
        try:
            mutation.mutator, sys.argv = None, ["mutation.py", "--book"]
            assert mutation.main() == 0
            rows = [json.loads(line) for line in Path(folder, "results").read_text().splitlines()]
        finally:
            mutation.mutator, sys.argv = real, arguments
    assert [(row["step"], row["outcome"], row["detail"]) for row in rows] == [("mutation", "skip", "needs python3-clang-14")]
