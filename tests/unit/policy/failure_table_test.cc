// SPDX-License-Identifier: Apache-2.0
#include "policy/failure_table.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

using namespace sampan;
using namespace sampan::policy;
using enum Verdict;

namespace {

struct Expected {
  std::uint16_t first;
  std::uint16_t last;
  Verdict verdict;
};

// Every code in order of preference; what no line names must be judged `otherwise`.
void check_all(Family family, unsigned first, unsigned last, const std::vector<Expected>& lines, Verdict otherwise) {
  for (unsigned code = first; code <= last; ++code) {
    Verdict expected = otherwise;
    for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
      if (line->first <= code && code <= line->last) expected = line->verdict;
    }
    const FailureRow& row = find_failure(family, static_cast<std::uint16_t>(code));
    if (row.verdict != expected) {
      CAPTURE(code);
      CAPTURE(row.en);
      CHECK(row.verdict == expected);
    }
    if (row.en.empty() || row.zh.empty() || row.family != family) FAIL("a row without words at ", code);
  }
}

}  // namespace

TEST_CASE("every_dimse_status_has_the_verdict_of_the_design") {
  const std::vector<Expected> lines{
      {0x0000, 0x0001, delivered}, {0x0105, 0x0106, permanent},     {0x0107, 0x0107, delivered},
      {0x0110, 0x0110, doubtful},  {0x0111, 0x0111, already_there}, {0x0112, 0x0112, doubtful},
      {0x0115, 0x0115, permanent}, {0x0116, 0x0116, delivered},     {0x0117, 0x0117, permanent},
      {0x0118, 0x0118, sop_class}, {0x0119, 0x0119, permanent},     {0x0120, 0x0121, permanent},
      {0x0122, 0x0122, sop_class}, {0x0124, 0x0124, configuration}, {0x0210, 0x0210, transient},
      {0x0211, 0x0211, sop_class}, {0x0212, 0x0212, permanent},     {0x0213, 0x0213, transient},
      {0xa700, 0xa7ff, transient}, {0xa900, 0xa9ff, permanent},     {0xb000, 0xbfff, delivered},
      {0xc000, 0xcfff, doubtful}};
  check_all(Family::dimse, 0, 0xffff, lines, doubtful);
}

TEST_CASE("every_http_status_has_the_verdict_of_the_design") {
  const std::vector<Expected> lines{
      {301, 301, configuration}, {308, 308, configuration}, {200, 399, transient},     {400, 400, permanent},
      {401, 401, configuration}, {403, 407, configuration}, {408, 408, transient},     {409, 409, permanent},
      {410, 410, configuration}, {413, 413, permanent},     {414, 414, configuration}, {415, 415, sop_class},
      {421, 421, transient},     {422, 422, permanent},     {423, 423, transient},     {425, 425, transient},
      {426, 426, configuration}, {429, 429, transient},     {451, 451, configuration}, {500, 599, transient}};
  check_all(Family::http, 0, 0xffff, lines, doubtful);
}

TEST_CASE("no_reason_of_a_failed_sop_sequence_is_a_delivery_but_the_duplicate") {
  const std::vector<Expected> lines{
      {0x0111, 0x0111, already_there}, {0x0117, 0x0117, permanent}, {0x0118, 0x0118, sop_class},
      {0x0119, 0x0119, permanent},     {0x0122, 0x0122, sop_class}, {0x0124, 0x0124, configuration},
      {0x0213, 0x0213, transient},     {0xa700, 0xa7ff, transient}, {0xa900, 0xa9ff, permanent},
      {0xb00f, 0xb00f, transient},     {0xc122, 0xc122, sop_class}};
  check_all(Family::stow, 0, 0xffff, lines, doubtful);
}

TEST_CASE("every_association_reject_backs_off_or_stops_and_none_blames_an_image") {
  const std::vector<Expected> lines{
      {0x0102, 0x0103, configuration}, {0x0107, 0x0107, configuration}, {0x0202, 0x0202, configuration}};
  check_all(Family::association, 0, 0xffff, lines, transient);
}

TEST_CASE("every_refused_presentation_context_blocks_its_class") {
  check_all(Family::context, 0, 0xffff, {}, sop_class);
}

TEST_CASE("findings_without_a_code_have_their_verdicts") {
  CHECK(find_failure(Finding::no_connection).verdict == transient);
  CHECK(find_failure(Finding::timeout).verdict == transient);
  CHECK(find_failure(Finding::certificate).verdict == configuration);
  CHECK(find_failure(Finding::captive_portal).verdict == transient);
  CHECK(find_failure(Finding::found_there).verdict == already_there);
  CHECK(find_failure(Family::finding, 999).verdict == transient);
}

TEST_CASE("no_row_of_the_failure_table_is_out_of_reach") {
  for (const FailureRow& row : failure_table()) {
    bool reached = false;
    for (unsigned code = row.first; code <= row.last && !reached; ++code) {
      reached = &find_failure(row.family, static_cast<std::uint16_t>(code)) == &row;
    }
    CAPTURE(row.first);
    CHECK(reached);
  }
}

TEST_CASE("every_named_code_has_words_of_its_own") {
  std::set<std::string> seen;
  for (const FailureRow& row : failure_table()) {
    if (row.family == Family::dimse) CHECK(seen.insert(std::string(row.en)).second);
  }
  CHECK(find_failure(Family::dimse, 0xa700).en == "out of resources");
  CHECK(find_failure(Family::association, 0x0103).zh == "对方不认识主叫 AE 标题");
}
