// SPDX-License-Identifier: Apache-2.0
#include "dicom/transform.h"

#include <doctest/doctest.h>

#include <map>

#include "dicom/canonical.h"
#include "dicom/text.h"
#include "support/corpus.h"
#include "support/memory_payload.h"
#include "support/part10.h"

using namespace sampan;
using namespace sampan::test;
using dicom::Transform;

TEST_SUITE_BEGIN("transform");

namespace {

const dicom::ChangeNote note{WallTime{1'700'000'000'123}, "SAMPAN", "CT_ROOM2"};
const Transform clinic{"CLINIC_A", "A-", "Clinic A", ""};
const Transform in_utf8{"CLINIC_A", "A-", "城南卫生院", "ISO_IR 192"};

Bytes all_of(core::Payload& payload, std::size_t piece = 1u << 20) {
  Bytes out;
  Bytes buffer(piece);
  for (;;) {
    auto got = payload.read(out.size(), buffer);
    REQUIRE(got.ok());
    out.insert(out.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*got));
    if (*got < piece) break;
  }
  REQUIRE(out.size() == payload.size());
  return out;
}

Result<Bytes> change(std::string_view syntax, const Bytes& bytes, const Transform& wanted) {
  const auto original = std::make_shared<MemoryPayload>(bytes);
  auto edits = dicom::transform(syntax, *original, wanted, note);
  if (!edits) return edits.error();
  for (std::size_t i = 1; i < edits->size(); ++i) CHECK((*edits)[i].at >= (*edits)[i - 1].at + (*edits)[i - 1].removed);
  const auto changed = dicom::splice(original, std::move(*edits));
  REQUIRE(changed != nullptr);
  return all_of(*changed);
}

Bytes good(std::string_view syntax, const Bytes& bytes, const Transform& wanted) {
  auto changed = change(syntax, bytes, wanted);
  REQUIRE_MESSAGE(changed.ok(), (changed.ok() ? "" : changed.error().message));
  return *changed;
}

std::string refusal(std::string_view syntax, const Bytes& bytes, const Transform& wanted) {
  auto changed = change(syntax, bytes, wanted);
  if (changed.ok()) return "";
  CHECK(changed.error().code == Errc::invalid);
  return changed.error().message;
}

// Elements of one level with their whole bytes: a walker of the test's own.
struct Walker {
  bool implicit_vr;
  ByteView bytes;
  std::size_t at = 0;

  std::uint32_t tag_at() const { return load_le<std::uint16_t>(&bytes[at]) * 0x10000u + load_le<std::uint16_t>(&bytes[at + 2]); }
  // Moves behind an element; returns where its value begins.
  std::size_t skip() {
    const std::uint32_t tag = tag_at();
    std::size_t head = 8;
    std::uint32_t length = load_le<std::uint32_t>(&bytes[at + 4]);
    bool un = false;
    if (!implicit_vr && tag >> 16 != 0xfffe) {
      const std::string vr(as_text(bytes.subspan(at + 4, 2)));
      const bool is_long = std::string("OB OD OF OL OV OW SQ SV UC UN UR UT UV").find(vr) != std::string::npos;
      un = vr == "UN";
      head = is_long ? 12 : 8;
      length = is_long ? load_le<std::uint32_t>(&bytes[at + 8]) : load_le<std::uint16_t>(&bytes[at + 6]);
    }
    const std::size_t value = at + head;
    at = value;
    if (length != 0xffffffff) {
      at += length;
      return value;
    }
    const bool outer = implicit_vr;
    implicit_vr = implicit_vr || un;
    while (tag_at() != 0xfffee0dd && tag_at() != 0xfffee00d) skip();
    implicit_vr = outer;
    at += 8;
    return value;
  }
};

using Elements = std::map<std::uint32_t, Bytes>;
Elements elements_of(std::string_view syntax, ByteView bytes) {
  Walker walker{syntax == implicit_le, bytes};
  Elements found;
  while (walker.at + 8 <= bytes.size()) {
    const std::uint32_t tag = walker.tag_at();
    const std::size_t begin = walker.at;
    walker.skip();
    REQUIRE(walker.at <= bytes.size());
    found[tag].assign(bytes.begin() + static_cast<std::ptrdiff_t>(begin), bytes.begin() + static_cast<std::ptrdiff_t>(walker.at));
  }
  REQUIRE(walker.at == bytes.size());
  return found;
}

