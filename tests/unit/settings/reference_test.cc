// SPDX-License-Identifier: Apache-2.0
#include "settings/reference.h"

#include <doctest/doctest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "core/limit_table.h"
#include "settings/reading.h"
#include "support/golden.h"

using namespace sampan;
using namespace sampan::settings;

namespace {

std::string whole(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(std::string(SAMPAN_SOURCE_DIR "/") + path).rdbuf();
  return text.str();
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("the_reference_names_every_option_with_its_range_its_default_and_a_sentence") {
  const std::string en = reference(Lang::en), zh = reference(Lang::zh);
  for (const Option& option : option_table()) {
    CHECK_MESSAGE(has(en, "\n" + std::string(option.path) + "\n    " + std::string(option.en) + "\n"), option.path);
    CHECK_MESSAGE(has(zh, "\n" + std::string(option.path) + "\n    " + std::string(option.zh) + "\n"), option.path);
  }
  CHECK(has(en, "    A whole number from 1 to 16; 2 by default.\n"));
  CHECK(has(zh, "    1 至 16 的整数；默认 2。\n"));
  CHECK(has(en, "    One of debug, info, warn, error; info by default.\n"));
  CHECK(has(en, "    1 to 64 bytes of text on one line; required; takes effect after a restart.\n"));
  CHECK(has(zh, "；必填；重启后生效。\n"));
  CHECK(has(en, "; as ae_title by default.\n"));
}

TEST_CASE("every_fixed_limit_is_in_the_reference" * doctest::description("contract 10")) {
  const std::string header = whole("agent/core/limits.h"), en = reference(Lang::en), zh = reference(Lang::zh);
  std::set<std::string> named;
  std::istringstream lines(header);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("inline constexpr ")) continue;
    const auto end = line.find(" = ");
    REQUIRE_MESSAGE(end != std::string::npos, line);
    named.insert(line.substr(line.rfind(' ', end - 1) + 1, end - line.rfind(' ', end - 1) - 1));
  }
  CHECK(named.size() > 50);
  std::set<std::string> told;
  for (const core::Limit& limit : core::limit_table()) {
    told.insert(std::string(limit.name));
    CHECK_MESSAGE(limit.en.ends_with("."), limit.name);
    CHECK_MESSAGE(limit.zh.ends_with("。"), limit.name);
    CHECK_MESSAGE(has(en, "\n" + std::string(limit.name) + " = " + limit.value + "\n    " + std::string(limit.en)), limit.name);
    CHECK_MESSAGE(has(zh, std::string(limit.zh)), limit.name);
  }
  for (const auto& name : named) CHECK_MESSAGE(told.contains(name), name << " has no row in core/limit_table.cc");
  CHECK(told.size() == named.size());
}

TEST_CASE("limits_are_told_in_units_people_read") {
  const auto value = [](std::string_view name) {
    for (const core::Limit& limit : core::limit_table())
      if (limit.name == name) return limit.value;
    return std::string();
  };
  CHECK(value("pool_bytes") == "8 MiB");
  CHECK(value("item_bytes_max") == "1 TiB");
  CHECK(value("pdu_bytes_min") == "4 KiB");
  CHECK(value("queue_tick_every") == "30 s");
  CHECK(value("back_off_most") == "15 min");
  CHECK(value("lanes_max") == "16");
}

TEST_CASE("the_manual_page_is_made_from_the_table") {
  CHECK(test::compare_golden("packaging/man/sampan.yaml.5", manual(Lang::en)) == "");
  CHECK(test::compare_golden("packaging/man/zh_CN/sampan.yaml.5", manual(Lang::zh)) == "");
}

TEST_CASE("the_full_sample_is_made_from_the_table_and_loads") {
  const std::string sample = full_sample();
  CHECK(test::compare_golden("config/examples/full.yaml", sample) == "");
  const Reading reading = read_texts({{"full", sample}});
  for (const Problem& problem : reading.problems) FAIL_CHECK(to_string(problem));
  CHECK(reading.settings.destinations.size() == 1);
  for (const Option& option : option_table())
    if (!option.path.ends_with("[]")) CHECK_MESSAGE(has(sample, std::string(leaf(option.path)) + ":"), option.path);
}

TEST_CASE("every_option_of_the_full_sample_is_written_as_it_has_to_be") {
  std::string all;
  std::istringstream lines(full_sample());
  for (std::string line; std::getline(lines, line);)
    if (!line.starts_with("##")) all += (line.starts_with("#") ? line.substr(1) : line) + "\n";
  const Reading reading = read_texts({{"full", all}});
  for (const Option& option : option_table()) {
    std::string first(option.path);
    for (auto at = first.find("[]"); at != std::string::npos; at = first.find("[]")) first.replace(at, 2, "[0]");
    CHECK_MESSAGE(reading.entries.contains(first), option.path);
  }
  // Some exclude each other; but none is unknown, missing or of the wrong kind.
  for (const Problem& problem : reading.problems)
    for (const char* wrong : {"unknown option", " is missing", " is empty", " is \"", "not YAML", " is a "})
      CHECK_MESSAGE(!has(problem.words.en, wrong), to_string(problem));
}

TEST_CASE("a_clinic_needs_at_most_five_values") {
  const Reading reading = read(SAMPAN_SOURCE_DIR "/config/sampan.yaml");
  CHECK(reading.problems.empty());
  std::size_t values = 0;
  for (const auto& [path, entry] : reading.entries) values += entry.text.empty() ? 0 : 1;
  CHECK(values <= 5);
  CHECK(reading.settings.destinations.size() == 1);
}
