// SPDX-License-Identifier: Apache-2.0
// Client: asks a daemon over its unix socket. One request, one connection, one answer.
//
// Part of the client half: stands on base alone.
// Threads: any; a Client holds no connection.
// Fails:   no such socket -> not_found; nobody listens, or the answer was cut -> unreachable; not permitted -> refused;
//          no answer within the patience -> timeout; not HTTP -> damaged; an answer beyond 16 MiB -> limit.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/result.h"

namespace sampan::control {

struct Answer {
  int status = 0;
  std::string body;
};

// path?name=value&name=value, values encoded as RFC 3986 section 2.1 asks; a pair without a value is left out.
std::string target(std::string_view path,
                   std::initializer_list<std::pair<std::string_view, std::string_view>> query);

// What came until the peer closed.
Result<Answer> read_answer(const std::string& bytes);

class Client {
 public:
  explicit Client(std::string socket_path, Millis patience = std::chrono::seconds(10))
      : socket_path_(std::move(socket_path)), patience_(patience) {}

  // target is path and query, already encoded.
  Result<Answer> get(std::string_view target) const;
  Result<Answer> post(std::string_view target, std::string_view json) const;

 private:
  Result<Answer> exchange(const std::string& request) const;
  const std::string socket_path_;
  const Millis patience_;
};

}  // namespace sampan::control
