# SPDX-License-Identifier: Apache-2.0
"""The rules. Each takes a Tree and yields Findings; RULES at the end is the whole list."""
import re
from typing import NamedTuple

import graph
import source


class Finding(NamedTuple):
    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


def module_of(path):
    parts = path.split("/")
    return parts[1] if parts[0] == "agent" and len(parts) > 2 else None


def module_of_include(name):
    first = name.split("/", 1)[0]
    return first if "/" in name and first in graph.MODULES else None


def may_see(path, name):
    """Whether the file may include the header name of agent/."""
    seen = module_of_include(name)
    for start, allowed in graph.ONLY.items():
        if path.startswith(start):
            return name.startswith(allowed)
    if path.startswith("tests/unit/"):
        subject = path.split("/")[2]
        return seen == subject or seen in graph.MODULES.get(subject, ())
    here = module_of(path)
    if here is None or here == seen:
        return True
    door = graph.DOOR.get((here, seen))
    return seen in graph.MODULES.get(here, ()) and (door is None or name.startswith(door))


def module_edges(tree):
    """A module sees only the modules below it."""
    for path, text in tree.cxx().items():
        here = module_of(path)
        if here and here not in graph.MODULES:
            yield Finding(path, 1, f"agent/{here} is not a module of DESIGN section 4")
            continue
        for include in source.includes(text):
            if module_of_include(include.name) and not may_see(path, include.name):
                yield Finding(path, include.line, f"may not include {include.name}")


def include_forms(tree):
    """Own headers in quotes from agent/, all others in angle brackets."""
    for path, text in tree.cxx().items():
        for include in source.includes(text):
            ours = module_of_include(include.name) and "agent/" + include.name in tree.files
            if ours and not include.quoted:
                yield Finding(path, include.line, f'own header in angle brackets: "{include.name}"')
            elif include.quoted and path.startswith("agent/") and not ours:
                yield Finding(path, include.line, f'no such header from agent/: "{include.name}"')


def third_party_of(include):
    return next((name for name in graph.THIRD_PARTY if include.name.startswith(name)), None)


def is_system(name):
    return "." not in name or name.startswith(graph.SYSTEM) or name in graph.SYSTEM_HEADERS


def may_use(path, library):
    if path.startswith("tests/"):
        return library in graph.TESTS_MAY_ALSO or path.startswith(graph.THIRD_PARTY[library])
    return path.startswith(graph.THIRD_PARTY[library])


def third_party(tree):
    """A library is included only where DESIGN puts it, and unknown libraries nowhere."""
    for path, text in tree.under("agent/", "tests/", suffixes=(".h", ".cc")).items():
        for include in source.includes(text):
            library = third_party_of(include)
            if library and not may_use(path, library):
                yield Finding(path, include.line, f"<{include.name}> is not for this file")
            elif not library and not include.quoted and not is_system(include.name):
                yield Finding(path, include.line, f"<{include.name}> is no library of DESIGN section 10")


def libraries_behind(tree, name, seen=None):
    """Third-party libraries that including the header name of agent/ drags in -> by which header."""
    seen = set() if seen is None else seen
    if name in seen:
        return {}
    seen.add(name)
    found = {}
    for include in source.includes(tree.files.get("agent/" + name, "")):
        library = third_party_of(include)
        if library:
            found.setdefault(library, name)
        elif module_of_include(include.name):
            for inner, by in libraries_behind(tree, include.name, seen).items():
                found.setdefault(inner, by)
    return found


def hidden_libraries(tree):
    """No third-party header reaches a file that may not use the library, by whatever path."""
    for path, text in tree.cxx("agent/", "tests/").items():
        for include in source.includes(text):
            if not include.quoted or not module_of_include(include.name):
                continue
            for library, by in libraries_behind(tree, include.name).items():
                if not may_use(path, library):
                    yield Finding(path, include.line, f"{include.name} shows it <{library}> through {by}")


def lines_in(text):
    return text.count("\n")


