// SPDX-License-Identifier: Apache-2.0
#include "settings/settings.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "settings/options.h"
#include "settings/value.h"

using namespace sampan;
using namespace sampan::settings;

namespace {

const std::string minimal =
    "site: Qingshan Township Clinic\n"
    "destinations:\n"
    "  - name: lead\n"
    "    dimse: PACS@192.0.2.10:104\n";

// What load says about the text: one line per problem.
std::string complaints(const std::string& text) {
  const Loaded loaded = load_text(text, "f");
  std::string all;
  if (const auto* problems = std::get_if<Problems>(&loaded))
    for (const Problem& problem : *problems) all += (all.empty() ? "" : "\n") + to_string(problem);
  return all;
}

Settings good(const std::string& text) {
  const Loaded loaded = load_text(text, "f");
  CHECK_MESSAGE(std::holds_alternative<Settings>(loaded), complaints(text));
  return std::holds_alternative<Settings>(loaded) ? std::get<Settings>(loaded) : Settings{};
}

std::string with_dimse(const std::string& address) {
  return "site: a\ndestinations:\n  - name: lead\n    dimse: " + address + "\n";
}

std::string with(const std::string& more) { return minimal + more; }

}  // namespace

TEST_CASE("a_minimal_file_needs_only_a_site_and_a_destination") {
  const Settings settings = good(minimal);
  CHECK(settings.site == "Qingshan Township Clinic");
  CHECK(settings.ae_title == "SAMPAN");
  CHECK(settings.state_directory == "/var/lib/sampan");
  CHECK(settings.intake.port == 11112);
  CHECK(settings.intake.ae_titles == std::vector<CalledTitle>{{"SAMPAN", {}}});
  REQUIRE(settings.destinations.size() == 1);
  CHECK(settings.destinations[0].name == "lead");
  CHECK(settings.destinations[0].dimse == DimseAddress{"PACS", "192.0.2.10", 104});
  CHECK(settings.destinations[0].calling_ae == "SAMPAN");
}

TEST_CASE("the_initial_values_of_the_table_are_those_of_the_structs") {
  Settings changed;
  changed.intake.ae_titles.emplace_back();
  changed.intake.callers.emplace_back();
  changed.intake.folders.emplace_back();
  changed.destinations.emplace_back();
  changed.routes.emplace_back();
  const Settings untouched = changed;
  for (const Option& option : option_table()) {
    if (option.initial.empty()) continue;
    const auto value = parse_value(option, option.initial);
    REQUIRE_MESSAGE(value.has_value(), option.path);
    option.set(changed, *value);
    CHECK_MESSAGE(changed == untouched, option.path);
  }
}

TEST_CASE("every_option_is_described_in_both_languages_and_can_be_stored") {
  for (const Option& option : option_table()) {
    CAPTURE(option.path);
    CHECK(option.en.ends_with('.'));
    CHECK(option.zh.ends_with("。"));
    const bool element = option.path.ends_with("[]");
    const bool container = option.kind == Kind::group || option.kind == Kind::list;
    CHECK((option.set != nullptr) == (element || !container));
    CHECK(find_option(option.path) == &option);
    if (option.kind == Kind::list) CHECK(find_option(std::string(option.path) + "[]") != nullptr);
  }
}

