// SPDX-License-Identifier: Apache-2.0
#include "dicom/transform.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "dicom/convert.h"
#include "dicom/dictionary.h"
#include "dicom/text.h"
#include "dicom/transformer.h"

namespace sampan::dicom {
namespace {

constexpr std::uint32_t length_to_end_tag = 0x00080001, character_set_tag = 0x00080005, institution_tag = 0x00080080,
                        patient_id_tag = 0x00100020, issuer_tag = 0x00100021, issuer_qualifiers_tag = 0x00100024;
constexpr std::size_t short_value_bytes_max = 65534;
constexpr std::size_t long_string_characters_max = 64;  // PS3.5 6.2, LO

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80 && c != 0x1b; });
}

std::string_view trimmed(std::string_view text, bool front = true) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.remove_suffix(1);
  while (front && !text.empty() && text.front() == ' ') text.remove_prefix(1);
  return text;
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

Transformer::Transformer(core::Payload& payload, bool implicit_vr, const Transform& wanted)
    : payload_(payload), cursor_(payload), wanted_(wanted), top_{implicit_vr, {}} {
  want(character_set_tag, "CS", wanted.character_set);
  want(institution_tag, "LO", wanted.institution_name);
  want(issuer_tag, "LO", wanted.issuer_of_patient_id);
}

void Transformer::want(std::uint32_t tag, const char* vr, const std::string& utf8) {
  if (utf8.empty()) return;
  const bool gb = wanted_.character_set == "GB18030";
  missing_.push_back({tag, vr, gb ? encode_strictly(utf8, "GB18030").value_or(utf8) : utf8});
}

Result<std::vector<Edit>> Transformer::run(const ChangeNote& note) {
  if (!wanted_.character_set.empty() && top_.implicit_vr && !has_dictionary())
    return unsafe("the data dictionary of DCMTK is missing here");
  if (Status walked = walk(); !walked) return walked.error();
  if (before_.empty()) return std::vector<Edit>();
  if (Status recorded = record(note); !recorded) return recorded.error();
  if (Status corrected = correct_lengths(); !corrected) return corrected.error();
  if (!set_in_order(edits_, payload_.size())) return unsafe("it is malformed");
  return std::move(edits_);
}

Status Transformer::afford(std::size_t bytes) {
  spent_ += bytes;
  return spent_ <= core::limits::transform_bytes_max ? Status() : unsafe("it holds more text than can be changed on the way");
}

Status Transformer::top_element(const Element& element) {
  const bool counts = element.length == 4 && (top_.implicit_vr || element.vr == "UL");
  if (counts && (element.tag & 0xffff) == 0) length_of_[group_] = element.value_at();
  if (counts && element.tag == length_to_end_tag) length_to_end_ = element.value_at();
  const std::size_t edits_before = edits_.size();
  const std::int64_t grown_before = grown_;
  bool done = false;
  if (Status changed = change_own(element, done); !changed) return changed;
  if (!done)
    if (Status passed = value(element, 0, top_); !passed) return passed;
  if (element.tag == original_attributes_tag) {
    originals_ = element;
    originals_end_ = element.length == undefined_length ? last_sequence_end_ : cursor_.at();
    originals_grown_ = grown_ - grown_before;
  } else if (edits_.size() != edits_before) {
    auto whole = read_range(element.at, cursor_.at() - element.at);
    if (!whole) return whole.error();
    before_[element.tag] = std::move(*whole);
  }
  grown_in_[group_] += grown_ - grown_before;
  return {};
}

void Transformer::insert_missing(std::uint32_t before_tag, std::uint64_t at) {
  while (!missing_.empty() && missing_.front().tag < before_tag) {
    const Wanted one = std::move(missing_.front());
    missing_.erase(missing_.begin());
    Bytes element = encode_element(one.tag, one.vr, as_bytes(one.value), top_.implicit_vr);
    grown_ += static_cast<std::int64_t>(element.size());
    grown_in_[static_cast<std::uint16_t>(one.tag >> 16)] += static_cast<std::int64_t>(element.size());
    edits_.push_back({at, 0, std::move(element)});
    before_[one.tag] = encode_element(one.tag, one.vr, {}, top_.implicit_vr);
  }
}

// Elements of the top level that a destination gives a value of its own.
Status Transformer::change_own(const Element& element, bool& done) {
  const bool ours = !missing_.empty() && missing_.front().tag == element.tag;
  const bool stale = element.tag == issuer_qualifiers_tag && !wanted_.issuer_of_patient_id.empty();
  const bool prefixed = element.tag == patient_id_tag && !wanted_.patient_id_prefix.empty();
  done = ours || stale || prefixed;
  if (!done) return {};
  if (prefixed) return prefix(element);
  if (stale) {
    const std::size_t edits_before = edits_.size();
    const std::int64_t grown_before = grown_;
    if (Status passed = value(element, 0, top_); !passed) return passed;
    edits_.resize(edits_before);
    grown_ = grown_before;
    return edit(element.at, cursor_.at() - element.at, {});
  }
  const Wanted one = std::move(missing_.front());
  missing_.erase(missing_.begin());
  auto old = read_value(element);
  if (!old) return old.error();
  if (element.tag == character_set_tag) top_.character_set = *old;
  if (trimmed(*old) == one.value) return {};
  return replace(element, one.vr, one.value, top_.implicit_vr);
}

