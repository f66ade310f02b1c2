// SPDX-License-Identifier: Apache-2.0
#include "settings/slips.h"

#include <algorithm>
#include <array>

#include "settings/options.h"

namespace sampan::settings {
namespace {

constexpr std::string_view wide_colon = "：";

bool is_option_name(std::string_view word) {
  return std::ranges::any_of(option_table(), [word](const Option& option) { return leaf(option.path) == word; });
}

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

// Where "name" begins and ends, behind the indentation and the mark of an element of a list.
struct Name {
  std::size_t begin = 0, end = 0;
};

Name name_in(std::string_view line) {
  std::size_t begin = 0;
  while (begin < line.size() && (line[begin] == ' ' || (line[begin] == '-' && line.substr(begin, 2) == "- "))) ++begin;
  std::size_t end = begin;
  while (end < line.size() && is_word(line[end])) ++end;
  return {begin, end};
}

// Of the quotation mark with which a value begins and that does not end in this line; npos: none.
std::size_t open_quote(std::string_view line, std::size_t from) {
  while (from < line.size() && (line[from] == ' ' || line[from] == '[' || line.substr(from, 2) == "- ")) ++from;
  if (from >= line.size() || (line[from] != '"' && line[from] != '\'')) return line.npos;
  const char mark = line[from];
  for (std::size_t at = from + 1; at < line.size(); ++at) {
    if (mark == '"' && line[at] == '\\') ++at;
    else if (line[at] == mark) return line.npos;
  }
  return from;
}

struct Slips {
  Problems found;
  const std::string& file;
  int number = 0;

  void add(std::size_t column, Words words) { found.push_back({{file, number, static_cast<int>(column) + 1}, std::move(words)}); }

  void look(std::string_view line) {
    const Name name = name_in(line);
    const std::string word(line.substr(name.begin, name.end - name.begin));
    std::size_t colon = name.end;
    while (colon < line.size() && line[colon] == ' ') ++colon;
    const std::string_view rest = line.substr(colon);
    if (!word.empty() && rest.starts_with(wide_colon))
      return add(colon, {"the colon after " + word + " is a full-width one (：), expected \": \" as of an English keyboard",
                         word + " 后是全角冒号“：”，应为半角冒号加一个空格“: ”"});
    const bool ends = rest.size() == 1 || (rest.size() > 1 && (rest[1] == ' ' || rest[1] == '\t'));
    if (rest.starts_with(':') && !ends && !rest.starts_with("://") && is_option_name(word))
      return add(colon + 1, {"there is no space after \"" + word + ":\", expected \"" + word + ": value\"", word + ": 后缺少空格，应为“" + word + ": 值”"});
    if (const std::size_t quote = open_quote(line, rest.starts_with(':') ? colon + 1 : name.begin); quote != line.npos)
      add(quote, {std::string("the quotation mark ") + line[quote] + " opens here and is not closed in this line, expected another one at the end of the value",
                  std::string("此处的引号 ") + line[quote] + " 在本行没有闭合，应在值的末尾补上引号"});
  }
};

struct Said {
  std::string_view en, zh;
};
constexpr std::array said{
    Said{"illegal map value", "此处多了一个冒号，或上一行缩进有误；值中含冒号时请用引号括起"},
    Said{"end of map not found", "缩进与上文不一致"},
    Said{"end of map flow not found", "花括号没有闭合"},
    Said{"end of sequence not found", "列表的缩进与上文不一致"},
    Said{"end of sequence flow not found", "方括号没有闭合"},
    Said{"illegal EOF in scalar", "引号没有闭合"},
    Said{"illegal block entry", "此处不应出现“- ”"},
    Said{"illegal map key", "此处不应出现“? ”"},
    Said{"illegal flow end", "多余的右括号"},
    Said{"unknown token", "无法识别的字符；值以此字符开头时请用引号括起"},
    Said{"unknown escape character: ", "双引号内的反斜杠无法识别，请改用单引号"},
    Said{"illegal tab when looking for indentation", "缩进中有制表符，请改用空格"},
};

}  // namespace

Problems find_slips(std::string_view text, const std::string& name) {
  Slips slips{{}, name};
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++slips.number;
    slips.look(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::move(slips.found);
}

Words yaml_words(const std::string& message) {
  const auto known = std::ranges::find_if(said, [&](const Said& one) { return message.starts_with(one.en); });
  return {message, known == said.end() ? message : std::string(known->zh)};
}

}  // namespace sampan::settings
