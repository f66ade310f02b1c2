// SPDX-License-Identifier: Apache-2.0
// HTTP peer: a server that answers what a script says, answer for answer, over real connections; afterwards it may be as good as
// a service should be: STOW-RS, QIDO-RS, events as JSON, tokens; but no storage commitment.
//
// A script is parts, each ended by the byte 0x1e. Of a part the first byte says how it is said: bit 0: the rest is all that is
// said, bytes as they are; else the second byte chooses a status, and the rest is header lines, an empty line and the body, or a
// body alone. After bytes as they are, and with bit 1, the peer hangs up; at the end of the script it says nothing more.
// Threads: play(), be_good() and forget() from one; a thread of its own answers.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "fuzz/turn.h"

namespace sampan::fuzz {

struct HttpExchange {
  std::string head, body;  // of the request
  int status = 0;          // of the answer; 0: it was bytes as they are
  std::string answer;      // its body, or all of it
};

class HttpPeer {
 public:
  HttpPeer();  // lives as long as the process
  std::string url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(port_) + path; }

  void play(ByteView script);
  void be_good();
  // Since play().
  std::vector<HttpExchange> exchanges() const;
  // When nobody is on the line any more: nothing is held then that was not held before, which would be taken for a leak.
  void forget();

 private:
  bool is_good() const;
  void set_busy(bool busy);
  void answer_all();
  // False: the connection is over.
  bool answer_one(int socket, std::string& ahead);
  bool say_next(int socket, HttpExchange& exchange);

  int listener_ = -1;
  std::uint16_t port_ = 0;
  Turn turn_;
  mutable std::mutex mutex_;  // of what follows
  std::vector<std::string> script_;
  std::size_t next_ = 0;
  bool good_ = false, busy_ = false;
  std::condition_variable idle_;
  std::vector<HttpExchange> exchanges_;
};

// The text in which a name would be found: JSON's escapes and XML's comments undone, in lower case.
std::string plain_text(const std::string& text);

inline constexpr const char *first_instance = "2.25.4711", *second_instance = "2.25.4712";

}  // namespace sampan::fuzz
