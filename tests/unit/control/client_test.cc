// SPDX-License-Identifier: Apache-2.0
#include "control/client.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "http/server.h"
#include "support/temporary_directory.h"

using namespace sampan;
using namespace sampan::control;
using namespace std::chrono_literals;

namespace {

struct Folder {
  std::string socket() const { return path + "/s"; }
  const test::TemporaryDirectory directory;
  const std::string path = directory.path();
};

// A peer that accepts one connection, reads a little, sends these bytes and closes. Joins when it goes.
class Rude {
 public:
  Rude(const std::string& path, std::string bytes) {
    listener_ = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_, 4) == 0);
    thread_ = std::thread([this, text = std::move(bytes)] {
      const int fd = ::accept(listener_, nullptr, nullptr);
      char request[1024];
      static_cast<void>(::read(fd, request, sizeof request));
      static_cast<void>(::send(fd, text.data(), text.size(), MSG_NOSIGNAL));
      ::close(fd);
    });
  }
  ~Rude() {
    thread_.join();
    ::close(listener_);
  }

 private:
  int listener_;
  std::thread thread_;
};

Errc error_after(const std::string& bytes) {
  Folder folder;
  Rude rude(folder.socket(), bytes);
  return Client(folder.socket()).get("/").error().code;
}

}  // namespace

TEST_CASE("client_and_server_understand_each_other") {
  Folder folder;
  http::Server server({.unix_socket = folder.socket()}, [](const http::Request& request) {
    return http::Response{203, "text/plain", request.method + " " + request.path + " " + request.body};
  });
  REQUIRE(server.start().ok());
  const Client client(folder.socket());
  const auto got = client.get("/a");
  REQUIRE(got.ok());
  CHECK(got->status == 203);
  CHECK(got->body == "GET /a ");
  CHECK(client.post("/b", "{\"x\":1}")->body == "POST /b {\"x\":1}");
}

TEST_CASE("an_answer_of_a_megabyte_arrives_whole") {
  Folder folder;
  http::Server server({.unix_socket = folder.socket()}, [](const http::Request&) {
    return http::Response{200, "text/plain", std::string(1'000'000, 'x')};
  });
  REQUIRE(server.start().ok());
  CHECK(Client(folder.socket()).get("/")->body.size() == 1'000'000);
}

TEST_CASE("a_daemon_that_is_not_running_is_told_apart_from_one_that_does_not_let_us_in") {
  Folder folder;
  CHECK(Client(folder.socket()).get("/").error().code == Errc::not_found);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  folder.socket().copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::close(fd);
  CHECK(Client(folder.socket()).get("/").error().code == Errc::unreachable);
  // Somebody else than the owner; root, to whom nothing is forbidden, steps down for a moment.
  const bool root = ::geteuid() == 0;
  REQUIRE(::chmod(folder.socket().c_str(), 0) == 0);
  if (root) REQUIRE(::seteuid(65534) == 0);
  const auto refused = Client(folder.socket()).get("/");
  if (root) REQUIRE(::seteuid(0) == 0);
  CHECK(refused.error().code == Errc::refused);
}

TEST_CASE("a_peer_that_never_answers_costs_no_more_than_the_patience") {
  Folder folder;
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  folder.socket().copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(fd, 4) == 0);
  const MonoTime before = system_clock().mono();
  CHECK(Client(folder.socket(), 50ms).get("/").error().code == Errc::timeout);
  CHECK(system_clock().mono() - before < 5s);
  ::close(fd);
}

TEST_CASE("broken_answers_are_not_believed") {
  CHECK(error_after("") == Errc::unreachable);
  CHECK(error_after("SSH-2.0-x\r\n\r\n") == Errc::damaged);
  CHECK(error_after("HTTP/1.1 2") == Errc::damaged);
  CHECK(error_after("HTTP/1.1 xyz\r\n\r\n") == Errc::damaged);
  CHECK(error_after("HTTP/1.1 200 OK\r\ncontent-LENGTH: 10\r\n\r\nhalf") == Errc::unreachable);
  CHECK(error_after("HTTP/1.1 200 OK\r\n\r\n" + std::string((16u << 20) + 1, 'x')) == Errc::limit);
}
