// SPDX-License-Identifier: Apache-2.0
#include "dicom/iso2022.h"

#include <algorithm>
#include <array>

#include "dicom/convert.h"

namespace sampan::dicom {
namespace {

// How the bytes of a set become bytes of an encoding that iconv knows.
enum class Recast { none, high_bit, high_bit_after_8f };

struct Set {
  std::string_view escape;  // after ESC
  std::string_view number;  // of the ISO registry, as in the defined terms
  bool is_g1;               // selected by bytes with the high bit
  std::size_t width;        // bytes per character
  const char* encoding;
  Recast recast;
};

constexpr std::array sets{
    Set{"(B", "6", false, 1, "ASCII", Recast::none},
    Set{"(J", "14", false, 1, "ASCII", Recast::none},  // but for yen and overline, which are shown as \ and ~
    Set{")I", "13", true, 1, "SHIFT_JIS", Recast::none},
    Set{"$B", "87", false, 2, "EUC-JP", Recast::high_bit},
    Set{"$(D", "159", false, 2, "EUC-JP", Recast::high_bit_after_8f},
    Set{"$)C", "149", true, 2, "EUC-KR", Recast::none},
    Set{"$)A", "58", true, 2, "GB18030", Recast::none},  // some send GBK under this name
    Set{"-A", "100", true, 1, "ISO-8859-1", Recast::none},
    Set{"-B", "101", true, 1, "ISO-8859-2", Recast::none},
    Set{"-C", "109", true, 1, "ISO-8859-3", Recast::none},
    Set{"-D", "110", true, 1, "ISO-8859-4", Recast::none},
    Set{"-L", "144", true, 1, "ISO-8859-5", Recast::none},
    Set{"-G", "127", true, 1, "ISO-8859-6", Recast::none},
    Set{"-F", "126", true, 1, "ISO-8859-7", Recast::none},
    Set{"-H", "138", true, 1, "ISO-8859-8", Recast::none},
    Set{"-M", "148", true, 1, "ISO-8859-9", Recast::none},
    Set{"-b", "203", true, 1, "ISO-8859-15", Recast::none},
    Set{"-T", "166", true, 1, "TIS-620", Recast::none},
};

const Set* ascii() { return &sets[0]; }

const Set* find_number(std::string_view number) {
  const auto found = std::find_if(sets.begin(), sets.end(), [&](const Set& set) { return set.number == number; });
  return found == sets.end() ? nullptr : found;
}

bool has_high_bit(char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; }

std::string recast(std::string_view character, Recast how) {
  std::string bytes(character);
  if (how == Recast::none) return bytes;
  for (char& c : bytes) c = static_cast<char>(static_cast<unsigned char>(c) | 0x80);
  return how == Recast::high_bit_after_8f ? "\x8f" + bytes : bytes;
}

class Decoder {
 public:
  explicit Decoder(const Set* first) {
    if (first != nullptr && first->is_g1) g1_ = first;
  }

  std::optional<std::string> decode(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t count = bytes.front() == '\x1b' ? escape(bytes.substr(1)) : character(bytes);
      if (count == 0) return std::nullopt;
      bytes.remove_prefix(count);
    }
    if (!flush()) return std::nullopt;
    return out_;
  }

 private:
  std::size_t escape(std::string_view after) {
    for (const Set& set : sets) {
      if (!after.starts_with(set.escape)) continue;
      (set.is_g1 ? g1_ : g0_) = &set;
      return 1 + set.escape.size();
    }
    return 0;
  }

  // Gathers characters of one set, so that each run is converted at once.
  std::size_t character(std::string_view bytes) {
    const bool is_control = static_cast<unsigned char>(bytes.front()) <= 0x20;
    const Set* set = is_control ? ascii() : has_high_bit(bytes.front()) ? g1_ : g0_;
    if (set == nullptr || bytes.size() < set->width) return 0;
    if (set != run_set_ && !flush()) return 0;
    run_set_ = set;
    run_ += recast(bytes.substr(0, set->width), set->recast);
    return set->width;
  }

  bool flush() {
    const auto text = convert_strictly(run_, run_set_->encoding);
    run_.clear();
    if (text) out_ += *text;
    return text.has_value();
  }

  const Set* g0_ = ascii();
  const Set* g1_ = nullptr;
  const Set* run_set_ = ascii();
  std::string run_;
  std::string out_;
};

}  // namespace

std::optional<std::string> decode_iso2022(std::string_view bytes, std::string_view first_term) {
  const auto space = first_term.find_last_of(' ');
  return Decoder(space == std::string_view::npos ? nullptr : find_number(first_term.substr(space + 1))).decode(bytes);
}

const char* single_byte_encoding(std::string_view number) {
  const Set* set = find_number(number);
  return set != nullptr && set->width == 1 ? set->encoding : nullptr;
}

std::vector<const char*> set_encodings() {
  std::vector<const char*> all;
  for (const Set& set : sets) all.push_back(set.encoding);
  return all;
}

}  // namespace sampan::dicom