std::string value_of(std::string_view syntax, const Bytes& element) {
  Walker walker{syntax == implicit_le, element};
  const std::size_t value = walker.skip();
  std::string text(as_text(ByteView(element).subspan(value)));
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.pop_back();
  return text;
}

// The elements that the last item of the Original Attributes Sequence remembers, and the item's own.
Elements remembered(std::string_view syntax, const Elements& changed, Elements* own = nullptr) {
  const Bytes& sequence = changed.at(0x04000561);
  const std::size_t head = syntax == implicit_le ? 8 : 12;
  Walker items{syntax == implicit_le, ByteView(sequence).subspan(head)};
  Bytes last;
  while (items.at + 8 <= items.bytes.size() && items.tag_at() == 0xfffee000) {
    const std::size_t begin = items.skip();
    last.assign(items.bytes.begin() + static_cast<std::ptrdiff_t>(begin), items.bytes.begin() + static_cast<std::ptrdiff_t>(items.at));
  }
  const Elements item = elements_of(syntax, last);
  if (own != nullptr) *own = item;
  return elements_of(syntax, ByteView(item.at(0x04000550)).subspan(head + 8));
}

Bytes data_set(std::string_view syntax, std::string_view name = "Zhang^San", std::string_view charset = "ISO_IR 100") {
  DataSetWriter out(syntax);
  if (!charset.empty()) out.text(0x00080005, "CS", charset);
  out.text(0x00080018, "UI", "1.2.3");
  out.text(0x00080080, "LO", "Old name");
  out.text(0x00100010, "PN", name);
  out.text(0x00100020, "LO", "123");
  out.u16(0x00280010, 300);
  out.header(0x7fe00010, "OW", 4);
  out.raw(Bytes{1, 2, 3, 4});
  return out.bytes();
}

}  // namespace

TEST_CASE("what_is_asked_for_is_changed_and_what_was_before_is_remembered" * doctest::description("contract 5")) {
  for (const auto syntax : {explicit_le, implicit_le}) {
    CAPTURE(syntax);
    const Elements before = elements_of(syntax, data_set(syntax));
    const Elements after = elements_of(syntax, good(syntax, data_set(syntax), clinic));
    CHECK(value_of(syntax, after.at(0x00080080)) == "Clinic A");
    CHECK(value_of(syntax, after.at(0x00100020)) == "A-123");
    CHECK(value_of(syntax, after.at(0x00100021)) == "CLINIC_A");
    Elements own;
    const Elements old = remembered(syntax, after, &own);
    CHECK(old.size() == 3);
    CHECK(old.at(0x00080080) == before.at(0x00080080));
    CHECK(old.at(0x00100020) == before.at(0x00100020));
    CHECK(value_of(syntax, old.at(0x00100021)).empty());
    CHECK(value_of(syntax, own.at(0x04000562)) == "20231114221320.123+0000");
    CHECK(value_of(syntax, own.at(0x04000563)) == "SAMPAN");
    CHECK(value_of(syntax, own.at(0x04000564)) == "CT_ROOM2");
    CHECK(value_of(syntax, own.at(0x04000565)) == "COERCE");
    for (const auto& [tag, bytes] : before)
      if (!old.contains(tag)) CHECK(after.at(tag) == bytes);
    CHECK(after.size() == before.size() + 2);
  }
}

TEST_CASE("the_result_reads_the_same_in_pieces_of_any_size_and_on_every_attempt") {
  const Bytes bytes = data_set(explicit_le);
  const Bytes whole = good(explicit_le, bytes, in_utf8);
  const auto original = std::make_shared<MemoryPayload>(bytes);
  auto edits = dicom::transform(explicit_le, *original, in_utf8, note);
  REQUIRE(edits.ok());
  const auto changed = dicom::splice(original, std::move(*edits));
  REQUIRE(changed != nullptr);
  for (const std::size_t piece : {1u, 2u, 3u, 7u, 64u, 1000u}) CHECK(all_of(*changed, piece) == whole);
  const auto digest = dicom::digest_of(*changed);
  REQUIRE(digest.ok());
  CHECK(*digest == sha256(whole));
}

