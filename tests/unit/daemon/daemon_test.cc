// SPDX-License-Identifier: Apache-2.0
#include "daemon/run.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/version.h"
#include "daemon/ended.h"
#include "daemon/lock.h"
#include "daemon/notify.h"
#include "daemon/reload.h"
#include "daemon/usage.h"
#include "settings/start_note.h"
#include "support/golden.h"
#include "support/temporary_directory.h"

using namespace sampan;
using namespace sampan::daemon;

namespace {

struct Folder {
  Folder() {
    std::ofstream(path + "/good.yaml") << "site: a\nintake: {listen: 127.0.0.1, port: 0}\nstate_directory: " << path
                                       << "/state\ncontrol: {socket: " << path
                                       << "/c}\ndestinations:\n  - {name: lead, folder: /srv/images}\n";
  }
  void write(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = std::filesystem::path(path) / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  std::string good() const { return path + "/good.yaml"; }
  const test::TemporaryDirectory directory;
  const std::string path = directory.path();
};

struct Quiet : Service {
  Status start() override { return {}; }
  void stop() override {}
  int intake_port() override { return 4321; }
  bool hangs() override { return false; }
  Result<std::uint64_t> undelivered() override { return 7; }
  settings::ReloadReport reload(settings::Settings) override {
    settings::ReloadReport report;
    report.applied = true;
    return report;
  }
  void on_reload_request(std::function<settings::ReloadReport()>) override {}
};
std::unique_ptr<Service> quiet(const settings::Settings&) { return std::make_unique<Quiet>(); }

struct Ran {
  int code;
  std::string out, err;
};
// Only for lives that end by themselves.
Ran call(std::vector<std::string> arguments, const Build& build = quiet) {
  std::ostringstream out, err;
  const auto rescue = [](const node::RescueCommand& command, std::ostream& said, std::ostream&) {
    said << "rescue of " << command.directory << " to " << command.export_to << (command.zh ? " zh" : " en") << "\n";
    return 1;
  };
  const int code = run(std::move(arguments), build, rescue, out, err);
  return {code, out.str(), err.str()};
}

// The manager's end of the notification socket.
class Manager {
 public:
  explicit Manager(const std::string& path) {
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  ~Manager() { ::close(fd_); }
  // The next message, empty after ten seconds.
  std::string next() const {
    pollfd one{fd_, POLLIN, 0};
    char text[1024];
    if (::poll(&one, 1, 10000) != 1) return {};
    const auto n = ::recv(fd_, text, sizeof text, 0);
    return n < 0 ? std::string() : std::string(text, static_cast<std::size_t>(n));
  }

 private:
  int fd_;
};

// run() in a process of its own, told of a manager.
class Daemon {
 public:
  Daemon(const Folder& folder, const std::string& notify, const std::string& watchdog_usec,
         const Build& build = quiet) {
    out_ = folder.path + "/out";
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ != 0) return;
    ::setenv("NOTIFY_SOCKET", notify.c_str(), 1);
    if (!watchdog_usec.empty()) ::setenv("WATCHDOG_USEC", watchdog_usec.c_str(), 1);
    std::ofstream out(out_), err(out_ + ".err");
    const int code = run({"--config", folder.good()}, build, {}, out, err);
    out.close();
    err.close();
    ::_exit(code);
  }
  ~Daemon() {
    if (pid_ > 0) ::kill(pid_, SIGKILL), ::waitpid(pid_, nullptr, 0);
  }
  void signal(int number) const { ::kill(pid_, number); }
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string out() const {
    std::ifstream file(out_);
    std::string line;
    std::getline(file, line);
    return line;
  }

