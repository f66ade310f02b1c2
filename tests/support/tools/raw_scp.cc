// SPDX-License-Identifier: Apache-2.0
// raw_scp: a storage provider that records the bytes it gets and misbehaves as told.
//
//   raw_scp [--port N] [--host ADDRESS] [--out DIR] [--discard | --append] [--aet AE] [--max-pdu N]
//           [--accept-ts UID,UID] [--refuse-class UID,UID] [--reject RESULT,SOURCE,REASON]
//           [--status HEX] [--fail-every N] [--abort-after N] [--wrong-instance] [--delay-ms N] [--comment TEXT]
//
// Prints "listening PORT". Each data set that is answered with success or a warning is first recorded: its bytes in
// DIR/<sha256>.ds, and a line in DIR/received.log: class, instance, transfer syntax, sha256, size, calling AE, called
// AE
// ("-" where empty). --discard keeps no bytes, only lines; without --out nothing is kept. --append is the least that is durable: the
// bytes go behind each other into one file per association, which is synced before the answer, and no sha256 is made.
//   --fail-every N   every Nth instance is answered 0xA700 and not recorded
//   --abort-after N  the Nth instance of each association is recorded, then the association aborted unanswered
//   --comment        Error Comment of every C-STORE response
//   --accept-ts      the first of a context's transfer syntaxes that is listed; none: context refused
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <thread>

#include "base/hash.h"
#include "support/options.h"
#include "support/raw_dicom.h"

using namespace sampan;
using namespace sampan::test;