TEST_CASE("every_option_reaches_its_field") {
  const Settings s = good(
      "site: 青山镇卫生院\n"
      "ae_title: CLINIC\n"
      "state_directory: /srv/sampan\n"
      "intake:\n"
      "  enabled: false\n"
      "  listen: '::1'\n"
      "  port: 0\n"
      "  ae_titles: [CLINIC, {title: STAT, priority: emergency}, {title: SLOW, priority: bulk}]\n"
      "  callers: [{ae_title: DR1}, {address: 192.0.2.7}, {ae_title: CT, address: 'fe80::1'}]\n"
      "  accept: [1.2.840.10008.1.2, 1.2.840.10008.1.2.4.70]\n"
      "  associations_max: 9\n"
      "  associations_per_host_max: 8\n"
      "  idle_seconds_max: 60\n"
      "  pdu_bytes_max: 16384\n"
      "  folders:\n"
      "    - {path: /srv/drop, ae_title: ECG1, watch: poll, stable_seconds: 9, after: keep, carry: any}\n"
      "    - {path: /srv/drop2, watch: inotify}\n"
      "destinations:\n"
      "  - {name: lead, dimse: 'A@B@[2001:db8::1]:11112', calling_ae: ME, lanes: 3, reclaim_after: accepted,"
      " retention_days: 7, required: false}\n"
      "  - {name: 副本, folder: /srv/images}\n"
      "control: {socket: /tmp/s}\n"
      "log: {level: debug}\n");
  CHECK(s.site == "青山镇卫生院");
  CHECK(s.ae_title == "CLINIC");
  CHECK(s.state_directory == "/srv/sampan");
  CHECK_FALSE(s.intake.enabled);
  CHECK(s.intake.listen == "::1");
  CHECK(s.intake.port == 0);
  CHECK(s.intake.ae_titles ==
        std::vector<CalledTitle>{{"CLINIC", {}}, {"STAT", core::Priority::emergency}, {"SLOW", core::Priority::bulk}});
  CHECK(s.intake.callers == std::vector<Caller>{{"DR1", ""}, {"", "192.0.2.7"}, {"CT", "fe80::1"}});
  CHECK(s.intake.accept == std::vector<std::string>{"1.2.840.10008.1.2", "1.2.840.10008.1.2.4.70"});
  CHECK(s.intake.associations_max == 9);
  CHECK(s.intake.associations_per_host_max == 8);
  CHECK(s.intake.idle_seconds_max == 60);
  CHECK(s.intake.pdu_bytes_max == 16384);
  CHECK(s.intake.folders == std::vector<IntakeFolder>{{"/srv/drop", "ECG1", Watch::poll, 9, true, true},
                                                      {"/srv/drop2", "CLINIC", Watch::inotify, 5, false, false}});
  REQUIRE(s.destinations.size() == 2);
  CHECK(s.destinations[0] ==
        Destination{"lead", DimseAddress{"A@B", "2001:db8::1", 11112}, "", "ME", 3, ReclaimAfter::accepted, 7, false});
  CHECK(s.destinations[1].name == "副本");
  CHECK(s.destinations[1].folder == "/srv/images");
  CHECK(s.destinations[1].calling_ae == "CLINIC");
  CHECK(s.control_socket == "/tmp/s");
  CHECK(s.log_level == "debug");
}

TEST_CASE("a_folder_of_the_intake_overlaps_nothing_of_ours") {
  const auto said = [](const std::string& folders) {
    return complaints("site: a\nintake:\n  folders: [" + folders +
                      "]\ndestinations:\n  - {name: copy, folder: /srv/out}\n");
  };
  CHECK(said("{path: /srv/in}, {path: /srv/in2}") == "");
  CHECK(said("{path: /var/lib}") ==
        "f:3:14: the folder overlaps state_directory, expected a folder apart from it");
  CHECK(said("{path: /srv/out/x}") ==
        "f:3:14: the folder overlaps that of destination \"copy\", expected folders apart");
  CHECK(said("{path: /srv/in/ct}, {path: /srv/in/}") ==
        "f:3:34: the folder overlaps intake.folders[0], expected folders apart");
}

TEST_CASE("every_option_of_a_service_over_http_reaches_its_field") {
  const Settings s = good(
      "site: a\n"
      "destinations:\n"
      "  - name: cloud\n"
      "    stow: https://pacs.example:8443/dicom-web/studies\n"
      "    tls: {ca_file: /etc/ca.pem, certificate: /etc/me.pem, key: /etc/me.key}\n"
      "    auth: {oauth2: {token_url: 'https://id.example/token', client_id: clinic, client_secret_file: /etc/s, scope: a b}}\n"
      "    proxy: {url: 'http://192.0.2.1:3128', user: u, password_file: /etc/p}\n"
      "  - {name: near, stow: 'https://[2001:db8::1]/studies', auth: {basic: {user: me, password_file: /etc/q}}}\n"
      "  - {name: far, stow: 'https://far.example/studies?tenant=7', auth: {bearer_file: /run/token}}\n");
  REQUIRE(s.destinations.size() == 3);
  const Destination& cloud = s.destinations[0];
  CHECK(cloud.stow == "https://pacs.example:8443/dicom-web/studies");
  CHECK(cloud.tls == Tls{"/etc/ca.pem", "/etc/me.pem", "/etc/me.key"});
  CHECK(cloud.auth.oauth2 == Auth::OAuth2{"https://id.example/token", "clinic", "/etc/s", "a b"});
  CHECK(cloud.proxy == Proxy{"http://192.0.2.1:3128", "u", "/etc/p"});
  CHECK(s.destinations[1].auth.basic == Auth::Basic{"me", "/etc/q"});
  CHECK(s.destinations[2].auth.bearer_file == "/run/token");
  CHECK(s.destinations[2].proxy == Proxy{});
}

