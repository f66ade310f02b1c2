// SPDX-License-Identifier: Apache-2.0
#include "settings/reading.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "core/limits.h"
#include "settings/reference.h"
#include "settings/show.h"
#include "support/temporary_directory.h"

using namespace sampan;
using namespace sampan::settings;

namespace {

const std::string minimal = "site: a\ndestinations:\n  - {name: lead, dimse: 'PACS@192.0.2.10:104'}\n";

// A settings file with a conf.d beside it.
struct Home {
  Home() { write("sampan.yaml", minimal); }
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name)) << text;
  }
  std::string path(const std::string& name) const { return (directory.path() / name).string(); }
  Reading reading() const { return read(path("sampan.yaml")); }
  // One line per problem, without the folder.
  std::string complaints(Lang lang = Lang::en) const {
    std::string all;
    const std::string folder = directory.path().string() + "/";
    for (const Problem& problem : reading().problems) all += (all.empty() ? "" : "\n") + to_string(problem, lang);
    for (auto at = all.find(folder); at != std::string::npos; at = all.find(folder)) all.erase(at, folder.size());
    return all;
  }
  const test::TemporaryDirectory directory;
};

}  // namespace

TEST_CASE("files_of_conf_d_are_read_after_the_settings_file_in_the_order_of_their_names") {
  Home home;
  home.write("conf.d/20-cloud.yaml", "destinations:\n  - {name: cloud, stow: 'https://h/s'}\nlog: {level: warn}\n");
  home.write("conf.d/10-copy.yaml", "destinations:\n  - {name: copy, folder: /srv/copy}\n");
  home.write("conf.d/30-intake.yaml", "intake:\n  port: 104\n");
  home.write("conf.d/40-intake.yaml", "intake:\n  idle_seconds_max: 60\n");
  const Reading reading = home.reading();
  CHECK(home.complaints() == "");
  REQUIRE(reading.settings.destinations.size() == 3);
  CHECK(reading.settings.destinations[0].name == "lead");
  CHECK(reading.settings.destinations[1].name == "copy");
  CHECK(reading.settings.destinations[2].name == "cloud");
  CHECK(reading.settings.intake.port == 104);
  CHECK(reading.settings.intake.idle_seconds_max == 60);
  CHECK(reading.settings.log_level == "warn");
  REQUIRE(reading.files.size() == 5);
  CHECK(reading.files[1] == home.path("conf.d/10-copy.yaml"));
  CHECK(to_string(reading.entries.at("destinations[2].name").place) == home.path("conf.d/20-cloud.yaml") + ":2:6");
  CHECK(reading.sizes.at("destinations") == 3);
}

TEST_CASE("what_conf_d_holds_besides_settings_is_left_alone") {
  Home home;
  home.write("conf.d/.hidden.yaml", "nonsense: 1\n");
  home.write("conf.d/README", "nonsense: 1\n");
  home.write("conf.d/x.yaml.dpkg-old", "nonsense: 1\n");
  home.write("conf.d/y.yaml~", "nonsense: 1\n");
  home.write("conf.d/empty.yaml", "");
  home.write("conf.d/comments.yaml", "# nothing yet\n");
  CHECK(home.complaints() == "");
}

TEST_CASE("a_value_in_two_files_is_a_mistake_that_names_both_places") {
  Home home;
  home.write("conf.d/a.yaml", "site: b\nintake: {port: 104}\n");
  home.write("conf.d/b.yaml", "\nintake:\n  port: 105\n");
  home.write("conf.d/c.yaml", "intake: {listen: 0.0.0.0, listen: '::'}\n");
  const std::string at = home.directory.path().string() + "/";
  CHECK(home.complaints() ==
        "conf.d/a.yaml:1:1: site is given twice, expected once; first in sampan.yaml:1:1\n"
        "conf.d/b.yaml:3:3: intake.port is given twice, expected once; first in conf.d/a.yaml:2:10\n"
        "conf.d/c.yaml:1:27: intake.listen is given twice, expected once; first in line 1");
  CHECK(home.complaints(Lang::zh) ==
        "conf.d/a.yaml:1:1: site 重复，应只写一次；首次出现在 sampan.yaml:1:1\n"
        "conf.d/b.yaml:3:3: intake.port 重复，应只写一次；首次出现在 conf.d/a.yaml:2:10\n"
        "conf.d/c.yaml:1:27: intake.listen 重复，应只写一次；首次出现在第 1 行");
}

