// SPDX-License-Identifier: Apache-2.0
#include "queue/orphan.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "core/instance_name.h"
#include "queue/end_mark.h"
#include "queue/ledger_secrets.h"
#include "queue/payload.h"
#include "queue/scan.h"
#include "queue/segment_owner.h"
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

using Debts = std::vector<std::pair<Uuid, std::string>>;

constexpr const char* who_is_owed =
    "SELECT item.id, destination.name FROM delivery JOIN item ON item.seq = delivery.seq "
    "JOIN destination ON destination.number = delivery.destination WHERE delivery.state <> 3";

// Nothing when it cannot be asked; half an answer is none.
std::optional<Debts> ask_ledger(const std::string& state) {
  const Aside aside;
  if (!aside.copy_ledger(state)) return std::nullopt;
  auto sql = Sql::open(aside.ledger(), false);
  if (!sql) return std::nullopt;
  Debts debts;
  Statement rows(**sql, who_is_owed);
  for (rows.begin(); rows.step();) {
    Uuid id;
    const ByteView raw = rows.blob(0);
    if (raw.size() != id.bytes.size()) continue;
    std::copy(raw.begin(), raw.end(), id.bytes.begin());
    debts.emplace_back(id, rows.text(1));
  }
  return (*sql)->status() ? std::optional(std::move(debts)) : std::nullopt;
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
  const IndexKeys sop_keys{keys};
  std::vector<SegmentName> items, notes;
  Fates fates;
  OrphanCounts counts;
  std::uint64_t bytes = 0;

  Status list();
  std::optional<OpenSegment> open(const SegmentName& name);
  void read_notes(const SegmentName& name);
  bool damaged(SegmentScan& scan, const Finding& found);
  struct Record {
    std::shared_ptr<File> file;
    std::uint64_t offset = 0;
    Frame frame{};
    core::Item item{};
    Owed owed{};
    std::int64_t sop_key = 0;
  };
  std::optional<Record> read(const OpenSegment& segment, std::uint64_t offset, const Frame& frame);
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
  const auto size = file ? (*file)->size() : Result<std::uint64_t>(file.error());
  const SegmentOwner owner = size ? owner_of(**file, name, keys.node(), *size) : SegmentOwner::unknown;
  if (owner == SegmentOwner::us_by_records) ++counts.damaged;
  if (!is_ours(owner)) {
    ++(owner == SegmentOwner::another ? counts.foreign : counts.unread);
    counts.notes_unread = counts.notes_unread || (owner != SegmentOwner::another && name.stream == Stream::notes);
    return std::nullopt;
  }
  return OpenSegment{std::shared_ptr<File>(std::move(*file)), *size};
}

// Half punched when the power went is no damage.
bool Orphan::Parts::damaged(SegmentScan& scan, const Finding& found) {
  if (found.what == Finding::What::record) return false;
  if (found.header && fates.is_gone(found.header->item))
    scan.cut(found.record_end());
  else
    ++counts.damaged;
  return true;
}

