// SPDX-License-Identifier: Apache-2.0
#include "queue/orphan.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "queue/notes.h"
#include "queue/payload.h"
#include "queue/scan.h"
#include "queue/sql.h"

namespace sampan::queue {
namespace {

// A private folder, gone with everything in it at the end.
class Aside {
 public:
  Aside() {
    const char* given = std::getenv("TMPDIR");
    path_ = std::string(given != nullptr && *given != 0 ? given : "/tmp") + "/sampan-rescue-XXXXXX";
    made_ = ::mkdtemp(path_.data()) != nullptr;
  }
  ~Aside() {
    std::error_code ignored;
    if (made_) std::filesystem::remove_all(path_, ignored);
  }
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;
  // Both files of the ledger; what the second has is not in the first yet.
  bool copy_ledger(const std::string& state) const {
    std::error_code failed;
    if (!made_ || !std::filesystem::copy_file(state + "/ledger.db", path_ + "/ledger.db", failed)) return false;
    if (std::filesystem::exists(state + "/ledger.db-wal", failed)) std::filesystem::copy_file(state + "/ledger.db-wal", path_ + "/ledger.db-wal", failed);
    return !failed;
  }
  std::string ledger() const { return path_ + "/ledger.db"; }

 private:
  std::string path_;
  bool made_ = false;
};

using Owed = std::unordered_map<Uuid, std::set<std::string>, UuidHash>;

constexpr const char* who_is_owed =
    "SELECT item.id, destination.name FROM delivery JOIN item ON item.seq = delivery.seq "
    "JOIN destination ON destination.number = delivery.destination WHERE delivery.state <> 3";

// Nothing when it cannot be asked; half an answer is none.
std::optional<Owed> ask_ledger(const std::string& state) {
  const Aside aside;
  if (!aside.copy_ledger(state)) return std::nullopt;
  auto sql = Sql::open(aside.ledger(), false);
  if (!sql) return std::nullopt;
  Owed owed;
  Statement rows(**sql, who_is_owed);
  for (rows.begin(); rows.step();) {
    Uuid id;
    const ByteView raw = rows.blob(0);
    if (raw.size() != id.bytes.size()) continue;
    std::copy(raw.begin(), raw.end(), id.bytes.begin());
    owed[id].insert(rows.text(1));
  }
  return (*sql)->status() ? std::optional(std::move(owed)) : std::nullopt;
}

struct OpenSegment {
  std::shared_ptr<File> file;
  std::uint64_t size = 0;
};

}  // namespace

struct Orphan::Parts {
  Parts(FileSystem& f, const KeySources& sources, Keyring k)
      : files(f), state(sources.state_directory), spool(state + "/spool"), keys(std::move(k)) {}

  FileSystem& files;
  const std::string state, spool;
  const Keyring keys;
  std::vector<SegmentName> items, notes;
  std::unordered_map<Uuid, Fate, UuidHash> fates;
  std::unordered_set<Uuid, UuidHash> gone;  // there is a tombstone
  std::map<std::string, std::set<std::string>> added;  // by exam: destinations a person added
  OrphanCounts counts;
  std::uint64_t bytes = 0;

