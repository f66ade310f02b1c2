// SPDX-License-Identifier: Apache-2.0
#include "intake/folder_reception.h"

#include <algorithm>

#include "base/crash_point.h"
#include "base/hash.h"
#include "core/limits.h"
#include "intake/folder_dicomdir.h"
#include "intake/folder_plain.h"
#include "intake/folder_whole.h"

namespace sampan::intake {
namespace {

using core::Fact;
namespace limits = core::limits;

constexpr std::size_t buffer_bytes = 256u << 10;
constexpr std::size_t recognised_by_bytes = 16u << 10;  // its head, and with it its SOP Instance UID
// One buffer holds all that examine() needs: the head, and what a scanner looks at behind it.
static_assert(buffer_bytes >= limits::file_head_bytes_max + limits::scan_bytes_max);

Error come_again(const Error& error) { return fail(Errc::unreachable, error.message); }

}  // namespace

FolderReception::FolderReception(core::Sink& sink, const FolderIntakeOptions& options,
                                 FolderIntake::Observer& observer, const std::atomic<bool>& stopping)
    : sink_(sink), options_(options), observer_(observer), stopping_(stopping) {}

Result<ByteView> FolderReception::read(const OpenFile& file, std::uint64_t offset) {
  buffer_.resize(buffer_bytes);
  const auto got = file.read_at(offset, buffer_);
  if (!got) return come_again(got.error());
  return ByteView(buffer_).first(*got);
}

Result<Sort> FolderReception::examine(const OpenFile& file) {
  const auto start = read(file, 0);
  if (!start) return start.error();
  sort_ = sort(*start, file.state().size);
  return sort_;
}

// What ended the program again and again when it was looked at is set aside unseen.
Sort FolderReception::sort(ByteView start, std::uint64_t file_bytes) {
  Beacon* const beacon = observer_.beacon();
  if (beacon == nullptr) return look_at(start, file_bytes);
  const auto content = Beacon::content_of("file", as_text(start.first(std::min(start.size(), recognised_by_bytes))));
  if (beacon->strikes(content) >= limits::crashes_max) return unfit_ = Unfit::breaks_us, Sort::unfit;
  Sort found;
  {
    const Beacon::Touch touch(beacon, content);
    found = look_at(start, file_bytes);
  }
  beacon->forgive(content);
  return found;
}

Sort FolderReception::look_at(ByteView start, std::uint64_t file_bytes) {
  auto known = read_head(start.first(std::min(start.size(), limits::file_head_bytes_max)), file_bytes);
  if (auto* head = std::get_if<FileHead>(&known)) {
    head_ = std::move(*head);
    if (head_.is_dicomdir) return Sort::dicomdir;
    crash_point("folder.scan", head_.sop_instance);
    dicom::FactScanner scanner(head_.transfer_syntax);
    scanner.feed(start.subspan(std::min<std::uint64_t>(head_.data_set_offset, start.size())));
    // What the data set says of itself is what the next hop will go by (PS3.10 7.1 wants the two to be the same).
    if (!scanner.data_sop_instance_uid().empty()) head_.sop_instance = scanner.data_sop_instance_uid();
    facts_ = scanner.take();
    if (!head_.sop_instance.empty()) return Sort::image;
    known = Unfit::no_instance;
  }
  unfit_ = std::get<Unfit>(known);
  return options_.carry_any && unfit_ != Unfit::empty ? Sort::plain : Sort::unfit;
}

bool FolderReception::is_cut_short(const OpenFile& file) const {
  const auto read = [&file](std::uint64_t at, ByteSpan into) { return file.read_at(at, into); };
  return ends_early(read, head_.data_set_offset, file.state().size, head_.transfer_syntax);
}

Status FolderReception::take(const OpenFile& file, const std::string& path) {
  SAMPAN_ASSERT(sort_ == Sort::image || sort_ == Sort::plain);
  // Plain files are asked for as images are: they are as large, and the reserve is not for them.
  if (Status admitted = sink_.admits(core::Kind::image); !admitted) return admitted;
  return sort_ == Sort::image ? take_image(file) : take_plain(file, path);
}

core::Facts FolderReception::image_facts() {
  core::Facts facts = std::move(facts_);
  facts.set(Fact::sop_class_uid, head_.sop_class);
  facts.set(Fact::sop_instance_uid, head_.sop_instance);
  facts.set(Fact::transfer_syntax_uid, head_.transfer_syntax);
  facts.set(Fact::calling_ae, options_.ae_title);
  return facts;
}

Status FolderReception::take_image(const OpenFile& file) {
  core::Manifest manifest;
  manifest.kind = core::Kind::image;
  manifest.size_hint = file.state().size - head_.data_set_offset;
  return carry(file, head_.data_set_offset, manifest, image_facts());
}

// Read twice: the id has to be known before the first byte, and follows from all of them.
Status FolderReception::take_plain(const OpenFile& file, const std::string& path) {
  const std::string name = leaf_of(path);
  Sha256 hash;
  std::string media_type;
  Status hashed = read_all(file, 0, [&](ByteView bytes) {
    if (media_type.empty()) media_type = media_type_of(bytes, name);
    hash.update(bytes);
    return Status();
  });
  if (!hashed) return hashed;
  core::Manifest manifest;
  manifest.kind = core::Kind::message;
  // Elsewhere nothing tells it from one that went: it gets an id of its own, and goes twice where a crash comes between.
  if (file.tells_when_put_in()) manifest.id = plain_file_id(options_.ae_title + '/' + path, file.state(), hash.finish());
  manifest.size_hint = file.state().size;
  core::Facts facts;
  facts.set(Fact::name, name);
  facts.set(Fact::media_type, media_type);
  facts.set(Fact::calling_ae, options_.ae_title);
  return carry(file, 0, manifest, facts);
}

Status FolderReception::read_all(const OpenFile& file, std::uint64_t offset,
                                 const std::function<Status(ByteView)>& take) {
  const std::uint64_t size = file.state().size;
  while (offset < size) {
    if (stopping_) return fail(Errc::stopped, "stopping");
    const auto bytes = read(file, offset);
    if (!bytes) return bytes.error();
    if (bytes->empty()) break;
    const auto wanted = std::min<std::uint64_t>(bytes->size(), size - offset);
    if (Status taken = take(bytes->first(wanted)); !taken) return taken;
    offset += wanted;
  }
  const auto now = file.state_now();
  if (!now) return come_again(now.error());
  if (offset != size || *now != file.state()) return fail(Errc::unreachable, "the file changed while it was read");
  return {};
}

Status FolderReception::carry(const OpenFile& file, std::uint64_t offset, const core::Manifest& manifest,
                              const core::Facts& facts) {
  auto inflow = sink_.open(manifest);
  if (!inflow) return inflow.error();
  if (Status read = read_all(file, offset, [&](ByteView bytes) { return (*inflow)->append(bytes); }); !read)
    return read;
  const auto stored = (*inflow)->commit(facts);
  if (!stored) return stored.error();
  observer_.received(facts, file.state().size - offset, stored->repeated);
  return {};
}

std::vector<ReferencedFile> FolderReception::references(const OpenFile& file) {
  if (file.state().size > limits::dicomdir_bytes_max) return {};
  Bytes whole;
  const Status read = read_all(file, head_.data_set_offset, [&](ByteView bytes) {
    whole.insert(whole.end(), bytes.begin(), bytes.end());
    return Status();
  });
  if (!read) return {};
  return referenced_files(whole);
}

}  // namespace sampan::intake