TEST_CASE("addresses_of_services_are_http_without_a_user_name") {
  const auto with_stow = [](const std::string& url) {
    return complaints("site: a\ndestinations:\n  - name: lead\n    stow: '" + url + "'\n");
  };
  for (const char* url : {"https://h", "http://h/studies", "https://192.0.2.1:1/s", "https://[::1]", "https://[::1]:65535/s",
                          "https://h?x=1", "https://h/a@b:c"})
    CHECK(with_stow(url) == "");
  for (const char* url : {"h/studies", "ftp://h/s", "https://", "https:///s", "https://h:0/s",
                          "https://h:65536/s", "https://h:/s", "https://[::1/s", "https://[::1]x/s", "https://[h]/s",
                          "https://192.0.2.300/s", "https://h/a b", "https://h/#x", "https://h/\xe9\x9d\x92", "HTTPS://h"})
    CHECK_MESSAGE(with_stow(url) == "f:4:11: destinations[0].stow is \"" + std::string(url) +
                                        "\", expected an address like https://host/path: http or https, no user name in it",
                  url);
}

TEST_CASE("a_password_in_an_address_is_not_repeated_in_the_complaint") {
  const auto told = [](const std::string& url) {
    const std::string all = complaints("site: a\ndestinations:\n  - name: lead\n    stow: '" + url + "'\n");
    return all.substr(0, all.find(", expected"));
  };
  CHECK(told("https://u:p@h/s") == "f:4:11: destinations[0].stow is \"https://...@h/s\"");
  CHECK(told("https://u@h/s") == "f:4:11: destinations[0].stow is \"https://...@h/s\"");
  CHECK(told("ftp://h/s?key=p") == "f:4:11: destinations[0].stow is \"ftp://h/s?...\"");
  CHECK(told("u:p@h") == "f:4:11: destinations[0].stow is \"...@h\"");
  CHECK(told("//u:p@h?k") == "f:4:11: destinations[0].stow is \"//...@h?...\"");
}

TEST_CASE("what_belongs_to_a_service_over_http_is_checked_as_a_whole") {
  const auto stow = [](const std::string& more, const std::string& scheme = "https") {
    return complaints("site: a\ndestinations:\n  - name: lead\n    stow: " + scheme + "://h/s\n" + more);
  };
  CHECK(stow("") == "");
  CHECK(stow("    tls: {ca_file: /x}\n", "http") == "f:5:5: tls with an address of http, expected one of https");
  CHECK(stow("    tls: {key: /x}\n") == "f:5:11: a key without a certificate, expected both");
  CHECK(stow("    auth: {bearer_file: /x, basic: {user: u, password_file: /y}}\n") ==
        "f:5:29: auth with both bearer_file and basic, expected one of them");
  CHECK(stow("    auth: {basic: {user: u}}\n") ==
        "f:5:19: destinations[0].auth.basic.password_file is missing, expected an absolute path of at most 4000 bytes");
  CHECK(stow("    proxy: {url: 'http://p', user: u}\n") == "f:5:30: user alone, expected user and password_file");
  CHECK(stow("    folder: /srv\n") == "f:5:5: a destination with both stow and folder, expected one of them");
  CHECK(complaints(with("    auth: {bearer_file: /x}\n")) ==
        "f:5:5: auth without stow or http, expected it for a destination over HTTP only");
}

