// SPDX-License-Identifier: Apache-2.0
#include "telemetry/journal.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <deque>

#include "base/log.h"
#include "core/limits.h"
#include "telemetry/json_text.h"

namespace sampan::telemetry {
namespace {

using Json = nlohmann::ordered_json;

// Up to which number of which series; nothing when the line is another.
std::optional<std::pair<std::string, std::uint64_t>> read_mark(std::string_view line) {
  if (!line.starts_with("{\"queued\"")) return {};
  const auto in = Json::parse(line, nullptr, false);
  if (!in.is_object() || !in.contains("series") || !in["queued"].is_number_unsigned() || !in["series"].is_string()) return {};
  return std::pair{in["series"].get<std::string>(), in["queued"].get<std::uint64_t>()};
}

// Cheap: the line has its time at a place of its own. Nothing when it is no event.
std::optional<WallTime> time_of(std::string_view line) {
  constexpr std::string_view name = "\"time\":\"";
  const auto at = line.find(name);
  if (!line.starts_with("{\"schema\"") || !line.ends_with("}") || at == line.npos) return {};
  const auto begin = at + name.size(), end = line.find('"', begin);
  return end == line.npos ? std::nullopt : time_from(line.substr(begin, end - begin));
}

}  // namespace

Journal::Past Journal::open() {
  Past past;
  const std::lock_guard lock(mutex_);
  if (Status made = files_.make_directories(folder_); !made) log::warn("telemetry: " + made.error().message);
  std::pair<std::string, std::uint64_t> queued;
  read([&](std::string_view line) {
    if (auto mark = read_mark(line)) return void(queued = std::move(*mark));
    auto event = read_event(line);
    if (!event) return;
    past.newest = std::max(past.newest, event->time);
    if (event->seq == 0) return;
    past.series = event->series;
    past.seq = event->seq;
    past.unsent.emplace_back(std::move(*event), std::string(line) + "\n");
    if (past.unsent.size() > core::limits::events_unsent_max) past.unsent.erase(past.unsent.begin());
  });
  std::erase_if(past.unsent, [&](const auto& entry) {
    return entry.first.series != past.series || (queued.first == past.series && entry.first.seq <= queued.second);
  });
  return past;
}

void Journal::read(const Each& each) const {
  for (const bool old : {true, false}) {
    const auto bytes = read_whole(files_, path(old), 2 * file_bytes_max_);
    if (!bytes) continue;
    std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    while (!text.empty()) {
      const auto end = std::min(text.find('\n'), text.size());
      if (end > 0) each(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }
}

Status Journal::append(std::string_view line) {
  const std::lock_guard lock(mutex_);
  return write(line, true);
}

void Journal::mark_queued(const std::string& series, std::uint64_t seq) {
  const std::lock_guard lock(mutex_);
  static_cast<void>(write(one_line(Json{{"queued", seq}, {"series", series}}.dump(-1, ' ', false, Json::error_handler_t::replace)), false));
}

// Before a line that would make the file too long: it becomes the old one, and a new one is begun.
Status Journal::turn() {
  file_.reset();
  if (Status moved = files_.rename(path(false), path(true)); !moved && moved.error().code != Errc::not_found) return moved;
  auto made = files_.open(path(false), FileSystem::Mode::create_new);
  if (!made) return made.error();
  if (Status synced = files_.sync_directory(folder_); !synced) return synced;
  file_ = std::move(*made);
  size_ = 0;
  return {};
}

Status Journal::write(std::string_view line, bool durable) {
  if (!file_) {
    auto there = files_.open(path(false), FileSystem::Mode::write);
    auto size = there ? (*there)->size() : Result<std::uint64_t>(there.error());
    if (size) file_ = std::move(*there), size_ = *size;
  }
  if (!file_ || size_ + line.size() > file_bytes_max_)
    if (Status turned = turn(); !turned) return turned;
  // A torn line of before ends here.
  std::uint8_t last = '\n';
  if (size_ > 0 && file_->read_at(size_ - 1, ByteSpan(&last, 1)) && last != '\n') {
    const std::uint8_t feed = '\n';
    if (Status ended = file_->write_at(size_, ByteView(&feed, 1)); !ended) return ended;
    ++size_;
  }
  Status written = file_->write_at(size_, as_bytes(line));
  if (written && durable) written = file_->sync();
  if (!written) return file_.reset(), written;
  size_ += line.size();
  return {};
}

std::vector<std::string> Journal::lines(WallTime from, std::size_t most) const {
  const std::lock_guard lock(mutex_);
  std::deque<std::string> found;
  read([&](std::string_view line) {
    const auto time = time_of(line);
    if (!time || *time < from) return;
    found.emplace_back(line);
    if (found.size() > most) found.pop_front();
  });
  return {std::make_move_iterator(found.begin()), std::make_move_iterator(found.end())};
}

}  // namespace sampan::telemetry