 private:
  pid_t pid_ = -1;
  std::string out_;
};

}  // namespace

TEST_CASE("a_state_directory_has_one_daemon") {
  Folder folder;
  const std::string state = folder.path + "/a/state";
  {
    const auto first = StateLock::take(state);  // made, with its parents
    REQUIRE(first.ok());
    const auto second = StateLock::take(state);
    REQUIRE_FALSE(second.ok());
    CHECK(second.error().code == Errc::duplicate);
    CHECK(second.error().message == "another sampand uses the state directory " + state);
  }
  CHECK(StateLock::take(state).ok());
  CHECK(StateLock::take("/proc/nonexistent").error().code != Errc::duplicate);
}

TEST_CASE("a_state_directory_whose_lock_a_person_removed_is_in_use_all_the_same" * doctest::description("contract 2")) {
  Folder folder;
  const std::string state = folder.path + "/state";
  const auto first = StateLock::take(state);
  REQUIRE(first.ok());
  REQUIRE(std::filesystem::remove(state + "/lock"));
  const auto second = StateLock::take(state);
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().code == Errc::duplicate);
}

TEST_CASE("without_a_manager_nothing_is_told_and_nobody_wakes") {
  const Notifier notifier({});
  notifier.tell("READY=1");
  CHECK_FALSE(notifier.watchdog_every().has_value());
}

TEST_CASE("the_watchdog_is_fed_twice_in_its_interval_when_it_watches_us") {
  CHECK(Notifier({"", "20000000", ""}).watchdog_every() == Millis(10000));
  CHECK(Notifier({"", "20000000", std::to_string(::getpid())}).watchdog_every() == Millis(10000));
  CHECK_FALSE(Notifier({"", "20000000", "1"}).watchdog_every().has_value());
  CHECK_FALSE(Notifier({"", "nonsense", ""}).watchdog_every().has_value());
  CHECK(Notifier({"", "1", ""}).watchdog_every() == Millis(1));
}

TEST_CASE("the_manager_hears_ready_and_stopping_and_the_stop_is_clean") {
  Folder folder;
  const Manager manager(folder.path + "/n");
  Daemon daemon(folder, folder.path + "/n", "");
  CHECK(manager.next() == "READY=1");
  CHECK(daemon.out() == "sampand ready intake=127.0.0.1:4321 control=" + folder.path + "/c");
  CHECK(std::filesystem::exists(folder.path + "/state/lock"));
  daemon.signal(SIGTERM);
  CHECK(manager.next() == "STOPPING=1");
  CHECK(daemon.wait() == exit_clean);
}

