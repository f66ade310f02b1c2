// SPDX-License-Identifier: Apache-2.0
#include "http/server.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "core/limits.h"
#include "http/aside.h"
#include "http/seats.h"
#include "http/unix_listener.h"

namespace sampan::http {
namespace {

constexpr std::chrono::milliseconds last_answers_within{1000};  // of a server that stops

// One request on its way in. The body arrives in pieces; only here it is gathered.
struct Exchange {
  Request request;
  bool too_large = false;
  std::optional<Response> answer;  // of one that was set aside, once there is one
  bool was_set_aside = false;

  void take(std::string_view piece, std::size_t bytes_max) {
    if (request.body.size() + piece.size() > bytes_max) too_large = true;
    if (!too_large) request.body.append(piece);
  }
};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

MHD_Result collect_query(void* into, MHD_ValueKind, const char* key, const char* value) {
  static_cast<Request*>(into)->query[key] = value == nullptr ? "" : value;
  return MHD_YES;
}

MHD_Result collect_header(void* into, MHD_ValueKind, const char* key, const char* value) {
  static_cast<Request*>(into)->headers[lower(key)] = value == nullptr ? "" : value;
  return MHD_YES;
}

int socket_of(MHD_Connection* connection) {
  const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info == nullptr ? -1 : info->connect_fd;
}

std::optional<Peer> peer_of(MHD_Connection* connection) {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(socket_of(connection), SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return {};
  return Peer{who.uid, who.gid, who.pid};
}

Request request_of(MHD_Connection* connection, const char* url, const char* method) {
  Request request;
  request.method = method;
  request.path = url;
  MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, collect_query, &request);
  MHD_get_connection_values(connection, MHD_HEADER_KIND, collect_header, &request);
  request.peer = peer_of(connection);
  return request;
}

bool declares_more_than(const Request& request, std::size_t bytes_max) {
  const auto found = request.headers.find("content-length");
  if (found == request.headers.end()) return false;
  const std::string& text = found->second;
  std::size_t bytes = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  return code != std::errc{} || bytes > bytes_max;
}

Response plain_error(int status, const char* words) {
  return {status, "application/json; charset=utf-8", std::string("{\"error\":\"") + words + "\"}\n"};
}

MHD_Result send(MHD_Connection* connection, const Response& response) {
  // The library copies the body and never writes to it.
  MHD_Response* out = MHD_create_response_from_buffer(response.body.size(), const_cast<char*>(response.body.data()),
                                                      MHD_RESPMEM_MUST_COPY);
  if (out == nullptr) return MHD_NO;
  MHD_add_response_header(out, MHD_HTTP_HEADER_CONTENT_TYPE, response.content_type.c_str());
  MHD_add_response_header(out, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
  const MHD_Result queued = MHD_queue_response(connection, static_cast<unsigned>(response.status), out);
  MHD_destroy_response(out);
  return queued;
}

// Foreign exceptions stop here: the library calls us from C. Their words may quote a request, so they are not logged.
Response guarded(const Handler& handler, const Request& request) {
  try {
    return handler(request);
  } catch (...) {
    log::error("http: a handler failed");
    return plain_error(500, "internal error");
  }
}

// How many requests are set aside and not answered to the end.
class Unanswered {
 public:
  void add(int change) {
    const std::lock_guard lock(mutex_);
    count_ += change;
    if (count_ == 0) none_.notify_all();
  }
  void wait_for_none(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    none_.wait_for(lock, patience, [this] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  int count_ = 0;
};

struct Context {
  const Options& options;
  const Handler& handler;
  Seats& seats;
  Unanswered unanswered{};
  std::unique_ptr<Aside> aside{};  // null: nothing takes its time
};

// The connection sleeps meanwhile, and nothing of it is read or timed; woken, the library asks again and finds the answer. It
// sleeps before the other thread may wake it. It makes place for nobody: it sits that long because of us.
MHD_Result set_aside(Context& context, MHD_Connection* connection, Exchange& exchange) {
  const Aside::Job job = [&context, &exchange, connection](bool turn) {
    exchange.answer = turn ? guarded(context.handler, exchange.request) : context.options.taking_time.not_done;
    MHD_resume_connection(connection);
  };
  context.seats.leave(socket_of(connection));
  exchange.was_set_aside = true;
  context.unanswered.add(1);
  MHD_suspend_connection(connection);
  if (!context.aside->take(job)) job(false);
  return MHD_YES;
}

MHD_Result begin(const Context& context, MHD_Connection* connection, const char* url, const char* method,
                 void** state) {
  auto exchange = std::make_unique<Exchange>();
  exchange->request = request_of(connection, url, method);
  const bool refused = declares_more_than(exchange->request, context.options.body_bytes_max);
  *state = exchange.release();
  return refused ? send(connection, plain_error(413, "body too large")) : MHD_YES;
}

MHD_Result on_request(void* cls, MHD_Connection* connection, const char* url, const char* method, const char*,
                      const char* upload, std::size_t* upload_size, void** state) {
  auto& context = *static_cast<Context*>(cls);
  try {
    if (*state == nullptr) return begin(context, connection, url, method, state);
    auto& exchange = *static_cast<Exchange*>(*state);
    if (*upload_size > 0) {
      exchange.take({upload, *upload_size}, context.options.body_bytes_max);
      *upload_size = 0;
      return MHD_YES;
    }
    if (exchange.too_large) return send(connection, plain_error(413, "body too large"));
    if (exchange.answer) {
      context.seats.take(socket_of(connection));
      return send(connection, *exchange.answer);
    }
    if (context.aside && context.options.taking_time.is_slow(exchange.request)) return set_aside(context, connection, exchange);
    return send(connection, guarded(context.handler, exchange.request));
  } catch (...) {
    return MHD_NO;  // out of memory: the connection is closed
  }
}

void on_completed(void* cls, MHD_Connection*, void** state, MHD_RequestTerminationCode) {
  const std::unique_ptr<Exchange> exchange(static_cast<Exchange*>(std::exchange(*state, nullptr)));
  if (exchange && exchange->was_set_aside) static_cast<Context*>(cls)->unanswered.add(-1);
}

void on_connection(void* cls, MHD_Connection* connection, void**, MHD_ConnectionNotificationCode what) {
  auto& seats = *static_cast<Seats*>(cls);
  what == MHD_CONNECTION_NOTIFY_STARTED ? seats.take(socket_of(connection)) : seats.leave(socket_of(connection));
}

}  // namespace

struct Server::Running {
  Running(UnixListener socket, const Options& options, const Handler& handler)
      : listener(std::move(socket)), seats(options.connections_max), context{options, handler, seats} {}
  // No connection sleeps when the library stops; who was answered just before it also reads the answer.
  ~Running() {
    if (context.aside) context.aside->stop();
    if (daemon == nullptr) return;
    context.unanswered.wait_for_none(last_answers_within);
    MHD_stop_daemon(daemon);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  Status run() {
    // The library closes what it is given; the listener keeps its own.
    const int fd = ::fcntl(listener.fd(), F_DUPFD_CLOEXEC, 0);
    if (fd < 0) return fail(Errc::io, std::string("dup: ") + std::strerror(errno));
    const TakingTime& taking_time = context.options.taking_time;
    if (taking_time.is_slow) context.aside = std::make_unique<Aside>(taking_time.waiting_max);
    daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, nullptr, nullptr, on_request, &context, MHD_OPTION_LISTEN_SOCKET, fd,
        // As many again for those whose end is not seen yet.
        MHD_OPTION_CONNECTION_LIMIT, 2 * context.options.connections_max, MHD_OPTION_CONNECTION_TIMEOUT,
        static_cast<unsigned>(context.options.idle_max.count()), MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        core::limits::http_connection_bytes, MHD_OPTION_NOTIFY_COMPLETED, on_completed, &context, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, &seats, MHD_OPTION_END);
    if (daemon == nullptr) return fail(Errc::io, "http: the server did not start");
    return {};
  }

  UnixListener listener;
  Seats seats;
  Context context;  // what the library hands back to on_request
  MHD_Daemon* daemon = nullptr;
};

Server::Server(Options options, Handler handler) : options_(std::move(options)), handler_(std::move(handler)) {}
Server::~Server() { stop(); }

Status Server::start() {
  SAMPAN_ASSERT(running_ == nullptr);
  auto listener = UnixListener::open(options_.unix_socket);
  if (!listener) return listener.error();
  auto running = std::make_unique<Running>(std::move(*listener), options_, handler_);
  if (Status started = running->run(); !started) return started;
  running_ = std::move(running);
  return {};
}

void Server::stop() { running_.reset(); }

}  // namespace sampan::http
