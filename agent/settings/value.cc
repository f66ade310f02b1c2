// SPDX-License-Identifier: Apache-2.0
#include "settings/value.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace sampan::settings {
namespace {

constexpr std::size_t ae_title_bytes_max = 16;  // PS3.5 6.2
constexpr std::size_t uid_bytes_max = 64;       // PS3.5 9.1
constexpr std::size_t host_bytes_max = 253;     // RFC 1035 2.3.4, as text

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_'; }

bool is_text(std::string_view text, const Option& option) {
  const auto size = static_cast<std::int64_t>(text.size());
  return size >= option.least && size <= option.most && std::none_of(text.begin(), text.end(), is_control);
}

// Letters of any script are welcome; what could end up in a path or split a line is not.
bool is_name(std::string_view text, const Option& option) {
  return is_text(text, option) && std::all_of(text.begin(), text.end(), [](char c) {
           return is_word(c) || c == '.' || static_cast<unsigned char>(c) >= 0x80;
         });
}

bool is_ae_title(std::string_view text) {
  return !text.empty() && text.size() <= ae_title_bytes_max && text.front() != ' ' && text.back() != ' ' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f && c != '\\'; });
}

bool is_ip(int family, std::string_view text) {
  unsigned char address[16];
  return ::inet_pton(family, std::string(text).c_str(), address) == 1;
}

bool is_uid_component(std::string_view part) {
  return !part.empty() && (part.size() == 1 || part.front() != '0') && std::all_of(part.begin(), part.end(), is_digit);
}

bool is_uid(std::string_view text) {
  if (text.size() > uid_bytes_max) return false;
  while (true) {
    const auto dot = text.find('.');
    if (!is_uid_component(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_path(std::string_view text, const Option& option) {
  return text.starts_with('/') && static_cast<std::int64_t>(text.size()) <= option.most &&
         std::none_of(text.begin(), text.end(), is_control);
}

std::optional<std::int64_t> whole_number(std::string_view text, std::int64_t least, std::int64_t most) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{} || end != text.data() + text.size() || number < least || number > most) return {};
  return number;
}

bool is_host(std::string_view text) {
  if (text.empty() || text.size() > host_bytes_max) return false;
  // What looks like an IPv4 address must be one: a typing mistake should not become a name that never resolves.
  if (std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '.'; }))
    return is_ip(AF_INET, text);
  return text.front() != '-' && std::all_of(text.begin(), text.end(), [](char c) { return is_word(c) || c == '.'; });
}

// An AE title may hold an @, a host may not: the last one parts them.
std::optional<DimseAddress> parse_dimse(std::string_view text) {
  const auto at = text.rfind('@');
  const auto colon = text.rfind(':');
  if (at == std::string_view::npos || colon == std::string_view::npos || colon < at) return {};
  const auto port = whole_number(text.substr(colon + 1), 1, 65535);
  std::string_view host = text.substr(at + 1, colon - at - 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!port || !is_ae_title(text.substr(0, at)) || !(bracketed ? is_ip(AF_INET6, host) : is_host(host))) return {};
  return DimseAddress{std::string(text.substr(0, at)), std::string(host), static_cast<std::uint16_t>(*port)};
}

bool is_port(std::string_view text) { return whole_number(text, 1, 65535).has_value(); }

// host, host:port, [IPv6] or [IPv6]:port.
bool is_authority(std::string_view text) {
  const bool bracketed = text.starts_with('[');
  const auto host_end = std::min(bracketed ? text.find(']') : text.find(':'), text.size());
  const std::string_view host = bracketed ? text.substr(1, host_end - 1) : text.substr(0, host_end);
  const std::string_view rest = text.substr(std::min(host_end + (bracketed ? 1 : 0), text.size()));
  if (bracketed ? host_end == text.size() || !is_ip(AF_INET6, host) : !is_host(host)) return false;
  return rest.empty() || (rest.starts_with(':') && is_port(rest.substr(1)));
}

bool is_url(std::string_view text, const Option& option) {
  const auto scheme = text.starts_with("https://") ? 8u : text.starts_with("http://") ? 7u : 0u;
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '#' && c != '\\'; });
  if (scheme == 0 || !plain || static_cast<std::int64_t>(text.size()) > option.most) return false;
  return is_authority(text.substr(scheme, text.find_first_of("/?", scheme) - scheme));
}

bool is_choice(std::string_view text, std::string_view choices) {
  while (!choices.empty()) {
    const auto bar = std::min(choices.find('|'), choices.size());
    if (choices.substr(0, bar) == text) return true;
    choices.remove_prefix(std::min(bar + 1, choices.size()));
  }
  return false;
}

// HH:MM, and 24:00 for the end of the day.
std::optional<unsigned> parse_time(std::string_view text) {
  if (text.size() != 5 || text[2] != ':' || !is_digit(text[0]) || !is_digit(text[3])) return {};
  const auto hour = whole_number(text.substr(0, 2), 0, 24), minute = whole_number(text.substr(3), 0, 59);
  if (!hour || !minute || *hour * 60 + *minute > 1440) return {};
  return static_cast<unsigned>(*hour * 60 + *minute);
}

