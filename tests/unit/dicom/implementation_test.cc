// SPDX-License-Identifier: Apache-2.0
#include "dicom/implementation.h"

#include <doctest/doctest.h>

using namespace sampan;
using namespace sampan::dicom;

TEST_CASE("a_node_knows_itself_by_the_identity_of_this_run_and_by_nothing_else" * doctest::description("contract 4")) {
  const std::string one = make_identity(system_random()), other = make_identity(system_random());
  REQUIRE(one.size() == identity_characters);
  CHECK(one != other);
  CHECK(association_name(one) == "SAMPAN_0_1_" + one);
  CHECK(association_name(one).size() <= 16);  // PS3.7 D.3.3.2.3
  CHECK(association_name("") == implementation_version);
  CHECK(is_oneself(one, implementation_uid, association_name(one)));
  CHECK_FALSE(is_oneself(one, implementation_uid, association_name(other)));
  CHECK_FALSE(is_oneself(one, "1.2.3", association_name(one)));
  CHECK_FALSE(is_oneself("", implementation_uid, association_name("")));  // one without an identity calls others like it
}

TEST_CASE("a_node_is_known_by_the_transaction_it_asks_under_and_by_the_mark_on_what_it_said" * doctest::description("contract 4")) {
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{5}, ~std::uint64_t{0}}) {
    const std::string uid = core::node_transaction(number);
    CHECK(uid.size() <= 64);  // PS3.5 9.1
    CHECK(core::asked_by_node(uid));
  }
  CHECK(core::node_transaction(~std::uint64_t{0}) != core::node_transaction(5));
  for (const char* uid : {"", "2.25.1", "2.25.113599879795976636179629929027378125248", "2.25.1135998797959766361796299290273781252481"})
    CHECK_FALSE(core::asked_by_node(uid));
  CHECK(core::said_by_node("via west: LEAD@192.0.2.7:104" + std::string(core::node_mark)));
  CHECK_FALSE(core::said_by_node("SAMPAN@sampan:104"));
  CHECK_FALSE(core::said_by_node(""));
}
