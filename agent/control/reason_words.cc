// SPDX-License-Identifier: Apache-2.0
#include "control/reason_words.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "control/reason_phrases.h"

namespace sampan::control {
namespace {

constexpr std::string_view clock = "; the clock of this machine says ";

std::optional<std::string_view> find(std::span<const ReasonPhrase> table, std::string_view en) {
  const auto row = std::ranges::find(table, en, &ReasonPhrase::en);
  return row == table.end() ? std::nullopt : std::optional(row->zh);
}

std::string quoted(std::string_view words) { return "「" + std::string(words) + "」"; }

// How much of it is a code: "0xA700 ", "HTTP 503 ".
std::size_t code_length(std::string_view text) {
  const bool status = text.size() > 7 && text.starts_with("0x") && text[6] == ' ';
  const bool http = text.size() > 5 && text.starts_with("HTTP ");
  const std::size_t end = status ? 7 : http ? text.find(' ', 5) + 1 : 0;  // 0 again where no blank follows
  const auto digits = text.substr(status ? 2 : 5 * std::size_t{http}, end == 0 ? 0 : end - 1 - (status ? 2 : 5));
  return std::ranges::all_of(digits, [](unsigned char c) { return std::isxdigit(c) != 0; }) ? end : 0;
}

// What is said of an image class: "1.2.840.10008.5.1.4.1.1.2 in 1.2.840.10008.1.2.1".
std::optional<std::string> kind_of_image(std::string_view text) {
  constexpr std::string_view in = " in ";
  const auto is_uid = [](std::string_view uid) { return !uid.empty() && uid.find_first_not_of("0123456789.") == uid.npos; };
  const std::size_t at = text.find(in);
  if (at == text.npos || !is_uid(text.substr(0, at)) || !is_uid(text.substr(at + in.size()))) return std::nullopt;
  return std::string(text.substr(0, at)) + "，传输语法 " + std::string(text.substr(at + in.size()));
}

// One phrase with a code before it or a bracket behind it; nothing where it is none of ours.
std::optional<std::string> phrase(std::string_view text) {
  if (const auto zh = find(phrases_of_ours(), text)) return std::string(*zh);
  if (const auto zh = find(phrases_of_answers(), text)) return std::string(*zh);
  if (const auto zh = find(phrases_of_others(), text)) return std::string(*zh) + quoted(text);
  if (const std::size_t code = code_length(text); code > 0)
    if (const auto zh = find(phrases_of_answers(), text.substr(code))) return std::string(text.substr(0, code)) + std::string(*zh);
  if (auto kind = kind_of_image(text)) return kind;
  if (const std::size_t at = text.find(clock); at != text.npos)
    return phrase(text.substr(0, at)).value_or(quoted(text.substr(0, at))) + "；本机时钟为 " + std::string(text.substr(at + clock.size()));
  const std::size_t bracket = text.rfind(" (");
  if (bracket == text.npos || !text.ends_with(')')) return std::nullopt;
  const auto before = phrase(text.substr(0, bracket));
  return before ? std::optional(*before + std::string(text.substr(bracket))) : std::nullopt;
}

// "calling as X", "via X", "its fallback X cannot prove that it keeps it", "HTTP 503".
std::optional<std::string> with_a_name(std::string_view text) {
  for (const auto& [en, zh] : phrase_openings())
    if (text.starts_with(en)) return std::string(zh) + std::string(text.substr(en.size()));
  constexpr std::string_view fallback = "its fallback ", proves_nothing = " cannot prove that it keeps it";
  if (text.starts_with(fallback) && text.ends_with(proves_nothing))
    return "备用目的地 " + std::string(text.substr(fallback.size(), text.size() - fallback.size() - proves_nothing.size())) + " 无法证明已保存该图像";
  const std::string_view code = text.starts_with("HTTP ") ? text.substr(5) : std::string_view();
  const bool digits = !code.empty() && code.find_first_not_of("0123456789") == code.npos;
  return digits ? std::optional(std::string(text)) : std::nullopt;
}

// Where only the end is known: "write /srv/images/1.dcm: No space left on device".
std::string foreign(std::string_view text) {
  const std::size_t end = text.rfind(": ");
  const auto zh = end == text.npos ? std::nullopt : find(phrases_of_others(), text.substr(end + 2));
  return (zh ? std::string(*zh) : "") + quoted(text);
}

// The instant that this machine's clock said stands in the reason; whoever is to judge it has a watch that shows local time.
std::string with_local_clock(std::string_view reason, Lang lang) {
  const std::size_t at = reason.find(clock);
  if (at == reason.npos) return std::string(reason);
  constexpr std::size_t length = 24;  // 2026-11-26T09:30:00.000Z
  const std::string_view rest = reason.substr(at + clock.size());
  return std::string(reason.substr(0, at + clock.size())) + local_time(std::string(rest.substr(0, length))) + (lang == Lang::zh ? "（本地时间）" : " (local time)") +
         std::string(rest.substr(std::min(length, rest.size())));
}

// Phrases with ": " between them; where one is not ours, all from there on is somebody else's.
std::optional<std::string> translated(std::string_view reason) {
  std::string zh;
  for (std::size_t at = 0; at <= reason.size();) {
    std::size_t end = reason.size();
    std::optional<std::string> known;
    if (const auto whole = find(phrases_of_ours(), reason.substr(at))) {  // some hold a colon
      known = std::string(*whole);
    } else {
      end = std::min(reason.find(": ", at), reason.size());
      known = phrase(reason.substr(at, end - at));
      if (!known) known = with_a_name(reason.substr(at, end - at));
    }
    if (!known && at == 0) return std::nullopt;
    zh += (at == 0 ? "" : "：") + (known ? *known : foreign(reason.substr(at)));
    if (!known) break;
    at = end + 2;
  }
  return zh;
}

}  // namespace

std::string reason_words(std::string_view reason, Lang lang) {
  const std::string local = with_local_clock(reason, lang);
  if (lang == Lang::en) return local;
  reason = local;
  constexpr std::string_view tried = ", tried ", times = " times";
  const std::size_t at = reason.rfind(tried);
  if (at != reason.npos && reason.ends_with(times)) {
    const std::string count(reason.substr(at + tried.size(), reason.size() - at - tried.size() - times.size()));
    return reason_words(reason.substr(0, at), lang) + "，已尝试 " + count + " 次";
  }
  return translated(reason).value_or(local);
}

}  // namespace sampan::control