TEST_CASE("rules_over_several_options_hold_across_files") {
  Home home;
  home.write("conf.d/a.yaml", "destinations:\n  - {name: lead, folder: /srv/copy}\n");
  home.write("conf.d/b.yaml", "intake: {folders: [{path: /srv/copy/in}]}\n");
  CHECK(home.complaints() ==
        "conf.d/a.yaml:2:6: destination \"lead\" is named twice, expected a name of its own\n"
        "conf.d/b.yaml:1:21: the folder overlaps that of destination \"lead\", expected folders apart");
}

TEST_CASE("what_is_required_may_stand_in_any_file") {
  Home home;
  home.write("sampan.yaml", "destinations:\n  # see conf.d\n");
  home.write("conf.d/a.yaml", "destinations:\n  - {name: lead, folder: /srv/copy}\n");
  CHECK(home.complaints() == "sampan.yaml:1:1: site is missing, expected 1 to 64 bytes of text on one line");
  home.write("conf.d/b.yaml", "site: a\n");
  CHECK(home.complaints() == "");
  home.write("sampan.yaml", "# all of it in conf.d\n");
  CHECK(home.complaints() == "");
}

TEST_CASE("every_mistake_of_every_file_is_told_at_once") {
  Home home;
  home.write("sampan.yaml", "sit: a\ndestinations:\n  - {name: lead, dimse: PACS}\n");
  home.write("conf.d/a.yaml", "intake:\n\tport: 1\n");
  home.write("conf.d/b.yaml", "intake: {prot: 1}\nlog: [info]\n");
  home.write("conf.d/c.yaml", "site: [\n");
  home.write("conf.d/d.yaml", "# \xc7\xe0\n");
  home.write("conf.d/e.yml", "site: a\n");
  home.write("conf.d/f.yaml", "site: a\n---\nsite: b\n");
  std::filesystem::create_directory(home.path("conf.d/g.yaml"));
  home.write("conf.d/h.yaml", std::string(core::limits::settings_bytes_max + 1, '#'));
  REQUIRE(::mkfifo(home.path("conf.d/i.yaml").c_str(), 0600) == 0);
  std::filesystem::create_symlink("/nonexistent", home.path("conf.d/j.yaml"));
  CHECK(home.complaints() ==
        "sampan.yaml:1:1: unknown option sit, expected site\n"
        "sampan.yaml:3:25: destinations[0].dimse is \"PACS\", expected AE@host:port, with an IPv6 address in brackets\n"
        "conf.d/a.yaml:2:1: a tab indents this line, expected spaces\n"
        "conf.d/b.yaml:1:10: unknown option intake.prot, expected port\n"
        "conf.d/b.yaml:2:6: log is a list, expected options below it, indented\n"
        "conf.d/c.yaml:2:1: not YAML (end of sequence flow not found), expected \"name: value\" lines\n"
        "conf.d/d.yaml:1:3: bytes that are not UTF-8, expected a file saved as UTF-8\n"
        "conf.d/f.yaml:2:1: a second document begins, expected one per file\n"
        "conf.d/g.yaml: is a folder, expected a file\n"
        "conf.d/h.yaml: cannot be read (conf.d/h.yaml: larger than 1048576 bytes), expected a readable file\n"
        "conf.d/i.yaml: is no regular file, expected a file\n"
        "conf.d/j.yaml: cannot be read (open conf.d/j.yaml: No such file or directory), expected a readable file\n"
        "conf.d/e.yml: is not read, expected a name that ends with .yaml");
}

TEST_CASE("a_file_that_may_not_be_read_is_named_with_the_others") {
  if (::geteuid() == 0) {
    MESSAGE("skipped: root may read everything");
    return;
  }
  Home home;
  home.write("conf.d/a.yaml", "site: b\n");
  home.write("conf.d/b.yaml", "site: c\n");
  std::filesystem::permissions(home.path("conf.d/a.yaml"), std::filesystem::perms::none);
  CHECK(home.complaints() ==
        "conf.d/a.yaml: cannot be read (open conf.d/a.yaml: Permission denied), expected a readable file\n"
        "conf.d/b.yaml:1:1: site is given twice, expected once; first in sampan.yaml:1:1");
}

