// SPDX-License-Identifier: Apache-2.0
#include "cli/exam_view.h"

#include <algorithm>

#include "cli/table.h"
#include "control/reason_words.h"

namespace sampan::cli {
namespace {

using namespace control;

const char* say(Lang lang, const char* zh, const char* en) { return lang == Lang::zh ? zh : en; }
std::string number(std::uint64_t value) { return std::to_string(value); }
std::string images(std::uint64_t count, Lang lang) {
  return number(count) + (lang == Lang::zh ? " 幅" : count == 1 ? " image" : " images");
}
std::string colon(Lang lang) { return say(lang, "：", ": "); }

std::string priority_word(const std::string& priority, Lang lang) {
  if (lang == Lang::en) return priority;
  return priority == "emergency" ? "急诊" : priority == "referral" ? "转诊" : priority == "bulk" ? "批量" : "常规";
}

std::string name_of(const ExamDestination& destination, Lang lang) {
  return destination.name.empty() ? say(lang, "（无路由）", "(no route)") : destination.name;
}

// What happened, and when; several at one moment stay in the order in which they are told.
struct Step {
  WallTime time;
  std::string text;
};

void tell_received(const ExamStatus& exam, Lang lang, std::vector<Step>& steps) {
  std::string from = exam.calling_ae;
  if (!exam.peer_address.empty()) from += (from.empty() ? "" : " (") + exam.peer_address + (exam.calling_ae.empty() ? "" : ")");
  std::string text = say(lang, "收到第一幅图像", "the first image was received");
  if (!from.empty()) text += say(lang, "，来自 ", " from ") + from;
  if (!exam.called_ae.empty()) text += say(lang, "，发给 ", ", sent to ") + exam.called_ae;
  steps.push_back({exam.first_received, text});
  steps.push_back({exam.last_received, lang == Lang::zh ? "收到最后一幅，共 " + images(exam.images, lang) + "，" + size(exam.bytes)
                                                         : "the last one, " + images(exam.images, lang) + " in all, " + size(exam.bytes)});
}

void tell_delivered(const ExamDestination& to, Lang lang, std::vector<Step>& steps) {
  const std::string name = name_of(to, lang) + colon(lang);
  if (to.first_accepted) steps.push_back({*to.first_accepted, name + say(lang, "接收了第一幅", "accepted the first one")});
  if (to.last_accepted)
    steps.push_back({*to.last_accepted, name + (to.delivered == 0 ? std::string(say(lang, "最近一次接收；此后已要求重新上传", "accepted the latest one; they were ordered to be sent again since"))
                                          : lang == Lang::zh ? "最近一次接收，已送达 " + images(to.delivered, lang)
                                                             : "accepted the latest one, " + images(to.delivered, lang) + " delivered")});
  if (to.last_archived)
    steps.push_back({*to.last_archived, name + (lang == Lang::zh ? "确认归档，共 " + images(to.archived, lang)
                                                                  : "proven archived, " + images(to.archived, lang))});
}

std::string state_words(const ExamDestination& to, const ExamReason& reason, Lang lang) {
  if (to.name.empty() && reason.state == "waiting")
    return say(lang, "不会上传，除非路由符合或用 sampan push 加 --to 指明目的地", "do not leave until a route matches or sampan push with --to names a destination");
  if (reason.state == "on_hold") return say(lang, "暂停", "on hold");
  if (reason.state == "rejected") return say(lang, "被拒收", "rejected");
  return say(lang, "等待上传", "waiting");
}

std::string now_words(const ExamDestination& to, const ExamReason& reason, WallTime now, Lang lang) {
  std::string text = name_of(to, lang) + colon(lang) + images(reason.images, lang) + " " + state_words(to, reason, lang) +
                     say(lang, "，收到于 ", ", received at ") + local_time(reason.oldest) +
                     (lang == Lang::zh ? "（" + duration((now.ms - reason.oldest.ms) / 1000, lang) + "前）"
                                       : " (" + duration((now.ms - reason.oldest.ms) / 1000, lang) + " ago)");
  if (reason.attempts > 0)
    text += lang == Lang::zh ? "，已尝试 " + number(reason.attempts) + " 次" : ", " + number(reason.attempts) + (reason.attempts == 1 ? " try" : " tries");
  if (to.window_closed && reason.state == "waiting") text += say(lang, "，", ", ") + window_words(to.window_opens, now, lang);
  else if (reason.next_attempt && reason.next_attempt->ms > now.ms)
    text += say(lang, "，", ", next in ") + duration((reason.next_attempt->ms - now.ms) / 1000, lang) + say(lang, "后重试", "");
  return reason.reason.empty() ? text : text + colon(lang) + reason_words(reason.reason, lang);
}

std::string heading(const ExamStatus& exam, Lang lang) {
  const auto part = [](const char* label, const std::string& value) { return value.empty() ? "" : "  " + std::string(label) + value; };
  std::string text = exam.patient_name.empty() ? say(lang, "（无姓名）", "(no name)") : exam.patient_name;
  if (exam.charset_suspect) text += say(lang, "（字符集声明有误）", " (its character set is declared wrongly)");
  text += part("", exam.modality) + part("", exam.body_part) + part("ID ", exam.patient_id);
  text += part(say(lang, "检查号 ", "accession "), exam.accession_number);
  text += "  " + priority_word(exam.priority, lang) + (exam.priority_ordered ? say(lang, "（人工指定）", " (by a person)") : "");
  return text + "\n" + exam.study_uid + "\n";
}

std::string story(const ExamStatus& exam, WallTime now, Lang lang) {
  std::vector<Step> steps;
  tell_received(exam, lang, steps);
  for (const auto& destination : exam.destinations) tell_delivered(destination, lang, steps);
  std::stable_sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) { return a.time.ms < b.time.ms; });
  Table table({Table::Align::left, Table::Align::left});
  for (const Step& step : steps) table.add({local_time(step.time), step.text});
  const char* label = say(lang, "现在", "now");
  const auto add_now = [&](const std::string& text) {
    table.add({label, text});
    label = "";
  };
  for (const auto& to : exam.destinations) {
    if (to.added) add_now(name_of(to, lang) + colon(lang) + say(lang, "由人工指定发往", "added by a person"));
    if (to.held) add_now(name_of(to, lang) + colon(lang) + say(lang, "整个检查已由人工暂停", "the whole exam is held by a person"));
    for (const auto& reason : to.reasons) add_now(now_words(to, reason, now, lang));
    if (to.waiting + to.on_hold + to.rejected == 0 && to.delivered > 0)
      add_now(name_of(to, lang) + colon(lang) +
              (to.archived == to.delivered ? say(lang, "全部归档", "all of them are archived") : say(lang, "全部送达", "all of them are delivered")));
  }
  return heading(exam, lang) + "\n" + table.text();
}

