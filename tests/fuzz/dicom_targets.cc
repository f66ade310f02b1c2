// SPDX-License-Identifier: Apache-2.0
// What peers send on an association, and what data sets hold.
#include <array>

#include "dicom/canonical.h"
#include "dicom/command_set.h"
#include "dicom/commitment.h"
#include "dicom/data_set.h"
#include "dicom/fact_scanner.h"
#include "dicom/inflater.h"
#include "dicom/iso2022.h"
#include "dicom/part10.h"
#include "dicom/pdata.h"
#include "dicom/text.h"
#include "dicom/transform.h"
#include "fuzz/target.h"

namespace sampan::fuzz {
namespace {

constexpr std::array syntaxes{"1.2.840.10008.1.2",    "1.2.840.10008.1.2.1",    "1.2.840.10008.1.2.2",
                              "1.2.840.10008.1.2.5",  "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.1.99"};
std::string_view syntax(Feed& feed) { return syntaxes[feed.byte() % syntaxes.size()]; }

// What a peer sent, in the portions in which it arrives.
class HeldWire final : public dicom::Wire {
 public:
  HeldWire(ByteView bytes, std::size_t portion) : left_(bytes), portion_(portion) {}
  Result<std::size_t> receive(ByteSpan into, Millis) override {
    if (left_.empty()) return fail(Errc::unreachable, "the end");
    const std::size_t got = std::min({into.size(), left_.size(), portion_});
    std::copy_n(left_.begin(), got, into.begin());
    left_ = left_.subspan(got);
    return got;
  }
  Status send(std::span<const ByteView>, Millis) override { return {}; }
  bool quiet_for(Millis) override { return left_.empty(); }
  std::shared_ptr<dicom::Plug> plug() const override { return nullptr; }

 private:
  ByteView left_;
  const std::size_t portion_;
};

}  // namespace

FUZZ_TARGET(pdata) {
  Feed feed(input);
  const std::size_t portion = 1 + feed.byte();
  const bool by_command = feed.byte() % 2 == 0;
  HeldWire wire(feed.rest(), portion);
  dicom::PdataReader reader(wire);
  std::size_t bytes = 0;
  for (;;) {
    if (by_command) {
      if (const auto next = reader.next_command(Millis(0)); !next || next->event != dicom::PduEvent::fragment) break;
      continue;
    }
    const auto next = reader.next(Millis(0));
    if (!next || next->event != dicom::PduEvent::fragment) break;
    bytes += next->bytes.size();
  }
  expect(bytes <= input.size(), "no more comes out than went in");
}

FUZZ_TARGET(command_set) {
  const auto command = dicom::decode(input);
  if (!command) return;
  const auto again = dicom::decode(dicom::encode(*command));
  expect(again.ok() && again->command_field == command->command_field && again->message_id == command->message_id &&
             again->affected_sop_instance_uid == command->affected_sop_instance_uid && again->status == command->status,
         "a command that was read is written and read the same");
  static_cast<void>(dicom::response_to(*command, 0x0110, "why"));
}

FUZZ_TARGET(fact_scanner) {
  Feed feed(input);
  const auto transfer_syntax = syntax(feed);
  const std::size_t piece = 1 + feed.byte();
  dicom::FactScanner whole(transfer_syntax), pieces(transfer_syntax);
  whole.feed(feed.rest());
  for (ByteView left = feed.rest(); !left.empty(); left = left.subspan(std::min(piece, left.size())))
    pieces.feed(left.first(std::min(piece, left.size())));
  expect(whole.data_sop_instance_uid() == pieces.data_sop_instance_uid() && whole.take().all() == pieces.take().all(),
         "facts do not hang on how the bytes arrive");
}

FUZZ_TARGET(canonical) {
  Feed feed(input);
  const auto transfer_syntax = syntax(feed);
  Held payload(feed.rest());
  static_cast<void>(dicom::canonical_digest(transfer_syntax, payload));
}

FUZZ_TARGET(data_set) {
  Feed feed(input);
  const bool explicit_vr = feed.byte() % 2 == 0;
  if (const auto set = dicom::decode_data_set(feed.rest(), explicit_vr)) static_cast<void>(dicom::encode(*set, explicit_vr));
  static_cast<void>(dicom::read_commitment_report(feed.rest(), explicit_vr));
  if (const auto asked = dicom::read_commitment_request(feed.rest(), explicit_vr))
    expect(!asked->transaction_uid.empty() && !asked->instances.empty(), "a request that was understood asks for something");
}

FUZZ_TARGET(transform) {
  Feed feed(input);
  const auto transfer_syntax = syntax(feed);
  const std::uint8_t wishes = feed.byte();
  dicom::Transform wanted;
  if (wishes & 1) wanted.issuer_of_patient_id = "青山";
  if (wishes & 2) wanted.patient_id_prefix = "QS-";
  if (wishes & 4) wanted.institution_name = "Clinic";
  if (wishes & 8) wanted.character_set = "ISO_IR 192";
  if (wishes & 16) wanted.character_set = "GB18030";
  if (wishes & 1 && wanted.character_set.empty()) wanted.issuer_of_patient_id = "QS";
  const auto original = std::make_shared<Held>(feed.rest());
  auto edits = dicom::transform(transfer_syntax, *original, wanted, {WallTime{1'800'000'000'000}, "SAMPAN", "PACS"});
  if (!edits) return;
  const auto changed = dicom::splice(original, std::move(*edits));
  expect(changed != nullptr, "what is to be changed is in order and inside");
  Bytes whole(changed->size()), byte(1);
  const auto got = changed->read(0, whole);
  expect(got.ok() && *got == whole.size(), "a payload has as many bytes as it says");
  for (std::size_t at = 0; at < whole.size(); at += 1 + whole.size() / 64) {
    const auto one = changed->read(at, byte);
    expect(one.ok() && *one == 1 && byte[0] == whole[at], "a payload reads the same from any offset");
  }
}

FUZZ_TARGET(text) {
  Feed feed(input);
  const std::string term = feed.word();
  const auto value = as_text(feed.rest());
  const auto shown = dicom::display_text(value, term);
  expect(shown.utf8.find('\n') == std::string::npos && shown.utf8.find('\x1b') == std::string::npos, "what is shown drives no terminal");
  static_cast<void>(dicom::exact_text(value, term));
  static_cast<void>(dicom::mask_name(shown.utf8));
  static_cast<void>(dicom::mask_name(value));
  static_cast<void>(dicom::decode_iso2022(value, term));
}

FUZZ_TARGET(inflater) {
  Feed feed(input);
  const std::size_t piece = 1 + feed.byte();
  std::size_t taken = 0;
  dicom::Inflater inflater;
  for (ByteView left = feed.rest(); !left.empty(); left = left.subspan(std::min(piece, left.size())))
    inflater.feed(left.first(std::min(piece, left.size())), [&taken](ByteView bytes) { return (taken += bytes.size()) < (4u << 20); });
}

FUZZ_TARGET(part10) {
  HeldFile file(input);
  static_cast<void>(dicom::data_set_offset(file));
}

}  // namespace sampan::fuzz
