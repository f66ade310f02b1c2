// SPDX-License-Identifier: Apache-2.0
#include "telemetry/outbox.h"

#include <nlohmann/json.hpp>

#include "base/crash_point.h"
#include "base/log.h"
#include "core/limits.h"
#include "telemetry/json_text.h"

namespace sampan::telemetry {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* sample_file = "/sample.last";
constexpr std::string_view queued_mark = "queued\n";

std::string text_of(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

}  // namespace

WallTime Outbox::open() {
  auto past = journal_.open();
  series_ = past.series;
  seq_ = past.seq;
  for (auto& [event, line] : past.unsent) unsent_.push_back({event.id, event.series, event.seq, std::move(line)});
  WallTime newest = past.newest;
  if (const auto bytes = read_whole(needs_.files, folder_ + sample_file, core::limits::news_bytes_max)) {
    std::string line = text_of(*bytes);
    const bool queued = line.ends_with(queued_mark);
    if (queued) line.resize(line.size() - queued_mark.size());
    const auto in = Json::parse(line, nullptr, false);
    const auto word = [&](const char* name) { return in.is_object() && in.contains(name) && in[name].is_string() ? in[name].get<std::string>() : ""; };
    const Uuid id = uuid_from(word("id"));
    if (!id.is_nil() && in.contains("seq") && in["seq"].is_number_unsigned() && line.ends_with("}\n")) {
      sample_series_ = word("series");
      sample_seq_ = in["seq"].get<std::uint64_t>();
      if (!queued) samples_ = {id, sample_series_, sample_seq_, line};
      newest = std::max(newest, time_from(word("time")).value_or(WallTime{}));
    }
  }
  retry();
  return newest;
}

void Outbox::send(Event event) {
  event.node = node_;
  event.id = make_uuid7(needs_.clock.wall(), needs_.random);
  if (forwards_) {
    if (series_.empty()) series_ = new_series(), seq_ = 0;
    event.series = series_;
    event.seq = ++seq_;
  }
  std::string line = event_line(event, needs_.in_chinese);
  if (Status kept = journal_.append(line); !kept) {
    log::error("the list of events: " + kept.error().message);
    // No reason to keep the lead in the dark. But its number may be given again after a crash: it gets a series of its own.
    if (event.seq != 0) {
      event.series = new_series();
      event.seq = 1;
      line = event_line(event, needs_.in_chinese);
      series_.clear();
    }
  }
  crash_point("event.listed");
  if (event.seq == 0) return;
  if (unsent_.size() >= core::limits::events_unsent_max) unsent_.pop_front(), ++lost_;
  unsent_.push_back({event.id, event.series, event.seq, std::move(line)});
  queue_events();
}

bool Outbox::send_samples(const std::function<std::string(const Stamp&)>& line_of) {
  if (!forwards_ || !queue_samples()) return false;
  if (sample_series_.empty()) sample_series_ = new_series(), sample_seq_ = 0;
  const WallTime now = needs_.clock.wall();
  Stamp stamp{make_uuid7(now, needs_.random), node_, sample_series_, sample_seq_ + 1, now};
  std::string line = line_of(stamp);
  if (Status kept = write_durably(needs_.files, folder_ + sample_file, as_bytes(line)); !kept) {
    log::error("samples: " + kept.error().message);
    // As with events: it is sent in a series of its own, for its number may be given again after a crash.
    stamp.series = new_series();
    stamp.seq = 1;
    line = line_of(stamp);
    sample_series_.clear();
  }
  crash_point("sample.kept");
  sample_seq_ = stamp.seq;
  samples_ = {stamp.id, stamp.series, stamp.seq, std::move(line)};
  queue_samples();
  return true;
}

void Outbox::retry() {
  queue_events();
  queue_samples();
}

Status Outbox::offer(core::Kind kind, const Waiting& waiting) {
  core::Manifest manifest;
  manifest.kind = kind;
  // After a long outage what happened comes before what was measured meanwhile.
  manifest.priority = kind == core::Kind::event ? core::Priority::emergency : core::Priority::routine;
  manifest.id = waiting.id;
  manifest.size_hint = waiting.line.size();
  auto inflow = needs_.sink.open(manifest);
  if (!inflow) return inflow.error();
  if (Status taken = (*inflow)->append(as_bytes(waiting.line)); !taken) return taken;
  core::Facts facts;
  facts.set(core::Fact::media_type, "application/json");
  const auto stored = (*inflow)->commit(facts);
  return stored ? Status() : Status(stored.error());
}

void Outbox::queue_events() {
  if (!forwards_ || unsent_.empty()) return;
  std::uint64_t last = 0;
  while (!unsent_.empty()) {
    if (Status taken = offer(core::Kind::event, unsent_.front()); !taken) {
      log::warn("an event is not queued yet: " + taken.error().message);
      break;
    }
    crash_point("event.queued");
    if (unsent_.front().series == series_) last = unsent_.front().seq;
    unsent_.pop_front();
  }
  if (last != 0) journal_.mark_queued(series_, last);
}

bool Outbox::queue_samples() {
  if (!forwards_ || samples_.line.empty()) return true;
  if (Status taken = offer(core::Kind::sample, samples_); !taken) {
    log::warn("samples are not queued yet: " + taken.error().message);
    return false;
  }
  crash_point("sample.queued");
  samples_ = {};
  mark_samples();
  return true;
}

// Not synced: at worst they are offered again.
void Outbox::mark_samples() {
  auto file = needs_.files.open(folder_ + sample_file, FileSystem::Mode::write);
  const auto size = file ? (*file)->size() : Result<std::uint64_t>(file.error());
  if (size) static_cast<void>((*file)->write_at(*size, as_bytes(queued_mark)));
}

}  // namespace sampan::telemetry
