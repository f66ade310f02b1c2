# SPDX-License-Identifier: Apache-2.0
"""How the runner of the fuzz targets reads what libFuzzer says."""
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import fuzz  # noqa: E402

LINES = ["#2\tREADING cov: 3 ft: 3", "#40\tINITED cov: 100 ft: 120", "#64\tpulse  cov: 100 ft: 120", "#100\tNEW    cov: 103 ft: 130", "#128\tREDUCE cov: 103 ft: 130",
         "stat::number_of_executed_units: 500"]


def course_of(lines):
    course = fuzz.Course()
    for second, line in enumerate(lines):
        course.took = lambda second=second: second
        course.see(line)
    course.took = lambda: 100
    return course


def test_what_grew_last_and_how_long_nothing_did_is_told():
    course = course_of(LINES)
    assert (course.edges(), course.kept_edges, course.executions) == (103, 100, 500)
    assert course.quiet() == (97, 400)
    assert course_of(LINES[:3] + LINES[5:]).quiet() == (99, 460)
    assert fuzz.Course().quiet() == (0.0, 0)


def test_runs_that_find_nothing_add_to_the_one_before_and_one_that_finds_begins_anew():
    real = fuzz.REACHED
    with tempfile.TemporaryDirectory() as folder:
        try:
            fuzz.REACHED = Path(folder, "reached.json")
            for lines, quiet in ((LINES, (97, 400)), (LINES[:3] + LINES[5:], (196, 860)), (LINES, (97, 400))):
                course_of(lines).enter("one")
                row = json.loads(fuzz.REACHED.read_text())["one"]
                assert (row["quiet_s"], row["quiet_executions"]) == quiet
            assert row == {"edges": 103, "executions": 500, "quiet_s": 97, "quiet_executions": 400}
        finally:
            fuzz.REACHED = real
