// SPDX-License-Identifier: Apache-2.0
// Bytes are looked over first (encoding, tabs), then YAML is walked along the option table.
#include "settings/reading.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <exception>
#include <set>
#include <sstream>

#include "core/limits.h"
#include "settings/check.h"
#include "settings/encoding.h"
#include "settings/slips.h"
#include "settings/suggest.h"
#include "settings/value.h"

namespace sampan::settings {
namespace {

// What a file says, shortened: it is quoted in a message of one line.
std::string quoted(std::string_view text) {
  std::string words;
  for (char c : text.substr(0, 64)) words.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  // Not in the middle of a character.
  if (text.size() > words.size())
    while (!words.empty() && (static_cast<unsigned char>(text[words.size()]) & 0xc0) == 0x80) words.pop_back();
  return words;
}

Words noun(const YAML::Node& node) {
  if (node.IsMap()) return {"a group", "一组选项"};
  if (node.IsSequence()) return {"a list", "一个列表"};
  return node.IsScalar() ? Words{"a single value", "单个值"} : Words{"empty", "空"};
}

bool is_container(const Option& option) { return option.kind == Kind::group || option.kind == Kind::list; }

std::string below(const std::string& group, std::string_view name) {
  return group.empty() ? std::string(name) : group + "." + std::string(name);
}

Words instead(const Option& option) {
  const Words words = expected(option);
  const bool latin = !words.zh.empty() && static_cast<unsigned char>(words.zh.front()) < 0x80;
  return {", expected " + words.en, (latin ? "，应为 " : "，应为") + words.zh};
}

class Walker {
 public:
  Walker(Reading& reading, std::string file) : reading_(reading), file_(std::move(file)) {}

  void document(const YAML::Node& node) {
    if (node.IsMap()) return group(node, "", "");
    const Words what = noun(node);
    complain(node.Mark(), {"the file is " + what.en + ", expected \"name: value\" lines",
                           "文件内容是" + what.zh + "，应为“名称: 值”形式的行"});
  }

  void left_over(const YAML::Mark& mark, bool is_document) {
    if (is_document)
      return complain(mark, {"a second document begins, expected one per file", "出现第二个文档，每个文件应只有一个"});
    complain(mark, {"this belongs to nothing above it, expected \"name: value\" lines", "此处与上文无关，应为“名称: 值”形式的行"});
  }

 private:
  // schema is the path in the option table, path the one in these files: "destinations[]" and "destinations[1]".
  void group(const YAML::Node& node, const std::string& schema, const std::string& path) {
    std::set<std::string> seen;
    for (const auto& pair : node) {
      if (!pair.first.IsScalar()) {
        const Words what = noun(pair.first);
        complain(pair.first.Mark(), {"the name of an option is " + what.en + ", expected a word",
                                     "选项名称是" + what.zh + "，应为一个单词"});
      } else {
        named(pair.first, pair.second, schema, path, seen);
      }
    }
    // An element of a list is whole here; what may be continued in another file is looked at when all were read.
    if (!schema.empty() && schema.find("[]") != std::string::npos) missing(schema, path, place_of(node.Mark()), seen);
  }

  void named(const YAML::Node& name, const YAML::Node& node, const std::string& schema, const std::string& path,
             std::set<std::string>& seen) {
    const std::string key = name.Scalar();
    const Option* option = find_option(below(schema, key));
    if (option == nullptr || !is_child(option->path, schema)) {
      const Words hint = suggest(schema, key);
      const std::string shown_path = below(path, quoted(key));
      return complain(name.Mark(), {"unknown option " + shown_path + ", " + hint.en, "没有选项 " + shown_path + "，" + hint.zh});
    }
    const std::string joined = below(path, key);
    const auto [entry, first] = reading_.entries.try_emplace(joined, Entry{option, {}, place_of(name.Mark())});
    if (!seen.insert(key).second || (!first && !is_container(*option))) return twice(name.Mark(), joined);
    value(*option, node, joined);
  }

  void twice(const YAML::Mark& mark, const std::string& path) {
    const Place& first = reading_.entries.at(path).place;
    const bool here = first.file == file_;
    complain(mark, {path + " is given twice, expected once; first in " +
                        (here ? "line " + std::to_string(first.line) : to_string(first)),
                    path + " 重复，应只写一次；首次出现在" + (here ? "第 " + std::to_string(first.line) + " 行" : " " + to_string(first))});
  }