def share_of_small(tree, suffix, bound):
    files = {p: lines_in(t) for p, t in tree.cxx().items() if p.endswith(suffix) and p not in graph.TABLES}
    large = {p: n for p, n in files.items() if n > bound}
    if files and len(large) > (1 - graph.SHARE_WITHIN) * len(files):
        for path, count in large.items():
            yield Finding(path, count, f"{count} lines; {len(large)} of {len(files)} {suffix} files have more than {bound}")


def file_sizes(tree):
    """95 % of headers within 150 lines and of sources within 400; none over 700."""
    yield from share_of_small(tree, ".h", graph.HEADER_LINES)
    yield from share_of_small(tree, ".cc", graph.SOURCE_LINES)
    for path, text in {**tree.cxx(), **tree.under("tests/", "packaging/", suffixes=(".py", ".sh"))}.items():
        if lines_in(text) > graph.FILE_LINES_MAX and path not in graph.TABLES:
            yield Finding(path, lines_in(text), f"{lines_in(text)} lines, more than {graph.FILE_LINES_MAX}")


def function_sizes(tree):
    """No function over 70 lines."""
    readers = {".cc": source.cxx_functions, ".h": source.cxx_functions, ".c": source.cxx_functions,
               ".py": source.python_functions}
    for path, text in tree.under("agent/", "plugins/", "tests/", "packaging/").items():
        reader = readers.get(path[path.rfind("."):]) if path not in graph.TABLES else None
        for function in reader(text) if reader else ():
            if function.lines > graph.FUNCTION_LINES_MAX:
                yield Finding(path, function.line, f"{function.name} has {function.lines} lines")


def licence(tree):
    """The first line, or the second below #!, names the licence."""
    comment = {".cc": "//", ".h": "//", ".c": "//", ".py": "#", ".sh": "#", ".cmake": "#"}
    for path, text in tree.files.items():
        sign = comment.get(path[path.rfind("."):]) or ("#" if text.startswith("#!") or path.endswith("CMakeLists.txt") else None)
        wanted = f"{sign} SPDX-License-Identifier: Apache-2.0"
        if sign and wanted not in text.split("\n", 2)[:2]:
            yield Finding(path, 1, f"does not begin with `{wanted}`")


def guards(tree):
    """Every header has #pragma once, and those of agent/ open with a contract block."""
    for path, text in tree.cxx().items():
        if not path.endswith(".h"):
            continue
        if "#pragma once" not in text:
            yield Finding(path, 1, "no #pragma once")
        second = text.split("\n", 2)[1] if text.count("\n") > 1 else ""
        if path.startswith("agent/") and not re.match(r"// [A-Z]", second):
            yield Finding(path, 2, "does not open with a contract block, `// Name: what it is`")


# Written apart so that this file does not find itself.
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK", "not " + "implemented", "st" + "ub")) + r")\b")


def unfinished(tree):
    """No word that says the work is not done."""
    for path, text in tree.files.items():
        if path == "LICENSE":
            continue
        for match in UNFINISHED.finditer(text):
            yield Finding(path, source.line_of(text, match.start()), f"unfinished: {match[0]}")


def samples_loaded(tree):
    """Every shipped sample of settings is named in a test, or one test walks them all."""
    texts = tree.under("tests/unit/", "tests/e2e/", suffixes=(".cc", ".py")).values()
    if any('/config"' in text and "recursive_directory_iterator" in text for text in texts):
        return
    tests = "\n".join(texts)
    for path in tree.under("config/", suffixes=(".yaml", ".yml")):
        folder, _, name = path.rpartition("/")
        if path not in tests and not (f'"{folder}' in tests and f'"{name}"' in tests):
            yield Finding(path, 1, "no test names this sample")


TAGGED_NAME = re.compile(r'TEST_CASE\w*\((?:\w+,\s*)?"(\w*[^\w"][^"]*)"')


def test_names(tree):
    """A test's name is a sentence in one word; what it shows of the contract stands in its description, where it is counted."""
    for path, text in tree.cxx("tests/unit/").items():
        for match in TAGGED_NAME.finditer(text):
            yield Finding(path, source.line_of(text, match.start()), f"not one word: {match[1]}")


VERB = re.compile(r'^\s*(?:Verb)?\{\s*"([a-z][a-z-]*)",', re.M)