TEST_CASE("what_is_secret_goes_to_no_service_in_the_clear_but_to_one_on_this_machine" * doctest::description("contract 11")) {
  const auto said = [](const std::string& url, const std::string& auth) {
    return complaints("site: a\ndestinations:\n  - name: lead\n    stow: '" + url + "'\n    auth: " + auth + "\n");
  };
  const std::string basic = "{basic: {user: u, password_file: /p}}", bearer = "{bearer_file: /t}";
  const auto oauth = [](const std::string& url) { return "{oauth2: {token_url: '" + url + "', client_id: c, client_secret_file: /s}}"; };
  const std::string clear = "f:5:5: auth with an address of http: what is secret would go in the clear, expected one of https";
  for (const char* url : {"http://h/s", "http://192.0.2.1/s", "http://127.0.0.1.example/s", "http://localhost.example/s", "http://[2001:db8::1]/s", "http://h?x=127.0.0.1"}) {
    CHECK_MESSAGE(said(url, basic) == clear, url);
    CHECK(said(url, bearer) == clear);
    CHECK(said(url, oauth("https://id.example/t")) == clear);
    CHECK(said("https://h/s", oauth(url)) == "f:5:21: the token is asked for over http: what is secret would go in the clear, expected https");
  }
  for (const char* url : {"https://h/s", "http://127.0.0.1:8042/s", "http://127.1.2.3/s", "http://localhost/s", "http://localhost:80/s", "http://[::1]:80/s"}) {
    CHECK_MESSAGE(said(url, basic) == "", url);
    CHECK(said("https://h/s", oauth(url)) == "");
  }
  CHECK(complaints(with("  - {name: t, http: 'http://h/t', auth: {bearer_file: /t}}\n")) ==
        "f:5:35: auth with an address of http: what is secret would go in the clear, expected one of https");
}

TEST_CASE("a_destination_that_is_this_node_itself_is_refused_where_the_file_shows_it" * doctest::description("contract 4")) {
  const auto said = [](const std::string& listen, const std::string& to, const std::string& more = "") {
    return complaints("site: a\nintake: {listen: '" + listen + "', port: 11112" + more + "}\ndestinations:\n  - {name: lead, dimse: '" + to + "'}\n");
  };
  const std::string own = "f:4:18: this is the address of this node itself, expected that of the next one";
  for (const char* host : {"127.0.0.1", "127.0.1.1", "localhost", "0.0.0.0", "[::1]", "[::]"})
    for (const char* listen : {"0.0.0.0", "::"}) CHECK_MESSAGE(said(listen, std::string("ANY@") + host + ":11112") == own, host);
  CHECK(said("192.0.2.5", "SAMPAN@192.0.2.5:11112") == own);
  CHECK(said("127.0.0.1", "SAMPAN@localhost:11112") == own);
  // Another port, another machine, a tunnel that ends beside the address where the node listens, an intake that is off.
  CHECK(said("0.0.0.0", "SAMPAN@127.0.0.1:104") == "");
  CHECK(said("0.0.0.0", "SAMPAN@192.0.2.5:11112") == "");
  CHECK(said("0.0.0.0", "SAMPAN@127.example:11112") == "");
  CHECK(said("192.0.2.5", "SAMPAN@127.0.0.1:11112") == "");
  CHECK(said("0.0.0.0", "SAMPAN@127.0.0.1:11112", ", enabled: false") == "");
}

TEST_CASE("any_file_is_carried_only_where_something_takes_it") {
  CHECK(complaints(with("intake: {folders: [{path: /srv/in, carry: any}]}\n")) ==
        "f:5:36: carry is any, but no destination takes such files; expected a folder among the destinations");
}

TEST_CASE("a_group_whose_options_are_all_commented_out_is_no_mistake") { CHECK(complaints(with("intake:\n")) == ""); }

TEST_CASE("files_of_windows_editors_load") {
  std::string text = "\xef\xbb\xbf" + minimal;
  for (auto at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 2)) text.insert(at, "\r");
  CHECK(good(text).site == "Qingshan Township Clinic");
}

TEST_CASE("every_mistake_is_reported_at_once_in_the_order_of_the_file") {
  CHECK(complaints("ae_title: SAMPAN\\1\n"
                   "intake:\n"
                   "  prot: 104\n"
                   "  port: many\n"
                   "destinations:\n"
                   "  - dimse: PACS\n") ==
        "f:1:1: site is missing, expected 1 to 64 bytes of text on one line\n"
        "f:1:11: ae_title is \"SAMPAN\\1\", expected an AE title: 1 to 16 plain characters, no backslash, no space at "
        "either end\n"
        "f:3:3: unknown option intake.prot, expected port\n"
        "f:4:9: intake.port is \"many\", expected a whole number from 0 to 65535\n"
        "f:6:5: destinations[0].name is missing, expected a name of 1 to 32 bytes: letters, digits, '-', '_' and '.'\n"
        "f:6:12: destinations[0].dimse is \"PACS\", expected AE@host:port, with an IPv6 address in brackets");
}

