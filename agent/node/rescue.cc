// SPDX-License-Identifier: Apache-2.0
#include "node/rescue.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include "core/instance_name.h"
#include "core/limits.h"
#include "node/changing.h"
#include "node/couriers.h"
#include "node/exams.h"
#include "policy/table_judge.h"
#include "queue/notes.h"
#include "queue/recovery_key.h"

namespace sampan::node {
namespace {

namespace limits = core::limits;
using core::Consignment;
using Ids = std::unordered_set<Uuid, UuidHash>;

constexpr std::size_t uuid_characters = 36;

// The file of what is done: an id a line, durable before more is carried.
class DoneFile {
 public:
  DoneFile(FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}
  Status open() {
    if (path_.empty()) return {};
    auto file = files_.open(path_, FileSystem::Mode::write);
    if (!file && file.error().code == Errc::not_found) file = files_.open(path_, FileSystem::Mode::create_new);
    if (!file) return file.error();
    file_ = std::move(*file);
    const auto bytes = read_whole(files_, path_, limits::rescue_list_bytes_max);
    if (!bytes) return bytes.error();
    return read(as_text(*bytes));
  }
  bool has(const Uuid& id) const { return done_.contains(id); }
  Status add(const std::vector<Uuid>& ids) {
    if (file_ == nullptr || ids.empty()) return {};
    std::string text;
    for (const auto& id : ids) text += to_string(id) + "\n";
    if (Status written = file_->write_at(end_, as_bytes(text)); !written) return written;
    end_ += text.size();
    return file_->sync();
  }

 private:
  // Whoever names another file by mistake finds it as it was. A last line may be cut short: the power went while it was written.
  Status read(std::string_view text) {
    for (std::size_t ends = text.find('\n'); ends != std::string_view::npos; ends = text.find('\n', end_)) {
      const Uuid id = uuid_from(text.substr(end_, ends - end_));
      if (id.is_nil()) break;
      done_.insert(id);
      end_ = ends + 1;
    }
    const std::string_view rest = text.substr(end_);
    if (rest.size() <= uuid_characters && rest.find_first_not_of("0123456789abcdef-") == std::string_view::npos) return {};
    return fail(Errc::invalid, path_ + ": is no list of what was rescued; name another file, or one that is not there yet");
  }

  FileSystem& files_;
  const std::string path_;
  std::unique_ptr<File> file_;
  std::uint64_t end_ = 0;
  Ids done_;
};

class Carrier {
 public:
  Carrier(const Env& env, const settings::Destination& to, DoneFile& done, Rescued& result)
      : courier_(make_courier(to, env, judge_, changing_.by_worker())), takes_files_(!to.folder.empty()), done_(done), result_(result) {}

  bool takes(const core::Item& item) const {
    return item.kind == core::Kind::image || (takes_files_ && item.kind == core::Kind::message);
  }
  void take(Consignment one) {
    if (done_.has(one.item.id)) {
      ++result_.passed_over;
      return;
    }
    bytes_ += one.item.size;
    batch_.push_back(std::move(one));
    if (batch_.size() >= limits::batch_items_max || bytes_ >= limits::batch_bytes_max) flush();
  }
  void flush() {
    for (unsigned tries = 1; !batch_.empty(); ++tries) {
      attempt(tries >= limits::rescue_tries_max);
      if (!batch_.empty()) std::this_thread::sleep_for(limits::back_off_least * tries);
    }
    bytes_ = 0;
  }

 private:
  using Outcomes = std::unordered_map<Uuid, core::Outcome, UuidHash>;
  // What is to be tried again stays in the batch.
  void attempt(bool last) {
    Outcomes outcomes;
    courier_->attempt(batch_, [&](const Uuid& id, core::Outcome outcome) {
      outcomes.insert_or_assign(id, std::move(outcome));
      return true;
    });
    std::vector<Uuid> carried;
    std::vector<Consignment> again;
    for (auto& one : batch_) {
      const auto outcome = outcomes.find(one.item.id);
      SAMPAN_ASSERT(outcome != outcomes.end());
      if (std::holds_alternative<core::Delivered>(outcome->second))
        carried.push_back(one.item.id);
      else if (!wants_another(outcome->second, last))
        continue;
      else
        again.push_back(std::move(one));
    }
    result_.carried += carried.size();
    if (Status kept = done_.add(carried); !kept) result_.gave_up = kept.error().message;
    if (!result_.gave_up.empty())
      for (std::size_t i = 0; i < again.size(); ++i) count(result_.gave_up);
    batch_ = result_.gave_up.empty() ? std::move(again) : std::vector<Consignment>();
  }
  // One that does not is counted, and may end it all.
  bool wants_another(const core::Outcome& outcome, bool last) {
    const auto* retry = std::get_if<core::Retry>(&outcome);
    const bool stopped = retry != nullptr && retry->scope == core::Scope::configuration;
    if (retry != nullptr && !last && !stopped && retry->scope != core::Scope::sop_class) return true;
    const std::string& reason = retry != nullptr ? retry->reason : std::get<core::Rejected>(outcome).reason;
    count(reason);
    if (stopped || (retry != nullptr && retry->scope == core::Scope::destination)) result_.gave_up = reason;
    return false;
  }
  void count(const std::string& reason) { ++result_.not_carried, ++result_.reasons[reason]; }

