// SPDX-License-Identifier: Apache-2.0
// Sockets of the DIMSE intake: a descriptor with an owner, and the listening one.
//
// Threads: accept_one() on one thread; wake() from any.
// Fails:   an address that cannot be bound -> Errc::io, in words for a person.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace sampan::intake {

class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(other.release()) {}
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release();

 private:
  int fd_ = -1;
};

struct Visitor {
  Socket socket;        // invalid: nobody came, wake() was called
  std::string address;  // numeric; an IPv4 address is written as one also when it came over IPv6
};

// The one way of writing a numeric address that Visitor uses too; anything else comes back as it is.
std::string canonical_address(const std::string& text);

class Listener {
 public:
  static Result<Listener> open(const std::string& address, std::uint16_t port);

  std::uint16_t port() const { return port_; }
  // Sleeps until somebody connects or wake() is called. Failures of the system: logged, waited for, tried again.
  Visitor accept_one();
  void wake();

 private:
  Listener(Socket socket, Socket waker, std::uint16_t port);
  bool wait();
  bool pause();

  Socket socket_;
  Socket waker_;
  std::uint16_t port_;
};

}  // namespace sampan::intake