TEST_CASE("unknown_options_are_named_with_what_is_known") {
  CHECK(complaints(with("zebra: 1\n")) ==
        "f:5:1: unknown option zebra, expected one of site, ae_title, state_directory, intake, destinations, "
        "routes, telemetry, control, log");
  CHECK(complaints(with("    lane: 1\n")) == "f:5:5: unknown option destinations[0].lane, expected lanes");
  CHECK(complaints(with("log: {levle: info}\n")) == "f:5:7: unknown option log.levle, expected level");
}

TEST_CASE("the_same_option_twice_is_refused") {
  CHECK(complaints(with("site: other\n")) == "f:5:1: site is given twice, expected once; first in line 1");
}

TEST_CASE("ae_titles_follow_the_standard") {
  const std::string rule = ", expected an AE title: 1 to 16 plain characters, no backslash, no space at either end";
  CHECK(complaints(with("ae_title: SIXTEEN_IS_GOOD_\n")) == "");
  CHECK(complaints(with("ae_title: SEVENTEEN_IS_NOT_\n")) == "f:5:11: ae_title is \"SEVENTEEN_IS_NOT_\"" + rule);
  CHECK(complaints(with("ae_title: ' A'\n")) == "f:5:11: ae_title is \" A\"" + rule);
  CHECK(complaints(with("ae_title: ''\n")) == "f:5:11: ae_title is \"\"" + rule);
  CHECK(complaints(with("ae_title: \"A\\tB\"\n")) == "f:5:11: ae_title is \"A B\"" + rule);
  CHECK(complaints(with("ae_title: 青山\n")) == "f:5:11: ae_title is \"青山\"" + rule);
}

TEST_CASE("dimse_addresses_need_a_title_a_host_and_a_port") {
  for (const char* address : {"PACS@host:104", "PACS@host.example:104", "'PACS@[::1]:104'", "'P S@192.0.2.1:65535'"})
    CHECK(complaints(with_dimse(address)) == "");
  for (const char* address :
       {"PACS@host", "host:104", "PACS@:104", "PACS@host:0", "PACS@host:65536", "PACS@host:1x", "PACS@192.0.2.300:104",
        "PACS@::1:104", "PACS@[192.0.2.1]:104", "PACS@ho st:104", "PACS@-host:104", "TITLE_OF_17_CHARS@host:104"})
    CHECK(complaints(with_dimse(address)) == "f:4:12: destinations[0].dimse is \"" + std::string(address) +
                                                 "\", expected AE@host:port, with an IPv6 address in brackets");
}

TEST_CASE("a_dimse_address_without_a_title_is_refused") {
  CHECK(complaints(with_dimse("'@host:104'")) ==
        "f:4:12: destinations[0].dimse is \"@host:104\", expected AE@host:port, with an IPv6 address in brackets");
}

TEST_CASE("values_outside_their_limits_are_refused") {
  CHECK(complaints(with("    lanes: 17\n")) ==
        "f:5:12: destinations[0].lanes is \"17\", expected a whole number from 1 to 16");
  CHECK(complaints(with("    lanes: 0x2\n")) ==
        "f:5:12: destinations[0].lanes is \"0x2\", expected a whole number from 1 to 16");
  CHECK(complaints(with("    required: yes\n")) ==
        "f:5:15: destinations[0].required is \"yes\", expected true or false");
  CHECK(complaints(with("    reclaim_after: sent\n")) ==
        "f:5:20: destinations[0].reclaim_after is \"sent\", expected one of archived, accepted");
  CHECK(complaints(with("state_directory: here\n")) ==
        "f:5:18: state_directory is \"here\", expected an absolute path of at most 4000 bytes");
  CHECK(complaints(with("intake: {listen: eth0}\n")) ==
        "f:5:18: intake.listen is \"eth0\", expected a numeric IPv4 or IPv6 address");
  CHECK(complaints(with("intake: {accept: [1.2.840.10008.1.2, 1.02]}\n")) ==
        "f:5:38: intake.accept[1] is \"1.02\", expected a UID: numbers and dots, at most 64 characters");
  CHECK(complaints(with("control: {socket: /" + std::string(107, 'x') + "}\n"))
            .ends_with("expected an absolute path of at most 107 bytes"));
  CHECK(complaints("site: ''\n" + minimal.substr(minimal.find("dest"))) ==
        "f:1:7: site is \"\", expected 1 to 64 bytes of text on one line");
  CHECK(complaints("site: a\ndestinations:\n  - {name: 'a/b', folder: /x}\n") ==
        "f:3:12: destinations[0].name is \"a/b\", expected a name of 1 to 32 bytes: letters, digits, '-', '_' and '.'");
}

