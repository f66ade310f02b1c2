// SPDX-License-Identifier: Apache-2.0
#include "core/limits.h"
#include "dicom/data_set.h"

#include <doctest/doctest.h>

#include "dicom/commitment.h"

using namespace sampan;
using namespace sampan::dicom;

namespace {

DataSet report(bool with_failure) {
  DataSet set;
  set.set(tag::transaction_uid, "UI", "2.25.1");
  for (const char* uid : {"2.25.10", "2.25.11"}) {
    DataSet& item = set.add_item(tag::referenced_sop_sequence);
    item.set(tag::referenced_sop_class_uid, "UI", "1.2.840.10008.5.1.4.1.1.2");
    item.set(tag::referenced_sop_instance_uid, "UI", uid);
  }
  if (!with_failure) return set;
  DataSet& item = set.add_item(tag::failed_sop_sequence);
  item.set(tag::referenced_sop_instance_uid, "UI", "2.25.11");
  item.set_number(tag::failure_reason, 0x0112);
  return set;
}

// As other programs write them: sequence and items of undefined length, Implicit VR.
Bytes open_ended_report() {
  const auto element = [](Bytes& to, std::uint32_t tag, std::uint32_t length, std::string_view value = {}) {
    std::uint8_t head[8];
    store_le(head, static_cast<std::uint16_t>(tag >> 16));
    store_le(head + 2, static_cast<std::uint16_t>(tag));
    store_le(head + 4, length);
    to.insert(to.end(), head, head + 8);
    to.insert(to.end(), value.begin(), value.end());
  };
  Bytes bytes;
  element(bytes, tag::transaction_uid, 6, "2.25.1");
  element(bytes, tag::referenced_sop_sequence, 0xffffffff);
  element(bytes, 0xfffee000, 0xffffffff);
  element(bytes, tag::referenced_sop_instance_uid, 8, std::string_view("2.25.10\0", 8));
  element(bytes, 0xfffee00d, 0);
  element(bytes, 0xfffee0dd, 0);
  return bytes;
}

}  // namespace

TEST_CASE("a_data_set_comes_back_as_it_was_in_either_encoding") {
  for (const bool explicit_vr : {false, true}) {
    const Bytes bytes = encode(report(true), explicit_vr);
    CHECK(bytes.size() % 2 == 0);
    const auto read = decode_data_set(bytes, explicit_vr);
    REQUIRE(read.ok());
    CHECK(read->text(tag::transaction_uid) == "2.25.1");
    REQUIRE(read->items(tag::referenced_sop_sequence).size() == 2);
    CHECK(read->items(tag::referenced_sop_sequence)[1].text(tag::referenced_sop_instance_uid) == "2.25.11");
    REQUIRE(read->items(tag::failed_sop_sequence).size() == 1);
    CHECK(read->items(tag::failed_sop_sequence)[0].number(tag::failure_reason, 0) == 0x0112);
    CHECK(read->text(tag::study_instance_uid).empty());
    if (explicit_vr) CHECK(encode(*read, true) == bytes);  // implicit VR does not say what a value is
  }
}

TEST_CASE("a_data_set_that_is_cut_or_damaged_anywhere_is_an_error_or_a_data_set_and_never_a_crash") {
  for (const bool explicit_vr : {false, true}) {
    for (const Bytes& whole : {encode(report(true), explicit_vr), open_ended_report()}) {
      for (std::size_t cut = 0; cut < whole.size(); ++cut)
        static_cast<void>(decode_data_set(ByteView(whole).first(cut), explicit_vr).ok());
      for (std::size_t at = 0; at < whole.size(); ++at) {
        for (const unsigned flip : {0x01u, 0x80u, 0xffu}) {
          Bytes damaged = whole;
          damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ flip);
          static_cast<void>(decode_data_set(damaged, explicit_vr).ok());
        }
      }
    }
  }
  CHECK_FALSE(decode_data_set(ByteView(encode(report(true), false)).first(30), false).ok());
}

TEST_CASE("a_data_set_nested_without_end_is_refused") {
  DataSet inner;
  inner.set(tag::transaction_uid, "UI", "1");
  for (int depth = 0; depth < core::limits::data_set_depth_max + 2; ++depth) {
    DataSet outer;
    outer.add_item(tag::referenced_sop_sequence) = inner;
    inner = outer;
  }
  CHECK_FALSE(decode_data_set(encode(inner, false), false).ok());
}

TEST_CASE("a_commitment_request_names_the_transaction_and_every_instance") {
  const std::vector<InstanceReference> instances{{"1.2.3", "2.25.5"}, {"1.2.4", "2.25.6"}};
  const auto read = decode_data_set(commitment_request("2.25.99", instances, false), false);
  REQUIRE(read.ok());
  CHECK(read->text(tag::transaction_uid) == "2.25.99");
  const auto& items = read->items(tag::referenced_sop_sequence);
  REQUIRE(items.size() == 2);
  CHECK(items[0].text(tag::referenced_sop_class_uid) == "1.2.3");
  CHECK(items[1].text(tag::referenced_sop_instance_uid) == "2.25.6");
}

TEST_CASE("an_instance_that_is_reported_both_ways_counts_as_failed") {
  const auto read = read_commitment_report(encode(report(true), true), true);
  REQUIRE(read.ok());
  CHECK(read->committed == std::vector<std::string>{"2.25.10"});
  REQUIRE(read->failed.size() == 1);
  CHECK(read->failed[0].sop_instance_uid == "2.25.11");
  CHECK(read->failed[0].reason == 0x0112);
}

TEST_CASE("reports_of_undefined_lengths_are_read_and_one_without_a_transaction_is_refused") {
  const auto read = read_commitment_report(open_ended_report(), false);
  REQUIRE(read.ok());
  CHECK(read->committed == std::vector<std::string>{"2.25.10"});
  DataSet nameless = report(false);
  nameless.set(tag::transaction_uid, "UI", "");
  CHECK_FALSE(read_commitment_report(encode(nameless, false), false).ok());
}