TEST_CASE("what_is_so_already_is_left_bit_for_bit" * doctest::description("contract 5")) {
  const Bytes bytes = data_set(explicit_le);
  CHECK(good(explicit_le, bytes, {}) == bytes);
  CHECK(good(explicit_le, bytes, {"", "", "Old name", ""}) == bytes);
  DataSetWriter nameless;
  nameless.text(0x00100020, "LO", "");
  CHECK(good(explicit_le, nameless.bytes(), {"", "A-", "", ""}) == nameless.bytes());
  DataSetWriter utf8;
  utf8.text(0x00080005, "CS", "ISO_IR 192");
  utf8.text(0x00100010, "PN", "张^三");
  CHECK(good(explicit_le, utf8.bytes(), {"", "", "", "ISO_IR 192"}) == utf8.bytes());
}

TEST_CASE("text_is_rewritten_in_the_character_set_whatever_it_was_in") {
  const std::string gb = "\xd5\xc5^\xc8\xfd";  // 张^三
  for (const auto syntax : {explicit_le, implicit_le}) {
    for (const char* declared : {"GB18030", "ISO_IR 100", ""}) {
      const Elements after = elements_of(syntax, good(syntax, data_set(syntax, gb, declared), in_utf8));
      CHECK(value_of(syntax, after.at(0x00100010)) == "张^三");
      CHECK(value_of(syntax, after.at(0x00080005)) == "ISO_IR 192");
      CHECK(value_of(syntax, after.at(0x00080080)) == "城南卫生院");
      const Elements old = remembered(syntax, after);
      // The old bytes, and the old declaration beside them.
      CHECK(value_of(syntax, old.at(0x00100010)) == gb);
      CHECK(value_of(syntax, old.at(0x00080005)) == declared);
    }
    const Elements back = elements_of(syntax, good(syntax, data_set(syntax, "张^三", "ISO_IR 192"), {"", "", "城", "GB18030"}));
    CHECK(value_of(syntax, back.at(0x00100010)) == gb);
    CHECK(value_of(syntax, back.at(0x00080080)) == "\xb3\xc7");
  }
}

TEST_CASE("text_inside_sequences_of_either_length_is_rewritten_and_the_lengths_follow") {
  for (const auto syntax : {explicit_le, implicit_le}) {
    for (const bool undefined : {false, true}) {
      CAPTURE(syntax);
      CAPTURE(undefined);
      DataSetWriter inner(syntax), out(syntax);
      inner.text(0x00081080, "LO", "x");
      inner.text(0x00400007, "LO", "\xb3\xc7\xb3\xc7\xb3\xc7");
      const auto item_bytes = static_cast<std::uint32_t>(inner.bytes().size());
      out.text(0x00080005, "CS", "GB18030");
      out.header(0x00400100, "SQ", undefined ? 0xffffffff : item_bytes + 8);
      out.header(0xfffee000, "", undefined ? 0xffffffff : item_bytes);
      out.raw(inner.bytes());
      if (undefined) out.header(0xfffee00d, "", 0), out.header(0xfffee0dd, "", 0);
      out.u16(0x00540081, 7);
      const Elements after = elements_of(syntax, good(syntax, out.bytes(), {"", "", "", "ISO_IR 192"}));
      const Bytes& sequence = after.at(0x00400100);
      CHECK(as_text(sequence).find("城城城") != std::string_view::npos);
      CHECK(remembered(syntax, after).at(0x00400100) == elements_of(syntax, out.bytes()).at(0x00400100));
      CHECK(after.at(0x00540081) == elements_of(syntax, out.bytes()).at(0x00540081));
      // The walker found its way, so the lengths are right; the item's is what is inside.
      if (!undefined) CHECK(load_le<std::uint32_t>(&sequence[syntax == implicit_le ? 12u : 16u]) == sequence.size() - (syntax == implicit_le ? 16u : 20u));
    }
  }
}

