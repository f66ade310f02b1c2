// SPDX-License-Identifier: Apache-2.0
// raw_scu: sends data sets exactly as they lie in their files, says what became of each, and measures.
//
//   raw_scu --to HOST:PORT [--called AE] [--calling AE] [--associations N] [--repeat N] [--new-uids] [--max-pdu N]
//           [--quickack] [--odd-pdvs] [--continue] [--from-disk] [--persist SECONDS] [--rate N] [--timeout SECONDS] [--json]
//           [--ts UID] [--class UID] [--uid UID] [--log FILE] [--list FILE] FILE...
//
// A line per instance, written the moment its answer came: OK or FAIL, status, SOP Instance UID, sha256 and size of the
// data set, path. At the end: sent N acknowledged N failed N seconds S. Exits with 0 when all were acknowledged.
// Statuses of our own: ffff no answer, fffe presentation context refused, fffd not sendable (see stderr).
//   --continue   goes on after a failure, on a new association when it broke; without it the rest fails unsent
//   --persist    each instance is sent again, over new associations, until it is acknowledged or the time is over
//   --new-uids   fresh UIDs of the same length in data set and command: --repeat makes distinct instances
//   --from-disk  the files are put out of memory before the clock starts; each is asked for while the one before it is sent
//   --rate       instances per second, over all associations
//   --json       instead of the lines: {"instances", "acknowledged", "bytes", "seconds", "p50_ms", "p99_ms"}
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "support/cargo.h"
#include "support/options.h"
#include "support/raw_dicom.h"

using namespace sampan;
using namespace sampan::test;

namespace {

using Instant = std::chrono::steady_clock::time_point;
constexpr std::uint16_t no_answer = 0xffff, context_refused = 0xfffe, not_sendable = 0xfffd;
constexpr std::size_t contexts_max = 128;
constexpr auto pause_before_again = Millis(100);

bool is_acknowledged(std::uint16_t status) { return status == 0 || status >> 12 == 0xb; }

struct Plan {
  std::string host, called, calling;
  std::uint16_t port = 0;
  bool quickack = false, go_on = false, json = false, from_disk = false;
  std::size_t associations = 1, rate = 0;
  std::uint32_t pdu_bytes_max = 131072;
  bool odd = false;
  Millis silence_max{0}, persist{0};
};

// Where outcomes go: lines at once, numbers at the end.
class Ledger {
 public:
  Ledger(const std::string& log, bool lines) : fd_(lines ? STDOUT_FILENO : -1) {
    if (!log.empty()) fd_ = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  }

  void record(const Instance& instance, std::uint16_t status, double ms) {
    const bool acknowledged = is_acknowledged(status);
    char code[8];
    std::snprintf(code, sizeof code, "%04x", unsigned{status});
    const std::string line = (acknowledged ? "OK " : "FAIL ") + std::string(code) + ' ' +
                             word_of(instance.sop_instance) + ' ' + instance.sha256 + ' ' +
                             std::to_string(instance.size()) + ' ' + instance.path + '\n';
    std::lock_guard lock(mutex_);
    if (fd_ >= 0 && ::write(fd_, line.data(), line.size()) < 0) std::perror("raw_scu: write");
    if (!acknowledged) return;
    latencies_ms_.push_back(ms);
    bytes_ += instance.size();
  }

  void print_json(std::size_t instances, double seconds) {
    std::sort(latencies_ms_.begin(), latencies_ms_.end());
    const auto quantile = [this](double part) {
      if (latencies_ms_.empty()) return 0.0;
      return latencies_ms_[static_cast<std::size_t>(part * static_cast<double>(latencies_ms_.size() - 1))];
    };
    std::printf(
        "{\"instances\": %zu, \"acknowledged\": %zu, \"bytes\": %llu, \"seconds\": %.6f, \"p50_ms\": %.3f, "
        "\"p99_ms\": %.3f}\n",
        instances, latencies_ms_.size(), static_cast<unsigned long long>(bytes_), seconds, quantile(0.5),
        quantile(0.99));
  }
  std::size_t acknowledged() const { return latencies_ms_.size(); }

