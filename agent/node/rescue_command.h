// SPDX-License-Identifier: Apache-2.0
// Rescue command: `sampand --rescue`, which `sampan rescue` becomes: where the recovery key comes from, where to carry to,
// progress while it lasts, and the result in words or JSON.
//
// The recovery key comes from a file, from standard input or from the terminal, never from an argument.
// Threads: one.
// Fails:   exit codes as those of `sampan`: 0 all is well, 1 a person should look, 2 it failed, 64 the command is wrong.
#pragma once

#include <iosfwd>
#include <string>

namespace sampan::node {

struct RescueCommand {
  std::string directory;
  std::string export_to;      // a folder, or
  std::string to;             // AE@host:port, or the name of a destination in config
  std::string from;           // our AE title for AE@host:port; empty: the usual one
  std::string config;
  std::string recovery_file;  // "-": standard input; empty: asked for when it is needed
  std::string done_file;
  bool all = false, json = false, zh = false;
};

int run_rescue(const RescueCommand& command, std::ostream& out, std::ostream& err);

}  // namespace sampan::node
