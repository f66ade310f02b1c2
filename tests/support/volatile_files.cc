// SPDX-License-Identifier: Apache-2.0
#include "support/volatile_files.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace sampan::test {
namespace {

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

}  // namespace

class VolatileFiles::Handle final : public File {
 public:
  Handle(VolatileFiles& owner, std::shared_ptr<Content> content) : owner_(owner), content_(std::move(content)) {}

  Result<std::size_t> read_at(std::uint64_t offset, ByteSpan into) override {
    std::lock_guard lock(owner_.mutex_);
    const Bytes& seen = content_->seen;
    const std::size_t here = offset < seen.size() ? std::min<std::size_t>(into.size(), seen.size() - offset) : 0;
    std::copy_n(seen.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(offset, seen.size())), here, into.begin());
    return here;
  }
  Status write_at(std::uint64_t offset, ByteView bytes) override {
    std::lock_guard lock(owner_.mutex_);
    Bytes& seen = content_->seen;
    if (seen.size() < offset + bytes.size()) seen.resize(offset + bytes.size());
    change(offset, bytes.size());
    std::copy(bytes.begin(), bytes.end(), seen.begin() + static_cast<std::ptrdiff_t>(offset));
    owner_.moment();
    return {};
  }
  Status sync() override {
    std::lock_guard lock(owner_.mutex_);
    owner_.moment();
    content_->durable = content_->seen;
    content_->dirty.clear();
    content_->punched.clear();
    return {};
  }
  Result<std::uint64_t> size() override {
    std::lock_guard lock(owner_.mutex_);
    return content_->seen.size();
  }
  Status punch(std::uint64_t offset, std::uint64_t length) override {
    std::lock_guard lock(owner_.mutex_);
    Bytes& seen = content_->seen;
    const std::uint64_t end = std::min<std::uint64_t>(offset + length, seen.size());
    if (offset >= end) return {};
    change(offset, end - offset);
    for (std::uint64_t block = (offset + block_bytes - 1) / block_bytes; (block + 1) * block_bytes <= end; ++block)
      content_->punched.insert(block);
    std::fill(seen.begin() + static_cast<std::ptrdiff_t>(offset), seen.begin() + static_cast<std::ptrdiff_t>(end), std::uint8_t{0});
    owner_.moment();
    return {};
  }
  Status reserve(std::uint64_t) override { return {}; }
  void write_back(std::uint64_t, std::uint64_t) override {}
  void will_need(std::uint64_t, std::uint64_t) override {}
  void forget(std::uint64_t, std::uint64_t) override {}

 private:
  void change(std::uint64_t offset, std::uint64_t length) {
    for (std::uint64_t sector = offset / sector_bytes; sector * sector_bytes < offset + length; ++sector) content_->dirty.insert(sector);
  }
  VolatileFiles& owner_;
  const std::shared_ptr<Content> content_;
};

Result<std::unique_ptr<File>> VolatileFiles::open(const std::string& path, Mode mode) {
  std::lock_guard lock(mutex_);
  const auto known = seen_.find(path);
  const bool make = mode == Mode::create_new || mode == Mode::append_new;
  if (make && known != seen_.end()) return fail(Errc::io, "open " + path + ": exists");
  if (!make && known == seen_.end()) return fail(Errc::not_found, "open " + path);
  auto content = make ? std::make_shared<Content>() : known->second;
  if (make) touch_name(path, [path, content](Names& names) { names[path] = content; });
  return std::unique_ptr<File>(new Handle(*this, std::move(content)));
}

Status VolatileFiles::make_directories(const std::string& path) {
  std::lock_guard lock(mutex_);
  folders_.insert(path);
  return {};
}

Status VolatileFiles::sync_directory(const std::string& path) {
  std::lock_guard lock(mutex_);
  moment();
  for (const auto& one : pending_)
    if (one.folder == path) one.apply(durable_);
  std::erase_if(pending_, [&path](const Renaming& one) { return one.folder == path; });
  return {};
}

Status VolatileFiles::rename(const std::string& from, const std::string& to) {
  std::lock_guard lock(mutex_);
  const auto known = seen_.find(from);
  if (known == seen_.end()) return fail(Errc::not_found, "rename " + from);
  touch_name(to, [from, to, content = known->second](Names& names) {
    names[to] = content;
    names.erase(from);
  });
  return {};
}

Status VolatileFiles::unlink(const std::string& path) {
  std::lock_guard lock(mutex_);
  if (!seen_.contains(path)) return fail(Errc::not_found, "unlink " + path);
  touch_name(path, [path](Names& names) { names.erase(path); });
  return {};
}

Result<std::vector<std::string>> VolatileFiles::list(const std::string& directory) {
  std::lock_guard lock(mutex_);
  std::vector<std::string> found;
  for (const auto& [path, content] : seen_)
    if (folder_of(path) == directory) found.push_back(path.substr(directory.size() + 1));
  return found;
}

void VolatileFiles::touch_name(const std::string& path, std::function<void(Names&)> apply) {
  apply(seen_);
  pending_.push_back({folder_of(path), std::move(apply)});
  moment();
}

void VolatileFiles::moment() {
  if (++moments_ == cut_.moment) lose_power();
}

Bytes VolatileFiles::surviving(const Content& content) {
  Bytes bytes = content.durable;
  const std::size_t size = by_chance() ? content.seen.size() : content.durable.size();  // the length is one more thing to sync
  bytes.resize(size);
  std::map<std::uint64_t, std::size_t> units;  // what survives as one: where it begins, and its bytes
  for (const auto sector : content.dirty) {
    const std::uint64_t at = sector * sector_bytes, block = at / block_bytes;
    const bool torn = cut_.torn && !content.punched.contains(block);
    units[torn ? at : block * block_bytes] = torn ? sector_bytes : block_bytes;
  }
  for (const auto& [at, unit] : units)
    if (by_chance() && at < size) std::memcpy(&bytes[at], &content.seen[at], std::min<std::size_t>(unit, size - at));
  return bytes;
}

void VolatileFiles::lose_power() {
  for (const auto& one : pending_)
    if (by_chance()) one.apply(durable_);
  std::map<const Content*, Bytes> contents;  // a file keeps one content, also under two names
  const auto real = [this](const std::string& path) { return cut_.survivors + path.substr(root_.size()); };
  for (const auto& folder : folders_) std::filesystem::create_directories(real(folder));
  for (const auto& [path, content] : durable_) {
    if (!contents.contains(content.get())) contents[content.get()] = surviving(*content);
    const Bytes& bytes = contents[content.get()];
    std::ofstream(real(path), std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  cut_.last_words();
  ::_exit(power_gone);
}

}  // namespace sampan::test