TEST_CASE("what_was_remembered_before_stays_and_a_new_item_follows") {
  for (const bool undefined : {false, true}) {
    DataSetWriter out;
    out.text(0x00100020, "LO", "123");
    out.header(0x04000561, "SQ", undefined ? 0xffffffff : 22);
    out.header(0xfffee000, "", 14);
    out.text(0x04000563, "LO", "Other");
    if (undefined) out.header(0xfffee0dd, "", 0);
    out.u16(0x04100010, 1);
    Bytes bytes = out.bytes();
    const Elements before = elements_of(explicit_le, bytes);
    Bytes item(before.at(0x04000561).begin() + 12, before.at(0x04000561).end() - (undefined ? 8 : 0));
    const Elements after = elements_of(explicit_le, good(explicit_le, bytes, clinic));
    const Bytes& sequence = after.at(0x04000561);
    CHECK(std::equal(item.begin(), item.end(), sequence.begin() + 12));
    CHECK(remembered(explicit_le, after).size() == 3);
    CHECK(after.at(0x04100010) == before.at(0x04100010));
  }
}

// 标签 in GB18030.
const std::string label_gb("\xb1\xea\xc7\xa9", 4);

TEST_CASE("text_that_stands_right_behind_what_is_remembered_is_rewritten_too") {
  for (const bool remembered_before : {false, true}) {
    DataSetWriter out;
    out.text(0x00080005, "CS", "GB18030");
    out.text(0x00100020, "LO", "123");
    if (remembered_before) {
      out.header(0x04000561, "SQ", 22);
      out.header(0xfffee000, "", 14);
      out.text(0x04000563, "LO", "Other");
    }
    out.text(0x30060002, "SH", label_gb);  // Structure Set Label
    const Elements after = elements_of(explicit_le, good(explicit_le, out.bytes(), in_utf8));
    const Bytes& label = after.at(0x30060002);
    CHECK(std::string(label.begin() + 8, label.end()) == "标签");
    CHECK(after.contains(0x04000561));
  }
}

TEST_CASE("text_in_the_place_of_a_group_length_is_no_length_and_never_a_crash") {
  DataSetWriter out;
  out.text(0x00080005, "CS", "GB18030");
  out.text(0x00100000, "LO", label_gb);
  out.text(0x00100020, "LO", "123");
  static_cast<void>(change(explicit_le, out.bytes(), in_utf8).ok());
}

TEST_CASE("retired_lengths_of_groups_and_of_the_whole_are_corrected") {
  const auto number = [](DataSetWriter& out, std::uint32_t tag, std::uint32_t value) {
    Bytes bytes(4);
    store_le(bytes.data(), value);
    out.header(tag, "UL", 4);
    out.raw(bytes);
  };
  DataSetWriter eight, ten;
  eight.text(0x00080080, "LO", "Old");
  ten.text(0x00100020, "LO", "12");
  DataSetWriter rest;
  rest.u16(0x00280010, 1);
  DataSetWriter out;
  const auto whole = static_cast<std::uint32_t>(eight.bytes().size() + 12 + ten.bytes().size() + rest.bytes().size());
  number(out, 0x00080000, static_cast<std::uint32_t>(12 + eight.bytes().size()));
  number(out, 0x00080001, whole);
  out.raw(eight.bytes());
  number(out, 0x00100000, static_cast<std::uint32_t>(ten.bytes().size()));
  out.raw(ten.bytes());
  out.raw(rest.bytes());
  const Bytes after = good(explicit_le, out.bytes(), clinic);
  const Elements found = elements_of(explicit_le, after);
  const auto stated = [&](std::uint32_t tag) { return load_le<std::uint32_t>(&found.at(tag)[8]); };
  CHECK(stated(0x00080000) == 12 + found.at(0x00080080).size());
  CHECK(stated(0x00080001) == after.size() - 24);
  CHECK(stated(0x00100000) == found.at(0x00100020).size() + found.at(0x00100021).size());
}

TEST_CASE("a_sequence_that_qualifies_another_issuer_is_taken_away_and_remembered") {
  DataSetWriter out;
  out.text(0x00100020, "LO", "123");
  out.header(0x00100024, "SQ", 0);
  out.u16(0x00280010, 1);
  const Elements after = elements_of(explicit_le, good(explicit_le, out.bytes(), {"NEW", "", "", ""}));
  CHECK_FALSE(after.contains(0x00100024));
  CHECK(remembered(explicit_le, after).contains(0x00100024));
}

