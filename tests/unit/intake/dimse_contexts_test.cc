// SPDX-License-Identifier: Apache-2.0
#include "intake/dimse_contexts.h"

#include <doctest/doctest.h>

#include <vector>

using namespace sampan::intake;

namespace {

using Uids = std::vector<std::string>;

const std::string explicit_le = "1.2.840.10008.1.2.1";
const std::string implicit_le = "1.2.840.10008.1.2";
const std::string jpeg_baseline = "1.2.840.10008.1.2.4.50";
const std::string jpeg_lossless = "1.2.840.10008.1.2.4.70";
const std::string jpeg_xl_lossless = "1.2.840.10008.1.2.4.110";
const std::string private_syntax = "1.2.840.113619.5.2";

std::string choose(const Uids& offered, const Uids& accept = {}) {
  return std::string(choose_transfer_syntax(offered, accept));
}

}  // namespace

TEST_CASE("takes_every_storage_class_standard_or_private_known_or_not") {
  CHECK(is_storage_class("1.2.840.10008.5.1.4.1.1.2"));
  CHECK(is_storage_class("1.2.840.10008.5.1.4.1.1.999.7"));
  CHECK(is_storage_class("1.2.840.10008.5.1.4.34.7"));
  CHECK(is_storage_class("1.2.840.10008.5.1.4.38.1"));
  CHECK(is_storage_class("1.2.840.10008.5.1.4.45.1"));
  CHECK(is_storage_class("1.2.840.113619.4.30"));
  CHECK(is_storage_class("1.2.840.100080.1"));
}

TEST_CASE("refuses_known_services_that_are_not_storage") {
  for (const char* uid : {"", "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.1.",
                          "1.2.840.10008.5.1.4.31", "1.2.840.10008.3.1.2.3.3", "1.2.840.10008.1.20.1",
                          "1.2.840.10008.5.1.4.38.2", "1.2.840.10008.5.1.4.34.6.1"})
    CHECK_FALSE_MESSAGE(is_storage_class(uid), uid);
}

TEST_CASE("prefers_explicit_little_endian_then_implicit_then_lossless") {
  CHECK(choose({jpeg_lossless, implicit_le, explicit_le}) == explicit_le);
  CHECK(choose({jpeg_lossless, implicit_le}) == implicit_le);
  CHECK(choose({jpeg_baseline, jpeg_lossless}) == jpeg_lossless);
  CHECK(choose({jpeg_xl_lossless, jpeg_lossless}) == jpeg_xl_lossless);
  CHECK(choose({jpeg_lossless, jpeg_xl_lossless}) == jpeg_lossless);
}

TEST_CASE("takes_lossy_only_when_nothing_else_is_offered") {
  CHECK(choose({jpeg_baseline}) == jpeg_baseline);
  CHECK(choose({jpeg_baseline, private_syntax}) == private_syntax);
  CHECK(choose({private_syntax}) == private_syntax);
}

TEST_CASE("an_accept_list_limits_the_choice") {
  CHECK(choose({explicit_le, jpeg_lossless}, {jpeg_lossless}) == jpeg_lossless);
  CHECK(choose({explicit_le}, {jpeg_lossless}).empty());
  CHECK(choose({}).empty());
  CHECK(choose({""}).empty());
}
