// SPDX-License-Identifier: Apache-2.0
// What a worker under test is told to try.
#pragma once

#include <cstdint>

namespace sampan::test {

inline constexpr std::uint8_t attempt_verb = 200;
enum class Attempt : char {
  echo = 'a', refuse, open_file, open_socket, start_process, kill_daemon, trace_daemon, make_code, allocate, spin, crash, abort, leave,
  use_descriptors
};

}  // namespace sampan::test
