// SPDX-License-Identifier: Apache-2.0
#include "settings/show.h"

#include <algorithm>

#include "settings/value.h"

namespace sampan::settings {
namespace {

// One line of the file: a value, or the name that opens a group or list.
struct Line {
  std::size_t depth = 0;
  bool begins_element = false;
  std::string name;  // empty for an element that is a single value
  bool has_value = false;
  Shown shown{};
  enum class From { file, initial, other } from = From::file;
};

std::string below(const std::string& group, std::string_view name) {
  return group.empty() ? std::string(name) : group + "." + std::string(name);
}

class Walk {
 public:
  explicit Walk(const Reading& reading) : reading_(reading) {}

  std::vector<Line> lines() {
    group("", "", 0);
    return std::move(lines_);
  }

 private:
  void group(const std::string& schema, const std::string& path, std::size_t depth) {
    for (const Option& option : option_table())
      if (is_child(option.path, schema)) one(option, below(path, leaf(option.path)), depth);
  }

  void one(const Option& option, const std::string& path, std::size_t depth) {
    if (option.kind == Kind::group && !holds(option, path)) return;
    if (option.kind == Kind::group) return opened(option, depth, [&] { group(std::string(option.path), path, depth + 1); });
    if (option.kind == Kind::list) return opened(option, depth, [&] { list(option, path, depth + 1); });
    Line line{depth, false, std::string(leaf(option.path)), true};
    if (fill(line, option, path)) lines_.push_back(std::move(line));
  }

  // A group that must be given whole is not there because something in it has a default.
  bool holds(const Option& group_option, const std::string& path) const {
    const auto table = option_table();
    const bool whole = std::any_of(table.begin(), table.end(),
                                   [&](const Option& o) { return o.required && is_child(o.path, group_option.path); });
    return !whole || reading_.entries.contains(path);
  }

  // The name stands only above what has something below it.
  template <class Below>
  void opened(const Option& option, std::size_t depth, const Below& below) {
    const std::size_t before = lines_.size();
    lines_.push_back({depth, false, std::string(leaf(option.path)), false});
    below();
    if (lines_.size() == before + 1) lines_.pop_back();
  }

  void list(const Option& option, const std::string& path, std::size_t depth) {
    const auto size = reading_.sizes.find(path);
    const std::size_t count = size == reading_.sizes.end() ? 0 : size->second;
    const std::string schema = std::string(option.path) + "[]";
    for (std::size_t i = 0; i < count; ++i) element(schema, path + "[" + std::to_string(i) + "]", depth);
    if (count > 0 || option.from.empty()) return;
    Line line{depth, true, "", true};
    take_other(line, option, path + "[0]");
    lines_.push_back(std::move(line));
  }

  void element(const std::string& schema, const std::string& path, std::size_t depth) {
    const Option& each = *find_option(schema);
    const std::size_t before = lines_.size();
    if (const Entry& entry = reading_.entries.at(path); !entry.text.empty()) {
      Line line{depth, true, "", true};
      fill(line, each, path);
      return lines_.push_back(std::move(line));
    }
    group(schema, path, depth + 1);
    if (lines_.size() > before) lines_[before].begins_element = true;
  }

  bool fill(Line& line, const Option& option, const std::string& path) {
    if (const auto entry = reading_.entries.find(path); entry != reading_.entries.end()) {
      line.shown = {path, shown(option, entry->second.text), to_string(entry->second.place)};
    } else if (!option.initial.empty()) {
      line.from = Line::From::initial;
      line.shown = {path, std::string(option.initial), "default"};
    } else if (!option.from.empty()) {
      take_other(line, option, path);
    } else {
      return false;
    }
    return true;
  }

  void take_other(Line& line, const Option& option, const std::string& path) {
    const std::string other(option.from);
    const auto entry = reading_.entries.find(other);
    line.from = Line::From::other;
    line.shown = {path, entry == reading_.entries.end() ? std::string(find_option(other)->initial) : entry->second.text, other};
  }

  const Reading& reading_;
  std::vector<Line> lines_;
};

// Plain where YAML would read it as it is meant.
std::string yaml(const std::string& text) {
  const auto plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '/' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  const auto inner = [&](char c) { return plain(c) || c == ':' || c == '-' || c == '@' || c == '+'; };
  const bool empty_word = text == "null" || text == "Null" || text == "NULL";
  if (!text.empty() && plain(text.front()) && text.back() != ':' && std::all_of(text.begin(), text.end(), inner) && !empty_word)
    return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return quoted + "\"";
}

std::string origin_of(const Line& line, Lang lang) {
  switch (line.from) {
    case Line::From::file: break;
    case Line::From::initial: return lang == Lang::zh ? "默认值" : "default";
    case Line::From::other: return (lang == Lang::zh ? "同 " : "as ") + line.shown.origin;
  }
  return line.shown.origin;
}

}  // namespace

std::vector<Shown> effective(const Reading& reading) {
  std::vector<Shown> all;
  for (Line& line : Walk(reading).lines())
    if (line.has_value) all.push_back(std::move(line.shown));
  return all;
}

std::string show(const Reading& reading, Lang lang) {
  std::string text;
  for (const Line& line : Walk(reading).lines()) {
    std::string indent(line.depth * 2, ' ');
    if (line.begins_element) indent = line.name.empty() ? indent + "- " : indent.substr(2) + "- ";
    text += indent + (line.name.empty() ? "" : line.name + ":");
    if (line.has_value) text += (line.name.empty() ? "" : " ") + yaml(line.shown.value) + "  # " + origin_of(line, lang);
    text += "\n";
  }
  return text;
}

Checked checked(const Reading& reading, Lang lang) {
  Checked result{reading.problems.empty(), {}};
  for (const Problem& problem : reading.problems) result.text += to_string(problem, lang) + "\n";
  if (!result.good) return result;
  const std::size_t others = reading.files.size() - 1;
  result.text = reading.files.front();
  if (others > 0 && lang == Lang::en) result.text += " and " + std::to_string(others) + " in conf.d";
  if (others > 0 && lang == Lang::zh) result.text += " 及 conf.d 中的 " + std::to_string(others) + " 个文件";
  result.text += lang == Lang::zh ? "：未发现问题\n" : ": no problem found\n";
  return result;
}

}  // namespace sampan::settings