  Status list();
  std::optional<OpenSegment> open(const SegmentName& name);
  void read_notes(const SegmentName& name);
  void apply(const Note& note);
  bool damaged(const Finding& found);
};

Status Orphan::Parts::list() {
  auto names = files.list(spool);
  if (!names) return names.error();
  for (const auto& name : *names) {
    const auto parsed = parse_segment_name(name);
    if (!parsed) ++counts.foreign;
    if (parsed) (parsed->stream == Stream::notes ? notes : items).push_back(*parsed);
  }
  const auto by_number = [](const SegmentName& a, const SegmentName& b) { return a.number < b.number; };
  std::sort(items.begin(), items.end(), by_number);
  std::sort(notes.begin(), notes.end(), by_number);
  for (const auto& name : items)
    if (auto file = files.open(spool + "/" + segment_name(name.stream, name.number), FileSystem::Mode::read))
      if (const auto size = (*file)->size()) bytes += *size;
  return {};
}

std::optional<OpenSegment> Orphan::Parts::open(const SegmentName& name) {
  auto file = files.open(spool + "/" + segment_name(name.stream, name.number), FileSystem::Mode::read);
  Bytes block(block_bytes);
  const auto size = file ? (*file)->size() : Result<std::uint64_t>(file.error());
  const auto got = file ? (*file)->read_at(0, block) : Result<std::size_t>(file.error());
  const auto header = size && got && *got == block.size() ? decode_segment_header(block) : std::nullopt;
  if (!header || header->node != keys.node() || header->number != name.number || header->stream != name.stream) {
    ++counts.foreign;
    return std::nullopt;
  }
  return OpenSegment{std::shared_ptr<File>(std::move(*file)), *size};
}

// Half punched when the power went is no damage.
bool Orphan::Parts::damaged(const Finding& found) {
  if (found.what == Finding::What::record) return false;
  if (!(found.header && gone.contains(found.header->item))) ++counts.damaged;
  return true;
}

void Orphan::Parts::read_notes(const SegmentName& name) {
  const auto segment = open(name);
  if (!segment) return;
  SegmentScan scan(*segment->file, name.number, block_bytes, segment->size);
  for (auto found = scan.next(); found.what != Finding::What::end; found = scan.next()) {
    if (damaged(found)) continue;
    const auto payload = read_payload(*segment->file, found.offset, found.frame, keys);
    if (!payload)
      ++counts.unopened;
    else
      for (const auto& note : decode_notes(found.frame.header.type, *payload)) apply(note);
  }
}

void Orphan::Parts::apply(const Note& note) {
  if (const auto* receipt = std::get_if<ReceiptNote>(&note)) {
    Fate& fate = fates[receipt->receipt.item];
    fate.delivered_to.insert(receipt->destination);
    fate.refused_by.erase(receipt->destination);
    fate.owed_to.erase(receipt->destination);
  } else if (const auto* stone = std::get_if<TombstoneNote>(&note)) {
    gone.insert(stone->item);
    fates.erase(stone->item);
  } else if (const auto* verdict = std::get_if<VerdictNote>(&note)) {
    Fate& fate = fates[verdict->item];
    fate.refused_by.erase(verdict->destination);
    if (verdict->state != core::DeliveryState::waiting) fate.refused_by[verdict->destination] = verdict->reason;
    if (verdict->state == core::DeliveryState::waiting) fate.delivered_to.erase(verdict->destination);
    fate.owed_to.insert(verdict->destination);
  } else if (const auto* order = std::get_if<OrderNote>(&note)) {
    if (order->what == OrderNote::What::owe) added[order->exam].insert(order->destination);
  }
}

Orphan::Orphan(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Orphan::Orphan(Orphan&&) noexcept = default;
Orphan::~Orphan() = default;

Result<Orphan> Orphan::open(FileSystem& files, const KeySources& sources) {
  auto keys = Keyring::open_only(files, sources);
  if (!keys) return keys.error();
  if (Status ours = check_spool(files, sources.state_directory + "/spool", *keys); !ours) return ours.error();
  auto parts = std::make_unique<Parts>(files, sources, std::move(*keys));
  Parts& p = *parts;
  if (Status listed = p.list(); !listed) return listed.error();
  for (const auto& name : p.notes) p.read_notes(name);
  if (auto owed = ask_ledger(p.state)) {
    p.counts.ledger = true;
    for (const auto& [id, names] : *owed)
      for (const auto& name : names)
        if (!p.gone.contains(id) && !p.fates[id].delivered_to.contains(name)) p.fates[id].owed_to.insert(name);
  }
  return Orphan(std::move(parts));
}

std::uint64_t Orphan::bytes() const { return parts_->bytes; }
const OrphanCounts& Orphan::counts() const { return parts_->counts; }

void Orphan::each(const Visit& visit) {
  Parts& p = *parts_;
  std::unordered_set<Uuid, UuidHash> seen;  // the same item stored again is one item
  std::uint64_t before = 0;
  for (const auto& name : p.items) {
    const auto segment = p.open(name);
    if (!segment) continue;
    SegmentScan scan(*segment->file, name.number, block_bytes, segment->size);
    for (auto found = scan.next(); found.what != Finding::What::end; found = scan.next()) {
      if (p.damaged(found) || found.frame.header.type != Type::item || p.gone.contains(found.frame.header.item)) continue;
      core::Consignment one;
      const auto key = p.keys.data_key(found.frame.header);
      if (!key || !read_item(*segment->file, found.offset, found.frame, p.keys, one.item)) {
        ++p.counts.unopened;
        continue;
      }
      if (!seen.insert(one.item.id).second) continue;
      ++p.counts.items;
      one.payload = std::make_shared<StoredPayload>(segment->file, found.offset, found.frame, *key, nullptr);
      Fate fate;
      if (const auto known = p.fates.find(one.item.id); known != p.fates.end()) fate = known->second;
      if (const auto more = p.added.find(exam_name(one.item)); more != p.added.end())
        for (const auto& to : more->second)
          if (!fate.delivered_to.contains(to)) fate.owed_to.insert(to);
      if (!visit(std::move(one), fate, before + found.offset + found.bytes)) return;
    }
    before += segment->size;
  }
}

}  // namespace sampan::queue