TEST_CASE("shapes_that_do_not_fit_are_named") {
  CHECK(complaints(with("intake: 104\n")) == "f:5:9: intake is a single value, expected options below it, indented");
  CHECK(complaints(with("intake: {port: [1]}\n")) ==
        "f:5:16: intake.port is a list, expected a whole number from 0 to 65535");
  CHECK(complaints(with("intake: {port: }\n")) ==
        "f:5:10: intake.port is empty, expected a whole number from 0 to 65535");
  CHECK(complaints(with("intake: {callers: [DR1]}\n")) ==
        "f:5:20: intake.callers[0] is a single value, expected options below it, indented\n"
        "f:5:20: a caller without ae_title and address, expected one of them or both");
  CHECK(complaints("site: a\ndestinations: lead\n") == "f:2:15: destinations is a single value, expected a list");
  CHECK(complaints("site: a\ndestinations:\n") == "f:2:1: destinations is empty, expected a list");
  CHECK(complaints("site: a\ndestinations: []\n") == "f:2:1: destinations is empty, expected a list");
  CHECK(complaints("site: a\n") == "f:1:1: destinations is missing, expected a list");
  CHECK(complaints("- a\n- b\n") == "f:1:1: the file is a list, expected \"name: value\" lines");
  CHECK(complaints("just words\n") == "f:1:1: the file is a single value, expected \"name: value\" lines");
  CHECK(complaints(with("? [a]\n: 1\n")) == "f:5:3: the name of an option is a list, expected a word");
}

TEST_CASE("options_that_contradict_each_other_are_refused") {
  CHECK(complaints(with("    folder: /srv\n")) ==
        "f:5:5: a destination with both dimse and folder, expected one of them");
  CHECK(complaints("site: a\ndestinations:\n  - name: lead\n") ==
        "f:3:5: a destination without an address, expected dimse, stow, folder or http");
  CHECK(complaints(with("  - name: lead\n    folder: /srv\n")) ==
        "f:5:5: destination \"lead\" is named twice, expected a name of its own");
  CHECK(complaints("site: a\ndestinations:\n  - name: lead\n    folder: /var/lib/sampan/out\n") ==
        "f:4:5: folder lies inside state_directory, expected a folder outside of it");
  CHECK(complaints("site: a\ndestinations:\n  - name: lead\n    folder: /var/lib/sampan2\n") == "");
  CHECK(complaints(with("intake: {ae_titles: [A, B, A]}\n")) ==
        "f:5:28: AE title \"A\" is listed twice, expected once");
  CHECK(complaints(with("intake: {callers: [{}]}\n")) ==
        "f:5:20: a caller without ae_title and address, expected one of them or both");
  CHECK(complaints(with("intake: {associations_max: 4}\n")) ==
        "f:5:10: intake.associations_per_host_max is 16, expected at most intake.associations_max, which is 4");
  CHECK(complaints(with("intake: {associations_per_host_max: 40}\n")) ==
        "f:5:10: intake.associations_per_host_max is 40, expected at most intake.associations_max, which is 32");
}

TEST_CASE("telemetry_goes_over_http_and_how_often_is_chosen") {
  const Settings s = good(with("  - {name: t, http: 'https://lead.example/telemetry', tls: {ca_file: /ca.pem}, auth: {bearer_file: /token}}\n"
                               "telemetry: {every_seconds: 60, outage_seconds: 0}\n"));
  CHECK(s.destinations[1].http == "https://lead.example/telemetry");
  CHECK(s.destinations[1].tls.ca_file == "/ca.pem");
  CHECK(s.telemetry.every_seconds == 60);
  CHECK(s.telemetry.outage_seconds == 0);
  CHECK(good(with("  - {name: t, http: 'http://h/t', takes: telemetry}\n")).destinations[1].takes == std::vector<Cargo>{Cargo::telemetry});
  CHECK(complaints(with("  - {name: t, http: 'http://h/t', takes: [images]}\n")) == "f:5:43: an http destination takes telemetry only");
  CHECK(complaints(with("  - {name: t, http: 'http://h/t', folder: /f}\n")) ==
        "f:5:15: a destination with both folder and http, expected one of them");
  CHECK(complaints(with("  - {name: t, http: 'http://h/t', tls: {ca_file: /ca.pem}}\n")) ==
        "f:5:35: tls with an address of http, expected one of https");
}