TEST_CASE("a_hangup_has_the_settings_read_again_and_the_manager_hears_what_came_of_it") {
  struct Choosy : Quiet {
    settings::ReloadReport reload(settings::Settings next) override {
      settings::ReloadReport report;
      report.applied = next.intake.port != 104;
      if (!report.applied) report.failure = "port taken";
      if (next.site != "a") report.after_restart = {"site", "control.socket"};
      return report;
    }
  };
  Folder folder;
  const Manager manager(folder.path + "/n");
  Daemon daemon(folder, folder.path + "/n", "", [](const settings::Settings&) { return std::make_unique<Choosy>(); });
  CHECK(manager.next() == "READY=1");
  const auto hears = [&](const std::string& line) {
    daemon.signal(SIGHUP);
    CHECK(manager.next().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    CHECK(manager.next() == "READY=1\nSTATUS=" + line);
  };
  hears("new settings applied");
  folder.write("conf.d/a.yaml", "sit: b\nintake: {prot: 1}\n");
  hears("new settings refused, 2 mistakes; the old ones are kept");
  folder.write("conf.d/a.yaml", "log: {level: debug}\n");
  hears("new settings applied");
  folder.write("good.yaml", "site: b\ndestinations:\n  - {name: lead, folder: /srv/images}\n");
  hears("new settings applied; takes effect after a restart: site, control.socket");
  folder.write("conf.d/b.yaml", "intake: {port: 104}\n");
  hears("new settings refused: port taken; the old ones are kept");
  daemon.signal(SIGTERM);
  CHECK(manager.next() == "STOPPING=1");
  CHECK(daemon.wait() == exit_clean);
}

TEST_CASE("the_state_directory_of_the_command_line_holds_after_a_reload_too") {
  const Notifier nobody({});
  Folder folder;
  settings::Settings seen;
  Reload reload(folder.good(), "/elsewhere", nobody, [&](settings::Settings next) {
    seen = next;
    settings::ReloadReport report;
    report.applied = true;
    return report;
  });
  CHECK(reload().applied);
  CHECK(seen.state_directory == "/elsewhere");
  CHECK(seen.site == "a");
}

TEST_CASE("the_watchdog_is_fed_while_the_service_runs") {
  Folder folder;
  const Manager manager(folder.path + "/n");
  Daemon daemon(folder, folder.path + "/n", "20000");
  CHECK(manager.next() == "READY=1");
  CHECK(manager.next() == "WATCHDOG=1");
  CHECK(manager.next() == "WATCHDOG=1");
  daemon.signal(SIGINT);
  CHECK(daemon.wait() == exit_clean);
}

TEST_CASE("the_watchdog_hears_nothing_of_a_service_that_hangs") {
  struct Hanging : Quiet {
    bool hangs() override { return ++asked > 2; }
    int asked = 0;
  };
  Folder folder;
  const Manager manager(folder.path + "/n");
  Daemon daemon(folder, folder.path + "/n", "20000", [](const settings::Settings&) { return std::make_unique<Hanging>(); });
  CHECK(manager.next() == "READY=1");
  CHECK(manager.next() == "WATCHDOG=1");
  CHECK(manager.next() == "WATCHDOG=1");
  daemon.signal(SIGINT);
  CHECK(manager.next() == "STOPPING=1");
  CHECK(daemon.wait() == exit_clean);
}

TEST_CASE("memory_of_a_running_daemon_cannot_be_dumped") {
  struct Curious : Quiet {
    Status start() override {
      rlimit core{1, 1};
      ::getrlimit(RLIMIT_CORE, &core);
      if (::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 || core.rlim_cur != 0 || core.rlim_max != 0)
        return fail(Errc::invalid, "dumpable");
      return {};
    }
  };
  Folder folder;
  const Manager manager(folder.path + "/n");
  Daemon daemon(folder, folder.path + "/n", "", [](const settings::Settings&) { return std::make_unique<Curious>(); });
  CHECK(manager.next() == "READY=1");
  daemon.signal(SIGTERM);
  CHECK(daemon.wait() == exit_clean);
}

TEST_CASE("a_second_daemon_on_the_same_state_is_refused") {
  Folder folder;
  const Manager manager(folder.path + "/n");
  Daemon first(folder, folder.path + "/n", "");
  CHECK(manager.next() == "READY=1");
  Daemon second(folder, "", "");
  CHECK(second.wait() == exit_start);
  first.signal(SIGTERM);
  CHECK(first.wait() == exit_clean);
}

TEST_CASE("a_start_that_files_of_another_user_prevent_says_whose_they_are_and_what_to_do") {
  struct Shut : Quiet {
    Status start() override { return fail(Errc::io, "open keys/local.key: Permission denied"); }
  };
  const auto shut = [](const settings::Settings&) { return std::make_unique<Shut>(); };
  Folder folder;
  folder.write("state/keys/local.key", "x");
  const std::string key = folder.path + "/state/keys/local.key";
  CHECK(call({"--config", folder.good()}, shut).err == "sampand: open keys/local.key: Permission denied\n");
  if (::chown(key.c_str(), 54321, 54321) != 0) {
    MESSAGE("skipped: only root gives a file to somebody else");
    return;
  }
  const Ran ran = call({"--config", folder.good()}, shut);
  CHECK(ran.code == exit_person);
  CHECK(ran.err.find(key + " belongs to 54321, and this program runs as root; give it all back: sudo chown -R root: " + folder.path + "/state\n") !=
        std::string::npos);
  CHECK(ran.err.find("属于用户 54321") != std::string::npos);
  const auto note = settings::start_note_of(folder.path + "/c");
  REQUIRE(note.has_value());
  CHECK(note->en.find("sudo chown -R root: " + folder.path + "/state") != std::string::npos);
  CHECK(note->zh.find("属于用户 54321") != std::string::npos);
  struct Broken : Quiet {
    Status start() override { return fail(Errc::io, "port taken"); }
  };
  CHECK(call({"--config", folder.good()}, [](const settings::Settings&) { return std::make_unique<Broken>(); }).err == "sampand: port taken\n");
}

TEST_CASE("a_service_that_does_not_start_ends_the_daemon") {
  struct Broken : Quiet {
    Status start() override { return fail(Errc::io, "port taken"); }
  };
  Folder folder;
  Daemon daemon(folder, "", "", [](const settings::Settings&) { return std::make_unique<Broken>(); });
  CHECK(daemon.wait() == exit_start);
  std::ifstream err(folder.path + "/out.err");
  std::string line;
  std::getline(err, line);
  CHECK(line == "sampand: port taken");
}

TEST_CASE("what_no_further_try_mends_has_an_exit_code_that_the_unit_does_not_try_again" * doctest::description("contract 9")) {
  struct Locked : Quiet {
    Status start() override { return fail(Errc::refused, "Wrong key: it does not fit\n密钥不符"); }
  };
  Folder folder;
  const Ran ran = call({"--config", folder.good()}, [](const settings::Settings&) { return std::make_unique<Locked>(); });
  CHECK(ran.code == exit_person);
  CHECK(ran.err == "sampand: Wrong key: it does not fit\n密钥不符\n");
  std::ifstream unit(SAMPAN_SOURCE_DIR "/systemd/sampand.service");
  std::string line, codes;
  while (std::getline(unit, line))
    if (line.starts_with("RestartPreventExitStatus=")) codes = line.substr(line.find('=') + 1);
  CHECK(codes == std::to_string(exit_settings) + " " + std::to_string(exit_person) + " " + std::to_string(exit_usage));
}

TEST_CASE("the_unit_lets_a_start_take_as_long_as_a_large_ledger_on_a_slow_disk_needs" * doctest::description("contract 9")) {
  std::ifstream unit(SAMPAN_SOURCE_DIR "/systemd/sampand.service");
  std::string line, patience;
  while (std::getline(unit, line))
    if (line.starts_with("TimeoutStartSec=")) patience = line.substr(line.find('=') + 1);
  CHECK(patience == "1h");  // else 90 s, after which it is killed and tried again
}

TEST_CASE("why_a_start_failed_stays_beside_the_socket_until_one_succeeds") {
  struct Broken : Quiet {
    Status start() override { return fail(Errc::io, "port taken"); }
  };
  struct Locked : Quiet {
    Status start() override { return fail(Errc::refused, "Wrong key\n密钥不符"); }
  };
  struct Beside : Quiet {
    Status start() override { return fail(Errc::duplicate, "another process listens there"); }
  };
  Folder folder;
  const std::string socket = folder.path + "/c";
  const auto said = [&] { return settings::start_note_of(socket).value_or(settings::StartNote{}); };
  call({"--config", folder.good()}, [](const settings::Settings&) { return std::make_unique<Beside>(); });
  CHECK_FALSE(settings::start_note_of(socket).has_value());  // the socket is that of the one who runs
  call({"--config", folder.good()}, [](const settings::Settings&) { return std::make_unique<Broken>(); });
  CHECK(said().en == "port taken");
  CHECK(said().zh == "port taken");
  call({"--config", folder.good()}, [](const settings::Settings&) { return std::make_unique<Locked>(); });
  CHECK(said().en == "Wrong key");
  CHECK(said().zh == "密钥不符");
  CHECK((std::filesystem::status(socket + ".why").permissions() & std::filesystem::perms::mask) == std::filesystem::perms(0640));
  folder.write("bad.yaml", "sites: a\ncontrol: {socket: " + socket + "}\n");
  CHECK(call({"--config", folder.path + "/bad.yaml"}).code == exit_settings);
  CHECK(said().en.find("unknown option sites") != std::string::npos);
  const Manager manager(folder.path + "/n");
  Daemon daemon(folder, folder.path + "/n", "");
  CHECK(manager.next() == "READY=1");
  CHECK_FALSE(settings::start_note_of(socket).has_value());
  daemon.signal(SIGTERM);
  CHECK(daemon.wait() == exit_clean);
}

TEST_CASE("check_reads_the_settings_and_starts_nothing") {
  Folder folder;
  const Ran checked =
      call({"--config", folder.good(), "--check"}, [](const settings::Settings&) -> std::unique_ptr<Service> {
        FAIL("started");
        return nullptr;
      });
  CHECK(checked.code == exit_clean);
  CHECK(checked.out == folder.good() + ": no problem found\n");
  CHECK_FALSE(std::filesystem::exists(folder.path + "/state"));
}

TEST_CASE("what_is_not_delivered_is_counted_by_nobody_who_runs_beside_the_daemon") {
  const Folder folder;
  const Ran ran = call({"--config", folder.good(), "--undelivered"});
  CHECK(ran.code == exit_clean);
  CHECK(ran.out == "7\n");
  const auto lock = StateLock::take(folder.path + "/state");
  REQUIRE(lock.ok());
  const Ran beside = call({"--config", folder.good(), "--undelivered"});
  CHECK(beside.code == exit_start);
  CHECK(beside.out.empty());
}

TEST_CASE("after_an_end_it_is_said_once_that_the_credential_could_not_be_opened_and_nothing_when_the_daemon_spoke_itself" * doctest::description("contract 9")) {
  for (const char* other : {static_cast<const char*>(nullptr), "", "0", "1", "2", "3", "64", "TERM"}) CHECK_FALSE(after_the_end(other));
  const Folder folder;
  const auto ended = [&] { return call({"--config", folder.good(), "--ended"}); };
  CHECK(ended().err == "");
  REQUIRE(::setenv("EXIT_STATUS", "243", 1) == 0);
  const Ran ran = ended(), again = ended();
  REQUIRE(::unsetenv("EXIT_STATUS") == 0);
  CHECK(ran.code == exit_clean);
  for (const char* told : {"Nothing was touched", "recovery key", "man sampand, KEYS", "sampan rescue", "未改动任何文件", "恢复密钥"})
    CHECK(ran.err.find(told) != std::string::npos);
  const auto note = settings::start_note_of(folder.path + "/c");
  REQUIRE(note);
  CHECK(ran.err == "sampand: " + note->en + "\nsampand: " + note->zh + "\n");
  CHECK(again.err == "");
}

TEST_CASE("wrong_settings_are_told_all_at_once_and_nothing_starts") {
  Folder folder;
  const std::string path = folder.path + "/bad.yaml";
  std::ofstream(path) << "sites: a\nintake: {port: x}\ndestinations:\n  - {name: lead, folder: /srv}\ncontrol: {socket: " << folder.path << "/c}\n";
  const Ran ran = call({"--config", path});
  CHECK(ran.code == exit_settings);
  CHECK(ran.err == path + ":1:1: unknown option sites, expected site\n" + path +
                       ":1:1: site is missing, expected 1 to 64 bytes of text on one line\n" + path +
                       ":2:16: intake.port is \"x\", expected a whole number from 0 to 65535\n");
  CHECK(ran.out.empty());
}

TEST_CASE("usage_version_and_help") {
  CHECK(call({}).code == exit_usage);
  CHECK(call({"--nonsense"}).code == exit_usage);
  CHECK(call({"--config", "x", "--state", "relative"}).code == exit_usage);
  CHECK(call({"--version"}).out == "sampand " + std::string(version()) + "\n");
  CHECK(call({"--help"}).out.starts_with("Usage: sampand"));
}

TEST_CASE("the_manual_page_of_the_daemon_is_made_from_its_tables") {
  CHECK(test::compare_golden("packaging/man/sampand.8", manual(settings::Lang::en)) == "");
  CHECK(test::compare_golden("packaging/man/zh_CN/sampand.8", manual(settings::Lang::zh)) == "");
  for (const char* told : {"SIGHUP", "SIGTERM", "--undelivered", "--check", "64"}) CHECK(help().find(told) != std::string::npos);
}

TEST_CASE("check_says_how_many_files_it_read") {
  Folder folder;
  folder.write("conf.d/a.yaml", "log: {level: warn}\n");
  CHECK(call({"--config", folder.good(), "--check"}).out == folder.good() + " and 1 in conf.d: no problem found\n");
}

TEST_CASE("a_rescue_needs_no_settings_and_ends_as_it_says") {
  const Ran ran = call({"--rescue", "/mnt/sampan", "--lang", "zh", "--export", "/out"});
  CHECK(ran.code == 1);
  CHECK(ran.out == "rescue of /mnt/sampan to /out zh\n");
  CHECK(call({"--rescue", "/mnt/sampan", "--lang", "fr"}).code == exit_usage);
}
