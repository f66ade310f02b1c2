# SPDX-License-Identifier: Apache-2.0
"""agent/CONFORMANCE.md says what the tables of the code say."""
from harness import TOP, tool


def test_the_conformance_statement_is_that_of_the_code(ctx):
    committed = (TOP / "agent/CONFORMANCE.md").read_text()
    made = ctx.command(tool("conformance")).stdout
    assert made == committed, "agent/CONFORMANCE.md is not what the code says; run build/release/bin/conformance > agent/CONFORMANCE.md"
