// SPDX-License-Identifier: Apache-2.0
#include "uplink/stow_copy.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "core/limits.h"

namespace sampan::uplink {
namespace {

constexpr std::size_t buffer_bytes = 64u << 10;
constexpr std::size_t preamble_bytes = 128;
constexpr std::string_view prefix = "DICM";
// (0002,0000) UL, 4 bytes: the group length counts from behind it (PS3.10 7.1).
constexpr std::string_view group_length{"\x02\x00\x00\x00UL\x04\x00", 8};
constexpr std::size_t fixed_bytes = preamble_bytes + prefix.size() + group_length.size() + 4;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// RFC 2046 5.1.1; empty: none.
std::string boundary_of(std::string_view content_type) {
  constexpr std::string_view name = "boundary=";
  const auto at = lower(content_type).find(name);
  if (at == std::string::npos) return {};
  std::string_view value = content_type.substr(at + name.size());
  if (value.starts_with('"')) {
    value.remove_prefix(1);
    return std::string(value.substr(0, value.find('"')));
  }
  return std::string(value.substr(0, value.find_first_of("; \t")));
}

// How long the head of a file is; nothing: more of it is needed.
struct FileHead {
  bool is_one = true;
  std::optional<std::size_t> bytes{};
};
FileHead head_of(std::string_view file) {
  if (file.size() < fixed_bytes) return {};
  if (file.substr(preamble_bytes, prefix.size()) != prefix || file.substr(preamble_bytes + prefix.size(), group_length.size()) != group_length)
    return {false, {}};
  const auto length = load_le<std::uint32_t>(as_bytes(file).data() + fixed_bytes - 4);
  if (length > core::limits::file_head_bytes_max) return {false, {}};
  return {true, fixed_bytes + length};
}

}  // namespace

bool StowCopy::take(std::string_view content_type, ByteView bytes) {
  if (differs_ || unreadable_) return false;
  if (begun_) return compare(bytes);
  head_.append(as_text(bytes));
  return begin(content_type);
}

bool StowCopy::begin(std::string_view content_type) {
  std::size_t file = 0;
  if (lower(content_type).starts_with("multipart/related")) {
    const std::string dashes = "--" + boundary_of(content_type);
    const auto part = dashes.size() > 2 ? head_.find(dashes + "\r\n") : std::string::npos;
    const auto blank = part == std::string::npos ? part : head_.find("\r\n\r\n", part);
    differs_ = dashes.size() == 2 || (blank == std::string::npos && head_.size() > core::limits::file_head_bytes_max);
    if (blank == std::string::npos) return !differs_;
    end_ = "\r\n" + dashes + "--";
    file = blank + 4;
  } else if (!lower(content_type).starts_with("application/dicom") || content_type.find('+') != content_type.npos) {
    differs_ = true;
    return false;
  }
  const FileHead head = head_of(std::string_view(head_).substr(file));
  differs_ = !head.is_one;
  if (differs_ || !head.bytes || head_.size() < file + *head.bytes) return !differs_;
  begun_ = true;
  const std::string rest = head_.substr(file + *head.bytes);
  head_ = {};
  return compare(as_bytes(rest));
}

bool StowCopy::compare(ByteView bytes) {
  buffer_.resize(buffer_bytes);
  while (!bytes.empty() && at_ < payload_.size()) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>({bytes.size(), buffer_.size(), payload_.size() - at_}));
    const auto got = payload_.read(at_, ByteSpan(buffer_).first(wanted));
    unreadable_ = !got || *got != wanted;
    if (unreadable_) return false;
    differs_ = !std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(wanted), buffer_.begin());
    if (differs_) return false;
    at_ += wanted;
    bytes = bytes.subspan(wanted);
  }
  return bytes.empty() || take_end(bytes);
}

// One part and no more; what a body says after its last boundary means nothing.
bool StowCopy::take_end(ByteView bytes) {
  after_.append(as_text(bytes).substr(0, end_.size() + 1 - std::min(after_.size(), end_.size() + 1)));
  differs_ = end_.empty() || !std::string_view(after_).starts_with(std::string_view(end_).substr(0, after_.size()));
  return !differs_;
}

bool StowCopy::is_same() const {
  return begun_ && !differs_ && !unreadable_ && at_ == payload_.size() && std::string_view(after_).starts_with(end_);
}

}  // namespace sampan::uplink
