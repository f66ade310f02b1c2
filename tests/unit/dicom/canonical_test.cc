// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "dicom/canonical.h"
#include "support/corpus.h"
#include "support/memory_payload.h"
#include "support/part10.h"

using namespace sampan;
using namespace sampan::test;

TEST_SUITE_BEGIN("canonical");

namespace {

Result<Digest> digest_of(std::string_view syntax, Bytes bytes) {
  MemoryPayload payload(std::move(bytes));
  return dicom::canonical_digest(syntax, payload);
}

struct Shape {
  std::string_view syntax = explicit_le;
  bool undefined_lengths = false;
  bool group_length = false;
  std::uint16_t rows = 300;
  std::string_view nested = "INNER";
};

Bytes data_set(const Shape& shape) {
  DataSetWriter inner(shape.syntax);
  inner.text(0x00080050, "SH", shape.nested);
  DataSetWriter out(shape.syntax);
  if (shape.group_length) out.header(0x00080000, "UL", 4), out.raw(Bytes{9, 9, 9, 9});
  out.text(0x00080018, "UI", "1.2.3");
  const auto item_bytes = static_cast<std::uint32_t>(inner.bytes().size());
  out.header(0x00081115, "SQ", shape.undefined_lengths ? 0xffffffff : item_bytes + 8);
  out.header(0xfffee000, "", shape.undefined_lengths ? 0xffffffff : item_bytes);
  out.raw(inner.bytes());
  if (shape.undefined_lengths) out.header(0xfffee00d, "", 0), out.header(0xfffee0dd, "", 0);
  out.u16(0x00280010, shape.rows);
  return out.bytes();
}

}  // namespace

TEST_CASE("lengths_and_representations_do_not_change_the_digest" * doctest::description("contract 6")) {
  const auto expected = digest_of(explicit_le, data_set({}));
  REQUIRE(expected.ok());
  for (const auto syntax : {explicit_le, implicit_le, explicit_be})
    for (const bool undefined : {false, true})
      for (const bool group : {false, true}) {
        CAPTURE(syntax);
        CAPTURE(undefined);
        const auto other = digest_of(syntax, data_set({syntax, undefined, group}));
        REQUIRE(other.ok());
        CHECK(*other == *expected);
      }
}

TEST_CASE("another_value_anywhere_changes_the_digest" * doctest::description("contract 6")) {
  const auto expected = digest_of(explicit_le, data_set({}));
  Shape rows, nested;
  rows.rows = 301;
  nested.nested = "OTHER1";
  CHECK(*digest_of(explicit_le, data_set(rows)) != *expected);
  CHECK(*digest_of(explicit_le, data_set(nested)) != *expected);
}

TEST_CASE("no_cut_of_a_data_set_is_taken_for_the_whole_or_read_past_its_end" * doctest::description("contract 6, 8")) {
  for (const bool undefined : {false, true}) {
    const Bytes whole = data_set({implicit_le, undefined, true});
    const auto expected = digest_of(implicit_le, whole);
    for (std::size_t n = 0; n < whole.size(); ++n) {
      const auto cut = digest_of(implicit_le, Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n)));
      if (cut.ok()) CHECK(*cut != *expected);
    }
  }
}

TEST_CASE("real_duplicates_are_told_apart" * doctest::description("contract 6")) {
  const auto folder = corpus_directory();
  if (folder.empty()) {
    MESSAGE("skipped: no corpus here (SAMPAN_CORPUS)");
    return;
  }
  const auto digest = [&](const char* name) {
    Bytes file = read_bytes(folder / "bad/made/duplicate" / name);
    const auto meta = read_file_meta(file);
    REQUIRE(meta.ok());
    file.erase(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(meta->data_set_offset));
    const auto result = digest_of(meta->transfer_syntax, std::move(file));
    REQUIRE(result.ok());
    return *result;
  };
  CHECK(digest("a.dcm") == digest("a_implicit_vr.dcm"));
  CHECK(digest("a.dcm") != digest("a_other_patient.dcm"));
  CHECK(digest("a.dcm") != digest("a_other_pixel.dcm"));
  CHECK(digest("a.dcm") != digest("a_other_study.dcm"));
}

TEST_CASE("damaged_files_of_every_kind_have_an_answer_and_no_crash" * doctest::description("contract 8")) {
  const auto folder = corpus_directory();
  if (folder.empty()) {
    MESSAGE("skipped: no corpus here (SAMPAN_CORPUS)");
    return;
  }
  int parsed = 0, all = 0;
  for (const auto& path : corpus_files(folder)) {
    Bytes file = read_bytes(path);
    const auto meta = read_file_meta(file);
    std::string syntax(explicit_le);
    if (meta.ok()) {
      syntax = meta->transfer_syntax;
      file.erase(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(meta->data_set_offset));
    }
    ++all;
    parsed += digest_of(syntax, std::move(file)).ok();
  }
  CHECK(parsed > all / 2);
  CHECK(parsed < all);
}
