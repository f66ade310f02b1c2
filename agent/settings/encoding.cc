// SPDX-License-Identifier: Apache-2.0
#include "settings/encoding.h"

#include <algorithm>

namespace sampan::settings {
namespace {

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Bytes of the character at the front (RFC 3629, by lead byte), 0 when it is not one. NUL is not text.
std::size_t utf8_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead == 0     ? 0
                             : lead < 0x80 ? 1
                             : lead < 0xc2 ? 0
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf5 ? 4
                                           : 0;
  if (length == 0 || text.size() < length) return 0;
  const auto tail = text.substr(1, length - 1);
  return std::all_of(tail.begin(), tail.end(), is_continuation) ? length : 0;
}

// Column of the first byte that is not UTF-8, 0 when there is none.
int foreign_column(std::string_view line) {
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t length = utf8_length(line.substr(at));
    if (length == 0) return static_cast<int>(at) + 1;
    at += length;
  }
  return 0;
}

// Column of a tab in the indentation, 0 when there is none or the line is blank.
int tab_column(std::string_view line) {
  const auto content = line.find_first_not_of(" \t\r");
  const auto tab = line.find('\t');
  return content == std::string_view::npos || tab > content ? 0 : static_cast<int>(tab) + 1;
}

}  // namespace

Problems check_encoding(std::string_view text, const std::string& name) {
  Problems problems;
  for (int number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (const int column = foreign_column(line)) {
      // The rest of the file is in the same code: one message is enough.
      problems.push_back({{name, number, column}, {"bytes that are not UTF-8, expected a file saved as UTF-8", "含有非 UTF-8 字节，应将文件保存为 UTF-8 编码"}});
      break;
    }
    if (const int column = tab_column(line))
      problems.push_back({{name, number, column}, {"a tab indents this line, expected spaces", "本行用制表符缩进，应改用空格"}});
  }
  return problems;
}

}  // namespace sampan::settings
