// SPDX-License-Identifier: Apache-2.0
#include <map>

#include <doctest/doctest.h>
#include <zlib.h>

#include "core/limits.h"
#include "dicom/fact_scanner.h"
#include "support/corpus.h"
#include "support/part10.h"

using namespace sampan;
using core::Fact;
using dicom::FactScanner;
using test::DataSetWriter;

namespace {

constexpr std::uint32_t undefined = 0xffffffff;
constexpr std::string_view name_gb18030 = "Zhang^San=\xd5\xc5^\xc8\xfd=";

struct Found {
  core::Facts facts;
  std::string sop_instance;
  friend bool operator==(const Found&, const Found&) = default;
};

Found scan(ByteView data_set, std::string_view transfer_syntax, std::size_t piece_bytes = 1u << 20) {
  FactScanner scanner(transfer_syntax);
  for (std::size_t at = 0; at < data_set.size() && !scanner.done(); at += piece_bytes)
    scanner.feed(data_set.subspan(at, std::min(piece_bytes, data_set.size() - at)));
  const std::string uid(scanner.data_sop_instance_uid());
  return {scanner.take(), uid};
}

// A sequence in which everything is of undefined length, an element of a wanted tag and a nested icon included.
void nested_sequence(DataSetWriter& out, std::uint32_t tag, std::string_view vr = "SQ") {
  out.header(tag, vr, undefined);
  out.header(0xfffee000, "", undefined);
  out.text(0x00080060, "CS", "XX");
  out.header(0x00880200, "SQ", undefined);
  out.header(0xfffee000, "", 8);
  out.raw(Bytes(8, 0xff));
  out.header(0xfffee0dd, "", 0);
  out.header(0x7fe00010, "OB", undefined);
  out.header(0xfffee000, "", 0);
  out.header(0xfffee000, "", 4);
  out.raw(Bytes(4, 0xaa));
  out.header(0xfffee0dd, "", 0);
  out.header(0xfffee00d, "", 0);
  out.header(0xfffee0dd, "", 0);
}

Bytes typical(std::string_view transfer_syntax) {
  DataSetWriter out(transfer_syntax);
  out.text(0x00080005, "CS", "GB18030");
  out.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2");
  out.text(0x00080018, "UI", "1.2.3");
  out.text(0x00080060, "CS", "CT");
  out.text(0x00080070, "LO", " Maker \\ Of things");
  nested_sequence(out, 0x00081111);
  out.text(0x00100010, "PN", name_gb18030);
  out.text(0x0020000d, "UI", "1.2.3.4");
  out.text(0x0020000e, "UI", "1.2.3.5");
  out.text(0x00200013, "IS", "17");
  out.header(0x7fe00010, "OW", undefined);
  return out.bytes();
}

void check_typical(const Found& found) {
  CHECK(found.sop_instance == "1.2.3");
  CHECK(found.facts.get(Fact::character_set) == "GB18030");
  CHECK(found.facts.get(Fact::modality) == "CT");
  CHECK(found.facts.get(Fact::manufacturer) == "Maker \\ Of things");
  CHECK(found.facts.get(Fact::patient_name) == name_gb18030);
  CHECK(found.facts.get(Fact::study_instance_uid) == "1.2.3.4");
  CHECK(found.facts.get(Fact::series_instance_uid) == "1.2.3.5");
  CHECK(found.facts.get(Fact::instance_number) == "17");
  CHECK(found.facts.all().size() == 7);
}

Bytes deflated(ByteView plain) {
  z_stream state{};
  REQUIRE(deflateInit2(&state, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  Bytes packed(plain.size() + 1024);
  state.next_in = const_cast<std::uint8_t*>(plain.data());
  state.avail_in = static_cast<uInt>(plain.size());
  state.next_out = packed.data();
  state.avail_out = static_cast<uInt>(packed.size());
  REQUIRE(deflate(&state, Z_FINISH) == Z_STREAM_END);
  packed.resize(state.total_out);
  deflateEnd(&state);
  return packed;
}

}  // namespace

TEST_CASE("finds_the_same_facts_in_every_encoding_of_a_data_set") {
  check_typical(scan(typical(test::implicit_le), test::implicit_le));
  check_typical(scan(typical(test::explicit_le), test::explicit_le));
  check_typical(scan(typical(test::explicit_be), test::explicit_be));
  check_typical(scan(typical(test::explicit_le), "1.2.840.10008.1.2.4.90"));
  check_typical(scan(deflated(typical(test::explicit_le)), "1.2.840.10008.1.2.1.99"));
  check_typical(scan(deflated(typical(test::explicit_le)), "1.2.840.10008.1.2.1.99", 1));
}

TEST_CASE("an_unknown_sequence_of_undefined_length_is_read_as_implicit_little_endian") {
  for (auto transfer_syntax : {test::explicit_le, test::explicit_be}) {
    DataSetWriter inner(test::implicit_le);
    nested_sequence(inner, 0x00091001);
    DataSetWriter out(transfer_syntax);
    out.header(0x00091001, "UN", undefined);
    out.raw(ByteView(inner.bytes()).subspan(8));
    out.text(0x0020000d, "UI", "1.2.3.4");
    CHECK(scan(out.bytes(), transfer_syntax).facts.get(Fact::study_instance_uid) == "1.2.3.4");
  }
}

TEST_CASE("is_done_after_the_last_wanted_tag_and_ignores_what_follows") {
  FactScanner scanner(test::explicit_le);
  DataSetWriter out;
  out.text(0x00200013, "IS", "1");
  scanner.feed(out.bytes());
  CHECK_FALSE(scanner.done());
  DataSetWriter rest;
  rest.u16(0x00280010, 512);
  rest.text(0x0020000d, "UI", "1.2");
  scanner.feed(rest.bytes());
  CHECK(scanner.done());
  CHECK_FALSE(scanner.take().has(Fact::study_instance_uid));
}

TEST_CASE("values_that_are_too_long_or_not_text_are_no_facts") {
  DataSetWriter out;
  out.text(0x00080070, "LO", std::string(core::limits::fact_value_bytes_max + 2, 'a'));
  out.text(0x00080080, "LO", std::string_view("a\0b\1", 4));
  out.text(0x00081010, "SH", std::string(core::limits::fact_value_bytes_max, 'b'));
  out.text(0x00081090, "LO", "   ");
  const auto facts = scan(out.bytes(), test::explicit_le).facts;
  CHECK_FALSE(facts.has(Fact::manufacturer));
  CHECK_FALSE(facts.has(Fact::institution));
  CHECK_FALSE(facts.has(Fact::model));
  CHECK(facts.get(Fact::station_name).size() == core::limits::fact_value_bytes_max);
}

TEST_CASE("stops_at_the_scan_limit_and_at_a_nest_too_deep" * doctest::description("contract 10")) {
  DataSetWriter far;
  far.header(0x00091001, "OB", core::limits::scan_bytes_max);
  FactScanner scanner(test::explicit_le);
  scanner.feed(far.bytes());
  const Bytes noise(core::limits::scan_bytes_max);
  scanner.feed(noise);
  CHECK(scanner.done());

  FactScanner deep(test::explicit_le);
  DataSetWriter nest;
  for (int i = 0; i < 1000; ++i) {
    nest.header(0x00081111, "SQ", undefined);
    nest.header(0xfffee000, "", undefined);
  }
  deep.feed(nest.bytes());
  CHECK(deep.done());
}

TEST_CASE("a_deflated_bomb_is_unpacked_no_further_than_the_scan_limit" * doctest::description("contract 10")) {
  DataSetWriter out;
  out.text(0x0020000d, "UI", "1.2.3.4");
  for (int i = 0; i < 3000; ++i) out.text(0x0020000f, "LO", std::string(1000, ' '));
  FactScanner scanner("1.2.840.10008.1.2.1.99");
  scanner.feed(deflated(out.bytes()));
  CHECK(scanner.done());
  CHECK(scanner.take().get(Fact::study_instance_uid) == "1.2.3.4");
}

TEST_CASE("a_data_set_cut_at_any_offset_gives_fewer_facts_and_nothing_else" * doctest::description("contract 8")) {
  for (auto transfer_syntax : {test::implicit_le, test::explicit_le, test::explicit_be}) {
    const Bytes whole = typical(transfer_syntax);
    const auto all = scan(whole, transfer_syntax).facts;
    std::size_t most = 0;
    for (std::size_t size = 0; size <= whole.size(); ++size) {
      const auto some = scan(ByteView(whole).first(size), transfer_syntax).facts;
      for (const auto& [fact, value] : some.all()) CHECK(all.get(fact) == value);
      CHECK(some.all().size() >= most);
      most = some.all().size();
    }
    CHECK(most == all.all().size());
  }
}

TEST_CASE("corpus_files_give_the_same_facts_whole_and_byte_by_byte") {
  const auto corpus = test::corpus_directory();
  if (corpus.empty()) {
    MESSAGE("skipped: no corpus at $SAMPAN_CORPUS");
    return;
  }
  for (const auto& path : test::corpus_files(corpus)) {
    Bytes file = test::read_bytes(path);
    const auto meta = test::read_file_meta(file);
    const std::string transfer_syntax = meta ? meta.value().transfer_syntax : std::string(test::implicit_le);
    const ByteView data_set = ByteView(file).subspan(meta ? meta.value().data_set_offset : 0);
    CAPTURE(path);
    CHECK(scan(data_set, transfer_syntax) == scan(data_set, transfer_syntax, 1));
    for (std::size_t size = 0; size < std::min<std::size_t>(data_set.size(), 3000); size += 97)
      scan(data_set.first(size), transfer_syntax);
  }
}

TEST_CASE("corpus_facts_agree_with_the_corpus_inventory") {
  const auto corpus = test::corpus_directory();
  if (corpus.empty()) {
    MESSAGE("skipped: no corpus at $SAMPAN_CORPUS");
    return;
  }
  const auto table = test::read_table(corpus / "inventory.csv");
  std::map<std::string, std::size_t> column;
  for (std::size_t i = 0; i < table[0].size(); ++i) column[table[0][i]] = i;
  for (std::size_t row = 1; row < table.size(); ++row) {
    const auto cell = [&](const char* name) { return table[row][column.at(name)]; };
    const Bytes file = test::read_bytes(corpus / cell("path"));
    const auto meta = test::read_file_meta(file);
    REQUIRE(meta.ok());
    const auto found = scan(ByteView(file).subspan(meta->data_set_offset), meta->transfer_syntax);
    CAPTURE(cell("path"));
    CHECK(found.sop_instance == cell("sop_instance_uid"));
    CHECK(found.facts.get(Fact::study_instance_uid) == cell("study_instance_uid"));
    CHECK(found.facts.get(Fact::series_instance_uid) == cell("series_instance_uid"));
    CHECK(found.facts.get(Fact::modality) == cell("modality"));
  }
}