 private:
  int fd_;
  std::mutex mutex_;
  std::vector<double> latencies_ms_;
  std::uint64_t bytes_ = 0;
};

// What the threads share.
struct Work {
  const Plan& plan;
  const Cargo& cargo;
  Ledger& ledger;
  Instant start = std::chrono::steady_clock::now();
  std::atomic<std::size_t> next{0};
  std::atomic<bool> stopped{false};
};

// One association at a time, and what goes over it.
class User {
 public:
  explicit User(Work& work) : work_(work), plan_(work.plan) {}

  void run() {
    const auto& instances = work_.cargo.instances();
    for (std::size_t at = work_.next++; at < instances.size(); at = work_.next++) {
      if (plan_.from_disk && at + 1 < instances.size()) work_.cargo.ask_for(at + 1);
      if (plan_.rate != 0) std::this_thread::sleep_until(work_.start + due(at));
      const auto before = std::chrono::steady_clock::now();
      const std::uint16_t status = work_.stopped ? no_answer : carry(at);
      const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - before;
      work_.ledger.record(instances[at], status, took.count());
      if (!is_acknowledged(status) && !plan_.go_on && plan_.persist.count() == 0) work_.stopped = true;
    }
    release();
  }

 private:
  std::chrono::microseconds due(std::size_t at) const { return std::chrono::microseconds(at * 1000000 / plan_.rate); }

  std::uint16_t carry(std::size_t at) {
    if (const auto& why = work_.cargo.instances()[at].unsendable; !why.empty()) {
      std::fprintf(stderr, "%s: %s\n", work_.cargo.instances()[at].path.c_str(), why.c_str());
      return not_sendable;
    }
    while (true) {
      const std::uint16_t status = attempt(at);
      if (is_acknowledged(status) || std::chrono::steady_clock::now() >= work_.start + plan_.persist) return status;
      std::this_thread::sleep_for(pause_before_again);
    }
  }

  std::uint16_t attempt(std::size_t at) {
    const Instance& instance = work_.cargo.instances()[at];
    if (connection_ && !contexts_.contains(instance.kind)) release();
    if (!connection_ && !associate(at)) return no_answer;
    const std::uint8_t context = contexts_.at(instance.kind);
    if (context == 0) return context_refused;
    const Command request{c_store_rq, ++message_id_, 0, true, instance.sop_class, instance.sop_instance};
    const ByteView pieces[] = {instance.head, instance.rest};
    const bool sent = send_message(*connection_, context, request, pieces, cutting_).ok();
    // The answer may have come although sending broke: an early refusal, or an abort.
    const auto answer = read_message(*connection_, pdu_, [](const Message&, ByteView) {});
    const bool matches =
        sent && answer && answer->type == PduType::data && answer->command.field == c_store_rsp &&
        answer->command.message_id == message_id_ &&
        (answer->command.sop_instance.empty() || answer->command.sop_instance == instance.sop_instance);
    if (matches) return answer->command.status;
    connection_.reset();
    return no_answer;
  }

  bool associate(std::size_t first) {
    Associate request{plan_.called, plan_.calling, plan_.pdu_bytes_max, {}};
    std::map<std::uint8_t, std::size_t> kinds;
    contexts_.clear();
    const auto& instances = work_.cargo.instances();
    for (std::size_t at = first; at < instances.size() && kinds.size() < contexts_max; ++at) {
      if (!instances[at].unsendable.empty() || contexts_.contains(instances[at].kind)) continue;
      const auto id = static_cast<std::uint8_t>(2 * kinds.size() + 1);
      const CargoKind& kind = work_.cargo.kinds()[instances[at].kind];
      request.contexts.push_back({id, kind.sop_class, {kind.transfer_syntax}, 0});
      kinds[id] = instances[at].kind;
      contexts_[instances[at].kind] = 0;
      if (kinds.size() == work_.cargo.kinds().size()) break;
    }
    auto connection = dial(plan_.host, plan_.port, plan_.silence_max);
    if (!connection) return false;
    if (plan_.quickack) connection->acknowledge_at_once();
    if (!send_pdu(*connection, PduType::associate_rq, encode_associate(PduType::associate_rq, request)).ok() ||
        !read_pdu(*connection, pdu_).ok() || pdu_.type != PduType::associate_ac)
      return false;
    const auto answer = decode_associate(pdu_.body);
    if (!answer) return false;
    for (const Context& context : answer->contexts)
      if (context.result == 0 && kinds.contains(context.id)) contexts_[kinds[context.id]] = context.id;
    const std::uint32_t peer_max = answer->pdu_bytes_max == 0 ? plan_.pdu_bytes_max : answer->pdu_bytes_max;
    cutting_ = {std::min(peer_max, plan_.pdu_bytes_max), plan_.odd};
    connection_.emplace(std::move(*connection));
    return true;
  }

