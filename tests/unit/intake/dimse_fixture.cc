// SPDX-License-Identifier: Apache-2.0
#include "dimse_fixture.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "support/part10.h"

namespace sampan::intake {
namespace {

class MemoryInflow final : public core::Inflow {
 public:
  MemoryInflow(MemorySink& sink, const core::Manifest& manifest) : sink_(sink), cargo_{manifest, {}, {}} {}
  ~MemoryInflow() override {
    if (!committed_) sink_.watched.change([&] { ++sink_.abandoned; });
  }

  Status append(ByteView bytes) override {
    std::optional<Error> failure;
    sink_.watched.change([&] {
      size_ += bytes.size();
      sink_.bytes_seen += bytes.size();
      if (size_ > sink_.fail_append_at) failure = sink_.fail_append;
      if (sink_.keep_bytes) cargo_.bytes.insert(cargo_.bytes.end(), bytes.begin(), bytes.end());
    });
    if (failure) return *failure;
    return {};
  }

  Result<core::Stored> commit(const core::Facts& facts) override {
    sink_.watched.change([&] { ++sink_.committing; });
    sink_.watched.wait([&] { return !sink_.hold_commit; });
    std::optional<Error> failure;
    sink_.watched.change([&] {
      failure = sink_.fail_commit;
      if (failure) return;
      cargo_.facts = facts;
      sink_.stored.push_back(std::move(cargo_));
      committed_ = true;
    });
    if (failure) return *failure;
    return core::Stored{};
  }

