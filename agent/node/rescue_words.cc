// SPDX-License-Identifier: Apache-2.0
#include "node/rescue_words.h"

#include <algorithm>

#include "control/reason_words.h"
#include "control/rows.h"

namespace sampan::node {
namespace {

using control::Lang;

std::string number(std::uint64_t value) { return std::to_string(value); }
const char* say(Lang lang, const char* zh, const char* en) { return lang == Lang::zh ? zh : en; }

// Peers choose AE titles, modalities and what they say: nothing of it drives a terminal.
std::string shown(std::string text) {
  for (char& c : text)
    if ((c >= 0 && c < 0x20) || c == 0x7f) c = '?';
  return text;
}

std::string exam_line(const RescuedExam& one, Lang lang) {
  const auto& exam = one.exam;
  std::string text = "  " + control::local_time(exam.first_received) + "  " + exam.modality + "  " + exam.patient_name + "  " + exam.patient_id + "  " +
                     exam.study_uid + say(lang, "：图像 ", ": images ") + number(exam.images);
  if (one.undelivered > 0) text += say(lang, "，未送达 ", ", undelivered ") + number(one.undelivered);
  return shown(text) + "\n";
}

std::string counted(const std::map<std::string, std::uint64_t>& all, const char* nameless) {
  std::string text;
  for (const auto& [name, count] : all) text += "  " + number(count) + "  " + shown(name.empty() ? nameless : name) + "\n";
  return text;
}

std::string counted_reasons(const std::map<std::string, std::uint64_t>& all, Lang lang) {
  std::map<std::string, std::uint64_t> told;
  for (const auto& [reason, count] : all) told[control::reason_words(reason, lang)] += count;
  return counted(told, "?");
}

// What is no image goes into a folder only, and is nothing to who reads the line of the images.
std::string files(const Rescued& result, Lang lang) {
  if (result.files == 0) return {};
  std::string text = say(lang, "文件 ", "files ") + number(result.files) + say(lang, "，其中未送达 ", ", undelivered ") + number(result.undelivered_files);
  if (result.files_left > 0) text += say(lang, "；未发送 ", "; not sent ") + number(result.files_left);
  if (result.undelivered_files + result.files_left > 0) text += say(lang, "（用 --export 取出）", " (--export takes them)");
  return text + "\n";
}

std::string damage(const Rescued& result, Lang lang) {
  std::string text;
  const auto add = [&](std::uint64_t count, const char* zh, const char* en) {
    if (count > 0) text += say(lang, zh, en) + number(count) + "\n";
  };
  add(result.found.damaged, "磁盘上已损坏、无法读出的部分：", "damaged on the disk, not readable: ");
  add(result.found.unopened, "所用密钥不在密钥环中，无法打开：", "under a key that is not in the keyring, not opened: ");
  add(result.found.unread, "无法打开或读取、其中可能有图像的文件：", "files that do not open or read, and may hold images: ");
  add(result.found.foreign, "不属于该节点的文件：", "files that do not belong to this node: ");
  if (result.found.notes_unread && !result.found.ledger)
    text += say(lang, "部分送达记录无法读出：计为已送达的图像，此后可能又被要求重新发送；请加 --all。\n",
                "Some of what was noted does not read: an image that counts as delivered may have been asked for again since; --all takes every one.\n");
  if (!result.found.ledger && result.found.unsaid > 0)
    text += say(lang, "索引缺失或无法读取：由早期版本存入、已送达其中一个目的地的图像按已送达计；如有疑问请加 --all。\n",
                "The index is missing or cannot be read: of what an earlier version stored, an image that reached one of several destinations counts as delivered; --all takes every one.\n");
  return text;
}

std::string outcome(const Rescued& result, Lang lang) {
  std::string text = say(lang, "已取出：", "carried: ") + number(result.carried) + "\n";
  if (result.passed_over > 0) text += say(lang, "以前已取出，本次跳过：", "carried before, passed over: ") + number(result.passed_over) + "\n";
  if (result.not_carried > 0) text += say(lang, "未能取出：", "not carried: ") + number(result.not_carried) + "\n" + counted_reasons(result.reasons, lang);
  if (result.for_a_person > 0) {
    text += say(lang, "需人工处理，未发送：", "needs a person, not sent: ") + number(result.for_a_person) +
            say(lang, "（另有内容不同的图像使用同一 SOP Instance UID；请用 --export 取出后逐一核对）\n",
                " (another image with other content has the same SOP Instance UID; --export takes every one, to be looked at)\n");
    for (const auto& uid : result.contested) text += "  " + shown(uid) + "\n";
  }
  if (!result.gave_up.empty())
    text += std::string(say(lang, "已中止，再次执行即可继续：", "It was given up; run it again to go on: ")) + shown(control::reason_words(result.gave_up, lang)) + "\n";
  return text;
}

}  // namespace

std::string progress_words(const RescueProgress& progress, Lang lang) {
  const std::uint64_t percent = progress.bytes == 0 ? 100 : progress.done_bytes * 100 / progress.bytes;
  return number(std::min<std::uint64_t>(percent, 100)) + " %  " + control::size(progress.done_bytes) + " / " + control::size(progress.bytes) +
         say(lang, "  已取出 ", "  carried ") + number(progress.carried);
}

std::string rescue_words(const Rescued& result, bool carried_somewhere, Lang lang) {
  std::string text = say(lang, "图像 ", "images ") + number(result.images) + " (" + control::size(result.bytes) + ")" +
                     say(lang, "，其中未送达 ", ", undelivered ") + number(result.undelivered) + " (" + control::size(result.undelivered_bytes) + ")\n" + files(result, lang);
  if (!result.owed.empty()) text += std::string(say(lang, "未送达，按目的地：\n", "undelivered, by destination:\n")) + counted(result.owed, say(lang, "（无人收到）", "(nobody has it)"));
  if (!result.refused_there.empty()) text += std::string(say(lang, "当时的原因：\n", "why, as the node had it:\n")) + counted_reasons(result.refused_there, lang);
  if (!result.exams.empty()) text += say(lang, "检查：\n", "exams:\n");
  for (const auto& one : result.exams) text += exam_line(one, lang);
  if (result.exams_more > 0) text += say(lang, "  另有检查 ", "  and more exams: ") + number(result.exams_more) + "\n";
  return text + damage(result, lang) + (carried_somewhere ? outcome(result, lang) : "");
}

std::string rescue_json(const Rescued& result) {
  std::vector<control::Row> exams, owed, reasons, refused, contested;
  for (const auto& uid : result.contested) contested.push_back({{"sop_instance_uid", uid}});
  for (const auto& one : result.exams)
    exams.push_back({{"study_uid", one.exam.study_uid}, {"patient_name", one.exam.patient_name}, {"patient_id", one.exam.patient_id},
                     {"modality", one.exam.modality}, {"first_received", to_iso8601(one.exam.first_received)},
                     {"images", number(one.exam.images)}, {"undelivered", number(one.undelivered)}});
  const auto rows = [](const std::map<std::string, std::uint64_t>& all, const char* name, std::vector<control::Row>& into) {
    for (const auto& [what, count] : all) into.push_back({{name, what}, {"images", number(count)}});
  };
  rows(result.owed, "destination", owed), rows(result.reasons, "reason", reasons), rows(result.refused_there, "reason", refused);
  const control::Row summary{{"images", number(result.images)}, {"bytes", number(result.bytes)}, {"undelivered", number(result.undelivered)},
                             {"undelivered_bytes", number(result.undelivered_bytes)}, {"others", number(result.others)},
                             {"files", number(result.files)}, {"undelivered_files", number(result.undelivered_files)}, {"files_left", number(result.files_left)},
                             {"damaged", number(result.found.damaged)}, {"unopened", number(result.found.unopened)},
                             {"foreign", number(result.found.foreign)}, {"unread", number(result.found.unread)},
                             {"notes_unread", result.found.notes_unread ? "true" : "false"}, {"ledger", result.found.ledger ? "true" : "false"},
                             {"carried", number(result.carried)}, {"passed_over", number(result.passed_over)},
                             {"not_carried", number(result.not_carried)}, {"for_a_person", number(result.for_a_person)}, {"gave_up", result.gave_up}};
  return control::rows_json({{"summary", {summary}}, {"owed", owed}, {"refused_there", refused}, {"reasons", reasons}, {"contested", contested}, {"exams", exams}});
}

}  // namespace sampan::node
