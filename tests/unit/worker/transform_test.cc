// SPDX-License-Identifier: Apache-2.0
// Images are changed in the sandbox as they would be outside of it, although it can open no file.
#include <doctest/doctest.h>

#include "dicom/transform.h"
#include "support/memory_payload.h"
#include "support/part10.h"
#include "worker/packets.h"
#include "worker/parsing.h"

using namespace sampan;
using namespace sampan::test;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("worker" * doctest::description("contract 5, 8"));

namespace {

const dicom::ChangeNote note{WallTime{1'700'000'000'123}, "SAMPAN", "CT"};

Bytes all_of(core::Payload& payload) {
  Bytes whole(static_cast<std::size_t>(payload.size()));
  const auto got = payload.read(0, whole);
  REQUIRE((got.ok() && *got == whole.size()));
  return whole;
}

// What is read of it is counted.
class Counted : public core::Payload {
 public:
  explicit Counted(Bytes bytes) : held_(std::move(bytes)) {}
  std::uint64_t size() const override { return held_.size(); }
  Result<std::size_t> read(std::uint64_t offset, ByteSpan into) override {
    read_bytes += into.size();
    return held_.read(offset, into);
  }
  std::uint64_t read_bytes = 0;

 protected:
  MemoryPayload held_;
};

struct InSandbox {
  worker::Worker process;
  // Checked against the same change outside.
  std::shared_ptr<core::Payload> check(std::string_view syntax, const Bytes& bytes, const dicom::Transform& wanted) {
    const auto original = std::make_shared<Counted>(bytes);
    auto edits = dicom::transform(syntax, *original, wanted, note);
    original->read_bytes = 0;
    const auto changed = worker::transform(process, {std::string(syntax), wanted, note}, original);
    CHECK_MESSAGE(edits.ok() == changed.ok(), (changed ? "" : changed.error().message));
    if (!edits || !changed) {
      if (!edits && !changed) CHECK(edits.error().message == changed.error().message);
      return nullptr;
    }
    CHECK((edits->empty() ? *changed == original : *changed != original));
    const auto expected = dicom::splice(std::make_shared<MemoryPayload>(bytes), std::move(*edits));
    read_bytes = original->read_bytes;
    CHECK(all_of(**changed) == all_of(*expected));
    return *changed;
  }
  std::uint64_t read_bytes = 0;
};

struct Writing {
  const char* character_set;
  const char* text;
};
constexpr Writing writings[] = {
    {"ISO_IR 6", "M\xc3\xbcller"}, {"ISO_IR 100", "M\xfcller^J\xe9r\xf4me"}, {"ISO_IR 101", "\xb1\xe6"}, {"ISO_IR 109", "\xa1\xe6"},
    {"ISO_IR 110", "\xb1\xe6"}, {"ISO_IR 144", "\xbb\xee\xda"}, {"ISO_IR 127", "\xe2\xc8\xc7\xe6\xea"}, {"ISO_IR 126", "\xc4\xe9\xef"},
    {"ISO_IR 138", "\xf9\xf8\xe5\xef"}, {"ISO_IR 148", "\xfd\xfe"}, {"ISO_IR 203", "\xa4\xbd"}, {"ISO_IR 13", "\xd4\xcf\xc0\xde^\xc0\xdb\xb3"},
    {"ISO_IR 166", "\xca\xc1\xaa\xd2\xc2"}, {"GB18030", "\xd5\xc5^\xc8\xfd\x95\x32\x82\x36"}, {"GBK", "\xd5\xc5^\xc8\xfd"},
    {"\\ISO 2022 IR 87", "Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B"},
    {"ISO 2022 IR 13\\ISO 2022 IR 87", "\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J"},
    {"\\ISO 2022 IR 159", "\x1b$(D\x30\x21\x30\x22\x1b(B"},
    {"\\ISO 2022 IR 149", "Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7"},
    {"\\ISO 2022 IR 58", "Wang^Xiao=\x1b$)A\xcd\xf5^\x1b$)A\xd0\xa1\xb6\xab"},
    {"ISO 2022 IR 6\\ISO 2022 IR 100", "Buc^\x1b-AJ\xe9r\xf4me"}, {"ISO 2022 IR 100\\ISO 2022 IR 144", "\x1b-L\xbb\xee"},
    {"ISO 2022 IR 101", "\xb1\xe6"}, {"ISO 2022 IR 109", "\xa1"}, {"ISO 2022 IR 110", "\xb1"}, {"ISO 2022 IR 126", "\xc4"},
    {"ISO 2022 IR 127", "\xe2"}, {"ISO 2022 IR 138", "\xf9"}, {"ISO 2022 IR 148", "\xfd"}, {"ISO 2022 IR 166", "\xca"},
    {"ISO 2022 IR 203", "\xa4"}, {"", "\xd5\xc5^\xc8\xfd"}, {"no such set", "\xd5\xc5"},
};

// One that goes out over a line with a cap: who reads it waits.
struct OnALine final : Counted {
  using Counted::Counted;
  core::Payload& here() override { return held_; }
};

}  // namespace

TEST_CASE("the_one_worker_is_not_held_up_by_the_cap_of_a_line_and_what_goes_out_is") {
  DataSetWriter out;
  out.text(0x00080005, "CS", "ISO_IR 192");
  out.text(0x00080080, "LO", "Elsewhere");
  const auto original = std::make_shared<OnALine>(out.bytes());
  worker::Worker process;
  const auto changed = worker::transform(process, {std::string(explicit_le), {"", "", "Clinic", ""}, note}, original);
  REQUIRE(changed.ok());
  CHECK(original->read_bytes == 0);
  const Bytes sent = all_of(**changed);
  CHECK(as_text(sent).find("Clinic") != std::string_view::npos);
  CHECK(original->read_bytes > 0);
}