  void value(const Option& option, const YAML::Node& node, const std::string& path) {
    if (!counted(node)) return;
    const bool nothing = node.IsNull() || (node.IsSequence() && node.size() == 0);
    if (option.kind == Kind::group && (node.IsMap() || node.IsNull())) {
      group(node, std::string(option.path), path);
    } else if (option.kind == Kind::list && option.required && nothing) {
      reading_.sizes[path] += 0;  // another file may fill it
    } else if (option.kind == Kind::list && node.IsSequence()) {
      list(option, node, path);
    } else if (option.kind == Kind::list && node.IsScalar() && may_be_short(option)) {
      const std::string name = path + "[" + std::to_string(reading_.sizes[path]++) + "]";
      const Option& each = *find_option(std::string(option.path) + "[]");
      reading_.entries[name] = Entry{&each, {}, place_of(node.Mark())};
      if (!scalar(each, node, name, path)) each.set(reading_.settings, {});
    } else if (!is_container(option) && node.IsScalar()) {
      scalar(option, node, path, path);
    } else {
      const YAML::Mark mark = node.IsNull() ? mark_of(path) : node.Mark();
      const Words what = noun(node), wanted = instead(option);
      complain(mark, {path + " is " + what.en + wanted.en, path + " 是" + what.zh + wanted.zh});
    }
  }

  void list(const Option& option, const YAML::Node& node, const std::string& path) {
    const std::string schema = std::string(option.path) + "[]";
    const Option& each = *find_option(schema);
    reading_.sizes[path] += 0;
    for (const auto& one : node) {
      if (!counted(one)) return;
      const std::string name = path + "[" + std::to_string(reading_.sizes[path]++) + "]";
      reading_.entries[name] = Entry{&each, {}, place_of(one.Mark())};
      // An element that may be written short (one word) may also be written as a group, when it has options of its own.
      if (one.IsMap() && has_children(schema)) {
        each.set(reading_.settings, {});
        group(one, schema, name);
      } else if (each.kind == Kind::group || !one.IsScalar()) {
        const Words what = noun(one), wanted = instead(each);
        complain(one.Mark(), {name + " is " + what.en + wanted.en, name + " 是" + what.zh + wanted.zh});
        each.set(reading_.settings, {});  // keeps the numbering of the elements that follow
      } else if (!scalar(each, one, name, name)) {
        each.set(reading_.settings, {});
      }
    }
  }

  // The file knows it by the name.
  bool scalar(const Option& option, const YAML::Node& node, const std::string& path, const std::string& name) {
    const auto parsed = parse_value(option, node.Scalar());
    if (parsed) {
      option.set(reading_.settings, *parsed);
      reading_.entries.at(path).text = node.Scalar();
      return true;
    }
    const std::string text = quoted(shown(option, node.Scalar()));
    const Words wanted = instead(option);
    complain(node.Mark(), {name + " is \"" + text + "\"" + wanted.en, name + " 是“" + text + "”" + wanted.zh});
    return false;
  }

  void missing(const std::string& schema, const std::string& path, const Place& place, const std::set<std::string>& seen) {
    for (const Option& option : option_table()) {
      const std::string name(leaf(option.path));
      if (!option.required || !is_child(option.path, schema) || seen.contains(name)) continue;
      const Words wanted = instead(option);
      reading_.problems.push_back({place, {below(path, name) + " is missing" + wanted.en, "缺少 " + below(path, name) + wanted.zh}});
    }
  }

  // A list of single values, where one of them may stand for itself: modality: CT.
  static bool may_be_short(const Option& list) {
    const Option* each = find_option(std::string(list.path) + "[]");
    return each != nullptr && each->kind != Kind::group;
  }

  static bool has_children(const std::string& schema) {
    const auto table = option_table();
    return std::any_of(table.begin(), table.end(), [&](const Option& o) { return is_child(o.path, schema); });
  }

  // Aliases may make a small file as large as anything.
  bool counted(const YAML::Node& node) {
    if (++values_ < core::limits::settings_values_max) return true;
    if (values_ == core::limits::settings_values_max)
      complain(node.Mark(), {"more values than a file may hold, expected at most " + std::to_string(values_),
                             "值过多，一个文件至多 " + std::to_string(values_) + " 个"});
    return false;
  }

  YAML::Mark mark_of(const std::string& path) const {
    const Place& place = reading_.entries.at(path).place;
    YAML::Mark mark;
    mark.line = place.line - 1;
    mark.column = place.column - 1;
    return mark;
  }

  Place place_of(const YAML::Mark& mark) const { return {file_, mark.line + 1, mark.column + 1}; }
  void complain(const YAML::Mark& mark, Words words) { reading_.problems.push_back({place_of(mark), std::move(words)}); }