namespace {

constexpr auto silence_max = std::chrono::minutes(30);

struct Manners {
  std::filesystem::path out;
  bool discard = false, append = false, wrong_instance = false;
  std::string aet, comment;
  std::vector<std::string> accept_ts, refuse_class, reject;
  std::uint32_t pdu_bytes_max = 131072;
  std::uint16_t status = 0;
  std::size_t fail_every = 0, abort_after = 0;
  Millis delay{0};
};

Manners manners_from(const Options& options) {
  Manners manners;
  manners.out = options.text("out");
  manners.discard = options.has("discard");
  manners.append = options.has("append");
  manners.wrong_instance = options.has("wrong-instance");
  manners.aet = options.text("aet");
  manners.comment = options.text("comment");
  manners.accept_ts = options.list("accept-ts");
  manners.refuse_class = options.list("refuse-class");
  manners.reject = options.list("reject");
  manners.pdu_bytes_max = static_cast<std::uint32_t>(options.number("max-pdu", manners.pdu_bytes_max));
  manners.status = static_cast<std::uint16_t>(options.number("status", 0, 16));
  manners.fail_every = options.number("fail-every", 0);
  manners.abort_after = options.number("abort-after", 0);
  manners.delay = Millis(options.number("delay-ms", 0));
  return manners;
}

bool contains(const std::vector<std::string>& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// The file of one association, where data sets are only appended and synced.
class Heap {
 public:
  explicit Heap(const std::filesystem::path& path) : fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {
    if (fd_ < 0) Options::usage("cannot write to --out");
  }
  ~Heap() { ::close(fd_); }
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  void add(ByteView bytes) {
    if (::write(fd_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) Options::usage("cannot write to --out");
  }
  void sync() {
    if (::fdatasync(fd_) != 0) Options::usage("cannot sync --out");
  }

 private:
  const int fd_;
};

// One data set on its way to disk.
class Recording {
 public:
  Recording(const Manners& manners, std::uint64_t number, Heap* heap) : manners_(manners), heap_(heap) {
    if (manners.out.empty() || manners.discard || heap != nullptr) return;
    temporary_ = manners.out / (".incoming-" + std::to_string(::getpid()) + "-" + std::to_string(number));
    file_ = std::fopen(temporary_.c_str(), "wb");
    if (file_ == nullptr) Options::usage("cannot write to --out");
  }
  ~Recording() {
    if (file_ == nullptr) return;
    std::fclose(file_);
    std::filesystem::remove(temporary_);
  }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  void add(ByteView bytes) {
    size_ += bytes.size();
    if (heap_ != nullptr) return heap_->add(bytes);
    if (!manners_.out.empty()) hash_.update(bytes);
    if (file_ != nullptr && std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size())
      Options::usage("cannot write to --out");
  }

  void keep(const Command& command, const std::string& transfer_syntax, const Associate& peer) {
    if (manners_.out.empty()) return;
    if (heap_ != nullptr) heap_->sync();
    const std::string sha256 = heap_ != nullptr ? "-" : to_hex(hash_.finish());
    if (file_ != nullptr) {
      std::fclose(std::exchange(file_, nullptr));
      std::filesystem::rename(temporary_, manners_.out / (sha256 + ".ds"));
    }
    const std::string line = word_of(command.sop_class) + ' ' + word_of(command.sop_instance) + ' ' + transfer_syntax +
                             ' ' + sha256 + ' ' + std::to_string(size_) + ' ' + word_of(peer.calling) + ' ' +
                             word_of(peer.called) + '\n';
    const int log = ::open((manners_.out / "received.log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    const bool written = ::write(log, line.data(), line.size()) == static_cast<ssize_t>(line.size());
    ::close(log);
    if (!written) Options::usage("cannot write to --out");
  }

 private:
  const Manners& manners_;
  Heap* const heap_;
  std::filesystem::path temporary_;
  std::FILE* file_ = nullptr;
  std::uint64_t size_ = 0;
  Sha256 hash_;
};

std::atomic<std::uint64_t> instances{0};

class Provider {
 public:
  Provider(Connection connection, const Manners& manners) : connection_(std::move(connection)), manners_(manners) {
    connection_.acknowledge_at_once();
  }

  void run() {
    if (!associate()) return;
    while (next_message()) {
    }
  }

 private:
  bool associate() {
    if (!read_pdu(connection_, pdu_).ok() || pdu_.type != PduType::associate_rq) return false;
    auto request = decode_associate(pdu_.body);
    if (!request) return false;
    peer_ = *request;
    std::vector<std::string> reject = manners_.reject;
    if (!manners_.aet.empty() && peer_.called != manners_.aet) reject = {"1", "1", "7"};
    if (reject.size() == 3) {
      Bytes body{0};
      for (const auto& number : reject) body.push_back(static_cast<std::uint8_t>(std::stoi(number)));
      (void)send_pdu(connection_, PduType::associate_rj, body);
      return false;
    }
    Associate answer{peer_.called, peer_.calling, manners_.pdu_bytes_max, {}};
    for (const Context& context : peer_.contexts) answer.contexts.push_back(answer_to(context));
    return send_pdu(connection_, PduType::associate_ac, encode_associate(PduType::associate_ac, answer)).ok();
  }

  Context answer_to(const Context& offered) {
    const auto& syntaxes = offered.transfer_syntaxes;
    const auto chosen = std::find_if(syntaxes.begin(), syntaxes.end(), [this](const std::string& syntax) {
      return manners_.accept_ts.empty() || contains(manners_.accept_ts, syntax);
    });
    Context answer{offered.id, {}, {}, 0};
    if (contains(manners_.refuse_class, offered.abstract_syntax))
      answer.result = 3;
    else if (chosen == syntaxes.end())
      answer.result = 4;
    answer.transfer_syntaxes = {chosen == syntaxes.end() ? std::string(syntaxes.empty() ? "" : syntaxes[0]) : *chosen};
    transfer_syntaxes_[offered.id] = answer.transfer_syntaxes[0];
    return answer;
  }

  bool next_message() {
    std::optional<Recording> recording;
    const auto message = read_message(connection_, pdu_, [&](const Message&, ByteView fragment) {
      if (manners_.append && !heap_) heap_.emplace(manners_.out / ("heap-" + std::to_string(instances + 1)));
      if (!recording) recording.emplace(manners_, ++instances, heap_ ? &*heap_ : nullptr);
      recording->add(fragment);
    });
    if (!message) return false;
    if (message->type == PduType::release_rq) {
      (void)send_pdu(connection_, PduType::release_rp, Bytes(4));
      return false;
    }
    if (message->type != PduType::data) return false;
    if (message->command.field == c_echo_rq) return answer(*message, c_echo_rsp, 0);
    if (message->command.field != c_store_rq || !recording) return false;
    return store(*message, *recording);
  }

  bool store(const Message& message, Recording& recording) {
    const bool fails = manners_.fail_every != 0 && ++stored_ % manners_.fail_every == 0;
    const std::uint16_t status = fails ? 0xa700 : manners_.status;
    if (status == 0 || status >> 12 == 0xb) recording.keep(message.command, transfer_syntaxes_[message.context], peer_);
    if (manners_.abort_after != 0 && ++of_association_ == manners_.abort_after) {
      (void)send_pdu(connection_, PduType::abort, Bytes(4));
      return false;
    }
    if (manners_.delay.count() != 0) std::this_thread::sleep_for(manners_.delay);
    return answer(message, c_store_rsp, status);
  }

  bool answer(const Message& message, std::uint16_t field, std::uint16_t status) {
    Command response = message.command;
    response.field = field;
    response.status = status;
    response.has_data_set = false;
    if (field == c_store_rsp) response.comment = manners_.comment;
    if (manners_.wrong_instance && field == c_store_rsp) response.sop_instance += ".1";
    return send_message(connection_, message.context, response, {}, {}).ok();
  }

  Connection connection_;
  const Manners& manners_;
  Associate peer_;
  std::map<std::uint8_t, std::string> transfer_syntaxes_;
  Pdu pdu_;
  std::size_t of_association_ = 0;
  std::optional<Heap> heap_;
  static std::atomic<std::size_t> stored_;
};
std::atomic<std::size_t> Provider::stored_{0};

}  // namespace

int main(int count, char** words) {
  const Options options(count, words, {"discard", "append", "wrong-instance"},
                        {"port", "host", "out", "aet", "max-pdu", "accept-ts", "refuse-class", "reject", "status",
                         "fail-every", "abort-after", "delay-ms", "comment"});
  const Manners manners = manners_from(options);
  if (!manners.out.empty()) std::filesystem::create_directories(manners.out);
  const auto listener =
      listen_at(options.text("host", "127.0.0.1"), static_cast<std::uint16_t>(options.number("port", 0)));
  if (!listener) Options::usage(listener.error().message);
  std::printf("listening %u\n", unsigned{listener->port});
  std::fflush(stdout);
  while (true) {
    const int fd = ::accept4(listener->fd, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    auto provider = std::make_shared<Provider>(Connection(fd, silence_max), manners);
    std::thread([provider] { provider->run(); }).detach();
  }
}
