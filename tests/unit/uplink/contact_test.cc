// SPDX-License-Identifier: Apache-2.0
// How each kind of destination is asked whether it is there.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "stow_support.h"
#include "support/temporary_directory.h"
#include "uplink/dimse_contact.h"
#include "uplink/folder_contact.h"
#include "uplink/folder_root.h"
#include "uplink/http_contact.h"

using namespace sampan;
using namespace sampan::test;

TEST_SUITE_BEGIN("contact");

namespace {

constexpr std::uint16_t c_echo_rq = 0x0030, c_echo_rsp = 0x8030;

struct Pacs {
  ScriptedPeer peer;
  EchoingJudge judge;
  unsigned echoes = 0;
  Pacs() {
    peer.answer = [this](Connection& connection, const ScriptedPeer::Heard& heard) {
      if (heard.message.command.field != c_echo_rq) return false;
      ++echoes;
      Command reply = heard.message.command;
      reply.field = c_echo_rsp;
      reply.status = 0;
      reply.has_data_set = false;
      return send_message(connection, heard.message.context, reply, {}, {}).ok();
    };
  }
  std::optional<core::Retry> ask(bool own_title_counts = true) {
    return uplink::make_dimse_contact({options_for(peer.port()), own_title_counts}, judge)->ask();
  }
};

// What a service is taken for that answers so.
std::string asked(const std::string& answer, bool is_search) {
  HttpServer server;
  server.answer = [answer](const HttpHeard&) { return answer; };
  server.start();
  HttpJudge judge;
  const auto said = uplink::make_http_contact({server.url(is_search ? "/dicom-web" : "/hook"), is_search}, disk(), judge, system_clock())->ask();
  const auto heard = server.heard();
  CHECK(heard.size() == 1);
  CHECK(heard.at(0).method == "GET");
  CHECK(heard.at(0).target.starts_with(is_search ? "/dicom-web/studies?StudyInstanceUID=" : "/hook"));
  return said ? said->reason : "there";
}

}  // namespace

TEST_CASE("a_pacs_is_asked_by_an_echo_on_an_association_that_is_given_back") {
  Pacs pacs;
  pacs.peer.start();
  CHECK_FALSE(pacs.ask().has_value());
  CHECK(pacs.echoes == 1);
  CHECK(pacs.peer.associations == 1);
  CHECK(wait_until([&] { return pacs.peer.released == 1; }));
  CHECK(pacs.peer.requests().at(0).contexts.size() == 1);
}

TEST_CASE("a_pacs_that_does_not_offer_verification_has_answered") {
  Pacs pacs;
  pacs.peer.result = [](const Context&) { return std::uint8_t{3}; };
  pacs.peer.start();
  CHECK_FALSE(pacs.ask().has_value());
  CHECK(pacs.echoes == 0);
}

TEST_CASE("a_pacs_that_refuses_this_title_refuses_the_node_unless_images_go_under_titles_of_their_own") {
  Pacs pacs;
  pacs.peer.reject = std::vector<std::uint8_t>{1, 1, 3};
  pacs.peer.start();
  const auto said = pacs.ask();
  REQUIRE(said.has_value());
  CHECK(said->scope == core::Scope::configuration);
  CHECK_FALSE(pacs.ask(false).has_value());
}

TEST_CASE("nobody_there_and_one_that_hangs_up_are_away") {
  Pacs pacs;
  pacs.peer.answer = [](Connection&, const ScriptedPeer::Heard&) { return false; };
  pacs.peer.start();
  const auto said = pacs.ask();
  REQUIRE(said.has_value());
  CHECK(said->scope == core::Scope::destination);
  EchoingJudge judge;
  std::uint16_t port = 0;
  {
    HttpServer gone;
    port = gone.port();
  }
  const auto nobody = uplink::make_dimse_contact({options_for(port), true}, judge)->ask();
  REQUIRE(nobody.has_value());
  CHECK(nobody->scope == core::Scope::destination);
}

