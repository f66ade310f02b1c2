// SPDX-License-Identifier: Apache-2.0
#include "control/words.h"

#include <doctest/doctest.h>

using namespace sampan;
using namespace sampan::control;

TEST_CASE("durations_are_told_in_their_two_largest_units") {
  CHECK(duration(0, Lang::en) == "0 s");
  CHECK(duration(-5, Lang::en) == "0 s");
  CHECK(duration(59, Lang::zh) == "59 秒");
  CHECK(duration(60, Lang::en) == "1 min");
  CHECK(duration(7800, Lang::en) == "2 h 10 min");
  CHECK(duration(7800, Lang::zh) == "2 小时 10 分");
  CHECK(duration(86400 * 3 + 59, Lang::en) == "3 d");
  CHECK(duration(86400 + 7200 + 60, Lang::zh) == "1 天 2 小时");
}

TEST_CASE("sizes_are_told_in_powers_of_a_thousand") {
  CHECK(size(0) == "0 B");
  CHECK(size(999) == "999 B");
  CHECK(size(1000) == "1.0 kB");
  CHECK(size(999'949) == "999.9 kB");
  CHECK(size(999'999) == "1.0 MB");
  CHECK(size(3'400'000'000) == "3.4 GB");
  CHECK(size(~0ull) == "18.4 EB");
}
