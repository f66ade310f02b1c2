// SPDX-License-Identifier: Apache-2.0
// Log: one line of text to the journal (stderr with a priority prefix) or a terminal.
//
// Never pass patient data, file names given by a peer, or the body of a peer's answer (DESIGN, contract 11).
// Threads: any.
#pragma once

#include <string>
#include <string_view>

namespace sampan::log {

enum class Level { debug, info, warn, error };

// Called by main, again when the level changes; before it, info and above go to stderr.
void start(Level least);
void write(Level level, std::string_view line);

inline void debug(std::string_view line) { write(Level::debug, line); }
inline void info(std::string_view line) { write(Level::info, line); }
inline void warn(std::string_view line) { write(Level::warn, line); }
inline void error(std::string_view line) { write(Level::error, line); }

// Text from a peer made safe for a log line: printable ASCII, at most 64 characters.
std::string safe(std::string_view foreign);

}  // namespace sampan::log
