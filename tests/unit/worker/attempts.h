// SPDX-License-Identifier: Apache-2.0
// What a worker under test is told to try.
#pragma once

#include <cstdint>

namespace sampan::test {

inline constexpr std::uint8_t attempt_verb = 200;
enum class Attempt : char {
  echo = 'a', refuse, open_file, open_socket, start_process, kill_daemon, trace_daemon, make_code, allocate, spin, crash, abort, leave,
  use_descriptors, look_about, ask_beyond, ask_for_nothing, ask_for_ever, ask_slowly, answer_too_much, answer_in_nothings, talk_nonsense,
  refuse_at_length, read_strange_text
};
// What stands at a place of the payload that is looked about in.
inline std::uint8_t noise_at(std::uint64_t at) { return static_cast<std::uint8_t>(at * 2654435761u >> 11); }

}  // namespace sampan::test
