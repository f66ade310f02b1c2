// SPDX-License-Identifier: Apache-2.0
#include "settings/change.h"

#include <doctest/doctest.h>

#include "settings/options.h"
#include "settings/value.h"

using namespace sampan;
using namespace sampan::settings;

namespace {

Settings running() {
  Settings settings;
  settings.site = "a";
  settings.destinations.emplace_back().name = "lead";
  return settings;
}

std::string other_choice(const Option& option) {
  const std::string_view first = option.choices.substr(0, option.choices.find('|'));
  return std::string(first != option.initial ? first : option.choices.substr(first.size() + 1, option.choices.find('|', first.size() + 1) - first.size() - 1));
}

// A value that the option does not have at first.
std::string other_value(const Option& option) {
  switch (option.kind) {
    case Kind::integer: return std::to_string(option.initial == std::to_string(option.least) ? option.least + 1 : option.least);
    case Kind::boolean: return option.initial == "true" ? "false" : "true";
    case Kind::choice: return other_choice(option);
    case Kind::path: return "/somewhere/else";
    case Kind::ip_address: return "192.0.2.1";
    case Kind::uid: return "1.2.3";
    case Kind::hours: return "01:00-02:00";
    case Kind::url: return "https://lead.example/studies";
    case Kind::dimse_address: return "LEAD@192.0.2.1:104";
    default: return "Other";
  }
}

// The option set to the value, in the first element of each list that it is in.
Settings with(Settings settings, const Option& option, const Value& value) {
  for (std::size_t at = option.path.find("[]"); at != option.path.npos && at + 2 < option.path.size(); at = option.path.find("[]", at + 1)) {
    const Option* element = find_option(option.path.substr(0, at + 2));
    if (element->path != "destinations[]" && element->set != nullptr) element->set(settings, {});  // of those there is one
  }
  option.set(settings, value);
  return settings;
}

}  // namespace

TEST_CASE("exactly_the_options_that_the_table_marks_wait_for_a_restart") {
  std::size_t marked = 0;
  for (const Option& option : option_table()) {
    if (!option.restart) continue;
    ++marked;
    Settings next = running();
    const auto value = parse_value(option, other_value(option));
    REQUIRE_MESSAGE(value.has_value(), option.path);
    option.set(next, *value);
    REQUIRE_MESSAGE(next != running(), option.path);
    const HeldBack held = hold_back(running(), next);
    CHECK(held.paths == std::vector<std::string>{std::string(option.path)});
    CHECK(next == running());
  }
  CHECK(marked >= 3);
}

TEST_CASE("every_other_option_is_at_work_at_once") {
  std::size_t walked = 0;
  for (const Option& option : option_table()) {
    if (option.restart || option.set == nullptr || option.kind == Kind::group || option.kind == Kind::list) continue;
    if (option.path == "intake.listen") continue;  // below, with its port
    CAPTURE(option.path);
    const auto value = parse_value(option, other_value(option));
    REQUIRE(value.has_value());
    const Settings wanted = with(running(), option, *value);
    REQUIRE(wanted != running());
    Settings next = wanted;
    CHECK(hold_back(running(), next).paths.empty());
    CHECK(next == wanted);
    ++walked;
  }
  CHECK(walked > 60);
}

TEST_CASE("everything_else_passes") {
  Settings next = running();
  next.log_level = "debug";
  next.intake.port = 104;
  next.intake.listen = "127.0.0.1";
  next.intake.folders.push_back({"/srv/in", "A"});
  next.destinations.emplace_back().name = "copy";
  const Settings wanted = next;
  CHECK(hold_back(running(), next).paths.empty());
  CHECK(next == wanted);
}

TEST_CASE("an_address_is_exchanged_with_its_port_or_at_the_next_start") {
  Settings next = running();
  next.intake.listen = "127.0.0.1";
  CHECK(hold_back(running(), next).paths == std::vector<std::string>{"intake.listen"});
  CHECK(next.intake.listen == "0.0.0.0");
  Settings silent = running();
  silent.intake.enabled = false;
  next.intake.listen = "127.0.0.1";
  CHECK(hold_back(silent, next).paths.empty());
}

TEST_CASE("what_goes_together_only_with_a_value_that_waits_is_a_clash") {
  Settings next = running();
  next.state_directory = "/srv/sampan";
  next.intake.folders.push_back({"/var/lib/sampan/in", "A"});
  const HeldBack held = hold_back(running(), next);
  REQUIRE(held.clash.has_value());
  CHECK(held.clash->en == "intake.folders[0].path: the folder overlaps state_directory, expected a folder apart from it");
  CHECK(held.clash->zh.starts_with("intake.folders[0].path："));
}
