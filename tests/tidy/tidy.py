#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Style as a test: reads the tree and fails on what DESIGN section 4 forbids.

    tests/tidy/tidy.py [TOP]     one line per rule and per finding; 1 when there was a finding
"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

import results  # noqa: E402
import rules  # noqa: E402
import source  # noqa: E402


def main():
    top = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    tree = source.Tree.of_checkout(top)
    book = results.Book("tidy")
    for rule in rules.RULES:
        findings = list(rule(tree))
        book.enter(rule.__name__, "fail" if findings else "pass", "\n".join(map(str, findings)))
    return book.close()


if __name__ == "__main__":
    sys.exit(main())
