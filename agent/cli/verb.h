// SPDX-License-Identifier: Apache-2.0
// Verb: one command of `sampan` as a row of data: its word, its sentence, its arguments and options, its function.
//
// Parsing, help, manual page and completion are made from these rows.
// A verb asks the daemon, writes to `out`, and returns an exit code; errors go to `err`.
#pragma once

#include <iosfwd>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "control/words.h"

namespace sampan::cli {

// What follows the word, by its place.
struct Argument {
  std::string_view name;  // "STUDY"
  bool required = true;   // one that is not comes last
  std::string_view en, zh;
  std::string_view choices = {};  // "check|show": nothing else is taken; empty: anything
};

struct Option {
  std::string_view word;   // "--to"
  std::string_view value;  // "DESTINATION"; empty: a flag
  std::string_view en, zh;
  std::string_view choices = {};
  char letter = 0;  // 'h': -h is the same
};

// What was given, by the name of the argument or the word of the option.
class Args {
 public:
  void set(std::string_view name, std::string value) { given_[std::string(name)] = std::move(value); }
  bool has(std::string_view name) const { return given_.contains(std::string(name)); }
  // Empty when it was not given.
  std::string get(std::string_view name) const {
    const auto found = given_.find(std::string(name));
    return found == given_.end() ? std::string() : found->second;
  }

 private:
  std::map<std::string, std::string> given_;
};

struct Session {
  control::Lang lang = control::Lang::en;
  bool json = false;
  std::string socket;
  std::string config;  // of --config; empty: the usual file
  Args args;
  std::ostream& out;
  std::ostream& err;

  const char* say(const char* zh, const char* en) const { return lang == control::Lang::zh ? zh : en; }
};

struct Verb {
  std::string_view word;
  std::string_view en, zh;  // one sentence
  int (*run)(Session&);
  std::span<const Argument> arguments = {};
  std::span<const Option> options = {};
  bool needs_socket = true;  // asks the daemon
};

}  // namespace sampan::cli