TEST_CASE("a_destination_says_what_it_takes") {
  CHECK(good(with("  - {name: f, folder: /f, takes: [images, files, telemetry]}\n")).destinations[1].takes ==
        std::vector<Cargo>{Cargo::images, Cargo::files, Cargo::telemetry});
  CHECK(good(with("  - {name: f, folder: /f, takes: telemetry}\n")).destinations[1].takes ==
        std::vector<Cargo>{Cargo::telemetry});
  CHECK(complaints(with("    takes: [images, files]\n")) ==
        "f:5:21: this destination can take images only, expected folder for files, folder or http for telemetry");
  CHECK(complaints(with("    takes: reports\n")) ==
        "f:5:12: destinations[0].takes is \"reports\", expected one of images, files, telemetry");
  CHECK(complaints(with("    takes: []\n")) == "f:5:5: a destination that takes nothing, expected images, files or telemetry");
  CHECK(complaints(with("  - {name: f, folder: /f, takes: images}\nintake: {folders: [{path: /d, carry: any}]}\n")) ==
        "f:6:31: carry is any, but no destination takes such files; expected a folder among the destinations");
}

TEST_CASE("routes_are_rules_in_the_order_of_the_file") {
  const Settings s = good(with(
      "routes:\n"
      "  - when: {called_ae: STAT, calling_ae: [CT1, CT*], modality: CT, sop_class: 1.2.*, body_part: [HEAD, 胸部],\n"
      "           station: 一号机, hours: ['18:00-08:00', '12:00-13:30'], priority: [routine, bulk], cargo: images}\n"
      "    to: lead\n"
      "    priority: emergency\n"
      "    last: true\n"
      "  - to: [lead]\n"
      "  - {priority: bulk}\n"));
  REQUIRE(s.routes.size() == 3);
  const RouteCondition all{{"STAT"}, {"CT1", "CT*"}, {"CT"}, {"1.2.*"}, {"HEAD", "胸部"}, {"一号机"},
                           {core::Priority::routine, core::Priority::bulk}, {Cargo::images}, {{1080, 480}, {720, 810}}};
  CHECK(s.routes[0] == RouteRule{all, {"lead"}, core::Priority::emergency, true});
  CHECK(s.routes[1] == RouteRule{{}, {"lead"}, {}, false});
  CHECK(s.routes[2] == RouteRule{{}, {}, core::Priority::bulk, false});
}

TEST_CASE("mistakes_in_routes_are_named") {
  CHECK(complaints(with("routes: [{to: leda}]\n")) == "f:5:15: there is no destination \"leda\", expected one of lead");
  CHECK(complaints(with("routes: [{to: [lead, b]}]\n")) == "f:5:22: there is no destination \"b\", expected one of lead");
  CHECK(complaints(with("routes: [{when: {modality: CT}}]\n")) ==
        "f:5:10: a rule without effect, expected to or priority");
  for (const char* hours : {"8-18", "08:00", "08:00-08:00", "24:00-08:00", "08:60-09:00", "8:00-09:00", "08:00-25:00"})
    CHECK(complaints(with("routes: [{when: {hours: '" + std::string(hours) + "'}, to: lead}]\n")) ==
          "f:5:25: routes[0].when.hours is \"" + std::string(hours) + "\", expected a time of day like 18:00-08:00");
  CHECK(complaints(with("routes: [{when: {hours: '18:00-24:00'}, to: lead}]\n")) == "");
  CHECK(complaints(with("routes: [{when: {modality: ''}, to: lead}]\n")) ==
        "f:5:28: routes[0].when.modality is \"\", expected 1 to 64 bytes of text on one line");
}

TEST_CASE("empty_files_say_so") {
  const std::string text = "f: the file is empty, expected at least site and destinations";
  CHECK(complaints("") == text);
  CHECK(complaints("\n# only a comment\n") == text);
}

TEST_CASE("what_is_not_yaml_is_told_with_its_place") {
  CHECK(complaints("site: [a\n").starts_with("f:2:1: not YAML ("));
  CHECK(complaints("site: a\n  ae_title: b\n").starts_with("f:2:11: not YAML ("));
  CHECK(complaints(minimal + "---\nsite: b\n") == "f:5:1: a second document begins, expected one per file");
}

