// SPDX-License-Identifier: Apache-2.0
#include "settings/show.h"

#include <doctest/doctest.h>

#include <filesystem>

using namespace sampan;
using namespace sampan::settings;

namespace {

const std::string text =
    "site: \"Qingshan: 1\"\n"
    "intake:\n"
    "  ae_titles: [A, {title: 'B C', priority: emergency}]\n"
    "  callers: [{ae_title: \"null\"}]\n"
    "destinations:\n"
    "  - name: lead\n"
    "    stow: https://h/s?key=topsecret\n"
    "    auth: {basic: {user: me, password_file: /etc/p}}\n"
    "routes:\n"
    "  - {when: {modality: CT, station: [\"a\\\"b\", '*']}, to: lead}\n";
const std::string more = "destinations:\n  - {name: copy, folder: /srv/x, calling_ae: OTHER}\n";

Reading reading() { return read_texts({{"main", text}, {"conf.d/a", more}}); }

bool has(const std::string& all, const std::string& part) { return all.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("what_holds_is_shown_with_where_it_came_from") {
  const std::string shown = show(reading(), Lang::en);
  CHECK(shown.starts_with("site: \"Qingshan: 1\"  # main:1:1\nae_title: SAMPAN  # default\n"));
  CHECK(has(shown, "\n  ae_titles:\n    - A  # main:3:15\n    - title: \"B C\"  # main:3:19\n      priority: emergency  # main:3:33\n"));
  CHECK(has(shown, "\ndestinations:\n  - name: lead  # main:6:5\n"));
  CHECK(has(shown, "\n    calling_ae: SAMPAN  # as ae_title\n"));
  CHECK(has(shown, "\n  - name: copy  # conf.d/a:2:6\n"));
  CHECK(has(shown, "\n    calling_ae: OTHER  # conf.d/a:2:34\n"));
  CHECK(has(shown, "\n      basic:\n        user: me  # main:8:20\n"));
  CHECK(has(shown, "\n      modality:\n        - CT  # main:10:23\n"));
  const std::string zh = show(reading(), Lang::zh);
  CHECK(has(zh, "ae_title: SAMPAN  # 默认值\n"));
  CHECK(has(zh, "# 同 ae_title\n"));
}

TEST_CASE("secrets_are_not_shown") {
  const std::string shown = show(reading(), Lang::en);
  CHECK_FALSE(has(shown, "topsecret"));
  CHECK(has(shown, "stow: \"https://h/s?...\""));
  for (const Shown& one : effective(reading())) CHECK_FALSE(has(one.value, "topsecret"));
}

TEST_CASE("what_is_shown_loads_and_is_the_same") {
  std::string open = text;
  open.erase(open.find("?key=topsecret"), std::string("?key=topsecret").size());
  const Reading first = read_texts({{"main", open}, {"conf.d/a", more}});
  REQUIRE(first.problems.empty());
  const Reading again = read_texts({{"shown", show(first, Lang::zh)}});
  for (const Problem& problem : again.problems) FAIL_CHECK(to_string(problem));
  CHECK(again.settings == first.settings);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(SAMPAN_SOURCE_DIR "/config")) {
    if (entry.path().extension() != ".yaml") continue;
    const Reading sample = read(entry.path().string());
    const Reading copy = read_texts({{"shown", show(sample, Lang::en)}});
    CHECK_MESSAGE(copy.settings == sample.settings, entry.path().string());
  }
}

TEST_CASE("effective_values_say_whether_they_are_given_default_or_of_another_option") {
  std::size_t given = 0, initial = 0, other = 0;
  for (const Shown& one : effective(reading())) {
    CHECK_FALSE(one.path.empty());
    (one.origin == "default" ? initial : one.origin == "ae_title" ? other : given) += 1;
  }
  CHECK(given == 16);
  CHECK(other == 1);
  CHECK(initial > 10);
}

TEST_CASE("a_check_says_which_files_are_good_or_every_mistake") {
  CHECK(checked(reading(), Lang::en).text == "main and 1 in conf.d: no problem found\n");
  CHECK(checked(reading(), Lang::zh).text == "main 及 conf.d 中的 1 个文件：未发现问题\n");
  CHECK(checked(read_texts({{"main", text}}), Lang::en).text == "main: no problem found\n");
  const Checked bad = checked(read_texts({{"main", text + "sit: 1\nlgo: {}\n"}}), Lang::en);
  CHECK_FALSE(bad.good);
  CHECK(bad.text == "main:11:1: unknown option sit, expected site\nmain:12:1: unknown option lgo, expected log\n");
}
