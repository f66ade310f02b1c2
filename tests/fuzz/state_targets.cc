// SPDX-License-Identifier: Apache-2.0
// Files beside the spool that somebody may have changed, what a person types, and what the worker and the daemon say to each other.
#include "base/beacon.h"
#include "base/hash.h"
#include "base/random.h"
#include "fuzz/scratch.h"
#include "fuzz/target.h"
#include "queue/key_doors.h"
#include "queue/key_text.h"
#include "queue/keyring.h"
#include "queue/recovery_key.h"
#include "queue/segment_owner.h"
#include "settings/start_note.h"
#include "support/volatile_files.h"
#include "telemetry/event.h"
#include "telemetry/journal.h"
#include "telemetry/outbox.h"
#include "uplink/folder_root.h"
#include "worker/packets.h"
#include "worker/parsing.h"

namespace sampan::fuzz {

FUZZ_TARGET(keyring) {
  const auto text = as_text(input);
  if (const auto ring = queue::KeyText::parse(text)) expect(ring->whole() == text, "a keyring that is believed is written as it was read");
  static_cast<void>(queue::parse_local_key(text));
  static_cast<void>(queue::parse_old_keys(text));
  static_cast<void>(queue::read_recovery_key(text));
  static_cast<void>(queue::credential_door(input));
  static const std::string local = "sampan-local-key 1\nkey e7336a66b4816db2 0d293449af619a29325fb514ba9709da9bcf8b13717c7f6346f5ab25e0104447\n";  // of nobody
  FewFiles folder({{"keys/keyring", input}, {"keys/local.key", as_bytes(local)}});
  const auto keys = queue::Keyring::open_only(folder, queue::KeySources{"/state"});
  if (keys) expect(text.find(to_string(keys->node())) != std::string_view::npos, "a keyring that opens says whose it is");
  FewFiles files({{"/node", input}});
  const Uuid node = uuid_from("01234567-89ab-7def-8123-456789abcdef");
  if (queue::is_signed(files, "/state/spool", node)) expect(text.starts_with("sampan-node 1\nnode " + to_string(node)), "a directory is signed by name");
}

namespace {

// When this machine was started, as a beacon of this moment says it: where the header of its file has it.
constexpr std::size_t start_at = 24, start_bytes = 16;
Bytes this_start() {
  const std::string path = scratch_folder() + "/fresh";
  write_file(path, {});
  Beacon::make({8, 16})->attach(path);
  const auto bytes = read_whole(disk(), path, 4096);
  expect(bytes.ok() && bytes->size() > start_at + start_bytes, "a beacon has a file");
  return Bytes(bytes->begin() + start_at, bytes->begin() + start_at + start_bytes);
}

}  // namespace

FUZZ_TARGET(beacon) {
  static const std::string path = scratch_folder() + "/beacon";
  Feed feed(input);
  const bool of_now = feed.byte() % 2 == 0;
  Bytes bytes(feed.rest().begin(), feed.rest().end());
  if (of_now && bytes.size() >= start_at + start_bytes) std::ranges::copy(this_start(), bytes.begin() + start_at);
  write_file(path, bytes);
  const auto beacon = Beacon::make({8, 16});
  beacon->attach(path);
  expect(beacon->struck() <= 16, "no more is remembered than there is room for");
  const auto content = Beacon::content_of("dimse", "2.25.1");
  static_cast<void>(beacon->strikes(content));
  {
    const Beacon::Touch touch(beacon.get(), content);
  }
  beacon->forgive(content);
  expect(beacon->strikes(content) == 0, "whoever is forgiven is not struck");
}

namespace {

// Takes nothing.
class ShutSink final : public core::Sink {
 public:
  Status admits(core::Kind) const override { return fail(Errc::full, "full"); }
  Result<std::unique_ptr<core::Inflow>> open(const core::Manifest&) override { return fail(Errc::full, "full"); }
};

}  // namespace

FUZZ_TARGET(journal) {
  FewFiles files({{"/events.log", input}});
  telemetry::Journal journal(files, "/state", 1 << 20);
  const auto past = journal.open();
  for (const auto& [event, line] : past.unsent) expect(event.seq > 0 && event.series == past.series, "what is offered again has its number");
  expect(journal.lines({}, 10).size() <= 10, "no more lines than were asked for");
  static_cast<void>(telemetry::read_event(as_text(input)));
  ShutSink sink;
  FewFiles last({{"/sample.last", input}});
  telemetry::Journal none(last, "/state", 1 << 20);
  telemetry::Outbox outbox({sink, last, system_clock(), system_random()}, none, "/state", "node", true);
  static_cast<void>(outbox.open());
  expect(outbox.unsent() <= 1, "what was not queued is offered again once");
}

// What a shared folder says of itself, what is remembered of it, and how much is in it. Where it is the one of before it stays so, and
// where it is not nothing is remembered anew.
FUZZ_TARGET(folder_root) {
  Feed feed(input);
  const std::uint8_t there = feed.byte();
  test::VolatileFiles files("/disk", {});
  const std::string root = "/disk/root", memory = "/disk/memory", remembered = memory + "/" + to_hex(sha256(as_bytes(root))).substr(0, 16);
  for (const auto& folder : {root + "/.incoming", memory}) static_cast<void>(files.make_directories(folder));
  const auto put = [&](std::uint8_t bit, const std::string& path) {
    if ((there & bit) != 0) expect(write_durably(files, path, feed.take(feed.byte())).ok(), "memory takes a file");
  };
  put(1, remembered);
  put(2, root + "/.incoming/folder-id");
  put(4, root + "/.incoming/folder-id.new");
  put(8, root + "/image.dcm");
  const uplink::FolderRoot folder({root, memory}, files);
  if (folder.look()) return;
  expect(!folder.settle() && !folder.look() && !folder.settle(), "the folder of before stays the one");
  const auto word = read_whole(files, root + "/.incoming/folder-id", 1 << 10), kept = read_whole(files, remembered, 1 << 10);
  expect(word.ok() && kept.ok() && as_text(*kept).starts_with("folder-id " + std::string(as_text(*word).substr(0, 32))), "both hold one word");
}

FUZZ_TARGET(start_note) {
  static const std::string socket = scratch_folder() + "/socket";
  write_file(socket + ".why", input);
  const auto note = settings::start_note_of(socket);
  if (!note) return;
  expect(!note->en.empty() && note->en.find("\n\n") == std::string::npos && note->zh.find("\n\n") == std::string::npos, "an empty line parts the languages");
}

bool same(const Bytes& again, ByteView input) { return std::equal(again.begin(), again.end(), input.begin(), input.end()); }

FUZZ_TARGET(packets) {
  if (const auto request = worker::decode_request(input)) {
    expect(same(worker::encode(*request), input), "a request that was read is written the same");
    for (const worker::Verb& verb : worker::parsing_verbs()) {
      Held payload(as_bytes(request->argument));
      static_cast<void>(verb.run(request->argument, payload));
    }
  }
  if (const auto wish = worker::decode_wish(input)) expect(same(worker::encode(*wish), input), "a wish that was read is written the same");
  if (const auto reply = worker::decode_reply(input)) expect(same(worker::encode(*reply), input), "a reply that was read is written the same");
  if (const auto order = worker::decode_order(input)) expect(same(worker::encode(*order), input), "an order that was read is written the same");
  if (auto edits = worker::decode_edits(input)) {
    expect(same(worker::encode(*edits), input), "edits that were read are written the same");
    const auto original = std::make_shared<Held>(input);
    const auto changed = dicom::splice(original, std::move(*edits));
    if (changed == nullptr) return;
    Bytes whole(changed->size());
    const auto got = changed->read(0, whole);
    expect(got.ok() && *got == whole.size(), "a payload has as many bytes as it says");
  }
}

}  // namespace sampan::fuzz