TEST_CASE("tabs_in_the_indentation_are_named_in_every_line") {
  CHECK(complaints("site: a\nintake:\n\tport: 1\n  \tlisten: 0.0.0.0\n\t\nlog: \t{level: info}\n") ==
        "f:3:1: a tab indents this line, expected spaces\n"
        "f:4:3: a tab indents this line, expected spaces");
}

TEST_CASE("other_encodings_than_utf_8_are_named_once") {
  CHECK(complaints("ae_title: A\nsite: \xc7\xe0\xc9\xbd\n# \xc7\xe0\n") ==
        "f:2:7: bytes that are not UTF-8, expected a file saved as UTF-8");
  CHECK(complaints(std::string("\xff\xfes\0i\0", 6)) ==
        "f:1:1: bytes that are not UTF-8, expected a file saved as UTF-8");
  CHECK(complaints("site: \xc0\x80\n") == "f:1:7: bytes that are not UTF-8, expected a file saved as UTF-8");
  CHECK(complaints("site: \xe9\x9d\n") == "f:1:7: bytes that are not UTF-8, expected a file saved as UTF-8");
}

TEST_CASE("a_file_that_cannot_be_read_is_named") {
  const std::string path = "/nonexistent/sampan.yaml";
  const Loaded loaded = load(path);
  REQUIRE(std::holds_alternative<Problems>(loaded));
  CHECK(to_string(std::get<Problems>(loaded)[0]) ==
        path + ": cannot be read (open " + path + ": No such file or directory), expected a readable file");
}

TEST_CASE("a_file_that_is_far_too_large_is_not_read") {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("sampan_large_" + std::to_string(::getpid()))).string();
  std::ofstream(path) << std::string(core::limits::settings_bytes_max + 1, '#');
  const Loaded loaded = load(path);
  std::filesystem::remove(path);
  REQUIRE(std::holds_alternative<Problems>(loaded));
  CHECK(std::get<Problems>(loaded)[0].words.en.find("larger than 1048576 bytes") != std::string::npos);
}

TEST_CASE("every_shipped_sample_loads") {
  const std::filesystem::path config = SAMPAN_SOURCE_DIR "/config";
  std::size_t samples = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(config)) {
    if (entry.path().extension() != ".yaml") continue;
    ++samples;
    const Loaded loaded = load(entry.path().string());
    if (const auto* problems = std::get_if<Problems>(&loaded))
      for (const Problem& problem : *problems) FAIL_CHECK(to_string(problem));
  }
  CHECK(samples >= 3);
}

TEST_CASE("a_slip_of_the_hand_is_named_and_not_what_follows_from_it") {
  const std::string rest = "destinations:\n  - name: lead\n    dimse: PACS@192.0.2.10:104\n";
  CHECK(complaints("site：青山\n" + rest) == "f:1:5: the colon after site is a full-width one (：), expected \": \" as of an English keyboard");
  CHECK(complaints("site:A\n" + rest) == "f:1:6: there is no space after \"site:\", expected \"site: value\"");
  CHECK(complaints("site: a\r\ndestinations:\r\n  - name：lead\r\n    dimse: PACS@192.0.2.10:104\r\n").starts_with("f:3:9: the colon after name is a full-width one"));
  CHECK(complaints("site: \"a\n" + rest) == "f:1:7: the quotation mark \" opens here and is not closed in this line, expected another one at the end of the value");
  CHECK(complaints("site: \"a\n" + rest + "ae_title: \"B\"\n").starts_with("f:1:7: the quotation mark"));
  // Mistakes before it are told as well.
  CHECK(complaints("sit: a\nsite: a\nintake:\n  port:104\n" + rest) == "f:1:1: unknown option sit, expected site\n"
                                                                     "f:4:8: there is no space after \"port:\", expected \"port: value\"");
  // What looks so and is meant is none.
  CHECK(good("site: \"青山：东院\"\n" + rest).site == "青山：东院");
  CHECK(good("site: 'a\n  b'\n" + rest).site == "a b");
  CHECK(good("# site：x\nsite: it's\n" + rest).site == "it's");
  const Loaded loaded = load_text("site: a\n  ae_title: b\n", "f");
  CHECK(to_string(std::get<Problems>(loaded)[0], Lang::zh).find("illegal") == std::string::npos);
}