TEST_CASE("what_cannot_be_changed_safely_is_refused_in_words" * doctest::description("contract 5")) {
  const std::string start = "cannot be changed safely: ";
  const Bytes fine = data_set(explicit_le);
  CHECK(refusal("1.2.840.10008.1.2.1.99", fine, clinic) == start + "its data set is deflated");
  CHECK(refusal(explicit_be, fine, clinic) == start + "its data set is big-endian");
  for (std::size_t cut = 1; cut < 60; ++cut) {
    const auto cut_short = refusal(explicit_le, Bytes(fine.begin(), fine.end() - static_cast<std::ptrdiff_t>(cut)), clinic);
    const bool at_a_border = cut == 16 || cut == 26 || cut == 38 || cut == 56;  // pixel data, rows, ID, name: a whole data set again
    CHECK_MESSAGE(cut_short.empty() == at_a_border, cut);
  }
  DataSetWriter out;
  out.text(0x00100020, "LO", std::string(63, '1'));
  CHECK(refusal(explicit_le, out.bytes(), clinic) ==
        start + "its Patient ID would be longer than 64 characters with the prefix");
  DataSetWriter wild;
  wild.text(0x00100020, "LO", "1");
  wild.text(0x00100010, "PN", "A");
  CHECK(refusal(explicit_le, wild.bytes(), clinic) == start + "its elements are out of order");
  CHECK(refusal(explicit_le, data_set(explicit_le, "\xff\xfe\xff", "ISO_IR 192"), in_utf8) ==
        start + "a text of it is in no character set that can be read");
  DataSetWriter signed_one;
  signed_one.text(0x00100020, "LO", "1");
  signed_one.header(0xfffafffa, "SQ", 0);
  CHECK(refusal(explicit_le, signed_one.bytes(), clinic) ==
        start + "it carries a digital signature that would no longer hold");
  DataSetWriter large;
  large.text(0x00080005, "CS", "ISO_IR 100");
  large.header(0x00204000, "UT", 5u << 20);
  large.raw(Bytes(5u << 20, 0xb3));
  CHECK(refusal(explicit_le, large.bytes(), in_utf8) == start + "it holds more text than can be changed on the way");
}

TEST_CASE("no_prefix_of_a_damaged_data_set_crashes") {
  Bytes bytes = data_set(explicit_le, "\xd5\xc5^\xc8\xfd", "GB18030");
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const std::uint8_t value : {0x00, 0xff, 0xfe, 0x53}) {
      Bytes damaged = bytes;
      damaged[at] = value;
      for (const auto syntax : {explicit_le, implicit_le}) static_cast<void>(change(syntax, damaged, in_utf8));
    }
  }
}

TEST_CASE("corpus_files_are_changed_where_asked_and_nowhere_else" * doctest::description("contract 5")) {
  const auto corpus = corpus_directory();
  if (corpus.empty()) {
    MESSAGE("skipped: no corpus here (SAMPAN_CORPUS)");
    return;
  }
  std::size_t changed = 0, refused = 0;
  for (const auto& path : corpus_files(corpus)) {
    if (path.string().find("/bad/") != std::string::npos) continue;
    CAPTURE(path);
    const Bytes file = read_bytes(path);
    const auto meta = read_file_meta(file);
    if (!meta.ok()) continue;
    const Bytes bytes(file.begin() + static_cast<std::ptrdiff_t>(meta.value().data_set_offset), file.end());
    const std::string& syntax = meta.value().transfer_syntax;
    for (const Transform& wanted : {clinic, in_utf8}) {
      const auto result = change(syntax, bytes, wanted);
      if (!result.ok()) {
        MESSAGE("refused: " << path.filename().string() << ": " << result.error().message);
        ++refused;
        continue;
      }
      ++changed;
      const Elements before = elements_of(syntax, bytes), after = elements_of(syntax, *result);
      const Elements old = remembered(syntax, after);
      for (const auto& [tag, element] : before) {
        if ((tag & 0xffff) == 0 || tag == 0x04000561 || tag == 0x00080001) continue;
        if (old.contains(tag))
          CHECK(old.at(tag) == element);
        else
          CHECK(after.at(tag) == element);
      }
      for (const auto& [tag, element] : after) CHECK((before.contains(tag) || old.contains(tag) || tag == 0x04000561));
      CHECK(value_of(syntax, after.at(0x00100021)) == "CLINIC_A");
      MemoryPayload whole(*result);
      CHECK(dicom::canonical_digest(syntax, whole).ok());
    }
  }
  MESSAGE(changed << " changed, " << refused << " refused");
  CHECK(changed > 200);
}