TEST_CASE("a_conf_d_that_is_no_folder_or_is_crowded_is_named") {
  Home home;
  home.write("conf.d", "");
  CHECK(home.complaints() == "conf.d: cannot be read (opendir conf.d: Not a directory), expected a readable folder");
  std::filesystem::remove(home.path("conf.d"));
  for (std::size_t i = 0; i <= core::limits::settings_files_max; ++i) home.write("conf.d/" + std::to_string(i) + ".yaml", "");
  CHECK(home.complaints() == "conf.d: holds 257 files, expected at most 256");
}

TEST_CASE("names_with_dots_and_brackets_are_no_way_around_the_table") {
  Home home;
  home.write("conf.d/a.yaml", "intake.port: 104\nintake: {\"ae_titles[]\": X}\n\"destinations[]\": {}\n");
  CHECK(home.complaints() ==
        "conf.d/a.yaml:1:1: unknown option intake.port, expected one of " + [] {
          std::string all;
          for (const Option& option : option_table())
            if (is_child(option.path, "")) all += (all.empty() ? "" : ", ") + std::string(option.path);
          return all;
        }() + "\n"
        "conf.d/a.yaml:2:10: unknown option intake.ae_titles[], expected ae_titles\n"
        "conf.d/a.yaml:3:1: unknown option destinations[], expected destinations");
}

TEST_CASE("a_small_file_cannot_be_made_huge_by_aliases_or_depth") {
  std::string callers = "site: a\nz: &c {ae_title: A}\ndestinations: [{name: lead, folder: /x}]\nintake:\n  callers: [";
  for (std::size_t i = 0; i < core::limits::settings_values_max; ++i) callers += "*c,";
  callers += "*c]\n";
  const Reading reading = read_texts({{"f", callers}});
  REQUIRE(reading.problems.size() == 2);
  CHECK(to_string(reading.problems[1]).ends_with("more values than a file may hold, expected at most 100000"));
  const Reading deep = read_texts({{"f", "site: " + std::string(100000, '[')}});
  REQUIRE(deep.problems.size() == 1);
}

TEST_CASE("every_mistake_is_told_in_chinese_too") {
  Home home;
  home.write("sampan.yaml", "sit: a\nintake: {port: x}\ndestinations:\n  - {name: lead}\n");
  home.write("conf.d/a.yaml", "intake: {associations_max: 4}\n");
  CHECK(home.complaints(Lang::zh) ==
        "sampan.yaml:1:1: 没有选项 sit，应为 site\n"
        "sampan.yaml:1:1: 缺少 site，应为 1 至 64 字节的单行文字\n"
        "sampan.yaml:2:16: intake.port 是“x”，应为 0 至 65535 的整数\n"
        "sampan.yaml:4:5: 目的地缺少地址，应填 dimse、stow、folder 或 http\n"
        "conf.d/a.yaml:1:10: intake.associations_per_host_max 是 16，不应超过 intake.associations_max，后者是 4");
}

TEST_CASE("text_that_belongs_to_nothing_is_named_and_nobody_waits_for_its_end") {
  const auto told = [](const std::string& text) {
    const Reading reading = read_texts({{"f", text}});
    return reading.problems.empty() ? std::string() : to_string(reading.problems.front());
  };
  const std::string words = ": this belongs to nothing above it, expected \"name: value\" lines";
  CHECK(told("\"site\" a\n") == "f:1:8" + words);
  CHECK(told("{site: a}\nae_title: B\n") == "f:2:1" + words);
  CHECK(told(", site: a\n") == "f:1:1" + words);
}

TEST_CASE("damaged_settings_have_an_answer_and_no_crash") {
  const std::string whole = full_sample();
  std::mt19937 dice(20261126);
  const auto roll = [&](std::size_t sides) { return static_cast<std::size_t>(dice()) % sides; };
  const std::string odd = "\t:-[]{}&*!|>'\"#%@`,?\n\\\xff\xe9\0 x9";
  for (int i = 0; i < 400; ++i) {
    std::string text = whole;
    const std::size_t begin = roll(text.size());
    text = text.substr(begin, 1 + roll(4000));
    for (std::size_t n = 1 + roll(8); n > 0; --n) text[roll(text.size())] = odd[roll(odd.size())];
    if (roll(2) == 0)
      for (std::size_t at = 0; (at = text.find("\n#", at)) != std::string::npos; ++at)
        if (roll(2) == 0) text.erase(at + 1, 1);
    const Reading reading = read_texts({{"a", text}, {"b", text}});
    for (const Problem& problem : reading.problems) CHECK_FALSE(problem.words.en.empty());
    if (reading.problems.empty()) CHECK(!show(reading, Lang::en).empty());
  }
}
