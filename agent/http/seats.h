// SPDX-License-Identifier: Apache-2.0
// Seats: how many connections are served at once; who has sat longest makes place for who comes.
//
// A client that sends a byte now and then would keep its connection for ever, and sixteen of them would shut everybody out. Who
// asks and goes is always among the newest, so that nobody who means well loses the seat.
// Threads: one.   Owns: nothing; sockets are shut down, whoever owns them sees their end and closes them.
// Fails:   never.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <deque>

namespace sampan::http {

class Seats {
 public:
  explicit Seats(std::size_t seats) : seats_(seats) {}

  void take(int fd) {
    taken_.push_back(fd);
    if (taken_.size() <= seats_) return;
    ::shutdown(taken_.front(), SHUT_RDWR);
    taken_.pop_front();
  }

  // Before the socket is closed.
  void leave(int fd) { std::erase(taken_, fd); }

 private:
  const std::size_t seats_;
  std::deque<int> taken_;  // oldest first
};

}  // namespace sampan::http
