// SPDX-License-Identifier: Apache-2.0
#include "dicom/fact_scanner.h"

#include <algorithm>

#include "core/limits.h"
#include "dicom/cursor.h"
#include "dicom/inflater.h"

namespace sampan::dicom {
namespace {

using core::Fact;
namespace limits = core::limits;

constexpr std::string_view implicit_le = "1.2.840.10008.1.2";
constexpr std::string_view explicit_be = "1.2.840.10008.1.2.2";
constexpr std::string_view deflated_le = "1.2.840.10008.1.2.1.99";

constexpr std::uint32_t item_tag = 0xfffee000, item_end_tag = 0xfffee00d, sequence_end_tag = 0xfffee0dd;
constexpr std::uint32_t sop_instance_uid_tag = 0x00080018;
constexpr std::uint32_t undefined_length = 0xffffffff;
constexpr std::size_t short_header_bytes = 8;

bool is_wanted(const core::FactRow& row) { return row.tag != 0 && row.fact != Fact::sop_class_uid; }

const core::FactRow* find_wanted(std::uint32_t tag) {
  for (const core::FactRow& row : core::fact_table())
    if (is_wanted(row) && row.tag == tag) return &row;
  return nullptr;
}

std::uint32_t last_wanted_tag() {
  static const std::uint32_t last = [] {
    std::uint32_t tag = 0;
    for (const core::FactRow& row : core::fact_table()) tag = std::max(tag, row.tag);
    return tag;
  }();
  return last;
}

std::uint32_t load(const std::uint8_t* at, std::size_t bytes, bool big_endian) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | at[big_endian ? i : bytes - 1 - i];
  return value;
}

bool is_vr(std::string_view vr) {
  return std::all_of(vr.begin(), vr.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_padding(char c) { return c == ' ' || c == '\0'; }

std::string_view without_padding(std::string_view value) {
  while (!value.empty() && is_padding(value.back())) value.remove_suffix(1);
  while (!value.empty() && is_padding(value.front())) value.remove_prefix(1);
  return value;
}

// Text of any character set, escape sequences of ISO 2022 included: no other control characters (PS3.5 6.1.3).
bool is_plausible(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 ? byte != 0x7f : c == '\t' || c == '\n' || c == '\f' || c == '\r' || byte == 0x1b;
  });
}

}  // namespace

FactScanner::FactScanner(std::string_view transfer_syntax_uid)
    : coding_{transfer_syntax_uid == implicit_le, transfer_syntax_uid == explicit_be} {
  if (transfer_syntax_uid == deflated_le) inflater_ = std::make_unique<Inflater>();
}

FactScanner::~FactScanner() = default;
FactScanner::FactScanner(FactScanner&&) noexcept = default;
FactScanner& FactScanner::operator=(FactScanner&&) noexcept = default;

void FactScanner::feed(ByteView bytes) {
  if (done()) return;
  if (!inflater_) return parse(bytes);
  inflater_->feed(bytes, [this](ByteView piece) {
    parse(piece);
    return !done();
  });
  if (inflater_->ended()) step_ = Step::finished;
}

void FactScanner::parse(ByteView bytes) {
  bytes = bytes.first(std::min<std::uint64_t>(bytes.size(), limits::scan_bytes_max - scanned_bytes_));
  scanned_bytes_ += bytes.size();
  while (!bytes.empty() && !done()) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_bytes_, bytes.size()));
    if (step_ != Step::skip) gathered_.insert(gathered_.end(), bytes.begin(), bytes.begin() + count);
    bytes = bytes.subspan(count);
    remaining_bytes_ -= count;
    if (remaining_bytes_ == 0) step_done();
  }
  if (scanned_bytes_ == limits::scan_bytes_max) step_ = Step::finished;
}

void FactScanner::step_done() {
  if (step_ == Step::header) {
    if (gathered_.size() == short_header_bytes && header_is_long()) {
      remaining_bytes_ = 4;
      return;
    }
    if (!read_header())
      step_ = Step::finished;
    else if (element_.tag >> 16 == 0xfffe)
      enter_delimiter();
    else
      enter_element();
    return;
  }
  if (step_ == Step::value) keep_value();
  next_header();
}

bool FactScanner::header_is_long() const {
  if (coding().implicit_vr || load(gathered_.data(), 2, coding().big_endian) == 0xfffe) return false;
  return has_long_length(as_text(gathered_).substr(4, 2));
}

bool FactScanner::read_header() {
  const auto [implicit_vr, big_endian] = coding();
  const std::uint8_t* at = gathered_.data();
  element_ = {load(at, 2, big_endian) << 16 | load(at + 2, 2, big_endian), 0, false};
  if (implicit_vr || element_.tag >> 16 == 0xfffe) {
    element_.length = load(at + 4, 4, big_endian);
    return true;
  }
  const std::string_view vr = as_text(gathered_).substr(4, 2);
  const bool is_long = gathered_.size() > short_header_bytes;
  element_.length = is_long ? load(at + 8, 4, big_endian) : load(at + 6, 2, big_endian);
  element_.is_un = vr == "UN";
  return is_vr(vr);
}

void FactScanner::enter_element() {
  const bool in_sequence = !levels_.empty() && !levels_.back().is_item;
  const bool past_last = levels_.empty() && element_.tag > last_wanted_tag();
  if (in_sequence || past_last) {
    step_ = Step::finished;
  } else if (element_.length == undefined_length) {
    // UN of undefined length holds Implicit VR Little Endian, whatever is around it (PS3.5 6.2.2).
    open_level({false, element_.is_un ? Coding{true, false} : coding()});
  } else if (levels_.empty() && element_.length <= limits::fact_value_bytes_max && find_wanted(element_.tag)) {
    gathered_.clear();
    remaining_bytes_ = element_.length;
    step_ = Step::value;
    if (element_.length == 0) next_header();
  } else {
    skip(element_.length);
  }
}

void FactScanner::enter_delimiter() {
  const bool in_item = !levels_.empty() && levels_.back().is_item;
  const bool in_sequence = !levels_.empty() && !in_item;
  if (element_.tag == item_tag && in_sequence) {
    if (element_.length == undefined_length) return open_level({true, coding()});
    return skip(element_.length);
  }
  if ((element_.tag == item_end_tag && in_item) || (element_.tag == sequence_end_tag && in_sequence)) {
    levels_.pop_back();
    return next_header();
  }
  step_ = Step::finished;
}

void FactScanner::open_level(Level level) {
  if (levels_.size() == limits::scan_depth_max) {
    step_ = Step::finished;
    return;
  }
  levels_.push_back(level);
  next_header();
}

void FactScanner::skip(std::uint32_t length) {
  if (length == 0) return next_header();
  if (length > limits::scan_bytes_max) {
    step_ = Step::finished;
    return;
  }
  remaining_bytes_ = length;
  step_ = Step::skip;
}

void FactScanner::next_header() {
  gathered_.clear();
  remaining_bytes_ = short_header_bytes;
  step_ = Step::header;
}

void FactScanner::keep_value() {
  const std::string_view value = without_padding(as_text(gathered_));
  if (!is_plausible(value)) return;
  if (element_.tag == sop_instance_uid_tag)
    data_sop_instance_uid_ = value;
  else
    facts_.set(find_wanted(element_.tag)->fact, std::string(value));
}

}  // namespace sampan::dicom
