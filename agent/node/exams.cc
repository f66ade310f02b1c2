// SPDX-License-Identifier: Apache-2.0
#include "node/exams.h"

#include <algorithm>
#include <ctime>
#include <map>
#include <utility>

#include "core/limits.h"
#include "dicom/text.h"

namespace sampan::node {
namespace {

using control::Refusal;
using core::Fact;
namespace limits = core::limits;

constexpr std::size_t images_named = 8;  // of one SOP Instance UID, when a person is asked which

std::string_view word_of(queue::Match::What what) {
  switch (what) {
    case queue::Match::What::study: return "study";
    case queue::Match::What::accession: return "accession";
    case queue::Match::What::patient: return "patient";
    case queue::Match::What::series: return "series";
    case queue::Match::What::file: return "file";
    case queue::Match::What::image: return "image";
  }
  return "study";
}

control::ExamDestination destination_of(const queue::ExamDelivery& from) {
  control::ExamDestination to;
  to.name = from.destination;
  to.waiting = from.waiting;
  to.on_hold = from.on_hold;
  to.rejected = from.rejected;
  to.delivered = from.delivered;
  to.archived = from.archived;
  to.first_accepted = from.first_accepted;
  to.last_accepted = from.last_accepted;
  to.last_archived = from.last_archived;
  to.held = from.held;
  to.added = from.added;
  return to;
}

// Of a destination that has let go of everything, nothing is told.
bool says_something(const queue::ExamDelivery& one) {
  return one.waiting + one.on_hold + one.rejected + one.delivered > 0 || one.held;
}

// Who does not get through to a destination says so of no image: what waits for it waits for that.
void add_reasons(control::ExamStatus& status, const std::vector<queue::Unsettled>& all, const std::map<std::string, std::string>& out_of_reach) {
  for (const auto& one : all)
    for (auto& destination : status.destinations)
      if (destination.name == one.destination)
        destination.reasons.push_back(
            {std::string(core::to_string(one.state)), one.reason, one.items, one.attempts_most, one.oldest, one.not_before});
  for (auto& destination : status.destinations)
    for (auto& reason : destination.reasons)
      if (const auto why = out_of_reach.find(destination.name); reason.state == "waiting" && reason.reason.empty() && why != out_of_reach.end())
        reason.reason = why->second;
}

// Times that were stored, as the clock would have said them that goes now.
void say_by_now(queue::Exam& exam, const policy::ClockPast& past) {
  exam.first = past.by_now(exam.first), exam.last = past.by_now(exam.last);
  for (auto& one : exam.deliveries)
    for (auto* time : {&one.first_accepted, &one.last_accepted, &one.last_archived})
      if (*time) *time = past.by_now(**time);
}

std::vector<queue::Unsettled> say_by_now(std::vector<queue::Unsettled> all, const policy::ClockPast& past, WallTime now) {
  for (auto& one : all) {
    one.oldest = past.by_now(one.oldest);
    if (one.not_before && !past.empty()) one.not_before = std::max(past.by_now(*one.not_before), now);  // what is over is due now
  }
  return all;
}

WallTime midnight_before(WallTime now) {
  const std::time_t seconds = static_cast<std::time_t>(now.ms / 1000);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  parts.tm_hour = parts.tm_min = parts.tm_sec = 0;
  parts.tm_isdst = -1;
  return WallTime{std::int64_t{std::mktime(&parts)} * 1000};
}

control::Ordered ordered_of(const queue::OrderDone& done) {
  return {done.deliveries, done.reclaimed, done.damaged, done.on_hold, done.waiting, done.delivered, done.rejected, done.no_route, done.later};
}

bool nothing_left(const control::Ordered& done) { return done.here() == 0 && done.gone() > 0; }

Refusal gone(const control::Ordered& done) {
  const std::string count = std::to_string(done.gone());
  return {409, "gone", "the images were archived and are no longer here, so nothing can be sent: " + count,
          "图像已归档并从本机清除，无法上传：" + count};
}

Refusal owed_already(const std::string& destination, const control::Ordered& found) {
  const std::string delivered = std::to_string(found.delivered), waiting = std::to_string(found.waiting);
  return {409, "owed",
          destination + " has this exam or is owed it already: " + delivered + " delivered, " + waiting +
              " waiting; sampan resend sends again what was delivered",
          destination + " 已有或即将收到此检查：已送达 " + delivered + "，等待上传 " + waiting + "；如需重新上传请用 sampan resend"};
}

Refusal refusal_of(const Error& error) {
  switch (error.code) {
    case Errc::refused: return {409, "held", error.message, "整个检查已暂停，请先用检查 UID 执行 sampan resume"};
    case Errc::invalid: return {409, "one_image", error.message, "请指明检查，而不是其中一幅图像"};
    case Errc::not_found: return {404, "not_found", error.message, "本机没有此检查"};
    case Errc::timeout: return {503, "not_written", error.message, "命令尚未写入磁盘，磁盘可写后自动生效"};
    case Errc::stopped: return {503, "stopping", error.message, "本机停止前未能确认命令已写入磁盘，启动后请再执行一次"};
    case Errc::limit: return {503, "partly_written", error.message, "磁盘暂时无法写入，命令只执行了一部分；磁盘可写后请再执行一次"};
    default: return {500, "failed", error.message, "无法执行"};
  }
}

}  // namespace

std::string mask_number(std::string_view number) {
  if (number.empty()) return {};
  std::size_t shown = number.size() > 6 ? 4 : number.size() > 3 ? 2 : 0;
  // Never from the middle of a character.
  while (shown > 0 && (static_cast<unsigned char>(number[number.size() - shown]) & 0xc0) == 0x80) --shown;
  return "*" + std::string(number.substr(number.size() - shown));
}

control::ExamStatus exam_status(const queue::Exam& exam) {
  const core::Facts& facts = exam.sample.facts;
  const auto read = [&](Fact fact) { return dicom::display_text(facts.get(fact), facts.get(Fact::character_set)); };
  control::ExamStatus status;
  status.study_uid = queue::exam_name(exam.sample);
  const dicom::Text name = read(Fact::patient_name);
  status.patient_name = dicom::mask_name(name.utf8);
  status.charset_suspect = name.charset_suspect;
  status.patient_id = mask_number(read(Fact::patient_id).utf8);
  status.accession_number = mask_number(read(Fact::accession_number).utf8);
  status.modality = read(Fact::modality).utf8;
  status.body_part = read(Fact::body_part).utf8;
  status.station = read(Fact::station_name).utf8;
  status.calling_ae = read(Fact::calling_ae).utf8;
  status.called_ae = read(Fact::called_ae).utf8;
  status.peer_address = read(Fact::peer_address).utf8;
  status.images = exam.items;
  status.bytes = exam.bytes;
  status.first_received = exam.first;
  status.last_received = exam.last;
  status.priority = core::to_string(exam.priority.value_or(exam.sample.priority));
  status.priority_ordered = exam.priority.has_value();
  for (const auto& delivery : exam.deliveries)
    if (says_something(delivery)) status.destinations.push_back(destination_of(delivery));
  return status;
}

std::vector<queue::Exam> exams_received(queue::Lookup& lookup, const policy::ClockPast& past, WallTime from, WallTime to, std::size_t most) {
  constexpr Millis slack = std::chrono::hours(1);  // of a clock that is put right by seconds
  to.ms += slack.count();
  std::map<std::int64_t, queue::Exam> found;
  for (const auto& [begin, end] : past.stored_as(from, to))
    for (auto& exam : lookup.received_between(begin, end, most)) {
      if (found.contains(exam.key)) continue;
      say_by_now(exam, past);
      if (exam.last >= from && exam.last <= to) found.emplace(exam.key, std::move(exam));
    }
  std::vector<queue::Exam> all;
  for (auto& [key, exam] : found) all.push_back(std::move(exam));
  std::ranges::stable_sort(all, [](const queue::Exam& one, const queue::Exam& other) { return one.last > other.last; });
  if (all.size() > most) all.resize(most);
  return all;
}

bool Exams::incomplete() {
  const queue::QueueSummary summary = needs_.queue.summary();
  return summary.rebuilding || summary.unanswered || summary.uncounted > 0;
}

control::ExamList Exams::trace(const std::string& key) {
  queue::Lookup& lookup = needs_.queue.lookup();
  const std::uint64_t failures = lookup.failures();
  control::ExamList list;
  list.now = needs_.clock.wall();
  const auto past = this->past();
  const auto out_of_reach = needs_.out_of_reach ? needs_.out_of_reach() : std::map<std::string, std::string>{};
  for (const auto& match : lookup.find(key, limits::exams_traced_max + 1)) {
    if (list.matched.empty()) list.matched = word_of(match.what);
    if ((list.more = list.exams.size() >= limits::exams_traced_max)) break;
    auto exam = lookup.exam(match.exam);
    if (!exam) continue;
    say_by_now(*exam, past);
    list.exams.push_back(exam_status(*exam));
    add_reasons(list.exams.back(), say_by_now(lookup.unsettled(match.exam), past, list.now), out_of_reach);
    add_windows(list.exams.back());
  }
  list.incomplete = lookup.failures() != failures || incomplete();
  return list;
}

void Exams::add_windows(control::ExamStatus& exam) const {
  if (!needs_.window || exam.priority == core::to_string(core::Priority::emergency)) return;
  for (auto& destination : exam.destinations) {
    const WindowNow window = needs_.window(destination.name);
    destination.window_closed = window.closed;
    destination.window_opens = window.opens;
  }
}

control::ExamList Exams::today() {
  queue::Lookup& lookup = needs_.queue.lookup();
  const std::uint64_t failures = lookup.failures();
  control::ExamList list;
  list.now = needs_.clock.wall();
  const auto exams = exams_received(lookup, past(), midnight_before(list.now), list.now, limits::exams_listed_max + 1);
  list.more = exams.size() > limits::exams_listed_max;
  for (const auto& exam : exams)
    if (list.exams.size() < limits::exams_listed_max) list.exams.push_back(exam_status(exam));
  list.incomplete = lookup.failures() != failures || incomplete();
  return list;
}

// Images with one SOP Instance UID and different content: each has an id of its own, under which it is found. They grow with time.
Refusal several_images(std::vector<queue::Match> images) {
  std::vector<std::string> ids;
  for (const auto& one : images) ids.push_back(to_string(*one.item));
  std::ranges::sort(ids);
  std::string names;
  for (const auto& id : ids) names += (names.empty() ? "" : ", ") + id;
  return Refusal{409, "several_images", "several images have that UID; give the id of one of them, the first to come is first: " + names,
                 "有多幅图像使用该 UID；请给出其中一幅的编号（按到达先后）：" + names};
}

std::variant<queue::Match, Refusal> Exams::find(const std::string& key, const std::string& destination) {
  const auto known = needs_.destinations();
  if (!destination.empty() && std::find(known.begin(), known.end(), destination) == known.end()) {
    std::string names;
    for (const auto& name : known) names += (names.empty() ? "" : ", ") + name;
    return Refusal{404, "no_destination", "no such destination; there are: " + names, "没有此目的地，现有：" + names};
  }
  queue::Lookup& lookup = needs_.queue.lookup();
  const std::uint64_t failures = lookup.failures();
  const auto found = lookup.find(key, images_named);
  if (lookup.failures() != failures || (found.empty() && incomplete())) return control::not_found_yet();
  if (found.empty())
    return Refusal{404, "not_found", "nothing of that name is here; it must be given exactly",
                   "本机没有此检查；请输入完整的 UID、检查号或患者 ID"};
  if (found.size() > 1 && found[0].item && std::ranges::all_of(found, [&](const queue::Match& one) { return one.item && one.exam == found[0].exam; }))
    return several_images(found);
  if (found.size() > 1)
    return Refusal{409, "several", "several exams have that name; look at sampan trace and give the study UID",
                   "有多个检查符合；请用 sampan trace 查看，并给出检查 UID"};
  if (found[0].what == queue::Match::What::series)
    return Refusal{409, "series", "that is a series; give the study UID, or an image UID", "这是序列 UID；请给出检查 UID 或图像 UID"};
  return found[0];
}

void Exams::hurry(const std::string& destination) {
  for (const auto& name : needs_.destinations())
    if (destination.empty() || name == destination) needs_.try_now(name);
}

Exams::Answer Exams::carry_out(Order order, const std::string& key, const std::string& destination, bool try_now) {
  const auto found = find(key, destination);
  if (const auto* refusal = std::get_if<Refusal>(&found)) return *refusal;
  const auto done = (needs_.queue.orders().*order)(std::get<queue::Match>(found), destination);
  if (!done) return refusal_of(done.error());
  if (try_now && done->deliveries > 0) hurry(destination);
  return ordered_of(*done);
}

Exams::Answer Exams::hold(const std::string& key, const std::string& destination) {
  return carry_out(&queue::Orders::hold, key, destination, false);
}
Exams::Answer Exams::resume(const std::string& key, const std::string& destination) {
  return carry_out(&queue::Orders::resume, key, destination, true);
}

Exams::Answer Exams::resend(const std::string& key, const std::string& destination) {
  Answer answer = carry_out(&queue::Orders::resend, key, destination, true);
  const auto* done = std::get_if<control::Ordered>(&answer);
  return done != nullptr && nothing_left(*done) ? gone(*done) : answer;
}

Exams::Answer Exams::push(const std::string& key, const std::string& destination, bool emergency) {
  const auto found = find(key, destination);
  if (const auto* refusal = std::get_if<Refusal>(&found)) return *refusal;
  const auto& match = std::get<queue::Match>(found);
  control::Ordered ordered;
  if (!destination.empty()) {
    const auto done = needs_.queue.orders().owe(match, destination);
    if (!done) return refusal_of(done.error());
    ordered = ordered_of(*done);
    if (nothing_left(ordered)) return gone(ordered);
    if (ordered.deliveries + ordered.on_hold + ordered.rejected == 0 && !emergency) return owed_already(destination, ordered);
  }
  if (emergency) {
    const auto done = needs_.queue.orders().prioritise(match, core::Priority::emergency);
    if (!done) return refusal_of(done.error());
    const control::Ordered owed = std::exchange(ordered, ordered_of(*done));  // which has those that were owed just now
    ordered.reclaimed = owed.reclaimed;
    ordered.damaged = owed.damaged;
  }
  hurry(emergency ? std::string() : destination);
  return ordered;
}

}  // namespace sampan::node
