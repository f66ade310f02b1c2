// SPDX-License-Identifier: Apache-2.0
#include "uplink/stow_answer.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

#include "uplink/http_body.h"
#include "uplink/stow_xml.h"

namespace sampan::uplink {
namespace {

using nlohmann::json;

constexpr const char* referenced_sop_sequence = "00081199";
constexpr const char* failed_sop_sequence = "00081198";
constexpr const char* other_failures_sequence = "0008119A";
constexpr const char* retrieve_url = "00081190";
constexpr const char* sop_instance_uid = "00080018";
constexpr const char* instance_availability = "00080056";
constexpr const char* referenced_sop_instance_uid = "00081155";
constexpr const char* failure_reason = "00081197";

constexpr std::uint16_t processing_failure = 0x0110;  // failed, and nobody says why

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string text_of(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_number_unsigned() ? std::to_string(value.get<std::uint64_t>()) : std::string();
}

StowElements elements_of(const json& object) {
  StowElements found;
  for (const auto& [name, element] : object.items()) {
    if (!element.is_object()) continue;
    StowElements::Element& kept = found.elements[upper(name)];
    const auto values = element.find("Value");
    if (values == element.end() || !values->is_array()) continue;
    for (const json& value : *values) {
      if (value.is_object())
        kept.items.push_back(elements_of(value));
      else
        kept.values.push_back(text_of(value));
    }
  }
  return found;
}

std::optional<StowElements> read_json(std::string_view text) {
  json root = read_json_body(text);
  if (root.is_array() && root.size() == 1) root = json(std::move(root[0]));
  if (!root.is_object()) return {};
  return elements_of(root);
}

// UIDs and numbers may be padded (PS3.5 6.2).
std::string first_value(const StowElements& item, const char* tag) {
  const auto element = item.elements.find(tag);
  if (element == item.elements.end() || element->second.values.empty()) return {};
  std::string text = element->second.values.front();
  const auto padding = [](char c) { return c == ' ' || c == '\0' || c == '\n' || c == '\r' || c == '\t'; };
  while (!text.empty() && padding(text.back())) text.pop_back();
  text.erase(text.begin(), std::find_if_not(text.begin(), text.end(), padding));
  return text;
}

std::uint16_t reason_of(const StowElements& item) {
  const std::string text = first_value(item, failure_reason);
  std::uint16_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc{} && end == text.data() + text.size() ? number : processing_failure;
}

template <class Visit>
void each_item(const StowElements& set, const char* tag, const Visit& visit) {
  const auto element = set.elements.find(tag);
  if (element == set.elements.end()) return;
  for (const StowElements& item : element->second.items) visit(item);
}

StowAnswer answer_of(const StowElements& set) {
  StowAnswer answer;
  each_item(set, referenced_sop_sequence,
            [&](const StowElements& item) { answer.stored.insert(first_value(item, referenced_sop_instance_uid)); });
  each_item(set, failed_sop_sequence, [&](const StowElements& item) {
    answer.failed[first_value(item, referenced_sop_instance_uid)] = reason_of(item);
  });
  each_item(set, other_failures_sequence, [&](const StowElements& item) { answer.nameless.push_back(reason_of(item)); });
  answer.stored.erase("");
  if (const auto unnamed = answer.failed.extract("")) answer.nameless.push_back(unnamed.mapped());
  return answer;
}

bool is_response(const StowElements& set) {
  const auto has = [&](const char* tag) { return set.elements.contains(tag); };
  return has(referenced_sop_sequence) || has(failed_sop_sequence) || has(other_failures_sequence) || has(retrieve_url);
}

}  // namespace

std::optional<StowAnswer> read_stow_answer(std::string_view body) {
  const auto begin = body.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  if (begin == body.npos) return {};
  const auto set = body[begin] == '<' ? read_stow_xml(body) : read_json(body);
  if (!set || !is_response(*set)) return {};
  return answer_of(*set);
}

std::optional<FoundThere> read_search_answer(std::string_view body) {
  const json root = read_json_body(body);
  if (!root.is_array()) return {};
  FoundThere found;
  for (const json& match : root) {
    if (!match.is_object()) return {};
    const StowElements elements = elements_of(match);
    const std::string name = first_value(elements, sop_instance_uid);
    if (!names_an_image(name)) return {};
    found.add(name, first_value(elements, instance_availability));
  }
  return found;
}

}  // namespace sampan::uplink
