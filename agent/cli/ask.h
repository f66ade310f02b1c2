// SPDX-License-Identifier: Apache-2.0
// Ask: one question to the daemon, and its troubles told to the person in words.
//
// Fails:   the daemon cannot be asked, or does not make sense -> told on err, exit_unreachable;
//          it refuses -> its own words, with exit_attention when nothing was found, else exit_failure, exit_usage
//          when the question was wrong.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/exit_code.h"
#include "cli/verb.h"
#include "control/client.h"

namespace sampan::cli {

// The body of a good answer; without one, everything was told already and `code` is how to exit.
struct Heard {
  std::optional<std::string> body;
  int code = exit_good;
};

Heard ask(Session& session, std::string_view target);                           // GET
Heard tell(Session& session, std::string_view target, std::string_view json);  // POST
// What a person does when the daemon cannot be asked. Returns exit_unreachable.
int tell_trouble(Session& session, const Error& error);

}  // namespace sampan::cli
