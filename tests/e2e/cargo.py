# SPDX-License-Identifier: Apache-2.0
"""The files that end-to-end tests send: the corpus when there is one, else a generated set, and which it was."""
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import part10
from harness import corpus

IGNORED = ("README.md", "inventory.csv")


class Cargo(NamedTuple):
    path: Path
    sop_class: str
    sop_instance: str
    transfer_syntax: str
    data_set: bytes


def files_below(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in IGNORED)


def load(path):
    meta, data_set = part10.read(path)
    return Cargo(path, meta["sop_class"], part10.sop_instance(meta, data_set), meta["transfer_syntax"], data_set)


def generated(ctx):
    files = ctx.images("mr", 8) + ctx.images("ct", 4, "--name-gb18030") + ctx.images("dx", 2)
    # More than a gathered record, in a few frames.
    return files + ctx.images("big", 1, "--rows", 512, "--columns", 512, "--frames", 20)


def good_files(ctx):
    """(list of Cargo, words that say where it is from)"""
    folder = corpus()
    if folder is None:
        files = generated(ctx)
        return [load(path) for path in files], f"{len(files)} generated files, no corpus here"
    files = [path for path in files_below(folder) if "bad" not in path.relative_to(folder).parts[:1]]
    return [load(path) for path in files], f"{len(files)} files of the corpus"


def rounds(cargo):
    """Lists in which each SOP Instance UID occurs once: public sets publish one image in several encodings."""
    seen, parts = Counter(), []
    for one in cargo:
        turn = seen[one.sop_instance]
        seen[one.sop_instance] += 1
        if turn == len(parts):
            parts.append([])
        parts[turn].append(one)
    return parts
