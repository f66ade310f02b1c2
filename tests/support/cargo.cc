// SPDX-License-Identifier: Apache-2.0
#include "support/cargo.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/hash.h"
#include "support/part10.h"

namespace sampan::test {
namespace {

constexpr std::uint32_t sop_class_tag = 0x00080016, sop_instance_tag = 0x00080018;
constexpr std::size_t page_bytes = 4096;
constexpr std::size_t uid_bytes_least = 16;  // shorter leaves too little room for chance

const std::string& first_given(const std::string& a, const std::string& b) { return a.empty() ? b : a; }

std::string hash_of(const Instance& instance) {
  Sha256 hash;
  hash.update(instance.head);
  hash.update(instance.rest);
  return to_hex(hash.finish());
}

}  // namespace

Cargo::~Cargo() {
  for (const ByteView view : mapped_) ::munmap(const_cast<std::uint8_t*>(view.data()), view.size());
}

ByteView Cargo::map(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat info {};
  if (fd < 0 || ::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size == 0) {
    if (fd >= 0) ::close(fd);
    return {};
  }
  const auto size = static_cast<std::size_t>(info.st_size);
  void* at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
  ::close(fd);
  if (at == MAP_FAILED) return {};
  return mapped_.emplace_back(static_cast<const std::uint8_t*>(at), size);
}

bool Cargo::chill() {
  for (const ByteView view : mapped_) ::madvise(const_cast<std::uint8_t*>(view.data()), view.size(), MADV_DONTNEED);
  for (const Instance& instance : instances_) {
    const int fd = ::open(instance.path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool done = ::fdatasync(fd) == 0 && ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0;
    ::close(fd);
    if (!done) return false;
  }
  std::vector<unsigned char> there;
  for (const ByteView view : mapped_) {
    there.assign((view.size() + page_bytes - 1) / page_bytes, 0);
    if (::mincore(const_cast<std::uint8_t*>(view.data()), view.size(), there.data()) != 0) return false;
    if (std::ranges::any_of(there, [](unsigned char page) { return (page & 1) != 0; })) return false;
  }
  return true;
}

void Cargo::ask_for(std::size_t instance) const {
  const auto at = reinterpret_cast<std::uintptr_t>(instances_[instance].rest.data()), begin = at / page_bytes * page_bytes;
  ::madvise(reinterpret_cast<void*>(begin), instances_[instance].rest.size() + at - begin, MADV_WILLNEED);
}

Instance Cargo::identify(const std::string& path, ByteView file, const Loading& loading) {
  Instance instance;
  instance.path = path;
  const auto meta = read_file_meta(file);
  const FileMeta known = meta ? *meta : FileMeta{};
  const std::string syntax = first_given(loading.transfer_syntax, known.transfer_syntax);
  instance.rest = file.subspan(known.data_set_offset);
  const auto from_data = [&](std::uint32_t tag) { return element_text(instance.rest, syntax, tag); };
  instance.sop_class = first_given(loading.sop_class, first_given(from_data(sop_class_tag), known.sop_class));
  instance.sop_instance =
      first_given(loading.sop_instance, first_given(from_data(sop_instance_tag), known.sop_instance));
  if (file.empty())
    instance.unsendable = "cannot be read or is empty";
  else if (syntax.empty())
    instance.unsendable = "no transfer syntax: not a DICOM file, or --ts is needed";
  else if (instance.sop_class.empty())
    instance.unsendable = "no SOP class: --class is needed";
  if (instance.unsendable.empty()) instance.kind = kind_of({instance.sop_class, syntax});
  return instance;
}

std::size_t Cargo::kind_of(const CargoKind& kind) {
  const auto found = std::find(kinds_.begin(), kinds_.end(), kind);
  if (found != kinds_.end()) return static_cast<std::size_t>(found - kinds_.begin());
  kinds_.push_back(kind);
  return kinds_.size() - 1;
}

bool Cargo::renew(Instance& instance) {
  const auto place = find_element(instance.rest, kinds_[instance.kind].transfer_syntax, sop_instance_tag);
  if (!place) return false;
  const ByteView old = instance.rest.subspan(place->offset, place->length);
  const auto end = std::find_if(old.begin(), old.end(), [](auto byte) { return byte == 0 || byte == ' '; });
  const auto length = static_cast<std::size_t>(end - old.begin());
  if (length < uid_bytes_least || length > 64) return false;
  do instance.sop_instance = fresh_uid(length);
  while (!used_uids_.insert(instance.sop_instance).second);
  const ByteView before = instance.rest.first(place->offset + place->length);
  instance.head.assign(before.begin(), before.end());
  std::copy(instance.sop_instance.begin(), instance.sop_instance.end(),
            instance.head.begin() + static_cast<std::ptrdiff_t>(place->offset));
  instance.rest = instance.rest.subspan(before.size());
  return true;
}

void Cargo::load(const std::vector<std::string>& paths, const Loading& loading) {
  std::vector<Instance> originals;
  for (const auto& path : paths) originals.push_back(identify(path, map(path), loading));
  for (std::size_t round = 0; round < loading.repeat; ++round)
    for (const Instance& original : originals) {
      Instance instance = original;
      if (instance.unsendable.empty() && loading.new_uids && !renew(instance) && round > 0) continue;
      if (loading.hash) instance.sha256 = hash_of(instance);
      instances_.push_back(std::move(instance));
    }
}

}  // namespace sampan::test