Status Transformer::prefix(const Element& element) {
  auto old = read_value(element);
  if (!old) return old.error();
  auto id = exact_text(trimmed(*old), top_.character_set);
  if (!id) return unsafe("its Patient ID is in no character set that can be read");
  if (id->empty()) return {};
  if (characters(*id) + wanted_.patient_id_prefix.size() > long_string_characters_max)
    return unsafe("its Patient ID would be longer than 64 characters with the prefix");
  std::string raw(trimmed(*old));
  if (!is_ascii(raw) && !wanted_.character_set.empty())
    raw = wanted_.character_set == "GB18030" ? encode_strictly(*id, "GB18030").value_or(raw) : *id;
  return replace(element, "LO", wanted_.patient_id_prefix + raw, top_.implicit_vr);
}

Status Transformer::text(const Element& element, Level& level) {
  auto old = read_value(element);
  if (!old) return old.error();
  if (element.tag == character_set_tag) {
    level.character_set = *old;
    if (trimmed(*old) == wanted_.character_set) return {};
    return replace(element, "CS", wanted_.character_set, level.implicit_vr);
  }
  if (is_ascii(*old)) return {};
  auto fresh = exact_text(trimmed(*old, false), level.character_set);
  if (!fresh) return unsafe("a text of it is in no character set that can be read");
  if (wanted_.character_set == "GB18030") fresh = encode_strictly(*fresh, "GB18030");
  if (!fresh || *fresh == trimmed(*old, false)) return fresh ? Status() : unsafe("a text of it cannot be written in the character set");
  return replace(element, element.vr, *fresh, level.implicit_vr);
}

Status Transformer::edit(std::uint64_t at, std::uint64_t removed, Bytes inserted) {
  if (Status afforded = afford(inserted.size() + sizeof(Edit)); !afforded) return afforded;
  grown_ += static_cast<std::int64_t>(inserted.size()) - static_cast<std::int64_t>(removed);
  edits_.push_back({at, removed, std::move(inserted)});
  return {};
}

Status Transformer::replace(const Element& element, std::string_view vr, std::string_view fresh, bool implicit_vr) {
  if (!implicit_vr && !has_long_length(vr) && fresh.size() > short_value_bytes_max)
    return unsafe("a text of it would be too long for its element");
  return edit(element.at, element.header_bytes + std::uint64_t{element.length}, encode_element(element.tag, vr, as_bytes(fresh), implicit_vr));
}

// A length of 32 bits.
Status Transformer::lengthen(std::uint64_t at, std::uint32_t length, std::int64_t by) {
  const std::int64_t longer = length + by;
  if (longer < 0 || longer >= undefined_length) return unsafe("a sequence of it would be too long");
  Bytes bytes(4);
  store_le(bytes.data(), static_cast<std::uint32_t>(longer));
  return edit(at, 4, std::move(bytes));
}

Status Transformer::record(const ChangeNote& note) {
  Bytes item = original_attributes_item(before_, note, top_.implicit_vr);
  const std::int64_t grown_before = grown_;
  if (originals_ && !top_.implicit_vr && originals_->vr != "SQ") return unsafe("its Original Attributes Sequence is malformed");
  if (originals_ && originals_->length != undefined_length) {
    const auto by = static_cast<std::int64_t>(item.size()) + originals_grown_;
    if (Status done = lengthen(originals_->value_at() - 4, originals_->length, by); !done) return done;
  }
  if (!originals_) item = encode_element(original_attributes_tag, "SQ", item, top_.implicit_vr);
  if (Status done = edit(originals_end_, 0, std::move(item)); !done) return done;
  grown_in_[original_attributes_tag >> 16] += grown_ - grown_before;
  return {};
}

// Lengths of groups (retired, and still met) and the length to the end.
Status Transformer::correct_lengths() {
  std::vector<std::pair<std::uint64_t, std::int64_t>> changes;
  for (const auto& [group, at] : length_of_)
    if (grown_in_[group] != 0) changes.emplace_back(at, grown_in_[group]);
  if (length_to_end_ && grown_ != 0) changes.emplace_back(*length_to_end_, grown_);
  for (const auto& [at, by] : changes) {
    auto old = read_range(at, 4);
    if (!old) return old.error();
    if (Status done = lengthen(at, load_le<std::uint32_t>(old->data()), by); !done) return done;
  }
  return {};
}

bool Transform::empty() const { return *this == Transform{}; }

Result<std::vector<Edit>> transform(std::string_view transfer_syntax_uid, core::Payload& original, const Transform& wanted,
                                    const ChangeNote& note) {
  if (wanted.empty()) return std::vector<Edit>();
  if (transfer_syntax_uid == "1.2.840.10008.1.2.1.99") return unsafe("its data set is deflated");
  if (transfer_syntax_uid == "1.2.840.10008.1.2.2") return unsafe("its data set is big-endian");
  return Transformer(original, transfer_syntax_uid == "1.2.840.10008.1.2", wanted).run(note);
}

std::uint64_t held_bytes(const core::Payload& payload) {
  const auto* spliced = dynamic_cast<const Spliced*>(&payload);
  return spliced == nullptr ? 0 : spliced->held_bytes();
}

Result<Digest> digest_of(core::Payload& payload) {
  Sha256 hash;
  Bytes buffer(256u << 10);
  for (std::uint64_t at = 0; at < payload.size();) {
    auto got = payload.read(at, buffer);
    if (!got) return got.error();
    if (*got == 0) return fail(Errc::damaged, "shorter than it says");
    hash.update(ByteView(buffer).first(*got));
    at += *got;
  }
  return hash.finish();
}

}  // namespace sampan::dicom
