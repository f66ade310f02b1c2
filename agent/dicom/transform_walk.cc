// SPDX-License-Identifier: Apache-2.0
// The walk of a Transformer: elements, sequences, items, fragments.
#include <algorithm>

#include "core/limits.h"
#include "dicom/dictionary.h"
#include "dicom/transformer.h"

namespace sampan::dicom {
namespace {

constexpr std::uint32_t item_tag = 0xfffee000, item_end = 0xfffee00d, sequence_end = 0xfffee0dd;
constexpr std::uint32_t pixel_data_tag = 0x7fe00010, digital_signatures_tag = 0xfffafffa, character_set_tag = 0x00080005;

// Value representations that Specific Character Set governs (PS3.5 6.1.2.2).
bool is_text(std::string_view vr) {
  static constexpr std::string_view all[] = {"LO", "LT", "PN", "SH", "ST", "UC", "UT"};
  return std::ranges::find(all, vr) != std::end(all);
}

}  // namespace

// The top level, in the order of tags.
Status Transformer::walk() {
  std::int64_t last = -1;
  while (!cursor_.at_end()) {
    auto element = header(top_);
    if (!element) return element.error();
    if (element->tag >> 16 == 0xfffe || element->tag <= last) return unsafe("its elements are out of order");
    if (element->tag == digital_signatures_tag) return unsafe("it carries a digital signature that would no longer hold");
    last = element->tag;
    insert_missing(element->tag, element->at);
    if (element->tag > original_attributes_tag && originals_end_ == no_end) originals_end_ = element->at;
    group_ = static_cast<std::uint16_t>(element->tag >> 16);
    if (Status done = top_element(*element); !done) return done;
  }
  insert_missing(undefined_length, payload_.size());
  if (originals_end_ == no_end) originals_end_ = payload_.size();
  return {};
}

Result<Element> Transformer::header(const Level& level) {
  auto head = cursor_.peek(12);
  if (!head) return head.error();
  if (head->size() < 8) return unsafe("it is cut short");
  const std::uint8_t* at = head->data();
  Element element;
  element.at = cursor_.at();
  element.tag = static_cast<std::uint32_t>(load_le<std::uint16_t>(at)) << 16 | load_le<std::uint16_t>(at + 2);
  element.length = load_le<std::uint32_t>(at + 4);
  if (element.tag >> 16 != 0xfffe && level.implicit_vr) {
    element.vr = vr_of(element.tag);
  } else if (element.tag >> 16 != 0xfffe) {
    element.vr.assign(at + 4, at + 6);
    if (!std::ranges::all_of(element.vr, [](char c) { return c >= 'A' && c <= 'Z'; })) return unsafe("it is malformed");
    element.length = load_le<std::uint16_t>(at + 6);
    if (has_long_length(element.vr)) {
      if (head->size() < 12) return unsafe("it is cut short");
      element.length = load_le<std::uint32_t>(at + 8);
      element.header_bytes = 12;
    }
  }
  cursor_.skip(element.header_bytes);
  return element;
}

// Elements of an item, up to an offset or the item's end.
Status Transformer::elements(std::uint64_t end, int depth, Level level) {
  if (depth > core::limits::image_depth_max) return unsafe("it is nested too deep");
  while (cursor_.at() < end) {
    if (cursor_.at_end()) return unsafe("it is cut short");
    auto element = header(level);
    if (!element) return element.error();
    if (element->tag == item_end && end == no_end) return {};
    if (element->tag >> 16 == 0xfffe) return unsafe("it is malformed");
    if (Status done = value(*element, depth, level); !done) return done;
  }
  return cursor_.at() == end ? Status() : unsafe("it is malformed");
}

Status Transformer::value(const Element& element, int depth, Level& level) {
  if (element.length == undefined_length) {
    if (element.tag == pixel_data_tag) return fragments();
    Level inner = level;
    // PS3.5 6.2.2: UN of undefined length is an implicit little-endian sequence.
    if (element.vr == "UN") inner.implicit_vr = true;
    return sequence(element, no_end, depth, inner);
  }
  if (wanted_.character_set.empty()) return pass(element.length);
  if (element.tag == character_set_tag || is_text(element.vr)) return text(element, level);
  auto nested = is_sequence(element, level);
  if (!nested) return nested.error();
  if (!*nested) return pass(element.length);
  return sequence(element, element.value_at() + element.length, depth, level);
}

Result<bool> Transformer::is_sequence(const Element& element, const Level& level) {
  if (!level.implicit_vr) return element.vr == "SQ";
  if (element.vr == "SQ") return true;
  if (!element.vr.empty() || element.length < 8) return false;
  auto first = cursor_.peek(4);
  if (!first) return first.error();
  return first->size() == 4 && load_le<std::uint32_t>(first->data()) == 0xe000fffe;
}

Status Transformer::sequence(const Element& element, std::uint64_t end, int depth, Level level) {
  const std::int64_t grown_before = grown_;
  while (cursor_.at() < end) {
    auto item = header(level);
    if (!item) return item.error();
    if (item->tag == sequence_end && end == no_end) {
      last_sequence_end_ = item->at;
      return {};
    }
    if (item->tag != item_tag) return unsafe("it is malformed");
    const std::int64_t item_before = grown_;
    const std::uint64_t stop = item->length == undefined_length ? no_end : item->value_at() + item->length;
    if (Status done = elements(stop, depth + 1, level); !done) return done;
    if (item->length != undefined_length && grown_ != item_before)
      if (Status done = lengthen(item->at + 4, item->length, grown_ - item_before); !done) return done;
  }
  if (cursor_.at() != end) return unsafe("it is malformed");
  const bool is_originals = depth == 0 && element.tag == original_attributes_tag;  // grows once more
  if (grown_ == grown_before || is_originals) return {};
  return lengthen(element.value_at() - 4, element.length, grown_ - grown_before);
}

Status Transformer::fragments() {
  for (;;) {
    auto item = header({});
    if (!item) return item.error();
    if (item->tag == sequence_end) return {};
    if (item->tag != item_tag || item->length == undefined_length) return unsafe("it is malformed");
    if (Status done = pass(item->length); !done) return done;
  }
}

Status Transformer::pass(std::uint64_t bytes) {
  if (bytes > payload_.size() - cursor_.at()) return unsafe("it is cut short");
  cursor_.skip(bytes);
  return {};
}

// Moves behind it.
Result<std::string> Transformer::read_value(const Element& element) {
  if (element.length > core::limits::transform_bytes_max) return unsafe("it holds more text than can be changed on the way");
  auto bytes = read_range(element.value_at(), element.length);
  if (!bytes) return bytes.error();
  if (Status passed = pass(element.length); !passed) return passed.error();
  spent_ -= bytes->size();
  return std::string(as_text(*bytes));
}

Result<Bytes> Transformer::read_range(std::uint64_t at, std::uint64_t size) {
  if (size > payload_.size() - std::min(at, payload_.size())) return unsafe("it is cut short");
  if (Status afforded = afford(size); !afforded) return afforded.error();
  Bytes bytes(size);
  auto got = payload_.read(at, bytes);
  if (!got) return got.error();
  if (*got != size) return fail(Errc::damaged, "shorter than it says");
  return bytes;
}

}  // namespace sampan::dicom
