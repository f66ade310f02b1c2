// SPDX-License-Identifier: Apache-2.0
// A statement is prepared once and used by whoever asks the same again, one at a time, with nothing left of the last use.
#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "queue/sql.h"

using namespace sampan;
using namespace sampan::queue;

TEST_SUITE_BEGIN("queue" * doctest::description("contract 1"));

namespace {

constexpr std::string_view question = "SELECT ?1, coalesce(?2, 'none')";

struct Connection {
  Result<std::unique_ptr<Sql>> opened = Sql::open(":memory:", false);
  std::unique_ptr<Sql> sql = std::move(*opened);
};

}  // namespace

TEST_CASE_FIXTURE(Connection, "what_was_bound_before_is_not_there_when_a_statement_is_used_again") {
  {
    Statement first(*sql, question);
    first.bind(1, std::int64_t{7}).bind(2, std::string_view("some"));
    REQUIRE(first.step());
    CHECK(first.text(1) == "some");
  }
  CHECK(sql->spare() == 1);
  Statement second(*sql, question);
  CHECK(sql->spare() == 0);
  second.bind(1, std::int64_t{8});
  REQUIRE(second.step());
  CHECK(second.number(0) == 8);
  CHECK(second.text(1) == "none");
}

TEST_CASE_FIXTURE(Connection, "who_left_in_the_middle_of_the_rows_holds_up_nobody") {
  sql->execute("CREATE TABLE t(a); INSERT INTO t VALUES(1),(2),(3)");
  {
    Statement rows(*sql, "SELECT a FROM t ORDER BY a");
    REQUIRE(rows.step());
  }
  sql->execute("DROP TABLE t");  // refused while somebody reads
  CHECK(sql->status().ok());
  sql->execute("CREATE TABLE t(b, a); INSERT INTO t VALUES(8,9)");
  Statement rows(*sql, "SELECT a FROM t ORDER BY a");
  REQUIRE(rows.step());
  CHECK(rows.number(0) == 9);
}

TEST_CASE_FIXTURE(Connection, "two_who_ask_the_same_at_once_read_their_own_rows") {
  sql->execute("CREATE TABLE t(a); INSERT INTO t VALUES(1),(2)");
  Statement one(*sql, "SELECT a FROM t ORDER BY a"), other(*sql, "SELECT a FROM t ORDER BY a");
  REQUIRE((one.step() && one.step() && other.step()));
  CHECK(one.number(0) == 2);
  CHECK(other.number(0) == 1);
}

TEST_CASE_FIXTURE(Connection, "only_so_many_are_kept_and_those_used_last") {
  for (int i = 0; i < 1000; ++i) Statement(*sql, "SELECT " + std::to_string(i)).run();
  CHECK(sql->spare() == 128);
  const auto text = [](int i) { return "SELECT " + std::to_string(i); };
  std::vector<Statement> held;
  held.emplace_back(*sql, text(999));
  CHECK(sql->spare() == 127);
  held.emplace_back(*sql, text(0));  // gone: prepared anew
  CHECK(sql->spare() == 127);
  REQUIRE(held.back().step());
  CHECK(held.back().number(0) == 0);
}

TEST_CASE_FIXTURE(Connection, "a_statement_may_end_after_its_connection") {
  std::optional<Statement> last;
  last.emplace(*sql, question);
  sql.reset();
  last.reset();
  CHECK_FALSE(last.has_value());
}