 private:
  MemorySink& sink_;
  MemorySink::Cargo cargo_;
  std::size_t size_ = 0;
  bool committed_ = false;
};

void put_be32(Bytes& out, std::size_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

// A P-DATA-TF body with one fragment in it.
Bytes fragment(std::uint8_t context, bool command, bool last, ByteView bytes) {
  Bytes body;
  put_be32(body, bytes.size() + 2);
  body.push_back(context);
  body.push_back(static_cast<std::uint8_t>((command ? 1 : 0) | (last ? 2 : 0)));
  body.insert(body.end(), bytes.begin(), bytes.end());
  return body;
}

}  // namespace

Status MemorySink::admits(core::Kind) const {
  const auto lock = watched.lock();
  if (refuse_all) return *refuse_all;
  return {};
}

Result<std::unique_ptr<core::Inflow>> MemorySink::open(const core::Manifest& manifest) {
  if (manifest.size_hint > room) return fail(Errc::limit, "there is no room for one file of this size: 420 MB");
  std::optional<Error> refused;
  watched.change([&] {
    ++opened;
    refused = refuse_open;
  });
  if (refused) return *refused;
  return std::unique_ptr<core::Inflow>(new MemoryInflow(*this, manifest));
}

Clinic::Clinic(const std::function<void(DimseIntakeOptions&)>& adjust, core::Receipts* receipts, core::Promises* promises) {
  DimseIntakeOptions options;
  options.address = "127.0.0.1";
  options.port = 0;
  if (adjust) adjust(options);
  intake = std::make_unique<DimseIntake>(sink, system_clock(), options, *this, receipts, promises);
  const Status started = intake->start();
  if (!started) SAMPAN_PANIC(started.error().message.c_str());
}

void Clinic::settle() {
  static_cast<void>(sink.watched.lock());
  static_cast<void>(watched.lock());
}

Refusal Clinic::refusal(std::size_t count) {
  watched.wait([&] { return refusals_heard >= count; });
  const auto seen = intake->refusals().snapshot();
  return seen.empty() ? Refusal{} : seen.front();
}

void Clinic::associated(const Caller& caller) {
  watched.change([&] { callers.push_back(caller); });
}
void Clinic::refused(const Refusal&) {
  watched.change([&] { ++refusals_heard; });
}
void Clinic::received(const core::Facts&, std::uint64_t bytes, bool) {
  watched.change([&] { sizes_received.push_back(bytes); });
}

Modality::Modality(Clinic& clinic, Millis silence_max) : clinic_(clinic) {
  clinic_.settle();
  auto dialled = test::dial("127.0.0.1", clinic.intake->port(), silence_max);
  if (dialled) connection_.emplace(std::move(*dialled));
}

bool Modality::read_pdu() {
  const Status read = test::read_pdu(*connection_, pdu_);
  clinic_.settle();
  return read.ok();
}

bool Modality::associate(const std::vector<Offer>& offers, const std::string& called, const std::string& calling) {
  test::Associate request{called, calling, 16384, {}};
  for (const Offer& offer : offers)
    request.contexts.push_back(
        {static_cast<std::uint8_t>(request.contexts.size() * 2 + 1), offer.abstract_syntax, offer.transfer_syntaxes, 0});
  if (!test::send_pdu(*connection_, test::PduType::associate_rq,
                      test::encode_associate(test::PduType::associate_rq, request)))
    return false;
  if (!read_pdu()) return false;
  if (pdu_.type == test::PduType::associate_rj) rejected = pdu_.body;
  if (pdu_.type != test::PduType::associate_ac) return false;
  auto decoded = test::decode_associate(pdu_.body);
  if (decoded) accepted = *decoded;
  return decoded.ok();
}

dicom::CommandSet Modality::store_request(const std::string& sop_class, const std::string& sop_instance) {
  dicom::CommandSet request;
  request.command_field = dicom::command::c_store_rq;
  request.data_set_type = dicom::with_data_set;
  request.message_id = 7;
  request.priority = 0;
  request.affected_sop_class_uid = sop_class;
  request.affected_sop_instance_uid = sop_instance;
  return request;
}

bool Modality::send(std::uint8_t context, const dicom::CommandSet& request, ByteView data_set,
                    std::size_t fragment_bytes, bool cut_off) {
  clinic_.settle();
  const Bytes command = dicom::encode(request);
  if (!test::send_pdu(*connection_, test::PduType::data, fragment(context, true, true, command))) return false;
  if (!request.has_data_set()) return true;
  do {
    const ByteView piece = data_set.first(std::min(fragment_bytes, data_set.size()));
    data_set = data_set.subspan(piece.size());
    const bool last = data_set.empty() && !cut_off;
    if (!test::send_pdu(*connection_, test::PduType::data, fragment(context, false, last, piece))) return false;
  } while (!data_set.empty());
  return true;
}

std::optional<dicom::CommandSet> Modality::response() {
  if (!read_pdu()) return std::nullopt;
  ended_by = pdu_.type;
  if (pdu_.type != test::PduType::data || pdu_.body.size() < 6) return std::nullopt;
  auto decoded = dicom::decode(ByteView(pdu_.body).subspan(6));
  if (!decoded) return std::nullopt;
  return *decoded;
}

std::optional<Bytes> Modality::data_set() {
  Bytes gathered;
  for (bool last = false; !last;) {
    if (!read_pdu() || pdu_.type != test::PduType::data || pdu_.body.size() < 6) return std::nullopt;
    last = (pdu_.body[5] & 2) != 0;
    gathered.insert(gathered.end(), pdu_.body.begin() + 6, pdu_.body.end());
  }
  return gathered;
}

std::optional<std::uint16_t> Modality::store(std::uint8_t context, const std::string& sop_class,
                                             const std::string& sop_instance, ByteView data_set) {
  if (!send(context, store_request(sop_class, sop_instance), data_set)) return std::nullopt;
  const auto answer = response();
  return answer ? answer->status : std::nullopt;
}

bool Modality::release() {
  const Bytes body(4);
  return test::send_pdu(*connection_, test::PduType::release_rq, body).ok() &&
         read_pdu() && pdu_.type == test::PduType::release_rp;
}

bool Modality::closed_by_peer() {
  std::uint8_t byte[1];
  const Status read = connection_->read(byte);
  clinic_.settle();
  return !read && read.error().code == Errc::unreachable;
}

Bytes small_image(const std::string& sop_instance, std::size_t pixel_bytes) {
  test::DataSetWriter writer;
  writer.text(0x00080016, "UI", ct_class);
  writer.text(0x00080018, "UI", sop_instance);
  writer.text(0x00080060, "CS", "CT");
  writer.text(0x00100010, "PN", "Test^Invented");
  writer.text(0x0020000D, "UI", "2.25.111");
  writer.text(0x0020000E, "UI", "2.25.222");
  Bytes pixels(pixel_bytes);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * 37 >> 3);
  writer.header(0x7FE00010, "OW", static_cast<std::uint32_t>(pixels.size()));
  writer.raw(pixels);
  return writer.bytes();
}

int run_program(Clinic& clinic, const std::vector<std::string>& words) {
  clinic.settle();
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    ::posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
  pid_t child = -1;
  const int failed = ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  if (failed != 0 || ::waitpid(child, &status, 0) != child) return -1;
  clinic.settle();
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace sampan::intake