  const policy::TableJudge judge_{};
  worker::Worker worker_;
  Changing changing_{worker_};
  const std::unique_ptr<core::Courier> courier_;
  const bool takes_files_;
  DoneFile& done_;
  Rescued& result_;
  std::vector<Consignment> batch_;
  std::uint64_t bytes_ = 0;
};

// SOP Instance UIDs under which more than one content is here, or was: found before anything is carried.
class Contested {
 public:
  void see(const core::Item& item, const queue::Fate& fate) {
    if (item.kind != core::Kind::image || uid(item).empty()) return;
    const std::size_t name = std::hash<std::string_view>{}(uid(item));
    const auto [content, fresh] = contents_.try_emplace(name, short_digest(item));
    if (fate.differs_from_gone || (!fresh && content->second != short_digest(item))) contested_.insert(name);
  }
  void end() { contents_.clear(); }
  bool holds(const core::Item& item) const { return contested_.contains(std::hash<std::string_view>{}(uid(item))); }
  static std::string_view uid(const core::Item& item) { return core::kept_as(item.facts); }

 private:
  static std::uint64_t short_digest(const core::Item& item) {
    std::uint64_t number = 0;
    std::memcpy(&number, item.sha256.data(), sizeof number);
    return number;
  }
  std::unordered_map<std::size_t, std::uint64_t> contents_;
  std::unordered_set<std::size_t> contested_;
};

Status look_for_contested(const Env& env, const queue::KeySources& sources, Contested& contested) {
  auto orphan = queue::Orphan::open(env.files, sources);
  if (!orphan) return orphan.error();
  orphan->each([&](const Consignment& one, const queue::Fate& fate, std::uint64_t) { return contested.see(one.item, fate), true; });
  contested.end();
  return {};
}

void leave_to_a_person(const core::Item& item, Rescued& result) {
  ++result.for_a_person;
  const std::string uid(Contested::uid(item));
  if (result.contested.size() < limits::exams_listed_max && std::ranges::find(result.contested, uid) == result.contested.end())
    result.contested.push_back(uid);
}

// The list of exams while it grows: what is shown of each is that of its first image.
class ExamBook {
 public:
  void add(const core::Item& item, bool undelivered) {
    const std::string name = queue::exam_name(item);
    const auto [at, fresh] = places_.try_emplace(name, exams_.size());
    if (fresh && exams_.size() < limits::exams_listed_max) exams_.push_back({0, item, item.received, item.received, 0, 0, {}, {}}), undelivered_.push_back(0);
    if (at->second >= exams_.size()) return;
    queue::Exam& exam = exams_[at->second];
    ++exam.items, exam.bytes += item.size;
    exam.last = std::max(exam.last, item.received, [](WallTime a, WallTime b) { return a.ms < b.ms; });
    undelivered_[at->second] += undelivered ? 1 : 0;
  }
  void tell(Rescued& result) const {
    for (std::size_t i = 0; i < exams_.size(); ++i) result.exams.push_back({exam_status(exams_[i]), undelivered_[i]});
    result.exams_more = places_.size() - exams_.size();
  }

 private:
  std::unordered_map<std::string, std::size_t> places_;
  std::vector<queue::Exam> exams_;
  std::vector<std::uint64_t> undelivered_;
};

void count(const core::Item& item, const queue::Fate& fate, Rescued& result) {
  ++result.images, result.bytes += item.size;
  if (!fate.undelivered()) return;
  ++result.undelivered, result.undelivered_bytes += item.size;
  for (const auto& to : fate.owed_to) ++result.owed[to];
  if (fate.owed_to.empty()) ++result.owed[""];
  for (const auto& [by, why] : fate.refused_by) ++result.refused_there[by + ": " + why];
}

}  // namespace

Result<Rescued> rescue(const Env& env, const RescueOrder& order, const std::function<void(const RescueProgress&)>& tell) {
  queue::KeySources sources{order.directory, env.credentials_directory, {}};
  if (!order.recovery_key.empty()) {
    const auto half = queue::read_recovery_key(order.recovery_key);
    if (!half) return half.error();
    sources.recovery = *half;
  }
  auto orphan = queue::Orphan::open(env.files, sources);
  if (!orphan) return orphan.error();
  Rescued result;
  DoneFile done(env.files, order.done_file);
  if (Status opened = done.open(); !opened) return opened.error();
  Contested contested;
  if (order.to && order.to->folder.empty())
    if (Status looked = look_for_contested(env, sources, contested); !looked) return looked.error();
  std::optional<Carrier> carrier;
  if (order.to) carrier.emplace(env, *order.to, done, result);
  ExamBook book;
  orphan->each([&](Consignment one, const queue::Fate& fate, std::uint64_t at) {
    const bool image = one.item.kind == core::Kind::image;
    const bool file = one.item.kind == core::Kind::message;
    if (image)
      count(one.item, fate, result), book.add(one.item, fate.undelivered());
    else
      ++result.others, result.files += file, result.undelivered_files += file && fate.undelivered();
    const bool asked_for = carrier && (order.all || fate.undelivered());
    const bool wanted = asked_for && carrier->takes(one.item);
    result.files_left += file && asked_for && !wanted;
    // What cannot be carried any more is still counted.
    if (wanted && contested.holds(one.item))
      leave_to_a_person(one.item, result);
    else if (wanted && !result.gave_up.empty())
      ++result.not_carried;
    else if (wanted)
      carrier->take(std::move(one));
    tell({at, orphan->bytes(), result.carried});
    return true;
  });
  if (carrier && result.gave_up.empty()) carrier->flush();
  tell({orphan->bytes(), orphan->bytes(), result.carried});
  result.found = orphan->counts();
  book.tell(result);
  return result;
}

}  // namespace sampan::node
