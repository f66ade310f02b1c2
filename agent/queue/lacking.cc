// SPDX-License-Identifier: Apache-2.0
#include "queue/lacking.h"

#include <set>

#include "queue/ledger_schema.h"

namespace sampan::queue {

Lacking::Lacking(Sql& sql)
    : duties_(sql, "SELECT d.name, v.state IN (1,2) AND v.rank>=?2, i.study_key FROM item i JOIN delivery v ON v.seq=i.seq "
                   "JOIN destination d ON d.number=v.destination WHERE i.seq=?1"),
      order_(sql, "SELECT 1 FROM standing WHERE exam=? AND what=?") {}

bool Lacking::is_ordered(std::int64_t exam) {
  const bool ordered = order_.begin().bind(1, exam).bind(2, static_cast<int>(StandingOrder::priority)).step();
  order_.begin();
  return ordered;
}

Lack Lacking::of(Sequence item, std::span<const std::string> owed, core::Priority priority) {
  std::set<std::string> has;
  bool lower = false;
  std::int64_t exam = 0;
  for (duties_.begin().bind(1, item).bind(2, rank_above(priority)); duties_.step();) {
    has.insert(duties_.text(0));
    lower = lower || duties_.number(1) != 0;
    exam = duties_.number(2);
  }
  duties_.begin();
  Lack lack;
  for (const auto& destination : owed)
    if (!has.contains(destination)) lack.destinations.push_back(destination);
  lack.haste = lower && !is_ordered(exam);
  return lack;
}

}  // namespace sampan::queue
