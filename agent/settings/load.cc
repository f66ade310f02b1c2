// SPDX-License-Identifier: Apache-2.0
// Reading a file: bytes are looked over first (encoding, tabs), then YAML is walked along the option table.
#include "settings/settings.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/file.h"
#include "settings/check.h"
#include "settings/encoding.h"
#include "settings/options.h"
#include "settings/suggest.h"
#include "settings/value.h"

namespace sampan::settings {
namespace {

// What the file says, shortened: it is quoted in a message of one line.
std::string quoted(const Option& option, const std::string& text) {
  if (option.secret) return "(not shown)";
  std::string shown;
  for (char c : text.substr(0, 64)) shown.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  return '"' + shown + '"';
}

const char* noun(const YAML::Node& node) {
  return node.IsMap() ? "a group" : node.IsSequence() ? "a list" : node.IsScalar() ? "a single value" : "empty";
}

class Walker {
 public:
  Walker(Settings& settings, std::string file, Problems& problems)
      : settings_(settings), file_(std::move(file)), problems_(problems) {}

  // schema is the path in the option table, path the one in this file: "destinations[]" and "destinations[1]".
  void group(const YAML::Node& node, const std::string& schema, const std::string& path) {
    std::set<std::string> seen;
    for (const auto& pair : node) {
      if (!pair.first.IsScalar()) {
        complain(pair.first.Mark(), "the name of an option is " + std::string(noun(pair.first)) + ", expected a word");
        continue;
      }
      const std::string key = pair.first.Scalar();
      const std::string joined = path.empty() ? key : path + "." + key;
      const Option* option = find_option(schema.empty() ? key : schema + "." + key);
      if (option == nullptr) {
        complain(pair.first.Mark(), "unknown option " + joined + ", " + suggest(schema, key));
      } else if (!seen.insert(key).second) {
        complain(pair.first.Mark(),
                 joined + " is given twice, expected once; first in line " + std::to_string(marks_[joined].line + 1));
      } else {
        marks_[joined] = pair.first.Mark();
        value(*option, pair.second, joined);
      }
    }
    for (const Option& option : option_table())
      if (option.required && is_child(option.path, schema) && !seen.contains(std::string(leaf(option.path))))
        complain(node.Mark(), (path.empty() ? "" : path + ".") + std::string(leaf(option.path)) +
                                  " is missing, expected " + expected(option));
  }

  void check_whole() {
    check(
        settings_, [&](const std::string& path) { return marks_.contains(path); },
        [&](const std::string& path, std::string text) { complain(marks_.at(path), std::move(text)); });
  }

 private:
  void value(const Option& option, const YAML::Node& node, const std::string& path) {
    if (option.kind == Kind::group && (node.IsMap() || node.IsNull())) {
      group(node, std::string(option.path), path);
    } else if (option.kind == Kind::list && node.IsSequence() && (node.size() > 0 || !option.required)) {
      list(option, node, path);
    } else if (option.kind == Kind::list && node.IsScalar() && may_be_short(option)) {
      marks_[path + "[0]"] = node.Mark();
      const Option& each = *find_option(std::string(option.path) + "[]");
      if (!scalar(each, node, path)) each.set(settings_, {});
    } else if (option.kind != Kind::group && option.kind != Kind::list && node.IsScalar()) {
      scalar(option, node, path);
    } else if (node.IsNull() || (node.IsSequence() && node.size() == 0)) {
      complain(marks_[path], path + " is empty, expected " + expected(option));
    } else {
      complain(node.Mark(), path + " is " + noun(node) + ", expected " + expected(option));
    }
  }

  void list(const Option& option, const YAML::Node& node, const std::string& path) {
    const std::string schema = std::string(option.path) + "[]";
    const Option& each = *find_option(schema);
    for (std::size_t i = 0; i < node.size(); ++i) {
      const std::string name = path + "[" + std::to_string(i) + "]";
      marks_[name] = node[i].Mark();
      // An element that may be written short (one word) may also be written as a group, when it has options of its own.
      if (node[i].IsMap() && has_children(schema)) {
        each.set(settings_, {});
        group(node[i], schema, name);
      } else if (each.kind == Kind::group || !node[i].IsScalar()) {
        complain(node[i].Mark(), name + " is " + noun(node[i]) + ", expected " + expected(each));
        each.set(settings_, {});  // keeps the numbering of the elements that follow
      } else if (!scalar(each, node[i], name)) {
        each.set(settings_, {});
      }
    }
  }

  bool scalar(const Option& option, const YAML::Node& node, const std::string& path) {
    const auto parsed = parse_value(option, node.Scalar());
    if (parsed)
      option.set(settings_, *parsed);
    else
      complain(node.Mark(), path + " is " + quoted(option, node.Scalar()) + ", expected " + expected(option));
    return parsed.has_value();
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

  void complain(const YAML::Mark& mark, std::string text) {
    problems_.push_back({file_, mark.line + 1, mark.column + 1, std::move(text)});
  }

  Settings& settings_;
  const std::string file_;
  Problems& problems_;
  std::map<std::string, YAML::Mark> marks_;  // concrete path -> where the file names it
};

Problem broken_yaml(const YAML::Exception& broken, const std::string& name) {
  return {name, broken.mark.line + 1, broken.mark.column + 1,
          "not YAML (" + broken.msg + "), expected \"name: value\" lines"};
}

void walk(const std::vector<YAML::Node>& documents, const std::string& name, Settings& settings, Problems& problems) {
  if (documents.empty() || documents[0].IsNull()) {
    problems.push_back({name, 0, 0, "the file is empty, expected at least site and destinations"});
  } else if (documents.size() > 1) {
    const auto mark = documents[1].Mark();
    problems.push_back({name, mark.line + 1, mark.column + 1, "a second document begins, expected one per file"});
  } else if (!documents[0].IsMap()) {
    const auto mark = documents[0].Mark();
    problems.push_back({name, mark.line + 1, mark.column + 1,
                        std::string("the file is ") + noun(documents[0]) + ", expected \"name: value\" lines"});
  } else {
    Walker walker(settings, name, problems);
    walker.group(documents[0], "", "");
    walker.check_whole();
  }
}

}  // namespace

std::string to_string(const Problem& problem) {
  std::string text = problem.file;
  if (problem.line > 0) text += ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column);
  return text + ": " + problem.text;
}

Loaded load_text(const std::string& text, const std::string& name) {
  Problems problems = check_encoding(text, name);
  if (!problems.empty()) return problems;
  Settings settings;
  try {
    walk(YAML::LoadAll(text), name, settings, problems);
  } catch (const YAML::Exception& broken) {
    problems.push_back(broken_yaml(broken, name));
  }
  if (!problems.empty()) {
    std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
      return std::pair(a.line, a.column) < std::pair(b.line, b.column);
    });
    return problems;
  }
  complete(settings);
  return settings;
}

Loaded load(const std::string& path) {
  const auto bytes = read_whole(disk(), path, core::limits::settings_bytes_max);
  if (!bytes) return Problems{{path, 0, 0, "cannot be read (" + bytes.error().message + "), expected a readable file"}};
  return load_text(std::string(as_text(*bytes)), path);
}

}  // namespace sampan::settings