void Orphan::Parts::read_notes(const SegmentName& name) {
  const auto segment = open(name);
  if (!segment) return;
  SegmentScan scan(*segment->file, name.number, block_bytes, segment->size);
  scan.durable_to(end_mark_of(*segment->file, name.number));
  for (auto found = scan.next(); found.what != Finding::What::end; found = scan.next()) {
    if (damaged(scan, found)) {
      counts.notes_unread = counts.notes_unread || found.what == Finding::What::damaged || found.unreadable;  // what was torn was never believed
      continue;
    }
    const auto payload = read_payload(*segment->file, found.offset, found.frame, keys);
    if (!payload)
      ++counts.unopened, counts.notes_unread = true;
    else
      for (const auto& note : decode_notes(found.frame.header.type, *payload)) fates.take(note);
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
  if (const auto debts = ask_ledger(p.state)) {
    p.counts.ledger = true;
    for (const auto& [item, destination] : *debts) p.fates.owe(item, destination, p.counts.notes_unread);
  }
  return Orphan(std::move(parts));
}

std::uint64_t Orphan::bytes() const { return parts_->bytes; }
const OrphanCounts& Orphan::counts() const { return parts_->counts; }

// The same bytes of the same instance again are a duplicate; other bytes under one id are not.
static Digest identity_of(const core::Item& item) {
  const std::string_view sop = core::kept_as(item.facts);
  Bytes all(item.sha256.begin(), item.sha256.end());
  const ByteView name = sop.empty() ? ByteView(item.id.bytes) : as_bytes(sop);
  all.insert(all.end(), name.begin(), name.end());
  return sha256(all);
}

namespace {

// The same image again: only who waits for a copy of one that is delivered makes it an image of its own, because what a copy is
// owed to beyond what it repeats may not be handed over yet.
class Repeats {
 public:
  bool knows(const core::Item& item) const { return seen_.contains(identity_of(item)); }
  // False: it adds nothing to what was seen before it. Of a copy its fate keeps what it adds.
  bool adds(const core::Item& item, Fate& fate) {
    const auto [before, first] = seen_.try_emplace(identity_of(item), nullptr);
    if (!first && before->second == nullptr) return false;  // undelivered, and so are its bytes
    if (!first) without(*before->second, fate);
    if (!first && fate.owed_to.empty()) return false;
    before->second = fate.undelivered() ? nullptr : &*groups_.insert(fate.delivered_to).first;
    return true;
  }

 private:
  static void without(const std::set<std::string>& known, Fate& fate) {
    for (const auto& destination : known) fate.owed_to.erase(destination), fate.refused_by.erase(destination);
  }
  std::map<Digest, const std::set<std::string>*> seen_;  // by identity: who has it; nullptr: not everybody
  std::set<std::set<std::string>> groups_;
};

}  // namespace

std::optional<Orphan::Parts::Record> Orphan::Parts::read(const OpenSegment& segment, std::uint64_t offset, const Frame& frame) {
  Record one{segment.file, offset, frame};
  if (!read_item(*segment.file, offset, frame, keys, one.item, &one.owed)) return ++counts.unopened, std::nullopt;
  one.sop_key = sop_keys.of(core::kept_as(one.item.facts));
  return one;
}

// Copies that were let go come last: only where what they are copies of was not met, and did not go after they came.
void Orphan::each(const Visit& visit) {
  Parts& p = *parts_;
  Repeats repeats;
  std::uint64_t before = 0;
  std::vector<std::pair<SegmentName, std::uint64_t>> let_go;
  const auto show = [&](Parts::Record&& record, std::uint64_t done) {
    Fate fate = p.fates.of(record.item, record.owed, record.sop_key);
    if (!repeats.adds(record.item, fate)) return true;
    ++p.counts.items;
    if (!record.owed) ++p.counts.unsaid;
    const auto key = p.keys.data_key(record.frame.header);
    if (!key) return true;
    core::Consignment one;
    one.item = std::move(record.item);
    one.payload = std::make_shared<StoredPayload>(record.file, record.offset, record.frame, *key, nullptr);
    return visit(std::move(one), fate, done);
  };
  for (const auto& name : p.items) {
    const auto segment = p.open(name);
    if (!segment) continue;
    SegmentScan scan(*segment->file, name.number, block_bytes, segment->size);
    scan.durable_to(end_mark_of(*segment->file, name.number));
    for (auto found = scan.next(); found.what != Finding::What::end; found = scan.next()) {
      if (p.damaged(scan, found) || found.frame.header.type != Type::item) continue;
      auto record = p.read(*segment, found.offset, found.frame);
      if (!record || p.fates.is_gone(record->item)) continue;
      if (p.fates.is_let_go(record->item)) {
        if (!p.fates.was_reclaimed(record->item, record->sop_key)) let_go.emplace_back(name, found.offset);
        continue;
      }
      if (!show(std::move(*record), before + found.offset + found.bytes)) return;
    }
    before += segment->size;
  }
  if (p.counts.damaged + p.counts.unopened == 0) return;  // what they are copies of is there, or went
  for (const auto& [name, offset] : let_go) {
    const auto segment = p.open(name);
    const auto frame = segment ? read_frame(*segment->file, name.number, offset) : Result<Frame>(fail(Errc::not_found, "segment"));
    auto record = frame ? p.read(*segment, offset, *frame) : std::nullopt;
    if (record && !repeats.knows(record->item) && !show(std::move(*record), before)) return;
  }
}

}  // namespace sampan::queue