  void release() {
    if (!connection_) return;
    if (send_pdu(*connection_, PduType::release_rq, Bytes(4)).ok()) (void)read_pdu(*connection_, pdu_);
    connection_.reset();
  }

  Work& work_;
  const Plan& plan_;
  std::optional<Connection> connection_;
  std::map<std::size_t, std::uint8_t> contexts_;  // kind of cargo -> context id, 0 when refused
  Cutting cutting_;
  Pdu pdu_;
  std::uint16_t message_id_ = 0;
};

Plan plan_from(const Options& options) {
  Plan plan;
  const std::string to = options.text("to");
  const auto colon = to.find_last_of(':');
  if (colon == std::string::npos) Options::usage("--to HOST:PORT is needed");
  plan.host = to.substr(0, colon);
  plan.port = static_cast<std::uint16_t>(std::stoul(to.substr(colon + 1)));
  plan.called = options.text("called", "ANY-SCP");
  plan.calling = options.text("calling", "RAW_SCU");
  plan.quickack = options.has("quickack");
  plan.go_on = options.has("continue");
  plan.json = options.has("json");
  plan.odd = options.has("odd-pdvs");
  plan.from_disk = options.has("from-disk");
  plan.associations = std::max<std::size_t>(options.number("associations", 1), 1);
  plan.rate = options.number("rate", 0);
  plan.pdu_bytes_max = static_cast<std::uint32_t>(options.number("max-pdu", plan.pdu_bytes_max));
  plan.silence_max = std::chrono::seconds(options.number("timeout", 300));
  plan.persist = std::chrono::seconds(options.number("persist", 0));
  return plan;
}

std::vector<std::string> paths_from(const Options& options) {
  std::vector<std::string> paths = options.rest();
  std::ifstream list(options.text("list"));
  for (std::string line; std::getline(list, line);)
    if (!line.empty()) paths.push_back(line);
  if (paths.empty()) Options::usage("no files to send");
  return paths;
}

}  // namespace

int main(int count, char** words) {
  const Options options(count, words, {"new-uids", "quickack", "odd-pdvs", "continue", "json", "from-disk"},
                        {"to", "called", "calling", "associations", "repeat", "max-pdu", "persist", "rate", "timeout",
                         "ts", "class", "uid", "log", "list"});
  const Plan plan = plan_from(options);
  Cargo cargo;
  cargo.load(paths_from(options),
             {options.text("ts"), options.text("class"), options.text("uid"), options.number("repeat", 1),
              options.has("new-uids"), !plan.json || options.has("log")});
  if (plan.from_disk && !cargo.chill()) Options::usage("--from-disk: the files stay in memory");
  Ledger ledger(options.text("log"), !plan.json);
  Work work{plan, cargo, ledger};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < plan.associations; ++i) threads.emplace_back([&work] { User(work).run(); });
  for (auto& thread : threads) thread.join();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - work.start;
  const std::size_t all = cargo.instances().size();
  if (plan.json)
    ledger.print_json(all, took.count());
  else
    std::printf("sent %zu acknowledged %zu failed %zu seconds %.3f\n", all, ledger.acknowledged(),
                all - ledger.acknowledged(), took.count());
  return ledger.acknowledged() == all ? 0 : 1;
}
