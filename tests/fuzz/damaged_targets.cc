// SPDX-License-Identifier: Apache-2.0
// A state directory that somebody or something has changed: pages of the ledger, segments, the file that says whose it is. It
// starts, takes an image, and has it again although the ledger is lost (contract 9); it may begin its ledger anew once.
#include <filesystem>
#include <map>

#include "base/hash.h"
#include "base/random.h"
#include "fuzz/apart.h"
#include "fuzz/scratch.h"
#include "fuzz/target.h"
#include "queue/lookup.h"
#include "queue/orders.h"
#include "queue/orphan.h"
#include "queue/queue.h"
#include "queue/unproven.h"

namespace sampan::fuzz {
namespace {

namespace disks = std::filesystem;
constexpr const char* new_instance = "2.25.99";

std::unique_ptr<queue::Queue> open_queue(const std::string& state) {
  queue::QueueNeeds needs{disk(), system_clock(), system_random(), {}, {}, {}, {}};
  needs.route = [](const core::Item&) { return std::vector<std::string>{"lead", "cloud"}; };
  needs.may_reclaim = [](std::span<const queue::DeliveryStanding> all, bool) {
    return std::ranges::all_of(all, [](const auto& one) { return one.state == core::DeliveryState::delivered; });
  };
  needs.changed = [] {};
  queue::QueueOptions options{state, "fuzz"};
  options.own_thread = false;
  auto opened = queue::Queue::open(std::move(options), std::move(needs));
  expect(opened.ok(), "damage never refuses a start");
  return std::move(*opened);
}

Bytes content(std::size_t number) { return Bytes(3000 * number, static_cast<std::uint8_t>(number)); }

bool put(queue::Queue& queue, const std::string& instance, const Bytes& bytes) {
  core::Facts facts;
  facts.set(core::Fact::sop_class_uid, "1.2.840.10008.5.1.4.1.1.4");
  facts.set(core::Fact::sop_instance_uid, instance);
  facts.set(core::Fact::study_instance_uid, "2.25.1");
  facts.set(core::Fact::transfer_syntax_uid, "1.2.840.10008.1.2.1");
  facts.set(core::Fact::patient_id, "P1");
  auto inflow = queue.open(core::Manifest{});
  return inflow && (*inflow)->append(bytes) && (*inflow)->commit(facts);
}

std::vector<core::Consignment> lease(queue::Queue& queue, const std::string& destination) {
  queue::LeaseQuery query;
  query.destination = destination;
  query.items_max = 50;
  return std::move(queue.lease(query).items);
}

// A node with a little of everything behind it.
void make_history(const std::string& state) {
  const auto queue = open_queue(state);
  for (std::size_t number = 1; number <= 4; ++number) put(*queue, "2.25." + std::to_string(number), content(number));
  put(*queue, "2.25.1", content(2));
  queue->drain();
  const auto items = lease(*queue, "lead");
  for (std::size_t number = 0; number < items.size(); ++number) {
    const core::Item& item = items[number].item;
    if (number == 0) queue->deliver("lead", {item.id, item.sha256, "PACS", system_clock().wall(), core::Level::archived});
    if (number == 1) queue->deliver("lead", {item.id, item.sha256, "PACS", system_clock().wall(), core::Level::accepted});
    if (number == 2) queue->reject("lead", item.id, "no");
    if (number > 2) queue->put_back("lead", item.id, "later", Millis(0), true);
  }
  for (const auto& one : lease(*queue, "cloud")) {
    queue->deliver("cloud", {one.item.id, one.item.sha256, "CLOUD", system_clock().wall(), core::Level::archived});
    break;
  }
  queue->drain();
  queue->tick();
  queue->drain();
}

// Files of a sound state directory, by their names in it; those of the keys are not for damaging.
using Files = std::map<std::string, Bytes>;
const Files& sound_state() {
  static const Files files = [] {
    const std::string state = scratch_folder() + "/sound";
    expect(run_apart([&] { make_history(state); }) == 0, "a history is made");
    Files found;
    for (const auto& entry : disks::recursive_directory_iterator(state))
      if (entry.is_regular_file() && entry.file_size() < (1u << 20)) found[disks::relative(entry.path(), state).string()] = read_whole(disk(), entry.path().string(), 1u << 20).value();
    return found;
  }();
  return files;
}

// Each change names a file, what is done to it and where; the place is a page and a byte of it.
void damage(Files& files, Feed& feed) {
  std::vector<Bytes*> damaged;
  for (auto& [name, bytes] : files)
    if (!name.starts_with("keys/")) damaged.push_back(&bytes);
  for (int changes = 0; !feed.empty() && changes < 40; ++changes) {
    Bytes& file = *damaged[feed.byte() % damaged.size()];
    const std::uint8_t what = feed.byte();
    if (file.empty()) continue;
    const std::size_t pages = (file.size() + 4095) / 4096, at = std::min<std::size_t>(feed.number(1) % pages * 4096 + feed.number(2) % 4096, file.size() - 1);
    const std::size_t page = at / 4096 * 4096, page_bytes = std::min<std::size_t>(4096, file.size() - page);
    const auto span = ByteSpan(file);
    switch (what % 5) {
      case 0:
      case 1: std::ranges::copy(feed.take(std::min<std::size_t>(1 + what / 16, file.size() - at)), span.begin() + static_cast<std::ptrdiff_t>(at)); break;
      case 2: std::ranges::fill(span.subspan(page, page_bytes), feed.byte()); break;
      case 3: std::ranges::copy(span.first(std::min(page_bytes, file.size())), span.begin() + static_cast<std::ptrdiff_t>(page)); break;
      case 4: file.resize(at); break;
    }
  }
}

void write_state(const std::string& state, const Files& files) {
  disks::remove_all(state);
  for (const auto& [name, bytes] : files) {
    disks::create_directories(disks::path(state + "/" + name).parent_path());
    write_file(state + "/" + name, bytes);
  }
}

void read_all(queue::Queue& queue) {
  for (const char* destination : {"lead", "cloud"}) {
    for (const auto& one : lease(queue, destination)) {
      Bytes bytes(std::min<std::uint64_t>(one.payload->size(), 1u << 20));
      const auto got = one.payload->read(0, bytes);
      if (got && *got == bytes.size() && one.payload->size() == bytes.size()) expect(sha256(bytes) == one.item.sha256, "what is lent is what came");
      queue.put_back(destination, one.item.id, "read", Millis(0), false);
    }
  }
}

void ask_everything(queue::Queue& queue) {
  static_cast<void>(queue.summary());
  for (const auto& exam : queue.lookup().received_between(WallTime{}, WallTime{INT64_MAX}, 10)) {
    static_cast<void>(queue.lookup().unsettled(exam.key));
    auto pages = queue.lookup().images(exam.key, {});
    while (!pages.next().empty()) continue;
  }
  static_cast<void>(queue.lookup().find("P1", 10));
  static_cast<void>(queue.lookup().find("2.25.1", 10));
}

bool has_new_image(queue::Queue& queue) {
  const auto items = lease(queue, "lead");
  return std::ranges::any_of(items, [](const auto& one) { return one.item.facts.get(core::Fact::sop_instance_uid) == new_instance; });
}

// As another machine reads it.
void read_as_orphan(const std::string& state) {
  auto orphan = queue::Orphan::open(disk(), queue::KeySources{state});
  if (!orphan) return;
  std::uint64_t before = 0;
  orphan->each([&](core::Consignment one, const queue::Fate&, std::uint64_t done) {
    expect(done >= before && done <= orphan->bytes(), "progress goes on to its end");
    before = done;
    Bytes bytes(std::min<std::uint64_t>(one.payload->size(), 1u << 20));
    const auto got = one.payload->read(0, bytes);
    if (got && *got == bytes.size() && one.payload->size() == bytes.size()) expect(sha256(bytes) == one.item.sha256, "what is carried is what came");
    return true;
  });
}

// Ends the process where the ledger proves damaged while it is used.
void live(const std::string& state) {
  read_as_orphan(state);
  bool taken = false;
  {
    const auto queue = open_queue(state);
    queue->drain();
    ask_everything(*queue);
    read_all(*queue);
    taken = put(*queue, new_instance, content(5));
    queue->drain();
    queue->route_again();
    queue->tick();
    queue->drain();
  }
  for (const char* part : {"", "-wal", "-shm"}) disks::remove(state + "/ledger.db" + part);
  const auto queue = open_queue(state);
  queue->drain();
  expect(!taken || has_new_image(*queue), "what was taken is there although the ledger is lost");
}

}  // namespace

FUZZ_TARGET(state_directory) {
  static const std::string state = scratch_folder() + "/state";
  Feed feed(input);
  Files files = sound_state();
  damage(files, feed);
  write_state(state, files);
  if (run_apart([] { live(state); }) != 0) expect(run_apart([] { live(state); }) == 0, "a ledger that broke is begun anew, and once is enough");
}

}  // namespace sampan::fuzz