  Reading& reading_;
  const std::string file_;
  std::size_t values_ = 0;
};

// Where documents begin. The library never gets past some text that is left over, so only two are looked at.
class Documents final : public YAML::EventHandler {
 public:
  explicit Documents(const std::string& text) {
    std::istringstream in(text);
    YAML::Parser parser(in);
    while (marks.size() < 2 && parser.HandleNextDocument(*this)) {
    }
  }
  void OnDocumentStart(const YAML::Mark& mark) override { marks.push_back(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  std::vector<YAML::Mark> marks;
};

bool is_document_line(const std::string& text, int number) {
  std::istringstream lines(text);
  std::string line;
  for (int at = 0; at <= number; ++at) std::getline(lines, line);
  return line.starts_with("---");
}

// True: it was understood so far that what it does not say is really missing.
bool walk(const File& file, Reading& reading) {
  if (!file.read) return false;
  Problems bytes = check_encoding(file.text, file.name);
  if (!bytes.empty()) {
    reading.problems.insert(reading.problems.end(), bytes.begin(), bytes.end());
    return false;
  }
  try {
    const Documents documents(file.text);
    Walker walker(reading, file.name);
    if (documents.marks.size() > 1) {
      const YAML::Mark& second = documents.marks[1];
      return walker.left_over(second, is_document_line(file.text, second.line)), false;
    }
    const YAML::Node document = YAML::Load(file.text);
    if (!document.IsNull()) walker.document(document);
    return document.IsNull() || document.IsMap();
  } catch (const YAML::Exception& broken) {
    reading.problems.push_back({{file.name, broken.mark.line + 1, broken.mark.column + 1},
                                {"not YAML (" + broken.msg + "), expected \"name: value\" lines",
                                 "不是 YAML（" + yaml_words(broken.msg).zh + "），应为“名称: 值”形式的行"}});
  } catch (const std::exception& broken) {
    reading.problems.push_back({{file.name, 0, 0},
                                {std::string("cannot be understood (") + broken.what() + "), expected \"name: value\" lines",
                                 std::string("无法理解（") + broken.what() + "），应为“名称: 值”形式的行"}});
  }
  return false;
}

// The nearest thing around the path that a file names; the first file when there is none.
Place place_around(const Reading& reading, std::string path) {
  while (!path.empty()) {
    if (const auto found = reading.entries.find(path); found != reading.entries.end()) return found->second.place;
    const auto cut = path.find_last_of(".[");
    path.resize(cut == std::string::npos ? 0 : cut);
  }
  const bool says_anything = !reading.entries.empty();
  return {reading.files.front(), says_anything ? 1 : 0, says_anything ? 1 : 0};
}

// Of options outside of lists, which any file might have given.
void check_missing(Reading& reading) {
  for (const Option& option : option_table()) {
    const std::string path(option.path);
    if (!option.required || path.find("[]") != std::string::npos) continue;
    const auto cut = path.rfind('.');
    const bool wanted = cut == std::string::npos || reading.entries.contains(path.substr(0, cut));
    const auto size = reading.sizes.find(path);
    const bool empty = size != reading.sizes.end() && size->second == 0;
    if (!wanted || (reading.entries.contains(path) && !empty)) continue;
    const Words words = instead(option);
    reading.problems.push_back({place_around(reading, path),
                                {path + (empty ? " is empty" : " is missing") + words.en,
                                 (empty ? path + " 是空的" : "缺少 " + path) + words.zh}});
  }
}

void check_whole(Reading& reading) {
  if (reading.entries.empty() && reading.problems.empty()) {
    reading.problems.push_back({{reading.files.front(), 0, 0},
                                {"the file is empty, expected at least site and destinations",
                                 "文件是空的，至少应有 site 和 destinations"}});
    return;
  }
  check_missing(reading);
  check(
      reading.settings, [&](const std::string& path) { return reading.entries.contains(path); },
      [&](const std::string& path, Words words) {
        reading.problems.push_back({place_around(reading, path), std::move(words)});
      });
}

void sort_problems(Reading& reading) {
  const auto order = [&](const Place& place) {
    return std::find(reading.files.begin(), reading.files.end(), place.file) - reading.files.begin();
  };
  std::stable_sort(reading.problems.begin(), reading.problems.end(), [&](const Problem& a, const Problem& b) {
    return std::tuple(order(a.place), a.place.line, a.place.column) < std::tuple(order(b.place), b.place.line, b.place.column);
  });
}

// Where a slip explains what is wrong with a file, it is told in the place of what follows from it. own: problems of the files, and not of the whole.
void tell_slips(const std::vector<File>& files, std::size_t own, Reading& reading) {
  if (reading.problems.empty()) return;
  Problems all;
  for (const File& file : files) {
    Problems slips = file.read && check_encoding(file.text, file.name).empty() ? find_slips(file.text, file.name) : Problems();
    all.insert(all.end(), slips.begin(), slips.end());
  }
  if (all.empty()) return;
  reading.problems.resize(own);
  for (const Problem& slip : all)
    std::erase_if(reading.problems, [&](const Problem& other) { return other.place.file == slip.place.file && other.place.line >= slip.place.line; });
  reading.problems.insert(reading.problems.end(), all.begin(), all.end());
}

Reading read_all(const std::vector<File>& files, Problems problems) {
  Reading reading;
  reading.problems = std::move(problems);
  for (const File& file : files) reading.files.push_back(file.name);
  bool understood = true;
  for (const File& file : files) understood = walk(file, reading) && understood;
  const std::size_t own = reading.problems.size();
  if (understood) check_whole(reading);
  tell_slips(files, own, reading);
  sort_problems(reading);
  complete(reading.settings);
  return reading;
}

}  // namespace

Reading read(const std::string& path) {
  Problems problems;
  const auto files = read_files(path, problems);
  return read_all(files, std::move(problems));
}

Reading read_texts(const std::vector<File>& files) { return read_all(files, {}); }

}  // namespace sampan::settings