def verbs_documented(tree):
    """Every verb of the command line is in README.md or in a manual page."""
    manual = tree.files.get("README.md", "") + "\n".join(tree.under("packaging/man/").values())
    for path, text in tree.under("agent/cli/verbs", suffixes=(".cc",)).items():
        for match in VERB.finditer(text):
            if not re.search(rf"\bsampan\s+{match[1]}\b", manual):
                yield Finding(path, source.line_of(text, match.start()), f"`sampan {match[1]}` is in no manual")


CODE = re.compile(r'\{\d{3}, "([a-z_]+)"|\{(?:\w+ \? )?"([a-z_]+)"(?: : "([a-z_]+)")?,\s+(?:\w+ \? )?Verdict::')


def codes_documented(tree):
    """Every code of a refusal and of a finding that the daemon can give stands in API.md."""
    page = tree.files.get("agent/control/API.md", "")
    for path, text in tree.under("agent/", suffixes=(".cc",)).items():
        for match in CODE.finditer(text):
            for code in filter(None, match.groups()):
                if f"`{code}`" not in page:
                    yield Finding(path, source.line_of(text, match.start()), f"the code {code} is not in API.md")


JSON_AS_TEXT = re.compile(r"(?:\.|->)dump\((?!.*error_handler_t::replace)(?=[-\d)])")


def json_of_any_bytes(tree):
    """JSON becomes text also where a sender's bytes are no UTF-8: the library throws, where nobody may catch, unless it is told to replace them."""
    for path, text in tree.cxx("agent/").items():
        for match in JSON_AS_TEXT.finditer(text):
            yield Finding(path, source.line_of(text, match.start()), "dump() without error_handler_t::replace")


PARSER = re.compile(r"\b((?:parse|read|decode)(?:_\w+)?)\((?:[^()]*, )?(?:ByteView|std::string_view|const std::string&)")
TARGET = re.compile(r"^FUZZ_TARGET\((\w+)\)", re.M)


def parsers_fuzzed(tree):
    """The list of parsers in tests/README.md names every fuzz target and no other; every parser of bytes or text is fed by one or named there."""
    feeds = "\n".join(tree.under("tests/fuzz/", suffixes=(".cc",)).values())
    targets, page = set(TARGET.findall(feeds)), tree.files.get("tests/README.md", "")
    head, _, rows = page.partition("| In | What is read | Target |")
    table = rows.partition("\n\n")[0]
    listed = {name for row in table.split("\n") if row.count("|") == 4 for name in re.findall(r"`(\w+)`", row.split("|")[3])}
    for name in sorted(targets ^ listed):
        yield Finding("tests/README.md", source.line_of(page, len(head)), f"fuzz target {name} is " + ("not in the list" if name in targets else "nowhere"))
    for path, text in tree.under("agent/", suffixes=(".h",)).items():
        for match in PARSER.finditer(text):
            if not re.search(rf"\b{match[1]}\b", feeds + table):
                yield Finding(path, source.line_of(text, match.start()), f"no fuzz target feeds {match[1]}")


def top_level(tree):
    """Beside the fixed names only dot-files; at most two levels under agent/."""
    for path in tree.files:
        first = path.split("/", 1)[0]
        if first not in graph.TOP_LEVEL and not first.startswith("."):
            yield Finding(path, 1, f"{first} is not a top-level name of DESIGN section 4")
        if path.startswith("agent/") and path.count("/") > 3:
            yield Finding(path, 1, "more than two levels below agent/")


PLACES = re.compile(r"(?<![\w.])/(?:work|root|home)/[\w.]|/tmp/bash_jobs|https?://[\w.-]*(?:mirror|proxy|registry)[\w.-]*")


def no_places(tree):
    """No path or host of the machine it was written on."""
    for path, text in tree.files.items():
        for match in PLACES.finditer(text) if path != "tests/tidy/rules.py" else ():
            yield Finding(path, source.line_of(text, match.start()), f"names a place: {match[0]}")


RULES = (module_edges, include_forms, third_party, hidden_libraries, file_sizes, function_sizes, licence, guards,
         unfinished, test_names, samples_loaded, verbs_documented, codes_documented, json_of_any_bytes, parsers_fuzzed, top_level, no_places)
