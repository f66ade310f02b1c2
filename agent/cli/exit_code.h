// SPDX-License-Identifier: Apache-2.0
// Exit codes of `sampan`, for scripts. A test and the manual page hold them to these numbers.
#pragma once

namespace sampan::cli {

enum ExitCode : int {
  exit_good = 0,
  exit_attention = 1,    // a person should look
  exit_failure = 2,      // images are not arriving, or are refused
  exit_unreachable = 3,  // the daemon did not answer: nothing is known
  exit_usage = 64        // EX_USAGE of sysexits(3)
};

}  // namespace sampan::cli