TEST_CASE_FIXTURE(InSandbox, "text_of_every_character_set_is_rewritten_by_a_worker_that_opens_no_file") {
  for (const Writing& each : writings) {
    const char* const character_set = each.character_set;
    CAPTURE(character_set);
    DataSetWriter out;
    out.text(0x00080005, "CS", character_set);
    out.text(0x00100010, "PN", each.text);
    process.rest(0ms);  // one that has seen none before
    const auto utf8 = check(explicit_le, out.bytes(), {"", "P-", "城南卫生院", "ISO_IR 192"});
    CHECK(utf8 != nullptr);
    process.rest(0ms);
    check(explicit_le, out.bytes(), {"", "", "", "GB18030"});
    process.rest(0ms);
    check(explicit_le, out.bytes(), {"ISSUER", "", "", ""});
  }
  DataSetWriter utf8;
  utf8.text(0x00080005, "CS", "ISO_IR 192");
  utf8.text(0x00100010, "PN", "张^三𠮷");
  process.rest(0ms);
  CHECK(check(explicit_le, utf8.bytes(), {"", "", "", "GB18030"}) != nullptr);
}

TEST_CASE_FIXTURE(InSandbox, "what_an_element_is_that_does_not_say_so_is_known_in_the_sandbox") {
  DataSetWriter out(implicit_le);
  out.text(0x00080005, "CS", "ISO_IR 100");
  out.text(0x00100010, "PN", "M\xfcller");
  out.text(0x00104000, "LT", "\xfc");
  const auto changed = check(implicit_le, out.bytes(), {"", "", "", "ISO_IR 192"});
  REQUIRE(changed != nullptr);
  CHECK(element_text(all_of(*changed), implicit_le, 0x00104000) == "ü");
}

TEST_CASE_FIXTURE(InSandbox, "of_an_image_no_more_crosses_than_is_read_and_of_one_that_is_refused_nothing" * doctest::description("contract 10")) {
  constexpr std::uint32_t pixels = 20u << 20;
  DataSetWriter out;
  out.text(0x00100020, "LO", "123");
  out.header(0x7fe00010, "OW", pixels);
  Bytes bytes = out.bytes();
  bytes.resize(bytes.size() + pixels, 9);
  const auto changed = check(explicit_le, bytes, {"CLINIC", "A-", "", "ISO_IR 192"});
  REQUIRE(changed != nullptr);
  CHECK(read_bytes <= 2 * worker::stretch_bytes);
  check("1.2.840.10008.1.2.2", bytes, {"CLINIC", "A-", "", ""});
  CHECK(process.pid() > 0);
}

TEST_CASE_FIXTURE(InSandbox, "changes_that_fill_many_packets_come_back_whole") {
  DataSetWriter out;
  out.text(0x00080005, "CS", "ISO_IR 100");
  for (std::uint32_t tag = 0x00200010; tag < 0x00200050; ++tag) out.text(tag, "LT", std::string(9000, '\xfc'));
  out.header(0x00204000, "UT", 200'000);
  out.raw(Bytes(200'000, 0xfc));
  const auto changed = check(explicit_le, out.bytes(), {"", "", "", "ISO_IR 192"});
  REQUIRE(changed != nullptr);
  CHECK(changed->size() > 3 * out.bytes().size() / 2);
}

TEST_CASE_FIXTURE(InSandbox, "what_cannot_be_changed_is_said_in_the_same_words") {
  DataSetWriter out;
  out.text(0x00080005, "CS", "ISO_IR 100");
  out.header(0x00200010, "UT", 5u << 20);
  Bytes bytes = out.bytes();
  bytes.resize(bytes.size() + (5u << 20), 0xfc);
  CHECK(check(explicit_le, bytes, {"", "", "", "ISO_IR 192"}) == nullptr);
  CHECK(check(explicit_le, Bytes(30, 0xff), {"", "", "", "ISO_IR 192"}) == nullptr);
  CHECK(process.pid() > 0);
}

TEST_CASE("an_order_and_edits_are_read_as_they_were_written_and_what_is_none_is_not_taken") {
  const worker::ChangeOrder order{"1.2", {"I", "P", "城", "ISO_IR 192"}, note};
  const Bytes written = worker::encode(order);
  const auto read = worker::decode_order(written);
  REQUIRE(read.has_value());
  CHECK(read->wanted == order.wanted);
  CHECK(worker::encode(*read) == written);
  for (std::size_t size = 0; size < written.size(); ++size) CHECK_FALSE(worker::decode_order(ByteView(written).first(size)).has_value());
  const Bytes edits = worker::encode(std::vector<dicom::Edit>{{1, 2, {3, 4}}, {9, 0, {}}});
  CHECK(worker::decode_edits(edits)->size() == 2);
  for (std::size_t size = 1; size < edits.size(); ++size)
    if (size != 22) CHECK_FALSE(worker::decode_edits(ByteView(edits).first(size)).has_value());
  // Edits of nothing take memory too.
  CHECK_FALSE(worker::decode_edits(worker::encode(std::vector<dicom::Edit>(worker::edits_bytes_max / sizeof(dicom::Edit) + 1))).has_value());
}

TEST_CASE_FIXTURE(InSandbox, "an_order_too_long_for_a_question_is_refused") {
  MemoryPayload payload({});
  CHECK(process.ask(1, std::string(worker::argument_bytes_max + 1, 'x'), payload, 100).error().code == Errc::invalid);
}
