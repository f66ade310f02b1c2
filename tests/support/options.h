// SPDX-License-Identifier: Apache-2.0
// Options: the command line of a test tool: --name, --name VALUE and the rest.
//
// Fails:  an unknown name or a missing value ends the process with status 64 and a line on stderr.
#pragma once

#include <cstdlib>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace sampan::test {

class Options {
 public:
  using Names = std::set<std::string>;

  Options(int count, char** words, const Names& flags, const Names& valued) {
    for (int i = 1; i < count; ++i) {
      const std::string word = words[i];
      if (!word.starts_with("--"))
        rest_.push_back(word);
      else if (flags.contains(word.substr(2)))
        values_[word.substr(2)] = "yes";
      else if (valued.contains(word.substr(2)) && i + 1 < count)
        values_[word.substr(2)] = words[++i];
      else
        usage("unknown option or no value: " + word);
    }
  }

  bool has(const std::string& name) const { return values_.contains(name); }
  std::string text(const std::string& name, std::string otherwise = {}) const {
    const auto found = values_.find(name);
    return found == values_.end() ? otherwise : found->second;
  }
  std::size_t number(const std::string& name, std::size_t otherwise, int base = 10) const {
    return has(name) ? std::strtoull(text(name).c_str(), nullptr, base) : otherwise;
  }
  // Parts between commas.
  std::vector<std::string> list(const std::string& name) const {
    std::vector<std::string> parts;
    std::string left = text(name);
    while (!left.empty()) {
      const auto comma = left.find(',');
      parts.push_back(left.substr(0, comma));
      left = comma == std::string::npos ? "" : left.substr(comma + 1);
    }
    return parts;
  }
  const std::vector<std::string>& rest() const { return rest_; }

  [[noreturn]] static void usage(const std::string& what) {
    std::cerr << what << '\n';
    std::exit(64);
  }

 private:
  std::map<std::string, std::string> values_;
  std::vector<std::string> rest_;
};

}  // namespace sampan::test
