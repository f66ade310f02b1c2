# SPDX-License-Identifier: Apache-2.0
"""A rule that cannot fire protects nothing: each is fed what it forbids and what it allows."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import rules  # noqa: E402
import source  # noqa: E402

HEAD = "// SPDX-License-Identifier: Apache-2.0\n"
HEADER = HEAD + "// Thing: what it is.\n#pragma once\n"


def found(rule, files):
    return [str(finding) for finding in rule(source.Tree(files))]


def fires(rule, path, text, others=None):
    findings = found(rule, {**(others or {}), path: text})
    assert findings, f"{rule.__name__} is silent about {path}:\n{text}"
    return findings


def silent(rule, path, text, others=None):
    findings = found(rule, {**(others or {}), path: text})
    assert not findings, findings


def test_a_module_may_not_see_its_sibling():
    fires(rules.module_edges, "agent/queue/a.cc", '#include "policy/x.h"\n')
    fires(rules.module_edges, "agent/core/a.h", '#include "queue/x.h"\n')
    fires(rules.module_edges, "agent/intake/a.cc", '#include "queue/spool.h"\n')
    fires(rules.module_edges, "agent/policy/a.cc", '#include "dicom/words.h"\n')
    fires(rules.module_edges, "agent/cli/a.cc", '#include "node/node.h"\n')
    silent(rules.module_edges, "agent/scheduler/a.cc", '#include "queue/x.h"\n#include "policy/y.h"\n')
    silent(rules.module_edges, "agent/queue/a.cc", '// #include <ok>\n#include "core/x.h"\n#include "queue/y.h"\n')


def test_the_command_line_sees_only_the_client_half_of_control():
    fires(rules.module_edges, "agent/cli/a.cc", '#include "control/api.h"\n')
    silent(rules.module_edges, "agent/cli/a.cc", '#include "control/client.h"\n')
    fires(rules.module_edges, "agent/control/client.cc", '#include "http/server.h"\n')
    silent(rules.module_edges, "agent/control/client.cc", '#include "control/client.h"\n#include "base/result.h"\n')


def test_a_unit_test_sees_what_its_module_sees():
    fires(rules.module_edges, "tests/unit/policy/a_test.cc", '#include "queue/spool.h"\n')
    silent(rules.module_edges, "tests/unit/policy/a_test.cc", '#include "policy/x.h"\n#include "core/item.h"\n')


def test_an_unknown_folder_of_agent_is_named():
    fires(rules.module_edges, "agent/helpers/a.cc", HEAD)


def test_own_headers_stand_in_quotes():
    fires(rules.include_forms, "agent/queue/a.cc", "#include <base/x.h>\n", {"agent/base/x.h": HEADER})
    fires(rules.include_forms, "agent/queue/a.cc", '#include "spool.h"\n', {"agent/queue/spool.h": HEADER})
    silent(rules.include_forms, "agent/queue/a.cc", '#include "base/x.h"\n', {"agent/base/x.h": HEADER})


def test_a_library_stays_in_its_module():
    fires(rules.third_party, "agent/policy/a.cc", "#include <sqlite3.h>\n")
    fires(rules.third_party, "agent/intake/folder.cc", "#include <dcmtk/dcmnet/dul.h>\n")
    fires(rules.third_party, "agent/queue/a.cc", "#include <boost/asio.hpp>\n")
    silent(rules.third_party, "agent/intake/dimse.cc", "#include <dcmtk/dcmnet/dul.h>\n#include <sys/socket.h>\n#include <span>\n")


def test_a_library_does_not_leak_through_headers():
    bridge = {"agent/http/inner.h": HEADER + "#include <microhttpd.h>\n", "agent/http/a.h": HEADER + '#include "http/inner.h"\n'}
    fires(rules.hidden_libraries, "agent/control/api.cc", '#include "http/a.h"\n', bridge)
    silent(rules.hidden_libraries, "agent/http/a.cc", '#include "http/a.h"\n', bridge)


def test_large_files_are_few_and_never_huge():
    fires(rules.file_sizes, "agent/base/a.h", HEADER + "\n" * 160)
    fires(rules.file_sizes, "agent/base/a.cc", HEAD + "\n" * 500)
    small = {f"agent/base/s{n}.cc": HEAD for n in range(40)}
    silent(rules.file_sizes, "agent/base/a.cc", HEAD + "\n" * 500, small)
    fires(rules.file_sizes, "agent/base/a.cc", HEAD + "\n" * 701, small)


def test_a_long_function_is_found_wherever_it_hides():
    body = "{\n" + "  f();\n" * 80 + "}\n"
    for head in ("int f(int a) ", "X::X() : a_{1}, b_{2} ", "template <class T> auto g(T t) -> int ",
                 'TEST_CASE("it works" * doctest::description("contract 1")) ', "void X::f() const noexcept "):
        fires(rules.function_sizes, "agent/base/a.cc", HEAD + "namespace n {\n" + head + body + "}\n")
        fires(rules.function_sizes, "agent/base/b.h", HEADER + "class X final : public Y {\n" + head + body + "};\n")
    fires(rules.function_sizes, "tests/e2e/a.py", "def f():\n" + "    g()\n" * 80)


def test_short_functions_and_long_classes_pass():
    many = "".join(f"int f{n}() {{ return '{{'; }} // {{\n" for n in range(90))
    silent(rules.function_sizes, "agent/base/a.cc", HEAD + "namespace n {\nstruct S {\n" + many + "};\n}\n")
    silent(rules.function_sizes, "agent/base/b.cc", HEAD + "constexpr int table[] = {\n" + "  1,\n" * 90 + "};\n")


def test_the_licence_opens_every_source():
    fires(rules.licence, "agent/base/a.cc", "int x;\n")
    fires(rules.licence, "tests/run.sh", "#!/bin/sh\necho\n")
    silent(rules.licence, "tests/run.sh", "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n")


def test_headers_are_guarded_and_open_with_a_contract():
    fires(rules.guards, "agent/base/a.h", HEAD + "// Thing: what it is.\n")
    fires(rules.guards, "agent/base/a.h", HEAD + "#pragma once\n")
    silent(rules.guards, "agent/base/a.h", HEADER)


def test_unfinished_work_is_found():
    for word in ("TO" + "DO", "FIX" + "ME", "not " + "implemented", "a st" + "ub here"):
        fires(rules.unfinished, "agent/base/a.cc", f"// {word}\n")
    silent(rules.unfinished, "agent/base/a.cc", "// stubborn todos\n")


def test_a_test_whose_name_is_not_one_word_is_found():
    fires(rules.test_names, "tests/unit/base/a_test.cc", 'TEST_CASE_FIXTURE(Fixture, "[contract 3] it_works") {\n}\n')
    fires(rules.test_names, "tests/unit/base/a_test.cc", 'TEST_CASE("it works") {\n}\n')
    silent(rules.test_names, "tests/unit/base/a_test.cc", 'TEST_CASE("it_works" * doctest::description("contract 3")) {\n}\n')


def test_a_sample_that_no_test_loads_is_found():
    fires(rules.samples_loaded, "config/examples/x.yaml", "site: x\n")
    silent(rules.samples_loaded, "config/examples/x.yaml", "site: x\n", {"tests/unit/settings/a_test.cc": '"config/examples/x.yaml"'})


def test_an_undocumented_verb_is_found():
    table = '    {"queue", "what waits, by age", "", run_queue},\n'
    fires(rules.verbs_documented, "agent/cli/verbs.cc", table, {"README.md": "nothing"})
    silent(rules.verbs_documented, "agent/cli/verbs.cc", table, {"README.md": "`sampan queue` shows"})


def test_a_parser_that_nobody_fuzzes_is_found():
    page = {"tests/README.md": "| In | What is read | Target |\n|---|---|---|\n| `a/` | b (`decode_tail`) | `one` |\n\nMore."}
    target = {"tests/fuzz/a_targets.cc": "FUZZ_TARGET(one) { parse_head(input); }\n"}
    fires(rules.parsers_fuzzed, "agent/a/a.h", "Result<A> read_tail(ByteView bytes);\n", {**page, **target})
    fires(rules.parsers_fuzzed, "tests/fuzz/b_targets.cc", "FUZZ_TARGET(two) {}\n", {**page, **target})
    fires(rules.parsers_fuzzed, "agent/a/a.h", HEADER, page)
    silent(rules.parsers_fuzzed, "agent/a/a.h", "Result<A> parse_head(ByteView bytes);\nA decode_tail(std::string_view text);\n", {**page, **target})


def test_codes_without_a_word_in_the_manual_are_found():
    page = {"agent/control/API.md": "409 `held`, `disk_low`, `disk_critical`"}
    fires(rules.codes_documented, "agent/a/a.cc", 'return refuse({404, "lost", "no", "无"});\n', page)
    fires(rules.codes_documented, "agent/a/a.cc", 'out.push_back({"late", Verdict::attention,\n', page)
    fires(rules.codes_documented, "agent/a/a.cc", '{bad ? "disk_critical" : "disk_lower", bad ? Verdict::failure : Verdict::attention,\n', page)
    silent(rules.codes_documented, "agent/a/a.cc", 'return {409, "held"};\nx({bad ? "disk_critical" : "disk_low", Verdict::attention,\n', page)


def test_json_that_throws_at_a_senders_bytes_is_found():
    fires(rules.json_of_any_bytes, "agent/a/a.cc", "return json{{name, value}}.dump();\n")
    fires(rules.json_of_any_bytes, "agent/a/a.cc", "return out.dump(2, ' ', false) + other;\n")
    silent(rules.json_of_any_bytes, "agent/a/a.cc", "return out.dump(-1, ' ', false, Json::error_handler_t::replace);\nx = dump(out);\n")


def test_strange_places_are_found():
    fires(rules.top_level, "src/a.cc", HEAD)
    fires(rules.top_level, "agent/a/b/c/d.cc", HEAD)
    fires(rules.no_places, "packaging/a.sh", "cp /ro" + "ot/x y\n")
    silent(rules.top_level, ".ci/run", "")


def test_inputs_of_the_fuzzer_are_not_read():
    tree = source.Tree.of_checkout(Path(__file__).resolve().parents[2])
    assert tree.under("tests/fuzz/") and not tree.under("tests/fuzz/corpus/")


def test_every_rule_is_tested_here():
    text = Path(__file__).read_text()
    untested = [rule.__name__ for rule in rules.RULES if f"fires(rules.{rule.__name__}," not in text]
    assert not untested, untested