TEST_CASE("a_dicomweb_service_is_asked_by_a_search_and_a_portal_is_not_taken_for_it") {
  CHECK(asked(http("200 OK", "application/dicom+json", "[]"), true) == "there");
  CHECK(asked("HTTP/1.1 204 No Content\r\n\r\n", true) == "there");
  for (const char* status : {"401 Unauthorized", "403 Forbidden", "404 Not Found", "405 Method Not Allowed", "501 Not Implemented"})
    CHECK(asked(http(status, "application/json", "{}"), true) == "there");
  CHECK(asked(http("200 OK", "application/dicom+json", ""), true) == "there");
  CHECK(asked(http("200 OK", "text/html", ""), true).starts_with("stranger"));
  CHECK(asked(http("200 OK", "text/plain", std::string(2u << 20, ' ')), true).starts_with("stranger"));
  CHECK(asked(http("200 OK", "text/html", "<html>Welcome</html>"), true).starts_with("stranger"));
  CHECK(asked(http("200 OK", "application/json", "{}"), true).starts_with("stranger"));
  CHECK(asked(http("302 Found", "text/html", "", "Location: http://portal/\r\n"), true).starts_with("stranger"));
  CHECK(asked(http("503 Service Unavailable", "text/plain", ""), true) == "HTTP 503");
  CHECK(asked(http("429 Too Many Requests", "text/plain", ""), true) == "HTTP 429");
  CHECK(asked("", true) != "there");
}

TEST_CASE("a_service_for_telemetry_is_there_with_any_answer_that_is_not_a_page") {
  CHECK(asked(http("200 OK", "application/json", "{}"), false) == "there");
  CHECK(asked(http("405 Method Not Allowed", "text/html", "<html>no</html>"), false) == "there");
  CHECK(asked(http("200 OK", "text/html", "<html>Welcome</html>"), false).starts_with("stranger"));
  CHECK(asked(http("500 Internal Server Error", "text/plain", ""), false) == "HTTP 500");
}

TEST_CASE("a_secret_that_cannot_be_read_is_the_fault_of_the_settings") {
  HttpJudge judge;
  const auto said = uplink::make_http_contact({"http://127.0.0.1:1/t", false, {}, uplink::Bearer{"/nonexistent/token"}}, disk(), judge, system_clock())->ask();
  REQUIRE(said.has_value());
  CHECK(said->scope == core::Scope::configuration);
}

TEST_CASE("a_folder_is_asked_by_a_file_that_does_not_stay_and_nothing_else_is_made") {
  const TemporaryDirectory home;
  const auto root = home.path() / "share" / "lead";
  const uplink::FolderOptions options{root.string(), (home.path() / "memory").string()};
  const auto ask = [&] { return uplink::make_folder_contact(options, disk())->ask(); };
  const auto entries = [&] { return std::distance(std::filesystem::recursive_directory_iterator(home.path()), {}); };
  // Made by the first image.
  CHECK_FALSE(ask().has_value());
  CHECK(entries() == 0);
  std::filesystem::create_directories(root / ".incoming");
  const auto before = entries();
  CHECK_FALSE(ask().has_value());
  CHECK(entries() == before);
  // Images went there, and it is not there: a mount point without its disk.
  CHECK_FALSE(uplink::FolderRoot(options, disk()).settle().has_value());
  CHECK_FALSE(ask().has_value());
  CHECK(entries() == before + 3);  // what it is known by, here and there
  std::filesystem::remove_all(root / ".incoming");
  const auto unmounted = ask();
  REQUIRE(unmounted.has_value());
  CHECK(unmounted->reason.find("not mounted") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(root / ".incoming"));
}

TEST_CASE("a_folder_is_not_asked_through_a_link") {
  const TemporaryDirectory home;
  std::filesystem::create_directories(home.path() / "lead");
  std::filesystem::create_directories(home.path() / "target");
  std::filesystem::create_directory_symlink(home.path() / "target", home.path() / "lead/.incoming");
  const auto said = uplink::make_folder_contact({(home.path() / "lead").string()}, disk())->ask();
  REQUIRE(said.has_value());
  CHECK(said->reason.find("a link or a file is in the place of a folder") != std::string::npos);
}

TEST_CASE("a_folder_that_cannot_be_one_is_away_in_words_without_its_path") {
  const TemporaryDirectory home;
  std::ofstream(home.path() / "file") << "not mounted";
  const auto said = uplink::make_folder_contact({(home.path() / "file" / "lead").string()}, disk())->ask();
  REQUIRE(said.has_value());
  CHECK(said->scope == core::Scope::destination);
  CHECK(said->reason.find(home.path().string()) == std::string::npos);
}
