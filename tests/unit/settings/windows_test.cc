// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "settings/settings.h"

using namespace sampan::settings;

namespace {

const std::string minimal = "site: a\ndestinations:\n  - name: lead\n    dimse: PACS@192.0.2.10:104\n    windows:";

std::string complaints(const std::string& windows, Lang lang = Lang::en) {
  const Loaded loaded = load_text(minimal + windows, "f");
  std::string all;
  if (const auto* problems = std::get_if<Problems>(&loaded))
    for (const Problem& problem : *problems) all += (all.empty() ? "" : "\n") + to_string(problem, lang);
  return all;
}

}  // namespace

TEST_CASE("a_destination_has_windows_in_their_order") {
  const Loaded loaded = load_text(minimal +
                                      "\n      - {hours: '12:00-13:00', only: emergency}\n"
                                      "      - {hours: ['22:00-06:00', '11:30-14:00'], days: [mon, sun], kilobytes_per_second_max: 500}\n",
                                  "f");
  REQUIRE(std::holds_alternative<Settings>(loaded));
  const auto& windows = std::get<Settings>(loaded).destinations[0].windows;
  REQUIRE(windows.size() == 2);
  CHECK(windows[0] == Window{{{720, 780}}, {}, true, 0});
  CHECK(windows[1] == Window{{{1320, 360}, {690, 840}}, {true, false, false, false, false, false, true}, false, 500});
}

TEST_CASE("every_day_of_the_week_has_its_place") {
  std::size_t place = 0;
  for (const char* day : {"mon", "tue", "wed", "thu", "fri", "sat", "sun"}) {
    const Loaded loaded = load_text(minimal + " [{hours: '22:00-06:00', days: " + day + "}]\n", "f");
    REQUIRE(std::holds_alternative<Settings>(loaded));
    std::array<bool, 7> days{};
    days[place++] = true;
    CHECK(std::get<Settings>(loaded).destinations[0].windows[0].days == days);
  }
}

TEST_CASE("what_is_wrong_with_a_window_is_told_with_its_place") {
  CHECK(complaints(" [{hours: '22-06'}]\n") == "f:5:23: destinations[0].windows[0].hours is \"22-06\", expected a time of day like 18:00-08:00");
  CHECK(complaints(" [{days: mon}]\n") == "f:5:15: destinations[0].windows[0].hours is missing, expected a list");
  CHECK(complaints(" [{hours: '22:00-06:00', days: monday}]\n") ==
        "f:5:44: destinations[0].windows[0].days is \"monday\", expected one of mon, tue, wed, thu, fri, sat, sun");
  CHECK(complaints(" [{hours: '22:00-06:00', only: routine}, {hours: '10:00-11:00'}]\n") ==
        "f:5:44: destinations[0].windows[0].only is \"routine\", expected one of emergency");
  CHECK(complaints(" [{hours: '22:00-06:00', kilobytes_per_second_max: 63}]\n") ==
        "f:5:64: destinations[0].windows[0].kilobytes_per_second_max is \"63\", expected a whole number from 64 to 10000000");
  CHECK(complaints(" []\n") == "f:5:5: windows without any, expected at least one");
  CHECK(complaints(" [{hours: '00:00-24:00', only: emergency}]\n") ==
        "f:5:5: windows for emergencies only, so that nothing else would ever leave; expected one without only");
  CHECK(complaints(" [{hours: '00:00-24:00', only: emergency}]\n", Lang::zh) ==
        "f:5:5: 所有时段都只上传急诊，其余图像将永远无法上传；应有一个不含 only 的时段");
  CHECK(complaints(" [{hours: '22:00-06:00', hour: 1}]\n").starts_with("f:5:38: unknown option destinations[0].windows[0].hour, expected hours"));
}