std::optional<Value> parse_hours(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return {};
  const auto from = parse_time(text.substr(0, dash)), to = parse_time(text.substr(dash + 1));
  if (!from || !to || *from == *to || *from == 1440) return {};
  Value value;
  value.hours = {*from, *to};
  return value;
}

std::optional<Value> when(bool good, std::string_view text) {
  if (!good) return {};
  return Value{.text = std::string(text), .number = 0, .dimse = {}, .hours = {}};
}

std::optional<Value> parse_number(std::optional<std::int64_t> number) {
  if (!number) return {};
  return Value{.text = {}, .number = *number, .dimse = {}, .hours = {}};
}

std::string range(const Option& option, const char* to) {
  return std::to_string(option.least) + to + std::to_string(option.most);
}

std::string spell(std::string_view choices, std::string_view between) {
  std::string text(choices);
  for (auto at = text.find('|'); at != std::string::npos; at = text.find('|', at)) text.replace(at, 1, between);
  return text;
}

// user:password@ and whatever follows ?, where services like to be given keys.
std::string without_secrets(std::string_view url) {
  const auto scheme = url.find("://");
  const auto host = scheme == std::string_view::npos ? std::min(url.find_first_not_of('/'), url.size()) : scheme + 3;
  const auto host_end = std::min(url.find_first_of("/?", host), url.size());
  const auto at = url.substr(host, host_end - host).rfind('@');
  const auto query = std::min(url.find('?', host), url.size());
  const auto bare = at == std::string_view::npos ? host : host + at;
  std::string text(url.substr(0, host));
  if (bare != host) text += "...";
  text += url.substr(bare, query - bare);
  return query == url.size() ? text : text + "?...";
}

}  // namespace

std::optional<Value> parse_value(const Option& option, std::string_view text) {
  switch (option.kind) {
    case Kind::group:
    case Kind::list:
      return {};
    case Kind::text:
      return when(is_text(text, option), text);
    case Kind::name:
      return when(is_name(text, option), text);
    case Kind::ae_title:
      return when(is_ae_title(text), text);
    case Kind::integer:
      return parse_number(whole_number(text, option.least, option.most));
    case Kind::boolean:
      if (text != "true" && text != "false") return {};
      return parse_number(text == "true" ? 1 : 0);
    case Kind::choice:
      return when(is_choice(text, option.choices), text);
    case Kind::path:
      return when(is_path(text, option), text);
    case Kind::ip_address:
      return when(is_ip(AF_INET, text) || is_ip(AF_INET6, text), text);
    case Kind::uid:
      return when(is_uid(text), text);
    case Kind::hours:
      return parse_hours(text);
    case Kind::url:
      return when(is_url(text, option), text);
    case Kind::dimse_address:
      if (auto address = parse_dimse(text)) return Value{.text = {}, .number = 0, .dimse = *std::move(address), .hours = {}};
      return {};
  }
  return {};
}

Words expected(const Option& option) {
  switch (option.kind) {
    case Kind::group:
      return {"options below it, indented", "其下缩进的选项"};
    case Kind::list:
      return {"a list", "一个列表"};
    case Kind::text:
      return {range(option, " to ") + " bytes of text on one line", range(option, " 至 ") + " 字节的单行文字"};
    case Kind::name:
      return {"a name of " + range(option, " to ") + " bytes: letters, digits, '-', '_' and '.'",
              range(option, " 至 ") + " 字节的名称：文字、数字、“-”、“_”和“.”"};
    case Kind::ae_title:
      return {"an AE title: 1 to 16 plain characters, no backslash, no space at either end",
              "一个 AE 标题：1 至 16 个普通字符，不含反斜杠，首尾无空格"};
    case Kind::integer:
      return {"a whole number from " + range(option, " to "), range(option, " 至 ") + " 的整数"};
    case Kind::boolean:
      return {"true or false", "true 或 false"};
    case Kind::choice:
      return {"one of " + spell(option.choices, ", "), spell(option.choices, "、") + " 之一"};
    case Kind::path:
      return {"an absolute path of at most " + std::to_string(option.most) + " bytes",
              "绝对路径，至多 " + std::to_string(option.most) + " 字节"};
    case Kind::ip_address:
      return {"a numeric IPv4 or IPv6 address", "数字形式的 IPv4 或 IPv6 地址"};
    case Kind::uid:
      return {"a UID: numbers and dots, at most 64 characters", "一个 UID：数字和点，至多 64 个字符"};
    case Kind::hours:
      return {"a time of day like 18:00-08:00", "形如 18:00-08:00 的时段"};
    case Kind::url:
      return {"an address like https://host/path: http or https, no user name in it",
              "形如 https://主机/路径 的地址：http 或 https，其中不写用户名"};
    case Kind::dimse_address:
      return {"AE@host:port, with an IPv6 address in brackets", "AE@主机:端口，IPv6 地址写在方括号内"};
  }
  return {};
}

std::string shown(const Option& option, std::string_view text) {
  if (option.secret) return "...";
  if (option.kind == Kind::url) return without_secrets(text);
  return std::string(text);
}

}  // namespace sampan::settings