std::string incomplete_words(Lang lang) {
  return say(lang, "索引尚不完整，可能还有检查或图像未显示。\n", "Not everything is in the index yet: exams and images may be missing here.\n");
}

// Of all destinations, the one that has least of it.
template <class Count>
std::uint64_t everywhere(const ExamStatus& exam, Count count) {
  std::uint64_t least = exam.destinations.empty() ? 0 : UINT64_MAX;
  for (const auto& destination : exam.destinations) least = std::min(least, destination.*count);
  return least;
}

std::string remark(const ExamStatus& exam, Lang lang) {
  std::string text;
  const auto add = [&](std::uint64_t count, const char* zh, const char* en) {
    if (count > 0) text += (text.empty() ? "" : say(lang, "，", ", ")) + std::string(say(lang, zh, en)) + " " + number(count);
  };
  std::uint64_t waiting = 0, no_route = 0, on_hold = 0, rejected = 0;
  for (const auto& d : exam.destinations) (d.name.empty() ? no_route : waiting) += d.waiting, on_hold += d.on_hold, rejected += d.rejected;
  add(waiting, "等待", "waiting");
  add(no_route, "无路由", "no route");
  add(on_hold, "暂停", "on hold");
  add(rejected, "拒收", "rejected");
  return text;
}

}  // namespace

std::string show_trace(const ExamList& list, Lang lang) {
  std::string text;
  for (const auto& exam : list.exams) text += (text.empty() ? "" : "\n") + story(exam, list.now, lang);
  if (list.incomplete) text += std::string("\n") + incomplete_words(lang);
  if (list.more) text += say(lang, "\n还有更多检查未显示，请用检查 UID 查询。\n", "\nThere are more; ask by study UID.\n");
  return printable(text);
}

std::string show_today(const ExamList& list, Lang lang) {
  if (list.exams.empty())
    return list.incomplete ? incomplete_words(lang) : say(lang, "今天尚未收到图像。\n", "No image was received today.\n");
  using Align = Table::Align;
  Table table({Align::left, Align::left, Align::left, Align::left, Align::right, Align::right, Align::right, Align::left, Align::left});
  table.add(lang == Lang::zh ? std::vector<std::string>{"首幅", "姓名", "ID", "类型", "收到", "送达", "归档", "末幅", "备注"}
                             : std::vector<std::string>{"first", "name", "ID", "kind", "received", "arrived", "archived", "last image", ""});
  const auto clock_time = [](WallTime time) { return local_time(time).substr(11); };
  for (const auto& exam : list.exams)
    table.add({clock_time(exam.first_received), exam.patient_name.empty() ? "-" : exam.patient_name, exam.patient_id, exam.modality,
               number(exam.images), number(everywhere(exam, &ExamDestination::delivered)),
               number(everywhere(exam, &ExamDestination::archived)), clock_time(exam.last_received), remark(exam, lang)});
  std::string text = table.text();
  if (list.incomplete) text += incomplete_words(lang);
  if (list.more) text += say(lang, "更早的检查未显示。\n", "Earlier ones are not shown.\n");
  return printable(text);
}

bool needs_a_person(const ExamList& list) {
  return std::any_of(list.exams.begin(), list.exams.end(), [](const ExamStatus& exam) {
    return std::any_of(exam.destinations.begin(), exam.destinations.end(),
                       [](const ExamDestination& one) { return one.on_hold + one.rejected > 0 || (one.name.empty() && one.waiting > 0); });
  });
}

}  // namespace sampan::cli
