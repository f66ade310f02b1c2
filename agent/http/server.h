// SPDX-License-Identifier: Apache-2.0
// HTTP server: one thread, one listening socket, a function that answers.
//
// A request reaches the handler whole and bounded; the transport and its library stay behind this header.
// What is said to take its time is answered by a second thread, in turn, so that nothing else waits for it.
// An idle server does not wake up. Names of headers are lower case.
// Threads: start() and stop() from one thread; the handler runs on the server's own thread, one request at a time, and for
//          what takes its time on the second one, also one at a time: beside each other there are two.
// Fails:   the socket is in use by a living server -> Errc::duplicate; anything else at start -> Errc::io;
//          a handler that throws -> 500; a body over the limit -> 413.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "core/limits.h"

namespace sampan::http {

// Who is at the other end of a unix socket.
struct Peer {
  unsigned uid = 0;
  unsigned gid = 0;
  int pid = 0;
};

struct Request {
  std::string method;
  std::string path;  // decoded, without the query
  std::map<std::string, std::string> query;
  std::map<std::string, std::string> headers;
  std::string body;
  std::optional<Peer> peer;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json; charset=utf-8";
  std::string body;
};

using Handler = std::function<Response(const Request&)>;

// Of requests that may take their time. So many wait while one is answered; one more is told that it is not done, and so are
// those that have no turn before the server stops.
struct TakingTime {
  std::function<bool(const Request&)> is_slow{};  // on the server's own thread; none: no request is, and there is no second thread
  std::size_t waiting_max = core::limits::control_waiting_max;
  Response not_done{503, "text/plain", ""};
};

struct Options {
  std::string unix_socket;  // path, at most 107 bytes; its folder is made when it is missing
  std::size_t body_bytes_max = core::limits::control_body_bytes_max;
  unsigned connections_max = core::limits::control_connections_max;  // the oldest is closed for one more
  std::chrono::seconds idle_max = core::limits::control_idle_max;
  TakingTime taking_time{};
};

class Server {
 public:
  Server(Options options, Handler handler);
  ~Server();  // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  Status start();
  // No handler runs after it returns, and the name of the socket is gone.
  void stop();

 private:
  struct Running;
  const Options options_;
  const Handler handler_;
  std::unique_ptr<Running> running_;
};

}  // namespace sampan::http
