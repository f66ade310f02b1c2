// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <doctest/doctest.h>

using namespace sampan::cli;
using Align = Table::Align;

TEST_CASE("chinese_takes_two_columns_and_marks_take_none") {
  CHECK(display_width("") == 0);
  CHECK(display_width("lead") == 4);
  CHECK(display_width("牵头医院") == 8);
  CHECK(display_width("AE 标题：") == 9);
  CHECK(display_width("e\xcc\x81") == 1);
  CHECK(display_width("한글") == 4);
  CHECK(display_width("😀") == 2);
}

TEST_CASE("bytes_that_are_not_utf_8_are_counted_one_by_one_and_never_read_beyond_the_end") {
  CHECK(display_width("\xc7\xe0") == 2);
  CHECK(display_width("\xe5\x9b") == 2);
  CHECK(display_width("\xff"
                      "a") == 2);
}

TEST_CASE("columns_stay_straight_beside_chinese") {
  Table table({Align::left, Align::right, Align::left});
  table.add({"目的地", "积压", "状态"});
  table.add({"lead", "7", ""});
  table.add({"县医院", "12345", "x"});
  CHECK(table.text() ==
        "目的地   积压  状态\n"
        "lead        7\n"
        "县医院  12345  x\n");
}

TEST_CASE("what_could_drive_a_terminal_is_made_harmless") {
  CHECK(printable("a\x1b[2Jb\r\nc\x7f") == "a?[2Jb?\nc?");
  CHECK(printable("\xc2\x9b"
                  "31m") == "?31m");
  CHECK(printable("青山\t") == "青山?");
}
