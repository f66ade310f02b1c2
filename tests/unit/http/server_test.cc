// SPDX-License-Identifier: Apache-2.0
#include "http/server.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "http/unix_listener.h"
#include "support/temporary_directory.h"

using namespace sampan;
using namespace sampan::http;
using namespace std::chrono_literals;

namespace {

class Folder {
 public:
  std::string operator/(const std::string& name) const { return (directory_.path() / name).string(); }

 private:
  const test::TemporaryDirectory directory_;
};

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

// A connected socket, -1 when nobody listens.
int connect_to(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  const sockaddr_un address = address_of(path);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

// Everything the peer sends until it closes, at most ten seconds.
std::string read_all(int fd) {
  std::string all;
  char piece[4096];
  pollfd one{fd, POLLIN, 0};
  while (::poll(&one, 1, 10000) == 1) {
    const auto n = ::read(fd, piece, sizeof piece);
    if (n <= 0) break;
    all.append(piece, static_cast<std::size_t>(n));
  }
  ::close(fd);
  return all;
}

std::string talk(const std::string& path, const std::string& request) {
  const int fd = connect_to(path);
  REQUIRE(fd >= 0);
  static_cast<void>(::send(fd, request.data(), request.size(), MSG_NOSIGNAL));
  return read_all(fd);
}

std::string get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: x\r\nX-Some: Thing\r\nConnection: close\r\n\r\n";
}

std::string post(const std::string& body) {
  return "POST /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

// A server that keeps the last request.
struct Echo {
  explicit Echo(const std::string& socket, unsigned connections_max = 16)
      : server({.unix_socket = socket, .connections_max = connections_max}, [this](const Request& request) {
          const std::lock_guard lock(mutex);
          last = request;
          return Response{201, "text/plain", "seen " + std::to_string(request.body.size())};
        }) {}
  Request seen() {
    const std::lock_guard lock(mutex);
    return last;
  }
  std::mutex mutex;
  Request last;
  Server server;
};

// A server of which /slow... is answered when it is let go; two more may wait.
struct Slow {
  explicit Slow(const std::string& socket, unsigned connections_max = 16)
      : server({.unix_socket = socket, .connections_max = connections_max, .taking_time = {is_slow, 2, {503, "text/plain", "not done"}}},
               [this, may_go = go_on.get_future().share()](const Request& request) {
                 if (is_slow(request) && ++begun == 1) runs.set_value(), may_go.wait();
                 return Response{200, "text/plain", request.path + (request.path == "/slow/long" ? std::string(long_bytes, 'x') : "")};
               }) {}
  static constexpr std::size_t long_bytes = 4u << 20;  // more than the system holds for who does not read
  ~Slow() {
    if (!let_go) go();
  }
  void go() { let_go = true, go_on.set_value(); }
  static bool is_slow(const Request& request) { return request.path.starts_with("/slow"); }
  std::promise<void> runs, go_on;
  std::atomic<int> begun = 0;
  bool let_go = false;
  Server server;
};

int ask(const std::string& path, const std::string& request) {
  const int fd = connect_to(path);
  REQUIRE(fd >= 0);
  REQUIRE(::send(fd, request.data(), request.size(), MSG_NOSIGNAL) > 0);
  return fd;
}

// Which of them are answered, or closed, within ten seconds: as many as one or more.
std::vector<int> answered(const std::vector<int>& all) {
  std::vector<pollfd> polled;
  for (const int fd : all) polled.push_back({fd, POLLIN, 0});
  static_cast<void>(::poll(polled.data(), polled.size(), 10000));
  std::vector<int> some;
  for (const auto& one : polled)
    if (one.revents != 0) some.push_back(one.fd);
  return some;
}

}  // namespace

TEST_CASE("a_request_reaches_the_handler_whole_and_its_answer_comes_back") {
  Folder folder;
  Echo echo(folder / "s");
  REQUIRE(echo.server.start().ok());
  const std::string answer = talk(folder / "s", get("/v1/some%20thing?a=1&b=%E5%9B%BE&c"));
  CHECK(answer.starts_with("HTTP/1.1 201"));
  CHECK(answer.find("Content-Type: text/plain\r\n") != std::string::npos);
  CHECK(answer.ends_with("\r\n\r\nseen 0"));
  const Request seen = echo.seen();
  CHECK(seen.method == "GET");
  CHECK(seen.path == "/v1/some thing");
  CHECK(seen.query == std::map<std::string, std::string>{{"a", "1"}, {"b", "图"}, {"c", ""}});
  CHECK(seen.headers.at("x-some") == "Thing");
  REQUIRE(seen.peer.has_value());
  CHECK(seen.peer->uid == ::getuid());
  CHECK(seen.peer->pid == ::getpid());
}

TEST_CASE("a_body_is_gathered_up_to_its_limit_and_refused_beyond") {
  Folder folder;
  Echo echo(folder / "s");
  REQUIRE(echo.server.start().ok());
  const std::size_t most = core::limits::control_body_bytes_max;
  CHECK(talk(folder / "s", post(std::string(most, 'x'))).ends_with("seen 65536"));
  CHECK(echo.seen().body == std::string(most, 'x'));
  echo.last = {};
  CHECK(talk(folder / "s", post(std::string(most + 1, 'x'))).starts_with("HTTP/1.1 413"));
  CHECK(echo.seen().method.empty());
}

TEST_CASE("a_body_of_unknown_length_is_bounded_too") {
  Folder folder;
  Echo echo(folder / "s");
  REQUIRE(echo.server.start().ok());
  std::string request = "POST /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 17; ++i) request += "1000\r\n" + std::string(4096, 'x') + "\r\n";
  CHECK(talk(folder / "s", request + "0\r\n\r\n").starts_with("HTTP/1.1 413"));
  CHECK(echo.seen().method.empty());
}

TEST_CASE("a_handler_that_throws_is_an_answer_of_500_and_the_server_goes_on") {
  Folder folder;
  std::atomic<int> calls = 0;
  Server server({.unix_socket = folder / "s"}, [&](const Request&) -> Response {
    if (++calls == 1) throw std::runtime_error("broken");
    return {};
  });
  REQUIRE(server.start().ok());
  CHECK(talk(folder / "s", get("/")).starts_with("HTTP/1.1 500"));
  CHECK(talk(folder / "s", get("/")).starts_with("HTTP/1.1 200"));
}

TEST_CASE("nonsense_on_the_socket_does_not_stop_the_server") {
  Folder folder;
  Echo echo(folder / "s");
  REQUIRE(echo.server.start().ok());
  talk(folder / "s", std::string("\x16\x03\x01\x02\x00\x01\r\n\r\n", 10));
  talk(folder / "s", "GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(100000, 'y') + "\r\n\r\n");
  CHECK(talk(folder / "s", get("/")).starts_with("HTTP/1.1 201"));
}

TEST_CASE("the_oldest_connection_is_closed_for_one_more_than_allowed") {
  Folder folder;
  Echo echo(folder / "s", 2);
  REQUIRE(echo.server.start().ok());
  const std::string half = "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ";
  std::vector<int> slow;
  for (int i = 0; i < 2; ++i) {
    slow.push_back(connect_to(folder / "s"));
    REQUIRE(::send(slow.back(), half.data(), half.size(), MSG_NOSIGNAL) > 0);
  }
  CHECK(talk(folder / "s", get("/")).starts_with("HTTP/1.1 201"));
  CHECK(read_all(slow[0]).empty());  // its end, not its answer
  // The other one is still served once it says what it wants.
  const std::string rest = "a\r\nConnection: close\r\n\r\n";
  REQUIRE(::send(slow[1], rest.data(), rest.size(), MSG_NOSIGNAL) > 0);
  CHECK(read_all(slow[1]).starts_with("HTTP/1.1 201"));
}

TEST_CASE("who_asks_for_something_quick_does_not_wait_for_what_takes_its_time") {
  Folder folder;
  Slow slow(folder / "s");
  REQUIRE(slow.server.start().ok());
  const int first = ask(folder / "s", get("/slow/1"));
  slow.runs.get_future().wait();
  CHECK(talk(folder / "s", get("/status")).ends_with("/status"));
  // Also from one that asks for both on one connection, after the other.
  const int second = ask(folder / "s", "GET /slow/2 HTTP/1.1\r\nHost: x\r\n\r\n" + get("/status"));
  CHECK(talk(folder / "s", get("/status")).ends_with("/status"));
  CHECK(slow.begun == 1);
  slow.go();
  CHECK(read_all(first).ends_with("\r\n\r\n/slow/1"));
  const std::string both = read_all(second);
  CHECK(both.find("\r\n\r\n/slow/2HTTP/1.1 200") != std::string::npos);
  CHECK(both.ends_with("\r\n\r\n/status"));
}

TEST_CASE("a_body_is_whole_for_what_takes_its_time_and_its_failure_is_an_answer") {
  Folder folder;
  Server server({.unix_socket = folder / "s", .taking_time = {[](const Request&) { return true; }}}, [](const Request& request) -> Response {
    if (request.body.empty()) throw std::runtime_error("broken");
    return {200, "text/plain", std::to_string(request.body.size())};
  });
  REQUIRE(server.start().ok());
  CHECK(talk(folder / "s", post(std::string(60'000, 'x'))).ends_with("\r\n\r\n60000"));
  CHECK(talk(folder / "s", post("")).starts_with("HTTP/1.1 500"));
}

TEST_CASE("one_too_many_of_those_that_take_their_time_is_told_at_once_that_it_is_not_done") {
  Folder folder;
  Slow slow(folder / "s");
  REQUIRE(slow.server.start().ok());
  const int first = ask(folder / "s", get("/slow/1"));
  slow.runs.get_future().wait();
  std::vector<int> others;
  for (int i = 0; i < 3; ++i) others.push_back(ask(folder / "s", get("/slow/other")));
  const auto refused = answered(others);
  REQUIRE(refused.size() == 1);
  const std::string told = read_all(refused[0]);
  CHECK(told.starts_with("HTTP/1.1 503"));
  CHECK(told.ends_with("\r\n\r\nnot done"));
  std::erase(others, refused[0]);
  slow.go();
  CHECK(read_all(first).starts_with("HTTP/1.1 200"));
  for (const int fd : others) CHECK(read_all(fd).starts_with("HTTP/1.1 200"));
  CHECK(slow.begun == 3);
}

TEST_CASE("a_server_that_stops_answers_the_request_that_runs_and_begins_none_of_those_that_wait") {
  Folder folder;
  Slow slow(folder / "s");
  REQUIRE(slow.server.start().ok());
  const int first = ask(folder / "s", get("/slow/long"));
  slow.runs.get_future().wait();
  std::vector<int> others;
  for (int i = 0; i < 3; ++i) others.push_back(ask(folder / "s", get("/slow/other")));
  const auto refused = answered(others);  // so the two others wait
  REQUIRE(refused.size() == 1);
  ::close(refused[0]);
  std::erase(others, refused[0]);
  std::promise<void> stopped;
  std::thread stopping([&] { slow.server.stop(), stopped.set_value(); });
  for (const int fd : others) CHECK(read_all(fd).starts_with("HTTP/1.1 503"));
  auto end = stopped.get_future();
  CHECK(end.wait_for(0ms) == std::future_status::timeout);
  slow.go();
  CHECK(read_all(first).ends_with("/slow/long" + std::string(Slow::long_bytes, 'x')));
  end.wait();
  stopping.join();
  CHECK(slow.begun == 1);
  CHECK_FALSE(std::filesystem::exists(folder / "s"));
}

TEST_CASE("who_waits_for_an_answer_keeps_the_seat_however_many_come_and_stay") {
  Folder folder;
  Slow slow(folder / "s", 2);
  REQUIRE(slow.server.start().ok());
  const int first = ask(folder / "s", get("/slow/1"));
  slow.runs.get_future().wait();
  std::vector<int> idle;
  for (int i = 0; i < 3; ++i) idle.push_back(ask(folder / "s", "GET /status HTTP/1.1\r\n"));
  REQUIRE(answered(idle) == std::vector<int>{idle[0]});  // the oldest of these made place
  slow.go();
  CHECK(read_all(first).ends_with("\r\n\r\n/slow/1"));
  for (const int fd : idle) ::close(fd);
}

TEST_CASE("a_caller_that_went_away_meanwhile_costs_nothing") {
  Folder folder;
  Slow slow(folder / "s");
  REQUIRE(slow.server.start().ok());
  const int first = ask(folder / "s", get("/slow/1"));
  slow.runs.get_future().wait();
  ::close(first);
  slow.go();
  CHECK(talk(folder / "s", get("/slow/2")).ends_with("/slow/2"));
}

TEST_CASE("the_socket_belongs_to_owner_and_group_and_is_gone_after_stop") {
  Folder folder;
  Echo echo(folder / "made/s");  // its folder is made
  REQUIRE(echo.server.start().ok());
  struct stat info {};
  REQUIRE(::stat((folder / "made/s").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0660);
  REQUIRE(::stat((folder / "made").c_str(), &info) == 0);
  CHECK((info.st_mode & 0007) == 0);
  echo.server.stop();
  CHECK_FALSE(std::filesystem::exists(folder / "made/s"));
  CHECK(echo.server.start().ok());  // and it may begin again
}

TEST_CASE("the_socket_of_a_living_server_is_left_alone") {
  Folder folder;
  Echo first(folder / "s"), second(folder / "s");
  REQUIRE(first.server.start().ok());
  const Status refused = second.server.start();
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Errc::duplicate);
  CHECK(refused.error().message == (folder / "s") + ": another process listens there");
  CHECK(talk(folder / "s", get("/")).starts_with("HTTP/1.1 201"));
}

TEST_CASE("the_name_a_dead_server_left_is_taken_over") {
  Folder folder;
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  const sockaddr_un address = address_of(folder / "s");
  REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::close(fd);
  Echo echo(folder / "s");
  REQUIRE(echo.server.start().ok());
  CHECK(talk(folder / "s", get("/")).starts_with("HTTP/1.1 201"));
}

TEST_CASE("a_file_that_is_no_socket_is_never_removed") {
  Folder folder;
  std::ofstream(folder / "s") << "precious";
  const auto listener = UnixListener::open(folder / "s");
  REQUIRE_FALSE(listener.ok());
  CHECK(listener.error().code == Errc::io);
  CHECK(std::filesystem::file_size(folder / "s") == 8);
}

TEST_CASE("a_path_too_long_for_a_socket_is_refused") {
  CHECK(UnixListener::open("/tmp/" + std::string(103, 'x')).error().code == Errc::invalid);
  CHECK(UnixListener::open("").error().code == Errc::invalid);
}
