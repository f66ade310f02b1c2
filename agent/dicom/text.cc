// SPDX-License-Identifier: Apache-2.0
#include "dicom/text.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "dicom/convert.h"
#include "dicom/iso2022.h"

namespace sampan::dicom {
namespace {

constexpr std::string_view wide_space = "\xe3\x80\x80";  // U+3000

std::string_view without_spaces(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\0')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(at);
    parts.push_back(without_spaces(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool is_high(char c) { return static_cast<unsigned char>(c) >= 0x80; }
bool is_plain(std::string_view bytes) {
  return std::none_of(bytes.begin(), bytes.end(), [](char c) { return is_high(c) || c == '\x1b'; });
}

// What a defined term without code extensions stands for; nullptr when it is unknown.
const char* encoding_of(std::string_view term) {
  if (term == "ISO_IR 192") return "UTF-8";
  if (term == "GB18030" || term == "GBK") return "GB18030";  // GBK is a part of it
  for (const std::string_view head : {"ISO_IR ", "ISO 2022 IR "})
    if (term.starts_with(head)) return single_byte_encoding(term.substr(head.size()));
  return nullptr;
}

struct Declaration {
  std::vector<std::string_view> terms;
  bool extended = false;  // escape sequences may occur
  bool any_fits = false;  // nothing, ASCII or Latin-1: proves nothing about the bytes
  const char* encoding = nullptr;
};

Declaration read_declaration(std::string_view character_set) {
  Declaration declared{split(character_set, '\\')};
  const std::string_view first = declared.terms.front();
  declared.extended = std::any_of(declared.terms.begin(), declared.terms.end(),
                                  [](std::string_view term) { return term.starts_with("ISO 2022"); });
  declared.encoding = encoding_of(first);
  declared.any_fits = first.empty() || first.ends_with("IR 6") || first.ends_with("IR 100");
  return declared;
}

// Bytes with the high bit in pairs that are characters of GB 2312, most of them of its first level (lead byte to 0xD7):
// Chinese. The accented letters of Latin-1 stand alone, and in pairs nearly all are of the second level.
bool looks_like_gb2312(std::string_view bytes) {
  std::size_t first_level = 0, second_level = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (!is_high(bytes[i])) continue;
    const auto lead = static_cast<unsigned char>(bytes[i]);
    const auto trail = static_cast<unsigned char>(i + 1 < bytes.size() ? bytes[i + 1] : 0);
    if (lead < 0xa1 || lead > 0xf7 || trail < 0xa1 || trail == 0xff) return false;
    if (lead >= 0xb0) ++(lead <= 0xd7 ? first_level : second_level);
    ++i;
  }
  return first_level > second_level;
}

std::optional<Text> read_strictly(std::string_view value, const char* encoding, bool suspect) {
  if (encoding == nullptr) return std::nullopt;
  auto utf8 = convert_strictly(value, encoding);
  if (!utf8) return std::nullopt;
  return Text{std::move(*utf8), suspect, encoding};
}

// The readings in their order; the first that fits is taken.
std::optional<Text> decode_strictly(std::string_view value, const Declaration& declared) {
  if (is_plain(value)) return Text{std::string(value), false, "ASCII"};
  const bool has_escapes = value.find('\x1b') != std::string_view::npos;
  if (declared.extended || has_escapes)
    if (auto utf8 = decode_iso2022(value, declared.terms.front()))
      return Text{std::move(*utf8), has_escapes && !declared.extended, "ISO 2022"};
  if (declared.any_fits) {
    if (auto text = read_strictly(value, "UTF-8", true)) return *text;
    if (looks_like_gb2312(value))
      if (auto text = read_strictly(value, "GB18030", true)) return *text;
  }
  // Each once: a value of many terms that name the same would be read as many times, for nothing.
  std::vector<const char*> tried;
  for (const std::string_view term : declared.terms) {
    const char* encoding = encoding_of(term);
    if (encoding == nullptr || std::find(tried.begin(), tried.end(), encoding) != tried.end()) continue;
    if (auto text = read_strictly(value, encoding, term != declared.terms.front())) return *text;
    tried.push_back(encoding);
  }
  for (const char* encoding : {"UTF-8", "GB18030"})
    if (auto text = read_strictly(value, encoding, true)) return *text;
  return std::nullopt;
}

Text decode(std::string_view value, const Declaration& declared) {
  if (auto text = decode_strictly(value, declared)) return *text;
  const char* encoding = declared.encoding != nullptr ? declared.encoding : "ASCII";
  return {convert_leniently(value, encoding), true, encoding};
}

// One line, and nothing that a terminal would obey: C0, DEL and C1.
void make_harmless(std::string& utf8) {
  std::string out;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    const bool is_c1 = byte == 0xc2 && static_cast<unsigned char>(utf8[i + 1]) < 0xa0;
    if (utf8[i] == '\t' || utf8[i] == '\n' || utf8[i] == '\r' || utf8[i] == '\f')
      out += ' ';
    else if (byte < 0x20 || byte == 0x7f || is_c1)
      out += replacement_character;
    else
      out += utf8[i];
    if (is_c1) ++i;
  }
  utf8 = std::move(out);
}

std::string_view first_character(std::string_view utf8) {
  std::size_t end = 1;
  while (end < utf8.size() && (static_cast<unsigned char>(utf8[end]) & 0xc0) == 0x80) ++end;
  return utf8.substr(0, end);
}

}  // namespace

Text display_text(std::string_view value, std::string_view character_set) {
  Text text = decode(without_spaces(value), read_declaration(character_set));
  make_harmless(text.utf8);
  return text;
}

std::optional<std::string> exact_text(std::string_view value, std::string_view character_set) {
  auto text = decode_strictly(value, read_declaration(character_set));
  if (!text) return std::nullopt;
  return std::move(text->utf8);
}

void keep_text_ready() {
  std::vector<const char*> encodings = set_encodings();
  encodings.insert(encodings.end(), {"UTF-8", "GB18030"});
  keep_converters(encodings);
}

std::string mask_name(std::string_view name) {
  // Alphabetic, ideographic, phonetic: the second is how the person writes it.
  const auto groups = split(name, '=');
  std::string_view shown = groups.size() > 1 && !groups[1].empty() ? groups[1] : groups[0];
  while (!shown.empty() && (shown.front() == ' ' || shown.front() == '^' || shown.starts_with(wide_space)))
    shown.remove_prefix(shown.starts_with(wide_space) ? wide_space.size() : 1);
  if (shown.empty()) return {};
  return std::string(first_character(shown)) + "*";
}

}  // namespace sampan::dicom
